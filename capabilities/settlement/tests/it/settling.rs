//! Closing a quarter: what gets into a list, what is held back, and what happens when it is done twice or breaks off.
use crate::common::*;
use async_trait::async_trait;
use kernel::{Error, Fen, PageAsk, Result};
use orders::model::State;
use settlement::model::{ListState, Standing};
use settlement::service::{self, LineAsk, NoProgress, Progress};
use std::sync::atomic::{AtomicI64, Ordering};
use store::testing::each_engine;
use store::{SqlExt, vals};

const PAGE: PageAsk = PageAsk { page: 1, rows: 50 };

#[tokio::test]
async fn confirmed_orders_become_one_list_a_provider_and_the_purses_are_cleared() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        let ids = w.usual().await;
        let purse = |n: usize| books::codes::purse(w.elders[n].household, &w.elders[n].pack, q3());
        let settled = w.close().await;
        assert_eq!((settled.orders, settled.lists), (5, 2));
        let (yian, kangle) = (w.list_of(w.yian).await, w.list_of(w.kangle).await);
        assert_eq!((yian.totals.orders, yian.totals.gov, yian.payable), (4, Fen(16_000), Fen(16_000)));
        assert_eq!((kangle.totals.orders, kangle.payable), (1, Fen(4_000)));
        assert_eq!(yian.state, ListState::Town);
        assert!(yian.no.starts_with("JS-2026Q3-441523-"), "{}", yian.no);
        for id in ids.iter().copied() {
            assert_eq!(w.order_state(id).await, State::InSettlement);
        }
        // Every household was granted ¥200.00 (August and September or the quarter) and used a part; the rest is gone.
        for n in 0..3 {
            let account = books::service::accounts(w.db.read(), &[w.elders[n].purse]).await.expect("reads");
            assert_eq!(account[&w.elders[n].purse].balance(), Fen::ZERO, "{}", purse(n));
        }
        assert!(settled.cleared > Fen::ZERO);
        let lines =
            service::lines(&w.db, &scope(COUNTY), yian.id, &LineAsk::default(), PAGE, "seq").await.expect("lines");
        let line = lines.rows.iter().find(|l| l.order == ids[0]).expect("a line");
        assert_eq!((line.standing, line.article.as_str()), (Standing::Ok, w.elders[0].article.as_str()));
        assert_eq!(line.purse_account, Some(w.elders[0].purse));
        let verdict = service::verify(&w.db, &scope(COUNTY), yian.id).await.expect("verifies");
        assert_eq!((verdict.lines, verdict.intact()), (4, true));
        assert!(books::recount::recount(&w.db).await.expect("recounts").sound());
    })
    .await;
}

#[tokio::test]
async fn closing_a_quarter_again_changes_nothing_and_late_orders_go_into_a_supplement() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        w.close().await;
        let before = w.lists().await.len();
        let again = w.close().await;
        assert_eq!((again.orders, again.lists, again.cleared), (0, 0, Fen::ZERO));
        assert_eq!(w.lists().await.len(), before);
        w.db.clock().set(day("2026-10-09").at(9, 0));
        let late = w.visit(0, w.yian, "2026-09-28", 9);
        // The purse is empty now: only what is paid from it is in a list, so this one is not.
        let ids = w.serve(vec![late]).await;
        let third = w.close().await;
        assert_eq!((third.orders, third.lists), (0, 0));
        assert_eq!(w.order_state(ids[0]).await, State::Rated);
    })
    .await;
}

#[tokio::test]
async fn an_order_confirmed_late_is_found_by_the_next_run() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        let late = w.serve(vec![w.visit(2, w.yian, "2026-09-20", 9)]).await[0];
        // As if it had not been confirmed when the quarter was closed.
        let tx = w.db.begin().await.expect("begins");
        tx.exec("UPDATE work_order SET state = 'checked_out' WHERE id = $1", vals![late]).await.expect("set back");
        tx.commit().await.expect("commits");
        assert_eq!(w.close().await.orders, 5);
        let tx = w.db.begin().await.expect("begins");
        tx.exec("UPDATE work_order SET state = 'rated' WHERE id = $1", vals![late]).await.expect("confirmed");
        tx.commit().await.expect("commits");
        let second = w.close().await;
        assert_eq!((second.orders, second.lists), (1, 1));
        let lists: Vec<_> = w.lists().await.into_iter().filter(|l| l.provider == w.yian).collect();
        assert_eq!(lists.iter().map(|l| l.supplement).collect::<Vec<_>>(), [false, true]);
        assert_eq!(lists[1].payable, Fen(4_000));
    })
    .await;
}

#[tokio::test]
async fn closing_a_quarter_closes_what_nobody_served() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        let mut paid_by_herself = w.visit(0, w.yian, "2026-09-20", 9);
        (paid_by_herself.gov, paid_by_herself.purse_account) = (Fen::ZERO, None);
        let forgotten = w.serve(vec![paid_by_herself]).await[0];
        let tx = w.db.begin().await.expect("begins");
        let sql = "UPDATE work_order SET state = 'assigned', checked_in_at = NULL WHERE id = $1";
        tx.exec(sql, vals![forgotten]).await.expect("as if nobody had come");
        tx.commit().await.expect("commits");
        assert_eq!(w.close().await.orders, 5);
        assert_eq!(w.order_state(forgotten).await, State::NoShow);
        let order = orders::service::order(&w.db, &scope(COUNTY), forgotten).await.expect("order");
        assert!(order.reason.contains("没有上门签到"), "{}", order.reason);
        w.close().await;
        let again = orders::service::order(&w.db, &scope(COUNTY), forgotten).await.expect("order");
        assert_eq!(again.version, order.version);
    })
    .await;
}

/// Breaks off when it has been told something `left` times.
struct Dies {
    left: AtomicI64,
}

#[async_trait]
impl Progress for Dies {
    async fn told(&self, _: i64, _: &str) -> Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(Error::Internal("killed".into()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_run_that_dies_anywhere_is_completed_by_the_next_and_doubles_nothing() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        w.db.clock().set(day("2026-10-08").at(9, 0));
        let mut deaths = 0;
        let mut n = 0;
        loop {
            let dies = Dies { left: AtomicI64::new(n % 3) };
            n += 1;
            // Two orders a batch: it dies between batches, between lists, and while purses are cleared.
            match service::settle_in_batches(&w.db, &county(), q3(), 2, &dies).await {
                Ok(_) => break,
                Err(Error::Internal(_)) => deaths += 1,
                Err(e) => panic!("{e}"),
            }
            assert!(n < 50, "it never finishes");
        }
        assert!(deaths >= 3, "died {deaths} times");
        let lists = w.lists().await;
        assert_eq!(lists.len(), 2);
        assert_eq!(lists.iter().map(|l| l.totals.orders).sum::<i64>(), 5);
        assert_eq!(lists.iter().map(|l| l.payable).sum::<Fen>(), Fen(20_000));
        for l in &lists {
            assert!(service::verify(&w.db, &scope(COUNTY), l.id).await.expect("verifies").intact());
        }
        assert!(books::recount::recount(&w.db).await.expect("recounts").sound());
    })
    .await;
}

#[tokio::test]
async fn odd_orders_are_held_back_with_their_reason() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        let mut dear = w.visit(0, w.yian, "2026-08-16", 9);
        dear.price = Fen(4_100);
        let fine = w.visit(0, w.yian, "2026-08-20", 9);
        let one = w.visit(1, w.yian, "2026-08-25", 9);
        let same_time = w.visit(2, w.yian, "2026-08-25", 9);
        let blind = w.visit(1, w.yian, "2026-08-27", 9);
        let ids = w.serve(vec![dear, fine, one, same_time, blind]).await;
        let tx = w.db.begin().await.expect("begins");
        tx.exec("UPDATE work_order SET checked_in_at = NULL WHERE id = $1", vals![ids[4]]).await.expect("no check-in");
        tx.commit().await.expect("commits");
        w.close().await;
        let list = w.list_of(w.yian).await;
        let lines =
            service::lines(&w.db, &scope(COUNTY), list.id, &LineAsk::default(), PAGE, "seq").await.expect("lines");
        let of = |n: usize| lines.rows.iter().find(|l| l.order == ids[n]).expect("a line");
        for (n, why) in [(0, "高于核定价"), (2, "时间重叠"), (3, "时间重叠"), (4, "没有签到")] {
            assert_eq!(of(n).standing, Standing::HeldBack, "{n}");
            assert!(of(n).reason.contains(why), "{n}: {}", of(n).reason);
        }
        assert_eq!(of(1).standing, Standing::Ok);
        assert_eq!(list.payable, of(1).gov);
        assert_eq!(list.totals.held_back + list.payable, list.totals.gov);
    })
    .await;
}

#[tokio::test]
async fn a_service_after_the_elders_death_is_held_back() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        let ids = w.serve(vec![w.visit(0, w.yian, "2026-08-16", 9), w.visit(0, w.yian, "2026-09-16", 9)]).await;
        w.db.clock().set(day("2026-09-30").at(9, 0));
        people::service::report_death(
            &w.db,
            &county(),
            w.elders[0].id,
            1,
            day("2026-09-01"),
            people::model::Source::HomeVisit,
            "村里报来",
        )
        .await
        .expect("reported");
        w.close().await;
        let list = w.list_of(w.yian).await;
        let lines =
            service::lines(&w.db, &scope(COUNTY), list.id, &LineAsk::default(), PAGE, "seq").await.expect("lines");
        let standing = |n: usize| lines.rows.iter().find(|l| l.order == ids[n]).expect("a line").standing;
        assert_eq!((standing(0), standing(1)), (Standing::Ok, Standing::HeldBack));
    })
    .await;
}

#[tokio::test]
async fn a_quarter_is_closed_by_the_county_and_not_before_it_is_over() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        w.db.clock().set(day("2026-09-30").at(23, 59));
        assert!(matches!(service::settle(&w.db, &county(), q3(), &NoProgress).await, Err(Error::Refused(_))));
        w.db.clock().set(day("2026-10-01").at(0, 0));
        for actor in [clerk(), finance(), w.provider(w.yian)] {
            assert!(matches!(service::settle(&w.db, &actor, q3(), &NoProgress).await, Err(Error::Forbidden(_))));
        }
        let neighbours = person(9, "外县", kernel::Role::CountyStaff, scope(OTHER_COUNTY));
        let found = service::settle(&w.db, &neighbours, q3(), &NoProgress).await.expect("their own county");
        assert_eq!((found.orders, found.lists), (0, 0));
        assert_eq!(service::settle(&w.db, &county(), q3(), &NoProgress).await.expect("settles").orders, 5);
    })
    .await;
}
