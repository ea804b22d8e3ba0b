//! Times in which devices are expected to be silent, and causes that are gone.
use crate::model::{AlarmKind, CaseId, DowntimeId};
use kernel::{ElderId, Instant, Paged, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

/// One such time.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Downtime {
    pub id: DowntimeId,
    pub region: RegionCode,
    pub from_at: Instant,
    pub until_at: Instant,
    /// Somebody said so before; else the platform saw afterwards that a gateway had been cut off.
    pub planned: bool,
    pub reason: String,
    pub made_by: String,
    pub made_at: Instant,
}

const DOWNTIME: &str = "d.id, d.region, d.from_at, d.until_at, d.planned, d.reason, d.made_by, d.made_at";

pub(crate) async fn insert(tx: &Tx, d: &Downtime) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_downtime (id, region, from_at, until_at, planned, reason, made_by, made_at)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        vals![d.id, d.region, d.from_at, d.until_at, d.planned, d.reason.clone(), d.made_by.clone(), d.made_at],
    )
    .await?;
    Ok(())
}

/// Those that run at a moment or ended at most `grace_ms` before.
pub(crate) async fn around<C: Sql>(conn: &C, at: Instant, grace_ms: i64) -> Result<Vec<Downtime>> {
    let sql = format!("SELECT {DOWNTIME} FROM safety_downtime d WHERE d.from_at <= $1 AND d.until_at > $2");
    conn.all(&sql, vals![at, at.plus_ms(-grace_ms)]).await
}

pub(crate) async fn one<C: Sql>(conn: &C, scope: &Scope, id: DowntimeId) -> Result<Option<Downtime>> {
    let mut f = Filter::from("safety_downtime d");
    f.region("d.region", scope).and("d.id = ?", id);
    conn.one(&format!("SELECT {DOWNTIME} {}", f.sql()), f.values).await
}

pub(crate) async fn end(tx: &Tx, id: DowntimeId, at: Instant) -> Result<()> {
    tx.exec("UPDATE safety_downtime SET until_at = $2 WHERE id = $1 AND until_at > $2", vals![id, at]).await?;
    Ok(())
}

pub(crate) async fn list(db: &Db, scope: &Scope, q: &str, fetch: &web::ListFetch) -> Result<Paged<Downtime>> {
    let mut f = Filter::from("safety_downtime d");
    f.region("d.region", scope);
    if !q.is_empty() {
        f.and("d.reason >= ?", q.to_string()).and("d.reason < ?", format!("{q}\u{10ffff}"));
    }
    db.read().page(DOWNTIME, &f, &fetch.order, fetch.page).await
}

/// Notes once that a cause is gone, on the open alarm of that kind; the case, when there was one to be noted on.
pub(crate) async fn cleared(
    tx: &Tx,
    elder: ElderId,
    kind: AlarmKind,
    key: &str,
    at: Instant,
) -> Result<Option<CaseId>> {
    let open = "SELECT case_id FROM safety_alarm WHERE elder_id = $1 AND kind = $2 AND closed_at IS NULL";
    let Some(case) = tx.scalar::<CaseId>(open, vals![elder, kind.code()]).await? else { return Ok(None) };
    let known = "INSERT INTO safety_clear (key, case_id, at) VALUES ($1,$2,$3) ON CONFLICT (key) DO NOTHING";
    if tx.exec(known, vals![key, case, at]).await? == 0 {
        return Ok(None);
    }
    tx.exec(
        "UPDATE safety_alarm SET cleared_at = $3 WHERE elder_id = $1 AND kind = $2 AND closed_at IS NULL",
        vals![elder, kind.code(), at],
    )
    .await?;
    Ok(Some(case))
}
