//! Alarms that could not be raised. They are kept in memory and in the readings' database, tried again for ever beside
//! the queue, and told aloud; whoever sent them is not acknowledged before they are raised.
//!
//! Bounded by [`MAX`]: beyond it the queue waits, devices are not acknowledged, and nothing is given up.
use super::commit::{PAUSE_MAX_MS, PAUSE_MS, together};
use super::store as sql;
use super::ticket::{Lane, Line, Ticket};
use super::watch::Counters;
use crate::bell::Bell;
use crate::model::{AlarmKind, NewAlarm};
use ::store::Db;
use kernel::{ElderId, Error, Instant};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Alarms kept at most.
pub(super) const MAX: usize = 4_096;

/// An alarm that is not raised yet, as the desk is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unraised {
    pub elder: ElderId,
    pub kind: AlarmKind,
    /// Since when it is tried.
    pub since: Instant,
}

struct Waits {
    alarm: NewAlarm,
    ticket: Option<Ticket>,
    since: Instant,
}

/// One connection's lane behind an alarm that is not raised: done numbers stop before it.
struct Dam {
    line: Arc<Line>,
    lane: Lane,
    /// Numbers that wait for an alarm, and for how many.
    blocked: BTreeMap<u64, usize>,
    /// Everything up to here is stored.
    stored: u64,
}

impl Dam {
    fn let_through(&self) {
        let free = self.blocked.keys().next().map_or(self.stored, |b| self.stored.min(b - 1));
        if free > 0 {
            self.line.finish(self.lane, free);
        }
    }
}

#[derive(Default)]
struct Inner {
    next: u64,
    /// In the order they came.
    waiting: BTreeMap<u64, Waits>,
    dams: HashMap<(usize, bool), Dam>,
}

#[derive(Default)]
pub(super) struct Held {
    inner: Mutex<Inner>,
    more: Notify,
    room: Notify,
}

fn place(line: &Arc<Line>, lane: Lane) -> (usize, bool) {
    (Arc::as_ptr(line) as usize, lane == Lane::Urgent)
}

impl Held {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an alarm; its ticket, and what comes behind it on the same line, is not done before it is raised.
    pub fn keep(&self, alarm: NewAlarm, ticket: Option<Ticket>, since: Instant) {
        {
            let mut inner = self.inner();
            if let Some((line, lane, number)) = &ticket {
                let fresh =
                    || Dam { line: line.clone(), lane: *lane, blocked: BTreeMap::new(), stored: line.done(*lane) };
                let dam = inner.dams.entry(place(line, *lane)).or_insert_with(fresh);
                *dam.blocked.entry(*number).or_default() += 1;
            }
            let id = inner.next;
            inner.next += 1;
            inner.waiting.insert(id, Waits { alarm, ticket, since });
        }
        self.more.notify_one();
    }

    /// Resolves when one more may be kept.
    pub async fn room(&self) {
        while self.inner().waiting.len() >= MAX {
            self.room.notified().await;
        }
    }

    /// Everything of a line up to `number` is stored: done, as far as no alarm stands in the way.
    pub fn stored(&self, line: &Arc<Line>, lane: Lane, number: u64) {
        match self.inner().dams.get_mut(&place(line, lane)) {
            None => line.finish(lane, number),
            Some(dam) => {
                dam.stored = dam.stored.max(number);
                dam.let_through();
            }
        }
    }

    /// An alarm was raised: what waited for it goes on.
    fn raised(&self, id: u64) {
        let mut inner = self.inner();
        let Some(w) = inner.waiting.remove(&id) else { return };
        if let Some((line, lane, number)) = w.ticket {
            let key = place(&line, lane);
            if let Some(dam) = inner.dams.get_mut(&key) {
                if let Some(n) = dam.blocked.get_mut(&number) {
                    *n -= 1;
                    if *n == 0 {
                        dam.blocked.remove(&number);
                    }
                }
                dam.let_through();
                if dam.blocked.is_empty() {
                    inner.dams.remove(&key);
                }
            }
        }
        drop(inner);
        self.room.notify_one();
    }

    /// Those of these keys that still wait, for the readings' database.
    pub fn still(&self, keys: &[String]) -> Vec<(NewAlarm, Instant)> {
        if keys.is_empty() {
            return Vec::new();
        }
        let inner = self.inner();
        let mine = inner.waiting.values().filter(|w| keys.contains(&w.alarm.key));
        mine.map(|w| (w.alarm.clone(), w.since)).collect()
    }

    pub fn len(&self) -> usize {
        self.inner().waiting.len()
    }

    /// The first `most`, oldest first.
    pub fn first(&self, most: usize) -> Vec<Unraised> {
        let of = |w: &Waits| Unraised { elder: w.alarm.elder, kind: w.alarm.kind, since: w.since };
        self.inner().waiting.values().take(most).map(of).collect()
    }

    fn all(&self) -> Vec<(u64, NewAlarm)> {
        self.inner().waiting.iter().map(|(id, w)| (*id, w.alarm.clone())).collect()
    }
}

/// Tries what waits, again and again. One that fails holds up no other.
pub(super) async fn retry(held: Arc<Held>, main: Db, telemetry: Db, bell: Bell, counters: Arc<Counters>) {
    let mut pause = PAUSE_MS;
    loop {
        while held.len() == 0 {
            pause = PAUSE_MS;
            held.more.notified().await;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        pause = (pause * 2).min(PAUSE_MAX_MS);
        let mut done = Vec::new();
        for (id, alarm) in held.all() {
            match together(&main, std::slice::from_ref(&alarm)).await {
                Ok(()) => {
                    counters.alarms.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(elder = %alarm.elder, kind = alarm.kind.code(), "an alarm was raised late");
                }
                Err(Error::NotFound(_)) => nobodys(&alarm, &counters),
                Err(e) => {
                    counters.retries.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(error = %e, elder = %alarm.elder, key = %alarm.key, kind = alarm.kind.code(),
                        "an alarm could not be raised; it is tried again");
                    if main.ping().await.is_err() {
                        break;
                    }
                    continue;
                }
            }
            held.raised(id);
            done.push(alarm.key);
        }
        if done.is_empty() {
            continue;
        }
        bell.ring();
        pause = PAUSE_MS;
        if let Err(e) = sql::drop_held(&telemetry, &done).await {
            // Tried again after a restart they are known by their keys.
            tracing::warn!(error = %e, "alarms that are raised still stand among those that wait");
        }
    }
}

/// There is no archive to open a case for: it was erased. The log keeps what was said.
pub(super) fn nobodys(alarm: &NewAlarm, counters: &Counters) {
    counters.nobodys.fetch_add(1, Ordering::Relaxed);
    tracing::error!(elder = %alarm.elder, key = %alarm.key, kind = alarm.kind.code(), "an alarm of nobody: the elder's archive is gone");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    fn alarm(key: &str) -> NewAlarm {
        NewAlarm {
            key: key.into(),
            elder: ElderId(uuid::Uuid::from_u128(1)),
            kind: AlarmKind::Sos,
            risk: AlarmKind::Sos.urgency().into(),
            origin: Origin::Device,
            at: Instant(0),
            reason: String::new(),
            evidence: serde_json::Value::Null,
            unverified: false,
            device: None,
            fix: None,
        }
    }

    #[test]
    fn numbers_stop_before_an_alarm_that_waits() {
        let (held, line, other) = (Held::default(), Line::new(), Line::new());
        let now = Instant(0);
        held.stored(&line, Lane::Urgent, 2);
        held.keep(alarm("a"), Some((line.clone(), Lane::Urgent, 4)), now);
        held.keep(alarm("b"), Some((line.clone(), Lane::Urgent, 4)), now);
        held.keep(alarm("c"), Some((line.clone(), Lane::Urgent, 6)), now);
        held.stored(&line, Lane::Urgent, 9);
        held.stored(&line, Lane::Normal, 5);
        held.stored(&other, Lane::Urgent, 7);
        assert_eq!((line.done(Lane::Urgent), line.done(Lane::Normal), other.done(Lane::Urgent)), (3, 5, 7));
        held.raised(0);
        assert_eq!(line.done(Lane::Urgent), 3, "the message has another alarm");
        held.raised(1);
        assert_eq!(line.done(Lane::Urgent), 5);
        held.raised(2);
        assert_eq!(line.done(Lane::Urgent), 9);
        held.stored(&line, Lane::Urgent, 12);
        assert_eq!((line.done(Lane::Urgent), held.len(), held.inner().dams.len()), (12, 0, 0));
    }

    #[test]
    fn raised_before_its_reading_is_stored_is_not_done() {
        let (held, line) = (Held::default(), Line::new());
        held.keep(alarm("a"), Some((line.clone(), Lane::Urgent, 1)), Instant(0));
        held.raised(0);
        assert_eq!(line.done(Lane::Urgent), 0);
        held.stored(&line, Lane::Urgent, 1);
        assert_eq!(line.done(Lane::Urgent), 1);
    }
}
