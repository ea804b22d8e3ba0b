//! One owner at a time, every step in the history, a cause at the end.

use crate::common::*;
use kernel::{Error, Role};
use safety::model::{AlarmKind, CallResult, CaseState, Cause, Consent, HelperKind, Service};
use safety::service::{self, Sending};
use store::testing::each_engine;

fn neighbour() -> Sending {
    Sending {
        kind: HelperKind::Neighbour,
        name: "黄彩云".into(),
        phone: "13512349042".parse().ok(),
        way: "60 米，约 1 分".into(),
        text: "请去林秀珍家看看".into(),
    }
}

#[tokio::test]
async fn from_ringing_to_closed() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = raise(&db, alarm(&db, e, AlarmKind::Fall, "watch:1")).await;
        later(&db, 41);
        let c = service::claim(&db, &operator(), r.case).await.unwrap();
        assert_eq!((c.state, c.next_rung_at), (CaseState::Claimed, None));
        service::call(&db, &operator(), r.case, "本人", CallResult::NoAnswer, "").await.unwrap();
        service::send_help(&db, &operator(), r.case, neighbour()).await.unwrap();
        later(&db, 120);
        service::arrive(&db, &operator(), r.case, "坐在地上，能说话").await.unwrap();
        service::settle(&db, &operator(), r.case, "扶起，没有外伤").await.unwrap();
        let c = service::close(&db, &operator(), r.case, Cause::FellUnhurt, "").await.unwrap();
        assert_eq!((c.state, c.cause), (CaseState::Closed, Some(Cause::FellUnhurt)));
        assert_eq!(
            history(&db, r.case).await,
            [
                "疑似跌倒：手表长按 3 秒，设备 YW-20871",
                "何晓燕接手，响了 00:41",
                "打给本人，没人接",
                "派邻居 黄彩云，60 米，约 1 分。短信已排队",
                "邻居黄彩云到场：坐在地上，能说话",
                "扶起，没有外伤",
                "跌倒，没受伤。扶起，没有外伤",
            ]
        );
        assert!(notices(&db).await.iter().any(|n| n.name == "黄彩云" && n.state.code() == "queued"));
        assert!(audit::verify(&db).await.unwrap().intact());
    })
    .await;
}

/// Two operators press at once: one has it, the other is told who.
#[tokio::test]
async fn of_two_who_claim_one_gets_it() {
    each_engine(&migrations(), |db| async move {
        for n in 0..10 {
            let e = elder_at(&db, "彭桂兰", VILLAGE, 100 + n).await;
            let r = sos(&db, e, &format!("race:{n}")).await;
            let one = tokio::spawn({
                let db = db.clone();
                async move { service::claim(&db, &operator(), r.case).await }
            });
            let two = tokio::spawn({
                let db = db.clone();
                async move { service::claim(&db, &second(), r.case).await }
            });
            let got = [one.await.unwrap(), two.await.unwrap()];
            assert_eq!(got.iter().filter(|g| g.is_ok()).count(), 1, "{got:?}");
            let owner = case(&db, r.case).await.owner.unwrap().name;
            let lost = got.into_iter().find_map(Result::err).unwrap();
            assert!(matches!(&lost, Error::Conflict(m) if m.contains(&owner)), "{lost:?}");
            let claims = history(&db, r.case).await.iter().filter(|t| t.contains("接手")).count();
            assert_eq!(claims, 1);
        }
    })
    .await;
}

/// The same occurrence over two connections at once: one case, one occurrence.
#[tokio::test]
async fn two_gateways_raise_the_same_alarm_once() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let mut tasks = Vec::new();
        for n in 0..8 {
            let db = db.clone();
            tasks.push(tokio::spawn(async move {
                let key = if n % 2 == 0 { "twice".to_string() } else { format!("own:{n}") };
                sos(&db, e, &key).await
            }));
        }
        let mut cases = std::collections::HashSet::new();
        for t in tasks {
            cases.insert(t.await.unwrap().case);
        }
        assert_eq!(cases.len(), 1);
        let w = service::waiting(&db, &scope(CITY), *cases.iter().next().unwrap()).await.unwrap();
        assert_eq!(w.count(), 5);
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_goes_on_until_somebody_takes_over() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        let early = service::send_help(&db, &operator(), r.case, neighbour()).await;
        assert!(matches!(early, Err(Error::Refused(_))), "nobody has taken it");
        service::claim(&db, &operator(), r.case).await.unwrap();
        let other = service::close(&db, &second(), r.case, Cause::FalseAlarm, "我来关").await;
        assert!(matches!(other, Err(Error::Conflict(m)) if m.contains("何晓燕")));
        assert!(matches!(service::take_over(&db, &second(), r.case, "").await, Err(Error::Invalid(_))));
        service::take_over(&db, &second(), r.case, "何晓燕在接另一路").await.unwrap();
        assert_eq!(case(&db, r.case).await.owner.unwrap().name, "许晓岚");
        assert!(service::call(&db, &operator(), r.case, "本人", CallResult::Answered, "").await.is_err());
        service::note(&db, &operator(), r.case, "本人说只是头晕").await.unwrap();
        service::release(&db, &second(), r.case, "要去开会").await.unwrap();
        let c = case(&db, r.case).await;
        assert_eq!((c.state, c.owner), (CaseState::Open, None));
        assert!(c.next_rung_at.is_some(), "it climbs again");
    })
    .await;
}

#[tokio::test]
async fn no_case_closes_without_a_sentence() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        service::claim(&db, &operator(), r.case).await.unwrap();
        let bare = service::close(&db, &operator(), r.case, Cause::Safe, "  ").await;
        assert!(matches!(bare, Err(Error::Invalid(f)) if f[0].field == "outcome"));
        service::close(&db, &operator(), r.case, Cause::Safe, "电话里说没事，女儿在旁边").await.unwrap();
        assert!(service::note(&db, &operator(), r.case, "后来回访过").await.is_ok());
        assert!(service::call(&db, &operator(), r.case, "本人", CallResult::Answered, "").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn handing_over_is_written_word_for_word() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        service::claim(&db, &operator(), r.case).await.unwrap();
        let c = service::hand_over(&db, &operator(), r.case, Service::Ambulance, "林秀珍，女 82 岁，在家跌倒").await;
        assert_eq!(c.unwrap().state, CaseState::HandedOver);
        let c = service::arrive(&db, &operator(), r.case, "").await.unwrap();
        assert_eq!(c.state, CaseState::Arrived);
        assert!(history(&db, r.case).await.last().unwrap().contains("120 急救到场"));
    })
    .await;
}

#[tokio::test]
async fn another_county_and_other_roles_see_nothing() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        let far = person(30, "海丰坐席", Role::Operator, OTHER_COUNTY);
        assert!(matches!(service::claim(&db, &far, r.case).await, Err(Error::NotFound(_))));
        assert!(matches!(service::record(&db, far.scope(), r.case).await, Err(Error::NotFound(_))));
        assert!(service::queue(&db, far.scope()).await.unwrap().is_empty());
        let village = person(31, "专干", Role::VillageStaff, VILLAGE);
        assert!(matches!(service::claim(&db, &village, r.case).await, Err(Error::Forbidden(_))));
        assert_eq!(service::queue(&db, village.scope()).await.unwrap().len(), 1);
        let org =
            kernel::Scope { region: region(COUNTY), org: kernel::OrgScope::Org(kernel::OrgId(uuid::Uuid::nil())) };
        assert!(service::queue(&db, &org).await.unwrap().is_empty(), "providers have no cases");
    })
    .await;
}

/// Withdrawn consent: name, place, reason and nothing more; the family gets no message.
#[tokio::test]
async fn without_consent_there_is_the_minimum() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        let mut home = service::home(&db, &county(), e).await.unwrap();
        (home.consent, home.medication, home.door) = (Consent::Withdrawn, "氨氯地平".into(), "2806#".into());
        service::save_home(&db, &county(), e, home, 0).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        let c = case(&db, r.case).await;
        assert_eq!(c.consent, Consent::Withdrawn);
        let seen = service::home_of_case(&db, &operator(), &c).await.unwrap();
        assert_eq!((seen.medication.as_str(), seen.door.as_str()), ("", "2806#"));
        look(&db).await;
        assert!(notices(&db).await.is_empty(), "nobody of the family is told");
    })
    .await;
}

/// An owner who has a case and gets news has a minute to look.
#[tokio::test]
async fn news_that_nobody_looks_at_rings_again() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        service::claim(&db, &operator(), r.case).await.unwrap();
        later(&db, 30);
        raise(&db, alarm(&db, e, AlarmKind::Fall, "watch:2")).await;
        assert_eq!(case(&db, r.case).await.news, 1);
        service::acknowledge(&db, &operator(), r.case).await.unwrap();
        assert_eq!((case(&db, r.case).await.news, case(&db, r.case).await.next_rung_at), (0, None));
        raise(&db, alarm(&db, e, AlarmKind::Fall, "watch:3")).await;
        for _ in 0..2 {
            later(&db, 30);
            service::seen(&db, &operator()).await.unwrap();
        }
        later(&db, 1);
        look(&db).await;
        let c = case(&db, r.case).await;
        assert_eq!((c.state, c.owner), (CaseState::Open, None));
        assert_eq!(c.answered_at.map(|t| t.since(c.opened_at)), Some(0), "the first answer stays what it was");
    })
    .await;
}
