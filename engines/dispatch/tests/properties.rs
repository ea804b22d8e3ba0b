//! Fairness of the rotation, and the scan against a plain search.
use dispatch::rotation::{Standing, choose, joining_credit, order};
use dispatch::{Certificate, LanguageSet, Planned, SkillSet, Visit, Window, Worker, rank};
use kernel::{CivilDate, GeoPoint, IdGen, Instant, OrgId, Sex};
use proptest::prelude::*;

fn org(n: u64) -> OrgId {
    IdGen::new(n).make(Instant(0))
}
fn fresh(n: u64) -> Standing {
    Standing { org: org(n), orders: 0, declines: 0, credit: 0, capacity: None, available: true, last_turn: None }
}
fn give(all: &mut [Standing], to: OrgId, at: i64) {
    let s = all.iter_mut().find(|s| s.org == to).expect("one of them");
    s.orders += 1;
    s.last_turn = Some(Instant(at));
}
fn spread(counts: impl Iterator<Item = u32> + Clone) -> u32 {
    counts.clone().max().unwrap_or(0) - counts.min().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_providers_get_equal_shares(providers in 1u64..9, orders in 0i64..200) {
        let mut all: Vec<Standing> = (0..providers).map(fresh).collect();
        for n in 0..orders {
            let next = choose(&all).expect("someone");
            give(&mut all, next, n);
            prop_assert!(spread(all.iter().map(|s| s.orders)) <= 1);
        }
        prop_assert_eq!(all.iter().map(|s| i64::from(s.orders)).sum::<i64>(), orders);
    }

    #[test]
    fn declining_is_a_turn_and_nobody_beyond_capacity_is_asked(
        caps in proptest::collection::vec(proptest::option::of(0u32..30), 1..7),
        answers in proptest::collection::vec(any::<bool>(), 0..150),
    ) {
        let mut all: Vec<Standing> = caps.iter().zip(0..).map(|(c, n)| Standing { capacity: *c, ..fresh(n) }).collect();
        for (n, accepts) in answers.iter().enumerate() {
            let Some(next) = choose(&all) else {
                prop_assert!(all.iter().all(|s| s.capacity.is_some_and(|c| s.orders >= c)));
                break;
            };
            if *accepts {
                give(&mut all, next, n as i64);
            } else {
                let s = all.iter_mut().find(|s| s.org == next).expect("one of them");
                s.declines += 1;
                s.last_turn = Some(Instant(n as i64));
            }
            prop_assert!(all.iter().all(|s| s.capacity.is_none_or(|c| s.orders <= c)));
            let turns = all.iter().filter(|s| s.skip().is_none()).map(|s| s.orders + s.declines);
            prop_assert!(spread(turns) <= 1);
        }
    }

    #[test]
    fn the_order_of_turns_begins_with_the_chosen_and_ignores_the_input_order(
        rows in proptest::collection::vec((0u32..20, 0u32..5, any::<bool>(), proptest::option::of(0i64..5)), 0..8),
    ) {
        let mut all: Vec<Standing> = rows.iter().zip(0..).map(|((orders, declines, available, last), n)| Standing {
            orders: *orders, declines: *declines, available: *available, last_turn: last.map(Instant), ..fresh(n)
        }).collect();
        let turns = order(&all);
        prop_assert_eq!(turns.first().map(|t| t.org), choose(&all));
        prop_assert_eq!(turns.len(), all.iter().filter(|s| s.available).count());
        prop_assert!(turns.is_sorted_by_key(|t| t.turns));
        prop_assert!(turns.iter().zip(0..).all(|(t, n)| t.rank == n));
        all.reverse();
        prop_assert_eq!(order(&all), turns);
    }

    #[test]
    fn the_scan_finds_the_cheapest_and_never_double_books(
        rows in proptest::collection::vec((-9_000i64..9_000, -9_000i64..9_000, 0u32..3, proptest::collection::vec(0i64..20, 0..3), 0u32..500), 1..40),
        keep in 1usize..8,
    ) {
        let date = CivilDate::new(2026, 11, 24).expect("a day");
        let centre = GeoPoint { lat_e6: 22_800_000, lng_e6: 115_300_000 };
        let near = |a: i64, b: i64| GeoPoint { lat_e6: centre.lat_e6 + a * 9, lng_e6: centre.lng_e6 + b * 9 };
        let ids = IdGen::new(5);
        let workers: Vec<Worker> = rows.iter().map(|(a, b, turn, slots, load)| {
            let mut slots = slots.clone();
            slots.sort_unstable();
            slots.dedup();
            Worker {
                id: ids.make(date.at(0, 0)), org: org(1), sex: Sex::Male, skills: SkillSet::EMPTY, languages: LanguageSet::EMPTY,
                hours: (0..7).filter_map(|d| Window::new(d, 0, 1440)).collect(),
                certificates: vec![Certificate { covers: SkillSet::EMPTY, valid_until: date }],
                insured_until: Some(date), banned: false, home: near(*a, *b),
                planned: slots.iter().map(|s| {
                    let start = date.at(8, 0).plus_minutes(s * 30);
                    Planned { start, end: start.plus_minutes(30), place: near(*b, *a) }
                }).collect(),
                load_minutes: *load, rotation_rank: *turn,
            }
        }).collect();
        let visit = Visit { skills: SkillSet::EMPTY, place: centre, start: date.at(12, 0), minutes: 45, gender: None, language: None, previous: &[] };
        let some = rank(&visit, &workers, keep);
        let alone: Vec<_> = workers.iter().filter_map(|w| rank(&visit, std::slice::from_ref(w), 1).best.first().copied()).collect();
        prop_assert_eq!(some.suitable, alone.len());
        prop_assert_eq!(some.best.len(), keep.min(alone.len()));
        prop_assert_eq!(some.best.first().map(|r| r.cost), alone.iter().map(|r| r.cost).min());
        for r in &some.best {
            let w = workers.iter().find(|w| w.id == r.worker).expect("one of them");
            prop_assert!(w.planned.iter().all(|p| p.end <= visit.start || p.start >= visit.end()));
            prop_assert!(alone.contains(r), "judged alike alone and among others");
        }
    }
}

#[test]
fn ties_fall_to_who_waited_longest_then_to_the_smaller_id() {
    let mut all = [fresh(1), fresh(2), fresh(3)];
    for (s, at) in all.iter_mut().zip([30, 10, 20]) {
        s.orders = 4;
        s.last_turn = Some(Instant(at));
    }
    assert_eq!(choose(&all), Some(all[1].org));
    all[2].last_turn = None;
    assert_eq!(choose(&all), Some(all[2].org));
    let equal = [fresh(1), fresh(2)];
    assert_eq!(choose(&equal), equal.iter().map(|s| s.org).min());
    assert_eq!(choose(&[]), None);
    assert_eq!(choose(&[Standing { available: false, ..fresh(1) }]), None);
}

#[test]
fn one_that_joins_later_does_not_get_everything() {
    let mut all = vec![fresh(1), fresh(2)];
    for n in 0..20 {
        let next = choose(&all).expect("someone");
        give(&mut all, next, n);
    }
    let credit = joining_credit(&all);
    assert_eq!(credit, 10);
    all.push(Standing { credit, ..fresh(3) });
    for n in 20..50 {
        let next = choose(&all).expect("someone");
        give(&mut all, next, n);
    }
    assert_eq!(all.iter().map(|s| s.orders).collect::<Vec<_>>(), [20, 20, 10]);
}
