//! Sessions.
use crate::model::{HOME_IDLE_MS, HOME_SESSION_MS, IDLE_MS, SESSION_MS, SessionInfo};
use kernel::{Instant, PageAsk, Paged, RegionCode, Result, Scope, SessionId, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

/// A session that was not revoked; whether it still holds is for [`crate::model::session_holds`].
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) created_at: Instant,
    pub(crate) seen_at: Instant,
    pub(crate) ip: String,
    pub(crate) agent: String,
    pub(crate) totp_ok: bool,
    pub(crate) totp_draft: Option<Vec<u8>>,
}

impl From<SessionRow> for SessionInfo {
    fn from(r: SessionRow) -> SessionInfo {
        SessionInfo {
            id: r.id,
            user: r.user_id,
            created_at: r.created_at,
            seen_at: r.seen_at,
            ip: r.ip,
            agent: r.agent,
        }
    }
}

const COLUMNS: &str = "id, user_id, created_at, seen_at, ip, agent, totp_ok, totp_draft";

/// A session as it begins.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) ip: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) totp_ok: bool,
}

pub(crate) async fn insert_session(tx: &Tx, s: NewSession<'_>) -> Result<()> {
    tx.exec(
        "INSERT INTO session (id, user_id, token_hash, created_at, seen_at, ip, agent, totp_ok)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        vals![s.id, s.user, s.token_hash, tx.now(), s.ip, s.agent, s.totp_ok],
    )
    .await?;
    // Sessions that ended long ago are of no use to anybody.
    tx.exec("DELETE FROM session WHERE seen_at < $1", vals![tx.now().plus_ms(-HOME_SESSION_MS)]).await?;
    Ok(())
}

pub(crate) async fn session_by_token<C: Sql>(conn: &C, hash: &[u8]) -> Result<Option<SessionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM session WHERE token_hash = $1 AND revoked_at IS NULL");
    conn.one(&sql, vals![hash.to_vec()]).await
}

pub(crate) async fn session_by_id<C: Sql>(conn: &C, id: SessionId) -> Result<Option<SessionRow>> {
    let sql = format!("SELECT {COLUMNS} FROM session WHERE id = $1 AND revoked_at IS NULL");
    conn.one(&sql, vals![id]).await
}

/// Sessions of one account that still hold, last used first.
pub(crate) async fn sessions_of(db: &Db, user: UserId) -> Result<Vec<SessionInfo>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM session WHERE user_id = $1 AND revoked_at IS NULL AND (
           (seen_at > $2 AND created_at > $3) OR (seen_at > $4 AND created_at > $5 AND EXISTS (
             SELECT 1 FROM account a WHERE a.id = session.user_id AND a.role IN ('elder', 'family'))))
         ORDER BY seen_at DESC, id DESC LIMIT 100"
    );
    let now = db.now();
    let since = [IDLE_MS, SESSION_MS, HOME_IDLE_MS, HOME_SESSION_MS].map(|ms| now.plus_ms(-ms));
    let rows: Vec<SessionRow> = db.read().all(&sql, vals![user, since[0], since[1], since[2], since[3]]).await?;
    Ok(rows.into_iter().map(SessionInfo::from).collect())
}

/// One line of the list of all sessions.
#[derive(Clone, Debug, FromQueryResult)]
pub struct SessionLine {
    pub id: SessionId,
    pub user_id: UserId,
    pub name: String,
    pub role: String,
    pub region: RegionCode,
    pub created_at: Instant,
    pub seen_at: Instant,
    pub ip: String,
    pub agent: String,
}

/// Sessions that hold, of accounts in a region.
pub(crate) async fn page_sessions(
    db: &Db,
    scope: &Scope,
    q: &str,
    order: &str,
    page: PageAsk,
) -> Result<Paged<SessionLine>> {
    let now = db.now();
    let mut f = Filter::from("session s JOIN account a ON a.id = s.user_id");
    f.region("a.region", scope).clause("s.revoked_at IS NULL", vec![]);
    f.clause(
        "((s.seen_at > ? AND s.created_at > ?) OR (s.seen_at > ? AND s.created_at > ? AND a.role IN ('elder', 'family')))",
        [IDLE_MS, SESSION_MS, HOME_IDLE_MS, HOME_SESSION_MS].map(|ms| now.plus_ms(-ms).into()).to_vec(),
    );
    if !q.is_empty() {
        f.and("a.name LIKE ?", format!("%{q}%"));
    }
    db.read()
        .page("s.id, s.user_id, a.name, a.role, a.region, s.created_at, s.seen_at, s.ip, s.agent", &f, order, page)
        .await
}

pub(crate) async fn touch_session(tx: &Tx, id: SessionId, at: Instant) -> Result<()> {
    tx.exec("UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", vals![id, at]).await?;
    Ok(())
}

/// The second factor was given: its draft, if there was one, is done with.
pub(crate) async fn session_second_factor_ok(tx: &Tx, id: SessionId) -> Result<()> {
    tx.exec("UPDATE session SET totp_ok = TRUE, totp_draft = NULL WHERE id = $1", vals![id]).await?;
    Ok(())
}

pub(crate) async fn set_totp_draft(tx: &Tx, id: SessionId, sealed: Option<Vec<u8>>) -> Result<()> {
    tx.exec("UPDATE session SET totp_draft = $2 WHERE id = $1", vals![id, sealed]).await?;
    Ok(())
}

pub(crate) async fn revoke_session(tx: &Tx, id: SessionId) -> Result<u64> {
    tx.exec("UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", vals![id, tx.now()]).await
}

/// Ends all sessions of an account, or all but one.
pub(crate) async fn revoke_sessions_of(tx: &Tx, user: UserId, but: Option<SessionId>) -> Result<u64> {
    let mut sql = String::from("UPDATE session SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL");
    let mut values = vals![user, tx.now()];
    if let Some(keep) = but {
        sql.push_str(" AND id <> $3");
        values.push(keep.into());
    }
    tx.exec(&sql, values).await
}
