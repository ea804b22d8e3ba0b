//! What is to be planned, checked once when it is built.
use std::fmt;

/// Most patients one problem may have.
pub const MAX_PATIENTS: usize = 5_000;
/// Most carers one problem may have.
pub const MAX_CARERS: usize = 1_000;
/// Most kinds of service.
pub const MAX_SERVICES: usize = 64;
/// Latest moment and longest gap, in ticks: about 29 years of minutes at ten million ticks a minute would be too long to
/// add up safely, so a problem stays far below.
pub const MAX_TICKS: i64 = 1 << 40;

/// What one patient needs on the day. Services are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    One(usize),
    /// Two services by two different carers: the second starts at least `min_gap` and at most `max_gap` ticks after the
    /// first; 0 and 0 mean together.
    Two {
        first: usize,
        second: usize,
        min_gap: i64,
        max_gap: i64,
    },
}

impl Needs {
    pub fn services(self) -> impl Iterator<Item = usize> {
        let (a, b) = match self {
            Needs::One(s) => (s, None),
            Needs::Two { first, second, .. } => (first, Some(second)),
        };
        std::iter::once(a).chain(b)
    }
}

/// One patient: no service starts before `earliest` (hard); each service starting after `latest` is late by the difference
/// (soft, paid in the objective).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patient {
    pub earliest: i64,
    pub latest: i64,
    pub needs: Needs,
}

/// The parts of a problem before they are checked. All times in ticks; how long a tick is, is the caller's choice.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub services: usize,
    pub patients: Vec<Patient>,
    /// Per carer and service: may do it.
    pub skills: Vec<Vec<bool>>,
    /// Square table over the office (0) and the patients (1…): row from, column to.
    pub travel: Vec<Vec<u32>>,
    /// Per patient, carer and service, in this order of nesting.
    pub durations: Vec<u32>,
}

/// Why a problem cannot be planned. Patients and carers are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("more than {limit} {what}")]
    TooMany { what: &'static str, limit: usize },
    #[error("{what} has {got} entries, expected {expected}")]
    Shape { what: &'static str, got: usize, expected: usize },
    #[error("{}", List(.0))]
    Patients(Vec<Impossible>),
}

/// Why one patient cannot be served whatever the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("patient {patient}: no carer can do service {service}")]
    NoSkill { patient: usize, service: usize },
    #[error("patient {patient}: services {first} and {second} need two carers, only one can do either")]
    OneCarerForTwo { patient: usize, first: usize, second: usize },
    #[error("patient {patient}: the gap can be neither at least {min_gap} nor at most {max_gap}")]
    Gap { patient: usize, min_gap: i64, max_gap: i64 },
    #[error("patient {patient}: window from {earliest} to {latest} is empty or out of range")]
    Window { patient: usize, earliest: i64, latest: i64 },
    #[error("patient {patient}: service {service} does not exist")]
    UnknownService { patient: usize, service: usize },
}

impl Impossible {
    pub fn patient(self) -> usize {
        match self {
            Impossible::NoSkill { patient, .. }
            | Impossible::OneCarerForTwo { patient, .. }
            | Impossible::Gap { patient, .. }
            | Impossible::Window { patient, .. }
            | Impossible::UnknownService { patient, .. } => patient,
        }
    }
}

struct List<'a>(&'a [Impossible]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, one) in self.0.iter().enumerate() {
            write!(f, "{}{one}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// A problem that has a plan: every patient can be served by somebody. Lateness is soft, so nothing else can fail.
#[derive(Clone, Debug)]
pub struct Problem {
    draft: Draft,
}

impl Problem {
    /// # Errors
    /// Sizes beyond the limits, tables of the wrong shape, and every patient nobody can serve, all at once.
    pub fn new(draft: Draft) -> Result<Problem, Refusal> {
        let (n, m, s) = (draft.patients.len(), draft.skills.len(), draft.services);
        for (what, got, limit) in
            [("patients", n, MAX_PATIENTS), ("carers", m, MAX_CARERS), ("services", s, MAX_SERVICES)]
        {
            if got > limit {
                return Err(Refusal::TooMany { what, limit });
            }
        }
        let shape = |what, got, expected| match got == expected {
            true => Ok(()),
            false => Err(Refusal::Shape { what, got, expected }),
        };
        shape("travel table", draft.travel.len(), n + 1)?;
        for row in &draft.travel {
            shape("row of the travel table", row.len(), n + 1)?;
        }
        for row in &draft.skills {
            shape("row of the skill table", row.len(), s)?;
        }
        shape("table of durations", draft.durations.len(), n * m * s)?;
        let bad: Vec<Impossible> =
            draft.patients.iter().enumerate().filter_map(|(i, p)| impossible(&draft, i, p)).collect();
        if bad.is_empty() { Ok(Problem { draft }) } else { Err(Refusal::Patients(bad)) }
    }

    pub fn patients(&self) -> &[Patient] {
        &self.draft.patients
    }
    pub fn carers(&self) -> usize {
        self.draft.skills.len()
    }
    pub fn services(&self) -> usize {
        self.draft.services
    }
    /// Whether the carer may do the service; `false` for a carer or service that does not exist.
    pub fn can(&self, carer: usize, service: usize) -> bool {
        self.draft.skills.get(carer).and_then(|row| row.get(service)).copied().unwrap_or(false)
    }
    /// Ticks from one place to another; place 0 is the office, place p + 1 is patient p. Both must exist.
    pub fn travel(&self, from: usize, to: usize) -> i64 {
        i64::from(self.draft.travel[from][to])
    }
    /// Ticks the carer needs for the service at this patient. All three must exist.
    pub fn duration(&self, patient: usize, carer: usize, service: usize) -> i64 {
        i64::from(self.draft.durations[(patient * self.carers() + carer) * self.draft.services + service])
    }
}

fn impossible(draft: &Draft, patient: usize, p: &Patient) -> Option<Impossible> {
    if p.earliest < 0 || p.latest < p.earliest || p.latest > MAX_TICKS {
        return Some(Impossible::Window { patient, earliest: p.earliest, latest: p.latest });
    }
    if let Some(service) = p.needs.services().find(|&s| s >= draft.services) {
        return Some(Impossible::UnknownService { patient, service });
    }
    let who = |service: usize| draft.skills.iter().enumerate().filter(move |(_, row)| row[service]).map(|(c, _)| c);
    if let Some(service) = p.needs.services().find(|&s| who(s).next().is_none()) {
        return Some(Impossible::NoSkill { patient, service });
    }
    let Needs::Two { first, second, min_gap, max_gap } = p.needs else { return None };
    if min_gap < 0 || max_gap > MAX_TICKS || min_gap > max_gap {
        return Some(Impossible::Gap { patient, min_gap, max_gap });
    }
    // Two different carers exist unless one and the same is the only one for both.
    let alone = |service| {
        let mut all = who(service);
        all.next().filter(|_| all.next().is_none())
    };
    (alone(first).is_some() && alone(first) == alone(second)).then_some(Impossible::OneCarerForTwo {
        patient,
        first,
        second,
    })
}
