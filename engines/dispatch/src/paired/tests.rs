//! The incremental evaluation against the one from nothing, after every single step.
use super::moves::{self, KINDS};
use super::problem::{Draft, Needs, Patient, Problem};
use super::start::first_plan;
use super::state::State;
use super::tables::Tables;
use crate::Chance;

fn problem(seed: u64) -> Problem {
    let mut chance = Chance::new(seed);
    let (n, carers, services) = (24, 6, 3);
    let patients = (0..n)
        .map(|i| {
            let earliest = chance.below(3000) as i64;
            let latest = earliest + chance.below(600) as i64;
            let min_gap = [0, 0, 120][chance.below(3)];
            let needs = match i % 3 {
                0 => Needs::One(chance.below(services)),
                _ => Needs::Two { first: 0, second: 1, min_gap, max_gap: min_gap + [0, 90, 300][chance.below(3)] },
            };
            Patient { earliest, latest, needs }
        })
        .collect();
    let skills = (0..carers).map(|c| (0..services).map(|s| s == c % services || chance.below(2) == 0).collect());
    let travel = (0..=n).map(|a: usize| (0..=n).map(|b| if a == b { 0 } else { 20 + ((a * b) % 97) as u32 }).collect());
    let draft = Draft {
        services,
        patients,
        skills: skills.collect(),
        travel: travel.collect(),
        durations: (0..n * carers * services).map(|i| 40 + (i % 31) as u32).collect(),
    };
    Problem::new(draft).expect("two carers for every service")
}

fn picture(s: &State<'_>) -> (Vec<(u16, u16, i64)>, [i64; 3]) {
    let visits = &s.nodes[..s.visits()];
    (visits.iter().map(|n| (n.prev, n.carer, n.start)).collect(), [s.travel, s.late, s.worst])
}

#[test]
fn incremental_evaluation_equals_full_evaluation() {
    for seed in 0..8 {
        let problem = problem(seed);
        let tables = Tables::new(&problem, 12);
        let mut s = first_plan(&tables).expect("a plan");
        let mut chance = Chance::new(seed);
        let mut taken = [0; KINDS];
        for step in 0..6_000 {
            let kind = step % KINDS;
            let before = picture(&s);
            let cost = s.cost();
            let patience = chance.below(400) as i64;
            if moves::step(&mut s, &mut chance, kind, cost + patience) {
                taken[kind] += 1;
                assert!(s.cost() <= cost + patience);
                let kept = picture(&s);
                let mut anew = s.clone();
                assert!(anew.rebuild());
                assert_eq!(picture(&anew), kept, "seed {seed} step {step} kind {kind}");
            } else {
                assert_eq!(picture(&s), before, "seed {seed} step {step} kind {kind}");
            }
        }
        assert!(taken.iter().all(|&n| n > 0), "{taken:?}");
    }
}

#[test]
fn a_refused_change_would_have_cost_more() {
    let problem = problem(3);
    let tables = Tables::new(&problem, 12);
    let mut s = first_plan(&tables).expect("a plan");
    let mut chance = Chance::new(5);
    let mut refused = 0;
    for _ in 0..4_000 {
        let v = chance.below(s.visits());
        let u = chance.below(s.visits());
        let cost = s.cost();
        let mut free = s.clone();
        if moves::relocate(&mut free, v, u, i64::MAX / 8) {
            let allowed = moves::relocate(&mut s, v, u, cost);
            assert_eq!(allowed, free.cost() <= cost);
            refused += usize::from(!allowed);
        }
    }
    assert!(refused > 100, "{refused}");
}

/// Everybody's window opens within so much time, and lasts so long.
fn crowded(seed: u64, within: usize, wide: i64) -> Problem {
    let mut chance = Chance::new(seed);
    let needs = |i: usize| {
        if i.is_multiple_of(3) {
            Needs::Two { first: 0, second: 1, min_gap: 0, max_gap: 60 }
        } else {
            Needs::One(i % 2)
        }
    };
    let patients = (0..24).map(|i| {
        let earliest = chance.below(within) as i64;
        Patient { earliest, latest: earliest + wide, needs: needs(i) }
    });
    let patients = patients.collect();
    let travel =
        (0..=24).map(|a: usize| (0..=24).map(|b| if a == b { 0 } else { 20 + ((a * b) % 97) as u32 }).collect());
    let draft = Draft {
        services: 2,
        patients,
        skills: vec![vec![true; 2]; 6],
        travel: travel.collect(),
        durations: vec![40; 24 * 6 * 2],
    };
    Problem::new(draft).expect("everybody can do everything")
}

#[test]
fn haste_refuses_little_that_is_cheap_and_takes_nothing_dear() {
    for (problem, late) in [(crowded(3, 2000, 900), false), (crowded(3, 300, 50), true)] {
        let tables = Tables::new(&problem, 12);
        let mut s = first_plan(&tables).expect("a plan");
        let mut chance = Chance::new(5);
        let (mut cheap, mut missed) = (0, 0);
        for step in 0..40_000 {
            let kind = step % KINDS;
            let limit = s.cost() + chance.below(60) as i64;
            let (mut quick, mut exact) = (s.clone(), s.clone());
            quick.hasty = true;
            let mut same = chance.clone();
            let taken = moves::step(&mut quick, &mut same, kind, limit);
            if moves::step(&mut exact, &mut chance, kind, limit) {
                cheap += 1;
                missed += usize::from(!taken);
                s = exact;
            } else {
                assert!(!taken);
            }
        }
        assert_eq!(s.late * 20 > s.travel, late);
        assert!(cheap > 2_000 && missed * 20 < cheap, "{missed} of {cheap}");
    }
}

#[test]
fn a_surcharge_costs_every_used_route_once_and_leaves_without_a_trace() {
    let problem = problem(1);
    let tables = Tables::new(&problem, 12);
    let mut s = first_plan(&tables).expect("a plan");
    let before = picture(&s);
    let used = (0..6).filter(|&c| s.next(s.office(c)) != s.office(c)).count() as i64;
    let cost = s.cost();
    s.set_surcharge(500);
    assert_eq!(s.cost(), cost + 500 * used);
    let mut anew = s.clone();
    assert!(anew.rebuild());
    assert_eq!(picture(&anew), picture(&s));
    s.set_surcharge(0);
    assert_eq!(picture(&s), before);
}
