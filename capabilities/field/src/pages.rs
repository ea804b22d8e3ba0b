//! The worker's phone.
use crate::model::{Kind, Position, distance_zh};
use crate::service::{self, FromDevice, Visit};
use crate::store::Evidence;
use askama::Template;
use async_trait::async_trait;
use axum::RequestExt;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State as FromApp};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, Error, GeoPoint, Instant, OrderId};
use orders::model::{ConfirmHow, Order, State};
use web::axum;
use web::{App, Form, Mark, Page, PageError, Result, Upload, Viewer, html};

fn id_of(text: &str) -> Result<OrderId> {
    text.parse().map_err(|_| PageError(Error::NotFound("这张工单".into())))
}

fn page(app: &App, viewer: &Viewer, title: &str, at: &str) -> Page {
    let mut page = Page::new(app, viewer, title);
    page.nav.retain(|n| n.href.starts_with("/m"));
    page.at(at)
}

fn mark(state: State) -> Mark {
    match state {
        State::Created | State::Accepted | State::Assigned => Mark::Todo,
        State::OnTheWay | State::CheckedIn => Mark::Doing,
        State::CheckedOut => Mark::Note,
        State::Confirmed | State::Rated | State::InSettlement | State::Paid => Mark::Ok,
        State::Cancelled | State::Refused => Mark::Off,
        State::NoShow | State::Disputed => Mark::Warn,
    }
}

/// A visit in a list or on its own page, in words.
struct Brief {
    id: OrderId,
    label: &'static str,
    name: String,
    about: String,
    item: String,
    village: String,
    address: String,
    day: String,
    start: String,
    hours: String,
    minutes: i64,
    note: String,
    state: &'static str,
    mark: Mark,
    over: bool,
    action: String,
    action_icon: &'static str,
    geo: Option<String>,
    may_call: bool,
    fee: String,
    gov: String,
    own: String,
    version: i64,
}

fn brief(app: &App, o: &Order, today: CivilDate) -> Brief {
    let village = app.regions().name(&o.region);
    let (action, action_icon) = match o.state {
        State::Assigned => (format!("出发去{}家", o.elder_name), "navigation"),
        State::OnTheWay => ("到了，去签到".to_string(), "map-pin"),
        State::CheckedIn => ("接着做".to_string(), "clipboard-list"),
        _ => ("看这一单".to_string(), "clipboard-list"),
    };
    Brief {
        id: o.id,
        label: if o.state == State::CheckedIn { "正在服务" } else { "下一户" },
        about: format!("{} {} 岁", o.elder_sex.zh(), o.elder_birth.age_on(today)),
        item: format!("{} {} 分", o.item_name, o.minutes),
        address: format!("{village} {}", o.address),
        village,
        day: o.served_on().md(),
        start: o.starts_at.hhmm(),
        hours: o.hours(),
        minutes: o.minutes,
        note: o.note.clone(),
        state: o.state.zh(),
        mark: mark(o.state),
        over: !o.state.open(),
        action,
        action_icon,
        geo: o.place.map(|p| format!("geo:{:.6},{:.6}?q={:.6},{:.6}", p.lat(), p.lng(), p.lat(), p.lng())),
        may_call: service::may_call(o, app.now()),
        fee: o.fee.to_string(),
        gov: o.gov.to_string(),
        own: o.own.to_string(),
        version: o.version,
        name: o.elder_name.clone(),
    }
}

#[derive(Template)]
#[template(path = "today.html")]
struct TodayPage {
    page: Page,
    heading: String,
    sub: String,
    next: Option<Brief>,
    rest: Vec<Brief>,
    empty: (&'static str, String),
}

pub(crate) async fn today(FromApp(app): FromApp<App>, viewer: Viewer) -> Result<Response> {
    let day = app.clock().today();
    let all = orders::service::for_worker(app.db(), &viewer.full_scope, day).await?;
    let live: Vec<&Order> = all.iter().filter(|o| !o.state.void()).collect();
    let over = live.iter().filter(|o| !o.state.open()).count();
    // The visit going on comes first, then the one on the way, then the earliest.
    let rank = |o: &Order| match o.state {
        State::CheckedIn => 0,
        State::OnTheWay => 1,
        _ => 2,
    };
    let next = live.iter().filter(|o| o.state.open()).min_by_key(|o| (rank(o), o.starts_at)).map(|o| o.id);
    let briefs = |keep: &dyn Fn(&Order) -> bool| -> Vec<Brief> {
        live.iter().filter(|o| keep(o)).map(|o| brief(&app, o, day)).collect()
    };
    let view = TodayPage {
        heading: format!("今天 {} 户", live.len()),
        sub: format!("{} {} · 已完成 {over} 户", day.md(), day.weekday_zh()),
        next: briefs(&|o| Some(o.id) == next).into_iter().next(),
        rest: briefs(&|o| Some(o.id) != next),
        empty: if over > 0 {
            ("今天的都做完了", format!("一共 {over} 户，辛苦了"))
        } else {
            ("今天没有排班", "派给你的单会出现在这里".into())
        },
        page: page(&app, &viewer, "今天", "/m"),
    };
    html(&view)
}

struct Day {
    title: String,
    visits: Vec<Brief>,
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    page: Page,
    days: Vec<Day>,
}

pub(crate) async fn schedule(FromApp(app): FromApp<App>, viewer: Viewer) -> Result<Response> {
    const AHEAD: i64 = 14;
    let today = app.clock().today();
    let mut days = Vec::new();
    for n in 0..AHEAD {
        let day = today.plus_days(n);
        let visits = orders::service::for_worker(app.db(), &viewer.full_scope, day).await?;
        let visits: Vec<Brief> = visits.iter().filter(|o| !o.state.void()).map(|o| brief(&app, o, today)).collect();
        if !visits.is_empty() {
            days.push(Day { title: format!("{} {}", day.md(), day.weekday_zh()), visits });
        }
    }
    html(&SchedulePage { page: page(&app, &viewer, "日程", "/m/schedule"), days })
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    page: Page,
    done: i64,
    confirmed: i64,
}

pub(crate) async fn me(FromApp(app): FromApp<App>, viewer: Viewer) -> Result<Response> {
    let month = app.clock().today().month_of();
    let (mut done, mut confirmed) = (0, 0);
    let mut day = month.first_day();
    while day <= app.clock().today() {
        for o in orders::service::for_worker(app.db(), &viewer.full_scope, day).await? {
            done += i64::from(o.checked_out_at.is_some());
            confirmed += i64::from(o.confirmed_at.is_some());
        }
        day = day.plus_days(1);
    }
    html(&MePage { page: page(&app, &viewer, "我的", "/m/me"), done, confirmed })
}

struct Line {
    no: usize,
    words: String,
    done: bool,
}

/// The next big button.
struct Action {
    path: &'static str,
    words: &'static str,
    icon: &'static str,
    position: bool,
    code: bool,
    reason: bool,
    confirm: bool,
    hint: String,
}

#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPage {
    page: Page,
    v: Brief,
    lines: Vec<Line>,
    show_list: bool,
    photos: Vec<String>,
    photos_wanted: usize,
    running: bool,
    in_at: String,
    minutes: i64,
    percent: i64,
    bar_say: String,
    action: Option<Action>,
    may_no_show: bool,
    typed_code: String,
    typed_reason: String,
}

fn action(v: &Visit) -> Option<Action> {
    let plain = Action {
        path: "",
        words: "",
        icon: "check",
        position: false,
        code: false,
        reason: false,
        confirm: false,
        hint: String::new(),
    };
    let left = v.lines.iter().filter(|(_, d)| !d).count();
    Some(match v.order.state {
        State::Assigned => Action { path: "set-out", words: "出发", icon: "navigation", ..plain },
        State::OnTheWay => Action {
            path: "check-in",
            words: "到了，签到",
            icon: "map-pin",
            position: true,
            code: v.order.place.is_none(),
            ..plain
        },
        State::CheckedIn => Action {
            path: "check-out",
            words: "做完了，签退",
            icon: "qrcode",
            position: true,
            code: true,
            reason: true,
            hint: if left > 0 { format!("还有 {left} 项没打勾，签退时要说明") } else { String::new() },
            ..plain
        },
        State::CheckedOut => {
            Action { path: "confirm", words: "老人确认做好了", icon: "check", confirm: true, ..plain }
        }
        _ => return None,
    })
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: OrderId,
    form: &Form,
    error: Option<Error>,
    done: Option<String>,
) -> Result<Response> {
    let v = service::visit(app.db(), &viewer.full_scope, id).await?;
    let now = app.now();
    let running = v.order.state == State::CheckedIn;
    let minutes = v.order.checked_in_at.map(|t| now.since(t) / Instant::MINUTE).unwrap_or(0).max(0);
    let percent = (minutes * 100 / v.order.minutes.max(1)).clamp(0, 100);
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let errors = match error {
        None => Vec::new(),
        Some(Error::Invalid(fields)) => fields,
        Some(e @ (Error::Refused(_) | Error::Conflict(_))) => vec![kernel::FieldError::new("", e.user_message())],
        Some(other) => return Err(other.into()),
    };
    let view = VisitPage {
        page: page(app, viewer, &v.order.elder_name, "/m").errors(errors).flash(done),
        lines: v.lines.iter().enumerate().map(|(no, (w, done))| Line { no, words: w.clone(), done: *done }).collect(),
        show_list: !v.lines.is_empty() && !matches!(v.order.state, State::Assigned | State::OnTheWay),
        photos: v.photos().map(|e| e.id.to_string()).collect(),
        photos_wanted: v.photos_wanted,
        running,
        in_at: v.order.checked_in_at.map(Instant::hhmm).unwrap_or_default(),
        minutes,
        percent,
        bar_say: format!("已服务 {minutes} 分，共 {} 分", v.order.minutes),
        action: action(&v),
        may_no_show: matches!(v.order.state, State::Assigned | State::OnTheWay) && now >= v.order.starts_at,
        typed_code: form.raw("code").to_string(),
        typed_reason: form.raw("reason").to_string(),
        v: brief(app, &v.order, now.date()),
    };
    Ok((status, html(&view)?).into_response())
}

/// What is said after a step.
fn said(code: Option<&str>) -> Option<String> {
    Some(
        match code? {
            "set-out" => "路上小心，到门口签到",
            "check-in" => "已签到，开始服务",
            "checks" => "打勾已存",
            "photo" => "照片已存",
            "check-out" => "已签退。请老人确认，或等回访电话",
            "confirm" => "老人已确认，这一单做完了",
            "no-show" => "已报“没服务成”，本单位会联系老人",
            _ => return None,
        }
        .to_string(),
    )
}

pub(crate) async fn visit(
    FromApp(app): FromApp<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: web::ListAsk,
) -> Result<Response> {
    draw(&app, &viewer, id_of(&id)?, &Form::default(), None, said(ask.filter("done"))).await
}

fn from_device(form: &Form) -> FromDevice {
    let number = |name: &str| form.opt(name).and_then(|t| t.parse::<f64>().ok());
    let position = number("lat").zip(number("lng")).and_then(|(lat, lng)| {
        let point = GeoPoint::from_degrees(lat, lng)?;
        Some(Position { point, accuracy_m: number("accuracy").map(|a| a.clamp(0.0, 100_000.0) as i64).unwrap_or(0) })
    });
    FromDevice {
        position,
        device_at: number("device_at").map(|ms| Instant(ms as i64)),
        code: form.opt("code"),
        reason: form.opt("reason").map(|r| r.chars().take(200).collect()),
        seen: form.opt("version").and_then(|v| v.parse().ok()),
    }
}

/// A form about one visit, with who sent it.
pub(crate) struct Sent {
    app: App,
    viewer: Viewer,
    id: OrderId,
    form: Form,
}

impl FromRequest<App> for Sent {
    type Rejection = PageError;
    async fn from_request(mut request: Request, app: &App) -> Result<Sent> {
        let (viewer, id) = request.extract_parts_with_state::<About, App>(app).await.map(|a| (a.0, a.1))?;
        Ok(Sent { app: app.clone(), viewer, id, form: Form::from_request(request, app).await? })
    }
}

/// Who asks, and the visit the path names.
pub(crate) struct About(Viewer, OrderId);

impl FromRequestParts<App> for About {
    type Rejection = PageError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<About> {
        let viewer = <Viewer as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let path = Path::<String>::from_request_parts(parts, app).await;
        Ok(About(viewer, id_of(&path.map(|p| p.0).unwrap_or_default())?))
    }
}

impl Sent {
    fn device(&self) -> FromDevice {
        from_device(&self.form)
    }
    /// Back to the visit with a word, or the visit again with what is wrong.
    async fn answer<T>(self, result: kernel::Result<T>, done: &str) -> Result<Response> {
        match result {
            Ok(_) => Ok(Redirect::to(&format!("/m/visits/{}?done={done}", self.id)).into_response()),
            Err(e @ (Error::Invalid(_) | Error::Refused(_) | Error::Conflict(_))) => {
                draw(&self.app, &self.viewer, self.id, &self.form, Some(e), None).await
            }
            Err(e) => Err(e.into()),
        }
    }
}

pub(crate) async fn set_out(s: Sent) -> Result<Response> {
    let r = service::set_out(s.app.db(), &s.viewer.actor(), s.id, &s.device()).await;
    s.answer(r, "set-out").await
}

pub(crate) async fn check_in(s: Sent) -> Result<Response> {
    let r = service::check_in(s.app.db(), &s.viewer.actor(), s.id, &s.device()).await;
    s.answer(r, "check-in").await
}

pub(crate) async fn tick(s: Sent) -> Result<Response> {
    let lines: Vec<i64> = s.form.all("line").iter().filter_map(|l| l.parse().ok()).collect();
    let r = service::tick(s.app.db(), &s.viewer.actor(), s.id, &lines).await;
    s.answer(r, "checks").await
}

pub(crate) async fn add_photo(
    FromApp(app): FromApp<App>,
    About(viewer, id): About,
    upload: Upload,
) -> Result<Response> {
    let r = service::add_photo(app.db(), &app.site().data, &viewer.actor(), id, upload.bytes).await;
    Sent { app, viewer, id, form: upload.form }.answer(r, "photo").await
}

pub(crate) async fn check_out(s: Sent) -> Result<Response> {
    let r = service::check_out(s.app.db(), &s.viewer.actor(), s.id, &s.device()).await;
    let confirmed = r.as_ref().is_ok_and(|o| o.confirmed_at.is_some());
    s.answer(r, if confirmed { "confirm" } else { "check-out" }).await
}

pub(crate) async fn confirm(s: Sent) -> Result<Response> {
    let how = if s.form.raw("how") == ConfirmHow::Code.code() { ConfirmHow::Code } else { ConfirmHow::OnPhone };
    let r = service::confirm(s.app.db(), &s.viewer.actor(), s.id, how, &s.device()).await;
    s.answer(r, "confirm").await
}

pub(crate) async fn no_show(s: Sent) -> Result<Response> {
    let (reason, seen) = (s.form.raw("no_show_reason"), s.device().seen);
    let r = service::no_show(s.app.db(), &s.viewer.actor(), s.id, reason, seen).await.map_err(|e| match e {
        Error::Invalid(fields) => {
            Error::Invalid(fields.into_iter().map(|f| kernel::FieldError::new("no_show_reason", f.message)).collect())
        }
        other => other,
    });
    s.answer(r, "no-show").await
}

#[derive(Template)]
#[template(path = "phone_number.html")]
struct NumberPage {
    page: Page,
    id: OrderId,
    name: String,
    about: String,
    number: Option<String>,
}

/// Shows the number to call. A form of its own, because each look is written down.
pub(crate) async fn phone(s: Sent) -> Result<Response> {
    match service::phone(s.app.db(), &s.viewer.actor(), s.id).await {
        Ok((order, number)) => html(&NumberPage {
            page: page(&s.app, &s.viewer, &order.elder_name, "/m"),
            id: s.id,
            about: format!("{} {}，{}", order.served_on().md(), order.hours(), order.item_name),
            name: order.elder_name,
            number,
        }),
        Err(e) => s.answer(Err::<(), _>(e), "").await,
    }
}

pub(crate) async fn photo(FromApp(app): FromApp<App>, viewer: Viewer, Path(id): Path<String>) -> Result<Response> {
    let gone = || PageError(Error::NotFound("这张照片".into()));
    let id = id.parse().map_err(|_| gone())?;
    let file = service::photo(app.db(), &viewer.full_scope, id).await?;
    let bytes = tokio::fs::read(app.site().data.join(file)).await.map_err(|_| gone())?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, max-age=3600")], bytes)
        .into_response())
}

struct Shown {
    time: String,
    words: String,
    more: String,
    bad: bool,
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidenceBlock {
    rows: Vec<Shown>,
    photos: Vec<String>,
}

fn shown(e: &Evidence) -> Option<Shown> {
    let kind = e.kind().filter(|k| *k != Kind::Photo)?;
    let place = match (e.distance_m, e.code_ok) {
        (Some(m), Some(true)) => format!("离门口 {}，老人码对", distance_zh(m)),
        (Some(m), _) => format!("离门口 {}", distance_zh(m)),
        (None, Some(true)) => "老人码对".into(),
        (None, _) => String::new(),
    };
    // A device clock far from the server's is worth a look, nothing more.
    let skew = e.device_at.map(|d| e.at.since(d).abs() / Instant::MINUTE).filter(|m| *m >= 10);
    let mut more: Vec<String> = vec![e.by_name.clone(), place, e.note.clone()];
    if let Some(m) = skew {
        more.push(format!("手机时间差 {m} 分钟"));
    }
    Some(Shown {
        time: e.at.stamp(),
        words: kind.zh().into(),
        more: more.into_iter().filter(|m| !m.is_empty()).collect::<Vec<_>>().join(" · "),
        bad: skew.is_some(),
    })
}

/// The evidence block on a work order's page.
pub struct Panel;

#[async_trait]
impl orders::EvidencePanel for Panel {
    async fn html(&self, app: &App, viewer: &Viewer, order: &Order) -> kernel::Result<String> {
        let all = service::evidence(app.db(), &viewer.full_scope, order.id).await?;
        let block = EvidenceBlock {
            rows: all.iter().filter_map(shown).collect(),
            photos: all.iter().filter(|e| e.kind() == Some(Kind::Photo)).map(|e| e.id.to_string()).collect(),
        };
        block.render().map_err(Error::internal)
    }
}
