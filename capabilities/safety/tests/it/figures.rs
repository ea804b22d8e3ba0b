//! The figures of answering, from the pressed button to the page, to the second.

use crate::common::{COUNTY, at, case, elder, later, migrations, operator, raise, scope, second};
use kernel::{RegionBook, Role};
use safety::model::{AlarmKind, Cause, HelperKind};
use safety::service::{self, Sending};
use std::sync::Arc;
use store::testing::each_engine;
use web::testing::{Stage, viewer};

#[tokio::test]
async fn a_night_of_two_alarms_stands_on_the_page_to_the_second() {
    each_engine(&migrations(), |db| async move {
        let elder = elder(&db).await;
        let t = at("2026-11-20T02:10");
        db.clock().set(t);
        service::seen(&db, &operator()).await.unwrap();
        let fell = crate::common::alarm(&db, elder, AlarmKind::Fall, "fall");
        let first = raise(&db, fell).await.case;
        // Taken after 41.999 s: 41 s on the page, within the minute.
        db.clock().set(t.plus_ms(41_999));
        service::claim(&db, &operator(), first).await.unwrap();
        assert!(service::claim(&db, &second(), first).await.is_err(), "one owner");
        db.clock().set(t.plus_ms(75_000));
        let (way, text) = (String::new(), String::new());
        let helper = Sending { kind: HelperKind::Neighbour, name: "黄彩云".into(), phone: None, way, text };
        service::send_help(&db, &operator(), first, helper).await.unwrap();
        db.clock().set(t.plus_ms(7 * 60_000 + 3_400));
        service::arrive(&db, &operator(), first, "").await.unwrap();
        later(&db, 300);
        service::close(&db, &operator(), first, Cause::FellUnhurt, "扶起来了，没有外伤").await.unwrap();
        assert_eq!(case(&db, first).await.arrived_at, Some(t.plus_ms(423_400)));
        // The second waits for 181 s and is explained by nobody yet.
        let again = at("2026-11-20T03:30");
        db.clock().set(again);
        service::seen(&db, &operator()).await.unwrap();
        let second_case = raise(&db, crate::common::alarm(&db, elder, AlarmKind::Sos, "sos")).await.case;
        db.clock().set(again.plus_ms(181_000));
        service::claim(&db, &operator(), second_case).await.unwrap();
        let stage = Stage {
            db: &db,
            region: crate::common::region(crate::common::CITY),
            regions: RegionBook::default(),
            nav: Vec::new,
            routes: safety::routes,
            things: vec![Arc::new(safety::Bell::default())],
        };
        let who = viewer(&db, Role::Operator, scope(COUNTY));
        let page = stage.ask(&who, "/safety/figures?month=2026-11", None).await.text;
        for word in ["50.0", "1 / 2", "到场中位 07:03", ">111<", "03:01", "超过 180 秒的 1 个"] {
            assert!(page.contains(word), "{word}");
        }
        let file = stage.ask(&who, "/safety/figures?month=2026-11&export=xlsx", None).await;
        assert!(file.text.starts_with("PK"));
    })
    .await;
}
