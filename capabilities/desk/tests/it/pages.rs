//! Every role's desk through the router: what stands on it, what must not, and how it is built.
use crate::common::*;
use desk::Figures;
use kernel::{OrgId, OrgScope, RegionBook, Role, Scope, UserId, WorkerId};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::Db;
use store::testing::each_engine;
use tower::util::ServiceExt;
use uuid::Uuid;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode, header};
use web::{App, AppParts, Authenticator, Site, Viewer};

/// Everyone is this viewer.
struct Always(Viewer);

#[async_trait::async_trait]
impl Authenticator for Always {
    async fn viewer(&self, _: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        Ok(Some(self.0.clone()))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

const REGIONS: &str = "code12,name,level,parent\n441500000000,汕尾市,city,\n441521000000,海丰县,county,\n\
    441523000000,陆河县,county,\n441523101000,水唇镇,town,\n441523103000,河田镇,town,\n\
    441523101204,墩塘村民委员会,village,\n441523101205,水唇村民委员会,village,\n441521101201,远村民委员会,village,\n";

struct Answer {
    status: StatusCode,
    to: String,
    text: String,
}

async fn home(db: &Db, role: Role, full: Scope, at: Scope) -> Answer {
    let viewer = Viewer {
        user: UserId(Uuid::from_u128(7)),
        name: "测试".into(),
        role,
        org_name: "测试单位".into(),
        org: full.org_id(),
        worker: full.worker_id(),
        full_scope: full,
        scope: at,
        session: None,
        contrast_high: false,
        scale: String::new(),
    };
    let site = Site {
        name: "测试".into(),
        region: region(CITY),
        demo: false,
        data: std::path::PathBuf::new(),
        secure_cookies: false,
    };
    let parts = AppParts {
        db: db.clone(),
        site,
        auth: Arc::new(Always(viewer)),
        nav: desk::nav(),
        regions: RegionBook::from_csv(REGIONS).expect("regions"),
        runner: None,
    };
    let app = App::new(parts, vec![Arc::new(entitlement::Shelf::of(packs())), Arc::new(Figures::default())]);
    let router = web::finish(desk::routes(), app);
    let request = Request::get("/").body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("answers");
    let status = response.status();
    let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default().to_string();
    let bytes = to_bytes(response.into_body(), 4 << 20).await.expect("a body");
    Answer { status, to, text: String::from_utf8_lossy(&bytes).into_owned() }
}

async fn desk_of(db: &Db, role: Role, code: &str) -> String {
    let s = scope(code);
    let answer = home(db, role, s, s).await;
    assert_eq!(answer.status, StatusCode::OK, "{role:?}: {}", answer.text);
    well_built(&answer.text);
    answer.text
}

/// The values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let mark = format!(" {attribute}=\"");
    html.split(mark.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// One heading, no inline style or script, ids once, every name refers to something, figures lead somewhere.
fn well_built(html: &str) {
    assert_eq!(html.matches("<h1").count(), 1, "one h1");
    for never in [" style=", "<style", "onclick=", "javascript:", "href=\"\"", "href=\"#\""] {
        assert!(!html.contains(never), "{never}");
    }
    let ids = values(html, "id");
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), once.len(), "an id stands twice: {ids:?}");
    for name in ["aria-labelledby", "aria-describedby", "for"] {
        for target in values(html, name).iter().flat_map(|v| v.split(' ')) {
            assert!(once.contains(target), "{name} {target} is nowhere");
        }
    }
    assert_eq!(html.matches("<table").count(), html.matches("<caption").count(), "every table says what it is");
    assert_eq!(html.matches("<section").count(), html.matches("<section class=\"card").count());
    assert_eq!(html.matches("<section").count(), values(html, "aria-labelledby").len(), "every part has a name");
    let tiles = html.matches("class=\"tile\"").count();
    assert_eq!(tiles, html.matches("<a class=\"tile\" href=\"/").count(), "every tile leads somewhere");
    assert!(tiles >= 4, "{tiles} tiles");
}

#[tokio::test]
async fn each_government_role_sees_its_own_region_only() {
    each_engine(&migrations(), |db| async move {
        World::new(&db).await;
        let village = desk_of(&db, Role::VillageStaff, VILLAGE).await;
        assert!(village.contains("彭桂兰") && village.contains("罗火娇"), "services to ask about");
        assert!(village.contains("11-30 满 75 周岁"), "{village}");
        assert!(village.contains("今天先做 2 件"), "two services wait since the 10th");
        assert!(village.contains("墩塘村 3 位老人"));
        for far in ["范金桂", "曾月华", "林远方"] {
            assert!(!village.contains(far), "{far} lives elsewhere");
        }
        let town = desk_of(&db, Role::TownStaff, TOWN).await;
        assert!(town.contains("墩塘村") && town.contains("水唇村") && town.contains("水唇镇 4 位老人"));
        assert!(town.contains("/region/441523101204?back=%2F"), "a row leads to the village's desk");
        assert!(!town.contains("远村"));
        let county = desk_of(&db, Role::CountyStaff, COUNTY).await;
        assert!(county.contains("水唇镇") && county.contains("河田镇") && county.contains("陆河县 5 位老人"));
        assert!(!county.contains("海丰县"));
        let city = desk_of(&db, Role::CityStaff, CITY).await;
        assert!(city.contains("陆河县") && city.contains("海丰县") && city.contains("汕尾市 7 位老人"));
        // Narrowed by the region switcher, a county looks at the village's desk.
        let narrowed = home(&db, Role::CountyStaff, scope(COUNTY), scope(VILLAGE)).await;
        well_built(&narrowed.text);
        assert!(narrowed.text.contains("要做的事") && narrowed.text.contains("彭桂兰"));
    })
    .await;
}

#[tokio::test]
async fn operator_finance_and_administrator_have_desks_of_their_own() {
    each_engine(&migrations(), |db| async move {
        World::new(&db).await;
        let operator = desk_of(&db, Role::Operator, COUNTY).await;
        assert!(operator.contains("谁打来的") && operator.contains("4 单待回访"));
        assert!(operator.contains("彭桂兰") && !operator.contains("林远方"));
        assert!(operator.contains("/follow-up\""), "a call is one press away");
        let finance = desk_of(&db, Role::Finance, COUNTY).await;
        assert!(finance.contains("今天没有等你拨付的"));
        assert!(finance.contains("/books/accounts/"), "money leads to its account");
        let administrator = desk_of(&db, Role::Administrator, CITY).await;
        assert!(administrator.contains("都在正常运行"), "{administrator}");
        assert!(administrator.contains("认定到 2026-11-20"));
    })
    .await;
}

#[tokio::test]
async fn finance_sees_what_waits_for_payment_and_what_is_still_under_way() {
    each_engine(&migrations(), |db| async move {
        World::new(&db).await;
        db.clock().set(day("2027-01-06").at(9, 0));
        let quarter = "2026Q4".parse().expect("a quarter");
        settlement::service::settle(&db, &platform(), quarter, &settlement::service::NoProgress)
            .await
            .expect("settled");
        let finance = desk_of(&db, Role::Finance, COUNTY).await;
        assert!(finance.contains("今天没有等你拨付的") && finance.contains("等镇审核") && finance.contains("¥104.00"));
        let town = desk_of(&db, Role::TownStaff, TOWN).await;
        assert!(town.contains("1 份清单等你审") && town.contains("颐安") && town.contains("¥78.00"));
        assert!(!town.contains("海丰便民"));
    })
    .await;
}

#[tokio::test]
async fn a_provider_sees_itself_and_a_worker_goes_to_the_phone_page() {
    each_engine(&migrations(), |db| async move {
        let w = World::new(&db).await;
        let of = |org: OrgId| of_provider(CITY, org);
        let near = home(&db, Role::ProviderManager, of(w.near), of(w.near)).await;
        assert_eq!(near.status, StatusCode::OK, "{}", near.text);
        well_built(&near.text);
        assert!(near.text.contains("本季已确认 ¥104.00"), "{}", near.text);
        assert!(near.text.contains("今天没有上门"));
        let far = home(&db, Role::ProviderManager, of(w.far), of(w.far)).await;
        assert!(far.text.contains("本季已确认 ¥52.00"));
        let worker = Scope { region: region(COUNTY), org: OrgScope::Worker(w.near, WorkerId(Uuid::from_u128(50))) };
        let phone = home(&db, Role::Worker, worker, worker).await;
        assert_eq!((phone.status, phone.to.as_str()), (StatusCode::SEE_OTHER, "/m"));
    })
    .await;
}

#[tokio::test]
async fn an_empty_place_says_good_news() {
    each_engine(&migrations(), |db| async move {
        let village = desk_of(&db, Role::VillageStaff, VILLAGE).await;
        assert!(village.contains("都做完了") && village.contains("还没有定位"));
        let city = desk_of(&db, Role::CityStaff, CITY).await;
        assert!(city.contains("今天没有等你办的") && city.contains("都准时"));
        for role in [Role::TownStaff, Role::Operator, Role::Finance, Role::Administrator] {
            desk_of(&db, role, TOWN).await;
        }
    })
    .await;
}
