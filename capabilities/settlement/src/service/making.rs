//! Closing a quarter: from confirmed orders to frozen lists.
//!
//! A batch of orders is read, copied, sealed and marked in one transaction, so a process may die anywhere: what was
//! committed is not read again, what was not is done again. A list is opened for review when no order is left.
use super::MADE;
use crate::model::{
    Flag, HeadFacts, LineFacts, LineState, Seal, Standing, Visit, VisitFacts, flags, list_no, overlapping,
};
use crate::store::{self as sql, MakingRow, NewLine, StayRow};
use async_trait::async_trait;
use catalogue::model::{Price, most_specific};
use kernel::{
    Actor, CivilDate, ElderId, Error, Fen, ItemId, JobId, OrderId, OrgId, OrgScope, PaymentListId, Permission, Quarter,
    RegionCode, Result, Scope, Tier,
};
use orders::model::Finished;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, btree_map};
use store::{Db, Tx};

/// Orders of one transaction.
pub const BATCH: i64 = 5_000;

/// What a settlement did this time; all zero when there was nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Settled {
    pub orders: i64,
    pub lists: i64,
    /// Put back into the funds from purses of the quarter.
    pub cleared: Fen,
}

/// Told after every batch; an error stops the work where it is.
#[async_trait]
pub trait Progress: Send + Sync {
    async fn told(&self, done: i64, note: &str) -> Result<()>;
}

/// Nobody listens.
pub struct NoProgress;

#[async_trait]
impl Progress for NoProgress {
    async fn told(&self, _: i64, _: &str) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Progress for work::JobCtx {
    async fn told(&self, done: i64, note: &str) -> Result<()> {
        // The number of orders is not counted beforehand; the note carries the figure.
        self.progress(done, 0, note).await
    }
}

/// The last quarter that is over on `today`.
pub fn closed_quarter(today: CivilDate) -> Quarter {
    today.quarter().previous()
}

/// Makes the payment lists of a quarter for the actor's region and clears its purses. Running it again does what is
/// left and nothing else; orders confirmed late go into a supplementary list.
///
/// # Errors
/// `Forbidden` without the permission, `Refused` while the quarter is not over.
pub async fn settle(db: &Db, actor: &Actor, quarter: Quarter, progress: &dyn Progress) -> Result<Settled> {
    settle_in_batches(db, actor, quarter, BATCH, progress).await
}

/// [`settle`] with batches of `batch` orders.
///
/// # Errors
/// As [`settle`].
pub async fn settle_in_batches(
    db: &Db,
    actor: &Actor,
    quarter: Quarter,
    batch: i64,
    progress: &dyn Progress,
) -> Result<Settled> {
    actor.require(Permission::SettlementRun)?;
    let last = quarter.last_day();
    if db.now().date() <= last {
        return Err(Error::refused(format!("{}到 {last} 才结束，结束后再生成清单", quarter.zh())));
    }
    let scope = region_scope(actor)?;
    db.freshen_statistics().await?;
    let mut checks = Checks::load(db, &scope).await?;
    let mut settled = Settled::default();
    let read = |after| {
        let (db, region) = (db.clone(), scope.region);
        tokio::spawn(async move { orders::service::settleable(&db, &region, quarter, after, batch).await })
    };
    let mut found = read(None).await.map_err(Error::internal)??;
    let mut after = None;
    while let Some(last) = found.last().map(|o| o.id) {
        // The next orders are read while these are written. An order that somebody moved on in between is not settled
        // from what was read: the batch is read again then, where nobody can.
        let next = read(Some(last));
        settled.orders += match copy_batch(db, actor, quarter, found, &mut checks).await {
            Err(Error::Conflict(_)) => copy_again(db, actor, quarter, (after, last), batch, &mut checks).await?,
            copied => copied?,
        };
        progress.told(settled.orders, &format!("已进清单 {} 单", settled.orders)).await?;
        (after, found) = (Some(last), next.await.map_err(Error::internal)??);
    }
    let mut seen = HashMap::new();
    for list in sql::making(db.read(), &scope, quarter).await? {
        finish_list(db, actor, &list, &mut seen).await?;
        settled.lists += 1;
        progress.told(settled.orders, &format!("{}已生成", list.no)).await?;
    }
    super::lapse::unserved(db, actor, quarter, settled.orders, progress).await?;
    settled.cleared =
        entitlement::service::clear_quarter(db, actor, quarter, &Clearing(progress, settled.orders)).await?.cleared;
    progress.told(settled.orders, "额度已清零").await?;
    Ok(settled)
}

/// Passes the clearing of purses on to who listens to the settlement.
struct Clearing<'a>(&'a dyn Progress, i64);

#[async_trait]
impl entitlement::service::Progress for Clearing<'_> {
    async fn told(&self, done: i64, total: i64) -> Result<()> {
        self.0.told(self.1, &format!("额度清零 {done} / {total} 户")).await
    }
}

/// Lists are made for a county or more, over all providers.
fn region_scope(actor: &Actor) -> Result<Scope> {
    let scope = actor.scope();
    if scope.org != OrgScope::Any || scope.region.tier() > Tier::County {
        return Err(Error::Forbidden("生成清单由县民政来做".into()));
    }
    Ok(*scope)
}

/// What orders are checked against, gathered as it is needed.
struct Checks {
    /// Prices and deaths are looked up in the whole province: a price of the city counts in the county.
    wide: Scope,
    deaths: HashMap<ElderId, CivilDate>,
    prices: HashMap<ItemId, Vec<Price>>,
    providers: HashMap<OrgId, String>,
}

impl Checks {
    async fn load(db: &Db, scope: &Scope) -> Result<Checks> {
        let wide = Scope { region: scope.region.at(Tier::Province), org: OrgScope::Any };
        let deaths = people::service::deaths(db, &wide).await?;
        Ok(Checks { wide, deaths, prices: HashMap::new(), providers: HashMap::new() })
    }
    /// Reads what a batch needs and is not known yet.
    async fn prepare(&mut self, db: &Db, orders: &[Finished]) -> Result<()> {
        for o in orders {
            if let Entry::Vacant(place) = self.prices.entry(o.item) {
                place.insert(match catalogue::service::price_history(db, &self.wide, o.item).await {
                    Ok(prices) => prices,
                    Err(Error::NotFound(_)) => Vec::new(),
                    Err(e) => return Err(e),
                });
            }
            if let Entry::Vacant(place) = self.providers.entry(o.provider) {
                place.insert(match access::directory::org(db, o.provider).await {
                    Ok(org) => org.name,
                    Err(Error::NotFound(_)) => o.provider_name.clone(),
                    Err(e) => return Err(e),
                });
            }
        }
        Ok(())
    }
    fn approved(&self, item: ItemId, region: &RegionCode, on: CivilDate) -> Option<Fen> {
        let valid = self.prices.get(&item)?.iter().filter(|p| p.covers(on) && p.region.contains(region)).cloned();
        most_specific(valid).map(|p| p.fen)
    }
    fn flags(&self, o: &Finished) -> Vec<Flag> {
        let served_on = o.served_on();
        flags(&VisitFacts {
            served_on,
            checked_in_at: o.checked_in_at,
            checked_out_at: o.checked_out_at,
            price: o.price,
            approved: self.approved(o.item, &o.region, served_on),
            died_on: self.deaths.get(&o.elder).copied(),
        })
    }
}

/// A list a batch adds to.
struct Open {
    row: MakingRow,
    seal: Seal,
    orders: Vec<(OrderId, i64)>,
}

/// Copies one batch in one transaction; how many were copied.
///
/// # Errors
/// `Conflict` when an order is no longer as it was read; nothing is written then.
async fn copy_batch(
    db: &Db,
    actor: &Actor,
    quarter: Quarter,
    found: Vec<Finished>,
    checks: &mut Checks,
) -> Result<i64> {
    checks.prepare(db, &found).await?;
    let tx = db.begin().await?;
    sql::lock_settlement(&tx).await?;
    let copied = copy(&tx, db, actor, quarter, found, checks).await?;
    tx.commit().await?;
    Ok(copied)
}

/// Copies what is due after the first order, up to the last, read inside the transaction.
async fn copy_again(
    db: &Db,
    actor: &Actor,
    quarter: Quarter,
    (mut after, last): (Option<OrderId>, OrderId),
    batch: i64,
    checks: &mut Checks,
) -> Result<i64> {
    let region = actor.scope().region;
    let mut copied = 0;
    loop {
        let tx = db.begin().await?;
        sql::lock_settlement(&tx).await?;
        let mut found = orders::service::settleable_in(&tx, &region, quarter, after, batch).await?;
        found.retain(|o| o.id <= last);
        let Some(seen) = found.last().map(|o| o.id) else { return Ok(copied) };
        checks.prepare(db, &found).await?;
        copied += copy(&tx, db, actor, quarter, found, checks).await?;
        tx.commit().await?;
        after = Some(seen);
    }
}

async fn copy(tx: &Tx, db: &Db, actor: &Actor, quarter: Quarter, found: Vec<Finished>, checks: &Checks) -> Result<i64> {
    // Only what public money pays for stands in a list.
    let found: Vec<Finished> = found.into_iter().filter(|o| o.gov > Fen::ZERO).collect();
    let ids: Vec<OrderId> = found.iter().map(|o| o.id).collect();
    let cleared: HashSet<OrderId> = sql::cleared(tx, &ids).await?.into_iter().collect();
    let mut lists: BTreeMap<(OrgId, RegionCode), Open> = BTreeMap::new();
    let mut lines = Vec::with_capacity(found.len());
    for o in found {
        let key = (o.provider, o.region.at(Tier::County));
        let list = match lists.entry(key) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            btree_map::Entry::Vacant(place) => place.insert(open_list(tx, db, checks, key.0, key.1, quarter).await?),
        };
        let found = if cleared.contains(&o.id) { Vec::new() } else { checks.flags(&o) };
        let reason = found.iter().map(Flag::zh).collect::<Vec<_>>().join("；");
        let standing = if found.is_empty() { Standing::Ok } else { Standing::HeldBack };
        list.row.orders += 1;
        list.orders.push((o.id, o.version));
        let facts = facts_of(o, list.row.orders);
        list.seal = list.seal.then(&facts);
        let state = LineState { standing, ..LineState::ok() };
        lines.push(NewLine { list: list.row.id, facts, state, reason });
    }
    let copied = lines.len() as i64;
    sql::insert_lines(tx, lines).await?;
    for list in lists.values() {
        sql::carry_on(tx, list.row.id, list.row.orders, &list.seal.hex()).await?;
        orders::service::put_in_list(tx, actor, list.row.id, &list.row.no, &list.orders).await?;
    }
    Ok(copied)
}

/// The list being made for a provider and county, begun when there is none.
async fn open_list(
    tx: &Tx,
    db: &Db,
    checks: &Checks,
    provider: OrgId,
    county: RegionCode,
    quarter: Quarter,
) -> Result<Open> {
    if let Some(row) = sql::making_of(tx, provider, county, quarter).await? {
        let seal = Seal::parse(&row.snapshot_hash)
            .ok_or_else(|| Error::Internal(format!("payment list {} has no seal", row.id)))?;
        return Ok(Open { row, seal, orders: Vec::new() });
    }
    let (n, round) = sql::next_numbers(tx, provider, county, quarter).await?;
    let mut row = MakingRow {
        id: db.new_id(),
        no: list_no(quarter, &county, n),
        provider,
        provider_name: checks.providers.get(&provider).cloned().unwrap_or_default(),
        county,
        quarter,
        round,
        orders: 0,
        snapshot_hash: String::new(),
    };
    let seal = Seal::begin(&HeadFacts {
        id: row.id,
        no: row.no.clone(),
        provider,
        provider_name: row.provider_name.clone(),
        county,
        quarter,
    });
    row.snapshot_hash = seal.hex();
    sql::insert_list(tx, &row, n).await?;
    Ok(Open { row, seal, orders: Vec::new() })
}

fn facts_of(o: Finished, seq: i64) -> LineFacts {
    LineFacts {
        seq,
        order: o.id,
        town: o.region.at(Tier::Town),
        served_on: o.served_on(),
        minutes: o.minutes_served().unwrap_or(0),
        order_no: o.no,
        region: o.region,
        elder: o.elder,
        elder_name: o.elder_name,
        household: o.household,
        item: o.item,
        item_name: o.item_name,
        quantity: o.quantity,
        price: o.price,
        fee: o.fee,
        gov: o.gov,
        own: o.own,
        pack: o.pack_id,
        article: o.article,
        purse_account: o.purse_account,
        worker: o.worker,
        worker_name: o.worker_name.unwrap_or_default(),
        checked_in_at: o.checked_in_at,
        checked_out_at: o.checked_out_at,
        confirm_how: o.confirm_how.map(|h| h.zh().to_string()).unwrap_or_default(),
        rating: o.rating.unwrap_or(0),
    }
}

/// Looks for workers who were in two homes at once, counts the sums and opens the list for review. A provider's stays
/// are looked through once, for all of its lists; by now all of their lines are there.
async fn finish_list(db: &Db, actor: &Actor, list: &MakingRow, seen: &mut HashMap<OrgId, Vec<StayRow>>) -> Result<()> {
    let tx = db.begin().await?;
    sql::lock_settlement(&tx).await?;
    let making = sql::making(&tx, actor.scope(), list.quarter).await?;
    if !making.iter().any(|l| l.id == list.id) {
        // Another run finished it meanwhile.
        return Ok(());
    }
    let stays = match seen.entry(list.provider) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => {
            let own: Vec<PaymentListId> = making.iter().filter(|l| l.provider == list.provider).map(|l| l.id).collect();
            place.insert(sql::doubtful_stays(&tx, list.provider, &own).await?)
        }
    };
    let visits: Vec<Visit<(PaymentListId, i64, String)>> = stays
        .iter()
        .map(|s| Visit {
            worker: s.worker,
            from: s.checked_in_at,
            to: s.checked_out_at,
            key: (s.list, s.seq, s.order_no.clone()),
        })
        .collect();
    let mut told: HashSet<i64> = HashSet::new();
    for (a, b) in overlapping(&visits) {
        for (this, other) in [(&a, &b), (&b, &a)] {
            if this.0 == list.id && told.insert(this.1) {
                let reason = Flag::Overlap { order_no: other.2.clone() }.zh();
                sql::hold_back_unless_cleared(&tx, list.id, this.1, &reason).await?;
            }
        }
    }
    sql::finish(&tx, list.id).await?;
    let entry = audit::Entry::new(MADE, "payment_list", list.id)
        .region(list.county)
        .detail(serde_json::json!({ "no": list.no, "quarter": list.quarter }));
    let event = serde_json::json!({ "quarter": list.quarter, "list": list.id });
    work::emit(&tx, db, "quarter.closed", event).await?;
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Closing a quarter as a background job. Payload: `{"quarter": "2026Q3", "region": "441523000000"}`.
pub struct SettleJob;

impl SettleJob {
    pub const KIND: &'static str = "settle";
}

#[async_trait]
impl work::Job for SettleJob {
    fn kind(&self) -> &'static str {
        SettleJob::KIND
    }
    async fn run(&self, ctx: &work::JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        let text = |key: &str| payload.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_string();
        let quarter: Quarter = text("quarter").parse().map_err(Error::refused)?;
        // The job's own region: the county that asked, or the whole installation on the schedule.
        let region = ctx.row.region;
        let actor = Actor::Platform { job: SettleJob::KIND, scope: Scope { region, org: OrgScope::Any } };
        let settled = settle(&ctx.db, &actor, quarter, ctx).await?;
        serde_json::to_value(settled).map_err(Error::internal)
    }
}

/// Asks for the lists of a quarter to be made in the background. Asking twice within a minute gives the same job.
///
/// # Errors
/// As [`settle`].
pub async fn request(db: &Db, actor: &Actor, quarter: Quarter) -> Result<JobId> {
    actor.require(Permission::SettlementRun)?;
    let scope = region_scope(actor)?;
    let today = db.now().date();
    if today <= quarter.last_day() {
        return Err(Error::refused(format!("{}到 {} 才结束，结束后再生成清单", quarter.zh(), quarter.last_day())));
    }
    let tx = db.begin().await?;
    let region = scope.region;
    let key = format!("settle:{quarter}:{region}:{}", db.now().0 / kernel::Instant::MINUTE);
    let payload = serde_json::json!({ "quarter": quarter });
    let title = format!("生成{}结算清单", quarter.zh());
    let id = work::enqueue(&tx, db, actor, SettleJob::KIND, &key, &title, &payload, region).await?;
    tx.commit().await?;
    Ok(id)
}
