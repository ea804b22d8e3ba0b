//! The pages behind all layers: tokens, origins, headers, denials, and that every page is there.
use crate::common::*;
use access::model::OrgKind;
use axum::body::Body;
use axum::http::Request;
use kernel::{Actor, OrgScope, Role, Scope, WorkerId};
use store::testing::each_engine;

#[tokio::test]
async fn a_form_needs_its_token_and_its_own_origin() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::TownStaff, region("441523103"), None, None).await.unwrap();
        let csrf = web::csrf_token(&h.app, s.session);
        assert_eq!(h.post("/settings/display", &s.cookie, "scale=elder").await.status, 403);
        assert_eq!(h.post("/settings/display", &s.cookie, "scale=elder&_csrf=0").await.status, 403);
        let foreign = |name: &str, value: &str| {
            Request::post("/settings/display")
                .header("cookie", &s.cookie)
                .header("host", "yinian.example")
                .header(name, value)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(format!("scale=elder&_csrf={csrf}")))
                .unwrap()
        };
        assert_eq!(h.send(foreign("origin", "https://evil.example")).await.status, 403);
        assert_eq!(h.send(foreign("sec-fetch-site", "cross-site")).await.status, 403);
        let a = h.post("/settings/display", &s.cookie, &format!("scale=elder&contrast=1&_csrf={csrf}")).await;
        assert_eq!(a.to, "/settings?done=display");
        let page = h.get("/settings", &s.cookie).await;
        assert!(page.body.contains("data-scale=\"elder\"") && page.body.contains("data-contrast=\"high\""));
    })
    .await;
}

#[tokio::test]
async fn pages_carry_the_security_headers_and_the_cookie_its_flags() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let h = house(&db, false);
        let page = h.get("/login", "").await;
        let header = |name: &str| page.headers.get(name).map(|v| v.to_str().unwrap().to_string()).unwrap_or_default();
        assert!(header("content-security-policy").contains("script-src 'self'"));
        assert!(!header("content-security-policy").contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
        let a = h.sign_in("chenjm").await;
        let cookie = &a.cookies[0];
        for flag in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800;"] {
            assert!(cookie.contains(flag), "{flag} in {cookie}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_denial_is_told_and_audited() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::TownStaff, region("441523103"), None, None).await.unwrap();
        let a = h.get("/accounts", &s.cookie).await;
        assert_eq!(a.status, 403);
        assert!(a.body.contains("可由管理员来做"));
        assert_eq!(audited(&db, "access.denied").await, 1);
        assert_eq!(h.get("/accounts", "").await.to, "/login?back=/accounts");
        assert_eq!(audited(&db, "access.denied").await, 1, "nobody signed in is no denial");
    })
    .await;
}

#[tokio::test]
async fn sign_in_goes_back_to_a_page_of_this_site_only() {
    each_engine(&migrations(), |db| async move {
        account(&db, "chenjm", Role::TownStaff, "441523103", None).await;
        let h = house(&db, false);
        let to =
            async |back: &str| h.post("/login", "", &format!("login=chenjm&password={PASSWORD}&back={back}")).await.to;
        assert_eq!(to("/elders?page=2").await, "/elders?page=2");
        assert_eq!(to("//evil.example/x").await, "/");
        assert_eq!(to("https://evil.example").await, "/");
        let a = h.post("/login", "", "login=chenjm&password=wrong").await;
        assert_eq!(a.status, 422);
        assert!(a.body.contains("value=\"chenjm\""), "the login stays typed");
        assert!(a.cookies.is_empty());
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::TownStaff, region("441523103"), None, None).await.unwrap();
        assert_eq!(h.get("/settings", &s.cookie).await.status, 200);
        let a = h.post("/logout", &s.cookie, &format!("_csrf={}", web::csrf_token(&h.app, s.session))).await;
        assert_eq!(a.to, "/login");
        assert_eq!(a.cookie("yn_session").as_deref(), Some(""));
        assert_eq!(h.get("/settings", &s.cookie).await.to, "/login?back=/settings");
    })
    .await;
}

#[tokio::test]
async fn the_region_switcher_stays_inside_ones_scope() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::CountyStaff, region("441523"), None, None).await.unwrap();
        let request = Request::get("/region/441523103000")
            .header("cookie", &s.cookie)
            .header("host", "yinian.example")
            .header("referer", "https://yinian.example/orders?state=open")
            .body(Body::empty())
            .unwrap();
        let a = h.send(request).await;
        assert_eq!(a.to, "/orders?state=open");
        assert_eq!(a.cookie("yn_region").as_deref(), Some("441523103000"));
        let narrowed = h.get("/settings", &format!("{}; yn_region=441523103000", s.cookie)).await;
        assert!(narrowed.body.contains("<span aria-current=\"true\">水唇镇</span>"));
        assert_eq!(h.get("/region/441521000000", &s.cookie).await.status, 404);
        assert_eq!(h.get("/region/441500000000", &s.cookie).await.status, 404);
        assert_eq!(h.get("/region/nonsense", &s.cookie).await.status, 404);
        let outside = h.get("/settings", &format!("{}; yn_region=441521000000", s.cookie)).await;
        assert!(!outside.body.contains("海丰县"), "a cookie made by hand widens nothing");
    })
    .await;
}

#[tokio::test]
async fn every_page_of_an_administrator_is_there() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::Administrator, city(), None, None).await.unwrap();
        let csrf = web::csrf_token(&h.app, s.session);
        let a = h
            .post(
                "/orgs/new",
                &s.cookie,
                &format!("_csrf={csrf}&name=%E5%AE%89%E9%A2%90&kind=provider&region=441523000000"),
            )
            .await;
        assert_eq!(a.to, "/orgs?done=org-new");
        let scope = Scope { region: city(), org: OrgScope::Any };
        let provider = access::service::orgs(&db, &scope, Some(OrgKind::Provider)).await.unwrap()[0].id;
        let form = format!("_csrf={csrf}&name=%E5%8F%B6&login=manager-1&role=provider_manager&region=441523000000");
        let a = h.post("/accounts/new", &s.cookie, &form).await;
        assert_eq!(a.status, 422);
        assert!(a.body.contains("要选所在的服务商") && a.body.contains("value=\"manager-1\""));
        let a = h.post("/accounts/new", &s.cookie, &format!("{form}&org={provider}")).await;
        assert_eq!(a.status, 200);
        let given = a.between("secret\">", "<");
        let next = h.post("/login", "", &format!("login=manager-1&password={given}")).await.to;
        assert_eq!(next, "/login/password");
        let user = a.between("href=\"/accounts/", "\"");
        let key = h
            .post(
                "/api-keys/new",
                &s.cookie,
                &format!("_csrf={csrf}&name=x&role=county_staff&region=441523000000&until=2027-01-31"),
            )
            .await;
        assert_eq!(key.status, 200, "{}", key.body);
        let key = key.between("href=\"/api-keys/", "\"");
        let pages = [
            "/accounts".to_string(),
            "/accounts?role=provider_manager&active=yes&q=man".into(),
            "/accounts?sort=name&dir=desc".into(),
            "/accounts/new".into(),
            format!("/accounts/{user}"),
            format!("/accounts/{user}/edit"),
            format!("/accounts/{user}/act/disable"),
            format!("/accounts/{user}/act/reset-password"),
            "/sessions".into(),
            "/sessions?q=x&sort=seen".into(),
            "/orgs?kind=provider&q=%E5%AE%89".into(),
            "/orgs/new".into(),
            format!("/orgs/{provider}/edit"),
            "/api-keys".into(),
            "/api-keys/new".into(),
            format!("/api-keys/{key}"),
            "/audit".into(),
            "/audit?action=access.account_made&q=x".into(),
            "/audit/verify".into(),
            "/jobs?state=failed".into(),
            "/settings".into(),
            "/settings/totp".into(),
        ];
        for p in pages {
            let a = h.get(&p, &s.cookie).await;
            assert_eq!(a.status, 200, "{p}");
            assert!(a.body.contains("</html>"), "{p}");
            assert!(!a.body.contains(" style=") && !a.body.contains("onclick"), "{p} keeps the content policy");
        }
        for p in ["/accounts/nonsense", "/accounts/00000000-0000-0000-0000-000000000000", "/api-keys/x", "/jobs/x"] {
            assert_eq!(h.get(p, &s.cookie).await.status, 404, "{p}");
        }
        let v = h.post("/audit/verify", &s.cookie, &format!("_csrf={csrf}")).await;
        assert!(v.body.contains("没有被改过"));
    })
    .await;
}

#[tokio::test]
async fn provider_people_change_only_their_own_settings() {
    each_engine(&migrations(), |db| async move {
        let h = house(&db, false);
        let provider = org(&db, OrgKind::Provider, "安颐居家服务中心").await;
        let worker = db.new_id::<WorkerId>();
        let s =
            access::testing::session(&db, Role::Worker, region("441523"), Some(provider), Some(worker)).await.unwrap();
        assert_eq!(h.get("/settings", &s.cookie).await.status, 200);
        for p in ["/accounts", "/orgs", "/api-keys", "/sessions", "/audit", "/jobs"] {
            assert_eq!(h.get(p, &s.cookie).await.status, 403, "{p}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_failed_job_is_shown_and_started_anew() {
    each_engine(&migrations(), |db| async move {
        struct Breaks;
        #[async_trait::async_trait]
        impl work::Job for Breaks {
            fn kind(&self) -> &'static str {
                "breaks"
            }
            async fn run(&self, _: &work::JobCtx, _: serde_json::Value) -> kernel::Result<serde_json::Value> {
                Err(kernel::Error::refused("文件里没有一行能用"))
            }
        }
        let h = house(&db, false);
        let s = access::testing::session(&db, Role::TownStaff, region("441523103"), None, None).await.unwrap();
        let elsewhere = access::testing::session(&db, Role::TownStaff, region("441521100"), None, None).await.unwrap();
        let scope = Scope { region: region("441523103"), org: OrgScope::Any };
        let actor = Actor::Platform { job: "test", scope };
        let tx = db.begin().await.unwrap();
        let none = serde_json::Value::Null;
        let id = work::enqueue(&tx, &db, &actor, "breaks", "k1", "导入档案", &none, scope.region).await.unwrap();
        tx.commit().await.unwrap();
        let waiting = h.get(&format!("/jobs/{id}"), &s.cookie).await;
        assert!(waiting.body.contains(&format!("data-live=\"/jobs/{id}/live\"")));
        let csrf = web::csrf_token(&h.app, s.session);
        let again = format!("/jobs/{id}/again");
        assert_eq!(h.post(&again, &s.cookie, &format!("_csrf={csrf}")).await.status, 422, "not failed yet");

        let runner = work::Runner {
            db: db.clone(),
            jobs: vec![std::sync::Arc::new(Breaks) as std::sync::Arc<dyn work::Job>].into(),
            schedules: Default::default(),
            subscribers: Default::default(),
            scope,
        };
        runner.drain().await.unwrap();
        let failed = h.get(&format!("/jobs/{id}"), &s.cookie).await;
        assert!(failed.body.contains("文件里没有一行能用") && !failed.body.contains("data-live=\"/"));
        assert!(h.get("/jobs?state=failed", &s.cookie).await.body.contains("导入档案"));
        let live = h.get(&format!("/jobs/{id}/live"), &s.cookie).await;
        assert!(live.body.contains("\"done\":true") && live.body.contains("没做成"));
        assert_eq!(h.get(&format!("/jobs/{id}"), &elsewhere.cookie).await.status, 404);

        assert_eq!(h.post(&again, &s.cookie, &format!("_csrf={csrf}")).await.status, 303);
        let row = work::job(&db, &scope, id).await.unwrap().unwrap();
        assert_eq!(row.state(), work::JobState::Waiting);
        runner.drain().await.unwrap();
        assert_eq!(
            work::job(&db, &scope, id).await.unwrap().unwrap().state(),
            work::JobState::Failed,
            "it ran at once"
        );
    })
    .await;
}
