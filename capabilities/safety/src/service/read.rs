//! Reading cases.
use super::{SLOW, no_case, scope_case};
use crate::model::kpi::Call;
use crate::model::{Case, CaseId, Event, SlowClass};
use crate::store::lists::{self, CallLine, CaseAsk};
use crate::store::{cases, lists as sql};
use kernel::{Actor, ElderId, Error, Instant, Permission, Result, Scope};
use store::Db;
use web::ListFetch;

/// Cases of a region.
pub async fn cases_list(db: &Db, scope: &Scope, ask: &CaseAsk, fetch: &ListFetch) -> Result<kernel::Paged<Case>> {
    lists::page(db, scope, ask, &fetch.order, fetch.page).await
}

/// How many there are.
pub async fn count(db: &Db, scope: &Scope, ask: &CaseAsk) -> Result<i64> {
    lists::count(db, scope, ask).await
}

/// One case.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn record(db: &Db, scope: &Scope, id: CaseId) -> Result<Case> {
    scope_case(db, scope, id).await
}

/// Its history, oldest first, and the calls made.
///
/// # Errors
/// As [`record`].
pub async fn case_events(db: &Db, scope: &Scope, id: CaseId) -> Result<(Vec<Event>, Vec<CallLine>)> {
    scope_case(db, scope, id).await?;
    Ok((cases::events(db.read(), db, id).await?, lists::call_lines(db, id).await?))
}

/// What came of it; empty before.
///
/// # Errors
/// As [`record`].
pub async fn outcome(db: &Db, scope: &Scope, id: CaseId) -> Result<String> {
    scope_case(db, scope, id).await?;
    cases::outcome(db, id).await
}

/// The alarms of a time that had to be answered, out of their events.
pub async fn calls(db: &Db, scope: &Scope, from: Instant, to: Instant) -> Result<Vec<Call>> {
    lists::calls(db, scope, from, to).await
}

/// A contact's number in full for the call one is about to make; written to the audit log with the case's number.
///
/// # Errors
/// `Forbidden`; `NotFound` when the contact is not the elder's of this case.
pub async fn contact_number(
    db: &Db,
    actor: &Actor,
    id: CaseId,
    contact: people::model::ContactId,
) -> Result<Option<String>> {
    let case = scope_case(db, actor.scope(), id).await?;
    let all = people::service::contacts(db, actor.scope(), case.elder).await?;
    if !all.iter().any(|c| c.id == contact) {
        return Err(Error::NotFound("这位联系人".into()));
    }
    let tx = db.begin().await?;
    let reason = format!("处置 {}", case.no);
    let plain = people::service::contact_phone_plain(&tx, db, actor, contact, &reason).await?;
    tx.commit().await?;
    Ok(plain)
}

/// Why an alarm waited over 180 s: each needs a sentence.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` without a sentence.
pub async fn explain_slow(db: &Db, actor: &Actor, id: CaseId, class: SlowClass, reason: &str) -> Result<()> {
    actor.require(Permission::SafetyHandle)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "写一句为什么慢"));
    }
    if reason.chars().count() > 100 {
        return Err(Error::invalid("reason", "最多 100 字"));
    }
    let tx = db.begin().await?;
    let case = cases::one(&tx, actor.scope(), id, tx.lock()).await?.ok_or_else(no_case)?;
    sql::set_slow(&tx, db, id, class, reason).await?;
    let text = format!("为什么慢：{}，{reason}", class.zh());
    cases::tell(&tx, db, id, crate::model::EventKind::Slow, actor, &text, false).await?;
    let entry = audit::Entry::new(SLOW, "safety_case", id).region(case.region).reason(reason);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// The elder's case that rings and is not closed, where it lies in the scope.
pub async fn open_case_of(db: &Db, scope: &Scope, elder: ElderId) -> Result<Option<Case>> {
    let case = cases::open_of(db.read(), elder, true, "").await?;
    Ok(case.filter(|c| scope.org_id().is_none() && scope.covers(&c.region)))
}
