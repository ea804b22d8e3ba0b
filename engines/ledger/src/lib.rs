//! Double entry with holds: every fen leaves one account and enters another, and nothing is ever edited.
//!
//! Words: an [`Account`] belongs to a kind that fixes its normal side and whether it may be overdrawn. A
//! [`Command`] asks for one [`Transfer`]: a posting, a hold (预占), the commit (扣) or release (退) of a hold, or a
//! sweep of what is left. [`plan`] judges one command against the two accounts it touches and says what has to be
//! stored; it does no IO, so a database locks the rows, calls it and writes the answer. [`Book`] does the same in
//! memory for bulk work and for the property tests.
//!
//! **Invariants**
//! - Sum of posted debits = sum of posted credits, and the same for held amounts, after any sequence of commands.
//! - An account whose kind forbids it is never overdrawn, counting what is held.
//! - A command is done once: the same key with the same content gives the same answer, with another content it is
//!   refused.
//! - Transfers are only added. A mistake is put right by a further transfer.
//! - Which kinds of account a purpose may join is one table ([`Purpose::route`]), so money granted for a purpose
//!   cannot leave by another way (专款专用).
#![forbid(unsafe_code)]

mod account;
mod book;
mod plan;
mod recount;
mod refusal;
mod transfer;

pub use account::{Account, AccountKind, Balances, Overdraw, Side};
pub use book::{Answer, Book, Totals};
pub use plan::{Effects, plan};
pub use recount::{Recount, RecountFault};
pub use refusal::LedgerRefusal;
pub use transfer::{
    Action, ActionKind, Command, DeterminationRef, Hold, HoldState, Key, OpenHolds, Purpose, Reference, Touches,
    Transfer,
};

use kernel::Fen;

/// Largest amount of one transfer.
pub const MAX_AMOUNT: Fen = Fen::MAX_INPUT;
/// Largest total one side of one account may reach (10^17 fen), far inside an `i64`.
pub const MAX_TOTAL: Fen = Fen(100_000_000_000_000_000);
/// Longest idempotency key or reference text, in bytes.
pub const MAX_KEY_LEN: usize = 160;
