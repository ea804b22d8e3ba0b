//! What a care worker does on a visit: set out, check in, tick, photograph, check out, let the elder confirm.
use crate::model::{Done, Kind, MAX_PHOTOS, Plan, Position, at_door, in_time, may_finish};
use crate::store as sql;
use crate::store::Evidence;
use kernel::{Actor, Error, GeoPoint, Instant, OrderId, Permission, Result, Scope};
use orders::model::{ConfirmHow, Order, State};
use sha2::{Digest, Sha256};
use std::path::Path;
use store::{Db, Tx};

const PHOTO: audit::Action = audit::Action::new("visit.photo", "存服务照片");

/// What came from the device with a step.
#[derive(Clone, Debug, Default)]
pub struct FromDevice {
    pub position: Option<Position>,
    /// The device's own clock; kept, never believed.
    pub device_at: Option<Instant>,
    /// The elder's code as typed.
    pub code: Option<String>,
    pub reason: Option<String>,
    /// The order's version the page was made from.
    pub seen: Option<i64>,
}

/// A visit as its page shows it.
#[derive(Clone, Debug)]
pub struct Visit {
    pub order: Order,
    /// The item's checklist and whether each line is done.
    pub lines: Vec<(String, bool)>,
    pub evidence: Vec<Evidence>,
    pub photos_wanted: usize,
}

impl Visit {
    pub fn photos(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(|e| e.kind() == Some(Kind::Photo))
    }
}

fn plan(order: &Order) -> Plan {
    Plan { starts_at: order.starts_at, ends_at: order.ends_at, door: order.place }
}

/// One visit of the viewer's scope.
pub async fn visit(db: &Db, scope: &Scope, id: OrderId) -> Result<Visit> {
    let order = orders::service::order(db, scope, id).await?;
    let ticked = sql::ticked(db, id).await?;
    let item = catalogue::service::item(db, scope, order.item).await?;
    let lines = item.checklist.into_iter().enumerate().map(|(i, w)| (w, ticked.contains(&(i as i64)))).collect();
    Ok(Visit { lines, evidence: sql::of_order(db, id).await?, photos_wanted: item.photos as usize, order })
}

/// Evidence of one order of the viewer's scope, oldest first.
pub async fn evidence(db: &Db, scope: &Scope, id: OrderId) -> Result<Vec<Evidence>> {
    orders::service::order(db, scope, id).await?;
    sql::of_order(db, id).await
}

/// A photo of an order of the viewer's scope: its path below the data folder.
pub async fn photo(db: &Db, scope: &Scope, id: kernel::JobId) -> Result<String> {
    let gone = || Error::NotFound("这张照片".into());
    let e = sql::one(db, id).await?.ok_or_else(gone)?;
    orders::service::order(db, scope, e.order_id).await.map_err(|_| gone())?;
    e.file.ok_or_else(gone)
}

/// Whether the elder of a visit may be called now: it is due today, or the worker is already on it.
pub fn may_call(order: &Order, now: Instant) -> bool {
    let under_way = matches!(order.state, State::OnTheWay | State::CheckedIn);
    under_way || (order.state == State::Assigned && order.served_on() == now.date())
}

/// The elder's phone for the worker of this visit, with the order it is asked for; `None` when the archive has none.
/// Every call is a row in the audit log.
///
/// # Errors
/// `NotFound` for a visit that is not this worker's, `Refused` before its day and once it is over.
pub async fn phone(db: &Db, actor: &Actor, id: OrderId) -> Result<(Order, Option<String>)> {
    actor.require(Permission::VisitDo)?;
    let order = orders::service::order(db, actor.scope(), id).await?;
    if !may_call(&order, db.now()) {
        return Err(Error::refused("上门当天、做完以前才能看电话。别的时候找本单位"));
    }
    let tx = db.begin().await?;
    let phone = people::service::phone_for_visit(&tx, db, actor, order.elder, &order.no).await?;
    tx.commit().await?;
    Ok((order, phone))
}

fn piece(tx: &Tx, db: &Db, actor: &Actor, order: &Order, kind: Kind, from: &FromDevice) -> Evidence {
    let at = from.position;
    Evidence {
        id: db.new_id(),
        order_id: order.id,
        kind: kind.code().into(),
        at: tx.now(),
        device_at: from.device_at,
        lat_e6: at.map(|p| p.point.lat_e6),
        lng_e6: at.map(|p| p.point.lng_e6),
        accuracy_m: at.map(|p| p.accuracy_m),
        distance_m: None,
        code_ok: None,
        note: from.reason.clone().unwrap_or_default(),
        file: None,
        sha256: None,
        by_name: actor.label(),
    }
}

/// `Some(true)` when a code was typed and is this elder's.
async fn code_ok(db: &Db, order: &Order, code: Option<&str>) -> Result<Option<bool>> {
    match code.map(str::trim).filter(|c| !c.is_empty()) {
        None => Ok(None),
        Some(c) => Ok(Some(people::service::code_matches(db, order.elder, c).await?)),
    }
}

/// Stores what proves a step, unless the step was done before (`seen` is the order before it): a form sent twice, by a
/// phone that had no signal, is one step with one proof.
async fn prove(tx: &Tx, seen: i64, order: &Order, proof: Evidence) -> Result<()> {
    if order.version > seen { sql::insert(tx, &[proof]).await } else { Ok(()) }
}

/// On the way.
pub async fn set_out(db: &Db, actor: &Actor, id: OrderId, from: &FromDevice) -> Result<Order> {
    actor.require(Permission::VisitDo)?;
    let tx = db.begin().await?;
    let before = orders::service::order_in(&tx, actor.scope(), id).await?;
    if before.checked_in_at.is_some() {
        // Sent again by a phone whose check-in was faster.
        return Ok(before);
    }
    let order = orders::service::set_out_in(&tx, db, actor, id, from.seen).await?;
    prove(&tx, before.version, &order, piece(&tx, db, actor, &order, Kind::SetOut, from)).await?;
    tx.commit().await?;
    Ok(order)
}

/// At the door. The server's time and the distance it computes decide.
///
/// # Errors
/// `Refused` with the figure when it is too early, too late or too far; `Invalid` at `code` when the code is not this
/// elder's; what `orders` refuses (papers expired meanwhile).
pub async fn check_in(db: &Db, actor: &Actor, id: OrderId, from: &FromDevice) -> Result<Order> {
    actor.require(Permission::VisitDo)?;
    let order = orders::service::order(db, actor.scope(), id).await?;
    if order.checked_in_at.is_some() {
        return Ok(order);
    }
    let code = code_ok(db, &order, from.code.as_deref()).await?;
    in_time(&plan(&order), db.now())?;
    let metres = at_door(&plan(&order), from.position, code)?;
    let tx = db.begin().await?;
    let words = metres.map(|m| format!("离门口 {m} 米")).unwrap_or_else(|| "老人码".into());
    let data = serde_json::json!({ "words": words, "distance_m": metres, "code_ok": code });
    let before = orders::service::order_in(&tx, actor.scope(), id).await?.version;
    let order = orders::service::check_in_in(&tx, db, actor, id, data, from.seen).await?;
    let proof = Evidence { distance_m: metres, code_ok: code, ..piece(&tx, db, actor, &order, Kind::CheckIn, from) };
    prove(&tx, before, &order, proof).await?;
    tx.commit().await?;
    Ok(order)
}

/// These lines of the checklist are done and no others.
pub async fn tick(db: &Db, actor: &Actor, id: OrderId, lines: &[i64]) -> Result<()> {
    actor.require(Permission::VisitDo)?;
    let v = visit(db, actor.scope(), id).await?;
    if v.order.state != State::CheckedIn {
        return Err(Error::refused("签到以后、签退以前才能打勾"));
    }
    let known: Vec<i64> = lines.iter().copied().filter(|l| (0..v.lines.len() as i64).contains(l)).collect();
    let tx = db.begin().await?;
    sql::set_ticks(&tx, id, &known).await?;
    tx.commit().await
}

/// Keeps a photo: re-encoded, without metadata, below the data folder. The same photo again is kept once.
///
/// # Errors
/// `Invalid` at `photo` when it is no photo, too large, one too many, or already hangs on another order.
pub async fn add_photo(db: &Db, data: &Path, actor: &Actor, id: OrderId, bytes: Vec<u8>) -> Result<()> {
    actor.require(Permission::VisitDo)?;
    let order = orders::service::order(db, actor.scope(), id).await?;
    if order.state != State::CheckedIn {
        return Err(Error::refused("签到以后、签退以前才能存照片"));
    }
    if bytes.is_empty() {
        return Err(Error::invalid("photo", "还没有选照片"));
    }
    // What the phone sent is compared, so that the same shot is known again after re-encoding elsewhere.
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let photo = tokio::task::spawn_blocking(move || papers::photo::reencode(&bytes))
        .await
        .map_err(Error::internal)?
        .map_err(|e| Error::invalid("photo", e.to_string()))?;
    let tx = db.begin().await?;
    // Held, so that photos sent at once are counted one after the other.
    if orders::service::order_in(&tx, actor.scope(), id).await?.state != State::CheckedIn {
        return Err(Error::refused("已经签退，照片存不进去了"));
    }
    if sql::photo_here(&tx, &sha256, id).await? {
        return Ok(());
    }
    if let Some(other) = sql::photo_elsewhere(&tx, &sha256, id).await? {
        tracing::warn!(order = %id, %other, "the same photo was sent for two orders");
        return Err(Error::invalid("photo", "这张照片别的单用过了，重新拍一张"));
    }
    if sql::photos(&tx, id).await? >= MAX_PHOTOS as i64 {
        return Err(Error::invalid("photo", format!("一单最多 {MAX_PHOTOS} 张照片")));
    }
    let proof = piece(&tx, db, actor, &order, Kind::Photo, &FromDevice::default());
    let month = tx.now().date().month_of().to_string();
    let file = format!("photos/{month}/{}.jpg", proof.id);
    let path = data.join(&file);
    let folder = data.join("photos").join(month);
    tokio::fs::create_dir_all(&folder).await.map_err(Error::internal)?;
    tokio::fs::write(&path, &photo.jpeg).await.map_err(Error::internal)?;
    sql::insert(&tx, &[Evidence { file: Some(file), sha256: Some(sha256), ..proof }]).await?;
    let entry = audit::Entry::new(PHOTO, "work_order", id).region(order.region);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// The work is done. With the elder's code the elder has confirmed as well.
///
/// # Errors
/// `Refused`/`Invalid` when the worker is away from the door, photos are missing, or a reason is needed.
pub async fn check_out(db: &Db, actor: &Actor, id: OrderId, from: &FromDevice) -> Result<Order> {
    actor.require(Permission::VisitDo)?;
    let v = visit(db, actor.scope(), id).await?;
    let order = &v.order;
    let Some(checked_in_at) = order.checked_in_at.filter(|_| order.checked_out_at.is_none()) else {
        return if order.checked_out_at.is_some() { Ok(v.order) } else { Err(Error::refused("还没有签到")) };
    };
    let code = code_ok(db, order, from.code.as_deref()).await?;
    // Without a door on the map the code at check-in has proved the place.
    let door_known = order.place.is_some();
    let metres = if door_known || code == Some(false) { at_door(&plan(order), from.position, code)? } else { None };
    let done = Done {
        checked_in_at,
        now: db.now(),
        normal_minutes: order.minutes,
        lines: v.lines.len(),
        ticked: v.lines.iter().filter(|(_, d)| *d).count(),
        photos: v.photos().count(),
        photos_wanted: v.photos_wanted,
    };
    may_finish(&done, from.reason.as_deref())?;
    let tx = db.begin().await?;
    let minutes = done.now.since(checked_in_at) / Instant::MINUTE;
    let mut words = format!("服务 {minutes} 分钟");
    if let Some(r) = from.reason.as_deref().filter(|r| !r.trim().is_empty()) {
        words = format!("{words}，{}", r.trim());
    }
    let data = serde_json::json!({ "words": words, "distance_m": metres, "minutes": minutes, "reason": from.reason });
    let before = orders::service::order_in(&tx, actor.scope(), id).await?.version;
    let mut order = orders::service::check_out_in(&tx, db, actor, id, data, from.seen).await?;
    let proof = Evidence { distance_m: metres, code_ok: code, ..piece(&tx, db, actor, &order, Kind::CheckOut, from) };
    prove(&tx, before, &order, proof).await?;
    if code == Some(true) {
        order = orders::service::confirm_in(&tx, db, actor, id, ConfirmHow::Code, None).await?;
    }
    tx.commit().await?;
    Ok(order)
}

/// The elder says on the worker's phone that the service was given.
///
/// # Errors
/// `Invalid` at `code` when the code is missing or not this elder's.
pub async fn confirm(db: &Db, actor: &Actor, id: OrderId, how: ConfirmHow, from: &FromDevice) -> Result<Order> {
    actor.require(Permission::VisitDo)?;
    let order = orders::service::order(db, actor.scope(), id).await?;
    let code = code_ok(db, &order, from.code.as_deref()).await?;
    if how == ConfirmHow::Code && code != Some(true) {
        return Err(Error::invalid("code", if code.is_none() { "老人码没有填" } else { "老人码不对" }));
    }
    let tx = db.begin().await?;
    let before = orders::service::order_in(&tx, actor.scope(), id).await?.version;
    let order = orders::service::confirm_in(&tx, db, actor, id, how, from.seen).await?;
    let proof = Evidence { code_ok: code, ..piece(&tx, db, actor, &order, Kind::Confirmation, from) };
    prove(&tx, before, &order, Evidence { note: how.zh().into(), ..proof }).await?;
    tx.commit().await?;
    Ok(order)
}

/// Nobody was met.
pub async fn no_show(db: &Db, actor: &Actor, id: OrderId, reason: &str, seen: Option<i64>) -> Result<Order> {
    actor.require(Permission::VisitDo)?;
    orders::service::no_show(db, actor, id, reason, seen).await
}

/// Evidence for orders that are written as finished history (demo, benches): checked in and out at the door.
pub async fn bulk_evidence(tx: &Tx, db: &Db, orders: &[Order], metres: impl Fn(&Order) -> i64) -> Result<()> {
    let mut rows = Vec::with_capacity(orders.len() * 2);
    for o in orders {
        for (kind, at) in [(Kind::CheckIn, o.checked_in_at), (Kind::CheckOut, o.checked_out_at)] {
            let Some(at) = at else { continue };
            let point = o.place.map(|p| GeoPoint { lat_e6: p.lat_e6 + metres(o) * 9, lng_e6: p.lng_e6 });
            rows.push(Evidence {
                id: db.new_id(),
                order_id: o.id,
                kind: kind.code().into(),
                at,
                device_at: Some(at),
                lat_e6: point.map(|p| p.lat_e6),
                lng_e6: point.map(|p| p.lng_e6),
                accuracy_m: Some(12),
                distance_m: point.zip(o.place).map(|(a, b)| a.distance_m(b).round() as i64),
                code_ok: None,
                note: String::new(),
                file: None,
                sha256: None,
                by_name: o.worker_name.clone().unwrap_or_default(),
            });
        }
    }
    sql::insert(tx, &rows).await
}
