//! The second half of the way: what was decided is stored, then the tickets are done.
use super::codec::Packer;
use super::held::{self, Held};
use super::store::{self as sql, Remark, StateRow};
use super::ticket::{Lane, Line, Ticket};
use super::watch::Counters;
use crate::bell::Bell;
use crate::model::NewAlarm;
use crate::service::raise;
use ::store::Db;
use kernel::{Error, Instant, Result};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// One group commit.
#[derive(Default)]
pub(super) struct Batch {
    pub seq: i64,
    pub readings: Packer,
    /// Each with the place in `tickets` of the message it came with; what time brought came with none.
    pub alarms: Vec<(NewAlarm, Option<usize>)>,
    pub states: Vec<StateRow>,
    pub remarks: Vec<Remark>,
    pub heard: Vec<(i64, Instant, Option<u8>)>,
    pub marks: Vec<(&'static str, i64)>,
    pub tickets: Vec<Ticket>,
    /// Keys of alarms that could not be raised.
    pub held: Vec<String>,
    /// Fold the log up to here afterwards.
    pub fold: Option<i64>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.readings.len() == 0
            && self.alarms.is_empty()
            && self.states.is_empty()
            && self.remarks.is_empty()
            && self.marks.is_empty()
            && self.tickets.is_empty()
            && self.fold.is_none()
    }
}

/// First and longest pause before a database that does not answer is asked again.
pub(super) const PAUSE_MS: u64 = 50;
pub(super) const PAUSE_MAX_MS: u64 = 2_000;
/// How long alarms are tried one by one before those that still fail are tried beside the queue.
const ALONE: Duration = Duration::from_millis(500);

pub(super) async fn run(
    main: Db,
    telemetry: Db,
    bell: Bell,
    mut batches: mpsc::Receiver<Batch>,
    counters: Arc<Counters>,
    held: Arc<Held>,
) {
    let trying =
        tokio::spawn(held::retry(held.clone(), main.clone(), telemetry.clone(), bell.clone(), counters.clone()));
    // Only the newest counts: a fold takes everything before it along, and the last one asked for is never left out.
    let (folder, mut folds) = watch::channel(0_i64);
    let own = telemetry.clone();
    let folding = tokio::spawn(async move {
        while folds.changed().await.is_ok() {
            let upto = *folds.borrow_and_update();
            if let Err(e) = sql::fold(&own, upto).await {
                // The log stays; the next fold takes it with it.
                tracing::error!(error = %e, "folding the log failed; it is tried with the next");
            }
        }
    });
    while let Some(mut batch) = batches.recv().await {
        let alarms = std::mem::take(&mut batch.alarms);
        if !alarms.is_empty() {
            batch.held = raise_all(&main, alarms, &batch.tickets, &counters, &held).await;
            bell.ring();
        }
        let tickets = std::mem::take(&mut batch.tickets);
        let fold = batch.fold;
        keep(&telemetry, batch, &counters, &held).await;
        // One wake-up a connection and lane, though it had many messages in the batch.
        let mut last: HashMap<(*const Line, bool), (Arc<Line>, Lane, u64)> = HashMap::with_capacity(tickets.len());
        for (line, lane, number) in tickets {
            let key = (Arc::as_ptr(&line), lane == Lane::Urgent);
            last.entry(key).and_modify(|x| x.2 = x.2.max(number)).or_insert((line, lane, number));
        }
        for (line, lane, number) in last.into_values() {
            held.stored(&line, lane, number);
        }
        if let Some(upto) = fold {
            folder.send_replace(upto);
        }
    }
    drop(folder);
    let _ = folding.await;
    // What waits still lies in the readings' database.
    trying.abort();
}

/// Raises alarms in one transaction; where that fails, each by itself, so that none stands in another's way. Those that
/// still fail are kept and tried beside the queue; their keys come back.
async fn raise_all(
    main: &Db,
    alarms: Vec<(NewAlarm, Option<usize>)>,
    tickets: &[Ticket],
    counters: &Counters,
    held: &Held,
) -> Vec<String> {
    let (all, of): (Vec<NewAlarm>, Vec<Option<usize>>) = alarms.into_iter().unzip();
    let mut pause = PAUSE_MS;
    loop {
        match together(main, &all).await {
            Ok(()) => {
                counters.flows();
                counters.alarms.fetch_add(all.len() as u64, Ordering::Relaxed);
                return Vec::new();
            }
            Err(e) if main.ping().await.is_err() => wait(&mut pause, counters, main, &e).await,
            Err(e) => {
                tracing::warn!(error = %e, alarms = all.len(), "alarms are raised one by one");
                break;
            }
        }
    }
    let until = tokio::time::Instant::now() + ALONE;
    let mut keys = Vec::new();
    for (alarm, ticket) in all.into_iter().zip(of) {
        match alone(main, &alarm, until).await {
            Ok(()) => _ = counters.alarms.fetch_add(1, Ordering::Relaxed),
            Err(Error::NotFound(_)) => held::nobodys(&alarm, counters),
            Err(e) => {
                tracing::error!(error = %e, elder = %alarm.elder, key = %alarm.key, kind = alarm.kind.code(), "an alarm could not be raised; it waits");
                counters.blocked(main.now());
                held.room().await;
                keys.push(alarm.key.clone());
                held.keep(alarm, ticket.and_then(|t| tickets.get(t).cloned()), main.now());
            }
        }
    }
    counters.flows();
    keys
}

pub(super) async fn together(main: &Db, alarms: &[NewAlarm]) -> Result<()> {
    let tx = main.begin().await?;
    for a in alarms {
        raise(&tx, main, a.clone()).await?;
    }
    tx.commit().await
}

/// One alarm, a few times while there is time: two machines may have met at one row.
async fn alone(main: &Db, alarm: &NewAlarm, until: tokio::time::Instant) -> Result<()> {
    let mut pause = PAUSE_MS / 4;
    loop {
        if tokio::time::Instant::now() >= until {
            return Err(Error::Internal("no time left to try it in the queue".into()));
        }
        match together(main, std::slice::from_ref(alarm)).await {
            Err(e) if !matches!(e, Error::NotFound(_)) && pause < 4 * PAUSE_MS => {
                tracing::debug!(error = %e, key = %alarm.key, "tried again");
                tokio::time::sleep(Duration::from_millis(pause)).await;
                pause *= 2;
            }
            done => return done,
        }
    }
}

async fn wait(pause: &mut u64, counters: &Counters, db: &Db, e: &Error) {
    counters.blocked(db.now());
    counters.retries.fetch_add(1, Ordering::Relaxed);
    tracing::error!(error = %e, pause_ms = *pause, "not stored; devices wait for their acknowledgement");
    tokio::time::sleep(Duration::from_millis(*pause)).await;
    *pause = (*pause * 2).min(PAUSE_MAX_MS);
}

async fn keep(telemetry: &Db, batch: Batch, counters: &Counters, held: &Held) {
    let n = batch.readings.len();
    let data = batch.readings.finish();
    let mut pause = PAUSE_MS;
    let nothing = n == 0
        && batch.states.is_empty()
        && batch.remarks.is_empty()
        && batch.heard.is_empty()
        && batch.held.is_empty()
        && batch.marks.is_empty();
    if nothing {
        return counted(counters, n);
    }
    loop {
        let done = async {
            let tx = telemetry.begin().await?;
            if n > 0 {
                sql::append(&tx, batch.seq, n, data.clone()).await?;
            }
            sql::save_states(&tx, batch.states.clone()).await?;
            sql::save_remarks(&tx, &batch.remarks).await?;
            sql::save_heard(&tx, batch.heard.clone()).await?;
            sql::save_held(&tx, telemetry, &held.still(&batch.held)).await?;
            for (name, value) in &batch.marks {
                sql::set_mark(&tx, name, *value).await?;
            }
            tx.commit().await
        };
        match done.await {
            Ok(()) => break,
            Err(e) => {
                // The commit may have arrived though its answer did not.
                if n > 0 && sql::holds(telemetry, batch.seq, &data).await.unwrap_or(false) {
                    break;
                }
                wait(&mut pause, counters, telemetry, &e).await;
            }
        }
    }
    counters.flows();
    counted(counters, n);
}

fn counted(counters: &Counters, n: usize) {
    counters.readings.fetch_add(n as u64, Ordering::Relaxed);
    counters.commits.fetch_add(1, Ordering::Relaxed);
}
