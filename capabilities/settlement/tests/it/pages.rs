//! The pages, the files and the JSON answer, through the finished router.
use crate::common::*;
use kernel::{Fen, OrgScope, Role, Scope};
use papers::{ColumnSpec, Limits};
use settlement::model::{Decision, ListState, Step};
use settlement::service::{self, Seen};
use std::sync::Arc;
use store::testing::each_engine;
use tower::util::ServiceExt;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode, header};
use web::{App, AppParts, Authenticator, Site, Viewer};

const PASSWORD: &str = "bofu-2026-qu";

/// Signs in whoever the headers name, without a session; who pays has an account with a password.
struct ByHeader {
    payer: kernel::UserId,
}

#[async_trait::async_trait]
impl Authenticator for ByHeader {
    async fn viewer(&self, headers: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
        let Some(role) = Role::parse(&text("x-role")) else { return Ok(None) };
        let org = text("x-org").parse().ok();
        let scope = Scope {
            region: text("x-region").parse().map_err(kernel::Error::refused)?,
            org: org.map_or(OrgScope::Any, OrgScope::Org),
        };
        Ok(Some(Viewer {
            user: if role == Role::Finance { self.payer } else { user(text("x-user").parse().unwrap_or(50)) },
            name: "陈嘉敏".into(),
            role,
            org_name: "测试".into(),
            org,
            worker: None,
            full_scope: scope,
            scope,
            session: None,
            contrast_high: false,
            scale: String::new(),
        }))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

struct Pages {
    w: World,
    router: web::axum::Router,
}

struct Who<'a> {
    role: Role,
    region: &'a str,
    org: Option<kernel::OrgId>,
    user: u32,
}
const COUNTY_STAFF: Who<'static> = Who { role: Role::CountyStaff, region: COUNTY, org: None, user: 1 };
const TOWN_STAFF: Who<'static> = Who { role: Role::TownStaff, region: TOWN, org: None, user: 2 };
const TOWN_B_STAFF: Who<'static> = Who { role: Role::TownStaff, region: TOWN_B, org: None, user: 3 };
const FINANCE: Who<'static> = Who { role: Role::Finance, region: COUNTY, org: None, user: 4 };

impl Pages {
    async fn new(db: store::Db) -> Pages {
        let w = World::new(db).await;
        let password = access::HashedPassword::of(PASSWORD).await.expect("hashed");
        let new = access::model::NewAccount {
            login: "yewf".into(),
            name: "叶文峰".into(),
            role: Role::Finance,
            region: region(COUNTY),
            org: None,
            worker: None,
            password: Some(password),
            must_change: false,
        };
        let platform = kernel::Actor::Platform { job: "test", scope: scope("441500000000") };
        let tx = w.db.begin().await.expect("begins");
        let payer = access::service::create_account(&tx, &w.db, &platform, new).await.expect("an account");
        tx.commit().await.expect("commits");
        let site = Site {
            name: "测试".into(),
            region: region("441500000000"),
            demo: false,
            data: std::path::PathBuf::new(),
            secure_cookies: false,
        };
        let parts = AppParts {
            db: w.db.clone(),
            site,
            auth: Arc::new(ByHeader { payer }),
            nav: settlement::nav(),
            regions: kernel::RegionBook::from_csv(people::service::shipped_regions()).expect("regions"),
            runner: None,
        };
        let router = web::finish(settlement::routes(), App::new(parts, Vec::new()));
        Pages { w, router }
    }
    async fn raw(&self, who: &Who<'_>, path: &str, form: Option<&str>) -> (StatusCode, String, Vec<u8>) {
        let mut request = Request::builder()
            .uri(path)
            .header("x-role", who.role.code())
            .header("x-region", who.region)
            .header("x-user", who.user.to_string());
        if let Some(org) = who.org {
            request = request.header("x-org", org.to_string());
        }
        let body = match form {
            Some(text) => {
                request = request.method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                Body::from(text.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).expect("request")).await.expect("answers");
        let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
        let status = response.status();
        (status, to, to_bytes(response.into_body(), 10 << 20).await.expect("body").to_vec())
    }
    async fn page(&self, who: &Who<'_>, path: &str) -> String {
        let (status, _, body) = self.raw(who, path, None).await;
        let text = String::from_utf8(body).expect("text");
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        assert_eq!(text.matches("<h1").count(), 1, "{path} has one heading");
        assert!(!text.contains("style=\""), "{path} has an inline style");
        text
    }
}

/// The value of a hidden field, in the order of the page.
fn hidden(page: &str, name: &str) -> Vec<String> {
    let mark = format!("name=\"{name}\" value=\"");
    page.match_indices(&mark)
        .filter_map(|(at, _)| page[at + mark.len()..].split('"').next())
        .map(str::to_string)
        .collect()
}
fn form_of(tokens: &[String], more: &str) -> String {
    let seen: Vec<String> = tokens.iter().map(|t| format!("seen={t}")).collect();
    format!("{}&{more}", seen.join("&"))
}

#[tokio::test]
async fn a_quarter_goes_through_the_pages_from_desk_to_payment() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        w.usual().await;
        w.db.clock().set(day("2026-10-08").at(9, 0));
        let empty = s.page(&COUNTY_STAFF, "/settlements").await;
        assert!(empty.contains("这个季度还没有清单") && empty.contains("生成清单"));
        assert!(!s.page(&TOWN_STAFF, "/settlements").await.contains("/settlements/run"), "a town makes no lists");
        s.page(&COUNTY_STAFF, "/settlements/run?quarter=2026Q3").await;
        let (status, to, _) = s.raw(&COUNTY_STAFF, "/settlements/run", Some("quarter=2026Q3")).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(to.starts_with("/jobs/"), "{to}");
        let runner = work::Runner {
            db: w.db.clone(),
            jobs: Arc::new(settlement::jobs()),
            schedules: Arc::new(Vec::new()),
            subscribers: Arc::new(Vec::new()),
            scope: scope("441500000000"),
        };
        runner.drain().await.expect("the job runs");
        let list = w.list_of(w.yian).await;
        let desk = s.page(&COUNTY_STAFF, "/settlements").await;
        assert!(desk.contains("颐安居家养老服务有限公司") && desk.contains("¥200.00"), "{desk}");
        for path in ["", "/lines", "/lines/1", "/print", "?verify=1"] {
            s.page(&COUNTY_STAFF, &format!("/settlements/{}{path}", list.id)).await;
        }
        assert!(s.page(&COUNTY_STAFF, "/settlements/all").await.contains(&list.no));
        // Both towns approve everything that waits for them, then county, then finance.
        for (who, path) in [
            (&TOWN_STAFF, "town-approval"),
            (&TOWN_B_STAFF, "town-approval"),
            (&COUNTY_STAFF, "county-approval"),
            (&FINANCE, "payment"),
        ] {
            let path = format!("/settlements/{path}");
            let confirm = s.page(who, &format!("{path}?quarter=2026Q3")).await;
            let mut form = form_of(&hidden(&confirm, "seen"), "note=%E5%B1%9E%E5%AE%9E");
            assert_eq!(confirm.contains("name=\"password\""), who.role == Role::Finance, "{path}");
            if who.role == Role::Finance {
                for (wrong, why) in [("", "密码没有填"), ("&password=guessed-one", "密码不对。再错 4 次要等 15 分钟")]
                {
                    let (status, _, body) = s.raw(who, &path, Some(&format!("{form}{wrong}"))).await;
                    let text = String::from_utf8_lossy(&body);
                    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
                    assert!(text.contains(why) && text.contains("属实") && !text.contains("guessed-one"), "{text}");
                }
                assert_eq!(w.list_of(w.yian).await.state, ListState::Finance, "nothing is paid");
                form += &format!("&password={PASSWORD}");
            }
            let (status, to, body) = s.raw(who, &path, Some(&form)).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {}", String::from_utf8_lossy(&body));
            assert!(to.contains("done="), "{to}");
            s.page(who, &to).await;
        }
        assert_eq!(w.list_of(w.yian).await.state, ListState::Paid);
        assert_eq!(w.list_of(w.kangle).await.state, ListState::Paid);
        assert_eq!(w.balance(&books::codes::paid(w.yian)).await, Fen(16_000));
        let record = s.page(&FINANCE, &format!("/settlements/{}?done=paid", list.id)).await;
        assert!(
            record.contains("已拨付，工单和清单都已锁定") && !record.contains("/settlements/payment"),
            "nothing is left to do"
        );
    })
    .await;
}

#[tokio::test]
async fn five_wrong_passwords_at_the_payment_lock_the_account() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        w.usual().await;
        w.close().await;
        for (who, path) in
            [(&TOWN_STAFF, "town-approval"), (&TOWN_B_STAFF, "town-approval"), (&COUNTY_STAFF, "county-approval")]
        {
            let path = format!("/settlements/{path}");
            let confirm = s.page(who, &format!("{path}?quarter=2026Q3")).await;
            let form = form_of(&hidden(&confirm, "seen"), "");
            assert_eq!(s.raw(who, &path, Some(&form)).await.0, StatusCode::SEE_OTHER);
        }
        let confirm = s.page(&FINANCE, "/settlements/payment?quarter=2026Q3").await;
        let seen = hidden(&confirm, "seen");
        let pay = async |password: &str| {
            let form = form_of(&seen, &format!("password={password}"));
            let (status, _, body) = s.raw(&FINANCE, "/settlements/payment", Some(&form)).await;
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        for _ in 0..4 {
            assert!(pay("guessed-one").await.1.contains("密码不对"));
        }
        for password in ["guessed-one", PASSWORD] {
            let (status, text) = pay(password).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(text.contains("错得太多"), "the right one is refused too: {text}");
        }
        w.db.clock().set(w.db.now().plus_minutes(15));
        assert_eq!(pay(PASSWORD).await.0, StatusCode::SEE_OTHER);
    })
    .await;
}

#[tokio::test]
async fn the_excel_file_totals_to_the_fen() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        w.usual().await;
        w.close().await;
        let list = w.list_of(w.yian).await;
        let line = service::line(&w.db, &scope(COUNTY), list.id, 1).await.expect("line");
        let seen = Seen { list: list.id, seq: 1, state: line.seen() };
        let actor = if line.town == region(TOWN) { clerk() } else { clerk_b() };
        service::decide_line(&w.db, &actor, Step::Town, &seen, Decision::Deduct(Fen(1_234)), "早退")
            .await
            .expect("deducted");
        let (status, _, bytes) = s.raw(&COUNTY_STAFF, &format!("/settlements/{}.xlsx", list.id), None).await;
        assert_eq!(status, StatusCode::OK);
        let columns = [
            ColumnSpec::required("seq", "序号", &[]),
            ColumnSpec::required("no", "工单号", &[]),
            ColumnSpec::required("gov", "政府付", &[]),
            ColumnSpec::required("deducted", "核减", &[]),
            ColumnSpec::required("payable", "这次付", &[]),
            ColumnSpec::required("article", "政策条款", &[]),
        ];
        let table = papers::read_table(&bytes, &columns, &Limits::default()).expect("reads back");
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 5, "four lines and the totals");
        let money = |row: usize, key: &str| Fen::parse_yuan(rows[row].get(key)).expect("money");
        let sum = |key: &str| (0..4).map(|r| money(r, key)).sum::<Fen>();
        for key in ["gov", "deducted", "payable"] {
            assert_eq!(money(4, key), sum(key), "{key}");
        }
        assert_eq!(
            (money(4, "gov"), money(4, "deducted"), money(4, "payable")),
            (Fen(16_000), Fen(1_234), Fen(14_766))
        );
        assert_eq!(rows[0].get("article"), w.elders[0].article);
        // A town takes its own lines only.
        let (_, _, bytes) = s.raw(&TOWN_STAFF, &format!("/settlements/{}.xlsx", list.id), None).await;
        let part = papers::read_table(&bytes, &columns, &Limits::default()).expect("reads back");
        assert_eq!(part.len(), 4, "three lines and the totals");
    })
    .await;
}

#[tokio::test]
async fn a_line_is_decided_on_its_page_and_what_was_typed_is_kept() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        w.usual().await;
        w.close().await;
        let list = w.list_of(w.kangle).await;
        let path = format!("/settlements/{}/lines/1", list.id);
        let page = s.page(&TOWN_STAFF, &path).await;
        let seen = hidden(&page, "seen").remove(0);
        let wrong = format!("seen={seen}&decision=deduct&deducted=40.005&reason=%E6%97%A9%E9%80%80");
        let (status, _, body) = s.raw(&TOWN_STAFF, &format!("{path}/town"), Some(&wrong)).await;
        let text = String::from_utf8(body).expect("text");
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text.contains("40.005") && text.contains("早退"), "what was typed is still there");
        let right = format!("seen={seen}&decision=deduct&deducted=40&reason=%E6%97%A9%E9%80%80");
        let (status, to, _) = s.raw(&TOWN_STAFF, &format!("{path}/town"), Some(&right)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert!(s.page(&TOWN_STAFF, &to).await.contains("核减"));
        // The provider finds the reason on its own page and disagrees.
        let provider = Who { role: Role::ProviderManager, region: COUNTY, org: Some(w.kangle), user: 5 };
        let page = s.page(&provider, &path).await;
        assert!(page.contains("早退") && !page.contains("/books/accounts/"), "a provider sees no purse");
        let seen = hidden(&page, "seen").remove(0);
        let form = format!("seen={seen}&reason=%E6%9C%89%E7%85%A7%E7%89%87");
        let (status, ..) = s.raw(&provider, &format!("{path}/dispute"), Some(&form)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let other = Who { role: Role::ProviderManager, region: COUNTY, org: Some(w.yian), user: 6 };
        for page in [path.clone(), format!("/settlements/{}", list.id), format!("/settlements/{}/print", list.id)] {
            assert_eq!(s.raw(&other, &page, None).await.0, StatusCode::NOT_FOUND, "{page}");
        }
        assert_eq!(s.raw(&other, &format!("/settlements/{}.xlsx", list.id), None).await.0, StatusCode::NOT_FOUND);
        assert!(s.page(&COUNTY_STAFF, &path).await.contains("答复争议"));
    })
    .await;
}

#[tokio::test]
async fn held_back_lines_must_have_been_looked_at_before_approval() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        let mut dear = w.visit(0, w.yian, "2026-08-16", 9);
        dear.price = Fen(4_100);
        w.serve(vec![dear, w.visit(0, w.yian, "2026-08-20", 9)]).await;
        w.close().await;
        let confirm = s.page(&TOWN_STAFF, "/settlements/town-approval?quarter=2026Q3").await;
        assert!(confirm.contains("1 单暂不付"), "{confirm}");
        let form = form_of(&hidden(&confirm, "seen"), "must_look=1");
        let (status, _, body) = s.raw(&TOWN_STAFF, "/settlements/town-approval", Some(&form)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(String::from_utf8(body).expect("text").contains("看过暂不付和核减的单再勾选"));
        let form = form_of(&hidden(&confirm, "seen"), "must_look=1&looked=1");
        assert_eq!(s.raw(&TOWN_STAFF, "/settlements/town-approval", Some(&form)).await.0, StatusCode::SEE_OTHER);
    })
    .await;
}

#[tokio::test]
async fn the_json_answer_carries_the_list_its_chain_and_its_lines() {
    each_engine(&migrations(), |db| async move {
        let s = Pages::new(db).await;
        let w = &s.w;
        w.usual().await;
        w.close().await;
        let list = w.list_of(w.yian).await;
        let (status, _, body) = s.raw(&FINANCE, &format!("/api/v1/settlements/{}", list.id), None).await;
        assert_eq!(status, StatusCode::OK);
        let json: serde_json::Value = serde_json::from_slice(&body).expect("json");
        assert_eq!(json["list"]["payable"], 16_000);
        assert_eq!(json["list"]["state"], "town");
        assert_eq!(json["towns"].as_array().map(Vec::len), Some(2));
        assert_eq!(json["lines"]["rows"].as_array().map(Vec::len), Some(4));
        let foreign = Who { role: Role::ProviderManager, region: COUNTY, org: Some(w.kangle), user: 5 };
        assert_eq!(s.raw(&foreign, &format!("/api/v1/settlements/{}", list.id), None).await.0, StatusCode::NOT_FOUND);
        assert_eq!(s.raw(&FINANCE, "/settlements/nonsense", None).await.0, StatusCode::NOT_FOUND);
    })
    .await;
}
