//! One reading in, outcomes out; and the same for the passing of time.
use crate::alarm::{Alarm, AlarmKind, Evidence, Notice, NoticeKind, Outcome, Urgency};
use crate::measure::{DeviceAlarm, Measure, Reading};
use crate::settings::Settings;
use crate::state::{State, Timer};
use crate::{devices, home, places, routine, trend, vitals};
use kernel::Instant;

/// A device's clock may run ahead by this much; beyond it the platform's time is used.
pub(crate) const AHEAD_MS: i64 = 5 * Instant::MINUTE;
/// Readings kept back longer than this by a device are not believed: its clock was never set.
pub(crate) const BEHIND_MS: i64 = 7 * Instant::DAY;
/// A reading this old when it comes in is told with both times.
pub(crate) const LATE_MS: i64 = 10 * Instant::MINUTE;

/// Takes one reading in.
///
/// # Which time counts
/// * `received` is "now". It may go back: by less than two minutes it is taken as the order of two machines, by more
///   the platform's clock was set back, and everything waited for is waited for anew from there.
/// * `at` is when it was so. More than five minutes ahead of `received`, or more than seven days behind, the device's
///   clock is wrong: `received` stands in (told once a day).
/// * Late readings are judged like any other, and say so. A vital older than the newest of its kind changes nothing
///   any more: beyond a limit it is told as [`NoticeKind::LateValue`]. Levels (bed, door, worn) follow `at`: an older
///   message never overwrites a newer one.
/// * Calls for help, falls, smoke, gas, water and CO are raised whatever their time, place and neighbours say.
/// * The same message again (same `at`, device and content) within ten minutes is the same event.
pub fn step(settings: &Settings, state: &mut State, reading: &Reading) -> Vec<Outcome> {
    let mut out = Vec::new();
    state.settle_clock(reading.received);
    let now = state.now;
    let when = trusted_time(state, reading, now, &mut out);
    devices::heard(settings, state, reading, &mut out);
    match reading.what {
        Measure::Sos { .. }
        | Measure::Fall { .. }
        | Measure::Smoke(_)
        | Measure::Gas(_)
        | Measure::Water(_)
        | Measure::Co(_)
        | Measure::CoPpm(_)
        | Measure::Device(_) => danger(settings, state, reading, when, &mut out),
        Measure::HeartRate(_)
        | Measure::BloodPressure { .. }
        | Measure::Spo2(_)
        | Measure::Temperature(_)
        | Measure::Glucose(_)
        | Measure::Respiration(_)
        | Measure::Oxygen(_)
        | Measure::Consciousness(_) => vitals::step(settings, state, reading, when, &mut out),
        Measure::Bed { .. }
        | Measure::Motion { .. }
        | Measure::Door { .. }
        | Measure::Steps(_)
        | Measure::RoomTemperature(_) => home::step(settings, state, reading, when, &mut out),
        Measure::Fix { place, accuracy_m, .. } => {
            places::step(settings, state, reading, when, place, accuracy_m, &mut out);
        }
        Measure::Worn(_) | Measure::Battery(_) | Measure::BatteryLow | Measure::Online(_) => {
            devices::step(settings, state, reading, when, &mut out);
        }
        Measure::Heartbeat | Measure::Humidity(_) | Measure::Sleep { .. } => {}
    }
    out
}

/// Lets time pass: raises what was expected and did not come, ends what has been well long enough. To be called when
/// [`State::next_due`] has come; calling it earlier or more often changes nothing. `now` is the platform's time at the
/// call, not the moment that was due: an earlier time than the state has seen is taken for a clock that was set back.
pub fn tick(settings: &Settings, state: &mut State, now: Instant) -> Vec<Outcome> {
    let mut out = Vec::new();
    state.settle_clock(now);
    let now = state.now;
    for (timer, look) in WATCHERS {
        if state.take_due(*timer, now) {
            look(settings, state, &mut out);
        }
    }
    out
}

type Watcher = fn(&Settings, &mut State, &mut Vec<Outcome>);
const WATCHERS: &[(Timer, Watcher)] = &[
    (Timer::Silent, devices::look_silent),
    (Timer::TakenOff, devices::look_taken_off),
    (Timer::LeftBed, home::look_left_bed),
    (Timer::NoMotion, home::look_no_motion),
    (Timer::DoorOpen, home::look_door),
    (Timer::Away, home::look_away),
    (Timer::FenceConfirm, places::look_confirm),
    (Timer::FenceAbsent, places::look_absent),
    (Timer::Wander, places::look_wander),
    (Timer::Routine, routine::look),
    (Timer::DayEnd, trend::look_day),
    (Timer::Settle, |settings, state, out| state.settle(settings, out)),
];

fn trusted_time(state: &mut State, reading: &Reading, now: Instant, out: &mut Vec<Outcome>) -> Instant {
    let ahead = reading.at.since(reading.received);
    if (-BEHIND_MS..=AHEAD_MS).contains(&ahead) {
        return reading.at.min(now);
    }
    let today = day_of(now);
    if state.clock_told != today {
        state.clock_told = today;
        let by = if ahead > 0 { "快" } else { "慢" };
        let reason = format!("设备时钟{by}了（设备 {}，平台 {}），按平台时间记", reading.at.stamp(), now.stamp());
        out.push(Outcome::Notice(Notice { kind: NoticeKind::ClockWrong, at: now, reason }));
    }
    now
}

/// Days since 1970 in the city's zone.
pub(crate) fn day_of(at: Instant) -> i32 {
    (at.0 + Instant::ZONE_MS).div_euclid(Instant::DAY) as i32
}

/// `（02:10 发生，02:45 才收到）` for what came in late, nothing otherwise.
pub(crate) fn late_words(when: Instant, now: Instant) -> String {
    if now.since(when) < LATE_MS {
        String::new()
    } else if day_of(when) == day_of(now) {
        format!("（{} 发生，{} 才收到）", when.hhmm(), now.hhmm())
    } else {
        format!("（{} 发生，{} 才收到）", when.stamp(), now.stamp())
    }
}

/// `35 分钟`, `8 小时`, `1 小时 20 分钟`, `2 天 3 小时`
pub(crate) fn duration_words(ms: i64) -> String {
    let minutes = ms.max(0) / Instant::MINUTE;
    match (minutes / 1440, minutes % 1440 / 60, minutes % 60) {
        (0, 0, m) => format!("{m} 分钟"),
        (0, h, 0) => format!("{h} 小时"),
        (0, h, m) => format!("{h} 小时 {m} 分钟"),
        (d, 0, _) => format!("{d} 天"),
        (d, h, _) => format!("{d} 天 {h} 小时"),
    }
}

fn danger(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    let name = settings.device_name(reading.device);
    let damaged = |unverified: bool| if unverified { "，报文受损，待核实" } else { "" };
    let (kind, urgency, words) = match reading.what {
        Measure::Sos { unverified } => {
            (AlarmKind::Sos, Urgency::Critical, format!("按了求助（{name}{}）", damaged(unverified)))
        }
        Measure::Fall { unverified } => {
            (AlarmKind::Fall, Urgency::Critical, format!("检测到跌倒（{name}{}）", damaged(unverified)))
        }
        Measure::Smoke(true) => (AlarmKind::Smoke, Urgency::Critical, format!("家中有烟雾（{name}）")),
        Measure::Gas(true) => (AlarmKind::Gas, Urgency::Critical, format!("家中燃气泄漏（{name}）")),
        Measure::Co(true) => (AlarmKind::Co, Urgency::Critical, format!("家中一氧化碳超标（{name}）")),
        Measure::Water(true) => (AlarmKind::Water, Urgency::Urgent, format!("家中漏水（{name}）")),
        Measure::CoPpm(ppm) if ppm >= settings.home.co_ppm => {
            let words = format!("一氧化碳 {ppm} ppm，界限 {} ppm（{name}）", settings.home.co_ppm);
            (AlarmKind::Co, Urgency::Critical, words)
        }
        Measure::Device(which) => {
            let urgency = match which {
                DeviceAlarm::PowerOff | DeviceAlarm::Tamper | DeviceAlarm::FenceEntered | DeviceAlarm::DoorLeftOpen => {
                    Urgency::Notice
                }
                _ => Urgency::Urgent,
            };
            (AlarmKind::Device, urgency, format!("{}（{name}）", which.zh()))
        }
        Measure::Smoke(false) => return state.well(settings, out, AlarmKind::Smoke, "烟雾已消失"),
        Measure::Gas(false) => return state.well(settings, out, AlarmKind::Gas, "燃气已恢复正常"),
        Measure::Water(false) => return state.well(settings, out, AlarmKind::Water, "漏水已解除"),
        Measure::Co(false) | Measure::CoPpm(_) => {
            return state.well(settings, out, AlarmKind::Co, "一氧化碳已恢复正常");
        }
        _ => return,
    };
    let reason = words + &late_words(when, state.now);
    let evidence = Evidence::of(reading, when);
    state.raise(out, Alarm { kind, urgency, since: when, raised: state.now, reason, evidence });
}
