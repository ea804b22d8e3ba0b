//! A provider's day: workers down, hours across, and what waits for a worker.
use super::shared::{done, soon_late, standing, when};
use crate::model::{Order, State, late_by};
use crate::service;
use askama::Template;
use axum::extract::{Query, State as Take};
use axum::response::Response;
use kernel::{CivilDate, Instant, Tier, WorkerId};
use std::collections::HashMap;
use web::axum;
use web::{App, Mark, Page, Viewer, html};

/// The board runs from 07:00 in steps of five minutes, 144 of them.
const FIRST_MINUTE: i64 = 7 * 60;
const STEP: i64 = 5;
const STEPS: i64 = 144;

struct Chip {
    href: String,
    word: String,
    on: bool,
}

struct Visit {
    href: String,
    class: &'static str,
    icon: &'static str,
    at: i64,
    len: i64,
    elder: String,
    item: String,
    late: String,
    hours: String,
    word: String,
}

struct Gap {
    at: i64,
    len: i64,
    word: String,
}

struct Lane {
    name: String,
    hours: String,
    skills: String,
    visits: Vec<Visit>,
    gaps: Vec<Gap>,
}

struct Row {
    href: String,
    hours: String,
    elder: String,
    item: String,
    village: String,
    worker: String,
    mark: Mark,
    word: String,
}

struct Waiting {
    href: String,
    elder: String,
    when: String,
    item: String,
    minutes: i64,
    village: String,
    mark: Mark,
    word: String,
    to_accept: bool,
    version: i64,
}

#[derive(Template)]
#[template(path = "orders/board.html")]
struct BoardPage {
    page: Page,
    sub: String,
    day: CivilDate,
    day_word: String,
    prev: CivilDate,
    next: CivilDate,
    tail: &'static str,
    chips: Vec<Chip>,
    as_list: bool,
    hours: Vec<(i64, String)>,
    now_at: Option<(i64, String)>,
    lanes: Vec<Lane>,
    rows: Vec<Row>,
    waiting: Vec<Waiting>,
}

/// Which visits the chips leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    All,
    Late,
    Soon,
}

/// Place of a moment on the board, 0–144.
fn at(moment: Instant, day: CivilDate) -> i64 {
    let minutes = moment.since(day.at(0, 0)) / Instant::MINUTE - FIRST_MINUTE;
    (minutes / STEP).clamp(0, STEPS)
}

fn visit(o: &Order, day: CivilDate, now: Instant) -> Visit {
    let start = at(o.starts_at, day).min(STEPS - 3);
    let late = late_by(o.state, o.starts_at, now);
    let (class, icon) = match o.state {
        _ if late > 0 => ("v-late", "alert-octagon-f"),
        _ if soon_late(o, now) => ("v-risk", "alert-triangle-f"),
        State::OnTheWay | State::CheckedIn => ("v-doing", "circle-half-2"),
        State::Created | State::Accepted | State::Assigned => ("v-todo", "circle"),
        State::Cancelled | State::Refused | State::NoShow => ("v-done", "circle-off"),
        _ => ("v-done", "check"),
    };
    Visit {
        href: format!("/orders/{}", o.id),
        class,
        icon,
        at: start,
        len: (at(o.ends_at, day) - start).clamp(3, STEPS - start),
        elder: o.elder_name.clone(),
        item: o.item_name.clone(),
        late: match late {
            0 if soon_late(o, now) => "还没出发".into(),
            0 => String::new(),
            n if n < 60 => format!("已晚 {n} 分"),
            n => format!("已晚 {} 小时", n / 60),
        },
        hours: o.hours(),
        word: o.state.zh().into(),
    }
}

/// The way between two visits that follow each other.
fn gaps(visits: &[&Order], day: CivilDate) -> Vec<Gap> {
    let mut out = Vec::new();
    for pair in visits.windows(2) {
        let [a, b] = pair else { continue };
        let (Some(from), Some(to)) = (a.place, b.place) else { continue };
        let (start, end) = (at(a.ends_at, day), at(b.starts_at, day));
        if end <= start {
            continue;
        }
        let minutes = dispatch::travel_minutes(dispatch::Ground::around(from).metres(from, to));
        // A narrow gap has no room for the word; next door needs none.
        let word = if end - start >= 6 && minutes > 0 { format!("{minutes} 分") } else { String::new() };
        out.push(Gap { at: start, len: end - start, word });
    }
    out
}

/// 390 → 6.5 小时
fn hours_word(minutes: i64) -> String {
    format!("{}.{} 小时", minutes / 60, minutes % 60 * 10 / 60)
}

pub(super) async fn board(
    Take(app): Take<App>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let now = app.now();
    let day = query.get("day").and_then(|t| t.parse().ok()).unwrap_or(now.date());
    let as_list = query.get("view").is_some_and(|v| v == "list");
    let only = match query.get("only").map(String::as_str) {
        Some("late") => Only::Late,
        Some("soon") => Only::Soon,
        _ => Only::All,
    };
    let book = app.regions();
    let (visits, waiting) = service::board(app.db(), &viewer.scope, day).await?;
    let team = match viewer.scope.org_id() {
        Some(org) => providers::service::workers(app.db(), &viewer.scope, org).await?,
        None => Vec::new(),
    };
    let live: Vec<&Order> = visits.iter().filter(|o| !o.state.void()).collect();
    let late = live.iter().filter(|o| late_by(o.state, o.starts_at, now) > 0).count();
    let soon = live.iter().filter(|o| soon_late(o, now)).count();
    let finished = live.iter().filter(|o| o.checked_out_at.is_some()).count();
    let tail = if as_list { "&view=list" } else { "" };
    let chip = |code: &str, word: String, this: Only| Chip {
        href: format!("/orders/board?day={day}{tail}{code}"),
        word,
        on: only == this,
    };
    let chips = vec![
        chip("", format!("全部 {}", live.len()), Only::All),
        chip("&only=late", format!("已迟到 {late}"), Only::Late),
        chip("&only=soon", format!("要迟到 {soon}"), Only::Soon),
    ];
    let kept = |o: &Order| match only {
        Only::All => true,
        Only::Late => late_by(o.state, o.starts_at, now) > 0,
        Only::Soon => soon_late(o, now),
    };
    let mut by_worker: HashMap<WorkerId, Vec<&Order>> = HashMap::new();
    for o in live.iter().filter(|o| kept(o)) {
        if let Some(w) = o.worker {
            by_worker.entry(w).or_default().push(o);
        }
    }
    let lanes = team
        .iter()
        .map(|w| {
            let own = by_worker.remove(&w.id).unwrap_or_default();
            let minutes: i64 = own.iter().map(|o| o.minutes).sum();
            Lane {
                name: w.name.clone(),
                hours: hours_word(minutes),
                skills: w.skills_zh().into_iter().take(2).collect::<Vec<_>>().join(" · "),
                gaps: if only == Only::All { gaps(&own, day) } else { Vec::new() },
                visits: own.into_iter().map(|o| visit(o, day, now)).collect(),
            }
        })
        .collect();
    let rows = visits
        .iter()
        .filter(|o| kept(o))
        .map(|o| {
            let (mark, word) = standing(o, now);
            Row {
                href: format!("/orders/{}", o.id),
                hours: o.hours(),
                elder: o.elder_name.clone(),
                item: o.item_name.clone(),
                village: book.name(&o.region),
                worker: o.worker_name.clone().unwrap_or_else(|| "还没指派".into()),
                mark,
                word,
            }
        })
        .collect();
    let waiting = waiting
        .iter()
        .map(|o| {
            let (mark, word) = standing(o, now);
            Waiting {
                href: format!("/orders/{}", o.id),
                elder: o.elder_name.clone(),
                when: when(o.starts_at, now),
                item: o.item_name.clone(),
                minutes: o.minutes,
                village: if viewer.region().tier() >= Tier::Town {
                    book.name(&o.region)
                } else {
                    book.short(&o.region)
                },
                mark,
                word,
                to_accept: o.state == State::Created,
                version: o.version,
            }
        })
        .collect();
    let today = day == now.date();
    let on_board = (FIRST_MINUTE..FIRST_MINUTE + STEPS * STEP).contains(&i64::from(now.minute_of_day()));
    let now_at = (today && on_board).then(|| (at(now, day), now.hhmm()));
    let hours = (8..19).map(|h| ((h * 60 - FIRST_MINUTE) / STEP, format!("{h:02}:00")));
    // The label of now covers its neighbours.
    let clear = |place: i64| now_at.as_ref().is_none_or(|(n, _)| (n - place).abs() > 7);
    let hours = hours.filter(|(place, _)| clear(*place)).collect();
    let page = Page::new(&app, &viewer, if today { "今日排班" } else { "排班" })
        .at("/orders/board")
        .flash(done(query.get("done").map(String::as_str)));
    let view = BoardPage {
        page,
        sub: format!("{} 单 · {} 人在岗 · 已完成 {finished}", live.len(), team.len()),
        day_word: format!("{} {}", day.md(), day.weekday_zh()),
        prev: day.plus_days(-1),
        next: day.plus_days(1),
        day,
        tail,
        chips,
        as_list,
        hours,
        now_at,
        lanes,
        rows,
        waiting,
    };
    html(&view)
}
