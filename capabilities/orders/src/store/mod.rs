//! All SQL of work orders.
mod bulk;
mod desk;
mod lists;
mod own;
mod rows;
mod settle;
mod write;

pub(crate) use bulk::{insert_events, insert_orders};
pub use desk::VillageQuarter;
pub(crate) use desk::{by_village, next_visit};
pub(crate) use lists::*;
pub use lists::{OrderAsk, View};
pub(crate) use own::{add_receipt, receipts};
pub(crate) use rows::*;
pub(crate) use settle::*;
pub(crate) use write::*;

use store::Migration;

/// Rows a scope may see are found by equality on `region` (village), `town` or `county`, so that a list sorted by time
/// is read straight from an index and no text is compared by order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { id: "orders-0001", sql: FIRST },
    // An order that stands in no list was found through this index, by reading all of them.
    Migration {
        id: "orders-0002",
        sql: "DROP INDEX work_order_list;
CREATE INDEX work_order_list ON work_order (payment_list) WHERE payment_list IS NOT NULL;
",
    },
    Migration { id: "orders-0003", sql: own::OWN },
];

const FIRST: &str = "CREATE TABLE work_order (
  id UUID PRIMARY KEY, no TEXT NOT NULL UNIQUE, elder UUID NOT NULL, household UUID NOT NULL,
  elder_name TEXT NOT NULL, elder_sex TEXT NOT NULL, elder_birth TEXT NOT NULL,
  region TEXT NOT NULL, town TEXT NOT NULL, county TEXT NOT NULL, address TEXT NOT NULL,
  lat_e6 BIGINT, lng_e6 BIGINT,
  item UUID NOT NULL, item_name TEXT NOT NULL, category TEXT NOT NULL, unit TEXT NOT NULL, minutes BIGINT NOT NULL,
  provider UUID NOT NULL, provider_name TEXT NOT NULL, worker UUID, worker_name TEXT,
  state TEXT NOT NULL, version BIGINT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
  quarter TEXT NOT NULL, quantity BIGINT NOT NULL, price BIGINT NOT NULL, fee BIGINT NOT NULL, gov BIGINT NOT NULL,
  own BIGINT NOT NULL, purse_account UUID, purse_before BIGINT, hold_round BIGINT NOT NULL, pack_id TEXT,
  pack_title TEXT, article TEXT NOT NULL, price_document TEXT NOT NULL, channel TEXT NOT NULL, note TEXT NOT NULL,
  wish_worker UUID, wish_name TEXT, created_by UUID, created_by_name TEXT NOT NULL, created_at BIGINT NOT NULL,
  accepted_at BIGINT, assigned_at BIGINT, set_out_at BIGINT, checked_in_at BIGINT, checked_out_at BIGINT,
  confirmed_at BIGINT, closed_at BIGINT, confirm_how TEXT, rating BIGINT, rating_note TEXT NOT NULL,
  reason TEXT NOT NULL, payment_list UUID, idem_key TEXT UNIQUE);
CREATE INDEX work_order_time ON work_order (starts_at, id);
CREATE INDEX work_order_county ON work_order (county, starts_at, id);
CREATE INDEX work_order_town ON work_order (town, starts_at, id);
CREATE INDEX work_order_village ON work_order (region, starts_at, id);
CREATE INDEX work_order_provider ON work_order (provider, starts_at, id);
CREATE INDEX work_order_worker ON work_order (worker, starts_at);
CREATE INDEX work_order_elder ON work_order (elder, starts_at);
CREATE INDEX work_order_name ON work_order (elder_name, starts_at);
CREATE INDEX work_order_list ON work_order (payment_list);
CREATE INDEX work_order_open ON work_order (state, starts_at, id, county, town, region, provider)
  WHERE state IN ('created', 'accepted', 'assigned', 'on_the_way', 'checked_in', 'checked_out');
CREATE INDEX work_order_after ON work_order (state, starts_at, id, county, town, region, provider)
  WHERE state IN ('checked_out', 'confirmed', 'disputed');
CREATE INDEX work_order_due ON work_order (id, quarter)
  WHERE payment_list IS NULL AND state IN ('confirmed', 'rated');
CREATE TABLE work_order_event (
  work_order UUID NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL,
  actor_user UUID, actor TEXT NOT NULL, role TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (work_order, seq));
CREATE TABLE order_number (day TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE order_decline (
  work_order UUID NOT NULL, provider UUID NOT NULL, at BIGINT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (work_order, provider));
CREATE TABLE worker_day (worker UUID NOT NULL, day TEXT NOT NULL, changes BIGINT NOT NULL, PRIMARY KEY (worker, day));
";
