//! Accepting, and choosing who goes.
use super::shared::{order_id, seen, when};
use crate::model::Order;
use crate::service::{self, Candidate, LeftOut};
use askama::Template;
use axum::extract::{Path, State as Take};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, FieldError, WorkerId};
use web::axum;
use web::{App, Form, Page, Viewer, html};

pub(super) async fn accept(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let order = service::accept(app.db(), &viewer.actor(), order_id(&id)?, seen(&form)).await?;
    let back = if form.raw("back") == "board" { "/orders/board".into() } else { format!("/orders/{}", order.id) };
    Ok(Redirect::to(&format!("{back}?done=accepted")).into_response())
}

#[derive(Template)]
#[template(path = "orders/assign.html")]
struct AssignPage {
    page: Page,
    o: Order,
    when: String,
    village: String,
    best: Vec<Candidate>,
    by_hand: Vec<LeftOut>,
    left_out: Vec<LeftOut>,
    chosen: String,
    reason: String,
    again: bool,
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    o: Order,
    chosen: String,
    reason: String,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let found = service::suggest(app.db(), &viewer.actor(), o.id).await?;
    let again = o.worker.is_some();
    let title = if again { "改派" } else { "指派护理员" };
    let chosen = match (chosen.is_empty(), again) {
        (true, false) => found.best.first().map(|c| c.worker.to_string()).unwrap_or_default(),
        _ => chosen,
    };
    let (by_hand, left_out) = found.left_out.into_iter().partition(|l| l.by_hand);
    let view = AssignPage {
        page: Page::new(app, viewer, title).at("/orders").errors(errors),
        when: format!("{}–{}", when(o.starts_at, app.now()), o.ends_at.hhmm()),
        village: app.regions().name(&o.region),
        best: found.best,
        by_hand,
        left_out,
        chosen,
        reason,
        again,
        o,
    };
    html(&view)
}

pub(super) async fn form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let o = service::order(app.db(), &viewer.scope, order_id(&id)?).await?;
    draw(&app, &viewer, o, String::new(), String::new(), Vec::new()).await
}

pub(super) async fn assign(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = order_id(&id)?;
    let worker: Option<WorkerId> = form.opt("worker").and_then(|t| t.parse().ok());
    if worker.is_none() {
        form.error("worker", "选一位护理员");
    }
    let done = match (worker, form.done()) {
        (Some(w), Ok(())) => {
            service::assign(app.db(), &viewer.actor(), id, w, form.raw("reason"), seen(&form)).await.map(|_| ())
        }
        (_, Err(e)) => Err(e),
        (None, Ok(())) => Err(Error::invalid("worker", "选一位护理员")),
    };
    match done {
        Ok(()) if form.raw("back") == "board" => Ok(Redirect::to("/orders/board?done=assigned").into_response()),
        Ok(()) => Ok(Redirect::to(&format!("/orders/{id}?done=assigned")).into_response()),
        Err(e @ (Error::Invalid(_) | Error::Refused(_))) => {
            let errors = match e {
                Error::Invalid(f) => f,
                other => vec![FieldError::new("worker", other.user_message())],
            };
            let o = service::order(app.db(), &viewer.scope, id).await?;
            let (chosen, reason) = (form.raw("worker").to_string(), form.raw("reason").to_string());
            let page = draw(&app, &viewer, o, chosen, reason, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(e) => Err(e.into()),
    }
}
