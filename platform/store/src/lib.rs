//! Where everything is kept: one handle over SQLite or PostgreSQL, transactions, forward migrations, and the sealing of
//! sensitive fields.
//!
//! Conventions that hold on both engines (see ARCHITECTURE.md "Data"):
//! - placeholders are `$1, $2 …`; DDL types are `UUID BIGINT TEXT BOOLEAN BYTEA` and nothing else;
//! - money is `BIGINT` fen, instants are `BIGINT` UTC milliseconds, dates, months and regions are `TEXT`;
//! - `SUM` is always wrapped: `CAST(SUM(x) AS BIGINT)` (PostgreSQL answers `numeric` otherwise);
//! - a row that will be changed is read with [`Tx::lock`] appended.
//!
//! **Invariant**: writes go through [`Db::begin`] only. On SQLite that is one connection and `BEGIN IMMEDIATE`, so two
//! writers never meet half-way; readers use their own pool and never wait for the writer (WAL).
#![forbid(unsafe_code)]

mod db;
mod migrate;
mod query;
mod seal;
mod sole;
#[cfg(feature = "testing")]
pub mod testing;
mod words;

pub use db::{Db, Engine, Options, Tx};
pub use migrate::{Migration, applied, migrate, pending};
pub use query::{Filter, Sql, SqlExt, Value, insert_many};
pub use sea_orm;
pub use seal::{Keys, Secret};
pub use sole::Sole;
// For the macros, so that whoever uses them needs neither by name.
#[doc(hidden)]
pub use {serde, uuid};

/// The values of a statement: `vals![id, name, fen]`.
#[macro_export]
macro_rules! vals {
    ($($v:expr),* $(,)?) => { vec![$($crate::Value::from($v)),*] };
}

/// Turns a database error into ours. Constraint text never reaches the user.
pub fn db_error(e: sea_orm::DbErr) -> kernel::Error {
    match e.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(what)) => {
            tracing::debug!(%what, "unique constraint");
            kernel::Error::Conflict("已经有一条相同的记录，先刷新看看".into())
        }
        _ => kernel::Error::Internal(format!("database: {e}")),
    }
}
