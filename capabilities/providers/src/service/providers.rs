//! Providers and their contracts.
use super::no_provider;
use crate::model::{Block, Contract, ContractDraft, Provider, ProviderDraft, Suspension, fit};
use crate::store as sql;
use access::model::{NewOrg, OrgKind};
use kernel::{Actor, CivilDate, Error, OrgId, PageAsk, Paged, Permission, RegionCode, Result, Scope};
use serde_json::json;
use store::{Db, Tx};
use uuid::Uuid;

const CREATED: audit::Action = audit::Action::new("provider.created", "登记服务商");
const CHANGED: audit::Action = audit::Action::new("provider.changed", "修改服务商");
const SUSPENDED: audit::Action = audit::Action::new("provider.suspended", "暂停服务商接单");
const RESUMED: audit::Action = audit::Action::new("provider.resumed", "恢复服务商接单");
const SIGNED: audit::Action = audit::Action::new("provider.contract_signed", "登记服务合同");
const CONTRACT_CHANGED: audit::Action = audit::Action::new("provider.contract_changed", "修改服务合同");

/// A provider in a list: how it stands today.
#[derive(Clone, Debug)]
pub struct ProviderLine {
    pub provider: Provider,
    pub contracts: Vec<Contract>,
    /// Workers who have not left.
    pub staff: i64,
    /// What keeps it from taking any order on the day asked; empty: nothing.
    pub blocks: Vec<Block>,
}

impl ProviderLine {
    /// The contract that counts on a day: a running one, else the newest.
    pub fn contract(&self, day: CivilDate) -> Option<&Contract> {
        self.contracts.iter().find(|c| c.runs_on(day)).or_else(|| self.contracts.first())
    }
}

async fn with_standing(db: &Db, providers: Vec<Provider>, on: CivilDate) -> Result<Vec<ProviderLine>> {
    let orgs: Vec<OrgId> = providers.iter().map(|p| p.org).collect();
    let mut contracts = sql::contracts_of(db.read(), &orgs).await?;
    let staff = sql::staff_counts(db.read(), &orgs).await?;
    Ok(providers
        .into_iter()
        .map(|provider| {
            let contracts = contracts.remove(&provider.org).unwrap_or_default();
            let blocks = fit(&provider, &contracts, None, None, on).err().unwrap_or_default();
            ProviderLine { staff: staff.get(&provider.org).copied().unwrap_or(0), provider, contracts, blocks }
        })
        .collect())
}

/// A page of providers with their standing today.
pub async fn list(
    db: &Db,
    scope: &Scope,
    filter: &sql::ProviderFilter,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<ProviderLine>> {
    let today = db.clock().today();
    let page = sql::provider_page(db.read(), scope, filter, today, order, ask).await?;
    let (total, at, per) = (page.total, page.page, page.per_page);
    Ok(Paged { rows: with_standing(db, page.rows, today).await?, total, page: at, per_page: per })
}

/// One provider with its standing today.
pub async fn provider(db: &Db, scope: &Scope, org: OrgId) -> Result<ProviderLine> {
    let p = sql::provider(db.read(), scope, org, "").await?.ok_or_else(no_provider)?;
    with_standing(db, vec![p], db.clock().today()).await?.pop().ok_or_else(no_provider)
}

/// All contracts of a provider, newest first.
pub async fn contracts(db: &Db, scope: &Scope, org: OrgId) -> Result<Vec<Contract>> {
    Ok(provider(db, scope, org).await?.contracts)
}

/// One contract of a provider.
pub async fn contract(db: &Db, scope: &Scope, org: OrgId, id: Uuid) -> Result<Contract> {
    let all = contracts(db, scope, org).await?;
    all.into_iter().find(|c| c.id == id).ok_or_else(|| Error::NotFound("这份合同".into()))
}

fn may_write(actor: &Actor, region: &RegionCode) -> Result<()> {
    actor.require(Permission::ProviderWrite)?;
    if actor.scope().covers(region) {
        Ok(())
    } else {
        Err(Error::Forbidden("这家是上级或别处签的，可由那里的民政部门来改".into()))
    }
}

/// Registers a provider that won an award, and the organisation its people sign in under.
///
/// # Errors
/// `Invalid` with the fields to correct, `Forbidden` outside the actor's region.
pub async fn create_provider(tx: &Tx, db: &Db, actor: &Actor, draft: ProviderDraft) -> Result<OrgId> {
    may_write(actor, &draft.region)?;
    draft.check()?;
    code_is_free(tx, &draft, None).await?;
    let new = NewOrg { name: draft.name.trim().to_string(), kind: OrgKind::Provider, region: draft.region };
    let org = access::service::create_org(tx, db, actor, new).await?;
    sql::insert_provider(tx, org, &draft).await?;
    audit::record(tx, actor, audit::Entry::new(CREATED, "provider", org).region(draft.region)).await?;
    Ok(org)
}

async fn code_is_free(tx: &Tx, draft: &ProviderDraft, own: Option<OrgId>) -> Result<()> {
    match sql::provider_by_credit_code(tx, &draft.credit_code).await? {
        Some(other) if Some(other.org) != own => {
            Err(Error::invalid("credit_code", "这个信用代码已经登记过，到服务商列表里找"))
        }
        _ => Ok(()),
    }
}

/// Changes a provider's record; the region stays.
///
/// # Errors
/// `Conflict` if it was changed since `version` was read.
pub async fn update_provider(tx: &Tx, actor: &Actor, org: OrgId, version: i64, draft: ProviderDraft) -> Result<()> {
    let old = sql::provider(tx, actor.scope(), org, tx.lock()).await?.ok_or_else(no_provider)?;
    may_write(actor, &old.region)?;
    draft.check()?;
    code_is_free(tx, &draft, Some(org)).await?;
    if !sql::update_provider(tx, org, version, &draft).await? {
        return Err(Error::Conflict(format!("“{}”刚被别人改过，看过新的再改", old.name)));
    }
    let detail = json!({ "renamed": old.name != draft.name, "active": draft.active });
    audit::record(tx, actor, audit::Entry::new(CHANGED, "provider", org).region(old.region).detail(detail)).await
}

/// Stops a provider from taking orders for a time. Orders already accepted go on.
pub async fn suspend(tx: &Tx, actor: &Actor, org: OrgId, s: Suspension) -> Result<()> {
    let old = sql::provider(tx, actor.scope(), org, tx.lock()).await?.ok_or_else(no_provider)?;
    may_write(actor, &old.region)?;
    s.check()?;
    sql::set_suspension(tx, org, Some(&s)).await?;
    let entry = audit::Entry::new(SUSPENDED, "provider", org)
        .region(old.region)
        .reason(s.reason.clone())
        .detail(json!({ "from": s.from, "to": s.to, "document": s.document }));
    audit::record(tx, actor, entry).await
}

/// Lifts a suspension.
///
/// # Errors
/// `Refused` if there is none.
pub async fn resume(tx: &Tx, actor: &Actor, org: OrgId, reason: &str) -> Result<()> {
    let old = sql::provider(tx, actor.scope(), org, tx.lock()).await?.ok_or_else(no_provider)?;
    may_write(actor, &old.region)?;
    if old.suspension.is_none() {
        return Err(Error::refused(format!("{}没有被暂停", old.name)));
    }
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "原因没有填"));
    }
    sql::set_suspension(tx, org, None).await?;
    audit::record(tx, actor, audit::Entry::new(RESUMED, "provider", org).region(old.region).reason(reason)).await
}

/// Every region of a contract has to lie inside the actor's.
fn regions_allowed(actor: &Actor, regions: &[RegionCode]) -> Result<()> {
    match regions.iter().all(|r| actor.scope().covers(r)) {
        true => Ok(()),
        false => Err(Error::invalid("regions", "服务区域只能选你管的地方")),
    }
}

/// Records a contract of government purchase.
///
/// # Errors
/// `Invalid` with the fields to correct; `Forbidden` if one of its regions is not the actor's.
pub async fn sign_contract(tx: &Tx, db: &Db, actor: &Actor, org: OrgId, draft: ContractDraft) -> Result<Uuid> {
    // A county may sign with a provider that was awarded elsewhere: what counts are the contract's regions.
    actor.require(Permission::ProviderWrite)?;
    let p = sql::any_provider(tx, org).await?.ok_or_else(no_provider)?;
    draft.check()?;
    regions_allowed(actor, &draft.regions)?;
    let known = sql::contracts_of(tx, &[org]).await?.remove(&org).unwrap_or_default();
    number_is_free(&known, &draft, None)?;
    let id = db.ids().uuid(tx.now());
    sql::insert_contract(tx, id, org, &draft).await?;
    let entry = audit::Entry::new(SIGNED, "provider", org)
        .region(p.region)
        .detail(json!({ "contract": id, "from": draft.from, "to": draft.to, "insured_to": draft.insured_to }));
    audit::record(tx, actor, entry).await?;
    Ok(id)
}

fn number_is_free(known: &[Contract], draft: &ContractDraft, own: Option<Uuid>) -> Result<()> {
    match known.iter().any(|c| c.number == draft.number.trim() && Some(c.id) != own) {
        true => Err(Error::invalid("number", format!("合同 {} 已经登记过", draft.number.trim()))),
        false => Ok(()),
    }
}

/// Corrects or extends a contract: another last day, a renewed insurance, other categories.
///
/// # Errors
/// `Conflict` if it was changed since `version` was read; `Forbidden` if it reaches beyond the actor's region.
pub async fn change_contract(tx: &Tx, actor: &Actor, id: Uuid, version: i64, draft: ContractDraft) -> Result<()> {
    actor.require(Permission::ProviderWrite)?;
    let gone = || Error::NotFound("这份合同".into());
    let old = sql::contract(tx, id).await?.ok_or_else(gone)?;
    let p = sql::provider(tx, actor.scope(), old.provider, tx.lock()).await?.ok_or_else(gone)?;
    if !old.regions.iter().all(|r| actor.scope().covers(r)) {
        return Err(Error::Forbidden("这份合同是上级或别处签的，可由那里的民政部门来改".into()));
    }
    draft.check()?;
    regions_allowed(actor, &draft.regions)?;
    let known = sql::contracts_of(tx, &[old.provider]).await?.remove(&old.provider).unwrap_or_default();
    number_is_free(&known, &draft, Some(id))?;
    if !sql::update_contract(tx, id, version, &draft).await? {
        return Err(Error::Conflict(format!("合同 {} 刚被别人改过，看过新的再改", old.number)));
    }
    let entry = audit::Entry::new(CONTRACT_CHANGED, "provider", old.provider).region(p.region).detail(json!({
        "contract": id, "from": [old.from, draft.from], "to": [old.to, draft.to],
        "insured_to": [old.insured_to, draft.insured_to], "capacity": [old.capacity, draft.capacity],
        "regions_changed": old.regions != draft.regions, "categories_changed": old.categories != draft.categories
    }));
    audit::record(tx, actor, entry).await
}
