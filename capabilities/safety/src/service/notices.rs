//! The outbox: messages on their way through the channel the site has set up.
use super::NOTICE;
use crate::model::{CaseId, NoticeId, NoticeState};
use crate::store::notices::{self as sql, NoticeRow};
use async_trait::async_trait;
use kernel::{Actor, Error, Instant, Paged, Permission, Result, Scope};
use serde_json::json;
use store::Db;
use web::ListFetch;

/// A message as the channel gets it.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: NoticeId,
    pub kind: &'static str,
    pub to: String,
    pub text: String,
}

/// What the channel answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has it, under a number of its own; whether it arrives is told later.
    HandedOver(String),
    /// It arrived.
    Delivered(String),
    /// It will not take it, ever.
    Refused(String),
    /// Not now.
    Later(String),
}

/// A way out to telephones: an HTTP service the site names.
#[async_trait]
pub trait Channel: Send + Sync {
    /// `false`: nothing is set up and messages wait, which the outbox says.
    fn ready(&self) -> bool;
    async fn send(&self, message: &Message) -> Taken;
}

/// No channel: nothing is ever called sent.
pub struct Nothing;

#[async_trait]
impl Channel for Nothing {
    fn ready(&self) -> bool {
        false
    }
    async fn send(&self, _: &Message) -> Taken {
        Taken::Later("没有接短信通道".into())
    }
}

/// After so many tries a message has failed.
const TRIES: i64 = 6;

/// Hands over what waits. Answers how many were taken.
pub async fn deliver(db: &Db, channel: &dyn Channel) -> Result<usize> {
    if !channel.ready() {
        return Ok(0);
    }
    let mut taken = 0;
    for n in sql::due(db, 50).await? {
        let message = Message { id: n.id, kind: n.kind.code(), to: n.phone, text: n.text };
        let got = channel.send(&message).await;
        let tx = db.begin().await?;
        let now = tx.now();
        let (state, reference, error, next) = match got {
            Taken::HandedOver(r) => (NoticeState::HandedOver, Some(r), None, now),
            Taken::Delivered(r) => (NoticeState::Delivered, Some(r), None, now),
            Taken::Refused(e) => (NoticeState::Failed, None, Some(e), now),
            Taken::Later(e) if n.tries + 1 >= TRIES => (NoticeState::Failed, None, Some(e), now),
            // 5 s, 10 s, 20 s …
            Taken::Later(e) => (NoticeState::Queued, None, Some(e), now.plus_ms(5_000 << n.tries.clamp(0, 6))),
        };
        taken += usize::from(matches!(state, NoticeState::HandedOver | NoticeState::Delivered));
        sql::set_state(&tx, n.id, &[NoticeState::Queued], state, reference, error, next).await?;
        tx.commit().await?;
    }
    Ok(taken)
}

/// Messages of a region.
pub async fn notices(
    db: &Db,
    scope: &Scope,
    state: Option<NoticeState>,
    fetch: &ListFetch,
) -> Result<Paged<NoticeRow>> {
    sql::page(db, scope, state, &fetch.order, fetch.page).await
}

/// Messages about a case.
pub async fn notices_of(db: &Db, case: CaseId) -> Result<Vec<NoticeRow>> {
    sql::of_case(db, case).await
}

/// The channel tells what became of a message it took.
///
/// # Errors
/// `Forbidden`, `NotFound` outside the scope, `Refused` for one that was never handed over.
pub async fn receipt(db: &Db, actor: &Actor, id: NoticeId, arrived: bool, error: &str) -> Result<()> {
    actor.require(Permission::SafetyArrange)?;
    let gone = || Error::NotFound("这条短信".into());
    let region = sql::region_of(db, id).await?.filter(|r| actor.scope().covers(r)).ok_or_else(gone)?;
    let tx = db.begin().await?;
    let state = if arrived { NoticeState::Delivered } else { NoticeState::Failed };
    let error = (!arrived).then(|| error.chars().take(200).collect());
    if !sql::set_state(&tx, id, &[NoticeState::HandedOver], state, None, error, tx.now()).await? {
        return Err(Error::refused("这条没有交出去，不会有回执"));
    }
    let entry = audit::Entry::new(NOTICE, "notice", id).region(region).detail(json!({ "state": state.code() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Puts a failed message back into the queue.
pub async fn send_again(db: &Db, actor: &Actor, id: NoticeId) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let gone = || Error::NotFound("这条短信".into());
    let region = sql::region_of(db, id).await?.filter(|r| actor.scope().covers(r)).ok_or_else(gone)?;
    let tx = db.begin().await?;
    let now: Instant = tx.now();
    if !sql::set_state(&tx, id, &[NoticeState::Failed], NoticeState::Queued, None, None, now).await? {
        return Err(Error::refused("只有没送到的能再发"));
    }
    let entry = audit::Entry::new(NOTICE, "notice", id).region(region).detail(json!({ "state": "again" }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// # Errors
/// `NotFound` when there is no such message in the scope.
pub async fn notice_exists(db: &Db, scope: &Scope, id: NoticeId) -> Result<()> {
    let region = sql::region_of(db, id).await?.filter(|r| scope.covers(r));
    region.map(|_| ()).ok_or_else(|| Error::NotFound("这条短信".into()))
}
