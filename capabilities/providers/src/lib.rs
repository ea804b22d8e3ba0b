//! Who provides the services: organisations under contract, their care workers, and the papers that let them.
//!
//! Words: a *provider* (服务商) is an organisation that won an award; a *contract* (合同) says for which regions,
//! categories and days it serves, how many orders it takes, and until when its liability insurance runs; a *worker*
//! (护理员) belongs to one provider; a *document* (证件) is a certificate, an accident insurance or a health check with
//! its last valid day; a *ban* (行业禁入) keeps a person out of the trade, wherever they work; the *rotation* (轮岗) is
//! the fair turn between the providers of a category in a county and quarter.
//!
//! **Invariants**
//! - A paper is valid through its last day and blocks from the day after; nobody switches that off.
//! - A ban follows the person (by the blind index of the identity number), not the row.
//! - A provider never sees another's rows; every read takes a scope.
//! - Turns are stored; taking one locks the rotation, so that two orders cannot both fall to "the next".
#![forbid(unsafe_code)]

pub mod model;
mod pages;
pub mod service;
mod store;

pub use crate::store::MIGRATIONS;
pub use model::{
    Block, Candidate, Contract, Document, DocumentKind, Language, Provider, ProviderCandidate, WorkerBlock, WorkerCard,
};
pub use pages::{nav, routes};
