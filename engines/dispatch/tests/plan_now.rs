#![allow(clippy::unwrap_used)]
//! One order at once, and small changes in the middle of a day.
use dispatch::plan::{
    Board, Gentle, How, Link, Part, Place, Problem, Rejected, Seconds, Span, Spot, Standing, Tie, Visit, VisitIx, Ways,
    Worker, WorkerIx, check, day, sample,
};
use dispatch::{Budget, Chance};

const HOUR: Seconds = 3600;

/// Three workers in a row, a kilometre apart, and a place at each home.
fn street() -> Problem {
    let mut problem = sample::lived_in(0, 0, 1);
    let spots = (0..3).map(|i| Spot { east: 1000 * i, north: 0 }).collect();
    problem.ways = Ways::Flat { spots, seconds_per_metre: 0.156 };
    problem.workers = (0..3).map(|i| Worker::new(Place(i), (8 * HOUR, 17 * HOUR))).collect();
    problem
}

fn visit(place: u32, from: Seconds, until: Seconds) -> Visit {
    Visit::new(Place(place), HOUR, Span::hard(from, until))
}

#[test]
fn the_nearest_is_first_unless_somebody_is_known() {
    let mut problem = street();
    problem.visits = vec![visit(0, 9 * HOUR, 10 * HOUR), visit(0, 9 * HOUR, 10 * HOUR)];
    problem.visits[1].ties.push((WorkerIx(2), Tie::Known(5)));
    let board = Board::new(problem).unwrap();
    let who = |v: u32| board.suggest(VisitIx(v), 5).unwrap().iter().map(|s| s.worker.0).collect::<Vec<_>>();
    assert_eq!(who(0), [0, 1, 2]);
    assert_eq!(who(1), [2, 0, 1]);
    let best = &board.suggest(VisitIx(1), 1).unwrap()[0];
    assert_eq!(best.parts.get(Part::Travel), 2 * 312);
    assert_eq!(best.parts.get(Part::Continuity), 0);
    assert_eq!(best.zh(&board), "09:00 开始，路上多 11 分钟；来过 5 次；当天还没有单");
}

#[test]
fn the_parts_add_up_to_the_cost_and_the_best_of_five_is_the_best() {
    let problem = sample::lived_in(900, 100, 3);
    let mut never = || false;
    let plan = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 0, stop: &mut never }).unwrap().plan;
    let objective = problem.objective;
    let mut board = Board::with(problem, &plan).unwrap();
    let mut chance = Chance::new(4);
    let mut found = 0;
    for i in 0..60 {
        let place = board.add_place(sample::spot_of(&mut chance, 900)).unwrap();
        let v = board.add(sample::urgent(&mut chance, place, 8 * HOUR + 600 * (i % 36), 100)).unwrap();
        let all = board.suggest(v, 100).unwrap();
        for s in &all {
            assert_eq!(s.cost, objective.sum(&s.parts), "{s:?}");
        }
        // Nothing is cut off too early: the few best of all are the few best.
        assert_eq!(board.suggest(v, 5).unwrap(), all[..all.len().min(5)]);
        if let Some(best) = all.first() {
            board.take(best).unwrap();
            assert_eq!(check(board.problem(), &board.plan()), []);
            assert_eq!(board.take(best), Err(Rejected::Settled));
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn nobody_is_dismissed_who_could_go() {
    let problem = sample::lived_in(900, 100, 3);
    let mut never = || false;
    let plan = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 300, stop: &mut never }).unwrap().plan;
    let unwished = problem.objective.worth.unwished_worker * problem.objective.percent(Part::Wishes);
    let mut board = Board::with(problem, &plan).unwrap();
    let mut chance = Chance::new(7);
    let mut found = 0;
    for i in 0..80 {
        let place = board.add_place(sample::spot_of(&mut chance, 900)).unwrap();
        let mut one = sample::urgent(&mut chance, place, 8 * HOUR + 600 * (i % 36), 100);
        one.ties.clear();
        let mut all = one.clone();
        // Workers with a tie are looked at without any bound: the slow and plain way.
        all.ties = (0..100).map(|w| (WorkerIx(w), Tie::Unwished)).collect();
        let (quick, plain) = (board.add(one).unwrap(), board.add(all).unwrap());
        let list = |v: VisitIx, less: i64| {
            let all = board.suggest(v, 100).unwrap();
            all.into_iter().map(|s| (s.worker, s.start, s.cost - less)).collect::<Vec<_>>()
        };
        assert_eq!(list(quick, 0), list(plain, unwished));
        found += list(quick, 0).len();
    }
    assert!(found > 80, "{found}");
}

#[test]
fn a_pair_begins_together_with_two_workers_and_is_the_cheapest() {
    let problem = sample::lived_in(400, 60, 8);
    let mut never = || false;
    let plan = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 0, stop: &mut never }).unwrap().plan;
    let mut board = Board::with(problem, &plan).unwrap();
    let mut chance = Chance::new(4);
    for i in 0..20 {
        let place = board.add_place(sample::spot_of(&mut chance, 900)).unwrap();
        let one = board.add(sample::urgent(&mut chance, place, 9 * HOUR, 60)).unwrap();
        let two = board.add(sample::urgent(&mut chance, place, 9 * HOUR, 60)).unwrap();
        let gap = if i % 2 == 0 { (0, 0) } else { (600, 1800) };
        board.link(Link { first: one, second: two, min_gap: gap.0, max_gap: gap.1 }).unwrap();
        let all = board.suggest_pair(one, 200).unwrap();
        assert_eq!(board.suggest_pair(two, 5).unwrap(), all[..all.len().min(5)]);
        let Some(best) = all.first() else { continue };
        assert_ne!(best.first.worker, best.second.worker);
        let between = best.second.start - best.first.start;
        assert!((gap.0..=gap.1).contains(&between), "{between}");
        assert_eq!(board.take(&best.first), Err(Rejected::Linked), "half a pair is no plan");
        board.take_pair(best).unwrap();
        assert_eq!(check(board.problem(), &board.plan()), []);
        // Calling off one calls off both.
        board.cancel(one).unwrap();
        assert_eq!(board.standing(two), Some(Standing::Cancelled));
    }
}

#[test]
fn an_urgent_visit_may_take_the_place_of_a_lesser_one() {
    let mut problem = street();
    problem.workers.truncate(1);
    problem.visits = vec![visit(1, 9 * HOUR, 9 * HOUR), visit(2, 9 * HOUR, 9 * HOUR)];
    problem.visits[1].priority = 2;
    let mut board = Board::new(problem).unwrap();
    let first = board.suggest(VisitIx(0), 1).unwrap().remove(0);
    board.take(&first).unwrap();
    assert_eq!(board.suggest(VisitIx(1), 5).unwrap(), []);
    let urgent = board.suggest_displacing(VisitIx(1), 5).unwrap().remove(0);
    assert_eq!(urgent.displaced, Some(VisitIx(0)));
    assert!(urgent.zh(&board).contains("让一单不急的改时间"));
    board.take(&urgent).unwrap();
    assert_eq!(board.standing(VisitIx(0)), Some(Standing::Waiting));
    assert_eq!(check(board.problem(), &board.plan()), []);
    assert_eq!(board.suggest_displacing(VisitIx(0), 5).unwrap(), [], "the lesser does not displace the greater");
}

#[test]
fn bounds_hide_no_place_that_a_lesser_visit_could_yield() {
    let problem = sample::lived_in(900, 100, 3);
    let mut never = || false;
    let plan = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 300, stop: &mut never }).unwrap().plan;
    let objective = problem.objective;
    let mut board = Board::with(problem, &plan).unwrap();
    board.advance(9 * HOUR).unwrap();
    let before = board.plan();
    let mut chance = Chance::new(11);
    let mut displaced = 0;
    for i in 0..60 {
        let place = board.add_place(sample::spot_of(&mut chance, 900)).unwrap();
        let v = board.add(sample::urgent(&mut chance, place, 9 * HOUR + 600 * (i % 30), 100)).unwrap();
        // With room for everybody nothing is ever beaten, so everything is tried.
        let all = board.suggest_displacing(v, 100).unwrap();
        let few = board.suggest_displacing(v, 5).unwrap();
        assert_eq!(few, all[..all.len().min(5)]);
        for s in &few {
            assert_eq!(s.cost, objective.sum(&s.parts), "{s:?}");
            displaced += usize::from(s.displaced.is_some());
        }
        board.cancel(v).unwrap();
    }
    assert!(displaced > 50, "{displaced}");
    assert_eq!(board.plan().routes, before.routes, "looking changes nothing");
}

#[test]
fn a_suggestion_is_refused_after_the_route_has_changed() {
    let mut problem = street();
    problem.visits = vec![visit(0, 9 * HOUR, 10 * HOUR), visit(0, 9 * HOUR, 10 * HOUR)];
    let mut board = Board::new(problem).unwrap();
    let (a, b) = (board.suggest(VisitIx(0), 1).unwrap().remove(0), board.suggest(VisitIx(1), 1).unwrap().remove(0));
    board.take(&a).unwrap();
    assert_eq!(board.take(&b), Err(Rejected::Stale));
}

#[test]
fn what_has_begun_is_fact_and_the_late_are_relieved() {
    let mut problem = street();
    problem.visits = vec![visit(0, 9 * HOUR, 9 * HOUR + 600), visit(0, 10 * HOUR + 900, 10 * HOUR + 1200)];
    let mut board = Board::new(problem).unwrap();
    for v in 0..2 {
        let best = board.suggest(VisitIx(v), 3).unwrap().into_iter().find(|s| s.worker == WorkerIx(0)).unwrap();
        board.take(&best).unwrap();
    }
    assert_eq!(board.check_in(VisitIx(0), WorkerIx(0), 9 * HOUR + 300).unwrap().moved, []);
    assert!(matches!(board.standing(VisitIx(0)), Some(Standing::Begun { .. })));
    assert_eq!(board.cancel(VisitIx(0)), Err(Rejected::Settled));
    // The first takes an hour longer: somebody else goes to the second.
    let change = board.late(WorkerIx(0), 11 * HOUR).unwrap();
    assert_eq!(change.moved, [(VisitIx(1), WorkerIx(0), WorkerIx(1))]);
    assert_eq!(check(board.problem(), &board.plan()), []);
    let change = board.advance(12 * HOUR).unwrap();
    assert_eq!(change.lost, [VisitIx(1)]);
    assert_eq!(board.standing(VisitIx(1)), Some(Standing::TooLate));
    assert_eq!(board.advance(11 * HOUR), Err(Rejected::Backwards));
}

#[test]
fn a_worker_drops_out_and_few_change_hands() {
    let problem = sample::lived_in(1_000, 120, 6);
    let mut never = || false;
    let plan = day(&problem, How { seed: 1, threads: 1 }, &mut Budget { units: 2_000, stop: &mut never }).unwrap().plan;
    for w in 0..12 {
        let mut board = Board::with(problem.clone(), &plan).unwrap();
        let now = 10 * HOUR;
        // Whatever was to begin before now has begun.
        for route in &plan.routes {
            for stop in route.stops.iter().filter(|s| s.start < now) {
                if let dispatch::plan::What::Visit(v) = stop.what {
                    board.check_in(v, route.worker, stop.start).unwrap();
                }
            }
        }
        board.advance(now).unwrap();
        let before = board.plan();
        let change = board.drop_out(WorkerIx(w), now, Gentle::default()).unwrap();
        let after = board.plan();
        assert_eq!(check(board.problem(), &after), []);
        assert!(change.moved.len() <= 15, "{}", change.moved.len());
        let facts = |p: &dispatch::plan::Plan| {
            p.routes.iter().flat_map(|r| r.stops.iter().filter(|s| s.fact).map(|s| (r.worker, *s))).collect::<Vec<_>>()
        };
        assert_eq!(facts(&before), facts(&after), "the frozen part is untouched");
        let rest = after.routes.iter().find(|r| r.worker == WorkerIx(w));
        assert!(rest.is_none_or(|r| r.stops.iter().all(|s| s.fact)));
    }
}
