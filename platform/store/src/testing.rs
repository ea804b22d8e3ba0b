//! Fresh, migrated databases for tests: the same test body runs on SQLite and, where `YINIAN_TEST_PG` names a server,
//! on PostgreSQL. A skipped engine is printed.
use crate::{Db, Keys, Migration, Options, SqlExt, migrate};
use kernel::{Clock, Instant};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

/// The frozen "now" of tests: 2026-11-20 10:00 in the city's zone, a Friday.
pub const NOW: Instant = Instant(1_795_140_000_000);

/// A database that disappears with this value.
pub struct TestDb {
    pub db: Db,
    _folder: Option<tempfile::TempDir>,
}

fn keys() -> Keys {
    Keys::from_bytes([7; 32], [9; 32])
}

/// A fresh SQLite database in a temporary folder.
pub async fn sqlite(migrations: &[Migration]) -> TestDb {
    let folder = tempfile::tempdir().expect("temporary folder");
    let url = Db::sqlite_url(&folder.path().join("test.sqlite"));
    let options = Options { durable: false, connections: 2, schema: None };
    let db = Db::open(&url, &options, Clock::fixed(NOW), keys(), 1).await.expect("sqlite opens");
    migrate(&db, migrations).await.expect("migrations run on SQLite");
    TestDb { db, _folder: Some(folder) }
}

/// A fresh PostgreSQL schema, or `None` (printed) when no server is named.
pub async fn postgres(migrations: &[Migration]) -> Option<TestDb> {
    static N: AtomicU32 = AtomicU32::new(0);
    #[allow(clippy::disallowed_methods)]
    let Ok(url) = std::env::var("YINIAN_TEST_PG") else {
        println!("SKIPPED engine PostgreSQL: YINIAN_TEST_PG is not set");
        return None;
    };
    let schema = format!("t{}_{}", std::process::id(), N.fetch_add(1, Ordering::SeqCst));
    let admin_options = Options { durable: false, connections: 2, schema: None };
    let admin = Db::open(&url, &admin_options, Clock::fixed(NOW), keys(), 1).await.expect("PostgreSQL opens");
    admin.read().exec(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), vec![]).await.expect("old schema dropped");
    admin.read().exec(&format!("CREATE SCHEMA {schema}"), vec![]).await.expect("schema made");
    admin.close().await.expect("closes");
    let options = Options { durable: false, connections: 4, schema: Some(schema) };
    let db = Db::open(&url, &options, Clock::fixed(NOW), keys(), 1).await.expect("PostgreSQL opens");
    migrate(&db, migrations).await.expect("migrations run on PostgreSQL");
    Some(TestDb { db, _folder: None })
}

/// Runs `body` on every engine at hand.
pub async fn each_engine<F, Fut>(migrations: &[Migration], body: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = ()>,
{
    let first = sqlite(migrations).await;
    body(first.db.clone()).await;
    if let Some(second) = postgres(migrations).await {
        body(second.db.clone()).await;
    }
}
