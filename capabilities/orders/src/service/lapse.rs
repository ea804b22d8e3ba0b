//! A quarter's end for orders nobody served: the platform closes them, so that what they hold goes back to the purse
//! before the purse is cleared.
//!
//! The rule: an order of a quarter that is over, whose door for checking in has shut and at which nobody ever checked
//! in, ends as "not served" with its reason. Where somebody checked in the hold stays until people have decided
//! ([`View::Unconfirmed`](super::View::Unconfirmed)): confirmed later it stands in a supplementary list, called off
//! later its money is cleared by the next daily run.
use super::{STEPPED, money};
use crate::model::{LAPSE_MINUTES, Next, Order, Step, Unserved, Who, next};
use crate::store as sql;
use async_trait::async_trait;
use kernel::{Actor, Error, Fen, OrderId, OrgScope, Quarter, RegionCode, Result};
use serde::Serialize;
use store::Db;

/// Orders of one transaction.
const BATCH: i64 = 500;

/// What was closed this time; all zero when there was nothing to close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lapsed {
    pub orders: i64,
    /// Given back to the purses.
    pub released: Fen,
}

/// Told after every batch how many were closed; an error stops the work where it is.
#[async_trait]
pub trait Progress: Send + Sync {
    async fn told(&self, done: i64) -> Result<()>;
}

/// Closes the orders of `quarter` and of those before it that were never served in `region`. A run that was stopped
/// goes on; a run with nothing left to close changes nothing.
///
/// # Errors
/// `Forbidden` without the permission to close a quarter or outside the actor's region, `Refused` while the quarter is
/// not over.
pub async fn lapse_unserved(
    db: &Db,
    actor: &Actor,
    region: &RegionCode,
    quarter: Quarter,
    progress: &dyn Progress,
) -> Result<Lapsed> {
    lapse_in_batches(db, actor, region, quarter, BATCH, progress).await
}

/// [`lapse_unserved`] with batches of `batch` orders.
///
/// # Errors
/// As [`lapse_unserved`].
pub async fn lapse_in_batches(
    db: &Db,
    actor: &Actor,
    region: &RegionCode,
    quarter: Quarter,
    batch: i64,
    progress: &dyn Progress,
) -> Result<Lapsed> {
    super::permitted(actor, Step::Lapse)?;
    if actor.scope().org != OrgScope::Any || !actor.scope().covers(region) {
        return Err(Error::Forbidden("关闭没有服务的工单由县民政来做".into()));
    }
    if db.now().date() <= quarter.last_day() {
        return Err(Error::refused(format!("{}到 {} 才结束", quarter.zh(), quarter.last_day())));
    }
    let mut sum = Lapsed::default();
    let mut after: Option<OrderId> = None;
    while let Some((last, part)) = one_batch(db, actor, region, quarter, after, batch).await? {
        after = Some(last);
        sum.orders += part.orders;
        sum.released += part.released;
        progress.told(sum.orders).await?;
    }
    Ok(sum)
}

/// `None` when no order is left; otherwise the last order looked at and what was closed.
async fn one_batch(
    db: &Db,
    actor: &Actor,
    region: &RegionCode,
    quarter: Quarter,
    after: Option<OrderId>,
    batch: i64,
) -> Result<Option<(OrderId, Lapsed)>> {
    let who = Who::of(actor);
    let tx = db.begin().await?;
    let shut = tx.now().plus_minutes(-LAPSE_MINUTES);
    let found = sql::unserved(&tx, region, quarter, shut, after, batch).await?;
    let Some(last) = found.last().map(|o| o.id) else { return Ok(None) };
    let mut closed: Vec<Order> = Vec::with_capacity(found.len());
    let mut entries = Vec::with_capacity(found.len());
    for order in found {
        // PostgreSQL looks at a row again when it was waited for: a check-in may have been faster.
        let (Some(why), Ok(Next::Go(to))) = (Unserved::of(order.state), next(order.state, Step::Lapse, who)) else {
            continue;
        };
        let (before, seen) = (order.state, order.version);
        let order =
            Order { state: to, version: seen + 1, closed_at: Some(tx.now()), reason: why.zh().to_string(), ..order };
        sql::save(&tx, &order, seen).await?;
        let data = serde_json::json!({ "why": why.code(), "reason": why.zh() });
        sql::add_event(&tx, actor, &order, Step::Lapse.code(), &data).await?;
        let detail = serde_json::json!({
            "step": Step::Lapse.code(), "from": before.code(), "to": to.code(), "why": why.code()
        });
        entries.push(audit::Entry::new(STEPPED, "work_order", order.id).region(order.region).detail(detail));
        closed.push(order);
    }
    money::release_all(&tx, db, actor, &closed).await?;
    audit::record_many(&tx, actor, &entries).await?;
    tx.commit().await?;
    let released = closed.iter().map(|o| o.gov).sum();
    Ok(Some((last, Lapsed { orders: closed.len() as i64, released })))
}
