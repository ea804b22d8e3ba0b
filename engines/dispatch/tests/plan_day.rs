#![allow(clippy::unwrap_used)]
use dispatch::Budget;
use dispatch::plan::{How, check, day, sample};

#[test]
fn a_small_city_is_planned_and_proved() {
    let problem = sample::city(300, 30, 7);
    let mut never = || false;
    let how = How { seed: 3, threads: 1 };
    let first = day(&problem, how, &mut Budget { units: 0, stop: &mut never }).unwrap().plan;
    assert_eq!(check(&problem, &first), []);
    let better = day(&problem, how, &mut Budget { units: 3_000, stop: &mut never }).unwrap().plan;
    assert_eq!(check(&problem, &better), []);
    assert!(better.score < first.score);
}
