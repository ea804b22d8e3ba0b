//! From the watch to the cases, beside new alarms: causes that are gone, devices that fell silent, and where
//! somebody in an emergency is now.
//!
//! The watch writes both into the readings' database, in the transaction of what it knows; from there they are passed on
//! until they have arrived. A cause that is gone is noted on the open case and never closes it. A silence is raised like
//! any alarm, unless devices of that place are expected to be silent (downtime, gateway cut off): then it waits, is
//! forgotten when the device comes back, and is raised when it does not.
use super::store as sql;
use crate::model::{AlarmKind, Fix, NewAlarm};
use crate::service;
use ::store::Db;
use kernel::{ElderId, Error, Result};

/// How many are passed on in one look.
const SOME: i64 = 500;

#[derive(serde::Deserialize)]
struct Gone {
    elder: ElderId,
    reason: String,
}

/// Passes on what is due; how much of it changed something. May be broken off anywhere: what was said twice is known.
///
/// # Errors
/// The database's; what was passed on stays so.
pub async fn pass_on(main: &Db, telemetry: &Db) -> Result<usize> {
    let mut n = 0;
    for row in sql::passes(telemetry, main.now(), SOME).await? {
        let done = if row.clear { gone(main, telemetry, &row).await } else { silent(main, telemetry, &row).await };
        match done {
            Ok(changed) => n += usize::from(changed),
            Err(Error::NotFound(_)) => {
                tracing::warn!(key = %row.key, "the archive is gone of whom the watch has something to say");
                let tx = telemetry.begin().await?;
                sql::passed(&tx, &row.key).await?;
                tx.commit().await?;
            }
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}

#[derive(serde::Deserialize)]
struct Place {
    elder: ElderId,
    fix: Fix,
}

async fn gone(main: &Db, telemetry: &Db, row: &sql::PassRow) -> Result<bool> {
    let mut noted = false;
    if row.kind == super::POSITION {
        if let Ok(p) = serde_json::from_str::<Place>(&row.data) {
            noted = service::is_now_at(main, p.elder, p.fix).await?;
        }
        let tx = telemetry.begin().await?;
        sql::passed(&tx, &row.key).await?;
        tx.commit().await?;
        return Ok(noted);
    }
    if let (Ok(g), Some(kind)) = (serde_json::from_str::<Gone>(&row.data), AlarmKind::parse(&row.kind)) {
        noted = service::cleared(main, g.elder, kind, &row.key, row.at, &g.reason).await?;
    }
    let tx = telemetry.begin().await?;
    sql::unsaid(&tx, row.elder, &row.kind).await?;
    sql::passed(&tx, &row.key).await?;
    tx.commit().await?;
    Ok(noted)
}

async fn silent(main: &Db, telemetry: &Db, row: &sql::PassRow) -> Result<bool> {
    let Ok(alarm) = serde_json::from_str::<NewAlarm>(&row.data) else {
        tracing::error!(key = %row.key, "a silence cannot be read");
        let tx = telemetry.begin().await?;
        sql::passed(&tx, &row.key).await?;
        tx.commit().await?;
        return Ok(false);
    };
    if let Some(until) = service::expected_silent(main, alarm.elder).await? {
        let tx = telemetry.begin().await?;
        sql::pass_later(&tx, &row.key, until).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let tx = main.begin().await?;
    service::raise(&tx, main, alarm).await?;
    tx.commit().await?;
    let tx = telemetry.begin().await?;
    sql::passed(&tx, &row.key).await?;
    tx.commit().await?;
    Ok(true)
}

/// Silences that wait, because devices are expected to be silent.
pub async fn kept_back(telemetry: &Db) -> Result<i64> {
    sql::kept_back(telemetry).await
}
