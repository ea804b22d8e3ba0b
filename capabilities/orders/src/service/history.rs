//! Finished orders in bulk: the demo town's past and the data of benchmarks.
use super::money;
use crate::model::{Channel, ConfirmHow, Number, Order, State, fee_of, split};
use crate::store as sql;
use catalogue::{Category, Unit};
use kernel::{
    AccountId, Actor, CivilDate, ElderId, Fen, GeoPoint, HouseholdId, Instant, ItemId, OrderId, OrgId, RegionCode,
    Result, Role, Sex, WorkerId,
};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use store::{Db, Tx, Value, vals};

/// A service that was given and confirmed in the past.
#[derive(Clone, Debug)]
pub struct HistoryOrder {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub elder_name: String,
    pub elder_sex: Sex,
    pub elder_birth: CivilDate,
    pub region: RegionCode,
    pub address: String,
    pub place: Option<GeoPoint>,
    pub item: ItemId,
    pub item_name: String,
    pub category: Category,
    pub unit: Unit,
    /// Of the whole visit.
    pub minutes: i64,
    pub provider: OrgId,
    pub provider_name: String,
    pub worker: WorkerId,
    pub worker_name: String,
    pub starts_at: Instant,
    pub quantity: i64,
    pub price: Fen,
    /// What the purse pays at most.
    pub gov: Fen,
    pub purse_account: Option<AccountId>,
    pub pack_id: Option<String>,
    pub pack_title: Option<String>,
    pub article: String,
    pub price_document: String,
    pub created_by_name: String,
    pub rating: Option<i64>,
    pub rating_note: String,
}

/// How much is written for each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All events, and the postings in the books; the purse pays no more than it has.
    Full,
    /// The first and the last event, nothing in the books: for data whose money is made elsewhere.
    Brief,
}

/// Inserts finished orders with their events. Times between placing and rating follow from the start. Keep to about a
/// thousand a transaction with [`Detail::Full`].
///
/// # Errors
/// `Invalid` when a fee leaves the range of money.
pub async fn bulk_insert(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    orders: Vec<HistoryOrder>,
    detail: Detail,
) -> Result<Vec<OrderId>> {
    let mut numbers = numbers(tx, &orders).await?;
    let mut left = match detail {
        Detail::Full => purses(tx, &orders).await?,
        Detail::Brief => HashMap::new(),
    };
    let mut made = Vec::with_capacity(orders.len());
    for h in orders {
        let fee = fee_of(h.price, h.quantity)?;
        let have = h.purse_account.and_then(|p| left.get(&p).copied());
        let gov = match (detail, h.purse_account) {
            (_, None) => Fen::ZERO,
            (Detail::Full, Some(_)) => split(fee, have.unwrap_or_default().min(h.gov)).gov,
            (Detail::Brief, Some(_)) => split(fee, h.gov).gov,
        };
        if let Some(slot) = h.purse_account.and_then(|p| left.get_mut(&p)) {
            *slot -= gov;
        }
        let day = placed_at(&h).date();
        let number = numbers.get_mut(&day).map(|n| {
            let now = *n;
            n.place += 1;
            now
        });
        made.push(finished(db, h, number.unwrap_or(Number { day, place: 0 }), fee, gov, have, detail));
    }
    let ids = made.iter().map(|o| o.id).collect();
    let events = made.iter().flat_map(|o| events_of(o, actor, detail)).collect();
    if detail == Detail::Full {
        money::settle_history(tx, db, actor, &made).await?;
    }
    sql::insert_orders(tx, made.into_iter().map(|o| (o, None)).collect()).await?;
    sql::insert_events(tx, events).await?;
    Ok(ids)
}

/// The day before, at ten.
fn placed_at(h: &HistoryOrder) -> Instant {
    h.starts_at.date().plus_days(-1).at(10, 0)
}

async fn numbers(tx: &Tx, orders: &[HistoryOrder]) -> Result<HashMap<CivilDate, Number>> {
    let mut by_day: BTreeMap<CivilDate, i64> = BTreeMap::new();
    for h in orders {
        *by_day.entry(placed_at(h).date()).or_default() += 1;
    }
    let mut out = HashMap::new();
    for (day, count) in by_day {
        out.insert(day, sql::take_numbers(tx, day, count).await?);
    }
    Ok(out)
}

async fn purses(tx: &Tx, orders: &[HistoryOrder]) -> Result<HashMap<AccountId, Fen>> {
    let mut ids: Vec<AccountId> = orders.iter().filter_map(|h| h.purse_account).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut out = HashMap::new();
    for part in ids.chunks(400) {
        let found = books::service::accounts(tx, part).await?;
        out.extend(found.into_iter().map(|(id, a)| (id, a.available())));
    }
    Ok(out)
}

fn finished(
    db: &Db,
    h: HistoryOrder,
    number: Number,
    fee: Fen,
    gov: Fen,
    purse_before: Option<Fen>,
    detail: Detail,
) -> Order {
    let placed = placed_at(&h);
    let ends_at = h.starts_at.plus_minutes(h.minutes);
    let left = ends_at.plus_minutes(-3).max(h.starts_at);
    let rated = h.rating.is_some();
    Order {
        id: db.new_id(),
        no: number.to_string(),
        quarter: h.starts_at.date().quarter(),
        ends_at,
        elder: h.elder,
        household: h.household,
        elder_name: h.elder_name,
        elder_sex: h.elder_sex,
        elder_birth: h.elder_birth,
        region: h.region,
        address: h.address,
        place: h.place,
        item: h.item,
        item_name: h.item_name,
        category: h.category,
        unit: h.unit,
        minutes: h.minutes,
        provider: h.provider,
        provider_name: h.provider_name,
        worker: Some(h.worker),
        worker_name: Some(h.worker_name),
        state: if rated { State::Rated } else { State::Confirmed },
        version: match detail {
            Detail::Full => 7 + i64::from(rated),
            Detail::Brief => 2,
        },
        starts_at: h.starts_at,
        quantity: h.quantity,
        price: h.price,
        fee,
        gov,
        own: fee - gov,
        purse_account: h.purse_account,
        purse_before,
        hold_round: 1,
        pack_id: h.pack_id,
        pack_title: h.pack_title,
        article: h.article,
        price_document: h.price_document,
        channel: Channel::Staff,
        note: String::new(),
        wish_worker: None,
        wish_name: None,
        created_by: None,
        created_by_name: h.created_by_name,
        created_at: placed,
        accepted_at: Some(placed.plus_minutes(20)),
        assigned_at: Some(placed.plus_minutes(35)),
        set_out_at: Some(h.starts_at.plus_minutes(-15)),
        checked_in_at: Some(h.starts_at.plus_minutes(1)),
        checked_out_at: Some(left),
        confirmed_at: Some(ends_at),
        closed_at: None,
        confirm_how: Some(ConfirmHow::Code),
        rating: h.rating,
        rating_note: h.rating_note,
        reason: String::new(),
        payment_list: None,
    }
}

/// One step of a finished order, before it becomes a row.
struct Past<'a> {
    /// `None`: it did not happen.
    at: Option<Instant>,
    step: &'static str,
    state: State,
    who: &'a str,
    role: Role,
    data: serde_json::Value,
}

fn events_of(o: &Order, actor: &Actor, detail: Detail) -> Vec<Vec<Value>> {
    let worker = o.worker_name.as_deref().unwrap_or_default();
    let past = |at, step, state, who, role, data| Past { at, step, state, who, role, data };
    let (staff, firm) = (o.created_by_name.as_str(), o.provider_name.as_str());
    let nothing = serde_json::Value::Null;
    let how = json!({ "how": ConfirmHow::Code.code(), "how_zh": ConfirmHow::Code.zh() });
    let placed = json!({ "channel_zh": o.channel.zh(), "provider": firm });
    let stars = json!({ "rating": o.rating, "note": o.rating_note });
    let rated_at = o.rating.map(|_| o.ends_at.date().plus_days(1).at(15, 0));
    let manager = Role::ProviderManager;
    let steps = [
        past(Some(o.created_at), "create", State::Created, staff, Role::VillageStaff, placed),
        past(o.accepted_at, "accept", State::Accepted, firm, manager, json!({ "provider": firm })),
        past(o.assigned_at, "assign", State::Assigned, firm, manager, json!({ "worker": worker })),
        past(o.set_out_at, "set_out", State::OnTheWay, worker, Role::Worker, nothing.clone()),
        past(o.checked_in_at, "check_in", State::CheckedIn, worker, Role::Worker, nothing.clone()),
        past(o.checked_out_at, "check_out", State::CheckedOut, worker, Role::Worker, nothing),
        past(o.confirmed_at, "confirm", State::Confirmed, worker, Role::Worker, how),
        past(rated_at, "rate", State::Rated, staff, Role::VillageStaff, stars),
    ];
    let all: Vec<(Instant, Past<'_>)> = steps.into_iter().filter_map(|p| Some((p.at?, p))).collect();
    let last = all.len().saturating_sub(1);
    let kept = all.into_iter().enumerate().filter(|(i, _)| detail == Detail::Full || *i == 0 || *i == last);
    kept.zip(1i64..)
        .map(|((_, (at, p)), seq)| {
            let data = if p.data.is_null() { String::new() } else { p.data.to_string() };
            vals![o.id, seq, at, p.step, p.state.code(), actor.user_id(), p.who, p.role.code(), data]
        })
        .collect()
}
