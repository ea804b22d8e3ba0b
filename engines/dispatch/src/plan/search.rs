//! Ruin and recreate: short strings of neighbouring tours are taken out, and what was taken goes back greedily with a
//! little chance, accepted as in annealing (Christiaens & Vanden Berghe 2020, "Slack Induction by String Removals").
use super::city::{City, NONE};
use super::model::Seconds;
use super::near::Near;
use super::pair::{self, Fit};
use super::tours::{ABSENT, FREE, Slot, Tour, Tours};
use crate::Chance;

/// Visits taken out in one step, on average.
const TAKEN: usize = 10;
/// Longest string taken out of one tour.
const STRING: usize = 10;
/// One place in so many is overlooked when putting back.
const BLINK: usize = 100;
/// Visits waiting near the place of ruin that are tried again with the rest.
const WAITING: usize = 12;

/// Whose visits were whose before a change, and what changing that costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Anchor {
    /// Worker of each visit before, or [`NONE`].
    pub worker_of: Vec<u32>,
    pub cost: i64,
}

impl Anchor {
    pub fn cost_of(&self, visit: u32, worker: u32) -> i64 {
        match self.worker_of.get(visit as usize) {
            Some(before) if *before != NONE && *before != worker => self.cost,
            _ => 0,
        }
    }
}

/// Visits on no tour, with the place of each in the list.
#[derive(Clone, Debug, Default)]
pub(super) struct Bank {
    pub visits: Vec<u32>,
    place: Vec<u32>,
}

impl Bank {
    pub fn new(visits: usize) -> Bank {
        Bank { visits: Vec::new(), place: vec![NONE; visits] }
    }
    pub fn has(&self, visit: u32) -> bool {
        self.place[visit as usize] != NONE
    }
    pub fn add(&mut self, visit: u32) {
        if !self.has(visit) {
            self.place[visit as usize] = self.visits.len() as u32;
            self.visits.push(visit);
        }
    }
    pub fn remove(&mut self, visit: u32) {
        let place = self.place[visit as usize];
        if place != NONE {
            self.visits.swap_remove(place as usize);
            if let Some(moved) = self.visits.get(place as usize) {
                self.place[*moved as usize] = place;
            }
            self.place[visit as usize] = NONE;
        }
    }
}

/// A tour as it was before the step.
struct Kept {
    r: usize,
    tour: Tour,
    first: usize,
}

pub(super) struct Search<'a> {
    pub city: &'a City,
    pub near: &'a Near,
    pub tours: Tours,
    pub bank: Bank,
    /// Visits of this region, tried as places of ruin.
    pub visits: Vec<u32>,
    pub anchor: Option<&'a Anchor>,
    /// Only these are places of ruin.
    pub only: Option<Vec<u32>>,
    pub chance: Chance,
    /// Weighted cost of tours and of the visits left out.
    pub cost: i64,
    kept: Vec<Kept>,
    kept_slots: Vec<Slot>,
    touched: Vec<u32>,
    looked: Vec<u32>,
    mark: u32,
    list: Vec<u32>,
    tick: u32,
    /// Taken out in this step, with the worker who had it (or none).
    out: Vec<(u32, u32)>,
    keyed: Vec<(i64, u32)>,
    pub(super) fits: (Vec<Fit>, Vec<Fit>),
}

impl<'a> Search<'a> {
    pub fn new(city: &'a City, near: &'a Near, tours: Tours, bank: Bank, chance: Chance) -> Search<'a> {
        let mut visits: Vec<u32> = (0..city.jobs.len() as u32).filter(|v| tours.at[*v as usize] < ABSENT).collect();
        visits.extend(&bank.visits);
        let cost = tours.tours.iter().map(|t| t.cost).sum::<i64>()
            + bank.visits.iter().map(|v| city.absent_cost(*v)).sum::<i64>();
        let count = tours.tours.len();
        Search {
            city,
            near,
            tours,
            bank,
            visits,
            anchor: None,
            only: None,
            chance,
            cost,
            kept: Vec::new(),
            kept_slots: Vec::new(),
            touched: vec![0; count],
            looked: vec![0; count],
            mark: 0,
            list: Vec::new(),
            tick: 0,
            out: Vec::new(),
            keyed: Vec::new(),
            fits: (Vec::new(), Vec::new()),
        }
    }

    /// One step at this temperature (weighted cost). `true`: the plan is another now.
    pub fn step(&mut self, temperature: f64) -> bool {
        if self.visits.is_empty() {
            return false;
        }
        self.tick += 1;
        self.kept.clear();
        self.kept_slots.clear();
        self.out.clear();
        let seed = if let Some(only) = self.only.as_ref().filter(|only| !only.is_empty()) {
            only[self.chance.below(only.len())]
        } else if !self.bank.visits.is_empty() && self.chance.below(2) == 0 {
            self.bank.visits[self.chance.below(self.bank.visits.len())]
        } else {
            self.visits[self.chance.below(self.visits.len())]
        };
        self.ruin(seed);
        for i in 0..self.kept.len() {
            let r = self.kept[i].r;
            if !self.tours.refresh(self.city, r) {
                self.restore();
                return false;
            }
        }
        self.invite(seed);
        self.arrange();
        for i in 0..self.keyed.len() {
            let visit = self.keyed[i].1;
            if self.tours.at[visit as usize] == ABSENT && !self.put(visit) {
                self.restore();
                return false;
            }
        }
        let change = self.change();
        let limit = temperature * less_ln(self.chance.bits());
        if (change as f64) < limit {
            self.cost += change;
            for i in 0..self.out.len() {
                let visit = self.out[i].0;
                if self.tours.at[visit as usize] == ABSENT {
                    self.bank.add(visit);
                } else {
                    self.bank.remove(visit);
                }
            }
            true
        } else {
            self.restore();
            false
        }
    }

    /// What the step did to the cost.
    fn change(&self) -> i64 {
        let mut change = 0;
        for kept in &self.kept {
            change += self.tours.tours[kept.r].cost - kept.tour.cost;
        }
        for (visit, worker) in &self.out {
            let r = self.tours.tour_of(*visit);
            change += if r.is_none() { self.city.absent_cost(*visit) } else { 0 };
            change -= if *worker == NONE { self.city.absent_cost(*visit) } else { 0 };
            if let Some(anchor) = self.anchor {
                change += r.map_or(0, |r| anchor.cost_of(*visit, self.tours.tours[r].worker));
                change -= if *worker == NONE { 0 } else { anchor.cost_of(*visit, *worker) };
            }
        }
        change
    }

    /// Remembers a tour before it is changed.
    fn touch(&mut self, r: usize) {
        if self.touched[r] != self.tick {
            self.touched[r] = self.tick;
            let first = self.kept_slots.len();
            self.kept_slots.extend_from_slice(self.tours.row(r));
            self.kept.push(Kept { r, tour: self.tours.tours[r], first });
        }
    }

    fn restore(&mut self) {
        for kept in &self.kept {
            for k in 0..usize::from(self.tours.tours[kept.r].len) {
                let slot = self.tours.slots[kept.r * self.tours.cap + k];
                if slot.is_visit() {
                    self.tours.at[slot.visit as usize] = ABSENT;
                }
            }
        }
        for kept in &self.kept {
            let base = kept.r * self.tours.cap;
            let len = usize::from(kept.tour.len);
            self.tours.slots[base..base + len].copy_from_slice(&self.kept_slots[kept.first..kept.first + len]);
            self.tours.tours[kept.r] = kept.tour;
            for k in 0..len {
                let visit = self.tours.slots[base + k].visit;
                if self.tours.slots[base + k].is_visit() {
                    self.tours.at[visit as usize] = (base + k) as u32;
                }
            }
        }
    }

    fn ruin(&mut self, seed: u32) {
        let near = self.near;
        let served = self.visits.len() - self.bank.visits.len();
        let mean = served / self.tours.tours.len().max(1);
        let longest = STRING.min(mean.max(1));
        let tours = 1 + self.chance.below((4 * TAKEN / (1 + longest)).max(1));
        self.string(seed, longest);
        for u in near.around(seed) {
            if self.kept.len() >= tours {
                break;
            }
            self.string(*u, longest);
        }
    }

    /// Takes a string with this visit in it out of its tour, if the tour is still whole.
    fn string(&mut self, visit: u32, longest: usize) {
        let Some(r) = self.tours.tour_of(visit) else { return };
        if self.touched[r] == self.tick {
            return;
        }
        let locked = usize::from(self.tours.tours[r].locked);
        let len = usize::from(self.tours.tours[r].len);
        let k = self.tours.at[visit as usize] as usize % self.tours.cap;
        if k < locked {
            return;
        }
        let inner = len - 1 - locked;
        let length = 1 + self.chance.below(longest.min(inner));
        // A string may leave a stretch in its middle standing.
        let (mut reach, mut skip) = (length, 0);
        if length > 1 && length < inner && self.chance.below(2) == 0 {
            skip = 1 + self.chance.below((inner - length).min(3));
            reach = length + skip;
        }
        let lowest = (k + 1).saturating_sub(reach).max(locked);
        let highest = k.min(len - 1 - reach);
        let first = lowest + self.chance.below(highest.saturating_sub(lowest) + 1);
        let gap = first + 1 + if skip > 0 { self.chance.below(length) } else { 0 };
        let mut chosen = [NONE; STRING + 4];
        let mut count = 0;
        for i in first..(first + reach).min(len - 1) {
            let kept = skip > 0 && i >= gap && i < gap + skip;
            let slot = self.tours.slots[r * self.tours.cap + i];
            if !kept && slot.is_visit() && count < chosen.len() {
                chosen[count] = slot.visit;
                count += 1;
            }
        }
        for visit in &chosen[..count] {
            self.take(*visit);
        }
    }

    /// Takes a visit out, and the other one of its link with it.
    fn take(&mut self, visit: u32) {
        let mate = self.city.jobs[visit as usize].mate;
        if !self.tours.is_loose(visit) || (mate != NONE && !self.tours.is_loose(mate)) {
            return;
        }
        for v in [visit, mate] {
            if v != NONE
                && let Some(r) = self.tours.tour_of(v)
            {
                self.touch(r);
                self.out.push((v, self.tours.tours[r].worker));
                self.tours.pull(v);
            }
        }
    }

    /// Some of those left out near the place of ruin try again.
    fn invite(&mut self, seed: u32) {
        let mut invited = 0;
        for v in std::iter::once(&seed).chain(self.near.around(seed)) {
            let v = *v;
            if invited < WAITING && self.tours.at[v as usize] == ABSENT && self.bank.has(v) {
                let mate = self.city.jobs[v as usize].mate;
                if mate == NONE {
                    invited += 1;
                    self.out.push((v, NONE));
                } else if self.bank.has(mate) && !self.out.iter().any(|o| o.0 == v) {
                    invited += 2;
                    self.out.push((v, NONE));
                    self.out.push((mate, NONE));
                }
            }
        }
    }

    /// The order in which the taken go back.
    fn arrange(&mut self) {
        let kind = self.chance.below(12);
        self.keyed.clear();
        for i in 0..self.out.len() {
            let v = self.out[i].0;
            let job = &self.city.jobs[v as usize];
            let key = match kind {
                0..=3 => (self.chance.bits() >> 2) as i64,
                4..=6 => -i64::from(job.seconds),
                7 => -i64::from(job.until),
                8 => i64::from(job.from),
                9 => i64::from(job.until - job.from),
                10 => -(self.home_way(v)),
                _ => self.home_way(v),
            };
            let pair = if job.mate == NONE { 0 } else { -1 };
            self.keyed.push((key.saturating_add(pair << 40), v));
        }
        self.keyed.sort_unstable();
    }

    /// Seconds to the nearest suitable home.
    fn home_way(&self, visit: u32) -> i64 {
        self.near.homes(visit).first().map_or(0, |w| {
            i64::from(self.city.leg(self.city.hands[*w as usize].start, self.city.jobs[visit as usize].point))
        })
    }

    /// The tours worth looking at for a visit: those its neighbours are on, those that begin near. Each once.
    pub(super) fn candidates(&mut self, visit: u32, into: &mut Vec<u32>) {
        into.clear();
        self.mark = self.mark.wrapping_add(1);
        let (city, near) = (self.city, self.near);
        let on = near.tours(visit).iter().filter_map(|u| self.tours.tour_of(*u));
        let begin = near.homes(visit).iter().filter_map(|w| self.tours.tour_of_worker(*w));
        for r in on.chain(begin) {
            if self.looked[r] != self.mark {
                self.looked[r] = self.mark;
                if city.suits(visit, self.tours.tours[r].worker) {
                    into.push(r as u32);
                }
            }
        }
    }

    /// Puts one visit (or a pair) at the best place found. `false`: the tours broke, the step is void.
    fn put(&mut self, visit: u32) -> bool {
        if self.city.jobs[visit as usize].mate != NONE {
            return pair::put(self, visit);
        }
        let Some((r, k, held)) = self.best(visit) else { return true };
        self.touch(r);
        self.tours.insert(self.city, visit, held, r, k)
    }

    pub(super) fn put_at(&mut self, visit: u32, held: Seconds, r: usize, k: usize) -> bool {
        self.touch(r);
        self.tours.insert(self.city, visit, held, r, k)
    }

    /// Is this tour overlooked this time?
    pub(super) fn blink(&mut self) -> bool {
        self.chance.below(BLINK) == 0
    }

    fn best(&mut self, visit: u32) -> Option<(usize, usize, Seconds)> {
        let city = self.city;
        let held = city.jobs[visit as usize].pin_start.unwrap_or(FREE);
        let mut list = std::mem::take(&mut self.list);
        self.candidates(visit, &mut list);
        let mut best: Option<(i64, usize, usize)> = None;
        for r in &list {
            let r = *r as usize;
            if self.blink() {
                continue;
            }
            if let Some((cost, k, _)) = self.tours.best_on(city, visit, held, r) {
                let cost = cost + self.anchor.map_or(0, |a| a.cost_of(visit, self.tours.tours[r].worker));
                if best.is_none_or(|b| cost < b.0) {
                    best = Some((cost, r, k));
                }
            }
        }
        self.list = list;
        best.map(|(_, r, k)| (r, k, held))
    }
}

/// `−ln` of a number between 0 and 1 made of random bits: our own, so that it is the same on every machine.
fn less_ln(bits: u64) -> f64 {
    let bits = bits | 1;
    let exponent = bits.leading_zeros();
    // 1 ≤ m < 2
    let m = ((bits << exponent) >> 11) as f64 / (1u64 << 52) as f64;
    let z = (m - 1.0) / (m + 1.0);
    let q = z * z;
    let ln = 2.0 * z * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q / 9.0))));
    f64::from(exponent + 1) * std::f64::consts::LN_2 - ln
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_logarithm_is_the_logarithm() {
        for bits in [1u64, 12_345, 1 << 40, u64::MAX / 3, u64::MAX / 2, u64::MAX] {
            let u = (bits | 1) as f64 / 2f64.powi(64);
            assert!((less_ln(bits) + u.ln()).abs() < 1e-3, "{bits}: {} {}", less_ln(bits), u.ln());
        }
    }
}
