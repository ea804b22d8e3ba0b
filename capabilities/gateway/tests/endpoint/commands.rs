//! Commands on their way down, and what counts as done.
use crate::common::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::QoS;
use rumqttc_v5::mqttbytes::v5::Packet;
use safety::devices::{self, Command, CommandState, DeviceId, DeviceKind, Protocol};
use std::time::Duration;
use store::Db;
use store::testing::each_engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn becomes(db: &Db, id: DeviceId, state: CommandState) {
    soon(async {
        while devices::orders_of(db, id, 5).await.unwrap()[0].state != state {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_command_goes_down_when_the_device_is_there_and_is_confirmed() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let id = device(&db, elder, Protocol::Watch, "8800000001", DeviceKind::Watch, None).await;
        let run = Running::start(&db, Limits::default()).await;
        devices::order(&db, &operator(), id, Command::LocateNow).await.unwrap();
        let mut s = TcpStream::connect(run.at("watch")).await.unwrap();
        s.write_all(b"[3G*8800000001*0002*LK]").await.unwrap();
        let mut got = String::new();
        soon(async {
            let mut buffer = [0u8; 256];
            while !got.contains("*CR]") {
                let n = s.read(&mut buffer).await.unwrap();
                assert!(n > 0, "closed after {got}");
                got.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
            }
        })
        .await;
        becomes(&db, id, CommandState::Sent).await;
        s.write_all(b"[3G*8800000001*0002*CR]").await.unwrap();
        becomes(&db, id, CommandState::Confirmed).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn over_mqtt_it_is_json_and_the_answer_names_it() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let id = device(&db, elder, Protocol::Mqtt, "m1", DeviceKind::Watch, None).await;
        let run = Running::start(&db, Limits::default()).await;
        devices::order(&db, &operator(), id, Command::Reboot).await.unwrap();
        let (client, mut events) = run.client("m1", SECRET);
        client.subscribe("yinian/m1/down", QoS::AtLeastOnce).await.unwrap();
        let said = next(&mut events, |p| if let Packet::Publish(p) = p { Some(p) } else { None }).await;
        assert_eq!(said.topic, "yinian/m1/down");
        let order: serde_json::Value = serde_json::from_slice(&said.payload).unwrap();
        let answer = serde_json::json!({ "id": order["id"], "ok": true, "text": "重启中" }).to_string();
        client.publish("yinian/m1/answer", answer, PublishOptions::at_least_once()).await.unwrap();
        acked(&mut events).await;
        becomes(&db, id, CommandState::Confirmed).await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_protocol_cannot_do_is_said_to_have_failed() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let id = device(&db, elder, Protocol::Watch, "8800000001", DeviceKind::Watch, None).await;
        let run = Running::start(&db, Limits::default()).await;
        let set = Command::Set { property: "lock".into(), value: "open".into() };
        devices::order(&db, &operator(), id, set).await.unwrap();
        let mut s = TcpStream::connect(run.at("watch")).await.unwrap();
        s.write_all(b"[3G*8800000001*0002*LK]").await.unwrap();
        becomes(&db, id, CommandState::Failed).await;
        run.end().await;
    })
    .await;
}
