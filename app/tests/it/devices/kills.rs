//! What a device was told is stored is there after SIGKILL: MQTT 3.1.1 with QoS 1 and the watch protocol over TCP.
use super::town::*;
use kernel::{Actor, Clock, Instant, OrgScope, Scope};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, PublishOptions};
use safety::devices;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use vigil::Measure;

/// Publishes steps 1, 2, 3, … at QoS 1 until the connection breaks; the acknowledged ones.
async fn publish_until_killed(port: u16, from: u32, count: u32, sos_at: u32) -> HashSet<u32> {
    let mut options = MqttOptions::new("m1", ("127.0.0.1", port));
    options.set_credentials("m1", SECRET).set_keep_alive(30).set_inflight(32);
    let (client, mut events) = AsyncClient::builder(options).capacity(64).build();
    let (mut acked, mut in_flight) = (HashSet::new(), std::collections::HashMap::new());
    let sender = tokio::spawn(async move {
        for n in from..from + count {
            let mut body = serde_json::json!({ "id": n.to_string(), "readings": { "steps": n } });
            if n == sos_at {
                body["alarms"] = serde_json::json!(["sos"]);
            }
            if client.publish("yinian/m1/up", body.to_string(), PublishOptions::at_least_once()).await.is_err() {
                break;
            }
        }
        client
    });
    let mut next = from;
    while let Ok(Ok(event)) = tokio::time::timeout(Duration::from_secs(10), events.poll()).await {
        match event {
            Event::Outgoing(rumqttc::Outgoing::Publish(pkid)) => {
                in_flight.insert(pkid, next);
                next += 1;
            }
            Event::Incoming(Packet::PubAck(a)) => {
                acked.extend(in_flight.remove(&a.pkid));
                if acked.len() as u32 == count {
                    break;
                }
            }
            _ => {}
        }
    }
    sender.abort();
    acked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_mqtt_acknowledged_is_there_after_a_kill() {
    let town = town().await;
    let mut promised = HashSet::new();
    for round in 0..4u32 {
        let mut child = town.serve();
        let (from, port) = (1 + round * 10_000, town.mqtt);
        let publishing = tokio::spawn(publish_until_killed(port, from, 5_000, from + 20));
        tokio::time::sleep(Duration::from_millis(400 + 300 * u64::from(round))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let acked = publishing.await.unwrap();
        println!("round {round}: {} acknowledged", acked.len());
        promised.extend(acked);
        let (stored, alarms) = town.read().await;
        let stored: HashSet<u32> =
            stored.into_iter().filter_map(|m| if let Measure::Steps(n) = m { Some(n) } else { None }).collect();
        let lost: Vec<_> = promised.difference(&stored).collect();
        assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
        if promised.contains(&(from + 20)) {
            assert!(alarms.iter().any(|(k, _)| k == "sos"), "{alarms:?}");
        }
        assert!(alarms.iter().filter(|(k, _)| k == "sos").count() <= 1, "one open alarm: {alarms:?}");
    }
    assert!(promised.len() > 100, "something was acknowledged: {}", promised.len());
    town.folder.sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_is_answered_after_the_commit_and_a_stranger_is_listed() {
    let town = town().await;
    let mut child = town.serve();
    let mut socket = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], town.watch))).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut ask = |content: &str, answer: &str| {
        write!(socket, "[3G*8800000001*{:04X}*{content}]", content.len()).unwrap();
        let mut got = vec![0u8; answer.len()];
        socket.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8(got).unwrap(), answer);
    };
    ask("LK,1200,0,81", "[3G*8800000001*0002*LK]");
    ask("HEART,72", "[3G*8800000001*0005*HEART]");
    let utc = Clock::System.now().plus_ms(-Instant::ZONE_MS);
    let (d, t) = (utc.date().compact().to_string(), utc.stamp_seconds()[11..].replace(':', ""));
    let place = format!(
        "{}{}{},{t},A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010008,0,0",
        &d[6..],
        &d[4..6],
        &d[2..4]
    );
    ask(&format!("AL,{place}"), "[3G*8800000001*0002*AL]");
    // Killed in the moment of the answer.
    child.kill().unwrap();
    child.wait().unwrap();
    let (stored, alarms) = town.read().await;
    assert!(stored.contains(&Measure::HeartRate(72)) && stored.contains(&Measure::Battery(81)), "{stored:?}");
    assert!(stored.iter().any(|m| matches!(m, Measure::Fix { .. })), "{stored:?}");
    assert_eq!(alarms, [("sos".to_string(), 1)]);
    // The watch did not hear the answer and says it again, to the restarted program: still one.
    let mut child = town.serve();
    let mut socket = TcpStream::connect(("127.0.0.1", town.watch)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let content = format!("AL,{place}");
    write!(socket, "[3G*8800000001*{:04X}*{content}]", content.len()).unwrap();
    let mut got = [0u8; 23];
    socket.read_exact(&mut got).unwrap();
    let mut stranger = TcpStream::connect(("127.0.0.1", town.watch)).unwrap();
    write!(stranger, "[3G*7700000009*0002*LK]").unwrap();
    let db = yinian::wire::open(&config(&town.folder), Clock::System, false).await.unwrap();
    let scope = Scope { region: "441500000000".parse().unwrap(), org: OrgScope::Any };
    let actor = Actor::Platform { job: "test", scope };
    let mut listed = Vec::new();
    // Written some moments later, many at a time.
    for _ in 0..60 {
        listed = devices::strangers(&db, &actor, 10).await.unwrap();
        if !listed.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    db.close().await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(town.read().await.1, [("sos".to_string(), 1)]);
    assert_eq!(listed.iter().map(|s| s.identity.as_str()).collect::<Vec<_>>(), ["7700000009"]);
}
