//! The first plan: patients by the opening of their windows, each appended where it costs least.
use super::state::State;
use super::tables::Tables;

/// A complete plan. Appending at the ends can contradict nothing, so there always is one when every patient has somebody
/// who may come; `None` would mean that this was not checked.
pub(crate) fn first_plan(t: &Tables) -> Option<State<'_>> {
    let mut s = State::new(t);
    let mut order: Vec<usize> = (0..t.visits.len()).filter(|&v| v <= t.visits[v].mate as usize).collect();
    order.sort_by_key(|&v| (t.visits[v].earliest + t.visits[v].latest, v));
    for v in order {
        let mate = t.visits[v].mate as usize;
        let mut best: Option<(i64, usize, usize)> = None;
        for &a in &t.who[v] {
            if mate == v {
                weigh(&mut s, &mut best, v, a as usize, v, a as usize);
                continue;
            }
            for &b in &t.who[mate] {
                if a != b {
                    weigh(&mut s, &mut best, v, a as usize, mate, b as usize);
                }
            }
        }
        let (_, a, b) = best?;
        append(&mut s, v, a, mate, b);
        if !s.settle(i64::MAX) {
            return None;
        }
    }
    s.rebuild().then_some(s)
}

fn append(s: &mut State<'_>, v: usize, a: usize, mate: usize, b: usize) {
    s.begin();
    let end = s.prev(s.office(a));
    s.shift(v, end);
    if mate != v {
        let end = s.prev(s.office(b));
        s.shift(mate, end);
    }
}

fn weigh(s: &mut State<'_>, best: &mut Option<(i64, usize, usize)>, v: usize, a: usize, mate: usize, b: usize) {
    append(s, v, a, mate, b);
    let limit = best.map_or(i64::MAX, |(cost, ..)| cost - 1);
    if s.settle(limit) {
        *best = Some((s.cost(), a, b));
    }
    s.undo();
}
