//! `cargo xtask bench rivals`: the classic problem with time windows, or a city's day, solved by us and by others in one
//! run, one thread, CPU seconds.
use crate::host::{cargo, runs, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rivals' releases whose figures stand beside ours.
const PYTHON_RIVALS: [(&str, &str); 3] =
    [("pyvrp", "pyvrp==0.14.1"), ("ortools", "ortools==9.15.6755"), ("vroom", "pyvroom==1.15.2")];
const VRP_CLI: &str = "1.25.0";

/// What is solved beside the rivals.
enum Family {
    /// P8: instance files.
    Vrptw { instances: PathBuf, best_known: Option<PathBuf> },
    /// P10: the generator's day of so many visits and workers.
    Day { visits: String, workers: String },
}

struct Ask {
    family: Family,
    seconds: String,
    seeds: u64,
}

impl Ask {
    fn read(root: &Path, rest: &[String]) -> Result<Ask, String> {
        let mut seconds = "10".to_string();
        let mut seeds = 1;
        let mut instances = root.join("engines/dispatch/tests/data");
        let mut best_known = None;
        let mut day = None;
        let mut words = rest.iter();
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--instances" => instances = value.into(),
                "--best-known" => best_known = Some(value.into()),
                "--seconds" => seconds = value.clone(),
                "--seeds" => seeds = value.parse().map_err(|_| format!("--seeds {value}: not a number"))?,
                "--day" => {
                    let both =
                        value.split_once('/').filter(|(v, w)| v.parse::<u32>().is_ok() && w.parse::<u32>().is_ok());
                    let (visits, workers) = both.ok_or_else(|| format!("--day {value}: not VISITS/WORKERS"))?;
                    day = Some(Family::Day { visits: visits.into(), workers: workers.into() });
                }
                other => return Err(format!("{other}: not --instances, --best-known, --day, --seconds or --seeds")),
            }
        }
        let family = day.unwrap_or(Family::Vrptw { instances, best_known });
        Ok(Ask { family, seconds, seeds })
    }
}

/// Prints one JSON line per solver, instance and seed. A rival that cannot be set up is named on the error stream, and
/// the others are measured.
pub fn run(root: &Path, rest: &[String]) -> bool {
    let ask = match Ask::read(root, rest) {
        Ok(ask) => ask,
        Err(e) => {
            eprintln!("bench rivals: {e}");
            return false;
        }
    };
    let ours = ["build", "--release", "--package", "routebench", "--example", "routebench"];
    if !runs(cargo(root).args(ours)) {
        return false;
    }
    let home = target(root).join("rivals/routing");
    let python = python_rivals(&home);
    let vrp_cli = vrp_cli(root, &target(root).join("rivals/vrp"));
    let mut fine = true;
    for seed in 1..=ask.seeds {
        let seed = seed.to_string();
        fine &= runs(&mut our_run(root, &home, &ask, &seed));
        for (rival, _) in PYTHON_RIVALS {
            // The wrapper of days knows VROOM and vrp-cli.
            let asked = rival == "vroom" || matches!(ask.family, Family::Vrptw { .. });
            if asked && python.contains(&rival) {
                fine &= runs(&mut rival_run(root, &home, &ask, rival, &seed, None));
            }
        }
        if let Some(program) = &vrp_cli {
            fine &= runs(&mut rival_run(root, &home, &ask, "vrp-cli", &seed, Some(program)));
        }
    }
    fine
}

/// Our planner on the same; a day it writes down for the rivals.
fn our_run(root: &Path, home: &Path, ask: &Ask, seed: &str) -> Command {
    let mut line = Command::new(target(root).join("release/examples/routebench"));
    match &ask.family {
        Family::Vrptw { instances, best_known } => {
            line.arg("vrptw").arg("--instances").arg(instances);
            if let Some(file) = best_known {
                line.arg("--best-known").arg(file);
            }
        }
        Family::Day { visits, workers } => {
            line.args(["day", "--visits", visits, "--workers", workers]).arg("--out").arg(home);
        }
    }
    line.args(["--seconds", &ask.seconds, "--seed", seed]);
    line
}

/// The wrapper that reads the instances, runs one rival and judges its plan.
fn rival_run(root: &Path, home: &Path, ask: &Ask, rival: &str, seed: &str, program: Option<&Path>) -> Command {
    let own = home.join("env/bin/python");
    let mut line = Command::new(if own.exists() { own } else { "python3".into() });
    match &ask.family {
        Family::Vrptw { instances, best_known } => {
            line.arg(root.join("xtask/rivals/vrptw_bench.py")).arg(rival).arg("--instances").arg(instances);
            line.args(["--seed", seed]);
            if let Some(file) = best_known {
                line.arg("--best-known").arg(file);
            }
        }
        Family::Day { visits, workers } => {
            let day = home.join(format!("day-{visits}-{workers}-{seed}.json"));
            line.arg(root.join("xtask/rivals/day_bench.py")).arg(rival).arg("--day").arg(day);
        }
    }
    line.args(["--seconds", &ask.seconds]);
    if let Some(program) = program {
        line.arg("--program").arg(program);
    }
    line
}

/// Sets up the Python environment once; the rivals that can be used.
fn python_rivals(home: &Path) -> Vec<&'static str> {
    let python = home.join("env/bin/python");
    if !python.exists() && !runs(Command::new("python3").args(["-m", "venv"]).arg(home.join("env"))) {
        eprintln!("PyVRP, OR-Tools and VROOM are not measured: they need python3 with venv");
        return Vec::new();
    }
    let mut have = Vec::new();
    for (module, release) in PYTHON_RIVALS {
        let is_there = || Command::new(&python).args(["-c", &format!("import {module}")]).output();
        let there = is_there().is_ok_and(|o| o.status.success());
        if there || runs(Command::new(&python).args(["-m", "pip", "install", "--quiet", release])) {
            have.push(module);
        } else {
            eprintln!("{release} is not measured: it could not be installed");
        }
    }
    have
}

/// Builds the rival's program once, outside our workspace.
fn vrp_cli(root: &Path, home: &Path) -> Option<PathBuf> {
    let program = home.join("bin/vrp-cli");
    let install = ["install", "vrp-cli", "--locked", "--quiet", "--version", VRP_CLI, "--root"];
    if program.exists() || runs(cargo(root).args(install).arg(home)) {
        return Some(program);
    }
    eprintln!("vrp-cli {VRP_CLI} is not measured: it could not be built");
    None
}
