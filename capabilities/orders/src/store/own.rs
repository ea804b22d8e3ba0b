//! Receipts of own parts.
use crate::model::{PaidBy, Receipt, ReceiptKind, receipt_no};
use kernel::{Actor, Error, Fen, Instant, OrderId, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, vals};

pub(super) const OWN: &str = "CREATE TABLE own_receipt (
  order_id UUID NOT NULL, seq BIGINT NOT NULL, no TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, how TEXT NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0), at BIGINT NOT NULL, by_user UUID, by_name TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (order_id, seq));
CREATE TABLE own_receipt_number (day TEXT PRIMARY KEY, last BIGINT NOT NULL);
";

#[derive(FromQueryResult)]
struct Row {
    order_id: OrderId,
    seq: i64,
    no: String,
    kind: String,
    how: String,
    amount: Fen,
    at: Instant,
    by_name: String,
    reason: String,
}

impl TryFrom<Row> for Receipt {
    type Error = Error;
    fn try_from(r: Row) -> Result<Receipt> {
        let broken = || Error::Internal(format!("receipt {} of order {} cannot be read", r.no, r.order_id));
        Ok(Receipt {
            kind: ReceiptKind::parse(&r.kind).ok_or_else(broken)?,
            how: PaidBy::parse(&r.how).ok_or_else(broken)?,
            order: r.order_id,
            seq: r.seq,
            no: r.no,
            amount: r.amount,
            at: r.at,
            by_name: r.by_name,
            reason: r.reason,
        })
    }
}

/// The receipts of an order, oldest first. The caller has seen that the order is in scope.
pub(crate) async fn receipts<C: Sql>(conn: &C, order: OrderId) -> Result<Vec<Receipt>> {
    let sql = "SELECT order_id, seq, no, kind, how, amount, at, by_name, reason FROM own_receipt \
               WHERE order_id = $1 ORDER BY seq";
    conn.all::<Row>(sql, vals![order]).await?.into_iter().map(Receipt::try_from).collect()
}

/// Writes the order's next receipt; the order is locked.
pub(crate) async fn add_receipt(
    tx: &Tx,
    actor: &Actor,
    order: OrderId,
    seq: i64,
    (kind, how): (ReceiptKind, PaidBy),
    amount: Fen,
    reason: &str,
) -> Result<Receipt> {
    let (now, day) = (tx.now(), tx.now().date());
    tx.exec(
        "INSERT INTO own_receipt_number (day, last) VALUES ($1, 1) \
         ON CONFLICT (day) DO UPDATE SET last = own_receipt_number.last + 1",
        vals![day],
    )
    .await?;
    let place: i64 = tx
        .scalar("SELECT last FROM own_receipt_number WHERE day = $1", vals![day])
        .await?
        .ok_or_else(|| Error::Internal("own_receipt_number row is missing".into()))?;
    let made = Receipt {
        order,
        seq,
        no: receipt_no(kind, day, place),
        kind,
        how,
        amount,
        at: now,
        by_name: actor.label(),
        reason: reason.to_string(),
    };
    tx.exec(
        "INSERT INTO own_receipt (order_id, seq, no, kind, how, amount, at, by_user, by_name, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        vals![
            order,
            seq,
            made.no.clone(),
            kind.code(),
            how.code(),
            amount,
            now,
            actor.user_id(),
            made.by_name.clone(),
            reason
        ],
    )
    .await?;
    Ok(made)
}
