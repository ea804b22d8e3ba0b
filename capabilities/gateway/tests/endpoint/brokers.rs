//! Subscribed to somebody else's broker: Mosquitto with a shared subscription, NATS with its MQTT listener.
use crate::common::*;
use crate::tools::{Running as Program, free_port, mosquitto, nats};
use gateway::{Broker, Config};
use kernel::ElderId;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, PublishOptions, QoS};
use safety::devices::{self, Command, CommandState, DeviceId, DeviceKind, Protocol};
use std::path::Path;
use std::time::Duration;
use store::testing::each_engine;
use store::{Db, SqlExt};
use tokio::sync::mpsc;
use vigil::Measure;

/// The way a broker is started.
type Start = fn(&Path, u16) -> Option<Program>;

fn config(port: u16, share: Option<&str>) -> Config {
    let broker = Broker {
        host: "127.0.0.1".into(),
        port,
        client: "yinian-gateway".into(),
        share: share.map(String::from),
        topics: vec!["yinian/+/up".into(), "yinian/+/answer".into()],
        ..Broker::default()
    };
    Config { brokers: vec![broker], ..Config::default() }
}

/// A device at a broker: what it hears, and that it is subscribed.
fn device_at(port: u16) -> (AsyncClient, mpsc::UnboundedReceiver<Publish>, mpsc::UnboundedReceiver<()>) {
    let mut o = MqttOptions::new("the-device", ("127.0.0.1", port));
    o.set_keep_alive(10);
    let (client, mut events) = AsyncClient::builder(o).capacity(100).build();
    let (heard, out) = mpsc::unbounded_channel();
    let (subscribed, is_subscribed) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::Publish(p))) => {
                    // Nobody listens any more when the test has ended.
                    let _ = heard.send(p);
                }
                Ok(Event::Incoming(Packet::SubAck(_))) => {
                    let _ = subscribed.send(());
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    (client, out, is_subscribed)
}

async fn until<F: AsyncFn() -> bool>(what: F) {
    soon(async {
        while !what().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// A broker of this kind is there to be tested with.
fn is_here(start: Start) -> bool {
    let probe = tempfile::tempdir().unwrap();
    start(probe.path(), free_port()).is_some()
}

/// A broker, a gateway subscribed to it, and an elder with the watch `m1`.
struct Subscribed {
    folder: tempfile::TempDir,
    port: u16,
    broker: Program,
    elder: ElderId,
    id: DeviceId,
    run: Running,
}

async fn subscribed(db: &Db, start: Start, share: Option<&str>) -> Subscribed {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let broker = start(folder.path(), port).unwrap();
    let elder = elder(db).await;
    let id = device(db, elder, Protocol::Mqtt, "m1", DeviceKind::Watch, None).await;
    let run = Running::with(db, config(port, share)).await;
    until(async || run.started.figures().brokers_away == 0).await;
    Subscribed { folder, port, broker, elder, id, run }
}

async fn through(start: Start, share: Option<&'static str>) {
    if !is_here(start) {
        return;
    }
    each_engine(&migrations(), |db| async move {
        let Subscribed { folder, port, broker, elder, id, run } = subscribed(&db, start, share).await;
        let (client, mut heard, mut subscribed) = device_at(port);
        let say = |topic: &str, body: String| client.publish(topic.to_string(), body, PublishOptions::at_least_once());
        for n in 1..=30 {
            say("yinian/m1/up", format!(r#"{{"readings":{{"steps":{n}}}}}"#)).await.unwrap();
        }
        until(async || stored(&db, elder).await.len() == 30).await;
        // What cannot be read, and who is not known, do not stand in the way of the next.
        say("yinian/m1/up", "not json".into()).await.unwrap();
        say("yinian/stranger/up", HEART_72.into()).await.unwrap();
        say("yinian/m1/up", r#"{"alarms":["sos"]}"#.into()).await.unwrap();
        until(async || alarms(&db, "sos").await == [1]).await;
        assert_eq!(quarantine(&db).await[0].identity, "stranger");
        // Commands go down the same way, and their answers come up.
        client.subscribe("yinian/m1/down", QoS::AtLeastOnce).await.unwrap();
        soon(subscribed.recv()).await.unwrap();
        devices::order(&db, &operator(), id, Command::LocateNow).await.unwrap();
        let order: serde_json::Value = serde_json::from_slice(&soon(heard.recv()).await.unwrap().payload).unwrap();
        let answer = serde_json::json!({ "id": order["id"], "ok": true }).to_string();
        say("yinian/m1/answer", answer).await.unwrap();
        until(async || devices::orders_of(&db, id, 5).await.unwrap()[0].state == CommandState::Confirmed).await;
        // The broker goes and comes back.
        drop(broker);
        until(async || run.started.figures().brokers_away == 1).await;
        let _broker = start(folder.path(), port).unwrap();
        until(async || run.started.figures().brokers_away == 0).await;
        say("yinian/m1/up", HEART_72.into()).await.unwrap();
        until(async || stored(&db, elder).await.contains(&Measure::HeartRate(72))).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn mosquitto_with_a_shared_subscription() {
    through(mosquitto, Some("yinian")).await;
}

#[tokio::test]
async fn nats_with_jetstream() {
    through(nats, None).await;
}

/// NATS sends what was not acknowledged in two seconds again, under its number: it is stored once and answered once.
#[tokio::test]
async fn a_broker_grows_impatient_while_nothing_can_be_stored() {
    if !is_here(nats) {
        return;
    }
    each_engine(&migrations(), |db| async move {
        let Subscribed { folder: _folder, port, broker: _broker, elder, run, .. } = subscribed(&db, nats, None).await;
        let held = db.begin().await.unwrap();
        if !held.lock().is_empty() {
            held.exec("LOCK TABLE reading_log IN ACCESS EXCLUSIVE MODE", vec![]).await.unwrap();
        }
        let (client, ..) = device_at(port);
        for n in 1..=10 {
            let body = format!(r#"{{"readings":{{"steps":{n}}}}}"#);
            client.publish("yinian/m1/up", body, PublishOptions::at_least_once()).await.unwrap();
        }
        until(async || run.started.figures().messages >= 10).await;
        // Two times the broker's patience.
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(held);
        let steps = (1..=10).map(Measure::Steps).collect::<Vec<_>>();
        until(async || stored(&db, elder).await.len() >= 10).await;
        client.publish("yinian/m1/up", HEART_72, PublishOptions::at_least_once()).await.unwrap();
        until(async || stored(&db, elder).await.contains(&Measure::HeartRate(72))).await;
        let mut all = stored(&db, elder).await;
        all.retain(|m| *m != Measure::HeartRate(72));
        assert_eq!(all, steps);
        assert_eq!(run.started.figures().messages, 11);
        assert_eq!(run.started.figures().brokers_away, 0);
        run.end().await;
    })
    .await;
}
