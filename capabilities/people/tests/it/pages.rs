//! Pages as a browser without scripts sees them.
use crate::common::*;
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use kernel::{Role, SessionId, UserId};
use people::service;
use std::sync::Arc;
use store::Db;
use store::testing::each_engine;
use tower::ServiceExt;
use web::{App, AppParts, Authenticator, Site, Viewer};

/// Whoever the `x-test` header names: a role and a region.
struct Named;

#[async_trait]
impl Authenticator for Named {
    async fn viewer(&self, headers: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        let Some(text) = headers.get("x-test").and_then(|v| v.to_str().ok()) else { return Ok(None) };
        let (role, place) = text.split_once('@').expect("role@region");
        Ok(Some(Viewer {
            user: UserId(uuid::Uuid::from_u128(7)),
            name: "温国辉".into(),
            role: Role::parse(role).expect("role"),
            org_name: "水唇镇".into(),
            org: None,
            worker: None,
            full_scope: scope(place),
            scope: scope(place),
            session: Some(SessionId(uuid::Uuid::from_u128(9))),
            contrast_high: false,
            scale: String::new(),
        }))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

/// The running site without its socket.
struct Running {
    app: App,
    router: axum::Router,
}

async fn site(db: &Db) -> Running {
    seeded(db).await;
    let parts = AppParts {
        db: db.clone(),
        site: Site {
            name: "汕尾市智慧养老服务平台".into(),
            region: region("441500000000"),
            demo: false,
            data: "/nonexistent".into(),
            secure_cookies: false,
        },
        auth: Arc::new(Named),
        nav: people::nav(),
        regions: service::load_book(db).await.expect("works"),
        runner: None,
    };
    let app = App::new(parts, Vec::new());
    Running { router: web::finish(people::routes(), app.clone()), app }
}

impl Running {
    async fn send(
        &self,
        who: &str,
        request: axum::http::request::Builder,
        body: String,
    ) -> (StatusCode, String, String) {
        let response = self
            .router
            .clone()
            .oneshot(request.header("x-test", who).body(Body::from(body)).expect("works"))
            .await
            .expect("works");
        let status = response.status();
        let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("").to_string();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.expect("works");
        (status, String::from_utf8_lossy(&bytes).into_owned(), to)
    }
    async fn get(&self, who: &str, path: &str) -> (StatusCode, String, String) {
        self.send(who, Request::get(path), String::new()).await
    }
    async fn post(&self, who: &str, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let token = web::csrf_token(&self.app, SessionId(uuid::Uuid::from_u128(9)));
        let mut body = format!("_csrf={token}");
        for (k, v) in fields {
            body.push_str(&format!("&{}={}", encode(k), encode(v)));
        }
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(who, request, body).await
    }
    async fn upload(&self, who: &str, path: &str, name: &str, text: &str) -> (StatusCode, String, String) {
        let token = web::csrf_token(&self.app, SessionId(uuid::Uuid::from_u128(9)));
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--b--\r\n"
        );
        let request = Request::post(format!("{path}?_csrf={token}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(who, request, body).await
    }
}

fn encode(s: &str) -> String {
    s.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

const TOWN_CLERK: &str = "town_staff@441523101000";
const OTHER_CLERK: &str = "town_staff@441523103000";

#[tokio::test]
async fn an_archive_is_opened_shown_changed_and_printed() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let number = id_number("1949-03-08", kernel::Sex::Female, 40);
        let wrong = s.post(TOWN_CLERK, "/elders/new", &[("name", "彭桂兰"), ("phone", "138")]).await;
        assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY);
        for word in ["证件号码没有填", "户籍性质没有选", "手机号要 11 位", "村（社区）没有填", "value=\"彭桂兰\""]
        {
            assert!(wrong.1.contains(word), "{word}");
        }
        let fields = [
            ("name", "彭桂兰"),
            ("id_number", number.as_str()),
            ("hukou", "rural"),
            ("region", DUNTANG),
            ("address", "上围 17 号"),
            ("living", "empty_nest"),
            ("contact_name", "叶建平"),
            ("contact_phone", "13966010021"),
            ("contact_relation", "儿子"),
            ("source", "home_visit"),
        ];
        let made = s.post(TOWN_CLERK, "/elders/new", &fields).await;
        assert_eq!(made.0, StatusCode::SEE_OTHER, "{}", made.1);
        let path = made.2.split('?').next().unwrap().to_string();
        let record = s.get(TOWN_CLERK, &format!("{path}?done=created")).await;
        assert_eq!(record.0, StatusCode::OK);
        for word in
            ["彭桂兰", "女 77 岁", "农村户籍", "空巢", "叶建平", "139****0021", "档案已建好", "墩塘村 上围 17 号"]
        {
            assert!(record.1.contains(word), "{word}");
        }
        assert!(!record.1.contains(number.as_str()) && !record.1.contains("13966010021"));
        let list = s.get(TOWN_CLERK, "/elders?age=75&hukou=rural").await;
        assert!(list.1.contains("彭桂兰"));
        assert!(!s.get(TOWN_CLERK, "/elders?age=60").await.1.contains("彭桂兰"));
        assert!(s.get(TOWN_CLERK, "/elders?q=pgl").await.1.contains("彭桂兰"));
        assert!(s.get(TOWN_CLERK, "/elders?view=incomplete").await.1.contains("彭桂兰"));
        let found = s.get(TOWN_CLERK, "/search?q=pengguilan").await;
        assert_eq!((found.0, found.2.as_str()), (StatusCode::SEE_OTHER, path.as_str()));
        assert_eq!(s.get(TOWN_CLERK, "/search?q=WO20261121-000123").await.2, "/orders?q=WO20261121-000123");
        for page in ["edit", "contacts", "addresses", "history", "death", "move", "print", "unmask?what=id"] {
            let got = s.get(TOWN_CLERK, &format!("{path}/{page}")).await;
            assert_eq!(got.0, StatusCode::OK, "{page}: {}", got.1);
            assert!(!got.1.contains(number.as_str()), "{page} shows the number in full");
            let other = s.get(OTHER_CLERK, &format!("{path}/{page}")).await;
            assert_eq!(other.0, StatusCode::NOT_FOUND, "{page} is open to another town");
        }
        let no_reason = s.post(TOWN_CLERK, &format!("{path}/unmask"), &[("what", "id")]).await;
        assert_eq!(no_reason.0, StatusCode::UNPROCESSABLE_ENTITY);
        let seen = s.post(TOWN_CLERK, &format!("{path}/unmask"), &[("what", "id"), ("reason", "核对身份")]).await;
        assert!(seen.1.contains(number.as_str()));
        let notice = [("on", "2026-11-02"), ("source", "office"), ("version", "1")];
        let dead = s.post(TOWN_CLERK, &format!("{path}/death"), &notice).await;
        assert_eq!(dead.2, format!("{path}?done=died"));
        assert!(s.get(TOWN_CLERK, &path).await.1.contains("2026-11-02 去世"));
        assert!(!s.get(TOWN_CLERK, "/elders").await.1.contains("彭桂兰"));
        assert!(s.get(TOWN_CLERK, "/elders?status=dead").await.1.contains("彭桂兰"));
    })
    .await;
}

#[tokio::test]
async fn two_versions_are_shown_and_the_chosen_parts_are_kept() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let id = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let path = format!("/elders/{id}/edit");
        let base = [
            ("was_name", "彭桂兰"),
            ("name", "彭桂兰"),
            ("was_hukou", "rural"),
            ("hukou", "rural"),
            ("was_region", DUNTANG),
            ("region", DUNTANG),
            ("was_address", "上围 17 号"),
            ("was_living", "unknown"),
            ("was_income", "unknown"),
            ("income", "unknown"),
            ("since", "2026-11-20"),
            ("since_kind", "day"),
            ("source", "phone"),
            ("version", "1"),
        ];
        let with = |more: &[(&'static str, &'static str)]| [base.as_slice(), more].concat();
        let first = s.post(TOWN_CLERK, &path, &with(&[("address", "上围 17 号"), ("living", "empty_nest")])).await;
        assert_eq!(first.2, format!("/elders/{id}?done=saved"), "{}", first.1);
        let second = s.post(TOWN_CLERK, &path, &with(&[("address", "塘背 8 号"), ("living", "living_alone")])).await;
        assert_eq!(second.0, StatusCode::CONFLICT);
        for word in ["有人先改了这份档案", "独居", "空巢", "塘背 8 号", "pick_living", "name=\"version\" value=\"2\""]
        {
            assert!(second.1.contains(word), "{word}");
        }
        let resolved = [
            ("version", "2"),
            ("since", "2026-11-20"),
            ("since_kind", "day"),
            ("source", "phone"),
            ("living", "living_alone"),
            ("was_living", "empty_nest"),
            ("pick_living", "theirs"),
            ("address", "塘背 8 号"),
            ("was_address", "上围 17 号"),
            ("pick_address", "mine"),
        ];
        assert_eq!(s.post(TOWN_CLERK, &path, &resolved).await.0, StatusCode::SEE_OTHER);
        let card = service::card(&db, &scope(TOWN), id).await.unwrap();
        assert_eq!((card.living.code(), card.address.as_str()), ("empty_nest", "塘背 8 号"));
        assert_eq!(card.name, "彭桂兰", "what the page did not send is left alone");
    })
    .await;
}

#[tokio::test]
async fn a_file_is_read_corrected_and_asked_to_be_written_from_the_pages() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let there = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let (a, b) = (id_number("1949-03-08", kernel::Sex::Female, 40), id_number("1950-03-08", kernel::Sex::Male, 1));
        let text = format!(
            "姓名,证件号码,户籍,村（社区）,联系电话\n彭桂兰,{},农村,墩塘村,13866002210\n叶金水,{},郊区,墩塘村,\n",
            a.as_str(),
            b.as_str()
        );
        assert_eq!(s.get(TOWN_CLERK, "/imports/new").await.0, StatusCode::OK);
        let broken = s.upload(TOWN_CLERK, "/imports/new", "a.csv", "什么,都不是\n1,2\n").await;
        assert_eq!(broken.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(broken.1.contains("没有找到这些列"));
        let read = s.upload(TOWN_CLERK, "/imports/new", "摸底.csv", &text).await;
        assert_eq!(read.0, StatusCode::SEE_OTHER, "{}", read.1);
        let path = read.2.split('?').next().unwrap().to_string();
        let page = s.get(TOWN_CLERK, &read.2).await.1;
        for word in [
            "1 行有错",
            "1 行像是重复",
            "没有写入任何数据",
            "户籍只写“城镇”或“农村”",
            "郊区",
            "同一证件号",
            "138****2210",
        ] {
            assert!(page.contains(word), "{word}");
        }
        assert!(!page.contains(a.as_str()));
        assert_eq!(s.get(OTHER_CLERK, &path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(s.get(TOWN_CLERK, &format!("{path}/bad-rows")).await.0, StatusCode::OK);
        let fixed = s.post(TOWN_CLERK, &format!("{path}/fix"), &[("cell.3.hukou", "农村")]).await;
        assert_eq!(fixed.0, StatusCode::SEE_OTHER);
        assert!(s.get(TOWN_CLERK, &path).await.1.contains("确认写入 1 行"));
        let decided = s.post(TOWN_CLERK, &format!("{path}/rows/2"), &[("decision", "take")]).await;
        assert_eq!(decided.0, StatusCode::SEE_OTHER);
        let card = service::card(&db, &scope(TOWN), there).await.unwrap();
        assert_eq!(card.phone_masked, "138****2210");
        let written = s.post(TOWN_CLERK, &format!("{path}/write"), &[]).await;
        assert_eq!(written.0, StatusCode::SEE_OTHER);
        assert!(s.get(TOWN_CLERK, &path).await.1.contains("data-live"));
        assert_eq!(s.get(TOWN_CLERK, "/imports").await.0, StatusCode::OK);
        assert_eq!(s.get(TOWN_CLERK, "/duplicates?state=same").await.0, StatusCode::OK);
        assert_eq!(s.get(TOWN_CLERK, "/imports/template").await.0, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_cure_is_tapped_without_the_number_standing_in_the_page() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let number = id_number("1950-03-08", kernel::Sex::Male, 1);
        let (head, tail) = number.as_str().split_at(6);
        let slipped = format!("{head}{}", tail.replacen('0', "O", 1));
        assert_ne!(slipped, number.as_str());
        let text = format!("姓名,证件号码,户籍,村（社区）\n叶金水,{slipped},郊区,墩塘村\n");
        let path = s.upload(TOWN_CLERK, "/imports/new", "摸底.csv", &text).await.2;
        let path = path.split('?').next().unwrap().to_string();
        let page = s.get(TOWN_CLERK, &path).await.1;
        let masked: String =
            number.as_str().char_indices().map(|(i, c)| if (3..15).contains(&i) { '*' } else { c }).collect();
        assert!(page.contains(&format!("改成 {masked}")), "{page}");
        assert!(!page.contains(number.as_str()) && !page.contains(&slipped) && !page.contains(tail), "{page}");
        // What was typed into other cells of the page is kept with the tap.
        let button = page.split("name=\"cure\" value=\"").nth(1).and_then(|t| t.split('"').next()).expect("a cure");
        let fields = [("cell.2.hukou", "农村"), ("cure", button)];
        for _ in 0..2 {
            let tapped = s.post(TOWN_CLERK, &format!("{path}/fix"), &fields).await;
            assert_eq!(tapped.0, StatusCode::SEE_OTHER, "a second tap does no harm: {}", tapped.1);
        }
        assert!(s.get(TOWN_CLERK, &path).await.1.contains("确认写入 1 行"));
        assert_eq!(s.post(OTHER_CLERK, &format!("{path}/fix"), &fields).await.0, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn addresses_contacts_merges_and_the_api_work_from_outside() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let a = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let b = open(&db, person("彭桂兰", "1949-03-08", 41)).await;
        let add = [("what", "add"), ("region", DUNTANG), ("address", "塘背 8 号"), ("reason", "冬天住镇上")];
        let path = format!("/elders/{a}/addresses");
        assert_eq!(s.post(TOWN_CLERK, &path, &add).await.0, StatusCode::SEE_OTHER);
        let third = s.post(TOWN_CLERK, &path, &add).await;
        assert_eq!(third.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(third.1.contains("一户最多 2 个服务地址"));
        let contact = [("name", "叶建平"), ("kind", "guardian"), ("phone", "13966010021")];
        assert_eq!(s.post(TOWN_CLERK, &format!("/elders/{a}/contacts"), &contact).await.0, StatusCode::SEE_OTHER);
        let queue = s.get(TOWN_CLERK, "/duplicates").await.1;
        assert!(queue.contains("同名、同生日、同村"));
        assert_eq!(s.get(TOWN_CLERK, &format!("/elders/{a}/merge?with={b}")).await.0, StatusCode::OK);
        let merged = s
            .post(TOWN_CLERK, &format!("/elders/{a}/merge"), &[("with", &b.to_string()), ("reason", "本人到场")])
            .await;
        assert_eq!(merged.2, format!("/elders/{a}?done=merged"));
        let record = s.get(TOWN_CLERK, &format!("/elders/{b}")).await;
        assert!(record.1.contains("撤回合并"), "the old id opens the survivor");
        let api = s.get(TOWN_CLERK, "/api/v1/elders?q=pgl").await;
        for n in [40, 41] {
            let number = id_number("1949-03-08", kernel::Sex::Female, n);
            assert!(api.1.contains("\"id_masked\"") && !api.1.contains(number.as_str()));
        }
        assert_eq!(s.get(OTHER_CLERK, &format!("/api/v1/elders/{a}")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(s.get("worker@441523101000", "/elders").await.0, StatusCode::FORBIDDEN);
        assert_eq!(
            s.get("village_staff@441523101204", &format!("/elders/{a}/merge?with={b}")).await.0,
            StatusCode::FORBIDDEN
        );
        assert_eq!(s.get(TOWN_CLERK, "/elders/not-an-id").await.0, StatusCode::NOT_FOUND);
        let children = s.get(TOWN_CLERK, "/regions/children?code=441523101000").await;
        assert!(children.1.contains("墩塘村"));
    })
    .await;
}

#[tokio::test]
async fn another_citys_regions_can_be_loaded_and_a_wrong_file_names_its_line() {
    each_engine(&migrations(), |db| async move {
        let s = site(&db).await;
        let admin = "administrator@441500000000";
        let bad = s.upload(admin, "/regions", "r.csv", "code12,name,level,parent_code12\n12,xx\n3307,\n").await;
        assert_eq!(bad.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(bad.1.contains("第 3 行"), "the line is named");
        let jinhua = "code12,name,level,parent_code12\n330700000000,金华市,2,\n330702000000,婺城区,3,330700000000\n";
        assert_eq!(s.upload(admin, "/regions", "r.csv", jinhua).await.0, StatusCode::SEE_OTHER);
        let children = s.get(TOWN_CLERK, "/regions/children?code=330700000000").await;
        assert!(children.1.contains("婺城区"), "the running program knows it at once");
        assert_eq!(s.get(TOWN_CLERK, "/regions").await.0, StatusCode::FORBIDDEN);
    })
    .await;
}
