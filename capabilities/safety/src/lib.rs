//! From a pressed button to a person helped: alarms, emergencies, the desk that answers, the ladder that is climbed when it
//! does not.
//!
//! **Words.** An *alarm* (报警) is one kind of thing that happened to one elder, with how often it came. A *case* (紧急工单,
//! `JJ20261121-000123`) is an elder's emergency with all its alarms, one owner and a history. A *rung* (级) of the *ladder*
//! (升级阶梯) reaches the next people when nobody answers. A *desk* (工作台) is a page that gives signs of life. A *notice*
//! (短信) is a message in the outbox.
//!
//! **Invariants**
//! - An alarm is stored with its case in the transaction of what raised it, before anybody is told it was received. The same
//!   occurrence raises once, whatever comes twice.
//! - An elder has at most one case of what rings that is not closed, and at most one alarm a kind in it; storms are counted,
//!   never dropped. An alarm out of a damaged message is shown as unverified.
//! - A case has one owner. Who was first is decided by the database.
//! - Every moment something is due at stands in the database; the loop only looks, so a restart forgets nothing.
//! - Whom a rung reaches is worked out when it is climbed: hours, leave, account. Off-duty people never get it. A rung nobody
//!   stands on does not wait.
//! - A case closes with a cause and a sentence, and not otherwise.
//! - A message is called sent only when a channel has taken it.
//! - Figures of answering come out of the events, to the millisecond, and cannot be edited.
#![forbid(unsafe_code)]

mod bell;
pub mod devices;
pub mod model;
mod pages;
pub mod readings;
mod run;
pub mod service;
mod store;

pub use crate::store::MIGRATIONS;
pub use bell::Bell;
pub use pages::{Outbox, nav, routes};
pub use run::{run, show};

use std::sync::Arc;

/// What this capability shows on an elder's page.
pub fn panels() -> Vec<Arc<dyn people::service::Panel>> {
    vec![Arc::new(pages::SafetyPanel), Arc::new(pages::DevicesPanel)]
}

/// Kinds of background work.
pub fn jobs() -> Vec<Arc<dyn work::Job>> {
    vec![Arc::new(devices::ImportJob)]
}

/// What this capability does when something happens elsewhere.
pub fn subscribers() -> Vec<Arc<dyn work::Subscriber>> {
    vec![Arc::new(devices::Follows)]
}
