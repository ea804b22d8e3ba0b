//! What a named value of a home sensor or thing model means. Names are compared without case, `_` and `-`.
use crate::alarm::Alarm;
use crate::record::{Record, Value};
use kernel::Instant;
use serde_json::Value as Json;

/// The meaning of one identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// True, 1, on: the alarm. False is kept as an attribute, so that it can end what was raised.
    Alarm(Alarm),
    /// The reverse: false is the alarm.
    AlarmUnless(Alarm),
    HeartRate,
    Systolic,
    Diastolic,
    BloodOxygen,
    BodyTemperature,
    Glucose,
    Respiration,
    Steps,
    /// percent
    Battery,
    Latitude,
    Longitude,
    /// Only an attribute.
    Plain,
}

/// The meaning a common identifier has when the product says nothing else; `None`: unknown.
pub fn usual(identifier: &str) -> Option<Meaning> {
    let name: String =
        identifier.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(40).collect();
    Some(match name.as_str() {
        "sos" | "sosalarm" | "sosalert" | "emergency" | "emergencyalarm" | "emergencycall" | "help" | "panic"
        | "callforhelp" | "onekeycall" | "alarmbutton" | "robotcall" | "callhelp" => Meaning::Alarm(Alarm::Sos),
        "fall" | "falldown" | "fallalarm" | "falldetected" | "fallstate" | "fallseen" | "tumble" => {
            Meaning::Alarm(Alarm::FallDown)
        }
        "smoke" | "smokealarm" | "smokesensorstate" | "smokedetected" | "firealarm" | "smokestate" => {
            Meaning::Alarm(Alarm::Smoke)
        }
        "gas" | "gasalarm" | "gassensorstate" | "combustiblegas" | "gasleak" | "gasdetected" => {
            Meaning::Alarm(Alarm::Gas)
        }
        "carbonmonoxide" | "coalarm" | "coalert" | "costate" => Meaning::Alarm(Alarm::CarbonMonoxide),
        "waterleak"
        | "wateralarm"
        | "waterimmersion"
        | "watersensorstate"
        | "leak"
        | "leakage"
        | "flood"
        | "waterimmersionalarm" => Meaning::Alarm(Alarm::WaterLeak),
        "tamper" | "tamperalarm" | "tamperstate" | "disassemble" => Meaning::Alarm(Alarm::Tampering),
        "batterylow" | "lowbattery" | "lowbatteryalarm" | "lowvoltage" => Meaning::Alarm(Alarm::LowBattery),
        "vibration" | "vibrationalarm" => Meaning::Alarm(Alarm::Vibration),
        "inactivity" | "nomotion" | "noactivity" | "inactivityalarm" => Meaning::Alarm(Alarm::Inactivity),
        "bedexit" | "bedexitalarm" | "outofbed" | "leavebed" | "leavebedalarm" | "offbed" => {
            Meaning::Alarm(Alarm::BedExit)
        }
        "doorforced" | "forcedopen" | "forcedentry" | "forcedooralarm" | "pried" | "pryalarm" => {
            Meaning::Alarm(Alarm::DoorForced)
        }
        "doorleftopen" | "leftopen" | "doorajar" | "doornotclosed" | "dooropentoolong" => Meaning::Alarm(Alarm::Door),
        "intrusion" | "intruder" | "intrusionalarm" => Meaning::Alarm(Alarm::Intruder),
        "worn" | "wearing" | "wearstate" => Meaning::AlarmUnless(Alarm::Removing),
        "heartrate" | "hr" | "pulse" | "pulserate" | "bpm" => Meaning::HeartRate,
        "systolic" | "sbp" | "systolicpressure" | "highpressure" | "bloodpressurehigh" | "pressurehigh" => {
            Meaning::Systolic
        }
        "diastolic" | "dbp" | "diastolicpressure" | "lowpressure" | "bloodpressurelow" | "pressurelow" => {
            Meaning::Diastolic
        }
        "spo2" | "bloodoxygen" | "oxygen" | "oxygensaturation" => Meaning::BloodOxygen,
        "bodytemperature" | "bodytemp" | "humantemperature" => Meaning::BodyTemperature,
        "glucose" | "bloodglucose" | "bloodsugar" => Meaning::Glucose,
        "respiration" | "respirationrate" | "breathrate" | "breathingrate" | "breath" => Meaning::Respiration,
        "steps" | "stepcount" | "step" => Meaning::Steps,
        "battery" | "batterylevel" | "batterypercentage" | "batterypercent" | "electricity" | "powerpercent" => {
            Meaning::Battery
        }
        "latitude" | "lat" => Meaning::Latitude,
        "longitude" | "lon" | "lng" => Meaning::Longitude,
        "temperature" | "currenttemperature" | "humidity" | "relativehumidity" | "pressure" | "illuminance"
        | "occupancy" | "presence" | "motion" | "contact" | "doorstate" | "linkquality" | "action" | "voltage"
        | "rssi" | "inbed" | "sleepstate" | "state" => Meaning::Plain,
        _ => return None,
    })
}

/// Is it a clear yes (`true`, 1, `on`, …) or no? `None`: neither.
pub(crate) fn truth(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(b) => Some(*b),
        Json::Number(n) => n.as_f64().map(|v| v != 0.0),
        Json::String(s) => match s.trim().to_ascii_lowercase().as_str() {
            "true" | "on" | "1" | "yes" | "alarm" | "open" | "active" | "triggered" => Some(true),
            "false" | "off" | "0" | "no" | "normal" | "closed" | "close" | "inactive" | "idle" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A number, also written as text.
pub(crate) fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(n) => n.as_f64(),
        Json::String(s) => s.trim().parse().ok(),
        _ => None,
    }
    .filter(|v| v.is_finite())
}

/// Values that only make sense together.
#[derive(Default)]
pub(crate) struct Pairs {
    systolic: Option<f64>,
    diastolic: Option<f64>,
    lat: Option<f64>,
    lon: Option<f64>,
}

/// Puts one value into the record. `null` is "unknown" and says nothing.
pub(crate) fn apply(r: &mut Record, pairs: &mut Pairs, name: &str, meaning: Option<Meaning>, value: &Json) {
    if value.is_null() {
        return;
    }
    let short: String = name.chars().take(64).collect();
    let n = number(value);
    match (meaning.unwrap_or(Meaning::Plain), n) {
        (Meaning::Alarm(a), _) => {
            r.set(short, Value::from(value));
            // Neither yes nor no: a person decides, so it is raised.
            r.alarm_if(truth(value).unwrap_or(true), a);
        }
        (Meaning::AlarmUnless(a), _) => {
            r.set(short, Value::from(value));
            r.alarm_if(truth(value) == Some(false), a);
        }
        (Meaning::HeartRate, Some(v)) => r.heart_rate(v as i64),
        (Meaning::Systolic, Some(v)) => pairs.systolic = Some(v),
        (Meaning::Diastolic, Some(v)) => pairs.diastolic = Some(v),
        (Meaning::BloodOxygen, Some(v)) => r.spo2("bloodOxygen", v as i64),
        (Meaning::BodyTemperature, Some(v)) => r.temperature("bodyTemperature", v),
        (Meaning::Glucose, Some(v)) => {
            r.set("bloodSugar", v);
            r.vitals.glucose = Some(v).filter(|v| (1.0..=40.0).contains(v));
        }
        (Meaning::Respiration, Some(v)) => {
            r.set("respiration", v);
            r.vitals.respiration = Some(v as u16).filter(|_| (3.0..=80.0).contains(&v));
        }
        (Meaning::Steps, Some(v)) if (0.0..4e9).contains(&v) => r.steps(v as u32),
        (Meaning::Battery, Some(v)) => r.battery_level(v as i64),
        (Meaning::Latitude, Some(v)) => pairs.lat = Some(v),
        (Meaning::Longitude, Some(v)) => pairs.lon = Some(v),
        _ => r.set(short, Value::from(value)),
    }
}

/// Closes the pairs.
pub(crate) fn settle(r: &mut Record, pairs: Pairs) {
    if pairs.systolic.is_some() || pairs.diastolic.is_some() {
        r.pressure(pairs.systolic.unwrap_or(0.0) as i64, pairs.diastolic.unwrap_or(0.0) as i64);
    }
    if let (Some(lat), Some(lon)) = (pairs.lat, pairs.lon) {
        r.valid = Some(r.place(lat, lon));
    }
}

/// Milliseconds since 1970, as number or text; a day ahead of `now` or before 2000 is no time.
pub(crate) fn millis(value: &Json, now: Instant) -> Result<Instant, BadTime> {
    let ms = number(value).ok_or(BadTime)?;
    if ms < 946_684_800_000.0 || ms > (now.0 + Instant::DAY) as f64 {
        return Err(BadTime);
    }
    Ok(Instant(ms as i64))
}

/// A time that cannot be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadTime;
