//! A village's or community's desk.
use super::{OrderLine, frame, item_and_who};
use crate::model::map::{self, Sketch};
use crate::model::village::{self as model, Entitled, Given, SHOWN, Served, Task};
use crate::model::words::{Tile, count, first_words, percent};
use askama::Template;
use axum::response::Response;
use entitlement::Shelf;
use entitlement::service::EntitledAsk;
use kernel::{PageAsk, Permission};
use orders::service::View;
use people::model::Living;
use web::{App, Page, Viewer, html};

/// A village with more elders than this is not drawn whole; the largest have about 2,000.
const ROSTER: i64 = 3_000;
/// Services that wait for a call, newly entitled and today's visits beyond this many are left to their lists.
const LOADED: i64 = 200;
/// A call that has waited longer than this is pointed out.
const WAITED_DAYS: i64 = 7;
/// Today's visits shown.
const VISITS: usize = 5;

struct Bar {
    href: &'static str,
    word: &'static str,
    part: i64,
    whole: i64,
    percent: i64,
    say: String,
}

impl Bar {
    fn of(href: &'static str, word: &'static str, part: i64, whole: i64, unit: &str) -> Bar {
        let say = format!("{word} {part} / {whole} {unit}");
        Bar { href, word, part, whole, percent: percent(part, whole), say }
    }
}

#[derive(Template)]
#[template(path = "desk/village.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    may_import: bool,
    may_order: bool,
    may_write: bool,
    tiles: Vec<Tile>,
    now: Vec<Task>,
    now_all: usize,
    later: Vec<Task>,
    later_all: usize,
    by: String,
    nothing: String,
    sketch: Sketch,
    sketch_say: String,
    unplaced: i64,
    width: i64,
    height: i64,
    todo: usize,
    alone: i64,
    childless: i64,
    bars: Vec<Bar>,
    visits: Vec<OrderLine>,
    visits_all: usize,
    next_visit: String,
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let (now, today) = (app.now(), app.clock().today());
    let village = app.regions().name(viewer.region());
    let roster = people::service::roster(db, scope, ROSTER).await?;
    let waiting = orders::service::first_of(db, scope, View::FollowUp, LOADED).await?;
    let visits = orders::service::first_of(db, scope, View::Day(today), LOADED).await?;
    let ask = EntitledAsk { since: Some(today.month_of().first_day()), ..EntitledAsk::default() };
    let page = PageAsk { page: 1, rows: LOADED as u32 };
    let entitled = entitlement::service::entitled(db, &viewer.actor(), scope, &ask, "since, elder", page).await?;
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let title = |id: &str| packs.title(id).unwrap_or("补贴").to_string();

    let served: Vec<Served> = waiting
        .iter()
        .map(|o| Served {
            order: o.id,
            elder: o.elder,
            name: o.elder_name.clone(),
            sex: o.elder_sex,
            birth: o.elder_birth,
            address: o.address.clone(),
            item: o.item_name.clone(),
            on: o.served_on(),
            confirmed: o.state == orders::State::Confirmed,
        })
        .collect();
    let newly: Vec<Entitled> =
        entitled.rows.iter().map(|r| Entitled { elder: r.elder, since: r.since, pack: title(&r.pack) }).collect();
    let may_write = viewer.may(Permission::ElderWrite);
    let given = Given { today, roster: &roster, served: &served, entitled: &newly, may_write };
    let (mut first, mut later) = model::split(model::tasks(&given), today);
    let (now_all, later_all) = (first.len(), later.len());
    let by = today.plus_days(model::AHEAD).md();
    let (sketch, unplaced) = model::drawn(&roster, &first, today);
    let todo = sketch.marks.iter().filter(|m| m.kind == map::Kind::Todo).count();

    let elders = roster.len() as i64;
    let lacking = roster.iter().filter(|r| !r.lacks.is_empty()).count() as i64;
    let complete = elders - lacking;
    let placed = elders - unplaced;
    let done = visits.iter().filter(|o| crate::model::visits::done(o.state)).count() as i64;
    let going = visits.iter().filter(|o| !o.state.void()).count() as i64;
    let soon75 = model::soon(&roster, 75, today);
    let soon80 = model::soon(&roster, 80, today);
    let oldest = served.iter().map(|s| today.days_since(s.on)).max().unwrap_or(0);
    let tiles = vec![
        Tile::new("/entitled?view=newly", "本月新符合", entitled.total, "人").note("告诉本人，问问要什么服务"),
        Tile::new("/elders?view=soon75", "三个月内满 75", soon75, "人").note(format!("另有 {soon80} 人满 80")),
        Tile::new("/elders?view=incomplete", "档案不全", lacking, "人").note(if lacking == 0 {
            "都齐了".to_string()
        } else {
            "补齐才好判断待遇".to_string()
        }),
        Tile::new("/orders?view=follow_up", "待回访", served.len() as i64, "单")
            .note(if served.is_empty() { "都问过了" } else { "问问做了没有、好不好" })
            .warn_if(oldest > WAITED_DAYS, format!("最久的等了 {oldest} 天")),
    ];
    let next =
        if going == 0 { orders::service::next_visit(db, scope, today.plus_days(1).at(0, 0)).await? } else { None };
    let view = Desk {
        head: first_words(now_all, now_all + later_all, &by),
        sub: format!("{village} {} 位老人", count(elders)),
        may_import: viewer.may(Permission::ElderImport),
        may_order: viewer.may(Permission::OrderCreate),
        may_write,
        tiles,
        nothing: later
            .first()
            .map_or_else(|| format!("{by} 前没有到期的，有新的会排在这里"), |t| format!("下一件 {} 到期", t.due.md())),
        now: first.drain(..now_all.min(SHOWN)).collect(),
        now_all,
        later: later.drain(..later_all.min(SHOWN)).collect(),
        later_all,
        by,
        sketch_say: format!("{village}示意图，{todo} 户有事要办，名单见左边"),
        sketch,
        unplaced,
        width: map::WIDTH,
        height: map::HEIGHT,
        todo,
        alone: model::living(&roster, Living::LivingAlone),
        childless: model::living(&roster, Living::ChildlessAlone),
        bars: vec![
            Bar::of("/elders?view=incomplete", "档案齐全", complete, elders, "人"),
            Bar::of("/elders", "住处有定位", placed, elders, "人"),
            Bar::of("/orders?view=today", "今天已上门", done, going, "单"),
        ],
        visits: visits
            .iter()
            .filter(|o| !o.state.void())
            .take(VISITS)
            .map(|o| OrderLine::of(o, now, item_and_who(o)))
            .collect(),
        visits_all: going as usize,
        next_visit: next.map_or_else(
            || "后面还没有约好的".to_string(),
            |o| format!("下一次 {}，{} {}", orders::when(o.starts_at, now), o.elder_name, o.item_name),
        ),
        page: frame(app, viewer),
    };
    html(&view)
}
