//! Opening, changing and reading archives, on both engines.
use crate::common::*;
use kernel::{Error, Role};
use people::model::{FactKind, HouseholdOf, Hukou, Living, NewContact, Since, Source};
use people::service::{self, Changes, NewAddress};
use store::testing::each_engine;
use store::{SqlExt, vals};

fn place(n: u32) -> NewAddress {
    NewAddress { region: region(DUNTANG), address: format!("塘背 {n} 号"), place: None }
}

fn refused(e: Error) -> String {
    match e {
        Error::Refused(m) => m,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn birth_and_sex_come_from_the_identity_number_and_it_is_in_force_once() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let card = service::card(&db, &scope(TOWN), id).await.unwrap();
        assert_eq!(card.birth, day("1949-03-08"));
        assert_eq!(card.sex, kernel::Sex::Female);
        assert_eq!(card.age(db.now().date()), 77);
        let again = service::create(&db, &clerk(), person("彭桂兰", "1949-03-08", 40)).await;
        assert!(matches!(again, Err(Error::Invalid(f)) if f[0].field == "id_number"));
    })
    .await;
}

#[tokio::test]
async fn numbers_and_phones_are_sealed_at_rest() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut e = person("彭桂兰", "1949-03-08", 40);
        let number = e.id_number.as_str().to_string();
        e.phone = Some("13866012345".parse().unwrap());
        e.chronic = "高血压".into();
        open(&db, e).await;
        let row = stored_bytes(&db).await;
        for secret in [number.as_str(), "13866012345", "高血压"] {
            assert!(!contains(&row, secret), "{secret} stands in clear");
        }
        let terms: Vec<String> = db.read().column("SELECT term FROM elder_term", vec![]).await.unwrap();
        assert!(terms.iter().all(|t| !number.contains(t.as_str()) && t != "13866012345"));
    })
    .await;
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

/// All bytes of the text and sealed columns of the only archive.
async fn stored_bytes(db: &store::Db) -> Vec<u8> {
    let mut out = Vec::new();
    for blob in ["id_sealed", "id_blind", "same_key", "phone_sealed", "phone_blind", "chronic_sealed"] {
        let b: Option<Vec<u8>> = db.read().scalar(&format!("SELECT {blob} FROM elder"), vec![]).await.expect("works");
        out.extend(b.expect("the column is filled"));
    }
    for text in ["name", "id_masked", "phone_masked", "address", "specials", "preference"] {
        let t: Option<String> = db.read().scalar(&format!("SELECT {text} FROM elder"), vec![]).await.expect("works");
        out.extend(t.unwrap_or_default().into_bytes());
    }
    out
}

#[tokio::test]
async fn a_third_address_and_a_third_change_in_a_year_are_refused_with_the_day_it_is_possible() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let home = service::card(&db, &scope(TOWN), id).await.unwrap().household;
        db.clock().set(day("2026-12-30").at(10, 0));
        service::add_address(&db, &clerk(), home, place(8), "冬天住镇上").await.unwrap();
        let third = service::add_address(&db, &clerk(), home, place(9), "再加一个").await.unwrap_err();
        assert!(refused(third).contains("最多 2 个服务地址"));
        let second = service::service_addresses(&db, &scope(TOWN), home).await.unwrap()[1].id;
        db.clock().set(day("2026-12-31").at(10, 0));
        service::change_address(&db, &clerk(), home, second, place(10), "换到儿子家").await.unwrap();
        let now = service::service_addresses(&db, &scope(TOWN), home).await.unwrap();
        assert_eq!(now[1].address, "塘背 10 号");
        let point = kernel::GeoPoint::from_degrees(23.2801, 115.6512).unwrap();
        service::locate_address(&db, &clerk(), home, now[1].id, point).await.unwrap();
        assert_eq!(service::service_addresses(&db, &scope(TOWN), home).await.unwrap()[1].place, Some(point));
        let third = service::change_address(&db, &clerk(), home, now[1].id, place(11), "再换").await.unwrap_err();
        let words = refused(third);
        assert!(
            words.contains("2027-01-01 起") && words.contains("2026-12-30") && words.contains("2026-12-31"),
            "{words}"
        );
        db.clock().set(day("2027-01-01").at(0, 1));
        service::change_address(&db, &clerk(), home, now[1].id, place(11), "新年再换").await.unwrap();
        assert_eq!(service::address_changes(&db, &scope(TOWN), home).await.unwrap().len(), 3);
        db.clock().set(store::testing::NOW);
    })
    .await;
}

#[tokio::test]
async fn the_second_editor_overwrites_nothing() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let first = Changes { living: Some(Living::EmptyNest), ..Changes::default() };
        let second =
            Changes { living: Some(Living::LivingAlone), address: Some("塘背 8 号".into()), ..Changes::default() };
        let today = Since::Day(day("2026-11-20"));
        service::correct(&db, &clerk(), id, 1, first, today, Source::HomeVisit).await.unwrap();
        let stale = service::correct(&db, &clerk(), id, 1, second.clone(), today, Source::HomeVisit).await;
        assert!(matches!(stale, Err(Error::Conflict(_))));
        let card = service::card(&db, &scope(TOWN), id).await.unwrap();
        assert_eq!((card.living, card.address.as_str(), card.version), (Living::EmptyNest, "上围 17 号", 2));
        service::correct(&db, &clerk(), id, card.version, second, today, Source::HomeVisit).await.unwrap();
        let history = service::history(&db, &scope(TOWN), id).await.unwrap();
        let living: Vec<(&str, &str)> =
            history.iter().filter(|f| f.fact == FactKind::Living).map(|f| (f.old.as_str(), f.new.as_str())).collect();
        assert_eq!(living, [("unknown", "empty_nest"), ("empty_nest", "living_alone")]);
    })
    .await;
}

#[tokio::test]
async fn determinations_see_dated_changes_and_not_corrections() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let to_urban = Changes { hukou: Some(Hukou::Urban), ..Changes::default() };
        service::correct(&db, &clerk(), id, 1, to_urban, Since::Day(day("2026-05-01")), Source::Department)
            .await
            .unwrap();
        let all = service::households_after(&db, &scope(TOWN), None, 10).await.unwrap();
        let facts = &all[0].members[0];
        assert_eq!(facts.hukou, Hukou::Urban);
        assert_eq!(facts.changes.len(), 1);
        let c = &facts.changes[0];
        assert_eq!(
            (c.on, c.fact, c.old.as_str(), c.new.as_str()),
            (day("2026-05-01"), FactKind::Hukou, "rural", "urban")
        );
        let wrong_day = Changes { hukou: Some(Hukou::Rural), ..Changes::default() };
        let early =
            service::correct(&db, &clerk(), id, 2, wrong_day.clone(), Since::Day(day("2026-04-01")), Source::Office)
                .await;
        assert!(matches!(early, Err(Error::Invalid(f)) if f[0].field == "since"));
        service::correct(&db, &clerk(), id, 2, wrong_day, Since::Always, Source::Office).await.unwrap();
        let facts = service::household(&db, &scope(TOWN), all[0].household).await.unwrap();
        assert_eq!(facts.members[0].hukou, Hukou::Rural);
        assert!(facts.members[0].changes.is_empty(), "a correction of what always was leaves no dated change");
    })
    .await;
}

#[tokio::test]
async fn the_walk_over_households_gives_everyone_once() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut people: Vec<_> = (0..9).map(|n| person(&format!("彭桂{n}"), "1949-03-08", n)).collect();
        for p in people.iter_mut().take(4) {
            p.household = HouseholdOf::Number("07".into());
        }
        let tx = db.begin().await.unwrap();
        service::bulk_insert(&tx, &db, &clerk(), people).await.unwrap();
        tx.commit().await.unwrap();
        let (mut after, mut members, mut households) = (None, 0, 0);
        loop {
            let part = service::households_after(&db, &scope(TOWN), after, 2).await.unwrap();
            let Some(last) = part.last() else { break };
            after = Some(last.household);
            households += part.len();
            members += part.iter().map(|h| h.members.len()).sum::<usize>();
        }
        assert_eq!((households, members), (6, 9));
        assert!(service::households_after(&db, &scope(OTHER_TOWN), None, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn another_region_and_a_provider_see_nothing() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        assert!(matches!(service::card(&db, &scope(OTHER_TOWN), id).await, Err(Error::NotFound(_))));
        assert!(service::find(&db, &scope(OTHER_TOWN), "彭桂兰", 10).await.unwrap().is_empty());
        let provider =
            kernel::Scope { org: kernel::OrgScope::Org(kernel::OrgId(uuid::Uuid::from_u128(1))), ..scope(TOWN) };
        assert!(matches!(service::card(&db, &provider, id).await, Err(Error::NotFound(_))));
        assert!(service::find(&db, &provider, "彭桂兰", 10).await.unwrap().is_empty());
        let stranger = actor(Role::TownStaff, OTHER_TOWN);
        let none = service::correct(&db, &stranger, id, 1, Changes::default(), Since::Always, Source::Office).await;
        assert!(matches!(none, Err(Error::NotFound(_))));
        let tx = db.begin().await.unwrap();
        let none = service::phone_plain(&tx, &db, &stranger, id, "看看").await;
        assert!(matches!(none, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn unmasking_needs_a_reason_and_leaves_a_row() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut e = person("彭桂兰", "1949-03-08", 40);
        e.phone = Some("13866012345".parse().unwrap());
        let id = open(&db, e).await;
        let tx = db.begin().await.unwrap();
        assert!(matches!(service::phone_plain(&tx, &db, &clerk(), id, " ").await, Err(Error::Invalid(_))));
        let plain = service::phone_plain(&tx, &db, &clerk(), id, "通知体检").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(plain.as_deref(), Some("13866012345"));
        let rows: Vec<String> = db
            .read()
            .column(
                "SELECT reason FROM audit_log WHERE action = 'elder.unmasked' AND entity_id = $1",
                vals![id.to_string()],
            )
            .await
            .unwrap();
        assert_eq!(rows, ["通知体检"]);
    })
    .await;
}

#[tokio::test]
async fn a_death_is_told_and_can_be_taken_back() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let tomorrow = service::report_death(&db, &clerk(), id, 1, day("2026-11-21"), Source::Office, "").await;
        assert!(matches!(tomorrow, Err(Error::Invalid(_))));
        service::report_death(&db, &clerk(), id, 1, day("2026-11-02"), Source::Office, "医院证明").await.unwrap();
        let told: i64 =
            db.read().scalar("SELECT COUNT(*) FROM outbox WHERE topic = 'elder.died'", vec![]).await.unwrap().unwrap();
        assert_eq!(told, 1);
        let card = service::card(&db, &scope(TOWN), id).await.unwrap();
        assert!(!card.present(day("2026-11-02")) && card.present(day("2026-11-01")));
        service::withdraw_death(&db, &clerk(), id, card.version, "同名弄错").await.unwrap();
        let facts = service::household(&db, &scope(TOWN), card.household).await.unwrap();
        assert_eq!(facts.members[0].died_on, None);
        assert!(facts.members[0].changes.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_elders_code_is_theirs_alone() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let a = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let b = open(&db, person("叶天德", "1947-03-08", 41)).await;
        let code = service::elder_code(&db, a);
        assert_eq!(code.len(), 9);
        assert!(service::code_matches(&db, a, &code.to_lowercase().replace('-', " ")).await.unwrap());
        assert!(!service::code_matches(&db, b, &code).await.unwrap());
        assert!(!service::code_matches(&db, a, "").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn contacts_are_kept_and_removed() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let son = NewContact {
            kind: people::model::ContactKind::Emergency,
            name: "叶建平".into(),
            relation: "儿子".into(),
            phone: Some("13966010021".parse().unwrap()),
            lives: "东莞".into(),
        };
        service::add_contact(&db, &clerk(), id, &son).await.unwrap();
        let all = service::contacts(&db, &scope(TOWN), id).await.unwrap();
        assert_eq!((all.len(), all[0].phone_masked.as_str()), (1, "139****0021"));
        let by_phone = service::find(&db, &scope(TOWN), "13966010021", 5).await.unwrap();
        assert_eq!(by_phone[0].id, id, "an incoming number of the son opens the mother's archive");
        service::remove_contact(&db, &clerk(), id, all[0].id).await.unwrap();
        assert!(service::contacts(&db, &scope(TOWN), id).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_assessment_becomes_dated_facts_and_an_older_one_changes_nothing_of_today() {
    use people::model::{Care, FactKind, Source};
    use people::service::{Assessed, Indicator, View, assessed_in};
    store::testing::each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = open(&db, person("彭运招", "1944-03-02", 91)).await;
        let all = scope("441500000000");
        let left = || async { people::service::count_view(&db, &all, View::Unassessed80).await.unwrap() };
        assert_eq!(left().await, 1);
        let found = |on: &str, care, level: &str, walks| Assessed {
            on: day(on),
            standard: "gbt42195".into(),
            level: level.into(),
            care: Some(care),
            until: Some(day("2027-11-10")),
            six: vec![Indicator { fact: FactKind::WalkIndoorsUnaided, unaided: walks }],
            source: Source::Assessment,
            note: "PG20261110-000001".into(),
        };
        let assessor = actor(Role::Assessor, TOWN);
        let tx = db.begin().await.unwrap();
        assessed_in(&tx, &db, &assessor, id, found("2026-11-10", Care::Disabled, "severe", false)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, 0);
        let tx = db.begin().await.unwrap();
        assessed_in(&tx, &db, &assessor, id, found("2025-06-01", Care::SemiDisabled, "mild", true)).await.unwrap();
        let nobody = actor(Role::Operator, TOWN);
        let refused = assessed_in(&tx, &db, &nobody, id, found("2026-11-11", Care::Disabled, "severe", false));
        assert!(matches!(refused.await, Err(Error::Forbidden(_))));
        tx.commit().await.unwrap();
        let card = people::service::card(&db, &all, id).await.unwrap();
        assert_eq!(card.care, Some(Care::Disabled), "the later assessment holds");
        let home = people::service::household(&db, &all, card.household).await.unwrap();
        let of = |kind| {
            let mine = home.members[0].changes.iter().filter(move |c| c.fact == kind);
            mine.map(|c| (c.on.to_string(), c.new.clone())).collect::<Vec<_>>()
        };
        let pairs =
            |list: &[(&str, &str)]| list.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect::<Vec<_>>();
        assert_eq!(of(FactKind::Care), pairs(&[("2025-06-01", "semi_disabled"), ("2026-11-10", "disabled")]));
        assert_eq!(of(FactKind::WalkIndoorsUnaided), pairs(&[("2025-06-01", "true"), ("2026-11-10", "false")]));
        assert_eq!(of(FactKind::AbilityLevel), pairs(&[("2025-06-01", "mild"), ("2026-11-10", "severe")]));
    })
    .await;
}
