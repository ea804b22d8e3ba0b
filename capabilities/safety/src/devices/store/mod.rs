//! SQL of the estate.
pub(super) mod estate;
pub(super) mod imports;

use super::model::*;
use ::store::sea_orm::{self, FromQueryResult};
use ::store::{Db, Migration, Sql, SqlExt, Tx, vals};
use kernel::{CivilDate, ElderId, Fen, Instant, RegionCode, Result, Scope};
use vigil::{DoorKind, Room};

pub(crate) const MIGRATION: Migration = Migration {
    id: "safety-devices-0001",
    sql: "CREATE TABLE device_number (name TEXT PRIMARY KEY, last BIGINT NOT NULL);
INSERT INTO device_number (name, last) VALUES ('device', 0), ('elder', 0);
CREATE TABLE watch_elder (
  elder_id UUID PRIMARY KEY, no BIGINT NOT NULL UNIQUE, settings TEXT NOT NULL, version BIGINT NOT NULL,
  changed_at BIGINT NOT NULL);
CREATE INDEX watch_elder_changed ON watch_elder (changed_at);
CREATE TABLE device (
  id UUID PRIMARY KEY, no BIGINT NOT NULL UNIQUE, protocol TEXT NOT NULL, identity TEXT NOT NULL, kind TEXT NOT NULL,
  model TEXT NOT NULL, state TEXT NOT NULL, region TEXT NOT NULL, elder_id UUID, elder_no BIGINT, slot BIGINT,
  bound_since BIGINT, room TEXT, door TEXT, silent BIGINT, firmware TEXT NOT NULL, payer TEXT NOT NULL,
  payer_note TEXT NOT NULL, secret BYTEA, created_by TEXT NOT NULL, created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL, version BIGINT NOT NULL,
  UNIQUE (protocol, identity));
CREATE UNIQUE INDEX device_slot ON device (elder_id, slot) WHERE elder_id IS NOT NULL;
CREATE INDEX device_region ON device (region, state);
CREATE INDEX device_changed ON device (changed_at);
CREATE TABLE device_binding (
  device_id UUID NOT NULL, since BIGINT NOT NULL, elder_id UUID NOT NULL, slot BIGINT NOT NULL, until BIGINT,
  by_name TEXT NOT NULL, PRIMARY KEY (device_id, since));
CREATE INDEX device_binding_elder ON device_binding (elder_id, since);
CREATE TABLE device_stranger (
  protocol TEXT NOT NULL, identity TEXT NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL,
  count BIGINT NOT NULL, calls BIGINT NOT NULL, peer TEXT NOT NULL, sample BYTEA NOT NULL,
  PRIMARY KEY (protocol, identity));
CREATE INDEX device_stranger_last ON device_stranger (last_at);
CREATE TABLE device_command (
  id UUID PRIMARY KEY, device_id UUID NOT NULL, command TEXT NOT NULL, state TEXT NOT NULL, by_name TEXT NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, sent_at BIGINT, ended_at BIGINT, tries BIGINT NOT NULL,
  answer TEXT NOT NULL);
CREATE INDEX device_command_open ON device_command (device_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX device_command_of ON device_command (device_id, created_at);
CREATE INDEX safety_alarm_closed ON safety_alarm (closed_at);
",
};

/// What was paid, when a loan is due, signs of life where lists can sort by them, what happened to a device, files.
pub(crate) const ESTATE: Migration = Migration {
    id: "safety-devices-0002",
    sql: "ALTER TABLE device ADD COLUMN cost BIGINT;
ALTER TABLE device ADD COLUMN due_back TEXT;
CREATE INDEX device_due ON device (due_back) WHERE due_back IS NOT NULL;
CREATE TABLE device_sign (
  no BIGINT PRIMARY KEY, heard_at BIGINT NOT NULL, battery BIGINT, signal BIGINT, firmware TEXT);
CREATE TABLE device_event (
  id UUID PRIMARY KEY, device_id UUID NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL,
  elder_id UUID, note TEXT NOT NULL, by_name TEXT NOT NULL);
CREATE UNIQUE INDEX device_event_of ON device_event (device_id, seq);
CREATE TABLE device_import (
  id UUID PRIMARY KEY, region TEXT NOT NULL, file_name TEXT NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL,
  unused TEXT NOT NULL, total BIGINT NOT NULL, created_at BIGINT NOT NULL, created_by TEXT NOT NULL, actor_user UUID,
  written_at BIGINT);
CREATE INDEX device_import_region ON device_import (region, created_at);
CREATE TABLE device_import_row (
  import_id UUID NOT NULL, row_no BIGINT NOT NULL, state TEXT NOT NULL, cells BYTEA NOT NULL, errors TEXT NOT NULL,
  key TEXT, PRIMARY KEY (import_id, row_no));
CREATE INDEX device_import_row_state ON device_import_row (import_id, state, row_no);
CREATE INDEX device_import_row_key ON device_import_row (import_id, key);
",
};

const COLUMNS: &str =
    "id, no, protocol, identity, kind, model, state, region, elder_id, elder_no, slot, bound_since, room,
  door, silent, firmware, payer, payer_note, secret, created_at, version, cost, due_back";

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: DeviceId,
    no: i64,
    protocol: Protocol,
    identity: String,
    kind: DeviceKind,
    model: String,
    state: DeviceState,
    region: RegionCode,
    elder_id: Option<ElderId>,
    elder_no: Option<i64>,
    slot: Option<i64>,
    bound_since: Option<Instant>,
    room: Option<String>,
    door: Option<String>,
    silent: Option<i64>,
    firmware: String,
    payer: Payer,
    payer_note: String,
    secret: Option<Vec<u8>>,
    created_at: Instant,
    version: i64,
    cost: Option<Fen>,
    due_back: Option<CivilDate>,
}

impl Row {
    fn bound(&self) -> Option<Bound> {
        Some(Bound {
            elder: self.elder_id?,
            no: self.elder_no?,
            slot: u8::try_from(self.slot?).ok()?,
            since: self.bound_since?,
        })
    }
    pub(super) fn device(self) -> Device {
        Device {
            bound: self.bound(),
            room: self.room.as_deref().and_then(Room::parse),
            door: self.door.as_deref().and_then(DoorKind::parse),
            id: self.id,
            no: self.no,
            protocol: self.protocol,
            identity: self.identity,
            kind: self.kind,
            model: self.model,
            state: self.state,
            region: self.region,
            silent: self.silent,
            firmware: self.firmware,
            payer: self.payer,
            payer_note: self.payer_note,
            has_secret: self.secret.is_some(),
            created_at: self.created_at,
            version: self.version,
            cost: self.cost,
            due_back: self.due_back,
        }
    }
    pub(super) fn known(self) -> Known {
        Known {
            bound: self.bound(),
            room: self.room.as_deref().and_then(Room::parse).unwrap_or(Room::Other),
            door: self.door.as_deref().and_then(DoorKind::parse).unwrap_or(DoorKind::Entrance),
            id: self.id,
            no: self.no,
            protocol: self.protocol,
            identity: self.identity,
            kind: self.kind,
            model: self.model,
            state: self.state,
            region: self.region,
            version: self.version,
            secret: self.secret,
        }
    }
}

pub(super) async fn by_identity<C: Sql>(c: &C, protocol: Protocol, identity: &str) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM device WHERE protocol = $1 AND identity = $2");
    c.one(&sql, vals![protocol, identity]).await
}

pub(super) async fn by_id<C: Sql>(c: &C, id: DeviceId, lock: &str) -> Result<Option<Row>> {
    c.one(&format!("SELECT {COLUMNS} FROM device WHERE id = $1{lock}"), vals![id]).await
}

pub(super) async fn scoped<C: Sql>(c: &C, scope: &Scope, id: DeviceId, lock: &str) -> Result<Option<Row>> {
    // The estate is the public authorities'; a provider has no part of it.
    if scope.org_id().is_some() {
        return Ok(None);
    }
    let (low, high) = scope.region_range();
    let sql = format!("SELECT {COLUMNS} FROM device WHERE id = $1 AND region >= $2 AND region < $3{lock}");
    c.one(&sql, vals![id, low, high]).await
}

pub(super) async fn of_elder<C: Sql>(c: &C, elder: ElderId) -> Result<Vec<Row>> {
    c.all(&format!("SELECT {COLUMNS} FROM device WHERE elder_id = $1 ORDER BY slot"), vals![elder]).await
}

/// Devices registered, bound, unbound or otherwise changed since a moment.
pub(super) async fn changed<C: Sql>(c: &C, since: Instant) -> Result<Vec<Changed>> {
    c.all("SELECT id, protocol, identity, version FROM device WHERE changed_at >= $1", vals![since]).await
}

pub(super) async fn by_ids<C: Sql>(c: &C, ids: &[DeviceId]) -> Result<Vec<Row>> {
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let sql = format!("SELECT {COLUMNS} FROM device WHERE id IN ({})", places.join(","));
    c.all(&sql, ids.iter().map(|id| ::store::Value::from(*id)).collect()).await
}

/// The slots an elder's devices take.
pub(super) async fn slots_of(tx: &Tx, elder: ElderId) -> Result<Vec<i64>> {
    tx.column("SELECT slot FROM device WHERE elder_id = $1", vals![elder]).await
}

/// The next short number of a kind.
pub(super) async fn next_number(tx: &Tx, name: &str) -> Result<i64> {
    tx.exec("UPDATE device_number SET last = last + 1 WHERE name = $1", vals![name]).await?;
    Ok(tx.scalar::<i64>("SELECT last FROM device_number WHERE name = $1", vals![name]).await?.unwrap_or(1))
}

pub(super) async fn insert(
    tx: &Tx,
    id: DeviceId,
    no: i64,
    d: &NewDevice,
    secret: Option<Vec<u8>>,
    by: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO device (id, no, protocol, identity, kind, model, state, region, room, door, silent, firmware, payer,
           payer_note, secret, created_by, created_at, changed_at, version)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$17,1)",
        vals![
            id,
            no,
            d.protocol,
            d.identity.clone(),
            d.kind,
            d.model.clone(),
            DeviceState::Stock,
            d.region,
            d.room.map(|r| r.code()),
            d.door.map(|r| r.code()),
            d.kind.silent_minutes(),
            d.firmware.clone(),
            d.payer,
            d.payer_note.clone(),
            secret,
            by,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

/// The elder's short number; given out with the first device.
pub(super) async fn elder_no(tx: &Tx, elder: ElderId) -> Result<i64> {
    let known = "SELECT no FROM watch_elder WHERE elder_id = $1";
    if let Some(no) = tx.scalar::<i64>(known, vals![elder]).await? {
        return Ok(no);
    }
    let no = next_number(tx, "elder").await?;
    tx.exec(
        "INSERT INTO watch_elder (elder_id, no, settings, version, changed_at) VALUES ($1,$2,'{}',1,$3)",
        vals![elder, no, tx.now()],
    )
    .await?;
    Ok(no)
}

/// The watch looks at this elder's devices and limits again.
pub(super) async fn touch(tx: &Tx, elder: ElderId) -> Result<()> {
    tx.exec(
        "UPDATE watch_elder SET changed_at = $2, version = version + 1 WHERE elder_id = $1",
        vals![elder, tx.now()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct WatchedRow {
    pub elder_id: ElderId,
    pub no: i64,
    pub settings: String,
    pub version: i64,
}

pub(super) async fn watched<C: Sql>(c: &C, numbers: &[i64]) -> Result<Vec<WatchedRow>> {
    let places: Vec<String> = (1..=numbers.len()).map(|n| format!("${n}")).collect();
    let sql = format!("SELECT elder_id, no, settings, version FROM watch_elder WHERE no IN ({})", places.join(","));
    c.all(&sql, numbers.iter().map(|n| ::store::Value::from(*n)).collect()).await
}

pub(super) async fn watched_by_elder<C: Sql>(c: &C, elder: ElderId) -> Result<Option<WatchedRow>> {
    c.one("SELECT elder_id, no, settings, version FROM watch_elder WHERE elder_id = $1", vals![elder]).await
}

/// Devices of several elders by their short numbers: number, slot, kind, room, limit of silence.
pub(super) async fn slots<C: Sql>(c: &C, numbers: &[i64]) -> Result<Vec<SlotRow>> {
    let places: Vec<String> = (1..=numbers.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT elder_no, slot, kind, room, identity, silent FROM device
         WHERE elder_no IN ({}) AND slot IS NOT NULL ORDER BY elder_no, slot",
        places.join(",")
    );
    c.all(&sql, numbers.iter().map(|n| ::store::Value::from(*n)).collect()).await
}

#[derive(FromQueryResult)]
pub(super) struct SlotRow {
    pub elder_no: i64,
    pub slot: i64,
    pub kind: DeviceKind,
    pub room: Option<String>,
    pub identity: String,
    pub silent: Option<i64>,
}

pub(super) async fn save_settings(tx: &Tx, elder: ElderId, settings: &str) -> Result<()> {
    tx.exec(
        "UPDATE watch_elder SET settings = $2, changed_at = $3, version = version + 1 WHERE elder_id = $1",
        vals![elder, settings, tx.now()],
    )
    .await?;
    Ok(())
}

pub(super) async fn save_binding(
    tx: &Tx,
    id: DeviceId,
    no: i64,
    slot: i64,
    b: &NewBinding,
    region: RegionCode,
) -> Result<()> {
    let state = if b.lent { DeviceState::Lent } else { DeviceState::Bound };
    tx.exec(
        "UPDATE device SET elder_id = $2, elder_no = $3, slot = $4, bound_since = $5, state = $6, region = $7,
           room = COALESCE($8, room), door = COALESCE($9, door), changed_at = $5, version = version + 1 WHERE id = $1",
        vals![id, b.elder, no, slot, tx.now(), state, region, b.room.map(|r| r.code()), b.door.map(|d| d.code())],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_binding(tx: &Tx, id: DeviceId, slot: i64, elder: ElderId, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO device_binding (device_id, since, elder_id, slot, until, by_name) VALUES ($1,$2,$3,$4,NULL,$5)
         ON CONFLICT (device_id, since) DO UPDATE SET elder_id = excluded.elder_id, slot = excluded.slot, until = NULL",
        vals![id, tx.now(), elder, slot, by],
    )
    .await?;
    Ok(())
}

pub(super) async fn end_binding(tx: &Tx, id: DeviceId, state: DeviceState) -> Result<()> {
    tx.exec(
        "UPDATE device SET elder_id = NULL, elder_no = NULL, slot = NULL, bound_since = NULL, state = $2,
           due_back = NULL, changed_at = $3, version = version + 1 WHERE id = $1",
        vals![id, state, tx.now()],
    )
    .await?;
    tx.exec("UPDATE device_binding SET until = $2 WHERE device_id = $1 AND until IS NULL", vals![id, tx.now()]).await?;
    Ok(())
}

pub(super) async fn save_state(tx: &Tx, id: DeviceId, state: DeviceState) -> Result<()> {
    tx.exec(
        "UPDATE device SET state = $2, changed_at = $3, version = version + 1 WHERE id = $1",
        vals![id, state, tx.now()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(super) struct BindingRow {
    pub device_id: DeviceId,
    pub elder_id: ElderId,
    pub slot: i64,
    pub since: Instant,
    pub until: Option<Instant>,
    pub by_name: String,
}

pub(super) async fn bindings<C: Sql>(c: &C, id: DeviceId) -> Result<Vec<BindingRow>> {
    c.all(
        "SELECT device_id, elder_id, slot, since, until, by_name FROM device_binding WHERE device_id = $1 ORDER BY since",
        vals![id],
    )
    .await
}

/// Counts one more sighting of a stranger.
pub(super) async fn stranger(tx: &Tx, s: &Stranger) -> Result<()> {
    tx.exec(
        "INSERT INTO device_stranger (protocol, identity, first_at, last_at, count, calls, peer, sample)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
         ON CONFLICT (protocol, identity) DO UPDATE SET last_at = excluded.last_at, peer = excluded.peer,
           count = device_stranger.count + excluded.count, calls = device_stranger.calls + excluded.calls,
           sample = excluded.sample",
        vals![
            s.protocol,
            s.identity.clone(),
            s.first_at,
            s.last_at,
            s.count,
            s.calls,
            s.peer.clone(),
            s.sample.clone()
        ],
    )
    .await?;
    Ok(())
}

/// Forgets those heard longest ago beyond `max`. Those that called for help go last.
pub(super) async fn trim_strangers(tx: &Tx, max: i64) -> Result<u64> {
    tx.exec(
        "DELETE FROM device_stranger WHERE (protocol, identity) IN (
           SELECT protocol, identity FROM device_stranger ORDER BY CASE WHEN calls > 0 THEN 1 ELSE 0 END DESC,
             last_at DESC LIMIT 1000 OFFSET $1)",
        vals![max],
    )
    .await
}

#[derive(FromQueryResult)]
pub(super) struct StrangerRow {
    pub protocol: Protocol,
    pub identity: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub count: i64,
    pub calls: i64,
    pub peer: String,
    pub sample: Vec<u8>,
}

/// Unknown identities, and registered ones of the scope that are nobody's. Somebody else's stock is not shown.
pub(super) async fn strangers(db: &Db, scope: &Scope, exact: Option<&str>, limit: i64) -> Result<Vec<StrangerRow>> {
    let (low, high) = scope.region_range();
    let mut values = vals![low, high, limit];
    let only = match exact {
        Some(identity) => {
            values.push(identity.into());
            "AND s.identity = $4"
        }
        None => "",
    };
    let sql = format!(
        "SELECT s.protocol, s.identity, s.first_at, s.last_at, s.count, s.calls, s.peer, s.sample FROM device_stranger s
         LEFT JOIN device d ON d.protocol = s.protocol AND d.identity = s.identity
         WHERE (d.id IS NULL OR (d.region >= $1 AND d.region < $2)) {only}
         ORDER BY CASE WHEN s.calls > 0 THEN 0 ELSE 1 END, s.last_at DESC, s.identity LIMIT $3"
    );
    db.read().all(&sql, values).await
}

pub(super) async fn forget_stranger(tx: &Tx, protocol: Protocol, identity: &str) -> Result<()> {
    tx.exec("DELETE FROM device_stranger WHERE protocol = $1 AND identity = $2", vals![protocol, identity]).await?;
    Ok(())
}

store::words! {
    /// How far a command came.
    CommandState {
        Queued "queued" "等设备上线",
        Sent "sent" "已下发",
        Confirmed "confirmed" "设备已确认",
        Failed "failed" "失败",
        Expired "expired" "过期",
    }
}

#[derive(FromQueryResult)]
pub(super) struct CommandRow {
    pub id: super::commands::CommandId,
    pub device_id: DeviceId,
    pub command: String,
    pub state: CommandState,
    pub by_name: String,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub sent_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub tries: i64,
    pub answer: String,
}

const COMMAND: &str =
    "id, device_id, command, state, by_name, created_at, expires_at, sent_at, ended_at, tries, answer";

pub(super) async fn insert_command(tx: &Tx, o: &super::commands::Order, text: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO device_command (id, device_id, command, state, by_name, created_at, expires_at, tries, answer)
         VALUES ($1,$2,$3,$4,$5,$6,$7,0,'')",
        vals![o.id, o.device, text, CommandState::Queued, o.by.clone(), o.created_at, o.expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn commands<C: Sql>(c: &C, device: DeviceId, open: bool, limit: i64) -> Result<Vec<CommandRow>> {
    let which = if open { "AND ended_at IS NULL ORDER BY created_at" } else { "ORDER BY created_at DESC" };
    let sql = format!("SELECT {COMMAND} FROM device_command WHERE device_id = $1 {which} LIMIT $2");
    c.all(&sql, vals![device, limit]).await
}

/// Devices that have a command waiting.
pub(super) async fn waiting<C: Sql>(c: &C, since: Instant) -> Result<Vec<DeviceId>> {
    c.column("SELECT DISTINCT device_id FROM device_command WHERE ended_at IS NULL AND created_at >= $1", vals![since])
        .await
}

pub(super) async fn command_sent(tx: &Tx, id: super::commands::CommandId) -> Result<()> {
    tx.exec(
        "UPDATE device_command SET state = $2, sent_at = $3, tries = tries + 1 WHERE id = $1 AND ended_at IS NULL",
        vals![id, CommandState::Sent, tx.now()],
    )
    .await?;
    Ok(())
}

pub(super) async fn command_ended(
    tx: &Tx,
    id: super::commands::CommandId,
    state: CommandState,
    answer: &str,
) -> Result<u64> {
    tx.exec(
        "UPDATE device_command SET state = $2, ended_at = $3, answer = $4 WHERE id = $1 AND ended_at IS NULL",
        vals![id, state, tx.now(), answer],
    )
    .await
}

pub(super) async fn command<C: Sql>(c: &C, id: super::commands::CommandId) -> Result<Option<CommandRow>> {
    c.one(&format!("SELECT {COMMAND} FROM device_command WHERE id = $1"), vals![id]).await
}

pub(super) async fn overdue_commands<C: Sql>(
    c: &C,
    now: Instant,
    limit: i64,
) -> Result<Vec<super::commands::CommandId>> {
    c.column(
        "SELECT id FROM device_command WHERE ended_at IS NULL AND expires_at <= $1 ORDER BY created_at LIMIT $2",
        vals![now, limit],
    )
    .await
}
