//! The proof: does a plan keep every rule of its problem, and does its bill add up?
//!
//! Nothing here is shared with the planner but the words in which problem and plan are stated. Every rule is written a
//! second time, plainly, route by route; a mistake would have to be made twice to stay hidden. Linear in the plan.
use super::model::{Holds, Pin, Place, Problem, Seconds, Tie, Visit, VisitIx, Ways, WorkerIx};
use super::objective::{Bill, Part};
use super::sheet::{Absence, Plan, Route, Stop, What};
use crate::input::GenderWish;

/// A rule that a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A route of a worker who is not there, or a second one.
    WorkerTwice(WorkerIx),
    /// A visit that is not there, is on two routes, or on a route and left out.
    VisitTwice(VisitIx),
    /// A visit on no route that is not among those left out.
    Forgotten(VisitIx),
    Skills(VisitIx, WorkerIx),
    Certificates(VisitIx, WorkerIx),
    /// Somebody who is not to be sent.
    Unwelcome(VisitIx, WorkerIx),
    /// Not with the worker, or not at the moment, it is pinned to.
    Pinned(VisitIx),
    /// Begins outside every span.
    OutsideSpans(VisitIx, Seconds),
    /// A stop that begins before the worker can be there, or ends at the wrong time.
    Timing(WorkerIx, usize),
    /// A rest missing, out of its time, or taken twice.
    Rests(WorkerIx),
    /// Sets out before the shift or before now.
    Leaves(WorkerIx),
    /// Comes back after the shift, or at a time that is not so.
    Back(WorkerIx),
    TooMuchWork(WorkerIx),
    /// A fact behind something that is not one.
    FactOrder(WorkerIx),
    /// One of two without the other, both by the same worker, or with a wrong gap.
    Link(usize),
    /// The bill says another amount than the plan.
    Amount(Part),
    /// The score is not the weighted bill.
    Scored,
}

/// Everything that is wrong with a plan; empty: it keeps all rules.
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut found: Vec<Option<(WorkerIx, Stop)>> = vec![None; problem.visits.len()];
    let mut seen = vec![false; problem.workers.len()];
    let mut bill = Bill::default();
    let mut pins: Vec<Option<Pin>> = vec![None; problem.visits.len()];
    for pin in &problem.pins {
        pins[pin.visit.at()] = Some(*pin);
    }
    for route in &plan.routes {
        match seen.get_mut(route.worker.at()) {
            Some(seen) if !*seen => *seen = true,
            _ => {
                faults.push(Fault::WorkerTwice(route.worker));
                continue;
            }
        }
        check_route(problem, plan.now, route, &pins, &mut found, &mut bill, &mut faults);
    }
    let mut left = vec![false; problem.visits.len()];
    for out in &plan.left_out {
        let Some(visit) = problem.visits.get(out.visit.at()) else {
            faults.push(Fault::VisitTwice(out.visit));
            continue;
        };
        if left[out.visit.at()] || found[out.visit.at()].is_some() {
            faults.push(Fault::VisitTwice(out.visit));
        }
        left[out.visit.at()] = true;
        if out.why != Absence::Cancelled {
            let penalty = i64::from(visit.penalty) * (i64::from(visit.priority) + 1);
            bill.add(if visit.optional { Part::Skipped } else { Part::Unserved }, penalty);
        }
    }
    for (v, stop) in found.iter().enumerate() {
        if stop.is_none() && !left[v] {
            faults.push(Fault::Forgotten(VisitIx(v as u32)));
        }
    }
    for (i, link) in problem.links.iter().enumerate() {
        let kept = match (found[link.first.at()], found[link.second.at()]) {
            (None, None) => true,
            (Some((_, only)), None) | (None, Some((_, only))) => only.fact,
            (Some((_, a)), Some((_, b))) if a.fact && b.fact => true,
            (Some((one, a)), Some((two, b))) => {
                let gap = i64::from(b.start) - i64::from(a.start);
                one != two && gap >= i64::from(link.min_gap) && gap <= i64::from(link.max_gap)
            }
        };
        if !kept {
            faults.push(Fault::Link(i));
        }
    }
    for part in Part::ALL {
        if bill.get(part) != plan.bill.get(part) {
            faults.push(Fault::Amount(part));
        }
    }
    let mut levels = [0i64; super::objective::LEVELS];
    for part in Part::ALL {
        let weight = problem.objective.weights[part as usize];
        levels[(weight.level as usize).min(levels.len() - 1)] += weight.percent * plan.bill.get(part);
    }
    if levels != plan.score.0 {
        faults.push(Fault::Scored);
    }
    faults
}

fn check_route(
    problem: &Problem,
    now: Seconds,
    route: &Route,
    pins: &[Option<Pin>],
    found: &mut [Option<(WorkerIx, Stop)>],
    bill: &mut Bill,
    faults: &mut Vec<Fault>,
) {
    let ix = route.worker;
    let worker = &problem.workers[ix.at()];
    let (mut place, mut free) = (worker.start, worker.shift.0);
    let (mut travel, mut service, mut rests) = (0i64, 0i64, 0usize);
    let (mut visits, mut planned, mut facts_over) = (0, 0, false);
    for (i, stop) in route.stops.iter().enumerate() {
        if stop.fact && facts_over {
            faults.push(Fault::FactOrder(ix));
        }
        if !stop.fact && !facts_over {
            facts_over = true;
            free = free.max(now);
            if i == 0 && route.leave < free {
                faults.push(Fault::Leaves(ix));
            }
        }
        let (to, length) = match stop.what {
            What::Rest(number) => {
                let rest = worker.rests.get(usize::from(number)).filter(|_| usize::from(number) == rests);
                rests += 1;
                match rest {
                    Some(rest) => {
                        if !stop.fact && (stop.start < rest.from || stop.start > rest.until) {
                            faults.push(Fault::Rests(ix));
                        }
                        (place, rest.seconds)
                    }
                    None => {
                        faults.push(Fault::Rests(ix));
                        (place, stop.end - stop.start)
                    }
                }
            }
            What::Visit(v) => {
                let Some(visit) = problem.visits.get(v.at()) else {
                    faults.push(Fault::VisitTwice(v));
                    continue;
                };
                if found[v.at()].replace((ix, *stop)).is_some() {
                    faults.push(Fault::VisitTwice(v));
                }
                visits += 1;
                service += i64::from(stop.end) - i64::from(stop.start);
                if !stop.fact {
                    planned += 1;
                    may(problem, v, ix, pins[v.at()].as_ref(), stop, faults);
                }
                comfort(problem, visit, ix, stop, bill, v, faults);
                (visit.place, visit.seconds)
            }
        };
        let way = seconds_between(&problem.ways, place, to);
        travel += i64::from(way);
        if !stop.fact {
            let there = free.saturating_add(way);
            if stop.arrive < there || stop.start < stop.arrive || stop.end != stop.start.saturating_add(length) {
                faults.push(Fault::Timing(ix, i));
            }
        } else if stop.end < stop.start {
            faults.push(Fault::Timing(ix, i));
        }
        place = to;
        free = stop.end;
    }
    if !facts_over {
        free = free.max(now);
    }
    let home = seconds_between(&problem.ways, place, worker.end);
    travel += i64::from(home);
    if route.back < free.saturating_add(home) || (planned > 0 && route.back > worker.shift.1) {
        faults.push(Fault::Back(ix));
    }
    if rests != worker.rests.len() {
        faults.push(Fault::Rests(ix));
    }
    if visits == 0 {
        travel = 0;
    }
    let work = travel + service;
    if planned > 0 && worker.max_work.is_some_and(|most| work > i64::from(most)) {
        faults.push(Fault::TooMuchWork(ix));
    }
    bill.add(Part::Travel, travel);
    let square = |hours: i64| hours * hours / 460_800;
    let load = i64::from(worker.load);
    bill.add(Part::Uneven, square(load + work) - square(load));
    if visits > 0 {
        bill.add(Part::Pay, i64::from(worker.fixed_cost) + i64::from(worker.cost_per_hour) * work / 3600);
    }
}

/// May this worker do this visit, and at this moment?
fn may(problem: &Problem, v: VisitIx, w: WorkerIx, pin: Option<&Pin>, stop: &Stop, faults: &mut Vec<Fault>) {
    let (visit, worker) = (&problem.visits[v.at()], &problem.workers[w.at()]);
    if !visit.skills.without(worker.skills).is_empty() {
        faults.push(Fault::Skills(v, w));
    }
    if !visit.certificates.without(worker.certificates).is_empty() {
        faults.push(Fault::Certificates(v, w));
    }
    let demanded = matches!(visit.gender, Some(GenderWish::Require(sex)) if sex != worker.sex);
    if demanded || visit.ties.contains(&(w, Tie::Never)) {
        faults.push(Fault::Unwelcome(v, w));
    }
    if pin.is_some_and(|pin| pin.worker != w || pin.start.is_some_and(|t| t != stop.start)) {
        faults.push(Fault::Pinned(v));
    }
}

/// Is the moment within a span, and what do lateness and wishes cost?
fn comfort(
    problem: &Problem,
    visit: &Visit,
    w: WorkerIx,
    stop: &Stop,
    bill: &mut Bill,
    v: VisitIx,
    faults: &mut Vec<Fault>,
) {
    let spare = match visit.holds {
        Holds::Start => 0,
        Holds::Service => visit.seconds,
    };
    let inside = visit.spans.iter().find(|s| stop.start >= s.from && stop.start <= s.until - spare);
    if inside.is_none() && !stop.fact {
        faults.push(Fault::OutsideSpans(v, stop.start));
    }
    // A fact may lie outside; it is late against the span it should have begun in, at the latest the last.
    let mut usable = visit.spans.iter().filter(|s| s.from <= s.until - spare);
    let last = usable.clone().next_back();
    if let Some(span) = usable.find(|s| stop.start <= s.until - spare).or(last) {
        let due = (span.due.min(span.until - spare)).max(span.from);
        bill.add(Part::Late, i64::from((stop.start - due).max(0)));
    }
    let worker = &problem.workers[w.at()];
    let worth = &problem.objective.worth;
    if matches!(visit.gender, Some(GenderWish::Prefer(sex)) if sex != worker.sex) {
        bill.add(Part::Wishes, worth.gender);
    }
    if visit.language.is_some_and(|l| !worker.languages.has(l)) {
        bill.add(Part::Wishes, worth.language);
    }
    let mine = |tie: &Tie| visit.ties.contains(&(w, *tie));
    if visit.ties.iter().any(|t| t.1 == Tie::Wished) && !mine(&Tie::Wished) {
        bill.add(Part::Wishes, worth.wished_worker);
    }
    for _ in visit.ties.iter().filter(|t| **t == (w, Tie::Unwished)) {
        bill.add(Part::Wishes, worth.unwished_worker);
    }
    let known = |of: Option<WorkerIx>| {
        let ties = visit.ties.iter().filter(move |t| of.is_none_or(|w| w == t.0));
        ties.filter_map(|t| if let Tie::Known(n) = t.1 { Some(i64::from(n)) } else { None }).next_back()
    };
    if known(None).is_some() {
        let times = known(Some(w)).unwrap_or(0).min(worth.known_cap);
        bill.add(Part::Continuity, (worth.known_cap - times) * worth.known_time);
    }
}

fn seconds_between(ways: &Ways, from: Place, to: Place) -> Seconds {
    match ways {
        Ways::Flat { spots, seconds_per_metre } => {
            let (a, b) = (spots[from.at()], spots[to.at()]);
            let east = i64::from(a.east) - i64::from(b.east);
            let north = i64::from(a.north) - i64::from(b.north);
            (((east * east + north * north) as f64).sqrt() * seconds_per_metre).ceil() as Seconds
        }
        Ways::Matrix { n, seconds } => seconds[from.at() * n + to.at()],
    }
}
