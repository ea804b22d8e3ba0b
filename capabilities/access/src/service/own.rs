//! What everyone changes of the own account.
use super::{PASSWORD_CHANGED, TOTP_OFF, TOTP_ON};
use crate::authenticator::Access;
use crate::model::{Account, Scale};
use crate::secret::password_fits;
use crate::store as sql;
use audit::Entry;
use kernel::{Error, Result, SessionId};
use web::Viewer;

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

    /// Asks the present password before something that a passer-by at an open screen must not do. Wrong ones count
    /// like wrong sign-ins.
    async fn confirm(&self, account: &Account, password: &str, field: &str) -> Result<()> {
        let hash = sql::password_hash(self.db.read(), account.id).await?;
        if let Some(until) = account.locked(self.db.now()) {
            return Err(Error::invalid(field, crate::model::locked_message(until)));
        }
        if password_fits(password, hash).await? {
            return Ok(());
        }
        let client = super::Client::default();
        match self.miss::<()>(&client, Some(account.id), &account.login, "现在的密码").await {
            Err(Error::Refused(m)) => Err(Error::invalid(field, m)),
            other => other,
        }
    }

    /// Changes the viewer's password and ends the other sessions.
    ///
    /// # Errors
    /// `Invalid` names the wrong field.
    pub async fn change_password(&self, viewer: &Viewer, old: &str, new: &str, again: &str) -> Result<()> {
        let session = self.own_session(viewer)?;
        let account = self.own(viewer).await?;
        self.confirm(&account, old, "old").await?;
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
        self.confirm(&account, password, "password").await?;
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
        self.confirm(&account, password, "off_password").await?;
        let tx = self.db.begin().await?;
        sql::set_second_factor(&tx, account.id, None, 0).await?;
        audit::record(&tx, &viewer.actor(), Entry::new(TOTP_OFF, "account", account.id).region(account.region)).await?;
        tx.commit().await?;
        self.forget_user(account.id);
        Ok(())
    }
}
