//! States, steps and the one table of transitions.
use kernel::{Actor, Error, Permission, Role};

store::words! {
    /// Where a work order stands.
    State {
        /// Placed, waits for a provider's word; its public part is held.
        Created "created" "待接单",
        Accepted "accepted" "待指派",
        Assigned "assigned" "待上门",
        OnTheWay "on_the_way" "路上",
        CheckedIn "checked_in" "服务中",
        CheckedOut "checked_out" "待确认",
        /// The elder has confirmed: the hold is taken, the own part is due.
        Confirmed "confirmed" "待回访",
        Rated "rated" "已评价",
        InSettlement "in_settlement" "结算中",
        Paid "paid" "已拨付",
        Cancelled "cancelled" "已取消",
        /// No provider could take it.
        Refused "refused" "没人接单",
        /// Nobody was met, or nobody went.
        NoShow "no_show" "没服务成",
        Disputed "disputed" "有争议",
    }
}

impl State {
    /// The public part is still only held.
    pub const fn holds_money(self) -> bool {
        matches!(
            self,
            State::Created | State::Accepted | State::Assigned | State::OnTheWay | State::CheckedIn | State::CheckedOut
        )
    }
    /// The visit still lies ahead or goes on.
    pub const fn open(self) -> bool {
        matches!(self, State::Created | State::Accepted | State::Assigned | State::OnTheWay | State::CheckedIn)
    }
    /// Takes the worker's time: two such visits of one worker may not overlap.
    pub const fn takes_time(self) -> bool {
        !matches!(self, State::Created | State::Accepted | State::Cancelled | State::Refused | State::NoShow)
    }
    /// Nothing was served and nothing is charged.
    pub const fn void(self) -> bool {
        matches!(self, State::Cancelled | State::Refused | State::NoShow)
    }
    /// Place on the way from order to payment, 0 to 9; `None` beside it.
    pub const fn place(self) -> Option<usize> {
        Some(match self {
            State::Created => 0,
            State::Accepted => 1,
            State::Assigned => 2,
            State::OnTheWay => 3,
            State::CheckedIn => 4,
            State::CheckedOut => 5,
            State::Confirmed => 6,
            State::Rated => 7,
            State::InSettlement => 8,
            State::Paid => 9,
            State::Cancelled | State::Refused | State::NoShow | State::Disputed => return None,
        })
    }
}

/// Something done to a work order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Accept,
    /// The provider gives it back; `passed_on`: another provider was found.
    Refuse {
        passed_on: bool,
    },
    Assign,
    /// Another worker.
    Reassign,
    SetOut,
    CheckIn,
    CheckOut,
    Confirm,
    Rate,
    Cancel,
    NoShow,
    Dispute,
    /// `served`: the service is found to have been given.
    Resolve {
        served: bool,
    },
    /// Put in a payment list.
    Enlist,
    /// Taken out of its payment list; `rated`: it had been rated before.
    Delist {
        rated: bool,
    },
    Pay,
    /// The quarter is over and nobody came.
    Lapse,
}

impl Step {
    pub const ALL: &'static [Step] = &[
        Step::Accept,
        Step::Refuse { passed_on: true },
        Step::Refuse { passed_on: false },
        Step::Assign,
        Step::Reassign,
        Step::SetOut,
        Step::CheckIn,
        Step::CheckOut,
        Step::Confirm,
        Step::Rate,
        Step::Cancel,
        Step::NoShow,
        Step::Dispute,
        Step::Resolve { served: true },
        Step::Resolve { served: false },
        Step::Enlist,
        Step::Delist { rated: true },
        Step::Delist { rated: false },
        Step::Pay,
        Step::Lapse,
    ];
    /// The text stored with an event.
    pub const fn code(self) -> &'static str {
        match self {
            Step::Accept => "accept",
            Step::Refuse { passed_on: true } => "pass_on",
            Step::Refuse { passed_on: false } => "refuse",
            Step::Assign => "assign",
            Step::Reassign => "reassign",
            Step::SetOut => "set_out",
            Step::CheckIn => "check_in",
            Step::CheckOut => "check_out",
            Step::Confirm => "confirm",
            Step::Rate => "rate",
            Step::Cancel => "cancel",
            Step::NoShow => "no_show",
            Step::Dispute => "dispute",
            Step::Resolve { served: true } => "resolve_served",
            Step::Resolve { served: false } => "resolve_void",
            Step::Enlist => "enlist",
            Step::Delist { .. } => "delist",
            Step::Pay => "pay",
            Step::Lapse => "lapse",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Step::Accept => "接单",
            Step::Refuse { passed_on: true } => "不接，转给下一家",
            Step::Refuse { passed_on: false } => "不接，没有别家可接",
            Step::Assign => "指派",
            Step::Reassign => "改派",
            Step::SetOut => "出发",
            Step::CheckIn => "签到",
            Step::CheckOut => "签退",
            Step::Confirm => "确认完成",
            Step::Rate => "评价",
            Step::Cancel => "取消",
            Step::NoShow => "没服务成",
            Step::Dispute => "提出争议",
            Step::Resolve { served: true } => "争议了结：服务算数",
            Step::Resolve { served: false } => "争议了结：这一单作废",
            Step::Enlist => "进入结算清单",
            Step::Delist { .. } => "移出结算清单",
            Step::Pay => "拨付",
            Step::Lapse => "季度结束没有服务，关闭",
        }
    }
    /// The permission this kind of person needs for it; `None`: never theirs to do.
    pub const fn needs(self, who: Who) -> Option<Permission> {
        use Permission as P;
        match (self, who) {
            (Step::Accept | Step::Refuse { .. } | Step::Assign | Step::Reassign, Who::Provider) => {
                Some(P::OrderDispatch)
            }
            (Step::SetOut | Step::CheckIn | Step::CheckOut | Step::Confirm, Who::Worker) => Some(P::VisitDo),
            (Step::Confirm | Step::Rate | Step::Dispute | Step::Resolve { .. }, Who::Staff) => Some(P::OrderFollowUp),
            (Step::Cancel, Who::Staff) => Some(P::OrderCreate),
            (Step::Cancel, Who::Platform) => Some(P::OrderCreate),
            (Step::NoShow, Who::Staff) => Some(P::OrderFollowUp),
            (Step::NoShow, Who::Provider) => Some(P::OrderDispatch),
            (Step::NoShow, Who::Worker) => Some(P::VisitDo),
            // The settlement capability asks for its own permissions before it comes here.
            (Step::Enlist | Step::Delist { .. } | Step::Pay, Who::Staff | Who::Office | Who::Platform) => {
                Some(P::SignedIn)
            }
            (Step::Lapse, Who::Office | Who::Platform) => Some(P::SettlementRun),
            _ => None,
        }
    }
}

/// What kind of person acts, as far as a work order is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// Near the elder: hotline, village, town.
    Staff,
    /// County, city, finance, administrator.
    Office,
    Provider,
    Worker,
    /// A job of the platform.
    Platform,
}

impl Who {
    pub const ALL: &'static [Who] = &[Who::Staff, Who::Office, Who::Provider, Who::Worker, Who::Platform];
    pub fn of(actor: &Actor) -> Who {
        match actor.role() {
            None => Who::Platform,
            Some(Role::Operator | Role::VillageStaff | Role::TownStaff) => Who::Staff,
            // Elders and families order through staff; they hold no permission on orders themselves.
            Some(
                Role::CountyStaff
                | Role::CityStaff
                | Role::Assessor
                | Role::Finance
                | Role::Administrator
                | Role::Elder
                | Role::Family,
            ) => Who::Office,
            Some(Role::ProviderManager) => Who::Provider,
            Some(Role::Worker) => Who::Worker,
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Who::Staff => "坐席和村镇经办",
            Who::Office => "县市民政和财务",
            Who::Provider => "服务商",
            Who::Worker => "护理员",
            Who::Platform => "平台",
        }
    }
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Go(State),
    /// This step was done before: a second click changes nothing.
    Already,
}

/// Why a step is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotYours { step: Step, who: Who },
    NotNow { step: Step, state: State },
}

impl Refusal {
    pub fn zh(&self) -> String {
        match self {
            Refusal::NotYours { step, who } => {
                let able: Vec<&str> = Who::ALL.iter().filter(|w| step.needs(**w).is_some()).map(|w| w.zh()).collect();
                format!("{}不能做“{}”，可由{}来做", who.zh(), step.zh(), able.join("、"))
            }
            Refusal::NotNow { step, state } => format!("这一单现在是“{}”，不能“{}”", state.zh(), step.zh()),
        }
    }
}
impl From<Refusal> for Error {
    fn from(r: Refusal) -> Error {
        match r {
            Refusal::NotYours { .. } => Error::Forbidden(r.zh()),
            Refusal::NotNow { .. } => Error::Refused(r.zh()),
        }
    }
}

/// The table of transitions: where `step` by `who` leads from `state`.
///
/// # Errors
/// `NotYours` when this kind of person never does it, `NotNow` when the state does not allow it.
pub fn next(state: State, step: Step, who: Who) -> Result<Next, Refusal> {
    use State as S;
    if step.needs(who).is_none() {
        return Err(Refusal::NotYours { step, who });
    }
    let to = match (state, step) {
        (S::Created, Step::Accept) => S::Accepted,
        (S::Created | S::Accepted | S::Assigned, Step::Refuse { passed_on: true }) => S::Created,
        (S::Created | S::Accepted | S::Assigned, Step::Refuse { passed_on: false }) => S::Refused,
        (S::Accepted, Step::Assign) => S::Assigned,
        (S::Assigned | S::OnTheWay, Step::Reassign) => S::Assigned,
        (S::Assigned, Step::SetOut) => S::OnTheWay,
        (S::OnTheWay, Step::CheckIn) => S::CheckedIn,
        (S::CheckedIn, Step::CheckOut) => S::CheckedOut,
        (S::CheckedOut, Step::Confirm) => S::Confirmed,
        (S::Confirmed, Step::Rate) => S::Rated,
        // A follow-up call may come after the quarter was closed: the rating is kept, the state stays.
        (S::InSettlement, Step::Rate) => S::InSettlement,
        (S::Paid, Step::Rate) => S::Paid,
        (S::Created | S::Accepted | S::Assigned | S::OnTheWay | S::CheckedIn, Step::Cancel) => S::Cancelled,
        (S::Assigned | S::OnTheWay | S::CheckedIn, Step::NoShow) => S::NoShow,
        // Who was checked in was at the door: people decide about that visit, not the calendar.
        (S::Created | S::Accepted | S::Assigned | S::OnTheWay, Step::Lapse) => S::NoShow,
        (S::CheckedOut | S::Confirmed | S::Rated, Step::Dispute) => S::Disputed,
        (S::Disputed, Step::Resolve { served: true }) => S::Confirmed,
        (S::Disputed, Step::Resolve { served: false }) => S::Cancelled,
        (S::Confirmed | S::Rated, Step::Enlist) => S::InSettlement,
        (S::InSettlement, Step::Delist { rated: true }) => S::Rated,
        (S::InSettlement, Step::Delist { rated: false }) => S::Confirmed,
        (S::InSettlement, Step::Pay) => S::Paid,
        (S::Accepted, Step::Accept)
        | (S::Refused, Step::Refuse { passed_on: false })
        | (S::Assigned, Step::Assign)
        | (S::OnTheWay, Step::SetOut)
        | (S::CheckedIn, Step::CheckIn)
        | (S::CheckedOut, Step::CheckOut)
        | (S::Confirmed, Step::Confirm | Step::Resolve { served: true } | Step::Delist { rated: false })
        | (S::Rated, Step::Rate | Step::Delist { rated: true })
        | (S::Cancelled, Step::Cancel | Step::Resolve { served: false })
        | (S::NoShow, Step::NoShow | Step::Lapse)
        | (S::Disputed, Step::Dispute)
        | (S::InSettlement, Step::Enlist)
        | (S::Paid, Step::Pay) => return Ok(Next::Already),
        _ => return Err(Refusal::NotNow { step, state }),
    };
    Ok(Next::Go(to))
}
