//! What the tests need beside Rust: found, installed as root on Debian, or named plainly.
use crate::host::{answers, apt_install, find_program, may_install, output};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Oldest PostgreSQL the product promises to run on.
const OLDEST_POSTGRES: u32 = 15;
/// Oldest Node the stories are written for.
const OLDEST_NODE: u32 = 18;

/// The folder of PostgreSQL's programs, or what to install.
pub fn postgres() -> Result<PathBuf, String> {
    or_install(find_postgres, &["postgresql"], "PostgreSQL 15 or later is not installed: apt-get install postgresql")
}

/// Chromium's program, or what to install. Fonts for Chinese come with it, or pictures would show boxes.
pub fn chromium() -> Result<PathBuf, String> {
    let found =
        or_install(find_chromium, &["chromium"], "Chromium is not installed: apt-get install chromium fonts-noto-cjk")?;
    or_install(
        || has_chinese_font().then(PathBuf::new),
        &["fonts-noto-cjk"],
        "no Chinese font is installed: apt-get install fonts-noto-cjk",
    )?;
    Ok(found)
}

/// Node and npm, or what to install.
pub fn node() -> Result<(), String> {
    let found = || {
        let version = output(Command::new("node").arg("--version"))?;
        let major: u32 = version.trim_start_matches('v').split('.').next()?.parse().ok()?;
        (major >= OLDEST_NODE && answers(Command::new("npm").arg("--version"))).then(PathBuf::new)
    };
    or_install(found, &["nodejs", "npm"], "Node 18 or later with npm is not installed: apt-get install nodejs npm")?;
    Ok(())
}

/// Clients and brokers of MQTT the device tests speak with, or what to install. Without them those tests skip, aloud.
pub fn brokers() -> Result<(), String> {
    let packages = ["mosquitto-clients", "mosquitto", "nats-server", "python3-paho-mqtt"];
    let found = || {
        let programs = ["mosquitto_pub", "mosquitto", "nats-server"];
        let there = |name: &str| {
            find_program(&[name]).or_else(|| Some(Path::new("/usr/sbin").join(name)).filter(|p| p.is_file()))
        };
        let paho = || answers(Command::new("/usr/bin/python3").args(["-c", "import paho.mqtt.client"]));
        (programs.into_iter().all(|p| there(p).is_some()) && paho()).then(PathBuf::new)
    };
    let missing = format!("MQTT clients and brokers are not installed: apt-get install {}", packages.join(" "));
    or_install(found, &packages, &missing)?;
    Ok(())
}

fn or_install(find: impl Fn() -> Option<PathBuf>, packages: &[&str], missing: &str) -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if may_install() && apt_install(packages) {
        return find().ok_or_else(|| missing.to_string());
    }
    Err(missing.to_string())
}

pub(super) fn find_postgres() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|e| e.path().join("bin"));
    // A link on the path leads to the folder the other programs are in.
    let linked = find_program(&["postgres"]).and_then(|p| p.canonicalize().ok());
    let on_path = linked.and_then(|p| p.parent().map(Path::to_path_buf));
    let version = |folder: &Path| -> Option<u32> {
        let line = output(Command::new(folder.join("postgres")).arg("--version"))?;
        line.split_whitespace().find_map(|w| w.split('.').next()?.parse().ok())
    };
    let candidates = debian.chain(on_path).filter(|f| f.join("initdb").is_file());
    let known = candidates.filter_map(|f| version(&f).filter(|v| *v >= OLDEST_POSTGRES).map(|v| (v, f)));
    known.max_by_key(|(v, _)| *v).map(|(_, folder)| folder)
}

fn find_chromium() -> Option<PathBuf> {
    let named = std::env::var_os("YINIAN_CHROMIUM").map(PathBuf::from).filter(|p| p.is_file());
    named.or_else(|| find_program(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]))
}

fn has_chinese_font() -> bool {
    let listed = output(Command::new("fc-list").arg(":lang=zh-cn"));
    listed.is_some_and(|l| !l.is_empty())
        || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()
}
