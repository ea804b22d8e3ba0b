//! Lists of the estate, signs of life, what happened to a device.
use super::{COLUMNS, Row};
use crate::devices::model::{DeviceId, DeviceState, Payer, Protocol};
use crate::devices::standing::{DeviceAsk, DeviceEvent, Happened, LOW_BATTERY, Listed, NewSign, Sign, View};
use ::store::sea_orm::{self, FromQueryResult};
use ::store::{Db, Filter, Sql, SqlExt, Tx, Value, insert_many, vals};
use kernel::{CivilDate, ElderId, Fen, Instant, PageAsk, Paged, RegionCode, Result, Scope};
use vigil::{DoorKind, Room};

#[derive(FromQueryResult)]
struct SignRow {
    heard_at: Option<Instant>,
    battery: Option<i64>,
    signal: Option<i64>,
    told_firmware: Option<String>,
}

impl SignRow {
    fn sign(self) -> Option<Sign> {
        Some(Sign {
            heard_at: self.heard_at?,
            battery: self.battery.and_then(|b| u8::try_from(b).ok()),
            signal: self.signal.and_then(|s| i32::try_from(s).ok()),
            firmware: self.told_firmware,
        })
    }
}

struct ListRow(Listed);

impl FromQueryResult for ListRow {
    fn from_query_result(res: &sea_orm::QueryResult, pre: &str) -> std::result::Result<Self, sea_orm::DbErr> {
        let device = Row::from_query_result(res, pre)?.device();
        let sign = SignRow::from_query_result(res, pre)?.sign();
        Ok(ListRow(Listed { device, sign }))
    }
}

fn select() -> String {
    let own: Vec<String> = COLUMNS.split(',').map(|c| format!("d.{}", c.trim())).collect();
    format!("{}, s.heard_at, s.battery, s.signal, s.firmware AS told_firmware", own.join(", "))
}

const FROM: &str = "device d LEFT JOIN device_sign s ON s.no = d.no";
const IN_USE: &str = "d.elder_id IS NOT NULL AND d.state IN ('bound', 'lent')";

/// `elders` are those the question may mean besides a number or model.
fn asked(scope: &Scope, ask: &DeviceAsk, elders: &[ElderId], now: Instant) -> Filter {
    let mut f = Filter::from(FROM);
    f.region("d.region", scope);
    if scope.org_id().is_some() {
        f.clause("1 = 0", vec![]);
    }
    if let Some(k) = ask.kind {
        f.and("d.kind = ?", k);
    }
    if let Some(s) = ask.state {
        f.and("d.state = ?", s);
    }
    if let Some(p) = ask.protocol {
        f.and("d.protocol = ?", p);
    }
    if let Some(p) = ask.payer {
        f.and("d.payer = ?", p);
    }
    if let Some(e) = ask.elder {
        f.and("d.elder_id = ?", e);
    }
    match ask.view {
        View::All => {}
        View::Silent => {
            f.clause(IN_USE, vec![]).clause(
                "d.silent IS NOT NULL AND (CASE WHEN s.heard_at IS NULL OR s.heard_at < d.bound_since
                   THEN d.bound_since ELSE s.heard_at END) <= ? - d.silent * 60000",
                vec![now.into()],
            );
        }
        View::Low => {
            f.clause(IN_USE, vec![]).and("s.battery <= ?", i64::from(LOW_BATTERY));
        }
        View::Stock => {
            f.and("d.state = ?", DeviceState::Stock);
        }
        View::Repair => {
            f.and("d.state = ?", DeviceState::Repair);
        }
        View::Overdue => {
            f.and("d.state = ?", DeviceState::Lent).and("d.due_back < ?", now.date());
        }
    }
    let q = ask.q.trim().replace(['%', '_'], "");
    if !q.is_empty() {
        let mut clause = "(d.identity LIKE ? OR d.model LIKE ?".to_string();
        let mut values = vals![format!("{q}%"), format!("{q}%")];
        if !elders.is_empty() {
            clause += &format!(" OR d.elder_id IN ({})", vec!["?"; elders.len()].join(","));
            values.extend(elders.iter().map(|e| Value::from(*e)));
        }
        f.clause(&(clause + ")"), values);
    }
    f
}

pub(in crate::devices) async fn page(
    db: &Db,
    scope: &Scope,
    ask: &DeviceAsk,
    elders: &[ElderId],
    order: &str,
    page: PageAsk,
) -> Result<Paged<Listed>> {
    let f = asked(scope, ask, elders, db.now());
    let found: Paged<ListRow> = db.read().page(&select(), &f, order, page).await?;
    Ok(found.map(|r| r.0))
}

pub(in crate::devices) async fn count(db: &Db, scope: &Scope, ask: &DeviceAsk) -> Result<i64> {
    let f = asked(scope, ask, &[], db.now());
    db.read().count_capped(&f.sql(), f.values).await
}

pub(in crate::devices) async fn one(db: &Db, scope: &Scope, id: DeviceId) -> Result<Option<Listed>> {
    let mut f = asked(scope, &DeviceAsk::default(), &[], db.now());
    f.and("d.id = ?", id);
    let row: Option<ListRow> = db.read().one(&format!("SELECT {} {}", select(), f.sql()), f.values).await?;
    Ok(row.map(|r| r.0))
}

/// An elder's devices with their signs, whoever asks: the caller has shown that the elder may be seen.
pub(in crate::devices) async fn of_elder(db: &Db, elder: ElderId) -> Result<Vec<Listed>> {
    let sql = format!("SELECT {} FROM {FROM} WHERE d.elder_id = $1 ORDER BY d.slot", select());
    let rows: Vec<ListRow> = db.read().all(&sql, vals![elder]).await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Takes signs of life over. What a sign does not say stays as it was.
pub(in crate::devices) async fn save_signs(tx: &Tx, signs: Vec<NewSign>) -> Result<()> {
    let rows = signs
        .into_iter()
        .map(|n| {
            let s = n.sign;
            vals![n.no, s.heard_at, s.battery.map(i64::from), s.signal.map(i64::from), s.firmware]
        })
        .collect();
    insert_many(
        tx,
        "device_sign",
        &["no", "heard_at", "battery", "signal", "firmware"],
        rows,
        "ON CONFLICT (no) DO UPDATE SET heard_at = excluded.heard_at,
           battery = COALESCE(excluded.battery, device_sign.battery),
           signal = COALESCE(excluded.signal, device_sign.signal),
           firmware = COALESCE(excluded.firmware, device_sign.firmware)",
    )
    .await?;
    Ok(())
}

/// A line of a device's history. The caller holds the device's row, or has just made it.
pub(in crate::devices) async fn tell(
    tx: &Tx,
    db: &Db,
    device: DeviceId,
    kind: Happened,
    elder: Option<ElderId>,
    note: &str,
    by: &str,
) -> Result<()> {
    let id: crate::devices::model::DeviceEventId = db.new_id();
    let last = "SELECT MAX(seq) FROM device_event WHERE device_id = $1";
    let seq = tx.scalar::<i64>(last, vals![device]).await?.unwrap_or(0) + 1;
    tx.exec(
        "INSERT INTO device_event (id, device_id, seq, at, kind, elder_id, note, by_name)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        vals![id, device, seq, tx.now(), kind, elder, note, by],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct EventRow {
    id: crate::devices::model::DeviceEventId,
    at: Instant,
    kind: Happened,
    elder_id: Option<ElderId>,
    note: String,
    by_name: String,
}

pub(in crate::devices) async fn events<C: Sql>(c: &C, device: DeviceId, limit: i64) -> Result<Vec<DeviceEvent>> {
    let rows: Vec<EventRow> = c
        .all(
            "SELECT id, at, kind, elder_id, note, by_name FROM device_event WHERE device_id = $1
             ORDER BY seq DESC LIMIT $2",
            vals![device, limit],
        )
        .await?;
    let event =
        |r: EventRow| DeviceEvent { id: r.id, at: r.at, kind: r.kind, elder: r.elder_id, note: r.note, by: r.by_name };
    Ok(rows.into_iter().map(event).collect())
}

/// What of a device may be changed on a form.
pub(in crate::devices) struct Facts<'a> {
    pub model: &'a str,
    pub region: RegionCode,
    pub room: Option<Room>,
    pub door: Option<DoorKind>,
    pub silent: Option<i64>,
    pub firmware: &'a str,
    pub payer: Payer,
    pub payer_note: &'a str,
    pub cost: Option<Fen>,
    pub due_back: Option<CivilDate>,
}

/// Nothing is changed, and the answer is `false`, when somebody changed the device meanwhile.
pub(in crate::devices) async fn save(tx: &Tx, id: DeviceId, seen: i64, f: &Facts<'_>) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE device SET model = $3, region = $4, room = $5, door = $6, silent = $7, firmware = $8, payer = $9,
               payer_note = $10, cost = $11, due_back = $12, changed_at = $13, version = version + 1
             WHERE id = $1 AND version = $2",
            vals![
                id,
                seen,
                f.model,
                f.region,
                f.room.map(|r| r.code()),
                f.door.map(|d| d.code()),
                f.silent,
                f.firmware,
                f.payer,
                f.payer_note,
                f.cost,
                f.due_back,
                tx.now()
            ],
        )
        .await?;
    Ok(n == 1)
}

pub(in crate::devices) async fn set_cost(tx: &Tx, id: DeviceId, cost: Option<Fen>) -> Result<()> {
    tx.exec("UPDATE device SET cost = $2 WHERE id = $1", vals![id, cost]).await?;
    Ok(())
}

pub(in crate::devices) async fn set_due(tx: &Tx, id: DeviceId, due: Option<CivilDate>) -> Result<()> {
    tx.exec("UPDATE device SET due_back = $2 WHERE id = $1", vals![id, due]).await?;
    Ok(())
}

pub(in crate::devices) async fn set_secret(tx: &Tx, id: DeviceId, secret: Vec<u8>) -> Result<()> {
    tx.exec(
        "UPDATE device SET secret = $2, changed_at = $3, version = version + 1 WHERE id = $1",
        vals![id, secret, tx.now()],
    )
    .await?;
    Ok(())
}

/// Devices of an elder that moved belong to where the elder lives now.
pub(in crate::devices) async fn move_with(tx: &Tx, elder: ElderId, region: RegionCode) -> Result<u64> {
    tx.exec(
        "UPDATE device SET region = $2, changed_at = $3, version = version + 1 WHERE elder_id = $1 AND region <> $2",
        vals![elder, region, tx.now()],
    )
    .await
}

/// Which of these identities are registered: protocol and identity.
pub(in crate::devices) async fn registered<C: Sql>(
    c: &C,
    keys: &[(Protocol, String)],
) -> Result<Vec<(Protocol, String)>> {
    #[derive(FromQueryResult)]
    struct Key {
        protocol: Protocol,
        identity: String,
    }
    let mut out = Vec::new();
    for part in keys.chunks(500) {
        let places: Vec<String> = (1..=part.len()).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT protocol, identity FROM device WHERE identity IN ({})", places.join(","));
        let rows: Vec<Key> = c.all(&sql, part.iter().map(|k| Value::from(k.1.clone())).collect()).await?;
        out.extend(rows.into_iter().map(|k| (k.protocol, k.identity)));
    }
    Ok(out)
}

/// Whether any device ever gave a sign of life.
pub(in crate::devices) async fn ever_heard(db: &Db) -> Result<bool> {
    Ok(db.read().scalar::<i64>("SELECT no FROM device_sign LIMIT 1", vec![]).await?.is_some())
}

/// Elders that have readings, and how many of them have a number that was never given out.
pub(in crate::devices) async fn fit(main: &Db, telemetry: &Db) -> Result<(i64, i64)> {
    let last = main.read().scalar::<i64>("SELECT last FROM device_number WHERE name = 'elder'", vec![]).await?;
    let last = last.unwrap_or(0);
    let all = telemetry.read().scalar::<i64>("SELECT COUNT(*) FROM reading_state", vec![]).await?;
    let strays =
        telemetry.read().scalar::<i64>("SELECT COUNT(*) FROM reading_state WHERE elder > $1", vals![last]).await?;
    Ok((all.unwrap_or(0), strays.unwrap_or(0)))
}

/// An alarm of a device with its case.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DeviceAlarmLine {
    pub case_id: crate::model::CaseId,
    pub no: String,
    pub kind: String,
    pub count: i64,
    pub last_at: Instant,
    pub closed_at: Option<Instant>,
}

/// The latest alarms an elder's device raised.
pub(in crate::devices) async fn alarms(
    db: &Db,
    scope: &Scope,
    elder: ElderId,
    identity: &str,
    limit: i64,
) -> Result<Vec<DeviceAlarmLine>> {
    let (low, high) = scope.region_range();
    db.read()
        .all(
            "SELECT c.id AS case_id, c.no, a.kind, a.count, a.last_at, a.closed_at FROM safety_case c
             JOIN safety_alarm a ON a.case_id = c.id
             WHERE c.elder_id = $1 AND a.device = $2 AND c.region >= $3 AND c.region < $4
             ORDER BY a.last_at DESC, a.id LIMIT $5",
            vals![elder, identity, low, high, limit],
        )
        .await
}
