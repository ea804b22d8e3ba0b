//! Review, dispute, payment: who may do what, and what happens to the money.
use crate::common::*;
use kernel::{Actor, Error, Fen, OrderId, PageAsk, PaymentListId, Role};
use orders::model::State;
use settlement::model::{Decision, ListState, Standing, Step};
use settlement::service::{self, LineAsk, LineView, Seen};
use store::testing::each_engine;
use store::{SqlExt, vals};

const PAGE: PageAsk = PageAsk { page: 1, rows: 50 };

async fn closed(db: store::Db) -> (World, Vec<OrderId>) {
    let w = World::new(db).await;
    let ids = w.usual().await;
    w.close().await;
    (w, ids)
}

async fn line_of(w: &World, list: PaymentListId, order: OrderId) -> LineView {
    let found = service::lines(&w.db, &scope(COUNTY), list, &LineAsk::default(), PAGE, "seq").await.expect("lines");
    found.rows.into_iter().find(|l| l.order == order).expect("a line")
}
fn seen(l: &LineView) -> Seen {
    Seen { list: l.list, seq: l.seq, state: l.seen() }
}
async fn approve(w: &World, actor: &Actor, step: Step, list: PaymentListId) -> kernel::Result<service::Approved> {
    service::approve(&w.db, actor, step, &[w.seen(list).await], "属实").await
}
async fn both_towns(w: &World, list: PaymentListId) {
    approve(w, &clerk(), Step::Town, list).await.expect("first town");
    approve(w, &clerk_b(), Step::Town, list).await.expect("second town");
}
async fn state(w: &World, list: PaymentListId) -> ListState {
    service::list(&w.db, &scope(COUNTY), list).await.expect("list").state
}

#[tokio::test]
async fn towns_county_and_finance_bring_a_list_to_payment_and_nobody_else() {
    each_engine(&migrations(), |db| async move {
        let (w, ids) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        for (actor, step) in [
            (county(), Step::Town),
            (finance(), Step::Town),
            (w.provider(w.yian), Step::Town),
            (clerk(), Step::County),
            (finance(), Step::County),
            (w.provider(w.yian), Step::County),
            (clerk(), Step::Finance),
            (county(), Step::Finance),
            (w.provider(w.yian), Step::Finance),
            (person(8, "市里", Role::CityStaff, scope("441500000000")), Step::County),
        ] {
            let refused = approve(&w, &actor, step, list).await;
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{:?} at {step:?}: {refused:?}", actor.role());
        }
        assert!(matches!(approve(&w, &county(), Step::County, list).await, Err(Error::Refused(_))), "towns come first");
        both_towns(&w, list).await;
        assert_eq!(state(&w, list).await, ListState::County);
        let other = person(9, "外县", Role::CountyStaff, scope(OTHER_COUNTY));
        assert!(matches!(approve_as_seen(&w, &other, Step::County, list).await, Err(Error::NotFound(_))));
        assert!(
            matches!(approve(&w, &finance(), Step::Finance, list).await, Err(Error::Refused(_))),
            "county comes first"
        );
        approve(&w, &county(), Step::County, list).await.expect("county");
        let turned_finance = person(1, "邹建明", Role::Finance, scope(COUNTY));
        assert!(
            matches!(approve(&w, &turned_finance, Step::Finance, list).await, Err(Error::Refused(_))),
            "two persons"
        );
        let paid = approve(&w, &finance(), Step::Finance, list).await.expect("paid");
        assert_eq!((paid.lists, paid.payable), (1, Fen(16_000)));
        assert_eq!(w.balance(&books::codes::payable(w.yian, q3())).await, Fen::ZERO);
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(16_000));
        assert_eq!(w.order_state(ids[0]).await, State::Paid);
        assert_eq!(w.order_state(ids[4]).await, State::InSettlement, "the other provider's list waits");
        let words: Vec<String> = service::reviews(&w.db, &scope(COUNTY), list)
            .await
            .expect("reviews")
            .into_iter()
            .map(|r| format!("{} {} {}", r.step, r.decision, r.by_name))
            .collect();
        assert_eq!(words.len(), 4, "{words:?}");
        assert!(audit::verify(&w.db).await.expect("verifies").intact());
        assert!(books::recount::recount(&w.db).await.expect("recounts").sound());
    })
    .await;
}

async fn approve_as_seen(
    w: &World,
    actor: &Actor,
    step: Step,
    list: PaymentListId,
) -> kernel::Result<service::Approved> {
    let seen = w.seen(list).await;
    service::approve(&w.db, actor, step, &[seen], "").await
}

#[tokio::test]
async fn finance_pays_once_however_often_the_form_is_sent() {
    each_engine(&migrations(), |db| async move {
        let (w, _) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        both_towns(&w, list).await;
        approve(&w, &county(), Step::County, list).await.expect("county");
        let form = [w.seen(list).await];
        let (payer, other) = (finance(), finance());
        let (one, two) = tokio::join!(
            service::approve(&w.db, &payer, Step::Finance, &form, ""),
            service::approve(&w.db, &other, Step::Finance, &form, "")
        );
        let (one, two) = (one.expect("one"), two.expect("two"));
        assert_eq!((one.lists + two.lists, one.already + two.already), (1, 1));
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(16_000));
        assert_eq!(service::reviews(&w.db, &scope(COUNTY), list).await.expect("reviews").len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_returned_list_is_reviewed_again_and_an_outdated_page_cannot_approve() {
    each_engine(&migrations(), |db| async move {
        let (w, _) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        both_towns(&w, list).await;
        let old = w.seen(list).await;
        let no_reason = service::return_list(&w.db, &county(), Step::County, old, None, " ").await;
        assert!(matches!(no_reason, Err(Error::Invalid(_))));
        let town = Some(region(TOWN_B));
        service::return_list(&w.db, &county(), Step::County, old, town, "9-02 的单再核").await.expect("returned");
        assert_eq!(state(&w, list).await, ListState::Town);
        let towns = service::towns(&w.db, &scope(COUNTY), list).await.expect("towns");
        assert_eq!(towns.iter().find(|t| t.town == region(TOWN_B)).map(|t| t.note.as_str()), Some("9-02 的单再核"));
        approve(&w, &clerk_b(), Step::Town, list).await.expect("again");
        let outdated = service::approve(&w.db, &county(), Step::County, &[old], "").await;
        assert!(matches!(outdated, Err(Error::Conflict(_))), "{outdated:?}");
        approve(&w, &county(), Step::County, list).await.expect("county");
        let now = w.seen(list).await;
        service::return_list(&w.db, &finance(), Step::Finance, now, None, "账户不符").await.expect("returned");
        assert_eq!(state(&w, list).await, ListState::County);
        approve(&w, &county(), Step::County, list).await.expect("county again");
        approve(&w, &finance(), Step::Finance, list).await.expect("paid");
    })
    .await;
}

#[tokio::test]
async fn what_is_deducted_goes_back_to_the_fund_it_came_from() {
    each_engine(&migrations(), |db| async move {
        let (w, ids) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        let fund = books::codes::fund(&region(COUNTY), &w.elders[0].pack);
        let before = w.balance(&fund).await;
        let line = line_of(&w, list, ids[0]).await;
        let too_much =
            service::decide_line(&w.db, &clerk(), Step::Town, &seen(&line), Decision::Deduct(Fen(4_001)), "早退").await;
        assert!(matches!(too_much, Err(Error::Invalid(_))));
        service::decide_line(&w.db, &clerk(), Step::Town, &seen(&line), Decision::Deduct(Fen(1_550)), "早退 23 分钟")
            .await
            .expect("deducted");
        let view = service::list(&w.db, &scope(COUNTY), list).await.expect("list");
        assert_eq!((view.totals.deducted, view.payable), (Fen(1_550), Fen(14_450)));
        let stale = service::decide_line(&w.db, &clerk(), Step::Town, &seen(&line), Decision::Pay, "又说属实").await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "the page showed another state");
        both_towns(&w, list).await;
        approve(&w, &county(), Step::County, list).await.expect("county");
        approve(&w, &finance(), Step::Finance, list).await.expect("paid");
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(14_450));
        assert_eq!(w.balance(&books::codes::payable(w.yian, q3())).await, Fen::ZERO);
        assert_eq!(w.balance(&fund).await, before + Fen(1_550));
        let purse = books::service::accounts(w.db.read(), &[w.elders[0].purse]).await.expect("reads");
        assert_eq!(purse[&w.elders[0].purse].balance(), Fen::ZERO);
        assert!(books::recount::recount(&w.db).await.expect("recounts").sound());
    })
    .await;
}

#[tokio::test]
async fn a_held_back_line_is_not_paid_until_the_county_clears_it_into_the_next_list() {
    each_engine(&migrations(), |db| async move {
        let (w, ids) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        let line = line_of(&w, list, ids[1]).await;
        service::decide_line(&w.db, &clerk(), Step::Town, &seen(&line), Decision::HoldBack, "老人说没来")
            .await
            .expect("held");
        let held = line_of(&w, list, ids[1]).await;
        let town_clears = service::decide_line(&w.db, &clerk(), Step::Town, &seen(&held), Decision::Pay, "来过").await;
        assert!(matches!(town_clears, Err(Error::Refused(_))));
        both_towns(&w, list).await;
        approve(&w, &county(), Step::County, list).await.expect("county");
        approve(&w, &finance(), Step::Finance, list).await.expect("paid");
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(12_000));
        assert_eq!(w.order_state(ids[1]).await, State::InSettlement, "it waits in its list");
        assert_eq!(w.close().await.orders, 0, "a run does not free it");
        let held = line_of(&w, list, ids[1]).await;
        service::decide_line(&w.db, &county(), Step::County, &seen(&held), Decision::Pay, "电话核实来过")
            .await
            .expect("released");
        let again = service::decide_line(&w.db, &county(), Step::County, &seen(&held), Decision::Pay, "再放一次").await;
        assert!(matches!(again, Err(Error::Refused(_))));
        let next = w.close().await;
        assert_eq!((next.orders, next.lists), (1, 1));
        let supplement = w.lists().await.into_iter().find(|l| l.supplement).expect("a supplement");
        assert_eq!((supplement.payable, supplement.totals.held_back), (Fen(4_000), Fen::ZERO));
        assert!(service::verify(&w.db, &scope(COUNTY), list).await.expect("verifies").intact());
        let id = supplement.id;
        approve(&w, &clerk(), Step::Town, id).await.expect("town");
        approve(&w, &county(), Step::County, id).await.expect("county");
        approve(&w, &finance(), Step::Finance, id).await.expect("paid");
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(16_000));
        assert_eq!(w.balance(&books::codes::payable(w.yian, q3())).await, Fen::ZERO);
    })
    .await;
}

#[tokio::test]
async fn a_provider_disputes_its_own_lines_until_the_county_has_decided() {
    each_engine(&migrations(), |db| async move {
        let (w, ids) = closed(db).await;
        let list = w.list_of(w.yian).await.id;
        let line = line_of(&w, list, ids[0]).await;
        service::decide_line(&w.db, &clerk(), Step::Town, &seen(&line), Decision::Deduct(Fen(4_000)), "没来")
            .await
            .expect("deducted");
        let line = line_of(&w, list, ids[0]).await;
        let foreign = service::dispute_line(&w.db, &w.provider(w.kangle), &seen(&line), "不是").await;
        assert!(matches!(foreign, Err(Error::NotFound(_))), "{foreign:?}");
        let town = service::dispute_line(&w.db, &clerk(), &seen(&line), "不是").await;
        assert!(matches!(town, Err(Error::Forbidden(_))));
        service::dispute_line(&w.db, &w.provider(w.yian), &seen(&line), "有签到和照片").await.expect("disputed");
        let view = service::list(&w.db, &scope(COUNTY), list).await.expect("list");
        assert_eq!((view.disputes, view.payable), (1, Fen(12_000)), "it counts as before until answered");
        both_towns(&w, list).await;
        assert!(
            matches!(approve(&w, &county(), Step::County, list).await, Err(Error::Refused(_))),
            "it is answered first"
        );
        let line = line_of(&w, list, ids[0]).await;
        assert_eq!(line.standing, Standing::Disputed);
        service::answer(&w.db, &county(), &seen(&line), Decision::Pay, "查了照片，属实").await.expect("answered");
        approve(&w, &county(), Step::County, list).await.expect("county");
        let line = line_of(&w, list, ids[0]).await;
        let late = service::dispute_line(&w.db, &w.provider(w.yian), &seen(&line), "还有").await;
        assert!(matches!(late, Err(Error::Refused(_))), "the county has decided");
        approve(&w, &finance(), Step::Finance, list).await.expect("paid");
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(16_000));
        let what: Vec<String> = service::line_events(&w.db, &scope(COUNTY), list, line.seq)
            .await
            .expect("events")
            .into_iter()
            .map(|e| e.what)
            .collect();
        assert_eq!(what, ["答复争议：照付", "提出争议", "核减"]);
    })
    .await;
}

#[tokio::test]
async fn a_tampered_list_is_found_and_cannot_be_paid() {
    for (sql, sealed, summed) in [
        ("UPDATE payment_line SET gov = gov + 1 WHERE list = $1 AND seq = 1", false, false),
        ("UPDATE payment_line SET elder_name = '别人' WHERE list = $1 AND seq = 2", false, true),
        ("DELETE FROM payment_line WHERE list = $1 AND seq = 4", false, false),
        ("UPDATE payment_line SET standing = 'held_back' WHERE list = $1 AND seq = 1", true, false),
        ("UPDATE payment_list SET held_back = 100 WHERE id = $1", true, false),
    ] {
        each_engine(&migrations(), |db| async move {
            let (w, _) = closed(db).await;
            let list = w.list_of(w.yian).await.id;
            both_towns(&w, list).await;
            approve(&w, &county(), Step::County, list).await.expect("county");
            let tx = w.db.begin().await.expect("begins");
            assert_eq!(tx.exec(sql, vals![list]).await.expect("tampers"), 1);
            tx.commit().await.expect("commits");
            let verdict = service::verify(&w.db, &scope(COUNTY), list).await.expect("verifies");
            assert_eq!((verdict.sealed, verdict.summed), (sealed, summed), "{sql}");
            assert!(matches!(approve(&w, &finance(), Step::Finance, list).await, Err(Error::Refused(_))), "{sql}");
            assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen::ZERO);
        })
        .await;
    }
}

#[tokio::test]
async fn everyone_sees_only_what_is_theirs() {
    each_engine(&migrations(), |db| async move {
        let (w, _) = closed(db).await;
        let (yian, kangle) = (w.list_of(w.yian).await.id, w.list_of(w.kangle).await.id);
        let own = w.provider_scope(w.yian);
        assert!(service::list(&w.db, &own, yian).await.is_ok());
        for foreign in [
            service::list(&w.db, &own, kangle).await.err(),
            service::line(&w.db, &own, kangle, 1).await.err(),
            service::towns(&w.db, &own, kangle).await.err(),
            service::reviews(&w.db, &own, kangle).await.err(),
            service::verify(&w.db, &own, kangle).await.err(),
            service::list(&w.db, &scope(OTHER_COUNTY), yian).await.err(),
            service::list(&w.db, &scope(TOWN_B), kangle).await.err(),
        ] {
            assert!(matches!(foreign, Some(Error::NotFound(_))), "{foreign:?}");
        }
        let desk = service::desk(&w.db, &own, Role::ProviderManager, Some(q3())).await.expect("desk");
        assert_eq!(desk.rows.len(), 1);
        assert_eq!(desk.totals.gov, Fen(16_000));
        // The first town has three of the four lines of this list, and sums of them only.
        let view = service::list(&w.db, &scope(TOWN), yian).await.expect("its part");
        assert_eq!((view.totals.orders, view.payable), (3, Fen(12_000)));
        let lines = service::lines(&w.db, &scope(TOWN), yian, &LineAsk::default(), PAGE, "seq").await.expect("lines");
        assert_eq!(lines.rows.len(), 3);
        assert!(lines.rows.iter().all(|l| l.town == region(TOWN)));
        let all = service::lines(&w.db, &scope(COUNTY), yian, &LineAsk::default(), PAGE, "seq").await.expect("lines");
        let theirs = all.rows.iter().find(|l| l.town == region(TOWN_B)).expect("a line of the other town");
        assert!(matches!(service::line(&w.db, &scope(TOWN), yian, theirs.seq).await, Err(Error::NotFound(_))));
        let decides =
            service::decide_line(&w.db, &clerk(), Step::Town, &seen(theirs), Decision::HoldBack, "别镇的").await;
        assert!(matches!(decides, Err(Error::NotFound(_))));
        assert_eq!(service::towns(&w.db, &scope(TOWN), yian).await.expect("towns").len(), 1);
        assert_eq!(
            service::desk(&w.db, &scope(TOWN), Role::TownStaff, None).await.expect("desk").totals.gov,
            Fen(16_000)
        );
    })
    .await;
}

#[tokio::test]
async fn the_desk_says_why_a_quarter_differs_and_the_causes_add_up() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(db).await;
        w.usual().await;
        w.close().await;
        // The next quarter: one household less, one visit more of another, under a new price.
        let next = q3().next();
        let packs = entitlement::Packs::shipped().expect("packs");
        entitlement::service::determine(&w.db, &packs, &county(), day("2026-10-08"), &entitlement::service::Quiet)
            .await
            .expect("determined");
        let tx = w.db.begin().await.expect("begins");
        let price = catalogue::model::PriceDraft {
            region: region(COUNTY),
            from: day("2026-10-09"),
            to: None,
            fen: Fen(4_500),
            document: "价目 2026 版修订".into(),
        };
        catalogue::service::add_price(&tx, &w.db, &county(), w.item, price).await.expect("price");
        tx.commit().await.expect("commits");
        let mut visits = Vec::new();
        for (elder, on) in [(0, "2026-10-20"), (0, "2026-10-27"), (0, "2026-11-03"), (1, "2026-11-10")] {
            let purses = entitlement::service::purses(&w.db, w.elders[elder].household, day(on)).await.expect("purses");
            let mut v = w.visit(elder, w.yian, on, 9);
            v.price = Fen(4_500);
            v.gov = Fen(4_500);
            v.purse_account = Some(purses.first().expect("a purse").account);
            visits.push(v);
        }
        w.serve(visits).await;
        w.db.clock().set(day("2027-01-05").at(9, 0));
        service::settle(&w.db, &county(), next, &service::NoProgress).await.expect("settles");
        let desk = service::desk(&w.db, &scope(COUNTY), Role::CountyStaff, Some(next)).await.expect("desk");
        assert_eq!(desk.before, Some(Fen(20_000)));
        let difference = desk.totals.payable() - Fen(20_000);
        assert_eq!(desk.causes.iter().map(|c| c.amount).sum::<Fen>(), difference);
        let amount = |kind| desk.causes.iter().find(|c| c.kind == kind).map(|c| c.amount);
        assert_eq!(amount(settlement::model::CauseKind::Prices), Some(Fen(2_000)), "four visits at 5 yuan more");
        assert_eq!(amount(settlement::model::CauseKind::GoneHouseholds), Some(Fen(-4_000)));
        assert_eq!(amount(settlement::model::CauseKind::NewHouseholds), None);
        assert_eq!(service::to_do(&w.db, &scope(TOWN), Role::TownStaff).await.expect("counts"), 3);
    })
    .await;
}
