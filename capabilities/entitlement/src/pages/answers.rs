//! What an application asks and the archive has no place for: answered on one page, kept as dated facts.
use super::elder::elder_id;
use super::{again, to, to_correct};
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kernel::{CivilDate, Error, FieldError};
use people::model::{ElderCard, FactKind, Source};
use people::service::Answers;
use policy::Fact;
use std::collections::HashMap;
use web::{App, Form, Page, Viewer, html};

/// One question with its answers; the chosen one is what was typed, or what is on file.
struct Question {
    code: &'static str,
    label: String,
    hint: &'static str,
    chosen: String,
    answers: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "entitlement/answers.html")]
struct AnswersPage {
    page: Page,
    elder: ElderCard,
    pack: String,
    title: String,
    questions: Vec<Question>,
    on: String,
    note: String,
    source: String,
    sources: Vec<(String, String)>,
}

/// The questions a pack asks; of every local pack together without one.
async fn asked(app: &App, viewer: &Viewer, pack: &str) -> kernel::Result<(String, Vec<FactKind>)> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let local = packs.local(&viewer.scope.region).into_iter().map(|i| packs.versions(i).on(today));
    let wanted: Vec<&policy::Pack> = local.filter(|p| pack.is_empty() || p.id == pack).collect();
    let reads = |kind: &FactKind| {
        let fact = Fact::parse(kind.code());
        fact.is_some_and(|f| wanted.iter().any(|p| p.facts().iter().any(|read| read == f)))
    };
    let title = match wanted.as_slice() {
        [only] => only.title.clone(),
        _ => "申请要的情况".into(),
    };
    Ok((title, FactKind::ASKED.into_iter().filter(reads).collect()))
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    elder: ElderCard,
    pack: String,
    form: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let (title, kinds) = asked(app, viewer, &pack).await?;
    if kinds.is_empty() {
        return Err(Error::NotFound("要登记的情况".into()).into());
    }
    let history = people::service::history(app.db(), &viewer.scope, elder.id).await?;
    let changes = people::model::dated_changes(&history);
    let now = |kind: FactKind| changes.iter().rev().find(|c| c.fact == kind).map(|c| c.new.clone());
    let questions = kinds
        .into_iter()
        .map(|kind| Question {
            code: kind.code(),
            label: kind.zh().to_string(),
            hint: Fact::parse(kind.code()).map_or("", |f| f.def().meaning),
            chosen: match form.raw(kind.code()) {
                "" => now(kind).unwrap_or_default(),
                typed => typed.to_string(),
            },
            answers: kind.answers().iter().map(|(c, zh)| (c.to_string(), zh.to_string())).collect(),
        })
        .collect();
    let wrong = !errors.is_empty();
    let word = |name: &str, otherwise: String| match form.raw(name) {
        "" => otherwise,
        typed => typed.to_string(),
    };
    let drawn = html(&AnswersPage {
        page: Page::new(app, viewer, format!("{}：补登记", elder.name)).at("/elders").errors(errors),
        on: word("on", app.clock().today().to_string()),
        note: form.raw("note").to_string(),
        source: word("source", Source::HomeVisit.code().to_string()),
        sources: [Source::HomeVisit, Source::Office].iter().map(|s| (s.code().into(), s.zh().into())).collect(),
        elder,
        pack,
        title,
        questions,
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(crate) async fn form(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(ask): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let elder = people::service::card(app.db(), &viewer.scope, elder_id(&id)?).await?;
    let pack = ask.get("pack").cloned().unwrap_or_default();
    draw(&app, &viewer, elder, pack, &Form::default(), Vec::new()).await
}

pub(crate) async fn write(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let elder = people::service::card(app.db(), &viewer.scope, elder_id(&id)?).await?;
    let pack = form.raw("pack").to_string();
    let (_, kinds) = asked(&app, &viewer, &pack).await?;
    let facts: Vec<(FactKind, String)> = kinds.into_iter().filter_map(|k| Some((k, form.opt(k.code())?))).collect();
    if facts.is_empty() {
        form.error("", "一项都没有选");
    }
    let on: Option<CivilDate> = form.need("on", "哪天的情况");
    let source = form.choice("source", "怎么知道的", Source::parse);
    let note = form.raw("note").trim().chars().take(100).collect();
    let result = match (form.done(), on, source) {
        (Ok(()), Some(on), Some(source)) => {
            let answers = Answers { facts, on, source, note };
            people::service::answer(app.db(), &viewer.actor(), elder.id, answers).await
        }
        (wrong, ..) => wrong,
    };
    match result {
        Ok(()) => Ok(to(format!("/elders/{}/entitlement?done=answered", elder.id))),
        Err(e) => draw(&app, &viewer, elder, pack, &form, to_correct(e)?).await,
    }
}
