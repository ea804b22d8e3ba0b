//! The whole search.
use super::anneal::{Anneal, Tuning};
use super::breed::{Breeding, Population};
use super::nearby::Nearby;
use super::plan::Plan;
use super::problem::{Client, Problem};
use crate::{Budget, Chance};

/// Plans within the budget; one unit is one place looked at for a client.
pub fn solve(problem: &Problem, seed: u64, threads: usize, budget: Budget<'_>) -> Plan {
    let _ = threads;
    let order = spatial_order(problem);
    let inner = problem.reordered(&order);
    let problem = &inner;
    let env = |k: &str, d: f64| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    let nearby = Nearby::new(problem, env("BREADTH", 40.0) as usize, 300);
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
        slack: env("SLACK", d.slack),
    };
    let mut search = Anneal::new(problem, &nearby, tuning, Chance::new(seed));
    let stop = budget.stop;
    let go_on = &mut || !stop();
    let mut best: Vec<Vec<u32>>;
    if env("BREED", 0.0) > 0.0 {
        let breeding = Breeding {
            keep: env("KEEPN", 25.0) as usize,
            brood: env("BROOD", 25.0) as usize,
            elite: env("ELITE", 4.0) as usize,
            rounds: env("CHILD", 10.0),
            annealed: env("ANNEALED", 0.3),
            hot: env("CHOT", 0.1),
            cold: env("COLD", 0.005),
            patience: env("PATIENCE", 100000.0) as usize,
            clean: env("CLEAN", 0.4),
        };
        let descent = super::descent::Descent::new(problem, &nearby, env("LSB", 30.0) as usize);
        let mut population =
            Population::new(problem, &mut search, descent, breeding, Chance::new(seed ^ 0x5eed));
        population.run(budget.units, go_on);
        best = population.best_routes.clone();
        let more = population.units();
        let kids = population.children;
        if std::env::var("VERBOSE").is_ok() { eprintln!("children {kids}"); }
        search.units = more;
        if best.is_empty() {
            best = search.best().0.to_vec();
        }
    } else {
        search.run(tuning.hot, tuning.cold, budget.units, go_on);
        best = search.best().0.to_vec();
    }
    let mut final_tour = super::tour::Tour::new(problem);
    final_tour.set_routes(&best);
    let routes = final_tour.routes();
    let unserved: Vec<u32> = (1..=problem.clients().len() as u32).filter(|&c| final_tour.is_absent(c as usize)).collect();
    let distance = final_tour.distance;
    let outer = |all: &[u32]| all.iter().map(|&c| order[c as usize - 1]).collect::<Vec<u32>>();
    let routes: Vec<Vec<u32>> = routes.iter().map(|r| outer(r)).collect();
    let unserved = outer(&unserved);
    Plan { routes, unserved, distance, work: search.units, iterations: search.rounds }
}

/// All client numbers along a Hilbert curve: who is near in the plane is mostly near in memory, too.
fn spatial_order(problem: &Problem) -> Vec<u32> {
    let clients = problem.clients();
    let low = |f: fn(&Client) -> i32| clients.iter().map(f).min().unwrap_or(0);
    let high = |f: fn(&Client) -> i32| clients.iter().map(f).max().unwrap_or(0);
    let (x0, y0) = (low(|c| c.x), low(|c| c.y));
    let side = i64::from((high(|c| c.x) - x0).max(high(|c| c.y) - y0).max(1));
    const BITS: u32 = 10;
    let key = |c: &Client| {
        let scale = |v: i32, from: i32| (i64::from(v - from) * ((1 << BITS) - 1) / side) as u32;
        let (mut x, mut y, mut along) = (scale(c.x, x0), scale(c.y, y0), 0u32);
        for bit in (0..BITS).rev() {
            let (rx, ry) = (x >> bit & 1, y >> bit & 1);
            along = along << 2 | (3 * rx) ^ ry;
            if ry == 0 {
                if rx == 1 {
                    let most = (1 << BITS) - 1;
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
