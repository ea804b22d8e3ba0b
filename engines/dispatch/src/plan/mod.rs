//! The general planner: a problem with everything a city's home visits ask for, planned at once, visit by visit, or
//! changed in the middle of the day.
mod build;
mod city;
mod day;
mod model;
mod near;
mod objective;
mod pair;
mod refuse;
mod region;
pub mod sample;
mod search;
mod sheet;
mod tours;

pub use day::{How, Outcome, day};
pub use model::{
    FAR, Holds, Link, Pin, Place, Problem, Rest, Seconds, Span, Spot, Tie, UNSERVED, Visit, VisitIx, Ways, Worker,
    WorkerIx, spot,
};
pub use objective::{Bill, LEVELS, Objective, Part, Score, Weight, Worth};
pub use refuse::{Impossible, Refusal, refuse};
pub use sheet::{Absence, LeftOut, Plan, Route, Stop, What};
