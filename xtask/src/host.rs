//! The machine below: other programs, what is installed, what can be installed.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Cargo as it was called, in the workspace. What the cargo that runs us says of us is taken away: build scripts look at
/// it, and `cargo build` by hand and through us would by turns compile half of the libraries again.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(root);
    command
}

/// Runs to the end, output shown; `true` when it ended well.
pub fn runs(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(e) => {
            eprintln!("cannot run {}: {e}", command.get_program().display());
            false
        }
    }
}

/// Runs silently; `true` when it ended well.
pub fn answers(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// What a command prints, trimmed.
pub fn output(command: &mut Command) -> Option<String> {
    let out = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// The commit at hand, for figures that are compared later; `unknown` outside a repository.
pub fn commit(root: &Path) -> String {
    output(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(root))
        .unwrap_or_else(|| "unknown".into())
}

/// Where cargo puts what it builds.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// The first of these programs on the path.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|f| f.join(name)).find(|p| p.is_file()))
}

/// Root on Debian or a child of it: the one case in which packages are installed without asking.
pub fn may_install() -> bool {
    find_program(&["apt-get"]).is_some()
        && Path::new("/etc/debian_version").exists()
        && output(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// Installs Debian packages; the list of packages is fetched once before.
pub fn apt_install(packages: &[&str]) -> bool {
    println!("installing {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    runs(&mut apt(&["update", "-qq"])) && runs(apt(&["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}
