//! What a device is told, and a door opened for those who come to help.
use super::record::{buttons, order_note, talks};
use super::{AT, again, device_id, on_form, staff, to, to_correct};
use crate::devices::{self, Command, Device, DeviceKind};
use crate::model::CaseId;
use crate::service;
use askama::Template;
use kernel::{Error, FieldError, Phone};
use std::time::Duration;
use web::axum::extract::{Path, State};
use web::axum::response::{IntoResponse, Response};
use web::{App, Form, Page, Viewer, html};

/// Longest sentence a device speaks or shows, characters.
const WORDS: usize = 60;
/// Bounds of a fence's radius, metres.
const RADIUS: (u32, u32) = (50, 20_000);

/// The command a form asks for.
async fn asked(app: &App, viewer: &Viewer, d: &Device, form: &mut Form) -> kernel::Result<Command> {
    let code = form.raw("command").to_string();
    let simple = match code.as_str() {
        "locate" => Some(Command::LocateNow),
        "heart_rate" => Some(Command::MeasureHeartRate),
        "blood_pressure" => Some(Command::MeasureBloodPressure),
        "spo2" => Some(Command::MeasureSpo2),
        "temperature" => Some(Command::MeasureTemperature),
        "reboot" => Some(Command::Reboot),
        _ => None,
    };
    if let Some(command) = simple {
        let offered = buttons(d.kind, d.protocol).iter().any(|(c, _, _)| *c == code);
        return offered.then_some(command).ok_or_else(|| Error::refused(format!("{}不会做这件事", d.kind.zh())));
    }
    let worn = matches!(d.kind, DeviceKind::Watch | DeviceKind::Pendant);
    match code.as_str() {
        "call_back" if talks(d.kind, d.protocol) => {
            let phone = form.need::<Phone>("phone", "打到哪个号码");
            form.done()?;
            let phone = phone.map(|p| p.as_str().to_string()).unwrap_or_default();
            Ok(Command::CallBack { phone })
        }
        "message" if talks(d.kind, d.protocol) => {
            let text = form.text("text", "说什么", WORDS);
            form.done()?;
            Ok(Command::Message { text })
        }
        "fence" if worn => {
            let radius_m = form.need::<u32>("radius", "多少米").unwrap_or_default();
            if form.errors().is_empty() && !(RADIUS.0..=RADIUS.1).contains(&radius_m) {
                form.error("radius", format!("写 {} 到 {} 米", RADIUS.0, RADIUS.1));
            }
            form.done()?;
            let bound = d.bound.ok_or_else(|| Error::refused("还没有绑定老人，不知道围着哪里"))?;
            let card = people::service::card(app.db(), &viewer.full_scope, bound.elder).await?;
            let home = card.place.ok_or_else(|| Error::refused("档案里没有家的坐标，先补上"))?;
            Ok(Command::SetFence { id: 1, lat_e6: home.lat_e6, lng_e6: home.lng_e6, radius_m })
        }
        _ => Err(Error::refused("这台设备没有这条指令")),
    }
}

pub(in crate::pages) async fn command(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = device_id(&id)?;
    let d = devices::device(app.db(), &viewer.full_scope, id).await?;
    let command = asked(&app, &viewer, &d, &mut form).await.map_err(above)?;
    devices::order(app.db(), &viewer.actor(), id, command).await?;
    Ok(to(format!("{AT}/{id}?done=ordered")))
}

/// The device's page has no room for errors at fields: one sentence says it.
fn above(e: Error) -> Error {
    match e {
        Error::Invalid(fields) => Error::refused(fields.first().map(|f| f.message.clone()).unwrap_or_default()),
        other => other,
    }
}

#[derive(serde::Serialize)]
struct Told {
    state: &'static str,
    note: String,
    done: bool,
    href: String,
}

/// How far the last command is, until it has ended.
pub(in crate::pages) async fn live(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let id = device_id(&id)?;
    devices::device(app.db(), &viewer.full_scope, id).await?;
    let next = move || {
        let app = app.clone();
        async move {
            let all = devices::orders_of(app.db(), id, 8).await.ok()?;
            let last = all.first()?;
            let over = all.iter().all(|o| o.ended_at.is_some());
            let note = order_note(last, app.now());
            Some((Told { state: last.state.zh(), note, done: over, href: format!("{AT}/{id}") }, !over))
        }
    };
    Ok(web::sse_poll(Duration::from_secs(1), next).into_response())
}

#[derive(Template)]
#[template(path = "safety/device_unlock.html")]
struct Unlock {
    page: Page,
    action: String,
    back: String,
    device: String,
    /// The case it is for: number, elder, whether the viewer has it.
    case: Option<(String, String, bool)>,
    case_id: String,
    reason: String,
}

async fn unlock_form(
    app: &App,
    viewer: &Viewer,
    d: &Device,
    reason: &str,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let case = match d.bound {
        Some(b) => service::open_case_of(app.db(), &viewer.full_scope, b.elder).await?,
        None => None,
    };
    html(&Unlock {
        action: format!("{AT}/{}/unlock", d.id),
        // Who has a case in hand came from it.
        back: match &case {
            Some(c) => format!("/safety?case={}", c.id),
            None => format!("{AT}/{}", d.id),
        },
        device: format!("{} {}", d.kind.zh(), d.identity),
        case_id: case.as_ref().map(|c| c.id.to_string()).unwrap_or_default(),
        case: case.map(|c| (c.no.clone(), c.elder_name.clone(), c.owned_by(Some(viewer.user)))),
        reason: reason.to_string(),
        page: staff(app, viewer, "远程开锁").errors(on_form(errors, &["reason"])),
    })
}

pub(in crate::pages) async fn unlock_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let d = devices::device(app.db(), &viewer.full_scope, device_id(&id)?).await?;
    unlock_form(&app, &viewer, &d, "", Vec::new()).await
}

pub(in crate::pages) async fn unlock(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let id = device_id(&id)?;
    let d = devices::device(app.db(), &viewer.full_scope, id).await?;
    let case = super::parsed::<CaseId>(form.raw("case"), "正在处置的报警");
    let done = async {
        let case = case?;
        devices::unlock(app.db(), &viewer.actor(), id, case, form.raw("reason")).await.map(|_| case)
    };
    match done.await {
        Ok(case) => {
            crate::pages::ring(&app);
            Ok(to(format!("/safety?case={case}&done=unlocking")))
        }
        Err(Error::NotFound(_)) => {
            let errors = vec![FieldError::new("", "没有正在处置的报警，不能开锁")];
            Ok(again(unlock_form(&app, &viewer, &d, form.raw("reason"), errors).await?))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(unlock_form(&app, &viewer, &d, form.raw("reason"), errors).await?))
        }
    }
}
