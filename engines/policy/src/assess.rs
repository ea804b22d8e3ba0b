//! The assessment a pack stands on: which standards it accepts, how long a result counts, and what a missing or expired
//! one means.
use crate::decide::PackOn;
use crate::facts::{Fact, FactSet, FactType, Facts, Value, View};
use crate::pack::Pack;
use kernel::CivilDate;
use serde::Serialize;

/// What holds while there is no assessment that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// Open: the outcome names the assessment as what is missing.
    Unknown,
    /// The condition is not met.
    NotEligible,
}

impl Lapse {
    pub const fn code(self) -> &'static str {
        match self {
            Lapse::Unknown => "unknown",
            Lapse::NotEligible => "not_eligible",
        }
    }
    pub fn parse(code: &str) -> Option<Lapse> {
        [Lapse::Unknown, Lapse::NotEligible].into_iter().find(|l| l.code() == code)
    }
    const fn truth(self) -> Option<bool> {
        match self {
            Lapse::Unknown => None,
            Lapse::NotEligible => Some(false),
        }
    }
}

/// The assessment a pack requires.
#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    /// Index into [`crate::Pack::conditions`].
    pub condition: usize,
    /// Codes of the standards accepted, as in the fact `assessment_standard`.
    pub standards: Vec<&'static str>,
    /// Index of the int parameter: a result counts for so many months from its day, if it does not itself end sooner.
    pub valid_months: Option<usize>,
    /// No assessment is recorded, or only one by another standard, or one after the day decided for.
    pub missing: Lapse,
    /// The last one has run out.
    pub expired: Lapse,
    #[serde(skip)]
    pub(crate) accepted: u32,
}

/// The facts an assessment condition reads.
pub(crate) const FACTS_READ: FactSet =
    FactSet(Fact::AssessmentStandard.bit() | Fact::AssessedOn.bit() | Fact::AssessmentValidUntil.bit());

/// Where an assessment stands on a day.
enum Standing {
    Counts,
    Missing,
    Expired,
}

impl Pack {
    /// The last days, inside a period, of an assessment under the parameters in force in it: where a decision may turn
    /// although nothing was recorded.
    pub fn assessment_ends(&self, facts: &Facts, from: CivilDate, to: CivilDate) -> Vec<CivilDate> {
        let Some(rule) = &self.assessment else { return Vec::new() };
        let mut days = vec![from];
        let values = rule.valid_months.and_then(|p| self.parameters.get(p)).into_iter().flat_map(|p| &p.values);
        days.extend(values.map(|v| v.from).filter(|day| from < *day && *day <= to));
        let ends = days.into_iter().filter_map(|day| self.at(day).ok()?.assessment_until(facts));
        ends.filter(|last| from <= last.plus_days(1) && *last <= to).collect()
    }
}

impl PackOn<'_> {
    /// The last day on which the recorded assessment counts for this pack; none without an assessment rule, without an
    /// assessment, or where nothing limits it.
    pub fn assessment_until(&self, facts: &Facts) -> Option<CivilDate> {
        self.counts_until(facts.date(Fact::AssessedOn)?, facts.date(Fact::AssessmentValidUntil))
    }

    fn counts_until(&self, assessed: CivilDate, own: Option<CivilDate>) -> Option<CivilDate> {
        let rule = self.pack.assessment.as_ref()?;
        let months = rule.valid_months.and_then(|p| self.int(p)).and_then(|n| u16::try_from(n).ok());
        let by_months = months.map(|n| assessed.last_day_of_months(n));
        match (by_months, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn standing(&self, view: &View) -> Standing {
        let Some(rule) = &self.pack.assessment else { return Standing::Missing };
        let Value::Code(standard) = view.get(Fact::AssessmentStandard) else { return Standing::Missing };
        let Value::Date(assessed) = view.get(Fact::AssessedOn) else { return Standing::Missing };
        if rule.accepted >> standard & 1 == 0 || view.on < assessed {
            return Standing::Missing;
        }
        let own = match view.get(Fact::AssessmentValidUntil) {
            Value::Date(day) => Some(day),
            _ => None,
        };
        match self.counts_until(assessed, own) {
            Some(last) if last < view.on => Standing::Expired,
            _ => Standing::Counts,
        }
    }

    /// The truth of the assessment condition.
    pub(crate) fn assessed(&self, view: &View) -> Option<bool> {
        let rule = self.pack.assessment.as_ref()?;
        match self.standing(view) {
            Standing::Counts => Some(true),
            Standing::Missing => rule.missing.truth(),
            Standing::Expired => rule.expired.truth(),
        }
    }

    /// What has to be recorded while the assessment condition is open. An assessment that does not count is missing
    /// although one is recorded: a new one is what is needed.
    pub(crate) fn assessment_missing(&self, view: &View) -> FactSet {
        let needed = Fact::AssessmentStandard.bit() | Fact::AssessedOn.bit();
        match needed & !view.known {
            0 => FactSet(Fact::AssessedOn.bit()),
            open => FactSet(open),
        }
    }
}

/// The bits of standards by code.
pub(crate) fn standard(code: &str) -> Option<(&'static str, u32)> {
    let FactType::Code(codes) = Fact::AssessmentStandard.ty() else { return None };
    codes.iter().enumerate().find(|(_, (c, _))| *c == code).map(|(i, (c, _))| (*c, 1 << i))
}
