//! Registering many devices from a file: read and judged first, corrected in place, written in steps that can be
//! interrupted anywhere. Nothing is registered before somebody said so.
use super::model::{NewBinding, Protocol};
use super::sheet::{self, COLUMNS, Good, ImportRowState};
use super::store::estate;
pub use super::store::imports::DeviceImport;
use super::store::imports::{self as sql, SheetRow};
use ::store::{Db, Secret, Tx};
use async_trait::async_trait;
use audit::Action;
use kernel::{
    Actor, CivilDate, ElderId, Error, JobId, OrgScope, PageAsk, Paged, Permission, RegionBook, RegionCode, Result,
    Role, Scope, UserId,
};
use papers::{Column, Exported, Format, Limits, Sheet, Table};
use people::model::{CellError, Cells};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use work::{Job, JobCtx};

store::ids! {
    /// One file of devices.
    ImportId,
}

store::words! {
    /// Where a file stands.
    ImportState {
        /// Being read; a crash leaves it here and it is uploaded again.
        Reading "reading" "读取中",
        /// Read and judged; nothing written.
        Checked "checked" "已试读",
        Writing "writing" "写入中",
        Done "done" "已写入",
        Dropped "dropped" "已放弃",
    }
}

/// Rows judged, and rows written, in one transaction.
const STEP: usize = 500;
const WRITE: i64 = 100;
const KIND: &str = "device_import";
const READ: Action = Action::new("device_import.read", "试读设备文件");
const WRITTEN: Action = Action::new("device_import.written", "写入设备文件");
const DROPPED: Action = Action::new("device_import.dropped", "放弃设备文件");

/// Counts of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTally {
    pub total: i64,
    pub good: i64,
    pub bad: i64,
    pub known: i64,
    pub written: i64,
}

impl ImportTally {
    /// Share of the whole in whole percents, for bars.
    pub fn percent(&self, n: i64) -> i64 {
        if self.total == 0 { 0 } else { n * 100 / self.total }
    }
}

/// One row as shown for correcting.
#[derive(Clone, Debug)]
pub struct ImportRow {
    pub row_no: i64,
    pub state: ImportRowState,
    pub cells: Cells,
    pub errors: Vec<CellError>,
}

impl ImportRow {
    pub fn cell(&self, key: &str) -> &str {
        self.cells.get(key).map(String::as_str).unwrap_or("")
    }
}

/// A row judged.
struct Judged {
    row_no: i64,
    cells: Cells,
    verdict: std::result::Result<Good, Vec<CellError>>,
    known: bool,
}

impl Judged {
    fn stored(self, db: &Db) -> Result<SheetRow> {
        let text = serde_json::to_string(&self.cells).map_err(Error::internal)?;
        let (state, key, errors) = match &self.verdict {
            Ok(good) if self.known => (ImportRowState::Known, Some(good.key()), String::new()),
            Ok(good) => (ImportRowState::Good, Some(good.key()), String::new()),
            Err(e) => (ImportRowState::Bad, None, serde_json::to_string(e).map_err(Error::internal)?),
        };
        // Identity numbers and passwords stand in the cells.
        Ok(SheetRow { row_no: self.row_no, state, cells: db.keys().seal(Secret::IdNumber, &text)?, errors, key })
    }
}

fn opened(db: &Db, row: &SheetRow) -> Result<ImportRow> {
    let text = db.keys().open(Secret::IdNumber, &row.cells)?;
    let errors =
        if row.errors.is_empty() { Vec::new() } else { serde_json::from_str(&row.errors).map_err(Error::internal)? };
    let cells = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(ImportRow { row_no: row.row_no, state: row.state, cells, errors })
}

fn cell_error(column: &str, why: impl Into<String>) -> CellError {
    CellError { column: column.into(), why: why.into(), cure: None }
}

async fn elder_of(db: &Db, scope: &Scope, number: &kernel::IdNumber) -> Result<Option<ElderId>> {
    Ok(people::service::find(db, scope, number.as_str(), 1).await?.first().map(|c| c.id))
}

/// Judges rows: each by itself, against the estate, and against the archives where it names an elder.
async fn judge(
    db: &Db,
    actor: &Actor,
    book: &RegionBook,
    within: RegionCode,
    rows: Vec<(i64, Cells, Vec<CellError>)>,
) -> Result<Vec<Judged>> {
    let scope = Scope { region: within, org: OrgScope::Any };
    let mut out = Vec::with_capacity(rows.len());
    for (row_no, cells, flaws) in rows {
        let mut verdict = sheet::read(&cells, book, within);
        if !flaws.is_empty() {
            let mut errors = verdict.err().unwrap_or_default();
            errors.retain(|e| !flaws.iter().any(|f| f.column == e.column));
            errors.extend(flaws);
            verdict = Err(errors);
        }
        if let Ok(Good { elder: Some(number), .. }) = &verdict {
            if actor.require(Permission::SafetyPrepare).is_err() {
                verdict = Err(vec![cell_error("elder", "你不能绑定老人，这一格写“无”，由镇村来绑")]);
            } else if elder_of(db, &scope, number).await?.is_none() {
                verdict = Err(vec![cell_error("elder", "你管的区域里没有这个证件号的档案。先不绑就写“无”")]);
            }
        }
        out.push(Judged { row_no, cells, verdict, known: false });
    }
    let keys: Vec<(Protocol, String)> =
        out.iter().filter_map(|j| j.verdict.as_ref().ok().map(|g| (g.new.protocol, g.new.identity.clone()))).collect();
    let there: HashSet<(Protocol, String)> = estate::registered(db.read(), &keys).await?.into_iter().collect();
    for j in &mut out {
        if let Ok(g) = &j.verdict {
            j.known = there.contains(&(g.new.protocol, g.new.identity.clone()));
        }
    }
    Ok(out)
}

fn table(bytes: &[u8]) -> Result<Table> {
    let limits = Limits { rows: 50_000, ..Limits::default() };
    let table = papers::read_table(bytes, COLUMNS, &limits)?;
    if table.is_empty() {
        return Err(Error::refused("表里只有列名，没有一行内容"));
    }
    Ok(table)
}

/// Reads a file, judges every row and keeps both for correcting. Nothing is registered.
///
/// # Errors
/// `Forbidden`; `Refused` when it is no such list.
pub async fn import_read(
    db: &Db,
    actor: &Actor,
    book: &RegionBook,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<ImportId> {
    actor.require(Permission::DeviceKeep)?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let table = tokio::task::spawn_blocking(move || table(&bytes)).await.map_err(Error::internal)??;
    let id: ImportId = db.new_id();
    let name: String = file_name.chars().filter(|c| !c.is_control()).take(80).collect();
    let tx = db.begin().await?;
    sql::insert(&tx, actor, id, &name, &sha256, &table.unused_columns().join("、"), table.len() as i64).await?;
    tx.commit().await?;
    let mut seen: HashMap<String, i64> = HashMap::new();
    for from in (0..table.len()).step_by(STEP) {
        let rows = (from..(from + STEP).min(table.len())).filter_map(|i| table.row(i)).map(|row| {
            let cells: Cells = row.cells().map(|(k, _, v)| (k.to_string(), v.to_string())).collect();
            let flaws = row.flaws().into_iter().map(|f| cell_error(&f.field, f.message)).collect();
            (i64::from(row.number()), cells, flaws)
        });
        let mut judged = judge(db, actor, book, actor.scope().region, rows.collect()).await?;
        for j in &mut judged {
            let Ok(good) = &j.verdict else { continue };
            if let Some(n) = seen.get(&good.key()) {
                j.verdict = Err(vec![cell_error("identity", format!("和第 {n} 行是同一台设备"))]);
            } else {
                seen.insert(good.key(), j.row_no);
            }
        }
        let rows = judged.into_iter().map(|j| j.stored(db)).collect::<Result<Vec<_>>>()?;
        let tx = db.begin().await?;
        sql::insert_rows(&tx, id, rows).await?;
        tx.commit().await?;
    }
    let tx = db.begin().await?;
    sql::set_state(&tx, id, ImportState::Checked).await?;
    let detail = serde_json::json!({ "rows": table.len() });
    let entry = audit::Entry::new(READ, "device_import", id).region(actor.scope().region).detail(detail);
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(id)
}

/// A file of the region with its counts.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import(db: &Db, scope: &Scope, id: ImportId) -> Result<(DeviceImport, ImportTally)> {
    let file = sql::one(db.read(), scope, id, "").await?;
    let mut t = ImportTally::default();
    for (state, n) in sql::counts(db, id).await? {
        t.total += n;
        match state {
            ImportRowState::Good => t.good += n,
            ImportRowState::Bad => t.bad += n,
            ImportRowState::Known => t.known += n,
            ImportRowState::Written => t.written += n,
        }
    }
    Ok((file, t))
}

/// Files of the region; `order` is an allow-listed ORDER BY.
pub async fn import_list(db: &Db, scope: &Scope, page: PageAsk, order: &str) -> Result<Paged<DeviceImport>> {
    sql::page(db, scope, order, page).await
}

/// Rows of a file in one standing, at most `limit`, in the file's order.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import_rows(
    db: &Db,
    scope: &Scope,
    id: ImportId,
    state: ImportRowState,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    sql::one(db.read(), scope, id, "").await?;
    sql::rows(db.read(), id, state, limit).await?.iter().map(|r| opened(db, r)).collect()
}

/// Puts corrected cells in and judges those rows again. Answers how many of them are right now. A value `None` takes the
/// cure that was found when the cell was judged.
///
/// # Errors
/// `NotFound`; `Refused` while the file is being written, or once it was dropped.
pub async fn import_fix(
    db: &Db,
    actor: &Actor,
    book: &RegionBook,
    id: ImportId,
    cells: Vec<(i64, String, Option<String>)>,
) -> Result<usize> {
    actor.require(Permission::DeviceKeep)?;
    let tx = db.begin().await?;
    let file = sql::one(&tx, actor.scope(), id, tx.lock()).await?;
    if !matches!(file.state, ImportState::Checked | ImportState::Done) {
        return Err(Error::refused(format!("这次导入{}，不能再改", file.state.zh())));
    }
    let mut by_row: HashMap<i64, Vec<(String, Option<String>)>> = HashMap::new();
    for (row, key, value) in cells {
        by_row.entry(row).or_default().push((key, value));
    }
    let mut right = 0;
    for (row_no, changed) in by_row {
        let Some(stored) = sql::row(&tx, id, row_no).await? else { continue };
        let view = opened(db, &stored)?;
        if view.state != ImportRowState::Bad {
            continue;
        }
        let mut cells = view.cells;
        for (key, value) in changed {
            let cure = || view.errors.iter().find(|e| e.column == key).and_then(|e| e.cure.clone());
            let Some(value) = value.or_else(cure) else { continue };
            if COLUMNS.iter().any(|c| c.key == key) {
                cells.insert(key, value.trim().chars().take(200).collect());
            }
        }
        let mut judged = judge(db, actor, book, file.region, vec![(row_no, cells, Vec::new())]).await?;
        let Some(mut one) = judged.pop() else { continue };
        if let Ok(good) = &one.verdict
            && let Some(other) = sql::same(&tx, id, &good.key(), row_no).await?
        {
            one.verdict = Err(vec![cell_error("identity", format!("和第 {other} 行是同一台设备"))]);
        }
        right += usize::from(one.verdict.is_ok());
        sql::update_row(&tx, id, one.stored(db)?).await?;
    }
    tx.commit().await?;
    Ok(right)
}

/// Gives a file up that was not written.
///
/// # Errors
/// `Refused` once writing began.
pub async fn import_drop(db: &Db, actor: &Actor, id: ImportId) -> Result<()> {
    actor.require(Permission::DeviceKeep)?;
    let tx = db.begin().await?;
    let file = sql::one(&tx, actor.scope(), id, tx.lock()).await?;
    if !matches!(file.state, ImportState::Reading | ImportState::Checked) {
        return Err(Error::refused("已经开始写入，不能放弃。登记错的设备逐台报废"));
    }
    sql::set_state(&tx, id, ImportState::Dropped).await?;
    audit::record(&tx, actor, audit::Entry::new(DROPPED, "device_import", id).region(file.region)).await?;
    tx.commit().await
}

/// Asks for the good rows to be registered in the background. Asking again gives the same job.
///
/// # Errors
/// `Refused` when the file was dropped.
pub async fn import_write(db: &Db, actor: &Actor, id: ImportId) -> Result<JobId> {
    actor.require(Permission::DeviceKeep)?;
    let tx = db.begin().await?;
    let file = sql::one(&tx, actor.scope(), id, tx.lock()).await?;
    if matches!(file.state, ImportState::Reading | ImportState::Dropped) {
        return Err(Error::refused(format!("这次导入{}，不能写入", file.state.zh())));
    }
    sql::set_state(&tx, id, ImportState::Writing).await?;
    // Rows corrected after the first round are written by the next.
    let round = file.written_at.map_or(0, |w| w.0);
    let payload = serde_json::json!({
        "import": id, "role": actor.role().map(Role::code), "region": actor.scope().region,
    });
    let key = format!("{KIND}:{id}:{round}");
    let title = format!("登记{}", file.file_name);
    let job = work::enqueue(&tx, db, actor, KIND, &key, &title, &payload, file.region).await?;
    tx.commit().await?;
    Ok(job)
}

/// Registers the next rows: devices and the rows' standing in one transaction, so that an interruption anywhere loses
/// nothing and a repetition doubles nothing. A row that cannot be written any more stops no other. Answers how many rows
/// it dealt with; 0 is the end.
///
/// # Errors
/// `Refused` when the file is not being written.
pub async fn import_step(db: &Db, actor: &Actor, book: &RegionBook, id: ImportId) -> Result<i64> {
    let file = sql::one(db.read(), actor.scope(), id, "").await?;
    match file.state {
        ImportState::Done => return Ok(0),
        ImportState::Writing => {}
        other => return Err(Error::refused(format!("这次导入{}，不能写入", other.zh()))),
    }
    let rows = sql::rows(db.read(), id, ImportRowState::Good, WRITE).await?;
    if rows.is_empty() {
        let tx = db.begin().await?;
        sql::set_state(&tx, id, ImportState::Done).await?;
        audit::record(&tx, actor, audit::Entry::new(WRITTEN, "device_import", id).region(file.region)).await?;
        tx.commit().await?;
        return Ok(0);
    }
    let dealt = rows.len() as i64;
    match write(db, actor, book, &file, &rows).await {
        Ok(()) => {}
        Err(e) if of_a_row(&e) => {
            for row in &rows {
                match write(db, actor, book, &file, std::slice::from_ref(row)).await {
                    Ok(()) => {}
                    Err(e) if of_a_row(&e) => spoil(db, id, row, &e).await?,
                    Err(e) => return Err(e),
                }
            }
        }
        Err(e) => return Err(e),
    }
    Ok(dealt)
}

/// Whether an error is one row's own and not the database's.
fn of_a_row(e: &Error) -> bool {
    matches!(e, Error::Invalid(_) | Error::Refused(_) | Error::Conflict(_) | Error::NotFound(_))
}

async fn spoil(db: &Db, id: ImportId, row: &SheetRow, e: &Error) -> Result<()> {
    let (column, why) = match e {
        Error::Invalid(fields) => match fields.first() {
            Some(f) => (f.field.clone(), f.message.clone()),
            None => ("identity".into(), e.to_string()),
        },
        Error::Refused(m) | Error::Conflict(m) => ("identity".into(), m.clone()),
        other => ("identity".into(), other.to_string()),
    };
    let column = if COLUMNS.iter().any(|c| c.key == column) { column } else { "identity".into() };
    let errors = serde_json::to_string(&[cell_error(&column, why)]).map_err(Error::internal)?;
    let tx = db.begin().await?;
    sql::update_row(&tx, id, SheetRow { state: ImportRowState::Bad, errors, key: None, ..row.clone() }).await?;
    tx.commit().await
}

async fn write(db: &Db, actor: &Actor, book: &RegionBook, file: &DeviceImport, rows: &[SheetRow]) -> Result<()> {
    let views = rows.iter().map(|r| opened(db, r)).collect::<Result<Vec<_>>>()?;
    let cells = views.into_iter().map(|v| (v.row_no, v.cells, Vec::new())).collect();
    // Archives, regions and the estate may have changed between judging and writing.
    let judged = judge(db, actor, book, file.region, cells).await?;
    let tx = db.begin().await?;
    let now = sql::one(&tx, actor.scope(), file.id, tx.lock()).await?;
    if now.state != ImportState::Writing {
        return Err(Error::Internal(format!("device import {} is {}", file.id, now.state.code())));
    }
    for (row, j) in rows.iter().zip(judged) {
        // A step that was repeated finds what the other one did.
        let standing = sql::row(&tx, file.id, row.row_no).await?.map(|r| r.state);
        if standing != Some(ImportRowState::Good) {
            continue;
        }
        let state = match &j.verdict {
            Ok(_) if j.known => ImportRowState::Known,
            Ok(good) => {
                register(&tx, db, actor, file, good).await?;
                ImportRowState::Written
            }
            Err(_) => ImportRowState::Bad,
        };
        let stored = j.stored(db)?;
        sql::update_row(&tx, file.id, SheetRow { state, ..stored }).await?;
    }
    tx.commit().await
}

async fn register(tx: &Tx, db: &Db, actor: &Actor, file: &DeviceImport, good: &Good) -> Result<()> {
    let id = super::register_bought(tx, db, actor, good.new.clone(), good.cost).await?;
    if let Some(number) = &good.elder {
        let scope = Scope { region: file.region, org: OrgScope::Any };
        let elder = elder_of(db, &scope, number).await?;
        let elder = elder.ok_or_else(|| Error::invalid("elder", "你管的区域里没有这个证件号的档案"))?;
        let to = NewBinding { elder, room: good.new.room, door: good.new.door, lent: good.lent };
        super::bind(tx, db, actor, id, to).await?;
    }
    Ok(())
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
        let broken = |what: &str| Error::Internal(format!("device import job without {what}"));
        let id: ImportId = text("import").parse().map_err(|_| broken("import"))?;
        let region: RegionCode = text("region").parse().map_err(|_| broken("region"))?;
        let scope = Scope { region, org: OrgScope::Any };
        let file = sql::one(ctx.db.read(), &scope, id, "").await?;
        // Whoever asked for it is written as the author.
        let actor = match (file.actor_user, Role::parse(&text("role"))) {
            (Some(user), Some(role)) => {
                Actor::Person { user: UserId(user.0), name: file.created_by.clone(), role, scope }
            }
            _ => Actor::Platform { job: KIND, scope },
        };
        let book = people::service::load_book(&ctx.db).await?;
        loop {
            let n = import_step(&ctx.db, &actor, &book, id).await?;
            let (_, t) = import(&ctx.db, &scope, id).await?;
            ctx.progress(t.written, t.written + t.good, &format!("已登记 {} 台", t.written)).await?;
            if n == 0 {
                return Ok(serde_json::json!({ "written": t.written, "href": format!("/safety/device-imports/{id}") }));
            }
        }
    }
}

fn paper() -> Sheet {
    Sheet::new("设备", COLUMNS.iter().map(|c| Column::text(c.title)).collect())
}

/// The empty list to fill in, with one invented row that shows how.
pub fn import_template(today: CivilDate) -> Result<Exported> {
    const EXAMPLE: [&str; 14] = [
        "示例（删去这一行）",
        "watch（手表）",
        "手表",
        "项目配发",
        "2026 年福彩金项目",
        "398.00",
        "A9",
        "1.0.7",
        "水唇镇",
        "",
        "",
        "",
        "",
        "否",
    ];
    let row: Vec<papers::Cell<'static>> = EXAMPLE.iter().map(|t| papers::Cell::from(*t)).collect();
    Ok(papers::export(Format::Xlsx, paper(), today, [row])?)
}

/// The wrong rows of a file as a list of their own, with what is wrong in a last column.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import_bad_rows(db: &Db, scope: &Scope, id: ImportId) -> Result<Exported> {
    let rows = import_rows(db, scope, id, ImportRowState::Bad, PageAsk::EXPORT_ROWS.into()).await?;
    let mut list = paper();
    list.columns.push(Column::text("哪里不对"));
    let cells: Vec<Vec<papers::Cell<'static>>> = rows
        .iter()
        .map(|r| {
            let mut out: Vec<papers::Cell<'static>> =
                COLUMNS.iter().map(|c| papers::Cell::from(r.cell(c.key).to_string())).collect();
            out.push(r.errors.iter().map(|e| e.why.clone()).collect::<Vec<_>>().join("；").into());
            out
        })
        .collect();
    Ok(papers::export(Format::Xlsx, list, db.now().date(), cells)?)
}
