//! Purses: granted, withdrawn, cleared, never doubled.
use crate::common::*;
use entitlement::model::PurseState;
use entitlement::service::{self, Quiet};
use kernel::Error;
use people::model::{Since, Source};
use people::service::Changes;
use store::testing::each_engine;

#[tokio::test]
async fn two_entitled_in_a_house_are_one_household() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let a = open(&db, person("1949-03-08", 1)).await;
        let b = join(&db, a, person("1950-05-01", 2)).await;
        run(&db, "2026-10-01").await;
        let house = home(&db, a).await;
        let purse = purse_on(&db, house, "2026-11-20").await.expect("a purse");
        assert_eq!((purse.granted, purse.available, purse.used, purse.held), (yuan(300), yuan(300), yuan(0), yuan(0)));
        assert_eq!(purse.article, "服务标准");
        let mut who = purse.who.clone();
        who.sort();
        let mut both = vec![a, b];
        both.sort();
        assert_eq!(who, both);

        // One dies: the other keeps the purse whole.
        at(&db, "2026-10-20");
        died(&db, a, "2026-10-15").await;
        tell(&db).await;
        let after = purse_on(&db, house, "2026-12-01").await.expect("a purse");
        assert_eq!((after.granted, after.who), (yuan(300), vec![b]));
        assert_eq!(postings(&db).await, 3, "not a posting more");
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_death_takes_back_the_months_after_it() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-10-01").await;
        at(&db, "2026-10-20");
        died(&db, elder, "2026-10-15").await;
        tell(&db).await;
        let purse = purse_on(&db, house, "2026-10-20").await.expect("October is still due");
        assert_eq!((purse.granted, purse.available), (yuan(100), yuan(100)));
        assert!(purse_on(&db, house, "2026-11-01").await.is_none(), "nothing pays for November");
        let rows = rows_of(&db, elder, RURAL).await;
        assert_eq!(
            standing(&rows),
            [("2024-03-08", Some("2026-10-14"), "eligible"), ("2026-10-15", None, "not_eligible")]
        );
        let before = state(&db).await;
        assert!(run(&db, "2026-11-20").await.unchanged());
        assert_eq!(state(&db).await, before);

        // The notice was wrong: everything comes back, by postings.
        at(&db, "2026-11-21");
        let seen = people::service::card(&db, &scope(CITY), elder).await.expect("card").version;
        people::service::withdraw_death(&db, &clerk(), elder, seen, "认错人").await.expect("withdrawn");
        tell(&db).await;
        let purse = purse_on(&db, house, "2026-11-21").await.expect("a purse");
        assert_eq!(purse.granted, yuan(300));
        assert_eq!(standing(&rows_of(&db, elder, RURAL).await), [("2024-03-08", None, "eligible")]);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn what_is_spent_or_held_stays_and_is_shown_as_overgrant() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-10-01").await;
        let spender = Spender::new(&db);
        let purse = purse_on(&db, house, "2026-10-05").await.expect("a purse");
        spender.spend(&db, &purse, yuan(150)).await;
        let hold = spender.hold(&db, &purse, yuan(40)).await;

        at(&db, "2026-10-20");
        died(&db, elder, "2026-10-02").await;
        tell(&db).await;
        let row = &purse_rows(&db, house).await[0];
        assert_eq!((row.granted, row.used, row.held, row.available), (yuan(190), yuan(150), yuan(40), yuan(0)));
        assert_eq!(row.overgrant, yuan(90), "October is due; what was used beyond it is to be claimed back");
        let before = state(&db).await;
        assert!(run(&db, "2026-10-21").await.unchanged());
        assert_eq!(state(&db).await, before);

        // The order is cancelled: its part can be withdrawn now.
        spender.release(&db, &purse, hold).await;
        let report = run(&db, "2026-10-22").await;
        assert_eq!(report.withdrawn, yuan(40));
        let row = &purse_rows(&db, house).await[0];
        assert_eq!((row.granted, row.available, row.overgrant), (yuan(150), yuan(0), yuan(50)));
        let over = service::PurseAsk { over: true, ..Default::default() };
        let staff = actor(kernel::Role::CountyStaff, COUNTY);
        let page = kernel::PageAsk { page: 1, rows: 50 };
        let listed = service::purse_list(&db, &staff, &scope(COUNTY), &over, "household", page).await.expect("list");
        assert_eq!(listed.rows.len(), 1);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn somebody_who_turns_75_in_the_quarter_gets_its_months_from_then() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1951-11-20", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-10-01").await;
        let row = &purse_rows(&db, house).await[0];
        assert_eq!((row.granted, row.months), (yuan(200), 2), "known ahead and granted at once");
        assert!(purse_on(&db, house, "2026-10-15").await.is_none());
        assert!(purse_on(&db, house, "2026-11-19").await.is_none(), "nothing pays the day before the birthday");
        assert_eq!(purse_on(&db, house, "2026-11-20").await.expect("a purse").available, yuan(200));
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn at_80_the_month_goes_to_the_other_pack_and_no_month_counts_twice() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1946-11-10", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-10-01").await;
        let due = "2026-10 rural-home-care-75-79 ¥100.00 ¥100.00 ¥0.00; 2026-11 rural-home-care-80 ¥120.00 ¥120.00 \
                   ¥0.00; 2026-12 rural-home-care-80 ¥120.00 ¥120.00 ¥0.00";
        assert_eq!(lines(&db).await, [(house, "2026Q4".into(), due.into())]);
        run(&db, "2026-11-10").await;
        assert_eq!(lines(&db).await, [(house, "2026Q4".into(), due.into())]);
        let purse = purse_on(&db, house, "2026-11-15").await.expect("a purse");
        assert_eq!((purse.pack_id.as_str(), purse.granted), (OLDER, yuan(340)));

        // What is left goes back to the pack it came from, the latest month's first.
        Spender::new(&db).spend(&db, &purse, yuan(60)).await;
        at(&db, "2027-01-05");
        let cleared = clear(&db, "2026Q4").await;
        assert_eq!((cleared.closed, cleared.cleared), (1, yuan(280)));
        let tx = db.begin().await.expect("begins");
        let fund = |pack: &str| books::codes::fund(&region(COUNTY), pack);
        let rural = books::service::account(&tx, &fund(RURAL)).await.expect("read").expect("a fund");
        let older = books::service::account(&tx, &fund(OLDER)).await.expect("read").expect("a fund");
        assert_eq!((rural.balance(), older.balance()), (-yuan(60), yuan(0)));
        drop(tx);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_corrected_birth_date_corrects_by_postings() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-10-01").await;
        at(&db, "2026-11-05");
        let number = id_number(day("1954-03-08"), 1);
        let changes = Changes { id_number: Some(number), ..Changes::default() };
        people::service::correct(&db, &clerk(), elder, 1, changes, Since::Always, Source::Department)
            .await
            .expect("kept");
        tell(&db).await;
        let rows = rows_of(&db, elder, RURAL).await;
        assert_eq!(standing(&rows).last().map(|r| (r.1, r.2)), Some((None, "not_eligible")));
        assert!(rows.iter().any(|r| r.superseded_at.is_some() && r.verdict == "eligible"), "the wrong one is kept");
        assert_eq!(purse_rows(&db, house).await[0].granted, yuan(0));
        assert_eq!(postings(&db).await, 6, "three grants and three withdrawals");
        assert!(run(&db, "2026-11-06").await.unchanged());
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_late_death_notice_reaches_back_into_the_quarter_before() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-07-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        let house = home(&db, elder).await;
        run(&db, "2026-07-01").await;
        let summer = purse_on(&db, house, "2026-08-01").await.expect("a purse");
        Spender::new(&db).spend(&db, &summer, yuan(130)).await;
        run(&db, "2026-10-01").await;
        assert_eq!(clear(&db, "2026Q3").await.cleared, yuan(170));

        at(&db, "2026-11-02");
        died(&db, elder, "2026-07-20").await;
        tell(&db).await;
        let rows = purse_rows(&db, house).await;
        let told: Vec<_> = rows.iter().map(|r| (r.quarter.to_string(), r.granted, r.overgrant, r.state)).collect();
        assert_eq!(
            told,
            [
                ("2026Q3".to_string(), yuan(300), yuan(30), PurseState::Closed),
                ("2026Q4".to_string(), yuan(0), yuan(0), PurseState::Open),
            ]
        );
        let before = state(&db).await;
        assert!(run(&db, "2026-11-03").await.unchanged());
        assert_eq!(state(&db).await, before);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn the_rest_is_cleared_once_and_a_held_part_later() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-07-01");
        let a = open(&db, person("1949-03-08", 1)).await;
        let b = open(&db, person("1949-03-08", 2)).await;
        run(&db, "2026-07-01").await;
        let (house, other) = (home(&db, a).await, home(&db, b).await);
        let spender = Spender::new(&db);
        let purse = purse_on(&db, house, "2026-08-01").await.expect("a purse");
        spender.spend(&db, &purse, yuan(100)).await;
        let hold = spender.hold(&db, &purse, yuan(50)).await;
        let early = service::clear_quarter(&db, &platform(), quarter("2026Q3"), &Quiet).await;
        assert!(matches!(early, Err(Error::Refused(_))), "the quarter is not over");

        at(&db, "2026-10-02");
        let first = clear(&db, "2026Q3").await;
        assert_eq!((first.closed, first.waiting, first.cleared), (1, 1, yuan(150 + 300)));
        assert!(purse_on(&db, other, "2026-09-30").await.is_none(), "a cleared purse pays nothing");
        let before = state(&db).await;
        let again = clear(&db, "2026Q3").await;
        assert_eq!((again.closed, again.waiting, again.cleared), (0, 1, yuan(0)));
        assert_eq!(state(&db).await, before);

        spender.release(&db, &purse, hold).await;
        let later = service::clear_waiting(&db, &platform(), &Quiet).await.expect("cleared");
        assert_eq!((later.closed, later.cleared), (1, yuan(50)));
        let row = &purse_rows(&db, house).await[0];
        assert_eq!(
            (row.used, row.cleared, row.available, row.state),
            (yuan(100), yuan(200), yuan(0), PurseState::Closed)
        );
        assert_eq!(clear(&db, "2026Q3").await, Default::default());

        // Nothing carries over, and nothing is granted in a quarter that was closed.
        run(&db, "2026-10-02").await;
        let rows = purse_rows(&db, house).await;
        assert_eq!(rows.iter().map(|r| r.granted).collect::<Vec<_>>(), [yuan(300), yuan(300)]);
        let late = open(&db, person("1948-01-01", 3)).await;
        tell(&db).await;
        let quarters: Vec<String> =
            purse_rows(&db, home(&db, late).await).await.iter().map(|r| r.quarter.to_string()).collect();
        assert_eq!(quarters, ["2026Q4"]);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_clearing_that_was_stopped_goes_on() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-07-01");
        for n in 1..=5 {
            open(&db, person("1949-03-08", n)).await;
        }
        run(&db, "2026-07-01").await;
        at(&db, "2026-10-02");
        let killed = service::clear_quarter(&db, &platform(), quarter("2026Q3"), &Killed(1.into())).await;
        assert!(killed.is_err());
        clear(&db, "2026Q3").await;
        assert_eq!(postings(&db).await, 5 * 3 + 5, "each purse is cleared by one posting");
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn moving_in_with_another_household_keeps_the_months_there_were() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let mover = open(&db, person("1949-03-08", 1)).await;
        let host = open(&db, person("1960-03-08", 2)).await;
        let (left, entered) = (home(&db, mover).await, home(&db, host).await);
        run(&db, "2026-10-01").await;
        at(&db, "2026-11-05");
        let changes = Changes { household: Some(entered), ..Changes::default() };
        let since = Since::Day(day("2026-11-03"));
        people::service::correct(&db, &clerk(), mover, 1, changes, since, Source::HomeVisit).await.expect("moved");
        tell(&db).await;
        assert_eq!(purse_rows(&db, left).await[0].granted, yuan(200), "October and November stay");
        assert_eq!(purse_rows(&db, entered).await[0].granted, yuan(100), "December goes along");
        assert!(run(&db, "2026-11-06").await.unchanged());
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_merged_archive_loses_what_it_was_given() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let stays = open(&db, person("1949-03-08", 1)).await;
        let double = open(&db, person("1949-03-08", 2)).await;
        let house = home(&db, double).await;
        run(&db, "2026-10-01").await;
        people::service::merge(&db, &clerk(), double, stays, "同一人").await.expect("merged");
        tell(&db).await;
        assert!(rows_of(&db, double, RURAL).await.iter().all(|r| r.superseded_at.is_some()));
        assert_eq!(purse_rows(&db, house).await[0].granted, yuan(0));
        assert_eq!(purse_rows(&db, home(&db, stays).await).await[0].granted, yuan(300));
        assert!(run(&db, "2026-10-02").await.unchanged());
        back(&db);
    })
    .await;
}
