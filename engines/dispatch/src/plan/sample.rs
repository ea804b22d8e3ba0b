//! A made-up city's day: for measuring, for pictures, for tests.
//!
//! Homes of elders and workers are spread evenly over a square of 12 km for 1,000 visits, its area growing with their
//! number. Ways are straight lines × 1.3 at 30 km/h. A visit takes 30 to 65 minutes, may begin within 1 to 3 hours between
//! 7:30 and 17:30, and needs one of six skills, the first three being common. A worker has nine hours from 7:00, 8:00 or
//! 9:00 on, the first skill and about half of the others. There is more to do than can be done: with a tenth as many
//! workers as visits, cheapest insertion leaves an eighth undone.
use super::model::{Place, Problem, Seconds, Span, Spot, Tie, Visit, Ways, Worker, WorkerIx};
use super::objective::Objective;
use crate::tags::{Language, LanguageSet, SkillSet};
use crate::{Chance, GenderWish};
use kernel::Sex;

/// Metres of the side of the square for 1,000 visits.
const SIDE: f64 = 12_000.0;
/// 1.3 at 30 km/h.
pub const SECONDS_PER_METRE: f64 = 1.3 * 3.6 / 30.0;
const MINUTE: Seconds = 60;
const HOUR: Seconds = 3600;

/// The skill with this number, below six.
const fn skill(number: usize) -> SkillSet {
    SkillSet(1 << number)
}

/// A day of so many visits and workers, the same for the same seed; only visits served and the way count.
pub fn city(visits: usize, workers: usize, seed: u64) -> Problem {
    let mut chance = Chance::new(seed);
    let mut spots = Vec::with_capacity(visits + workers);
    let mut all = Vec::with_capacity(visits);
    for i in 0..visits {
        spots.push(spot_of(&mut chance, visits));
        all.push(visit(&mut chance, Place(i as u32)));
    }
    let mut hands = Vec::with_capacity(workers);
    for i in 0..workers {
        spots.push(spot_of(&mut chance, visits));
        hands.push(worker(&mut chance, Place((visits + i) as u32)));
    }
    Problem {
        ways: Ways::Flat { spots, seconds_per_metre: SECONDS_PER_METRE },
        visits: all,
        workers: hands,
        links: Vec::new(),
        pins: Vec::new(),
        objective: Objective::bare(),
    }
}

fn visit(chance: &mut Chance, place: Place) -> Visit {
    let seconds = (30 + 5 * chance.below(8) as Seconds) * MINUTE;
    let long = HOUR + chance.below(121) as Seconds * MINUTE;
    let from = 7 * HOUR + 30 * MINUTE + chance.below(((10 * HOUR - long) / MINUTE) as usize) as Seconds * MINUTE;
    let kind = match chance.below(20) {
        0..=7 => 0,
        8..=12 => 1,
        13..=15 => 2,
        16..=17 => 3,
        18 => 4,
        _ => 5,
    };
    let mut visit = Visit::new(place, seconds, Span::hard(from, from + long));
    visit.skills = skill(kind);
    visit
}

fn worker(chance: &mut Chance, home: Place) -> Worker {
    let begin = (7 + chance.below(3) as Seconds) * HOUR;
    let mut worker = Worker::new(home, (begin, begin + 9 * HOUR));
    worker.sex = if chance.below(5) == 0 { Sex::Male } else { Sex::Female };
    worker.skills = skill(0);
    for number in 1..6 {
        if chance.below(2) == 0 {
            worker.skills.0 |= skill(number).0;
        }
    }
    worker
}

/// The same day as people see it: workers with loads, elders with wishes and people they know, half the visits in the order
/// of importance. Evenness and wishes count.
pub fn lived_in(visits: usize, workers: usize, seed: u64) -> Problem {
    let mut problem = city(visits, workers, seed);
    let mut chance = Chance::new(seed ^ 0x5eed);
    problem.objective = Objective::default();
    for worker in &mut problem.workers {
        worker.load = chance.below(30) as Seconds * HOUR;
        worker.languages = LanguageSet(1 + 2 * chance.below(2) as u64);
    }
    for visit in &mut problem.visits {
        wishes(&mut chance, visit, workers);
    }
    problem
}

/// An order that comes in at `now` and is to begin within two hours, at a new place (see [`spot_of`]).
pub fn urgent(chance: &mut Chance, place: Place, now: Seconds, workers: usize) -> Visit {
    let mut one = visit(chance, place);
    one.spans = vec![Span::hard(now, now + 2 * HOUR)];
    wishes(chance, &mut one, workers);
    one.priority = 2;
    one
}

/// A place somewhere in a city of so many visits.
pub fn spot_of(chance: &mut Chance, visits: usize) -> Spot {
    let side = (SIDE * (visits as f64 / 1000.0).sqrt()) as usize;
    let axis = |chance: &mut Chance| chance.below(side + 1) as i32 - side as i32 / 2;
    Spot { east: axis(chance), north: axis(chance) }
}

fn wishes(chance: &mut Chance, visit: &mut Visit, workers: usize) {
    for _ in 0..chance.below(4) {
        visit.ties.push((WorkerIx(chance.below(workers.max(1)) as u32), Tie::Known(1 + chance.below(8) as u16)));
    }
    if chance.below(4) == 0 {
        visit.gender = Some(GenderWish::Prefer(Sex::Female));
    }
    if chance.below(4) == 0 {
        visit.language = Language::new(1);
    }
    visit.priority = chance.below(2) as u8;
}
