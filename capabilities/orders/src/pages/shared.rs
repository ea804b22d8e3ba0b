//! What several pages of orders need.
use crate::model::{LATE_SOON_MINUTES, Order, State, late_by};
use kernel::{Error, Instant, OrderId};
use web::{Form, Mark};

/// The id of a path segment; what does not parse is not there.
pub(super) fn order_id(text: &str) -> kernel::Result<OrderId> {
    text.parse().map_err(|_| Error::NotFound("这张工单".into()))
}

/// The version a form was made from.
pub(super) fn seen(form: &Form) -> Option<i64> {
    form.raw("version").parse().ok()
}

pub(super) const fn mark(state: State) -> Mark {
    match state {
        State::Created | State::Accepted | State::Assigned => Mark::Todo,
        State::OnTheWay | State::CheckedIn => Mark::Doing,
        State::CheckedOut | State::Confirmed | State::InSettlement => Mark::Note,
        State::Rated | State::Paid => Mark::Ok,
        State::Cancelled => Mark::Off,
        State::Refused | State::NoShow => Mark::Warn,
        State::Disputed => Mark::Danger,
    }
}

/// Mark and word of a state at a moment: a late visit says by how much.
pub fn standing(order: &Order, now: Instant) -> (Mark, String) {
    let late = late_by(order.state, order.starts_at, now);
    if late > 0 && order.starts_at.date() == now.date() {
        return (Mark::Danger, format!("{}，已晚 {late} 分", order.state.zh()));
    }
    if late > 0 {
        return (Mark::Danger, format!("{}，过期未办", order.state.zh()));
    }
    if soon_late(order, now) {
        return (Mark::Warn, format!("{}，要迟到", order.state.zh()));
    }
    (mark(order.state), order.state.zh().into())
}

/// Nobody has set out and the start is near.
pub(super) fn soon_late(order: &Order, now: Instant) -> bool {
    matches!(order.state, State::Created | State::Accepted | State::Assigned)
        && order.starts_at >= now
        && order.starts_at < now.plus_minutes(LATE_SOON_MINUTES)
}

/// `今天 14:00`, `11-24 周二 14:00`
pub fn when(at: Instant, now: Instant) -> String {
    let (day, today) = (at.date(), now.date());
    let word = match day.days_since(today) {
        0 => "今天".to_string(),
        1 => "明天".to_string(),
        -1 => "昨天".to_string(),
        _ if day.year() == today.year() => format!("{} {}", day.md(), day.weekday_zh()),
        _ => day.to_string(),
    };
    format!("{word} {}", at.hhmm())
}

/// The sentence behind `?done=`.
pub(super) fn done(code: Option<&str>) -> Option<String> {
    Some(
        match code? {
            "placed" => "已下单，补贴已占住",
            "same" => "这一单先前已经下过，没有重复下",
            "accepted" => "已接单，接着指派护理员",
            "assigned" => "已指派",
            "refused" => "已退回，转给下一家",
            "cancelled" => "已取消，占的补贴已退回",
            "confirmed" => "已确认完成",
            "rated" => "已记下评价",
            "no_show" => "已记“没服务成”，占的补贴已退回",
            "disputed" => "已记争议，这一单不进结算",
            "resolved" => "争议已了结",
            "own_paid" => "已记收款，收据可以打印",
            "own_refunded" => "已记退款，退款单可以打印",
            _ => return None,
        }
        .to_string(),
    )
}
