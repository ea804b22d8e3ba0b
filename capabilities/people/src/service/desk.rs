//! Reads for desks: few, cheap, scoped.
use super::government;
use crate::model::{Living, born_to_be, missing};
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

/// Everyone present in the scope on a day, at most `limit`.
///
/// # Errors
/// `NotFound` for a provider's or worker's scope.
pub async fn roster(db: &Db, scope: &Scope, on: CivilDate, limit: i64) -> Result<Vec<RosterLine>> {
    government(scope)?;
    Ok(sql::roster(db, scope, on, limit).await?.into_iter().map(line).collect())
}

/// Those present who reach `age` from `from` through `to`, the earliest birthday first.
///
/// # Errors
/// As [`roster`].
pub async fn turning(
    db: &Db,
    scope: &Scope,
    age: i16,
    (from, to): (CivilDate, CivilDate),
    limit: i64,
) -> Result<Vec<RosterLine>> {
    government(scope)?;
    let births = (born_to_be(age, from.plus_days(-1)).plus_days(1), born_to_be(age, to));
    Ok(sql::born(db, scope, from, births, limit).await?.into_iter().map(line).collect())
}

/// Figures of every village of the scope that has elders, in code order.
///
/// # Errors
/// As [`roster`].
pub async fn tallies(db: &Db, scope: &Scope, on: CivilDate) -> Result<Vec<VillageTally>> {
    government(scope)?;
    sql::tallies(db, scope, on).await
}
