//! Registering many devices from a table: choose, read and judge, correct, write.
use super::{AT, Done, again, done, import_id, staff, to, to_correct};
use crate::devices::{
    self, COLUMNS, DeviceImport, ImportId, ImportRow, ImportRowState, ImportState, ImportTally, column_title, options,
};
use askama::Template;
use kernel::{Dir, Error};
use std::time::Duration;
use web::axum::extract::{Path, Query, State};
use web::axum::response::{IntoResponse, Response};
use web::{App, Cell, Col, ListAsk, ListSpec, Mark, Page, Upload, Viewer, html};

const HOME: &str = "/safety/device-imports";
/// Rows of one kind shown on the page of a file; the rest is in the download.
const SHOWN: i64 = 50;

fn mark(s: ImportState) -> Mark {
    match s {
        ImportState::Reading | ImportState::Writing => Mark::Doing,
        ImportState::Checked => Mark::Todo,
        ImportState::Done => Mark::Ok,
        ImportState::Dropped => Mark::Off,
    }
}

pub(in crate::pages) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = ask.filters.remove("done").and_then(|d| done(&d));
    let spec = ListSpec {
        title: "设备导入记录".into(),
        path: HOME.into(),
        nav: AT,
        sub: String::new(),
        cols: vec![
            Col::new("file", "文件", |b: &DeviceImport| Cell::name(format!("{HOME}/{}", b.id), b.file_name.clone())),
            Col::new("rows", "行数", |b: &DeviceImport| Cell::Int(b.total)),
            Col::new("state", "状态", |b: &DeviceImport| Cell::State(mark(b.state), b.state.zh().into())),
            Col::new("by", "谁传的", |b: &DeviceImport| Cell::text(b.created_by.clone())),
            Col::new("at", "什么时候", |b: &DeviceImport| Cell::text(b.created_at.stamp())).sort("created_at"),
        ],
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("at", Dir::Desc),
        tie: "id",
        actions: vec![
            (AT.into(), "device-watch", "设备".into(), false),
            (format!("{HOME}/template"), "download", "下载模板".into(), false),
            (format!("{HOME}/new"), "plus", "导入文件".into(), true),
        ],
        empty: (
            "还没有导入过设备".into(),
            "先下载模板，填好再传".into(),
            Some((format!("{HOME}/new"), "导入文件".into())),
        ),
        flash,
    };
    let (db, scope) = (app.db(), &viewer.scope);
    web::respond(&app, &viewer, spec, ask, |f| async move { devices::import_list(db, scope, f.page, &f.order).await })
        .await
}

#[derive(Template)]
#[template(path = "safety/device_import_new.html")]
struct NewPage {
    page: Page,
    action: String,
    columns: Vec<(&'static str, bool, String)>,
}

fn new_view(app: &App, viewer: &Viewer) -> NewPage {
    // The token stands in the address: the guard reads no file bodies.
    let token = viewer.session.map(|s| web::csrf_token(app, s)).unwrap_or_default();
    let says = |key: &str, also: &[&str]| match options(key).as_slice() {
        [] => format!("也认：{}", also.iter().take(4).copied().collect::<Vec<_>>().join("、")),
        words => format!("写：{}", words.join("、")),
    };
    NewPage {
        page: staff(app, viewer, "导入设备"),
        action: format!("{HOME}/new?_csrf={token}"),
        columns: COLUMNS.iter().map(|c| (c.title, c.required, says(c.key, c.also))).collect(),
    }
}

pub(in crate::pages) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    html(&new_view(&app, &viewer))
}

pub(in crate::pages) async fn upload(State(app): State<App>, viewer: Viewer, upload: Upload) -> web::Result<Response> {
    let read = if upload.bytes.is_empty() {
        Err(Error::invalid("file", "没有选文件"))
    } else {
        let book = app.regions();
        devices::import_read(app.db(), &viewer.actor(), &book, &upload.file_name, upload.bytes).await
    };
    match read {
        Ok(id) => Ok(to(format!("{HOME}/{id}?done=read"))),
        Err(e) => {
            let mut view = new_view(&app, &viewer);
            view.page.errors = to_correct(e)?;
            view.page.errors.iter_mut().for_each(|e| e.field = "file".into());
            Ok(again(html(&view)?))
        }
    }
}

pub(in crate::pages) async fn template(State(app): State<App>) -> web::Result<Response> {
    Ok(web::sheet_response("设备导入模板", devices::import_template(app.clock().today())?))
}

pub(in crate::pages) async fn bad_rows(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let file = devices::import_bad_rows(app.db(), &viewer.scope, import_id(&id)?).await?;
    Ok(web::sheet_response("有错的设备", file))
}

/// One wrong cell of one row.
struct Wrong {
    row: i64,
    device: String,
    column: &'static str,
    written: String,
    why: String,
    cure: Option<String>,
    field: String,
    options: Vec<&'static str>,
}

/// Identity numbers are shown with their middle hidden, passwords not at all: the clerk has the file at hand.
fn masked(column: &str, text: &str) -> String {
    let n = text.chars().count();
    match column {
        "secret" => "*".repeat(n.min(12)),
        "elder" if n >= 6 => {
            text.chars().enumerate().map(|(i, c)| if (3..n - 3).contains(&i) { '*' } else { c }).collect()
        }
        _ => text.to_string(),
    }
}

fn wrongs(rows: &[ImportRow]) -> Vec<Wrong> {
    rows.iter()
        .flat_map(|r| {
            r.errors.iter().map(|e| Wrong {
                row: r.row_no,
                device: r.cell("identity").to_string(),
                column: column_title(&e.column),
                written: masked(&e.column, r.cell(&e.column)),
                why: e.why.clone(),
                cure: e.cure.clone(),
                field: format!("cell.{}.{}", r.row_no, e.column),
                options: options(&e.column),
            })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "safety/device_import.html")]
struct FilePage {
    page: Page,
    file: DeviceImport,
    t: ImportTally,
    state: &'static str,
    mark: Mark,
    step: u8,
    errors: Vec<Wrong>,
    /// Numbers of devices that are registered already.
    known: Vec<String>,
    shown: i64,
    ok_pct: i64,
    bad_pct: i64,
    known_pct: i64,
    writing: bool,
    may_fix: bool,
    may_drop: bool,
    columns_word: String,
}

async fn view(app: &App, viewer: &Viewer, id: ImportId) -> kernel::Result<FilePage> {
    let (db, scope) = (app.db(), &viewer.scope);
    let (file, t) = devices::import(db, scope, id).await?;
    let open = matches!(file.state, ImportState::Checked | ImportState::Done);
    let (mut bad, mut known) = (Vec::new(), Vec::new());
    if open {
        bad = devices::import_rows(db, scope, id, ImportRowState::Bad, SHOWN).await?;
        known = devices::import_rows(db, scope, id, ImportRowState::Known, SHOWN).await?;
    }
    let some = |n: i64| t.percent(n).max(i64::from(n > 0));
    Ok(FilePage {
        page: staff(app, viewer, "导入设备"),
        state: file.state.zh(),
        mark: mark(file.state),
        step: match file.state {
            ImportState::Reading => 2,
            ImportState::Checked | ImportState::Dropped => 3,
            ImportState::Writing => 4,
            ImportState::Done => 5,
        },
        errors: wrongs(&bad),
        known: known.iter().map(|r| format!("{} {}", r.cell("kind"), r.cell("identity"))).collect(),
        shown: SHOWN,
        ok_pct: t.percent(t.good + t.written),
        bad_pct: some(t.bad),
        known_pct: some(t.known),
        writing: file.state == ImportState::Writing,
        may_fix: open,
        may_drop: matches!(file.state, ImportState::Reading | ImportState::Checked),
        columns_word: match file.unused.as_str() {
            "" => "每一列都认出来了".into(),
            left => format!("没用到：{left}"),
        },
        file,
        t,
    })
}

pub(in crate::pages) async fn file(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    let mut view = view(&app, &viewer, import_id(&id)?).await?;
    view.page.flash = done(&q.done);
    html(&view)
}

#[derive(serde::Serialize)]
struct Progress {
    written: i64,
    pct: i64,
    done: bool,
    href: String,
}

/// How far writing is, until it is done.
pub(in crate::pages) async fn live(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let id = import_id(&id)?;
    devices::import(app.db(), &viewer.scope, id).await?;
    let scope = viewer.scope;
    let next = move || {
        let app = app.clone();
        async move {
            let (file, t) = devices::import(app.db(), &scope, id).await.ok()?;
            let over = file.state != ImportState::Writing;
            let all = (t.written + t.good).max(1);
            let href = format!("{HOME}/{id}");
            Some((Progress { written: t.written, pct: t.written * 100 / all, done: over, href }, !over))
        }
    };
    Ok(web::sse_poll(Duration::from_millis(700), next).into_response())
}

/// Corrected cells of the page, or one cure that was tapped.
pub(in crate::pages) async fn fix(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    body: axum::Form<Vec<(String, String)>>,
) -> web::Result<Response> {
    let id = import_id(&id)?;
    let pairs = body.0;
    let cell = |key: &str| -> Option<(i64, String)> {
        let (row, column) = key.strip_prefix("cell.")?.split_once('.')?;
        Some((row.parse().ok()?, column.to_string()))
    };
    let mut cells: Vec<(i64, String, Option<String>)> = pairs
        .iter()
        .filter(|(_, v)| !v.trim().is_empty())
        .filter_map(|(k, v)| cell(k).map(|(row, column)| (row, column, Some(v.clone()))))
        .collect();
    if let Some((row, column)) = pairs.iter().find(|(k, _)| k == "cure").and_then(|(_, v)| cell(v)) {
        cells.retain(|(r, c, _)| (*r, c) != (row, &column));
        cells.push((row, column, None));
    }
    devices::import_fix(app.db(), &viewer.actor(), &app.regions(), id, cells).await?;
    Ok(to(format!("{HOME}/{id}?done=fixed")))
}

pub(in crate::pages) async fn write(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let id = import_id(&id)?;
    devices::import_write(app.db(), &viewer.actor(), id).await?;
    Ok(to(format!("{HOME}/{id}?done=written")))
}

#[derive(Template)]
#[template(path = "safety/device_import_drop.html")]
struct DropPage {
    page: Page,
    action: String,
    back: String,
    heading: String,
    rows: i64,
}

pub(in crate::pages) async fn drop_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let (file, t) = devices::import(app.db(), &viewer.scope, import_id(&id)?).await?;
    html(&DropPage {
        page: staff(&app, &viewer, "放弃导入"),
        action: format!("{HOME}/{}/drop", file.id),
        back: format!("{HOME}/{}", file.id),
        heading: format!("放弃导入“{}”？", file.file_name),
        rows: t.total,
    })
}

pub(in crate::pages) async fn drop(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    devices::import_drop(app.db(), &viewer.actor(), import_id(&id)?).await?;
    Ok(to(format!("{HOME}?done=dropped")))
}
