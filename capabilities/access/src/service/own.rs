//! What everyone changes of the own account.
use super::{PASSWORD_CHANGED, TOTP_OFF, TOTP_ON};
use crate::authenticator::Access;
use crate::model::{Account, Scale};
use crate::secret::password_fits;
use crate::store as sql;
use audit::Entry;
use kernel::{Actor, Error, Result, SessionId, UserId};
use store::Db;
use web::Viewer;

/// Whether an installation asks the password again before a grave step. The demo does not: its people are entered with
/// one click and have no password.
pub fn asks_password(site: &web::Site) -> bool {
    !site.demo
}

/// Asks for the actor's own password again before a grave step, so that a passer-by at an open screen cannot take it.
/// Wrong ones count like wrong sign-ins and lock the account the same way. In the demo nothing is asked
/// ([`asks_password`]).
///
/// # Errors
/// `Invalid` at `password`: empty, wrong, or locked until; `Forbidden` for an API key, which has no password.
pub async fn confirm_password(db: &Db, site: &web::Site, actor: &Actor, password: &str) -> Result<()> {
    if !asks_password(site) {
        return Ok(());
    }
    if password.is_empty() {
        return Err(Error::invalid("password", "密码没有填"));
    }
    let nobody = || Error::Forbidden("这一步要本人登录后做，接口密钥不行".into());
    confirm(db, actor.user_id().ok_or_else(nobody)?, password, "password").await.map_err(|e| match e {
        Error::SignIn => nobody(),
        other => other,
    })
}

/// The password of an account, named as `field` of the form it was typed into.
async fn confirm(db: &Db, user: UserId, password: &str, field: &str) -> Result<()> {
    let account = sql::account_by_id(db.read(), user).await?.ok_or(Error::SignIn)?;
    let locked = |until| Error::invalid(field, crate::model::locked_message(until));
    if let Some(until) = account.locked(db.now()) {
        return Err(locked(until));
    }
    let hash = sql::password_hash(db.read(), user).await?;
    if password_fits(password, hash).await? {
        // Guesses sent all at once: whoever locked the account meanwhile is not let in by the right one among them.
        let after = sql::account_by_id(db.read(), user).await?.ok_or(Error::SignIn)?;
        return after.locked(db.now()).map_or(Ok(()), |until| Err(locked(until)));
    }
    let client = super::Client::default();
    match super::sign_in::miss::<()>(db, account.region, &client, Some(user), &account.login, "密码").await {
        Err(Error::Refused(m)) => Err(Error::invalid(field, m)),
        other => other,
    }
}

impl Access {
    /// The viewer's own account.
    ///
    /// # Errors
    /// `Forbidden` for an API key, which has none.
    pub async fn own(&self, viewer: &Viewer) -> Result<Account> {
        self.own_session(viewer)?;
        sql::account_by_id(self.db.read(), viewer.user).await?.ok_or(Error::SignIn)
    }

    fn own_session(&self, viewer: &Viewer) -> Result<SessionId> {
        viewer.session.ok_or_else(|| Error::Forbidden("接口密钥没有自己的设置".into()))
    }

    /// Contrast and size of the pages for the viewer.
    pub async fn set_display(&self, viewer: &Viewer, contrast_high: bool, scale: Scale) -> Result<()> {
        self.own_session(viewer)?;
        let tx = self.db.begin().await?;
        sql::set_display(&tx, viewer.user, contrast_high, scale).await?;
        tx.commit().await?;
        self.forget_user(viewer.user);
        Ok(())
    }

    /// Changes the viewer's password and ends the other sessions.
    ///
    /// # Errors
    /// `Invalid` names the wrong field.
    pub async fn change_password(&self, viewer: &Viewer, old: &str, new: &str, again: &str) -> Result<()> {
        let session = self.own_session(viewer)?;
        let account = self.own(viewer).await?;
        confirm(&self.db, account.id, old, "old").await?;
        let hashed = self.new_password(&account, new, again).await?;
        let tx = self.db.begin().await?;
        sql::set_password(&tx, account.id, hashed.stored(), false).await?;
        sql::revoke_sessions_of(&tx, account.id, Some(session)).await?;
        let entry = Entry::new(PASSWORD_CHANGED, "account", account.id).region(account.region);
        audit::record(&tx, &viewer.actor(), entry).await?;
        tx.commit().await?;
        self.forget_user(account.id);
        Ok(())
    }

    /// Binds a second factor, or another one in place of the old, with its first code.
    ///
    /// # Errors
    /// `Invalid`: the password or the code.
    pub(crate) async fn bind_totp(&self, viewer: &Viewer, password: &str, code: &str) -> Result<()> {
        let session = self.own_session(viewer)?;
        let account = self.own(viewer).await?;
        confirm(&self.db, account.id, password, "password").await?;
        let draft = self.draft(session).await?.ok_or_else(|| Error::invalid("code", "先扫码，再填验证码"))?;
        let now = self.db.now();
        let step = draft.step_of(code, now).ok_or_else(|| Error::invalid("code", "验证码不对，看手机上最新的 6 位"))?;
        let sealed = self.db.keys().seal(store::Secret::Totp, &draft.to_hex())?;
        let tx = self.db.begin().await?;
        sql::set_second_factor(&tx, account.id, Some(sealed), step).await?;
        // This session has just shown both factors; the others have not shown the new one.
        sql::session_second_factor_ok(&tx, session).await?;
        sql::revoke_sessions_of(&tx, account.id, Some(session)).await?;
        audit::record(&tx, &viewer.actor(), Entry::new(TOTP_ON, "account", account.id).region(account.region)).await?;
        tx.commit().await?;
        self.forget_user(account.id);
        Ok(())
    }

    /// Takes the viewer's second factor away where the role does not need one.
    ///
    /// # Errors
    /// `Refused` for a role that needs it; `Invalid` for the password.
    pub(crate) async fn unbind_totp(&self, viewer: &Viewer, password: &str) -> Result<()> {
        let account = self.own(viewer).await?;
        if account.role.needs_totp() {
            return Err(Error::refused(format!("{}一定要用动态验证码，可以换一部手机", account.role.zh())));
        }
        confirm(&self.db, account.id, password, "off_password").await?;
        let tx = self.db.begin().await?;
        sql::set_second_factor(&tx, account.id, None, 0).await?;
        audit::record(&tx, &viewer.actor(), Entry::new(TOTP_OFF, "account", account.id).region(account.region)).await?;
        tx.commit().await?;
        self.forget_user(account.id);
        Ok(())
    }
}
