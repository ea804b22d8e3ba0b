//! Six months of services, made by the services themselves: every order is placed, accepted, assigned, checked in and out,
//! confirmed and rated by someone of the cast; quarters that ended are settled and reviewed.
use super::cast::{Cast, Firm};
use super::names::Dice;
use super::{history_start, wire_determine};
use crate::config::Config;
use catalogue::model::PricedItem;
use entitlement::Shelf;
use kernel::{
    Actor, CivilDate, ElderId, Error, IdGen, Instant, OrderId, OrgId, PageAsk, Quarter, RegionCode, Result, WorkerId,
};
use orders::model::{Channel, ConfirmHow, Order, State};
use orders::service::Ask;
use settlement::model::Step;
use settlement::service::SeenList;
use std::collections::HashMap;
use std::sync::Arc;
use store::Db;

/// Starts of the visits of a day, minutes after midnight.
const SLOTS: [u32; 6] = [8 * 60 + 30, 10 * 60, 11 * 60 + 20, 14 * 60, 15 * 60 + 30, 17 * 60];
/// Longest visit that fits between two slots, minutes.
const FITS: u32 = 75;
/// One order a day for this many elders.
const ELDERS_PER_ORDER: usize = 420;
/// Orders of the last day at least.
const LEAST_TODAY: usize = 14;

/// An elder who orders in the demo.
#[derive(Clone, Copy)]
pub(super) struct Customer {
    pub(super) elder: ElderId,
    pub(super) region: RegionCode,
    pub(super) birth: CivilDate,
}

pub(super) struct Play<'a> {
    pub(super) db: &'a Db,
    pub(super) cast: &'a Cast,
    pub(super) dice: Dice<'a>,
    pub(super) customers: Vec<Customer>,
    pub(super) menu: Vec<PricedItem>,
}

impl<'a> Play<'a> {
    pub(super) async fn new(db: &'a Db, cast: &'a Cast, ids: &'a IdGen, today: CivilDate) -> Result<Play<'a>> {
        let customers = customers(db, cast, today).await?;
        let menu = catalogue::service::items(db, &cast.towns[0], today).await?;
        let menu = menu.into_iter().filter(|m| m.item.minutes <= FITS && m.price.0 <= 8_000).collect();
        Ok(Play { db, cast, dice: Dice(ids), customers, menu })
    }
    pub(super) fn firm(&self, org: OrgId) -> Result<&'a Firm> {
        self.cast
            .firms
            .iter()
            .find(|f| f.org == org)
            .ok_or_else(|| Error::Internal(format!("no firm {org} in the demo")))
    }
    pub(super) fn carrier(&self, org: OrgId, worker: WorkerId) -> Result<&'a Actor> {
        let known = self.firm(org)?.workers.iter().find(|(w, _)| *w == worker);
        known.map(|(_, a)| a).ok_or_else(|| Error::Internal(format!("no worker {worker} in the demo")))
    }
    /// Who places an order: the village's clerk, or the hotline.
    fn orderer(&self, region: RegionCode) -> (&'a Actor, Channel) {
        let clerk = self.cast.clerks.iter().find(|c| c.scope().region == region);
        match clerk {
            Some(c) if self.dice.chance(650) => (c, Channel::Staff),
            _ => (&self.cast.operator, Channel::Hotline),
        }
    }
    /// Places one order; `None` when the rules refuse it (the elder has died meanwhile, nobody may go).
    pub(super) async fn place(&self, customer: Customer, starts_at: Instant) -> Result<Option<Order>> {
        let (actor, channel) = self.orderer(customer.region);
        let ask = Ask {
            elder: customer.elder,
            item: self.dice.pick(&self.menu).item.id,
            starts_at,
            quantity: 1,
            provider: None,
            wish_worker: None,
            address: None,
            channel,
            note: if self.dice.chance(120) { "先打电话，老人耳背".into() } else { String::new() },
            agreed_own: None,
        };
        match orders::service::create(self.db, actor, ask, None).await {
            Ok(placed) => Ok(Some(placed.order)),
            Err(Error::Refused(_) | Error::Invalid(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// Elders with a purse, most of the rural ones among them.
async fn customers(db: &Db, cast: &Cast, today: CivilDate) -> Result<Vec<Customer>> {
    let scope = kernel::Scope { region: cast.county, org: kernel::OrgScope::Any };
    let (mut out, mut after) = (Vec::new(), None);
    loop {
        let part = people::service::households_after(db, &scope, after, 1_000).await?;
        let Some(last) = part.last() else { return Ok(out) };
        after = Some(last.household);
        for m in part.iter().flat_map(|h| &h.members) {
            if m.birth.age_on(today) >= 75 && m.died_on.is_none() {
                out.push(Customer { elder: m.elder, region: m.region, birth: m.birth });
            }
        }
    }
}

/// Writes the history up to `now`. Returns how many orders were placed.
pub async fn write(
    db: &Db,
    config: &Config,
    shelf: &Arc<Shelf>,
    cast: &Cast,
    seed: u64,
    now: Instant,
) -> Result<usize> {
    let ids = IdGen::new(seed ^ 0x5EED);
    let today = now.date();
    let start = history_start(today);
    let play = Play::new(db, cast, &ids, today).await?;
    let mut placed = 0;
    let mut day = start;
    while day <= today {
        db.clock().set(day.at(0, 10));
        if day == start || day.day() == 1 {
            wire_determine(db, config, shelf, day).await?;
        }
        let ended = day.quarter().previous();
        if ended.first_day().plus_days(60) >= start && day == day.quarter().first_day().plus_days(4) {
            settle(db, cast, ended, ended.next() == today.quarter()).await?;
        }
        placed += play_day(&play, day, now).await?;
        day = day.plus_days(1);
    }
    db.clock().set(now);
    wire_determine(db, config, shelf, today).await?;
    placed += ahead(&play, today).await?;
    Ok(placed)
}

/// One day: placed and accepted in the morning, then slot by slot. Stops where `now` stands.
async fn play_day(play: &Play<'_>, day: CivilDate, now: Instant) -> Result<usize> {
    let db = play.db;
    // A small town still has something to see today.
    let least = if day == now.date() { LEAST_TODAY } else { 1 };
    let count = (play.cast.elders / ELDERS_PER_ORDER).max(least) + play.dice.below(3) as usize;
    db.clock().set(day.at(7, 10).min(now));
    let mut taken: HashMap<(WorkerId, usize), ()> = HashMap::new();
    let mut today: Vec<Vec<Order>> = vec![Vec::new(); SLOTS.len()];
    let mut placed = 0;
    for _ in 0..count {
        if play.customers.is_empty() || play.menu.is_empty() {
            break;
        }
        let customer = *play.dice.pick(&play.customers);
        // Nobody who was not 75 yet had a purse then; they paid themselves or did not order.
        if customer.birth.age_on(day) < 75 {
            continue;
        }
        let slot = play.dice.below(SLOTS.len() as u64) as usize;
        let starts_at = day.at(SLOTS[slot] / 60, SLOTS[slot] % 60);
        if starts_at < db.now() {
            continue;
        }
        let Some(order) = play.place(customer, starts_at).await? else { continue };
        placed += 1;
        if play.dice.chance(25) {
            let clerk = Actor::Platform { job: "demo", scope: *play.cast.county_staff.scope() };
            orders::service::cancel(db, &clerk, order.id, "老人临时去女儿家", None).await?;
            continue;
        }
        let firm = play.firm(order.provider)?;
        orders::service::accept(db, &firm.manager, order.id, None).await?;
        // The first of a firm is the one the sign-in page shows: a full day for the phone.
        let lead = play.dice.chance(350);
        let from = if lead { 0 } else { play.dice.below(firm.workers.len() as u64) as usize };
        let free = (0..firm.workers.len())
            .map(|i| firm.workers[(from + i) % firm.workers.len()].0)
            .find(|w| !taken.contains_key(&(*w, slot)));
        let Some(worker) = free else { continue };
        match orders::service::assign(db, &firm.manager, order.id, worker, "", None).await {
            Ok(o) => {
                taken.insert((worker, slot), ());
                today[slot].push(o);
            }
            Err(Error::Refused(_) | Error::Invalid(_) | Error::Conflict(_)) => {}
            Err(e) => return Err(e),
        }
    }
    for slot in &today {
        visit_slot(play, slot, now).await?;
    }
    follow_up(play, &today, day.at(18, 40), now).await?;
    Ok(placed)
}

/// All visits of a slot go through their steps together; each step at its own minute.
async fn visit_slot(play: &Play<'_>, slot: &[Order], now: Instant) -> Result<()> {
    let db = play.db;
    let mut going: Vec<Order> = Vec::new();
    for (i, o) in slot.iter().enumerate() {
        let Some(worker) = o.worker else { continue };
        let actor = play.carrier(o.provider, worker)?;
        let at = o.starts_at.plus_minutes(-12 - (i as i64 % 7));
        if at > now {
            continue;
        }
        db.clock().set(at);
        orders::service::set_out(db, actor, o.id, None).await?;
        if play.dice.chance(8) {
            db.clock().set(o.starts_at.plus_minutes(15).min(now));
            if o.starts_at <= db.now() {
                orders::service::no_show(db, actor, o.id, "敲门没人应，电话没人接", None).await?;
            }
            continue;
        }
        // Most are on time; a few are late.
        let late = if play.dice.chance(60) { play.dice.range(12, 40) } else { play.dice.range(-4, 6) };
        let arrived = o.starts_at.plus_minutes(late);
        if arrived > now {
            continue;
        }
        db.clock().set(arrived);
        let metres = play.dice.range(4, 60);
        let data = serde_json::json!({ "words": format!("离门口 {metres} 米"), "distance_m": metres });
        let order = orders::service::check_in(db, actor, o.id, data, None).await?;
        let minutes = order.minutes * play.dice.range(85, 110) / 100;
        let done = arrived.plus_minutes(minutes.max(5));
        if done > now {
            going.push(order);
            continue;
        }
        db.clock().set(done);
        let data = serde_json::json!({ "words": format!("服务 {minutes} 分钟"), "minutes": minutes });
        let order = orders::service::check_out(db, actor, o.id, data, None).await?;
        // Three of four elders confirm on the spot.
        if play.dice.chance(760) && done.plus_minutes(2) <= now {
            db.clock().set(done.plus_minutes(2));
            let how = if play.dice.chance(500) { ConfirmHow::Code } else { ConfirmHow::OnPhone };
            going.push(orders::service::confirm(db, actor, order.id, how, None).await?);
        } else {
            going.push(order);
        }
    }
    if !going.is_empty() {
        let tx = db.begin().await?;
        let shift: HashMap<OrderId, i64> = going.iter().map(|o| (o.id, play.dice.range(4, 60))).collect();
        field::service::bulk_evidence(&tx, db, &going, |o| shift.get(&o.id).copied().unwrap_or(10)).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The evening's calls: the hotline confirms and rates.
async fn follow_up(play: &Play<'_>, today: &[Vec<Order>], at: Instant, now: Instant) -> Result<()> {
    let db = play.db;
    if at > now {
        return Ok(());
    }
    db.clock().set(at);
    let operator = &play.cast.operator;
    for o in today.iter().flatten() {
        let state = orders::service::order(db, operator.scope(), o.id).await?.state;
        let state = match state {
            State::CheckedOut if play.dice.chance(960) => {
                orders::service::confirm(db, operator, o.id, ConfirmHow::FollowUpCall, None).await?.state
            }
            other => other,
        };
        if state != State::Confirmed || !play.dice.chance(780) {
            continue;
        }
        let (stars, note) = match play.dice.below(100) {
            0..78 => (5, "做得仔细"),
            78..94 => (4, ""),
            94..98 => (3, "来晚了"),
            _ => (2, "没按说好的做完"),
        };
        orders::service::rate(db, operator, o.id, stars, note, None).await?;
        if stars == 2 && play.dice.chance(300) {
            orders::service::dispute(db, operator, o.id, "家属说只做了一半", None).await?;
        }
    }
    Ok(())
}

/// Orders for the coming days, in every state a provider's day board knows.
async fn ahead(play: &Play<'_>, today: CivilDate) -> Result<usize> {
    let mut placed = 0;
    let each = (play.cast.elders / ELDERS_PER_ORDER).max(1);
    for n in 1..=3 {
        let day = today.plus_days(n);
        let mut taken: HashMap<(WorkerId, usize), ()> = HashMap::new();
        for _ in 0..each {
            if play.customers.is_empty() || play.menu.is_empty() {
                return Ok(placed);
            }
            let customer = *play.dice.pick(&play.customers);
            let slot = play.dice.below(SLOTS.len() as u64) as usize;
            let starts_at = day.at(SLOTS[slot] / 60, SLOTS[slot] % 60);
            let Some(order) = play.place(customer, starts_at).await? else { continue };
            placed += 1;
            if play.dice.chance(200) {
                continue;
            }
            let firm = play.firm(order.provider)?;
            orders::service::accept(play.db, &firm.manager, order.id, None).await?;
            let worker = if play.dice.chance(300) { firm.workers[0].0 } else { play.dice.pick(&firm.workers).0 };
            if play.dice.chance(200) || taken.contains_key(&(worker, slot)) {
                continue;
            }
            match orders::service::assign(play.db, &firm.manager, order.id, worker, "", None).await {
                Ok(_) => {
                    taken.insert((worker, slot), ());
                }
                Err(Error::Refused(_) | Error::Invalid(_) | Error::Conflict(_)) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(placed)
}

/// A quarter that ended: lists made; an older one is paid, of the last one a list stands at the county and the rest wait
/// for a town, so that every desk has something to do.
async fn settle(db: &Db, cast: &Cast, quarter: Quarter, last: bool) -> Result<()> {
    db.clock().set(quarter.next().first_day().plus_days(4).at(9, 0));
    let county = &cast.county_staff;
    settlement::service::settle(db, county, quarter, &settlement::service::NoProgress).await?;
    for (i, town) in cast.town_staff.iter().enumerate() {
        // Of the last quarter one list has reached the county, the others wait for the second town.
        let most = if last && i > 0 { 1 } else { usize::MAX };
        approve(db, town, Step::Town, quarter, most).await?;
    }
    if !last {
        db.clock().set(quarter.next().first_day().plus_days(9).at(15, 0));
        approve(db, county, Step::County, quarter, usize::MAX).await?;
        db.clock().set(quarter.next().first_day().plus_days(14).at(11, 0));
        approve(db, &cast.finance, Step::Finance, quarter, usize::MAX).await?;
    }
    Ok(())
}

async fn approve(db: &Db, actor: &Actor, step: Step, quarter: Quarter, most: usize) -> Result<()> {
    let ask = settlement::service::ListsAsk { quarter: Some(quarter), ..Default::default() };
    let page = PageAsk { page: 1, rows: 200 };
    let lists = settlement::service::lists(db, actor.scope(), &ask, page, "id").await?;
    let seen: Vec<SeenList> = lists
        .rows
        .iter()
        .filter(|l| l.state.step() == Some(step))
        .take(most)
        .map(|l| SeenList { id: l.id, version: l.version })
        .collect();
    if seen.is_empty() {
        return Ok(());
    }
    settlement::service::approve(db, actor, step, &seen, "").await.map(|_| ())
}
