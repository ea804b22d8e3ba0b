//! Reads for desks: few, cheap, scoped.
use super::government;
use crate::model::{Living, missing};
use crate::store::desk as sql;
use kernel::{CivilDate, ElderId, GeoPoint, RegionCode, Result, Scope, Sex};
use store::Db;

pub use sql::VillageTally;

/// One elder as a village's desk knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterLine {
    pub id: ElderId,
    pub name: String,
    pub sex: Sex,
    pub birth: CivilDate,
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
    pub living: Living,
    /// What a complete archive would hold besides, in words.
    pub lacks: Vec<&'static str>,
}

fn line(r: sql::RosterRow) -> RosterLine {
    RosterLine {
        lacks: missing(r.phones > 0, &r.address, r.hukou_region.is_some(), r.living, r.income, r.care.is_some()),
        place: r.place(),
        sex: if r.sex == Sex::Male.code() { Sex::Male } else { Sex::Female },
        id: r.id,
        name: r.name,
        birth: r.birth,
        region: r.region,
        address: r.address,
        living: r.living,
    }
}

/// Everyone here in the scope, by village and name, at most `limit`.
///
/// # Errors
/// `NotFound` for a provider's or worker's scope.
pub async fn roster(db: &Db, scope: &Scope, limit: i64) -> Result<Vec<RosterLine>> {
    government(scope)?;
    Ok(sql::roster(db, scope, limit).await?.into_iter().map(line).collect())
}

/// Figures of every village of the scope that has elders, in code order.
///
/// # Errors
/// As [`roster`].
pub async fn tallies(db: &Db, scope: &Scope) -> Result<Vec<VillageTally>> {
    government(scope)?;
    sql::tallies(db, scope).await
}
