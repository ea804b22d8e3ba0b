//! The device estate: the list, a device, registering one or many, whose it is, where it is, what it is told.
mod form;
mod imports;
mod list;
mod orders;
mod record;
mod steps;
mod strangers;

use crate::devices::{CommandState, Device, DeviceId, ImportId, Standing, minutes_words};
use kernel::{Error, FieldError, Permission, RegionCode, Tier};
use web::{App, Mark, Page, Routes, Viewer};

pub(super) use super::{Done, again, parsed, to, to_correct};

/// The rail entry of these pages.
const AT: &str = "/safety/devices";

pub(super) fn routes(routes: Routes) -> Routes {
    use Permission::*;
    routes
        .get("/safety/devices", DeviceRead, list::list)
        .get("/safety/devices/new", DeviceKeep, form::new_page)
        .post("/safety/devices/new", DeviceKeep, form::create)
        .get("/safety/devices/strangers", DeviceKeep, strangers::page)
        .get("/safety/devices/{id}", DeviceRead, record::page)
        .get("/safety/devices/{id}/edit", DeviceKeep, form::edit_page)
        .post("/safety/devices/{id}/edit", DeviceKeep, form::edit)
        .get("/safety/devices/{id}/bind", SafetyPrepare, steps::bind_page)
        .post("/safety/devices/{id}/bind", SafetyPrepare, steps::bind)
        .get("/safety/devices/{id}/unbind", SafetyPrepare, steps::unbind_page)
        .post("/safety/devices/{id}/unbind", SafetyPrepare, steps::unbind)
        .get("/safety/devices/{id}/state", DeviceKeep, steps::state_page)
        .post("/safety/devices/{id}/state", DeviceKeep, steps::state)
        .get("/safety/devices/{id}/secret", DeviceKeep, steps::secret_page)
        .post("/safety/devices/{id}/secret", DeviceKeep, steps::secret)
        .post("/safety/devices/{id}/command", SafetyHandle, orders::command)
        .get("/safety/devices/{id}/live", DeviceRead, orders::live)
        .get("/safety/devices/{id}/unlock", SafetyHandle, orders::unlock_page)
        .post("/safety/devices/{id}/unlock", SafetyHandle, orders::unlock)
        .get("/safety/device-imports", DeviceKeep, imports::list)
        .get("/safety/device-imports/new", DeviceKeep, imports::new_page)
        .post("/safety/device-imports/new", DeviceKeep, imports::upload)
        .get("/safety/device-imports/template", DeviceKeep, imports::template)
        .get("/safety/device-imports/{id}", DeviceKeep, imports::file)
        .get("/safety/device-imports/{id}/live", DeviceKeep, imports::live)
        .get("/safety/device-imports/{id}/bad-rows", DeviceKeep, imports::bad_rows)
        .post("/safety/device-imports/{id}/fix", DeviceKeep, imports::fix)
        .post("/safety/device-imports/{id}/write", DeviceKeep, imports::write)
        .get("/safety/device-imports/{id}/drop", DeviceKeep, imports::drop_page)
        .post("/safety/device-imports/{id}/drop", DeviceKeep, imports::drop)
}

fn device_id(text: &str) -> kernel::Result<DeviceId> {
    parsed(text, "这台设备")
}

fn import_id(text: &str) -> kernel::Result<ImportId> {
    parsed(text, "这次导入")
}

fn staff(app: &App, viewer: &Viewer, title: impl Into<String>) -> Page {
    Page::new(app, viewer, title).at(AT)
}

/// The sentence for a `done` code of the address; anything else says nothing.
fn done(code: &str) -> Option<String> {
    let word = match code {
        "registered" => "已登记，在库",
        "edited" => "已存好",
        "bound" => "已绑定，往后的数据归这位老人",
        "unbound" => "已解绑",
        "stock" => "已入库",
        "repair" => "已送修",
        "retired" => "已报废，不再接它的数据",
        "ordered" => "指令已排队，设备在线就马上下发",
        "read" => "试读完了，还没有登记任何设备",
        "fixed" => "改好的已重新核对",
        "written" => "开始登记，可以离开这一页",
        "dropped" => "已放弃，没有登记任何设备",
        _ => return None,
    };
    Some(word.to_string())
}

/// State, shape and word of a device.
pub(super) fn state_of(device: &Device, how: Standing) -> (Mark, String) {
    match how {
        Standing::Retired => (Mark::Off, "报废".into()),
        Standing::Repair => (Mark::Doing, "维修".into()),
        Standing::Stock => (Mark::Todo, "在库".into()),
        Standing::Silent(m) => (Mark::Warn, format!("失联 {}", minutes_words(m))),
        Standing::Low(b) => (Mark::Note, format!("低电 {b}%")),
        Standing::Waiting => (Mark::Todo, if device.silent.is_none() { "待用" } else { "还没上报" }.into()),
        Standing::Well => (Mark::Ok, "在线".into()),
    }
}

fn icon(device: &Device) -> &'static str {
    use crate::devices::DeviceKind as K;
    match device.kind {
        K::Watch | K::Pendant => "device-watch",
        K::Button => "bell-ringing",
        K::Smoke | K::Gas | K::Co => "flame",
        K::Water => "droplet",
        K::Door | K::Lock | K::Access => "door",
        K::Motion | K::Radar => "walk",
        K::Bed => "bed",
        K::Vitals => "heart-rate-monitor",
        K::Climate | K::Other => "target",
        K::Gateway => "antenna-bars-5",
        K::Robot => "wand",
    }
}

fn command_mark(s: CommandState) -> Mark {
    match s {
        CommandState::Queued => Mark::Todo,
        CommandState::Sent => Mark::Doing,
        CommandState::Confirmed => Mark::Ok,
        CommandState::Failed => Mark::Danger,
        CommandState::Expired => Mark::Off,
    }
}

/// `今天 14:31`, `11-17 09:02`, `2025-03-12`.
fn when(at: kernel::Instant, now: kernel::Instant) -> String {
    match (at.date() == now.date(), at.date().year() == now.date().year()) {
        (true, _) => format!("今天 {}", at.hhmm()),
        (false, true) => format!("{} {}", at.date().md(), at.hhmm()),
        (false, false) => at.date().to_string(),
    }
}

/// Region and room.
fn whereabouts(app: &App, d: &Device) -> String {
    let room = d.room.filter(|r| *r != vigil::Room::Other).map(|r| r.zh());
    let door = d.door.map(|r| r.zh());
    [Some(app.regions().short(&d.region)), room.map(str::to_string), door.map(str::to_string)]
        .into_iter()
        .flatten()
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Places a device may belong to: the viewer's region and, of a county or town, the towns or villages in it.
fn places(app: &App, viewer: &Viewer) -> Vec<(String, String)> {
    let book = app.regions();
    let here = *viewer.region();
    let mut out = vec![(here.to_string(), book.name(&here))];
    for child in book.children(&here) {
        out.push((child.to_string(), book.name(child)));
        if here.tier() == Tier::County {
            let deeper = book.children(child);
            out.extend(deeper.iter().map(|v: &RegionCode| (v.to_string(), book.short(v))));
        }
    }
    out
}

/// Errors whose field the form does not have stand above it.
fn on_form(errors: Vec<FieldError>, fields: &[&str]) -> Vec<FieldError> {
    errors
        .into_iter()
        .map(|e| if fields.contains(&e.field.as_str()) { e } else { FieldError::new("", e.message) })
        .collect()
}

fn refused(message: &str) -> Error {
    Error::refused(message)
}
