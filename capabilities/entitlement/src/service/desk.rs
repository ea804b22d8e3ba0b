//! Reads for desks.
use crate::store::desk as sql;
use kernel::{CivilDate, Quarter, Result, Scope};
use store::Db;

pub use sql::{VillageEntitled, VillagePurses};

/// Those entitled in every village of the scope, and how many of them since the month of `day`.
pub async fn entitled_by_village(db: &Db, scope: &Scope, day: CivilDate) -> Result<Vec<VillageEntitled>> {
    sql::entitled_by_village(db, scope, day.month_of().first_day()).await
}

/// What the purses of every village of the scope were given for a quarter.
pub async fn purses_by_village(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<VillagePurses>> {
    sql::purses_by_village(db, scope, quarter).await
}
