//! What is done with a device: to an elder and back, in stock, to repair, out of use, a new password.
use super::{AT, again, device_id, on_form, staff, to, to_correct};
use crate::devices::{self, Device, DeviceState, NewBinding, Protocol};
use askama::Template;
use kernel::{CivilDate, ElderId, Error, FieldError};
use vigil::{DoorKind, Room};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Found {
    id: String,
    name: String,
    about: String,
    place: String,
    /// How many devices they have.
    has: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "safety/device_bind.html")]
struct Bind {
    page: Page,
    id: String,
    device: String,
    q: String,
    asked: bool,
    found: Vec<Found>,
    form: Form,
    in_a_room: bool,
    rooms: Vec<(&'static str, &'static str)>,
    doors: Vec<(&'static str, &'static str)>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(in crate::pages) struct Question {
    #[serde(default)]
    q: String,
    #[serde(default)]
    elder: String,
}

/// How many elders a search offers.
const OFFERED: usize = 12;

async fn bind_form(
    app: &App,
    viewer: &Viewer,
    d: &Device,
    q: &str,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let (db, today) = (app.db(), app.clock().today());
    let chosen = form.raw("elder").to_string();
    let mut cards = match chosen.parse::<ElderId>() {
        Ok(id) => people::service::cards(db, &viewer.scope, &[id]).await?.into_values().collect(),
        Err(_) => Vec::new(),
    };
    if !q.is_empty() {
        cards.extend(people::service::find(db, &viewer.scope, q, OFFERED).await?);
        cards.dedup_by_key(|c| c.id);
    }
    let book = app.regions();
    let mut found = Vec::with_capacity(cards.len());
    for c in cards {
        let has = devices::listed_of(db, &viewer.scope, c.id).await?;
        let kinds: Vec<&str> = has.iter().map(|l| l.device.kind.zh()).collect();
        found.push(Found {
            chosen: c.id.to_string() == chosen,
            about: format!("{} {} 岁", c.sex.zh(), c.age(today)),
            place: book.short(&c.region) + &c.address,
            has: if kinds.is_empty() { "还没有设备".into() } else { format!("已有{}", kinds.join("、")) },
            id: c.id.to_string(),
            name: c.name,
        });
    }
    let fields = ["elder", "room", "door", "due_back"];
    html(&Bind {
        id: d.id.to_string(),
        device: format!("{} {}", d.kind.zh(), d.identity),
        q: q.to_string(),
        asked: !q.is_empty(),
        found,
        form,
        in_a_room: d.kind.in_a_room(),
        rooms: Room::ALL.iter().map(|r| (r.code(), r.zh())).collect(),
        doors: DoorKind::ALL.iter().map(|d| (d.code(), d.zh())).collect(),
        page: staff(app, viewer, "绑定老人").errors(on_form(errors, &fields)),
    })
}

fn free(d: &Device) -> kernel::Result<()> {
    match (d.bound, d.state) {
        (Some(_), _) => Err(Error::refused("这台设备还在别人名下，先解绑")),
        (None, DeviceState::Retired) => Err(Error::refused("这台设备已报废，不能绑定")),
        (None, _) => Ok(()),
    }
}

pub(in crate::pages) async fn bind_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Question>,
) -> web::Result<Response> {
    let d = devices::device(app.db(), &viewer.full_scope, device_id(&id)?).await?;
    free(&d)?;
    let text = |o: Option<&'static str>| o.unwrap_or("").to_string();
    let form = Form::from_pairs([
        ("elder".to_string(), q.elder),
        ("room".to_string(), text(d.room.map(|r| r.code()))),
        ("door".to_string(), text(d.door.map(|r| r.code()))),
    ]);
    let q: String = q.q.trim().chars().take(40).collect();
    bind_form(&app, &viewer, &d, &q, form, Vec::new()).await
}

pub(in crate::pages) async fn bind(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = device_id(&id)?;
    let d = devices::device(app.db(), &viewer.full_scope, id).await?;
    let elder = form.opt("elder").and_then(|t| t.parse::<ElderId>().ok());
    if elder.is_none() {
        form.error("elder", "没有选老人，先找再选");
    }
    let room = form.opt("room").and_then(|_| form.choice("room", "房间", Room::parse));
    let door = form.opt("door").and_then(|_| form.choice("door", "哪扇门", DoorKind::parse));
    let due_back = form.parse::<CivilDate>("due_back");
    let lent = form.checked("lent");
    let done = async {
        form.done()?;
        let Some(elder) = elder else { return Err(super::refused("没有选老人")) };
        let to = NewBinding { elder, room, door, lent };
        devices::bind_until(app.db(), &viewer.actor(), id, to, due_back).await
    };
    match done.await {
        Ok(_) => Ok(to(format!("{AT}/{id}?done=bound"))),
        Err(e) => {
            let errors = to_correct(e)?;
            let q: String = form.raw("q").trim().chars().take(40).collect();
            Ok(again(bind_form(&app, &viewer, &d, &q, form, errors).await?))
        }
    }
}

#[derive(Template)]
#[template(path = "safety/device_step.html")]
struct Step {
    page: Page,
    action: String,
    back: String,
    heading: String,
    what: Vec<(&'static str, String)>,
    states: Vec<(&'static str, &'static str)>,
    state: String,
    label: &'static str,
    reason: String,
    verb: &'static str,
    danger: bool,
}

fn step(app: &App, viewer: &Viewer, d: &Device, name: &str, errors: Vec<FieldError>) -> Step {
    let lent = d.state == DeviceState::Lent;
    let device = format!("{} {}", d.kind.zh(), d.identity);
    let (heading, label, verb, what): (String, &'static str, &'static str, Vec<(&'static str, String)>) = match name {
        "unbind" => (
            if lent { format!("归还 {device}？") } else { format!("解绑 {device}？") },
            devices::why_back(lent),
            if lent { "归还" } else { "解绑" },
            vec![
                ("history", "以前的数据留在老人名下，往后的不再归他".into()),
                ("bell-ringing", "从这一刻起，这台设备的报警不再有人接".into()),
            ],
        ),
        "secret" => (
            format!("给 {device} 换密码？"),
            "为什么换",
            "换密码",
            vec![("lock", "旧密码马上失效，设备要填上新密码才连得上".into())],
        ),
        _ => (
            format!("{device} 到哪一步？"),
            "说明",
            "存下",
            vec![("info-square-rounded-f", format!("现在是“{}”", d.state.zh()))],
        ),
    };
    let all = [DeviceState::Stock, DeviceState::Repair, DeviceState::Retired];
    let states = match name {
        "secret" => Vec::new(),
        "unbind" => all.iter().map(|s| (s.code(), s.zh())).collect(),
        _ => all.iter().filter(|s| **s != d.state).map(|s| (s.code(), s.zh())).collect(),
    };
    Step {
        action: format!("{AT}/{}/{name}", d.id),
        back: format!("{AT}/{}", d.id),
        heading: heading.clone(),
        what,
        states,
        state: if name == "unbind" { "stock".into() } else { String::new() },
        label,
        reason: String::new(),
        verb,
        danger: name == "unbind",
        page: staff(app, viewer, heading).errors(on_form(errors, &["reason", "state"])),
    }
}

async fn shown(app: &App, viewer: &Viewer, id: &str, name: &str) -> web::Result<Response> {
    let d = devices::device(app.db(), &viewer.full_scope, device_id(id)?).await?;
    match name {
        "unbind" if d.bound.is_none() => return Err(Error::refused("这台设备没有绑定").into()),
        "state" if d.bound.is_some() => return Err(Error::refused("这台设备还在用，先解绑").into()),
        "secret" if d.protocol != Protocol::Mqtt => {
            return Err(Error::refused(format!("{} 设备没有密码", d.protocol.zh())).into());
        }
        _ => {}
    }
    html(&step(app, viewer, &d, name, Vec::new()))
}

async fn corrected(
    app: &App,
    viewer: &Viewer,
    id: &str,
    name: &str,
    form: &Form,
    e: kernel::Error,
) -> web::Result<Response> {
    let errors = to_correct(e)?;
    let d = devices::device(app.db(), &viewer.full_scope, device_id(id)?).await?;
    let mut view = step(app, viewer, &d, name, errors);
    (view.state, view.reason) = (form.raw("state").to_string(), form.raw("reason").to_string());
    Ok(again(html(&view)?))
}

pub(in crate::pages) async fn unbind_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    shown(&app, &viewer, &id, "unbind").await
}

pub(in crate::pages) async fn state_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    shown(&app, &viewer, &id, "state").await
}

pub(in crate::pages) async fn secret_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    shown(&app, &viewer, &id, "secret").await
}

pub(in crate::pages) async fn unbind(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let device = device_id(&id)?;
    devices::device(app.db(), &viewer.full_scope, device).await?;
    let state = form.choice("state", "放到哪里", DeviceState::parse);
    let done = async {
        form.done()?;
        let tx = app.db().begin().await?;
        let state = state.unwrap_or(DeviceState::Stock);
        devices::unbind(&tx, app.db(), &viewer.actor(), device, state, form.raw("reason")).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(to(format!("{AT}/{device}?done=unbound"))),
        Err(e) => corrected(&app, &viewer, &id, "unbind", &form, e).await,
    }
}

pub(in crate::pages) async fn state(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let device = device_id(&id)?;
    devices::device(app.db(), &viewer.full_scope, device).await?;
    let state = form.choice("state", "到哪一步", DeviceState::parse);
    let done = async {
        form.done()?;
        let state = state.unwrap_or(DeviceState::Stock);
        let tx = app.db().begin().await?;
        devices::set_state(&tx, app.db(), &viewer.actor(), device, state, form.raw("reason")).await?;
        tx.commit().await?;
        Ok(state)
    };
    match done.await {
        Ok(state) => Ok(to(format!("{AT}/{device}?done={}", state.code()))),
        Err(e) => corrected(&app, &viewer, &id, "state", &form, e).await,
    }
}

#[derive(Template)]
#[template(path = "safety/device_secret.html")]
struct Secret {
    page: Page,
    back: String,
    identity: String,
    secret: String,
}

pub(in crate::pages) async fn secret(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let device = device_id(&id)?;
    let d = devices::device(app.db(), &viewer.full_scope, device).await?;
    match devices::renew_secret(app.db(), &viewer.actor(), device, form.raw("reason")).await {
        Ok(secret) => html(&Secret {
            page: staff(&app, &viewer, "新密码"),
            back: format!("{AT}/{device}"),
            identity: d.identity,
            secret,
        }),
        Err(e) => corrected(&app, &viewer, &id, "secret", &form, e).await,
    }
}
