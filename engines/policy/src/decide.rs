//! Deciding one person under a pack on a day: compact, without allocation, with every condition's state kept.
use crate::facts::{Fact, FactSet, Facts, Value, View};
use crate::pack::{Grant, Join, Kind, Pack};
use crate::parameter::Setting;
use kernel::{CivilDate, Fen};
use serde::{Deserialize, Serialize};

/// Kleene's three truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    Met,
    Unmet,
    Unknown,
}

impl Truth {
    pub const fn zh(self) -> &'static str {
        match self {
            Truth::Met => "满足",
            Truth::Unmet => "不满足",
            Truth::Unknown => "缺资料",
        }
    }
}

/// The result of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Eligible,
    NotEligible,
    /// A fact is missing; the outcome says which.
    Unknown,
}

impl Verdict {
    pub const ALL: [Verdict; 3] = [Verdict::Eligible, Verdict::NotEligible, Verdict::Unknown];
    pub const fn code(self) -> &'static str {
        match self {
            Verdict::Eligible => "eligible",
            Verdict::NotEligible => "not_eligible",
            Verdict::Unknown => "unknown",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Verdict::Eligible => "符合",
            Verdict::NotEligible => "不符合",
            Verdict::Unknown => "缺资料",
        }
    }
    pub fn parse(code: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|v| v.code() == code)
    }
}

/// One decision in a few words of memory. The bits stand for the pack's conditions in order and mean that version of
/// the pack ([`Pack::version`]); [`PackOn::explain`] reads them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub verdict: Verdict,
    /// Index into [`Pack::classes`]: the class granted, or the one that could not be decided.
    pub class: Option<u8>,
    /// Conditions that are met.
    pub met: u64,
    /// Conditions that are not met. In neither: unknown.
    pub unmet: u64,
    /// The facts whose absence left the result open; empty unless the verdict is unknown.
    pub missing: FactSet,
}

impl Outcome {
    /// The state of condition `i`.
    pub fn truth(&self, i: usize) -> Truth {
        if self.met >> i & 1 == 1 {
            Truth::Met
        } else if self.unmet >> i & 1 == 1 {
            Truth::Unmet
        } else {
            Truth::Unknown
        }
    }
}

/// A pack fixed on a day, parameters resolved. Made by [`Pack::at`].
#[derive(Debug)]
pub struct PackOn<'p> {
    pub pack: &'p Pack,
    pub on: CivilDate,
    settings: Vec<Setting>,
}

impl<'p> PackOn<'p> {
    pub(crate) fn new(pack: &'p Pack, on: CivilDate, settings: Vec<Setting>) -> PackOn<'p> {
        PackOn { pack, on, settings }
    }
    pub(crate) fn view<'f>(&self, facts: &'f Facts) -> View<'f> {
        View::new(facts, self.on, &self.pack.place_prefix)
    }
    /// The value of a fact as this pack sees it on this day, derived facts included.
    pub fn value(&self, facts: &Facts, fact: Fact) -> Value {
        self.view(facts).get(fact)
    }
    /// The value of parameter `i` on this day.
    pub fn setting(&self, i: usize) -> Setting {
        self.settings[i]
    }
    pub(crate) fn settings(&self) -> &[Setting] {
        &self.settings
    }
    /// Decides one person.
    pub fn decide(&self, facts: &Facts) -> Outcome {
        self.decide_with(facts, |leaf, view| leaf.eval(view, &self.pack.parameters, &self.settings))
    }
    /// [`PackOn::decide`] with every leaf by the CEL interpreter: slower, the same result. For checking one against
    /// the other.
    pub fn decide_by_cel(&self, facts: &Facts) -> Outcome {
        self.decide_with(facts, |leaf, view| leaf.eval_cel(view, &self.pack.parameters, &self.settings))
    }

    fn decide_with(&self, facts: &Facts, eval: impl Fn(&crate::expr::Leaf, &View) -> Option<bool>) -> Outcome {
        let view = self.view(facts);
        let (mut met, mut unmet) = (0u64, 0u64);
        for (i, condition) in self.pack.conditions.iter().enumerate() {
            let truth = match &condition.kind {
                Kind::Leaf(leaf) if view.known & leaf.facts.0 == leaf.facts.0 => eval(leaf, &view),
                Kind::Leaf(_) => None,
                Kind::Assessment => self.assessed(&view),
                Kind::Group { join, mask, .. } => match join {
                    Join::All if unmet & mask != 0 => Some(false),
                    Join::All => (met & mask == *mask).then_some(true),
                    Join::Any if met & mask != 0 => Some(true),
                    Join::Any => (unmet & mask == *mask).then_some(false),
                    Join::AtLeast(n) => self.at_least(*n, met & mask, unmet & mask, *mask),
                },
            };
            match truth {
                Some(true) => met |= 1 << i,
                Some(false) => unmet |= 1 << i,
                None => {}
            }
        }
        let mut outcome = Outcome { verdict: Verdict::NotEligible, class: None, met, unmet, missing: FactSet::EMPTY };
        for (i, class) in self.pack.classes.iter().enumerate() {
            match outcome.truth(class.when) {
                Truth::Unmet => continue,
                Truth::Met => outcome.verdict = Verdict::Eligible,
                Truth::Unknown => {
                    outcome.verdict = Verdict::Unknown;
                    outcome.missing = self.missing(&view, &outcome, class.when);
                }
            }
            outcome.class = Some(i as u8);
            break;
        }
        outcome
    }

    /// Whether at least so many of `mask` are met: decided as soon as the open ones cannot change it.
    fn at_least(&self, parameter: usize, met: u64, unmet: u64, mask: u64) -> Option<bool> {
        let needed = self.int(parameter).unwrap_or(0);
        if i64::from(met.count_ones()) >= needed {
            return Some(true);
        }
        (i64::from(mask.count_ones() - unmet.count_ones()) < needed).then_some(false)
    }
    /// The value of an int parameter.
    pub(crate) fn int(&self, parameter: usize) -> Option<i64> {
        match self.settings[parameter] {
            Setting::Int(n) => Some(n),
            _ => None,
        }
    }

    /// The unknown facts under an unknown condition, following only what is open.
    fn missing(&self, view: &View, outcome: &Outcome, condition: usize) -> FactSet {
        let mut missing = FactSet::EMPTY;
        // Children stand before their parents, so one pass from the top reaches everything below.
        let mut open = 1u64 << condition;
        for i in (0..=condition).rev() {
            if open >> i & 1 == 0 || outcome.truth(i) != Truth::Unknown {
                continue;
            }
            match &self.pack.conditions[i].kind {
                Kind::Leaf(leaf) => missing.0 |= leaf.facts.0 & !view.known,
                Kind::Assessment => missing.0 |= self.assessment_missing(view).0,
                Kind::Group { mask, .. } => open |= mask,
            }
        }
        let recorded = missing.iter().fold(0, |set, fact| match fact.def().derived {
            true => set | (fact.bases().0 & !view.known),
            false => set | fact.bit(),
        });
        FactSet(recorded)
    }

    /// The grants of an outcome with their amount, unit amount or cap; none unless eligible.
    pub fn grants(&self, outcome: &Outcome) -> impl Iterator<Item = (&'p Grant, Fen)> {
        let class = outcome.class.filter(|_| outcome.verdict == Verdict::Eligible);
        let pack = self.pack;
        let grants = class.map_or(&[][..], |c| &pack.classes[usize::from(c)].grants);
        grants.iter().map(move |&g| (&pack.grants[g], self.base(&pack.grants[g].kind)))
    }
    /// What an outcome puts into purses for one month.
    pub fn monthly(&self, outcome: &Outcome) -> Fen {
        self.grants(outcome).filter(|(grant, _)| grant.kind.is_purse()).map(|(_, amount)| amount).sum()
    }
}
