//! The problem as its owner states it: visits, workers, ways, links and what a good plan is.
use super::objective::Objective;
use crate::input::GenderWish;
use crate::tags::{Language, LanguageSet, SkillSet};
use kernel::{GeoPoint, Sex};

/// Seconds. A moment is counted from the midnight the day begins with, in the city's zone; it may lie past 86,400.
pub type Seconds = i32;

/// Moments and durations must lie within 30 days around the planned one, so that no sum overflows.
pub const FAR: Seconds = 30 * 86_400;

/// A visit, as its place in [`Problem::visits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitIx(pub u32);

/// A worker, as the place in [`Problem::workers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerIx(pub u32);

/// A place, as its number in [`Ways`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u32);

impl VisitIx {
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}
impl WorkerIx {
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}
impl Place {
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// A point of a flat map in metres, east and north of the map's middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spot {
    pub east: i32,
    pub north: i32,
}

/// How long the way between two places takes.
#[derive(Clone, Debug)]
pub enum Ways {
    /// Straight lines made longer by a factor, at one speed: nothing is stored per pair, so a whole city fits.
    Flat {
        spots: Vec<Spot>,
        /// Detour factor divided by metres per second: 1.3 at 30 km/h is 0.156.
        seconds_per_metre: f64,
    },
    /// Seconds from row to column, `n × n`. For a few hundred places; the two directions may differ.
    Matrix { n: usize, seconds: Vec<Seconds> },
}

/// Metres in a millionth of a degree of latitude.
const METRES_PER_MICRO_DEGREE: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0 / 1e6;

impl Ways {
    /// A flat map around the middle of `points`, at the detour and speed of [`crate::travel_minutes`].
    pub fn around(points: &[GeoPoint]) -> Ways {
        let n = points.len().max(1) as i64;
        let middle = GeoPoint {
            lat_e6: points.iter().map(|p| p.lat_e6).sum::<i64>() / n,
            lng_e6: points.iter().map(|p| p.lng_e6).sum::<i64>() / n,
        };
        let spots = points.iter().map(|p| spot(middle, *p)).collect();
        let factor = crate::DETOUR_PERCENT as f64 / 100.0;
        Ways::Flat { spots, seconds_per_metre: factor * 60.0 / crate::METRES_PER_MINUTE as f64 }
    }

    pub fn len(&self) -> usize {
        match self {
            Ways::Flat { spots, .. } => spots.len(),
            Ways::Matrix { n, .. } => *n,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a point lies on a flat map around `middle`.
pub fn spot(middle: GeoPoint, point: GeoPoint) -> Spot {
    let scale = METRES_PER_MICRO_DEGREE * middle.lat().to_radians().cos();
    Spot {
        east: ((point.lng_e6 - middle.lng_e6) as f64 * scale).round() as i32,
        north: ((point.lat_e6 - middle.lat_e6) as f64 * METRES_PER_MICRO_DEGREE).round() as i32,
    }
}

/// When a service may begin: never before `from` nor after `until`; after `due` it is late, and each second costs.
/// `due == until` makes the end hard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Seconds,
    pub due: Seconds,
    pub until: Seconds,
}

impl Span {
    /// Nothing before `from`, nothing after `until`.
    pub const fn hard(from: Seconds, until: Seconds) -> Span {
        Span { from, due: until, until }
    }
    /// Late from `due` on, impossible after `until`.
    pub const fn soft(from: Seconds, due: Seconds, until: Seconds) -> Span {
        Span { from, due, until }
    }
}

/// What a [`Span`] bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// The beginning of the service.
    #[default]
    Start,
    /// The whole service: it ends inside, too.
    Service,
}

/// What is between an elder and a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The elder asked for this one; another costs.
    Wished,
    /// The elder would rather have another; this one costs.
    Unwished,
    /// This one is not sent.
    Never,
    /// Has been there so many times (continuity).
    Known(u16),
}

/// A visit to plan.
#[derive(Clone, Debug)]
pub struct Visit {
    pub place: Place,
    /// How long the service takes.
    pub seconds: Seconds,
    /// Times in which it may be, in order and apart from each other; at least one.
    pub spans: Vec<Span>,
    pub holds: Holds,
    /// All of them are needed.
    pub skills: SkillSet,
    /// Certificates needed, all of them valid on the day.
    pub certificates: SkillSet,
    pub gender: Option<GenderWish>,
    pub language: Option<Language>,
    pub ties: Vec<(WorkerIx, Tie)>,
    /// The greater is the more important; a visit may displace those below it.
    pub priority: u8,
    /// May be left out without failing anybody: leaving it out costs on the level of comfort, not of duty.
    pub optional: bool,
    /// What leaving it out costs, in seconds on the way.
    pub penalty: Seconds,
}

/// Leaving out a visit of the least priority weighs as much as this long on the way.
pub const UNSERVED: Seconds = 3 * 3600;

impl Visit {
    /// A visit with one hard span and no wishes.
    pub fn new(place: Place, seconds: Seconds, span: Span) -> Visit {
        Visit {
            place,
            seconds,
            spans: vec![span],
            holds: Holds::Start,
            skills: SkillSet::EMPTY,
            certificates: SkillSet::EMPTY,
            gender: None,
            language: None,
            ties: Vec::new(),
            priority: 0,
            optional: false,
            penalty: UNSERVED,
        }
    }
}

/// Two visits by two different workers: `min_gap ≤ start of second − start of first ≤ max_gap`; 0 and 0 is together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub first: VisitIx,
    pub second: VisitIx,
    pub min_gap: Seconds,
    pub max_gap: Seconds,
}

/// A rest: begins within `from`–`until`, wherever the worker then is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    pub from: Seconds,
    pub until: Seconds,
    pub seconds: Seconds,
}

/// Someone who visits.
#[derive(Clone, Debug)]
pub struct Worker {
    pub start: Place,
    pub end: Place,
    /// Leaves `start` not before, and is back at `end` not after.
    pub shift: (Seconds, Seconds),
    /// In order of time.
    pub rests: Vec<Rest>,
    /// Most seconds of service and way together.
    pub max_work: Option<Seconds>,
    pub skills: SkillSet,
    pub certificates: SkillSet,
    pub sex: Sex,
    pub languages: LanguageSet,
    /// Work already given in the period over which it is spread.
    pub load: Seconds,
    /// What sending this one out at all costs, in seconds on the way.
    pub fixed_cost: Seconds,
    /// What each hour of service and way costs beyond the way itself, in seconds on the way.
    pub cost_per_hour: Seconds,
}

impl Worker {
    /// Someone at home at `home` with no skills, no rests and no costs.
    pub fn new(home: Place, shift: (Seconds, Seconds)) -> Worker {
        Worker {
            start: home,
            end: home,
            shift,
            rests: Vec::new(),
            max_work: None,
            skills: SkillSet::EMPTY,
            certificates: SkillSet::EMPTY,
            sex: Sex::Female,
            languages: LanguageSet::EMPTY,
            load: 0,
            fixed_cost: 0,
            cost_per_hour: 0,
        }
    }
}

/// A visit that only one worker may have, and perhaps only at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    pub visit: VisitIx,
    pub worker: WorkerIx,
    pub start: Option<Seconds>,
}

/// A day to plan.
#[derive(Clone, Debug)]
pub struct Problem {
    pub ways: Ways,
    pub visits: Vec<Visit>,
    pub workers: Vec<Worker>,
    pub links: Vec<Link>,
    pub pins: Vec<Pin>,
    pub objective: Objective,
}
