//! Social alarm units over UDP and TCP: answered when stored, sent again taken once, who is not known is sent on.
use crate::common::*;
use gateway::{Config, Limits, ScaipReply};
use safety::devices::{DeviceKind, Protocol};
use std::net::SocketAddr;
use std::time::Duration;
use store::testing::each_engine;
use store::{Db, SqlExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use wire::scaip::{Reply, Status, Voice};
use wire::sip::{Frame, Message, Request, Stream};

const VOICE: &str = "sip:desk@care.example";

async fn start(db: &Db, reply: ScaipReply, limits: Limits) -> Running {
    let config = Config {
        scaip: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        scaip_reply: reply,
        scaip_voice: Some(VOICE.into()),
        limits,
        ..Config::default()
    };
    Running::with(db, config).await
}

fn xml(reference: &str, inner: &str) -> String {
    format!("<mrq><ref>{reference}</ref><cid>26317</cid>{inner}</mrq>")
}

/// A pendant pressed.
fn pressed(reference: &str) -> String {
    xml(reference, "<dty>0003</dty><stc>0010</stc><mty>ME</mty><crd>sip:26317@unit</crd>")
}

fn sip(branch: &str, from: &str, xml: &str) -> String {
    format!(
        "MESSAGE sip:alarm@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP unit;branch=z9hG4bK{branch};rport\r\n\
         From: <sip:{from}@unit>;tag=1\r\nTo: <sip:alarm@127.0.0.1>\r\nCall-ID: c{branch}\r\nCSeq: 1 MESSAGE\r\n\
         Content-Type: application/scaip+xml\r\nContent-Length: {}\r\n\r\n{xml}",
        xml.len()
    )
}

/// An alarm unit on UDP.
struct Unit(UdpSocket);

impl Unit {
    async fn new(at: SocketAddr) -> Unit {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(at).await.unwrap();
        Unit(socket)
    }
    async fn say(&self, text: &str) {
        self.0.send(text.as_bytes()).await.unwrap();
    }
    async fn hear(&self) -> Vec<u8> {
        let mut buffer = vec![0u8; 4_096];
        let n = soon(self.0.recv(&mut buffer)).await.unwrap();
        buffer[..n].to_vec()
    }
    async fn hears_nothing(&self) {
        let mut buffer = [0u8; 4_096];
        let got = tokio::time::timeout(Duration::from_millis(300), self.0.recv(&mut buffer)).await;
        assert!(got.is_err(), "{}", String::from_utf8_lossy(&buffer));
    }
}

fn status(bytes: &[u8]) -> u16 {
    match Message::parse(bytes).unwrap() {
        Message::Response(r) => r.status,
        other => panic!("{other:?}"),
    }
}

fn message(bytes: &[u8]) -> Request {
    match Message::parse(bytes).unwrap() {
        Message::Request(r) => r,
        other => panic!("{other:?}"),
    }
}

/// The reply in the body of an answer.
fn in_body(bytes: &[u8]) -> Reply {
    let text = std::str::from_utf8(bytes).unwrap();
    Reply::parse(text.split_once("\r\n\r\n").unwrap().1.as_bytes()).unwrap()
}

async fn unit_of(db: &Db) -> kernel::ElderId {
    let elder = elder(db).await;
    device(db, elder, Protocol::Scaip, "26317", DeviceKind::Button, None).await;
    elder
}

#[tokio::test]
async fn a_pressed_pendant_is_stored_and_then_told_so() {
    each_engine(&migrations(), |db| async move {
        unit_of(&db).await;
        let run = start(&db, ScaipReply::Message, Limits::default()).await;
        let unit = Unit::new(run.at("scaip")).await;
        unit.say(&sip("a", "26317", &pressed("r1"))).await;
        assert_eq!(status(&unit.hear().await), 200);
        assert_eq!(alarms(&db, "sos").await, [1], "before the answer");
        let back = message(&unit.hear().await);
        let reply = Reply::parse(&back.body).unwrap();
        assert_eq!((reply.reference.as_str(), reply.status), ("r1", Status::Accepted));
        assert_eq!(reply.voice, Voice::Duplex { number: VOICE.into() });
        // Not heard: said again after half a second, until the unit says that it heard.
        let again = message(&unit.hear().await);
        assert_eq!(again, back);
        let ok = format!(
            "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
            back.header("via").unwrap(),
            back.header("from").unwrap(),
            back.header("to").unwrap(),
            back.header("call-id").unwrap()
        );
        unit.say(&ok).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        unit.hears_nothing().await;
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_again_is_answered_again_and_stored_once() {
    each_engine(&migrations(), |db| async move {
        unit_of(&db).await;
        let run = start(&db, ScaipReply::Body, Limits::default()).await;
        let unit = Unit::new(run.at("scaip")).await;
        let first = sip("a", "26317", &pressed("r1"));
        unit.say(&first).await;
        let answer = unit.hear().await;
        assert_eq!(in_body(&answer).status, Status::Accepted);
        for n in 1..=3 {
            let later = db.now().plus_ms(n * 1_000);
            db.clock().set(later);
            // The same datagram, and the same message in a transaction of its own.
            unit.say(&first).await;
            assert_eq!(unit.hear().await, answer);
            unit.say(&sip(&format!("b{n}"), "26317", &pressed("r1"))).await;
            assert_eq!(in_body(&unit.hear().await).status, Status::Accepted);
        }
        assert_eq!(alarms(&db, "sos").await, [1]);
        // Pressed again is another occurrence of the open alarm.
        unit.say(&sip("c", "26317", &pressed("r2"))).await;
        assert_eq!(in_body(&unit.hear().await).reference, "r2");
        assert_eq!(alarms(&db, "sos").await, [2]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn while_it_cannot_be_stored_nothing_is_said() {
    each_engine(&migrations(), |db| async move {
        unit_of(&db).await;
        let run = start(&db, ScaipReply::Body, Limits::default()).await;
        let unit = Unit::new(run.at("scaip")).await;
        // The first look finds the unit in the register; then the database is held.
        unit.say(&sip("h", "26317", &xml("h1", "<dty>2</dty><mty>PI</mty>"))).await;
        unit.hear().await;
        let held = db.begin().await.unwrap();
        if !held.lock().is_empty() {
            held.exec("LOCK TABLE reading_log IN ACCESS EXCLUSIVE MODE", vec![]).await.unwrap();
        }
        let first = sip("a", "26317", &pressed("r1"));
        for _ in 0..4 {
            unit.say(&first).await;
        }
        unit.hears_nothing().await;
        held.rollback().await.unwrap();
        assert_eq!(in_body(&unit.hear().await).status, Status::Accepted);
        unit.hears_nothing().await;
        assert_eq!(alarms(&db, "sos").await, [1]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn who_is_not_known_is_sent_on_to_the_second_receiver() {
    each_engine(&migrations(), |db| async move {
        let run = start(&db, ScaipReply::Body, Limits::default()).await;
        let unit = Unit::new(run.at("scaip")).await;
        unit.say(&sip("a", "26317", &pressed("r1"))).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::NotTreated);
        let listed = quarantine(&db).await;
        assert_eq!((listed[0].identity.as_str(), listed[0].protocol, listed[0].calls), ("26317", Protocol::Scaip, 1));
        run.end().await;
        // In stock its heartbeat is taken; whose alarm it is nobody knows.
        in_stock(&db, Protocol::Scaip, "26317", DeviceKind::Button).await;
        let run = start(&db, ScaipReply::Body, Limits::default()).await;
        let unit = Unit::new(run.at("scaip")).await;
        unit.say(&sip("b", "26317", &xml("h", "<dty>2</dty><mty>PI</mty>"))).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::Accepted);
        unit.say(&sip("c", "26317", &pressed("r2"))).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::NotTreated);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_in_its_own_words() {
    each_engine(&migrations(), |db| async move {
        unit_of(&db).await;
        let run = start(&db, ScaipReply::Body, Limits { rate: 1, burst: 1, ..Limits::default() }).await;
        let unit = Unit::new(run.at("scaip")).await;
        unit.say(&sip("a", "555", &pressed("r1"))).await;
        assert_eq!(status(&unit.hear().await), 403, "a unit speaks for itself only");
        unit.say(&sip("b", "26317", "<mrq><ref>q</ref><cid>26317</cid></mrq>")).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::MandatoryMissing);
        unit.say(&sip("c", "26317", &pressed("r1")).replace("application/scaip+xml", "text/plain")).await;
        assert_eq!(status(&unit.hear().await), 415);
        unit.say(&sip("d", "26317", &pressed("r1")).replace("MESSAGE", "INVITE")).await;
        assert_eq!(status(&unit.hear().await), 405);
        unit.say(&sip("e", "26317", &pressed("r1")).replace("MESSAGE", "OPTIONS")).await;
        assert_eq!(status(&unit.hear().await), 200);
        unit.say("rubbish").await;
        unit.hears_nothing().await;
        assert!(alarms(&db, "sos").await.is_empty());
        // Beyond its allowance it is told to come again; a call for help is never counted.
        let heartbeat = |n| sip(&format!("h{n}"), "26317", &xml(&format!("h{n}"), "<dty>2</dty><mty>PI</mty>"));
        unit.say(&heartbeat(1)).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::Accepted);
        unit.say(&heartbeat(2)).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::Busy);
        unit.say(&sip("s", "26317", &pressed("r9"))).await;
        assert_eq!(in_body(&unit.hear().await).status, Status::Accepted);
        assert_eq!(alarms(&db, "sos").await, [1]);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn over_tcp_several_messages_come_on_one_connection() {
    each_engine(&migrations(), |db| async move {
        unit_of(&db).await;
        let run = start(&db, ScaipReply::Body, Limits::default()).await;
        let mut s = TcpStream::connect(run.at("scaip")).await.unwrap();
        let all = format!(
            "{}\r\n\r\n{}",
            sip("a", "26317", &xml("h1", "<dty>2</dty><mty>PI</mty>")),
            sip("b", "26317", &pressed("r1"))
        );
        for part in all.as_bytes().chunks(100) {
            s.write_all(part).await.unwrap();
        }
        let (mut cut, mut frames, mut pong) = (Stream::new(), Vec::new(), false);
        soon(async {
            let mut buffer = [0u8; 4_096];
            while frames.len() < 2 {
                let n = s.read(&mut buffer).await.unwrap();
                assert!(n > 0);
                pong |= buffer[..n].starts_with(b"\r\n");
                cut.feed(&buffer[..n], &mut frames).unwrap();
            }
        })
        .await;
        assert!(pong, "two empty lines are answered by one");
        let mut said: Vec<String> = frames
            .iter()
            .map(|f| match f {
                Frame::Message(m) => in_body(m).reference,
                Frame::Ping => panic!("nobody asked us"),
            })
            .collect();
        said.sort();
        assert_eq!(said, ["h1", "r1"]);
        assert_eq!(alarms(&db, "sos").await, [1]);
        // What cannot be followed ends the connection.
        s.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_eq!(soon(s.read(&mut [0u8; 16])).await.unwrap_or(0), 0);
        run.end().await;
    })
    .await;
}
