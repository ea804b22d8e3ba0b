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
use crate::pace::Clocked;
use crate::{Args, meter};
use dispatch::classic::{self, Plan, sintef};
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

/// Units per CPU second assumed before anything is known.
const FIRST_RATE: f64 = 2e7;

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
        let mut clock = Clocked::new(args, FIRST_RATE);
        let plan = classic::solve_at(&instance.problem, args.seed, args.threads.max(1), &mut clock);
        let cpu_seconds = clock.used();
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
