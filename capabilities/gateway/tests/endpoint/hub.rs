//! A home hub (Zigbee2MQTT) speaks for the devices of its home, and for no other.
use crate::common::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::v5::PubAckReason;
use safety::devices::{DeviceKind, Protocol};
use store::testing::each_engine;
use vigil::{DoorKind, Measure, Room};

#[tokio::test]
async fn a_hub_speaks_for_the_devices_of_its_home() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        device(&db, elder, Protocol::Mqtt, "hub1", DeviceKind::Gateway, None).await;
        let door = Some((Room::Hall, DoorKind::Entrance));
        device(&db, elder, Protocol::Mqtt, "0x00158d0001", DeviceKind::Door, door).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("hub1", SECRET);
        let list = r#"[{"ieee_address":"0x00158d0001","friendly_name":"大门","type":"EndDevice"}]"#;
        client.publish("zigbee2mqtt/bridge/devices", list, PublishOptions::at_least_once()).await.unwrap();
        acked(&mut events).await;
        client.publish("zigbee2mqtt/大门", r#"{"contact":false}"#, PublishOptions::at_least_once()).await.unwrap();
        assert_eq!(acked(&mut events).await, PubAckReason::Success);
        let open = Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true };
        assert!(stored(&db, elder).await.contains(&open), "{:?}", stored(&db, elder).await);
        // A button nobody registered calls for help in a home that is known.
        client
            .publish("zigbee2mqtt/0xbeef", r#"{"action":"emergency"}"#, PublishOptions::at_least_once())
            .await
            .unwrap();
        acked(&mut events).await;
        assert_eq!(alarms(&db, "sos").await, [1]);
        let listed = quarantine(&db).await;
        assert_eq!(listed.iter().map(|s| (s.identity.as_str(), s.calls)).collect::<Vec<_>>(), [("0xbeef", 1)]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_watch_does_not_speak_for_a_household() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("m1", SECRET);
        client
            .publish("zigbee2mqtt/0xbeef", r#"{"action":"emergency"}"#, PublishOptions::at_least_once())
            .await
            .unwrap();
        acked(&mut events).await;
        assert!(alarms(&db, "sos").await.is_empty());
        assert!(stored(&db, elder).await.is_empty());
        run.end().await;
    })
    .await;
}
