//! The database handle.
use crate::{Keys, db_error};
use kernel::{Clock, Error, IdGen, Instant, Result};
use sea_orm::sqlx::Connection;
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Reader connections (SQLite) or all connections (PostgreSQL).
    pub connections: u32,
    /// `true` in service: every commit reaches the disk. Tests and rebuilt demo data turn it off.
    pub durable: bool,
    /// PostgreSQL schema; `None` for the default.
    pub schema: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options { connections: 8, durable: true, schema: None }
    }
}

/// Handle to the database with what every use case needs beside it: clock, ids and keys. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    engine: Engine,
    clock: Clock,
    ids: IdGen,
    keys: Keys,
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// `Internal` when the file or server cannot be reached.
    pub async fn open(url: &str, options: &Options, clock: Clock, keys: Keys, id_seed: u64) -> Result<Db> {
        let engine = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Engine::Postgres
        } else if url.starts_with("sqlite:") {
            Engine::Sqlite
        } else {
            return Err(Error::Internal("database url must start with sqlite: or postgres://".into()));
        };
        let (reader, writer) = match engine {
            Engine::Sqlite => {
                let writer = Database::connect(sqlite_options(url, options, true)).await.map_err(db_error)?;
                let reader = Database::connect(sqlite_options(url, options, false)).await.map_err(db_error)?;
                (reader, writer)
            }
            Engine::Postgres => {
                let mut o = ConnectOptions::new(url);
                o.max_connections(options.connections.max(2))
                    .acquire_timeout(Duration::from_secs(30))
                    .test_before_acquire(false)
                    .sqlx_logging(false)
                    .map_sqlx_postgres_pool_opts(|p| p.after_release(|c, _| Box::pin(sound(c))));
                if let Some(schema) = &options.schema {
                    o.set_schema_search_path(schema.clone());
                }
                let both = Database::connect(o).await.map_err(db_error)?;
                (both.clone(), both)
            }
        };
        Ok(Db { inner: Arc::new(Inner { reader, writer, engine, clock, ids: IdGen::new(id_seed), keys }) })
    }

    /// `sqlite:` URL of a file inside a data folder.
    pub fn sqlite_url(path: &Path) -> String {
        format!("sqlite:{}?mode=rwc", path.display())
    }
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }
    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }
    pub fn ids(&self) -> &IdGen {
        &self.inner.ids
    }
    /// A new UUIDv7 id of the wanted kind.
    pub fn new_id<T: From<uuid::Uuid>>(&self) -> T {
        self.inner.ids.make(self.now())
    }
    /// For reads outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.inner.reader
    }
    /// Starts a write transaction; dropped without [`Tx::commit`] it is rolled back.
    pub async fn begin(&self) -> Result<Tx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let options = if self.inner.engine == Engine::Sqlite { options } else { TransactionOptions::default() };
        let inner = self.inner.writer.begin_with_options(options).await.map_err(db_error)?;
        Ok(Tx { inner, engine: self.inner.engine, now: self.now() })
    }
    /// A read-only transaction that sees one state of everything for as long as it lasts, and holds up no writer.
    pub async fn snapshot(&self) -> Result<Tx> {
        let options = match self.inner.engine {
            // A deferred transaction keeps the state of its first read (WAL).
            Engine::Sqlite => TransactionOptions::default(),
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..Default::default()
            },
        };
        let inner = self.inner.reader.begin_with_options(options).await.map_err(db_error)?;
        Ok(Tx { inner, engine: self.inner.engine, now: self.now() })
    }
    /// Fails when the database does not answer.
    pub async fn ping(&self) -> Result<()> {
        self.inner.reader.ping().await.map_err(db_error)
    }
    /// Closes all connections, checkpointing SQLite's log.
    pub async fn close(self) -> Result<()> {
        if self.inner.engine == Engine::Sqlite {
            self.inner.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map_err(db_error)?;
        }
        self.inner.reader.clone().close().await.map_err(db_error)?;
        self.inner.writer.clone().close().await.map_err(db_error)
    }
    /// Tells PostgreSQL's planner what the tables hold now, before a run over everything. Right after an import its own
    /// background collection has not looked yet, and a walk in steps of 500 households becomes a full scan for each
    /// step. Only tables that changed much are looked at, so asking costs nothing when nothing did. SQLite plans by its
    /// indexes and needs none.
    ///
    /// # Errors
    /// The database's.
    pub async fn freshen_statistics(&self) -> Result<()> {
        if self.inner.engine == Engine::Sqlite {
            return Ok(());
        }
        let changed = "SELECT quote_ident(s.relname) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
             WHERE s.schemaname = current_schema() AND s.n_mod_since_analyze > 5000 + GREATEST(c.reltuples, 0) / 10";
        let statement = sea_orm::Statement::from_string(DbBackend::Postgres, changed);
        for row in self.inner.reader.query_all_raw(statement).await.map_err(db_error)? {
            let table: String = row.try_get_by_index(0).map_err(db_error)?;
            self.inner.writer.execute_unprepared(&format!("ANALYZE {table}")).await.map_err(db_error)?;
        }
        Ok(())
    }
    /// A consistent copy of a SQLite database while it is in use (`VACUUM INTO`).
    pub async fn snapshot_into(&self, path: &Path) -> Result<()> {
        match self.inner.engine {
            Engine::Sqlite => {
                let quoted = path.display().to_string().replace('\'', "''");
                self.inner
                    .reader
                    .execute_unprepared(&format!("VACUUM INTO '{quoted}'"))
                    .await
                    .map_err(db_error)
                    .map(|_| ())
            }
            Engine::Postgres => Err(Error::Internal("use pg_dump for a PostgreSQL installation".into())),
        }
    }
}

fn sqlite_options(url: &str, options: &Options, writer: bool) -> ConnectOptions {
    let durable = options.durable;
    let mut o = ConnectOptions::new(url);
    o.max_connections(if writer { 1 } else { options.connections.max(1) })
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_pool_opts(|p| p.after_release(|c, _| Box::pin(sound(c))))
        .map_sqlx_sqlite_opts(move |c| {
            c.pragma("journal_mode", "WAL")
                .pragma("synchronous", if durable { "FULL" } else { "OFF" })
                .pragma("busy_timeout", "15000")
                .pragma("foreign_keys", "ON")
                .pragma("temp_store", "MEMORY")
                .pragma("cache_size", if writer { "-16000" } else { "-4000" })
                .pragma("mmap_size", "268435456")
                .pragma("journal_size_limit", "67108864")
                .statement_cache_capacity(300)
                // Rows come over from SQLite's thread; with few at a time the two threads wake each other for each row.
                .row_buffer_size(1_000)
        });
    o
}

/// Whether a connection comes back outside every transaction; one that does not is closed, which rolls back what it holds.
///
/// After a failed write SQLite may have ended the transaction by itself. The rollback then fails, the driver still counts
/// one transaction, and takes the next for a nested one: a savepoint. Once such a savepoint was rolled back it stays open,
/// and every later "commit" of the connection only ends an inner savepoint: it is answered with success, and gone with the
/// process.
async fn sound<C: Connection>(connection: &mut C) -> std::result::Result<bool, sea_orm::sqlx::Error> {
    if !connection.is_in_transaction() {
        return Ok(true);
    }
    // A rollback may be on its way still; it is done before this is answered.
    connection.ping().await?;
    let left = connection.is_in_transaction();
    if left {
        tracing::error!("a connection came back inside a transaction; it is closed");
    }
    Ok(!left)
}

/// A write transaction. What happened inside has one instant: [`Tx::now`].
pub struct Tx {
    inner: DatabaseTransaction,
    engine: Engine,
    now: Instant,
}

impl Tx {
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.map_err(db_error)
    }
    pub async fn rollback(self) -> Result<()> {
        self.inner.rollback().await.map_err(db_error)
    }
    pub fn engine(&self) -> Engine {
        self.engine
    }
    pub fn now(&self) -> Instant {
        self.now
    }
    /// The locking clause for a row that will be changed; SQLite's single writer needs none.
    pub fn lock(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE",
        }
    }
    pub(crate) fn conn(&self) -> &DatabaseTransaction {
        &self.inner
    }
    pub fn backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }
}
