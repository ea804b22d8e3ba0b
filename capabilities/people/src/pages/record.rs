//! One elder's page: who it is, what later capabilities show, family, and what happened.
use super::path_id;
use super::words::{Done, complete, done, event, home, sex_age};
use crate::model::{Contact, ElderCard, ServiceAddress};
use crate::service::{self, Archive, Merge, Panel, Panels, Slot, TimelineItem};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kernel::{ElderId, Permission, Result};
use std::sync::Arc;
use web::{App, Page, Viewer};

/// Events on the overview; the rest stands on its own page.
const RECENT: usize = 8;

/// The head of an elder's pages, with tabs.
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) hukou: String,
    pub(crate) tags: Vec<String>,
    pub(crate) id_masked: String,
    pub(crate) phone: String,
    pub(crate) birth: String,
    pub(crate) home: String,
    pub(crate) gone: Option<String>,
    pub(crate) dead: bool,
    pub(crate) in_force: bool,
    pub(crate) tab: &'static str,
    pub(crate) may_unmask: bool,
    pub(crate) may_write: bool,
    pub(crate) may_order: bool,
    pub(crate) may_entitlement: bool,
    pub(crate) may_orders: bool,
    pub(crate) complete: i64,
    pub(crate) checked: String,
}

pub(crate) fn head(app: &App, viewer: &Viewer, a: &Archive, tab: &'static str) -> Head {
    let c = &a.card;
    let mut tags = c.tags();
    let hukou = if tags.is_empty() { String::new() } else { tags.remove(0) };
    if !a.chronic.is_empty() {
        tags.extend(a.chronic.split(['、', '，', ',', ' ']).filter(|t| !t.is_empty()).map(str::to_string));
    }
    let gone = match (c.died_on, c.moved_out_on) {
        _ if !a.in_force => Some("导入已撤回，档案停用".to_string()),
        (Some(d), _) => Some(format!("{d} 去世")),
        (None, Some(d)) => Some(format!("{d} 迁出")),
        (None, None) => None,
    };
    Head {
        id: c.id.to_string(),
        name: c.name.clone(),
        about: sex_age(c, app.clock().today()),
        hukou,
        tags,
        id_masked: c.id_masked.clone(),
        phone: c.phone_masked.clone(),
        birth: c.birth.to_string(),
        home: home(&app.regions(), &c.region, &c.address),
        gone,
        dead: c.died_on.is_some(),
        in_force: a.in_force,
        tab,
        may_unmask: viewer.may(Permission::ElderUnmask),
        may_write: viewer.may(Permission::ElderWrite) && a.in_force,
        may_order: viewer.may(Permission::OrderCreate) && a.in_force && c.present(app.clock().today()),
        may_entitlement: viewer.may(Permission::EntitlementRead),
        may_orders: viewer.may(Permission::OrderRead),
        complete: complete(a.lacks),
        checked: format!("{} {}", a.updated_at.date(), a.updated_by),
    }
}

struct Person {
    href: String,
    name: String,
    about: String,
}

struct Event {
    day: String,
    text: String,
    who: String,
    kind: &'static str,
    href: Option<String>,
}

fn events(items: Vec<TimelineItem>) -> Vec<Event> {
    items
        .into_iter()
        .enumerate()
        .map(|(i, t)| Event {
            day: t.at.date().to_string(),
            text: t.text,
            who: t.who,
            kind: if t.bad {
                "bad"
            } else if i == 0 {
                "now"
            } else {
                ""
            },
            href: t.href,
        })
        .collect()
}

#[derive(askama::Template)]
#[template(path = "record.html")]
struct RecordPage {
    page: Page,
    head: Head,
    left: Vec<String>,
    middle: Vec<String>,
    right: Vec<String>,
    facts: Vec<(&'static str, String)>,
    missing: String,
    together: Vec<Person>,
    contacts: Vec<Contact>,
    addresses: Vec<ServiceAddress>,
    places: Vec<String>,
    events: Vec<Event>,
    more_events: bool,
    merges: Vec<Merge>,
    may_merge: bool,
    code: String,
}

fn panels(app: &App) -> Vec<Arc<dyn Panel>> {
    // A program wired without later capabilities has none.
    let mut all = app.thing::<Panels>().map(|p| p.0.clone()).unwrap_or_default();
    all.sort_by_key(|p| p.order());
    all
}

/// Own events and those of the panels, newest first.
async fn timeline(app: &App, viewer: &Viewer, archive: &Archive) -> Result<Vec<TimelineItem>> {
    let (db, id) = (app.db(), archive.card.id);
    let book = app.regions();
    let rows = service::history(db, &viewer.scope, id).await?;
    let mut items: Vec<TimelineItem> = rows.iter().map(|r| event(&book, r)).collect();
    items.push(TimelineItem {
        at: archive.created_at,
        text: "建档".into(),
        who: format!("{} · {}", archive.created_by, archive.source.zh()),
        bad: false,
        href: None,
    });
    for p in panels(app) {
        items.extend(p.timeline(db, &viewer.scope, id).await?);
    }
    items.sort_by_key(|i| std::cmp::Reverse(i.at));
    Ok(items)
}

fn facts(app: &App, a: &Archive) -> Vec<(&'static str, String)> {
    let book = app.regions();
    let c = &a.card;
    let or = |t: String| if t.is_empty() { "没填".to_string() } else { t };
    let place = |r: &kernel::RegionCode| if book.contains(r) { book.short(r) } else { r.to_string() };
    let groups: Vec<&str> = c.specials.iter().map(|s| s.zh()).collect();
    let mut out = vec![
        ("户籍", format!("{}，{}", c.hukou.zh(), c.hukou_region.as_ref().map(place).unwrap_or("户籍地没填".into()))),
        ("居住", c.living.zh().to_string()),
        ("经济", c.income.zh().to_string()),
        ("特殊群体", if groups.is_empty() { "无".into() } else { groups.join("、") }),
        ("能力", c.care.map_or("未评估".to_string(), |v| v.zh().to_string())),
        ("残疾证", c.certificate.map_or("没填".to_string(), |v| v.zh().to_string())),
        ("慢病", or(a.chronic.clone())),
        ("服务意愿", or(a.preference.clone())),
    ];
    if let Some(d) = a.moved_in_on {
        out.push(("迁入", d.to_string()));
    }
    if let Some(d) = a.institution_since {
        out.push(("入住机构", a.institution_until.map_or(format!("{d} 起"), |u| format!("{d} 至 {u}"))));
    }
    out
}

fn lacking(c: &ElderCard) -> String {
    let words = crate::model::missing(
        !c.phone_masked.is_empty(),
        &c.address,
        c.hukou_region.is_some(),
        c.living,
        c.income,
        c.care.is_some(),
    );
    words.join("、")
}

/// `/elders/{id}`
pub(crate) async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(d): Query<Done>,
) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    let (db, scope) = (app.db(), &viewer.scope);
    let archive = service::archive(db, scope, id).await?;
    let card = &archive.card;
    let (mut left, mut middle, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for p in panels(&app) {
        if let Some(html) = p.panel(&app, &viewer, card).await? {
            match html.slot {
                Slot::Left => left.push(html.html),
                Slot::Middle => middle.push(html.html),
                Slot::Right => right.push(html.html),
            }
        }
    }
    let today = app.clock().today();
    let together = service::household_members(db, scope, card.household)
        .await?
        .into_iter()
        .filter(|m| m.id != card.id)
        .map(|m| Person {
            href: format!("/elders/{}", m.id),
            about: match m.died_on {
                Some(day) => format!("同住 · {day} 去世"),
                None => format!("同住 · {}", sex_age(&m, today)),
            },
            name: m.name,
        })
        .collect();
    // A household that lies outside the viewer's region keeps its addresses to itself.
    let addresses = service::service_addresses(db, scope, card.household).await.unwrap_or_default();
    let book = app.regions();
    let places = addresses.iter().map(|a| home(&book, &a.region, &a.address)).collect();
    let mut items = timeline(&app, &viewer, &archive).await?;
    let more_events = items.len() > RECENT;
    items.truncate(RECENT);
    let view = RecordPage {
        page: Page::new(&app, &viewer, card.name.clone()).at("/elders").flash(done(&d.done)),
        head: head(&app, &viewer, &archive, "overview"),
        left,
        middle,
        right,
        facts: facts(&app, &archive),
        missing: lacking(card),
        together,
        contacts: service::contacts(db, scope, card.id).await?,
        addresses,
        places,
        events: events(items),
        more_events,
        merges: service::merges_of(db, scope, card.id).await?,
        may_merge: viewer.may(Permission::ElderMerge),
        code: service::elder_code(db, card.id),
    };
    web::html(&view)
}

#[derive(askama::Template)]
#[template(path = "history.html")]
struct HistoryPage {
    page: Page,
    head: Head,
    events: Vec<Event>,
}

/// `/elders/{id}/history`
pub(crate) async fn history(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let archive = service::archive(app.db(), &viewer.scope, path_id(&id)?).await?;
    let items = timeline(&app, &viewer, &archive).await?;
    let view = HistoryPage {
        page: Page::new(&app, &viewer, format!("{} 变更记录", archive.card.name)).at("/elders"),
        head: head(&app, &viewer, &archive, "history"),
        events: events(items),
    };
    web::html(&view)
}
