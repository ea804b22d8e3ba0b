//! Workers, their papers, bans and accounts.
use super::no_worker;
use crate::model::{
    BanDraft, Candidate, DocumentDraft, WorkerBlock, WorkerCard, WorkerDraft, fit, paper_banned as banned_error,
};
use crate::store::{self as sql, Sealed};
use access::HashedPassword;
use catalogue::Item;
use kernel::{Actor, CivilDate, Error, OrgId, PageAsk, Paged, Permission, Phone, Result, Scope, UserId, WorkerId};
use serde_json::json;
use store::{Db, Secret, Sql, Tx};
use uuid::Uuid;

const REGISTERED: audit::Action = audit::Action::new("worker.registered", "登记护理员");
const CHANGED: audit::Action = audit::Action::new("worker.changed", "修改护理员");
const DOCUMENT_ADDED: audit::Action = audit::Action::new("worker.document_added", "登记护理员证件");
const DOCUMENT_VOIDED: audit::Action = audit::Action::new("worker.document_voided", "作废护理员证件");
const BANNED: audit::Action = audit::Action::new("worker.banned", "列入行业禁入名单");
const BAN_LIFTED: audit::Action = audit::Action::new("worker.ban_lifted", "移出行业禁入名单");
const LINKED: audit::Action = audit::Action::new("worker.account_linked", "开通护理员账号");
const PHONE_SHOWN: audit::Action = audit::Action::new("worker.phone_shown", "查看护理员电话");

/// One worker with all papers and bans.
pub async fn worker(db: &Db, scope: &Scope, id: WorkerId) -> Result<WorkerCard> {
    sql::worker(db.read(), scope, id).await?.ok_or_else(no_worker)
}

/// All workers of an organisation who have not left, by name.
pub async fn workers(db: &Db, scope: &Scope, org: OrgId) -> Result<Vec<WorkerCard>> {
    sql::workers_of(db.read(), scope, org).await
}

/// Workers in office who live within about `metres` of a place, nearest first: for whoever looks for help at once.
pub async fn workers_near(
    db: &Db,
    scope: &Scope,
    at: kernel::GeoPoint,
    metres: i64,
    limit: i64,
) -> Result<Vec<WorkerCard>> {
    // A degree of latitude has 110.6 km; of longitude less, the further from the equator.
    let lat = metres * 1_000_000 / 110_574;
    let narrow = at.lat().to_radians().cos().max(0.2);
    let lng = (lat as f64 / narrow) as i64;
    sql::near(db.read(), scope, at, (lat, lng), limit.clamp(1, 50)).await
}

/// A page of workers.
pub async fn worker_list(
    db: &Db,
    scope: &Scope,
    filter: &sql::WorkerFilter,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<WorkerCard>> {
    sql::worker_page(db.read(), scope, filter, db.clock().today(), order, ask).await
}

/// May this worker be sent to a visit of `item` on a day? Looks at the worker's papers, bans and skills, and at the
/// provider's contract and insurance. Runs on the readers' pool or inside a transaction.
///
/// # Errors
/// `Refused` naming every paper with its number and date.
pub async fn dispatchable<C: Sql>(on: &C, id: WorkerId, item: &Item, day: CivilDate) -> Result<()> {
    let w = sql::any_worker(on, id).await?.ok_or_else(no_worker)?;
    let mut why: Vec<String> = w.blocks(item.skills, day).iter().map(WorkerBlock::zh).collect();
    let provider = sql::any_provider(on, w.org).await?.ok_or_else(no_worker)?;
    let contracts = sql::contracts_of(on, &[w.org]).await?.remove(&w.org).unwrap_or_default();
    if let Err(blocks) = fit(&provider, &contracts, None, Some(item.category), day) {
        why.extend(blocks.iter().map(|b| format!("{}{}", provider.name, b.zh())));
    }
    if why.is_empty() {
        Ok(())
    } else {
        Err(Error::refused(format!("{}不能派{}：{}", w.name, item.name, why.join("；"))))
    }
}

/// The workers of an organisation for the dispatch engine, judged on a day; visits, load and turn are the caller's to
/// add.
pub async fn candidates(db: &Db, scope: &Scope, org: OrgId, day: CivilDate) -> Result<Vec<Candidate>> {
    Ok(workers(db, scope, org).await?.iter().map(|w| w.candidate(day)).collect())
}

/// A manager keeps its own organisation's workers; the platform (imports, the demo) any.
fn may_keep(actor: &Actor, org: OrgId) -> Result<()> {
    actor.require(Permission::WorkerWrite)?;
    match actor {
        Actor::Platform { .. } => Ok(()),
        Actor::Person { .. } if actor.scope().org_id() == Some(org) => Ok(()),
        Actor::Person { .. } => Err(no_worker()),
    }
}

async fn own(tx: &Tx, actor: &Actor, id: WorkerId) -> Result<WorkerCard> {
    let w = sql::worker(tx, actor.scope(), id).await?.ok_or_else(no_worker)?;
    may_keep(actor, w.org)?;
    Ok(w)
}

fn sealed_phone(db: &Db, phone: &Phone) -> Result<Sealed> {
    Ok(Sealed { sealed: db.keys().seal(Secret::Phone, phone.as_str())?, blind: Vec::new(), masked: phone.masked() })
}

/// Registers a worker.
///
/// # Errors
/// `Invalid` with the fields to correct: also when the person is on the ban list or already registered here.
pub async fn register_worker(tx: &Tx, db: &Db, actor: &Actor, draft: WorkerDraft) -> Result<WorkerId> {
    may_keep(actor, draft.org)?;
    let today = tx.now().date();
    draft.check(true, today)?;
    let provider = sql::any_provider(tx, draft.org).await?.ok_or_else(super::no_provider)?;
    let (Some(id_number), Some(phone)) = (&draft.id_number, &draft.phone) else {
        return Err(Error::invalid("id_number", "证件号码没有填"));
    };
    let blind = db.keys().blind(Secret::IdNumber, id_number.as_str());
    if let Some(ban) = sql::bans_of(tx, &blind).await?.into_iter().find(|b| b.covers(today)) {
        return Err(banned_error(ban.to));
    }
    if let Some(name) = sql::same_person(tx, draft.org, &blind).await? {
        return Err(Error::invalid("id_number", format!("这个证件号码已登记为{name}，到名单里改")));
    }
    let identity =
        Sealed { sealed: db.keys().seal(Secret::IdNumber, id_number.as_str())?, blind, masked: id_number.masked() };
    let id: WorkerId = db.new_id();
    let person = (id_number.sex(), id_number.birth());
    sql::insert_worker(tx, id, &draft, person, &identity, &sealed_phone(db, phone)?).await?;
    let entry = audit::Entry::new(REGISTERED, "worker", id).region(provider.region).detail(json!({ "org": draft.org }));
    audit::record(tx, actor, entry).await?;
    Ok(id)
}

/// Changes a worker; identity and organisation stay.
///
/// # Errors
/// `Conflict` if it was changed since `version` was read.
pub async fn update_worker(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: WorkerId,
    version: i64,
    draft: WorkerDraft,
) -> Result<()> {
    let old = own(tx, actor, id).await?;
    draft.check(false, tx.now().date())?;
    let phone = draft.phone.as_ref().map(|p| sealed_phone(db, p)).transpose()?;
    if !sql::update_worker(tx, id, version, &draft, phone.as_ref()).await? {
        return Err(Error::Conflict(format!("{}的资料刚被别人改过，看过新的再改", old.name)));
    }
    let mut changed = Vec::new();
    let mut note = |name, differs: bool| {
        if differs {
            changed.push(name);
        }
    };
    note("name", old.name != draft.name);
    note("phone", draft.phone.is_some());
    note("skills", old.skills != draft.skills);
    note("languages", old.languages != draft.languages);
    note("hours", old.hours != draft.hours);
    note("home", old.home != draft.home || old.home_address != draft.home_address);
    note("training_hours", old.training_hours != draft.training_hours);
    note("active", old.active != draft.active);
    audit::record(tx, actor, audit::Entry::new(CHANGED, "worker", id).detail(json!({ "changed": changed }))).await
}

/// Adds a paper. The old one of its kind stays in the record; on each day the one valid on it counts.
pub async fn add_document(tx: &Tx, db: &Db, actor: &Actor, id: WorkerId, draft: DocumentDraft) -> Result<Uuid> {
    own(tx, actor, id).await?;
    draft.check()?;
    let document = db.ids().uuid(tx.now());
    sql::insert_document(tx, document, id, &draft, &actor.label()).await?;
    let entry = audit::Entry::new(DOCUMENT_ADDED, "worker", id).detail(json!({
        "document": document, "kind": draft.kind.code(), "from": draft.from, "to": draft.to
    }));
    audit::record(tx, actor, entry).await?;
    Ok(document)
}

/// Takes a wrongly entered paper out of force.
///
/// # Errors
/// `NotFound` if there is no such paper in force.
pub async fn void_document(tx: &Tx, actor: &Actor, id: WorkerId, document: Uuid, reason: &str) -> Result<()> {
    own(tx, actor, id).await?;
    let reason = needed(reason)?;
    if !sql::void_document(tx, id, document, reason).await? {
        return Err(Error::NotFound("这张证件".into()));
    }
    let entry = audit::Entry::new(DOCUMENT_VOIDED, "worker", id).reason(reason).detail(json!({ "document": document }));
    audit::record(tx, actor, entry).await
}

fn needed(reason: &str) -> Result<&str> {
    let reason = reason.trim();
    match reason.chars().count() {
        0 => Err(Error::invalid("reason", "原因没有填")),
        1..=200 => Ok(reason),
        n => Err(Error::invalid("reason", format!("原因最多 200 字，现在 {n} 字"))),
    }
}

/// Puts the person on the ban list; it holds at every provider.
///
/// # Errors
/// `Refused` if a ban already covers the first day.
pub async fn ban(tx: &Tx, db: &Db, actor: &Actor, id: WorkerId, draft: BanDraft) -> Result<Uuid> {
    actor.require(Permission::ProviderWrite)?;
    let w = sql::worker(tx, actor.scope(), id).await?.ok_or_else(no_worker)?;
    draft.check()?;
    if let Some(known) = w.ban_on(draft.from) {
        return Err(Error::refused(format!("{}已在禁入名单上：{}", w.name, known.period_zh())));
    }
    let ban = db.ids().uuid(tx.now());
    sql::insert_ban(tx, ban, id, &draft, &actor.label()).await?;
    let entry = audit::Entry::new(BANNED, "worker", id)
        .reason(draft.reason.clone())
        .detail(json!({ "ban": ban, "from": draft.from, "to": draft.to, "document": draft.document }));
    audit::record(tx, actor, entry).await?;
    Ok(ban)
}

/// Takes the person off the ban list from today on.
pub async fn lift_ban(tx: &Tx, actor: &Actor, id: WorkerId, ban: Uuid, reason: &str) -> Result<()> {
    actor.require(Permission::ProviderWrite)?;
    let w = sql::worker(tx, actor.scope(), id).await?.ok_or_else(no_worker)?;
    let gone = || Error::NotFound("这条禁入记录".into());
    w.bans.iter().find(|b| b.id == ban).ok_or_else(gone)?;
    let reason = needed(reason)?;
    if !sql::lift_ban(tx, ban, tx.now().date(), reason).await? {
        return Err(gone());
    }
    let entry = audit::Entry::new(BAN_LIFTED, "worker", id).reason(reason).detail(json!({ "ban": ban }));
    audit::record(tx, actor, entry).await
}

/// What a worker's account is opened with.
#[derive(Clone, Debug)]
pub struct WorkerAccount {
    pub login: String,
    /// A given password, to be changed at the first sign-in; `None` in the demo.
    pub password: Option<HashedPassword>,
}

/// Opens the account a worker signs in with on the phone.
///
/// # Errors
/// `Refused` if the worker has one.
pub async fn open_account(tx: &Tx, db: &Db, actor: &Actor, id: WorkerId, new: WorkerAccount) -> Result<UserId> {
    let w = own(tx, actor, id).await?;
    if w.user.is_some() {
        return Err(Error::refused(format!("{}已有账号，忘记密码找管理员重设", w.name)));
    }
    let provider = sql::any_provider(tx, w.org).await?.ok_or_else(no_worker)?;
    let ask = access::service::NewWorkerAccount {
        org: w.org,
        worker: id,
        region: provider.region,
        name: w.name,
        login: new.login,
        password: new.password,
    };
    let user = access::service::create_worker_account(tx, db, actor, ask).await?;
    link_account(tx, actor, id, user).await?;
    Ok(user)
}

/// Remembers which account is a worker's.
pub async fn link_account(tx: &Tx, actor: &Actor, id: WorkerId, user: UserId) -> Result<()> {
    own(tx, actor, id).await?;
    sql::set_user(tx, id, Some(user)).await?;
    audit::record(tx, actor, audit::Entry::new(LINKED, "worker", id).detail(json!({ "user": user }))).await
}

/// A worker's telephone in full, for calling; audited.
pub async fn phone_plain(tx: &Tx, db: &Db, actor: &Actor, id: WorkerId, reason: &str) -> Result<String> {
    actor.require(Permission::ProviderRead)?;
    let w = sql::worker(tx, actor.scope(), id).await?.ok_or_else(no_worker)?;
    let reason = needed(reason)?;
    let sealed = sql::phone_sealed(tx, w.id).await?.ok_or_else(no_worker)?;
    let plain = db.keys().open(Secret::Phone, &sealed)?;
    audit::record(tx, actor, audit::Entry::new(PHONE_SHOWN, "worker", id).reason(reason)).await?;
    Ok(plain)
}
