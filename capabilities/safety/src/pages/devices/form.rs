//! Registering one device, and changing what is known of it.
use super::{AT, Done, again, device_id, on_form, places, staff, to, to_correct};
use crate::devices::{self, Device, DeviceKind, DeviceState, Facts, NewDevice, Payer, Protocol};
use askama::Template;
use kernel::{CivilDate, Fen, FieldError, RegionCode};
use vigil::{DoorKind, Room};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

type Options = Vec<(&'static str, &'static str)>;

#[derive(Template)]
#[template(path = "safety/device_form.html")]
struct FormPage {
    page: Page,
    form: Form,
    action: String,
    back: String,
    /// Of a device that is there: what cannot be changed any more.
    fixed: Option<String>,
    version: i64,
    lent: bool,
    bound: bool,
    protocols: Options,
    kinds: Options,
    payers: Options,
    rooms: Options,
    doors: Options,
    places: Vec<(String, String)>,
    /// A fresh device's password, shown once, and its page.
    opened: Option<(String, String)>,
}

const FIELDS: &[&str] = &[
    "identity",
    "protocol",
    "kind",
    "model",
    "region",
    "room",
    "door",
    "silent",
    "firmware",
    "payer",
    "payer_note",
    "cost",
    "due_back",
];

fn draw(app: &App, viewer: &Viewer, form: Form, of: Option<&Device>, errors: Vec<FieldError>) -> FormPage {
    let title = if of.is_some() { "改设备资料" } else { "登记设备" };
    FormPage {
        action: of.map_or(format!("{AT}/new"), |d| format!("{AT}/{}/edit", d.id)),
        back: of.map_or(AT.to_string(), |d| format!("{AT}/{}", d.id)),
        fixed: of.map(|d| format!("{} {}，{}", d.kind.zh(), d.identity, d.protocol.zh())),
        version: of.map_or(0, |d| d.version),
        lent: of.is_some_and(|d| d.state == DeviceState::Lent),
        bound: of.is_some_and(|d| d.bound.is_some()),
        protocols: Protocol::options(),
        kinds: DeviceKind::options(),
        payers: Payer::options(),
        rooms: Room::ALL.iter().map(|r| (r.code(), r.zh())).collect(),
        doors: DoorKind::ALL.iter().map(|d| (d.code(), d.zh())).collect(),
        places: places(app, viewer),
        opened: None,
        form,
        page: staff(app, viewer, title).errors(on_form(errors, FIELDS)),
    }
}

#[derive(Debug, Default, serde::Deserialize)]
pub(in crate::pages) struct Adopt {
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    identity: String,
}

pub(in crate::pages) async fn new_page(
    State(app): State<App>,
    viewer: Viewer,
    Query(q): Query<Adopt>,
) -> web::Result<Response> {
    let identity: String = q.identity.chars().take(64).collect();
    let pairs = [
        ("protocol", q.protocol),
        ("identity", identity),
        ("region", viewer.region().to_string()),
        ("payer", Payer::Project.code().to_string()),
    ];
    let form = Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v)));
    html(&draw(&app, &viewer, form, None, Vec::new()))
}

/// Yuan as typed; empty is unknown.
fn cost(form: &mut Form) -> Option<Fen> {
    let text = form.opt("cost")?;
    let fen = Fen::parse_yuan(text.trim_start_matches(['¥', '￥']).trim());
    if fen.is_none() {
        form.error("cost", "金额写成 398 或 398.00");
    }
    fen
}

/// A word that may be left out.
fn word<T>(form: &mut Form, name: &str, label: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    form.opt(name).and_then(|_| form.choice(name, label, parse))
}

pub(in crate::pages) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let protocol = form.choice("protocol", "协议", Protocol::parse);
    let kind = form.choice("kind", "类型", DeviceKind::parse);
    let payer = form.choice("payer", "谁出的钱", Payer::parse);
    let region = form.need::<RegionCode>("region", "所属");
    let (room, door) =
        (word(&mut form, "room", "房间", Room::parse), word(&mut form, "door", "哪扇门", DoorKind::parse));
    let cost = cost(&mut form);
    let identity = form.text("identity", "设备号", 64);
    let text = |name: &str| form.raw(name).trim().to_string();
    let (model, firmware, payer_note) = (text("model"), text("firmware"), text("payer_note"));
    let made = async {
        form.done()?;
        let (Some(protocol), Some(kind), Some(payer), Some(region)) = (protocol, kind, payer, region) else {
            return Err(super::refused("没有填全"));
        };
        let db = app.db();
        // Devices that sign in get a password at once; the others have none to lose.
        let secret = (protocol == Protocol::Mqtt).then(|| devices::new_secret(db));
        let new = NewDevice {
            protocol,
            identity,
            kind,
            model,
            region,
            firmware,
            payer,
            payer_note,
            secret: secret.clone(),
            room,
            door,
        };
        let tx = db.begin().await?;
        let id = devices::register_bought(&tx, db, &viewer.actor(), new, cost).await?;
        tx.commit().await?;
        Ok((id, secret))
    };
    match made.await {
        Ok((id, None)) => Ok(to(format!("{AT}/{id}?done=registered"))),
        Ok((id, Some(secret))) => {
            let mut view = draw(&app, &viewer, Form::default(), None, Vec::new());
            view.opened = Some((secret, format!("{AT}/{id}")));
            html(&view)
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(html(&draw(&app, &viewer, form, None, errors))?))
        }
    }
}

fn typed(d: &Device) -> Form {
    let pairs = [
        ("model", d.model.clone()),
        ("region", d.region.to_string()),
        ("room", d.room.map_or("", |r| r.code()).to_string()),
        ("door", d.door.map_or("", |r| r.code()).to_string()),
        ("silent", d.silent.map_or(String::new(), |m| m.to_string())),
        ("firmware", d.firmware.clone()),
        ("payer", d.payer.code().to_string()),
        ("payer_note", d.payer_note.clone()),
        ("cost", d.cost.map_or(String::new(), |c| c.plain())),
        ("due_back", d.due_back.map_or(String::new(), |c| c.to_string())),
    ];
    Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v)))
}

pub(in crate::pages) async fn edit_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(_): Query<Done>,
) -> web::Result<Response> {
    let d = devices::device(app.db(), &viewer.full_scope, device_id(&id)?).await?;
    html(&draw(&app, &viewer, typed(&d), Some(&d), Vec::new()))
}

pub(in crate::pages) async fn edit(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = device_id(&id)?;
    let d = devices::device(app.db(), &viewer.full_scope, id).await?;
    let payer = form.choice("payer", "谁出的钱", Payer::parse);
    let region = if d.bound.is_some() { Some(d.region) } else { form.need::<RegionCode>("region", "所属") };
    let (room, door) =
        (word(&mut form, "room", "房间", Room::parse), word(&mut form, "door", "哪扇门", DoorKind::parse));
    let silent = form.parse::<i64>("silent");
    let due_back = form.parse::<CivilDate>("due_back");
    let cost = cost(&mut form);
    let seen = form.need::<i64>("version", "版本").unwrap_or_default();
    let text = |name: &str| form.raw(name).trim().to_string();
    let (model, firmware, payer_note) = (text("model"), text("firmware"), text("payer_note"));
    let saved = async {
        form.done()?;
        let (Some(payer), Some(region)) = (payer, region) else { return Err(super::refused("没有填全")) };
        let facts = Facts { model, region, room, door, silent, firmware, payer, payer_note, cost, due_back };
        devices::edit(app.db(), &viewer.actor(), id, seen, facts).await
    };
    match saved.await {
        Ok(()) => Ok(to(format!("{AT}/{id}?done=edited"))),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(html(&draw(&app, &viewer, form, Some(&d), errors))?))
        }
    }
}
