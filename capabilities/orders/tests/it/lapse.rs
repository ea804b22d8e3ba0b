//! A quarter that is over: what nobody served is closed and gives its money back, what was begun waits for people.
use crate::common::*;
use async_trait::async_trait;
use kernel::{Actor, Error, Fen, Quarter, Result, Role};
use orders::model::{ConfirmHow, LAPSE_MINUTES, Order, State};
use orders::service::{self, Lapsed, Progress, View};
use store::testing::each_engine;

const Q4: Quarter = Quarter { year: 2026, q: 4 };

struct Quiet;
#[async_trait]
impl Progress for Quiet {
    async fn told(&self, _: i64) -> Result<()> {
        Ok(())
    }
}

/// Breaks off after the first batch.
struct Dies;
#[async_trait]
impl Progress for Dies {
    async fn told(&self, _: i64) -> Result<()> {
        Err(Error::Internal("killed".into()))
    }
}

fn county() -> Actor {
    person(Role::CountyStaff, "邹建明", scope(COUNTY))
}

async fn lapse(w: &World) -> Lapsed {
    service::lapse_unserved(&w.db, &county(), &region(COUNTY), Q4, &Quiet).await.expect("closes")
}

/// One order in each state before a visit: placed, accepted, assigned, on the way.
async fn unserved(w: &World) -> Vec<Order> {
    let mut out = vec![w.place(w.haircut, day("2026-11-24").at(9, 0), 1).await];
    let accepted = w.place(w.haircut, day("2026-11-25").at(9, 0), 1).await;
    out.push(service::accept(&w.db, &w.team_of(&accepted).manager, accepted.id, None).await.expect("accepted"));
    let assigned = w.place(w.haircut, day("2026-11-26").at(9, 0), 1).await;
    out.push(w.accept_and_assign(&assigned).await);
    let going = w.place(w.haircut, day("2026-11-27").at(9, 0), 1).await;
    let going = w.accept_and_assign(&going).await;
    at(&w.db, "2026-11-27", 8, 40);
    out.push(service::set_out(&w.db, &w.team_of(&going).carer, going.id, None).await.expect("on the way"));
    out
}

#[tokio::test]
async fn what_nobody_served_ends_with_its_reason_and_gives_its_money_back() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let open = unserved(&w).await;
        assert_eq!(w.money().await.1, Fen::yuan(104), "four visits of ¥26 are held");
        at(&db, "2027-01-05", 1, 0);
        assert_eq!(lapse(&w).await, Lapsed { orders: 4, released: Fen::yuan(104) });
        let whys = ["没有服务商接单", "没有派人", "没有上门签到", "没有上门签到"];
        for (was, why) in open.iter().zip(whys) {
            let o = w.again(was.id).await;
            assert_eq!((o.state, o.version), (State::NoShow, was.version + 1));
            assert!(o.reason.contains(why) && o.closed_at == Some(db.now()), "{}", o.reason);
            // The clerk of the village and the provider it stood with read the same.
            for reader in [&w.clerk, &w.team_of(was).manager] {
                let events = service::events(&db, reader.scope(), was.id).await.expect("events");
                let last = events.last().expect("an event");
                assert_eq!((last.step.as_str(), last.seq), ("lapse", o.version));
                assert!(last.words().contains(why), "{}", last.words());
            }
        }
        assert_eq!(purse(&w, &open[0]).await, (Fen::ZERO, Fen::yuan(300)));
        w.books_agree().await;
        assert!(audit::verify(&db).await.expect("walks").intact());
        let steps: Vec<i64> = versions(&w, &open).await;
        assert_eq!(lapse(&w).await, Lapsed::default(), "a second run changes nothing");
        assert_eq!(versions(&w, &open).await, steps);
    })
    .await;
}

/// Held and available on the purse an order was placed on, whatever its quarter.
async fn purse(w: &World, order: &Order) -> (Fen, Fen) {
    let id = order.purse_account.expect("a purse");
    let found = books::service::accounts(w.db.read(), &[id]).await.expect("read");
    (found[&id].held(), found[&id].available())
}

async fn clear(w: &World) -> entitlement::service::Clearance {
    entitlement::service::clear_quarter(&w.db, &county(), Q4, &entitlement::service::Quiet).await.expect("clears")
}

async fn clear_waiting(w: &World) -> entitlement::service::Clearance {
    entitlement::service::clear_waiting(&w.db, &county(), &entitlement::service::Quiet).await.expect("clears")
}

async fn versions(w: &World, orders: &[Order]) -> Vec<i64> {
    let mut out = Vec::new();
    for o in orders {
        out.push(w.again(o.id).await.version);
    }
    out
}

#[tokio::test]
async fn what_was_begun_keeps_its_hold_until_people_have_decided() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let gone = w.place(w.haircut, day("2026-11-24").at(9, 0), 1).await;
        let out = w.place(w.haircut, day("2026-11-25").at(9, 0), 1).await;
        let out = w.accept_and_assign(&out).await;
        let out = w.visit(&out).await;
        let inside = w.place(w.cleaning, day("2026-11-26").at(9, 0), 1).await;
        let inside = w.accept_and_assign(&inside).await;
        at(&db, "2026-11-26", 8, 40);
        service::set_out(&db, &w.team_of(&inside).carer, inside.id, None).await.expect("on the way");
        at(&db, "2026-11-26", 9, 0);
        let carer = &w.team_of(&inside).carer;
        service::check_in(&db, carer, inside.id, serde_json::Value::Null, None).await.expect("in");
        assert_eq!(unconfirmed(&w).await, [out.id], "what is going on just now is not asked about yet");

        at(&db, "2027-01-05", 1, 0);
        assert_eq!(lapse(&w).await, Lapsed { orders: 1, released: Fen::yuan(26) });
        assert_eq!(w.again(gone.id).await.state, State::NoShow);
        assert_eq!(
            (w.again(out.id).await.state, w.again(inside.id).await.state),
            (State::CheckedOut, State::CheckedIn)
        );
        assert_eq!(unconfirmed(&w).await, [out.id, inside.id]);
        let first = clear(&w).await;
        assert_eq!((first.closed, first.waiting, first.cleared), (0, 1, Fen::yuan(300 - 26 - 40)));
        assert_eq!(purse(&w, &out).await, (Fen::yuan(66), Fen::ZERO));

        // The elder confirms by telephone: the order is due for a list. The other is called off and its money cleared.
        service::confirm(&db, &w.clerk, out.id, ConfirmHow::FollowUpCall, None).await.expect("confirmed");
        let due = service::settleable(&db, &region(COUNTY), Q4, None, 10).await.expect("read");
        assert_eq!(due.iter().map(|o| o.id).collect::<Vec<_>>(), [out.id]);
        service::cancel(&db, &w.clerk, inside.id, "老人说没有做", None).await.expect("called off");
        let rest = clear_waiting(&w).await;
        assert_eq!((rest.closed, rest.waiting, rest.cleared), (1, 0, Fen::yuan(40)));
        assert_eq!(purse(&w, &out).await, (Fen::ZERO, Fen::ZERO));
        assert_eq!(clear_waiting(&w).await, Default::default());
        assert!(unconfirmed(&w).await.is_empty());
        w.books_agree().await;
    })
    .await;
}

async fn unconfirmed(w: &World) -> Vec<kernel::OrderId> {
    let view = View::Unconfirmed(w.db.now());
    let found = service::first_of(&w.db, w.clerk.scope(), view, 10).await.expect("read");
    assert_eq!(service::counts(&w.db, w.clerk.scope()).await.expect("counts").unconfirmed, found.len() as i64);
    found.iter().map(|o| o.id).collect()
}

#[tokio::test]
async fn money_put_back_on_a_cleared_purse_is_cleared_by_the_next_run() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.served(w.haircut, day("2026-11-24").at(9, 0), 1).await;
        at(&db, "2027-01-05", 1, 0);
        assert_eq!(lapse(&w).await, Lapsed::default());
        assert_eq!(clear(&w).await.closed, 1);
        service::dispute(&db, &w.clerk, o.id, "老人说没来过", None).await.expect("disputed");
        service::resolve(&db, &w.clerk, o.id, false, "属实，作废", None).await.expect("resolved");
        assert_eq!(purse(&w, &o).await, (Fen::ZERO, Fen::yuan(26)));
        let rest = clear_waiting(&w).await;
        assert_eq!((rest.closed, rest.cleared), (1, Fen::yuan(26)));
        assert_eq!(purse(&w, &o).await, (Fen::ZERO, Fen::ZERO));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_run_that_dies_is_completed_by_the_next() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        unserved(&w).await;
        at(&db, "2027-01-05", 1, 0);
        let county = county();
        let died = service::lapse_in_batches(&db, &county, &region(COUNTY), Q4, 1, &Dies).await;
        assert!(matches!(died, Err(Error::Internal(_))));
        let rest = service::lapse_in_batches(&db, &county, &region(COUNTY), Q4, 2, &Quiet).await.expect("goes on");
        assert_eq!(rest, Lapsed { orders: 3, released: Fen::yuan(78) });
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn only_the_county_closes_and_only_when_nobody_can_check_in_any_more() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let o = w.place(w.haircut, day("2026-12-31").at(23, 0), 1).await;
        let run = |actor: Actor, place: &'static str| {
            let db = db.clone();
            async move { service::lapse_unserved(&db, &actor, &region(place), Q4, &Quiet).await }
        };
        at(&db, "2026-12-31", 23, 59);
        assert!(matches!(run(county(), COUNTY).await, Err(Error::Refused(_))), "the quarter is not over");
        db.clock().set(o.ends_at.plus_minutes(LAPSE_MINUTES));
        assert_eq!(run(county(), COUNTY).await.expect("runs"), Lapsed::default(), "the door is still open");
        db.clock().set(o.ends_at.plus_minutes(LAPSE_MINUTES).plus_ms(1));
        for (actor, place) in [
            (w.clerk.clone(), VILLAGE),
            (w.first.manager.clone(), COUNTY),
            (person(Role::Finance, "叶文峰", scope(COUNTY)), COUNTY),
            (county(), OTHER_COUNTY),
        ] {
            assert!(matches!(run(actor, place).await, Err(Error::Forbidden(_))), "{place}");
        }
        let neighbours = person(Role::CountyStaff, "外县", scope(OTHER_COUNTY));
        assert_eq!(run(neighbours, OTHER_COUNTY).await.expect("their own county"), Lapsed::default());
        assert_eq!(run(platform(), COUNTY).await.expect("closes").orders, 1);
    })
    .await;
}
