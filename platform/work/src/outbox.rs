//! Events: an earlier capability tells later ones what happened.
use async_trait::async_trait;
use kernel::{Instant, JobId, Result};
use store::{Db, Tx};

/// Something that happened and is stored.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: JobId,
    /// e.g. `elder.changed`.
    pub topic: String,
    pub payload: serde_json::Value,
    pub at: Instant,
}

/// Reacts to events. Called at least once an event, in the order they were written; must be idempotent.
#[async_trait]
pub trait Subscriber: Send + Sync {
    fn name(&self) -> &'static str;
    fn topics(&self) -> &'static [&'static str];
    async fn handle(&self, db: &Db, event: &Event) -> Result<()>;
}

/// Tells of something inside the caller's transaction. `payload` holds ids, never personal data.
pub async fn emit(tx: &Tx, db: &Db, topic: &str, payload: serde_json::Value) -> Result<()> {
    crate::store::insert_event(tx, db.new_id(), topic, &payload).await
}
