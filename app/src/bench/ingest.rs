//! P1: readings a second, from the socket to the acknowledgement after the commit; the limit is the same rows by raw
//! batch inserts, and on PostgreSQL by COPY, in the same run. Beside the wall clock stands CPU time, which a busy machine
//! measures fairly; the generator is another process and counted apart.
use super::cpu::Cpu;
use super::figures::rate;
use super::generator::{Generator, WINDOW};
use super::{Bench, device, fill, stopwatch, store as sql};
use crate::machine;
use kernel::{Error, Result};
use safety::Bell;
use safety::devices::{DeviceKind, Protocol};
use safety::readings::{self, Start, Stats};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::Db;
use tokio::sync::watch;
use web::App;

/// Open files the platform needs beside its devices: database, log, pages.
const BESIDE: usize = 200;

/// As many connections as wanted, or as the machine's limit of open files lets one process have, said aloud.
pub(super) fn room_for(wanted: usize) -> Result<usize> {
    let room = usize::try_from(machine::open_files()?).unwrap_or(usize::MAX).saturating_sub(BESIDE);
    if room < wanted {
        eprintln!("only {room} of {wanted} connections: the limit of open files is {}", room + BESIDE);
    }
    Ok(wanted.min(room))
}

/// A running watch and gateway over a filled archive.
pub(super) struct Site {
    pub db: Db,
    telemetry: Db,
    stats: Stats,
    pub app: App,
    pub bell: Arc<Bell>,
    pub watch: SocketAddr,
    mqtt: SocketAddr,
    pub stop: watch::Sender<bool>,
}

pub(super) async fn site(b: &Bench, devices_wanted: usize) -> Result<Site> {
    let db = fill::open(b).await?;
    let have = sql::devices(&db).await?;
    if have == 0 {
        let world = fill::people(b).await?;
        let actor = crate::wire::platform(&b.config, "bench");
        for (n, part) in world.ids.chunks(500).enumerate() {
            let tx = db.begin().await?;
            for (i, elder) in part.iter().enumerate().take_while(|(i, _)| n * 500 + i < devices_wanted) {
                let n = n * 500 + i;
                for (protocol, name) in
                    [(Protocol::Mqtt, device::mqtt_name(n)), (Protocol::Watch, device::watch_name(n))]
                {
                    let what = (protocol, DeviceKind::Watch);
                    device::register(&tx, &db, &actor, *elder, what, name, b.config.region).await?;
                }
            }
            tx.commit().await?;
        }
    }
    let telemetry = crate::devices::open(&b.config, &db, true).await?;
    let (stop, stopped) = watch::channel(false);
    let app = crate::wire::app(db.clone(), &b.config, true).await?;
    let bell = app.thing::<Bell>()?;
    let (intake, stats, _) =
        readings::start(db.clone(), telemetry.clone(), (*bell).clone(), Start::default(), stopped.clone()).await?;
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
    Ok(Site { db, telemetry, stats, app, bell, watch, mqtt, stop })
}

pub(super) async fn drive(
    site: &Site,
    protocol: Protocol,
    connections: usize,
    seconds: u64,
    pause: Duration,
) -> Result<serde_json::Value> {
    let at = if protocol == Protocol::Mqtt { site.mqtt } else { site.watch };
    let load = Generator::start(protocol, at, connections, pause)?;
    let began = stopwatch();
    while load.ready() < connections as u64 && began.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Until nearly everyone was heard once: what the watch knows of them is in memory then, as in service.
    while load.acked() < (connections * WINDOW) as u64 && began.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let now = || (site.stats.now(), load.acked(), Cpu::with_load(load.pid), stopwatch());
    let (before, acked, used, t) = now();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (after, acked_after, used_after, _) = now();
    let (used, took) = (used_after.since(used), t.elapsed());
    let (connected, broken) = (load.ready() - load.broken(), load.broken());
    load.end().await?;
    // The platform closes its side before the next run.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let readings = after.readings - before.readings;
    let each = |seconds: f64| (seconds * 1e8 / readings.max(1) as f64).round() / 100.0;
    Ok(json!({
        "protocol": protocol.code(),
        "connections": connected,
        "broken": broken,
        "messages_acked_per_s": rate((acked_after - acked) as usize, took),
        "readings_per_s": rate(readings as usize, took),
        "readings_per_commit": readings / (after.commits - before.commits).max(1),
        "retries": after.retries,
        // Two cores do two million of these a second.
        "cpu_us_per_reading": { "platform": each(used.platform), "database": each(used.database), "generator": each(used.load) },
        "cores_used": ((used.platform + used.database + used.load) / took.as_secs_f64() * 100.0).round() / 100.0,
    }))
}

/// Rows of one commit of the limit, as many as the watch commits at once.
const COMMIT: usize = 8_192;

/// The same rows, one row a reading, by batch inserts; rows a second and microseconds of CPU a row.
async fn limit(site: &Site, rows: usize) -> Result<serde_json::Value> {
    let db = &site.telemetry;
    sql::plain_table(db).await?;
    let now = db.now().0;
    let row = |n: i64| [n % 20_000, n % 40_000, 0, now + n, now + n, n % 20, 72, 0, 0];
    let parts = rows.div_ceil(COMMIT);
    let (used, t) = (Cpu::now(), stopwatch());
    for part in 0..parts {
        let batch = (0..COMMIT).map(|i| row((part * COMMIT + i) as i64));
        sql::insert_plain(db, batch).await?;
    }
    let inserted = figure(parts * COMMIT, t.elapsed(), Cpu::now().since(used));
    let (used, t) = (Cpu::now(), stopwatch());
    let mut copied = serde_json::Value::Null;
    if db.engine() == store::Engine::Postgres {
        for part in 0..parts {
            let batch = (0..COMMIT).map(|i| row((part * COMMIT + i) as i64));
            sql::copy_plain(db, batch).await?;
        }
        copied = figure(parts * COMMIT, t.elapsed(), Cpu::now().since(used));
    }
    sql::drop_plain_table(db).await?;
    Ok(json!({ "batch_insert": inserted, "copy": copied }))
}

fn figure(rows: usize, took: Duration, used: Cpu) -> serde_json::Value {
    let each = (used.platform + used.database) * 1e6 / rows.max(1) as f64;
    json!({ "per_s": rate(rows, took), "cpu_us_per_row": (each * 100.0).round() / 100.0 })
}

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let wanted = room_for(b.connections.min(b.elders))?;
    let site = site(b, wanted).await?;
    let mut lines = Vec::new();
    for protocol in [Protocol::Mqtt, Protocol::Watch] {
        lines.push(drive(&site, protocol, wanted, b.seconds, Duration::ZERO).await?);
    }
    let limit = limit(&site, 400_000).await?;
    let best = lines.iter().filter_map(|l| l["readings_per_s"].as_f64()).fold(0.0, f64::max);
    let of = |l: &serde_json::Value| l["per_s"].as_f64().map(|p| (best / p.max(1.0) * 100.0).round() / 100.0);
    site.stop.send_replace(true);
    b.tell(
        "P1 ingest",
        json!({ "runs": lines, "of_batch_insert": of(&limit["batch_insert"]), "of_copy": of(&limit["copy"]), "limit": limit,
                "generator": "a process of its own on the same machine", "open_files": machine::open_files()? }),
    );
    Ok(())
}
