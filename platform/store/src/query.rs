//! The few verbs every `store.rs` uses.
use crate::{Tx, db_error};
use kernel::{PageAsk, Paged, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, ExecResult, FromQueryResult, QueryResult, Statement};
use std::future::Future;

pub use sea_orm::sea_query::Value;

/// Something statements run on: the readers' pool or a transaction.
pub trait Sql: Sync {
    fn backend(&self) -> DbBackend;
    fn exec_raw(&self, s: Statement) -> impl Future<Output = Result<ExecResult>> + Send;
    fn rows_raw(&self, s: Statement) -> impl Future<Output = Result<Vec<QueryResult>>> + Send;
    fn row_raw(&self, s: Statement) -> impl Future<Output = Result<Option<QueryResult>>> + Send;
    fn script(&self, sql: &str) -> impl Future<Output = Result<()>> + Send;
}

macro_rules! sql_on {
    ($t:ty, |$s:ident| $conn:expr) => {
        impl Sql for $t {
            fn backend(&self) -> DbBackend {
                let $s = self;
                $conn.get_database_backend()
            }
            async fn exec_raw(&self, stmt: Statement) -> Result<ExecResult> {
                let $s = self;
                $conn.execute_raw(stmt).await.map_err(db_error)
            }
            async fn rows_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>> {
                let $s = self;
                $conn.query_all_raw(stmt).await.map_err(db_error)
            }
            async fn row_raw(&self, stmt: Statement) -> Result<Option<QueryResult>> {
                let $s = self;
                $conn.query_one_raw(stmt).await.map_err(db_error)
            }
            async fn script(&self, sql: &str) -> Result<()> {
                let $s = self;
                $conn.execute_unprepared(sql).await.map_err(db_error).map(|_| ())
            }
        }
    };
}
sql_on!(DatabaseConnection, |s| s);
sql_on!(Tx, |s| s.conn());

/// The statement as the engine reads it fastest. SQLite keeps `$1` as a name and looks every name up one by one when a
/// statement is prepared and again when its values are bound, so a long `IN (…)` costs its square; `?` has no name.
fn statement(backend: DbBackend, sql: &str, values: Vec<Value>) -> Statement {
    if backend == DbBackend::Sqlite
        && let Some((plain, order)) = nameless(sql)
        && order.iter().all(|i| *i < values.len())
    {
        let as_written = order.len() == values.len() && order.iter().enumerate().all(|(at, i)| at == *i);
        let values = if as_written { values } else { order.into_iter().map(|i| values[i].clone()).collect() };
        return Statement::from_sql_and_values(backend, plain, values);
    }
    Statement::from_sql_and_values(backend, sql, values)
}

/// `sql` with `?` for each `$n`, and which value (from 0) each `?` takes. `None` where a `$` is something else.
fn nameless(sql: &str) -> Option<(String, Vec<usize>)> {
    let mut parts = sql.split('$');
    let mut out = String::with_capacity(sql.len());
    out.push_str(parts.next()?);
    let mut order = Vec::new();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        order.push(number.parse::<usize>().ok()?.checked_sub(1)?);
        out.push('?');
        out.push_str(rest);
    }
    Some((out, order))
}

/// Typed queries on anything that is [`Sql`].
pub trait SqlExt: Sql {
    /// Runs a statement; the number of rows it touched.
    fn exec(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<u64>> + Send {
        let s = statement(self.backend(), sql, values);
        async move { Ok(self.exec_raw(s).await?.rows_affected()) }
    }
    /// All rows.
    fn all<T: FromQueryResult>(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<Vec<T>>> + Send {
        let s = statement(self.backend(), sql, values);
        async move { self.rows_raw(s).await?.iter().map(|r| T::from_query_result(r, "").map_err(db_error)).collect() }
    }
    /// The first row, if any.
    fn one<T: FromQueryResult>(&self, sql: &str, values: Vec<Value>) -> impl Future<Output = Result<Option<T>>> + Send {
        let s = statement(self.backend(), sql, values);
        async move { self.row_raw(s).await?.map(|r| T::from_query_result(&r, "").map_err(db_error)).transpose() }
    }
    /// The single value of the first row's first column; `None` when there is no row or it is NULL.
    fn scalar<T: sea_orm::TryGetable>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        let s = statement(self.backend(), sql, values);
        async move {
            match self.row_raw(s).await? {
                None => Ok(None),
                Some(r) => r.try_get_by_index::<Option<T>>(0).map_err(db_error),
            }
        }
    }
    /// First column of all rows.
    fn column<T: sea_orm::TryGetable>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>>> + Send {
        let s = statement(self.backend(), sql, values);
        async move { self.rows_raw(s).await?.iter().map(|r| r.try_get_by_index::<T>(0).map_err(db_error)).collect() }
    }
    /// A count that stops at [`Paged::COUNT_CAP`]` + 1`.
    fn count_capped(&self, from_where: &str, values: Vec<Value>) -> impl Future<Output = Result<i64>> + Send {
        let cap = Paged::<()>::COUNT_CAP + 1;
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 {from_where} LIMIT {cap}) AS counted");
        async move { Ok(self.scalar::<i64>(&sql, values).await?.unwrap_or(0)) }
    }
    /// One page: `select` (columns), `filter` (FROM … WHERE …), `order` (an allow-listed ORDER BY).
    fn page<T: FromQueryResult + Send>(
        &self,
        select: &str,
        filter: &Filter,
        order: &str,
        ask: PageAsk,
    ) -> impl Future<Output = Result<Paged<T>>> + Send {
        let sql =
            format!("SELECT {select} {} ORDER BY {order} LIMIT {} OFFSET {}", filter.sql(), ask.limit(), ask.offset());
        let from = filter.sql();
        let values = filter.values.clone();
        async move {
            let rows: Vec<T> = self.all(&sql, values.clone()).await?;
            let total = if ask.page <= 1 && (rows.len() as i64) < ask.limit() {
                rows.len() as i64
            } else {
                self.count_capped(&from, values).await?
            };
            Ok(Paged { rows, total, page: ask.page.max(1), per_page: ask.rows })
        }
    }
}
impl<C: Sql> SqlExt for C {}

/// Grows `FROM … WHERE a AND b` with numbered placeholders: `f.and("o.region >= ?", low)`.
///
/// Each `?` in a clause takes the next value; the placeholders are written as `$n`.
#[derive(Clone, Debug)]
pub struct Filter {
    from: String,
    clauses: Vec<String>,
    pub values: Vec<Value>,
}

impl Filter {
    /// `from` is everything after `FROM`, joins included, without values.
    pub fn from(from: &str) -> Filter {
        Filter { from: from.to_string(), clauses: Vec::new(), values: Vec::new() }
    }
    pub fn clause(&mut self, clause: &str, values: Vec<Value>) -> &mut Self {
        let mut n = self.values.len();
        let mut text = String::with_capacity(clause.len() + 8);
        for c in clause.chars() {
            if c == '?' {
                n += 1;
                text.push_str(&format!("${n}"));
            } else {
                text.push(c);
            }
        }
        debug_assert_eq!(n - self.values.len(), values.len(), "placeholders and values differ: {clause}");
        self.clauses.push(text);
        self.values.extend(values);
        self
    }
    pub fn and(&mut self, clause: &str, value: impl Into<Value>) -> &mut Self {
        self.clause(clause, vec![value.into()])
    }
    /// Rows inside a region: `column >= low AND column < high`.
    pub fn region(&mut self, column: &str, scope: &kernel::Scope) -> &mut Self {
        let (low, high) = scope.region_range();
        self.clause(&format!("{column} >= ? AND {column} < ?"), vec![low.into(), high.into()])
    }
    pub fn sql(&self) -> String {
        if self.clauses.is_empty() {
            format!("FROM {}", self.from)
        } else {
            format!("FROM {} WHERE {}", self.from, self.clauses.join(" AND "))
        }
    }
}

/// Inserts many rows in statements of at most 20,000 values (both engines' limits are above 32,000).
/// `tail` is e.g. `ON CONFLICT DO NOTHING` or empty. Returns the number of rows written.
pub async fn insert_many<C: Sql>(
    conn: &C,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
    tail: &str,
) -> Result<u64> {
    const MAX_VALUES: usize = 20_000;
    let width = columns.len().max(1);
    let chunk = (MAX_VALUES / width).clamp(1, 500);
    let mut written = 0;
    let mut it = rows.into_iter();
    loop {
        let part: Vec<Vec<Value>> = it.by_ref().take(chunk).collect();
        if part.is_empty() {
            return Ok(written);
        }
        let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
        let mut n = 0;
        for i in 0..part.len() {
            sql.push_str(if i == 0 { "(" } else { ", (" });
            for j in 0..width {
                n += 1;
                if j > 0 {
                    sql.push(',');
                }
                sql.push('$');
                sql.push_str(&n.to_string());
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(tail);
        written += conn.exec(&sql, part.into_iter().flatten().collect()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::nameless;

    #[test]
    fn every_place_takes_its_value() {
        let (sql, order) = nameless("a = $1 AND b IN ($2,$3)").expect("places only");
        assert_eq!((sql.as_str(), order), ("a = ? AND b IN (?,?)", vec![0, 1, 2]));
        let (sql, order) = nameless("SELECT $2 FROM t WHERE a = $1 OR b = $1").expect("places only");
        assert_eq!((sql.as_str(), order), ("SELECT ? FROM t WHERE a = ? OR b = ?", vec![1, 0, 0]));
        assert_eq!(nameless("SELECT 1").expect("none at all").1, Vec::<usize>::new());
        assert!(nameless("x -> '$.a' = $1").is_none(), "a path is not a place");
        assert!(nameless("a = $0").is_none());
    }
}
