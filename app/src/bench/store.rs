//! What the device benches ask of the tables themselves.
use kernel::{ElderId, Error, Result};
use safety::model::CaseId;
use store::sea_orm::sqlx::postgres::PgPoolCopyExt;
use store::{Db, SqlExt, insert_many, vals};

const COLUMNS: [&str; 9] = ["elder", "device", "slot", "at", "received", "kind", "a", "b", "c"];

/// How many devices are registered.
pub(super) async fn devices(db: &Db) -> Result<i64> {
    Ok(db.read().scalar("SELECT COUNT(*) FROM device", vec![]).await?.unwrap_or(0))
}

/// An elder's newest case.
pub(super) async fn case_of(db: &Db, elder: ElderId) -> Result<Option<CaseId>> {
    let sql = "SELECT id FROM safety_case WHERE elder_id = $1 ORDER BY opened_at DESC LIMIT 1";
    db.read().scalar(sql, vals![elder]).await
}

/// A plain table of readings, a row each: what the limit is measured with.
pub(super) async fn plain_table(db: &Db) -> Result<()> {
    let tx = db.begin().await?;
    tx.exec(
        "CREATE TABLE bench_reading (elder BIGINT NOT NULL, device BIGINT NOT NULL, slot BIGINT NOT NULL,
           at BIGINT NOT NULL, received BIGINT NOT NULL, kind BIGINT NOT NULL, a BIGINT, b BIGINT, c BIGINT)",
        vec![],
    )
    .await?;
    tx.commit().await
}

/// Takes it away again.
pub(super) async fn drop_plain_table(db: &Db) -> Result<()> {
    let tx = db.begin().await?;
    tx.exec("DROP TABLE bench_reading", vec![]).await?;
    tx.commit().await
}

/// One commit of plain rows by multi-row inserts.
pub(super) async fn insert_plain(db: &Db, rows: impl Iterator<Item = [i64; 9]>) -> Result<()> {
    let rows = rows.map(|r| r.into_iter().map(store::Value::from).collect()).collect();
    let tx = db.begin().await?;
    insert_many(&tx, "bench_reading", &COLUMNS, rows, "").await?;
    tx.commit().await
}

/// One commit of plain rows by COPY (PostgreSQL).
pub(super) async fn copy_plain(db: &Db, rows: impl Iterator<Item = [i64; 9]>) -> Result<()> {
    let mut text = String::new();
    for r in rows {
        let cells: Vec<String> = r.iter().map(i64::to_string).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    let pool = db.read().get_postgres_connection_pool();
    let sql = format!("COPY bench_reading ({}) FROM STDIN", COLUMNS.join(","));
    let mut copy = pool.copy_in_raw(&sql).await.map_err(Error::internal)?;
    copy.send(text.into_bytes()).await.map_err(Error::internal)?;
    copy.finish().await.map_err(Error::internal)?;
    Ok(())
}
