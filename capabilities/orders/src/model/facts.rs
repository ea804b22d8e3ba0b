//! A work order and its events as they are read.
use super::steps::State;
use catalogue::{Category, Unit};
use kernel::{
    AccountId, CivilDate, ElderId, Fen, GeoPoint, HouseholdId, Instant, ItemId, OrderId, OrgId, PaymentListId, Quarter,
    RegionCode, Sex, UserId, WorkerId,
};
use serde::Serialize;

store::words! {
    /// How the order came (ORD-1).
    Channel {
        Hotline "hotline" "12349 来电",
        Staff "staff" "村镇代下单",
        Family "family" "家属要求",
        Provider "provider" "服务商代报",
        Api "api" "外部系统",
    }
}
store::words! {
    /// How the elder confirmed that the service was given.
    ConfirmHow {
        Code "code" "老人码",
        OnPhone "on_phone" "老人在手机上点了确认",
        Signature "signature" "签名",
        FollowUpCall "follow_up_call" "电话回访",
        /// A dispute ended with "the service was given".
        Decision "decision" "争议了结",
    }
}
store::words! {
    /// How an elder paid the own part.
    PaidBy {
        Cash "cash" "现金",
        Scan "scan" "扫码",
        Transfer "transfer" "转账",
    }
}
store::words! {
    /// Which way the money of a receipt went.
    ReceiptKind {
        Paid "paid" "收款",
        Refund "refund" "退款",
    }
}
store::words! {
    /// How far an order had come when its quarter ended without a visit.
    Unserved {
        NotAccepted "not_accepted" "到季末没有服务商接单",
        NotAssigned "not_assigned" "服务商接了单，到季末没有派人",
        NotVisited "not_visited" "派了护理员，到季末没有上门签到",
    }
}

impl Unserved {
    /// `None`: a visit was begun, or the order has ended.
    pub const fn of(state: State) -> Option<Unserved> {
        match state {
            State::Created => Some(Unserved::NotAccepted),
            State::Accepted => Some(Unserved::NotAssigned),
            State::Assigned | State::OnTheWay => Some(Unserved::NotVisited),
            _ => None,
        }
    }
}

/// One work order. Name, address, price, split and article are as they were when it was placed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    pub id: OrderId,
    pub no: String,
    pub elder: ElderId,
    pub household: HouseholdId,
    pub elder_name: String,
    pub elder_sex: Sex,
    pub elder_birth: CivilDate,
    /// The village or community of the service address.
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
    pub item: ItemId,
    pub item_name: String,
    pub category: Category,
    pub unit: Unit,
    /// Planned minutes of the whole visit.
    pub minutes: i64,
    pub provider: OrgId,
    pub provider_name: String,
    pub worker: Option<WorkerId>,
    pub worker_name: Option<String>,
    pub state: State,
    /// Grows with every step; a form carries the one it was made from.
    pub version: i64,
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// The quarter of the service date: whose purse pays and in which list it stands.
    pub quarter: Quarter,
    pub quantity: i64,
    pub price: Fen,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub purse_account: Option<AccountId>,
    /// What the purse still had before this order.
    pub purse_before: Option<Fen>,
    /// Counts the holds made for it: passing an order on moves the hold to the next provider.
    pub hold_round: i64,
    pub pack_id: Option<String>,
    pub pack_title: Option<String>,
    pub article: String,
    pub price_document: String,
    pub channel: Channel,
    pub note: String,
    /// Whom the elder would like to come; a wish, not a promise.
    pub wish_worker: Option<WorkerId>,
    pub wish_name: Option<String>,
    pub created_by: Option<UserId>,
    pub created_by_name: String,
    pub created_at: Instant,
    pub accepted_at: Option<Instant>,
    pub assigned_at: Option<Instant>,
    pub set_out_at: Option<Instant>,
    pub checked_in_at: Option<Instant>,
    pub checked_out_at: Option<Instant>,
    pub confirmed_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub confirm_how: Option<ConfirmHow>,
    /// 1–5.
    pub rating: Option<i64>,
    pub rating_note: String,
    /// Why it was cancelled, refused, disputed or not served.
    pub reason: String,
    pub payment_list: Option<PaymentListId>,
}

impl Order {
    /// The civil date of the service.
    pub fn served_on(&self) -> CivilDate {
        self.starts_at.date()
    }
    /// Minutes from check-in to check-out.
    pub fn minutes_served(&self) -> Option<i64> {
        Some(self.checked_out_at?.since(self.checked_in_at?) / Instant::MINUTE)
    }
    /// `14:00–15:00`
    pub fn hours(&self) -> String {
        format!("{}–{}", self.starts_at.hhmm(), self.ends_at.hhmm())
    }
}

/// One step in an order's life. Never changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The order's version after it; the first is 1.
    pub seq: i64,
    pub at: Instant,
    /// `create` or a step's code.
    pub step: String,
    /// The state after it.
    pub state: State,
    pub actor_user: Option<UserId>,
    pub actor: String,
    pub role: String,
    pub data: serde_json::Value,
}

impl Event {
    /// A sentence for the timeline.
    pub fn words(&self) -> String {
        let text = |key: &str| self.data.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        let with = |head: &str, tail: &str| {
            if tail.is_empty() { head.to_string() } else { format!("{head}：{tail}") }
        };
        match self.step.as_str() {
            "create" => with("下单", text("channel_zh")),
            "accept" => with("接单", text("provider")),
            "pass_on" => with(&format!("{}不接，转给{}", text("provider"), text("next")), text("reason")),
            "refuse" => with(&format!("{}不接，没有别家可接", text("provider")), text("reason")),
            "assign" => with("指派", text("worker")),
            "reassign" => with(&with("改派", text("worker")), text("reason")),
            "set_out" => "护理员出发".into(),
            "check_in" => with("签到", text("words")),
            "check_out" => with("签退", text("words")),
            "confirm" => with("确认完成", text("how_zh")),
            "rate" => {
                let stars = self.data.get("rating").and_then(serde_json::Value::as_i64).unwrap_or_default();
                with(&format!("评价 {stars} 分"), text("note"))
            }
            "cancel" => with("取消", text("reason")),
            "no_show" => with("没服务成", text("reason")),
            "dispute" => with("提出争议", text("reason")),
            "resolve_served" => with("争议了结，服务算数", text("reason")),
            "resolve_void" => with("争议了结，这一单作废", text("reason")),
            "enlist" => with("进入结算清单", text("list")),
            "delist" => with("移出结算清单", text("reason")),
            "pay" => "拨付".into(),
            "lapse" => with("季度结束没有服务，关闭", text("reason")),
            other => other.to_string(),
        }
    }
}

/// What settlement copies of a finished order.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub id: OrderId,
    pub no: String,
    /// As it was read: an order that has moved on since is not settled from this.
    pub version: i64,
    pub elder: ElderId,
    pub elder_name: String,
    pub household: HouseholdId,
    pub region: RegionCode,
    pub item: ItemId,
    pub item_name: String,
    pub provider: OrgId,
    pub provider_name: String,
    pub worker: Option<WorkerId>,
    pub worker_name: Option<String>,
    pub starts_at: Instant,
    pub quantity: i64,
    pub price: Fen,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub purse_account: Option<AccountId>,
    pub pack_id: Option<String>,
    pub article: String,
    pub checked_in_at: Option<Instant>,
    pub checked_out_at: Option<Instant>,
    pub confirm_how: Option<ConfirmHow>,
    /// 1–5.
    pub rating: Option<i64>,
}

impl Finished {
    pub fn served_on(&self) -> CivilDate {
        self.starts_at.date()
    }
    /// Minutes from check-in to check-out.
    pub fn minutes_served(&self) -> Option<i64> {
        Some(self.checked_out_at?.since(self.checked_in_at?) / Instant::MINUTE)
    }
}
