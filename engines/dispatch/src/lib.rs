//! Who goes: the nearest suitable worker for one visit, and whose turn it is among providers.
//!
//! [`rank`] looks at every worker once. Whoever may not or cannot go is left out with one typed reason; the others
//! are ordered by a cost in minutes that is the sum of named parts, so that a page can show why. [`rotation`] is the
//! fair turn between the providers of a category (轮岗). [`paired`] plans a whole day in which some visits need two carers.
//!
//! **Invariants**
//! - Pure: the same input gives the same answer, to the last tie (by worker id).
//! - A banned, uninsured, uncertified or double-booked worker is never in the ranked list.
//! - The scan allocates for its result only, never per worker.
#![forbid(unsafe_code)]

mod budget;
mod chance;
pub mod classic;
mod hours;
mod input;
pub mod paired;
pub mod plan;
mod rank;
mod reason;
pub mod rotation;
mod tags;
mod travel;

pub use budget::{Budget, Pace};
pub use chance::Chance;
pub use hours::{Window, covered};
pub use input::{Certificate, GenderWish, Planned, Previous, Visit, Worker};
pub use rank::{
    Excluded, HOME_AFTER_MINUTES, KNOWN_TIMES_CAP, KNOWN_TIMES_WORTH, LANGUAGE_WORTH, LOAD_MINUTES_PER_POINT, Origin,
    Parts, REACH_MINUTES, ROTATION_STEP, ROTATION_STEPS_CAP, Ranked, Ranking, WISHED_GENDER_WORTH, rank,
};
pub use reason::{Exclusion, Reason, Vocabulary};
pub use tags::{Language, LanguageSet, Skill, SkillSet};
pub use travel::{DETOUR_PERCENT, Ground, METRES_PER_MINUTE, travel_minutes};
