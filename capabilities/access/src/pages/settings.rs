//! One's own settings: display, password, second factor, devices.
use super::{Done, form_page, id, on_form, said};
use crate::authenticator::Access;
use crate::model::{Account, Scale, SessionInfo};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, FieldError, SessionId};
use web::{App, Form, Page, Viewer};

struct Device {
    id: SessionId,
    name: String,
    ip: String,
    since: String,
    seen: String,
    here: bool,
}

fn devices(app: &App, viewer: &Viewer, all: Vec<SessionInfo>) -> Vec<Device> {
    let now = app.now();
    all.into_iter()
        .map(|s| Device {
            id: s.id,
            name: s.device(),
            since: s.created_at.stamp(),
            seen: s.seen_at.ago(now),
            here: viewer.session == Some(s.id),
            ip: s.ip,
        })
        .collect()
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    account: Account,
    region: String,
    /// (code, word)
    scales: Vec<(&'static str, &'static str)>,
    devices: Vec<Device>,
    totp_needed: bool,
    /// Shown beside `/sessions/{id}/revoke`.
    csrf: String,
}

async fn show(app: &App, viewer: &Viewer, flash: Option<String>, errors: Vec<FieldError>) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    let account = access.own(viewer).await?;
    let devices = devices(app, viewer, access.sessions_of(&viewer.actor(), viewer.user).await?);
    let wrong = !errors.is_empty();
    let page = Page::new(app, viewer, "设置").at("/settings").flash(flash).errors(errors);
    let view = SettingsPage {
        csrf: page.csrf.clone(),
        region: super::region_name(app, &account.region),
        totp_needed: account.role.needs_totp(),
        scales: Scale::ALL.iter().map(|s| (if s.code().is_empty() { "normal" } else { s.code() }, s.zh())).collect(),
        devices,
        account,
        page,
    };
    form_page(&view, wrong)
}

/// `GET /settings`
pub(crate) async fn page(State(app): State<App>, viewer: Viewer, done: Query<Done>) -> web::Result<Response> {
    show(&app, &viewer, said(&done), Vec::new()).await
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("/settings?done={done}")).into_response()
}

/// `POST /settings/display`
pub(crate) async fn display(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let parse = |c: &str| Scale::parse(if c == "normal" { "" } else { c });
    let scale = form.choice("scale", "字的大小", parse).unwrap_or_default();
    if let Err(e) = form.done() {
        return show(&app, &viewer, None, on_form(e)?).await;
    }
    app.thing::<Access>()?.set_display(&viewer, form.checked("contrast"), scale).await?;
    Ok(back("display"))
}

/// `POST /settings/password`
pub(crate) async fn password(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    match access.change_password(&viewer, form.raw("old"), form.raw("new"), form.raw("again")).await {
        Ok(()) => Ok(back("password")),
        Err(e) => show(&app, &viewer, None, on_form(e)?).await,
    }
}

#[derive(Template)]
#[template(path = "settings_totp.html")]
struct TotpPage {
    page: Page,
    qr: String,
    typed: String,
    again: bool,
}

async fn totp_view(app: &App, viewer: &Viewer, errors: Vec<FieldError>) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    let account = access.own(viewer).await?;
    let session = viewer.session.ok_or(Error::SignIn)?;
    let e = access.enrolment(session, &account.login).await?;
    let wrong = !errors.is_empty();
    let title = if account.has_totp { "换一部手机收验证码" } else { "绑定动态验证码" };
    let page = Page::new(app, viewer, title).at("/settings").errors(errors);
    let qr = papers::qr_svg(&e.uri).map_err(Error::internal)?;
    form_page(&TotpPage { page, qr, typed: e.typed, again: account.has_totp }, wrong)
}

/// `GET /settings/totp`
pub(crate) async fn totp_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    totp_view(&app, &viewer, Vec::new()).await
}

/// `POST /settings/totp`
pub(crate) async fn totp_bind(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    match app.thing::<Access>()?.bind_totp(&viewer, form.raw("password"), form.raw("code")).await {
        Ok(()) => Ok(back("totp")),
        Err(e) => totp_view(&app, &viewer, on_form(e)?).await,
    }
}

/// `POST /settings/totp/off`
pub(crate) async fn totp_off(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    match app.thing::<Access>()?.unbind_totp(&viewer, form.raw("off_password")).await {
        Ok(()) => Ok(back("totp-off")),
        Err(e) => show(&app, &viewer, None, on_form(e)?).await,
    }
}

/// `POST /sessions/{id}/revoke`: an own device, or one of an account the viewer keeps (`from` holds its id).
pub(crate) async fn revoke(
    State(app): State<App>,
    viewer: Viewer,
    Path(session): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let session: SessionId = id(&session)?;
    app.thing::<Access>()?.revoke_session(&viewer.actor(), session).await?;
    let to = match form.raw("from").parse::<kernel::UserId>() {
        Ok(user) => format!("/accounts/{user}?done=revoked"),
        Err(_) => "/settings?done=revoked".into(),
    };
    Ok(Redirect::to(&to).into_response())
}
