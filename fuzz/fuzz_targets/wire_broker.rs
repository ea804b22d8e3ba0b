//! Any payload of a broker or a third-party platform: thing model, Zigbee2MQTT, our own JSON, telemetry.
#![no_main]
#[path = "../common/tcp.rs"]
#[allow(dead_code)]
mod tcp;
use kernel::Instant;
use libfuzzer_sys::fuzz_target;
use wire::{plain, thing, zigbee};

const NOW: Instant = Instant(1_795_000_000_000);
const TOPICS: [&str; 8] = [
    "$sys/p/d/thing/property/post",
    "$sys/p/d/thing/event/post",
    "$sys/p/d/thing/pack/post",
    "$sys/p/d/thing/history/post",
    "/sys/p/d/thing/event/SOS/post",
    "/sys/p/d/thing/event/property/pack/post",
    "tylink/d/thing/property/report",
    "$sys/p/d/thing/property/get_reply",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, payload)) = data.split_first() else { return };
    let mapping = thing::Mapping::new();
    let topic = TOPICS[usize::from(choice & 7)];
    if let Some(Ok(taken)) = thing::decode(topic, payload, &mapping, NOW, |_, d| d != "x") {
        taken.records.iter().for_each(tcp::sound);
    }
    for topic in ["z/a", "z/bridge/devices", "z/bridge/event", "z/bridge/state", "z/a/availability"] {
        if let Ok(Some(zigbee::Message::Reading { record, .. })) = zigbee::decode("z", topic, payload, &["hold"], NOW) {
            tcp::sound(&record);
        }
    }
    if let Ok(taken) = plain::decode(payload, Some("d"), NOW, |d| d != "x") {
        taken.records.iter().for_each(tcp::sound);
    }
    if let Ok(records) = plain::telemetry(payload, "d", NOW) {
        records.iter().for_each(tcp::sound);
    }
    if let Ok(topic) = std::str::from_utf8(payload) {
        let _ = thing::Topic::parse(topic);
    }
});
