//! What a good plan is: named parts, each with a weight and a level.

/// A part of the cost of a plan. Every part is counted in seconds on the way or their worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Penalties of visits left out that are a duty.
    Unserved,
    /// Penalties of optional visits left out.
    Skipped,
    /// Seconds on the way.
    Travel,
    /// Seconds begun after the span was due.
    Late,
    /// Wishes not met: worker, sex, language.
    Wishes,
    /// Elders who get someone new although somebody is known to them.
    Continuity,
    /// Uneven work: the square of each worker's hours, so that the next hour of a full worker costs more.
    Uneven,
    /// Workers' own costs.
    Pay,
}

impl Part {
    pub const ALL: [Part; 8] = [
        Part::Unserved,
        Part::Skipped,
        Part::Travel,
        Part::Late,
        Part::Wishes,
        Part::Continuity,
        Part::Uneven,
        Part::Pay,
    ];
    pub const fn zh(self) -> &'static str {
        match self {
            Part::Unserved => "没有排上",
            Part::Skipped => "可不去的没去",
            Part::Travel => "路上",
            Part::Late => "迟到",
            Part::Wishes => "老人的意愿",
            Part::Continuity => "熟人照护",
            Part::Uneven => "忙闲",
            Part::Pay => "人工",
        }
    }
    pub const fn code(self) -> &'static str {
        match self {
            Part::Unserved => "unserved",
            Part::Skipped => "skipped",
            Part::Travel => "travel",
            Part::Late => "late",
            Part::Wishes => "wishes",
            Part::Continuity => "continuity",
            Part::Uneven => "uneven",
            Part::Pay => "pay",
        }
    }
}

/// The amounts of all parts, unweighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill(pub [i64; Part::ALL.len()]);

impl Bill {
    pub const fn get(&self, part: Part) -> i64 {
        self.0[part as usize]
    }
    pub const fn add(&mut self, part: Part, seconds: i64) {
        self.0[part as usize] += seconds;
    }
    /// `self − before`, part by part.
    #[must_use]
    pub fn since(&self, before: &Bill) -> Bill {
        Bill(std::array::from_fn(|i| self.0[i] - before.0[i]))
    }
}

/// Levels of the objective; an earlier one outweighs all later ones together.
pub const LEVELS: usize = 3;

/// The weighted cost by level. Compared in order: only where the first is equal does the second count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(pub [i64; LEVELS]);

/// How much a part weighs, and on which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Hundredths.
    pub percent: i64,
    /// Below [`LEVELS`].
    pub level: u8,
}

/// What a wish is worth, in seconds on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    pub wished_worker: i64,
    pub unwished_worker: i64,
    pub gender: i64,
    pub language: i64,
    /// Each earlier visit to the same elder…
    pub known_time: i64,
    /// …and no more than so many count.
    pub known_cap: i64,
}

/// What the plan is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objective {
    pub weights: [Weight; Part::ALL.len()],
    pub worth: Worth,
    /// What changing the worker of a visit already planned costs while a plan is changed, in seconds on the way.
    pub change: i64,
}

impl Default for Objective {
    /// Duty first; then everything else by its worth on the way. Evenness counts a little, lateness twice.
    fn default() -> Objective {
        let w = |percent, level| Weight { percent, level };
        Objective {
            weights: [w(100, 0), w(100, 1), w(100, 1), w(200, 1), w(100, 1), w(100, 1), w(100, 1), w(100, 1)],
            worth: Worth {
                wished_worker: 20 * 60,
                unwished_worker: 30 * 60,
                gender: crate::WISHED_GENDER_WORTH as i64 * 60,
                language: crate::LANGUAGE_WORTH as i64 * 60,
                known_time: crate::KNOWN_TIMES_WORTH as i64 * 60,
                known_cap: crate::KNOWN_TIMES_CAP as i64,
            },
            change: 10 * 60,
        }
    }
}

impl Objective {
    /// Visits served first, then time on the way, nothing else.
    pub fn bare() -> Objective {
        let mut o = Objective::default();
        for part in [Part::Late, Part::Wishes, Part::Continuity, Part::Uneven, Part::Pay] {
            o.weights[part as usize].percent = 0;
        }
        o
    }
    pub const fn percent(&self, part: Part) -> i64 {
        self.weights[part as usize].percent
    }
    /// The score of a bill.
    pub fn score(&self, bill: &Bill) -> Score {
        let mut score = Score::default();
        for part in Part::ALL {
            let w = self.weights[part as usize];
            score.0[usize::from(w.level).min(LEVELS - 1)] += bill.get(part) * w.percent;
        }
        score
    }
    /// One number for the search: all levels added, as the penalties make duty heavy enough.
    pub fn sum(&self, bill: &Bill) -> i64 {
        Part::ALL.iter().map(|p| bill.get(*p) * self.percent(*p)).sum()
    }
}

/// Hours squared, as seconds: eight hours cost half an hour, and the ninth costs half as much as eight hours of evenness.
/// Kept in one place, because the validator states it a second time on purpose.
pub(super) const fn uneven(work: i64) -> i64 {
    work * work / (28_800 * 16)
}
