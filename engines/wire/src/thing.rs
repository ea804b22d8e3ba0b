//! Thing-model JSON over MQTT: OneJSON (`$sys/{product}/{device}/thing/…`), Alink (`/sys/{product}/{device}/thing/…`)
//! and TuyaLink (`tylink/{device}/thing/…`), one reader for the three.
use crate::alarm::Alarm;
use crate::meaning::{Meaning, Pairs, apply, millis, settle, truth, usual};
use crate::record::Record;
use kernel::Instant;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Longest payload in bytes.
pub const MAX_PAYLOAD: usize = 256 * 1024;
/// Most sub-devices in one pack.
pub const MAX_DEVICES: usize = 10;
/// Most points of one sub-device in one message.
pub const MAX_POINTS: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    OneJson,
    Alink,
    TuyaLink,
}

/// What a topic is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    Properties,
    /// Several events in the payload, or the one named in the topic.
    Events(Option<String>),
    /// Several sub-devices at once.
    Pack,
    /// Late data: as pack, each value a list.
    History,
    /// A sub-device came on line.
    SubLogin,
    SubLogout,
    /// The device answers an order of the platform.
    Answer(String),
}

/// A topic of the family, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub family: Family,
    /// Empty for TuyaLink.
    pub product: String,
    pub device: String,
    pub purpose: Purpose,
}

impl Topic {
    /// Reads an uplink topic; `None` for a foreign or a downlink topic.
    pub fn parse(topic: &str) -> Option<Topic> {
        if topic.len() > 512 {
            return None;
        }
        if let Some(rest) = topic.strip_prefix("tylink/") {
            let (device, path) = rest.split_once("/thing/")?;
            let purpose = match path {
                "property/report" => Purpose::Properties,
                "event/trigger" => Purpose::Events(None),
                "property/batch_report" => Purpose::History,
                "property/set_response" | "property/get_response" | "action/execute_response" => {
                    Purpose::Answer(path.into())
                }
                _ => return None,
            };
            return named(Family::TuyaLink, "", device, purpose);
        }
        let (family, rest) = match topic.strip_prefix("$sys/") {
            Some(rest) => (Family::OneJson, rest),
            None => (Family::Alink, topic.strip_prefix("/sys/").or_else(|| topic.strip_prefix("/ext/session/"))?),
        };
        let mut parts = rest.splitn(3, '/');
        let (product, device, path) = (parts.next()?, parts.next()?, parts.next()?);
        let path = path.strip_prefix("thing/").unwrap_or(path);
        let purpose = match (family, path) {
            (Family::OneJson, "property/post") | (Family::Alink, "event/property/post") => Purpose::Properties,
            (Family::OneJson, "event/post") => Purpose::Events(None),
            (Family::OneJson, "pack/post") | (Family::Alink, "event/property/pack/post") => Purpose::Pack,
            (Family::OneJson, "history/post") | (Family::Alink, "event/property/history/post") => Purpose::History,
            (Family::OneJson, "sub/login") | (Family::Alink, "combine/login") => Purpose::SubLogin,
            (Family::OneJson, "sub/logout") | (Family::Alink, "combine/logout") => Purpose::SubLogout,
            (_, p) if p.ends_with("_reply") && !p.contains("post_reply") => Purpose::Answer(p.into()),
            (Family::Alink, p) => {
                let event = p.strip_prefix("event/")?.strip_suffix("/post")?;
                (!event.contains('/') && !event.is_empty()).then(|| Purpose::Events(Some(event.into())))?
            }
            _ => return None,
        };
        named(family, product, device, purpose)
    }

    /// The topic the platform answers on.
    pub fn reply_topic(&self, topic: &str) -> Option<String> {
        match (self.family, &self.purpose) {
            (_, Purpose::Answer(_)) => None,
            (Family::OneJson, _) => Some(format!("{topic}/reply")),
            (Family::Alink, _) => Some(format!("{topic}_reply")),
            (Family::TuyaLink, _) => Some(format!("{topic}_response")),
        }
    }
}

fn named(family: Family, product: &str, device: &str, purpose: Purpose) -> Option<Topic> {
    let sound = |s: &str| s.len() <= 64 && !s.contains(['+', '#', '\0', '/']);
    (sound(product) && sound(device) && !device.is_empty()).then(|| Topic {
        family,
        product: product.into(),
        device: device.into(),
        purpose,
    })
}

/// What identifiers mean, by product; without an entry the usual meaning holds.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    products: BTreeMap<(String, String), Meaning>,
}

impl Mapping {
    pub fn new() -> Mapping {
        Mapping::default()
    }
    /// Says what `identifier` of `product` means.
    pub fn with(mut self, product: &str, identifier: &str, meaning: Meaning) -> Mapping {
        self.products.insert((product.into(), identifier.into()), meaning);
        self
    }
    pub fn of(&self, product: &str, identifier: &str) -> Option<Meaning> {
        let own = self.products.get(&(product.to_string(), identifier.to_string()));
        own.copied().or_else(|| usual(identifier))
    }
}

/// Why a message was not taken, with the code the device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    TooLong,
    NotJson,
    Envelope,
    TooMany,
    /// A time that cannot be right (OneNET's 2415).
    Time,
    /// It speaks for a device that is neither itself nor bound to it.
    NotBound,
}

impl Wrong {
    pub fn code(self) -> u16 {
        match self {
            Wrong::TooLong | Wrong::TooMany => 413,
            Wrong::NotJson | Wrong::Envelope => 400,
            Wrong::Time => 2415,
            Wrong::NotBound => 403,
        }
    }
    fn text(self) -> &'static str {
        match self {
            Wrong::TooLong => "payload too long",
            Wrong::NotJson => "not json",
            Wrong::Envelope => "bad envelope",
            Wrong::TooMany => "too many devices or points",
            Wrong::Time => "time error",
            Wrong::NotBound => "sub device not bound",
        }
    }
}

/// A topic and what to publish on it.
pub type Publish = (String, String);

/// A message not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub wrong: Wrong,
    /// What to tell the device.
    pub reply: Option<Publish>,
}

/// A message taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Each with [`Record::device`] as `product/device`.
    pub records: Vec<Record>,
    /// Topic and payload to publish once the records are stored.
    pub reply: Option<Publish>,
    /// Sub-devices that came on line (`true`) or left.
    pub sub_devices: Vec<(String, bool)>,
    /// An order's id and the code the device answered with.
    pub answered: Option<(String, i64)>,
}

/// Reads one message. `bound` says whether the topic's device may speak for another (`product`, `device`).
pub fn decode(
    topic: &str,
    payload: &[u8],
    mapping: &Mapping,
    now: Instant,
    bound: impl Fn(&str, &str) -> bool,
) -> Option<Result<Taken, Refused>> {
    let parsed = Topic::parse(topic)?;
    let reply_topic = parsed.reply_topic(topic);
    if payload.len() > MAX_PAYLOAD {
        return Some(Err(Refused { wrong: Wrong::TooLong, reply: None }));
    }
    let Ok(json) = serde_json::from_slice::<Json>(payload) else {
        return Some(Err(Refused { wrong: Wrong::NotJson, reply: None }));
    };
    let id = match json.get("id").or_else(|| json.get("msgId")) {
        Some(Json::String(s)) => s.chars().take(64).collect(),
        Some(Json::Number(n)) => n.to_string(),
        _ => String::new(),
    };
    let reader = Reader { topic: &parsed, mapping, now, bound: &bound };
    let wants_reply = parsed.family != Family::TuyaLink || json.pointer("/sys/ack").and_then(truth) == Some(true);
    let reply = |code: u16, text: &str| {
        reply_topic.clone().filter(|_| wants_reply).map(|t| (t, envelope(&parsed, &json, &id, code, text, now)))
    };
    Some(match reader.read(&json, &id) {
        Ok(mut taken) => {
            taken.reply = reply(200, "success");
            Ok(taken)
        }
        Err(wrong) => Err(Refused { wrong, reply: reply(wrong.code(), wrong.text()) }),
    })
}

fn envelope(topic: &Topic, json: &Json, id: &str, code: u16, text: &str, now: Instant) -> String {
    let version = json.get("version").and_then(Json::as_str).unwrap_or("1.0");
    match topic.family {
        Family::OneJson => json!({ "id": id, "code": code, "msg": text }).to_string(),
        Family::Alink => json!({ "code": code, "data": {}, "id": id, "message": text, "version": version }).to_string(),
        Family::TuyaLink => {
            let code = if code == 200 { 0 } else { code };
            json!({ "msgId": id, "time": now.0, "code": code }).to_string()
        }
    }
}

struct Reader<'a> {
    topic: &'a Topic,
    mapping: &'a Mapping,
    now: Instant,
    bound: &'a dyn Fn(&str, &str) -> bool,
}

/// Values of one moment gather in one record.
type Moments = BTreeMap<Option<i64>, (Record, Pairs)>;

impl Reader<'_> {
    fn read(&self, json: &Json, id: &str) -> Result<Taken, Wrong> {
        let mut taken = Taken::default();
        let params = match self.topic.family {
            Family::TuyaLink => json.get("data"),
            _ => json.get("params"),
        };
        let (product, device) = (self.topic.product.as_str(), self.topic.device.as_str());
        match &self.topic.purpose {
            Purpose::Properties => {
                let params = params.and_then(Json::as_object).ok_or(Wrong::Envelope)?;
                self.properties(product, device, params, &mut taken.records)?;
            }
            Purpose::Events(Some(name)) => {
                let output = params.ok_or(Wrong::Envelope)?;
                self.event(product, device, name, output, &mut taken.records)?;
            }
            Purpose::Events(None) => {
                let params = params.and_then(Json::as_object).ok_or(Wrong::Envelope)?;
                match (self.topic.family, params.get("eventCode").and_then(Json::as_str)) {
                    (Family::TuyaLink, Some(name)) => {
                        self.event(
                            product,
                            device,
                            name,
                            &json!({ "value": params.get("outputParams") }),
                            &mut taken.records,
                        )?;
                    }
                    _ => self.events(product, device, params, &mut taken.records)?,
                }
            }
            Purpose::Pack | Purpose::History => self.pack(params.ok_or(Wrong::Envelope)?, &mut taken.records)?,
            Purpose::SubLogin | Purpose::SubLogout => {
                let params = params.and_then(Json::as_object).ok_or(Wrong::Envelope)?;
                let text = |keys: [&str; 2]| keys.iter().find_map(|k| params.get(*k)?.as_str()).unwrap_or("");
                let (product, device) = (text(["productID", "productKey"]), text(["deviceName", "deviceName"]));
                if device.is_empty() {
                    return Err(Wrong::Envelope);
                }
                if !(self.bound)(product, device) {
                    return Err(Wrong::NotBound);
                }
                let on = self.topic.purpose == Purpose::SubLogin;
                taken.sub_devices.push((full_name(product, device), on));
            }
            Purpose::Answer(path) => {
                let code = json.get("code").and_then(Json::as_i64).unwrap_or(0);
                taken.answered = Some((id.to_string(), code));
                let data = json.get("data").and_then(Json::as_object).filter(|_| path.contains("property/get"));
                if let Some(data) = data {
                    self.properties(product, device, data, &mut taken.records)?;
                }
            }
        }
        Ok(taken)
    }

    fn properties(
        &self,
        product: &str,
        device: &str,
        params: &Map<String, Json>,
        out: &mut Vec<Record>,
    ) -> Result<(), Wrong> {
        let mut moments = Moments::new();
        if params.len() > MAX_POINTS {
            return Err(Wrong::TooMany);
        }
        for (name, value) in params {
            self.value(product, name, value, &mut moments)?;
        }
        finish(product, device, moments, out);
        Ok(())
    }

    /// A bare value, `{value, time}`, or (late data) a list of those.
    fn value(&self, product: &str, name: &str, value: &Json, moments: &mut Moments) -> Result<(), Wrong> {
        let meaning = self.mapping.of(product, name);
        let points = match value {
            Json::Array(points) if points.iter().all(|p| p.get("value").is_some()) => points.as_slice(),
            one => std::slice::from_ref(one),
        };
        if points.len() > MAX_POINTS {
            return Err(Wrong::TooMany);
        }
        for point in points {
            let (value, time) = match point.as_object().and_then(|o| o.get("value").map(|v| (v, o.get("time")))) {
                Some((v, time)) => (v, time),
                None => (point, None),
            };
            let danger = matches!(meaning, Some(Meaning::Alarm(_))) && truth(value) != Some(false);
            let at = self.time(time, danger)?;
            let (record, pairs) = moments.entry(at.map(|t| t.0)).or_default();
            apply(record, pairs, name, meaning, value);
        }
        Ok(())
    }

    /// A bad time refuses the message, except that an alarm is taken without it.
    fn time(&self, time: Option<&Json>, danger: bool) -> Result<Option<Instant>, Wrong> {
        match time.filter(|t| !t.is_null()).map(|t| millis(t, self.now)) {
            None => Ok(None),
            Some(Ok(at)) => Ok(Some(at)),
            Some(Err(_)) if danger => Ok(None),
            Some(Err(_)) => Err(Wrong::Time),
        }
    }

    fn events(
        &self,
        product: &str,
        device: &str,
        params: &Map<String, Json>,
        out: &mut Vec<Record>,
    ) -> Result<(), Wrong> {
        if params.len() > MAX_POINTS {
            return Err(Wrong::TooMany);
        }
        for (name, event) in params {
            let points = match event {
                Json::Array(points) => points.as_slice(),
                one => std::slice::from_ref(one),
            };
            if points.len() > MAX_POINTS {
                return Err(Wrong::TooMany);
            }
            for point in points {
                self.event(product, device, name, point, out)?;
            }
        }
        Ok(())
    }

    fn event(&self, product: &str, device: &str, name: &str, event: &Json, out: &mut Vec<Record>) -> Result<(), Wrong> {
        let (output, time) = match event.get("value") {
            Some(value) => (value, event.get("time")),
            None => (event, None),
        };
        let alarm = match self.mapping.of(product, name) {
            Some(Meaning::Alarm(alarm)) => Some(alarm),
            // An event of an unknown name that calls itself an alarm is one.
            None if name.to_ascii_lowercase().contains("alarm") => Some(Alarm::General),
            _ => None,
        };
        let at = self.time(time, alarm.is_some())?;
        let mut record = Record { time: at, device: Some(full_name(product, device)), ..Record::new() };
        let mut pairs = Pairs::default();
        record.set("event", name.chars().take(64).collect::<String>());
        if let Some(alarm) = alarm {
            record.alarm(alarm);
        }
        if let Some(output) = output.as_object() {
            if output.len() > MAX_POINTS {
                return Err(Wrong::TooMany);
            }
            for (key, value) in output {
                apply(&mut record, &mut pairs, key, self.mapping.of(product, key), value);
            }
        }
        settle(&mut record, pairs);
        out.push(record);
        Ok(())
    }

    fn pack(&self, params: &Json, out: &mut Vec<Record>) -> Result<(), Wrong> {
        let entries = match params {
            Json::Array(entries) => entries.as_slice(),
            // Alink: own properties and events, and a list of sub-devices.
            Json::Object(o) => {
                self.entry(params, &self.topic.product, &self.topic.device, out)?;
                o.get("subDevices").and_then(Json::as_array).map_or(&[][..], Vec::as_slice)
            }
            _ => return Err(Wrong::Envelope),
        };
        if entries.len() > MAX_DEVICES {
            return Err(Wrong::TooMany);
        }
        for entry in entries {
            let text = |keys: [&str; 2]| {
                keys.iter().find_map(|k| entry.get("identity")?.get(*k)?.as_str()).filter(|s| !s.is_empty())
            };
            // No identity or an empty one: the topic's own device.
            let (product, device) = match text(["deviceName", "deviceName"]) {
                None => (self.topic.product.as_str(), self.topic.device.as_str()),
                Some(device) => (text(["productID", "productKey"]).unwrap_or(&self.topic.product), device),
            };
            let own = product == self.topic.product && device == self.topic.device;
            if !own && !(self.bound)(product, device) {
                return Err(Wrong::NotBound);
            }
            self.entry(entry, product, device, out)?;
        }
        Ok(())
    }

    fn entry(&self, entry: &Json, product: &str, device: &str, out: &mut Vec<Record>) -> Result<(), Wrong> {
        let first = out.len();
        if let Some(properties) = entry.get("properties").and_then(Json::as_object) {
            self.properties(product, device, properties, out)?;
        }
        if let Some(events) = entry.get("events").and_then(Json::as_object) {
            self.events(product, device, events, out)?;
        }
        if self.topic.purpose == Purpose::History {
            out[first..].iter_mut().for_each(|r| r.archive = true);
        }
        Ok(())
    }
}

fn finish(product: &str, device: &str, moments: Moments, out: &mut Vec<Record>) {
    for (at, (mut record, pairs)) in moments {
        record.time = at.map(Instant);
        record.device = Some(full_name(product, device));
        settle(&mut record, pairs);
        out.push(record);
    }
}

fn full_name(product: &str, device: &str) -> String {
    if product.is_empty() { device.into() } else { format!("{product}/{device}") }
}

/// An order to a thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Order<'a> {
    Set(Json),
    Get(&'a [&'a str]),
    Service(&'a str, Json),
}

/// Topic and payload of an order; the device answers with the same `id`.
pub fn order(family: Family, product: &str, device: &str, id: &str, order: &Order) -> (String, String) {
    let base = match family {
        Family::OneJson => format!("$sys/{product}/{device}/thing"),
        Family::Alink => format!("/sys/{product}/{device}/thing"),
        Family::TuyaLink => format!("tylink/{device}/thing"),
    };
    let (path, params) = match (family, order) {
        (Family::OneJson, Order::Set(p)) => ("property/set".into(), p.clone()),
        (Family::OneJson, Order::Get(names)) => ("property/get".into(), json!(names)),
        (Family::OneJson, Order::Service(name, p)) => (format!("service/{name}/invoke"), p.clone()),
        (Family::Alink, Order::Set(p)) => ("service/property/set".into(), p.clone()),
        (Family::Alink, Order::Get(names)) => ("service/property/get".into(), json!(names)),
        (Family::Alink, Order::Service(name, p)) => (format!("service/{name}"), p.clone()),
        (Family::TuyaLink, Order::Set(p)) => ("property/set".into(), p.clone()),
        (Family::TuyaLink, Order::Get(names)) => ("property/desired/get".into(), json!({ "properties": names })),
        (Family::TuyaLink, Order::Service(name, p)) => {
            ("action/execute".into(), json!({ "actionCode": name, "inputParams": p }))
        }
    };
    let payload = match family {
        Family::OneJson => json!({ "id": id, "version": "1.0", "params": params }),
        Family::Alink => {
            let method = format!("thing.{}", path.replace('/', "."));
            json!({ "id": id, "version": "1.0", "params": params, "method": method })
        }
        Family::TuyaLink => json!({ "msgId": id, "data": params }),
    };
    (format!("{base}/{path}"), payload.to_string())
}
