//! The plan as the day goes on: what has happened is fact, everything else may still move.
use super::check::{Fault, check};
use super::city::{City, NONE, point};
use super::day::{How, ROOM, State};
use super::index::Index;
use super::model::{FAR, Link, Place, Problem, Seconds, Span, Spot, Visit, VisitIx, Ways, WorkerIx};
use super::refuse::{Impossible, Refusal, impossible, refuse, refuse_visit};
use super::sheet::{Absence, LeftOut, Plan, What, write};
use super::tours::{ABSENT, FREE, Tours};
use crate::Budget;

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// To be planned; on no route yet.
    Waiting,
    /// On a route.
    Planned {
        worker: WorkerIx,
        start: Seconds,
    },
    /// Begun, perhaps over.
    Begun {
        worker: WorkerIx,
        start: Seconds,
    },
    Cancelled,
    /// No plan can have it.
    Impossible(Impossible),
    /// Its last moment has gone by.
    TooLate,
}

/// Why an event or a wish was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("no such visit, worker or place")]
    Unknown,
    #[error("the route has changed since the suggestion")]
    Stale,
    #[error("the visit is begun, over or called off")]
    Settled,
    #[error("no plan can have it: {0:?}")]
    Impossible(Impossible),
    #[error("the moment lies before what has already happened")]
    Backwards,
    #[error("the visit does not belong to a link, or belongs to one")]
    Linked,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the plan breaks a rule of its problem")]
    Faulty,
}

/// What a change did to the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Visits that are another worker's now: visit, before, after.
    pub moved: Vec<(VisitIx, WorkerIx, WorkerIx)>,
    /// Visits that were planned and are not any more.
    pub lost: Vec<VisitIx>,
    /// Visits that were not planned and now are.
    pub gained: Vec<VisitIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Open,
    Cancelled,
    Impossible(Impossible),
    TooLate,
}

/// A day under way.
#[derive(Clone, Debug)]
pub struct Board {
    pub(super) problem: Problem,
    pub(super) city: City,
    pub(super) tours: Tours,
    pub(super) marks: Vec<Mark>,
    /// Changes with every change of a tour.
    pub(super) stamps: Vec<u32>,
    pub(super) index: Index,
    /// Tours changed since the index was brought up to date.
    pub(super) changed: Vec<u32>,
    /// The same workers with no visits, to see what could be at all.
    empty: Tours,
}

/// Before every moment of any day.
const BEGINNING: Seconds = -2 * FAR;

impl Board {
    /// A day nothing of which is planned yet.
    ///
    /// # Errors
    /// The problem is broken.
    pub fn new(problem: Problem) -> Result<Board, Refusal> {
        refuse(&problem)?;
        let city = City::of(&problem);
        let workers: Vec<u32> = (0..city.hands.len() as u32).collect();
        let empty = Tours::new(&city, &workers, ROOM, BEGINNING);
        let hopeless = impossible(&problem, &city, &empty);
        let mut tours = empty.clone();
        tours.at.fill(ABSENT);
        let marks = hopeless.iter().map(|h| h.map_or(Mark::Open, Mark::Impossible)).collect();
        let stamps = vec![0; workers.len()];
        let index = Index::of(&city, &tours);
        Ok(Board { problem, city, tours, marks, stamps, index, changed: Vec::new(), empty })
    }

    /// A day with a plan. Facts of the plan stay facts.
    ///
    /// # Errors
    /// The problem is broken, or the plan breaks its rules.
    pub fn with(problem: Problem, plan: &Plan) -> Result<Board, Rejected> {
        let mut board = Board::new(problem)?;
        if !check(&board.problem, plan).is_empty() {
            return Err(Rejected::Faulty);
        }
        board.tours.now = plan.now;
        for out in &plan.left_out {
            if out.why == Absence::Cancelled {
                board.marks[out.visit.at()] = Mark::Cancelled;
            }
        }
        for route in &plan.routes {
            let r = route.worker.at();
            // The rests stand in every route already; they are put between the visits where the plan has them.
            let mut rests = 0;
            for (k, stop) in route.stops.iter().enumerate() {
                match stop.what {
                    What::Rest(_) => rests += 1,
                    What::Visit(v) if stop.fact => {
                        board.tours.insert_fact(&board.city, v.0, r, stop.start);
                        board.tours.end_fact(&board.city, r, stop.end);
                    }
                    What::Visit(v) => {
                        let linked = board.city.jobs[v.at()].mate != NONE;
                        let held = if linked { stop.start } else { board.city.jobs[v.at()].pin_start.unwrap_or(FREE) };
                        board.tours.insert(&board.city, v.0, held, r, k + 1);
                    }
                }
            }
            let faithful = board.tours.refresh(&board.city, r) && rests == board.problem.workers[r].rests.len();
            if !faithful && route.stops.iter().any(|s| !s.fact) {
                return Err(Rejected::Faulty);
            }
        }
        board.index = Index::of(&board.city, &board.tours);
        Ok(board)
    }

    /// A tour has changed.
    pub(super) fn mark(&mut self, r: usize) {
        self.stamps[r] = self.stamps[r].wrapping_add(1);
        self.changed.push(r as u32);
    }

    /// Brings the index up to date.
    pub(super) fn sync(&mut self) {
        self.changed.sort_unstable();
        self.changed.dedup();
        self.index.update(&self.city, &self.tours, &self.changed);
        self.changed.clear();
    }

    /// The problem as it is now, with what has come in since.
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }

    pub const fn now(&self) -> Seconds {
        self.tours.now
    }

    /// The plan as it is now.
    pub fn plan(&self) -> Plan {
        let out = (0..self.marks.len()).filter(|v| self.tours.at[*v] >= ABSENT);
        let why = |v: usize| match self.marks[v] {
            Mark::Open => Absence::NoRoom,
            Mark::Cancelled => Absence::Cancelled,
            Mark::Impossible(why) => Absence::Impossible(why),
            Mark::TooLate => Absence::TooLate,
        };
        let left = out.map(|v| LeftOut { visit: VisitIx(v as u32), why: why(v) }).collect();
        write(&self.city, &self.tours, left)
    }

    /// What the validator says to the plan as it is now: nothing, or the planner has a defect.
    pub fn faults(&self) -> Vec<Fault> {
        check(&self.problem, &self.plan())
    }

    /// Where a visit stands; `None`: there is no such visit.
    pub fn standing(&self, visit: VisitIx) -> Option<Standing> {
        let mark = *self.marks.get(visit.at())?;
        let Some(slot) = self.tours.slot_of(visit.0) else {
            return Some(match mark {
                Mark::Open => Standing::Waiting,
                Mark::Cancelled => Standing::Cancelled,
                Mark::Impossible(why) => Standing::Impossible(why),
                Mark::TooLate => Standing::TooLate,
            });
        };
        let worker = WorkerIx(self.tours.tours[self.tours.tour_of(visit.0)?].worker);
        let start = slot.start;
        Some(if self.tours.is_loose(visit.0) {
            Standing::Planned { worker, start }
        } else {
            Standing::Begun { worker, start }
        })
    }

    /// A new place on a flat map.
    ///
    /// # Errors
    /// The ways are a matrix, or the spot is too far out.
    pub fn add_place(&mut self, spot: Spot) -> Result<Place, Rejected> {
        let (Ways::Flat { spots, .. }, Ways::Flat { spots: own, .. }) = (&mut self.problem.ways, &mut self.city.ways)
        else {
            return Err(Rejected::Unknown);
        };
        if spot.east.abs() > 1_000_000 || spot.north.abs() > 1_000_000 {
            return Err(Refusal::Spot(spots.len()).into());
        }
        spots.push(spot);
        own.push(spot);
        Ok(Place(spots.len() as u32 - 1))
    }

    /// A new visit. It waits until it is put on a route.
    ///
    /// # Errors
    /// The visit is broken. One nobody can do is taken and stands as [`Standing::Impossible`].
    pub fn add(&mut self, visit: Visit) -> Result<VisitIx, Refusal> {
        let ix = VisitIx(self.problem.visits.len() as u32);
        refuse_visit(ix, &visit, self.problem.ways.len(), self.problem.workers.len())?;
        self.city.push(&visit);
        self.problem.visits.push(visit);
        self.tours.at.push(ABSENT);
        self.empty.at.push(NONE);
        let why = super::refuse::alone(&self.problem, &self.city, &self.empty, ix.0);
        self.marks.push(why.map_or(Mark::Open, Mark::Impossible));
        Ok(ix)
    }

    /// Two waiting visits belong together from now on.
    ///
    /// # Errors
    /// One is not waiting or is in a link already, or the gap is out of range.
    pub fn link(&mut self, link: Link) -> Result<(), Rejected> {
        let free = |v: VisitIx| {
            matches!(self.standing(v), Some(Standing::Waiting | Standing::Impossible(_)))
                && self.city.jobs[v.at()].mate == NONE
        };
        if link.first == link.second || !free(link.first) || !free(link.second) {
            return Err(Rejected::Linked);
        }
        if !(0..=FAR).contains(&link.min_gap) || !(link.min_gap..=FAR).contains(&link.max_gap) {
            return Err(Refusal::Link(self.problem.links.len()).into());
        }
        self.problem.links.push(link);
        self.city.link(link.first, link.second, (link.min_gap, link.max_gap));
        Ok(())
    }

    /// Improves everything that is not a fact, within the budget (see [`super::day()`]).
    pub fn improve(&mut self, how: How, budget: &mut Budget<'_>) -> u64 {
        let tours = std::mem::replace(&mut self.tours, self.empty.clone());
        let hopeless: Vec<Option<Impossible>> = (0..self.marks.len())
            .map(|v| match self.marks[v] {
                // What is begun, called off or too late is none of the search's business; the reason does not matter.
                Mark::Open if self.mate_begun(&tours, v as u32) => Some(Impossible::LinkApart),
                Mark::Open => None,
                Mark::Impossible(why) => Some(why),
                Mark::Cancelled | Mark::TooLate => Some(Impossible::SpanTooShort),
            })
            .collect();
        let mut state = State::new(&self.city, tours, &hopeless);
        let units = state.improve(how, budget);
        self.tours = state.tours;
        (0..self.stamps.len()).for_each(|r| self.mark(r));
        self.sync();
        units
    }

    fn mate_begun(&self, tours: &Tours, visit: u32) -> bool {
        let mate = self.city.jobs[visit as usize].mate;
        mate != NONE && tours.tour_of(mate).is_some() && !tours.is_loose(mate)
    }

    /// The worker of every visit, or [`NONE`].
    pub(super) fn owners(&self) -> Vec<u32> {
        let mut owners = vec![NONE; self.marks.len()];
        for (r, tour) in self.tours.tours.iter().enumerate() {
            for slot in self.tours.row(r).iter().filter(|s| s.is_visit()) {
                owners[slot.visit as usize] = tour.worker;
            }
        }
        owners
    }

    /// The moments between which a visit may begin because the other one of its link has begun or is planned.
    pub(super) fn link_bounds(&self, visit: u32) -> Option<(Seconds, Seconds)> {
        let job = &self.city.jobs[visit as usize];
        if job.mate == NONE {
            return None;
        }
        // The mate's gap says where this one's start lies, seen from the mate's.
        let gap = self.city.jobs[job.mate as usize].gap;
        self.tours.slot_of(job.mate).map(|s| (s.start.saturating_add(gap.0), s.start.saturating_add(gap.1)))
    }

    /// A worker of the problem and the city gets another end of the shift or beginning of it.
    pub(super) fn set_shift(&mut self, worker: WorkerIx, shift: (Seconds, Seconds)) {
        self.problem.workers[worker.at()].shift = shift;
        self.city.hands[worker.at()].shift = shift;
    }

    /// The elder's spans are others now; works out again whether anyone can come.
    pub(super) fn set_spans(&mut self, visit: VisitIx, spans: Vec<Span>) -> Result<(), Refusal> {
        let mut changed = self.problem.visits[visit.at()].clone();
        changed.spans = spans;
        refuse_visit(visit, &changed, self.problem.ways.len(), self.problem.workers.len())?;
        self.city.replace(visit.0, &changed);
        self.problem.visits[visit.at()] = changed;
        let why = super::refuse::alone(&self.problem, &self.city, &self.empty, visit.0);
        self.marks[visit.at()] = why.map_or(Mark::Open, Mark::Impossible);
        Ok(())
    }

    /// Seconds of service and way a worker has on this day.
    pub(super) fn work_of(&self, worker: WorkerIx) -> i64 {
        self.tours.tours.get(worker.at()).map_or(0, |t| t.travel + t.service)
    }

    /// Where a place is, for pictures.
    pub fn spot(&self, place: Place) -> Option<Spot> {
        match &self.problem.ways {
            Ways::Flat { .. } if place.at() < self.problem.ways.len() => {
                let p = point(&self.problem.ways, place);
                Some(Spot { east: p.x, north: p.y })
            }
            _ => None,
        }
    }
}
