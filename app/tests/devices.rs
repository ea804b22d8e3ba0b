//! What a device was told is stored is there after SIGKILL: MQTT 3.1.1 with QoS 1 and the watch protocol over TCP, against
//! the real program.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod program;

use kernel::{Actor, Clock, ElderId, Instant, OrgScope, Scope};
use people::model::{Hukou, NewElder};
use program::Folder;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;
use store::Db;
use vigil::Measure;
use yinian::config::{Config, Flags};

const SECRET: &str = "a-long-enough-secret";

fn config(folder: &Folder) -> Config {
    Config::load(&Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() }).unwrap()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Town {
    folder: Folder,
    elder: ElderId,
    mqtt: u16,
    watch: u16,
    web: u16,
}

/// A data folder with one elder, a bound MQTT device and a bound watch.
async fn town() -> Town {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let (mqtt, watch, web) = (free_port(), free_port(), free_port());
    let text = format!("[gateway]\nmqtt = \"127.0.0.1:{mqtt}\"\nwatch = \"127.0.0.1:{watch}\"\n");
    std::fs::write(folder.path().join("yinian.toml"), text).unwrap();
    let config = config(&folder);
    let db = yinian::wire::open(&config, Clock::System, false).await.unwrap();
    people::service::seed_regions(&db, people::service::shipped_regions()).await.unwrap();
    let scope = Scope { region: config.region, org: OrgScope::Any };
    let actor = Actor::Platform { job: "test", scope };
    let id = "44152319440302002";
    let check = kernel::IdNumber::check_char(id.as_bytes()).unwrap();
    let village = "441523101204".parse().unwrap();
    let mut new = NewElder::new("林秀珍", format!("{id}{check}").parse().unwrap(), village, Hukou::Rural);
    new.address = "上围 17 号".into();
    let clerk = Actor::Person {
        user: kernel::UserId(db.ids().uuid(Instant(0))),
        name: "邹建明".into(),
        role: kernel::Role::CountyStaff,
        scope: Scope { region: "441523000000".parse().unwrap(), org: OrgScope::Any },
    };
    let elder = people::service::create(&db, &clerk, new).await.unwrap();
    for (protocol, identity, secret) in [(Protocol::Mqtt, "m1", Some(SECRET)), (Protocol::Watch, "8800000001", None)] {
        let tx = db.begin().await.unwrap();
        let new = NewDevice {
            protocol,
            identity: identity.into(),
            kind: DeviceKind::Watch,
            model: String::new(),
            region: village,
            firmware: String::new(),
            payer: Payer::Own,
            payer_note: String::new(),
            secret: secret.map(String::from),
            room: None,
            door: None,
        };
        let device = devices::register(&tx, &db, &actor, new).await.unwrap();
        let to = NewBinding { elder, room: None, door: None, lent: false };
        devices::bind(&tx, &db, &actor, device, to).await.unwrap();
        tx.commit().await.unwrap();
    }
    db.close().await.unwrap();
    Town { folder, elder, mqtt, watch, web }
}

impl Town {
    fn serve(&self) -> Child {
        let listen = format!("127.0.0.1:{}", self.web);
        let mut c = self.folder.command(&["serve", "--listen", &listen]);
        let child = c.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let began = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", self.watch)).is_err()
            || TcpStream::connect(("127.0.0.1", self.mqtt)).is_err()
        {
            assert!(began.elapsed() < Duration::from_secs(30), "the gateway listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }
    /// Everything stored of the elder, and the alarms.
    async fn read(&self) -> (Vec<Measure>, Vec<(String, i64)>) {
        let config = config(&self.folder);
        let db: Db = yinian::wire::open(&config, Clock::System, false).await.unwrap();
        let telemetry = yinian::devices::open(&config, &db, false).await.unwrap();
        let scope = Scope { region: config.region, org: OrgScope::Any };
        let today = Clock::System.now().date();
        let all =
            safety::readings::of_elder(&db, &telemetry, &scope, self.elder, today.plus_days(-1), today.plus_days(1));
        let all = all.await.unwrap().into_iter().filter_map(|s| Measure::decode(s.what)).collect();
        let alarms = alarms(&db).await;
        telemetry.close().await.unwrap();
        db.close().await.unwrap();
        (all, alarms)
    }
}

async fn alarms(db: &Db) -> Vec<(String, i64)> {
    use store::SqlExt;
    use store::sea_orm::{self, FromQueryResult};
    #[derive(FromQueryResult)]
    struct Row {
        kind: String,
        count: i64,
    }
    let sql = "SELECT kind, count FROM safety_alarm ORDER BY first_at";
    db.read().all::<Row>(sql, vec![]).await.unwrap().into_iter().map(|r| (r.kind, r.count)).collect()
}

/// Publishes steps 1, 2, 3, … at QoS 1 until the connection breaks; the acknowledged ones.
async fn publish_until_killed(port: u16, from: u32, count: u32, sos_at: u32) -> HashSet<u32> {
    let mut options = MqttOptions::new("m1", "127.0.0.1", port);
    options.set_credentials("m1", SECRET).set_keep_alive(Duration::from_secs(30)).set_inflight(32);
    let (client, mut events) = AsyncClient::new(options, 64);
    let (mut acked, mut in_flight) = (HashSet::new(), std::collections::HashMap::new());
    let sender = tokio::spawn(async move {
        for n in from..from + count {
            let mut body = serde_json::json!({ "id": n.to_string(), "readings": { "steps": n } });
            if n == sos_at {
                body["alarms"] = serde_json::json!(["sos"]);
            }
            if client.publish("yinian/m1/up", QoS::AtLeastOnce, false, body.to_string()).await.is_err() {
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
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(town.read().await.1, [("sos".to_string(), 1)]);
    let db = yinian::wire::open(&config(&town.folder), Clock::System, false).await.unwrap();
    let scope = Scope { region: "441500000000".parse().unwrap(), org: OrgScope::Any };
    let listed = devices::strangers(&db, &Actor::Platform { job: "test", scope }, 10).await.unwrap();
    assert_eq!(listed.iter().map(|s| s.identity.as_str()).collect::<Vec<_>>(), ["7700000009"]);
    db.close().await.unwrap();
}
