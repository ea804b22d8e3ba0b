//! At once: the best place for one visit, or for two that belong together, among everyone on duty. Exact: every suitable
//! worker and every place of the day is looked at.
use super::city::NONE;
use super::live::{Board, Mark, Rejected};
use super::model::{Seconds, Tie, VisitIx, Ways, WorkerIx};
use super::objective::{Bill, Part};
use super::pair::{Fit, Match, fits, matches, ordered};
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
pub(super) struct Found {
    pub cost: i64,
    pub r: usize,
    pub k: usize,
    pub start: Seconds,
    pub held: Seconds,
    pub displaced: u32,
}

impl Found {
    const fn key(&self) -> (i64, usize) {
        (self.cost, self.r)
    }
}

/// What anybody costs at least: the fixed part, and evenness for so many seconds more.
struct Bound {
    more: i64,
    fixed: i64,
}

impl Bound {
    fn of(&self, board: &Board, r: usize) -> i64 {
        self.fixed + board.index.least(&board.city, r, self.more)
    }
}

/// Tours (or places on them) in order of a bound, sorted only as far as somebody asks.
pub(super) struct Queue {
    all: Vec<(i64, u32)>,
    done: usize,
    next: usize,
    /// No tour still to come is below.
    bound: i64,
}

impl Queue {
    pub fn new(all: Vec<(i64, u32)>) -> Queue {
        let bound = all.iter().map(|a| a.0).min().unwrap_or(i64::MAX / 4);
        Queue { all, done: 0, next: 64, bound }
    }

    /// The next some tours in order; ever more at a time.
    pub fn more(&mut self) -> Option<&[(i64, u32)]> {
        let rest = &mut self.all[self.done..];
        if rest.is_empty() {
            return None;
        }
        let count = self.next.min(rest.len());
        if count < rest.len() {
            rest.select_nth_unstable(count - 1);
        }
        let now = &mut rest[..count];
        now.sort_unstable();
        self.next *= 2;
        let from = self.done;
        self.done += count;
        self.bound = if self.done == self.all.len() { i64::MAX / 4 } else { self.all[self.done - 1].0 };
        Some(&self.all[from..self.done])
    }
}

fn cheapest_of(fits: &[Fit], low: i64) -> i64 {
    fits.iter().map(|f| f.cost).min().unwrap_or(i64::MAX / 4).min(low)
}

/// Keeps the best few in order.
pub(super) fn keep_best(best: &mut Vec<Found>, found: Found, keep: usize) {
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
        let found = self.scan_pair(visits, keep);
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
        self.mark(r);
        self.sync();
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
            self.mark(one.worker.at());
        }
        self.sync();
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
        for (who, _) in &job.ties {
            let r = *who as usize;
            if city.suits(visit, *who)
                && !best.iter().any(|b: &Found| b.r == r)
                && let Some((cost, k, start)) = self.tours.best_on(city, visit, held, r)
            {
                keep_best(&mut best, Found { cost, r, k, start, held, displaced: NONE }, keep);
            }
        }
        let ends = if held == FREE { job.from } else { held } + job.seconds;
        let mut queue = self.queue(visit, ends, if held == FREE { job.until } else { held });
        while let Some(next) = queue.more() {
            for (least, r) in next {
                if best.len() == keep && best.last().is_some_and(|w: &Found| *least > w.cost) {
                    return best;
                }
                let r = *r as usize;
                if job.flags != 0 && !city.suits(visit, r as u32) {
                    continue;
                }
                let first = self.index.first(r, ends);
                if let Some((cost, k, start)) = self.tours.best_from(city, visit, held, r, first) {
                    keep_best(&mut best, Found { cost, r, k, start, held, displaced: NONE }, keep);
                }
            }
        }
        best
    }

    /// Everyone with the skills and without a tie, by what the visit costs with them at least.
    fn queue(&self, visit: u32, ends: Seconds, until: Seconds) -> Queue {
        let job = &self.city.jobs[visit as usize];
        let bound = self.bound(visit);
        let detours = self.index.detours(&self.city, job.point, ends, until);
        let percent = self.city.objective.percent(Part::Travel);
        let mut all = Vec::with_capacity(self.stamps.len());
        for r in 0..self.stamps.len() {
            if self.index.can(r, job.need, job.papers)
                && let Some(detour) = detours.least(r, job.seconds)
                && !job.ties.iter().any(|t| t.0 as usize == r)
            {
                all.push((bound.of(self, r).saturating_add(detour * percent), r as u32));
            }
        }
        Queue::new(all)
    }

    /// What a visit costs at least with any worker it has no tie with.
    fn bound(&self, visit: u32) -> Bound {
        let city = &self.city;
        let job = &city.jobs[visit as usize];
        if !matches!(city.ways, Ways::Flat { .. }) {
            return Bound { more: 0, fixed: i64::MIN / 2 };
        }
        let known = job.ties.iter().any(|t| matches!(t.1, Tie::Known(_)));
        let wished = job.ties.iter().any(|t| t.1 == Tie::Wished);
        let worth = &city.objective.worth;
        let mut fixed = 0;
        if known {
            fixed += worth.known_cap * worth.known_time * city.objective.percent(Part::Continuity);
        }
        if wished {
            fixed += worth.wished_worker * city.objective.percent(Part::Wishes);
        }
        // Going by way of one more place never shortens a straight way by more than the rounding.
        Bound { more: (i64::from(job.seconds) - 2).max(0), fixed: fixed - 2 * city.objective.percent(Part::Travel) }
    }

    /// The cheapest matches for the two of a link. The tours are gone through by what they cost at least, some
    /// at a time; as soon as no tour still to come can be part of a better match, it ends.
    fn scan_pair(&self, visits: (u32, u32), keep: usize) -> Vec<Match> {
        let city = &self.city;
        let mut fits: [Vec<Fit>; 2] = [Vec::new(), Vec::new()];
        if keep == 0 {
            return Vec::new();
        }
        let all = [visits.0, visits.1];
        for (side, v) in all.into_iter().enumerate() {
            for (who, _) in &city.jobs[v as usize].ties {
                let r = *who as usize;
                if city.suits(v, *who) && !fits[side].iter().any(|f| f.r as usize == r) {
                    self.fits_on(v, r, usize::from(self.tours.tours[r].locked), i64::MAX, &mut fits[side]);
                }
            }
        }
        let [a, b] = &mut fits;
        let mut found = matches(city, visits, a, b, keep);
        let mut queues = all.map(|v| {
            let job = &city.jobs[v as usize];
            self.queue(v, job.from + job.seconds, job.until)
        });
        loop {
            let worst = if found.len() == keep { found.last().map_or(i64::MAX, Match::cost) } else { i64::MAX };
            let mut over = true;
            for (side, v) in all.into_iter().enumerate() {
                let job = &city.jobs[v as usize];
                let other = cheapest_of(&fits[1 - side], queues[1 - side].bound);
                let Some(next) = queues[side].more() else { continue };
                for (least, r) in next {
                    if least.saturating_add(other) > worst {
                        break;
                    }
                    over = false;
                    let r = *r as usize;
                    if job.flags == 0 || city.suits(v, r as u32) {
                        let first = self.index.first(r, job.from + job.seconds);
                        self.fits_on(v, r, first, worst.saturating_sub(other), &mut fits[side]);
                    }
                }
            }
            if over {
                return found;
            }
            let [a, b] = &mut fits;
            found = matches(city, visits, a, b, keep);
        }
    }

    fn fits_on(&self, visit: u32, r: usize, first: usize, most: i64, into: &mut Vec<Fit>) {
        let pin = self.city.jobs[visit as usize].pin_start;
        let before = into.len();
        fits(&self.city, &self.tours, visit, (r, first), pin, 0, into);
        let mut i = before;
        while i < into.len() {
            if into[i].cost > most {
                into.swap_remove(i);
            } else {
                i += 1;
            }
        }
    }

    fn all_fits(&self, visit: u32) -> Vec<Fit> {
        let mut all = Vec::new();
        for r in 0..self.tours.tours.len() {
            if self.city.suits(visit, self.tours.tours[r].worker) {
                self.fits_on(visit, r, usize::from(self.tours.tours[r].locked), i64::MAX, &mut all);
            }
        }
        all
    }

    /// Works out what a place adds, part by part, on a copy of the tour.
    fn explain(&self, visit: u32, found: &Found) -> Suggestion {
        let before = self.tours.bill(&self.city, found.r);
        let mut trial = self.tours.trial(&self.city, found.r, (found.displaced != NONE).then_some(found.displaced));
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
            self.mark(found.r);
            self.sync();
        }
    }
}
