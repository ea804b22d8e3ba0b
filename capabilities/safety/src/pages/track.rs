//! `/safety/elders/{id}/track`: the way of a day on a sketch, and as a list.
use super::{parsed, staff};
use crate::model::sketch::metres_zh;
use crate::model::track::{self, At, Doubt, Track};
use crate::readings::Telemetry;
use crate::service::{self, Look};
use askama::Template;
use kernel::{CivilDate, ElderId, Permission};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Page, Viewer, html, sheet_response};

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    on: String,
    #[serde(default)]
    export: String,
}

pub(super) struct Row {
    pub(super) time: String,
    pub(super) source: &'static str,
    pub(super) accuracy: String,
    pub(super) from_home: String,
    pub(super) doubt: &'static str,
    pub(super) bad: bool,
    pub(super) geo: String,
    /// How long nothing came before it.
    pub(super) gap: String,
}

#[derive(Template)]
#[template(path = "safety/track.html")]
struct TrackPage {
    page: Page,
    elder: String,
    name: String,
    about: String,
    on: String,
    heading: String,
    before: String,
    after: Option<String>,
    shown: bool,
    last: Option<(String, String)>,
    track: Option<Track>,
    rows: Vec<Row>,
    count: usize,
    fences: Vec<(String, String)>,
    may: bool,
}

pub(super) fn geo(p: kernel::GeoPoint) -> String {
    format!("geo:{:.6},{:.6}", p.lat(), p.lng())
}

/// Newest first.
pub(super) fn rows(all: &[At], home: Option<kernel::GeoPoint>) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::with_capacity(all.len());
    for (i, f) in all.iter().enumerate() {
        let silent = i.checked_sub(1).map_or(0, |before| f.at.since(all[before].at));
        out.push(Row {
            time: f.at.stamp_seconds(),
            source: f.source.zh(),
            accuracy: format!("约 {}", metres_zh(f.accuracy_m)),
            from_home: home.map(|h| metres_zh(f.place.distance_m(h).round() as i64)).unwrap_or_default(),
            doubt: f.doubt.map_or("", Doubt::zh),
            bad: f.doubt.is_some_and(Doubt::place),
            geo: geo(f.place),
            gap: if silent > track::GAP_MS { track::minutes(silent) } else { String::new() },
        });
    }
    out.reverse();
    out
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    let telemetry = &app.thing::<Telemetry>()?.0;
    let today = app.clock().today();
    let on = ask.on.parse::<CivilDate>().ok().filter(|d| *d <= today).unwrap_or(today);
    let export = ask.export == "xlsx";
    let look = Look { elder, from: on, to: on, export };
    let w = service::way(app.db(), telemetry, &viewer.actor(), look).await?;
    let all = track::fixes(w.said.iter().map(|s| (s.at, s.received, s.what)));
    if export {
        return sheet(&app, &w.card.name, on, &all);
    }
    let thin = track::thinned(&all);
    let view = TrackPage {
        elder: w.card.id.to_string(),
        name: w.card.name.clone(),
        about: format!("{} {} 岁", w.card.sex.zh(), w.card.birth.age_on(today)),
        on: on.to_string(),
        heading: format!("{on} {}", on.weekday_zh()),
        before: on.plus_days(-1).to_string(),
        after: (on < today).then(|| on.plus_days(1).to_string()),
        shown: w.consent.full(),
        last: w.last.map(|f| (format!("{}，误差约 {} 米", f.at.stamp_seconds(), f.accuracy_m), geo(f.point))),
        track: track::draw(&thin, w.home, &w.fences),
        rows: rows(&thin, w.home),
        count: all.len(),
        fences: w.fences.iter().map(|f| (f.name.clone(), super::fences::when(f))).collect(),
        may: viewer.may(Permission::SafetyPrepare),
        page: staff(&app, &viewer, format!("{} 的轨迹", w.card.name)),
    };
    html(&view)
}

fn sheet(app: &App, name: &str, on: CivilDate, all: &[At]) -> web::Result<Response> {
    let columns = ["时间", "收到", "北纬", "东经", "误差（米）", "怎么定的", "要留意"];
    let columns = columns
        .iter()
        .map(|c| if c.starts_with("误差") { papers::Column::int(*c) } else { papers::Column::text(*c) })
        .collect();
    let title = format!("{name} 轨迹 {on}");
    let sheet = papers::Sheet::new("轨迹", columns).titled(title.clone()).note(format!("{} 导出", app.now().stamp()));
    let rows = all.iter().map(|f| {
        vec![
            papers::Cell::from(f.at.stamp_seconds()),
            f.received.stamp_seconds().into(),
            format!("{:.6}", f.place.lat()).into(),
            format!("{:.6}", f.place.lng()).into(),
            f.accuracy_m.into(),
            f.source.zh().into(),
            f.doubt.map_or("", Doubt::zh).into(),
        ]
    });
    let file =
        papers::export(papers::Format::Xlsx, sheet, app.clock().today(), rows).map_err(kernel::Error::internal)?;
    Ok(sheet_response(&title, file))
}
