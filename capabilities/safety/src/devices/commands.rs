//! Commands down to a device, with their state of delivery.
use super::model::{Device, DeviceId, DeviceState};
use super::standing::Happened;
use super::store as sql;
pub use super::store::CommandState;
use super::store::estate;
use crate::model::{CaseId, EventKind};
use crate::store::cases;
use ::store::{Db, Tx};
use kernel::{Actor, Error, Instant, Permission, Result};
use serde::{Deserialize, Serialize};

store::ids! {
    /// One command to one device.
    CommandId,
}

/// What a device can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    LocateNow,
    MeasureHeartRate,
    MeasureBloodPressure,
    MeasureSpo2,
    MeasureTemperature,
    /// The device calls this number, heard by its wearer.
    CallBack {
        phone: String,
    },
    /// A fence the device keeps itself. Radius in metres.
    SetFence {
        id: u32,
        lat_e6: i64,
        lng_e6: i64,
        radius_m: u32,
    },
    Reboot,
    /// A text on the screen, or spoken.
    Message {
        text: String,
    },
    /// A door opened for those who come to help. Never without an open emergency: see [`unlock`].
    Unlock {
        case: CaseId,
    },
    /// A value set on a home device: property and JSON value.
    Set {
        property: String,
        value: serde_json::Value,
    },
}

impl Command {
    /// What people read on the button and in the list.
    pub const fn zh(&self) -> &'static str {
        match self {
            Command::LocateNow => "立即定位",
            Command::MeasureHeartRate => "测心率",
            Command::MeasureBloodPressure => "测血压",
            Command::MeasureSpo2 => "测血氧",
            Command::MeasureTemperature => "测体温",
            Command::CallBack { .. } => "回拨",
            Command::SetFence { .. } => "设围栏",
            Command::Reboot => "重启",
            Command::Message { .. } => "说一句话",
            Command::Unlock { .. } => "远程开锁",
            Command::Set { .. } => "设置",
        }
    }
    /// As it stands in the audit log, which holds no numbers, places or words of people.
    const fn code(&self) -> &'static str {
        match self {
            Command::LocateNow => "locate_now",
            Command::MeasureHeartRate => "measure_heart_rate",
            Command::MeasureBloodPressure => "measure_blood_pressure",
            Command::MeasureSpo2 => "measure_spo2",
            Command::MeasureTemperature => "measure_temperature",
            Command::CallBack { .. } => "call_back",
            Command::SetFence { .. } => "set_fence",
            Command::Reboot => "reboot",
            Command::Message { .. } => "message",
            Command::Unlock { .. } => "unlock",
            Command::Set { .. } => "set",
        }
    }
    /// How long it waits for the device. A door that opens hours later opens for somebody else.
    const fn expires_ms(&self) -> i64 {
        match self {
            Command::Unlock { .. } => UNLOCK_MS,
            _ => EXPIRES_MS,
        }
    }
}

/// A command as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: CommandId,
    pub device: DeviceId,
    pub command: Command,
    pub state: CommandState,
    pub by: String,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub sent_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    pub tries: i64,
    /// What the device, or the platform, said in the end.
    pub answer: String,
}

const SENT: audit::Action = audit::Action::new("device.command", "下发设备指令");
/// How long a command waits for the device.
pub const EXPIRES_MS: i64 = 24 * Instant::HOUR;
/// How long an unlock command waits.
pub const UNLOCK_MS: i64 = Instant::MINUTE;
/// A device's list of open commands is cut here.
const OPEN_MAX: i64 = 50;

/// Queues a command. It is sent at once when the device is on line, or when it comes.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope; `Refused` when too many wait, the device is out of use, or a door is asked
/// for here.
pub async fn order(db: &Db, actor: &Actor, device: DeviceId, command: Command) -> Result<CommandId> {
    actor.require(Permission::SafetyHandle)?;
    if matches!(command, Command::Unlock { .. }) {
        return Err(Error::refused("开锁要在报警里办"));
    }
    let tx = db.begin().await?;
    let found = sql::scoped(&tx, actor.scope(), device, tx.lock()).await?;
    let found = found.ok_or_else(no_device)?.device();
    let id = queue(&tx, db, actor, &found, command, None).await?;
    tx.commit().await?;
    Ok(id)
}

fn no_device() -> Error {
    Error::NotFound("这台设备".into())
}

async fn queue(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    device: &Device,
    command: Command,
    reason: Option<&str>,
) -> Result<CommandId> {
    if device.state == DeviceState::Retired {
        return Err(Error::refused("这台设备已报废"));
    }
    if sql::commands(tx, device.id, true, OPEN_MAX).await?.len() as i64 >= OPEN_MAX {
        return Err(Error::refused("这台设备还有 50 条指令没下发，先等它上线"));
    }
    let order = Order {
        id: db.new_id(),
        device: device.id,
        state: CommandState::Queued,
        by: super::service::actor_name(actor),
        created_at: tx.now(),
        expires_at: tx.now().plus_ms(command.expires_ms()),
        sent_at: None,
        ended_at: None,
        tries: 0,
        answer: String::new(),
        command,
    };
    let text = serde_json::to_string(&order.command).map_err(Error::internal)?;
    sql::insert_command(tx, &order, &text).await?;
    let mut entry = audit::Entry::new(SENT, "device", device.id)
        .region(device.region)
        .detail(serde_json::json!({ "command": order.command.code() }));
    if let Some(reason) = reason {
        entry = entry.reason(reason);
    }
    audit::record(tx, actor, entry).await?;
    Ok(order.id)
}

/// Opens the door of an elder who called for help: only while the case is open, only its owner, with a reason that stands
/// in the case, in the device's history and in the audit log. It waits a minute for the device and no longer.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` when the device keeps no door of this elder, or the case is closed; `Conflict` when
/// somebody else has the case; `Invalid` without a reason.
pub async fn unlock(db: &Db, actor: &Actor, device: DeviceId, case: CaseId, reason: &str) -> Result<CommandId> {
    actor.require(Permission::SafetyHandle)?;
    let tx = db.begin().await?;
    let found = sql::scoped(&tx, actor.scope(), device, tx.lock()).await?;
    let found = found.ok_or_else(no_device)?.device();
    let held = cases::one(&tx, actor.scope(), case, tx.lock()).await?;
    let held = held.ok_or_else(|| Error::NotFound("这件报警".into()))?;
    if !found.kind.unlocks() {
        return Err(Error::refused(format!("{}不能远程开锁", found.kind.zh())));
    }
    if found.bound.is_none_or(|b| b.elder != held.elder) {
        return Err(Error::refused("这把锁不是这位老人家的"));
    }
    if !held.state.open() || !held.risk.rings() {
        return Err(Error::refused("没有正在处置的报警，不能开锁"));
    }
    if !held.owned_by(actor.user_id()) {
        return Err(Error::Conflict("先接手这件报警，再开锁".into()));
    }
    let reason = super::service::note_of(reason, "为什么开锁")?;
    let id = queue(&tx, db, actor, &found, Command::Unlock { case }, Some(&reason)).await?;
    let text = format!("远程开锁（{}）：{reason}", found.kind.zh());
    cases::save(&tx, &held).await?;
    cases::tell(&tx, db, case, EventKind::Unlocked, actor, &text, false).await?;
    let by = super::service::actor_name(actor);
    estate::tell(&tx, db, device, Happened::Unlocked, Some(held.elder), &format!("{}：{reason}", held.no), &by).await?;
    tx.commit().await?;
    Ok(id)
}

fn of(row: sql::CommandRow) -> Option<Order> {
    Some(Order {
        id: row.id,
        device: row.device_id,
        command: serde_json::from_str(&row.command).ok()?,
        state: row.state,
        by: row.by_name,
        created_at: row.created_at,
        expires_at: row.expires_at,
        sent_at: row.sent_at,
        ended_at: row.ended_at,
        tries: row.tries,
        answer: row.answer,
    })
}

/// The latest commands of a device, newest first.
pub async fn orders_of(db: &Db, device: DeviceId, limit: i64) -> Result<Vec<Order>> {
    Ok(sql::commands(db.read(), device, false, limit).await?.into_iter().filter_map(of).collect())
}

/// What waits for a device, oldest first.
pub async fn due_commands(db: &Db, device: DeviceId) -> Result<Vec<Order>> {
    Ok(sql::commands(db.read(), device, true, OPEN_MAX).await?.into_iter().filter_map(of).collect())
}

/// Devices with commands waiting that were queued since a moment.
pub async fn waiting_devices(db: &Db, since: Instant) -> Result<Vec<DeviceId>> {
    sql::waiting(db.read(), since).await
}

/// The bytes went out.
pub async fn sent_command(tx: &Tx, id: CommandId) -> Result<()> {
    sql::command_sent(tx, id).await
}
/// The device answered.
pub async fn confirm_command(tx: &Tx, db: &Db, id: CommandId, answer: &str) -> Result<u64> {
    ended(tx, db, id, CommandState::Confirmed, answer).await
}
/// It cannot be done.
pub async fn fail_command(tx: &Tx, db: &Db, id: CommandId, why: &str) -> Result<u64> {
    ended(tx, db, id, CommandState::Failed, why).await
}

/// What has waited too long for its device, oldest first, some at a time.
pub async fn overdue_commands(db: &Db) -> Result<Vec<CommandId>> {
    sql::overdue_commands(db.read(), db.now(), OPEN_MAX).await
}
/// Ends one of [`overdue_commands`].
pub async fn expire_command(tx: &Tx, db: &Db, id: CommandId) -> Result<u64> {
    ended(tx, db, id, CommandState::Expired, "").await
}

async fn ended(tx: &Tx, db: &Db, id: CommandId, state: CommandState, answer: &str) -> Result<u64> {
    let n = sql::command_ended(tx, id, state, &cut(answer)).await?;
    if n > 0 {
        tell_case(tx, db, id).await?;
    }
    Ok(n)
}

/// Whether the door opened is told in the case it was to open for: who waits at the desk need not look elsewhere.
async fn tell_case(tx: &Tx, db: &Db, id: CommandId) -> Result<()> {
    let Some(order) = sql::command(tx, id).await?.and_then(of) else { return Ok(()) };
    let Command::Unlock { case } = order.command else { return Ok(()) };
    let Some(held) = cases::any(tx, case, tx.lock()).await? else { return Ok(()) };
    let (text, bad) = match order.state {
        CommandState::Confirmed => ("门锁回话：已开".to_string(), false),
        CommandState::Failed => (format!("门没开成：{}", order.answer), true),
        CommandState::Expired => ("门没开成：1 分钟内门锁没有回话".to_string(), true),
        CommandState::Queued | CommandState::Sent => return Ok(()),
    };
    cases::save(tx, &held).await?;
    cases::tell(tx, db, case, EventKind::Unlocked, &crate::service::platform_of(&held), &text, bad).await
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
