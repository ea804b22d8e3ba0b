//! An order's whole way with the money checked to the fen, and the ways that end early.
use crate::common::*;
use books::codes;
use kernel::{Error, Fen, PaymentListId, Role};
use orders::model::{ConfirmHow, State};
use orders::service;
use store::testing::each_engine;

#[tokio::test]
async fn from_the_wish_to_the_payment() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        assert_eq!(w.money().await, (Fen::ZERO, Fen::ZERO, Fen::yuan(300)));
        let start = day("2026-11-24").at(14, 0);
        let o = w.place(w.cleaning, start, 2).await;
        assert_eq!(o.no, "WO20261120-000001");
        assert_eq!((o.state, o.fee, o.gov, o.own), (State::Created, Fen::yuan(80), Fen::yuan(80), Fen::ZERO));
        assert_eq!(o.ends_at, start.plus_minutes(120));
        assert!(!o.article.is_empty() && o.price_document.contains("陆价"), "every fen leads to an article");
        assert_eq!(w.money().await, (Fen::ZERO, Fen::yuan(80), Fen::yuan(220)));

        let team = w.team_of(&o);
        let payable = || codes::payable(team.org, o.quarter);
        let o = w.accept_and_assign(&o).await;
        assert_eq!((o.state, o.worker), (State::Assigned, Some(team.worker)));
        let o = w.visit(&o).await;
        assert_eq!((o.state, o.minutes_served()), (State::CheckedOut, Some(120)));
        assert_eq!(w.balance(payable()).await, Fen::ZERO, "nothing is owed before the elder has confirmed");
        let o = w.confirm(&o).await;
        assert_eq!((o.state, o.confirm_how), (State::Confirmed, Some(ConfirmHow::Code)));
        assert_eq!(w.money().await, (Fen::yuan(80), Fen::ZERO, Fen::yuan(220)));
        assert_eq!(w.balance(payable()).await, Fen::yuan(80));

        let o = service::rate(&db, &w.clerk, o.id, 5, "做得干净", None).await.expect("rated");
        assert_eq!((o.state, o.rating), (State::Rated, Some(5)));

        let list: PaymentListId = db.new_id();
        let county = person(Role::CountyStaff, "叶文峰", scope(COUNTY));
        let due = service::settleable(&db, &region(COUNTY), o.quarter, None, 100).await.expect("read");
        assert_eq!(due.iter().map(|d| d.id).collect::<Vec<_>>(), [o.id]);
        let before = o.quarter.previous();
        assert!(service::settleable(&db, &region(COUNTY), before, None, 100).await.expect("read").is_empty());
        let tx = db.begin().await.expect("begins");
        let moved = service::put_in_list(&tx, &county, list, "JS-2026Q4-1", &[(o.id, o.version)]).await.expect("in");
        tx.commit().await.expect("commits");
        assert_eq!(moved, 1);
        let tx = db.begin().await.expect("begins");
        let again =
            service::put_in_list(&tx, &county, list, "JS-2026Q4-1", &[(o.id, o.version)]).await.expect("in already");
        let other: PaymentListId = db.new_id();
        let elsewhere = service::put_in_list(&tx, &county, other, "JS-2026Q4-2", &[(o.id, o.version)]).await;
        assert!(again == 0 && matches!(elsewhere, Err(Error::Conflict(_))), "one order, one list");
        tx.rollback().await.expect("rolls back");
        let tx = db.begin().await.expect("begins");
        assert_eq!(service::mark_paid(&tx, &county, list).await.expect("paid"), 1);
        assert_eq!(service::mark_paid(&tx, &county, list).await.expect("paid already"), 0);
        tx.commit().await.expect("commits");

        let o = w.again(o.id).await;
        assert_eq!((o.state, o.payment_list), (State::Paid, Some(list)));
        let events = service::events(&db, &scope(CITY), o.id).await.expect("events");
        let steps: Vec<&str> = events.iter().map(|e| e.step.as_str()).collect();
        let way =
            ["create", "accept", "assign", "set_out", "check_in", "check_out", "confirm", "rate", "enlist", "pay"];
        assert_eq!(steps, way);
        let seqs: Vec<i64> = events.iter().map(|e| e.seq).collect();
        assert_eq!(seqs, (1..=10).collect::<Vec<i64>>());
        assert_eq!(o.version, 10);
        assert_eq!((events[0].actor.as_str(), events[3].actor.starts_with("林玉芳")), ("温国辉", true));
        w.books_agree().await;
        assert!(audit::verify(&db).await.expect("walks").intact());
    })
    .await;
}

#[tokio::test]
async fn an_order_taken_out_of_its_list_is_due_again() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.served(w.haircut, day("2026-11-23").at(9, 0), 1).await;
        let (list, county): (PaymentListId, _) = (db.new_id(), person(Role::CountyStaff, "叶文峰", scope(COUNTY)));
        let tx = db.begin().await.expect("begins");
        service::put_in_list(&tx, &county, list, "JS-1", &[(o.id, o.version)]).await.expect("in");
        assert!(service::settleable_in(&tx, &region(COUNTY), o.quarter, None, 10).await.expect("read").is_empty());
        service::take_out_of_list(&tx, &county, list, &[o.id], "查清再付").await.expect("out");
        tx.commit().await.expect("commits");
        let o = w.again(o.id).await;
        assert_eq!((o.state, o.payment_list), (State::Confirmed, None));
        let due = service::settleable(&db, &region(COUNTY), o.quarter, None, 10).await.expect("read");
        assert_eq!(due.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn larger_than_the_purse_is_split_and_both_parts_are_booked() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        w.served(w.cleaning, day("2026-11-23").at(8, 0), 6).await;
        let o = w.place(w.cleaning, day("2026-11-25").at(9, 0), 2).await;
        assert_eq!((o.fee, o.gov, o.own), (Fen::yuan(80), Fen::yuan(60), Fen::yuan(20)));
        assert_eq!(o.purse_before, Some(Fen::yuan(60)));
        let next = w.place(w.haircut, day("2026-11-26").at(9, 0), 1).await;
        assert_eq!((next.gov, next.own), (Fen::ZERO, Fen::yuan(26)), "an empty purse pays nothing");
        let o = w.accept_and_assign(&o).await;
        let o = w.visit(&o).await;
        let o = w.confirm(&o).await;
        let org = o.provider;
        assert_eq!(w.balance(codes::own_due(w.elder)).await, Fen::yuan(20));
        assert_eq!(w.balance(codes::provider_own(org)).await, Fen::yuan(20));
        assert_eq!(w.money().await, (Fen::yuan(300), Fen::ZERO, Fen::ZERO));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_quote_says_who_pays_and_how_to_pay_nothing() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        w.place(w.cleaning, day("2026-11-23").at(8, 0), 5).await;
        let q =
            service::quote(&db, &w.clerk, &w.ask(w.cleaning, day("2026-11-24").at(14, 0), 3)).await.expect("quoted");
        assert_eq!((q.split.gov, q.split.own), (Fen::yuan(100), Fen::yuan(20)));
        let warning = q.warning().expect("own part");
        assert!(warning.contains("¥100.00") && warning.contains("¥20.00") && warning.contains("改 2 时"), "{warning}");
        assert_eq!(w.money().await.1, Fen::yuan(200), "a quote holds nothing");
        let told = orders::service::Ask {
            agreed_own: Some(Fen::yuan(19)),
            ..w.ask(w.cleaning, day("2026-11-24").at(14, 0), 3)
        };
        assert!(said(w.try_place(told).await).contains("¥20.00"), "nobody pays more than was agreed");
        assert_eq!(w.money().await.1, Fen::yuan(200), "what was refused holds nothing");
    })
    .await;
}

#[tokio::test]
async fn refusing_passes_to_the_next_with_the_hold_and_ends_when_nobody_is_left() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let (one, other) = if o.provider == w.first.org { (&w.first, &w.second) } else { (&w.second, &w.first) };
        service::accept(&db, &one.manager, o.id, None).await.expect("accepted");
        assert!(said(service::refuse(&db, &one.manager, o.id, "  ", None).await).contains("原因没有填"));
        let passed = service::refuse(&db, &one.manager, o.id, "人手不够", None).await.expect("passed on");
        assert_eq!((passed.state, passed.provider), (State::Created, other.org));
        assert_eq!(w.money().await, (Fen::ZERO, Fen::yuan(26), Fen::yuan(274)), "the hold came along");
        let again = service::refuse(&db, &one.manager, o.id, "人手不够", None).await.expect("a second click");
        assert_eq!(again.version, passed.version);
        assert!(not_found(service::order(&db, one.manager.scope(), o.id).await), "it is no longer theirs to see");

        let ended = service::refuse(&db, &other.manager, o.id, "太远", None).await.expect("refused");
        assert_eq!(ended.state, State::Refused);
        assert_eq!(w.money().await, (Fen::ZERO, Fen::ZERO, Fen::yuan(300)));
        let words: Vec<String> =
            service::events(&db, &scope(CITY), o.id).await.expect("events").iter().map(|e| e.words()).collect();
        assert!(words[2].contains("转给") && words[2].contains("人手不够") && words[3].contains("太远"), "{words:?}");
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_passed_on_order_pays_the_provider_that_served() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let old = w.team_of(&o);
        let o = service::refuse(&db, &old.manager, o.id, "人手不够", None).await.expect("passed on");
        let o = w.accept_and_assign(&o).await;
        let o = w.visit(&o).await;
        let o = w.confirm(&o).await;
        assert_eq!(w.balance(codes::payable(o.provider, o.quarter)).await, Fen::yuan(26));
        assert_eq!(w.balance(codes::payable(old.org, o.quarter)).await, Fen::ZERO);
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn cancelling_gives_the_money_back_and_later_asks_why() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let early = w.place(w.haircut, day("2026-11-24").at(9, 0), 1).await;
        assert!(matches!(service::cancel(&db, &w.first.manager, early.id, "", None).await, Err(Error::Forbidden(_))));
        let off = service::cancel(&db, &w.clerk, early.id, "", None).await.expect("free before the worker sets out");
        assert_eq!(off.state, State::Cancelled);
        assert_eq!(service::cancel(&db, &w.clerk, early.id, "", None).await.expect("again").version, off.version);

        let late = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let late = w.accept_and_assign(&late).await;
        at(&db, "2026-11-24", 13, 40);
        service::set_out(&db, &w.team_of(&late).carer, late.id, None).await.expect("on the way");
        assert!(said(service::cancel(&db, &w.clerk, late.id, "", None).await).contains("原因没有填"));
        service::cancel(&db, &w.clerk, late.id, "老人住院", None).await.expect("cancelled");
        assert_eq!(w.money().await, (Fen::ZERO, Fen::ZERO, Fen::yuan(300)));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_met_charges_nothing_and_cannot_be_said_early() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let o = w.accept_and_assign(&o).await;
        let carer = &w.team_of(&o).carer;
        at(&db, "2026-11-24", 13, 50);
        service::set_out(&db, carer, o.id, None).await.expect("on the way");
        assert!(said(service::no_show(&db, carer, o.id, "没人应门", None).await).contains("到点以后"));
        at(&db, "2026-11-24", 14, 10);
        let o = service::no_show(&db, carer, o.id, "没人应门", None).await.expect("recorded");
        assert_eq!((o.state, o.reason.as_str()), (State::NoShow, "没人应门"));
        assert_eq!(w.money().await, (Fen::ZERO, Fen::ZERO, Fen::yuan(300)));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_dispute_ends_with_the_service_counted_or_every_fen_back() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let counted = w.served(w.haircut, day("2026-11-23").at(9, 0), 1).await;
        let o = service::dispute(&db, &w.clerk, counted.id, "老人说没来过", None).await.expect("disputed");
        assert_eq!(o.state, State::Disputed);
        assert!(service::settleable(&db, &region(COUNTY), o.quarter, None, 10).await.expect("read").is_empty());
        let o = service::resolve(&db, &w.clerk, o.id, true, "照片和位置都对", None).await.expect("resolved");
        assert_eq!(o.state, State::Confirmed);
        assert_eq!(w.money().await.0, Fen::yuan(26));

        // 274 are left: this one has an own part too.
        let void = w.served(w.cleaning, day("2026-11-25").at(8, 0), 7).await;
        assert_eq!((void.gov, void.own), (Fen::yuan(274), Fen::yuan(6)));
        let org = void.provider;
        service::dispute(&db, &w.clerk, void.id, "只做了半小时", None).await.expect("disputed");
        service::resolve(&db, &w.clerk, void.id, false, "属实，作废", None).await.expect("resolved");
        let again = service::resolve(&db, &w.clerk, void.id, false, "属实，作废", None).await.expect("a second click");
        assert_eq!(again.state, State::Cancelled);
        assert_eq!(w.money().await.2, Fen::yuan(274));
        assert_eq!(w.balance(codes::own_due(w.elder)).await, Fen::ZERO);
        assert_eq!(w.balance(codes::provider_own(org)).await, Fen::ZERO);

        // Disputed before the elder confirmed: what was only held is released.
        let unsure = w.place(w.haircut, day("2026-11-26").at(9, 0), 1).await;
        let unsure = w.accept_and_assign(&unsure).await;
        let unsure = w.visit(&unsure).await;
        service::dispute(&db, &w.clerk, unsure.id, "老人不认", None).await.expect("disputed");
        assert_eq!(w.money().await.1, Fen::yuan(26));
        service::resolve(&db, &w.clerk, unsure.id, false, "没有做", None).await.expect("resolved");
        assert_eq!(w.money().await.1, Fen::ZERO);
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_follow_up_call_confirms_for_the_elder_and_a_rating_is_given_once() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let o = w.accept_and_assign(&o).await;
        let o = w.visit(&o).await;
        let by_worker = service::confirm(&db, &w.team_of(&o).carer, o.id, ConfirmHow::FollowUpCall, None).await;
        assert!(by_worker.is_err(), "a worker does not make the follow-up call");
        let o = service::confirm(&db, &w.clerk, o.id, ConfirmHow::FollowUpCall, None).await.expect("confirmed");
        assert!(said(service::rate(&db, &w.clerk, o.id, 6, "", None).await).contains("1 到 5"));
        let o = service::rate(&db, &w.clerk, o.id, 4, "手脚轻", None).await.expect("rated");
        let again = service::rate(&db, &w.clerk, o.id, 4, "手脚轻", None).await.expect("a second click");
        assert_eq!(again.version, o.version);
        assert!(said(service::rate(&db, &w.clerk, o.id, 1, "", None).await).contains("已经评过 4 分"));
    })
    .await;
}
