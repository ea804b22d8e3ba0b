//! `yinian demo`.
use crate::config::Config;
use crate::{demo, wire};
use kernel::{Clock, Error, Instant, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Args {
    /// How many elders live in the demo town.
    #[arg(long, default_value_t = 6000, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    elders: u32,
    /// The same seed gives the same town.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Port on 127.0.0.1; 0 picks a free one and prints it.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Nothing happens by itself and time stands still: for tests and screenshots.
    #[arg(long)]
    still: bool,
    /// The moment at which a still demo stands, e.g. `2026-11-20T10:00`.
    #[arg(long, requires = "still", value_name = "MOMENT")]
    at: Option<String>,
    /// A still demo's time follows this file, which holds one moment: tests move time by writing it.
    #[arg(long, requires = "still", value_name = "FILE", hide = true)]
    clock: Option<PathBuf>,
    /// Throw an earlier demo away and build a new one.
    #[arg(long)]
    fresh: bool,
}

const MARK: &str = "demo.json";

pub async fn run(mut config: Config, args: Args) -> Result<ExitCode> {
    let now = match &args.at {
        Some(text) => Instant::parse_local(text)
            .ok_or_else(|| Error::Internal(format!("--at {text}: write it as 2026-11-20T10:00")))?,
        None => Clock::System.now(),
    };
    // A demo never touches an installation: it lives in a folder of its own.
    config.data = config.data.join("demo");
    config.site_name = "智慧养老服务平台（演示）".into();
    if config.database.is_some() {
        return Err(Error::Internal("the demo keeps its own SQLite file; leave --database out".into()));
    }
    let wanted = serde_json::json!({ "elders": args.elders, "seed": args.seed, "day": now.date(), "v": env!("CARGO_PKG_VERSION") });
    let mark = config.data.join(MARK);
    let known = std::fs::read_to_string(&mark).ok().and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok());
    if args.fresh || args.still || known.as_ref() != Some(&wanted) {
        rebuild(&config, &args, now).await?;
        std::fs::write(&mark, wanted.to_string()).map_err(Error::internal)?;
    }
    let clock = if args.still { Clock::fixed(now) } else { Clock::System };
    if let Some(file) = args.clock {
        follow(clock.clone(), file);
    }
    let db = wire::open(&config, clock, false).await?;
    let app = wire::app(db, &config, true).await?;
    if !args.still {
        let (living, seed) = (app.clone(), args.seed);
        tokio::spawn(async move { demo::live(living, seed).await });
    }
    let local = |port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)));
    let port = |wanted: u16| if args.port == 0 || args.still { 0 } else { wanted };
    config.gateway.watch = local(port(5093));
    config.gateway.mqtt = local(port(1883));
    config.gateway.name = Some("演示网关".into());
    println!("演示：登录页点一个角色就能进。数据在 {}", crate::shown(&config.data));
    let wearers = demo::wear(app.db(), &config).await?;
    if let Some(gateway) = config.gateway.watch.filter(|at| at.port() != 0) {
        tokio::spawn(demo::report(wearers, gateway, args.seed));
    }
    crate::commands::serve::serve(
        app,
        crate::commands::serve::RoleOf::All,
        SocketAddr::from(([127, 0, 0, 1], args.port)),
        Some(config),
        None,
    )
    .await
}

async fn rebuild(config: &Config, args: &Args, now: Instant) -> Result<()> {
    clear(&config.data)?;
    let started = Clock::System.now();
    let start = demo::history_start(now.date()).at(8, 0);
    let clock = Clock::fixed(start);
    let db = wire::open_seeded(config, clock.clone(), false, args.seed).await?;
    store::migrate(&db, &wire::migrations()).await?;
    people::service::seed_regions(&db, people::service::shipped_regions()).await?;
    let shelf = Arc::new(entitlement::Shelf::shipped()?);
    println!("正在建演示镇：{} 位老人，半年的服务记录……", args.elders);
    let cast = demo::build_cast(&db, config, args.seed, args.elders as usize, now.date()).await?;
    demo::adopt_renovation(&db, &shelf, &cast).await?;
    let written = demo::write_history(&db, config, &shelf, &cast, args.seed, now).await?;
    demo::write_assessments(&db, config, &cast, args.seed, now).await?;
    demo::write_emergencies(&db, config, &cast, args.seed, now).await?;
    clock.set(now);
    demo::late_notices(&db, &cast).await?;
    db.close().await?;
    let took = Clock::System.now().since(started) / 1000;
    println!("建好了：{} 位老人，{} 单服务，用了 {took} 秒", cast.elders, written);
    Ok(())
}

/// Removes an earlier demo; refuses a folder that holds anything else.
fn clear(data: &Path) -> Result<()> {
    if !data.exists() {
        return Ok(());
    }
    let known = |name: &str| {
        matches!(name, "keys" | "photos" | "yinian.toml")
            || name == MARK
            || name.starts_with("yinian.sqlite")
            || name.starts_with("telemetry.sqlite")
    };
    for entry in std::fs::read_dir(data).map_err(Error::internal)? {
        let name = entry.map_err(Error::internal)?.file_name().to_string_lossy().to_string();
        if !known(&name) {
            return Err(Error::Internal(format!("{} holds {name}, which is not of a demo", data.display())));
        }
    }
    std::fs::remove_dir_all(data).map_err(Error::internal)
}

/// `2026-11-20T10:00`, or with seconds.
fn moment(text: &str) -> Option<Instant> {
    let at = Instant::parse_local(text)?;
    let seconds = text.split(':').nth(2).map_or(Ok(0), str::parse::<i64>).ok()?;
    Some(at.plus_ms(seconds * 1_000))
}

fn follow(clock: Clock, file: PathBuf) {
    tokio::spawn(async move {
        loop {
            if let Ok(text) = tokio::fs::read_to_string(&file).await
                && let Some(at) = moment(text.trim())
            {
                clock.set(at);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}
