//! The facts that conditions may speak of: one documented table, and a compact store for one subject's facts.
//!
//! A fact that nobody recorded is *unknown*. Unknown is not false: a condition over it stays open and the outcome
//! names the fact that is missing.
mod doc;
mod store;
mod table;
mod value;

pub use doc::facts_markdown;
pub(crate) use store::View;
pub use store::{FactSet, Facts};
pub use table::{Codes, FACT_COUNT, FACTS, Fact, FactDef, FactType, Subject};
pub use value::Value;
