//! Reads for desks.
use crate::model::Order;
use crate::store::{self as sql, OrderAsk, View};
use kernel::{Instant, Quarter, Result, Scope};
use store::Db;

pub use sql::VillageQuarter;

/// How many orders a view holds, exact up to [`kernel::Paged::COUNT_CAP`].
pub async fn count_of(db: &Db, scope: &Scope, view: View) -> Result<i64> {
    sql::count(db, scope, &OrderAsk { view: Some(view), ..OrderAsk::default() }).await
}

/// The first orders of a view by their time, at most `limit`.
pub async fn first_of(db: &Db, scope: &Scope, view: View, limit: i64) -> Result<Vec<Order>> {
    let of = |state| OrderAsk { view: Some(view), state, ..OrderAsk::default() };
    if view.states().is_empty() {
        return sql::all(db.read(), scope, &of(None), "o.starts_at, o.id", limit).await;
    }
    // State by state: each is read in the index's own order and stops at the limit, nothing is sorted.
    let mut first = Vec::new();
    for state in view.states() {
        first.extend(sql::all(db.read(), scope, &of(Some(*state)), "o.starts_at, o.id", limit).await?);
    }
    first.sort_by_key(|o| (o.starts_at, o.id));
    first.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(first)
}

/// Confirmed services of a quarter by village, in code order.
pub async fn by_village(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<VillageQuarter>> {
    sql::by_village(db, scope, quarter).await
}

/// The first visit at or after a moment that is still to be made.
pub async fn next_visit(db: &Db, scope: &Scope, from: Instant) -> Result<Option<Order>> {
    sql::next_visit(db, scope, from).await
}
