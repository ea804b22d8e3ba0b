//! Who is on duty, the ladder, desks and gateways.
use super::{Done, again, done, parsed, staff, to, to_correct};
use crate::model::{Duty, Ladder, RosterId, RosterLine, Rung};
use crate::service::{self, NewDuty};
use askama::Template;
use kernel::{CivilDate, FieldError, Permission, Phone, RegionCode, Tier};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Line {
    id: String,
    name: String,
    duty: &'static str,
    region: String,
    hours: String,
    phone: String,
    now: bool,
    away: String,
    until: String,
}

struct Desk {
    name: String,
    word: &'static str,
    mark: &'static str,
    seen: String,
}

struct Gate {
    name: String,
    note: String,
    word: String,
    mark: &'static str,
}

#[derive(Template)]
#[template(path = "safety/duty.html")]
struct DutyPage {
    page: Page,
    lines: Vec<Line>,
    rungs: Vec<(String, &'static str, String)>,
    again: i64,
    own_ladder: bool,
    place: String,
    desks: Vec<Desk>,
    gates: Vec<Gate>,
    may: bool,
}

fn line(app: &App, l: RosterLine) -> Line {
    let now = app.now();
    Line {
        now: l.on_duty(now),
        hours: l.hours_zh(),
        duty: l.duty.zh(),
        region: app.regions().name(&l.region),
        phone: l.phone_masked,
        away: l.away_until.filter(|u| *u > now).map(|u| u.stamp()).unwrap_or_default(),
        until: l.until.map(|u| u.to_string()).unwrap_or_default(),
        name: l.name,
        id: l.id.to_string(),
    }
}

pub(super) async fn page(State(app): State<App>, viewer: Viewer, Query(q): Query<Done>) -> web::Result<Response> {
    let db = app.db();
    let here = *viewer.region();
    let lines = service::roster(db, &viewer.scope).await?.into_iter().map(|l| line(&app, l)).collect();
    let (ladder, own_ladder) = service::ladder(db, &here).await?;
    let rungs = service::roster_now(db, &here).await?;
    let now = app.now();
    let desks = service::desks(db, &here).await?;
    let all = service::gateways(db).await?;
    let view = DutyPage {
        lines,
        rungs: rungs
            .into_iter()
            .map(|(r, names)| {
                let who = if names.is_empty() { "现在没人，直接到下一级".into() } else { names.join("、") };
                (format!("{} 秒", r.after_s), r.duty.zh(), who)
            })
            .collect(),
        again: ladder.again_s / 60,
        own_ladder,
        place: app.regions().name(&here),
        desks: desks
            .into_iter()
            .map(|d| Desk {
                name: d.name,
                word: if d.ready { "示闲" } else { "小休" },
                mark: if d.ready { "ok" } else { "note" },
                seen: d.seen_at.ago(now),
            })
            .collect(),
        gates: all
            .into_iter()
            .filter(|g| here.contains(&g.region) || g.region.contains(&here))
            .map(|g| {
                let silent = now.since(g.seen_at) > service::GATEWAY_MS;
                Gate {
                    word: if silent { format!("断了，最后 {}", g.seen_at.stamp()) } else { "在线".into() },
                    mark: if silent { "danger" } else { "ok" },
                    name: g.name,
                    note: g.note,
                }
            })
            .collect(),
        may: viewer.may(Permission::SafetyArrange),
        page: staff(&app, &viewer, "值班与升级").flash(done(Some(&q.done))),
    };
    html(&view)
}

#[derive(Template)]
#[template(path = "safety/duty_new.html")]
struct NewPage {
    page: Page,
    form: Form,
    regions: Vec<(String, String)>,
    duties: Vec<(&'static str, &'static str)>,
    days: Vec<(String, &'static str, bool)>,
}

/// The regions one may put somebody in charge of: here, above within the account, and below.
pub(super) fn region_choices(app: &App, viewer: &Viewer) -> Vec<(String, String)> {
    let book = app.regions();
    let here = viewer.scope.region;
    let mut out: Vec<RegionCode> =
        book.path(&here).into_iter().map(|r| r.code).filter(|c| viewer.full_scope.covers(c)).collect();
    if !out.contains(&here) {
        out.push(here);
    }
    out.extend(book.children(&here));
    out.into_iter().map(|c| (c.to_string(), book.name(&c))).collect()
}

fn new_form(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    const NAMES: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let chosen = form.all("weekday").to_vec();
    let first = errors.is_empty() && chosen.is_empty();
    let days =
        NAMES.iter().enumerate().map(|(i, n)| (i.to_string(), *n, first || chosen.contains(&i.to_string()))).collect();
    let view = NewPage {
        regions: region_choices(app, viewer),
        duties: Duty::options().into_iter().filter(|(c, _)| !matches!(*c, "desk" | "family")).collect(),
        days,
        form,
        page: staff(app, viewer, "排值班").errors(errors),
    };
    html(&view)
}

pub(super) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let today = app.clock().today().to_string();
    let pairs = [("since", today.as_str()), ("from", "08:00"), ("to", "20:00")];
    let form = Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v.to_string())));
    new_form(&app, &viewer, form, Vec::new())
}

/// `08:00` in minutes.
fn minutes(text: &str) -> Option<i64> {
    let (h, m) = text.trim().split_once([':', '：'])?;
    let (h, m): (i64, i64) = (h.parse().ok()?, m.parse().ok()?);
    ((0..24).contains(&h) && (0..60).contains(&m)).then_some(h * 60 + m)
}

pub(super) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let region = form.need::<RegionCode>("region", "管哪里");
    let duty = form.choice("duty", "值什么班", Duty::parse);
    let name = form.text("name", "姓名", 40);
    let phone = form.need::<Phone>("phone", "电话");
    let since = form.need::<CivilDate>("since", "起期");
    let until = form.parse::<CivilDate>("until");
    let (from, till) = (minutes(form.raw("from")), minutes(form.raw("to")));
    for (field, got) in [("from", from), ("to", till)] {
        if got.is_none() {
            form.error(field, "钟点写成 08:00 这样");
        }
    }
    let weekdays = form.all("weekday").iter().filter_map(|d| d.parse::<u32>().ok()).filter(|d| *d < 7);
    let weekdays = weekdays.fold(0_i64, |bits, d| bits | 1 << d);
    if weekdays == 0 {
        form.error("weekday", "至少选一天");
    }
    let done = async {
        form.done()?;
        match (region, duty, phone, since, from, till) {
            (Some(region), Some(duty), Some(phone), Some(since), Some(from_minute), Some(to_minute)) => {
                let new =
                    NewDuty { region, duty, name, phone, user: None, weekdays, from_minute, to_minute, since, until };
                service::add_duty(app.db(), &viewer.actor(), new).await.map(|_| ())
            }
            _ => Err(kernel::Error::refused("没有填全")),
        }
    };
    match done.await {
        Ok(()) => Ok(to("/safety/duty?done=duty")),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(new_form(&app, &viewer, form, errors)?))
        }
    }
}

pub(super) async fn end(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::end_duty(app.db(), &viewer.actor(), parsed::<RosterId>(&id, "这条值班")?).await?;
    Ok(to("/safety/duty?done=removed"))
}

/// On leave until the end of a day; an empty day ends it.
pub(super) async fn away(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let day = form.parse::<CivilDate>("until");
    form.done()?;
    let until = day.map(|d| d.plus_days(1).at(0, 0));
    service::away(app.db(), &viewer.actor(), parsed::<RosterId>(&id, "这条值班")?, until).await?;
    Ok(to("/safety/duty?done=duty"))
}

#[derive(Template)]
#[template(path = "safety/ladder.html")]
struct LadderPage {
    page: Page,
    place: String,
    rows: Vec<(usize, String, String)>,
    again_s: String,
    duties: Vec<(&'static str, &'static str)>,
}

/// Rows of the form: those there are and two to add.
const ROWS: usize = 6;

fn ladder_form(
    app: &App,
    viewer: &Viewer,
    rows: Vec<(String, String)>,
    again_s: String,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let here = place_of(viewer);
    let mut rows = rows;
    rows.resize(ROWS, (String::new(), String::new()));
    let view = LadderPage {
        place: app.regions().name(&here),
        rows: rows.into_iter().enumerate().map(|(i, (s, d))| (i + 1, s, d)).collect(),
        again_s,
        duties: Duty::options(),
        page: staff(app, viewer, "升级阶梯").errors(errors),
    };
    html(&view)
}

/// A village has the ladder of its town.
fn place_of(viewer: &Viewer) -> RegionCode {
    let here = *viewer.region();
    if here.tier() == Tier::Village { here.at(Tier::Town) } else { here }
}

pub(super) async fn ladder_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let (l, _) = service::ladder(app.db(), &place_of(&viewer)).await?;
    let rows = l.rungs.iter().map(|r| (r.after_s.to_string(), r.duty.code().to_string())).collect();
    ladder_form(&app, &viewer, rows, l.again_s.to_string(), Vec::new())
}

pub(super) async fn ladder(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let typed: Vec<(String, String)> = (1..=ROWS)
        .map(|i| (form.raw(&format!("after{i}")).to_string(), form.raw(&format!("duty{i}")).to_string()))
        .collect();
    let mut rungs = Vec::new();
    for (i, (after, duty)) in typed.iter().enumerate() {
        match (after.trim().parse::<i64>(), Duty::parse(duty)) {
            (Ok(after_s), Some(duty)) => rungs.push(Rung { after_s, duty }),
            _ if after.trim().is_empty() && duty.is_empty() => {}
            _ => form.error(&format!("after{}", i + 1), format!("第 {} 级没填全：多少秒、通知谁", i + 1)),
        }
    }
    let again_s = form.need::<i64>("again", "再响间隔").unwrap_or_default();
    let done = async {
        form.done()?;
        let ladder = Ladder { region: place_of(&viewer), rungs, again_s };
        service::set_ladder(app.db(), &viewer.actor(), ladder).await
    };
    match done.await {
        Ok(()) => Ok(to("/safety/duty?done=ladder")),
        Err(e) => {
            let again_s = form.raw("again").to_string();
            Ok(again(ladder_form(&app, &viewer, typed, again_s, to_correct(e)?)?))
        }
    }
}
