//! What helps at the door, who is near, and the accounts of the family.
use super::{HELPER, HELPER_PHONE, HOME, HOME_SEEN, LINKED, UNLINKED, scope_case};
use crate::model::{Case, CaseId, HelperId, HelperKind};
use crate::store::home::{self as sql, HelperLine, Home, Link};
use kernel::{Actor, ElderId, Error, GeoPoint, OrgScope, Permission, Phone, Result, Scope, Tier, UserId, WorkerId};
use serde_json::json;
use store::{Db, Secret};

const LONG: usize = 200;

/// What is known of an elder's home, for those who prepare it. Seeing it is written to the audit log.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn home(db: &Db, actor: &Actor, elder: ElderId) -> Result<Home> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let found = sql::home(db.read(), db, card.id).await?;
    let tx = db.begin().await?;
    audit::record(&tx, actor, audit::Entry::new(HOME_SEEN, "elder", card.id).region(card.region)).await?;
    tx.commit().await?;
    Ok(found)
}

/// The same for a case that is not closed, as far as consent goes: whoever handles it may see it, and it is written down once a
/// look.
pub async fn home_of_case(db: &Db, actor: &Actor, case: &Case) -> Result<Home> {
    let mut h = sql::home(db.read(), db, case.elder).await?;
    if !h.consent.full() {
        (h.medication, h.allergy, h.manner) = (String::new(), String::new(), String::new());
    }
    if h.version > 0 {
        let tx = db.begin().await?;
        let entry = audit::Entry::new(HOME_SEEN, "elder", case.elder)
            .region(case.region)
            .reason(format!("处置 {}", case.no))
            .detail(json!({ "case": case.id.to_string() }));
        audit::record(&tx, actor, entry).await?;
        tx.commit().await?;
    }
    Ok(h)
}

/// Writes what helps at the door.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid`; `Conflict` when somebody wrote meanwhile.
pub async fn save_home(db: &Db, actor: &Actor, elder: ElderId, mut new: Home, seen: i64) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    for (field, text) in [
        ("door", &new.door),
        ("keys", &new.keys),
        ("medication", &new.medication),
        ("allergy", &new.allergy),
        ("manner", &new.manner),
    ] {
        if text.chars().count() > LONG {
            return Err(Error::invalid(field, format!("最多 {LONG} 字")));
        }
    }
    let tx = db.begin().await?;
    crate::store::alarms::hold(&tx, card.id).await?;
    let old = sql::home(&tx, db, card.id).await?;
    if old.version != seen {
        return Err(Error::Conflict("有人先改了，刷新再填".into()));
    }
    new.consent_at = if new.consent == old.consent { old.consent_at } else { Some(tx.now()) };
    sql::set_home(&tx, db, card.id, &new, &actor.label()).await?;
    let changed: Vec<&str> = [
        ("consent", old.consent != new.consent),
        ("door", old.door != new.door),
        ("keys", old.keys != new.keys),
        ("medication", old.medication != new.medication),
        ("allergy", old.allergy != new.allergy),
        ("manner", old.manner != new.manner),
    ]
    .into_iter()
    .filter_map(|(k, c)| c.then_some(k))
    .collect();
    let entry = audit::Entry::new(HOME, "elder", card.id)
        .region(card.region)
        .detail(json!({ "fields": changed, "consent": new.consent.code() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Somebody who could be there first.
#[derive(Clone, Debug)]
pub struct Near {
    pub helper: Option<HelperId>,
    pub worker: Option<WorkerId>,
    pub kind: HelperKind,
    pub name: String,
    /// 结对、有钥匙, or the provider.
    pub note: String,
    pub phone_masked: String,
    pub place: Option<GeoPoint>,
    pub metres: Option<i64>,
    pub minutes: Option<i64>,
}

impl Near {
    /// `60 米，约 1 分`
    pub fn way(&self) -> String {
        match (self.metres, self.minutes) {
            (Some(m), Some(t)) => format!("{}，约 {t} 分", crate::model::sketch::metres_zh(m)),
            _ => String::new(),
        }
    }
}

/// Those who can be at a case first, quickest first: paired neighbours and volunteers of the town, and care workers who work
/// at this hour. At most `limit`.
pub async fn near(db: &Db, actor: &Actor, case: &Case, from: Option<GeoPoint>, limit: usize) -> Result<Vec<Near>> {
    let here = from.or(case.home);
    let now = db.now();
    let mut out = Vec::new();
    for row in sql::helpers_near(db, case.elder, &case.region.at(Tier::Town)).await? {
        let l = row.line();
        let paired = l.elder == Some(case.elder);
        let mut notes: Vec<&str> = Vec::new();
        if paired {
            notes.push("结对");
        }
        if l.has_key {
            notes.push("有钥匙");
        }
        if !l.note.is_empty() {
            notes.push(&l.note);
        }
        out.push(Near {
            helper: Some(l.id),
            worker: None,
            kind: l.kind,
            name: l.name.clone(),
            note: notes.join("，"),
            phone_masked: l.phone_masked.clone(),
            place: l.place,
            metres: None,
            minutes: None,
        });
    }
    if let Some(here) = here
        && actor.require(Permission::ProviderRead).is_ok()
    {
        let scope = Scope { region: case.region.at(Tier::County), org: OrgScope::Any };
        for w in providers::service::workers_near(db, &scope, here, 10_000, limit as i64).await? {
            if !w.working_at(now) {
                continue;
            }
            // Somebody who is with another elder right now is where that elder lives.
            let own = Scope { region: scope.region, org: OrgScope::Worker(w.org, w.id) };
            let today = orders::service::for_worker(db, &own, now.date()).await?;
            let busy = today.iter().find(|o| o.state == orders::model::State::CheckedIn);
            let place = busy.and_then(|o| o.place).or(w.home);
            out.push(Near {
                helper: None,
                worker: Some(w.id),
                kind: HelperKind::Worker,
                name: w.name.clone(),
                note: match busy {
                    Some(o) => format!("{}，正在{}家", w.org_name, o.elder_name),
                    None => w.org_name.clone(),
                },
                phone_masked: w.phone_masked.clone(),
                place,
                metres: None,
                minutes: None,
            });
        }
    }
    for n in &mut out {
        if let (Some(a), Some(b)) = (n.place, here) {
            let m = a.distance_m(b).round() as i64;
            (n.metres, n.minutes) = (Some(m), Some(n.kind.minutes(m)));
        }
    }
    out.retain(|n| n.metres.is_none_or(|m| m <= 10_000));
    out.sort_by_key(|n| (n.minutes.unwrap_or(i64::MAX), n.metres.unwrap_or(i64::MAX), n.name.clone()));
    out.truncate(limit);
    Ok(out)
}

/// A helper to be written down.
#[derive(Clone, Debug)]
pub struct NewHelper {
    pub region: kernel::RegionCode,
    pub kind: HelperKind,
    pub name: String,
    pub phone: Phone,
    pub place: Option<GeoPoint>,
    pub elder: Option<ElderId>,
    pub has_key: bool,
    pub note: String,
}

/// Writes down somebody near who has agreed to go and look.
///
/// # Errors
/// `Forbidden`, `Invalid`; `NotFound` when the elder or region lies outside.
pub async fn add_helper(db: &Db, actor: &Actor, new: NewHelper) -> Result<HelperId> {
    actor.require(Permission::SafetyPrepare)?;
    if !actor.scope().covers(&new.region) {
        return Err(Error::NotFound("这个村（社区）".into()));
    }
    let name = new.name.trim().to_string();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Error::invalid("name", "姓名要 1 到 40 字"));
    }
    let mut place = new.place;
    if let Some(e) = new.elder {
        let card = people::service::card(db, actor.scope(), e).await?;
        // A neighbour without a place of their own lives next door.
        place = place.or(card.place.filter(|_| new.kind == HelperKind::Neighbour));
    }
    let line = HelperLine {
        id: db.new_id(),
        region: new.region,
        kind: new.kind,
        name,
        phone_masked: new.phone.masked(),
        place,
        elder: new.elder,
        has_key: new.has_key,
        note: new.note.trim().chars().take(60).collect(),
    };
    let tx = db.begin().await?;
    let sealed = db.keys().seal(Secret::Phone, new.phone.as_str())?;
    sql::insert_helper(&tx, &line, sealed, &actor.label()).await?;
    let entry = audit::Entry::new(HELPER, "helper", line.id).region(line.region).detail(json!({ "step": "add" }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(line.id)
}

/// Takes a helper off the list.
pub async fn remove_helper(db: &Db, actor: &Actor, id: HelperId) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let tx = db.begin().await?;
    let row = sql::helper(&tx, actor.scope(), id).await?.ok_or_else(|| Error::NotFound("这位帮手".into()))?;
    let line = row.line();
    sql::end_helper(&tx, id).await?;
    let entry = audit::Entry::new(HELPER, "helper", id).region(line.region).detail(json!({ "step": "remove" }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// All helpers of a region.
pub async fn helpers(db: &Db, scope: &Scope) -> Result<Vec<HelperLine>> {
    Ok(sql::helpers(db, scope).await?.into_iter().map(sql::HelperRow::line).collect())
}

/// A helper's number for a case, written to the audit log.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn helper_phone(db: &Db, actor: &Actor, case: CaseId, id: HelperId) -> Result<(HelperLine, Phone)> {
    actor.require(Permission::SafetyHandle)?;
    let case = scope_case(db, actor.scope(), case).await?;
    let tx = db.begin().await?;
    let row = sql::helper(&tx, actor.scope(), id).await?.ok_or_else(|| Error::NotFound("这位帮手".into()))?;
    let plain = db.keys().open(Secret::Phone, &row.phone)?;
    let phone = plain.parse::<Phone>().map_err(Error::Internal)?;
    let entry = audit::Entry::new(HELPER_PHONE, "helper", id).region(case.region).reason(format!("处置 {}", case.no));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok((row.line(), phone))
}

/// An account for the elder or somebody of the family.
#[derive(Clone, Debug)]
pub struct HomeAccount {
    /// Else family.
    pub own: bool,
    pub name: String,
    pub relation: String,
    pub login: String,
    /// `None` in the demo, where one signs in by a click.
    pub password: Option<access::HashedPassword>,
}

/// Opens an account and ties it to the elder.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` at the fields of the account.
pub async fn open_home_account(db: &Db, actor: &Actor, elder: ElderId, new: HomeAccount) -> Result<UserId> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let relation = if new.own { "本人".to_string() } else { new.relation.trim().to_string() };
    if relation.is_empty() || relation.chars().count() > 20 {
        return Err(Error::invalid("relation", "写明是老人的谁，如女儿"));
    }
    let tx = db.begin().await?;
    let account = access::service::NewHomeAccount {
        elder: new.own,
        region: card.region,
        name: if new.own { card.name.clone() } else { new.name },
        login: new.login,
        password: new.password,
    };
    let user = access::service::create_home_account(&tx, db, actor, account).await?;
    sql::insert_link(&tx, user, card.id, &relation, &actor.label()).await?;
    let entry = audit::Entry::new(LINKED, "elder", card.id).region(card.region).detail(json!({ "user": user }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(user)
}

/// Ties an account that exists to one more elder: a daughter has two parents.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` for an account that is no elder's or family's.
pub async fn link_account(db: &Db, actor: &Actor, elder: ElderId, user: UserId, relation: &str) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let account = access::directory::people(db, &[user]).await?.pop();
    let account = account.ok_or_else(|| Error::NotFound("这个账号".into()))?;
    if !account.role.may(Permission::OwnCare) {
        return Err(Error::refused("只有老人和家属的账号能连"));
    }
    let tx = db.begin().await?;
    sql::insert_link(&tx, user, card.id, relation, &actor.label()).await?;
    let entry = audit::Entry::new(LINKED, "elder", card.id).region(card.region).detail(json!({ "user": user }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// The accounts tied to an elder, with the names they go by.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub async fn links(db: &Db, actor: &Actor, elder: ElderId) -> Result<Vec<(Link, String, String)>> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let links = sql::links_of_elder(db, card.id).await?;
    let ids: Vec<UserId> = links.iter().map(|l| l.user_id).collect();
    let people = access::directory::people(db, &ids).await?;
    Ok(links
        .into_iter()
        .filter_map(|l| {
            let a = people.iter().find(|a| a.id == l.user_id)?;
            Some((l, a.name.clone(), a.login.clone()))
        })
        .collect())
}

/// Unties an account from an elder: from now on it shows nothing of them.
pub async fn unlink(db: &Db, actor: &Actor, elder: ElderId, user: UserId) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let tx = db.begin().await?;
    if !sql::end_link(&tx, user, card.id).await? {
        return Err(Error::NotFound("这个账号".into()));
    }
    let entry = audit::Entry::new(UNLINKED, "elder", card.id).region(card.region).detail(json!({ "user": user }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// A name and number for [`HomeAccount`] rows in tests and the demo.
pub fn home_account(own: bool, name: &str, relation: &str, login: &str) -> HomeAccount {
    HomeAccount { own, name: name.into(), relation: relation.into(), login: login.into(), password: None }
}
