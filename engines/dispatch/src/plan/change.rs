//! What happens on the day: someone checks in, is late, falls ill, calls off. Each event keeps the plan whole: whatever
//! does not fit any more is taken off and put elsewhere if there is room; nothing else moves.
use super::city::{NEVER, NONE};
use super::live::{Board, Change, Mark, Rejected};
use super::model::{Seconds, Span, VisitIx, WorkerIx};
use super::near::Near;
use super::search::{Anchor, Bank, Search};
use super::tours::{ABSENT, Tours};
use crate::Chance;

/// How much a change may disturb and how long it may be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gentle {
    /// Visits that may get another worker, those that must included.
    pub hands: usize,
    /// Steps of search; each some 20 µs.
    pub units: u64,
    pub seed: u64,
}

impl Default for Gentle {
    fn default() -> Gentle {
        Gentle { hands: 15, units: 400, seed: 1 }
    }
}

/// Tours that are looked at when visits must go elsewhere.
const AROUND: usize = 32;

impl Board {
    /// The worker began the visit at `at`, as planned or not.
    ///
    /// # Errors
    /// Unknown, already begun or called off, or before what this worker did last.
    pub fn check_in(&mut self, visit: VisitIx, worker: WorkerIx, at: Seconds) -> Result<Change, Rejected> {
        self.known(visit, worker, at)?;
        let v = visit.0;
        let r = worker.at();
        if self.marks[visit.at()] == Mark::Cancelled || (self.tours.tour_of(v).is_some() && !self.tours.is_loose(v)) {
            return Err(Rejected::Settled);
        }
        if at < self.tours.last_fact(r) {
            return Err(Rejected::Backwards);
        }
        let before = self.owners();
        let mut free = Vec::new();
        if let Some(other) = self.tours.pull(v) {
            self.settle(other, &mut free);
        }
        self.marks[visit.at()] = Mark::Open;
        self.tours.insert_fact(&self.city, v, r, at);
        self.settle(r, &mut free);
        let mate = self.city.jobs[visit.at()].mate;
        // Begun at another moment, or by the one who was to do the other half.
        if mate != NONE && self.tours.is_loose(mate) && (!self.in_gap(mate) || self.tours.tour_of(mate) == Some(r)) {
            self.release(mate, &mut free);
        }
        Ok(self.finish(before, free))
    }

    /// The visit the worker began last is over.
    ///
    /// # Errors
    /// It is not the one begun last by anybody, or would end before it began.
    pub fn check_out(&mut self, visit: VisitIx, at: Seconds) -> Result<Change, Rejected> {
        self.known(visit, WorkerIx(0), at)?;
        let r = self.tours.tour_of(visit.0).ok_or(Rejected::Settled)?;
        let locked = usize::from(self.tours.tours[r].locked);
        let last = self.tours.row(r)[locked - 1];
        if last.visit != visit.0 {
            return Err(Rejected::Settled);
        }
        if at < last.start || at > super::model::FAR {
            return Err(Rejected::Backwards);
        }
        let before = self.owners();
        let mut free = Vec::new();
        self.tours.end_fact(&self.city, r, at);
        self.settle(r, &mut free);
        Ok(self.finish(before, free))
    }

    /// The worker will not be free before `at`: the visit under way goes on until then, or the day begins then.
    ///
    /// # Errors
    /// Unknown worker, or a moment out of range.
    pub fn late(&mut self, worker: WorkerIx, at: Seconds) -> Result<Change, Rejected> {
        self.known(VisitIx(0), worker, at).or_else(|e| if self.marks.is_empty() { Ok(()) } else { Err(e) })?;
        let r = worker.at();
        let before = self.owners();
        let mut free = Vec::new();
        if usize::from(self.tours.tours[r].locked) > 1 {
            if at < self.tours.last_fact(r) {
                return Err(Rejected::Backwards);
            }
            self.tours.end_fact(&self.city, r, at);
        } else {
            let shift = self.city.hands[worker.at()].shift;
            self.set_shift(worker, (at.clamp(shift.0, shift.1), shift.1));
        }
        self.settle(r, &mut free);
        Ok(self.finish(before, free))
    }

    /// The visit is called off; the other one of its link too, unless that has begun.
    ///
    /// # Errors
    /// Unknown, begun or called off already.
    pub fn cancel(&mut self, visit: VisitIx) -> Result<Change, Rejected> {
        let mark = self.marks.get(visit.at()).ok_or(Rejected::Unknown)?;
        if *mark == Mark::Cancelled || (self.tours.tour_of(visit.0).is_some() && !self.tours.is_loose(visit.0)) {
            return Err(Rejected::Settled);
        }
        let before = self.owners();
        let mut free = Vec::new();
        for v in [visit.0, self.city.jobs[visit.at()].mate] {
            if v == NONE || (self.tours.tour_of(v).is_some() && !self.tours.is_loose(v)) {
                continue;
            }
            self.marks[v as usize] = Mark::Cancelled;
            if let Some(r) = self.tours.pull(v) {
                self.settle(r, &mut free);
            }
        }
        Ok(self.finish(before, free))
    }

    /// The elder wants other times.
    ///
    /// # Errors
    /// Unknown, begun, called off, or times that make no sense.
    pub fn reschedule(&mut self, visit: VisitIx, spans: Vec<Span>) -> Result<Change, Rejected> {
        let mark = self.marks.get(visit.at()).ok_or(Rejected::Unknown)?;
        if *mark == Mark::Cancelled || (self.tours.tour_of(visit.0).is_some() && !self.tours.is_loose(visit.0)) {
            return Err(Rejected::Settled);
        }
        let before = self.owners();
        let mut free = Vec::new();
        self.set_spans(visit, spans)?;
        if self.tours.tour_of(visit.0).is_some() {
            self.release(visit.0, &mut free);
        }
        Ok(self.finish(before, free))
    }

    /// Time goes on: nobody can be sent anywhere before `now` any more. Visits whose time has gone by are taken off.
    ///
    /// # Errors
    /// `now` lies before the last one or out of range.
    pub fn advance(&mut self, now: Seconds) -> Result<Change, Rejected> {
        if now < self.tours.now || now > super::model::FAR {
            return Err(Rejected::Backwards);
        }
        let before = self.owners();
        let mut free = Vec::new();
        self.tours.now = now;
        for r in 0..self.tours.tours.len() {
            if !self.tours.refresh(&self.city, r) {
                self.settle(r, &mut free);
            }
            self.mark(r);
        }
        for v in 0..self.marks.len() {
            let gone = self.tours.at[v] >= ABSENT && self.city.jobs[v].earliest(now) >= NEVER;
            if gone && self.marks[v] == Mark::Open {
                self.marks[v] = Mark::TooLate;
            }
        }
        Ok(self.finish(before, free))
    }

    /// The worker goes home at `at`. What cannot be done until then goes to others nearby with as little disturbance as
    /// the limits of `gentle` ask for.
    ///
    /// # Errors
    /// Unknown worker, or a moment out of range.
    pub fn drop_out(&mut self, worker: WorkerIx, at: Seconds, gentle: Gentle) -> Result<Change, Rejected> {
        self.known(VisitIx(0), worker, at).or_else(|e| if self.marks.is_empty() { Ok(()) } else { Err(e) })?;
        let before = self.owners();
        let shift = self.city.hands[worker.at()].shift;
        self.set_shift(worker, (shift.0.min(at), at.min(shift.1)));
        let mut free = Vec::new();
        self.settle(worker.at(), &mut free);
        self.place_all(&free);
        self.soften(&before, &free, gentle);
        Ok(self.finish(before, Vec::new()))
    }

    fn known(&self, visit: VisitIx, worker: WorkerIx, at: Seconds) -> Result<(), Rejected> {
        if visit.at() >= self.marks.len() || worker.at() >= self.stamps.len() {
            return Err(Rejected::Unknown);
        }
        if at.abs() > super::model::FAR { Err(Rejected::Backwards) } else { Ok(()) }
    }

    fn in_gap(&self, visit: u32) -> bool {
        let start = self.tours.slot_of(visit).map(|s| s.start);
        match (start, self.link_bounds(visit)) {
            (Some(t), Some((low, high))) => low <= t && t <= high,
            _ => true,
        }
    }

    /// Takes a visit off, and the other one of its link unless that has begun.
    fn release(&mut self, visit: u32, free: &mut Vec<u32>) {
        let mate = self.city.jobs[visit as usize].mate;
        for v in [visit, mate] {
            if v != NONE
                && self.tours.is_loose(v)
                && let Some(r) = self.tours.pull(v)
            {
                free.push(v);
                self.settle(r, free);
            }
        }
    }

    /// Makes a tour fit again by taking off as little as possible: of the visits up to the one that fails, the one that
    /// costs least to leave out. What remains when only facts are left is taken as it comes: a late rest, a late return.
    fn settle(&mut self, r: usize, free: &mut Vec<u32>) {
        self.mark(r);
        while !self.tours.refresh(&self.city, r) {
            let locked = usize::from(self.tours.tours[r].locked);
            let row = self.tours.row(r);
            let fails = (locked..row.len()).find(|k| row[*k].start >= NEVER).unwrap_or(row.len() - 1);
            let loose = |from: usize, to: usize| {
                let slots = row[from..=to].iter().filter(|s| s.is_visit());
                slots.map(|s| (self.city.absent_cost(s.visit), std::cmp::Reverse(s.start), s.visit)).min()
            };
            match loose(locked, fails).or_else(|| loose(locked, row.len() - 1)) {
                Some((_, _, visit)) => self.release_here(visit, free),
                None => {
                    self.bend(r);
                    return;
                }
            }
        }
    }

    fn release_here(&mut self, visit: u32, free: &mut Vec<u32>) {
        let mate = self.city.jobs[visit as usize].mate;
        self.tours.pull(visit);
        free.push(visit);
        if mate != NONE && self.tours.is_loose(mate) {
            self.release(mate, free);
        }
    }

    /// Rests that cannot begin in time any more begin as soon as they can.
    fn bend(&mut self, r: usize) {
        let worker = self.tours.tours[r].worker as usize;
        for i in 0..self.city.hands[worker].rests.len() {
            self.tours.refresh(&self.city, r);
            let locked = usize::from(self.tours.tours[r].locked);
            let row = self.tours.row(r);
            let Some(k) = (locked..row.len() - 1).find(|k| row[*k].is_rest() && Tours::rest_number(&row[*k]) == i)
            else {
                continue;
            };
            let left = if k == locked { row[k - 1].free.max(self.tours.now) } else { row[k - 1].free };
            let rest = &mut self.city.hands[worker].rests[i];
            if rest.1 < left {
                rest.1 = left;
                self.problem.workers[worker].rests[i].until = left;
            }
        }
        self.tours.refresh(&self.city, r);
    }

    /// Puts released visits elsewhere and says what became of everything.
    fn finish(&mut self, before: Vec<u32>, free: Vec<u32>) -> Change {
        self.place_all(&free);
        self.sync();
        for v in &free {
            let gone =
                self.tours.at[*v as usize] == ABSENT && self.city.jobs[*v as usize].earliest(self.tours.now) >= NEVER;
            if gone && self.marks[*v as usize] == Mark::Open {
                self.marks[*v as usize] = Mark::TooLate;
            }
        }
        let mut change = Change::default();
        for (v, (old, new)) in before.iter().zip(self.owners()).enumerate() {
            let visit = VisitIx(v as u32);
            match (*old, new) {
                (a, b) if a == b => {}
                (NONE, _) => change.gained.push(visit),
                (_, NONE) if self.marks[v] != Mark::Cancelled => change.lost.push(visit),
                (_, NONE) => {}
                (a, b) => change.moved.push((visit, WorkerIx(a), WorkerIx(b))),
            }
        }
        change
    }

    /// Best insertion of each, the dearest to leave out and the longest first.
    fn place_all(&mut self, free: &[u32]) {
        let mut order: Vec<u32> = free.to_vec();
        order.sort_unstable_by_key(|v| {
            let job = &self.city.jobs[*v as usize];
            (std::cmp::Reverse(self.city.absent_cost(*v)), std::cmp::Reverse(job.seconds), *v)
        });
        order.dedup();
        self.sync();
        for v in order {
            if self.tours.at[v as usize] == ABSENT && self.marks[v as usize] == Mark::Open {
                self.place_best(v);
            }
        }
    }

    /// A short search around visits that had to move: it may give some of the neighbours' visits away, too, as far as
    /// the limit allows, if that saves more than it disturbs.
    fn soften(&mut self, before: &[u32], free: &[u32], gentle: Gentle) {
        if gentle.units == 0 || free.is_empty() {
            return;
        }
        let rows = self.rows_around(free, AROUND);
        let workers: Vec<u32> = rows.iter().map(|r| self.tours.tours[*r].worker).collect();
        let mut part = Tours::new(&self.city, &workers, self.tours.cap, self.tours.now);
        for (i, r) in rows.iter().enumerate() {
            part.copy_row(i, &self.tours, *r);
        }
        let mut bank = Bank::new(self.marks.len());
        for v in free {
            if self.tours.at[*v as usize] == ABSENT
                && self.marks[*v as usize] == Mark::Open
                && self.link_bounds(*v).is_none()
            {
                part.at[*v as usize] = ABSENT;
                bank.add(*v);
            }
        }
        let all: Vec<u32> = (0..self.marks.len() as u32).filter(|v| part.at[*v as usize] != NONE).collect();
        let near = Near::of(&self.city, &all, &workers);
        let anchor = Anchor { worker_of: before.to_vec(), cost: self.problem.objective.change * 100 };
        let changed = |tours: &Tours| {
            all.iter()
                .filter(|v| {
                    let old = before[**v as usize];
                    tours.tour_of(**v).is_some_and(|r| old != NONE && tours.tours[r].worker != old)
                })
                .count()
        };
        let outside =
            free.iter().filter(|v| part.at[**v as usize] == NONE && self.tours.tour_of(**v).is_some()).count();
        let mut search = Search::new(&self.city, &near, part, bank, Chance::new(gentle.seed));
        search.anchor = Some(&anchor);
        search.only = Some(free.to_vec());
        let mut best: Option<(i64, Tours)> = None;
        let mut least = search.cost;
        for _ in 0..gentle.units {
            if search.step(0.0) && search.cost < least && changed(&search.tours) + outside <= gentle.hands {
                least = search.cost;
                best = Some((least, search.tours.clone()));
            }
        }
        if let Some((_, found)) = best {
            for v in &all {
                if found.at[*v as usize] == ABSENT {
                    self.tours.at[*v as usize] = ABSENT;
                }
            }
            while self.tours.cap < found.cap {
                self.tours.widen();
            }
            for (i, r) in rows.iter().enumerate() {
                self.tours.copy_row(*r, &found, i);
                self.mark(*r);
            }
        }
    }

    /// The tours nearest to some visits: those whose stops lie closest.
    fn rows_around(&self, visits: &[u32], most: usize) -> Vec<usize> {
        let mut keyed: Vec<(i64, usize)> = Vec::with_capacity(self.tours.tours.len());
        for r in 0..self.tours.tours.len() {
            let worker = self.tours.tours[r].worker;
            if !visits.iter().any(|v| self.city.suits(*v, worker)) {
                continue;
            }
            let way =
                |p| visits.iter().map(|v| self.city.leg(p, self.city.jobs[*v as usize].point)).min().unwrap_or(NEVER);
            let row = self.tours.row(r);
            let seen = row[1..row.len() - 1].iter().filter(|s| s.is_visit());
            let nearest = seen.map(|s| way(s.point)).min().unwrap_or_else(|| way(row[0].point));
            keyed.push((i64::from(nearest), r));
        }
        keyed.sort_unstable();
        keyed.truncate(most);
        keyed.into_iter().map(|k| k.1).collect()
    }
}
