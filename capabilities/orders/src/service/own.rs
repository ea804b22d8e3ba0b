//! The own part in money: the provider takes it once the elder has confirmed, and gives it back when it was wrong. Each
//! payment and each refund is a posting and a numbered receipt, in one transaction.
use super::{missing, money, reason_text};
use crate::model::{Order, PaidBy, Receipt, ReceiptKind, own_left, paid_of};
use crate::store as sql;
use kernel::{Actor, Error, Fen, OrderId, Permission, Result, Scope};
use store::{Db, Tx};

const TAKEN: audit::Action = audit::Action::new("order.own_paid", "收自付的钱");
const GIVEN_BACK: audit::Action = audit::Action::new("order.own_refunded", "退自付的钱");

/// The receipts of an order, oldest first.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn receipts(db: &Db, scope: &Scope, id: OrderId) -> Result<Vec<Receipt>> {
    super::order(db, scope, id).await?;
    sql::receipts(db.read(), id).await
}

/// The elder has paid the own part, all that is left of it. Asked again it answers the receipt that is there.
///
/// # Errors
/// `Forbidden`, `NotFound`, or `Refused` where nothing may be taken; see [`own_left`].
pub async fn take_own(db: &Db, actor: &Actor, id: OrderId, how: PaidBy) -> Result<Receipt> {
    actor.require(Permission::OrderDispatch)?;
    let tx = db.begin().await?;
    let order = sql::order(&tx, actor.scope(), id, tx.lock()).await?.ok_or_else(missing)?;
    let mut before = sql::receipts(&tx, id).await?;
    let left = own_left(&order, paid_of(&before))?;
    if left.is_zero() {
        return before.pop().ok_or_else(|| Error::Internal(format!("order {id} is paid without a receipt")));
    }
    let seq = before.len() as i64 + 1;
    money::own_paid(&tx, db, actor, &order, seq, left).await?;
    let made = sql::add_receipt(&tx, actor, id, seq, (ReceiptKind::Paid, how), left, "").await?;
    record(&tx, actor, TAKEN, &order, &made).await?;
    tx.commit().await?;
    Ok(made)
}

/// A payment was taken by mistake: all of it goes back, and is due again. Asked again it answers the receipt that is
/// there.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` without a reason, `Refused` when nothing was paid.
pub async fn give_back_own(db: &Db, actor: &Actor, id: OrderId, reason: &str) -> Result<Receipt> {
    actor.require(Permission::OrderDispatch)?;
    let reason = reason_text(reason, true)?;
    let tx = db.begin().await?;
    let order = sql::order(&tx, actor.scope(), id, tx.lock()).await?.ok_or_else(missing)?;
    let before = sql::receipts(&tx, id).await?;
    let Some(refund) = Refund::of(&before) else {
        return before.into_iter().next_back().ok_or_else(|| Error::refused("这一单还没有收过自付的钱"));
    };
    money::own_refunded(&tx, db, actor, &order, &refund).await?;
    let made = refund.receipt(&tx, actor, &order, &reason).await?;
    tx.commit().await?;
    Ok(made)
}

/// All that was paid of an own part, on its way back.
pub(super) struct Refund {
    /// Place of its receipt among the order's.
    pub(super) seq: i64,
    pub(super) amount: Fen,
    how: PaidBy,
}

impl Refund {
    /// `None` when nothing is paid.
    fn of(before: &[Receipt]) -> Option<Refund> {
        let (last, amount) = (before.last()?, paid_of(before));
        (amount > Fen::ZERO).then_some(Refund { seq: last.seq + 1, amount, how: last.how })
    }
    /// What a void order has to give back.
    pub(super) async fn due(tx: &Tx, order: &Order) -> Result<Option<Refund>> {
        Ok(Refund::of(&sql::receipts(tx, order.id).await?))
    }
    /// Its receipt and audit row, after the posting.
    pub(super) async fn receipt(self, tx: &Tx, actor: &Actor, order: &Order, reason: &str) -> Result<Receipt> {
        let kind = (ReceiptKind::Refund, self.how);
        let made = sql::add_receipt(tx, actor, order.id, self.seq, kind, self.amount, reason).await?;
        record(tx, actor, GIVEN_BACK, order, &made).await?;
        Ok(made)
    }
}

async fn record(tx: &Tx, actor: &Actor, action: audit::Action, order: &Order, made: &Receipt) -> Result<()> {
    let detail = serde_json::json!({ "receipt": made.no, "fen": made.amount, "how": made.how.code() });
    let entry = audit::Entry::new(action, "work_order", order.id).region(order.region).detail(detail);
    let entry = if made.reason.is_empty() { entry } else { entry.reason(&made.reason) };
    audit::record(tx, actor, entry).await
}
