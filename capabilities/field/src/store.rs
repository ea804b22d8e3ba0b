//! All SQL of visits: evidence and ticked lines.
use crate::model::Kind;
use kernel::{Instant, OrderId, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Migration, SqlExt, Tx, Value, insert_many, vals};

pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "field-0001",
    sql: "CREATE TABLE visit_evidence (
  id UUID PRIMARY KEY, order_id UUID NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL, device_at BIGINT,
  lat_e6 BIGINT, lng_e6 BIGINT, accuracy_m BIGINT, distance_m BIGINT, code_ok BOOLEAN, note TEXT NOT NULL,
  file TEXT, sha256 TEXT, by_name TEXT NOT NULL);
CREATE INDEX visit_evidence_order ON visit_evidence (order_id, at);
CREATE INDEX visit_evidence_photo ON visit_evidence (sha256);
CREATE TABLE visit_check (
  order_id UUID NOT NULL, line BIGINT NOT NULL, done_at BIGINT NOT NULL, PRIMARY KEY (order_id, line));
",
}];

/// One stored piece of evidence. Never changed.
#[derive(Clone, Debug, FromQueryResult, serde::Serialize)]
pub struct Evidence {
    pub id: kernel::JobId,
    pub order_id: OrderId,
    pub kind: String,
    /// When the server received it.
    pub at: Instant,
    /// What the device's clock said.
    pub device_at: Option<Instant>,
    pub lat_e6: Option<i64>,
    pub lng_e6: Option<i64>,
    pub accuracy_m: Option<i64>,
    pub distance_m: Option<i64>,
    pub code_ok: Option<bool>,
    pub note: String,
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub by_name: String,
}

impl Evidence {
    pub fn kind(&self) -> Option<Kind> {
        Kind::parse(&self.kind)
    }
}

const COLUMNS: &[&str] = &[
    "id",
    "order_id",
    "kind",
    "at",
    "device_at",
    "lat_e6",
    "lng_e6",
    "accuracy_m",
    "distance_m",
    "code_ok",
    "note",
    "file",
    "sha256",
    "by_name",
];

fn values(e: &Evidence) -> Vec<Value> {
    vals![
        e.id,
        e.order_id,
        e.kind.clone(),
        e.at,
        e.device_at,
        e.lat_e6,
        e.lng_e6,
        e.accuracy_m,
        e.distance_m,
        e.code_ok,
        e.note.clone(),
        e.file.clone(),
        e.sha256.clone(),
        e.by_name.clone()
    ]
}

pub async fn insert(tx: &Tx, rows: &[Evidence]) -> Result<()> {
    insert_many(tx, "visit_evidence", COLUMNS, rows.iter().map(values).collect(), "").await.map(|_| ())
}

/// Evidence of one order, oldest first. The caller has checked that the order is in scope.
pub async fn of_order(db: &Db, order: OrderId) -> Result<Vec<Evidence>> {
    db.read().all("SELECT * FROM visit_evidence WHERE order_id = $1 ORDER BY at, id", vals![order]).await
}

pub async fn one(db: &Db, id: kernel::JobId) -> Result<Option<Evidence>> {
    db.read().one("SELECT * FROM visit_evidence WHERE id = $1", vals![id]).await
}

/// Another order that already carries a photo with these bytes.
pub async fn photo_elsewhere(tx: &Tx, sha256: &str, order: OrderId) -> Result<Option<OrderId>> {
    tx.scalar("SELECT order_id FROM visit_evidence WHERE sha256 = $1 AND order_id <> $2 LIMIT 1", vals![sha256, order])
        .await
}

/// Whether the order carries a photo with these bytes already.
pub async fn photo_here(tx: &Tx, sha256: &str, order: OrderId) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM visit_evidence WHERE sha256 = $1 AND order_id = $2";
    Ok(tx.scalar::<i64>(sql, vals![sha256, order]).await?.unwrap_or(0) > 0)
}

pub async fn photos(tx: &Tx, order: OrderId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM visit_evidence WHERE order_id = $1 AND kind = 'photo'";
    Ok(tx.scalar(sql, vals![order]).await?.unwrap_or(0))
}

/// Lines ticked, by their place in the item's checklist.
pub async fn ticked(db: &Db, order: OrderId) -> Result<Vec<i64>> {
    db.read().column("SELECT line FROM visit_check WHERE order_id = $1 ORDER BY line", vals![order]).await
}

/// The lines ticked are these and no others.
pub async fn set_ticks(tx: &Tx, order: OrderId, lines: &[i64]) -> Result<()> {
    let have: Vec<i64> = tx.column("SELECT line FROM visit_check WHERE order_id = $1", vals![order]).await?;
    for gone in have.iter().filter(|l| !lines.contains(l)) {
        tx.exec("DELETE FROM visit_check WHERE order_id = $1 AND line = $2", vals![order, *gone]).await?;
    }
    let fresh = lines.iter().filter(|l| !have.contains(l)).map(|l| vals![order, *l, tx.now()]).collect();
    insert_many(tx, "visit_check", &["order_id", "line", "done_at"], fresh, "ON CONFLICT DO NOTHING").await.map(|_| ())
}
