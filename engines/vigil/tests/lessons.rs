//! What went wrong elsewhere, each as a story of ours.
#![allow(clippy::unwrap_used)]
mod common;
use common::{Watch, cleared, east, fix, on, raised, raises};
use kernel::Instant;
use vigil::*;

fn stay_inside(schedule: Schedule, grace: u16) -> Settings {
    let mut settings = Settings::default();
    settings.places.fences = vec![Fence {
        id: 1,
        name: "小区".into(),
        shape: Shape::Circle { center: east(0.0), radius_m: 300 },
        rule: FenceRule::StayInside,
        schedule,
        grace,
    }];
    settings
}

const SOS: Measure = Measure::Sos { unverified: false };

#[test]
fn sos_of_someone_who_stands_still_is_raised_and_repeated_presses_are_counted() {
    let mut w = Watch::new(stay_inside(Schedule::ALWAYS, 0), on(2, 9, 0));
    // The same place to the centimetre, again and again: what a filter of duplicates would throw away.
    for minute in 0..20 {
        assert!(w.hear(on(2, 9, minute), fix(10.0, 5)).is_empty());
    }
    let first = w.hear(on(2, 9, 20), SOS);
    let alarm = raised(&first, AlarmKind::Sos).unwrap();
    assert_eq!((alarm.urgency, alarm.since, alarm.raised), (Urgency::Critical, on(2, 9, 20), on(2, 9, 20)));
    assert_eq!(alarm.evidence.measure(), Some(SOS));
    // Three more presses within a minute: one alarm, each press told.
    for n in 1..=3i64 {
        let again = w.take(Reading::now(on(2, 9, 20).plus_ms(n * 5_000), 0, SOS));
        assert!(matches!(again[..], [Outcome::Count { kind: AlarmKind::Sos, count, .. }] if i64::from(count) == n + 1));
    }
    assert_eq!(w.state.open().len(), 1);
    // Closed, and pressed again: a new alarm.
    w.close(AlarmKind::Sos, on(2, 9, 30));
    assert!(raised(&w.hear(on(2, 9, 31), SOS), AlarmKind::Sos).is_some());
}

#[test]
fn sos_in_a_damaged_frame_says_that_it_is_to_be_checked() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    let told = w.hear(on(2, 9, 1), Measure::Sos { unverified: true });
    assert!(raised(&told, AlarmKind::Sos).unwrap().reason.contains("待核实"));
}

#[test]
fn sos_kept_back_by_the_network_is_raised_with_both_times() {
    let mut w = Watch::new(Settings::default(), on(2, 1, 0));
    let told = w.take(Reading { at: on(2, 2, 10), received: on(2, 2, 45), device: 0, what: SOS });
    let alarm = raised(&told, AlarmKind::Sos).unwrap();
    assert_eq!((alarm.since, alarm.raised), (on(2, 2, 10), on(2, 2, 45)));
    assert!(alarm.reason.contains("02:10 发生，02:45 才收到"), "{}", alarm.reason);
    // Redelivered by the broker: the same event.
    assert!(w.take(Reading { at: on(2, 2, 10), received: on(2, 2, 46), device: 0, what: SOS }).is_empty());
    // Closed a moment before the third copy arrives: still the same event.
    w.close(AlarmKind::Sos, on(2, 2, 47));
    assert!(w.take(Reading { at: on(2, 2, 10), received: on(2, 2, 48), device: 0, what: SOS }).is_empty());
}

#[test]
fn a_watch_whose_clock_was_never_set_is_believed_in_all_but_the_time() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    for (n, at) in [Instant(0), on(2, 20, 0)].into_iter().enumerate() {
        let now = on(2, 9, 5 + n as u32);
        let told = w.take(Reading { at, received: now, device: 0, what: SOS });
        let kinds: Vec<_> = told.iter().map(Outcome::kind).collect();
        match n {
            // The wrong clock is told once a day, and the call is taken at the platform's time.
            0 => {
                assert_eq!(kinds, [None, Some(AlarmKind::Sos)]);
                assert_eq!(raised(&told, AlarmKind::Sos).unwrap().since, now);
            }
            _ => assert_eq!(kinds, [Some(AlarmKind::Sos)]),
        }
    }
}

#[test]
fn one_drifting_fix_is_no_exit() {
    let mut w = Watch::new(stay_inside(Schedule::ALWAYS, 10), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(50.0, 20));
    // Far away and sure of itself, and the next fix is home again.
    assert!(w.hear(on(2, 9, 2), fix(2_500.0, 10)).is_empty());
    assert!(w.hear(on(2, 9, 4), fix(40.0, 20)).is_empty());
    // Outside, but the error circle reaches in: not even a doubt.
    for minute in 5..30 {
        assert!(w.hear(on(2, 9, minute), fix(390.0, 100)).is_empty());
    }
    // The drift between two doubtful fixes does not add up to an exit either.
    assert!(w.hear(on(2, 9, 31), fix(2_500.0, 10)).is_empty());
    assert!(w.hear(on(2, 9, 32), fix(390.0, 100)).is_empty());
    assert!(w.wait(on(2, 12, 0)).is_empty());
}

#[test]
fn an_exit_needs_the_whole_error_circle_and_a_second_fix_and_coming_back_is_quick() {
    let mut w = Watch::new(stay_inside(Schedule::ALWAYS, 10), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(0.0, 20));
    assert!(w.hear(on(2, 9, 1), fix(330.0, 20)).is_empty());
    // The same second again is no confirmation.
    assert!(w.take(Reading::now(on(2, 9, 1).plus_ms(1_000), 0, fix(331.0, 20))).is_empty());
    let told = w.hear(on(2, 9, 2), fix(400.0, 20));
    let alarm = raised(&told, AlarmKind::FenceLeft).unwrap();
    assert_eq!(alarm.since, on(2, 9, 1));
    assert!(alarm.reason.contains("离开小区，在围栏外 100 米"), "{}", alarm.reason);
    // Further fixes outside: nothing new. One fix inside: told at once, a person closes.
    assert!(w.hear(on(2, 9, 4), fix(900.0, 20)).is_empty());
    assert_eq!(cleared(&w.hear(on(2, 9, 20), fix(100.0, 200)), AlarmKind::FenceLeft), Some(false));
    assert!(w.state.is_open(AlarmKind::FenceLeft));
}

#[test]
fn an_exit_after_which_the_device_falls_silent_is_raised_by_time_alone() {
    let mut w = Watch::new(stay_inside(Schedule::ALWAYS, 10), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(0.0, 20));
    assert!(w.hear(on(2, 9, 1), fix(800.0, 20)).is_empty());
    w.restart();
    assert!(w.wait(on(2, 9, 5)).is_empty());
    let told = w.wait(on(2, 9, 6));
    assert!(raised(&told, AlarmKind::FenceLeft).unwrap().reason.contains("之后没有新的定位"));
}

#[test]
fn should_be_inside_but_is_not_needs_no_crossing_and_runs_across_midnight() {
    let night = Schedule { weekdays: 0x7f, span: Span { from: 21 * 60, to: 6 * 60 } };
    let mut w = Watch::new(stay_inside(night, 15), on(2, 9, 0));
    // Left in the afternoon, when nobody minds.
    w.hear(on(2, 9, 0), fix(0.0, 20));
    for minute in 0..5 {
        assert!(w.hear(on(2, 15, minute), fix(3_000.0, 20)).is_empty());
    }
    assert!(w.wait(on(2, 21, 14)).is_empty());
    let told = w.wait(on(2, 21, 15));
    let alarm = raised(&told, AlarmKind::FenceAbsent).unwrap();
    assert!(alarm.reason.contains("现在应在小区"), "{}", alarm.reason);
    // Many fixes, one alarm; at 5:59 still the same night, no second alarm.
    for hour in 0..6 {
        w.hear(on(3, hour, 30), fix(3_000.0, 20));
    }
    assert_eq!(raises(&w.told, AlarmKind::FenceAbsent), 1);
    assert_eq!(cleared(&w.hear(on(3, 5, 45), fix(0.0, 20)), AlarmKind::FenceAbsent), Some(false));
    // The next evening is another matter.
    w.close(AlarmKind::FenceAbsent, on(3, 6, 0));
    w.hear(on(3, 16, 0), fix(3_000.0, 20));
    w.hear(on(3, 16, 1), fix(3_000.0, 20));
    assert!(raised(&w.wait(on(3, 21, 15)), AlarmKind::FenceAbsent).is_some());
}

#[test]
fn leaving_bed_is_watched_from_ten_to_six_across_midnight() {
    let left_at = |day: i8, hour: u32, minute: u32| {
        let mut w = Watch::new(Settings::default(), on(day, hour, minute).plus_minutes(-120));
        w.hear(on(day, hour, minute).plus_minutes(-90), Measure::Bed { occupied: true });
        w.hear(on(day, hour, minute), Measure::Bed { occupied: false });
        let told = w.wait(on(day, hour, minute).plus_minutes(31));
        raised(&told, AlarmKind::LeftBed).map(|a| a.raised.since(a.since) / Instant::MINUTE)
    };
    for (hour, minute) in [(22, 0), (22, 5), (23, 59), (0, 0), (2, 10), (5, 29)] {
        assert_eq!(left_at(3, hour, minute), Some(30), "{hour}:{minute}");
    }
    // Before the night, and so late that getting up is meant.
    for (hour, minute) in [(21, 59), (5, 30), (5, 59), (6, 0), (12, 0)] {
        assert_eq!(left_at(3, hour, minute), None, "{hour}:{minute}");
    }
}

#[test]
fn back_in_bed_in_time_is_no_alarm_and_back_late_is_said() {
    let mut w = Watch::new(Settings::default(), on(2, 22, 0));
    w.hear(on(2, 22, 30), Measure::Bed { occupied: true });
    w.hear(on(3, 1, 0), Measure::Bed { occupied: false });
    w.hear(on(3, 1, 12), Measure::Bed { occupied: true });
    assert!(w.wait(on(3, 2, 0)).is_empty());
    w.hear(on(3, 2, 10), Measure::Bed { occupied: false });
    w.hear(on(3, 2, 12), Measure::Motion { room: Room::Bathroom });
    w.restart();
    let told = w.wait(on(3, 2, 40));
    let alarm = raised(&told, AlarmKind::LeftBed).unwrap();
    assert_eq!(alarm.reason, "02:10 离床，30 分钟 未归，最后活动 02:12 在卫生间");
    assert_eq!(cleared(&w.hear(on(3, 2, 55), Measure::Bed { occupied: true }), AlarmKind::LeftBed), Some(false));
    assert!(w.state.is_open(AlarmKind::LeftBed));
}

#[test]
fn inactivity_fires_by_itself_after_a_restart_and_not_when_the_device_comes_back() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    w.hear(on(2, 7, 0), Measure::Motion { room: Room::Kitchen });
    w.restart();
    // Not a single message; at most five seconds late is asked, the timer itself is exact.
    assert!(w.wait(on(2, 14, 59)).is_empty());
    let told = w.wait(on(2, 15, 0));
    let alarm = raised(&told, AlarmKind::NoMotion).unwrap();
    assert_eq!((alarm.since, alarm.raised), (on(2, 7, 0), on(2, 15, 0)));
    assert!(alarm.reason.contains("已 8 小时 没有活动，最后一次 2026-03-02 07:00（厨房）"), "{}", alarm.reason);
    // Told once, however long it lasts; movement is said and a person closes.
    assert!(w.wait(on(2, 20, 0)).iter().all(|o| o.kind() != Some(AlarmKind::NoMotion)));
    let back = w.hear(on(2, 20, 30), Measure::Motion { room: Room::Living });
    assert_eq!(cleared(&back, AlarmKind::NoMotion), Some(false));
}

#[test]
fn the_night_does_not_count_as_inactivity() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    w.hear(on(2, 20, 0), Measure::Motion { room: Room::Bedroom });
    // Two hours of the evening, then from six: six more.
    assert!(w.wait(on(3, 11, 59)).is_empty());
    assert!(raised(&w.wait(on(3, 12, 0)), AlarmKind::NoMotion).is_some());
}

#[test]
fn a_silent_device_is_told_by_time_and_its_backlog_is_judged_when_it_comes_back() {
    let devices = vec![DeviceWatch { slot: 0, name: "手表".into(), silent: Some(30) }];
    let settings = Settings { devices, ..Settings::default() };
    let mut w = Watch::new(settings, on(2, 8, 0));
    w.hear(on(2, 8, 10), Measure::HeartRate(72));
    w.restart();
    assert!(w.wait(on(2, 8, 39)).is_empty());
    let told = w.wait(on(2, 8, 40));
    let alarm = raised(&told, AlarmKind::DeviceSilent).unwrap();
    assert_eq!(alarm.reason, "手表已 30 分钟 没有上报，最后一次 2026-03-02 08:10");
    assert_eq!(alarm.since, on(2, 8, 10));
    // Back at eleven with what it kept: a fall at nine is raised now, a low SpO₂ of then is kept as a remark after the
    // newer value.
    let now = on(2, 11, 0);
    let late = |at, what| Reading { at, received: now, device: 0, what };
    assert!(w.take(late(on(2, 10, 58), Measure::Spo2(97))).is_empty());
    let fell = w.take(late(on(2, 9, 0), Measure::Fall { unverified: false }));
    assert!(raised(&fell, AlarmKind::Fall).unwrap().reason.contains("09:00 发生，11:00 才收到"));
    let low = w.take(late(on(2, 9, 5), Measure::Spo2(85)));
    assert!(matches!(&low[..], [Outcome::Notice(n)] if n.kind == NoticeKind::LateValue), "{low:?}");
    // The silence has to stay away for a while before it ends: a flapping device is one alarm.
    assert!(w.state.is_open(AlarmKind::DeviceSilent));
    assert_eq!(cleared(&w.wait(on(2, 11, 10)), AlarmKind::DeviceSilent), Some(true));
}

#[test]
fn a_value_that_comes_an_hour_late_is_judged_like_any_other() {
    let mut w = Watch::new(Settings::default(), on(2, 8, 0));
    let told = w.take(Reading { at: on(2, 8, 5), received: on(2, 9, 5), device: 0, what: Measure::Glucose(35) });
    let alarm = raised(&told, AlarmKind::GlucoseLow).unwrap();
    assert_eq!((alarm.since, alarm.raised), (on(2, 8, 5), on(2, 9, 5)));
    assert!(alarm.reason.contains("08:05 发生，09:05 才收到"), "{}", alarm.reason);
}

#[test]
fn a_device_that_flaps_is_one_alarm() {
    let devices = vec![DeviceWatch { slot: 0, name: "门磁".into(), silent: Some(60) }];
    let settings = Settings { devices, ..Settings::default() };
    let mut w = Watch::new(settings, on(2, 8, 0));
    for minute in 0..50 {
        w.hear(on(2, 9, minute), Measure::Online(minute % 2 == 1));
    }
    assert_eq!(raises(&w.told, AlarmKind::DeviceSilent), 1);
    assert_eq!(w.state.open()[0].count, 25);
}

#[test]
fn late_and_reordered_messages_do_not_turn_the_home_back() {
    let mut w = Watch::new(Settings::default(), on(2, 22, 0));
    w.hear(on(2, 23, 0), Measure::Bed { occupied: true });
    w.hear(on(3, 1, 0), Measure::Bed { occupied: false });
    w.hear(on(3, 1, 10), Measure::Bed { occupied: true });
    // The leaving arrives a second time, after the coming back.
    w.take(Reading { at: on(3, 1, 0), received: on(3, 1, 11), device: 0, what: Measure::Bed { occupied: false } });
    assert!(w.wait(on(3, 4, 0)).is_empty());
}

#[test]
fn when_the_platform_s_clock_jumps_back_nothing_waited_for_comes_late() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    // The clock ran five hours ahead; someone notices and sets it right.
    w.hear(on(2, 13, 0), Measure::Motion { room: Room::Living });
    w.take(Reading::now(on(2, 8, 0), 0, Measure::Heartbeat));
    // Eight hours from the true time, not from the wrong one.
    assert!(w.wait(on(2, 15, 59)).is_empty());
    assert!(raised(&w.wait(on(2, 16, 0)), AlarmKind::NoMotion).is_some());
    // A step back of seconds is the order of two machines, and changes nothing.
    let due = w.state.next_due();
    w.take(Reading::now(on(2, 15, 59), 0, Measure::Heartbeat));
    assert_eq!(w.state.next_due(), due);
}

#[test]
fn a_storm_is_one_alarm_and_nothing_of_it_is_hidden() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    let mut told = 0;
    for n in 0..600 {
        let outcomes = w.take(Reading::now(on(2, 9, 0).plus_ms(n * 1_000), 0, Measure::Smoke(true)));
        told += outcomes.len();
    }
    assert_eq!(raises(&w.told, AlarmKind::Smoke), 1);
    // The bell rings once and the count is told once a minute; the count is exact.
    assert_eq!(told, 10);
    assert_eq!(w.state.open()[0].count, 600);
}

#[test]
fn closed_by_a_person_while_it_goes_on_it_is_raised_again_after_its_time() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    w.hear(on(2, 7, 0), Measure::Motion { room: Room::Kitchen });
    w.wait(on(2, 15, 0));
    w.close(AlarmKind::NoMotion, on(2, 15, 30));
    assert!(w.wait(on(3, 7, 0)).is_empty());
    // 15:30 and eight waking hours: 22:00 ends the day after six and a half.
    assert!(raised(&w.wait(on(3, 7, 30)), AlarmKind::NoMotion).is_some());
}

#[test]
fn an_empty_home_is_waited_for_by_the_rule_of_being_out() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    w.hear(on(2, 8, 0), Measure::Motion { room: Room::Hall });
    for open in [true, false] {
        w.hear(on(2, 8, 1), Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open });
    }
    // Still in front of the sensor while leaving.
    w.hear(on(2, 8, 1).plus_ms(20_000), Measure::Motion { room: Room::Hall });
    assert!(w.wait(on(2, 20, 0)).is_empty());
    let told = w.wait(on(2, 20, 1));
    assert!(raised(&told, AlarmKind::NotReturned).unwrap().reason.contains("2026-03-02 08:01 出门"));
    assert_eq!(raises(&w.told, AlarmKind::NoMotion), 0);
    let back = w.hear(on(2, 20, 30), Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true });
    assert_eq!(cleared(&back, AlarmKind::NotReturned), Some(false));
}

#[test]
fn a_door_left_open_is_told_by_day_and_more_urgently_when_the_night_comes() {
    let mut w = Watch::new(Settings::default(), on(2, 6, 0));
    w.hear(on(2, 21, 0), Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true });
    let told = w.wait(on(2, 21, 30));
    assert_eq!(raised(&told, AlarmKind::DoorOpen).unwrap().urgency, Urgency::Notice);
    let night = w.wait(on(2, 22, 5));
    assert!(
        night.iter().any(|o| matches!(
            o,
            Outcome::Count { kind: AlarmKind::DoorOpen, urgency: Urgency::Urgent, worse: true, .. }
        ))
    );
    w.hear(on(2, 22, 10), Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: false });
    assert_eq!(cleared(&w.wait(on(2, 22, 20)), AlarmKind::DoorOpen), Some(true));
    // Opened in the night: five minutes.
    w.hear(on(3, 2, 0), Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true });
    let told = w.wait(on(3, 2, 5));
    assert_eq!(raised(&told, AlarmKind::DoorOpen).unwrap().urgency, Urgency::Urgent);
}

#[test]
fn a_state_of_another_version_is_refused() {
    let state = State::new(on(2, 8, 0));
    let other = state.to_json().replacen("\"version\":1", "\"version\":9", 1);
    assert!(matches!(State::from_json(&other), Err(StateError::Version(9))));
    assert!(matches!(State::from_json("{"), Err(StateError::Unreadable(_))));
}
