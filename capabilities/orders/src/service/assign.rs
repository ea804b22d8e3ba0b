//! Who goes: by hand, or from the ranked list of the dispatch engine.
use super::{Begin, begin, finish, reason_text};
use crate::model::{Next, Order, State, Step, Who, next};
use crate::store as sql;
use dispatch::{Planned, Previous, Visit, rank};
use kernel::{Actor, Error, GeoPoint, Instant, OrderId, Permission, Result, WorkerId};
use providers::WorkerCard;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use store::{Db, Tx};

/// How many suitable workers are shown.
const KEEP: usize = 8;

/// A worker who can go, best first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    pub worker: WorkerId,
    pub name: String,
    /// 距离 1.2 公里, 来过 9 次 …; `true` speaks for the worker.
    pub reasons: Vec<(String, bool)>,
    /// Minutes on the way.
    pub minutes: u32,
    pub cost: i32,
    /// The elder asked for this one.
    pub wished: bool,
}

/// A worker who is not suggested, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    pub worker: WorkerId,
    pub name: String,
    pub reason: String,
    /// Only the distance is not known: can be assigned by hand.
    pub by_hand: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Suggestion {
    pub best: Vec<Candidate>,
    pub left_out: Vec<LeftOut>,
}

/// Ranks the provider's workers for an order.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn suggest(db: &Db, actor: &Actor, id: OrderId) -> Result<Suggestion> {
    actor.require(Permission::OrderDispatch)?;
    let order = super::order(db, actor.scope(), id).await?;
    let on = order.served_on();
    let item = catalogue::service::item(db, actor.scope(), order.item).await?;
    let team = providers::service::candidates(db, actor.scope(), order.provider, on).await?;
    let visits = planned_of(db, &order).await?;
    let previous: Vec<Previous> = sql::known_workers(db, order.elder)
        .await?
        .into_iter()
        .map(|k| Previous { worker: k.worker, times: u32::try_from(k.times).unwrap_or(u32::MAX) })
        .collect();
    let names: HashMap<WorkerId, String> = team.iter().map(|c| (c.id, c.name.clone())).collect();
    let mut out = Suggestion::default();
    let mut able = Vec::new();
    for c in team {
        let left_out = |reason: String, by_hand| LeftOut { worker: c.id, name: c.name.clone(), reason, by_hand };
        match (&c.block, c.worker.clone()) {
            (Some(block), _) => out.left_out.push(left_out(block.zh(), false)),
            (None, None) => out.left_out.push(left_out("没有登记出发地，算不出距离，可以手工指派".into(), true)),
            (None, Some(mut w)) => {
                if let Some((planned, load)) = visits.get(&c.id) {
                    w.planned = planned.clone();
                    w.load_minutes = *load;
                }
                able.push(w);
            }
        }
    }
    let Some(place) = order.place else {
        // Without a place nothing can be ranked by distance; everybody may be assigned by hand.
        for w in able {
            let name = names.get(&w.id).cloned().unwrap_or_default();
            let reason = "老人住址没有位置，算不出距离，可以手工指派".to_string();
            out.left_out.push(LeftOut { worker: w.id, name, reason, by_hand: true });
        }
        return Ok(out);
    };
    let visit = Visit {
        skills: item.skills,
        place,
        start: order.starts_at,
        minutes: u32::try_from(order.minutes).unwrap_or(u32::MAX),
        gender: None,
        language: None,
        previous: &previous,
    };
    let words = providers::model::vocabulary();
    let found = rank(&visit, &able, KEEP);
    for r in found.best {
        // Whose turn it is among providers was settled when the order was placed.
        let reasons = r.reasons().into_iter().filter(|x| !matches!(x, dispatch::Reason::Turn { .. }));
        out.best.push(Candidate {
            worker: r.worker,
            name: names.get(&r.worker).cloned().unwrap_or_default(),
            reasons: reasons.map(|x| (x.zh(&words), x.favours())).collect(),
            minutes: r.minutes,
            cost: r.cost,
            wished: order.wish_worker == Some(r.worker),
        });
    }
    for e in found.excluded {
        let name = names.get(&e.worker).cloned().unwrap_or_default();
        out.left_out.push(LeftOut { worker: e.worker, name, reason: e.reason.zh(&words), by_hand: false });
    }
    Ok(out)
}

type Plans = HashMap<WorkerId, (Vec<Planned>, u32)>;

/// Visits around the order's day and the minutes of that day, by worker.
async fn planned_of(db: &Db, order: &Order) -> Result<Plans> {
    let day = order.served_on();
    let (from, to) = (day.plus_days(-1).at(0, 0), day.plus_days(2).at(0, 0));
    let mut out: Plans = HashMap::new();
    for p in sql::planned(db, order.provider, from, to, Some(order.id)).await? {
        let place = match (p.lat_e6, p.lng_e6, order.place) {
            (Some(lat_e6), Some(lng_e6), _) => GeoPoint { lat_e6, lng_e6 },
            (_, _, Some(here)) => here,
            _ => continue,
        };
        let (plans, load) = out.entry(p.worker).or_default();
        plans.push(Planned { start: p.starts_at, end: p.ends_at, place });
        if p.starts_at.date() == day {
            *load += u32::try_from(p.minutes).unwrap_or(0);
        }
    }
    Ok(out)
}

/// Assigns a worker; of an order that has one already, another. An order not yet accepted is accepted on the way.
///
/// # Errors
/// `Refused` when the worker's papers do not allow it (the paper is named) or another visit overlaps.
pub async fn assign(
    db: &Db,
    actor: &Actor,
    id: OrderId,
    worker: WorkerId,
    reason: &str,
    seen: Option<i64>,
) -> Result<Order> {
    super::permitted(actor, Step::Assign)?;
    let card = providers::service::worker(db, actor.scope(), worker).await?;
    let tx = db.begin().await?;
    let order = assign_in(&tx, db, actor, id, &card, reason, seen).await?;
    tx.commit().await?;
    Ok(order)
}

/// [`assign`] inside a transaction; `card` is the worker as read within the actor's scope.
pub async fn assign_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: OrderId,
    card: &WorkerCard,
    reason: &str,
    seen: Option<i64>,
) -> Result<Order> {
    super::permitted(actor, Step::Assign)?;
    let worker = card.id;
    let now = super::order_in(tx, actor.scope(), id).await?;
    if now.worker == Some(worker) && now.state == State::Assigned {
        return Ok(now);
    }
    let mut seen = seen;
    if now.state == State::Created {
        let accepted = super::accept_in(tx, db, actor, id, seen).await?;
        seen = seen.map(|_| accepted.version);
    }
    // Somebody is assigned: only with a look at who it is, so that two managers do not undo each other unseen.
    let step = match next(now.state, Step::Reassign, Who::of(actor)) {
        Ok(Next::Go(_)) => Step::Reassign,
        _ => Step::Assign,
    };
    let mut g = match begin(tx, actor, id, step, seen).await? {
        Begin::Go(g) => *g,
        Begin::Already(order) => return Ok(*order),
    };
    let reason = reason_text(reason, false)?;
    if card.org != g.order.provider {
        return Err(Error::NotFound("这位护理员".into()));
    }
    let item = catalogue::service::item_in(tx, actor.scope(), g.order.item).await?;
    providers::service::dispatchable(tx, worker, &item, g.order.served_on()).await?;
    free_then(tx, worker, &card.name, &g.order).await?;
    g.order.worker = Some(worker);
    g.order.worker_name = Some(card.name.clone());
    g.order.assigned_at = Some(tx.now());
    g.order.set_out_at = None;
    finish(tx, actor, g, json!({ "worker": card.name, "worker_id": worker, "reason": reason })).await
}

/// Refuses when the worker has another visit at that time.
async fn free_then(tx: &Tx, worker: WorkerId, name: &str, order: &Order) -> Result<()> {
    // Visits that run over midnight meet those of the next day: both days are locked, the earlier first.
    let (first, last) = (order.starts_at.date(), Instant(order.ends_at.0 - 1).date());
    let mut day = first;
    while day <= last {
        sql::lock_worker_day(tx, worker, day).await?;
        day = day.plus_days(1);
    }
    match sql::overlapping(tx, worker, order.starts_at, order.ends_at, order.id).await? {
        None => Ok(()),
        Some(other) => Err(Error::refused(format!(
            "{name} {} 有单（{}，{}），换一位或改时间",
            other.hours(),
            other.elder_name,
            other.item_name
        ))),
    }
}
