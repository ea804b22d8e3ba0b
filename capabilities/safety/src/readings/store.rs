//! SQL of the readings' own database: on SQLite a file beside the main one, on PostgreSQL tables of the same database.
use super::codec::{self, Packer, Stored};
use ::store::sea_orm::{self, FromQueryResult};
use ::store::{Db, Migration, Sql, SqlExt, Tx, Value, insert_many, vals};
use kernel::{CivilDate, Instant, Result};
use std::collections::BTreeMap;

/// Tables of the readings' own database.
pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "readings-0001",
    sql:
        "CREATE TABLE reading_log (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, n BIGINT NOT NULL, data BYTEA NOT NULL);
CREATE TABLE reading_mark (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE reading_block (
  elder BIGINT NOT NULL, day TEXT NOT NULL, part BIGINT NOT NULL, n BIGINT NOT NULL, data BYTEA NOT NULL,
  PRIMARY KEY (elder, day, part));
CREATE INDEX reading_block_day ON reading_block (day);
CREATE TABLE reading_hours (
  elder BIGINT NOT NULL, day TEXT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (elder, day));
CREATE INDEX reading_hours_day ON reading_hours (day);
CREATE TABLE reading_state (
  elder BIGINT PRIMARY KEY, seq BIGINT NOT NULL, due BIGINT, state TEXT NOT NULL, latest BYTEA NOT NULL);
CREATE TABLE reading_device (device BIGINT PRIMARY KEY, heard_at BIGINT NOT NULL, battery BIGINT);
CREATE TABLE reading_remark (
  elder BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX reading_remark_of ON reading_remark (elder, at);
",
}];

/// Elders of one statement.
const PART: usize = 400;

fn places(n: usize, from: usize) -> String {
    (from..from + n).map(|i| format!("${i}")).collect::<Vec<_>>().join(",")
}

pub(super) async fn append(tx: &Tx, seq: i64, n: usize, data: Vec<u8>) -> Result<()> {
    tx.exec("INSERT INTO reading_log (seq, at, n, data) VALUES ($1,$2,$3,$4)", vals![seq, tx.now(), n as i64, data])
        .await?;
    Ok(())
}

/// Whether the log holds exactly this row: another process that took the same number for other readings is no success.
pub(super) async fn holds(db: &Db, seq: i64, data: &[u8]) -> Result<bool> {
    let row = db.read().scalar::<Vec<u8>>("SELECT data FROM reading_log WHERE seq = $1", vals![seq]).await?;
    Ok(row.is_some_and(|d| d == data))
}

/// The last row number ever given out.
pub(super) async fn last_seq(db: &Db) -> Result<i64> {
    let log = db.read().scalar::<i64>("SELECT MAX(seq) FROM reading_log", vec![]).await?.unwrap_or(0);
    Ok(log.max(mark(db, "folded").await?))
}

pub(super) async fn mark(db: &Db, name: &str) -> Result<i64> {
    Ok(db.read().scalar("SELECT value FROM reading_mark WHERE name = $1", vals![name]).await?.unwrap_or(0))
}

pub(super) async fn set_mark(tx: &Tx, name: &str, value: i64) -> Result<()> {
    tx.exec(
        "INSERT INTO reading_mark (name, value) VALUES ($1,$2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        vals![name, value],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct LogRow {
    pub seq: i64,
    pub data: Vec<u8>,
}

/// Rows of the log after `after` up to `upto`, oldest first.
pub(super) async fn log<C: Sql>(c: &C, after: i64, upto: i64, limit: i64) -> Result<Vec<LogRow>> {
    c.all(
        "SELECT seq, data FROM reading_log WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
        vals![after, upto, limit],
    )
    .await
}

/// What is stored of one elder's watch.
#[derive(Clone, Debug)]
pub(super) struct StateRow {
    pub elder: i64,
    pub seq: i64,
    pub due: Option<Instant>,
    pub state: String,
    pub latest: Vec<u8>,
}

#[derive(FromQueryResult)]
struct StateColumns {
    elder: i64,
    seq: i64,
    due: Option<Instant>,
    state: String,
    latest: Vec<u8>,
}

pub(super) async fn states(db: &Db, elders: &[i64]) -> Result<Vec<StateRow>> {
    let mut out = Vec::with_capacity(elders.len());
    for part in elders.chunks(PART) {
        let sql = format!(
            "SELECT elder, seq, due, state, latest FROM reading_state WHERE elder IN ({})",
            places(part.len(), 1)
        );
        let rows: Vec<StateColumns> = db.read().all(&sql, part.iter().map(|e| Value::from(*e)).collect()).await?;
        out.extend(rows.into_iter().map(|r| StateRow {
            elder: r.elder,
            seq: r.seq,
            due: r.due,
            state: r.state,
            latest: r.latest,
        }));
    }
    Ok(out)
}

pub(super) async fn save_states(tx: &Tx, rows: Vec<StateRow>) -> Result<()> {
    let rows = rows.into_iter().map(|r| vals![r.elder, r.seq, r.due, r.state, r.latest]).collect();
    insert_many(
        tx,
        "reading_state",
        &["elder", "seq", "due", "state", "latest"],
        rows,
        "ON CONFLICT (elder) DO UPDATE SET seq = excluded.seq, due = excluded.due, state = excluded.state,
           latest = excluded.latest",
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct DueRow {
    pub elder: i64,
    pub due: Option<Instant>,
}

/// The next moment of every elder whose watch is stored.
pub(super) async fn dues(db: &Db) -> Result<Vec<DueRow>> {
    db.read().all("SELECT elder, due FROM reading_state", vec![]).await
}

pub(super) async fn save_heard(tx: &Tx, rows: Vec<(i64, Instant, Option<u8>)>) -> Result<()> {
    let rows = rows.into_iter().map(|(d, at, b)| vals![d, at, b.map(i64::from)]).collect();
    insert_many(
        tx,
        "reading_device",
        &["device", "heard_at", "battery"],
        rows,
        "ON CONFLICT (device) DO UPDATE SET heard_at = excluded.heard_at,
           battery = COALESCE(excluded.battery, reading_device.battery)",
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct HeardRow {
    pub device: i64,
    pub heard_at: Instant,
    pub battery: Option<i64>,
}

pub(super) async fn heard(db: &Db, devices: &[i64]) -> Result<Vec<HeardRow>> {
    let mut out = Vec::new();
    for part in devices.chunks(PART) {
        let sql =
            format!("SELECT device, heard_at, battery FROM reading_device WHERE device IN ({})", places(part.len(), 1));
        out.extend(db.read().all::<HeardRow>(&sql, part.iter().map(|e| Value::from(*e)).collect()).await?);
    }
    Ok(out)
}

/// A remark for an elder's record.
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub elder: i64,
    pub at: Instant,
    pub kind: &'static str,
    pub text: String,
}

pub(super) async fn save_remarks(tx: &Tx, rows: &[Remark]) -> Result<()> {
    let rows = rows.iter().map(|r| vals![r.elder, r.at, r.kind, r.text.clone()]).collect();
    insert_many(tx, "reading_remark", &["elder", "at", "kind", "text"], rows, "").await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct BlockRow {
    pub data: Vec<u8>,
}

pub(super) async fn blocks(db: &Db, elder: i64, from: CivilDate, to: CivilDate) -> Result<Vec<BlockRow>> {
    db.read()
        .all(
            "SELECT data FROM reading_block WHERE elder = $1 AND day >= $2 AND day <= $3 ORDER BY day, part",
            vals![elder, from, to],
        )
        .await
}

pub(super) async fn hour_rows(db: &Db, elder: i64, from: CivilDate, to: CivilDate) -> Result<Vec<BlockRow>> {
    db.read()
        .all(
            "SELECT data FROM reading_hours WHERE elder = $1 AND day >= $2 AND day <= $3 ORDER BY day",
            vals![elder, from, to],
        )
        .await
}

/// Elders of one fold transaction: small, so that commits of readings and alarms come in between.
const FOLD_ELDERS: usize = 200;
/// Rows of the log read in one go.
const FOLD_ROWS: i64 = 64;

/// Moves the log up to `upto` into blocks. May be broken off anywhere and run again: a block has the number of the fold,
/// and readers count what lies in both places once.
pub(super) async fn fold(db: &Db, upto: i64) -> Result<usize> {
    let mut by: BTreeMap<(i64, CivilDate), Vec<Stored>> = BTreeMap::new();
    let (mut after, mut n) = (0, 0);
    loop {
        let rows = log(db.read(), after, upto, FOLD_ROWS).await?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in &rows {
            codec::unpack(&row.data, |s| {
                n += 1;
                by.entry((s.elder, s.at.date())).or_default().push(s);
            })?;
        }
        tokio::task::yield_now().await;
    }
    let mut it = by.into_iter();
    loop {
        let part: Vec<_> = it.by_ref().take(FOLD_ELDERS).collect();
        if part.is_empty() {
            break;
        }
        let mut rows = Vec::with_capacity(part.len());
        for ((elder, day), mut all) in part {
            let mut p = Packer::default();
            codec::tidy(&mut all);
            all.iter().for_each(|s| p.push(s));
            rows.push(vals![elder, day, upto, p.len() as i64, p.finish()]);
        }
        let tx = db.begin().await?;
        let columns = ["elder", "day", "part", "n", "data"];
        insert_many(&tx, "reading_block", &columns, rows, "ON CONFLICT (elder, day, part) DO NOTHING").await?;
        tx.commit().await?;
        tokio::task::yield_now().await;
    }
    let tx = db.begin().await?;
    set_mark(&tx, "folded", upto).await?;
    tx.exec("DELETE FROM reading_log WHERE seq <= $1", vals![upto]).await?;
    tx.commit().await?;
    Ok(n)
}

#[derive(FromQueryResult)]
struct DayOf {
    elder: i64,
    day: CivilDate,
}

#[derive(FromQueryResult)]
struct PartRow {
    elder: i64,
    day: CivilDate,
    data: Vec<u8>,
}

/// Makes hours of every day before `before`. A function of state: run again it goes on where it stopped.
pub async fn compact(db: &Db, before: CivilDate) -> Result<usize> {
    let mut done = 0;
    loop {
        let some: Vec<DayOf> = db
            .read()
            .all(
                "SELECT DISTINCT elder, day FROM reading_block WHERE day < $1 ORDER BY day, elder LIMIT 200",
                vals![before],
            )
            .await?;
        let (Some(first), Some(last)) = (some.first(), some.last()) else { return Ok(done) };
        let rows: Vec<PartRow> = db
            .read()
            .all(
                "SELECT elder, day, data FROM reading_block
                 WHERE day = $1 AND elder >= $2 AND ($3 <> $1 OR elder <= $4) ORDER BY elder, part",
                vals![first.day, first.elder, last.day, last.elder],
            )
            .await?;
        let mut by: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
        for r in &rows {
            debug_assert_eq!(r.day, first.day);
            by.entry(r.elder).or_default().extend(codec::all(&r.data)?);
        }
        let tx = db.begin().await?;
        for (elder, mut all) in by {
            codec::tidy(&mut all);
            let data = codec::pack_hours(&codec::to_hours(&all));
            tx.exec(
                "INSERT INTO reading_hours (elder, day, data) VALUES ($1,$2,$3) ON CONFLICT (elder, day) DO NOTHING",
                vals![elder, first.day, data],
            )
            .await?;
            tx.exec("DELETE FROM reading_block WHERE elder = $1 AND day = $2", vals![elder, first.day]).await?;
            done += 1;
        }
        tx.commit().await?;
    }
}

/// Erases every reading, hour and remark of the days before `before`: the rule of retention.
pub async fn erase(db: &Db, before: CivilDate) -> Result<u64> {
    let tx = db.begin().await?;
    let mut n = tx.exec("DELETE FROM reading_block WHERE day < $1", vals![before]).await?;
    n += tx.exec("DELETE FROM reading_hours WHERE day < $1", vals![before]).await?;
    n += tx.exec("DELETE FROM reading_remark WHERE at < $1", vals![before.at(0, 0)]).await?;
    tx.commit().await?;
    Ok(n)
}

// ---- the main database ----

#[derive(FromQueryResult)]
pub(super) struct ClosedRow {
    pub no: i64,
    pub kind: String,
    pub closed_at: Instant,
}

/// Alarms people closed since a moment, with the elder's short number.
pub(super) async fn closed(main: &Db, since: Instant) -> Result<Vec<ClosedRow>> {
    main.read()
        .all(
            "SELECT w.no AS no, a.kind AS kind, a.closed_at AS closed_at FROM safety_alarm a
             JOIN watch_elder w ON w.elder_id = a.elder_id WHERE a.closed_at >= $1 ORDER BY a.closed_at",
            vals![since],
        )
        .await
}

/// Elders whose devices or limits changed since a moment.
pub(super) async fn changed(main: &Db, since: Instant) -> Result<Vec<i64>> {
    main.read().column("SELECT no FROM watch_elder WHERE changed_at >= $1 ORDER BY no", vals![since]).await
}

/// Every elder that has, or had, a device.
pub(super) async fn everyone(main: &Db) -> Result<Vec<i64>> {
    main.read().column("SELECT no FROM watch_elder ORDER BY no", vec![]).await
}

pub(super) async fn number(main: &Db, elder: kernel::ElderId) -> Result<Option<i64>> {
    main.read().scalar("SELECT no FROM watch_elder WHERE elder_id = $1", vals![elder]).await
}

/// Rows of the log and of blocks since a day, counted in readings.
pub(super) async fn count_since(db: &Db, day: CivilDate) -> Result<i64> {
    let log = db.read().scalar::<i64>("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM reading_log", vec![]).await?;
    let blocks = db
        .read()
        .scalar::<i64>("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM reading_block WHERE day >= $1", vals![day])
        .await?;
    Ok(log.unwrap_or(0) + blocks.unwrap_or(0))
}
