//! Any sequence of steps by anybody, and orders in bulk: the money stays whole.
use crate::common::*;
use kernel::{Fen, OrderId, PaymentListId, Role};
use ledger::HoldState;
use orders::model::{ConfirmHow, Order, State};
use orders::service::{self, Detail, HistoryOrder};
use proptest::prelude::*;
use store::Db;
use store::testing::each_engine;

/// One thing somebody tries. Numbers pick an order, an amount or a rating.
#[derive(Clone, Debug)]
enum Try {
    Place {
        cleaning: bool,
        quantity: i64,
        hour: u8,
    },
    Accept(usize),
    Refuse(usize),
    Assign(usize),
    SetOut(usize),
    CheckIn(usize),
    CheckOut(usize),
    Confirm {
        order: usize,
        call: bool,
    },
    Rate(usize),
    Cancel(usize),
    NoShow(usize),
    Dispute(usize),
    Resolve {
        order: usize,
        served: bool,
    },
    Enlist(usize),
    Delist(usize),
    Pay,
    /// Minutes.
    Wait(u16),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let n = 0usize..6;
    let one = prop_oneof![
        3 => (any::<bool>(), 1i64..6, 8u8..18).prop_map(|(cleaning, quantity, hour)| Try::Place { cleaning, quantity, hour }),
        2 => n.clone().prop_map(Try::Accept),
        2 => n.clone().prop_map(Try::Refuse),
        4 => n.clone().prop_map(Try::Assign),
        4 => n.clone().prop_map(Try::SetOut),
        4 => n.clone().prop_map(Try::CheckIn),
        4 => n.clone().prop_map(Try::CheckOut),
        4 => (n.clone(), any::<bool>()).prop_map(|(order, call)| Try::Confirm { order, call }),
        1 => n.clone().prop_map(Try::Rate),
        2 => n.clone().prop_map(Try::Cancel),
        1 => n.clone().prop_map(Try::NoShow),
        2 => n.clone().prop_map(Try::Dispute),
        2 => (n.clone(), any::<bool>()).prop_map(|(order, served)| Try::Resolve { order, served }),
        1 => n.clone().prop_map(Try::Enlist),
        1 => n.prop_map(Try::Delist),
        1 => Just(Try::Pay),
        1 => (1u16..600).prop_map(Try::Wait),
    ];
    proptest::collection::vec(one, 10..60)
}

/// Carries out what can be; refusals are part of the game, faults are not.
async fn play(w: &World, list: PaymentListId, made: &mut Vec<OrderId>, t: &Try) {
    let db = &w.db;
    let county = person(Role::CountyStaff, "叶文峰", scope(COUNTY));
    let at = |i: usize| made.get(i).copied();
    let now = async |i: usize| match at(i) {
        Some(id) => Some(w.again(id).await),
        None => None,
    };
    let done: Result<(), kernel::Error> = match *t {
        Try::Place { cleaning, quantity, hour } => {
            let day = db.now().date().plus_days(1);
            let item = if cleaning { w.cleaning } else { w.haircut };
            let placed = w.try_place(w.ask(item, day.at(u32::from(hour), 0), quantity)).await;
            if let Ok(o) = &placed {
                made.push(o.id);
            }
            placed.map(|_| ())
        }
        Try::Wait(minutes) => {
            db.clock().set(db.now().plus_minutes(i64::from(minutes)));
            Ok(())
        }
        Try::Pay => {
            let tx = db.begin().await.expect("begins");
            let paid = service::mark_paid(&tx, &county, list).await;
            tx.commit().await.expect("commits");
            paid.map(|_| ())
        }
        Try::Enlist(i) | Try::Delist(i) => {
            let Some(id) = at(i) else { return };
            let tx = db.begin().await.expect("begins");
            let done = match t {
                Try::Enlist(_) => {
                    let version = now(i).await.map_or(0, |o| o.version);
                    service::put_in_list(&tx, &county, list, "JS-1", &[(id, version)]).await
                }
                _ => service::take_out_of_list(&tx, &county, list, &[id], "再查").await,
            };
            match done {
                Ok(_) => tx.commit().await.expect("commits"),
                Err(_) => tx.rollback().await.expect("rolls back"),
            }
            done.map(|_| ())
        }
        Try::Accept(i)
        | Try::Refuse(i)
        | Try::Assign(i)
        | Try::SetOut(i)
        | Try::CheckIn(i)
        | Try::CheckOut(i)
        | Try::Confirm { order: i, .. }
        | Try::Rate(i)
        | Try::Cancel(i)
        | Try::NoShow(i)
        | Try::Dispute(i)
        | Try::Resolve { order: i, .. } => {
            let Some(o) = now(i).await else { return };
            let team = w.team_of(&o);
            let (m, c, id) = (&team.manager, &team.carer, o.id);
            match *t {
                Try::Accept(_) => service::accept(db, m, id, None).await,
                Try::Refuse(_) => service::refuse(db, m, id, "人手不够", None).await,
                Try::Assign(_) => service::assign(db, m, id, team.worker, "", None).await,
                Try::SetOut(_) => service::set_out(db, c, id, None).await,
                Try::CheckIn(_) => service::check_in(db, c, id, serde_json::Value::Null, None).await,
                Try::CheckOut(_) => service::check_out(db, c, id, serde_json::Value::Null, None).await,
                Try::Confirm { call: true, .. } => {
                    service::confirm(db, &w.clerk, id, ConfirmHow::FollowUpCall, None).await
                }
                Try::Confirm { .. } => service::confirm(db, c, id, ConfirmHow::Code, None).await,
                Try::Rate(_) => service::rate(db, &w.clerk, id, 5, "", None).await,
                Try::Cancel(_) => service::cancel(db, &w.clerk, id, "不要了", None).await,
                Try::NoShow(_) => service::no_show(db, &w.clerk, id, "没人应门", None).await,
                Try::Dispute(_) => service::dispute(db, &w.clerk, id, "不认", None).await,
                Try::Resolve { served, .. } => service::resolve(db, &w.clerk, id, served, "查过", None).await,
                _ => return,
            }
            .map(|_| ())
        }
    };
    if let Err(kernel::Error::Internal(cause)) = done {
        panic!("{t:?}: {cause}");
    }
}

/// Is the order's public part still only held? A disputed one keeps what it had.
fn holds(o: &Order) -> bool {
    o.state.holds_money() || (o.state == State::Disputed && o.confirmed_at.is_none())
}

/// Has the order's money been taken, and not been put back?
fn taken(o: &Order) -> bool {
    o.confirmed_at.is_some() && !o.state.void()
}

async fn whole(w: &World, made: &[OrderId]) {
    let mut orders = Vec::new();
    for id in made {
        orders.push(w.again(*id).await);
    }
    let sum =
        |keep: fn(&Order) -> bool, part: fn(&Order) -> Fen| orders.iter().filter(|o| keep(o)).map(part).sum::<Fen>();
    let purse = w.account(books::codes::purse(w.household, &w.purse_group().await, quarter(w))).await.expect("purse");
    let account = books::service::accounts(w.db.read(), &[purse]).await.expect("read")[&purse].clone();
    assert_eq!(account.held(), sum(holds, |o| o.gov), "sum of holds = sum of open public parts");
    assert_eq!(
        account.balances.debits_posted - (account.balances.credits_posted - Fen::yuan(300)),
        sum(taken, |o| o.gov)
    );
    assert!(account.available() >= Fen::ZERO, "a purse is never overdrawn");
    assert_eq!(w.balance(books::codes::own_due(w.elder)).await, sum(taken, |o| o.own));
    for team in [&w.first, &w.second] {
        let own: Fen = orders.iter().filter(|o| taken(o) && o.provider == team.org).map(|o| o.own).sum();
        let gov: Fen = orders.iter().filter(|o| taken(o) && o.provider == team.org).map(|o| o.gov).sum();
        assert_eq!(w.balance(books::codes::provider_own(team.org)).await, own);
        assert_eq!(w.balance(books::codes::payable(team.org, quarter(w))).await, gov);
    }
    for o in &orders {
        assert_eq!(o.gov + o.own, o.fee);
        let events = service::events(&w.db, &scope(CITY), o.id).await.expect("events");
        assert_eq!(events.len() as i64, o.version);
        assert_eq!(events.last().map(|e| e.state), Some(o.state));
        assert_eq!(o.payment_list.is_some(), matches!(o.state, State::InSettlement | State::Paid));
        if o.gov > Fen::ZERO {
            let key = ledger::Key::of(ledger::Purpose::OrderHold, &[&o.id, &o.hold_round]).expect("key");
            let hold =
                books::service::holds(w.db.read(), std::slice::from_ref(&key)).await.expect("read")[&key].clone();
            assert_eq!(hold.state == HoldState::Open, holds(o), "{} {:?}", o.no, o.state);
        }
    }
    w.books_agree().await;
}

fn quarter(w: &World) -> kernel::Quarter {
    // The game starts on 2026-11-20 and lasts a few days.
    let _ = w;
    "2026Q4".parse().expect("quarter")
}

async fn game(db: Db, moves: Vec<Try>) {
    let w = World::new(&db).await;
    let list: PaymentListId = db.new_id();
    let mut made = Vec::new();
    for t in &moves {
        play(&w, list, &mut made, t).await;
    }
    whole(&w, &made).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_sequence_of_steps_breaks_the_money(moves in tries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let t = store::testing::sqlite(&migrations()).await;
            game(t.db.clone(), moves).await;
        });
    }
}

#[tokio::test]
async fn a_long_game_on_every_engine() {
    each_engine(&migrations(), |db| async move {
        let mut moves = Vec::new();
        for i in 0..6usize {
            moves.push(Try::Place { cleaning: i % 2 == 0, quantity: 2, hour: 8 + 2 * i as u8 });
        }
        for i in 0..6usize {
            moves.extend([Try::Accept(i), Try::Refuse(i), Try::Assign(i), Try::SetOut(i), Try::CheckIn(i)]);
        }
        moves.extend([Try::Cancel(0), Try::CheckOut(1), Try::CheckOut(2), Try::CheckOut(3)]);
        moves.extend((1..4).map(|order| Try::Confirm { order, call: order == 2 }));
        moves.extend([Try::Dispute(1), Try::Resolve { order: 1, served: false }, Try::Rate(2), Try::Enlist(2)]);
        moves.extend([Try::Enlist(3), Try::Delist(3), Try::Dispute(3), Try::Pay, Try::Enlist(2), Try::Cancel(4)]);
        game(db, moves).await;
    })
    .await;
}

fn history(w: &World, purse: Option<kernel::AccountId>, n: i64) -> HistoryOrder {
    let day = day("2026-10-08").plus_days(n % 30);
    HistoryOrder {
        elder: w.elder,
        household: w.household,
        elder_name: "彭桂兰".into(),
        elder_sex: kernel::Sex::Female,
        elder_birth: "1949-03-08".parse().expect("date"),
        region: region(VILLAGE),
        address: "上围 17 号".into(),
        place: None,
        item: w.cleaning,
        item_name: "助洁".into(),
        category: catalogue::Category::Household,
        unit: catalogue::Unit::Hour,
        minutes: 60,
        provider: w.first.org,
        provider_name: "颐安1".into(),
        worker: w.first.worker,
        worker_name: "林玉芳1".into(),
        starts_at: day.at(9, 0),
        quantity: 1,
        price: Fen::yuan(40),
        gov: Fen::yuan(40),
        purse_account: purse,
        pack_id: None,
        pack_title: Some("居家养老".into()),
        article: "第五条".into(),
        price_document: "陆价〔2026〕3 号".into(),
        created_by_name: "温国辉".into(),
        rating: (n % 2 == 0).then_some(5),
        rating_note: String::new(),
    }
}

#[tokio::test]
async fn history_in_bulk_is_like_orders_that_were_lived() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let purse = Some(w.purse().await.account);
        let tx = db.begin().await.expect("begins");
        let many = (0..10).map(|n| history(&w, purse, n)).collect();
        let ids = service::bulk_insert(&tx, &db, &platform(), many, Detail::Full).await.expect("inserted");
        tx.commit().await.expect("commits");
        // ¥300 pay for seven and a half.
        assert_eq!(w.money().await, (Fen::yuan(300), Fen::ZERO, Fen::ZERO));
        assert_eq!(w.balance(books::codes::payable(w.first.org, quarter(&w))).await, Fen::yuan(300));
        assert_eq!(w.balance(books::codes::own_due(w.elder)).await, Fen::yuan(100));
        let split = w.again(ids[7]).await;
        assert_eq!((split.gov, split.own, split.state), (Fen::yuan(20), Fen::yuan(20), State::Confirmed));
        let rated = w.again(ids[0]).await;
        assert_eq!((rated.state, rated.no.as_str()), (State::Rated, "WO20261007-000001"));
        whole(&w, &ids).await;
        // It can be disputed and put back like any other.
        service::dispute(&db, &w.clerk, ids[7], "不认", None).await.expect("disputed");
        service::resolve(&db, &w.clerk, ids[7], false, "作废", None).await.expect("resolved");
        whole(&w, &ids).await;
    })
    .await;
}

#[tokio::test]
async fn brief_history_leaves_the_books_alone_and_numbers_go_on() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        for round in 0..2 {
            let tx = db.begin().await.expect("begins");
            let many = (0..700).map(|_| history(&w, None, 0)).collect();
            let ids = service::bulk_insert(&tx, &db, &platform(), many, Detail::Brief).await.expect("inserted");
            tx.commit().await.expect("commits");
            let last = w.again(ids[699]).await;
            assert_eq!(last.no, format!("WO20261007-{:06}", (round + 1) * 700));
            let events = service::events(&db, &scope(CITY), last.id).await.expect("events");
            assert_eq!(events.iter().map(|e| e.step.as_str()).collect::<Vec<_>>(), ["create", "rate"]);
            assert_eq!((last.version, last.gov), (2, Fen::ZERO));
        }
        assert_eq!(w.money().await.2, Fen::yuan(300));
        let due = service::settleable(&db, &region(COUNTY), quarter(&w), None, 5000).await.expect("read");
        assert_eq!(due.len(), 1400);
        assert!(due.windows(2).all(|p| p[0].id < p[1].id), "in id order");
    })
    .await;
}
