//! `yinian bench`: one JSON line a figure, with machine, data size and the limit measured in the same run.
//! Benchmarks never fail a test; they are read.
mod browser;
mod chaos;
mod cpu;
mod device;
mod figures;
mod fill;
mod generator;
mod http;
mod import;
mod ingest;
mod pages;
mod policy;
mod search;
mod settle;
mod sos;
mod start;
mod store;

use crate::config::Config;
use crate::machine;
use kernel::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// Elders in the archive (search, pages, policy).
    #[arg(long, default_value_t = 300_000)]
    elders: usize,
    /// Work orders (pages, settle).
    #[arg(long, default_value_t = 1_000_000)]
    orders: usize,
    /// Rows of the imported file.
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// How often the program is killed (chaos).
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// Devices connected at once (ingest, sos).
    #[arg(long, default_value_t = 20_000)]
    connections: usize,
    /// Keep and reuse the filled database in this folder; without it a temporary folder is used.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Write the people the engine decides on to a file, for a rival to read (policy).
    #[arg(long, value_name = "FILE")]
    people_out: Option<PathBuf>,
    /// The commit the figures belong to, copied into the lines.
    #[arg(long, env = "YINIAN_COMMIT", default_value = "")]
    commit: String,
    /// Of the planner's benches (vrptw, homecare, day, urgent); `--seconds` is also how long devices send (ingest, sos).
    #[command(flatten)]
    planner: routebench::Args,
    #[command(flatten)]
    generator: generator::Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// P3: find an elder by name, pinyin, phone, ID.
    Search,
    /// P4: the most used pages, 50 people at once.
    Pages,
    /// P5: determine everyone; the engine alone.
    Policy,
    /// P6: a quarter's settlement.
    Settle,
    /// P11: Excel import with checks.
    Import,
    /// P1: device readings, from the socket to the acknowledgement.
    Ingest,
    /// P2: an SOS under load, from the wire to the desk.
    Sos,
    /// R1, R2, R6: killed at random moments under load, nothing acknowledged is lost.
    Chaos,
    /// The devices of ingest and sos, started by them.
    #[value(hide = true)]
    Devices,
    /// P12: start to first page, memory, binary size.
    Start,
    /// P8: vehicle routing with time windows (SINTEF text format).
    Vrptw,
    /// P9: home care with paired visits (Mankowska text format).
    Homecare,
    /// P10: a city's day.
    Day,
    /// P7: urgent orders among workers on duty.
    Urgent,
}

impl What {
    /// The planner's benches need no database.
    const fn planner(self) -> Option<routebench::Family> {
        match self {
            What::Vrptw => Some(routebench::Family::Vrptw),
            What::Homecare => Some(routebench::Family::Homecare),
            What::Day => Some(routebench::Family::Day),
            What::Urgent => Some(routebench::Family::Urgent),
            What::Search
            | What::Pages
            | What::Policy
            | What::Settle
            | What::Import
            | What::Ingest
            | What::Sos
            | What::Chaos
            | What::Devices
            | What::Start => None,
        }
    }
}

/// Where a bench works, and how it tells its figures.
pub(crate) struct Bench {
    pub(crate) config: Config,
    pub(crate) elders: usize,
    pub(crate) orders: usize,
    pub(crate) rows: usize,
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    pub(crate) people_out: Option<PathBuf>,
    commit: String,
    _temporary: Option<Folder>,
}

/// A folder that is removed when the bench ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_dir_all(&self.0) {
            eprintln!("bench folder {} stays: {e}", self.0.display());
        }
    }
}

impl Bench {
    /// Prints one line: what was measured, with machine and memory.
    pub(crate) fn tell(&self, id: &str, mut value: serde_json::Value) {
        if let Some(map) = value.as_object_mut() {
            map.insert("bench".into(), id.into());
            map.insert("machine".into(), machine::describe().into());
            map.insert("commit".into(), self.commit.clone().into());
            map.insert("peak_rss_mb".into(), (machine::peak_bytes() >> 20).into());
            map.insert("engine".into(), if self.config.database.is_some() { "PostgreSQL" } else { "SQLite" }.into());
        }
        println!("{value}");
    }
}

pub async fn run(config: &Config, args: Args) -> Result<ExitCode> {
    if let Some(family) = args.what.planner() {
        return match routebench::run(family, &args.planner) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(why) => {
                eprintln!("{why}");
                Ok(ExitCode::FAILURE)
            }
        };
    }
    if args.what == What::Devices {
        return generator::run(&args.generator, args.connections).await.map(|()| ExitCode::SUCCESS);
    }
    let mut config = config.clone();
    let temporary = match &args.keep {
        Some(folder) => {
            config.data = folder.clone();
            None
        }
        None => {
            let folder = std::env::temp_dir().join(format!("yinian-bench-{}", std::process::id()));
            config.data = folder.clone();
            Some(Folder(folder))
        }
    };
    std::fs::create_dir_all(&config.data).map_err(Error::internal)?;
    let bench = Bench {
        config,
        elders: args.elders,
        orders: args.orders,
        rows: args.rows,
        connections: args.connections,
        seconds: args.planner.seconds.max(1.0) as u64,
        people_out: args.people_out,
        commit: args.commit,
        _temporary: temporary,
    };
    match args.what {
        What::Search => search::run(&bench).await?,
        What::Pages => pages::run(&bench).await?,
        What::Policy => policy::run(&bench).await?,
        What::Settle => settle::run(&bench).await?,
        What::Import => import::run(&bench).await?,
        What::Ingest => ingest::run(&bench).await?,
        What::Sos => sos::run(&bench).await?,
        What::Chaos => {
            if !chaos::run(&bench, args.kills).await? {
                return Ok(ExitCode::FAILURE);
            }
        }
        What::Start => start::run(&bench).await?,
        What::Devices | What::Vrptw | What::Homecare | What::Day | What::Urgent => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Benches measure real time.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock; nothing depends on what it says")]
pub(crate) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
