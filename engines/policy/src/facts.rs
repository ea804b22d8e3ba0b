//! The facts that conditions may speak of: one documented table, and a compact store for one person's facts.
//!
//! A fact that nobody recorded is *unknown*. Unknown is not false: a condition over it stays open and the outcome
//! names the fact that is missing.
use crate::error::FactError;
use kernel::{CivilDate, RegionCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The codes of an enumerated fact with their Chinese words, in the order shown to a person.
pub type Codes = &'static [(&'static str, &'static str)];

/// The type of a fact. In CEL a date is text `2026-11-21` (text order is time order), a region its 12-digit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    Bool,
    Int,
    Date,
    Region,
    /// One of the codes.
    Code(Codes),
    /// Any number of the codes; at most 32 exist.
    Set(Codes),
}

impl FactType {
    /// The type's name in documents and error messages.
    pub const fn zh(self) -> &'static str {
        match self {
            FactType::Bool => "是否",
            FactType::Int => "整数",
            FactType::Date => "日期",
            FactType::Region => "区划代码",
            FactType::Code(_) => "单选",
            FactType::Set(_) => "多选",
        }
    }
    pub const fn codes(self) -> Codes {
        match self {
            FactType::Code(codes) | FactType::Set(codes) => codes,
            _ => &[],
        }
    }
    /// Position of `code` among the codes.
    pub fn position(self, code: &str) -> Option<u8> {
        self.codes().iter().position(|(c, _)| *c == code).map(|i| i as u8)
    }
}

/// One line of the table of facts.
#[derive(Clone, Copy, Debug)]
pub struct FactDef {
    pub fact: Fact,
    /// The name conditions, examples and files of facts use.
    pub name: &'static str,
    pub ty: FactType,
    /// Short Chinese name.
    pub zh: &'static str,
    /// What it means, where it comes from.
    pub meaning: &'static str,
    /// Worked out from other facts, the day and the pack's place; cannot be set.
    pub derived: bool,
}

macro_rules! facts {
    ($($variant:ident $name:literal $ty:expr, $zh:literal, $meaning:literal, $derived:literal;)*) => {
        /// A fact of one person or of their household. The number is an index into [`FACTS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Fact { $(#[doc = $meaning] $variant),* }

        /// Every fact, in the order of [`Fact`].
        pub const FACTS: &[FactDef] = &[$(FactDef {
            fact: Fact::$variant, name: $name, ty: $ty, zh: $zh, meaning: $meaning, derived: $derived,
        }),*];
    };
}

const SEX: Codes = &[("male", "男"), ("female", "女")];
const HUKOU: Codes = &[("rural", "农村"), ("urban", "城镇")];
const INCOME: Codes = &[
    ("ordinary", "一般"),
    ("low_income", "低收入"),
    ("subsistence", "低保"),
    ("lifted_poverty", "脱贫（建档立卡）"),
    ("destitute_dispersed", "特困分散供养"),
    ("destitute_institution", "特困集中供养"),
];
const LIVING: Codes = &[
    ("with_family", "与家人同住"),
    ("living_alone", "独居"),
    ("empty_nest", "空巢"),
    ("left_behind", "留守"),
    ("childless_alone", "孤寡"),
    ("institution", "住养老机构"),
];
const GROUPS: Codes = &[
    ("family_planning_special", "计划生育特殊家庭"),
    ("bereaved_of_only_child", "失独"),
    ("preferential_treatment", "重点优抚对象"),
    ("dementia", "失智"),
];
const DEPENDENCE: Codes = &[("independent", "自理"), ("semi_disabled", "半失能"), ("disabled", "失能")];

facts! {
    BirthDate "birth_date" FactType::Date, "出生日期", "身份证上的出生日期", false;
    Age "age" FactType::Int, "年龄", "认定那天的周岁，由出生日期算出；2 月 29 日出生的，平年 2 月 28 日满岁", true;
    Sex "sex" FactType::Code(SEX), "性别", "身份证上的性别", false;
    Alive "alive" FactType::Bool, "在世", "那天在世。有死亡日期的，从死亡当天起为否", false;
    DeathDate "death_date" FactType::Date, "死亡日期", "死亡证明上的日期；在世的不填", false;
    Hukou "hukou" FactType::Code(HUKOU), "户籍性质", "农村户籍还是城镇户籍", false;
    HukouRegion "hukou_region" FactType::Region, "户籍地", "户籍所在的区划代码，写到村（社区）", false;
    ResidenceRegion "residence_region" FactType::Region, "居住地", "现在住处的区划代码，写到村（社区）", false;
    InLocalHukou "in_local_hukou" FactType::Bool, "本地户籍", "户籍地在政策的适用地区以内，由户籍地算出", true;
    InLocalResidence "in_local_residence" FactType::Bool, "住在本地", "居住地在政策的适用地区以内，由居住地算出", true;
    IncomeClass "income_class" FactType::Code(INCOME), "收入类别", "民政部门认定的收入类别", false;
    Living "living" FactType::Code(LIVING), "居住状况", "和谁一起住", false;
    SpecialGroups "special_groups" FactType::Set(GROUPS), "特殊群体", "属于哪些特殊群体；一项都不属于写空表", false;
    CareDependence "care_dependence" FactType::Code(DEPENDENCE), "失能程度", "能力评估或特困认定得出的自理程度", false;
    DisabilityCert "disability_cert" FactType::Bool, "持残疾证", "有第二代或第三代残疾人证", false;
    InstitutionResident "institution_resident" FactType::Bool, "在机构集中供养", "住在养老机构、由机构供养", false;
    HouseholdSize "household_size" FactType::Int, "户内人数", "同一户共有几人", false;
    HouseholdElders "household_elders" FactType::Int, "户内老年人数", "同一户 60 周岁以上有几人", false;
}

/// How many facts there are; at most 64, so that a set of facts fits one word.
pub const FACT_COUNT: usize = FACTS.len();
const _: () = assert!(FACT_COUNT <= 64);

impl Fact {
    pub fn def(self) -> &'static FactDef {
        &FACTS[self as usize]
    }
    pub fn name(self) -> &'static str {
        self.def().name
    }
    pub fn zh(self) -> &'static str {
        self.def().zh
    }
    pub fn ty(self) -> FactType {
        self.def().ty
    }
    pub fn parse(name: &str) -> Option<Fact> {
        FACTS.iter().find(|d| d.name == name).map(|d| d.fact)
    }
    pub(crate) const fn bit(self) -> u64 {
        1 << self as u8
    }
}

/// A set of facts in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactSet(pub u64);

impl FactSet {
    pub const EMPTY: FactSet = FactSet(0);
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        FACTS.iter().filter(move |d| self.0 & d.fact.bit() != 0).map(|d| d.fact)
    }
    pub fn contains(self, fact: Fact) -> bool {
        self.0 & fact.bit() != 0
    }
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Fact> for FactSet {
    fn from_iter<I: IntoIterator<Item = Fact>>(iter: I) -> FactSet {
        FactSet(iter.into_iter().fold(0, |set, f| set | f.bit()))
    }
}

/// The value of a fact. `Code` and `Set` hold positions in the codes of the fact's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    #[default]
    Unknown,
    Bool(bool),
    Int(i64),
    Date(CivilDate),
    Region(RegionCode),
    Code(u8),
    Set(u32),
}

impl Value {
    /// Reads what a file or a form says about a fact of type `ty`; set members are separated by commas.
    pub fn parse(ty: FactType, text: &str) -> Option<Value> {
        let text = text.trim();
        Some(match ty {
            FactType::Bool => Value::Bool(match text {
                "true" | "是" => true,
                "false" | "否" => false,
                _ => return None,
            }),
            FactType::Int => Value::Int(text.parse().ok()?),
            FactType::Date => Value::Date(text.parse().ok()?),
            FactType::Region => Value::Region(text.parse().ok()?),
            FactType::Code(_) => Value::Code(ty.position(text)?),
            FactType::Set(_) => {
                let mut set = 0;
                for code in text.split([',', '，']).map(str::trim).filter(|c| !c.is_empty()) {
                    set |= 1 << ty.position(code)?;
                }
                Value::Set(set)
            }
        })
    }
    /// Whether this is a value of type `ty` (unknown is of every type).
    pub fn fits(self, ty: FactType) -> bool {
        match (self, ty) {
            (Value::Unknown, _)
            | (Value::Bool(_), FactType::Bool)
            | (Value::Int(_), FactType::Int)
            | (Value::Date(_), FactType::Date)
            | (Value::Region(_), FactType::Region) => true,
            (Value::Code(c), FactType::Code(codes)) => usize::from(c) < codes.len(),
            (Value::Set(s), FactType::Set(codes)) => u64::from(s) < 1u64 << codes.len(),
            _ => false,
        }
    }
    /// How a person reads it: `农村`, `77`, `1949-03-08`, `不知道`.
    pub fn zh(self, ty: FactType) -> String {
        let word = |i: usize| ty.codes().get(i).map_or("", |(_, zh)| *zh);
        match self {
            Value::Unknown => "不知道".into(),
            Value::Bool(true) => "是".into(),
            Value::Bool(false) => "否".into(),
            Value::Int(n) => n.to_string(),
            Value::Date(d) => d.to_string(),
            Value::Region(r) => r.to_string(),
            Value::Code(c) => word(usize::from(c)).into(),
            Value::Set(0) => "无".into(),
            Value::Set(s) => (0..32).filter(|i| s >> i & 1 == 1).map(word).collect::<Vec<_>>().join("、"),
        }
    }
    fn json(self, ty: FactType) -> serde_json::Value {
        let code = |i: usize| ty.codes().get(i).map_or("", |(c, _)| *c);
        match self {
            Value::Unknown => serde_json::Value::Null,
            Value::Bool(b) => b.into(),
            Value::Int(n) => n.into(),
            Value::Date(d) => d.to_string().into(),
            Value::Region(r) => r.to_string().into(),
            Value::Code(c) => code(usize::from(c)).into(),
            Value::Set(s) => (0..32).filter(|i| s >> i & 1 == 1).map(code).collect::<Vec<_>>().into(),
        }
    }
    fn from_json(ty: FactType, json: &serde_json::Value) -> Option<Value> {
        use serde_json::Value as J;
        match (ty, json) {
            (_, J::Null) => Some(Value::Unknown),
            (FactType::Bool, J::Bool(b)) => Some(Value::Bool(*b)),
            (FactType::Int, J::Number(n)) => n.as_i64().map(Value::Int),
            (FactType::Set(_), J::Array(items)) => {
                items.iter().try_fold(0, |set, item| Some(set | 1 << ty.position(item.as_str()?)?)).map(Value::Set)
            }
            (FactType::Bool | FactType::Int | FactType::Set(_), _) => None,
            (_, J::String(text)) => Value::parse(ty, text),
            _ => None,
        }
    }
}

/// The facts of one person on the days they hold; everything not set is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    known: u64,
    values: [Value; FACT_COUNT],
}

impl Default for Facts {
    fn default() -> Facts {
        Facts { known: 0, values: [Value::Unknown; FACT_COUNT] }
    }
}

impl Facts {
    pub fn new() -> Facts {
        Facts::default()
    }
    /// The recorded value; derived facts are never recorded (see [`crate::PackOn::value`]).
    pub fn get(&self, fact: Fact) -> Value {
        self.values[fact as usize]
    }
    /// Records `value`, or forgets the fact for [`Value::Unknown`].
    ///
    /// # Errors
    /// A value of the wrong type, or a fact that is worked out and cannot be set.
    pub fn set(&mut self, fact: Fact, value: Value) -> Result<(), FactError> {
        if fact.def().derived {
            return Err(FactError::Derived(fact));
        }
        if !value.fits(fact.ty()) {
            return Err(FactError::WrongValue(fact));
        }
        self.values[fact as usize] = value;
        if value == Value::Unknown {
            self.known &= !fact.bit();
        } else {
            self.known |= fact.bit();
        }
        Ok(())
    }
    /// [`Facts::set`] from text as [`Value::parse`] reads it, for building facts in a row.
    ///
    /// # Errors
    /// As [`Facts::set`].
    pub fn with(mut self, fact: Fact, text: &str) -> Result<Facts, FactError> {
        let value = Value::parse(fact.ty(), text).ok_or(FactError::WrongValue(fact))?;
        self.set(fact, value)?;
        Ok(self)
    }
    /// Facts from a JSON object; a missing name or `null` is unknown.
    ///
    /// # Errors
    /// A name that is no fact, a derived fact, or a value that is not of the fact's type.
    pub fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Result<Facts, FactError> {
        let mut facts = Facts::new();
        for (name, json) in object {
            let fact = Fact::parse(name).ok_or_else(|| FactError::NoSuchFact(name.clone()))?;
            facts.set(fact, Value::from_json(fact.ty(), json).ok_or(FactError::WrongValue(fact))?)?;
        }
        Ok(facts)
    }
    /// The known facts as a JSON object, in the order of the table.
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        FACTS
            .iter()
            .filter(|d| self.known & d.fact.bit() != 0)
            .map(|d| (d.name.to_owned(), self.get(d.fact).json(d.ty)))
            .collect()
    }
    fn date(&self, fact: Fact) -> Option<CivilDate> {
        match self.values[fact as usize] {
            Value::Date(d) => Some(d),
            _ => None,
        }
    }
    pub fn birth_date(&self) -> Option<CivilDate> {
        self.date(Fact::BirthDate)
    }
    pub fn death_date(&self) -> Option<CivilDate> {
        self.date(Fact::DeathDate)
    }
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(s)
    }
}
impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Facts, D::Error> {
        let object = serde_json::Map::deserialize(d)?;
        Facts::from_json(&object).map_err(serde::de::Error::custom)
    }
}

/// Facts seen on a day and from a place: with the derived facts worked out.
pub(crate) struct View<'a> {
    facts: &'a Facts,
    pub known: u64,
    age: i64,
    alive: bool,
    local_hukou: bool,
    local_residence: bool,
}

impl<'a> View<'a> {
    pub fn new(facts: &'a Facts, on: CivilDate, place: &str) -> View<'a> {
        let mut view =
            View { facts, known: facts.known, age: 0, alive: false, local_hukou: false, local_residence: false };
        if let Value::Date(birth) = facts.values[Fact::BirthDate as usize] {
            view.age = i64::from(birth.age_on(on));
            view.known |= Fact::Age.bit();
        }
        if let Value::Bool(alive) = facts.values[Fact::Alive as usize] {
            view.alive = alive;
        }
        if let Value::Date(death) = facts.values[Fact::DeathDate as usize] {
            view.alive = on < death;
            view.known |= Fact::Alive.bit();
        }
        if let Value::Region(region) = &facts.values[Fact::HukouRegion as usize] {
            view.local_hukou = region.as_str().starts_with(place);
            view.known |= Fact::InLocalHukou.bit();
        }
        if let Value::Region(region) = &facts.values[Fact::ResidenceRegion as usize] {
            view.local_residence = region.as_str().starts_with(place);
            view.known |= Fact::InLocalResidence.bit();
        }
        view
    }
    pub fn get(&self, fact: Fact) -> Value {
        if self.known & fact.bit() == 0 {
            return Value::Unknown;
        }
        match fact {
            Fact::Age => Value::Int(self.age),
            Fact::Alive => Value::Bool(self.alive),
            Fact::InLocalHukou => Value::Bool(self.local_hukou),
            Fact::InLocalResidence => Value::Bool(self.local_residence),
            other => self.facts.values[other as usize],
        }
    }
}
