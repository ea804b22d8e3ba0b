//! `cargo xtask bench rivals`: the classic problem with time windows solved by us and by others in one run, one thread,
//! CPU seconds.
use crate::host::{cargo, runs, target};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rivals' releases whose figures stand beside ours.
const PYTHON_RIVALS: [(&str, &str); 3] =
    [("pyvrp", "pyvrp==0.14.1"), ("ortools", "ortools==9.15.6755"), ("vroom", "pyvroom==1.15.2")];
const VRP_CLI: &str = "1.25.0";

struct Ask {
    instances: PathBuf,
    best_known: Option<PathBuf>,
    seconds: String,
    seeds: u64,
}

impl Ask {
    fn read(root: &Path, rest: &[String]) -> Result<Ask, String> {
        let mut ask = Ask {
            instances: root.join("engines/dispatch/tests/data"),
            best_known: None,
            seconds: "10".into(),
            seeds: 1,
        };
        let mut words = rest.iter();
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--instances" => ask.instances = value.into(),
                "--best-known" => ask.best_known = Some(value.into()),
                "--seconds" => ask.seconds = value.clone(),
                "--seeds" => ask.seeds = value.parse().map_err(|_| format!("--seeds {value}: not a number"))?,
                other => return Err(format!("{other}: not --instances, --best-known, --seconds or --seeds")),
            }
        }
        Ok(ask)
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
        let mut planner = Command::new(target(root).join("release/examples/routebench"));
        planner.arg("vrptw").arg("--instances").arg(&ask.instances);
        planner.args(["--seconds", &ask.seconds, "--seed", &seed]);
        if let Some(file) = &ask.best_known {
            planner.arg("--best-known").arg(file);
        }
        fine &= runs(&mut planner);
        for (rival, _) in PYTHON_RIVALS {
            if python.contains(&rival) {
                fine &= runs(&mut rival_run(root, &home, &ask, rival, &seed, None));
            }
        }
        if let Some(program) = &vrp_cli {
            fine &= runs(&mut rival_run(root, &home, &ask, "vrp-cli", &seed, Some(program)));
        }
    }
    fine
}

/// The wrapper that reads the instances, runs one rival and judges its plan.
fn rival_run(root: &Path, home: &Path, ask: &Ask, rival: &str, seed: &str, program: Option<&Path>) -> Command {
    let own = home.join("env/bin/python");
    let mut line = Command::new(if own.exists() { own } else { "python3".into() });
    line.arg(root.join("xtask/rivals/vrptw_bench.py")).arg(rival).arg("--instances").arg(&ask.instances);
    line.args(["--seconds", &ask.seconds, "--seed", seed]);
    if let Some(file) = &ask.best_known {
        line.arg("--best-known").arg(file);
    }
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
