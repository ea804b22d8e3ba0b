//! The elder's and the family's own pages. They work without scripts; calling needs one press.
use super::{Done, case_id, done, parsed, to};
use crate::devices::{self, Device, Standing};
use crate::model::{Case, CaseState, EventKind, Fix, kind_zh};
use crate::service::{self, OwnCase};
use askama::Template;
use kernel::{ElderId, GeoPoint, Role};
use orders::model::State as OrderState;
use std::time::Duration;
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Visit {
    when: String,
    what: String,
    who: String,
    state: &'static str,
}

struct Elder {
    id: String,
    name: String,
    relation: String,
    /// How things are, in a sentence.
    say: Vec<String>,
    next: Option<Visit>,
    calls: Vec<(String, String)>,
    open: Option<String>,
}

#[derive(Template)]
#[template(path = "safety/my_elder.html")]
struct ElderHome {
    page: Page,
    hello: String,
    date: String,
    once: String,
    elder: Elder,
}

#[derive(Template)]
#[template(path = "safety/my_family.html")]
struct FamilyHome {
    page: Page,
    once: String,
    elders: Vec<Elder>,
}

fn frame(app: &App, viewer: &Viewer, title: impl Into<String>, at: &str) -> Page {
    let mut page = Page::new(app, viewer, title);
    page.nav.retain(|n| n.href.starts_with("/my"));
    // An elder's pages are large unless they chose otherwise.
    if viewer.role == Role::Elder && page.scale.is_empty() {
        page.scale = "elder".into();
    }
    page.at(at)
}

fn when(at: kernel::Instant, now: kernel::Instant) -> String {
    let day = match at.date().days_since(now.date()) {
        0 => "今天".to_string(),
        1 => "明天".into(),
        2 => "后天".into(),
        _ => format!("{} {}", at.date().md(), at.date().weekday_zh()),
    };
    format!("{day} {}", at.hhmm())
}

/// What of a device should be seen to at home, in a sentence.
fn trouble(d: &Device, how: Standing) -> String {
    match how {
        Standing::Low(b) => format!("{}电量 {b}%，充上电。", d.kind.zh()),
        Standing::Silent(m) => format!("{} {}没有消息，看看是不是没电了。", d.kind.zh(), devices::minutes_words(m)),
        _ => String::new(),
    }
}

async fn elders(app: &App, viewer: &Viewer) -> kernel::Result<Vec<Elder>> {
    let (db, actor, now) = (app.db(), viewer.actor(), app.now());
    let cases = service::own_cases(db, &actor, 20).await?;
    let mut out = Vec::new();
    for own in service::own_elders(db, &actor).await? {
        let c = &own.card;
        let scope = kernel::Scope { region: c.region.at(kernel::Tier::County), org: kernel::OrgScope::Any };
        let orders = orders::service::for_elder(db, &scope, c.id, 60).await?;
        let next = orders
            .iter()
            .filter(|o| o.ends_at > now && !o.state.void() && o.state != OrderState::CheckedOut)
            .min_by_key(|o| o.starts_at);
        let last = orders.iter().filter(|o| o.ends_at <= now && !o.state.void()).max_by_key(|o| o.starts_at);
        let open = cases.iter().find(|x| x.elder == c.id && x.state.open() && x.risk.rings());
        let call = if own.relation == "本人" { "您".to_string() } else { own.card.name.clone() };
        let mut say = Vec::new();
        match open {
            Some(x) => say.push(format!("{}，{}，{}", x.opened_at.hhmm(), kind_zh(x.kind), progress(x))),
            None => {
                let days = cases.iter().find(|x| x.elder == c.id).map(|x| now.date().days_since(x.opened_at.date()));
                say.push(match days {
                    Some(0) => "今天的报警已经处理完。".into(),
                    Some(d) => format!("{d} 天没有报警。"),
                    None => "没有报警。".into(),
                });
            }
        }
        if let Some(o) = last {
            say.push(format!("上次 {} {}，{}。", o.starts_at.date().md(), o.item_name, o.state.zh()));
        } else {
            say.push(format!("还没有人上门服务过{call}。"));
        }
        say.extend(devices::troubles(db, c).await?.iter().map(|(d, how)| trouble(d, *how)));
        let contacts = people::service::contacts(db, &scope, c.id).await?;
        out.push(Elder {
            id: c.id.to_string(),
            name: c.name.clone(),
            relation: own.relation.clone(),
            say,
            next: next.map(|o| Visit {
                when: when(o.starts_at, now),
                what: o.item_name.clone(),
                who: o.worker_name.clone().unwrap_or_else(|| o.provider_name.clone()),
                state: o.state.zh(),
            }),
            calls: contacts.into_iter().take(3).map(|k| (k.name, k.relation)).collect(),
            open: open.map(|x| format!("/my/cases/{}", x.id)),
        });
    }
    Ok(out)
}

pub(super) async fn home(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let mut all = elders(&app, &viewer).await?;
    let now = app.now();
    let once = app.db().new_id::<crate::model::EventId>().0.simple().to_string();
    if viewer.role == Role::Elder {
        let Some(elder) = all.pop() else { return none(&app, &viewer) };
        let part = match now.minute_of_day() / 60 {
            0..=5 => "夜里好",
            6..=10 => "早上好",
            11..=12 => "中午好",
            13..=17 => "下午好",
            _ => "晚上好",
        };
        let view = ElderHome {
            hello: format!("{}，{part}", elder.name),
            date: format!("{} 月 {} 日 {}", now.date().month(), now.date().day(), now.date().weekday_zh()),
            once,
            elder,
            page: frame(&app, &viewer, "首页", "/my"),
        };
        return html(&view);
    }
    if all.is_empty() {
        return none(&app, &viewer);
    }
    let title = all.iter().map(|e| e.name.clone()).collect::<Vec<_>>().join("、");
    html(&FamilyHome { page: frame(&app, &viewer, title, "/my"), once, elders: all })
}

#[derive(Template)]
#[template(path = "safety/my_none.html")]
struct NonePage {
    page: Page,
}

fn none(app: &App, viewer: &Viewer) -> web::Result<Response> {
    html(&NonePage { page: frame(app, viewer, "还没有连上", "/my") })
}

/// The press itself. It is stored when this answers.
pub(super) async fn help(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    let elder = parsed::<ElderId>(form.raw("elder"), "这位老人")?;
    let raised = service::call_for_help(app.db(), &viewer.actor(), elder, form.raw("once")).await?;
    super::ring(&app);
    Ok(to(format!("/my/cases/{}", raised.case)))
}

fn progress(c: &Case) -> &'static str {
    match c.state {
        CaseState::Open => "已经收到，正在叫人接",
        CaseState::Claimed | CaseState::Calling => "有人接了，会打电话来",
        CaseState::HelpSent => "有人在路上",
        CaseState::HandedOver => "已转 120 或 110",
        CaseState::Arrived => "有人到了",
        CaseState::Settled | CaseState::Closed => "处理完了",
    }
}

struct Stage {
    word: String,
    note: String,
    pos: &'static str,
}

#[derive(Template)]
#[template(path = "safety/my_case.html")]
struct CasePage {
    page: Page,
    id: String,
    no: String,
    heading: String,
    at: String,
    what: String,
    next: String,
    stages: Vec<Stage>,
    lines: Vec<(String, String)>,
    open: bool,
    elder: bool,
    mistaken: bool,
    place_wanted: bool,
    version: i64,
}

/// What comes next, so that nobody waits without knowing.
fn next_words(c: &Case) -> String {
    match c.state {
        CaseState::Open => "坐席 1 分钟内接。没人接会自动叫班长、镇里值班和家人。拿着电话等。".into(),
        CaseState::Claimed | CaseState::Calling => {
            let who = c.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default();
            format!("{who}接了，马上打电话来。说不出话也不要紧，会派人来看。")
        }
        CaseState::HelpSent => match &c.helper {
            Some(h) => format!("{} {}在路上，{} 出发。能开门就先把门打开。", h.kind.zh(), h.name, h.sent_at.hhmm()),
            None => "有人在路上。能开门就先把门打开。".into(),
        },
        CaseState::HandedOver => "急救在路上。不要自己起来走动，等人来。".into(),
        CaseState::Arrived => "人到了。有什么跟他说。".into(),
        CaseState::Settled | CaseState::Closed => "这一次已经处理完。不舒服再按一次。".into(),
    }
}

fn stages(o: &OwnCase) -> Vec<Stage> {
    let c = &o.case;
    let at = |kind: EventKind| o.events.iter().find(|e| e.kind == kind).map(|e| e.at.hhmm());
    let rows = [
        ("收到".to_string(), Some(c.opened_at.hhmm())),
        (
            match &c.owner {
                Some(w) => format!("{}接了", w.name),
                None => "有人接".into(),
            },
            at(EventKind::Claimed),
        ),
        ("有人出发".to_string(), at(EventKind::HelpSent).or(at(EventKind::HandedOver))),
        ("有人到了".to_string(), at(EventKind::Arrived)),
        ("处理完".to_string(), at(EventKind::Closed)),
    ];
    let done = rows.iter().rposition(|(_, t)| t.is_some()).unwrap_or(0);
    rows.into_iter()
        .enumerate()
        .map(|(i, (word, time))| Stage {
            pos: if time.is_some() {
                "done"
            } else if i == done + 1 && c.state.open() {
                "now"
            } else {
                "later"
            },
            note: time.unwrap_or_else(|| if i < done || !c.state.open() { "不用".into() } else { String::new() }),
            word,
        })
        .collect()
}

fn case_page(app: &App, viewer: &Viewer, o: &OwnCase, flash: Option<String>) -> CasePage {
    let c = &o.case;
    let elder = viewer.role == Role::Elder;
    let mut page = frame(app, viewer, "呼叫帮助", "/my/cases");
    page.flash = flash;
    CasePage {
        id: c.id.to_string(),
        no: c.no.clone(),
        heading: progress(c).to_string(),
        at: c.opened_at.stamp_seconds(),
        what: if elder { kind_zh(c.kind).to_string() } else { format!("{} {}", c.elder_name, kind_zh(c.kind)) },
        next: next_words(c),
        stages: stages(o),
        lines: o
            .events
            .iter()
            .map(|e| (e.at.stamp_seconds().split(' ').nth(1).unwrap_or_default().to_string(), e.text.clone()))
            .collect(),
        open: c.state.open(),
        elder,
        mistaken: o.events.iter().any(|e| e.kind == EventKind::Withdrawn),
        place_wanted: c.state.open() && !o.events.iter().any(|e| e.kind == EventKind::Position),
        version: c.version,
        page,
    }
}

pub(super) async fn case(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    let own = service::own_case(app.db(), &viewer.actor(), case_id(&id)?).await?;
    html(&case_page(&app, &viewer, &own, done(Some(&q.done))))
}

#[derive(serde::Serialize)]
struct Told {
    version: i64,
    heading: String,
    next: String,
}

/// The receipt keeps itself up to date where scripts run.
pub(super) async fn live(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<impl web::axum::response::IntoResponse> {
    let case = case_id(&id)?;
    service::own_case(app.db(), &viewer.actor(), case).await?;
    let bell = app.thing::<crate::Bell>()?.listen();
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    Ok(web::sse_woken(bell, Duration::from_secs(2), move || {
        let (app, viewer, sent) = (app.clone(), viewer.clone(), sent.clone());
        async move {
            let own = service::own_case(app.db(), &viewer.actor(), case).await.ok()?;
            let c = &own.case;
            let before = sent.swap(c.version, std::sync::atomic::Ordering::Relaxed);
            (before != c.version).then(|| Told { version: c.version, heading: progress(c).into(), next: next_words(c) })
        }
    }))
}

pub(super) async fn mistake(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::withdraw(app.db(), &viewer.actor(), case_id(&id)?).await?;
    super::ring(&app);
    Ok(to(format!("/my/cases/{id}?done=mistake")))
}

/// Where the phone is, sent after the call so that the call never waits for it.
pub(super) async fn place(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = case_id(&id)?;
    let own = service::own_case(app.db(), &viewer.actor(), case).await?;
    let (lat, lng) = (form.need::<f64>("lat", "位置"), form.need::<f64>("lng", "位置"));
    let accuracy_m = form.need::<f64>("accuracy", "误差").map_or(0, |a| a.clamp(0.0, 100_000.0) as i64);
    form.done()?;
    if let (Some(lat), Some(lng)) = (lat, lng)
        && let Some(point) = GeoPoint::from_degrees(lat, lng)
        && own.case.state.open()
    {
        service::place_of_call(app.db(), &viewer.actor(), case, Fix { point, accuracy_m, at: app.now() }).await?;
        super::ring(&app);
    }
    Ok(to(format!("/my/cases/{id}")))
}

struct Past {
    href: String,
    at: String,
    what: String,
    cause: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "safety/my_cases.html")]
struct Cases {
    page: Page,
    past: Vec<Past>,
}

pub(super) async fn cases(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let all = service::own_cases(app.db(), &viewer.actor(), 30).await?;
    let past = all
        .iter()
        .map(|c| Past {
            href: format!("/my/cases/{}", c.id),
            at: format!("{} {}", c.opened_at.date().md(), c.opened_at.hhmm()),
            what: format!("{} {}", c.elder_name, kind_zh(c.kind)),
            cause: c.cause.map(|x| x.zh().to_string()).unwrap_or_default(),
            state: progress(c),
        })
        .collect();
    html(&Cases { page: frame(&app, &viewer, "呼叫记录", "/my/cases"), past })
}
