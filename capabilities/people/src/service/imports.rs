//! Reading a file, judging it, correcting it in place, and dropping it. Nothing becomes an archive here: see `writing`.
use super::bulk::same_key;
use crate::model::{BatchId, BatchState, COLUMNS, CellError, Cells, Judge, NewElder, RowState, TwinWhy};
use crate::store::imports::{self as sql, Batch, JudgedRow, SheetRow};
use crate::store::{duplicates, elders};
use audit::Action;
use kernel::{Actor, ElderId, Error, PageAsk, Paged, Permission, RegionBook, Result, Scope};
use papers::{Column, Exported, Format, Limits, Sheet, Table};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use store::{Db, Secret};

const STEP: usize = 1_000;
const READ: Action = Action::new("import.read", "试读导入文件");
const DROPPED: Action = Action::new("import.dropped", "放弃导入");

/// Counts of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    pub total: i64,
    pub good: i64,
    pub bad: i64,
    pub twins: i64,
    /// Known people about whom the row says nothing new: neither written nor asked about.
    pub unchanged: i64,
    pub written: i64,
    /// Rows decided on in the review queue.
    pub decided: i64,
}

impl Tally {
    fn add(&mut self, state: RowState, n: i64) {
        self.total += n;
        match state {
            RowState::Good => self.good += n,
            RowState::Bad => self.bad += n,
            RowState::Twin => self.twins += n,
            RowState::Written => self.written += n,
            RowState::Unchanged => self.unchanged += n,
            RowState::Kept | RowState::Merged => self.decided += n,
        }
    }
    /// Share of the whole in whole percents, for bars.
    pub fn percent(&self, n: i64) -> i64 {
        if self.total == 0 { 0 } else { n * 100 / self.total }
    }
}

/// A file with its counts.
#[derive(Clone, Debug)]
pub struct BatchView {
    pub batch: Batch,
    pub tally: Tally,
}

/// One row as shown for correcting.
#[derive(Clone, Debug)]
pub struct RowView {
    pub row_no: i64,
    pub state: RowState,
    pub cells: Cells,
    pub errors: Vec<CellError>,
    pub why: Option<TwinWhy>,
    pub twin: Option<ElderId>,
}

impl RowView {
    pub fn cell(&self, key: &str) -> &str {
        self.cells.get(key).map(String::as_str).unwrap_or("")
    }
}

/// The answer of a dry run from the command line: counts and every wrong cell; nothing is stored.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct DryRun {
    pub tally: Tally,
    pub errors: Vec<DryError>,
}

/// One wrong cell of a dry run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DryError {
    pub row: i64,
    pub column: &'static str,
    pub why: String,
    pub cure: Option<String>,
}

/// What stops a file before its rows are looked at.
fn read(bytes: &[u8]) -> Result<Table> {
    let table = papers::read_table(bytes, COLUMNS, &Limits::default())?;
    if table.is_empty() {
        return Err(Error::refused("表里只有列名，没有一行内容"));
    }
    Ok(table)
}

/// A row judged, with the archive it would make.
pub(crate) struct Judged {
    pub row_no: i64,
    pub cells: Cells,
    pub outcome: Outcome,
    pub key: Option<Vec<u8>>,
}

pub(crate) enum Outcome {
    Good(Box<NewElder>),
    Bad(Vec<CellError>),
    Twin(ElderId, TwinWhy),
    Unchanged(ElderId),
}

impl Outcome {
    fn state(&self) -> RowState {
        match self {
            Outcome::Good(_) => RowState::Good,
            Outcome::Bad(_) => RowState::Bad,
            Outcome::Twin(..) => RowState::Twin,
            Outcome::Unchanged(_) => RowState::Unchanged,
        }
    }
}

/// Judges rows one part after another; remembers identity numbers of the parts before.
pub(crate) struct Reader<'a> {
    db: &'a Db,
    judge: Judge<'a>,
    seen: HashMap<Vec<u8>, i64>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(db: &'a Db, book: &'a RegionBook, scope: &Scope) -> Reader<'a> {
        Reader { db, judge: Judge::new(book, scope.region), seen: HashMap::new() }
    }

    /// Judges one part: each row by itself, against the rows before it, and against the archives in force.
    pub(crate) async fn part<C: store::Sql>(
        &mut self,
        conn: &C,
        rows: Vec<(i64, Cells, Vec<CellError>)>,
    ) -> Result<Vec<Judged>> {
        let mut out: Vec<Judged> = Vec::with_capacity(rows.len());
        for (row_no, cells, flaws) in rows {
            let mut key = None;
            let outcome = match (self.judge.read(&cells), flaws.is_empty()) {
                (Ok(e), true) => {
                    let blind = self.db.keys().blind(Secret::IdNumber, e.id_number.as_str());
                    let earlier = self.seen.get(&blind).copied();
                    key = Some(blind.clone());
                    match earlier {
                        Some(n) => Outcome::Bad(vec![CellError {
                            column: "id_number".into(),
                            why: format!("和第 {n} 行的证件号码相同"),
                            cure: None,
                        }]),
                        None => {
                            self.seen.insert(blind, row_no);
                            Outcome::Good(Box::new(e))
                        }
                    }
                }
                (Ok(_), false) => Outcome::Bad(flaws),
                (Err(mut errors), _) => {
                    errors.retain(|e| !flaws.iter().any(|f| f.column == e.column));
                    errors.extend(flaws);
                    Outcome::Bad(errors)
                }
            };
            out.push(Judged { row_no, cells, outcome, key });
        }
        find_twins(self.db, conn, &mut out).await?;
        Ok(out)
    }
}

/// Good rows that look like an archive in force become twins, or unchanged where they say nothing new about it.
pub(crate) async fn find_twins<C: store::Sql>(db: &Db, conn: &C, rows: &mut [Judged]) -> Result<()> {
    let numbers: Vec<Vec<u8>> =
        rows.iter().filter(|r| matches!(r.outcome, Outcome::Good(_))).filter_map(|r| r.key.clone()).collect();
    let by_number: HashMap<Vec<u8>, ElderId> =
        elders::known_keys(conn, "id_blind", &numbers).await?.into_iter().map(|k| (k.key, k.id)).collect();
    let same: Vec<Option<Vec<u8>>> = rows
        .iter()
        .map(|r| match &r.outcome {
            Outcome::Good(e) => Some(same_key(db, &e.name, e.birth(), &e.region)),
            Outcome::Bad(_) | Outcome::Twin(..) | Outcome::Unchanged(_) => None,
        })
        .collect();
    let keys: Vec<Vec<u8>> = same.iter().flatten().cloned().collect();
    let by_name: HashMap<Vec<u8>, ElderId> =
        elders::known_keys(conn, "same_key", &keys).await?.into_iter().map(|k| (k.key, k.id)).collect();
    let mut twins = Vec::new();
    for (at, (r, same)) in rows.iter().zip(same).enumerate() {
        let number = r.key.as_ref().and_then(|k| by_number.get(k)).map(|id| (*id, TwinWhy::SameNumber));
        let name = same.and_then(|k| by_name.get(&k).copied()).map(|id| (id, TwinWhy::SameName));
        if let (Some((twin, why)), Outcome::Good(_)) = (number.or(name), &r.outcome) {
            twins.push((at, twin, why));
        }
    }
    super::known::sort_out(db, conn, rows, twins).await
}

fn parts(table: &Table) -> impl Iterator<Item = Vec<(i64, Cells, Vec<CellError>)>> + '_ {
    (0..table.len()).step_by(STEP).map(move |from| {
        (from..(from + STEP).min(table.len()))
            .filter_map(|i| table.row(i))
            .map(|row| {
                let cells = row.cells().map(|(k, _, v)| (k.to_string(), v.to_string())).collect();
                let flaws = row
                    .flaws()
                    .into_iter()
                    .map(|f| CellError { column: f.field, why: f.message, cure: None })
                    .collect();
                (i64::from(row.number()), cells, flaws)
            })
            .collect()
    })
}

/// Reads a file and judges every row without storing anything.
///
/// # Errors
/// `Forbidden`, or `Refused` when it is no such list.
pub async fn import_dry_run(db: &Db, actor: &Actor, bytes: &[u8]) -> Result<DryRun> {
    actor.require(Permission::ElderImport)?;
    let table = read(bytes)?;
    let book = super::load_book(db).await?;
    let mut reader = Reader::new(db, &book, actor.scope());
    let mut out = DryRun::default();
    for part in parts(&table) {
        for r in reader.part(db.read(), part).await? {
            out.tally.add(r.outcome.state(), 1);
            if let Outcome::Bad(errors) = r.outcome {
                out.errors.extend(errors.into_iter().map(|e| DryError {
                    row: r.row_no,
                    column: crate::model::column_title(&e.column),
                    why: e.why,
                    cure: e.cure,
                }));
            }
        }
    }
    Ok(out)
}

fn judged_row(db: &Db, r: Judged) -> Result<JudgedRow> {
    let cells = db.keys().seal(Secret::IdNumber, &serde_json::to_string(&r.cells).map_err(Error::internal)?)?;
    let state = r.outcome.state();
    let (errors, twin, why) = match r.outcome {
        Outcome::Good(_) => (Vec::new(), None, None),
        Outcome::Bad(e) => (e, None, None),
        Outcome::Twin(twin, why) => (Vec::new(), Some(twin), Some(why)),
        Outcome::Unchanged(twin) => (Vec::new(), Some(twin), Some(TwinWhy::SameNumber)),
    };
    let errors =
        if errors.is_empty() { String::new() } else { serde_json::to_string(&errors).map_err(Error::internal)? };
    Ok(JudgedRow { row_no: r.row_no, state, cells, errors, key: r.key, why, twin })
}

/// What a file is known by again.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Reads a file, judges every row and keeps both, sealed, for correcting. No archive is written.
///
/// # Errors
/// `Forbidden`, or `Refused` when it is no such list.
pub async fn import_read(db: &Db, actor: &Actor, file_name: &str, bytes: Vec<u8>) -> Result<BatchId> {
    actor.require(Permission::ElderImport)?;
    let sha256 = digest(&bytes);
    let table = tokio::task::spawn_blocking(move || read(&bytes)).await.map_err(Error::internal)??;
    let id: BatchId = db.new_id();
    let name: String = file_name.chars().filter(|c| !c.is_control()).take(80).collect();
    let tx = db.begin().await?;
    let unused = table.unused_columns().join("、");
    sql::insert_batch(&tx, actor, id, &name, &sha256, &unused, table.len() as i64).await?;
    tx.commit().await?;
    let book = super::load_book(db).await?;
    let mut reader = Reader::new(db, &book, actor.scope());
    for part in parts(&table) {
        let judged = reader.part(db.read(), part).await?;
        let rows = judged.into_iter().map(|r| judged_row(db, r)).collect::<Result<Vec<_>>>()?;
        let tx = db.begin().await?;
        sql::insert_rows(&tx, id, rows).await?;
        tx.commit().await?;
    }
    let tx = db.begin().await?;
    sql::set_state(&tx, id, BatchState::Checked).await?;
    let entry = audit::Entry::new(READ, "import", id)
        .region(actor.scope().region)
        .detail(serde_json::json!({ "rows": table.len() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(id)
}

/// A file of the viewer's region with its counts.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import_batch(db: &Db, scope: &Scope, id: BatchId) -> Result<BatchView> {
    super::government(scope)?;
    let batch = sql::batch(db.read(), scope, id, "").await?;
    let mut tally = Tally::default();
    for (state, n) in sql::counts(db, id).await? {
        tally.add(state, n);
    }
    Ok(BatchView { batch, tally })
}

/// Files of the viewer's region; `order` is an allow-listed ORDER BY.
pub async fn import_batches(db: &Db, scope: &Scope, page: PageAsk, order: &str) -> Result<Paged<Batch>> {
    super::government(scope)?;
    sql::batches(db, scope, page, order).await
}

pub(crate) fn opened(db: &Db, row: SheetRow) -> Result<RowView> {
    let text = db.keys().open(Secret::IdNumber, &row.cells)?;
    let errors =
        if row.errors.is_empty() { Vec::new() } else { serde_json::from_str(&row.errors).map_err(Error::internal)? };
    Ok(RowView {
        row_no: row.row_no,
        state: row.state,
        cells: serde_json::from_str(&text).map_err(Error::internal)?,
        errors,
        why: row.why(),
        twin: row.twin,
    })
}

/// Rows of a file in one standing, at most `limit`, in the file's order.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import_rows(db: &Db, scope: &Scope, id: BatchId, state: RowState, limit: i64) -> Result<Vec<RowView>> {
    super::government(scope)?;
    sql::batch(db.read(), scope, id, "").await?;
    sql::rows(db.read(), id, state, limit).await?.into_iter().map(|r| opened(db, r)).collect()
}

/// As [`import_fix`], with one cell more: the cure found for it when it was judged. Its value never leaves the server,
/// for it may be a whole identity number. A cell that has no cure any more, because somebody was faster, is left alone.
///
/// # Errors
/// As [`import_fix`].
pub async fn import_cure(
    db: &Db,
    actor: &Actor,
    id: BatchId,
    (row_no, column): (i64, &str),
    mut cells: Vec<(i64, String, String)>,
) -> Result<usize> {
    actor.require(Permission::ElderImport)?;
    sql::batch(db.read(), actor.scope(), id, "").await?;
    let view = opened(db, sql::row(db.read(), id, row_no).await?)?;
    let found = view.errors.into_iter().find(|e| e.column == column).and_then(|e| e.cure);
    cells.retain(|(row, key, _)| (*row, key.as_str()) != (row_no, column));
    cells.extend(found.map(|value| (row_no, column.to_string(), value)));
    import_fix(db, actor, id, cells).await
}

/// Puts corrected cells in and judges those rows again. Answers how many of them are right now.
///
/// # Errors
/// `Refused` once the file is written or dropped.
pub async fn import_fix(db: &Db, actor: &Actor, id: BatchId, cells: Vec<(i64, String, String)>) -> Result<usize> {
    actor.require(Permission::ElderImport)?;
    let book = super::load_book(db).await?;
    let tx = db.begin().await?;
    let batch = sql::batch(&tx, actor.scope(), id, tx.lock()).await?;
    if !matches!(batch.state, BatchState::Checked | BatchState::Done) {
        return Err(Error::refused(format!("这次导入{}，不能再改", batch.state.zh())));
    }
    let mut by_row: HashMap<i64, Vec<(String, String)>> = HashMap::new();
    for (row, key, value) in cells {
        by_row.entry(row).or_default().push((key, value));
    }
    let mut right = 0;
    for (row_no, changed) in by_row {
        let view = opened(db, sql::row(&tx, id, row_no).await?)?;
        if view.state != RowState::Bad {
            continue;
        }
        let mut cells = view.cells;
        for (key, value) in changed {
            if COLUMNS.iter().any(|c| c.key == key) {
                cells.insert(key, value.trim().chars().take(200).collect());
            }
        }
        let mut reader = Reader::new(db, &book, &Scope { region: batch.region, org: kernel::OrgScope::Any });
        let mut judged = reader.part(&tx, vec![(row_no, cells, Vec::new())]).await?;
        let Some(mut one) = judged.pop() else { continue };
        if let (Some(key), false) = (&one.key, matches!(one.outcome, Outcome::Bad(_)))
            && let Some(other) = sql::same_number(&tx, id, key, row_no).await?
        {
            let why = format!("和第 {other} 行的证件号码相同");
            one.outcome = Outcome::Bad(vec![CellError { column: "id_number".into(), why, cure: None }]);
        }
        if !matches!(one.outcome, Outcome::Bad(_)) {
            right += 1;
        }
        sql::update_row(&tx, id, judged_row(db, one)?).await?;
    }
    tx.commit().await?;
    Ok(right)
}

/// Gives a file up that was not written.
///
/// # Errors
/// `Refused` once writing began.
pub async fn import_drop(db: &Db, actor: &Actor, id: BatchId) -> Result<()> {
    actor.require(Permission::ElderImport)?;
    let tx = db.begin().await?;
    let batch = sql::batch(&tx, actor.scope(), id, tx.lock()).await?;
    if !matches!(batch.state, BatchState::Reading | BatchState::Checked) {
        return Err(Error::refused("已经开始写入，不能放弃。写完后 24 小时内可以整批撤回"));
    }
    sql::set_state(&tx, id, BatchState::Dropped).await?;
    duplicates::void_batch(&tx, id, &actor.label()).await?;
    audit::record(&tx, actor, audit::Entry::new(DROPPED, "import", id).region(batch.region)).await?;
    tx.commit().await
}

fn sheet() -> Sheet {
    let columns = COLUMNS.iter().map(|c| Column::text(c.title)).collect();
    Sheet::new("老年人档案", columns)
}

/// The empty list to fill in, with one invented row that shows how.
pub fn import_template(today: kernel::CivilDate) -> Result<Exported> {
    const EXAMPLE: [&str; 21] = [
        "示例（删去这一行）",
        "44152319490308998X",
        "农村",
        "水唇镇",
        "墩塘村",
        "上围 17 号",
        "23.2801",
        "115.6512",
        "墩塘村",
        "13800138000",
        "1949-03-08",
        "空巢",
        "脱贫",
        "无",
        "能力完好",
        "无",
        "高血压",
        "07-012",
        "叶建平",
        "13900139000",
        "儿子",
    ];
    let row: Vec<papers::Cell<'static>> = EXAMPLE.iter().map(|t| papers::Cell::from(*t)).collect();
    Ok(papers::export(Format::Xlsx, sheet(), today, [row])?)
}

/// The wrong rows of a file as a list of their own, with what is wrong in a last column.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn import_bad_rows(db: &Db, scope: &Scope, id: BatchId) -> Result<Exported> {
    let rows = import_rows(db, scope, id, RowState::Bad, PageAsk::EXPORT_ROWS.into()).await?;
    let mut list = sheet();
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
