//! Sums for home pages.
use super::lists::{town_of, visible};
use kernel::{Fen, Instant, Quarter, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, vals};

/// Lists of one state with what is payable with them.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct StateSum {
    pub state: String,
    pub lists: i64,
    pub payable: Option<Fen>,
}

const EMPTY: StateSum = StateSum { state: String::new(), lists: 0, payable: None };

/// `gov − deducted − held_back`, of a town's own part where the scope is a town.
fn payable(scope: &Scope) -> String {
    let t = if town_of(scope).is_some() { "t" } else { "p" };
    format!("CAST(SUM({t}.gov - {t}.deducted - {t}.held_back) AS BIGINT)")
}

async fn sums(db: &Db, scope: &Scope, f: &Filter) -> Result<Vec<StateSum>> {
    let sql = format!("SELECT p.state, COUNT(*) AS lists, {} AS payable {} GROUP BY p.state", payable(scope), f.sql());
    db.read().all(&sql, f.values.clone()).await
}

pub(crate) async fn by_state(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<StateSum>> {
    let (_, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    sums(db, scope, &f).await
}

/// Lists of all quarters that are not paid yet.
pub(crate) async fn unpaid(db: &Db, scope: &Scope) -> Result<Vec<StateSum>> {
    let (_, mut f) = visible(scope);
    f.clause("p.state IN ('town', 'county', 'finance')", vec![]);
    sums(db, scope, &f).await
}

pub(crate) async fn paid_between(db: &Db, scope: &Scope, from: Instant, to: Instant) -> Result<StateSum> {
    let (_, mut f) = visible(scope);
    f.clause("p.paid_at >= ? AND p.paid_at < ?", vals![from, to]);
    Ok(sums(db, scope, &f).await?.into_iter().next().unwrap_or(EMPTY))
}
