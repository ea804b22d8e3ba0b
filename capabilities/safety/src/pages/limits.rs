//! `/safety/elders/{id}/limits`: the levels the watch goes by for one person.
use super::{Done, again, done, parsed, staff, to, to_correct};
use crate::model::chart::figure;
use crate::service::{self, Change, Edit, FIGURES, Limits};
use askama::Template;
use kernel::{ElderId, FieldError};
use std::str::FromStr;
use vigil::{Home, Levels, SOURCES, Span, Vitals};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

pub(super) struct Line {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) what: String,
}

pub(super) fn lines(changes: &[Change]) -> Vec<Line> {
    changes.iter().map(|c| Line { at: c.at.stamp(), by: c.by.clone(), what: c.what.clone() }).collect()
}

struct Figure {
    code: &'static str,
    word: &'static str,
    unit: &'static str,
    values: [(String, String); 4],
    wrong: bool,
}

#[derive(Template)]
#[template(path = "safety/limits.html")]
struct LimitsPage {
    page: Page,
    elder: String,
    name: String,
    version: i64,
    figures: Vec<Figure>,
    form: Form,
    sources: Vec<(&'static str, &'static str, &'static str)>,
    changes: Vec<Line>,
}

const ENDS: [(&str, &str); 4] = [("lu", "低到紧急"), ("lw", "低到提醒"), ("hw", "高到提醒"), ("hu", "高到紧急")];
type Minutes = fn(&mut Home) -> &mut Option<u16>;
/// Minutes of the home's rules: field, and where it stands.
const HOME: [(&str, Minutes); 5] = [
    ("left_bed", |h| &mut h.left_bed),
    ("no_motion", |h| &mut h.no_motion),
    ("door_open", |h| &mut h.door_open),
    ("door_open_night", |h| &mut h.door_open_night),
    ("away_home", |h| &mut h.away),
];

const fn unit(code: &str) -> &'static str {
    match code.as_bytes() {
        b"systolic" | b"diastolic" => "mmHg",
        b"spo2" => "%",
        b"temperature" => "℃",
        b"glucose" => "mmol/L",
        _ => "次/分",
    }
}

fn ends(l: &Levels) -> [Option<i32>; 4] {
    [l.low_urgent, l.low_watch, l.high_watch, l.high_urgent]
}

pub(super) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

pub(super) fn minute(text: &str) -> Option<u16> {
    let (h, m) = text.trim().split_once(':')?;
    let (h, m) = (h.parse::<u16>().ok()?, m.get(..2)?.parse::<u16>().ok()?);
    (h < 24 && m < 60).then_some(h * 60 + m)
}

/// What stands in the form when it is opened.
fn filled(l: &Limits) -> Form {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let (mut vitals, mut home) = (l.settings.vitals.clone(), l.settings.home.clone());
    for (code, _, pick, tenths) in FIGURES {
        for ((end, _), v) in ENDS.iter().zip(ends(pick(&mut vitals))) {
            pairs.push((format!("{code}_{end}"), v.map(|v| figure(v, tenths)).unwrap_or_default()));
        }
    }
    for (field, pick) in HOME {
        pairs.push((field.into(), pick(&mut home).map(|m| m.to_string()).unwrap_or_default()));
    }
    pairs.push(("night_from".into(), clock(home.night.from)));
    pairs.push(("night_to".into(), clock(home.night.to)));
    pairs.push(("battery".into(), l.settings.battery_low.to_string()));
    for (field, on) in [("scale2", vitals.spo2_scale2), ("trend", vitals.trend), ("routine", home.routine)] {
        if on {
            pairs.push((field.into(), "1".into()));
        }
    }
    Form::from_pairs(pairs)
}

/// `36.8` in tenths, `72` as it is.
fn level(text: &str, tenths: bool) -> Result<Option<i32>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if !tenths {
        return i32::from_str(text).map(Some).map_err(|_| ());
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let (whole, part) = (whole.parse::<i32>().map_err(|_| ())?, part.parse::<i32>().map_err(|_| ())?);
    if (0..10).contains(&part) && (0..1_000).contains(&whole) { Ok(Some(whole * 10 + part)) } else { Err(()) }
}

/// What was typed, over what holds.
fn typed(form: &mut Form, l: &Limits) -> Edit {
    let (mut vitals, mut home): (Vitals, Home) = (l.settings.vitals.clone(), l.settings.home.clone());
    for (code, word, pick, tenths) in FIGURES {
        let mut got = [None; 4];
        for (i, (end, _)) in ENDS.iter().enumerate() {
            match level(form.raw(&format!("{code}_{end}")), tenths) {
                Ok(v) => got[i] = v,
                Err(()) => form.error(code, format!("{word}的界限写数字，不看就空着")),
            }
        }
        let [low_urgent, low_watch, high_watch, high_urgent] = got;
        *pick(&mut vitals) = Levels { low_urgent, low_watch, high_watch, high_urgent };
    }
    for (field, pick) in HOME {
        let text = form.raw(field).trim().to_string();
        match text.parse::<u16>() {
            Ok(m) if (1..=2_880).contains(&m) => *pick(&mut home) = Some(m),
            _ if text.is_empty() => *pick(&mut home) = None,
            _ => form.error(field, "写 1 到 2880 分钟，不看就空着"),
        }
    }
    match (minute(form.raw("night_from")), minute(form.raw("night_to"))) {
        (Some(from), Some(to)) => home.night = Span { from, to },
        _ => form.error("night_from", "写夜里从几点到几点，如 22:00 到 06:00"),
    }
    let battery_low = form.need::<u8>("battery", "电量").unwrap_or(20);
    (vitals.spo2_scale2, vitals.trend, home.routine) =
        (form.checked("scale2"), form.checked("trend"), form.checked("routine"));
    Edit::Levels { vitals: Box::new(vitals), home: Box::new(home), battery_low }
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Option<Form>,
    flash: Option<String>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(id, "这位老人的档案")?;
    let l = service::limits(app.db(), &viewer.actor(), elder).await?;
    let form = form.unwrap_or_else(|| filled(&l));
    let view = LimitsPage {
        elder: l.card.id.to_string(),
        name: l.card.name.clone(),
        version: l.version,
        figures: FIGURES
            .iter()
            .map(|(code, word, ..)| Figure {
                code,
                word,
                unit: unit(code),
                values: ENDS.map(|(end, _)| (end.to_string(), form.raw(&format!("{code}_{end}")).to_string())),
                wrong: errors.iter().any(|e| e.field == *code),
            })
            .collect(),
        form,
        sources: SOURCES.iter().map(|s| (s.what, s.default, s.source)).collect(),
        changes: lines(&l.changes),
        page: staff(app, viewer, format!("{} 的界限", l.card.name)).flash(flash).errors(errors),
    };
    html(&view)
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    draw(&app, &viewer, &id, None, done(Some(&q.done)), Vec::new()).await
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    let l = service::limits(app.db(), &viewer.actor(), elder).await?;
    let edit = typed(&mut form, &l);
    let seen = form.need::<i64>("version", "版本").unwrap_or_default();
    let saved = match form.done() {
        Ok(()) => service::edit(app.db(), &viewer.actor(), elder, seen, edit).await,
        Err(e) => Err(e),
    };
    match saved {
        Ok(()) => Ok(to(format!("/safety/elders/{elder}/limits?done=limits"))),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, &id, Some(form), None, errors).await?))
        }
    }
}
