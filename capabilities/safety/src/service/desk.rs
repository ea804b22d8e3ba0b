//! Who sits at a desk, and what lies before them.
use super::{READY, scope_case};
use crate::model::{Alarm, Case, CaseId, Fix};
use crate::store::{cases, duty, lists};
use kernel::{Actor, Instant, Permission, RegionCode, Result, Scope};
use std::collections::HashMap;
use store::{Db, Sql};

pub use crate::store::duty::{Gateway, Presence};

/// A desk that gave no sign of life for so long is empty.
pub const ONLINE_MS: i64 = 45_000;
/// A gateway that gave none for so long is cut off.
pub const GATEWAY_MS: i64 = 60_000;
/// A queue shows so many.
const QUEUE: i64 = 60;

/// Those at a desk who answer for a place and have not signed off for a break.
pub(crate) async fn online<C: Sql>(conn: &C, place: &RegionCode, now: Instant) -> Result<Vec<Presence>> {
    let all = duty::present(conn, now.plus_ms(-ONLINE_MS)).await?;
    Ok(all.into_iter().filter(|p| p.ready && p.region.contains(place)).collect())
}

/// Everyone at a desk inside or above a region, on a break or not.
pub async fn desks(db: &Db, region: &RegionCode) -> Result<Vec<Presence>> {
    let all = duty::present(db.read(), db.now().plus_ms(-ONLINE_MS)).await?;
    Ok(all.into_iter().filter(|p| p.region.contains(region) || region.contains(&p.region)).collect())
}

/// What one's own desk is set to: ready, bell.
pub async fn own_desk(db: &Db, actor: &Actor) -> Result<Option<Presence>> {
    match actor.user_id() {
        Some(user) => duty::presence_of(db.read(), user).await,
        None => Ok(None),
    }
}

/// A sign of life of the actor's desk.
///
/// # Errors
/// `Forbidden` for whoever may not take a case: their page wakes nobody's hope.
pub async fn seen(db: &Db, actor: &Actor) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let Some(user) = actor.user_id() else { return Ok(()) };
    let tx = db.begin().await?;
    duty::seen(&tx, user, &actor.label(), actor.scope().region).await?;
    tx.commit().await
}

/// The actor's page was closed.
pub async fn left(db: &Db, actor: &Actor) -> Result<()> {
    let Some(user) = actor.user_id() else { return Ok(()) };
    let tx = db.begin().await?;
    duty::gone(&tx, user).await?;
    tx.commit().await
}

/// Ready for alarms, or on a break. On a break nobody is counted on.
pub async fn set_ready(db: &Db, actor: &Actor, ready: bool) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let Some(user) = actor.user_id() else { return Ok(()) };
    let tx = db.begin().await?;
    duty::seen(&tx, user, &actor.label(), actor.scope().region).await?;
    duty::set_ready(&tx, user, ready).await?;
    let entry = audit::Entry::new(READY, "account", user)
        .region(actor.scope().region)
        .detail(serde_json::json!({ "ready": ready }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// The bell of the actor's own desk.
pub async fn set_bell(db: &Db, actor: &Actor, on: bool) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let Some(user) = actor.user_id() else { return Ok(()) };
    let tx = db.begin().await?;
    duty::seen(&tx, user, &actor.label(), actor.scope().region).await?;
    duty::set_bell(&tx, user, on).await?;
    tx.commit().await
}

/// A gateway's sign of life.
pub async fn gateway_beat(db: &Db, name: &str, region: RegionCode, note: &str) -> Result<()> {
    let tx = db.begin().await?;
    if let Some(known) = duty::gateways(&tx).await?.into_iter().find(|g| g.name == name) {
        super::downtime::back(&tx, db, name, region, known.seen_at).await?;
    }
    duty::gateway_beat(&tx, name, region, note).await?;
    tx.commit().await
}

/// A gateway that was switched off on purpose is not missed.
pub async fn gateway_off(db: &Db, name: &str) -> Result<()> {
    let tx = db.begin().await?;
    duty::drop_gateway(&tx, name).await?;
    tx.commit().await
}

/// All gateways and their last sign of life.
pub async fn gateways(db: &Db) -> Result<Vec<Gateway>> {
    duty::gateways(db.read()).await
}

/// A case with its alarms.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub case: Case,
    pub alarms: Vec<Alarm>,
}

impl Waiting {
    /// The gravest alarm's words, and what else there is.
    pub fn reason(&self) -> String {
        let lead = self.alarms.iter().find(|a| a.kind == self.case.kind).or(self.alarms.first());
        lead.map(|a| a.reason.clone()).unwrap_or_default()
    }
    pub fn fix(&self) -> Option<Fix> {
        self.alarms.iter().filter_map(|a| a.fix).max_by_key(|f| f.at)
    }
    pub fn unverified(&self) -> bool {
        !self.alarms.is_empty() && self.alarms.iter().all(|a| a.unverified)
    }
    /// How often all of its alarms came.
    pub fn count(&self) -> i64 {
        self.alarms.iter().map(|a| a.count).sum()
    }
}

/// All that is not closed, what rings first, gravest and oldest first.
pub async fn queue(db: &Db, scope: &Scope) -> Result<Vec<Waiting>> {
    let cases = lists::live(db.read(), scope, QUEUE).await?;
    let ids: Vec<CaseId> = cases.iter().map(|c| c.id).collect();
    let mut by: HashMap<CaseId, Vec<Alarm>> = HashMap::new();
    for a in cases::alarms(db.read(), db, &ids).await? {
        by.entry(a.case).or_default().push(a);
    }
    Ok(cases.into_iter().map(|case| Waiting { alarms: by.remove(&case.id).unwrap_or_default(), case }).collect())
}

/// One case with its alarms.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn waiting(db: &Db, scope: &Scope, id: CaseId) -> Result<Waiting> {
    let case = scope_case(db, scope, id).await?;
    let alarms = cases::alarms(db.read(), db, &[id]).await?;
    Ok(Waiting { case, alarms })
}

/// When the newest position of a case was: its map is drawn anew when this changes.
pub async fn fix_stamp(db: &Db, case: CaseId) -> Result<i64> {
    cases::newest_fix(db, case).await
}

/// Changes whenever anything of the queue does.
pub async fn stamp(db: &Db, scope: &Scope) -> Result<(i64, i64, i64)> {
    lists::stamp(db, scope).await
}
