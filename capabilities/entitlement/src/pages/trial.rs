//! What a version would change: figures by town and class, the people, and how far the work has come.
use super::to;
use super::version::version_id;
use crate::packs::Packs;
use crate::service::{self, Effect, TrialAsk, TrialRow, TrialView};
use crate::shelf::Shelf;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kernel::{Dir, ElderId, Error, Fen, RegionBook, Scope};
use people::model::ElderCard;
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Viewer};
use work::JobState;

/// One town's or class's line.
pub(crate) struct TrialLine {
    pub name: String,
    pub now: String,
    pub gains: String,
    pub losses: String,
    pub then: String,
    pub cost: String,
    /// Percent of the largest, for the bar: today, and more under the draft.
    pub now_pct: i64,
    pub more_pct: i64,
}

/// A trial in words.
pub(crate) struct TrialShown {
    pub at: String,
    pub stale: bool,
    /// Work under way: percent, figures, state.
    pub going: Option<(i64, String, &'static str)>,
    pub failed: Option<String>,
    pub day: String,
    pub people: String,
    pub yearly: String,
    pub yearly_more: bool,
    pub gains: i64,
    pub losses: i64,
    pub unchanged: i64,
    pub held: i64,
    pub newly_unknown: i64,
    pub towns: Vec<TrialLine>,
    pub classes: Vec<(String, i64, i64, String)>,
    pub total: Option<TrialLine>,
    pub affected: i64,
}

fn signed(n: i64) -> String {
    match n {
        0 => "0".into(),
        n if n > 0 => format!("+{n}"),
        n => format!("−{}", -n),
    }
}

fn signed_money(fen: Fen) -> String {
    match fen.0 {
        0 => "¥0.00".into(),
        n if n > 0 => format!("+{fen}"),
        n => format!("−{}", Fen(-n)),
    }
}

fn line(name: String, e: &Effect, most: i64) -> TrialLine {
    let pct = |fen: i64| if most == 0 { 0 } else { (fen * 100 / most).clamp(0, 100) };
    TrialLine {
        name,
        now: e.held.to_string(),
        gains: signed(e.gains),
        losses: signed(-e.losses),
        then: e.will.to_string(),
        cost: signed_money(e.then - e.now),
        now_pct: pct(e.now.0.min(e.then.0)),
        more_pct: pct((e.then.0 - e.now.0).max(0)),
    }
}

/// The title of `pack/class` as people call it.
fn class_title(packs: &Packs, name: &str) -> String {
    let (pack, class) = name.split_once('/').unwrap_or((name, ""));
    let Some(versions) = packs.find(pack) else { return pack.to_string() };
    let newest = versions.newest();
    match newest.classes.iter().find(|c| c.name == class).filter(|_| newest.classes.len() > 1) {
        Some(c) => {
            let label = newest.at(newest.effective_from).map(|on| on.fill(&c.label)).unwrap_or(c.label.clone());
            format!("{}，{label}", newest.title)
        }
        None => newest.title.clone(),
    }
}

pub(crate) async fn trial_shown(app: &App, viewer: &Viewer, packs: &Packs, t: TrialView) -> kernel::Result<TrialShown> {
    let mut out = TrialShown {
        at: t.at.stamp(),
        stale: t.stale,
        going: None,
        failed: None,
        day: String::new(),
        people: String::new(),
        yearly: String::new(),
        yearly_more: false,
        gains: 0,
        losses: 0,
        unchanged: 0,
        held: 0,
        newly_unknown: 0,
        towns: Vec::new(),
        classes: Vec::new(),
        total: None,
        affected: 0,
    };
    let Some(found) = t.found else {
        let job = work::job(app.db(), &viewer.full_scope, t.job).await?;
        match job {
            Some(j) if j.state() == JobState::Failed => out.failed = Some(j.error.unwrap_or_default()),
            Some(j) => out.going = Some((j.percent(), figures(j.progress_done, j.progress_total), j.state().zh())),
            None => out.failed = Some("这次试算找不到了".into()),
        }
        return Ok(out);
    };
    let book: std::sync::Arc<RegionBook> = app.regions();
    let e = &found.total;
    let more = Fen((e.then.0 - e.now.0) * 12);
    let most = found.by_town.values().map(|e| e.now.0.max(e.then.0)).max().unwrap_or(0);
    let mut towns: Vec<(&kernel::RegionCode, &Effect)> = found.by_town.iter().collect();
    towns.sort_by_key(|(code, e)| (std::cmp::Reverse((e.then.0 - e.now.0).abs()), **code));
    Ok(TrialShown {
        day: found.day.to_string(),
        people: e.people.to_string(),
        yearly: if more.0 < 0 { Fen(-more.0) } else { more }.to_string(),
        yearly_more: more.0 >= 0,
        gains: e.gains,
        losses: e.losses,
        unchanged: e.held - e.losses,
        held: e.held,
        newly_unknown: e.newly_unknown,
        towns: towns.into_iter().map(|(code, e)| line(book.short(code), e, most)).collect(),
        classes: found
            .by_class
            .iter()
            .map(|(name, (now, then))| (class_title(packs, name), *now, *then, signed(then - now)))
            .collect(),
        total: Some(line("合计".into(), e, most)),
        affected: e.gains + e.losses,
        ..out
    })
}

fn figures(done: i64, total: i64) -> String {
    if total > 0 { format!("{done} / {total} 户") } else { "还没开始".into() }
}

/// Asks for a trial and comes back to the page, which shows how far it is.
pub(crate) async fn run(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id = version_id(&id)?;
    service::try_out(app.db(), &viewer.actor(), id).await?;
    Ok(to(format!("/policy-versions/{id}#trial")))
}

/// What the page's script fills in.
#[derive(Serialize)]
struct Live {
    state: &'static str,
    figures: String,
    percent: i64,
    done: bool,
    href: String,
}

pub(crate) async fn live(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id = version_id(&id)?;
    let v = service::version(app.db(), &viewer.actor(), id).await?;
    let trial = service::trial(app.db(), &viewer.actor(), &v).await?;
    let job = trial.ok_or_else(|| Error::NotFound("这次试算".into()))?.job;
    let scope: Scope = viewer.full_scope;
    let stream = web::sse_poll(Duration::from_millis(400), move || {
        let app = app.clone();
        async move {
            let j = work::job(app.db(), &scope, job).await.ok().flatten()?;
            let over = matches!(j.state(), JobState::Done | JobState::Failed);
            let live = Live {
                state: j.state().zh(),
                figures: figures(j.progress_done, j.progress_total),
                percent: j.percent(),
                done: over,
                href: format!("/policy-versions/{id}?done=tried#trial"),
            };
            Some((live, !over))
        }
    });
    Ok(stream.into_response())
}

struct Row {
    elder: ElderId,
    name: String,
    age: i64,
    place: String,
    effect: String,
    was: String,
    will: String,
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("name", "姓名", |r: &Row| Cell::name(format!("/elders/{}/entitlement", r.elder), r.name.clone())),
        Col::new("age", "年龄", |r: &Row| Cell::Int(r.age)),
        Col::new("region", "村（社区）", |r: &Row| Cell::text(r.place.clone())).sort("region"),
        Col::new("effect", "变化", |r: &Row| match r.effect.as_str() {
            "gain" => Cell::State(Mark::Ok, "新符合".into()),
            "loss" => Cell::State(Mark::Warn, "不再符合".into()),
            _ => Cell::State(Mark::Note, "换一类".into()),
        })
        .sort("effect"),
        Col::new("was", "现行", |r: &Row| Cell::text(r.was.clone())).sort("was"),
        Col::new("will", "新版", |r: &Row| Cell::text(r.will.clone())).sort("will"),
    ]
}

fn row(
    r: TrialRow,
    packs: &Packs,
    book: &RegionBook,
    cards: &HashMap<ElderId, ElderCard>,
    day: kernel::CivilDate,
) -> Row {
    let card = cards.get(&r.elder);
    let title = |name: Option<String>| name.map_or_else(|| "不符合".to_string(), |n| class_title(packs, &n));
    Row {
        elder: r.elder,
        name: card.map_or_else(|| "档案已合并".into(), |c| c.name.clone()),
        age: card.map_or(0, |c| i64::from(c.age(day))),
        place: book.short(&r.region),
        effect: r.effect,
        was: title(r.was),
        will: title(r.will),
    }
}

/// Everyone a version would change something for; as a sheet too.
pub(crate) async fn affected(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let id = version_id(&id)?;
    let v = service::version(app.db(), &viewer.actor(), id).await?;
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let regions = app.regions();
    let children = regions.children(&viewer.scope.region);
    let mut filters = vec![FilterSpec {
        key: "effect",
        label: "变化",
        choices: vec![Choice::new("gain", "新符合"), Choice::new("loss", "不再符合"), Choice::new("change", "换一类")],
    }];
    if !children.is_empty() {
        let choices = children.iter().map(|c| Choice::new(c.to_string(), regions.name(c))).collect();
        filters.push(FilterSpec { key: "region", label: "区域", choices });
    }
    let wanted = TrialAsk {
        effect: ask.filter("effect").map(str::to_string),
        region: ask.filter("region").and_then(|r| r.parse().ok()),
    };
    let spec = ListSpec {
        title: "试算名单".into(),
        path: format!("/policy-versions/{id}/affected"),
        nav: "/policies",
        sub: format!("《{}》第 {} 版，只是试算，没有写认定", v.title, v.number),
        cols: columns(),
        filters,
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("region", Dir::Asc),
        tie: "n",
        actions: vec![(format!("/policy-versions/{id}"), "arrow-left", "回这一版".into(), false)],
        empty: (
            "没有人受影响".into(),
            "换个条件，或先试算".into(),
            Some((format!("/policy-versions/{id}"), "回这一版".into())),
        ),
        flash: None,
    };
    let (db, actor, scope, today) = (app.db(), viewer.actor(), viewer.scope, app.clock().today());
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::trial_rows(db, &actor, id, &wanted, &f.order, f.page).await?;
        let ids: Vec<ElderId> = found.rows.iter().map(|r| r.elder).collect();
        let mut cards = HashMap::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            cards.extend(people::service::cards(db, &scope, part).await?);
        }
        Ok(found.map(|r| row(r, &packs, &regions, &cards, today)))
    })
    .await
}
