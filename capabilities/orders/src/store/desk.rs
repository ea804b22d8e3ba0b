//! Sums of a quarter for desks.
use super::lists::{OPEN, scoped};
use super::{ORDER, orders};
use crate::model::Order;
use kernel::{Fen, Instant, Quarter, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, vals};

/// Services of one village in a quarter that were confirmed.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct VillageQuarter {
    pub region: RegionCode,
    pub orders: i64,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
}

pub(crate) async fn by_village(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<VillageQuarter>> {
    let mut f = Filter::from("work_order o");
    scoped(&mut f, scope);
    // The quarter by its days: the time indexes serve it.
    let (from, to) = (quarter.first_day().at(0, 0), quarter.next().first_day().at(0, 0));
    f.clause("o.starts_at >= ? AND o.starts_at < ?", vals![from, to]);
    f.clause("o.state IN ('confirmed', 'rated', 'in_settlement', 'paid')", vec![]);
    let sql = format!(
        "SELECT o.region, COUNT(*) AS orders, CAST(SUM(o.fee) AS BIGINT) AS fee, CAST(SUM(o.gov) AS BIGINT) AS gov, \
         CAST(SUM(o.own) AS BIGINT) AS own {} GROUP BY o.region ORDER BY o.region",
        f.sql()
    );
    db.read().all(&sql, f.values).await
}

/// The first visit at or after a moment that is still to be made.
pub(crate) async fn next_visit(db: &Db, scope: &Scope, from: Instant) -> Result<Option<Order>> {
    let mut f = Filter::from("work_order o");
    scoped(&mut f, scope);
    f.clause(OPEN, vec![]).and("o.starts_at >= ?", from);
    let sql = format!("SELECT {ORDER} {} ORDER BY o.starts_at, o.id LIMIT 1", f.sql());
    Ok(orders(db.read().all(&sql, f.values).await?)?.into_iter().next())
}
