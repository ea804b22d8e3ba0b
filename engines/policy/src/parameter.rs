//! Parameters of a pack: named values dated to the day.
use kernel::{CivilDate, Fen};
use serde::Serialize;

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
