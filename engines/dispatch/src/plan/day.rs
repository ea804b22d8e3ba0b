//! A day at once: a first plan in seconds, then improvement region by region until the budget is used up.
use super::build;
use super::check::{Fault, check};
use super::city::{City, NONE, Point};
use super::model::{Problem, Seconds, VisitIx};
use super::near::Near;
use super::refuse::{Impossible, Refusal, impossible, refuse};
use super::region::split;
use super::search::{Bank, Search};
use super::sheet::{Absence, LeftOut, Plan, write};
use super::tours::{ABSENT, Slot, Tours};
use crate::{Budget, Chance, Pace};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Visits of a region that one thread improves at a time.
const REGION: usize = 1_500;
/// Times the city is cut anew, so that what lies on a border once does not the next time.
const ROUNDS: u64 = 24;
/// A small day with fewer steps than this is searched in one round.
const FEW: u64 = 10_000;
/// Slots of a tour to begin with.
pub(super) const ROOM: usize = 24;
/// Temperatures of the annealing at the beginning and the end, in seconds on the way.
const HOT: f64 = 150.0;
const COLD: f64 = 3.0;
/// The clock is asked after so many steps.
const ASK: u64 = 64;

/// How a day is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct How {
    /// The same seed, threads, units and problem give the same plan, however fast each thread is.
    pub seed: u64,
    /// Threads that work at the same time; small days are cut into at least two regions for more than one.
    pub threads: usize,
}

/// A day's plan and what it took.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub plan: Plan,
    /// Steps done; fewer than asked for only when the caller stopped it.
    pub units: u64,
    /// What the validator says to the plan: nothing. Anything else is a defect of the planner, and no plan to work by.
    pub faults: Vec<Fault>,
}

/// Plans a day. A unit of the budget is one step of ruin and recreate; 0 units give the first plan.
///
/// # Errors
/// The problem is broken ([`Refusal`]). Visits that cannot be planned are no error: the plan names each with its reason.
pub fn day(problem: &Problem, how: How, budget: &mut Budget<'_>) -> Result<Outcome, Refusal> {
    day_at(problem, how, budget)
}

/// As [`day`], the steps handed out round by round.
///
/// # Errors
/// As [`day`].
pub fn day_at(problem: &Problem, how: How, pace: &mut dyn Pace) -> Result<Outcome, Refusal> {
    refuse(problem)?;
    let city = City::of(problem);
    let workers: Vec<u32> = (0..city.hands.len() as u32).collect();
    let empty = Tours::new(&city, &workers, ROOM, Seconds::MIN / 4);
    let hopeless = impossible(problem, &city, &empty);
    let mut state = State::new(&city, empty, &hopeless);
    state.build(how.threads);
    let units = state.improve(how, pace);
    let left = left_out(&state.tours, &hopeless);
    let plan = write(&city, &state.tours, left);
    let faults = check(problem, &plan);
    Ok(Outcome { plan, units, faults })
}

fn left_out(tours: &Tours, hopeless: &[Option<Impossible>]) -> Vec<LeftOut> {
    let why = |v: usize| hopeless[v].map_or(Absence::NoRoom, Absence::Impossible);
    let out = (0..hopeless.len()).filter(|v| tours.at[*v] >= ABSENT);
    out.map(|v| LeftOut { visit: VisitIx(v as u32), why: why(v) }).collect()
}

/// A city being planned.
pub(super) struct State<'a> {
    pub city: &'a City,
    pub tours: Tours,
    /// Visits that could be planned and are not.
    pub bank: Vec<u32>,
}

impl<'a> State<'a> {
    pub fn new(city: &'a City, mut tours: Tours, hopeless: &[Option<Impossible>]) -> State<'a> {
        let mut bank = Vec::new();
        for (v, why) in hopeless.iter().enumerate() {
            if why.is_none() && tours.at[v] >= ABSENT {
                tours.at[v] = ABSENT;
                bank.push(v as u32);
            }
        }
        State { city, tours, bank }
    }

    fn is_flat(&self) -> bool {
        matches!(self.city.ways, super::model::Ways::Flat { .. })
    }

    /// The first plan: greedy, region by region.
    pub fn build(&mut self, threads: usize) {
        let most = if self.is_flat() { build::REGION } else { usize::MAX };
        let regions = build::regions(self.city, &self.bank, most);
        let done = self.each(&regions, threads, &mut || false, &|region, _| {
            let mut tours = self.part(region);
            let left = build::greedy(self.city, &mut tours, &region.bank);
            Done { tours, bank: left, units: 0 }
        });
        self.adopt(done);
        self.bank = build::greedy_over(self.city, &mut self.tours, &self.bank);
    }

    /// Improves until the budget is used up; gives the steps done.
    pub fn improve(&mut self, how: How, pace: &mut dyn Pace) -> u64 {
        let few = match pace.total(0) {
            0 => return 0,
            total => total < FEW,
        };
        let all: Vec<u32> = (0..self.city.jobs.len() as u32).filter(|v| self.tours.at[*v as usize] != NONE).collect();
        let workers: Vec<u32> = self.tours.tours.iter().map(|t| t.worker).collect();
        let near = &Near::of(self.city, &all, &workers);
        let visits = self.city.jobs.len();
        let parts = if self.is_flat() { visits.div_ceil(REGION).max(if how.threads > 1 { 2 } else { 1 }) } else { 1 };
        let rounds = if parts == 1 && few { 1 } else { ROUNDS };
        let mut chance = Chance::new(how.seed);
        let mut units = 0;
        let mut stopped = false;
        for round in 0..rounds {
            let now = pace.total(units).saturating_sub(units).div_ceil(rounds - round);
            let regions = self.regions(parts, &mut chance, now);
            let heat = |progress: f64| HOT * 100.0 * (COLD / HOT).powf(progress);
            let (from, to) = (round as f64 / rounds as f64, (round + 1) as f64 / rounds as f64);
            let done = self.each(&regions, how.threads, &mut || pace.over(), &|region, stop| {
                let mut bank = Bank::new(visits);
                for v in &region.bank {
                    bank.add(*v);
                }
                let mut search = Search::new(self.city, near, self.part(region), bank, Chance::new(region.seed));
                let mut units = 0;
                while units < region.units && !stop() {
                    let temperature = heat(from + (to - from) * units as f64 / region.units as f64);
                    for _ in 0..ASK.min(region.units - units) {
                        search.step(temperature);
                    }
                    units += ASK.min(region.units - units);
                }
                Done { tours: search.tours, bank: search.bank.visits, units }
            });
            let did: u64 = done.iter().map(|d| d.units).sum();
            stopped |= did < regions.iter().map(|r| r.units).sum();
            units += did;
            self.adopt(done);
            if stopped {
                break;
            }
        }
        units
    }

    /// Cuts the tours into parts by where they are, with the visits left out near them.
    fn regions(&self, parts: usize, chance: &mut Chance, units: u64) -> Vec<Region> {
        let middle = |r: usize| {
            let row = self.tours.row(r);
            let seen = row.iter().filter(|s| s.is_visit()).count();
            let all: &[Slot] = if seen == 0 { &row[..1] } else { row };
            let kept = all.iter().filter(|s| seen == 0 || s.is_visit());
            let (mut x, mut y, mut n) = (0i64, 0i64, 0i64);
            for slot in kept {
                x += i64::from(slot.point.x);
                y += i64::from(slot.point.y);
                n += 1;
            }
            Point { x: (x / n.max(1)) as i32, y: (y / n.max(1)) as i32 }
        };
        let turn = (chance.below(2001) as i64 - 1000, chance.below(2001) as i64 - 1000);
        let members: Vec<(u32, Point)> = (0..self.tours.tours.len()).map(|r| (r as u32, middle(r))).collect();
        let centres = members.clone();
        let tours = if parts == 1 {
            vec![members.iter().map(|m| m.0).collect()]
        } else {
            split(members, self.tours.tours.len().div_ceil(parts), if turn == (0, 0) { (1, 0) } else { turn })
        };
        let mut part_of = vec![0u32; self.tours.tours.len()];
        for (p, rows) in tours.iter().enumerate() {
            for r in rows {
                part_of[*r as usize] = p as u32;
            }
        }
        let mut banks: Vec<Vec<u32>> = vec![Vec::new(); tours.len()];
        let grid = super::near::Grid::of(self.city, centres.iter().map(|c| c.1).collect());
        let mut found = Vec::new();
        for v in &self.bank {
            // Both of a link go where the lesser of the two goes.
            let mate = self.city.jobs[*v as usize].mate;
            let point = self.city.jobs[(*v).min(mate) as usize].point;
            let part = if parts == 1 {
                0
            } else {
                grid.around(point, 1, &mut found);
                let nearest = found.iter().min_by_key(|r| (self.city.leg(centres[**r as usize].1, point), **r));
                nearest.map_or(0, |r| part_of[*r as usize])
            };
            banks[part as usize].push(*v);
        }
        let whole: u64 = self.tours.tours.len() as u64;
        let rows = tours.into_iter().zip(banks);
        let mut before = 0u64;
        rows.map(|(rows, bank)| {
            let first = units * before / whole.max(1);
            before += rows.len() as u64;
            Region {
                workers: rows.iter().map(|r| self.tours.tours[*r as usize].worker).collect(),
                bank,
                seed: chance.bits(),
                units: units * before / whole.max(1) - first,
            }
        })
        .collect()
    }

    /// A copy of a region's tours, ready for a search of its own.
    fn part(&self, region: &Region) -> Tours {
        let mut part = Tours::new(self.city, &region.workers, self.tours.cap, self.tours.now);
        for (r, worker) in region.workers.iter().enumerate() {
            if let Some(whole) = self.tours.tour_of_worker(*worker) {
                part.copy_row(r, &self.tours, whole);
            }
        }
        for v in &region.bank {
            part.at[*v as usize] = ABSENT;
        }
        part
    }

    fn adopt(&mut self, done: Vec<Done>) {
        self.bank.clear();
        for part in done {
            while self.tours.cap < part.tours.cap {
                self.tours.widen();
            }
            for v in &part.bank {
                self.tours.at[*v as usize] = ABSENT;
            }
            for (r, tour) in part.tours.tours.iter().enumerate() {
                if let Some(whole) = self.tours.tour_of_worker(tour.worker) {
                    self.tours.copy_row(whole, &part.tours, r);
                }
            }
            self.bank.extend(part.bank);
        }
        self.bank.sort_unstable();
    }

    /// Runs one task per region on so many threads. What comes out does not depend on which thread did what.
    fn each<F>(&self, regions: &[Region], threads: usize, stop: &mut dyn FnMut() -> bool, task: &F) -> Vec<Done>
    where
        F: Fn(&Region, &mut dyn FnMut() -> bool) -> Done + Sync,
    {
        let next = AtomicUsize::new(0);
        let over = AtomicBool::new(false);
        let done: Vec<Mutex<Option<Done>>> = regions.iter().map(|_| Mutex::new(None)).collect();
        let work = |stop: &mut dyn FnMut() -> bool| {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                let Some(region) = regions.get(i) else { return };
                let result = task(region, stop);
                if let Ok(mut slot) = done[i].lock() {
                    *slot = Some(result);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(regions.len()) {
                scope.spawn(|| work(&mut || over.load(Ordering::Relaxed)));
            }
            work(&mut || {
                let now = over.load(Ordering::Relaxed) || stop();
                if now {
                    over.store(true, Ordering::Relaxed);
                }
                now
            });
        });
        done.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
    }
}

/// Tours and waiting visits that are worked on together.
pub(super) struct Region {
    pub workers: Vec<u32>,
    pub bank: Vec<u32>,
    pub seed: u64,
    pub units: u64,
}

/// What came of a region.
struct Done {
    tours: Tours,
    bank: Vec<u32>,
    units: u64,
}
