//! `/safety/downtime`: when devices are expected to be silent.
use super::{again, done, parsed, staff, to, to_correct};
use crate::model::DowntimeId;
use crate::readings::{self, Telemetry};
use crate::service::{self, Downtime, NewDowntime};
use askama::Template;
use kernel::{CivilDate, Dir, FieldError, Instant, Permission, RegionCode};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Cell, Col, Form, ListAsk, ListSpec, Mark, Page, Viewer, html, respond};

struct Row {
    d: Downtime,
    place: String,
    now: Instant,
}

impl Row {
    fn state(&self) -> (Mark, &'static str) {
        if self.now < self.d.from_at {
            (Mark::Todo, "还没开始")
        } else if self.now < self.d.until_at {
            (Mark::Doing, "停机中")
        } else if self.now < self.d.until_at.plus_ms(service::GRACE_MS) {
            (Mark::Doing, "等设备回来")
        } else {
            (Mark::Ok, "过了")
        }
    }
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("from", "从", |r: &Row| {
            let text = r.d.from_at.stamp();
            if r.now < r.d.until_at {
                Cell::name(format!("/safety/downtime/{}/end", r.d.id), text)
            } else {
                Cell::text(text)
            }
        })
        .sort("d.from_at"),
        Col::new("until", "到", |r: &Row| Cell::text(r.d.until_at.stamp())).sort("d.until_at"),
        Col::new("place", "哪里", |r: &Row| Cell::text(r.place.clone())).sort("d.region"),
        Col::new("reason", "为什么", |r: &Row| Cell::text(r.d.reason.clone())).sort("d.reason"),
        Col::new("planned", "怎么来的", |r: &Row| {
            Cell::text(if r.d.planned { "提前登记" } else { "网关断了" })
        })
        .sort("d.planned"),
        Col::new("by", "谁", |r: &Row| Cell::text(r.d.made_by.clone())).sort("d.made_by"),
        Col::new("state", "现在", |r: &Row| {
            let (mark, word) = r.state();
            Cell::State(mark, word.into())
        }),
    ]
}

pub(super) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let waiting = readings::kept_back(&app.thing::<Telemetry>()?.0).await?;
    let (db, book, now) = (app.db().clone(), app.regions(), app.now());
    let may = viewer.may(Permission::SafetyArrange);
    let mut actions = vec![("/safety/duty".to_string(), "users", "值班与升级".to_string(), false)];
    if may {
        actions.push(("/safety/downtime/new".to_string(), "plus", "登记停机".to_string(), true));
    }
    let spec = ListSpec {
        title: "设备停机".into(),
        path: "/safety/downtime".into(),
        nav: "/safety",
        sub: match waiting {
            0 => "停机时设备没有消息不逐个报；结束 15 分钟还没消息的再报".into(),
            n => format!("现在有 {n} 台设备没有消息，等停机结束 15 分钟还没有再报"),
        },
        cols: columns(),
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: Some("为什么停"),
        default_sort: ("from", Dir::Desc),
        tie: "d.id",
        actions,
        empty: (
            "没有停机".into(),
            "要换网关、停电检修，先在这里登记，设备就不会一台台报失联".into(),
            may.then(|| ("/safety/downtime/new".to_string(), "登记停机".to_string())),
        ),
        flash,
    };
    let (scope, q) = (viewer.scope, ask.q.clone());
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::downtimes(&db, &scope, &q, &fetch).await?;
        Ok(found.map(|d| Row { place: book.name(&d.region), now, d }))
    })
    .await
}

#[derive(Template)]
#[template(path = "safety/downtime_new.html")]
struct NewPage {
    page: Page,
    form: Form,
    regions: Vec<(String, String)>,
}

fn form_page(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    let regions = super::duty::region_choices(app, viewer);
    html(&NewPage { form, regions, page: staff(app, viewer, "登记停机").errors(errors) })
}

pub(super) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let today = app.clock().today().to_string();
    let pairs = [("day", today.as_str()), ("from", "22:00"), ("last", today.as_str()), ("to", "23:00")];
    let form = Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v.to_string())));
    form_page(&app, &viewer, form, Vec::new())
}

pub(super) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let region = form.need::<RegionCode>("region", "哪里");
    let (day, last) = (form.need::<CivilDate>("day", "哪天起"), form.need::<CivilDate>("last", "哪天止"));
    let mut moment = |day: Option<CivilDate>, field: &str| match super::limits::minute(form.raw(field)) {
        Some(m) => day.map(|d| d.at(u32::from(m / 60), u32::from(m % 60))),
        None => {
            form.error(field, "钟点写成 22:00 这样");
            None
        }
    };
    let (from, until) = (moment(day, "from"), moment(last, "to"));
    let reason = form.text("reason", "为什么", 60);
    let done = async {
        form.done()?;
        match (region, from, until) {
            (Some(region), Some(from), Some(until)) => {
                let new = NewDowntime { region, from, until, reason };
                service::plan_downtime(app.db(), &viewer.actor(), new).await.map(|_| ())
            }
            _ => Err(kernel::Error::refused("没有填全")),
        }
    };
    match done.await {
        Ok(()) => Ok(to("/safety/downtime?done=downtime")),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(form_page(&app, &viewer, form, errors)?))
        }
    }
}

#[derive(Template)]
#[template(path = "safety/downtime_end.html")]
struct EndPage {
    page: Page,
    action: String,
}

pub(super) async fn end_page(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id = parsed::<DowntimeId>(&id, "这次停机")?;
    service::downtime(app.db(), &viewer.actor(), id).await?;
    let action = format!("/safety/downtime/{id}/end");
    html(&EndPage { action, page: staff(&app, &viewer, "提前结束停机") })
}

pub(super) async fn end(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::end_downtime(app.db(), &viewer.actor(), parsed::<DowntimeId>(&id, "这次停机")?).await?;
    Ok(to("/safety/downtime?done=downtime-end"))
}
