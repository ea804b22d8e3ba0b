//! Own parts: when they may be taken, what is left of them, and the receipt that proves each payment.
use super::facts::{Order, PaidBy, ReceiptKind};
use super::steps::State;
use kernel::{CivilDate, Error, Fen, Instant, OrderId, Result};
use serde::Serialize;

/// What proves one payment or refund of an own part. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub order: OrderId,
    /// Place among the order's receipts, from 1.
    pub seq: i64,
    /// See [`receipt_no`].
    pub no: String,
    pub kind: ReceiptKind,
    pub how: PaidBy,
    /// Above zero, whichever way it went.
    pub amount: Fen,
    pub at: Instant,
    pub by_name: String,
    /// Why it was given back; empty for a payment.
    pub reason: String,
}

/// `SJ20261121-000012` for a payment, `TK…` for a refund: the day and the place among that day's receipts.
pub fn receipt_no(kind: ReceiptKind, day: CivilDate, place: i64) -> String {
    let head = match kind {
        ReceiptKind::Paid => "SJ",
        ReceiptKind::Refund => "TK",
    };
    format!("{head}{}-{place:06}", day.compact())
}

/// What the elder has paid and not got back.
pub fn paid_of(receipts: &[Receipt]) -> Fen {
    receipts.iter().fold(Fen::ZERO, |sum, r| match r.kind {
        ReceiptKind::Paid => sum + r.amount,
        ReceiptKind::Refund => sum - r.amount,
    })
}

/// What may still be taken of the own part, when `paid` has been: zero when all is paid.
///
/// # Errors
/// `Refused` where there is no own part, before the elder has confirmed, in a dispute, and for a void order.
pub fn own_left(order: &Order, paid: Fen) -> Result<Fen> {
    if order.state == State::Disputed {
        return Err(Error::refused("这一单有争议，了结以后再收"));
    }
    if order.state == State::Cancelled || order.state.void() {
        return Err(Error::refused("这一单没有服务成，不收钱"));
    }
    if order.own.is_zero() {
        return Err(Error::refused("这一单没有自付，不用收钱"));
    }
    if order.confirmed_at.is_none() {
        return Err(Error::refused("老人确认以后才收自付的钱"));
    }
    Ok(order.own - paid)
}
