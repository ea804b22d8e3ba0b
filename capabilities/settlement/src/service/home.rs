//! What home pages show of settlement.
use super::read::{ListView, step_of};
use crate::model::ListState;
use crate::store as sql;
use kernel::{Fen, Instant, Quarter, Result, Role, Scope};
use serde::Serialize;
use store::Db;

/// Lists in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InState {
    pub state: ListState,
    pub lists: i64,
    pub payable: Fen,
}

fn in_state(rows: Vec<sql::StateSum>) -> Vec<InState> {
    let view = |r: sql::StateSum| {
        Some(InState { state: ListState::parse(&r.state)?, lists: r.lists, payable: r.payable.unwrap_or_default() })
    };
    rows.into_iter().filter_map(view).collect()
}

/// Lists that wait for a role's step, in all quarters; empty for a role that reviews nothing.
pub async fn waiting(db: &Db, scope: &Scope, role: Role) -> Result<Vec<ListView>> {
    let Some(step) = step_of(role) else { return Ok(Vec::new()) };
    sql::waiting(db, scope, None, step).await?.into_iter().map(|r| ListView::of(r, scope)).collect()
}

/// Where the lists of a quarter stand.
pub async fn by_state(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<InState>> {
    Ok(in_state(sql::by_state(db, scope, quarter).await?))
}

/// Lists of all quarters that are not paid yet.
pub async fn unpaid(db: &Db, scope: &Scope) -> Result<Vec<InState>> {
    Ok(in_state(sql::unpaid(db, scope).await?))
}

/// How many lists were paid from `from` until before `to`, and how much.
pub async fn paid_between(db: &Db, scope: &Scope, from: Instant, to: Instant) -> Result<(i64, Fen)> {
    let r = sql::paid_between(db, scope, from, to).await?;
    Ok((r.lists, r.payable.unwrap_or_default()))
}

/// Towns of a quarter's lists: approved, all.
pub async fn towns_approved(db: &Db, scope: &Scope, quarter: Quarter) -> Result<(i64, i64)> {
    sql::town_progress(db, scope, quarter).await
}
