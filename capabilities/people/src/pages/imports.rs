//! Importing a list: choose, read and judge, correct, write, take back.
use super::acts::{shown, unprocessable};
use super::path_id;
use super::words::{Done, done};
use crate::model::{
    BatchId, BatchState, COLUMNS, Care, DisabilityCert, ElderCard, Hukou, IncomeClass, Living, RowState, can_take_back,
    column_title,
};
use crate::service::{self, Batch, BatchView, RowDecision, RowView};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Dir, Error};
use std::collections::HashMap;
use std::time::Duration;
use web::{App, Cell, Col, Form, ListAsk, ListSpec, Mark, Page, Upload, Viewer};

/// Rows of one kind shown on the page of a file; the rest is in the downloads.
const SHOWN: i64 = 50;

fn mark(s: BatchState) -> Mark {
    match s {
        BatchState::Reading | BatchState::Writing => Mark::Doing,
        BatchState::Checked => Mark::Todo,
        BatchState::Done => Mark::Ok,
        BatchState::TakenBack | BatchState::Dropped => Mark::Off,
    }
}

/// `/imports`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = ask.filters.remove("done").and_then(|d| done(&d));
    let spec = ListSpec {
        title: "导入记录".into(),
        path: "/imports".into(),
        nav: "/elders",
        sub: String::new(),
        cols: vec![
            Col::new("file", "文件", |b: &Batch| Cell::name(format!("/imports/{}", b.id), b.file_name.clone())),
            Col::new("rows", "行数", |b: &Batch| Cell::Int(b.total)),
            Col::new("state", "状态", |b: &Batch| Cell::State(mark(b.state), b.state.zh().into())),
            Col::new("by", "谁传的", |b: &Batch| Cell::text(b.created_by.clone())),
            Col::new("at", "什么时候", |b: &Batch| Cell::text(b.created_at.stamp())).sort("b.created_at"),
        ],
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("at", Dir::Desc),
        tie: "b.id",
        actions: vec![
            ("/imports/template".into(), "download", "下载模板".into(), false),
            ("/imports/new".into(), "plus", "导入文件".into(), true),
        ],
        empty: ("还没有导入过".into(), "先下载模板，填好再传".into(), Some(("/imports/new".into(), "导入文件".into()))),
        flash,
    };
    let (db, scope) = (app.db(), &viewer.scope);
    web::respond(
        &app,
        &viewer,
        spec,
        ask,
        |f| async move { service::import_batches(db, scope, f.page, &f.order).await },
    )
    .await
}

#[derive(askama::Template)]
#[template(path = "import_new.html")]
struct NewPage {
    page: Page,
    action: String,
    columns: Vec<(&'static str, bool, String)>,
}

fn new_page(app: &App, viewer: &Viewer) -> NewPage {
    let token = viewer.session.map(|s| web::csrf_token(app, s)).unwrap_or_default();
    NewPage {
        page: Page::new(app, viewer, "导入老年人档案").at("/elders"),
        action: format!("/imports/new?_csrf={token}"),
        columns: COLUMNS
            .iter()
            .map(|c| (c.title, c.required, c.also.iter().take(4).copied().collect::<Vec<_>>().join("、")))
            .collect(),
    }
}

pub(crate) async fn new(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    web::html(&new_page(&app, &viewer))
}

pub(crate) async fn upload(State(app): State<App>, viewer: Viewer, upload: Upload) -> web::Result<Response> {
    let read = if upload.bytes.is_empty() {
        Err(Error::invalid("file", "没有选文件"))
    } else {
        service::import_read(app.db(), &viewer.actor(), &upload.file_name, upload.bytes).await
    };
    match read {
        Ok(id) => Ok(Redirect::to(&format!("/imports/{id}?done=read")).into_response()),
        Err(e) => {
            let mut view = new_page(&app, &viewer);
            view.page.errors = shown(e)?;
            for e in &mut view.page.errors {
                e.field = "file".into();
            }
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

pub(crate) async fn template(State(app): State<App>) -> web::Result<Response> {
    Ok(web::sheet_response("老年人档案导入模板", service::import_template(app.clock().today())?))
}

pub(crate) async fn bad_rows(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: BatchId = path_id(&id)?;
    let file = service::import_bad_rows(app.db(), &viewer.scope, id).await?;
    Ok(web::sheet_response("有错的行", file))
}

/// One wrong cell of one row.
struct Wrong {
    row: i64,
    name: String,
    column: &'static str,
    written: String,
    why: String,
    /// What the cure would write, as it may be shown.
    cure: Option<String>,
    field: String,
    options: Vec<(&'static str, &'static str)>,
}

fn options(column: &str) -> Vec<(&'static str, &'static str)> {
    let words = |o: Vec<(&'static str, &'static str)>| o.into_iter().map(|(_, w)| (w, w)).collect();
    match column {
        "hukou" => words(Hukou::options()),
        "living" => words(Living::options()),
        "income" => words(IncomeClass::options()),
        "care" => words(Care::options()),
        "certificate" => words(DisabilityCert::options()),
        _ => Vec::new(),
    }
}

/// Numbers are shown with their middle hidden: the clerk has the file at hand.
fn masked(column: &str, text: &str) -> String {
    let n = text.chars().count();
    if !matches!(column, "id_number" | "phone" | "contact_phone") || n < 6 {
        return text.to_string();
    }
    text.chars().enumerate().map(|(i, c)| if (3..n - 3).contains(&i) { '*' } else { c }).collect()
}

fn wrongs(rows: &[RowView]) -> Vec<Wrong> {
    rows.iter()
        .flat_map(|r| {
            r.errors.iter().map(|e| Wrong {
                row: r.row_no,
                name: r.cell("name").to_string(),
                column: column_title(&e.column),
                written: masked(&e.column, r.cell(&e.column)),
                why: e.why.clone(),
                cure: e.cure.as_deref().map(|c| masked(&e.column, c)),
                field: format!("cell.{}.{}", r.row_no, e.column),
                options: options(&e.column),
            })
        })
        .collect()
}

struct Twin {
    row: i64,
    name: String,
    why: &'static str,
    same_number: bool,
    href: String,
    lines: Vec<(&'static str, String, String, bool)>,
}

fn compare(row: &RowView, there: &ElderCard) -> Vec<(&'static str, String, String, bool)> {
    let line = |label, a: String, b: String| {
        let differs = !b.is_empty() && a != b;
        (label, if a.is_empty() { "没填".into() } else { a }, if b.is_empty() { "没填".into() } else { b }, differs)
    };
    let number = row.cell("id_number").parse::<kernel::IdNumber>();
    let phone = row.cell("phone").parse::<kernel::Phone>().map(|p| p.masked()).unwrap_or_default();
    vec![
        line("证件号", there.id_masked.clone(), number.as_ref().map(|n| n.masked()).unwrap_or_default()),
        line("生日", there.birth.to_string(), number.map(|n| n.birth().to_string()).unwrap_or_default()),
        line("电话", there.phone_masked.clone(), phone),
        line("住址", there.address.clone(), row.cell("address").to_string()),
        line("户籍", there.hukou.zh().into(), row.cell("hukou").to_string()),
    ]
}

async fn twins(app: &App, viewer: &Viewer, rows: &[RowView]) -> kernel::Result<Vec<Twin>> {
    let ids: Vec<kernel::ElderId> = rows.iter().filter_map(|r| r.twin).collect();
    let cards: HashMap<_, _> = service::cards(app.db(), &viewer.scope, &ids).await?;
    Ok(rows
        .iter()
        .map(|r| {
            let there = r.twin.and_then(|t| cards.get(&t));
            Twin {
                row: r.row_no,
                name: r.cell("name").to_string(),
                why: r.why.map_or("", |w| w.zh()),
                same_number: r.why == Some(crate::model::TwinWhy::SameNumber),
                href: r.twin.map(|t| format!("/elders/{t}")).unwrap_or_default(),
                lines: there.map(|c| compare(r, c)).unwrap_or_default(),
            }
        })
        .collect())
}

#[derive(askama::Template)]
#[template(path = "import_batch.html")]
struct BatchPage {
    page: Page,
    view: BatchView,
    state: &'static str,
    mark: Mark,
    step: u8,
    errors: Vec<Wrong>,
    twins: Vec<Twin>,
    shown: i64,
    good_pct: i64,
    bad_pct: i64,
    twin_pct: i64,
    written_pct: i64,
    writing: bool,
    may_fix: bool,
    may_drop: bool,
    may_take_back: bool,
    take_back_until: String,
    columns_word: String,
}

async fn page(app: &App, viewer: &Viewer, id: BatchId) -> kernel::Result<BatchPage> {
    let (db, scope) = (app.db(), &viewer.scope);
    let view = service::import_batch(db, scope, id).await?;
    let open = matches!(view.batch.state, BatchState::Checked | BatchState::Done);
    let bad = if open { service::import_rows(db, scope, id, RowState::Bad, SHOWN).await? } else { Vec::new() };
    let twin_rows = if open { service::import_rows(db, scope, id, RowState::Twin, SHOWN).await? } else { Vec::new() };
    let t = &view.tally;
    let state = view.batch.state;
    let written = t.written;
    Ok(BatchPage {
        page: Page::new(app, viewer, "导入老年人档案").at("/elders"),
        state: state.zh(),
        mark: mark(state),
        step: match state {
            BatchState::Reading => 2,
            BatchState::Checked | BatchState::Dropped => 3,
            BatchState::Writing => 4,
            BatchState::Done | BatchState::TakenBack => 5,
        },
        errors: wrongs(&bad),
        twins: twins(app, viewer, &twin_rows).await?,
        shown: SHOWN,
        good_pct: t.percent(t.good),
        bad_pct: t.percent(t.bad).max(i64::from(t.bad > 0)),
        twin_pct: t.percent(t.twins).max(i64::from(t.twins > 0)),
        written_pct: if written + t.good == 0 { 100 } else { written * 100 / (written + t.good) },
        writing: state == BatchState::Writing,
        may_fix: open,
        may_drop: matches!(state, BatchState::Reading | BatchState::Checked),
        may_take_back: state == BatchState::Done && can_take_back(view.batch.written_at, app.now()) && written > 0,
        take_back_until: view
            .batch
            .written_at
            .map(|w| w.plus_ms(crate::model::TAKE_BACK_MS).stamp())
            .unwrap_or_default(),
        columns_word: match view.batch.unused.as_str() {
            "" => "每一列都认出来了".into(),
            left => format!("没用到：{left}"),
        },
        view,
    })
}

/// `/imports/{id}`
pub(crate) async fn batch(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(d): Query<Done>,
) -> web::Result<Response> {
    let mut view = page(&app, &viewer, path_id(&id)?).await?;
    view.page.flash = done(&d.done);
    web::html(&view)
}

#[derive(serde::Serialize)]
struct Progress {
    written: i64,
    pct: i64,
    done: bool,
    href: String,
}

/// How far writing is, until it is done.
pub(crate) async fn live(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: BatchId = path_id(&id)?;
    service::import_batch(app.db(), &viewer.scope, id).await?;
    let scope = viewer.scope;
    let next = move || {
        let app = app.clone();
        async move {
            let view = service::import_batch(app.db(), &scope, id).await.ok()?;
            let t = &view.tally;
            let over = view.batch.state != BatchState::Writing;
            let all = (t.written + t.good).max(1);
            let href = format!("/imports/{id}");
            Some((Progress { written: t.written, pct: t.written * 100 / all, done: over, href }, !over))
        }
    };
    Ok(web::sse_poll(Duration::from_millis(700), next).into_response())
}

/// Corrected cells of the page, or one cure that was tapped.
pub(crate) async fn fix(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    body: axum::Form<Vec<(String, String)>>,
) -> web::Result<Response> {
    let id: BatchId = path_id(&id)?;
    let pairs = body.0;
    let cell = |key: &str| -> Option<(i64, String)> {
        let (row, column) = key.strip_prefix("cell.")?.split_once('.')?;
        Some((row.parse().ok()?, column.to_string()))
    };
    let cells: Vec<(i64, String, String)> = pairs
        .iter()
        .filter(|(_, v)| !v.trim().is_empty())
        .filter_map(|(k, v)| cell(k).map(|(row, column)| (row, column, v.clone())))
        .collect();
    let (db, actor) = (app.db(), viewer.actor());
    match pairs.iter().find(|(k, _)| k == "cure").and_then(|(_, v)| cell(v)) {
        Some((row, column)) => service::import_cure(db, &actor, id, (row, &column), cells).await?,
        None => service::import_fix(db, &actor, id, cells).await?,
    };
    Ok(Redirect::to(&format!("/imports/{id}?done=fixed")).into_response())
}

/// One row that looks like an archive.
pub(crate) async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, row)): Path<(String, String)>,
    form: Form,
) -> web::Result<Response> {
    let (id, row): (BatchId, i64) = (path_id(&id)?, path_id(&row)?);
    let decision = RowDecision::parse(form.raw("decision")).ok_or_else(|| Error::refused("没有选怎么认定"))?;
    match service::decide_row(app.db(), &viewer.actor(), id, row, decision).await {
        Ok(()) => Ok(Redirect::to(&format!("/imports/{id}?done=decided")).into_response()),
        Err(e) => {
            let mut view = page(&app, &viewer, id).await?;
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

pub(crate) async fn write(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: BatchId = path_id(&id)?;
    service::import_write(app.db(), &viewer.actor(), id).await?;
    Ok(Redirect::to(&format!("/imports/{id}?done=written")).into_response())
}

#[derive(askama::Template)]
#[template(path = "import_confirm.html")]
struct ConfirmPage {
    page: Page,
    id: String,
    file: String,
    taking_back: bool,
    written: i64,
    rows: i64,
}

async fn confirm(app: &App, viewer: &Viewer, id: &str, taking_back: bool) -> kernel::Result<ConfirmPage> {
    let id: BatchId = path_id(id)?;
    let view = service::import_batch(app.db(), &viewer.scope, id).await?;
    let title = if taking_back { "整批撤回" } else { "放弃导入" };
    Ok(ConfirmPage {
        page: Page::new(app, viewer, title).at("/elders"),
        id: id.to_string(),
        file: view.batch.file_name,
        taking_back,
        written: view.tally.written,
        rows: view.tally.total,
    })
}

pub(crate) async fn drop_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    web::html(&confirm(&app, &viewer, &id, false).await?)
}

pub(crate) async fn drop(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::import_drop(app.db(), &viewer.actor(), path_id(&id)?).await?;
    Ok(Redirect::to("/imports?done=dropped").into_response())
}

pub(crate) async fn take_back_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    web::html(&confirm(&app, &viewer, &id, true).await?)
}

pub(crate) async fn take_back(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: BatchId = path_id(&id)?;
    service::import_take_back(app.db(), &viewer.actor(), id).await?;
    Ok(Redirect::to(&format!("/imports/{id}?done=taken")).into_response())
}
