//! What an item and a price are, and which changes are allowed. Pure.
use dispatch::SkillSet;
use kernel::{CivilDate, Error, Fen, FieldError, Instant, ItemId, RegionCode, Result};
use serde::Serialize;
use uuid::Uuid;

store::words! {
    /// The seven categories of home care.
    Category {
        Household "household" "家政便民",
        DailyCare "daily_care" "生活照料",
        HealthCare "health_care" "健康保健",
        LegalAdvice "legal_advice" "法律政策咨询",
        Comfort "comfort" "精神慰藉",
        Errands "errands" "代购代办",
        Companionship "companionship" "日常陪护",
    }
}

impl Category {
    /// The icon beside the word.
    pub const fn icon(self) -> &'static str {
        match self {
            Category::Household => "home",
            Category::DailyCare => "heart-handshake",
            Category::HealthCare => "stethoscope",
            Category::LegalAdvice => "scale",
            Category::Comfort => "message",
            Category::Errands => "packages",
            Category::Companionship => "friends",
        }
    }
}

store::words! {
    /// The "six helps" (六助) an item may count as.
    Help {
        Meals "meals" "助餐",
        Cleaning "cleaning" "助洁",
        Bathing "bathing" "助浴",
        Urgent "urgent" "助急",
        Mobility "mobility" "助行",
        Medical "medical" "助医",
    }
}

store::words! {
    /// What one price buys.
    Unit {
        Hour "hour" "时",
        Visit "visit" "次",
        Portion "portion" "份",
        Day "day" "天",
    }
}

store::words! {
    /// What a worker must be able to do. The order is the number in [`dispatch::Skill`] and is stored: new ones go to
    /// the end.
    Skill {
        Cleaning "cleaning" "保洁",
        ApplianceCare "appliance_care" "家电清洗维修",
        SmallRepairs "small_repairs" "水电小修",
        Laundry "laundry" "洗衣",
        PersonalCare "personal_care" "生活护理",
        Bathing "bathing" "助浴",
        Haircut "haircut" "理发",
        FootCare "foot_care" "修脚",
        Cooking "cooking" "做饭",
        BasicNursing "basic_nursing" "基础护理",
        Rehabilitation "rehabilitation" "康复训练",
        TraditionalCare "traditional_care" "中医保健",
        HospitalEscort "hospital_escort" "陪诊",
        Counselling "counselling" "心理疏导",
        LegalService "legal_service" "法律咨询",
        Errands "errands" "代办",
        DementiaCare "dementia_care" "失智照护",
        FirstAid "first_aid" "急救",
        Nurse "nurse" "护士操作",
    }
}

impl Skill {
    /// Its place in a [`SkillSet`].
    pub fn tag(self) -> dispatch::Skill {
        dispatch::Skill::new(self as u8).expect("there are fewer than 64 skills")
    }
    pub fn set(skills: &[Skill]) -> SkillSet {
        skills.iter().map(|s| s.tag()).collect()
    }
    /// The skills of a set, in the order of [`Skill::ALL`].
    pub fn of(set: SkillSet) -> Vec<Skill> {
        Skill::ALL.iter().copied().filter(|s| set.has(s.tag())).collect()
    }
    /// Only somebody who holds a valid certificate for it may do it.
    pub const fn needs_certificate(self) -> bool {
        matches!(
            self,
            Skill::Bathing
                | Skill::BasicNursing
                | Skill::Rehabilitation
                | Skill::TraditionalCare
                | Skill::Counselling
                | Skill::LegalService
                | Skill::DementiaCare
                | Skill::FirstAid
                | Skill::Nurse
        )
    }
}

/// One line of the menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    pub id: ItemId,
    /// Unique in the installation, e.g. `JZ01`.
    pub code: String,
    pub name: String,
    /// What is done, in one line.
    pub summary: String,
    pub category: Category,
    pub help: Option<Help>,
    pub unit: Unit,
    /// How long one unit normally takes, 5–1,440.
    pub minutes: u32,
    /// All of them are needed.
    pub skills: SkillSet,
    /// What the worker ticks off at the door, one line each.
    pub checklist: Vec<String>,
    /// How many photos the visit needs, 0–9.
    pub photos: u32,
    /// Where it is offered: this region and everything inside.
    pub region: RegionCode,
    /// May be ordered.
    pub active: bool,
    /// Counts changes; an edit names the version it started from.
    pub version: i64,
}

impl Item {
    /// 保洁、做饭
    pub fn skills_zh(&self) -> String {
        Skill::of(self.skills).iter().map(|s| s.zh()).collect::<Vec<_>>().join("、")
    }
}

/// What an item is made from or changed to. See [`Item`] for the meaning of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemDraft {
    pub code: String,
    pub name: String,
    pub summary: String,
    pub category: Category,
    pub help: Option<Help>,
    pub unit: Unit,
    pub minutes: u32,
    pub skills: SkillSet,
    pub checklist: Vec<String>,
    pub photos: u32,
    pub region: RegionCode,
    pub active: bool,
}

impl ItemDraft {
    /// # Errors
    /// `Invalid` with every field that is out of its range.
    pub fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        let mut say = |field: &str, message: String| wrong.push(FieldError::new(field, message));
        if self.code.is_empty() || self.code.len() > 12 || !self.code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            say("code", "编号要 1 到 12 位字母或数字".into());
        }
        let length = |s: &str| s.chars().count();
        if self.name.is_empty() || length(&self.name) > 20 {
            say("name", format!("名称要 1 到 20 字，现在 {} 字", length(&self.name)));
        }
        if length(&self.summary) > 60 {
            say("summary", format!("说明最多 60 字，现在 {} 字", length(&self.summary)));
        }
        if !(5..=1440).contains(&self.minutes) {
            say("minutes", format!("时长要 5 到 1440 分钟，现在 {} 分钟", self.minutes));
        }
        if self.photos > 9 {
            say("photos", format!("照片最多 9 张，现在 {} 张", self.photos));
        }
        if self.checklist.len() > 20 {
            say("checklist", format!("清单最多 20 行，现在 {} 行", self.checklist.len()));
        }
        if let Some(long) = self.checklist.iter().find(|l| length(l) > 40) {
            say("checklist", format!("清单每行最多 40 字，“{}…”太长", long.chars().take(10).collect::<String>()));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

/// An approved price of an item in a region for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Price {
    pub id: Uuid,
    pub item: ItemId,
    /// It counts here and everywhere inside, unless a smaller region has its own.
    pub region: RegionCode,
    pub from: CivilDate,
    /// The last day; `None`: until further notice.
    pub to: Option<CivilDate>,
    /// For one unit.
    pub fen: Fen,
    /// The approval (物价批文).
    pub document: String,
    pub made_by: String,
    pub made_at: Instant,
}

impl Price {
    pub fn covers(&self, day: CivilDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| to >= day)
    }
    /// 2026-01-01 至 2026-06-30
    pub fn period_zh(&self) -> String {
        match self.to {
            Some(to) => format!("{} 至 {to}", self.from),
            None => format!("{} 起", self.from),
        }
    }
}

/// A price to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceDraft {
    pub region: RegionCode,
    pub from: CivilDate,
    pub to: Option<CivilDate>,
    pub fen: Fen,
    pub document: String,
}

/// What adding a price does to the others of the same item and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// It stands alone in its days.
    Alone,
    /// The open price of this id ends the day before.
    Ends(Uuid),
}

/// May `draft` be added beside `others` (all prices of the item in the same region)?
///
/// # Errors
/// `Invalid` naming the field: it would share days with another price, or would change the past.
pub fn succession(draft: &PriceDraft, others: &[Price], today: CivilDate) -> Result<Succession> {
    if draft.document.trim().is_empty() {
        return Err(Error::invalid("document", "批文没有填，没有批文不能定价"));
    }
    if draft.fen.is_negative() || draft.fen > Fen::yuan(100_000) {
        return Err(Error::invalid("fen", "价格要在 ¥0.00 到 ¥100,000.00 之间"));
    }
    if draft.to.is_some_and(|to| to < draft.from) {
        return Err(Error::invalid("to", format!("截止日早于起始日 {}", draft.from)));
    }
    if others.is_empty() {
        return Ok(Succession::Alone);
    }
    if draft.from <= today {
        let first = today.plus_days(1);
        return Err(Error::invalid("from", format!("新价最早从明天 {first} 起，过去的价格不改")));
    }
    let meets = |p: &Price| draft.to.is_none_or(|to| p.from <= to) && p.to.is_none_or(|to| to >= draft.from);
    let mut ends = Succession::Alone;
    for p in others.iter().filter(|p| meets(p)) {
        if p.to.is_none() && p.from < draft.from {
            ends = Succession::Ends(p.id);
        } else {
            return Err(Error::invalid("from", format!("{} 已有价格 {}，日子重叠", p.period_zh(), p.fen)));
        }
    }
    Ok(ends)
}

/// Of several prices valid on one day, the one of the smallest region.
pub fn most_specific(prices: impl IntoIterator<Item = Price>) -> Option<Price> {
    prices.into_iter().max_by_key(|p| p.region.tier())
}

/// An item with the price that counts on a day at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PricedItem {
    pub item: Item,
    /// For one unit.
    pub price: Fen,
    /// The approval it rests on.
    pub document: String,
    pub region: RegionCode,
    pub since: CivilDate,
}

impl PricedItem {
    pub fn new(item: Item, p: Price) -> PricedItem {
        PricedItem { item, price: p.fen, document: p.document, region: p.region, since: p.from }
    }
    /// ¥40.00 / 时
    pub fn price_zh(&self) -> String {
        format!("{} / {}", self.price, self.item.unit.zh())
    }
}

/// The region and all that contain it, as stored texts: where a price or an item may come from.
pub fn enclosing(region: &RegionCode) -> Vec<RegionCode> {
    let mut out = vec![*region];
    while let Some(up) = out.last().and_then(RegionCode::parent) {
        out.push(up);
    }
    out
}
