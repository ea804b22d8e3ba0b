//! A signed-in browser for tests of other crates.
use crate::authenticator::COOKIE;
use crate::model::NewAccount;
use crate::secret::token;
use crate::store as sql;
use kernel::{OrgId, RegionCode, Result, Role, SessionId, UserId, WorkerId};
use store::Db;

/// An account with a full session.
#[derive(Clone, Debug)]
pub struct Signed {
    pub user: UserId,
    pub session: SessionId,
    /// The value of the `Cookie` header; the token of forms is [`web::csrf_token`] of the session.
    pub cookie: String,
}

/// Makes an account of a role, region and, for provider people, organisation and worker, and signs it in without
/// asking for anything.
pub async fn session(
    db: &Db,
    role: Role,
    region: RegionCode,
    org: Option<OrgId>,
    worker: Option<WorkerId>,
) -> Result<Signed> {
    let user: UserId = db.new_id();
    let new = NewAccount {
        login: format!("test-{user}"),
        name: format!("测试{}", role.zh()),
        role,
        region,
        org,
        worker,
        password: None,
        must_change: false,
    };
    let tx = db.begin().await?;
    sql::insert_account(&tx, user, &new).await?;
    let session: SessionId = db.new_id();
    let token = token("")?;
    let s = sql::NewSession { id: session, user, token_hash: token.hash, ip: "", agent: "test", totp_ok: true };
    sql::insert_session(&tx, s).await?;
    tx.commit().await?;
    Ok(Signed { user, session, cookie: format!("{COOKIE}={}", token.text) })
}

/// The code a second factor shows now, from the text typed into an authenticator app.
pub fn code_of(typed: &str, now: kernel::Instant) -> Option<String> {
    crate::totp::Secret::from_typed(typed).map(|s| s.code_at(now))
}
