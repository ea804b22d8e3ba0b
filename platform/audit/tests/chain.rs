#![allow(clippy::unwrap_used)]

use audit::{Action, Entry, record, verify};
use kernel::{Actor, OrgScope, Scope};
use store::testing::each_engine;
use store::{SqlExt, vals};

const SEEN: Action = Action::new("elder.unmask", "查看证件号");

fn actor() -> Actor {
    Actor::Platform { job: "test", scope: Scope { region: "4415".parse().unwrap(), org: OrgScope::Any } }
}

#[tokio::test]
async fn one_altered_byte_is_found() {
    each_engine(audit::MIGRATIONS, |db| async move {
        for i in 0..25 {
            let tx = db.begin().await.unwrap();
            record(&tx, &actor(), Entry::new(SEEN, "elder", i).reason("核对身份")).await.unwrap();
            tx.commit().await.unwrap();
        }
        let v = verify(&db).await.unwrap();
        assert!(v.intact());
        assert_eq!(v.rows, 25);
        for change in [
            "UPDATE audit_log SET reason = '核对身份.' WHERE seq = $1",
            "UPDATE audit_log SET at = at + 1 WHERE seq = $1",
            "DELETE FROM audit_log WHERE seq = $1",
        ] {
            let tx = db.begin().await.unwrap();
            tx.exec(change, vals![13i64]).await.unwrap();
            tx.commit().await.unwrap();
            let v = verify(&db).await.unwrap();
            assert!(v.broken.is_some_and(|b| b.seq >= 13), "{change}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_lives_and_dies_with_its_transaction() {
    each_engine(audit::MIGRATIONS, |db| async move {
        let tx = db.begin().await.unwrap();
        record(&tx, &actor(), Entry::new(SEEN, "elder", 1)).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(verify(&db).await.unwrap().rows, 0);
    })
    .await;
}

#[tokio::test]
async fn the_tail_cannot_be_cut_off() {
    each_engine(audit::MIGRATIONS, |db| async move {
        let tx = db.begin().await.unwrap();
        audit::record_many(&tx, &actor(), &[Entry::new(SEEN, "elder", 1), Entry::new(SEEN, "elder", 2)]).await.unwrap();
        tx.exec("DELETE FROM audit_log WHERE seq = 2", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!verify(&db).await.unwrap().intact());
    })
    .await;
}

#[tokio::test]
async fn the_log_names_each_kind_of_act_once() {
    each_engine(audit::MIGRATIONS, |db| async move {
        assert!(audit::kinds(&db).await.unwrap().is_empty());
        let paid = Action::new("settlement.paid", "拨付");
        let tx = db.begin().await.unwrap();
        let acts = [paid, SEEN, SEEN, paid, SEEN];
        let entries: Vec<Entry> = acts.into_iter().map(|a| Entry::new(a, "elder", 1)).collect();
        audit::record_many(&tx, &actor(), &entries).await.unwrap();
        // The words of an act may change; the latest are shown.
        record(&tx, &actor(), Entry::new(Action::new("settlement.paid", "已拨付"), "payment_list", 1)).await.unwrap();
        tx.commit().await.unwrap();
        let kinds = audit::kinds(&db).await.unwrap();
        let found: Vec<(&str, &str)> = kinds.iter().map(|k| (k.code.as_str(), k.words.as_str())).collect();
        assert_eq!(found, [("elder.unmask", "查看证件号"), ("settlement.paid", "已拨付")]);
    })
    .await;
}
