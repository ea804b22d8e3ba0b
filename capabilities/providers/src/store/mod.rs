//! All SQL of providers, workers, papers and turns.
mod papers;
mod provider;
mod rotation;
mod worker;

pub use papers::{PaperFilter, PaperRow};
pub(crate) use papers::{paper_count, paper_page};
pub use provider::ProviderFilter;
pub(crate) use provider::*;
pub(crate) use rotation::*;
pub use worker::WorkerFilter;
pub(crate) use worker::*;

use kernel::{Error, RegionCode, Scope};
use store::{Filter, Migration, Value, vals};

pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "providers-0001",
    sql: "CREATE TABLE provider (
  org UUID PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, credit_code TEXT NOT NULL UNIQUE,
  contact TEXT NOT NULL, phone TEXT NOT NULL, suspended_from TEXT, suspended_to TEXT, suspended_reason TEXT,
  suspended_document TEXT, active BOOLEAN NOT NULL, version BIGINT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX provider_region ON provider (region);
CREATE TABLE contract (
  id UUID PRIMARY KEY, provider UUID NOT NULL REFERENCES provider (org), number TEXT NOT NULL, award TEXT NOT NULL,
  starts TEXT NOT NULL, ends TEXT NOT NULL, capacity BIGINT, insurer TEXT NOT NULL, policy_no TEXT NOT NULL,
  insured_to TEXT NOT NULL, version BIGINT NOT NULL, made_at BIGINT NOT NULL, UNIQUE (provider, number));
CREATE TABLE contract_region (
  contract UUID NOT NULL REFERENCES contract (id), region TEXT NOT NULL, PRIMARY KEY (contract, region));
CREATE INDEX contract_region_by ON contract_region (region);
CREATE TABLE contract_category (
  contract UUID NOT NULL REFERENCES contract (id), category TEXT NOT NULL, PRIMARY KEY (contract, category));
CREATE TABLE worker (
  id UUID PRIMARY KEY, org UUID NOT NULL REFERENCES provider (org), user_id UUID UNIQUE, name TEXT NOT NULL,
  sex TEXT NOT NULL, birth TEXT NOT NULL, id_sealed BYTEA NOT NULL, id_blind BYTEA NOT NULL, id_masked TEXT NOT NULL,
  phone_sealed BYTEA NOT NULL, phone_masked TEXT NOT NULL, skills BIGINT NOT NULL, languages BIGINT NOT NULL,
  home_lat BIGINT, home_lng BIGINT, home_address TEXT NOT NULL, training_hours BIGINT NOT NULL, joined_on TEXT NOT NULL,
  active BOOLEAN NOT NULL, version BIGINT NOT NULL, made_at BIGINT NOT NULL, UNIQUE (org, id_blind));
CREATE INDEX worker_id_blind ON worker (id_blind);
CREATE TABLE worker_hours (
  worker UUID NOT NULL REFERENCES worker (id), weekday BIGINT NOT NULL, from_minute BIGINT NOT NULL,
  to_minute BIGINT NOT NULL, PRIMARY KEY (worker, weekday, from_minute));
CREATE TABLE worker_document (
  id UUID PRIMARY KEY, worker UUID NOT NULL REFERENCES worker (id), kind TEXT NOT NULL, name TEXT NOT NULL,
  number TEXT NOT NULL, issuer TEXT NOT NULL, covers BIGINT NOT NULL, valid_from TEXT NOT NULL, valid_to TEXT NOT NULL,
  void_reason TEXT, made_by TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX worker_document_worker ON worker_document (worker, kind, valid_to);
CREATE TABLE worker_ban (
  id UUID PRIMARY KEY, id_blind BYTEA NOT NULL, worker UUID NOT NULL REFERENCES worker (id), starts TEXT NOT NULL,
  ends TEXT, reason TEXT NOT NULL, document TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL,
  lifted_on TEXT, lifted_reason TEXT);
CREATE INDEX worker_ban_person ON worker_ban (id_blind);
CREATE TABLE rotation (
  county TEXT NOT NULL, category TEXT NOT NULL, period TEXT NOT NULL, provider UUID NOT NULL REFERENCES provider (org),
  orders BIGINT NOT NULL, declines BIGINT NOT NULL, credit BIGINT NOT NULL, last_turn BIGINT,
  PRIMARY KEY (county, category, period, provider));
",
}];

pub(crate) fn unknown(what: &str, code: &str) -> Error {
    Error::Internal(format!("stored {what} is unknown: {code:?}"))
}

/// The region and all that contain it.
pub(crate) fn enclosing(region: &RegionCode) -> Vec<RegionCode> {
    catalogue::model::enclosing(region)
}

/// `%`, `_` and `\` as themselves, with `%` around.
pub(crate) fn like(q: &str) -> String {
    format!("%{}%", q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Limits to the providers a reader may see: its own organisation, or those awarded in the region or serving any part
/// of it. `p` is the alias of `provider`.
pub(crate) fn only_visible(f: &mut Filter, scope: &Scope) {
    if let Some(org) = scope.org_id() {
        f.and("p.org = ?", org);
        return;
    }
    let (low, high) = scope.region_range();
    let up = enclosing(&scope.region);
    let marks = vec!["?"; up.len()].join(", ");
    let mut values: Vec<Value> = vals![low.clone(), high.clone(), low, high];
    values.extend(up.into_iter().map(Value::from));
    f.clause(
        &format!(
            "((p.region >= ? AND p.region < ?) OR EXISTS (SELECT 1 FROM contract_region vr JOIN contract vc ON vc.id = \
             vr.contract WHERE vc.provider = p.org AND ((vr.region >= ? AND vr.region < ?) OR vr.region IN ({marks}))))"
        ),
        values,
    );
}
