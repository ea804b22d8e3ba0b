//! Determinations: loading those of a batch, writing a plan.
use crate::model::{Decided, Held, Plan};
use kernel::{CivilDate, ElderId, Fen, HouseholdId, Instant, RegionCode, Result};
use policy::{FactSet, Outcome, Verdict};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, Value, insert_many, vals};

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Row {
    pub elder: ElderId,
    pub pack: String,
    pub since: CivilDate,
    pub revision: i64,
    pub household: HouseholdId,
    pub region: RegionCode,
    verdict: String,
    class: Option<i64>,
    monthly: Fen,
    met: i64,
    unmet: i64,
    missing: i64,
    version: i64,
    facts: String,
    pub ends_on: Option<CivilDate>,
    pub passed_from: Option<String>,
    until: Option<CivilDate>,
    pub recorded_at: Instant,
    pub superseded_at: Option<Instant>,
    pub purse: bool,
}

const ROW: &str = "elder, pack, since, revision, household, region, verdict, class, monthly, met, unmet, missing, \
                   version, facts, ends_on, passed_from, until, recorded_at, superseded_at, purse";

impl Row {
    /// The verdict of a row in force.
    pub(crate) fn standing(&self) -> Option<Verdict> {
        let stands = self.until.is_none() && self.superseded_at.is_none();
        stands.then(|| Verdict::parse(&self.verdict)).flatten()
    }
    /// The verdict the row has after `plan`, if it is in force then.
    pub(crate) fn standing_after(&self, plan: &Plan) -> Option<Verdict> {
        let closed = plan.close.iter().find(|c| (c.0, c.1) == (self.since, self.revision));
        let until = closed.map_or(self.until, |c| c.2);
        let gone = self.superseded_at.is_some() || plan.supersede.contains(&(self.since, self.revision));
        (until.is_none() && !gone).then(|| Verdict::parse(&self.verdict)).flatten()
    }
    /// The facts it rests on.
    pub(crate) fn facts(&self) -> &str {
        &self.facts
    }
    pub(crate) fn version(&self) -> u64 {
        self.version as u64
    }
    pub(crate) fn held(&self) -> Held {
        Held {
            decided: Decided {
                since: self.since,
                until: self.until,
                outcome: Outcome {
                    verdict: Verdict::parse(&self.verdict).unwrap_or(Verdict::Unknown),
                    class: self.class.and_then(|c| u8::try_from(c).ok()),
                    met: self.met as u64,
                    unmet: self.unmet as u64,
                    missing: FactSet((self.missing as u64).into()),
                },
                monthly: self.monthly,
                facts: self.facts.clone(),
                version: self.version as u64,
            },
            revision: self.revision,
            superseded: self.superseded_at.is_some(),
        }
    }
}

/// Rows of these elders that may matter from `anchor` on: in force, ended later, or replaced.
pub(crate) async fn of_elders<C: Sql>(conn: &C, elders: &[ElderId], anchor: CivilDate) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    for part in elders.chunks(super::CHUNK) {
        let sql = format!(
            "SELECT {ROW} FROM determination WHERE elder IN ({})
               AND (until IS NULL OR until >= $1 OR superseded_at IS NOT NULL)",
            super::marks(2, part.len())
        );
        let mut values = vals![anchor];
        values.extend(part.iter().map(|e| Value::from(*e)));
        out.extend(conn.all::<Row>(&sql, values).await?);
    }
    Ok(out)
}

/// The rows in force of one elder.
pub(crate) async fn in_force<C: Sql>(conn: &C, elder: ElderId) -> Result<Vec<Row>> {
    let sql = format!("SELECT {ROW} FROM determination WHERE elder = $1 AND until IS NULL AND superseded_at IS NULL");
    conn.all(&sql, vals![elder]).await
}

/// Every row of the elder's archives, newest first.
pub(crate) async fn history<C: Sql>(conn: &C, elders: &[ElderId]) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {ROW} FROM determination WHERE elder IN ({}) ORDER BY since DESC, revision DESC, pack",
        super::marks(1, elders.len())
    );
    conn.all(&sql, elders.iter().map(|e| Value::from(*e)).collect()).await
}

/// Whether anything was ever determined: a first run need not look for old rows.
pub(crate) async fn any<C: Sql>(conn: &C) -> Result<bool> {
    Ok(conn.scalar::<i64>("SELECT CAST(1 AS BIGINT) FROM determination LIMIT 1", vec![]).await?.is_some())
}

/// One person and pack with what has to change.
pub(crate) struct Change {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub region: RegionCode,
    pub pack: String,
    /// Whether the pack fills a purse.
    pub purse: bool,
    pub plan: Plan,
    /// For each insert: when it will end, and the pack passed from.
    pub outlook: Vec<(Option<CivilDate>, Option<String>)>,
}

pub(crate) async fn write(tx: &Tx, changes: Vec<Change>) -> Result<()> {
    let mut rows = Vec::new();
    let mut closes: std::collections::BTreeMap<Option<CivilDate>, Vec<Value>> = Default::default();
    let mut wrong: Vec<Value> = Vec::new();
    for c in changes {
        for (since, revision, until) in &c.plan.close {
            closes.entry(*until).or_default().extend(vals![c.elder, c.pack.clone(), *since, *revision]);
        }
        for (since, revision) in &c.plan.supersede {
            wrong.extend(vals![c.elder, c.pack.clone(), *since, *revision]);
        }
        for ((d, revision), (ends_on, passed_from)) in c.plan.insert.into_iter().zip(c.outlook) {
            rows.push(vals![
                c.elder,
                c.pack.clone(),
                d.since,
                revision,
                c.household,
                c.region,
                d.outcome.verdict.code(),
                d.outcome.class.map(i64::from),
                d.monthly,
                d.outcome.met as i64,
                d.outcome.unmet as i64,
                d.outcome.missing.0 as u64 as i64,
                d.version as i64,
                d.facts,
                ends_on,
                passed_from,
                d.until,
                tx.now(),
                None::<Instant>,
                c.purse,
            ]);
        }
    }
    for (until, keys) in closes {
        update(tx, "until = $1", Value::from(until), keys).await?;
    }
    update(tx, "superseded_at = $1", Value::from(tx.now()), wrong).await?;
    let columns: Vec<&str> = ROW.split(',').map(str::trim).collect();
    insert_many(tx, "determination", &columns, rows, "").await?;
    Ok(())
}

/// Sets one column of the rows with these keys (elder, pack, since, revision, flattened).
async fn update(tx: &Tx, set: &str, value: Value, keys: Vec<Value>) -> Result<()> {
    for part in keys.chunks(4 * 1_000) {
        let each: Vec<String> = (0..part.len() / 4)
            .map(|i| {
                let n = 2 + i * 4;
                format!("(elder = ${n} AND pack = ${} AND since = ${} AND revision = ${})", n + 1, n + 2, n + 3)
            })
            .collect();
        let mut values = vec![value.clone()];
        values.extend(part.iter().cloned());
        if each.len() == 1 {
            tx.exec(&format!("UPDATE determination SET {set} WHERE {}", each[0]), values).await?;
            continue;
        }
        // Row values instead of a thousand ORs: both engines look each key up in the primary key.
        let tuples: Vec<String> = (0..part.len() / 4)
            .map(|i| format!("(${}, ${}, ${}, ${})", 2 + i * 4, 3 + i * 4, 4 + i * 4, 5 + i * 4))
            .collect();
        let sql = format!(
            "UPDATE determination SET {set} WHERE (elder, pack, since, revision) IN (VALUES {})",
            tuples.join(", ")
        );
        tx.exec(&sql, values).await?;
    }
    Ok(())
}

/// The rows in force follow the elder to another village or household.
pub(crate) async fn follow(tx: &Tx, elder: ElderId, household: HouseholdId, region: RegionCode) -> Result<()> {
    tx.exec(
        "UPDATE determination SET household = $2, region = $3 WHERE elder = $1 AND superseded_at IS NULL",
        vals![elder, household, region],
    )
    .await?;
    Ok(())
}

/// Marks every row in force of an elder as wrong.
pub(crate) async fn supersede_all(tx: &Tx, elder: ElderId) -> Result<u64> {
    tx.exec(
        "UPDATE determination SET superseded_at = $2 WHERE elder = $1 AND superseded_at IS NULL",
        vals![elder, tx.now()],
    )
    .await
}
