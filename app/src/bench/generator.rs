//! The devices of P1 and P2 as a process of their own: the platform and thousands of connections to it do not share one
//! limit of open files, nor threads. It tells how far it is on its standard output and ends when its input is closed.
use super::device;
use kernel::{Error, Result};
use safety::devices::Protocol;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Messages a connection has under way.
pub(super) const WINDOW: usize = 4;
/// Readings of one message of each protocol.
const MQTT_BODY: &str = r#"{"readings":{"heartRate":72,"spo2":97,"battery":80}}"#;
const WATCH_BODY: &str = "bphrt,128,76,72,165,1,70,60";
/// How often it tells.
const TELLS: Duration = Duration::from_millis(20);

/// What the generator is to do.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Order {
    /// Where the platform listens; the generator's own, not for people.
    #[arg(long, hide = true)]
    at: Option<SocketAddr>,
    #[arg(long, hide = true, default_value = "mqtt")]
    protocol: String,
    /// Milliseconds between two windows of one connection.
    #[arg(long, hide = true, default_value_t = 0)]
    pause_ms: u64,
}

/// What the connections of the generator count.
#[derive(Default)]
struct Counts {
    stop: AtomicBool,
    acked: AtomicU64,
    ready: AtomicU64,
    broken: AtomicU64,
}

/// The process of `yinian bench devices`.
pub(super) async fn run(order: &Order, connections: usize) -> Result<()> {
    let at = order.at.ok_or_else(|| Error::Internal("no address to send to".into()))?;
    let known = Protocol::parse(&order.protocol);
    let protocol = known.ok_or_else(|| Error::Internal("no such protocol".into()))?;
    let (counts, pause) = (Arc::new(Counts::default()), Duration::from_millis(order.pause_ms));
    let mine = counts.clone();
    let connecting = tokio::spawn(async move {
        for n in 0..connections {
            let counts = mine.clone();
            tokio::spawn(async move {
                if talk(protocol, n, at, pause, &counts).await.is_err() && !counts.stop.load(Ordering::Relaxed) {
                    counts.broken.fetch_add(1, Ordering::Relaxed);
                }
            });
            if n % 200 == 199 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let mut closed = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0u8; 1]));
    let mut told = tokio::time::interval(TELLS);
    loop {
        tokio::select! {
            _ = told.tick() => {
                let n = |c: &AtomicU64| c.load(Ordering::Relaxed);
                if writeln!(std::io::stdout(), "{} {} {}", n(&counts.ready), n(&counts.acked), n(&counts.broken)).is_err() {
                    break;
                }
            }
            _ = &mut closed => break,
        }
    }
    counts.stop.store(true, Ordering::Relaxed);
    connecting.abort();
    Ok(())
}

/// One device: sends windows and waits for all their answers, until it is over.
async fn talk(protocol: Protocol, n: usize, at: SocketAddr, pause: Duration, counts: &Counts) -> std::io::Result<()> {
    let (mut s, window, answer) = if protocol == Protocol::Mqtt {
        let name = device::mqtt_name(n);
        let s = device::mqtt_connect(at, &name).await?;
        let ids = 1..=WINDOW as u16;
        (s, ids.flat_map(|id| device::mqtt_publish(&name, id, MQTT_BODY)).collect(), 4 * WINDOW)
    } else {
        let s = TcpStream::connect(at).await?;
        s.set_nodelay(true)?;
        let name = device::watch_name(n);
        let window = device::watch_frame(&name, WATCH_BODY).repeat(WINDOW).into_bytes();
        (s, window, device::watch_frame(&name, "bphrt").len() * WINDOW)
    };
    let mut buffer = vec![0u8; answer];
    counts.ready.fetch_add(1, Ordering::Relaxed);
    while !counts.stop.load(Ordering::Relaxed) {
        s.write_all(&window).await?;
        s.read_exact(&mut buffer).await?;
        counts.acked.fetch_add(WINDOW as u64, Ordering::Relaxed);
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// A running generator, seen from the bench.
pub(super) struct Generator {
    child: Child,
    pub pid: u32,
    seen: Arc<[AtomicU64; 3]>,
}

impl Generator {
    pub fn start(protocol: Protocol, at: SocketAddr, connections: usize, pause: Duration) -> Result<Generator> {
        let program = std::env::current_exe().map_err(Error::internal)?;
        let mut child = Command::new(program)
            .args(["bench", "devices", "--at", &at.to_string(), "--protocol", protocol.code()])
            .args(["--connections", &connections.to_string(), "--pause-ms", &pause.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::internal)?;
        let pid = child.id().ok_or_else(|| Error::Internal("the generator has no number".into()))?;
        let out = child.stdout.take().ok_or_else(|| Error::Internal("the generator tells nothing".into()))?;
        let seen = Arc::new([const { AtomicU64::new(0) }; 3]);
        let shown = seen.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                for (at, word) in shown.iter().zip(line.split(' ')) {
                    at.store(word.parse().unwrap_or(0), Ordering::Relaxed);
                }
            }
        });
        Ok(Generator { child, pid, seen })
    }

    /// Connections that were let in.
    pub fn ready(&self) -> u64 {
        self.seen[0].load(Ordering::Relaxed)
    }

    /// Messages acknowledged so far.
    pub fn acked(&self) -> u64 {
        self.seen[1].load(Ordering::Relaxed)
    }

    /// Connections that ended before their time.
    pub fn broken(&self) -> u64 {
        self.seen[2].load(Ordering::Relaxed)
    }

    pub async fn end(mut self) -> Result<()> {
        self.child.kill().await.map_err(Error::internal)
    }
}
