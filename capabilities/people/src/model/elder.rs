//! An archive and what is read from it.
use super::facts::DatedChange;
use super::ids::{AddressId, ContactId};
use super::words::{Care, ContactKind, DisabilityCert, Hukou, IncomeClass, Living, Source, SpecialGroup};
use kernel::{CivilDate, ElderId, GeoPoint, HouseholdId, IdNumber, Phone, RegionCode, Sex};

/// What others need of one elder, masked.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ElderCard {
    pub id: ElderId,
    pub household: HouseholdId,
    pub name: String,
    pub sex: Sex,
    pub birth: CivilDate,
    /// The village or community lived in.
    pub region: RegionCode,
    /// House or lane inside the village.
    pub address: String,
    pub place: Option<GeoPoint>,
    pub hukou: Hukou,
    pub hukou_region: Option<RegionCode>,
    pub living: Living,
    pub income: IncomeClass,
    pub specials: Vec<SpecialGroup>,
    pub care: Option<Care>,
    pub certificate: Option<DisabilityCert>,
    pub died_on: Option<CivilDate>,
    pub moved_out_on: Option<CivilDate>,
    pub phone_masked: String,
    pub id_masked: String,
    /// Goes up with every change; a form carries it back.
    pub version: i64,
}

impl ElderCard {
    /// Full age (周岁) on a day.
    pub fn age(&self, on: CivilDate) -> i16 {
        self.birth.age_on(on)
    }
    /// Alive on `on` and still living here.
    pub fn present(&self, on: CivilDate) -> bool {
        self.died_on.is_none_or(|d| on < d) && self.moved_out_on.is_none_or(|d| on < d)
    }
    /// The tags beside a name, in the one order of the product: 户籍, 居住, 经济, 能力, then groups.
    pub fn tags(&self) -> Vec<String> {
        let mut out = vec![format!("{}户籍", self.hukou.zh())];
        if self.living.known() {
            out.push(self.living.zh().into());
        }
        if self.income.known() && self.income != IncomeClass::Ordinary {
            out.push(self.income.zh().into());
        }
        out.extend(self.care.map(|c| c.zh().to_string()));
        out.extend(self.specials.iter().map(|s| s.zh().to_string()));
        if self.certificate.is_some_and(DisabilityCert::held) {
            out.push("持残疾证".into());
        }
        out
    }
}

/// All facts of one elder that determinations use. Values are today's; `changes` tells what held before.
#[derive(Clone, Debug, PartialEq)]
pub struct ElderFacts {
    pub elder: ElderId,
    pub birth: CivilDate,
    pub sex: Sex,
    pub hukou: Hukou,
    pub hukou_region: Option<RegionCode>,
    pub region: RegionCode,
    pub living: Living,
    pub income: IncomeClass,
    pub specials: Vec<SpecialGroup>,
    pub care: Option<Care>,
    pub certificate: Option<DisabilityCert>,
    pub died_on: Option<CivilDate>,
    pub moved_in_on: Option<CivilDate>,
    pub moved_out_on: Option<CivilDate>,
    /// In an institution from … until (open while `None`).
    pub institution_since: Option<CivilDate>,
    pub institution_until: Option<CivilDate>,
    /// Oldest first.
    pub changes: Vec<DatedChange>,
}

/// One household with everyone whose archive is in force, the dead included (benefits end, they do not vanish). A
/// household whose archives were all merged or taken back has no members.
#[derive(Clone, Debug, PartialEq)]
pub struct HouseholdFacts {
    pub household: HouseholdId,
    pub region: RegionCode,
    /// The sum of the versions of the members' archives: grows with every change of one.
    pub version: i64,
    pub members: Vec<ElderFacts>,
}

/// A place where services may be given; at most two a household (B1).
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceAddress {
    pub id: AddressId,
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
    pub since: CivilDate,
}

/// A family member, guardian or emergency contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    pub kind: ContactKind,
    pub name: String,
    /// 儿子, 配偶, 邻居 …
    pub relation: String,
    pub phone_masked: String,
    /// Lives where: 同住, 在东莞 …
    pub lives: String,
}

/// A contact to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContact {
    pub kind: ContactKind,
    pub name: String,
    pub relation: String,
    pub phone: Option<Phone>,
    pub lives: String,
}

/// Which household a new archive joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HouseholdOf {
    /// A household of its own.
    Own,
    /// The household with this number (户号) in the same village; made if there is none.
    Number(String),
    /// A household that exists.
    Existing(HouseholdId),
}

/// An archive to be opened. Birth date and sex come from the identity number.
#[derive(Clone, Debug)]
pub struct NewElder {
    pub name: String,
    pub id_number: IdNumber,
    pub phone: Option<Phone>,
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
    pub hukou: Hukou,
    pub hukou_region: Option<RegionCode>,
    pub living: Living,
    pub income: IncomeClass,
    pub specials: Vec<SpecialGroup>,
    pub care: Option<Care>,
    pub certificate: Option<DisabilityCert>,
    /// Chronic conditions in words (高血压、糖尿病); sealed.
    pub chronic: String,
    /// What the person would like: 居家、日间照料 …
    pub preference: String,
    pub household: HouseholdOf,
    pub moved_in_on: Option<CivilDate>,
    pub died_on: Option<CivilDate>,
    pub contacts: Vec<NewContact>,
    pub source: Source,
}

impl NewElder {
    /// An archive with what cannot be left out; the rest is empty.
    pub fn new(name: impl Into<String>, id_number: IdNumber, region: RegionCode, hukou: Hukou) -> NewElder {
        NewElder {
            name: name.into(),
            id_number,
            phone: None,
            region,
            address: String::new(),
            place: None,
            hukou,
            hukou_region: None,
            living: Living::Unknown,
            income: IncomeClass::Unknown,
            specials: Vec::new(),
            care: None,
            certificate: None,
            chronic: String::new(),
            preference: String::new(),
            household: HouseholdOf::Own,
            moved_in_on: None,
            died_on: None,
            contacts: Vec::new(),
            source: Source::HomeVisit,
        }
    }
    pub fn birth(&self) -> CivilDate {
        self.id_number.birth()
    }
    pub fn sex(&self) -> Sex {
        self.id_number.sex()
    }
}

/// What a complete archive must hold, and which of it is missing, in words.
pub fn missing(
    phone: bool,
    address: &str,
    hukou_region: bool,
    living: Living,
    income: IncomeClass,
    care: bool,
) -> Vec<&'static str> {
    [
        (!phone, "电话"),
        (address.trim().is_empty(), "住址"),
        (!hukou_region, "户籍地"),
        (!living.known(), "居住情况"),
        (!income.known(), "经济状况"),
        (!care, "能力"),
    ]
    .into_iter()
    .filter(|(lacks, _)| *lacks)
    .map(|(_, word)| word)
    .collect()
}
