//! The second half of the way: what was decided is stored, then the tickets are done.
use super::codec::Packer;
use super::store::{self as sql, Remark, StateRow};
use super::ticket::{Lane, Line};
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
use tokio::sync::mpsc;

/// One group commit.
#[derive(Default)]
pub(super) struct Batch {
    pub seq: i64,
    pub readings: Packer,
    pub alarms: Vec<NewAlarm>,
    pub states: Vec<StateRow>,
    pub remarks: Vec<Remark>,
    pub heard: Vec<(i64, Instant, Option<u8>)>,
    pub marks: Vec<(&'static str, i64)>,
    pub tickets: Vec<(Arc<Line>, Lane, u64)>,
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
const PAUSE_MS: u64 = 50;
const PAUSE_MAX_MS: u64 = 2_000;
/// How often one alarm alone may fail while the database answers, before it is written to the log and left.
const ALONE: usize = 5;

pub(super) async fn run(
    main: Db,
    telemetry: Db,
    bell: Bell,
    mut batches: mpsc::Receiver<Batch>,
    counters: Arc<Counters>,
) {
    let (folder, mut folds) = mpsc::channel::<i64>(1);
    let own = telemetry.clone();
    let folding = tokio::spawn(async move {
        while let Some(upto) = folds.recv().await {
            if let Err(e) = sql::fold(&own, upto).await {
                // The log stays; the next fold takes it with it.
                tracing::error!(error = %e, "folding the log failed; it is tried with the next");
            }
        }
    });
    while let Some(mut batch) = batches.recv().await {
        let alarms = std::mem::take(&mut batch.alarms);
        if !alarms.is_empty() {
            raise_all(&main, &alarms, &counters).await;
            bell.ring();
        }
        let tickets = std::mem::take(&mut batch.tickets);
        let fold = batch.fold;
        keep(&telemetry, batch, &counters).await;
        // One wake-up a connection and lane, though it had many messages in the batch.
        let mut last: HashMap<(*const Line, bool), (Arc<Line>, Lane, u64)> = HashMap::with_capacity(tickets.len());
        for (line, lane, number) in tickets {
            let key = (Arc::as_ptr(&line), lane == Lane::Urgent);
            last.entry(key).and_modify(|x| x.2 = x.2.max(number)).or_insert((line, lane, number));
        }
        for (line, lane, number) in last.into_values() {
            line.finish(lane, number);
        }
        if let Some(upto) = fold {
            // A fold still going on takes the next one with it later.
            let _ = folder.try_send(upto);
        }
    }
    drop(folder);
    let _ = folding.await;
}

/// Raises alarms in one transaction; where that fails, each by itself, so that none stands in another's way.
async fn raise_all(main: &Db, alarms: &[NewAlarm], counters: &Counters) {
    let mut pause = PAUSE_MS;
    loop {
        match together(main, alarms).await {
            Ok(()) => break,
            Err(e) if main.ping().await.is_err() => wait(&mut pause, counters, &e).await,
            Err(e) => {
                tracing::warn!(error = %e, alarms = alarms.len(), "alarms are raised one by one");
                for a in alarms {
                    raise_one(main, a, counters).await;
                }
                break;
            }
        }
    }
    counters.alarms.fetch_add(alarms.len() as u64, Ordering::Relaxed);
}

async fn together(main: &Db, alarms: &[NewAlarm]) -> Result<()> {
    let tx = main.begin().await?;
    for a in alarms {
        raise(&tx, main, a.clone()).await?;
    }
    tx.commit().await
}

async fn raise_one(main: &Db, alarm: &NewAlarm, counters: &Counters) {
    let (mut pause, mut failed) = (PAUSE_MS, 0);
    loop {
        match together(main, std::slice::from_ref(alarm)).await {
            Ok(()) => return,
            Err(Error::NotFound(_)) => {
                tracing::error!(elder = %alarm.elder, key = %alarm.key, "an alarm of nobody: the elder's archive is gone");
                return;
            }
            Err(e) => {
                if main.ping().await.is_ok() {
                    failed += 1;
                }
                if failed >= ALONE {
                    tracing::error!(error = %e, elder = %alarm.elder, key = %alarm.key, kind = alarm.kind.code(), "an alarm could not be raised");
                    counters.failed.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                wait(&mut pause, counters, &e).await;
            }
        }
    }
}

async fn wait(pause: &mut u64, counters: &Counters, e: &Error) {
    counters.retries.fetch_add(1, Ordering::Relaxed);
    tracing::error!(error = %e, pause_ms = *pause, "not stored; devices wait for their acknowledgement");
    tokio::time::sleep(Duration::from_millis(*pause)).await;
    *pause = (*pause * 2).min(PAUSE_MAX_MS);
}

async fn keep(telemetry: &Db, batch: Batch, counters: &Counters) {
    let n = batch.readings.len();
    let data = batch.readings.finish();
    let mut pause = PAUSE_MS;
    let nothing = n == 0
        && batch.states.is_empty()
        && batch.remarks.is_empty()
        && batch.heard.is_empty()
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
                wait(&mut pause, counters, &e).await;
            }
        }
    }
    counted(counters, n);
}

fn counted(counters: &Counters, n: usize) {
    counters.readings.fetch_add(n as u64, Ordering::Relaxed);
    counters.commits.fetch_add(1, Ordering::Relaxed);
}
