//! Random problems: every plan is judged, repeatable, and what cannot be is said.
#![allow(clippy::unwrap_used)]
use dispatch::paired::{Draft, Impossible, Needs, Patient, Plan, Problem, Refusal, check, solve, solve_at};
use dispatch::{Budget, Chance, Pace};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// A random day; some of them cannot be.
fn day(seed: u64, patients: usize, carers: usize) -> Draft {
    let mut chance = Chance::new(seed);
    let services = 4;
    let skills = (0..carers).map(|_| (0..services).map(|_| chance.below(3) > 0).collect()).collect();
    let places: Vec<(i64, i64)> =
        (0..=patients).map(|_| (chance.below(1000) as i64, chance.below(1000) as i64)).collect();
    let travel = places
        .iter()
        .map(|a| places.iter().map(|b| ((a.0 - b.0).abs() + (a.1 - b.1).abs()) as u32).collect())
        .collect();
    let mut someone = || {
        let earliest = chance.below(4000) as i64;
        let (first, second) = (chance.below(services), chance.below(services));
        let min_gap = [0, 0, 200][chance.below(3)];
        let needs = match chance.below(5) {
            0 | 1 => Needs::Two { first, second, min_gap, max_gap: min_gap + [0, 150][chance.below(2)] },
            _ => Needs::One(first),
        };
        Patient { earliest, latest: earliest + chance.below(1200) as i64, needs }
    };
    let patients: Vec<Patient> = (0..patients).map(|_| someone()).collect();
    let durations = (0..patients.len() * carers * services).map(|_| 50 + chance.below(150) as u32).collect();
    Draft { services, patients, skills, travel, durations }
}

fn planned(problem: &Problem, seed: u64, threads: usize, units: u64) -> Plan {
    solve(problem, seed, threads, Budget { units, stop: &mut || false }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_passes_the_judge(seed: u64, patients in 0usize..30, carers in 2usize..7, units in 0u64..4_000) {
        match Problem::new(day(seed, patients, carers)) {
            Ok(problem) => {
                let plan = planned(&problem, seed, 1 + (seed % 2) as usize, units);
                prop_assert_eq!(check(&problem, &plan), Ok(plan.cost));
            }
            Err(Refusal::Patients(all)) => prop_assert!(!all.is_empty()),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn more_work_is_never_a_worse_plan_than_the_first(seed: u64) {
        if let Ok(problem) = Problem::new(day(seed, 25, 6)) {
            let first = planned(&problem, seed, 1, 0);
            let later = planned(&problem, seed, 1, 3_000);
            prop_assert!(later.cost.total() <= first.cost.total());
        }
    }
}

fn solvable() -> Problem {
    (0..).find_map(|seed| Problem::new(day(seed, 30, 6)).ok()).unwrap()
}

#[test]
fn same_seed_and_work_give_the_same_plan_on_a_loaded_machine() {
    let problem = solvable();
    let quiet = planned(&problem, 7, 2, 30_000);
    let busy = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut chance = Chance::new(1);
                while busy.load(Ordering::Relaxed) {
                    std::hint::black_box(chance.bits());
                }
            });
        }
        let loaded = planned(&problem, 7, 2, 30_000);
        busy.store(false, Ordering::Relaxed);
        assert_eq!(loaded, quiet);
    });
    assert_ne!(planned(&problem, 8, 2, 30_000).routes, quiet.routes);
}

/// Thinks of one number of units first and of another after half of them.
struct Fickle([u64; 2]);

impl Pace for Fickle {
    fn total(&mut self, done: u64) -> u64 {
        self.0[usize::from(done > self.0[0] / 2)]
    }
    fn over(&mut self) -> bool {
        false
    }
}

#[test]
fn a_budget_that_changes_on_the_way_is_used_up_and_not_exceeded() {
    let problem = solvable();
    for units in [[40_000, 100_000], [1_000_000, 700_000]] {
        let plan = solve_at(&problem, 7, 1, &mut Fickle(units)).unwrap();
        assert_eq!(check(&problem, &plan), Ok(plan.cost));
        assert!(plan.work <= units[1] + 1, "{} of {units:?}", plan.work);
        assert!(plan.work * 100 >= units[1] * 98, "{} of {units:?}", plan.work);
        assert_eq!(plan, solve_at(&problem, 7, 1, &mut Fickle(units)).unwrap());
    }
}

#[test]
fn a_deadline_ends_the_search_with_a_complete_plan() {
    let problem = solvable();
    let mut asked = 0;
    let plan = solve(
        &problem,
        1,
        2,
        Budget {
            units: u64::MAX,
            stop: &mut || {
                asked += 1;
                asked > 5
            },
        },
    )
    .unwrap();
    assert_eq!(check(&problem, &plan), Ok(plan.cost));
}

#[test]
fn whoever_cannot_be_served_is_named() {
    let patient = |needs| Patient { earliest: 0, latest: 10, needs };
    let two = |first, second, min_gap, max_gap| patient(Needs::Two { first, second, min_gap, max_gap });
    let patients = vec![
        patient(Needs::One(2)),
        two(0, 1, 0, 0),
        two(0, 3, 9, 3),
        Patient { earliest: 5, latest: 4, needs: Needs::One(0) },
        patient(Needs::One(7)),
        patient(Needs::One(3)),
    ];
    // Carer 0 alone can do 0 and 1, carer 1 can do 3, nobody can do 2.
    let skills = vec![vec![true, true, false, true], vec![false, false, false, true]];
    let n = patients.len();
    let draft =
        Draft { services: 4, patients, skills, travel: vec![vec![1; n + 1]; n + 1], durations: vec![1; n * 2 * 4] };
    let refused = Problem::new(draft.clone()).unwrap_err();
    assert_eq!(
        refused,
        Refusal::Patients(vec![
            Impossible::NoSkill { patient: 0, service: 2 },
            Impossible::OneCarerForTwo { patient: 1, first: 0, second: 1 },
            Impossible::Gap { patient: 2, min_gap: 9, max_gap: 3 },
            Impossible::Window { patient: 3, earliest: 5, latest: 4 },
            Impossible::UnknownService { patient: 4, service: 7 },
        ])
    );
    let short = Draft { durations: vec![1; 3], ..draft };
    assert!(matches!(Problem::new(short), Err(Refusal::Shape { what: "table of durations", .. })));
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let problem = solvable();
    let plan = planned(&problem, 1, 1, 2_000);
    let mut mistakes = 0;
    for (c, route) in plan.routes.iter().enumerate() {
        for i in 0..route.len() {
            let mut missing = plan.clone();
            missing.routes[c].remove(i);
            let mut early = plan.clone();
            early.routes[c][i].start -= 1;
            let mut other = plan.clone();
            other.routes[c][i].service += 1;
            for wrong in [missing, other] {
                assert!(check(&problem, &wrong).is_err());
                mistakes += 1;
            }
            // Starts are the earliest possible: any earlier one breaks something, or is late by less than said.
            assert!(check(&problem, &early).is_err(), "{c} {i}");
        }
    }
    assert!(mistakes > 40);
}
