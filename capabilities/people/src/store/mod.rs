//! All SQL of this capability.
pub(crate) mod addresses;
pub(crate) mod contacts;
pub(crate) mod desk;
pub(crate) mod duplicates;
pub(crate) mod elders;
pub(crate) mod facts;
pub(crate) mod imports;
pub(crate) mod regions;
pub(crate) mod terms;

use store::Migration;

/// An archive is in force (`live`), was merged into another (`merged`), or its import was taken back (`taken_back`).
/// Lists, search and the uniqueness of identity numbers look at those in force only.
pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "people-0001",
    sql: "CREATE TABLE region (
  code TEXT PRIMARY KEY, name TEXT NOT NULL, tier TEXT NOT NULL, loaded_at BIGINT NOT NULL);
CREATE TABLE household (
  id UUID PRIMARY KEY, number TEXT, region TEXT NOT NULL, created_at BIGINT NOT NULL);
CREATE UNIQUE INDEX household_number ON household (region, number);
CREATE TABLE elder (
  id UUID PRIMARY KEY, household_id UUID NOT NULL, standing TEXT NOT NULL, merged_into UUID, name TEXT NOT NULL,
  sex TEXT NOT NULL, birth TEXT NOT NULL, id_sealed BYTEA NOT NULL, id_blind BYTEA NOT NULL, id_masked TEXT NOT NULL,
  same_key BYTEA NOT NULL, phone_sealed BYTEA, phone_blind BYTEA, phone_masked TEXT NOT NULL, region TEXT NOT NULL,
  address TEXT NOT NULL, lat_e6 BIGINT, lng_e6 BIGINT, hukou TEXT NOT NULL, hukou_region TEXT, living TEXT NOT NULL,
  income TEXT NOT NULL, specials TEXT NOT NULL, care TEXT, certificate TEXT, chronic_sealed BYTEA,
  preference TEXT NOT NULL, died_on TEXT, moved_in_on TEXT, moved_out_on TEXT, institution_since TEXT,
  institution_until TEXT, lacks BIGINT NOT NULL, source TEXT NOT NULL, batch_id UUID, version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, created_by TEXT NOT NULL, updated_at BIGINT NOT NULL, updated_by TEXT NOT NULL);
CREATE UNIQUE INDEX elder_id_number ON elder (id_blind) WHERE standing = 'live';
CREATE INDEX elder_id_blind ON elder (id_blind);
CREATE INDEX elder_same ON elder (same_key);
CREATE INDEX elder_phone ON elder (phone_blind);
CREATE INDEX elder_household ON elder (household_id);
CREATE INDEX elder_region ON elder (region, name, id, birth, died_on, moved_out_on) WHERE standing = 'live';
CREATE INDEX elder_birth ON elder (birth, id, region, died_on, moved_out_on) WHERE standing = 'live';
CREATE INDEX elder_name ON elder (name, id) WHERE standing = 'live';
CREATE INDEX elder_lacks ON elder (region, lacks) WHERE standing = 'live' AND lacks > 0;
CREATE INDEX elder_tally ON elder (region, lacks, died_on, moved_out_on) WHERE standing = 'live';
CREATE INDEX elder_batch ON elder (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX elder_merged ON elder (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE elder_fact (
  id UUID PRIMARY KEY, elder_id UUID NOT NULL, fact TEXT NOT NULL, old_value TEXT NOT NULL, new_value TEXT NOT NULL,
  old_sealed BYTEA, version BIGINT NOT NULL, valid_from TEXT, recorded_at BIGINT NOT NULL, recorded_by TEXT NOT NULL, actor_user UUID,
  source TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX elder_fact_elder ON elder_fact (elder_id, id);
CREATE TABLE contact (
  id UUID PRIMARY KEY, elder_id UUID NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, relation TEXT NOT NULL,
  phone_sealed BYTEA, phone_blind BYTEA, phone_masked TEXT NOT NULL, lives TEXT NOT NULL, created_at BIGINT NOT NULL,
  removed_at BIGINT);
CREATE INDEX contact_elder ON contact (elder_id);
CREATE INDEX contact_phone ON contact (phone_blind);
CREATE TABLE service_address (
  id UUID PRIMARY KEY, household_id UUID NOT NULL, region TEXT NOT NULL, address TEXT NOT NULL, lat_e6 BIGINT,
  lng_e6 BIGINT, since TEXT NOT NULL, removed_on TEXT);
CREATE INDEX service_address_household ON service_address (household_id);
CREATE TABLE address_change (
  id UUID PRIMARY KEY, household_id UUID NOT NULL, on_date TEXT NOT NULL, step TEXT NOT NULL, old_address UUID,
  new_address UUID, reason TEXT NOT NULL, recorded_by TEXT NOT NULL, recorded_at BIGINT NOT NULL);
CREATE INDEX address_change_household ON address_change (household_id, on_date);
-- sqlite
CREATE TABLE elder_term (
  term TEXT NOT NULL, region TEXT NOT NULL, elder_id UUID NOT NULL, PRIMARY KEY (term, region, elder_id)) WITHOUT ROWID;
-- postgres
CREATE TABLE elder_term (
  term TEXT COLLATE \"C\" NOT NULL, region TEXT COLLATE \"C\" NOT NULL, elder_id UUID NOT NULL,
  PRIMARY KEY (term, region, elder_id));
CREATE TABLE import_batch (
  id UUID PRIMARY KEY, region TEXT NOT NULL, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL,
  unused TEXT NOT NULL, total BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
  actor_user UUID, written_at BIGINT, taken_back_at BIGINT);
CREATE INDEX import_batch_region ON import_batch (region, created_at);
CREATE TABLE import_row (
  batch_id UUID NOT NULL, row_no BIGINT NOT NULL, state TEXT NOT NULL, cells BYTEA NOT NULL, errors TEXT NOT NULL,
  key BYTEA, why TEXT NOT NULL, twin UUID, PRIMARY KEY (batch_id, row_no));
CREATE INDEX import_row_key ON import_row (batch_id, key);
CREATE INDEX import_row_state ON import_row (batch_id, state, row_no);
CREATE TABLE duplicate_review (
  id UUID PRIMARY KEY, region TEXT NOT NULL, why TEXT NOT NULL, elder_id UUID NOT NULL, other_id UUID, batch_id UUID,
  row_no BIGINT, state TEXT NOT NULL, created_at BIGINT NOT NULL, decided_by TEXT, decided_at BIGINT);
CREATE UNIQUE INDEX duplicate_review_row ON duplicate_review (batch_id, row_no);
CREATE INDEX duplicate_review_open ON duplicate_review (state, region, created_at);
CREATE TABLE merge_record (
  id UUID PRIMARY KEY, loser UUID NOT NULL, survivor UUID NOT NULL, region TEXT NOT NULL, reason TEXT NOT NULL,
  filled TEXT NOT NULL, merged_at BIGINT NOT NULL, merged_by TEXT NOT NULL, undone_at BIGINT, undone_by TEXT);
CREATE INDEX merge_record_survivor ON merge_record (survivor);
CREATE INDEX merge_record_loser ON merge_record (loser);
",
}, Migration {
    id: "people-0002",
    sql: "ALTER TABLE elder ADD COLUMN assessed_on TEXT;
ALTER TABLE elder ADD COLUMN assessed_until TEXT;
",
}];
