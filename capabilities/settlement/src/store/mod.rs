//! All SQL of payment lists.
mod desk;
mod home;
mod lines;
mod lists;
mod making;
mod schema;

pub(crate) use desk::*;
pub(crate) use home::*;
pub(crate) use lines::*;
pub use lines::{LineAsk, LineEvent};
pub(crate) use lists::*;
pub use lists::{ListsAsk, Review};
pub(crate) use making::*;
pub use schema::MIGRATIONS;
