//! Devices that are expected to be silent: planned work on a gateway or a line, and outages seen afterwards. Without it a
//! gateway's hour off would be a thousand alarms.
use super::{desk, platform_of};
use crate::devices::minutes_words;
use crate::model::{AlarmKind, DowntimeId, EventKind, Fix, kind_zh};
use crate::store::{cases, downtime as sql, duty};
use audit::{Action, Entry};
use kernel::{Actor, ElderId, Error, FieldError, Instant, Paged, Permission, RegionCode, Result, Scope};
use store::{Db, Tx};

pub use crate::store::downtime::Downtime;

const PLANNED: Action = Action::new("safety.downtime", "登记设备停机");
const ENDED: Action = Action::new("safety.downtime_ended", "设备停机提前结束");

/// After a downtime devices have so long to report again before their silence is told: longer than the watch takes to call
/// a device well again.
pub const GRACE_MS: i64 = 15 * Instant::MINUTE;
/// The longest planned downtime.
const LONGEST_MS: i64 = 3 * Instant::DAY;

/// A downtime to be written down.
#[derive(Clone, Debug)]
pub struct NewDowntime {
    pub region: RegionCode,
    pub from: Instant,
    pub until: Instant,
    pub reason: String,
}

/// Until when the devices of an elder are expected to be silent; `None`: their silence is an alarm.
pub(crate) async fn expected_silent(db: &Db, elder: ElderId) -> Result<Option<Instant>> {
    let place = people::service::card_anywhere(db.read(), elder).await?.region;
    let now = db.now();
    let planned = sql::around(db.read(), now, GRACE_MS).await?;
    let planned = planned.iter().filter(|d| d.region.contains(&place)).map(|d| d.until_at.plus_ms(GRACE_MS)).max();
    // The gateway itself is told aloud; its devices are not told one by one.
    let cut_off = duty::gateways(db.read()).await?;
    let cut_off = cut_off.iter().any(|g| g.region.contains(&place) && now.since(g.seen_at) > desk::GATEWAY_MS);
    Ok(planned.max(cut_off.then(|| now.plus_ms(Instant::MINUTE))).filter(|t| *t > now))
}

/// A gateway that comes back after having been cut off leaves the time between as a downtime.
pub(super) async fn back(tx: &Tx, db: &Db, name: &str, region: RegionCode, seen_at: Instant) -> Result<()> {
    let now = tx.now();
    if now.since(seen_at) <= desk::GATEWAY_MS {
        return Ok(());
    }
    let reason = format!("网关 {name} 断了 {}", minutes_words(now.since(seen_at) / Instant::MINUTE));
    let (id, made_by) = (db.new_id(), "自动".to_string());
    let d = Downtime { id, region, from_at: seen_at, until_at: now, planned: false, reason, made_by, made_at: now };
    sql::insert(tx, &d).await
}

/// Writes a planned downtime down.
///
/// # Errors
/// `Forbidden`, `Invalid`; `NotFound` for a region outside.
pub async fn plan_downtime(db: &Db, actor: &Actor, new: NewDowntime) -> Result<DowntimeId> {
    actor.require(Permission::SafetyArrange)?;
    if !actor.scope().covers(&new.region) {
        return Err(Error::NotFound("这个地方".into()));
    }
    let now = db.now();
    let mut wrong = Vec::new();
    if new.until <= new.from || new.until <= now {
        wrong.push(FieldError::new("until", "结束要在开始之后，也在现在之后"));
    }
    if new.until.since(new.from) > LONGEST_MS {
        wrong.push(FieldError::new("until", "一次最多 3 天"));
    }
    let reason = new.reason.trim().to_string();
    if !(1..=60).contains(&reason.chars().count()) {
        wrong.push(FieldError::new("reason", "写 1 到 60 字，如换网关、停电"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let d = Downtime {
        id: db.new_id(),
        region: new.region,
        from_at: new.from,
        until_at: new.until,
        planned: true,
        reason,
        made_by: actor.label(),
        made_at: now,
    };
    let tx = db.begin().await?;
    sql::insert(&tx, &d).await?;
    let detail = serde_json::json!({ "from": d.from_at.0, "until": d.until_at.0 });
    audit::record(&tx, actor, Entry::new(PLANNED, "downtime", d.id).region(d.region).detail(detail)).await?;
    tx.commit().await?;
    Ok(d.id)
}

/// Ends a downtime now: what is silent still is told after the grace.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when it is over.
pub async fn end_downtime(db: &Db, actor: &Actor, id: DowntimeId) -> Result<()> {
    actor.require(Permission::SafetyArrange)?;
    let tx = db.begin().await?;
    let d = sql::one(&tx, actor.scope(), id).await?.ok_or_else(|| Error::NotFound("这次停机".into()))?;
    if d.until_at <= tx.now() {
        return Err(Error::refused("这次停机已经过了"));
    }
    sql::end(&tx, id, tx.now()).await?;
    audit::record(&tx, actor, Entry::new(ENDED, "downtime", id).region(d.region)).await?;
    tx.commit().await
}

/// One downtime.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope.
pub async fn downtime(db: &Db, actor: &Actor, id: DowntimeId) -> Result<Downtime> {
    actor.require(Permission::SafetyArrange)?;
    sql::one(db.read(), actor.scope(), id).await?.ok_or_else(|| Error::NotFound("这次停机".into()))
}

/// Downtimes of a region.
pub async fn downtimes(db: &Db, scope: &Scope, q: &str, fetch: &web::ListFetch) -> Result<Paged<Downtime>> {
    sql::list(db, scope, q, fetch).await
}

/// Somebody in an open emergency is somewhere else now: the map follows, the history does not grow.
pub(crate) async fn is_now_at(db: &Db, elder: ElderId, fix: Fix) -> Result<bool> {
    let tx = db.begin().await?;
    let elder = people::service::card_anywhere(&tx, elder).await?.id;
    let Some(case) = cases::open_of(&tx, elder, true, "").await? else { return Ok(false) };
    let all = cases::alarms(&tx, db, &[case.id]).await?;
    let Some(alarm) = all.iter().find(|a| a.kind == case.kind).or(all.first()) else { return Ok(false) };
    if all.iter().filter_map(|a| a.fix).any(|f| f.at >= fix.at) {
        return Ok(false);
    }
    crate::store::alarms::move_to(&tx, alarm.id, fix).await?;
    tx.commit().await?;
    Ok(true)
}

/// The cause of an alarm is gone: noted on the open case, which stays open. The same key is noted once.
pub(crate) async fn cleared(
    db: &Db,
    elder: ElderId,
    kind: AlarmKind,
    key: &str,
    at: Instant,
    reason: &str,
) -> Result<bool> {
    let tx = db.begin().await?;
    let elder = people::service::card_anywhere(&tx, elder).await?.id;
    crate::store::alarms::hold(&tx, elder).await?;
    let Some(id) = sql::cleared(&tx, elder, kind, key, at).await? else { return Ok(false) };
    let Some(case) = cases::any(&tx, id, tx.lock()).await?.filter(|c| c.state.open()) else { return Ok(false) };
    let text = format!("{}解除：{reason}。还没关，要人确认", kind_zh(kind));
    cases::tell(&tx, db, id, EventKind::Cleared, &platform_of(&case), &text, false).await?;
    cases::save(&tx, &case).await?;
    tx.commit().await?;
    Ok(true)
}
