//! A provider's day by worker.
use kernel::{Instant, WorkerId};
use orders::{Order, State};
use std::collections::BTreeMap;
use web::Mark;

/// One worker's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerDay {
    pub worker: WorkerId,
    pub name: String,
    pub visits: i64,
    pub done: i64,
    /// The visit going on or coming next: time, elder, service and its state.
    pub next: Option<Next>,
    /// Visits whose start has passed with nobody there.
    pub late: i64,
}

/// The visit a worker is at or goes to next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    pub order: kernel::OrderId,
    pub starts_at: Instant,
    pub words: String,
    /// How it stands now, lateness included.
    pub mark: Mark,
    pub word: String,
}

/// Over as far as the worker is concerned.
pub const fn done(state: State) -> bool {
    matches!(
        state,
        State::CheckedOut | State::Confirmed | State::Rated | State::InSettlement | State::Paid | State::Disputed
    )
}

/// Groups a day's visits; whoever is late comes first, then whoever is next.
pub fn by_worker(visits: &[Order], now: Instant) -> Vec<WorkerDay> {
    let mut days: BTreeMap<WorkerId, WorkerDay> = BTreeMap::new();
    for o in visits.iter().filter(|o| !o.state.void()) {
        let Some(worker) = o.worker else { continue };
        let day = days.entry(worker).or_insert_with(|| WorkerDay {
            worker,
            name: o.worker_name.clone().unwrap_or_default(),
            visits: 0,
            done: 0,
            next: None,
            late: 0,
        });
        day.visits += 1;
        if done(o.state) {
            day.done += 1;
            continue;
        }
        if orders::model::late_by(o.state, o.starts_at, now) > 0 {
            day.late += 1;
        }
        let (mark, word) = orders::standing(o, now);
        let next = Next {
            order: o.id,
            starts_at: o.starts_at,
            words: format!("{} {}", o.elder_name, o.item_name),
            mark,
            word,
        };
        if day.next.as_ref().is_none_or(|n| (next.starts_at, next.order) < (n.starts_at, n.order)) {
            day.next = Some(next);
        }
    }
    let mut out: Vec<WorkerDay> = days.into_values().collect();
    let key = |d: &WorkerDay| (std::cmp::Reverse(d.late), d.next.as_ref().map_or(i64::MAX, |n| n.starts_at.0));
    out.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name)));
    out
}
