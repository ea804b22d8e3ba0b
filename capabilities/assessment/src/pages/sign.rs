//! Before and after the signatures: what is missing, where the two differ, the result to be signed.
use super::question::{questions, title_of, words_of};
use super::shown::{Shown, shown};
use super::work::{Head, head};
use super::{again, done, id_of, phone, to, to_correct};
use crate::book::Scales;
use crate::model::{Case, State};
use crate::service::{self, Found};
use askama::Template;
use kernel::{Error, FieldError, JobId};
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Form, ListAsk, Page, Viewer, html};

/// Something that has to be done before the answers are complete.
struct Gap {
    href: String,
    word: String,
}

#[derive(Template)]
#[template(path = "assessment/check.html")]
struct CheckPage {
    page: Page,
    h: Head,
    gaps: Vec<Gap>,
    clashes: usize,
    r: Option<Shown>,
}

async fn draw_check(app: &App, viewer: &Viewer, id: &str, errors: Vec<FieldError>) -> web::Result<Response> {
    let w = service::work(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(id)?).await?;
    if w.case.state == State::Submitted {
        return Ok(to(format!("/assess/{id}/sign")));
    }
    if !matches!(w.case.state, State::Appointed | State::InProgress) {
        return Ok(to(format!("/assessments/{id}")));
    }
    let gaps = questions(&w.scale, &w.sheet)
        .into_iter()
        .filter(|q| !q.answered())
        .map(|q| Gap {
            href: format!("/assess/{id}/items/{}", q.step),
            word: if q.note.is_some() { q.title } else { q.question },
        })
        .collect();
    let wrong = !errors.is_empty();
    let drawn = html(&CheckPage {
        page: phone(app, viewer, "核对").errors(errors),
        h: head(app, viewer, &w.case).await?,
        gaps,
        clashes: w.clashes.len(),
        r: w.outcome.as_ref().ok().map(|o| shown(&w.scale, o, &w.sheet, None)),
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn check(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    draw_check(&app, &viewer, &id, Vec::new()).await
}

pub(super) async fn submit(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    match service::submit(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(&id)?).await {
        Ok(_) => Ok(to(format!("/assess/{id}/sign?done=submitted"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_check(&app, &viewer, &id, errors).await
        }
    }
}

/// A place two answers stand at.
struct Two {
    id: JobId,
    title: String,
    who: String,
    at: String,
    mine: String,
    stored: String,
}

#[derive(Template)]
#[template(path = "assessment/clashes.html")]
struct ClashPage {
    page: Page,
    h: Head,
    two: Vec<Two>,
}

pub(super) async fn clashes(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let w = service::work(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(&id)?).await?;
    let team = service::team(app.db(), &w.case).await?;
    let two: Vec<Two> = w
        .clashes
        .iter()
        .map(|c| Two {
            id: c.id,
            title: title_of(&w.scale, &c.field),
            who: team.iter().find(|a| a.id == c.assessor).map(|a| a.name.clone()).unwrap_or_default(),
            at: c.at.stamp(),
            mine: words_of(&w.scale, &c.field, c.mine.as_ref()),
            stored: words_of(&w.scale, &c.field, w.sheet.get(&c.field).as_ref()),
        })
        .collect();
    if two.is_empty() {
        return Ok(to(format!("/assess/{id}/check")));
    }
    html(&ClashPage {
        page: phone(&app, &viewer, "填得不一样的").flash(done(ask.filter("done"))),
        h: head(&app, &viewer, &w.case).await?,
        two,
    })
}

pub(super) async fn settle(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let clash: JobId = super::parsed(form.raw("clash"), "这处不一致")?;
    let mine = match form.raw("keep") {
        "mine" => true,
        "stored" => false,
        _ => return Err(Error::refused("选一个再定").into()),
    };
    service::settle(app.db(), &viewer.actor(), id_of(&id)?, clash, mine).await?;
    Ok(to(format!("/assess/{id}/clashes?done=settled")))
}

/// Who of the team has signed.
pub(super) struct Signature {
    pub name: String,
    pub about: String,
    pub at: String,
}

pub(super) fn signatures(found: &Found) -> Vec<Signature> {
    found
        .team
        .iter()
        .map(|a| Signature {
            name: a.name.clone(),
            about: format!("{}，证书 {}", a.profession.zh(), a.certificate),
            at: found.case.signed_at(a.id).map(|t| t.stamp()).unwrap_or_default(),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "assessment/sign.html")]
struct SignPage {
    page: Page,
    h: Head,
    case: Case,
    r: Shown,
    signatures: Vec<Signature>,
    may_sign: bool,
    held: Vec<&'static str>,
}

/// What keeps a signed result from counting.
pub(super) fn held(found: &Found) -> Vec<&'static str> {
    let mut out = Vec::new();
    if !found.accepted {
        out.push("这份量表有待核对的地方，管理员对照标准原文启用以后，结果自动生效。");
    }
    if found.case.level.is_none()
        && found.outcome.as_ref().is_some_and(|o| o.level.graded().is_none() && !found.scale.levels.is_empty())
    {
        out.push("标准的文字没有写明这种组合定哪一级，要由县里商定。");
    }
    out
}

async fn draw_sign(
    app: &App,
    viewer: &Viewer,
    id: &str,
    said: Option<String>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let me = service::me(app.db(), &viewer.actor()).await?;
    let found = service::found(app.db(), &scales, &viewer.actor(), id_of(id)?).await?;
    let Some(outcome) = &found.outcome else { return Ok(to(format!("/assess/{id}"))) };
    let wrong = !errors.is_empty();
    let drawn = html(&SignPage {
        page: phone(app, viewer, "评估结果").flash(said).errors(errors),
        h: head(app, viewer, &found.case).await?,
        r: shown(&found.scale, outcome, &found.sheet, found.case.level_zh.as_deref()),
        signatures: signatures(&found),
        may_sign: found.case.state == State::Submitted && found.case.signed_at(me.id).is_none(),
        held: held(&found),
        case: found.case,
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn page(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    draw_sign(&app, &viewer, &id, done(ask.filter("done")), Vec::new()).await
}

pub(super) async fn sign(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let seen: i64 = form.parse("version").unwrap_or_default();
    match service::sign(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(&id)?, seen).await {
        Ok(case) => {
            let said = match case.state {
                State::Final => "final",
                State::Signed => "held",
                _ => "signed",
            };
            Ok(to(format!("/assess/{id}/sign?done={said}")))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            draw_sign(&app, &viewer, &id, None, errors).await
        }
    }
}

#[derive(Template)]
#[template(path = "assessment/reopen.html")]
struct ReopenPage {
    page: Page,
    h: Head,
    reason: String,
}

async fn draw_reopen(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let w = service::work(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(id)?).await?;
    let wrong = !errors.is_empty();
    let drawn = html(&ReopenPage {
        page: phone(app, viewer, "退回修改").errors(errors),
        h: head(app, viewer, &w.case).await?,
        reason: form.raw("reason").to_string(),
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn reopen_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    draw_reopen(&app, &viewer, &id, &Form::default(), Vec::new()).await
}

pub(super) async fn reopen(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    match service::reopen(app.db(), &viewer.actor(), id_of(&id)?, form.raw("reason")).await {
        Ok(()) => Ok(to(format!("/assess/{id}?done=reopened"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_reopen(&app, &viewer, &id, &form, errors).await
        }
    }
}
