//! Passwords, locks and sessions.
use crate::common::*;
use access::Access;
use access::model::{AccountEdit, Next};
use access::service::Client;
use kernel::{Clock, Error, Instant, Role};
use store::Db;
use store::testing::{NOW, each_engine};
use web::Authenticator;

fn at(db: &Db, ms: i64) {
    let clock: &Clock = db.clock();
    clock.set(NOW.plus_ms(ms));
}

async fn refused(access: &Access, login: &str, password: &str) -> String {
    match access.sign_in(&client(), login, password).await {
        Err(Error::Refused(m)) => m,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn five_wrong_passwords_lock_and_time_unlocks() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        for left in (1..5).rev() {
            let m = refused(&access, "chenjm", "wrong-password").await;
            assert_eq!(m, format!("账号或密码不对。再错 {left} 次要等 15 分钟"));
        }
        assert_eq!(refused(&access, "chenjm", "wrong-password").await, "错得太多，10:15 以后再试");
        at(&db, 15 * Instant::MINUTE - 1);
        assert_eq!(
            refused(&access, "chenjm", PASSWORD).await,
            "错得太多，10:15 以后再试",
            "the right one is refused too"
        );
        at(&db, 15 * Instant::MINUTE);
        let signed = access.sign_in(&client(), " ChenJM ", PASSWORD).await.unwrap();
        assert_eq!(signed.next, Next::Home);
        assert_eq!(audited(&db, "access.sign_in_failed").await, 5);
        assert_eq!(audited(&db, "access.locked").await, 1);
        assert_eq!(audited(&db, "access.sign_in").await, 1);
        assert!(audit::verify(&db).await.unwrap().intact());
    })
    .await;
}

#[tokio::test]
async fn a_right_password_starts_the_count_anew() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        for _ in 0..2 {
            for _ in 0..4 {
                refused(&access, "chenjm", "wrong-password").await;
            }
            access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_login_answers_like_a_known_one() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        for _ in 0..6 {
            let known = refused(&access, "chenjm", "wrong-password").await;
            let unknown = refused(&access, "nobody", "wrong-password").await;
            assert_eq!(known, unknown);
        }
    })
    .await;
}

#[tokio::test]
async fn one_address_is_slowed_down_over_many_logins() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        let from = |ip: &str| Client { ip: ip.into(), agent: String::new() };
        for n in 0..30 {
            // Some logins over and over, so that attempts on locked ones count as well.
            access.sign_in(&from("192.0.2.7"), &format!("guess{}", n % 4), "wrong").await.unwrap_err();
        }
        let m = access.sign_in(&from("192.0.2.7"), "chenjm", PASSWORD).await.unwrap_err();
        assert_eq!(m.user_message(), "错得太多，10:15 以后再试");
        access.sign_in(&from("192.0.2.8"), "chenjm", PASSWORD).await.expect("another address is free");
        at(&db, 15 * Instant::MINUTE);
        access.sign_in(&from("192.0.2.7"), "chenjm", PASSWORD).await.expect("free again");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_session_is_over_here_at_once_and_elsewhere_within_half_a_minute() {
    each_engine(&migrations(), |db| async move {
        let user = account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let (here, elsewhere) = (Access::new(db.clone(), city()), Access::new(db.clone(), city()));
        let signed = here.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        let h = headers(&signed.token);
        let viewer = here.viewer(&h).await.unwrap().expect("signed in");
        assert_eq!((viewer.user, viewer.scope.region), (user, region("441523103")));
        assert!(elsewhere.viewer(&h).await.unwrap().is_some());

        here.revoke_session(&viewer.actor(), signed.session).await.unwrap();
        assert!(here.viewer(&h).await.unwrap().is_none());
        at(&db, access::FRESH_MS - 1);
        assert!(elsewhere.viewer(&h).await.unwrap().is_some(), "remembered: no query was made");
        at(&db, access::FRESH_MS);
        assert!(elsewhere.viewer(&h).await.unwrap().is_none());
        assert_eq!(audited(&db, "access.session_revoked").await, 1);
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_session_cannot_be_revoked() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        account(&db, "lizq", Role::CountyStaff, "441523", None).await;
        account(&db, "haifeng", Role::Administrator, "441521", None).await;
        let access = Access::new(db.clone(), city());
        let signed = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        let other = access.sign_in(&client(), "lizq", PASSWORD).await.unwrap();
        let other = access.viewer(&headers(&other.token)).await.unwrap().unwrap();
        let admin_elsewhere =
            access::testing::session(&db, Role::Administrator, region("441521"), None, None).await.unwrap();
        let mut h = axum::http::HeaderMap::new();
        h.insert("cookie", admin_elsewhere.cookie.parse().unwrap());
        let admin_elsewhere = access.viewer(&h).await.unwrap().unwrap();
        for actor in [other.actor(), admin_elsewhere.actor()] {
            let e = access.revoke_session(&actor, signed.session).await.unwrap_err();
            assert!(matches!(e, Error::NotFound(_)), "{e:?}");
        }
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn sessions_end_after_twelve_idle_hours_and_seven_days() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        let idle = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        at(&db, 12 * Instant::HOUR - 1);
        let used = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        at(&db, 12 * Instant::HOUR);
        assert!(access.viewer(&headers(&idle.token)).await.unwrap().is_none());
        let start = 12 * Instant::HOUR - 1;
        for hours in (0..168).step_by(8) {
            at(&db, start + hours * Instant::HOUR);
            assert!(access.viewer(&headers(&used.token)).await.unwrap().is_some(), "used every 8 hours, hour {hours}");
        }
        at(&db, start + 7 * Instant::DAY);
        assert!(access.viewer(&headers(&used.token)).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_stopped_account_and_a_moved_one_are_out_at_once() {
    each_engine(&migrations(), |db| async move {
        let user = account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        let signed = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_some());
        let edit =
            AccountEdit { name: "陈嘉敏".into(), role: Role::CountyStaff, region: region("441523"), org: None };
        access.update_account(&platform(), user, edit).await.unwrap();
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_none());

        let signed = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        let viewer = access.viewer(&headers(&signed.token)).await.unwrap().unwrap();
        assert_eq!((viewer.role, viewer.scope.region), (Role::CountyStaff, region("441523")));
        access.set_active(&platform(), user, false).await.unwrap();
        assert!(access.viewer(&headers(&signed.token)).await.unwrap().is_none());
        assert_eq!(refused(&access, "chenjm", PASSWORD).await, "这个账号停用了，找管理员");
        access.set_active(&platform(), user, true).await.unwrap();
        access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_seen_before_a_given_password_is_changed() {
    each_engine(&migrations(), |db| async move {
        let user = account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let h = house(&db, false);
        let given = h.access.reset_password(&platform(), user).await.unwrap();
        let a = h.post("/login", "", &format!("login=chenjm&password={given}")).await;
        assert_eq!(a.to, "/login/password");
        let cookie = session_cookie(&a);
        assert_eq!(h.get("/settings", &cookie).await.to, "/login?back=/settings");
        let csrf = h.get("/login/password", &cookie).await.csrf();
        for (new, again, why) in [
            (given.as_str(), given.as_str(), "和现在的密码一样"),
            ("short", "short", "密码至少 10 位"),
            ("my-own-password-1", "my-own-password-2", "两次填的不一样"),
        ] {
            let a = h.post("/login/password", &cookie, &format!("_csrf={csrf}&new={new}&again={again}")).await;
            assert_eq!(a.status, 422);
            assert!(a.body.contains(why), "{why}");
        }
        let body = "new=my-own-password-1&again=my-own-password-1";
        assert_eq!(h.post("/login/password", &cookie, body).await.status, 403, "without the page's token");
        let a = h.post("/login/password", &cookie, &format!("_csrf={csrf}&{body}")).await;
        assert_eq!(a.to, "/");
        assert_eq!(h.get("/settings", &cookie).await.status, 200);
        refused(&h.access, "chenjm", &given).await;
    })
    .await;
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let access = Access::new(db.clone(), city());
        let one = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        let two = access.sign_in(&client(), "chenjm", PASSWORD).await.unwrap();
        let viewer = access.viewer(&headers(&one.token)).await.unwrap().unwrap();
        assert!(access.viewer(&headers(&two.token)).await.unwrap().is_some());
        let new = "another-one-2027";
        let e = access.change_password(&viewer, "wrong", new, new).await.unwrap_err();
        assert!(matches!(&e, Error::Invalid(f) if f[0].field == "old"), "{e:?}");
        access.change_password(&viewer, PASSWORD, new, new).await.unwrap();
        assert!(access.viewer(&headers(&one.token)).await.unwrap().is_some());
        assert!(access.viewer(&headers(&two.token)).await.unwrap().is_none());
        refused(&access, "chenjm", PASSWORD).await;
        access.sign_in(&client(), "chenjm", new).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn demo_sign_in_only_in_a_demo() {
    each_engine(&migrations(), |db| async move {
        let user = account(&db, "caiwu", Role::Finance, "441523", None).await;
        let access = Access::new(db.clone(), city());
        let e = access.demo_login(&site(false), &client(), user).await.unwrap_err();
        assert!(matches!(e, Error::Forbidden(_)), "{e:?}");
        let signed = access.demo_login(&site(true), &client(), user).await.unwrap();
        let viewer = access.viewer(&headers(&signed.token)).await.unwrap().expect("without second factor");
        assert_eq!(viewer.role, Role::Finance);

        let real = house(&db, false);
        assert_eq!(real.post("/demo/login", "", &format!("user={user}")).await.status, 404);
        assert!(!real.get("/login", "").await.body.contains("/demo/login"));
        let demo = house(&db, true);
        assert!(demo.get("/login", "").await.body.contains(&format!("value=\"{user}\"")));
        // A second clerk is offered as soon as there is one of another town.
        assert!(!demo.get("/login", "").await.body.contains("邻镇"));
        account(&db, "first", Role::TownStaff, "441523103", None).await;
        let second = account(&db, "second", Role::TownStaff, "441523103", None).await;
        assert!(!demo.get("/login", "").await.body.contains(&second.to_string()), "a colleague is not shown");
        let next = account(&db, "next", Role::TownStaff, "441523104", None).await;
        let page = demo.get("/login", "").await.body;
        assert!(page.contains("邻镇民政") && page.contains(&format!("value=\"{next}\"")), "{page}");
        let a = demo.post("/demo/login", "", &format!("user={user}")).await;
        assert_eq!((a.status.as_u16(), a.to.as_str()), (303, "/"));
        assert_eq!(demo.get("/settings", &session_cookie(&a)).await.status, 200);
    })
    .await;
}
