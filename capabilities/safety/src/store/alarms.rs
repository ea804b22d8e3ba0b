//! Occurrences and the one open alarm of an elder and kind.
use super::{cases::AlarmRow, seal};
use crate::model::{Alarm, AlarmId, CaseId, NewAlarm};
use kernel::{ElderId, Instant, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Sql, SqlExt, Tx, vals};

#[derive(FromQueryResult)]
pub(crate) struct Known {
    pub(crate) alarm_id: AlarmId,
    pub(crate) case_id: CaseId,
}

/// What a key was taken for.
pub(crate) async fn known<C: Sql>(conn: &C, key: &str) -> Result<Option<Known>> {
    conn.one("SELECT alarm_id, case_id FROM safety_occurrence WHERE key = $1", vals![key]).await
}

/// Holds the elder's row until the transaction ends: two alarms of one elder never meet half-way.
pub(crate) async fn hold(tx: &Tx, elder: ElderId) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_elder (elder_id, alarms) VALUES ($1, 1)
         ON CONFLICT (elder_id) DO UPDATE SET alarms = safety_elder.alarms + 1",
        vals![elder],
    )
    .await?;
    Ok(())
}

pub(crate) async fn open_of(tx: &Tx, db: &Db, case: CaseId, kind: crate::model::AlarmKind) -> Result<Option<Alarm>> {
    let sql = format!("SELECT {} FROM safety_alarm a WHERE a.case_id = $1 AND a.kind = $2", super::cases::ALARM);
    let row: Option<AlarmRow> = tx.one(&sql, vals![case, kind.code()]).await?;
    row.map(|r| r.alarm(db)).transpose()
}

pub(crate) async fn insert(tx: &Tx, db: &Db, elder: ElderId, case: CaseId, a: &NewAlarm) -> Result<AlarmId> {
    let id: AlarmId = db.new_id();
    tx.exec(
        "INSERT INTO safety_alarm (id, case_id, elder_id, kind, origin, count, first_at, last_at, unverified, reason, device,
           lat, lng, accuracy, fix_at) VALUES ($1,$2,$3,$4,$5,1,$6,$6,$7,$8,$9,$10,$11,$12,$13)",
        vals![
            id,
            case,
            elder,
            a.kind.code(),
            a.origin,
            tx.now(),
            a.unverified,
            seal(db, &a.reason)?,
            a.device.clone(),
            a.fix.map(|f| f.point.lat_e6),
            a.fix.map(|f| f.point.lng_e6),
            a.fix.map(|f| f.accuracy_m),
            a.fix.map(|f| f.at)
        ],
    )
    .await?;
    Ok(id)
}

/// An alarm of a case that is over.
pub(crate) async fn insert_closed(
    tx: &Tx,
    db: &Db,
    elder: ElderId,
    case: &crate::model::Case,
    a: &NewAlarm,
) -> Result<()> {
    let id: AlarmId = db.new_id();
    tx.exec(
        "INSERT INTO safety_alarm (id, case_id, elder_id, kind, origin, count, first_at, last_at, unverified, reason, closed_at)
         VALUES ($1,$2,$3,$4,$5,1,$6,$6,FALSE,$7,$8)",
        vals![id, case.id, elder, a.kind.code(), a.origin, a.at, seal(db, &a.reason)?, case.closed_at],
    )
    .await?;
    occurrence(tx, db, id, case.id, a).await
}

/// The same kind once more: counted, with the newest words and place.
pub(crate) async fn again(tx: &Tx, db: &Db, id: AlarmId, a: &NewAlarm) -> Result<()> {
    tx.exec(
        "UPDATE safety_alarm SET count = count + 1, cleared_at = NULL, last_at = $2, unverified = (unverified AND $3), reason = $4,
           device = COALESCE($5, device), lat = COALESCE($6, lat), lng = COALESCE($7, lng),
           accuracy = COALESCE($8, accuracy), fix_at = COALESCE($9, fix_at) WHERE id = $1",
        vals![
            id,
            tx.now(),
            a.unverified,
            seal(db, &a.reason)?,
            a.device.clone(),
            a.fix.map(|f| f.point.lat_e6),
            a.fix.map(|f| f.point.lng_e6),
            a.fix.map(|f| f.accuracy_m),
            a.fix.map(|f| f.at)
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn move_to(tx: &Tx, id: AlarmId, fix: crate::model::Fix) -> Result<()> {
    tx.exec(
        "UPDATE safety_alarm SET lat = $2, lng = $3, accuracy = $4, fix_at = $5 WHERE id = $1",
        vals![id, fix.point.lat_e6, fix.point.lng_e6, fix.accuracy_m, fix.at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn occurrence(tx: &Tx, db: &Db, alarm: AlarmId, case: CaseId, a: &NewAlarm) -> Result<()> {
    let evidence = if a.evidence.is_null() { None } else { Some(seal(db, &a.evidence.to_string())?) };
    tx.exec(
        "INSERT INTO safety_occurrence (key, alarm_id, case_id, at, received_at, unverified, reason, evidence, lat, lng, accuracy)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
        vals![
            a.key.clone(),
            alarm,
            case,
            a.at,
            tx.now(),
            a.unverified,
            seal(db, &a.reason)?,
            evidence,
            a.fix.map(|f| f.point.lat_e6),
            a.fix.map(|f| f.point.lng_e6),
            a.fix.map(|f| f.accuracy_m)
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn close_of(tx: &Tx, case: CaseId, at: Instant) -> Result<()> {
    tx.exec("UPDATE safety_alarm SET closed_at = $2 WHERE case_id = $1 AND closed_at IS NULL", vals![case, at]).await?;
    Ok(())
}
