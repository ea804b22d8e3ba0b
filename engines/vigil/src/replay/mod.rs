//! A recorded home run through the same engine: what it learns, and each departure with its words and score.
mod rows;
mod time;
mod words;

use crate::alarm::{Alarm, AlarmKind, Outcome};
use crate::measure::{MAX_DEVICES, Reading};
use crate::routine::Learnt;
use crate::settings::Settings;
use crate::state::State;
use crate::step::{step, tick};
use kernel::Instant;
use rows::{Rows, shorten};
use serde::Serialize;
use std::collections::BTreeMap;
use words::Sensor;

/// Faults listed one by one; more are only counted.
const LISTED_FAULTS: usize = 20;
/// Sensors and unknown kinds listed.
const LISTED: usize = 500;

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// From 1, as an editor counts lines.
    pub row: usize,
    pub message: String,
}

/// A recording that could not be run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Nothing in it.
    #[error("文件里没有读数")]
    Empty,
    /// Not one row, or less than half of them, could be read: the first fault.
    #[error("第 {row} 行：{message}（共 {bad} 行读不了）")]
    Rows { row: usize, message: String, bad: usize },
    /// Rows were read, but of no sensor this watch has a use for.
    #[error("没有可用的传感器；认得的类型有 motion、door、bed 和用品，文件里是 {kinds}")]
    NoSensor { kinds: String },
}

/// What one sensor was taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SensorUse {
    pub sensor: String,
    pub room: String,
    pub kind: String,
    /// In Chinese; none when it was not used.
    pub taken_for: Option<String>,
    pub rows: usize,
}

/// A departure from the learnt day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Departure {
    pub kind: AlarmKind,
    pub zh: &'static str,
    /// `2026-03-21`
    pub date: String,
    /// When it was told, and until when it lasted; local time.
    pub at: String,
    pub until: Option<String>,
    /// The sentence, as last told.
    pub words: String,
    /// Distance from the usual: 0 at the median, 3.5 at the limit.
    pub score: f64,
}

/// Another alarm the home's rules raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherAlarm {
    pub kind: AlarmKind,
    pub zh: &'static str,
    pub at: String,
    pub words: String,
}

/// What a recording gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    pub rows: usize,
    /// Rows that became readings; the others are ends of movements, unknown kinds or faults.
    pub used: usize,
    pub from: String,
    pub to: String,
    pub sensors: Vec<SensorUse>,
    /// Kinds this watch has no use for, with their rows.
    pub unknown_kinds: BTreeMap<String, usize>,
    pub bad_rows: usize,
    pub faults: Vec<RowFault>,
    pub learnt: Learnt,
    pub departures: Vec<Departure>,
    pub alarms: Vec<OtherAlarm>,
}

/// Runs a recorded home (see the file format in `docs/vigil.md`). Pure: the same text gives the same result.
///
/// # Errors
/// An empty file, more than half of the rows unreadable, or no sensor of a known kind.
pub fn replay(text: &str, settings: &Settings) -> Result<Replay, ReplayError> {
    let mut heard = Heard::default();
    for (number, row) in Rows::new(text) {
        heard.rows += 1;
        match row {
            Ok(row) => heard.take(number, row),
            Err(message) => heard.fault(number, message),
        }
    }
    if heard.rows == 0 {
        return Err(ReplayError::Empty);
    }
    if heard.bad * 2 > heard.rows {
        let first = heard.faults.remove(0);
        return Err(ReplayError::Rows { row: first.row, message: first.message, bad: heard.bad });
    }
    heard.readings.sort_by_key(|r| r.at);
    let (Some(first), Some(last)) = (heard.readings.first().copied(), heard.readings.last().copied()) else {
        let kinds = heard.unknown.keys().take(10).cloned().collect::<Vec<_>>().join("、");
        return Err(ReplayError::NoSensor { kinds });
    };
    let mut told = Told::default();
    let mut state = State::new(first.at);
    for reading in &heard.readings {
        // Between two readings time passes as it would in service.
        while let Some(due) = state.next_due().filter(|due| *due <= reading.at) {
            let due = due.max(state.now);
            told.hear(tick(settings, &mut state, due), due);
        }
        told.hear(step(settings, &mut state, reading), reading.at);
    }
    Ok(Replay {
        rows: heard.rows,
        used: heard.readings.len(),
        from: first.at.stamp_seconds(),
        to: last.at.stamp_seconds(),
        sensors: heard.sensors.into_iter().map(|s| s.shown).take(LISTED).collect(),
        unknown_kinds: heard.unknown,
        bad_rows: heard.bad,
        faults: heard.faults,
        learnt: state.learnt(),
        departures: told.departures,
        alarms: told.alarms,
    })
}

struct Known {
    sensor: Option<Sensor>,
    shown: SensorUse,
}

#[derive(Default)]
struct Heard {
    rows: usize,
    bad: usize,
    faults: Vec<RowFault>,
    readings: Vec<Reading>,
    sensors: Vec<Known>,
    places: BTreeMap<(String, String, String), usize>,
    unknown: BTreeMap<String, usize>,
}

impl Heard {
    fn fault(&mut self, row: usize, message: String) {
        self.bad += 1;
        if self.faults.len() < LISTED_FAULTS {
            self.faults.push(RowFault { row, message });
        }
    }

    fn take(&mut self, number: usize, row: rows::Row) {
        let key = (row.sensor, row.room, row.kind);
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let sensor = words::sensor(&key.0, &key.1, &key.2);
                let shown = SensorUse {
                    sensor: shorten(&key.0),
                    room: shorten(&key.1),
                    kind: shorten(&key.2),
                    taken_for: sensor.map(Sensor::zh),
                    rows: 0,
                };
                self.sensors.push(Known { sensor, shown });
                self.places.insert(key, self.sensors.len() - 1);
                self.sensors.len() - 1
            }
        };
        let known = &mut self.sensors[place];
        known.shown.rows += 1;
        // A meter's level is no use of the thing.
        let usable = known.sensor.filter(|s| !matches!(s, Sensor::Item(_)) || !words::is_level(&row.state));
        let Some(sensor) = usable else {
            let kind = if known.shown.kind.is_empty() { &known.shown.sensor } else { &known.shown.kind };
            if self.unknown.len() < LISTED || self.unknown.contains_key(kind) {
                *self.unknown.entry(kind.clone()).or_default() += 1;
            }
            return;
        };
        let Some(on) = words::state(&row.state) else {
            return self.fault(number, format!("看不懂状态“{}”", shorten(&row.state)));
        };
        if let Some(what) = sensor.measure(on) {
            self.readings.push(Reading::now(row.at, (place % MAX_DEVICES) as u8, what));
        }
    }
}

#[derive(Default)]
struct Told {
    departures: Vec<Departure>,
    alarms: Vec<OtherAlarm>,
}

fn score(alarm_score: Option<u16>) -> f64 {
    f64::from(alarm_score.unwrap_or_default()) / 10.0
}

impl Told {
    fn hear(&mut self, outcomes: Vec<Outcome>, now: Instant) {
        for outcome in outcomes {
            match outcome {
                Outcome::Raise(alarm) if alarm.kind.is_departure() => self.departures.push(departure(alarm)),
                Outcome::Raise(alarm) => self.alarms.push(OtherAlarm {
                    kind: alarm.kind,
                    zh: alarm.kind.zh(),
                    at: alarm.raised.stamp(),
                    words: alarm.reason,
                }),
                Outcome::Count { kind, reason, score: Some(s), .. } => {
                    if let Some(d) = self.departures.iter_mut().rev().find(|d| d.kind == kind) {
                        d.words = reason;
                        d.score = d.score.max(score(Some(s)));
                    }
                }
                Outcome::Clear { kind, .. } => {
                    if let Some(d) = self.departures.iter_mut().rev().find(|d| d.kind == kind && d.until.is_none()) {
                        d.until = Some(now.stamp());
                    }
                }
                Outcome::Count { .. } | Outcome::Notice(_) => {}
            }
        }
    }
}

fn departure(alarm: Alarm) -> Departure {
    Departure {
        kind: alarm.kind,
        zh: alarm.kind.zh(),
        date: alarm.raised.date().to_string(),
        at: alarm.raised.stamp(),
        until: None,
        words: alarm.reason,
        score: score(alarm.evidence.score),
    }
}
