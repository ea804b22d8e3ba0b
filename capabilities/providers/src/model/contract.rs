//! Contracts: for which places, categories and days a provider serves.
use super::Faults;
use catalogue::Category;
use kernel::{CivilDate, OrgId, RegionCode, Result};
use serde::Serialize;
use uuid::Uuid;

/// A contract of government purchase with one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contract {
    pub id: Uuid,
    pub provider: OrgId,
    pub number: String,
    /// The notice of award (中标通知书) it follows from.
    pub award: String,
    pub from: CivilDate,
    /// The last day.
    pub to: CivilDate,
    /// It serves these regions and everything inside.
    pub regions: Vec<RegionCode>,
    pub categories: Vec<Category>,
    /// Most orders a quarter in one category and county; `None`: no limit.
    pub capacity: Option<u32>,
    pub insurer: String,
    /// Number of the liability insurance.
    pub policy_no: String,
    /// The insurance's last day.
    pub insured_to: CivilDate,
    pub version: i64,
}

impl Contract {
    pub fn runs_on(&self, day: CivilDate) -> bool {
        self.from <= day && day <= self.to
    }
    pub fn insured_on(&self, day: CivilDate) -> bool {
        day <= self.insured_to
    }
    pub fn serves(&self, place: &RegionCode) -> bool {
        self.regions.iter().any(|r| r.contains(place))
    }
    pub fn categories_zh(&self) -> String {
        self.categories.iter().map(|c| c.zh()).collect::<Vec<_>>().join("、")
    }
}

/// What a contract is made from or changed to. See [`Contract`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractDraft {
    pub number: String,
    pub award: String,
    pub from: CivilDate,
    pub to: CivilDate,
    pub regions: Vec<RegionCode>,
    pub categories: Vec<Category>,
    pub capacity: Option<u32>,
    pub insurer: String,
    pub policy_no: String,
    pub insured_to: CivilDate,
}

impl ContractDraft {
    /// # Errors
    /// `Invalid` with every field to correct.
    pub fn check(&self) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.number, "number", "合同编号", 40, false);
        f.text(&self.award, "award", "中标通知书编号", 60, false);
        f.text(&self.insurer, "insurer", "保险公司", 30, false);
        f.text(&self.policy_no, "policy_no", "保单号", 40, false);
        f.say(self.to < self.from, "to", format!("截止日早于起始日 {}", self.from));
        f.say(self.regions.is_empty(), "regions", "服务区域没有选");
        f.say(self.regions.len() > 200, "regions", "区域最多 200 个，改选上一级");
        f.say(self.categories.is_empty(), "categories", "服务类别没有选");
        f.say(self.capacity == Some(0), "capacity", "接单上限要大于 0，不限就不填");
        f.done()
    }
}
