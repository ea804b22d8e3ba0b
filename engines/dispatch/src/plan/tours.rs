//! The state of a search: who goes where in which order, with the earliest and latest start of every stop, so that
//! putting a visit anywhere is priced by looking at two neighbours.
//!
//! A tour is a stretch of slots of one array: the worker's start, the stops, the worker's end. A rest is a slot without
//! a place of its own: it is wherever the slot before it is.
use super::city::{CAN_BE_LATE, City, Job, NEVER, NONE, Point};
use super::model::Seconds;
use super::objective::{Bill, Part, uneven};

/// The visit is ours and on no tour.
pub(super) const ABSENT: u32 = NONE - 1;
/// A slot that is no visit: the ends of a tour.
const EDGE: u32 = NONE;
/// From this number down to [`NONE`] slots are rests (the number of the rest is counted from here).
const REST: u32 = NONE - 64;
/// No moment is held.
pub(super) const FREE: Seconds = i32::MIN;

#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub visit: u32,
    pub point: Point,
    /// Seconds from the slot before.
    pub leg: Seconds,
    /// Earliest start, and the moment the worker is free again.
    pub start: Seconds,
    pub free: Seconds,
    /// Latest start for which everything after it still fits.
    pub late: Seconds,
    /// The one moment it may begin at (pairs, pins, facts), or [`FREE`].
    pub held: Seconds,
}

const BLANK: Slot = Slot { visit: EDGE, point: Point { x: 0, y: 0 }, leg: 0, start: 0, free: 0, late: 0, held: FREE };

impl Slot {
    pub const fn is_visit(&self) -> bool {
        self.visit < REST
    }
    pub const fn is_rest(&self) -> bool {
        self.visit >= REST && self.visit < ABSENT
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Tour {
    pub worker: u32,
    /// Slots in use, both ends included.
    pub len: u16,
    /// Leading slots that are facts.
    pub locked: u16,
    pub visits: u16,
    pub travel: i64,
    pub service: i64,
    /// Weighted cost of the whole tour.
    pub cost: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Tours {
    /// Slots of each tour; the unused ones are blank.
    pub cap: usize,
    pub slots: Vec<Slot>,
    pub tours: Vec<Tour>,
    /// Where each visit of the city is: its slot, [`ABSENT`], or [`NONE`] when it is none of ours.
    pub at: Vec<u32>,
    /// The tour of each worker of the city, or [`NONE`].
    pub of_worker: Vec<u32>,
    /// Before this moment nobody can be sent anywhere.
    pub now: Seconds,
}

impl Tours {
    /// Empty tours for these workers; no visit is ours yet.
    pub fn new(city: &City, workers: &[u32], cap: usize, now: Seconds) -> Tours {
        let rests = workers.iter().map(|w| city.hands[*w as usize].rests.len()).max().unwrap_or(0);
        let cap = cap.max(rests + 8);
        let mut tours = Tours {
            cap,
            slots: vec![BLANK; cap * workers.len()],
            tours: Vec::with_capacity(workers.len()),
            at: vec![NONE; city.jobs.len()],
            of_worker: vec![NONE; city.hands.len()],
            now,
        };
        for (r, worker) in workers.iter().enumerate() {
            let hand = &city.hands[*worker as usize];
            let base = r * cap;
            tours.slots[base].point = hand.start;
            for i in 0..hand.rests.len() {
                tours.slots[base + 1 + i].visit = REST + i as u32;
            }
            tours.slots[base + 1 + hand.rests.len()].point = hand.end;
            tours.tours.push(Tour {
                worker: *worker,
                len: 2 + hand.rests.len() as u16,
                locked: 1,
                visits: 0,
                travel: 0,
                service: 0,
                cost: 0,
            });
            tours.of_worker[*worker as usize] = r as u32;
            tours.refresh(city, r);
        }
        tours
    }

    #[inline]
    pub fn row(&self, r: usize) -> &[Slot] {
        &self.slots[r * self.cap..r * self.cap + usize::from(self.tours[r].len)]
    }

    /// The tour a visit is on.
    #[inline]
    pub fn tour_of(&self, visit: u32) -> Option<usize> {
        let at = self.at[visit as usize];
        (at < ABSENT).then(|| at as usize / self.cap)
    }

    #[inline]
    pub fn tour_of_worker(&self, worker: u32) -> Option<usize> {
        let r = self.of_worker[worker as usize];
        (r != NONE).then_some(r as usize)
    }

    pub fn slot_of(&self, visit: u32) -> Option<&Slot> {
        let at = self.at[visit as usize];
        (at < ABSENT).then(|| &self.slots[at as usize])
    }

    /// May the visit be taken off its tour?
    pub fn is_loose(&self, visit: u32) -> bool {
        let at = self.at[visit as usize] as usize;
        at < ABSENT as usize && at % self.cap >= usize::from(self.tours[at / self.cap].locked)
    }

    /// Works the tour's times and costs out again. `false`: it cannot be kept in time or in its bounds.
    pub fn refresh(&mut self, city: &City, r: usize) -> bool {
        let tour = self.tours[r];
        let hand = &city.hands[tour.worker as usize];
        let base = r * self.cap;
        let (len, locked) = (usize::from(tour.len), usize::from(tour.locked));
        let row = &mut self.slots[base..base + len];
        let (mut travel, mut service, mut visits, mut fits) = (0i64, 0i64, 0u16, true);
        row[0].start = hand.shift.0;
        row[0].free = hand.shift.0;
        for k in 1..len {
            let before = row[k - 1];
            let slot = &mut row[k];
            if slot.is_rest() {
                slot.point = before.point;
            }
            slot.leg = city.leg(before.point, slot.point);
            travel += i64::from(slot.leg);
            if slot.is_visit() {
                visits += 1;
                // A tour on trial keeps no places.
                if let Some(at) = self.at.get_mut(slot.visit as usize) {
                    *at = (base + k) as u32;
                }
            }
            if k < locked {
                service += i64::from(slot.free - slot.start);
                continue;
            }
            let left = if k == locked { before.free.max(self.now) } else { before.free };
            let arrival = left + slot.leg;
            let (start, seconds) = if slot.is_visit() {
                let job = &city.jobs[slot.visit as usize];
                (earliest(job, slot.held, arrival), job.seconds)
            } else if slot.is_rest() {
                let rest = hand.rests[(slot.visit - REST) as usize];
                (if arrival > rest.1 { NEVER } else { arrival.max(rest.0) }, rest.2)
            } else {
                (arrival, 0)
            };
            fits &= start < NEVER;
            slot.start = start.min(NEVER);
            slot.free = slot.start.saturating_add(seconds).min(NEVER);
            if slot.is_visit() {
                service += i64::from(seconds);
            }
        }
        let last = &mut row[len - 1];
        last.late = hand.shift.1;
        fits &= last.start <= hand.shift.1;
        for k in (locked..len - 1).rev() {
            let next = row[k + 1];
            let slot = &mut row[k];
            let bound = next.late - next.leg;
            if slot.is_visit() {
                let job = &city.jobs[slot.visit as usize];
                slot.late = latest(job, slot.held, bound - job.seconds);
            } else if slot.is_rest() {
                let rest = hand.rests[(slot.visit - REST) as usize];
                slot.late = (bound - rest.2).min(rest.1);
            }
        }
        if visits == 0 {
            travel = 0;
        }
        fits &= travel + service <= i64::from(hand.max_work);
        let tour = &mut self.tours[r];
        tour.travel = travel;
        tour.service = service;
        tour.visits = visits;
        let cost = if city.plain {
            travel * city.objective.percent(Part::Travel)
        } else {
            city.objective.sum(&self.bill(city, r))
        };
        self.tours[r].cost = cost;
        fits
    }

    /// What the tour costs, part by part.
    pub fn bill(&self, city: &City, r: usize) -> Bill {
        let tour = &self.tours[r];
        let hand = &city.hands[tour.worker as usize];
        let mut bill = Bill::default();
        bill.add(Part::Travel, tour.travel);
        let work = tour.travel + tour.service;
        bill.add(Part::Uneven, uneven(hand.load + work) - uneven(hand.load));
        if tour.visits > 0 {
            bill.add(Part::Pay, hand.fixed_cost + hand.cost_per_hour * work / 3600);
        }
        for (k, slot) in self.row(r).iter().enumerate().filter(|s| s.1.is_visit()) {
            let job = &city.jobs[slot.visit as usize];
            if job.flags & CAN_BE_LATE != 0 || k < usize::from(tour.locked) {
                bill.add(Part::Late, job.late(slot.start));
            }
            let (wishes, continuity) = city.wishes(slot.visit, tour.worker);
            bill.add(Part::Wishes, wishes);
            bill.add(Part::Continuity, continuity);
        }
        bill
    }

    /// When the visit would begin and what it would add, put before slot `k` of tour `r`; `None` where it cannot be.
    /// `wish` is [`City::wish_cost`] of the pair, worked out once for all places of a tour.
    #[inline]
    pub fn price(
        &self,
        city: &City,
        job: &Job,
        held: Seconds,
        wish: i64,
        r: usize,
        k: usize,
    ) -> Option<(i64, Seconds)> {
        let base = r * self.cap;
        let before = &self.slots[base + k - 1];
        let after = &self.slots[base + k];
        let tour = &self.tours[r];
        let left = if k == usize::from(tour.locked) { before.free.max(self.now) } else { before.free };
        let first = city.leg(before.point, job.point);
        let start = earliest(job, held, left + first);
        if start >= NEVER {
            return None;
        }
        let free = start + job.seconds;
        let added = if after.is_rest() {
            i64::from(first) + self.past_rests(city, job, r, k, free)?
        } else {
            let second = city.leg(job.point, after.point);
            if free + second > after.late {
                return None;
            }
            i64::from(first) + i64::from(second) - i64::from(after.leg)
        };
        let added = if tour.visits == 0 { added + i64::from(self.empty_way(city, r)) } else { added };
        let hand = &city.hands[tour.worker as usize];
        let work = tour.travel + tour.service;
        let more = added + i64::from(job.seconds);
        if work + more > i64::from(hand.max_work) || usize::from(tour.len) >= self.cap {
            return None;
        }
        let mut cost = added * city.objective.percent(Part::Travel);
        if !city.plain {
            cost += wish + self.comfort(city, job, r, k, start, free, work, more);
        }
        Some((cost, start))
    }

    /// The way of an unused worker counts as nothing, so a first visit pays for all of it.
    fn empty_way(&self, city: &City, r: usize) -> Seconds {
        let hand = &city.hands[self.tours[r].worker as usize];
        city.leg(hand.start, hand.end)
    }

    /// Way added behind a visit that stands before a rest, which then happens at the visit's place.
    fn past_rests(&self, city: &City, job: &Job, r: usize, k: usize, free: Seconds) -> Option<i64> {
        let row = self.row(r);
        let hand = &city.hands[self.tours[r].worker as usize];
        let (mut t, mut i) = (free, k);
        while row[i].is_rest() {
            let rest = hand.rests[(row[i].visit - REST) as usize];
            if t > rest.1 {
                return None;
            }
            t = t.max(rest.0) + rest.2;
            i += 1;
        }
        let second = city.leg(job.point, row[i].point);
        (t + second <= row[i].late).then(|| i64::from(second) - i64::from(row[i].leg))
    }

    /// What is not the way: lateness here and of those behind, evenness, pay.
    #[expect(clippy::too_many_arguments, reason = "the hot path hands over what it has in registers")]
    fn comfort(
        &self,
        city: &City,
        job: &Job,
        r: usize,
        k: usize,
        start: Seconds,
        free: Seconds,
        work: i64,
        more: i64,
    ) -> i64 {
        let tour = &self.tours[r];
        let hand = &city.hands[tour.worker as usize];
        let o = &city.objective;
        let mut cost = (uneven(hand.load + work + more) - uneven(hand.load + work)) * o.percent(Part::Uneven);
        let pay = |work: i64| hand.cost_per_hour * work / 3600;
        let first = if tour.visits == 0 { hand.fixed_cost + pay(work) } else { 0 };
        cost += (pay(work + more) - pay(work) + first) * o.percent(Part::Pay);
        if city.any_late {
            let mut late = job.late(start);
            let row = self.row(r);
            let (mut t, mut from) = (free, job.point);
            for slot in &row[k..] {
                if !slot.is_visit() && !slot.is_rest() {
                    break;
                }
                let (start, seconds) = if slot.is_visit() {
                    let next = &city.jobs[slot.visit as usize];
                    let start = earliest(next, slot.held, t + city.leg(from, slot.point));
                    from = slot.point;
                    late += next.late(start.min(next.until)) - next.late(slot.start);
                    (start, next.seconds)
                } else {
                    let rest = hand.rests[(slot.visit - REST) as usize];
                    (t.max(rest.0), rest.2)
                };
                if start <= slot.start && slot.is_visit() {
                    break;
                }
                t = start + seconds;
            }
            cost += late * o.percent(Part::Late);
        }
        cost
    }

    /// Every place of tour `r` where the visit can be, with its cost and the moments between which it can begin there.
    pub fn stretches(
        &self,
        city: &City,
        visit: u32,
        r: usize,
        first: usize,
        mut found: impl FnMut(i64, usize, Seconds, Seconds),
    ) {
        let job = &city.jobs[visit as usize];
        let tour = &self.tours[r];
        let wish = if city.plain { 0 } else { city.wish_cost(visit, tour.worker) };
        let row = self.row(r);
        for k in first..row.len() {
            if row[k - 1].free > job.until {
                break;
            }
            if row[k].late < job.from + job.seconds && !row[k].is_rest() {
                continue;
            }
            let Some((cost, low)) = self.price(city, job, FREE, wish, r, k) else { continue };
            let high = if row[k].is_rest() {
                // How long the start may wait before a rest is not worked out; the earliest moment always works.
                low
            } else {
                job.latest(row[k].late - city.leg(job.point, row[k].point) - job.seconds)
            };
            if high >= low {
                found(cost, k, low, high);
            }
        }
    }

    /// The cheapest place on tour `r`: cost, slot, start. The worker must suit.
    #[inline]
    pub fn best_on(&self, city: &City, visit: u32, held: Seconds, r: usize) -> Option<(i64, usize, Seconds)> {
        self.best_from(city, visit, held, r, usize::from(self.tours[r].locked))
    }

    /// As [`Tours::best_on`], when it is known that nothing before slot `first` comes into question.
    #[inline]
    pub fn best_from(
        &self,
        city: &City,
        visit: u32,
        held: Seconds,
        r: usize,
        first: usize,
    ) -> Option<(i64, usize, Seconds)> {
        let job = &city.jobs[visit as usize];
        let tour = &self.tours[r];
        let wish = if city.plain { 0 } else { city.wish_cost(visit, tour.worker) };
        let (from, until) = if held == FREE { (job.from, job.until) } else { (held, held) };
        let row = self.row(r);
        let mut best: Option<(i64, usize, Seconds)> = None;
        for k in first..row.len() {
            if row[k - 1].free > until {
                break;
            }
            // A rest moves to where the visit is, so its own bound says nothing yet.
            if row[k].late < from + job.seconds && !row[k].is_rest() {
                continue;
            }
            if let Some((cost, start)) = self.price(city, job, held, wish, r, k)
                && best.is_none_or(|b| cost < b.0)
            {
                best = Some((cost, k, start));
            }
        }
        best
    }

    /// A visit begun at `at` becomes the last fact of tour `r`. The one before it is over by then.
    pub fn insert_fact(&mut self, city: &City, visit: u32, r: usize, at: Seconds) -> bool {
        if usize::from(self.tours[r].len) >= self.cap {
            self.widen();
        }
        let base = r * self.cap;
        let (k, len) = (usize::from(self.tours[r].locked), usize::from(self.tours[r].len));
        self.slots.copy_within(base + k..base + len, base + k + 1);
        let job = &city.jobs[visit as usize];
        let free = at.saturating_add(job.seconds);
        self.slots[base + k] = Slot { visit, point: job.point, held: at, start: at, free, ..BLANK };
        let before = &mut self.slots[base + k - 1];
        before.free = before.free.min(at);
        self.tours[r].len += 1;
        self.tours[r].locked += 1;
        self.refresh(city, r)
    }

    /// The last fact of tour `r` ended at `at`, or will.
    pub fn end_fact(&mut self, city: &City, r: usize, at: Seconds) -> bool {
        let k = usize::from(self.tours[r].locked) - 1;
        if k > 0 {
            let slot = &mut self.slots[r * self.cap + k];
            slot.free = at.max(slot.start);
        }
        self.refresh(city, r)
    }

    /// When the last fact of tour `r` began; long ago if there is none.
    pub fn last_fact(&self, r: usize) -> Seconds {
        let k = usize::from(self.tours[r].locked) - 1;
        if k == 0 { Seconds::MIN } else { self.slots[r * self.cap + k].start }
    }

    /// A copy of one tour without the visit `without`, to try something on. It knows no visit's place.
    pub fn trial(&self, city: &City, r: usize, without: Option<u32>) -> Tours {
        let mut row = self.row(r).to_vec();
        row.retain(|s| Some(s.visit) != without);
        let mut tour = self.tours[r];
        tour.len = row.len() as u16;
        row.resize(self.cap, BLANK);
        let mut one = Tours {
            cap: self.cap,
            slots: row,
            tours: vec![tour],
            at: Vec::new(),
            of_worker: Vec::new(),
            now: self.now,
        };
        one.refresh(city, 0);
        one
    }

    /// Takes over one tour of another set of tours as it is.
    pub fn copy_row(&mut self, r: usize, from: &Tours, other: usize) {
        let len = usize::from(from.tours[other].len);
        let base = r * self.cap;
        self.slots[base..base + len].copy_from_slice(&from.slots[other * from.cap..other * from.cap + len]);
        self.tours[r] = from.tours[other];
        for k in 0..len {
            let slot = self.slots[base + k];
            if slot.is_visit() {
                self.at[slot.visit as usize] = (base + k) as u32;
            }
        }
    }

    /// Puts the visit before slot `k` of tour `r`. `false`: the tour does not fit any more (it is left so).
    pub fn insert(&mut self, city: &City, visit: u32, held: Seconds, r: usize, k: usize) -> bool {
        let base = r * self.cap;
        let len = usize::from(self.tours[r].len);
        if len >= self.cap {
            self.widen();
            return self.insert(city, visit, held, r, k);
        }
        self.slots.copy_within(base + k..base + len, base + k + 1);
        let point = city.jobs[visit as usize].point;
        self.slots[base + k] = Slot { visit, point, held, ..BLANK };
        self.tours[r].len += 1;
        self.refresh(city, r)
    }

    /// Takes a visit off its tour without working the tour out again: for several at once.
    pub fn pull(&mut self, visit: u32) -> Option<usize> {
        let at = self.at[visit as usize];
        if at >= ABSENT {
            return None;
        }
        let (r, k) = (at as usize / self.cap, at as usize % self.cap);
        let base = r * self.cap;
        let len = usize::from(self.tours[r].len);
        self.slots.copy_within(base + k + 1..base + len, base + k);
        self.slots[base + len - 1] = BLANK;
        self.tours[r].len -= 1;
        if k < usize::from(self.tours[r].locked) {
            self.tours[r].locked -= 1;
        }
        self.at[visit as usize] = ABSENT;
        for i in k..len - 1 {
            let visit = self.slots[base + i].visit;
            if visit < REST {
                self.at[visit as usize] = (base + i) as u32;
            }
        }
        Some(r)
    }

    /// Twice the room for every tour.
    pub fn widen(&mut self) {
        let (old, new) = (self.cap, self.cap * 2);
        let mut slots = vec![BLANK; new * self.tours.len()];
        for r in 0..self.tours.len() {
            slots[r * new..r * new + old].copy_from_slice(&self.slots[r * old..(r + 1) * old]);
        }
        for at in self.at.iter_mut().filter(|at| **at < ABSENT) {
            let slot = *at as usize;
            *at = (slot / old * new + slot % old) as u32;
        }
        self.cap = new;
        self.slots = slots;
    }

    /// Which rest a slot is.
    pub const fn rest_number(slot: &Slot) -> usize {
        (slot.visit - REST) as usize
    }
}

#[inline]
fn earliest(job: &Job, held: Seconds, arrival: Seconds) -> Seconds {
    if held == FREE {
        job.earliest(arrival)
    } else if arrival <= held {
        held
    } else {
        NEVER
    }
}

#[inline]
fn latest(job: &Job, held: Seconds, bound: Seconds) -> Seconds {
    if held == FREE {
        job.latest(bound)
    } else if held <= bound {
        held
    } else {
        -NEVER
    }
}
