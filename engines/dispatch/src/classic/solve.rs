//! The whole search: islands that work alone, one per thread, and meet after every lap.
use super::anneal::Anneal;
use super::breed::Population;
use super::descent::Descent;
use super::nearby::Nearby;
use super::plan::Plan;
use super::problem::{Client, Problem};
use super::tour::Tour;
use super::tuning::{BREADTH, REACH, Tuning};
use crate::{Budget, Chance, Pace};
use std::sync::atomic::{AtomicBool, Ordering};

/// The pace is looked at so many times; every other time the islands meet.
const LAPS: u64 = 40;

/// More threads than this are not used.
pub const MAX_THREADS: usize = 64;

/// Plans within the budget. One unit of work is one place looked at for a client or one move tried; the units are shared
/// out evenly among `threads` islands. `budget.stop` is asked every few dozen rounds on the calling thread.
///
/// The plan depends on the problem, the seed, the number of threads and the units, unless `stop` cuts the search short.
pub fn solve(problem: &Problem, seed: u64, threads: usize, mut budget: Budget<'_>) -> Plan {
    solve_at(problem, seed, threads, &mut budget)
}

/// As [`solve`], the units handed out lap by lap.
pub fn solve_at(problem: &Problem, seed: u64, threads: usize, pace: &mut dyn Pace) -> Plan {
    if problem.clients().is_empty() {
        return Plan::default();
    }
    let order = spatial_order(problem);
    let inner = problem.reordered(&order);
    let nearby = Nearby::new(&inner, BREADTH, REACH);
    let tuning = Tuning::of(&inner);
    let threads = threads.clamp(1, MAX_THREADS);
    let mut seeds = Chance::new(seed);
    let mut islands: Vec<Island> =
        (0..threads).map(|_| Island::new(&inner, &nearby, tuning, Chance::new(seeds.bits()))).collect();
    let over = AtomicBool::new(false);
    let mut until = 0;
    for lap in 0..LAPS {
        let (from, to) = (lap as f64 / LAPS as f64, (lap + 1) as f64 / LAPS as f64);
        let done: u64 = islands.iter().map(|i| i.population.units()).sum();
        let share = (pace.total(done) / threads as u64).max(1);
        until += share.saturating_sub(until).div_ceil(LAPS - lap);
        let (first, others) = islands.split_at_mut(1);
        std::thread::scope(|scope| {
            for island in others {
                let over = &over;
                scope.spawn(move || island.lap(from, to, until, &mut || !over.load(Ordering::Relaxed)));
            }
            for island in first {
                island.lap(from, to, until, &mut || {
                    if pace.over() {
                        over.store(true, Ordering::Relaxed);
                    }
                    !over.load(Ordering::Relaxed)
                });
            }
        });
        if over.load(Ordering::Relaxed) {
            break;
        }
        meet(&mut islands, lap);
    }
    let best = islands.iter().min_by_key(|i| i.population.best_cost).map_or(&[][..], |i| &i.population.best_routes);
    let mut tour = Tour::new(&inner);
    tour.set_routes(best);
    let outer = |c: u32| order[c as usize - 1];
    Plan {
        routes: tour.routes().into_iter().map(|route| route.into_iter().map(outer).collect()).collect(),
        unserved: (1..=order.len() as u32).filter(|&c| tour.is_absent(c as usize)).map(outer).collect(),
        distance: tour.distance,
        work: islands.iter().map(|i| i.population.units()).sum(),
        iterations: islands.iter().map(|i| i.population.rounds()).sum(),
    }
}

/// In the second half of the laps everyone learns of the best plan.
fn meet(islands: &mut [Island], lap: u64) {
    if islands.len() < 2 || lap < LAPS / 2 || lap.is_multiple_of(2) {
        return;
    }
    let mut best = 0;
    for (i, island) in islands.iter().enumerate() {
        if island.population.best_cost < islands[best].population.best_cost {
            best = i;
        }
    }
    let (cost, routes) = (islands[best].population.best_cost, islands[best].population.best_routes.clone());
    for (i, island) in islands.iter_mut().enumerate() {
        if i != best && island.population.best_cost > cost {
            island.population.welcome(&routes, island.tuning.annealing > lap as f64 / LAPS as f64);
        }
    }
}

struct Island<'a> {
    population: Population<'a>,
    tuning: Tuning,
}

impl<'a> Island<'a> {
    fn new(problem: &'a Problem, nearby: &'a Nearby, tuning: Tuning, mut chance: Chance) -> Island<'a> {
        let search = Anneal::new(problem, nearby, tuning.cooling, Chance::new(chance.bits()));
        let descent = Descent::new(problem, nearby, tuning.granularity);
        Island { population: Population::new(problem, search, descent, tuning.breeding, chance), tuning }
    }

    /// Works through a part of the whole search (0 to 1) until `until` units are used in all.
    fn lap(&mut self, from: f64, to: f64, until: u64, go_on: &mut dyn FnMut() -> bool) {
        let begin = self.population.units();
        let units = until.saturating_sub(begin);
        let annealing = self.tuning.annealing;
        let part = ((annealing - from) / (to - from)).clamp(0.0, 1.0);
        if part > 0.0 {
            let cooling = self.tuning.cooling;
            let heat = |done: f64| cooling.hot * (cooling.cold / cooling.hot).powf((done / annealing).min(1.0));
            self.population.anneal(heat(from), heat(to), (units as f64 * part) as u64, go_on);
        }
        if part < 1.0 {
            self.population.run(until, go_on);
        }
    }
}

/// All client numbers along a Hilbert curve: who is near in the plane is mostly near in memory, too.
fn spatial_order(problem: &Problem) -> Vec<u32> {
    /// Cells of the curve per side, as a power of two.
    const BITS: u32 = 10;
    let clients = problem.clients();
    let low = |f: fn(&Client) -> i32| clients.iter().map(f).min().unwrap_or(0);
    let high = |f: fn(&Client) -> i32| clients.iter().map(f).max().unwrap_or(0);
    let (x0, y0) = (low(|c| c.x), low(|c| c.y));
    let side = i64::from((high(|c| c.x) - x0).max(high(|c| c.y) - y0).max(1));
    let most = (1 << BITS) - 1;
    let key = |c: &Client| {
        let scale = |v: i32, from: i32| (i64::from(v - from) * i64::from(most) / side) as u32;
        let (mut x, mut y, mut along) = (scale(c.x, x0), scale(c.y, y0), 0u32);
        for bit in (0..BITS).rev() {
            let (rx, ry) = (x >> bit & 1, y >> bit & 1);
            along = along << 2 | (3 * rx) ^ ry;
            if ry == 0 {
                if rx == 1 {
                    (x, y) = (most - x, most - y);
                }
                (x, y) = (y, x);
            }
        }
        along
    };
    let mut order: Vec<u32> = (1..=clients.len() as u32).collect();
    order.sort_by_key(|&c| key(&clients[c as usize - 1]));
    order
}
