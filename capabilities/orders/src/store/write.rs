//! Single orders: read under lock, insert, move on.
use super::{EventRow, ORDER, OrderRow, scoped};
use crate::model::{Event, Number, Order};
use kernel::{Actor, CivilDate, Error, Instant, OrderId, OrgId, Result, Scope, WorkerId};
use store::{Db, Filter, Sql, SqlExt, Tx, insert_many, vals};

/// One order inside the scope.
pub(crate) async fn order<C: Sql>(conn: &C, scope: &Scope, id: OrderId, lock: &str) -> Result<Option<Order>> {
    let mut f = Filter::from("work_order o");
    f.and("o.id = ?", id);
    scoped(&mut f, scope);
    let sql = format!("SELECT {ORDER} {}{lock}", f.sql());
    conn.one::<OrderRow>(&sql, f.values).await?.map(Order::try_from).transpose()
}

pub(crate) async fn by_idem_key<C: Sql>(conn: &C, key: &str) -> Result<Option<Order>> {
    let sql = format!("SELECT {ORDER} FROM work_order o WHERE o.idem_key = $1");
    conn.one::<OrderRow>(&sql, vals![key]).await?.map(Order::try_from).transpose()
}

pub(crate) async fn events(db: &Db, id: OrderId) -> Result<Vec<Event>> {
    let rows: Vec<EventRow> = db
        .read()
        .all(
            "SELECT seq, at, step, state, actor_user, actor, role, data FROM work_order_event WHERE work_order = $1 ORDER BY seq",
            vals![id],
        )
        .await?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Reserves `count` places in the day's numbering and gives the first.
pub(crate) async fn take_numbers(tx: &Tx, day: CivilDate, count: i64) -> Result<Number> {
    tx.exec(
        "INSERT INTO order_number (day, last) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET last = order_number.last + $3",
        vals![day, count, count],
    )
    .await?;
    let last: i64 = tx
        .scalar("SELECT last FROM order_number WHERE day = $1", vals![day])
        .await?
        .ok_or_else(|| Error::Internal("order_number row is missing".into()))?;
    Ok(Number { day, place: last - count + 1 })
}

/// Adds the event that the order's present version tells of.
pub(crate) async fn add_event(
    tx: &Tx,
    actor: &Actor,
    order: &Order,
    step: &str,
    data: &serde_json::Value,
) -> Result<()> {
    let row = vals![
        order.id,
        order.version,
        tx.now(),
        step,
        order.state.code(),
        actor.user_id(),
        actor.label(),
        actor.role().map_or("platform", |r| r.code()),
        if data.is_null() { String::new() } else { data.to_string() }
    ];
    insert_many(tx, "work_order_event", super::bulk::EVENT_COLUMNS, vec![row], "").await?;
    Ok(())
}

/// Stores what a step may change; the version tells whether somebody else was faster.
pub(crate) async fn save(tx: &Tx, order: &Order, seen: i64) -> Result<()> {
    let touched = tx
        .exec(
            "UPDATE work_order SET provider = $1, provider_name = $2, worker = $3, worker_name = $4, state = $5, \
             version = $6, hold_round = $7, gov = $8, own = $9, accepted_at = $10, assigned_at = $11, set_out_at = $12, \
             checked_in_at = $13, checked_out_at = $14, confirmed_at = $15, closed_at = $16, confirm_how = $17, \
             rating = $18, rating_note = $19, reason = $20, payment_list = $21 WHERE id = $22 AND version = $23",
            vals![
                order.provider,
                order.provider_name.clone(),
                order.worker,
                order.worker_name.clone(),
                order.state.code(),
                order.version,
                order.hold_round,
                order.gov,
                order.own,
                order.accepted_at,
                order.assigned_at,
                order.set_out_at,
                order.checked_in_at,
                order.checked_out_at,
                order.confirmed_at,
                order.closed_at,
                order.confirm_how.map(|h| h.code()),
                order.rating,
                order.rating_note.clone(),
                order.reason.clone(),
                order.payment_list,
                order.id,
                seen
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(crate::service::changed_meanwhile()) }
}

/// Makes all who plan this worker's day wait for each other until the transaction ends.
pub(crate) async fn lock_worker_day(tx: &Tx, worker: WorkerId, day: CivilDate) -> Result<()> {
    tx.exec(
        "INSERT INTO worker_day (worker, day, changes) VALUES ($1, $2, 1) \
         ON CONFLICT (worker, day) DO UPDATE SET changes = worker_day.changes + 1",
        vals![worker, day],
    )
    .await?;
    Ok(())
}

/// Another visit of the worker that overlaps `from`–`to`.
pub(crate) async fn overlapping(
    tx: &Tx,
    worker: WorkerId,
    from: Instant,
    to: Instant,
    except: OrderId,
) -> Result<Option<Order>> {
    // A visit lasts less than a day: the index on (worker, starts_at) reads one day before.
    let sql = format!(
        "SELECT {ORDER} FROM work_order o WHERE o.worker = $1 AND o.starts_at < $2 AND o.starts_at > $3 \
         AND o.ends_at > $4 AND o.id <> $5 AND o.state NOT IN ('created', 'accepted', 'cancelled', 'refused', 'no_show') \
         ORDER BY o.starts_at LIMIT 1"
    );
    let row: Option<OrderRow> = tx.one(&sql, vals![worker, to, from.plus_ms(-Instant::DAY), from, except]).await?;
    row.map(Order::try_from).transpose()
}

pub(crate) async fn add_decline(tx: &Tx, order: OrderId, provider: OrgId, reason: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO order_decline (work_order, provider, at, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        vals![order, provider, tx.now(), reason],
    )
    .await?;
    Ok(())
}

pub(crate) async fn declined<C: Sql>(conn: &C, order: OrderId) -> Result<Vec<OrgId>> {
    conn.column("SELECT provider FROM order_decline WHERE work_order = $1", vals![order]).await
}
