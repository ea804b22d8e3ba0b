//! MQTT 5: topics of one's own, reasons, acknowledgement after the commit.
use crate::common::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::QoS;
use rumqttc_v5::mqttbytes::v5::{Packet, PubAckReason, SubscribeReasonCode};
use safety::devices::Protocol;
use store::testing::each_engine;
use vigil::Measure;

#[tokio::test]
async fn what_is_acknowledged_is_stored_and_other_topics_are_refused() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("m1", SECRET);
        let body = r#"{"readings":{"heartRate":72,"spo2":97}}"#;
        client.publish("yinian/m1/up", body, PublishOptions::at_least_once()).await.unwrap();
        assert_eq!(acked(&mut events).await, PubAckReason::Success);
        assert_eq!(stored(&db, elder).await, [Measure::HeartRate(72), Measure::Spo2(97)]);
        for topic in ["yinian/m2/up", "yinian/m1/down", "$sys/p/m2/thing/property/post", "anything"] {
            client.publish(topic, body, PublishOptions::at_least_once()).await.unwrap();
            assert_eq!(acked(&mut events).await, PubAckReason::NotAuthorized, "{topic}");
        }
        for payload in ["not json", r#"{"readings":{"heartRate":72},"unknown":1}"#, ""] {
            client.publish("yinian/m1/up", payload, PublishOptions::at_least_once()).await.unwrap();
            assert_eq!(acked(&mut events).await, PubAckReason::PayloadFormatInvalid, "{payload}");
        }
        assert_eq!(stored(&db, elder).await.len(), 2);
        assert_eq!(run.started.figures().refused, 7);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_device_hears_its_own_topics_only() {
    each_engine(&migrations(), |db| async move {
        with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let (client, mut events) = run.client("m1", SECRET);
        for (filter, granted) in [
            ("yinian/m1/down", true),
            ("yinian/m1/#", true),
            ("#", false),
            ("yinian/+/down", false),
            ("yinian/m2/down", false),
        ] {
            client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
            let codes =
                next(&mut events, |p| if let Packet::SubAck(s) = p { Some(s.return_codes) } else { None }).await;
            let wanted = match granted {
                true => SubscribeReasonCode::Success(QoS::AtLeastOnce),
                false => SubscribeReasonCode::NotAuthorized,
            };
            assert_eq!(codes, [wanted], "{filter}");
        }
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_identity_listed() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        for (identity, secret) in [("m1", "not the password at all"), ("nobody", SECRET)] {
            let (client, mut events) = run.client(identity, secret);
            client.publish("yinian/m1/up", HEART_72, PublishOptions::at_least_once()).await.unwrap();
            let why = ended(&mut events).await;
            assert!(why.contains("NotAuthorized"), "{why}");
        }
        assert!(stored(&db, elder).await.is_empty());
        let listed = soon(async {
            loop {
                let all = quarantine(&db).await;
                if all.len() == 2 {
                    return all;
                }
            }
        })
        .await;
        assert!(listed.iter().all(|s| s.protocol == Protocol::Mqtt && s.count == 1), "{listed:?}");
        run.end().await;
    })
    .await;
}
