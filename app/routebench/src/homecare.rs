//! P9: home care with skills, soft windows and paired visits.
//!
//! One JSON line per instance; costs in the published unit, a third of travel plus total plus largest lateness in minutes.
use crate::Args;
use crate::pace::Clocked;
use dispatch::paired::{check, mankowska, solve_at};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Units per CPU second and thread assumed before anything is known.
const FIRST_RATE: f64 = 2e6;

#[derive(serde::Serialize)]
struct Line<'a> {
    instance: &'a str,
    cost: f64,
    travel: f64,
    tardiness: f64,
    max_tardiness: f64,
    best_known: Option<f64>,
    gap_percent: Option<f64>,
    cpu_seconds: f64,
    iterations: u64,
    seed: u64,
    threads: usize,
}

pub fn run(args: &Args) -> Result<(), String> {
    let from = args.instances.as_deref().ok_or("homecare: --instances names a folder or a file")?;
    let known = args.best_known.as_deref().map(best_known).transpose()?.unwrap_or_default();
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
    }
    for file in files(from)? {
        one(args, &file, &known)?;
    }
    Ok(())
}

fn one(args: &Args, file: &Path, known: &HashMap<String, f64>) -> Result<(), String> {
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| told(&e))?;
    let instance = mankowska::read(&text).map_err(|e| told(&e))?;
    let name = name_of(file);
    let mut clock = Clocked::new(args, FIRST_RATE);
    let plan = solve_at(&instance.problem, args.seed, args.threads, &mut clock).map_err(|e| told(&e))?;
    let cpu_seconds = clock.used();
    let cost = check(&instance.problem, &plan).map_err(|e| told(&e))?;
    let minutes = |ticks: i64| ticks as f64 / instance.per_minute as f64;
    let value = minutes(cost.total()) / 3.0;
    let best_known = known.get(&name).copied();
    let line = Line {
        instance: &name,
        cost: round(value),
        travel: round(minutes(cost.travel)),
        tardiness: round(minutes(cost.late)),
        max_tardiness: round(minutes(cost.worst)),
        best_known,
        gap_percent: best_known.map(|b| round((value / b - 1.0) * 100.0)),
        cpu_seconds: round(cpu_seconds),
        iterations: plan.work,
        seed: args.seed,
        threads: args.threads,
    };
    println!("{}", serde_json::to_string(&line).map_err(|e| e.to_string())?);
    if let Some(out) = &args.out {
        let path = out.join(format!("{name}.txt"));
        let remark = format!("{name}: cost {value:.4}, seed {}, {} units of work", args.seed, plan.work);
        std::fs::write(&path, instance.listing(&plan, &remark)).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(())
}

fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

fn files(from: &Path) -> Result<Vec<PathBuf>, String> {
    if from.is_file() {
        return Ok(vec![from.to_path_buf()]);
    }
    let told = |e: std::io::Error| format!("{}: {e}", from.display());
    let mut all = Vec::new();
    for entry in std::fs::read_dir(from).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|e| e == "txt") {
            all.push(path);
        }
    }
    all.sort_by_key(|p| key(&name_of(p)));
    Ok(all)
}

/// A2 before A10.
fn key(name: &str) -> (String, u32, String) {
    let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    (name[..digits].into(), name[digits..].parse().unwrap_or(0), name.into())
}

/// The short name of a published instance (`InstanzCPLEX_HCSRP_50_3` is C3), or the file's own.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let family = |size: &str| {
        Some(match size {
            "10" => 'A',
            "25" => 'B',
            "50" => 'C',
            "75" => 'D',
            "100" => 'E',
            "200" => 'F',
            "300" => 'G',
            _ => return None,
        })
    };
    let short = stem.rsplit_once("_HCSRP_").and_then(|(_, rest)| rest.split_once('_'));
    short.and_then(|(size, number)| Some(format!("{}{number}", family(size)?))).unwrap_or(stem)
}

/// Values by instance from a CSV whose second column is the instance and fourth the value.
fn best_known(file: &Path) -> Result<HashMap<String, f64>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| {
            let columns = columns(line);
            Some((columns.get(1)?.clone(), columns.get(3)?.parse().ok()?))
        })
        .collect())
}

fn columns(line: &str) -> Vec<String> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c => {
                if let Some(last) = all.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    all
}
