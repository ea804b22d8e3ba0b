#![allow(clippy::unwrap_used)]

use async_trait::async_trait;
use kernel::{Actor, Error, Instant, JobId, OrgScope, Result, Scope};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::testing::{NOW, each_engine};
use store::{Db, Migration};
use work::{Event, Job, JobCtx, JobState, Runner, Schedule, Subscriber, emit, enqueue};

fn scope() -> Scope {
    Scope { region: "4415".parse().unwrap(), org: OrgScope::Any }
}
fn actor() -> Actor {
    Actor::Platform { job: "test", scope: scope() }
}

struct Count(Arc<AtomicI64>, i64);
#[async_trait]
impl Job for Count {
    fn kind(&self) -> &'static str {
        "count"
    }
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        ctx.progress(1, 2, "一半").await?;
        if self.0.fetch_add(1, Ordering::SeqCst) < self.1 {
            return Err(Error::Internal("not yet".into()));
        }
        Ok(payload)
    }
}
struct Heard(Arc<AtomicI64>);
#[async_trait]
impl Subscriber for Heard {
    fn name(&self) -> &'static str {
        "heard"
    }
    fn topics(&self) -> &'static [&'static str] {
        &["elder.changed"]
    }
    async fn handle(&self, _: &Db, e: &Event) -> Result<()> {
        self.0.fetch_add(e.payload["n"].as_i64().unwrap_or(0), Ordering::SeqCst);
        Ok(())
    }
}

fn migrations() -> &'static [Migration] {
    work::MIGRATIONS
}

fn runner(db: &Db, runs: &Arc<AtomicI64>, failures: i64, heard: &Arc<AtomicI64>, schedules: Vec<Schedule>) -> Runner {
    Runner {
        db: db.clone(),
        jobs: Arc::new(vec![Arc::new(Count(runs.clone(), failures))]),
        schedules: Arc::new(schedules),
        subscribers: Arc::new(vec![Arc::new(Heard(heard.clone()))]),
        scope: scope(),
    }
}

async fn ask(db: &Db, key: &str) -> JobId {
    let tx = db.begin().await.unwrap();
    let id =
        enqueue(&tx, db, &actor(), "count", key, "数一数", &serde_json::json!({"a": 1}), scope().region).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_job_is_retried_with_pauses_and_its_key_is_unique() {
    each_engine(migrations(), |db| async move {
        let (runs, heard) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let r = runner(&db, &runs, 2, &heard, vec![]);
        let id = ask(&db, "k").await;
        assert_eq!(ask(&db, "k").await, id);
        r.drain().await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1, "the retry waits");
        for _ in 0..5 {
            db.clock().set(db.now().plus_ms(Instant::MINUTE));
            r.drain().await.unwrap();
        }
        let row = work::job(&db, &scope(), id).await.unwrap().unwrap();
        assert_eq!((row.state(), runs.load(Ordering::SeqCst)), (JobState::Done, 3));
        assert_eq!(row.result.as_deref(), Some("{\"a\":1}"));
        let other = Scope { region: "4416".parse().unwrap(), org: OrgScope::Any };
        assert!(work::job(&db, &other, id).await.unwrap().is_none(), "another region does not see it");
    })
    .await;
}

#[tokio::test]
async fn an_event_exists_only_if_its_cause_was_stored() {
    each_engine(migrations(), |db| async move {
        let (runs, heard) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let r = runner(&db, &runs, 0, &heard, vec![]);
        let tx = db.begin().await.unwrap();
        emit(&tx, &db, "elder.changed", serde_json::json!({"n": 5})).await.unwrap();
        tx.rollback().await.unwrap();
        let tx = db.begin().await.unwrap();
        emit(&tx, &db, "elder.changed", serde_json::json!({"n": 7})).await.unwrap();
        tx.commit().await.unwrap();
        r.drain().await.unwrap();
        r.drain().await.unwrap();
        assert_eq!(heard.load(Ordering::SeqCst), 7);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_runs_once_a_day_also_when_the_machine_started_late() {
    each_engine(migrations(), |db| async move {
        let (runs, heard) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let daily = Schedule {
            kind: "count",
            title: "每日",
            minute: 10,
            period: |d| Some(d.to_string()),
            payload: |d| serde_json::json!({ "day": d }),
        };
        let r = runner(&db, &runs, 0, &heard, vec![daily]);
        r.drain().await.unwrap();
        r.drain().await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        db.clock().set(NOW.plus_ms(Instant::DAY));
        r.drain().await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    })
    .await;
}

/// Dies in the middle the first time: its process is gone and nobody marks anything.
struct Dies(Arc<AtomicI64>);
#[async_trait]
impl Job for Dies {
    fn kind(&self) -> &'static str {
        "count"
    }
    async fn run(&self, ctx: &JobCtx, _: serde_json::Value) -> Result<serde_json::Value> {
        ctx.progress(1, 2, "一半").await?;
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            std::future::pending::<()>().await;
        }
        Ok(serde_json::json!("to the end"))
    }
}

fn mortal(db: &Db, runs: &Arc<AtomicI64>) -> Runner {
    Runner {
        jobs: Arc::new(vec![Arc::new(Dies(runs.clone()))]),
        ..runner(db, &Arc::new(AtomicI64::new(0)), 0, &Arc::new(AtomicI64::new(0)), vec![])
    }
}

/// Starts the job and drops it in the middle, as a kill does.
async fn killed(r: &Runner, id: JobId, runs: &Arc<AtomicI64>) {
    let begun = async {
        while runs.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        _ = r.run_job(id) => panic!("it does not come to its end"),
        () = begun => {}
    }
}

#[tokio::test]
async fn a_job_whose_process_was_killed_is_taken_over_once_its_lease_is_over() {
    each_engine(migrations(), |db| async move {
        let runs = Arc::new(AtomicI64::new(0));
        let r = mortal(&db, &runs);
        let id = ask(&db, "k").await;
        killed(&r, id, &runs).await;
        let payload = serde_json::json!({"a": 1});
        let state = |db: Db| async move { work::job(&db, &scope(), id).await.unwrap().unwrap().state() };
        assert_eq!(state(db.clone()).await, JobState::Running);
        assert_eq!(work::running(&db, "count", &payload, scope().region).await.unwrap(), Some(id));
        let other = serde_json::json!({"a": 2});
        assert_eq!(work::running(&db, "count", &other, scope().region).await.unwrap(), None);
        r.drain().await.unwrap();
        assert_eq!(state(db.clone()).await, JobState::Running, "its owner may still live");
        db.clock().set(db.now().plus_ms(15_001));
        // A server's next round takes it over; so would the command line.
        r.drain().await.unwrap();
        assert_eq!((state(db.clone()).await, runs.load(Ordering::SeqCst)), (JobState::Done, 2));
        assert_eq!(work::running(&db, "count", &payload, scope().region).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_command_line_waits_for_a_job_that_is_run_and_takes_it_over_when_its_owner_is_gone() {
    each_engine(migrations(), |db| async move {
        let runs = Arc::new(AtomicI64::new(0));
        let r = mortal(&db, &runs);
        let id = ask(&db, "k").await;
        killed(&r, id, &runs).await;
        let waits = r.run_job(id);
        let time_passes = async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            assert_eq!(runs.load(Ordering::SeqCst), 1, "it waits as long as the owner may live");
            db.clock().set(db.now().plus_ms(15_001));
        };
        let (result, ()) = tokio::join!(waits, time_passes);
        assert_eq!(result.unwrap(), serde_json::json!("to the end"));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    })
    .await;
}

/// Loses its lease in the middle: another process takes the job over and finishes it first.
struct Slow {
    other: Runner,
    refused: Arc<AtomicI64>,
}
#[async_trait]
impl Job for Slow {
    fn kind(&self) -> &'static str {
        "count"
    }
    async fn run(&self, ctx: &JobCtx, _: serde_json::Value) -> Result<serde_json::Value> {
        ctx.db.clock().set(ctx.db.now().plus_ms(15_001));
        self.other.drain().await?;
        if ctx.progress(1, 2, "还在做").await.is_err() {
            self.refused.fetch_add(1, Ordering::SeqCst);
        }
        Ok(serde_json::json!("too late"))
    }
}

#[tokio::test]
async fn whoever_lost_a_job_can_no_longer_tell_of_it_or_end_it() {
    each_engine(migrations(), |db| async move {
        let (runs, refused) = (Arc::new(AtomicI64::new(1)), Arc::new(AtomicI64::new(0)));
        let slow = Slow { other: mortal(&db, &runs), refused: refused.clone() };
        let r = Runner { jobs: Arc::new(vec![Arc::new(slow)]), ..mortal(&db, &runs) };
        let id = ask(&db, "k").await;
        assert_eq!(r.run_job(id).await.unwrap(), serde_json::json!("to the end"));
        assert_eq!((runs.load(Ordering::SeqCst), refused.load(Ordering::SeqCst)), (2, 1));
        let row = work::job(&db, &scope(), id).await.unwrap().unwrap();
        assert_eq!((row.state(), row.note.as_str()), (JobState::Done, "一半"));
    })
    .await;
}
