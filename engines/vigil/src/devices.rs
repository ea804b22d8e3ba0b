//! The devices themselves: silence, battery, worn or not.
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome};
use crate::measure::{MAX_DEVICES, Measure, Reading};
use crate::settings::Settings;
use crate::state::{State, Timer};
use crate::step::{duration_words, late_words};
use kernel::Instant;

/// A battery counts as charged again this far above the level at which it was low.
const CHARGED_ABOVE: u8 = 10;

fn bit(slot: u8) -> u32 {
    if usize::from(slot) < MAX_DEVICES { 1 << slot } else { 0 }
}

/// Every message is a sign of life of its device, except the gateway's word that it is gone.
pub(crate) fn heard(settings: &Settings, state: &mut State, reading: &Reading, out: &mut Vec<Outcome>) {
    if matches!(reading.what, Measure::Online(false)) {
        return;
    }
    let now = state.now;
    if let Some(heard) = state.devices.heard.get_mut(usize::from(reading.device)) {
        *heard = now;
    }
    let bit = bit(reading.device);
    if state.devices.silent & bit != 0 {
        state.devices.silent &= !bit;
        if state.devices.silent == 0 {
            state.well(settings, out, AlarmKind::DeviceSilent, "设备恢复上报");
        }
    }
}

pub(crate) fn step(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    let name = settings.device_name(reading.device);
    let bit = bit(reading.device);
    let now = state.now;
    match reading.what {
        Measure::Battery(percent) if percent > settings.battery_low => charged(settings, state, percent, bit, out),
        Measure::Battery(_) | Measure::BatteryLow => {
            // A level said again and again is told once a day until the battery was charged.
            if state.devices.low & bit != 0 && now.since(state.devices.low_told) < Instant::DAY {
                return;
            }
            state.devices.low |= bit;
            state.devices.low_told = now;
            let reason = match reading.what {
                Measure::Battery(percent) => format!("{name}电量只剩 {percent}%，请充电"),
                _ => format!("{name}电量低，请充电"),
            };
            let (kind, evidence) = (AlarmKind::BatteryLow, Evidence::of(reading, when));
            state.raise(out, Alarm { kind, urgency: kind.urgency(), since: when, raised: now, reason, evidence });
        }
        Measure::Worn(true) => {
            state.devices.off &= !bit;
            if state.devices.off == 0 {
                state.devices.off_since = None;
                state.well(settings, out, AlarmKind::TakenOff, "已重新戴上");
            }
        }
        Measure::Worn(false) => {
            if let Some(limit) = settings.taken_off {
                state.devices.off |= bit;
                let since = *state.devices.off_since.get_or_insert(when);
                state.arm(Timer::TakenOff, since.plus_minutes(i64::from(limit)));
            }
        }
        Measure::Online(false) => {
            let watched = settings.devices.iter().any(|d| d.slot == reading.device && d.silent.is_some());
            if watched && state.devices.silent & bit == 0 {
                state.devices.silent |= bit;
                let reason = format!("{name}离线了（网关报告）{}", late_words(when, now));
                let (kind, evidence) = (AlarmKind::DeviceSilent, Evidence::of(reading, when));
                state.raise(out, Alarm { kind, urgency: kind.urgency(), since: when, raised: now, reason, evidence });
            }
        }
        _ => {}
    }
}

fn charged(settings: &Settings, state: &mut State, percent: u8, bit: u32, out: &mut Vec<Outcome>) {
    let enough = settings.battery_low.saturating_add(CHARGED_ABOVE).min(100);
    if percent < enough || state.devices.low & bit == 0 {
        return;
    }
    state.devices.low &= !bit;
    if state.devices.low == 0 {
        state.well(settings, out, AlarmKind::BatteryLow, "已充电");
    }
}

/// Devices that have said nothing for longer than they may.
pub(crate) fn look_silent(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let now = state.now;
    for device in &settings.devices {
        let (Some(limit), Some(heard)) = (device.silent, state.devices.heard.get(usize::from(device.slot)).copied())
        else {
            continue;
        };
        let bit = bit(device.slot);
        if state.devices.silent & bit != 0 {
            continue;
        }
        let due = heard.max(state.devices.silence_closed).plus_minutes(i64::from(limit));
        if due > now {
            state.arm(Timer::Silent, due);
            continue;
        }
        state.devices.silent |= bit;
        let reason =
            format!("{}已 {} 没有上报，最后一次 {}", device.name, duration_words(now.since(heard)), heard.stamp());
        let kind = AlarmKind::DeviceSilent;
        let evidence = Evidence { device: Some(device.slot), ..Evidence::absence(heard) };
        state.raise(out, Alarm { kind, urgency: kind.urgency(), since: heard, raised: now, reason, evidence });
        // Should a person close it while the device stays away, it is looked at again.
        state.arm(Timer::Silent, now.plus_minutes(i64::from(limit)));
    }
}

pub(crate) fn look_taken_off(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let (Some(limit), Some(since)) = (settings.taken_off, state.devices.off_since) else { return };
    let now = state.now;
    let due = since.plus_minutes(i64::from(limit));
    if due > now {
        return state.arm(Timer::TakenOff, due);
    }
    let slot = state.devices.off.trailing_zeros() as u8;
    let name = settings.device_name(slot);
    let reason = format!("{name}取下 {} 未戴", duration_words(now.since(since)));
    let kind = AlarmKind::TakenOff;
    let evidence = Evidence { device: Some(slot), ..Evidence::absence(since) };
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since, raised: now, reason, evidence });
}
