#![allow(clippy::unwrap_used)]
//! The day under way: whatever happens in whatever order, the validator finds nothing.
mod common;

use dispatch::plan::{Board, Gentle, How, Standing, VisitIx, WorkerIx, check, day};
use dispatch::{Budget, Chance};

struct Ran {
    operations: usize,
    taken: usize,
}

/// One random operation; `true`: it was accepted.
fn operate(board: &mut Board, chance: &mut Chance) -> bool {
    let (visits, workers) = (board.problem().visits.len(), board.problem().workers.len());
    let v = VisitIx(chance.below(visits + 1) as u32);
    let w = WorkerIx(chance.below(workers) as u32);
    let soon = board.now().max(6 * 3600) + 60 * chance.below(90) as i32;
    match chance.below(20) {
        0..=5 => match board.suggest(v, 5) {
            Ok(all) if !all.is_empty() => {
                assert!(all.windows(2).all(|p| p[0].cost <= p[1].cost), "best first");
                let one = &all[chance.below(all.len())];
                assert!(!one.zh(board).is_empty());
                board.take(one).is_ok()
            }
            _ => false,
        },
        6 | 7 => match board.suggest_pair(v, 5) {
            Ok(all) if !all.is_empty() => board.take_pair(&all[chance.below(all.len())]).is_ok(),
            _ => false,
        },
        8 => match board.suggest_displacing(v, 5) {
            Ok(all) if !all.is_empty() => board.take(&all[chance.below(all.len())]).is_ok(),
            _ => false,
        },
        9 | 10 => board.cancel(v).is_ok(),
        11 => match board.standing(v) {
            Some(Standing::Planned { worker, start }) => {
                let who = if chance.below(4) == 0 { w } else { worker };
                let at = if chance.below(2) == 0 { start } else { soon };
                board.check_in(v, who, at).is_ok()
            }
            _ => board.check_in(v, w, soon).is_ok(),
        },
        12 => board.check_out(v, soon).is_ok(),
        13 => board.late(w, soon).is_ok(),
        14 => board.drop_out(w, soon, Gentle { hands: 6, units: 3, seed: chance.bits() }).is_ok(),
        15 => board.reschedule(v, common::span(chance)).is_ok(),
        16 => {
            let to = board.now().max(7 * 3600) + 60 * chance.below(25) as i32;
            board.advance(to).is_ok()
        }
        _ if visits < 60 => {
            let place = board.problem().visits.first().map_or(board.problem().workers[0].start, |v| v.place);
            let one = common::visit(chance, place, workers);
            let two = common::visit(chance, place, workers);
            let a = board.add(one).unwrap();
            if chance.below(3) == 0 {
                let b = board.add(two).unwrap();
                let link = common::link(chance, a, b);
                board.link(link).unwrap();
            }
            true
        }
        _ => {
            let mut never = || false;
            board.improve(How { seed: chance.bits(), threads: 1 }, &mut Budget { units: 3, stop: &mut never });
            true
        }
    }
}

fn run(operations: usize, seed: u64) -> Ran {
    let mut chance = Chance::new(seed);
    let mut ran = Ran { operations: 0, taken: 0 };
    while ran.operations < operations {
        let problem = common::world(&mut chance);
        let mut never = || false;
        let first =
            day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 3, stop: &mut never }).unwrap().plan;
        assert_eq!(check(&problem, &first), [], "a day's plan, seed {seed}, after {}", ran.operations);
        let mut board =
            if chance.below(2) == 0 { Board::with(problem, &first).unwrap() } else { Board::new(problem).unwrap() };
        for _ in 0..60 {
            ran.operations += 1;
            ran.taken += usize::from(operate(&mut board, &mut chance));
            let faults = check(board.problem(), &board.plan());
            assert_eq!(faults, [], "seed {seed}, after {} operations", ran.operations);
        }
    }
    ran
}

#[test]
fn who_begins_one_half_of_a_pair_does_not_keep_the_other() {
    let mut problem = dispatch::plan::sample::lived_in(4, 6, 1);
    for visit in &mut problem.visits {
        *visit = dispatch::plan::Visit::new(visit.place, 1800, dispatch::plan::Span::hard(36_000, 36_000));
    }
    let link = dispatch::plan::Link { first: VisitIx(0), second: VisitIx(1), min_gap: 0, max_gap: 0 };
    problem.links.push(link);
    let mut board = Board::new(problem).unwrap();
    let pair = board.suggest_pair(VisitIx(0), 1).unwrap().remove(0);
    board.take_pair(&pair).unwrap();
    let change = board.check_in(pair.first.visit, pair.second.worker, 36_000).unwrap();
    assert_eq!(change.moved.len(), 2, "{change:?}");
    assert_eq!(check(board.problem(), &board.plan()), []);
}

#[test]
fn a_million_random_operations_leave_no_fault() {
    let ran = run(1_000_000, 42);
    assert!(ran.taken > ran.operations / 4, "{} of {} operations did something", ran.taken, ran.operations);
}
