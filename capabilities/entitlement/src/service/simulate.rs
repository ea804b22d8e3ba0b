//! What a draft would change, over the whole archive, with nothing written (POL-3).
//!
//! The packs in force and the same packs with the draft as one more version decide the same people on the same day. Counted is
//! who would begin and who would cease to be entitled under the draft's group, and what each household would be due in
//! the month of the day, by town.
use super::Progress;
use crate::model::{household_targets, timeline};
use crate::packs::{Packs, refused};
use kernel::{
    Actor, CivilDate, ElderId, Error, Fen, HouseholdId, OrgScope, Permission, RegionCode, Result, Scope, Tier,
};
use people::model::HouseholdFacts;
use policy::{Pack, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::Db;

/// Households read at once.
const BATCH: i64 = 4_000;

/// People and money of one place, under the packs in force and under the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub people: i64,
    /// Not entitled today, entitled under the draft.
    pub gains: i64,
    /// Entitled today, not under the draft.
    pub losses: i64,
    /// Entitled today.
    pub held: i64,
    /// Entitled under the draft.
    pub will: i64,
    /// Facts are missing under the draft that nobody needs today.
    pub newly_unknown: i64,
    /// Due for the month today.
    pub now: Fen,
    /// Due for the month under the draft.
    pub then: Fen,
}

impl Effect {
    fn add(&mut self, other: &Effect) {
        self.people += other.people;
        self.held += other.held;
        self.will += other.will;
        self.gains += other.gains;
        self.losses += other.losses;
        self.newly_unknown += other.newly_unknown;
        self.now += other.now;
        self.then += other.then;
    }
}

/// Someone whose entitlement the draft changes: the class held today and the class under the draft, as `pack/class`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub region: RegionCode,
    pub now: Option<String>,
    pub then: Option<String>,
}

/// The outcome of a simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    pub day: CivilDate,
    pub pack: String,
    pub total: Effect,
    pub by_town: BTreeMap<RegionCode, Effect>,
    /// People in each class, `pack/class`: today, under the draft.
    pub by_class: BTreeMap<String, (i64, i64)>,
    #[serde(skip_deserializing)]
    pub affected: Vec<Affected>,
}

/// One side of the comparison.
struct Side {
    packs: Packs,
}

impl Side {
    /// Of `packs` those that compete with the draft, or the draft alone where nothing competes with it.
    fn of(packs: &Packs, draft: &Pack) -> Side {
        let near = |p: &&Pack| p.id == draft.id || (p.group.is_some() && p.group == draft.group);
        Side { packs: Packs::of(packs.all().iter().filter(near).cloned().collect()) }
    }
    fn on(&self, day: CivilDate) -> Result<Vec<policy::PackOn<'_>>> {
        let in_effect = self.packs.all().iter().filter(|p| p.in_effect(day));
        in_effect.map(|p| p.at(day).map_err(refused)).collect()
    }
    fn due(&self, household: &HouseholdFacts, day: CivilDate) -> Result<Fen> {
        let month = [day.month_of()];
        let mut sum = Fen::ZERO;
        for group in self.packs.groups() {
            let packs: Vec<&Pack> =
                self.packs.members(group).into_iter().filter(|p| p.fills_purse() && p.in_effect(day)).collect();
            if packs.is_empty() {
                continue;
            }
            let due = household_targets(&packs, household, &month).map_err(refused)?;
            sum += due.iter().filter_map(|(_, t)| t.as_ref()).map(|t| t.amount).sum::<Fen>();
        }
        Ok(sum)
    }
}

/// The first pack, by precedence, under which the person is entitled, and whether a fact is missing for one.
fn standing(packs: &[policy::PackOn<'_>], facts: &policy::Facts) -> (Option<String>, bool) {
    let (mut held, mut unknown) = (None::<(u16, String)>, false);
    for on in packs {
        let outcome = on.decide(facts);
        match outcome.verdict {
            Verdict::Eligible => {
                let class = outcome.class.and_then(|c| on.pack.classes.get(usize::from(c)));
                let name = format!("{}/{}", on.pack.id, class.map_or("", |c| c.name.as_str()));
                if held.as_ref().is_none_or(|(precedence, _)| on.pack.precedence < *precedence) {
                    held = Some((on.pack.precedence, name));
                }
            }
            Verdict::Unknown => unknown = true,
            _ => {}
        }
    }
    (held.map(|(_, name)| name), unknown)
}

/// Compares `draft` with the packs in force for everyone of the actor's region on `day`.
///
/// # Errors
/// `Forbidden` without the permission, `Refused` where a parameter has no value on the day.
pub async fn simulate(
    db: &Db,
    current: &Packs,
    draft: &Pack,
    actor: &Actor,
    day: CivilDate,
    progress: &dyn Progress,
) -> Result<Simulation> {
    actor.require(Permission::EntitlementRun)?;
    let scope = Scope { region: actor.scope().region, org: OrgScope::Any };
    db.freshen_statistics().await?;
    let (now, then) = (Side::of(current, draft), Side::of(&current.with(draft.clone()), draft));
    let (packs_now, packs_then) = (now.on(day)?, then.on(day)?);
    let mut out = Simulation {
        day,
        pack: draft.id.clone(),
        total: Effect::default(),
        by_town: BTreeMap::new(),
        by_class: BTreeMap::new(),
        affected: Vec::new(),
    };
    let total = people::service::household_count(db, &scope).await?;
    let read = |after| {
        let db = db.clone();
        tokio::spawn(async move { people::service::households_after(&db, &scope, after, BATCH).await })
    };
    let mut households = read(None).await.map_err(Error::internal)??;
    let mut done = 0;
    while let Some(last) = households.last().map(|h| h.household) {
        let next = read(Some(last));
        for household in &households {
            let mut effect = Effect { people: household.members.len() as i64, ..Effect::default() };
            for elder in &household.members {
                let facts = timeline(elder, household).on(day);
                let (was, open_now) = standing(&packs_now, &facts);
                let (will, open_then) = standing(&packs_then, &facts);
                effect.held += i64::from(was.is_some());
                effect.will += i64::from(will.is_some());
                effect.gains += i64::from(was.is_none() && will.is_some());
                effect.losses += i64::from(was.is_some() && will.is_none());
                effect.newly_unknown += i64::from(open_then && !open_now);
                for (name, at) in [(&was, 0), (&will, 1)] {
                    let Some(name) = name else { continue };
                    let counts = match out.by_class.get_mut(name) {
                        Some(counts) => counts,
                        None => out.by_class.entry(name.clone()).or_default(),
                    };
                    if at == 0 { counts.0 += 1 } else { counts.1 += 1 }
                }
                if was != will {
                    out.affected.push(Affected {
                        elder: elder.elder,
                        household: household.household,
                        region: elder.region,
                        now: was,
                        then: will,
                    });
                }
            }
            effect.now = now.due(household, day)?;
            effect.then = then.due(household, day)?;
            out.by_town.entry(household.region.at(Tier::Town)).or_default().add(&effect);
            out.total.add(&effect);
        }
        done += households.len() as i64;
        progress.told(done, total.max(done)).await?;
        households = next.await.map_err(Error::internal)??;
    }
    Ok(out)
}
