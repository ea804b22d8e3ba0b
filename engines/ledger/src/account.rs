//! Accounts: what they are, on which side they grow and what they may not do.
use kernel::{AccountId, Fen};
use serde::{Deserialize, Serialize};

/// The two columns of double entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Debit,
    Credit,
}

/// What an account's balance may not become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overdraw {
    /// No limit: the account stands for the outside world.
    Free,
    /// Debits, posted and held together, stay within the posted credits.
    DebitsWithinCredits,
    /// Credits, posted and held together, stay within the posted debits.
    CreditsWithinDebits,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $code:literal $zh:literal $side:ident $rule:ident),* $(,)?) => {
        /// What an account stands for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AccountKind { $($(#[$doc])* $variant),* }
        impl AccountKind {
            pub const ALL: &'static [AccountKind] = &[$(AccountKind::$variant),*];
            /// The text stored in a database.
            pub const fn code(self) -> &'static str { match self { $(AccountKind::$variant => $code),* } }
            pub const fn zh(self) -> &'static str { match self { $(AccountKind::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<AccountKind> {
                match code { $($code => Some(AccountKind::$variant),)* _ => None }
            }
            /// The side on which the account grows; its balance is counted from there.
            pub const fn normal_side(self) -> Side { match self { $(AccountKind::$variant => Side::$side),* } }
            pub const fn overdraw(self) -> Overdraw { match self { $(AccountKind::$variant => Overdraw::$rule),* } }
        }
    };
}
kinds! {
    /// A source of money (budget line, lottery fund…). Its balance goes below zero by what has been granted and not
    /// yet come back.
    Fund "fund" "资金来源" Credit Free,
    /// What a household's entitlement of one pack and quarter still holds. Never overdrawn.
    Purse "purse" "额度账户" Credit DebitsWithinCredits,
    /// What is owed to one provider for one quarter out of public money. Never paid beyond what is owed.
    Payable "payable" "应付服务商" Credit DebitsWithinCredits,
    /// Money that has left through the bank.
    Paid "paid" "已拨付" Credit DebitsWithinCredits,
    /// What one provider has to give back (追回).
    Clawback "clawback" "待追回" Debit CreditsWithinDebits,
    /// The own part an elder still owes one provider. Never paid beyond what is owed.
    OwnDue "own_due" "自付应收" Debit CreditsWithinDebits,
    /// What one provider has earned from own parts.
    OwnEarned "own_earned" "自付收入" Credit DebitsWithinCredits,
    /// Own parts one provider has received in money.
    OwnReceived "own_received" "自付已收" Debit CreditsWithinDebits,
}

/// The four running totals of an account. They only ever describe transfers; see [`crate::Recount`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    pub debits_posted: Fen,
    pub credits_posted: Fen,
    pub debits_held: Fen,
    pub credits_held: Fen,
}

/// An account with its balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub kind: AccountKind,
    pub balances: Balances,
}

impl Account {
    /// A new account with nothing on it.
    pub fn open(id: AccountId, kind: AccountKind) -> Account {
        Account { id, kind, balances: Balances::default() }
    }
    /// Posted balance seen from the normal side: a purse's grants less what was taken.
    pub fn balance(&self) -> Fen {
        let b = &self.balances;
        match self.kind.normal_side() {
            Side::Credit => b.credits_posted - b.debits_posted,
            Side::Debit => b.debits_posted - b.credits_posted,
        }
    }
    /// What can still be taken: for a purse credits posted − debits posted − debits held. `None` without a limit.
    pub fn available(&self) -> Option<Fen> {
        let b = &self.balances;
        match self.kind.overdraw() {
            Overdraw::Free => None,
            Overdraw::DebitsWithinCredits => Some(b.credits_posted - b.debits_posted - b.debits_held),
            Overdraw::CreditsWithinDebits => Some(b.debits_posted - b.credits_posted - b.credits_held),
        }
    }
    /// What open holds keep back, on the side they would be taken from.
    pub fn held(&self) -> Fen {
        match self.kind.overdraw() {
            Overdraw::Free | Overdraw::DebitsWithinCredits => self.balances.debits_held,
            Overdraw::CreditsWithinDebits => self.balances.credits_held,
        }
    }
}
