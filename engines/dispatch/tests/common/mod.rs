#![allow(clippy::unwrap_used, dead_code)]
//! Small worlds in which everything a problem can ask for happens.
use dispatch::plan::{
    Holds, Link, Objective, Pin, Place, Problem, Rest, Span, Spot, Tie, Visit, VisitIx, Ways, Worker, WorkerIx,
};
use dispatch::{Chance, GenderWish, Language, LanguageSet, Skill, SkillSet};
use kernel::Sex;

const HOUR: i32 = 3600;

fn some_skills(chance: &mut Chance, one_in: usize) -> SkillSet {
    (0..3).filter(|_| chance.below(one_in) == 0).map(|n| Skill::new(n).unwrap()).collect()
}

fn sex(chance: &mut Chance) -> Sex {
    if chance.below(3) == 0 { Sex::Male } else { Sex::Female }
}

pub fn span(chance: &mut Chance) -> Vec<Span> {
    let one = |chance: &mut Chance, from: i32| {
        let from = from + 600 * chance.below(24) as i32;
        let due = from + 300 * chance.below(24) as i32;
        let until = if chance.below(3) == 0 { due + 300 * chance.below(12) as i32 } else { due };
        Span::soft(from, due, until)
    };
    let first = one(chance, 7 * HOUR);
    if chance.below(4) > 0 {
        return vec![first];
    }
    let second = one(chance, first.until + 600);
    vec![first, second]
}

pub fn visit(chance: &mut Chance, place: Place, workers: usize) -> Visit {
    let spans = span(chance);
    let mut visit = Visit::new(place, 300 * (1 + chance.below(14) as i32), spans[0]);
    visit.spans = spans;
    visit.holds = if chance.below(4) == 0 { Holds::Service } else { Holds::Start };
    visit.skills = some_skills(chance, 4);
    visit.certificates = some_skills(chance, 10);
    visit.gender = match chance.below(8) {
        0 => Some(GenderWish::Require(sex(chance))),
        1 | 2 => Some(GenderWish::Prefer(sex(chance))),
        _ => None,
    };
    visit.language = (chance.below(4) == 0).then(|| Language::new(chance.below(2) as u8).unwrap());
    for _ in 0..chance.below(3) {
        let tie = match chance.below(5) {
            0 => Tie::Wished,
            1 => Tie::Unwished,
            2 => Tie::Never,
            _ => Tie::Known(chance.below(9) as u16),
        };
        visit.ties.push((WorkerIx(chance.below(workers) as u32), tie));
    }
    visit.priority = chance.below(3) as u8;
    visit.optional = chance.below(6) == 0;
    visit
}

pub fn world(chance: &mut Chance) -> Problem {
    let (visits, workers) = (4 + chance.below(24), 2 + chance.below(6));
    let places = visits + workers;
    let ways = if chance.below(3) == 0 {
        let seconds = (0..places * places).map(|i| if i % (places + 1) == 0 { 0 } else { chance.below(1500) as i32 });
        Ways::Matrix { n: places, seconds: seconds.collect() }
    } else {
        let spot = |chance: &mut Chance| chance.below(8000) as i32 - 4000;
        let spots = (0..places).map(|_| Spot { east: spot(chance), north: spot(chance) }).collect();
        Ways::Flat { spots, seconds_per_metre: 0.156 }
    };
    let place = |chance: &mut Chance| Place(chance.below(places) as u32);
    let hands = (0..workers)
        .map(|_| {
            let home = place(chance);
            let from = 7 * HOUR + 1800 * chance.below(4) as i32;
            let mut worker = Worker::new(home, (from, from + 4 * HOUR + 1800 * chance.below(12) as i32));
            if chance.below(3) == 0 {
                worker.end = place(chance);
            }
            for i in 0..chance.below(3) as i32 {
                let from = (10 + 3 * i) * HOUR;
                worker.rests.push(Rest { from, until: from + 1800 * chance.below(4) as i32, seconds: 1800 });
            }
            worker.max_work = (chance.below(3) == 0).then(|| 3 * HOUR + 600 * chance.below(20) as i32);
            worker.skills = some_skills(chance, 2);
            worker.certificates = some_skills(chance, 2);
            worker.sex = sex(chance);
            worker.languages = LanguageSet(chance.below(4) as u64);
            worker.load = 600 * chance.below(100) as i32;
            worker.fixed_cost = 60 * chance.below(10) as i32;
            worker.cost_per_hour = 10 * chance.below(10) as i32;
            worker
        })
        .collect();
    let all: Vec<Visit> = (0..visits)
        .map(|_| {
            let at = place(chance);
            visit(chance, at, workers)
        })
        .collect();
    let mut links = Vec::new();
    let mut v = 0;
    while v + 1 < visits as u32 && chance.below(3) > 0 {
        links.push(link(chance, VisitIx(v), VisitIx(v + 1)));
        v += 2;
    }
    let mut pins = Vec::new();
    while v < visits as u32 && chance.below(3) == 0 {
        let start = (chance.below(2) == 0).then(|| all[v as usize].spans[0].from + 300);
        pins.push(Pin { visit: VisitIx(v), worker: WorkerIx(chance.below(workers) as u32), start });
        v += 1;
    }
    let objective = if chance.below(4) == 0 { Objective::bare() } else { Objective::default() };
    Problem { ways, visits: all, workers: hands, links, pins, objective }
}

pub fn link(chance: &mut Chance, first: VisitIx, second: VisitIx) -> Link {
    let min_gap = if chance.below(2) == 0 { 0 } else { 300 * chance.below(6) as i32 };
    Link { first, second, min_gap, max_gap: min_gap + if chance.below(2) == 0 { 0 } else { 900 } }
}
