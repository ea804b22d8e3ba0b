//! What the chaos run asks of the tables themselves.
use kernel::{ElderId, Instant, Result};
use safety::model::CaseId;
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Db, SqlExt, vals};

/// SOS cases nobody has taken, newest first.
pub(super) async fn open_cases(db: &Db) -> Result<Vec<CaseId>> {
    let sql = "SELECT id FROM safety_case WHERE kind = 'sos' AND state = 'open' ORDER BY opened_at DESC LIMIT 20";
    db.read().column(sql, vec![]).await
}

#[derive(FromQueryResult)]
pub(super) struct Raised {
    pub elder: ElderId,
    pub cases: i64,
    pub alarms: i64,
    pub times: i64,
}

/// SOS alarms by elder: in how many cases, as how many alarms, how often counted.
pub(super) async fn raised(db: &Db) -> Result<HashMap<ElderId, Raised>> {
    let sql = "SELECT elder_id AS elder, COUNT(DISTINCT case_id) AS cases, COUNT(*) AS alarms,
          CAST(SUM(count) AS BIGINT) AS times FROM safety_alarm WHERE kind = 'sos' GROUP BY elder_id";
    let rows: Vec<Raised> = db.read().all(sql, vec![]).await?;
    Ok(rows.into_iter().map(|r| (r.elder, r)).collect())
}

/// Alarms whose case is not there, numbers of cases given twice, elders with two open cases that ring.
pub(super) async fn crooked(db: &Db) -> Result<i64> {
    let sql =
        "SELECT (SELECT COUNT(*) FROM safety_alarm a LEFT JOIN safety_case c ON c.id = a.case_id WHERE c.id IS NULL)
        + (SELECT COUNT(*) FROM (SELECT no FROM safety_case GROUP BY no HAVING COUNT(*) > 1) AS n)
        + (SELECT COUNT(*) FROM (SELECT elder_id FROM safety_case WHERE closed_at IS NULL GROUP BY elder_id, lane
             HAVING COUNT(*) > 1) AS e)";
    Ok(db.read().scalar::<i64>(sql, vec![]).await?.unwrap_or(0))
}

#[derive(FromQueryResult)]
pub(super) struct RungRow {
    pub case_id: CaseId,
    pub at: Instant,
}

/// The rungs climbed for cases nobody ever took, in order.
pub(super) async fn rungs(db: &Db) -> Result<Vec<RungRow>> {
    let sql = "SELECT e.case_id, e.at FROM safety_event e JOIN safety_case c ON c.id = e.case_id
        WHERE e.kind = 'rung' AND c.kind = 'sos' AND NOT EXISTS
          (SELECT 1 FROM safety_event x WHERE x.case_id = e.case_id AND x.kind IN ('claimed', 'owner_lost'))
        ORDER BY e.case_id, e.seq";
    db.read().all(sql, vec![]).await
}

/// When cases nobody took were opened.
pub(super) async fn unclaimed(db: &Db) -> Result<Vec<(CaseId, Instant)>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: CaseId,
        opened_at: Instant,
    }
    let sql = "SELECT id, opened_at FROM safety_case c WHERE c.kind = 'sos' AND NOT EXISTS
          (SELECT 1 FROM safety_event x WHERE x.case_id = c.id AND x.kind IN ('claimed', 'owner_lost'))";
    let rows: Vec<Row> = db.read().all(sql, vec![]).await?;
    Ok(rows.into_iter().map(|r| (r.id, r.opened_at)).collect())
}

/// When an alarm of a kind was first raised for an elder.
pub(super) async fn first_at(db: &Db, elder: ElderId, kind: &str) -> Result<Option<Instant>> {
    let sql = "SELECT MIN(first_at) FROM safety_alarm WHERE elder_id = $1 AND kind = $2";
    db.read().scalar(sql, vals![elder, kind]).await
}

#[derive(FromQueryResult)]
pub(super) struct Taken {
    pub id: CaseId,
    pub claims: i64,
    pub closes: i64,
}

/// How often people took and closed each case that was taken.
pub(super) async fn taken(db: &Db) -> Result<HashMap<CaseId, Taken>> {
    let sql = "SELECT case_id AS id, CAST(SUM(CASE WHEN kind = 'claimed' THEN 1 ELSE 0 END) AS BIGINT) AS claims,
          CAST(SUM(CASE WHEN kind = 'closed' THEN 1 ELSE 0 END) AS BIGINT) AS closes
        FROM safety_event WHERE kind IN ('claimed', 'closed') GROUP BY case_id";
    let rows: Vec<Taken> = db.read().all(sql, vec![]).await?;
    Ok(rows.into_iter().map(|r| (r.id, r)).collect())
}

/// Cases closed without a cause.
pub(super) async fn closed_without_cause(db: &Db) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM safety_case WHERE closed_at IS NOT NULL AND cause IS NULL";
    Ok(db.read().scalar::<i64>(sql, vec![]).await?.unwrap_or(0))
}
