//! Home care with paired visits: who visits whom, in which order, when two carers must meet at one patient or follow each
//! other within a gap (HHCRSP of Mankowska, Meisel & Bierwirth 2014).
//!
//! [`solve`] anneals over neighbourhoods that move visits, pairs and whole tails of routes; [`check`] judges any plan
//! without sharing a line with the planner; [`mankowska`] reads the published instances.
//!
//! **Invariants**
//! - Same problem, seed, threads and units of work: the same plan, whatever the machine is doing besides.
//! - Every plan returned serves every visit; lateness is soft, windows' openings, skills and gaps are hard.
//! - A problem somebody in which cannot be served is refused when it is built, with every such patient and the reason.
pub(crate) mod anneal;
mod check;
mod listing;
pub mod mankowska;
pub(crate) mod moves;
mod plan;
mod problem;
pub(crate) mod solve;
pub(crate) mod start;
pub(crate) mod state;
pub(crate) mod tables;
#[cfg(test)]
mod tests;

pub use check::{Fault, check};
pub use plan::{Cost, Plan, Stop};
pub use problem::{
    Draft, Impossible, MAX_CARERS, MAX_PATIENTS, MAX_SERVICES, MAX_TICKS, Needs, Patient, Problem, Refusal,
};
pub use solve::{Unplannable, solve, solve_at};
