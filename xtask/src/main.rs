//! What a developer types: `cargo xtask test`, `cargo xtask tidy`, `cargo xtask bench NAME`, `cargo xtask chaos safety`.
//!
//! **Invariant**: needs nothing but Rust, `toml` and the standard library to build, so that the first command on a bare
//! machine starts at once and can fetch the rest itself.
#![forbid(unsafe_code)]
// This program is an edge: it reads the environment, waits for other programs and decides the exit code.
#![allow(clippy::disallowed_methods)]

mod bench;
mod chaos;
mod host;
mod rivals;
mod rust_text;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  test [--no-e2e] [--no-pg] [--only STEP]...
        Everything that must be green: tidy, fmt, clippy, unit, build, e2e.
        Starts a private PostgreSQL for the tests and stops it again. As root on
        Debian it installs what is missing (PostgreSQL, Chromium, fonts, Node);
        elsewhere it says what to install and prints what it skips.
  tidy  The house rules alone: crate order, SQL only in store, file length, ...
  bench NAME [ARGUMENTS]...
        Builds for release and runs `yinian bench NAME`, one JSON line per figure.
  chaos safety [--kills N] [--db sqlite|postgres|both]
        Kills the real program N times (200) under load over the databases, takes the database away, fills the disk,
        then holds what was acknowledged against what is stored. One JSON line a database.
  bench rivals [--instances DIR] [--best-known FILE] [--seconds S] [--seeds N]
        Sets up PyVRP, OR-Tools, VROOM and vrp-cli and runs them beside the planner, one JSON line per plan.
  bench rivals --day VISITS/WORKERS [--seconds S] [--seeds N]
        The same with a made-up city's day, VROOM and vrp-cli.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    let done = match arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("tidy", [])) => tidy::run(&root),
        Some(("test", rest)) => match test::Options::parse(rest) {
            Ok(options) => test::run(&root, &options),
            Err(message) => {
                eprintln!("{message}\n\n{HELP}");
                return ExitCode::from(2);
            }
        },
        Some(("bench", [name, rest @ ..])) => bench::run(&root, name, rest),
        Some(("chaos", rest)) => chaos::run(&root, rest),
        Some(("help" | "--help" | "-h", _)) => {
            print!("{HELP}");
            true
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder of the workspace: one above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
