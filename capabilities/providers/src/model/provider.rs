//! Providers and what keeps one from taking an order.
use super::{Contract, Faults};
use catalogue::Category;
use kernel::{CivilDate, OrgId, Phone, RegionCode, Result};
use serde::Serialize;

/// A stop put on a provider by the authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspension {
    pub from: CivilDate,
    /// The last day; `None`: until it is lifted.
    pub to: Option<CivilDate>,
    pub reason: String,
    pub document: String,
}

impl Suspension {
    pub fn covers(&self, day: CivilDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }
    /// # Errors
    /// `Invalid` with the fields to correct.
    pub fn check(&self) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.reason, "reason", "原因", 200, false);
        f.text(&self.document, "document", "文号", 60, false);
        f.say(self.to.is_some_and(|to| to < self.from), "to", format!("截止日早于起始日 {}", self.from));
        f.done()
    }
}

/// A provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provider {
    pub org: OrgId,
    pub name: String,
    /// Where it was awarded; the authority of this region keeps its record.
    pub region: RegionCode,
    /// 统一社会信用代码, 18 characters.
    pub credit_code: String,
    pub contact: String,
    pub phone: String,
    pub suspension: Option<Suspension>,
    pub active: bool,
    pub version: i64,
}

/// What a provider is made from or changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDraft {
    pub name: String,
    pub region: RegionCode,
    pub credit_code: String,
    pub contact: String,
    pub phone: Phone,
    pub active: bool,
}

impl ProviderDraft {
    /// # Errors
    /// `Invalid` with every field to correct.
    pub fn check(&self) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.name, "name", "名称", 40, false);
        f.text(&self.contact, "contact", "联系人", 20, false);
        let n = self.credit_code.chars().count();
        f.say(n != 18, "credit_code", format!("信用代码要 18 位，现在 {n} 位"));
        f.say(
            n == 18 && !credit_code_holds(&self.credit_code),
            "credit_code",
            "信用代码校验不对，对照营业执照再看一遍",
        );
        f.done()
    }
}

/// The check character of a unified social credit code (GB 32100-2015): Σ value × 3^i mod 31.
fn credit_code_holds(code: &str) -> bool {
    const SIGNS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<usize>> = code.chars().map(|c| SIGNS.find(c)).collect();
    let Some(values) = values.filter(|v| v.len() == 18) else { return false };
    let mut weight = 1;
    let mut sum = 0;
    for v in &values[..17] {
        sum += v * weight;
        weight = weight * 3 % 31;
    }
    (31 - sum % 31) % 31 == values[17]
}

/// What keeps a provider from taking an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Block {
    Inactive,
    Suspended {
        to: Option<CivilDate>,
        reason: String,
    },
    NoContract,
    ContractNotBegun {
        number: String,
        from: CivilDate,
    },
    ContractEnded {
        number: String,
        to: CivilDate,
    },
    OutsideRegion,
    CategoryNotAgreed(Category),
    InsuranceExpired {
        policy_no: String,
        to: CivilDate,
    },
    /// The most of a quarter is reached.
    Full {
        capacity: u32,
    },
}

impl Block {
    pub const fn code(&self) -> &'static str {
        match self {
            Block::Inactive => "inactive",
            Block::Suspended { .. } => "suspended",
            Block::NoContract => "no_contract",
            Block::ContractNotBegun { .. } => "contract_not_begun",
            Block::ContractEnded { .. } => "contract_ended",
            Block::OutsideRegion => "outside_region",
            Block::CategoryNotAgreed(_) => "category_not_agreed",
            Block::InsuranceExpired { .. } => "insurance_expired",
            Block::Full { .. } => "full",
        }
    }
    pub fn zh(&self) -> String {
        match self {
            Block::Inactive => "已停用".into(),
            Block::Suspended { to: Some(to), reason } => format!("暂停接单到 {to}：{reason}"),
            Block::Suspended { to: None, reason } => format!("暂停接单：{reason}"),
            Block::NoContract => "没有合同".into(),
            Block::ContractNotBegun { number, from } => format!("合同 {number} 从 {from} 开始"),
            Block::ContractEnded { number, to } => format!("合同 {number} 已于 {to} 到期"),
            Block::OutsideRegion => "合同不含这个地方".into(),
            Block::CategoryNotAgreed(c) => format!("合同不含{}", c.zh()),
            Block::InsuranceExpired { policy_no, to } => format!("责任险 {policy_no} 已于 {to} 到期"),
            Block::Full { capacity } => format!("本季已满 {capacity} 单"),
        }
    }
}

/// A provider as one asks who could take an order. No blocks: it can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderCandidate {
    pub org: OrgId,
    pub name: String,
    pub blocks: Vec<Block>,
}

/// The contract under which `provider` may serve, or what keeps it from it. `place` and `category` narrow the question;
/// `None`: any.
///
/// # Errors
/// The blocks, in the order in which they are looked at.
pub fn fit<'a>(
    provider: &Provider,
    contracts: &'a [Contract],
    place: Option<&RegionCode>,
    category: Option<Category>,
    on: CivilDate,
) -> Result<&'a Contract, Vec<Block>> {
    let mut blocks = Vec::new();
    if !provider.active {
        blocks.push(Block::Inactive);
    }
    if let Some(s) = provider.suspension.as_ref().filter(|s| s.covers(on)) {
        blocks.push(Block::Suspended { to: s.to, reason: s.reason.clone() });
    }
    let found = under_contract(contracts, place, category, on);
    match found {
        Ok(c) if blocks.is_empty() => Ok(c),
        Ok(_) => Err(blocks),
        Err(b) => {
            blocks.push(b);
            Err(blocks)
        }
    }
}

fn under_contract<'a>(
    contracts: &'a [Contract],
    place: Option<&RegionCode>,
    category: Option<Category>,
    on: CivilDate,
) -> Result<&'a Contract, Block> {
    let running: Vec<&Contract> = contracts.iter().filter(|c| c.runs_on(on)).collect();
    if running.is_empty() {
        let ended = contracts.iter().filter(|c| c.to < on).max_by_key(|c| c.to);
        let coming = contracts.iter().filter(|c| c.from > on).min_by_key(|c| c.from);
        return Err(match (ended, coming) {
            (_, Some(c)) => Block::ContractNotBegun { number: c.number.clone(), from: c.from },
            (Some(c), None) => Block::ContractEnded { number: c.number.clone(), to: c.to },
            (None, None) => Block::NoContract,
        });
    }
    let here: Vec<&Contract> = running.into_iter().filter(|c| place.is_none_or(|p| c.serves(p))).collect();
    if here.is_empty() {
        return Err(Block::OutsideRegion);
    }
    let agreed: Vec<&Contract> =
        here.into_iter().filter(|c| category.is_none_or(|k| c.categories.contains(&k))).collect();
    let Some(latest) = agreed.iter().max_by_key(|c| c.insured_to) else {
        return Err(category.map_or(Block::NoContract, Block::CategoryNotAgreed));
    };
    if latest.insured_on(on) {
        Ok(latest)
    } else {
        Err(Block::InsuranceExpired { policy_no: latest.policy_no.clone(), to: latest.insured_to })
    }
}
