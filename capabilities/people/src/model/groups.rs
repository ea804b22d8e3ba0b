//! ELD-2: the groups an elder belongs to, by age, health and economy, worked out for a day and never stored.
use super::elder::ElderFacts;
use super::words::{Care, IncomeClass};
use kernel::CivilDate;

/// Age groups as the city's registers count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeBand {
    Under60,
    From60,
    From70,
    From75,
    From80,
    From90,
    From100,
}

impl AgeBand {
    pub const ALL: &'static [AgeBand] =
        &[AgeBand::From60, AgeBand::From70, AgeBand::From75, AgeBand::From80, AgeBand::From90, AgeBand::From100];
    pub const fn of(age: i16) -> AgeBand {
        match age {
            ..60 => AgeBand::Under60,
            60..70 => AgeBand::From60,
            70..75 => AgeBand::From70,
            75..80 => AgeBand::From75,
            80..90 => AgeBand::From80,
            90..100 => AgeBand::From90,
            _ => AgeBand::From100,
        }
    }
    /// First and last full age of the band.
    pub const fn ages(self) -> (i16, i16) {
        match self {
            AgeBand::Under60 => (0, 59),
            AgeBand::From60 => (60, 69),
            AgeBand::From70 => (70, 74),
            AgeBand::From75 => (75, 79),
            AgeBand::From80 => (80, 89),
            AgeBand::From90 => (90, 99),
            AgeBand::From100 => (100, 150),
        }
    }
    pub const fn code(self) -> &'static str {
        match self {
            AgeBand::Under60 => "0",
            AgeBand::From60 => "60",
            AgeBand::From70 => "70",
            AgeBand::From75 => "75",
            AgeBand::From80 => "80",
            AgeBand::From90 => "90",
            AgeBand::From100 => "100",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            AgeBand::Under60 => "不满 60 岁",
            AgeBand::From60 => "60–69 岁",
            AgeBand::From70 => "70–74 岁",
            AgeBand::From75 => "75–79 岁",
            AgeBand::From80 => "80–89 岁",
            AgeBand::From90 => "90–99 岁",
            AgeBand::From100 => "100 岁以上",
        }
    }
    pub fn parse(code: &str) -> Option<AgeBand> {
        AgeBand::ALL.iter().copied().find(|b| b.code() == code)
    }
    /// Birth dates of those who are in the band on `on`: first and last, both included.
    pub fn births(self, on: CivilDate) -> (CivilDate, CivilDate) {
        let (low, high) = self.ages();
        (born_to_be(high + 1, on).plus_days(1), born_to_be(low, on))
    }
}

/// The latest birth date of someone who is at least `years` old on `on`.
pub fn born_to_be(years: i16, on: CivilDate) -> CivilDate {
    let mut day = on.birthday(-years);
    // The end of February can be off by a day either way.
    while day.plus_days(1).birthday(years) <= on {
        day = day.plus_days(1);
    }
    while day.birthday(years) > on {
        day = day.plus_days(-1);
    }
    day
}

/// Economic groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Economy {
    /// 特困: supported by the state alone.
    Destitute,
    /// 低保、低收入、脱贫: supported in part.
    Supported,
    Ordinary,
    Unknown,
}

impl Economy {
    pub const fn of(income: IncomeClass) -> Economy {
        match income {
            IncomeClass::DestituteDispersed | IncomeClass::DestituteInstitution => Economy::Destitute,
            IncomeClass::Subsistence | IncomeClass::LowIncome | IncomeClass::LiftedPoverty => Economy::Supported,
            IncomeClass::Ordinary => Economy::Ordinary,
            IncomeClass::Unknown => Economy::Unknown,
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Economy::Destitute => "特困",
            Economy::Supported => "困难",
            Economy::Ordinary => "一般",
            Economy::Unknown => "没填",
        }
    }
}

/// Health groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    Able,
    PartlyDependent,
    Dependent,
    NotAssessed,
}

impl Health {
    pub const fn of(care: Option<Care>) -> Health {
        match care {
            Some(Care::Independent) => Health::Able,
            Some(Care::SemiDisabled) => Health::PartlyDependent,
            Some(Care::Disabled) => Health::Dependent,
            None => Health::NotAssessed,
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Health::Able => "能力完好",
            Health::PartlyDependent => "半失能",
            Health::Dependent => "失能",
            Health::NotAssessed => "未评估",
        }
    }
}

/// The three groups of one elder on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    pub age: AgeBand,
    pub health: Health,
    pub economy: Economy,
}

/// Classifies on a day; `None` for someone who is dead or has left by then.
pub fn classify(facts: &ElderFacts, on: CivilDate) -> Option<Groups> {
    if facts.died_on.is_some_and(|d| d <= on) || facts.moved_out_on.is_some_and(|d| d <= on) {
        return None;
    }
    Some(Groups {
        age: AgeBand::of(facts.birth.age_on(on)),
        health: Health::of(facts.care),
        economy: Economy::of(facts.income),
    })
}
