//! Versions of answers, and places where two phones differ.
use crate::model::{Field, Sheet, Value};
use kernel::{AssessmentId, AssessorId, Error, Instant, JobId, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Secret, Sql, SqlExt, Tx, vals};

fn seal<T: serde::Serialize>(db: &Db, what: &T) -> Result<Vec<u8>> {
    db.keys().seal(Secret::Health, &serde_json::to_string(what).map_err(Error::internal)?)
}

fn open<T: serde::de::DeserializeOwned>(db: &Db, sealed: &[u8]) -> Result<T> {
    serde_json::from_str(&db.keys().open(Secret::Health, sealed)?).map_err(Error::internal)
}

/// Who sent a submission, for which assessment.
#[derive(FromQueryResult)]
pub(crate) struct Sent {
    pub assessment_id: AssessmentId,
    pub assessor_id: AssessorId,
}

pub(crate) async fn sent(tx: &Tx, key: &str) -> Result<Option<Sent>> {
    tx.one("SELECT assessment_id, assessor_id FROM assessment_sheet WHERE key = $1", vals![key]).await
}

#[derive(FromQueryResult)]
struct Stored {
    version: i64,
    sheet: Vec<u8>,
}

/// The latest answers and their version; version 0 is an empty sheet.
pub(crate) async fn latest<C: Sql>(conn: &C, db: &Db, id: AssessmentId) -> Result<(i64, Sheet)> {
    let sql = "SELECT version, sheet FROM assessment_sheet WHERE assessment_id = $1 ORDER BY version DESC LIMIT 1";
    match conn.one::<Stored>(sql, vals![id]).await? {
        Some(row) => Ok((row.version, open(db, &row.sheet)?)),
        None => Ok((0, Sheet::default())),
    }
}

/// The answers of one version; an empty sheet for 0, `None` for a version that does not exist.
pub(crate) async fn version<C: Sql>(conn: &C, db: &Db, id: AssessmentId, version: i64) -> Result<Option<Sheet>> {
    if version == 0 {
        return Ok(Some(Sheet::default()));
    }
    let sql = "SELECT version, sheet FROM assessment_sheet WHERE assessment_id = $1 AND version = $2";
    conn.one::<Stored>(sql, vals![id, version]).await?.map(|row| open(db, &row.sheet)).transpose()
}

pub(crate) struct NewVersion<'a> {
    pub id: AssessmentId,
    pub version: i64,
    pub key: &'a str,
    pub assessor: AssessorId,
    pub base: i64,
    pub sheet: &'a Sheet,
    pub device_at: Option<Instant>,
}

pub(crate) async fn insert(tx: &Tx, db: &Db, new: NewVersion<'_>) -> Result<()> {
    let sealed = seal(db, new.sheet)?;
    tx.exec(
        "INSERT INTO assessment_sheet (assessment_id, version, key, assessor_id, base, sheet, at, device_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vals![new.id, new.version, new.key, new.assessor, new.base, sealed, tx.now(), new.device_at],
    )
    .await?;
    Ok(())
}

/// A place that waits for somebody to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenClash {
    pub id: JobId,
    pub field: Field,
    /// What the phone that came later wrote.
    pub mine: Option<Value>,
    pub assessor: AssessorId,
    pub at: Instant,
}

pub(crate) async fn add_clash(
    tx: &Tx,
    db: &Db,
    id: AssessmentId,
    field: &Field,
    mine: &Option<Value>,
    assessor: AssessorId,
) -> Result<()> {
    let sealed = seal(db, mine)?;
    let old = tx
        .exec(
            "UPDATE assessment_clash SET mine = $4, at = $5
             WHERE assessment_id = $1 AND field = $2 AND assessor_id = $3 AND settled_at IS NULL",
            vals![id, field.code(), assessor, sealed.clone(), tx.now()],
        )
        .await?;
    if old == 0 {
        let clash: JobId = db.new_id();
        tx.exec(
            "INSERT INTO assessment_clash (id, assessment_id, field, mine, assessor_id, at) VALUES ($1, $2, $3, $4, $5, $6)",
            vals![clash, id, field.code(), sealed, assessor, tx.now()],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn open_clashes<C: Sql>(conn: &C, db: &Db, id: AssessmentId) -> Result<Vec<OpenClash>> {
    #[derive(FromQueryResult)]
    struct ClashRow {
        id: JobId,
        field: String,
        mine: Vec<u8>,
        assessor_id: AssessorId,
        at: Instant,
    }
    let sql = "SELECT id, field, mine, assessor_id, at FROM assessment_clash
               WHERE assessment_id = $1 AND settled_at IS NULL ORDER BY at, id";
    let rows: Vec<ClashRow> = conn.all(sql, vals![id]).await?;
    rows.into_iter()
        .filter_map(|r| Field::parse(&r.field).map(|f| (f, r)))
        .map(|(field, r)| {
            Ok(OpenClash { id: r.id, field, mine: open(db, &r.mine)?, assessor: r.assessor_id, at: r.at })
        })
        .collect()
}

pub(crate) async fn settle(tx: &Tx, clash: JobId, by: AssessorId, took_mine: bool) -> Result<u64> {
    tx.exec(
        "UPDATE assessment_clash SET settled_at = $2, settled_by = $3, took_mine = $4 WHERE id = $1 AND settled_at IS NULL",
        vals![clash, tx.now(), by, took_mine],
    )
    .await
}
