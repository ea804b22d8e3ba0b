//! Service addresses of a household (ELD-3).
use super::{ADDRESS, government};
use crate::model::{AddressId, AddressStep, ServiceAddress, may_change};
use crate::store::{addresses as sql, elders};
use kernel::{Actor, CivilDate, Error, GeoPoint, HouseholdId, Permission, RegionCode, Result, Scope, Tier};
use store::{Db, vals};

fn no_household() -> Error {
    Error::NotFound("这一户".into())
}

/// Where services may be given to a household, oldest first.
///
/// # Errors
/// `NotFound` when the household lies outside the scope.
pub async fn service_addresses(db: &Db, scope: &Scope, household: HouseholdId) -> Result<Vec<ServiceAddress>> {
    government(scope)?;
    elders::household(db.read(), household).await?.filter(|h| scope.covers(&h.region)).ok_or_else(no_household)?;
    sql::active(db.read(), household).await
}

/// One change of a household's addresses, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChange {
    pub on: CivilDate,
    pub word: &'static str,
    pub reason: String,
    pub by: String,
}

/// All changes of a household, oldest first.
///
/// # Errors
/// As [`service_addresses`].
pub async fn address_changes(db: &Db, scope: &Scope, household: HouseholdId) -> Result<Vec<AddressChange>> {
    government(scope)?;
    elders::household(db.read(), household).await?.filter(|h| scope.covers(&h.region)).ok_or_else(no_household)?;
    let rows = sql::changes(db.read(), household).await?;
    Ok(rows
        .into_iter()
        .map(|r| AddressChange {
            on: r.on_date,
            word: AddressStep::parse(&r.step).map_or("变更", AddressStep::zh),
            reason: r.reason,
            by: r.recorded_by,
        })
        .collect())
}

/// A place to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddress {
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
}

/// Adds a second address.
///
/// # Errors
/// `Refused` beyond two addresses, or beyond two changes in the calendar year, with the day it becomes possible.
pub async fn add_address(db: &Db, actor: &Actor, household: HouseholdId, new: NewAddress, reason: &str) -> Result<()> {
    step(db, actor, household, AddressStep::Add, None, Some(new), reason).await
}

/// Puts `new` in the place of `old`.
///
/// # Errors
/// As [`add_address`].
pub async fn change_address(
    db: &Db,
    actor: &Actor,
    household: HouseholdId,
    old: AddressId,
    new: NewAddress,
    reason: &str,
) -> Result<()> {
    step(db, actor, household, AddressStep::Replace, Some(old), Some(new), reason).await
}

/// Takes an address away; one always stays.
///
/// # Errors
/// As [`add_address`].
pub async fn remove_address(
    db: &Db,
    actor: &Actor,
    household: HouseholdId,
    old: AddressId,
    reason: &str,
) -> Result<()> {
    step(db, actor, household, AddressStep::Remove, Some(old), None, reason).await
}

/// Puts an address on the map. It stays the same place, so this is no change of the year's two.
///
/// # Errors
/// `Forbidden`, or `NotFound` when it is not an address of the household.
pub async fn locate_address(
    db: &Db,
    actor: &Actor,
    household: HouseholdId,
    address: AddressId,
    place: GeoPoint,
) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    let home = elders::household(&tx, household)
        .await?
        .filter(|h| actor.scope().covers(&h.region))
        .ok_or_else(no_household)?;
    if !sql::active(&tx, household).await?.iter().any(|a| a.id == address) {
        return Err(Error::NotFound("这个服务地址".into()));
    }
    sql::locate(&tx, address, place).await?;
    let entry = audit::Entry::new(ADDRESS, "household", household)
        .region(home.region)
        .detail(serde_json::json!({ "step": "locate", "address": address }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

async fn step(
    db: &Db,
    actor: &Actor,
    household: HouseholdId,
    step: AddressStep,
    old: Option<AddressId>,
    new: Option<NewAddress>,
    reason: &str,
) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    if let Some(n) = &new {
        check(n)?;
    }
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写一句为什么变更"));
    }
    let tx = db.begin().await?;
    let home = elders::household(&tx, household)
        .await?
        .filter(|h| actor.scope().covers(&h.region))
        .ok_or_else(no_household)?;
    sql::lock_household(&tx, household).await?;
    let active = sql::active(&tx, household).await?;
    let changed: Vec<CivilDate> = sql::changes(&tx, household).await?.iter().map(|c| c.on_date).collect();
    let today = tx.now().date();
    may_change(active.len(), &changed, step, today)?;
    if let Some(o) = old {
        if !active.iter().any(|a| a.id == o) {
            return Err(Error::NotFound("这个服务地址".into()));
        }
        sql::remove(&tx, o, today).await?;
    }
    let mut new_id = None;
    if let Some(n) = new {
        let id: AddressId = db.new_id();
        let (lat, lng) = (n.place.map(|p| p.lat_e6), n.place.map(|p| p.lng_e6));
        sql::insert(&tx, vec![vals![id, household, n.region, n.address.trim(), lat, lng, today]]).await?;
        new_id = Some(id);
    }
    let id: uuid::Uuid = db.new_id();
    sql::insert_change(
        &tx,
        vals![id, household, today, step.code(), old, new_id, reason.trim(), actor.label(), tx.now()],
    )
    .await?;
    work::emit(&tx, db, "household.changed", serde_json::json!({ "household": household })).await?;
    let entry = audit::Entry::new(ADDRESS, "household", household)
        .region(home.region)
        .reason(reason.trim())
        .detail(serde_json::json!({ "step": step.code() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

fn check(new: &NewAddress) -> Result<()> {
    if new.region.tier() != Tier::Village {
        return Err(Error::invalid("region", "服务地址要选到村（社区）"));
    }
    if new.address.trim().is_empty() {
        return Err(Error::invalid("address", "门牌没有填"));
    }
    Ok(())
}
