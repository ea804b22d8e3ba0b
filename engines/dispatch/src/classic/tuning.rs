//! The numbers that decide how the search behaves, all of them found by measuring.
use super::anneal::Cooling;
use super::breed::Breeding;
use super::problem::Problem;

/// How a problem is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    pub cooling: Cooling,
    pub breeding: Breeding,
    /// Part of the work that goes into one long annealing before anything is bred.
    pub annealing: f64,
    /// Neighbours tried in local search.
    pub granularity: usize,
}

/// Neighbours looked at when a client is put back, at most.
pub(super) const BREADTH: usize = 200;
/// How far the ruin walks away from its first client.
pub(super) const REACH: usize = 300;

impl Tuning {
    pub fn of(problem: &Problem) -> Tuning {
        let clients = problem.clients().len();
        let demand: i64 = problem.clients().iter().map(|c| i64::from(c.demand)).sum();
        // Clients per route if only capacity counted.
        let fill = clients as f64 * f64::from(problem.capacity()) / demand.max(1) as f64;
        let long = fill > 25.0;
        let small = clients <= 250;
        let cooling = Cooling {
            removed: if long && !small { 20.0 } else { 10.0 },
            longest: if long && !small { 30.0 } else { 10.0 },
            split: 0.5,
            keep: 0.01,
            blink: 0.01,
            hot: 0.5,
            cold: 0.005,
            slack: if long { 3.0 } else { 1.5 },
        };
        let breeding = Breeding {
            keep: 25,
            brood: 25,
            elite: 4,
            rounds: 10.0,
            annealed: 0.3,
            hot: 0.1,
            cold: 0.005,
            patience: 100_000,
            clean: 0.4,
        };
        Tuning { cooling, breeding, annealing: if small { 0.05 } else { 1.0 }, granularity: 30 }
    }
}
