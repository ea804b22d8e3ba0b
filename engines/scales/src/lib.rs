//! Assessment scales as data: what is asked, how it is scored, what level follows, and why.
//!
//! A scale is a TOML document ([`Scale::load`]). It has *sections* of *items*; an item is answered by one of its
//! *options* or by a *measured value* that *bands* turn into a score. From the scores follow *subtotals* and a *total*,
//! and by the document's *grading* a **preliminary level**:
//!
//! * `bounds`: ranges of the total (GB/T 42195-2022, Barthel, Braden, NEWS2 …);
//! * `combination`: rules over the grades of the sections (MZ/T 039-2013, long-term-care insurance);
//! * `kinds`: sorting into kinds of which several may fit (TCM constitution);
//! * `none`: a total and nothing more (Lawton IADL).
//!
//! *Adjustments* then move the level for *conditions* that are asked beside the items (a diagnosis, falls of the last
//! 30 days) or for single answers (coma). [`score`] returns all of it as an [`Outcome`], each step with its reason in
//! Chinese, the **final level**, and, where the document maps it, the policy fact `care_dependence`.
//!
//! [`fhir`] writes scales, answers and results as FHIR R4; [`weighted_kappa`] measures how far two assessors agree.
//!
//! **Invariant**: pure. No IO, no clock, no randomness; the same scale, answers and context always give the same outcome.
//! **Invariant**: nothing is guessed. A missing item or condition means no score at all, and the error lists what is
//! missing ([`ScoreError::Missing`]). A level the standard's own words leave open is [`Finding::Undecided`] unless the
//! place has set what to do ([`Combining`]), and then [`Outcome::notes`] says so.
//! **Invariant**: a loaded scale is complete. Bounds cover every reachable sum exactly once, bands every measurable value,
//! rules every combination of grades (or the document declares them ambiguous); so a complete set of answers always has
//! an outcome.
//! **Invariant**: scores are whole numbers. Measured values are whole numbers in units of `10^-decimals`.
//!
//! ## How to add a scale
//! Write a document like those in `data/scales/` (its README explains the fields), load it, and mark in `[[confidence]]`
//! what has been compared with the official text and what is `to_confirm`: an administrator has to accept
//! [`Scale::to_confirm`] before results decide anything. To ship it, add its file name to `shipped.rs` and its bounds to
//! the tests. A scale under licence is not shipped; a place that holds the licence loads its own document.
#![forbid(unsafe_code)]

mod adjust;
pub mod agreement;
mod answers;
mod error;
pub mod fhir;
mod grade;
mod ids;
mod load;
mod load_grading;
mod load_items;
mod outcome;
mod raw;
mod scale;
mod score;
mod shipped;

pub use agreement::{Kappa, weighted_kappa};
pub use answers::{Answer, Answers, Combining, ConditionAnswer, Context, Settings};
pub use error::{ScaleError, ScoreError};
pub use ids::{ConditionId, ItemId, KindId, LevelCode, OptionCode, ScaleId, SectionId};
pub use load::{MAX_DOCUMENT, MAX_ITEMS, MAX_LIST, MAX_SCORE, MAX_SECTIONS, MAX_TEXT};
pub use outcome::{
    Ambiguity, Applied, AppliedResult, Finding, Graded, ItemScore, KindScore, Outcome, SectionScore, Total, Verdict,
};
pub use scale::{
    Adjustment, AnswerKind, Band, BandSet, Basis, Better, CareDependence, CareMapping, Cause, Choice, Clause,
    Combination, Condition, ConditionKind, Effect, Flag, Grade, Grading, GradingKind, Item, Kind, KindItem, Kinds,
    Level, Mark, NumberKind, Part, Range, Rule, Scale, Section, Stacking, Trigger,
};
pub use score::score;
pub use shipped::{SHIPPED, shipped};
