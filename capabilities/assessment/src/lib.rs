//! Who needs how much care: assessments of elders under published scales, by people who may judge them.
//!
//! **Words.** An *assessment* (能力评估, `Case`) is one look at one elder under one *scale* (量表). *Assessors* (评估员) are
//! kept in a register. A *sheet* holds the answers; a *clash* is a place both assessors answered differently. A *second
//! opinion* (复评) looks at a result the elder objects to; a *quality* assessment repeats one drawn at random.
//!
//! **Invariants**
//! - At home two assess, one of them a physician or nurse; nobody assesses a relative, an elder served by their employer,
//!   or their own earlier result ([`model::team_refusal`]). The server decides it, whatever a form offers.
//! - Answers are never overwritten silently: every version is kept, a submission sent twice is one, and where two phones
//!   differ people choose, item by item.
//! - A result decides nothing before all have signed, an administrator has accepted what the scale leaves to confirm, and
//!   the level is settled. From then on it is a dated fact of the archive, and everyone who depends on it is told.
//! - What was answered and scored is sealed; lists hold the level and nothing more.
//! - An assessor sees the assessments they are appointed to; staff those of their region; nobody else any.
#![forbid(unsafe_code)]

mod book;
pub mod model;
mod pages;
pub mod service;
mod store;

pub use crate::store::MIGRATIONS;
pub use book::Scales;
pub use pages::{nav, routes};

use std::sync::Arc;

/// Kinds of background work.
pub fn jobs() -> Vec<Arc<dyn work::Job>> {
    vec![Arc::new(service::DueJob)]
}

/// What is due every day.
pub fn schedules() -> Vec<work::Schedule> {
    vec![service::daily()]
}

/// What listens to changes of archives.
pub fn subscribers(region: kernel::RegionCode) -> Vec<Arc<dyn work::Subscriber>> {
    vec![Arc::new(service::ElderDied { region })]
}

/// What this capability shows on an elder's page.
pub fn panels() -> Vec<Arc<dyn people::service::Panel>> {
    vec![Arc::new(pages::AssessmentPanel)]
}
