//! MQTT payload families and our own JSON: every sample, the rules behind them, and the limits.
#![allow(clippy::unwrap_used)]
use kernel::Instant;
use serde_json::{Value, json};
use wire::thing::{self, Mapping, Order, Purpose, Topic, Wrong};
use wire::zigbee::{self, Message};
use wire::{Alarm, Record, plain};

const NOW: Instant = Instant(1_795_000_000_000);

fn samples() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/mqtt_samples.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn reading(topic: &str, payload: &Value) -> Record {
    match zigbee::decode("zigbee2mqtt", topic, payload.to_string().as_bytes(), &["single"], NOW).unwrap().unwrap() {
        Message::Reading { record, .. } => *record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_sample_is_read() {
    let (mut zigbees, mut things, mut boards) = (0, 0, 0);
    for s in samples() {
        let (topic, payload) = (s["topic"].as_str().unwrap(), &s["payload"]);
        let bytes = payload.to_string();
        match (s["convention"].as_str().unwrap(), s["direction"].as_str().unwrap()) {
            ("zigbee2mqtt", _) => {
                let message =
                    zigbee::decode("zigbee2mqtt", topic, bytes.as_bytes(), &["single"], NOW).unwrap().unwrap();
                check_zigbee(&s, message);
                zigbees += 1;
            }
            ("onejson" | "alink" | "tuyalink", "up") => {
                let topic = topic.replace(['{', '}', '$'], "").replacen(
                    "sys/",
                    if topic.starts_with("$sys") { "$sys/" } else { "sys/" },
                    1,
                );
                let taken = thing::decode(&topic, bytes.as_bytes(), &Mapping::new(), NOW, |_, _| true);
                let taken = taken.unwrap_or_else(|| panic!("{topic}")).unwrap();
                check_thing(&s, &taken);
                things += 1;
            }
            ("thingsboard", _) => {
                let records = plain::telemetry(bytes.as_bytes(), "d", NOW).unwrap();
                assert_eq!(records.len(), payload.as_array().map_or(1, Vec::len));
                boards += 1;
            }
            // Downlink samples are compared with what is sent; discovery says where states are, and is not a reading.
            _ => {}
        }
    }
    assert_eq!((zigbees, things, boards), (23, 12, 4));
}

fn check_zigbee(sample: &Value, message: Message) {
    let p = &sample["payload"];
    match message {
        Message::Reading { record, .. } => {
            let alarm = |key: &str, alarm: Alarm| assert_eq!(record.has(alarm), p[key] == true, "{key} of {p}");
            alarm("smoke", Alarm::Smoke);
            alarm("gas", Alarm::Gas);
            alarm("carbon_monoxide", Alarm::CarbonMonoxide);
            alarm("water_leak", Alarm::WaterLeak);
            alarm("tamper", Alarm::Tampering);
            alarm("battery_low", Alarm::LowBattery);
            alarm("vibration", Alarm::Vibration);
            assert_eq!(record.has(Alarm::Sos), p["action"] == "single");
            assert_eq!(record.vitals.battery.map(u64::from), p["battery"].as_u64());
            // The room's temperature is not the body's.
            assert_eq!(record.vitals.temperature, None);
            for (key, value) in p.as_object().unwrap() {
                let known = record.attributes.contains_key(key.as_str());
                let elsewhere = matches!(key.as_str(), "battery" | "voltage");
                assert_eq!(known || elsewhere, !value.is_null() || elsewhere, "{key}");
            }
        }
        Message::Availability { name, online } => assert_eq!((name.as_str(), online), ("remote", true)),
        Message::Event { kind, ieee, .. } => {
            assert_eq!(kind, p["type"].as_str().unwrap());
            assert_eq!(ieee, "0x90fd9ffffe6494fc");
        }
        other => panic!("{other:?}"),
    }
}

fn check_thing(sample: &Value, taken: &thing::Taken) {
    let (topic, p) = (sample["topic"].as_str().unwrap(), &sample["payload"]);
    if topic.contains("sub/") {
        assert_eq!(taken.sub_devices, [("product1/device1".to_string(), topic.ends_with("login"))]);
    } else if topic.ends_with("_reply") {
        assert_eq!(taken.answered, Some(("123".into(), 200)));
        assert_eq!(taken.records.len(), usize::from(topic.contains("property")));
        return;
    } else {
        assert!(!taken.records.is_empty(), "{topic}");
    }
    if topic.contains("tylink") {
        assert_eq!(taken.reply, None, "asked for no answer");
        return;
    }
    let (reply_topic, reply) = taken.reply.clone().unwrap();
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!((&reply["code"], &reply["id"]), (&json!(200), &p["id"]));
    assert!(
        reply_topic.ends_with(if topic.starts_with('$') { "post/reply" } else { "post_reply" })
            || topic.contains("sub/")
    );
    if topic.contains("event/post") {
        assert_eq!(taken.records.len(), 2);
        assert_eq!(taken.records[0].time, Some(Instant(1_524_448_722_123)));
    }
    if topic.contains("history") {
        assert!(taken.records.iter().all(|r| r.archive));
    }
}

#[test]
fn alarms_of_a_thing_are_raised_and_end() {
    let post = |params: Value| {
        let payload = json!({ "id": "1", "params": params }).to_string();
        let topic = "$sys/p1/d1/thing/property/post";
        thing::decode(topic, payload.as_bytes(), &Mapping::new(), NOW, |_, _| false).unwrap()
    };
    let taken = post(json!({ "SmokeAlarm": { "value": "1", "time": 1_795_000_000_000i64 }, "HeartRate": 72 })).unwrap();
    assert_eq!(taken.records.len(), 2, "with a time and without");
    assert!(taken.records[1].has(Alarm::Smoke));
    assert_eq!(taken.records[0].vitals.heart_rate, Some(72));
    assert_eq!(taken.records[0].device.as_deref(), Some("p1/d1"));
    let ended = post(json!({ "SmokeAlarm": false })).unwrap();
    assert!(ended.records[0].alarms.is_empty() && ended.records[0].attributes.contains_key("SmokeAlarm"));
    // A wrong clock refuses readings, not a call for help.
    let refused = post(json!({ "HeartRate": { "value": 72, "time": 99 } })).unwrap_err();
    assert_eq!(refused.wrong, Wrong::Time);
    assert!(refused.reply.unwrap().1.contains("2415"));
    assert!(post(json!({ "SOS": { "value": 1, "time": 99 } })).unwrap().records[0].has(Alarm::Sos));
    // A pressure needs both halves to be one.
    let both = post(json!({ "systolic": 130, "diastolic": "85" })).unwrap();
    assert_eq!((both.records[0].vitals.systolic, both.records[0].vitals.diastolic), (Some(130), Some(85)));
}

#[test]
fn a_product_may_say_what_its_identifiers_mean() {
    let mapping = Mapping::new().with("p1", "k9", thing_alarm());
    let payload = br#"{"id":"1","params":{"k9":1}}"#;
    let read = |topic: &str| thing::decode(topic, payload, &mapping, NOW, |_, _| false).unwrap().unwrap();
    assert!(read("$sys/p1/d1/thing/property/post").records[0].has(Alarm::Sos));
    assert!(read("$sys/p2/d1/thing/property/post").records[0].alarms.is_empty());
}

fn thing_alarm() -> wire::meaning::Meaning {
    wire::meaning::Meaning::Alarm(Alarm::Sos)
}

#[test]
fn nobody_speaks_for_a_device_that_is_not_theirs() {
    let pack = |device: &str| {
        let entry = json!({ "identity": { "productID": "p1", "deviceName": device }, "properties": { "SOS": 1 } });
        let payload = json!({ "id": "1", "params": [entry] }).to_string();
        thing::decode("$sys/p1/gate/thing/pack/post", payload.as_bytes(), &Mapping::new(), NOW, |_, d| d == "mine")
            .unwrap()
    };
    assert_eq!(pack("mine").unwrap().records[0].device.as_deref(), Some("p1/mine"));
    assert_eq!(pack("").unwrap().records[0].device.as_deref(), Some("p1/gate"));
    assert_eq!(pack("other").unwrap_err().wrong, Wrong::NotBound);
    let many = json!({ "id": "1", "params": vec![json!({ "properties": {} }); 11] }).to_string();
    let refused = thing::decode("$sys/p1/gate/thing/pack/post", many.as_bytes(), &Mapping::new(), NOW, |_, _| true);
    assert_eq!(refused.unwrap().unwrap_err().wrong, Wrong::TooMany);
}

#[test]
fn orders_go_to_the_topics_of_the_samples() {
    for s in samples().iter().filter(|s| s["direction"] == "down" && s["convention"] == "onejson") {
        let (topic, payload) = (s["topic"].as_str().unwrap(), &s["payload"]);
        let order = match topic.rsplit_once("thing/").unwrap().1 {
            "property/set" => Order::Set(payload["params"].clone()),
            "property/get" => Order::Get(&["temperature", "humidity"]),
            "service/{identifier}/invoke" => Order::Service("{identifier}", payload["params"].clone()),
            _ => continue,
        };
        let (sent_topic, sent) = thing::order(thing::Family::OneJson, "{pid}", "{device-name}", "123", &order);
        assert_eq!(sent_topic, topic);
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), *payload);
    }
    assert_eq!(Topic::parse("/sys/pk/dn/thing/event/fall/post").unwrap().purpose, Purpose::Events(Some("fall".into())));
    assert_eq!(Topic::parse("$sys/p/d/thing/property/set"), None);
    assert_eq!(Topic::parse("$sys/p+/d/thing/property/post"), None);
}

#[test]
fn a_hub_is_read_by_its_addresses() {
    let devices = json!([{ "ieee_address": "0x1", "friendly_name": "门口 按钮,1",
        "definition": { "model": "WXKG11LM", "exposes": [{ "property": "action" }, { "features": [{ "property": "battery" }] }] } }]);
    let topic = "zigbee2mqtt/bridge/devices";
    let Message::Devices(list) =
        zigbee::decode("zigbee2mqtt", topic, devices.to_string().as_bytes(), &[], NOW).unwrap().unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (list[0].ieee.as_str(), list[0].exposes.as_slice()),
        ("0x1", &["action".to_string(), "battery".into()][..])
    );
    assert_eq!(
        zigbee::decode("zigbee2mqtt", "zigbee2mqtt/a/b/availability", b"offline", &[], NOW).unwrap(),
        Some(Message::Availability { name: "a/b".into(), online: false })
    );
    assert_eq!(zigbee::decode("zigbee2mqtt", "zigbee2mqtt/x/set", b"{}", &[], NOW).unwrap(), None);
    assert_eq!(zigbee::decode("zigbee2mqtt", "elsewhere/x", b"{}", &[], NOW).unwrap(), None);
    let r = reading(
        "zigbee2mqtt/b",
        &json!({ "action": "", "last_seen": "2026-11-18T01:46:40.5+08:00", "contact": false }),
    );
    assert_eq!((r.alarms.len(), r.time), (0, Some(Instant(1_794_937_600_500))));
    assert!(reading("zigbee2mqtt/b", &json!({ "action": "emergency" })).has(Alarm::Sos));
}

#[test]
fn our_own_json() {
    let one =
        |message: Value| plain::decode(message.to_string().as_bytes(), Some("868000000000001"), NOW, |d| d == "sub");
    let taken = one(json!({ "id": 7, "time": "2026-11-18T01:46:40Z",
        "position": { "lat": 34.26, "lon": "117.19", "accuracy": 12 },
        "readings": { "heartRate": 72, "spo2": 97, "battery": 80, "room": "厨房" }, "alarms": ["fallDown", "sos", "brandNew"] }))
    .unwrap();
    let r = &taken.records[0];
    assert_eq!(r.alarms, [Alarm::Sos, Alarm::FallDown, Alarm::General]);
    assert_eq!((r.vitals.heart_rate, r.vitals.spo2, r.vitals.battery), (Some(72), Some(97), Some(80)));
    assert_eq!((r.lat, r.valid, r.accuracy_m), (Some(34.26), Some(true), Some(12.0)));
    assert_eq!(taken.reply(), r#"{"ids":["7"],"taken":1}"#);
    let fault = |m: Value| one(m).unwrap_err().field;
    assert_eq!(fault(json!({ "device": "stranger" })), "device");
    assert!(one(json!({ "device": "sub" })).is_ok());
    assert_eq!(fault(json!({ "time": 1, "readings": {} })), "time");
    assert!(one(json!({ "time": 1, "alarms": ["sos"] })).unwrap().records[0].time.is_none());
    assert_eq!(fault(json!({ "position": { "lat": 3 } })), "position");
    assert_eq!(fault(json!({ "heartRate": 72 })), "");
    assert!(plain::decode(json!(vec![json!({}); 101]).to_string().as_bytes(), Some("d"), NOW, |_| true).is_err());
}
