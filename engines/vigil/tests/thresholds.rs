//! Every default level, at the value and one beside it; NEWS2 cell by cell; slow changes.
#![allow(clippy::unwrap_used)]
mod common;
use common::{Watch, cleared, on, raised};
use vigil::news2::{Observed, Risk, score};
use vigil::*;

/// The alarm of a single reading, or of two in a row.
fn alarm_of(settings: &Settings, what: Measure, times: u32) -> Option<(AlarmKind, Urgency)> {
    let mut w = Watch::new(settings.clone(), on(2, 9, 0));
    for n in 0..times {
        w.hear(on(2, 9, 10 + n), what);
    }
    w.state.open().first().map(|o| (o.kind, o.urgency))
}

fn bp(systolic: u16, diastolic: u16) -> Measure {
    Measure::BloodPressure { systolic, diastolic }
}

#[test]
fn urgent_levels_need_one_reading() {
    use AlarmKind as K;
    let cases: &[(Measure, Option<AlarmKind>)] = &[
        // 国家基本公共卫生服务规范: ≥180 and/or ≥110 refer at once.
        (bp(179, 109), None),
        (bp(180, 80), Some(K::BloodPressureHigh)),
        (bp(150, 110), Some(K::BloodPressureHigh)),
        (bp(91, 60), None),
        (bp(90, 60), Some(K::BloodPressureLow)),
        // ≥16.7 or ≤3.9 mmol/L.
        (Measure::Glucose(166), None),
        (Measure::Glucose(167), Some(K::GlucoseHigh)),
        (Measure::Glucose(40), None),
        (Measure::Glucose(39), Some(K::GlucoseLow)),
        // ≥39 high, <35 too cold.
        (Measure::Temperature(390), Some(K::TemperatureHigh)),
        (Measure::Temperature(350), None),
        (Measure::Temperature(349), Some(K::TemperatureLow)),
        // <90 urgent.
        (Measure::Spo2(89), Some(K::Spo2Low)),
        (Measure::Respiration(8), Some(K::RespirationLow)),
        (Measure::Respiration(25), Some(K::RespirationHigh)),
    ];
    for (what, expected) in cases {
        let got = alarm_of(&Settings::default(), *what, 1);
        assert_eq!(got, expected.map(|k| (k, Urgency::Urgent)), "{what:?}");
    }
}

#[test]
fn watch_levels_need_two_readings_in_a_row() {
    use AlarmKind as K;
    let cases: &[(Measure, Option<AlarmKind>)] = &[
        // <50 or >120.
        (Measure::HeartRate(50), None),
        (Measure::HeartRate(49), Some(K::HeartRateLow)),
        (Measure::HeartRate(120), None),
        (Measure::HeartRate(121), Some(K::HeartRateHigh)),
        // 90–94 watch.
        (Measure::Spo2(95), None),
        (Measure::Spo2(94), Some(K::Spo2Low)),
        (Measure::Spo2(90), Some(K::Spo2Low)),
        // ≥37.3 fever.
        (Measure::Temperature(372), None),
        (Measure::Temperature(373), Some(K::TemperatureHigh)),
        (Measure::Temperature(389), Some(K::TemperatureHigh)),
        // 12–20 normal.
        (Measure::Respiration(12), None),
        (Measure::Respiration(11), Some(K::RespirationLow)),
        (Measure::Respiration(20), None),
        (Measure::Respiration(21), Some(K::RespirationHigh)),
    ];
    for (what, expected) in cases {
        assert_eq!(alarm_of(&Settings::default(), *what, 1), None, "{what:?} once");
        let got = alarm_of(&Settings::default(), *what, 2);
        assert_eq!(got, expected.map(|k| (k, Urgency::Notice)), "{what:?} twice");
    }
}

#[test]
fn levels_are_the_person_s_own() {
    let mut settings = Settings::default();
    settings.vitals = settings.vitals.for_copd();
    assert_eq!(alarm_of(&settings, Measure::Spo2(88), 5), None);
    assert_eq!(alarm_of(&settings, Measure::Spo2(87), 2), Some((AlarmKind::Spo2Low, Urgency::Notice)));
    assert_eq!(alarm_of(&settings, Measure::Spo2(85), 1), Some((AlarmKind::Spo2Low, Urgency::Urgent)));
    settings.vitals.heart_rate.high_urgent = Some(100);
    assert_eq!(alarm_of(&settings, Measure::HeartRate(100), 1), Some((AlarmKind::HeartRateHigh, Urgency::Urgent)));
    // Settings stored as JSON may name only what differs.
    let stored: Settings = serde_json::from_str(r#"{"home":{"left_bed":15}}"#).unwrap();
    assert_eq!(stored.home.left_bed, Some(15));
    assert_eq!(stored.vitals, Vitals::default());
}

#[test]
fn a_reason_says_value_level_and_how_often() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    w.hear(on(2, 9, 1), Measure::HeartRate(132));
    let told = w.hear(on(2, 9, 2), Measure::HeartRate(132));
    let reason = &raised(&told, AlarmKind::HeartRateHigh).unwrap().reason;
    assert_eq!(reason, "心率 132 次/分（界限：121 次/分及以上），连续 2 次");
    let told = w.hear(on(2, 9, 3), bp(150, 112));
    let reason = &raised(&told, AlarmKind::BloodPressureHigh).unwrap().reason;
    assert_eq!(reason, "血压 150/112 mmHg（界限：舒张压 110 mmHg及以上）");
    let told = w.hear(on(2, 9, 4), Measure::Temperature(392));
    assert_eq!(raised(&told, AlarmKind::TemperatureHigh).unwrap().reason, "体温 39.2 ℃（界限：39.0 ℃及以上）");
    let told = w.hear(on(2, 9, 5), Measure::Spo2(86));
    assert_eq!(raised(&told, AlarmKind::Spo2Low).unwrap().reason, "血氧 86%（界限：89%及以下）");
}

#[test]
fn it_gets_worse_it_is_told_at_once_and_it_ends_when_it_has_been_well_for_a_while() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    w.hear(on(2, 9, 0), Measure::Spo2(93));
    w.hear(on(2, 9, 1), Measure::Spo2(93));
    let worse = w.hear(on(2, 9, 1), Measure::Spo2(93));
    assert!(worse.is_empty());
    let worse = w.take(Reading::now(on(2, 9, 1).plus_ms(5_000), 0, Measure::Spo2(84)));
    assert!(matches!(worse[..], [Outcome::Count { urgency: Urgency::Urgent, worse: true, count: 2, .. }]), "{worse:?}");
    // Well for nine minutes and low again: the same alarm.
    w.hear(on(2, 9, 10), Measure::Spo2(97));
    w.hear(on(2, 9, 19), Measure::Spo2(88));
    assert!(w.wait(on(2, 9, 40)).is_empty());
    w.hear(on(2, 9, 41), Measure::Spo2(97));
    assert_eq!(cleared(&w.wait(on(2, 9, 51)), AlarmKind::Spo2Low), Some(true));
    assert!(w.state.open().is_empty());
}

#[test]
fn blood_pressure_is_well_only_when_both_figures_are() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    w.hear(on(2, 9, 0), bp(190, 115));
    w.hear(on(2, 9, 10), bp(150, 112));
    assert!(w.wait(on(2, 10, 0)).is_empty());
    w.hear(on(2, 10, 10), bp(150, 90));
    assert_eq!(cleared(&w.wait(on(2, 10, 20)), AlarmKind::BloodPressureHigh), Some(true));
}

#[test]
fn what_no_body_can_have_is_passed_over_and_said_once_a_day() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    let told = w.hear(on(2, 9, 1), Measure::HeartRate(0));
    assert!(matches!(&told[..], [Outcome::Notice(n)] if n.kind == NoticeKind::Implausible));
    for what in [Measure::Spo2(0), Measure::Temperature(0), bp(80, 120), Measure::Respiration(0)] {
        assert!(w.hear(on(2, 9, 2), what).is_empty());
    }
    assert!(w.state.open().is_empty());
}

#[test]
fn danger_in_the_home_is_told_at_the_first_word() {
    for (what, kind, urgency) in [
        (Measure::Smoke(true), AlarmKind::Smoke, Urgency::Critical),
        (Measure::Gas(true), AlarmKind::Gas, Urgency::Critical),
        (Measure::Co(true), AlarmKind::Co, Urgency::Critical),
        (Measure::Water(true), AlarmKind::Water, Urgency::Urgent),
        (Measure::CoPpm(50), AlarmKind::Co, Urgency::Critical),
        (Measure::Fall { unverified: false }, AlarmKind::Fall, Urgency::Critical),
        (Measure::Device(DeviceAlarm::HeartRate), AlarmKind::Device, Urgency::Urgent),
    ] {
        assert_eq!(alarm_of(&Settings::default(), what, 1), Some((kind, urgency)), "{what:?}");
        // A person closes it, also when it is over.
        assert!(kind.needs_person());
    }
    assert_eq!(alarm_of(&Settings::default(), Measure::CoPpm(49), 3), None);
    assert_eq!(alarm_of(&Settings::default(), Measure::RoomTemperature(100), 1), None);
    assert_eq!(
        alarm_of(&Settings::default(), Measure::RoomTemperature(100), 2),
        Some((AlarmKind::RoomCold, Urgency::Notice))
    );
}

#[test]
fn batteries_and_things_taken_off() {
    let mut w = Watch::new(Settings::default(), on(2, 9, 0));
    assert!(w.hear(on(2, 9, 0), Measure::Battery(21)).is_empty());
    assert!(raised(&w.hear(on(2, 9, 1), Measure::Battery(20)), AlarmKind::BatteryLow).is_some());
    assert!(w.hear(on(2, 9, 30), Measure::Battery(18)).is_empty());
    // 25 % is not yet charged, 30 % is.
    w.hear(on(2, 10, 0), Measure::Battery(25));
    assert!(w.wait(on(2, 11, 0)).is_empty());
    w.hear(on(2, 12, 0), Measure::Battery(30));
    assert_eq!(cleared(&w.wait(on(2, 12, 10)), AlarmKind::BatteryLow), Some(true));
    w.hear(on(2, 13, 0), Measure::Worn(false));
    assert!(w.wait(on(3, 0, 59)).is_empty());
    assert!(raised(&w.wait(on(3, 1, 0)), AlarmKind::TakenOff).is_some());
}

fn well() -> Observed {
    Observed {
        respiration: 16,
        spo2: 98,
        oxygen: false,
        systolic: 130,
        pulse: 70,
        consciousness: i32::from(Consciousness::Alert.number()),
        temperature: 368,
    }
}

#[test]
fn news2_cell_by_cell() {
    let total = |o: Observed| score(&o, false).unwrap().total;
    let total2 = |o: Observed| score(&o, true).unwrap().total;
    assert_eq!(total(well()), 0);
    for (value, points) in [(8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3)] {
        assert_eq!(total(Observed { respiration: value, ..well() }), points, "respiration {value}");
    }
    for (value, points) in [(91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)] {
        assert_eq!(total(Observed { spo2: value, ..well() }), points, "spo2 {value}");
    }
    for (value, air, on_oxygen) in [
        (83, 3, 3),
        (84, 2, 2),
        (85, 2, 2),
        (86, 1, 1),
        (87, 1, 1),
        (88, 0, 0),
        (92, 0, 0),
        (93, 0, 1),
        (94, 0, 1),
        (95, 0, 2),
        (96, 0, 2),
        (97, 0, 3),
    ] {
        assert_eq!(total2(Observed { spo2: value, ..well() }), air, "scale 2 on air {value}");
        assert_eq!(
            total2(Observed { spo2: value, oxygen: true, ..well() }),
            on_oxygen + 2,
            "scale 2 on oxygen {value}"
        );
    }
    for (value, points) in [(90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)] {
        assert_eq!(total(Observed { systolic: value, ..well() }), points, "systolic {value}");
    }
    for (value, points) in
        [(40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)]
    {
        assert_eq!(total(Observed { pulse: value, ..well() }), points, "pulse {value}");
    }
    for (value, points) in [(350, 3), (351, 1), (360, 1), (361, 0), (380, 0), (381, 1), (390, 1), (391, 2)] {
        assert_eq!(total(Observed { temperature: value, ..well() }), points, "temperature {value}");
    }
    for level in Consciousness::ALL {
        let points = if *level == Consciousness::Alert { 0 } else { 3 };
        assert_eq!(total(Observed { consciousness: i32::from(level.number()), ..well() }), points, "{level:?}");
    }
    assert_eq!(score(&Observed { consciousness: 9, ..well() }, false), None);
}

#[test]
fn news2_says_how_urgent() {
    let risk = |o: Observed| score(&o, false).unwrap().risk;
    assert_eq!(risk(well()), Risk::Low);
    assert_eq!(risk(Observed { systolic: 90, ..well() }), Risk::LowMedium);
    assert_eq!(risk(Observed { respiration: 21, spo2: 95, pulse: 111, ..well() }), Risk::Medium);
    assert_eq!(risk(Observed { respiration: 25, spo2: 91, pulse: 91, ..well() }), Risk::High);
}

#[test]
fn one_missing_parameter_is_no_score() {
    let all = [
        Measure::Consciousness(Consciousness::Confusion),
        Measure::Oxygen(true),
        Measure::Respiration(18),
        Measure::Spo2(97),
        bp(130, 80),
        Measure::HeartRate(70),
        Measure::Temperature(368),
    ];
    for missing in 0..=all.len() {
        let mut w = Watch::new(Settings::default(), on(2, 9, 0));
        for (n, what) in all.iter().enumerate().filter(|(n, _)| *n != missing) {
            w.hear(on(2, 9, n as u32), *what);
        }
        assert_eq!(w.state.is_open(AlarmKind::EarlyWarning), missing == all.len(), "without {missing}");
        if missing == all.len() {
            let told = raised(&w.told, AlarmKind::EarlyWarning).unwrap();
            assert_eq!(told.reason, "早期预警评分 5 分（中风险），供参考，不是诊断");
            // A day later the old figures no longer count.
            let mut late = Watch::new(Settings::default(), on(2, 9, 0));
            late.state = w.state.clone();
            late.state.close(&w.settings, AlarmKind::EarlyWarning, on(2, 10, 0));
            assert!(late.hear(on(3, 9, 30), Measure::HeartRate(71)).is_empty());
        }
    }
}

#[test]
fn a_slow_change_is_told_once_and_noise_is_not() {
    let mut w = Watch::new(Settings::default(), on(1, 6, 0));
    for day in 1..=14 {
        for hour in [8, 14, 20] {
            let noise = ((i32::from(day) * 7 + hour) % 5 - 2) as i16;
            w.hear(on(day, hour as u32, 0), Measure::HeartRate((70 + noise) as u16));
        }
    }
    assert!(raised(&w.told, AlarmKind::Trend).is_none());
    for day in 15..=20 {
        for hour in [8, 14, 20] {
            w.hear(on(day, hour, 0), Measure::HeartRate(88));
        }
    }
    let told: Vec<&Alarm> =
        w.told.iter().filter_map(|o| if let Outcome::Raise(a) = o { Some(a) } else { None }).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].reason.contains("心率近 3 天平均 82 次/分，比平时升高 12 次/分"), "{}", told[0].reason);
}

#[test]
fn three_days_of_high_blood_pressure_ask_for_a_measurement() {
    let mut w = Watch::new(Settings::default(), on(1, 6, 0));
    for (day, systolic) in [(2, 145), (4, 138), (6, 142), (9, 141)] {
        assert!(raised(&w.told, AlarmKind::Trend).is_none());
        w.hear(on(day, 8, 0), bp(systolic, 80));
    }
    w.wait(on(10, 6, 0));
    assert!(raised(&w.told, AlarmKind::Trend).unwrap().reason.contains("有 3 天血压达到 140/90 mmHg"));
}

#[test]
fn every_default_names_its_source() {
    assert!(SOURCES.len() >= 12);
    assert!(SOURCES.iter().all(|s| !s.default.is_empty() && !s.source.is_empty()));
}
