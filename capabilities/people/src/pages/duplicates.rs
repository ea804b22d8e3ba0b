//! The review queue for duplicates, merging two archives, taking a merge back.
use super::acts::{shown, unprocessable};
use super::path_id;
use super::words::{done, home};
use crate::model::{ElderCard, MergeId, ReviewId, ReviewState};
use crate::service::{self, Review, RowDecision};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Dir, ElderId, Error, Permission, RegionBook};
use web::{App, Cell, Choice, Col, FilterSpec, Form, ListAsk, ListSpec, Mark, Page, Viewer};

struct Row {
    review: Review,
    name: String,
    home: String,
}

fn mark(s: ReviewState) -> Mark {
    match s {
        ReviewState::Open => Mark::Note,
        ReviewState::Same | ReviewState::Different => Mark::Ok,
        ReviewState::Void => Mark::Off,
    }
}

/// `/duplicates`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = ask.filters.remove("done").and_then(|d| done(&d));
    let state = ask.filter("state").and_then(ReviewState::parse).unwrap_or(ReviewState::Open);
    let book = app.regions();
    let spec = ListSpec {
        title: "像是重复的档案".into(),
        path: "/duplicates".into(),
        nav: "/elders",
        sub: "按证件号，和同名、同生日、同村来判断".into(),
        cols: vec![
            Col::new("name", "姓名", |r: &Row| Cell::name(format!("/duplicates/{}", r.review.id), r.name.clone())),
            Col::new("home", "住址", |r: &Row| Cell::text(r.home.clone())),
            Col::new("why", "像在哪里", |r: &Row| Cell::text(r.review.why.zh())),
            Col::new("from", "从哪里来", |r: &Row| {
                Cell::text(r.review.row_no.map_or("新建的档案".to_string(), |n| format!("导入的第 {n} 行")))
            }),
            Col::new("state", "状态", |r: &Row| Cell::State(mark(r.review.state), r.review.state.zh().into())),
            Col::new("at", "什么时候", |r: &Row| Cell::text(r.review.created_at.stamp())).sort("d.created_at"),
        ],
        filters: vec![FilterSpec {
            key: "state",
            label: "状态",
            choices: ReviewState::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        }],
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("at", Dir::Asc),
        tie: "d.id",
        actions: Vec::new(),
        empty: ("没有要认的".into(), "新建或导入时发现像同一人的，会列在这里".into(), None),
        flash,
    };
    let (db, scope, book) = (app.db(), &viewer.scope, &book);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::duplicate_reviews(db, scope, state, f.page, &f.order).await?;
        let ids: Vec<ElderId> = found.rows.iter().map(|r| r.elder_id).collect();
        let cards = service::cards(db, scope, &ids).await?;
        Ok(found.map(|review| {
            let card = cards.get(&review.elder_id);
            Row {
                name: card.map_or("档案已停用".into(), |c| c.name.clone()),
                home: card.map(|c| home(book, &c.region, &c.address)).unwrap_or_default(),
                review,
            }
        }))
    })
    .await
}

/// Label, first, second, do they differ.
type Line = (&'static str, String, String, bool);

fn lines(book: &RegionBook, a: &ElderCard, b: &ElderCard) -> Vec<Line> {
    let line = |label, x: String, y: String| {
        let differs = x != y;
        let or = |t: String| if t.is_empty() { "没填".into() } else { t };
        (label, or(x), or(y), differs)
    };
    let care = |c: &ElderCard| c.care.map_or("未评估", |v| v.zh()).to_string();
    vec![
        line("姓名", a.name.clone(), b.name.clone()),
        line("证件号", a.id_masked.clone(), b.id_masked.clone()),
        line("性别", a.sex.zh().into(), b.sex.zh().into()),
        line("出生日期", a.birth.to_string(), b.birth.to_string()),
        line("电话", a.phone_masked.clone(), b.phone_masked.clone()),
        line("住址", home(book, &a.region, &a.address), home(book, &b.region, &b.address)),
        line("户籍", a.hukou.zh().into(), b.hukou.zh().into()),
        line("居住", a.living.zh().into(), b.living.zh().into()),
        line("经济", a.income.zh().into(), b.income.zh().into()),
        line("能力", care(a), care(b)),
    ]
}

#[derive(askama::Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    id: String,
    name: String,
    why: &'static str,
    state: ReviewState,
    mark: Mark,
    decided: String,
    first: String,
    second: String,
    /// The file's page when the question is about one of its rows.
    batch: Option<String>,
    row: i64,
    lines: Vec<Line>,
    may_merge: bool,
    may_differ: bool,
}

async fn review_page(app: &App, viewer: &Viewer, id: ReviewId) -> kernel::Result<ReviewPage> {
    let (db, scope) = (app.db(), &viewer.scope);
    let r = service::duplicate_review(db, scope, id).await?;
    let book = app.regions();
    let there = service::card(db, scope, r.elder_id).await?;
    let (lines, second) = match r.other_id {
        Some(other) => {
            let other = service::card(db, scope, other).await?;
            (lines(&book, &there, &other), other.id.to_string())
        }
        None => {
            let row = service::review_row(db, scope, &r).await?;
            let cell = |k: &str| row.cell(k).to_string();
            let number = row.cell("id_number").parse::<kernel::IdNumber>();
            let pair = |label, a: String, b: String| (label, a.clone(), b.clone(), a != b && !b.is_empty());
            let out = vec![
                pair("姓名", there.name.clone(), cell("name")),
                pair("证件号", there.id_masked.clone(), number.as_ref().map(|n| n.masked()).unwrap_or_default()),
                pair("出生日期", there.birth.to_string(), number.map(|n| n.birth().to_string()).unwrap_or_default()),
                pair(
                    "电话",
                    there.phone_masked.clone(),
                    row.cell("phone").parse::<kernel::Phone>().map(|p| p.masked()).unwrap_or_default(),
                ),
                pair("住址", there.address.clone(), cell("address")),
                pair("户籍", there.hukou.zh().into(), cell("hukou")),
                pair("居住", there.living.zh().into(), cell("living")),
                pair("经济", there.income.zh().into(), cell("income")),
            ];
            (out, String::new())
        }
    };
    let by = r.decided_by.clone().unwrap_or_default();
    let at = r.decided_at.map(|t| t.stamp()).unwrap_or_default();
    Ok(ReviewPage {
        page: Page::new(app, viewer, "是不是同一人").at("/elders"),
        id: id.to_string(),
        name: there.name.clone(),
        why: r.why.zh(),
        state: r.state,
        mark: mark(r.state),
        decided: format!("{by} {at}").trim().to_string(),
        first: there.id.to_string(),
        second,
        batch: r.batch_id.map(|b| format!("/imports/{b}")),
        row: r.row_no.unwrap_or(0),
        lines,
        may_merge: viewer.may(Permission::ElderMerge),
        may_differ: r.why != crate::model::TwinWhy::SameNumber,
    })
}

/// `/duplicates/{id}`
pub(crate) async fn review(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    web::html(&review_page(&app, &viewer, path_id(&id)?).await?)
}

pub(crate) async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let id: ReviewId = path_id(&id)?;
    let review = service::duplicate_review(app.db(), &viewer.scope, id).await?;
    let (db, actor) = (app.db(), viewer.actor());
    let result = match (form.raw("decision"), review.batch_id, review.row_no) {
        (code, Some(batch), Some(row)) => match RowDecision::parse(code) {
            Some(d) => service::decide_row(db, &actor, batch, row, d).await,
            None => Err(Error::refused("没有选怎么认定")),
        },
        ("different", ..) => service::decide_different(db, &actor, id).await,
        _ => Err(Error::refused("没有选怎么认定")),
    };
    match result {
        Ok(()) => Ok(Redirect::to("/duplicates?done=decided").into_response()),
        Err(e) => {
            let mut view = review_page(&app, &viewer, id).await?;
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

#[derive(serde::Deserialize)]
pub(crate) struct With {
    #[serde(default)]
    with: String,
}

#[derive(askama::Template)]
#[template(path = "merge.html")]
struct MergePage {
    page: Page,
    stays: ElderCard,
    goes: ElderCard,
    lines: Vec<Line>,
    reason: String,
}

async fn merge_page(app: &App, viewer: &Viewer, stays: &str, goes: &str, form: &Form) -> kernel::Result<MergePage> {
    let (db, scope) = (app.db(), &viewer.scope);
    let stays = service::card(db, scope, path_id(stays)?).await?;
    let goes = service::card(db, scope, path_id(goes)?).await?;
    Ok(MergePage {
        page: Page::new(app, viewer, "合并两份档案").at("/elders"),
        lines: lines(&app.regions(), &stays, &goes),
        stays,
        goes,
        reason: form.raw("reason").into(),
    })
}

/// `/elders/{id}/merge?with=`: the archive of the path stays, the other goes into it.
pub(crate) async fn merge_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(w): Query<With>,
) -> web::Result<Response> {
    web::html(&merge_page(&app, &viewer, &id, &w.with, &Form::default()).await?)
}

pub(crate) async fn merge(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let stays: ElderId = path_id(&id)?;
    let goes: ElderId = path_id(form.raw("with"))?;
    match service::merge(app.db(), &viewer.actor(), goes, stays, form.raw("reason")).await {
        Ok(_) => Ok(Redirect::to(&format!("/elders/{stays}?done=merged")).into_response()),
        Err(e) => {
            let mut view = merge_page(&app, &viewer, &id, form.raw("with"), &form).await?;
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

#[derive(askama::Template)]
#[template(path = "unmerge.html")]
struct UndoPage {
    page: Page,
    id: String,
    survivor: ElderCard,
    merged: String,
    reason: String,
}

async fn undo_page(app: &App, viewer: &Viewer, id: MergeId, form: &Form) -> kernel::Result<UndoPage> {
    let m = service::merge_record(app.db(), &viewer.scope, id).await?;
    Ok(UndoPage {
        page: Page::new(app, viewer, "撤回合并").at("/elders"),
        id: id.to_string(),
        survivor: service::card(app.db(), &viewer.scope, m.survivor).await?,
        merged: format!("{} {}：{}", m.merged_at.stamp(), m.merged_by, m.reason),
        reason: form.raw("reason").into(),
    })
}

pub(crate) async fn undo_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    web::html(&undo_page(&app, &viewer, path_id(&id)?, &Form::default()).await?)
}

pub(crate) async fn undo(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let id: MergeId = path_id(&id)?;
    let survivor = service::merge_record(app.db(), &viewer.scope, id).await?.survivor;
    match service::unmerge(app.db(), &viewer.actor(), id, form.raw("reason")).await {
        Ok(()) => Ok(Redirect::to(&format!("/elders/{survivor}?done=unmerged")).into_response()),
        Err(e) => {
            let mut view = undo_page(&app, &viewer, id, &form).await?;
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}
