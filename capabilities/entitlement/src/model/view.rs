//! What others and the pages see.
use kernel::{AccountId, CivilDate, ElderId, Fen, HouseholdId, Instant, Month, Quarter, RegionCode};
use policy::{Counterfactual, Explanation, Facts, Verdict};
use serde::{Deserialize, Serialize};

/// A purse with what is on it, as far as it may pay for a service on the day asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurseView {
    pub household: HouseholdId,
    /// The group of packs that share this purse.
    pub group: String,
    /// The pack whose standard applies in the month of the day.
    pub pack_id: String,
    pub pack_title: String,
    /// The article the grant rests on.
    pub article: String,
    pub quarter: Quarter,
    /// The months of the quarter that were granted, in order: those before somebody was entitled are missing.
    pub months: Vec<Month>,
    /// First day of the month on which somebody of the household is entitled.
    pub from: CivilDate,
    /// Those entitled in the month.
    pub who: Vec<ElderId>,
    /// Granted for the quarter, less what was withdrawn.
    pub granted: Fen,
    /// Taken by confirmed orders.
    pub used: Fen,
    /// Kept for orders that are not confirmed yet.
    pub held: Fen,
    pub available: Fen,
    pub account: AccountId,
}

impl PurseView {
    /// The granted months in words: `10–12 月`, `12 月`, `10、12 月`.
    pub fn months_zh(&self) -> String {
        let numbers: Vec<String> = self.months.iter().map(|m| m.month.to_string()).collect();
        let unbroken = self.months.windows(2).all(|pair| pair[0].next() == pair[1]);
        match numbers.as_slice() {
            [first, .., last] if unbroken => format!("{first}–{last} 月"),
            all => format!("{} 月", all.join("、")),
        }
    }
}

/// A determination with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeterminationView {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub pack: String,
    pub title: String,
    pub verdict: Verdict,
    pub monthly: Fen,
    pub since: CivilDate,
    /// Last day; open while `None`.
    pub until: Option<CivilDate>,
    /// The first day it will no longer hold, if nothing else changes.
    pub ends_on: Option<CivilDate>,
    /// The pack of the same group held before (or this one, under another text or amount), where this is a passage and
    /// not a beginning.
    pub passed_from: Option<String>,
    /// The pack in force that gives instead, where this one is met but gives way to it.
    pub displaced_by: Option<String>,
    /// What would have to change, where somebody is not eligible today.
    pub counterfactual: Option<Counterfactual>,
    pub recorded_at: Instant,
    /// When it turned out to have been wrong.
    pub superseded_at: Option<Instant>,
    /// Rebuilt from what was stored: outcome, facts and the text of the pack as it was.
    pub explanation: Explanation,
    /// The facts it rests on, as recorded.
    pub facts: Facts,
}

impl DeterminationView {
    pub fn eligible(&self) -> bool {
        self.verdict == Verdict::Eligible
    }
}

/// A row of the list of those entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElderRow {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub region: RegionCode,
    pub pack: String,
    /// A fact is missing before it can be decided.
    pub unknown: bool,
    pub monthly: Fen,
    pub since: CivilDate,
    pub ends_on: Option<CivilDate>,
    pub passed_from: Option<String>,
}

store::words! {
    /// Where a purse stands.
    PurseState {
        /// Its quarter has not been cleared.
        Open "open" "在用",
        /// Cleared but for what open orders hold.
        Waiting "waiting" "等工单办完",
        /// Cleared.
        Closed "closed" "已清零",
    }
}

/// A row of the list of purses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PurseRow {
    pub household: HouseholdId,
    pub group: String,
    /// The latest month's pack.
    pub pack: String,
    pub quarter: Quarter,
    pub region: RegionCode,
    pub account: AccountId,
    /// Names of those entitled; empty where the archive lies outside the viewer's scope.
    pub who: Vec<(ElderId, String)>,
    pub months: i64,
    pub granted: Fen,
    pub used: Fen,
    pub held: Fen,
    pub available: Fen,
    pub cleared: Fen,
    /// Held or spent beyond what was due.
    pub overgrant: Fen,
    pub state: PurseState,
}

/// How a purse is drawn: whole percents and what is said to those who cannot see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    pub used_pct: i64,
    pub held_pct: i64,
    pub say: String,
}

impl Meter {
    pub fn of(granted: Fen, used: Fen, held: Fen, left: Fen) -> Meter {
        let whole = granted.0.max(used.0 + held.0 + left.0).max(1);
        let pct = |part: Fen| (part.0.max(0) * 100 + whole / 2) / whole;
        let used_pct = pct(used).min(100);
        Meter {
            used_pct,
            held_pct: pct(held).min(100 - used_pct),
            say: format!("额度 {granted}，已用 {used}，已预约 {held}，可用 {left}"),
        }
    }
}

/// What a determination run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub households: i64,
    /// Persons × packs looked at.
    pub decisions: i64,
    /// Determinations added.
    pub added: i64,
    /// Determinations that ended.
    pub ended: i64,
    /// Determinations that turned out wrong.
    pub superseded: i64,
    pub granted: Fen,
    pub withdrawn: Fen,
}

impl std::ops::AddAssign for Report {
    fn add_assign(&mut self, o: Report) {
        self.households += o.households;
        self.decisions += o.decisions;
        self.added += o.added;
        self.ended += o.ended;
        self.superseded += o.superseded;
        self.granted += o.granted;
        self.withdrawn += o.withdrawn;
    }
}

impl Report {
    /// Nothing was written.
    pub fn unchanged(&self) -> bool {
        self.added == 0 && self.ended == 0 && self.superseded == 0 && self.granted.is_zero() && self.withdrawn.is_zero()
    }
}

/// How many determinations in force say what, for one region and pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    pub eligible: i64,
    pub unknown: i64,
}

/// The figures desks show; each leads to its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entitled elders.
    pub entitled: i64,
    /// Entitled since this month, passages between packs of a group not counted.
    pub newly: i64,
    /// Entitlement ends within [`crate::service::SOON_DAYS`] days, if nothing else changes.
    pub ending: i64,
    /// A fact is missing before it can be decided.
    pub unknown: i64,
    /// Purses of the quarter.
    pub purses: i64,
    /// Granted in the quarter.
    pub granted: Fen,
}
