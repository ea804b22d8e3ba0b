//! The archive on paper.
use super::path_id;
use super::words::{complete, sex_age};
use crate::model::Contact;
use crate::service;
use axum::extract::{Path, State};
use axum::response::Response;
use kernel::{ElderId, Error};
use web::{App, Page, Viewer};

const PRINTED: audit::Action = audit::Action::new("elder.printed", "打印档案");

#[derive(askama::Template)]
#[template(path = "print_archive.html")]
struct PrintPage {
    page: Page,
    id: String,
    name: String,
    about: String,
    birth: String,
    home: String,
    code: String,
    qr: String,
    opened: String,
    complete: i64,
    id_masked: String,
    phone: String,
    hukou: String,
    living: &'static str,
    income: &'static str,
    groups: String,
    care: String,
    certificate: String,
    chronic: String,
    preference: String,
    together: Vec<(String, String)>,
    contacts: Vec<Contact>,
    places: Vec<(String, String)>,
    events: Vec<(String, String, String)>,
    village: String,
    by: String,
    at: String,
}

/// `/elders/{id}/print`: masked as on screen; who printed it is written down.
pub(crate) async fn print(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    let (db, scope) = (app.db(), &viewer.scope);
    let a = service::archive(db, scope, id).await?;
    let c = &a.card;
    let book = app.regions();
    let today = app.clock().today();
    let together = service::household_members(db, scope, c.household)
        .await?
        .into_iter()
        .filter(|m| m.id != c.id)
        .map(|m| (m.name.clone(), sex_age(&m, today)))
        .collect();
    let addresses = service::service_addresses(db, scope, c.household).await.unwrap_or_default();
    let mut history = service::history(db, scope, c.id).await?;
    history.reverse();
    let events = history
        .iter()
        .take(8)
        .map(|r| super::words::event(&book, r))
        .map(|e| (e.at.date().to_string(), e.text, e.who))
        .collect();
    let or = |t: String| if t.is_empty() { "没填".to_string() } else { t };
    let code = service::elder_code(db, c.id);
    let place = c.hukou_region.map(|r| if book.contains(&r) { book.short(&r) } else { r.to_string() });
    let view = PrintPage {
        page: Page::new(&app, &viewer, format!("{} 老年人档案", c.name)),
        id: c.id.to_string(),
        name: c.name.clone(),
        about: sex_age(c, today),
        birth: c.birth.to_string(),
        home: format!("{} {}", book.full(&c.region), c.address),
        qr: papers::qr_svg(&code).map_err(Error::from)?,
        code,
        opened: a.created_at.date().to_string(),
        complete: complete(a.lacks),
        id_masked: c.id_masked.clone(),
        phone: or(c.phone_masked.clone()),
        hukou: format!("{}，{}", c.hukou.zh(), or(place.unwrap_or_default())),
        living: c.living.zh(),
        income: c.income.zh(),
        groups: if c.specials.is_empty() {
            "无".into()
        } else {
            c.specials.iter().map(|s| s.zh()).collect::<Vec<_>>().join("、")
        },
        care: c.care.map_or("未评估".into(), |v| v.zh().to_string()),
        certificate: c.certificate.map_or("没填".into(), |v| v.zh().to_string()),
        chronic: or(a.chronic.clone()),
        preference: or(a.preference.clone()),
        together,
        contacts: service::contacts(db, scope, c.id).await?,
        places: addresses
            .iter()
            .map(|p| (super::words::home(&book, &p.region, &p.address), p.since.to_string()))
            .collect(),
        events,
        village: book.name(&c.region),
        by: viewer.name.clone(),
        at: app.now().stamp(),
    };
    let tx = db.begin().await?;
    audit::record(&tx, &viewer.actor(), audit::Entry::new(PRINTED, "elder", c.id).region(c.region)).await?;
    tx.commit().await?;
    web::html(&view)
}
