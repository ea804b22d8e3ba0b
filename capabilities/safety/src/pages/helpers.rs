//! Neighbours, volunteers and others near who agreed to go and look.
use super::{Done, again, done, parsed, staff, to, to_correct};
use crate::model::{HelperId, HelperKind};
use crate::service::{self, NewHelper};
use askama::Template;
use kernel::{ElderId, FieldError, Permission, Phone, RegionCode};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Line {
    id: String,
    name: String,
    kind: &'static str,
    region: String,
    phone: String,
    note: String,
    elder: Option<String>,
    placed: bool,
}

#[derive(Template)]
#[template(path = "safety/helpers.html")]
struct List {
    page: Page,
    lines: Vec<Line>,
    may: bool,
}

pub(super) async fn list(State(app): State<App>, viewer: Viewer, Query(q): Query<Done>) -> web::Result<Response> {
    let all = service::helpers(app.db(), &viewer.scope).await?;
    let book = app.regions();
    let lines = all
        .into_iter()
        .map(|l| Line {
            id: l.id.to_string(),
            kind: l.kind.zh(),
            region: book.name(&l.region),
            phone: l.phone_masked,
            note: [if l.has_key { "有钥匙" } else { "" }.to_string(), l.note]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join("，"),
            elder: l.elder.map(|e| e.to_string()),
            placed: l.place.is_some(),
            name: l.name,
        })
        .collect();
    let view = List {
        lines,
        may: viewer.may(Permission::SafetyPrepare),
        page: staff(&app, &viewer, "附近帮手").flash(done(Some(&q.done))),
    };
    html(&view)
}

#[derive(Template)]
#[template(path = "safety/helper_new.html")]
struct NewPage {
    page: Page,
    form: Form,
    kinds: Vec<(&'static str, &'static str)>,
    regions: Vec<(String, String)>,
    elder: Option<(String, String)>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct For {
    #[serde(default)]
    elder: String,
}

async fn form_page(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    let elder = match form.raw("elder").parse::<ElderId>() {
        Ok(id) => {
            let card = people::service::card(app.db(), &viewer.full_scope, id).await?;
            Some((card.id.to_string(), card.name))
        }
        Err(_) => None,
    };
    let view = NewPage {
        form,
        kinds: HelperKind::options().into_iter().filter(|(c, _)| !matches!(*c, "worker" | "family")).collect(),
        regions: super::duty::region_choices(app, viewer),
        elder,
        page: staff(app, viewer, "登记帮手").errors(errors),
    };
    html(&view)
}

pub(super) async fn new_page(State(app): State<App>, viewer: Viewer, Query(q): Query<For>) -> web::Result<Response> {
    let form = Form::from_pairs([("elder".to_string(), q.elder)]);
    form_page(&app, &viewer, form, Vec::new()).await
}

pub(super) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let kind = form.choice("kind", "是谁", HelperKind::parse);
    let name = form.text("name", "姓名", 40);
    let phone = form.need::<Phone>("phone", "电话");
    let elder = form.parse::<ElderId>("elder");
    let mut region = form.parse::<RegionCode>("region");
    let done = async {
        if let Some(e) = elder {
            region = Some(people::service::card(app.db(), &viewer.full_scope, e).await?.region);
        } else if region.is_none() {
            form.error("region", "住在哪里没有选");
        }
        form.done()?;
        match (kind, phone, region) {
            (Some(kind), Some(phone), Some(region)) => {
                let new = NewHelper {
                    region,
                    kind,
                    name,
                    phone,
                    place: None,
                    elder,
                    has_key: form.checked("key"),
                    note: form.raw("note").into(),
                };
                service::add_helper(app.db(), &viewer.actor(), new).await.map(|_| ())
            }
            _ => Err(kernel::Error::refused("没有填全")),
        }
    };
    match done.await {
        Ok(()) => match elder {
            Some(e) => Ok(to(format!("/elders/{e}/safety?done=helper"))),
            None => Ok(to("/safety/helpers?done=helper")),
        },
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(form_page(&app, &viewer, form, errors).await?))
        }
    }
}

pub(super) async fn remove(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::remove_helper(app.db(), &viewer.actor(), parsed::<HelperId>(&id, "这位帮手")?).await?;
    Ok(to("/safety/helpers?done=removed"))
}
