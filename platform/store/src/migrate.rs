//! Forward-only migrations: portable DDL, one transaction each, remembered with a checksum.
use crate::{Db, Engine, SqlExt, Tx, vals};
use kernel::{Error, Result};
use sha2::{Digest, Sha256};

/// One step. `id` never changes once landed, e.g. `people-0001`. Statements are separated by `;` at a line's end.
/// A statement starting with `-- postgres` or `-- sqlite` runs on that engine only.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub id: &'static str,
    pub sql: &'static str,
}

impl Migration {
    fn checksum(&self) -> String {
        hex::encode(&Sha256::digest(self.sql.as_bytes())[..16])
    }
    fn statements(&self, engine: Engine) -> Vec<&'static str> {
        self.sql
            .split(";\n")
            .map(str::trim)
            .filter(|s| !s.is_empty())
            .filter(|s| match s.lines().next().map(str::trim) {
                Some("-- postgres") => engine == Engine::Postgres,
                Some("-- sqlite") => engine == Engine::Sqlite,
                _ => true,
            })
            .collect()
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
  id TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)";

async fn known(tx: &Tx, id: &str) -> Result<Option<String>> {
    tx.scalar::<String>("SELECT checksum FROM schema_migration WHERE id = $1", vals![id]).await
}

/// Applies what is missing, in the given order. Returns the ids applied now.
///
/// # Errors
/// `Internal` if a migration that already ran has another text today: history is never edited.
pub async fn migrate(db: &Db, all: &[Migration]) -> Result<Vec<&'static str>> {
    let tx = db.begin().await?;
    crate::Sql::script(&tx, TABLE).await?;
    tx.commit().await?;
    let mut done = Vec::new();
    for m in all {
        let tx = db.begin().await?;
        match known(&tx, m.id).await? {
            Some(sum) if sum == m.checksum() => continue,
            Some(_) => return Err(Error::Internal(format!("migration {} was edited after it ran", m.id))),
            None => {}
        }
        for s in m.statements(db.engine()) {
            crate::Sql::script(&tx, s).await.map_err(|e| Error::Internal(format!("migration {}: {e}", m.id)))?;
        }
        tx.exec(
            "INSERT INTO schema_migration (id, checksum, applied_at) VALUES ($1, $2, $3)",
            vals![m.id, m.checksum(), tx.now()],
        )
        .await?;
        tx.commit().await?;
        done.push(m.id);
    }
    Ok(done)
}

/// Ids that ran on this database.
pub async fn applied(db: &Db) -> Result<Vec<String>> {
    db.read().column::<String>("SELECT id FROM schema_migration ORDER BY applied_at, id", vec![]).await
}

/// Ids that have not run yet; all of them on an empty database.
pub async fn pending(db: &Db, all: &[Migration]) -> Result<Vec<&'static str>> {
    let have = applied(db).await.unwrap_or_default();
    Ok(all.iter().map(|m| m.id).filter(|id| !have.iter().any(|h| h == id)).collect())
}
