//! Date, place and assessors.
use super::{APPOINTED, Sight, advance, no_case, sight, stale};
use crate::book::Scales;
use crate::model::{Assessor, Block, Case, Place, Setting, Side, Step, Team, blocks, next, team_refusal};
use crate::store::{assessors as register, cases as sql};
use kernel::{Actor, AssessmentId, AssessorId, Error, Instant, OrgId, OrgScope, Permission, Result, Scope, Tier};
use store::{Db, Tx};

/// A provider whose last service lies longer back no longer gains.
const SERVED_DAYS: i64 = 180;
/// Of an elder's latest orders so many are looked at.
const ORDERS: i64 = 200;

/// What is agreed on.
#[derive(Clone, Debug)]
pub struct Appointment {
    pub place: Place,
    pub starts_at: Instant,
    /// The assessment point; empty for a home, whose address is the archive's.
    pub address: String,
    pub first: AssessorId,
    pub second: Option<AssessorId>,
}

/// One who might be chosen, with what speaks against it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub assessor: Assessor,
    pub blocks: Vec<Block>,
}

/// What to choose from.
#[derive(Clone, Debug)]
pub struct Choice {
    pub case: Case,
    pub candidates: Vec<Candidate>,
    /// How many the scale wants.
    pub needed: u8,
    /// The elder's home, for a visit there.
    pub home: String,
}

async fn side(db: &Db, tx: Option<&Tx>, case: &Case) -> Result<Side> {
    let ids = people::service::identities(db, case.elder).await?;
    let related = match tx {
        Some(tx) => register::related(tx, &ids).await?,
        None => register::related(db.read(), &ids).await?,
    };
    let near = Scope { region: case.region.at(Tier::County), org: OrgScope::Any };
    let since = db.now().plus_ms(-SERVED_DAYS * Instant::DAY);
    let mut gaining: Vec<(OrgId, String)> = Vec::new();
    for o in orders::service::for_elder(db, &near, case.elder, ORDERS).await? {
        if !o.state.void() && o.starts_at >= since && gaining.iter().all(|(org, _)| *org != o.provider) {
            gaining.push((o.provider, o.provider_name));
        }
    }
    if let Some(org) = case.applied_org
        && gaining.iter().all(|(o, _)| *o != org)
    {
        gaining.push((org, access::directory::org(db, org).await?.name));
    }
    let mut before = Vec::new();
    let mut prior = case.prior.filter(|_| case.purpose != crate::model::Purpose::Regular);
    let whole = Sight::all(Scope { region: case.region.at(Tier::Province), org: OrgScope::Any });
    while let Some(id) = prior {
        let Some(earlier) = sql::one(db.read(), &whole, id, "").await? else { break };
        before.extend(earlier.assessors());
        prior = earlier.prior.filter(|_| earlier.purpose != crate::model::Purpose::Regular);
    }
    Ok(Side { related: related.into_iter().map(|r| (r.assessor_id, r.relation)).collect(), gaining, before })
}

fn setting(case: &Case, place: Place, at: Instant, needed: u8) -> Setting {
    Setting { elder: case.elder, region: case.region, place, purpose: case.purpose, day: at.date(), needed }
}

/// Everyone who works at the elder's place, with why some may not be chosen.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when nothing can be agreed on any more.
pub async fn candidates(db: &Db, scales: &Scales, actor: &Actor, id: AssessmentId) -> Result<Choice> {
    actor.require(Permission::AssessmentArrange)?;
    let sees = sight(db, actor, actor.scope()).await?;
    let case = sql::one(db.read(), &sees, id, "").await?.ok_or_else(no_case)?;
    next(case.state, Step::Appoint)?;
    let needed = scales.current(db, &case.scale).await?.assessors;
    let side = side(db, None, &case).await?;
    let at = case.starts_at.unwrap_or_else(|| db.now());
    let setting = setting(&case, Place::Home, at, needed);
    let all = register::for_place(db.read(), &case.region).await?;
    let candidates =
        all.into_iter().map(|assessor| Candidate { blocks: blocks(&assessor, &setting, &side), assessor }).collect();
    let card = people::service::card(db, actor.scope(), case.elder).await?;
    Ok(Choice { case, candidates, needed, home: card.address })
}

/// Agrees on date, place and assessors, or changes them before answers come in.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Conflict`; `Invalid` at the assessor or field that does not fit.
pub async fn appoint(
    db: &Db,
    scales: &Scales,
    actor: &Actor,
    id: AssessmentId,
    seen: i64,
    ask: Appointment,
) -> Result<Case> {
    actor.require(Permission::AssessmentArrange)?;
    let sees = sight(db, actor, actor.scope()).await?;
    let before = sql::one(db.read(), &sees, id, "").await?.ok_or_else(no_case)?;
    let needed = scales.current(db, &before.scale).await?.assessors;
    let card = people::service::card(db, actor.scope(), before.elder).await?;
    let near = register::for_place(db.read(), &before.region).await?;
    let found = |id: AssessorId| near.iter().find(|a| a.id == id);
    let first = found(ask.first).ok_or_else(|| Error::invalid("first", "选一位评估员"))?;
    let second = match ask.second {
        Some(s) => Some(found(s).ok_or_else(|| Error::invalid("second", "没有这位评估员"))?),
        None => None,
    };
    if ask.starts_at.date() < db.now().date() {
        return Err(Error::invalid("starts_at", "日期不能早于今天"));
    }
    if ask.place == Place::FixedPoint && ask.address.trim().is_empty() {
        return Err(Error::invalid("address", "写明评估点在哪里"));
    }
    let tx = db.begin().await?;
    let case = sql::one(&tx, &sees, id, tx.lock()).await?.ok_or_else(no_case)?;
    if case.version != seen {
        return Err(stale());
    }
    let side = side(db, Some(&tx), &case).await?;
    let team = Team { first, second };
    if let Some((field, why)) = team_refusal(&team, &setting(&case, ask.place, ask.starts_at, needed), &side) {
        return Err(Error::invalid(field, why));
    }
    let address = match ask.place {
        Place::Home => card.address,
        Place::FixedPoint => ask.address.trim().to_string(),
    };
    let sets = vec![
        ("place", ask.place.into()),
        ("starts_at", ask.starts_at.into()),
        ("address", address.into()),
        ("first_assessor", ask.first.into()),
        ("second_assessor", ask.second.into()),
    ];
    let note = match second {
        Some(s) => format!("{} {}，{}和{}", ask.starts_at.stamp(), ask.place.zh(), first.name, s.name),
        None => format!("{} {}，{}", ask.starts_at.stamp(), ask.place.zh(), first.name),
    };
    let case = advance(&tx, db, actor, &case, Step::Appoint, sets, APPOINTED, &note).await?;
    tx.commit().await?;
    Ok(case)
}
