use store::Migration;

pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "settlement-0001",
    sql: "CREATE TABLE payment_list (
  id UUID PRIMARY KEY, no TEXT NOT NULL UNIQUE, n BIGINT NOT NULL, round BIGINT NOT NULL, provider UUID NOT NULL,
  provider_name TEXT NOT NULL, county TEXT NOT NULL, quarter TEXT NOT NULL, state TEXT NOT NULL, orders BIGINT NOT NULL,
  fee BIGINT NOT NULL, gov BIGINT NOT NULL, own BIGINT NOT NULL, deducted BIGINT NOT NULL, held_back BIGINT NOT NULL,
  disputes BIGINT NOT NULL, snapshot_hash TEXT NOT NULL, made_at BIGINT NOT NULL, county_by UUID, paid_at BIGINT,
  version BIGINT NOT NULL, UNIQUE (provider, county, quarter, round), UNIQUE (county, quarter, n));
CREATE INDEX payment_list_quarter ON payment_list (quarter, county);
CREATE TABLE payment_list_town (
  list UUID NOT NULL, town TEXT NOT NULL, orders BIGINT NOT NULL, fee BIGINT NOT NULL, gov BIGINT NOT NULL,
  own BIGINT NOT NULL, deducted BIGINT NOT NULL, held_back BIGINT NOT NULL, state TEXT NOT NULL, by_user UUID,
  by_name TEXT NOT NULL, at BIGINT, note TEXT NOT NULL, PRIMARY KEY (list, town));
CREATE INDEX payment_list_town_town ON payment_list_town (town, state);
CREATE TABLE payment_line (
  list UUID NOT NULL, seq BIGINT NOT NULL, order_id UUID NOT NULL, order_no TEXT NOT NULL, town TEXT NOT NULL,
  region TEXT NOT NULL, elder UUID NOT NULL, elder_name TEXT NOT NULL, household UUID NOT NULL, item UUID NOT NULL,
  item_name TEXT NOT NULL, quantity BIGINT NOT NULL, served_on TEXT NOT NULL, minutes BIGINT NOT NULL,
  price BIGINT NOT NULL, fee BIGINT NOT NULL, gov BIGINT NOT NULL, own BIGINT NOT NULL, pack TEXT, article TEXT NOT NULL,
  purse_account UUID, worker UUID, worker_name TEXT NOT NULL, checked_in_at BIGINT, checked_out_at BIGINT,
  confirm_how TEXT NOT NULL, rating BIGINT NOT NULL, standing TEXT NOT NULL, standing_before TEXT,
  deducted BIGINT NOT NULL, reason TEXT NOT NULL, live BOOLEAN NOT NULL, PRIMARY KEY (list, seq));
CREATE UNIQUE INDEX payment_line_order ON payment_line (order_id) WHERE live;
CREATE INDEX payment_line_odd ON payment_line (list, standing) WHERE standing <> 'ok';
CREATE TABLE payment_line_event (
  list UUID NOT NULL, seq BIGINT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, by_name TEXT NOT NULL,
  role TEXT NOT NULL, what TEXT NOT NULL, amount BIGINT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (list, seq, n));
CREATE TABLE payment_review (
  list UUID NOT NULL, n BIGINT NOT NULL, step TEXT NOT NULL, decision TEXT NOT NULL, town TEXT, by_user UUID,
  by_name TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT NOT NULL, payable BIGINT NOT NULL, PRIMARY KEY (list, n));
CREATE TABLE payment_clearance (
  order_id UUID PRIMARY KEY, list UUID NOT NULL, by_user UUID, by_name TEXT NOT NULL, at BIGINT NOT NULL,
  reason TEXT NOT NULL);
CREATE TABLE payment_use (
  quarter TEXT NOT NULL, town TEXT NOT NULL, household UUID NOT NULL, orders BIGINT NOT NULL, gov BIGINT NOT NULL,
  PRIMARY KEY (quarter, town, household));
CREATE TABLE payment_item_use (
  quarter TEXT NOT NULL, town TEXT NOT NULL, item UUID NOT NULL, orders BIGINT NOT NULL, gov BIGINT NOT NULL,
  PRIMARY KEY (quarter, town, item));
CREATE TABLE settlement_lock (id BIGINT PRIMARY KEY);
INSERT INTO settlement_lock (id) VALUES (1);
",
}];
