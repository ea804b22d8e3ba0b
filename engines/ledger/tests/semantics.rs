//! One quarter of one household, told in postings, and every refusal.
use kernel::{AccountId, CivilDate, Error, Fen, IdGen, Instant, OrderId, Quarter};
use ledger::{
    Account, AccountKind, Action, Answer, Book, Command, HoldState, Key, LedgerRefusal, MAX_AMOUNT, OpenHolds, Purpose,
    Recount, RecountFault, Reference, plan,
};

const Q3: Quarter = Quarter { year: 2026, q: 3 };

struct Town {
    book: Book,
    ids: IdGen,
    at: Instant,
    fund: AccountId,
    purse: AccountId,
    payable: AccountId,
    paid: AccountId,
    own_due: AccountId,
    own_earned: AccountId,
    own_received: AccountId,
    clawback: AccountId,
}

impl Town {
    fn new() -> Town {
        let at = CivilDate::new(2026, 7, 1).expect("a day").at(8, 0);
        let ids = IdGen::new(1);
        let mut book = Book::new();
        let mut open = |kind| {
            let id: AccountId = ids.make(at);
            book.open(id, kind).expect("new account");
            id
        };
        let (fund, purse) = (open(AccountKind::Fund), open(AccountKind::Purse));
        let (payable, paid) = (open(AccountKind::Payable), open(AccountKind::Paid));
        let (own_due, own_earned) = (open(AccountKind::OwnDue), open(AccountKind::OwnEarned));
        let (own_received, clawback) = (open(AccountKind::OwnReceived), open(AccountKind::Clawback));
        Town { book, ids, at, fund, purse, payable, paid, own_due, own_earned, own_received, clawback }
    }
    fn run(&mut self, key: &str, action: Action) -> Result<Answer<'_>, LedgerRefusal> {
        let command =
            Command { key: Key::new(key).expect("key"), at: self.at, reference: Reference::Quarter(Q3), action };
        self.book.apply(&command)
    }
    fn post(
        &mut self,
        key: &str,
        purpose: Purpose,
        debit: AccountId,
        credit: AccountId,
        yuan: i64,
    ) -> Result<Answer<'_>, LedgerRefusal> {
        self.run(key, Action::Post { purpose, debit, credit, amount: Fen::yuan(yuan) })
    }
    fn grant(&mut self, yuan: i64) {
        let (fund, purse) = (self.fund, self.purse);
        self.post("grant", Purpose::Grant, fund, purse, yuan).expect("granted");
    }
    fn hold(&mut self, key: &str, yuan: i64) -> Result<Answer<'_>, LedgerRefusal> {
        let (debit, credit) = (self.purse, self.payable);
        self.run(key, Action::Hold { debit, credit, amount: Fen::yuan(yuan) })
    }
    fn commit(&mut self, key: &str, hold: &str, yuan: i64) -> Result<Answer<'_>, LedgerRefusal> {
        self.run(key, Action::Commit { hold: Key::new(hold).expect("key"), amount: Fen::yuan(yuan) })
    }
    fn release(&mut self, key: &str, hold: &str) -> Result<Answer<'_>, LedgerRefusal> {
        self.run(key, Action::Release { hold: Key::new(hold).expect("key") })
    }
    fn clear(&mut self, round: u32, open_holds: OpenHolds) -> Result<Fen, LedgerRefusal> {
        let command = Command::clear_remainder(self.purse, self.fund, Q3, round, open_holds, self.at).expect("key");
        self.book.apply(&command).map(|a| a.transfer.amount)
    }
    fn account(&self, id: AccountId) -> Account {
        *self.book.account(id).expect("opened")
    }
    fn left(&self) -> Fen {
        self.account(self.purse).available().expect("a purse has a limit")
    }
}

#[test]
fn a_quarter_from_grant_to_payment() {
    let mut t = Town::new();
    t.grant(300);
    assert_eq!(t.account(t.fund).balance(), Fen::yuan(-300));
    t.hold("h1", 80).expect("held");
    t.hold("h2", 40).expect("held");
    assert_eq!(t.left(), Fen::yuan(180));
    assert_eq!(t.account(t.purse).balance(), Fen::yuan(300), "a hold moves nothing yet");
    t.commit("c1", "h1", 60).expect("committed");
    assert_eq!(t.left(), Fen::yuan(200), "the rest of the hold is free again");
    t.release("r2", "h2").expect("released");
    assert_eq!(t.left(), Fen::yuan(240));
    assert_eq!(t.clear(1, OpenHolds::Refuse), Ok(Fen::yuan(240)));
    assert_eq!(t.left(), Fen::ZERO);
    assert_eq!(t.account(t.fund).balance(), Fen::yuan(-60), "only what was used stays spent");
    let (payable, paid) = (t.payable, t.paid);
    t.post("pay", Purpose::ProviderPayment, payable, paid, 60).expect("paid");
    assert_eq!(t.account(payable).balance(), Fen::ZERO);
    assert_eq!(t.account(paid).balance(), Fen::yuan(60));
    assert!(t.book.totals().balanced());
}

#[test]
fn a_purse_refuses_what_it_does_not_hold_and_says_what_is_left() {
    let mut t = Town::new();
    t.grant(100);
    t.hold("h1", 88).expect("held");
    let refusal = t.hold("h2", 28).expect_err("only 12 left");
    assert_eq!(refusal.zh(), "补贴只剩 ¥12.00，这一笔要 ¥28.00");
    assert!(matches!(Error::from(refusal), Error::Refused(m) if m.contains("¥12.00")));
    t.hold("h3", 12).expect("exactly the rest fits");
    let (fund, purse) = (t.fund, t.purse);
    let withdrawal = t.post("w", Purpose::GrantWithdrawal, purse, fund, 1).expect_err("all is held");
    assert!(matches!(withdrawal, LedgerRefusal::Overdrawn { available: Fen::ZERO, .. }));
    assert_eq!(t.left(), Fen::ZERO);
}

#[test]
fn a_hold_is_closed_once() {
    let mut t = Town::new();
    t.grant(100);
    t.hold("h", 50).expect("held");
    let above = t.commit("c0", "h", 51).expect_err("more than held");
    assert_eq!(above.zh(), "下单时占了 ¥50.00，不能扣 ¥51.00");
    t.commit("c1", "h", 50).expect("committed");
    for again in [t.commit("c2", "h", 1).map(|_| ()), t.release("r", "h").map(|_| ())] {
        let refusal = again.expect_err("closed");
        assert!(matches!(refusal, LedgerRefusal::HoldClosed { state: HoldState::Committed, .. }));
    }
    assert!(matches!(t.release("r9", "nothing"), Err(LedgerRefusal::HoldMissing { .. })));
    let hold = t.book.hold(&Key::new("h").expect("key")).expect("kept");
    assert_eq!((hold.state, hold.committed, hold.closed_at), (HoldState::Committed, Fen::yuan(50), Some(t.at)));
}

#[test]
fn the_same_key_is_answered_once() {
    let mut t = Town::new();
    t.grant(100);
    assert!(!t.hold("h", 40).expect("held").replayed);
    t.commit("c", "h", 30).expect("committed");
    let before = t.book.clone();
    t.at = t.at.plus_minutes(90);
    assert!(t.hold("h", 40).expect("replayed even after it was closed").replayed);
    assert!(t.commit("c", "h", 30).expect("replayed").replayed);
    for other in [t.hold("h", 41).map(|_| ()), t.commit("c", "h", 29).map(|_| ()), t.release("c", "h").map(|_| ())] {
        let refusal = other.expect_err("another content");
        assert!(matches!(refusal, LedgerRefusal::KeyReused { .. }));
        assert!(matches!(Error::from(refusal), Error::Conflict(_)));
    }
    let order: OrderId = t.ids.make(t.at);
    let moved = Command {
        key: Key::new("h").expect("key"),
        at: t.at,
        reference: Reference::Order(order),
        action: Action::Hold { debit: t.purse, credit: t.payable, amount: Fen::yuan(40) },
    };
    assert!(
        matches!(t.book.apply(&moved), Err(LedgerRefusal::KeyReused { .. })),
        "another reference is another content"
    );
    assert_eq!(t.book, before);
}

#[test]
fn clearing_waits_for_open_orders_or_leaves_their_part() {
    let mut t = Town::new();
    t.grant(300);
    t.hold("h", 80).expect("held");
    let refusal = t.clear(1, OpenHolds::Refuse).expect_err("an order is open");
    assert_eq!(refusal.zh(), "还有 ¥80.00 被未完成的工单占着，办完再清零");
    assert_eq!(t.clear(1, OpenHolds::Leave), Ok(Fen::yuan(220)));
    assert_eq!(t.clear(1, OpenHolds::Leave), Ok(Fen::yuan(220)), "a rerun answers the same");
    assert_eq!(t.account(t.purse).held(), Fen::yuan(80));
    t.commit("c", "h", 50).expect("the held part was left for its order");
    assert_eq!(t.clear(1, OpenHolds::Refuse), Ok(Fen::yuan(220)), "the first round stays as it was");
    assert_eq!(t.clear(2, OpenHolds::Refuse), Ok(Fen::yuan(30)));
    assert!(matches!(t.clear(3, OpenHolds::Refuse), Err(LedgerRefusal::NothingToMove { .. })), "no empty lines");
    assert_eq!(t.account(t.fund).balance(), Fen::yuan(-50));
}

#[test]
fn a_withdrawal_takes_at_most_what_was_granted_and_is_left() {
    let mut t = Town::new();
    t.grant(300);
    t.hold("h", 250).expect("held");
    let (purse, fund) = (t.purse, t.fund);
    let sweep = |limit| Action::Sweep {
        purpose: Purpose::GrantWithdrawal,
        debit: purse,
        credit: fund,
        limit: Fen::yuan(limit),
        open_holds: OpenHolds::Leave,
    };
    assert_eq!(t.run("w1", sweep(20)).expect("swept").transfer.amount, Fen::yuan(20));
    let all = t.run("w2", sweep(200)).expect("swept").transfer.clone();
    assert_eq!((all.amount, all.asked), (Fen::yuan(30), Fen::yuan(200)));
}

#[test]
fn own_parts_and_clawbacks_never_exceed_what_is_owed() {
    let mut t = Town::new();
    let (due, earned, received) = (t.own_due, t.own_earned, t.own_received);
    let (payable, claw, fund, paid) = (t.payable, t.clawback, t.fund, t.paid);
    t.post("due", Purpose::OwnDue, due, earned, 6).expect("due");
    let more = t.post("p0", Purpose::OwnPaid, received, due, 7).expect_err("owes 6");
    assert_eq!(more.zh(), "自付只欠 ¥6.00，不能收 ¥7.00");
    t.post("p1", Purpose::OwnPaid, received, due, 6).expect("paid");
    assert_eq!(t.account(due).balance(), Fen::ZERO);
    assert!(t.post("f0", Purpose::OwnRefund, due, received, 7).is_err());
    t.post("f1", Purpose::OwnRefund, due, received, 2).expect("refunded");
    t.post("k1", Purpose::Correction, earned, due, 2).expect("the price was 4");
    assert_eq!((t.account(due).balance(), t.account(earned).balance()), (Fen::ZERO, Fen::yuan(4)));

    t.grant(100);
    t.hold("h", 30).expect("held");
    t.commit("c", "h", 30).expect("committed");
    t.post("pay", Purpose::ProviderPayment, payable, paid, 30).expect("paid");
    let purse = t.purse;
    let late = t.post("k2", Purpose::Correction, payable, purse, 30).expect_err("already paid");
    assert_eq!(late.zh(), "应付只剩 ¥0.00，不够 ¥30.00。已拨付的走追回");
    t.post("claw", Purpose::Clawback, claw, fund, 30).expect("to be given back");
    t.hold("h2", 50).expect("held");
    t.commit("c2", "h2", 50).expect("committed");
    assert!(t.post("o0", Purpose::ClawbackOffset, payable, claw, 31).is_err());
    t.post("o1", Purpose::ClawbackOffset, payable, claw, 30).expect("set off");
    assert_eq!((t.account(payable).balance(), t.account(claw).balance()), (Fen::yuan(20), Fen::ZERO));
    assert!(t.book.totals().balanced());
}

#[test]
fn money_moves_only_along_its_routes() {
    let mut t = Town::new();
    t.grant(100);
    let (fund, purse, payable, paid) = (t.fund, t.purse, t.payable, t.paid);
    for (i, (purpose, debit, credit)) in [
        (Purpose::Grant, purse, fund),
        (Purpose::ProviderPayment, purse, paid),
        (Purpose::Correction, purse, paid),
        (Purpose::QuarterClear, fund, payable),
    ]
    .into_iter()
    .enumerate()
    {
        let refusal = t.post(&format!("x{i}"), purpose, debit, credit, 1).expect_err("no such way");
        assert!(matches!(refusal, LedgerRefusal::WrongRoute { .. }), "{refusal}");
        assert!(matches!(Error::from(refusal), Error::Internal(_)));
    }
    let direct = t.post("d", Purpose::OrderCommit, purse, payable, 1).expect_err("needs a hold");
    assert_eq!(direct, LedgerRefusal::NeedsHold { purpose: Purpose::OrderCommit });
    let unknown: AccountId = t.ids.make(t.at);
    assert!(matches!(t.post("u", Purpose::Grant, fund, unknown, 1), Err(LedgerRefusal::AccountMissing { .. })));
    assert!(matches!(t.post("s", Purpose::Grant, fund, fund, 1), Err(LedgerRefusal::SameAccount { .. })));
    assert!(matches!(t.book.open(purse, AccountKind::Fund), Err(LedgerRefusal::AccountTaken { .. })));
    assert_eq!(t.book.transfers().len(), 1, "refusals leave no line");
}

#[test]
fn amounts_have_limits() {
    let mut t = Town::new();
    let (debit, credit) = (t.fund, t.purse);
    for amount in [Fen::ZERO, Fen(-1)] {
        let refusal =
            t.run("a", Action::Post { purpose: Purpose::Grant, debit, credit, amount }).expect_err("not above 0");
        assert_eq!(refusal, LedgerRefusal::AmountNotPositive { amount });
    }
    let amount = Fen(MAX_AMOUNT.0 + 1);
    let refusal = t.run("a", Action::Post { purpose: Purpose::Grant, debit, credit, amount }).expect_err("too large");
    assert_eq!(refusal, LedgerRefusal::AmountTooLarge { amount });
    for i in 0..100 {
        t.run(&format!("big{i}"), Action::Post { purpose: Purpose::Grant, debit, credit, amount: MAX_AMOUNT })
            .expect("fits");
    }
    let full = t.run("more", Action::Post { purpose: Purpose::Grant, debit, credit, amount: Fen(1) });
    assert!(matches!(full, Err(LedgerRefusal::TotalTooLarge { account }) if account == debit));
}

#[test]
fn stored_texts_are_read_back() {
    for kind in AccountKind::ALL {
        assert_eq!(AccountKind::parse(kind.code()), Some(*kind));
    }
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::parse(purpose.code()), Some(*purpose));
    }
    let ids = IdGen::new(3);
    let references = [
        Reference::Order(ids.make(Instant(0))),
        Reference::Determination(ledger::DeterminationRef::new("rural-75-79/h1/2026Q3").expect("plain")),
        Reference::PaymentList(ids.make(Instant(0))),
        Reference::Quarter(Q3),
        Reference::Transfer(Key::new("grant/1").expect("plain")),
    ];
    for reference in references {
        assert_eq!(Reference::parse(reference.code(), &reference.value()), Some(reference));
    }
    assert_eq!(Reference::parse("order", "not an id"), None);
    for bad in ["", "two words", "中文", &"k".repeat(161)] {
        assert!(Key::new(bad).is_err(), "{bad}");
    }
    assert_eq!(Key::of(Purpose::Grant, &[&"a", &Q3]).expect("plain").as_str(), "grant/a/2026Q3");
}

#[test]
fn plan_refuses_rows_of_another_command() {
    let mut t = Town::new();
    t.grant(100);
    t.hold("h", 40).expect("held");
    let hold = t.book.hold(&Key::new("h").expect("key")).expect("kept").clone();
    let release = Command {
        key: Key::new("r").expect("key"),
        at: t.at,
        reference: Reference::Quarter(Q3),
        action: Action::Release { hold: hold.key.clone() },
    };
    let (purse, payable, fund) = (t.account(t.purse), t.account(t.payable), t.account(t.fund));
    assert!(plan(&purse, &payable, Some(&hold), &release).is_ok());
    assert!(matches!(plan(&purse, &fund, Some(&hold), &release), Err(LedgerRefusal::WrongRows { .. })));
    assert!(matches!(plan(&purse, &payable, None, &release), Err(LedgerRefusal::HoldMissing { .. })));
    let emptied = Account::open(purse.id, purse.kind);
    assert!(matches!(plan(&emptied, &payable, Some(&hold), &release), Err(LedgerRefusal::WrongRows { .. })));
}

#[test]
fn a_recount_finds_transfers_that_cannot_be() {
    let mut t = Town::new();
    t.grant(100);
    t.hold("h", 40).expect("held");
    t.commit("c", "h", 30).expect("committed");
    let commit = t.book.transfers()[2].clone();
    let mut without_hold = Recount::new();
    assert!(matches!(without_hold.add(&commit), Err(RecountFault::NoOpenHold { .. })));
    let mut inflated = Recount::new();
    inflated.add(&t.book.transfers()[1]).expect("a hold");
    let more = ledger::Transfer { amount: Fen::yuan(41), ..commit };
    assert!(matches!(inflated.add(&more), Err(RecountFault::NotItsHold { .. })));
}
