//! Who could stand next to whom on a good route: the granular neighbourhoods of Toth & Vigo (2003), made aware of time
//! windows as in Vidal et al. (2013).
use super::problem::{Client, Problem};

/// A neighbour and its distance in tenths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub client: u32,
    pub distance: i32,
}

/// For each client three short lists, best first. Index 0 (the depot) is empty.
#[derive(Clone, Debug)]
pub(super) struct Nearby {
    /// Who could come just before it.
    pub before: Vec<Vec<Near>>,
    /// Who could come just after it.
    pub after: Vec<Vec<Near>>,
    /// Who lives nearest, windows aside, itself first.
    pub around: Vec<Vec<u32>>,
}

/// Weight of unavoidable waiting against distance.
const WAIT_PERCENT: i64 = 20;

/// How little `b` directly after `a` costs: distance and a part of the waiting that cannot be avoided. `None` where the
/// windows forbid it.
fn follows(a: &Client, b: &Client, way: i32) -> Option<i64> {
    let (service, way) = (i64::from(a.service), i64::from(way));
    if i64::from(a.ready) + service + way > i64::from(b.due) {
        return None;
    }
    let wait = (i64::from(b.ready) - (i64::from(a.due) + service + way)).max(0);
    Some(way + wait * WAIT_PERCENT / 100)
}

impl Nearby {
    /// Lists of at most `breadth` (before, after) and `reach` (around) clients.
    pub fn new(problem: &Problem, breadth: usize, reach: usize) -> Nearby {
        let places = problem.places();
        let mut nearby = Nearby { before: vec![vec![]], after: vec![vec![]], around: vec![vec![]] };
        let mut ranked: Vec<(i64, u32)> = Vec::with_capacity(places.len());
        for c in 1..places.len() {
            let row = problem.row(c);
            let mut best = |cost: &dyn Fn(usize) -> Option<i64>, most: usize| {
                ranked.clear();
                ranked.extend((1..places.len()).filter_map(|v| Some((cost(v)?, v as u32))));
                if ranked.len() > most && most > 0 {
                    ranked.select_nth_unstable(most - 1);
                    ranked.truncate(most);
                }
                ranked.sort_unstable();
                ranked.iter().map(|&(_, v)| v).collect::<Vec<u32>>()
            };
            let near = |all: Vec<u32>| {
                all.into_iter().map(|v| Near { client: v, distance: row[v as usize] }).collect::<Vec<_>>()
            };
            let before = best(&|v| if v == c { None } else { follows(&places[v], &places[c], row[v]) }, breadth);
            let after = best(&|v| if v == c { None } else { follows(&places[c], &places[v], row[v]) }, breadth);
            let around = best(&|v| Some(if v == c { -1 } else { i64::from(row[v]) }), reach);
            nearby.before.push(near(before));
            nearby.after.push(near(after));
            nearby.around.push(around);
        }
        nearby
    }
}
