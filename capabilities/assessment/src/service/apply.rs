//! Asking for an assessment, taking it back, objecting to a result, recognising another department's.
use super::{APPLIED, CANCELLED, OBJECTED, RECOGNISED, Sight, advance, no_case, sight, stale};
use crate::book::Scales;
use crate::model::{Case, Place, Purpose, Reason, State, Step, ability_code, care_of, standard_code};
use crate::store::cases as sql;
use kernel::{Actor, AssessmentId, CivilDate, ElderId, Error, Instant, OrgId, Permission, Result};
use people::model::{ElderCard, Source};
use people::service::{Assessed, assessed_in};
use store::{Db, Tx};

/// For so many days after the result counts the elder may object.
pub const OBJECTION_DAYS: i64 = 30;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Application {
    pub elder: ElderId,
    pub scale: String,
    pub reason: Reason,
    /// The organisation that applies for the elder, if one does.
    pub org: Option<OrgId>,
    pub note: String,
}

/// A new assessment that nobody is appointed to yet.
pub(super) fn fresh(db: &Db, now: Instant, no: String, elder: &ElderCard, scale: &str, by: &str) -> Case {
    Case {
        id: db.new_id(),
        no,
        elder: elder.id,
        elder_name: elder.name.clone(),
        region: elder.region,
        scale: scale.into(),
        fingerprint: None,
        purpose: Purpose::Regular,
        reason: Reason::Application,
        state: State::Applied,
        version: 1,
        applied_org: None,
        place: None,
        starts_at: None,
        address: String::new(),
        first: None,
        second: None,
        prior: None,
        provenance: String::new(),
        created_at: now,
        created_by: by.into(),
        submitted_at: None,
        first_signed_at: None,
        second_signed_at: None,
        assessed_on: None,
        valid_until: None,
        level: None,
        level_zh: None,
        level_order: None,
        care: None,
    }
}

pub(super) async fn next_no(tx: &Tx) -> Result<String> {
    let day = tx.now().date();
    Ok(sql::number(day, sql::take_numbers(tx, day, 1).await?))
}

/// Writes a new assessment with its first event and audit row.
pub(super) async fn open_in(tx: &Tx, db: &Db, actor: &Actor, case: Case, note: &str) -> Result<AssessmentId> {
    let (id, region) = (case.id, case.region);
    let detail = serde_json::json!({ "no": case.no, "elder": case.elder, "scale": case.scale, "reason": case.reason });
    sql::insert(tx, vec![(case, None, 0)]).await?;
    sql::add_event(tx, db, actor, id, "apply", note).await?;
    audit::record(tx, actor, audit::Entry::new(APPLIED, "assessment", id).region(region).detail(detail)).await?;
    Ok(id)
}

/// The elder of an assessment to be: alive and here.
async fn present(db: &Db, actor: &Actor, elder: ElderId) -> Result<ElderCard> {
    let card = people::service::card(db, actor.scope(), elder).await?;
    if !card.present(db.now().date()) {
        return Err(Error::refused("这位老人已去世或迁出，不用评估"));
    }
    Ok(card)
}

/// Asks for an assessment.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when one is under way already, or the elder is gone.
pub async fn apply(db: &Db, scales: &Scales, actor: &Actor, ask: Application) -> Result<AssessmentId> {
    actor.require(Permission::AssessmentApply)?;
    if !Reason::APPLY.contains(&ask.reason) {
        return Err(Error::invalid("reason", "选一个申请原因"));
    }
    let scale = scales.current(db, &ask.scale).await.map_err(|_| Error::invalid("scale", "没有这份量表"))?;
    let card = present(db, actor, ask.elder).await?;
    let ids = people::service::identities(db, card.id).await?;
    let tx = db.begin().await?;
    if let Some(no) = sql::open_of(&tx, &ids, scale.id.as_str()).await? {
        return Err(Error::refused(format!("这位老人用这份量表的评估 {no} 还没做完，不用再申请")));
    }
    let case = Case {
        reason: ask.reason,
        applied_org: ask.org,
        ..fresh(db, tx.now(), next_no(&tx).await?, &card, scale.id.as_str(), &actor.label())
    };
    let id = open_in(&tx, db, actor, case, ask.note.trim()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes an assessment back that has no result yet.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` once it counts; `Invalid` without a reason.
pub async fn cancel(db: &Db, actor: &Actor, id: AssessmentId, reason: &str, seen: i64) -> Result<()> {
    actor.require(Permission::AssessmentArrange)?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写一句为什么取消"));
    }
    let tx = db.begin().await?;
    let sees = sight(db, actor, actor.scope()).await?;
    let case = sql::one(&tx, &sees, id, tx.lock()).await?.ok_or_else(no_case)?;
    if case.version != seen {
        return Err(stale());
    }
    cancel_in(&tx, db, actor, &case, reason.trim()).await?;
    tx.commit().await
}

/// A second opinion that is taken back ends the objection it belongs to: the first result stands.
pub(super) async fn cancel_in(tx: &Tx, db: &Db, actor: &Actor, case: &Case, reason: &str) -> Result<()> {
    advance(tx, db, actor, case, Step::Cancel, vec![], CANCELLED, reason).await?;
    if case.purpose == Purpose::SecondOpinion
        && let Some(prior) = case.prior
    {
        let whole =
            Sight::all(kernel::Scope { region: case.region.at(kernel::Tier::Province), org: kernel::OrgScope::Any });
        if let Some(first) = sql::one(tx, &whole, prior, tx.lock()).await?
            && first.state == State::Objected
            && !sql::update(tx, first.id, first.version, vec![("state", State::Final.into())]).await?
        {
            return Err(stale());
        }
        sql::add_event(tx, db, actor, prior, "objection_dropped", reason).await?;
    }
    Ok(())
}

/// The last day on which the elder may object; `None` when there is nothing to object to.
pub fn may_object_until(case: &Case) -> Option<CivilDate> {
    let plain = case.state == State::Final && case.purpose == Purpose::Regular && case.reason != Reason::Recognition;
    case.submitted_at.filter(|_| plain).map(|at| at.date().plus_days(OBJECTION_DAYS))
}

/// The elder objects: others are to assess again. Until then the result stands.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when it is too late or nothing can be objected to; `Invalid` without a reason.
pub async fn object(db: &Db, actor: &Actor, id: AssessmentId, reason: &str, seen: i64) -> Result<AssessmentId> {
    actor.require(Permission::AssessmentApply)?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写明老人或家属不同意什么"));
    }
    let tx = db.begin().await?;
    let sees = sight(db, actor, actor.scope()).await?;
    let case = sql::one(&tx, &sees, id, tx.lock()).await?.ok_or_else(no_case)?;
    if case.version != seen {
        return Err(stale());
    }
    match may_object_until(&case) {
        None if case.purpose == Purpose::SecondOpinion => {
            return Err(Error::refused("复评的结果是最后的结果，不再复评"));
        }
        None => return Err(Error::refused(format!("这次评估{}，现在不能提异议", case.state.zh()))),
        Some(day) if tx.now().date() > day => {
            return Err(Error::refused(format!("{day} 以前可以提异议，现在过了。身体有变化可以重新申请")));
        }
        Some(_) => {}
    }
    advance(&tx, db, actor, &case, Step::Object, vec![], OBJECTED, reason.trim()).await?;
    let card = people::service::card(db, actor.scope(), case.elder).await?;
    let second = Case {
        purpose: Purpose::SecondOpinion,
        reason: Reason::Objection,
        applied_org: case.applied_org,
        prior: Some(case.id),
        ..fresh(db, tx.now(), next_no(&tx).await?, &card, &case.scale, &actor.label())
    };
    let made = open_in(&tx, db, actor, second, reason.trim()).await?;
    tx.commit().await?;
    Ok(made)
}

/// Another department's result that is taken over as it is.
#[derive(Clone, Debug)]
pub struct Recognised {
    pub elder: ElderId,
    pub scale: String,
    pub level: String,
    pub on: CivilDate,
    /// `None`: as long as the scale says.
    pub until: Option<CivilDate>,
    pub department: String,
    /// Number of the paper.
    pub document: String,
}

/// Takes over a result of another department, with where it comes from.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Invalid` names every wrong field, a result that no longer holds included; `Refused` while the
/// scale waits to be accepted.
pub async fn recognise(db: &Db, scales: &Scales, actor: &Actor, r: Recognised) -> Result<AssessmentId> {
    actor.require(Permission::AssessmentArrange)?;
    let scale = scales.current(db, &r.scale).await.map_err(|_| Error::invalid("scale", "没有这份量表"))?;
    let level = scale.level(&r.level.as_str().into()).ok_or_else(|| Error::invalid("level", "这份量表没有这一级"))?;
    let today = db.now().date();
    let mut wrong = Vec::new();
    if r.department.trim().is_empty() {
        wrong.push(kernel::FieldError::new("department", "写明哪个部门评的"));
    }
    if r.document.trim().is_empty() {
        wrong.push(kernel::FieldError::new("document", "写明结论书的文号"));
    }
    if r.on > today {
        wrong.push(kernel::FieldError::new("on", "评估日期不能晚于今天"));
    }
    let until = r.until.or_else(|| scale.validity_months.map(|m| r.on.last_day_of_months(m)));
    if until.is_some_and(|u| u < today) {
        wrong.push(kernel::FieldError::new("until", "这份结果已经过期，要重新评估"));
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let card = present(db, actor, r.elder).await?;
    let print = crate::book::fingerprint(&scale);
    let tx = db.begin().await?;
    if !super::conclude::accepted(&tx, &scale).await? {
        return Err(Error::refused("这份量表还没有核对启用，结果先不能用"));
    }
    crate::store::scales::keep(&tx, actor, scale.id.as_str(), &print, &scale.text, false).await?;
    let provenance = format!("{}，{}", r.department.trim(), r.document.trim());
    let care = level.care.as_ref().map(|c| care_of(c.care));
    let now = tx.now();
    let case = Case {
        reason: Reason::Recognition,
        state: State::Final,
        fingerprint: Some(print),
        place: None::<Place>,
        provenance: provenance.clone(),
        submitted_at: Some(now),
        assessed_on: Some(r.on),
        valid_until: until,
        level: Some(level.code.to_string()),
        level_zh: Some(level.title.clone()),
        level_order: Some(i64::from(level.order)),
        care,
        ..fresh(db, now, next_no(&tx).await?, &card, scale.id.as_str(), &actor.label())
    };
    let (id, region) = (case.id, case.region);
    let found = Assessed {
        on: r.on,
        standard: standard_code(scale.id.as_str()).into(),
        level: ability_code(scale.id.as_str(), level.code.as_str()).unwrap_or_default().into(),
        care,
        until,
        six: Vec::new(),
        source: Source::Department,
        note: provenance.clone(),
    };
    sql::insert(&tx, vec![(case, None, 0)]).await?;
    sql::add_event(&tx, db, actor, id, "recognise", &provenance).await?;
    assessed_in(&tx, db, actor, card.id, found).await?;
    let detail = serde_json::json!({ "elder": card.id, "scale": scale.id, "on": r.on });
    audit::record(&tx, actor, audit::Entry::new(RECOGNISED, "assessment", id).region(region).detail(detail)).await?;
    let payload = serde_json::json!({ "assessment": id, "elder": card.id });
    work::emit(&tx, db, "assessment.final", payload).await?;
    tx.commit().await?;
    Ok(id)
}
