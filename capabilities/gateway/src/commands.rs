//! Commands on their way down: who is on line, what is written, what counts as the device's answer.
use kernel::{Instant, Result};
use safety::devices::{self, Command, CommandId, CommandState, DeviceId, Order};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::Db;
use tokio::sync::watch;
use wire::thing::Family;
use wire::{Measure, Protocol, Session};

/// A command that was sent and not answered is sent again after this long, and so often at most.
const AGAIN_MS: i64 = 60_000;
const TRIES: i64 = 3;
/// Answers waited for on one connection.
const WAITING: usize = 50;

/// The devices connected here, each with a bell that is rung when a command waits for it. The newest connection has it.
#[derive(Clone, Default)]
pub(crate) struct Who(Arc<Mutex<HashMap<DeviceId, Arc<watch::Sender<u64>>>>>);

/// While it lives the device counts as on line.
pub(crate) struct Online {
    who: Who,
    id: DeviceId,
    bell: Arc<watch::Sender<u64>>,
}

impl Drop for Online {
    fn drop(&mut self) {
        let mut all = self.who.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&self.id).is_some_and(|b| Arc::ptr_eq(b, &self.bell)) {
            all.remove(&self.id);
        }
    }
}

impl Who {
    pub(crate) fn here(&self, id: DeviceId, sent: &Sent) -> Online {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, sent.bell.clone());
        Online { who: self.clone(), id, bell: sent.bell.clone() }
    }
    pub(crate) fn poke(&self, id: DeviceId) {
        if let Some(bell) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            bell.send_modify(|n| *n = n.wrapping_add(1));
        }
    }
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What one connection has sent and waits to hear of.
pub(crate) struct Sent {
    bell: Arc<watch::Sender<u64>>,
    waiting: Vec<(CommandId, &'static [&'static str])>,
}

impl Default for Sent {
    fn default() -> Sent {
        Sent { bell: Arc::new(watch::channel(0).0), waiting: Vec::new() }
    }
}

impl Sent {
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }
    pub(crate) fn poke(&self) {
        self.bell.send_modify(|n| *n = n.wrapping_add(1));
    }
    pub(crate) fn remember(&mut self, id: CommandId, command: &Command, protocol: Protocol) {
        if self.waiting.len() < WAITING {
            self.waiting.push((id, answers(protocol, command)));
        }
    }
    /// The commands a message of this type answers; each type answers one.
    pub(crate) fn answered(&mut self, kind: &str) -> Option<CommandId> {
        if self.waiting.is_empty() {
            return None;
        }
        let at = self.waiting.iter().position(|(_, k)| k.iter().any(|k| kind.eq_ignore_ascii_case(k)))?;
        Some(self.waiting.remove(at).0)
    }
}

/// The message types by which a device says that it did, or has begun to do, what it was told.
fn answers(protocol: Protocol, command: &Command) -> &'static [&'static str] {
    use Command as C;
    match (protocol, command) {
        (Protocol::Watch, C::LocateNow) => &["CR", "UD", "UD_LTE", "UD_WCDMA"],
        (Protocol::Watch, C::MeasureHeartRate) => &["HRTSTART", "HEART", "PULSE"],
        (Protocol::Watch, C::MeasureBloodPressure) => &["BLOOD", "BPHRT"],
        (Protocol::Watch, C::MeasureTemperature) => &["BODYTEMP", "BTEMP2", "TEMP"],
        (Protocol::Watch, C::MeasureSpo2) => &["OXYGEN"],
        (Protocol::Watch, C::CallBack { .. }) => &["CALL"],
        (Protocol::Watch, C::Reboot) => &["RESET"],
        (Protocol::Watch, C::Message { .. }) => &["MESSAGE"],
        (Protocol::Trv, C::LocateNow) => &["AP16", "AP01"],
        (Protocol::Trv, C::MeasureHeartRate) => &["APXL", "AP49"],
        (Protocol::Trv, C::MeasureBloodPressure) => &["APXY", "APHT"],
        (Protocol::Trv, C::MeasureSpo2) => &["APXZ", "APHP"],
        (Protocol::Trv, C::MeasureTemperature) => &["APXT", "AP50"],
        (Protocol::Trv, C::Reboot) => &["AP18"],
        (Protocol::Minifinder2, _) => &["7F", "04"],
        (Protocol::Jt808, C::LocateNow) => &["0201", "0001"],
        (Protocol::Jt808, _) => &["0001"],
        (Protocol::Gt06, _) => &["15", "21"],
        _ => &[],
    }
}

/// The command in the device's own bytes; `None` where its protocol has no such command.
pub(crate) fn bytes(command: &Command, device: &str, session: &mut Session) -> Option<Vec<u8>> {
    let wire = match command {
        Command::LocateNow => wire::Command::LocateNow,
        Command::MeasureHeartRate => wire::Command::MeasureNow(Measure::HeartRate),
        Command::MeasureBloodPressure => wire::Command::MeasureNow(Measure::BloodPressure),
        Command::MeasureSpo2 => wire::Command::MeasureNow(Measure::BloodOxygen),
        Command::MeasureTemperature => wire::Command::MeasureNow(Measure::Temperature),
        Command::CallBack { phone } => wire::Command::CallBack { phone: phone.clone() },
        Command::SetFence { id, lat_e6, lng_e6, radius_m } => wire::Command::SetFence {
            id: *id,
            lat: *lat_e6 as f64 / 1e6,
            lon: *lng_e6 as f64 / 1e6,
            radius_m: *radius_m,
        },
        Command::Reboot => wire::Command::Reboot,
        Command::Message { text } => wire::Command::Message { text: text.clone() },
        // A door is opened by systems that speak MQTT.
        Command::Unlock { .. } | Command::Set { .. } => return None,
    };
    wire::encode(&wire, device, session)
}

/// The same command as JSON for devices that speak ours.
pub(crate) fn json(order: &Order) -> String {
    let mut v = serde_json::to_value(&order.command).unwrap_or_default();
    if let Some(map) = v.as_object_mut() {
        map.insert("id".into(), order.id.to_string().into());
        // Which emergency it is for is none of the device's business.
        map.remove("case");
    }
    v.to_string()
}

/// The same command as a service of the device's thing model: topic and payload.
pub(crate) fn thing(order: &Order, family: Family, product: &str, device: &str) -> (String, String) {
    use serde_json::json;
    let measure = |what: &str| ("measure", json!({ "what": what }));
    let (name, params) = match &order.command {
        Command::LocateNow => ("locate", json!({})),
        Command::MeasureHeartRate => measure("heartRate"),
        Command::MeasureBloodPressure => measure("bloodPressure"),
        Command::MeasureSpo2 => measure("spo2"),
        Command::MeasureTemperature => measure("bodyTemperature"),
        Command::CallBack { phone } => ("callBack", json!({ "phone": phone })),
        Command::SetFence { id, lat_e6, lng_e6, radius_m } => {
            let (lat, lon) = (*lat_e6 as f64 / 1e6, *lng_e6 as f64 / 1e6);
            ("setFence", json!({ "id": id, "lat": lat, "lon": lon, "radius": radius_m }))
        }
        Command::Reboot => ("reboot", json!({})),
        Command::Message { text } => ("speak", json!({ "text": text })),
        Command::Unlock { .. } => ("unlock", json!({})),
        Command::Set { property, value } => {
            let what = wire::thing::Order::Set(json!({ property: value }));
            return wire::thing::order(family, product, device, &order.id.to_string(), &what);
        }
    };
    wire::thing::order(family, product, device, &order.id.to_string(), &wire::thing::Order::Service(name, params))
}

/// What has to be written to a device now.
pub(crate) async fn due(db: &Db, device: DeviceId) -> Result<Vec<Order>> {
    let now = db.now();
    let all = devices::due_commands(db, device).await?;
    let again = |o: &Order| o.sent_at.is_none_or(|at: Instant| now.since(at).abs() >= AGAIN_MS) && o.tries < TRIES;
    Ok(all
        .into_iter()
        .filter(|o| o.state == CommandState::Queued || (o.state == CommandState::Sent && again(o)))
        .filter(|o| o.expires_at > now)
        .collect())
}

macro_rules! tell {
    ($(#[$doc:meta])* $name:ident, |$db:ident, $tx:ident, $id:ident $(, $arg:ident)?| $what:expr) => {
        $(#[$doc])*
        pub(crate) async fn $name($db: &Db, $id: CommandId $(, $arg: &str)?) {
            let done: Result<()> = async {
                let $tx = $db.begin().await?;
                $what.await?;
                $tx.commit().await
            }
            .await;
            if let Err(e) = done {
                tracing::error!(command = %$id, error = %e, "delivery of a command was not noted");
            }
        }
    };
}
tell!(sent, |db, tx, id| devices::sent_command(&tx, id));
tell!(confirmed, |db, tx, id, answer| devices::confirm_command(&tx, db, id, answer));
tell!(failed, |db, tx, id, why| devices::fail_command(&tx, db, id, why));
tell!(expired, |db, tx, id| devices::expire_command(&tx, db, id));

/// Rings for devices that have commands waiting, and ends what waited too long.
pub(crate) async fn tend(db: &Db, who: &Who) -> Result<()> {
    for id in devices::waiting_devices(db, db.now().plus_ms(-25 * Instant::HOUR)).await? {
        who.poke(id);
    }
    for id in devices::overdue_commands(db).await? {
        expired(db, id).await;
    }
    Ok(())
}
