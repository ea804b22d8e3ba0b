//! Many rows at once.
use crate::model::Order;
use kernel::{Result, Tier};
use store::{Tx, Value, insert_many, vals};

pub(super) const EVENT_COLUMNS: &[&str] =
    &["work_order", "seq", "at", "step", "state", "actor_user", "actor", "role", "data"];

const ORDER_COLUMNS: &[&str] = &[
    "id", "no", "elder", "household", "elder_name", "elder_sex", "elder_birth", "region", "town", "county", "address",
    "lat_e6", "lng_e6", "item", "item_name", "category", "unit", "minutes", "provider", "provider_name", "worker",
    "worker_name", "state", "version", "starts_at", "ends_at", "quarter", "quantity", "price", "fee", "gov", "own",
    "purse_account", "purse_before", "hold_round", "pack_id", "pack_title", "article", "price_document", "channel",
    "note", "wish_worker", "wish_name", "created_by", "created_by_name", "created_at", "accepted_at", "assigned_at", "set_out_at", "checked_in_at",
    "checked_out_at", "confirmed_at", "closed_at", "confirm_how", "rating", "rating_note", "reason", "payment_list",
    "idem_key",
];

/// Inserts new orders; each may carry the key under which it must not be placed twice.
pub(crate) async fn insert_orders(tx: &Tx, orders: Vec<(Order, Option<String>)>) -> Result<()> {
    let rows = orders.into_iter().map(|(o, key)| row(o, key)).collect();
    insert_many(tx, "work_order", ORDER_COLUMNS, rows, "").await?;
    Ok(())
}

pub(crate) async fn insert_events(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<()> {
    insert_many(tx, "work_order_event", EVENT_COLUMNS, rows, "").await?;
    Ok(())
}

fn row(o: Order, key: Option<String>) -> Vec<Value> {
    vals![
        o.id,
        o.no,
        o.elder,
        o.household,
        o.elder_name,
        o.elder_sex.code(),
        o.elder_birth,
        o.region,
        o.region.at(Tier::Town),
        o.region.at(Tier::County),
        o.address,
        o.place.map(|p| p.lat_e6),
        o.place.map(|p| p.lng_e6),
        o.item,
        o.item_name,
        o.category.code(),
        o.unit.code(),
        o.minutes,
        o.provider,
        o.provider_name,
        o.worker,
        o.worker_name,
        o.state.code(),
        o.version,
        o.starts_at,
        o.ends_at,
        o.quarter,
        o.quantity,
        o.price,
        o.fee,
        o.gov,
        o.own,
        o.purse_account,
        o.purse_before,
        o.hold_round,
        o.pack_id,
        o.pack_title,
        o.article,
        o.price_document,
        o.channel.code(),
        o.note,
        o.wish_worker,
        o.wish_name,
        o.created_by,
        o.created_by_name,
        o.created_at,
        o.accepted_at,
        o.assigned_at,
        o.set_out_at,
        o.checked_in_at,
        o.checked_out_at,
        o.confirmed_at,
        o.closed_at,
        o.confirm_how.map(|h| h.code()),
        o.rating,
        o.rating_note,
        o.reason,
        o.payment_list,
        key
    ]
}
