//! All SQL of this crate.
mod accounts;
mod desk;
mod keys;
mod orgs;
mod sessions;

pub use accounts::AccountAsk;
pub(crate) use accounts::*;
pub use desk::AccountFigures;
pub(crate) use desk::account_figures;
pub(crate) use keys::*;
pub(crate) use orgs::*;
pub use sessions::SessionLine;
pub(crate) use sessions::*;

use store::Migration;

/// Tables of organisations, accounts, sessions and API keys.
pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "access-0001",
    sql: "CREATE TABLE org (
  id UUID PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, region TEXT NOT NULL, active BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL);
CREATE INDEX org_region ON org (region);
CREATE TABLE account (
  id UUID PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, region TEXT NOT NULL,
  org_id UUID REFERENCES org (id), worker_id UUID, password_hash TEXT, totp_sealed BYTEA, totp_step BIGINT NOT NULL,
  failed BIGINT NOT NULL, locked_until BIGINT, contrast_high BOOLEAN NOT NULL, scale TEXT NOT NULL,
  active BOOLEAN NOT NULL, must_change BOOLEAN NOT NULL, created_at BIGINT NOT NULL);
CREATE INDEX account_region ON account (region, created_at);
CREATE INDEX account_org ON account (org_id);
CREATE TABLE session (
  id UUID PRIMARY KEY, user_id UUID NOT NULL REFERENCES account (id), token_hash BYTEA NOT NULL UNIQUE,
  created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, ip TEXT NOT NULL, agent TEXT NOT NULL, revoked_at BIGINT,
  totp_ok BOOLEAN NOT NULL, totp_draft BYTEA);
CREATE INDEX session_by_user ON session (user_id, seen_at);
CREATE INDEX session_seen ON session (seen_at);
CREATE TABLE api_key (
  id UUID PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, region TEXT NOT NULL, org_id UUID REFERENCES org (id),
  key_hash BYTEA NOT NULL UNIQUE, created_by UUID, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
  revoked_at BIGINT);
CREATE INDEX api_key_region ON api_key (region, created_at);
CREATE TABLE login_throttle (
  key TEXT PRIMARY KEY, failed BIGINT NOT NULL, first_at BIGINT NOT NULL, locked_until BIGINT);
CREATE INDEX login_throttle_first ON login_throttle (first_at);
",
}];

/// A stored code that this program does not know.
pub(crate) fn unknown(what: &str, code: &str) -> kernel::Error {
    kernel::Error::Internal(format!("stored {what} `{code}` is unknown"))
}
