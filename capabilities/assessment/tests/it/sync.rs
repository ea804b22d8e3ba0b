//! Two phones without signal: nothing is doubled, nothing is lost, nothing is overwritten silently.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use assessment::model::{Field, Sheet, State, Value};
use assessment::service::{self, Submission};
use kernel::Error;
use scales::{Answer, ConditionAnswer};
use store::testing::each_engine;

async fn appointed(s: &Stage) -> kernel::AssessmentId {
    let id = s.apply(GBT).await;
    s.appoint(id, s.at_home(&s.physician, Some(&s.nurse))).await.unwrap();
    id
}

fn with(base: &Sheet, item: &str, option: &str) -> Sheet {
    let mut out = base.clone();
    out.answers.insert(item.into(), Answer::Option(option.into()));
    out
}

#[tokio::test]
async fn the_same_submission_twice_is_one() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = appointed(&s).await;
        let sheet = with(&Sheet::default(), "B.1.1", "4");
        let first = s.send(&s.physician, id, "key-1", 0, &sheet).await.unwrap();
        let again = s.send(&s.physician, id, "key-1", 0, &sheet).await.unwrap();
        assert_eq!((first.version, again.version), (1, 1));
        assert_eq!(first.sheet, again.sheet);
        let stolen = s.send(&s.nurse, id, "key-1", 0, &sheet).await;
        assert!(matches!(stolen, Err(Error::Conflict(_))));
        let sent = Submission { key: String::new(), base: 0, sheet, device_at: None };
        assert!(matches!(service::save(&db, &s.scales, &s.nurse.actor, id, sent).await, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn different_items_come_together_and_the_same_item_is_put_to_people() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = appointed(&s).await;
        let theirs = with(&with(&Sheet::default(), "B.1.1", "4"), "B.1.2", "3");
        s.send(&s.physician, id, "a", 0, &theirs).await.unwrap();
        // The nurse was without signal all the while: her base is still empty.
        let mine = with(&with(&Sheet::default(), "B.1.2", "1"), "B.1.3", "2");
        let saved = s.send(&s.nurse, id, "b", 0, &mine).await.unwrap();
        assert_eq!(saved.version, 2);
        assert_eq!(saved.sheet.answers["B.1.1"], Answer::Option("4".into()));
        assert_eq!(saved.sheet.answers["B.1.2"], Answer::Option("3".into()), "not overwritten silently");
        assert_eq!(saved.sheet.answers["B.1.3"], Answer::Option("2".into()));
        assert_eq!(saved.clashes.len(), 1);
        let clash = &saved.clashes[0];
        assert_eq!(clash.field, Field::Answer("B.1.2".into()));
        assert_eq!(clash.mine, Some(Value::Answer(Answer::Option("1".into()))));
        let refused = service::submit(&db, &s.scales, &s.physician.actor, id).await.unwrap_err();
        assert_eq!(refused.user_message(), "两人有 1 处填得不一样，先逐项确定");
        service::settle(&db, &s.physician.actor, id, clash.id, true).await.unwrap();
        let view = service::work(&db, &s.scales, &s.physician.actor, id).await.unwrap();
        assert_eq!((view.version, view.clashes.len()), (3, 0));
        assert_eq!(view.sheet.answers["B.1.2"], Answer::Option("1".into()));
        let twice = service::settle(&db, &s.nurse.actor, id, clash.id, false).await;
        assert!(matches!(twice, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn a_change_of_mind_on_one_phone_is_no_clash() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = appointed(&s).await;
        let first = s.send(&s.physician, id, "a", 0, &with(&Sheet::default(), "B.1.1", "4")).await.unwrap();
        let second = s.send(&s.physician, id, "b", first.version, &with(&first.sheet, "B.1.1", "2")).await.unwrap();
        assert_eq!(second.sheet.answers["B.1.1"], Answer::Option("2".into()));
        assert!(second.clashes.is_empty());
        let mut cleared = second.sheet.clone();
        cleared.answers.remove("B.1.1");
        let third = s.send(&s.nurse, id, "c", second.version, &cleared).await.unwrap();
        assert!(third.sheet.answers.is_empty(), "an answer can be taken back");
        let nowhere = s.send(&s.nurse, id, "d", 99, &cleared).await;
        assert!(matches!(nowhere, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test]
async fn answers_the_scale_does_not_have_are_refused_and_nothing_of_them_is_kept() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = appointed(&s).await;
        for (item, option) in [("B.9.9", "1"), ("B.1.1", "17")] {
            let bad = s.send(&s.physician, id, "k", 0, &with(&Sheet::default(), item, option)).await;
            assert!(matches!(bad, Err(Error::Invalid(_))), "{item} {option}");
        }
        let mut flag = Sheet::default();
        flag.conditions.insert("risk_fall".into(), ConditionAnswer::Flag(true));
        assert!(matches!(s.send(&s.physician, id, "k", 0, &flag).await, Err(Error::Invalid(_))));
        assert_eq!(s.case(id).await.state, State::Appointed, "a refused submission begins nothing");
        let mut noted = with(&Sheet::default(), "B.1.1", "3");
        noted.notes.insert("B.1.1".into(), format!("  {}", "右手抖".repeat(200)));
        let saved = s.send(&s.physician, id, "k", 0, &noted).await.unwrap();
        assert_eq!(saved.sheet.notes["B.1.1"].chars().count(), 200);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_taken_before_the_day_or_after_it_was_submitted() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let id = s.apply(GBT).await;
        let mut ask = s.at_home(&s.physician, Some(&s.nurse));
        ask.starts_at = day("2026-11-22").at(9, 0);
        s.appoint(id, ask).await.unwrap();
        let scale = s.scale(GBT).await;
        let early = s.send(&s.physician, id, "a", 0, &filled(&scale, 50)).await.unwrap_err();
        assert!(early.user_message().contains("2026-11-22"));
        db.clock().set(day("2026-11-22").at(0, 5));
        let part = with(&Sheet::default(), "B.1.1", "4");
        s.send(&s.physician, id, "a", 0, &part).await.unwrap();
        let Err(Error::Invalid(missing)) = service::submit(&db, &s.scales, &s.nurse.actor, id).await else {
            panic!("an incomplete sheet was taken")
        };
        assert_eq!(missing.len(), 25 + 7);
        assert!(missing.iter().any(|f| f.field == "condition:risk_fall" && f.message.contains("跌倒")));
        s.send(&s.physician, id, "b", 1, &filled(&scale, 50)).await.unwrap();
        service::submit(&db, &s.scales, &s.nurse.actor, id).await.unwrap();
        service::sign(&db, &s.scales, &s.nurse.actor, id, s.version(id).await).await.unwrap();
        let late = s.send(&s.physician, id, "c", 2, &filled(&scale, 100)).await;
        assert!(matches!(late, Err(Error::Refused(_))));
        service::reopen(&db, &s.physician.actor, id, "如厕填错了").await.unwrap();
        let case = s.case(id).await;
        assert_eq!((case.state, case.first_signed_at, case.second_signed_at), (State::InProgress, None, None));
        s.send(&s.physician, id, "d", 2, &filled(&scale, 100)).await.unwrap();
        service::submit(&db, &s.scales, &s.nurse.actor, id).await.unwrap();
        let stale = service::sign(&db, &s.scales, &s.nurse.actor, id, case.version).await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "what was seen is not what stands there");
        db.clock().set(now());
    })
    .await;
}

#[tokio::test]
async fn health_text_is_sealed_at_rest() {
    use store::SqlExt;
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let mut sheet = filled(&scale, 50);
        sheet.notes.insert("B.1.1".into(), "右手抖得厉害".into());
        let case = s.assessed(GBT, [&s.physician, &s.nurse], &sheet).await;
        let stored: Vec<Vec<u8>> = db
            .read()
            .column(
                "SELECT sheet FROM assessment_sheet UNION ALL SELECT result FROM assessment WHERE result IS NOT NULL
                     UNION ALL SELECT note FROM assessment_event WHERE note IS NOT NULL",
                vec![],
            )
            .await
            .unwrap();
        assert!(stored.len() >= 4, "answers, result, remarks");
        for bytes in stored {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("右手抖") && !text.contains("B.1.1") && !text.contains("走路"), "{text}");
        }
        let found = service::found(&db, &s.scales, &county(), case.id).await.unwrap();
        assert_eq!(found.sheet.notes["B.1.1"], "右手抖得厉害");
    })
    .await;
}
