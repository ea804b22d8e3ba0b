//! Background work: what is running, how far it is, and what failed.
use super::{Done, form_page, id, region_name, said};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Dir, Error, Instant, JobId};
use serde::Serialize;
use std::time::Duration;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Viewer};
use work::{JobRow, JobState};

struct Line {
    j: JobRow,
    region: String,
    now: Instant,
}

const STATES: [JobState; 4] = [JobState::Failed, JobState::Running, JobState::Waiting, JobState::Done];

const fn mark(state: JobState) -> Mark {
    match state {
        JobState::Waiting => Mark::Todo,
        JobState::Running => Mark::Doing,
        JobState::Done => Mark::Ok,
        JobState::Failed => Mark::Danger,
    }
}

/// `GET /jobs`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let cols = vec![
        Col::new("title", "什么事", |l: &Line| Cell::name(format!("/jobs/{}", l.j.id), &l.j.title)),
        Col::new("state", "状态", |l: &Line| Cell::State(mark(l.j.state()), l.j.state().zh().into())),
        Col::new("percent", "做了多少", |l: &Line| Cell::text(format!("{}%", l.j.percent()))),
        Col::new("note", "说明", |l: &Line| Cell::text(&l.j.note)),
        Col::new("region", "区域", |l: &Line| Cell::text(&l.region)),
        Col::new("made", "提出", |l: &Line| Cell::text(l.j.created_at.stamp())),
        Col::new("end", "做完", |l: &Line| Cell::text(l.j.finished_at.map(|t| t.ago(l.now)).unwrap_or_default())),
    ];
    let spec = ListSpec {
        title: "后台工作".into(),
        path: "/jobs".into(),
        nav: "/jobs",
        sub: "导入、认定、结算这些要做一会儿的事".into(),
        cols,
        filters: vec![FilterSpec {
            key: "state",
            label: "状态",
            choices: STATES.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        }],
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("made", Dir::Desc),
        tie: "id",
        actions: Vec::new(),
        empty: ("没有要做的".into(), "导入档案或做结算时，这里看得到进度".into(), None),
        flash: None,
    };
    let wanted = work::JobAsk { state: ask.filter("state").and_then(JobState::parse), kind: None };
    let (scope, now) = (viewer.scope, app.now());
    let (to, scope, wanted) = (&app, &scope, &wanted);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = work::jobs(to.db(), scope, wanted, f.page).await?;
        Ok(found.map(|j| Line { region: region_name(to, &j.region), j, now }))
    })
    .await
}

async fn load(app: &App, viewer: &Viewer, text: &str) -> kernel::Result<JobRow> {
    let id: JobId = id(text)?;
    let missing = || Error::NotFound("这项工作".into());
    work::job(app.db(), &viewer.full_scope, id).await?.ok_or_else(missing)
}

fn figures(j: &JobRow) -> String {
    if j.progress_total > 0 { format!("{} / {}", j.progress_done, j.progress_total) } else { "—".into() }
}

/// What a job left for people: a sentence and the page to look at, if it named them (`text`, `href`).
fn left(j: &JobRow) -> (String, String) {
    let result: serde_json::Value = j.result.as_deref().and_then(|r| serde_json::from_str(r).ok()).unwrap_or_default();
    let part = |key: &str| result.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_string();
    (part("text"), super::safe_path(&part("href")).unwrap_or_default())
}

#[derive(Template)]
#[template(path = "job.html")]
struct RecordPage {
    page: Page,
    j: JobRow,
    mark: Mark,
    state: &'static str,
    going: bool,
    failed: bool,
    percent: i64,
    figures: String,
    region: String,
    text: String,
    href: String,
}

/// `GET /jobs/{id}`
pub(crate) async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(job): Path<String>,
    done: Query<Done>,
) -> web::Result<Response> {
    let j = load(&app, &viewer, &job).await?;
    let state = j.state();
    let (text, href) = left(&j);
    let view = RecordPage {
        page: Page::new(&app, &viewer, j.title.clone()).at("/jobs").flash(said(&done)),
        mark: mark(state),
        state: state.zh(),
        going: matches!(state, JobState::Waiting | JobState::Running),
        failed: state == JobState::Failed,
        percent: j.percent(),
        figures: figures(&j),
        region: region_name(&app, &j.region),
        text,
        href,
        j,
    };
    form_page(&view, false)
}

/// What the page's script fills in; the names are those of `data-live-text` and `data-live-bar`.
#[derive(Serialize)]
struct Live {
    state: &'static str,
    figures: String,
    note: String,
    percent: i64,
    done: bool,
    href: String,
}

/// `GET /jobs/{id}/live`
pub(crate) async fn live(State(app): State<App>, viewer: Viewer, Path(job): Path<String>) -> web::Result<Response> {
    let id = load(&app, &viewer, &job).await?.id;
    let scope = viewer.full_scope;
    let stream = web::sse_poll(Duration::from_secs(1), move || {
        let app = app.clone();
        async move {
            let j = work::job(app.db(), &scope, id).await.ok().flatten()?;
            let over = matches!(j.state(), JobState::Done | JobState::Failed);
            let live = Live {
                state: j.state().zh(),
                figures: figures(&j),
                percent: j.percent(),
                done: over,
                href: format!("/jobs/{id}"),
                note: j.note,
            };
            Some((live, !over))
        }
    });
    Ok(stream.into_response())
}

/// `POST /jobs/{id}/again`: a failed job starts anew.
pub(crate) async fn again(State(app): State<App>, viewer: Viewer, Path(job): Path<String>) -> web::Result<Response> {
    let j = load(&app, &viewer, &job).await?;
    if j.state() != JobState::Failed {
        return Err(Error::refused("只有没做成的才能再做").into());
    }
    let payload = serde_json::from_str(&j.payload).map_err(Error::internal)?;
    let tx = app.db().begin().await?;
    work::enqueue(&tx, app.db(), &viewer.actor(), &j.kind, &j.key, &j.title, &payload, j.region).await?;
    let entry = audit::Entry::new(crate::service::JOB_AGAIN, "job", j.id).region(j.region);
    audit::record(&tx, &viewer.actor(), entry).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("/jobs/{}?done=again", j.id)).into_response())
}
