#![allow(clippy::unwrap_used)]
//! A day at once: proved, repeatable, honest about what cannot be.
mod common;

use dispatch::plan::{
    Absence, Board, Fault, How, Impossible, Link, Part, Pin, Place, Plan, Problem, Refusal, Rejected, Rest, Seconds,
    Span, Spot, Visit, VisitIx, Ways, What, Worker, WorkerIx, check, day, sample,
};
use dispatch::{Budget, Chance, GenderWish, Skill, SkillSet};
use kernel::Sex;
use std::sync::atomic::{AtomicBool, Ordering};

fn plan(problem: &Problem, units: u64, threads: usize) -> Plan {
    let mut never = || false;
    day(problem, How { seed: 3, threads }, &mut Budget { units, stop: &mut never }).unwrap().plan
}

#[test]
fn a_small_city_is_planned_improved_and_proved() {
    let problem = sample::city(300, 30, 7);
    let first = plan(&problem, 0, 1);
    assert_eq!(check(&problem, &first), []);
    let better = plan(&problem, 3_000, 1);
    assert_eq!(check(&problem, &better), []);
    assert!(better.score < first.score);
}

#[test]
fn the_same_seed_and_work_give_the_same_plan_on_a_loaded_machine() {
    let problem = sample::lived_in(500, 50, 5);
    let (alone_one, alone_two) = (plan(&problem, 2_000, 1), plan(&problem, 2_000, 2));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let (loaded_one, loaded_two) = (plan(&problem, 2_000, 1), plan(&problem, 2_000, 2));
        over.store(true, Ordering::Relaxed);
        assert_eq!(alone_one, loaded_one);
        assert_eq!(alone_two, loaded_two);
    });
}

#[test]
fn a_caller_who_is_out_of_time_gets_the_best_so_far() {
    let problem = sample::city(200, 20, 1);
    let mut asked = 0;
    let mut soon = || {
        asked += 1;
        asked > 3
    };
    let done = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 1_000_000, stop: &mut soon }).unwrap();
    assert!(done.units < 1_000, "{}", done.units);
    assert_eq!(check(&problem, &done.plan), []);
}

const HOUR: Seconds = 3600;

/// Two places a kilometre apart, one worker at the first.
fn tiny() -> Problem {
    let mut problem = sample::city(0, 0, 1);
    problem.ways = Ways::Flat { spots: vec![Spot::default(), Spot { east: 1000, north: 0 }], seconds_per_metre: 0.156 };
    problem.workers.push(Worker::new(Place(0), (8 * HOUR, 17 * HOUR)));
    problem
}

fn visit(from: Seconds, until: Seconds) -> Visit {
    Visit::new(Place(1), HOUR, Span::hard(from, until))
}

fn reasons(problem: &Problem) -> Vec<Absence> {
    let plan = plan(problem, 50, 1);
    assert_eq!(check(problem, &plan), []);
    plan.left_out.iter().map(|o| o.why).collect()
}

#[test]
fn every_impossible_visit_is_named_with_its_reason() {
    let skill = |n: u8| SkillSet::EMPTY.with(Skill::new(n).unwrap());
    let one = |change: &dyn Fn(&mut Problem, &mut Visit)| {
        let mut problem = tiny();
        let mut v = visit(9 * HOUR, 10 * HOUR);
        change(&mut problem, &mut v);
        problem.visits.push(v);
        reasons(&problem)
    };
    let because = |why: Impossible| vec![Absence::Impossible(why)];
    assert_eq!(one(&|_, _| {}), []);
    assert_eq!(
        one(&|_, v| (v.holds, v.seconds) = (dispatch::plan::Holds::Service, 2 * HOUR)),
        because(Impossible::SpanTooShort)
    );
    assert_eq!(one(&|_, v| v.skills = skill(5)), because(Impossible::NobodyHasSkills));
    assert_eq!(one(&|_, v| v.certificates = skill(5)), because(Impossible::NobodyCertified));
    assert_eq!(
        one(&|_, v| v.gender = Some(GenderWish::Require(Sex::Male))),
        because(Impossible::NobodyOfSex(Sex::Male))
    );
    assert_eq!(one(&|_, v| v.ties.push((WorkerIx(0), dispatch::plan::Tie::Never))), because(Impossible::NobodyWelcome));
    assert_eq!(one(&|_, v| v.spans = vec![Span::hard(20 * HOUR, 21 * HOUR)]), because(Impossible::NobodyOnDuty));
    let pin = |start| Pin { visit: VisitIx(0), worker: WorkerIx(0), start };
    assert_eq!(one(&|p, _| p.pins.push(pin(Some(12 * HOUR)))), because(Impossible::PinnedOutside));
    let unfit = one(&|p, v| {
        p.pins.push(pin(None));
        v.skills = skill(5);
    });
    assert_eq!(unfit, because(Impossible::PinnedToUnfit(WorkerIx(0))));
    // Two for a lift, and only one worker.
    let mut problem = tiny();
    problem.visits = vec![visit(9 * HOUR, 10 * HOUR), visit(9 * HOUR, 10 * HOUR)];
    problem.links.push(Link { first: VisitIx(0), second: VisitIx(1), min_gap: 0, max_gap: 0 });
    assert_eq!(reasons(&problem), [because(Impossible::LinkApart), because(Impossible::LinkApart)].concat());
    problem.visits[1].skills = skill(5);
    let mate = Absence::Impossible(Impossible::MateImpossible(VisitIx(1)));
    assert_eq!(reasons(&problem), [mate, Absence::Impossible(Impossible::NobodyHasSkills)]);
}

#[test]
fn a_visit_that_only_lost_the_competition_says_so() {
    let mut problem = tiny();
    problem.visits = vec![visit(9 * HOUR, 9 * HOUR), visit(9 * HOUR, 9 * HOUR)];
    problem.visits[1].priority = 1;
    let plan = plan(&problem, 100, 1);
    assert_eq!(plan.left_out.len(), 1);
    assert_eq!((plan.left_out[0].visit, plan.left_out[0].why), (VisitIx(0), Absence::NoRoom));
}

#[test]
fn broken_problems_are_refused() {
    let refused = |change: &dyn Fn(&mut Problem)| {
        let mut problem = tiny();
        problem.visits.push(visit(9 * HOUR, 10 * HOUR));
        change(&mut problem);
        let mut never = || false;
        day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 1, stop: &mut never }).unwrap_err()
    };
    let v = VisitIx(0);
    assert_eq!(refused(&|p| p.visits[0].place = Place(2)), Refusal::VisitPlace(v));
    assert_eq!(refused(&|p| p.visits[0].spans.clear()), Refusal::VisitTimes(v));
    assert_eq!(refused(&|p| p.visits[0].spans[0].from = Seconds::MIN), Refusal::VisitTimes(v));
    assert_eq!(refused(&|p| p.visits[0].seconds = -1), Refusal::VisitTimes(v));
    assert_eq!(
        refused(&|p| p.visits[0].ties.push((WorkerIx(9), dispatch::plan::Tie::Wished))),
        Refusal::VisitWorker(v)
    );
    assert_eq!(refused(&|p| p.workers[0].end = Place(7)), Refusal::WorkerPlace(WorkerIx(0)));
    assert_eq!(refused(&|p| p.workers[0].shift = (9, 8)), Refusal::WorkerTimes(WorkerIx(0)));
    assert_eq!(refused(&|p| p.links.push(Link { first: v, second: v, min_gap: 0, max_gap: 0 })), Refusal::Link(0));
    assert_eq!(refused(&|p| p.pins.push(Pin { visit: v, worker: WorkerIx(3), start: None })), Refusal::Pin(0));
    assert_eq!(refused(&|p| p.ways = Ways::Matrix { n: 2, seconds: vec![0, 1, 2] }), Refusal::Matrix(3));
    assert_eq!(refused(&|p| p.ways = Ways::Flat { spots: Vec::new(), seconds_per_metre: f64::NAN }), Refusal::Speed);
}

#[test]
fn random_worlds_are_explained() {
    let mut chance = Chance::new(9);
    let (mut impossible, mut no_room) = (0, 0);
    for _ in 0..400 {
        let problem = common::world(&mut chance);
        let plan = plan(&problem, 20, 1);
        assert_eq!(check(&problem, &plan), []);
        let board = Board::new(problem.clone()).unwrap();
        let linked = |v: VisitIx| problem.links.iter().any(|l| l.first == v || l.second == v);
        for out in &plan.left_out {
            match out.why {
                Absence::Impossible(why) => {
                    assert!(!why.zh().is_empty());
                    assert_eq!(board.suggest(out.visit, 1), Err(Rejected::Impossible(why)));
                    impossible += 1;
                }
                Absence::NoRoom => {
                    // With the whole day free there is a place, so "no room" is the truth.
                    if !linked(out.visit) {
                        assert_ne!(board.suggest(out.visit, 1).unwrap(), []);
                    }
                    no_room += 1;
                }
                why => panic!("{why:?} on a fresh day"),
            }
        }
    }
    assert!(impossible > 100 && no_room > 100, "{impossible} {no_room}");
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let mut problem = sample::lived_in(60, 6, 2);
    problem.workers[0].rests.push(Rest { from: 12 * HOUR, until: 13 * HOUR, seconds: 1800 });
    let good = plan(&problem, 500, 1);
    assert_eq!(check(&problem, &good), []);
    let broken = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        check(&problem, &plan)
    };
    let first = good.routes[0].worker;
    let visit_of = |plan: &Plan, route: usize| {
        plan.routes[route].stops.iter().find_map(|s| if let What::Visit(v) = s.what { Some(v) } else { None }).unwrap()
    };
    let v = visit_of(&good, 0);
    assert!(broken(&|p| p.routes[0].stops[1].start -= 3 * HOUR).contains(&Fault::Timing(first, 1)));
    assert!(broken(&|p| p.routes[0].stops.retain(|s| s.what != What::Visit(v))).contains(&Fault::Forgotten(v)));
    assert!(broken(&|p| p.routes[0].stops.retain(|s| s.what != What::Rest(0))).contains(&Fault::Rests(first)));
    assert!(broken(&|p| p.routes[0].back += 12 * HOUR).contains(&Fault::Back(first)));
    assert!(broken(&|p| p.bill.add(Part::Travel, 1)).contains(&Fault::Amount(Part::Travel)));
    assert!(broken(&|p| p.score.0[0] += 1).contains(&Fault::Scored));
    assert!(broken(&|p| p.routes[1].worker = first).contains(&Fault::WorkerTwice(first)));
    let twice = broken(&|p| {
        let again = p.routes[0].stops[0];
        p.routes[1].stops.push(again);
    });
    assert!(twice.contains(&Fault::VisitTwice(v)), "{twice:?}");
    let mut other = problem.clone();
    other.workers[first.at()].skills = SkillSet::EMPTY;
    assert!(check(&other, &good).contains(&Fault::Skills(v, first)));
    let mut other = problem.clone();
    other.visits[v.at()].spans = vec![Span::hard(0, 1)];
    assert!(check(&other, &good).iter().any(|f| matches!(f, Fault::OutsideSpans(x, _) if *x == v)));
    let mut other = problem.clone();
    other.workers[first.at()].max_work = Some(60);
    assert!(check(&other, &good).contains(&Fault::TooMuchWork(first)));
    let mut other = problem.clone();
    let second = visit_of(&good, 1);
    other.links.push(Link { first: v, second, min_gap: 10 * HOUR, max_gap: 10 * HOUR });
    assert!(check(&other, &good).contains(&Fault::Link(0)));
}
