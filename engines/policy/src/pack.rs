//! A policy pack as it stands in memory: checked, compiled, immutable.
use crate::assess::Assessment;
use crate::error::Refusal;
use crate::expr::Leaf;
use crate::facts::{FactSet, Subject};
use crate::grant::GrantKind;
use crate::parameter::{Parameter, Setting};
use kernel::{CivilDate, RegionCode};
use serde::Serialize;
use std::sync::Arc;

/// A section of the issuing document, told in our own words.
#[derive(Clone, Debug, Serialize)]
pub struct Article {
    pub id: String,
    /// What is shown beside a condition, e.g. `第三条（二）`.
    pub label: String,
    pub summary: String,
}

/// A named condition: a leaf, a group of other conditions, or the pack's assessment rule.
#[derive(Debug)]
pub struct Condition {
    pub name: String,
    /// Chinese; `{parameter}` stands for the parameter's value on the day.
    pub label: String,
    pub article: Option<usize>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Leaf(Leaf),
    /// Read from [`Pack::assessment`].
    Assessment,
    Group {
        join: Join,
        children: Vec<usize>,
        mask: u64,
    },
}

/// How a group of conditions is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    All,
    Any,
    /// At least as many as the int parameter with this index says.
    AtLeast(usize),
}

impl Condition {
    /// The CEL text of a leaf.
    pub fn cel(&self) -> Option<&str> {
        match &self.kind {
            Kind::Leaf(leaf) => Some(&leaf.source),
            _ => None,
        }
    }
    /// The facts the condition reads by itself; empty for a group.
    pub fn facts(&self) -> FactSet {
        match &self.kind {
            Kind::Leaf(leaf) => leaf.facts,
            Kind::Assessment => crate::assess::FACTS_READ,
            Kind::Group { .. } => FactSet::EMPTY,
        }
    }
    /// How the conditions under this one are counted; none where there are none.
    pub fn join(&self) -> Option<Join> {
        match &self.kind {
            Kind::Group { join, .. } => Some(*join),
            _ => None,
        }
    }
    /// The conditions under this one, as indices into [`Pack::conditions`].
    pub fn children(&self) -> &[usize] {
        match &self.kind {
            Kind::Group { children, .. } => children,
            _ => &[],
        }
    }
    /// Whether a leaf is decided without the CEL interpreter.
    pub fn is_native(&self) -> bool {
        matches!(&self.kind, Kind::Leaf(leaf) if leaf.native.is_some())
    }
}

/// What the applicant or the office has to show.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    pub id: String,
    /// Chinese: the paper or the record.
    pub label: String,
    pub article: usize,
    /// The facts it proves.
    pub proves: Vec<&'static str>,
}

/// A grant with its article.
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    pub name: String,
    /// Chinese; may hold `{parameter}`.
    pub label: String,
    pub article: usize,
    #[serde(flatten)]
    pub kind: GrantKind,
}

/// A class of people: whoever meets its condition gets its grants. Classes are tried in order, the first met decides.
#[derive(Clone, Debug, Serialize)]
pub struct Class {
    pub name: String,
    pub label: String,
    /// Index into [`Pack::conditions`].
    pub when: usize,
    /// Indices into [`Pack::grants`].
    pub grants: Vec<usize>,
}

/// The parameters every pack with a purse must set, by position in [`Pack::month_rules`].
pub(crate) const MONTH_RULES: [&str; 5] = [
    "start_month_after_birthday",
    "start_month_after_move",
    "end_month_after_age",
    "end_month_after_death",
    "end_month_after_move",
];
pub(crate) const HOUSEHOLD_RULE: &str = "household_rule";

/// A policy of one place, read from its document and checked. A copy shares the compiled conditions.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The name the document was loaded under.
    pub file: String,
    pub id: String,
    /// What it decides about.
    pub subject: Subject,
    pub title: String,
    /// The issuing document.
    pub document: String,
    pub document_note: String,
    /// Where it applies; containment is by prefix.
    pub place: RegionCode,
    pub place_note: String,
    /// Invented for this place by way of example; the note says what is invented.
    pub local_example: bool,
    pub local_example_note: String,
    /// Packs of one group exclude each other: a person has at most one of them in a month.
    pub group: Option<String>,
    /// Within a group the smaller number wins where two would apply in the same month.
    pub precedence: u16,
    /// Packs this one displaces: where both would give, the other does not.
    pub excludes: Vec<String>,
    /// Packs of which only one may give: the one with the smaller precedence does.
    pub exclusive_with: Vec<String>,
    pub application_needed: bool,
    pub effective_from: CivilDate,
    /// Last day; open if absent.
    pub effective_to: Option<CivilDate>,
    pub articles: Vec<Article>,
    pub parameters: Vec<Parameter>,
    /// Children stand before the conditions that use them.
    pub conditions: Arc<Vec<Condition>>,
    pub grants: Vec<Grant>,
    pub classes: Vec<Class>,
    pub evidence: Vec<Evidence>,
    /// The assessment the pack stands on, if any.
    pub assessment: Option<Assessment>,
    /// How many examples were run when it was loaded.
    pub examples: usize,
    /// Changes with every change of the document; kept beside a stored [`crate::Outcome`], whose bits mean this text.
    pub version: u64,
    /// The document as loaded.
    pub text: String,
    pub(crate) place_prefix: String,
    pub(crate) month_rules: Option<[usize; 5]>,
    pub(crate) household_rule: Option<usize>,
}

impl Pack {
    /// Whether the pack is in effect on `day`.
    pub fn in_effect(&self, day: CivilDate) -> bool {
        self.effective_from <= day && self.effective_to.is_none_or(|to| day <= to)
    }
    /// Whether it fills purses month by month.
    pub fn fills_purse(&self) -> bool {
        self.grants.iter().any(|g| g.kind.is_purse())
    }
    /// Every fact the pack's conditions read, derived facts as they are.
    pub fn facts(&self) -> FactSet {
        FactSet(self.conditions.iter().fold(0, |set, c| set | c.facts().0))
    }
    /// The parameters that are without a value on `day`.
    pub fn expired(&self, day: CivilDate) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |p| p.on(day).is_none())
    }
    /// The condition with this name.
    pub fn condition(&self, name: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.name == name)
    }
    /// The pack fixed on a day, with its parameters resolved: make it once, decide many people.
    ///
    /// # Errors
    /// The pack is not in effect that day, or one of its parameters has no value for it.
    pub fn at(&self, on: CivilDate) -> Result<crate::decide::PackOn<'_>, Refusal> {
        if !self.in_effect(on) {
            return Err(Refusal::NotInEffect { pack: self.title.clone(), on });
        }
        let mut settings: Vec<Setting> = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            let Some(value) = parameter.on(on) else {
                return Err(Refusal::ExpiredParameter {
                    pack: self.title.clone(),
                    parameter: parameter.label.clone(),
                    on,
                });
            };
            settings.push(value.value);
        }
        Ok(crate::decide::PackOn::new(self, on, settings))
    }
}
