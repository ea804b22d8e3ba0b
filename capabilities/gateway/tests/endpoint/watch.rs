//! A TCP session of a `watch`, byte by byte, and who is not let in.
use crate::common::*;
use gateway::Limits;
use safety::devices::{DeviceKind, Protocol};
use std::net::SocketAddr;
use std::time::Duration;
use store::testing::each_engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vigil::Measure;

struct Pendant(TcpStream, &'static str);

impl Pendant {
    async fn open(at: SocketAddr, id: &'static str) -> Pendant {
        Pendant(TcpStream::connect(at).await.unwrap(), id)
    }
    async fn say(&mut self, content: &str) {
        let frame = format!("[3G*{}*{:04X}*{content}]", self.1, content.len());
        // In two pieces: a frame is not a packet.
        let (a, b) = frame.split_at(9);
        for part in [a, b] {
            self.0.write_all(part.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    async fn hear(&mut self, wanted: &str) {
        let mut got = vec![0u8; wanted.len()];
        soon(self.0.read_exact(&mut got)).await.unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), wanted);
    }
    async fn hears_nothing(&mut self) {
        let mut got = [0u8; 64];
        let n = tokio::time::timeout(Duration::from_millis(400), self.0.read(&mut got)).await;
        assert!(!matches!(n, Ok(Ok(n)) if n > 0), "{}", String::from_utf8_lossy(&got));
    }
}

#[tokio::test]
async fn a_session_of_a_watch() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        device(&db, elder, Protocol::Watch, "8800000001", DeviceKind::Watch, None).await;
        let run = Running::start(&db, Limits::default()).await;
        let mut w = Pendant::open(run.at("watch"), "8800000001").await;
        w.say("LK,1200,0,81").await;
        w.hear("[3G*8800000001*0002*LK]").await;
        w.say("HEART,72").await;
        w.hear("[3G*8800000001*0005*HEART]").await;
        assert!(stored(&db, elder).await.contains(&Measure::HeartRate(72)));
        w.say("AL,201126,020000,A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0").await;
        w.hear("[3G*8800000001*0002*AL]").await;
        assert_eq!(alarms(&db, "sos").await, [1]);
        // The answer did not arrive and the watch says it again: the same occurrence.
        w.say("AL,201126,020000,A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0").await;
        w.hear("[3G*8800000001*0002*AL]").await;
        assert_eq!(alarms(&db, "sos").await, [1]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_stranger_is_not_answered_and_listed() {
    each_engine(&migrations(), |db| async move {
        let run = Running::start(&db, Limits::default()).await;
        let mut w = Pendant::open(run.at("watch"), "7700000009").await;
        w.say("LK").await;
        w.say("AL,201126,020000,A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0").await;
        w.hears_nothing().await;
        let listed = soon(async {
            loop {
                let all = quarantine(&db).await;
                if all[0].count == 2 {
                    return all;
                }
            }
        })
        .await;
        assert_eq!((listed[0].identity.as_str(), listed[0].calls), ("7700000009", 1));
        assert!(listed[0].sample.starts_with(b"[3G*7700000009*"), "one of its messages can be looked at");
        assert!(alarms(&db, "sos").await.is_empty(), "nobody knows whose it is");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_device_that_is_nobodys_is_answered_and_listed() {
    each_engine(&migrations(), |db| async move {
        in_stock(&db, Protocol::Watch, "8800000002", DeviceKind::Watch).await;
        let run = Running::start(&db, Limits::default()).await;
        let mut w = Pendant::open(run.at("watch"), "8800000002").await;
        w.say("LK").await;
        w.hear("[3G*8800000002*0002*LK]").await;
        assert_eq!(quarantine(&db).await[0].identity, "8800000002");
        run.end().await;
    })
    .await;
}
