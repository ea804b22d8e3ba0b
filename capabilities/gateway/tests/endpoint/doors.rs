//! Door systems and robots: devices that report events and take commands through MQTT, in our JSON and by thing model.
use crate::common::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::QoS;
use rumqttc_v5::mqttbytes::v5::{Packet, Publish};
use safety::devices::{self, Command, CommandState, DeviceId, DeviceKind, Protocol, View};
use safety::model::AlarmKind;
use safety::service;
use std::time::Duration;
use store::Db;
use store::testing::each_engine;
use vigil::{DeviceAlarm, DoorKind, Measure, Room};

fn text(p: &Publish) -> serde_json::Value {
    serde_json::from_slice(&p.payload).unwrap()
}

async fn state_of(db: &Db, id: DeviceId, state: CommandState) -> String {
    soon(async {
        loop {
            let last = devices::orders_of(db, id, 5).await.unwrap().remove(0);
            if last.state == state {
                return last.answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_lock_tells_opened_forced_and_left_open_and_opens_for_a_rescue() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let door = Some((Room::Hall, DoorKind::Entrance));
        let lock = device(&db, elder, Protocol::Mqtt, "lock1", DeviceKind::Lock, door).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("lock1", SECRET);
        client.subscribe("$sys/yl-lock/lock1/#", QoS::AtLeastOnce).await.unwrap();
        next(&mut events, |p| matches!(p, Packet::SubAck(_)).then_some(())).await;
        let say = async |topic: &str, body: serde_json::Value| {
            client.publish(topic, body.to_string(), PublishOptions::at_least_once()).await.unwrap();
        };
        let post = "$sys/yl-lock/lock1/thing/event/post";
        say(post, serde_json::json!({ "id": "1", "params": { "doorOpened": { "value": {} } } })).await;
        acked(&mut events).await;
        say(post, serde_json::json!({ "id": "2", "params": { "doorForced": { "value": {} } } })).await;
        acked(&mut events).await;
        let later = db.now().plus_ms(1_000);
        db.clock().set(later);
        // Our own JSON says the same by codes.
        say("yinian/lock1/up", serde_json::json!({ "alarms": ["door"] })).await;
        acked(&mut events).await;
        let told = stored(&db, elder).await;
        for what in [
            Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true },
            Measure::Device(DeviceAlarm::DoorForced),
            Measure::Device(DeviceAlarm::DoorLeftOpen),
        ] {
            assert!(told.contains(&what), "{what:?} in {told:?}");
        }
        assert_eq!(alarms(&db, AlarmKind::Device.code()).await.len(), 1, "one open alarm");
        let case = service::open_case_of(&db, &scope(), elder).await.unwrap().unwrap();
        service::claim(&db, &operator(), case.id).await.unwrap();
        devices::unlock(&db, &operator(), lock, case.id, "门被撬，民警在门口").await.unwrap();
        let order = next(&mut events, |p| match p {
            Packet::Publish(p) if p.topic.ends_with(b"/thing/service/unlock/invoke") => Some(p),
            _ => None,
        })
        .await;
        let id = text(&order)["id"].clone();
        assert!(!order.payload.windows(36).any(|w| w == case.id.to_string().as_bytes()), "the lock learns no case");
        let reply = "$sys/yl-lock/lock1/thing/service/unlock/invoke_reply";
        say(reply, serde_json::json!({ "id": id, "code": 200, "data": {} })).await;
        acked(&mut events).await;
        assert_eq!(state_of(&db, lock, CommandState::Confirmed).await, "完成");
        let (told, _) = service::case_events(&db, &scope(), case.id).await.unwrap();
        assert!(
            told.iter().any(|e| e.text == "门锁回话：已开"),
            "{:?}",
            told.iter().map(|e| &e.text).collect::<Vec<_>>()
        );
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_robot_calls_sees_a_fall_and_speaks_and_says_when_it_could_not() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let robot = device(&db, elder, Protocol::Mqtt, "robot1", DeviceKind::Robot, None).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("robot1", SECRET);
        client.subscribe("yinian/robot1/down", QoS::AtLeastOnce).await.unwrap();
        let body = r#"{"readings":{"battery":64,"rssi":-61,"firmware":"2.4.1"},"alarms":["fallDown","sos"]}"#;
        client.publish("yinian/robot1/up", body, PublishOptions::at_least_once()).await.unwrap();
        acked(&mut events).await;
        assert_eq!((alarms(&db, "sos").await, alarms(&db, "fall").await), (vec![1], vec![1]));
        devices::order(&db, &operator(), robot, Command::Message { text: "阿婆，坐席马上到".into() }).await.unwrap();
        let order = next(&mut events, |p| if let Packet::Publish(p) = p { Some(p) } else { None }).await;
        let order = text(&order);
        assert_eq!((order["do"].as_str(), order["text"].as_str()), (Some("message"), Some("阿婆，坐席马上到")));
        let answer = serde_json::json!({ "id": order["id"], "ok": false, "text": "喇叭坏了" }).to_string();
        client.publish("yinian/robot1/answer", answer, PublishOptions::at_least_once()).await.unwrap();
        acked(&mut events).await;
        assert_eq!(state_of(&db, robot, CommandState::Failed).await, "喇叭坏了");
        // What it said of itself stands in the estate.
        let sign = soon(async {
            loop {
                let l = devices::listed(&db, &scope(), robot).await.unwrap();
                if let Some(s) = l.sign.filter(|s| s.firmware.is_some()) {
                    return s;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        assert_eq!((sign.battery, sign.signal, sign.firmware.as_deref()), (Some(64), Some(-61), Some("2.4.1")));
        assert_eq!(devices::count(&db, &scope(), View::Low).await.unwrap(), 0);
        run.end().await;
    })
    .await;
}
