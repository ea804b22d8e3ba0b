//! Regions: children for the cascading selects, and loading another city's file.
use super::words::{Done, done};
use crate::service;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, RegionCode, Tier};
use web::{App, Page, Upload, Viewer};

#[derive(serde::Deserialize)]
pub(crate) struct Ask {
    code: String,
}

#[derive(serde::Serialize)]
pub(crate) struct Child {
    code: String,
    name: String,
}

/// `GET /regions/children?code=`
pub(crate) async fn children(State(app): State<App>, Query(ask): Query<Ask>) -> web::Result<Json<Vec<Child>>> {
    let code: RegionCode = ask.code.parse().map_err(|_| Error::NotFound("这个区划".into()))?;
    let book = app.regions();
    let rows = book.children(&code).iter().map(|c| Child { code: c.to_string(), name: book.name(c) }).collect();
    Ok(Json(rows))
}

#[derive(askama::Template)]
#[template(path = "regions.html")]
struct RegionsPage {
    page: Page,
    action: String,
    tiers: Vec<(&'static str, usize)>,
}

fn view(app: &App, viewer: &Viewer, page: Page) -> RegionsPage {
    let book = app.regions();
    let tiers = [Tier::City, Tier::County, Tier::Town, Tier::Village]
        .map(|t| (t.zh(), book.iter().filter(|(c, _)| c.tier() == t).count()))
        .to_vec();
    let token = viewer.session.map(|s| web::csrf_token(app, s)).unwrap_or_default();
    RegionsPage { page, action: format!("/regions?_csrf={token}"), tiers }
}

/// `/regions`
pub(crate) async fn page(State(app): State<App>, viewer: Viewer, Query(d): Query<Done>) -> web::Result<Response> {
    let page = Page::new(&app, &viewer, "行政区划").flash(done(&d.done));
    web::html(&view(&app, &viewer, page))
}

/// Loads a file; the running program uses it at once.
pub(crate) async fn load(State(app): State<App>, viewer: Viewer, upload: Upload) -> web::Result<Response> {
    let loaded = match std::str::from_utf8(&upload.bytes) {
        Ok(text) if !text.trim().is_empty() => service::load_regions(app.db(), &viewer.actor(), text).await,
        Ok(_) => Err(Error::invalid("file", "没有选文件")),
        Err(_) => Err(Error::invalid("file", "文件要用 UTF-8 编码")),
    };
    match loaded {
        Ok(book) => {
            app.set_regions(book);
            Ok(Redirect::to("/regions?done=regions").into_response())
        }
        Err(Error::Refused(m)) => refused(&app, &viewer, m),
        Err(Error::Invalid(f)) => refused(&app, &viewer, f.first().map(|e| e.message.clone()).unwrap_or_default()),
        Err(other) => Err(other.into()),
    }
}

fn refused(app: &App, viewer: &Viewer, message: String) -> web::Result<Response> {
    let page = Page::new(app, viewer, "行政区划").errors(vec![kernel::FieldError::new("file", message)]);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, web::html(&view(app, viewer, page))?).into_response())
}
