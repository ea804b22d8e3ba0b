//! Turning the good rows of a file into archives, in steps that can be interrupted anywhere, and taking them back.
use super::bulk;
use super::imports::{Judged, Outcome, find_twins, opened};
use crate::model::{BatchId, BatchState, Judge, RowState, TwinWhy, can_take_back, terms};
use crate::store::imports as sql;
use crate::store::{duplicates, elders, terms as term_sql};
use async_trait::async_trait;
use audit::Action;
use kernel::{Actor, Error, JobId, OrgScope, Permission, RegionBook, RegionCode, Result, Role, Scope, UserId};
use std::collections::HashSet;
use store::{Db, Secret};
use work::{Job, JobCtx};

/// Rows written in one transaction.
const STEP: i64 = 1_000;
/// Up to this many archives each tells of itself; a larger file tells once and a determination of everyone follows.
const TELL_EACH: i64 = 2_000;
const KIND: &str = "people_import";
const WRITTEN: Action = Action::new("import.written", "写入导入");
const TAKEN_BACK: Action = Action::new("import.taken_back", "撤回导入");

/// Asks for a file to be written in the background. Asking again gives the same job.
///
/// # Errors
/// `Refused` when the file was dropped, taken back, or has nothing to write.
pub async fn import_write(db: &Db, actor: &Actor, id: BatchId) -> Result<JobId> {
    let tx = db.begin().await?;
    let (batch, round) = start(&tx, db, actor, id).await?;
    let (role, region) = (actor.role().map(Role::code), actor.scope().region);
    let payload = serde_json::json!({ "batch": id, "role": role, "region": region });
    let title = format!("写入{}", batch.file_name);
    let key = format!("{KIND}:{id}:{round}");
    let job = work::enqueue(&tx, db, actor, KIND, &key, &title, &payload, batch.region).await?;
    tx.commit().await?;
    Ok(job)
}

/// Sets a file to be written and puts its twins into the review queue. Also answers which round of writing this is:
/// rows corrected after the first round are written by the next.
async fn start(tx: &store::Tx, db: &Db, actor: &Actor, id: BatchId) -> Result<(sql::Batch, i64)> {
    actor.require(Permission::ElderImport)?;
    let batch = sql::batch(tx, actor.scope(), id, tx.lock()).await?;
    match batch.state {
        BatchState::Checked | BatchState::Writing | BatchState::Done => {}
        BatchState::Reading | BatchState::TakenBack | BatchState::Dropped => {
            return Err(Error::refused(format!("这次导入{}，不能写入", batch.state.zh())));
        }
    }
    for r in sql::rows(tx, id, RowState::Twin, 100_000).await? {
        if let (Some(twin), Some(why)) = (r.twin, r.why()) {
            duplicates::insert_row(tx, db, batch.region, why, twin, id, r.row_no).await?;
        }
    }
    sql::set_state(tx, id, BatchState::Writing).await?;
    Ok((batch.clone(), batch.written_at.map_or(0, |w| w.0)))
}

/// Reads a file and writes its good rows at once, telling `progress` (done, total) after every step: the command line.
/// The same file again, after the process died in the middle, goes on where it stopped.
///
/// # Errors
/// As [`super::import_read`] and [`import_write`].
pub async fn import_now(
    db: &Db,
    actor: &Actor,
    file_name: &str,
    bytes: Vec<u8>,
    progress: impl Fn(i64, i64) + Send,
) -> Result<super::BatchView> {
    let id = match begun(db, actor, &bytes).await? {
        Some(id) => id,
        None => super::import_read(db, actor, file_name, bytes).await?,
    };
    let tx = db.begin().await?;
    start(&tx, db, actor, id).await?;
    tx.commit().await?;
    let total = super::import_batch(db, actor.scope(), id).await?.tally.good;
    let mut done = 0;
    loop {
        let n = import_step(db, actor, id).await?;
        if n == 0 {
            return super::import_batch(db, actor.scope(), id).await;
        }
        done += n;
        progress(done, total);
    }
}

/// An import of this file that the actor began and that still can go on. One that was not read to its end is dropped.
async fn begun(db: &Db, actor: &Actor, bytes: &[u8]) -> Result<Option<BatchId>> {
    match sql::unfinished(db, actor, &super::imports::digest(bytes)).await? {
        Some(b) if b.state == BatchState::Reading => {
            super::import_drop(db, actor, b.id).await?;
            Ok(None)
        }
        found => Ok(found.map(|b| b.id)),
    }
}

/// Writes the next rows of a file: archives and the rows' standing in one transaction, so that an interruption anywhere
/// loses nothing and a repetition doubles nothing. Answers how many rows it dealt with; 0 is the end.
///
/// # Errors
/// `Refused` when the file is not being written.
pub async fn import_step(db: &Db, actor: &Actor, id: BatchId) -> Result<i64> {
    let book = super::load_book(db).await?;
    let tx = db.begin().await?;
    let batch = sql::batch(&tx, actor.scope(), id, tx.lock()).await?;
    if batch.state == BatchState::Done {
        return Ok(0);
    }
    if batch.state != BatchState::Writing {
        return Err(Error::refused(format!("这次导入{}，不能写入", batch.state.zh())));
    }
    let rows = sql::rows(&tx, id, RowState::Good, STEP).await?;
    let (Some(first), Some(last)) = (rows.first().map(|r| r.row_no), rows.last().map(|r| r.row_no)) else {
        finish(&tx, db, actor, &batch).await?;
        tx.commit().await?;
        return Ok(0);
    };
    let dealt = rows.len() as i64;
    let mut judged = judge_again(db, &book, batch.region, rows)?;
    find_twins(db, &tx, &mut judged).await?;
    let mut new = Vec::with_capacity(judged.len());
    let mut except = Vec::new();
    for r in judged {
        match r.outcome {
            Outcome::Good(e) => new.push(*e),
            Outcome::Twin(twin, why) => {
                except.push(r.row_no);
                sql::set_row(&tx, id, r.row_no, RowState::Twin, Some((twin, why))).await?;
                duplicates::insert_row(&tx, db, batch.region, why, twin, id, r.row_no).await?;
            }
            Outcome::Unchanged(twin) => {
                except.push(r.row_no);
                let same = Some((twin, TwinWhy::SameNumber));
                sql::set_row(&tx, id, r.row_no, RowState::Unchanged, same).await?;
            }
            Outcome::Bad(_) => {
                except.push(r.row_no);
                sql::set_row(&tx, id, r.row_no, RowState::Bad, None).await?;
            }
        }
    }
    let made = bulk::insert(&tx, db, actor, new, Some(id)).await?;
    sql::mark_written(&tx, id, first, last, &except).await?;
    if batch.total <= TELL_EACH {
        let mut homes = HashSet::new();
        for r in elders::cards_by_id(&tx, &made).await? {
            let c = r.card();
            if homes.insert(c.household) {
                let payload = serde_json::json!({ "elder": c.id, "household": c.household });
                work::emit(&tx, db, "elder.changed", payload).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(dealt)
}

/// Good rows read again: regions may have changed between judging and writing.
fn judge_again(db: &Db, book: &RegionBook, region: RegionCode, rows: Vec<sql::SheetRow>) -> Result<Vec<Judged>> {
    let mut judge = Judge::new(book, region);
    rows.into_iter()
        .map(|r| {
            let view = opened(db, r)?;
            let (outcome, key) = match judge.read(&view.cells) {
                Ok(e) => {
                    let key = db.keys().blind(Secret::IdNumber, e.id_number.as_str());
                    (Outcome::Good(Box::new(e)), Some(key))
                }
                Err(errors) => (Outcome::Bad(errors), None),
            };
            Ok(Judged { row_no: view.row_no, cells: view.cells, outcome, key })
        })
        .collect()
}

async fn finish(tx: &store::Tx, db: &Db, actor: &Actor, batch: &sql::Batch) -> Result<()> {
    sql::set_state(tx, batch.id, BatchState::Done).await?;
    if batch.total > TELL_EACH {
        let payload = serde_json::json!({ "batch": batch.id, "region": batch.region });
        work::emit(tx, db, "archive.imported", payload).await?;
    }
    audit::record(tx, actor, audit::Entry::new(WRITTEN, "import", batch.id).region(batch.region)).await
}

/// Takes everything a file wrote out of force again, within 24 hours. Archives that were changed since stay; answers
/// (taken back, left).
///
/// # Errors
/// `Refused` when it was not written or the time is over.
pub async fn import_take_back(db: &Db, actor: &Actor, id: BatchId) -> Result<(i64, i64)> {
    actor.require(Permission::ElderImport)?;
    let book = super::load_book(db).await?;
    let batch = sql::batch(db.read(), actor.scope(), id, "").await?;
    if batch.state != BatchState::Done {
        return Err(Error::refused(format!("这次导入{}，没有可撤回的", batch.state.zh())));
    }
    if !can_take_back(batch.written_at, db.now()) {
        return Err(Error::refused("写入已过 24 小时，不能整批撤回。逐份处理：登记迁移，或合并到另一份"));
    }
    let mut taken = 0;
    loop {
        let tx = db.begin().await?;
        let made = sql::made_by(&tx, id, STEP).await?;
        if made.is_empty() {
            sql::set_state(&tx, id, BatchState::TakenBack).await?;
            duplicates::void_batch(&tx, id, &actor.label()).await?;
            let left = sql::still_there(db, id).await?;
            let detail = serde_json::json!({ "taken_back": taken, "left": left });
            let entry = audit::Entry::new(TAKEN_BACK, "import", id).region(batch.region).detail(detail);
            audit::record(&tx, actor, entry).await?;
            tx.commit().await?;
            return Ok((taken, left));
        }
        for e in &made {
            elders::set_standing(&tx, e.id, "taken_back", None).await?;
            let place = bulk::searchable_place(&book, &e.region, &e.address);
            term_sql::remove(&tx, &terms(&e.name, bulk::last4(&e.phone_masked), &place), e.region, e.id).await?;
            let payload = serde_json::json!({ "elder": e.id, "household": e.household_id });
            work::emit(&tx, db, "elder.changed", payload).await?;
        }
        taken += made.len() as i64;
        tx.commit().await?;
    }
}

/// The background job behind [`import_write`].
pub struct ImportJob;

#[async_trait]
impl Job for ImportJob {
    fn kind(&self) -> &'static str {
        KIND
    }
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        let text = |key: &str| payload.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_string();
        let broken = |what: &str| Error::Internal(format!("import job without {what}"));
        let id: BatchId = text("batch").parse().map_err(|_| broken("batch"))?;
        let region: RegionCode = text("region").parse().map_err(|_| broken("region"))?;
        let scope = Scope { region, org: OrgScope::Any };
        let batch = sql::batch(ctx.db.read(), &scope, id, "").await?;
        let actor = acting(&batch, &text("role"), scope);
        loop {
            let n = import_step(&ctx.db, &actor, id).await?;
            let t = super::import_batch(&ctx.db, &scope, id).await?.tally;
            ctx.progress(t.written, t.written + t.good, &format!("已写入 {} 行", t.written)).await?;
            if n == 0 {
                return Ok(serde_json::json!({ "written": t.written, "href": format!("/imports/{id}") }));
            }
        }
    }
}

/// Whoever asked for the import is written as the author.
fn acting(batch: &sql::Batch, role: &str, scope: Scope) -> Actor {
    match (batch.actor_user, Role::parse(role)) {
        (Some(user), Some(role)) => Actor::Person { user: UserId(user.0), name: batch.created_by.clone(), role, scope },
        _ => Actor::Platform { job: KIND, scope },
    }
}
