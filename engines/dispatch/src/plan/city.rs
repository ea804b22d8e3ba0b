//! The problem as the search reads it: flat records, every question about one visit and one worker a few machine words.
use super::model::{Holds, Place, Problem, Seconds, Tie, Visit, VisitIx, Ways, Worker};
use super::objective::{Objective, Part};
use crate::input::GenderWish;
use kernel::Sex;

/// No visit, no worker, no slot.
pub(super) const NONE: u32 = u32::MAX;
/// A moment that never comes; adding a day's worth of ways to it does not overflow.
pub(super) const NEVER: Seconds = i32::MAX / 4;

/// Where something is: metres east and north, or with a matrix the place's number and nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Point {
    pub x: i32,
    pub y: i32,
}

/// Needs more than one comparison: several spans.
pub(super) const SEVERAL_SPANS: u8 = 1;
/// Beginning after `due` costs.
pub(super) const CAN_BE_LATE: u8 = 2;
/// Has wishes, or workers who are not sent.
pub(super) const WISHES: u8 = 4;
/// Only one worker may have it.
pub(super) const PINNED: u8 = 8;

#[derive(Clone, Debug)]
pub(super) struct Job {
    pub point: Point,
    pub seconds: Seconds,
    /// Bounds of the start: the first span, and the end of the last.
    pub from: Seconds,
    pub due: Seconds,
    pub until: Seconds,
    pub flags: u8,
    pub priority: u8,
    pub optional: bool,
    pub need: u64,
    pub papers: u64,
    pub penalty: i64,
    /// The other visit of a link, and between which bounds its start minus this one's must lie.
    pub mate: u32,
    pub gap: (Seconds, Seconds),
    pub pin: u32,
    pub pin_start: Option<Seconds>,
    /// Start bounds of all spans, where there are several.
    pub spans: Vec<(Seconds, Seconds, Seconds)>,
    pub gender: Option<GenderWish>,
    pub language: u64,
    pub ties: Vec<(u32, Tie)>,
}

#[derive(Clone, Debug)]
pub(super) struct Hand {
    pub start: Point,
    pub end: Point,
    pub shift: (Seconds, Seconds),
    pub max_work: Seconds,
    pub skills: u64,
    pub papers: u64,
    pub languages: u64,
    pub sex: Sex,
    pub load: i64,
    pub fixed_cost: i64,
    pub cost_per_hour: i64,
    /// Start bounds and length.
    pub rests: Vec<(Seconds, Seconds, Seconds)>,
}

/// Everything of the problem that does not change while searching.
#[derive(Clone, Debug)]
pub(super) struct City {
    pub ways: Ways,
    pub jobs: Vec<Job>,
    pub hands: Vec<Hand>,
    pub objective: Objective,
    /// Nothing but the way counts within a tour: no lateness, wishes, evenness, pay.
    pub plain: bool,
    pub any_late: bool,
}

impl City {
    /// Takes the problem over. It must have passed [`super::refuse::refuse`].
    pub fn of(problem: &Problem) -> City {
        let mut city = City {
            ways: problem.ways.clone(),
            jobs: Vec::with_capacity(problem.visits.len()),
            hands: Vec::with_capacity(problem.workers.len()),
            objective: problem.objective,
            plain: true,
            any_late: false,
        };
        for worker in &problem.workers {
            city.hands.push(hand(&problem.ways, worker));
        }
        for visit in &problem.visits {
            city.push(visit);
        }
        for link in &problem.links {
            city.link(link.first, link.second, (link.min_gap, link.max_gap));
        }
        for pin in &problem.pins {
            let job = &mut city.jobs[pin.visit.at()];
            job.pin = pin.worker.0;
            job.pin_start = pin.start;
            job.flags |= PINNED;
        }
        city.judge_plain();
        city
    }

    pub fn push(&mut self, visit: &Visit) {
        let job = job(&self.ways, visit);
        self.any_late |= job.flags & CAN_BE_LATE != 0;
        self.plain &= job.flags & (CAN_BE_LATE | WISHES) == 0;
        self.jobs.push(job);
    }

    /// The visit is another now; its link and pin stay.
    pub fn replace(&mut self, number: u32, visit: &Visit) {
        let old = &self.jobs[number as usize];
        let (mate, gap, pin, pin_start) = (old.mate, old.gap, old.pin, old.pin_start);
        let pinned = old.flags & PINNED;
        let mut job = job(&self.ways, visit);
        (job.mate, job.gap, job.pin, job.pin_start) = (mate, gap, pin, pin_start);
        job.flags |= pinned;
        self.any_late |= job.flags & CAN_BE_LATE != 0;
        self.plain &= job.flags & (CAN_BE_LATE | WISHES) == 0;
        self.jobs[number as usize] = job;
    }

    pub fn link(&mut self, first: VisitIx, second: VisitIx, gap: (Seconds, Seconds)) {
        self.jobs[first.at()].mate = second.0;
        self.jobs[first.at()].gap = gap;
        self.jobs[second.at()].mate = first.0;
        self.jobs[second.at()].gap = (-gap.1, -gap.0);
    }

    fn judge_plain(&mut self) {
        let costs = self.hands.iter().any(|h| h.fixed_cost != 0 || h.cost_per_hour != 0);
        self.plain &= self.objective.percent(Part::Uneven) == 0 && !costs;
    }

    /// Seconds from one point to another.
    #[inline]
    pub fn leg(&self, a: Point, b: Point) -> Seconds {
        match &self.ways {
            Ways::Flat { seconds_per_metre, .. } => {
                let (x, y) = (f64::from(a.x - b.x), f64::from(a.y - b.y));
                // Rounded up by hand: where the processor has no instruction for it, `ceil` is a call.
                let exact = (x * x + y * y).sqrt() * seconds_per_metre;
                let whole = exact as Seconds;
                whole + Seconds::from(f64::from(whole) < exact)
            }
            Ways::Matrix { n, seconds } => seconds[a.x as usize * n + b.x as usize],
        }
    }

    /// May this worker do this visit at all, whatever the time?
    #[inline]
    pub fn suits(&self, visit: u32, worker: u32) -> bool {
        let (job, hand) = (&self.jobs[visit as usize], &self.hands[worker as usize]);
        if job.need & !hand.skills != 0 || job.papers & !hand.papers != 0 {
            return false;
        }
        if job.flags & (WISHES | PINNED) == 0 {
            return true;
        }
        if job.flags & PINNED != 0 && job.pin != worker {
            return false;
        }
        if let Some(GenderWish::Require(sex)) = job.gender
            && sex != hand.sex
        {
            return false;
        }
        !job.ties.iter().any(|t| t.0 == worker && t.1 == Tie::Never)
    }

    /// What the elder's wishes and habits cost with this worker: wishes, continuity; in seconds on the way.
    pub fn wishes(&self, visit: u32, worker: u32) -> (i64, i64) {
        let (job, hand) = (&self.jobs[visit as usize], &self.hands[worker as usize]);
        if job.flags & WISHES == 0 {
            return (0, 0);
        }
        let worth = &self.objective.worth;
        let mut wishes = 0;
        if let Some(GenderWish::Prefer(sex)) = job.gender
            && sex != hand.sex
        {
            wishes += worth.gender;
        }
        if job.language != 0 && job.language & hand.languages == 0 {
            wishes += worth.language;
        }
        let (mut wished, mut granted, mut known, mut times) = (false, false, false, 0);
        for (who, tie) in &job.ties {
            let this = *who == worker;
            match tie {
                Tie::Wished => {
                    wished = true;
                    granted |= this;
                }
                Tie::Unwished if this => wishes += worth.unwished_worker,
                Tie::Known(n) => {
                    known = true;
                    if this {
                        times = i64::from(*n).min(worth.known_cap);
                    }
                }
                Tie::Unwished | Tie::Never => {}
            }
        }
        if wished && !granted {
            wishes += worth.wished_worker;
        }
        (wishes, if known { (worth.known_cap - times) * worth.known_time } else { 0 })
    }

    /// Both together, weighted.
    pub fn wish_cost(&self, visit: u32, worker: u32) -> i64 {
        if self.jobs[visit as usize].flags & WISHES == 0 {
            return 0;
        }
        let (wishes, continuity) = self.wishes(visit, worker);
        wishes * self.objective.percent(Part::Wishes) + continuity * self.objective.percent(Part::Continuity)
    }

    /// What leaving the visit out costs, weighted.
    pub fn absent_cost(&self, visit: u32) -> i64 {
        let job = &self.jobs[visit as usize];
        let part = if job.optional { Part::Skipped } else { Part::Unserved };
        job.penalty * self.objective.percent(part)
    }
}

impl Job {
    /// The first moment from `t` on at which it may begin; [`NEVER`] if there is none.
    #[inline]
    pub fn earliest(&self, t: Seconds) -> Seconds {
        if self.flags & SEVERAL_SPANS == 0 {
            return if t > self.until { NEVER } else { t.max(self.from) };
        }
        self.spans.iter().find(|s| t <= s.2).map_or(NEVER, |s| t.max(s.0))
    }
    /// The last moment up to `t` at which it may begin; below every moment if there is none.
    #[inline]
    pub fn latest(&self, t: Seconds) -> Seconds {
        if self.flags & SEVERAL_SPANS == 0 {
            return if t < self.from { -NEVER } else { t.min(self.until) };
        }
        self.spans.iter().rev().find(|s| s.0 <= t).map_or(-NEVER, |s| t.min(s.2))
    }
    /// Seconds late when begun at `t`.
    #[inline]
    pub fn late(&self, t: Seconds) -> i64 {
        if self.flags & SEVERAL_SPANS == 0 {
            return i64::from((t - self.due).max(0));
        }
        let span = self.spans.iter().find(|s| t <= s.2).or(self.spans.last());
        span.map_or(0, |s| i64::from((t - s.1).max(0)))
    }
}

pub(super) fn point(ways: &Ways, place: Place) -> Point {
    match ways {
        Ways::Flat { spots, .. } => Point { x: spots[place.at()].east, y: spots[place.at()].north },
        Ways::Matrix { .. } => Point { x: place.0 as i32, y: 0 },
    }
}

/// The start bounds of every span of a visit; those too short for the service fall out.
pub(super) fn starts(visit: &Visit) -> Vec<(Seconds, Seconds, Seconds)> {
    let shorter = if visit.holds == Holds::Service { visit.seconds } else { 0 };
    let all = visit.spans.iter().map(|s| (s.from, s.due.min(s.until - shorter), s.until - shorter));
    all.filter(|s| s.0 <= s.2).map(|s| (s.0, s.1.max(s.0), s.2)).collect()
}

fn job(ways: &Ways, visit: &Visit) -> Job {
    let spans = starts(visit);
    let (first, last) =
        (spans.first().copied().unwrap_or((NEVER, NEVER, -NEVER)), spans.last().map_or(-NEVER, |s| s.2));
    let mut flags = 0;
    if spans.len() > 1 {
        flags |= SEVERAL_SPANS;
    }
    if spans.iter().any(|s| s.1 < s.2) {
        flags |= CAN_BE_LATE;
    }
    if visit.gender.is_some() || visit.language.is_some() || !visit.ties.is_empty() {
        flags |= WISHES;
    }
    Job {
        point: point(ways, visit.place),
        seconds: visit.seconds,
        from: first.0,
        due: first.1,
        until: last,
        flags,
        priority: visit.priority,
        optional: visit.optional,
        need: visit.skills.0,
        papers: visit.certificates.0,
        penalty: i64::from(visit.penalty) * (1 + i64::from(visit.priority)),
        mate: NONE,
        gap: (0, 0),
        pin: NONE,
        pin_start: None,
        spans: if flags & SEVERAL_SPANS != 0 { spans } else { Vec::new() },
        gender: visit.gender,
        language: visit.language.map_or(0, |l| 1 << l.number()),
        ties: visit.ties.iter().map(|(w, t)| (w.0, *t)).collect(),
    }
}

fn hand(ways: &Ways, worker: &Worker) -> Hand {
    Hand {
        start: point(ways, worker.start),
        end: point(ways, worker.end),
        shift: worker.shift,
        max_work: worker.max_work.unwrap_or(NEVER),
        skills: worker.skills.0,
        papers: worker.certificates.0,
        languages: worker.languages.0,
        sex: worker.sex,
        load: i64::from(worker.load),
        fixed_cost: i64::from(worker.fixed_cost),
        cost_per_hour: i64::from(worker.cost_per_hour),
        rests: worker.rests.iter().map(|r| (r.from, r.until, r.seconds)).collect(),
    }
}
