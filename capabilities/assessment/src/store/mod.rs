//! All SQL of this capability.
pub(crate) mod assessors;
pub(crate) mod cases;
pub(crate) mod lists;
pub(crate) mod samples;
pub(crate) mod scales;
pub(crate) mod sheets;

use store::Migration;

/// Answers, results, remarks and reasons are sealed as health text; lists see states, dates and levels.
pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "assessment-0001",
    sql: "CREATE TABLE assessor (
  id UUID PRIMARY KEY, user_id UUID, name TEXT NOT NULL, profession TEXT NOT NULL, region TEXT NOT NULL,
  employer TEXT NOT NULL, employer_org UUID, certificate TEXT NOT NULL, valid_to TEXT NOT NULL, active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL);
CREATE UNIQUE INDEX assessor_user ON assessor (user_id);
CREATE INDEX assessor_region ON assessor (region, name);
CREATE TABLE assessor_relation (
  assessor_id UUID NOT NULL, elder_id UUID NOT NULL, relation TEXT NOT NULL, declared_by TEXT NOT NULL,
  declared_at BIGINT NOT NULL, PRIMARY KEY (assessor_id, elder_id));
CREATE INDEX assessor_relation_elder ON assessor_relation (elder_id);
CREATE TABLE assessment (
  id UUID PRIMARY KEY, no TEXT NOT NULL UNIQUE, elder_id UUID NOT NULL, elder_name TEXT NOT NULL, region TEXT NOT NULL,
  scale TEXT NOT NULL, fingerprint TEXT, purpose TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL,
  version BIGINT NOT NULL, applied_org UUID, place TEXT, starts_at BIGINT, address TEXT NOT NULL, first_assessor UUID,
  second_assessor UUID, prior UUID, provenance TEXT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
  submitted_at BIGINT, first_signed_at BIGINT, second_signed_at BIGINT, assessed_on TEXT, valid_until TEXT, level TEXT,
  level_zh TEXT, level_order BIGINT, care TEXT, result BYTEA, sheet_version BIGINT NOT NULL);
CREATE INDEX assessment_region ON assessment (region, created_at, id);
CREATE INDEX assessment_state ON assessment (state, region, starts_at);
CREATE INDEX assessment_elder ON assessment (elder_id, created_at);
CREATE INDEX assessment_first ON assessment (first_assessor, state);
CREATE INDEX assessment_second ON assessment (second_assessor, state);
CREATE INDEX assessment_prior ON assessment (prior);
CREATE INDEX assessment_until ON assessment (valid_until) WHERE state = 'final';
CREATE TABLE assessment_event (
  id UUID PRIMARY KEY, assessment_id UUID NOT NULL, at BIGINT NOT NULL, step TEXT NOT NULL, by_name TEXT NOT NULL,
  by_user UUID, note BYTEA);
CREATE INDEX assessment_event_of ON assessment_event (assessment_id, at, id);
CREATE TABLE assessment_sheet (
  assessment_id UUID NOT NULL, version BIGINT NOT NULL, key TEXT NOT NULL UNIQUE, assessor_id UUID NOT NULL,
  base BIGINT NOT NULL, sheet BYTEA NOT NULL, at BIGINT NOT NULL, device_at BIGINT,
  PRIMARY KEY (assessment_id, version));
CREATE TABLE assessment_clash (
  id UUID PRIMARY KEY, assessment_id UUID NOT NULL, field TEXT NOT NULL, mine BYTEA NOT NULL, assessor_id UUID NOT NULL,
  at BIGINT NOT NULL, settled_at BIGINT, settled_by UUID, took_mine BOOLEAN);
CREATE INDEX assessment_clash_of ON assessment_clash (assessment_id, settled_at);
CREATE TABLE assessment_number (day TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE assessment_sample (
  id UUID PRIMARY KEY, region TEXT NOT NULL, scale TEXT NOT NULL, from_day TEXT NOT NULL, to_day TEXT NOT NULL,
  population BIGINT NOT NULL, size BIGINT NOT NULL, seed BIGINT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE INDEX assessment_sample_region ON assessment_sample (region, made_at);
CREATE TABLE assessment_sample_line (
  sample_id UUID NOT NULL, place BIGINT NOT NULL, original UUID NOT NULL, recheck UUID NOT NULL,
  PRIMARY KEY (sample_id, place));
CREATE TABLE scale_document (
  id TEXT NOT NULL, fingerprint TEXT NOT NULL, text TEXT NOT NULL, own BOOLEAN NOT NULL, loaded_by TEXT NOT NULL,
  loaded_at BIGINT NOT NULL, PRIMARY KEY (id, fingerprint));
CREATE TABLE scale_acceptance (
  id TEXT NOT NULL, fingerprint TEXT NOT NULL, accepted_by TEXT NOT NULL, accepted_user UUID, at BIGINT NOT NULL,
  note TEXT NOT NULL, PRIMARY KEY (id, fingerprint));
CREATE TABLE scale_setting (
  id TEXT PRIMARY KEY, combining TEXT NOT NULL, stacking TEXT, reason TEXT NOT NULL, set_by TEXT NOT NULL,
  at BIGINT NOT NULL);
",
}];
