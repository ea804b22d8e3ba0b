//! `cargo xtask bench NAME`: the release build's own benchmark.
use crate::host::{cargo, commit, runs, target};
use std::path::Path;
use std::process::Command;

/// The release whose figures stand beside ours.
const OPENFISCA: &str = "openfisca-core==46.0.1";

/// Builds for release and runs `yinian bench NAME`; the program prints one JSON line per figure. Beside `policy` the
/// same rules run in OpenFisca-core on the same people; `rivals` runs the planner beside other planners.
pub fn run(root: &Path, name: &str, rest: &[String]) -> bool {
    if name == "rivals" {
        return crate::rivals::run(root, rest);
    }
    if !runs(cargo(root).args(["build", "--release", "--package", "yinian"])) {
        return false;
    }
    let program = target(root).join("release/yinian");
    // A server of its own for the bench, gone when it ends; a server elsewhere is named by `--database URL`.
    let own = match rest.iter().any(|a| a == "--postgres") {
        true => match crate::test::start_durable_postgres() {
            Ok(server) => Some(server),
            Err(e) => {
                eprintln!("{e}");
                return false;
            }
        },
        false => None,
    };
    let mut bench = Command::new(program);
    if let Some(server) = &own {
        bench.env("YINIAN_DATABASE", server.url());
    }
    bench
        .arg("bench")
        .arg(name)
        .args(rest.iter().filter(|a| *a != "--postgres"))
        .current_dir(root)
        .env("YINIAN_COMMIT", commit(root));
    if name != "policy" {
        return runs(&mut bench);
    }
    let home = target(root).join("rivals/openfisca");
    if let Err(e) = std::fs::create_dir_all(&home) {
        eprintln!("{}: {e}", home.display());
        return false;
    }
    let people = home.join("people.csv");
    runs(bench.arg("--people-out").arg(&people)) && openfisca(root, &home, &people)
}

/// Sets up the rival's own Python environment once and runs it.
fn openfisca(root: &Path, home: &Path, people: &Path) -> bool {
    let python = home.join("env/bin/python");
    if !python.exists() {
        let made = runs(Command::new("python3").args(["-m", "venv"]).arg(home.join("env")))
            && runs(Command::new(&python).args(["-m", "pip", "install", "--quiet", OPENFISCA]));
        if !made {
            eprintln!("OpenFisca is not measured: it needs python3 with venv, and a package index to install from");
            return false;
        }
    }
    runs(Command::new(&python).arg(root.join("xtask/rivals/openfisca_bench.py")).arg(people))
}
