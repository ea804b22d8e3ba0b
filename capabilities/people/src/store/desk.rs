//! What desks count.
use super::elders::point;
use crate::model::{Care, IncomeClass, Living};
use kernel::{CivilDate, ElderId, GeoPoint, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, vals};

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct RosterRow {
    pub id: ElderId,
    pub name: String,
    pub sex: String,
    pub birth: CivilDate,
    pub region: RegionCode,
    pub address: String,
    lat_e6: Option<i64>,
    lng_e6: Option<i64>,
    pub living: Living,
    pub income: IncomeClass,
    pub care: Option<Care>,
    pub hukou_region: Option<RegionCode>,
    pub phones: i64,
}

impl RosterRow {
    pub(crate) fn place(&self) -> Option<GeoPoint> {
        point(self.lat_e6, self.lng_e6)
    }
}

const ROSTER: &str = "id, name, sex, birth, region, address, lat_e6, lng_e6, living, income, care, hukou_region, \
    CAST(CASE WHEN phone_sealed IS NULL THEN 0 ELSE 1 END AS BIGINT) AS phones";

/// In force, alive on `on` and not moved away by then.
fn present(scope: &Scope, on: CivilDate) -> Filter {
    let mut f = Filter::from("elder");
    f.clause("standing = 'live'", vec![]).region("region", scope);
    f.and("(died_on IS NULL OR died_on > ?)", on).and("(moved_out_on IS NULL OR moved_out_on > ?)", on);
    f
}

pub(crate) async fn roster(db: &Db, scope: &Scope, on: CivilDate, limit: i64) -> Result<Vec<RosterRow>> {
    let f = present(scope, on);
    let sql = format!("SELECT {ROSTER} {} ORDER BY region, name, id LIMIT {limit}", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

/// Those born from `first` through `last`, the oldest first.
pub(crate) async fn born(
    db: &Db,
    scope: &Scope,
    on: CivilDate,
    (first, last): (CivilDate, CivilDate),
    limit: i64,
) -> Result<Vec<RosterRow>> {
    let mut f = present(scope, on);
    f.clause("birth >= ? AND birth <= ?", vals![first, last]);
    let sql = format!("SELECT {ROSTER} {} ORDER BY birth, id LIMIT {limit}", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

/// Figures of one village or community.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct VillageTally {
    pub region: RegionCode,
    pub elders: i64,
    /// Whose archive lacks something.
    pub lacking: i64,
}

pub(crate) async fn tallies(db: &Db, scope: &Scope, on: CivilDate) -> Result<Vec<VillageTally>> {
    let f = present(scope, on);
    let sql = format!(
        "SELECT region, COUNT(*) AS elders, CAST(SUM(CASE WHEN lacks > 0 THEN 1 ELSE 0 END) AS BIGINT) AS lacking {} \
         GROUP BY region ORDER BY region",
        f.sql()
    );
    db.read().all(&sql, f.values.clone()).await
}
