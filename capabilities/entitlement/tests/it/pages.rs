//! The pages, as the browser gets them.
use crate::common::*;
use async_trait::async_trait;
use entitlement::service;
use kernel::{OrgScope, Role, SessionId, UserId};
use std::sync::Arc;
use store::Db;
use store::testing::each_engine;
use tower::ServiceExt;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode, header};
use web::{App, AppParts, Authenticator, Site, Viewer};

/// Everyone is this viewer.
struct Always(Viewer);

#[async_trait]
impl Authenticator for Always {
    async fn viewer(&self, _: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        Ok(Some(self.0.clone()))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

fn viewer(db: &Db, role: Role, code: &str) -> Viewer {
    let org = if role.of_provider() { OrgScope::Org(db.new_id()) } else { OrgScope::Any };
    let scope = kernel::Scope { region: region(code), org };
    Viewer {
        user: db.new_id::<UserId>(),
        name: "温国辉".into(),
        role,
        org_name: "水唇镇民政办".into(),
        org: scope.org_id(),
        worker: None,
        full_scope: scope,
        scope,
        session: Some(db.new_id::<SessionId>()),
        contrast_high: false,
        scale: String::new(),
    }
}

async fn app(db: &Db, viewer: &Viewer) -> App {
    let site = Site {
        name: "汕尾市智慧养老服务平台".into(),
        region: region(CITY),
        demo: false,
        data: std::path::PathBuf::new(),
        secure_cookies: false,
    };
    let parts = AppParts {
        db: db.clone(),
        site,
        auth: Arc::new(Always(viewer.clone())),
        nav: entitlement::nav(),
        regions: people::service::load_book(db).await.expect("regions"),
        runner: None,
    };
    App::new(parts, vec![Arc::new(entitlement::Shelf::of(packs()))])
}

async fn get(db: &Db, role: Role, code: &str, path: &str) -> (StatusCode, String) {
    let viewer = viewer(db, role, code);
    let router = web::finish(entitlement::routes(), app(db, &viewer).await);
    let response = router.oneshot(Request::get(path).body(Body::empty()).expect("a request")).await.expect("answers");
    let status = response.status();
    let body = to_bytes(response.into_body(), 8 << 20).await.expect("a body").to_vec();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn ok(db: &Db, path: &str) -> String {
    let (status, text) = get(db, Role::TownStaff, TOWN, path).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    text
}

#[tokio::test]
async fn an_elders_page_tells_why_and_the_notice_can_be_printed() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        run(&db, "2026-10-01").await;
        back(&db);
        let purse = purse_on(&db, home(&db, elder).await, "2026-11-20").await.expect("a purse");
        let spender = Spender::new(&db);
        spender.spend(&db, &purse, yuan(186)).await;
        spender.hold(&db, &purse, yuan(40)).await;
        let text = ok(&db, &format!("/elders/{elder}/entitlement")).await;
        for words in [
            "4 个条件都满足",
            "户籍为农村",
            "农村，入户采集 2026-10-01",
            "满 75 周岁、不满 80 周岁",
            "77 周岁，2029-03-08 满 80",
            "汕尾市陆河县水唇镇墩塘村",
            "每户每月 ¥100.00，按季结算，季末清零",
            "¥74.00",
            "10–12 月额度 ¥300.00",
            "12-31 清零，还有 41 天",
            "额度 ¥300.00，已用 ¥186.00，已预约 ¥40.00，可用 ¥74.00",
            "原文没有写、由本地定的",
            "2026 年第 4 季度",
        ] {
            assert!(text.contains(words), "{words}");
        }
        let notice = ok(&db, &format!("/elders/{elder}/entitlement/print")).await;
        for words in ["待遇认定告知书", "自动认定，不用申请", "服务对象", "现在可用 ¥74.00", "水唇镇民政办"]
        {
            assert!(notice.contains(words), "{words}");
        }
        assert!(!notice.contains("城镇 75"), "only what is held stands on the notice");
        let json: serde_json::Value =
            serde_json::from_str(&ok(&db, &format!("/api/v1/elders/{elder}/entitlement")).await).expect("JSON");
        assert_eq!(json["purses"][0]["available"], 7_400);
        assert_eq!(json["determinations"][0]["verdict"], "eligible");
        assert_eq!(json["determinations"][0]["explanation"]["root"]["children"][0]["truth"], "met");
    })
    .await;
}

#[tokio::test]
async fn only_the_granted_months_are_named() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        for (n, birth, words) in [(1, "1951-11-19", "11–12 月额度 ¥200.00"), (2, "1951-12-05", "12 月额度 ¥100.00")]
        {
            let elder = open(&db, person(birth, n)).await;
            let from = if n == 1 { "2026-11-20" } else { "2026-12-06" };
            at(&db, from);
            run(&db, from).await;
            let text = ok(&db, &format!("/elders/{elder}/entitlement")).await;
            assert!(text.contains(words), "{words}: {text}");
            assert!(!text.contains("10–12 月额度") && !text.contains("12–12 月"), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_panel_shows_purse_and_reasons_and_the_timeline_what_happened() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let elder = open(&db, person("1949-03-08", 1)).await;
        let mut unclear = person("1949-03-08", 2);
        unclear.hukou_region = None;
        let unclear = open(&db, unclear).await;
        let young = open(&db, person("1960-03-08", 3)).await;
        run(&db, "2026-10-01").await;
        back(&db);
        let panel = entitlement::panels(Arc::new(entitlement::Shelf::of(packs()))).remove(0);
        let staff = viewer(&db, Role::VillageStaff, VILLAGE);
        let app = app(&db, &staff).await;
        let html = |id| {
            let (panel, app, staff, db) = (panel.clone(), app.clone(), staff.clone(), db.clone());
            async move {
                let card = people::service::card(&db, &staff.scope, id).await.expect("card");
                panel.panel(&app, &staff, &card).await.expect("drawn").expect("shown").html
            }
        };
        let full = html(elder).await;
        for words in ["正在享受的待遇", "享受中", "本季还能用", "¥300.00", "依据：4 个条件都满足", "自动认定"]
        {
            assert!(full.contains(words), "{words}");
        }
        assert!(!full.contains("城市居家养老服务"), "the packs it excludes are not told");
        assert!(html(unclear).await.contains("没有登记户籍地"));
        let short = html(young).await;
        assert!(short.contains("不符合") && short.contains("不满足：满 75 周岁、不满 80 周岁"), "{short}");

        let items = panel.timeline(&db, &staff.scope, elder).await.expect("timeline");
        let told: Vec<&str> = items.iter().map(|i| i.text.as_str()).collect();
        assert!(told.contains(&"2026 年第 4 季度额度 ¥300.00 到账"), "{told:?}");
        assert!(told.iter().any(|t| t.contains("2024-03-08 起")), "{told:?}");
        let manager = viewer(&db, Role::ProviderManager, COUNTY);
        let card = people::service::card(&db, &staff.scope, elder).await.expect("card");
        assert!(panel.panel(&app, &manager, &card).await.expect("asked").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_policy_can_be_read_with_its_choices_and_examples() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let list = ok(&db, "/policies").await;
        for words in ["农村 75–79 周岁老年人居家养老服务", "12 个通过", "本地举例", "还没有认定过"]
        {
            assert!(list.contains(words), "{words}");
        }
        let text = ok(&db, &format!("/policies/{RURAL}")).await;
        for words in [
            "服务标准",
            "每户每月 100 元，一个季度结算一次",
            "hukou == &#39;rural&#39;",
            "满 75 周岁、不满 80 周岁",
            "满 75 周岁后从哪个月开始",
            "本地选择",
            "原文没有写的 6 处由本地定",
            "满 80 周岁前一天",
            "缺资料：户籍性质",
            "享受 2026-08、2026-09",
        ] {
            assert!(text.contains(words), "{words}");
        }
        assert!(!text.contains("现在认定</button>"), "a town's clerk does not run everyone");
        let example = ok(&db, &format!("/policies/{OLDER}")).await;
        assert!(example.contains("年龄、金额和月份算法都是举例"));
        assert_eq!(get(&db, Role::TownStaff, TOWN, "/policies/none").await.0, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn lists_narrow_export_and_stay_inside_the_region() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let old = open(&db, person("1949-03-08", 1)).await;
        let new = open(&db, person("1951-11-10", 2)).await;
        let mut unclear = person("1949-03-08", 3);
        unclear.hukou_region = None;
        let unclear = open(&db, unclear).await;
        run(&db, "2026-11-20").await;
        back(&db);
        let has = |text: &str, id: kernel::ElderId| text.contains(&format!("/elders/{id}/entitlement\""));
        let all = ok(&db, "/entitled").await;
        assert!(has(&all, old) && has(&all, new) && !has(&all, unclear));
        let newly = ok(&db, "/entitled?view=newly").await;
        assert!(!has(&newly, old) && has(&newly, new));
        let unknown = ok(&db, "/entitled?view=unknown").await;
        assert!(has(&unknown, unclear) && !has(&unknown, old));
        assert!(!has(&ok(&db, &format!("/entitled?pack={URBAN}")).await, old));
        let found = ok(&db, "/entitled?q=%E8%80%81%E4%BA%BA2").await;
        assert!(has(&found, new) && !has(&found, old));
        let purses = ok(&db, "/purses").await;
        assert!(has(&purses, old) && purses.contains("¥300.00") && purses.contains("¥200.00"));
        assert!(!has(&ok(&db, "/purses?over=yes").await, old));
        let (status, sheet) = get(&db, Role::TownStaff, TOWN, "/purses?export=xlsx").await;
        assert_eq!((status, &sheet[..2]), (StatusCode::OK, "PK"));
        let sorted = ok(&db, "/purses?sort=granted%3B--&dir=desc").await;
        assert!(has(&sorted, old), "what is not on the list is not sorted by");

        for path in ["/entitled", "/purses"] {
            let (_, text) = get(&db, Role::TownStaff, OTHER_TOWN, path).await;
            assert!(!has(&text, old) && !has(&text, new), "{path}");
        }
        let page = format!("/elders/{old}/entitlement");
        for path in [page.clone(), format!("{page}/print"), format!("/api/v1{page}")] {
            assert_eq!(get(&db, Role::TownStaff, OTHER_TOWN, &path).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(get(&db, Role::ProviderManager, COUNTY, &path).await.0, StatusCode::FORBIDDEN, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_may_asks_for_a_determination_now() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let staff = viewer(&db, Role::CountyStaff, COUNTY);
        let app = app(&db, &staff).await;
        let token = web::csrf_token(&app, staff.session.expect("a session"));
        let post = |router: web::axum::Router| {
            let body = format!("_csrf={token}");
            let request = Request::post("/policies/run")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(body))
                .expect("a request");
            async move { router.oneshot(request).await.expect("answers") }
        };
        let response = post(web::finish(entitlement::routes(), app.clone())).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let to = response.headers()[header::LOCATION].to_str().expect("text").to_string();
        let id: kernel::JobId = to.strip_prefix("/jobs/").expect("its job").parse().expect("an id");
        let job = work::job(&db, &scope(COUNTY), id).await.expect("read").expect("there");
        assert_eq!((job.kind.as_str(), job.region), (entitlement::DETERMINE, region(COUNTY)));
        let again = post(web::finish(entitlement::routes(), app)).await;
        assert_eq!(again.headers()[header::LOCATION].to_str().expect("text"), to, "one job a minute");
        tell(&db).await;
        let job = work::job(&db, &scope(COUNTY), id).await.expect("read").expect("there");
        assert_eq!(job.state(), work::JobState::Done, "{:?}", job.error);
        assert!(service::determined_on(&db, &scope(TOWN)).await.expect("read").is_some());
        assert_eq!(service::determined_on(&db, &scope(CITY)).await.expect("read"), None, "only the county was done");
    })
    .await;
}

#[tokio::test]
async fn every_pack_that_is_shipped_is_listed_and_can_be_read() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let has = |text: &str, id: &str| text.contains(&format!("/policies/{id}\""));
        let all = ok(&db, "/policies").await;
        assert_eq!(packs().len(), 18);
        for pack in packs().all() {
            assert!(has(&all, &pack.id), "{}", pack.id);
        }
        for words in
            ["老年人", "设施", "资金", "汕尾市", "外地，重庆市", "2022-01-01 至 2026-12-31", "每周 1 次", "自付 50%"]
        {
            assert!(all.contains(words), "{words}");
        }
        let funds = ok(&db, "/policies?subject=fund").await;
        assert!(has(&funds, "lottery-share") && !has(&funds, RURAL) && !has(&funds, "canteen-subsidy"));
        let elsewhere = ok(&db, "/policies?place=elsewhere").await;
        assert!(has(&elsewhere, "renovation-hubei") && !has(&elsewhere, "meal-help"));
        let automatic = ok(&db, "/policies?automatic=yes").await;
        assert!(
            has(&automatic, "visits-weekly") && !has(&automatic, "service-tiers-yiwu") && !has(&automatic, "fund-uses")
        );
        let found = ok(&db, "/policies?q=%E5%8A%A9%E9%A4%90").await;
        assert!(has(&found, "meal-help") && !has(&found, RURAL), "found by 助餐");
        let order =
            |text: &str| (text.find("/policies/urban-home-care\""), text.find("/policies/bed-subsidy-quxian\""));
        let (late, early) = order(&ok(&db, "/policies?sort=state&dir=desc").await);
        assert!(late < early, "2020 before 2016");
        let (late, early) = order(&ok(&db, "/policies?sort=state&dir=asc").await);
        assert!(early < late);
        let (status, sheet) = get(&db, Role::TownStaff, TOWN, "/policies?export=xlsx").await;
        assert_eq!((status, &sheet[..2]), (StatusCode::OK, "PK"));

        for pack in packs().all() {
            let text = ok(&db, &format!("/policies/{}", pack.id)).await;
            assert!(text.contains(&pack.title) && text.contains("样例"), "{}", pack.id);
            for grant in &pack.grants {
                let now = pack.at(day("2026-11-20")).expect("in effect");
                assert!(text.contains(&now.grant_zh(&grant.kind)), "{}: {}", pack.id, grant.name);
            }
            for paper in &pack.evidence {
                assert!(text.contains(&paper.label), "{}: {}", pack.id, paper.id);
            }
        }
        let words = |id: &'static str| {
            let db = db.clone();
            async move { ok(&db, &format!("/policies/{id}")).await }
        };
        let hubei = words("renovation-hubei").await;
        for said in ["外地的政策，只供查看", "据实补贴，最高 ¥", "只算基础项目", "要的材料"]
        {
            assert!(hubei.contains(said), "{said}");
        }
        assert!(!hubei.contains("符合名单"), "nobody here is determined under it");
        let chongqing = words("renovation-chongqing-2020").await;
        assert!(
            chongqing.contains("可选项目也算") && chongqing.contains("自付部分：") && chongqing.contains("¥400.00")
        );
        let level = words("service-need-level").await;
        for said in ["要做的评估", "GB/T 42195-2022", "没有评估的算缺资料", "不发钱"] {
            assert!(level.contains(said), "{said}");
        }
        let weekly = words("visits-weekly").await;
        assert!(
            weekly.contains("/policies/visits-monthly\"") && weekly.contains("两项都符合的，给本政策的"),
            "{weekly}"
        );
        assert!(words("visits-monthly").await.contains("两项都符合的，给那一项"));
        assert!(words(RURAL).await.contains("不能一起享受的"));
    })
    .await;
}

#[tokio::test]
async fn an_elders_page_shows_every_pack_and_what_would_have_to_change() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let mut alone = person("1944-03-08", 1);
        alone.living = people::model::Living::EmptyNest;
        alone.income = people::model::IncomeClass::Subsistence;
        let elder = open(&db, alone).await;
        let young = open(&db, person("1952-03-08", 2)).await;
        run(&db, "2026-10-01").await;
        back(&db);
        let text = ok(&db, &format!("/elders/{elder}/entitlement")).await;
        let at_word = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word}: {text}"));
        let (held, open, closed) =
            (at_word("p-rural-home-care-80"), at_word("p-service-need-level"), at_word("p-urban-home-care"));
        assert!(held < open && open < closed, "eligible, then unknown, then the rest");
        for words in [
            "没有登记评估日期",
            &format!("/assessments/new?elder={elder}"),
            "申请能力评估",
            "两项只给一项，已按",
            "/policies/visits-weekly\"",
            "要怎样才符合",
            "每周 1 次",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text[closed..closed + 80].contains("<details class=\"fold\">"), "what does not apply is closed");
        assert!(!text.contains("适老化改造"), "packs of other places decide nobody here");
        let page = ok(&db, &format!("/elders/{young}/entitlement")).await;
        for words in ["离“", "还差 1 条", "要满 75 周岁", "现在年龄 74", "2027-03-08 起就满足"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        let notice = ok(&db, &format!("/elders/{young}/entitlement/print")).await;
        for words in ["要怎样才符合", "要满 75 周岁", "其他待遇", "2027-03-08 起就满足"] {
            assert!(notice.contains(words), "{words}: {notice}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&ok(&db, &format!("/api/v1/elders/{young}/entitlement")).await).expect("JSON");
        assert_eq!(json["determinations"].as_array().map(Vec::len), Some(9));
        assert_eq!(json["determinations"][0]["counterfactual"]["needs"][0]["met_on"], "2027-03-08");

        let has = |text: &str, id: kernel::ElderId| text.contains(&format!("/elders/{id}/entitlement\""));
        let listed = ok(&db, "/entitled").await;
        assert!(has(&listed, elder) && !has(&listed, young), "the list means purses");
        let users = ok(&db, "/entitled?pack=service-users").await;
        assert!(has(&users, elder) && has(&users, young), "asked for one pack it is that pack");
        let open = ok(&db, "/entitled?view=unknown&pack=service-need-level").await;
        assert!(has(&open, young) && open.contains("缺资料"));
    })
    .await;
}
