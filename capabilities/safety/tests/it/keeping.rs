//! Readings are kept whole, then as hours, then not at all; by a job that can be broken off.

use crate::common::watched::{Running, all, worn};
use crate::common::{CITY, COUNTY, at, county, region, scope};
use kernel::{CivilDate, ElderId};
use safety::readings::{self, Start};
use std::sync::Arc;
use std::time::Duration;
use store::testing::each_engine;
use store::{Db, SqlExt};
use vigil::Measure;

const NOW: &str = "2026-11-20T10:00";

async fn rows(db: &Db, table: &str) -> i64 {
    db.read().scalar(&format!("SELECT COUNT(*) FROM {table}"), vec![]).await.unwrap().unwrap()
}

/// Waits until the log is folded away.
async fn folded(db: &Db) {
    let began = std::time::Instant::now();
    while rows(db, "reading_log").await > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "folded");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The nightly job, once.
async fn night(db: &Db, days: i64, n: i64) -> serde_json::Value {
    let runner = work::Runner {
        db: db.clone(),
        jobs: Arc::new(readings::jobs(db, days)),
        schedules: Arc::new(Vec::new()),
        subscribers: Arc::new(Vec::new()),
        scope: scope(CITY),
    };
    let tx = db.begin().await.unwrap();
    let payload = serde_json::Value::Null;
    let key = format!("keep:{n}");
    let id = work::enqueue(&tx, db, &county(), "readings-keep", &key, "压缩", &payload, region(COUNTY)).await.unwrap();
    tx.commit().await.unwrap();
    runner.run_job(id).await.unwrap()
}

async fn hours(db: &Db, elder: ElderId, day: CivilDate) -> Vec<(i64, i32, i32)> {
    let all = readings::hours(db, db, &scope(COUNTY), elder, day, day).await.unwrap();
    all.iter().map(|h| (h.n, h.min, h.max)).collect()
}

#[tokio::test]
async fn old_days_become_hours_late_ones_join_them_and_the_rule_erases() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start { fold_readings: 1, ..Start::default() }).await;
        let old = t.date().plus_days(-100);
        let pulse = |minute: i64, v: u16| (old.at(10, 0).plus_minutes(minute), Measure::HeartRate(v));
        run.store(&device, t, &[pulse(5, 70), pulse(6, 80), pulse(7, 60)]).await;
        folded(&db).await;
        run.store(&device, t, &[(t, Measure::HeartRate(75))]).await;
        folded(&db).await;
        let did = night(&db, 1_000, 1).await;
        assert_eq!(did["compacted"], 1, "{did}");
        assert_eq!(hours(&db, elder, old).await, [(3, 60, 80)]);
        assert_eq!(rows(&db, "reading_block").await, 1, "today stays whole");
        assert_eq!(hours(&db, elder, t.date()).await, [(1, 75, 75)]);
        // What a device had kept for a hundred days is added, not lost and not put in the place of the rest.
        run.store(&device, t, &[pulse(8, 90)]).await;
        folded(&db).await;
        night(&db, 1_000, 2).await;
        assert_eq!(hours(&db, elder, old).await, [(4, 60, 90)]);
        // Run again with nothing to do it changes nothing.
        assert_eq!(night(&db, 1_000, 3).await["compacted"], 0);
        assert_eq!(hours(&db, elder, old).await, [(4, 60, 90)]);
        let did = night(&db, 95, 4).await;
        assert_eq!(did["erased"], 1, "{did}");
        assert!(hours(&db, elder, old).await.is_empty());
        assert_eq!(hours(&db, elder, t.date()).await, [(1, 75, 75)], "what is young stays");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_fold_that_comes_while_a_day_is_made_hours_is_not_lost() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let (second, other) = worn(&db, 2).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start { fold_readings: 1, ..Start::default() }).await;
        for back in 91..121 {
            let when = t.date().plus_days(-back).at(9, 0);
            run.store(&device, t, &[(when, Measure::HeartRate(70))]).await;
            run.store(&other, t, &[(when, Measure::HeartRate(80))]).await;
        }
        folded(&db).await;
        // Two at once, as a job that was taken over while the first still ran.
        let before = t.date().plus_days(-readings::HOURS_AFTER_DAYS);
        let (a, b) = tokio::join!(readings::compact(&db, before), readings::compact(&db, before));
        assert!(a.is_ok() || b.is_ok(), "{a:?} {b:?}");
        readings::compact(&db, before).await.unwrap();
        for e in [elder, second] {
            let all = readings::hours(&db, &db, &scope(COUNTY), e, t.date().plus_days(-130), t.date()).await.unwrap();
            assert_eq!(all.iter().map(|h| h.n).sum::<i64>(), 30, "each once");
        }
        assert_eq!(rows(&db, "reading_block").await, 0);
        run.end().await;
    })
    .await;
}
