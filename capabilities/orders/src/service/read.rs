//! Reading orders. Every function takes the reader's scope.
use super::missing;
use crate::model::{Event, Order};
use crate::store::{self as sql, OrderAsk, View};
use kernel::{CivilDate, ElderId, Fen, OrderId, Paged, Quarter, Result, Scope};
use serde::Serialize;
use store::{Db, Tx};
use web::ListFetch;

/// One order.
///
/// # Errors
/// `NotFound` when it does not exist or lies outside the scope.
pub async fn order(db: &Db, scope: &Scope, id: OrderId) -> Result<Order> {
    sql::order(db.read(), scope, id, "").await?.ok_or_else(missing)
}

/// [`order`] inside a transaction, locked.
pub async fn order_in(tx: &Tx, scope: &Scope, id: OrderId) -> Result<Order> {
    sql::order(tx, scope, id, tx.lock()).await?.ok_or_else(missing)
}

/// The order's events, oldest first.
pub async fn events(db: &Db, scope: &Scope, id: OrderId) -> Result<Vec<Event>> {
    order(db, scope, id).await?;
    sql::events(db, id).await
}

/// One page of a list.
pub async fn list(db: &Db, scope: &Scope, ask: &OrderAsk, fetch: &ListFetch) -> Result<Paged<Order>> {
    sql::list(db, scope, ask, &fetch.order, fetch.page).await
}

/// Figures for tabs and desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub to_accept: i64,
    pub to_assign: i64,
    pub late: i64,
    pub unconfirmed: i64,
    pub disputed: i64,
}

/// How much waits for somebody, exact up to [`Paged::COUNT_CAP`].
pub async fn counts(db: &Db, scope: &Scope) -> Result<Counts> {
    let of = |view| OrderAsk { view: Some(view), ..OrderAsk::default() };
    Ok(Counts {
        to_accept: sql::count(db, scope, &of(View::ToAccept)).await?,
        to_assign: sql::count(db, scope, &of(View::ToAssign)).await?,
        late: sql::count(db, scope, &of(View::Late(db.now()))).await?,
        unconfirmed: sql::count(db, scope, &of(View::Unconfirmed(db.now()))).await?,
        disputed: sql::count(db, scope, &of(View::Disputed)).await?,
    })
}

/// A worker's visits of a day in time order. The scope must be a worker's own.
pub async fn for_worker(db: &Db, scope: &Scope, day: CivilDate) -> Result<Vec<Order>> {
    if scope.worker_id().is_none() {
        return Ok(Vec::new());
    }
    let ask = OrderAsk { view: Some(View::Day(day)), ..OrderAsk::default() };
    sql::all(db.read(), scope, &ask, "o.starts_at, o.id", 200).await
}

/// An elder's own id and those of archives merged into it: orders keep the id they were placed under.
pub async fn same_elder(db: &Db, elder: ElderId) -> Result<Vec<ElderId>> {
    match people::service::identities(db, elder).await {
        Ok(ids) => Ok(ids),
        Err(kernel::Error::NotFound(_)) => Ok(vec![elder]),
        Err(e) => Err(e),
    }
}

/// An elder's latest orders, the latest visit first.
pub async fn for_elder(db: &Db, scope: &Scope, elder: ElderId, limit: i64) -> Result<Vec<Order>> {
    let ask = OrderAsk { elders: same_elder(db, elder).await?, ..OrderAsk::default() };
    sql::all(db.read(), scope, &ask, "o.starts_at DESC, o.id DESC", limit).await
}

/// All visits of a day and what waits for a worker from then on, for a provider's board.
pub async fn board(db: &Db, scope: &Scope, day: CivilDate) -> Result<(Vec<Order>, Vec<Order>)> {
    let ask = OrderAsk { view: Some(View::Day(day)), ..OrderAsk::default() };
    let visits = sql::all(db.read(), scope, &ask, "o.starts_at, o.id", 500).await?;
    let mut waiting = Vec::new();
    for view in [View::ToAccept, View::ToAssign] {
        let ask = OrderAsk { view: Some(view), ..OrderAsk::default() };
        waiting.extend(sql::all(db.read(), scope, &ask, "o.starts_at, o.id", 60).await?);
    }
    waiting.sort_by_key(|o| (o.starts_at, o.id));
    Ok((visits, waiting))
}

/// What an elder's confirmed services of a quarter cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spent {
    pub orders: i64,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
}

/// The sum of them inside the scope, archives merged into this one included.
pub async fn spent(db: &Db, scope: &Scope, elder: ElderId, quarter: Quarter) -> Result<Spent> {
    let s = sql::quarter_sum(db, scope, &same_elder(db, elder).await?, quarter).await?;
    let fen = |v: Option<i64>| Fen(v.unwrap_or(0));
    Ok(Spent { orders: s.orders, fee: fen(s.fee), gov: fen(s.gov), own: fen(s.own) })
}

/// A worker who has served an elder before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Known {
    pub worker: kernel::WorkerId,
    pub name: String,
    pub times: i64,
    /// Mean of the ratings in tenths: 49 is 4.9. `None`: never rated.
    pub rating_tenths: Option<i64>,
}

/// Who has been at an elder's before, most often first.
pub async fn known_workers(db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Known>> {
    let mut out = Vec::new();
    for k in sql::known_workers(db, elder).await? {
        let Some(name) = sql::worker_name_at(db, elder, k.worker).await? else { continue };
        let rating_tenths = (k.rated > 0).then(|| (k.stars * 10 + k.rated / 2) / k.rated);
        out.push(Known { worker: k.worker, name, times: k.times, rating_tenths });
    }
    // The scope decides about the elder; whoever may see the elder's orders may see who came.
    if for_elder(db, scope, elder, 1).await?.is_empty() {
        out.clear();
    }
    out.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.name.cmp(&b.name)));
    Ok(out)
}
