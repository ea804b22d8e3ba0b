//! The assessor's day.
use super::{done, mark, phone};
use crate::book::Scales;
use crate::model::{Case, State};
use crate::service::{self, AHEAD_DAYS, View};
use askama::Template;
use kernel::CivilDate;
use web::axum::extract::State as Take;
use web::axum::response::Response;
use web::{App, ListAsk, Mark, Page, Viewer, html};

/// Lines of one block.
const SHOWN: u32 = 50;

struct Line {
    id: String,
    href: String,
    time: String,
    name: String,
    about: String,
    mark: Mark,
    word: String,
    /// Its page is kept on the phone.
    keep: bool,
}

fn line(app: &App, scales: &Scales, c: &Case, today: CivilDate, time: String) -> Line {
    let (mark, word) = mark(c, today);
    let href = match c.state {
        State::Appointed | State::InProgress | State::Submitted => format!("/assess/{}", c.id),
        _ => format!("/assessments/{}", c.id),
    };
    let place = c.place.map(|p| p.zh()).unwrap_or_default();
    Line {
        id: c.id.to_string(),
        href,
        time,
        name: c.elder_name.clone(),
        about: format!("{} {} · {place} · {}", app.regions().name(&c.region), c.address, scales.title(&c.scale)),
        keep: matches!(c.state, State::Appointed | State::InProgress),
        mark,
        word,
    }
}

#[derive(Template)]
#[template(path = "assessment/today.html")]
struct Today {
    page: Page,
    heading: String,
    sub: String,
    user: String,
    /// Not in the register, or the certificate ends.
    warning: String,
    to_sign: Vec<Line>,
    today: Vec<Line>,
    late: Vec<Line>,
    next: Vec<Line>,
    ending: Vec<Line>,
}

pub(super) async fn today(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let db = app.db();
    let day = app.clock().today();
    let scales = app.thing::<Scales>()?;
    let sight = service::sight(db, &viewer.actor(), &viewer.full_scope).await?;
    let warning = match service::me(db, &viewer.actor()).await {
        Ok(me) if !me.active => "你的登记已停用，不会再约你。有疑问找县民政。".into(),
        Ok(me) if me.valid_to < day => format!("证书 {} 已到期，换好证再评。", me.valid_to),
        Ok(me) if me.valid_to < day.plus_days(AHEAD_DAYS) => format!("证书 {} 到期，记得换证。", me.valid_to),
        Ok(_) => String::new(),
        Err(kernel::Error::Refused(m)) => m,
        Err(e) => return Err(e.into()),
    };
    let first = |view| service::cases(db, &sight, view, "c.starts_at, c.id", SHOWN);
    let now = first(View::Day(day)).await?;
    let mut next = Vec::new();
    for n in 1..=7 {
        next.extend(first(View::Day(day.plus_days(n))).await?);
    }
    let sign = first(View::ToSign).await?;
    let late: Vec<Case> = first(View::Late(day)).await?;
    let ending =
        service::cases(db, &sight, View::EndsBy(day.plus_days(AHEAD_DAYS)), "c.valid_until, c.id", SHOWN).await?;
    let hour = |c: &Case| c.starts_at.map(|t| t.hhmm()).unwrap_or_default();
    let date = |c: &Case| c.starts_at.map(|t| t.date().md()).unwrap_or_default();
    let lines = |cases: &[Case], time: &dyn Fn(&Case) -> String| -> Vec<Line> {
        cases.iter().map(|c| line(&app, &scales, c, day, time(c))).collect()
    };
    let going: Vec<Case> = now.into_iter().filter(|c| c.state != State::Submitted).collect();
    html(&Today {
        page: phone(&app, &viewer, "今天").flash(done(ask.filter("done"))),
        heading: format!("今天 {} 家", going.len()),
        sub: format!("{} {}", day.md(), day.weekday_zh()),
        user: viewer.user.to_string(),
        warning,
        to_sign: lines(&sign, &date),
        today: lines(&going, &hour),
        late: lines(&late, &date),
        next: lines(&next, &date),
        ending: lines(&ending, &|c| c.valid_until.map(|d| d.md()).unwrap_or_default()),
    })
}
