//! Lines of published test vectors in, one line of what this crate makes of them out.
//!
//! Format of a line: `id`, `protocol`, `direction`, `input_format` (`text`: Latin-1, one character a byte; `hex`;
//! `command`: an abstract order), `input`, and optionally `expects`, `context.device_model` and
//! `session {identifies_device, device_known_before_or_here}`. Each line stands alone: a connection in which the
//! device is already known is assumed where `session` says so. Lines without `session` share one connection.
use crate::command::{Command, encode};
use crate::frame::Framer;
use crate::record::{Record, Value};
use crate::session::{Decoded, Protocol, Session, decode};
use crate::time::iso;
use crate::{hex, jt808, unhex, watch};
use kernel::Instant;
use serde_json::{Map, Value as Json, json};

/// The device of vectors whose session knows one already.
pub const DEVICE: &str = "123456789012345";

/// Decodes lines one after another.
#[derive(Debug)]
pub struct Runner {
    lenient: bool,
    now: Instant,
    protocol: Option<Protocol>,
    shared: Option<Session>,
}

impl Runner {
    /// `protocol`: for lines that name none. `now` answers the messages that ask for the time.
    pub fn new(protocol: Option<Protocol>, lenient: bool, now: Instant) -> Runner {
        Runner { lenient, now, protocol, shared: None }
    }

    /// The answer to one line: `id`, `records`, `reply` (hex), `error`; for commands and frames `bytes_hex` as well.
    pub fn line(&mut self, line: &str) -> Json {
        let row: Json = match serde_json::from_str(line) {
            Ok(row) => row,
            Err(e) => return refused(&Json::Null, &format!("not-json: {e}")),
        };
        let id = row.get("id").cloned().unwrap_or(Json::Null);
        match self.row(&row) {
            Ok(mut out) => {
                out.insert("id".into(), id);
                Json::Object(out)
            }
            Err(error) => refused(&id, &error),
        }
    }

    fn row(&mut self, row: &Json) -> Result<Map<String, Json>, String> {
        let text = |key: &str| row.get(key).and_then(Json::as_str);
        let protocol = match text("protocol") {
            Some(code) => Protocol::parse(code).ok_or_else(|| format!("unknown-protocol: {code}"))?,
            None => self.protocol.ok_or("no-protocol")?,
        };
        let format = text("input_format").unwrap_or("hex");
        let input = row.get("input").ok_or("no-input")?;
        let mut session = self.session(protocol, row);
        if format == "command" {
            let order = command(protocol, input)?;
            let device = input.get("device_id").and_then(Json::as_str).unwrap_or(DEVICE);
            let bytes = encode(&order, device, &mut session).ok_or("no-such-command")?;
            return Ok(written(&bytes));
        }
        let input = input.as_str().ok_or("input-is-no-text")?;
        let bytes = match format {
            "text" => crate::bytes::to_latin1(input),
            "hex" => unhex(input).ok_or("input-is-no-hex")?,
            other => return Err(format!("unknown-input-format: {other}")),
        };
        match text("expects") {
            Some("frame") => Ok(frames(protocol, &bytes)),
            Some("frame_encode") => Ok(written(&jt808::escape(&bytes))),
            _ => {
                let decoded = decode(&bytes, &mut session, self.now);
                if row.get("session").is_none() {
                    self.shared = Some(session);
                }
                Ok(answer(&decoded, self.lenient))
            }
        }
    }

    fn session(&self, protocol: Protocol, row: &Json) -> Session {
        let shared = self.shared.as_ref().filter(|s| s.protocol == protocol && row.get("session").is_none());
        let mut session = shared.cloned().unwrap_or_else(|| Session::new(protocol));
        session.lenient = self.lenient;
        session.model = row.pointer("/context/device_model").and_then(Json::as_str).map(String::from);
        let known = row.pointer("/session/device_known_before_or_here").and_then(Json::as_bool);
        let here = row.pointer("/session/identifies_device").and_then(Json::as_bool);
        if known == Some(true) && here != Some(true) {
            session.device = Some(DEVICE.into());
        }
        session
    }
}

fn refused(id: &Json, error: &str) -> Json {
    json!({ "id": id, "records": [], "reply": null, "error": error })
}

fn written(bytes: &[u8]) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("records".into(), json!([]));
    out.insert("reply".into(), json!(hex(bytes)));
    out.insert("bytes_hex".into(), json!(hex(bytes)));
    out.insert("error".into(), Json::Null);
    out
}

fn frames(protocol: Protocol, bytes: &[u8]) -> Map<String, Json> {
    let mut framer = Framer::new(protocol);
    let mut found = Vec::new();
    framer.feed(bytes, &mut found);
    framer.finish(&mut found);
    let found: Vec<String> = match protocol {
        // The vectors state frames without their escapes.
        Protocol::Watch => found.iter().map(|f| hex(&watch::plain_frame(f))).collect(),
        _ => found.iter().map(|f| hex(f)).collect(),
    };
    let mut out = Map::new();
    out.insert("records".into(), json!([]));
    out.insert("reply".into(), Json::Null);
    out.insert("error".into(), if found.is_empty() { json!("no-frame") } else { Json::Null });
    out.insert("bytes_hex".into(), json!(found.first()));
    out.insert("frames".into(), json!(found));
    out
}

fn answer(decoded: &Decoded, lenient: bool) -> Map<String, Json> {
    let mut out = Map::new();
    // Lenient: what could be read counts, however the frame looked.
    let error = decoded.refused.filter(|_| !lenient || decoded.records.is_empty());
    let error = error.filter(|r| !(lenient && *r == crate::Refusal::BeforeLogin));
    out.insert("records".into(), Json::Array(decoded.records.iter().map(record).collect()));
    out.insert("reply".into(), json!(decoded.reply.as_deref().map(hex)));
    out.insert("error".into(), json!(error.map(crate::Refusal::code)));
    out.insert("kind".into(), json!(decoded.kind));
    out.insert("device".into(), json!(decoded.device));
    out
}

/// A record as the vectors write one. `attributes.alarm` joins the alarms by commas.
pub fn record(r: &Record) -> Json {
    let mut attributes: Map<String, Json> = r.attributes.iter().map(|(k, v)| (k.to_string(), json!(v))).collect();
    let alarms: Vec<&str> = r.alarms.iter().map(|a| a.code()).collect();
    if !alarms.is_empty() {
        attributes.insert("alarm".into(), json!(alarms.join(",")));
    }
    if let Some(media) = &r.media {
        // The tests these vectors come from put media into a store that names every file so.
        attributes.insert(media.kind.into(), json!(format!("mock.{}", media.extension)));
    }
    let mut out = Map::new();
    out.insert("time".into(), json!(r.time.map(iso)));
    out.insert("valid".into(), json!(r.valid));
    out.insert("lat".into(), json!(r.lat));
    out.insert("lon".into(), json!(r.lon));
    out.insert("altitude_m".into(), json!(r.altitude_m));
    out.insert("speed_knots".into(), json!(r.speed_knots()));
    out.insert("course".into(), json!(r.course));
    out.insert("accuracy_m".into(), json!(r.accuracy_m));
    out.insert("alarms".into(), json!(alarms));
    out.insert("attributes".into(), Json::Object(attributes));
    out.insert("vitals".into(), json!(r.vitals));
    out.insert("cells".into(), json!(r.cells));
    out.insert("wifi".into(), json!(r.wifi));
    out.insert("archive".into(), json!(r.archive));
    out.insert("unverified".into(), json!(r.unverified));
    if let Some(device) = &r.device {
        out.insert("device".into(), json!(device));
    }
    Json::Object(out)
}

impl From<&Json> for Value {
    fn from(v: &Json) -> Value {
        match v {
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| Value::Real(n.as_f64().unwrap_or(0.0)), Value::Int),
            Json::String(s) => Value::Text(s.clone()),
            other => Value::Text(other.to_string()),
        }
    }
}

/// An abstract order `{type, attributes}` as one of ours.
fn command(protocol: Protocol, input: &Json) -> Result<Command, String> {
    let kind = input.get("type").and_then(Json::as_str).ok_or("command-without-type")?;
    let attribute = |key: &str| input.pointer(&format!("/attributes/{key}"));
    let text = |key: &str| match attribute(key) {
        Some(Json::String(s)) => s.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ => String::new(),
    };
    let number = |key: &str| attribute(key).and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
    let on = match attribute("enable") {
        Some(Json::Bool(b)) => *b,
        Some(Json::String(s)) => s == "true" || s == "1",
        Some(v) => v.as_u64() == Some(1),
        None => false,
    };
    let frequency = number("frequency").unwrap_or(0) as u32;
    Ok(match kind {
        "custom" if protocol == Protocol::Minifinder2 => {
            Command::Bytes { bytes: unhex(&text("data")).ok_or("data-is-no-hex")? }
        }
        "custom" => Command::Raw { text: text("data") },
        "positionSingle" => Command::LocateNow,
        "positionPeriodic" => Command::ReportEvery { seconds: frequency },
        "positionStop" => Command::ReportEvery { seconds: 0 },
        "rebootDevice" => Command::Reboot,
        "powerOff" => Command::PowerOff,
        "factoryReset" => Command::FactoryReset,
        "sosNumber" => Command::SosNumber { index: number("index").unwrap_or(1) as u8, phone: text("phone") },
        "alarmSos" => Command::SosBySms { on },
        "alarmBattery" => Command::LowBatteryAlarm { on },
        "alarmRemove" => Command::TakenOffAlarm { on },
        "alarmFall" => Command::FallAlarm { on, call: false },
        "silenceTime" => Command::SilenceTimes { times: text("data") },
        "alarmClock" => Command::Reminders { data: text("data") },
        "setPhonebook" => Command::Phonebook { entries: text("data") },
        "setIndicator" => Command::Rewards { data: text("data") },
        "message" => Command::Message { text: text("message") },
        "voiceMessage" => Command::Voice { bytes: unhex(&text("data")).ok_or("data-is-no-hex")? },
        "setTimezone" => {
            Command::Language { language: text("language"), minutes: zone(&text("timezone")).ok_or("bad-timezone")? }
        }
        "configuration" => Command::Configuration,
        "firmwareUpdate" => Command::Firmware { url: text("data") },
        "engineStop" => Command::EngineCut { on: true },
        "engineResume" => Command::EngineCut { on: false },
        "alarmArm" => Command::Arm { on: true },
        "alarmDisarm" => Command::Arm { on: false },
        "findDevice" => Command::Find,
        "voiceMonitoring" => Command::Listen { phone: text("phone") },
        "requestPhoto" => Command::Raw { text: "rcapture".into() },
        "getDeviceStatus" => Command::Status,
        "getVersion" => Command::Version,
        other => return Err(format!("no-such-command: {other}")),
    })
}

/// `GMT+01:30`, `UTC-3`, `+0800`, `Asia/Shanghai`: minutes east of UTC.
fn zone(text: &str) -> Option<i32> {
    if text == "Asia/Shanghai" {
        return Some(480);
    }
    let rest = text.trim_start_matches("GMT").trim_start_matches("UTC");
    if rest.is_empty() || rest == "Z" {
        return Some(0);
    }
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", d) => (1, d),
        ("-", d) => (-1, d),
        _ => return None,
    };
    let (h, m) = match digits.split_once(':') {
        Some((h, m)) => (h, m),
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let minutes = h.parse::<i32>().ok()?.checked_mul(60)? + m.parse::<i32>().ok()?;
    (minutes <= 18 * 60).then_some(sign * minutes)
}
