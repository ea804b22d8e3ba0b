//! What the tests share.
#![allow(dead_code, clippy::unwrap_used)]
use kernel::{CivilDate, GeoPoint, Instant};
use vigil::*;

/// A moment of March 2026 (the 2nd is a Monday).
pub fn on(day: i8, hour: u32, minute: u32) -> Instant {
    CivilDate::new(2026, 3, day).unwrap().at(hour, minute)
}

/// A point this many metres east of the home, near 22.8° north.
pub fn east(metres: f64) -> GeoPoint {
    GeoPoint::from_degrees(22.8, 115.35 + metres / (111_194.9 * 22.8f64.to_radians().cos())).unwrap()
}

pub fn fix(metres: f64, accuracy_m: u16) -> Measure {
    Measure::Fix { place: east(metres), accuracy_m, source: FixSource::Satellite }
}

/// One elder under watch, with everything that was told.
pub struct Watch {
    pub settings: Settings,
    pub state: State,
    pub told: Vec<Outcome>,
}

impl Watch {
    pub fn new(settings: Settings, start: Instant) -> Watch {
        Watch { settings, state: State::new(start), told: Vec::new() }
    }
    /// Lets time pass up to `now` as a scheduler would: only when something is due.
    pub fn wait(&mut self, now: Instant) -> Vec<Outcome> {
        let mut all = Vec::new();
        while let Some(due) = self.state.next_due().filter(|d| *d <= now) {
            all.extend(tick(&self.settings, &mut self.state, due));
        }
        self.told.extend(all.clone());
        all
    }
    pub fn hear(&mut self, at: Instant, what: Measure) -> Vec<Outcome> {
        let mut all = self.wait(at);
        all.extend(self.take(Reading::now(at, 0, what)));
        all
    }
    pub fn take(&mut self, reading: Reading) -> Vec<Outcome> {
        let all = step(&self.settings, &mut self.state, &reading);
        self.told.extend(all.clone());
        all
    }
    /// Puts the state through its stored form, as a restart does.
    pub fn restart(&mut self) {
        self.state = State::from_json(&self.state.to_json()).unwrap();
    }
    pub fn close(&mut self, kind: AlarmKind, now: Instant) {
        self.state.close(&self.settings, kind, now).unwrap();
    }
}

pub fn raised(outcomes: &[Outcome], kind: AlarmKind) -> Option<&Alarm> {
    outcomes.iter().find_map(|o| match o {
        Outcome::Raise(a) if a.kind == kind => Some(a),
        _ => None,
    })
}

pub fn raises(outcomes: &[Outcome], kind: AlarmKind) -> usize {
    outcomes.iter().filter(|o| matches!(o, Outcome::Raise(a) if a.kind == kind)).count()
}

pub fn cleared(outcomes: &[Outcome], kind: AlarmKind) -> Option<bool> {
    outcomes.iter().find_map(|o| match o {
        Outcome::Clear { kind: k, closed, .. } if *k == kind => Some(*closed),
        _ => None,
    })
}
