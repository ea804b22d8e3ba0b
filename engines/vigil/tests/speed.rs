//! Nanoseconds a step takes on a mixed stream, printed as one JSON line:
//! `cargo test --release -p vigil --test speed -- --ignored --nocapture`.
use kernel::{CivilDate, GeoPoint, Instant};
use vigil::rehearse::{Dice, Person, home};
use vigil::{
    DeviceWatch, Fence, FenceRule, FixSource, Measure, Outcome, Reading, Schedule, Settings, Shape, State, step, tick,
};

/// Elders whose states are walked through in turn, so that the caches are not warmer than in service.
const ELDERS: usize = 5_000;

#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::disallowed_methods)]
fn speed() {
    let center = GeoPoint { lat_e6: 22_786_000, lng_e6: 115_350_000 };
    let mut settings = Settings::default();
    settings.places.fences = vec![Fence {
        id: 1,
        name: "小区".into(),
        shape: Shape::Circle { center, radius_m: 500 },
        rule: FenceRule::StayInside,
        schedule: Schedule::ALWAYS,
        grace: 10,
    }];
    settings.devices = (0..3).map(|slot| DeviceWatch { slot, name: "设备".into(), silent: Some(120) }).collect();
    let start = CivilDate::from_epoch_days(20_514);
    let mut states: Vec<State> = vec![learnt(&settings, start); ELDERS];
    let mut now = start.plus_days(22).at(10, 0);
    let mut dice = Dice::new(1);
    let mut told = [0usize; 2];
    let mut spent = std::time::Duration::ZERO;
    let rounds = 200;
    for _ in 0..rounds {
        now = now.plus_ms(30_000);
        let readings: Vec<Reading> =
            (0..ELDERS).map(|_| Reading::now(now, dice.below(3) as u8, some(&mut dice, center))).collect();
        let begin = std::time::Instant::now();
        for (state, reading) in states.iter_mut().zip(&readings) {
            told[0] += count(step(&settings, state, reading));
            if state.next_due().is_some_and(|due| due <= now) {
                told[1] += count(tick(&settings, state, now));
            }
        }
        spent += begin.elapsed();
    }
    let steps = rounds * ELDERS;
    println!(
        "{{\"ns_per_step\":{},\"steps\":{steps},\"elders\":{ELDERS},\"outcomes\":{},\"state_bytes\":{}}}",
        spent.as_nanos() / steps as u128,
        told[0] + told[1],
        states[0].to_json().len()
    );
}

fn count(outcomes: Vec<Outcome>) -> usize {
    outcomes.len()
}

/// What comes in by day: mostly vitals and movement, some positions.
fn some(dice: &mut Dice, center: GeoPoint) -> Measure {
    match dice.below(10) {
        0..3 => Measure::HeartRate(65 + dice.below(30) as u16),
        3 => Measure::Spo2(96 + dice.below(4) as u8),
        4 => Measure::Steps(dice.below(4_000) as u32),
        5 => Measure::Battery(60),
        6 => Measure::Fix {
            place: GeoPoint { lat_e6: center.lat_e6 + dice.below(2_000), ..center },
            accuracy_m: 20,
            source: FixSource::Satellite,
        },
        7 => Measure::Heartbeat,
        n => Measure::Motion { room: if n == 8 { vigil::Room::Living } else { vigil::Room::Kitchen } },
    }
}

/// A state that has learnt three weeks of a day.
fn learnt(settings: &Settings, start: CivilDate) -> State {
    let person = Person::random(&mut Dice::new(3));
    let mut state = State::new(Instant(0));
    for reading in home(&person, 3, start, 21, &[]) {
        step(settings, &mut state, &reading);
    }
    state
}
