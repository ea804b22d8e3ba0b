//! What an assessment found, written into the archive as dated facts.
use super::write::{Plan, write};
use super::{ASSESSED, no_elder};
use crate::model::{Care, FactKind, FactRow, Since, Source, dated_changes};
use crate::store::{elders, facts};
use kernel::{Actor, CivilDate, ElderId, Error, Permission, Result};
use store::{Db, Tx};

/// One of the six indicators of incapacity ([`FactKind::SIX`]) and whether it is done unaided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Indicator {
    pub fact: FactKind,
    pub unaided: bool,
}

/// The result of an assessment as far as it is a fact others build on.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The day of the assessment: from then on it holds.
    pub on: CivilDate,
    /// Code of the standard, as policies name it.
    pub standard: String,
    /// Code of the level; empty where the standard has none that policies know.
    pub level: String,
    /// What follows for policies; `None` leaves what is on file.
    pub care: Option<Care>,
    /// The last day the result holds.
    pub until: Option<CivilDate>,
    pub six: Vec<Indicator>,
    pub source: Source,
    /// Where it is written down: the number of the assessment, or the other department's paper.
    pub note: String,
}

/// Writes a final result. Today's values move only when no later one is on file; the history takes every one.
///
/// # Errors
/// `Forbidden` for whoever may neither assess nor recognise results; `NotFound`; `Invalid` for a day in the future or
/// before birth; `Refused` when the archive is no longer in force.
pub async fn assessed_in(tx: &Tx, db: &Db, actor: &Actor, elder: ElderId, found: Assessed) -> Result<()> {
    // Whoever takes the last step before a result counts: assessor, arranger, supervisor, or who accepts the scale.
    let others = [Permission::AssessmentDo, Permission::AssessmentSupervise, Permission::ScaleManage];
    if others.iter().all(|p| actor.require(*p).is_err()) {
        actor.require(Permission::AssessmentArrange)?;
    }
    let id = super::read::resolve(tx, elder).await?.id;
    let row = elders::by_id(tx, id, tx.lock()).await?.ok_or_else(no_elder)?;
    if row.standing != "live" {
        return Err(Error::refused("这份档案已经停用，评估结果写不进去"));
    }
    if found.on > tx.now().date() || found.on < row.birth {
        return Err(Error::invalid("on", "评估日期要在出生以后、今天以前"));
    }
    let before = facts::of(tx, &[id]).await?;
    let mut plan = Plan::default();
    if let Some(care) = found.care {
        let new = care.code().to_string();
        if latest(&before, FactKind::Care, found.on) {
            let old = row.care.map(|c| c.code().to_string()).unwrap_or_default();
            plan.put(FactKind::Care, "care", old, new, Some(care));
        } else {
            plan.facts.push(fact(&before, FactKind::Care, found.on, new));
        }
    }
    let until = found.until.map(|d| d.to_string()).unwrap_or_default();
    let mut dated = vec![
        (FactKind::AssessedOn, found.on.to_string()),
        (FactKind::AssessmentStandard, found.standard),
        (FactKind::AbilityLevel, found.level),
        (FactKind::AssessmentValidUntil, until),
    ];
    dated.extend(found.six.iter().map(|i| (i.fact, i.unaided.to_string())));
    plan.facts
        .extend(dated.into_iter().map(|(kind, new)| fact(&before, kind, found.on, new)).filter(|f| f.old != f.new));
    if latest(&before, FactKind::AssessedOn, found.on) {
        plan.sets.push(("assessed_on", Some(found.on).into()));
        plan.sets.push(("assessed_until", found.until.into()));
    }
    let fields: Vec<&str> = plan.facts.iter().map(|f| f.fact.code()).collect();
    let detail = serde_json::json!({ "fields": fields, "on": found.on });
    write(tx, db, actor, &row, row.version, plan, Since::Day(found.on), found.source, &found.note).await?;
    let entry = audit::Entry::new(ASSESSED, "elder", row.id).region(row.region).detail(detail);
    audit::record(tx, actor, entry).await
}

/// Whether nothing on file of this kind became so after `on`.
fn latest(rows: &[FactRow], kind: FactKind, on: CivilDate) -> bool {
    !rows.iter().any(|r| r.fact == kind && r.valid_from.is_some_and(|d| d > on))
}

/// A row of history over what held on that day.
fn fact(rows: &[FactRow], kind: FactKind, on: CivilDate, new: String) -> facts::NewFact {
    let own: Vec<FactRow> = rows.iter().filter(|r| r.fact == kind).cloned().collect();
    let old = dated_changes(&own).into_iter().rfind(|c| c.on <= on).map(|c| c.new).unwrap_or_default();
    facts::NewFact { fact: kind, old, new, old_sealed: None }
}
