//! Which months of a period a person, and a household, is entitled in.
//!
//! A person's facts change on days; purses are per month. A pack's month rules say which month counts for each cause of
//! a change. Packs of one group exclude each other, and a passage from one to another on a day (an 80th birthday, a new
//! hukou) leaves no gap and no double month: the month of the passage goes to the pack entered if that pack starts in
//! the same month, otherwise it stays with the pack left.
use crate::decide::{Outcome, PackOn, Verdict};
use crate::error::{FactError, Refusal};
use crate::facts::{Fact, FactSet, Facts, Value};
use crate::pack::Pack;
use crate::parameter::{HouseholdRule, MonthRule, Setting};
use kernel::{CivilDate, Fen, Month};

/// A fact that takes a new value on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub on: CivilDate,
    pub fact: Fact,
    pub value: Value,
}

/// One person's facts over time: what held from the beginning, and what changed on which day.
/// A death is the fact `death_date`; birthdays follow from `birth_date`. Facts that are themselves dates of a life, and
/// sex, have no history: a value learnt later is a correction and holds for every day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    base: Facts,
    /// In time order.
    changes: Vec<Change>,
}

impl Timeline {
    pub fn new(base: Facts) -> Timeline {
        Timeline { base, changes: Vec::new() }
    }
    /// Adds a change; of several on one day for one fact the last added holds.
    ///
    /// # Errors
    /// As [`Facts::set`].
    pub fn change(&mut self, on: CivilDate, fact: Fact, value: Value) -> Result<(), FactError> {
        if matches!(fact, Fact::BirthDate | Fact::DeathDate | Fact::Sex) {
            return self.base.set(fact, value);
        }
        Facts::new().set(fact, value)?;
        let at = self.changes.partition_point(|c| c.on <= on);
        self.changes.insert(at, Change { on, fact, value });
        Ok(())
    }
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
    /// The facts that hold on `day`.
    pub fn on(&self, day: CivilDate) -> Facts {
        let mut facts = self.base.clone();
        for change in self.changes.iter().take_while(|c| c.on <= day) {
            // Checked when it was added.
            let _ = facts.set(change.fact, change.value);
        }
        facts
    }
}

/// Whether a month counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthStatus {
    Entitled {
        /// Index into the packs asked about.
        pack: usize,
        /// Index into the pack's classes.
        class: u8,
        /// The sum of the class's grants for this month.
        amount: Fen,
        /// The day of the month whose facts and parameters decided.
        decided_on: CivilDate,
    },
    NotEntitled,
    /// These facts are missing.
    Unknown(FactSet),
}

/// One month of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonMonth {
    pub month: Month,
    pub status: MonthStatus,
}

/// Sorts packs into groups that exclude each other, each in order of precedence; a pack without a group stands alone,
/// its versions together.
pub fn groups(packs: &[Pack]) -> Vec<Vec<&Pack>> {
    let mut groups: Vec<Vec<&Pack>> = Vec::new();
    for pack in packs {
        let same = |g: &&mut Vec<&Pack>| {
            g.first().is_some_and(|p| p.id == pack.id || (pack.group.is_some() && p.group == pack.group))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(pack),
            None => groups.push(vec![pack]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|p| (p.precedence, p.effective_from));
    }
    groups
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// Before the days looked at.
    Beyond,
    Death,
    /// Hukou, residence or another recorded fact changed.
    Move,
    Birthday,
    /// The pack came into effect or lapsed, or a parameter changed.
    Pack,
    /// A fact became known or unknown.
    Knowledge,
}

/// A stretch of days on which nothing changes.
struct Segment {
    from: CivilDate,
    to: CivilDate,
    /// Why it begins.
    cause: Cause,
    facts: Facts,
}

/// An unbroken stretch of eligibility under one pack and class, and the months it counts for.
struct Stretch {
    pack: usize,
    class: u8,
    from: CivilDate,
    to: CivilDate,
    /// The first day that is no longer part of it.
    ends: Option<CivilDate>,
    first: Month,
    last: Month,
}

/// The months of `months` (ascending) one person is entitled in under `packs`, which exclude each other.
/// A function of facts and dates only: asking again, later or for a longer period, gives the same answer per month.
///
/// # Errors
/// A parameter without a value on a day that matters, or packs of different groups.
pub fn entitled_months(packs: &[&Pack], person: &Timeline, months: &[Month]) -> Result<Vec<PersonMonth>, Refusal> {
    if let [first, rest @ ..] = packs
        && let Some(other) = rest.iter().find(|p| p.id != first.id && (first.group.is_none() || p.group != first.group))
    {
        return Err(Refusal::DifferentGroups(first.title.clone(), other.title.clone()));
    }
    let (Some(&lowest), Some(&highest)) = (months.first(), months.last()) else { return Ok(Vec::new()) };
    // A start or an end one month earlier may still reach in by a rule "next".
    let window = (lowest.plus(-1).first_day().plus_days(-1), highest.last_day());
    let segments = segments(packs, person, window);
    let mut stretches = Vec::new();
    let mut unknown: Vec<(CivilDate, CivilDate, FactSet)> = Vec::new();
    for (index, pack) in packs.iter().enumerate() {
        let mut decided = Vec::with_capacity(segments.len());
        for segment in &segments {
            decided.push(decide(pack, segment)?);
        }
        for (segment, outcome) in segments.iter().zip(&decided) {
            if let Some(outcome) = outcome.as_ref().filter(|o| o.verdict == Verdict::Unknown) {
                unknown.push((segment.from, segment.to, outcome.missing));
            }
        }
        stretches.extend(stretches_of(index, pack, &segments, &decided)?);
    }
    hand_over(&mut stretches);
    months
        .iter()
        .map(|&month| Ok(PersonMonth { month, status: status(packs, person, &stretches, &unknown, month)? }))
        .collect()
}

fn segments(packs: &[&Pack], person: &Timeline, (low, high): (CivilDate, CivilDate)) -> Vec<Segment> {
    let mut starts: Vec<(CivilDate, Cause)> = vec![(low, Cause::Beyond)];
    let mut add = |day: CivilDate, cause: Cause| {
        if low < day && day <= high {
            starts.push((day, cause));
        }
    };
    for pack in packs {
        add(pack.effective_from, Cause::Pack);
        pack.effective_to.into_iter().for_each(|to| add(to.plus_days(1), Cause::Pack));
        for value in pack.parameters.iter().flat_map(|p| &p.values) {
            add(value.from, Cause::Pack);
            value.to.into_iter().for_each(|to| add(to.plus_days(1), Cause::Pack));
        }
    }
    for change in &person.changes {
        let before = person.on(change.on.plus_days(-1)).get(change.fact);
        let known = before != Value::Unknown && change.value != Value::Unknown;
        add(
            change.on,
            match (change.fact, known) {
                (Fact::Alive, true) => Cause::Death,
                (_, true) => Cause::Move,
                (_, false) => Cause::Knowledge,
            },
        );
    }
    let versions = std::iter::once(person.base.clone()).chain(person.changes.iter().map(|c| person.on(c.on)));
    for facts in versions {
        // An assessment begins to count on its day and runs out by itself, as a fact that is no longer known.
        facts.date(Fact::AssessedOn).into_iter().for_each(|day| add(day, Cause::Knowledge));
        for last in packs.iter().flat_map(|p| p.assessment_ends(&facts, low, high)) {
            add(last.plus_days(1), Cause::Knowledge);
        }
        facts.death_date().into_iter().for_each(|day| add(day, Cause::Death));
        if let Some(birth) = facts.birth_date() {
            for year in low.year()..=high.year() {
                add(birth.birthday(year - birth.year()), Cause::Birthday);
            }
        }
    }
    // Of several causes on one day the one named first in `Cause` holds.
    starts.sort_by_key(|(day, cause)| (*day, *cause as u8));
    starts.dedup_by_key(|(day, _)| *day);
    let ends = starts.iter().skip(1).map(|(day, _)| day.plus_days(-1)).chain([high]);
    let pairs = starts.iter().zip(ends);
    pairs.map(|(&(from, cause), to)| Segment { from, to, cause, facts: person.on(from) }).collect()
}

/// The outcome in a segment; none where the pack is not in effect.
fn decide(pack: &Pack, segment: &Segment) -> Result<Option<Outcome>, Refusal> {
    match pack.at(segment.from) {
        Ok(on) => Ok(Some(on.decide(&segment.facts))),
        Err(Refusal::NotInEffect { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// The class granted in a segment.
fn granted(outcome: &Option<Outcome>) -> Option<u8> {
    outcome.as_ref().filter(|o| o.verdict == Verdict::Eligible).and_then(|o| o.class)
}

fn rule(pack: &PackOn, which: usize) -> MonthRule {
    let parameter = pack.pack.month_rules.map(|rules| rules[which]);
    match parameter.map(|p| pack.setting(p)) {
        Some(Setting::Month(rule)) => rule,
        _ => MonthRule::Same,
    }
}

fn stretches_of(
    index: usize,
    pack: &Pack,
    segments: &[Segment],
    decided: &[Option<Outcome>],
) -> Result<Vec<Stretch>, Refusal> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut i = 0;
    while i < segments.len() {
        let Some(class) = granted(&decided[i]) else {
            i += 1;
            continue;
        };
        let begin = i;
        while i < segments.len() && granted(&decided[i]) == Some(class) {
            i += 1;
        }
        let (from, to) = (segments[begin].from, segments[i - 1].to);
        let was_eligible = begin > 0 && granted(&decided[begin - 1]).is_some();
        let was_unknown = begin > 0 && decided[begin - 1].is_some_and(|o| o.verdict == Verdict::Unknown);
        // A change of class within the pack starts where the class before it ended.
        let not_in_effect = begin > 0 && decided[begin - 1].is_none();
        let start = match segments[begin].cause {
            _ if was_unknown || was_eligible || not_in_effect => MonthRule::Same,
            Cause::Birthday => rule(&pack.at(from)?, 0),
            Cause::Move | Cause::Death => rule(&pack.at(from)?, 1),
            Cause::Beyond | Cause::Pack | Cause::Knowledge => MonthRule::Same,
        };
        let first = from.month_of().plus(start.offset());
        let ends = segments.get(i).map(|s| s.from);
        let becomes_unknown = decided.get(i).is_some_and(|o| o.is_some_and(|o| o.verdict == Verdict::Unknown));
        let becomes_other = decided.get(i).is_some_and(|o| granted(o).is_some());
        let last = match segments.get(i).map(|s| (s.from, s.cause)) {
            None => to.month_of(),
            Some(_) if becomes_unknown || decided[i].is_none() => to.month_of(),
            Some((day, _)) if becomes_other => day.month_of().plus(-1),
            Some((day, Cause::Birthday)) => day.month_of().plus(rule(&pack.at(to)?, 2).offset()),
            Some((day, Cause::Death)) => day.month_of().plus(rule(&pack.at(to)?, 3).offset()),
            Some((day, Cause::Move)) => day.month_of().plus(rule(&pack.at(to)?, 4).offset()),
            Some((_, Cause::Beyond | Cause::Pack | Cause::Knowledge)) => to.month_of(),
        };
        stretches.push(Stretch { pack: index, class, from, to, ends, first, last });
    }
    Ok(stretches)
}

/// Where one pack ends on the day another begins, the month of that day goes to exactly one of them.
fn hand_over(stretches: &mut [Stretch]) {
    for later in 0..stretches.len() {
        let Stretch { from, pack, first, .. } = stretches[later];
        for earlier in stretches.iter_mut().filter(|s| s.pack != pack && s.ends == Some(from)) {
            earlier.last = first.plus(-1);
        }
    }
}

fn status(
    packs: &[&Pack],
    person: &Timeline,
    stretches: &[Stretch],
    unknown: &[(CivilDate, CivilDate, FactSet)],
    month: Month,
) -> Result<MonthStatus, Refusal> {
    let covering = stretches.iter().filter(|s| s.first <= month && month <= s.last);
    if let Some(s) = covering.min_by_key(|s| (packs[s.pack].precedence, s.pack, std::cmp::Reverse(s.from))) {
        let decided_on = month.first_day().max(s.from).min(s.to);
        let on = packs[s.pack].at(decided_on)?;
        let outcome = on.decide(&person.on(decided_on));
        return Ok(MonthStatus::Entitled { pack: s.pack, class: s.class, amount: on.monthly(&outcome), decided_on });
    }
    let open = unknown.iter().filter(|(from, to, _)| *from <= month.last_day() && month.first_day() <= *to);
    let missing = FactSet(open.fold(0, |set, (_, _, missing)| set | missing.0));
    Ok(if missing.is_empty() { MonthStatus::NotEntitled } else { MonthStatus::Unknown(missing) })
}

/// One month of a household: one purse, however many of its members are entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HouseholdMonth {
    pub month: Month,
    /// Zero when nobody is entitled.
    pub amount: Fen,
    /// The pack whose standard applies.
    pub pack: Option<usize>,
    /// Indices of the members entitled in this month.
    pub entitled: Vec<usize>,
    /// Indices of the members who cannot be decided.
    pub unknown: Vec<usize>,
}

/// Puts the members' months of one household together. The months of all members must be the same, as
/// [`entitled_months`] gives them for one list of months. Where standards differ, the household rule of the pack with
/// the smallest precedence among them decides which one applies.
///
/// # Errors
/// A parameter without a value on a day that decided.
pub fn household_months(packs: &[&Pack], members: &[Vec<PersonMonth>]) -> Result<Vec<HouseholdMonth>, Refusal> {
    let count = members.iter().map(Vec::len).max().unwrap_or(0);
    (0..count)
        .map(|i| {
            let of_month = || members.iter().enumerate().filter_map(move |(m, months)| Some((m, *months.get(i)?)));
            let mut offers: Vec<(usize, usize, Fen, CivilDate)> = Vec::new();
            let mut unknown = Vec::new();
            for (member, person) in of_month() {
                match person.status {
                    MonthStatus::Entitled { pack, amount, decided_on, .. } => {
                        offers.push((member, pack, amount, decided_on));
                    }
                    MonthStatus::Unknown(_) => unknown.push(member),
                    MonthStatus::NotEntitled => {}
                }
            }
            let leading = offers.iter().min_by_key(|o| (packs[o.1].precedence, o.1));
            let rule = match leading {
                Some(&(_, pack, _, day)) => {
                    let on = packs[pack].at(day)?;
                    packs[pack].household_rule.map(|p| on.setting(p))
                }
                None => None,
            };
            let chosen = match rule {
                Some(Setting::Household(HouseholdRule::Lowest)) => offers.iter().min_by_key(|o| o.2),
                _ => offers.iter().max_by_key(|o| o.2),
            };
            let month = of_month().next().map(|(_, p)| p.month).unwrap_or(Month { year: 1970, month: 1 });
            Ok(HouseholdMonth {
                month,
                amount: chosen.map_or(Fen::ZERO, |o| o.2),
                pack: chosen.map(|o| o.1),
                entitled: offers.iter().map(|o| o.0).collect(),
                unknown,
            })
        })
        .collect()
}
