//! The first plan: every visit to its cheapest place, the hardest to place first.
use super::city::{City, NONE};
use super::day::Region;
use super::near::Grid;
use super::pair::{fits, matches, ordered};
use super::region::split;
use super::tours::{ABSENT, FREE, Tours};

/// Visits of a region of the first plan.
pub(super) const REGION: usize = 800;

/// Regions of visits, each with the workers who live among them.
pub(super) fn regions(city: &City, visits: &[u32], most: usize) -> Vec<Region> {
    let members = visits.iter().map(|v| (*v, city.jobs[*v as usize].point)).collect();
    let parts = split(members, most, (1, 0));
    let mut part_of = vec![0usize; city.jobs.len()];
    for (p, part) in parts.iter().enumerate() {
        for v in part {
            part_of[*v as usize] = p;
        }
    }
    let mut regions: Vec<Region> =
        parts.into_iter().map(|bank| Region { workers: Vec::new(), bank, seed: 0, units: 0 }).collect();
    for region in 0..regions.len() {
        // The second of a link follows the first, wherever it lies.
        let bank = std::mem::take(&mut regions[region].bank);
        for v in bank {
            let mate = city.jobs[v as usize].mate;
            let home = if mate < v && visits.binary_search(&mate).is_ok() { part_of[mate as usize] } else { region };
            regions[home].bank.push(v);
        }
    }
    let grid = Grid::of(city, visits.iter().map(|v| city.jobs[*v as usize].point).collect());
    let mut found = Vec::new();
    for w in 0..city.hands.len() as u32 {
        let home = city.hands[w as usize].start;
        grid.around(home, 1, &mut found);
        let nearest =
            found.iter().min_by_key(|i| (city.leg(home, city.jobs[visits[**i as usize] as usize].point), **i));
        let part = nearest.map_or(0, |i| part_of[visits[*i as usize] as usize]);
        if let Some(region) = regions.get_mut(part) {
            region.workers.push(w);
        }
    }
    regions
}

/// Puts the visits on the tours one after the other and gives those that found no place.
pub(super) fn greedy(city: &City, tours: &mut Tours, visits: &[u32]) -> Vec<u32> {
    let all: Vec<u32> = (0..tours.tours.len() as u32).collect();
    let mut order = visits.to_vec();
    order.sort_by_key(|v| {
        let job = &city.jobs[*v as usize];
        let linked = job.mate == NONE;
        (linked, job.optional, std::cmp::Reverse(job.priority), job.until, *v)
    });
    order.retain(|v| !place(city, tours, *v, &all));
    order
}

/// A second try over the tours of neighbouring regions for what is left.
pub(super) fn greedy_over(city: &City, tours: &mut Tours, visits: &[u32]) -> Vec<u32> {
    /// Tours that are looked at for each.
    const TRIES: usize = 160;
    let grid = Grid::of(city, tours.tours.iter().map(|t| city.hands[t.worker as usize].start).collect());
    let mut left = visits.to_vec();
    let mut found = Vec::new();
    left.retain(|v| {
        grid.around(city.jobs[*v as usize].point, TRIES, &mut found);
        !place(city, tours, *v, &found)
    });
    left
}

/// `true`: it has a place now (or got one with its mate before).
fn place(city: &City, tours: &mut Tours, visit: u32, among: &[u32]) -> bool {
    if tours.at[visit as usize] != ABSENT {
        return true;
    }
    let job = &city.jobs[visit as usize];
    if job.mate != NONE {
        return place_pair(city, tours, visit, among);
    }
    let held = job.pin_start.unwrap_or(FREE);
    let mut best: Option<(i64, usize, usize)> = None;
    for r in among {
        let r = *r as usize;
        if city.suits(visit, tours.tours[r].worker)
            && let Some((cost, k, _)) = tours.best_on(city, visit, held, r)
            && best.is_none_or(|b| cost < b.0)
        {
            best = Some((cost, r, k));
        }
    }
    let Some((_, r, k)) = best else { return false };
    if tours.insert(city, visit, held, r, k) {
        return true;
    }
    tours.pull(visit);
    tours.refresh(city, r);
    false
}

fn place_pair(city: &City, tours: &mut Tours, visit: u32, among: &[u32]) -> bool {
    let visits = ordered(city, visit);
    if tours.at[visits.0 as usize] != ABSENT || tours.at[visits.1 as usize] != ABSENT {
        return false;
    }
    let collect = |v: u32| {
        let mut all = Vec::new();
        for r in among {
            if city.suits(v, tours.tours[*r as usize].worker) {
                let first = usize::from(tours.tours[*r as usize].locked);
                fits(city, tours, v, (*r as usize, first), city.jobs[v as usize].pin_start, 0, &mut all);
            }
        }
        all
    };
    let (mut a, mut b) = (collect(visits.0), collect(visits.1));
    let Some(m) = matches(city, visits, &mut a, &mut b, 1).first().copied() else { return false };
    let places = [(visits.0, m.starts.0, m.first), (visits.1, m.starts.1, m.second)];
    let fit = places.iter().all(|(v, start, fit)| tours.insert(city, *v, *start, fit.r as usize, fit.k as usize));
    if !fit {
        for (v, ..) in places {
            if let Some(r) = tours.pull(v) {
                tours.refresh(city, r);
            }
        }
    }
    fit
}
