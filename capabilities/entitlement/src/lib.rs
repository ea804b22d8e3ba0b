//! Who is entitled to what, since when and why; and the purses that follow from it.
//!
//! **Words.** A *pack* is a policy as a dated document. A *determination* is what a pack says of one elder from a day on,
//! with its reasons. A *purse* holds what a household may use of the packs of one group in one quarter; a *grant* puts a
//! month's sum into it. An *overgrant* is what was held or spent of months that turned out not to be due.
//!
//! **Invariants**
//! - A determination is a function of archive, packs and day. A second run writes nothing; days without a run are caught
//!   up by the next, with the same rows.
//! - No determination is ever edited: it ends, or it is marked superseded and the right one stands beside it. What it
//!   rested on (outcome, facts, text of the pack) is kept, so that its reasons can be read as they were.
//! - A household has one purse a quarter and group of packs, and in a month never more than one sum, however many of it
//!   are entitled. Every change of a purse is a posting; a withdrawal never touches what is held or spent.
//! - At the quarter's end the rest of a purse goes back to its funds; nothing carries over.
#![forbid(unsafe_code)]

mod job;
pub mod model;
mod packs;
mod pages;
mod panel;
pub mod service;
mod shelf;
mod store;

pub use self::job::{ArchiveChanged, DETERMINE, DetermineJob};
pub use self::model::{Counts, DeterminationView, PurseView, Report};
pub use self::packs::{Group, Packs, Versions, ground, standard};
pub use self::panel::EntitlementPanel;
pub use self::shelf::Shelf;
pub use self::store::MIGRATIONS;

use std::sync::Arc;

/// All routes of this capability.
pub fn routes() -> web::Routes {
    pages::routes()
}

/// Entries of the rail.
pub fn nav() -> Vec<web::NavEntry> {
    pages::nav()
}

/// Kinds of background work.
pub fn jobs(shelf: Arc<Shelf>) -> Vec<Arc<dyn work::Job>> {
    vec![Arc::new(DetermineJob(shelf.clone())), Arc::new(service::TrialJob(shelf))]
}

/// What is due every day.
pub fn schedules() -> Vec<work::Schedule> {
    vec![job::daily()]
}

/// What listens to changes of archives.
pub fn subscribers(shelf: Arc<Shelf>) -> Vec<Arc<dyn work::Subscriber>> {
    vec![Arc::new(ArchiveChanged(shelf))]
}

/// What this capability shows on an elder's page.
pub fn panels(shelf: Arc<Shelf>) -> Vec<Arc<dyn people::service::Panel>> {
    vec![Arc::new(EntitlementPanel(shelf))]
}
