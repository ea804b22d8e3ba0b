//! The problem as the search reads it: flat tables, visits instead of patients, near neighbours.
use super::problem::{Needs, Problem};

/// One service at one patient. The two visits of a pair point at each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub patient: usize,
    pub service: usize,
    pub kind: Kind,
    pub mate: u16,
    pub earliest: i64,
    pub latest: i64,
    /// `Rigid`: the fixed gap. `Gap`: the least gap.
    pub min_gap: i64,
    pub max_gap: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    /// A pair whose gap leaves no choice (together, or exactly so many ticks apart): its two visits move as one in time.
    RigidFirst,
    RigidSecond,
    GapFirst,
    GapSecond,
    /// The office, where a carer's route begins and ends.
    Office,
}

#[derive(Debug)]
pub(crate) struct Tables {
    pub visits: Vec<Visit>,
    pub carers: usize,
    /// Row length of `travel`: places, the office being 0.
    pub width: usize,
    pub travel: Vec<u32>,
    /// Most that can be added to a way without overflow.
    pub room: u32,
    /// Ticks by visit and carer.
    pub duration: Vec<u32>,
    /// Whether every carer needs the same time for a visit.
    pub same_for_all: bool,
    /// Bits by visit: which carers may do it.
    words: usize,
    able: Vec<u64>,
    /// Per visit, visits it would well come after, best first; and before.
    pub after: Vec<Vec<u16>>,
    pub before: Vec<Vec<u16>>,
    /// Per visit, the carers who may do it.
    pub who: Vec<Vec<u16>>,
}

impl Tables {
    pub fn new(problem: &Problem, neighbours: usize) -> Tables {
        let carers = problem.carers();
        let mut visits = Vec::new();
        for (patient, p) in problem.patients().iter().enumerate() {
            let id = visits.len() as u16;
            let one = |service, kind, mate, min_gap, max_gap| Visit {
                patient,
                service,
                kind,
                mate,
                earliest: p.earliest,
                latest: p.latest,
                min_gap,
                max_gap,
            };
            match p.needs {
                Needs::One(s) => visits.push(one(s, Kind::Single, id, 0, 0)),
                Needs::Two { first, second, min_gap: a, max_gap: b } => {
                    let (x, y) =
                        if a == b { (Kind::RigidFirst, Kind::RigidSecond) } else { (Kind::GapFirst, Kind::GapSecond) };
                    visits.push(one(first, x, id + 1, a, b));
                    visits.push(one(second, y, id, a, b));
                }
            }
        }
        let width = problem.patients().len() + 1;
        let mut travel: Vec<u32> = (0..width * width).map(|i| problem.travel(i / width, i % width) as u32).collect();
        // A carer without visits stays at home.
        travel[0] = 0;
        let words = carers.div_ceil(64).max(1);
        let mut able = vec![0u64; visits.len() * words];
        let mut who = vec![Vec::new(); visits.len()];
        let mut duration = Vec::with_capacity(visits.len() * carers);
        for (i, v) in visits.iter().enumerate() {
            for c in 0..carers {
                duration.push(problem.duration(v.patient, c, v.service) as u32);
                if problem.can(c, v.service) {
                    able[i * words + c / 64] |= 1 << (c % 64);
                    who[i].push(c as u16);
                }
            }
        }
        let same_for_all = duration.chunks(carers.max(1)).all(|row| row.iter().all(|&d| d == row[0]));
        let mut tables = Tables {
            same_for_all,
            after: vec![Vec::new(); visits.len()],
            before: vec![Vec::new(); visits.len()],
            visits,
            carers,
            width,
            room: u32::MAX - travel.iter().copied().max().unwrap_or(0),
            travel,
            duration,
            words,
            able,
            who,
        };
        tables.find_neighbours(neighbours);
        tables
    }

    #[inline]
    pub fn can(&self, visit: usize, carer: usize) -> bool {
        self.able[visit * self.words + carer / 64] >> (carer % 64) & 1 == 1
    }

    /// Whether one carer may do both.
    fn share(&self, a: usize, b: usize) -> bool {
        (0..self.words).any(|w| self.able[a * self.words + w] & self.able[b * self.words + w] != 0)
    }

    fn find_neighbours(&mut self, most: usize) {
        let n = self.visits.len();
        let mut after: Vec<Vec<(i64, u16)>> = vec![Vec::new(); n];
        let mut before = after.clone();
        for (a, after) in after.iter_mut().enumerate() {
            for (b, before) in before.iter_mut().enumerate() {
                if a == b || self.visits[a].mate as usize == b || !self.share(a, b) {
                    continue;
                }
                let (x, y) = (&self.visits[a], &self.visits[b]);
                let way = i64::from(self.travel[(x.patient + 1) * self.width + y.patient + 1]);
                let busy = way + i64::from(self.duration[a * self.carers]);
                let wait = (y.earliest - x.latest - busy).max(0);
                let late = (x.earliest + busy - y.latest).max(0);
                // Waiting costs nothing itself, it only makes a worse neighbour (Vidal et al. 2013 weigh it by 0.2).
                let far = way + wait / 5 + late;
                before.push((far, a as u16));
                after.push((far, b as u16));
            }
        }
        for (lists, kept) in [(&mut before, &mut self.after), (&mut after, &mut self.before)] {
            for (list, kept) in lists.iter_mut().zip(kept) {
                list.sort_unstable();
                list.truncate(most);
                *kept = list.iter().map(|&(_, v)| v).collect();
            }
        }
    }
}
