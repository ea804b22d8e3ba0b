//! One function a step. Each has an `_in` that runs inside the caller's transaction. `seen` is the version the
//! actor's page showed; `None` skips that check.
use super::own::Refund;
use super::{Begin, begin, finish, money, reason_text};
use crate::model::{ConfirmHow, Order, State, Step, Who, cancel_effect, no_show_open};
use crate::store as sql;
use kernel::{Actor, Error, OrderId, OrgScope, Result, Scope};
use providers::ProviderCandidate;
use providers::service::Took;
use serde_json::{Value as Json, json};
use store::{Db, Tx};

/// `Begin::Already` answers the order as it is.
macro_rules! going {
    ($begin:expr) => {
        match $begin {
            Begin::Already(order) => return Ok(*order),
            Begin::Go(going) => *going,
        }
    };
}

macro_rules! in_own_transaction {
    ($(#[$doc:meta])* $name:ident, $inner:ident($($arg:ident: $ty:ty),*)) => {
        $(#[$doc])*
        pub async fn $name(db: &Db, actor: &Actor, id: OrderId, $($arg: $ty),*) -> Result<Order> {
            let tx = db.begin().await?;
            let order = $inner(&tx, db, actor, id, $($arg),*).await?;
            tx.commit().await?;
            Ok(order)
        }
    };
}

in_own_transaction! {
    /// The provider takes the order.
    accept, accept_in(seen: Option<i64>)
}
/// [`accept`] inside a transaction.
pub async fn accept_in(tx: &Tx, _db: &Db, actor: &Actor, id: OrderId, seen: Option<i64>) -> Result<Order> {
    let mut g = going!(begin(tx, actor, id, Step::Accept, seen).await?);
    g.order.accepted_at = Some(tx.now());
    let data = json!({ "provider": g.order.provider_name });
    finish(tx, actor, g, data).await
}

/// The provider gives the order back: it passes to the next provider in turn with its hold, or ends as refused when
/// there is none. A provider that has given it back is not asked again.
pub async fn refuse(db: &Db, actor: &Actor, id: OrderId, reason: &str, seen: Option<i64>) -> Result<Order> {
    // Read before the transaction: who could take it besides those who declined.
    let able = match sql::order(db.read(), actor.scope(), id, "").await? {
        Some(o) => {
            // The manager sees its own organisation only; the platform looks for the next one in its stead.
            let whole = Scope { region: o.region, org: OrgScope::Any };
            providers::service::eligible(db, &whole, &o.region, o.category, o.served_on()).await?
        }
        None => Vec::new(),
    };
    let tx = db.begin().await?;
    let order = refuse_in(&tx, db, actor, id, reason, seen, &able).await?;
    tx.commit().await?;
    Ok(order)
}

/// [`refuse`] inside a transaction; `able` are the providers that could be asked.
pub async fn refuse_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: OrderId,
    reason: &str,
    seen: Option<i64>,
    able: &[ProviderCandidate],
) -> Result<Order> {
    let reason = reason_text(reason, true)?;
    if let Some(done) = refused_before(tx, actor, id).await? {
        return Ok(done);
    }
    // Which of the two ways it goes is known only after the next provider has been looked for.
    let mut g = going!(begin(tx, actor, id, Step::Refuse { passed_on: false }, seen).await?);
    let old = g.order.provider;
    sql::add_decline(tx, id, old, &reason).await?;
    let (region, category, on) = (g.order.region, g.order.category, g.order.served_on());
    providers::service::turn_taken(tx, old, &region, category, on, Took::Decline).await?;
    let declined = sql::declined(tx, id).await?;
    let next = providers::service::next_in_turn(tx, &region, category, on, &declined).await;
    let next = match next {
        Ok(org) => able.iter().find(|c| c.org == org),
        Err(Error::Refused(_)) => None,
        Err(other) => return Err(other),
    };
    let mut data = json!({ "provider": g.order.provider_name, "reason": reason });
    g.order.worker = None;
    g.order.worker_name = None;
    g.order.accepted_at = None;
    g.order.assigned_at = None;
    match next {
        Some(next) => {
            g.step = Step::Refuse { passed_on: true };
            g.order.state = State::Created;
            money::move_hold(tx, db, actor, &mut g.order, next.org).await?;
            providers::service::turn_taken(tx, next.org, &region, category, on, Took::Order).await?;
            g.order.provider = next.org;
            g.order.provider_name = next.name.clone();
            data["next"] = next.name.clone().into();
        }
        None => {
            money::release(tx, db, actor, &g.order).await?;
            g.order.reason = reason;
            g.order.closed_at = Some(tx.now());
        }
    }
    finish(tx, actor, g, data).await
}

/// A second click of "give back": the order belongs to another provider by then.
async fn refused_before(tx: &Tx, actor: &Actor, id: OrderId) -> Result<Option<Order>> {
    let OrgScope::Org(org) = actor.scope().org else { return Ok(None) };
    if !sql::declined(tx, id).await?.contains(&org) {
        return Ok(None);
    }
    let whole = Scope { region: actor.scope().region, org: OrgScope::Any };
    Ok(sql::order(tx, &whole, id, "").await?.filter(|o| o.provider != org))
}

in_own_transaction! {
    /// The worker sets out.
    set_out, set_out_in(seen: Option<i64>)
}
/// [`set_out`] inside a transaction.
pub async fn set_out_in(tx: &Tx, _db: &Db, actor: &Actor, id: OrderId, seen: Option<i64>) -> Result<Order> {
    let mut g = going!(begin(tx, actor, id, Step::SetOut, seen).await?);
    g.order.set_out_at = Some(tx.now());
    finish(tx, actor, g, Json::Null).await
}

in_own_transaction! {
    /// The worker has arrived. Position and time were judged by the caller, whose facts are `data`; here the worker's
    /// papers are looked at once more.
    check_in, check_in_in(data: Json, seen: Option<i64>)
}
/// [`check_in`] inside a transaction.
pub async fn check_in_in(
    tx: &Tx,
    _db: &Db,
    actor: &Actor,
    id: OrderId,
    data: Json,
    seen: Option<i64>,
) -> Result<Order> {
    let mut g = going!(begin(tx, actor, id, Step::CheckIn, seen).await?);
    let worker = g.order.worker.ok_or_else(|| Error::Internal(format!("order {id} is assigned to nobody")))?;
    let item = catalogue::service::item_in(tx, actor.scope(), g.order.item).await?;
    providers::service::dispatchable(tx, worker, &item, tx.now().date()).await?;
    g.order.checked_in_at = Some(tx.now());
    finish(tx, actor, g, data).await
}

in_own_transaction! {
    /// The worker has finished. `data` are the caller's facts.
    check_out, check_out_in(data: Json, seen: Option<i64>)
}
/// [`check_out`] inside a transaction.
pub async fn check_out_in(
    tx: &Tx,
    _db: &Db,
    actor: &Actor,
    id: OrderId,
    data: Json,
    seen: Option<i64>,
) -> Result<Order> {
    let mut g = going!(begin(tx, actor, id, Step::CheckOut, seen).await?);
    g.order.checked_out_at = Some(tx.now());
    finish(tx, actor, g, data).await
}

in_own_transaction! {
    /// The elder confirms: the hold is taken for the provider and the own part becomes due.
    confirm, confirm_in(how: ConfirmHow, seen: Option<i64>)
}
/// [`confirm`] inside a transaction.
pub async fn confirm_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: OrderId,
    how: ConfirmHow,
    seen: Option<i64>,
) -> Result<Order> {
    let by_staff = Who::of(actor) == Who::Staff;
    if by_staff != (how == ConfirmHow::FollowUpCall) || how == ConfirmHow::Decision {
        return Err(Error::invalid("how", "现场确认由护理员记，电话回访由坐席和村镇经办记"));
    }
    let mut g = going!(begin(tx, actor, id, Step::Confirm, seen).await?);
    g.order.confirmed_at = Some(tx.now());
    g.order.confirm_how = Some(how);
    money::take(tx, db, actor, &g.order).await?;
    let order = finish(tx, actor, g, json!({ "how": how.code(), "how_zh": how.zh() })).await?;
    work::emit(tx, db, "order.confirmed", json!({ "order": order.id })).await?;
    Ok(order)
}

in_own_transaction! {
    /// The elder's judgement, 1 to 5, asked by a follow-up call. A rating is given once.
    rate, rate_in(rating: i64, note: &str, seen: Option<i64>)
}
/// [`rate`] inside a transaction.
pub async fn rate_in(
    tx: &Tx,
    _db: &Db,
    actor: &Actor,
    id: OrderId,
    rating: i64,
    note: &str,
    seen: Option<i64>,
) -> Result<Order> {
    if !(1..=5).contains(&rating) {
        return Err(Error::invalid("rating", "评分只有 1 到 5 分"));
    }
    let note = note.trim();
    if note.chars().count() > 200 {
        return Err(Error::invalid("note", "评语最多 200 字"));
    }
    let mut g = match begin(tx, actor, id, Step::Rate, seen).await? {
        Begin::Go(g) => *g,
        Begin::Already(order) => return rated_before(*order, rating),
    };
    if g.order.rating.is_some() {
        return rated_before(Order { version: g.seen, ..g.order }, rating);
    }
    g.order.rating = Some(rating);
    g.order.rating_note = note.to_string();
    finish(tx, actor, g, json!({ "rating": rating, "note": note })).await
}

fn rated_before(order: Order, rating: i64) -> Result<Order> {
    match order.rating {
        Some(r) if r == rating => Ok(order),
        r => Err(Error::refused(format!("这一单已经评过 {} 分，评分不改", r.unwrap_or_default()))),
    }
}

in_own_transaction! {
    /// Calls the visit off; see [`cancel_effect`] for what it does and asks.
    cancel, cancel_in(reason: &str, seen: Option<i64>)
}
/// [`cancel`] inside a transaction.
pub async fn cancel_in(tx: &Tx, db: &Db, actor: &Actor, id: OrderId, reason: &str, seen: Option<i64>) -> Result<Order> {
    let mut g = going!(begin(tx, actor, id, Step::Cancel, seen).await?);
    let asked = Order { state: g.before, ..g.order.clone() };
    let reason = reason_text(reason, cancel_effect(&asked).needs_reason)?;
    money::release(tx, db, actor, &g.order).await?;
    g.order.closed_at = Some(tx.now());
    g.order.reason = reason.clone();
    finish(tx, actor, g, json!({ "reason": reason })).await
}

in_own_transaction! {
    /// Nobody was met, or nobody went. Nothing is charged.
    no_show, no_show_in(reason: &str, seen: Option<i64>)
}
/// [`no_show`] inside a transaction.
pub async fn no_show_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: OrderId,
    reason: &str,
    seen: Option<i64>,
) -> Result<Order> {
    let reason = reason_text(reason, true)?;
    let mut g = going!(begin(tx, actor, id, Step::NoShow, seen).await?);
    no_show_open(g.order.starts_at, tx.now())?;
    money::release(tx, db, actor, &g.order).await?;
    g.order.closed_at = Some(tx.now());
    g.order.reason = reason.clone();
    finish(tx, actor, g, json!({ "reason": reason })).await
}

in_own_transaction! {
    /// Somebody says the service was not given, or not as it should be: it is kept out of settlement.
    dispute, dispute_in(reason: &str, seen: Option<i64>)
}
/// [`dispute`] inside a transaction.
pub async fn dispute_in(
    tx: &Tx,
    _db: &Db,
    actor: &Actor,
    id: OrderId,
    reason: &str,
    seen: Option<i64>,
) -> Result<Order> {
    let reason = reason_text(reason, true)?;
    let mut g = going!(begin(tx, actor, id, Step::Dispute, seen).await?);
    g.order.reason = reason.clone();
    finish(tx, actor, g, json!({ "reason": reason })).await
}

in_own_transaction! {
    /// Ends a dispute: the service counts, or the order is void and every fen goes back.
    resolve, resolve_in(served: bool, reason: &str, seen: Option<i64>)
}
/// [`resolve`] inside a transaction.
pub async fn resolve_in(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    id: OrderId,
    served: bool,
    reason: &str,
    seen: Option<i64>,
) -> Result<Order> {
    let reason = reason_text(reason, true)?;
    let mut g = going!(begin(tx, actor, id, Step::Resolve { served }, seen).await?);
    let taken = g.order.confirmed_at.is_some();
    match (served, taken) {
        (true, true) => {}
        (true, false) => {
            g.order.confirmed_at = Some(tx.now());
            g.order.confirm_how = Some(ConfirmHow::Decision);
            money::take(tx, db, actor, &g.order).await?;
        }
        (false, true) => {
            let refund = Refund::due(tx, &g.order).await?;
            money::put_back(tx, db, actor, &g.order, refund.as_ref()).await?;
            if let Some(refund) = refund {
                refund.receipt(tx, actor, &g.order, &reason).await?;
            }
        }
        (false, false) => money::release(tx, db, actor, &g.order).await?,
    }
    if !served {
        g.order.closed_at = Some(tx.now());
    }
    g.order.reason = reason.clone();
    let order = finish(tx, actor, g, json!({ "reason": reason })).await?;
    if served && !taken {
        work::emit(tx, db, "order.confirmed", json!({ "order": order.id })).await?;
    }
    Ok(order)
}
