//! The first half of the way: one task that takes messages from all connections, lets the watch judge them in order,
//! and hands batches on to be stored. It also lets time pass.
use super::codec::{self, Stored};
use super::commit::{self, Batch};
use super::held::{Held, Unraised};
use super::store as sql;
use super::ticket::{Intake, Message};
use super::ward::{Follows, Ward};
use crate::bell::Bell;
use crate::devices;
use ::store::Db;
use kernel::{Instant, Result};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// How the watch is sized.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Messages that may wait in each queue; beyond it senders wait.
    pub queue: usize,
    /// Messages of one commit.
    pub batch: usize,
    /// Elders kept in memory.
    pub elders: usize,
    /// Readings in the log after which it is folded, and minutes after which it is folded anyway.
    pub fold_readings: u64,
    pub fold_minutes: i64,
}

impl Default for Start {
    fn default() -> Start {
        Start { queue: 8_192, batch: 8_192, elders: 50_000, fold_readings: 1_000_000, fold_minutes: 10 }
    }
}

/// What has happened since the start, for metrics.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub readings: AtomicU64,
    pub commits: AtomicU64,
    pub alarms: AtomicU64,
    pub retries: AtomicU64,
    pub nobodys: AtomicU64,
    /// Since when nothing can be stored, milliseconds; 0 while all is well.
    pub blocked_since: AtomicI64,
}

impl Counters {
    /// Nothing can be stored from now on, or still.
    pub fn blocked(&self, now: Instant) {
        let _ = self.blocked_since.compare_exchange(0, now.0.max(1), Ordering::Relaxed, Ordering::Relaxed);
    }
    /// Something was stored.
    pub fn flows(&self) {
        self.blocked_since.store(0, Ordering::Relaxed);
    }
}

/// The watch's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    pub readings: u64,
    pub commits: u64,
    pub alarms: u64,
    /// How often something had to be stored again because the database did not answer.
    pub retries: u64,
    /// Alarms of an elder whose archive is gone; see the log.
    pub nobodys: u64,
    /// Alarms that could not be raised yet. They are tried for ever and their devices are not acknowledged.
    pub unraised: u64,
    /// Since when nothing can be stored.
    pub blocked_since: Option<Instant>,
}

/// Reads the watch's figures. Cheap to clone.
#[derive(Clone)]
pub struct Stats(Arc<Counters>, Arc<Held>);

impl Stats {
    /// The first `most` alarms that could not be raised yet, oldest first.
    pub fn unraised(&self, most: usize) -> Vec<Unraised> {
        self.1.first(most)
    }
    pub fn now(&self) -> Figures {
        let of = |c: &AtomicU64| c.load(Ordering::Relaxed);
        let c = &self.0;
        Figures {
            readings: of(&c.readings),
            commits: of(&c.commits),
            alarms: of(&c.alarms),
            retries: of(&c.retries),
            nobodys: of(&c.nobodys),
            unraised: self.1.len() as u64,
            blocked_since: Some(Instant(c.blocked_since.load(Ordering::Relaxed))).filter(|at| at.0 > 0),
        }
    }
}

/// How far timers may be late: one look a second.
const LOOK: Duration = Duration::from_secs(1);
/// Elders ticked in one look.
const TICKS: usize = 4_000;
/// States stored with one batch while the log is to be folded.
const STATES: usize = 256;
/// Closed alarms are looked up this far back: two machines' clocks, and transactions that took a while.
const BACK_MS: i64 = 2 * Instant::MINUTE;

/// Starts the watch: what the log holds is stepped through again first, then messages are taken. It ends, everything
/// stored, when `stop` turns true or all intakes are gone.
///
/// # Errors
/// The database's, while what was stored is read.
pub async fn start(
    main: Db,
    telemetry: Db,
    bell: Bell,
    size: Start,
    stop: watch::Receiver<bool>,
) -> Result<(Intake, Stats, JoinHandle<()>)> {
    let counters = Arc::new(Counters::default());
    let held = Arc::new(Held::default());
    for (alarm, since) in sql::held(&telemetry).await? {
        held.keep(alarm, None, since);
    }
    let mut brain = Brain::new(main.clone(), telemetry.clone(), size, counters.clone()).await?;
    let first = brain.replay().await?;
    let (urgent, urgent_in) = mpsc::channel(size.queue);
    let (normal, normal_in) = mpsc::channel(size.queue);
    let (batches, out) = mpsc::channel(1);
    let committing = tokio::spawn(commit::run(main, telemetry, bell, out, counters.clone(), held.clone()));
    let handle = tokio::spawn(async move {
        if !first.is_empty() && batches.send(first).await.is_err() {
            return;
        }
        brain.run(urgent_in, normal_in, &batches, stop).await;
        drop(batches);
        let _ = committing.await;
    });
    Ok((Intake { urgent, normal }, Stats(counters, held), handle))
}

struct Brain {
    main: Db,
    telemetry: Db,
    size: Start,
    counters: Arc<Counters>,
    wards: HashMap<i64, Ward>,
    /// Every elder's next moment, also of those not in memory.
    timers: BinaryHeap<Reverse<(Instant, i64)>>,
    resting: HashMap<i64, Instant>,
    heard: HashMap<i64, (Instant, Option<u8>)>,
    seq: i64,
    batch_no: u64,
    /// Readings in the log, and since when.
    in_log: u64,
    log_since: Instant,
    /// Elders whose state still has to be stored before the log may be folded up to a row.
    folding: Option<(i64, Vec<i64>)>,
    looked: Instant,
}

impl Brain {
    async fn new(main: Db, telemetry: Db, size: Start, counters: Arc<Counters>) -> Result<Brain> {
        let now = main.now();
        let seq = sql::last_seq(&telemetry).await?;
        let mut brain = Brain {
            size,
            counters,
            wards: HashMap::new(),
            timers: BinaryHeap::new(),
            resting: HashMap::new(),
            heard: HashMap::new(),
            seq,
            batch_no: 0,
            in_log: 0,
            log_since: now,
            folding: None,
            looked: Instant(sql::mark(&telemetry, "looked").await?),
            main,
            telemetry,
        };
        let mut known = HashSet::new();
        for row in sql::dues(&brain.telemetry).await? {
            known.insert(row.elder);
            if let Some(due) = row.due {
                brain.rest(row.elder, due);
            }
        }
        for no in sql::everyone(&brain.main).await? {
            if known.insert(no) {
                brain.rest(no, now);
            }
        }
        Ok(brain)
    }

    fn rest(&mut self, no: i64, due: Instant) {
        self.resting.insert(no, due);
        self.timers.push(Reverse((due, no)));
    }

    /// Steps through what the log holds beyond the stored states. Alarms that were raised before are known by their keys.
    async fn replay(&mut self) -> Result<Batch> {
        let mut after = sql::mark(&self.telemetry, "folded").await?;
        let (mut follows, now) = (Follows::default(), self.main.now());
        let mut n = 0u64;
        loop {
            let rows = sql::log(self.telemetry.read(), after, i64::MAX, 64).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in rows {
                let all = codec::all(&row.data)?;
                let elders: Vec<i64> = all.iter().map(|s| s.elder).collect();
                self.load(&elders, now).await?;
                for s in &all {
                    n += 1;
                    if let Some(ward) = self.wards.get_mut(&s.elder)
                        && row.seq > ward.stored_seq
                    {
                        ward.step(s, &mut follows);
                    }
                }
            }
            tokio::task::yield_now().await;
        }
        self.in_log = n;
        let all: Vec<i64> = self.wards.keys().copied().collect();
        all.into_iter().for_each(|no| self.set_timer(no));
        if n > 0 {
            tracing::info!(readings = n, elders = self.wards.len(), "readings since the last fold judged again");
        }
        let alarms = follows.alarms.into_iter().map(|a| (a, None)).collect();
        Ok(Batch { alarms, remarks: follows.remarks, ..Batch::default() })
    }

    async fn run(
        mut self,
        mut urgent: mpsc::Receiver<Message>,
        mut normal: mpsc::Receiver<Message>,
        batches: &mpsc::Sender<Batch>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let max = self.size.batch;
        let mut messages: Vec<Message> = Vec::with_capacity(max);
        let mut calls: Vec<Message> = Vec::new();
        let (mut urgent_open, mut normal_open) = (true, true);
        // A look at what is due that made way for a call for help.
        let mut owed = false;
        loop {
            let mut pass = std::mem::take(&mut owed);
            let must = pass;
            tokio::select! {
                biased;
                n = urgent.recv_many(&mut calls, max), if urgent_open => urgent_open = n > 0,
                _ = stop.wait_for(|s| *s) => break,
                _ = look.tick() => pass = true,
                () = std::future::ready(()), if must => {}
                n = normal.recv_many(&mut messages, max), if normal_open => normal_open = n > 0,
            }
            if !urgent_open && !normal_open {
                break;
            }
            // A place in the way to the disk first; what came in while waiting for it is in the same batch.
            let Ok(place) = batches.reserve().await else { break };
            while let Ok(m) = urgent.try_recv() {
                calls.push(m);
            }
            while messages.len() < max {
                let Ok(m) = normal.try_recv() else { break };
                messages.push(m);
            }
            if pass && !must && !calls.is_empty() {
                // Once: what is due comes right behind the call.
                (pass, owed) = (false, true);
            }
            messages.splice(0..0, calls.drain(..));
            let batch = self.decide(&mut messages, pass).await;
            if !batch.is_empty() {
                place.send(batch);
            }
        }
        // What is stored now need not be stepped through at the next start.
        let dirty: Vec<i64> = self.wards.values().filter(|w| w.dirty).map(|w| w.no).collect();
        for part in dirty.chunks(STATES) {
            let mut states = Vec::with_capacity(part.len());
            for no in part {
                states.extend(self.wards.get_mut(no).map(|w| w.row(self.seq)));
            }
            if batches.send(Batch { states, ..Batch::default() }).await.is_err() {
                break;
            }
        }
    }

    async fn decide(&mut self, messages: &mut Vec<Message>, pass: bool) -> Batch {
        let now = self.main.now();
        let (mut batch, mut follows) = (Batch::default(), Follows::default());
        self.batch_no += 1;
        let elders: Vec<i64> = messages.iter().filter_map(|m| m.device.bound.map(|b| b.no)).collect();
        self.load_surely(&elders, now).await;
        let mut touched: Vec<i64> = Vec::with_capacity(messages.len());
        for m in messages.drain(..) {
            self.take(m, &mut batch, &mut follows, &mut touched);
        }
        if pass {
            // What the second brings may wait a second; a look that fails is looked again.
            if let Err(e) = self.look(now, &mut batch, &mut follows, &mut touched).await {
                tracing::error!(error = %e, "the watch could not look at what is due; it looks again in a second");
            }
        }
        if batch.readings.len() > 0 {
            self.seq += 1;
            self.in_log += batch.readings.len() as u64;
        }
        batch.seq = self.seq;
        batch.alarms.extend(follows.alarms.into_iter().map(|a| (a, None)));
        batch.remarks = follows.remarks;
        touched.sort_unstable();
        touched.dedup();
        for no in touched {
            self.set_timer(no);
            if let Some(w) = self.wards.get_mut(&no)
                && w.must_store
            {
                batch.states.push(w.row(self.seq));
            }
        }
        self.tend_log(now, &mut batch);
        batch
    }

    fn take(&mut self, m: Message, batch: &mut Batch, follows: &mut Follows, touched: &mut Vec<i64>) {
        if let Some(bound) = m.device.bound
            && let Some(ward) = self.wards.get_mut(&bound.no)
        {
            ward.used = self.batch_no;
            let mut battery = None;
            for said in &m.said {
                if let vigil::Measure::Battery(percent) = said.what {
                    battery = Some(percent);
                }
                let s = Stored {
                    elder: bound.no,
                    device: m.device.no,
                    slot: bound.slot,
                    at: said.at,
                    received: m.received,
                    what: said.what.encode(),
                };
                batch.readings.push(&s);
                ward.step(&s, follows);
            }
            if touched.last() != Some(&bound.no) {
                touched.push(bound.no);
            }
            let heard = self.heard.entry(m.device.no).or_insert((m.received, None));
            heard.0 = m.received;
            heard.1 = battery.or(heard.1);
        }
        let ticket = m.ticket.as_ref().map(|_| batch.tickets.len());
        batch.alarms.extend(follows.alarms.drain(..).map(|a| (a, ticket)));
        batch.tickets.extend(m.ticket);
    }

    /// What is due, what people closed, what changed.
    async fn look(
        &mut self,
        now: Instant,
        batch: &mut Batch,
        follows: &mut Follows,
        touched: &mut Vec<i64>,
    ) -> Result<()> {
        let since = Instant(self.looked.0.min(now.0)).plus_ms(-BACK_MS);
        // Only what is not in memory as it stands now: after an import of thousands of devices each of the next looks
        // would read all of them, and calls for help wait behind that.
        let changed = sql::changed(&self.main, since).await?;
        let in_hand = |c: &sql::ChangedRow| self.wards.get(&c.no).is_some_and(|w| w.version == c.version);
        let news: Vec<i64> = changed.iter().filter(|c| !in_hand(c)).map(|c| c.no).collect();
        self.load(&news, now).await?;
        for w in devices::watched(&self.main, &news).await? {
            let no = w.no;
            if let Some(ward) = self.wards.get_mut(&no) {
                ward.change(w, now);
                touched.push(no);
            }
        }
        let closed = sql::closed(&self.main, since).await?;
        self.load(&closed.iter().map(|c| c.no).collect::<Vec<_>>(), now).await?;
        for c in closed {
            let Some(kind) = vigil::AlarmKind::parse(&c.kind) else { continue };
            if let Some(ward) = self.wards.get_mut(&c.no) {
                ward.close(kind, c.closed_at, now);
                touched.push(c.no);
            }
        }
        if now.since(self.looked).abs() > Instant::MINUTE {
            batch.marks.push(("looked", now.0));
            self.looked = now;
        }
        let mut due = Vec::new();
        while let Some(Reverse((at, no))) = self.timers.peek().copied() {
            if at > now || due.len() >= TICKS {
                break;
            }
            self.timers.pop();
            let current = self.wards.get(&no).map_or_else(|| self.resting.get(&no).copied(), |w| w.due);
            if current == Some(at) {
                due.push(no);
            }
        }
        if let Err(e) = self.load(&due, now).await {
            due.into_iter().for_each(|no| self.timers.push(Reverse((now, no))));
            return Err(e);
        }
        for no in due {
            if let Some(ward) = self.wards.get_mut(&no) {
                ward.due = None;
                ward.tick(now, follows);
                touched.push(no);
            }
        }
        Ok(())
    }

    fn set_timer(&mut self, no: i64) {
        let Some(ward) = self.wards.get_mut(&no) else { return };
        let next = ward.state.next_due();
        if next != ward.due {
            ward.due = next;
            if let Some(at) = next {
                self.timers.push(Reverse((at, no)));
            }
        }
        // Stale entries are told apart when they come up; when they are most, the heap is made anew.
        if self.timers.len() > 4 * (self.wards.len() + self.resting.len()) + 1_024 {
            let mine = self.wards.values().filter_map(|w| Some(Reverse((w.due?, w.no))));
            self.timers = mine.chain(self.resting.iter().map(|(no, at)| Reverse((*at, *no)))).collect();
        }
    }

    /// Folds the log when it is long or old: first every state that changed is stored, some with each batch.
    fn tend_log(&mut self, now: Instant, batch: &mut Batch) {
        let old = now.since(self.log_since).abs() > self.size.fold_minutes * Instant::MINUTE;
        let full = self.in_log >= self.size.fold_readings || self.wards.len() > 2 * self.size.elders;
        if self.folding.is_none() && self.in_log > 0 && (full || old) {
            let dirty = self.wards.values().filter(|w| w.dirty).map(|w| w.no).collect();
            self.folding = Some((self.seq, dirty));
            (self.in_log, self.log_since) = (0, now);
        }
        let Some((upto, mut rest)) = self.folding.take() else { return };
        let some = rest.split_off(rest.len().saturating_sub(STATES));
        for no in some {
            if let Some(w) = self.wards.get_mut(&no)
                && w.dirty
                && w.stored_seq < upto
            {
                batch.states.push(w.row(self.seq));
            }
        }
        let heard: Vec<i64> = self.heard.keys().copied().take(STATES).collect();
        for d in heard {
            if let Some((at, battery)) = self.heard.remove(&d) {
                batch.heard.push((d, at, battery));
            }
        }
        if rest.is_empty() && self.heard.len() <= STATES {
            batch.fold = Some(upto);
            self.forget();
        } else {
            self.folding = Some((upto, rest));
        }
    }

    /// Lets go of the elders not heard of for longest, beyond the size of the cache. Only those that are stored.
    fn forget(&mut self) {
        let over = self.wards.len().saturating_sub(self.size.elders);
        if over == 0 {
            return;
        }
        let mut clean: Vec<(u64, i64)> = self.wards.values().filter(|w| !w.dirty).map(|w| (w.used, w.no)).collect();
        clean.sort_unstable();
        for (_, no) in clean.into_iter().take(over) {
            if let Some(due) = self.wards.remove(&no).and_then(|w| w.due) {
                self.resting.insert(no, due);
            }
        }
    }

    async fn load_surely(&mut self, elders: &[i64], now: Instant) {
        let mut pause = 50;
        while let Err(e) = self.load(elders, now).await {
            self.counters.blocked(now);
            tracing::error!(error = %e, "the watch cannot read what it knows; it waits");
            tokio::time::sleep(Duration::from_millis(pause)).await;
            pause = (pause * 2).min(2_000);
        }
    }

    /// Brings elders into memory.
    async fn load(&mut self, elders: &[i64], now: Instant) -> Result<()> {
        let mut missing: Vec<i64> = elders.iter().copied().filter(|no| !self.wards.contains_key(no)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        let mut rows: HashMap<i64, sql::StateRow> =
            sql::states(&self.telemetry, &missing).await?.into_iter().map(|r| (r.elder, r)).collect();
        for w in devices::watched(&self.main, &missing).await? {
            let no = w.no;
            let row = rows.remove(&no);
            let new = row.is_none();
            let mut ward = Ward::new(w, row, now);
            ward.used = self.batch_no;
            // Whoever is new is stored with the next batch, so that the next start need not look at all of them again.
            (ward.dirty, ward.must_store) = (new, new);
            ward.due = self.resting.remove(&no);
            self.wards.insert(no, ward);
            if new {
                self.set_timer(no);
            }
        }
        Ok(())
    }
}

/// The application's place for the watch's figures; empty where no watch runs in this process.
#[derive(Default)]
pub struct Watching(std::sync::OnceLock<Stats>);

impl Watching {
    /// The watch runs. A second one in a process would be a mistake of ours; the first stays.
    pub fn begin(&self, stats: Stats) {
        let _ = self.0.set(stats);
    }
    pub fn stats(&self) -> Option<&Stats> {
        self.0.get()
    }
}
