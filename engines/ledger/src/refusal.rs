//! Why the ledger says no: in English for the log, in Chinese for the user.
use crate::account::AccountKind;
use crate::transfer::{HoldState, Key, Purpose};
use crate::{MAX_AMOUNT, MAX_KEY_LEN};
use kernel::{AccountId, Fen};

/// A command that was not carried out; nothing has changed. `Display` is for the log (ids and amounts only).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerRefusal {
    #[error("amount {} fen is not above zero", .amount.0)]
    AmountNotPositive { amount: Fen },
    #[error("amount {} fen is above the limit of {} fen", .amount.0, MAX_AMOUNT.0)]
    AmountTooLarge { amount: Fen },
    #[error("account {account} would pass the largest total an account may hold")]
    TotalTooLarge { account: AccountId },
    #[error("debit and credit are the same account {account}")]
    SameAccount { account: AccountId },
    #[error("purpose {} may not debit {} and credit {}", .purpose.code(), .debit.code(), .credit.code())]
    WrongRoute { purpose: Purpose, debit: AccountKind, credit: AccountKind },
    #[error("purpose {} needs a hold and cannot be posted directly", .purpose.code())]
    NeedsHold { purpose: Purpose },
    #[error("{} {account} has {} fen available, {} fen asked", .kind.code(), .available.0, .asked.0)]
    Overdrawn { account: AccountId, kind: AccountKind, available: Fen, asked: Fen },
    #[error("account {account} has nothing available to move")]
    NothingToMove { account: AccountId },
    #[error("account {account} still has {} fen held", .held.0)]
    HoldsOpen { account: AccountId, held: Fen },
    #[error("hold {hold} does not exist")]
    HoldMissing { hold: Key },
    #[error("hold {hold} is already {}", .state.code())]
    HoldClosed { hold: Key, state: HoldState },
    #[error("hold {hold} holds {} fen, {} fen asked", .held.0, .asked.0)]
    CommitAboveHold { hold: Key, held: Fen, asked: Fen },
    #[error("key {key} was used before for something else")]
    KeyReused { key: Key },
    #[error("a key or reference of {len} bytes is not 1 to {MAX_KEY_LEN} printable ASCII characters")]
    BadKey { len: usize },
    #[error("account {account} does not exist")]
    AccountMissing { account: AccountId },
    #[error("account {account} exists already as another kind")]
    AccountTaken { account: AccountId },
    #[error("the rows loaded for command {key} are not the ones it touches")]
    WrongRows { key: Key },
}

impl LedgerRefusal {
    /// The sentence for the user. Faults of the program have a plain one; see [`LedgerRefusal::is_fault`].
    pub fn zh(&self) -> String {
        use LedgerRefusal as R;
        match self {
            R::AmountNotPositive { .. } => "金额要大于 0".into(),
            R::AmountTooLarge { .. } => format!("金额太大，一笔最多 {MAX_AMOUNT}"),
            R::Overdrawn { kind, available, asked, .. } => match kind {
                AccountKind::Purse => format!("补贴只剩 {available}，这一笔要 {asked}"),
                AccountKind::Payable => format!("应付只剩 {available}，不够 {asked}。已拨付的走追回"),
                AccountKind::Paid => format!("拨付了 {available}，退不了 {asked}"),
                AccountKind::Clawback => format!("待追回只剩 {available}，不能抵 {asked}"),
                AccountKind::OwnDue => format!("自付只欠 {available}，不能收 {asked}"),
                AccountKind::OwnEarned => format!("自付收入只有 {available}，不能减 {asked}"),
                AccountKind::OwnReceived => format!("自付收过 {available}，退不了 {asked}"),
                AccountKind::Fund => format!("资金只剩 {available}，不够 {asked}"),
            },
            R::NothingToMove { .. } => "没有可转的余额".into(),
            R::HoldsOpen { held, .. } => format!("还有 {held} 被未完成的工单占着，办完再清零"),
            R::HoldClosed { state, .. } => match state {
                HoldState::Committed => "这一单的补贴已经扣过".into(),
                HoldState::Released => "这一单占的补贴已经退回".into(),
                HoldState::Open => "这一单的补贴还占着".into(),
            },
            R::CommitAboveHold { held, asked, .. } => format!("下单时占了 {held}，不能扣 {asked}"),
            R::KeyReused { .. } => "这一笔已经记过，内容不同。刷新后再看".into(),
            R::TotalTooLarge { .. }
            | R::SameAccount { .. }
            | R::WrongRoute { .. }
            | R::NeedsHold { .. }
            | R::HoldMissing { .. }
            | R::BadKey { .. }
            | R::AccountMissing { .. }
            | R::AccountTaken { .. }
            | R::WrongRows { .. } => "这笔账记不进去，是我们的问题。钱没有动".into(),
        }
    }
    /// A mistake of the calling program, not something a user can put right.
    pub const fn is_fault(&self) -> bool {
        use LedgerRefusal as R;
        matches!(
            self,
            R::TotalTooLarge { .. }
                | R::SameAccount { .. }
                | R::WrongRoute { .. }
                | R::NeedsHold { .. }
                | R::HoldMissing { .. }
                | R::BadKey { .. }
                | R::AccountMissing { .. }
                | R::AccountTaken { .. }
                | R::WrongRows { .. }
        )
    }
}

impl From<LedgerRefusal> for kernel::Error {
    fn from(refusal: LedgerRefusal) -> kernel::Error {
        match refusal {
            LedgerRefusal::KeyReused { .. } => kernel::Error::Conflict(refusal.zh()),
            r if r.is_fault() => kernel::Error::internal(r),
            r => kernel::Error::Refused(r.zh()),
        }
    }
}
