//! What desks count.
use super::elders::point;
use crate::model::{Care, IncomeClass, Living};
use kernel::{CivilDate, ElderId, GeoPoint, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt};

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

/// As the list of archives shows by default: in force, neither dead nor moved away.
fn here(scope: &Scope) -> Filter {
    let mut f = Filter::from("elder");
    f.clause("standing = 'live' AND died_on IS NULL AND moved_out_on IS NULL", vec![]).region("region", scope);
    f
}

pub(crate) async fn roster(db: &Db, scope: &Scope, limit: i64) -> Result<Vec<RosterRow>> {
    let f = here(scope);
    let sql = format!("SELECT {ROSTER} {} ORDER BY region, name, id LIMIT {limit}", f.sql());
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

pub(crate) async fn tallies(db: &Db, scope: &Scope) -> Result<Vec<VillageTally>> {
    let f = here(scope);
    let sql = format!(
        "SELECT region, COUNT(*) AS elders, CAST(SUM(CASE WHEN lacks > 0 THEN 1 ELSE 0 END) AS BIGINT) AS lacking {} \
         GROUP BY region ORDER BY region",
        f.sql()
    );
    db.read().all(&sql, f.values.clone()).await
}
