//! Our own plain JSON for devices and platforms that can be taught one (`docs/devices.md`), and ThingsBoard's
//! telemetry, which is nearly the same.
//!
//! ```json
//! {"id":"7","device":"868000000000001","time":1795000000000,
//!  "position":{"lat":34.26,"lon":117.19,"accuracy":12,"valid":true},
//!  "readings":{"heartRate":72,"spo2":97,"battery":80},"alarms":["sos"]}
//! ```
use crate::alarm::Alarm;
use crate::meaning::{Pairs, apply, millis, number, settle, truth, usual};
use crate::record::Record;
use crate::zigbee::iso;
use kernel::Instant;
use serde_json::{Map, Value as Json, json};

/// Longest payload in bytes.
pub const MAX_PAYLOAD: usize = 256 * 1024;
/// Most messages in one list.
pub const MAX_MESSAGES: usize = 100;
/// Most readings of one message.
pub const MAX_READINGS: usize = 100;

/// Why a payload was not taken: which message of the list (from 0), which field, what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub at: usize,
    pub field: &'static str,
    pub what: &'static str,
}

/// What was taken of a payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    pub records: Vec<Record>,
    /// The ids of the messages, to be told back.
    pub ids: Vec<String>,
}

impl Taken {
    /// The body to answer with once the records are stored.
    pub fn reply(&self) -> String {
        json!({ "taken": self.records.len(), "ids": self.ids }).to_string()
    }
}

/// Reads one message or a list of them. `device`: who sends it, where the channel tells; a message that names
/// another device is taken only if `bound` allows. A message with an unknown alarm is taken as a general alarm.
/// All or nothing: one wrong message refuses the list, except that an SOS in it is never refused for its time.
pub fn decode(
    payload: &[u8],
    device: Option<&str>,
    now: Instant,
    bound: impl Fn(&str) -> bool,
) -> Result<Taken, Wrong> {
    let wrong = |at, field, what| Wrong { at, field, what };
    if payload.len() > MAX_PAYLOAD {
        return Err(wrong(0, "", "too long"));
    }
    let json: Json = serde_json::from_slice(payload).map_err(|_| wrong(0, "", "not json"))?;
    let list = match &json {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if list.len() > MAX_MESSAGES {
        return Err(wrong(MAX_MESSAGES, "", "too many messages"));
    }
    let mut taken = Taken::default();
    for (at, message) in list.iter().enumerate() {
        let message = message.as_object().ok_or(wrong(at, "", "not an object"))?;
        let named = match message.get("device") {
            None | Some(Json::Null) => None,
            Some(Json::String(s)) if (1..=64).contains(&s.len()) => Some(s.as_str()),
            Some(_) => return Err(wrong(at, "device", "1 to 64 characters")),
        };
        let who = named.or(device).ok_or(wrong(at, "device", "missing"))?;
        if Some(who) != device && !bound(who) {
            return Err(wrong(at, "device", "not bound"));
        }
        let record = one(message, who, now).map_err(|(field, what)| wrong(at, field, what))?;
        if let Some(id) = message.get("id") {
            let text = id.as_str().map_or_else(|| id.to_string(), String::from);
            taken.ids.push(text.chars().take(64).collect());
        }
        taken.records.push(record);
    }
    Ok(taken)
}

type Fault = (&'static str, &'static str);

fn one(message: &Map<String, Json>, device: &str, now: Instant) -> Result<Record, Fault> {
    const KNOWN: [&str; 7] = ["id", "device", "time", "position", "readings", "alarms", "archive"];
    if message.keys().any(|k| !KNOWN.contains(&k.as_str())) {
        return Err(("", "unknown field"));
    }
    let mut r = Record { device: Some(device.into()), ..Record::new() };
    for alarm in message.get("alarms").and_then(Json::as_array).into_iter().flatten() {
        let code = alarm.as_str().ok_or(("alarms", "codes as text"))?;
        r.alarm(Alarm::parse(code).unwrap_or(Alarm::General));
        if Alarm::parse(code).is_none() {
            r.set("unknownAlarm", code.chars().take(64).collect::<String>());
        }
    }
    r.time = match message.get("time") {
        None | Some(Json::Null) => None,
        Some(Json::String(s)) if s.contains('-') => iso(s).filter(|t| t.since(now) <= Instant::DAY),
        Some(v) => millis(v, now).ok(),
    };
    let timed = message.get("time").is_none_or(Json::is_null) || r.time.is_some();
    if !timed && !r.alarms.iter().any(|a| a.of_a_person()) {
        return Err(("time", "neither milliseconds nor ISO 8601, or a day ahead"));
    }
    if let Some(position) = message.get("position").filter(|p| !p.is_null()) {
        let get = |key: &str| position.get(key).and_then(number);
        let (lat, lon) =
            (get("lat").ok_or(("position", "lat missing"))?, get("lon").ok_or(("position", "lon missing"))?);
        let valid = position.get("valid").and_then(truth).unwrap_or(true);
        r.valid = Some(r.place(lat, lon) && valid);
        r.accuracy_m = get("accuracy").filter(|a| *a > 0.0);
        r.altitude_m = get("altitude");
        r.speed_kmh = get("speed").filter(|s| (0.0..=1600.0).contains(s));
        if let Some(course) = get("course") {
            r.course(course);
        }
    }
    if let Some(readings) = message.get("readings").filter(|p| !p.is_null()) {
        let readings = readings.as_object().ok_or(("readings", "not an object"))?;
        if readings.len() > MAX_READINGS {
            return Err(("readings", "too many"));
        }
        let mut pairs = Pairs::default();
        for (key, value) in readings {
            apply(&mut r, &mut pairs, key, usual(key), value);
        }
        settle(&mut r, pairs);
    }
    r.archive = message.get("archive").and_then(truth).unwrap_or(false);
    Ok(r)
}

/// ThingsBoard's `v1/devices/me/telemetry`: flat, `{ts, values}`, or a list of either.
pub fn telemetry(payload: &[u8], device: &str, now: Instant) -> Result<Vec<Record>, Wrong> {
    let wrong = |at, what| Wrong { at, field: "", what };
    if payload.len() > MAX_PAYLOAD {
        return Err(wrong(0, "too long"));
    }
    let json: Json = serde_json::from_slice(payload).map_err(|_| wrong(0, "not json"))?;
    let list = match &json {
        Json::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    if list.len() > MAX_MESSAGES {
        return Err(wrong(MAX_MESSAGES, "too many messages"));
    }
    let mut out = Vec::new();
    for (at, entry) in list.iter().enumerate() {
        let (values, time) = match (entry.get("values"), entry.get("ts")) {
            (Some(values), Some(ts)) => (values, Some(millis(ts, now).map_err(|_| wrong(at, "bad ts"))?)),
            _ => (entry, None),
        };
        let values = values.as_object().filter(|v| v.len() <= MAX_READINGS).ok_or(wrong(at, "not an object"))?;
        let mut r = Record { device: Some(device.into()), time, ..Record::new() };
        let mut pairs = Pairs::default();
        for (key, value) in values {
            apply(&mut r, &mut pairs, key, usual(key), value);
        }
        settle(&mut r, pairs);
        out.push(r);
    }
    Ok(out)
}
