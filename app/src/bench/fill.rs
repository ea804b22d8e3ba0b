//! Fills a database for the benches: the demo's people over all towns of the city, providers, and finished orders.
use super::{Bench, stopwatch};
use crate::demo::{self, Cast, Numbers, Person, Town};
use crate::wire;
use kernel::{
    Actor, CivilDate, Clock, ElderId, Error, HouseholdId, IdGen, Instant, OrgScope, Quarter, RegionCode, Result, Scope,
    Sex, Tier, WorkerId,
};
use orders::service::{Detail, HistoryOrder};
use std::sync::Arc;
use store::Db;

/// A filled database.
pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) ids: Vec<ElderId>,
    /// Some of the people, to search for.
    pub(crate) sample: Vec<Person>,
}

/// Every hundredth person is kept as a sample.
const SAMPLE: usize = 97;

pub(crate) async fn open(b: &Bench) -> Result<Db> {
    let db = wire::open(&b.config, Clock::System, false).await?;
    store::migrate(&db, &wire::migrations()).await?;
    people::service::seed_regions(&db, people::service::shipped_regions()).await?;
    Ok(db)
}

/// The archive filled with `b.elders` people, all with the same seed. A folder that was kept is used as it is.
pub(crate) async fn people(b: &Bench) -> Result<World> {
    let db = open(b).await?;
    let book = people::service::load_book(&db).await?;
    let today = db.clock().today();
    let ids = IdGen::new(42);
    let dice = demo::Dice(&ids);
    let towns: Vec<_> = book.iter().map(|(c, _)| c).filter(|c| c.tier() == Tier::Town).collect();
    if towns.is_empty() {
        return Err(Error::Internal("the regions hold no town".into()));
    }
    let filled = members(&db, b).await?.into_iter().map(|m| m.elder).collect::<Vec<_>>();
    let started = stopwatch();
    let (mut out, mut sample) = (Vec::with_capacity(b.elders), Vec::new());
    let actor = wire::platform(&b.config, "bench");
    let mut numbers = Numbers::default();
    for (index, code) in towns.iter().enumerate() {
        let elders = b.elders / towns.len() + usize::from(index < b.elders % towns.len());
        let all = demo::people(&dice, &mut numbers, &book, Town { code: *code, index, elders }, today);
        sample.extend(all.iter().step_by(SAMPLE).cloned());
        if filled.is_empty() {
            out.extend(demo::open_archives(&db, &actor, &all).await?);
        }
    }
    if filled.is_empty() {
        eprintln!("filled {} elders in {:.1} s", out.len(), started.elapsed().as_secs_f64());
    } else {
        out = filled;
    }
    Ok(World { db, ids: out, sample })
}

/// Someone of the archive as an order needs them.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) elder: ElderId,
    pub(crate) household: HouseholdId,
    pub(crate) region: RegionCode,
    pub(crate) sex: Sex,
    pub(crate) birth: kernel::CivilDate,
}

/// Everyone, household by household.
pub(crate) async fn members(db: &Db, b: &Bench) -> Result<Vec<Member>> {
    let scope = Scope { region: b.config.region, org: OrgScope::Any };
    let (mut out, mut after) = (Vec::new(), None);
    loop {
        let part = people::service::households_after(db, &scope, after, 2_000).await?;
        let Some(last) = part.last() else { return Ok(out) };
        after = Some(last.household);
        for h in &part {
            out.extend(h.members.iter().map(|m| Member {
                elder: m.elder,
                household: h.household,
                region: m.region,
                sex: m.sex,
                birth: m.birth,
            }));
        }
    }
}

/// Runs the determination of everyone for a day; seconds it took.
pub(crate) async fn determine(db: &Db, b: &Bench, day: kernel::CivilDate) -> Result<f64> {
    let shelf = Arc::new(entitlement::Shelf::shipped()?);
    let runner = wire::runner(db, &b.config, &shelf);
    let actor = wire::platform(&b.config, "determine");
    let tx = db.begin().await?;
    let key = format!("bench-determine:{day}:{}", db.now().0);
    let payload = serde_json::json!({ "day": day });
    let id = work::enqueue(&tx, db, &actor, "determine", &key, "认定待遇", &payload, b.config.region).await?;
    tx.commit().await?;
    let started = stopwatch();
    runner.run_job(id).await?;
    Ok(started.elapsed().as_secs_f64())
}

/// A database with people, purses and `b.orders` confirmed orders of a quarter that ended.
pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) cast: Cast,
    pub(crate) quarter: Quarter,
}

pub(crate) async fn orders(b: &Bench) -> Result<Served> {
    let world = people(b).await?;
    let db = &world.db;
    let today = db.clock().today();
    let quarter = today.quarter().previous();
    let cast = demo::build_cast(db, &b.config, 42, 0, today).await?;
    determine(db, b, quarter.first_day()).await?;
    let everyone = members(db, b).await?;
    let started = stopwatch();
    let mut homes: Vec<(Member, kernel::AccountId)> = Vec::new();
    let mut last = None;
    for m in everyone {
        if last == Some(m.household) || m.birth.age_on(quarter.first_day()) < 75 {
            continue;
        }
        last = Some(m.household);
        if let Some(p) = entitlement::service::purses(db, m.household, quarter.first_day()).await?.into_iter().next() {
            homes.push((m, p.account));
        }
    }
    if homes.is_empty() {
        return Err(Error::Internal("nobody has a purse".into()));
    }
    let menu = catalogue::service::items(db, &cast.towns[0], today).await?;
    let each = b.orders.div_ceil(homes.len());
    // The whole quarter's purse, spread over the orders of the household.
    let price = kernel::Fen(30_000 / each.max(1) as i64);
    let actor: Actor = wire::platform(&b.config, "bench");
    // Each worker goes from one home to the next and is in no two at once, as nearly all are.
    let mut rounds: Vec<Round> = (0..b.orders.div_ceil(400).max(cast.firms.len()))
        .map(|n| Round { worker: db.new_id(), day: quarter.first_day(), minute: n as i64 % 60 })
        .collect();
    let mut batch: Vec<HistoryOrder> = Vec::with_capacity(1_000);
    let mut written = 0usize;
    for n in 0..b.orders {
        let (m, account) = &homes[n % homes.len()];
        let item = &menu[n % menu.len()];
        let at = n % rounds.len();
        let firm = &cast.firms[at % cast.firms.len()];
        let (worker, starts_at) = rounds[at].next(i64::from(item.item.minutes), quarter);
        batch.push(HistoryOrder {
            elder: m.elder,
            household: m.household,
            elder_name: "演示".into(),
            elder_sex: m.sex,
            elder_birth: m.birth,
            region: m.region,
            address: "演示".into(),
            place: None,
            item: item.item.id,
            item_name: item.item.name.clone(),
            category: item.item.category,
            unit: item.item.unit,
            minutes: i64::from(item.item.minutes),
            provider: firm.org,
            provider_name: "演示".into(),
            worker,
            worker_name: format!("演示{at}"),
            starts_at,
            quantity: 1,
            price,
            gov: price,
            purse_account: Some(*account),
            pack_id: None,
            pack_title: None,
            article: "演示".into(),
            price_document: item.document.clone(),
            created_by_name: "演示".into(),
            rating: Some(5),
            rating_note: String::new(),
        });
        if batch.len() == 1_000 || n + 1 == b.orders {
            let tx = db.begin().await?;
            written +=
                orders::service::bulk_insert(&tx, db, &actor, std::mem::take(&mut batch), Detail::Full).await?.len();
            tx.commit().await?;
        }
    }
    eprintln!("filled {written} orders in {:.1} s", started.elapsed().as_secs_f64());
    Ok(Served { world, cast, quarter })
}

/// A worker's way through the quarter.
struct Round {
    worker: WorkerId,
    day: CivilDate,
    /// Minutes after seven o'clock at which the worker is free.
    minute: i64,
}

impl Round {
    /// The next visit of `minutes`, with half an hour on the road after it.
    fn next(&mut self, minutes: i64, quarter: Quarter) -> (WorkerId, Instant) {
        if self.minute + minutes > 11 * 60 {
            self.minute = 0;
            self.day = if self.day == quarter.last_day() { quarter.first_day() } else { self.day.plus_days(1) };
        }
        let starts = self.day.at(7, 0).plus_ms(self.minute * Instant::MINUTE);
        self.minute += minutes + 30;
        (self.worker, starts)
    }
}
