//! Quality: assessments drawn at random, assessed again by others, and how far both agree.
use super::apply::{fresh, next_no, open_in};
use super::{SAMPLED, Sight};
use crate::book::Scales;
use crate::model::{Case, Purpose, Reason, draw};
use crate::store::samples::{self as sql, Sample, SampleLine};
use crate::store::{cases, lists};
use ::scales::{Kappa, weighted_kappa};
use kernel::{Actor, AssessorId, CivilDate, ElderId, Error, Paged, Permission, RegionCode, Result, SampleId, Scope};
use std::collections::BTreeMap;
use store::Db;
use web::ListFetch;

/// A sample holds at most this many.
const MAX_SIZE: i64 = 500;

/// What is drawn from.
#[derive(Clone, Debug)]
pub struct NewSample {
    pub region: RegionCode,
    pub scale: String,
    pub from: CivilDate,
    pub to: CivilDate,
    pub size: i64,
}

/// Draws assessments of a region and period at random and asks for each to be assessed again by others. The seed is kept:
/// anyone can draw the same list again.
///
/// # Errors
/// `Forbidden`; `Invalid` for a region outside the actor's, a size out of bounds, or a period without assessments.
pub async fn draw_sample(db: &Db, scales: &Scales, actor: &Actor, ask: NewSample) -> Result<SampleId> {
    actor.require(Permission::AssessmentSupervise)?;
    let scope = actor.scope().narrowed(ask.region).ok_or_else(|| Error::invalid("region", "这个区域不归你管"))?;
    let scale = scales.current(db, &ask.scale).await.map_err(|_| Error::invalid("scale", "没有这份量表"))?;
    if !(1..=MAX_SIZE).contains(&ask.size) {
        return Err(Error::invalid("size", format!("一次抽 1 到 {MAX_SIZE} 份")));
    }
    let all = lists::population(db, &Sight::all(scope), scale.id.as_str(), ask.from, ask.to).await?;
    if all.is_empty() {
        return Err(Error::invalid("from", "这段时间没有可抽的评估"));
    }
    let seed = db.ids().next_u64();
    let chosen: Vec<_> = draw(seed, all.len(), ask.size as usize).into_iter().map(|i| all[i]).collect();
    let mut originals = Vec::with_capacity(chosen.len());
    for id in &chosen {
        originals.extend(cases::one(db.read(), &Sight::all(scope), *id, "").await?);
    }
    let ids: Vec<ElderId> = originals.iter().map(|c| c.elder).collect();
    let cards = people::service::cards(db, actor.scope(), &ids).await?;
    let tx = db.begin().await?;
    let mut lines = Vec::new();
    for old in originals {
        // Who died or moved away meanwhile cannot be seen again; the list says how many that were.
        let Some(card) = cards.get(&old.elder).filter(|c| c.present(tx.now().date())) else { continue };
        let case = Case {
            purpose: Purpose::Quality,
            reason: Reason::Sample,
            applied_org: old.applied_org,
            prior: Some(old.id),
            ..fresh(db, tx.now(), next_no(&tx).await?, card, &old.scale, &actor.label())
        };
        lines.push((old.id, open_in(&tx, db, actor, case, "").await?));
    }
    let sample = Sample {
        id: db.new_id(),
        region: ask.region,
        scale: scale.id.to_string(),
        from_day: ask.from,
        to_day: ask.to,
        population: all.len() as i64,
        size: lines.len() as i64,
        seed: seed.cast_signed(),
        made_by: actor.label(),
        made_at: tx.now(),
    };
    sql::insert(&tx, &sample, &lines).await?;
    let detail = serde_json::json!({ "population": sample.population, "size": sample.size, "seed": seed.to_string() });
    let entry = audit::Entry::new(SAMPLED, "assessment_sample", sample.id).region(ask.region).detail(detail);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(sample.id)
}

/// One page of samples.
pub async fn samples(db: &Db, scope: &Scope, fetch: &ListFetch) -> Result<Paged<Sample>> {
    sql::list(db, scope, &fetch.order, fetch.page).await
}

/// A sample with its pairs: the first assessment and the one that repeats it.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn sample(db: &Db, scope: &Scope, id: SampleId) -> Result<(Sample, Vec<(Case, Case)>)> {
    let sample = sql::one(db, scope, id).await?.ok_or_else(|| Error::NotFound("这次抽查".into()))?;
    let sees = Sight::all(*scope);
    let mut out = Vec::new();
    for SampleLine { original, recheck, .. } in sql::lines(db, id).await? {
        let pair =
            (cases::one(db.read(), &sees, original, "").await?, cases::one(db.read(), &sees, recheck, "").await?);
        if let (Some(a), Some(b)) = pair {
            out.push((a, b));
        }
    }
    Ok((sample, out))
}

/// How far an assessor's levels agree with those found again, under one scale.
#[derive(Clone, Debug)]
pub struct Agreement {
    pub scale: String,
    pub pairs: usize,
    pub equal: usize,
    /// `None`: too few, or everyone was of one level.
    pub kappa: Option<Kappa>,
}

/// Agreement of an assessor's results with the quality assessments that repeated them, scale by scale.
///
/// # Errors
/// `NotFound` for an assessor outside the scope.
pub async fn agreement(db: &Db, scales: &Scales, scope: &Scope, id: AssessorId) -> Result<Vec<Agreement>> {
    super::assessor(db, scope, id).await?;
    let mut by_scale: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    for p in lists::pairs(db, id).await? {
        if let (Ok(a), Ok(b)) = (usize::try_from(p.before), usize::try_from(p.again)) {
            by_scale.entry(p.scale).or_default().push((a, b));
        }
    }
    let all = scales.all(db).await?;
    Ok(by_scale
        .into_iter()
        .map(|(scale, pairs)| {
            let levels = all.iter().find(|s| s.id.as_str() == scale).map_or(0, |s| s.levels.len());
            Agreement {
                pairs: pairs.len(),
                equal: pairs.iter().filter(|(a, b)| a == b).count(),
                kappa: weighted_kappa(&pairs, levels),
                scale,
            }
        })
        .collect())
}
