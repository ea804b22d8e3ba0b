//! What went wrong elsewhere, each as a story through the whole way: readings, watch, alarm, case. The numbers are those of
//! the list of lessons. Time is frozen; only the watch's own look, once a second, is waited for.

use crate::common::watched::{Running, alarms, all, worn};
use crate::common::{COUNTY, VILLAGE, at, county, history, later, look, region, scope, usual_roster};
use kernel::{ElderId, GeoPoint, Instant};
use safety::model::CaseId;
use safety::readings::{self, Start};
use safety::service::{self, Edit, NewDowntime};
use std::time::Duration;
use store::testing::each_engine;
use store::{Db, SqlExt, vals};
use vigil::{Fence, FenceRule, FixSource, Measure, Schedule, Shape, Span};

const NOW: &str = "2026-11-20T10:00";
/// As `elder_at` puts it.
const HOME: (f64, f64) = (23.3, 115.65);

/// So many metres north of home, with such an error.
fn fix(north: f64, accuracy_m: u16) -> Measure {
    let place = GeoPoint::from_degrees(HOME.0 + north / 110_574.0, HOME.1).unwrap();
    Measure::Fix { place, accuracy_m, source: FixSource::Satellite }
}

/// A fence of 300 m around home.
async fn fenced(db: &Db, elder: ElderId, schedule: Schedule) {
    let center = GeoPoint::from_degrees(HOME.0, HOME.1).unwrap();
    let shape = Shape::Circle { center, radius_m: 300 };
    let fence = Fence { id: 0, name: "家附近".into(), shape, rule: FenceRule::StayInside, schedule, grace: 10 };
    service::edit(db, &county(), elder, 0, Edit::Fence(fence)).await.unwrap();
}

/// Waits until the alarms are these, while the watch looks once a second.
async fn becomes(db: &Db, wanted: &[(&str, i64)]) {
    let wanted: Vec<(String, i64)> = wanted.iter().map(|(k, n)| (k.to_string(), *n)).collect();
    let began = std::time::Instant::now();
    loop {
        readings::pass_on(db, db).await.unwrap();
        let now = alarms(db).await;
        if now == wanted {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(15), "{now:?} did not become {wanted:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Time enough for two looks of the watch: what was due would have been said.
async fn looked(db: &Db) {
    tokio::time::sleep(Duration::from_millis(2_300)).await;
    readings::pass_on(db, db).await.unwrap();
}

async fn only_case(db: &Db) -> CaseId {
    let all = db.read().column::<CaseId>("SELECT id FROM safety_case ORDER BY opened_at", vec![]).await.unwrap();
    assert_eq!(all.len(), 1, "one case");
    all[0]
}

/// Those of fences: a watch that says nothing for hours between two steps of a story is lost, too.
async fn fences(db: &Db) -> Vec<(String, i64)> {
    alarms(db).await.into_iter().filter(|a| a.0.starts_with("fence")).collect()
}

async fn occurrences(db: &Db) -> i64 {
    db.read().scalar("SELECT COUNT(*) FROM safety_occurrence", vec![]).await.unwrap().unwrap()
}

#[tokio::test]
async fn lesson_1_an_sos_of_somebody_who_stands_still_is_no_duplicate() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        // An hour on one spot: for a filter of positions all the same.
        for m in 0..60 {
            run.store(&device, t.plus_minutes(m), &[(t.plus_minutes(m), fix(3.0, 12))]).await;
        }
        assert!(alarms(&db).await.is_empty());
        let pressed = t.plus_minutes(60);
        db.clock().set(pressed);
        run.store(&device, pressed, &[(pressed, fix(3.0, 12)), (pressed, Measure::Sos { unverified: false })]).await;
        // The ticket is done, so the case is there; the sender's retry is the same call.
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        run.store(&device, pressed, &[(pressed, fix(3.0, 12)), (pressed, Measure::Sos { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        let w = service::waiting(&db, &scope(COUNTY), only_case(&db).await).await.unwrap();
        let known = w.fix().expect("the place is told with it");
        assert_eq!((known.accuracy_m, known.at), (12, pressed));
        // A damaged frame may be all that gets through.
        let again = pressed.plus_minutes(3);
        run.store(&device, again, &[(again, Measure::Sos { unverified: true })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 2)]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_2_a_drifting_fix_is_no_exit_and_a_real_one_is() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        fenced(&db, elder, Schedule::ALWAYS).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        let say = async |seconds: i64, what: Measure| {
            let when = t.plus_ms(seconds * 1_000);
            db.clock().set(when);
            run.store(&device, when, &[(when, what)]).await;
        };
        say(0, fix(20.0, 15)).await;
        // Outside, but the circle it is sure of still touches the fence.
        say(60, fix(700.0, 600)).await;
        say(120, fix(650.0, 500)).await;
        assert!(alarms(&db).await.is_empty(), "doubt is no exit");
        // One fix far off, the next at home: a drift.
        say(180, fix(900.0, 20)).await;
        say(240, fix(10.0, 20)).await;
        assert!(alarms(&db).await.is_empty(), "one fix is no exit");
        // Truly gone: outside with the whole circle, and confirmed.
        say(300, fix(500.0, 20)).await;
        say(305, fix(510.0, 20)).await;
        assert!(alarms(&db).await.is_empty(), "five seconds later confirm nothing");
        say(330, fix(560.0, 20)).await;
        assert_eq!(alarms(&db).await, [("fence_left".to_string(), 1)]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_3_should_be_inside_is_a_state_also_across_midnight() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let night = Schedule { weekdays: 0x7f, span: Span { from: 22 * 60, to: 6 * 60 } };
        fenced(&db, elder, night).await;
        let run = Running::start(&db, Start::default()).await;
        // At a neighbour's since the afternoon: no crossing will be seen.
        let evening = at("2026-11-20T21:50");
        db.clock().set(evening);
        run.store(&device, evening, &[(evening, fix(800.0, 20))]).await;
        looked(&db).await;
        assert!(alarms(&db).await.is_empty(), "before ten nobody has to be anywhere");
        // Nothing more is said by the watch; the clock says it.
        db.clock().set(at("2026-11-20T22:11"));
        becomes(&db, &[("fence_absent", 1)]).await;
        // After midnight it is the same night and the same alarm.
        let late = at("2026-11-21T02:00");
        db.clock().set(late);
        run.store(&device, late, &[(late, fix(820.0, 20))]).await;
        assert!(alarms(&db).await.iter().all(|a| a.0 == "fence_absent"), "{:?}", alarms(&db).await);
        only_case(&db).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_3_a_window_of_the_night_holds_after_midnight_and_ends_in_the_morning() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let night = Schedule { weekdays: 0x7f, span: Span { from: 22 * 60, to: 6 * 60 } };
        fenced(&db, elder, night).await;
        let run = Running::start(&db, Start::default()).await;
        let said = async |when: &str, north: f64| {
            let when = at(when);
            db.clock().set(when);
            run.store(&device, when, &[(when, fix(north, 20))]).await;
        };
        // The day before: out all day, inside the fence when the night begins.
        said("2026-11-20T15:00", 2_000.0).await;
        said("2026-11-20T21:30", 10.0).await;
        said("2026-11-20T23:30", 10.0).await;
        assert!(fences(&db).await.is_empty());
        // 02:10 is neither after 22:00 nor before 06:00 of one day: comparisons of two times alone never matched.
        said("2026-11-21T02:10", 600.0).await;
        said("2026-11-21T02:11", 640.0).await;
        assert_eq!(fences(&db).await, [("fence_left".to_string(), 1)]);
        // A person closes it; in the morning one may go where one likes.
        let closed = at("2026-11-21T05:30");
        db.clock().set(closed);
        said("2026-11-21T05:20", 10.0).await;
        let tx = db.begin().await.unwrap();
        tx.exec("UPDATE safety_alarm SET closed_at = $1", vals![closed]).await.unwrap();
        tx.exec("UPDATE safety_case SET state = 'closed', closed_at = $1", vals![closed]).await.unwrap();
        tx.commit().await.unwrap();
        db.clock().set(closed.plus_ms(1_000));
        looked(&db).await;
        said("2026-11-21T06:30", 600.0).await;
        said("2026-11-21T06:31", 640.0).await;
        looked(&db).await;
        assert_eq!(fences(&db).await, [("fence_left".to_string(), 1)], "the window is over");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_3_a_storm_is_one_alarm_with_its_count_and_nothing_is_dropped() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        for s in 0..40 {
            let when = t.plus_ms(s * 70_000);
            db.clock().set(when);
            run.store(&device, when, &[(when, Measure::Sos { unverified: false })]).await;
        }
        let all = alarms(&db).await;
        assert_eq!(all.len(), 1, "one open alarm an elder and kind");
        assert_eq!(all[0].1, occurrences(&db).await, "each occurrence is kept");
        assert_eq!(all[0].1, 40);
        only_case(&db).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_4_silence_fires_by_itself_and_coming_back_is_noted_and_closes_nothing() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::HeartRate(72))]).await;
        // The program is restarted meanwhile: the timer stands in the database.
        run.end().await;
        let run = Running::start(&db, Start::default()).await;
        db.clock().set(t.plus_minutes(61));
        becomes(&db, &[("device_silent", 1)]).await;
        let case = only_case(&db).await;
        // It comes back with what it measured in between: read, judged, and no second alarm.
        let back = t.plus_minutes(75);
        db.clock().set(back);
        let late: Vec<(Instant, Measure)> =
            (5..75).step_by(10).map(|m| (t.plus_minutes(m), Measure::HeartRate(70))).collect();
        run.store(&device, back, &late).await;
        run.store(&device, back, &[(back, Measure::Heartbeat)]).await;
        later(&db, 11 * 60);
        let again = db.now();
        run.store(&device, again, &[(again, Measure::Heartbeat)]).await;
        let began = std::time::Instant::now();
        loop {
            readings::pass_on(&db, &db).await.unwrap();
            let said = history(&db, case).await;
            if said.iter().any(|t| t.contains("解除")) {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(15), "{said:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let c = service::record(&db, &scope(COUNTY), case).await.unwrap();
        assert!(c.state.open(), "only a person closes it");
        assert_eq!(alarms(&db).await, [("device_silent".to_string(), 1)]);
        let w = service::waiting(&db, &scope(COUNTY), case).await.unwrap();
        assert!(w.alarms[0].cleared_at.is_some());
        let n = history(&db, case).await.len();
        readings::pass_on(&db, &db).await.unwrap();
        assert_eq!(history(&db, case).await.len(), n, "said once");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_4_smoke_that_clears_is_noted_and_smoke_again_takes_it_back() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        let say = async |minute: i64, what: Measure| {
            let when = t.plus_minutes(minute);
            db.clock().set(when);
            run.store(&device, when, &[(when, what)]).await;
        };
        say(0, Measure::Smoke(true)).await;
        let case = only_case(&db).await;
        // Cleared before anybody looked: the race between raising and clearing leaves the alarm where it is.
        say(2, Measure::Smoke(false)).await;
        db.clock().set(t.plus_minutes(14));
        let began = std::time::Instant::now();
        while !history(&db, case).await.iter().any(|t| t.contains("解除")) {
            readings::pass_on(&db, &db).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(15), "{:?}", history(&db, case).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let cleared = async || {
            let w = service::waiting(&db, &scope(COUNTY), case).await.unwrap();
            (w.case.state.open(), w.case.ringing(), w.alarms[0].cleared_at.is_some())
        };
        assert_eq!(cleared().await, (true, true, true), "it rings on until somebody takes it");
        say(20, Measure::Smoke(true)).await;
        assert_eq!(cleared().await, (true, true, false), "it burns again");
        assert_eq!(alarms(&db).await, [("smoke".to_string(), 2)]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_4_wrong_clocks_of_devices_hide_nothing() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        // Back to its factory's year after the battery was empty, then a day ahead: still a call for help, now.
        let factory = at("2015-01-01T00:00");
        run.store(&device, t, &[(factory, Measure::Sos { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        let case = service::record(&db, &scope(COUNTY), only_case(&db).await).await.unwrap();
        assert_eq!(case.opened_at, t, "what is measured starts when the platform has stored it");
        run.store(&device, t, &[(t.plus_ms(Instant::DAY), Measure::Fall { unverified: false })]).await;
        assert_eq!(alarms(&db).await.len(), 2);
        // Vitals with the wrong clock are judged, too, and the newest true one is not overwritten.
        run.store(&device, t, &[(t, Measure::HeartRate(70))]).await;
        run.store(&device, t.plus_minutes(1), &[(t.plus_minutes(-30), Measure::HeartRate(66))]).await;
        let latest = readings::latest(&db, &db, &scope(COUNTY), elder).await.unwrap();
        let pulse = latest.iter().find(|s| s.what.kind == 1).unwrap();
        assert_eq!(Measure::decode(pulse.what), Some(Measure::HeartRate(70)), "an older one comes second");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_4_the_servers_clock_jumps_back_and_no_timer_is_lost_or_early() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::Heartbeat)]).await;
        // Somebody sets the clock right: three hours back.
        let set = t.plus_minutes(-180);
        db.clock().set(set);
        run.store(&device, set, &[(set, Measure::Heartbeat)]).await;
        looked(&db).await;
        assert!(alarms(&db).await.is_empty(), "a jump is no silence");
        // An hour of silence by the new clock, still two hours before the old one.
        db.clock().set(set.plus_minutes(62));
        becomes(&db, &[("device_silent", 1)]).await;
        // A call for help after the jump is one like any other.
        let pressed = set.plus_minutes(63);
        db.clock().set(pressed);
        run.store(&device, pressed, &[(pressed, Measure::Sos { unverified: false })]).await;
        assert!(alarms(&db).await.iter().any(|a| a.0 == "sos"));
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_5_a_gateway_that_is_cut_off_is_one_alarm_and_not_one_a_device() {
    each_engine(&all(), |db| async move {
        usual_roster(&db).await;
        let (_, first) = worn(&db, 1).await;
        let (_, second) = worn(&db, 2).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start::default()).await;
        service::gateway_beat(&db, "tcp-1", region(COUNTY), "手表").await.unwrap();
        for d in [&first, &second] {
            run.store(d, t, &[(t, Measure::Heartbeat)]).await;
        }
        // Nothing comes through for more than an hour, of anybody.
        db.clock().set(t.plus_minutes(65));
        let began = std::time::Instant::now();
        while readings::kept_back(&db).await.unwrap() < 2 {
            assert!(began.elapsed() < Duration::from_secs(15), "both silences are known");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        readings::pass_on(&db, &db).await.unwrap();
        assert!(alarms(&db).await.is_empty(), "no storm of silent devices");
        let loud = service::loud(&db).await.unwrap();
        assert!(loud.iter().any(|l| l.text.contains("tcp-1")), "but the hub itself is told aloud: {loud:?}");
        // It comes back; one device with it, the other not.
        service::gateway_beat(&db, "tcp-1", region(COUNTY), "手表").await.unwrap();
        let until = async |minute: i64| {
            while db.now() < t.plus_minutes(minute) {
                later(&db, 60);
                service::gateway_beat(&db, "tcp-1", region(COUNTY), "手表").await.unwrap();
            }
        };
        until(66).await;
        let back = db.now();
        run.store(&first, back, &[(back, Measure::Heartbeat)]).await;
        // Well for ten minutes: nobody need know of its silence.
        until(78).await;
        run.store(&first, db.now(), &[(db.now(), Measure::Heartbeat)]).await;
        let began = std::time::Instant::now();
        while readings::kept_back(&db).await.unwrap() > 1 {
            readings::pass_on(&db, &db).await.unwrap();
            assert!(began.elapsed() < Duration::from_secs(15), "the one that came back is forgotten");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(alarms(&db).await.is_empty());
        // The grace is over: the one that is still silent is told.
        until(82).await;
        becomes(&db, &[("device_silent", 1)]).await;
        assert_eq!(readings::kept_back(&db).await.unwrap(), 0);
        only_case(&db).await;
        look(&db).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn lesson_5_planned_work_is_written_down_and_hides_no_call_for_help() {
    each_engine(&all(), |db| async move {
        let (_, device) = worn(&db, 1).await;
        let t = at(NOW);
        db.clock().set(t);
        let run = Running::start(&db, Start::default()).await;
        run.store(&device, t, &[(t, Measure::Heartbeat)]).await;
        let plan =
            NewDowntime { region: region(VILLAGE), from: t, until: t.plus_minutes(120), reason: "换网关".into() };
        assert!(
            service::plan_downtime(&db, &crate::common::operator(), plan.clone()).await.is_err(),
            "not an operator's"
        );
        service::plan_downtime(&db, &county(), plan).await.unwrap();
        db.clock().set(t.plus_minutes(65));
        looked(&db).await;
        assert!(alarms(&db).await.is_empty());
        // Off for work is no reason to miss somebody who calls.
        let pressed = t.plus_minutes(70);
        db.clock().set(pressed);
        run.store(&device, pressed, &[(pressed, Measure::Sos { unverified: false })]).await;
        assert_eq!(alarms(&db).await, [("sos".to_string(), 1)]);
        run.end().await;
    })
    .await;
}
