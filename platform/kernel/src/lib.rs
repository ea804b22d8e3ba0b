//! Values every crate speaks: money, ids, dates, places, people's numbers, who is acting and what went wrong.
//!
//! **Invariant**: no IO, no clock, no randomness. Time and random bytes are passed in; the only clock
//! ([`Clock`]) is a handle made at the edge of the program.
#![forbid(unsafe_code)]

mod clock;
mod date;
mod error;
mod geo;
mod id;
mod idnumber;
mod list;
mod money;
mod phone;
mod region;
mod regions;
mod role;
mod scope;
#[cfg(feature = "sql")]
mod sql;

pub use clock::{Clock, Instant};
pub use date::{CivilDate, Month, Quarter};
pub use error::{Error, FieldError, Result};
pub use geo::GeoPoint;
pub use id::{
    AccountId, AssessmentId, AssessorId, CorrectionId, ElderId, HouseholdId, IdGen, ItemId, JobId, OrderId, OrgId,
    PaymentListId, PolicyVersionId, SampleId, SessionId, UserId, WorkerId,
};
pub use idnumber::{IdNumber, Sex};
pub use list::{Dir, PageAsk, Paged};
pub use money::Fen;
pub use phone::Phone;
pub use region::{RegionCode, Tier};
pub use regions::{Region, RegionBook};
pub use role::{Permission, Role};
pub use scope::{Actor, OrgScope, Scope};
