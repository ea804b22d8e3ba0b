//! From an alarm to a case, inside the transaction that stores what raised it.
use super::{RAISED, platform_in};
use crate::model::{AlarmId, AlarmKind, Case, CaseId, CaseState, EventKind, NewAlarm, Risk, kind_zh};
use crate::store::{alarms as sql, cases, duty, home};
use kernel::{Instant, Result};
use store::{Db, Tx};

/// An owner who has news and does not look for so long loses the case to whoever is there.
pub const NEWS_MS: i64 = 60_000;

/// What became of an alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    pub case: CaseId,
    pub no: String,
    pub alarm: AlarmId,
    /// A new case, not one more alarm of an open one.
    pub opened: bool,
    /// The same occurrence was taken before: nothing was written.
    pub known: bool,
}

/// Raises an alarm. Call it in the transaction that stores the reading, acknowledge the sender after the commit, then
/// [`Bell::ring`](crate::Bell::ring).
///
/// No filter stands before it: a repeat, a late or an unverified alarm is stored like any other. The same key again gives
/// the case it was taken for. An elder has one open case; more alarms join it, each kind once with its count.
///
/// # Errors
/// `NotFound` when there is no such elder; `Internal` from the database. Nothing is written then.
pub async fn raise(tx: &Tx, db: &Db, alarm: NewAlarm) -> Result<Raised> {
    let card = people::service::card_anywhere(tx, alarm.elder).await?;
    let me = platform_in(&card.region);
    sql::hold(tx, card.id).await?;
    if let Some(k) = sql::known(tx, &alarm.key).await? {
        let no = cases::any(tx, k.case_id, "").await?.map(|c| c.no).unwrap_or_default();
        return Ok(Raised { case: k.case_id, no, alarm: k.alarm_id, opened: false, known: true });
    }
    let rings = alarm.risk.rings();
    let open = cases::open_of(tx, card.id, rings, tx.lock()).await?;
    let opened = open.is_none();
    let mut case = match open {
        Some(c) => c,
        None => open_case(tx, db, &card, alarm.kind, alarm.risk).await?,
    };
    let known = sql::open_of(tx, db, case.id, alarm.kind).await?;
    let id = match &known {
        Some(a) => {
            sql::again(tx, db, a.id, &alarm).await?;
            a.id
        }
        None => sql::insert(tx, db, card.id, case.id, &alarm).await?,
    };
    sql::occurrence(tx, db, id, case.id, &alarm).await?;
    let doubt = if alarm.unverified { "（报文不完整，未核实）" } else { "" };
    let device = alarm.device.as_ref().map(|d| format!("，设备 {d}")).unwrap_or_default();
    let text = format!("{}：{}{doubt}{device}", kind_zh(alarm.kind), alarm.reason);
    if opened {
        cases::tell(tx, db, case.id, EventKind::Opened, &me, &text, case.risk == Risk::Now).await?;
        let entry = audit::Entry::new(RAISED, "safety_case", case.id)
            .region(case.region)
            .detail(serde_json::json!({ "no": case.no, "kind": alarm.kind.code(), "unverified": alarm.unverified }));
        audit::record(tx, &me, entry).await?;
        work::emit(tx, db, "safety.raised", serde_json::json!({ "case": case.id.to_string() })).await?;
    } else {
        if known.is_none() {
            cases::tell(tx, db, case.id, EventKind::Joined, &me, &text, true).await?;
        }
        if alarm.risk > case.risk {
            (case.kind, case.risk) = (alarm.kind, alarm.risk);
        }
        if case.owner.is_some() && rings {
            case.news += 1;
            // The first news starts the owner's time; a storm does not push it further away.
            case.next_rung_at = case.next_rung_at.or(Some(tx.now().plus_ms(NEWS_MS)));
        }
        cases::save(tx, &case).await?;
    }
    Ok(Raised { case: case.id, no: case.no, alarm: id, opened, known: false })
}

async fn open_case(tx: &Tx, db: &Db, card: &people::model::ElderCard, kind: AlarmKind, risk: Risk) -> Result<Case> {
    let consent = home::home(tx, db, card.id).await?.consent;
    let now = tx.now();
    let next_rung_at = if risk.rings() { first_rung(tx, &card.region, now).await? } else { None };
    let case = Case {
        id: db.new_id(),
        no: cases::number(tx, now.date()).await?.to_string(),
        elder: card.id,
        elder_name: card.name.clone(),
        sex: card.sex,
        birth: card.birth,
        region: card.region,
        address: card.address.clone(),
        home: card.place,
        kind,
        risk,
        state: CaseState::Open,
        version: 1,
        opened_at: now,
        ringing_at: now,
        answered_at: None,
        owner: None,
        rung: 0,
        next_rung_at,
        helper: None,
        handed_to: None,
        arrived_at: None,
        closed_at: None,
        cause: None,
        news: 0,
        consent,
    };
    cases::insert(tx, &case, risk >= Risk::Serious && consent.full()).await?;
    Ok(case)
}

/// When the first rung is due: at once when nobody sits at a desk.
pub(super) async fn first_rung(tx: &Tx, place: &kernel::RegionCode, now: Instant) -> Result<Option<Instant>> {
    if super::desk::online(tx, place, now).await?.is_empty() {
        return Ok(Some(now));
    }
    Ok(duty::ladder_for(tx, place).await?.due(now, 0))
}
