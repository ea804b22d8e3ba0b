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
    let ask = OrderAsk { view: Some(view), ..OrderAsk::default() };
    sql::all(db.read(), scope, &ask, "o.starts_at, o.id", limit).await
}

/// Confirmed services of a quarter by village, in code order.
pub async fn by_village(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<VillageQuarter>> {
    sql::by_village(db, scope, quarter).await
}

/// The first visit at or after a moment that is still to be made.
pub async fn next_visit(db: &Db, scope: &Scope, from: Instant) -> Result<Option<Order>> {
    sql::next_visit(db, scope, from).await
}
