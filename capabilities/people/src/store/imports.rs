//! Imported files and their rows.
use crate::model::{BatchId, BatchState, RowState, TwinWhy};
use crate::store::elders::marks;
use kernel::{Actor, ElderId, Error, Instant, PageAsk, Paged, RegionCode, Result, Scope, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, insert_many, vals};

/// One imported file.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Batch {
    pub id: BatchId,
    pub region: RegionCode,
    pub file_name: String,
    pub state: BatchState,
    /// Columns nobody reads, joined by 、.
    pub unused: String,
    pub total: i64,
    pub created_at: Instant,
    pub created_by: String,
    pub actor_user: Option<UserId>,
    pub written_at: Option<Instant>,
    pub taken_back_at: Option<Instant>,
}

const BATCH: &str = "id, region, file_name, state, unused, total, created_at, created_by, actor_user, written_at, \
    taken_back_at";

pub(crate) async fn insert_batch(
    tx: &Tx,
    actor: &Actor,
    id: BatchId,
    file_name: &str,
    sha256: &str,
    unused: &str,
    total: i64,
) -> Result<()> {
    let region = actor.scope().region;
    tx.exec(
        "INSERT INTO import_batch (id, region, file_name, sha256, state, unused, total, created_at, created_by, actor_user)
         VALUES ($1, $2, $3, $4, 'reading', $5, $6, $7, $8, $9)",
        vals![id, region, file_name, sha256, unused, total, tx.now(), actor.label(), actor.user_id()],
    )
    .await?;
    Ok(())
}

/// The actor's own import of the same file that did not come to its end.
pub(crate) async fn unfinished(db: &Db, actor: &Actor, sha256: &str) -> Result<Option<Batch>> {
    let mut f = Filter::from("import_batch");
    f.and("sha256 = ?", sha256).region("region", actor.scope());
    f.and("created_by = ?", actor.label()).clause("state IN ('reading', 'checked', 'writing')", vec![]);
    let sql = format!("SELECT {BATCH} {} ORDER BY created_at DESC, id DESC LIMIT 1", f.sql());
    let found: Option<Batch> = db.read().one(&sql, f.values.clone()).await?;
    Ok(found.filter(|b| b.actor_user == actor.user_id()))
}

pub(crate) async fn batch<C: Sql>(conn: &C, scope: &Scope, id: BatchId, lock: &str) -> Result<Batch> {
    let mut f = Filter::from("import_batch");
    f.and("id = ?", id).region("region", scope);
    let found: Option<Batch> = conn.one(&format!("SELECT {BATCH} {}{lock}", f.sql()), f.values.clone()).await?;
    found.ok_or_else(|| Error::NotFound("这次导入".into()))
}

pub(crate) async fn batches(db: &Db, scope: &Scope, page: PageAsk, order: &str) -> Result<Paged<Batch>> {
    let mut f = Filter::from("import_batch b");
    f.region("b.region", scope);
    db.read().page(BATCH, &f, order, page).await
}

pub(crate) async fn set_state(tx: &Tx, id: BatchId, state: BatchState) -> Result<()> {
    let stamp = match state {
        BatchState::Done => ", written_at = $3",
        BatchState::TakenBack => ", taken_back_at = $3",
        BatchState::Reading | BatchState::Checked | BatchState::Writing | BatchState::Dropped => "",
    };
    let mut values = vals![id, state];
    if !stamp.is_empty() {
        values.push(tx.now().into());
    }
    tx.exec(&format!("UPDATE import_batch SET state = $2{stamp} WHERE id = $1"), values).await?;
    Ok(())
}

/// One row of a file. `cells` is sealed JSON.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct SheetRow {
    pub row_no: i64,
    pub state: RowState,
    pub cells: Vec<u8>,
    pub errors: String,
    pub why: String,
    pub twin: Option<ElderId>,
}

impl SheetRow {
    pub(crate) fn why(&self) -> Option<TwinWhy> {
        TwinWhy::parse(&self.why)
    }
}

/// A row judged, to be stored.
pub(crate) struct JudgedRow {
    pub row_no: i64,
    pub state: RowState,
    pub cells: Vec<u8>,
    pub errors: String,
    pub key: Option<Vec<u8>>,
    pub why: Option<TwinWhy>,
    pub twin: Option<ElderId>,
}

pub(crate) async fn insert_rows(tx: &Tx, batch: BatchId, rows: Vec<JudgedRow>) -> Result<()> {
    let rows = rows
        .into_iter()
        .map(|r| vals![batch, r.row_no, r.state, r.cells, r.errors, r.key, r.why.map_or("", TwinWhy::code), r.twin])
        .collect();
    insert_many(tx, "import_row", &["batch_id", "row_no", "state", "cells", "errors", "key", "why", "twin"], rows, "")
        .await?;
    Ok(())
}

pub(crate) async fn update_row(tx: &Tx, batch: BatchId, r: JudgedRow) -> Result<()> {
    tx.exec(
        "UPDATE import_row SET state = $3, cells = $4, errors = $5, key = $6, why = $7, twin = $8
         WHERE batch_id = $1 AND row_no = $2",
        vals![batch, r.row_no, r.state, r.cells, r.errors, r.key, r.why.map_or("", TwinWhy::code), r.twin],
    )
    .await?;
    Ok(())
}

const ROW: &str = "row_no, state, cells, errors, why, twin";

pub(crate) async fn rows<C: Sql>(conn: &C, batch: BatchId, state: RowState, limit: i64) -> Result<Vec<SheetRow>> {
    let sql = format!("SELECT {ROW} FROM import_row WHERE batch_id = $1 AND state = $2 ORDER BY row_no LIMIT {limit}");
    conn.all(&sql, vals![batch, state]).await
}

pub(crate) async fn row<C: Sql>(conn: &C, batch: BatchId, row_no: i64) -> Result<SheetRow> {
    let sql = format!("SELECT {ROW} FROM import_row WHERE batch_id = $1 AND row_no = $2");
    conn.one(&sql, vals![batch, row_no]).await?.ok_or_else(|| Error::NotFound("这一行".into()))
}

/// Another row of the file with the same identity number that is not wrong.
pub(crate) async fn same_number(tx: &Tx, batch: BatchId, key: &[u8], not: i64) -> Result<Option<i64>> {
    tx.scalar(
        "SELECT row_no FROM import_row WHERE batch_id = $1 AND key = $2 AND row_no <> $3 AND state <> 'bad' LIMIT 1",
        vals![batch, key.to_vec(), not],
    )
    .await
}

#[derive(FromQueryResult)]
struct Count {
    state: RowState,
    n: i64,
}

pub(crate) async fn counts(db: &Db, batch: BatchId) -> Result<Vec<(RowState, i64)>> {
    let rows: Vec<Count> = db
        .read()
        .all("SELECT state, COUNT(*) AS n FROM import_row WHERE batch_id = $1 GROUP BY state", vals![batch])
        .await?;
    Ok(rows.into_iter().map(|c| (c.state, c.n)).collect())
}

/// Marks rows of one step: those from `first` to `last` that were good and are not among `except`.
pub(crate) async fn mark_written(tx: &Tx, batch: BatchId, first: i64, last: i64, except: &[i64]) -> Result<u64> {
    let mut sql = String::from(
        "UPDATE import_row SET state = 'written' WHERE batch_id = $1 AND state = 'good' AND row_no >= $2 AND row_no <= $3",
    );
    let mut values = vals![batch, first, last];
    if !except.is_empty() {
        sql.push_str(&format!(" AND row_no NOT IN ({})", marks(4, except.len())));
        values.extend(except.iter().map(|n| Value::from(*n)));
    }
    tx.exec(&sql, values).await
}

/// A row that turned out to be like an archive that came in meanwhile, or was decided on.
pub(crate) async fn set_row(
    tx: &Tx,
    batch: BatchId,
    row_no: i64,
    state: RowState,
    twin: Option<(ElderId, TwinWhy)>,
) -> Result<()> {
    match twin {
        Some((twin, why)) => {
            tx.exec(
                "UPDATE import_row SET state = $3, twin = $4, why = $5 WHERE batch_id = $1 AND row_no = $2",
                vals![batch, row_no, state, twin, why],
            )
            .await?
        }
        None => {
            tx.exec("UPDATE import_row SET state = $3 WHERE batch_id = $1 AND row_no = $2", vals![batch, row_no, state])
                .await?
        }
    };
    Ok(())
}

/// Archives of a file that nobody touched since; others were changed and stay.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Made {
    pub id: ElderId,
    pub household_id: kernel::HouseholdId,
    pub name: String,
    pub phone_masked: String,
    pub region: RegionCode,
    pub address: String,
}

pub(crate) async fn made_by(tx: &Tx, batch: BatchId, limit: i64) -> Result<Vec<Made>> {
    let sql = format!(
        "SELECT id, household_id, name, phone_masked, region, address FROM elder
         WHERE batch_id = $1 AND standing = 'live' AND version = 1 ORDER BY id LIMIT {limit}"
    );
    tx.all(&sql, vals![batch]).await
}

pub(crate) async fn still_there(db: &Db, batch: BatchId) -> Result<i64> {
    let n = db
        .read()
        .scalar::<i64>("SELECT COUNT(*) FROM elder WHERE batch_id = $1 AND standing = 'live'", vals![batch])
        .await?;
    Ok(n.unwrap_or(0))
}
