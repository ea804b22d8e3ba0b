//! Values and rules. Pure: no IO, no clock, no randomness.
mod addresses;
mod elder;
mod facts;
mod groups;
mod ids;
mod import;
mod sheet;
mod terms;
mod words;

pub use addresses::{AddressStep, MAX_ADDRESSES, MAX_CHANGES, may_change};
pub use elder::{
    Contact, ElderCard, ElderFacts, HouseholdFacts, HouseholdOf, NewContact, NewElder, ServiceAddress, missing,
};
pub use facts::{DatedChange, FactKind, FactRow, Since, dated_changes};
pub use groups::{AgeBand, Economy, Groups, Health, born_to_be, classify};
pub use ids::{AddressId, BatchId, ContactId, MergeId, ReviewId};
pub use import::{BatchState, ReviewState, RowState, TAKE_BACK_MS, TwinWhy, can_take_back};
pub use sheet::{COLUMNS, CellError, Cells, Judge, column_title};
pub use terms::{Question, address_terms, after_prefix, folded, phone_term, pinyin_of, question, terms};
pub use words::{
    Care, ContactKind, DisabilityCert, Hukou, IncomeClass, Living, Source, SpecialGroup, groups_from, groups_text,
};
