//! The fee and who pays which part (ORD-4).
use kernel::{Error, Fen, Result};
use serde::Serialize;

/// A fee with its public and its own part. `gov + own = fee`, both not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
}

/// Price of one unit × quantity.
///
/// # Errors
/// `Invalid` when the amount leaves the range of money.
pub fn fee_of(price: Fen, quantity: i64) -> Result<Fen> {
    price
        .times(quantity)
        .filter(|f| !f.is_negative() && *f <= Fen::MAX_INPUT)
        .ok_or_else(|| Error::invalid("quantity", "数量太大，费用算不出来"))
}

/// The purse pays what it still holds, the elder the rest: never more than the purse has.
pub fn split(fee: Fen, available: Fen) -> Split {
    let gov = fee.min(available).max(Fen::ZERO);
    Split { fee, gov, own: fee - gov }
}
