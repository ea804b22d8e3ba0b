//! Plans for the classic problem: good, legal, and the same every time.
#![allow(clippy::unwrap_used)]
use dispatch::classic::{Client, Plan, Problem, check, sintef, solve, solve_at};
use dispatch::{Budget, Chance, Pace};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

fn plan(problem: &Problem, seed: u64, threads: usize, units: u64) -> Plan {
    solve(problem, seed, threads, Budget { units, stop: &mut || false })
}

fn open(x: i32, y: i32, demand: i32) -> Client {
    Client { x, y, demand, ready: 0, due: 100_000, service: 0 }
}

#[test]
fn finds_the_shortest_round_trips() {
    // Two pairs on opposite sides, a vehicle holds two: 2 × (10 + 1 + 11) units by hand.
    let clients = [open(10, 0, 1), open(-10, 0, 1), open(11, 0, 1), open(-11, 0, 1)];
    let problem = Problem::new(4, 2, open(0, 0, 0), &clients).unwrap();
    let plan = plan(&problem, 1, 1, 100_000);
    assert_eq!(plan.distance, 440);
    assert_eq!(check(&problem, &plan), []);
}

#[test]
fn windows_decide_the_order() {
    // On one line, but the farthest closes first.
    let at = |x, ready, due| Client { x, y: 0, demand: 1, ready, due, service: 10 };
    let clients = [at(10, 250, 400), at(20, 0, 200), at(5, 400, 500)];
    let problem = Problem::new(1, 10, open(0, 0, 0), &clients).unwrap();
    let plan = plan(&problem, 7, 1, 100_000);
    assert_eq!(plan.routes, [[2, 1, 3]]);
    assert_eq!(plan.distance, 400);
}

#[test]
fn known_instances_are_within_one_per_cent() {
    for (text, best) in [(include_str!("data/C101.txt"), 8273), (include_str!("data/RC101.txt"), 16198)] {
        let instance = sintef::parse(text).unwrap();
        let plan = plan(&instance.problem, 1, 1, 20_000_000);
        assert_eq!(check(&instance.problem, &plan), [], "{}", instance.name);
        assert!(plan.unserved.is_empty());
        assert!(plan.distance >= best, "{}: {} is below the proven least", instance.name, plan.distance);
        assert!(plan.distance * 100 <= best * 101, "{}: {} against {best}", instance.name, plan.distance);
    }
}

#[test]
fn the_same_seed_and_work_give_the_same_plan_on_a_busy_machine() {
    let instance = sintef::parse(include_str!("data/RC101.txt")).unwrap();
    for threads in [1, 2] {
        let quiet = plan(&instance.problem, 5, threads, 1_000_000);
        let over = AtomicBool::new(false);
        let busy = std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut chance = Chance::new(1);
                    while !over.load(Ordering::Relaxed) {
                        std::hint::black_box(chance.bits());
                    }
                });
            }
            let busy = plan(&instance.problem, 5, threads, 1_000_000);
            over.store(true, Ordering::Relaxed);
            busy
        });
        assert_eq!(quiet, busy, "{threads} threads");
        assert_eq!(check(&instance.problem, &quiet), []);
        let other = plan(&instance.problem, 6, threads, 1_000_000);
        assert_ne!((other.work, other.iterations), (quiet.work, quiet.iterations), "the seed changes the search");
    }
}

/// Thinks of few units first and of many after half of them.
struct Generous {
    units: [u64; 2],
    asked: usize,
}

impl Pace for Generous {
    fn total(&mut self, done: u64) -> u64 {
        self.asked += 1;
        self.units[usize::from(done > self.units[0] / 2)]
    }
    fn over(&mut self) -> bool {
        false
    }
}

#[test]
fn a_budget_that_grows_on_the_way_is_used_up_and_not_exceeded() {
    let instance = sintef::parse(include_str!("data/RC101.txt")).unwrap();
    for units in [[2_000_000, 5_000_000], [5_000_000, 3_500_000]] {
        let mut pace = Generous { units, asked: 0 };
        let plan = solve_at(&instance.problem, 5, 1, &mut pace);
        assert_eq!(check(&instance.problem, &plan), []);
        // A child that is being raised is finished.
        assert!(plan.work.abs_diff(units[1]) < units[1] / 20, "{} of {units:?}", plan.work);
        assert!(pace.asked > 10);
        assert_eq!(plan, solve_at(&instance.problem, 5, 1, &mut Generous { units, asked: 0 }));
    }
}

#[test]
fn a_caller_out_of_time_gets_a_legal_plan() {
    let instance = sintef::parse(include_str!("data/C101.txt")).unwrap();
    let plan = solve(&instance.problem, 1, 2, Budget { units: u64::MAX, stop: &mut || true });
    assert_eq!(check(&instance.problem, &plan), []);
    assert!(plan.unserved.is_empty());
}

#[test]
fn too_few_vehicles_leave_clients_named() {
    // All at the same moment, far apart: one vehicle serves one client.
    let at = |x, y| Client { x, y, demand: 1, ready: 1000, due: 1010, service: 10 };
    let problem = Problem::new(2, 10, open(0, 0, 0), &[at(50, 0), at(-50, 0), at(0, 50)]).unwrap();
    let plan = plan(&problem, 1, 1, 50_000);
    assert_eq!(plan.unserved.len(), 1);
    assert_eq!(plan.routes.len(), 2);
    assert_eq!(check(&problem, &plan), []);
}

#[test]
fn nobody_and_everybody_at_one_place_are_planned() {
    let none = Problem::new(3, 1, open(0, 0, 0), &[]).unwrap();
    assert_eq!(plan(&none, 1, 1, 1000), Plan::default());
    let crowd = vec![open(0, 0, 1); 30];
    let problem = Problem::new(30, 7, open(0, 0, 0), &crowd).unwrap();
    let plan = plan(&problem, 1, 2, 100_000);
    assert_eq!(plan.distance, 0);
    assert_eq!(check(&problem, &plan), []);
}

fn places() -> impl Strategy<Value = Vec<Client>> {
    let client = (-60..60i32, -60..60i32, 0..8i32, 0..3000i32, 0..1500i32, 0..200i32);
    let client = client.prop_map(|(x, y, demand, ready, wide, service)| {
        // Reachable and back in time by construction: the depot is open from 0 to 10,000.
        let due = (ready + wide).max(900);
        Client { x, y, demand, ready, due, service }
    });
    proptest::collection::vec(client, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_problems_get_legal_plans(
        clients in places(),
        vehicles in 1..20usize,
        seed in 0..1000u64,
        threads in 1..3usize,
        units in 1..60_000u64,
    ) {
        let depot = Client { due: 10_000, ..open(3, 4, 0) };
        match Problem::new(vehicles, 15, depot, &clients) {
            Ok(problem) => {
                let plan = plan(&problem, seed, threads, units);
                prop_assert_eq!(check(&problem, &plan), []);
                if vehicles >= clients.len() {
                    prop_assert_eq!(&plan.unserved, &Vec::<u32>::new());
                }
            }
            // With these numbers only the fleet can be too small.
            Err(refused) => {
                let demand: i32 = clients.iter().map(|c| c.demand).sum();
                prop_assert!(demand > 15 * vehicles as i32, "{}", refused);
            }
        }
    }
}
