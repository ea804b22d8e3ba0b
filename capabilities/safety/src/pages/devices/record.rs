//! One device: what it is, whose, what it said last, what it was told, what became of it.
use super::{Done, command_mark, device_id, done, icon, staff, state_of, when, whereabouts};
use crate::devices::{self, Command, DeviceKind, DeviceState, Listed, Protocol, standing};
use crate::model::{AlarmKind, kind_zh};
use crate::readings::Telemetry;
use askama::Template;
use kernel::{Instant, Permission};
use vigil::{Measure, MeasureKind};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Mark, Page, Viewer, html};

struct Value {
    word: &'static str,
    figure: String,
    at: String,
}

struct AlarmLine {
    href: String,
    word: String,
    at: String,
    state: (Mark, &'static str),
}

struct OrderLine {
    word: &'static str,
    mark: Mark,
    state: &'static str,
    note: String,
    at: String,
    by: String,
}

struct EventLine {
    at: String,
    text: String,
    who: String,
    class: &'static str,
}

/// A button of the command card: code, icon, word.
type Button = (&'static str, &'static str, &'static str);

/// The commands a device can be given, without those that ask for more.
pub(super) fn buttons(kind: DeviceKind, protocol: Protocol) -> Vec<Button> {
    if matches!(protocol, Protocol::Http | Protocol::Scaip) {
        return Vec::new();
    }
    let worn = matches!(kind, DeviceKind::Watch | DeviceKind::Pendant);
    let mut out = Vec::new();
    if worn {
        out.push(("locate", "current-location", "立即定位"));
    }
    if kind == DeviceKind::Watch || kind == DeviceKind::Vitals {
        out.push(("heart_rate", "heart-rate-monitor", "测心率"));
        out.push(("blood_pressure", "heartbeat", "测血压"));
        out.push(("spo2", "droplet", "测血氧"));
        out.push(("temperature", "first-aid-kit", "测体温"));
    }
    out.push(("reboot", "history", "重启"));
    out
}

pub(super) fn talks(kind: DeviceKind, protocol: Protocol) -> bool {
    !matches!(protocol, Protocol::Http | Protocol::Scaip)
        && matches!(kind, DeviceKind::Watch | DeviceKind::Pendant | DeviceKind::Robot)
}

#[derive(Template)]
#[template(path = "safety/device.html")]
struct Record {
    page: Page,
    id: String,
    icon: &'static str,
    kind: &'static str,
    identity: String,
    facts: Vec<(&'static str, String)>,
    state: (Mark, String),
    /// Page and name of whom it watches.
    elder: Option<(String, String, String)>,
    /// Bound to somebody the viewer may not see.
    hidden: bool,
    tiles: Vec<(&'static str, String, String)>,
    values: Vec<Value>,
    buttons: Vec<Button>,
    calls: bool,
    fences: bool,
    unlocks: bool,
    orders: Vec<OrderLine>,
    waiting: bool,
    alarms: Vec<AlarmLine>,
    events: Vec<EventLine>,
    lent: Option<(String, bool)>,
    acts: Vec<(String, &'static str, bool)>,
    handles: bool,
}

/// The newest of each kind this device said, calls for help and signs of life left out.
async fn values(app: &App, viewer: &Viewer, l: &Listed) -> kernel::Result<Vec<Value>> {
    let Some(bound) = l.device.bound.filter(|_| viewer.may(Permission::SafetyRead)) else { return Ok(Vec::new()) };
    let telemetry = app.thing::<Telemetry>()?;
    let all = match crate::readings::latest(app.db(), &telemetry.0, &viewer.scope, bound.elder).await {
        Ok(all) => all,
        // The archive went elsewhere; the device is looked after here still.
        Err(kernel::Error::NotFound(_)) => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let now = app.now();
    let shown = all.into_iter().filter(|s| s.device == l.device.no).filter_map(|s| {
        let kind = MeasureKind::from_number(s.what.kind)?;
        if matches!(kind, MeasureKind::Heartbeat | MeasureKind::Battery | MeasureKind::BatteryLow) {
            return None;
        }
        let what = Measure::decode(s.what)?;
        Some(Value { word: kind.zh(), figure: what.zh(), at: when(s.at, now) })
    });
    Ok(shown.collect())
}

/// What the last command is doing, in a sentence.
pub(super) fn order_note(o: &devices::Order, now: Instant) -> String {
    use devices::CommandState as S;
    match o.state {
        S::Queued => format!("等设备上线，已等 {}", waited(now.since(o.created_at))),
        S::Sent => format!("等设备回话，已等 {}", waited(now.since(o.sent_at.unwrap_or(o.created_at)))),
        S::Confirmed | S::Failed => o.answer.clone(),
        S::Expired => "设备一直没回话".into(),
    }
}

fn waited(ms: i64) -> String {
    match ms / 1_000 {
        s if s < 90 => format!("{} 秒", s.max(0)),
        s => devices::minutes_words(s / 60),
    }
}

fn order_word(c: &Command) -> &'static str {
    c.zh()
}

pub(in crate::pages) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    let (db, scope, now) = (app.db(), &viewer.scope, app.now());
    let id = device_id(&id)?;
    let l = devices::listed(db, scope, id).await?;
    let d = &l.device;
    let card = match d.bound.filter(|_| viewer.may(Permission::ElderRead)) {
        Some(b) => people::service::cards(db, scope, &[b.elder]).await?.remove(&b.elder),
        None => None,
    };
    let orders = devices::orders_of(db, id, 8).await?;
    let alarms = match viewer.may(Permission::SafetyRead) {
        true => devices::alarms(db, scope, d, 6).await?,
        false => Vec::new(),
    };
    let history = devices::history(db, scope, id, 40).await?;
    let ids: Vec<kernel::ElderId> = history.iter().filter_map(|e| e.elder).collect();
    let names = match viewer.may(Permission::ElderRead) {
        true => people::service::cards(db, scope, &ids).await?,
        false => Default::default(),
    };
    let sign = l.sign.as_ref();
    let firmware = sign.and_then(|s| s.firmware.clone()).unwrap_or_else(|| d.firmware.clone());
    let text = |t: &str| if t.is_empty() { "—".to_string() } else { t.to_string() };
    let mut facts = vec![
        ("型号", text(&d.model)),
        ("协议", d.protocol.zh().to_string()),
        ("在哪", whereabouts(&app, d)),
        (
            "谁出的钱",
            [d.payer.zh(), d.payer_note.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("，"),
        ),
        ("金额", d.cost.map_or("—".into(), |c| c.to_string())),
        ("失联界限", d.silent.map_or("不看，不说话是正常的".into(), devices::minutes_words)),
    ];
    if d.protocol == Protocol::Mqtt {
        facts.push(("接入密码", if d.has_secret { "已设" } else { "没设，连不上" }.into()));
    }
    let mut acts = Vec::new();
    let at = |step: &str| format!("{}/{id}/{step}", super::AT);
    if viewer.may(Permission::SafetyPrepare) && d.state != DeviceState::Retired {
        match d.bound {
            Some(_) if d.state == DeviceState::Lent => acts.push((at("unbind"), "归还", false)),
            Some(_) => acts.push((at("unbind"), "解绑", false)),
            None => acts.push((at("bind"), "绑定老人", true)),
        }
    }
    if viewer.may(Permission::DeviceKeep) {
        if d.bound.is_none() {
            acts.push((at("state"), if d.state == DeviceState::Stock { "送修、报废" } else { "换状态" }, false));
        }
        if d.protocol == Protocol::Mqtt {
            acts.push((at("secret"), "换密码", false));
        }
        acts.push((at("edit"), "改资料", false));
    }
    let handles = viewer.may(Permission::SafetyHandle) && d.state != DeviceState::Retired;
    let view = Record {
        id: id.to_string(),
        icon: icon(d),
        kind: d.kind.zh(),
        identity: d.identity.clone(),
        facts,
        state: state_of(d, standing(d, sign, now)),
        elder: card.as_ref().map(|c| {
            let since = d.bound.map(|b| b.since.date().to_string()).unwrap_or_default();
            (c.id.to_string(), format!("{} {}", c.name, c.sex.zh()), since)
        }),
        hidden: d.bound.is_some() && card.is_none(),
        tiles: vec![
            ("最后一次", sign.map_or("没有过".into(), |s| when(s.heard_at, now)), String::new()),
            ("电量", sign.and_then(|s| s.battery).map_or("—".into(), |b| format!("{b}%")), String::new()),
            ("信号", sign.and_then(|s| s.signal).map_or("—".into(), signal_words), String::new()),
            ("固件", text(&firmware), String::new()),
        ],
        values: values(&app, &viewer, &l).await?,
        buttons: if handles { buttons(d.kind, d.protocol) } else { Vec::new() },
        calls: handles && talks(d.kind, d.protocol),
        fences: handles
            && matches!(d.kind, DeviceKind::Watch | DeviceKind::Pendant)
            && !matches!(d.protocol, Protocol::Http | Protocol::Scaip)
            && d.bound.is_some(),
        unlocks: handles && d.kind.unlocks() && d.bound.is_some(),
        waiting: orders.iter().any(|o| o.ended_at.is_none()),
        orders: orders
            .iter()
            .map(|o| OrderLine {
                word: order_word(&o.command),
                mark: command_mark(o.state),
                state: o.state.zh(),
                note: order_note(o, now),
                at: when(o.created_at, now),
                by: o.by.clone(),
            })
            .collect(),
        alarms: alarms
            .into_iter()
            .map(|a| AlarmLine {
                href: format!("/safety/cases/{}", a.case_id),
                word: match (AlarmKind::parse(&a.kind).map_or("报警", kind_zh), a.count) {
                    (kind, 1) => kind.to_string(),
                    (kind, n) => format!("{kind}，{n} 次"),
                },
                at: when(a.last_at, now),
                state: if a.closed_at.is_some() { (Mark::Ok, "已关") } else { (Mark::Warn, "没关") },
            })
            .collect(),
        events: history
            .into_iter()
            .map(|e| {
                let name = e.elder.and_then(|x| names.get(&x)).map(|c| format!(" {}", c.name)).unwrap_or_default();
                let note = if e.note.is_empty() { String::new() } else { format!("，{}", e.note) };
                EventLine {
                    at: when(e.at, now),
                    text: format!("{}{name}{note}", e.kind.zh()),
                    who: e.by,
                    class: match e.kind {
                        devices::Happened::Repair | devices::Happened::Retired => "bad",
                        _ => "",
                    },
                }
            })
            .collect(),
        lent: match (d.state, d.due_back) {
            (DeviceState::Lent, Some(day)) => Some((day.to_string(), day < now.date())),
            (DeviceState::Lent, None) => Some((String::new(), false)),
            _ => None,
        },
        acts,
        handles,
        page: staff(&app, &viewer, format!("{} {}", d.kind.zh(), d.identity)).flash(done(&q.done)),
    };
    html(&view)
}

fn signal_words(s: i32) -> String {
    if s < 0 { format!("{s} dBm") } else { format!("{s}%") }
}
