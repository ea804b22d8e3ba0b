//! From a request's cookie or key to a viewer, without a query on most requests.
use crate::model::{Account, Next, session_holds, session_limits};
use crate::secret::token_hash;
use crate::store as sql;
use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use kernel::{Instant, OrgId, RegionCode, Result, SessionId, UserId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::Db;
use web::{Authenticator, Viewer};

/// The session cookie's name.
pub const COOKIE: &str = "yn_session";
/// What every API key begins with.
pub(crate) const KEY_PREFIX: &str = "yn_";
/// A remembered session or key is read again from the database after this long.
pub const FRESH_MS: i64 = 30_000;
/// A session's last use is written down at most this often.
const TOUCH_MS: i64 = Instant::MINUTE;
/// Sessions kept in memory; beyond it those that are no longer fresh are dropped.
const REMEMBERED: usize = 8192;

/// Signs people in and knows them again. One a process: it is the authenticator of [`web::App`] and, as the same
/// value, one of its things.
pub struct Access {
    pub(crate) db: Db,
    pub(crate) region: RegionCode,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    by_token: HashMap<[u8; 32], Known>,
    /// Grows with every forgetting, so that what was read before it is not remembered after it.
    epoch: u64,
}

#[derive(Clone)]
struct Known {
    viewer: Viewer,
    read_at: Instant,
    seen_at: Instant,
    /// The end in any case: of a session's seven days or of a key.
    ends_at: Instant,
}

impl Known {
    fn fresh(&self, now: Instant) -> bool {
        (0..FRESH_MS).contains(&now.since(self.read_at))
    }
    fn holds(&self, now: Instant) -> bool {
        let used = self.viewer.session.is_none() || now.since(self.seen_at) < session_limits(self.viewer.role).0;
        used && now < self.ends_at
    }
}

impl Access {
    /// `region` is the installation's: what nobody known did is recorded there.
    pub fn new(db: Db, region: RegionCode) -> Access {
        Access { db, region, memory: Mutex::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // The map is whole after every statement, so a panic elsewhere leaves nothing half-done in it.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn forget(&self, gone: impl Fn(&Viewer) -> bool) {
        let mut m = self.memory();
        m.epoch += 1;
        m.by_token.retain(|_, k| !gone(&k.viewer));
    }
    pub(crate) fn forget_session(&self, id: SessionId) {
        self.forget(|v| v.session == Some(id));
    }
    /// An account's sessions, or an API key by its id.
    pub(crate) fn forget_user(&self, id: UserId) {
        self.forget(|v| v.user == id);
    }
    pub(crate) fn forget_org(&self, id: OrgId) {
        self.forget(|v| v.org == Some(id));
    }

    async fn known(&self, token: &str) -> Result<Option<Viewer>> {
        let hash = token_hash(token);
        let now = self.db.now();
        let (held, epoch) = {
            let m = self.memory();
            (m.by_token.get(&hash).cloned(), m.epoch)
        };
        let known = match held {
            Some(k) if k.fresh(now) => Some(k),
            other => {
                let read = if token.starts_with(KEY_PREFIX) {
                    self.read_key(&hash, now).await?
                } else {
                    self.read_session(&hash, now).await?
                };
                // What this process saw last may be written down only in a moment.
                read.map(|mut k| {
                    k.seen_at = k.seen_at.max(other.map_or(k.seen_at, |o| o.seen_at));
                    k
                })
            }
        };
        let Some(mut known) = known.filter(|k| k.holds(now)) else {
            self.memory().by_token.remove(&hash);
            return Ok(None);
        };
        if let Some(session) = known.viewer.session
            && now.since(known.seen_at) >= TOUCH_MS
        {
            known.seen_at = now;
            self.touch_later(session, now);
        }
        let viewer = known.viewer.clone();
        let mut m = self.memory();
        if m.epoch == epoch {
            if m.by_token.len() >= REMEMBERED {
                m.by_token.retain(|_, k| k.fresh(now));
            }
            m.by_token.insert(hash, known);
        }
        Ok(Some(viewer))
    }

    /// Written beside the request: a page does not wait for the database's writer.
    fn touch_later(&self, session: SessionId, at: Instant) {
        let db = self.db.clone();
        tokio::spawn(async move {
            let write = async {
                let tx = db.begin().await?;
                sql::touch_session(&tx, session, at).await?;
                tx.commit().await
            };
            if let Err(e) = write.await {
                tracing::warn!(error = %e, "a session's last use was not written");
            }
        });
    }

    async fn read_session(&self, hash: &[u8; 32], now: Instant) -> Result<Option<Known>> {
        let Some(s) = sql::session_by_token(self.db.read(), hash).await? else { return Ok(None) };
        let Some(account) = sql::account_by_id(self.db.read(), s.user_id).await? else { return Ok(None) };
        if !account.active || account.owes(s.totp_ok) != Next::Home {
            return Ok(None);
        }
        let Some(viewer) = self.viewer_of(&account, Some(s.id)).await? else { return Ok(None) };
        let ends_at = s.created_at.plus_ms(session_limits(account.role).1);
        Ok(Some(Known { viewer, read_at: now, seen_at: s.seen_at, ends_at }))
    }

    /// The viewer an account makes; `None` when its organisation is not active or its scope is not known.
    pub(crate) async fn viewer_of(&self, a: &Account, session: Option<SessionId>) -> Result<Option<Viewer>> {
        let Some(scope) = a.scope() else { return Ok(None) };
        let org = match a.org {
            Some(id) => sql::org_by_id(self.db.read(), id).await?,
            None => None,
        };
        if org.as_ref().is_some_and(|o| !o.active) {
            return Ok(None);
        }
        Ok(Some(Viewer {
            user: a.id,
            name: a.name.clone(),
            role: a.role,
            org_name: org.map(|o| o.name).unwrap_or_default(),
            org: a.org,
            worker: a.worker,
            full_scope: scope,
            scope,
            session,
            contrast_high: a.contrast_high,
            scale: a.scale.code().into(),
        }))
    }

    async fn read_key(&self, hash: &[u8; 32], now: Instant) -> Result<Option<Known>> {
        let Some(key) = sql::key_by_hash(self.db.read(), hash).await?.filter(|k| k.valid(now)) else {
            return Ok(None);
        };
        let Some(scope) = crate::model::scope(key.role, key.region, key.org, None) else { return Ok(None) };
        let org = match key.org {
            Some(id) => sql::org_by_id(self.db.read(), id).await?,
            None => None,
        };
        if org.as_ref().is_some_and(|o| !o.active) {
            return Ok(None);
        }
        let viewer = Viewer {
            user: key.id,
            name: format!("接口 {}", key.name),
            role: key.role,
            org_name: org.map(|o| o.name).unwrap_or_default(),
            org: key.org,
            worker: None,
            full_scope: scope,
            scope,
            session: None,
            contrast_high: false,
            scale: String::new(),
        };
        Ok(Some(Known { viewer, read_at: now, seen_at: now, ends_at: key.expires_at }))
    }

    /// A session whose holder still owes a step of signing in, with what is owed; `None` for a full one.
    pub(crate) async fn half_signed_in(&self, headers: &HeaderMap) -> Result<Option<(sql::SessionRow, Account, Next)>> {
        let Some(token) = web::cookie(headers, COOKIE) else { return Ok(None) };
        let Some(s) = sql::session_by_token(self.db.read(), &token_hash(&token)).await? else { return Ok(None) };
        let Some(account) = sql::account_by_id(self.db.read(), s.user_id).await? else { return Ok(None) };
        if !session_holds(account.role, s.created_at, s.seen_at, self.db.now()) {
            return Ok(None);
        }
        let next = account.owes(s.totp_ok);
        Ok((account.active && next != Next::Home).then_some((s, account, next)))
    }
}

#[async_trait]
impl Authenticator for Access {
    async fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>> {
        // A program that names a key is that key and nothing else, whatever cookies come along.
        if let Some(sent) = headers.get(header::AUTHORIZATION) {
            let key = sent.to_str().ok().and_then(|t| t.strip_prefix("Bearer ")).map(str::trim);
            return match key {
                Some(k) if k.starts_with(KEY_PREFIX) => self.known(k).await,
                _ => Ok(None),
            };
        }
        match web::cookie(headers, COOKIE) {
            // The prefix belongs to keys: a key in a cookie is no session.
            Some(t) if !t.starts_with(KEY_PREFIX) => self.known(&t).await,
            _ => Ok(None),
        }
    }

    async fn denied(&self, viewer: &Viewer, method: &str, path: &str) -> Result<()> {
        let tx = self.db.begin().await?;
        let shown: String = path.chars().take(200).collect();
        let entry = audit::Entry::new(crate::service::DENIED, "route", shown)
            .region(viewer.full_scope.region)
            .detail(serde_json::json!({ "method": method }));
        audit::record(&tx, &viewer.actor(), entry).await?;
        tx.commit().await
    }
}
