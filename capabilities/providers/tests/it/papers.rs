//! Papers, bans and contracts block from the day after their last day, and say which paper and which date.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use catalogue::{Category, Skill};
use kernel::{Error, Role};
use providers::DocumentKind;
use providers::model::{BanDraft, ContractDraft, DocumentDraft, Suspension};
use providers::service;
use store::testing::each_engine;
use store::{Db, SqlExt};

async fn why_not(db: &Db, id: kernel::WorkerId, item: &catalogue::Item, on: &str) -> Option<String> {
    match service::dispatchable(db.read(), id, item, day(on)).await {
        Ok(()) => None,
        Err(Error::Refused(m)) => Some(m),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_insurance_counts_through_its_last_day_and_blocks_from_the_day_after() {
    each_engine(&migrations(), |db| async move {
        let org = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let w = bare_worker(&db, org, 1).await;
        let haircut = item(&db, "ZL01", Category::DailyCare, &[Skill::Haircut]).await;
        let said = why_not(&db, w, &haircut, "2026-11-20").await.unwrap();
        assert!(said.contains("没有意外保险") && said.contains("没有健康体检"), "{said}");
        add_paper(&db, w, paper(DocumentKind::HealthCheck, "2027-01-01")).await;
        add_paper(&db, w, paper(DocumentKind::Insurance, "2026-11-20")).await;
        assert_eq!(why_not(&db, w, &haircut, "2026-11-20").await, None);
        let said = why_not(&db, w, &haircut, "2026-11-21").await.unwrap();
        assert_eq!(said, "林玉芳1不能派理发：意外保险“意外保险”（NO-insurance）已于 2026-11-20 到期");
        // A renewal that begins later leaves the gap.
        let renewed = DocumentDraft { from: day("2026-11-25"), ..paper(DocumentKind::Insurance, "2027-11-24") };
        add_paper(&db, w, renewed).await;
        assert!(why_not(&db, w, &haircut, "2026-11-24").await.is_some());
        assert_eq!(why_not(&db, w, &haircut, "2026-11-25").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_certificate_is_needed_for_what_it_covers_and_for_nothing_else() {
    each_engine(&migrations(), |db| async move {
        let org = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let w = bare_worker(&db, org, 1).await;
        add_paper(&db, w, paper(DocumentKind::HealthCheck, "2027-01-01")).await;
        add_paper(&db, w, paper(DocumentKind::Insurance, "2027-01-01")).await;
        let haircut = item(&db, "ZL01", Category::DailyCare, &[Skill::Haircut]).await;
        let bathing = item(&db, "ZL02", Category::DailyCare, &[Skill::Bathing]).await;
        let laundry = item(&db, "JZ09", Category::Household, &[Skill::Laundry]).await;
        assert_eq!(why_not(&db, w, &haircut, "2026-11-20").await, None);
        assert!(why_not(&db, w, &bathing, "2026-11-20").await.unwrap().contains("没有助浴的证书"));
        assert!(why_not(&db, w, &laundry, "2026-11-20").await.unwrap().contains("不会洗衣"));
        let certificate = add_paper(&db, w, paper(DocumentKind::Certificate, "2026-12-01")).await;
        assert_eq!(why_not(&db, w, &bathing, "2026-12-01").await, None);
        let said = why_not(&db, w, &bathing, "2026-12-02").await.unwrap();
        assert!(said.contains("“养老护理员（四级）”（NO-certificate）已于 2026-12-01 到期"), "{said}");
        assert_eq!(why_not(&db, w, &haircut, "2026-12-02").await, None);
        // The dispatch engine sees the same.
        let seen = service::candidates(&db, &of(org), org, day("2026-11-20")).await.unwrap();
        let engine = seen[0].worker.as_ref().unwrap();
        assert!(seen[0].block.is_none() && engine.skills.has(Skill::Bathing.tag()));
        let tx = db.begin().await.unwrap();
        service::void_document(&tx, &manager(&db, org), w, certificate, "录错了").await.unwrap();
        tx.commit().await.unwrap();
        assert!(why_not(&db, w, &bathing, "2026-11-20").await.unwrap().contains("没有助浴的证书"));
        let seen = service::candidates(&db, &of(org), org, day("2026-11-20")).await.unwrap();
        assert!(!seen[0].worker.as_ref().unwrap().skills.has(Skill::Bathing.tag()));
    })
    .await;
}

#[tokio::test]
async fn a_ban_follows_the_person_to_another_provider() {
    each_engine(&migrations(), |db| async move {
        let first = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let second = provider(&db, 2, contract_draft(&[COUNTY])).await;
        let here = worker(&db, first, 1).await;
        let there = worker(&db, second, 1).await;
        let haircut = item(&db, "ZL01", Category::DailyCare, &[Skill::Haircut]).await;
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let draft = BanDraft {
            from: day("2026-11-20"),
            to: Some(day("2026-12-20")),
            reason: "虐待老人".into(),
            document: "陆民禁〔2026〕1 号".into(),
        };
        let tx = db.begin().await.unwrap();
        let e = service::ban(&tx, &db, &manager(&db, first), here, draft.clone()).await.unwrap_err();
        assert!(matches!(e, Error::Forbidden(_)), "{e:?}");
        let ban = service::ban(&tx, &db, &county, here, draft.clone()).await.unwrap();
        let e = service::ban(&tx, &db, &county, there, draft).await.unwrap_err();
        assert!(matches!(e, Error::Refused(_)), "{e:?}");
        tx.commit().await.unwrap();
        assert_eq!(why_not(&db, there, &haircut, "2026-11-19").await, None);
        for w in [here, there] {
            let said = why_not(&db, w, &haircut, "2026-12-20").await.unwrap();
            assert!(said.contains("在行业禁入名单上，到 2026-12-20"), "{said}");
            assert_eq!(why_not(&db, w, &haircut, "2026-12-21").await, None);
        }
        // Nor can the person be registered at a third.
        let third = provider(&db, 3, contract_draft(&[COUNTY])).await;
        let tx = db.begin().await.unwrap();
        let e = service::register_worker(&tx, &db, &manager(&db, third), worker_draft(third, 1)).await.unwrap_err();
        assert!(e.user_message().contains("行业禁入名单"), "{e:?}");
        service::lift_ban(&tx, &county, here, ban, "复核撤销").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(why_not(&db, there, &haircut, "2026-11-20").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_provider_without_running_contract_and_insurance_gets_nothing() {
    each_engine(&migrations(), |db| async move {
        let short = ContractDraft { insured_to: day("2026-11-30"), ..contract_draft(&[TOWN]) };
        let org = provider(&db, 1, short.clone()).await;
        let blocks = |at: &'static str, category: Category, on: &'static str| {
            let db = db.clone();
            async move {
                let all = service::eligible(&db, &scope(COUNTY), &region(at), category, day(on)).await.unwrap();
                all.iter().find(|c| c.org == org).unwrap().blocks.iter().map(|b| b.zh()).collect::<Vec<_>>()
            }
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-01-01").await, none);
        assert_eq!(blocks(VILLAGE, Category::Household, "2025-12-31").await, ["合同 LH-2026-01 从 2026-01-01 开始"]);
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-11-30").await, none, "the insurance's last day");
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-12-01").await, ["责任险 PZ-88 已于 2026-11-30 到期"]);
        assert_eq!(blocks(VILLAGE, Category::LegalAdvice, "2026-11-20").await, ["合同不含法律政策咨询"]);
        assert_eq!(blocks(VILLAGE, Category::Household, "2027-01-01").await, ["合同 LH-2026-01 已于 2026-12-31 到期"]);
        assert_eq!(blocks(OTHER_TOWN, Category::Household, "2026-11-20").await, ["合同不含这个地方"]);
        // The worker cannot be sent either.
        let w = worker(&db, org, 1).await;
        let haircut = item(&db, "ZL01", Category::DailyCare, &[Skill::Haircut]).await;
        let said = why_not(&db, w, &haircut, "2026-12-01").await.unwrap();
        assert!(said.contains("颐安1责任险 PZ-88 已于 2026-11-30 到期"), "{said}");
        // Renewed, it may again; suspended, it may not.
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let contract = service::contracts(&db, &scope(COUNTY), org).await.unwrap().remove(0);
        let tx = db.begin().await.unwrap();
        let renewed = ContractDraft { insured_to: day("2026-12-31"), ..short };
        service::change_contract(&tx, &county, contract.id, contract.version, renewed.clone()).await.unwrap();
        let e = service::change_contract(&tx, &county, contract.id, contract.version, renewed).await.unwrap_err();
        assert!(matches!(e, Error::Conflict(_)), "{e:?}");
        tx.commit().await.unwrap();
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-12-01").await, none);
        let stop = Suspension {
            from: day("2026-11-20"),
            to: Some(day("2026-11-25")),
            reason: "投诉核查".into(),
            document: "陆民〔2026〕9 号".into(),
        };
        let tx = db.begin().await.unwrap();
        service::suspend(&tx, &county, org, stop).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-11-25").await, ["暂停接单到 2026-11-25：投诉核查"]);
        assert_eq!(blocks(VILLAGE, Category::Household, "2026-11-26").await, none);
    })
    .await;
}

#[tokio::test]
async fn papers_are_listed_by_the_day_they_end_and_a_renewed_one_hides_the_old() {
    each_engine(&migrations(), |db| async move {
        let org = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let w = worker(&db, org, 1).await;
        let other = bare_worker(&db, org, 2).await;
        add_paper(&db, other, paper(DocumentKind::Insurance, "2026-11-19")).await;
        add_paper(&db, other, paper(DocumentKind::HealthCheck, "2026-12-20")).await;
        add_paper(&db, other, paper(DocumentKind::Certificate, "2026-12-21")).await;
        // Today is 2026-11-20: 12-20 is the 30th day, 12-21 the 31st.
        assert_eq!(service::paper_counts(&db, &of(org)).await.unwrap(), (1, 1));
        let page = kernel::PageAsk { page: 1, rows: 50 };
        let soon = service::expiring(day("2026-11-20"));
        let rows = service::papers(&db, &scope(COUNTY), &soon, "x.ends ASC, x.id ASC", page).await.unwrap().rows;
        assert_eq!(
            rows.iter().map(|r| (r.kind.as_str(), r.worker)).collect::<Vec<_>>(),
            [("health_check", Some(other))]
        );
        add_paper(&db, other, paper(DocumentKind::Insurance, "2027-11-19")).await;
        assert_eq!(service::paper_counts(&db, &of(org)).await.unwrap(), (1, 0));
        // On 2027-01-01 contract and liability insurance are over, too.
        let gone = service::expired(day("2027-01-01"));
        let rows = service::papers(&db, &of(org), &gone, "x.ends ASC, x.id ASC", page).await.unwrap().rows;
        let mut kinds: Vec<&str> = rows.iter().map(|r| r.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["certificate", "contract", "health_check", "liability"]);
        assert!(rows.iter().all(|r| r.worker != Some(w)));
        let acts: i64 = db
            .read()
            .scalar("SELECT COUNT(*) FROM audit_log WHERE action = 'worker.document_added'", vec![])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(acts, 7, "every paper is in the audit log");
    })
    .await;
}
