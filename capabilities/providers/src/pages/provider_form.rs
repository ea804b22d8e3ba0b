//! Forms of a provider: its record, stopping it and letting it go on.
use super::reason::{self, Ask};
use super::{again, org_id, to_correct, to_provider};
use crate::model::{Provider, ProviderDraft, Suspension};
use crate::service;
use askama::Template;
use kernel::{CivilDate, FieldError, Phone, RegionCode, Tier};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

#[derive(Template)]
#[template(path = "providers/provider_form.html")]
struct ProviderForm {
    page: Page,
    form: Form,
    new: bool,
    region: String,
    back: String,
}

fn draw(
    app: &App,
    viewer: &Viewer,
    form: Form,
    known: Option<&Provider>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let region = known.map_or(home(viewer), |p| p.region);
    web::html(&ProviderForm {
        page: Page::new(app, viewer, known.map_or("登记服务商".into(), |p| format!("改“{}”", p.name)))
            .at("/providers")
            .errors(errors),
        new: known.is_none(),
        region: app.regions().full(&region),
        back: known.map_or("/providers".into(), |p| format!("/providers/{}", p.org)),
        form,
    })
}

/// A provider is registered with a county or a city.
fn home(viewer: &Viewer) -> RegionCode {
    viewer.full_scope.region.at(Tier::County)
}

fn read(form: &mut Form, region: RegionCode, new: bool) -> Option<ProviderDraft> {
    let name = form.text("name", "名称", 40);
    let credit_code = form.text("credit_code", "信用代码", 18).to_ascii_uppercase();
    let contact = form.text("contact", "联系人", 20);
    let phone: Option<Phone> = form.need("phone", "电话");
    form.done().ok()?;
    Some(ProviderDraft { name, region, credit_code, contact, phone: phone?, active: new || form.checked("active") })
}

/// `GET /providers/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    draw(&app, &viewer, Form::default(), None, Vec::new())
}

/// `POST /providers/new`
pub async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let Some(draft) = read(&mut form, home(&viewer), true) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, None, errors)?));
    };
    let tx = app.db().begin().await?;
    match service::create_provider(&tx, app.db(), &viewer.actor(), draft).await {
        Ok(org) => {
            tx.commit().await?;
            Ok(to_provider(org, "provider"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, None, to_correct(e)?)?)),
    }
}

/// `GET /providers/{id}/edit`
pub async fn edit_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let pairs = [
        ("name", p.name.clone()),
        ("credit_code", p.credit_code.clone()),
        ("contact", p.contact.clone()),
        ("phone", p.phone.clone()),
        ("active", if p.active { "1" } else { "" }.into()),
        ("version", p.version.to_string()),
    ];
    let form = Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v)));
    draw(&app, &viewer, form, Some(&p), Vec::new())
}

/// `POST /providers/{id}/edit`
pub async fn update(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let version: i64 = form.raw("version").parse().unwrap_or(0);
    let Some(draft) = read(&mut form, p.region, false) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, Some(&p), errors)?));
    };
    let tx = app.db().begin().await?;
    match service::update_provider(&tx, &viewer.actor(), p.org, version, draft).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_provider(p.org, "changed"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, Some(&p), to_correct(e)?)?)),
    }
}

#[derive(Template)]
#[template(path = "providers/stop_form.html")]
struct StopForm {
    page: Page,
    form: Form,
    what: &'static str,
    document_label: &'static str,
    effects: Vec<(&'static str, String, String)>,
    open_end: &'static str,
    verb: &'static str,
    back: String,
}

pub(super) struct Stop {
    pub(super) nav: &'static str,
    pub(super) title: String,
    pub(super) what: &'static str,
    pub(super) document_label: &'static str,
    pub(super) effects: Vec<(&'static str, String, String)>,
    pub(super) open_end: &'static str,
    pub(super) verb: &'static str,
    pub(super) back: String,
}

/// The form of a suspension or a ban: from when, until when, why, on which document.
pub(super) fn draw_stop(
    app: &App,
    viewer: &Viewer,
    stop: Stop,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    web::html(&StopForm {
        page: Page::new(app, viewer, stop.title).at(stop.nav).errors(errors),
        form,
        what: stop.what,
        document_label: stop.document_label,
        effects: stop.effects,
        open_end: stop.open_end,
        verb: stop.verb,
        back: stop.back,
    })
}

pub(super) struct StopFields {
    pub(super) from: CivilDate,
    pub(super) to: Option<CivilDate>,
    pub(super) reason: String,
    pub(super) document: String,
}

pub(super) fn read_stop(form: &mut Form, document_label: &str) -> Option<StopFields> {
    let from: Option<CivilDate> = form.need("from", "从哪天起");
    let to: Option<CivilDate> = form.parse("to");
    let reason = form.text("reason", "原因", 200);
    let document = form.text("document", document_label, 60);
    form.done().ok()?;
    Some(StopFields { from: from?, to, reason, document })
}

fn stop_of(p: &Provider) -> Stop {
    Stop {
        nav: "/providers",
        title: format!("暂停“{}”接单", p.name),
        what: "暂停期间",
        document_label: "通知书文号",
        effects: vec![
            ("circle-off", "不再轮到这家".into(), "马上".into()),
            ("clipboard-list", "已接的单".into(), "照做".into()),
        ],
        open_end: "不填就停到你恢复为止",
        verb: "暂停接单",
        back: format!("/providers/{}", p.org),
    }
}

/// `GET /providers/{id}/suspend`
pub async fn suspend_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let form = Form::from_pairs([("from".to_string(), app.clock().today().to_string())]);
    draw_stop(&app, &viewer, stop_of(&p), form, Vec::new())
}

/// `POST /providers/{id}/suspend`
pub async fn suspend(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let Some(s) = read_stop(&mut form, "通知书文号") else {
        let errors = form.errors().to_vec();
        return Ok(again(draw_stop(&app, &viewer, stop_of(&p), form, errors)?));
    };
    let s = Suspension { from: s.from, to: s.to, reason: s.reason, document: s.document };
    let tx = app.db().begin().await?;
    match service::suspend(&tx, &viewer.actor(), p.org, s).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_provider(p.org, "suspended"))
        }
        Err(e) => Ok(again(draw_stop(&app, &viewer, stop_of(&p), form, to_correct(e)?)?)),
    }
}

fn resume_ask(p: &Provider) -> Ask<'static> {
    let since = p.suspension.as_ref().map(|s| s.from.to_string()).unwrap_or_default();
    Ask {
        nav: "/providers",
        title: format!("恢复“{}”接单", p.name),
        lines: vec![("history", "暂停自".into(), since), ("circle-check-f", "重新参加轮岗".into(), "马上".into())],
        hint: "如：已整改，复查合格",
        verb: "恢复接单",
        back: format!("/providers/{}", p.org),
        danger: false,
    }
}

/// `GET /providers/{id}/resume`
pub async fn resume_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    reason::draw(&app, &viewer, resume_ask(&p), Form::default(), Vec::new())
}

/// `POST /providers/{id}/resume`
pub async fn resume(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let tx = app.db().begin().await?;
    match service::resume(&tx, &viewer.actor(), p.org, form.raw("reason")).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_provider(p.org, "resumed"))
        }
        Err(e) => Ok(again(reason::draw(&app, &viewer, resume_ask(&p), form, to_correct(e)?)?)),
    }
}
