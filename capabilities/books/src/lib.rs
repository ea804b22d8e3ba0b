//! The stored ledger: accounts, transfers and holds of `engines/ledger` in the database, and the pages that show them.
//!
//! Words: an *account* is found by its [`codes`] (purse of a household, payable of a provider…). A *transfer* is one
//! line and is only ever added. A *hold* (预占) keeps money back on both accounts until it is committed or released.
//! Rules of money live in the engine; this crate locks, asks it, and stores the answer.
//!
//! **Invariants**
//! - A command's key is stored once: replaying it gives the first answer, with another content it is refused.
//! - An account's balance row is locked before anything about the account is decided, in the order of the ids; it also
//!   guards the account's holds. [`service::apply_many`] takes all locks of its commands at once: use it when one
//!   transaction has several commands, so that two transactions never wait for each other.
//! - Stored totals equal the totals counted afresh from the transfers ([`recount::recount`]); the database itself
//!   refuses an overdrawn row.
//! - All corrections of one transfer together never move more than it moved.
#![forbid(unsafe_code)]

pub mod codes;
pub mod model;
mod pages;
pub mod recount;
pub mod service;
mod store;
mod words;

pub use self::pages::{PackTitles, Titles, routes};
pub use self::store::MIGRATIONS;
pub use self::words::rmb_upper;

/// No rail entry of its own: reached from the settlement desk, the elder's page and each order.
pub fn nav() -> Vec<web::NavEntry> {
    Vec::new()
}
