//! Who changed an elder's limits and fences, and when.
use super::{open, seal};
use kernel::{ElderId, Instant, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, SqlExt, Tx, vals};
use uuid::Uuid;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub at: Instant,
    pub by: String,
    pub what: String,
}

#[derive(FromQueryResult)]
struct Row {
    at: Instant,
    by_name: String,
    what: Vec<u8>,
}

/// How often they were changed: the version a form was filled on.
pub(crate) async fn version<C: store::Sql>(conn: &C, elder: ElderId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM safety_limit_change WHERE elder_id = $1";
    Ok(conn.scalar::<i64>(sql, vals![elder]).await?.unwrap_or(0))
}

/// The latest changes, newest first.
pub(crate) async fn changes(db: &Db, elder: ElderId, limit: i64) -> Result<Vec<Change>> {
    let rows: Vec<Row> = db
        .read()
        .all(
            "SELECT at, by_name, what FROM safety_limit_change WHERE elder_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
            vals![elder, limit],
        )
        .await?;
    rows.into_iter().map(|r| Ok(Change { at: r.at, by: r.by_name, what: open(db, &r.what)? })).collect()
}

pub(crate) async fn changed(tx: &Tx, db: &Db, elder: ElderId, by: &str, what: &str) -> Result<()> {
    let id: Uuid = db.new_id();
    tx.exec(
        "INSERT INTO safety_limit_change (id, elder_id, at, by_name, what) VALUES ($1,$2,$3,$4,$5)",
        vals![id, elder, tx.now(), by, seal(db, what)?],
    )
    .await?;
    Ok(())
}
