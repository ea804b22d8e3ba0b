//! From the application to a fact of the archive, and everything that keeps it from becoming one.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use assessment::model::{Place, Profession, Purpose, Reason, State};
use assessment::service::{self, Appointment, Sight};
use kernel::{Error, Role, UserId};
use people::model::{Care, FactKind};
use scales::ConditionAnswer;
use store::testing::each_engine;

fn said(e: Error) -> String {
    e.user_message()
}

#[tokio::test]
async fn two_falls_raise_the_level_and_the_archive_learns_it_at_once() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let mut sheet = filled(&scale, 50);
        sheet.conditions.insert("risk_fall".into(), ConditionAnswer::Count(2));
        let id = s.apply(GBT).await;
        assert_eq!(s.case(id).await.state, State::Applied);
        s.appoint(id, s.at_home(&s.physician, Some(&s.social))).await.unwrap();
        s.send(&s.physician, id, "k1", 0, &sheet).await.unwrap();
        assert_eq!(s.case(id).await.state, State::InProgress);
        let outcome = service::submit(&db, &s.scales, &s.social.actor, id).await.unwrap();
        let raised = outcome.adjustments.iter().find(|a| a.id == "risk_events").expect("explained");
        assert!(raised.reason.contains("提高一级"));
        let before = outcome.preliminary.graded().unwrap().order;
        assert_eq!(outcome.level.graded().unwrap().order, before + 1);
        service::sign(&db, &s.scales, &s.physician.actor, id, s.version(id).await).await.unwrap();
        assert_eq!(s.case(id).await.state, State::Submitted, "one signature is not enough");
        let card = people::service::card(&db, &scope(CITY), s.elder).await.unwrap();
        assert_eq!(card.care, None, "nothing counts before both have signed");
        service::sign(&db, &s.scales, &s.social.actor, id, s.version(id).await).await.unwrap();
        let case = s.case(id).await;
        assert_eq!(case.state, State::Final);
        assert_eq!(case.valid_until, Some(day("2027-11-20")));
        let card = people::service::card(&db, &scope(CITY), s.elder).await.unwrap();
        assert_eq!(card.care, case.care);
        assert!(matches!(card.care, Some(Care::SemiDisabled | Care::Disabled)));
        let history = people::service::history(&db, &scope(CITY), s.elder).await.unwrap();
        let of = |kind| history.iter().find(|f| f.fact == kind).map(|f| (f.new.clone(), f.note.clone()));
        assert_eq!(of(FactKind::AssessedOn), Some(("2026-11-20".into(), case.no.clone())));
        assert_eq!(of(FactKind::AssessmentStandard).unwrap().0, "gbt42195");
        assert_eq!(FactKind::SIX.iter().filter(|k| of(**k).is_some()).count(), 6, "all six indicators are dated facts");
        // Signing again is signing once.
        service::sign(&db, &s.scales, &s.social.actor, id, 1).await.unwrap();
        assert_eq!(
            service::events(&db, &Sight::all(scope(CITY)), id)
                .await
                .unwrap()
                .iter()
                .filter(|e| e.step == "sign")
                .count(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn who_may_not_assess_is_refused_whatever_the_form_says() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = s.apply(GBT).await;
        let alone = s.appoint(id, s.at_home(&s.physician, None)).await.unwrap_err();
        assert_eq!(said(alone), "上门评估要两名评估员");
        let lay = s.appoint(id, s.at_home(&s.social, Some(&s.other))).await.unwrap_err();
        assert_eq!(said(lay), "上门评估至少一人是医师或护士");
        let same = s.appoint(id, s.at_home(&s.nurse, Some(&s.nurse))).await.unwrap_err();
        assert_eq!(said(same), "两名评估员要是两个人");
        service::declare(&db, &s.nurse.actor, s.nurse.id, s.elder, "儿媳").await.unwrap();
        let related = s.appoint(id, s.at_home(&s.physician, Some(&s.nurse))).await.unwrap_err();
        assert_eq!(said(related), "曾美兰是老人的儿媳，要回避");
        let mut late = entry("钟过期", UserId(uuid::Uuid::from_u128(200)), Profession::Nurse, COUNTY);
        late.valid_to = day("2026-11-19");
        let late = enter(&db, late).await;
        let expired = s.appoint(id, s.at_home(&s.physician, Some(&late))).await.unwrap_err();
        assert_eq!(said(expired), "钟过期证书 2026-11-19 到期");
        let far = enter(&db, entry("黎远", UserId(uuid::Uuid::from_u128(201)), Profession::Nurse, OTHER_COUNTY)).await;
        let far = s.appoint(id, s.at_home(&s.physician, Some(&far))).await.unwrap_err();
        assert_eq!(said(far), "没有这位评估员");
        let choice = service::candidates(&db, &s.scales, &town(), id).await.unwrap();
        let nurse = choice.candidates.iter().find(|c| c.assessor.id == s.nurse.id).unwrap();
        assert_eq!(nurse.blocks[0].zh(), "是老人的儿媳，要回避");
        assert!(choice.candidates.iter().all(|c| c.assessor.name != "黎远"));
        // A fixed point still needs as many as the scale wants, but no physician.
        let point = Appointment {
            place: Place::FixedPoint,
            address: "河田卫生院".into(),
            ..s.at_home(&s.social, Some(&s.other))
        };
        assert_eq!(s.appoint(id, point).await.unwrap().address, "河田卫生院");
    })
    .await;
}

#[tokio::test]
async fn an_assessor_of_a_provider_that_gains_is_refused() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let tx = db.begin().await.unwrap();
        let org = access::model::NewOrg {
            name: "颐安居家养老".into(),
            kind: access::model::OrgKind::Provider,
            region: region(COUNTY),
        };
        let platform = kernel::Actor::Platform { job: "test", scope: scope(CITY) };
        let org = access::service::create_org(&tx, &db, &platform, org).await.unwrap();
        tx.commit().await.unwrap();
        let mut of_provider = entry("林护士", UserId(uuid::Uuid::from_u128(300)), Profession::Nurse, COUNTY);
        of_provider.employer_org = Some(org);
        let who = enter(&db, of_provider).await;
        let ask = service::Application {
            elder: s.elder,
            scale: GBT.into(),
            reason: Reason::Change,
            org: Some(org),
            note: String::new(),
        };
        let id = service::apply(&db, &s.scales, &town(), ask).await.unwrap();
        let refused = s.appoint(id, s.at_home(&s.physician, Some(&who))).await.unwrap_err();
        assert_eq!(said(refused), "林护士在“颐安居家养老”任职，这家服务老人，要回避");
        s.appoint(id, s.at_home(&s.physician, Some(&s.nurse))).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_result_decides_nothing_until_the_scale_is_accepted() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        s.accept(MORSE).await;
        let scale = s.scale("ltci-2021").await;
        assert!(!scale.to_confirm().is_empty());
        let case = s.assessed("ltci-2021", [&s.physician, &s.nurse], &filled(&scale, 100)).await;
        assert_eq!(case.state, State::Signed);
        assert_eq!(people::service::card(&db, &scope(CITY), s.elder).await.unwrap().care, None);
        let print = format!("{:016x}", scale.fingerprint);
        let not_you = service::accept(&db, &s.scales, &county(), "ltci-2021", &print, "看过").await;
        assert!(matches!(not_you, Err(Error::Forbidden(_))));
        let stale = service::accept(&db, &s.scales, &administrator(), "ltci-2021", "0", "看过").await;
        assert!(matches!(stale, Err(Error::Conflict(_))));
        s.accept("ltci-2021").await;
        assert_eq!(s.case(case.id).await.state, State::Final, "what waited counts now");
        assert_eq!(people::service::card(&db, &scope(CITY), s.elder).await.unwrap().care, Some(Care::Independent));
    })
    .await;
}

#[tokio::test]
async fn an_open_level_is_settled_by_people_or_by_the_places_setting() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        s.accept(MZT).await;
        let scale = s.scale(MZT).await;
        // Daily living at level 2 and everything else without a fault: a combination the text does not speak of.
        let mut sheet = filled(&scale, 100);
        for (id, answer) in &filled(&scale, 0).answers {
            let item = scale.item(&id.as_str().into()).unwrap();
            let section = scale.sections.iter().find(|x| x.items.iter().any(|i| i.id == item.id)).unwrap();
            if section.better == scales::Better::Lower {
                sheet.answers.insert(id.clone(), answer.clone());
            }
        }
        let living = &scale.sections[0];
        let mut lost = 0;
        for item in &living.items {
            let scales::AnswerKind::Options(options) = &item.answer else { continue };
            let (best, worst) =
                (options.iter().max_by_key(|o| o.score).unwrap(), options.iter().min_by_key(|o| o.score).unwrap());
            if lost + best.score - worst.score <= 45 {
                lost += best.score - worst.score;
                sheet.answers.insert(item.id.to_string(), scales::Answer::Option(worst.code.clone()));
            }
        }
        assert!((40..=55).contains(&lost), "{lost}");
        let case = s.assessed(MZT, [&s.physician, &s.nurse], &sheet).await;
        assert_eq!((case.state, case.level.clone()), (State::Signed, None));
        let no_such = service::settle_level(&db, &s.scales, &county(), case.id, case.version, "severe?", "商定").await;
        assert!(matches!(no_such, Err(Error::Invalid(_))));
        let town_may_not =
            service::settle_level(&db, &s.scales, &town(), case.id, case.version, "moderate", "商定").await;
        assert!(matches!(town_may_not, Err(Error::Forbidden(_))));
        let done =
            service::settle_level(&db, &s.scales, &county(), case.id, case.version, "moderate", "两名评估员和县里商定")
                .await
                .unwrap();
        assert_eq!((done.state, done.level_zh.as_deref()), (State::Final, Some("中度失能")));
        // With the place's setting the next one is decided by itself, and the result says why.
        let set = scales::Settings { combination: scales::Combining::HigherLevel, stacking: None };
        service::set_setting(&db, &s.scales, &administrator(), MZT, set, "市民政局 2026 年 3 号文").await.unwrap();
        let again = s.assessed(MZT, [&s.physician, &s.nurse], &sheet).await;
        assert_eq!(again.state, State::Final);
        let outcome = service::result(&db, &Sight::all(scope(CITY)), again.id).await.unwrap().unwrap();
        assert!(!outcome.notes.is_empty());
        let refused = service::set_setting(&db, &s.scales, &administrator(), MORSE, set, "不用").await;
        assert!(matches!(refused, Err(Error::Refused(_))));
    })
    .await;
}

#[tokio::test]
async fn an_objection_brings_others_and_their_word_is_the_last() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let first = s.assessed(GBT, [&s.physician, &s.social], &filled(&scale, 100)).await;
        assert_eq!(first.level.as_deref(), Some("intact"));
        let second = service::object(&db, &town(), first.id, "家属说夜里起不来", first.version).await.unwrap();
        assert_eq!(s.case(first.id).await.state, State::Objected);
        let same = s.appoint(second, s.at_home(&s.physician, Some(&s.nurse))).await.unwrap_err();
        assert_eq!(said(same), "罗志成第一次就是他评的，要换人");
        let doctor =
            enter(&db, entry("范医师", UserId(uuid::Uuid::from_u128(400)), Profession::Physician, COUNTY)).await;
        s.appoint(second, s.at_home(&doctor, Some(&s.nurse))).await.unwrap();
        let last = s.finish(second, [&doctor, &s.nurse], &filled(&scale, 25)).await;
        assert_eq!((last.state, last.purpose), (State::Final, Purpose::SecondOpinion));
        assert_eq!(s.case(first.id).await.state, State::Reviewed);
        assert_eq!(people::service::card(&db, &scope(CITY), s.elder).await.unwrap().care, Some(Care::Disabled));
        let again = service::object(&db, &town(), last.id, "还是不同意", last.version).await.unwrap_err();
        assert_eq!(said(again), "复评的结果是最后的结果，不再复评");
    })
    .await;
}

#[tokio::test]
async fn an_objection_comes_too_late_after_thirty_days_and_a_dropped_one_leaves_the_result() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let case = s.assessed(GBT, [&s.physician, &s.social], &filled(&scale, 100)).await;
        let second = service::object(&db, &town(), case.id, "不同意", case.version).await.unwrap();
        service::cancel(&db, &town(), second, "家属撤回", 1).await.unwrap();
        let case = s.case(case.id).await;
        assert_eq!(case.state, State::Final);
        db.clock().set(day("2026-12-20").at(9, 0));
        assert!(service::may_object_until(&case).is_some_and(|d| d == day("2026-12-20")));
        db.clock().set(day("2026-12-21").at(9, 0));
        let late = service::object(&db, &town(), case.id, "现在才说", case.version).await;
        assert!(matches!(late, Err(Error::Refused(_))));
        db.clock().set(now());
    })
    .await;
}

#[tokio::test]
async fn another_departments_result_is_taken_over_with_its_provenance() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let ask = |on: &str, document: &str| service::Recognised {
            elder: s.elder,
            scale: GBT.into(),
            level: "severe".into(),
            on: day(on),
            until: None,
            department: "陆河县医疗保障局".into(),
            document: document.into(),
        };
        let expired = service::recognise(&db, &s.scales, &town(), ask("2024-01-01", "失评 1 号")).await.unwrap_err();
        assert_eq!(said(expired), "这份结果已经过期，要重新评估");
        let nothing = service::recognise(&db, &s.scales, &town(), ask("2026-10-01", " ")).await.unwrap_err();
        assert_eq!(said(nothing), "写明结论书的文号");
        let id = service::recognise(&db, &s.scales, &town(), ask("2026-10-01", "失评 2026-77")).await.unwrap();
        let case = s.case(id).await;
        assert_eq!((case.state, case.provenance.as_str()), (State::Final, "陆河县医疗保障局，失评 2026-77"));
        assert_eq!(case.valid_until, Some(day("2027-10-01")));
        let facts = people::service::history(&db, &scope(CITY), s.elder).await.unwrap();
        let care = facts.iter().find(|f| f.fact == FactKind::Care).unwrap();
        assert_eq!((care.new.as_str(), care.source), ("disabled", people::model::Source::Department));
        assert_eq!(care.valid_from, Some(day("2026-10-01")));
    })
    .await;
}

#[tokio::test]
async fn a_result_that_ends_calls_again_once_and_the_dead_are_left_in_peace() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let case = s.assessed(GBT, [&s.physician, &s.social], &filled(&scale, 100)).await;
        let platform = kernel::Actor::Platform { job: "test", scope: scope(CITY) };
        assert_eq!(service::call_again(&db, &platform, day("2027-10-20")).await.unwrap(), 0);
        db.clock().set(day("2027-10-21").at(1, 0));
        assert_eq!(service::call_again(&db, &platform, day("2027-10-21")).await.unwrap(), 1);
        assert_eq!(
            service::call_again(&db, &platform, day("2027-10-22")).await.unwrap(),
            0,
            "a second run finds nothing"
        );
        let open = service::of_elder(&db, &scope(CITY), s.elder, 10).await.unwrap();
        let due = open.iter().find(|c| c.reason == Reason::Due).unwrap();
        assert_eq!((due.state, due.prior), (State::Applied, Some(case.id)));
        let card = people::service::card(&db, &scope(CITY), s.elder).await.unwrap();
        let died = day("2027-10-19");
        people::service::report_death(&db, &county(), s.elder, card.version, died, people::model::Source::Office, "")
            .await
            .unwrap();
        let event = work::Event {
            id: db.new_id(),
            topic: "elder.died".into(),
            payload: serde_json::json!({ "elder": s.elder }),
            at: db.now(),
        };
        for subscriber in assessment::subscribers(region(CITY)) {
            subscriber.handle(&db, &event).await.unwrap();
            subscriber.handle(&db, &event).await.unwrap();
        }
        assert_eq!(s.case(due.id).await.state, State::Cancelled);
        db.clock().set(now());
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let id = s.apply(GBT).await;
        s.appoint(id, s.at_home(&s.physician, Some(&s.nurse))).await.unwrap();
        let far = actor(Role::CountyStaff, OTHER_COUNTY);
        assert!(matches!(service::found(&db, &s.scales, &far, id).await, Err(Error::NotFound(_))));
        assert!(matches!(service::cancel(&db, &far, id, "试", 2).await, Err(Error::NotFound(_))));
        assert!(matches!(service::candidates(&db, &s.scales, &far, id).await, Err(Error::NotFound(_))));
        let stranger = service::found(&db, &s.scales, &s.social.actor, id).await;
        assert!(matches!(stranger, Err(Error::NotFound(_))), "an assessor who is not appointed");
        assert!(matches!(s.send(&s.social, id, "x", 0, &filled(&scale, 50)).await, Err(Error::NotFound(_))));
        assert!(matches!(service::work(&db, &s.scales, &town(), id).await, Err(Error::Forbidden(_))));
        assert!(service::found(&db, &s.scales, &s.nurse.actor, id).await.is_ok());
        let provider = kernel::Scope { region: region(COUNTY), org: kernel::OrgScope::Org(db.new_id()) };
        let none = service::case(&db, &Sight::all(provider), id).await;
        assert!(matches!(none, Err(Error::NotFound(_))));
        let nobody = kernel::Actor::Person {
            user: db.new_id(),
            name: "没登记".into(),
            role: Role::Assessor,
            scope: scope(COUNTY),
        };
        assert!(matches!(service::found(&db, &s.scales, &nobody, id).await, Err(Error::NotFound(_))));
    })
    .await;
}
