//! Answers coming in from two phones, until both have signed.
use super::conclude::conclude_in;
use super::{BEGUN, CLASH_SETTLED, REOPENED, SAVED, SIGNED, SUBMITTED, advance, me, no_case, sight, stale};
use crate::book::{Scales, fingerprint};
use crate::model::{Assessor, Case, Field, Sheet, State, Step, merge};
use crate::store::sheets::{NewVersion, OpenClash};
use crate::store::{cases as sql, scales as texts, sheets};
use ::scales::{Outcome, Scale, ScoreError, score};
use kernel::{Actor, AssessmentId, Error, FieldError, Instant, JobId, Permission, Result};
use std::sync::Arc;
use store::{Db, Secret, Tx};

/// The longest key a phone may make for a submission.
const MAX_KEY: usize = 64;

/// What one phone sends.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Made by the phone, once a submission: the same key again is the same submission.
    pub key: String,
    /// The version of the answers the phone last had from here.
    pub base: i64,
    /// All answers as they stand on the phone.
    pub sheet: Sheet,
    /// What the phone's clock said; kept, and deciding nothing.
    pub device_at: Option<Instant>,
}

/// What stands here after a submission.
#[derive(Clone, Debug)]
pub struct Saved {
    pub version: i64,
    pub sheet: Sheet,
    pub clashes: Vec<OpenClash>,
    pub state: State,
}

/// An assessment as its assessor works on it.
#[derive(Clone, Debug)]
pub struct WorkView {
    pub case: Case,
    pub me: Assessor,
    pub scale: Arc<Scale>,
    pub version: i64,
    pub sheet: Sheet,
    pub clashes: Vec<OpenClash>,
    /// What is still to be answered, or the result as it would be.
    pub outcome: std::result::Result<Outcome, ScoreError>,
}

/// The text of the scale an assessment is made with: fixed when answers begin.
pub(super) async fn text_of(db: &Db, scales: &Scales, case: &Case) -> Result<Arc<Scale>> {
    match &case.fingerprint {
        Some(print) => scales.exact(db.read(), &case.scale, print).await,
        None => scales.current(db, &case.scale).await,
    }
}

/// Opens an assessment for one of its assessors.
///
/// # Errors
/// `Forbidden` for anyone else's role; `NotFound` for an assessment one is not appointed to.
pub async fn work(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId) -> Result<WorkView> {
    actor.require(Permission::AssessmentDo)?;
    let me = me(db, actor).await?;
    let case = sql::one(db.read(), &sight(db, actor, actor.scope()).await?, id, "").await?.ok_or_else(no_case)?;
    let scale = text_of(db, scales, &case).await?;
    let (version, sheet) = sheets::latest(db.read(), db, id).await?;
    let clashes = sheets::open_clashes(db.read(), db, id).await?;
    let settings = super::settings_of(db.read(), &case.scale).await?;
    let (answers, context) = sheet.for_scoring(settings);
    let outcome = score(&scale, &answers, &context);
    Ok(WorkView { case, me, scale, version, sheet, clashes, outcome })
}

struct Held {
    tx: Tx,
    case: Case,
    me: Assessor,
}

async fn hold(db: &Db, actor: &Actor, id: AssessmentId) -> Result<Held> {
    actor.require(Permission::AssessmentDo)?;
    let me = me(db, actor).await?;
    let sees = sight(db, actor, actor.scope()).await?;
    let tx = db.begin().await?;
    let case = sql::one(&tx, &sees, id, tx.lock()).await?.filter(|c| c.assessed_by(me.id)).ok_or_else(no_case)?;
    Ok(Held { tx, case, me })
}

/// Refuses answers that do not belong to the scale. What is missing is no fault here.
fn belongs(scale: &Scale, sheet: &Sheet) -> Result<()> {
    let (answers, context) = sheet.for_scoring(Default::default());
    match score(scale, &answers, &context) {
        Ok(_) | Err(ScoreError::Missing { .. }) => {}
        Err(e) => return Err(Error::invalid(place_of(&e), e.to_string())),
    }
    match sheet.notes.keys().find(|id| scale.item(&id.as_str().into()).is_none()) {
        Some(id) => Err(Error::invalid("sheet", format!("这份量表没有“{id}”这一项"))),
        None => Ok(()),
    }
}

fn place_of(e: &ScoreError) -> String {
    match e {
        ScoreError::NumberNeeded(item)
        | ScoreError::OptionNeeded(item)
        | ScoreError::NoSuchOption { item, .. }
        | ScoreError::OutOfRange { item, .. } => item.to_string(),
        ScoreError::FlagNeeded(id) | ScoreError::CountNeeded(id) => id.to_string(),
        ScoreError::NoSuchItem(_) | ScoreError::NoSuchCondition(_) | ScoreError::Missing { .. } => "sheet".into(),
    }
}

/// Takes answers from a phone. The first ones begin the assessment.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` before the appointed day and after the answers were submitted; `Invalid` for
/// answers the scale does not have; `Conflict` for a key another phone used, or a base that never was.
pub async fn save(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId, sent: Submission) -> Result<Saved> {
    let Held { tx, case, me } = hold(db, actor, id).await?;
    if sent.key.is_empty() || sent.key.len() > MAX_KEY {
        return Err(Error::invalid("key", "这次提交没有编号"));
    }
    if let Some(known) = sheets::sent(&tx, &sent.key).await? {
        if known.assessment_id != id || known.assessor_id != me.id {
            return Err(Error::Conflict("这个提交编号用过了".into()));
        }
        // It arrived before; only the answer got lost on the way back.
        return stands(&tx, db, &case).await;
    }
    let case = begun(&tx, db, scales, actor, case).await?;
    let scale = scales.exact(&tx, &case.scale, case.fingerprint.as_deref().unwrap_or_default()).await?;
    let mine = sent.sheet.tidied();
    belongs(&scale, &mine)?;
    let base = sheets::version(&tx, db, id, sent.base).await?;
    let base = base.ok_or_else(|| Error::Conflict("这台手机上的底稿对不上，刷新这一页".into()))?;
    let (latest, stored) = sheets::latest(&tx, db, id).await?;
    let merged = merge(&base, &stored, &mine);
    for clash in &merged.clashes {
        sheets::add_clash(&tx, db, id, &clash.field, &clash.mine, me.id).await?;
    }
    let version = latest + 1;
    let new = NewVersion {
        id,
        version,
        key: &sent.key,
        assessor: me.id,
        base: sent.base,
        sheet: &merged.sheet,
        device_at: sent.device_at,
    };
    sheets::insert(&tx, db, new).await?;
    let detail = serde_json::json!({ "version": version, "answers": merged.sheet.answers.len(), "clashes": merged.clashes.len() });
    audit::record(&tx, actor, audit::Entry::new(SAVED, "assessment", id).region(case.region).detail(detail)).await?;
    let saved = stands(&tx, db, &case).await?;
    tx.commit().await?;
    Ok(saved)
}

async fn stands(tx: &Tx, db: &Db, case: &Case) -> Result<Saved> {
    let (version, sheet) = sheets::latest(tx, db, case.id).await?;
    let clashes = sheets::open_clashes(tx, db, case.id).await?;
    Ok(Saved { version, sheet, clashes, state: case.state })
}

/// In progress, begun now if it was only agreed on.
async fn begun(tx: &Tx, db: &Db, scales: &Scales, actor: &Actor, case: Case) -> Result<Case> {
    match case.state {
        State::InProgress => Ok(case),
        State::Appointed => {
            if let Some(at) = case.starts_at.filter(|at| at.date() > tx.now().date()) {
                return Err(Error::refused(format!("约在 {}，到那天才能开始评", at.stamp())));
            }
            let scale = scales.current(db, &case.scale).await?;
            let print = fingerprint(&scale);
            texts::keep(tx, actor, &case.scale, &print, &scale.text, false).await?;
            advance(tx, db, actor, &case, Step::Begin, vec![("fingerprint", print.into())], BEGUN, "").await
        }
        State::Submitted | State::Signed => {
            Err(Error::refused("答案已经提交，等签字。要改先点“退回修改”，这台手机上的答案还在"))
        }
        other => Err(Error::refused(format!("这次评估{}，不能再填", other.zh()))),
    }
}

/// The answers as they stood at a version, for a form that was drawn from it.
///
/// # Errors
/// As [`work`]; `Conflict` for a version that never was.
pub async fn sheet_at(db: &Db, actor: &Actor, id: AssessmentId, version: i64) -> Result<Sheet> {
    actor.require(Permission::AssessmentDo)?;
    let sees = sight(db, actor, actor.scope()).await?;
    sql::one(db.read(), &sees, id, "").await?.ok_or_else(no_case)?;
    let sheet = sheets::version(db.read(), db, id, version).await?;
    sheet.ok_or_else(|| Error::Conflict("这一页放得太久了，刷新再填".into()))
}

/// Chooses between two answers to one place.
///
/// # Errors
/// `NotFound` when it is settled already; as [`save`].
pub async fn settle(db: &Db, actor: &Actor, id: AssessmentId, clash: JobId, take_mine: bool) -> Result<()> {
    let Held { tx, case, me } = hold(db, actor, id).await?;
    if case.state != State::InProgress {
        return Err(Error::refused(format!("这次评估{}，不能再填", case.state.zh())));
    }
    let open = sheets::open_clashes(&tx, db, id).await?;
    let found = open.into_iter().find(|c| c.id == clash).ok_or_else(|| Error::NotFound("这处不一致".into()))?;
    sheets::settle(&tx, clash, me.id, take_mine).await?;
    if take_mine {
        let (latest, mut sheet) = sheets::latest(&tx, db, id).await?;
        sheet.set(&found.field, found.mine);
        let key = format!("settle:{clash}");
        let new = NewVersion {
            id,
            version: latest + 1,
            key: &key,
            assessor: me.id,
            base: latest,
            sheet: &sheet,
            device_at: None,
        };
        sheets::insert(&tx, db, new).await?;
    }
    let detail = serde_json::json!({ "field": found.field.code(), "took_mine": take_mine });
    audit::record(&tx, actor, audit::Entry::new(CLASH_SETTLED, "assessment", id).region(case.region).detail(detail))
        .await?;
    tx.commit().await
}

/// The answers are complete: scores them and asks for signatures.
///
/// # Errors
/// `Invalid` names every item that is missing; `Refused` while the two differ somewhere.
pub async fn submit(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId) -> Result<Outcome> {
    let Held { tx, case, .. } = hold(db, actor, id).await?;
    crate::model::next(case.state, Step::Submit)?;
    let open = sheets::open_clashes(&tx, db, id).await?;
    if !open.is_empty() {
        return Err(Error::refused(format!("两人有 {} 处填得不一样，先逐项确定", open.len())));
    }
    let scale = scales.exact(&tx, &case.scale, case.fingerprint.as_deref().unwrap_or_default()).await?;
    let (version, sheet) = sheets::latest(&tx, db, id).await?;
    let (answers, context) = sheet.for_scoring(super::settings_of(&tx, &case.scale).await?);
    let outcome = score(&scale, &answers, &context).map_err(|e| missing(&scale, e))?;
    let sealed = db.keys().seal(Secret::Health, &serde_json::to_string(&outcome).map_err(Error::internal)?)?;
    let level = outcome.level.graded();
    let sets = vec![
        ("submitted_at", tx.now().into()),
        ("assessed_on", tx.now().date().into()),
        ("result", sealed.into()),
        ("sheet_version", version.into()),
        ("level", level.map(|l| l.code.to_string()).into()),
        ("level_zh", level.map(|l| l.zh.clone()).into()),
        ("level_order", level.map(|l| i64::from(l.order)).into()),
        ("first_signed_at", None::<i64>.into()),
        ("second_signed_at", None::<i64>.into()),
    ];
    advance(&tx, db, actor, &case, Step::Submit, sets, SUBMITTED, "").await?;
    tx.commit().await?;
    Ok(outcome)
}

/// What is missing, by the words people know it by.
fn missing(scale: &Scale, e: ScoreError) -> Error {
    let ScoreError::Missing { items, conditions } = &e else { return Error::refused(e.to_string()) };
    let mut out: Vec<FieldError> = items
        .iter()
        .filter_map(|id| scale.item(id))
        .map(|i| FieldError::new(Field::Answer(i.id.to_string()).code(), format!("“{}”没有填", i.title)))
        .collect();
    out.extend(
        scale
            .conditions
            .iter()
            .filter(|c| conditions.contains(&c.id))
            .map(|c| FieldError::new(Field::Condition(c.id.to_string()).code(), format!("“{}”没有填", c.question))),
    );
    Error::Invalid(out)
}

/// Back to the answers: signatures given so far fall away.
///
/// # Errors
/// `Refused` once the result counts.
pub async fn reopen(db: &Db, actor: &Actor, id: AssessmentId, reason: &str) -> Result<()> {
    let Held { tx, case, .. } = hold(db, actor, id).await?;
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写一句要改什么"));
    }
    let sets = vec![
        ("first_signed_at", None::<i64>.into()),
        ("second_signed_at", None::<i64>.into()),
        ("submitted_at", None::<i64>.into()),
        ("result", None::<Vec<u8>>.into()),
        ("level", None::<String>.into()),
        ("level_zh", None::<String>.into()),
        ("level_order", None::<i64>.into()),
    ];
    advance(&tx, db, actor, &case, Step::Reopen, sets, REOPENED, reason.trim()).await?;
    tx.commit().await
}

/// Signs the result that was seen. The last signature brings it into force where nothing keeps it back. Signing twice is
/// signing once.
///
/// # Errors
/// `Conflict` when the result changed since `seen`; `Refused` when there is nothing to sign.
pub async fn sign(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId, seen: i64) -> Result<Case> {
    let Held { tx, case, me } = hold(db, actor, id).await?;
    if case.signed_at(me.id).is_some() {
        return Ok(case);
    }
    if case.state != State::Submitted {
        return Err(Error::refused(format!("这次评估{}，现在不用签字", case.state.zh())));
    }
    if case.version != seen {
        return Err(stale());
    }
    let column = if case.first == Some(me.id) { "first_signed_at" } else { "second_signed_at" };
    if !sql::update(&tx, id, case.version, vec![(column, tx.now().into())]).await? {
        return Err(stale());
    }
    sql::add_event(&tx, db, actor, id, "sign", "").await?;
    audit::record(&tx, actor, audit::Entry::new(SIGNED, "assessment", id).region(case.region)).await?;
    let sees = sight(db, actor, actor.scope()).await?;
    let mut now = sql::one(&tx, &sees, id, "").await?.ok_or_else(no_case)?;
    if now.signed_by_all() {
        now = advance(&tx, db, actor, &now, Step::SignedByAll, vec![], SIGNED, "").await?;
        now = conclude_in(&tx, db, scales, actor, now).await?;
    }
    tx.commit().await?;
    Ok(now)
}
