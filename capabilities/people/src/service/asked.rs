//! What is asked when something is applied for, written into the archive as dated facts.
use super::write::{Plan, write};
use super::{ASKED, no_elder};
use crate::model::{FactKind, Since, Source, dated_changes};
use crate::store::{elders, facts};
use kernel::{Actor, CivilDate, ElderId, Error, FieldError, Permission, Result};
use store::Db;

/// Answers to what an application asks, as they were on a day.
#[derive(Clone, Debug)]
pub struct Answers {
    pub facts: Vec<(FactKind, String)>,
    /// The day from which they hold.
    pub on: CivilDate,
    pub source: Source,
    /// The paper or the visit they come from.
    pub note: String,
}

/// Writes down answers ([`FactKind::ASKED`]). What is on file already stays as it is.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Invalid` for a day in the future or before birth and for an answer the fact does not have;
/// `Refused` when the archive is no longer in force.
pub async fn answer(db: &Db, actor: &Actor, elder: ElderId, answers: Answers) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let wrong = answers.facts.iter().filter(|(kind, code)| !kind.answers().iter().any(|(c, _)| c == code));
    let wrong: Vec<FieldError> =
        wrong.map(|(kind, _)| FieldError::new(kind.code(), format!("{}没有这个答案", kind.zh()))).collect();
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let tx = db.begin().await?;
    let id = super::read::scoped(&tx, actor.scope(), elder).await?.id;
    let row = elders::by_id(&tx, id, tx.lock()).await?.ok_or_else(no_elder)?;
    if row.standing != "live" {
        return Err(Error::refused("这份档案已经停用，不能再改"));
    }
    if answers.on > tx.now().date() || answers.on < row.birth {
        return Err(Error::invalid("on", "日期要在出生以后、今天以前"));
    }
    let before = facts::of(&tx, &[id]).await?;
    let mut plan = Plan::default();
    for (kind, new) in answers.facts {
        let own: Vec<_> = before.iter().filter(|r| r.fact == kind).cloned().collect();
        let old = dated_changes(&own).into_iter().rfind(|c| c.on <= answers.on).map(|c| c.new).unwrap_or_default();
        if old != new {
            plan.facts.push(facts::NewFact { fact: kind, old, new, old_sealed: None });
        }
    }
    if plan.facts.is_empty() {
        return Ok(());
    }
    let fields: Vec<&str> = plan.facts.iter().map(|f| f.fact.code()).collect();
    let detail = serde_json::json!({ "fields": fields, "on": answers.on });
    write(&tx, db, actor, &row, row.version, plan, Since::Day(answers.on), answers.source, &answers.note).await?;
    let entry = audit::Entry::new(ASKED, "elder", row.id).region(row.region).detail(detail);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}
