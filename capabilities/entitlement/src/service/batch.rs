//! The work of one batch of households: decide everything first, then write only what differs.
use crate::model::{Amount, Cause, CorrectionKind, Decided, Held, Line, PurseState, Report, Target, Targets};
use crate::model::{amounts, decided, household_targets, overgrant};
use crate::model::{settle, sync, timeline};
use crate::packs::{Packs, refused};
use crate::store::corrections::New as NewCorrection;
use crate::store::purses::{self, Purse};
use crate::store::rows::{self, Change};
use crate::store::tally::{self, Deltas, PurseDeltas};
use books::model::NewAccount;
use kernel::{
    AccountId, Actor, CivilDate, CorrectionId, ElderId, Error, Fen, HouseholdId, Instant, Month, OrgScope, Quarter,
    RegionCode, Result, Scope, Tier,
};
use ledger::{AccountKind, Action, Command, DeterminationRef, Key, Purpose, Reference};
use people::model::{ElderFacts, FactKind, HouseholdFacts};
use policy::{Timeline, Verdict};
use std::collections::HashMap;
use store::{Db, Tx};

/// What a batch is decided for.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub day: CivilDate,
    /// The first day looked at again.
    pub anchor: CivilDate,
    /// The quarters from `anchor` to `day`.
    pub quarters: Vec<Quarter>,
    /// The quarters something may still be granted in.
    pub grants: Vec<Quarter>,
    /// Nothing was ever determined: there are no rows to look for.
    pub fresh: bool,
}

/// One household decided.
pub(crate) struct Household {
    facts: HouseholdFacts,
    /// The packs in place here.
    packs: Vec<usize>,
    /// For each member its timeline and, for each pack in place, what held.
    members: Vec<(Timeline, Vec<Vec<Decided>>)>,
    /// For each group what is due.
    targets: Vec<Targets>,
}

/// Decides households. Reads nothing and writes nothing.
pub(crate) fn decide(packs: &Packs, frame: &Frame, households: Vec<HouseholdFacts>) -> Result<Vec<Household>> {
    let months: Vec<Month> = frame.quarters.iter().flat_map(|q| q.months()).collect();
    households
        .into_iter()
        .map(|facts| {
            let local = packs.local(&facts.region);
            let mut members = Vec::with_capacity(facts.members.len());
            for elder in &facts.members {
                let person = timeline(elder, &facts);
                let mut each = Vec::with_capacity(local.len());
                for &pack in &local {
                    each.push(decided(packs.versions(pack), &person, frame.anchor, frame.day).map_err(refused)?);
                }
                members.push((person, each));
            }
            let due = packs.groups().iter().map(|g| household_targets(&packs.members_of(g, &local), &facts, &months));
            let targets = due.collect::<std::result::Result<Vec<_>, _>>().map_err(refused)?;
            Ok(Household { facts, packs: local, members, targets })
        })
        .collect()
}

/// Writes what differs. The gate is held by the caller.
pub(crate) async fn write(
    tx: &Tx,
    db: &Db,
    packs: &Packs,
    actor: &Actor,
    frame: &Frame,
    households: Vec<Household>,
) -> Result<Report> {
    let mut report = Report { households: households.len() as i64, ..Report::default() };
    let reasons = write_rows(tx, packs, frame, &households, &mut report).await?;
    write_purses(tx, db, packs, actor, frame, &households, &reasons, &mut report).await?;
    Ok(report)
}

async fn write_rows(
    tx: &Tx,
    packs: &Packs,
    frame: &Frame,
    households: &[Household],
    report: &mut Report,
) -> Result<Reasons> {
    let elders: Vec<ElderId> = households.iter().flat_map(|h| h.facts.members.iter().map(|m| m.elder)).collect();
    let stored = if frame.fresh { Vec::new() } else { rows::of_elders(tx, &elders, frame.anchor).await? };
    let mut by_elder: HashMap<ElderId, Vec<rows::Row>> = HashMap::new();
    for row in stored {
        by_elder.entry(row.elder).or_default().push(row);
    }
    let mut changes = Vec::new();
    let mut tallies = Deltas::default();
    let mut reasons = Reasons::new();
    for household in households {
        for (elder, (person, each)) in household.facts.members.iter().zip(&household.members) {
            let old = by_elder.get(&elder.elder).map(Vec::as_slice).unwrap_or_default();
            let here = household.facts.household;
            if old.iter().any(|r| r.superseded_at.is_none() && (r.household, r.region) != (here, elder.region)) {
                rows::follow(tx, elder.elder, here, elder.region).await?;
            }
            let first = changes.len();
            for (&i, decisions) in household.packs.iter().zip(each) {
                report.decisions += 1;
                let pack = &packs.versions(i).newest().id;
                let held: Vec<Held> = old.iter().filter(|r| r.pack == *pack).map(rows::Row::held).collect();
                let change = change(packs, i, frame, elder, here, person, &held, decisions)?;
                if change.plan.is_empty() {
                    continue;
                }
                report.added += change.plan.insert.len() as i64;
                report.superseded += change.plan.supersede.len() as i64;
                report.ended += change.plan.close.iter().filter(|c| c.2.is_some()).count() as i64;
                if let Some(reason) = reason(old, &change, elder, frame) {
                    reasons.insert((elder.elder, change.pack.clone()), reason);
                }
                changes.push(change);
            }
            count(&mut tallies, old, &changes[first..], elder.region);
        }
    }
    tallies.write(tx).await?;
    rows::write(tx, changes).await?;
    Ok(reasons)
}

/// Why determinations of somebody under a pack changed, and from which day on.
type Reasons = HashMap<(ElderId, String), (Cause, Option<CivilDate>)>;

fn reason(old: &[rows::Row], change: &Change, elder: &ElderFacts, frame: &Frame) -> Option<(Cause, Option<CivilDate>)> {
    if let Some(day) = elder.died_on {
        return Some((Cause::Death, Some(day)));
    }
    if let Some(day) = elder.moved_out_on {
        return Some((Cause::Moved, Some(day)));
    }
    let touched = |r: &&rows::Row| {
        let key = (r.since, r.revision);
        r.pack == change.pack
            && (change.plan.supersede.contains(&key) || change.plan.close.iter().any(|c| (c.0, c.1) == key))
    };
    let before = old.iter().filter(touched).max_by_key(|r| (r.since, r.revision))?;
    let after = change.plan.insert.last().map(|(d, _)| d)?;
    let names = crate::model::changed_facts(before.facts(), &after.facts);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cause = crate::model::cause_of(&names, before.version() != after.version);
    // A value that was always wrong has no day of its own.
    let since = (cause != Cause::Birth && after.since > frame.anchor).then_some(after.since);
    Some((cause, since))
}

/// What the batch does to the counts of one elder.
fn count(tallies: &mut Deltas, old: &[rows::Row], changes: &[Change], region: RegionCode) {
    let counted = |v: Verdict| matches!(v, Verdict::Eligible | Verdict::Unknown);
    // Of purse packs a person is counted once for each verdict, whatever how many packs say it.
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for row in old {
        let plan = changes.iter().find(|c| c.pack == row.pack).map(|c| &c.plan);
        if let Some(v) = row.standing().filter(|v| counted(*v)) {
            tallies.add(&row.pack, row.region, v.code(), -1);
            before.extend(row.purse.then_some((row.region, v.code())));
        }
        let then = plan.map_or_else(|| row.standing(), |plan| row.standing_after(plan));
        if let Some(v) = then.filter(|v| counted(*v)) {
            tallies.add(&row.pack, region, v.code(), 1);
            after.extend(row.purse.then_some((region, v.code())));
        }
    }
    for change in changes {
        let new = change.plan.insert.iter().filter(|(d, _)| d.until.is_none()).map(|(d, _)| d.outcome.verdict);
        for v in new.filter(|v| counted(*v)) {
            tallies.add(&change.pack, region, v.code(), 1);
            after.extend(change.purse.then_some((region, v.code())));
        }
    }
    for (side, n) in [(&mut before, -1), (&mut after, 1)] {
        side.sort_unstable();
        side.dedup();
        side.iter().for_each(|(region, verdict)| tallies.add(tally::ANY_PURSE, *region, verdict, n));
    }
}

#[allow(clippy::too_many_arguments)]
fn change(
    packs: &Packs,
    pack: usize,
    frame: &Frame,
    elder: &ElderFacts,
    household: HouseholdId,
    person: &Timeline,
    held: &[Held],
    decisions: &[Decided],
) -> Result<Change> {
    let versions = packs.versions(pack);
    let id = &versions.newest().id;
    let texts: Vec<u64> = versions.all().iter().map(|p| p.version).collect();
    let mut anchor = frame.anchor;
    let mut plan = sync(held, decisions, &texts, anchor, frame.day);
    // Where the row in force at the anchor is not confirmed, it is judged from its own first day: a birth date that was
    // wrong makes all of it wrong, a birthday only ends it.
    let reaching =
        |h: &&Held| !h.superseded && h.decided.since < anchor && h.decided.until.is_none_or(|until| anchor <= until);
    if !plan.is_empty()
        && let Some(since) = held.iter().filter(reaching).map(|h| h.decided.since).min()
    {
        anchor = since;
        let again = decided(versions, person, anchor, frame.day).map_err(refused)?;
        plan = sync(held, &again, &texts, anchor, frame.day);
    }
    // The first row of all tells the day somebody's entitlement began by the facts, not the day we began to look.
    let remains = held.iter().any(|h| !h.superseded && !plan.supersede.contains(&(h.decided.since, h.revision)));
    if !remains
        && let Some((first, revision)) = plan.insert.first_mut()
        && first.since == anchor
        && first.outcome.verdict == Verdict::Eligible
    {
        first.since = crate::model::began(versions, person, first);
        let last = held.iter().filter(|h| h.decided.since == first.since).map(|h| h.revision).max();
        *revision = last.map_or(0, |r| r + 1);
    }
    // The same pack goes on under another text, amount or fact: no beginning either.
    let goes_on = |d: &Decided| {
        d.outcome.verdict == Verdict::Eligible
            && held.iter().any(|h| {
                let key = (h.decided.since, h.revision, Some(d.since.plus_days(-1)));
                h.decided.outcome.verdict == Verdict::Eligible && plan.close.contains(&key)
            })
    };
    let outlook = plan
        .insert
        .iter()
        .map(|(d, _)| {
            let from = if goes_on(d) { Some(id.clone()) } else { passed_from(packs, id, person, d) };
            // What fills no purse is not listed by its end; pages work it out from the facts of the row.
            let end = versions.fills_purse().then(|| crate::model::ends(versions, person, d)).flatten();
            (end, from)
        })
        .collect();
    let (pack, purse) = (id.clone(), versions.fills_purse());
    Ok(Change { elder: elder.elder, household, region: elder.region, pack, purse, plan, outlook })
}

/// The pack of the same group that somebody eligible held the day before.
fn passed_from(packs: &Packs, pack: &str, person: &Timeline, now: &Decided) -> Option<String> {
    if now.outcome.verdict != Verdict::Eligible {
        return None;
    }
    let before = now.since.plus_days(-1);
    let others = packs.members(packs.group_of(pack)?).into_iter().filter(|p| p.id != pack);
    let facts = person.on(before);
    let held = |p: &&policy::Pack| p.at(before).is_ok_and(|on| on.decide(&facts).verdict == Verdict::Eligible);
    { others }.find(held).map(|p| p.id.clone())
}

#[allow(clippy::too_many_arguments)]
async fn write_purses(
    tx: &Tx,
    db: &Db,
    packs: &Packs,
    actor: &Actor,
    frame: &Frame,
    households: &[Household],
    reasons: &Reasons,
    report: &mut Report,
) -> Result<()> {
    let Some(first) = frame.quarters.first() else { return Ok(()) };
    let ids: Vec<HouseholdId> = households.iter().map(|h| h.facts.household).collect();
    let stored = if frame.fresh { Vec::new() } else { purses::of_households(tx, &ids, *first).await? };
    let mut purses: HashMap<(HouseholdId, String, Quarter), Purse> =
        stored.into_iter().map(|p| ((p.household, p.group.clone(), p.quarter), p)).collect();

    let mut due: Vec<Due> = Vec::new();
    for household in households {
        for (group, targets) in packs.groups().iter().zip(&household.targets) {
            for quarter in &frame.quarters {
                let key = (household.facts.household, group.code.clone(), *quarter);
                let months = quarter.months();
                let mut targets: Targets = targets.iter().filter(|(m, _)| months.contains(m)).cloned().collect();
                let purse = purses.remove(&key);
                let grants = frame.grants.contains(quarter);
                if purse.is_none() && (!grants || targets.iter().all(|(_, t)| t.is_none())) {
                    continue;
                }
                if let Some(purse) = &purse {
                    keep_for_leavers(db, &household.facts, purse, &mut targets).await?;
                }
                let region = household.facts.region;
                let members = household.facts.members.iter().map(|m| m.elder).collect();
                due.push(Due {
                    household: key.0,
                    group: key.1,
                    quarter: *quarter,
                    region,
                    purse,
                    targets,
                    grants,
                    members,
                });
            }
        }
    }
    let balances = balances(tx, &due).await?;
    let mut book = Postings::default();
    for d in due {
        d.settle(tx.now(), frame.day, &balances, reasons, &mut book);
    }
    book.write(tx, db, actor, report).await
}

/// One purse that may change.
struct Due {
    household: HouseholdId,
    group: String,
    quarter: Quarter,
    region: RegionCode,
    purse: Option<Purse>,
    targets: Targets,
    grants: bool,
    /// Those who live in the household now.
    members: Vec<ElderId>,
}

impl Due {
    fn settle(
        self,
        now: Instant,
        day: CivilDate,
        balances: &HashMap<AccountId, Fen>,
        reasons: &Reasons,
        book: &mut Postings,
    ) {
        let Due { household, group, quarter, region, purse, targets, grants, members } = self;
        let before = purse.clone();
        let mut purse = purse.unwrap_or_else(|| Purse {
            household,
            group: group.clone(),
            quarter,
            region,
            county: region.at(Tier::County),
            account: AccountId(Default::default()),
            lines: Vec::new(),
            overgrant: Fen::ZERO,
            state: PurseState::Open,
            rounds: 0,
            opened_at: now,
            cleared_at: None,
        });
        let available = before.as_ref().and_then(|p| balances.get(&p.account)).copied().unwrap_or_default();
        let steps = settle(&mut purse.lines, &targets, available, grants && purse.state == PurseState::Open);
        let withdrawn: Fen = steps.iter().map(|s| Fen(-s.amount.0.min(0))).sum();
        let granted: Fen = steps.iter().map(|s| s.amount.max(Fen::ZERO)).sum();
        purse.region = region;
        let known = before.as_ref().is_some_and(|p| balances.contains_key(&p.account));
        purse.overgrant =
            if known { overgrant(&purse.lines, available - withdrawn + granted) } else { purse.overgrant };
        if let Some(before) = &before {
            book.corrections.extend(corrections(before, &purse, &steps, &members, reasons, day));
        }
        let code = books::codes::purse(household, &group, quarter);
        for s in steps {
            book.steps.push(Posting { purse: code.clone(), county: purse.county, household, step: s });
        }
        match before {
            Some(before) if before == purse => {}
            Some(before) => book.changed.push((before, purse)),
            None => book.opened.push((code, purse)),
        }
    }
}

/// What a settling put right, for the list that is told to people.
fn corrections(
    before: &Purse,
    after: &Purse,
    steps: &[crate::model::Step],
    members: &[ElderId],
    reasons: &Reasons,
    day: CivilDate,
) -> Vec<NewCorrection> {
    let mut amounts = amounts(steps, &before.lines, day);
    let spent = (after.overgrant - before.overgrant).max(Fen::ZERO);
    if spent > Fen::ZERO && !amounts.iter().any(|a| a.kind == CorrectionKind::Clawback) {
        // Nothing of it was left to be posted back.
        let lost = after.lines.iter().filter(|l| l.net > l.target);
        let months: Vec<Month> = lost.clone().map(|l| l.month).collect();
        let pack = lost.map(|l| l.pack.clone()).next().unwrap_or_else(|| after.pack().to_string());
        amounts.push(Amount { pack, kind: CorrectionKind::Clawback, months, posted: Fen::ZERO });
    }
    let mut left = spent;
    let rows = amounts.into_iter().map(|a| {
        let months = |lines: &[Line]| -> Vec<ElderId> {
            let of = lines.iter().filter(|l| a.months.contains(&l.month) && l.pack == a.pack);
            of.flat_map(|l| l.who.iter().copied()).collect()
        };
        let (was, is) = (months(&before.lines), months(&after.lines));
        let (of, other) = if a.kind == CorrectionKind::Clawback { (was, is) } else { (is, was) };
        let moved = of.iter().find(|e| !other.contains(e)).or(of.first()).copied();
        let known = of.iter().find_map(|e| Some((*e, *reasons.get(&(*e, a.pack.clone()))?)));
        let (elder, (cause, since)) = match (known, moved) {
            (Some((elder, reason)), _) => (Some(elder), reason),
            (None, Some(elder)) if !members.contains(&elder) => (Some(elder), (Cause::Household, None)),
            (None, elder) => (elder, (Cause::Other, None)),
        };
        let outstanding = if a.kind == CorrectionKind::Clawback { std::mem::take(&mut left) } else { Fen::ZERO };
        let list: Vec<String> = a.months.iter().map(Month::to_string).collect();
        NewCorrection {
            id: CorrectionId(Default::default()),
            household: after.household,
            elder,
            group: after.group.clone(),
            pack: a.pack,
            quarter: after.quarter,
            region: after.region,
            account: after.account,
            kind: a.kind,
            months: list.join(","),
            posted: a.posted,
            outstanding,
            cause,
            since,
        }
    });
    rows.collect()
}

/// What is free on the purses from which something may have to be withdrawn.
async fn balances(tx: &Tx, due: &[Due]) -> Result<HashMap<AccountId, Fen>> {
    let shrinking = |d: &&Due| {
        d.purse.as_ref().is_some_and(|p| crate::model::shrinks(&p.lines, &d.targets) || p.overgrant > Fen::ZERO)
    };
    let ids: Vec<AccountId> =
        due.iter().filter(shrinking).filter_map(|d| d.purse.as_ref()).map(|p| p.account).collect();
    let found = books::service::accounts(tx, &ids).await?;
    Ok(found.into_iter().map(|(id, a)| (id, a.available())).collect())
}

/// A month somebody was entitled in who has since moved to another household stays with the household left, up to the
/// month of the move.
async fn keep_for_leavers(db: &Db, household: &HouseholdFacts, purse: &Purse, targets: &mut Targets) -> Result<()> {
    let gone = |who: &&ElderId| !household.members.iter().any(|m| m.elder == **who);
    for line in purse.lines.iter().filter(|l| l.target > Fen::ZERO) {
        let Some((_, target)) = targets.iter_mut().find(|(month, t)| *month == line.month && t.is_none()) else {
            continue;
        };
        for elder in line.who.iter().filter(gone) {
            if left(db, household, *elder).await?.is_some_and(|month| line.month <= month) {
                *target = Some(Target {
                    pack: line.pack.clone(),
                    amount: line.target,
                    from: line.from,
                    who: line.who.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The month in which an elder left this household for another; `None` where the archive is not in force any more.
async fn left(db: &Db, household: &HouseholdFacts, elder: ElderId) -> Result<Option<Month>> {
    let everywhere = Scope { region: household.region.at(Tier::Province), org: OrgScope::Any };
    let card = match people::service::card(db, &everywhere, elder).await {
        Err(Error::NotFound(_)) => return Ok(None),
        other => other?,
    };
    if card.id != elder || card.household == household.household {
        return Ok(None);
    }
    let changes = people::model::dated_changes(&people::service::history(db, &everywhere, elder).await?);
    let from = household.household.to_string();
    let passage = changes.iter().rev().find(|c| c.fact == FactKind::Household && c.old == from);
    Ok(passage.map(|c| c.on.month_of()))
}

struct Posting {
    purse: String,
    county: RegionCode,
    household: HouseholdId,
    step: crate::model::Step,
}

/// What a batch posts.
#[derive(Default)]
struct Postings {
    steps: Vec<Posting>,
    opened: Vec<(String, Purse)>,
    /// Before and after.
    changed: Vec<(Purse, Purse)>,
    corrections: Vec<NewCorrection>,
}

impl Postings {
    async fn write(mut self, tx: &Tx, db: &Db, actor: &Actor, report: &mut Report) -> Result<()> {
        let mut wanted: HashMap<String, NewAccount> = HashMap::new();
        for (code, p) in &self.opened {
            let account = NewAccount { kind: AccountKind::Purse, code: code.clone(), region: p.region, org: None };
            wanted.insert(code.clone(), account);
        }
        for s in &self.steps {
            let code = books::codes::fund(&s.county, &s.step.pack);
            let account = NewAccount { kind: AccountKind::Fund, code: code.clone(), region: s.county, org: None };
            wanted.insert(code, account);
        }
        let opened = books::service::open_many(tx, db, wanted.into_values().collect()).await?;
        let missing = || Error::Internal("an account was not opened".into());
        for (code, p) in &mut self.opened {
            p.account = *opened.get(code).ok_or_else(missing)?;
        }
        let mut accounts: HashMap<String, AccountId> =
            self.opened.iter().map(|(code, p)| (code.clone(), p.account)).collect();
        for (_, p) in &self.changed {
            accounts.insert(books::codes::purse(p.household, &p.group, p.quarter), p.account);
        }
        let mut commands = Vec::with_capacity(self.steps.len());
        for s in &self.steps {
            let fund = opened.get(&books::codes::fund(&s.county, &s.step.pack)).copied().ok_or_else(missing)?;
            let purse = accounts.get(&s.purse).copied().ok_or_else(missing)?;
            commands.push(s.command(tx, fund, purse)?);
            if s.step.amount > Fen::ZERO {
                report.granted += s.step.amount;
            } else {
                report.withdrawn += -s.step.amount;
            }
        }
        let opened: Vec<&Purse> = self.opened.iter().map(|(_, p)| p).collect();
        purses::insert(tx, &opened).await?;
        let mut tallies = PurseDeltas::default();
        for p in &opened {
            tallies.add(p.quarter, p.region, 1, p.granted());
        }
        for (before, p) in &self.changed {
            tallies.add(p.quarter, before.region, -1, -before.granted());
            tallies.add(p.quarter, p.region, 1, p.granted());
            purses::update(tx, p).await?;
        }
        tallies.write(tx).await?;
        for c in &mut self.corrections {
            c.id = db.new_id();
        }
        crate::store::corrections::insert(tx, self.corrections).await?;
        // A purse that an order took from between our look and the lock: the whole batch is done again.
        books::service::apply_all(tx, db, actor, &commands).await.map_err(Error::internal)?;
        Ok(())
    }
}

impl Posting {
    fn command(&self, tx: &Tx, fund: AccountId, purse: AccountId) -> Result<Command> {
        let crate::model::Step { month, pack, amount, revision } = &self.step;
        let (purpose, debit, credit) =
            if *amount > Fen::ZERO { (Purpose::Grant, fund, purse) } else { (Purpose::GrantWithdrawal, purse, fund) };
        let amount = Fen(amount.0.abs());
        let reference = DeterminationRef::new(format!("{}/{pack}/{month}", self.household))?;
        Ok(Command {
            key: Key::of(purpose, &[&self.household, pack, month, revision])?,
            at: tx.now(),
            reference: Reference::Determination(reference),
            action: Action::Post { purpose, debit, credit, amount },
        })
    }
}

/// Lines of a purse that pay on `day`.
pub(crate) fn paying(lines: &[Line], day: CivilDate) -> Option<&Line> {
    lines.iter().find(|l| l.month == day.month_of() && l.target > Fen::ZERO && l.from <= day)
}
