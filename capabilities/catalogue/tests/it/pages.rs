//! The pages and the JSON answer, through the finished router.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use catalogue::service::{self, Seed};
use kernel::{Permission, RegionBook, Role};
use store::Db;
use web::axum::http::StatusCode;
use web::testing::{Stage, viewer};

async fn ask(db: &Db, role: Role, path: &str, form: Option<&str>) -> (StatusCode, String, String) {
    let regions = RegionBook::from_csv(
        "code12,name,level,parent_code12\n441500000000,汕尾市,city,\n441523000000,陆河县,county,\n441523103000,水唇镇,town,\n",
    )
    .unwrap();
    let (nav, routes) = (catalogue::nav, catalogue::routes);
    let stage = Stage { db, region: region(CITY), regions, nav, routes, things: Vec::new() };
    let seen = scope(if role == Role::CityStaff { CITY } else { COUNTY });
    let answer = stage.ask(&viewer(db, role, seen), path, form).await;
    (answer.status, answer.to, answer.text)
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
