//! SQL of the readings' own database: on SQLite a file beside the main one, on PostgreSQL tables of the same database.
use super::codec::{self, Packer, Stored};
use crate::model::NewAlarm;
use ::store::sea_orm::{self, FromQueryResult};
use ::store::{Db, Migration, Secret, Sql, SqlExt, Tx, Value, insert_many, vals};
use kernel::{CivilDate, Error, Instant, Result};
use std::collections::BTreeMap;

/// Tables of the readings' own database.
pub const MIGRATIONS: &[Migration] = &[FIRST, HELD, PASS];

/// Alarms that could not be raised yet, sealed: what they say is health text.
const HELD: Migration = Migration {
    id: "readings-0002",
    sql: "CREATE TABLE reading_held (key TEXT PRIMARY KEY, at BIGINT NOT NULL, data BYTEA NOT NULL);
",
};

/// What the watch has to say to open cases, and devices that fell silent, until it is passed on.
const PASS: Migration = Migration {
    id: "readings-0003",
    sql: "CREATE TABLE reading_pass (
  key TEXT PRIMARY KEY, elder BIGINT NOT NULL, kind TEXT NOT NULL, clear BOOLEAN NOT NULL, at BIGINT NOT NULL,
  due BIGINT NOT NULL, stored_at BIGINT NOT NULL, data TEXT NOT NULL);
CREATE INDEX reading_pass_due ON reading_pass (due, stored_at);
CREATE INDEX reading_pass_elder ON reading_pass (elder, kind);
",
};

const FIRST: Migration = Migration {
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
};

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
    /// To be said to the main database, too.
    pub pass: Option<Pass>,
}

/// Something the watch has to say that is no new alarm of its own: a cause that is gone, or a device that is silent.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub key: String,
    /// The alarm's code; `position` for where somebody is now.
    pub kind: &'static str,
    pub clear: bool,
    pub data: String,
}

pub(super) async fn save_remarks(tx: &Tx, rows: &[Remark]) -> Result<()> {
    save_passes(tx, rows).await?;
    // Where somebody is stands among the readings already.
    let rows = rows
        .iter()
        .filter(|r| r.kind != super::POSITION)
        .map(|r| vals![r.elder, r.at, r.kind, r.text.clone()])
        .collect();
    insert_many(tx, "reading_remark", &["elder", "at", "kind", "text"], rows, "").await?;
    Ok(())
}

async fn save_passes(tx: &Tx, rows: &[Remark]) -> Result<()> {
    for r in rows {
        let Some(p) = &r.pass else { continue };
        tx.exec(
            "INSERT INTO reading_pass (key, elder, kind, clear, at, due, stored_at, data) VALUES ($1,$2,$3,$4,$5,$6,$6,$7)
             ON CONFLICT (key) DO NOTHING",
            vals![p.key.clone(), r.elder, p.kind, p.clear, r.at, tx.now(), p.data.clone()],
        )
        .await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct PassRow {
    pub key: String,
    pub elder: i64,
    pub kind: String,
    pub clear: bool,
    pub at: Instant,
    pub data: String,
}

/// What is due to be passed on, in the order it was said.
pub(super) async fn passes(db: &Db, now: Instant, limit: i64) -> Result<Vec<PassRow>> {
    db.read()
        .all(
            "SELECT key, elder, kind, clear, at, data FROM reading_pass WHERE due <= $1 ORDER BY stored_at, key LIMIT $2",
            vals![now, limit],
        )
        .await
}

pub(super) async fn passed(tx: &Tx, key: &str) -> Result<()> {
    tx.exec("DELETE FROM reading_pass WHERE key = $1", vals![key]).await?;
    Ok(())
}

/// Looked at again at that moment.
pub(super) async fn pass_later(tx: &Tx, key: &str, due: Instant) -> Result<()> {
    tx.exec("UPDATE reading_pass SET due = $2 WHERE key = $1", vals![key, due]).await?;
    Ok(())
}

/// The silence is over before anybody was told of it.
pub(super) async fn unsaid(tx: &Tx, elder: i64, kind: &str) -> Result<u64> {
    let sql = "DELETE FROM reading_pass WHERE elder = $1 AND kind = $2 AND clear = FALSE";
    tx.exec(sql, vals![elder, kind]).await
}

/// Silences nobody was told of because devices are expected to be silent.
pub(super) async fn kept_back(db: &Db) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM reading_pass WHERE clear = FALSE";
    Ok(db.read().scalar(sql, vec![]).await?.unwrap_or(0))
}

/// Keeps alarms that could not be raised, so that a restart knows them.
pub(super) async fn save_held(tx: &Tx, db: &Db, all: &[(NewAlarm, Instant)]) -> Result<()> {
    for (alarm, since) in all {
        let text = serde_json::to_string(alarm).map_err(Error::internal)?;
        tx.exec(
            "INSERT INTO reading_held (key, at, data) VALUES ($1,$2,$3) ON CONFLICT (key) DO NOTHING",
            vals![alarm.key.clone(), *since, db.keys().seal(Secret::Health, &text)?],
        )
        .await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct HeldRow {
    at: Instant,
    data: Vec<u8>,
}

pub(super) async fn held(db: &Db) -> Result<Vec<(NewAlarm, Instant)>> {
    let rows: Vec<HeldRow> = db.read().all("SELECT at, data FROM reading_held ORDER BY at, key", vec![]).await?;
    let open = |r: &HeldRow| -> Result<NewAlarm> {
        serde_json::from_str(&db.keys().open(Secret::Health, &r.data)?).map_err(Error::internal)
    };
    rows.iter().map(|r| Ok((open(r)?, r.at))).collect()
}

pub(super) async fn drop_held(db: &Db, keys: &[String]) -> Result<()> {
    let tx = db.begin().await?;
    for part in keys.chunks(PART) {
        let sql = format!("DELETE FROM reading_held WHERE key IN ({})", places(part.len(), 1));
        tx.exec(&sql, part.iter().map(|k| Value::from(k.clone())).collect()).await?;
    }
    tx.commit().await
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
    part: i64,
    data: Vec<u8>,
}

/// Elder days that still wait to be made hours.
pub(super) async fn waiting(db: &Db, before: CivilDate) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT DISTINCT elder, day FROM reading_block WHERE day < $1) AS d";
    Ok(db.read().scalar(sql, vals![before]).await?.unwrap_or(0))
}

/// Makes hours of up to 200 elder days before `before`, oldest first, in one transaction; 0 when none are left. What came
/// late for a day that was made hours before is added to its hours.
pub(super) async fn compact_some(db: &Db, before: CivilDate) -> Result<usize> {
    let some: Vec<DayOf> = db
        .read()
        .all(
            "SELECT DISTINCT elder, day FROM reading_block WHERE day < $1 ORDER BY day, elder LIMIT 200",
            vals![before],
        )
        .await?;
    let (Some(first), Some(last)) = (some.first(), some.last()) else { return Ok(0) };
    let (day, from) = (first.day, first.elder);
    let upto = if last.day == day { last.elder } else { i64::MAX };
    // Held until the transaction ends: a second job waits and then finds them gone. A fold that adds a part meanwhile is
    // left for the next round.
    let tx = db.begin().await?;
    let sql = format!(
        "SELECT elder, part, data FROM reading_block WHERE day = $1 AND elder >= $2 AND elder <= $3
         ORDER BY elder, part{}",
        tx.lock()
    );
    let rows: Vec<PartRow> = tx.all(&sql, vals![day, from, upto]).await?;
    let mut by: BTreeMap<i64, (i64, Vec<Stored>)> = BTreeMap::new();
    for r in &rows {
        let (part, all) = by.entry(r.elder).or_default();
        *part = r.part;
        all.extend(codec::all(&r.data)?);
    }
    let done = by.len();
    for (elder, (part, mut all)) in by {
        codec::tidy(&mut all);
        let mut hours = codec::to_hours(&all);
        let known = "SELECT data FROM reading_hours WHERE elder = $1 AND day = $2";
        if let Some(data) = tx.scalar::<Vec<u8>>(known, vals![elder, day]).await? {
            hours = codec::merge_hours(codec::unpack_hours(&data)?, hours);
        }
        tx.exec(
            "INSERT INTO reading_hours (elder, day, data) VALUES ($1,$2,$3)
             ON CONFLICT (elder, day) DO UPDATE SET data = excluded.data",
            vals![elder, day, codec::pack_hours(&hours)],
        )
        .await?;
        tx.exec("DELETE FROM reading_block WHERE elder = $1 AND day = $2 AND part <= $3", vals![elder, day, part])
            .await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// Erases the oldest day before `before` of which anything is kept; `None` when there is none.
pub(super) async fn erase_one(db: &Db, before: CivilDate) -> Result<Option<u64>> {
    let sql = "SELECT MIN(day) FROM (SELECT MIN(day) AS day FROM reading_block UNION ALL
               SELECT MIN(day) AS day FROM reading_hours) AS d";
    let oldest = db.read().scalar::<CivilDate>(sql, vec![]).await?;
    let remark = "SELECT MIN(at) FROM reading_remark";
    let remark = db.read().scalar::<Instant>(remark, vec![]).await?.map(Instant::date);
    let Some(day) = oldest.into_iter().chain(remark).min().filter(|d| *d < before) else { return Ok(None) };
    let tx = db.begin().await?;
    let mut n = tx.exec("DELETE FROM reading_block WHERE day <= $1", vals![day]).await?;
    n += tx.exec("DELETE FROM reading_hours WHERE day <= $1", vals![day]).await?;
    n += tx.exec("DELETE FROM reading_remark WHERE at < $1", vals![day.plus_days(1).at(0, 0)]).await?;
    tx.commit().await?;
    Ok(Some(n))
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

/// An elder's short number, and which state of devices and limits holds.
#[derive(FromQueryResult)]
pub(super) struct ChangedRow {
    pub no: i64,
    pub version: i64,
}

/// Elders whose devices or limits changed since a moment.
pub(super) async fn changed(main: &Db, since: Instant) -> Result<Vec<ChangedRow>> {
    main.read().all("SELECT no, version FROM watch_elder WHERE changed_at >= $1 ORDER BY no", vals![since]).await
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
