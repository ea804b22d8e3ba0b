//! Assessing on the phone: an overview that carries all screens for work without signal, and one screen an item without
//! scripts.
use super::question::{Question, questions, value_of};
use super::{again, done, id_of, phone, to, to_correct};
use crate::book::Scales;
use crate::model::{Case, Field, State, Value};
use crate::service::{self, Submission, WorkView};
use askama::Template;
use kernel::{AssessmentId, Error, FieldError, JobId};
use web::axum::extract::{Path, State as Take};
use web::axum::http::header;
use web::axum::response::{IntoResponse, Response};
use web::{App, Form, ListAsk, Page, Viewer, html};

/// The head of every page of one assessment.
pub(super) struct Head {
    pub id: AssessmentId,
    pub name: String,
    pub about: String,
    pub scale: String,
}

pub(super) async fn head(app: &App, viewer: &Viewer, case: &Case) -> kernel::Result<Head> {
    let card = people::service::card(app.db(), &viewer.full_scope, case.elder).await;
    let about = match card {
        Ok(c) => format!("{} {} 岁", c.sex.zh(), c.age(app.clock().today())),
        Err(Error::NotFound(_)) => String::new(),
        Err(e) => return Err(e),
    };
    let scale = app.thing::<Scales>()?.title(&case.scale);
    Ok(Head { id: case.id, name: case.elder_name.clone(), about, scale })
}

struct Part {
    title: String,
    answered: usize,
    all: usize,
    first: usize,
}

#[derive(Template)]
#[template(path = "assessment/work.html")]
struct Overview {
    page: Page,
    h: Head,
    case: Case,
    when: String,
    where_to: String,
    user: String,
    base: i64,
    sheet: String,
    questions: Vec<Question>,
    parts: Vec<Part>,
    answered: usize,
    percent: usize,
    /// The first screen that is not answered.
    next: usize,
    clashes: usize,
    early: bool,
}

impl Overview {
    fn suffix(&self, step: &usize) -> String {
        format!("-{step}")
    }
}

pub(super) async fn overview(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let w = service::work(app.db(), &scales, &viewer.actor(), id_of(&id)?).await?;
    match w.case.state {
        State::Appointed | State::InProgress => {}
        State::Submitted => return Ok(to(format!("/assess/{id}/sign"))),
        _ => return Ok(to(format!("/assessments/{id}"))),
    }
    let questions = questions(&w.scale, &w.sheet);
    let answered = questions.iter().filter(|q| q.answered()).count();
    let mut parts: Vec<Part> = Vec::new();
    for q in &questions {
        match parts.last_mut().filter(|p| p.title == q.section) {
            Some(p) => {
                p.all += 1;
                p.answered += usize::from(q.answered());
            }
            None => parts.push(Part {
                title: q.section.clone(),
                answered: usize::from(q.answered()),
                all: 1,
                first: q.step,
            }),
        }
    }
    html(&Overview {
        page: phone(&app, &viewer, &w.case.elder_name).flash(done(ask.filter("done"))),
        h: head(&app, &viewer, &w.case).await?,
        when: w.case.starts_at.map(|t| t.stamp()).unwrap_or_default(),
        where_to: format!("{} {}", app.regions().name(&w.case.region), w.case.address),
        user: viewer.user.to_string(),
        base: w.version,
        sheet: serde_json::to_string(&w.sheet).map_err(Error::internal)?,
        next: questions.iter().find(|q| !q.answered()).map_or(1, |q| q.step),
        percent: answered * 100 / questions.len().max(1),
        answered,
        parts,
        clashes: w.clashes.len(),
        early: w.case.starts_at.is_some_and(|t| t.date() > app.clock().today()),
        case: w.case,
        questions,
    })
}

#[derive(Template)]
#[template(path = "assessment/item.html")]
struct ItemPage {
    page: Page,
    h: Head,
    q: Question,
    suffix: String,
    all: usize,
    percent: usize,
    base: i64,
    key: String,
    next_word: String,
}

async fn draw(app: &App, viewer: &Viewer, w: WorkView, step: usize, errors: Vec<FieldError>) -> web::Result<Response> {
    let questions = questions(&w.scale, &w.sheet);
    let all = questions.len();
    let next_word = match questions.get(step) {
        Some(q) if q.note.is_some() => format!("下一项：{}", q.title),
        Some(_) => "下一项".into(),
        None => "填完了，去核对".into(),
    };
    let q = questions.into_iter().nth(step.wrapping_sub(1)).ok_or_else(|| Error::NotFound("这一项".into()))?;
    html(&ItemPage {
        page: phone(app, viewer, &w.case.elder_name).errors(errors),
        h: head(app, viewer, &w.case).await?,
        percent: step * 100 / all.max(1),
        all,
        q,
        suffix: String::new(),
        base: w.version,
        key: app.db().new_id::<JobId>().to_string(),
        next_word,
    })
}

pub(super) async fn item(
    Take(app): Take<App>,
    viewer: Viewer,
    Path((id, step)): Path<(String, String)>,
) -> web::Result<Response> {
    let w = service::work(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(&id)?).await?;
    draw(&app, &viewer, w, super::parsed(&step, "这一项")?, Vec::new()).await
}

/// One answer from a form without scripts: the answers as the form had them, with this one changed.
pub(super) async fn answer(
    Take(app): Take<App>,
    viewer: Viewer,
    Path((id, step)): Path<(String, String)>,
    mut form: Form,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let case = id_of(&id)?;
    let w = service::work(app.db(), &scales, &viewer.actor(), case).await?;
    let step: usize = super::parsed(&step, "这一项")?;
    let questions = questions(&w.scale, &w.sheet);
    let q = questions.get(step.wrapping_sub(1)).ok_or_else(|| Error::NotFound("这一项".into()))?;
    let base: i64 = form.parse("base").unwrap_or(w.version);
    let value = value_of(&w.scale, &q.field, form.raw("answer"));
    let result = match value {
        Err(wrong) => Err(Error::invalid("answer", wrong)),
        Ok(value) => {
            // The form showed what stood at `base`; what came in since is not its business.
            let mut sheet = service::sheet_at(app.db(), &viewer.actor(), case, base).await?;
            sheet.set(&q.field, value);
            if q.note.is_some() {
                let note = form.opt("note").map(Value::Note);
                sheet.set(&Field::Note(q.item().to_string()), note);
            }
            let key = form.text("key", "编号", 64);
            let sent = Submission { key, base, sheet, device_at: None };
            service::save(app.db(), &scales, &viewer.actor(), case, sent).await
        }
    };
    match result {
        Ok(saved) if !saved.clashes.is_empty() && step == questions.len() => Ok(to(format!("/assess/{id}/clashes"))),
        Ok(_) if form.raw("go") == "back" => Ok(to(format!("/assess/{id}/items/{}", step.saturating_sub(1).max(1)))),
        Ok(_) if step < questions.len() => Ok(to(format!("/assess/{id}/items/{}", step + 1))),
        Ok(_) => Ok(to(format!("/assess/{id}/check"))),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, w, step, errors).await?))
        }
    }
}

/// The worker that answers from what the phone kept when there is no signal. It lives where it may watch `/assess`.
pub(super) async fn worker() -> Response {
    const SCRIPT: &str = include_str!("../../assets/sw.js");
    (
        [
            (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
            (header::HeaderName::from_static("service-worker-allowed"), "/assess"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        SCRIPT,
    )
        .into_response()
}
