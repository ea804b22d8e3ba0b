//! What is prepared for an elder: door, medication, consent, paired helpers, accounts of the family.
use super::{Done, again, done, parsed, staff, to, to_correct};
use crate::model::Consent;
use crate::service::{self, Home, HomeAccount};
use askama::Template;
use kernel::{ElderId, FieldError, UserId};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer, html};

struct Account {
    user: String,
    name: String,
    login: String,
    relation: String,
    since: String,
}

#[derive(Template)]
#[template(path = "safety/home.html")]
struct HomePage {
    page: Page,
    elder: String,
    name: String,
    form: Form,
    version: i64,
    consent: String,
    consents: Vec<(&'static str, &'static str)>,
    changed: String,
    accounts: Vec<Account>,
    helpers: Vec<(String, String, String)>,
    /// Login and first password, shown once.
    opened: Option<(String, String)>,
}

fn typed(h: &Home) -> Form {
    let pairs = [
        ("consent", h.consent.code()),
        ("door", &h.door),
        ("keys", &h.keys),
        ("medication", &h.medication),
        ("allergy", &h.allergy),
        ("manner", &h.manner),
    ];
    Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v.to_string())))
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Option<Form>,
    flash: Option<String>,
    errors: Vec<FieldError>,
    opened: Option<(String, String)>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(id, "这位老人的档案")?;
    let (db, actor) = (app.db(), viewer.actor());
    let card = people::service::card(db, &viewer.full_scope, elder).await?;
    let h = service::home(db, &actor, elder).await?;
    let accounts = service::links(db, &actor, elder).await?;
    let helpers = service::helpers(db, &viewer.full_scope).await?;
    let view = HomePage {
        elder: card.id.to_string(),
        name: card.name.clone(),
        version: h.version,
        consent: h.consent.code().into(),
        consents: Consent::options(),
        changed: match h.changed_at {
            Some(t) => format!("{} {} 改", t.stamp(), h.changed_by),
            None => "还没有填过".into(),
        },
        form: form.unwrap_or_else(|| typed(&h)),
        accounts: accounts
            .into_iter()
            .map(|(l, name, login)| Account {
                user: l.user_id.to_string(),
                name,
                login,
                relation: l.relation,
                since: l.made_at.date().to_string(),
            })
            .collect(),
        helpers: helpers
            .into_iter()
            .filter(|l| l.elder == Some(card.id))
            .map(|l| (l.name, l.kind.zh().to_string(), if l.has_key { "有钥匙".into() } else { l.note }))
            .collect(),
        opened,
        page: staff(app, viewer, format!("{} 的安全准备", card.name)).flash(flash).errors(errors),
    };
    html(&view)
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(q): Query<Done>,
) -> web::Result<Response> {
    draw(&app, &viewer, &id, None, done(Some(&q.done)), Vec::new(), None).await
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    people::service::card(app.db(), &viewer.full_scope, elder).await?;
    let consent = form.choice("consent", "是否同意", Consent::parse);
    let seen = form.need::<i64>("version", "版本").unwrap_or_default();
    let text = |name: &str| form.raw(name).trim().to_string();
    let new = Home {
        consent: consent.unwrap_or(Consent::NotAsked),
        consent_at: None,
        door: text("door"),
        keys: text("keys"),
        medication: text("medication"),
        allergy: text("allergy"),
        manner: text("manner"),
        version: seen,
        changed_by: String::new(),
        changed_at: None,
    };
    let saved = match form.done() {
        Ok(()) => service::save_home(app.db(), &viewer.actor(), elder, new, seen).await,
        Err(e) => Err(e),
    };
    match saved {
        Ok(()) => Ok(to(format!("/elders/{elder}/safety?done=home"))),
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, &id, Some(form), None, errors, None).await?))
        }
    }
}

pub(super) async fn open_account(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    people::service::card(app.db(), &viewer.full_scope, elder).await?;
    let own = form.raw("who") == "own";
    let login = form.text("login", "登录名", 40);
    let name = if own { String::new() } else { form.text("name", "姓名", 40) };
    let opened = async {
        form.done()?;
        let password = access::service::given_password()?;
        let hashed = access::HashedPassword::of(&password).await?;
        let relation = form.raw("relation").to_string();
        let new = HomeAccount { own, name, relation, login: login.clone(), password: Some(hashed) };
        service::open_home_account(app.db(), &viewer.actor(), elder, new).await.map(|_| password)
    };
    match opened.await {
        Ok(password) => draw(&app, &viewer, &id, None, None, Vec::new(), Some((login, password))).await,
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, &id, None, None, errors, None).await?))
        }
    }
}

pub(super) async fn end_account(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, user)): Path<(String, String)>,
) -> web::Result<Response> {
    let elder = parsed::<ElderId>(&id, "这位老人的档案")?;
    let user = parsed::<UserId>(&user, "这个账号")?;
    service::unlink(app.db(), &viewer.actor(), elder, user).await?;
    Ok(to(format!("/elders/{elder}/safety?done=unlinked")))
}
