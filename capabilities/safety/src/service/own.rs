//! The elder's and the family's own pages: whose they are, calling for help, how it goes.
use super::{no_case, raise};
use crate::model::{AlarmKind, Case, CaseId, Event, EventKind, Fix, NewAlarm, Origin};
use crate::store::{alarms, cases, home};
use kernel::{Actor, ElderId, Error, OrgScope, Permission, Result, Scope, Tier, UserId};
use people::model::ElderCard;
use store::Db;

/// An elder an account belongs to.
#[derive(Clone, Debug)]
pub struct OwnElder {
    pub card: ElderCard,
    /// 本人, 女儿 …
    pub relation: String,
}

fn user_of(actor: &Actor) -> Result<UserId> {
    actor.require(Permission::OwnCare)?;
    actor.user_id().ok_or_else(|| Error::Forbidden("要用老人或家属的账号".into()))
}

/// The elders of the account.
///
/// # Errors
/// `Forbidden` for any other role.
pub async fn own_elders(db: &Db, actor: &Actor) -> Result<Vec<OwnElder>> {
    let user = user_of(actor)?;
    let scope = Scope { region: actor.scope().region.at(Tier::Province), org: OrgScope::Any };
    let mut out = Vec::new();
    for l in home::links_of_user(db.read(), user).await? {
        let card = people::service::card(db, &scope, l.elder_id).await?;
        out.push(OwnElder { card, relation: l.relation });
    }
    Ok(out)
}

/// Calls for help for one's own elder. `once` comes from the page: pressed twice it is one call.
///
/// # Errors
/// `NotFound` when the elder is not the account's.
pub async fn call_for_help(db: &Db, actor: &Actor, elder: ElderId, once: &str) -> Result<raise::Raised> {
    let user = user_of(actor)?;
    let own = own_elders(db, actor).await?;
    let mine = own.iter().find(|o| o.card.id == elder).ok_or_else(|| Error::NotFound("这位老人".into()))?;
    let reason = if mine.relation == "本人" {
        "本人在手机上按了呼叫帮助".to_string()
    } else {
        format!("{}{}在手机上替老人呼叫", mine.relation, actor.label())
    };
    let once: String = once.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let tx = db.begin().await?;
    // A page without a mark of its own counts by the minute.
    let mark = if once.is_empty() { (tx.now().0 / 60_000).to_string() } else { once };
    let alarm = NewAlarm {
        key: format!("web:{user}:{elder}:{mark}"),
        elder,
        kind: AlarmKind::Sos,
        risk: AlarmKind::Sos.urgency().into(),
        origin: Origin::Web,
        at: tx.now(),
        reason,
        evidence: serde_json::json!({ "by": mine.relation }),
        unverified: false,
        device: None,
        fix: None,
    };
    let raised = raise::raise(&tx, db, alarm).await?;
    tx.commit().await?;
    Ok(raised)
}

async fn mine(db: &Db, actor: &Actor, id: CaseId) -> Result<(Case, String)> {
    let user = user_of(actor)?;
    let case = cases::any(db.read(), id, "").await?.ok_or_else(no_case)?;
    for l in home::links_of_user(db.read(), user).await? {
        if people::service::identities(db, l.elder_id).await?.contains(&case.elder) {
            return Ok((case, l.relation));
        }
    }
    Err(no_case())
}

/// A case of one's own elder with what the family is told of it.
#[derive(Clone, Debug)]
pub struct OwnCase {
    pub case: Case,
    pub relation: String,
    /// Without what was noted among staff.
    pub events: Vec<Event>,
}

/// # Errors
/// `NotFound` when it is not a case of one's own elder.
pub async fn own_case(db: &Db, actor: &Actor, id: CaseId) -> Result<OwnCase> {
    let (case, relation) = mine(db, actor, id).await?;
    let mut events = cases::events(db.read(), db, id).await?;
    events.retain(|e| {
        !matches!(
            e.kind,
            EventKind::Noted | EventKind::Released | EventKind::TakenOver | EventKind::Slow | EventKind::Told
        )
    });
    Ok(OwnCase { case, relation, events })
}

/// The latest cases of one's own elders, newest first.
pub async fn own_cases(db: &Db, actor: &Actor, limit: i64) -> Result<Vec<Case>> {
    let user = user_of(actor)?;
    let mut ids: Vec<ElderId> = Vec::new();
    for l in home::links_of_user(db.read(), user).await? {
        ids.extend(people::service::identities(db, l.elder_id).await?);
    }
    cases::of_elders(db.read(), &ids, limit).await
}

/// Says that the button was pressed by mistake. The case stays: somebody calls back and makes sure.
pub async fn withdraw(db: &Db, actor: &Actor, id: CaseId) -> Result<()> {
    let (case, relation) = mine(db, actor, id).await?;
    if !case.state.open() {
        return Err(Error::refused("已经处理完了"));
    }
    let tx = db.begin().await?;
    let case = cases::any(&tx, id, tx.lock()).await?.ok_or_else(no_case)?;
    cases::save(&tx, &case).await?;
    let text = format!("{relation}说按错了，打电话核实再关");
    cases::tell(&tx, db, id, EventKind::Withdrawn, actor, &text, false).await?;
    tx.commit().await
}

/// The place the phone says it is at, after the call went out.
pub async fn place_of_call(db: &Db, actor: &Actor, id: CaseId, fix: Fix) -> Result<()> {
    let (case, _) = mine(db, actor, id).await?;
    if !case.state.open() {
        return Ok(());
    }
    let tx = db.begin().await?;
    let case = cases::any(&tx, id, tx.lock()).await?.ok_or_else(no_case)?;
    let Some(alarm) = alarms::open_of(&tx, db, id, AlarmKind::Sos).await? else { return Ok(()) };
    alarms::move_to(&tx, alarm.id, fix).await?;
    cases::save(&tx, &case).await?;
    let text = format!("手机报了位置，误差约 {} 米", fix.accuracy_m);
    cases::tell(&tx, db, id, EventKind::Position, actor, &text, false).await?;
    tx.commit().await
}
