//! Family, guardians and emergency contacts of one elder.
use super::acts::{shown, unprocessable};
use super::path_id;
use super::record::{Head, head};
use super::words::{Done, done, sex_age};
use crate::model::{Contact, ContactId, ContactKind, NewContact};
use crate::service;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{ElderId, Error};
use web::{App, Form, Page, Viewer};

#[derive(askama::Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    page: Page,
    head: Head,
    contacts: Vec<Contact>,
    together: Vec<(String, String, String)>,
    kinds: Vec<(&'static str, &'static str)>,
    form: Form,
}

async fn view(app: &App, viewer: &Viewer, id: ElderId, form: Form) -> kernel::Result<ContactsPage> {
    let a = service::archive(app.db(), &viewer.scope, id).await?;
    let today = app.clock().today();
    let together = service::household_members(app.db(), &viewer.scope, a.card.household)
        .await?
        .into_iter()
        .filter(|m| m.id != a.card.id)
        .map(|m| (format!("/elders/{}", m.id), m.name.clone(), sex_age(&m, today)))
        .collect();
    Ok(ContactsPage {
        page: Page::new(app, viewer, format!("{}的家人与联系人", a.card.name)).at("/elders"),
        head: head(app, viewer, &a, "contacts"),
        contacts: service::contacts(app.db(), &viewer.scope, a.card.id).await?,
        together,
        kinds: ContactKind::options(),
        form,
    })
}

/// `/elders/{id}/contacts`
pub(crate) async fn contacts(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(d): Query<Done>,
) -> web::Result<Response> {
    let mut page = view(&app, &viewer, path_id(&id)?, Form::default()).await?;
    page.page.flash = done(&d.done);
    web::html(&page)
}

pub(crate) async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    let new = NewContact {
        name: form.text("name", "姓名", 40),
        kind: form.choice("kind", "身份", ContactKind::parse).unwrap_or(ContactKind::Family),
        relation: form.raw("relation").chars().take(20).collect(),
        phone: form.parse("phone"),
        lives: form.raw("lives").chars().take(40).collect(),
    };
    let result = match form.done() {
        Ok(()) => service::add_contact(app.db(), &viewer.actor(), id, &new).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/elders/{id}/contacts?done=contact")).into_response()),
        Err(e) => {
            let errors = shown(e)?;
            let mut page = view(&app, &viewer, id, form).await?;
            page.page.errors = errors;
            Ok(unprocessable(web::html(&page)?))
        }
    }
}

#[derive(askama::Template)]
#[template(path = "contact_remove.html")]
struct RemovePage {
    page: Page,
    head: Head,
    contact: Contact,
}

/// Says what will be taken away before it is.
pub(crate) async fn remove_form(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, contact)): Path<(String, String)>,
) -> web::Result<Response> {
    let a = service::archive(app.db(), &viewer.scope, path_id(&id)?).await?;
    let wanted: ContactId = path_id(&contact)?;
    let contact = service::contacts(app.db(), &viewer.scope, a.card.id)
        .await?
        .into_iter()
        .find(|c| c.id == wanted)
        .ok_or_else(|| Error::NotFound("这位联系人".into()))?;
    let view = RemovePage {
        page: Page::new(&app, &viewer, "删去联系人").at("/elders"),
        head: head(&app, &viewer, &a, ""),
        contact,
    };
    web::html(&view)
}

pub(crate) async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, contact)): Path<(String, String)>,
) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    service::remove_contact(app.db(), &viewer.actor(), id, path_id(&contact)?).await?;
    Ok(Redirect::to(&format!("/elders/{id}/contacts?done=removed")).into_response())
}
