//! The servers: listening, accepting, looking after the directory and the gateway's own signs of life.
use crate::commands::{self, Who};
use crate::config::{Config, Limits};
use crate::directory::Directory;
use crate::{broker, mqtt, scaip, tcp, tls};
use kernel::{Error, RegionCode, Result};
use safety::readings::Intake;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::Db;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// What every connection shares.
pub(crate) struct Shared {
    pub db: Db,
    pub intake: Intake,
    pub directory: Arc<Directory>,
    pub limits: Limits,
    pub online: Who,
    /// MQTT sessions by device: the newest takes over.
    pub sessions: Mutex<HashMap<String, Arc<tokio::sync::Notify>>>,
    pub counters: Arc<Counters>,
    pub stop: watch::Receiver<bool>,
}

/// Resolves when the gateway is to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|s| *s).await;
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub open: AtomicU64,
    pub messages: AtomicU64,
    pub refused: AtomicU64,
    pub limited: AtomicU64,
    pub strangers: AtomicU64,
    pub turned_away: AtomicU64,
    /// Brokers that are configured and not subscribed to.
    pub brokers_away: AtomicU64,
}

/// The gateway's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    /// Connections open now.
    pub open: u64,
    /// Devices on line.
    pub online: u64,
    /// Messages taken since the start.
    pub messages: u64,
    /// Frames and payloads that could not be read.
    pub refused: u64,
    /// Messages beyond a device's allowance.
    pub limited: u64,
    /// Messages of identities nobody registered.
    pub strangers: u64,
    /// Connections turned away because there were too many.
    pub turned_away: u64,
    /// Brokers that are configured and cannot be heard now.
    pub brokers_away: u64,
}

/// What a gateway is made of.
pub struct Gateway {
    pub db: Db,
    pub intake: Intake,
    pub config: Config,
    /// The place whose gateway it is.
    pub region: RegionCode,
}

/// Addresses that are listened on, by the name of the protocol.
pub type Bound = Vec<(&'static str, SocketAddr)>;

/// A running gateway.
pub struct Started {
    pub bound: Bound,
    pub directory: Arc<Directory>,
    counters: Arc<Counters>,
    online: Who,
    tasks: JoinSet<()>,
}

impl Started {
    pub fn figures(&self) -> Figures {
        let of = |c: &AtomicU64| c.load(Ordering::Relaxed);
        let c = &self.counters;
        Figures {
            open: of(&c.open),
            online: self.online.len() as u64,
            messages: of(&c.messages),
            refused: of(&c.refused),
            limited: of(&c.limited),
            strangers: of(&c.strangers),
            turned_away: of(&c.turned_away),
            brokers_away: of(&c.brokers_away),
        }
    }
    /// Resolves when everything has ended after `stop`.
    pub async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// How often changed devices are read and strangers written; how often the gateway gives a sign of life.
const TEND: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_secs(15);

#[derive(Clone)]
enum Kind {
    Tcp(wire::Protocol),
    Mqtt(Option<tokio_rustls::TlsAcceptor>),
    Scaip(Arc<scaip::Receiver>),
}

/// Listens on everything that is configured. Ends when `stop` turns true.
///
/// # Errors
/// `Internal` for an address that cannot be listened on, or a certificate that cannot be read.
pub async fn start(gateway: Gateway, stop: watch::Receiver<bool>) -> Result<Started> {
    let Gateway { db, intake, config, region } = gateway;
    let counters = Arc::new(Counters::default());
    let directory = Arc::new(Directory::new(db.clone()));
    let online = Who::default();
    let shared = Arc::new(Shared {
        db: db.clone(),
        intake,
        directory: directory.clone(),
        limits: config.limits,
        online: online.clone(),
        sessions: Mutex::default(),
        counters: counters.clone(),
        stop: stop.clone(),
    });
    let mut wanted: Vec<(&'static str, SocketAddr, Kind)> = Vec::new();
    for (p, at) in config.tcp() {
        wanted.extend(at.map(|at| (p.code(), at, Kind::Tcp(p))));
    }
    wanted.extend(config.mqtt.map(|at| ("mqtt", at, Kind::Mqtt(None))));
    if let Some(at) = config.mqtts {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else {
            return Err(Error::Internal("[gateway] mqtts needs `certificate` and `key`".into()));
        };
        wanted.push(("mqtts", at, Kind::Mqtt(Some(tls::acceptor(certificate, key)?))));
    }
    let units = config.scaip.map(|at| (at, Arc::new(scaip::Receiver::new(shared.clone(), &config))));
    wanted.extend(units.iter().map(|(at, units)| ("scaip", *at, Kind::Scaip(units.clone()))));
    let permits = Arc::new(Semaphore::new(config.limits.connections));
    let (mut tasks, mut bound) = (JoinSet::new(), Vec::new());
    for (name, at, kind) in wanted {
        let cannot = |e: std::io::Error| Error::Internal(format!("cannot listen on {at} ({name}): {e}"));
        let listener = listen(at).map_err(cannot)?;
        let at = listener.local_addr().map_err(Error::internal)?;
        bound.push((name, at));
        if let Kind::Scaip(units) = &kind {
            // The same port for datagrams.
            let socket = tokio::net::UdpSocket::bind(at).await.map_err(cannot)?;
            tasks.spawn(scaip::listen(units.clone(), socket));
        }
        tasks.spawn(accept(shared.clone(), listener, kind, permits.clone()));
    }
    for b in &config.brokers {
        b.checked()?;
    }
    for b in config.brokers {
        // Before anybody can look: nothing is heard from it yet.
        counters.brokers_away.fetch_add(1, Ordering::Relaxed);
        tasks.spawn(broker::run(shared.clone(), b));
    }
    let name = config.name.unwrap_or_else(|| "gateway".into());
    tasks.spawn(tend(db, directory.clone(), online.clone(), counters.clone(), name, region, stop));
    Ok(Started { bound, directory, counters, online, tasks })
}

fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if at.is_ipv4() { tokio::net::TcpSocket::new_v4()? } else { tokio::net::TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    // After a restart all devices come at once.
    socket.listen(4_096)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, kind: Kind, permits: Arc<Semaphore>) {
    let mut stop = shared.stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            got = listener.accept() => match got {
                Ok((stream, peer)) => {
                    let Ok(permit) = permits.clone().try_acquire_owned() else {
                        shared.counters.turned_away.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    let (shared, kind) = (shared.clone(), kind.clone());
                    connections.spawn(async move {
                        shared.counters.open.fetch_add(1, Ordering::Relaxed);
                        serve(shared.clone(), stream, peer, kind).await;
                        shared.counters.open.fetch_sub(1, Ordering::Relaxed);
                        drop(permit);
                    });
                }
                Err(e) => {
                    // Out of file handles, usually: those that end make room.
                    tracing::error!(error = %e, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
    connections.shutdown().await;
}

async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, kind: Kind) {
    let host = peer.ip().to_string();
    match kind {
        Kind::Scaip(units) => scaip::serve(units, stream, peer).await,
        Kind::Tcp(protocol) => tcp::serve(shared, stream, host, protocol).await,
        Kind::Mqtt(None) => {
            let _ = stream.set_nodelay(true);
            mqtt::serve(shared, stream, host).await;
        }
        Kind::Mqtt(Some(tls)) => {
            let wait = Duration::from_secs(shared.limits.login_s);
            if let Ok(Ok(stream)) = tokio::time::timeout(wait, tls.accept(stream)).await {
                mqtt::serve(shared, stream, host).await;
            }
        }
    }
}

async fn tend(
    db: Db,
    directory: Arc<Directory>,
    online: Who,
    counters: Arc<Counters>,
    name: String,
    region: RegionCode,
    mut stop: watch::Receiver<bool>,
) {
    let mut every = tokio::time::interval(TEND);
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut since = db.now().plus_ms(-60_000);
    let mut round = 0u64;
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            _ = every.tick() => {}
        }
        match directory.tend(since).await {
            Ok(next) => since = next,
            Err(e) => tracing::error!(error = %e, "the device register could not be read or written"),
        }
        if let Err(e) = commands::tend(&db, &online).await {
            tracing::error!(error = %e, "commands that wait, or waited too long, could not be looked up");
        }
        if round.is_multiple_of(BEAT.as_secs()) {
            let mut note = format!("{} 条连接，{} 台设备在线", counters.open.load(Ordering::Relaxed), online.len());
            let away = counters.brokers_away.load(Ordering::Relaxed);
            if away > 0 {
                note += &format!("，{away} 个消息服务器连不上");
            }
            if let Err(e) = safety::service::gateway_beat(&db, &name, region, &note).await {
                tracing::error!(error = %e, "no sign of life could be given");
            }
        }
        round += 1;
    }
    let _ = safety::service::gateway_off(&db, &name).await;
}
