//! R1, R2, R6: the real program is killed with SIGKILL at random moments under load, its database goes away, its disk is
//! full, ten times as much comes in; then everything it promised is held against what it stored.
mod check;
mod load;
mod program;
mod store;
mod town;

use super::{Bench, stopwatch};
use kernel::{Error, IdGen, Result};
use load::{Load, Promises};
use program::{Addresses, Program, Starter};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use town::Town;

/// How long the database is away, and the disk full.
const AWAY: Duration = Duration::from_secs(40);
/// A file beside PostgreSQL: while it is there, the server is down. `cargo xtask chaos` sets it.
const SWITCH: &str = "YINIAN_CHAOS_SWITCH";

pub(crate) async fn run(b: &Bench, kills: usize) -> Result<bool> {
    let at = Addresses::free()?;
    let seconds = (kills as f64 * 1.4) as i64 + 75;
    let b = &Bench {
        elders: town::elders(kills),
        config: b.config.clone(),
        commit: b.commit.clone(),
        _temporary: None,
        people_out: None,
        ..*b
    };
    let town = Arc::new(town::build(b, at, seconds).await?);
    let starter = Starter::new(b, at);
    let dice = IdGen::new(7);
    let (mut program, first) = starter.start().await?;
    let served_since = town.db.now();
    let began = stopwatch();
    let load = Load::begin(&town);
    let (mut serving, mut peak) = (vec![first], 0);
    for n in 0..kills {
        tokio::time::sleep(Duration::from_millis(150 + dice.next_u64() % 1_350)).await;
        peak = peak.max(program.peak());
        program.kill().await?;
        let (next, took) = starter.start().await?;
        program = next;
        serving.push(took);
        if n % 20 == 19 {
            eprintln!("{} kills, {} calls acknowledged", n + 1, load.promises.acknowledged());
        }
    }
    let killed_for = began.elapsed();
    let mut wrong = Vec::new();
    // What was due before is done, or late: the outage excuses none of it.
    tokio::time::sleep(check::ALLOWED).await;
    let gone = town.db.now();
    let away = away(b, &program, &load.promises, &mut wrong).await?;
    let gone = (gone, town.db.now());
    let burst = burst(&town, &program, &load.promises).await?;
    peak = peak.max(program.peak());
    // What is due still falls due, and what was not acknowledged is said again.
    load.promises.enough();
    let last = town.due.iter().map(|d| d.at).max().unwrap_or(served_since);
    let patience = stopwatch();
    while load.promises.open() > 0 || town.db.now().since(last) < 6_000 {
        if patience.elapsed() > Duration::from_secs(240) {
            wrong.push(format!("{} calls were never acknowledged", load.promises.open()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let promises = load.end().await;
    // Once more from what is stored alone.
    program.kill().await?;
    let (program, took) = starter.start().await?;
    serving.push(took);
    tokio::time::sleep(Duration::from_secs(6)).await;
    let (mut figures, more) = check::check(&town, &promises, served_since, gone).await?;
    program.kill().await?;
    wrong.extend(more);
    wrong.extend(sound(b).await?);
    let ms: Vec<u64> = serving.iter().map(|d| d.as_millis() as u64).collect();
    let slow = ms.iter().filter(|m| **m > 2_000).count();
    let mut sorted = ms.clone();
    sorted.sort_unstable();
    if let Some(map) = figures.as_object_mut() {
        map.insert("kills".into(), (kills + 2).into());
        map.insert("seconds".into(), killed_for.as_secs().into());
        map.insert("said_twice".into(), promises.said_twice.load(std::sync::atomic::Ordering::Relaxed).into());
        map.insert(
            "not_acknowledged_and_said_again".into(),
            promises.refused.load(std::sync::atomic::Ordering::Relaxed).into(),
        );
        map.insert(
            "serving_again_ms".into(),
            json!({ "median": sorted[sorted.len() / 2], "worst": sorted.last(), "over_2_s": slow }),
        );
        map.insert("program_peak_rss_mb".into(), (peak >> 20).into());
        map.insert("away".into(), away);
        map.insert("burst".into(), burst);
        map.insert("wrong".into(), json!(wrong));
    }
    b.tell("R1 R2 R6 chaos", figures);
    Ok(wrong.is_empty())
}

/// The database goes away, or on SQLite the disk is full; then everything is as before without anybody's help.
async fn away(b: &Bench, program: &Program, p: &Promises, wrong: &mut Vec<String>) -> Result<serde_json::Value> {
    let before = p.acknowledged();
    let switch = switch();
    let what = match (&b.config.database, &switch) {
        (Some(_), None) => return Ok(json!("not shown: the server is not ours to stop")),
        (Some(_), Some(path)) => {
            std::fs::write(path, "").map_err(Error::internal)?;
            "database gone"
        }
        (None, _) => {
            if !program.disk_full(true).await? {
                return Ok(json!("not shown: prlimit is not installed"));
            }
            "disk full"
        }
    };
    tokio::time::sleep(Duration::from_secs(2)).await;
    let during = p.acknowledged();
    tokio::time::sleep(AWAY).await;
    let said_yes = p.acknowledged() - during;
    match &switch {
        Some(path) if b.config.database.is_some() => std::fs::remove_file(path).map_err(Error::internal)?,
        _ => _ = program.disk_full(false).await?,
    }
    let (t, then) = (stopwatch(), p.acknowledged());
    while p.acknowledged() == then && t.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let again = t.elapsed();
    if said_yes > 0 || p.acknowledged() == then {
        wrong.push(format!("{what}: {said_yes} calls acknowledged meanwhile, {} after", p.acknowledged() - then));
    }
    Ok(
        json!({ "what": what, "seconds": AWAY.as_secs(), "acknowledged_before": before, "acknowledged_meanwhile": said_yes,
               "first_acknowledged_again_ms": again.as_millis() as u64, "program_peak_rss_mb": program.peak() >> 20 }),
    )
}

#[expect(clippy::disallowed_methods, reason = "the edge of a bench reads its own environment")]
fn switch() -> Option<PathBuf> {
    std::env::var_os(SWITCH).map(PathBuf::from)
}

/// Ten times as many devices talk without pause; those beyond their allowance are not acknowledged.
async fn burst(town: &Arc<Town>, program: &Program, p: &Promises) -> Result<serde_json::Value> {
    let (before, calls) = (program.peak(), p.acknowledged());
    let acked = load::burst(town, 20 * town::REPORTING, Duration::from_secs(8)).await;
    Ok(
        json!({ "connections": 20 * town::REPORTING, "acknowledged_per_s": acked / 8, "calls_acknowledged": p.acknowledged() - calls,
               "peak_rss_mb_before": before >> 20, "peak_rss_mb_after": program.peak() >> 20 }),
    )
}

/// `doctor` and `audit verify` find nothing.
async fn sound(b: &Bench) -> Result<Vec<String>> {
    let program = std::env::current_exe().map_err(Error::internal)?;
    let mut wrong = Vec::new();
    for words in [["doctor", "--json"].as_slice(), &["audit", "verify", "--json"]] {
        let mut c = tokio::process::Command::new(&program);
        c.args(words).arg("--data").arg(&b.config.data).args(["--log", "error"]);
        if let Some(url) = &b.config.database {
            c.args(["--database", url]);
        }
        let out = c.output().await.map_err(Error::internal)?;
        if !out.status.success() {
            wrong.push(format!("{}: {}", words[0], String::from_utf8_lossy(&out.stdout)));
        }
    }
    Ok(wrong)
}
