//! From a message to a stored reading and a raised alarm, on both engines.

use crate::common::watched::{NOW, Running, alarms, all, read, worn};
use crate::common::{COUNTY, at, scope};
use safety::model::AlarmKind;
use safety::readings::{self, Line, Message, Said, Start};
use std::time::Duration;
use store::testing::each_engine;
use store::{SqlExt, vals};
use vigil::Measure;

#[tokio::test]
async fn a_reading_is_there_when_its_ticket_is_done_and_an_sos_has_a_case() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        run.store(&device, t, &[(t, Measure::HeartRate(72)), (t, Measure::Battery(81))]).await;
        assert_eq!(read(&db, elder).await, [Measure::HeartRate(72), Measure::Battery(81)]);
        assert!(alarms(&db).await.is_empty());
        run.store(&device, t, &[(t, Measure::Sos { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        // The same message again: the device did not hear the acknowledgement.
        run.store(&device, t, &[(t, Measure::Sos { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        assert_eq!(read(&db, elder).await.iter().filter(|m| matches!(m, Measure::Sos { .. })).count(), 1);
        let latest = readings::latest(&db, &db, &scope(COUNTY), elder).await.unwrap();
        assert!(latest.iter().any(|s| Measure::decode(s.what) == Some(Measure::HeartRate(72))));
        assert_eq!(run.stats.now().alarms, 1);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_died_between_is_neither_lost_nor_doubled() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let t = at(NOW);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::Fall { unverified: false })]).await;
        run.die().await;
        // The alarm was raised, the readings were not stored: as after a crash between the two commits.
        let tx = db.begin().await.unwrap();
        tx.exec("DELETE FROM reading_log", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t.plus_ms(3_000), &[(t, Measure::Fall { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("fall".to_string(), 1)], "the retry is the same occurrence");
        assert_eq!(read(&db, elder).await, [Measure::Fall { unverified: false }]);
        run.die().await;
        // And the other way round: the readings are in the log, the alarm is not there.
        let tx = db.begin().await.unwrap();
        for table in ["safety_occurrence", "safety_alarm", "safety_event", "safety_case"] {
            tx.exec(&format!("DELETE FROM {table}"), vec![]).await.unwrap();
        }
        tx.exec("DELETE FROM reading_state", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let run = Running::start(&db, Start::default()).await;
        tokio::time::timeout(Duration::from_secs(20), async {
            while alarms(&db).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("the log is judged again at the start");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_log_is_folded_and_everything_is_still_read() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let (other, second) = worn(&db, 2).await;
        let size = Start { fold_readings: 50, ..Start::default() };
        let run = Running::start(&db, size).await;
        let t = at(NOW);
        for n in 0..120 {
            let when = t.plus_ms(-600_000 + n * 1_000);
            run.store(&device, t, &[(when, Measure::HeartRate(60 + n as u16 % 40))]).await;
        }
        run.store(&second, t, &[(t, Measure::Steps(4_000))]).await;
        // Out of order and once more: still one reading.
        run.store(&device, t, &[(t.plus_ms(-600_000), Measure::HeartRate(60))]).await;
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let blocks = db.read().scalar::<i64>("SELECT COUNT(*) FROM reading_block", vec![]).await.unwrap();
                if blocks >= Some(2) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("folded");
        assert_eq!(read(&db, elder).await.len(), 120);
        assert_eq!(read(&db, other).await, [Measure::Steps(4_000)]);
        run.end().await;
        // After 90 days the days become hours, and the bounds stay.
        readings::compact(&db, t.date().plus_days(1)).await.unwrap();
        let hours = readings::hours(&db, &db, &scope(COUNTY), elder, t.date(), t.date()).await.unwrap();
        let kept: i64 = hours.iter().map(|h| h.n).sum();
        let left = read(&db, elder).await.len() as i64;
        assert!(kept == 120 || kept + left >= 120, "{kept} in hours, {left} in the log");
        assert!(hours.iter().all(|h| h.min >= 60 && h.max <= 99));
        readings::erase(&db, t.date().plus_days(1)).await.unwrap();
        assert_eq!(db.read().scalar::<i64>("SELECT COUNT(*) FROM reading_hours", vec![]).await.unwrap(), Some(0));
    })
    .await;
}

#[tokio::test]
async fn silence_is_noticed_without_a_message_also_after_a_restart() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let t = at(NOW);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::Heartbeat)]).await;
        run.end().await;
        db.clock().set(t.plus_minutes(59));
        let run = Running::start(&db, Start::default()).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(alarms(&db).await.is_empty(), "an hour is not over");
        db.clock().set(t.plus_minutes(61));
        let began = std::time::Instant::now();
        while alarms(&db).await.is_empty() {
            readings::pass_on(&db, &db).await.unwrap();
            // How soon is measured by the benches; here only that nobody has to send anything.
            assert!(began.elapsed() < Duration::from_secs(30), "fires by itself");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(alarms(&db).await, [("device_silent".to_string(), 1)]);
        run.end().await;
        db.clock().set(t);
    })
    .await;
}

#[tokio::test]
async fn a_closed_alarm_comes_again_as_a_new_one() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let t = at(NOW);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::Sos { unverified: false })]).await;
        let tx = db.begin().await.unwrap();
        tx.exec("UPDATE safety_alarm SET closed_at = $1", vals![t.plus_ms(5_000)]).await.unwrap();
        tx.exec("UPDATE safety_case SET state = 'closed', closed_at = $1", vals![t.plus_ms(5_000)]).await.unwrap();
        tx.commit().await.unwrap();
        db.clock().set(t.plus_ms(6_000));
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let later = t.plus_minutes(20);
        db.clock().set(later);
        run.store(&device, later, &[(later, Measure::Sos { unverified: false })]).await;
        let all = alarms(&db).await;
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all.iter().all(|a| a.0 == AlarmKind::Sos.code() && a.1 == 1), "{all:?}");
        let cases = db
            .read()
            .scalar::<i64>("SELECT COUNT(*) FROM safety_case WHERE elder_id = $1", vals![elder])
            .await
            .unwrap();
        assert_eq!(cases, Some(2));
        run.end().await;
        db.clock().set(t);
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_makes_senders_wait_and_a_call_for_help_still_passes() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let t = at(NOW);
        let size = Start { queue: 4, batch: 4, ..Start::default() };
        let run = Running::start(&db, size).await;
        // Somebody holds the database: nothing is stored.
        let holder = db.begin().await.unwrap();
        let lock = if db.engine() == store::Engine::Postgres { "LOCK TABLE reading_log" } else { "SELECT 1" };
        holder.exec(lock, vec![]).await.unwrap();
        let line = Line::new();
        let mut taken = 0u64;
        for n in 1..=200u64 {
            let m = Message::new(device.clone(), t, vec![Said { at: t.plus_ms(n as i64), what: Measure::Heartbeat }]);
            let sent = tokio::time::timeout(Duration::from_millis(100), run.intake.submit(m, &line, n)).await;
            if sent.is_err() {
                break;
            }
            taken = n;
        }
        assert!((4..40).contains(&taken), "senders wait after {taken} messages");
        let sos = Message::new(device.clone(), t, vec![Said { at: t, what: Measure::Sos { unverified: false } }]);
        let lane = tokio::time::timeout(Duration::from_millis(200), run.intake.submit(sos, &line, 1)).await;
        assert_eq!(lane.expect("the other queue has room").unwrap(), readings::Lane::Urgent);
        assert_eq!(line.done(readings::Lane::Normal), 0, "nothing is acknowledged that is not stored");
        holder.rollback().await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), async {
            while line.done(readings::Lane::Normal) < taken || line.done(readings::Lane::Urgent) < 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("all is stored when the database answers again");
        assert_eq!(alarms(&db).await.len(), 1);
        run.end().await;
    })
    .await;
}
