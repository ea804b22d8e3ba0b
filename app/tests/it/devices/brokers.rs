//! What comes through somebody else's broker is acknowledged to it after the commit: killed at any moment, nothing is lost.
use super::tools::{Running, mosquitto, nats};
use super::town::*;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, PublishOptions};
use std::collections::HashSet;
use std::time::Duration;
use vigil::Measure;

const COUNT: u32 = 3_000;

/// Publishes every number of steps to the broker, which then answers for them.
async fn publish(port: u16) {
    let mut options = MqttOptions::new("the-device", ("127.0.0.1", port));
    options.set_keep_alive(30);
    let (client, mut events) = AsyncClient::builder(options).capacity(64).build();
    let sender = tokio::spawn(async move {
        for n in 1..=COUNT {
            let body = serde_json::json!({ "readings": { "steps": n } }).to_string();
            client.publish("yinian/m1/up", body, PublishOptions::at_least_once()).await.unwrap();
        }
        client
    });
    let mut acked = 0;
    while acked < COUNT {
        let event = tokio::time::timeout(Duration::from_secs(30), events.poll()).await.unwrap().unwrap();
        acked += u32::from(matches!(event, Event::Incoming(Packet::PubAck(_))));
    }
    sender.await.unwrap();
}

/// Says something again and again until it comes through.
async fn known(port: u16, town: &Town) {
    let (client, mut events) =
        AsyncClient::builder(MqttOptions::new("the-probe", ("127.0.0.1", port))).capacity(8).build();
    let asking = tokio::spawn(async move { while events.poll().await.is_ok() {} });
    let mut there = false;
    for _ in 0..60 {
        let body = serde_json::json!({ "readings": { "steps": 0 } }).to_string();
        client.publish("yinian/m1/up", body, PublishOptions::at_least_once()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        there = town.read().await.0.contains(&Measure::Steps(0));
        if there {
            break;
        }
    }
    assert!(there, "the program never subscribed");
    client.disconnect().await.unwrap();
    asking.await.unwrap();
}

async fn nothing_is_lost(start: impl Fn(&std::path::Path, u16) -> Option<Running>, share: &str) {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let Some(_broker) = start(folder.path(), port) else { return };
    let more = format!(
        "[[gateway.brokers]]\nhost = \"127.0.0.1\"\nport = {port}\nclient = \"yinian\"\ntopics = [\"yinian/+/up\"]\n{share}"
    );
    let town = town_with(&more).await;
    // Known to the broker before anything is said, so that it keeps what comes.
    let mut program = Running(town.serve());
    known(port, &town).await;
    let publishing = tokio::spawn(publish(port));
    for round in 0..4u64 {
        tokio::time::sleep(Duration::from_millis(150 + 170 * round)).await;
        drop(program);
        program = Running(town.serve());
    }
    publishing.await.unwrap();
    let mut missing: HashSet<u32> = HashSet::new();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (all, _) = town.read().await;
        let stored: HashSet<u32> =
            all.iter().filter_map(|m| if let Measure::Steps(n) = m { Some(*n) } else { None }).collect();
        missing = (1..=COUNT).filter(|n| !stored.contains(n)).collect();
        if missing.is_empty() {
            break;
        }
    }
    drop(program);
    assert!(missing.is_empty(), "{} of {COUNT} lost", missing.len());
    town.folder.sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_mosquitto_nothing_is_lost_by_kills() {
    nothing_is_lost(mosquitto, "share = \"yinian\"\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_nats_nothing_is_lost_by_kills() {
    nothing_is_lost(nats, "").await;
}
