//! Reading back. What is not folded yet is read out of the log, so an acknowledged reading is always found.
use super::codec::{self, Hour, Stored};
use super::store as sql;
use ::store::Db;
use kernel::{CivilDate, ElderId, Instant, Result, Scope};
use std::collections::HashMap;

/// An elder's readings of some days by device time, in order, what came twice once. Not older than the days kept whole;
/// for those see [`hours`].
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn of_elder(
    main: &Db,
    telemetry: &Db,
    scope: &Scope,
    elder: ElderId,
    from: CivilDate,
    to: CivilDate,
) -> Result<Vec<Stored>> {
    let card = people::service::card(main, scope, elder).await?;
    let Some(no) = sql::number(main, card.id).await? else { return Ok(Vec::new()) };
    by_number(telemetry, no, from, to).await
}

/// [`of_elder`] by short number, for jobs and tests.
pub async fn by_number(telemetry: &Db, no: i64, from: CivilDate, to: CivilDate) -> Result<Vec<Stored>> {
    let mut out = Vec::new();
    let mut keep = |s: Stored| {
        if s.elder == no && (from..=to).contains(&s.at.date()) {
            out.push(s);
        }
    };
    // The log first: what is folded meanwhile is then found in the blocks.
    let mut after = 0;
    loop {
        let rows = sql::log(telemetry.read(), after, i64::MAX, 256).await?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in &rows {
            codec::unpack(&row.data, &mut keep)?;
        }
    }
    for row in sql::blocks(telemetry, no, from, to).await? {
        codec::unpack(&row.data, &mut keep)?;
    }
    codec::tidy(&mut out);
    Ok(out)
}

/// An elder's hours of some days: of old days as stored, of younger ones out of the readings.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn hours(
    main: &Db,
    telemetry: &Db,
    scope: &Scope,
    elder: ElderId,
    from: CivilDate,
    to: CivilDate,
) -> Result<Vec<Hour>> {
    let card = people::service::card(main, scope, elder).await?;
    let Some(no) = sql::number(main, card.id).await? else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for row in sql::hour_rows(telemetry, no, from, to).await? {
        out.extend(codec::unpack_hours(&row.data)?);
    }
    let whole = by_number(telemetry, no, from, to).await?;
    out.extend(codec::to_hours(&whole));
    out.sort_by_key(|h| (h.at, h.kind));
    Ok(out)
}

/// The newest reading of each kind.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn latest(main: &Db, telemetry: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Stored>> {
    let card = people::service::card(main, scope, elder).await?;
    let Some(no) = sql::number(main, card.id).await? else { return Ok(Vec::new()) };
    let mut by: HashMap<u8, Stored> = HashMap::new();
    let mut keep = |s: Stored| {
        by.entry(s.what.kind)
            .and_modify(|l| {
                if l.at <= s.at {
                    *l = s
                }
            })
            .or_insert(s);
    };
    for row in sql::states(telemetry, &[no]).await? {
        codec::unpack(&row.latest, &mut keep)?;
    }
    let mut after = 0;
    loop {
        let rows = sql::log(telemetry.read(), after, i64::MAX, 256).await?;
        let Some(last) = rows.last() else { break };
        after = last.seq;
        for row in &rows {
            codec::unpack(&row.data, |s| {
                if s.elder == no {
                    keep(s)
                }
            })?;
        }
    }
    let mut out: Vec<Stored> = by.into_values().collect();
    out.sort_by_key(|s| s.what.kind);
    Ok(out)
}

/// How many readings are stored in all, log and blocks, since a day: for checks and benches.
pub async fn stored_since(telemetry: &Db, day: CivilDate) -> Result<i64> {
    sql::count_since(telemetry, day).await
}

/// When a device was last heard, and its battery. Written every few minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub at: Instant,
    pub battery: Option<u8>,
}

/// Last signs of life of devices by their short numbers.
pub async fn heard(telemetry: &Db, devices: &[i64]) -> Result<HashMap<i64, Heard>> {
    let rows = sql::heard(telemetry, devices).await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.device, Heard { at: r.heard_at, battery: r.battery.and_then(|b| u8::try_from(b).ok()) }))
        .collect())
}
