//! What desks count, by village.
use kernel::{CivilDate, Fen, Quarter, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt};

/// Those entitled in one village.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct VillageEntitled {
    pub region: RegionCode,
    pub entitled: i64,
    /// Entitled since the asked day or later, passages between packs of a group left out.
    pub newly: i64,
}

pub(crate) async fn entitled_by_village(db: &Db, scope: &Scope, newly_from: CivilDate) -> Result<Vec<VillageEntitled>> {
    let mut f = Filter::from("determination");
    f.clause("until IS NULL AND superseded_at IS NULL AND verdict = 'eligible' AND purse", vec![])
        .region("region", scope);
    let n = f.values.len() + 1;
    let sql = format!(
        "SELECT region, COUNT(DISTINCT elder) AS entitled, \
         COUNT(DISTINCT CASE WHEN since >= ${n} AND passed_from IS NULL THEN elder END) AS newly {} \
         GROUP BY region ORDER BY region",
        f.sql()
    );
    let mut values = f.values.clone();
    values.push(newly_from.into());
    db.read().all(&sql, values).await
}

/// What the purses of one village were given for a quarter.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct VillagePurses {
    pub region: RegionCode,
    pub purses: i64,
    pub granted: Fen,
}

pub(crate) async fn purses_by_village(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<VillagePurses>> {
    let mut f = Filter::from("purse");
    f.and("quarter = ?", quarter).region("region", scope);
    let sql = format!(
        "SELECT region, COUNT(*) AS purses, CAST(SUM(granted) AS BIGINT) AS granted {} GROUP BY region ORDER BY region",
        f.sql()
    );
    db.read().all(&sql, f.values.clone()).await
}
