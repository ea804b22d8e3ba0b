//! The link by which helpers look for somebody: opened and ended beside a case, and the page behind it.
use super::track::{Row, geo, rows};
use super::{Done, again, case_id, done, ring, staff, to, to_correct};
use crate::model::track::{self, At, Track};
use crate::readings::Telemetry;
use crate::service::{self, HOURS, NewRescue, Rescue};
use askama::Template;
use kernel::{Error, FieldError, Sex};
use vigil::FixSource;
use web::axum::extract::{Path, Query, State};
use web::axum::http::{HeaderName, HeaderValue, StatusCode, header};
use web::axum::response::{IntoResponse, Response};
use web::{App, Form, Page, Viewer, html};

struct Link {
    path: String,
    alive: bool,
    until: String,
    views: i64,
    last: String,
    called: String,
    by: String,
}

#[derive(Template)]
#[template(path = "safety/rescue.html")]
struct RescuePage {
    page: Page,
    case: String,
    name: String,
    no: String,
    link: Option<Link>,
    form: Form,
    hours: Vec<(i64, String)>,
    may_start: bool,
}

fn link(r: &Rescue, now: kernel::Instant) -> Link {
    Link {
        path: format!("/r/{}", r.token),
        alive: r.alive(now),
        until: r.until.stamp(),
        views: r.views,
        last: r.last_view.map(|t| t.stamp()).unwrap_or_default(),
        called: r.called.clone(),
        by: format!("{} {}", r.started_at.stamp(), r.started_by),
    }
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Option<Form>,
    flash: Option<String>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let (db, actor) = (app.db(), viewer.actor());
    let known = service::rescue(db, &actor, case_id(id)?).await?;
    let c = service::record(db, &viewer.full_scope, case_id(id)?).await?;
    let form = form.unwrap_or_else(|| {
        let title = if c.sex == Sex::Female { "奶奶" } else { "爷爷" };
        let called = format!("{}{title}", c.elder_name.chars().take(1).collect::<String>());
        let pairs =
            [("called", called), ("contact", "呼叫中心".into()), ("phone", "12349".into()), ("hours", "4".into())];
        Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v)))
    });
    let view = RescuePage {
        case: c.id.to_string(),
        name: c.elder_name.clone(),
        no: c.no.clone(),
        link: known.as_ref().map(|r| link(r, app.now())),
        form,
        hours: HOURS.iter().map(|h| (*h, format!("{h} 小时"))).collect(),
        may_start: c.state.open() && c.owned_by(actor.user_id()),
        page: staff(app, viewer, format!("找 {}", c.elder_name)).flash(flash).errors(errors),
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

pub(super) async fn start(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = case_id(&id)?;
    service::record(app.db(), &viewer.full_scope, case).await?;
    let hours = form.need::<i64>("hours", "多久").unwrap_or_default();
    let text = |name: &str| form.raw(name).trim().to_string();
    let new =
        NewRescue { called: text("called"), look: text("look"), contact: text("contact"), phone: text("phone"), hours };
    let started = match form.done() {
        Ok(()) => {
            let token = access::service::link_token()?;
            service::start_rescue(app.db(), &viewer.actor(), case, new, &token).await.map(|_| ())
        }
        Err(e) => Err(e),
    };
    match started {
        Ok(()) => {
            ring(&app);
            Ok(to(format!("/safety/cases/{case}/rescue?done=rescue")))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, &id, Some(form), None, errors).await?))
        }
    }
}

pub(super) async fn end(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let case = case_id(&id)?;
    service::end_rescue(app.db(), &viewer.actor(), case).await?;
    ring(&app);
    Ok(to(format!("/safety/cases/{case}/rescue?done=rescue-end")))
}

#[derive(Template)]
#[template(path = "safety/sought.html")]
struct SoughtPage {
    page: Page,
    called: String,
    about: String,
    look: String,
    contact: String,
    phone: String,
    no: String,
    until: String,
    now: String,
    track: Option<Track>,
    rows: Vec<Row>,
    last: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "safety/sought_gone.html")]
struct GonePage {
    page: Page,
}

/// Nobody keeps it, nobody lists it, and where it leads does not learn where one came from.
fn private(mut response: Response) -> Response {
    let h = response.headers_mut();
    h.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    h.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    h.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow, noarchive"));
    response
}

/// What a searcher sees. Without an account: the token is the right.
pub(super) async fn sought(State(app): State<App>, Path(token): Path<String>) -> web::Result<Response> {
    let telemetry = &app.thing::<Telemetry>()?.0;
    let found = match service::sought(app.db(), telemetry, &token).await {
        Ok(found) => found,
        Err(Error::NotFound(_)) => {
            let page = GonePage { page: Page::public(&app, "链接没有用了") };
            return Ok(private((StatusCode::NOT_FOUND, html(&page)?).into_response()));
        }
        Err(e) => return Err(e.into()),
    };
    let mut way = found.way;
    if let (true, Some(f)) = (way.is_empty(), found.fix) {
        way.push(At {
            at: f.at,
            received: f.at,
            place: f.point,
            accuracy_m: f.accuracy_m,
            source: FixSource::Satellite,
            doubt: None,
        });
    }
    let last = way.last().map(|f| (track::words(f), geo(f.place)));
    // The way of the last hours; the twelve latest places as a list.
    let latest = &way[way.len().saturating_sub(12)..];
    let r = found.rescue;
    let view = SoughtPage {
        about: found.about,
        called: r.called,
        look: r.look,
        contact: r.contact,
        phone: r.phone,
        no: r.case_no,
        until: r.until.stamp(),
        now: app.now().hhmm(),
        track: track::draw(&way, None, &[]),
        rows: rows(latest, None),
        last,
        page: Page::public(&app, "帮忙找人"),
    };
    Ok(private(html(&view)?))
}
