//! Opening archives: one, or hundreds of thousands.
use super::{BULK, CREATED};
use crate::model::{BatchId, HouseholdOf, NewElder, groups_text, missing, terms};
use crate::store::{addresses, contacts, duplicates, elders, terms as term_sql};
use kernel::{Actor, ElderId, Error, HouseholdId, Instant, Permission, RegionBook, RegionCode, Result, Tier};
use std::collections::HashMap;
use store::{Db, Secret, Tx, Value, vals};

/// Same name, same birth date, same village: the key duplicates are suspected by. Blind, because it is found by equality.
pub(crate) fn same_key(db: &Db, name: &str, birth: kernel::CivilDate, region: &RegionCode) -> Vec<u8> {
    db.keys().blind(Secret::IdNumber, &format!("same|{}|{birth}|{region}", crate::model::folded(name)))
}

/// What an elder is found by besides the name: village and address.
pub(crate) fn searchable_place(book: &RegionBook, region: &RegionCode, address: &str) -> String {
    let village = if book.contains(region) { book.name(region) } else { String::new() };
    format!("{village}{address}")
}

/// The last four figures of a masked phone.
pub(crate) fn last4(phone_masked: &str) -> &str {
    phone_masked.get(phone_masked.len().saturating_sub(4)..).unwrap_or("")
}

/// Opens one archive.
///
/// # Errors
/// `Forbidden`; `Invalid` for a region outside the actor's or an identity number that is in force already.
pub async fn create(db: &Db, actor: &Actor, new: NewElder) -> Result<ElderId> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    let id = create_in(&tx, db, actor, new, None).await?;
    tx.commit().await?;
    Ok(id)
}

pub(crate) async fn create_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    new: NewElder,
    batch: Option<BatchId>,
) -> Result<ElderId> {
    validate(actor, &new)?;
    let blind = db.keys().blind(Secret::IdNumber, new.id_number.as_str());
    if elders::live_by_id_number(tx, &blind).await?.is_some() {
        return Err(Error::invalid("id_number", "这个证件号已经有档案了。用上面的搜索找到它，直接改"));
    }
    let region = new.region;
    let twin_key = same_key(db, &new.name, new.birth(), &region);
    let twin = elders::known_keys(tx, "same_key", &[twin_key]).await?.into_iter().next();
    let ids = insert(tx, db, actor, vec![new], batch).await?;
    let id = ids.first().copied().ok_or_else(|| Error::Internal("no archive was written".into()))?;
    if let Some(twin) = twin {
        duplicates::insert_pair(tx, db, region, twin.id, id).await?;
    }
    let household = elders::by_id(tx, id, "").await?.map(|r| r.household_id);
    work::emit(tx, db, "elder.changed", serde_json::json!({ "elder": id, "household": household })).await?;
    audit::record(tx, actor, audit::Entry::new(CREATED, "elder", id).region(region)).await?;
    Ok(id)
}

fn validate(actor: &Actor, new: &NewElder) -> Result<()> {
    if new.name.trim().is_empty() {
        return Err(Error::invalid("name", "姓名没有填"));
    }
    if new.region.tier() != Tier::Village {
        return Err(Error::invalid("region", "住址要选到村（社区）"));
    }
    if !actor.scope().covers(&new.region) {
        return Err(Error::invalid("region", "这个村（社区）不归你管"));
    }
    Ok(())
}

/// Opens many archives at once and gives their ids in the same order. Nothing is told to other capabilities: the caller
/// decides between one event an elder and one determination of everyone.
///
/// # Errors
/// `Forbidden`; `Invalid` for a row outside the actor's region; `Conflict` when an identity number is in force already:
/// then nothing of the call is written.
pub async fn bulk_insert(tx: &Tx, db: &Db, actor: &Actor, elders: Vec<NewElder>) -> Result<Vec<ElderId>> {
    actor.require(Permission::ElderWrite)?;
    for e in &elders {
        validate(actor, e)?;
    }
    let n = elders.len();
    let ids = insert(tx, db, actor, elders, None).await?;
    let entry = audit::Entry::new(BULK, "elder", "many").detail(serde_json::json!({ "count": n }));
    audit::record(tx, actor, entry).await?;
    Ok(ids)
}

/// Writes archives, their households, contacts, first service addresses and search terms.
pub(crate) async fn insert(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    new: Vec<NewElder>,
    batch: Option<BatchId>,
) -> Result<Vec<ElderId>> {
    let book = super::load_book(db).await?;
    let households = households_for(tx, db, &new).await?;
    let (now, by) = (tx.now(), actor.label());
    let mut ids = Vec::with_capacity(new.len());
    let mut rows = Vec::with_capacity(new.len());
    let mut contact_rows = Vec::new();
    let mut found_by: Vec<(String, RegionCode, ElderId)> = Vec::with_capacity(new.len() * 12);
    for (e, home) in new.iter().zip(&households) {
        let id: ElderId = db.new_id();
        let (row, phone_masked) = elder_row(db, id, *home, e, batch, now, &by)?;
        rows.push(row);
        for c in &e.contacts {
            contact_rows.push(super::contacts::row(db, id, c, now)?);
        }
        let place = searchable_place(&book, &e.region, &e.address);
        found_by.extend(terms(&e.name, last4(&phone_masked), &place).into_iter().map(|t| (t, e.region, id)));
        ids.push(id);
    }
    elders::insert(tx, rows).await?;
    if !contact_rows.is_empty() {
        contacts::insert(tx, contact_rows).await?;
    }
    found_by.sort();
    term_sql::insert(tx, found_by).await?;
    Ok(ids)
}

/// Finds or makes each row's household; a new one gets the first member's home as its first service address.
async fn households_for(tx: &Tx, db: &Db, new: &[NewElder]) -> Result<Vec<HouseholdId>> {
    let mut wanted: HashMap<RegionCode, Vec<String>> = HashMap::new();
    for e in new {
        if let HouseholdOf::Number(n) = &e.household {
            wanted.entry(e.region).or_default().push(n.clone());
        }
    }
    let mut known: HashMap<(RegionCode, String), HouseholdId> = HashMap::new();
    for (region, numbers) in wanted {
        for h in elders::households_by_number(tx, region, &numbers).await? {
            if let Some(n) = h.number {
                known.insert((h.region, n), h.id);
            }
        }
    }
    let (now, today) = (tx.now(), tx.now().date());
    let (mut made, mut homes) = (Vec::new(), Vec::new());
    let mut out = Vec::with_capacity(new.len());
    let mut open = |e: &NewElder, number: Option<String>| {
        let id: HouseholdId = db.new_id();
        let home: uuid::Uuid = db.new_id();
        made.push(vals![id, number, e.region, now]);
        let (lat, lng) = (e.place.map(|p| p.lat_e6), e.place.map(|p| p.lng_e6));
        homes.push(vals![home, id, e.region, e.address.trim(), lat, lng, today]);
        id
    };
    for e in new {
        out.push(match &e.household {
            HouseholdOf::Existing(id) => *id,
            HouseholdOf::Own => open(e, None),
            HouseholdOf::Number(n) => match known.get(&(e.region, n.clone())) {
                Some(id) => *id,
                None => {
                    let id = open(e, Some(n.clone()));
                    known.insert((e.region, n.clone()), id);
                    id
                }
            },
        });
    }
    if !made.is_empty() {
        elders::insert_households(tx, made).await?;
        addresses::insert(tx, homes).await?;
    }
    Ok(out)
}

fn elder_row(
    db: &Db,
    id: ElderId,
    household: HouseholdId,
    e: &NewElder,
    batch: Option<BatchId>,
    now: Instant,
    by: &str,
) -> Result<(Vec<Value>, String)> {
    let keys = db.keys();
    let number = e.id_number.as_str();
    let (phone_sealed, phone_blind, phone_masked) = match &e.phone {
        Some(p) => {
            (Some(keys.seal(Secret::Phone, p.as_str())?), Some(keys.blind(Secret::Phone, p.as_str())), p.masked())
        }
        None => (None, None, String::new()),
    };
    let chronic = e.chronic.trim();
    let chronic_sealed = if chronic.is_empty() { None } else { Some(keys.seal(Secret::Health, chronic)?) };
    let lacks =
        missing(e.phone.is_some(), &e.address, e.hukou_region.is_some(), e.living, e.income, e.care.is_some()).len();
    let institution_since = (e.living == crate::model::Living::Institution).then(|| now.date());
    let row = vals![
        id,
        household,
        "live",
        e.name.trim(),
        e.sex().code(),
        e.birth(),
        keys.seal(Secret::IdNumber, number)?,
        keys.blind(Secret::IdNumber, number),
        e.id_number.masked(),
        same_key(db, &e.name, e.birth(), &e.region),
        phone_sealed,
        phone_blind,
        phone_masked.clone(),
        e.region,
        e.address.trim(),
        e.place.map(|p| p.lat_e6),
        e.place.map(|p| p.lng_e6),
        e.hukou,
        e.hukou_region,
        e.living,
        e.income,
        groups_text(&e.specials),
        e.care,
        e.certificate,
        chronic_sealed,
        e.preference.trim(),
        e.died_on,
        e.moved_in_on,
        institution_since,
        lacks as i64,
        e.source,
        batch,
        1i64,
        now,
        by,
        now,
        by,
    ];
    Ok((row, phone_masked))
}
