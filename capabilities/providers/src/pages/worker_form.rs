//! The form that registers or changes a worker.
use super::{again, to_correct, to_worker, worker_id};
use crate::model::{Language, WorkerCard, WorkerDraft};
use crate::service;
use askama::Template;
use catalogue::Skill;
use dispatch::Window;
use kernel::{CivilDate, Error, FieldError, GeoPoint, IdNumber, OrgId, Phone};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

/// Field name and label of each weekday's hours, Monday first.
const DAYS: [(&str, &str); 7] = [
    ("hours_0", "周一"),
    ("hours_1", "周二"),
    ("hours_2", "周三"),
    ("hours_3", "周四"),
    ("hours_4", "周五"),
    ("hours_5", "周六"),
    ("hours_6", "周日"),
];

#[derive(Template)]
#[template(path = "providers/worker_form.html")]
struct WorkerForm {
    page: Page,
    form: Form,
    /// Masked identity and phone of a known worker.
    known: Option<(String, String)>,
    back: String,
    /// (code, word, needs a certificate, is it on)
    skills: Vec<(&'static str, &'static str, bool, bool)>,
    languages: Vec<(&'static str, &'static str, bool)>,
}

fn draw(
    app: &App,
    viewer: &Viewer,
    form: Form,
    known: Option<&WorkerCard>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let on = |field: &str, code: &str| form.all(field).iter().any(|c| c == code);
    web::html(&WorkerForm {
        page: Page::new(app, viewer, known.map_or("登记护理员".into(), |w| format!("改{}的资料", w.name)))
            .at("/workers")
            .errors(errors),
        known: known.map(|w| (w.id_masked.clone(), w.phone_masked.clone())),
        back: known.map_or("/workers".into(), |w| format!("/workers/{}", w.id)),
        skills: Skill::ALL.iter().map(|s| (s.code(), s.zh(), s.needs_certificate(), on("skills", s.code()))).collect(),
        languages: Language::ALL.iter().map(|l| (l.code(), l.zh(), on("languages", l.code()))).collect(),
        form,
    })
}

fn own_org(viewer: &Viewer) -> kernel::Result<OrgId> {
    viewer.scope.org_id().ok_or_else(|| Error::Forbidden("护理员由所在的服务商登记".into()))
}

fn filled(w: &WorkerCard) -> Form {
    let point = w.home.map(|h| format!("{:.5}, {:.5}", h.lat(), h.lng())).unwrap_or_default();
    let mut pairs = vec![
        ("name".to_string(), w.name.clone()),
        ("home_address".into(), w.home_address.clone()),
        ("home_point".into(), point),
        ("training_hours".into(), w.training_hours.to_string()),
        ("joined_on".into(), w.joined_on.to_string()),
        ("active".into(), if w.active { "1" } else { "" }.into()),
        ("version".into(), w.version.to_string()),
    ];
    pairs.extend(Skill::of(w.skills).into_iter().map(|s| ("skills".into(), s.code().into())));
    pairs.extend(Language::of(w.languages).into_iter().map(|l| ("languages".into(), l.code().into())));
    let clock = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
    for (day, (field, _)) in DAYS.iter().enumerate() {
        let spans: Vec<String> = w
            .hours
            .iter()
            .filter(|h| usize::from(h.weekday()) == day)
            .map(|h| format!("{}-{}", clock(h.from_minute()), clock(h.to_minute())))
            .collect();
        pairs.push((field.to_string(), spans.join(" ")));
    }
    Form::from_pairs(pairs)
}

/// `08:00-12:00 14:00-18:00` of one weekday.
fn windows(day: u8, text: &str) -> Result<Vec<Window>, String> {
    let wrong = |t: &str| format!("“{t}”看不懂，写成 08:00-12:00 14:00-18:00");
    let minute = |t: &str| -> Option<u16> {
        let (h, m) = t.trim().split_once([':', '：'])?;
        let (h, m): (u16, u16) = (h.parse().ok()?, m.parse().ok()?);
        (h <= 24 && m <= 59).then_some(h * 60 + m)
    };
    text.split([' ', '、', '，', ',', '；', ';', '　'])
        .filter(|t| !t.trim().is_empty())
        .map(|span| {
            let (from, to) = span.split_once(['-', '–', '—', '~', '至']).ok_or_else(|| wrong(span))?;
            let (from, to) = minute(from).zip(minute(to)).ok_or_else(|| wrong(span))?;
            Window::new(day, from, to).filter(|_| from < to).ok_or_else(|| wrong(span))
        })
        .collect()
}

/// `23.30112, 115.60234`
fn point(text: &str) -> Option<GeoPoint> {
    let (lat, lng) = text.split_once([',', '，'])?;
    GeoPoint::from_degrees(lat.trim().parse().ok()?, lng.trim().parse().ok()?)
}

fn read(form: &mut Form, org: OrgId, new: bool) -> Option<WorkerDraft> {
    let name = form.text("name", "姓名", 20);
    let id_number: Option<IdNumber> = if new { form.need("id_number", "证件号码") } else { None };
    let phone: Option<Phone> = if new { form.need("phone", "电话") } else { form.parse("phone") };
    let joined_on: Option<CivilDate> = form.need("joined_on", "入职日期");
    let training_hours = match form.opt("training_hours").map(|t| t.parse::<u32>()) {
        None => 0,
        Some(Ok(n)) => n,
        Some(Err(_)) => {
            form.error("training_hours", "培训学时要填数字");
            0
        }
    };
    let home = form.opt("home_point").map(|t| point(&t));
    if home == Some(None) {
        form.error("home_point", "坐标要写成 23.30112, 115.60234");
    }
    let mut hours = Vec::new();
    for (day, (field, label)) in (0u8..).zip(DAYS) {
        match windows(day, form.raw(field)) {
            Ok(found) => hours.extend(found),
            Err(e) => form.error(field, format!("{label}：{e}")),
        }
    }
    let skills: Vec<Skill> = form.all("skills").iter().filter_map(|c| Skill::parse(c)).collect();
    let languages: Vec<Language> = form.all("languages").iter().filter_map(|c| Language::parse(c)).collect();
    form.done().ok()?;
    Some(WorkerDraft {
        org,
        name,
        id_number,
        phone,
        skills: Skill::set(&skills),
        languages: Language::set(&languages),
        hours,
        home: home.flatten(),
        home_address: form.opt("home_address").unwrap_or_default(),
        training_hours,
        joined_on: joined_on?,
        active: new || form.checked("active"),
    })
}

/// `GET /workers/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    own_org(&viewer)?;
    let mut pairs = vec![
        ("joined_on".to_string(), app.clock().today().to_string()),
        ("languages".into(), Language::Mandarin.code().into()),
    ];
    pairs.extend(DAYS.iter().take(5).map(|(f, _)| (f.to_string(), "08:00-18:00".to_string())));
    draw(&app, &viewer, Form::from_pairs(pairs), None, Vec::new())
}

/// `POST /workers/new`
pub async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let org = own_org(&viewer)?;
    let Some(draft) = read(&mut form, org, true) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, None, errors)?));
    };
    let tx = app.db().begin().await?;
    match service::register_worker(&tx, app.db(), &viewer.actor(), draft).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(to_worker(id, "worker"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, None, to_correct(e)?)?)),
    }
}

/// `GET /workers/{id}/edit`
pub async fn edit_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let w = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    draw(&app, &viewer, filled(&w), Some(&w), Vec::new())
}

/// `POST /workers/{id}/edit`
pub async fn update(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let w = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    let version: i64 = form.raw("version").parse().unwrap_or(0);
    let Some(draft) = read(&mut form, w.org, false) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, Some(&w), errors)?));
    };
    let tx = app.db().begin().await?;
    match service::update_worker(&tx, app.db(), &viewer.actor(), w.id, version, draft).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_worker(w.id, "changed"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, Some(&w), to_correct(e)?)?)),
    }
}
