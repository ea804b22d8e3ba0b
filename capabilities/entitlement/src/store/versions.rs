//! Versions of packs written here.
use crate::model::{Act, Version, VersionState, VersionStep as Step};
use kernel::{CivilDate, Error, Instant, PolicyVersionId, RegionCode, Result, Scope, UserId};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, vals};

/// Changes with every change of what is approved.
pub(crate) async fn stamp<C: Sql>(conn: &C) -> Result<i64> {
    Ok(conn.scalar("SELECT n FROM policy_stamp WHERE id = 1", vec![]).await?.unwrap_or(0))
}

/// Tells every process that what is approved has changed.
pub(crate) async fn tick(tx: &Tx) -> Result<()> {
    tx.exec("UPDATE policy_stamp SET n = n + 1 WHERE id = 1", vec![]).await?;
    Ok(())
}

/// Held by whoever decides on versions: two approvals never meet half-way.
pub(crate) async fn lock(tx: &Tx) -> Result<()> {
    tx.scalar::<i64>(&format!("SELECT id FROM policy_stamp WHERE id = 1{}", tx.lock()), vec![]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Row {
    id: PolicyVersionId,
    pack: String,
    number: i64,
    state: String,
    region: RegionCode,
    title: String,
    body: String,
    base: String,
    effective_on: CivilDate,
    why: String,
    adopted_from: Option<String>,
    seen: i64,
}

impl Row {
    fn version(self, steps: Vec<Step>) -> Version {
        Version {
            state: VersionState::parse(&self.state).unwrap_or(VersionState::Withdrawn),
            id: self.id,
            pack: self.pack,
            number: self.number,
            region: self.region,
            title: self.title,
            body: self.body,
            base: self.base,
            effective_on: self.effective_on,
            why: self.why,
            adopted_from: self.adopted_from,
            seen: self.seen,
            steps,
        }
    }
}

#[derive(FromQueryResult)]
struct StepRow {
    version: PolicyVersionId,
    act: String,
    who: UserId,
    name: String,
    at: Instant,
    reason: String,
}

const ROW: &str = "id, pack, number, state, region, title, body, base, effective_on, why, adopted_from, seen";

/// An approved text.
#[derive(FromQueryResult)]
pub(crate) struct Approved {
    pub pack: String,
    pub number: i64,
    pub body: String,
    pub effective_on: CivilDate,
}

/// In the order they were approved.
pub(crate) async fn approved<C: Sql>(conn: &C) -> Result<Vec<Approved>> {
    let sql =
        "SELECT pack, number, body, effective_on FROM policy_version WHERE state = 'approved' ORDER BY pack, number";
    conn.all(sql, vec![]).await
}

async fn with_steps<C: Sql>(conn: &C, rows: Vec<Row>) -> Result<Vec<Version>> {
    let ids: Vec<PolicyVersionId> = rows.iter().map(|r| r.id).collect();
    let mut steps: HashMap<PolicyVersionId, Vec<Step>> = HashMap::new();
    for part in ids.chunks(super::CHUNK) {
        let sql = format!(
            "SELECT version, act, who, name, at, reason FROM policy_step WHERE version IN ({}) ORDER BY version, n",
            super::marks(1, part.len())
        );
        for s in conn.all::<StepRow>(&sql, part.iter().map(|id| (*id).into()).collect()).await? {
            let Some(act) = Act::parse(&s.act) else { continue };
            let step = Step { act, who: s.who, name: s.name, at: s.at, reason: s.reason };
            steps.entry(s.version).or_default().push(step);
        }
    }
    Ok(rows.into_iter().map(|r| (steps.remove(&r.id).unwrap_or_default(), r)).map(|(s, r)| r.version(s)).collect())
}

/// What a list of versions asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub pack: Option<String>,
    pub state: Option<VersionState>,
}

/// Versions whose place lies in the scope or holds it, newest first.
pub(crate) async fn list<C: Sql>(conn: &C, scope: &Scope, ask: &Ask) -> Result<Vec<Version>> {
    let mut f = Filter::from("policy_version");
    if let Some(pack) = &ask.pack {
        f.and("pack = ?", pack.clone());
    }
    if let Some(state) = ask.state {
        f.and("state = ?", state.code());
    }
    let sql = format!("SELECT {ROW} {} ORDER BY changed_at DESC, number DESC", f.sql());
    let rows: Vec<Row> = conn.all(&sql, f.values.clone()).await?;
    let near = |r: &Row| r.region.contains(&scope.region) || scope.region.contains(&r.region);
    with_steps(conn, rows.into_iter().filter(near).collect()).await
}

pub(crate) async fn one<C: Sql>(conn: &C, id: PolicyVersionId, lock: &str) -> Result<Version> {
    let sql = format!("SELECT {ROW} FROM policy_version WHERE id = $1{lock}");
    let row = conn.one::<Row>(&sql, vals![id]).await?.ok_or_else(|| Error::NotFound("这一版政策".into()))?;
    with_steps(conn, vec![row]).await?.pop().ok_or_else(|| Error::Internal("a version vanished".into()))
}

/// The next number of a pack's versions.
pub(crate) async fn next_number(tx: &Tx, pack: &str) -> Result<i64> {
    let sql = "SELECT MAX(number) FROM policy_version WHERE pack = $1";
    Ok(tx.scalar::<i64>(sql, vals![pack]).await?.unwrap_or(0) + 1)
}

pub(crate) async fn insert(tx: &Tx, v: &Version) -> Result<()> {
    tx.exec(
        "INSERT INTO policy_version (id, pack, number, state, region, title, body, base, effective_on, why, adopted_from,
           seen, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        vals![
            v.id,
            v.pack.clone(),
            v.number,
            v.state.code(),
            v.region,
            v.title.clone(),
            v.body.clone(),
            v.base.clone(),
            v.effective_on,
            v.why.clone(),
            v.adopted_from.clone(),
            v.seen,
            tx.now(),
        ],
    )
    .await?;
    Ok(())
}

/// Stores text, day and state over what was seen.
///
/// # Errors
/// `Conflict` when somebody else changed it meanwhile.
pub(crate) async fn update(tx: &Tx, v: &Version) -> Result<()> {
    let n = tx
        .exec(
            "UPDATE policy_version SET state = $3, title = $4, body = $5, effective_on = $6, why = $7, seen = $2 + 1,
               changed_at = $8
             WHERE id = $1 AND seen = $2",
            vals![
                v.id,
                v.seen,
                v.state.code(),
                v.title.clone(),
                v.body.clone(),
                v.effective_on,
                v.why.clone(),
                tx.now()
            ],
        )
        .await?;
    if n == 1 { Ok(()) } else { Err(Error::Conflict("别人刚改过这一版，先看看改了什么".into())) }
}

pub(crate) async fn step(tx: &Tx, id: PolicyVersionId, s: &Step) -> Result<()> {
    tx.exec(
        "INSERT INTO policy_step (version, n, act, who, name, at, reason)
         VALUES ($1, (SELECT COUNT(*) FROM policy_step WHERE version = $1), $2, $3, $4, $5, $6)",
        vals![id, s.act.code(), s.who, s.name.clone(), s.at, s.reason.clone()],
    )
    .await?;
    Ok(())
}
