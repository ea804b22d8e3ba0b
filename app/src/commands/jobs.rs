//! `yinian determine` and `yinian settle`: the same jobs the schedule runs, here at once.
use crate::commands::{ready_db, report};
use crate::config::Config;
use crate::wire;
use kernel::{CivilDate, JobId, Quarter, Result};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Determine {
    /// The day to determine for. Default: today.
    #[arg(long, value_name = "DATE")]
    on: Option<CivilDate>,
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Settle {
    /// The quarter, e.g. 2026Q3.
    #[arg(long, value_name = "QUARTER")]
    period: Quarter,
    #[arg(long)]
    json: bool,
}

async fn now(
    config: &Config,
    kind: &'static str,
    title: &str,
    key: String,
    payload: serde_json::Value,
) -> Result<serde_json::Value> {
    let db = ready_db(config, true).await?;
    let shelf = Arc::new(entitlement::Shelf::shipped()?);
    let runner = wire::runner(&db, config, &shelf);
    let actor = wire::platform(config, kind);
    // The same work that somebody runs is waited for; when they are gone it is taken over, not begun beside it.
    let id: JobId = match work::running(&db, kind, &payload, config.region).await? {
        Some(id) => id,
        None => {
            let tx = db.begin().await?;
            let id = work::enqueue(&tx, &db, &actor, kind, &key, title, &payload, config.region).await?;
            tx.commit().await?;
            id
        }
    };
    let result = runner.run_job(id).await?;
    db.close().await?;
    Ok(result)
}

pub async fn determine(config: &Config, args: Determine) -> Result<ExitCode> {
    let today = kernel::Clock::System.now();
    let on = args.on.unwrap_or_else(|| today.date());
    // Asking by hand is a new run each time: the key carries the moment.
    let key = format!("determine:{on}:{}", today.0);
    let result = now(config, "determine", "认定待遇", key, serde_json::json!({ "day": on })).await?;
    report(args.json, &result, format!("{on} 认定做完：{result}"));
    Ok(ExitCode::SUCCESS)
}

pub async fn settle(config: &Config, args: Settle) -> Result<ExitCode> {
    let key = format!("settle:{}:{}", args.period, kernel::Clock::System.now().0);
    let payload = serde_json::json!({ "quarter": args.period });
    let result = now(config, "settle", "季度结算", key, payload).await?;
    report(args.json, &result, format!("{} 结算做完：{result}", args.period.zh()));
    Ok(ExitCode::SUCCESS)
}
