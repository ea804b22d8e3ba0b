//! Every figure of a desk counts what its reader may see, and what the list behind it shows, on both engines.
use crate::common::*;
use desk::Figures;
use desk::model::areas::total;
use entitlement::service::{EntitledAsk, PurseAsk};
use kernel::{Fen, Instant, PageAsk, Role};
use orders::service::{OrderAsk, View};
use people::model::Living;
use people::service::ElderAsk;
use settlement::service::NoProgress;
use store::Db;
use store::testing::each_engine;

const PAGE: PageAsk = PageAsk { page: 1, rows: 200 };

async fn follow_ups(db: &Db, s: &kernel::Scope) -> i64 {
    orders::service::count_of(db, s, View::FollowUp).await.expect("counts")
}

#[tokio::test]
async fn archives_are_counted_inside_the_region_and_as_the_list_shows_them() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        // Somebody who died and somebody who moved away are on no desk.
        let gone = people::service::card(&db, &scope(CITY), w.elders[1].0).await.expect("card");
        let office = people::model::Source::Office;
        people::service::report_death(&db, &platform(), gone.id, gone.version, day("2026-11-18"), office, "")
            .await
            .expect("recorded");
        for (code, elders) in [(VILLAGE, 2), (TOWN, 3), (COUNTY, 4), (OTHER_COUNTY, 2), (CITY, 6)] {
            let s = scope(code);
            let tallies = people::service::tallies(&db, &s).await.expect("tallies");
            assert!(tallies.iter().all(|t| s.covers(&t.region)), "{code}");
            assert_eq!(tallies.iter().map(|t| t.elders).sum::<i64>(), elders, "{code}");
            let listed = people::service::elders_list(&db, &s, &ElderAsk::default(), PAGE, "e.id").await.expect("list");
            assert_eq!(listed.total, elders, "{code}");
            let lacking = people::service::count_view(&db, &s, people::service::View::Incomplete).await.expect("count");
            assert_eq!(tallies.iter().map(|t| t.lacking).sum::<i64>(), lacking, "{code}");
            let roster = people::service::roster(&db, &s, 100).await.expect("roster");
            assert_eq!(roster.len() as i64, elders, "{code}");
            assert_eq!(roster.iter().filter(|r| !r.lacks.is_empty()).count() as i64, lacking, "{code}");
            let soon = people::service::count_view(&db, &s, people::service::View::Soon75).await.expect("count");
            let today = db.clock().today();
            assert_eq!(desk::model::village::soon(&roster, 75, today), soon, "{code}");
        }
        let roster = people::service::roster(&db, &scope(VILLAGE), 100).await.expect("roster");
        assert_eq!(roster[0].living, Living::Unknown);
        assert_eq!(roster[0].lacks, ["电话", "居住情况", "经济状况", "能力"]);
        let provider = of_provider(COUNTY, w.near);
        assert!(people::service::roster(&db, &provider, 100).await.is_err(), "archives are not a provider's");
        assert!(people::service::tallies(&db, &provider).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn entitlements_and_purses_are_counted_inside_the_region() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let today = db.clock().today();
        for (code, entitled) in [(VILLAGE, 2), (TOWN, 3), (COUNTY, 4), (OTHER_COUNTY, 2), (CITY, 6)] {
            let s = scope(code);
            let rows = entitlement::service::entitled_by_village(&db, &s, today).await.expect("tallies");
            assert!(rows.iter().all(|r| s.covers(&r.region)), "{code}");
            assert_eq!(rows.iter().map(|r| r.entitled).sum::<i64>(), entitled, "{code}");
            let reader = person(Role::TownStaff, s);
            let ask = EntitledAsk { since: Some(today.month_of().first_day()), ..EntitledAsk::default() };
            let listed =
                entitlement::service::entitled(&db, &reader, &s, &ask, "since, elder", PAGE).await.expect("list");
            assert_eq!(rows.iter().map(|r| r.newly).sum::<i64>(), listed.total, "{code}");
            let purses = entitlement::service::purses_by_village(&db, &s, today.quarter()).await.expect("purses");
            assert!(purses.iter().all(|p| s.covers(&p.region) && p.granted > Fen::ZERO), "{code}");
            let ask = PurseAsk { quarter: Some(today.quarter()), ..PurseAsk::default() };
            let order = "region, household";
            let listed = entitlement::service::purse_list(&db, &reader, &s, &ask, order, PAGE).await.expect("purses");
            assert_eq!(purses.iter().map(|p| p.purses).sum::<i64>(), listed.total, "{code}");
            assert_eq!(
                purses.iter().map(|p| p.granted).sum::<Fen>(),
                listed.rows.iter().map(|p| p.granted).sum::<Fen>(),
                "{code}"
            );
        }
        drop(w);
    })
    .await;
}

#[tokio::test]
async fn orders_are_counted_inside_region_and_organisation_as_the_list_shows_them() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        w.serve(&db, w.elders[0].0, VILLAGE, day("2026-11-12").at(9, 0), Some(5)).await;
        let cases = [
            (scope(VILLAGE), 2, 3),
            (scope(TOWN), 3, 4),
            (scope(COUNTY), 4, 5),
            (scope(CITY), 6, 7),
            (of_provider(CITY, w.near), 4, 5),
            (of_provider(CITY, w.far), 2, 2),
            (of_provider(OTHER_COUNTY, w.near), 0, 0),
        ];
        let quarter = db.clock().today().quarter();
        for (s, waiting, confirmed) in cases {
            assert_eq!(follow_ups(&db, &s).await, waiting, "{s:?}");
            let first = orders::service::first_of(&db, &s, View::FollowUp, 100).await.expect("first");
            assert_eq!(first.len() as i64, waiting);
            assert!(first.is_sorted_by_key(|o| o.starts_at) && first.iter().all(|o| s.covers(&o.region)));
            let ask = OrderAsk { view: Some(View::FollowUp), ..OrderAsk::default() };
            let fetch = web::ListFetch { page: PAGE, order: "o.starts_at, o.id".into() };
            assert_eq!(orders::service::list(&db, &s, &ask, &fetch).await.expect("list").total, waiting);
            let villages = orders::service::by_village(&db, &s, quarter).await.expect("by village");
            assert_eq!(villages.iter().map(|v| v.orders).sum::<i64>(), confirmed, "{s:?}");
            assert_eq!(villages.iter().map(|v| v.gov).sum::<Fen>(), Fen::yuan(26 * confirmed), "{s:?}");
            for view in [View::Late(db.now()), View::ToAccept, View::ToAssign, View::Disputed] {
                assert_eq!(orders::service::count_of(&db, &s, view).await.expect("counts"), 0);
            }
            assert!(orders::service::next_visit(&db, &s, db.now()).await.expect("next").is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn payment_lists_are_counted_inside_region_and_organisation() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        db.clock().set(day("2027-01-06").at(9, 0));
        let quarter = "2026Q4".parse().expect("a quarter");
        settlement::service::settle(&db, &platform(), quarter, &NoProgress).await.expect("settled");
        let cases = [
            (scope(TOWN), 1, 3),
            (scope(COUNTY), 1, 4),
            (scope(OTHER_COUNTY), 1, 2),
            (scope(CITY), 2, 6),
            (of_provider(CITY, w.near), 1, 4),
            (of_provider(CITY, w.far), 1, 2),
            (of_provider(COUNTY, w.far), 0, 0),
        ];
        for (s, lists, orders) in cases {
            let owed = settlement::service::unpaid(&db, &s).await.expect("unpaid");
            assert_eq!(owed.iter().map(|o| o.lists).sum::<i64>(), lists, "{s:?}");
            assert_eq!(owed.iter().map(|o| o.payable).sum::<Fen>(), Fen::yuan(26 * orders), "{s:?}");
            assert_eq!(settlement::service::by_state(&db, &s, quarter).await.expect("by state"), owed);
            assert!(settlement::service::by_state(&db, &s, quarter.next()).await.expect("by state").is_empty());
            let year = (day("2027-01-01").at(0, 0), day("2028-01-01").at(0, 0));
            let paid = settlement::service::paid_between(&db, &s, year.0, year.1).await.expect("paid");
            assert_eq!(paid, (0, Fen::ZERO));
        }
        let waiting = |role, code| {
            let db = db.clone();
            async move { settlement::service::waiting(&db, &scope(code), role).await.expect("waiting").len() }
        };
        assert_eq!(waiting(Role::TownStaff, TOWN).await, 1);
        assert_eq!(waiting(Role::TownStaff, OTHER_TOWN).await, 1);
        assert_eq!(waiting(Role::CountyStaff, COUNTY).await, 0, "towns come first");
        assert_eq!(waiting(Role::VillageStaff, VILLAGE).await, 0, "a village reviews nothing");
    })
    .await;
}

#[tokio::test]
async fn accounts_are_counted_inside_the_region() {
    each_engine(&migrations(), |db| async move {
        for (role, code) in [
            (Role::Finance, COUNTY),
            (Role::Administrator, CITY),
            (Role::VillageStaff, VILLAGE),
            (Role::Finance, OTHER_COUNTY),
        ] {
            access::testing::session(&db, role, region(code), None, None).await.expect("account");
        }
        let of = |code| {
            let db = db.clone();
            async move { access::service::account_figures(&db, &scope(code)).await.expect("figures") }
        };
        assert_eq!((of(CITY).await.active, of(CITY).await.no_second_factor), (4, 3));
        assert_eq!((of(COUNTY).await.active, of(COUNTY).await.no_second_factor), (2, 1));
        assert_eq!((of(VILLAGE).await.active, of(VILLAGE).await.no_second_factor), (1, 0));
        assert_eq!(of(OTHER_TOWN).await, access::service::AccountFigures::default());
    })
    .await;
}

#[tokio::test]
async fn kept_figures_are_those_of_the_region_and_are_counted_again() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let figures = Figures::default();
        let city = figures.of(&db, region(CITY)).await.expect("figures");
        let town = figures.of(&db, region(TOWN)).await.expect("figures");
        assert_eq!((city.whole.elders, city.whole.entitled, city.whole.orders), (7, 6, 6));
        assert_eq!((town.whole.elders, town.whole.entitled, town.whole.orders), (4, 3, 3));
        assert!(town.villages.keys().all(|v| region(TOWN).contains(v)));
        assert_eq!(total(&city.villages, &region(TOWN)), town.whole, "a part of the city is the town");
        assert_eq!(city.whole.gov, Fen::yuan(26 * 6));

        elder(&db, "新来的", "1950-01-01", VILLAGE, 90).await;
        let again = figures.of(&db, region(TOWN)).await.expect("figures");
        assert_eq!(again.whole.elders, 4, "kept for a moment");
        db.clock().set(Instant(store::testing::NOW.0 + 2 * Instant::MINUTE));
        let later = figures.of(&db, region(TOWN)).await.expect("figures");
        assert_eq!(later.whole.elders, 5, "too old to be shown: counted again");
        assert!(later.at > town.at);
        let still = figures.of(&db, region(CITY)).await.expect("figures");
        assert_eq!(still.whole.elders, 7, "a city's are kept longer");
        db.clock().set(Instant(store::testing::NOW.0 + Instant::DAY));
        let tomorrow = figures.of(&db, region(CITY)).await.expect("figures");
        assert_eq!(tomorrow.whole.elders, 8, "a new day counts anew");
        drop(w);
    })
    .await;
}
