//! What the stored ledger shows, and the one rule of money that needs earlier transfers: how far a correction may go.
use crate::codes::{self, Subject};
use kernel::{AccountId, Error, Fen, Instant, OrgId, Permission, RegionCode};
use ledger::{Account, AccountKind, ActionKind, Balances, Command, LedgerRefusal, Purpose, Reference, Side, Transfer};
use serde::Serialize;

/// An account to be opened.
#[derive(Clone, Debug)]
pub struct NewAccount {
    pub kind: AccountKind,
    /// Unique; see [`codes`].
    pub code: String,
    /// Who may see it: government staff of this region and above.
    pub region: RegionCode,
    /// The provider that may see it too.
    pub org: Option<OrgId>,
}

/// A stored account with its totals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountView {
    pub id: AccountId,
    pub code: String,
    pub kind: AccountKind,
    pub region: RegionCode,
    pub org: Option<OrgId>,
    pub opened_at: Instant,
    pub balances: Balances,
}

impl AccountView {
    pub fn account(&self) -> Account {
        Account { id: self.id, kind: self.kind, balances: self.balances }
    }
    /// Posted, seen from the normal side.
    pub fn balance(&self) -> Fen {
        self.account().balance()
    }
    /// Kept back by open holds, whichever side they are on.
    pub fn held(&self) -> Fen {
        self.balances.debits_held.max(self.balances.credits_held)
    }
    /// What can still be taken; an account without a limit shows its balance.
    pub fn available(&self) -> Fen {
        self.account().available().unwrap_or_else(|| self.balance())
    }
    /// 额度账户 2026 年第 3 季度
    pub fn title(&self) -> String {
        match codes::parse(&self.code) {
            Some(Subject::Purse { quarter, .. } | Subject::Payable { quarter, .. }) => {
                format!("{} {}", self.kind.zh(), quarter.zh())
            }
            _ => self.kind.zh().to_string(),
        }
    }
}

/// What one must hold to see accounts of a kind: money of elders goes with entitlements, money of providers with
/// settlement.
pub const fn permission(kind: AccountKind) -> Permission {
    match kind {
        AccountKind::Fund | AccountKind::Purse | AccountKind::OwnDue => Permission::EntitlementRead,
        AccountKind::Payable
        | AccountKind::Paid
        | AccountKind::Clawback
        | AccountKind::OwnEarned
        | AccountKind::OwnReceived => Permission::SettlementRead,
    }
}

/// One line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub seq: i64,
    pub transfer: Transfer,
    /// Change of the balance, seen from the account's normal side; zero for holds and releases.
    pub change: Fen,
    /// Change of what is held.
    pub held: Fen,
    /// Balance after this line.
    pub after: Fen,
    /// Kind of the account on the other side.
    pub other: AccountKind,
    /// Who did it: a name, or 自动.
    pub actor: String,
}

/// Signs of a transfer on the account that stands on `side` of it. `of_hold`: amount of the hold it closes.
pub(crate) fn effect(t: &Transfer, kind: AccountKind, side: Side, of_hold: Fen) -> (Fen, Fen) {
    let change = match (t.kind.posts(), side == kind.normal_side()) {
        (false, _) => Fen::ZERO,
        (true, true) => t.amount,
        (true, false) => -t.amount,
    };
    let held = match t.kind {
        ActionKind::Hold => t.amount,
        // A commit below the hold gives the rest back: the whole hold is gone either way.
        ActionKind::Commit | ActionKind::Release => -of_hold,
        ActionKind::Post | ActionKind::Sweep => Fen::ZERO,
    };
    (change, held)
}

/// Where a line leads: the page of what it is about and the words of the link.
pub fn lead(reference: &Reference) -> (Option<String>, String) {
    match reference {
        Reference::Order(id) => (Some(format!("/orders/{id}")), "看工单".into()),
        Reference::PaymentList(id) => (Some(format!("/settlements/{id}")), "看结算清单".into()),
        Reference::Quarter(quarter) => (None, quarter.zh()),
        Reference::Determination(_) => (None, "待遇认定".into()),
        Reference::Transfer(_) => (None, "更正前一笔".into()),
    }
}

/// Why a command was not carried out; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Ledger(#[from] LedgerRefusal),
    /// A correction names no posting, other accounts than it, or is a sweep.
    #[error("correction {key} does not name a posting between the same accounts")]
    CorrectsNothing { key: ledger::Key },
    #[error("correction {key} of {} fen, only {} fen are left to correct", .asked.0, .left.0)]
    CorrectionTooLarge { key: ledger::Key, left: Fen, asked: Fen },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        match refusal {
            Refusal::Ledger(r) => r.into(),
            Refusal::CorrectsNothing { .. } => Error::internal(refusal),
            Refusal::CorrectionTooLarge { left, asked, .. } => {
                Error::Refused(format!("更正不能超过原来那笔，还能更正 {left}，这次要 {asked}"))
            }
        }
    }
}

/// May `command` correct `original`, of which `net` has been corrected so far (forwards counted positive)?
///
/// It runs between the same two accounts, in either direction, and all corrections together never move more than the
/// original did. Returns the new net.
pub(crate) fn correct(command: &Command, original: Option<&Transfer>, net: Fen) -> Result<Fen, Refusal> {
    let none = || Refusal::CorrectsNothing { key: command.key.clone() };
    let original = original.filter(|t| t.kind.posts() && t.purpose != Purpose::Correction).ok_or_else(none)?;
    let ledger::Action::Post { debit, credit, amount, .. } = &command.action else { return Err(none()) };
    let (room, after) = if (*debit, *credit) == (original.credit, original.debit) {
        (original.amount + net, net - *amount)
    } else if (*debit, *credit) == (original.debit, original.credit) {
        (original.amount - net, net + *amount)
    } else {
        return Err(none());
    };
    if *amount > room {
        return Err(Refusal::CorrectionTooLarge { key: command.key.clone(), left: room, asked: *amount });
    }
    Ok(after)
}
