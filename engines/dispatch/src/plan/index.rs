//! What lets one order be placed among thousands of workers without reading all their tours: who has least to do, who can
//! do what, and where in a tour a time of day begins. Small arrays, read in order.
use super::city::City;
use super::model::Seconds;
use super::objective::{Part, uneven};
use super::tours::Tours;

/// Length of a stretch of the day in the table of places.
const STRETCH: Seconds = 1800;
/// The first stretch begins at 6:00…
const FROM: Seconds = 6 * 3600;
/// …and the last covers the evening.
const STRETCHES: usize = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Tours by work, the least first.
    order: Vec<u32>,
    /// Load and work of each tour's worker in seconds.
    work: Vec<i64>,
    /// Skills and certificates of each tour's worker.
    can: Vec<(u64, u64)>,
    /// For each tour and stretch the first slot that can still be in it.
    first: Vec<u8>,
}

impl Index {
    pub fn of(city: &City, tours: &Tours) -> Index {
        let n = tours.tours.len();
        let mut index = Index {
            order: (0..n as u32).collect(),
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
        };
        for r in 0..n {
            index.fill(city, tours, r);
        }
        index.sort();
        index
    }

    fn sort(&mut self) {
        let work = &self.work;
        self.order.sort_unstable_by_key(|r| (work[*r as usize], *r));
    }

    fn fill(&mut self, city: &City, tours: &Tours, r: usize) {
        let tour = &tours.tours[r];
        self.work[r] = city.hands[tour.worker as usize].load + tour.travel + tour.service;
        let row = tours.row(r);
        let mut k = usize::from(tour.locked);
        for s in 0..STRETCHES {
            let begins = if s == 0 { Seconds::MIN } else { FROM + STRETCH * s as Seconds };
            while k + 1 < row.len() && !row[k].is_rest() && row[k].late < begins {
                k += 1;
            }
            self.first[r * STRETCHES + s] = k.min(255) as u8;
        }
    }

    /// Some tours have changed.
    pub fn update(&mut self, city: &City, tours: &Tours, changed: &[u32]) {
        if changed.len() > 64 {
            for r in changed {
                self.fill(city, tours, *r as usize);
            }
            self.sort();
            return;
        }
        for r in changed {
            let key = (self.work[*r as usize], *r);
            if let Ok(old) = self.order.binary_search_by_key(&key, |r| (self.work[*r as usize], *r)) {
                self.order.remove(old);
                self.fill(city, tours, *r as usize);
                let key = (self.work[*r as usize], *r);
                let new = self.order.partition_point(|r| (self.work[*r as usize], *r) < key);
                self.order.insert(new, *r);
            }
        }
    }

    pub fn order(&self) -> &[u32] {
        &self.order
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

    /// What evenness alone costs when tour `r` gets so many seconds more; it grows along [`Index::order`].
    #[inline]
    pub fn least(&self, city: &City, r: usize, more: i64) -> i64 {
        let work = self.work[r];
        (uneven(work + more) - uneven(work)) * city.objective.percent(Part::Uneven)
    }
}
