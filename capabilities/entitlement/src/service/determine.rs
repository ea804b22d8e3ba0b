//! Determining everyone, or one household, for a day.
//!
//! A run goes through the archive in household order. Each batch is one transaction that holds the decisions, the
//! purse postings and the place it has come to, so a run that was killed goes on where it stopped and nothing is
//! doubled. What is written is the difference between what should hold and what is stored: a second run writes nothing,
//! and a run after days without one finds every day's change by itself.
use super::{ASKED, DETERMINED, Progress, REDETERMINED};
use crate::model::Report;
use crate::packs::Packs;
use crate::service::batch::{Frame, decide, write};
use crate::store::tally::{self, Deltas};
use crate::store::{rows, runs};
use kernel::{
    Actor, CivilDate, ElderId, Error, HouseholdId, JobId, OrgScope, Permission, Quarter, RegionCode, Result, Scope,
    Tier,
};
use policy::Verdict;
use store::{Db, Tx};

/// Households of one transaction.
pub const BATCH: i64 = 2_000;

/// Determines everyone in the actor's region for `day`, under all packs, and brings the purses up to date.
///
/// # Errors
/// `Refused` for a day to come, for a day before one that was already determined, and where a pack's parameter has no
/// value on a day that matters.
pub async fn determine(
    db: &Db,
    packs: &Packs,
    actor: &Actor,
    day: CivilDate,
    progress: &dyn Progress,
) -> Result<Report> {
    determine_by(db, packs, actor, day, BATCH, progress).await
}

/// [`determine`] with another number of households in one transaction: fewer lets others write in between sooner.
///
/// # Errors
/// As [`determine`].
pub async fn determine_by(
    db: &Db,
    packs: &Packs,
    actor: &Actor,
    day: CivilDate,
    batch: i64,
    progress: &dyn Progress,
) -> Result<Report> {
    actor.require(Permission::EntitlementRun)?;
    if day > db.clock().today() {
        return Err(Error::Refused(format!("{day} 还没有到，到那天再认定")));
    }
    let scope = Scope { region: actor.scope().region, org: OrgScope::Any };
    db.freshen_statistics().await?;
    let mut run = Run::open(db, packs, scope.region, day).await?;
    let expected = people::service::household_count(db, &scope).await?;
    progress.told(run.households, expected).await?;
    let read = |after| {
        let db = db.clone();
        tokio::spawn(async move { people::service::households_after(&db, &scope, after, batch).await })
    };
    let mut households = read(run.after).await.map_err(Error::internal)??;
    while let Some(last) = households.last().map(|h| h.household) {
        // The next households are read while these are decided and written.
        let next = read(Some(last));
        let tx = db.begin().await?;
        runs::gate(&tx).await?;
        // Behind the gate nobody else determines: what changed since it was read is read again, so that an older state
        // never overwrites what a newer one has led to.
        let now = people::service::households_again(&tx, &households).await?;
        let decided = decide(packs, &run.frame, now.unwrap_or(households))?;
        let made = write(&tx, db, packs, actor, &run.frame, decided).await?;
        run.report += made;
        run.after = Some(last);
        run.households = run.report.households;
        runs::step_run(&tx, scope.region, day, run.after, run.households, &text(&run.report)?).await?;
        tx.commit().await?;
        progress.told(run.households, expected.max(run.households)).await?;
        households = next.await.map_err(Error::internal)??;
    }
    let tx = db.begin().await?;
    runs::finish_run(&tx, scope.region, day).await?;
    let detail = serde_json::json!({ "day": day, "report": run.report });
    let entry = audit::Entry::new(DETERMINED, "determination_run", day).region(scope.region).detail(detail);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(run.report)
}

fn text(report: &Report) -> Result<String> {
    serde_json::to_string(report).map_err(Error::internal)
}

/// A run that goes on.
struct Run {
    frame: Frame,
    after: Option<HouseholdId>,
    households: i64,
    report: Report,
}

impl Run {
    async fn open(db: &Db, packs: &Packs, region: RegionCode, day: CivilDate) -> Result<Run> {
        let tx = db.begin().await?;
        runs::gate(&tx).await?;
        runs::keep_texts(&tx, packs).await?;
        let (first, last) = runs::covered(&tx, region).await?;
        if let Some(last) = last.filter(|last| *last > day) {
            return Err(Error::Refused(format!("已经认定到 {last}，不能再按 {day} 认定")));
        }
        let stored = runs::run(&tx, region, day).await?.filter(|r| r.finished_at.is_none());
        let previous = stored.as_ref().map_or(last, |r| r.previous);
        let (after, households, report) = match &stored {
            Some(r) => (r.after, r.households, serde_json::from_str(&r.report).map_err(Error::internal)?),
            None => {
                runs::begin_run(&tx, region, day, previous, &text(&Report::default())?).await?;
                (None, 0, Report::default())
            }
        };
        let frame = frame(&tx, day, first, previous, Reach::Recent).await?;
        tx.commit().await?;
        Ok(Run { frame, after, households, report })
    }
}

/// How far back a determination looks.
enum Reach {
    /// To the last day that was determined, at least to the quarter before: for everyone every day.
    Recent,
    /// To the beginning: for one household something was learnt of.
    All,
}

async fn frame(
    tx: &Tx,
    day: CivilDate,
    first: Option<CivilDate>,
    previous: Option<CivilDate>,
    reach: Reach,
) -> Result<Frame> {
    let floor = first.unwrap_or(day).min(day).quarter().first_day();
    let anchor = match reach {
        Reach::All => floor,
        Reach::Recent => floor.max(day.quarter().previous().first_day().min(previous.unwrap_or(day))),
    };
    let closed = crate::store::purses::closed(tx, anchor).await?;
    let mut quarters: Vec<Quarter> = Vec::new();
    let mut at = anchor.quarter();
    while at <= day.quarter() {
        quarters.push(at);
        at = at.next();
    }
    // A quarter that is over is still granted for days that no run has seen; after it was closed, never.
    let grants = quarters
        .iter()
        .copied()
        .filter(|q| !closed.contains(q))
        .filter(|q| *q == day.quarter() || previous.is_some_and(|p| p < q.last_day()))
        .collect();
    Ok(Frame { day, anchor, quarters, grants, fresh: !rows::any(tx).await? })
}

/// Determines one household for `day`: after something was learnt of it. A late death notice or a corrected birth date
/// marks what was wrong, and withdraws what is still there by a posting.
///
/// # Errors
/// As [`determine`].
pub async fn determine_household(
    db: &Db,
    packs: &Packs,
    actor: &Actor,
    household: HouseholdId,
    day: CivilDate,
) -> Result<Report> {
    actor.require(Permission::EntitlementRun)?;
    let found = match people::service::household(db, &wide(actor), household).await {
        Err(Error::NotFound(_)) => return Ok(Report::default()),
        other => other?,
    };
    let region = found.region;
    let tx = db.begin().await?;
    runs::gate(&tx).await?;
    runs::keep_texts(&tx, packs).await?;
    let (first, last) = runs::covered(&tx, region).await?;
    let frame = frame(&tx, day.max(last.unwrap_or(day)), first, last, Reach::All).await?;
    let decided = decide(packs, &frame, vec![found])?;
    let report = write(&tx, db, packs, actor, &frame, decided).await?;
    if !report.unchanged() {
        let detail = serde_json::json!({ "report": report });
        let entry = audit::Entry::new(REDETERMINED, "household", household).region(region).detail(detail);
        audit::record(&tx, actor, entry).await?;
    }
    tx.commit().await?;
    Ok(report)
}

/// Everything of the actor's installation: facts of a household may stand in another village than its own.
fn wide(actor: &Actor) -> Scope {
    Scope { region: actor.scope().region.at(Tier::Province), org: OrgScope::Any }
}

/// Marks the determinations of an archive that is no longer in force (merged into another, or taken back) as wrong.
pub async fn retire(db: &Db, actor: &Actor, elder: ElderId) -> Result<()> {
    actor.require(Permission::EntitlementRun)?;
    let tx = db.begin().await?;
    runs::gate(&tx).await?;
    let mut tallies = Deltas::default();
    let standing = rows::in_force(&tx, elder).await?;
    let mut any = Vec::new();
    for row in &standing {
        let Some(v) = row.standing().filter(|v| matches!(v, Verdict::Eligible | Verdict::Unknown)) else { continue };
        tallies.add(&row.pack, row.region, v.code(), -1);
        any.extend(row.purse.then_some((row.region, v.code())));
    }
    any.sort_unstable();
    any.dedup();
    any.into_iter().for_each(|(region, verdict)| tallies.add(tally::ANY_PURSE, region, verdict, -1));
    tallies.write(&tx).await?;
    rows::supersede_all(&tx, elder).await?;
    tx.commit().await
}

/// Asks for a determination of `region` today; the same `key` is one job however often it is asked for.
pub(crate) async fn ask(db: &Db, actor: &Actor, region: RegionCode, key: &str) -> Result<JobId> {
    let tx = db.begin().await?;
    let payload = serde_json::json!({ "day": tx.now().date() });
    let key = format!("{}:{key}", crate::DETERMINE);
    let id = work::enqueue(&tx, db, actor, crate::DETERMINE, &key, "认定待遇", &payload, region).await?;
    if actor.user_id().is_some() {
        audit::record(&tx, actor, audit::Entry::new(ASKED, "job", id).region(region)).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// A person asks for a determination of a region now. Asked twice in a minute it is one job.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` for a region outside the actor's.
pub async fn ask_now(db: &Db, actor: &Actor, region: RegionCode) -> Result<JobId> {
    actor.require(Permission::EntitlementRun)?;
    if !actor.scope().covers(&region) {
        return Err(Error::NotFound("这个区域".into()));
    }
    let minute = db.now().0.div_euclid(kernel::Instant::MINUTE);
    ask(db, actor, region, &format!("{region}:{minute}")).await
}
