//! Numbers, times and cancelling.
use super::facts::Order;
use super::steps::State;
use kernel::{CivilDate, Error, Fen, Instant, Result};
use std::fmt;

/// An order may be placed at most this many days ahead.
pub const AHEAD_DAYS: i64 = 60;
/// Most units of one order.
pub const MAX_QUANTITY: i64 = 24;
/// A visit whose worker has not set out this long before the start is about to be late.
pub const LATE_SOON_MINUTES: i64 = 20;
/// Nobody can check in any more this long after the planned end: what was not begun by then was not served, what was
/// begun waits for the elder's word.
pub const LAPSE_MINUTES: i64 = 120;

/// `WO20261121-000123`: the day it was placed and its place among that day's orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub day: CivilDate,
    /// From 1.
    pub place: i64,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WO{}-{:06}", self.day.compact(), self.place)
    }
}

/// A visit starts not before now and at most [`AHEAD_DAYS`] days ahead.
pub fn check_start(start: Instant, now: Instant) -> Result<()> {
    // A form shows whole minutes: the current minute is still "now".
    if start.0 < now.0 - now.0.rem_euclid(Instant::MINUTE) {
        return Err(Error::invalid("starts_at", format!("上门时间 {start} 已经过了，选现在以后的时间")));
    }
    let last = now.date().plus_days(AHEAD_DAYS);
    if start.date() > last {
        return Err(Error::invalid("starts_at", format!("最多提前 {AHEAD_DAYS} 天下单，{last} 以前都可以")));
    }
    Ok(())
}

/// Minutes by which a visit is late at `now`; 0 if it is not, or is no longer ahead.
pub fn late_by(state: State, starts_at: Instant, now: Instant) -> i64 {
    let waiting = matches!(state, State::Created | State::Accepted | State::Assigned | State::OnTheWay);
    if waiting { (now.since(starts_at) / Instant::MINUTE).max(0) } else { 0 }
}

/// "Nobody met" can be said from the planned start on.
pub fn no_show_open(starts_at: Instant, now: Instant) -> Result<()> {
    if now < starts_at {
        return Err(Error::refused(format!("约的是 {}，到点以后才能记“没服务成”", starts_at.stamp())));
    }
    Ok(())
}

/// What cancelling does to the money, and what it asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelEffect {
    /// Goes back to the purse.
    pub released: Fen,
    /// The own part that is no longer asked for.
    pub own_dropped: Fen,
    /// The worker is on the way or already there: the reason must be given.
    pub needs_reason: bool,
}

/// Free of any condition until the worker has set out; from then on with a reason. Nothing is ever charged for a visit
/// that was not served.
pub fn cancel_effect(order: &Order) -> CancelEffect {
    CancelEffect {
        released: if order.state.holds_money() { order.gov } else { Fen::ZERO },
        own_dropped: order.own,
        needs_reason: matches!(order.state, State::OnTheWay | State::CheckedIn),
    }
}
