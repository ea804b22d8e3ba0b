//! Changing an archive: with the day it became so, the source, and the version that was seen.
use super::bulk::{last4, same_key, searchable_place};
use super::read::scoped;
use super::{CORRECTED, DEATH_WITHDRAWN, DIED, MOVED, no_elder};
use crate::model::{
    Care, DisabilityCert, FactKind, Hukou, IncomeClass, Living, Since, Source, SpecialGroup, groups_text, missing,
    terms,
};
use crate::store::elders::{self, ElderRow};
use crate::store::facts::{self, NewFact};
use crate::store::terms as term_sql;
use kernel::{
    Actor, CivilDate, ElderId, Error, GeoPoint, HouseholdId, IdNumber, Permission, Phone, RegionCode, Result, Tier,
};
use store::{Db, Secret, Tx, Value};

/// What is to be changed; `None` leaves a part as it is. For parts that may be empty the inner `None` empties them.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    /// Brings birth date and sex along.
    pub id_number: Option<IdNumber>,
    pub phone: Option<Option<Phone>>,
    pub region: Option<RegionCode>,
    pub address: Option<String>,
    pub place: Option<Option<GeoPoint>>,
    pub household: Option<HouseholdId>,
    pub hukou: Option<Hukou>,
    pub hukou_region: Option<Option<RegionCode>>,
    pub living: Option<Living>,
    pub income: Option<IncomeClass>,
    pub specials: Option<Vec<SpecialGroup>>,
    pub care: Option<Option<Care>>,
    pub certificate: Option<Option<DisabilityCert>>,
    pub chronic: Option<String>,
    pub preference: Option<String>,
}

/// Changes being worked out: columns to set and rows of history.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) sets: Vec<(&'static str, Value)>,
    pub(super) facts: Vec<NewFact>,
}

impl Plan {
    pub(super) fn put(
        &mut self,
        kind: FactKind,
        column: &'static str,
        old: String,
        new: String,
        value: impl Into<Value>,
    ) {
        if old != new {
            self.sets.push((column, value.into()));
            self.facts.push(NewFact { fact: kind, old, new, old_sealed: None });
        }
    }
}

fn code<T: ToString>(v: Option<T>) -> String {
    v.map(|v| v.to_string()).unwrap_or_default()
}

/// Changes an archive. `seen` is the version the editor saw; `since` is when it became so, or that it always was.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Conflict` when someone else changed it meanwhile, `Invalid` for a wrong day, a region outside
/// the actor's, or an identity number that is in force already.
pub async fn correct(
    db: &Db,
    actor: &Actor,
    id: ElderId,
    seen: i64,
    changes: Changes,
    since: Since,
    source: Source,
) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    correct_in(&tx, db, actor, id, seen, changes, since, source).await?;
    tx.commit().await
}

#[allow(clippy::too_many_arguments)]
pub(crate) async fn correct_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: ElderId,
    seen: i64,
    changes: Changes,
    since: Since,
    source: Source,
) -> Result<()> {
    let row = locked(tx, actor, id, seen).await?;
    day_fits(tx, &row, since, &changes).await?;
    let plan = plan(tx, db, actor, &row, &changes).await?;
    if plan.facts.is_empty() {
        return Ok(());
    }
    let fields: Vec<&str> = plan.facts.iter().map(|f| f.fact.code()).collect();
    let detail = serde_json::json!({ "fields": fields, "since": since.day().map(|d| d.to_string()) });
    write(tx, db, actor, &row, seen, plan, since, source, "").await?;
    let entry = audit::Entry::new(CORRECTED, "elder", row.id).region(row.region).detail(detail);
    audit::record(tx, actor, entry).await
}

/// The row, held, if it is still at the version that was seen.
async fn locked(tx: &Tx, actor: &Actor, id: ElderId, seen: i64) -> Result<ElderRow> {
    let id = scoped(tx, actor.scope(), id).await?.id;
    let row = elders::by_id(tx, id, tx.lock()).await?.ok_or_else(no_elder)?;
    if row.version != seen {
        return Err(Error::Conflict(format!("{}在你编辑时改过这份档案，两份内容都在，选好再存", row.updated_by)));
    }
    if row.standing != "live" {
        return Err(Error::refused("这份档案已经停用，不能再改"));
    }
    Ok(row)
}

async fn day_fits(tx: &Tx, row: &ElderRow, since: Since, changes: &Changes) -> Result<()> {
    let Since::Day(day) = since else { return Ok(()) };
    if day > tx.now().date() {
        return Err(Error::invalid("since", "日期不能晚于今天"));
    }
    if day < row.birth {
        return Err(Error::invalid("since", "日期不能早于出生日期"));
    }
    // What is shown as today's value must be the latest of the history.
    for f in facts::of(tx, &[row.id]).await? {
        let touched = match f.fact {
            FactKind::Hukou => changes.hukou.is_some_and(|v| v != row.hukou),
            FactKind::HukouRegion => changes.hukou_region.is_some_and(|v| v != row.hukou_region),
            FactKind::Living => changes.living.is_some_and(|v| v != row.living),
            FactKind::Income => changes.income.is_some_and(|v| v != row.income),
            FactKind::Region => changes.region.is_some_and(|v| v != row.region),
            FactKind::Care => changes.care.is_some_and(|v| v != row.care),
            FactKind::Certificate => changes.certificate.is_some_and(|v| v != row.certificate),
            FactKind::Specials => changes.specials.as_ref().is_some_and(|v| groups_text(v) != row.specials),
            _ => false,
        };
        if touched && f.valid_from.is_some_and(|d| day < d) {
            return Err(Error::invalid(
                "since",
                format!("{}在 {} 已经变过一次，日期要在那天或以后", f.fact.zh(), code(f.valid_from)),
            ));
        }
    }
    Ok(())
}

async fn plan(tx: &Tx, db: &Db, actor: &Actor, row: &ElderRow, c: &Changes) -> Result<Plan> {
    let mut p = Plan::default();
    let keys = db.keys();
    if let Some(name) = &c.name {
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::invalid("name", "姓名没有填"));
        }
        p.put(FactKind::Name, "name", row.name.clone(), name.to_string(), name);
    }
    if let Some(number) = &c.id_number {
        plan_id_number(tx, db, row, number, &mut p).await?;
    }
    if let Some(phone) = &c.phone {
        let old = row.phone_sealed.as_ref().map(|s| keys.open(Secret::Phone, s)).transpose()?;
        let new = phone.as_ref().map(|n| n.as_str().to_string());
        if old != new {
            let masked = phone.as_ref().map(Phone::masked).unwrap_or_default();
            let sealed = new.as_deref().map(|n| keys.seal(Secret::Phone, n)).transpose()?;
            p.sets.push(("phone_sealed", sealed.into()));
            p.sets.push(("phone_blind", new.as_deref().map(|n| keys.blind(Secret::Phone, n)).into()));
            p.sets.push(("phone_masked", masked.clone().into()));
            p.facts.push(NewFact {
                fact: FactKind::Phone,
                old: row.phone_masked.clone(),
                new: masked,
                old_sealed: row.phone_sealed.clone(),
            });
        }
    }
    if let Some(region) = c.region {
        if region.tier() != Tier::Village {
            return Err(Error::invalid("region", "住址要选到村（社区）"));
        }
        if region != row.region && !actor.scope().covers(&region) {
            return Err(Error::invalid("region", "这个村（社区）不归你管。搬走的用“登记迁移”"));
        }
        p.put(FactKind::Region, "region", row.region.to_string(), region.to_string(), region);
    }
    if let Some(a) = &c.address {
        p.put(FactKind::Address, "address", row.address.clone(), a.trim().to_string(), a.trim());
    }
    if let Some(place) = c.place
        && place != row.place()
    {
        p.sets.push(("lat_e6", place.map(|x| x.lat_e6).into()));
        p.sets.push(("lng_e6", place.map(|x| x.lng_e6).into()));
        let words = |x: Option<GeoPoint>| x.map(|x| format!("{:.6},{:.6}", x.lat(), x.lng())).unwrap_or_default();
        p.facts.push(NewFact { fact: FactKind::Place, old: words(row.place()), new: words(place), old_sealed: None });
    }
    if let Some(h) = c.household
        && h != row.household_id
    {
        let home = elders::household(tx, h).await?.filter(|x| actor.scope().covers(&x.region));
        home.ok_or_else(|| Error::invalid("household", "没有找到这一户"))?;
        p.put(FactKind::Household, "household_id", row.household_id.to_string(), h.to_string(), h);
    }
    if let Some(v) = c.hukou {
        p.put(FactKind::Hukou, "hukou", row.hukou.to_string(), v.to_string(), v);
    }
    if let Some(v) = c.hukou_region {
        p.put(FactKind::HukouRegion, "hukou_region", code(row.hukou_region), code(v), v);
    }
    if let Some(v) = c.living {
        p.put(FactKind::Living, "living", row.living.to_string(), v.to_string(), v);
    }
    if let Some(v) = c.income {
        p.put(FactKind::Income, "income", row.income.to_string(), v.to_string(), v);
    }
    if let Some(v) = &c.specials {
        p.put(FactKind::Specials, "specials", row.specials.clone(), groups_text(v), groups_text(v));
    }
    if let Some(v) = c.care {
        p.put(FactKind::Care, "care", code(row.care), code(v), v);
    }
    if let Some(v) = c.certificate {
        p.put(FactKind::Certificate, "certificate", code(row.certificate), code(v), v);
    }
    if let Some(text) = &c.chronic {
        let old = row.chronic_sealed.as_ref().map(|s| keys.open(Secret::Health, s)).transpose()?.unwrap_or_default();
        let new = text.trim();
        if old != new {
            let sealed = if new.is_empty() { None } else { Some(keys.seal(Secret::Health, new)?) };
            p.sets.push(("chronic_sealed", sealed.into()));
            p.facts.push(NewFact {
                fact: FactKind::Chronic,
                old: if old.is_empty() { String::new() } else { "有记录".into() },
                new: if new.is_empty() { String::new() } else { "已改".into() },
                old_sealed: row.chronic_sealed.clone(),
            });
        }
    }
    if let Some(v) = &c.preference {
        p.put(FactKind::Preference, "preference", row.preference.clone(), v.trim().to_string(), v.trim());
    }
    Ok(p)
}

async fn plan_id_number(tx: &Tx, db: &Db, row: &ElderRow, number: &IdNumber, p: &mut Plan) -> Result<()> {
    let keys = db.keys();
    if keys.open(Secret::IdNumber, &row.id_sealed)? == number.as_str() {
        return Ok(());
    }
    let blind = keys.blind(Secret::IdNumber, number.as_str());
    if elders::live_by_id_number(tx, &blind).await?.is_some_and(|other| other != row.id) {
        return Err(Error::invalid("id_number", "这个证件号已经在另一份档案里。两份是同一人的，到“像是重复”里合并"));
    }
    p.sets.push(("id_sealed", keys.seal(Secret::IdNumber, number.as_str())?.into()));
    p.sets.push(("id_blind", blind.into()));
    p.sets.push(("id_masked", number.masked().into()));
    p.facts.push(NewFact {
        fact: FactKind::IdNumber,
        old: row.id_masked.clone(),
        new: number.masked(),
        old_sealed: Some(row.id_sealed.clone()),
    });
    p.put(FactKind::Birth, "birth", row.birth.to_string(), number.birth().to_string(), number.birth());
    p.put(FactKind::Sex, "sex", row.sex.clone(), number.sex().code().into(), number.sex().code());
    Ok(())
}

/// Writes a plan, the history, the derived columns and the search terms, and tells the others.
#[allow(clippy::too_many_arguments)]
pub(super) async fn write(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    row: &ElderRow,
    seen: i64,
    plan: Plan,
    since: Since,
    source: Source,
    note: &str,
) -> Result<()> {
    if !elders::update(tx, row.id, seen, &plan.sets, &actor.label()).await? {
        return Err(Error::Conflict("有人先改了这份档案，两份内容都在，选好再存".into()));
    }
    facts::insert(tx, db, actor, row.id, seen + 1, plan.facts, since.day(), source, note).await?;
    let after = elders::by_id(tx, row.id, "").await?.ok_or_else(no_elder)?;
    derive(tx, db, row, &after).await?;
    let payload = serde_json::json!({ "elder": after.id, "household": after.household_id });
    work::emit(tx, db, "elder.changed", payload).await?;
    if after.household_id != row.household_id {
        let left = serde_json::json!({ "household": row.household_id });
        work::emit(tx, db, "household.changed", left).await?;
    }
    Ok(())
}

/// Columns that follow from others, and the search terms.
async fn derive(tx: &Tx, db: &Db, before: &ElderRow, after: &ElderRow) -> Result<()> {
    let lacks = missing(
        after.phone_sealed.is_some(),
        &after.address,
        after.hukou_region.is_some(),
        after.living,
        after.income,
        after.care.is_some(),
    )
    .len() as i64;
    let key = same_key(db, &after.name, after.birth, &after.region);
    let was_in = before.living == Living::Institution;
    let is_in = after.living == Living::Institution;
    let today = tx.now().date();
    let (since, until) = match (was_in, is_in) {
        (false, true) => (Some(today), None),
        (true, false) => (after.institution_since, Some(today)),
        _ => (after.institution_since, after.institution_until),
    };
    elders::set_derived(tx, after.id, lacks, key, since, until).await?;
    if before.region != after.region && elders::members(tx, &[after.household_id]).await?.len() == 1 {
        elders::set_household_region(tx, after.household_id, after.region).await?;
    }
    let book = super::load_book(db).await?;
    let of = |r: &ElderRow| terms(&r.name, last4(&r.phone_masked), &searchable_place(&book, &r.region, &r.address));
    let (old, new) = (of(before), of(after));
    if old != new || before.region != after.region {
        term_sql::remove(tx, &old, before.region, before.id).await?;
        term_sql::insert(tx, new.into_iter().map(|t| (t, after.region, after.id)).collect()).await?;
    }
    Ok(())
}

/// Records a death from its day on.
///
/// # Errors
/// As [`correct`]; `Refused` when it is recorded already.
pub async fn report_death(
    db: &Db,
    actor: &Actor,
    id: ElderId,
    seen: i64,
    on: CivilDate,
    source: Source,
    note: &str,
) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    let row = locked(&tx, actor, id, seen).await?;
    if let Some(d) = row.died_on {
        return Err(Error::refused(format!("{} 已登记去世", d)));
    }
    if on > tx.now().date() {
        return Err(Error::invalid("on", "去世日期不能晚于今天"));
    }
    if on < row.birth {
        return Err(Error::invalid("on", "去世日期不能早于出生日期"));
    }
    let mut plan = Plan::default();
    plan.put(FactKind::Death, "died_on", String::new(), on.to_string(), Some(on));
    write(&tx, db, actor, &row, seen, plan, Since::Day(on), source, note).await?;
    let payload = serde_json::json!({ "elder": row.id, "household": row.household_id });
    work::emit(&tx, db, "elder.died", payload).await?;
    let entry = audit::Entry::new(DIED, "elder", row.id).region(row.region).detail(serde_json::json!({ "on": on }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Takes a wrong notice of death back.
///
/// # Errors
/// As [`correct`]; `Invalid` without a reason.
pub async fn withdraw_death(db: &Db, actor: &Actor, id: ElderId, seen: i64, reason: &str) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写一句为什么撤回"));
    }
    let tx = db.begin().await?;
    let row = locked(&tx, actor, id, seen).await?;
    let Some(was) = row.died_on else { return Err(Error::refused("这份档案没有登记去世")) };
    let mut plan = Plan::default();
    plan.put(FactKind::Death, "died_on", was.to_string(), String::new(), None::<CivilDate>);
    write(&tx, db, actor, &row, seen, plan, Since::Always, Source::Office, reason.trim()).await?;
    let entry = audit::Entry::new(DEATH_WITHDRAWN, "elder", row.id).region(row.region).reason(reason.trim());
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Records a move from its day on: to another village of the installation (`to`), or away from it (`None`).
///
/// # Errors
/// As [`correct`].
#[allow(clippy::too_many_arguments)]
pub async fn move_out(
    db: &Db,
    actor: &Actor,
    id: ElderId,
    seen: i64,
    on: CivilDate,
    to: Option<(RegionCode, String)>,
    source: Source,
    note: &str,
) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    let row = locked(&tx, actor, id, seen).await?;
    if on > tx.now().date() {
        return Err(Error::invalid("on", "迁移日期不能晚于今天"));
    }
    if on < row.birth {
        return Err(Error::invalid("on", "迁移日期不能早于出生日期"));
    }
    let mut plan = Plan::default();
    match &to {
        None => plan.put(FactKind::MovedOut, "moved_out_on", code(row.moved_out_on), on.to_string(), Some(on)),
        Some((region, address)) => {
            if region.tier() != Tier::Village {
                return Err(Error::invalid("region", "迁入地要选到村（社区）"));
            }
            if !crate::service::load_book(db).await?.contains(region) {
                return Err(Error::invalid("region", "没有这个村（社区）"));
            }
            plan.put(FactKind::Region, "region", row.region.to_string(), region.to_string(), *region);
            plan.put(FactKind::Address, "address", row.address.clone(), address.trim().into(), address.trim());
        }
    }
    if plan.facts.is_empty() {
        return Err(Error::invalid("region", "迁入地和现在住的村（社区）相同"));
    }
    write(&tx, db, actor, &row, seen, plan, Since::Day(on), source, note).await?;
    let detail = serde_json::json!({ "on": on, "to": to.map(|(r, _)| r) });
    audit::record(&tx, actor, audit::Entry::new(MOVED, "elder", row.id).region(row.region).detail(detail)).await?;
    tx.commit().await
}
