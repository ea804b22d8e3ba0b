//! Accounts.
use super::{
    ACCOUNT_CHANGED, ACCOUNT_MADE, ACCOUNT_OFF, ACCOUNT_ON, PASSWORD_RESET, SESSION_REVOKED, TOTP_RESET, inside,
};
use crate::authenticator::Access;
use crate::model::{Account, AccountEdit, NewAccount, SessionInfo, check_account, check_name, check_place, tidy_login};
use crate::secret::{HashedPassword, random_password, token};
use crate::store as sql;
use kernel::{
    Actor, Error, OrgId, PageAsk, Paged, Permission, RegionCode, Result, Role, Scope, SessionId, UserId, WorkerId,
};
use store::{Db, Tx};

/// Administrators keep the accounts of their region; a provider's manager those of its own workers.
fn may_keep(actor: &Actor, account: &Account) -> bool {
    if actor.require(Permission::AccessManage).is_ok() {
        return actor.scope().covers(&account.region);
    }
    account.role == Role::Worker
        && actor.require(Permission::WorkerWrite).is_ok()
        && account.org.is_some()
        && account.org == actor.scope().org_id()
}

fn no_account() -> Error {
    Error::NotFound("这个账号".into())
}

/// Opens an account.
///
/// # Errors
/// `Forbidden`; `Invalid` names every wrong field: login taken or misspelt, role and organisation that do not go
/// together, a region outside the actor's.
pub async fn create_account(tx: &Tx, db: &Db, actor: &Actor, new: NewAccount) -> Result<UserId> {
    actor.require(Permission::AccessManage)?;
    open(tx, db, actor, new).await
}

async fn open(tx: &Tx, db: &Db, actor: &Actor, mut new: NewAccount) -> Result<UserId> {
    new.login = tidy_login(&new.login);
    let org = match new.org {
        Some(id) => sql::org_by_id(tx, id).await?,
        None => None,
    };
    if new.org.is_some() && org.is_none() {
        return Err(Error::invalid("org", "没有这个单位"));
    }
    let mut wrong = check_account(&new, org.as_ref());
    if let Err(Error::Invalid(more)) = inside(actor, &new.region) {
        wrong.extend(more);
    }
    if sql::login_taken(tx, &new.login).await? {
        wrong.push(kernel::FieldError::new("login", "这个登录名有人用了，换一个"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let id: UserId = db.new_id();
    sql::insert_account(tx, id, &new).await?;
    let entry = audit::Entry::new(ACCOUNT_MADE, "account", id)
        .region(new.region)
        .detail(serde_json::json!({ "role": new.role.code(), "org": new.org }));
    audit::record(tx, actor, entry).await?;
    Ok(id)
}

/// What a care worker's account is made from; kept apart from [`NewAccount`] because a provider's manager opens it.
#[derive(Clone, Debug)]
pub struct NewWorkerAccount {
    pub org: OrgId,
    pub worker: WorkerId,
    pub region: RegionCode,
    pub name: String,
    pub login: String,
    /// Made by [`HashedPassword::of`]; it is a given one and has to be changed.
    pub password: Option<HashedPassword>,
}

/// Opens a care worker's account: administrators, and the manager of that organisation.
///
/// # Errors
/// As [`create_account`].
pub async fn create_worker_account(tx: &Tx, db: &Db, actor: &Actor, new: NewWorkerAccount) -> Result<UserId> {
    if actor.require(Permission::AccessManage).is_err() {
        actor.require(Permission::WorkerWrite)?;
        if actor.scope().org_id() != Some(new.org) {
            return Err(Error::NotFound("这个单位".into()));
        }
    }
    let new = NewAccount {
        login: new.login,
        name: new.name,
        role: Role::Worker,
        region: new.region,
        org: Some(new.org),
        worker: Some(new.worker),
        must_change: new.password.is_some(),
        password: new.password,
    };
    open(tx, db, actor, new).await
}

/// What the account of an elder or of family is made from: opened by the staff who know them.
#[derive(Clone, Debug)]
pub struct NewHomeAccount {
    /// Else family.
    pub elder: bool,
    /// The elder's village.
    pub region: RegionCode,
    pub name: String,
    pub login: String,
    pub password: Option<HashedPassword>,
}

/// Opens the account an elder or somebody of the family signs in with at home.
///
/// # Errors
/// As [`create_account`].
pub async fn create_home_account(tx: &Tx, db: &Db, actor: &Actor, new: NewHomeAccount) -> Result<UserId> {
    actor.require(Permission::SafetyPrepare)?;
    let new = NewAccount {
        login: new.login,
        name: new.name,
        role: if new.elder { Role::Elder } else { Role::Family },
        region: new.region,
        org: None,
        worker: None,
        must_change: new.password.is_some() && !new.elder,
        password: new.password,
    };
    open(tx, db, actor, new).await
}

/// A password to give to a person, to be shown once.
pub fn given_password() -> Result<String> {
    random_password()
}

/// The unguessable end of an address: 32 random bytes as hex.
pub fn link_token() -> Result<String> {
    token("").map(|t| t.text)
}

/// On an installation without accounts: opens `admin` and answers its login and password, to be shown once.
/// `None` when there is an account already.
pub async fn first_run(db: &Db, region: RegionCode) -> Result<Option<(String, String)>> {
    if sql::any_account(db.read()).await? {
        return Ok(None);
    }
    let password = random_password()?;
    let hashed = HashedPassword::of(&password).await?;
    let actor = Actor::Platform { job: "first_run", scope: Scope { region, org: kernel::OrgScope::Any } };
    let tx = db.begin().await?;
    if sql::any_account(&tx).await? {
        return Ok(None);
    }
    let new = NewAccount {
        login: "admin".into(),
        name: "管理员".into(),
        role: Role::Administrator,
        region,
        org: None,
        worker: None,
        password: Some(hashed),
        must_change: true,
    };
    create_account(&tx, db, &actor, new).await?;
    tx.commit().await?;
    Ok(Some(("admin".into(), password)))
}

/// One account the actor keeps.
///
/// # Errors
/// `NotFound` outside the actor's region or organisation.
pub async fn account(db: &Db, actor: &Actor, id: UserId) -> Result<Account> {
    sql::account_by_id(db.read(), id).await?.filter(|a| may_keep(actor, a)).ok_or_else(no_account)
}

/// One page of accounts of a region; `order` comes from the list's allow-listed columns.
pub async fn accounts(
    db: &Db,
    scope: &Scope,
    ask: &sql::AccountAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Account>> {
    sql::page_accounts(db, scope, ask, order, page).await
}

/// One page of sessions that hold, of accounts of a region.
pub async fn sessions(db: &Db, scope: &Scope, q: &str, order: &str, page: PageAsk) -> Result<Paged<sql::SessionLine>> {
    sql::page_sessions(db, scope, q, order, page).await
}

impl Access {
    async fn keep(&self, tx: &Tx, actor: &Actor, id: UserId) -> Result<Account> {
        sql::lock_account(tx, id).await?.filter(|a| may_keep(actor, a)).ok_or_else(no_account)
    }

    /// Changes name, role, region and organisation. All sessions of the account end: they were opened under another
    /// scope.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `Invalid`; `Refused` on one's own role or region.
    pub async fn update_account(&self, actor: &Actor, id: UserId, edit: AccountEdit) -> Result<()> {
        actor.require(Permission::AccessManage)?;
        let tx = self.db.begin().await?;
        let old = self.keep(&tx, actor, id).await?;
        let moved = (old.role, old.region, old.org) != (edit.role, edit.region, edit.org);
        if moved && actor.user_id() == Some(id) {
            return Err(Error::refused("自己的角色和区域要由另一位管理员来改"));
        }
        let org = match edit.org {
            Some(o) => sql::org_by_id(&tx, o).await?,
            None => None,
        };
        let mut wrong = check_place(edit.role, org.as_ref(), old.worker);
        wrong.extend(check_name(&edit.name));
        if edit.org.is_some() && org.is_none() {
            wrong.push(kernel::FieldError::new("org", "没有这个单位"));
        }
        if let Err(Error::Invalid(more)) = inside(actor, &edit.region) {
            wrong.extend(more);
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        sql::update_account(&tx, id, &edit).await?;
        if moved {
            sql::revoke_sessions_of(&tx, id, None).await?;
        }
        let entry = audit::Entry::new(ACCOUNT_CHANGED, "account", id).region(edit.region).detail(serde_json::json!({
            "role": edit.role.code(), "region": edit.region, "org": edit.org, "renamed": old.name != edit.name.trim()
        }));
        audit::record(&tx, actor, entry).await?;
        tx.commit().await?;
        self.forget_user(id);
        Ok(())
    }

    /// Stops an account, ending its sessions, or lets it in again.
    ///
    /// # Errors
    /// `NotFound`; `Refused` on oneself, so that one administrator always remains.
    pub async fn set_active(&self, actor: &Actor, id: UserId, active: bool) -> Result<()> {
        if actor.user_id() == Some(id) {
            return Err(Error::refused("不能停自己的账号，由另一位管理员来停"));
        }
        let tx = self.db.begin().await?;
        let old = self.keep(&tx, actor, id).await?;
        sql::set_active(&tx, id, active).await?;
        if !active {
            sql::revoke_sessions_of(&tx, id, None).await?;
        }
        let action = if active { ACCOUNT_ON } else { ACCOUNT_OFF };
        audit::record(&tx, actor, audit::Entry::new(action, "account", id).region(old.region)).await?;
        tx.commit().await?;
        self.forget_user(id);
        Ok(())
    }

    /// Gives a new random password, answered to be shown once; lifts a lock and ends all sessions.
    ///
    /// # Errors
    /// `NotFound`; `Refused` on oneself, who changes the password under settings.
    pub async fn reset_password(&self, actor: &Actor, id: UserId) -> Result<String> {
        if actor.user_id() == Some(id) {
            return Err(Error::refused("自己的密码在设置里改"));
        }
        account(&self.db, actor, id).await?;
        let password = random_password()?;
        let hashed = HashedPassword::of(&password).await?;
        let tx = self.db.begin().await?;
        let old = self.keep(&tx, actor, id).await?;
        sql::set_password(&tx, id, hashed.stored(), true).await?;
        sql::revoke_sessions_of(&tx, id, None).await?;
        audit::record(&tx, actor, audit::Entry::new(PASSWORD_RESET, "account", id).region(old.region)).await?;
        tx.commit().await?;
        self.forget_user(id);
        Ok(password)
    }

    /// Takes the second factor away, e.g. after a phone was lost; the next sign-in enrols a new one.
    ///
    /// # Errors
    /// `NotFound`; `Refused` on oneself.
    pub async fn reset_totp(&self, actor: &Actor, id: UserId) -> Result<()> {
        if actor.user_id() == Some(id) {
            return Err(Error::refused("自己的动态验证码在设置里换"));
        }
        let tx = self.db.begin().await?;
        let old = self.keep(&tx, actor, id).await?;
        sql::set_second_factor(&tx, id, None, 0).await?;
        sql::revoke_sessions_of(&tx, id, None).await?;
        audit::record(&tx, actor, audit::Entry::new(TOTP_RESET, "account", id).region(old.region)).await?;
        tx.commit().await?;
        self.forget_user(id);
        Ok(())
    }

    /// Sessions of an account that hold: one's own, or of one the actor keeps.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn sessions_of(&self, actor: &Actor, user: UserId) -> Result<Vec<SessionInfo>> {
        if actor.user_id() != Some(user) {
            account(&self.db, actor, user).await?;
        }
        sql::sessions_of(&self.db, user).await
    }

    /// Ends one session at once: an own one, or one of an account the actor keeps.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke_session(&self, actor: &Actor, id: SessionId) -> Result<()> {
        let gone = || Error::NotFound("这次登录".into());
        let tx = self.db.begin().await?;
        let s = sql::session_by_id(&tx, id).await?.ok_or_else(gone)?;
        let a = sql::account_by_id(&tx, s.user_id).await?.ok_or_else(gone)?;
        if actor.user_id() != Some(a.id) && !may_keep(actor, &a) {
            return Err(gone());
        }
        sql::revoke_session(&tx, id).await?;
        audit::record(&tx, actor, audit::Entry::new(SESSION_REVOKED, "session", id).region(a.region)).await?;
        tx.commit().await?;
        self.forget_session(id);
        Ok(())
    }
}

/// What an administrator has to look after among the accounts of a region.
pub async fn account_figures(db: &Db, scope: &Scope) -> Result<sql::AccountFigures> {
    sql::account_figures(db, scope, db.now()).await
}
