//! The own part in money: taken once, given back once, every fen in the books and on a numbered receipt.
use crate::common::*;
use books::codes;
use kernel::{Error, Fen, Role};
use orders::model::{Order, PaidBy, ReceiptKind, State};
use orders::service;
use store::SqlExt;
use store::testing::each_engine;

/// Eight hours at ¥40: ¥300 of public money, which is all the purse holds, and ¥20 of the elder's own.
async fn with_own_part(w: &World) -> Order {
    let o = w.served(w.cleaning, day("2026-11-23").at(8, 0), 8).await;
    assert_eq!((o.gov, o.own), (Fen::yuan(300), Fen::yuan(20)));
    o
}

/// (owed by the elder, received by the provider)
async fn own(w: &World, o: &Order) -> (Fen, Fen) {
    (w.balance(codes::own_due(o.elder)).await, w.balance(codes::own_received(o.provider)).await)
}

#[tokio::test]
async fn the_own_part_is_taken_once_with_a_numbered_receipt() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = with_own_part(&w).await;
        let manager = &w.team_of(&o).manager;
        assert_eq!(own(&w, &o).await, (Fen::yuan(20), Fen::ZERO));
        let made = service::take_own(&db, manager, o.id, PaidBy::Cash).await.expect("taken");
        assert_eq!((made.no.as_str(), made.amount), ("SJ20261123-000001", Fen::yuan(20)));
        assert_eq!(own(&w, &o).await, (Fen::ZERO, Fen::yuan(20)));
        let again = service::take_own(&db, manager, o.id, PaidBy::Scan).await.expect("a second click");
        assert_eq!(again, made, "one payment, one receipt");
        let seen = service::receipts(&db, w.clerk.scope(), o.id).await.expect("the clerk sees it");
        assert_eq!(seen, std::slice::from_ref(&made));
        assert_eq!(own(&w, &o).await, (Fen::ZERO, Fen::yuan(20)));

        let next = w.served(w.haircut, day("2026-11-25").at(9, 0), 1).await;
        let next_made = service::take_own(&db, &w.team_of(&next).manager, next.id, PaidBy::Transfer).await;
        assert_eq!(next_made.expect("taken").no, "SJ20261125-000001", "counted by the day");
        let rows: i64 = db
            .read()
            .scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'order.own_paid'", vec![])
            .await
            .expect("read")
            .expect("a count");
        assert_eq!(rows, 2, "and written down once each");
        w.books_agree().await;
        assert!(audit::verify(&db).await.expect("walks").intact());
    })
    .await;
}

#[tokio::test]
async fn a_payment_taken_by_mistake_goes_back_and_may_be_taken_again() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = with_own_part(&w).await;
        let manager = &w.team_of(&o).manager;
        assert!(said(service::give_back_own(&db, manager, o.id, "记错了").await).contains("还没有收过"));
        service::take_own(&db, manager, o.id, PaidBy::Cash).await.expect("taken");
        assert!(said(service::give_back_own(&db, manager, o.id, "  ").await).contains("原因没有填"));
        let back = service::give_back_own(&db, manager, o.id, "记错了单").await.expect("given back");
        assert_eq!((back.kind, back.amount, back.how), (ReceiptKind::Refund, Fen::yuan(20), PaidBy::Cash));
        assert!(back.no.starts_with("TK") && back.reason == "记错了单");
        assert_eq!(own(&w, &o).await, (Fen::yuan(20), Fen::ZERO));
        let again = service::give_back_own(&db, manager, o.id, "记错了单").await.expect("a second click");
        assert_eq!(again, back);
        let third = service::take_own(&db, manager, o.id, PaidBy::Scan).await.expect("taken after all");
        assert_eq!((third.seq, own(&w, &o).await), (3, (Fen::ZERO, Fen::yuan(20))));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_void_order_gives_back_what_the_elder_has_paid() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = with_own_part(&w).await;
        let manager = &w.team_of(&o).manager;
        service::take_own(&db, manager, o.id, PaidBy::Cash).await.expect("taken");
        service::dispute(&db, &w.clerk, o.id, "老人说没做", None).await.expect("disputed");
        assert!(said(service::take_own(&db, manager, o.id, PaidBy::Cash).await).contains("有争议"));
        let void = service::resolve(&db, &w.clerk, o.id, false, "属实，作废", None).await.expect("resolved");
        assert_eq!(void.state, State::Cancelled);
        assert_eq!(own(&w, &o).await, (Fen::ZERO, Fen::ZERO), "nothing owed, nothing kept");
        assert_eq!(w.balance(codes::provider_own(o.provider)).await, Fen::ZERO);
        assert_eq!(w.money().await, (Fen::ZERO, Fen::ZERO, Fen::yuan(300)));
        let found = service::receipts(&db, &scope(CITY), o.id).await.expect("receipts");
        let kinds: Vec<_> = found.iter().map(|r| (r.kind, r.amount)).collect();
        assert_eq!(kinds, [(ReceiptKind::Paid, Fen::yuan(20)), (ReceiptKind::Refund, Fen::yuan(20))]);
        assert_eq!(found[1].reason, "属实，作废");
        service::resolve(&db, &w.clerk, o.id, false, "属实，作废", None).await.expect("a second click");
        assert_eq!(service::receipts(&db, &scope(CITY), o.id).await.expect("receipts").len(), 2);
        assert!(said(service::take_own(&db, manager, o.id, PaidBy::Cash).await).contains("没有服务成"));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn only_its_own_provider_takes_money_and_only_for_what_was_confirmed() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = with_own_part(&w).await;
        let (own_team, other) = if o.provider == w.first.org { (&w.first, &w.second) } else { (&w.second, &w.first) };
        assert!(not_found(service::take_own(&db, &other.manager, o.id, PaidBy::Cash).await));
        assert!(not_found(service::give_back_own(&db, &other.manager, o.id, "x").await));
        assert!(not_found(service::receipts(&db, other.manager.scope(), o.id).await));
        let finance = person(Role::Finance, "叶文峰", scope(COUNTY));
        for actor in [&w.clerk, &own_team.carer, &finance] {
            let taken = service::take_own(&db, actor, o.id, PaidBy::Cash).await;
            assert!(matches!(taken, Err(Error::Forbidden(_))), "{}", actor.label());
        }
        let paid_by_nobody = w.place(w.haircut, day("2026-11-26").at(9, 0), 1).await;
        let manager = &w.team_of(&paid_by_nobody).manager;
        assert!(said(service::take_own(&db, manager, paid_by_nobody.id, PaidBy::Cash).await).contains("老人确认以后"));
        assert_eq!(own(&w, &o).await, (Fen::yuan(20), Fen::ZERO));
    })
    .await;
}

#[tokio::test]
async fn an_order_the_purse_pays_whole_has_nothing_to_take() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.served(w.haircut, day("2026-11-24").at(9, 0), 1).await;
        let taken = service::take_own(&db, &w.team_of(&o).manager, o.id, PaidBy::Cash).await;
        assert!(said(taken).contains("没有自付"));
    })
    .await;
}
