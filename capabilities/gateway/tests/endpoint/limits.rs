//! Too much: of one device, and of all while the database does not answer.
use crate::common::*;
use crate::raw::*;
use gateway::Limits;
use rumqttc_v5::PublishOptions;
use rumqttc_v5::mqttbytes::v5::PubAckReason;
use safety::devices::{DeviceKind, Protocol};
use std::time::Duration;
use store::SqlExt;
use store::testing::each_engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vigil::Measure;

#[tokio::test]
async fn a_device_that_talks_too_much_is_told_so_and_its_call_for_help_is_taken() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits { rate: 1, burst: 3, ..Limits::default() }).await;
        let (client, mut events) = run.client("m1", SECRET);
        let say = |body: String| client.publish("yinian/m1/up", body, PublishOptions::at_least_once());
        for n in 0..3 {
            say(format!(r#"{{"readings":{{"heartRate":{}}}}}"#, 60 + n)).await.unwrap();
            assert_eq!(acked(&mut events).await, PubAckReason::Success);
        }
        say(r#"{"alarms":["sos"]}"#.into()).await.unwrap();
        assert_eq!(acked(&mut events).await, PubAckReason::Success);
        say(HEART_72.into()).await.unwrap();
        let why = ended(&mut events).await;
        assert!(why.contains("QuotaExceeded"), "{why}");
        assert_eq!(alarms(&db, "sos").await, [1]);
        assert!(!stored(&db, elder).await.contains(&Measure::HeartRate(72)));
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn over_tcp_it_is_not_answered_and_its_call_for_help_is() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        device(&db, elder, Protocol::Watch, "8800000001", DeviceKind::Watch, None).await;
        let run = Running::start(&db, Limits { rate: 1, burst: 3, ..Limits::default() }).await;
        let mut s = TcpStream::connect(run.at("watch")).await.unwrap();
        let say = |content: &str| format!("[3G*8800000001*{:04X}*{content}]", content.len());
        for n in 0..20 {
            s.write_all(say(&format!("HEART,{}", 60 + n)).as_bytes()).await.unwrap();
        }
        let al = "AL,201126,020000,A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0";
        s.write_all(say(al).as_bytes()).await.unwrap();
        let mut got = String::new();
        soon(async {
            let mut buffer = [0u8; 256];
            while !got.contains("*AL]") || got.matches("*HEART]").count() < 3 {
                let n = s.read(&mut buffer).await.unwrap();
                assert!(n > 0, "closed after {got}");
                got.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
            }
        })
        .await;
        assert_eq!(got.matches("*HEART]").count(), 3, "{got}");
        let hearts = stored(&db, elder).await.into_iter().filter(|m| matches!(m, Measure::HeartRate(_))).count();
        assert_eq!(hearts, 3);
        assert_eq!(run.started.figures().limited, 17);
        assert_eq!(alarms(&db, "sos").await, [1]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn while_the_database_does_not_answer_sockets_are_not_read_and_nothing_is_acknowledged() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits { in_flight: 4, ..Limits::default() }).await;
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        let held = db.begin().await.unwrap();
        if !held.lock().is_empty() {
            held.exec("LOCK TABLE reading_log IN ACCESS EXCLUSIVE MODE", vec![]).await.unwrap();
        }
        // Longer than what is read in one go, so that messages are counted one by one.
        let blank = " ".repeat(3_000);
        for id in 1..=50u16 {
            let body = format!(r#"{{"readings":{{"steps":{id}}}}}{blank}"#);
            raw.say(&publish("yinian/m1/up", &body, Some(id))).await;
        }
        soon(async {
            while run.started.figures().messages == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let taken = run.started.figures().messages;
        assert!((1..=5).contains(&taken), "{taken} taken, four may be in flight");
        assert!(tokio::time::timeout(Duration::from_millis(200), raw.hear()).await.is_err(), "no acknowledgement");
        held.rollback().await.unwrap();
        for id in 1..=50u8 {
            assert_eq!(raw.hear().await, Some((PUBACK, vec![0, id])));
        }
        assert_eq!(stored(&db, elder).await.len(), 50);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_too_many_is_turned_away() {
    each_engine(&migrations(), |db| async move {
        with_m1(&db).await;
        let run = Running::start(&db, Limits { connections: 1, ..Limits::default() }).await;
        let mut first = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        let mut second = Raw::open(run.at("mqtt")).await;
        assert_eq!(second.hear().await, None);
        assert_eq!(run.started.figures().turned_away, 1);
        first.say(&[0xC0, 0]).await;
        assert_eq!(first.hear().await, Some((PINGRESP, vec![])), "who is in stays in");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_packet_beyond_the_limit_ends_the_connection() {
    each_engine(&migrations(), |db| async move {
        let elder = with_m1(&db).await;
        let run = Running::start(&db, Limits { packet: 1_024, ..Limits::default() }).await;
        let mut raw = Raw::signed_in(run.at("mqtt"), &Hello::default()).await;
        let body = format!("{HEART_72}{}", " ".repeat(2_000));
        raw.say(&publish("yinian/m1/up", &body, Some(1))).await;
        assert_eq!(raw.hear().await, None);
        assert!(stored(&db, elder).await.is_empty());
        run.end().await;
    })
    .await;
}
