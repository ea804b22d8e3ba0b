//! Slow changes of vitals: daily means of four weeks, the last three days against those before.
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome};
use crate::settings::Settings;
use crate::state::{State, Timer};
use crate::step::day_of;
use crate::vitals::Figure;
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// Days kept.
const DAYS: usize = 28;
/// The days that are "now", and how many must stand before them.
const RECENT: usize = 3;
const BEFORE: usize = 7;
/// The same change is told again after this many days.
const QUIET_DAYS: i32 = 7;
/// Blood pressure at or above this on three different days: worth a measurement at the clinic (国家基本公共卫生服务规范).
const BP_HIGH: (i16, i16) = (140, 90);

/// Figure, its name, the least change worth telling and its unit.
const WATCHED: [(Figure, &str, i16, &str); 5] = [
    (Figure::HeartRate, "心率", 12, " 次/分"),
    (Figure::Systolic, "收缩压", 15, " mmHg"),
    (Figure::Diastolic, "舒张压", 10, " mmHg"),
    (Figure::Spo2, "血氧", 3, "%"),
    (Figure::Respiration, "呼吸", 4, " 次/分"),
];

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Series {
    day: i32,
    sum: i32,
    n: i32,
    /// Daily means, oldest first.
    means: Vec<i16>,
    told: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrendState {
    series: [Series; WATCHED.len()],
    /// When a row of high blood pressures was last told.
    bp_told: i32,
}

/// Adds a value to its day. Values of an earlier day that come late are passed over: their day is finished.
pub(crate) fn take(state: &mut TrendState, figure: Figure, value: i32, when: Instant) {
    let Some(place) = WATCHED.iter().position(|w| w.0 == figure) else { return };
    let series = &mut state.series[place];
    let day = day_of(when);
    if day > series.day {
        finish(series);
        series.day = day;
    }
    if day == series.day && series.n < 100_000 {
        series.sum += value;
        series.n += 1;
    }
}

fn finish(series: &mut Series) {
    if series.n == 0 {
        return;
    }
    if series.means.len() >= DAYS {
        series.means.remove(0);
    }
    series.means.push(i16::try_from(series.sum / series.n).unwrap_or(i16::MAX));
    (series.sum, series.n) = (0, 0);
}

fn median(mut values: Vec<i16>) -> i16 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Looks at the days that are finished; once a day, at five in the morning.
pub(crate) fn look_day(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let now = state.now;
    let today = day_of(now);
    let five = Instant(i64::from(today) * Instant::DAY - Instant::ZONE_MS + 5 * Instant::HOUR);
    state.arm(Timer::DayEnd, if five > now { five } else { Instant(five.0 + Instant::DAY) });
    if !settings.vitals.trend {
        return;
    }
    let mut said: Vec<String> = Vec::new();
    for (series, (_, name, least, unit)) in state.trend.series.iter_mut().zip(WATCHED) {
        if series.day < today {
            finish(series);
        }
        let days = series.means.len();
        if days < RECENT + BEFORE || today - series.day > RECENT as i32 || today - series.told < QUIET_DAYS {
            continue;
        }
        let (before, recent) = series.means.split_at(days - RECENT);
        let usual = median(before.to_vec());
        let spread = median(before.iter().map(|v| (v - usual).abs()).collect());
        let lately = recent.iter().map(|v| i32::from(*v)).sum::<i32>() / RECENT as i32;
        let change = lately - i32::from(usual);
        // Three scaled median deviations (×1.48 each) is far outside the day-to-day change.
        if change.abs() >= i32::from(least).max(i32::from(spread) * 45 / 10) {
            series.told = today;
            let how = if change > 0 { "升高" } else { "降低" };
            said.push(format!("{name}近 {RECENT} 天平均 {lately}{unit}，比平时{how} {}{unit}", change.abs()));
        }
    }
    if let Some(days) = high_days(&state.trend).filter(|_| today - state.trend.bp_told >= QUIET_DAYS) {
        state.trend.bp_told = today;
        let (s, d) = BP_HIGH;
        said.push(format!("有 {days} 天血压达到 {s}/{d} mmHg，建议到医院测量确认"));
    }
    if said.is_empty() {
        return state.well(settings, out, AlarmKind::Trend, "近日无新的变化");
    }
    let kind = AlarmKind::Trend;
    let (reason, evidence) = (said.join("；"), Evidence::absence(now));
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since: now, raised: now, reason, evidence });
}

/// On how many of the days kept the blood pressure was high, when three or more.
fn high_days(state: &TrendState) -> Option<usize> {
    let count = |figure: Figure, level: i16| {
        let place = WATCHED.iter().position(|w| w.0 == figure)?;
        Some(state.series[place].means.iter().filter(|v| **v >= level).count())
    };
    let days = count(Figure::Systolic, BP_HIGH.0)?.max(count(Figure::Diastolic, BP_HIGH.1)?);
    (days >= 3).then_some(days)
}
