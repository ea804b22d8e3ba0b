//! The two pages, as the browser gets them.
use crate::common::{Town, county, migrations, region, scope};
use async_trait::async_trait;
use kernel::{OrgScope, RegionBook, Role, UserId};
use std::sync::Arc;
use store::testing::each_engine;
use tower::ServiceExt;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode};
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

async fn get(town: &Town, role: Role, region: &str, org: OrgScope, path: &str) -> (StatusCode, Vec<u8>) {
    let scope = scope(crate::common::region(region), org);
    let viewer = Viewer {
        user: town.db.new_id::<UserId>(),
        name: "叶文峰".into(),
        role,
        org_name: "陆河县财政局".into(),
        org: scope.org_id(),
        worker: None,
        full_scope: scope,
        scope,
        session: Some(town.db.new_id()),
        contrast_high: false,
        scale: String::new(),
    };
    let site = Site {
        name: "汕尾市智慧养老服务平台".into(),
        region: crate::common::region("441500000000"),
        demo: false,
        data: std::path::PathBuf::new(),
        secure_cookies: false,
    };
    let parts = AppParts {
        db: town.db.clone(),
        site,
        auth: Arc::new(Always(viewer)),
        nav: books::nav(),
        regions: RegionBook::default(),
        runner: None,
    };
    let packs = books::PackTitles(Arc::new(OnePack));
    let router = web::finish(books::routes(), App::new(parts, vec![Arc::new(packs)]));
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("answers");
    let status = response.status();
    (status, to_bytes(response.into_body(), 4 << 20).await.expect("a body").to_vec())
}

/// Knows the test's pack.
struct OnePack;
#[async_trait::async_trait]
impl books::Titles for OnePack {
    async fn titles(&self, _: &store::Db) -> kernel::Result<std::collections::HashMap<String, String>> {
        Ok([(crate::common::PACK.to_string(), "农村 75–79 岁".to_string())].into())
    }
}

async fn page(town: &Town, role: Role, region: &str, org: OrgScope, path: &str) -> (StatusCode, String) {
    let (status, body) = get(town, role, region, org, path).await;
    (status, String::from_utf8(body).expect("text"))
}

#[tokio::test]
async fn a_statement_tells_every_line_and_leads_on() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        let order: kernel::OrderId = db.new_id();
        let mut hold = t.hold("h", 40);
        hold.reference = ledger::Reference::Order(order);
        for command in [t.grant("g", 120), hold] {
            t.run(&command).await.expect("done");
        }
        let path = format!("/books/accounts/{}", t.purse);
        let (status, text) = page(&t, Role::Finance, "441523", OrgScope::Any, &path).await;
        assert_eq!(status, StatusCode::OK);
        for words in [
            "额度账户 2026 年第 4 季度",
            "余额 ¥120.00，预占 ¥40.00，可用 ¥80.00",
            "额度到账",
            "下单预占",
            "2026-11-20 10:00",
            "资金来源",
            "自动",
        ] {
            assert!(text.contains(words), "{words}");
        }
        assert!(text.contains(&format!("href=\"/orders/{order}\"")));
        let (_, narrowed) = page(&t, Role::Finance, "441523", OrgScope::Any, &format!("{path}?purpose=grant")).await;
        assert!(narrowed.contains(">额度到账</td>") && !narrowed.contains(">下单预占</td>"));
        let (status, sheet) = get(&t, Role::Finance, "441523", OrgScope::Any, &format!("{path}?export=xlsx")).await;
        assert_eq!((status, &sheet[..2]), (StatusCode::OK, &b"PK"[..]));
    })
    .await;
}

#[tokio::test]
async fn others_do_not_get_the_pages() {
    each_engine(&migrations(), |db| async move {
        let t = Town::new(&db).await;
        let own = OrgScope::Org(t.provider);
        let stranger = OrgScope::Org(db.new_id());
        let (purse, payable) = (format!("/books/accounts/{}", t.purse), format!("/books/accounts/{}", t.payable));
        let (ok, missing, no) = (StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN);
        let cases = [
            (Role::VillageStaff, "441523101201", OrgScope::Any, purse.as_str(), ok),
            (Role::VillageStaff, "441523101202", OrgScope::Any, &purse, missing),
            (Role::CountyStaff, "441521", OrgScope::Any, &purse, missing),
            (Role::Operator, "441523", OrgScope::Any, &payable, no),
            (Role::ProviderManager, "441523", own, &payable, ok),
            (Role::ProviderManager, "441523", stranger, &payable, missing),
            (Role::ProviderManager, "441523", own, &purse, missing),
            (Role::Worker, "441523", OrgScope::Worker(t.provider, db.new_id()), &payable, missing),
            (Role::Finance, "441523", OrgScope::Any, "/books/accounts/1", missing),
            (Role::VillageStaff, "441523", OrgScope::Any, "/books", no),
            (Role::Administrator, "441523", OrgScope::Any, "/books", no),
        ];
        for (role, place, org, path, wanted) in cases {
            let (status, _) = page(&t, role, place, org, path).await;
            assert_eq!(status, wanted, "{role:?} {place} {path}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_list_shows_the_kinds_of_ones_desk() {
    each_engine(&migrations(), |db| async move {
        let tx = db.begin().await.expect("begins");
        let (name, kind) = ("颐安居家养老".to_string(), access::model::OrgKind::Provider);
        let new = access::model::NewOrg { name, kind, region: county() };
        let org = access::service::create_org(&tx, &db, &crate::common::actor(), new).await.expect("made");
        tx.commit().await.expect("commits");
        let t = Town::of(&db, org).await;
        let (status, all) = page(&t, Role::Finance, "441523", OrgScope::Any, "/books").await;
        assert_eq!(status, StatusCode::OK);
        for id in [t.fund, t.purse, t.payable, t.paid, t.own_due, t.own_earned] {
            assert!(all.contains(&format!("/books/accounts/{id}")), "{id}");
        }
        assert_eq!(all.matches("颐安居家养老").count(), 3, "beside each of its accounts");
        assert!(all.contains("农村 75–79 岁"), "the pack by its title");
        let (_, purses) = page(&t, Role::Finance, "441523", OrgScope::Any, "/books?kind=purse").await;
        assert!(purses.contains(&t.purse.to_string()) && !purses.contains(&t.fund.to_string()));
        let own = OrgScope::Org(t.provider);
        let (_, mine) = page(&t, Role::ProviderManager, "441523", own, "/books").await;
        assert!(mine.contains(&t.payable.to_string()) && !mine.contains(&t.purse.to_string()));
        // A kind of another desk is not asked for behind its back.
        let (_, other) = page(&t, Role::ProviderManager, "441523", own, "/books?kind=purse").await;
        assert!(!other.contains(&t.purse.to_string()));
        let (_, none) = page(&t, Role::Finance, "441521", OrgScope::Any, "/books").await;
        assert!(none.contains("这里还没有账户"));
        assert_eq!(region("441523"), county());
    })
    .await;
}
