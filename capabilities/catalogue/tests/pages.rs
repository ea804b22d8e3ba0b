//! The pages and the JSON answer, through the finished router.
#![allow(clippy::unwrap_used)]
mod common;
use catalogue::service::{self, Seed};
use common::*;
use kernel::{Permission, RegionBook, Role};
use std::sync::Arc;
use store::Db;
use tower::util::ServiceExt;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode, header};
use web::{App, AppParts, Authenticator, Site, Viewer};

/// Signs in whoever the `x-role` header names, without a session.
struct ByHeader;

#[async_trait::async_trait]
impl Authenticator for ByHeader {
    async fn viewer(&self, headers: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        let role = headers.get("x-role").and_then(|v| v.to_str().ok()).and_then(Role::parse);
        Ok(role.map(|role| {
            let scope = scope(if role == Role::CityStaff { CITY } else { COUNTY });
            Viewer {
                user: kernel::UserId(uuid::Uuid::from_u128(7)),
                name: "陈嘉敏".into(),
                role,
                org_name: "陆河县民政局".into(),
                org: None,
                worker: None,
                full_scope: scope,
                scope,
                session: None,
                contrast_high: false,
                scale: String::new(),
            }
        }))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

fn router(db: &Db) -> web::axum::Router {
    let site = Site {
        name: "测试".into(),
        region: region(CITY),
        demo: false,
        data: std::path::PathBuf::new(),
        secure_cookies: false,
    };
    let regions = RegionBook::from_csv(
        "code12,name,level,parent_code12\n441500000000,汕尾市,city,\n441523000000,陆河县,county,\n441523103000,水唇镇,town,\n",
    )
    .unwrap();
    let parts =
        AppParts { db: db.clone(), site, auth: Arc::new(ByHeader), nav: catalogue::nav(), regions, runner: None };
    web::finish(catalogue::routes(), App::new(parts, Vec::new()))
}

async fn ask(db: &Db, role: Role, path: &str, form: Option<&str>) -> (StatusCode, String, String) {
    let mut request = Request::builder().uri(path).header("x-role", role.code());
    let body = match form {
        None => Body::empty(),
        Some(f) => {
            request = request.method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            Body::from(f.to_string())
        }
    };
    let response = router(db).oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("").to_string();
    let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    (status, to, String::from_utf8_lossy(&bytes).into_owned())
}

async fn seeded() -> store::testing::TestDb {
    let t = store::testing::sqlite(&migrations()).await;
    let ask = Seed { region: region(COUNTY), document: "示例价目".into(), from: day("2026-01-01") };
    let tx = t.db.begin().await.unwrap();
    service::seed(&tx, &t.db, &platform(), &ask).await.unwrap();
    tx.commit().await.unwrap();
    t
}

#[tokio::test]
async fn the_menu_shows_items_with_price_and_leads_to_them() {
    let t = seeded().await;
    let (status, _, page) = ask(&t.db, Role::VillageStaff, "/catalogue", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("家政便民") && page.contains("¥40.00 / 时") && !page.contains("新建项目"), "{page}");
    let (_, _, bathing) = ask(&t.db, Role::CountyStaff, "/catalogue?help=bathing", None).await;
    assert!(bathing.contains("上门助浴") && !bathing.contains("擦玻璃"));
    let (status, _, list) =
        ask(&t.db, Role::CountyStaff, "/catalogue/items?category=legal_advice&sort=code", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(list.contains("法律咨询") && list.contains("3 条") && !list.contains("理发"), "{list}");
}

#[tokio::test]
async fn the_api_answers_the_menu_of_a_day() {
    let t = seeded().await;
    let (status, _, body) =
        ask(&t.db, Role::CountyStaff, "/api/v1/catalogue?region=441523103&on=2026-02-01", None).await;
    assert_eq!(status, StatusCode::OK);
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 49);
    assert_eq!(json["items"][0]["code"], "JZ01");
    assert_eq!(json["items"][0]["price_fen"], 4000);
    let (_, _, early) = ask(&t.db, Role::CountyStaff, "/api/v1/catalogue?on=2025-12-31", None).await;
    assert!(early.contains("\"items\":[]"), "no price in force: nothing can be ordered");
    let (status, _, _) = ask(&t.db, Role::CountyStaff, "/api/v1/catalogue?region=441521", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_item_is_made_and_priced_by_forms_that_keep_what_was_typed() {
    let t = seeded().await;
    let wrong = "code=ZZ01&name=&category=household&unit=visit&minutes=abc&photos=1&active=1&summary=%E4%BF%AE";
    let (status, _, page) = ask(&t.db, Role::CountyStaff, "/catalogue/items/new", Some(wrong)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("名称没有填") && page.contains("时长要填数字") && page.contains("value=\"ZZ01\""), "{page}");
    let right = "code=zz01&name=%E7%A3%A8%E5%88%80&category=household&unit=visit&minutes=20&photos=1&active=1";
    let (status, to, _) = ask(&t.db, Role::CountyStaff, "/catalogue/items/new", Some(right)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let record = to.split('?').next().unwrap().to_string();
    let (_, _, page) = ask(&t.db, Role::CountyStaff, &to, None).await;
    assert!(page.contains("磨刀") && page.contains("没有批准的价格") && page.contains("服务项目已新建"), "{page}");
    let price = "region=441523000000&fen=12.5&from=2026-12-01&to=&document=A1";
    let (status, to, _) = ask(&t.db, Role::CountyStaff, &format!("{record}/prices/new"), Some(price)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, _, page) = ask(&t.db, Role::CountyStaff, &to, None).await;
    assert!(page.contains("¥12.50 / 次") && page.contains("未生效") && page.contains("撤回"), "{page}");
    let (status, _, page) = ask(&t.db, Role::CountyStaff, &format!("{record}/prices/new"), Some(price)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("日子重叠"), "{page}");
}

#[tokio::test]
async fn only_county_and_city_write_and_a_broken_id_is_not_found() {
    let t = seeded().await;
    let open: Vec<Role> = Role::ALL.iter().copied().filter(|r| r.may(Permission::CatalogueWrite)).collect();
    assert_eq!(open, [Role::CountyStaff, Role::CityStaff]);
    let (status, _, _) = ask(&t.db, Role::VillageStaff, "/catalogue/items/new", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _, _) = ask(&t.db, Role::CountyStaff, "/catalogue/items/nonsense", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _, page) = ask(&t.db, Role::CountyStaff, "/catalogue/items/new", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains("style=") && !page.contains("onclick"), "the page keeps to the content security policy");
}
