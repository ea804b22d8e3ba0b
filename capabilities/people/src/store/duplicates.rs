//! The review queue for duplicates, and merges.
use crate::model::{BatchId, MergeId, ReviewId, ReviewState, TwinWhy};
use kernel::{ElderId, Error, Instant, PageAsk, Paged, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

/// One question: is this row, or that archive, the same person as this archive?
#[derive(Clone, Debug, FromQueryResult)]
pub struct Review {
    pub id: ReviewId,
    pub region: RegionCode,
    pub why: TwinWhy,
    /// The archive that was there first.
    pub elder_id: ElderId,
    /// A second archive, or …
    pub other_id: Option<ElderId>,
    /// … a row of a file.
    pub batch_id: Option<BatchId>,
    pub row_no: Option<i64>,
    pub state: ReviewState,
    pub created_at: Instant,
    pub decided_by: Option<String>,
    pub decided_at: Option<Instant>,
}

const REVIEW: &str = "id, region, why, elder_id, other_id, batch_id, row_no, state, created_at, decided_by, decided_at";

/// Two archives in force that look like one person.
pub(crate) async fn insert_pair(tx: &Tx, db: &Db, region: RegionCode, elder: ElderId, other: ElderId) -> Result<()> {
    let id: ReviewId = db.new_id();
    tx.exec(
        "INSERT INTO duplicate_review (id, region, why, elder_id, other_id, state, created_at)
         VALUES ($1, $2, $3, $4, $5, 'open', $6)",
        vals![id, region, TwinWhy::SameName, elder, other, tx.now()],
    )
    .await?;
    Ok(())
}

/// A row of a file that looks like an archive; asked once however often the import runs.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn insert_row(
    tx: &Tx,
    db: &Db,
    region: RegionCode,
    why: TwinWhy,
    elder: ElderId,
    batch: BatchId,
    row_no: i64,
) -> Result<()> {
    let id: ReviewId = db.new_id();
    tx.exec(
        "INSERT INTO duplicate_review (id, region, why, elder_id, batch_id, row_no, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'open', $7) ON CONFLICT DO NOTHING",
        vals![id, region, why, elder, batch, row_no, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn review<C: Sql>(conn: &C, scope: &Scope, id: ReviewId, lock: &str) -> Result<Review> {
    let mut f = Filter::from("duplicate_review");
    f.and("id = ?", id).region("region", scope);
    let found: Option<Review> = conn.one(&format!("SELECT {REVIEW} {}{lock}", f.sql()), f.values.clone()).await?;
    found.ok_or_else(|| Error::NotFound("这条疑似重复".into()))
}

/// The open question of one row of a file.
pub(crate) async fn of_row<C: Sql>(conn: &C, batch: BatchId, row_no: i64) -> Result<Option<Review>> {
    let sql = format!("SELECT {REVIEW} FROM duplicate_review WHERE batch_id = $1 AND row_no = $2");
    conn.one(&sql, vals![batch, row_no]).await
}

pub(crate) async fn reviews(
    db: &Db,
    scope: &Scope,
    state: ReviewState,
    page: PageAsk,
    order: &str,
) -> Result<Paged<Review>> {
    let mut f = Filter::from("duplicate_review d");
    f.and("d.state = ?", state).region("d.region", scope);
    db.read().page(REVIEW, &f, order, page).await
}

pub(crate) async fn decide(tx: &Tx, id: ReviewId, state: ReviewState, by: &str) -> Result<()> {
    tx.exec(
        "UPDATE duplicate_review SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1",
        vals![id, state, by, tx.now()],
    )
    .await?;
    Ok(())
}

/// Open questions of a file that is dropped or taken back.
pub(crate) async fn void_batch(tx: &Tx, batch: BatchId, by: &str) -> Result<()> {
    tx.exec(
        "UPDATE duplicate_review SET state = 'void', decided_by = $2, decided_at = $3
         WHERE batch_id = $1 AND state = 'open'",
        vals![batch, by, tx.now()],
    )
    .await?;
    Ok(())
}

/// Open questions between two archives that were merged by another way.
pub(crate) async fn close_pair(tx: &Tx, a: ElderId, b: ElderId, by: &str) -> Result<()> {
    tx.exec(
        "UPDATE duplicate_review SET state = 'same', decided_by = $3, decided_at = $4 WHERE state = 'open'
         AND ((elder_id = $1 AND other_id = $2) OR (elder_id = $2 AND other_id = $1))",
        vals![a, b, by, tx.now()],
    )
    .await?;
    Ok(())
}

/// One merge.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Merge {
    pub id: MergeId,
    pub loser: ElderId,
    pub survivor: ElderId,
    pub region: RegionCode,
    pub reason: String,
    /// Codes of the parts the survivor got from the other, joined by commas.
    pub filled: String,
    pub merged_at: Instant,
    pub merged_by: String,
    pub undone_at: Option<Instant>,
    pub undone_by: Option<String>,
}

const MERGE: &str = "id, loser, survivor, region, reason, filled, merged_at, merged_by, undone_at, undone_by";

#[allow(clippy::too_many_arguments)]
pub(crate) async fn insert_merge(
    tx: &Tx,
    id: MergeId,
    loser: ElderId,
    survivor: ElderId,
    region: RegionCode,
    reason: &str,
    filled: &str,
    by: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO merge_record (id, loser, survivor, region, reason, filled, merged_at, merged_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vals![id, loser, survivor, region, reason, filled, tx.now(), by],
    )
    .await?;
    Ok(())
}

pub(crate) async fn merge<C: Sql>(conn: &C, scope: &Scope, id: MergeId, lock: &str) -> Result<Merge> {
    let mut f = Filter::from("merge_record");
    f.and("id = ?", id).region("region", scope);
    let found: Option<Merge> = conn.one(&format!("SELECT {MERGE} {}{lock}", f.sql()), f.values.clone()).await?;
    found.ok_or_else(|| Error::NotFound("这次合并".into()))
}

/// Merges into one archive that were not undone, newest first.
pub(crate) async fn merges_of(db: &Db, survivor: ElderId) -> Result<Vec<Merge>> {
    let sql = format!(
        "SELECT {MERGE} FROM merge_record WHERE survivor = $1 AND undone_at IS NULL ORDER BY merged_at DESC, id DESC"
    );
    db.read().all(&sql, vals![survivor]).await
}

pub(crate) async fn undo_merge(tx: &Tx, id: MergeId, by: &str) -> Result<()> {
    tx.exec("UPDATE merge_record SET undone_at = $2, undone_by = $3 WHERE id = $1", vals![id, tx.now(), by]).await?;
    Ok(())
}
