//! Regions: the shipped city, or another city's file.
use super::REGIONS;
use crate::store::regions as sql;
use kernel::{Actor, Error, Permission, RegionBook, Result};
use store::Db;

/// 汕尾市 and its 970 regions, see data/README.md.
pub fn shipped_regions() -> &'static str {
    include_str!("../../../../data/regions.csv")
}

/// On an empty installation writes the regions of `csv`; does nothing when there are some. Returns how many were written.
///
/// # Errors
/// `Refused` with the line that is wrong.
pub async fn seed_regions(db: &Db, csv: &str) -> Result<u64> {
    if sql::count(db).await? > 0 {
        return Ok(0);
    }
    let book = read(csv)?;
    let tx = db.begin().await?;
    let n = sql::put(&tx, &book).await?;
    tx.commit().await?;
    Ok(n)
}

/// Loads another city's file over what is there: new codes are added, known ones renamed, none removed, because archives
/// point at them. Returns the book as it is then; the caller hands it to the running program.
///
/// # Errors
/// `Forbidden`, or `Refused` with the line that is wrong.
pub async fn load_regions(db: &Db, actor: &Actor, csv: &str) -> Result<RegionBook> {
    actor.require(Permission::AccessManage)?;
    let book = read(csv)?;
    let tx = db.begin().await?;
    let n = sql::put(&tx, &book).await?;
    let entry = audit::Entry::new(REGIONS, "region", "all").detail(serde_json::json!({ "rows": n }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    load_book(db).await
}

/// The regions of this installation, for [`web::App`].
pub async fn load_book(db: &Db) -> Result<RegionBook> {
    sql::all(db).await
}

fn read(csv: &str) -> Result<RegionBook> {
    RegionBook::from_csv(csv).map_err(|(line, why)| Error::refused(format!("区划文件第 {line} 行：{why}")))
}
