//! The chain of review: towns → county → finance, as a state machine.
use kernel::{Error, RegionCode, Result, UserId};

/// Where a payment list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListState {
    /// Lines are still being copied; nobody may review it yet.
    Making,
    /// Frozen; every town in it reviews its own lines.
    Town,
    County,
    Finance,
    /// Paid: nothing about it changes any more.
    Paid,
}

impl ListState {
    pub const ALL: [ListState; 5] =
        [ListState::Making, ListState::Town, ListState::County, ListState::Finance, ListState::Paid];
    pub const fn code(self) -> &'static str {
        match self {
            ListState::Making => "making",
            ListState::Town => "town",
            ListState::County => "county",
            ListState::Finance => "finance",
            ListState::Paid => "paid",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            ListState::Making => "生成中",
            ListState::Town => "等镇审核",
            ListState::County => "等县审核",
            ListState::Finance => "等财务拨付",
            ListState::Paid => "已拨付",
        }
    }
    pub fn parse(code: &str) -> Option<ListState> {
        ListState::ALL.into_iter().find(|s| s.code() == code)
    }
    /// The step that has to act now.
    pub const fn step(self) -> Option<Step> {
        match self {
            ListState::Making | ListState::Paid => None,
            ListState::Town => Some(Step::Town),
            ListState::County => Some(Step::County),
            ListState::Finance => Some(Step::Finance),
        }
    }
    /// The county has not decided yet: lines may still be disputed and changed.
    pub const fn open(self) -> bool {
        matches!(self, ListState::Town | ListState::County)
    }
}

/// A level of review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Town,
    County,
    Finance,
}

impl Step {
    pub const ALL: [Step; 3] = [Step::Town, Step::County, Step::Finance];
    pub const fn code(self) -> &'static str {
        match self {
            Step::Town => "town",
            Step::County => "county",
            Step::Finance => "finance",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Step::Town => "镇审核",
            Step::County => "县审核",
            Step::Finance => "财务拨付",
        }
    }
    pub fn parse(code: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|s| s.code() == code)
    }
    /// The state of a list that waits for this step.
    pub const fn state(self) -> ListState {
        match self {
            Step::Town => ListState::Town,
            Step::County => ListState::County,
            Step::Finance => ListState::Finance,
        }
    }
}

/// Where one town's review stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TownState {
    Waiting,
    Approved,
    /// The county sent it back; the town has to look again.
    Returned,
}

impl TownState {
    pub const ALL: [TownState; 3] = [TownState::Waiting, TownState::Approved, TownState::Returned];
    pub const fn code(self) -> &'static str {
        match self {
            TownState::Waiting => "waiting",
            TownState::Approved => "approved",
            TownState::Returned => "returned",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            TownState::Waiting => "待审核",
            TownState::Approved => "已审核",
            TownState::Returned => "退回重审",
        }
    }
    pub fn parse(code: &str) -> Option<TownState> {
        TownState::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// One town of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TownReview {
    pub town: RegionCode,
    pub state: TownState,
}

/// What a reviewer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    TownApprove(RegionCode),
    CountyApprove,
    /// Back to one town, or to all of them.
    ReturnToTown(Option<RegionCode>),
    Pay,
    ReturnToCounty,
}

impl Act {
    pub const fn step(&self) -> Step {
        match self {
            Act::TownApprove(_) => Step::Town,
            Act::CountyApprove | Act::ReturnToTown(_) => Step::County,
            Act::Pay | Act::ReturnToCounty => Step::Finance,
        }
    }
    /// The code stored with the review.
    pub const fn code(&self) -> &'static str {
        match self {
            Act::TownApprove(_) | Act::CountyApprove => "approve",
            Act::ReturnToTown(_) | Act::ReturnToCounty => "return",
            Act::Pay => "pay",
        }
    }
    /// 同意, 退回, 拨付
    pub fn zh_of(code: &str) -> &'static str {
        match code {
            "approve" => "同意",
            "return" => "退回",
            "pay" => "拨付",
            _ => "经办",
        }
    }
}

/// The review of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub state: ListState,
    pub towns: Vec<TownReview>,
    /// Who approved for the county, once it has.
    pub county_by: Option<UserId>,
    /// Lines whose dispute nobody has answered.
    pub open_disputes: i64,
}

impl Chain {
    /// The chain after `act` by `who`.
    ///
    /// # Errors
    /// `Refused` (Chinese, with what is missing) when it is not this step's turn, when a dispute is open, when a town
    /// is not in the list, or when finance and county would be one person.
    pub fn after(&self, act: Act, who: UserId) -> Result<Chain> {
        if self.state != act.step().state() {
            return Err(Error::refused(match self.state {
                ListState::Making => "清单还在生成，做完再审".to_string(),
                ListState::Paid => "清单已经拨付，不能再改".to_string(),
                s => format!("清单现在{}，还轮不到{}", s.zh(), act.step().zh()),
            }));
        }
        let mut next = self.clone();
        match act {
            Act::TownApprove(town) => {
                let row = next
                    .towns
                    .iter_mut()
                    .find(|t| t.town == town)
                    .ok_or_else(|| Error::refused("这份清单里没有这个镇的单"))?;
                if row.state == TownState::Approved {
                    return Err(Error::refused("这个镇已经审过了"));
                }
                row.state = TownState::Approved;
                if next.towns.iter().all(|t| t.state == TownState::Approved) {
                    next.state = ListState::County;
                }
            }
            Act::CountyApprove => {
                if self.open_disputes > 0 {
                    return Err(Error::refused(format!("还有 {} 单争议没有答复，答复后再同意", self.open_disputes)));
                }
                next.county_by = Some(who);
                next.state = ListState::Finance;
            }
            Act::ReturnToTown(only) => {
                if only.is_some_and(|t| !self.towns.iter().any(|x| x.town == t)) {
                    return Err(Error::refused("这份清单里没有这个镇的单"));
                }
                for t in next.towns.iter_mut().filter(|t| only.is_none_or(|o| o == t.town)) {
                    t.state = TownState::Returned;
                }
                next.state = ListState::Town;
            }
            Act::Pay => {
                if self.county_by == Some(who) {
                    return Err(Error::refused("县审核和拨付不能是同一个人，换一位财务来办"));
                }
                next.state = ListState::Paid;
            }
            Act::ReturnToCounty => {
                next.county_by = None;
                next.state = ListState::County;
            }
        }
        Ok(next)
    }
    /// (approved, all)
    pub fn towns_done(&self) -> (usize, usize) {
        (self.towns.iter().filter(|t| t.state == TownState::Approved).count(), self.towns.len())
    }
}
