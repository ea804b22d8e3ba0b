//! Looking at readings: what is shown, that it is written down, what is not shown without consent; limits and fences; links
//! of a rescue.

use crate::common::watched::{Running, all, worn};
use crate::common::{CITY, COUNTY, OTHER_COUNTY, at, county, later, operator, scope};
use kernel::{ElderId, GeoPoint, Instant, RegionBook, Role};
use safety::model::{CaseId, Consent};
use safety::readings::{Start, Telemetry};
use safety::service::{self, Edit, Home, NewRescue};
use std::sync::Arc;
use store::testing::each_engine;
use store::{Db, SqlExt, vals};
use vigil::{Fence, FenceRule, FixSource, Measure, Schedule, Shape, Span, Vitals};
use web::testing::{Answer, Stage, viewer};

const NOW: &str = "2026-11-20T10:00";

async fn audited(db: &Db, action: &str) -> i64 {
    db.read().scalar("SELECT COUNT(*) FROM audit_log WHERE action = $1", vals![action]).await.unwrap().unwrap()
}

fn stage(db: &Db) -> Stage<'_> {
    Stage {
        db,
        region: crate::common::region(CITY),
        regions: RegionBook::default(),
        nav: Vec::new,
        routes: safety::routes,
        things: vec![Arc::new(Telemetry(db.clone())), Arc::new(safety::Bell::default())],
    }
}

async fn ask(db: &Db, role: Role, region: &str, path: &str) -> Answer {
    stage(db).ask(&viewer(db, role, scope(region)), path, None).await
}

/// A morning with a pulse that rises beyond the limit, pressure, steps, a night's sleep, and a walk with a gap.
async fn morning(db: &Db) -> (ElderId, Running, Arc<safety::devices::Known>) {
    let (elder, device) = worn(db, 1).await;
    let run = Running::start(db, Start::default()).await;
    let t = at("2026-11-20T07:00");
    let place = |n: f64| GeoPoint::from_degrees(23.3 + n / 110_574.0, 115.65).unwrap();
    for m in 0..60 {
        let when = t.plus_minutes(if m < 30 { m } else { m + 60 });
        let pulse = if m == 40 { 131 } else { 70 + (m % 7) as u16 };
        let fix = Measure::Fix { place: place(m as f64 * 20.0), accuracy_m: 12, source: FixSource::Satellite };
        let said = [(when, Measure::HeartRate(pulse)), (when, Measure::Steps(m as u32 * 40)), (when, fix)];
        run.store(&device, when, &said).await;
    }
    let when = t.plus_minutes(5);
    let sleep = (when, Measure::Sleep { minutes: 432, deep: 118 });
    run.store(&device, when, &[(when, Measure::BloodPressure { systolic: 152, diastolic: 88 }), sleep]).await;
    db.clock().set(at(NOW));
    (elder, run, device)
}

async fn consent(db: &Db, elder: ElderId, consent: Consent) {
    let home = service::home(db, &county(), elder).await.unwrap();
    let seen = home.version;
    service::save_home(db, &county(), elder, Home { consent, ..home }, seen).await.unwrap();
}

#[tokio::test]
async fn vitals_are_drawn_listed_exported_and_every_look_is_written_down() {
    each_engine(&all(), |db| async move {
        let (elder, run, _) = morning(&db).await;
        let page = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals")).await;
        assert_eq!(page.status, 200);
        for word in ["心率", "≥121 提醒", "152 / 88", "7 小时 12 分，深睡 118 分", "1 处越界", "<svg"] {
            assert!(page.text.contains(word), "{word}");
        }
        assert_eq!(audited(&db, "safety.vitals_seen").await, 1);
        for span in ["week", "month"] {
            let page = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals?span={span}")).await;
            assert!(page.status == 200 && page.text.contains("70–131"), "{span}: hours and days say from what to what");
        }
        let empty = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals?on=2026-11-01")).await;
        assert!(empty.text.contains("这段时间没有读数"));
        let file = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals?export=xlsx")).await;
        assert!(file.status == 200 && file.text.starts_with("PK"));
        assert_eq!(audited(&db, "safety.vitals_exported").await, 1);
        let foreign = ask(&db, Role::Operator, OTHER_COUNTY, &format!("/safety/elders/{elder}/vitals")).await;
        assert_eq!(foreign.status, 404);
        assert_eq!(audited(&db, "safety.vitals_seen").await, 4, "what is not shown is not seen");
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_way_is_drawn_with_its_gap_and_not_at_all_without_consent() {
    each_engine(&all(), |db| async move {
        let (elder, run, device) = morning(&db).await;
        let path = format!("/safety/elders/{elder}/track");
        let page = ask(&db, Role::Operator, COUNTY, &path).await;
        assert_eq!(page.status, 200);
        for word in ["60 个位置", "断 1 小时 1 分", "class=\"gap\"", "class=\"way\"", "卫星"] {
            assert!(page.text.contains(word), "{word}");
        }
        assert_eq!(audited(&db, "safety.track_seen").await, 1);
        let file = ask(&db, Role::Operator, COUNTY, &format!("{path}?export=xlsx")).await;
        assert!(file.text.starts_with("PK"));
        consent(&db, elder, Consent::Withdrawn).await;
        let page = ask(&db, Role::Operator, COUNTY, &path).await;
        assert!(
            page.text.contains("不画轨迹")
                && !page.text.contains("<svg viewBox=\"0 0 760")
                && !page.text.contains("geo:")
        );
        let vitals = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals")).await;
        assert!(vitals.text.contains("不列体征") && !vitals.text.contains("131"));
        let file = ask(&db, Role::Operator, COUNTY, &format!("/safety/elders/{elder}/vitals?export=xlsx")).await;
        assert_eq!(file.status, 200);
        // An emergency that is open: where it is, and nothing more.
        let t = at(NOW);
        let fix = Measure::Fix {
            place: GeoPoint::from_degrees(23.3, 115.65).unwrap(),
            accuracy_m: 15,
            source: FixSource::Satellite,
        };
        run.store(&device, t, &[(t, fix), (t, Measure::Sos { unverified: false })]).await;
        let page = ask(&db, Role::Operator, COUNTY, &path).await;
        assert!(page.text.contains("最后的位置") && page.text.matches("geo:").count() == 1);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn limits_and_fences_hold_at_once_and_say_who_set_them() {
    each_engine(&all(), |db| async move {
        let (elder, device) = worn(&db, 1).await;
        let run = Running::start(&db, Start::default()).await;
        let t = at(NOW);
        db.clock().set(t);
        run.store(&device, t, &[(t, Measure::HeartRate(108))]).await;
        later(&db, 1);
        let mut vitals = Vitals::default();
        vitals.heart_rate.high_watch = Some(105);
        vitals.confirm = 1;
        let edit = || Edit::Levels { vitals: Box::new(vitals.clone()), home: Box::default(), battery_low: 20 };
        assert!(service::edit(&db, &county(), elder, 7, edit()).await.is_err(), "filled on another version");
        service::edit(&db, &county(), elder, 0, edit()).await.unwrap();
        let l = service::limits(&db, &county(), elder).await.unwrap();
        assert_eq!((l.version, l.changes.len()), (1, 1));
        assert_eq!(l.changes[0].by, "邹建明");
        assert!(l.changes[0].what.contains("≥105 提醒"), "{}", l.changes[0].what);
        assert!(audited(&db, "device.limits").await >= 1);
        // The running watch goes by them within seconds.
        let began = std::time::Instant::now();
        let mut minute = 1;
        while crate::common::watched::alarms(&db).await.is_empty() {
            assert!(began.elapsed() < std::time::Duration::from_secs(10), "the new limit holds");
            let when = t.plus_ms(minute * 500);
            run.store(&device, when, &[(when, Measure::HeartRate(109))]).await;
            minute += 1;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        assert_eq!(crate::common::watched::alarms(&db).await[0].0, "heart_rate_high");
        // Through the page, across midnight, a polygon.
        let form = "version=1&fence=&name=%E6%B0%B4%E5%BA%93&rule=out&shape=polygon&corners=23.30,115.65%0A23.31,115.65%0A\
                    23.31,115.66&weekday=0&weekday=6&from=22:00&to=06:00&grace=5&radius=500";
        let who = viewer(&db, Role::CountyStaff, scope(COUNTY));
        let path = format!("/safety/elders/{elder}/fences");
        let saved = stage(&db).ask(&who, &path, Some(form)).await;
        assert!(saved.to.ends_with("done=fences"), "{} {}", saved.status, saved.text);
        let page = stage(&db).ask(&who, &path, None).await;
        for word in ["水库", "不该进去", "多边形，3 个角", "周一、周日 22:00–次日 06:00"] {
            assert!(page.text.contains(word), "{word}");
        }
        let crossed = form.replace("version=1", "version=2").replace("23.31,115.66", "23.30,115.66%0A23.31,115.655%0A23.29,115.65");
        let refused = stage(&db).ask(&who, &path, Some(&crossed)).await;
        assert!(refused.status == 422 && refused.text.contains("交叉"), "{}", refused.status);
        let gone = stage(&db).ask(&who, &format!("{path}/remove"), Some("version=2&fence=1")).await;
        assert!(gone.to.ends_with("done=fences"));
        assert!(service::limits(&db, &county(), elder).await.unwrap().settings.places.fences.is_empty());
        let foreign = viewer(&db, Role::CountyStaff, scope(OTHER_COUNTY));
        assert_eq!(stage(&db).ask(&foreign, &path, Some(form)).await.status, 404);
        let night = Span { from: 1320, to: 360 };
        let far = Fence {
            id: 40,
            name: "x".into(),
            shape: Shape::Circle { center: GeoPoint::from_degrees(23.0, 115.0).unwrap(), radius_m: 100 },
            rule: FenceRule::KeepOut,
            schedule: Schedule { weekdays: 1, span: night },
            grace: 0,
        };
        assert!(service::edit(&db, &county(), elder, 3, Edit::Fence(far)).await.is_err(), "no such fence to change");
        run.end().await;
    })
    .await;
}

fn new(hours: i64) -> NewRescue {
    NewRescue {
        called: "林奶奶".into(),
        look: "灰外套，黑布鞋".into(),
        contact: "呼叫中心".into(),
        phone: "12349".into(),
        hours,
    }
}

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

async fn lost(db: &Db) -> (CaseId, Running) {
    let (elder, run, device) = morning(db).await;
    let t = at(NOW);
    run.store(&device, t, &[(t, Measure::Sos { unverified: false })]).await;
    let case = db.read().scalar::<CaseId>("SELECT id FROM safety_case WHERE elder_id = $1", vals![elder]).await;
    (case.unwrap().unwrap(), run)
}

async fn open_link(db: &Db, token: &str) -> Answer {
    ask(db, Role::Elder, COUNTY, &format!("/r/{token}")).await
}

#[tokio::test]
async fn a_rescue_link_shows_what_a_searcher_needs_and_nothing_more() {
    each_engine(&all(), |db| async move {
        let (case, run) = lost(&db).await;
        let me = operator();
        let early = service::start_rescue(&db, &me, case, new(4), TOKEN).await;
        assert!(early.is_err(), "nobody has taken the case");
        service::claim(&db, &me, case).await.unwrap();
        let r = service::start_rescue(&db, &me, case, new(4), TOKEN).await.unwrap();
        assert_eq!(r.until, at(NOW).plus_ms(4 * Instant::HOUR));
        let page = open_link(&db, TOKEN).await;
        assert_eq!(page.status, 200);
        for word in ["林奶奶", "灰外套", "tel:12349", "最后的位置", "noindex", "女 82 岁"] {
            assert!(page.text.contains(word), "{word}");
        }
        for secret in ["林秀珍", "上围 17 号", "高血压", "蔡文静", "家附近", "13812342716"] {
            assert!(!page.text.contains(secret), "{secret} is nobody's business");
        }
        assert!(!page.text.contains("<script src=\"/assets/safety.js"), "works without scripts");
        open_link(&db, TOKEN).await;
        let known = service::rescue(&db, &me, case).await.unwrap().unwrap();
        assert_eq!(known.views, 2);
        assert_eq!(audited(&db, "safety.rescue_seen").await, 2);
        assert_eq!(audited(&db, "safety.rescue_started").await, 1);
        run.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_link_is_dead_when_wrong_over_taken_back_or_closed() {
    each_engine(&all(), |db| async move {
        let (case, run) = lost(&db).await;
        let me = operator();
        service::claim(&db, &me, case).await.unwrap();
        service::start_rescue(&db, &me, case, new(1), TOKEN).await.unwrap();
        for wrong in
            [TOKEN.replace('0', "1"), "x".repeat(64), TOKEN[..63].to_string(), "1' OR '1'='1".replace(' ', "%20")]
        {
            let page = open_link(&db, &wrong).await;
            assert_eq!(page.status, 404, "{wrong}");
            assert!(page.text.contains("没有用了"));
        }
        assert_eq!(audited(&db, "safety.rescue_seen").await, 0);
        // Its hour is over, to the millisecond.
        let start = db.now();
        db.clock().set(start.plus_ms(Instant::HOUR - 1));
        assert_eq!(open_link(&db, TOKEN).await.status, 200);
        later(&db, 1);
        assert_eq!(open_link(&db, TOKEN).await.status, 404);
        // A new one ends the old one; taken back it is gone.
        let second = TOKEN.replace("0011", "ffee");
        let third = TOKEN.replace("0011", "ddcc");
        service::start_rescue(&db, &me, case, new(2), &second).await.unwrap();
        service::start_rescue(&db, &me, case, new(2), &third).await.unwrap();
        assert_eq!(open_link(&db, &second).await.status, 404);
        assert_eq!(open_link(&db, &third).await.status, 200);
        service::end_rescue(&db, &me, case).await.unwrap();
        assert_eq!(open_link(&db, &third).await.status, 404);
        assert!(service::end_rescue(&db, &me, case).await.is_err(), "nothing to take back");
        // A closed case shows nobody where somebody was.
        service::start_rescue(&db, &me, case, new(24), &second.replace("ffee", "abab")).await.unwrap();
        let fourth = second.replace("ffee", "abab");
        assert_eq!(open_link(&db, &fourth).await.status, 200);
        service::settle(&db, &me, case, "找到了").await.unwrap();
        service::close(&db, &me, case, safety::model::Cause::Found, "邻居领回家").await.unwrap();
        assert_eq!(open_link(&db, &fourth).await.status, 404);
        assert!(service::start_rescue(&db, &me, case, new(1), &third).await.is_err());
        run.end().await;
    })
    .await;
}
