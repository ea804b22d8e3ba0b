//! What a message says, the same for every protocol.
use crate::alarm::Alarm;
use kernel::Instant;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most cells or access points kept of one record; a longer list is cut.
pub const MAX_LIST: usize = 64;
/// Most attributes kept of one record; further ones are left out.
pub const MAX_ATTRIBUTES: usize = 256;
/// Longest text kept of one attribute, in bytes.
pub const MAX_TEXT: usize = 4096;

/// One attribute's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
}

macro_rules! value_from {
    ($($t:ty),*) => { $(impl From<$t> for Value { fn from(v: $t) -> Value { Value::Int(i64::from(v)) } })* };
}
value_from!(u8, u16, u32, i8, i16, i32, i64);
impl From<u64> for Value {
    fn from(v: u64) -> Value {
        Value::Int(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Value {
        Value::Bool(v)
    }
}
impl From<f64> for Value {
    fn from(v: f64) -> Value {
        Value::Real(v)
    }
}
impl From<String> for Value {
    fn from(v: String) -> Value {
        Value::Text(v)
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Value {
        Value::Text(v.into())
    }
}

/// A mobile cell that was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub mcc: u32,
    pub mnc: u32,
    /// 1–65535
    pub lac: u32,
    /// 0–268435455
    pub cid: u64,
    /// As the device sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rssi: Option<i32>,
}

/// A WiFi access point that was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wifi {
    /// `xx:xx:xx:xx:xx:xx`, lower case
    pub mac: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ssid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rssi: Option<i32>,
}

/// Measurements of the body and of the battery, only when really measured: a zero or a placeholder of a device
/// that is not worn never comes here.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Vitals {
    /// per minute
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heart_rate: Option<u16>,
    /// mmHg
    #[serde(skip_serializing_if = "Option::is_none")]
    pub systolic: Option<u16>,
    /// mmHg
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diastolic: Option<u16>,
    /// percent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spo2: Option<u8>,
    /// of the body, degrees Celsius
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// mmol/L
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glucose: Option<f64>,
    /// breaths per minute
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respiration: Option<u16>,
    /// running total of the device; a day's steps are a difference
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// percent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<u8>,
}

/// A voice clip or picture a device sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio` or `image`
    pub kind: &'static str,
    /// `amr` or `jpg`
    pub extension: &'static str,
    pub bytes: Vec<u8>,
}

/// One reading: a place, measurements, alarms, attributes. Fields the message does not carry are absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The sub-device it speaks of, when a gateway reports for others.
    pub device: Option<String>,
    /// The device's own time. Absent: use the time of receipt.
    pub time: Option<Instant>,
    /// Is the position a present satellite fix? Absent without a position.
    pub valid: Option<bool>,
    /// WGS-84 degrees, always both or none.
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub altitude_m: Option<f64>,
    pub speed_kmh: Option<f64>,
    /// degrees from north, 0–360
    pub course: Option<f64>,
    pub accuracy_m: Option<f64>,
    /// Every alarm the message carries, most urgent first, none twice.
    pub alarms: Vec<Alarm>,
    pub vitals: Vitals,
    pub cells: Vec<Cell>,
    pub wifi: Vec<Wifi>,
    /// Stored on the device earlier and sent late.
    pub archive: bool,
    /// The frame was damaged; what it says has to be checked by a person.
    pub unverified: bool,
    pub media: Option<Media>,
    pub attributes: BTreeMap<Cow<'static, str>, Value>,
}

impl Record {
    pub fn new() -> Record {
        Record::default()
    }

    /// Adds an attribute; a non-finite number is left out.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let mut value = value.into();
        match &mut value {
            Value::Real(v) if !v.is_finite() => return,
            Value::Text(t) if t.len() > MAX_TEXT => {
                let end = (0..=MAX_TEXT).rev().find(|i| t.is_char_boundary(*i)).unwrap_or(0);
                t.truncate(end);
            }
            _ => {}
        }
        let name = name.into();
        if self.attributes.len() < MAX_ATTRIBUTES || self.attributes.contains_key(&name) {
            self.attributes.insert(name, value);
        }
    }

    pub fn alarm(&mut self, alarm: Alarm) {
        if let Err(at) = self.alarms.binary_search(&alarm) {
            self.alarms.insert(at, alarm);
        }
    }

    /// Adds `alarm` if `on`.
    pub fn alarm_if(&mut self, on: bool, alarm: Alarm) {
        if on {
            self.alarm(alarm);
        }
    }

    pub fn has(&self, alarm: Alarm) -> bool {
        self.alarms.contains(&alarm)
    }

    /// A place in degrees. Impossible ones are left out and noted; false then.
    pub fn place(&mut self, lat: f64, lon: f64) -> bool {
        let ok = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        if ok {
            (self.lat, self.lon) = (Some(lat), Some(lon));
        } else {
            self.set("badPosition", true);
        }
        ok
    }

    pub fn course(&mut self, degrees: f64) {
        self.course = (0.0..=360.0).contains(&degrees).then_some(degrees);
    }

    /// Battery charge; values outside 0–100 are left out.
    pub fn battery_level(&mut self, percent: i64) {
        if let Ok(p @ 0..=100) = u8::try_from(percent) {
            self.vitals.battery = Some(p);
            self.set("batteryLevel", p);
        }
    }

    /// Battery charge with a fraction; values outside 0–100 are left out.
    pub fn battery_level_real(&mut self, percent: f64) {
        if (0.0..=100.0).contains(&percent) {
            self.vitals.battery = Some(percent.round() as u8);
            self.set("batteryLevel", percent);
        }
    }

    pub fn steps(&mut self, total: u32) {
        self.vitals.steps = Some(total);
        self.set("steps", total);
    }

    /// Heart rate as sent; outside 20–300 it stays an attribute only and counts as not measured.
    pub fn heart_rate(&mut self, bpm: i64) {
        self.set("heartRate", bpm);
        match u16::try_from(bpm) {
            Ok(b @ 20..=300) => self.vitals.heart_rate = Some(b),
            _ => self.set("notMeasured", true),
        }
    }

    /// Blood pressure as sent (mmHg); implausible pairs stay attributes only. Public servers use two pairs of
    /// names for it, both are printed.
    pub fn pressure(&mut self, systolic: i64, diastolic: i64) {
        for name in ["pressureHigh", "pressureSystolic"] {
            self.set(name, systolic);
        }
        for name in ["pressureLow", "pressureDiastolic"] {
            self.set(name, diastolic);
        }
        match (u16::try_from(systolic), u16::try_from(diastolic)) {
            (Ok(s @ 40..=300), Ok(d @ 20..=250)) if d < s => {
                (self.vitals.systolic, self.vitals.diastolic) = (Some(s), Some(d));
            }
            _ => self.set("notMeasured", true),
        }
    }

    /// Oxygen saturation in percent under the protocol's own attribute name; outside 30–100 not measured.
    pub fn spo2(&mut self, name: &'static str, percent: i64) {
        self.set(name, percent);
        match u8::try_from(percent) {
            Ok(p @ 30..=100) => self.vitals.spo2 = Some(p),
            _ => self.set("notMeasured", true),
        }
    }

    /// Body temperature in °C under the protocol's own attribute name; outside 25–45 not measured.
    pub fn temperature(&mut self, name: &'static str, celsius: f64) {
        self.set(name, celsius);
        if (25.0..=45.0).contains(&celsius) {
            self.vitals.temperature = Some(celsius);
        } else {
            self.set("notMeasured", true);
        }
    }

    /// A cell, if it can be one (LAC 1–65535, CID up to 28 bits, country and network codes of three digits).
    pub fn cell(&mut self, mcc: u32, mnc: u32, lac: u64, cid: u64, rssi: Option<i32>) {
        let (Ok(lac @ 1..=65535), 0..=0x0FFF_FFFF) = (u32::try_from(lac), cid) else { return };
        if mcc <= 999 && mnc <= 999 && self.cells.len() < MAX_LIST {
            self.cells.push(Cell { mcc, mnc, lac, cid, rssi });
        }
    }

    /// An access point; an empty or broken MAC is left out. Accepts `:` and `-` between the bytes.
    pub fn wifi(&mut self, ssid: &str, mac: &str, rssi: Option<i32>) {
        let mac = mac.trim().replace('-', ":").to_ascii_lowercase();
        let parts: Vec<_> = mac.split(':').collect();
        let ok = parts.len() == 6 && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()));
        if ok && self.wifi.len() < MAX_LIST {
            self.wifi.push(Wifi { mac, ssid: ssid.trim().chars().take(64).collect(), rssi });
        }
    }

    /// Speed in knots, the unit of the test vectors.
    pub fn speed_knots(&self) -> Option<f64> {
        self.speed_kmh.map(|k| k * 0.539_957)
    }

    /// Is the device's time believable at `now`? A time more than a day ahead is a broken clock.
    pub fn time_is_plausible(&self, now: Instant) -> bool {
        self.time.is_none_or(|t| t.since(now) <= Instant::DAY)
    }

    /// Does it say anything at all besides its time?
    pub fn is_empty(&self) -> bool {
        *self == Record { time: self.time, device: self.device.clone(), ..Record::default() }
    }
}
