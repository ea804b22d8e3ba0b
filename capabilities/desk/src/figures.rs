//! Figures by village, kept for a short while: counting a whole city's archive takes longer than a page may.
use crate::model::areas::{Area, Villages, total};
use kernel::{CivilDate, Instant, OrgScope, Quarter, RegionCode, Result, Scope, Tier};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use store::Db;

/// Figures of a town are this old at most before they are counted again.
const TOWN_MS: i64 = 20_000;
/// Figures of a county or city.
const CITY_MS: i64 = 5 * Instant::MINUTE;
/// Figures older than this many times their age are not shown while new ones are counted.
const STALE: i64 = 3;

/// Figures of one region as they were counted.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When they were counted; shown, so that nobody takes them for newer.
    pub at: Instant,
    pub day: CivilDate,
    pub villages: Villages,
    pub whole: Area,
}

#[derive(Default)]
struct Slot {
    now: RwLock<Option<Arc<Snapshot>>>,
    counting: tokio::sync::Mutex<()>,
}

impl Slot {
    fn get(&self) -> Option<Arc<Snapshot>> {
        self.now.read().ok().and_then(|s| s.clone())
    }
    fn set(&self, s: &Arc<Snapshot>) {
        if let Ok(mut slot) = self.now.write() {
            *slot = Some(s.clone());
        }
    }
}

/// The figures of all regions that were asked for. One per program, found by [`web::App::thing`].
#[derive(Default)]
pub struct Figures {
    slots: Mutex<HashMap<RegionCode, Arc<Slot>>>,
}

const fn fresh_ms(tier: Tier) -> i64 {
    match tier {
        Tier::Town | Tier::Village => TOWN_MS,
        Tier::County | Tier::City | Tier::Province => CITY_MS,
    }
}

impl Figures {
    fn slot(&self, region: RegionCode) -> Arc<Slot> {
        match self.slots.lock() {
            Ok(mut slots) => slots.entry(region).or_default().clone(),
            // Someone panicked while holding the lock: count for this reader alone.
            Err(_) => Arc::default(),
        }
    }

    /// The figures of a region. Those a little too old are answered at once while new ones are counted behind the
    /// reader's back; only the first reader, or one after a long pause, waits.
    pub async fn of(&self, db: &Db, region: RegionCode) -> Result<Arc<Snapshot>> {
        let slot = self.slot(region);
        let fresh = fresh_ms(region.tier());
        let (now, today) = (db.now(), db.clock().today());
        let usable = |s: &Snapshot, age: i64| s.day == today && now.since(s.at) < age;
        if let Some(held) = slot.get() {
            if usable(&held, fresh) {
                return Ok(held);
            }
            if usable(&held, fresh * STALE) {
                let (db, slot) = (db.clone(), slot.clone());
                tokio::spawn(async move {
                    // Whoever holds the lock is counting already.
                    let Ok(_one) = slot.counting.try_lock() else { return };
                    match count(&db, region).await {
                        Ok(s) => slot.set(&Arc::new(s)),
                        Err(e) => tracing::warn!(error = %e, "figures of a desk could not be counted"),
                    }
                });
                return Ok(held);
            }
        }
        let _one = slot.counting.lock().await;
        if let Some(held) = slot.get().filter(|s| usable(s, fresh)) {
            return Ok(held);
        }
        let counted = Arc::new(count(db, region).await?);
        slot.set(&counted);
        Ok(counted)
    }
}

/// The quarter that runs on a day.
pub(crate) fn running(day: CivilDate) -> Quarter {
    day.quarter()
}

/// Counts a region's villages: four queries, each answered from an index of the region.
///
/// # Errors
/// As the services asked.
pub async fn count(db: &Db, region: RegionCode) -> Result<Snapshot> {
    let scope = Scope { region, org: OrgScope::Any };
    let (at, day) = (db.now(), db.clock().today());
    let quarter = running(day);
    let mut villages = Villages::new();
    for t in people::service::tallies(db, &scope).await? {
        let a = villages.entry(t.region).or_default();
        (a.elders, a.lacking) = (t.elders, t.lacking);
    }
    for t in entitlement::service::entitled_by_village(db, &scope, day).await? {
        let a = villages.entry(t.region).or_default();
        (a.entitled, a.newly) = (t.entitled, t.newly);
    }
    for t in entitlement::service::purses_by_village(db, &scope, quarter).await? {
        villages.entry(t.region).or_default().granted = t.granted;
    }
    for t in orders::service::by_village(db, &scope, quarter).await? {
        let a = villages.entry(t.region).or_default();
        (a.orders, a.gov) = (t.orders, t.gov);
    }
    let whole = total(&villages, &region);
    Ok(Snapshot { at, day, villages, whole })
}
