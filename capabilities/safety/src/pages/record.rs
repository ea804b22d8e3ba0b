//! One case on a page of its own, and on paper.
use super::shown::{Numbers, Shown, shown};
use super::{Done, case_id, done, staff};
use crate::service::{self, CallLine, NoticeRow};
use askama::Template;
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Page, Viewer, html};

#[derive(Template)]
#[template(path = "safety/record.html")]
struct Record {
    page: Page,
    c: Shown,
    calls: Vec<CallLine>,
    notices: Vec<NoticeRow>,
}

#[derive(Template)]
#[template(path = "safety/paper.html")]
struct Print {
    page: Page,
    c: Shown,
    calls: Vec<CallLine>,
    notices: Vec<NoticeRow>,
    by: String,
    at: String,
    region: String,
}

async fn parts(app: &App, viewer: &Viewer, id: &str) -> web::Result<(Shown, Vec<CallLine>, Vec<NoticeRow>)> {
    let id = case_id(id)?;
    let w = service::waiting(app.db(), &viewer.scope, id).await?;
    let c = shown(app, viewer, &w, &Numbers { contact: None }).await?;
    let (_, calls) = service::case_events(app.db(), &viewer.scope, id).await?;
    Ok((c, calls, service::notices_of(app.db(), id).await?))
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    let (c, calls, notices) = parts(&app, &viewer, &id).await?;
    let page = staff(&app, &viewer, format!("{} {}", c.name, c.kind)).flash(done(Some(&q.done)));
    html(&Record { page, c, calls, notices })
}

pub(super) async fn print(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let (c, calls, notices) = parts(&app, &viewer, &id).await?;
    let view = Print {
        page: staff(&app, &viewer, format!("紧急工单 {}", c.no)),
        region: app.regions().name(viewer.region()),
        by: viewer.name.clone(),
        at: app.now().stamp(),
        c,
        calls,
        notices,
    };
    html(&view)
}
