//! The whole search within a budget.
use super::anneal::{self, Course, Tally};
use super::plan::{Cost, Plan, Stop};
use super::problem::Problem;
use super::start::first_plan;
use super::state::State;
use super::tables::Tables;
use crate::{Budget, Chance};

/// No complete plan was found though every patient has somebody who may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no complete plan")]
pub struct Unplannable;

/// The best plan found. One unit of work is one neighbouring plan looked at, per thread.
///
/// # Errors
/// [`Unplannable`], which a [`Problem`] that was built does not lead to.
pub fn solve(problem: &Problem, seed: u64, threads: usize, budget: Budget<'_>) -> Result<Plan, Unplannable> {
    let _ = threads;
    let tables = Tables::new(problem, 40);
    let mut s = first_plan(&tables).ok_or(Unplannable)?;
    if s.visits() == 0 {
        return plan(&s, 0);
    }
    let mut best = s.clone();
    let mut chance = Chance::new(seed);
    let one = 1e7;
    let course = Course { hot: 20.0 * one, cold: 0.2 * one, steps: budget.units, mix: [48, 48, 40, 40, 20, 30, 26, 4] };
    let work = anneal::run(&mut s, &mut best, &mut chance, &course, &mut Tally::default(), budget.stop);
    best.rebuild();
    plan(&best, work)
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
