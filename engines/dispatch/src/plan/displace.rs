//! An urgent visit in the place of one of lower priority. To try one exactly, its tour is worked out twice; so everyone's
//! visits are bounded first, and only those whose bound can still be among the best few are tried.
use super::city::{City, NONE};
use super::live::Board;
use super::model::{Seconds, Ways};
use super::now::{Found, Queue, keep_best};
use super::objective::{Part, uneven};
use super::tours::{FREE, Slot, Tour};

/// One tour as the bounds see it: the way from the new visit to each of its slots (straight, so the same back), and the
/// least detour between two.
struct Aside {
    way: Vec<Seconds>,
    least: i64,
}

impl Aside {
    fn measure(&mut self, city: &City, visit: u32, row: &[Slot], first: usize) {
        let here = city.jobs[visit as usize].point;
        self.way.clear();
        self.way.extend(row.iter().map(|s| city.leg(s.point, here)));
        let detour = |k: usize| i64::from(self.way[k - 1]) + i64::from(self.way[k]) - i64::from(row[k].leg);
        self.least = (first..row.len()).map(detour).min().unwrap_or(0);
    }
}

impl Aside {
    /// Could the new visit (its first and last moment, its seconds) be anywhere when the one in slot `k` has left? Those
    /// behind can then be earlier by no more than the time between the two neighbours shrinks, those before later.
    fn has_room(&self, row: &[Slot], k: usize, visit: (Seconds, Seconds, Seconds), city: &City) -> bool {
        let (from, until, seconds) = visit;
        let direct = city.leg(row[k - 1].point, row[k + 1].point);
        let sooner = (row[k].free + row[k + 1].leg - row[k - 1].free - direct).max(0);
        let later = (row[k + 1].late - direct - row[k].late + row[k].leg).max(0);
        let fits = |free: Seconds, there: Seconds, back: Seconds, late: Seconds| {
            let start = from.max(free + there);
            start <= until && start + seconds + back <= late
        };
        fits(row[k - 1].free, self.way[k - 1], self.way[k + 1], row[k + 1].late)
            || (1..k).any(|j| fits(row[j - 1].free, self.way[j - 1], self.way[j], row[j].late + later))
            || (k + 2..row.len()).any(|j| fits(row[j - 1].free - sooner, self.way[j - 1], self.way[j], row[j].late))
    }
}

impl Board {
    /// Adds the places that open when one loose visit of lower priority leaves; one place per worker stays.
    pub(super) fn scan_displacing(&mut self, visit: u32, keep: usize, best: &mut Vec<Found>) {
        let job = &self.city.jobs[visit as usize];
        if job.mate != NONE || keep == 0 {
            return;
        }
        let held = job.pin_start.unwrap_or(FREE);
        let mut queue = Queue::new(self.yielding(visit));
        while let Some(next) = queue.more() {
            for (least, at) in next {
                if best.len() == keep && best.last().is_some_and(|worst| *least > worst.cost) {
                    return;
                }
                let Some(found) = self.instead(visit, held, *at as usize) else { continue };
                match best.iter().position(|b| b.r == found.r) {
                    Some(i) if best[i].cost <= found.cost => continue,
                    Some(i) => {
                        best.remove(i);
                    }
                    None => {}
                }
                keep_best(best, found, keep);
            }
        }
    }

    /// The slots of all visits that may yield, each with what the exchange costs at least.
    fn yielding(&self, visit: u32) -> Vec<(i64, u32)> {
        let city = &self.city;
        let job = &city.jobs[visit as usize];
        let (from, until) = (job.from, job.until.saturating_add(job.seconds));
        let lower = |u: u32| {
            let other = &city.jobs[u as usize];
            other.mate == NONE && (other.priority < job.priority || (other.optional && !job.optional))
        };
        // Without straight ways a detour can be a shortcut, and who leaves can make others punctual.
        let bounded = matches!(city.ways, Ways::Flat { .. }) && !city.any_late;
        let mut aside = Aside { way: Vec::new(), least: 0 };
        let mut all = Vec::new();
        for (r, tour) in self.tours.tours.iter().enumerate() {
            if !self.index.can(r, job.need, job.papers) || !city.suits(visit, tour.worker) {
                continue;
            }
            let row = self.tours.row(r);
            let first = usize::from(tour.locked);
            // A rest moves about with the visits, and somebody without any is not on the way at all.
            let bounded = bounded && tour.visits > 1 && !row.iter().any(Slot::is_rest);
            let (mut measured, mut wish) = (false, 0);
            for (k, slot) in row.iter().enumerate().take(row.len() - 1).skip(first) {
                if !slot.is_visit() || slot.free < from || slot.start > until || !lower(slot.visit) {
                    continue;
                }
                if bounded && !measured {
                    measured = true;
                    aside.measure(city, visit, row, first);
                    wish = city.wish_cost(visit, tour.worker);
                }
                if bounded && !aside.has_room(row, k, (from, job.until, job.seconds), city) {
                    continue;
                }
                let least = if bounded { wish + exchange(city, tour, row, k, visit, &aside) } else { i64::MIN / 4 };
                all.push((least, (r * self.tours.cap + k) as u32));
            }
        }
        all
    }

    /// Exactly: the visit at slot number `at` leaves, and the new one takes the best place there then is.
    fn instead(&mut self, visit: u32, held: Seconds, at: usize) -> Option<Found> {
        let (r, k) = (at / self.tours.cap, at % self.tours.cap);
        let slot = self.tours.row(r)[k];
        let before = self.tours.tours[r].cost;
        self.tours.pull(slot.visit);
        let place =
            if self.tours.refresh(&self.city, r) { self.tours.best_on(&self.city, visit, held, r) } else { None };
        let saved = before - self.tours.tours[r].cost;
        self.tours.insert(&self.city, slot.visit, slot.held, r, k);
        let (cost, k, start) = place?;
        let cost = cost - saved + self.city.absent_cost(slot.visit);
        Some(Found { cost, r, k, start, held, displaced: slot.visit })
    }
}

/// What it costs at least that the visit in slot `k` leaves and the new one comes: the shorter way without the one and
/// the least detour for the other, evenness and pay for that work, wishes, and leaving out.
fn exchange(city: &City, tour: &Tour, row: &[Slot], k: usize, visit: u32, aside: &Aside) -> i64 {
    let gone = row[k].visit;
    let direct = i64::from(city.leg(row[k - 1].point, row[k + 1].point));
    let saved = i64::from(row[k].leg) + i64::from(row[k + 1].leg) - direct;
    let here = i64::from(aside.way[k - 1]) + i64::from(aside.way[k + 1]) - direct;
    let way = aside.least.min(here) - saved;
    let service = i64::from(city.jobs[visit as usize].seconds) - i64::from(city.jobs[gone as usize].seconds);
    let hand = &city.hands[tour.worker as usize];
    let (old, new) = (tour.travel + tour.service, tour.travel + tour.service + way + service);
    let pay = |work: i64| hand.cost_per_hour * work / 3600;
    let o = &city.objective;
    way * o.percent(Part::Travel)
        + (uneven(hand.load + new) - uneven(hand.load + old)) * o.percent(Part::Uneven)
        + (pay(new) - pay(old)) * o.percent(Part::Pay)
        - city.wish_cost(gone, tour.worker)
        + city.absent_cost(gone)
}
