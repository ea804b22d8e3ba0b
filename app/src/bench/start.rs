//! P12: from nothing to the first page, memory at rest, size of the program.
use super::http::Client;
use super::{Bench, fill, stopwatch};
use kernel::{Error, Result};
use serde_json::json;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    // An existing data folder with some people in it.
    let world = fill::people(&Bench {
        elders: b.elders.min(6_000),
        config: b.config.clone(),
        people_out: None,
        commit: String::new(),
        _temporary: None,
        ..*b
    })
    .await?;
    let elders = world.ids.len();
    world.db.close().await?;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let size = std::fs::metadata(&program).map_err(Error::internal)?.len();
    let mut starts = Vec::new();
    let mut idle = 0u64;
    for round in 0..4 {
        let t = stopwatch();
        let mut child = Command::new(&program)
            .arg("serve")
            .arg("--data")
            .arg(&b.config.data)
            .args(["--listen", "127.0.0.1:0", "--log", "error"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Error::internal)?;
        let out = child.stdout.take().ok_or_else(|| Error::Internal("no output of the served program".into()))?;
        let mut lines = BufReader::new(out).lines();
        let address = loop {
            let line = lines.next_line().await.map_err(Error::internal)?;
            let Some(line) = line else { return Err(Error::Internal("the served program ended at once".into())) };
            if let Some((_, a)) = line.split_once("http://") {
                break a.trim().parse::<SocketAddr>().map_err(Error::internal)?;
            }
        };
        let answer = Client::connect(address, "").await?.get("/login").await?;
        let took = t.elapsed();
        if answer.status != 200 {
            return Err(Error::Internal(format!("first page answered {}", answer.status)));
        }
        // The first start makes the administrator: password hashing is not part of an ordinary start.
        if round > 0 {
            starts.push(took.as_secs_f64());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        let status = child.id().map(|pid| format!("/proc/{pid}/status"));
        let text = status.and_then(|p| std::fs::read_to_string(p).ok()).unwrap_or_default();
        let rss = text.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|l| l.split_whitespace().next());
        idle = rss.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        child.kill().await.map_err(Error::internal)?;
    }
    b.tell(
        "P12 start",
        json!({ "elders": elders, "seconds_to_first_page": starts, "idle_rss_mb": idle >> 10, "binary_mb": size >> 20 }),
    );
    Ok(())
}
