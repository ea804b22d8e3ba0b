//! The search table: `elder_term (term, region, elder_id)`.
use crate::store::elders::marks;
use kernel::{ElderId, RegionCode, Result, Scope};
use store::{Db, SqlExt, Tx, Value, insert_many, vals};

/// Puts terms in. Sorted by the caller: the table is ordered by term and neighbours land on one page.
pub(crate) async fn insert(tx: &Tx, terms: Vec<(String, RegionCode, ElderId)>) -> Result<u64> {
    let rows = terms.into_iter().map(|(t, r, e)| vals![t, r, e]).collect();
    insert_many(tx, "elder_term", &["term", "region", "elder_id"], rows, "ON CONFLICT DO NOTHING").await
}

pub(crate) async fn remove(tx: &Tx, terms: &[String], region: RegionCode, elder: ElderId) -> Result<()> {
    let sql =
        format!("DELETE FROM elder_term WHERE region = $1 AND elder_id = $2 AND term IN ({})", marks(3, terms.len()));
    let mut values = vals![region, elder];
    values.extend(terms.iter().map(|t| Value::from(t.clone())));
    tx.exec(&sql, values).await?;
    Ok(())
}

/// Elders with a term from `low` (included) to `high` (not included), in the order of the table.
pub(crate) async fn range(db: &Db, scope: &Scope, low: &str, high: &str, limit: i64) -> Result<Vec<ElderId>> {
    let (from, to) = scope.region_range();
    let sql = format!(
        "SELECT elder_id FROM elder_term WHERE term >= $1 AND term < $2 AND region >= $3 AND region < $4
         ORDER BY term, region, elder_id LIMIT {limit}"
    );
    db.read().column(&sql, vals![low, high, from, to]).await
}

/// Elders with exactly this term.
pub(crate) async fn exact(db: &Db, scope: &Scope, term: &str, limit: i64) -> Result<Vec<ElderId>> {
    let (from, to) = scope.region_range();
    let sql = format!(
        "SELECT elder_id FROM elder_term WHERE term = $1 AND region >= $2 AND region < $3
         ORDER BY region, elder_id LIMIT {limit}"
    );
    db.read().column(&sql, vals![term, from, to]).await
}

/// Elders that have every one of `terms`; the first should be the rarest. At most `look` rows of it are looked at.
pub(crate) async fn every(db: &Db, scope: &Scope, terms: &[String], look: i64, limit: i64) -> Result<Vec<ElderId>> {
    let Some((first, rest)) = terms.split_first() else { return Ok(Vec::new()) };
    let (from, to) = scope.region_range();
    let mut sql = format!(
        "SELECT a.elder_id FROM (SELECT region, elder_id FROM elder_term WHERE term = $1 AND region >= $2 AND region < $3
           ORDER BY region, elder_id LIMIT {look}) a"
    );
    let mut values = vals![first.clone(), from, to];
    for (i, t) in rest.iter().enumerate() {
        values.push(t.clone().into());
        sql.push_str(&format!(
            " JOIN elder_term t{i} ON t{i}.term = ${} AND t{i}.region = a.region AND t{i}.elder_id = a.elder_id",
            values.len()
        ));
    }
    sql.push_str(&format!(" LIMIT {limit}"));
    db.read().column(&sql, values).await
}

/// How many elders have a term, counted to `cap`.
pub(crate) async fn count(db: &Db, scope: &Scope, term: &str, cap: i64) -> Result<i64> {
    let (from, to) = scope.region_range();
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM elder_term WHERE term = $1 AND region >= $2 AND region < $3 LIMIT {cap}) AS c"
    );
    Ok(db.read().scalar::<i64>(&sql, vals![term, from, to]).await?.unwrap_or(0))
}
