//! Regions of the installation.
use kernel::{Region, RegionBook, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, SqlExt, Tx, insert_many, vals};

#[derive(FromQueryResult)]
struct RegionRow {
    code: RegionCode,
    name: String,
}

pub(crate) async fn all(db: &Db) -> Result<RegionBook> {
    let rows: Vec<RegionRow> = db.read().all("SELECT code, name FROM region ORDER BY code", vec![]).await?;
    Ok(RegionBook::new(rows.into_iter().map(|r| Region { code: r.code, name: r.name })))
}

pub(crate) async fn count(db: &Db) -> Result<i64> {
    Ok(db.read().scalar::<i64>("SELECT COUNT(*) FROM region", vec![]).await?.unwrap_or(0))
}

/// Writes every region of the book; a code that is there gets the book's name.
pub(crate) async fn put(tx: &Tx, book: &RegionBook) -> Result<u64> {
    let now = tx.now();
    let rows = book.iter().map(|(c, n)| vals![c, n, c.tier().zh(), now]).collect();
    insert_many(
        tx,
        "region",
        &["code", "name", "tier", "loaded_at"],
        rows,
        "ON CONFLICT (code) DO UPDATE SET name = excluded.name, loaded_at = excluded.loaded_at",
    )
    .await
}
