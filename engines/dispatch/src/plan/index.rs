//! What lets one order be placed among thousands of workers without reading all their tours: how much each has to do, who can
//! do what, where in a tour a time of day begins and where on the map that is. Small arrays, read in order.
use super::city::{City, Point};
use super::model::{Seconds, Ways};
use super::objective::{Part, uneven};
use super::tours::{Slot, Tours};

/// Length of a stretch of the day in the table of places.
const STRETCH: Seconds = 1800;
/// The first stretch begins at 6:00…
const FROM: Seconds = 6 * 3600;
/// …and the last covers the evening.
const STRETCHES: usize = 32;
/// Visits that may begin this much after the end of a stretch are covered by its box.
const AHEAD: Seconds = 3 * 3600;

/// Where a worker is during some hours: no stop lies outside, no way between two stops is longer, and from being free to
/// the last moment for the next stop there is never more room.
#[derive(Clone, Copy, Debug)]
struct Whereabouts {
    low: Point,
    high: Point,
    longest: Seconds,
    room: Seconds,
}

const ANYWHERE: Whereabouts = Whereabouts {
    low: Point { x: i32::MIN / 4, y: i32::MIN / 4 },
    high: Point { x: i32::MAX / 4, y: i32::MAX / 4 },
    longest: 0,
    room: Seconds::MAX,
};
const NOWHERE: Whereabouts = Whereabouts {
    low: Point { x: i32::MAX / 4, y: i32::MAX / 4 },
    high: Point { x: i32::MIN / 4, y: i32::MIN / 4 },
    longest: 0,
    room: Seconds::MIN,
};

impl Whereabouts {
    fn cover(&mut self, p: Point) {
        self.low = Point { x: self.low.x.min(p.x), y: self.low.y.min(p.y) };
        self.high = Point { x: self.high.x.max(p.x), y: self.high.y.max(p.y) };
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Load and work of each tour's worker in seconds.
    work: Vec<i64>,
    /// Skills and certificates of each tour's worker.
    can: Vec<(u64, u64)>,
    /// For each tour and stretch the first slot that can still be in it.
    first: Vec<u8>,
    /// For each stretch and tour where the worker is from then on, stretch after stretch.
    boxes: Vec<Whereabouts>,
}

impl Index {
    pub fn of(city: &City, tours: &Tours) -> Index {
        let n = tours.tours.len();
        let mut index = Index {
            work: vec![0; n],
            can: tours
                .tours
                .iter()
                .map(|t| {
                    let hand = &city.hands[t.worker as usize];
                    (hand.skills, hand.papers)
                })
                .collect(),
            first: vec![0; n * STRETCHES],
            boxes: vec![ANYWHERE; n * STRETCHES],
        };
        for r in 0..n {
            index.fill(city, tours, r);
        }
        index
    }

    fn fill(&mut self, city: &City, tours: &Tours, r: usize) {
        let tour = &tours.tours[r];
        self.work[r] = city.hands[tour.worker as usize].load + tour.travel + tour.service;
        let row = tours.row(r);
        let mut k = usize::from(tour.locked);
        // A rest happens wherever the worker is, so its place is not known yet.
        let bounded = matches!(city.ways, Ways::Flat { .. }) && !row.iter().any(Slot::is_rest);
        for s in 0..STRETCHES {
            let begins = if s == 0 { Seconds::MIN } else { FROM + STRETCH * s as Seconds };
            while k + 1 < row.len() && !row[k].is_rest() && row[k].late < begins {
                k += 1;
            }
            self.first[r * STRETCHES + s] = k.min(255) as u8;
            if bounded {
                let until = FROM + STRETCH * (s as Seconds + 1) + AHEAD;
                let mut covered = NOWHERE;
                for pair in row[k - 1..].windows(2).take_while(|pair| pair[0].free <= until) {
                    covered.cover(pair[0].point);
                    covered.cover(pair[1].point);
                    covered.longest = covered.longest.max(pair[1].leg);
                    covered.room = covered.room.max(pair[1].late.saturating_sub(pair[0].free));
                }
                self.boxes[s * tours.tours.len() + r] = covered;
            }
        }
    }

    /// Some tours have changed.
    pub fn update(&mut self, city: &City, tours: &Tours, changed: &[u32]) {
        for r in changed {
            self.fill(city, tours, *r as usize);
        }
    }

    /// Has the worker of tour `r` the skills and certificates?
    #[inline]
    pub fn can(&self, r: usize, need: u64, papers: u64) -> bool {
        let (skills, certificates) = self.can[r];
        need & !skills == 0 && papers & !certificates == 0
    }

    /// The first slot of tour `r` before which something that ends at `ends` or later can stand.
    #[inline]
    pub fn first(&self, r: usize, ends: Seconds) -> usize {
        let stretch = ((ends - FROM).max(0) / STRETCH) as usize;
        usize::from(self.first[r * STRETCHES + stretch.min(STRETCHES - 1)])
    }

    /// Reads the whereabouts for a visit at `point` that begins up to `until` and ends at `ends` at the earliest.
    pub fn detours(&self, city: &City, point: Point, ends: Seconds, until: Seconds) -> Detours<'_> {
        let stretch = (((ends - FROM).max(0) / STRETCH) as usize).min(STRETCHES - 1);
        let known = until <= FROM + STRETCH * (stretch as Seconds + 1) + AHEAD;
        let n = self.work.len();
        let seconds_per_metre = match &city.ways {
            Ways::Flat { seconds_per_metre, .. } if known => Some(*seconds_per_metre),
            _ => None,
        };
        Detours { boxes: &self.boxes[stretch * n..(stretch + 1) * n], point, seconds_per_metre }
    }

    /// What evenness alone costs when tour `r` gets so many seconds more.
    #[inline]
    pub fn least(&self, city: &City, r: usize, more: i64) -> i64 {
        let work = self.work[r];
        (uneven(work + more) - uneven(work)) * city.objective.percent(Part::Uneven)
    }
}

/// How far a visit is out of each worker's way.
pub(super) struct Detours<'a> {
    boxes: &'a [Whereabouts],
    point: Point,
    /// `None`: the boxes say nothing about this visit.
    seconds_per_metre: Option<f64>,
}

impl Detours<'_> {
    /// Seconds that the way of tour `r` grows by at least: there and back from the box, less the way saved. Never above
    /// what it really is; 0 where nothing is known. `None`: nowhere is there room for a service of `seconds`.
    #[inline]
    pub fn least(&self, r: usize, seconds: Seconds) -> Option<i64> {
        let Some(seconds_per_metre) = self.seconds_per_metre else { return Some(0) };
        let b = &self.boxes[r];
        if b.room < seconds {
            return None;
        }
        let x = (b.low.x - self.point.x).max(self.point.x - b.high.x).max(0);
        let y = (b.low.y - self.point.y).max(self.point.y - b.high.y).max(0);
        let (x, y) = (f64::from(x), f64::from(y));
        let there = ((x * x + y * y).sqrt() * seconds_per_metre) as i64;
        let ways = 2 * there;
        (ways + i64::from(seconds) <= i64::from(b.room)).then(|| (ways - i64::from(b.longest)).max(0))
    }
}
