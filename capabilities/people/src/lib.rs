//! Everyone aged 60 and over: one archive an elder (一人一档), households, family, service addresses, import, search.
//!
//! **Words.** An *archive* is all that is known of one elder. A *household* is the unit of some entitlements. A *fact* is a
//! part of the archive with its history. A *service address* is a place where services may be given.
//!
//! **Invariants**
//! - An identity number is in force in one archive only. It and phones are sealed at rest and found by blind index.
//! - Birth date and sex are those of the identity number. Age and groups are worked out for a day, never stored.
//! - A change never loses what stood there before: it is a row of `elder_fact` with its day, source and author, written
//!   with the new value. An editor who saw an older version overwrites nothing.
//! - A household has at most two service addresses and makes at most two changes in a calendar year.
//! - A merge is a record that can be undone; an id that was merged gives the survivor for ever.
//! - An imported row and its archive are written in one transaction: running an import again doubles nothing.
#![forbid(unsafe_code)]

pub mod model;
mod pages;
pub mod service;
mod store;

use std::sync::Arc;

pub use store::MIGRATIONS;

/// All routes of this capability.
pub fn routes() -> web::Routes {
    pages::routes()
}

/// Entries of the rail.
pub fn nav() -> Vec<web::NavEntry> {
    pages::nav()
}

/// Kinds of background work.
pub fn jobs() -> Vec<Arc<dyn work::Job>> {
    vec![Arc::new(service::ImportJob)]
}
