//! Totals counted afresh from the transfers, to prove that the stored totals are right.
use crate::account::Balances;
use crate::transfer::{ActionKind, Key, Transfer};
use kernel::{AccountId, Fen};
use std::collections::{BTreeMap, HashMap};

/// Transfers that cannot have come from this ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecountFault {
    #[error("transfer {transfer} closes a hold that is not open")]
    NoOpenHold { transfer: Key },
    #[error("transfer {transfer} takes more than its hold, or names other accounts")]
    NotItsHold { transfer: Key },
}

/// Running totals per account, fed one transfer after the other in the order they were stored.
#[derive(Clone, Debug, Default)]
pub struct Recount {
    totals: BTreeMap<AccountId, Balances>,
    open: HashMap<Key, (AccountId, AccountId, Fen)>,
}

impl Recount {
    pub fn new() -> Recount {
        Recount::default()
    }
    pub fn add(&mut self, t: &Transfer) -> Result<(), RecountFault> {
        match (t.kind, &t.hold) {
            (ActionKind::Post | ActionKind::Sweep, _) => self.post(t),
            (ActionKind::Hold, _) => {
                self.totals.entry(t.debit).or_default().debits_held += t.amount;
                self.totals.entry(t.credit).or_default().credits_held += t.amount;
                self.open.insert(t.key.clone(), (t.debit, t.credit, t.amount));
            }
            (ActionKind::Commit | ActionKind::Release, hold) => {
                let (debit, credit, held) = hold
                    .as_ref()
                    .and_then(|key| self.open.remove(key))
                    .ok_or_else(|| RecountFault::NoOpenHold { transfer: t.key.clone() })?;
                if (debit, credit) != (t.debit, t.credit) || t.amount > held {
                    return Err(RecountFault::NotItsHold { transfer: t.key.clone() });
                }
                self.totals.entry(debit).or_default().debits_held -= held;
                self.totals.entry(credit).or_default().credits_held -= held;
                if t.kind.posts() {
                    self.post(t);
                }
            }
        }
        Ok(())
    }
    fn post(&mut self, t: &Transfer) {
        self.totals.entry(t.debit).or_default().debits_posted += t.amount;
        self.totals.entry(t.credit).or_default().credits_posted += t.amount;
    }
    /// Totals of an account; zeros where nothing was seen.
    pub fn of(&self, account: AccountId) -> Balances {
        self.totals.get(&account).copied().unwrap_or_default()
    }
}
