//! Who saw or changed what. Every row carries the hash of the row before it, and is written in the same transaction as
//! the change it tells of: no change without its row, no row without its change.
//!
//! **Invariant**: rows are never updated or deleted by the platform. `yinian audit verify` walks the chain; one altered
//! byte is found. Rows hold ids and field names, never personal data in clear.
#![forbid(unsafe_code)]

mod model;
mod store;

pub use model::{Action, Break, Entry, Kind, Row, Verdict};
pub use store::{AuditList, MIGRATIONS, kinds, list, record, record_many, verify};
