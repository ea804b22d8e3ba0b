//! When a result counts, and what follows from it.
use super::{CONCLUDED, LEVEL_SETTLED, REVIEWED, Sight, advance, no_case, sight, stale};
use crate::book::{Scales, fingerprint};
use crate::model::{Case, Purpose, State, Step, ability_code, care_of, indicators, standard_code};
use crate::store::{cases as sql, scales as texts};
use ::scales::{Finding, LevelCode, Outcome, Scale};
use kernel::{Actor, AssessmentId, Error, OrgScope, Permission, Result, Scope, Tier};
use people::model::Source;
use people::service::{Assessed, assessed_in};
use store::{Db, Secret, Sql, Tx};

/// Whether results of this text decide: nothing is left to confirm, or an administrator has confirmed it.
pub(super) async fn accepted<C: Sql>(conn: &C, scale: &Scale) -> Result<bool> {
    Ok(scale.to_confirm().is_empty()
        || texts::acceptance(conn, scale.id.as_str(), &fingerprint(scale)).await?.is_some())
}

/// The stored result.
pub(super) async fn outcome<C: Sql>(conn: &C, db: &Db, id: AssessmentId) -> Result<Option<Outcome>> {
    match sql::result(conn, id).await? {
        None => Ok(None),
        Some(sealed) => {
            let text = db.keys().open(Secret::Health, &sealed)?;
            serde_json::from_str(&text).map(Some).map_err(Error::internal)
        }
    }
}

/// Brings a signed result into force if nothing keeps it back: then it is a fact of the archive and everyone is told.
/// Otherwise the case stays as it is.
pub(super) async fn conclude_in(tx: &Tx, db: &Db, scales: &Scales, actor: &Actor, case: Case) -> Result<Case> {
    let print = case.fingerprint.clone().unwrap_or_default();
    let scale = scales.exact(tx, &case.scale, &print).await?;
    let outcome = outcome(tx, db, case.id).await?.ok_or_else(|| Error::Internal("signed without a result".into()))?;
    // A level that was settled by people stands in the case.
    let open = matches!(outcome.level, Finding::Undecided { .. }) && case.level.is_none();
    if open || !accepted(tx, &scale).await? {
        return Ok(case);
    }
    let on = case.assessed_on.unwrap_or_else(|| tx.now().date());
    let until = scale.validity_months.map(|m| on.last_day_of_months(m));
    let care = case
        .level
        .as_deref()
        .and_then(|l| scale.level(&LevelCode::new(l)))
        .and_then(|l| l.care.as_ref())
        .map(|c| care_of(c.care));
    let decides = case.purpose != Purpose::Quality;
    let sets = vec![("valid_until", until.filter(|_| decides).into()), ("care", care.into())];
    let case = advance(tx, db, actor, &case, Step::Conclude, sets, CONCLUDED, "").await?;
    if !decides {
        return Ok(case);
    }
    let level = case.level.as_deref().and_then(|l| ability_code(&case.scale, l));
    let found = Assessed {
        on,
        standard: standard_code(&case.scale).into(),
        level: level.unwrap_or_default().into(),
        care,
        until,
        six: indicators(&outcome),
        source: Source::Assessment,
        note: case.no.clone(),
    };
    // Scales that say nothing policies know (a pain score, a constitution) leave the archive as it is.
    if care.is_some() || level.is_some() || !found.six.is_empty() {
        assessed_in(tx, db, actor, case.elder, found).await?;
    }
    if case.purpose == Purpose::SecondOpinion
        && let Some(prior) = case.prior
    {
        let whole = Sight::all(Scope { region: case.region.at(Tier::Province), org: OrgScope::Any });
        if let Some(first) = sql::one(tx, &whole, prior, tx.lock()).await?
            && first.state == State::Objected
        {
            advance(tx, db, actor, &first, Step::Review, vec![], REVIEWED, &case.no).await?;
        }
    }
    let payload = serde_json::json!({ "assessment": case.id, "elder": case.elder });
    work::emit(tx, db, "assessment.final", payload).await?;
    Ok(case)
}

/// Settles a level the standard's own words leave open: one of those it leaves open, with the reason. The text and the
/// place's settings stay as they are; the next such result is open again.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Conflict`; `Refused` when the level is not open; `Invalid` for a level that is not among them.
pub async fn settle_level(
    db: &Db,
    scales: &Scales,
    actor: &Actor,
    id: AssessmentId,
    seen: i64,
    level: &str,
    reason: &str,
) -> Result<Case> {
    actor.require(Permission::AssessmentSupervise)?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写明怎么商定的"));
    }
    let tx = db.begin().await?;
    let sees = sight(db, actor, actor.scope()).await?;
    let case = sql::one(&tx, &sees, id, tx.lock()).await?.ok_or_else(no_case)?;
    if case.version != seen {
        return Err(stale());
    }
    let found = outcome(&tx, db, id).await?;
    let Some(Finding::Undecided { between, .. }) = found.as_ref().map(|o| &o.level) else {
        return Err(Error::refused("这次评估的等级已定，不用商定"));
    };
    if case.state != State::Signed || case.level.is_some() {
        return Err(Error::refused(format!("这次评估{}，现在不商定等级", case.state.zh())));
    }
    let scale = scales.exact(&tx, &case.scale, case.fingerprint.as_deref().unwrap_or_default()).await?;
    // In a gap at the end of the scale only one neighbour is known; the one beyond it is meant as well.
    let allowed = |code: &str| between.iter().any(|l| l.code.as_str() == code) || between.len() < 2;
    let chosen = scale.level(&LevelCode::new(level)).filter(|l| allowed(l.code.as_str()));
    let chosen = chosen.ok_or_else(|| Error::invalid("level", "从标准留下的几级里选一级"))?;
    let sets = vec![
        ("level", chosen.code.to_string().into()),
        ("level_zh", chosen.title.clone().into()),
        ("level_order", i64::from(chosen.order).into()),
    ];
    if !sql::update(&tx, id, case.version, sets).await? {
        return Err(stale());
    }
    let note = format!("商定为{}：{}", chosen.title, reason.trim());
    sql::add_event(&tx, db, actor, id, "settle_level", &note).await?;
    let detail = serde_json::json!({ "level": chosen.code });
    audit::record(&tx, actor, audit::Entry::new(LEVEL_SETTLED, "assessment", id).region(case.region).detail(detail))
        .await?;
    let case = sql::one(&tx, &sees, id, "").await?.ok_or_else(no_case)?;
    let case = conclude_in(&tx, db, scales, actor, case).await?;
    tx.commit().await?;
    Ok(case)
}
