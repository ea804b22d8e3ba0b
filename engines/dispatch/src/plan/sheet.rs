//! A finished plan, as it is handed out: who is where when, what is left out and why, what it costs.
use super::city::City;
use super::model::{Seconds, VisitIx, WorkerIx};
use super::objective::{Bill, Part, Score};
use super::refuse::Impossible;
use super::tours::Tours;

/// What happens at a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Visit(VisitIx),
    /// The worker's rest of this number.
    Rest(u16),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    pub what: What,
    pub arrive: Seconds,
    pub start: Seconds,
    pub end: Seconds,
    /// It has begun or is over: when and by whom is no longer a matter of planning.
    pub fact: bool,
}

/// One worker's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub worker: WorkerIx,
    /// When the worker must leave the start at the latest to begin the first stop as planned.
    pub leave: Seconds,
    pub stops: Vec<Stop>,
    /// Back at the end.
    pub back: Seconds,
}

/// Why a visit is on no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No plan can have it.
    Impossible(Impossible),
    /// It fits somewhere, but the time goes to others.
    NoRoom,
    /// Called off.
    Cancelled,
    /// Its last moment has gone by.
    TooLate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub visit: VisitIx,
    pub why: Absence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Every worker with at least one visit, in order of workers.
    pub routes: Vec<Route>,
    pub left_out: Vec<LeftOut>,
    pub bill: Bill,
    pub score: Score,
    /// Nothing but facts lies before this moment.
    pub now: Seconds,
}

impl Plan {
    /// Minutes on the way of all workers.
    pub const fn travel_minutes(&self) -> i64 {
        self.bill.get(Part::Travel) / 60
    }
    /// Who has the visit.
    pub fn worker_of(&self, visit: VisitIx) -> Option<WorkerIx> {
        let has = |r: &&Route| r.stops.iter().any(|s| s.what == What::Visit(visit));
        self.routes.iter().find(has).map(|r| r.worker)
    }
}

/// Writes the tours out.
pub(super) fn write(city: &City, tours: &Tours, left_out: Vec<LeftOut>) -> Plan {
    let mut bill = Bill::default();
    let mut routes = Vec::new();
    for (r, tour) in tours.tours.iter().enumerate() {
        let part = tours.bill(city, r);
        for (sum, add) in bill.0.iter_mut().zip(part.0) {
            *sum += add;
        }
        if tour.visits == 0 {
            continue;
        }
        let row = tours.row(r);
        let mut stops = Vec::with_capacity(row.len() - 2);
        let mut free = row[0].free;
        for (k, slot) in row.iter().enumerate().take(row.len() - 1).skip(1) {
            let fact = k < usize::from(tour.locked);
            if k == usize::from(tour.locked) {
                free = free.max(tours.now);
            }
            let what = if slot.is_visit() {
                What::Visit(VisitIx(slot.visit))
            } else {
                What::Rest(Tours::rest_number(slot) as u16)
            };
            let arrive = if fact { slot.start.min(free + slot.leg) } else { free + slot.leg };
            stops.push(Stop { what, arrive, start: slot.start, end: slot.free, fact });
            free = slot.free;
        }
        if usize::from(tour.locked) == row.len() - 1 {
            free = free.max(tours.now);
        }
        let leave = row[1].start - row[1].leg;
        routes.push(Route { worker: WorkerIx(tour.worker), leave, stops, back: free + row[row.len() - 1].leg });
    }
    routes.sort_unstable_by_key(|r| r.worker);
    for out in left_out.iter().filter(|o| o.why != Absence::Cancelled) {
        let job = &city.jobs[out.visit.at()];
        bill.add(if job.optional { Part::Skipped } else { Part::Unserved }, job.penalty);
    }
    let score = city.objective.score(&bill);
    Plan { routes, left_out, bill, score, now: tours.now }
}
