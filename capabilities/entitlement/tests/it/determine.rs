//! Determinations over time, as stored.
use crate::common::*;
use entitlement::service::{self, Quiet};
use kernel::{CivilDate, Error, Role};
use people::model::{Hukou, Since, Source};
use people::service::Changes;
use policy::Verdict;
use store::testing::each_engine;

#[tokio::test]
async fn birthdays_decide_on_the_day() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let turns_75 = open(&db, person("1951-11-10", 1)).await;
        let turns_80 = open(&db, person("1946-11-10", 2)).await;
        run(&db, "2026-11-09").await;
        let before =
            [(turns_75, RURAL, "not_eligible"), (turns_80, RURAL, "eligible"), (turns_80, OLDER, "not_eligible")];
        for (elder, pack, verdict) in before {
            let rows = rows_of(&db, elder, pack).await;
            assert_eq!(standing(&rows).last().map(|r| (r.1, r.2)), Some((None, verdict)), "{pack}");
        }
        run(&db, "2026-11-10").await;
        let started = rows_of(&db, turns_75, RURAL).await;
        assert_eq!(standing(&started).last(), Some(&("2026-11-10", None, "eligible")));
        assert_eq!(started.last().map(|r| r.monthly), Some(10_000));
        let left = rows_of(&db, turns_80, RURAL).await;
        assert_eq!(
            standing(&left),
            [("2021-11-10", Some("2026-11-09"), "eligible"), ("2026-11-10", None, "not_eligible")]
        );
        let entered = rows_of(&db, turns_80, OLDER).await;
        assert_eq!(standing(&entered).last(), Some(&("2026-11-10", None, "eligible")));
        let now = service::current(&db, &packs(), &scope(VILLAGE), turns_80).await.expect("current");
        let passage = now.iter().find(|d| d.pack == OLDER).expect("the pack entered");
        assert_eq!(passage.passed_from.as_deref(), Some(RURAL));
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_birthday_on_29_february_falls_on_the_28th_of_a_common_year() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2027-01-05");
        let leap = open(&db, person("1952-02-29", 1)).await;
        run(&db, "2027-02-27").await;
        assert_eq!(standing(&rows_of(&db, leap, RURAL).await).last().map(|r| r.2), Some("not_eligible"));
        run(&db, "2027-02-28").await;
        assert_eq!(standing(&rows_of(&db, leap, RURAL).await).last(), Some(&("2027-02-28", None, "eligible")));
        let purse = purse_on(&db, home(&db, leap).await, "2027-02-28").await.expect("a purse");
        assert_eq!(purse.granted, yuan(200), "February and March");
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_second_run_writes_nothing() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let first = open(&db, person("1949-03-08", 1)).await;
        join(&db, first, person("1950-06-01", 2)).await;
        open(&db, person("1940-01-01", 3)).await;
        open(&db, person("1960-01-01", 4)).await;
        let done = run(&db, "2026-11-19").await;
        assert_eq!((done.households, done.decisions, done.added), (3, 36, 36));
        assert_eq!(done.granted, yuan(300 + 360));
        let before = state(&db).await;
        assert!(run(&db, "2026-11-19").await.unchanged());
        assert!(run(&db, "2026-11-20").await.unchanged(), "a day without an event changes nothing");
        assert_eq!(state(&db).await, before);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn missing_facts_are_named_and_settled_when_they_come() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let mut e = person("1949-03-08", 1);
        e.hukou_region = None;
        let elder = open(&db, e).await;
        run(&db, "2026-11-01").await;
        let now = service::current(&db, &packs(), &scope(VILLAGE), elder).await.expect("current");
        let rural = now.iter().find(|d| d.pack == RURAL).expect("the pack");
        assert_eq!(rural.verdict, Verdict::Unknown);
        let missing: Vec<&str> = rural.explanation.missing.iter().map(|f| f.zh.as_str()).collect();
        assert_eq!(missing, ["户籍地"]);
        assert_eq!(service::counts(&db, &scope(TOWN), day("2026-11-01")).await.expect("counts").unknown, 1);

        at(&db, "2026-11-02");
        let changes = Changes { hukou_region: Some(Some(region(VILLAGE))), ..Changes::default() };
        people::service::correct(&db, &clerk(), elder, 1, changes, Since::Always, Source::HomeVisit)
            .await
            .expect("kept");
        tell(&db).await;
        let rows = rows_of(&db, elder, RURAL).await;
        assert_eq!(standing(&rows), [("2024-03-08", None, "eligible")]);
        assert_eq!(rows.iter().filter(|r| r.superseded_at.is_some()).count(), 1, "what was wrong is kept");
        let purse = purse_on(&db, home(&db, elder).await, "2026-11-02").await.expect("a purse");
        assert_eq!(purse.granted, yuan(300));
        assert!(run(&db, "2026-11-03").await.unchanged(), "the nightly run agrees with the household's own");
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_hukou_on_a_day_ends_one_pack_and_begins_another() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        at(&db, "2026-11-12");
        let changes = Changes { hukou: Some(Hukou::Urban), ..Changes::default() };
        let since = Since::Day(day("2026-11-10"));
        people::service::correct(&db, &clerk(), elder, 1, changes, since, Source::Department).await.expect("recorded");
        tell(&db).await;
        let rural = rows_of(&db, elder, RURAL).await;
        assert_eq!(
            standing(&rural),
            [("2024-03-08", Some("2026-11-09"), "eligible"), ("2026-11-10", None, "not_eligible")]
        );
        let urban = rows_of(&db, elder, URBAN).await;
        assert_eq!(standing(&urban).last(), Some(&("2026-11-10", None, "eligible")));
        let purse = purse_on(&db, home(&db, elder).await, "2026-11-12").await.expect("a purse");
        assert_eq!(purse.granted, yuan(300), "no month is lost and none counts twice");
        assert_eq!(purse.pack_id, URBAN);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_can_be_read_as_it_was() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        died(&db, elder, "2026-10-01").await;
        tell(&db).await;
        run(&db, "2026-10-02").await;
        let all = service::history(&db, &packs(), &scope(VILLAGE), elder).await.expect("history");
        let ended = all.iter().find(|d| d.pack == RURAL && d.eligible()).expect("the old determination");
        assert_eq!((ended.since, ended.until), (day("2024-03-08"), Some(day("2026-09-30"))));
        assert_eq!(ended.explanation.root.count(), (4, 4));
        let now = all.iter().find(|d| d.pack == RURAL && d.until.is_none()).expect("the new one");
        let alive = now.explanation.root.children.iter().find(|c| c.name == "is_alive").expect("the condition");
        assert_eq!(alive.truth, policy::Truth::Unmet);
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn another_region_sees_nothing() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        let other = scope(OTHER_TOWN);
        let hidden = service::current(&db, &packs(), &other, elder).await;
        assert!(matches!(hidden, Err(Error::NotFound(_))));
        let staff = actor(Role::TownStaff, OTHER_TOWN);
        let page = kernel::PageAsk { page: 1, rows: 50 };
        let ask = service::EntitledAsk::default();
        assert_eq!(service::entitled(&db, &staff, &other, &ask, "since", page).await.expect("list").rows, []);
        let purses = service::PurseAsk::default();
        assert_eq!(service::purse_list(&db, &staff, &other, &purses, "household", page).await.expect("list").rows, []);
        assert_eq!(service::counts(&db, &other, day("2026-10-01")).await.expect("counts"), Default::default());
        let own = service::counts(&db, &scope(TOWN), day("2026-10-01")).await.expect("counts");
        assert_eq!((own.entitled, own.purses, own.granted), (1, 1, yuan(300)));
        let worker = service::determine(&db, &packs(), &actor(Role::Worker, COUNTY), day("2026-10-01"), &Quiet).await;
        assert!(matches!(worker, Err(Error::Forbidden(_))));
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn days_go_forward_only() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        run(&db, "2026-11-10").await;
        let earlier = service::determine(&db, &packs(), &platform(), day("2026-11-09"), &Quiet).await;
        assert!(matches!(earlier, Err(Error::Refused(m)) if m.contains("2026-11-10")));
        let later = service::determine(&db, &packs(), &platform(), day("2026-11-11"), &Quiet).await;
        assert!(matches!(later, Err(Error::Refused(m)) if m.contains("还没有到")));
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_run_killed_between_batches_goes_on_where_it_stopped() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        for n in 1..=7 {
            open(&db, person("1949-03-08", n)).await;
        }
        let today: CivilDate = day("2026-10-01");
        let killed = Killed(3.into());
        let first = service::determine_by(&db, &packs(), &platform(), today, 2, &killed).await;
        assert!(matches!(first, Err(Error::Internal(_))));
        let half = rows(&db).await.len();
        assert_eq!(half, 2 * 2 * 9, "two batches of two households under nine packs are there");
        let report = service::determine_by(&db, &packs(), &platform(), today, 2, &Quiet).await.expect("goes on");
        assert_eq!((report.households, report.added, report.granted), (7, 63, yuan(2_100)));
        assert_eq!(postings(&db).await, 21, "three months each, none twice");
        let before = state(&db).await;
        assert!(run(&db, "2026-10-01").await.unchanged());
        assert_eq!(state(&db).await, before);
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn newly_entitled_leaves_out_passages_and_old_entitlements() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        open(&db, person("1949-03-08", 1)).await;
        let new = open(&db, person("1951-11-10", 2)).await;
        open(&db, person("1946-11-12", 3)).await;
        open(&db, person("1946-12-30", 4)).await;
        run(&db, "2026-10-01").await;
        run(&db, "2026-11-20").await;
        let staff = actor(Role::TownStaff, TOWN);
        let ask = service::EntitledAsk { since: Some(day("2026-11-01")), ..Default::default() };
        let page = kernel::PageAsk { page: 1, rows: 50 };
        let found = service::entitled(&db, &staff, &scope(TOWN), &ask, "since", page).await.expect("list").rows;
        assert_eq!(found.iter().map(|r| r.elder).collect::<Vec<_>>(), [new]);
        let counts = service::counts(&db, &scope(TOWN), day("2026-11-20")).await.expect("counts");
        assert_eq!((counts.entitled, counts.newly, counts.ending), (4, 1, 1));
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn a_new_text_of_a_policy_rules_from_its_day_and_the_old_reasons_stay_readable() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        let reworded = policy::SHIPPED
            .iter()
            .map(|(file, text)| policy::Pack::load(file, &text.replace("户籍为农村", "是农村户籍")).expect("loads"))
            .filter(policy::Pack::fills_purse)
            .collect();
        let reworded = entitlement::Packs::of(reworded);
        at(&db, "2026-11-01");
        let today = day("2026-11-01");
        let report = service::determine(&db, &reworded, &platform(), today, &Quiet).await.expect("determined");
        assert_eq!(
            (report.added, report.superseded, report.granted),
            (2, 0, yuan(0)),
            "both rural packs were reworded"
        );
        let again = service::determine(&db, &reworded, &platform(), today, &Quiet).await.expect("determined");
        assert!(again.unchanged());
        let counts = service::counts(&db, &scope(TOWN), today).await.expect("counts");
        assert_eq!((counts.entitled, counts.newly), (1, 0), "another wording makes nobody newly entitled");
        let all = service::history(&db, &reworded, &scope(VILLAGE), elder).await.expect("history");
        let rural: Vec<_> = all.iter().filter(|d| d.pack == RURAL).collect();
        let said: Vec<_> = rural
            .iter()
            .map(|d| {
                (d.since.to_string(), d.until.map(|u| u.to_string()), d.explanation.root.children[0].label.as_str())
            })
            .collect();
        assert_eq!(
            said,
            [
                ("2026-11-01".to_string(), None, "是农村户籍"),
                ("2024-03-08".to_string(), Some("2026-10-31".to_string()), "户籍为农村"),
            ]
        );
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn every_local_pack_about_people_is_determined_and_only_purses_are_counted() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let mut e = person("1944-03-08", 1);
        e.living = people::model::Living::EmptyNest;
        e.income = people::model::IncomeClass::Subsistence;
        let old = open(&db, e).await;
        let young = open(&db, person("1962-03-08", 2)).await;
        let done = run(&db, "2026-10-01").await;
        assert_eq!(done.added, 18, "one row a person and pack");
        let ids: Vec<String> = rows(&db).await.into_iter().filter(|r| r.elder == old).map(|r| r.pack).collect();
        for pack in packs().all() {
            let here = pack.subject == policy::Subject::Person && pack.place.as_str().starts_with("4415");
            assert_eq!(ids.contains(&pack.id), here, "{}", pack.id);
        }
        let now = service::current(&db, &packs(), &scope(VILLAGE), old).await.expect("current");
        let of = |id: &str| now.iter().find(|d| d.pack == id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(of("visits-weekly").verdict, Verdict::Eligible);
        assert_eq!(
            (of("visits-monthly").verdict, of("visits-weekly").displaced_by.as_deref()),
            (Verdict::Eligible, None)
        );
        assert_eq!(of("visits-monthly").displaced_by.as_deref(), Some("visits-weekly"));
        assert_eq!(of("service-users").since, day("2022-04-23"), "since the day of its own document");
        assert_eq!(of("service-users").monthly, yuan(0));
        assert_eq!(of("service-need-level").verdict, Verdict::Unknown);
        assert!(of("visits-weekly").counterfactual.is_none() && of(RURAL).counterfactual.is_some());

        let counts = service::counts(&db, &scope(TOWN), day("2026-10-01")).await.expect("counts");
        assert_eq!((counts.entitled, counts.unknown, counts.purses), (1, 0, 1), "desks count purses");
        let villages = service::entitled_by_village(&db, &scope(TOWN), day("2026-10-01")).await.expect("villages");
        assert_eq!(villages.iter().map(|v| v.entitled).sum::<i64>(), 1);
        let by_pack = service::by_pack(&db, &scope(TOWN)).await.expect("by pack");
        assert_eq!(by_pack.get("service-users").map(|v| v.eligible), Some(2));
        assert_eq!(by_pack.get("service-need-level").map(|v| v.unknown), Some(2));
        assert_eq!(lines(&db).await.len(), 1, "{young} has no purse");
        for date in ["2026-10-02", "2026-11-20"] {
            assert!(run(&db, date).await.unchanged(), "{date}");
        }
        let turned = run(&db, "2027-03-08").await;
        assert!(turned.added < 18, "a birthday only touches the packs it decides");
        sound(&db).await;
        back(&db);
    })
    .await;
}

#[tokio::test]
async fn an_assessment_decides_from_its_day_and_runs_out_by_itself() {
    each_engine(&migrations(), |db| async move {
        const LEVEL: &str = "service-need-level";
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        at(&db, "2026-10-20");
        let found = people::service::Assessed {
            on: day("2026-10-12"),
            standard: "gbt42195".into(),
            level: "moderate".into(),
            care: None,
            until: Some(day("2026-12-31")),
            six: Vec::new(),
            source: Source::Assessment,
            note: "PG-1".into(),
        };
        let tx = db.begin().await.expect("begins");
        let assessor = actor(Role::CountyStaff, COUNTY);
        people::service::assessed_in(&tx, &db, &assessor, elder, found).await.expect("written");
        tx.commit().await.expect("commits");
        tell(&db).await;
        let kept = rows_of(&db, elder, LEVEL).await;
        let shown = standing(&kept);
        assert_eq!(shown.last(), Some(&("2026-10-12", None, "eligible")), "{shown:?}");
        run(&db, "2027-01-05").await;
        let kept = rows_of(&db, elder, LEVEL).await;
        let shown = standing(&kept);
        assert!(shown.contains(&("2026-10-12", Some("2026-12-31"), "eligible")), "{shown:?}");
        assert_eq!(shown.last().map(|r| (r.0, r.1)), Some(("2027-01-01", None)), "{shown:?}");
        back(&db);
    })
    .await;
}
