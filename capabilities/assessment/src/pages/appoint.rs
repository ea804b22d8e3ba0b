//! Agreeing on date, place and assessors.
use super::{again, id_of, staff, to, to_correct};
use crate::book::Scales;
use crate::model::Place;
use crate::service::{self, Appointment, Choice};
use askama::Template;
use kernel::{AssessorId, CivilDate, FieldError, Instant};
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Person {
    id: AssessorId,
    name: String,
    about: String,
    /// Why not; empty when free to be chosen.
    why: String,
    medical: bool,
}

#[derive(Template)]
#[template(path = "assessment/appoint.html")]
struct AppointPage {
    page: Page,
    choice: Choice,
    scale: String,
    form: Form,
    people: Vec<Person>,
    places: Vec<(String, String)>,
}

async fn draw(app: &App, viewer: &Viewer, id: &str, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let choice = service::candidates(app.db(), &scales, &viewer.actor(), id_of(id)?).await?;
    let mut people: Vec<Person> = choice
        .candidates
        .iter()
        .map(|c| Person {
            id: c.assessor.id,
            name: c.assessor.name.clone(),
            about: format!("{}，{}", c.assessor.profession.zh(), c.assessor.employer),
            why: c.blocks.iter().map(|b| b.zh()).collect::<Vec<_>>().join("；"),
            medical: c.assessor.profession.medical(),
        })
        .collect();
    people.sort_by_key(|p| !p.why.is_empty());
    let wrong = !errors.is_empty();
    let page = AppointPage {
        page: staff(app, viewer, format!("约评估：{}", choice.case.elder_name)).errors(errors),
        scale: scales.title(&choice.case.scale),
        people,
        places: Place::ALL.iter().map(|p| (p.code().to_string(), p.zh().to_string())).collect(),
        choice,
        form,
    };
    let drawn = html(&page)?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let sight = service::sight(app.db(), &viewer.actor(), &viewer.full_scope).await?;
    let case = service::case(app.db(), &sight, id_of(&id)?).await?;
    let at = case.starts_at.unwrap_or_else(|| app.clock().today().plus_days(1).at(9, 0));
    let pairs = [
        ("place", case.place.unwrap_or(Place::Home).code().to_string()),
        ("day", at.date().to_string()),
        ("time", at.hhmm()),
        ("address", if case.place == Some(Place::FixedPoint) { case.address.clone() } else { String::new() }),
        ("first", case.first.map(|a| a.to_string()).unwrap_or_default()),
        ("second", case.second.map(|a| a.to_string()).unwrap_or_default()),
        ("version", case.version.to_string()),
    ];
    draw(&app, &viewer, &id, Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v))), Vec::new()).await
}

pub(super) async fn appoint(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let case = id_of(&id)?;
    // Whoever may not see it learns nothing from a form that is filled in wrongly.
    let sight = service::sight(app.db(), &viewer.actor(), &viewer.full_scope).await?;
    service::case(app.db(), &sight, case).await?;
    let seen: i64 = form.parse("version").unwrap_or_default();
    let place = form.choice("place", "地点", Place::parse);
    let day: Option<CivilDate> = form.need("day", "哪天");
    let at = day.and_then(|d| Instant::parse_local(&format!("{d}T{}", form.raw("time").trim())));
    if day.is_some() && at.is_none() {
        form.error("time", "时间要写成 09:30");
    }
    let first: Option<AssessorId> = form.need("first", "第一位评估员");
    let second: Option<AssessorId> = form.parse("second");
    let result = match (form.done(), place, at, first) {
        (Ok(()), Some(place), Some(starts_at), Some(first)) => {
            let address = form.raw("address").trim().chars().take(80).collect();
            let ask = Appointment { place, starts_at, address, first, second };
            service::appoint(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), case, seen, ask).await
        }
        (wrong, ..) => wrong.and(Err(kernel::Error::invalid("first", "第一位评估员没有选"))),
    };
    match result {
        Ok(_) => Ok(to(format!("/assessments/{id}?done=appointed"))),
        Err(e) => draw(&app, &viewer, &id, form, to_correct(e)?).await,
    }
}
