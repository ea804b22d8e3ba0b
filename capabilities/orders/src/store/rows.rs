//! Stored rows and what they become.
use crate::model::{Channel, ConfirmHow, Event, Order, State};
use catalogue::{Category, Unit};
use kernel::{
    AccountId, CivilDate, ElderId, Error, Fen, GeoPoint, HouseholdId, Instant, ItemId, OrderId, OrgId, PaymentListId,
    Quarter, RegionCode, Result, Sex, UserId, WorkerId,
};
use store::sea_orm::{self, FromQueryResult};

#[derive(FromQueryResult)]
pub(crate) struct OrderRow {
    pub(crate) id: OrderId,
    no: String,
    elder: ElderId,
    household: HouseholdId,
    elder_name: String,
    elder_sex: String,
    elder_birth: CivilDate,
    region: RegionCode,
    address: String,
    lat_e6: Option<i64>,
    lng_e6: Option<i64>,
    item: ItemId,
    item_name: String,
    category: String,
    unit: String,
    minutes: i64,
    provider: OrgId,
    provider_name: String,
    worker: Option<WorkerId>,
    worker_name: Option<String>,
    state: String,
    version: i64,
    starts_at: Instant,
    ends_at: Instant,
    quarter: Quarter,
    quantity: i64,
    price: Fen,
    fee: Fen,
    gov: Fen,
    own: Fen,
    purse_account: Option<AccountId>,
    purse_before: Option<Fen>,
    hold_round: i64,
    pack_id: Option<String>,
    pack_title: Option<String>,
    article: String,
    price_document: String,
    channel: String,
    note: String,
    wish_worker: Option<WorkerId>,
    wish_name: Option<String>,
    created_by: Option<UserId>,
    created_by_name: String,
    created_at: Instant,
    accepted_at: Option<Instant>,
    assigned_at: Option<Instant>,
    set_out_at: Option<Instant>,
    checked_in_at: Option<Instant>,
    checked_out_at: Option<Instant>,
    confirmed_at: Option<Instant>,
    closed_at: Option<Instant>,
    confirm_how: Option<String>,
    rating: Option<i64>,
    rating_note: String,
    reason: String,
    payment_list: Option<PaymentListId>,
}

/// The columns of [`OrderRow`], for `SELECT`, of table alias `o`.
pub(crate) const ORDER: &str = "o.id, o.no, o.elder, o.household, o.elder_name, o.elder_sex, o.elder_birth, o.region, \
  o.address, o.lat_e6, o.lng_e6, o.item, o.item_name, o.category, o.unit, o.minutes, o.provider, o.provider_name, \
  o.worker, o.worker_name, o.state, o.version, o.starts_at, o.ends_at, o.quarter, o.quantity, o.price, o.fee, o.gov, \
  o.own, o.purse_account, o.purse_before, o.hold_round, o.pack_id, o.pack_title, o.article, o.price_document, \
  o.channel, o.note, o.wish_worker, o.wish_name, o.created_by, o.created_by_name, o.created_at, o.accepted_at, o.assigned_at, o.set_out_at, \
  o.checked_in_at, o.checked_out_at, o.confirmed_at, o.closed_at, o.confirm_how, o.rating, o.rating_note, o.reason, \
  o.payment_list";

pub(crate) fn known<T>(what: &str, text: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::Internal(format!("stored {what} {text} is unknown")))
}

impl TryFrom<OrderRow> for Order {
    type Error = Error;
    fn try_from(r: OrderRow) -> Result<Order> {
        Ok(Order {
            elder_sex: known("sex", &r.elder_sex, Sex::parse(&r.elder_sex))?,
            category: known("category", &r.category, Category::parse(&r.category))?,
            unit: known("unit", &r.unit, Unit::parse(&r.unit))?,
            state: known("state", &r.state, State::parse(&r.state))?,
            channel: known("channel", &r.channel, Channel::parse(&r.channel))?,
            confirm_how: match &r.confirm_how {
                None => None,
                Some(t) => Some(known("confirm_how", t, ConfirmHow::parse(t))?),
            },
            place: match (r.lat_e6, r.lng_e6) {
                (Some(lat_e6), Some(lng_e6)) => Some(GeoPoint { lat_e6, lng_e6 }),
                _ => None,
            },
            id: r.id,
            no: r.no,
            elder: r.elder,
            household: r.household,
            elder_name: r.elder_name,
            elder_birth: r.elder_birth,
            region: r.region,
            address: r.address,
            item: r.item,
            item_name: r.item_name,
            minutes: r.minutes,
            provider: r.provider,
            provider_name: r.provider_name,
            worker: r.worker,
            worker_name: r.worker_name,
            version: r.version,
            starts_at: r.starts_at,
            ends_at: r.ends_at,
            quarter: r.quarter,
            quantity: r.quantity,
            price: r.price,
            fee: r.fee,
            gov: r.gov,
            own: r.own,
            purse_account: r.purse_account,
            purse_before: r.purse_before,
            hold_round: r.hold_round,
            pack_id: r.pack_id,
            pack_title: r.pack_title,
            article: r.article,
            price_document: r.price_document,
            note: r.note,
            wish_worker: r.wish_worker,
            wish_name: r.wish_name,
            created_by: r.created_by,
            created_by_name: r.created_by_name,
            created_at: r.created_at,
            accepted_at: r.accepted_at,
            assigned_at: r.assigned_at,
            set_out_at: r.set_out_at,
            checked_in_at: r.checked_in_at,
            checked_out_at: r.checked_out_at,
            confirmed_at: r.confirmed_at,
            closed_at: r.closed_at,
            rating: r.rating,
            rating_note: r.rating_note,
            reason: r.reason,
            payment_list: r.payment_list,
        })
    }
}

pub(crate) fn orders(rows: Vec<OrderRow>) -> Result<Vec<Order>> {
    rows.into_iter().map(Order::try_from).collect()
}

#[derive(FromQueryResult)]
pub(crate) struct EventRow {
    seq: i64,
    at: Instant,
    step: String,
    state: String,
    actor_user: Option<UserId>,
    actor: String,
    role: String,
    data: String,
}

impl TryFrom<EventRow> for Event {
    type Error = Error;
    fn try_from(r: EventRow) -> Result<Event> {
        Ok(Event {
            state: known("state", &r.state, State::parse(&r.state))?,
            data: if r.data.is_empty() {
                serde_json::Value::Null
            } else {
                serde_json::from_str(&r.data).map_err(Error::internal)?
            },
            seq: r.seq,
            at: r.at,
            step: r.step,
            actor_user: r.actor_user,
            actor: r.actor,
            role: r.role,
        })
    }
}
