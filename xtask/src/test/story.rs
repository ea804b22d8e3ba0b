//! The real-browser stories: fetches what they need, runs them, hands their last line on.
use super::needs;
use crate::host::{runs, target};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What became of the stories.
pub struct Told {
    pub passed: bool,
    /// The closing line `N passed, N failed`.
    pub summary: Option<String>,
}

/// Runs `e2e/run.mjs` against the debug build.
pub fn run(root: &Path) -> Told {
    let folder = root.join("e2e");
    match prepare(&folder) {
        Ok(chromium) => tell(root, &folder, &chromium),
        Err(message) => {
            println!("e2e cannot run: {message}");
            Told { passed: false, summary: None }
        }
    }
}

fn prepare(folder: &Path) -> Result<PathBuf, String> {
    needs::node()?;
    let chromium = needs::chromium()?;
    if !is_installed(folder) {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--prefer-offline"]).current_dir(folder);
        if !runs(&mut npm) {
            return Err("npm ci failed; it fetches two packages and needs the network once".into());
        }
    }
    Ok(chromium)
}

/// npm leaves a copy of the lock file beside what it installed; it is older than ours when ours changed.
fn is_installed(folder: &Path) -> bool {
    let changed = |name: &str| std::fs::metadata(folder.join(name)).and_then(|m| m.modified()).ok();
    let installed = changed("node_modules/.package-lock.json");
    installed.zip(changed("package-lock.json")).is_some_and(|(installed, ours)| installed >= ours)
}

fn tell(root: &Path, folder: &Path, chromium: &Path) -> Told {
    let mut command = Command::new("node");
    command.arg("run.mjs").current_dir(folder).stdout(Stdio::piped());
    command.env("YINIAN_BIN", target(root).join("debug/yinian")).env("YINIAN_CHROMIUM", chromium);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) => {
            println!("cannot run node: {e}");
            return Told { passed: false, summary: None };
        }
    };
    let mut summary = None;
    let lines = child.stdout.take().map(|out| BufReader::new(out).lines().map_while(Result::ok));
    for line in lines.into_iter().flatten() {
        println!("{line}");
        if is_summary(&line) {
            summary = Some(line);
        }
    }
    let passed = child.wait().is_ok_and(|s| s.success()) && summary.is_some();
    Told { passed, summary }
}

/// `12 passed, 0 failed`
fn is_summary(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    matches!(words.as_slice(), [p, "passed,", f, "failed"] if p.parse::<u32>().is_ok() && f.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_is_told_from_others() {
        assert!(is_summary("12 passed, 0 failed"));
        for other in ["00_health passed", "all passed, none failed", "1 passed, 0 failed, 2 skipped", ""] {
            assert!(!is_summary(other), "{other}");
        }
    }
}
