//! The months of a household's purse: what it should hold, and which postings bring it there.
use super::facts::{stay, timeline};
use kernel::{CivilDate, ElderId, Fen, Month};
use people::model::HouseholdFacts;
use policy::{MonthStatus, Pack, Refusal, entitled_months, household_months};
use serde::{Deserialize, Serialize};

/// What a household is entitled to in one month of one group of packs: one sum, however many of it are entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Id of the pack whose standard applies.
    pub pack: String,
    pub amount: Fen,
    /// First day of the month on which somebody of the household is entitled.
    pub from: CivilDate,
    /// Those entitled in the month.
    pub who: Vec<ElderId>,
}

/// The months asked about, each with what is due.
pub type Targets = Vec<(Month, Option<Target>)>;

/// One month of a purse under one pack, as stored. A month has two lines only where its pack was corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    #[serde(rename = "m")]
    pub month: Month,
    #[serde(rename = "p")]
    pub pack: String,
    #[serde(rename = "f")]
    pub from: CivilDate,
    /// What the household is entitled to.
    #[serde(rename = "t")]
    pub target: Fen,
    /// Granted less withdrawn.
    #[serde(rename = "n")]
    pub net: Fen,
    /// Of it, cleared at the quarter's end.
    #[serde(rename = "c", default)]
    pub cleared: Fen,
    /// Postings made so far: part of the next one's key.
    #[serde(rename = "r")]
    pub revision: u32,
    #[serde(rename = "w")]
    pub who: Vec<ElderId>,
}

/// One posting between the pack's fund and the purse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub month: Month,
    pub pack: String,
    /// Above zero: fund to purse; below zero: purse to fund.
    pub amount: Fen,
    pub revision: u32,
}

/// What a household should have in `months` (ascending) under the packs of one group. A member counts from the month
/// after joining from another household.
///
/// # Errors
/// A parameter without a value on a day that matters.
pub fn household_targets(packs: &[&Pack], household: &HouseholdFacts, months: &[Month]) -> Result<Targets, Refusal> {
    let mut members = Vec::with_capacity(household.members.len());
    for elder in &household.members {
        let mut own = entitled_months(packs, &timeline(elder, household), months)?;
        if let Some(first) = stay(elder, household.household) {
            for m in own.iter_mut().filter(|m| m.month < first) {
                m.status = MonthStatus::NotEntitled;
            }
        }
        members.push(own);
    }
    let due = household_months(packs, &members)?;
    // A household everyone has left has no months of its own, and still nothing is due in each of them.
    Ok(months
        .iter()
        .enumerate()
        .map(|(i, month)| {
            let due = due.get(i).filter(|d| d.amount > Fen::ZERO);
            let target = due.and_then(|d| Some((d, d.pack?))).map(|(d, pack)| Target {
                pack: packs[pack].id.clone(),
                amount: d.amount,
                from: d
                    .entitled
                    .iter()
                    .filter_map(|&m| first_day(&members[m][i].status))
                    .min()
                    .unwrap_or(month.first_day()),
                who: d.entitled.iter().map(|&m| household.members[m].elder).collect(),
            });
            (*month, target)
        })
        .collect())
}

fn first_day(status: &MonthStatus) -> Option<CivilDate> {
    match status {
        MonthStatus::Entitled { decided_on, .. } => Some(*decided_on),
        _ => None,
    }
}

fn lost(line: &Line) -> Fen {
    (line.net - line.target).max(Fen::ZERO)
}

/// Brings the lines of one purse to the targets and says which postings that takes.
///
/// - A month that is due is granted at once, known ahead or not, exactly up to its target.
/// - A month that is lost is withdrawn, the latest first, as far as `available` reaches; what is held or spent stays.
/// - What could not be withdrawn is set off against months gained in the same call, so that a household never has more
///   than the quarter's due because of a correction.
/// - With `grants` off (a quarter that is over) nothing is added.
///
/// `available` is asked for only when something was lost: see [`Line`]. Calling again with the result changes nothing.
pub fn settle(lines: &mut Vec<Line>, targets: &Targets, available: Fen, grants: bool) -> Vec<Step> {
    for line in lines.iter_mut() {
        let due = targets.iter().find(|(month, _)| *month == line.month);
        let Some((_, due)) = due else { continue };
        match due.as_ref().filter(|t| t.pack == line.pack) {
            Some(t) => {
                line.target = t.amount;
                line.from = t.from;
                line.who = t.who.clone();
            }
            None => {
                line.target = Fen::ZERO;
                line.who.clear();
            }
        }
    }
    for (month, due) in targets {
        let Some(t) = due else { continue };
        if !lines.iter().any(|l| l.month == *month && l.pack == t.pack) && grants {
            lines.push(Line {
                month: *month,
                pack: t.pack.clone(),
                from: t.from,
                target: t.amount,
                net: Fen::ZERO,
                cleared: Fen::ZERO,
                revision: 0,
                who: t.who.clone(),
            });
        }
    }
    lines.sort_by(|a, b| (a.month, &a.pack).cmp(&(b.month, &b.pack)));
    let mut steps = Vec::new();
    let mut room = available.max(Fen::ZERO);
    for line in lines.iter_mut().rev() {
        let take = lost(line).min(room).min(line.net - line.cleared);
        if take > Fen::ZERO {
            room -= take;
            step(line, -take, &mut steps);
        }
    }
    if grants {
        let mut owed_back: Fen = lines.iter().map(lost).sum();
        for line in lines.iter_mut() {
            let gain = (line.target - line.net).max(Fen::ZERO);
            let set_off = gain.min(owed_back);
            owed_back -= set_off;
            if gain > set_off {
                step(line, gain - set_off, &mut steps);
            }
        }
    }
    steps
}

fn step(line: &mut Line, amount: Fen, steps: &mut Vec<Step>) {
    line.net += amount;
    line.revision += 1;
    steps.push(Step { month: line.month, pack: line.pack.clone(), amount, revision: line.revision });
}

/// Whether [`settle`] may have to withdraw, so that the purse's balance must be known.
pub(crate) fn shrinks(lines: &[Line], targets: &Targets) -> bool {
    lines.iter().any(|line| {
        let due = targets.iter().find(|(month, _)| *month == line.month);
        due.is_some_and(|(_, due)| {
            let target = due.as_ref().filter(|t| t.pack == line.pack).map_or(Fen::ZERO, |t| t.amount);
            line.net > target
        })
    })
}

/// What was held or spent beyond what the household was entitled to: for the list of what to claim back.
pub fn overgrant(lines: &[Line], available: Fen) -> Fen {
    let gone: Fen = lines.iter().map(|l| l.net - l.cleared).sum::<Fen>() - available;
    let due: Fen = lines.iter().map(|l| l.target).sum();
    (gone - due).max(Fen::ZERO)
}

/// How `rest` goes back to the packs it came from: the latest month's money is the money that is left.
pub fn shares(lines: &[Line], rest: Fen) -> Vec<(String, Fen)> {
    let mut left = rest;
    let mut out: Vec<(String, Fen)> = Vec::new();
    for line in lines.iter().rev() {
        let take = (line.net - line.cleared).min(left).max(Fen::ZERO);
        if take.is_zero() {
            continue;
        }
        left -= take;
        match out.iter_mut().find(|(pack, _)| *pack == line.pack) {
            Some((_, sum)) => *sum += take,
            None => out.push((line.pack.clone(), take)),
        }
    }
    out
}

/// Writes down that `amount` went back to `pack`'s fund at the quarter's end.
pub(crate) fn mark_cleared(lines: &mut [Line], pack: &str, amount: Fen) {
    let mut left = amount;
    for line in lines.iter_mut().rev().filter(|l| l.pack == pack) {
        let part = (line.net - line.cleared).min(left).max(Fen::ZERO);
        line.cleared += part;
        left -= part;
    }
}
