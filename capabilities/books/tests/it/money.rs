//! What the stored ledger does with one purse, and what a recount finds.
use crate::common::{Q, Town, actor, county, key, migrations, region, scope};
use books::{codes, service};
use kernel::{Error, Fen, OrgScope, PageAsk};
use ledger::{AccountKind, Action, Command, Purpose, Reference};
use store::testing::each_engine;
use store::{SqlExt, vals};

const PAGE: PageAsk = PageAsk { page: 1, rows: 50 };

#[tokio::test]
async fn an_account_is_opened_once_and_keeps_its_kind() {
    each_engine(&migrations(), |db| async move {
        let town = Town::new(&db).await;
        let tx = db.begin().await.expect("begins");
        let code = codes::payable(town.provider, Q);
        let again = service::open(&tx, &db, AccountKind::Payable, &code, county(), Some(town.provider)).await;
        assert_eq!(again.expect("is there"), town.payable);
        let other = service::open(&tx, &db, AccountKind::Purse, &code, county(), None).await;
        assert!(matches!(other, Err(Error::Internal(_))), "{other:?}");
        drop(tx);
        let found = service::account(db.read(), &code).await.expect("reads").expect("is there");
        assert_eq!((found.kind, found.org, found.region), (AccountKind::Payable, Some(town.provider), county()));
        assert_eq!(found.title(), "应付服务商 2026 年第 4 季度");
        let codes = [code.clone(), "payable/none".to_string()];
        let both = service::balances(db.read(), &codes).await.expect("reads");
        assert_eq!(both.keys().collect::<Vec<_>>(), [&code]);
    })
    .await;
}

#[test]
fn codes_are_read_back() {
    let ids = kernel::IdGen::new(3);
    let at = kernel::Instant(0);
    for code in [
        codes::purse(ids.make(at), "urban/80+", Q),
        codes::fund(&county(), "urban/80+"),
        codes::payable(ids.make(at), Q),
        codes::paid(ids.make(at)),
        codes::clawback(ids.make(at)),
        codes::own_due(ids.make(at)),
        codes::provider_own(ids.make(at)),
        codes::own_received(ids.make(at)),
    ] {
        assert_eq!(codes::parse(&code).map(|s| s.to_string()), Some(code.clone()), "{code}");
    }
    assert_eq!(codes::parse("purse/nobody/2026Q4/x"), None);
}

#[tokio::test]
async fn an_order_holds_then_takes_and_the_rest_comes_back() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        t.run(&t.grant("g", 360)).await.expect("granted");
        t.run(&t.hold("h1", 40)).await.expect("held");
        assert_eq!(
            (t.view(t.purse).await.available(), t.view(t.purse).await.balance()),
            (Fen::yuan(320), Fen::yuan(360))
        );
        t.run(&t.commit("c1", "h1", 30)).await.expect("taken");
        let purse = t.view(t.purse).await;
        assert_eq!((purse.balance(), purse.held(), purse.available()), (Fen::yuan(330), Fen::ZERO, Fen::yuan(330)));
        assert_eq!(t.view(t.payable).await.balance(), Fen::yuan(30));
        let over = t.run(&t.hold("h2", 331)).await;
        assert_eq!(over.expect_err("too much").user_message(), "补贴只剩 ¥330.00，这一笔要 ¥331.00");
        let twice = t.run(&t.release("r1", "h1")).await;
        assert_eq!(twice.expect_err("closed").user_message(), "这一单的补贴已经扣过");
        let none = t.run(&t.release("r2", "never")).await;
        assert!(matches!(none, Err(Error::Internal(_))));
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test]
async fn a_command_is_carried_out_once() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        let grant = t.grant("g", 360);
        let first = t.run(&grant).await.expect("granted");
        let later = Command { at: db.now().plus_minutes(5), ..grant.clone() };
        assert_eq!(t.run(&later).await.expect("the first answer"), first);
        assert_eq!(t.view(t.purse).await.balance(), Fen::yuan(360));
        let changed = t.run(&t.grant("g", 361)).await;
        assert!(matches!(changed, Err(Error::Conflict(_))), "{changed:?}");
        // A closed hold does not matter to the replay of what opened or closed it.
        let (hold, commit) = (t.hold("h", 50), t.commit("c", "h", 50));
        t.run(&hold).await.expect("held");
        t.run(&commit).await.expect("taken");
        t.run(&hold).await.expect("replayed");
        t.run(&commit).await.expect("replayed");
        let tx = db.begin().await.expect("begins");
        let batch = [grant.clone(), hold.clone(), commit.clone(), t.hold("h9", 10), t.hold("h9", 10)];
        let all = service::apply_all(&tx, &db, &actor(), &batch).await.expect("replayed, and one new");
        assert_eq!(all[3], all[4]);
        tx.commit().await.expect("commits");
        let purse = t.view(t.purse).await;
        assert_eq!((purse.balance(), purse.held()), (Fen::yuan(310), Fen::yuan(10)));
        let verdict = service::recount(&db).await.expect("counts");
        assert_eq!((verdict.transfers, verdict.sound()), (4, true), "{verdict:?}");
    })
    .await;
}

#[tokio::test]
async fn in_a_batch_a_refused_command_leaves_the_others() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        let batch = [t.grant("g", 100), t.hold("h1", 80), t.hold("h2", 30), t.commit("c1", "h1", 80), t.hold("h3", 20)];
        let tx = db.begin().await.expect("begins");
        let answers = service::apply_many(&tx, &db, &actor(), &batch).await.expect("judged");
        tx.commit().await.expect("commits");
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true, true]);
        let purse = t.view(t.purse).await;
        assert_eq!((purse.balance(), purse.available()), (Fen::yuan(20), Fen::ZERO));
        let tx = db.begin().await.expect("begins");
        let strict = service::apply_all(&tx, &db, &actor(), &[t.release("r3", "h3"), t.hold("h4", 21)]).await;
        assert!(matches!(strict, Err(Error::Refused(_))), "{strict:?}");
        drop(tx);
        assert_eq!(t.view(t.purse).await.held(), Fen::yuan(20), "the release went with it");
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test]
async fn clearing_leaves_what_orders_hold_and_takes_it_later() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        assert_eq!(t.clear().await.moved, Fen::ZERO, "an empty purse");
        for command in [t.grant("g", 100), t.hold("h1", 30), t.hold("h2", 20)] {
            t.run(&command).await.expect("done");
        }
        let first = t.clear().await;
        assert_eq!((first.moved, first.held), (Fen::yuan(50), Fen::yuan(50)));
        let again = t.clear().await;
        assert_eq!((again.moved, again.held), (Fen::ZERO, Fen::yuan(50)), "nothing changed since");
        t.run(&t.release("r1", "h1")).await.expect("given back");
        assert_eq!(t.clear().await.moved, Fen::yuan(30));
        t.run(&t.commit("c2", "h2", 15)).await.expect("taken");
        let last = t.clear().await;
        assert_eq!((last.moved, last.held), (Fen::yuan(5), Fen::ZERO));
        assert_eq!(t.view(t.purse).await.balance(), Fen::ZERO);
        assert_eq!(t.view(t.fund).await.balance(), -Fen::yuan(15), "only the served order is gone");
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test]
async fn corrections_never_exceed_what_they_correct() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        for command in [t.grant("g", 100), t.hold("h", 40), t.commit("c", "h", 40)] {
            t.run(&command).await.expect("done");
        }
        let correct = |name: &str, of: &str, debit, credit, yuan| Command {
            key: key(&t.named(name)),
            at: t.db.now(),
            reference: Reference::Transfer(key(&t.named(of))),
            action: Action::Post { purpose: Purpose::Correction, debit, credit, amount: Fen::yuan(yuan) },
        };
        t.run(&correct("x1", "c", t.payable, t.purse, 25)).await.expect("part given back");
        t.run(&correct("x1", "c", t.payable, t.purse, 25)).await.expect("replayed");
        let over = t.run(&correct("x2", "c", t.payable, t.purse, 16)).await.expect_err("more than is left");
        assert_eq!(over.user_message(), "更正不能超过原来那笔，还能更正 ¥15.00，这次要 ¥16.00");
        t.run(&correct("x3", "c", t.payable, t.purse, 15)).await.expect("the rest");
        t.run(&correct("x4", "c", t.purse, t.payable, 40)).await.expect("taken again");
        // Two in one batch are counted together.
        let tx = db.begin().await.expect("begins");
        let pair = [correct("x5", "c", t.payable, t.purse, 30), correct("x6", "c", t.payable, t.purse, 30)];
        let answers = service::apply_many(&tx, &db, &actor(), &pair).await.expect("judged");
        assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
        drop(tx);
        for wrong in [
            correct("y1", "c", t.purse, t.fund, 1),
            correct("y2", "h", t.payable, t.purse, 1),
            correct("y3", "x1", t.purse, t.payable, 1),
            correct("y4", "unknown", t.payable, t.purse, 1),
            Command { reference: Reference::Quarter(Q), ..correct("y5", "c", t.payable, t.purse, 1) },
        ] {
            let answer = t.run(&wrong).await;
            assert!(matches!(answer, Err(Error::Internal(_))), "{}: {answer:?}", wrong.key);
        }
        assert_eq!(t.view(t.payable).await.balance(), Fen::yuan(40));
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test]
async fn a_statement_runs_to_the_stored_balance_and_stays_in_its_scope() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        for command in
            [t.grant("g", 100), t.hold("h1", 40), t.commit("c1", "h1", 25), t.hold("h2", 5), t.release("r2", "h2")]
        {
            t.run(&command).await.expect("done");
        }
        let county_staff = scope(county(), OrgScope::Any);
        let code = codes::purse(t.household, crate::common::PACK, Q);
        let found = service::statement(&db, &county_staff, &code, PAGE).await.expect("seen");
        let told: Vec<(&str, Fen, Fen, Fen)> =
            found.rows.iter().map(|l| (l.transfer.purpose.zh(), l.held, l.change, l.after)).collect();
        let y = Fen::yuan;
        assert_eq!(
            told,
            [
                ("预占退回", -y(5), y(0), y(75)),
                ("下单预占", y(5), y(0), y(75)),
                ("服务扣补贴", -y(40), -y(25), y(75)),
                ("下单预占", y(40), y(0), y(100)),
                ("额度到账", y(0), y(100), y(100)),
            ]
        );
        assert!(found.rows.iter().all(|l| l.actor == "自动"));
        assert_eq!(found.rows[4].other, AccountKind::Fund);
        let second = service::statement(&db, &county_staff, &code, PageAsk { page: 2, rows: 2 }).await.expect("seen");
        assert_eq!((second.rows[0].seq, second.total), (found.rows[2].seq, 5));

        let payable = codes::payable(t.provider, Q);
        let own = scope(county(), OrgScope::Org(t.provider));
        let lines = service::statement(&db, &own, &payable, PAGE).await.expect("its own");
        assert_eq!(lines.rows.iter().map(|l| l.after).next(), Some(y(25)));
        let stranger = scope(county(), OrgScope::Org(db.new_id()));
        let worker = scope(county(), OrgScope::Worker(t.provider, db.new_id()));
        let neighbour = scope(region("441521000000"), OrgScope::Any);
        for other in [stranger, worker, neighbour] {
            for code in [&payable, &code] {
                let answer = service::statement(&db, &other, code, PAGE).await;
                assert!(matches!(answer, Err(Error::NotFound(_))), "{other:?} {code}");
            }
            let list = service::list(&db, &other, AccountKind::ALL, "a.id DESC", PAGE).await.expect("reads");
            assert!(list.rows.is_empty(), "{other:?}");
        }
        let purse_of_another_desk = service::statement(&db, &own, &code, PAGE).await;
        assert!(matches!(purse_of_another_desk, Err(Error::NotFound(_))));
        let mine = service::list(&db, &own, AccountKind::ALL, "a.id DESC", PAGE).await.expect("reads");
        assert_eq!(mine.rows.len(), 3, "payable, paid and own earned");
    })
    .await;
}

#[tokio::test]
async fn a_recount_finds_what_was_tampered_with() {
    // What is changed behind the ledger's back, and the fault that tells.
    let cases = [
        ("UPDATE ledger_balance SET credits_posted = credits_posted + 1 WHERE account_id = $1", "的余额和流水对不上"),
        ("UPDATE ledger_transfer SET amount = amount + 1 WHERE credit = $1", "余额不对"),
        ("UPDATE ledger_transfer SET credit_after = credit_after + 1 WHERE credit = $1", "余额不对"),
        ("DELETE FROM ledger_transfer WHERE credit = $1", "的余额和流水对不上"),
        ("DELETE FROM ledger_transfer WHERE kind = 'hold' AND debit = $1", "扣的预占不存在"),
        (
            "UPDATE ledger_hold SET state = 'released' WHERE state = 'open' AND debit = $1",
            "未结的预占合计 ¥0.00，账户上占着 ¥20.00",
        ),
        ("DELETE FROM ledger_balance WHERE account_id = $1", "不存在"),
    ];
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        for command in [t.grant("g", 100), t.hold("h1", 40), t.commit("c1", "h1", 40), t.hold("h2", 20)] {
            t.run(&command).await.expect("done");
        }
        let sound = service::recount(&db).await.expect("counts");
        assert_eq!((sound.sound(), sound.transfers, sound.accounts), (true, 4, 6), "{sound:?}");
        for (tamper, tells) in cases {
            let backup = ["ledger_balance", "ledger_transfer", "ledger_hold"];
            let tx = db.begin().await.expect("begins");
            for table in backup {
                tx.exec(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"), vec![]).await.expect("kept");
            }
            assert!(tx.exec(tamper, vals![t.purse]).await.expect("tampers") > 0, "{tamper}");
            tx.commit().await.expect("commits");
            let verdict = service::recount(&db).await.expect("counts");
            let told: Vec<String> = verdict.faults.iter().map(|f| f.zh()).collect();
            assert!(told.iter().any(|f| f.contains(tells)), "{tamper}: {told:?}");
            let tx = db.begin().await.expect("begins");
            for table in backup {
                tx.exec(&format!("DELETE FROM {table}"), vec![]).await.expect("emptied");
                let own = if table == "ledger_transfer" && tx.engine() == store::Engine::Postgres {
                    " OVERRIDING SYSTEM VALUE"
                } else {
                    ""
                };
                tx.exec(&format!("INSERT INTO {table}{own} SELECT * FROM kept_{table}"), vec![]).await.expect("back");
                tx.exec(&format!("DROP TABLE kept_{table}"), vec![]).await.expect("dropped");
            }
            tx.commit().await.expect("commits");
            assert!(service::recount(&db).await.expect("counts").sound(), "after {tamper}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_an_overdrawn_row_of_every_limited_kind() {
    each_engine(&migrations(), |db| async move {
        for kind in AccountKind::ALL {
            let tx = db.begin().await.expect("begins");
            let code = format!("test/{}", kind.code());
            let id = service::open(&tx, &db, *kind, &code, county(), None).await.expect("opens");
            tx.commit().await.expect("commits");
            let limited = ledger::Account::open(id, *kind).available().is_some();
            let column = match kind.overdraw() {
                ledger::Overdraw::CreditsWithinDebits => "credits_held",
                _ => "debits_held",
            };
            let tx = db.begin().await.expect("begins");
            let sql = format!("UPDATE ledger_balance SET {column} = 1 WHERE account_id = $1");
            assert_eq!(tx.exec(&sql, vals![id]).await.is_err(), limited, "{kind:?}");
        }
    })
    .await;
}
