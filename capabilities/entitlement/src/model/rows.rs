//! Determinations over time: what holds from which day, and what has to change in the store so that it says so.
//!
//! **Invariant**: a stored determination is never edited. When time passes, the row in force gets its last day; when the
//! past turns out to have been different, the wrong row is marked superseded and the right one is added beside it.
use crate::packs::Versions;
use kernel::{CivilDate, Fen, Result};
use policy::{Fact, FactSet, Outcome, Refusal, Timeline, Value, Verdict};

/// A determination of one person under one pack, in force from a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub since: CivilDate,
    /// Last day; open while `None`.
    pub until: Option<CivilDate>,
    pub outcome: Outcome,
    /// What is granted a month; zero unless eligible.
    pub monthly: Fen,
    /// The facts the pack's conditions read, as compact JSON: with the pack's text all that an explanation needs.
    pub facts: String,
    /// [`Pack::version`]: the outcome's bits mean that text.
    pub version: u64,
}

impl Decided {
    /// Everything but the days is equal.
    pub fn same(&self, other: &Decided) -> bool {
        self.outcome == other.outcome
            && self.monthly == other.monthly
            && self.version == other.version
            && self.facts == other.facts
    }
}

/// A stored determination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub decided: Decided,
    /// Counts up where a day's determination was replaced.
    pub revision: i64,
    pub superseded: bool,
}

/// What has to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Rows by (first day, revision) that get another last day.
    pub close: Vec<(CivilDate, i64, Option<CivilDate>)>,
    /// Rows by (first day, revision) that turned out wrong.
    pub supersede: Vec<(CivilDate, i64)>,
    /// Rows to add with their revision.
    pub insert: Vec<(Decided, i64)>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.close.is_empty() && self.supersede.is_empty() && self.insert.is_empty()
    }
}

/// The facts somebody has to record for the conditions of a version of `pack`: derived facts stand for what they are worked out from.
pub(crate) fn read_by(pack: &policy::Pack) -> FactSet {
    let facts = pack.conditions.iter().flat_map(|c| c.facts().iter().collect::<Vec<_>>());
    facts
        .flat_map(|f| match f {
            Fact::Age => vec![Fact::BirthDate],
            Fact::InLocalHukou => vec![Fact::HukouRegion],
            Fact::InLocalResidence => vec![Fact::ResidenceRegion],
            Fact::Alive => vec![Fact::Alive, Fact::DeathDate],
            other => vec![other],
        })
        .collect()
}

/// The known ones of `used` on `day` as a JSON object in the order of the table of facts. A death to come is no fact of
/// the days before it: a notice of it ends what held, and does not change it.
fn compact(facts: &policy::Facts, used: FactSet, day: CivilDate) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(96);
    out.push('{');
    for fact in used.iter() {
        let value = facts.get(fact);
        let to_come = fact == Fact::DeathDate && facts.death_date().is_some_and(|death| day < death);
        if value == Value::Unknown || to_come {
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        let codes = fact.ty().codes();
        let word = |i: usize| codes.get(i).map_or("", |(code, _)| *code);
        // Writing to a string does not fail; codes, dates and digits need no escapes.
        let _ = write!(out, "\"{}\":", fact.name());
        let _ = match value {
            Value::Bool(b) => write!(out, "{b}"),
            Value::Int(n) => write!(out, "{n}"),
            Value::Date(d) => write!(out, "\"{d}\""),
            Value::Region(r) => write!(out, "\"{r}\""),
            Value::Code(c) => write!(out, "\"{}\"", word(usize::from(c))),
            Value::Set(s) => {
                let names: Vec<String> =
                    (0..32).filter(|i| s >> i & 1 == 1).map(|i| format!("\"{}\"", word(i))).collect();
                write!(out, "[{}]", names.join(","))
            }
            Value::Unknown => Ok(()),
        };
    }
    out.push('}');
    out
}

/// The days on which a decision may turn, inside `(after, to]`: changes, birthdays, death, the first and the last day of
/// an assessment, the pack's own dates.
fn turns(versions: Versions<'_>, person: &Timeline, after: CivilDate, to: CivilDate) -> Vec<CivilDate> {
    let mut days = Vec::new();
    let mut add = |day: CivilDate| {
        if after < day && day <= to {
            days.push(day);
        }
    };
    for pack in versions.all() {
        add(pack.effective_from);
        pack.effective_to.into_iter().for_each(|d| add(d.plus_days(1)));
        for value in pack.parameters.iter().flat_map(|p| &p.values) {
            add(value.from);
            value.to.into_iter().for_each(|d| add(d.plus_days(1)));
        }
    }
    person.changes().iter().for_each(|c| add(c.on));
    for pack in versions.all().iter().filter(|p| p.assessment.is_some()) {
        let versions = person.changes().iter().filter(|c| after < c.on && c.on <= to).map(|c| person.on(c.on));
        for facts in std::iter::once(person.on(after)).chain(versions) {
            if let Value::Date(assessed) = facts.get(Fact::AssessedOn) {
                add(assessed);
            }
            pack.assessment_ends(&facts, after, to).into_iter().for_each(|last| add(last.plus_days(1)));
        }
    }
    let facts = person.on(to);
    facts.death_date().into_iter().for_each(&mut add);
    if let Some(birth) = facts.birth_date() {
        for year in after.year()..=to.year() {
            add(birth.birthday(year - birth.year()));
        }
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// The decision on one day; `None` while the pack is not in effect.
fn on_day(versions: Versions<'_>, person: &Timeline, day: CivilDate) -> Result<Option<Decided>, Refusal> {
    let pack = versions.on(day);
    match pack.at(day) {
        Ok(on) => {
            let facts = person.on(day);
            let outcome = on.decide(&facts);
            let facts = compact(&facts, read_by(pack), day);
            let monthly = on.monthly(&outcome);
            Ok(Some(Decided { since: day, until: None, outcome, monthly, facts, version: pack.version }))
        }
        Err(Refusal::NotInEffect { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// What held from `from` to `to`, oldest first, one entry for each stretch without a difference. The last is open.
///
/// # Errors
/// A parameter without a value on one of the days.
pub fn decided(
    versions: Versions<'_>,
    person: &Timeline,
    from: CivilDate,
    to: CivilDate,
) -> Result<Vec<Decided>, Refusal> {
    let mut out: Vec<Decided> = Vec::with_capacity(2);
    let mut in_force = false;
    for day in std::iter::once(from).chain(turns(versions, person, from, to)) {
        let now = on_day(versions, person, day)?;
        match (now, out.last_mut().filter(|_| in_force)) {
            (Some(now), Some(last)) if last.same(&now) => {}
            (now, last) => {
                if let Some(last) = last {
                    last.until = Some(day.plus_days(-1));
                }
                in_force = now.is_some();
                out.extend(now);
            }
        }
    }
    Ok(out)
}

/// The day a decision that holds on `from` began by the facts, found by looking back over the days it could have turned.
pub(crate) fn began(versions: Versions<'_>, person: &Timeline, from: &Decided) -> CivilDate {
    let first = versions.all()[0].effective_from;
    let earliest = person.on(from.since).birth_date().unwrap_or(first).max(first);
    let mut since = from.since;
    let facts = person.on(from.since);
    // Whoever has no changes behind has the same facts on every day before: only the days' ages and parameters differ.
    let still = facts.death_date().is_none() && person.changes().iter().all(|c| c.on > from.since);
    let same_before = |day: CivilDate| {
        let before = day.plus_days(-1);
        if still {
            return versions.at(before).is_ok_and(|on| {
                let outcome = on.decide(&facts);
                on.pack.version == from.version && outcome == from.outcome && on.monthly(&outcome) == from.monthly
            });
        }
        matches!(on_day(versions, person, before), Ok(Some(before)) if before.same(from))
    };
    if since <= earliest || !same_before(since) {
        return since;
    }
    for day in turns(versions, person, earliest.plus_days(-1), from.since.plus_days(-1)).into_iter().rev() {
        since = day;
        if !same_before(day) {
            break;
        }
    }
    since
}

/// How far ahead an end is looked for: nobody's entitlement is planned beyond this age.
const OLDEST: i16 = 120;

/// The first day after `from.since` on which somebody eligible will no longer be, if nothing else changes.
pub(crate) fn ends(versions: Versions<'_>, person: &Timeline, from: &Decided) -> Option<CivilDate> {
    if from.outcome.verdict != Verdict::Eligible {
        return None;
    }
    let birth = person.on(from.since).birth_date()?;
    let goes_on = |day: CivilDate| {
        let on = versions.at(day);
        on.is_ok_and(|on| on.decide(&person.on(day)).verdict == Verdict::Eligible)
    };
    turns(versions, person, from.since, birth.birthday(OLDEST)).into_iter().find(|&day| !goes_on(day))
}

/// Compares what is stored with what should hold from `anchor` to `today`. Rows that ended before `anchor` are not
/// looked at; `decided` begins on `anchor`.
///
/// Where a row was decided by a text that is none of `texts` (the fingerprints of the versions in force), that text ruled
/// until today: only what holds from today on is compared, and the past keeps the text it was decided by.
pub fn sync(stored: &[Held], decided: &[Decided], texts: &[u64], anchor: CivilDate, today: CivilDate) -> Plan {
    let live = |anchor: CivilDate| {
        stored.iter().filter(move |h| !h.superseded && h.decided.until.is_none_or(|until| anchor <= until))
    };
    let mut anchor = anchor;
    if !decided.is_empty() && live(anchor).any(|h| !texts.contains(&h.decided.version)) {
        let by_these = live(anchor).filter(|h| texts.contains(&h.decided.version)).map(|h| h.decided.since).min();
        anchor = anchor.max(by_these.unwrap_or(today));
    }
    let wanted: Vec<Decided> = decided
        .iter()
        .filter(|d| d.until.is_none_or(|until| anchor <= until))
        .map(|d| Decided { since: d.since.max(anchor), ..d.clone() })
        .collect();
    let mut plan = Plan::default();
    let mut matched = vec![false; wanted.len()];
    for held in live(anchor) {
        let since = held.decided.since;
        let found = wanted.iter().position(|d| since.max(anchor) == d.since && d.same(&held.decided));
        match found.filter(|&i| !matched[i]) {
            Some(i) => {
                matched[i] = true;
                if held.decided.until != wanted[i].until {
                    plan.close.push((since, held.revision, wanted[i].until));
                }
            }
            None if since < anchor => plan.close.push((since, held.revision, Some(anchor.plus_days(-1)))),
            None => plan.supersede.push((since, held.revision)),
        }
    }
    for (d, _) in wanted.into_iter().zip(matched).filter(|(_, matched)| !matched) {
        let last = stored.iter().filter(|h| h.decided.since == d.since).map(|h| h.revision).max();
        plan.insert.push((d, last.map_or(0, |r| r + 1)));
    }
    plan
}
