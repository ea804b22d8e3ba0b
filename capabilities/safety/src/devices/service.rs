//! What is done with devices.
use super::model::*;
use super::standing::Happened;
use super::store as sql;
use super::store::estate;
use ::store::{Db, Tx};
use audit::{Action, Entry};
use kernel::{Actor, ElderId, Error, Instant, Permission, RegionCode, Result, Scope, Tier};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use vigil::{DeviceWatch, MAX_DEVICES, Settings};

const REGISTERED: Action = Action::new("device.registered", "登记设备");
const BOUND: Action = Action::new("device.bound", "绑定设备");
const UNBOUND: Action = Action::new("device.unbound", "解绑设备");
const STATE: Action = Action::new("device.state", "修改设备状态");
const LIMITS: Action = Action::new("device.limits", "修改监护界限");

/// How many unknown identities are listed.
pub const QUARANTINE_MAX: i64 = 2_000;
/// How much of a message is kept as a sample, bytes.
pub const SAMPLE_MAX: usize = 256;

pub(crate) fn secret_hash(password: &[u8]) -> Vec<u8> {
    Sha256::digest(password).to_vec()
}

/// A fresh password for a device: 32 hex digits out of 128 random bits, so that a plain hash of it is enough.
pub fn new_secret(db: &Db) -> String {
    let id = db.ids();
    format!("{:016x}{:016x}", id.next_u64(), id.next_u64())
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::Person { name, .. } => name.clone(),
        _ => "平台".into(),
    }
}

fn unknown() -> Error {
    Error::NotFound("这台设备".into())
}

/// Registers a device in stock.
///
/// # Errors
/// `Forbidden`, `Invalid`, `Conflict` when protocol and identity are registered.
pub async fn register(tx: &Tx, db: &Db, actor: &Actor, new: NewDevice) -> Result<DeviceId> {
    actor.require(Permission::DeviceKeep)?;
    let new = new.checked()?;
    if !actor.scope().covers(&new.region) {
        return Err(Error::invalid("region", "不在您的辖区"));
    }
    if sql::by_identity(tx, new.protocol, &new.identity).await?.is_some() {
        return Err(Error::Conflict(format!("{} {} 已经登记过", new.protocol.zh(), new.identity)));
    }
    let id: DeviceId = db.new_id();
    let no = sql::next_number(tx, "device").await?;
    let secret = new.secret.as_ref().map(|s| secret_hash(s.as_bytes()));
    sql::insert(tx, id, no, &new, secret, &name(actor)).await?;
    sql::forget_stranger(tx, new.protocol, &new.identity).await?;
    estate::tell(tx, db, id, Happened::Registered, None, &new.payer_note, &name(actor)).await?;
    let detail = serde_json::json!({ "protocol": new.protocol, "identity": new.identity, "kind": new.kind });
    audit::record(tx, actor, Entry::new(REGISTERED, "device", id).region(new.region).detail(detail)).await?;
    Ok(id)
}

/// Binds a device to an elder; its readings are the elder's from now on.
///
/// # Errors
/// `NotFound`; `Refused` when it is bound, retired, or the elder has as many devices as are watched.
pub async fn bind(tx: &Tx, db: &Db, actor: &Actor, id: DeviceId, to: NewBinding) -> Result<Bound> {
    actor.require(Permission::SafetyPrepare)?;
    let device = sql::scoped(tx, actor.scope(), id, tx.lock()).await?.ok_or_else(unknown)?.device();
    if device.bound.is_some() {
        return Err(Error::refused("这台设备还在别人名下，先解绑"));
    }
    if device.state == DeviceState::Retired {
        return Err(Error::refused("这台设备已报废，不能绑定"));
    }
    let card = people::service::card(db, actor.scope(), to.elder).await?;
    let no = sql::elder_no(tx, card.id).await?;
    let taken = sql::slots_of(tx, card.id).await?;
    let slot = (0..MAX_DEVICES as i64).find(|s| !taken.contains(s));
    let slot = slot.ok_or_else(|| Error::refused("一位老人最多 32 台设备，先解绑不用的"))?;
    let to = NewBinding { elder: card.id, ..to };
    sql::save_binding(tx, id, no, slot, &to, card.region).await?;
    sql::insert_binding(tx, id, slot, card.id, &name(actor)).await?;
    sql::touch(tx, card.id).await?;
    let kind = if to.lent { Happened::Lent } else { Happened::Bound };
    estate::tell(tx, db, id, kind, Some(card.id), "", &name(actor)).await?;
    let detail = serde_json::json!({ "elder": card.id, "slot": slot, "lent": to.lent });
    audit::record(tx, actor, Entry::new(BOUND, "device", id).region(card.region).detail(detail)).await?;
    Ok(Bound { elder: card.id, no, slot: slot as u8, since: tx.now() })
}

/// What is asked of whoever takes a device back.
pub const fn why_back(lent: bool) -> &'static str {
    if lent { "还回来时怎么样" } else { "为什么解绑" }
}

/// Takes a device back into stock (or repair, or out of use).
///
/// # Errors
/// `NotFound`; `Refused` when it is nobody's; `Invalid` without a reason.
pub async fn unbind(tx: &Tx, db: &Db, actor: &Actor, id: DeviceId, state: DeviceState, reason: &str) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    if matches!(state, DeviceState::Bound | DeviceState::Lent) {
        return Err(Error::invalid("state", "解绑后只能在库、维修或报废"));
    }
    let device = sql::scoped(tx, actor.scope(), id, tx.lock()).await?.ok_or_else(unknown)?.device();
    let Some(bound) = device.bound else { return Err(Error::refused("这台设备没有绑定")) };
    let reason = note_of(reason, why_back(device.state == DeviceState::Lent))?;
    sql::end_binding(tx, id, state).await?;
    sql::touch(tx, bound.elder).await?;
    let kind = if device.state == DeviceState::Lent { Happened::Returned } else { Happened::Unbound };
    estate::tell(tx, db, id, kind, Some(bound.elder), &reason, &name(actor)).await?;
    if state != DeviceState::Stock {
        estate::tell(tx, db, id, moved_to(state), None, "", &name(actor)).await?;
    }
    let detail = serde_json::json!({ "elder": bound.elder, "state": state });
    audit::record(tx, actor, Entry::new(UNBOUND, "device", id).region(device.region).reason(reason).detail(detail))
        .await
}

fn moved_to(state: DeviceState) -> Happened {
    match state {
        DeviceState::Repair => Happened::Repair,
        DeviceState::Retired => Happened::Retired,
        DeviceState::Stock | DeviceState::Bound | DeviceState::Lent => Happened::Stocked,
    }
}

/// Longest reason or remark, characters.
const NOTE_MAX: usize = 200;

pub(super) fn note_of(text: &str, what: &str) -> Result<String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Error::invalid("reason", format!("{what}没有填"))),
        n if n > NOTE_MAX => Err(Error::invalid("reason", format!("{what}最多 {NOTE_MAX} 字，现在 {n} 字"))),
        _ => Ok(text.to_string()),
    }
}

/// Moves an unbound device between stock, repair and out of use.
///
/// # Errors
/// `NotFound`; `Refused` while it is bound or stands there already; `Invalid` without a reason.
pub async fn set_state(tx: &Tx, db: &Db, actor: &Actor, id: DeviceId, state: DeviceState, reason: &str) -> Result<()> {
    actor.require(Permission::DeviceKeep)?;
    let device = sql::scoped(tx, actor.scope(), id, tx.lock()).await?.ok_or_else(unknown)?.device();
    if device.bound.is_some() || matches!(state, DeviceState::Bound | DeviceState::Lent) {
        return Err(Error::refused("绑定和解绑走绑定页"));
    }
    if device.state == state {
        return Err(Error::refused(format!("这台设备已经是“{}”", state.zh())));
    }
    let reason = note_of(reason, "说明")?;
    sql::save_state(tx, id, state).await?;
    estate::tell(tx, db, id, moved_to(state), None, &reason, &name(actor)).await?;
    let detail = serde_json::json!({ "state": state });
    audit::record(tx, actor, Entry::new(STATE, "device", id).region(device.region).reason(reason).detail(detail)).await
}

/// One device of the scope.
pub async fn device(db: &Db, scope: &Scope, id: DeviceId) -> Result<Device> {
    Ok(sql::scoped(db.read(), scope, id, "").await?.ok_or_else(unknown)?.device())
}

/// The devices of an elder in the scope.
pub async fn devices_of(db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Device>> {
    let card = people::service::card(db, scope, elder).await?;
    Ok(sql::of_elder(db.read(), card.id).await?.into_iter().map(sql::Row::device).collect())
}

/// A device's bindings, oldest first.
pub async fn bindings(db: &Db, scope: &Scope, id: DeviceId) -> Result<Vec<Binding>> {
    device(db, scope, id).await?;
    let rows = sql::bindings(db.read(), id).await?;
    Ok(rows
        .into_iter()
        .map(|r| Binding {
            device: r.device_id,
            elder: r.elder_id,
            slot: r.slot as u8,
            since: r.since,
            until: r.until,
            by: r.by_name,
        })
        .collect())
}

/// A device by what it calls itself. For the gateway: no scope, nothing of it reaches a person.
pub async fn by_identity(db: &Db, protocol: Protocol, identity: &str) -> Result<Option<Known>> {
    Ok(sql::by_identity(db.read(), protocol, identity).await?.map(sql::Row::known))
}

/// A device as the gateway knows it.
pub async fn known(db: &Db, id: DeviceId) -> Result<Option<Known>> {
    Ok(sql::by_id(db.read(), id, "").await?.map(sql::Row::known))
}

/// Devices that changed since a moment.
pub async fn changed(db: &Db, since: Instant) -> Result<Vec<Changed>> {
    sql::changed(db.read(), since).await
}

/// Devices as the gateway knows them.
pub async fn known_all(db: &Db, ids: &[DeviceId]) -> Result<Vec<Known>> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        out.extend(sql::by_ids(db.read(), part).await?.into_iter().map(sql::Row::known));
    }
    Ok(out)
}

/// Notes sightings of unknown identities, several of one identity as one row.
pub async fn quarantine(db: &Db, seen: Vec<Stranger>) -> Result<()> {
    let tx = db.begin().await?;
    for mut one in seen {
        one.sample.truncate(SAMPLE_MAX);
        one.identity = one.identity.chars().filter(|c| !c.is_control()).take(IDENTITY_MAX).collect();
        sql::stranger(&tx, &one).await?;
    }
    sql::trim_strangers(&tx, QUARANTINE_MAX).await?;
    tx.commit().await
}

/// [`strangers_like`] without a question.
///
/// # Errors
/// `Forbidden`.
pub async fn strangers(db: &Db, actor: &Actor, limit: i64) -> Result<Vec<Stranger>> {
    strangers_like(db, actor, "", limit).await
}

/// The unknown identities, those that called for help first, then the latest. Below a county only the one that is asked
/// for by its whole number: whoever holds the device can read it, and nobody takes what stands in the next village.
///
/// # Errors
/// `Forbidden`.
pub async fn strangers_like(db: &Db, actor: &Actor, q: &str, limit: i64) -> Result<Vec<Stranger>> {
    actor.require(Permission::DeviceKeep)?;
    let q = q.trim();
    let county = actor.scope().region.tier() <= Tier::County;
    if actor.scope().org_id().is_some() || (!county && q.is_empty()) {
        return Ok(Vec::new());
    }
    let exact = (!q.is_empty()).then_some(q);
    let rows = sql::strangers(db, actor.scope(), exact, limit.clamp(1, QUARANTINE_MAX)).await?;
    Ok(rows
        .into_iter()
        .map(|r| Stranger {
            protocol: r.protocol,
            identity: r.identity,
            first_at: r.first_at,
            last_at: r.last_at,
            count: r.count,
            calls: r.calls,
            peer: r.peer,
            sample: r.sample,
        })
        .collect())
}

/// What the watch knows of an elder besides readings.
#[derive(Clone, Debug)]
pub struct Watched {
    pub elder: ElderId,
    pub no: i64,
    pub settings: Settings,
    /// Counts every change of the devices and the limits.
    pub version: i64,
    /// Printed numbers by slot.
    pub identities: HashMap<u8, String>,
}

fn device_name(row: &sql::SlotRow) -> String {
    let room = row.room.as_deref().and_then(vigil::Room::parse).filter(|r| *r != vigil::Room::Other);
    format!("{}{}", room.map_or("", vigil::Room::zh), row.kind.zh())
}

/// Several elders by their short numbers, with the limits that hold for each. Numbers nobody has are left out.
pub async fn watched(db: &Db, numbers: &[i64]) -> Result<Vec<Watched>> {
    let mut out = Vec::with_capacity(numbers.len());
    for part in numbers.chunks(500) {
        // The row with its version first: what changes in between has another version at the next look.
        let rows = sql::watched(db.read(), part).await?;
        let mut slots: HashMap<i64, Vec<sql::SlotRow>> = HashMap::new();
        for s in sql::slots(db.read(), part).await? {
            slots.entry(s.elder_no).or_default().push(s);
        }
        for row in rows {
            let mine = slots.remove(&row.no).unwrap_or_default();
            let (mut devices, mut identities) = (Vec::new(), HashMap::new());
            for s in mine {
                let slot = s.slot as u8;
                devices.push(DeviceWatch {
                    slot,
                    name: device_name(&s),
                    silent: s.silent.and_then(|m| u16::try_from(m).ok()),
                });
                identities.insert(slot, s.identity.clone());
            }
            // Limits somebody wrote by hand wrongly do not stop the watch: what cannot be read is the default.
            let mut settings: Settings = serde_json::from_str(&row.settings).unwrap_or_else(|e| {
                tracing::error!(elder = %row.elder_id, error = %e, "limits cannot be read, defaults hold");
                Settings::default()
            });
            settings.devices = devices;
            out.push(Watched { elder: row.elder_id, no: row.no, settings, version: row.version, identities });
        }
    }
    Ok(out)
}

/// An elder's own limits; the defaults when nobody changed any.
pub async fn settings(db: &Db, scope: &Scope, elder: ElderId) -> Result<Settings> {
    let card = people::service::card(db, scope, elder).await?;
    let Some(row) = sql::watched_by_elder(db.read(), card.id).await? else { return Ok(Settings::default()) };
    let all = watched(db, &[row.no]).await?;
    Ok(all.into_iter().next().map(|w| w.settings).unwrap_or_default())
}

/// Changes an elder's limits. They hold within seconds.
pub async fn set_settings(tx: &Tx, db: &Db, actor: &Actor, elder: ElderId, settings: &Settings) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    sql::elder_no(tx, card.id).await?;
    let stored = Settings { devices: Vec::new(), ..settings.clone() };
    let text = serde_json::to_string(&stored).map_err(Error::internal)?;
    sql::save_settings(tx, card.id, &text).await?;
    let region: RegionCode = card.region;
    audit::record(tx, actor, Entry::new(LIMITS, "elder", card.id).region(region)).await
}

pub(super) fn actor_name(actor: &Actor) -> String {
    name(actor)
}
