//! `yinian backup` and `yinian restore`.
use crate::commands::report;
use crate::config::Config;
use crate::{devices, shown, wire};
use kernel::{Clock, Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Backup {
    /// Folder that gets a new sub-folder with the copy.
    into: PathBuf,
    /// Leave the key file out and keep it elsewhere. Without it the sealed fields cannot be read after a restore.
    #[arg(long)]
    without_keys: bool,
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Restore {
    /// Folder made by `backup`.
    from: PathBuf,
    #[arg(long)]
    json: bool,
}

/// What a backup holds; the last file written, so that a half-made backup is known by its absence.
#[derive(Serialize, Deserialize)]
struct Manifest {
    made_at: String,
    version: String,
    files: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    path: String,
    bytes: u64,
    sha256: String,
}

const MANIFEST: &str = "manifest.json";

fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |e| Error::Internal(format!("{}: {e}", path.display()))
}

fn digest(path: &Path) -> Result<(u64, String)> {
    let mut file = std::fs::File::open(path).map_err(io(path))?;
    let (mut hash, mut buffer, mut n) = (Sha256::new(), vec![0u8; 1 << 16], 0u64);
    loop {
        let got = file.read(&mut buffer).map_err(io(path))?;
        if got == 0 {
            return Ok((n, hex::encode(hash.finalize())));
        }
        n += got as u64;
        hash.update(&buffer[..got]);
    }
}

/// Files below `root`, relative.
fn files(root: &Path, at: &Path, out: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(at).map_err(io(at))? {
        let path = entry.map_err(io(at))?.path();
        if path.is_dir() {
            files(root, &path, out)?;
        } else if let Ok(rel) = path.strip_prefix(root) {
            out.push(rel.to_path_buf());
        }
    }
    out.sort();
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(io(parent))?;
    }
    std::fs::copy(from, to).map_err(io(from)).map(|_| ())
}

pub async fn backup(config: &Config, args: Backup) -> Result<ExitCode> {
    if config.database.is_some() {
        return Err(Error::Internal("this installation is on PostgreSQL: back the database up with pg_dump".into()));
    }
    let now = Clock::System.now();
    let name = format!("yinian-{}-{}", now.date().compact(), now.stamp_seconds()[11..].replace(':', ""));
    let target = args.into.join(name);
    std::fs::create_dir_all(&target).map_err(io(&target))?;
    let db = wire::open(config, Clock::System, true).await?;
    // The readings first: whoever they belong to is then known in the later copy of the main database. The other way round
    // a number given out in between would be somebody else's after a restore.
    if config.data.join(devices::FILE).exists() {
        let telemetry = devices::attach(config, &db, true).await?;
        telemetry.snapshot_into(&target.join(devices::FILE)).await?;
        telemetry.close().await?;
    }
    db.snapshot_into(&target.join("yinian.sqlite")).await?;
    db.close().await?;
    if !args.without_keys {
        copy(&config.key_file(), &target.join("keys"))?;
    }
    let photos = config.data.join("photos");
    if photos.is_dir() {
        let mut list = Vec::new();
        files(&config.data, &photos, &mut list)?;
        for f in list {
            copy(&config.data.join(&f), &target.join(&f))?;
        }
    }
    let mut list = Vec::new();
    files(&target, &target, &mut list)?;
    let entries = list
        .iter()
        .map(|f| {
            let (bytes, sha256) = digest(&target.join(f))?;
            Ok(Entry { path: f.display().to_string(), bytes, sha256 })
        })
        .collect::<Result<Vec<_>>>()?;
    let manifest = Manifest { made_at: now.stamp_seconds(), version: env!("CARGO_PKG_VERSION").into(), files: entries };
    let text = serde_json::to_string_pretty(&manifest).map_err(Error::internal)?;
    let path = target.join(MANIFEST);
    std::fs::write(&path, text).map_err(io(&path))?;
    let total: u64 = manifest.files.iter().map(|f| f.bytes).sum();
    let value = serde_json::json!({ "folder": shown(&target), "files": manifest.files.len(), "bytes": total });
    report(
        args.json,
        &value,
        format!("已备份到 {}，{} 个文件，{} MB", shown(&target), manifest.files.len(), total >> 20),
    );
    Ok(ExitCode::SUCCESS)
}

pub async fn restore(config: &Config, args: Restore) -> Result<ExitCode> {
    let path = args.from.join(MANIFEST);
    let text = std::fs::read_to_string(&path)
        .map_err(|e| Error::Internal(format!("{}: {e}; not a finished backup", path.display())))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(Error::internal)?;
    for f in &manifest.files {
        let relative = Path::new(&f.path);
        if relative.is_absolute() || relative.components().any(|c| !matches!(c, std::path::Component::Normal(_))) {
            return Err(Error::Internal(format!("{} is not a path inside the backup", f.path)));
        }
        if digest(&args.from.join(relative))? != (f.bytes, f.sha256.clone()) {
            return Err(Error::Internal(format!("{} was altered after the backup was made", f.path)));
        }
    }
    let empty = !config.data.exists() || std::fs::read_dir(&config.data).map_err(io(&config.data))?.next().is_none();
    if !empty {
        return Err(Error::Internal(format!(
            "{} is not empty; restore only into a new folder (--data)",
            shown(&config.data)
        )));
    }
    for f in &manifest.files {
        copy(&args.from.join(&f.path), &config.data.join(&f.path))?;
    }
    let checks = crate::commands::doctor::check(config).await;
    let good = checks.iter().all(|c| c.ok);
    let value = serde_json::json!({ "from": manifest.made_at, "files": manifest.files.len(), "doctor": checks });
    report(
        args.json,
        &value,
        format!(
            "已恢复 {} 的备份到 {}\n{}",
            manifest.made_at,
            shown(&config.data),
            crate::commands::doctor::lines(&checks)
        ),
    );
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
