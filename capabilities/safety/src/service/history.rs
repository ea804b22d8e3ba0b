//! Past cases at once: for the demo and for taking over another system's records.
use super::platform_of;
use crate::model::{
    AlarmKind, Case, CaseId, CaseState, Cause, EventKind, Helper, HelperKind, NewAlarm, Origin, Owner, SlowClass,
    kind_zh,
};
use crate::store::{alarms, cases, lists};
use kernel::{Actor, Instant, Result};
use people::model::ElderCard;
use store::{Db, Tx};

/// A case that is over.
#[derive(Clone, Debug)]
pub struct HistoryCase {
    pub elder: ElderCard,
    pub kind: AlarmKind,
    pub origin: Origin,
    pub reason: String,
    pub opened_at: Instant,
    pub by: Actor,
    /// Milliseconds from the alarm to each step; `None` where it was not needed.
    pub answered_ms: i64,
    pub sent: Option<(HelperKind, String, i64)>,
    pub arrived_ms: Option<i64>,
    pub closed_ms: i64,
    pub cause: Cause,
    pub outcome: String,
    pub slow: Option<(SlowClass, String)>,
}

/// Writes past cases with their events. The figures of their months come out of these events like any other's.
pub async fn bulk_insert(tx: &Tx, db: &Db, all: &[HistoryCase]) -> Result<Vec<CaseId>> {
    let mut out = Vec::with_capacity(all.len());
    for h in all {
        let at = |ms: i64| h.opened_at.plus_ms(ms);
        let e = &h.elder;
        let mut case = Case {
            id: db.ids().make(h.opened_at),
            no: cases::number(tx, h.opened_at.date()).await?.to_string(),
            elder: e.id,
            elder_name: e.name.clone(),
            sex: e.sex,
            birth: e.birth,
            region: e.region,
            address: e.address.clone(),
            home: e.place,
            kind: h.kind,
            risk: h.kind.urgency().into(),
            state: CaseState::Closed,
            version: 1,
            opened_at: h.opened_at,
            ringing_at: h.opened_at,
            answered_at: Some(at(h.answered_ms)),
            owner: h.by.user_id().map(|user| Owner { user, name: h.by.label(), since: at(h.answered_ms) }),
            rung: 0,
            next_rung_at: None,
            helper: h.sent.as_ref().map(|(kind, name, ms)| Helper {
                kind: *kind,
                name: name.clone(),
                sent_at: at(*ms),
            }),
            handed_to: None,
            arrived_at: h.arrived_ms.map(at),
            closed_at: Some(at(h.closed_ms)),
            cause: Some(h.cause),
            news: 0,
            consent: crate::model::Consent::Given,
        };
        // The index allows one open case an elder: a past one is closed from the start.
        cases::insert_closed(tx, &case).await?;
        cases::set_outcome(tx, db, case.id, &h.outcome).await?;
        let alarm = NewAlarm {
            key: format!("history:{}", case.id),
            elder: e.id,
            kind: h.kind,
            risk: h.kind.urgency().into(),
            origin: h.origin,
            at: h.opened_at,
            reason: h.reason.clone(),
            evidence: serde_json::Value::Null,
            unverified: false,
            device: None,
            fix: None,
        };
        alarms::insert_closed(tx, db, e.id, &case, &alarm).await?;
        let me = platform_of(&case);
        let mut say: Vec<(i64, EventKind, &Actor, String)> = vec![
            (0, EventKind::Opened, &me, format!("{}：{}", kind_zh(h.kind), h.reason)),
            (h.answered_ms, EventKind::Claimed, &h.by, format!("{}接手", h.by.label())),
        ];
        if let Some((kind, name, ms)) = &h.sent {
            say.push((*ms, EventKind::HelpSent, &h.by, format!("派{} {name}", kind.zh())));
        }
        if let Some(ms) = h.arrived_ms {
            say.push((ms, EventKind::Arrived, &h.by, "到场".into()));
        }
        say.push((h.closed_ms, EventKind::Closed, &h.by, format!("{}。{}", h.cause.zh(), h.outcome)));
        for (ms, kind, who, text) in say {
            cases::tell_at(tx, db, case.id, at(ms), kind, who, &text, false).await?;
        }
        if let Some((class, reason)) = &h.slow {
            lists::set_slow(tx, db, case.id, *class, reason).await?;
        }
        case.version += 1;
        out.push(case.id);
    }
    Ok(out)
}
