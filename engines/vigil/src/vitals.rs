//! Vitals against this elder's levels.
use crate::alarm::{Alarm, AlarmKind, Evidence, Notice, NoticeKind, Outcome, Urgency};
use crate::measure::{Measure, Reading};
use crate::news2::{self, Observed};
use crate::settings::{Levels, Settings};
use crate::state::State;
use crate::step::{day_of, late_words};
use crate::trend;
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// The figures kept, each the newest of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Figure {
    HeartRate,
    Systolic,
    Diastolic,
    Spo2,
    Temperature,
    Glucose,
    Respiration,
    Oxygen,
    Consciousness,
}
const FIGURES: usize = 9;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub value: i32,
    pub at: Instant,
    /// Readings in a row beyond a high and a low level.
    high: u8,
    low: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VitalsState {
    pub last: [Option<Last>; FIGURES],
    /// The early-warning sum told last.
    warned: u8,
}

impl VitalsState {
    pub(crate) fn clock_back(&mut self, now: Instant) {
        for last in self.last.iter_mut().flatten() {
            last.at = last.at.min(now);
        }
    }
    fn fresh(&self, figure: Figure, since: Instant) -> Option<i32> {
        self.last[figure as usize].filter(|l| l.at >= since).map(|l| l.value)
    }
}

/// How far beyond its levels a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    Well,
    High(Urgency, i32),
    Low(Urgency, i32),
}

fn judge(levels: Levels, value: i32) -> Beyond {
    let at_least = |level: Option<i32>| level.filter(|l| value >= *l);
    let at_most = |level: Option<i32>| level.filter(|l| value <= *l);
    if let Some(l) = at_least(levels.high_urgent) {
        Beyond::High(Urgency::Urgent, l)
    } else if let Some(l) = at_most(levels.low_urgent) {
        Beyond::Low(Urgency::Urgent, l)
    } else if let Some(l) = at_least(levels.high_watch) {
        Beyond::High(Urgency::Notice, l)
    } else if let Some(l) = at_most(levels.low_watch) {
        Beyond::Low(Urgency::Notice, l)
    } else {
        Beyond::Well
    }
}

/// What no living body at home has: a sensor without contact, or a fault.
fn plausible(what: &Measure) -> bool {
    match *what {
        Measure::HeartRate(v) => (20..=300).contains(&v),
        Measure::BloodPressure { systolic, diastolic } => {
            (40..=300).contains(&systolic) && (20..=200).contains(&diastolic) && diastolic < systolic
        }
        Measure::Spo2(v) => (40..=100).contains(&v),
        Measure::Temperature(v) => (250..=450).contains(&v),
        Measure::Glucose(v) => (5..=600).contains(&v),
        Measure::Respiration(v) => (3..=80).contains(&v),
        _ => true,
    }
}

pub(crate) fn step(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    if !plausible(&reading.what) {
        let today = day_of(state.now);
        if state.implausible_told != today {
            state.implausible_told = today;
            let reason = format!("{} {} 不可信，未采用", reading.what.kind().zh(), reading.what.zh());
            out.push(Outcome::Notice(Notice { kind: NoticeKind::Implausible, at: when, reason }));
        }
        return;
    }
    let v = &settings.vitals;
    let mut one = |figure: Figure, value: i32, levels: Levels, high: AlarmKind, low: AlarmKind| {
        watch(settings, state, reading, when, out, Watched { figure, value, levels, high, low })
    };
    use AlarmKind as K;
    let newest = match reading.what {
        Measure::HeartRate(n) => one(Figure::HeartRate, n.into(), v.heart_rate, K::HeartRateHigh, K::HeartRateLow),
        Measure::BloodPressure { systolic, diastolic } => {
            let (high, low) = (K::BloodPressureHigh, K::BloodPressureLow);
            // Both are judged; the alarm ends only when both are well.
            let first = one(Figure::Systolic, systolic.into(), v.systolic, high, low);
            one(Figure::Diastolic, diastolic.into(), v.diastolic, high, low) && first
        }
        Measure::Spo2(n) => one(Figure::Spo2, n.into(), v.spo2, K::Spo2Low, K::Spo2Low),
        Measure::Temperature(n) => {
            one(Figure::Temperature, n.into(), v.temperature, K::TemperatureHigh, K::TemperatureLow)
        }
        Measure::Glucose(n) => one(Figure::Glucose, n.into(), v.glucose, K::GlucoseHigh, K::GlucoseLow),
        Measure::Respiration(n) => {
            one(Figure::Respiration, n.into(), v.respiration, K::RespirationHigh, K::RespirationLow)
        }
        Measure::Oxygen(on) => keep(state, Figure::Oxygen, on.into(), when),
        Measure::Consciousness(c) => keep(state, Figure::Consciousness, c.number().into(), when),
        _ => return,
    };
    if newest {
        early_warning(settings, state, reading, when, out);
    }
}

fn keep(state: &mut State, figure: Figure, value: i32, when: Instant) -> bool {
    let slot = &mut state.vitals.last[figure as usize];
    if slot.is_some_and(|l| l.at > when) {
        return false;
    }
    *slot = Some(Last { value, at: when, high: 0, low: 0 });
    true
}

struct Watched {
    figure: Figure,
    value: i32,
    levels: Levels,
    high: AlarmKind,
    low: AlarmKind,
}

/// Judges one figure; false when it is not the newest of its kind.
fn watch(
    settings: &Settings,
    state: &mut State,
    reading: &Reading,
    when: Instant,
    out: &mut Vec<Outcome>,
    w: Watched,
) -> bool {
    let beyond = judge(w.levels, w.value);
    let before = state.vitals.last[w.figure as usize];
    if let Some(newest) = before.filter(|l| l.at >= when) {
        // The same message again says nothing new.
        if (newest.at, newest.value) != (when, w.value) && beyond != Beyond::Well {
            let reason =
                format!("{} {}{}，之后已有更新的读数", reading.what.kind().zh(), reading.what.zh(), measured(when));
            out.push(Outcome::Notice(Notice { kind: NoticeKind::LateValue, at: when, reason }));
        }
        return false;
    }
    trend::take(&mut state.trend, w.figure, w.value, when);
    let mut last = Last { value: w.value, at: when, high: 0, low: 0 };
    let before = before.unwrap_or_default();
    let (kind, urgency, level, run) = match beyond {
        Beyond::High(urgency, level) => {
            last.high = before.high.saturating_add(1);
            (w.high, urgency, level, last.high)
        }
        Beyond::Low(urgency, level) => {
            last.low = before.low.saturating_add(1);
            (w.low, urgency, level, last.low)
        }
        Beyond::Well => {
            state.vitals.last[w.figure as usize] = Some(last);
            well(settings, state, &w, out);
            return true;
        }
    };
    state.vitals.last[w.figure as usize] = Some(last);
    // From one side straight to the other: the first side is well.
    let other = if kind == w.high { w.low } else { w.high };
    if other != kind {
        state.well(settings, out, other, "已恢复");
    }
    if urgency >= Urgency::Urgent || run >= settings.vitals.confirm || state.is_open(kind) {
        let reason = reason(reading, &w, kind, level, run) + &late_words(when, state.now);
        let evidence = Evidence::of(reading, when);
        state.raise(out, Alarm { kind, urgency, since: when, raised: state.now, reason, evidence });
    }
    true
}

fn well(settings: &Settings, state: &mut State, w: &Watched, out: &mut Vec<Outcome>) {
    let pair = match w.figure {
        Figure::Systolic => Some((Figure::Diastolic, settings.vitals.diastolic)),
        Figure::Diastolic => Some((Figure::Systolic, settings.vitals.systolic)),
        _ => None,
    };
    let still = pair.and_then(|(f, levels)| state.vitals.last[f as usize].map(|l| judge(levels, l.value)));
    if !matches!(still, Some(Beyond::High(..))) {
        state.well(settings, out, w.high, "已恢复");
    }
    if w.low != w.high && !matches!(still, Some(Beyond::Low(..))) {
        state.well(settings, out, w.low, "已恢复");
    }
}

fn measured(when: Instant) -> String {
    format!("（{} 测得）", when.stamp())
}

fn reason(reading: &Reading, w: &Watched, kind: AlarmKind, level: i32, run: u8) -> String {
    let unit = reading.what.kind().unit();
    let level = if reading.what.kind().tenths() { crate::measure::tenths(level) } else { level.to_string() };
    let side = if kind == w.low { "及以下" } else { "及以上" };
    let which = match w.figure {
        Figure::Systolic => "收缩压 ",
        Figure::Diastolic => "舒张压 ",
        _ => "",
    };
    let again = if run > 1 { format!("，连续 {run} 次") } else { String::new() };
    let gap = if unit == "%" { "" } else { " " };
    format!("{} {}（界限：{which}{level}{gap}{unit}{side}）{again}", reading.what.kind().zh(), reading.what.zh())
}

/// Tells the NEWS2 sum when it is complete and says that someone should look.
fn early_warning(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    let since = state.now.plus_minutes(-i64::from(settings.vitals.news2_minutes));
    let v = &state.vitals;
    let observed = || {
        Some(Observed {
            // The two that only staff tell come first: mostly they are missing and nothing more is looked at.
            consciousness: v.fresh(Figure::Consciousness, since)?,
            oxygen: v.fresh(Figure::Oxygen, since)? == 1,
            respiration: v.fresh(Figure::Respiration, since)?,
            spo2: v.fresh(Figure::Spo2, since)?,
            systolic: v.fresh(Figure::Systolic, since)?,
            pulse: v.fresh(Figure::HeartRate, since)?,
            temperature: v.fresh(Figure::Temperature, since)?,
        })
    };
    let Some(score) = observed().and_then(|o| news2::score(&o, settings.vitals.spo2_scale2)) else { return };
    let urgency = match score.risk {
        news2::Risk::Low => {
            state.vitals.warned = 0;
            return state.well(settings, out, AlarmKind::EarlyWarning, "评分回到低风险");
        }
        news2::Risk::LowMedium => Urgency::Notice,
        news2::Risk::Medium | news2::Risk::High => Urgency::Urgent,
    };
    if state.vitals.warned == score.total && state.is_open(AlarmKind::EarlyWarning) {
        return;
    }
    state.vitals.warned = score.total;
    let kind = AlarmKind::EarlyWarning;
    let reason = format!("早期预警评分 {} 分（{}），供参考，不是诊断", score.total, score.risk.zh());
    let evidence = Evidence::of(reading, when);
    state.raise(out, Alarm { kind, urgency, since: when, raised: state.now, reason, evidence });
}
