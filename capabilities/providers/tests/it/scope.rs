//! Two providers cannot see each other's anything; a county sees its own region's.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use catalogue::Category;
use kernel::{Actor, Error, OrgScope, PageAsk, Role, Scope};
use providers::DocumentKind;
use providers::service::{self, PaperFilter, ProviderFilter, WorkerFilter};
use store::testing::each_engine;

const PAGE: PageAsk = PageAsk { page: 1, rows: 50 };

fn hidden<T: std::fmt::Debug>(r: Result<T, Error>) {
    assert!(matches!(r, Err(Error::NotFound(_))), "expected NotFound, got {r:?}");
}

#[tokio::test]
async fn no_service_returns_another_organisations_row() {
    each_engine(&migrations(), |db| async move {
        let a = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let b = provider(&db, 2, contract_draft(&[COUNTY])).await;
        let (wa, wb) = (worker(&db, a, 1).await, worker(&db, b, 2).await);
        let own = of(a);
        let on = day("2026-11-20");
        // Reads.
        hidden(service::provider(&db, &own, b).await);
        hidden(service::contracts(&db, &own, b).await);
        hidden(service::worker(&db, &own, wb).await);
        hidden(service::position(&db, &own, b, on).await);
        assert!(service::workers(&db, &own, b).await.unwrap().is_empty());
        assert!(service::candidates(&db, &own, b, on).await.unwrap().is_empty());
        let list = service::list(&db, &own, &ProviderFilter::default(), "p.name ASC, p.org ASC", PAGE).await.unwrap();
        assert_eq!(list.rows.iter().map(|l| l.provider.org).collect::<Vec<_>>(), [a]);
        let everyone = WorkerFilter { org: Some(b), ..WorkerFilter::default() };
        assert!(service::worker_list(&db, &own, &everyone, "w.id ASC", PAGE).await.unwrap().rows.is_empty());
        let list = service::worker_list(&db, &own, &WorkerFilter::default(), "w.id ASC", PAGE).await.unwrap();
        assert_eq!(list.rows.iter().map(|w| w.id).collect::<Vec<_>>(), [wa]);
        let papers = service::papers(&db, &own, &PaperFilter::default(), "x.ends ASC, x.id ASC", PAGE).await.unwrap();
        assert_eq!(papers.rows.len(), 5, "three of the worker, contract and liability");
        assert!(papers.rows.iter().all(|p| p.org == a));
        let fit = service::eligible(&db, &own, &region(VILLAGE), Category::Household, on).await.unwrap();
        assert_eq!(fit.iter().map(|c| c.org).collect::<Vec<_>>(), [a]);
        let turns = service::order_of_turns(&db, &own, &region(VILLAGE), Category::Household, on).await.unwrap();
        assert!(turns.iter().all(|t| t.org == a));
        let seen = service::coverage(&db, &own, &[region(COUNTY)], on).await.unwrap();
        assert!(seen.iter().flat_map(|c| &c.providers).all(|p| p.0 == a));
        // Writes.
        let me = manager(&db, a);
        let tx = db.begin().await.unwrap();
        hidden(service::register_worker(&tx, &db, &me, worker_draft(b, 9)).await);
        hidden(service::update_worker(&tx, &db, &me, wb, 1, worker_draft(b, 2)).await);
        hidden(service::add_document(&tx, &db, &me, wb, paper(DocumentKind::Insurance, "2030-01-01")).await);
        hidden(service::void_document(&tx, &me, wb, uuid::Uuid::nil(), "x").await);
        hidden(service::phone_plain(&tx, &db, &me, wb, "排班").await);
        let new = service::WorkerAccount { login: "wb1".into(), password: None };
        hidden(service::open_account(&tx, &db, &me, wb, new).await);
        // A paper of b's worker cannot be voided through a's own worker.
        let bs = service::worker(&db, &of(b), wb).await.unwrap().documents[0].id;
        hidden(service::void_document(&tx, &me, wa, bs, "x").await);
        for r in [
            service::suspend(&tx, &me, a, suspension()).await,
            service::resume(&tx, &me, a, "x").await,
            service::sign_contract(&tx, &db, &me, a, contract_draft(&[COUNTY])).await.map(|_| ()),
            service::update_provider(&tx, &me, a, 1, provider_draft("x", 1)).await,
        ] {
            assert!(matches!(r, Err(Error::Forbidden(_))), "{r:?}");
        }
    })
    .await;
}

fn suspension() -> providers::model::Suspension {
    providers::model::Suspension {
        from: day("2026-11-20"), to: None, reason: "核查".into(), document: "1 号".into()
    }
}

#[tokio::test]
async fn a_worker_sees_only_the_own_record() {
    each_engine(&migrations(), |db| async move {
        let a = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let (me, other) = (worker(&db, a, 1).await, worker(&db, a, 2).await);
        let own = Scope { region: region(COUNTY), org: OrgScope::Worker(a, me) };
        assert_eq!(service::worker(&db, &own, me).await.unwrap().id, me);
        hidden(service::worker(&db, &own, other).await);
        assert_eq!(service::workers(&db, &own, a).await.unwrap().len(), 1);
        let papers = service::papers(&db, &own, &PaperFilter::default(), "x.ends ASC, x.id ASC", PAGE).await.unwrap();
        assert_eq!(papers.rows.len(), 3);
        let actor = Actor::Person { user: db.new_id(), name: "林玉芳".into(), role: Role::Worker, scope: own };
        let tx = db.begin().await.unwrap();
        let e = service::add_document(&tx, &db, &actor, me, paper(DocumentKind::Insurance, "2030-01-01")).await;
        assert!(matches!(e, Err(Error::Forbidden(_))), "{e:?}");
    })
    .await;
}

#[tokio::test]
async fn a_county_sees_who_serves_it_and_changes_only_its_own() {
    each_engine(&migrations(), |db| async move {
        let here = provider(&db, 1, contract_draft(&[TOWN])).await;
        let county = scope(COUNTY);
        let neighbour = scope(OTHER_COUNTY);
        assert!(service::provider(&db, &county, here).await.is_ok());
        assert!(service::provider(&db, &scope(VILLAGE), here).await.is_ok(), "serves the town around the village");
        hidden(service::provider(&db, &scope(OTHER_TOWN), here).await);
        hidden(service::provider(&db, &neighbour, here).await);
        let w = worker(&db, here, 1).await;
        hidden(service::worker(&db, &neighbour, w).await);
        let other = staff(&db, Role::CountyStaff, OTHER_COUNTY);
        let tx = db.begin().await.unwrap();
        hidden(service::suspend(&tx, &other, here, suspension()).await);
        // The neighbour may contract with it for its own towns, not for ours.
        let e = service::sign_contract(&tx, &db, &other, here, contract_draft(&[TOWN])).await.unwrap_err();
        assert!(matches!(e, Error::Invalid(_)), "{e:?}");
        let theirs = providers::model::ContractDraft { number: "HF-1".into(), ..contract_draft(&[OTHER_COUNTY]) };
        service::sign_contract(&tx, &db, &other, here, theirs).await.unwrap();
        tx.commit().await.unwrap();
        assert!(service::provider(&db, &neighbour, here).await.is_ok());
        let tx = db.begin().await.unwrap();
        let e = service::update_provider(&tx, &other, here, 1, provider_draft("改名", 1)).await.unwrap_err();
        assert!(matches!(e, Error::Forbidden(_)), "{e:?}");
    })
    .await;
}

#[tokio::test]
async fn a_worker_gets_an_account_of_the_own_organisation_and_a_masked_phone() {
    each_engine(&migrations(), |db| async move {
        let a = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let w = worker(&db, a, 1).await;
        let me = manager(&db, a);
        let card = service::worker(&db, &of(a), w).await.unwrap();
        assert_eq!((card.phone_masked.as_str(), card.id_masked.len()), ("138****5678", 18));
        let tx = db.begin().await.unwrap();
        let login = service::WorkerAccount { login: "linyf".into(), password: None };
        let user = service::open_account(&tx, &db, &me, w, login.clone()).await.unwrap();
        let e = service::open_account(&tx, &db, &me, w, login).await.unwrap_err();
        assert!(matches!(e, Error::Refused(_)), "{e:?}");
        assert_eq!(service::phone_plain(&tx, &db, &me, w, "排班").await.unwrap(), "13812345678");
        tx.commit().await.unwrap();
        assert_eq!(service::worker(&db, &of(a), w).await.unwrap().user, Some(user));
        let e = {
            let tx = db.begin().await.unwrap();
            service::register_worker(&tx, &db, &me, worker_draft(a, 1)).await.unwrap_err()
        };
        assert!(e.user_message().contains("已登记为林玉芳1"), "{e:?}");
    })
    .await;
}
