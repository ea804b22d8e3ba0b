//! All SQL of this capability.
pub(crate) mod alarms;
pub(crate) mod cases;
pub(crate) mod downtime;
pub(crate) mod duty;
pub(crate) mod home;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod notices;
pub(crate) mod rescue;

use store::{Db, Migration, Secret};

/// What an alarm saw, what was said about it, door codes, medication and messages are sealed as health text.
pub const MIGRATIONS: &[Migration] = &[CASES, crate::devices::MIGRATION, crate::devices::ESTATE, WATCHED];

/// Who changed limits, links of a rescue, times without devices, causes that are gone.
const WATCHED: Migration = Migration {
    id: "safety-0010",
    sql: "CREATE TABLE safety_limit_change (
  id UUID PRIMARY KEY, elder_id UUID NOT NULL, at BIGINT NOT NULL, by_name TEXT NOT NULL, what BYTEA NOT NULL);
CREATE INDEX safety_limit_change_of ON safety_limit_change (elder_id, at);
CREATE TABLE safety_rescue (
  id UUID PRIMARY KEY, case_id UUID NOT NULL, elder_id UUID NOT NULL, region TEXT NOT NULL, hash BYTEA NOT NULL UNIQUE,
  token BYTEA NOT NULL, called BYTEA NOT NULL, look BYTEA NOT NULL, contact BYTEA NOT NULL, phone BYTEA NOT NULL,
  started_by TEXT NOT NULL, started_at BIGINT NOT NULL, until_at BIGINT NOT NULL, ended_at BIGINT, ended_by TEXT,
  views BIGINT NOT NULL, last_view BIGINT);
CREATE INDEX safety_rescue_case ON safety_rescue (case_id, started_at);
CREATE TABLE safety_downtime (
  id UUID PRIMARY KEY, region TEXT NOT NULL, from_at BIGINT NOT NULL, until_at BIGINT NOT NULL, planned BOOLEAN NOT NULL,
  reason TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX safety_downtime_until ON safety_downtime (until_at);
CREATE INDEX safety_downtime_region ON safety_downtime (region, from_at);
CREATE TABLE safety_clear (key TEXT PRIMARY KEY, case_id UUID NOT NULL, at BIGINT NOT NULL);
ALTER TABLE safety_alarm ADD COLUMN cleared_at BIGINT;
",
};

const CASES: Migration = Migration {
    id: "safety-0001",
    sql: "CREATE TABLE safety_elder (elder_id UUID PRIMARY KEY, alarms BIGINT NOT NULL);
CREATE TABLE safety_number (day TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE safety_case (
  id UUID PRIMARY KEY, no TEXT NOT NULL UNIQUE, elder_id UUID NOT NULL, elder_name TEXT NOT NULL, sex TEXT NOT NULL,
  birth TEXT NOT NULL, region TEXT NOT NULL, address TEXT NOT NULL, home_lat BIGINT, home_lng BIGINT, kind TEXT NOT NULL,
  risk TEXT NOT NULL, rank BIGINT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL, opened_at BIGINT NOT NULL,
  lane BIGINT NOT NULL, ringing_at BIGINT NOT NULL, family_due BOOLEAN NOT NULL, answered_at BIGINT, owner_user UUID, owner_name TEXT, owner_since BIGINT, rung BIGINT NOT NULL, next_rung_at BIGINT,
  helper_kind TEXT, helper_name TEXT, helper_at BIGINT, handed_to TEXT, arrived_at BIGINT, closed_at BIGINT, cause TEXT,
  outcome BYTEA, news BIGINT NOT NULL, consent TEXT NOT NULL, slow_class TEXT, slow_reason BYTEA);
CREATE UNIQUE INDEX safety_case_one ON safety_case (elder_id, lane) WHERE closed_at IS NULL;
CREATE INDEX safety_case_due ON safety_case (next_rung_at) WHERE next_rung_at IS NOT NULL;
CREATE INDEX safety_case_family ON safety_case (opened_at) WHERE family_due = TRUE;
CREATE INDEX safety_case_live ON safety_case (region, rank) WHERE closed_at IS NULL;
CREATE INDEX safety_case_region ON safety_case (region, opened_at, id);
CREATE INDEX safety_case_elder ON safety_case (elder_id, opened_at);
CREATE TABLE safety_alarm (
  id UUID PRIMARY KEY, case_id UUID NOT NULL, elder_id UUID NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL,
  count BIGINT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, unverified BOOLEAN NOT NULL,
  reason BYTEA NOT NULL, device TEXT, lat BIGINT, lng BIGINT, accuracy BIGINT, fix_at BIGINT, closed_at BIGINT);
CREATE UNIQUE INDEX safety_alarm_one ON safety_alarm (elder_id, kind) WHERE closed_at IS NULL;
CREATE INDEX safety_alarm_case ON safety_alarm (case_id, first_at);
CREATE TABLE safety_occurrence (
  key TEXT PRIMARY KEY, alarm_id UUID NOT NULL, case_id UUID NOT NULL, at BIGINT NOT NULL, received_at BIGINT NOT NULL,
  unverified BOOLEAN NOT NULL, reason BYTEA NOT NULL, evidence BYTEA, lat BIGINT, lng BIGINT, accuracy BIGINT);
CREATE INDEX safety_occurrence_alarm ON safety_occurrence (alarm_id, received_at);
CREATE TABLE safety_event (
  id UUID PRIMARY KEY, case_id UUID NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,
  text BYTEA NOT NULL, who TEXT NOT NULL, by_user UUID, by_person BOOLEAN NOT NULL, bad BOOLEAN NOT NULL);
CREATE UNIQUE INDEX safety_event_of ON safety_event (case_id, seq);
CREATE TABLE safety_call (
  id UUID PRIMARY KEY, case_id UUID NOT NULL, at BIGINT NOT NULL, name TEXT NOT NULL, result TEXT NOT NULL,
  by_name TEXT NOT NULL, by_user UUID);
CREATE INDEX safety_call_of ON safety_call (case_id, at);
CREATE TABLE safety_ladder (
  id UUID PRIMARY KEY, region TEXT NOT NULL UNIQUE, rungs TEXT NOT NULL, again_s BIGINT NOT NULL, version BIGINT NOT NULL,
  set_by TEXT NOT NULL, set_at BIGINT NOT NULL);
CREATE TABLE safety_roster (
  id UUID PRIMARY KEY, region TEXT NOT NULL, duty TEXT NOT NULL, name TEXT NOT NULL, phone BYTEA NOT NULL,
  phone_masked TEXT NOT NULL, user_id UUID, weekdays BIGINT NOT NULL, from_minute BIGINT NOT NULL,
  to_minute BIGINT NOT NULL, since TEXT NOT NULL, until TEXT, away_until BIGINT, active BOOLEAN NOT NULL,
  made_by TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX safety_roster_region ON safety_roster (region, duty);
CREATE TABLE safety_presence (
  user_id UUID PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, seen_at BIGINT NOT NULL, ready BOOLEAN NOT NULL,
  bell BOOLEAN NOT NULL);
CREATE TABLE safety_gateway (
  name TEXT PRIMARY KEY, region TEXT NOT NULL, seen_at BIGINT NOT NULL, note TEXT NOT NULL, told BOOLEAN NOT NULL);
CREATE TABLE safety_notice (
  id UUID PRIMARY KEY, case_id UUID NOT NULL, region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  phone BYTEA NOT NULL, phone_masked TEXT NOT NULL, text BYTEA NOT NULL, state TEXT NOT NULL, tries BIGINT NOT NULL,
  next_at BIGINT NOT NULL, reference TEXT, error TEXT, created_at BIGINT NOT NULL, changed_at BIGINT NOT NULL);
CREATE INDEX safety_notice_due ON safety_notice (next_at) WHERE state = 'queued';
CREATE INDEX safety_notice_region ON safety_notice (region, created_at);
CREATE INDEX safety_notice_case ON safety_notice (case_id, created_at);
CREATE TABLE safety_home (
  elder_id UUID PRIMARY KEY, consent TEXT NOT NULL, consent_at BIGINT, door BYTEA, keys BYTEA, medication BYTEA,
  allergy BYTEA, manner BYTEA, version BIGINT NOT NULL, changed_by TEXT NOT NULL, changed_at BIGINT NOT NULL);
CREATE TABLE safety_helper (
  id UUID PRIMARY KEY, region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, phone BYTEA NOT NULL,
  phone_masked TEXT NOT NULL, lat BIGINT, lng BIGINT, elder_id UUID, has_key BOOLEAN NOT NULL, note TEXT NOT NULL,
  active BOOLEAN NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX safety_helper_region ON safety_helper (region, kind);
CREATE INDEX safety_helper_elder ON safety_helper (elder_id);
CREATE TABLE safety_link (
  user_id UUID NOT NULL, elder_id UUID NOT NULL, relation TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL,
  ended_at BIGINT, PRIMARY KEY (user_id, elder_id));
CREATE INDEX safety_link_elder ON safety_link (elder_id);
",
};

/// A text at rest; nothing for nothing.
pub(crate) fn seal(db: &Db, text: &str) -> kernel::Result<Vec<u8>> {
    db.keys().seal(Secret::Health, text)
}

pub(crate) fn open(db: &Db, sealed: &[u8]) -> kernel::Result<String> {
    db.keys().open(Secret::Health, sealed)
}

pub(crate) fn open_opt(db: &Db, sealed: &Option<Vec<u8>>) -> kernel::Result<String> {
    sealed.as_ref().map_or(Ok(String::new()), |s| open(db, s))
}
