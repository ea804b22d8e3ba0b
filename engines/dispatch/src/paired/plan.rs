//! A finished plan and what it costs.

/// One service done at one patient, both counted from 0; `start` in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub patient: usize,
    pub service: usize,
    pub start: i64,
}

/// The three equal parts of the objective, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub travel: i64,
    /// Sum over all services of how late they start.
    pub late: i64,
    /// The largest single lateness.
    pub worst: i64,
}

impl Cost {
    /// The sum; the published objective is a third of it.
    pub fn total(self) -> i64 {
        self.travel + self.late + self.worst
    }
}

/// Who does what in which order; one route per carer, from and to the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub routes: Vec<Vec<Stop>>,
    pub cost: Cost,
    /// Units of work spent.
    pub work: u64,
}
