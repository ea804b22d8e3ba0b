//! A transaction that the database ended by itself, as after a full disk: what is committed afterwards is really committed.
#![allow(clippy::unwrap_used)]

use store::testing::{each_engine, sqlite};
use store::{Db, Migration, Sql, SqlExt, vals};

const TABLES: &[Migration] = &[Migration { id: "t-1", sql: "CREATE TABLE t (n BIGINT NOT NULL, text TEXT);\n" }];

async fn put(db: &Db, n: i64) -> kernel::Result<()> {
    let tx = db.begin().await?;
    tx.exec("INSERT INTO t (n, text) VALUES ($1, $2)", vals![n, "x".repeat(2_000)]).await?;
    tx.commit().await
}

async fn held(db: &Db) -> Vec<i64> {
    db.read().column("SELECT n FROM t ORDER BY n", vec![]).await.unwrap()
}

#[tokio::test]
async fn what_follows_a_transaction_that_was_lost_is_committed() {
    each_engine(TABLES, |db| async move {
        put(&db, 1).await.unwrap();
        let tx = db.begin().await.unwrap();
        // What a database does by itself when it cannot write.
        tx.script("ROLLBACK").await.unwrap();
        drop(tx);
        let tx = db.begin().await.unwrap();
        tx.exec("INSERT INTO t (n, text) VALUES ($1, '')", vals![2]).await.unwrap();
        drop(tx);
        for n in 3..6 {
            put(&db, n).await.unwrap();
        }
        // Read over other connections: they see what is committed, and nothing else.
        assert_eq!(held(&db).await, [1, 3, 4, 5]);
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_answers_with_errors_and_then_takes_everything_again() {
    let test = sqlite(TABLES).await;
    let db = test.db.clone();
    let script = async |sql: &str| {
        let tx = db.begin().await.unwrap();
        tx.script(sql).await.unwrap();
        tx.commit().await.unwrap();
    };
    let mut taken = Vec::new();
    for round in 0..3 {
        for n in 0..20 {
            put(&db, round * 100 + n).await.unwrap();
            taken.push(round * 100 + n);
        }
        // As a full disk does it: the statement fails, and the whole transaction is gone.
        script("CREATE TRIGGER full BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END")
            .await;
        for n in 20..40 {
            assert!(put(&db, round * 100 + n).await.is_err());
        }
        script("DROP TRIGGER full").await;
    }
    assert_eq!(held(&db).await, taken, "what was answered with success is there, the rest is not");
}
