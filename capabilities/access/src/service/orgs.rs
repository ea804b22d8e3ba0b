//! Organisations.
use super::{ORG_CHANGED, ORG_MADE, inside};
use crate::authenticator::Access;
use crate::model::{NewOrg, Org, OrgKind};
use crate::store as sql;
use kernel::{Actor, Error, FieldError, OrgId, PageAsk, Paged, Permission, Result, Scope};
use store::{Db, Tx};

fn check(new: &NewOrg) -> Result<()> {
    let n = new.name.trim().chars().count();
    match n {
        0 => Err(Error::Invalid(vec![FieldError::new("name", "单位名称没有填")])),
        1..=60 => Ok(()),
        _ => Err(Error::Invalid(vec![FieldError::new("name", format!("单位名称最多 60 字，现在 {n} 字"))])),
    }
}

/// Registers an organisation. Administrators any; whoever awards providers, a provider.
///
/// # Errors
/// `Forbidden`; `Invalid` for the name or a region outside the actor's.
pub async fn create_org(tx: &Tx, db: &Db, actor: &Actor, new: NewOrg) -> Result<OrgId> {
    if new.kind != OrgKind::Provider || actor.require(Permission::ProviderWrite).is_err() {
        actor.require(Permission::AccessManage)?;
    }
    inside(actor, &new.region)?;
    check(&new)?;
    let id: OrgId = db.new_id();
    sql::insert_org(tx, id, &new).await?;
    let entry = audit::Entry::new(ORG_MADE, "org", id)
        .region(new.region)
        .detail(serde_json::json!({ "kind": new.kind.code() }));
    audit::record(tx, actor, entry).await?;
    Ok(id)
}

/// Changes name, region and whether its people may sign in. The kind stays: orders and lists depend on it.
///
/// # Errors
/// `NotFound` outside the actor's region, `Invalid`, `Forbidden`.
pub async fn update_org(access: &Access, actor: &Actor, id: OrgId, edit: NewOrg, active: bool) -> Result<()> {
    actor.require(Permission::AccessManage)?;
    let tx = access.db.begin().await?;
    let old = sql::org_by_id(&tx, id).await?.filter(|o| actor.scope().covers(&o.region));
    let old = old.ok_or_else(|| Error::NotFound("这个单位".into()))?;
    inside(actor, &edit.region)?;
    check(&edit)?;
    sql::update_org(&tx, id, &edit.name, edit.region, active).await?;
    let entry = audit::Entry::new(ORG_CHANGED, "org", id).region(edit.region).detail(serde_json::json!({
        "renamed": old.name != edit.name.trim(), "region": edit.region, "active": active
    }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    access.forget_org(id);
    Ok(())
}

/// Name of an organisation.
///
/// # Errors
/// `NotFound`.
pub async fn org_name(db: &Db, id: OrgId) -> Result<String> {
    Ok(crate::directory::org(db, id).await?.name)
}

/// All organisations of a region, by region and name; a provider sees itself.
pub async fn orgs(db: &Db, scope: &Scope, kind: Option<OrgKind>) -> Result<Vec<Org>> {
    sql::all_orgs(db, scope, kind).await
}

/// One page of them; `order` comes from the list's allow-listed columns.
pub async fn org_list(
    db: &Db,
    scope: &Scope,
    kind: Option<OrgKind>,
    q: &str,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Org>> {
    sql::page_orgs(db, scope, kind, q, order, page).await
}
