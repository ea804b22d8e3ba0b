//! The classic part of planning: one depot, equal vehicles, every client once inside a hard time window, least distance
//! (the vehicle routing problem with time windows, VRPTW).
//!
//! [`Problem`] refuses what cannot be; [`solve`] plans; [`check`] judges a plan and shares no code with the planner;
//! [`sintef`] reads the text format in which the problem's test instances are handed around. Distances and times are
//! whole tenths, so that a plan is the same on every machine.
//!
//! **Invariants**
//! - The same problem, seed, number of threads and units of work give the same plan, however busy the machine is.
//! - A plan never breaks a window or a capacity and never uses more vehicles than there are. Whoever finds no place is
//!   named in [`Plan::unserved`].

mod anneal;
mod breed;
pub mod check;
mod descent;
mod group;
mod loose;
mod nearby;
mod plan;
mod problem;
pub mod sintef;
mod solve;
mod tour;
mod tuning;

pub use check::check;
pub use plan::Plan;
pub use problem::{Client, MAX_CLIENTS, MAX_VALUE, Problem, Refused, Trouble};
pub use solve::{MAX_THREADS, solve, solve_at};
