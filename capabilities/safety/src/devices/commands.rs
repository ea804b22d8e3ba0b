//! Commands down to a device, with their state of delivery.
use super::model::DeviceId;
use super::store as sql;
pub use super::store::CommandState;
use crate::model::ids::ids;
use ::store::sea_orm;
use ::store::{Db, Tx};
use kernel::{Actor, Error, Instant, Permission, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

ids! {
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
    /// A value set on a home device: property and JSON value.
    Set {
        property: String,
        value: serde_json::Value,
    },
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
/// A device's list of open commands is cut here.
const OPEN_MAX: i64 = 50;

/// Queues a command. It is sent at once when the device is on line, or when it comes.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope; `Refused` when too many wait.
pub async fn order(db: &Db, actor: &Actor, device: DeviceId, command: Command) -> Result<CommandId> {
    actor.require(Permission::SafetyHandle)?;
    let tx = db.begin().await?;
    let found = sql::scoped(&tx, actor.scope(), device, tx.lock()).await?;
    let found = found.ok_or_else(|| Error::NotFound("这台设备".into()))?.device();
    if sql::commands(&tx, device, true, OPEN_MAX).await?.len() as i64 >= OPEN_MAX {
        return Err(Error::refused("这台设备还有 50 条指令没下发，先等它上线"));
    }
    let order = Order {
        id: db.new_id(),
        device,
        state: CommandState::Queued,
        by: super::service::actor_name(actor),
        created_at: tx.now(),
        expires_at: tx.now().plus_ms(EXPIRES_MS),
        sent_at: None,
        ended_at: None,
        tries: 0,
        answer: String::new(),
        command,
    };
    let text = serde_json::to_string(&order.command).map_err(Error::internal)?;
    sql::insert_command(&tx, &order, &text).await?;
    let entry = audit::Entry::new(SENT, "device", device)
        .region(found.region)
        .detail(serde_json::json!({ "command": order.command }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(order.id)
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
pub async fn confirm_command(tx: &Tx, id: CommandId, answer: &str) -> Result<u64> {
    sql::command_ended(tx, id, CommandState::Confirmed, &cut(answer)).await
}
/// It cannot be done.
pub async fn fail_command(tx: &Tx, id: CommandId, why: &str) -> Result<u64> {
    sql::command_ended(tx, id, CommandState::Failed, &cut(why)).await
}
/// Ends what waited too long.
pub async fn expire_commands(tx: &Tx) -> Result<u64> {
    sql::expire_commands(tx).await
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
