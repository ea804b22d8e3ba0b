//! One subject's facts in memory, sets of facts, and facts seen on a day from a place.
use super::table::{FACT_COUNT, FACTS, Fact};
use super::value::Value;
use crate::error::FactError;
use kernel::CivilDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of facts in one word. Stored as a number, or as text where a number of 64 bits would not hold it; facts of
/// persons always fit 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactSet(pub u128);

impl FactSet {
    pub const EMPTY: FactSet = FactSet(0);
    /// In the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            // A number from elsewhere may have bits no fact has; they are above all others.
            let def = FACTS.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(def.fact)
        })
    }
    pub const fn contains(self, fact: Fact) -> bool {
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

impl Serialize for FactSet {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(word) => s.serialize_u64(word),
            Err(_) => s.serialize_str(&self.0.to_string()),
        }
    }
}
impl<'de> Deserialize<'de> for FactSet {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<FactSet, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Word(u64),
            Text(String),
        }
        match Stored::deserialize(d)? {
            Stored::Word(word) => Ok(FactSet(word.into())),
            Stored::Text(text) => text.parse().map(FactSet).map_err(serde::de::Error::custom),
        }
    }
}

impl Fact {
    /// What somebody has to record so that the fact becomes known: the fact itself, or what it is worked out from.
    pub fn bases(self) -> FactSet {
        match self {
            Fact::LotteryElderlyPercent => [Fact::LotteryTotal, Fact::LotteryElderly].into_iter().collect(),
            other => FactSet(other.basis().bit()),
        }
    }
}

/// The facts of one subject on the days they hold; everything not set is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    known: u128,
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
    pub(crate) fn date(&self, fact: Fact) -> Option<CivilDate> {
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
    pub on: CivilDate,
    pub known: u128,
    alive: bool,
    age: i64,
    years_operating: i64,
    /// Hukou, residence, facility, fund.
    local: [bool; 4],
    percent: i64,
}

const LOTTERY: u128 = Fact::LotteryTotal.bit() | Fact::LotteryElderly.bit();

impl<'a> View<'a> {
    pub fn new(facts: &'a Facts, on: CivilDate, place: &str) -> View<'a> {
        let mut view = View {
            facts,
            on,
            known: facts.known,
            alive: false,
            age: 0,
            years_operating: 0,
            local: [false; 4],
            percent: 0,
        };
        let inside = |fact: Fact| match &facts.values[fact as usize] {
            Value::Region(region) => Some(region.as_str().starts_with(place)),
            _ => None,
        };
        if let Value::Bool(alive) = facts.values[Fact::Alive as usize] {
            view.alive = alive;
        }
        let years = |from: Fact| facts.date(from).map(|day| i64::from(day.age_on(on)));
        if let Some(age) = years(Fact::BirthDate) {
            view.age = age;
            view.known |= Fact::Age.bit();
        }
        if let Some(death) = facts.death_date() {
            view.alive = on < death;
            view.known |= Fact::Alive.bit();
        }
        if let Some(local) = inside(Fact::HukouRegion) {
            view.local[0] = local;
            view.known |= Fact::InLocalHukou.bit();
        }
        if let Some(local) = inside(Fact::ResidenceRegion) {
            view.local[1] = local;
            view.known |= Fact::InLocalResidence.bit();
        }
        if facts.known >> Fact::FacilityRegion as u8 != 0 {
            view.of_others(&inside, &years);
        }
        view
    }

    /// The derived facts of facilities and funds, which stand behind those of persons in the table.
    fn of_others(&mut self, inside: &dyn Fn(Fact) -> Option<bool>, years: &dyn Fn(Fact) -> Option<i64>) {
        for (slot, from, derived) in
            [(2, Fact::FacilityRegion, Fact::InLocalFacility), (3, Fact::FundRegion, Fact::InLocalFund)]
        {
            if let Some(local) = inside(from) {
                self.local[slot] = local;
                self.known |= derived.bit();
            }
        }
        if let Some(n) = years(Fact::OpenedOn) {
            // Not yet open counts as no year.
            self.years_operating = n.max(0);
            self.known |= Fact::YearsOperating.bit();
        }
        if self.known & LOTTERY == LOTTERY {
            let (total, part) = (self.fen(Fact::LotteryTotal), self.fen(Fact::LotteryElderly));
            // Rounded down, so comparing with a whole percentage is exact. Of nothing, nothing is owed.
            self.percent = if total == 0 { 100 } else { (part * 100 / total).min(i64::MAX.into()) as i64 };
            self.known |= Fact::LotteryElderlyPercent.bit();
        }
    }

    fn fen(&self, fact: Fact) -> i128 {
        match self.facts.values[fact as usize] {
            Value::Int(n) => n.into(),
            _ => 0,
        }
    }

    pub fn get(&self, fact: Fact) -> Value {
        if self.known & fact.bit() == 0 {
            return Value::Unknown;
        }
        match fact {
            Fact::Age => Value::Int(self.age),
            Fact::YearsOperating => Value::Int(self.years_operating),
            Fact::Alive => Value::Bool(self.alive),
            Fact::InLocalHukou => Value::Bool(self.local[0]),
            Fact::InLocalResidence => Value::Bool(self.local[1]),
            Fact::InLocalFacility => Value::Bool(self.local[2]),
            Fact::InLocalFund => Value::Bool(self.local[3]),
            Fact::LotteryElderlyPercent => Value::Int(self.percent),
            other => self.facts.values[other as usize],
        }
    }
}
