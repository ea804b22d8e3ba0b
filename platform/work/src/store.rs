//! All SQL of jobs and the outbox.
use crate::job::{JobRow, JobState};
use crate::outbox::Event;
use kernel::{Actor, Instant, JobId, PageAsk, Paged, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Migration, SqlExt, Tx, vals};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        id: "work-0001",
        sql: "CREATE TABLE job (
  id UUID PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, title TEXT NOT NULL, payload TEXT NOT NULL,
  state TEXT NOT NULL, progress_done BIGINT NOT NULL, progress_total BIGINT NOT NULL, note TEXT NOT NULL,
  attempts BIGINT NOT NULL, run_at BIGINT NOT NULL, locked_until BIGINT NOT NULL, error TEXT, result TEXT,
  region TEXT NOT NULL, created_by UUID, created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE INDEX job_due ON job (state, run_at);
CREATE INDEX job_region ON job (region, created_at);
CREATE TABLE outbox (
  id UUID PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL, at BIGINT NOT NULL, done BOOLEAN NOT NULL,
  attempts BIGINT NOT NULL, next_at BIGINT NOT NULL, error TEXT);
CREATE INDEX outbox_due ON outbox (done, next_at);
",
    },
    // Who runs a job: only the one whose claim it is may tell of it and end it.
    Migration {
        id: "work-0002",
        sql: "ALTER TABLE job ADD COLUMN claim UUID;
",
    },
];

const JOB: &str = "id, kind, key, title, payload, state, progress_done, progress_total, note, attempts, error, result, \
                   region, created_by, created_at, finished_at";

/// Asks for a job inside the caller's transaction. The same `key` again gives the job that is there; one that failed
/// is set to run again.
#[allow(clippy::too_many_arguments)]
pub async fn enqueue(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    kind: &str,
    key: &str,
    title: &str,
    payload: &serde_json::Value,
    region: RegionCode,
) -> Result<JobId> {
    let id: JobId = db.new_id();
    tx.exec(
        "INSERT INTO job (id, kind, key, title, payload, state, progress_done, progress_total, note, attempts, run_at,
           locked_until, region, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, 'waiting', 0, 0, '', 0, $6, 0, $7, $8, $6)
         ON CONFLICT (key) DO UPDATE SET
           state = CASE WHEN job.state = 'failed' THEN 'waiting' ELSE job.state END,
           run_at = CASE WHEN job.state = 'failed' THEN excluded.run_at ELSE job.run_at END,
           attempts = CASE WHEN job.state = 'failed' THEN 0 ELSE job.attempts END",
        vals![id, kind, key, title, payload.to_string(), tx.now(), region, actor.user_id()],
    )
    .await?;
    tx.scalar::<JobId>("SELECT id FROM job WHERE key = $1", vals![key])
        .await?
        .ok_or_else(|| kernel::Error::Internal("job vanished".into()))
}

/// One job of the viewer's region.
pub async fn job(db: &Db, scope: &Scope, id: JobId) -> Result<Option<JobRow>> {
    let mut f = Filter::from("job");
    f.region("region", scope).and("id = ?", id);
    db.read().one(&format!("SELECT {JOB} {}", f.sql()), f.values.clone()).await
}

/// What a list of jobs asks for.
#[derive(Clone, Debug, Default)]
pub struct JobAsk {
    pub state: Option<JobState>,
    pub kind: Option<String>,
}

/// Jobs of the viewer's region, newest first.
pub async fn jobs(db: &Db, scope: &Scope, ask: &JobAsk, page: PageAsk) -> Result<Paged<JobRow>> {
    let mut f = Filter::from("job");
    f.region("region", scope);
    if let Some(s) = ask.state {
        f.and("state = ?", s.code());
    }
    if let Some(k) = &ask.kind {
        f.and("kind = ?", k.clone());
    }
    db.read().page(JOB, &f, "created_at DESC, id DESC", page).await
}

pub(crate) async fn exists(db: &Db, key: &str) -> Result<bool> {
    Ok(db.read().scalar::<i64>("SELECT CAST(1 AS BIGINT) FROM job WHERE key = $1", vals![key]).await?.is_some())
}

/// Stores how far a job is and keeps it ours.
///
/// # Errors
/// `Internal` when somebody else took it over meanwhile.
pub(crate) async fn progress(db: &Db, at: &Claimed, done: i64, total: i64, note: &str) -> Result<()> {
    let tx = db.begin().await?;
    let told = tx
        .exec(
            "UPDATE job SET progress_done = $3, progress_total = $4, note = $5, locked_until = $6
             WHERE id = $1 AND claim = $2 AND state = 'running'",
            vals![at.id, at.claim, done, total, note, tx.now().plus_ms(LEASE_MS)],
        )
        .await?;
    tx.commit().await?;
    if told == 1 { Ok(()) } else { Err(lost(at.id)) }
}

fn lost(id: JobId) -> kernel::Error {
    kernel::Error::Internal(format!("job {id} was taken over by somebody else"))
}

/// Keeps a job ours for another while. Returns whether it still is.
pub(crate) async fn renew(db: &Db, at: &Claimed) -> Result<bool> {
    let tx = db.begin().await?;
    let renewed = tx
        .exec(
            "UPDATE job SET locked_until = $3 WHERE id = $1 AND claim = $2 AND state = 'running'",
            vals![at.id, at.claim, tx.now().plus_ms(LEASE_MS)],
        )
        .await?;
    tx.commit().await?;
    Ok(renewed == 1)
}

/// Whoever runs a job renews it every [`BEAT`]; one that was not renewed for this long belongs to a process that is gone,
/// and the next one takes it over. By the store's clock, so that it holds between machines too.
pub(crate) const LEASE_MS: i64 = 15_000;
/// See [`LEASE_MS`]: a few beats may be late before a job is lost.
pub(crate) const BEAT: std::time::Duration = std::time::Duration::from_secs(3);

/// A job somebody runs, and the proof that it is they.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimed {
    pub id: JobId,
    pub claim: JobId,
}

/// Takes the next job that is due, or one by id; a running one only when its owner is gone.
pub(crate) async fn take(db: &Db, only: Option<JobId>) -> Result<Option<(JobRow, Claimed)>> {
    let tx = db.begin().await?;
    let skip = if tx.lock().is_empty() { "" } else { " FOR UPDATE SKIP LOCKED" };
    let now = tx.now();
    let found: Option<JobRow> = match only {
        Some(id) => {
            let sql = format!(
                "SELECT {JOB} FROM job WHERE id = $1 AND (state IN ('waiting', 'failed')
                   OR (state = 'running' AND locked_until < $2)){skip}"
            );
            tx.one(&sql, vals![id, now]).await?
        }
        None => {
            let sql = format!(
                "SELECT {JOB} FROM job WHERE (state = 'waiting' AND run_at <= $1)
                   OR (state = 'running' AND locked_until < $1) ORDER BY run_at, id LIMIT 1{skip}"
            );
            tx.one(&sql, vals![now]).await?
        }
    };
    let Some(row) = found else { return Ok(None) };
    let at = Claimed { id: row.id, claim: db.new_id() };
    tx.exec(
        "UPDATE job SET state = 'running', attempts = attempts + 1, locked_until = $2, error = NULL, claim = $3
         WHERE id = $1",
        vals![at.id, now.plus_ms(LEASE_MS), at.claim],
    )
    .await?;
    tx.commit().await?;
    Ok(Some((row, at)))
}

/// The oldest job of this kind, payload and region that somebody runs or ran when they died.
pub async fn running(db: &Db, kind: &str, payload: &serde_json::Value, region: RegionCode) -> Result<Option<JobId>> {
    let sql = "SELECT id FROM job WHERE state = 'running' AND kind = $1 AND payload = $2 AND region = $3
               ORDER BY created_at, id LIMIT 1";
    db.read().scalar(sql, vals![kind, payload.to_string(), region]).await
}

/// The job is done. Nothing happens when somebody else took it over.
pub(crate) async fn finish(db: &Db, at: &Claimed, result: &serde_json::Value) -> Result<()> {
    let tx = db.begin().await?;
    tx.exec(
        "UPDATE job SET state = 'done', result = $3, finished_at = $4, error = NULL
         WHERE id = $1 AND claim = $2 AND state = 'running'",
        vals![at.id, at.claim, result.to_string(), tx.now()],
    )
    .await?;
    tx.commit().await
}

/// The job failed. Nothing happens when somebody else took it over.
pub(crate) async fn fail(db: &Db, row: &JobRow, at: &Claimed, limit: i64, message: &str) -> Result<()> {
    let tries = row.attempts + 1;
    let state = if tries >= limit { JobState::Failed } else { JobState::Waiting };
    let tx = db.begin().await?;
    tx.exec(
        "UPDATE job SET state = $3, error = $4, run_at = $5 WHERE id = $1 AND claim = $2 AND state = 'running'",
        vals![at.id, at.claim, state.code(), message, tx.now().plus_ms(backoff_ms(tries))],
    )
    .await?;
    tx.commit().await
}

/// 2 s, 4 s, 8 s … at most 10 minutes.
pub(crate) fn backoff_ms(tries: i64) -> i64 {
    (1000i64 << tries.clamp(1, 10)).min(10 * Instant::MINUTE)
}

pub(crate) async fn insert_event(tx: &Tx, id: JobId, topic: &str, payload: &serde_json::Value) -> Result<()> {
    tx.exec(
        "INSERT INTO outbox (id, topic, payload, at, done, attempts, next_at) VALUES ($1, $2, $3, $4, FALSE, 0, $4)",
        vals![id, topic, payload.to_string(), tx.now()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct EventRow {
    id: JobId,
    topic: String,
    payload: String,
    at: Instant,
    attempts: i64,
}

pub(crate) async fn due_events(db: &Db, limit: i64) -> Result<Vec<(Event, i64)>> {
    let rows: Vec<EventRow> = db
        .read()
        .all(
            "SELECT id, topic, payload, at, attempts FROM outbox WHERE done = FALSE AND next_at <= $1 ORDER BY id LIMIT $2",
            vals![db.now(), limit],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let payload = serde_json::from_str(&r.payload).unwrap_or_default();
            (Event { id: r.id, topic: r.topic, payload, at: r.at }, r.attempts)
        })
        .collect())
}

pub(crate) async fn event_done(db: &Db, id: JobId) -> Result<()> {
    let tx = db.begin().await?;
    tx.exec("UPDATE outbox SET done = TRUE, error = NULL WHERE id = $1", vals![id]).await?;
    tx.commit().await
}

pub(crate) async fn event_failed(db: &Db, id: JobId, tries: i64, message: &str) -> Result<()> {
    let tx = db.begin().await?;
    tx.exec(
        "UPDATE outbox SET attempts = $2, error = $3, next_at = $4 WHERE id = $1",
        vals![id, tries, message, tx.now().plus_ms(backoff_ms(tries))],
    )
    .await?;
    tx.commit().await
}

/// How much is waiting.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct Backlog {
    pub waiting: i64,
    pub failed: i64,
    pub events: i64,
}

pub async fn backlog(db: &Db) -> Result<Backlog> {
    let sql = "SELECT (SELECT COUNT(*) FROM job WHERE state = 'waiting') AS waiting,
      (SELECT COUNT(*) FROM job WHERE state = 'failed') AS failed,
      (SELECT COUNT(*) FROM outbox WHERE done = FALSE) AS events";
    Ok(db.read().one(sql, vec![]).await?.unwrap_or(Backlog { waiting: 0, failed: 0, events: 0 }))
}
