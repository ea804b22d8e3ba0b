//! Trying a version out over the archive as a job with progress, with nothing of entitlement written (POL-3).
use super::{Progress, Simulation, TRIED, simulate, version};
use crate::model::{Version, from_day};
use crate::shelf::Shelf;
use crate::store::trials::{self, TrialRow};
use crate::store::versions;
use async_trait::async_trait;
use kernel::{
    Actor, Error, Instant, JobId, OrgScope, PageAsk, Paged, Permission, PolicyVersionId, RegionCode, Result, Scope,
};
use policy::Pack;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Db;
use work::{Job, JobCtx};

/// Kind of the job.
pub const TRY_OUT: &str = "policy_trial";

#[derive(Serialize, Deserialize)]
struct Ask {
    version: PolicyVersionId,
    seen: i64,
}

/// Tries a version out in the job's region.
pub struct TrialJob(pub Arc<Shelf>);

struct Told<'a>(&'a JobCtx);

#[async_trait]
impl Progress for Told<'_> {
    async fn told(&self, done: i64, total: i64) -> Result<()> {
        self.0.progress(done, total, "按户试算，不写认定").await
    }
}

#[async_trait]
impl Job for TrialJob {
    fn kind(&self) -> &'static str {
        TRY_OUT
    }
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        let ask: Ask = serde_json::from_value(payload).map_err(Error::internal)?;
        let v = versions::one(ctx.db.read(), ask.version, "").await?;
        let pack = Pack::load(&v.pack, &v.body).map_err(|fault| Error::Refused(fault.to_string()))?;
        let pack = from_day(pack, v.effective_on);
        let region = ctx.row.region;
        let actor = Actor::Platform { job: TRY_OUT, scope: Scope { region, org: OrgScope::Any } };
        let day = pack.effective_from.max(ctx.db.clock().today());
        let packs = self.0.packs(&ctx.db).await?;
        let mut found = simulate(&ctx.db, &packs, &pack, &actor, day, &Told(ctx)).await?;
        let affected = std::mem::take(&mut found.affected);
        let body = serde_json::to_string(&found).map_err(Error::internal)?;
        trials::done(&ctx.db, ask.version, region, &affected, &body).await?;
        let total = &found.total;
        Ok(serde_json::json!({
            "version": ask.version, "day": day, "people": total.people, "gains": total.gains, "losses": total.losses,
        }))
    }
}

/// Asks for a trial of what the version says now; asked twice for the same text it is one job.
///
/// # Errors
/// `Refused` where the text has a fault.
pub async fn try_out(db: &Db, actor: &Actor, id: PolicyVersionId) -> Result<JobId> {
    if actor.require(Permission::PolicyApprove).is_err() {
        actor.require(Permission::PolicyDraft)?;
    }
    let v = version(db, actor, id).await?;
    Pack::load(&v.pack, &v.body).map_err(|f| Error::Refused(format!("先改好第 {} 行再试算：{}", f.line, f.message)))?;
    let root = actor.scope().region;
    let tx = db.begin().await?;
    let minute = tx.now().0.div_euclid(Instant::MINUTE);
    let key = format!("{TRY_OUT}:{id}:{root}:{}:{minute}", v.seen);
    let payload = serde_json::to_value(Ask { version: id, seen: v.seen }).map_err(Error::internal)?;
    let title = format!("试算《{}》", v.title);
    let job = work::enqueue(&tx, db, actor, TRY_OUT, &key, &title, &payload, root).await?;
    let again = trials::one(&tx, id, root).await?.is_none_or(|t| t.job != job);
    if again {
        trials::asked(&tx, id, root, v.seen, job).await?;
        audit::record(&tx, actor, audit::Entry::new(TRIED, "policy_version", id).region(root)).await?;
    }
    tx.commit().await?;
    Ok(job)
}

/// A trial as its page shows it.
#[derive(Clone, Debug)]
pub struct TrialView {
    pub job: JobId,
    pub at: Instant,
    /// The text was changed since.
    pub stale: bool,
    /// None until it is done.
    pub found: Option<Simulation>,
}

/// The last trial of a version over the actor's region.
pub async fn trial(db: &Db, actor: &Actor, v: &Version) -> Result<Option<TrialView>> {
    let Some(t) = trials::one(db.read(), v.id, actor.scope().region).await? else { return Ok(None) };
    let found = t.body.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
    Ok(Some(TrialView { job: t.job, at: t.at, stale: stale(&t, v), found }))
}

/// Steps after the text count as changes too, but leave it as it is.
fn stale(t: &trials::Trial, v: &Version) -> bool {
    v.state.open() && t.seen != v.seen
}

/// What a list of those concerned asks for.
#[derive(Clone, Debug, Default)]
pub struct TrialAsk {
    /// `gain`, `loss` or `change`.
    pub effect: Option<String>,
    pub region: Option<RegionCode>,
}

/// Those a version would change something for. `order` is allow-listed SQL.
///
/// # Errors
/// As [`version`].
pub async fn trial_rows(
    db: &Db,
    actor: &Actor,
    id: PolicyVersionId,
    ask: &TrialAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<TrialRow>> {
    version(db, actor, id).await?;
    let scope = actor.scope();
    trials::rows(db.read(), scope, id, scope.region, ask.effect.as_deref(), ask.region, order, page).await
}
