//! Names of organisations, for whoever shows them.
use crate::model::{Account, Org};
use crate::store as sql;
use kernel::{Actor, Error, OrgId, Result, Role, Scope, WorkerId};
use std::collections::HashMap;
use store::Db;

/// One organisation. Its name is no secret: a caller that shows rows of it has checked the rows' scope.
///
/// # Errors
/// `NotFound`.
pub async fn org(db: &Db, id: OrgId) -> Result<Org> {
    sql::org_by_id(db.read(), id).await?.ok_or_else(|| Error::NotFound("这个单位".into()))
}

/// Several organisations at once; ids that do not exist are left out.
pub async fn orgs_by_ids(db: &Db, ids: &[OrgId]) -> Result<HashMap<OrgId, Org>> {
    sql::orgs_by_ids(db, ids).await
}

/// The first active person of a role as an actor, of an organisation and worker where given. For the demo's life, in
/// which the platform plays people.
pub async fn find(db: &Db, role: Role, org: Option<OrgId>, worker: Option<WorkerId>) -> Result<Option<Actor>> {
    let found = sql::first_of(db.read(), role, org, worker).await?;
    Ok(found.and_then(|a| {
        let scope = a.scope()?;
        Some(Actor::Person { user: a.id, name: a.name, role: a.role, scope })
    }))
}

/// Active accounts of a role inside a region, by name: for whoever enters people into a register.
pub async fn accounts_of(db: &Db, scope: &Scope, role: Role) -> Result<Vec<Account>> {
    sql::accounts_of(db, scope, role).await
}

/// Whether somebody may sign in still.
pub async fn is_active(db: &Db, id: kernel::UserId) -> Result<bool> {
    Ok(sql::account_by_id(db.read(), id).await?.is_some_and(|a| a.active))
}

/// Several people's names by their accounts; ids that do not exist are left out.
pub async fn people(db: &Db, ids: &[kernel::UserId]) -> Result<Vec<Account>> {
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        out.extend(sql::account_by_id(db.read(), *id).await?);
    }
    Ok(out)
}
