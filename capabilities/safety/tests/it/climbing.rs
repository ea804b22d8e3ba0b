//! The ladder: driven by the clock alone, also over a restart; only those on duty; loud when nobody is there.

use crate::common::*;
use kernel::Role;
use safety::model::{CaseState, Duty, Ladder, NoticeKind, NoticeState, Rung};
use safety::service::{self, Channel, Message, Taken};
use std::sync::Mutex;
use store::testing::each_engine;

/// Lesson 4: no message comes, and yet the next rung is climbed, at its own time.
#[tokio::test]
async fn rungs_are_climbed_at_their_times_and_not_before() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        look(&db).await;
        let mut seen = Vec::new();
        for second in 1..=700 {
            later(&db, 1);
            // The desk is there and does not answer.
            if second % 10 == 0 {
                service::seen(&db, &operator()).await.unwrap();
            }
            let before = history(&db, r.case).await.len();
            if look(&db).await.climbed > 0 {
                let h = history(&db, r.case).await;
                seen.extend(h[before..].iter().map(|t| (second, t.clone())));
            }
        }
        let times: Vec<i64> = seen.iter().map(|(s, _)| *s).collect();
        assert_eq!(times, [60, 180, 180, 300, 600], "{seen:#?}");
        for (i, who) in
            ["班长彭志坚", "镇街值班陈嘉敏", "家人女儿蔡文静", "县值班邹建明", "县值班邹建明"].iter().enumerate()
        {
            assert!(seen[i].1.contains(who), "{}", seen[i].1);
        }
        assert_eq!(case(&db, r.case).await.state, CaseState::Open);
        service::claim(&db, &operator(), r.case).await.unwrap();
        later(&db, 3600);
        service::seen(&db, &operator()).await.unwrap();
        assert_eq!(look(&db).await.climbed, 0, "taken: nobody is woken any more");
    })
    .await;
}

/// The same over a restart between two rungs: what is due stands in the database, nothing in memory.
#[tokio::test]
async fn a_restart_between_rungs_forgets_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = store::Db::sqlite_url(&folder.path().join("t.sqlite"));
    let open = async |now| {
        let keys = store::Keys::from_bytes([7; 32], [9; 32]);
        let options = store::Options { durable: true, connections: 2, schema: None };
        let db = store::Db::open(&url, &options, kernel::Clock::fixed(now), keys, now.0 as u64).await.unwrap();
        store::migrate(&db, &migrations()).await.unwrap();
        db
    };
    let start = at("2026-11-20 02:10");
    let db = open(start).await;
    usual_roster(&db).await;
    let e = elder(&db).await;
    service::seen(&db, &operator()).await.unwrap();
    let r = sos(&db, e, "watch:1").await;
    later(&db, 30);
    look(&db).await;
    // The power goes; nothing is closed in order. It comes back after the first and second rung were due.
    let db2 = open(start.plus_ms(200_000)).await;
    look(&db2).await;
    let rungs = async || history(&db2, r.case).await.into_iter().filter(|t| t.contains("通知")).collect::<Vec<_>>();
    assert_eq!(rungs().await.len(), 3, "lead, town and family; the county's time has not come: {:#?}", rungs().await);
    look(&db2).await;
    look(&db2).await;
    assert_eq!(rungs().await.len(), 3, "nothing is climbed twice");
    assert!(sos(&db2, e, "watch:1").await.known, "the watch sends again what was not acknowledged");
    drop(db);
}

/// Lesson 5: nobody at a desk. The next rung at once, and everyone of the centre sees it.
#[tokio::test]
async fn an_empty_desk_is_loud_at_once() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let e = elder(&db).await;
        let r = sos(&db, e, "watch:1").await;
        let loud = service::loud(&db).await.unwrap();
        assert_eq!((loud.len(), loud[0].region), (1, region(COUNTY)));
        assert!(loud[0].text.contains("没有坐席在线，1 个报警没人接"), "{}", loud[0].text);
        assert_eq!(look(&db).await.climbed, 1);
        assert!(history(&db, r.case).await.iter().any(|t| t == "没有坐席在线，通知班长彭志坚"));
        // Somebody comes: quiet, until a minute has passed.
        service::seen(&db, &operator()).await.unwrap();
        assert!(service::loud(&db).await.unwrap().is_empty());
        service::set_ready(&db, &operator(), false).await.unwrap();
        assert!(service::loud(&db).await.unwrap()[0].text.contains("没有坐席在线"), "on a break is not there");
        service::set_ready(&db, &operator(), true).await.unwrap();
        later(&db, 46);
        assert!(!service::loud(&db).await.unwrap().is_empty(), "no sign of life for 46 s");
    })
    .await;
}

/// A desk of another county is no help.
#[tokio::test]
async fn a_desk_elsewhere_does_not_count() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let e = elder(&db).await;
        service::seen(&db, &person(30, "海丰坐席", Role::Operator, OTHER_COUNTY)).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        assert_eq!(case(&db, r.case).await.next_rung_at, Some(db.now()));
    })
    .await;
}

/// Lesson 5: off duty, on leave, gone: they get nothing, and a rung nobody stands on does not wait.
#[tokio::test]
async fn off_duty_people_never_get_it() {
    each_engine(&migrations(), |db| async move {
        db.clock().set(at("2026-11-20 02:10"));
        // The lead works 08–20; the town's person is on leave; the county's is there by night.
        service::add_duty(&db, &county(), on_duty(Duty::Lead, "彭志坚", COUNTY, 8, 20)).await.unwrap();
        let town = service::add_duty(&db, &county(), on_duty(Duty::Town, "陈嘉敏", TOWN, 0, 0)).await.unwrap();
        service::away(&db, &county(), town, Some(at("2026-11-21 00:00"))).await.unwrap();
        let mut gone = on_duty(Duty::County, "调走的人", COUNTY, 0, 0);
        gone.user = Some(kernel::UserId(uuid::Uuid::from_u128(99)));
        service::add_duty(&db, &county(), gone).await.unwrap();
        service::add_duty(&db, &county(), on_duty(Duty::County, "邹建明", COUNTY, 22, 6)).await.unwrap();
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        later(&db, 60);
        service::seen(&db, &operator()).await.unwrap();
        look(&db).await;
        let told: Vec<String> =
            notices(&db).await.into_iter().filter(|n| n.kind == NoticeKind::Rung).map(|n| n.name).collect();
        assert_eq!(told, ["蔡文静"], "lead and town are passed over, the family is next");
        let h = history(&db, r.case).await;
        assert!(h.iter().any(|t| t.contains("班长现在没人，直接到下一级")), "{h:#?}");
        assert!(h.iter().any(|t| t.contains("镇街值班现在没人，直接到下一级")));
        later(&db, 240);
        service::seen(&db, &operator()).await.unwrap();
        look(&db).await;
        let told: Vec<String> =
            notices(&db).await.into_iter().filter(|n| n.kind == NoticeKind::Rung).map(|n| n.name).collect();
        assert_eq!(told, ["蔡文静", "邹建明"], "whose account is gone gets nothing");
    })
    .await;
}

/// The roster is asked when the rung is climbed, not when the alarm came.
#[tokio::test]
async fn recipients_are_those_of_the_moment() {
    each_engine(&migrations(), |db| async move {
        db.clock().set(at("2026-11-20 19:59"));
        service::add_duty(&db, &county(), on_duty(Duty::Lead, "白班", COUNTY, 8, 20)).await.unwrap();
        service::add_duty(&db, &county(), on_duty(Duty::Lead, "夜班", COUNTY, 20, 8)).await.unwrap();
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        later(&db, 60);
        service::seen(&db, &operator()).await.unwrap();
        look(&db).await;
        let h = history(&db, r.case).await;
        assert!(h.iter().any(|t| t.contains("夜班")) && !h.iter().any(|t| t.contains("白班")), "{h:#?}");
    })
    .await;
}

/// Nobody on any roster: it keeps trying, and says so each time.
#[tokio::test]
async fn an_empty_roster_never_ends_the_ladder() {
    each_engine(&migrations(), |db| async move {
        let mut e = people::model::NewElder::new(
            "孤老",
            id_number("1944-03-02", 7),
            region(VILLAGE),
            people::model::Hukou::Rural,
        );
        e.address = "上围".into();
        let alone = people::service::create(&db, &county(), e).await.unwrap();
        let r = sos(&db, alone, "watch:1").await;
        look(&db).await;
        let c = case(&db, r.case).await;
        assert_eq!(c.next_rung_at, Some(db.now().plus_ms(300_000)));
        later(&db, 300);
        assert_eq!(look(&db).await.climbed, 1);
    })
    .await;
}

/// Whoever took it and whose desk is gone loses it before it is forgotten.
#[tokio::test]
async fn an_owner_who_vanishes_gives_it_back() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        service::claim(&db, &operator(), r.case).await.unwrap();
        later(&db, 170);
        assert_eq!(look(&db).await.released, 0);
        later(&db, 11);
        assert_eq!(look(&db).await.released, 1);
        let c = case(&db, r.case).await;
        assert_eq!((c.state, c.owner), (CaseState::Open, None));
        assert!(history(&db, r.case).await.iter().any(|t| t.contains("何晓燕的工作台 3 分钟没有动静")));
    })
    .await;
}

/// Lesson 5: the gateway itself is silent.
#[tokio::test]
async fn a_silent_gateway_is_loud() {
    each_engine(&migrations(), |db| async move {
        service::gateway_beat(&db, "tcp-1", region(COUNTY), "手表").await.unwrap();
        assert!(service::loud(&db).await.unwrap().is_empty());
        later(&db, 181);
        let loud = service::loud(&db).await.unwrap();
        assert!(loud[0].text.contains("网关 tcp-1 断了 3 分钟"), "{}", loud[0].text);
        service::gateway_beat(&db, "tcp-1", region(COUNTY), "手表").await.unwrap();
        assert!(service::loud(&db).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_town_may_have_a_shorter_ladder() {
    each_engine(&migrations(), |db| async move {
        usual_roster(&db).await;
        let wrong = Ladder { region: region(TOWN), rungs: vec![], again_s: 300 };
        assert!(service::set_ladder(&db, &county(), wrong).await.is_err());
        let l = Ladder { region: region(TOWN), rungs: vec![Rung { after_s: 20, duty: Duty::Town }], again_s: 60 };
        service::set_ladder(&db, &county(), l).await.unwrap();
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        let r = sos(&db, e, "watch:1").await;
        later(&db, 20);
        look(&db).await;
        assert!(history(&db, r.case).await.iter().any(|t| t.contains("20 秒没人接，通知镇街值班陈嘉敏")));
        assert_eq!(case(&db, r.case).await.next_rung_at, Some(db.now().plus_ms(60_000)));
    })
    .await;
}

struct Recorder {
    answers: Mutex<Vec<Taken>>,
    got: Mutex<Vec<Message>>,
}

#[async_trait::async_trait]
impl Channel for Recorder {
    fn ready(&self) -> bool {
        true
    }
    async fn send(&self, m: &Message) -> Taken {
        self.got.lock().unwrap().push(m.clone());
        self.answers.lock().unwrap().pop().unwrap_or(Taken::HandedOver("s-1".into()))
    }
}

/// A message is called sent only when a channel has taken it, and delivered only when the channel says so.
#[tokio::test]
async fn no_message_is_called_sent_that_nobody_took() {
    each_engine(&migrations(), |db| async move {
        let e = elder(&db).await;
        service::seen(&db, &operator()).await.unwrap();
        sos(&db, e, "watch:1").await;
        assert_eq!(look(&db).await.told, 1);
        assert_eq!(look(&db).await.told, 0, "told once");
        assert_eq!(service::deliver(&db, &service::Nothing).await.unwrap(), 0);
        let n = notices(&db).await;
        assert_eq!((n.len(), n[0].state, n[0].name.as_str()), (1, NoticeState::Queued, "蔡文静"));
        let early = service::receipt(&db, &county(), n[0].id, true, "").await;
        assert!(early.is_err(), "nothing was handed over");
        let c = Recorder { answers: Mutex::new(vec![Taken::Later("断线".into())]), got: Mutex::default() };
        assert_eq!(service::deliver(&db, &c).await.unwrap(), 0);
        assert_eq!(notices(&db).await[0].state, NoticeState::Queued);
        assert_eq!(service::deliver(&db, &c).await.unwrap(), 0, "not before its time");
        later(&db, 6);
        assert_eq!(service::deliver(&db, &c).await.unwrap(), 1);
        assert_eq!(notices(&db).await[0].state, NoticeState::HandedOver);
        let got = c.got.lock().unwrap().pop().unwrap();
        assert_eq!(got.to, "13812342716");
        assert!(got.text.contains("林秀珍") && got.text.contains("一键呼叫") && got.text.contains("JJ2026"));
        service::receipt(&db, &county(), n[0].id, true, "").await.unwrap();
        assert_eq!(notices(&db).await[0].state, NoticeState::Delivered);
    })
    .await;
}

/// To the second, out of the events, with what still rings.
#[tokio::test]
async fn figures_follow_the_events() {
    each_engine(&migrations(), |db| async move {
        use safety::model::kpi::{FAST, SLOW, figures};
        let (from, to) = (at("2026-11-01 00:00"), at("2026-12-01 00:00"));
        let waits = [0, 59, 60, 61, 180, 181];
        for (n, wait) in waits.into_iter().enumerate() {
            let e = elder_at(&db, "彭桂兰", VILLAGE, 200 + n as u32).await;
            let r = sos(&db, e, &format!("k:{n}")).await;
            later(&db, wait);
            service::claim(&db, &operator(), r.case).await.unwrap();
        }
        let e = elder_at(&db, "还没接", VILLAGE, 300).await;
        let r = sos(&db, e, "k:open").await;
        let calls = service::calls(&db, &scope(COUNTY), from, to).await.unwrap();
        let f = figures(&calls, db.now());
        assert_eq!((f.calls, f.fast.kept, f.fast.of, f.slow.kept, f.slow.of), (7, 3, 6, 5, 6));
        later(&db, 61);
        let f = figures(&calls, db.now());
        assert_eq!((f.fast.kept, f.fast.of, f.slow.of), (3, 7, 6));
        assert_eq!((f.fast.reached(FAST), f.slow.reached(SLOW)), (Some(false), Some(false)));
        // What answers by itself is no answer.
        let auto = kernel::Actor::Platform { job: "robot", scope: scope(COUNTY) };
        assert!(service::claim(&db, &auto, r.case).await.is_err());
        let over = safety::model::kpi::exceptions(&calls, db.now());
        assert_eq!(over.len(), 1);
        service::explain_slow(&db, &operator(), over[0].case, safety::model::SlowClass::Staff, "同时来 2 路")
            .await
            .unwrap();
        let calls = service::calls(&db, &scope(COUNTY), from, to).await.unwrap();
        assert!(calls.iter().any(|c| c.slow.as_ref().is_some_and(|s| s.1 == "同时来 2 路")));
    })
    .await;
}
