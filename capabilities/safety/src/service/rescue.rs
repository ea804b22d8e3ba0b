//! Rescue: somebody is lost, and those who look for them get a link that shows the last way. It needs no account, cannot be
//! guessed, says only what a searcher needs, counts who looks, and is dead when its time is over, when it is taken back or
//! when the emergency is closed.
use super::{no_case, platform_in, scope_case};
use crate::model::{CaseId, EventKind, Fix, track};
use crate::readings;
use crate::store::{cases, rescue as sql};
use audit::{Action, Entry};
use kernel::{Actor, Error, FieldError, Instant, Permission, Phone, Result};
use sha2::{Digest, Sha256};
use store::Db;

pub use crate::store::rescue::Rescue;

const STARTED: Action = Action::new("safety.rescue_started", "发寻人链接");
const ENDED: Action = Action::new("safety.rescue_ended", "停寻人链接");
const SEEN: Action = Action::new("safety.rescue_seen", "打开寻人链接");

/// How long a link may live, hours.
pub const HOURS: [i64; 5] = [1, 2, 4, 8, 24];
/// The way of so much time before the start is shown.
const BEFORE_MS: i64 = 3 * Instant::HOUR;

/// What a link shall say.
#[derive(Clone, Debug)]
pub struct NewRescue {
    pub called: String,
    pub look: String,
    pub contact: String,
    pub phone: String,
    pub hours: i64,
}

/// What a searcher sees.
#[derive(Clone, Debug)]
pub struct Sought {
    pub rescue: Rescue,
    pub about: String,
    pub way: Vec<track::At>,
    /// Where the alarm saw them, when devices told no way.
    pub fix: Option<Fix>,
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The latest link of a case, for those who handle it.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope.
pub async fn rescue(db: &Db, actor: &Actor, case: CaseId) -> Result<Option<Rescue>> {
    actor.require(Permission::SafetyHandle)?;
    let case = scope_case(db, actor.scope(), case).await?;
    sql::of_case(db.read(), db, case.id).await
}

/// Opens a link for a case in hand; an earlier one of the case ends. `token` comes from the system's randomness.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid`; `Refused` when the case is closed or somebody else's.
pub async fn start_rescue(db: &Db, actor: &Actor, case: CaseId, new: NewRescue, token: &str) -> Result<Rescue> {
    actor.require(Permission::SafetyHandle)?;
    let new = checked(new)?;
    let tx = db.begin().await?;
    let case = cases::one(&tx, actor.scope(), case, tx.lock()).await?.ok_or_else(no_case)?;
    if !case.state.open() {
        return Err(Error::refused("已经关了，不再找人"));
    }
    if !case.owned_by(actor.user_id()) {
        return Err(Error::refused("先接手，再发寻人链接"));
    }
    sql::end(&tx, case.id, &actor.label()).await?;
    let rescue = Rescue {
        id: db.new_id(),
        case: case.id,
        elder: case.elder,
        region: case.region,
        token: token.into(),
        called: new.called,
        look: new.look,
        contact: new.contact,
        phone: new.phone,
        started_by: actor.label(),
        started_at: tx.now(),
        until: tx.now().plus_ms(new.hours * Instant::HOUR),
        ended_at: None,
        views: 0,
        last_view: None,
        case_no: case.no.clone(),
        case_state: case.state,
    };
    sql::insert(&tx, db, &rescue, hash(token)).await?;
    let text = format!("发寻人链接，到 {} 为止", rescue.until.stamp());
    cases::tell(&tx, db, case.id, EventKind::Rescue, actor, &text, false).await?;
    cases::save(&tx, &case).await?;
    let detail = serde_json::json!({ "case": case.id.to_string(), "hours": new.hours });
    audit::record(&tx, actor, Entry::new(STARTED, "elder", case.elder).region(case.region).detail(detail)).await?;
    tx.commit().await?;
    Ok(rescue)
}

fn checked(new: NewRescue) -> Result<NewRescue> {
    let mut wrong = Vec::new();
    let length = |t: &str| t.trim().chars().count();
    if !(1..=10).contains(&length(&new.called)) {
        wrong.push(FieldError::new("called", "写 1 到 10 字，如林奶奶"));
    }
    if length(&new.look) > 100 {
        wrong.push(FieldError::new("look", "最多 100 字"));
    }
    if !(1..=20).contains(&length(&new.contact)) {
        wrong.push(FieldError::new("contact", "写找到后打给谁"));
    }
    if new.phone.parse::<Phone>().is_err() && !matches!(new.phone.as_str(), "12349" | "110") {
        wrong.push(FieldError::new("phone", "电话不对，看看少没少一位"));
    }
    if !HOURS.contains(&new.hours) {
        wrong.push(FieldError::new("hours", "选一个时间"));
    }
    if wrong.is_empty() { Ok(new) } else { Err(Error::Invalid(wrong)) }
}

/// Takes a case's link back.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when there is none.
pub async fn end_rescue(db: &Db, actor: &Actor, case: CaseId) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let tx = db.begin().await?;
    let case = cases::one(&tx, actor.scope(), case, tx.lock()).await?.ok_or_else(no_case)?;
    if sql::end(&tx, case.id, &actor.label()).await? == 0 {
        return Err(Error::refused("没有在用的寻人链接"));
    }
    cases::tell(&tx, db, case.id, EventKind::Rescue, actor, "停寻人链接", false).await?;
    cases::save(&tx, &case).await?;
    audit::record(&tx, actor, Entry::new(ENDED, "elder", case.elder).region(case.region)).await?;
    tx.commit().await
}

/// What the holder of a token sees. Each look is counted and written down.
///
/// # Errors
/// `NotFound`, the same for a token that never was and for one that is dead.
pub async fn sought(db: &Db, telemetry: &Db, token: &str) -> Result<Sought> {
    let gone = || Error::NotFound("这个链接".into());
    // A real token is 64 hex digits; nothing else reaches the database.
    if token.len() != 64 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(gone());
    }
    let tx = db.begin().await?;
    let rescue = sql::by_hash(&tx, db, hash(token)).await?.filter(|r| r.alive(tx.now())).ok_or_else(gone)?;
    sql::viewed(&tx, rescue.id).await?;
    let me = platform_in(&rescue.region);
    let detail = serde_json::json!({ "case": rescue.case.to_string(), "view": rescue.views + 1 });
    audit::record(&tx, &me, Entry::new(SEEN, "elder", rescue.elder).region(rescue.region).detail(detail)).await?;
    let case = cases::any(&tx, rescue.case, "").await?.ok_or_else(gone)?;
    let now = tx.now();
    tx.commit().await?;
    let from = rescue.started_at.plus_ms(-BEFORE_MS);
    let said = readings::of_elder(db, telemetry, me.scope(), rescue.elder, from.date(), now.date()).await?;
    let way = track::fixes(said.iter().map(|s| (s.at, s.received, s.what)));
    let way: Vec<track::At> =
        way.into_iter().filter(|f| f.at >= from && !f.doubt.is_some_and(track::Doubt::place)).collect();
    let fix = cases::alarms(db.read(), db, &[case.id]).await?.iter().filter_map(|a| a.fix).max_by_key(|f| f.at);
    Ok(Sought { about: case.about(now.date()), way: track::thinned(&way), rescue, fix })
}
