//! What desks show, worked out without a database or a clock.
pub mod areas;
pub mod links;
pub mod map;
pub mod money;
pub mod village;
pub mod visits;
pub mod words;
