//! Two visits that belong together. Once planned, both moments are held: every tour stays a matter of its own, and the
//! pair gets other moments only by being taken out and put back.
//!
//! Each place on a tour gives a stretch of moments in which the visit could begin there, and a cost that does not depend
//! on the moment. So the best pair is the cheapest two stretches of different workers that have moments with the right
//! gap: exact, without a grid of times.
use super::city::{City, NONE};
use super::model::Seconds;
use super::search::Search;

/// A place for one of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub cost: i64,
    pub r: u32,
    pub k: u32,
    pub low: Seconds,
    pub high: Seconds,
}

/// A place for each, and the two moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub first: Fit,
    pub second: Fit,
    pub starts: (Seconds, Seconds),
}

impl Match {
    pub const fn cost(&self) -> i64 {
        self.first.cost + self.second.cost
    }
}

/// Moments for two visits within their stretches and with the right gap, the earliest found.
pub(super) fn moments(city: &City, visits: (u32, u32), a: &Fit, b: &Fit) -> Option<(Seconds, Seconds)> {
    let (one, two) = (&city.jobs[visits.0 as usize], &city.jobs[visits.1 as usize]);
    let (least, most) = one.gap;
    let mut first = one.earliest(a.low.max(b.low.saturating_sub(most)));
    // Each round moves one of the two to the next moment its spans allow; a few rounds settle it.
    for _ in 0..8 {
        if first > a.high {
            return None;
        }
        let second = two.earliest(b.low.max(first.saturating_add(least)));
        if second > b.high {
            return None;
        }
        if second - first <= most {
            return Some((first, second));
        }
        first = one.earliest(second - most);
    }
    None
}

/// The cheapest matches, cheapest first, at most `keep`; no two with the same two workers. Sorts both lists.
pub(super) fn matches(city: &City, visits: (u32, u32), a: &mut [Fit], b: &mut [Fit], keep: usize) -> Vec<Match> {
    let key = |f: &Fit| (f.cost, f.r, f.k);
    a.sort_unstable_by_key(key);
    b.sort_unstable_by_key(key);
    let mut best: Vec<Match> = Vec::with_capacity(keep + 1);
    let Some(least) = b.first().map(|f| f.cost) else { return best };
    for one in a.iter() {
        let full = |best: &Vec<Match>, cost: i64| best.len() >= keep && best.last().is_some_and(|w| cost >= w.cost());
        if full(&best, one.cost + least) {
            break;
        }
        for two in b.iter() {
            if full(&best, one.cost + two.cost) {
                break;
            }
            if one.r == two.r {
                continue;
            }
            if let Some(starts) = moments(city, visits, one, two) {
                let found = Match { first: *one, second: *two, starts };
                let same = best.iter().position(|m| m.first.r == one.r && m.second.r == two.r);
                match same {
                    Some(i) if best[i].cost() <= found.cost() => continue,
                    Some(i) => {
                        best.remove(i);
                    }
                    None => {}
                }
                let place = best.partition_point(|m| m.cost() <= found.cost());
                best.insert(place, found);
                best.truncate(keep);
                if keep == 1 {
                    break;
                }
            }
        }
    }
    best
}

/// Which of the two is the first of the link.
pub(super) fn ordered(city: &City, visit: u32) -> (u32, u32) {
    let job = &city.jobs[visit as usize];
    // The first's gap is `(min, max)` with max ≥ 0, the second's is its mirror; together it does not matter.
    let first = job.gap.1 > 0 || (job.gap == (0, 0) && visit < job.mate);
    if first { (visit, job.mate) } else { (job.mate, visit) }
}

/// Puts a pair back in a search. `false`: a tour broke.
pub(super) fn put(search: &mut Search<'_>, visit: u32) -> bool {
    let city = search.city;
    let visits = ordered(city, visit);
    let (mut a, mut b) = (std::mem::take(&mut search.fits.0), std::mem::take(&mut search.fits.1));
    collect(search, visits.0, &mut a);
    collect(search, visits.1, &mut b);
    let found = matches(city, visits, &mut a, &mut b, 1).first().copied();
    search.fits = (a, b);
    let Some(m) = found else { return true };
    search.put_at(visits.0, m.starts.0, m.first.r as usize, m.first.k as usize)
        && search.put_at(visits.1, m.starts.1, m.second.r as usize, m.second.k as usize)
}

fn collect(search: &mut Search<'_>, visit: u32, into: &mut Vec<Fit>) {
    into.clear();
    let mut list = Vec::new();
    search.candidates(visit, &mut list);
    let city = search.city;
    let pin = city.jobs[visit as usize].pin_start;
    debug_assert_ne!(city.jobs[visit as usize].mate, NONE);
    for r in list {
        if search.blink() {
            continue;
        }
        let worker = search.tours.tours[r as usize].worker;
        let extra = search.anchor.map_or(0, |a| a.cost_of(visit, worker));
        let first = usize::from(search.tours.tours[r as usize].locked);
        fits(city, &search.tours, visit, (r as usize, first), pin, extra, into);
    }
}

/// All places of one tour from a slot on, as fits.
pub(super) fn fits(
    city: &City,
    tours: &super::tours::Tours,
    visit: u32,
    from: (usize, usize),
    pin: Option<Seconds>,
    extra: i64,
    into: &mut Vec<Fit>,
) {
    let (r, first) = from;
    tours.stretches(city, visit, r, first, |cost, k, low, high| {
        let (low, high) = pin.map_or((low, high), |t| (low.max(t), high.min(t)));
        if low <= high {
            into.push(Fit { cost: cost + extra, r: r as u32, k: k as u32, low, high });
        }
    });
}
