//! What only one process of an installation may do at a time: take devices, climb ladders, hand over messages.
use crate::{Db, Engine, SqlExt};
use kernel::{Error, Result};
use sea_orm::sqlx::{Connection, PgConnection, query_scalar};
use std::fs::{File, TryLockError};
use std::time::Duration;

/// A server that does not answer within this is as good as gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right of this process to do a thing alone. It ends with the value, with the process however that ends, and on
/// PostgreSQL with its connection: no time has to pass before another may begin, and no clock is compared.
///
/// PostgreSQL: an advisory lock of the session, on a connection of its own. SQLite: a locked file beside the database;
/// a database in memory has one process anyway.
pub struct Sole {
    held: Held,
}

enum Held {
    File { _locked: Option<File> },
    Session(Box<PgConnection>),
}

impl Db {
    /// The sole right to `what`, or `None` while another process has it.
    ///
    /// # Errors
    /// The database's, or the file cannot be made.
    pub async fn sole(&self, what: &str) -> Result<Option<Sole>> {
        let held = match self.engine() {
            Engine::Sqlite => {
                let Some(path) = self.file().await? else {
                    return Ok(Some(Sole { held: Held::File { _locked: None } }));
                };
                let path = format!("{path}.{what}.lock");
                let file = File::options().create(true).truncate(false).write(true).open(&path);
                let file = file.map_err(|e| Error::Internal(format!("{path}: {e}")))?;
                match file.try_lock() {
                    Ok(()) => Held::File { _locked: Some(file) },
                    Err(TryLockError::WouldBlock) => return Ok(None),
                    Err(TryLockError::Error(e)) => return Err(Error::Internal(format!("{path}: {e}"))),
                }
            }
            Engine::Postgres => {
                let pool = self.read().get_postgres_connection_pool();
                let mut session = pool.acquire().await.map_err(Error::internal)?.detach();
                let lock = query_scalar("SELECT pg_try_advisory_lock(hashtext(current_schema()), hashtext($1))");
                let got: bool = lock.bind(what).fetch_one(&mut session).await.map_err(Error::internal)?;
                if !got {
                    session.close().await.map_err(Error::internal)?;
                    return Ok(None);
                }
                Held::Session(Box::new(session))
            }
        };
        Ok(Some(Sole { held }))
    }

    /// The file of a SQLite database.
    async fn file(&self) -> Result<Option<String>> {
        let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
        let files: Vec<String> = self.read().column(sql, vec![]).await?;
        Ok(files.into_iter().find(|f| !f.is_empty()))
    }
}

impl Sole {
    /// Whether the right is still ours. On PostgreSQL it is lost with the connection; then it can be asked for anew.
    pub async fn held(&mut self) -> bool {
        match &mut self.held {
            Held::File { .. } => true,
            Held::Session(session) => matches!(tokio::time::timeout(PATIENCE, session.ping()).await, Ok(Ok(()))),
        }
    }
}
