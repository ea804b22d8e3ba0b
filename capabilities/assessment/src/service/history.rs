//! Finished assessments written as they were (demo, benches, taking over another system's records).
use crate::book::fingerprint;
use crate::model::{Case, Place, Purpose, Reason, Sheet, State, ability_code, care_of, indicators, standard_code};
use crate::store::sheets::{self, NewVersion};
use crate::store::{cases as sql, scales as texts};
use ::scales::{Scale, Settings, score};
use kernel::{Actor, AssessmentId, AssessorId, Error, Instant, Permission, Result};
use people::model::{ElderCard, Source};
use people::service::{Assessed, assessed_in};
use std::collections::BTreeMap;
use store::{Db, Secret, Tx};

/// One finished assessment.
#[derive(Clone, Debug)]
pub struct HistoryCase {
    pub elder: ElderCard,
    pub purpose: Purpose,
    /// The assessment a quality assessment repeats.
    pub prior: Option<AssessmentId>,
    pub place: Place,
    /// When the assessors were there; they signed an hour later.
    pub at: Instant,
    pub first: AssessorId,
    pub second: Option<AssessorId>,
    pub sheet: Sheet,
}

/// Writes finished assessments of one scale, with their facts. The scale has to be accepted.
///
/// # Errors
/// `Refused` while the scale waits to be accepted; `Invalid` for an incomplete sheet.
pub async fn bulk_insert(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    scale: &Scale,
    all: &[HistoryCase],
) -> Result<Vec<AssessmentId>> {
    actor.require(Permission::AssessmentArrange)?;
    if !super::conclude::accepted(tx, scale).await? {
        return Err(Error::refused("这份量表还没有核对启用"));
    }
    let (id, print) = (scale.id.as_str(), fingerprint(scale));
    texts::keep(tx, actor, id, &print, &scale.text, false).await?;
    let mut days: BTreeMap<_, i64> = BTreeMap::new();
    for h in all {
        *days.entry(h.at.date()).or_default() += 1;
    }
    let mut next = BTreeMap::new();
    for (day, count) in days {
        next.insert(day, sql::take_numbers(tx, day, count).await?);
    }
    let mut cases = Vec::with_capacity(all.len());
    let mut made = Vec::with_capacity(all.len());
    let mut facts = Vec::new();
    for h in all {
        let day = h.at.date();
        let place = next.entry(day).or_insert(1);
        let no = sql::number(day, *place);
        *place += 1;
        let (answers, context) = h.sheet.for_scoring(Settings::default());
        let outcome = score(scale, &answers, &context).map_err(|e| Error::invalid("sheet", e.to_string()))?;
        let level = outcome.level.graded();
        let care = outcome.care.as_ref().map(|c| care_of(c.care));
        let until = scale.validity_months.map(|m| day.last_day_of_months(m));
        let sealed = db.keys().seal(Secret::Health, &serde_json::to_string(&outcome).map_err(Error::internal)?)?;
        let decides = h.purpose != Purpose::Quality;
        let signed = h.at.plus_minutes(60);
        let case = Case {
            fingerprint: Some(print.clone()),
            purpose: h.purpose,
            reason: if decides { Reason::Application } else { Reason::Sample },
            state: State::Final,
            prior: h.prior,
            place: Some(h.place),
            starts_at: Some(h.at),
            address: h.elder.address.clone(),
            first: Some(h.first),
            second: h.second,
            submitted_at: Some(signed),
            first_signed_at: Some(signed),
            second_signed_at: h.second.map(|_| signed),
            assessed_on: Some(day),
            valid_until: until.filter(|_| decides),
            level: level.map(|l| l.code.to_string()),
            level_zh: level.map(|l| l.zh.clone()),
            level_order: level.map(|l| i64::from(l.order)),
            care,
            ..super::apply::fresh(db, h.at.plus_ms(-3 * Instant::DAY), no.clone(), &h.elder, id, &actor.label())
        };
        let key = format!("history:{}", case.id);
        let version = NewVersion {
            id: case.id,
            version: 1,
            key: &key,
            assessor: h.first,
            base: 0,
            sheet: &h.sheet,
            device_at: None,
        };
        sheets::insert(tx, db, version).await?;
        sql::add_event(tx, db, actor, case.id, "conclude", "").await?;
        if decides {
            let level = level.and_then(|l| ability_code(id, l.code.as_str())).unwrap_or_default().to_string();
            facts.push((
                h.elder.id,
                Assessed {
                    on: day,
                    standard: standard_code(id).into(),
                    level,
                    care,
                    until,
                    six: indicators(&outcome),
                    source: Source::Assessment,
                    note: no,
                },
            ));
        }
        made.push(case.id);
        cases.push((case, Some(sealed), 1));
    }
    sql::insert(tx, cases).await?;
    for (elder, found) in facts {
        assessed_in(tx, db, actor, elder, found).await?;
    }
    let detail = serde_json::json!({ "cases": made.len(), "scale": id });
    audit::record(tx, actor, audit::Entry::new(super::CONCLUDED, "assessment", "bulk").detail(detail)).await?;
    Ok(made)
}
