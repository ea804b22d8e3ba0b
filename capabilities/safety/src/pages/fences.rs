//! `/safety/elders/{id}/fences`: where somebody should or should not be, and when; and the extra watch over wandering.
use super::limits::{Line, clock, lines, minute};
use super::{again, done, parsed, staff, to, to_correct};
use crate::model::sketch::metres_zh;
use crate::model::track::{self, Track};
use crate::service::{self, Edit, Limits};
use askama::Template;
use kernel::{ElderId, FieldError, GeoPoint};
use vigil::{Fence, FenceRule, Schedule, Shape, Span, WanderingMode};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    fence: String,
    #[serde(default)]
    done: String,
}

struct Row {
    id: u16,
    name: String,
    rule: &'static str,
    shape: String,
    when: String,
    grace: u16,
}

/// Where the sketch lies on the earth, so that a click on it is a corner.
struct Ground {
    lat: String,
    lng: String,
    /// Metres a pixel.
    metre: String,
}

#[derive(Template)]
#[template(path = "safety/fences.html")]
struct FencesPage {
    page: Page,
    elder: String,
    name: String,
    version: i64,
    rows: Vec<Row>,
    track: Option<Track>,
    ground: Option<Ground>,
    form: Form,
    days: Vec<(String, &'static str, bool)>,
    editing: bool,
    home: bool,
    wandering: Option<(u32, u16)>,
    changes: Vec<Line>,
}

const fn rule_zh(r: FenceRule) -> &'static str {
    match r {
        FenceRule::StayInside => "应在里面",
        FenceRule::KeepOut => "不该进去",
    }
}

/// `每天 22:00–次日 06:00`
pub(super) fn when(f: &Fence) -> String {
    let s = f.schedule;
    let days = match s.weekdays & 0x7f {
        0x7f => "每天".to_string(),
        0x1f => "周一至周五".to_string(),
        0x60 => "周末".to_string(),
        bits => (0..7).filter(|d| bits & (1 << d) != 0).map(|d| DAYS[d]).collect::<Vec<_>>().join("、"),
    };
    let hours = match s.span.from.cmp(&s.span.to) {
        std::cmp::Ordering::Equal => "全天".to_string(),
        std::cmp::Ordering::Less => format!("{}–{}", clock(s.span.from), clock(s.span.to)),
        std::cmp::Ordering::Greater => format!("{}–次日 {}", clock(s.span.from), clock(s.span.to)),
    };
    format!("{days} {hours}")
}

fn degrees(p: GeoPoint) -> String {
    format!("{:.6},{:.6}", p.lat(), p.lng())
}

/// `23.300120,115.650300`, also with a Chinese comma or a blank between.
fn point(text: &str) -> Option<GeoPoint> {
    let mut parts = text.split([',', '，', ' ', '\t']).filter(|t| !t.is_empty());
    let (lat, lng) = (parts.next()?.parse::<f64>().ok()?, parts.next()?.parse::<f64>().ok()?);
    parts.next().is_none().then(|| GeoPoint::from_degrees(lat, lng)).flatten()
}

fn filled(f: Option<&Fence>, home: Option<GeoPoint>) -> Form {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut put = |k: &str, v: String| pairs.push((k.to_string(), v));
    let (from, to) = f.map_or((0, 0), |f| (f.schedule.span.from, f.schedule.span.to));
    put("fence", f.map(|f| f.id.to_string()).unwrap_or_default());
    put("name", f.map(|f| f.name.clone()).unwrap_or_default());
    put("rule", if f.is_some_and(|f| f.rule == FenceRule::KeepOut) { "out".into() } else { "in".into() });
    put("from", clock(from));
    put("to", clock(to));
    put("grace", f.map_or(5, |f| f.grace).to_string());
    match f.map(|f| &f.shape) {
        Some(Shape::Polygon(corners)) => {
            put("shape", "polygon".into());
            put("corners", corners.iter().map(|c| degrees(*c)).collect::<Vec<_>>().join("\n"));
            put("radius", "500".into());
        }
        Some(Shape::Circle { center, radius_m }) => {
            put("shape", "circle".into());
            put("centre", degrees(*center));
            put("radius", radius_m.to_string());
        }
        None => {
            put("shape", "circle".into());
            put("centre", home.map(degrees).unwrap_or_default());
            put("radius", "500".into());
        }
    }
    let days = f.map_or(0x7f, |f| f.schedule.weekdays);
    for d in (0..7).filter(|d| days & (1 << d) != 0) {
        put("weekday", d.to_string());
    }
    Form::from_pairs(pairs)
}

fn typed(form: &mut Form) -> Fence {
    let rule = match form.raw("rule") {
        "out" => FenceRule::KeepOut,
        _ => FenceRule::StayInside,
    };
    let nowhere = GeoPoint { lat_e6: 0, lng_e6: 0 };
    let shape = if form.raw("shape") == "polygon" {
        let text = form.raw("corners").to_string();
        let all: Vec<Option<GeoPoint>> = text.lines().filter(|l| !l.trim().is_empty()).map(point).collect();
        if let Some(wrong) = all.iter().position(Option::is_none) {
            form.error("corners", format!("第 {} 个角写成“纬度,经度”，如 23.30012,115.65030", wrong + 1));
        }
        Shape::Polygon(all.into_iter().flatten().collect())
    } else {
        let center = point(form.raw("centre"));
        if center.is_none() {
            form.error("centre", "圆心写成“纬度,经度”，如 23.30012,115.65030");
        }
        let radius_m = form.need::<u32>("radius", "半径").unwrap_or(500);
        Shape::Circle { center: center.unwrap_or(nowhere), radius_m }
    };
    let (from, to) = (minute(form.raw("from")), minute(form.raw("to")));
    if from.is_none() || to.is_none() {
        form.error("from", "写几点到几点，如 22:00 到 06:00；都一样就是全天");
    }
    let weekdays = form.all("weekday").iter().filter_map(|d| d.parse::<u8>().ok()).filter(|d| *d < 7);
    let weekdays = weekdays.fold(0, |bits, d| bits | 1 << d);
    Fence {
        id: form.raw("fence").parse().unwrap_or(0),
        name: form.raw("name").trim().to_string(),
        shape,
        rule,
        schedule: Schedule { weekdays, span: Span { from: from.unwrap_or(0), to: to.unwrap_or(0) } },
        grace: form.need::<u16>("grace", "宽限").unwrap_or(5),
    }
}

fn ground(l: &Limits) -> Option<Ground> {
    let plane = track::plane(&[], l.card.place, &l.settings.places.fences)?;
    Some(Ground {
        lat: format!("{:.6}", plane.centre.lat()),
        lng: format!("{:.6}", plane.centre.lng()),
        metre: format!("{:.4}", 1.0 / plane.scale),
    })
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Option<Form>,
    ask: &Ask,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(id, "这位老人的档案")?;
    let l = service::limits(app.db(), &viewer.actor(), elder).await?;
    let fences = &l.settings.places.fences;
    let wanted = ask.fence.parse::<u16>().ok().and_then(|n| fences.iter().find(|f| f.id == n));
    let form = form.unwrap_or_else(|| filled(wanted, l.card.place));
    let chosen = form.all("weekday").to_vec();
    let view = FencesPage {
        elder: l.card.id.to_string(),
        name: l.card.name.clone(),
        version: l.version,
        rows: fences
            .iter()
            .map(|f| Row {
                id: f.id,
                name: f.name.clone(),
                rule: rule_zh(f.rule),
                shape: match &f.shape {
                    Shape::Circle { radius_m, .. } => format!("圆，半径 {}", metres_zh(i64::from(*radius_m))),
                    Shape::Polygon(c) => format!("多边形，{} 个角", c.len()),
                },
                when: when(f),
                grace: f.grace,
            })
            .collect(),
        track: track::draw(&[], l.card.place, fences),
        ground: ground(&l),
        days: (0..7).map(|d| (d.to_string(), DAYS[d], chosen.contains(&d.to_string()))).collect(),
        editing: !form.raw("fence").is_empty(),
        form,
        home: l.card.place.is_some(),
        wandering: l.settings.places.wandering.map(|w| (w.radius_m, w.away)),
        changes: lines(&l.changes),
        page: staff(app, viewer, format!("{} 的围栏", l.card.name)).flash(done(Some(&ask.done))).errors(errors),
    };
    html(&view)
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> web::Result<Response> {
    draw(&app, &viewer, &id, None, &ask, Vec::new()).await
}

async fn change(app: &App, viewer: &Viewer, id: &str, mut form: Form, edit: Edit) -> web::Result<Response> {
    let elder = parsed::<ElderId>(id, "这位老人的档案")?;
    // Whose it is comes before what was typed: nobody learns from a form's faults that somebody exists.
    people::service::card(app.db(), &viewer.full_scope, elder).await?;
    let seen = form.need::<i64>("version", "版本").unwrap_or_default();
    let saved = match form.done() {
        Ok(()) => service::edit(app.db(), &viewer.actor(), elder, seen, edit).await,
        Err(e) => Err(e),
    };
    match saved {
        Ok(()) => Ok(to(format!("/safety/elders/{elder}/fences?done=fences"))),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(app, viewer, id, Some(form), &Ask::default(), errors).await?))
        }
    }
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let fence = typed(&mut form);
    change(&app, &viewer, &id, form, Edit::Fence(fence)).await
}

pub(super) async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let fence = form.raw("fence").parse().unwrap_or(0);
    change(&app, &viewer, &id, form, Edit::RemoveFence(fence)).await
}

pub(super) async fn wandering(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    let card = people::service::card(app.db(), &viewer.full_scope, elder).await?;
    let mode = if form.checked("on") {
        if card.place.is_none() {
            form.error("radius", "档案里没有家的坐标，先补上");
        }
        let (radius, away) = (form.need::<u32>("radius", "离家的距离"), form.need::<u16>("away", "离家的时间"));
        card.place.map(|home| WanderingMode { home, radius_m: radius.unwrap_or(0), away: away.unwrap_or(0) })
    } else {
        None
    };
    change(&app, &viewer, &id, form, Edit::Wandering(mode)).await
}
