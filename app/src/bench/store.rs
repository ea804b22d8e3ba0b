//! What the device benches ask of the tables themselves.
use kernel::{ElderId, Result};
use store::{Db, SqlExt, vals};

/// How many devices are registered.
pub(super) async fn devices(db: &Db) -> Result<i64> {
    Ok(db.read().scalar("SELECT COUNT(*) FROM device", vec![]).await?.unwrap_or(0))
}

/// How many cases an elder has.
pub(super) async fn cases(db: &Db, elder: ElderId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM safety_case WHERE elder_id = $1";
    Ok(db.read().scalar(sql, vals![elder]).await?.unwrap_or(0))
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
