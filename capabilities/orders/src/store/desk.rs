//! Sums of a quarter for desks.
use super::lists::scoped;
use kernel::{Fen, Quarter, RegionCode, Result, Scope};
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
