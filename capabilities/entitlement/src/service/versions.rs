//! Writing a version of a policy, trying it out, and having a second person approve it.
use super::{APPROVED, DRAFTED, RETURNED, SUBMITTED, WITHDRAWN};
use crate::model::{Act, Version, VersionState, VersionStep as Step, from_day, keeps_frame};
use crate::packs::Packs;
use crate::shelf::Shelf;
use crate::store::versions as sql;
use kernel::{Actor, CivilDate, Error, FieldError, Permission, PolicyVersionId, RegionCode, Result, Scope, UserId};
use policy::{Adoption, Check, Pack};
use store::Db;

/// What a draft says.
#[derive(Clone, Debug)]
pub struct Draft {
    pub body: String,
    pub effective_on: CivilDate,
    /// Why it is written.
    pub why: String,
}

/// A text with everything that is known of it.
#[derive(Debug)]
pub struct Checked {
    pub check: Check,
    /// What keeps it from working together with the packs in force.
    pub faults: Vec<policy::PackError>,
}

impl Checked {
    /// It can be handed in.
    pub fn sound(&self) -> bool {
        self.check.fault.is_none() && self.faults.is_empty()
    }
}

/// Runs `body` through everything an approval will ask: text, examples, the packs it stands among. Writes nothing.
pub fn check(packs: &Packs, pack: &str, body: &str, effective_on: CivilDate) -> Checked {
    let mut check = Pack::check(&format!("{pack}.toml"), body);
    let mut faults = Vec::new();
    if let Some(read) = check.pack.take() {
        let at_head = |message: String| policy::PackError { file: read.file.clone(), line: 1, column: 1, message };
        if read.id != pack {
            faults.push(at_head(format!("id 要是“{pack}”，这里写的是“{}”", read.id)));
        }
        if let Some(before) = packs.find(pack)
            && let Err(Error::Invalid(found)) = keeps_frame(before.newest(), &read)
        {
            faults.extend(found.into_iter().map(|f| at_head(f.message)));
        }
        let known = packs.faults();
        let with = packs.with(from_day(read.clone(), effective_on)).faults();
        faults.extend(with.into_iter().filter(|f| known.iter().all(|k| k.message != f.message)));
        check.pack = Some(read);
    }
    Checked { check, faults }
}

fn person(actor: &Actor) -> Result<(UserId, String)> {
    let Actor::Person { user, name, .. } = actor else {
        return Err(Error::Forbidden("政策要由人来写、由人来批".into()));
    };
    Ok((*user, name.clone()))
}

/// Whoever may read policies sees what is approved; drafts are for those who write or approve them.
fn may_see(actor: &Actor, v: &Version) -> bool {
    let region = actor.scope().region;
    let near = v.region.contains(&region) || region.contains(&v.region);
    let works = [Permission::PolicyDraft, Permission::PolicyApprove].iter().any(|p| actor.require(*p).is_ok());
    near && (works || v.state == VersionState::Approved)
}

/// One version.
///
/// # Errors
/// `NotFound` outside the region, and for drafts of others' without the permission.
pub async fn version(db: &Db, actor: &Actor, id: PolicyVersionId) -> Result<Version> {
    actor.require(Permission::EntitlementRead)?;
    let v = sql::one(db.read(), id, "").await?;
    if may_see(actor, &v) { Ok(v) } else { Err(Error::NotFound("这一版政策".into())) }
}

/// Versions of one pack, or of all, the last changed first.
pub async fn version_list(
    db: &Db,
    actor: &Actor,
    pack: Option<&str>,
    state: Option<VersionState>,
) -> Result<Vec<Version>> {
    actor.require(Permission::EntitlementRead)?;
    let ask = sql::Ask { pack: pack.map(str::to_string), state };
    let found = sql::list(db.read(), actor.scope(), &ask).await?;
    Ok(found.into_iter().filter(|v| may_see(actor, v)).collect())
}

/// Begins a version of `pack` with the text in force on the day the next one could begin.
///
/// # Errors
/// `Refused` while another version of it is being written or waits for approval: one at a time.
pub async fn begin(db: &Db, shelf: &Shelf, actor: &Actor, pack: &str) -> Result<PolicyVersionId> {
    let packs = shelf.packs(db).await?;
    let versions = packs.find(pack).ok_or_else(|| Error::NotFound("这份政策".into()))?;
    let text = versions.newest().text.clone();
    open(db, actor, versions.newest(), text.clone(), text, None).await
}

/// How another place's pack becomes one of this place.
#[derive(Clone, Debug)]
pub struct Takeover {
    pub title: String,
    /// The local document with its number.
    pub document: String,
    pub place: RegionCode,
    pub place_name: String,
    /// A village of the place.
    pub village: RegionCode,
    /// Where the document is invented by way of example: what is invented.
    pub local_example: Option<String>,
}

/// Begins the first version of a pack of this place that takes over the rules of `pack`.
///
/// # Errors
/// `Refused` when the place has taken it over already.
pub async fn adopt(db: &Db, shelf: &Shelf, actor: &Actor, pack: &str, local: Takeover) -> Result<PolicyVersionId> {
    let packs = shelf.packs(db).await?;
    let from = packs.find(pack).ok_or_else(|| Error::NotFound("这份政策".into()))?.newest();
    let id: String = format!("{}-{}", pack.chars().take(46).collect::<String>(), local.place.prefix());
    if packs.find(&id).is_some() {
        return Err(Error::refused("这里已经采用过这份政策，到它的页面上写新版"));
    }
    let text = policy::adopt(
        from,
        &Adoption {
            id: id.clone(),
            title: local.title,
            document: local.document,
            document_note: format!("参照《{}》，用自己的话写。", from.document),
            place: local.place,
            place_note: format!("{}。", local.place_name),
            local_example: local.local_example,
            village: local.village,
        },
    )
    .map_err(|fault| Error::Refused(format!("照搬不了，要动手改写：{fault}")))?;
    let adopted = Pack::load(&id, &text).map_err(|fault| Error::Refused(fault.to_string()))?;
    open(db, actor, &adopted, text, from.text.clone(), Some(from.id.clone())).await
}

async fn open(
    db: &Db,
    actor: &Actor,
    pack: &Pack,
    body: String,
    base: String,
    adopted_from: Option<String>,
) -> Result<PolicyVersionId> {
    actor.require(Permission::PolicyDraft)?;
    let (user, name) = person(actor)?;
    let region = actor.scope().region;
    if !pack.place.contains(&region) && !region.contains(&pack.place) {
        return Err(Error::refused("这是别处的政策。要用它的办法，先采用到本地"));
    }
    let tx = db.begin().await?;
    sql::lock(&tx).await?;
    let every = Scope { region: pack.place, org: kernel::OrgScope::Any };
    let ask = sql::Ask { pack: Some(pack.id.clone()), state: None };
    let open = |v: &Version| v.state.open() || v.state == VersionState::Submitted;
    if let Some(other) = sql::list(&tx, &every, &ask).await?.into_iter().find(open) {
        return Err(Error::Refused(format!("第 {} 版还在写或待批准，先办完那一版", other.number)));
    }
    let today = tx.now().date();
    let v = Version {
        id: db.new_id(),
        pack: pack.id.clone(),
        number: sql::next_number(&tx, &pack.id).await?,
        state: VersionState::Draft,
        region: pack.place,
        title: pack.title.clone(),
        body,
        base,
        effective_on: today.month_of().next().first_day(),
        why: String::new(),
        adopted_from,
        seen: 0,
        steps: Vec::new(),
    };
    sql::insert(&tx, &v).await?;
    sql::step(&tx, v.id, &Step { act: Act::Saved, who: user, name, at: tx.now(), reason: String::new() }).await?;
    audit::record(&tx, actor, entry(DRAFTED, &v)).await?;
    tx.commit().await?;
    Ok(v.id)
}

fn entry(action: audit::Action, v: &Version) -> audit::Entry {
    let detail = serde_json::json!({ "pack": v.pack, "number": v.number, "effective_on": v.effective_on });
    audit::Entry::new(action, "policy_version", v.id).region(v.region).detail(detail)
}

/// Keeps what was written so far, right or wrong. `seen` is the count of changes the writer began from.
///
/// # Errors
/// `Conflict` when somebody else saved meanwhile; `Refused` where the version is not being written.
pub async fn save(db: &Db, actor: &Actor, id: PolicyVersionId, seen: i64, draft: Draft) -> Result<()> {
    step(db, actor, id, Some(seen), Some(draft), Act::Saved, "").await
}

/// Hands it in for approval: everything must be right.
///
/// # Errors
/// `Invalid` with what is wrong in the text, `Refused` where it is not being written.
pub async fn submit(db: &Db, shelf: &Shelf, actor: &Actor, id: PolicyVersionId, seen: i64, draft: Draft) -> Result<()> {
    let v = version(db, actor, id).await?;
    let mut wrong = faults(&*shelf.packs(db).await?, &v.pack, &draft.body, draft.effective_on);
    if draft.why.trim().is_empty() {
        wrong.push(FieldError::new("why", "写明为什么改，批准的人要看"));
    }
    if draft.effective_on <= db.clock().today() {
        wrong.push(FieldError::new("effective_on", "生效日期要在今天以后"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    step(db, actor, id, Some(seen), Some(draft), Act::Submitted, "").await
}

fn faults(packs: &Packs, pack: &str, body: &str, effective_on: CivilDate) -> Vec<FieldError> {
    let found = check(packs, pack, body, effective_on);
    let all = found.check.fault.iter().chain(&found.faults);
    all.map(|f| FieldError::new("body", format!("第 {} 行第 {} 列：{}", f.line, f.column, f.message))).collect()
}

/// A second person approves: from its day on it is in force, in every process.
///
/// # Errors
/// `Refused` for whoever wrote a part of it, for a day that has come, for a pack of a place beyond one's own, and where
/// what was approved meanwhile no longer goes together with it.
pub async fn approve(db: &Db, shelf: &Shelf, actor: &Actor, id: PolicyVersionId) -> Result<()> {
    let v = version(db, actor, id).await?;
    if let Some(fault) = faults(&*shelf.packs(db).await?, &v.pack, &v.body, v.effective_on).into_iter().next() {
        return Err(Error::Refused(format!("和现在施行的政策合不到一起：{}", fault.message)));
    }
    step(db, actor, id, None, None, Act::Approved, "").await
}

/// A second person sends it back.
///
/// # Errors
/// `Invalid` without a reason; else as [`approve`].
pub async fn send_back(db: &Db, actor: &Actor, id: PolicyVersionId, reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写明为什么退回"));
    }
    step(db, actor, id, None, None, Act::Returned, reason.trim()).await
}

/// Gives a draft up, or takes an approved version back before its day.
///
/// # Errors
/// `Invalid` without a reason; `Refused` once it is in force.
pub async fn withdraw(db: &Db, actor: &Actor, id: PolicyVersionId, reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写明为什么撤回"));
    }
    step(db, actor, id, None, None, Act::Withdrawn, reason.trim()).await
}

async fn step(
    db: &Db,
    actor: &Actor,
    id: PolicyVersionId,
    seen: Option<i64>,
    draft: Option<Draft>,
    act: Act,
    reason: &str,
) -> Result<()> {
    let (user, name) = person(actor)?;
    let tx = db.begin().await?;
    sql::lock(&tx).await?;
    let mut v = sql::one(&tx, id, tx.lock()).await?;
    if !may_see(actor, &v) {
        return Err(Error::NotFound("这一版政策".into()));
    }
    let approves = matches!(act, Act::Approved | Act::Returned) || v.state == VersionState::Approved;
    actor.require(if approves { Permission::PolicyApprove } else { Permission::PolicyDraft })?;
    if approves && !actor.scope().region.contains(&v.region) {
        return Err(Error::refused("这份政策管的地方比你的大，要由上级批准"));
    }
    if seen.is_some_and(|seen| seen != v.seen) {
        return Err(Error::Conflict("别人刚改过这一版，先看看改了什么".into()));
    }
    if let Some(draft) = draft {
        v.title = policy::Pack::check(&v.pack, &draft.body).pack.map_or(v.title, |p| p.title);
        v.body = draft.body;
        v.effective_on = draft.effective_on;
        v.why = draft.why.trim().to_string();
    }
    v.allows(act, user, tx.now().date())?;
    let was = v.state;
    let action = match act {
        Act::Saved => DRAFTED,
        Act::Submitted => SUBMITTED,
        Act::Approved => APPROVED,
        Act::Returned => RETURNED,
        Act::Withdrawn => WITHDRAWN,
    };
    v.state = match act {
        Act::Saved => was,
        Act::Submitted => VersionState::Submitted,
        Act::Approved => VersionState::Approved,
        Act::Returned => VersionState::Returned,
        Act::Withdrawn => VersionState::Withdrawn,
    };
    if act == Act::Approved {
        later(&tx, &v).await?;
    }
    sql::update(&tx, &v).await?;
    sql::step(&tx, v.id, &Step { act, who: user, name, at: tx.now(), reason: reason.to_string() }).await?;
    if act == Act::Approved || was == VersionState::Approved {
        sql::tick(&tx).await?;
    }
    let entry = entry(action, &v);
    audit::record(&tx, actor, if reason.is_empty() { entry } else { entry.reason(reason) }).await?;
    tx.commit().await
}

/// Versions of a pack begin one after the other, in the order they were approved.
async fn later(tx: &store::Tx, v: &Version) -> Result<()> {
    let every = Scope { region: v.region, org: kernel::OrgScope::Any };
    let ask = sql::Ask { pack: Some(v.pack.clone()), state: Some(VersionState::Approved) };
    let others = sql::list(tx, &every, &ask).await?;
    match others.into_iter().find(|o| o.id != v.id && o.effective_on >= v.effective_on) {
        Some(o) => Err(Error::Refused(format!(
            "第 {} 版已批准从 {} 起施行，两版的施行期会重叠。先撤回那一版，或把生效日期改到它以后",
            o.number, o.effective_on
        ))),
        None => Ok(()),
    }
}
