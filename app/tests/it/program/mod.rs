//! The real program on a data folder of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods)]
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A data folder that disappears with this value.
pub struct Folder(tempfile::TempDir);

/// What a command printed and how it ended.
pub struct Said {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

/// The program with nothing of the test's own environment that could steer it.
pub fn command(args: &[&str]) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_yinian"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("YINIAN_")) {
        c.env_remove(name);
    }
    c.args(args).stdin(Stdio::null());
    c
}

pub fn said(output: Output) -> Said {
    Said {
        ok: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }
    pub fn path(&self) -> &Path {
        self.0.path()
    }
    /// Another folder with the same files. Nobody may have it open.
    pub fn copy(&self) -> Folder {
        let to = Folder::new();
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
            }
        }
        to
    }
    pub fn command(&self, args: &[&str]) -> Command {
        let mut c = command(args);
        c.arg("--data").arg(self.path()).env("YINIAN_LOG", "error");
        c
    }
    pub fn say(&self, args: &[&str]) -> Said {
        said(self.command(args).output().unwrap())
    }
    /// Runs a command that must succeed; what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let s = self.say(args);
        assert!(s.ok, "{args:?}: {}{}", s.out, s.err);
        s.out
    }
    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
    /// Doctor finds nothing wrong, the audit chain is whole.
    pub fn sound(&self) {
        let found: serde_json::Value = serde_json::from_str(&self.run(&["doctor", "--json"])).unwrap();
        assert_eq!(found["ok"], true, "{found}");
        let chain: serde_json::Value = serde_json::from_str(&self.run(&["audit", "verify", "--json"])).unwrap();
        assert!(chain["broken"].is_null(), "{chain}");
    }
}
