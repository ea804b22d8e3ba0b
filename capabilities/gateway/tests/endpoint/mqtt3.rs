//! MQTT 3.1.1, byte by byte: QoS 0 and 1, refusal without words, wills, order of acknowledgements.
use crate::common::*;
use crate::raw::*;
use gateway::Limits;
use store::testing::each_engine;
use vigil::Measure;

#[tokio::test]
async fn qos_1_is_acknowledged_once_stored_and_qos_0_is_stored() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        raw.say(&publish("yinian/m1/up", r#"{"readings":{"heartRate":70}}"#, None)).await;
        raw.say(&publish("yinian/m1/up", r#"{"readings":{"heartRate":71}}"#, Some(9))).await;
        // Nothing for QoS 0: the first answer is the second message's. Both are stored by then, for order is kept.
        assert_eq!(raw.hear().await, Some((PUBACK, vec![0, 9])));
        assert_eq!(stored(&db, elder).await, [Measure::HeartRate(70), Measure::HeartRate(71)]);
        raw.say(&[0xC0, 0]).await;
        assert_eq!(raw.hear().await, Some((PINGRESP, vec![])));
        raw.say(&subscribe(3, &["yinian/m1/#", "yinian/m2/#", "#"])).await;
        assert_eq!(raw.hear().await, Some((SUBACK, vec![0, 3, 1, 0x80, 0x80])));
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn acknowledgements_keep_the_order_of_messages() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        // The call for help overtakes on its way to the disk, not in what is said back.
        for id in 1..=30u16 {
            let alarms = if id == 20 { r#","alarms":["sos"]"# } else { "" };
            let body = format!(r#"{{"readings":{{"steps":{id}}}{alarms}}}"#);
            raw.say(&publish("yinian/m1/up", &body, Some(id))).await;
        }
        for id in 1..=30u8 {
            assert_eq!(raw.hear().await, Some((PUBACK, vec![0, id])));
        }
        assert_eq!(stored(&db, elder).await.iter().filter(|m| matches!(m, Measure::Steps(_))).count(), 30);
        assert_eq!(alarms(&db, "sos").await, [1]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn who_speaks_for_another_is_disconnected() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        raw.say(&publish("yinian/m2/up", HEART_72, Some(1))).await;
        assert_eq!(raw.hear().await, None, "3.1.1 has no word for it");
        // Before a sign-in nothing is taken.
        let mut raw = Raw::open(run.at("mqtt")).await;
        raw.say(&publish("yinian/m1/up", HEART_72, Some(1))).await;
        assert_eq!(raw.hear().await, None);
        // A second CONNECT on one connection is a mistake of the client.
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        raw.say(&connect(&Hello::default())).await;
        assert_eq!(raw.hear().await, None);
        assert!(stored(&db, elder).await.is_empty());
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_will_is_taken_and_never_published() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits::default()).await;
        let will = Some(("yinian/m1/up", r#"{"alarms":["sos"],"readings":{"heartRate":99}}"#));
        let hello = Hello { will, ..Hello::default() };
        let raw = Raw::signed_in(run.at("mqtt"), &hello).await;
        // Gone without a word.
        drop(raw);
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        raw.say(&publish("yinian/m1/up", HEART_72, Some(1))).await;
        assert_eq!(raw.hear().await, Some((PUBACK, vec![0, 1])));
        assert_eq!(stored(&db, elder).await, [Measure::HeartRate(72)]);
        assert!(alarms(&db, "sos").await.is_empty(), "silence is what the watch goes by, not a will");
        run.end().await;
    })
    .await;
}
