//! Signing in: password, second factor, own password; and out again.
use super::{LOCKED, PASSWORD_CHANGED, SIGNED_IN, SIGNED_OUT, TOTP_ON, WRONG};
use crate::authenticator::Access;
use crate::model::{
    ADDRESS_LIMIT, Account, Misses, Next, WRONG_LIMIT, check_password, locked_message, session_limits, tidy_login,
};
use crate::secret::{HashedPassword, password_fits, token, token_hash};
use crate::store as sql;
use crate::totp::Secret;
use audit::{Action, Entry};
use kernel::{Actor, Error, OrgScope, RegionCode, Result, Scope, SessionId, UserId};
use store::{Db, Tx};

/// Where a sign-in comes from; kept with the session.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Empty when the server does not know it.
    pub ip: String,
    pub agent: String,
}

/// What the browser gets.
#[derive(Debug)]
pub struct SignedIn {
    /// The cookie's value.
    pub token: String,
    pub session: SessionId,
    /// How long the session lives at most, milliseconds.
    pub lasts: i64,
    pub next: Next,
}

/// A session whose holder still owes a step.
pub(crate) struct Half {
    pub(crate) session: SessionId,
    pub(crate) account: Account,
    pub(crate) next: Next,
}

/// A second factor being enrolled: what to show of it.
pub(crate) struct Enrolment {
    pub(crate) uri: String,
    pub(crate) typed: String,
}

/// Who writes down what happens before anybody is known.
fn door(region: RegionCode) -> Actor {
    Actor::Platform { job: "sign_in", scope: Scope { region, org: OrgScope::Any } }
}

fn person(a: &Account) -> Actor {
    let scope = a.scope().unwrap_or(Scope { region: a.region, org: OrgScope::Any });
    Actor::Person { user: a.id, name: a.name.clone(), role: a.role, scope }
}

impl Access {
    /// Checks login and password and opens a session; [`SignedIn::next`] says what is still owed.
    ///
    /// # Errors
    /// `Refused` with the sentence for the person: wrong, locked until, account or organisation stopped.
    pub async fn sign_in(&self, client: &Client, login: &str, password: &str) -> Result<SignedIn> {
        let login = tidy_login(login);
        self.address_may_try(client).await?;
        if password.chars().count() > 128 {
            return self.miss(client, None, &login, "账号或密码").await;
        }
        let found = sql::credentials(self.db.read(), &login).await?;
        let (id, hash) = found.map_or((None, None), |(id, hash)| (Some(id), hash));
        if !password_fits(password, hash.clone()).await? {
            return self.miss(client, id, &login, "账号或密码").await;
        }
        let Some(id) = id else { return self.miss(client, None, &login, "账号或密码").await };
        let tx = self.db.begin().await?;
        let account = sql::lock_account(&tx, id).await?.ok_or_else(|| Error::internal("account vanished"))?;
        if let Some(until) = account.locked(tx.now()) {
            return Err(Error::refused(locked_message(until)));
        }
        if sql::password_hash(&tx, id).await? != hash {
            return Err(Error::refused("密码刚刚改了，用新密码再登录"));
        }
        self.may_enter(&account).await?;
        let next = account.owes(false);
        // The count goes back to nothing only when the last factor was right: otherwise whoever has the password could
        // guess codes for ever.
        if matches!(next, Next::Home | Next::ChangePassword) {
            sql::set_misses(&tx, id, Misses::default()).await?;
        }
        let out = self.open_session(&tx, client, &account, false, next).await?;
        if next == Next::Home {
            self.note(&tx, &person(&account), SIGNED_IN, &account, "password").await?;
        }
        tx.commit().await?;
        Ok(out)
    }

    /// The demo's one click: a session of any account, without password and second factor.
    ///
    /// # Errors
    /// `Forbidden` on an installation that is no demo; `NotFound`.
    pub async fn demo_login(&self, site: &web::Site, client: &Client, user: UserId) -> Result<SignedIn> {
        if !site.demo {
            return Err(Error::Forbidden("只有演示才能一点就进".into()));
        }
        let tx = self.db.begin().await?;
        let account = sql::account_by_id(&tx, user).await?.ok_or_else(|| Error::NotFound("这个身份".into()))?;
        self.may_enter(&account).await?;
        let out = self.open_session(&tx, client, &account, true, account.owes(true)).await?;
        self.note(&tx, &person(&account), SIGNED_IN, &account, "demo").await?;
        tx.commit().await?;
        Ok(out)
    }

    async fn may_enter(&self, account: &Account) -> Result<()> {
        if account.active && self.viewer_of(account, None).await?.is_some() {
            return Ok(());
        }
        Err(Error::refused("这个账号停用了，找管理员"))
    }

    async fn open_session(
        &self,
        tx: &Tx,
        client: &Client,
        account: &Account,
        totp_ok: bool,
        next: Next,
    ) -> Result<SignedIn> {
        let token = token("")?;
        let session: SessionId = self.db.new_id();
        let agent: String = client.agent.chars().take(300).collect();
        let new = sql::NewSession {
            id: session,
            user: account.id,
            token_hash: token.hash,
            ip: &client.ip,
            agent: &agent,
            totp_ok,
        };
        sql::insert_session(tx, new).await?;
        Ok(SignedIn { token: token.text, session, lasts: session_limits(account.role).1, next })
    }

    async fn note(&self, tx: &Tx, actor: &Actor, action: Action, a: &Account, how: &str) -> Result<()> {
        let entry = Entry::new(action, "account", a.id).region(a.region).detail(serde_json::json!({ "how": how }));
        audit::record(tx, actor, entry).await
    }

    async fn address_may_try(&self, client: &Client) -> Result<()> {
        if client.ip.is_empty() {
            return Ok(());
        }
        let now = self.db.now();
        let m = sql::throttle(self.db.read(), &address_key(client), now).await?;
        match m.locked_until.filter(|u| *u > now) {
            Some(until) => Err(Error::refused(locked_message(until))),
            None => Ok(()),
        }
    }

    /// [`miss`] on this installation.
    pub(super) async fn miss<T>(&self, client: &Client, user: Option<UserId>, login: &str, what: &str) -> Result<T> {
        miss(&self.db, self.region, client, user, login, what).await
    }

    /// The half signed-in session of these headers.
    ///
    /// # Errors
    /// `SignIn` when there is none.
    pub(crate) async fn half(&self, headers: &axum::http::HeaderMap) -> Result<Half> {
        let (s, account, next) = self.half_signed_in(headers).await?.ok_or(Error::SignIn)?;
        Ok(Half { session: s.id, account, next })
    }

    /// What to show for enrolling a second factor in this session; the same until it is confirmed.
    pub(crate) async fn enrolment(&self, session: SessionId, login: &str) -> Result<Enrolment> {
        let secret = match self.draft(session).await? {
            Some(s) => s,
            None => {
                let fresh = Secret::random()?;
                let sealed = self.db.keys().seal(store::Secret::Totp, &fresh.to_hex())?;
                let tx = self.db.begin().await?;
                sql::set_totp_draft(&tx, session, Some(sealed)).await?;
                tx.commit().await?;
                fresh
            }
        };
        Ok(Enrolment { uri: secret.uri(login), typed: secret.for_typing() })
    }

    pub(crate) async fn draft(&self, session: SessionId) -> Result<Option<Secret>> {
        let row = sql::session_by_id(self.db.read(), session).await?.ok_or(Error::SignIn)?;
        match row.totp_draft {
            Some(sealed) => Ok(Some(Secret::from_hex(&self.db.keys().open(store::Secret::Totp, &sealed)?)?)),
            None => Ok(None),
        }
    }

    /// Takes a code: of the enrolled factor, or the first of one being enrolled. Answers what is still owed.
    ///
    /// # Errors
    /// `Refused`: wrong, used before, locked.
    pub(crate) async fn second_factor(&self, client: &Client, half: &Half, code: &str) -> Result<Next> {
        self.address_may_try(client).await?;
        let id = half.account.id;
        let enrolling = half.next == Next::EnrolTotp;
        let draft = if enrolling { self.draft(half.session).await? } else { None };
        let tx = self.db.begin().await?;
        let account = sql::lock_account(&tx, id).await?.ok_or(Error::SignIn)?;
        if let Some(until) = account.locked(tx.now()) {
            return Err(Error::refused(locked_message(until)));
        }
        let (sealed, last) = sql::second_factor(&tx, id).await?;
        let secret = match (&sealed, draft) {
            (Some(s), _) => Secret::from_hex(&self.db.keys().open(store::Secret::Totp, s)?)?,
            (None, Some(d)) => d,
            (None, None) => return Err(Error::refused("先扫码，再填验证码")),
        };
        // A code is good once: its step has to be later than the last one taken.
        let Some(step) = secret.step_of(code, tx.now()).filter(|s| sealed.is_none() || *s > last) else {
            tx.rollback().await?;
            return self.miss(client, Some(id), &account.login, "验证码").await;
        };
        let keep = match sealed {
            Some(s) => s,
            None => self.db.keys().seal(store::Secret::Totp, &secret.to_hex())?,
        };
        sql::set_second_factor(&tx, id, Some(keep), step).await?;
        sql::session_second_factor_ok(&tx, half.session).await?;
        sql::set_misses(&tx, id, Misses::default()).await?;
        let actor = person(&account);
        let mut entries = Vec::new();
        if enrolling {
            entries.push(Entry::new(TOTP_ON, "account", id).region(account.region));
        }
        let next = account.owes(true);
        if next == Next::Home {
            entries.push(
                Entry::new(SIGNED_IN, "account", id)
                    .region(account.region)
                    .detail(serde_json::json!({ "how": "password+totp" })),
            );
        }
        audit::record_many(&tx, &actor, &entries).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Replaces the given password by an own one; the session is full from now on.
    ///
    /// # Errors
    /// `Invalid` for a password that is not good enough or the given one again.
    pub(crate) async fn first_password(&self, half: &Half, new: &str, again: &str) -> Result<()> {
        if half.next != Next::ChangePassword {
            return Err(Error::refused("先填验证码"));
        }
        let a = &half.account;
        let hashed = self.new_password(a, new, again).await?;
        let tx = self.db.begin().await?;
        sql::set_password(&tx, a.id, hashed.stored(), false).await?;
        sql::revoke_sessions_of(&tx, a.id, Some(half.session)).await?;
        let how = serde_json::json!({ "how": "first_password" });
        audit::record_many(
            &tx,
            &person(a),
            &[
                Entry::new(PASSWORD_CHANGED, "account", a.id).region(a.region),
                Entry::new(SIGNED_IN, "account", a.id).region(a.region).detail(how),
            ],
        )
        .await?;
        tx.commit().await?;
        self.forget_user(a.id);
        Ok(())
    }

    /// Checks a new password for an account and hashes it.
    pub(crate) async fn new_password(&self, a: &Account, new: &str, again: &str) -> Result<HashedPassword> {
        check_password(new, &a.login).map_err(|m| Error::invalid("new", m))?;
        if new != again {
            return Err(Error::invalid("again", "两次填的不一样，再填一次"));
        }
        let old = sql::password_hash(self.db.read(), a.id).await?;
        if old.is_some() && password_fits(new, old).await? {
            return Err(Error::invalid("new", "和现在的密码一样，换一个"));
        }
        HashedPassword::of(new).await
    }

    /// Ends a session.
    pub async fn sign_out(&self, actor: &Actor, session: SessionId) -> Result<()> {
        let tx = self.db.begin().await?;
        if sql::revoke_session(&tx, session).await? > 0 {
            let region = actor.scope().region;
            audit::record(&tx, actor, Entry::new(SIGNED_OUT, "session", session).region(region)).await?;
        }
        tx.commit().await?;
        self.forget_session(session);
        Ok(())
    }
}

/// Counts a wrong attempt against the account (or the unknown login, so that both answer alike) and the address.
/// Always an error.
pub(super) async fn miss<T>(
    db: &Db,
    installation: RegionCode,
    client: &Client,
    user: Option<UserId>,
    login: &str,
    what: &str,
) -> Result<T> {
    let tx = db.begin().await?;
    let now = tx.now();
    let account = match user {
        Some(id) => sql::lock_account(&tx, id).await?,
        None => None,
    };
    let unknown = unknown_key(login);
    let before = match &account {
        Some(a) => Misses { failed: a.failed, locked_until: a.locked_until },
        None => sql::throttle(&tx, &unknown, now).await?,
    };
    let locked = before.locked_until.filter(|u| *u > now);
    let after = if locked.is_some() { before } else { before.again(now, WRONG_LIMIT) };
    let region = account.as_ref().map_or(installation, |a| a.region);
    let entity = account.as_ref().map_or_else(|| unknown.clone(), |a| a.id.to_string());
    let mut entries = Vec::new();
    if locked.is_none() {
        entries.push(Entry::new(WRONG, "account", &entity).region(region));
        match &account {
            Some(a) => sql::set_misses(&tx, a.id, after).await?,
            None => sql::set_throttle(&tx, &unknown, after).await?,
        }
        if after.locked_until.is_some() {
            entries.push(Entry::new(LOCKED, "account", &entity).region(region));
        }
    }
    // Counted even where the account is locked: every attempt costs a hash.
    if !client.ip.is_empty() {
        let key = address_key(client);
        let m = sql::throttle(&tx, &key, now).await?.again(now, ADDRESS_LIMIT);
        sql::set_throttle(&tx, &key, m).await?;
        if m.locked_until.is_some() {
            entries.push(Entry::new(LOCKED, "address", &client.ip).region(region));
        }
    }
    audit::record_many(&tx, &door(region), &entries).await?;
    tx.commit().await?;
    Err(Error::refused(after.message(what)))
}

fn address_key(client: &Client) -> String {
    format!("ip:{}", client.ip)
}

/// A login nobody has is counted too, under its hash: people type passwords into the wrong field.
fn unknown_key(login: &str) -> String {
    format!("login:{}", hex::encode(&token_hash(login)[..12]))
}
