//! Who could stand next to whom on a good route: the granular neighbourhoods of Toth & Vigo (2003), made aware of time
//! windows as in Vidal et al. (2013).
use super::problem::{Client, Problem};

/// A neighbour and its distance in tenths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub client: u32,
    pub distance: i32,
}

/// For each client short lists, nearest first. Index 0 (the depot) is empty.
#[derive(Clone, Debug)]
pub(super) struct Nearby {
    /// Who could come just before or just after it.
    pub beside: Vec<Vec<Near>>,
    /// Who lives nearest, windows aside, itself first.
    pub around: Vec<Vec<u32>>,
}

/// Do the windows allow `b` directly after `a`?
fn follows(a: &Client, b: &Client, way: i32) -> bool {
    i64::from(a.ready) + i64::from(a.service) + i64::from(way) <= i64::from(b.due)
}

impl Nearby {
    /// Lists of at most `breadth` (beside) and `reach` (around) clients.
    pub fn new(problem: &Problem, breadth: usize, reach: usize) -> Nearby {
        let places = problem.places();
        let mut nearby = Nearby { beside: vec![vec![]], around: vec![vec![]] };
        let mut ranked: Vec<(i32, u32)> = Vec::with_capacity(places.len());
        for (c, client) in places.iter().enumerate().skip(1) {
            let row = problem.row(c);
            ranked.clear();
            ranked.extend((1..places.len()).filter(|&v| v != c).map(|v| (row[v], v as u32)));
            ranked.sort_unstable();
            let beside = ranked.iter().filter(|&&(way, v)| {
                let other = &places[v as usize];
                follows(client, other, way) || follows(other, client, way)
            });
            nearby.beside.push(beside.take(breadth).map(|&(distance, client)| Near { client, distance }).collect());
            let around = std::iter::once(c as u32).chain(ranked.iter().map(|&(_, v)| v));
            nearby.around.push(around.take(reach).collect());
        }
        nearby
    }
}
