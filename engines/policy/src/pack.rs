//! A policy pack as it stands in memory: checked, compiled, immutable.
use crate::error::Refusal;
use crate::expr::Leaf;
use crate::facts::FactSet;
use kernel::{CivilDate, Fen, RegionCode};
use serde::Serialize;

/// The most conditions one pack may have: their states fit one word.
pub(crate) const MAX_CONDITIONS: usize = 64;

/// Which month counts when something happens on a day: the one before, that one, or the one after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthRule {
    Previous,
    Same,
    Next,
}

impl MonthRule {
    pub const fn code(self) -> &'static str {
        match self {
            MonthRule::Previous => "previous",
            MonthRule::Same => "same",
            MonthRule::Next => "next",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            MonthRule::Previous => "上月",
            MonthRule::Same => "当月",
            MonthRule::Next => "次月",
        }
    }
    pub fn parse(code: &str) -> Option<MonthRule> {
        [MonthRule::Previous, MonthRule::Same, MonthRule::Next].into_iter().find(|r| r.code() == code)
    }
    pub(crate) const fn offset(self) -> i32 {
        match self {
            MonthRule::Previous => -1,
            MonthRule::Same => 0,
            MonthRule::Next => 1,
        }
    }
}

/// Which standard a household gets whose members are entitled under packs with different standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdRule {
    Highest,
    Lowest,
}

impl HouseholdRule {
    pub const fn code(self) -> &'static str {
        match self {
            HouseholdRule::Highest => "highest",
            HouseholdRule::Lowest => "lowest",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            HouseholdRule::Highest => "按高的一份",
            HouseholdRule::Lowest => "按低的一份",
        }
    }
    pub fn parse(code: &str) -> Option<HouseholdRule> {
        [HouseholdRule::Highest, HouseholdRule::Lowest].into_iter().find(|r| r.code() == code)
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Usable in conditions.
    Int,
    /// Usable in conditions.
    Bool,
    /// Written as text in yuan, `"100.00"`.
    Money,
    /// A [`MonthRule`].
    Month,
    /// A [`HouseholdRule`].
    Household,
}

impl ParameterType {
    const ALL: [ParameterType; 5] =
        [ParameterType::Int, ParameterType::Bool, ParameterType::Money, ParameterType::Month, ParameterType::Household];
    pub const fn code(self) -> &'static str {
        match self {
            ParameterType::Int => "int",
            ParameterType::Bool => "bool",
            ParameterType::Money => "money",
            ParameterType::Month => "month",
            ParameterType::Household => "household",
        }
    }
    pub fn parse(code: &str) -> Option<ParameterType> {
        ParameterType::ALL.into_iter().find(|t| t.code() == code)
    }
}

/// The value of a parameter in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    Int(i64),
    Bool(bool),
    Money(Fen),
    Month(MonthRule),
    Household(HouseholdRule),
}

impl Setting {
    /// How a person reads it.
    pub fn zh(self) -> String {
        match self {
            Setting::Int(n) => n.to_string(),
            Setting::Bool(b) => if b { "是" } else { "否" }.into(),
            Setting::Money(fen) => fen.to_string(),
            Setting::Month(rule) => rule.zh().into(),
            Setting::Household(rule) => rule.zh().into(),
        }
    }
}

/// A parameter: a name in conditions and grants, a value for each period.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    pub name: String,
    /// Chinese.
    pub label: String,
    pub ty: ParameterType,
    /// In time order, without overlap.
    pub values: Vec<ParameterValue>,
}

/// A parameter's value with its period and where it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterValue {
    pub value: Setting,
    /// First day.
    pub from: CivilDate,
    /// Last day; open if absent.
    pub to: Option<CivilDate>,
    /// Index of the article that says so; absent where the source is silent.
    pub article: Option<usize>,
    /// Where the source is silent: what was chosen and why, in Chinese.
    pub choice: Option<String>,
}

impl Parameter {
    pub fn on(&self, day: CivilDate) -> Option<&ParameterValue> {
        self.values.iter().rev().find(|v| v.from <= day).filter(|v| v.to.is_none_or(|to| day <= to))
    }
}

/// A section of the issuing document, told in our own words.
#[derive(Clone, Debug, Serialize)]
pub struct Article {
    pub id: String,
    /// What is shown beside a condition, e.g. `第三条（二）`.
    pub label: String,
    pub summary: String,
}

/// A named condition: a leaf, or all/any of other conditions.
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
    All { children: Vec<usize>, mask: u64 },
    Any { children: Vec<usize>, mask: u64 },
}

impl Condition {
    /// The CEL text of a leaf.
    pub fn cel(&self) -> Option<&str> {
        match &self.kind {
            Kind::Leaf(leaf) => Some(&leaf.source),
            _ => None,
        }
    }
    /// The facts a leaf reads; empty for all/any.
    pub fn facts(&self) -> FactSet {
        match &self.kind {
            Kind::Leaf(leaf) => leaf.facts,
            _ => FactSet::EMPTY,
        }
    }
    /// The conditions under this one, as indices into [`Pack::conditions`].
    pub fn children(&self) -> &[usize] {
        match &self.kind {
            Kind::Leaf(_) => &[],
            Kind::All { children, .. } | Kind::Any { children, .. } => children,
        }
    }
    /// Whether a leaf is decided without the CEL interpreter.
    pub fn is_native(&self) -> bool {
        matches!(&self.kind, Kind::Leaf(leaf) if leaf.native.is_some())
    }
}

/// When a purse is settled and its rest decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    Month,
    Quarter,
    Year,
}

impl Settlement {
    pub const fn code(self) -> &'static str {
        match self {
            Settlement::Month => "month",
            Settlement::Quarter => "quarter",
            Settlement::Year => "year",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Settlement::Month => "按月结算",
            Settlement::Quarter => "按季结算",
            Settlement::Year => "按年结算",
        }
    }
    pub fn parse(code: &str) -> Option<Settlement> {
        [Settlement::Month, Settlement::Quarter, Settlement::Year].into_iter().find(|s| s.code() == code)
    }
}

/// What a class is given. More kinds will join; match with a wildcard arm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum GrantKind {
    /// One purse per household and month, however many of its members are entitled.
    HouseholdPurse {
        /// Index of the money parameter: per month.
        amount: usize,
        settlement: Settlement,
        /// Whether the rest of a settlement period moves into the next.
        carry_over: bool,
    },
    /// One purse per person and month.
    PersonPurse { amount: usize, settlement: Settlement, carry_over: bool },
}

impl GrantKind {
    /// Index of the parameter that holds the amount.
    pub const fn amount(&self) -> usize {
        match self {
            GrantKind::HouseholdPurse { amount, .. } | GrantKind::PersonPurse { amount, .. } => *amount,
        }
    }
    pub const fn code(&self) -> &'static str {
        match self {
            GrantKind::HouseholdPurse { .. } => "household_purse",
            GrantKind::PersonPurse { .. } => "person_purse",
        }
    }
    /// `每户每月`
    pub const fn per_zh(&self) -> &'static str {
        match self {
            GrantKind::HouseholdPurse { .. } => "每户每月",
            GrantKind::PersonPurse { .. } => "每人每月",
        }
    }
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

/// A policy of one place, read from its document and checked.
#[derive(Debug)]
pub struct Pack {
    pub id: String,
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
    pub application_needed: bool,
    pub effective_from: CivilDate,
    /// Last day; open if absent.
    pub effective_to: Option<CivilDate>,
    pub articles: Vec<Article>,
    pub parameters: Vec<Parameter>,
    /// Children stand before the conditions that use them.
    pub conditions: Vec<Condition>,
    pub grants: Vec<Grant>,
    pub classes: Vec<Class>,
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
    /// The pack fixed on a day, with its parameters resolved: make it once, decide many people.
    ///
    /// # Errors
    /// The pack is not in effect that day, or one of its parameters has no value for it.
    pub fn at(&self, on: CivilDate) -> Result<crate::decide::PackOn<'_>, Refusal> {
        if !self.in_effect(on) {
            return Err(Refusal::NotInEffect { pack: self.title.clone(), on });
        }
        let mut settings = Vec::with_capacity(self.parameters.len());
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
