//! P8: the classic problem with time windows.
//!
//! One JSON line per instance. With `--out DIR` the plan is written to `DIR/NAME.sol` in the text form of CVRPLIB:
//!
//! ```text
//! Route #1: 5 3 7 8
//! Route #2: 13 17 18
//! Cost 827.3
//! ```
//!
//! One line per vehicle with clients in the order of service, then the distance in units with one decimal. Clients that
//! found no place, if any, stand in a line `Unserved: …` before the cost.
use crate::{Args, meter};
use dispatch::Budget;
use dispatch::classic::{self, Plan, Problem, sintef};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Parts {
    distance: f64,
    unserved: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    solver: &'a str,
    instance: &'a str,
    cost: f64,
    routes: usize,
    parts: Parts,
    best_known: Option<f64>,
    gap_percent: Option<f64>,
    cpu_seconds: f64,
    iterations: u64,
    work: u64,
    seed: u64,
    threads: usize,
    peak_rss_mb: u64,
}

/// Shares of the time that go into finding out how fast this machine is: whole searches in miniature, the second sized by
/// the first.
const TRIALS: [f64; 2] = [0.005, 0.04];
/// Share of the remaining time that is planned to be used; the rest is for the error of the estimate.
const AIM: f64 = 0.98;
/// Units per second assumed before anything is known.
const FIRST_RATE: f64 = 5e7;

pub fn run(args: &Args) -> Result<(), String> {
    let from = args.instances.as_deref().ok_or("vrptw: --instances DIR is needed")?;
    let best_known = match &args.best_known {
        Some(file) => read_best_known(file)?,
        None => BTreeMap::new(),
    };
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    }
    for file in instance_files(from)? {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let instance = sintef::parse(&text).map_err(|e| format!("{}: {e}", file.display()))?;
        let began = meter::process_seconds();
        let plan = plan_within(&instance.problem, args, began);
        let cpu_seconds = meter::process_seconds() - began;
        let faults = classic::check(&instance.problem, &plan);
        if let Some(fault) = faults.first() {
            return Err(format!("{}: the plan is wrong: {fault}", instance.name));
        }
        let cost = plan.distance as f64 / 10.0;
        let known = best_known.get(&instance.name).copied();
        let line = Line {
            solver: "yinian",
            instance: &instance.name,
            cost,
            routes: plan.routes.len(),
            parts: Parts { distance: cost, unserved: plan.unserved.len() },
            best_known: known,
            gap_percent: known.map(|k| (1e6 * (cost - k) / k).round() / 1e4),
            cpu_seconds: (cpu_seconds * 1000.0).round() / 1000.0,
            iterations: plan.iterations,
            work: plan.work,
            seed: args.seed,
            threads: args.threads,
            peak_rss_mb: meter::peak_mib(),
        };
        println!("{}", serde_json::to_string(&line).map_err(|e| e.to_string())?);
        if let Some(out) = &args.out {
            let path = out.join(format!("{}.sol", instance.name));
            std::fs::write(&path, solution_text(&plan)).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    Ok(())
}

/// Spends `args.seconds` of CPU per thread. A short trial tells how many units of work fit into the time; the plan then
/// depends on that number only, and the clock merely bounds it.
fn plan_within(problem: &Problem, args: &Args, began: f64) -> Plan {
    let threads = args.threads.max(1);
    let total = args.seconds * threads as f64;
    let mut rate = FIRST_RATE;
    for share in TRIALS {
        let start = meter::process_seconds();
        let mut over = || meter::process_seconds() - start > 3.0 * total * share;
        let units = (rate * total * share) as u64;
        let trial = classic::solve(problem, args.seed, threads, Budget { units, stop: &mut over });
        rate = trial.work as f64 / (meter::process_seconds() - start).max(1e-6);
    }
    let left = total - (meter::process_seconds() - began);
    let mut over = || meter::process_seconds() - began > total;
    classic::solve(problem, args.seed, threads, Budget { units: (rate * left * AIM).max(1.0) as u64, stop: &mut over })
}

fn instance_files(from: &Path) -> Result<Vec<PathBuf>, String> {
    if from.is_file() {
        return Ok(vec![from.to_path_buf()]);
    }
    let entries = std::fs::read_dir(from).map_err(|e| format!("{}: {e}", from.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| format!("{}: {e}", from.display()))?.path();
        if path.is_file() && path.extension().is_some_and(|x| x.eq_ignore_ascii_case("txt")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Columns `instance` and `best_known` of the CSV; a comma inside quotes may only stand in later columns.
fn read_best_known(file: &Path) -> Result<BTreeMap<String, f64>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| {
        head.iter().position(|h| *h == name).ok_or_else(|| format!("{}: no column {name}", file.display()))
    };
    let (instance, value) = (column("instance")?, column("best_known")?);
    let mut known = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if let (Some(name), Some(Ok(value))) = (cells.get(instance), cells.get(value).map(|v| v.parse())) {
            known.insert((*name).to_owned(), value);
        }
    }
    Ok(known)
}

fn solution_text(plan: &Plan) -> String {
    let mut text = String::new();
    let join = |all: &[u32]| all.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    for (route, number) in plan.routes.iter().zip(1..) {
        let _ = writeln!(text, "Route #{number}: {}", join(route));
    }
    if !plan.unserved.is_empty() {
        let _ = writeln!(text, "Unserved: {}", join(&plan.unserved));
    }
    let _ = writeln!(text, "Cost {}.{}", plan.distance / 10, plan.distance % 10);
    text
}
