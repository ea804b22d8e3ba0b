//! Counts kept with every change: how many are entitled and undecided in each village under each pack, and what purses
//! hold. Pages read these instead of counting.
use kernel::{Fen, Quarter, RegionCode, Result, Scope};
use std::collections::BTreeMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, insert_many, vals};

/// Stands for every pack that fills a purse: people are counted once.
pub(crate) const ANY_PURSE: &str = "";

/// Changes of one batch: (pack, region, verdict) and by how many.
#[derive(Debug, Default)]
pub(crate) struct Deltas(BTreeMap<(String, RegionCode, &'static str), i64>);

impl Deltas {
    pub(crate) fn add(&mut self, pack: &str, region: RegionCode, verdict: &'static str, n: i64) {
        *self.0.entry((pack.to_string(), region, verdict)).or_default() += n;
    }
    pub(crate) async fn write(self, tx: &Tx) -> Result<()> {
        let rows = self.0.into_iter().filter(|(_, n)| *n != 0);
        let rows = rows.map(|((pack, region, verdict), n)| vals![pack, region, verdict, n]).collect();
        let tail = "ON CONFLICT (pack, region, verdict) DO UPDATE SET n = determination_tally.n + excluded.n";
        insert_many(tx, "determination_tally", &["pack", "region", "verdict", "n"], rows, tail).await?;
        Ok(())
    }
}

/// Changes of purses: (quarter, region), by how many and how much.
#[derive(Debug, Default)]
pub(crate) struct PurseDeltas(BTreeMap<(Quarter, RegionCode), (i64, Fen)>);

impl PurseDeltas {
    pub(crate) fn add(&mut self, quarter: Quarter, region: RegionCode, n: i64, granted: Fen) {
        let of = self.0.entry((quarter, region)).or_default();
        of.0 += n;
        of.1 += granted;
    }
    pub(crate) async fn write(self, tx: &Tx) -> Result<()> {
        let rows = self.0.into_iter().filter(|(_, d)| *d != (0, Fen::ZERO));
        let rows = rows.map(|((quarter, region), (n, granted))| vals![quarter, region, n, granted]).collect();
        let tail = "ON CONFLICT (quarter, region) DO UPDATE SET n = purse_tally.n + excluded.n,
                      granted = purse_tally.granted + excluded.granted";
        insert_many(tx, "purse_tally", &["quarter", "region", "n", "granted"], rows, tail).await?;
        Ok(())
    }
}

/// How many of the scope stand under a pack with a verdict.
pub(crate) async fn of<C: Sql>(conn: &C, scope: &Scope, pack: &str, verdict: &str) -> Result<i64> {
    let mut f = Filter::from("determination_tally");
    f.and("pack = ?", pack).region("region", scope).and("verdict = ?", verdict);
    let sql = format!("SELECT CAST(SUM(n) AS BIGINT) {}", f.sql());
    Ok(conn.scalar(&sql, f.values.clone()).await?.unwrap_or(0))
}

/// Of every pack.
pub(crate) async fn by_pack<C: Sql>(conn: &C, scope: &Scope) -> Result<Vec<(String, String, i64)>> {
    #[derive(FromQueryResult)]
    struct Count {
        pack: String,
        verdict: String,
        n: i64,
    }
    let mut f = Filter::from("determination_tally");
    f.clause("pack <> ''", vec![]).region("region", scope);
    let sql = format!("SELECT pack, verdict, CAST(SUM(n) AS BIGINT) AS n {} GROUP BY pack, verdict", f.sql());
    let rows: Vec<Count> = conn.all(&sql, f.values.clone()).await?;
    Ok(rows.into_iter().map(|r| (r.pack, r.verdict, r.n)).collect())
}

/// Purses of a quarter: how many, and what was granted.
pub(crate) async fn purses<C: Sql>(conn: &C, scope: &Scope, quarter: Quarter) -> Result<(i64, Fen)> {
    #[derive(FromQueryResult)]
    struct Sum {
        n: i64,
        granted: Fen,
    }
    let mut f = Filter::from("purse_tally");
    f.and("quarter = ?", quarter).region("region", scope);
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n, CAST(COALESCE(SUM(granted), 0) AS BIGINT) AS granted {}",
        f.sql()
    );
    let sum: Option<Sum> = conn.one(&sql, f.values.clone()).await?;
    Ok(sum.map_or((0, Fen::ZERO), |s| (s.n, s.granted)))
}

/// The tallies counted afresh, as the statements that fill the tables.
const COUNTED: &str = "SELECT pack, region, verdict, COUNT(*) AS n FROM determination
   WHERE until IS NULL AND superseded_at IS NULL AND verdict IN ('eligible', 'unknown') GROUP BY pack, region, verdict
 UNION ALL SELECT '' AS pack, region, verdict, COUNT(DISTINCT elder) AS n FROM determination
   WHERE until IS NULL AND superseded_at IS NULL AND purse AND verdict IN ('eligible', 'unknown')
   GROUP BY region, verdict";
const PURSES_COUNTED: &str = "SELECT quarter, region, COUNT(*) AS n, CAST(SUM(granted) AS BIGINT) AS granted FROM purse
   GROUP BY quarter, region";

/// How many tallies differ from what is counted afresh.
pub(crate) async fn wrong<C: Sql>(conn: &C) -> Result<i64> {
    let people = format!(
        "SELECT COUNT(*) FROM (SELECT COALESCE(a.pack, b.pack) FROM ({COUNTED}) a FULL OUTER JOIN
           (SELECT * FROM determination_tally WHERE n <> 0) b
           ON a.pack = b.pack AND a.region = b.region AND a.verdict = b.verdict
         WHERE a.n IS NULL OR b.n IS NULL OR a.n <> b.n) AS differ"
    );
    let purses = format!(
        "SELECT COUNT(*) FROM (SELECT COALESCE(a.quarter, b.quarter) FROM ({PURSES_COUNTED}) a FULL OUTER JOIN
           (SELECT * FROM purse_tally WHERE n <> 0) b ON a.quarter = b.quarter AND a.region = b.region
         WHERE a.n IS NULL OR b.n IS NULL OR a.n <> b.n OR a.granted <> b.granted) AS differ"
    );
    let one: i64 = conn.scalar(&people, vec![]).await?.unwrap_or(0);
    let two: i64 = conn.scalar(&purses, vec![]).await?.unwrap_or(0);
    Ok(one + two)
}

/// Counts everything afresh.
pub(crate) async fn rebuild(tx: &Tx) -> Result<()> {
    tx.exec("DELETE FROM determination_tally", vec![]).await?;
    tx.exec(&format!("INSERT INTO determination_tally (pack, region, verdict, n) {COUNTED}"), vec![]).await?;
    tx.exec("DELETE FROM purse_tally", vec![]).await?;
    tx.exec(&format!("INSERT INTO purse_tally (quarter, region, n, granted) {PURSES_COUNTED}"), vec![]).await?;
    Ok(())
}
