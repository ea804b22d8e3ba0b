//! `/safety`: what rings, the case in hand, who can be there first.
use super::shown::{Card, EventLine, Numbers, Shown, card, event_lines, located, shown};
use super::{Done, case_id, done, staff, to};
use crate::Bell;
use crate::model::kpi::{FAST, Figures, figures, minutes_zh};
use crate::model::{CaseId, CaseState};
use crate::service::{self, Waiting};
use askama::Template;
use kernel::{Instant, Permission};
use std::time::Duration;
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

/// A stream looks at least so often by itself: another process may have raised something.
const LOOK: Duration = Duration::from_millis(500);
/// A stream is a desk's sign of life.
const BEAT_MS: i64 = 15_000;

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    case: String,
    #[serde(default)]
    done: String,
}

struct Tile {
    label: &'static str,
    figure: String,
    unit: &'static str,
    note: String,
    href: String,
    bad: bool,
}

#[derive(Template)]
#[template(path = "safety/queue.html")]
struct Queue<'a> {
    cards: &'a [Card],
    waiting: usize,
}

#[derive(Template)]
#[template(path = "safety/log.html")]
struct Log<'a> {
    events: &'a [EventLine],
}

#[derive(Template)]
#[template(path = "safety/desk.html")]
struct Desk {
    page: Page,
    now: i64,
    tiles: Vec<Tile>,
    queue: String,
    waiting: usize,
    case: Option<Shown>,
    log: String,
    ready: bool,
    bell: bool,
    may: bool,
    ringing: bool,
    live: String,
}

/// The beginning of today in the city's zone.
pub(super) fn today(now: Instant) -> Instant {
    now.date().at(0, 0)
}

fn tiles(f: &Figures, waiting: usize, unanswered: usize, desks: (usize, usize), now: Instant) -> Vec<Tile> {
    let day = now.date();
    vec![
        Tile {
            label: "60 秒接听率",
            figure: f.fast.percent(),
            unit: if f.fast.of > 0 { "%" } else { "" },
            note: "目标 ≥ 97.5%".into(),
            href: "/safety/figures".into(),
            bad: f.fast.reached(FAST) == Some(false),
        },
        Tile {
            label: "平均接听",
            figure: f.mean_ms.map_or_else(|| "—".into(), |ms| (ms / 1000).to_string()),
            unit: if f.mean_ms.is_some() { "秒" } else { "" },
            note: "今天接了的".into(),
            href: "/safety/figures".into(),
            bad: false,
        },
        Tile {
            label: "到场中位",
            figure: f.arrival_ms.map_or_else(|| "—".into(), minutes_zh),
            unit: "",
            note: "目标 ≤ 15 分钟".into(),
            href: "/safety/figures".into(),
            bad: f.arrival_ms.is_some_and(|ms| ms > 15 * 60_000),
        },
        Tile {
            label: "今日报警",
            figure: f.calls.to_string(),
            unit: "件",
            note: format!("已关 {}", f.closed),
            href: format!("/safety/cases?day={day}"),
            bad: false,
        },
        Tile {
            label: "还没关",
            figure: waiting.to_string(),
            unit: "件",
            note: format!("没人接 {unanswered}"),
            href: "/safety/cases?view=open".into(),
            bad: unanswered > 0,
        },
        Tile {
            label: "在线坐席",
            figure: desks.0.to_string(),
            unit: "人",
            note: if desks.1 > 0 { format!("小休 {}", desks.1) } else { "看值班表".into() },
            href: "/safety/duty".into(),
            bad: desks.0 == 0,
        },
    ]
}

pub(super) async fn page(State(app): State<App>, viewer: Viewer, Query(ask): Query<Ask>) -> web::Result<Response> {
    draw(&app, &viewer, &ask.case, done(Some(&ask.done)), Numbers { contact: None }).await
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    wanted: &str,
    flash: Option<String>,
    numbers: Numbers,
) -> web::Result<Response> {
    let (db, actor, now) = (app.db(), viewer.actor(), app.now());
    let may = viewer.may(Permission::SafetyHandle);
    if may {
        // Also without scripts an open page is a sign of life.
        let known = service::own_desk(db, &actor).await?;
        service::seen(db, &actor).await?;
        if known.is_none_or(|p| now.since(p.seen_at) > service::ONLINE_MS) {
            // What is loud for want of a desk is over with this page; it is not said on it.
            crate::run::look_loud(app).await;
        }
    }
    let all = service::queue(db, &viewer.scope).await?;
    let picked = pick(&all, wanted, &actor);
    let case = match (picked, wanted.parse::<CaseId>().ok()) {
        (Some(w), _) => Some(shown(app, viewer, w, &numbers).await?),
        // Closed a moment ago, or older: it is shown still.
        (None, Some(id)) => Some(shown(app, viewer, &service::waiting(db, &viewer.scope, id).await?, &numbers).await?),
        (None, None) => None,
    };
    let current = case.as_ref().map(|c| c.id.clone()).unwrap_or_default();
    let cards: Vec<Card> = all.iter().map(|w| card(app, w, now, w.case.id.to_string() == current, true)).collect();
    let waiting = all.len();
    let unanswered = all.iter().filter(|w| w.case.ringing()).count();
    let calls = service::calls(db, &viewer.scope, today(now), now.plus_ms(1)).await?;
    let desks = service::desks(db, viewer.region()).await?;
    let ready = desks.iter().filter(|d| d.ready).count();
    let own = service::own_desk(db, &actor).await?;
    let log = match &case {
        Some(c) => Log { events: &c.events }.render()?,
        None => String::new(),
    };
    let view = Desk {
        now: now.0,
        tiles: tiles(&figures(&calls, now), waiting, unanswered, (ready, desks.len() - ready), now),
        queue: Queue { cards: &cards, waiting }.render()?,
        waiting,
        live: format!("/safety/live?case={current}"),
        ringing: unanswered > 0,
        case,
        log,
        ready: own.as_ref().is_none_or(|p| p.ready),
        bell: own.as_ref().is_none_or(|p| p.bell),
        may,
        page: staff(app, viewer, "报警工作台").flash(flash),
    };
    html(&view)
}

/// The case one asked for; else one's own that is open; else what rings first.
fn pick<'a>(all: &'a [Waiting], wanted: &str, actor: &kernel::Actor) -> Option<&'a Waiting> {
    if let Ok(id) = wanted.parse::<CaseId>() {
        return all.iter().find(|w| w.case.id == id);
    }
    let ringing = all.first().filter(|w| w.case.ringing());
    ringing.or_else(|| all.iter().find(|w| w.case.owned_by(actor.user_id()))).or(all.first())
}

/// A contact's number in full, on the same page: with the link that dials.
pub(super) async fn number(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let contact = super::parsed::<people::model::ContactId>(form.raw("contact"), "这位联系人")?;
    let case = case_id(&id)?;
    let plain = service::contact_number(app.db(), &viewer.actor(), case, contact).await?;
    let word = if plain.is_none() { Some("档案里没有这位的电话".to_string()) } else { None };
    draw(&app, &viewer, &id, word, Numbers { contact: plain.map(|n| (contact, n)) }).await
}

#[derive(serde::Serialize)]
struct Update {
    /// Goes up when something new rings: the page sounds.
    waiting: usize,
    ringing: usize,
    /// The gravest thing that rings, for the voice of a screen reader.
    newest: String,
    queue: String,
    /// The shown case's history and where it stands.
    log: String,
    state: String,
    version: i64,
    bell: bool,
    now: i64,
    /// The map, when somebody moved; empty otherwise.
    map: String,
    fix: String,
}

#[derive(Template)]
#[template(path = "safety/sketch.html")]
struct Map<'a> {
    m: &'a crate::model::sketch::Sketch,
}

/// The desk's stream. While it is open the desk is on line.
pub(super) async fn live(
    State(app): State<App>,
    viewer: Viewer,
    Query(ask): Query<Ask>,
) -> web::Result<impl web::axum::response::IntoResponse> {
    let bell = app.thing::<Bell>()?.listen();
    let shown_case = ask.case.parse::<CaseId>().ok();
    let may = viewer.may(Permission::SafetyHandle);
    let seen = std::sync::Arc::new(std::sync::Mutex::new((None::<Stamp>, Instant(0))));
    Ok(web::sse_woken(bell, LOOK, move || {
        let (app, viewer, seen) = (app.clone(), viewer.clone(), seen.clone());
        async move {
            match look(&app, &viewer, shown_case, may, &seen).await {
                Ok(update) => update,
                Err(e) => {
                    tracing::warn!(error = %e, "a desk's stream could not look");
                    None
                }
            }
        }
    }))
}

/// Of the queue, and of the shown case's position.
type Stamp = ((i64, i64, i64), i64);

/// What a stream remembers: the stamp it sent last, and its last sign of life.
type Memory = std::sync::Mutex<(Option<Stamp>, Instant)>;

async fn look(
    app: &App,
    viewer: &Viewer,
    case: Option<CaseId>,
    may: bool,
    memory: &Memory,
) -> kernel::Result<Option<Update>> {
    let held = |m: &Memory| *m.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let keep = |v| *memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = v;
    let (before, beat) = held(memory);
    let now = app.now();
    let due = beat.0 == 0 || now.since(beat).abs() >= BEAT_MS;
    if may && due {
        service::seen(app.db(), &viewer.actor()).await?;
    }
    let fixed = match case {
        Some(id) => service::fix_stamp(app.db(), id).await?,
        None => 0,
    };
    let stamp = (service::stamp(app.db(), &viewer.scope).await?, fixed);
    keep((Some(stamp), if due { now } else { beat }));
    if before == Some(stamp) {
        return Ok(None);
    }
    let all = service::queue(app.db(), &viewer.scope).await?;
    let cards: Vec<Card> = all.iter().map(|w| card(app, w, now, Some(w.case.id) == case, true)).collect();
    let ringing: Vec<&Waiting> = all.iter().filter(|w| w.case.ringing()).collect();
    let news = all.iter().any(|w| w.case.news > 0 && w.case.owned_by(viewer.actor().user_id()));
    let newest = ringing.iter().max_by_key(|w| w.case.opened_at);
    let (mut log, mut state, mut version) = (String::new(), String::new(), 0);
    if let Some(id) = case
        && let Ok(c) = service::record(app.db(), &viewer.scope, id).await
    {
        let (events, _) = service::case_events(app.db(), &viewer.scope, id).await?;
        let events = event_lines(&events, c.state == CaseState::Closed);
        log = Log { events: &events }.render().map_err(kernel::Error::internal)?;
        (state, version) = (c.state.zh().to_string(), c.version);
    }
    let (mut map, mut fix) = (String::new(), String::new());
    if let Some(w) = all.iter().find(|w| Some(w.case.id) == case && before.is_some_and(|b| b.1 != fixed)) {
        let now_at = located(app, viewer, w).await?;
        if let Some(m) = &now_at.sketch {
            map = Map { m }.render().map_err(kernel::Error::internal)?;
            fix = now_at.fix;
        }
    }
    let own = service::own_desk(app.db(), &viewer.actor()).await?;
    Ok(Some(Update {
        map,
        fix,
        waiting: all.len(),
        ringing: ringing.len() + usize::from(news),
        newest: newest
            .map(|w| format!("{}，{}，{}", crate::model::kind_zh(w.case.kind), w.case.elder_name, w.reason()))
            .unwrap_or_default(),
        queue: Queue { cards: &cards, waiting: all.len() }.render().map_err(kernel::Error::internal)?,
        log,
        state,
        version,
        bell: own.is_none_or(|p| p.bell),
        now: now.0,
    }))
}

/// Ready, or on a break.
pub(super) async fn ready(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    let on = form.raw("ready") == "1";
    service::set_ready(app.db(), &viewer.actor(), on).await?;
    super::ring(&app);
    Ok(to(if on { "/safety?done=ready" } else { "/safety?done=busy" }))
}

#[derive(Template)]
#[template(path = "safety/bell.html")]
struct BellPage {
    page: Page,
}

/// Muting is asked for on a page of its own: nobody mutes by accident.
pub(super) async fn bell_page(State(app): State<App>, viewer: Viewer, _: Query<Done>) -> web::Result<Response> {
    html(&BellPage { page: staff(&app, &viewer, "关铃声") })
}

pub(super) async fn bell(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    let on = form.raw("bell") == "1";
    service::set_bell(app.db(), &viewer.actor(), on).await?;
    Ok(to(if on { "/safety?done=bell-on" } else { "/safety?done=bell-off" }))
}
