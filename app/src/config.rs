//! Configuration: one TOML file, then environment, then flags. A wrong setting is refused with its line.
use kernel::RegionCode;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file as written. Every key is optional; unknown keys are refused.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<PathBuf>,
    database: Option<String>,
    listen: Option<SocketAddr>,
    log: Option<String>,
    log_json: Option<bool>,
    site: SiteFile,
    web: WebFile,
    notify: NotifyFile,
    readings: ReadingsFile,
    gateway: gateway::Config,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SiteFile {
    name: Option<String>,
    region: Option<RegionCode>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WebFile {
    secure_cookies: Option<bool>,
    connections: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NotifyFile {
    url: Option<String>,
    token: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReadingsFile {
    keep_days: Option<i64>,
}

/// Days readings of devices are kept at all, unless the file says otherwise: three years.
const KEEP_DAYS: i64 = 3 * 366;

/// What the command line and the environment may set.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    /// Configuration file (TOML). Without it `yinian.toml` of the data folder is read if there is one.
    #[arg(long, global = true, env = "YINIAN_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder: database, keys, photos. Default `./yinian-data`.
    #[arg(long, global = true, env = "YINIAN_DATA", value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// `postgres://user:password@host/database`. Default: a SQLite file in the data folder.
    #[arg(long, global = true, env = "YINIAN_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// What is logged, e.g. `info` or `info,work=debug`.
    #[arg(long, global = true, env = "YINIAN_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// One JSON line a log event, for collectors.
    #[arg(long, global = true, env = "YINIAN_LOG_JSON")]
    pub log_json: bool,
}

/// The settings a process runs with.
#[derive(Clone, Debug)]
pub struct Config {
    pub data: PathBuf,
    /// `None`: SQLite in the data folder.
    pub database: Option<String>,
    pub listen: SocketAddr,
    pub log: String,
    pub log_json: bool,
    pub site_name: String,
    pub region: RegionCode,
    pub secure_cookies: bool,
    pub connections: u32,
    /// Where messages to telephones are handed over, and with which token; `None`: they wait in the outbox.
    pub notify: Option<(String, Option<String>)>,
    /// Days after which readings of devices are erased.
    pub keep_readings_days: i64,
    /// What devices connect to; everything is off until it has an address.
    pub gateway: gateway::Config,
}

const DEFAULT_REGION: &str = "441500000000";

impl Config {
    /// Reads file, environment and flags.
    ///
    /// # Errors
    /// An English sentence naming the file, line and key that is wrong.
    pub fn load(flags: &Flags) -> Result<Config, String> {
        let data_hint = flags.data.clone().unwrap_or_else(|| PathBuf::from("yinian-data"));
        let beside = data_hint.join("yinian.toml");
        let file = match &flags.config {
            Some(path) => read(path)?,
            None if beside.exists() => read(&beside)?,
            None => File::default(),
        };
        let region = match file.site.region {
            Some(r) => r,
            None => DEFAULT_REGION.parse().map_err(|e: &str| e.to_string())?,
        };
        let database = flags.database.clone().or(file.database);
        if let Some(url) = &database
            && !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            return Err("`database` must be a postgres:// URL; leave it out for SQLite in the data folder".into());
        }
        let keep_days = file.readings.keep_days.unwrap_or(KEEP_DAYS);
        if keep_days < safety::readings::HOURS_AFTER_DAYS {
            return Err(format!("[readings] keep_days: at least {}", safety::readings::HOURS_AFTER_DAYS));
        }
        Ok(Config {
            data: flags.data.clone().or(file.data).unwrap_or(data_hint),
            database,
            listen: file.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            log: flags.log.clone().or(file.log).unwrap_or_else(|| "info,sqlx=warn,sea_orm=warn".into()),
            log_json: flags.log_json || file.log_json.unwrap_or(false),
            site_name: file.site.name.unwrap_or_else(|| "智慧养老服务平台".into()),
            region,
            secure_cookies: file.web.secure_cookies.unwrap_or(false),
            gateway: file.gateway,
            keep_readings_days: keep_days,
            notify: file.notify.url.map(|u| (u, file.notify.token)),
            connections: file.web.connections.unwrap_or(8).clamp(1, 200),
        })
    }
    pub fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| store::Db::sqlite_url(&self.sqlite_file()))
    }
    pub fn sqlite_file(&self) -> PathBuf {
        self.data.join("yinian.sqlite")
    }
    pub fn key_file(&self) -> PathBuf {
        self.data.join("keys")
    }
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    // toml's own message carries line, column and the line itself.
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = folder.path().join("y.toml");
        std::fs::write(&path, text).map_err(|e| e.to_string())?;
        Config::load(&Flags { config: Some(path), ..Flags::default() })
    }

    #[test]
    fn the_documented_example_is_accepted() {
        let c = with(include_str!("../../docs/yinian.example.toml")).unwrap();
        assert_eq!(c.region.to_string(), "441500000000");
    }

    #[test]
    fn a_wrong_setting_is_refused_with_its_line() {
        let e = with("listen = \"127.0.0.1:8080\"\n[site]\nregoin = \"4415\"\n").unwrap_err();
        assert!(e.contains("line 3") && e.contains("regoin"), "{e}");
        let e = with("[site]\nregion = \"44152\"\n").unwrap_err();
        assert!(e.contains("line 2"), "{e}");
        let e = with("database = \"mysql://x\"\n").unwrap_err();
        assert!(e.contains("postgres://"), "{e}");
    }
}
