//! What holds after any sequence of commands, refused ones and replays included.
use kernel::{AccountId, Fen, IdGen, Instant, Quarter};
use ledger::{AccountKind, Action, Book, Command, HoldState, Key, OpenHolds, Overdraw, Purpose, Recount, Reference};
use proptest::prelude::*;

const Q: Quarter = Quarter { year: 2026, q: 3 };

fn ids() -> Vec<(AccountId, AccountKind)> {
    let gen_ = IdGen::new(7);
    // Two of every kind, so that commands also meet the wrong account of the right kind.
    AccountKind::ALL.iter().flat_map(|k| [*k, *k]).map(|k| (gen_.make(Instant(0)), k)).collect()
}

fn book() -> Book {
    let mut book = Book::new();
    for (id, kind) in ids() {
        book.open(id, kind).expect("new account");
    }
    book
}

/// An account of `kind`: the first or the second.
fn pick(kind: AccountKind, second: bool) -> AccountId {
    let mut all = ids().into_iter().filter(|(_, k)| *k == kind);
    let first = all.next().expect("two of each").0;
    if second { all.next().expect("two of each").0 } else { first }
}

fn route(purpose: Purpose, backwards: bool) -> (AccountKind, AccountKind) {
    // A correction takes the route of an order's commit, forwards or backwards.
    let (d, c) = purpose.route().unwrap_or((AccountKind::Purse, AccountKind::Payable));
    if backwards { (c, d) } else { (d, c) }
}

prop_compose! {
    fn any_action()(
        what in 0..10u8, purpose in 0..Purpose::ALL.len(), backwards in proptest::bool::weighted(0.15), second in (proptest::bool::weighted(0.2), proptest::bool::weighted(0.2)),
        amount in -2i64..400, hold in 0..12u8, leave in any::<bool>(),
    ) -> Action {
        let purpose = Purpose::ALL[purpose];
        let (d, c) = route(purpose, backwards);
        let (debit, credit) = (pick(d, second.0), pick(c, second.1));
        let hold = Key::new(format!("k{hold}")).expect("key");
        let (purse, payable) = (pick(AccountKind::Purse, second.0), pick(AccountKind::Payable, second.1));
        let open_holds = if leave { OpenHolds::Leave } else { OpenHolds::Refuse };
        let amount = Fen(amount);
        match what {
            0 => Action::Post { purpose: Purpose::Grant, debit: pick(AccountKind::Fund, false), credit: purse, amount: Fen(amount.0 * 4) },
            1 | 2 => Action::Post { purpose, debit, credit, amount },
            3 => Action::Sweep { purpose, debit, credit, limit: amount, open_holds },
            4..=6 => Action::Hold { debit: purse, credit: payable, amount },
            7 | 8 => Action::Commit { hold, amount: Fen(amount.0 / 4) },
            _ => Action::Release { hold },
        }
    }
}

fn any_commands() -> impl Strategy<Value = Vec<Command>> {
    // Few keys, so that replays, reused keys and closed holds come up by themselves.
    proptest::collection::vec((0..60u8, any_action()), 1..120).prop_map(|list| {
        list.into_iter()
            .enumerate()
            .map(|(i, (key, action))| {
                let key = if matches!(action, Action::Hold { .. }) { key % 12 } else { key };
                Command {
                    key: Key::new(format!("k{key}")).expect("key"),
                    at: Instant(i as i64),
                    reference: Reference::Quarter(Q),
                    action,
                }
            })
            .collect()
    })
}

fn check(book: &Book) -> Result<(), TestCaseError> {
    let totals = book.totals();
    prop_assert!(totals.balanced(), "{totals:?}");
    for account in book.accounts() {
        let b = account.balances;
        for part in [b.debits_posted, b.credits_posted, b.debits_held, b.credits_held] {
            prop_assert!(!part.is_negative(), "{account:?}");
        }
        match account.kind.overdraw() {
            Overdraw::Free => {}
            Overdraw::DebitsWithinCredits => {
                prop_assert!(b.debits_posted + b.debits_held <= b.credits_posted, "{account:?}")
            }
            Overdraw::CreditsWithinDebits => {
                prop_assert!(b.credits_posted + b.credits_held <= b.debits_posted, "{account:?}")
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn balanced_and_never_overdrawn_after_every_step(commands in any_commands()) {
        let mut book = book();
        for command in &commands {
            let before = book.clone();
            let (refused, replayed) = match book.apply(command) {
                Err(_) => (true, false),
                Ok(answer) => (false, answer.replayed),
            };
            if refused || replayed {
                prop_assert_eq!(&book, &before);
            } else {
                prop_assert_eq!(book.transfers().len(), before.transfers().len() + 1);
                prop_assert_eq!(&book.transfers()[..before.transfers().len()], before.transfers());
            }
            check(&book)?;
        }
    }

    #[test]
    fn stored_totals_equal_a_recount_of_the_transfers(commands in any_commands()) {
        let mut book = book();
        for command in &commands {
            let _ = book.apply(command);
        }
        let mut recount = Recount::new();
        for transfer in book.transfers() {
            prop_assert!(transfer.amount > Fen::ZERO);
            prop_assert_eq!(recount.add(transfer), Ok(()));
        }
        for account in book.accounts() {
            prop_assert_eq!(recount.of(account.id), account.balances);
        }
    }

    #[test]
    fn replaying_any_prefix_changes_nothing(commands in any_commands(), upto in any::<prop::sample::Index>()) {
        let mut book = book();
        // Only the commands that were carried out: a refused one may be accepted later and is no replay.
        let done: Vec<Command> = commands.into_iter().filter(|c| matches!(book.apply(c), Ok(a) if !a.replayed)).collect();
        let before = book.clone();
        let upto = upto.index(done.len() + 1);
        for command in &done[..upto] {
            let later = Command { at: command.at.plus_minutes(5), ..command.clone() };
            let replayed = book.apply(&later).map(|a| a.replayed);
            prop_assert_eq!(replayed, Ok(true));
        }
        prop_assert_eq!(book, before);
    }

    #[test]
    fn a_hold_is_conserved_by_commit_and_release(grant in 1i64..1000, held in 1i64..1000, taken in 1i64..1000) {
        let mut book = book();
        let (fund, purse) = (pick(AccountKind::Fund, false), pick(AccountKind::Purse, false));
        let payable = pick(AccountKind::Payable, false);
        let cmd = |key: &str, action| Command {
            key: Key::new(key).expect("key"), at: Instant(0), reference: Reference::Quarter(Q), action,
        };
        let post = Action::Post { purpose: Purpose::Grant, debit: fund, credit: purse, amount: Fen(grant) };
        book.apply(&cmd("g", post)).expect("granted");
        let free = |book: &Book| book.account(purse).and_then(|a| a.available()).expect("a limit");
        let hold = cmd("h", Action::Hold { debit: purse, credit: payable, amount: Fen(held) });
        prop_assert_eq!(book.apply(&hold).is_ok(), held <= grant);
        if held > grant {
            return Ok(());
        }
        prop_assert_eq!(free(&book), Fen(grant - held));
        let mut released = book.clone();
        released.apply(&cmd("r", Action::Release { hold: hold.key.clone() })).expect("released");
        prop_assert_eq!(free(&released), Fen(grant));
        let commit = cmd("c", Action::Commit { hold: hold.key.clone(), amount: Fen(taken) });
        prop_assert_eq!(book.apply(&commit).is_ok(), taken <= held);
        if taken > held {
            return Ok(());
        }
        prop_assert_eq!(free(&book), Fen(grant - taken));
        prop_assert_eq!(book.account(payable).expect("open").balance(), Fen(taken));
        prop_assert_eq!(book.account(purse).expect("open").held(), Fen::ZERO);
        prop_assert_eq!(book.hold(&hold.key).map(|h| h.state), Some(HoldState::Committed));
    }
}

/// The generator above is worth nothing if every command is refused: over many seeds each kind of action succeeds.
#[test]
fn the_sequences_reach_every_kind_of_transfer() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::HashSet::new();
    let mut purposes = std::collections::HashSet::new();
    for _ in 0..400 {
        let commands = any_commands().new_tree(&mut runner).expect("a value").current();
        let mut book = book();
        for command in &commands {
            let _ = book.apply(command);
        }
        seen.extend(book.transfers().iter().map(|t| t.kind));
        purposes.extend(book.transfers().iter().map(|t| t.purpose));
    }
    assert_eq!(seen.len(), ledger::ActionKind::ALL.len(), "{seen:?}");
    for purpose in Purpose::ALL {
        assert!(purposes.contains(purpose), "{purpose:?} never succeeded");
    }
}
