//! Several at once: truly so on PostgreSQL, in a queue on SQLite.
use crate::common::{Town, actor, migrations};
use books::service;
use kernel::{Error, Fen};
use ledger::Command;
use std::sync::Arc;
use store::testing::each_engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn holds_at_the_same_time_never_overdraw_a_purse() {
    each_engine(&migrations(), |db| async move {
        let t = Arc::new(Town::new(&db).await);
        t.run(&t.grant("g", 70)).await.expect("granted");
        let tasks: Vec<_> = (0..24)
            .map(|i| {
                let t = t.clone();
                tokio::spawn(async move { t.run(&t.hold(&format!("h{i}"), 10)).await })
            })
            .collect();
        let mut held = 0;
        for task in tasks {
            match task.await.expect("no panic") {
                Ok(_) => held += 1,
                Err(Error::Refused(why)) => assert!(why.starts_with("补贴只剩"), "{why}"),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(held, 7);
        let purse = t.view(t.purse).await;
        assert_eq!((purse.held(), purse.available()), (Fen::yuan(70), Fen::ZERO));
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_command_at_the_same_time_is_done_once() {
    each_engine(&migrations(), |db| async move {
        let t = Arc::new(Town::new(&db).await);
        for command in [t.grant("g", 100), t.hold("h", 40)] {
            t.run(&command).await.expect("done");
        }
        for make in [|t: &Town| t.hold("h2", 30), |t: &Town| t.commit("c", "h", 35)] {
            let tasks: Vec<_> = (0..12)
                .map(|_| {
                    let t = t.clone();
                    tokio::spawn(async move { t.run(&make(&t)).await })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic").expect("the one answer");
            }
        }
        let purse = t.view(t.purse).await;
        assert_eq!((purse.balance(), purse.held()), (Fen::yuan(65), Fen::yuan(30)));
        assert_eq!(service::recount(&db).await.expect("counts").transfers, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_is_committed_or_released_but_not_both() {
    each_engine(&migrations(), |db| async move {
        let t = Arc::new(Town::new(&db).await);
        t.run(&t.grant("g", 100)).await.expect("granted");
        for i in 0..10 {
            t.run(&t.hold(&format!("h{i}"), 10)).await.expect("held");
            let (a, b) = (t.clone(), t.clone());
            let commit = tokio::spawn(async move { a.run(&a.commit(&format!("c{i}"), &format!("h{i}"), 10)).await });
            let release = tokio::spawn(async move { b.run(&b.release(&format!("r{i}"), &format!("h{i}"))).await });
            let (c, r) = (commit.await.expect("no panic"), release.await.expect("no panic"));
            assert!(c.is_ok() != r.is_ok(), "{c:?} {r:?}");
        }
        assert_eq!(t.view(t.purse).await.held(), Fen::ZERO);
        assert!(service::recount(&db).await.expect("counts").sound());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_in_opposite_orders_do_not_wait_for_each_other_for_ever() {
    each_engine(&migrations(), |db| async move {
        let (one, two) = (Arc::new(Town::new(&db).await), Arc::new(Town::new(&db).await));
        let mut tasks = Vec::new();
        for i in 0..10 {
            let (db, one, two) = (db.clone(), one.clone(), two.clone());
            tasks.push(tokio::spawn(async move {
                let mut batch: Vec<Command> = vec![one.grant(&format!("g{i}"), 5), two.grant(&format!("g{i}"), 5)];
                if i % 2 == 0 {
                    batch.reverse();
                }
                let tx = db.begin().await?;
                service::apply_all(&tx, &db, &actor(), &batch).await?;
                tx.commit().await
            }));
        }
        for task in tasks {
            task.await.expect("no panic").expect("no deadlock");
        }
        assert_eq!(one.view(one.purse).await.balance(), Fen::yuan(50));
        assert_eq!(one.view(one.fund).await.balance(), -Fen::yuan(100), "both purses draw on one fund");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opening_at_the_same_time_gives_one_account() {
    each_engine(&migrations(), |db| async move {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    let tx = db.begin().await?;
                    let kind = ledger::AccountKind::Fund;
                    let id = service::open(&tx, &db, kind, "fund/shared", crate::common::county(), None).await?;
                    tx.commit().await?;
                    Ok::<_, Error>(id)
                })
            })
            .collect();
        let mut ids = Vec::new();
        for task in tasks {
            ids.push(task.await.expect("no panic").expect("opened"));
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
    })
    .await;
}
