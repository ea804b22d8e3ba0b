//! From a protocol's record to what the watch understands. One table for all protocols.
use crate::directory::Entry;
use kernel::{GeoPoint, Instant};
use safety::devices::{DeviceKind, Known};
use safety::readings::Said;
use vigil::{DeviceAlarm, FixSource, Measure};
use wire::{Alarm, Record, Value};

/// Taken for a satellite fix that does not say how exact it is, metres.
const SATELLITE_M: u16 = 15;
/// Taken for positions from access points or cells.
const WIFI_M: u16 = 60;
const CELL_M: u16 = 1_500;

/// Everything a record says, in the order of urgency, with the device's time where it has one that can be.
pub fn said(record: &Record, device: &Known, received: Instant) -> Vec<Said> {
    let at = record.time.filter(|_| record.time_is_plausible(received)).unwrap_or(received);
    let mut out: Vec<Measure> = Vec::new();
    for alarm in &record.alarms {
        let what = of_alarm(*alarm, record.unverified, device);
        if !out.contains(&what) {
            out.push(what);
        }
    }
    vitals(record, &mut out);
    out.extend(fix(record));
    ended(record, device, &mut out);
    if out.is_empty() {
        out.push(Measure::Heartbeat);
    }
    out.into_iter().map(|what| Said { at, what }).collect()
}

/// A device's alarm as a measure.
fn of_alarm(alarm: Alarm, unverified: bool, device: &Known) -> Measure {
    match alarm {
        Alarm::Sos => Measure::Sos { unverified },
        Alarm::FallDown => Measure::Fall { unverified },
        Alarm::Smoke => Measure::Smoke(true),
        Alarm::Gas => Measure::Gas(true),
        Alarm::CarbonMonoxide => Measure::Co(true),
        Alarm::WaterLeak => Measure::Water(true),
        Alarm::HeartRate => Measure::Device(DeviceAlarm::HeartRate),
        Alarm::BloodPressure => Measure::Device(DeviceAlarm::BloodPressure),
        Alarm::BloodOxygen => Measure::Device(DeviceAlarm::Spo2),
        Alarm::Heat | Alarm::Temperature => Measure::Device(DeviceAlarm::Temperature),
        Alarm::Inactivity => Measure::Device(DeviceAlarm::NoMovement),
        Alarm::BedExit => Measure::Bed { occupied: false },
        Alarm::GeofenceExit | Alarm::Wandering => Measure::Device(DeviceAlarm::FenceLeft),
        Alarm::GeofenceEnter | Alarm::Geofence => Measure::Device(DeviceAlarm::FenceEntered),
        Alarm::Removing => Measure::Worn(false),
        Alarm::LowBattery | Alarm::LowPower => Measure::BatteryLow,
        Alarm::PowerOff | Alarm::PowerCut => Measure::Device(DeviceAlarm::PowerOff),
        Alarm::Tampering => Measure::Device(DeviceAlarm::Tamper),
        Alarm::LinkLost => Measure::Online(false),
        Alarm::PowerOn | Alarm::PowerRestored => Measure::Online(true),
        Alarm::DoorForced => Measure::Device(DeviceAlarm::DoorForced),
        Alarm::Intruder => Measure::Device(DeviceAlarm::Intruder),
        // A door system has waited its own time before it says so; of a contact it means that the door is open.
        Alarm::Door if device.kind.unlocks() => Measure::Device(DeviceAlarm::DoorLeftOpen),
        Alarm::Door => Measure::Door { door: device.door, room: device.room, open: true },
        // A moving or shaken sensor says that somebody is about; in a worn device it says nothing of a person.
        Alarm::Movement | Alarm::Vibration if fixed(device.kind) => Measure::Motion { room: device.room },
        Alarm::Movement | Alarm::Vibration => Measure::Heartbeat,
        _ => Measure::Device(DeviceAlarm::General),
    }
}

fn fixed(kind: DeviceKind) -> bool {
    !matches!(kind, DeviceKind::Watch | DeviceKind::Pendant | DeviceKind::Button)
}

fn vitals(record: &Record, out: &mut Vec<Measure>) {
    let v = &record.vitals;
    let tenths = |x: f64| (x * 10.0).round().clamp(-1_000.0, 10_000.0) as i16;
    out.extend(v.heart_rate.map(Measure::HeartRate));
    if let (Some(systolic), Some(diastolic)) = (v.systolic, v.diastolic) {
        out.push(Measure::BloodPressure { systolic, diastolic });
    }
    out.extend(v.spo2.map(Measure::Spo2));
    out.extend(v.temperature.map(|t| Measure::Temperature(tenths(t))));
    out.extend(v.glucose.map(|g| Measure::Glucose(tenths(g).max(0) as u16)));
    out.extend(v.respiration.and_then(|r| u8::try_from(r).ok()).map(Measure::Respiration));
    out.extend(v.steps.map(Measure::Steps));
    out.extend(v.battery.map(Measure::Battery));
}

fn fix(record: &Record) -> Option<Measure> {
    let place = GeoPoint::from_degrees(record.lat?, record.lon?)?;
    let (source, usual) = match record.valid {
        Some(false) if !record.wifi.is_empty() => (FixSource::Wifi, WIFI_M),
        Some(false) => (FixSource::Cell, CELL_M),
        _ => (FixSource::Satellite, SATELLITE_M),
    };
    let accuracy_m = record.accuracy_m.map_or(usual, |a| a.round().clamp(1.0, 65_535.0) as u16);
    Some(Measure::Fix { place, accuracy_m, source })
}

/// States of home sensors that are attributes of a record: contact, presence, and the end of an alarm.
fn ended(record: &Record, device: &Known, out: &mut Vec<Measure>) {
    let has = |names: &[&str]| -> Option<bool> {
        names.iter().find_map(|n| match record.attributes.get(*n)? {
            Value::Bool(b) => Some(*b),
            Value::Int(i) => Some(*i != 0),
            Value::Text(t) if matches!(t.as_str(), "on" | "true" | "open") => Some(true),
            Value::Text(t) if matches!(t.as_str(), "off" | "false" | "closed") => Some(false),
            _ => None,
        })
    };
    let number = |names: &[&str]| -> Option<f64> {
        names.iter().find_map(|n| match record.attributes.get(*n)? {
            Value::Int(i) => Some(*i as f64),
            Value::Real(r) => Some(*r),
            _ => None,
        })
    };
    // A contact that is true is closed.
    if let Some(closed) = has(&["contact"]) {
        out.push(Measure::Door { door: device.door, room: device.room, open: !closed });
    }
    let door = |open| Measure::Door { door: device.door, room: device.room, open };
    if let Some(open) = has(&["doorState", "DoorState", "door_state", "doorOpen", "door_open"]) {
        out.push(door(open));
    }
    match record.attributes.get("event") {
        Some(Value::Text(e)) if matches!(e.as_str(), "doorOpened" | "door_opened" | "unlocked") => out.push(door(true)),
        Some(Value::Text(e)) if matches!(e.as_str(), "doorClosed" | "door_closed") => out.push(door(false)),
        _ => {}
    }
    if has(&["occupancy", "presence", "motion", "pir"]) == Some(true) {
        out.push(Measure::Motion { room: device.room });
    }
    if let Some(occupied) = has(&["bed_occupied", "bedOccupied", "inBed", "in_bed"]) {
        out.push(Measure::Bed { occupied });
    }
    let off: [(&[&str], Measure); 5] = [
        (&["smoke"], Measure::Smoke(false)),
        (&["gas"], Measure::Gas(false)),
        (&["carbon_monoxide", "carbonMonoxide"], Measure::Co(false)),
        (&["water_leak", "waterLeak"], Measure::Water(false)),
        (&["removed"], Measure::Worn(true)),
    ];
    for (names, what) in off {
        if has(names) == Some(false) {
            out.push(what);
        }
    }
    if fixed(device.kind) {
        if let Some(t) = number(&["temperature", "roomTemperature"]) {
            out.push(Measure::RoomTemperature((t * 10.0).round().clamp(-500.0, 900.0) as i16));
        }
        if let Some(h) = number(&["humidity"]).filter(|h| (0.0..=100.0).contains(h)) {
            out.push(Measure::Humidity(h.round() as u8));
        }
    }
}

/// Keeps what a record says of the device itself: how well it is heard, which firmware runs on it.
pub(crate) fn of_itself(record: &Record, entry: &Entry, now: Instant) {
    let signal =
        ["rssi", "linkquality", "signal", "signalStrength"].iter().find_map(|n| match record.attributes.get(*n)? {
            Value::Int(i) => i32::try_from(*i).ok(),
            Value::Real(r) => Some(r.round().clamp(-1_000.0, 1_000.0) as i32),
            _ => None,
        });
    let firmware = ["versionFw", "firmware", "firmwareVersion", "fwVersion"].iter().find_map(|n| {
        match record.attributes.get(*n)? {
            Value::Text(t) if !t.trim().is_empty() => Some(t.trim().chars().take(60).collect::<String>()),
            _ => None,
        }
    });
    if signal.is_some() || firmware.is_some() {
        entry.heard(now, None, signal, firmware);
    }
}

/// Whether somebody may be in danger: such a message is never limited, delayed or left out.
pub fn calls_for_help(said: &[Said]) -> bool {
    said.iter().any(|s| {
        matches!(
            s.what,
            Measure::Sos { .. }
                | Measure::Fall { .. }
                | Measure::Smoke(true)
                | Measure::Gas(true)
                | Measure::Co(true)
                | Measure::Device(_)
        )
    })
}
