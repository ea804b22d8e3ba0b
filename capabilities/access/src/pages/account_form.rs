//! Opening an account and changing one.
use super::account::show_password;
use super::{form_page, id, on_form, org_choices, region_choices};
use crate::authenticator::Access;
use crate::model::{AccountEdit, NewAccount};
use crate::secret::HashedPassword;
use crate::service;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{FieldError, OrgId, RegionCode, Role, UserId};
use web::{App, Form, Page, Viewer};

/// What stands in the form.
#[derive(Default)]
struct Typed {
    name: String,
    login: String,
    role: String,
    region: String,
    org: String,
}

impl Typed {
    fn of(form: &Form) -> Typed {
        let raw = |name: &str| form.raw(name).to_string();
        Typed { name: raw("name"), login: raw("login"), role: raw("role"), region: raw("region"), org: raw("org") }
    }
}

#[derive(Template)]
#[template(path = "account_form.html")]
struct FormPage {
    page: Page,
    action: String,
    back: String,
    /// `None` when the login can no longer be changed.
    login: Option<String>,
    t: Typed,
    roles: Vec<(&'static str, &'static str)>,
    regions: Vec<(String, String)>,
    orgs: Vec<(String, String)>,
}

async fn show(
    app: &App,
    viewer: &Viewer,
    user: Option<UserId>,
    t: Typed,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let wrong = !errors.is_empty();
    let title = if user.is_some() { "改账号" } else { "开账号" };
    // A worker's account is opened on the worker's page, where the worker is known.
    let roles = Role::ALL.iter().filter(|r| **r != Role::Worker).map(|r| (r.code(), r.zh())).collect();
    let orgs = service::orgs(app.db(), &viewer.full_scope, None).await?;
    let action = user.map_or_else(|| "/accounts/new".to_string(), |u| format!("/accounts/{u}/edit"));
    let back = user.map_or_else(|| "/accounts".to_string(), |u| format!("/accounts/{u}"));
    let view = FormPage {
        page: Page::new(app, viewer, title).at("/accounts").errors(errors),
        action,
        back,
        login: user.is_none().then(|| t.login.clone()),
        roles,
        regions: region_choices(app, viewer, t.region.parse().ok()),
        orgs: org_choices(&orgs),
        t,
    };
    form_page(&view, wrong)
}

/// `GET /accounts/new`
pub(crate) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let t = Typed { region: viewer.region().to_string(), ..Typed::default() };
    show(&app, &viewer, None, t, Vec::new()).await
}

struct Read {
    name: String,
    role: Role,
    region: RegionCode,
    org: Option<OrgId>,
}

fn read(form: &mut Form) -> kernel::Result<Read> {
    let name = form.text("name", "姓名", 40);
    let role = form.choice("role", "角色", Role::parse);
    let region = form.need::<RegionCode>("region", "管的区域");
    let org = form.opt("org").map(|o| o.parse::<OrgId>());
    if matches!(org, Some(Err(_))) {
        form.error("org", "没有这个单位");
    }
    form.done()?;
    match (role, region) {
        (Some(role), Some(region)) => Ok(Read { name, role, region, org: org.and_then(Result::ok) }),
        _ => Err(kernel::Error::invalid("role", "角色没有选")),
    }
}

/// `POST /accounts/new`
pub(crate) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let typed = Typed::of(&form);
    let login = form.text("login", "登录名", 40);
    let outcome = match read(&mut form) {
        Ok(r) => open(&app, &viewer, login, r).await,
        Err(e) => Err(e),
    };
    match outcome {
        Ok((user, password)) => {
            let a = service::account(app.db(), &viewer.actor(), user).await?;
            show_password(&app, &viewer, &a, password)
        }
        Err(e) => show(&app, &viewer, None, typed, on_form(e)?).await,
    }
}

async fn open(app: &App, viewer: &Viewer, login: String, r: Read) -> kernel::Result<(UserId, String)> {
    let password = service::given_password()?;
    let new = NewAccount {
        login,
        name: r.name,
        role: r.role,
        region: r.region,
        org: r.org,
        worker: None,
        // Hashed before the transaction, which holds the database's writer.
        password: Some(HashedPassword::of(&password).await?),
        must_change: true,
    };
    let tx = app.db().begin().await?;
    let user = service::create_account(&tx, app.db(), &viewer.actor(), new).await?;
    tx.commit().await?;
    Ok((user, password))
}

/// `GET /accounts/{id}/edit`
pub(crate) async fn edit_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(user): Path<String>,
) -> web::Result<Response> {
    let user: UserId = id(&user)?;
    let a = service::account(app.db(), &viewer.actor(), user).await?;
    let t = Typed {
        name: a.name,
        login: a.login,
        role: a.role.code().into(),
        region: a.region.to_string(),
        org: a.org.map(|o| o.to_string()).unwrap_or_default(),
    };
    show(&app, &viewer, Some(user), t, Vec::new()).await
}

/// `POST /accounts/{id}/edit`
pub(crate) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(user): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let user: UserId = id(&user)?;
    let typed = Typed::of(&form);
    let outcome = match read(&mut form) {
        Ok(r) => {
            let edit = AccountEdit { name: r.name, role: r.role, region: r.region, org: r.org };
            app.thing::<Access>()?.update_account(&viewer.actor(), user, edit).await
        }
        Err(e) => Err(e),
    };
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/accounts/{user}?done=account")).into_response()),
        Err(e) => show(&app, &viewer, Some(user), typed, on_form(e)?).await,
    }
}
