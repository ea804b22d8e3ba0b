//! What is done about a case: one owner at a time, every step in its history.
use super::{STEPPED, no_case, raise::first_rung};
use crate::model::{
    CallResult, Case, CaseId, CaseState, Cause, EventKind, Helper, HelperKind, NoticeKind, Owner, Service, Step, next,
};
use crate::store::{alarms, cases, notices};
use kernel::{Actor, Error, Instant, Permission, Result};
use serde_json::json;
use store::{Db, Tx};

/// What is longer is cut off by the form; here it is refused.
const NOTE: usize = 500;

fn said(text: &str, field: &str, what: &str, needed: bool) -> Result<String> {
    let t = text.trim();
    let n = t.chars().count();
    if needed && n == 0 {
        return Err(Error::invalid(field, format!("{what}没有填")));
    }
    if n > NOTE {
        return Err(Error::invalid(field, format!("{what}最多 {NOTE} 字，现在 {n} 字")));
    }
    Ok(t.to_string())
}

/// The case as it stands, held until the transaction ends.
async fn hold(tx: &Tx, actor: &Actor, id: CaseId) -> Result<Case> {
    actor.require(Permission::SafetyHandle)?;
    cases::one(tx, actor.scope(), id, tx.lock()).await?.ok_or_else(no_case)
}

/// Only the owner goes on with a case.
fn own(case: &Case, actor: &Actor, step: Step) -> Result<()> {
    if case.owned_by(actor.user_id())
        || matches!(actor, Actor::Platform { .. })
        || matches!(step, Step::Claim | Step::TakeOver)
    {
        return Ok(());
    }
    match &case.owner {
        Some(o) => Err(Error::Conflict(format!("{} {} 已接手。要你来办，先接过", o.since.hhmm(), o.name))),
        None => Ok(()),
    }
}

struct Done {
    tx: Tx,
    case: Case,
}

/// Decides the step and lets the owner's eye rest on what was new.
async fn begin(db: &Db, actor: &Actor, id: CaseId, step: Step) -> Result<Done> {
    let tx = db.begin().await?;
    let mut case = hold(&tx, actor, id).await?;
    own(&case, actor, step)?;
    if let (Step::Claim, Some(o)) = (step, &case.owner) {
        let word = if case.owned_by(actor.user_id()) {
            "你已经接手了".to_string()
        } else {
            format!("{} {} 已接手", o.since.hhmm(), o.name)
        };
        return Err(Error::Conflict(word));
    }
    case.state = next(case.state, step)?;
    if case.owner.is_some() {
        case.news = 0;
        case.next_rung_at = None;
    }
    Ok(Done { tx, case })
}

impl Done {
    async fn end(self, db: &Db, actor: &Actor, kind: EventKind, text: &str) -> Result<Case> {
        let Done { tx, mut case } = self;
        cases::save(&tx, &case).await?;
        case.version += 1;
        cases::tell(&tx, db, case.id, kind, actor, text, false).await?;
        let entry = audit::Entry::new(STEPPED, "safety_case", case.id)
            .region(case.region)
            .detail(json!({ "step": kind.code(), "state": case.state.code(), "no": case.no }));
        audit::record(&tx, actor, entry).await?;
        work::emit(&tx, db, "safety.changed", json!({ "case": case.id.to_string(), "state": case.state.code() }))
            .await?;
        tx.commit().await?;
        Ok(case)
    }
}

fn owner(actor: &Actor, since: Instant) -> Result<Owner> {
    let user = actor.user_id().ok_or_else(|| Error::Forbidden("要有人来接手".into()))?;
    Ok(Owner { user, name: actor.label(), since })
}

/// Takes a case that nobody has. Of two who try at once one gets it.
///
/// # Errors
/// `Conflict` naming who was first; `NotFound`, `Forbidden`.
pub async fn claim(db: &Db, actor: &Actor, id: CaseId) -> Result<Case> {
    let mut d = begin(db, actor, id, Step::Claim).await?;
    let now = d.tx.now();
    d.case.owner = Some(owner(actor, now)?);
    d.case.answered_at = d.case.answered_at.or(Some(now));
    d.case.next_rung_at = None;
    d.case.news = 0;
    let waited = crate::model::kpi::minutes_zh(now.since(d.case.ringing_at));
    d.end(db, actor, EventKind::Claimed, &format!("{}接手，响了 {waited}", actor.label())).await
}

/// Puts a case back where everyone sees it ringing.
pub async fn release(db: &Db, actor: &Actor, id: CaseId, reason: &str) -> Result<Case> {
    let reason = said(reason, "reason", "为什么放回", true)?;
    let mut d = begin(db, actor, id, Step::Release).await?;
    let now = d.tx.now();
    d.case.owner = None;
    d.case.ringing_at = now;
    d.case.rung = 0;
    d.case.next_rung_at = first_rung(&d.tx, &d.case.region, now).await?;
    d.end(db, actor, EventKind::Released, &format!("放回，重新响铃：{reason}")).await
}

/// Takes a case from an owner who cannot go on with it.
pub async fn take_over(db: &Db, actor: &Actor, id: CaseId, reason: &str) -> Result<Case> {
    let reason = said(reason, "reason", "为什么接过", true)?;
    let mut d = begin(db, actor, id, Step::TakeOver).await?;
    if d.case.owned_by(actor.user_id()) {
        return Err(Error::Conflict("这一件本来就在你手里".into()));
    }
    let from = d.case.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    d.case.owner = Some(owner(actor, d.tx.now())?);
    d.end(db, actor, EventKind::TakenOver, &format!("从{from}手里接过：{reason}")).await
}

/// A call that was made.
pub async fn call(db: &Db, actor: &Actor, id: CaseId, name: &str, result: CallResult, note: &str) -> Result<Case> {
    let name = said(name, "name", "打给谁", true)?;
    let note = said(note, "note", "说了什么", false)?;
    let d = begin(db, actor, id, Step::Call).await?;
    cases::insert_call(&d.tx, db, id, &name, result, actor).await?;
    let tail = if note.is_empty() { String::new() } else { format!("：{note}") };
    d.end(db, actor, EventKind::Called, &format!("打给{name}，{}{tail}", result.zh())).await
}

/// Somebody to be sent.
#[derive(Clone, Debug)]
pub struct Sending {
    pub kind: HelperKind,
    pub name: String,
    /// For the message; `None` when they were told by voice.
    pub phone: Option<kernel::Phone>,
    /// `60 米，步行 1 分`
    pub way: String,
    /// What the message says.
    pub text: String,
}

/// Sends somebody.
pub async fn send_help(db: &Db, actor: &Actor, id: CaseId, who: Sending) -> Result<Case> {
    let name = said(&who.name, "name", "派谁", true)?;
    let mut d = begin(db, actor, id, Step::SendHelp).await?;
    d.case.helper = Some(Helper { kind: who.kind, name: name.clone(), sent_at: d.tx.now() });
    let mut tail = if who.way.is_empty() { String::new() } else { format!("，{}", who.way) };
    if let Some(phone) = &who.phone {
        let notice = notices::NewNotice {
            case: id,
            region: d.case.region,
            kind: NoticeKind::Send,
            name: name.clone(),
            phone: phone.as_str().into(),
            phone_masked: phone.masked(),
            text: who.text,
        };
        notices::insert(&d.tx, db, notice).await?;
        tail.push_str("。短信已排队");
    }
    d.end(db, actor, EventKind::HelpSent, &format!("派{} {name}{tail}", who.kind.zh())).await
}

/// Hands over to 120, 110 or 119; `text` is what was read to them.
pub async fn hand_over(db: &Db, actor: &Actor, id: CaseId, to: Service, text: &str) -> Result<Case> {
    let text = said(text, "text", "说了什么", true)?;
    let mut d = begin(db, actor, id, Step::HandOver).await?;
    d.case.handed_to = Some(to);
    d.end(db, actor, EventKind::HandedOver, &format!("转 {}：{text}", to.zh())).await
}

/// Somebody is with the person.
pub async fn arrive(db: &Db, actor: &Actor, id: CaseId, note: &str) -> Result<Case> {
    let note = said(note, "note", "看到什么", false)?;
    let mut d = begin(db, actor, id, Step::Arrive).await?;
    let now = d.tx.now();
    d.case.arrived_at = d.case.arrived_at.or(Some(now));
    let who = match (&d.case.helper, d.case.handed_to) {
        (Some(h), _) => format!("{}{}", h.kind.zh(), h.name),
        (None, Some(s)) => s.zh().to_string(),
        (None, None) => String::new(),
    };
    let tail = if note.is_empty() { String::new() } else { format!("：{note}") };
    d.end(db, actor, EventKind::Arrived, &format!("{who}到场{tail}")).await
}

/// What came of it.
pub async fn settle(db: &Db, actor: &Actor, id: CaseId, outcome: &str) -> Result<Case> {
    let outcome = said(outcome, "outcome", "结果", true)?;
    let d = begin(db, actor, id, Step::Settle).await?;
    cases::set_outcome(&d.tx, db, id, &outcome).await?;
    d.end(db, actor, EventKind::Settled, &outcome).await
}

/// Closes with a cause. The alarms of the case close with it; the next one opens a new case.
///
/// # Errors
/// `Invalid` without an outcome where none was written before; as the other steps.
pub async fn close(db: &Db, actor: &Actor, id: CaseId, cause: Cause, outcome: &str) -> Result<Case> {
    let outcome = said(outcome, "outcome", "结果", false)?;
    let before = cases::outcome(db, id).await?;
    if outcome.is_empty() && before.is_empty() {
        return Err(Error::invalid("outcome", "写一句结果：人怎么样，谁在身边"));
    }
    let mut d = begin(db, actor, id, Step::Close).await?;
    let now = d.tx.now();
    if !outcome.is_empty() {
        cases::set_outcome(&d.tx, db, id, &outcome).await?;
    }
    d.case.cause = Some(cause);
    d.case.closed_at = Some(now);
    d.case.next_rung_at = None;
    alarms::close_of(&d.tx, id, now).await?;
    cases::family_told(&d.tx, id).await?;
    let text = if outcome.is_empty() { before } else { outcome };
    d.end(db, actor, EventKind::Closed, &format!("{}。{text}", cause.zh())).await
}

/// Writes a line. Also whoever does not own the case may add what they know.
pub async fn note(db: &Db, actor: &Actor, id: CaseId, text: &str) -> Result<()> {
    let tx = db.begin().await?;
    // Whose case it is comes first: what is wrong with the words is no business of others.
    let mut case = hold(&tx, actor, id).await?;
    let text = said(text, "text", "补记", true)?;
    if case.owned_by(actor.user_id()) && case.state != CaseState::Closed {
        case.news = 0;
        case.next_rung_at = None;
    }
    cases::save(&tx, &case).await?;
    cases::tell(&tx, db, id, EventKind::Noted, actor, &text, false).await?;
    let entry = audit::Entry::new(STEPPED, "safety_case", id).region(case.region).detail(json!({ "step": "noted" }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// The owner has seen what is new.
pub async fn acknowledge(db: &Db, actor: &Actor, id: CaseId) -> Result<()> {
    let tx = db.begin().await?;
    let mut case = hold(&tx, actor, id).await?;
    own(&case, actor, Step::Call)?;
    if case.owner.is_none() || case.news == 0 {
        return Ok(());
    }
    let text = format!("又报 {} 次，已看到", case.news);
    case.news = 0;
    case.next_rung_at = None;
    cases::save(&tx, &case).await?;
    cases::tell(&tx, db, id, EventKind::Noted, actor, &text, false).await?;
    let entry = audit::Entry::new(STEPPED, "safety_case", id).region(case.region).detail(json!({ "step": "seen" }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}
