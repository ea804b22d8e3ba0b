//! Pages of single acts on an archive: showing a number in full, death, moving.
use super::path_id;
use super::record::{Head, head};
use super::words::home;
use crate::model::{ContactId, Source};
use crate::service::{self, Archive};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, ElderId, Error, FieldError, RegionCode};
use web::{App, Form, Page, Viewer};

pub(crate) fn sources() -> Vec<(&'static str, &'static str)> {
    Source::options().into_iter().filter(|(c, _)| !matches!(*c, "platform" | "import" | "assessment")).collect()
}

/// What a refused step shows on the page it came from; anything else goes on as it is.
pub(crate) fn shown(e: Error) -> Result<Vec<FieldError>, Error> {
    match e {
        Error::Invalid(f) => Ok(f),
        Error::Refused(m) | Error::Conflict(m) => Ok(vec![FieldError::new("", m)]),
        other => Err(other),
    }
}

pub(crate) fn unprocessable(r: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, r).into_response()
}

async fn archive(app: &App, viewer: &Viewer, id: &str) -> kernel::Result<Archive> {
    let id: ElderId = path_id(id)?;
    service::archive(app.db(), &viewer.scope, id).await
}

#[derive(serde::Deserialize)]
pub(crate) struct What {
    #[serde(default)]
    what: String,
    #[serde(default)]
    contact: String,
}

#[derive(askama::Template)]
#[template(path = "unmask.html")]
struct UnmaskPage {
    page: Page,
    head: Head,
    what: String,
    contact: String,
    word: &'static str,
    reason: String,
    plain: Option<String>,
}

fn what_word(what: &str) -> &'static str {
    match what {
        "phone" => "电话",
        "contact" => "联系人电话",
        _ => "证件号",
    }
}

fn unmask_page(app: &App, viewer: &Viewer, a: &Archive, w: What, reason: String, plain: Option<String>) -> UnmaskPage {
    let word = what_word(&w.what);
    UnmaskPage {
        page: Page::new(app, viewer, format!("查看{word}")).at("/elders"),
        head: head(app, viewer, a, ""),
        what: w.what,
        contact: w.contact,
        word,
        reason,
        plain,
    }
}

/// Asks why before anything is shown.
pub(crate) async fn unmask_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(w): Query<What>,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    web::html(&unmask_page(&app, &viewer, &a, w, String::new(), None))
}

/// Shows the number once, on this page, and writes down who saw it and why.
pub(crate) async fn unmask(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    let what = What { what: form.raw("what").into(), contact: form.raw("contact").into() };
    let picked = form.raw("reason");
    let reason = if picked == "other" || picked.is_empty() { form.raw("other") } else { picked }.to_string();
    let (db, actor) = (app.db(), viewer.actor());
    let tx = db.begin().await?;
    let plain = match what.what.as_str() {
        "phone" => service::phone_plain(&tx, db, &actor, a.card.id, &reason).await,
        "contact" => {
            let contact: ContactId = path_id(&what.contact)?;
            service::contact_phone_plain(&tx, db, &actor, contact, &reason).await
        }
        _ => service::id_plain(&tx, db, &actor, a.card.id, &reason).await.map(Some),
    };
    match plain {
        Ok(plain) => {
            tx.commit().await?;
            let plain = plain.unwrap_or_else(|| "没有登记".into());
            web::html(&unmask_page(&app, &viewer, &a, what, reason, Some(plain)))
        }
        Err(e) => {
            let mut view = unmask_page(&app, &viewer, &a, what, reason, None);
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

#[derive(askama::Template)]
#[template(path = "death.html")]
struct DeathPage {
    page: Page,
    head: Head,
    on: String,
    note: String,
    source: String,
    sources: Vec<(&'static str, &'static str)>,
    version: i64,
    household: Vec<String>,
}

async fn death_page(app: &App, viewer: &Viewer, a: &Archive, form: &Form) -> kernel::Result<DeathPage> {
    let household = service::household_members(app.db(), &viewer.scope, a.card.household)
        .await?
        .into_iter()
        .filter(|m| m.id != a.card.id && m.died_on.is_none())
        .map(|m| m.name)
        .collect();
    Ok(DeathPage {
        page: Page::new(app, viewer, "登记去世").at("/elders"),
        head: head(app, viewer, a, ""),
        on: form.raw("on").into(),
        note: form.raw("note").into(),
        source: form.raw("source").into(),
        sources: sources(),
        version: a.card.version,
        household,
    })
}

pub(crate) async fn death_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    web::html(&death_page(&app, &viewer, &a, &Form::default()).await?)
}

pub(crate) async fn death(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    let on: Option<CivilDate> = form.need("on", "去世日期");
    let source = form.choice("source", "消息来源", Source::parse);
    let seen: i64 = form.parse("version").unwrap_or(0);
    let note = form.raw("note").to_string();
    let result = match (form.done(), on, source) {
        (Ok(()), Some(on), Some(source)) => {
            service::report_death(app.db(), &viewer.actor(), a.card.id, seen, on, source, note.trim()).await
        }
        (Err(e), ..) => Err(e),
        (Ok(()), ..) => Err(Error::invalid("on", "去世日期没有填")),
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/elders/{}?done=died", a.card.id)).into_response()),
        Err(e) => {
            let mut view = death_page(&app, &viewer, &a, &form).await?;
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

#[derive(askama::Template)]
#[template(path = "withdraw.html")]
struct WithdrawPage {
    page: Page,
    head: Head,
    died_on: String,
    reason: String,
    version: i64,
}

fn withdraw_page(app: &App, viewer: &Viewer, a: &Archive, form: &Form) -> WithdrawPage {
    WithdrawPage {
        page: Page::new(app, viewer, "撤回去世登记").at("/elders"),
        head: head(app, viewer, a, ""),
        died_on: a.card.died_on.map(|d| d.to_string()).unwrap_or_default(),
        reason: form.raw("reason").into(),
        version: a.card.version,
    }
}

pub(crate) async fn withdraw_form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    web::html(&withdraw_page(&app, &viewer, &a, &Form::default()))
}

pub(crate) async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    let seen: i64 = form.parse("version").unwrap_or(0);
    let reason = form.raw("reason").to_string();
    match service::withdraw_death(app.db(), &viewer.actor(), a.card.id, seen, &reason).await {
        Ok(()) => Ok(Redirect::to(&format!("/elders/{}?done=withdrawn", a.card.id)).into_response()),
        Err(e) => {
            let mut view = withdraw_page(&app, &viewer, &a, &form);
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}

#[derive(askama::Template)]
#[template(path = "move.html")]
struct MovePage {
    page: Page,
    head: Head,
    from: String,
    to: String,
    on: String,
    note: String,
    source: String,
    sources: Vec<(&'static str, &'static str)>,
    pick: super::form::RegionPick,
    address: String,
    version: i64,
}

fn move_page(app: &App, viewer: &Viewer, a: &Archive, form: &Form) -> MovePage {
    let book = app.regions();
    let asked = |key: &str| form.raw(key).parse::<RegionCode>().ok();
    let place = asked("region").or_else(|| asked("town")).or_else(|| asked("county"));
    MovePage {
        page: Page::new(app, viewer, "登记迁移").at("/elders"),
        head: head(app, viewer, a, ""),
        from: home(&book, &a.card.region, &a.card.address),
        to: if form.raw("to").is_empty() { "here".into() } else { form.raw("to").into() },
        on: form.raw("on").into(),
        note: form.raw("note").into(),
        source: form.raw("source").into(),
        sources: sources(),
        // A move may lead anywhere in the city, not only into the clerk's own region.
        pick: super::form::RegionPick::new(&book, &app.site().region, place),
        address: form.raw("address").into(),
        version: a.card.version,
    }
}

pub(crate) async fn move_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    web::html(&move_page(&app, &viewer, &a, &Form::default()))
}

pub(crate) async fn move_out(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let a = archive(&app, &viewer, &id).await?;
    if form.raw("step") == "region" {
        return web::html(&move_page(&app, &viewer, &a, &form));
    }
    let on: Option<CivilDate> = form.need("on", "迁移日期");
    let source = form.choice("source", "消息来源", Source::parse);
    let seen: i64 = form.parse("version").unwrap_or(0);
    let away = form.raw("to") == "away";
    let to = if away {
        None
    } else {
        let region: Option<RegionCode> = form.need("region", "迁入的村（社区）");
        region.map(|r| (r, form.raw("address").to_string()))
    };
    let note = form.raw("note").to_string();
    let result = match (form.done(), on, source) {
        (Ok(()), Some(on), Some(source)) => {
            service::move_out(app.db(), &viewer.actor(), a.card.id, seen, on, to, source, note.trim()).await
        }
        (Err(e), ..) => Err(e),
        (Ok(()), ..) => Err(Error::invalid("on", "迁移日期没有填")),
    };
    match result {
        Ok(()) => {
            // The archive may have left the clerk's region with the move.
            let still = service::card(app.db(), &viewer.scope, a.card.id).await.is_ok();
            let href = if still { format!("/elders/{}?done=moved", a.card.id) } else { "/elders?done=moved".into() };
            Ok(Redirect::to(&href).into_response())
        }
        Err(e) => {
            let mut view = move_page(&app, &viewer, &a, &form);
            view.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&view)?))
        }
    }
}
