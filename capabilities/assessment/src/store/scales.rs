//! Texts of scales, who accepted them, and what the place has settled.
use kernel::{Actor, Instant, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Sql, SqlExt, Tx, vals};

/// The latest own text of every scale.
#[derive(FromQueryResult)]
pub(crate) struct OwnText {
    pub id: String,
    pub fingerprint: String,
}

pub(crate) async fn own_latest(db: &Db) -> Result<Vec<OwnText>> {
    db.read()
        .all(
            "SELECT d.id, d.fingerprint FROM scale_document d WHERE d.own AND d.loaded_at =
               (SELECT MAX(o.loaded_at) FROM scale_document o WHERE o.id = d.id AND o.own) ORDER BY d.id",
            vec![],
        )
        .await
}

pub(crate) async fn text<C: Sql>(conn: &C, id: &str, fingerprint: &str) -> Result<Option<String>> {
    conn.scalar("SELECT text FROM scale_document WHERE id = $1 AND fingerprint = $2", vals![id, fingerprint]).await
}

/// Keeps a text. The same text again stays; loading it as one's own makes it the latest.
pub(crate) async fn keep(tx: &Tx, actor: &Actor, id: &str, fingerprint: &str, text: &str, own: bool) -> Result<()> {
    let again = if own { "DO UPDATE SET own = TRUE, loaded_by = $5, loaded_at = $6" } else { "DO NOTHING" };
    tx.exec(
        &format!(
            "INSERT INTO scale_document (id, fingerprint, text, own, loaded_by, loaded_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id, fingerprint) {again}"
        ),
        vals![id, fingerprint, text, own, actor.label(), tx.now()],
    )
    .await?;
    Ok(())
}

/// Who accepted a text, and when.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Acceptance {
    pub accepted_by: String,
    pub at: Instant,
    pub note: String,
}

pub(crate) async fn acceptance<C: Sql>(conn: &C, id: &str, fingerprint: &str) -> Result<Option<Acceptance>> {
    let sql = "SELECT accepted_by, at, note FROM scale_acceptance WHERE id = $1 AND fingerprint = $2";
    conn.one(sql, vals![id, fingerprint]).await
}

pub(crate) async fn accept(tx: &Tx, actor: &Actor, id: &str, fingerprint: &str, note: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO scale_acceptance (id, fingerprint, accepted_by, accepted_user, at, note)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id, fingerprint) DO NOTHING",
        vals![id, fingerprint, actor.label(), actor.user_id(), tx.now(), note],
    )
    .await?;
    Ok(())
}

/// What a place has settled of one scale.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct SettingRow {
    pub combining: String,
    pub stacking: Option<String>,
    pub reason: String,
    pub set_by: String,
    pub at: Instant,
}

pub(crate) async fn setting<C: Sql>(conn: &C, id: &str) -> Result<Option<SettingRow>> {
    conn.one("SELECT combining, stacking, reason, set_by, at FROM scale_setting WHERE id = $1", vals![id]).await
}

pub(crate) async fn set(
    tx: &Tx,
    actor: &Actor,
    id: &str,
    combining: &str,
    stacking: Option<&str>,
    reason: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO scale_setting (id, combining, stacking, reason, set_by, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET combining = $2, stacking = $3, reason = $4, set_by = $5, at = $6",
        vals![id, combining, stacking, reason, actor.label(), tx.now()],
    )
    .await?;
    Ok(())
}
