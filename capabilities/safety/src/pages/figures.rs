//! The figures of answering: a month, or this one up to now.
use super::{case_id, done, ring, to};
use crate::model::kpi::{Call, FAST, Figures, SLOW, exceptions, figures, minutes_zh};
use crate::model::{SlowClass, kind_zh};
use crate::service;
use askama::Template;
use kernel::{Month, Permission};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html, sheet_response};

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    month: String,
    #[serde(default)]
    done: String,
    #[serde(default)]
    export: String,
}

struct Tile {
    label: &'static str,
    figure: String,
    unit: &'static str,
    note: String,
    mark: Option<(&'static str, &'static str)>,
}

struct Bar {
    x: i64,
    y: i64,
    h: i64,
    over: i64,
    over_y: i64,
    say: String,
}

struct Dot {
    x: i64,
    y: i64,
    bad: bool,
}

struct Line {
    id: String,
    no: String,
    at: String,
    name: String,
    about: String,
    kind: &'static str,
    waited: String,
    reason: String,
    class: String,
    cause: String,
    explained: bool,
}

#[derive(Template)]
#[template(path = "safety/figures.html")]
struct FiguresPage {
    page: Page,
    heading: String,
    month: String,
    month_zh: String,
    before: String,
    after: Option<String>,
    tiles: Vec<Tile>,
    bars: Vec<Bar>,
    dots: Vec<Dot>,
    path: String,
    goal_y: i64,
    top: i64,
    slow_hours: String,
    causes: Vec<(String, i64, i64, String)>,
    total: i64,
    lines: Vec<Line>,
    unexplained: usize,
    classes: Vec<(&'static str, &'static str)>,
    why: Vec<(String, i64, i64)>,
    may: bool,
}

const LEFT: i64 = 44;
const STEP: i64 = 35;
/// The upper band is the share within 60 s from 80 to 100 %, the lower one the calls.
const UPPER: (i64, i64) = (14, 90);
const LOWER: (i64, i64) = (112, 192);

fn share_y(permille: i64) -> i64 {
    let p = permille.clamp(800, 1000);
    UPPER.1 - (p - 800) * (UPPER.1 - UPPER.0) / 200
}

fn tiles(f: &Figures, now_month: bool) -> Vec<Tile> {
    let reached = |r: Option<bool>| match r {
        Some(true) => Some(("ok", "达标")),
        Some(false) => Some(("warn", "没达标")),
        None => None,
    };
    vec![
        Tile {
            label: "报警", figure: f.calls.to_string(), unit: "件", note: "自动应答不算接听".into(), mark: None
        },
        Tile {
            label: "60 秒内接听",
            figure: f.fast.percent(),
            unit: if f.fast.of > 0 { "%" } else { "" },
            note: format!("目标 97.5%，{} / {}", f.fast.kept, f.fast.of),
            mark: reached(f.fast.reached(FAST)),
        },
        Tile {
            label: "180 秒内接听",
            figure: f.slow.percent(),
            unit: if f.slow.of > 0 { "%" } else { "" },
            note: format!("目标 99%，{} / {}", f.slow.kept, f.slow.of),
            mark: reached(f.slow.reached(SLOW)),
        },
        Tile {
            label: "平均多久接",
            figure: f.mean_ms.map_or_else(|| "—".into(), |ms| (ms / 1000).to_string()),
            unit: if f.mean_ms.is_some() { "秒" } else { "" },
            note: match f.arrival_ms {
                Some(ms) => format!("到场中位 {}", minutes_zh(ms)),
                None => "还没有到场的".into(),
            },
            mark: None,
        },
        Tile {
            label: "写明结果",
            figure: f.caused.to_string(),
            unit: "件",
            note: if f.calls == f.caused {
                "全部关单".into()
            } else {
                format!("还有 {} 件没关", f.calls - f.caused)
            },
            mark: match (f.calls == f.caused, now_month) {
                (true, _) if f.calls > 0 => Some(("ok", "完成")),
                (false, true) => Some(("doing", "在办")),
                (false, false) => Some(("warn", "没关完")),
                _ => None,
            },
        },
    ]
}

fn heading(f: &Figures, zh: &str) -> String {
    if f.calls == 0 {
        return format!("{zh}没有报警");
    }
    let mut short = Vec::new();
    if f.fast.reached(FAST) == Some(false) {
        short.push(format!("60 秒没达标，差 {} 个", f.fast.missing(FAST)));
    }
    if f.slow.reached(SLOW) == Some(false) {
        short.push(format!("180 秒没达标，差 {} 个", f.slow.missing(SLOW)));
    }
    if short.is_empty() { format!("{zh}接听：达标") } else { format!("{zh}接听：{}", short.join("；")) }
}

fn line(c: &Call, now: kernel::Instant) -> Line {
    Line {
        id: c.case.to_string(),
        no: c.no.clone(),
        at: format!("{} {}", c.opened_at.date().md(), c.opened_at.hhmm()),
        name: c.elder_name.clone(),
        about: c.about.clone(),
        kind: kind_zh(c.kind),
        waited: match c.answered_at {
            Some(_) => minutes_zh(c.waited_ms(now)),
            None => format!("{} 还没接", minutes_zh(c.waited_ms(now))),
        },
        reason: c.slow.as_ref().map(|s| s.1.clone()).unwrap_or_default(),
        class: c.slow.as_ref().map(|s| s.0.zh().to_string()).unwrap_or_default(),
        cause: c.cause.map_or_else(|| "还没关".into(), |x| x.zh().to_string()),
        explained: c.slow.is_some(),
    }
}

pub(super) async fn page(State(app): State<App>, viewer: Viewer, Query(ask): Query<Ask>) -> web::Result<Response> {
    let now = app.now();
    let this = now.date().month_of();
    let month: Month = ask.month.parse().ok().filter(|m: &Month| *m <= this).unwrap_or(this);
    let (from, to) = (month.first_day().at(0, 0), month.next().first_day().at(0, 0));
    let calls = service::calls(app.db(), &viewer.scope, from, to).await?;
    let f = figures(&calls, now);
    let over = exceptions(&calls, now);
    let zh = format!("{} 月", month.first_day().month());
    if ask.export == "xlsx" {
        return export(&app, &viewer, &month.to_string(), &calls, now).await;
    }
    let most = f.hours.iter().map(|h| h.calls).max().unwrap_or(0).max(4);
    let top = (most + 3) / 4 * 4;
    let (mut bars, mut dots) = (Vec::new(), Vec::new());
    for (hour, h) in f.hours.iter().enumerate() {
        let x = LEFT + hour as i64 * STEP;
        let height = h.calls * (LOWER.1 - LOWER.0) / top;
        bars.push(Bar {
            x,
            y: LOWER.1 - height,
            h: height,
            over: h.over,
            over_y: LOWER.1 - height - 5,
            say: format!("{hour} 时 {} 件，60 秒内 {}%，超 180 秒 {} 件", h.calls, h.fast.percent(), h.over),
        });
        if let Some(p) = h.fast.permille() {
            dots.push(Dot { x: x + 12, y: share_y(p), bad: p < FAST.goal_permille });
        }
    }
    let path = dots
        .iter()
        .enumerate()
        .map(|(i, d)| format!("{}{} {}", if i == 0 { "M" } else { "L" }, d.x, d.y))
        .collect::<Vec<_>>()
        .join(" ");
    let mut worst: Vec<(usize, i64)> = f
        .hours
        .iter()
        .enumerate()
        .filter_map(|(h, v)| v.fast.permille().filter(|p| *p < FAST.goal_permille).map(|p| (h, p)))
        .collect();
    worst.sort_by_key(|(h, p)| (*p, *h));
    let slow_hours = worst.iter().take(3).map(|(h, _)| format!("{h} 时")).collect::<Vec<_>>().join("、");
    let lines: Vec<Line> = over.iter().map(|c| line(c, now)).collect();
    let unexplained = lines.iter().filter(|l| !l.explained).count();
    let mut why: Vec<(String, i64, i64)> = SlowClass::ALL
        .iter()
        .map(|k| {
            (k.zh().to_string(), over.iter().filter(|c| c.slow.as_ref().is_some_and(|s| s.0 == *k)).count() as i64)
        })
        .chain(std::iter::once(("还没写".to_string(), unexplained as i64)))
        .filter(|(_, n)| *n > 0)
        .map(|(w, n)| (w, n, n * 100 / (lines.len().max(1) as i64)))
        .collect();
    why.sort_by_key(|(_, n, _)| -n);
    let total: i64 = f.causes.iter().map(|(_, n)| n).sum();
    let biggest = f.causes.first().map_or(1, |(_, n)| *n).max(1);
    let view = FiguresPage {
        heading: heading(&f, &zh),
        month: month.to_string(),
        month_zh: format!("{} 年 {} 月", month.first_day().year(), month.first_day().month()),
        before: month.plus(-1).to_string(),
        after: (month < this).then(|| month.next().to_string()),
        tiles: tiles(&f, month == this),
        bars,
        dots,
        path,
        goal_y: share_y(FAST.goal_permille),
        top,
        slow_hours,
        causes: f
            .causes
            .iter()
            .map(|(c, n)| {
                let permille = n * 1000 / total.max(1);
                (c.zh().to_string(), *n, n * 100 / biggest, format!("{}.{}%", permille / 10, permille % 10))
            })
            .collect(),
        total,
        lines,
        unexplained,
        classes: SlowClass::options(),
        why,
        may: viewer.may(Permission::SafetyHandle),
        page: Page::new(&app, &viewer, format!("{zh}接听")).at("/safety/figures").flash(done(Some(&ask.done))),
    };
    html(&view)
}

const EXPORTED: audit::Action = audit::Action::new("safety.figures_exported", "导出接听月报");

/// All alarms of the month with their times: what the figures are made of.
async fn export(
    app: &App,
    viewer: &Viewer,
    month: &str,
    calls: &[Call],
    now: kernel::Instant,
) -> web::Result<Response> {
    let columns = ["单号", "老人", "报警", "什么时候", "接听等了（秒）", "到场（秒）", "最后是", "为什么慢"];
    let columns = columns
        .iter()
        .enumerate()
        .map(|(i, c)| if (4..6).contains(&i) { papers::Column::int(*c) } else { papers::Column::text(*c) })
        .collect();
    let sheet = papers::Sheet::new(format!("接听 {month}"), columns).titled(format!("{month} 接听明细"));
    let rows = calls.iter().map(|c| {
        vec![
            papers::Cell::from(c.no.clone()),
            c.elder_name.clone().into(),
            kind_zh(c.kind).to_string().into(),
            c.opened_at.stamp_seconds().into(),
            (c.waited_ms(now) / 1000).into(),
            c.arrived_at.map_or(0, |t| t.since(c.opened_at) / 1000).into(),
            c.cause.map_or("", crate::model::Cause::zh).to_string().into(),
            c.slow.as_ref().map(|s| format!("{}：{}", s.0.zh(), s.1)).unwrap_or_default().into(),
        ]
    });
    let file =
        papers::export(papers::Format::Xlsx, sheet, app.clock().today(), rows).map_err(kernel::Error::internal)?;
    let tx = app.db().begin().await?;
    let entry = audit::Entry::new(EXPORTED, "list", format!("figures:{month}"))
        .region(viewer.scope.region)
        .detail(serde_json::json!({ "rows": calls.len() }));
    audit::record(&tx, &viewer.actor(), entry).await?;
    tx.commit().await?;
    Ok(sheet_response(&format!("接听明细-{month}"), file))
}

/// Why one waited over 180 s.
pub(super) async fn slow(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = case_id(&id)?;
    let c = service::record(app.db(), &viewer.full_scope, case).await?;
    let class = form.choice("class", "归类", SlowClass::parse);
    let reason = form.text("reason", "为什么慢", 100);
    form.done()?;
    if let Some(class) = class {
        service::explain_slow(app.db(), &viewer.actor(), case, class, &reason).await?;
    }
    ring(&app);
    Ok(to(format!("/safety/figures?month={}&done=slow", c.opened_at.date().month_of())))
}
