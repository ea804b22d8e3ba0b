//! Asking for a quarter's lists to be made.
use super::{NAV, Query, asked};
use crate::service;
use askama::Template;
use kernel::{Error, Quarter};
use web::axum::extract::State;
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Form, Page, Viewer, html};

#[derive(Template)]
#[template(path = "settlement/run.html")]
struct RunPage {
    page: Page,
    quarter: Quarter,
    place: String,
    /// It has lists already: only late orders are added.
    again: bool,
    heading: String,
}

fn quarter_of(form: &mut Form) -> kernel::Result<Quarter> {
    let quarter = form.need("quarter", "季度");
    form.done()?;
    quarter.ok_or_else(|| Error::NotFound("这个季度".into()))
}

pub(super) async fn page(State(app): State<App>, viewer: Viewer, query: Query) -> web::Result<Response> {
    let quarter = quarter_of(&mut asked(query))?;
    let desk = service::desk(app.db(), &viewer.full_scope, viewer.role, Some(quarter)).await?;
    let again = !desk.rows.is_empty();
    let heading =
        if again { format!("补做{}清单？", quarter.zh()) } else { format!("生成{}清单？", quarter.zh()) };
    let view = RunPage {
        page: Page::new(&app, &viewer, heading.clone()).at(NAV),
        place: app.regions().name(&viewer.full_scope.region),
        quarter,
        again,
        heading,
    };
    html(&view)
}

pub(super) async fn submit(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let quarter = quarter_of(&mut form)?;
    let job = service::request(app.db(), &viewer.actor(), quarter).await?;
    Ok(Redirect::to(&format!("/jobs/{job}")).into_response())
}
