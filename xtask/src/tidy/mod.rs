//! `cargo xtask tidy`: the rules of the house that a compiler does not check. Each fails with the place and the way out.
mod crates;
mod pages;
mod source;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// A text file of the repository.
pub struct File {
    /// From the workspace's folder, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, message: message.into() }
    }
    pub fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, e)| e == extension)
    }
    /// Test code: integration tests, modules of tests in their own file, and test databases.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || matches!(name, "tests.rs" | "testing.rs")
    }
}

/// Checks the workspace at `root` and prints what is wrong; `true` when nothing is.
pub fn run(root: &Path) -> bool {
    let findings = match check(root) {
        Ok(findings) => findings,
        Err(message) => {
            eprintln!("tidy: {message}");
            return false;
        }
    };
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: the house is in order"),
        n => println!("tidy: {n} to put right"),
    }
    findings.is_empty()
}

/// All findings, in the order of the files.
pub fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let files = read_files(root)?;
    let debts = long_files(root)?;
    let mut findings = crates::check(&files);
    for file in &files {
        findings.extend(source::check(file));
        findings.extend(pages::check(file));
    }
    findings.extend(source::check_length(&files, &debts));
    findings.sort();
    Ok(findings)
}

fn long_files(root: &Path) -> Result<BTreeMap<String, usize>, String> {
    let path = root.join("xtask/tidy.toml");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let table: toml::Table = text.parse().map_err(|e| format!("{}: {e}", path.display()))?;
    let entries = table.get("long_files").and_then(toml::Value::as_table);
    let read = |(file, lines): (&String, &toml::Value)| {
        let lines = lines.as_integer().and_then(|n| usize::try_from(n).ok());
        lines.map(|n| (file.clone(), n)).ok_or_else(|| format!("{}: {file} needs a number of lines", path.display()))
    };
    entries.into_iter().flatten().map(read).collect()
}

/// Every text file that is ours: not built, not installed, not vendored, not captured.
fn read_files(root: &Path) -> Result<Vec<File>, String> {
    const SKIPPED: [&str; 8] =
        ["target", ".git", "node_modules", "vendor", "screens", "out", "yinian-data", "snapshots"];
    const KINDS: [&str; 11] = ["rs", "toml", "md", "html", "css", "js", "mjs", "json", "svg", "txt", "yml"];
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|e| e.to_string())?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if KINDS.iter().any(|k| name.ends_with(&format!(".{k}"))) || folder.ends_with(".ci") {
                // A file that goes away or is no UTF-8 text is none of ours.
                if let Ok(text) = std::fs::read_to_string(&path) {
                    found.push(File { path: relative(root, &path), text });
                }
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(root).unwrap_or(path).to_path_buf();
    inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A file that exists in a test alone.
#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}
