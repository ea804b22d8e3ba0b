//! The real program as another process, started and killed.
use super::super::http::Client;
use super::super::{Bench, stopwatch};
use kernel::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Where the program listens; the same after every start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub web: SocketAddr,
    pub watch: SocketAddr,
    pub mqtt: SocketAddr,
}

impl Addresses {
    pub fn free() -> Result<Addresses> {
        // All three are held at once, so that they differ.
        let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::internal);
        let held = [bind()?, bind()?, bind()?];
        let at = |l: &TcpListener| l.local_addr().map_err(Error::internal);
        Ok(Addresses { web: at(&held[0])?, watch: at(&held[1])?, mqtt: at(&held[2])? })
    }
    pub fn settings(&self) -> String {
        format!("[gateway]\nmqtt = \"{}\"\nwatch = \"{}\"\n", self.mqtt, self.watch)
    }
}

/// How long a start may take before the whole run is given up.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Program {
    child: Child,
    pid: u32,
}

/// What starts it; the same command every time.
#[derive(Clone)]
pub(super) struct Starter {
    data: PathBuf,
    database: Option<String>,
    at: Addresses,
}

impl Starter {
    pub fn new(b: &Bench, at: Addresses) -> Starter {
        Starter { data: b.config.data.clone(), database: b.config.database.clone(), at }
    }

    /// Starts it and waits until pages and devices are served; how long that took.
    pub async fn start(&self) -> Result<(Program, Duration)> {
        let program = std::env::current_exe().map_err(Error::internal)?;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.data.join("serve.log"));
        let t = stopwatch();
        // A write beyond a limit answers with an error instead of a signal: that is how the full disk is played.
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(program)
            .arg("serve")
            .arg("--data")
            .arg(&self.data);
        command.args(["--listen", &self.at.web.to_string(), "--log", "error"]);
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.map_err(Error::internal)?).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::internal)?;
        let pid = child.id().ok_or_else(|| Error::Internal("the program has no number".into()))?;
        while !self.serves().await {
            if t.elapsed() > PATIENCE || child.try_wait().map_err(Error::internal)?.is_some() {
                return Err(Error::Internal("the program did not come up; see serve.log".into()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok((Program { child, pid }, t.elapsed()))
    }

    async fn serves(&self) -> bool {
        if TcpStream::connect(self.at.watch).await.is_err() || TcpStream::connect(self.at.mqtt).await.is_err() {
            return false;
        }
        let Ok(mut c) = Client::connect(self.at.web, "").await else { return false };
        matches!(c.get("/readyz").await, Ok(a) if a.status == 200)
    }
}

impl Program {
    /// SIGKILL, now.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.map_err(Error::internal)
    }

    /// The most memory it ever used, bytes.
    pub fn peak(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        line.and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    }

    /// From now on no file of the program may grow beyond a few bytes; or may again.
    pub async fn disk_full(&self, full: bool) -> Result<bool> {
        let limit = if full { "--fsize=4096:" } else { "--fsize=unlimited:" };
        let done = Command::new("prlimit").arg("--pid").arg(self.pid.to_string()).arg(limit).status().await;
        Ok(done.is_ok_and(|s| s.success()))
    }
}
