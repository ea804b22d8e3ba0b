//! Rules of this capability. Pure: no IO, no clock, no randomness.
mod correction;
mod facts;
mod purse;
mod rows;
#[macro_use]
mod version;
mod view;

pub use correction::{Amount, Cause, CorrectionKind, Told, amounts, cause_of, changed_facts};
pub use facts::{ELSEWHERE, stay, timeline};
pub use purse::{Line, Step, Target, Targets, household_targets, overgrant, settle, shares};
pub(crate) use purse::{mark_cleared, shrinks};
pub use rows::{Decided, Held, Plan, decided, sync};
pub(crate) use rows::{began, ends};
pub use version::{Act, DiffLine, Step as VersionStep, Version, VersionState, diff, from_day, keeps_frame};
pub use view::{Counts, DeterminationView, ElderRow, Meter, PurseRow, PurseState, PurseView, Report, Verdicts};
