//! The general planner: a problem with everything a city's home visits ask for, planned at once, visit by visit, or
//! changed in the middle of the day.
mod build;
mod change;
mod check;
mod city;
mod day;
mod displace;
mod index;
mod live;
mod model;
mod near;
mod now;
mod objective;
mod pair;
mod refuse;
mod region;
pub mod sample;
mod say;
mod search;
mod sheet;
mod tours;

pub use change::Gentle;
pub use check::{Fault, check};
pub use day::{How, Outcome, day, day_at};
pub use live::{Board, Change, Rejected, Standing};
pub use model::{
    FAR, Holds, Link, Pin, Place, Problem, Rest, Seconds, Span, Spot, Tie, UNSERVED, Visit, VisitIx, Ways, Worker,
    WorkerIx, spot,
};
pub use now::{PairSuggestion, Suggestion};
pub use objective::{Bill, LEVELS, Objective, Part, Score, Weight, Worth};
pub use refuse::{Impossible, Refusal, refuse};
pub use sheet::{Absence, LeftOut, Plan, Route, Stop, What};
