//! The same behaviour on both engines.
#![allow(clippy::unwrap_used)]

use kernel::{CivilDate, ElderId, Fen, PageAsk, RegionCode};
use store::sea_orm::{self, FromQueryResult};
use store::testing::{NOW, each_engine};
use store::{Filter, Migration, Secret, SqlExt, insert_many, migrate, vals};

const M: &[Migration] = &[Migration {
    id: "t-0001",
    sql: "CREATE TABLE thing (id UUID PRIMARY KEY, region TEXT NOT NULL, born TEXT, money BIGINT NOT NULL, ok BOOLEAN NOT NULL, secret BYTEA);
CREATE INDEX thing_region ON thing (region);
-- postgres
COMMENT ON TABLE thing IS 'only here';
",
}];

#[derive(Debug, FromQueryResult, PartialEq)]
struct Thing {
    id: ElderId,
    region: RegionCode,
    born: Option<CivilDate>,
    money: Fen,
    ok: bool,
    secret: Option<Vec<u8>>,
}

const COLUMNS: &[&str] = &["id", "region", "born", "money", "ok", "secret"];

#[tokio::test]
async fn values_survive_the_round_trip() {
    each_engine(M, |db| async move {
        assert_eq!(db.now(), NOW);
        let id: ElderId = db.new_id();
        let region: RegionCode = "441523104201".parse().unwrap();
        let born: CivilDate = "1949-03-08".parse().unwrap();
        let sealed = db.keys().seal(Secret::Phone, "13812345678").unwrap();
        let tx = db.begin().await.unwrap();
        let rows = vec![
            vals![id, region, born, Fen(7400), true, sealed.clone()],
            vals![db.new_id::<ElderId>(), region, None::<CivilDate>, Fen(-1), false, None::<Vec<u8>>],
        ];
        assert_eq!(insert_many(&tx, "thing", COLUMNS, rows, "").await.unwrap(), 2);
        tx.commit().await.unwrap();
        let got: Thing = db.read().one("SELECT * FROM thing WHERE id = $1", vals![id]).await.unwrap().unwrap();
        assert_eq!(
            got,
            Thing { id, region, born: Some(born), money: Fen(7400), ok: true, secret: Some(sealed.clone()) }
        );
        assert_eq!(db.keys().open(Secret::Phone, &sealed).unwrap(), "13812345678");
        assert!(db.keys().open(Secret::IdNumber, &sealed).is_err());
        let sum: Option<Fen> = db.read().scalar("SELECT CAST(SUM(money) AS BIGINT) FROM thing", vec![]).await.unwrap();
        assert_eq!(sum, Some(Fen(7399)));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    each_engine(M, |db| async move {
        let tx = db.begin().await.unwrap();
        let id: ElderId = db.new_id();
        tx.exec(
            "INSERT INTO thing (id, region, money, ok) VALUES ($1, $2, $3, $4)",
            vals![id, "441523104201", 1i64, true],
        )
        .await
        .unwrap();
        drop(tx);
        let n: Option<i64> = db.read().scalar("SELECT COUNT(*) FROM thing", vec![]).await.unwrap();
        assert_eq!(n, Some(0));
    })
    .await;
}

#[tokio::test]
async fn pages_are_scoped_by_region_prefix() {
    each_engine(M, |db| async move {
        let tx = db.begin().await.unwrap();
        let rows = (0..120)
            .map(|i| {
                let region = if i % 2 == 0 { "441523104201" } else { "441523105201" };
                vals![db.new_id::<ElderId>(), region, None::<String>, Fen(i), true, None::<Vec<u8>>]
            })
            .collect();
        insert_many(&tx, "thing", COLUMNS, rows, "").await.unwrap();
        tx.commit().await.unwrap();
        let town = kernel::Scope { region: "441523104".parse().unwrap(), org: kernel::OrgScope::Any };
        let mut f = Filter::from("thing");
        f.region("region", &town).and("money >= ?", 10i64);
        let p = db.read().page::<Thing>("*", &f, "money DESC", PageAsk { page: 2, rows: 50 }).await.unwrap();
        assert_eq!((p.total, p.rows.len(), p.pages()), (55, 5, 2));
        assert!(p.rows.iter().all(|t| town.covers(&t.region)));
    })
    .await;
}

#[tokio::test]
async fn migrations_run_once_and_are_never_edited() {
    each_engine(M, |db| async move {
        assert!(migrate(&db, M).await.unwrap().is_empty());
        let edited = [Migration { id: "t-0001", sql: "SELECT 1" }];
        assert!(migrate(&db, &edited).await.is_err());
    })
    .await;
}

#[test]
fn blind_index_is_stable_and_kind_bound() {
    let k = store::Keys::from_bytes([1; 32], [2; 32]);
    assert_eq!(k.blind(Secret::Phone, "1"), k.blind(Secret::Phone, "1"));
    assert_ne!(k.blind(Secret::Phone, "1"), k.blind(Secret::IdNumber, "1"));
    let mut sealed = k.seal(Secret::Phone, "13812345678").unwrap();
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    assert!(k.open(Secret::Phone, &sealed).is_err());
}

#[tokio::test]
async fn statistics_are_made_before_a_run_over_everything() {
    each_engine(M, |db| async move {
        let region: RegionCode = "441523104201".parse().unwrap();
        let tx = db.begin().await.unwrap();
        let rows =
            (0..6_000).map(|_| vals![db.new_id::<ElderId>(), region, None::<CivilDate>, Fen(1), true, None::<Vec<u8>>]);
        insert_many(&tx, "thing", COLUMNS, rows.collect(), "").await.unwrap();
        if db.engine() == store::Engine::Postgres {
            // What a session changed reaches the shared counters some time after its commit; here at once.
            let _: Option<i64> =
                tx.scalar("SELECT CAST(1 AS BIGINT) FROM pg_stat_force_next_flush() AS t", vec![]).await.unwrap();
        }
        tx.commit().await.unwrap();
        db.freshen_statistics().await.unwrap();
        if db.engine() == store::Engine::Postgres {
            let sql = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = 'thing'::regclass";
            let planned: Option<i64> = db.read().scalar(sql, vec![]).await.unwrap();
            assert_eq!(planned, Some(6_000));
        }
    })
    .await;
}

#[tokio::test]
async fn one_at_a_time_has_the_sole_right() {
    each_engine(M, |db| async move {
        let mut first = db.sole("devices").await.unwrap().unwrap();
        assert!(first.held().await);
        assert!(db.sole("devices").await.unwrap().is_none(), "somebody has it");
        let other = db.sole("ladder").await.unwrap();
        assert!(other.is_some(), "another right");
        drop(first);
        // A server hears of a closed connection a moment later.
        let mut again = None;
        for _ in 0..200 {
            again = db.sole("devices").await.unwrap();
            if again.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(again.is_some(), "free again");
    })
    .await;
}

#[tokio::test]
async fn a_right_is_lost_with_its_connection_and_can_be_had_again() {
    let Some(test) = store::testing::postgres(M).await else { return };
    let db = &test.db;
    let mut right = db.sole("devices").await.unwrap().unwrap();
    let ended = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_locks
        WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
          AND classid::bigint = (hashtext(current_schema())::bigint & 4294967295)";
    let ended: Vec<i64> = db.read().column(ended, vec![]).await.unwrap();
    assert_eq!(ended, [1]);
    assert!(!right.held().await);
    // The server lets go of it when it has seen the end of the connection.
    let had_again = async {
        while db.sole("devices").await.unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), had_again).await.expect("nobody has it");
}
