//! What a row says and how the chain is computed. Pure.
use kernel::{Actor, Instant, RegionCode, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::sea_orm::{self, FromQueryResult};

/// A kind of audited act: a stable code and the words people read. Each capability declares its own as constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    pub code: &'static str,
    pub zh: &'static str,
}

impl Action {
    pub const fn new(code: &'static str, zh: &'static str) -> Action {
        Action { code, zh }
    }
}

/// A kind of act as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Kind {
    pub code: String,
    pub words: String,
}

/// One act to be recorded.
#[derive(Clone, Debug)]
pub struct Entry {
    pub action: Action,
    /// What it was done to, e.g. `elder`, `work_order`.
    pub entity: &'static str,
    pub entity_id: String,
    pub region: Option<RegionCode>,
    /// Why, in the person's own words, where a reason is asked.
    pub reason: Option<String>,
    /// Ids, changed field names, amounts. Never names, numbers or health texts.
    pub detail: serde_json::Value,
}

impl Entry {
    pub fn new(action: Action, entity: &'static str, entity_id: impl ToString) -> Entry {
        Entry {
            action,
            entity,
            entity_id: entity_id.to_string(),
            region: None,
            reason: None,
            detail: serde_json::Value::Null,
        }
    }
    pub fn region(mut self, region: RegionCode) -> Entry {
        self.region = Some(region);
        self
    }
    pub fn reason(mut self, reason: impl Into<String>) -> Entry {
        self.reason = Some(reason.into());
        self
    }
    pub fn detail(mut self, detail: serde_json::Value) -> Entry {
        self.detail = detail;
        self
    }
}

/// A stored row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Row {
    pub seq: i64,
    pub at: Instant,
    pub actor_user: Option<UserId>,
    pub actor: String,
    pub role: String,
    pub action: String,
    pub words: String,
    pub entity: String,
    pub entity_id: String,
    pub region: Option<RegionCode>,
    pub reason: Option<String>,
    pub detail: String,
    pub hash: String,
}

impl Row {
    pub(crate) fn build(seq: i64, at: Instant, actor: &Actor, e: &Entry, previous: &str) -> Row {
        let mut row = Row {
            seq,
            at,
            actor_user: actor.user_id(),
            actor: actor.label(),
            role: actor.role().map(|r| r.code()).unwrap_or("platform").to_string(),
            action: e.action.code.into(),
            words: e.action.zh.into(),
            entity: e.entity.into(),
            entity_id: e.entity_id.clone(),
            region: e.region,
            reason: e.reason.clone(),
            detail: if e.detail.is_null() { String::new() } else { e.detail.to_string() },
            hash: String::new(),
        };
        row.hash = row.chained(previous);
        row
    }
    /// SHA-256 over the previous hash and every field, each with its length, so no two rows share an encoding.
    pub(crate) fn chained(&self, previous: &str) -> String {
        let mut h = Sha256::new();
        let mut part = |s: &str| {
            h.update((s.len() as u64).to_le_bytes());
            h.update(s.as_bytes());
        };
        part(previous);
        part(&self.seq.to_string());
        part(&self.at.0.to_string());
        part(&self.actor_user.map(|u| u.to_string()).unwrap_or_default());
        part(&self.actor);
        part(&self.role);
        part(&self.action);
        part(&self.words);
        part(&self.entity);
        part(&self.entity_id);
        part(&self.region.map(|r| r.to_string()).unwrap_or_default());
        part(self.reason.as_deref().unwrap_or(""));
        part(&self.detail);
        let digest: [u8; 32] = h.finalize().into();
        digest.iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Where the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    pub seq: i64,
    pub what: String,
}

/// The result of walking the whole chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub rows: i64,
    pub broken: Option<Break>,
}

impl Verdict {
    pub fn intact(&self) -> bool {
        self.broken.is_none()
    }
}
