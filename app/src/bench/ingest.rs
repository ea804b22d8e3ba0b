//! P1: readings a second, from the socket to the acknowledgement after the commit; the limit is the same rows by raw
//! prepared batch inserts in the same run. P2: from an SOS on the wire to the open desk, under load.
use super::figures::{Times, rate};
use super::{Bench, fill, stopwatch};
use kernel::{Actor, Error, Instant, Result};
use safety::Bell;
use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
use safety::readings::{self, Start, Stats};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::{Db, SqlExt, insert_many, vals};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// The password of every device here.
const SECRET: &str = "bench-bench-bench";
/// Messages a connection has under way.
const WINDOW: usize = 4;
/// Readings of one message of each protocol.
const MQTT_BODY: &str = r#"{"readings":{"heartRate":72,"spo2":97,"battery":80}}"#;

/// A running watch and gateway over a filled archive.
pub(super) struct Site {
    pub db: Db,
    telemetry: Db,
    stats: Stats,
    pub bell: Bell,
    watch: SocketAddr,
    mqtt: SocketAddr,
    stop: watch::Sender<bool>,
}

async fn site(b: &Bench, devices_wanted: usize) -> Result<Site> {
    let db = fill::open(b).await?;
    let have = db.read().scalar::<i64>("SELECT COUNT(*) FROM device", vec![]).await?.unwrap_or(0);
    if have == 0 {
        let world = fill::people(b).await?;
        let actor = crate::wire::platform(&b.config, "bench");
        for (n, part) in world.ids.chunks(500).enumerate() {
            let tx = db.begin().await?;
            for (i, elder) in part.iter().enumerate().take_while(|(i, _)| n * 500 + i < devices_wanted) {
                let n = n * 500 + i;
                register(&tx, &db, &actor, *elder, Protocol::Mqtt, format!("m{n}"), b).await?;
                register(&tx, &db, &actor, *elder, Protocol::Watch, format!("88{n:08}"), b).await?;
            }
            tx.commit().await?;
        }
    }
    let telemetry = crate::devices::open(&b.config, &db, true).await?;
    let (stop, stopped) = watch::channel(false);
    let bell = Bell::default();
    let (intake, stats, _) =
        readings::start(db.clone(), telemetry.clone(), bell.clone(), Start::default(), stopped.clone()).await?;
    let local = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut config = gateway::Config { watch: local, mqtt: local, ..gateway::Config::default() };
    // The bench's devices talk without pause.
    (config.limits.rate, config.limits.burst) = (1_000_000, 1_000_000);
    let parts = gateway::Gateway { db: db.clone(), intake, config, region: b.config.region };
    let started = gateway::start(parts, stopped).await?;
    let at = |name: &str| started.bound.iter().find(|(n, _)| *n == name).map(|(_, a)| *a);
    let (Some(watch), Some(mqtt)) = (at("watch"), at("mqtt")) else {
        return Err(Error::Internal("the gateway does not listen".into()));
    };
    tokio::spawn(started.ended());
    Ok(Site { db, telemetry, stats, bell, watch, mqtt, stop })
}

async fn register(
    tx: &store::Tx,
    db: &Db,
    actor: &Actor,
    elder: kernel::ElderId,
    protocol: Protocol,
    identity: String,
    b: &Bench,
) -> Result<()> {
    let secret = (protocol == Protocol::Mqtt).then(|| SECRET.to_string());
    let new = NewDevice {
        protocol,
        identity,
        kind: DeviceKind::Watch,
        model: String::new(),
        region: b.config.region,
        firmware: String::new(),
        payer: Payer::Own,
        payer_note: String::new(),
        secret,
        room: None,
        door: None,
    };
    let id = devices::register(tx, db, actor, new).await?;
    devices::bind(tx, db, actor, id, NewBinding { elder, room: None, door: None, lent: false }).await.map(|_| ())
}

/// What the generator's connections share.
struct Load {
    stop: AtomicBool,
    acked: AtomicU64,
    ready: AtomicU64,
    broken: AtomicU64,
    /// A pause between two windows of one connection.
    pause: Duration,
}

fn text(packet: &mut Vec<u8>, s: &str) {
    packet.extend((s.len() as u16).to_be_bytes());
    packet.extend(s.as_bytes());
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let (mut out, mut n) = (vec![first], body.len());
    loop {
        let byte = (n % 128) as u8;
        n /= 128;
        out.push(if n > 0 { byte | 0x80 } else { byte });
        if n == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

async fn mqtt_device(n: usize, at: SocketAddr, load: Arc<Load>) -> std::io::Result<()> {
    let mut s = TcpStream::connect(at).await?;
    s.set_nodelay(true)?;
    let name = format!("m{n}");
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    body.extend([4, 0b1100_0010, 0, 0]);
    for part in [name.as_str(), name.as_str(), SECRET] {
        text(&mut body, part);
    }
    s.write_all(&packet(0x10, &body)).await?;
    let mut ok = [0u8; 4];
    s.read_exact(&mut ok).await?;
    let mut window = Vec::new();
    for id in 1..=WINDOW as u16 {
        let mut body = Vec::new();
        text(&mut body, &format!("yinian/{name}/up"));
        body.extend(id.to_be_bytes());
        body.extend(MQTT_BODY.as_bytes());
        window.extend(packet(0x32, &body));
    }
    talk(&mut s, &window, 4 * WINDOW, &load).await
}

async fn watch_device(n: usize, at: SocketAddr, load: Arc<Load>) -> std::io::Result<()> {
    let mut s = TcpStream::connect(at).await?;
    s.set_nodelay(true)?;
    let say = |content: &str| format!("[3G*88{n:08}*{:04X}*{content}]", content.len());
    let window = say("bphrt,128,76,72,165,1,70,60").repeat(WINDOW);
    let answer = say("bphrt").len() * WINDOW;
    talk(&mut s, window.as_bytes(), answer, &load).await
}

/// Sends windows and waits for all their answers, until it is over.
async fn talk(s: &mut TcpStream, window: &[u8], answer: usize, load: &Load) -> std::io::Result<()> {
    let mut buffer = vec![0u8; answer];
    load.ready.fetch_add(1, Ordering::Relaxed);
    while !load.stop.load(Ordering::Relaxed) {
        s.write_all(window).await?;
        s.read_exact(&mut buffer).await?;
        load.acked.fetch_add(WINDOW as u64, Ordering::Relaxed);
        tokio::time::sleep(load.pause).await;
    }
    Ok(())
}

async fn drive(
    site: &Site,
    protocol: Protocol,
    connections: usize,
    seconds: u64,
    pause: Duration,
) -> Result<serde_json::Value> {
    let load = Arc::new(Load {
        stop: AtomicBool::new(false),
        acked: AtomicU64::new(0),
        ready: AtomicU64::new(0),
        broken: AtomicU64::new(0),
        pause,
    });
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..connections {
        let (load, at) = (load.clone(), if protocol == Protocol::Mqtt { site.mqtt } else { site.watch });
        tasks.spawn(async move {
            let done = match protocol {
                Protocol::Mqtt => mqtt_device(n, at, load.clone()).await,
                _ => watch_device(n, at, load.clone()).await,
            };
            if done.is_err() {
                load.broken.fetch_add(1, Ordering::Relaxed);
            }
        });
        if n % 200 == 199 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let began = stopwatch();
    while load.ready.load(Ordering::Relaxed) < connections as u64 && began.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let connected = load.ready.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, acked, t) = (site.stats.now(), load.acked.load(Ordering::Relaxed), stopwatch());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (after, acked_after, took) = (site.stats.now(), load.acked.load(Ordering::Relaxed), t.elapsed());
    load.stop.store(true, Ordering::Relaxed);
    let _ = tokio::time::timeout(Duration::from_secs(20), async { while tasks.join_next().await.is_some() {} }).await;
    let readings = after.readings - before.readings;
    Ok(json!({
        "protocol": protocol.code(),
        "connections": connected,
        "broken": load.broken.load(Ordering::Relaxed),
        "messages_acked_per_s": rate((acked_after - acked) as usize, took),
        "readings_per_s": rate(readings as usize, took),
        "readings_per_commit": readings / (after.commits - before.commits).max(1),
        "retries": after.retries,
    }))
}

/// The same rows by the store's own batch insert, durable, committed as often as the watch commits.
async fn limit(site: &Site, rows: usize) -> Result<f64> {
    const COMMIT: usize = 8_192;
    let db = &site.telemetry;
    let tx = db.begin().await?;
    tx.exec(
        "CREATE TABLE bench_reading (elder BIGINT NOT NULL, device BIGINT NOT NULL, slot BIGINT NOT NULL,
           at BIGINT NOT NULL, received BIGINT NOT NULL, kind BIGINT NOT NULL, a BIGINT, b BIGINT, c BIGINT)",
        vec![],
    )
    .await?;
    tx.commit().await?;
    let now = db.now().0;
    let t = stopwatch();
    let columns = ["elder", "device", "slot", "at", "received", "kind", "a", "b", "c"];
    for part in 0..rows.div_ceil(COMMIT) {
        let batch = (0..COMMIT)
            .map(|i| {
                let n = (part * COMMIT + i) as i64;
                vals![n % 20_000, n % 40_000, 0i64, now + n, now + n, n % 20, 72i64, 0i64, 0i64]
            })
            .collect();
        let tx = db.begin().await?;
        insert_many(&tx, "bench_reading", &columns, batch, "").await?;
        tx.commit().await?;
    }
    let took = t.elapsed();
    let tx = db.begin().await?;
    tx.exec("DROP TABLE bench_reading", vec![]).await?;
    tx.commit().await?;
    Ok(rate(rows.div_ceil(COMMIT) * COMMIT, took))
}

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let wanted = b.connections.min(b.elders);
    let site = site(b, wanted).await?;
    let mut lines = Vec::new();
    for protocol in [Protocol::Mqtt, Protocol::Watch] {
        lines.push(drive(&site, protocol, wanted, b.seconds, Duration::ZERO).await?);
    }
    let limit = limit(&site, 400_000).await?;
    let best = lines.iter().filter_map(|l| l["readings_per_s"].as_f64()).fold(0.0, f64::max);
    site.stop.send_replace(true);
    b.tell(
        "P1 ingest",
        json!({ "runs": lines, "limit_batch_insert_per_s": limit, "of_limit": (best / limit.max(1.0) * 100.0).round() / 100.0,
                "generator": "same process" }),
    );
    Ok(())
}

/// P2: somebody presses while the load runs; the desk's bell rings when the case can be read.
pub(crate) async fn sos(b: &Bench) -> Result<()> {
    let wanted = b.connections.min(b.elders).saturating_sub(200).max(100);
    let site = Arc::new(site(b, wanted + 200).await?);
    let under = site.clone();
    let load = tokio::spawn(async move {
        // About 20,000 readings a second: each connection says 12 readings a window.
        let pause = Duration::from_millis((wanted as u64 * 12 * 1_000) / 20_000);
        drive(&under, Protocol::Mqtt, wanted, 30, pause).await
    });
    tokio::time::sleep(Duration::from_secs(12)).await;
    let mut times = Vec::new();
    for n in wanted..wanted + 200 {
        let mut bell = site.bell.listen();
        let mut s = TcpStream::connect(site.watch).await.map_err(Error::internal)?;
        let utc = site.db.now().plus_ms(-Instant::ZONE_MS);
        let (d, t) = (utc.date().compact().to_string(), utc.stamp_seconds());
        let t: String = t.chars().skip(11).filter(|c| *c != ':').collect();
        let content = format!(
            "AL,{}{}{},{t},A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0",
            &d[6..],
            &d[4..6],
            &d[2..4]
        );
        let began = stopwatch();
        s.write_all(format!("[3G*88{n:08}*{:04X}*{content}]", content.len()).as_bytes())
            .await
            .map_err(Error::internal)?;
        let elder = devices::by_identity(&site.db, Protocol::Watch, &format!("88{n:08}")).await?;
        let Some(elder) = elder.and_then(|k| k.bound).map(|b| b.elder) else { continue };
        loop {
            let sql = "SELECT COUNT(*) FROM safety_case WHERE elder_id = $1";
            if site.db.read().scalar::<i64>(sql, vals![elder]).await? > Some(0) {
                break;
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), bell.changed()).await;
            if began.elapsed() > Duration::from_secs(20) {
                return Err(Error::Internal("an SOS did not become a case within 20 s".into()));
            }
        }
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let load = load.await.map_err(Error::internal)??;
    site.stop.send_replace(true);
    b.tell("P2 sos", json!({ "wire_to_case_on_desk": Times::of(times), "load": load }));
    Ok(())
}
