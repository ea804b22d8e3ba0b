//! Any sequence of commands leaves the stored ledger where the ledger in memory is.
use crate::common::{Q, actor, county, key, migrations};
use books::service;
use kernel::{AccountId, Error, Fen, Instant};
use ledger::{AccountKind, Action, Book, Command, OpenHolds, Purpose, Reference};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::HashMap;
use store::Db;
use store::testing::each_engine;

/// A command before the accounts have ids.
#[derive(Clone, Debug)]
struct Wish {
    key: u8,
    what: u8,
    purpose: usize,
    amount: i64,
    hold: u8,
    leave: bool,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let one = (0..40u8, 0..10u8, 0..Purpose::ALL.len(), -2i64..400, 0..10u8, any::<bool>()).prop_map(
        |(key, what, purpose, amount, hold, leave)| Wish {
            // Few keys, so that replays, reused keys and closed holds come up by themselves.
            key: if (4..=6).contains(&what) { key % 10 } else { key },
            what,
            purpose,
            amount,
            hold,
            leave,
        },
    );
    proptest::collection::vec(one, 1..60)
}

fn command(wish: &Wish, at: usize, ids: &HashMap<AccountKind, AccountId>, case: &str) -> Command {
    let purpose = Purpose::ALL[wish.purpose];
    // Corrections need the stored transfers and have their own tests.
    let (purpose, route) = match purpose.route() {
        Some(route) => (purpose, route),
        None => (Purpose::Grant, (AccountKind::Fund, AccountKind::Purse)),
    };
    let (debit, credit) = (ids[&route.0], ids[&route.1]);
    let (purse, payable) = (ids[&AccountKind::Purse], ids[&AccountKind::Payable]);
    let hold = key(&format!("{case}/{}", wish.hold));
    let amount = Fen(wish.amount);
    let open_holds = if wish.leave { OpenHolds::Leave } else { OpenHolds::Refuse };
    let action = match wish.what {
        0 => Action::Post {
            purpose: Purpose::Grant,
            debit: ids[&AccountKind::Fund],
            credit: purse,
            amount: Fen(wish.amount * 4),
        },
        1 | 2 => Action::Post { purpose, debit, credit, amount },
        3 => Action::Sweep { purpose, debit, credit, limit: amount, open_holds },
        4..=6 => Action::Hold { debit: purse, credit: payable, amount },
        7 | 8 => Action::Commit { hold, amount: Fen(wish.amount / 4) },
        _ => Action::Release { hold },
    };
    let key = key(&format!("{case}/{}", wish.key));
    Command { key, at: Instant(at as i64), reference: Reference::Quarter(Q), action }
}

async fn open(db: &Db, case: &str) -> HashMap<AccountKind, AccountId> {
    let tx = db.begin().await.expect("begins");
    let mut ids = HashMap::new();
    for kind in AccountKind::ALL {
        let code = format!("{case}/{}", kind.code());
        ids.insert(*kind, service::open(&tx, db, *kind, &code, county(), None).await.expect("opens"));
    }
    tx.commit().await.expect("commits");
    ids
}

/// `batch` commands a transaction; each answer must be the book's, and so must every total afterwards.
async fn same_as_in_memory(db: &Db, list: &[Wish], batch: usize, case: &str) -> Result<(), TestCaseError> {
    let ids = open(db, case).await;
    let mut book = Book::new();
    for (kind, id) in &ids {
        book.open(*id, *kind).expect("new account");
    }
    let commands: Vec<Command> = list.iter().enumerate().map(|(i, w)| command(w, i, &ids, case)).collect();
    for part in commands.chunks(batch) {
        let tx = db.begin().await.expect("begins");
        let answers = service::apply_many(&tx, db, &actor(), part).await.expect("no fault of the database");
        tx.commit().await.expect("commits");
        for (c, answer) in part.iter().zip(answers) {
            match (book.apply(c), answer) {
                (Ok(there), Ok(here)) => prop_assert_eq!(there.transfer, &here),
                (Err(there), Err(here)) => {
                    prop_assert_eq!(Error::from(there).to_string(), Error::from(here).to_string());
                }
                (there, here) => {
                    prop_assert!(false, "{:?}: in memory {:?}, stored {:?}", c, there.map(|a| a.replayed), here)
                }
            }
        }
    }
    let all: Vec<AccountId> = ids.values().copied().collect();
    let stored = service::accounts(db.read(), &all).await.expect("reads");
    for account in book.accounts() {
        prop_assert_eq!(account, &stored[&account.id].account());
        prop_assert!(account.available().is_none_or(|left| left >= Fen::ZERO));
    }
    Ok(())
}

async fn property(db: Db, cases: u32, batch: usize) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let n = std::cell::Cell::new(0);
    let handle = tokio::runtime::Handle::current();
    let ran = tokio::task::block_in_place(|| {
        runner.run(&wishes(), |list| {
            n.set(n.get() + 1);
            handle.block_on(same_as_in_memory(&db, &list, batch, &format!("p{batch}-{}", n.get())))
        })
    });
    ran.expect("the store agrees with the book");
    let verdict = service::recount(&db).await.expect("counts");
    assert!(verdict.sound() && verdict.totals.balanced() && verdict.transfers > 0, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_a_transaction() {
    each_engine(&migrations(), |db| property(db, 12, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_commands_a_transaction() {
    each_engine(&migrations(), |db| property(db, 40, 17)).await;
}
