//! `yinian safety`.
use crate::commands::{ready_db, report};
use crate::config::Config;
use crate::wire;
use clap::Subcommand;
use kernel::{ElderId, Error, GeoPoint, Result};
use safety::model::{AlarmKind, Fix, NewAlarm, Origin};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Safety {
    /// Raise an alarm for an elder, as a device would: to try the desk and the ladder.
    ///
    /// Example: yinian safety raise --elder 林秀珍 --kind fall
    Raise(Raise),
}

#[derive(clap::Args)]
pub struct Raise {
    /// The elder's id, or a name that only one elder has.
    #[arg(long)]
    elder: String,
    /// What happened: `sos fall smoke gas no_motion left_bed …`
    #[arg(long, default_value = "sos")]
    kind: String,
    #[arg(long, default_value = "命令行发起的演练")]
    reason: String,
    /// Latitude, longitude and accuracy in metres, e.g. `23.30,115.65,25`.
    #[arg(long, value_name = "LAT,LNG,M")]
    at: Option<String>,
    /// Names this occurrence; the same key again raises nothing new.
    #[arg(long)]
    key: Option<String>,
    #[arg(long)]
    json: bool,
}

pub async fn run(config: Config, what: Safety) -> Result<ExitCode> {
    let Safety::Raise(a) = what;
    let db = ready_db(&config, true).await?;
    let kind = AlarmKind::parse(&a.kind).ok_or_else(|| {
        let known: Vec<&str> = AlarmKind::ALL.iter().map(|k| k.code()).collect();
        Error::Internal(format!("--kind {}: one of {}", a.kind, known.join(" ")))
    })?;
    let elder = match a.elder.parse::<ElderId>() {
        Ok(id) => id,
        Err(_) => {
            let found = people::service::find(&db, &wire::whole(&config), &a.elder, 5).await?;
            match found.as_slice() {
                [one] => one.id,
                [] => return Err(Error::Internal(format!("--elder {}: nobody has this name", a.elder))),
                many => {
                    return Err(Error::Internal(format!(
                        "--elder {}: {} have this name; give the id",
                        a.elder,
                        many.len()
                    )));
                }
            }
        }
    };
    let now = db.now();
    let fix = match &a.at {
        None => None,
        Some(text) => {
            let parts: Vec<f64> = text.split(',').filter_map(|p| p.trim().parse().ok()).collect();
            match parts.as_slice() {
                [lat, lng, m] => {
                    GeoPoint::from_degrees(*lat, *lng).map(|point| Fix { point, accuracy_m: *m as i64, at: now })
                }
                _ => return Err(Error::Internal("--at is LAT,LNG,METRES".into())),
            }
        }
    };
    let key = a.key.unwrap_or_else(|| format!("cli:{}", db.new_id::<kernel::JobId>()));
    let tx = db.begin().await?;
    let alarm = NewAlarm {
        key,
        elder,
        kind,
        risk: kind.urgency().into(),
        origin: Origin::Desk,
        at: now,
        reason: a.reason,
        evidence: serde_json::Value::Null,
        unverified: false,
        device: None,
        fix,
    };
    let raised = safety::service::raise(&tx, &db, alarm).await?;
    tx.commit().await?;
    let value = serde_json::json!({ "case": raised.case.to_string(), "no": raised.no, "opened": raised.opened, "known": raised.known });
    report(a.json, &value, format!("{} {}", raised.no, if raised.opened { "已立案" } else { "并入没关的一件" }));
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}
