//! Proof that the stored totals are right: everything counted afresh from the transfers.
use crate::store as db_store;
use kernel::{AccountId, Fen, Result};
use ledger::{AccountKind, Key, Recount, RecountFault, Side, Totals};
use std::collections::HashMap;
use store::Db;

/// Rows read at a time.
const STEP: i64 = 10_000;
/// Faults told one by one; more are only counted.
const TOLD: usize = 20;

/// Something stored that does not follow from the transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Totals of an account differ from its transfers.
    Totals { account: AccountId },
    /// The balance written beside a transfer is not the one it led to.
    After { transfer: Key, account: AccountId },
    /// A transfer that cannot have come from this ledger.
    Transfer(RecountFault),
    /// A transfer names an account that is not there.
    NoAccount { transfer: Key, account: AccountId },
    /// Debits and credits of all accounts differ.
    Unbalanced,
    /// Open holds and held totals differ.
    Holds { holds: Fen, held: Fen },
}

impl Fault {
    /// For the person who runs the check.
    pub fn zh(&self) -> String {
        match self {
            Fault::Totals { account } => format!("账户 {account} 的余额和流水对不上"),
            Fault::After { transfer, account } => format!("流水 {transfer} 上写的账户 {account} 余额不对"),
            Fault::Transfer(cause) => match cause {
                RecountFault::NoOpenHold { transfer } => format!("流水 {transfer} 扣的预占不存在"),
                RecountFault::NotItsHold { transfer } => format!("流水 {transfer} 和它的预占不符"),
            },
            Fault::NoAccount { transfer, account } => format!("流水 {transfer} 里的账户 {account} 不存在"),
            Fault::Unbalanced => "全部借方和贷方合计不相等".into(),
            Fault::Holds { holds, held } => format!("未结的预占合计 {holds}，账户上占着 {held}"),
        }
    }
}

/// The result of a recount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub accounts: u64,
    pub transfers: u64,
    /// Sums over all stored accounts.
    pub totals: Totals,
    /// All faults found.
    pub wrong: u64,
    /// The first [`TOLD`] of them.
    pub faults: Vec<Fault>,
}

impl Verdict {
    pub fn sound(&self) -> bool {
        self.wrong == 0
    }
    fn add(&mut self, fault: Fault) {
        self.wrong += 1;
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }
}

/// Counts every transfer again, in batches, and compares. Sees one state of the database and holds up no writer.
pub async fn recount(db: &Db) -> Result<Verdict> {
    let view = db.snapshot().await?;
    let mut verdict = Verdict::default();
    let mut kinds: HashMap<AccountId, AccountKind> = HashMap::new();
    let mut last = None;
    loop {
        let part = db_store::balances_after(&view, last, STEP).await?;
        let Some(end) = part.last() else { break };
        last = Some(end.id);
        kinds.extend(part.iter().map(|a| (a.id, a.kind)));
    }
    let mut count = Recount::new();
    let mut seq = 0;
    loop {
        let part = db_store::journal(&view, seq, STEP).await?;
        let Some(end) = part.last() else { break };
        seq = end.seq;
        for entry in part {
            verdict.transfers += 1;
            if let Err(cause) = count.add(&entry.transfer) {
                verdict.add(Fault::Transfer(cause));
                continue;
            }
            let t = entry.transfer;
            for (account, after) in [(t.debit, entry.debit_after), (t.credit, entry.credit_after)] {
                let b = count.of(account);
                let right = kinds.get(&account).map(|kind| match kind.normal_side() {
                    Side::Debit => b.debits_posted - b.credits_posted,
                    Side::Credit => b.credits_posted - b.debits_posted,
                });
                match right {
                    None => verdict.add(Fault::NoAccount { transfer: t.key.clone(), account }),
                    Some(right) if right != after => verdict.add(Fault::After { transfer: t.key.clone(), account }),
                    Some(_) => {}
                }
            }
        }
    }
    let mut last = None;
    loop {
        let part = db_store::balances_after(&view, last, STEP).await?;
        let Some(end) = part.last() else { break };
        last = Some(end.id);
        for a in part {
            verdict.accounts += 1;
            let b = &a.balances;
            verdict.totals.debits_posted += i128::from(b.debits_posted.0);
            verdict.totals.credits_posted += i128::from(b.credits_posted.0);
            verdict.totals.debits_held += i128::from(b.debits_held.0);
            verdict.totals.credits_held += i128::from(b.credits_held.0);
            if count.of(a.id) != a.balances {
                verdict.add(Fault::Totals { account: a.id });
            }
        }
    }
    if !verdict.totals.balanced() {
        verdict.add(Fault::Unbalanced);
    }
    let holds = db_store::open_holds(&view).await?;
    if i128::from(holds.0) != verdict.totals.debits_held {
        let held = Fen(i64::try_from(verdict.totals.debits_held).unwrap_or(i64::MAX));
        verdict.add(Fault::Holds { holds, held });
    }
    view.rollback().await?;
    Ok(verdict)
}
