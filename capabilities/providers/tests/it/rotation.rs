//! The fair turn: stored, even, kept over a decline, and closed to who may not serve.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use catalogue::Category;
use kernel::{Error, OrgId};
use providers::model::ContractDraft;
use providers::service::{self, Took};
use std::collections::HashMap;
use store::Db;
use store::testing::each_engine;

async fn order(db: &Db, at: &str, category: Category, on: &str) -> Result<OrgId, Error> {
    let tx = db.begin().await?;
    let org = service::next_in_turn(&tx, &region(at), category, day(on), &[]).await?;
    service::turn_taken(&tx, org, &region(at), category, day(on), Took::Order).await?;
    tx.commit().await?;
    Ok(org)
}

#[tokio::test]
async fn thirty_orders_differ_by_at_most_one() {
    each_engine(&migrations(), |db| async move {
        let mut orgs = Vec::new();
        for n in 1..=4 {
            orgs.push(provider(&db, n, contract_draft(&[COUNTY])).await);
        }
        let mut got: HashMap<OrgId, u32> = HashMap::new();
        for n in 0..30 {
            let at = if n % 2 == 0 { VILLAGE } else { OTHER_TOWN };
            *got.entry(order(&db, at, Category::Household, "2026-11-20").await.unwrap()).or_default() += 1;
            let most = got.values().max().unwrap();
            let least = orgs.iter().map(|o| got.get(o).copied().unwrap_or(0)).min().unwrap();
            assert!(most - least <= 1, "after {} orders: {got:?}", n + 1);
        }
        // What is stored is what was given.
        for org in &orgs {
            let at = service::position(&db, &of(*org), *org, day("2026-11-20")).await.unwrap();
            let own = at.iter().find(|p| p.category == Category::Household).unwrap();
            assert_eq!(own.orders, got[org]);
            assert_eq!(own.among, 4);
        }
        // Another category and another quarter are rotations of their own.
        order(&db, VILLAGE, Category::DailyCare, "2026-11-20").await.unwrap();
        let (county, at, earlier) = (scope(COUNTY), region(VILLAGE), day("2026-09-30"));
        let turns = service::order_of_turns(&db, &county, &at, Category::Household, earlier).await.unwrap();
        assert!(turns.len() == 4 && turns.iter().all(|t| t.turns == 0), "{turns:?}");
    })
    .await;
}

#[tokio::test]
async fn a_decline_is_a_turn_and_the_order_goes_to_another() {
    each_engine(&migrations(), |db| async move {
        let a = provider(&db, 1, contract_draft(&[COUNTY])).await;
        let b = provider(&db, 2, contract_draft(&[COUNTY])).await;
        let (at, on) = (region(VILLAGE), day("2026-11-20"));
        let tx = db.begin().await.unwrap();
        let first = service::next_in_turn(&tx, &at, Category::Household, on, &[]).await.unwrap();
        service::turn_taken(&tx, first, &at, Category::Household, on, Took::Decline).await.unwrap();
        let second = service::next_in_turn(&tx, &at, Category::Household, on, &[first]).await.unwrap();
        assert_ne!(first, second);
        service::turn_taken(&tx, second, &at, Category::Household, on, Took::Order).await.unwrap();
        let e = service::next_in_turn(&tx, &at, Category::Household, on, &[a, b]).await.unwrap_err();
        assert!(e.user_message().contains("颐安1已拒单") && e.user_message().contains("颐安2已拒单"), "{e:?}");
        tx.commit().await.unwrap();
        let turns = service::order_of_turns(&db, &scope(COUNTY), &at, Category::Household, on).await.unwrap();
        assert!(turns.iter().all(|t| t.turns == 1), "{turns:?}");
    })
    .await;
}

#[tokio::test]
async fn one_that_joins_later_does_not_get_everything() {
    each_engine(&migrations(), |db| async move {
        provider(&db, 1, contract_draft(&[COUNTY])).await;
        provider(&db, 2, contract_draft(&[COUNTY])).await;
        for _ in 0..10 {
            order(&db, VILLAGE, Category::Household, "2026-11-20").await.unwrap();
        }
        let late = provider(&db, 3, contract_draft(&[COUNTY])).await;
        let mut own = 0;
        for _ in 0..6 {
            own += u32::from(order(&db, VILLAGE, Category::Household, "2026-11-20").await.unwrap() == late);
        }
        assert_eq!(own, 2, "a third of the orders after joining");
    })
    .await;
}

#[tokio::test]
async fn capacity_place_and_contract_keep_a_provider_out_of_its_turn() {
    each_engine(&migrations(), |db| async move {
        let small = provider(&db, 1, ContractDraft { capacity: Some(2), ..contract_draft(&[COUNTY]) }).await;
        let town = provider(&db, 2, contract_draft(&[OTHER_TOWN])).await;
        for _ in 0..2 {
            assert_eq!(order(&db, VILLAGE, Category::Household, "2026-11-20").await.unwrap(), small);
        }
        let e = order(&db, VILLAGE, Category::Household, "2026-11-20").await.unwrap_err();
        assert!(e.user_message().contains("颐安1已满 2 单"), "{e:?}");
        assert!(e.user_message().contains("颐安2合同不含这个地方"), "{e:?}");
        let (county, at) = (scope(COUNTY), region(VILLAGE));
        let full = service::eligible(&db, &county, &at, Category::Household, day("2026-11-20")).await.unwrap();
        assert_eq!(full.iter().find(|c| c.org == small).unwrap().blocks[0].code(), "full");
        assert_eq!(order(&db, OTHER_TOWN, Category::Household, "2026-11-20").await.unwrap(), town);
        let e = order(&db, VILLAGE, Category::Household, "2027-01-01").await.unwrap_err();
        assert!(e.user_message().contains("颐安1合同 LH-2026-01 已于 2026-12-31 到期"), "{e:?}");
        // Fewer than two that can: shown as thin.
        let seen = service::coverage(&db, &scope(COUNTY), &[region(COUNTY)], day("2026-11-20")).await.unwrap();
        let of_category = |c: Category| seen.iter().find(|x| x.category == c).unwrap();
        assert!(!of_category(Category::DailyCare).thin(), "two serve parts of the county");
        assert!(of_category(Category::LegalAdvice).thin() && of_category(Category::LegalAdvice).providers.is_empty());
    })
    .await;
}
