//! A worker at the door calls the elder: on the day of the visit, their own one, and never unseen.

use crate::world::{World, worlds};
use kernel::Role;
use store::SqlExt;
use web::axum::http::StatusCode;

async fn looks(w: &World, order_no: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_log WHERE action = 'elder.unmasked' AND reason LIKE $1";
    w.db.read().scalar(sql, store::vals![format!("%{order_no}")]).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_worker_of_todays_visit_sees_the_number_and_every_look_is_written_down() {
    for w in worlds().await {
        let worker = w.near(Role::Worker);
        let visit = format!("/m/visits/{}", w.near.id("visits"));
        let order: orders::model::Order = orders::service::order(
            &w.db,
            &crate::world::scope(crate::world::build::CITY),
            w.near.id("visits").parse().unwrap(),
        )
        .await
        .unwrap();
        let page = w.get(&visit, Some(worker)).await.text();
        assert!(page.contains(&format!("action=\"{visit}/phone\"")) && page.contains("打电话"), "{page}");
        assert!(!page.contains("1386602"), "the number does not stand in the page before it is asked for");
        assert_eq!(looks(&w, &order.no).await, 0);
        for n in 1..=2 {
            let shown = w.post(&format!("{visit}/phone"), Some(worker), "").await;
            assert_eq!(shown.status, StatusCode::OK);
            assert!(shown.text().contains("href=\"tel:1386602"), "{}", shown.text());
            assert_eq!(looks(&w, &order.no).await, n);
        }
        // Not a colleague, not the manager, not the rival's worker.
        for (who, status) in [
            (&w.colleague, StatusCode::NOT_FOUND),
            (&w.rival.people[&Role::Worker], StatusCode::NOT_FOUND),
            (w.near(Role::ProviderManager), StatusCode::FORBIDDEN),
        ] {
            assert_eq!(w.post(&format!("{visit}/phone"), Some(who), "").await.status, status);
        }
        assert_eq!(looks(&w, &order.no).await, 2);
    }
}

#[tokio::test]
async fn tomorrows_visit_shows_no_number_yet() {
    for w in worlds().await {
        let worker = w.near(Role::Worker);
        let visit = format!("/m/visits/{}", w.near.id("orders"));
        let page = w.get(&visit, Some(worker)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.text().contains("打电话"), "{}", page.text());
        let refused = w.post(&format!("{visit}/phone"), Some(worker), "").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("上门当天") && !refused.text().contains("1386602"), "{}", refused.text());
    }
}
