//! A whole ledger in memory: for bulk work that writes its result at the end, and for tests.
use crate::account::{Account, AccountKind};
use crate::plan::plan;
use crate::refusal::LedgerRefusal;
use crate::transfer::{Command, Hold, Key, Touches, Transfer};
use kernel::AccountId;
use std::collections::{BTreeMap, HashMap};

/// The answer to a command that was carried out, now or earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    pub transfer: &'a Transfer,
    /// The command had been carried out before; nothing changed this time.
    pub replayed: bool,
}

/// Sums over all accounts; debit and credit sides are equal in every book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub debits_posted: i128,
    pub credits_posted: i128,
    pub debits_held: i128,
    pub credits_held: i128,
}

impl Totals {
    pub const fn balanced(&self) -> bool {
        self.debits_posted == self.credits_posted && self.debits_held == self.credits_held
    }
}

/// Accounts, holds and transfers, with the keys already used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    accounts: BTreeMap<AccountId, Account>,
    holds: HashMap<Key, Hold>,
    transfers: Vec<Transfer>,
    by_key: HashMap<Key, usize>,
}

impl Book {
    pub fn new() -> Book {
        Book::default()
    }
    /// Opens an account; opening it again as the same kind changes nothing.
    pub fn open(&mut self, id: AccountId, kind: AccountKind) -> Result<&Account, LedgerRefusal> {
        let account = self.accounts.entry(id).or_insert_with(|| Account::open(id, kind));
        if account.kind == kind { Ok(account) } else { Err(LedgerRefusal::AccountTaken { account: id }) }
    }
    /// Takes over an account with its stored totals, for bulk work on top of what a database holds.
    pub fn load(&mut self, account: Account) {
        self.accounts.insert(account.id, account);
    }
    /// Takes over a stored hold.
    pub fn load_hold(&mut self, hold: Hold) {
        self.holds.insert(hold.key.clone(), hold);
    }
    /// Carries `command` out once. On refusal the book is as before.
    pub fn apply(&mut self, command: &Command) -> Result<Answer<'_>, LedgerRefusal> {
        if let Some(at) = self.by_key.get(&command.key) {
            let transfer = &self.transfers[*at];
            transfer.answers(command)?;
            return Ok(Answer { transfer, replayed: true });
        }
        let (debit, credit, hold) = match command.action.touches() {
            Touches::Accounts { debit, credit } => (debit, credit, None),
            Touches::Hold(key) => {
                let hold = self.holds.get(key).ok_or_else(|| LedgerRefusal::HoldMissing { hold: key.clone() })?;
                (hold.debit, hold.credit, Some(hold))
            }
        };
        let effects = plan(self.required(debit)?, self.required(credit)?, hold, command)?;
        for (id, balances) in [(debit, effects.debit), (credit, effects.credit)] {
            if let Some(account) = self.accounts.get_mut(&id) {
                account.balances = balances;
            }
        }
        if let Some(hold) = effects.hold {
            self.holds.insert(hold.key.clone(), hold);
        }
        let at = self.transfers.len();
        self.by_key.insert(command.key.clone(), at);
        self.transfers.push(effects.transfer);
        Ok(Answer { transfer: &self.transfers[at], replayed: false })
    }
    fn required(&self, id: AccountId) -> Result<&Account, LedgerRefusal> {
        self.accounts.get(&id).ok_or(LedgerRefusal::AccountMissing { account: id })
    }
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }
    /// All accounts by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }
    pub fn hold(&self, key: &Key) -> Option<&Hold> {
        self.holds.get(key)
    }
    /// All transfers made in this book, oldest first.
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }
    pub fn totals(&self) -> Totals {
        self.accounts.values().fold(Totals::default(), |mut t, a| {
            t.debits_posted += i128::from(a.balances.debits_posted.0);
            t.credits_posted += i128::from(a.balances.credits_posted.0);
            t.debits_held += i128::from(a.balances.debits_held.0);
            t.credits_held += i128::from(a.balances.credits_held.0);
            t
        })
    }
}
