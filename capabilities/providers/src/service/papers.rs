//! Papers that end soon or have ended.
use crate::model::WARN_DAYS;
use crate::store as sql;
use crate::store::{PaperFilter, PaperRow};
use kernel::{CivilDate, PageAsk, Paged, Result, Scope};
use store::Db;

/// A page of papers by the day they end.
pub async fn papers(
    db: &Db,
    scope: &Scope,
    filter: &PaperFilter,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<PaperRow>> {
    sql::paper_page(db.read(), scope, filter, order, ask).await
}

/// How many papers match, counted up to the cap of lists.
pub async fn paper_count(db: &Db, scope: &Scope, filter: &PaperFilter) -> Result<i64> {
    sql::paper_count(db.read(), scope, filter).await
}

/// Papers whose last day is today or within [`WARN_DAYS`].
pub fn expiring(today: CivilDate) -> PaperFilter {
    PaperFilter { from: Some(today), to: Some(today.plus_days(WARN_DAYS)), ..PaperFilter::default() }
}

/// Papers whose last day is past.
pub fn expired(today: CivilDate) -> PaperFilter {
    PaperFilter { to: Some(today.plus_days(-1)), ..PaperFilter::default() }
}

/// How many papers end soon and how many have ended, for desks and tabs.
pub async fn paper_counts(db: &Db, scope: &Scope) -> Result<(i64, i64)> {
    let today = db.clock().today();
    let soon = sql::paper_count(db.read(), scope, &expiring(today)).await?;
    let gone = sql::paper_count(db.read(), scope, &expired(today)).await?;
    Ok((soon, gone))
}
