//! Zigbee2MQTT: flat JSON on `{base}/{friendly name}`, and what its bridge says.
use crate::alarm::Alarm;
use crate::meaning::{Pairs, apply, millis, settle, usual};
use crate::record::Record;
use crate::time::{pairs, utc};
use kernel::Instant;
use serde_json::Value as Json;

/// Longest payload in bytes (the device list of a large hub is long).
pub const MAX_PAYLOAD: usize = 1024 * 1024;
/// Most keys of one reading.
pub const MAX_KEYS: usize = 128;
/// Most devices of one hub.
pub const MAX_DEVICES: usize = 512;

/// Button events that are a call for help on any device. What else is one (a press of a button given out as a help
/// button) the caller says.
pub const HELP_ACTIONS: [&str; 4] = ["emergency", "sos", "panic", "alarm"];

/// A device of the hub. Bind by `ieee`; the name is what its owner likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub ieee: String,
    pub name: String,
    pub model: Option<String>,
    /// Properties it announces.
    pub exposes: Vec<String>,
}

/// One message of a hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Reading {
        name: String,
        record: Box<Record>,
    },
    Availability {
        name: String,
        online: bool,
    },
    /// The hub itself.
    Bridge {
        online: bool,
    },
    Devices(Vec<Device>),
    /// `device_joined`, `device_leave`, `device_announce`, `device_interview`
    Event {
        kind: String,
        ieee: String,
        name: String,
    },
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    TooLong,
    NotJson,
    TooMany,
}

/// Reads one message under `base` (usually `zigbee2mqtt`). `Ok(None)`: commands, logs and other topics that say
/// nothing about a person. `help`: button events of this device that call for help, besides [`HELP_ACTIONS`].
pub fn decode(base: &str, topic: &str, payload: &[u8], help: &[&str], now: Instant) -> Result<Option<Message>, Wrong> {
    let Some(name) = topic.strip_prefix(base).and_then(|t| t.strip_prefix('/')).filter(|n| !n.is_empty()) else {
        return Ok(None);
    };
    if payload.len() > MAX_PAYLOAD {
        return Err(Wrong::TooLong);
    }
    if let Some(path) = name.strip_prefix("bridge/") {
        return bridge(path, payload);
    }
    if let Some(name) = name.strip_suffix("/availability") {
        return Ok(online(payload).map(|online| Message::Availability { name: name.into(), online }));
    }
    if name.ends_with("/set") || name.ends_with("/get") {
        return Ok(None);
    }
    let json: Json = serde_json::from_slice(payload).map_err(|_| Wrong::NotJson)?;
    let Some(keys) = json.as_object() else { return Err(Wrong::NotJson) };
    if keys.len() > MAX_KEYS {
        return Err(Wrong::TooMany);
    }
    let mut record = Record::new();
    let mut paired = Pairs::default();
    for (key, value) in keys {
        match (key.as_str(), value) {
            (_, Json::Null) => {}
            // An old hub sends an empty event after each event.
            ("action", Json::String(action)) => {
                if !action.is_empty() {
                    record.set("action", action.chars().take(64).collect::<String>());
                    let calls = |list: &[&str]| list.iter().any(|h| h.eq_ignore_ascii_case(action));
                    record.alarm_if(calls(&HELP_ACTIONS) || calls(help), Alarm::Sos);
                }
            }
            ("last_seen", seen) => record.time = last_seen(seen, now),
            // Millivolts of the battery.
            ("voltage", Json::Number(n)) if n.as_f64().is_some_and(|v| (500.0..20_000.0).contains(&v)) => {
                record.set("battery", n.as_f64().unwrap_or(0.0) / 1000.0);
            }
            (key, value) => apply(&mut record, &mut paired, key, usual(key), value),
        }
    }
    settle(&mut record, paired);
    Ok(Some(Message::Reading { name: name.into(), record: Box::new(record) }))
}

fn online(payload: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(payload).ok()?.trim();
    let word = match serde_json::from_str::<Json>(text) {
        Ok(Json::Object(o)) => o.get("state")?.as_str()?.to_string(),
        Ok(Json::String(s)) => s,
        _ => text.to_string(),
    };
    match word.as_str() {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    }
}

fn bridge(path: &str, payload: &[u8]) -> Result<Option<Message>, Wrong> {
    if path == "state" {
        return Ok(online(payload).map(|online| Message::Bridge { online }));
    }
    if path != "devices" && path != "event" {
        return Ok(None);
    }
    let json: Json = serde_json::from_slice(payload).map_err(|_| Wrong::NotJson)?;
    let text =
        |v: &Json, key: &str| v.get(key).and_then(Json::as_str).unwrap_or("").chars().take(128).collect::<String>();
    if path == "event" {
        let data = json.get("data").cloned().unwrap_or(Json::Null);
        let kind = text(&json, "type");
        return Ok((!kind.is_empty()).then(|| Message::Event {
            kind,
            ieee: text(&data, "ieee_address"),
            name: text(&data, "friendly_name"),
        }));
    }
    let list = json.as_array().ok_or(Wrong::NotJson)?;
    if list.len() > MAX_DEVICES {
        return Err(Wrong::TooMany);
    }
    let devices = list
        .iter()
        .filter(|d| !text(d, "ieee_address").is_empty())
        .map(|d| {
            let mut exposes = Vec::new();
            collect(d.pointer("/definition/exposes").unwrap_or(&Json::Null), &mut exposes, 0);
            let model = d.pointer("/definition/model").and_then(Json::as_str).map(|m| m.chars().take(64).collect());
            Device { ieee: text(d, "ieee_address"), name: text(d, "friendly_name"), model, exposes }
        })
        .collect();
    Ok(Some(Message::Devices(devices)))
}

/// Property names, also of nested features.
fn collect(exposes: &Json, out: &mut Vec<String>, depth: u8) {
    for e in exposes.as_array().into_iter().flatten() {
        if out.len() >= MAX_KEYS {
            return;
        }
        if let Some(p) = e.get("property").and_then(Json::as_str) {
            out.push(p.chars().take(64).collect());
        }
        if depth < 3 {
            collect(e.get("features").unwrap_or(&Json::Null), out, depth + 1);
        }
    }
}

/// Milliseconds, or `2026-11-21T03:04:05Z`, `…+08:00`.
fn last_seen(value: &Json, now: Instant) -> Option<Instant> {
    match value {
        Json::String(text) => iso(text),
        other => millis(other, now).ok(),
    }
}

/// An ISO 8601 time with its zone.
pub(crate) fn iso(text: &str) -> Option<Instant> {
    let b = text.as_bytes();
    if b.len() < 19 || !text.is_ascii() || b[4] != b'-' || b[7] != b'-' || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let digits: String = text[..19].chars().filter(char::is_ascii_digit).collect();
    let [c, y, mo, d, h, mi, s] = pairs::<7>(&digits)?;
    let at = utc(i64::from(c * 100 + y), mo, d, h, mi, s)?;
    let zone = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let fraction = text[19..].strip_prefix('.').map_or("", |f| &f[..f.len() - zone.len()]);
    let ms = format!("{fraction:0<3}").get(..3).and_then(|f| f.parse::<i64>().ok()).unwrap_or(0);
    let at = at.plus_ms(ms);
    match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => Some(at),
        Some((sign @ ("+" | "-"), hm)) => {
            let [h, m] = pairs::<2>(&hm.replace(':', ""))?;
            let offset = i64::from(h * 60 + m) * Instant::MINUTE;
            Some(at.plus_ms(if sign == "+" { -offset } else { offset }))
        }
        _ => None,
    }
}
