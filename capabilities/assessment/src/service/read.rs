//! Reading assessments. Every function works inside the reader's sight.
use super::{READ, no_case};
use crate::book::Scales;
use crate::model::{Assessor, Case, Sheet};
use crate::store::assessors as register;
use crate::store::cases::{self as sql, Event, Sight};
use crate::store::lists::{self, CaseAsk, View};
use crate::store::sheets;
use ::scales::{Outcome, Scale};
use kernel::{Actor, AssessmentId, AssessorId, ElderId, Error, Paged, Permission, Result, Role, Scope};
use std::sync::Arc;
use store::Db;
use web::ListFetch;

/// The entry of the register behind an account.
///
/// # Errors
/// `Refused` for an account nobody has entered.
pub async fn me(db: &Db, actor: &Actor) -> Result<Assessor> {
    let found = match actor.user_id() {
        Some(user) => register::by_user(db.read(), user).await?,
        None => None,
    };
    found.ok_or_else(|| Error::refused("这个账号还没有登记为评估员，请县民政登记"))
}

/// How far somebody sees inside `scope`: an assessor what they are appointed to, everyone else all of it.
pub async fn sight(db: &Db, actor: &Actor, scope: &Scope) -> Result<Sight> {
    if actor.role() != Some(Role::Assessor) {
        return Ok(Sight::all(*scope));
    }
    let own = match actor.user_id() {
        Some(user) => register::by_user(db.read(), user).await?.map(|a| a.id),
        None => None,
    };
    // Someone who is not in the register is appointed to nothing.
    Ok(Sight { scope: *scope, only: Some(own.unwrap_or(AssessorId(uuid::Uuid::nil()))) })
}

/// One assessment.
///
/// # Errors
/// `NotFound` outside the sight.
pub async fn case(db: &Db, sight: &Sight, id: AssessmentId) -> Result<Case> {
    sql::one(db.read(), sight, id, "").await?.ok_or_else(no_case)
}

/// One page of a list.
pub async fn list(db: &Db, sight: &Sight, ask: &CaseAsk, fetch: &ListFetch) -> Result<Paged<Case>> {
    lists::list(db, sight, ask, &fetch.order, fetch.page).await
}

/// The first ones of a view.
pub async fn cases(db: &Db, sight: &Sight, view: View, order: &'static str, limit: u32) -> Result<Vec<Case>> {
    let ask = CaseAsk { view: Some(view), ..CaseAsk::default() };
    Ok(lists::list(db, sight, &ask, order, kernel::PageAsk { page: 1, rows: limit }).await?.rows)
}

/// Figures for tabs and desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub to_appoint: i64,
    pub today: i64,
    pub late: i64,
    pub to_sign: i64,
    pub held: i64,
    pub ending: i64,
    pub objected: i64,
}

/// How much waits for somebody, exact up to [`Paged::COUNT_CAP`].
pub async fn counts(db: &Db, sight: &Sight) -> Result<Counts> {
    let today = db.now().date();
    let of = |view| CaseAsk { view: Some(view), ..CaseAsk::default() };
    Ok(Counts {
        to_appoint: lists::count(db, sight, &of(View::ToAppoint)).await?,
        today: lists::count(db, sight, &of(View::Day(today))).await?,
        late: lists::count(db, sight, &of(View::Late(today))).await?,
        to_sign: lists::count(db, sight, &of(View::ToSign)).await?,
        held: lists::count(db, sight, &of(View::Held)).await?,
        ending: lists::count(db, sight, &of(View::EndsBy(today.plus_days(super::AHEAD_DAYS)))).await?,
        objected: lists::count(db, sight, &of(View::Objected)).await?,
    })
}

/// How many are in a view, exact up to [`Paged::COUNT_CAP`].
pub async fn count_of(db: &Db, sight: &Sight, view: View) -> Result<i64> {
    lists::count(db, sight, &CaseAsk { view: Some(view), ..CaseAsk::default() }).await
}

/// Everything about one assessment for its own page.
#[derive(Clone, Debug)]
pub struct Found {
    pub case: Case,
    pub scale: Arc<Scale>,
    pub outcome: Option<Outcome>,
    pub sheet: Sheet,
    pub team: Vec<Assessor>,
    pub events: Vec<Event>,
    /// The one this looks at again.
    pub prior: Option<Case>,
    /// Those that look at this one again.
    pub after: Vec<Case>,
    /// Whether results of this text decide.
    pub accepted: bool,
}

/// One assessment with everything, health text opened; the look is written to the audit log.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the sight.
pub async fn found(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId) -> Result<Found> {
    actor.require(Permission::AssessmentRead)?;
    let sees = sight(db, actor, actor.scope()).await?;
    let case = case(db, &sees, id).await?;
    let scale = super::answers::text_of(db, scales, &case).await?;
    let outcome = super::conclude::outcome(db.read(), db, id).await?;
    let (_, sheet) = sheets::latest(db.read(), db, id).await?;
    let ids: Vec<AssessorId> = case.assessors().collect();
    let prior = match case.prior {
        Some(p) => sql::one(db.read(), &sees, p, "").await?,
        None => None,
    };
    let seen = |c: &Case| sees.scope.covers(&c.region) && sees.only.is_none_or(|me| c.assessed_by(me));
    let found = Found {
        scale: scale.clone(),
        outcome,
        sheet,
        team: register::of_team(db.read(), &ids).await?,
        events: sql::events(db, id).await?,
        prior,
        after: sql::after(db.read(), id).await?.into_iter().filter(seen).collect(),
        accepted: super::conclude::accepted(db.read(), &scale).await?,
        case,
    };
    if found.outcome.is_some() {
        let tx = db.begin().await?;
        audit::record(&tx, actor, audit::Entry::new(READ, "assessment", id).region(found.case.region)).await?;
        tx.commit().await?;
    }
    Ok(found)
}

/// The result of one assessment.
///
/// # Errors
/// As [`case`].
pub async fn result(db: &Db, sight: &Sight, id: AssessmentId) -> Result<Option<Outcome>> {
    case(db, sight, id).await?;
    super::conclude::outcome(db.read(), db, id).await
}

/// What happened to one assessment, oldest first.
///
/// # Errors
/// As [`case`].
pub async fn events(db: &Db, sight: &Sight, id: AssessmentId) -> Result<Vec<Event>> {
    case(db, sight, id).await?;
    sql::events(db, id).await
}

/// Those who assess together.
pub async fn team(db: &Db, case: &Case) -> Result<Vec<Assessor>> {
    let ids: Vec<AssessorId> = case.assessors().collect();
    register::of_team(db.read(), &ids).await
}

/// All assessments of an elder, newest first.
///
/// # Errors
/// `NotFound` for an elder outside the scope.
pub async fn of_elder(db: &Db, scope: &Scope, elder: ElderId, limit: i64) -> Result<Vec<Case>> {
    let card = people::service::card(db, scope, elder).await?;
    let ids = people::service::identities(db, card.id).await?;
    sql::of_elder(db, &ids, limit).await
}
