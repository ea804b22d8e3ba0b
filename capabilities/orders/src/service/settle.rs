//! What the settlement capability asks of orders. It checks its own permissions before it calls.
use crate::model::Finished;
use crate::store::{self as sql, SetStep};
use kernel::{Actor, Error, OrderId, PaymentListId, Quarter, RegionCode, Result};
use store::{Db, Tx};

const CHUNK: usize = 400;

/// Confirmed or rated orders of a region that stand in no list, served in or before `quarter`, in id order after
/// `after`.
pub async fn settleable(
    db: &Db,
    region: &RegionCode,
    quarter: Quarter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Finished>> {
    sql::settleable(db.read(), region, quarter, after, limit).await
}

/// [`settleable`] inside a transaction.
pub async fn settleable_in(
    tx: &Tx,
    region: &RegionCode,
    quarter: Quarter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Finished>> {
    sql::settleable(tx, region, quarter, after, limit).await
}

/// Puts confirmed orders, each named with the version it was read in, into a list. `list_no` is shown in their
/// timelines. Orders that are in this list already stay as they are.
///
/// # Errors
/// `Conflict` when one of them stands in another list, is no longer confirmed or has moved on since it was read; the
/// caller drops the transaction then.
pub async fn put_in_list(
    tx: &Tx,
    actor: &Actor,
    list: PaymentListId,
    list_no: &str,
    orders: &[(OrderId, i64)],
) -> Result<u64> {
    let mut moved = 0;
    for part in orders.chunks(CHUNK) {
        let set = SetStep {
            step: "enlist",
            to_state: "'in_settlement'",
            list: Some(list),
            data: serde_json::json!({ "list": list_no }),
        };
        let ids: Vec<OrderId> = part.iter().map(|(id, _)| *id).collect();
        let which = sql::among(&ids, "o.payment_list IS NULL AND o.state IN ('confirmed', 'rated')");
        let now = sql::move_set(tx, actor, &set, &which).await?;
        let (here, versions) = sql::in_list_now(tx, list, &ids).await?;
        let all = part.len() as i64;
        // Each that moved counts one version more than it was read in; one that was here before counts its own.
        let as_read = now as i64 != all || versions == part.iter().map(|(_, v)| v + 1).sum::<i64>();
        if here != all || !as_read {
            return Err(Error::Conflict("有工单刚被改过，重新生成清单".into()));
        }
        moved += now;
    }
    Ok(moved)
}

/// Takes orders out of a list that has not been paid; they can be settled again later.
pub async fn take_out_of_list(
    tx: &Tx,
    actor: &Actor,
    list: PaymentListId,
    orders: &[OrderId],
    reason: &str,
) -> Result<u64> {
    let mut moved = 0;
    for part in orders.chunks(CHUNK) {
        let set = SetStep {
            step: "delist",
            to_state: "CASE WHEN o.rating IS NULL THEN 'confirmed' ELSE 'rated' END",
            list: None,
            data: serde_json::json!({ "reason": reason }),
        };
        let mut which = sql::among(part, "o.state = 'in_settlement'");
        which.and("o.payment_list = ?", list);
        moved += sql::move_set(tx, actor, &set, &which).await?;
    }
    Ok(moved)
}

/// The list has been paid: all of its orders are. Rerun changes nothing.
pub async fn mark_paid(tx: &Tx, actor: &Actor, list: PaymentListId) -> Result<u64> {
    let set = SetStep { step: "pay", to_state: "'paid'", list: Some(list), data: serde_json::Value::Null };
    sql::move_set(tx, actor, &set, &sql::in_list(list, "o.state = 'in_settlement'")).await
}

/// Some orders of a list have been paid; the others stay in it until what holds them back is cleared. Rerun changes
/// nothing.
pub async fn mark_orders_paid(tx: &Tx, actor: &Actor, list: PaymentListId, orders: &[OrderId]) -> Result<u64> {
    let mut moved = 0;
    for part in orders.chunks(CHUNK) {
        let set = SetStep { step: "pay", to_state: "'paid'", list: Some(list), data: serde_json::Value::Null };
        let mut which = sql::among(part, "o.state = 'in_settlement'");
        which.and("o.payment_list = ?", list);
        moved += sql::move_set(tx, actor, &set, &which).await?;
    }
    Ok(moved)
}
