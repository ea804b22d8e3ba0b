//! An alarm that cannot be raised is never given up: it waits, told aloud, holds up nobody, and is raised once.

use crate::common::watched::{NOW, Running, alarms, all, read, worn};
use crate::common::{COUNTY, at, region};
use kernel::{ElderId, Instant};
use safety::devices::Known;
use safety::readings::{Lane, Line, Message, Said, Start};
use safety::service;
use std::sync::Arc;
use std::time::Duration;
use store::testing::{each_engine, sqlite};
use store::{Db, Sql, SqlExt, vals};
use vigil::Measure;

const SOS: Measure = Measure::Sos { unverified: false };

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}");
}

async fn submit(run: &Running, device: &Arc<Known>, at: Instant, what: Measure, line: &Arc<Line>, number: u64) {
    let message = Message::new(device.clone(), at, vec![Said { at, what }]);
    run.intake.submit(message, line, number).await.unwrap();
}

/// A stray row makes every SOS of this elder fail, and nobody else's.
async fn poison(db: &Db, elder: ElderId) {
    let tx = db.begin().await.unwrap();
    let stray = uuid::Uuid::from_u128(7);
    tx.exec(
        "INSERT INTO safety_alarm (id, case_id, elder_id, kind, origin, count, first_at, last_at, unverified, reason)
         VALUES ($1,$1,$2,'sos','device',1,0,0,FALSE,$3)",
        vals![stray, elder, vec![0u8]],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn antidote(db: &Db) {
    let tx = db.begin().await.unwrap();
    tx.exec("DELETE FROM safety_alarm WHERE id = $1", vals![uuid::Uuid::from_u128(7)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn sos_of(db: &Db, elder: ElderId) -> i64 {
    let sql = "SELECT COUNT(*) FROM safety_occurrence o JOIN safety_case c ON c.id = o.case_id WHERE c.elder_id = $1";
    db.read().scalar::<i64>(sql, vals![elder]).await.unwrap().unwrap()
}

async fn waiting(db: &Db) -> i64 {
    db.read().scalar::<i64>("SELECT COUNT(*) FROM reading_held", vec![]).await.unwrap().unwrap()
}

#[tokio::test]
async fn one_that_fails_waits_and_holds_up_nobody() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let (other, second) = worn(&db, 2).await;
        let t = at(NOW);
        poison(&db, elder).await;
        let run = Running::start(&db, Start::default()).await;
        let line = Line::new();
        submit(&run, &device, t, SOS, &line, 1).await;
        until("the alarm waits", async || run.stats.now().unraised == 1).await;
        run.store(&second, t, &[(t, SOS)]).await;
        assert_eq!(sos_of(&db, other).await, 1, "others are not held up");
        // What comes behind it on the same line is stored, and not acknowledged before it.
        submit(&run, &device, t.plus_ms(1), Measure::Fall { unverified: false }, &line, 2).await;
        until("the fall is stored", async || read(&db, elder).await.len() == 2).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(line.done(Lane::Urgent), 0);
        let loud = service::troubles(&db, region(COUNTY), &run.stats).await;
        assert!(loud[0].text.starts_with("林秀珍 一键呼叫：没能立案"), "{loud:?}");
        antidote(&db).await;
        until("acknowledged", async || line.done(Lane::Urgent) == 2).await;
        assert_eq!((sos_of(&db, elder).await, run.stats.now().unraised), (2, 0), "the SOS and the fall, each once");
        until("nothing waits", async || waiting(&db).await == 0).await;
        assert!(service::troubles(&db, region(COUNTY), &run.stats).await.is_empty());
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_waits_survives_a_restart_and_is_raised_once() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let t = at(NOW);
        poison(&db, elder).await;
        let run = Running::start(&db, Start::default()).await;
        let line = Line::new();
        submit(&run, &device, t, SOS, &line, 1).await;
        until("it lies in the database", async || waiting(&db).await == 1).await;
        run.end().await;
        assert_eq!(line.done(Lane::Urgent), 0);
        // Nothing of it hangs on the log: what the watch knows is stored with the end of the run.
        let run = Running::start(&db, Start::default()).await;
        assert_eq!(run.stats.now().unraised, 1);
        // The device says it again: it is the same call.
        let again = Line::new();
        submit(&run, &device, t, SOS, &again, 1).await;
        run.die().await;
        let run = Running::start(&db, Start::default()).await;
        antidote(&db).await;
        until("raised", async || run.stats.now().unraised == 0).await;
        assert_eq!(sos_of(&db, elder).await, 1);
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        until("nothing waits", async || waiting(&db).await == 0).await;
        run.end().await;
    })
    .await;
}

/// As a full disk does it: the write fails and its whole transaction is gone.
async fn full(db: &Db, table: &str) {
    let sql = format!("CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END");
    script(db, &sql).await;
}

async fn script(db: &Db, sql: &str) {
    let tx = db.begin().await.unwrap();
    tx.script(sql).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let (first, second) = (sqlite(&all()).await, sqlite(&all()).await);
    let (db, telemetry) = (first.db.clone(), second.db.clone());
    let mut worn_by = Vec::new();
    for n in 1..=12 {
        worn_by.push(worn(&db, n).await);
    }
    let t = at(NOW);
    let run = Running::over(&db, &telemetry, Start { queue: 64, batch: 8, ..Start::default() }).await;
    full(&db, "safety_case").await;
    full(&telemetry, "reading_log").await;
    let mut lines = Vec::new();
    for (_, device) in &worn_by {
        let line = Line::new();
        submit(&run, device, t, SOS, &line, 1).await;
        lines.push(line);
    }
    until("alarms wait", async || run.stats.now().unraised > 0 && run.stats.now().blocked_since.is_some()).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    db.clock().set(t.plus_ms(30_000));
    let loud = service::troubles(&db, region(COUNTY), &run.stats).await;
    assert!(loud.iter().any(|l| l.text.contains("设备数据存不进去，已 30 秒")), "{loud:?}");
    db.clock().set(t);
    assert!(lines.iter().all(|l| l.done(Lane::Urgent) == 0), "nobody is acknowledged");
    // The disk has room again, for what is raised first.
    script(&db, "DROP TRIGGER full").await;
    until("raised as soon as there is room", async || run.stats.now().unraised == 0).await;
    assert!(lines.iter().all(|l| l.done(Lane::Urgent) == 0), "their readings are not stored yet");
    script(&telemetry, "DROP TRIGGER full").await;
    until("all are acknowledged", async || lines.iter().all(|l| l.done(Lane::Urgent) == 1)).await;
    for (elder, _) in &worn_by {
        assert_eq!(sos_of(&db, *elder).await, 1, "each once");
    }
    until("and nothing is loud", async || service::troubles(&db, region(COUNTY), &run.stats).await.is_empty()).await;
    run.end().await;
    assert_eq!(waiting(&telemetry).await, 0);
}

#[tokio::test]
async fn the_clock_put_back_makes_nothing_late_and_loses_nothing() {
    each_engine(&all(), |db| async move {
        crate::common::usual_roster(&db).await;
        service::seen(&db, &crate::common::operator()).await.unwrap();
        let (first, device) = worn(&db, 1).await;
        let (second, other) = worn(&db, 2).await;
        let t = at(NOW);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, SOS)]).await;
        let back = t.plus_minutes(-30);
        db.clock().set(back);
        service::seen(&db, &crate::common::operator()).await.unwrap();
        run.store(&other, back, &[(back, SOS)]).await;
        run.store(&device, back, &[(back, Measure::Fall { unverified: false })]).await;
        assert_eq!((sos_of(&db, first).await, sos_of(&db, second).await), (2, 1));
        let rungs = async || {
            let sql = "SELECT COUNT(*) FROM safety_event WHERE kind = 'rung'";
            db.read().scalar::<i64>(sql, vec![]).await.unwrap().unwrap()
        };
        crate::common::look(&db).await;
        db.clock().set(back.plus_ms(50_000));
        service::seen(&db, &crate::common::operator()).await.unwrap();
        crate::common::look(&db).await;
        assert_eq!(rungs().await, 0, "60 seconds are not over");
        db.clock().set(back.plus_ms(61_000));
        crate::common::look(&db).await;
        assert_eq!(rungs().await, 2, "both climb a minute after the jump, not half an hour later");
        run.end().await;
        db.clock().set(t);
    })
    .await;
}
