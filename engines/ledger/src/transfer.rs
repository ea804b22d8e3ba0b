//! Commands, transfers, holds and the words they carry.
use crate::account::AccountKind;
use crate::refusal::LedgerRefusal;
use crate::{MAX_AMOUNT, MAX_KEY_LEN};
use kernel::{AccountId, Fen, Instant, OrderId, PaymentListId, Quarter};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A text of 1–[`MAX_KEY_LEN`] printable ASCII characters without blanks.
fn plain(text: &str) -> bool {
    (1..=MAX_KEY_LEN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Idempotency key of a command; also the name of the transfer and, for a hold, of the hold.
///
/// A key is made from what the command is about, never at random: a repeated job then makes the same key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// Refuses an empty or too long text, blanks and anything but printable ASCII.
    pub fn new(text: impl Into<String>) -> Result<Key, LedgerRefusal> {
        let text = text.into();
        if plain(&text) { Ok(Key(text)) } else { Err(LedgerRefusal::BadKey { len: text.len() }) }
    }
    /// `quarter_clear/0193…/2026Q3`: the purpose and what it is about.
    pub fn of(purpose: Purpose, parts: &[&dyn fmt::Display]) -> Result<Key, LedgerRefusal> {
        let mut text = purpose.code().to_string();
        for part in parts {
            text.push('/');
            text.push_str(&part.to_string());
        }
        Key::new(text)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Key::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// The name under which a determination can be found again (printable ASCII, at most [`MAX_KEY_LEN`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DeterminationRef(String);

impl DeterminationRef {
    pub fn new(text: impl Into<String>) -> Result<DeterminationRef, LedgerRefusal> {
        let text = text.into();
        if plain(&text) { Ok(DeterminationRef(text)) } else { Err(LedgerRefusal::BadKey { len: text.len() }) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl<'de> Deserialize<'de> for DeterminationRef {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        DeterminationRef::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// What a transfer is about, so that every fen leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    Order(OrderId),
    Determination(DeterminationRef),
    PaymentList(PaymentListId),
    Quarter(Quarter),
    /// The transfer that a correction puts right.
    Transfer(Key),
}

impl Reference {
    /// First of the two texts stored in a database.
    pub const fn code(&self) -> &'static str {
        match self {
            Reference::Order(_) => "order",
            Reference::Determination(_) => "determination",
            Reference::PaymentList(_) => "payment_list",
            Reference::Quarter(_) => "quarter",
            Reference::Transfer(_) => "transfer",
        }
    }
    /// Second of the two texts stored in a database.
    pub fn value(&self) -> String {
        match self {
            Reference::Order(id) => id.to_string(),
            Reference::Determination(r) => r.as_str().to_string(),
            Reference::PaymentList(id) => id.to_string(),
            Reference::Quarter(q) => q.to_string(),
            Reference::Transfer(key) => key.to_string(),
        }
    }
    /// Reads the two stored texts back; `None` if they are not what was written.
    pub fn parse(code: &str, value: &str) -> Option<Reference> {
        Some(match code {
            "order" => Reference::Order(value.parse().ok()?),
            "determination" => Reference::Determination(DeterminationRef::new(value).ok()?),
            "payment_list" => Reference::PaymentList(value.parse().ok()?),
            "quarter" => Reference::Quarter(value.parse().ok()?),
            "transfer" => Reference::Transfer(Key::new(value).ok()?),
            _ => return None,
        })
    }
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $variant:ident $code:literal $zh:literal $route:expr),* $(,)?) => {
        /// Why money moves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Purpose { $($(#[$doc])* $variant),* }
        impl Purpose {
            pub const ALL: &'static [Purpose] = &[$(Purpose::$variant),*];
            /// The text stored in a database.
            pub const fn code(self) -> &'static str { match self { $(Purpose::$variant => $code),* } }
            pub const fn zh(self) -> &'static str { match self { $(Purpose::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<Purpose> { match code { $($code => Some(Purpose::$variant),)* _ => None } }
            /// The kinds of the account debited and of the account credited. `None` for a correction, which may run
            /// along any of these routes, forwards or backwards.
            pub const fn route(self) -> Option<(AccountKind, AccountKind)> { match self { $(Purpose::$variant => $route),* } }
        }
    };
}
purposes! {
    /// An entitlement of a quarter is put into the purse.
    Grant "grant" "额度到账" Some((AccountKind::Fund, AccountKind::Purse)),
    /// A grant is taken back (death, move, corrected birth date), as far as it is still there.
    GrantWithdrawal "grant_withdrawal" "额度收回" Some((AccountKind::Purse, AccountKind::Fund)),
    /// An order sets its public part aside.
    OrderHold "order_hold" "下单预占" Some((AccountKind::Purse, AccountKind::Payable)),
    /// A confirmed order takes what was set aside.
    OrderCommit "order_commit" "服务扣补贴" Some((AccountKind::Purse, AccountKind::Payable)),
    /// A cancelled order gives back what was set aside.
    OrderRelease "order_release" "预占退回" Some((AccountKind::Purse, AccountKind::Payable)),
    /// The rest of a purse at the quarter's end: nothing carries over.
    QuarterClear "quarter_clear" "季末清零" Some((AccountKind::Purse, AccountKind::Fund)),
    /// A provider is paid.
    ProviderPayment "provider_payment" "拨付服务商" Some((AccountKind::Payable, AccountKind::Paid)),
    /// The bank sent a payment back.
    PaymentReturn "payment_return" "拨付退回" Some((AccountKind::Paid, AccountKind::Payable)),
    /// A provider has to give back what it was paid wrongly.
    Clawback "clawback" "追回" Some((AccountKind::Clawback, AccountKind::Fund)),
    /// A clawback is set off against what the provider is owed.
    ClawbackOffset "clawback_offset" "追回抵扣" Some((AccountKind::Payable, AccountKind::Clawback)),
    /// The part of an order that the elder pays.
    OwnDue "own_due" "自付应收" Some((AccountKind::OwnDue, AccountKind::OwnEarned)),
    /// The elder has paid.
    OwnPaid "own_paid" "自付已收" Some((AccountKind::OwnReceived, AccountKind::OwnDue)),
    /// Money the elder has paid is given back.
    OwnRefund "own_refund" "自付退款" Some((AccountKind::OwnDue, AccountKind::OwnReceived)),
    /// Puts an earlier transfer right.
    Correction "correction" "更正" None,
}

impl Purpose {
    /// May this purpose debit an account of kind `debit` and credit one of kind `credit`?
    pub fn allows(self, debit: AccountKind, credit: AccountKind) -> bool {
        match self.route() {
            Some(route) => route == (debit, credit),
            None => Purpose::ALL
                .iter()
                .filter_map(|p| p.route())
                .any(|(d, c)| (d, c) == (debit, credit) || (c, d) == (debit, credit)),
        }
    }
    /// Belongs to a hold and cannot be posted directly.
    pub const fn of_hold(self) -> bool {
        matches!(self, Purpose::OrderHold | Purpose::OrderCommit | Purpose::OrderRelease)
    }
}

/// What a sweep does while holds are open on the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenHolds {
    /// Refuse, so that nothing is cleared before every order of the quarter is decided.
    Refuse,
    /// Move what is free and leave the held part for its orders.
    Leave,
}

/// What is to be done. The account debited is always named first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move exactly `amount`.
    Post { purpose: Purpose, debit: AccountId, credit: AccountId, amount: Fen },
    /// Move what is available on the debited account, at most `limit`.
    Sweep { purpose: Purpose, debit: AccountId, credit: AccountId, limit: Fen, open_holds: OpenHolds },
    /// Set `amount` aside on both accounts.
    Hold { debit: AccountId, credit: AccountId, amount: Fen },
    /// Post `amount` of a hold; the rest of the hold is released.
    Commit { hold: Key, amount: Fen },
    /// Give the whole hold back.
    Release { hold: Key },
}

/// The rows a command needs before it can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches<'a> {
    Accounts {
        debit: AccountId,
        credit: AccountId,
    },
    /// The hold, and then the two accounts that it names.
    Hold(&'a Key),
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Action::Post { .. } => ActionKind::Post,
            Action::Sweep { .. } => ActionKind::Sweep,
            Action::Hold { .. } => ActionKind::Hold,
            Action::Commit { .. } => ActionKind::Commit,
            Action::Release { .. } => ActionKind::Release,
        }
    }
    pub const fn purpose(&self) -> Purpose {
        match self {
            Action::Post { purpose, .. } | Action::Sweep { purpose, .. } => *purpose,
            Action::Hold { .. } => Purpose::OrderHold,
            Action::Commit { .. } => Purpose::OrderCommit,
            Action::Release { .. } => Purpose::OrderRelease,
        }
    }
    /// The amount named in the command; a release names none.
    pub const fn asked(&self) -> Fen {
        match self {
            Action::Post { amount, .. } | Action::Hold { amount, .. } | Action::Commit { amount, .. } => *amount,
            Action::Sweep { limit, .. } => *limit,
            Action::Release { .. } => Fen::ZERO,
        }
    }
    pub const fn touches(&self) -> Touches<'_> {
        match self {
            Action::Post { debit, credit, .. }
            | Action::Sweep { debit, credit, .. }
            | Action::Hold { debit, credit, .. } => Touches::Accounts { debit: *debit, credit: *credit },
            Action::Commit { hold, .. } | Action::Release { hold } => Touches::Hold(hold),
        }
    }
}

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $code:literal $zh:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The text stored in a database.
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),* } }
            pub const fn zh(self) -> &'static str { match self { $($name::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<$name> { match code { $($code => Some($name::$variant),)* _ => None } }
        }
    };
}
coded! {
    /// Which [`Action`] a stored transfer came from.
    ActionKind {
        Post "post" "记账",
        Sweep "sweep" "结余转出",
        Hold "hold" "预占",
        Commit "commit" "扣款",
        Release "release" "退回",
    }
}
coded! {
    /// Where a hold stands.
    HoldState {
        Open "open" "预占中",
        Committed "committed" "已扣",
        Released "released" "已退回",
    }
}

impl ActionKind {
    /// Changes posted totals (the other two only change what is held).
    pub const fn posts(self) -> bool {
        matches!(self, ActionKind::Post | ActionKind::Sweep | ActionKind::Commit)
    }
}

/// One request to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub key: Key,
    /// When it happens. Not part of the content: a retry may carry a later moment, the first one is kept.
    pub at: Instant,
    pub reference: Reference,
    pub action: Action,
}

impl Command {
    /// Quarter end: the rest of a purse goes back to its fund. After an order that was still open has been decided,
    /// clear again under another key (`round` 2, 3…).
    pub fn clear_remainder(
        purse: AccountId,
        fund: AccountId,
        quarter: Quarter,
        round: u32,
        open_holds: OpenHolds,
        at: Instant,
    ) -> Result<Command, LedgerRefusal> {
        Ok(Command {
            key: Key::of(Purpose::QuarterClear, &[&purse, &quarter, &round])?,
            at,
            reference: Reference::Quarter(quarter),
            action: Action::Sweep {
                purpose: Purpose::QuarterClear,
                debit: purse,
                credit: fund,
                limit: MAX_AMOUNT,
                open_holds,
            },
        })
    }
}

/// One line of the ledger. Never changed after it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub key: Key,
    pub kind: ActionKind,
    pub purpose: Purpose,
    pub debit: AccountId,
    pub credit: AccountId,
    /// Posted (post, sweep, commit), set aside (hold) or given back (release). Always above zero.
    pub amount: Fen,
    /// What the command named; differs from `amount` for a sweep (the limit) and a release (nothing).
    pub asked: Fen,
    /// The hold that a commit or release closes.
    pub hold: Option<Key>,
    pub at: Instant,
    pub reference: Reference,
}

impl Transfer {
    /// Is this the earlier answer to `command`? Everything but the moment and a sweep's wish about open holds is
    /// compared.
    pub fn answers(&self, command: &Command) -> Result<(), LedgerRefusal> {
        let accounts = match command.action.touches() {
            Touches::Accounts { debit, credit } => self.hold.is_none() && (debit, credit) == (self.debit, self.credit),
            Touches::Hold(hold) => self.hold.as_ref() == Some(hold),
        };
        let same = accounts
            && self.key == command.key
            && self.kind == command.action.kind()
            && self.purpose == command.action.purpose()
            && self.asked == command.action.asked()
            && self.reference == command.reference;
        if same { Ok(()) } else { Err(LedgerRefusal::KeyReused { key: command.key.clone() }) }
    }
}

/// An amount set aside on two accounts until it is committed or released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The key of the command that made it.
    pub key: Key,
    pub debit: AccountId,
    pub credit: AccountId,
    pub amount: Fen,
    pub state: HoldState,
    /// What was posted when it was committed; zero otherwise.
    pub committed: Fen,
    pub opened_at: Instant,
    pub closed_at: Option<Instant>,
}
