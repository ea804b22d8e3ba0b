//! Runs, the gate that keeps them apart, and the texts of packs.
use crate::packs::{Packs, ground};
use kernel::{CivilDate, HouseholdId, Instant, RegionCode, Result, Tier};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, Value, vals};

/// Only one transaction at a time decides determinations and purses; taken before anything else is read.
pub(crate) async fn gate(tx: &Tx) -> Result<()> {
    tx.scalar::<i64>(&format!("SELECT id FROM determination_gate WHERE id = 1{}", tx.lock()), vec![]).await?;
    Ok(())
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct RunRow {
    /// The day of the last run before this one that was finished.
    pub previous: Option<CivilDate>,
    /// The last household done.
    pub after: Option<HouseholdId>,
    pub households: i64,
    pub report: String,
    pub finished_at: Option<Instant>,
}

pub(crate) async fn run<C: Sql>(conn: &C, region: RegionCode, day: CivilDate) -> Result<Option<RunRow>> {
    conn.one(
        "SELECT previous, after, households, report, finished_at FROM determination_run
         WHERE region = $1 AND day = $2",
        vals![region, day],
    )
    .await
}

pub(crate) async fn begin_run(
    tx: &Tx,
    region: RegionCode,
    day: CivilDate,
    previous: Option<CivilDate>,
    report: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO determination_run (region, day, previous, households, report, started_at)
         VALUES ($1, $2, $3, 0, $4, $5)
         ON CONFLICT (region, day) DO UPDATE SET previous = excluded.previous, after = NULL, households = 0,
           report = excluded.report, started_at = excluded.started_at, finished_at = NULL",
        vals![region, day, previous, report, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn step_run(
    tx: &Tx,
    region: RegionCode,
    day: CivilDate,
    after: Option<HouseholdId>,
    households: i64,
    report: &str,
) -> Result<()> {
    tx.exec(
        "UPDATE determination_run SET after = $3, households = $4, report = $5 WHERE region = $1 AND day = $2",
        vals![region, day, after, households, report],
    )
    .await?;
    Ok(())
}

pub(crate) async fn finish_run(tx: &Tx, region: RegionCode, day: CivilDate) -> Result<()> {
    tx.exec(
        "UPDATE determination_run SET after = NULL, finished_at = $3 WHERE region = $1 AND day = $2",
        vals![region, day, tx.now()],
    )
    .await?;
    Ok(())
}

/// The region and all that enclose it, as values.
fn enclosing(region: RegionCode) -> Vec<Value> {
    let tiers = [Tier::Province, Tier::City, Tier::County, Tier::Town, Tier::Village];
    let mut codes: Vec<String> = tiers.iter().map(|t| region.at(*t).to_string()).collect();
    codes.dedup();
    codes.into_iter().map(Value::from).collect()
}

/// First day ever determined, and last day determined completely, of runs that covered `region`.
pub(crate) async fn covered<C: Sql>(conn: &C, region: RegionCode) -> Result<(Option<CivilDate>, Option<CivilDate>)> {
    let regions = enclosing(region);
    let within = super::marks(1, regions.len());
    let first = format!("SELECT MIN(day) FROM determination_run WHERE region IN ({within})");
    let last = format!("SELECT MAX(day) FROM determination_run WHERE region IN ({within}) AND finished_at IS NOT NULL");
    Ok((conn.scalar(&first, regions.clone()).await?, conn.scalar(&last, regions).await?))
}

/// The last day determined completely for the whole of `region`, with the moment.
pub(crate) async fn last_run<C: Sql>(conn: &C, region: RegionCode) -> Result<Option<(CivilDate, Instant)>> {
    #[derive(FromQueryResult)]
    struct Last {
        day: CivilDate,
        finished_at: Instant,
    }
    let regions = enclosing(region);
    let sql = format!(
        "SELECT day, finished_at FROM determination_run WHERE region IN ({}) AND finished_at IS NOT NULL
         ORDER BY day DESC, finished_at DESC LIMIT 1",
        super::marks(1, regions.len())
    );
    Ok(conn.one::<Last>(&sql, regions).await?.map(|l| (l.day, l.finished_at)))
}

/// Keeps the texts of the packs now used, so that a determination can be read long after its pack was changed.
pub(crate) async fn keep_texts(tx: &Tx, packs: &Packs) -> Result<()> {
    for pack in packs.all() {
        tx.exec(
            "INSERT INTO policy_text (pack, version, title, ground, body, first_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (pack, version) DO NOTHING",
            vals![pack.id.clone(), pack.version as i64, pack.title.clone(), ground(pack), pack.text.clone(), tx.now()],
        )
        .await?;
    }
    Ok(())
}

/// The text of a pack as it was.
pub(crate) async fn text<C: Sql>(conn: &C, pack: &str, version: u64) -> Result<Option<String>> {
    conn.scalar("SELECT body FROM policy_text WHERE pack = $1 AND version = $2", vals![pack, version as i64]).await
}

/// Title and ground of a pack, by its latest text.
pub(crate) async fn titled<C: Sql>(conn: &C, pack: &str) -> Result<Option<(String, String)>> {
    #[derive(FromQueryResult)]
    struct Titled {
        title: String,
        ground: String,
    }
    let sql = "SELECT title, ground FROM policy_text WHERE pack = $1 ORDER BY first_at DESC, version LIMIT 1";
    Ok(conn.one::<Titled>(sql, vals![pack]).await?.map(|t| (t.title, t.ground)))
}
