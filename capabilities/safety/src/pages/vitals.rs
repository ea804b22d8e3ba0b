//! `/safety/elders/{id}/vitals`: what devices measured of an elder by day, week or month, with the person's own bands.
use super::{parsed, staff};
use crate::model::chart::{self, Chart, Frame, Line, Point, Span, Standing};
use crate::readings::{Hour, Stored, Telemetry};
use crate::service::{self, Look, Vitals};
use askama::Template;
use kernel::{CivilDate, ElderId, Instant, Permission};
use std::collections::BTreeMap;
use vigil::{Levels, Measure, MeasureKind};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Page, Viewer, html, sheet_response};

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    span: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    export: String,
}

/// The figures with a chart of their own, in this order.
const KINDS: [MeasureKind; 6] = [
    MeasureKind::HeartRate,
    MeasureKind::BloodPressure,
    MeasureKind::Spo2,
    MeasureKind::Temperature,
    MeasureKind::Glucose,
    MeasureKind::Respiration,
];
/// A page's table has at most so many rows; the file has all.
const ROWS: usize = 200;

struct Drawn {
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    chart: Chart,
}

struct Tile {
    label: &'static str,
    figure: String,
    note: String,
    standing: Standing,
}

struct Row {
    at: String,
    cells: Vec<(String, Standing)>,
}

#[derive(Template)]
#[template(path = "safety/vitals.html")]
struct VitalsPage {
    page: Page,
    elder: String,
    name: String,
    about: String,
    spans: Vec<(&'static str, &'static str, bool)>,
    span: &'static str,
    on: String,
    heading: String,
    before: String,
    after: Option<String>,
    shown: bool,
    tiles: Vec<Tile>,
    charts: Vec<Drawn>,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    cut: bool,
    may: bool,
}

/// First and last day shown.
fn days(span: Span, on: CivilDate) -> (CivilDate, CivilDate) {
    match span {
        Span::Day => (on, on),
        Span::Week => {
            let monday = (0..7).map(|i| on.plus_days(-i)).find(|d| d.weekday_zh() == "周一").unwrap_or(on);
            (monday, monday.plus_days(6))
        }
        Span::Month => {
            let month = on.month_of();
            (month.first_day(), month.last_day())
        }
    }
}

fn levels(v: &Vitals, kind: MeasureKind) -> Vec<(&'static str, Levels)> {
    let s = &v.settings.vitals;
    match kind {
        MeasureKind::HeartRate => vec![("心率", s.heart_rate)],
        MeasureKind::BloodPressure => vec![("收缩压", s.systolic), ("舒张压", s.diastolic)],
        MeasureKind::Spo2 => vec![("血氧", s.spo2)],
        MeasureKind::Temperature => vec![("体温", s.temperature)],
        MeasureKind::Glucose => vec![("血糖", s.glucose)],
        MeasureKind::Respiration => vec![("呼吸", s.respiration)],
        _ => Vec::new(),
    }
}

/// Lowest, middle and highest of both figures of a kind within one stretch of time.
#[derive(Clone, Copy)]
struct Cell {
    first: Point,
    second: Point,
}

fn joined(a: Point, b: Point, n: (i64, i64)) -> Point {
    let mid = (i64::from(a.mid) * n.0 + i64::from(b.mid) * n.1) / (n.0 + n.1).max(1);
    Point { at: a.at, lo: a.lo.min(b.lo), mid: mid as i32, hi: a.hi.max(b.hi) }
}

/// Everything of a kind in time slots; single readings are slots of their own when `slot` is 0.
fn cells(v: &Vitals, kind: MeasureKind, slot: i64) -> BTreeMap<Instant, Cell> {
    let mut out: BTreeMap<Instant, (Cell, i64)> = BTreeMap::new();
    let start = |at: Instant| match slot {
        0 => at,
        s => Instant((at.0 + Instant::ZONE_MS).div_euclid(s) * s - Instant::ZONE_MS),
    };
    let mut put = |at: Instant, n: i64, first: (i32, i32, i32), second: (i32, i32, i32)| {
        let at = start(at);
        let point = |(lo, mid, hi)| Point { at, lo, mid, hi };
        let new = Cell { first: point(first), second: point(second) };
        out.entry(at)
            .and_modify(|(c, m)| {
                c.first = joined(c.first, new.first, (*m, n));
                c.second = joined(c.second, new.second, (*m, n));
                *m += n;
            })
            .or_insert((new, n));
    };
    for s in v.whole.iter().filter(|s| s.what.kind == kind.number()) {
        let (a, b) = (s.what.a, s.what.b);
        put(s.at, 1, (a, a, a), (b, b, b));
    }
    for h in v.hours.iter().filter(|h| h.kind == kind.number() && h.n > 0) {
        let mean = |sum: i64| (sum / h.n) as i32;
        let b = mean(h.sum_b);
        put(h.at, h.n, (h.min, mean(h.sum), h.max), (b, b, b));
    }
    out.into_iter().map(|(at, (c, _))| (at, c)).collect()
}

/// What a day's counter grew by in each slot: watches count the steps of the day so far.
fn steps(v: &Vitals, slot: i64) -> Vec<(Instant, i32, i32)> {
    let all = cells(v, MeasureKind::Steps, Instant::HOUR);
    let (mut out, mut day, mut before): (BTreeMap<Instant, i32>, Option<CivilDate>, i32) = (BTreeMap::new(), None, 0);
    for (at, c) in all {
        if day != Some(at.date()) {
            (day, before) = (Some(at.date()), 0);
        }
        let key = if slot == Instant::DAY { at.date().at(0, 0) } else { at };
        *out.entry(key).or_default() += (c.first.hi - before).max(0);
        before = before.max(c.first.hi);
    }
    out.into_iter().map(|(at, n)| (at, n, 0)).collect()
}

/// The last night a device counted on each day.
fn sleep(v: &Vitals) -> Vec<(Instant, i32, i32)> {
    let mut out: BTreeMap<CivilDate, (Instant, i32, i32)> = BTreeMap::new();
    let kind = MeasureKind::Sleep.number();
    let whole = v.whole.iter().filter(|s| s.what.kind == kind).map(|s| (s.at, s.what));
    let hours = v.hours.iter().filter(|h| h.kind == kind).map(|h| (h.at, h.last));
    for (at, what) in whole.chain(hours) {
        out.insert(at.date(), (at, what.a, what.b));
    }
    out.into_values().collect()
}

fn charts(v: &Vitals, span: Span, from: Instant, to: Instant) -> Vec<Drawn> {
    let slot = slot(span);
    let mut out = Vec::new();
    for kind in KINDS {
        let all = cells(v, kind, slot);
        let lines: Vec<Line> = levels(v, kind)
            .into_iter()
            .enumerate()
            .map(|(i, (word, levels))| {
                let points = all.values().map(|c| if i == 0 { c.first } else { c.second }).collect();
                Line { word, points, levels }
            })
            .collect();
        if let Some(chart) = chart::lines(chart::frame(kind, span, from, to), &lines) {
            out.push(Drawn { id: kind.code(), title: kind.zh(), unit: kind.unit(), chart });
        }
    }
    let step_slot = if span == Span::Day { Instant::HOUR } else { Instant::DAY };
    let frame = |kind: MeasureKind, span| Frame { tenths: false, ..chart::frame(kind, span, from, to) };
    if let Some(chart) = chart::bars(frame(MeasureKind::Steps, span), "步数", &steps(v, step_slot)) {
        out.push(Drawn { id: "steps", title: "步数", unit: "步", chart });
    }
    // One night is one bar: on a day's page it is in the tile and the table.
    if span != Span::Day
        && let Some(chart) = chart::bars(frame(MeasureKind::Sleep, span), "睡眠", &sleep(v))
    {
        out.push(Drawn { id: "sleep", title: "睡眠", unit: "分钟，深色是深睡", chart });
    }
    out
}

const fn slot(span: Span) -> i64 {
    match span {
        Span::Day => 0,
        Span::Week => Instant::HOUR,
        Span::Month => Instant::DAY,
    }
}

fn tiles(v: &Vitals, now: Instant) -> Vec<Tile> {
    let kinds = KINDS.into_iter().chain([MeasureKind::Steps, MeasureKind::Sleep]);
    kinds
        .filter_map(|kind| {
            let s: &Stored = v.latest.iter().find(|s| s.what.kind == kind.number())?;
            let figures = [s.what.a, s.what.b];
            let all = levels(v, kind);
            let standing = all.iter().zip(figures).map(|((_, l), x)| Standing::of(l, x, x)).max();
            Some(Tile {
                label: kind.zh(),
                figure: Measure::decode(s.what)?.zh(),
                note: s.at.ago(now),
                standing: standing.unwrap_or(Standing::Well),
            })
        })
        .collect()
}

/// The same as the charts, to be read.
fn table(v: &Vitals, span: Span) -> (Vec<&'static str>, Vec<Row>) {
    // A table by the minute helps nobody: a day is read by the quarter of an hour.
    let slot = if span == Span::Day { 15 * Instant::MINUTE } else { slot(span) };
    let kinds: Vec<MeasureKind> = KINDS.into_iter().filter(|k| !cells(v, *k, slot).is_empty()).collect();
    let mut rows: BTreeMap<Instant, Vec<(String, Standing)>> = BTreeMap::new();
    let width = kinds.len() + 2;
    let blank = || vec![(String::new(), Standing::Well); width];
    for (i, kind) in kinds.iter().enumerate() {
        let levels = levels(v, *kind);
        for (at, c) in cells(v, *kind, slot) {
            let tenths = kind.tenths();
            let mut text = chart::range(c.first.lo, c.first.hi, tenths);
            let mut standing = Standing::of(&levels[0].1, c.first.lo, c.first.hi);
            if let Some((_, second)) = levels.get(1) {
                text = format!("{text} / {}", chart::range(c.second.lo, c.second.hi, tenths));
                standing = standing.max(Standing::of(second, c.second.lo, c.second.hi));
            }
            rows.entry(at).or_insert_with(blank)[i] = (text, standing);
        }
    }
    let step_slot = if span == Span::Month { Instant::DAY } else { Instant::HOUR };
    for (at, n, _) in steps(v, step_slot) {
        rows.entry(at).or_insert_with(blank)[width - 2] = (n.to_string(), Standing::Well);
    }
    for (at, minutes, deep) in sleep(v) {
        let at = if span == Span::Month { at.date().at(0, 0) } else { at };
        let text = format!("{} 小时 {} 分，深睡 {deep} 分", minutes / 60, minutes % 60);
        rows.entry(at).or_insert_with(blank)[width - 1] = (text, Standing::Well);
    }
    let heads = kinds.iter().map(|k| k.zh()).chain(["步数", "睡眠"]).collect();
    let word = |at: Instant| if span == Span::Month { at.date().to_string() } else { at.stamp() };
    (heads, rows.into_iter().rev().map(|(at, cells)| Row { at: word(at), cells }).collect())
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    let telemetry = &app.thing::<Telemetry>()?.0;
    let (now, today) = (app.now(), app.clock().today());
    let span = Span::parse(&ask.span).unwrap_or(Span::Day);
    let on = ask.on.parse::<CivilDate>().ok().filter(|d| *d <= today).unwrap_or(today);
    let (from, to) = days(span, on);
    let export = ask.export == "xlsx";
    let look = Look { elder, from, to, export };
    let whole = span == Span::Day || export;
    let v = service::vitals(app.db(), telemetry, &viewer.actor(), look, whole).await?;
    if export {
        return sheet(&app, &v, from, to);
    }
    let (heads, mut rows) = table(&v, span);
    let cut = rows.len() > ROWS;
    rows.truncate(ROWS);
    let view = VitalsPage {
        elder: v.card.id.to_string(),
        name: v.card.name.clone(),
        about: format!("{} {} 岁", v.card.sex.zh(), v.card.birth.age_on(today)),
        spans: Span::ALL.into_iter().map(|s| (s.code(), s.zh(), s == span)).collect(),
        span: span.code(),
        on: on.to_string(),
        heading: match span {
            Span::Day => format!("{from} {}", from.weekday_zh()),
            Span::Week => format!("{from} 至 {to}"),
            Span::Month => from.month_of().to_string(),
        },
        before: from.plus_days(-1).to_string(),
        after: (to < today).then(|| to.plus_days(1).to_string()),
        shown: v.consent.full(),
        tiles: tiles(&v, now),
        charts: charts(&v, span, from.at(0, 0), to.plus_days(1).at(0, 0)),
        heads,
        rows,
        cut,
        may: viewer.may(Permission::SafetyPrepare),
        page: staff(&app, &viewer, format!("{} 的体征", v.card.name)),
    };
    html(&view)
}

/// Every reading as it was taken; of days kept as hours, the hours.
fn sheet(app: &App, v: &Vitals, from: CivilDate, to: CivilDate) -> web::Result<Response> {
    let columns = ["时间", "指标", "数值", "单位", "次数", "最低", "最高"];
    let columns =
        columns.iter().map(|c| if *c == "次数" { papers::Column::int(*c) } else { papers::Column::text(*c) }).collect();
    let title = format!("{} 体征 {from} 至 {to}", v.card.name);
    let sheet = papers::Sheet::new("体征", columns).titled(title.clone()).note(format!("{} 导出", app.now().stamp()));
    let known = |kind: u8| {
        let all = KINDS.into_iter().chain([MeasureKind::Steps, MeasureKind::Sleep]);
        all.into_iter().find(|k| k.number() == kind)
    };
    let single = v.whole.iter().filter_map(|s: &Stored| {
        let kind = known(s.what.kind)?;
        let text = match kind {
            MeasureKind::BloodPressure | MeasureKind::Sleep => format!("{}/{}", s.what.a, s.what.b),
            _ => chart::figure(s.what.a, kind.tenths()),
        };
        let (at, unit) = (s.at.stamp_seconds(), kind.unit());
        Some(vec![at.into(), kind.zh().into(), text.into(), unit.into(), 1_i64.into(), "".into(), "".into()])
    });
    let hours = v.hours.iter().filter_map(|h: &Hour| {
        let kind = known(h.kind).filter(|_| h.n > 0)?;
        let mean = |sum: i64| chart::figure((sum / h.n) as i32, kind.tenths());
        let text = match kind {
            MeasureKind::BloodPressure => format!("{}/{}", mean(h.sum), mean(h.sum_b)),
            MeasureKind::Sleep => format!("{}/{}", h.last.a, h.last.b),
            MeasureKind::Steps => h.max.to_string(),
            _ => mean(h.sum),
        };
        let edge = |x: i32| papers::Cell::from(chart::figure(x, kind.tenths()));
        Some(vec![
            h.at.stamp().into(),
            kind.zh().into(),
            text.into(),
            kind.unit().into(),
            h.n.into(),
            edge(h.min),
            edge(h.max),
        ])
    });
    let rows: Vec<Vec<papers::Cell<'_>>> = single.chain(hours).collect();
    let file =
        papers::export(papers::Format::Xlsx, sheet, app.clock().today(), rows).map_err(kernel::Error::internal)?;
    Ok(sheet_response(&title, file))
}
