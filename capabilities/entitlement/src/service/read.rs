//! Determinations as they are read: with their reasons rebuilt from what was stored.
use crate::model::{Counts, DeterminationView, ElderRow, Held, Verdicts};
use crate::packs::{Packs, Versions, refused};
use crate::store::lists::{self, EntitledAsk};
use crate::store::{rows, runs, tally};
use kernel::{Actor, CivilDate, ElderId, Error, Instant, Month, PageAsk, Paged, Permission, Result, Scope};
use policy::{Facts, Outcome, Pack, PackOn, PacksOn, Timeline, Verdict};
use std::collections::HashMap;
use store::Db;

/// The determinations in force of one elder, one a pack, in the order of the packs.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn current(db: &Db, packs: &Packs, scope: &Scope, elder: ElderId) -> Result<Vec<DeterminationView>> {
    let card = people::service::card(db, scope, elder).await?;
    in_force(db, packs, card.id).await
}

/// [`current`] of an elder whose card was read inside the scope.
pub(crate) async fn in_force(db: &Db, packs: &Packs, elder: ElderId) -> Result<Vec<DeterminationView>> {
    let today = db.clock().today();
    let mut old = HashMap::new();
    let mut now = Vec::new();
    let stored = rows::in_force(db.read(), elder).await?;
    let displaced = displaced(packs, &stored, today);
    for row in stored {
        let by = displaced.get(&row.pack).cloned();
        now.push(DeterminationView { displaced_by: by, ..view(db, packs, &mut old, row, today).await? });
    }
    let place = |id: &str| packs.all().iter().position(|p| p.id == id).unwrap_or(usize::MAX);
    now.sort_by_key(|d| place(&d.pack));
    Ok(now)
}

/// For each pack that is met but gives way to another, that other one.
fn displaced(packs: &Packs, stored: &[rows::Row], today: CivilDate) -> HashMap<String, String> {
    let on = PacksOn::new(packs.all(), today);
    let outcome = |p: &PackOn| -> Option<Outcome> {
        stored.iter().find(|r| r.pack == p.pack.id).map(|r| r.held().decided.outcome)
    };
    let outcomes: Vec<Option<Outcome>> = on.packs.iter().map(outcome).collect();
    let by = on.displaced(&outcomes).into_iter().enumerate();
    by.filter_map(|(i, by)| Some((on.packs[i].pack.id.clone(), on.packs[by?].pack.id.clone()))).collect()
}

/// Every determination of one elder, newest first: those in force, those that ended and those that turned out wrong.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn history(db: &Db, packs: &Packs, scope: &Scope, elder: ElderId) -> Result<Vec<DeterminationView>> {
    let card = people::service::card(db, scope, elder).await?;
    let ids = people::service::identities(db, card.id).await?;
    let today = db.clock().today();
    let mut old = HashMap::new();
    let mut out = Vec::new();
    for row in rows::history(db.read(), &ids).await? {
        out.push(view(db, packs, &mut old, row, today).await?);
    }
    Ok(out)
}

async fn view(
    db: &Db,
    packs: &Packs,
    old: &mut HashMap<(String, u64), Pack>,
    row: rows::Row,
    today: CivilDate,
) -> Result<DeterminationView> {
    let held = row.held();
    let version = held.decided.version;
    let facts: Facts = serde_json::from_str(&held.decided.facts).map_err(Error::internal)?;
    let kept;
    // Two versions may have the same text; the one that was in effect then is meant.
    let meant = |p: &&Pack| p.id == row.pack && p.version == version && read_on(p, &held, today).is_ok();
    let pack = match packs.all().iter().find(meant) {
        Some(pack) => pack,
        None => {
            let key = (row.pack.clone(), version);
            if !old.contains_key(&key) {
                let text = runs::text(db.read(), &row.pack, version).await?;
                let text = text.ok_or_else(|| Error::Internal(format!("text of {} is not kept", row.pack)))?;
                old.insert(key.clone(), Pack::load(&row.pack, &text).map_err(Error::internal)?);
            }
            kept = old.get(&key).ok_or_else(|| Error::Internal("a text that was just read is gone".into()))?;
            kept
        }
    };
    let on = read_on(pack, &held, today)?;
    let explanation = on.explain(&held.decided.outcome, &facts);
    let counterfactual = standing(&held).then(|| on.counterfactual(&facts)).flatten();
    let ends_on = match row.ends_on {
        None if standing(&held) && !pack.fills_purse() => crate::model::ends(
            packs.find(&row.pack).unwrap_or(Versions::one(pack)),
            &Timeline::new(facts.clone()),
            &held.decided,
        ),
        stored => stored,
    };
    Ok(DeterminationView {
        elder: row.elder,
        household: row.household,
        pack: row.pack,
        title: explanation.title.clone(),
        verdict: held.decided.outcome.verdict,
        monthly: held.decided.monthly,
        since: row.since,
        until: held.decided.until,
        ends_on,
        passed_from: row.passed_from,
        displaced_by: None,
        counterfactual,
        recorded_at: row.recorded_at,
        superseded_at: row.superseded_at,
        explanation,
        facts,
    })
}

fn standing(held: &Held) -> bool {
    held.decided.until.is_none() && !held.superseded
}

/// The pack a stored decision is read out by: as of today while it is in force, as of its first day when it is over.
fn read_on<'p>(pack: &'p Pack, held: &Held, today: CivilDate) -> Result<PackOn<'p>> {
    let day = if standing(held) { today.max(held.decided.since) } else { held.decided.since };
    // A text whose parameters have run out since is read as of the day it was decided.
    pack.at(day).or_else(|_| pack.at(held.decided.since)).map_err(refused)
}

/// Those entitled inside the scope. `order` is allow-listed SQL.
///
/// # Errors
/// `Forbidden` without the permission.
pub async fn entitled(
    db: &Db,
    actor: &Actor,
    scope: &Scope,
    ask: &EntitledAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<ElderRow>> {
    actor.require(Permission::EntitlementRead)?;
    lists::of_verdict(db.read(), Verdict::Eligible, scope, ask, order, page).await
}

/// Those who cannot be decided because a fact is missing. `order` is allow-listed SQL.
///
/// # Errors
/// `Forbidden` without the permission.
pub async fn undecided(
    db: &Db,
    actor: &Actor,
    scope: &Scope,
    ask: &EntitledAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<ElderRow>> {
    actor.require(Permission::EntitlementRead)?;
    lists::of_verdict(db.read(), Verdict::Unknown, scope, ask, order, page).await
}

/// The figures of a desk on `day`.
pub async fn counts(db: &Db, scope: &Scope, day: CivilDate) -> Result<Counts> {
    let month: Month = day.month_of();
    lists::counts(db.read(), scope, month.first_day(), day.plus_days(super::SOON_DAYS), day.quarter()).await
}

/// How many are entitled and undecided under each pack, by the pack's id.
pub async fn by_pack(db: &Db, scope: &Scope) -> Result<HashMap<String, Verdicts>> {
    let mut out: HashMap<String, Verdicts> = HashMap::new();
    for (pack, verdict, n) in tally::by_pack(db.read(), scope).await? {
        let of = out.entry(pack).or_default();
        match verdict.as_str() {
            "eligible" => of.eligible = n,
            _ => of.unknown = n,
        }
    }
    Ok(out)
}

/// The last day everyone of the scope was determined for, and when that was done.
pub async fn determined_on(db: &Db, scope: &Scope) -> Result<Option<(CivilDate, Instant)>> {
    runs::last_run(db.read(), scope.region).await
}
