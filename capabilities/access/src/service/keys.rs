//! API keys.
use super::{KEY_MADE, KEY_REVOKED, inside};
use crate::authenticator::{Access, KEY_PREFIX};
use crate::model::{ApiKey, KEY_MAX_DAYS, NewApiKey, check_name, check_place};
use crate::secret::token;
use crate::store as sql;
use kernel::{Actor, Error, FieldError, PageAsk, Paged, Permission, Result, Role, Scope, UserId};
use store::{Db, Tx};

/// Makes a key and answers its id and the key itself, which is shown once and not kept.
///
/// # Errors
/// `Forbidden`; `Invalid`: a role that needs a second factor or a worker, an end that is past or more than
/// [`KEY_MAX_DAYS`] away, a region outside the actor's.
pub async fn create_key(tx: &Tx, db: &Db, actor: &Actor, new: NewApiKey) -> Result<(UserId, String)> {
    actor.require(Permission::AccessManage)?;
    let org = match new.org {
        Some(id) => sql::org_by_id(tx, id).await?,
        None => None,
    };
    let mut wrong: Vec<FieldError> = check_name(&new.name).into_iter().collect();
    if new.role.needs_totp() || new.role == Role::Worker {
        wrong.push(FieldError::new("role", format!("密钥不能有{}的权限，换一个角色", new.role.zh())));
    } else {
        wrong.extend(check_place(new.role, org.as_ref(), None));
    }
    if new.org.is_some() && org.is_none() {
        wrong.push(FieldError::new("org", "没有这个单位"));
    }
    if let Err(Error::Invalid(more)) = inside(actor, &new.region) {
        wrong.extend(more);
    }
    let days = new.until.days_since(tx.now().date());
    if days < 0 {
        wrong.push(FieldError::new("until", "到期日已经过了"));
    } else if days > KEY_MAX_DAYS {
        wrong.push(FieldError::new("until", "密钥最多用一年，选近一点的日子"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let id: UserId = db.new_id();
    let secret = token(KEY_PREFIX)?;
    let expires_at = new.until.plus_days(1).at(0, 0);
    sql::insert_key(tx, id, &new, secret.hash, actor.user_id(), expires_at).await?;
    let entry = audit::Entry::new(KEY_MADE, "api_key", id)
        .region(new.region)
        .detail(serde_json::json!({ "role": new.role.code(), "until": new.until }));
    audit::record(tx, actor, entry).await?;
    Ok((id, secret.text))
}

/// One page of keys of a region.
pub async fn keys(db: &Db, scope: &Scope, order: &str, page: PageAsk) -> Result<Paged<ApiKey>> {
    sql::page_keys(db, scope, order, page).await
}

/// One key of a region.
///
/// # Errors
/// `NotFound`.
pub async fn key(db: &Db, scope: &Scope, id: UserId) -> Result<ApiKey> {
    sql::key_by_id(db.read(), scope, id).await?.ok_or_else(|| Error::NotFound("这个密钥".into()))
}

impl Access {
    /// Takes a key back; it is refused from now on.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub async fn revoke_key(&self, actor: &Actor, id: UserId) -> Result<()> {
        actor.require(Permission::AccessManage)?;
        let tx = self.db.begin().await?;
        let found = sql::key_by_id(&tx, actor.scope(), id).await?;
        let found = found.ok_or_else(|| Error::NotFound("这个密钥".into()))?;
        if sql::revoke_key(&tx, id).await? > 0 {
            audit::record(&tx, actor, audit::Entry::new(KEY_REVOKED, "api_key", id).region(found.region)).await?;
        }
        tx.commit().await?;
        self.forget_user(id);
        Ok(())
    }
}
