//! What versions were tried out to: the figures and the people, apart from everything that counts.
use crate::service::Affected;
use kernel::{ElderId, HouseholdId, Instant, JobId, PageAsk, Paged, PolicyVersionId, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, insert_many, vals};

/// Rows of one transaction: others write in between.
const PART: usize = 20_000;

/// A trial of a version over a region.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Trial {
    /// The count of changes of the version that was tried.
    pub seen: i64,
    pub job: JobId,
    /// None until it is done.
    pub body: Option<String>,
    pub at: Instant,
}

pub(crate) async fn one<C: Sql>(conn: &C, version: PolicyVersionId, root: RegionCode) -> Result<Option<Trial>> {
    let sql = "SELECT seen, job, body, at FROM policy_trial WHERE version = $1 AND root = $2";
    conn.one(sql, vals![version, root]).await
}

/// A trial was asked for; an earlier one is forgotten when this one is done.
pub(crate) async fn asked(tx: &Tx, version: PolicyVersionId, root: RegionCode, seen: i64, job: JobId) -> Result<()> {
    tx.exec(
        "INSERT INTO policy_trial (version, root, seen, job, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (version, root) DO UPDATE SET seen = excluded.seen, job = excluded.job, at = excluded.at, body = NULL",
        vals![version, root, seen, job, tx.now()],
    )
    .await?;
    Ok(())
}

/// `gain`, `loss` or `change`.
fn effect(a: &Affected) -> &'static str {
    match (&a.now, &a.then) {
        (None, _) => "gain",
        (_, None) => "loss",
        _ => "change",
    }
}

/// Writes the people and then the figures; done twice it comes to the same.
pub(crate) async fn done(
    db: &Db,
    version: PolicyVersionId,
    root: RegionCode,
    affected: &[Affected],
    body: &str,
) -> Result<()> {
    const COLUMNS: &[&str] = &["version", "root", "n", "elder", "household", "region", "effect", "was", "will"];
    let tx = db.begin().await?;
    tx.exec("DELETE FROM policy_trial_row WHERE version = $1 AND root = $2", vals![version, root]).await?;
    tx.commit().await?;
    for (part, rows) in affected.chunks(PART).enumerate() {
        let tx = db.begin().await?;
        let row = |(i, a): (usize, &Affected)| {
            let n = (part * PART + i) as i64;
            vals![version, root, n, a.elder, a.household, a.region, effect(a), a.now.clone(), a.then.clone()]
        };
        let rows = rows.iter().enumerate().map(row).collect();
        insert_many(&tx, "policy_trial_row", COLUMNS, rows, "ON CONFLICT DO NOTHING").await?;
        tx.commit().await?;
    }
    let tx = db.begin().await?;
    tx.exec(
        "UPDATE policy_trial SET body = $3, at = $4 WHERE version = $1 AND root = $2",
        vals![version, root, body, tx.now()],
    )
    .await?;
    tx.commit().await
}

/// Someone whose entitlement a version would change.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct TrialRow {
    pub elder: ElderId,
    pub household: HouseholdId,
    pub region: RegionCode,
    /// `gain`, `loss` or `change`.
    pub effect: String,
    pub was: Option<String>,
    pub will: Option<String>,
}

/// Those concerned, inside `scope`. `order` is allow-listed SQL.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn rows<C: Sql>(
    conn: &C,
    scope: &Scope,
    version: PolicyVersionId,
    root: RegionCode,
    effect: Option<&str>,
    region: Option<RegionCode>,
    order: &str,
    page: PageAsk,
) -> Result<Paged<TrialRow>> {
    let mut f = Filter::from("policy_trial_row");
    f.and("version = ?", version).and("root = ?", root).region("region", scope);
    if let Some(effect) = effect {
        f.and("effect = ?", effect);
    }
    if let Some(narrow) = region.and_then(|r| scope.narrowed(r)) {
        f.region("region", &narrow);
    }
    conn.page("elder, household, region, effect, was, will", &f, order, page).await
}
