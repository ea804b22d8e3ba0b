//! What each subcommand does.
pub mod backup;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod jobs;
pub mod policy;
pub mod protocols;
pub mod safety;
pub mod serve;
pub mod vigil;

use crate::config::Config;
use crate::wire;
use kernel::{Clock, Error, Result, Role};
use std::process::ExitCode;
use store::Db;
use tracing_subscriber::EnvFilter;
use web::Need;

pub fn init_log(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let out = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Where the log cannot be written (its disk is full too) a complaint about that would panic.
        .log_internal_errors(false);
    // A second call (tests) changes nothing.
    let _ = if config.log_json { out.json().try_init() } else { out.compact().try_init() };
}

/// Opens the configured database and brings it to this version.
pub async fn ready_db(config: &Config, durable: bool) -> Result<Db> {
    let db = wire::open(config, Clock::System, durable).await?;
    let done = store::migrate(&db, &wire::migrations()).await?;
    if !done.is_empty() {
        tracing::info!(migrations = done.len(), "database brought to this version");
    }
    people::service::seed_regions(&db, people::service::shipped_regions()).await?;
    Ok(db)
}

pub async fn migrate(config: &Config, json: bool) -> Result<ExitCode> {
    let db = wire::open(config, Clock::System, true).await?;
    let done = store::migrate(&db, &wire::migrations()).await?;
    if json {
        println!("{}", serde_json::json!({ "engine": db.engine().name(), "applied": done }));
    } else if done.is_empty() {
        println!("数据库已经是最新（{}）", db.engine().name());
    } else {
        println!("数据库已更新，做了 {} 步：{}", done.len(), done.join("、"));
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a result as JSON or as the given sentence.
pub fn report(json: bool, value: &serde_json::Value, sentence: String) {
    if json {
        println!("{value}");
    } else {
        println!("{sentence}");
    }
}

/// The authorisation table as tab-separated text (committed as docs/authorisation.tsv) or JSON.
pub fn authorisation_table() -> String {
    let mut rows: Vec<_> = wire::routes().table().to_vec();
    rows.sort_by(|a, b| (a.path.as_str(), a.method).cmp(&(b.path.as_str(), b.method)));
    let mut out = String::from("method\tpath\tmodule\tpermission");
    for r in Role::ALL {
        out.push('\t');
        out.push_str(r.code());
    }
    out.push('\n');
    for row in rows {
        let need = match row.need {
            Need::Public => "public",
            Need::May(p) => p.code(),
        };
        out.push_str(&format!("{}\t{}\t{}\t{need}", row.method, row.path, row.module));
        for r in Role::ALL {
            out.push('\t');
            out.push_str(if row.need.allows(Some(*r)) { "yes" } else { "-" });
        }
        out.push('\n');
    }
    out
}

pub fn routes(json: bool) -> Result<ExitCode> {
    if json {
        let rows: Vec<serde_json::Value> = wire::routes()
            .table()
            .iter()
            .map(|r| {
                let need = match r.need {
                    Need::Public => "public",
                    Need::May(p) => p.code(),
                };
                serde_json::json!({ "method": r.method, "path": r.path, "module": r.module, "permission": need })
            })
            .collect();
        println!("{}", serde_json::to_string(&rows).map_err(Error::internal)?);
    } else {
        print!("{}", authorisation_table());
    }
    Ok(ExitCode::SUCCESS)
}
