//! The list of the estate.
use super::{AT, done, state_of, when, whereabouts};
use crate::devices::{self, DeviceAsk, DeviceKind, DeviceState, Listed, Payer, Protocol, View, standing};
use kernel::{Dir, ElderId, Instant, Permission};
use std::collections::HashMap;
use web::axum::extract::State;
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Tab, Viewer, respond};

struct Row {
    listed: Listed,
    /// Whose it is, for those who may see elders.
    elder: Cell,
    place: String,
    state: (Mark, String),
    last: String,
    now: Instant,
}

fn columns() -> Vec<Col<Row>> {
    let device = |r: &Row| {
        let d = &r.listed.device;
        Cell::name(format!("{AT}/{}", d.id), format!("{} {}", d.kind.zh(), d.identity))
    };
    vec![
        Col::new("device", "设备", device).sort("d.identity"),
        Col::new("model", "型号", |r: &Row| Cell::text(dash(&r.listed.device.model))).sort("d.model"),
        Col::new("elder", "老人", |r: &Row| r.elder.clone()),
        Col::new("place", "在哪", |r: &Row| Cell::text(r.place.clone())).sort("d.region"),
        Col::new("state", "状态", |r: &Row| Cell::State(r.state.0, r.state.1.clone())).sort("d.state"),
        Col::new("battery", "电量", |r: &Row| {
            let b = r.listed.sign.as_ref().and_then(|s| s.battery);
            Cell::text(b.map_or("—".into(), |b| format!("{b}%")))
        })
        .sort("COALESCE(s.battery, 101)"),
        Col::new("heard", "最后一次", |r: &Row| Cell::text(r.last.clone())).sort("COALESCE(s.heard_at, 0)"),
        Col::new("protocol", "协议", |r: &Row| Cell::text(r.listed.device.protocol.zh())).sort("d.protocol"),
        Col::new("firmware", "固件", |r: &Row| {
            let told = r.listed.sign.as_ref().and_then(|s| s.firmware.clone());
            Cell::text(dash(told.as_deref().unwrap_or(&r.listed.device.firmware)))
        }),
        Col::new("payer", "谁出的钱", |r: &Row| Cell::text(r.listed.device.payer.zh())).sort("d.payer"),
        Col::new("due", "该还", |r: &Row| {
            let late = r.listed.device.due_back.filter(|d| *d < r.now.date());
            match (late, r.listed.device.due_back) {
                (Some(d), _) => Cell::State(Mark::Warn, format!("{d}，过期")),
                (None, d) => Cell::Date(d),
            }
        })
        .sort("COALESCE(d.due_back, '9999')"),
    ]
}

fn dash(text: &str) -> String {
    if text.is_empty() { "—".into() } else { text.into() }
}

fn choices(options: Vec<(&'static str, &'static str)>) -> Vec<Choice> {
    options.into_iter().map(|(c, w)| Choice::new(c, w)).collect()
}

pub(in crate::pages) async fn list(
    State(app): State<App>,
    mut viewer: Viewer,
    mut ask: ListAsk,
) -> web::Result<Response> {
    let flash = ask.filters.remove("done").and_then(|d| done(&d));
    let book = app.regions();
    let here = *viewer.region();
    let villages = book.children(&here).iter().map(|c| Choice::new(c.to_string(), book.name(c))).collect::<Vec<_>>();
    if let Some(code) = ask.filter("region").and_then(|t| t.parse().ok()) {
        viewer.narrow(code);
    }
    let view = ask.filter("view").and_then(View::parse).unwrap_or_default();
    let elder = ask.filter("elder").and_then(|t| t.parse::<ElderId>().ok());
    let wanted = DeviceAsk {
        kind: ask.filter("kind").and_then(DeviceKind::parse),
        state: ask.filter("state").and_then(DeviceState::parse),
        protocol: ask.filter("protocol").and_then(Protocol::parse),
        payer: ask.filter("payer").and_then(Payer::parse),
        elder,
        view,
        // Who may not see elders finds devices by their number only.
        q: ask.q.clone(),
        by_elder: viewer.may(Permission::ElderRead),
    };
    let (db, scope, now) = (app.db().clone(), viewer.scope, app.now());
    let mut tabs = Vec::new();
    let mut silent = 0;
    for v in View::ALL {
        let count = if *v == View::All { None } else { Some(devices::count(&db, &scope, *v).await?) };
        silent = if *v == View::Silent { count.unwrap_or(0) } else { silent };
        let href = if *v == View::All { AT.to_string() } else { format!("{AT}?view={}", v.code()) };
        tabs.push(Tab { href, word: v.zh().into(), count, current: *v == view });
    }
    let mut actions = Vec::new();
    if viewer.may(Permission::DeviceKeep) {
        actions.push((format!("{AT}/strangers"), "help", "没登记的".to_string(), false));
        actions.push(("/safety/device-imports".to_string(), "download", "导入".to_string(), false));
        actions.push((format!("{AT}/new"), "plus", "登记设备".to_string(), true));
    }
    let way = viewer.may(Permission::DeviceKeep).then(|| (format!("{AT}/new"), "登记设备".to_string()));
    let mut filters = vec![
        FilterSpec { key: "kind", label: "类型", choices: choices(DeviceKind::options()) },
        FilterSpec { key: "state", label: "在哪一步", choices: choices(DeviceState::options()) },
        FilterSpec { key: "protocol", label: "协议", choices: choices(Protocol::options()) },
        FilterSpec { key: "payer", label: "谁出的钱", choices: choices(Payer::options()) },
    ];
    if !villages.is_empty() {
        filters.push(FilterSpec { key: "region", label: "区域", choices: villages });
    }
    // View and elder stay in the links without being selects of their own.
    if view != View::All {
        filters.push(FilterSpec { key: "view", label: "视图", choices: vec![Choice::new(view.code(), view.zh())] });
    }
    if let Some(e) = elder {
        filters
            .push(FilterSpec { key: "elder", label: "老人", choices: vec![Choice::new(e.to_string(), "这一位")] });
    }
    let spec = ListSpec {
        title: "设备".into(),
        path: AT.into(),
        nav: AT,
        sub: match silent {
            0 => book.name(viewer.region()),
            n => format!("{}，{n} 台失联，先处理", book.name(viewer.region())),
        },
        cols: columns(),
        filters,
        tabs,
        search_hint: Some(if viewer.may(Permission::ElderRead) {
            "设备号、型号、老人"
        } else {
            "设备号、型号"
        }),
        default_sort: ("heard", Dir::Asc),
        tie: "d.id",
        actions,
        empty: ("这里还没有设备".into(), "登记一台，或从表格导入".into(), way),
        flash,
    };
    let may = viewer.may(Permission::ElderRead);
    let app2 = app.clone();
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = devices::list(&db, &scope, &wanted, &fetch).await?;
        let ids: Vec<ElderId> = found.rows.iter().filter_map(|r| r.device.bound.map(|b| b.elder)).collect();
        let mut names = HashMap::new();
        for part in ids.chunks(500).filter(|_| may) {
            names.extend(people::service::cards(&db, &scope, part).await?);
        }
        Ok(found.map(|listed| {
            let d = &listed.device;
            let elder = match d.bound {
                Some(b) => match names.get(&b.elder) {
                    Some(card) => Cell::Link { href: format!("/elders/{}", b.elder), text: card.name.clone() },
                    None => Cell::text("有人用"),
                },
                None => Cell::text("—"),
            };
            let how = standing(d, listed.sign.as_ref(), now);
            Row {
                elder,
                place: whereabouts(&app2, d),
                state: state_of(d, how),
                last: listed.sign.as_ref().map_or("没有过".into(), |s| when(s.heard_at, now)),
                now,
                listed,
            }
        }))
    })
    .await
}
