//! What is done about a case, as forms.
use super::shown::{Numbers, Shown, hand_over_text, shown};
use super::{again, case_id, ring, staff, to, to_correct};
use crate::model::{CallResult, CaseState, Cause, HelperId, HelperKind, Service};
use crate::service::{self, Near, Sending};
use askama::Template;
use kernel::{Error, FieldError, WorkerId};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

fn back(id: &str, done: &str) -> Response {
    to(format!("/safety?case={id}&done={done}"))
}

pub(super) async fn claim(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::claim(app.db(), &viewer.actor(), case_id(&id)?).await?;
    ring(&app);
    Ok(back(&id, "claimed"))
}

pub(super) async fn seen(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::acknowledge(app.db(), &viewer.actor(), case_id(&id)?).await?;
    ring(&app);
    Ok(back(&id, "seen"))
}

/// A question with one sentence to answer.
#[derive(Template)]
#[template(path = "safety/reason.html")]
struct Reason {
    page: Page,
    action: String,
    back: String,
    heading: String,
    what: Vec<String>,
    label: &'static str,
    verb: &'static str,
    reason: String,
}

async fn reason_page(
    app: &App,
    viewer: &Viewer,
    id: &str,
    release: bool,
    typed: &str,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let c = service::record(app.db(), &viewer.full_scope, case_id(id)?).await?;
    let who = c.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    let (heading, what, label, verb, path) = if release {
        let what = vec!["重新响铃，谁都能接".to_string(), "升级阶梯从头再走".into()];
        (format!("放回 {} 的报警", c.elder_name), what, "为什么放回", "放回", "release")
    } else {
        let what = vec![format!("以后由你来办，{who}不再是经办人"), "处置记录里写明是谁、为什么".to_string()];
        (format!("接过 {} 的报警", c.elder_name), what, "为什么接过", "接过", "take-over")
    };
    let view = Reason {
        action: format!("/safety/cases/{id}/{path}"),
        back: format!("/safety?case={id}"),
        what,
        label,
        verb,
        reason: typed.into(),
        page: staff(app, viewer, heading.clone()).errors(errors),
        heading,
    };
    html(&view)
}

pub(super) async fn release_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    reason_page(&app, &viewer, &id, true, "", Vec::new()).await
}

pub(super) async fn release(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    match service::release(app.db(), &viewer.actor(), case_id(&id)?, form.raw("reason")).await {
        Ok(_) => {
            ring(&app);
            Ok(to("/safety?done=released"))
        }
        Err(e) => Ok(again(reason_page(&app, &viewer, &id, true, form.raw("reason"), to_correct(e)?).await?)),
    }
}

pub(super) async fn take_over_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    reason_page(&app, &viewer, &id, false, "", Vec::new()).await
}

pub(super) async fn take_over(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    match service::take_over(app.db(), &viewer.actor(), case_id(&id)?, form.raw("reason")).await {
        Ok(_) => {
            ring(&app);
            Ok(back(&id, "taken"))
        }
        Err(e) => Ok(again(reason_page(&app, &viewer, &id, false, form.raw("reason"), to_correct(e)?).await?)),
    }
}

pub(super) async fn call(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let name = form.text("name", "打给谁", 40);
    let result = form.choice("result", "结果", CallResult::parse);
    let case = case_id(&id)?;
    service::record(app.db(), &viewer.full_scope, case).await?;
    form.done()?;
    let Some(result) = result else { return Err(Error::invalid("result", "结果没有选").into()) };
    service::call(app.db(), &viewer.actor(), case, &name, result, form.raw("note")).await?;
    ring(&app);
    Ok(back(&id, "called"))
}

/// Whom a form names: `helper:…` or `worker:…` of those near, or somebody typed in.
async fn sending(app: &App, viewer: &Viewer, id: &str, form: &mut Form) -> kernel::Result<Sending> {
    let (db, actor) = (app.db(), viewer.actor());
    let w = service::waiting(db, &viewer.full_scope, case_id(id)?).await?;
    let c = &w.case;
    let target = form.raw("who").to_string();
    let text = format!(
        "{} {} {}，{}。请现在去 {} 看看，到了打 12349。单号 {}",
        c.elder_name,
        c.about(app.clock().today()),
        crate::model::kind_zh(c.kind),
        c.opened_at.hhmm(),
        super::shown::place(app, c),
        c.no
    );
    let near = service::near(db, &actor, c, w.fix().map(|f| f.point), 50).await?;
    let way = |pick: &dyn Fn(&Near) -> bool| near.iter().find(|n| pick(n)).map(Near::way).unwrap_or_default();
    if let Some(h) = target.strip_prefix("helper:") {
        let h: HelperId = super::parsed(h, "这位帮手")?;
        let (line, phone) = service::helper_phone(db, &actor, c.id, h).await?;
        let way = way(&|n| n.helper == Some(h));
        return Ok(Sending { kind: line.kind, name: line.name, phone: Some(phone), way, text });
    }
    if let Some(worker) = target.strip_prefix("worker:") {
        let worker: WorkerId = super::parsed(worker, "这位护理员")?;
        let card = providers::service::worker(db, &viewer.full_scope, worker).await?;
        let tx = db.begin().await?;
        let plain = providers::service::phone_plain(&tx, db, &actor, worker, &format!("处置 {}", c.no)).await?;
        tx.commit().await?;
        let way = way(&|n| n.worker == Some(worker));
        return Ok(Sending { kind: HelperKind::Worker, name: card.name, phone: plain.parse().ok(), way, text });
    }
    let kind = form.choice("kind", "是谁", HelperKind::parse);
    let name = form.text("name", "姓名", 40);
    form.done()?;
    let kind = kind.ok_or_else(|| Error::invalid("kind", "是谁没有选"))?;
    Ok(Sending { kind, name, phone: None, way: String::new(), text })
}

pub(super) async fn send(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let who = sending(&app, &viewer, &id, &mut form).await?;
    let message = who.phone.is_some();
    service::send_help(app.db(), &viewer.actor(), case_id(&id)?, who).await?;
    ring(&app);
    Ok(back(&id, if message { "sent" } else { "sent-voice" }))
}

#[derive(Template)]
#[template(path = "safety/hand_over.html")]
struct HandOver {
    page: Page,
    c: Shown,
    to: &'static str,
    text: String,
    services: Vec<(&'static str, &'static str)>,
}

async fn hand_over_form(
    app: &App,
    viewer: &Viewer,
    id: &str,
    typed: Option<(String, String)>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let w = service::waiting(app.db(), &viewer.full_scope, case_id(id)?).await?;
    let c = shown(app, viewer, &w, &Numbers { contact: None }).await?;
    let first = match w.case.kind {
        vigil::AlarmKind::Smoke | vigil::AlarmKind::Gas => Service::Fire,
        vigil::AlarmKind::Wandering => Service::Police,
        _ => Service::Ambulance,
    };
    let prepared = hand_over_text(app, &w, &c);
    let (to, text) = match &typed {
        Some((to, text)) => (Service::parse(to).unwrap_or(first), text.clone()),
        None => (first, prepared),
    };
    let view = HandOver {
        page: staff(app, viewer, format!("转交 {} 的报警", c.name)).errors(errors),
        c,
        to: to.code(),
        text,
        services: Service::options(),
    };
    html(&view)
}

pub(super) async fn hand_over_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    hand_over_form(&app, &viewer, &id, None, Vec::new()).await
}

pub(super) async fn hand_over(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = case_id(&id)?;
    let c = service::record(app.db(), &viewer.full_scope, case).await?;
    let to = form.choice("to", "转给谁", Service::parse);
    let text = form.text("text", "说了什么", 500);
    let done = async {
        form.done()?;
        let to = to.ok_or_else(|| Error::invalid("to", "转给谁没有选"))?;
        // With a life at stake nobody is sent back to press another button first.
        if c.state == CaseState::Open {
            service::claim(app.db(), &viewer.actor(), case).await?;
        }
        service::hand_over(app.db(), &viewer.actor(), case, to, &text).await
    };
    match done.await {
        Ok(_) => {
            ring(&app);
            Ok(back(&id, "handed"))
        }
        Err(e) => {
            let typed = (form.raw("to").to_string(), form.raw("text").to_string());
            Ok(again(hand_over_form(&app, &viewer, &id, Some(typed), to_correct(e)?).await?))
        }
    }
}

pub(super) async fn arrive(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    service::arrive(app.db(), &viewer.actor(), case_id(&id)?, form.raw("note")).await?;
    ring(&app);
    Ok(back(&id, "arrived"))
}

#[derive(Template)]
#[template(path = "safety/close.html")]
struct Close {
    page: Page,
    c: Shown,
    cause: String,
    outcome: String,
    causes: Vec<(&'static str, &'static str)>,
}

async fn close_form(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Option<&Form>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let w = service::waiting(app.db(), &viewer.full_scope, case_id(id)?).await?;
    let c = shown(app, viewer, &w, &Numbers { contact: None }).await?;
    let view = Close {
        page: staff(app, viewer, format!("关闭 {} 的报警", c.name)).errors(errors),
        cause: form.map(|f| f.raw("cause").to_string()).unwrap_or_default(),
        outcome: form.map(|f| f.raw("outcome").to_string()).unwrap_or_else(|| c.outcome.clone()),
        causes: Cause::options(),
        c,
    };
    html(&view)
}

pub(super) async fn close_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    close_form(&app, &viewer, &id, None, Vec::new()).await
}

/// Writes the outcome, or closes with it, by the button that was pressed.
pub(super) async fn close(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = case_id(&id)?;
    service::record(app.db(), &viewer.full_scope, case).await?;
    let (db, actor) = (app.db(), viewer.actor());
    let outcome = form.raw("outcome").to_string();
    let done = if form.raw("act") == "settle" {
        service::settle(db, &actor, case, &outcome).await.map(|_| "noted")
    } else {
        let cause = form.choice("cause", "最后是什么事", Cause::parse);
        match (form.done(), cause) {
            (Ok(()), Some(cause)) => service::close(db, &actor, case, cause, &outcome).await.map(|_| "closed"),
            (Err(e), _) => Err(e),
            (Ok(()), None) => Err(Error::invalid("cause", "最后是什么事没有选")),
        }
    };
    match done {
        Ok(word) => {
            ring(&app);
            Ok(back(&id, word))
        }
        Err(e) => Ok(again(close_form(&app, &viewer, &id, Some(&form), to_correct(e)?).await?)),
    }
}

pub(super) async fn note(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    service::note(app.db(), &viewer.actor(), case_id(&id)?, form.raw("text")).await?;
    ring(&app);
    Ok(back(&id, "noted"))
}
