//! What an order is refused for, who sees it, and what happens when two act at once.
use crate::common::*;
use kernel::{Error, Fen, OrgScope, Role, Scope};
use orders::model::State;
use orders::service::{self, Ask, OrderAsk, View};
use store::testing::each_engine;

#[tokio::test]
async fn no_order_for_the_dead_nor_the_departed_nor_a_time_that_cannot_be() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let start = day("2026-11-24").at(14, 0);
        assert!(said(w.try_place(w.ask(w.haircut, day("2026-11-20").at(9, 0), 1)).await).contains("已经过了"));
        assert!(said(w.try_place(w.ask(w.haircut, day("2027-02-01").at(9, 0), 1)).await).contains("60 天"));
        assert!(said(w.try_place(w.ask(w.haircut, start, 0)).await).contains("数量"));
        let ahead = w.place(w.haircut, start, 1).await;
        report_death(&db, w.elder, "2026-11-19").await;
        let refused = said(w.try_place(w.ask(w.haircut, start.plus_minutes(120), 1)).await);
        assert!(refused.contains("去世") && refused.contains("2026-11-19"), "{refused}");
        tell(&db).await;
        let off = w.again(ahead.id).await;
        assert_eq!(off.state, State::Cancelled, "visits ahead are called off by themselves");
        assert!(off.reason.contains("去世"));
        tell(&db).await;
        assert_eq!(w.again(ahead.id).await.version, off.version);
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_purse_pays_for_those_who_are_entitled_only() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let young = elder(&db, "彭水生", "1960-05-05", 18).await;
        let o = w
            .try_place(Ask { elder: young, ..w.ask(w.haircut, day("2026-11-24").at(14, 0), 1) })
            .await
            .expect("placed");
        assert_eq!((o.gov, o.own, o.purse_account), (Fen::ZERO, Fen::yuan(26), None));
    })
    .await;
}

#[tokio::test]
async fn an_expired_certificate_stops_assigning_and_checking_in() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        // The certificate ends on 2026-11-25.
        let late = w.place(w.bathing, day("2026-11-26").at(9, 0), 1).await;
        let team = w.team_of(&late);
        service::accept(&db, &team.manager, late.id, None).await.expect("accepted");
        let why = said(service::assign(&db, &team.manager, late.id, team.worker, "", None).await);
        assert!(why.contains("养老护理员") && why.contains("2026-11-25"), "the paper is named: {why}");
        let found = service::suggest(&db, &team.manager, late.id).await.expect("suggested");
        assert!(found.best.is_empty() && found.left_out[0].reason.contains("到期"), "{found:?}");

        let fine = w.place(w.bathing, day("2026-11-25").at(9, 0), 1).await;
        let fine = w.accept_and_assign(&fine).await;
        let carer = &w.team_of(&fine).carer;
        at(&db, "2026-11-25", 8, 50);
        service::set_out(&db, carer, fine.id, None).await.expect("on the way");
        // The visit is put off past midnight: the day of the check-in counts.
        at(&db, "2026-11-26", 0, 10);
        let why = said(service::check_in(&db, carer, fine.id, serde_json::Value::Null, None).await);
        assert!(why.contains("2026-11-25"), "{why}");
        assert_eq!(w.again(fine.id).await.state, State::OnTheWay);
    })
    .await;
}

#[tokio::test]
async fn the_ranked_list_gives_reasons_and_leaves_out_with_one() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let team = w.team_of(&o);
        let other = worker(&db, team.org, 9, "2027-12-31").await;
        w.accept_and_assign(&o).await;
        let same = Ask { provider: Some(team.org), ..w.ask(w.haircut, day("2026-11-24").at(14, 0), 1) };
        let o = w.try_place(same).await.expect("placed");
        let found = service::suggest(&db, &team.manager, o.id).await.expect("suggested");
        assert_eq!(found.best.len(), 1);
        assert_eq!(found.best[0].worker, other);
        let reasons: Vec<&str> = found.best[0].reasons.iter().map(|(r, _)| r.as_str()).collect();
        assert!(reasons.iter().any(|r| r.contains("距离")) && reasons.contains(&"当天还没有单"), "{reasons:?}");
        assert!(found.left_out.iter().any(|l| l.worker == team.worker && l.reason.contains("时间冲突")), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn visits_of_one_worker_never_overlap() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let at_two = |minute| day("2026-11-24").at(14, minute);
        let one = Ask { provider: Some(w.first.org), ..w.ask(w.cleaning, at_two(0), 1) };
        let a = w.try_place(one.clone()).await.expect("placed");
        let b = w.try_place(Ask { starts_at: at_two(59), ..one.clone() }).await.expect("placed");
        let c = w.try_place(Ask { starts_at: day("2026-11-24").at(15, 0), ..one }).await.expect("placed");
        let (m, worker) = (&w.first.manager, w.first.worker);
        let assigned = service::assign(&db, m, a.id, worker, "", None).await.expect("accepted and assigned at once");
        assert_eq!((assigned.state, assigned.version), (State::Assigned, 3));
        let why = said(service::assign(&db, m, b.id, worker, "", None).await);
        assert!(why.contains("14:00–15:00") && why.contains("彭桂兰"), "{why}");
        assert_eq!(w.again(b.id).await.state, State::Created, "the refused assignment accepted nothing either");
        service::assign(&db, m, c.id, worker, "", None).await.expect("ends where the next begins");
        let (x, y) = tokio::join!(
            service::assign(&db, m, b.id, worker, "", None),
            service::assign(&db, m, b.id, w.second.worker, "", None)
        );
        assert!(x.is_err() && not_found(y), "another provider's worker is not there");
    })
    .await;
}

#[tokio::test]
async fn others_see_nothing() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let (own, other) = if o.provider == w.first.org { (&w.first, &w.second) } else { (&w.second, &w.first) };
        let strangers = [
            *other.manager.scope(),
            *other.carer.scope(),
            // Not assigned to this worker yet.
            *own.carer.scope(),
            scope(OTHER_TOWN),
            scope(OTHER_COUNTY),
            Scope { region: region(OTHER_COUNTY), org: OrgScope::Org(own.org) },
        ];
        for s in strangers {
            assert!(not_found(service::order(&db, &s, o.id).await), "{s:?}");
            assert!(not_found(service::events(&db, &s, o.id).await), "{s:?}");
            let fetch = web::ListFetch { page: kernel::PageAsk { page: 1, rows: 50 }, order: "o.starts_at".into() };
            assert!(service::list(&db, &s, &OrderAsk::default(), &fetch).await.expect("list").rows.is_empty(), "{s:?}");
            assert_eq!(service::counts(&db, &s).await.expect("counts").to_accept, 0, "{s:?}");
        }
        for s in [scope(VILLAGE), scope(TOWN), scope(COUNTY), scope(CITY), *own.manager.scope()] {
            assert!(service::order(&db, &s, o.id).await.is_ok(), "{s:?}");
        }
        let elsewhere = person(Role::TownStaff, "别镇", scope(OTHER_TOWN));
        assert!(not_found(service::cancel(&db, &elsewhere, o.id, "", None).await));
        assert!(not_found(service::accept(&db, &other.manager, o.id, None).await));
        assert!(not_found(service::set_out(&db, &own.carer, o.id, None).await));
        let foreign = service::create(&db, &elsewhere, w.ask(w.haircut, day("2026-11-25").at(9, 0), 1), None).await;
        assert!(not_found(foreign), "no order for an elder of another town");
        assert!(service::for_worker(&db, own.carer.scope(), o.served_on()).await.expect("read").is_empty());
        w.accept_and_assign(&o).await;
        assert_eq!(service::for_worker(&db, own.carer.scope(), o.served_on()).await.expect("read").len(), 1);
        assert!(service::for_worker(&db, &scope(CITY), o.served_on()).await.expect("read").is_empty());
    })
    .await;
}

#[tokio::test]
async fn lists_filter_by_view_and_find_by_number_and_name() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let soon = w.place(w.haircut, day("2026-11-20").at(10, 10), 1).await;
        let later = w.place(w.haircut, day("2026-11-24").at(9, 0), 1).await;
        let find = async |ask: OrderAsk| {
            let fetch =
                web::ListFetch { page: kernel::PageAsk { page: 1, rows: 50 }, order: "o.starts_at, o.id".into() };
            let rows = service::list(&db, &scope(TOWN), &ask, &fetch).await.expect("list").rows;
            rows.into_iter().map(|o| o.id).collect::<Vec<_>>()
        };
        let view = |v| OrderAsk { view: Some(v), ..OrderAsk::default() };
        let text = |q: &str| OrderAsk { q: q.into(), ..OrderAsk::default() };
        assert_eq!(find(view(View::Day(day("2026-11-24")))).await, [later.id]);
        assert_eq!(find(view(View::ToAccept)).await, [soon.id, later.id]);
        assert_eq!(find(view(View::Late(db.now()))).await, [soon.id]);
        assert_eq!(find(text(&later.no)).await, [later.id]);
        assert_eq!(find(text("000001")).await, [soon.id]);
        assert_eq!(find(text("彭桂")).await, [soon.id, later.id]);
        assert!(find(text("%")).await.len() == 2 && find(text("黄")).await.is_empty(), "a wildcard is no wildcard");
        assert!(find(text("' OR 1=1 --")).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_same_key_places_one_order() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let ask = w.ask(w.haircut, day("2026-11-24").at(14, 0), 1);
        let (a, b) = tokio::join!(
            service::create(&db, &w.clerk, ask.clone(), Some("k-1")),
            service::create(&db, &w.clerk, ask.clone(), Some("k-1"))
        );
        let (a, b) = (a.expect("placed"), b.expect("placed"));
        assert_eq!(a.order.id, b.order.id);
        assert!(a.new != b.new);
        assert_eq!(w.money().await.1, Fen::yuan(26));
        let changed = Ask { quantity: 2, ..ask };
        assert!(matches!(service::create(&db, &w.clerk, changed, Some("k-1")).await, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test]
async fn two_orders_at_once_never_take_the_last_forty_twice() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        w.place(w.haircut, day("2026-11-23").at(8, 0), 10).await;
        assert_eq!(w.money().await.2, Fen::yuan(40));
        let at_nine = |d: &str| w.ask(w.cleaning, day(d).at(9, 0), 1);
        let (a, b) = tokio::join!(w.try_place(at_nine("2026-11-24")), w.try_place(at_nine("2026-11-25")));
        let (a, b) = (a.expect("placed"), b.expect("placed"));
        assert_eq!(a.gov + b.gov, Fen::yuan(40));
        assert_eq!(a.own + b.own, Fen::yuan(40));
        assert_eq!(w.money().await, (Fen::ZERO, Fen::yuan(300), Fen::ZERO));
        assert!(a.no != b.no);
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn an_old_page_changes_nothing_and_a_second_click_is_the_first() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
        let m = &w.team_of(&o).manager;
        let one = service::accept(&db, m, o.id, Some(o.version)).await.expect("accepted");
        let two = service::accept(&db, m, o.id, Some(o.version)).await.expect("the same click again");
        assert_eq!(one.version, two.version);
        let stale = service::assign(&db, m, o.id, w.team_of(&o).worker, "", Some(o.version)).await;
        assert!(matches!(stale, Err(Error::Conflict(_))));
        let (x, y) = tokio::join!(
            service::cancel(&db, &w.clerk, o.id, "", Some(one.version)),
            service::assign(&db, m, o.id, w.team_of(&o).worker, "", Some(one.version))
        );
        assert!(x.is_ok() != y.is_ok(), "one of two is first: {x:?} {y:?}");
        let events = service::events(&db, &scope(CITY), o.id).await.expect("events");
        assert_eq!(events.len() as i64, w.again(o.id).await.version);
    })
    .await;
}

#[tokio::test]
async fn turns_are_shared_fairly_and_a_chosen_provider_is_asked_first() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let mut first = 0;
        for hour in 8..14 {
            let o = w.place(w.haircut, day("2026-11-24").at(hour, 0), 1).await;
            first += i32::from(o.provider == w.first.org);
        }
        assert_eq!(first, 3, "six orders, three each");
        let chosen = Ask { provider: Some(w.second.org), ..w.ask(w.haircut, day("2026-11-24").at(15, 0), 1) };
        assert_eq!(w.try_place(chosen).await.expect("placed").provider, w.second.org);
        let stranger = Ask { provider: Some(db.new_id()), ..w.ask(w.haircut, day("2026-11-24").at(16, 0), 1) };
        assert!(said(w.try_place(stranger).await).contains("没有这家服务商"));
    })
    .await;
}
