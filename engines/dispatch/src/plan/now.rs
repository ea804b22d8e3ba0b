//! At once: the best place for one visit, or for two that belong together, among everyone on duty. Exact: every suitable
//! worker and every place of the day is looked at.
use super::city::NONE;
use super::live::{Board, Mark, Rejected};
use super::model::{Seconds, VisitIx, Ways, WorkerIx};
use super::objective::{Bill, Part, uneven};
use super::pair::{Fit, fits, matches, ordered};
use super::tours::{ABSENT, FREE};

/// A place for a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub visit: VisitIx,
    pub worker: WorkerIx,
    pub start: Seconds,
    /// Weighted cost of putting it there; the smallest is best.
    pub cost: i64,
    /// What it adds, part by part, in seconds on the way.
    pub parts: Bill,
    /// The visit before on the route, if any.
    pub after: Option<VisitIx>,
    /// Of lower priority, and off the route for this one.
    pub displaced: Option<VisitIx>,
    pub(super) slot: usize,
    pub(super) held: Seconds,
    pub(super) stamp: u32,
}

/// Places for two visits that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSuggestion {
    pub first: Suggestion,
    pub second: Suggestion,
    pub cost: i64,
}

#[derive(Clone, Copy)]
struct Found {
    cost: i64,
    r: usize,
    k: usize,
    start: Seconds,
    held: Seconds,
    displaced: u32,
}

impl Found {
    const fn key(&self) -> (i64, usize) {
        (self.cost, self.r)
    }
}

/// Keeps the best few in order.
fn keep_best(best: &mut Vec<Found>, found: Found, keep: usize) {
    if best.len() == keep && best.last().is_some_and(|w| w.key() <= found.key()) {
        return;
    }
    let place = best.partition_point(|f| f.key() < found.key());
    best.insert(place, found);
    best.truncate(keep);
}

impl Board {
    /// The best workers for a waiting visit, one place each, best first. Empty: nobody can fit it in.
    ///
    /// # Errors
    /// Unknown, or not waiting.
    pub fn suggest(&self, visit: VisitIx, keep: usize) -> Result<Vec<Suggestion>, Rejected> {
        self.waiting(visit)?;
        Ok(self.scan(visit.0, keep).iter().map(|f| self.explain(visit.0, f)).collect())
    }

    /// As [`Board::suggest`], and where it pays, in the place of one visit of lower priority. The cost includes leaving
    /// that one out; whoever takes the suggestion then looks for another place for it.
    ///
    /// # Errors
    /// Unknown, or not waiting.
    pub fn suggest_displacing(&mut self, visit: VisitIx, keep: usize) -> Result<Vec<Suggestion>, Rejected> {
        self.waiting(visit)?;
        let mut best = self.scan(visit.0, keep);
        self.scan_displacing(visit.0, keep, &mut best);
        Ok(best.iter().map(|f| self.explain(visit.0, f)).collect())
    }

    /// The best pairs of workers for the two waiting visits of a link, best first; no two with the same workers.
    ///
    /// # Errors
    /// Unknown, not waiting, or not linked.
    pub fn suggest_pair(&self, visit: VisitIx, keep: usize) -> Result<Vec<PairSuggestion>, Rejected> {
        self.waiting(visit)?;
        let mate = self.city.jobs[visit.at()].mate;
        if mate == NONE {
            return Err(Rejected::Linked);
        }
        self.waiting(VisitIx(mate))?;
        let visits = ordered(&self.city, visit.0);
        let (mut a, mut b) = (self.all_fits(visits.0), self.all_fits(visits.1));
        let found = matches(&self.city, visits, &mut a, &mut b, keep);
        let one = |v: u32, fit: &Fit, start: Seconds| {
            let found =
                Found { cost: fit.cost, r: fit.r as usize, k: fit.k as usize, start, held: start, displaced: NONE };
            self.explain(v, &found)
        };
        let both = found.iter().map(|m| PairSuggestion {
            first: one(visits.0, &m.first, m.starts.0),
            second: one(visits.1, &m.second, m.starts.1),
            cost: m.cost(),
        });
        Ok(both.collect())
    }

    /// Puts a visit where a suggestion says. A displaced visit waits from now on.
    ///
    /// # Errors
    /// The route is not as it was when the suggestion was made.
    pub fn take(&mut self, suggestion: &Suggestion) -> Result<(), Rejected> {
        self.waiting(suggestion.visit)?;
        if self.city.jobs[suggestion.visit.at()].mate != NONE && self.link_bounds(suggestion.visit.0).is_none() {
            return Err(Rejected::Linked);
        }
        self.fresh(suggestion)?;
        let r = suggestion.worker.at();
        if let Some(displaced) = suggestion.displaced {
            self.tours.pull(displaced.0);
        }
        self.put(suggestion);
        self.stamps[r] = self.stamps[r].wrapping_add(1);
        Ok(())
    }

    /// Puts both visits where a suggestion says.
    ///
    /// # Errors
    /// One of the two routes is not as it was when the suggestion was made.
    pub fn take_pair(&mut self, pair: &PairSuggestion) -> Result<(), Rejected> {
        for one in [&pair.first, &pair.second] {
            self.waiting(one.visit)?;
            self.fresh(one)?;
        }
        for one in [&pair.first, &pair.second] {
            self.put(one);
            let stamp = &mut self.stamps[one.worker.at()];
            *stamp = stamp.wrapping_add(1);
        }
        Ok(())
    }

    fn put(&mut self, s: &Suggestion) {
        let fits = self.tours.insert(&self.city, s.visit.0, s.held, s.worker.at(), s.slot);
        debug_assert!(fits, "a priced place is a place");
    }

    fn fresh(&self, s: &Suggestion) -> Result<(), Rejected> {
        let same = self.stamps.get(s.worker.at()).is_some_and(|stamp| *stamp == s.stamp);
        if same { Ok(()) } else { Err(Rejected::Stale) }
    }

    fn waiting(&self, visit: VisitIx) -> Result<(), Rejected> {
        match self.marks.get(visit.at()) {
            None => Err(Rejected::Unknown),
            Some(Mark::Open) if self.tours.at[visit.at()] == ABSENT => Ok(()),
            Some(Mark::Impossible(why)) => Err(Rejected::Impossible(*why)),
            Some(_) => Err(Rejected::Settled),
        }
    }

    /// Best place of each worker, the best of them.
    fn scan(&self, visit: u32, keep: usize) -> Vec<Found> {
        let city = &self.city;
        let job = &city.jobs[visit as usize];
        let mut best = Vec::with_capacity(keep + 1);
        if keep == 0 {
            return best;
        }
        if job.mate != NONE {
            let Some((low, high)) = self.link_bounds(visit) else { return best };
            let other = self.tours.tour_of(job.mate);
            for f in self.all_fits(visit) {
                let start = job.earliest(f.low.max(low));
                if start <= f.high.min(high) && other != Some(f.r as usize) {
                    let found =
                        Found { cost: f.cost, r: f.r as usize, k: f.k as usize, start, held: start, displaced: NONE };
                    match best.iter().position(|b: &Found| b.r == found.r) {
                        Some(i) if best[i].cost <= found.cost => continue,
                        Some(i) => {
                            best.remove(i);
                        }
                        None => {}
                    }
                    keep_best(&mut best, found, keep);
                }
            }
            return best;
        }
        let held = job.pin_start.unwrap_or(FREE);
        // Going by way of one more place never shortens a straight way by more than the rounding.
        let bounded = matches!(city.ways, Ways::Flat { .. }) && !city.plain;
        let even = city.objective.percent(Part::Uneven);
        for r in 0..self.tours.tours.len() {
            let tour = &self.tours.tours[r];
            if !city.suits(visit, tour.worker) {
                continue;
            }
            if bounded && best.len() == keep {
                let load = city.hands[tour.worker as usize].load + tour.travel + tour.service;
                let more = i64::from(job.seconds) - 2;
                let least = (uneven(load + more.max(0)) - uneven(load)) * even + city.wish_cost(visit, tour.worker)
                    - 2 * city.objective.percent(Part::Travel);
                if best.last().is_some_and(|w: &Found| least > w.cost) {
                    continue;
                }
            }
            if let Some((cost, k, start)) = self.tours.best_on(city, visit, held, r) {
                keep_best(&mut best, Found { cost, r, k, start, held, displaced: NONE }, keep);
            }
        }
        best
    }

    /// Places that open when one loose visit of lower priority leaves.
    fn scan_displacing(&mut self, visit: u32, keep: usize, best: &mut Vec<Found>) {
        let job = &self.city.jobs[visit as usize];
        let (priority, optional, seconds) = (job.priority, job.optional, job.seconds);
        let held = job.pin_start.unwrap_or(FREE);
        if job.mate != NONE || keep == 0 {
            return;
        }
        let (from, until) = (job.from, job.until.saturating_add(seconds));
        for r in 0..self.tours.tours.len() {
            let worker = self.tours.tours[r].worker;
            if !self.city.suits(visit, worker) {
                continue;
            }
            let locked = usize::from(self.tours.tours[r].locked);
            for k in locked..self.tours.row(r).len() - 1 {
                let slot = self.tours.row(r)[k];
                if !slot.is_visit() || slot.free < from || slot.start > until {
                    continue;
                }
                let other = &self.city.jobs[slot.visit as usize];
                let lower = other.priority < priority || (other.optional && !optional);
                if !lower || other.mate != NONE {
                    continue;
                }
                let cost_before = self.tours.tours[r].cost;
                self.tours.pull(slot.visit);
                if self.tours.refresh(&self.city, r)
                    && let Some((cost, at, start)) = self.tours.best_on(&self.city, visit, held, r)
                {
                    let saved = cost_before - self.tours.tours[r].cost;
                    let cost = cost - saved + self.city.absent_cost(slot.visit);
                    let found = Found { cost, r, k: at, start, held, displaced: slot.visit };
                    match best.iter().position(|b| b.r == r) {
                        Some(i) if best[i].cost <= found.cost => {}
                        Some(i) => {
                            best.remove(i);
                            keep_best(best, found, keep);
                        }
                        None => keep_best(best, found, keep),
                    }
                }
                self.tours.insert(&self.city, slot.visit, slot.held, r, k);
            }
        }
    }

    fn all_fits(&self, visit: u32) -> Vec<Fit> {
        let pin = self.city.jobs[visit as usize].pin_start;
        let mut all = Vec::new();
        for r in 0..self.tours.tours.len() {
            if self.city.suits(visit, self.tours.tours[r].worker) {
                fits(&self.city, &self.tours, visit, r, pin, 0, &mut all);
            }
        }
        all
    }

    /// Works out what a place adds, part by part, on a copy of the tour.
    fn explain(&self, visit: u32, found: &Found) -> Suggestion {
        let mut trial = self.tours.alone(&self.city, found.r);
        let before = trial.bill(&self.city, 0);
        if found.displaced != NONE {
            trial.pull(found.displaced);
        }
        trial.insert(&self.city, visit, found.held, 0, found.k);
        let mut parts = trial.bill(&self.city, 0).since(&before);
        if found.displaced != NONE {
            let job = &self.city.jobs[found.displaced as usize];
            parts.add(if job.optional { Part::Skipped } else { Part::Unserved }, job.penalty);
        }
        let row = trial.row(0);
        let slot = row.iter().position(|s| s.visit == visit).unwrap_or(1);
        let after = row[..slot].iter().rev().find(|s| s.is_visit()).map(|s| VisitIx(s.visit));
        Suggestion {
            visit: VisitIx(visit),
            worker: WorkerIx(self.tours.tours[found.r].worker),
            start: found.start,
            cost: found.cost,
            parts,
            after,
            displaced: (found.displaced != NONE).then_some(VisitIx(found.displaced)),
            slot: found.k,
            held: found.held,
            stamp: self.stamps[found.r],
        }
    }

    /// Puts a visit at its best place if there is one.
    pub(super) fn place_best(&mut self, visit: u32) {
        let mate = self.city.jobs[visit as usize].mate;
        if mate != NONE && self.link_bounds(visit).is_none() {
            if let Some(pair) = self.suggest_pair(VisitIx(visit), 1).ok().and_then(|p| p.into_iter().next()) {
                let taken = self.take_pair(&pair);
                debug_assert!(taken.is_ok(), "just suggested");
            }
            return;
        }
        if let Some(found) = self.scan(visit, 1).first().copied() {
            self.tours.insert(&self.city, visit, found.held, found.r, found.k);
            self.stamps[found.r] = self.stamps[found.r].wrapping_add(1);
        }
    }
}
