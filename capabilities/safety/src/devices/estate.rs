//! The estate as people keep it: lists, one device with its history, what may be changed, what was heard.
use super::model::*;
use super::service::{actor_name, note_of, secret_hash};
use super::standing::{DeviceAsk, DeviceEvent, Happened, Listed, NewSign, Standing, View, standing};
use super::store as sql;
use super::store::estate as rows;
pub use super::store::estate::DeviceAlarmLine;
use ::store::{Db, Tx};
use async_trait::async_trait;
use audit::{Action, Entry};
use kernel::{Actor, CivilDate, ElderId, Error, Fen, FieldError, Permission, RegionCode, Result, Scope};
use people::model::ElderCard;
use vigil::{DoorKind, Room};
use web::ListFetch;

const EDITED: Action = Action::new("device.edited", "修改设备资料");
const SECRET: Action = Action::new("device.secret", "更换设备密码");

/// How many elders a search in the estate looks for devices of.
const FOUND: usize = 100;

fn unknown() -> Error {
    Error::NotFound("这台设备".into())
}

/// One page of the estate. A question is the beginning of a printed number or model, or an elder.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, scope: &Scope, ask: &DeviceAsk, fetch: &ListFetch) -> Result<kernel::Paged<Listed>> {
    let mut elders = Vec::new();
    if ask.by_elder && !ask.q.trim().is_empty() {
        elders = people::service::find(db, scope, &ask.q, FOUND).await?.into_iter().map(|c| c.id).collect();
    }
    rows::page(db, scope, ask, &elders, &fetch.order, fetch.page).await
}

/// How many devices a common question finds.
pub async fn count(db: &Db, scope: &Scope, view: View) -> Result<i64> {
    rows::count(db, scope, &DeviceAsk { view, ..DeviceAsk::default() }).await
}

/// One device of the scope with what it last said of itself.
///
/// # Errors
/// `NotFound`.
pub async fn listed(db: &Db, scope: &Scope, id: DeviceId) -> Result<Listed> {
    rows::one(db, scope, id).await?.ok_or_else(unknown)
}

/// The devices of an elder of the scope with their signs.
///
/// # Errors
/// `NotFound`.
pub async fn listed_of(db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Listed>> {
    let card = people::service::card(db, scope, elder).await?;
    rows::of_elder(db, card.id).await
}

/// What the elder and the family should see to: batteries to be charged, devices that say nothing. The caller has shown
/// that the elder is theirs.
pub async fn troubles(db: &Db, elder: &ElderCard) -> Result<Vec<(Device, Standing)>> {
    let now = db.now();
    let all = rows::of_elder(db, elder.id).await?;
    Ok(all
        .into_iter()
        .map(|l| {
            let how = standing(&l.device, l.sign.as_ref(), now);
            (l.device, how)
        })
        .filter(|(_, how)| matches!(how, Standing::Silent(_) | Standing::Low(_)))
        .collect())
}

/// What happened to a device, newest first.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn history(db: &Db, scope: &Scope, id: DeviceId, limit: i64) -> Result<Vec<DeviceEvent>> {
    listed(db, scope, id).await?;
    rows::events(db.read(), id, limit).await
}

/// The latest alarms a device raised for whom it is bound to.
pub async fn alarms(db: &Db, scope: &Scope, device: &Device, limit: i64) -> Result<Vec<DeviceAlarmLine>> {
    match device.bound {
        Some(b) => rows::alarms(db, scope, b.elder, &device.identity, limit).await,
        None => Ok(Vec::new()),
    }
}

/// What a form changes of a device.
#[derive(Clone, Debug)]
pub struct Facts {
    pub model: String,
    /// Of a device that is nobody's; a bound one belongs to where its elder lives.
    pub region: RegionCode,
    pub room: Option<Room>,
    pub door: Option<DoorKind>,
    /// Minutes; `None`: silence is normal.
    pub silent: Option<i64>,
    pub firmware: String,
    pub payer: Payer,
    pub payer_note: String,
    pub cost: Option<Fen>,
    pub due_back: Option<CivilDate>,
}

/// Longest silence that may be set, minutes: 30 days.
pub const SILENT_MAX: i64 = 30 * 1_440;

impl Facts {
    fn check(&self) -> Result<()> {
        let mut wrong = Vec::new();
        for (field, text, max) in
            [("model", &self.model, 60), ("firmware", &self.firmware, 60), ("payer_note", &self.payer_note, 100)]
        {
            let n = text.chars().count();
            if n > max {
                wrong.push(FieldError::new(field, format!("最多 {max} 字，现在 {n} 字")));
            }
        }
        if self.silent.is_some_and(|m| !(5..=SILENT_MAX).contains(&m)) {
            wrong.push(FieldError::new("silent", "写 5 到 43200 之间的分钟数"));
        }
        if self.cost.is_some_and(|c| c.0 < 0) {
            wrong.push(FieldError::new("cost", "金额不能是负数"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

/// Changes what is known of a device. `seen` is the version the form showed.
///
/// # Errors
/// `NotFound`; `Invalid`; `Conflict` when somebody changed it meanwhile.
pub async fn edit(db: &Db, actor: &Actor, id: DeviceId, seen: i64, facts: Facts) -> Result<()> {
    actor.require(Permission::DeviceKeep)?;
    let tx = db.begin().await?;
    let device = sql::scoped(&tx, actor.scope(), id, tx.lock()).await?.ok_or_else(unknown)?.device();
    facts.check()?;
    let region = if device.bound.is_some() { device.region } else { facts.region };
    if !actor.scope().covers(&region) {
        return Err(Error::invalid("region", "不在您的辖区"));
    }
    let new = rows::Facts {
        model: &facts.model,
        region,
        room: facts.room,
        door: facts.door,
        silent: facts.silent,
        firmware: &facts.firmware,
        payer: facts.payer,
        payer_note: &facts.payer_note,
        cost: facts.cost,
        due_back: facts.due_back.filter(|_| device.state == DeviceState::Lent),
    };
    if !rows::save(&tx, id, seen, &new).await? {
        return Err(Error::Conflict("刚才有人改过这台设备，先看看改了什么".into()));
    }
    if let Some(b) = device.bound {
        sql::touch(&tx, b.elder).await?;
    }
    let changed = changed_words(&device, &new);
    rows::tell(&tx, db, id, Happened::Edited, None, &changed.join("、"), &actor_name(actor)).await?;
    let detail = serde_json::json!({ "fields": changed });
    audit::record(&tx, actor, Entry::new(EDITED, "device", id).region(region).detail(detail)).await?;
    tx.commit().await
}

fn changed_words(d: &Device, n: &rows::Facts<'_>) -> Vec<&'static str> {
    [
        (d.model != n.model, "型号"),
        (d.region != n.region, "所属"),
        (d.room != n.room, "房间"),
        (d.door != n.door, "装在哪扇门"),
        (d.silent != n.silent, "失联界限"),
        (d.firmware != n.firmware, "固件"),
        (d.payer != n.payer, "谁出的钱"),
        (d.payer_note != n.payer_note, "来源说明"),
        (d.cost != n.cost, "金额"),
        (d.due_back != n.due_back, "归还日"),
    ]
    .into_iter()
    .filter_map(|(changed, word)| changed.then_some(word))
    .collect()
}

/// Registers a device with what was paid for it.
///
/// # Errors
/// As [`super::register`].
pub async fn register_bought(tx: &Tx, db: &Db, actor: &Actor, new: NewDevice, cost: Option<Fen>) -> Result<DeviceId> {
    let id = super::register(tx, db, actor, new).await?;
    if cost.is_some() {
        rows::set_cost(tx, id, cost).await?;
    }
    Ok(id)
}

/// Binds a device, to be back by a day where it is lent.
///
/// # Errors
/// As [`super::bind`]; `Invalid` for a day that has passed.
pub async fn bind_until(
    db: &Db,
    actor: &Actor,
    id: DeviceId,
    to: NewBinding,
    due_back: Option<CivilDate>,
) -> Result<Bound> {
    let tx = db.begin().await?;
    if due_back.is_some_and(|d| d < tx.now().date()) {
        return Err(Error::invalid("due_back", "归还日不能早于今天"));
    }
    let bound = super::bind(&tx, db, actor, id, to).await?;
    if to.lent && due_back.is_some() {
        rows::set_due(&tx, id, due_back).await?;
    }
    tx.commit().await?;
    Ok(bound)
}

/// Gives a device a new password; the old one ends at once. The answer is shown once and stored nowhere.
///
/// # Errors
/// `NotFound`; `Refused` for a protocol without passwords.
pub async fn renew_secret(db: &Db, actor: &Actor, id: DeviceId, reason: &str) -> Result<String> {
    actor.require(Permission::DeviceKeep)?;
    let tx = db.begin().await?;
    let device = sql::scoped(&tx, actor.scope(), id, tx.lock()).await?.ok_or_else(unknown)?.device();
    if device.protocol != Protocol::Mqtt {
        return Err(Error::refused(format!("{} 设备没有密码", device.protocol.zh())));
    }
    let reason = note_of(reason, "为什么换")?;
    let secret = super::new_secret(db);
    rows::set_secret(&tx, id, secret_hash(secret.as_bytes())).await?;
    rows::tell(&tx, db, id, Happened::Secret, None, &reason, &actor_name(actor)).await?;
    let entry = Entry::new(SECRET, "device", id).region(device.region).reason(reason);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Takes over what devices said of themselves: for the gateway, many at once.
pub async fn signs(db: &Db, seen: Vec<NewSign>) -> Result<()> {
    if seen.is_empty() {
        return Ok(());
    }
    let tx = db.begin().await?;
    rows::save_signs(&tx, seen).await?;
    tx.commit().await
}

/// Whether any device ever gave a sign of life: then there have to be readings.
///
/// # Errors
/// The database's.
pub async fn ever_heard(db: &Db) -> Result<bool> {
    rows::ever_heard(db).await
}

/// How the readings' database fits the main one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Elders that have readings.
    pub watched: i64,
    /// Those of them nobody in the main database is: the two are not of one time.
    pub strays: i64,
}

/// Whether readings and main database are of one time.
///
/// # Errors
/// The databases'.
pub async fn fit(main: &Db, telemetry: &Db) -> Result<Fit> {
    let (watched, strays) = rows::fit(main, telemetry).await?;
    Ok(Fit { watched, strays })
}

/// Devices follow their elder: when an archive says another village, so do the devices bound to it.
pub struct Follows;

#[async_trait]
impl work::Subscriber for Follows {
    fn name(&self) -> &'static str {
        "safety.devices"
    }
    fn topics(&self) -> &'static [&'static str] {
        &["elder.changed"]
    }
    async fn handle(&self, db: &Db, event: &work::Event) -> Result<()> {
        let id = event.payload.get("elder").and_then(|v| v.as_str()).and_then(|t| t.parse::<ElderId>().ok());
        let Some(elder) = id else { return Ok(()) };
        let card = match people::service::card_anywhere(db.read(), elder).await {
            Ok(card) => card,
            Err(Error::NotFound(_)) => return Ok(()),
            Err(e) => return Err(e),
        };
        let tx = db.begin().await?;
        if rows::move_with(&tx, elder, card.region).await? > 0 {
            tx.commit().await?;
        }
        Ok(())
    }
}
