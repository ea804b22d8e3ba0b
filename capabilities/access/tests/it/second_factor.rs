//! The second factor of administrators and finance, through the pages.
use crate::common::*;
use kernel::{Instant, Role};
use store::Db;
use store::testing::{NOW, each_engine};

fn code(db: &Db, typed: &str) -> String {
    access::testing::code_of(typed, db.now()).expect("a secret")
}

/// Enrols and answers the full session's cookie and the secret as typed.
async fn enrol(h: &House, db: &Db, login: &str) -> (String, String) {
    let a = h.sign_in(login).await;
    assert_eq!(a.to, "/login/totp");
    let cookie = session_cookie(&a);
    assert_eq!(h.get("/settings", &cookie).await.to, "/login?back=/settings", "nothing before the second factor");
    let page = h.get("/login/totp", &cookie).await;
    assert!(page.body.contains("<svg xmlns") && page.body.contains("绑定动态验证码"));
    let typed = page.between("inp-like num\">", "<");
    assert_eq!(h.get("/login/totp", &cookie).await.between("inp-like num\">", "<"), typed, "the same until confirmed");
    let a = h.post("/login/totp", &cookie, &format!("_csrf={}&code={}", page.csrf(), code(db, &typed))).await;
    assert_eq!((a.status.as_u16(), a.to.as_str()), (303, "/"));
    assert_eq!(h.get("/settings", &cookie).await.status, 200);
    (cookie, typed)
}

#[tokio::test]
async fn finance_enrols_at_first_and_a_code_is_good_once() {
    each_engine(&migrations(), |db| async move {
        account(&db, "caiwu", Role::Finance, "441523", None).await;
        let h = house(&db, false);
        let (_, typed) = enrol(&h, &db, "caiwu").await;

        let a = h.sign_in("caiwu").await;
        let cookie = session_cookie(&a);
        let page = h.get("/login/totp", &cookie).await;
        assert!(!page.body.contains("<svg xmlns"), "the secret is not shown again");
        let csrf = page.csrf();
        let used = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={}", code(&db, &typed))).await;
        assert_eq!(used.status, 422, "the code of the enrolment is used up");
        assert!(used.body.contains("验证码不对"));

        db.clock().set(NOW.plus_ms(30_000));
        let now = code(&db, &typed);
        let a = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={now}")).await;
        assert_eq!(a.status, 303);

        let again = session_cookie(&h.sign_in("caiwu").await);
        let csrf = h.get("/login/totp", &again).await.csrf();
        let replay = h.post("/login/totp", &again, &format!("_csrf={csrf}&code={now}")).await;
        assert_eq!(replay.status, 422);
        assert_eq!(h.get("/settings", &again).await.to, "/login?back=/settings");
    })
    .await;
}

#[tokio::test]
async fn guessing_codes_locks_even_with_the_password() {
    each_engine(&migrations(), |db| async move {
        account(&db, "caiwu", Role::Finance, "441523", None).await;
        let h = house(&db, false);
        let (_, typed) = enrol(&h, &db, "caiwu").await;
        db.clock().set(NOW.plus_ms(60_000));
        // A new sign-in between the guesses does not start the count anew.
        let mut last = String::new();
        for _ in 0..5 {
            let cookie = session_cookie(&h.sign_in("caiwu").await);
            let csrf = h.get("/login/totp", &cookie).await.csrf();
            let wrong = if code(&db, &typed) == "000000" { "000001" } else { "000000" };
            last = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={wrong}")).await.body;
        }
        assert!(last.contains("错得太多，10:16 以后再试"));
        assert_eq!(h.sign_in("caiwu").await.status, 422, "the right password is refused too");
        db.clock().set(NOW.plus_ms(60_000 + 15 * Instant::MINUTE));
        let cookie = session_cookie(&h.sign_in("caiwu").await);
        let csrf = h.get("/login/totp", &cookie).await.csrf();
        let a = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={}", code(&db, &typed))).await;
        assert_eq!(a.status, 303);
    })
    .await;
}

#[tokio::test]
async fn another_administrator_resets_a_lost_phone() {
    each_engine(&migrations(), |db| async move {
        let lost = account(&db, "admin-a", Role::Administrator, "441523", None).await;
        let other = access::testing::session(&db, Role::Administrator, city(), None, None).await.unwrap();
        let h = house(&db, false);
        let (old, _) = enrol(&h, &db, "admin-a").await;
        let page = h.get(&format!("/accounts/{lost}/act/reset-totp"), &other.cookie).await;
        assert_eq!(page.status, 200);
        let a =
            h.post(&format!("/accounts/{lost}/act/reset-totp"), &other.cookie, &format!("_csrf={}", page.csrf())).await;
        assert_eq!(a.to, format!("/accounts/{lost}?done=reset-totp"));
        assert_eq!(h.get("/settings", &old).await.to, "/login?back=/settings", "its sessions are over");
        db.clock().set(NOW.plus_ms(30_000));
        enrol(&h, &db, "admin-a").await;

        let own = format!("/accounts/{}/act/reset-totp", other.user);
        let body = format!("_csrf={}", web::csrf_token(&h.app, other.session));
        assert_eq!(h.post(&own, &other.cookie, &body).await.status, 422, "nobody resets the own one");
    })
    .await;
}

#[tokio::test]
async fn the_secret_is_sealed_and_the_password_asked_to_change_phones() {
    each_engine(&migrations(), |db| async move {
        account(&db, "caiwu", Role::Finance, "441523", None).await;
        let h = house(&db, false);
        let (cookie, old) = enrol(&h, &db, "caiwu").await;
        let page = h.get("/settings/totp", &cookie).await;
        let (csrf, new) = (page.csrf(), page.between("inp-like num\">", "<"));
        assert_ne!(new, old);
        let fresh = code(&db, &new);
        let a = h.post("/settings/totp", &cookie, &format!("_csrf={csrf}&code={fresh}&password=wrong")).await;
        assert_eq!(a.status, 422);
        let a = h.post("/settings/totp", &cookie, &format!("_csrf={csrf}&code={fresh}&password={PASSWORD}")).await;
        assert_eq!(a.to, "/settings?done=totp");
        assert_eq!(h.get("/settings", &cookie).await.status, 200);
        let a = h.post("/settings/totp/off", &cookie, &format!("_csrf={csrf}&off_password={PASSWORD}")).await;
        assert_eq!(a.status, 422, "finance cannot do without");

        db.clock().set(NOW.plus_ms(90_000));
        let cookie = session_cookie(&h.sign_in("caiwu").await);
        let csrf = h.get("/login/totp", &cookie).await.csrf();
        let a = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={}", code(&db, &old))).await;
        assert_eq!(a.status, 422, "the old phone's code is refused");
        let a = h.post("/login/totp", &cookie, &format!("_csrf={csrf}&code={}", code(&db, &new))).await;
        assert_eq!(a.status, 303);
    })
    .await;
}
