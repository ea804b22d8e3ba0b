//! Whom an assessor is related to, declared by themselves on the phone: they will not be appointed to each other.
use super::{again, done, phone, to, to_correct};
use crate::model::Assessor;
use crate::service;
use askama::Template;
use kernel::{ElderId, Error, FieldError};
use web::axum::extract::State as Take;
use web::axum::response::Response;
use web::{App, Form, ListAsk, Page, Viewer, html};

#[derive(Template)]
#[template(path = "assessment/relations.html")]
struct RelationsPage {
    page: Page,
    /// Name, and relation with the day it was declared.
    declared: Vec<(String, String)>,
    elder: String,
    relation: String,
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    me: &Assessor,
    form: &Form,
    said: Option<String>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let found = service::relations(app.db(), &viewer.full_scope, me.id).await?;
    let wrong = !errors.is_empty();
    let drawn = html(&RelationsPage {
        page: phone(app, viewer, "回避申报").flash(said).errors(errors),
        declared: found
            .into_iter()
            .map(|(r, name)| (name, format!("{}，{} {} 申报", r.relation, r.declared_at.date(), r.declared_by)))
            .collect(),
        elder: form.raw("elder").to_string(),
        relation: form.raw("relation").to_string(),
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn page(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let me = service::own_entry(app.db(), &viewer.actor()).await?;
    draw(&app, &viewer, &me, &Form::default(), done(ask.filter("done")), Vec::new()).await
}

/// The elder is named by an identity number: an assessor is told nothing of people by their names.
pub(super) async fn declare(Take(app): Take<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    let me = service::own_entry(app.db(), &viewer.actor()).await?;
    let number = form.raw("elder").trim().to_string();
    let found = match number.parse::<kernel::IdNumber>() {
        Ok(_) => people::service::find(app.db(), &viewer.full_scope, &number, 2).await?,
        Err(_) => Vec::new(),
    };
    let elder: Result<ElderId, Error> = match found.as_slice() {
        [one] => Ok(one.id),
        _ => Err(Error::invalid("elder", "没有找到这个证件号的档案")),
    };
    let result = match elder {
        Ok(elder) => service::declare(app.db(), &viewer.actor(), me.id, elder, form.raw("relation")).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => Ok(to("/assess/relations?done=declared")),
        Err(e) => {
            let errors = to_correct(e)?;
            draw(&app, &viewer, &me, &form, None, errors).await
        }
    }
}
