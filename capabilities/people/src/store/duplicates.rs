//! The review queue for duplicates, and merges.
use kernel::{ElderId, RegionCode, Result};
use store::{Db, SqlExt, Tx, vals};

/// Two archives in force that look like one person.
pub(crate) async fn insert_pair(tx: &Tx, db: &Db, region: RegionCode, elder: ElderId, other: ElderId) -> Result<()> {
    let id: crate::model::ReviewId = db.new_id();
    tx.exec(
        "INSERT INTO duplicate_review (id, region, why, elder_id, other_id, state, created_at)
         VALUES ($1, $2, 'same_name', $3, $4, 'open', $5)",
        vals![id, region, elder, other, tx.now()],
    )
    .await?;
    Ok(())
}
