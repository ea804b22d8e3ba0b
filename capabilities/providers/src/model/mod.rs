//! What providers, contracts and workers are, and what keeps them from serving. Pure.
mod contract;
mod language;
mod paper;
mod provider;
mod worker;

pub use contract::{Contract, ContractDraft};
pub use language::{Language, vocabulary};
pub(crate) use paper::paper_banned;
pub use paper::{Ban, BanDraft, Document, DocumentDraft, DocumentKind, PaperState, WARN_DAYS};
pub use provider::{Block, Provider, ProviderCandidate, ProviderDraft, Suspension, fit};
pub use worker::{Candidate, WorkerBlock, WorkerCard, WorkerDraft, hours_zh};

use kernel::{Error, FieldError, Result};

/// Gathers what is wrong, field by field.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    pub(crate) fn say(&mut self, when: bool, field: &str, message: impl Into<String>) {
        if when {
            self.0.push(FieldError::new(field, message));
        }
    }
    /// A text of 1 to `max` characters (0 allowed where `optional`).
    pub(crate) fn text(&mut self, value: &str, field: &str, label: &str, max: usize, optional: bool) {
        let n = value.trim().chars().count();
        self.say(n == 0 && !optional, field, format!("{label}没有填"));
        self.say(n > max, field, format!("{label}最多 {max} 字，现在 {n} 字"));
    }
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}
