//! Nothing is lost between a pressed button and a case: repeats, storms, damaged messages, one transaction.

use crate::common::*;
use kernel::{Error, GeoPoint};
use safety::model::{AlarmKind, CaseState, Fix, Risk};
use safety::service;
use store::SqlExt;
use store::testing::each_engine;

#[tokio::test]
async fn a_pressed_button_is_a_case_with_a_number() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        assert!(r.opened && !r.known);
        assert_eq!(r.no, "JJ20261120-000001");
        let c = case(&db, r.case).await;
        assert_eq!((c.state, c.risk, c.kind), (CaseState::Open, Risk::Now, AlarmKind::Sos));
        assert_eq!((c.elder_name.as_str(), c.about(db.now().date())), ("林秀珍", "女 82 岁".into()));
        assert_eq!(history(&db, r.case).await, ["一键呼叫：手表长按 3 秒，设备 YW-20871"]);
        let verdict = audit::verify(&db).await.unwrap();
        assert!(verdict.intact());
    })
    .await;
}

/// Lesson 1: the wearer stood still and the position was the one known before. No filter may drop that.
#[tokio::test]
async fn sos_while_stationary_is_raised_each_time() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let fix = Fix { point: GeoPoint::from_degrees(23.3, 115.65).unwrap(), accuracy_m: 8, at: db.now() };
        let mut first = alarm(&db, e, AlarmKind::Sos, "watch:1");
        first.fix = Some(fix);
        let r = raise(&db, first).await;
        later(&db, 20);
        let mut same = alarm(&db, e, AlarmKind::Sos, "watch:2");
        same.fix = Some(fix);
        let again = raise(&db, same).await;
        assert_eq!(again.case, r.case);
        let w = service::waiting(&db, &scope(COUNTY), r.case).await.unwrap();
        assert_eq!((w.alarms.len(), w.alarms[0].count), (1, 2));
        assert_eq!(w.fix().unwrap().point, fix.point);
    })
    .await;
}

/// Lesson 1: a sender that got no answer sends again; what was taken is answered with the same case.
#[tokio::test]
async fn the_same_occurrence_sent_twice_is_one() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        let again = sos(&db, e, "watch:1").await;
        assert!(again.known && !again.opened);
        assert_eq!((again.case, again.no.clone()), (r.case, r.no.clone()));
        let w = service::waiting(&db, &scope(COUNTY), r.case).await.unwrap();
        assert_eq!(w.count(), 1);
        // Also when the case is over: an old message that comes late opens nothing.
        service::claim(&db, &operator(), r.case).await.unwrap();
        service::close(&db, &operator(), r.case, safety::model::Cause::FalseAlarm, "本人接了电话").await.unwrap();
        assert!(sos(&db, e, "watch:1").await.known);
        // A new press is a new case.
        let next = sos(&db, e, "watch:2").await;
        assert!(next.opened && next.case != r.case);
    })
    .await;
}

/// Nothing is acknowledged before it is stored, and nothing half-done stays: the alarm goes with its reading.
#[tokio::test]
async fn an_alarm_lives_and_dies_with_its_transaction() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let tx = db.begin().await.unwrap();
        let r = service::raise(&tx, &db, alarm(&db, e, AlarmKind::Fall, "watch:9")).await.unwrap();
        tx.rollback().await.unwrap();
        assert!(matches!(service::record(&db, &scope(CITY), r.case).await, Err(Error::NotFound(_))));
        let r = raise(&db, alarm(&db, e, AlarmKind::Fall, "watch:9")).await;
        assert!(r.opened, "what was rolled back was never taken");
    })
    .await;
}

/// Lesson 3: one event, many messages: counted in one place, shown as such, none missing.
#[tokio::test]
async fn a_storm_is_one_case_with_its_count() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let mut cases = std::collections::HashSet::new();
        for n in 0..120 {
            let kind = if n % 3 == 0 { AlarmKind::HeartRateHigh } else { AlarmKind::Spo2Low };
            cases.insert(raise(&db, alarm(&db, e, kind, &format!("storm:{n}"))).await.case);
        }
        assert_eq!(cases.len(), 1);
        let id = *cases.iter().next().unwrap();
        let w = service::waiting(&db, &scope(COUNTY), id).await.unwrap();
        let mut counts: Vec<(AlarmKind, i64)> = w.alarms.iter().map(|a| (a.kind, a.count)).collect();
        counts.sort();
        assert_eq!(counts, [(AlarmKind::HeartRateHigh, 40), (AlarmKind::Spo2Low, 80)]);
        assert_eq!(history(&db, id).await.len(), 2, "one line a kind, not one a message");
        let stored = db.read().scalar::<i64>("SELECT COUNT(*) FROM safety_occurrence", vec![]).await.unwrap();
        assert_eq!(stored, Some(120), "every occurrence is there to be read");
    })
    .await;
}

#[tokio::test]
async fn a_graver_alarm_joins_visibly_and_leads() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = raise(&db, alarm(&db, e, AlarmKind::NoMotion, "home:1")).await;
        assert_eq!(case(&db, r.case).await.risk, Risk::Serious);
        let joined = sos(&db, e, "watch:1").await;
        assert!(!joined.opened);
        let c = case(&db, r.case).await;
        assert_eq!((c.kind, c.risk), (AlarmKind::Sos, Risk::Now));
        assert_eq!(history(&db, r.case).await.len(), 2);
        // What needs no hurry never makes an emergency wait for its own closing.
        let low = raise(&db, alarm(&db, e, AlarmKind::BatteryLow, "watch:b")).await;
        assert!(low.opened && low.case != r.case);
        assert_eq!(case(&db, low.case).await.next_rung_at, None);
        let sos_after = sos(&db, e, "watch:2").await;
        assert_eq!(sos_after.case, r.case);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_message_is_raised_as_unverified() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let mut a = alarm(&db, e, AlarmKind::Sos, "damaged:1");
        a.unverified = true;
        let r = raise(&db, a).await;
        let w = service::waiting(&db, &scope(COUNTY), r.case).await.unwrap();
        assert!(w.unverified());
        assert!(history(&db, r.case).await[0].contains("未核实"));
        // A sound one makes it certain, and a damaged one after it takes nothing back.
        sos(&db, e, "sound:1").await;
        let mut a = alarm(&db, e, AlarmKind::Sos, "damaged:2");
        a.unverified = true;
        raise(&db, a).await;
        assert!(!service::waiting(&db, &scope(COUNTY), r.case).await.unwrap().unverified());
    })
    .await;
}

/// A clock that jumps back, a device with a wrong year: told, never used to measure.
#[tokio::test]
async fn device_clocks_change_nothing() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let mut a = alarm(&db, e, AlarmKind::Sos, "wrong-clock");
        a.at = at("2000-01-01 00:00");
        let r = raise(&db, a).await;
        let opened = case(&db, r.case).await.opened_at;
        assert_eq!(opened, db.now());
        db.clock().set(opened.plus_ms(-3_600_000));
        sos(&db, e, "after-jump").await;
        assert_eq!(look(&db).await.climbed, 1, "nobody is at a desk: the first rung does not wait");
    })
    .await;
}

/// Health words, reasons and what they rest on are not readable in the database.
#[tokio::test]
async fn what_an_alarm_saw_is_sealed() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        sos(&db, e, "watch:1").await;
        for (table, column) in [("safety_alarm", "reason"), ("safety_occurrence", "evidence"), ("safety_event", "text")]
        {
            let raw: Option<Vec<u8>> =
                db.read().scalar(&format!("SELECT {column} FROM {table}"), vec![]).await.unwrap();
            let raw = raw.unwrap();
            assert!(
                !String::from_utf8_lossy(&raw).contains("手表") && !String::from_utf8_lossy(&raw).contains("battery")
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_elder_raises_nothing() {
    each_engine(&migrations(), |db| async move {
        let nobody = kernel::ElderId(uuid::Uuid::from_u128(5));
        let tx = db.begin().await.unwrap();
        let got = service::raise(&tx, &db, alarm(&db, nobody, AlarmKind::Sos, "x")).await;
        assert!(matches!(got, Err(Error::NotFound(_))));
    })
    .await;
}
