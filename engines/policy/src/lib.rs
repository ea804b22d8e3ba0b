//! Policy packs: the rules of a place as dated documents, decided with reasons.
//!
//! A pack is a TOML document ([`Pack::load`]) about persons, facilities or sums of public money ([`Subject`]): named
//! conditions as a tree, whose leaves are CEL expressions over a documented, typed set of facts ([`FACTS`]); parameters
//! dated to the day; the assessment and evidence required; grants of every kind ([`GrantKind`]); and examples that are
//! run when the pack is loaded.
//!
//! [`Pack::at`] fixes a pack on a day, [`PackOn::decide`] decides one subject, [`PackOn::explain`] turns the compact
//! [`Outcome`] into a readable tree, [`PackOn::counterfactual`] says what would have to change, [`PackOn::amount_for`]
//! works a grant out, and [`entitled_months`] says which months of a period a person is entitled in under a group of
//! packs that exclude each other. [`check_set`] checks packs that are to work together, [`PacksOn`] fixes all of them on
//! a day, and [`decide_line`] answers one line of a file of facts. `docs/policy-packs.md` is the guide to the format.
//!
//! **Invariant**: pure. No IO, no clock, no randomness; the same pack, facts and day always give the same outcome.
//! **Invariant**: unknown is not false. A leaf over an unknown fact is unknown; `all` and `any` follow Kleene's logic.
#![forbid(unsafe_code)]

mod adopt;
mod assess;
mod counter;
mod decide;
mod diff;
mod error;
mod examples;
mod explain;
mod expr;
mod facts;
mod grant;
mod line;
mod load;
mod months;
mod native;
mod pack;
mod parameter;
mod raw;
mod set;
mod shipped;

pub use adopt::{Adoption, adopt};
pub use assess::{Assessment, Lapse};
pub use counter::{Counterfactual, Need};
pub use decide::{Outcome, PackOn, Truth, Verdict};
pub use diff::{Difference, differences};
pub use error::{FactError, PackError, Refusal};
pub use explain::{Choice, Explanation, FactShown, GrantShown, Reason};
pub use facts::{Codes, FACT_COUNT, FACTS, Fact, FactDef, FactSet, FactType, Facts, Subject, Value, facts_markdown};
pub use grant::{Amount, AmountError, Covers, GrantKind, Inputs, Period, Settlement};
pub use line::{LineError, LineFact, LineGrant, LineReason, LineResult, PackResult, decide_line};
pub use load::{Check, Tried};
pub use months::{
    Change, HouseholdMonth, MonthStatus, PersonMonth, Timeline, entitled_months, groups, household_months,
};
pub use pack::{Article, Class, Condition, Evidence, Grant, Join, Pack};
pub use parameter::{HouseholdRule, MonthRule, Parameter, ParameterType, ParameterValue, Setting};
pub use set::{PacksOn, check_set};
pub use shipped::{SHIPPED, shipped};
