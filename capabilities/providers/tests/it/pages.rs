//! The pages through the finished router: what each role gets, what a wrong form shows, that a stranger finds nothing.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use kernel::{OrgId, OrgScope, RegionBook, Role, Scope};
use providers::DocumentKind;
use providers::service;
use store::Db;
use web::axum::http::StatusCode;
use web::testing::{Stage, viewer};

struct Asker<'a> {
    db: &'a Db,
    role: Role,
    org: Option<OrgId>,
}

impl Asker<'_> {
    async fn send(&self, path: &str, form: Option<&str>) -> (StatusCode, String, String) {
        let regions = RegionBook::from_csv(
            "code12,name,level,parent_code12\n441500000000,汕尾市,city,\n441523000000,陆河县,county,\n441523103000,水唇镇,town,\n",
        )
        .unwrap();
        let (nav, routes) = (providers::nav, providers::routes);
        let stage = Stage { db: self.db, region: region(CITY), regions, nav, routes, things: Vec::new() };
        let seen = Scope { region: region(COUNTY), org: self.org.map_or(OrgScope::Any, OrgScope::Org) };
        let answer = stage.ask(&viewer(self.db, self.role, seen), path, form).await;
        (answer.status, answer.to, answer.text)
    }
    async fn get(&self, path: &str) -> String {
        let (status, to, page) = self.send(path, None).await;
        assert_eq!(status, StatusCode::OK, "{path} → {to}: {page}");
        page
    }
}

async fn fresh() -> store::testing::TestDb {
    store::testing::sqlite(&migrations()).await
}

#[tokio::test]
async fn a_county_registers_a_provider_and_its_contract() {
    let t = fresh().await;
    let county = Asker { db: &t.db, role: Role::CountyStaff, org: None };
    let wrong = "name=%E9%A2%90%E5%AE%89&credit_code=914415&contact=%E9%BB%84&phone=1380660";
    let (status, _, page) = county.send("/providers/new", Some(wrong)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("手机号要 11 位，现在 7 位") && page.contains("value=\"颐安\""), "{page}");
    let right = format!("name=%E9%A2%90%E5%AE%89&credit_code={}&contact=%E9%BB%84&phone=13806601234", credit_code(1));
    let (status, to, page) = county.send("/providers/new", Some(&right)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let record = to.split('?').next().unwrap().to_string();
    assert!(county.get(&to).await.contains("没有合同"));
    let contract = "number=LH-1&award=ZB-1&from=2026-01-01&to=2026-12-10&insurer=A&policy_no=P1&insured_to=2026-12-31\
                    &regions=441523000000&categories=household&capacity=";
    let (status, to, page) = county.send(&format!("{record}/contracts/new"), Some(contract)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let page = county.get(&to).await;
    assert!(page.contains("可接单") && page.contains("陆河县") && page.contains("还有 20 天"), "{page}");
    assert!(page.contains("轮到了"), "the only one in the rotation is next");
    let page = county.get("/providers").await;
    assert!(page.contains("颐安") && page.contains("有 7 类不足 2 家"), "{page}");
    let page = county.get("/providers/coverage").await;
    assert!(page.contains("1 家，不足 2 家") && page.contains("没有，这类单派不出去"), "{page}");
    let (status, to, _) =
        county.send(&format!("{record}/suspend"), Some("from=2026-11-20&to=&reason=x&document=y")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(county.get(&to).await.contains("暂停接单"));
    let (status, _, page) = county.send(&format!("{record}/resume"), Some("reason=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("原因没有填"));
}

#[tokio::test]
async fn a_manager_registers_a_worker_with_papers() {
    let t = fresh().await;
    let org = provider(&t.db, 1, contract_draft(&[COUNTY])).await;
    let manager = Asker { db: &t.db, role: Role::ProviderManager, org: Some(org) };
    let form = format!(
        "name=Lin&id_number={}&phone=13812345678&skills=haircut&skills=bathing&languages=hakka&hours_0=08:00-12:00+14:00-18:00\
         &home_address=&home_point=23.3,115.6&joined_on=2026-01-01&training_hours=80",
        id_number(1).as_str()
    );
    let (status, _, page) = manager.send("/workers/new", Some(&form.replace("12:00", "25:00"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("周一：“08:00-25:00”看不懂"), "{page}");
    let (status, to, page) = manager.send("/workers/new", Some(&form)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let record = to.split('?').next().unwrap().to_string();
    let page = manager.get(&record).await;
    assert!(page.contains("没有意外保险") && page.contains("没有助浴的证书"), "{page}");
    assert!(page.contains("周一 08:00–12:00、14:00–18:00") && page.contains("138****5678"), "{page}");
    assert!(!page.contains("13812345678") && !page.contains(id_number(1).as_str()));
    let insurance = "kind=insurance&name=A&number=N1&issuer=P&from=2026-01-01&to=2026-12-01&covers=bathing";
    let (status, _, page) = manager.send(&format!("{record}/documents/new"), Some(insurance)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("只有技能证书才选技能"), "{page}");
    let insurance = insurance.replace("&covers=bathing", "");
    let (status, to, _) = manager.send(&format!("{record}/documents/new"), Some(&insurance)).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(manager.get(&to).await.contains("还有 11 天"));
    assert!(manager.get("/providers/papers").await.contains("意外保险"));
    let (_, _, page) = manager.send(&format!("{record}/phone"), Some("reason=x")).await;
    assert!(page.contains("13812345678"));
    let (_, _, page) = manager.send(&format!("{record}/account"), Some("login=lin.yf")).await;
    assert!(page.contains("临时密码") && page.contains("lin.yf"), "{page}");
    assert!(manager.get(&record).await.contains("已开通"));
}

#[tokio::test]
async fn a_provider_sees_its_own_pages_and_no_other() {
    let t = fresh().await;
    let (a, b) =
        (provider(&t.db, 1, contract_draft(&[COUNTY])).await, provider(&t.db, 2, contract_draft(&[COUNTY])).await);
    let (wa, wb) = (worker(&t.db, a, 1).await, worker(&t.db, b, 2).await);
    let document = service::worker(&t.db, &of(b), wb).await.unwrap().documents[0].id;
    let me = Asker { db: &t.db, role: Role::ProviderManager, org: Some(a) };
    let (status, to, _) = me.send("/providers", None).await;
    assert_eq!((status, to), (StatusCode::SEE_OTHER, format!("/providers/{a}")));
    let own = me.get(&format!("/providers/{a}")).await;
    assert!(own.contains("颐安1") && !own.contains("颐安2"));
    for path in ["/workers", "/providers/papers?state=all", "/providers/coverage"] {
        let page = me.get(path).await;
        assert!(!page.contains("颐安2") && !page.contains("林玉芳2"), "{path}: {page}");
    }
    me.get(&format!("/workers/{wa}")).await;
    for path in [
        format!("/providers/{b}"),
        format!("/workers/{wb}"),
        format!("/workers/{wb}/edit"),
        format!("/workers/{wb}/documents/new"),
        format!("/workers/{wb}/documents/{document}/void"),
        format!("/workers/{wb}/account"),
        format!("/workers/{wb}/phone"),
        "/workers/nonsense".to_string(),
    ] {
        let (status, _, _) = me.send(&path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [format!("/providers/{a}/edit"), format!("/workers/{wa}/ban"), "/providers/new".to_string()] {
        let (status, _, _) = me.send(&path, None).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_county_bans_a_worker_and_lifts_it() {
    let t = fresh().await;
    let org = provider(&t.db, 1, contract_draft(&[COUNTY])).await;
    let w = worker(&t.db, org, 1).await;
    add_paper(&t.db, w, paper(DocumentKind::Insurance, "2028-01-01")).await;
    let county = Asker { db: &t.db, role: Role::CountyStaff, org: None };
    let (status, to, page) =
        county.send(&format!("/workers/{w}/ban"), Some("from=2026-11-20&to=&reason=R&document=D1")).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let page = county.get(&to).await;
    assert!(page.contains("终身") && page.contains("禁入中"), "{page}");
    assert!(county.get("/workers?state=banned").await.contains("林玉芳1"));
    let lift = page.split("href=\"").find(|p| p.contains("/lift\"")).unwrap().split('"').next().unwrap().to_string();
    assert!(county.get(&lift).await.contains("移出行业禁入名单"));
    let (status, to, _) = county.send(&lift, Some("reason=ok")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(county.get(&to).await.contains("已撤销"));
    let (status, _, _) = county.send(&lift, Some("reason=ok")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a lifted ban cannot be lifted again");
}
