//! `cargo xtask bench NAME`: the release build's own benchmark.
use crate::host::{cargo, commit, runs, target};
use std::path::Path;
use std::process::Command;

/// Builds for release and runs `yinian bench NAME`; the program prints one JSON line per figure.
pub fn run(root: &Path, name: &str, rest: &[String]) -> bool {
    if !runs(cargo(root).args(["build", "--release", "--package", "yinian"])) {
        return false;
    }
    let program = target(root).join("release/yinian");
    runs(Command::new(program).arg("bench").arg(name).args(rest).current_dir(root).env("YINIAN_COMMIT", commit(root)))
}
