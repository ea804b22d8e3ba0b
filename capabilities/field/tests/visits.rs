//! The visit at the door, against the store: what is refused changes nothing, what is repeated is done once.
mod common;
use common::*;
use field::service::{self, FromDevice};
use kernel::{Error, Fen, Instant};
use orders::model::{ConfirmHow, State};
use store::testing::each_engine;

fn start() -> Instant {
    day("2026-11-24").at(14, 0)
}

#[tokio::test]
async fn a_check_in_needs_the_time_the_place_and_a_right_code() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let v = Visit::on_the_way(&w, w.haircut, start()).await;
        let check_in = |from: FromDevice| {
            let (db, v) = (&db, &v);
            async move { service::check_in(db, &v.carer, v.id, &from).await }
        };
        db.clock().set(start().plus_minutes(-31));
        assert!(said(check_in(at_the_door()).await).contains("还早，2026-11-24 13:30 起才能签到"));
        db.clock().set(start());
        let far = said(check_in(standing(3_100.0)).await);
        assert!(far.contains("3.1 公里") && far.contains("310 米内"), "{far}");
        let beside = said(check_in(standing(350.0)).await);
        assert!(beside.contains("350 米"), "outside, three houses on: {beside}");
        assert!(said(check_in(FromDevice::default()).await).contains("没有拿到位置"));
        match check_in(with_code(at_the_door(), "000000")).await {
            Err(Error::Invalid(fields)) => assert_eq!(fields[0].field, "code"),
            other => panic!("a wrong code: {other:?}"),
        }
        db.clock().set(v.order.ends_at.plus_minutes(121));
        assert!(said(check_in(at_the_door()).await).contains("就不能签到了"));
        let order = w.again(v.id).await;
        assert_eq!((order.state, v.proofs(&w).await.join(" ")), (State::OnTheWay, "set_out".into()));

        db.clock().set(start().plus_minutes(3));
        let clock_of_the_phone = start().plus_minutes(-600);
        let from = FromDevice { device_at: Some(clock_of_the_phone), ..with_code(at_the_door(), &v.code) };
        let order = check_in(from).await.expect("at the door");
        assert_eq!((order.state, order.checked_in_at), (State::CheckedIn, Some(start().plus_minutes(3))));
        let proof = service::evidence(&db, &scope(CITY), v.id).await.expect("evidence").pop().expect("a proof");
        assert_eq!((proof.kind.as_str(), proof.distance_m, proof.code_ok), ("check_in", Some(12), Some(true)));
        assert_eq!(proof.at, start().plus_minutes(3), "the server's time counts");
        assert_eq!(proof.device_at, Some(clock_of_the_phone), "the phone's is kept");
    })
    .await;
}

#[tokio::test]
async fn a_check_out_needs_the_door_the_photo_and_the_work_or_a_reason() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let data = tempfile::tempdir().expect("a folder");
        let item = cleaning_with_proof(&db).await;
        let v = Visit::inside(&w, item, start()).await;
        let check_out = |from: FromDevice| {
            let (db, v) = (&db, &v);
            async move { service::check_out(db, &v.carer, v.id, &from).await }
        };
        db.clock().set(start().plus_minutes(20));
        assert!(said(check_out(standing(900.0)).await).contains("900 米"));
        assert!(said(check_out(at_the_door()).await).contains("要拍 1 张照片"));
        service::add_photo(&db, data.path(), &v.carer, v.id, picture(1)).await.expect("kept");
        let short = said(check_out(at_the_door()).await);
        assert!(short.contains("20 分钟") && short.contains("60 分钟"), "{short}");
        db.clock().set(start().plus_minutes(60));
        assert!(said(check_out(at_the_door()).await).contains("还有 2 项没做完"));
        service::tick(&db, &v.carer, v.id, &[0, 1, 7]).await.expect("ticked");
        service::tick(&db, &v.carer, v.id, &[1]).await.expect("one taken back");
        let lines = service::visit(&db, v.carer.scope(), v.id).await.expect("visit").lines;
        assert_eq!(lines.iter().map(|(_, done)| *done).collect::<Vec<_>>(), [false, true]);
        assert!(said(check_out(at_the_door()).await).contains("还有 1 项没做完"));
        match check_out(with_code(at_the_door(), "000000")).await {
            Err(Error::Invalid(fields)) => assert_eq!(fields[0].field, "code"),
            other => panic!("a wrong code: {other:?}"),
        }
        assert_eq!((w.again(v.id).await.state, w.money().await.1), (State::CheckedIn, Fen::yuan(40)));

        let reason = FromDevice { reason: Some("老人要自己扫".into()), ..with_code(at_the_door(), &v.code) };
        let order = check_out(reason).await.expect("done");
        assert_eq!((order.state, order.confirm_how), (State::Confirmed, Some(ConfirmHow::Code)));
        assert_eq!(w.money().await, (Fen::yuan(40), Fen::ZERO, Fen::yuan(260)));
        assert_eq!(v.proofs(&w).await, ["set_out", "check_in", "photo", "check_out"]);
        let words: Vec<String> = orders::service::events(&db, &scope(CITY), v.id)
            .await
            .expect("events")
            .iter()
            .map(orders::Event::words)
            .collect();
        assert!(words.iter().any(|t| t.contains("服务 60 分钟，老人要自己扫")), "{words:?}");
    })
    .await;
}

#[tokio::test]
async fn photos_are_kept_inside_the_visit_once_each_and_twelve_at_most() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let data = tempfile::tempdir().expect("a folder");
        let early = Visit::on_the_way(&w, w.haircut, start()).await;
        let add = |v: &Visit, bytes: Vec<u8>| {
            let (db, folder, carer, id) = (db.clone(), data.path().to_path_buf(), v.carer.clone(), v.id);
            async move { service::add_photo(&db, &folder, &carer, id, bytes).await }
        };
        assert!(said(add(&early, picture(1)).await).contains("签到以后"));
        db.clock().set(start());
        service::check_in(&db, &early.carer, early.id, &at_the_door()).await.expect("in");
        let v = early;
        for bad in [Vec::new(), b"not a picture".to_vec()] {
            assert!(matches!(add(&v, bad).await, Err(Error::Invalid(_))));
        }
        for n in 0..12 {
            add(&v, picture(n)).await.expect("kept");
        }
        add(&v, picture(3)).await.expect("the same again is kept once");
        assert!(said(add(&v, picture(12)).await).contains("最多 12 张"));
        let photos: Vec<_> =
            service::visit(&db, v.carer.scope(), v.id).await.expect("visit").photos().cloned().collect();
        assert_eq!(photos.len(), 12);
        let file = service::photo(&db, w.clerk.scope(), photos[0].id).await.expect("the clerk sees it");
        let stored = std::fs::read(data.path().join(&file)).expect("a file");
        assert!(stored.starts_with(&[0xFF, 0xD8]) && stored != picture(0), "written anew as JPEG");
        let neighbour = scope(OTHER_COUNTY);
        assert!(not_found(service::photo(&db, &neighbour, photos[0].id).await));

        db.clock().set(start().plus_minutes(30));
        service::check_out(&db, &v.carer, v.id, &at_the_door()).await.expect("out");
        assert!(said(add(&v, picture(20)).await).contains("签退以前"));
        let next = Visit::inside(&w, w.haircut, start().plus_ms(Instant::DAY)).await;
        assert!(said(add(&next, picture(3)).await).contains("别的单用过"), "yesterday's photo proves nothing today");
    })
    .await;
}

#[tokio::test]
async fn the_elder_confirms_with_the_code_or_on_the_phone() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        for (n, how) in [ConfirmHow::Code, ConfirmHow::OnPhone].into_iter().enumerate() {
            let v = Visit::inside(&w, w.haircut, start().plus_ms(n as i64 * Instant::DAY)).await;
            let confirm = |how: ConfirmHow, from: FromDevice| {
                let (db, v) = (&db, &v);
                async move { service::confirm(db, &v.carer, v.id, how, &from).await }
            };
            let soon = confirm(ConfirmHow::OnPhone, FromDevice::default()).await;
            assert!(matches!(soon, Err(Error::Refused(_))), "nothing was done yet");
            db.clock().set(v.order.ends_at);
            let out = service::check_out(&db, &v.carer, v.id, &at_the_door()).await.expect("out");
            assert_eq!(out.state, State::CheckedOut, "without the code the elder has not confirmed");
            assert!(said(confirm(ConfirmHow::Code, FromDevice::default()).await).contains("老人码没有填"));
            let wrong = with_code(FromDevice::default(), "000000");
            assert!(said(confirm(ConfirmHow::Code, wrong).await).contains("老人码不对"));
            let call = confirm(ConfirmHow::FollowUpCall, FromDevice::default()).await;
            assert!(call.is_err(), "a follow-up call is not the worker's");
            let right = with_code(FromDevice::default(), &v.code);
            let done = confirm(how, right).await.expect("confirmed");
            assert_eq!((done.state, done.confirm_how), (State::Confirmed, Some(how)));
        }
        assert_eq!(w.money().await.0, Fen::yuan(52));
        w.books_agree().await;
    })
    .await;
}

#[tokio::test]
async fn a_visit_of_another_worker_does_not_exist() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let data = tempfile::tempdir().expect("a folder");
        let v = Visit::on_the_way(&w, w.haircut, start()).await;
        db.clock().set(start());
        // A colleague of the same provider, and somebody of another one.
        let colleague = worker(&db, v.order.provider, 9, "2027-12-31").await;
        let org_scope = kernel::OrgScope::Worker(v.order.provider, colleague);
        let colleague =
            person(kernel::Role::Worker, "叶金水", kernel::Scope { region: region(COUNTY), org: org_scope });
        let other = if v.order.provider == w.first.org { &w.second } else { &w.first };
        let from = at_the_door();
        for stranger in [&colleague, &other.carer] {
            assert!(not_found(service::visit(&db, stranger.scope(), v.id).await));
            assert!(not_found(service::evidence(&db, stranger.scope(), v.id).await));
            assert!(not_found(service::set_out(&db, stranger, v.id, &from).await));
            assert!(not_found(service::check_in(&db, stranger, v.id, &from).await));
            assert!(not_found(service::tick(&db, stranger, v.id, &[0]).await));
            assert!(not_found(service::add_photo(&db, data.path(), stranger, v.id, picture(1)).await));
            assert!(not_found(service::check_out(&db, stranger, v.id, &from).await));
            assert!(not_found(service::confirm(&db, stranger, v.id, ConfirmHow::OnPhone, &from).await));
            assert!(not_found(service::no_show(&db, stranger, v.id, "没人应门", None).await));
            assert!(not_found(service::phone(&db, stranger, v.id).await));
        }
        let clerk = service::check_in(&db, &w.clerk, v.id, &from).await;
        assert!(matches!(clerk, Err(Error::Forbidden(_))), "a clerk checks nobody in");
        assert_eq!(w.again(v.id).await.state, State::OnTheWay);
    })
    .await;
}

/// A phone without signal sends each form again and again, the last ones late: one step, one proof, no error.
#[tokio::test]
async fn the_same_form_sent_again_is_one_step_with_one_proof() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let v = Visit::assigned(&w, w.haircut, start()).await;
        db.clock().set(start().plus_minutes(-15));
        let form = |seen: i64| FromDevice { seen: Some(seen), ..at_the_door() };
        let set_out = form(v.order.version);
        let going = service::set_out(&db, &v.carer, v.id, &set_out).await.expect("sets out");
        let again = service::set_out(&db, &v.carer, v.id, &set_out).await.expect("again");
        assert_eq!((again.version, again.set_out_at), (going.version, going.set_out_at));
        db.clock().set(start());
        let check_in = form(going.version);
        let inside = service::check_in(&db, &v.carer, v.id, &check_in).await.expect("in");
        db.clock().set(start().plus_minutes(5));
        let again = service::check_in(&db, &v.carer, v.id, &check_in).await.expect("again");
        assert_eq!((again.version, again.checked_in_at), (inside.version, inside.checked_in_at));
        let late = service::set_out(&db, &v.carer, v.id, &set_out).await.expect("an older form comes late");
        assert_eq!((late.state, late.version), (State::CheckedIn, inside.version));
        db.clock().set(start().plus_minutes(30));
        let check_out = form(inside.version);
        let out = service::check_out(&db, &v.carer, v.id, &check_out).await.expect("out");
        let confirm = with_code(form(out.version), &v.code);
        let done = service::confirm(&db, &v.carer, v.id, ConfirmHow::Code, &confirm).await.expect("confirmed");
        db.clock().set(start().plus_minutes(50));
        for _ in 0..2 {
            assert_eq!(service::check_in(&db, &v.carer, v.id, &check_in).await.expect("again").version, done.version);
            assert_eq!(service::check_out(&db, &v.carer, v.id, &check_out).await.expect("again").version, done.version);
            let again = service::confirm(&db, &v.carer, v.id, ConfirmHow::Code, &confirm).await.expect("again");
            assert_eq!(again.version, done.version);
        }
        assert_eq!(v.proofs(&w).await, ["set_out", "check_in", "check_out", "confirmation"]);
        assert_eq!(w.money().await, (Fen::yuan(26), Fen::ZERO, Fen::yuan(274)));
        // A form made from an older page than the last change is no repeat.
        let other = Visit::assigned(&w, w.haircut, start().plus_ms(Instant::DAY)).await;
        let old = service::set_out(&db, &other.carer, other.id, &form(other.order.version - 1)).await;
        assert!(matches!(old, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test]
async fn where_no_door_is_on_the_map_the_elders_code_proves_the_place() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let v = Visit::on_the_way(&w, w.haircut, start()).await;
        let tx = db.begin().await.expect("begins");
        store::SqlExt::exec(
            &tx,
            "UPDATE work_order SET lat_e6 = NULL, lng_e6 = NULL WHERE id = $1",
            store::vals![v.id],
        )
        .await
        .expect("as placed for a house nobody has put on the map");
        tx.commit().await.expect("commits");
        db.clock().set(start());
        assert!(said(service::check_in(&db, &v.carer, v.id, &at_the_door()).await).contains("要输入老人码"));
        let order = service::check_in(&db, &v.carer, v.id, &with_code(FromDevice::default(), &v.code)).await;
        assert_eq!(order.expect("in").state, State::CheckedIn);
        db.clock().set(v.order.ends_at);
        let order = service::check_out(&db, &v.carer, v.id, &FromDevice::default()).await.expect("out");
        assert_eq!(order.state, State::CheckedOut);
    })
    .await;
}

#[tokio::test]
async fn nobody_met_frees_the_money_and_leaves_the_evidence() {
    each_engine(&all_migrations(), |db| async move {
        let w = World::new(&db).await;
        let v = Visit::on_the_way(&w, w.haircut, start()).await;
        assert!(said(service::no_show(&db, &v.carer, v.id, "没人应门", None).await).contains("到点以后"));
        db.clock().set(start().plus_minutes(10));
        let order = service::no_show(&db, &v.carer, v.id, "没人应门", None).await.expect("recorded");
        assert_eq!((order.state, w.money().await.1), (State::NoShow, Fen::ZERO));
        let again = service::no_show(&db, &v.carer, v.id, "没人应门", None).await.expect("a second tap");
        assert_eq!(again.version, order.version);
        assert_eq!(v.proofs(&w).await, ["set_out"]);
    })
    .await;
}
