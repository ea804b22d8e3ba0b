//! Versions of packs: written, handed in, approved by another person, in force from their day.
use crate::common::*;
use entitlement::model::VersionState;
use entitlement::service::{self, Draft, Takeover};
use entitlement::{Packs, Shelf};
use kernel::{Actor, Error, PolicyVersionId, Role, UserId};
use std::sync::Arc;
use store::Db;
use store::testing::each_engine;

fn person_of(role: Role, code: &str, n: u128) -> Actor {
    Actor::Person { user: UserId::from(uuid(n)), name: format!("经办{n}"), role, scope: scope(code) }
}
fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}
fn writer() -> Actor {
    person_of(Role::Administrator, CITY, 1)
}
fn approver() -> Actor {
    person_of(Role::CityStaff, CITY, 2)
}
fn refused(r: kernel::Result<()>) -> String {
    match r.expect_err("refused") {
        Error::Refused(m) | Error::Forbidden(m) | Error::Conflict(m) => m,
        Error::Invalid(f) => f.into_iter().map(|f| f.message).collect::<Vec<_>>().join("；"),
        other => panic!("{other:?}"),
    }
}

/// The pack of 75–79 with another amount from 2026 on and its examples brought along.
fn dearer(text: &str) -> String {
    text.replace("\"100.00\"", "\"120.00\"")
}

async fn drafted(db: &Db, shelf: &Shelf, change: impl Fn(&str) -> String, on: &str) -> PolicyVersionId {
    let id = service::begin(db, shelf, &writer(), RURAL).await.expect("begun");
    let v = service::version(db, &writer(), id).await.expect("seen");
    let draft = Draft { body: change(&v.body), effective_on: day(on), why: "物价涨了".into() };
    service::submit(db, shelf, &writer(), id, v.seen, draft).await.expect("handed in");
    id
}

#[tokio::test]
async fn a_second_person_approves_and_every_process_decides_by_it_from_its_day() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let (here, elsewhere) = (Shelf::shipped().expect("packs"), Shelf::shipped().expect("packs"));
        let elder = open(&db, person("1949-03-08", 1)).await;
        let id = drafted(&db, &here, dearer, "2026-12-01").await;
        let own = refused(service::approve(&db, &here, &writer(), id).await);
        assert!(own.contains("市民政"), "an administrator cannot approve: {own}");
        let wrote = Actor::Person {
            user: UserId::from(uuid(1)),
            name: "同一人".into(),
            role: Role::CityStaff,
            scope: scope(CITY),
        };
        assert!(refused(service::approve(&db, &here, &wrote, id).await).contains("另一个人"));
        let county = person_of(Role::CountyStaff, COUNTY, 3);
        assert!(refused(service::approve(&db, &here, &county, id).await).contains("上级"));
        let shipped = here.packs(&db).await.expect("packs");
        let first = service::determine(&db, &shipped, &platform(), day("2026-10-01"), &service::Quiet).await;
        first.expect("determined");
        let purse = purse_on(&db, home(&db, elder).await, "2026-10-01").await.expect("a purse");
        assert_eq!(purse.granted, yuan(300));

        service::approve(&db, &here, &approver(), id).await.expect("approved");
        let packs = elsewhere.packs(&db).await.expect("another process sees it");
        let versions = packs.find(RURAL).expect("the pack");
        assert_eq!(versions.all().len(), 2);
        assert_eq!(versions.on(day("2026-11-30")).effective_to, Some(day("2026-11-30")), "versions share no day");
        assert_eq!(packs.get(RURAL, day("2026-12-01")).expect("in force").effective_from, day("2026-12-01"));

        at(&db, "2026-12-03");
        service::determine(&db, &packs, &platform(), day("2026-12-03"), &service::Quiet).await.expect("determined");
        let purse = purse_on(&db, home(&db, elder).await, "2026-12-03").await.expect("a purse");
        assert_eq!(purse.granted, yuan(320), "October and November by the old text, December by the new one");
        let stored = rows_of(&db, elder, RURAL).await;
        let days: Vec<_> = standing(&stored).into_iter().map(|(since, until, _)| (since, until)).collect();
        assert_eq!(
            days,
            [("2024-03-08", Some("2026-11-30")), ("2026-12-01", None)],
            "the new text begins on its own day"
        );
        let views = service::history(&db, &packs, &scope(CITY), elder).await.expect("history");
        let of: Vec<_> = views.iter().filter(|d| d.pack == RURAL).map(|d| d.monthly).collect();
        assert_eq!(of, [yuan(120), yuan(100)], "each read by the text of its time");
        let again = service::determine(&db, &packs, &platform(), day("2026-12-03"), &service::Quiet).await;
        assert!(again.expect("determined").unchanged());

        // A death under the old text, learnt under the new one, is put right by the text of its time.
        let shelf = Arc::new(here);
        let seen = people::service::card(&db, &scope(CITY), elder).await.expect("card").version;
        let source = people::model::Source::Office;
        people::service::report_death(&db, &clerk(), elder, seen, day("2026-11-10"), source, "")
            .await
            .expect("recorded");
        let runner = work::Runner {
            db: db.clone(),
            jobs: Arc::new(entitlement::jobs(shelf.clone())),
            schedules: Arc::new(Vec::new()),
            subscribers: Arc::new(entitlement::subscribers(shelf)),
            scope: scope(CITY),
        };
        runner.drain().await.expect("told");
        let purse = purse_rows(&db, home(&db, elder).await).await.remove(0);
        assert_eq!(purse.granted, yuan(200));
        assert_eq!(service::tallies(&db, false).await.expect("counted"), 0, "counts kept with every change are right");
        sound(&db).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_not_handed_in_and_nothing_overlaps() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let shelf = Shelf::shipped().expect("packs");
        let id = service::begin(&db, &shelf, &writer(), RURAL).await.expect("begun");
        let twice = service::begin(&db, &shelf, &writer(), RURAL).await.expect_err("one at a time");
        assert!(twice.user_message().contains("第 1 版"), "{twice:?}");
        let v = service::version(&db, &writer(), id).await.expect("seen");
        let draft = |body: String, on: &str| Draft { body, effective_on: day(on), why: "试".into() };
        let me = writer();
        let hand_in = |d: Draft| service::submit(&db, &shelf, &me, id, v.seen, d);
        let said = refused(hand_in(draft(v.body.replace("age >= min_age", "agee >= min_age"), "2026-12-01")).await);
        assert!(said.contains("行第"), "line and column are told: {said}");
        let only = v.body.replacen("\"100.00\"", "\"110.00\"", 1);
        assert!(refused(hand_in(draft(only, "2026-12-01")).await).contains("样例"), "an example breaks");
        assert!(refused(hand_in(draft(v.body.replace(RURAL, "other"), "2026-12-01")).await).contains("id"));
        assert!(refused(hand_in(draft(v.body.clone(), "2026-10-01")).await).contains("今天以后"));
        // A draft may be wrong, and a second writer notices the first.
        let saved = draft("format = ".into(), "2026-12-01");
        service::save(&db, &writer(), id, v.seen, saved.clone()).await.expect("kept as it is");
        assert!(refused(service::save(&db, &writer(), id, v.seen, saved).await).contains("别人刚改过"));
        let seen = service::version(&db, &writer(), id).await.expect("seen").seen;
        service::submit(&db, &shelf, &writer(), id, seen, draft(dearer(&v.body), "2026-12-01"))
            .await
            .expect("handed in");
        assert!(refused(service::send_back(&db, &approver(), id, " ").await).contains("为什么"));
        service::send_back(&db, &approver(), id, "金额没有依据").await.expect("sent back");
        let back = service::version(&db, &writer(), id).await.expect("seen");
        assert_eq!(back.state, VersionState::Returned);
        let town = actor(Role::TownStaff, TOWN);
        assert!(
            matches!(service::version(&db, &town, id).await, Err(Error::NotFound(_))),
            "drafts are not for everyone"
        );
        service::submit(&db, &shelf, &writer(), id, back.seen, draft(dearer(&v.body), "2026-12-01"))
            .await
            .expect("again");
        service::approve(&db, &shelf, &approver(), id).await.expect("approved");
        assert!(service::version(&db, &town, id).await.is_ok());
        let earlier = drafted(&db, &shelf, |text| text.replace("120.00", "130.00"), "2026-11-01").await;
        assert!(refused(service::approve(&db, &shelf, &approver(), earlier).await).contains("重叠"));
        service::withdraw(&db, &approver(), id, "文件没有发").await.expect("taken back before its day");
        assert_eq!(shelf.packs(&db).await.expect("packs").find(RURAL).expect("pack").all().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_places_pack_is_taken_over_through_the_same_approval() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let shelf = Shelf::shipped().expect("packs");
        for from in ["renovation-chongqing-2020", "renovation-hubei", "service-tiers-yiwu"] {
            let local = Takeover {
                title: "陆河适老化改造".into(),
                document: "陆河民〔2026〕9 号".into(),
                place: region(COUNTY),
                place_name: "陆河县".into(),
                village: region(VILLAGE),
                local_example: None,
            };
            let id = service::adopt(&db, &shelf, &writer(), from, local).await.expect("taken over");
            let v = service::version(&db, &writer(), id).await.expect("seen");
            assert_eq!(v.adopted_from.as_deref(), Some(from));
            assert!(v.body.contains("陆河民〔2026〕9 号") && v.body.contains("place = \"441523\""));
            let draft = Draft { body: v.body.clone(), effective_on: day("2026-11-01"), why: "采用".into() };
            service::submit(&db, &shelf, &writer(), id, v.seen, draft).await.expect("loads with its examples");
            service::approve(&db, &shelf, &approver(), id).await.expect("approved");
            let packs: Arc<Packs> = shelf.packs(&db).await.expect("packs");
            let pack = packs.get(&format!("{from}-441523"), day("2026-11-01")).expect("in force");
            assert_eq!((pack.place, pack.title.as_str()), (region(COUNTY), "陆河适老化改造"));
            assert!(packs.find(from).is_some(), "the other place's stays as it is");
        }
    })
    .await;
}

#[tokio::test]
async fn a_trial_writes_nothing_of_entitlement_and_names_who_gains() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let shelf = Arc::new(Shelf::shipped().expect("packs"));
        let young = open(&db, person("1954-03-08", 1)).await;
        open(&db, person("1949-03-08", 2)).await;
        run(&db, "2026-10-01").await;
        let before = state(&db).await;
        let id = service::begin(&db, &shelf, &writer(), RURAL).await.expect("begun");
        let v = service::version(&db, &writer(), id).await.expect("seen");
        let min = v.body.find("name = \"min_age\"").expect("the parameter");
        let (head, tail) = v.body.split_at(min);
        let lower = format!("{head}{}", tail.replacen("value = 75", "value = 70", 1));
        // Its examples no longer hold; those that say 75 are taken out with it.
        let kept: String =
            lower.split_inclusive("[[examples]]").next().expect("a head").trim_end_matches("[[examples]]").into();
        let draft = Draft { body: kept, effective_on: day("2026-11-01"), why: "试算".into() };
        service::save(&db, &writer(), id, v.seen, draft).await.expect("saved");
        let job = service::try_out(&db, &writer(), id).await.expect("asked");
        assert_eq!(service::try_out(&db, &writer(), id).await.expect("asked twice"), job, "one job");
        let runner = work::Runner {
            db: db.clone(),
            jobs: Arc::new(entitlement::jobs(shelf.clone())),
            schedules: Arc::new(Vec::new()),
            subscribers: Arc::new(Vec::new()),
            scope: scope(CITY),
        };
        runner.run_job(job).await.expect("tried");
        let v = service::version(&db, &writer(), id).await.expect("seen");
        let trial = service::trial(&db, &writer(), &v).await.expect("read").expect("a trial");
        let total = trial.found.expect("done").total;
        assert_eq!((total.people, total.gains, total.losses, total.held, total.will), (2, 1, 0, 1, 2));
        assert_eq!(total.then - total.now, yuan(100));
        let page = kernel::PageAsk { page: 1, rows: 10 };
        let rows =
            service::trial_rows(&db, &writer(), id, &Default::default(), "region, n", page).await.expect("rows").rows;
        assert_eq!(rows.iter().map(|r| (r.elder, r.effect.as_str())).collect::<Vec<_>>(), [(young, "gain")]);
        assert_eq!(state(&db).await, before, "nothing of entitlement was written");
    })
    .await;
}

#[test]
fn lines_that_differ_are_laid_side_by_side() {
    let shown = |a: &str, b: &str| -> Vec<String> {
        let line = |l: &entitlement::model::DiffLine| match (l.old, l.new) {
            (Some(_), None) => format!("-{}", l.text),
            (None, Some(_)) => format!("+{}", l.text),
            (old, new) => format!("{old:?}{new:?}{}", l.text).replace("Some", ""),
        };
        entitlement::model::diff(a, b, 1).iter().map(|l| l.as_ref().map_or("…".into(), line)).collect()
    };
    assert!(shown("a\nb\nc", "a\nb\nc").is_empty());
    assert_eq!(shown("a\nb\nc\nd\ne", "a\nb\nx\nd\ne"), ["…", "(2)(2)b", "-c", "+x", "(4)(4)d"]);
    assert_eq!(shown("", "a"), ["+a"]);
    assert_eq!(shown("a\nb", "b"), ["-a", "(2)(1)b"]);
    let long = "x\n".repeat(5_000);
    assert_eq!(shown(&long, &"y\n".repeat(5_000)).len(), 10_000, "very long texts are replaced as a whole");
}

#[test]
fn the_cause_of_a_change_is_read_from_the_facts_that_differ() {
    use entitlement::model::{Cause, cause_of, changed_facts};
    let changed =
        changed_facts(r#"{"birth_date":"1951-12-05","alive":true}"#, r#"{"birth_date":"1951-09-05","alive":true}"#);
    assert_eq!(changed, ["birth_date"]);
    assert_eq!(cause_of(&["birth_date"], false), Cause::Birth);
    assert_eq!(cause_of(&["income_class", "death_date"], false), Cause::Death, "a death says most");
    assert_eq!(cause_of(&["disability_cert"], true), Cause::Certificate);
    assert_eq!((cause_of(&[], true), cause_of(&[], false)), (Cause::Policy, Cause::Other));
}
