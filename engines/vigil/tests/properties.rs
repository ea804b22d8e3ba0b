//! What holds for every stream of readings.
#![allow(clippy::unwrap_used)]
use kernel::{CivilDate, GeoPoint, Instant};
use proptest::prelude::*;
use std::collections::BTreeSet;
use vigil::*;

fn start() -> Instant {
    CivilDate::new(2026, 3, 2).unwrap().at(12, 0)
}

fn place(east_m: i32) -> GeoPoint {
    GeoPoint { lat_e6: 22_786_000, lng_e6: 115_350_000 + i64::from(east_m) * 10 }
}

fn settings() -> Settings {
    let fence = |id, rule, span| Fence {
        id,
        name: format!("围栏{id}"),
        shape: Shape::Circle { center: place(0), radius_m: 300 },
        rule,
        schedule: Schedule { weekdays: 0x7f, span },
        grace: 10,
    };
    let mut settings = Settings::default();
    settings.places.fences = vec![
        fence(1, FenceRule::StayInside, Span::NIGHT),
        fence(2, FenceRule::StayInside, Span { from: 0, to: 0 }),
        fence(3, FenceRule::KeepOut, Span { from: 600, to: 900 }),
    ];
    settings.places.wandering = Some(WanderingMode { home: place(0), radius_m: 200, away: 60 });
    settings.devices = (0..4).map(|slot| DeviceWatch { slot, name: format!("设备{slot}"), silent: Some(90) }).collect();
    settings
}

fn measure() -> impl Strategy<Value = Measure> {
    let room = (0..Room::ALL.len()).prop_map(|n| Room::ALL[n]);
    prop_oneof![
        (0u16..320).prop_map(Measure::HeartRate),
        (60u16..260, 30u16..150).prop_map(|(systolic, diastolic)| Measure::BloodPressure { systolic, diastolic }),
        (60u8..=100).prop_map(Measure::Spo2),
        (330i16..420).prop_map(Measure::Temperature),
        (0u8..45).prop_map(Measure::Respiration),
        any::<bool>().prop_map(Measure::Oxygen),
        Just(Measure::Consciousness(Consciousness::Alert)),
        any::<bool>().prop_map(|occupied| Measure::Bed { occupied }),
        room.prop_map(|room| Measure::Motion { room }),
        any::<bool>().prop_map(|open| Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open }),
        (-2000i32..2000, 0u16..200).prop_map(|(east, accuracy_m)| Measure::Fix {
            place: place(east),
            accuracy_m,
            source: FixSource::Satellite
        }),
        any::<bool>().prop_map(Measure::Smoke),
        any::<bool>().prop_map(|unverified| Measure::Sos { unverified }),
        Just(Measure::Fall { unverified: false }),
        (0u8..=100).prop_map(Measure::Battery),
        any::<bool>().prop_map(Measure::Worn),
        any::<bool>().prop_map(Measure::Online),
        (50i16..400).prop_map(Measure::RoomTemperature),
        (0u32..9000).prop_map(Measure::Steps),
    ]
}

#[derive(Clone, Debug)]
enum Act {
    /// Time passes (ms, may go back), then a reading this much older than now.
    Read {
        after: i64,
        age: i64,
        device: u8,
        what: Measure,
    },
    Tick {
        after: i64,
    },
    Close(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let after = prop_oneof![6 => 0i64..3_600_000, 2 => 0i64..40_000_000, 1 => -7_200_000i64..0];
    let age = prop_oneof![6 => Just(0i64), 2 => 0i64..7_200_000, 1 => -86_400_000i64..900_000_000];
    prop_oneof![
        8 => (after.clone(), age, 0u8..40, measure())
            .prop_map(|(after, age, device, what)| Act::Read { after, age, device, what }),
        3 => after.prop_map(|after| Act::Tick { after }),
        1 => (0..AlarmKind::ALL.len()).prop_map(Act::Close),
    ]
}

/// Plays acts; `stored_at`: after that many acts the state goes through its stored form.
fn play(acts: &[Act], stored_at: Option<usize>) -> (Vec<Vec<Outcome>>, State) {
    let settings = settings();
    let mut now = start();
    let mut state = State::new(now);
    let mut all = Vec::new();
    for (n, act) in acts.iter().enumerate() {
        if stored_at == Some(n) {
            state = State::from_json(&state.to_json()).unwrap();
        }
        all.push(match act {
            Act::Read { after, age, device, what } => {
                now = now.plus_ms(*after);
                let reading = Reading { at: now.plus_ms(-age), received: now, device: *device, what: *what };
                step(&settings, &mut state, &reading)
            }
            Act::Tick { after } => {
                now = now.plus_ms(*after);
                tick(&settings, &mut state, now)
            }
            Act::Close(kind) => {
                state.close(&settings, AlarmKind::ALL[*kind], now);
                Vec::new()
            }
        });
    }
    (all, state)
}

/// Rows that are nearly right, and rows that are anything.
fn recording() -> impl Strategy<Value = String> {
    let time = prop_oneof![
        4 => (0u8..60, 0u8..30, 0u8..70, 0u8..70)
            .prop_map(|(d, h, m, s)| format!("2026-03-{d:02} {h:02}:{m:02}:{s:02}")),
        1 => any::<u64>().prop_map(|n| n.to_string()),
        1 => "[0-9:TZ./ -]{0,24}",
    ];
    let word = prop_oneof![
        Just("motion"),
        Just("door"),
        Just("bed"),
        Just("kitchen"),
        Just("bathroom"),
        Just("bedroom"),
        Just("ON"),
        Just("OFF"),
        Just("OPEN"),
        Just("1"),
        Just("-7.5"),
        Just("厨房"),
        Just("\""),
        Just(""),
        Just("M001")
    ];
    let row = (time, prop::collection::vec(word, 0..6), prop_oneof![4 => Just(","), 1 => Just("\t"), 1 => Just(";")])
        .prop_map(|(time, words, between)| format!("{time}{between}{}", words.join(between)));
    let line = prop_oneof![6 => row, 1 => ".{0,40}", 1 => Just("time,sensor,room,kind,state".to_string())];
    prop::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// At most one alarm of a kind is open: a second is raised only after the first ended or was closed.
    #[test]
    fn one_open_alarm_a_kind(acts in prop::collection::vec(act(), 1..250)) {
        let (all, state) = play(&acts, None);
        let mut open = BTreeSet::new();
        for (act, outcomes) in acts.iter().zip(&all) {
            if let Act::Close(kind) = act {
                open.remove(&AlarmKind::ALL[*kind]);
            }
            for outcome in outcomes {
                match outcome {
                    Outcome::Raise(alarm) => {
                        prop_assert!(open.insert(alarm.kind), "{:?} raised twice", alarm.kind);
                        prop_assert!(!alarm.reason.is_empty());
                    }
                    Outcome::Count { kind, count, .. } => {
                        prop_assert!(open.contains(kind));
                        prop_assert!(*count >= 2);
                    }
                    Outcome::Clear { kind, closed, .. } => {
                        prop_assert!(open.contains(kind));
                        prop_assert_eq!(*closed, !kind.needs_person());
                        if *closed {
                            open.remove(kind);
                        }
                    }
                    Outcome::Notice(_) => {}
                }
            }
        }
        let kinds: BTreeSet<AlarmKind> = state.open().iter().map(|o| o.kind).collect();
        prop_assert_eq!(kinds, open);
    }

    /// Whoever calls for help is heard: whatever came before, whatever the device's clock says.
    #[test]
    fn a_call_for_help_is_never_suppressed(
        acts in prop::collection::vec(act(), 0..120), age in -400_000_000i64..900_000_000, device in 0u8..=255,
    ) {
        let (_, mut state) = play(&acts, None);
        let settings = settings();
        let now = acts.iter().fold(start(), |now, a| match a {
            Act::Read { after, .. } | Act::Tick { after } => now.plus_ms(*after),
            Act::Close(_) => now,
        }).plus_ms(777);
        let reading = Reading { at: now.plus_ms(-age), received: now, device, what: Measure::Sos { unverified: false } };
        let outcomes = step(&settings, &mut state, &reading);
        let told = outcomes.iter().any(|o| match o {
            Outcome::Raise(a) => a.kind == AlarmKind::Sos && a.urgency == Urgency::Critical,
            Outcome::Count { kind, .. } => *kind == AlarmKind::Sos,
            _ => false,
        });
        prop_assert!(told, "{outcomes:?}");
        prop_assert!(state.is_open(AlarmKind::Sos));
    }

    /// A state stored anywhere goes on exactly as one that was not, and the same stream gives the same outcomes.
    #[test]
    fn stored_and_read_back_the_future_is_the_same(
        acts in prop::collection::vec(act(), 1..200), at in 0usize..200,
    ) {
        let straight = play(&acts, None);
        prop_assert_eq!(&straight, &play(&acts, None));
        prop_assert_eq!(&straight, &play(&acts, Some(at % acts.len())));
    }

    /// The memory stays small, and a tick always looks ahead.
    #[test]
    fn memory_is_bounded_and_time_goes_on(acts in prop::collection::vec(act(), 1..400)) {
        let (_, mut state) = play(&acts, None);
        prop_assert!(state.to_json().len() < 24_000, "{}", state.to_json().len());
        let settings = settings();
        let now = start().plus_minutes(60 * 24 * 90);
        tick(&settings, &mut state, now);
        prop_assert!(state.next_due().is_none_or(|due| due > now), "{:?} {now:?}", state.next_due());
    }

    /// Reading twice what a device sent twice changes nothing: no alarm is counted for it.
    #[test]
    fn the_same_message_again_is_one_event(
        acts in prop::collection::vec(act(), 0..60), what in measure(),
    ) {
        let (_, mut state) = play(&acts, None);
        let settings = settings();
        let now = start().plus_minutes(60 * 24 * 60);
        let reading = Reading::now(now, 1, what);
        step(&settings, &mut state, &reading);
        let counts = |s: &State| s.open().iter().map(|o| (o.kind, o.count)).collect::<Vec<_>>();
        let before = counts(&state);
        let again = step(&settings, &mut state, &Reading { received: now.plus_ms(40_000), ..reading });
        prop_assert_eq!(before, counts(&state));
        prop_assert!(!again.iter().any(|o| matches!(o, Outcome::Raise(_) | Outcome::Count { .. })), "{again:?}");
    }

    /// Every reading is stored as small integers and read back the same.
    #[test]
    fn encoded_and_decoded(what in measure()) {
        prop_assert_eq!(Measure::decode(what.encode()), Some(what));
        prop_assert!(!what.zh().is_empty());
    }

    /// Any four integers decode to a measure or to nothing.
    #[test]
    fn decoding_never_fails(kind: u8, a: i32, b: i32, c: i32) {
        if let Some(what) = Measure::decode(Encoded { kind, a, b, c }) {
            prop_assert_eq!(what.kind().number(), kind);
        }
    }

    /// Any text is refused with a reason or run to its end.
    #[test]
    fn any_recording_is_refused_or_run(text in recording()) {
        match replay(&text, &Settings::default()) {
            Ok(r) => {
                prop_assert!(r.used <= r.rows && r.faults.len() <= r.bad_rows);
                prop_assert!(r.departures.iter().all(|d| !d.words.is_empty()));
            }
            Err(e) => prop_assert!(!e.to_string().is_empty()),
        }
    }
}
