//! The whole search.
use super::anneal::{Anneal, Tuning};
use super::nearby::Nearby;
use super::plan::Plan;
use super::problem::Problem;
use crate::{Budget, Chance};

/// Plans within the budget; one unit is one place looked at for a client.
pub fn solve(problem: &Problem, seed: u64, threads: usize, budget: Budget<'_>) -> Plan {
    let _ = threads;
    let nearby = Nearby::new(problem, 40, 300);
    let env = |k: &str, d: f64| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    let d = Tuning::default();
    let tuning = Tuning {
        removed: env("REMOVED", d.removed),
        longest: env("LONGEST", d.longest),
        split: env("SPLIT", d.split),
        keep: env("KEEP", d.keep),
        blink: env("BLINK", d.blink),
        hot: env("HOT", d.hot),
        cold: env("COLD", d.cold),
    };
    let mut search = Anneal::new(problem, &nearby, tuning, Chance::new(seed));
    let stop = budget.stop;
    search.run(0.0, 1.0, budget.units, &mut || !stop());
    let (routes, unserved) = search.best();
    let distance = search.best_cost() % (1 << 40);
    Plan { routes: routes.to_vec(), unserved: unserved.to_vec(), distance, work: search.units, iterations: search.rounds }
}
