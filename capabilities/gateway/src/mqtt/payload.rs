//! What an MQTT payload says, and for whom: the device itself, or a device registered for the same elder that a home hub
//! speaks for.
use crate::directory::Entry;
use crate::serve::Shared;
use crate::translate;
use kernel::{Instant, Result};
use safety::devices::{CommandId, DeviceKind, Protocol};
use safety::readings::Said;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wire::thing::Mapping;
use wire::{Record, plain, thing, zigbee};

/// What a home hub told of its devices: the names their owner gave them.
#[derive(Default)]
pub(crate) struct Hub {
    names: HashMap<String, String>,
}

/// A payload read.
#[derive(Default)]
pub(crate) struct Read {
    pub parts: Vec<(Arc<Entry>, Vec<Said>)>,
    pub reply: Option<(String, String)>,
    /// A command answered: whether it was done, and what the device said.
    pub answered: Option<(CommandId, bool, String)>,
}

/// A payload refused, with the answer the family asks for.
pub(crate) struct Refused {
    pub what: String,
    pub reply: Option<(String, String)>,
}

fn refused(what: impl std::fmt::Debug) -> std::result::Result<Read, Refused> {
    Err(Refused { what: format!("{what:?}"), reply: None })
}

/// Reads one message of a device that may say it there.
pub(crate) async fn read(
    shared: &Shared,
    own: &Arc<Entry>,
    identity: &str,
    hub: &mut Hub,
    topic: &str,
    bytes: &[u8],
    now: Instant,
) -> Result<std::result::Result<Read, Refused>> {
    let mut out = Read::default();
    let records: Vec<(Option<String>, Record)> = if topic.starts_with("yinian/") {
        if topic.ends_with("/answer") {
            return Ok(answer(bytes));
        }
        match plain::decode(bytes, Some(identity), now, |_| true) {
            Ok(t) => t.records.into_iter().map(|r| (r.device.clone(), r)).collect(),
            Err(e) => return Ok(refused(e)),
        }
    } else if topic == "v1/devices/me/telemetry" {
        match plain::telemetry(bytes, identity, now) {
            Ok(all) => all.into_iter().map(|r| (None, r)).collect(),
            Err(e) => return Ok(refused(e)),
        }
    } else if topic.starts_with("zigbee2mqtt/") {
        match of_hub(own, hub, topic, bytes, now) {
            Ok(r) => r,
            Err(e) => return Ok(refused(e)),
        }
    } else {
        match thing::decode(topic, bytes, &Mapping::new(), now, |_, _| true) {
            None => Vec::new(),
            Some(Err(no)) => return Ok(Err(Refused { what: format!("{:?}", no.wrong), reply: no.reply })),
            Some(Ok(t)) => {
                out.reply = t.reply;
                // 200 in the thing models, 0 in some of their cousins.
                out.answered = t.answered.and_then(|(id, code)| {
                    let ok = matches!(code, 0 | 200);
                    Some((id.parse().ok()?, ok, if ok { "完成".into() } else { format!("设备答 {code}") }))
                });
                let name = |d: String| d.rsplit_once('/').map_or(d.clone(), |(_, n)| n.to_string());
                t.records.into_iter().map(|r| (r.device.clone().map(name), r)).collect()
            }
        }
    };
    let device = own.now();
    for (name, record) in records {
        let (entry, who) = match name.filter(|n| n != identity) {
            None => (own.clone(), device.clone()),
            Some(name) => match sub_device(shared, own, identity, &name).await? {
                Some(e) => {
                    let who = e.now();
                    (e, who)
                }
                None => {
                    shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
                    let call = record.alarms.iter().any(|a| a.of_a_person());
                    shared.directory.stranger(Protocol::Mqtt, &name, identity, bytes, call);
                    if !call {
                        continue;
                    }
                    // A call for help of an unregistered button in a known home is this home's.
                    (own.clone(), device.clone())
                }
            },
        };
        let said = translate::said(&record, &who, now);
        translate::of_itself(&record, &entry, now);
        match out.parts.iter_mut().find(|(e, _)| Arc::ptr_eq(e, &entry)) {
            Some((_, all)) => all.extend(said),
            None => out.parts.push((entry, said)),
        }
    }
    Ok(Ok(out))
}

/// The device answers a command: `{"id":"…","ok":true,"text":"…"}`.
fn answer(bytes: &[u8]) -> std::result::Result<Read, Refused> {
    let Ok(v) = serde_json::from_slice::<serde_json::Value>(bytes) else { return refused("not json") };
    let Some(id) = v["id"].as_str().and_then(|s| s.parse::<CommandId>().ok()) else { return refused("id") };
    let ok = v["ok"] != false;
    let text = v["text"].as_str().unwrap_or(if ok { "完成" } else { "设备说没做成" });
    Ok(Read { answered: Some((id, ok, text.chars().take(200).collect())), ..Read::default() })
}

type Named = Vec<(Option<String>, Record)>;

fn of_hub(
    own: &Entry,
    hub: &mut Hub,
    topic: &str,
    bytes: &[u8],
    now: Instant,
) -> std::result::Result<Named, zigbee::Wrong> {
    // Only a registered hub speaks for a household.
    if own.now().kind != DeviceKind::Gateway {
        return Ok(Vec::new());
    }
    let named = |hub: &Hub, name: String| Some(hub.names.get(&name).cloned().unwrap_or(name));
    Ok(match zigbee::decode("zigbee2mqtt", topic, bytes, &[], now)? {
        Some(zigbee::Message::Reading { name, record }) => vec![(named(hub, name), *record)],
        Some(zigbee::Message::Availability { name, online }) => {
            let mut r = Record::new();
            r.alarm(if online { wire::Alarm::PowerOn } else { wire::Alarm::LinkLost });
            vec![(named(hub, name), r)]
        }
        Some(zigbee::Message::Devices(all)) => {
            hub.names = all.into_iter().map(|d| (d.name, d.ieee)).collect();
            vec![(None, Record::new())]
        }
        Some(zigbee::Message::Bridge { .. } | zigbee::Message::Event { .. }) => vec![(None, Record::new())],
        None => Vec::new(),
    })
}

/// A device a hub may speak for: registered, and bound to the same elder.
async fn sub_device(shared: &Shared, own: &Entry, identity: &str, name: &str) -> Result<Option<Arc<Entry>>> {
    let mine = own.now().bound.map(|b| b.elder);
    for id in [name.to_string(), format!("{identity}/{name}")] {
        if let Some(e) = shared.directory.find(Protocol::Mqtt, &id).await?
            && mine.is_some()
            && e.now().bound.map(|b| b.elder) == mine
        {
            return Ok(Some(e));
        }
    }
    Ok(None)
}
