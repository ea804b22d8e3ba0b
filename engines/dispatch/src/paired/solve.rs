//! The whole search within a budget: several annealings from scratch, then reheats of the best of them.
//!
//! Between two annealings of a heavily loaded day lie per cents: which carer of a rare skill comes early, how many routes
//! there are, is decided while hot and hardly mended later. So the first part of the budget goes into independent starts
//! that differ in their first temperature and in a surcharge on used routes, the rest into the few best, reheated again
//! and again to where neighbouring routes still mix.
use super::anneal::{self, Course, Guide};
use super::moves::Mix;
use super::plan::{Cost, Plan, Stop};
use super::problem::Problem;
use super::start::first_plan;
use super::state::State;
use super::tables::Tables;
use crate::{Budget, Chance, Pace};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// No complete plan was found though every patient has somebody who may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no complete plan")]
pub struct Unplannable;

/// Most threads one search may use.
pub const MAX_THREADS: usize = 64;

/// Between two looks at the deadline when there is nothing else to do.
const WAIT: std::time::Duration = std::time::Duration::from_millis(1);

/// Near neighbours kept per visit and side.
const NEIGHBOURS: usize = 40;
/// How often each neighbourhood is taken, in 256 parts.
const MIX: Mix = [48, 48, 40, 40, 20, 30, 26, 4];
/// Temperatures are stated for days whose mean way is 50 minutes.
const MEAN_WAY: f64 = 50.0;
/// First temperature and surcharge per used route of the starts, in turn.
const STARTS: [(f64, f64); 5] = [(20.0, 0.0), (20.0, 0.0), (20.0, 30.0), (20.0, 0.0), (40.0, 0.0)];
/// First temperatures of the reheats, in turn.
const REHEATS: [f64; 4] = [7.0, 4.0, 11.0, 5.0];
/// The same where somebody with a rare skill is late all day: the order of that one route is decided much hotter, and
/// many short starts find the right one sooner than few long ones.
const LATE_STARTS: [(f64, f64); 4] = [(100.0, 0.0), (150.0, 0.0), (60.0, 0.0), (100.0, 0.0)];
const LATE_REHEATS: [f64; 4] = [7.0, 30.0, 15.0, 60.0];
const LATE_SHORTER: u64 = 32;
/// A day is late all over when lateness is more than this part of travel after the start before.
const LATE_SHARE: f64 = 0.12;
/// Last temperature of all but tiny budgets.
const COLD: f64 = 0.7;
/// Below this temperature the surcharge is gone.
const FREE_BELOW: f64 = 6.0;
/// Part of the budget that goes into starts.
const START_SHARE: f64 = 0.75;
/// Part of the budget for the first start, which tells whether the day is late all over.
const PROBE_SHARE: f64 = 0.03;
/// Steps per visit that make a short annealing worth while.
const SHORT: f64 = 60_000.0;
/// Plans kept from the starts.
const KEPT: usize = 3;

/// The best plan found. One unit of work is one neighbouring plan looked at, counted per thread; a deadline that cuts the
/// search short costs more than a smaller budget would, because the search then ends hot.
///
/// # Errors
/// [`Unplannable`], which a [`Problem`] that was built does not lead to.
pub fn solve(problem: &Problem, seed: u64, threads: usize, mut budget: Budget<'_>) -> Result<Plan, Unplannable> {
    solve_at(problem, seed, threads, &mut budget)
}

/// As [`solve`], the units handed out in pieces.
///
/// # Errors
/// As [`solve`].
pub fn solve_at(problem: &Problem, seed: u64, threads: usize, pace: &mut dyn Pace) -> Result<Plan, Unplannable> {
    let tables = Tables::new(problem, NEIGHBOURS);
    let mut first = first_plan(&tables).ok_or(Unplannable)?;
    first.hasty = true;
    let units = pace.total(0);
    if first.visits() == 0 || units == 0 {
        return plan(&first, 0);
    }
    let measure = Measure::of(&tables);
    let threads = threads.clamp(1, MAX_THREADS);
    let common = Common { ended: AtomicBool::new(false), total: AtomicU64::new(units) };
    let mut workers: Vec<Worker<'_>> = (0..threads).map(|k| Worker::new(&first, measure, seed, k, threads)).collect();
    together(&mut workers, pace, &common, Worker::starts);
    let mut pool: Vec<State<'_>> = workers.iter_mut().flat_map(|w| std::mem::take(&mut w.pool)).collect();
    keep(&mut pool);
    for w in &mut workers {
        w.pool.clone_from(&pool);
    }
    together(&mut workers, pace, &common, Worker::reheats);
    let work = workers.iter().map(|w| w.work).sum();
    let best = workers.into_iter().flat_map(|w| w.pool).min_by_key(State::cost);
    let mut best = best.ok_or(Unplannable)?;
    if !best.rebuild() {
        return Err(Unplannable);
    }
    plan(&best, work)
}

/// The best few, no two of the same cost.
fn keep(pool: &mut Vec<State<'_>>) {
    pool.sort_by_key(State::cost);
    pool.dedup_by_key(|s| s.cost());
    pool.truncate(KEPT);
}

/// What the threads share while they run.
struct Common {
    ended: AtomicBool,
    /// Units per thread as last told by the pace.
    total: AtomicU64,
}

/// A thread's way to the pace: the first asks it, the others read what the first was told.
struct Reins<'a> {
    pace: Option<&'a mut dyn Pace>,
    common: &'a Common,
    /// The thread's work before the present run, and the total it was planned by.
    before: u64,
    seen: u64,
}

impl Reins<'_> {
    fn total(&mut self, done: u64) -> u64 {
        if let Some(pace) = &mut self.pace {
            self.common.total.store(pace.total(done), Ordering::Relaxed);
        }
        self.common.total.load(Ordering::Relaxed)
    }
}

impl Guide for Reins<'_> {
    fn over(&mut self) -> bool {
        if let Some(pace) = &mut self.pace
            && pace.over()
        {
            self.common.ended.store(true, Ordering::Relaxed);
        }
        self.common.ended.load(Ordering::Relaxed)
    }
    fn stretch(&mut self, done: u64) -> f64 {
        let done = self.before + done;
        let total = self.total(done);
        let left = |total: u64| total.saturating_sub(done).max(1) as f64;
        let factor = left(total) / left(self.seen);
        self.seen = total;
        factor
    }
}

/// Runs every worker on a thread of its own; the first on this one, because only this one may ask the pace.
fn together<'a>(
    workers: &mut [Worker<'a>],
    pace: &mut dyn Pace,
    common: &Common,
    part: fn(&mut Worker<'a>, &mut Reins<'_>),
) {
    let Some((own, others)) = workers.split_first_mut() else { return };
    std::thread::scope(|scope| {
        let others: Vec<_> = others
            .iter_mut()
            .map(|w| scope.spawn(move || part(w, &mut Reins { pace: None, common, before: 0, seen: 0 })))
            .collect();
        let mut reins = Reins { pace: Some(pace), common, before: 0, seen: 0 };
        part(own, &mut reins);
        // Somebody has to go on asking for those who are not done yet.
        while !reins.over() && !others.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::park_timeout(WAIT);
        }
    });
}

/// What temperatures and lengths of a problem are relative to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// Ticks that are one degree.
    degree: f64,
    visits: f64,
}

impl Measure {
    pub fn of(t: &Tables) -> Measure {
        let ways = (t.travel.len() - t.width).max(1);
        let mean = t.travel.iter().map(|&w| f64::from(w)).sum::<f64>() / ways as f64;
        let mean = if mean > 0.0 { mean } else { t.duration.iter().map(|&d| f64::from(d)).sum::<f64>().max(1.0) };
        Measure { degree: mean / MEAN_WAY, visits: t.visits.len() as f64 }
    }
}

/// How a budget is divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme {
    degree: f64,
    units: u64,
    /// Steps of the first start, of all, and of each other.
    probe: u64,
    for_starts: u64,
    steps: u64,
}

impl Scheme {
    pub fn new(measure: Measure, units: u64) -> Scheme {
        let shorts = START_SHARE * units as f64 / (SHORT * measure.visits);
        // A larger budget buys more starts and longer ones.
        let starts = (shorts.powf(0.6) as u64).clamp(1, 48);
        let probe = ((PROBE_SHARE * units as f64) as u64).max(1);
        let share = if starts == 1 { 1.0 } else { START_SHARE };
        let for_starts = (share * units as f64) as u64;
        let steps = (for_starts.saturating_sub(probe) / starts).max(1);
        Scheme { degree: measure.degree, units, probe, for_starts, steps }
    }

    fn course(&self, hot: f64, surcharge: f64, steps: u64) -> Course {
        Course {
            hot: hot * self.degree,
            cold: COLD * self.degree,
            steps,
            mix: MIX,
            surcharge: surcharge * self.degree,
            free_below: FREE_BELOW * self.degree,
        }
    }
}

struct Worker<'a> {
    first: State<'a>,
    measure: Measure,
    pool: Vec<State<'a>>,
    chance: Chance,
    index: usize,
    threads: usize,
    work: u64,
    /// The last start was late all over.
    late: bool,
}

impl<'a> Worker<'a> {
    fn new(first: &State<'a>, measure: Measure, seed: u64, index: usize, threads: usize) -> Worker<'a> {
        let chance = Chance::new(seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Worker { first: first.clone(), measure, pool: Vec::new(), chance, index, threads, work: 0, late: false }
    }

    fn anneal(&mut self, from: &State<'a>, course: &Course, reins: &mut Reins<'_>) -> State<'a> {
        let (mut s, mut best) = (from.clone(), from.clone());
        reins.before = self.work;
        self.work += anneal::run(&mut s, &mut best, &mut self.chance, course, reins);
        best
    }

    /// The scheme for the budget as it is known now.
    fn scheme(&self, reins: &mut Reins<'_>) -> Scheme {
        reins.seen = reins.total(self.work);
        Scheme::new(self.measure, reins.seen)
    }

    fn starts(&mut self, reins: &mut Reins<'_>) {
        for run in 0.. {
            let scheme = self.scheme(reins);
            let turn = run * self.threads + self.index;
            let (table, steps) = match (self.pool.is_empty(), self.late) {
                (true, _) => (&STARTS[..], scheme.probe),
                (_, false) => (&STARTS[..], scheme.steps),
                (_, true) => (&LATE_STARTS[..], (scheme.steps / LATE_SHORTER).max(1)),
            };
            if !self.pool.is_empty() && (self.work + steps / 2 >= scheme.for_starts || reins.over()) {
                return;
            }
            let (hot, surcharge) = table[turn % table.len()];
            let course = scheme.course(hot, surcharge, steps.min(scheme.units.saturating_sub(self.work)).max(1));
            let best = self.anneal(&self.first.clone(), &course, reins);
            self.late = (best.late + best.worst) as f64 > LATE_SHARE * best.travel as f64;
            self.pool.push(best);
            keep(&mut self.pool);
        }
    }

    fn reheats(&mut self, reins: &mut Reins<'_>) {
        let mut turn = self.index;
        loop {
            let scheme = self.scheme(reins);
            if self.work >= scheme.units || reins.over() || self.pool.is_empty() {
                return;
            }
            let left = scheme.units - self.work;
            // The best is tried every other time.
            let parent = if turn.is_multiple_of(2) { 0 } else { (turn / 2) % self.pool.len() };
            let steps = if left < scheme.steps * 3 / 2 { left } else { scheme.steps };
            let table = if self.late { LATE_REHEATS } else { REHEATS };
            let course = scheme.course(table[turn % table.len()], 0.0, steps);
            let child = self.anneal(&self.pool[parent].clone(), &course, reins);
            if child.cost() < self.pool[parent].cost() {
                self.pool[parent] = child;
                self.pool.sort_by_key(State::cost);
            }
            turn += 1;
        }
    }
}

pub(crate) fn plan(s: &State<'_>, work: u64) -> Result<Plan, Unplannable> {
    let routes = (0..s.t.carers)
        .map(|c| {
            let head = s.office(c);
            std::iter::successors(Some(s.next(head)), |&v| Some(s.next(v)))
                .take_while(|&v| v != head)
                .map(|v| Stop {
                    patient: s.t.visits[v].patient,
                    service: s.t.visits[v].service,
                    start: s.nodes[v].start,
                })
                .collect()
        })
        .collect();
    Ok(Plan { routes, cost: Cost { travel: s.travel, late: s.late, worst: s.worst }, work })
}
