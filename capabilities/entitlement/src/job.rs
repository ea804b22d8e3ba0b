//! Work that goes on by itself: everyone every day, and one household after something was learnt of it.
use crate::service;
use crate::shelf::Shelf;
use async_trait::async_trait;
use kernel::{Actor, CivilDate, ElderId, Error, HouseholdId, OrgScope, RegionCode, Result, Scope};
use serde::Deserialize;
use std::sync::Arc;
use store::Db;
use work::{Event, Job, JobCtx, Schedule, Subscriber};

/// Kind of the job that determines everyone in its region.
pub const DETERMINE: &str = "determine";

/// Determines everyone in the job's region for the day of its payload, then clears what waited in purses of quarters
/// that are over.
pub struct DetermineJob(pub Arc<Shelf>);

#[derive(Deserialize)]
struct Ask {
    day: CivilDate,
}

#[async_trait]
impl Job for DetermineJob {
    fn kind(&self) -> &'static str {
        DETERMINE
    }
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        let ask: Ask = serde_json::from_value(payload).map_err(Error::internal)?;
        let scope = Scope { region: ctx.row.region, org: OrgScope::Any };
        let actor = Actor::Platform { job: DETERMINE, scope };
        // A run that waited over night while a later day was done has nothing left to say.
        let done = service::determined_on(&ctx.db, &scope).await?.map(|(day, _)| day);
        let day = done.map_or(ask.day, |done| done.max(ask.day));
        let packs = self.0.packs(&ctx.db).await?;
        let report = service::determine(&ctx.db, &packs, &actor, day, ctx).await?;
        let cleared = service::clear_waiting(&ctx.db, &actor, &service::Quiet).await?;
        let recounted = service::tallies(&ctx.db, true).await?;
        if recounted > 0 {
            tracing::error!(recounted, "counts kept with every change were wrong and were counted afresh");
        }
        Ok(serde_json::json!({ "day": day, "determined": report, "cleared": cleared }))
    }
}

/// Every day at ten past midnight.
pub(crate) fn daily() -> Schedule {
    Schedule {
        kind: DETERMINE,
        title: "认定待遇",
        minute: 10,
        period: |day| Some(day.to_string()),
        payload: |day| serde_json::json!({ "day": day }),
    }
}

/// Determines a household again when something in its archives changed.
pub struct ArchiveChanged(pub Arc<Shelf>);

#[async_trait]
impl Subscriber for ArchiveChanged {
    fn name(&self) -> &'static str {
        "entitlement"
    }
    fn topics(&self) -> &'static [&'static str] {
        &["elder.changed", "elder.died", "household.changed", "archive.imported"]
    }
    async fn handle(&self, db: &Db, event: &Event) -> Result<()> {
        let actor =
            |region: RegionCode| Actor::Platform { job: DETERMINE, scope: Scope { region, org: OrgScope::Any } };
        if event.topic == "archive.imported" {
            let Some(region) = read::<RegionCode>(event, "region") else { return Ok(()) };
            service::ask(db, &actor(region), region, &format!("import:{}", event.id)).await?;
            return Ok(());
        }
        let today = db.clock().today();
        let mut homes: Vec<HouseholdId> = read(event, "household").into_iter().collect();
        let packs = self.0.packs(db).await?;
        let Some(whole) = packs.everywhere() else { return Ok(()) };
        if let Some(elder) = read::<ElderId>(event, "elder") {
            match people::service::archive(db, &whole, elder).await {
                Ok(found) if found.card.id == elder && found.in_force => homes.push(found.card.household),
                Ok(found) => {
                    service::retire(db, &actor(whole.region), elder).await?;
                    if found.in_force {
                        homes.push(found.card.household);
                    }
                }
                Err(Error::NotFound(_)) => {}
                Err(other) => return Err(other),
            }
        }
        homes.sort_unstable();
        homes.dedup();
        for home in homes {
            service::determine_household(db, &packs, &actor(whole.region), home, today).await?;
        }
        Ok(())
    }
}

/// A value of an event's payload.
fn read<T: serde::de::DeserializeOwned>(event: &Event, key: &str) -> Option<T> {
    serde_json::from_value(event.payload.get(key)?.clone()).ok()
}
