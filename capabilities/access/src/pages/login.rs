//! Signing in and out.
use super::{cookie_text, form_page, id, on_form, safe_path, set_cookie};
use crate::authenticator::{Access, COOKIE};
use crate::model::{Account, Next};
use crate::service::{Client, Half, SignedIn};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, FieldError, Role, SessionId, UserId};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use web::{App, Form, Page, Viewer};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    back: String,
}

struct RoleCard {
    user: UserId,
    icon: &'static str,
    title: &'static str,
    duty: &'static str,
    who: String,
}

struct Group {
    word: &'static str,
    cards: Vec<RoleCard>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    back: String,
    login: String,
    groups: Vec<Group>,
}

/// Icon, title and two words of what the role does here.
const fn card_of(role: Role) -> (&'static str, &'static str, &'static str) {
    match role {
        Role::CityStaff => ("building-bank", "市民政局", "指标、通报"),
        Role::CountyStaff => ("building", "县民政局", "政策、审核"),
        Role::TownStaff => ("building-community", "镇街", "复核、结算"),
        Role::VillageStaff => ("home", "村社区", "建档、下单"),
        Role::Finance => ("receipt", "财政", "拨付、余额"),
        Role::Administrator => ("settings", "平台管理员", "机构、账号"),
        Role::Operator => ("headset", "12349 坐席", "接听、下单"),
        Role::ProviderManager => ("layout-kanban", "服务商", "派单、结算"),
        Role::Worker => ("walk", "护理员", "上门，手机"),
        Role::Assessor => ("clipboard-list", "评估员", "评估、签字"),
        Role::Elder => ("old", "老人", "呼叫，手机"),
        Role::Family => ("heart", "家属", "今天怎样"),
    }
}

const GOVERNMENT: &[Role] =
    &[Role::CityStaff, Role::CountyStaff, Role::TownStaff, Role::VillageStaff, Role::Finance, Role::Administrator];
const SERVICE: &[Role] = &[Role::Operator, Role::ProviderManager, Role::Worker, Role::Assessor];
const HOME: &[Role] = &[Role::Elder, Role::Family];

/// One card a role, and the clerk of another town: to see that one town's elders do not exist for the next.
fn groups(accounts: &[Account], neighbour: Option<&Account>) -> Vec<Group> {
    let mut groups: Vec<Group> = [("政府", GOVERNMENT), ("服务", SERVICE), ("家里", HOME)]
        .into_iter()
        .map(|(word, roles)| Group {
            word,
            cards: roles
                .iter()
                .filter_map(|r| accounts.iter().find(|a| a.role == *r))
                .map(|a| {
                    let (icon, title, duty) = card_of(a.role);
                    RoleCard { user: a.id, icon, title, duty, who: a.name.clone() }
                })
                .collect(),
        })
        .filter(|g: &Group| !g.cards.is_empty())
        .collect();
    if let (Some(a), Some(government)) = (neighbour, groups.first_mut()) {
        let (icon, ..) = card_of(a.role);
        let card =
            RoleCard { user: a.id, icon, title: "邻镇民政", duty: "只见本镇的人", who: a.name.clone() };
        government.cards.push(card);
    }
    groups
}

async fn show(
    app: &App,
    viewer: Option<&Viewer>,
    back: &str,
    login: &str,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let mut page = Page::public(app, "登录").errors(errors);
    // Whoever is signed in and changes identity in the demo sends the present session's token along.
    if let Some(s) = viewer.and_then(|v| v.session) {
        page.csrf = web::csrf_token(app, s);
    }
    let groups = if app.site().demo {
        let neighbour = crate::store::one_elsewhere(app.db(), Role::TownStaff).await?;
        groups(&crate::store::one_of_each_role(app.db()).await?, neighbour.as_ref())
    } else {
        Vec::new()
    };
    let wrong = !page.errors.is_empty();
    let back = safe_path(back).unwrap_or_default();
    form_page(&LoginPage { page, back, login: login.into(), groups }, wrong)
}

/// `GET /login`
pub(crate) async fn page(
    State(app): State<App>,
    viewer: Option<Viewer>,
    Query(back): Query<Back>,
) -> web::Result<Response> {
    if viewer.is_some() && !app.site().demo {
        return Ok(Redirect::to("/").into_response());
    }
    show(&app, viewer.as_ref(), &back.back, "", Vec::new()).await
}

fn go(next: Next, back: &str) -> Response {
    let back = safe_path(back);
    let step = |path: &str| match &back {
        Some(b) => format!("{path}?back={}", b.replace('&', "%26").replace('#', "%23").replace('+', "%2B")),
        None => path.to_string(),
    };
    let to = match next {
        Next::Home => back.clone().unwrap_or_else(|| "/".into()),
        Next::Totp | Next::EnrolTotp => step("/login/totp"),
        Next::ChangePassword => step("/login/password"),
    };
    Redirect::to(&to).into_response()
}

fn enter(app: &App, signed: &SignedIn, back: &str) -> Response {
    let mut response = go(signed.next, back);
    set_cookie(&mut response, &cookie_text(app.site(), COOKIE, Some(&signed.token), signed.lasts / 1000));
    response
}

/// The session this browser had ends when it gets another one.
async fn leave_old(access: &Access, viewer: Option<&Viewer>) -> kernel::Result<()> {
    match viewer.and_then(|v| v.session.map(|s| (v, s))) {
        Some((v, s)) => access.sign_out(&v.actor(), s).await,
        None => Ok(()),
    }
}

/// `POST /login`
pub(crate) async fn submit(
    State(app): State<App>,
    viewer: Option<Viewer>,
    client: Client,
    mut form: Form,
) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    let login = form.text("login", "登录名", 60);
    if form.raw("password").is_empty() {
        form.error("password", "密码没有填");
    }
    let outcome = match form.done() {
        Ok(()) => access.sign_in(&client, &login, form.raw("password")).await,
        Err(e) => Err(e),
    };
    match outcome {
        Ok(signed) => {
            leave_old(&access, viewer.as_ref()).await?;
            Ok(enter(&app, &signed, form.raw("back")))
        }
        Err(e) => show(&app, viewer.as_ref(), form.raw("back"), &login, on_form(e)?).await,
    }
}

/// `POST /demo/login`
pub(crate) async fn demo(
    State(app): State<App>,
    viewer: Option<Viewer>,
    client: Client,
    form: Form,
) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    if !app.site().demo {
        return Err(Error::NotFound("这一页".into()).into());
    }
    let user: UserId = id(form.raw("user"))?;
    let signed = access.demo_login(app.site(), &client, user).await?;
    leave_old(&access, viewer.as_ref()).await?;
    Ok(enter(&app, &signed, ""))
}

/// `POST /logout`
pub(crate) async fn out(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    leave_old(&*app.thing::<Access>()?, Some(&viewer)).await?;
    let mut response = Redirect::to("/login").into_response();
    set_cookie(&mut response, &cookie_text(app.site(), COOKIE, None, 0));
    Ok(response)
}

/// The half signed-in session, or where to go without one.
async fn half(access: &Access, headers: &HeaderMap) -> kernel::Result<Result<Half, Response>> {
    match access.half(headers).await {
        Ok(h) => Ok(Ok(h)),
        Err(Error::SignIn) => Ok(Err(Redirect::to("/login").into_response())),
        Err(e) => Err(e),
    }
}

/// The guard knows tokens of full sessions only; a half one's is checked here.
fn own_form(app: &App, session: SessionId, form: &Form) -> kernel::Result<()> {
    let wanted = web::csrf_token(app, session);
    if bool::from(wanted.as_bytes().ct_eq(form.raw("_csrf").as_bytes())) {
        return Ok(());
    }
    Err(Error::Forbidden("这一页放得太久了。返回登录页，再来一次".into()))
}

fn step_page(app: &App, half: &Half, title: &str, errors: Vec<FieldError>) -> Page {
    let mut page = Page::public(app, title).errors(errors);
    page.csrf = web::csrf_token(app, half.session);
    page
}

#[derive(Template)]
#[template(path = "login_totp.html")]
struct TotpPage {
    page: Page,
    back: String,
    name: String,
    /// QR code and the secret for typing, when it is being enrolled.
    enrol: Option<(String, String)>,
}

async fn totp_view(
    app: &App,
    access: &Access,
    half: &Half,
    back: &str,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let enrol = if half.next == Next::EnrolTotp {
        let e = access.enrolment(half.session, &half.account.login).await?;
        Some((papers::qr_svg(&e.uri).map_err(Error::internal)?, e.typed))
    } else {
        None
    };
    let title = if enrol.is_some() { "绑定动态验证码" } else { "填动态验证码" };
    let wrong = !errors.is_empty();
    let page = step_page(app, half, title, errors);
    let back = safe_path(back).unwrap_or_default();
    form_page(&TotpPage { page, back, name: half.account.name.clone(), enrol }, wrong)
}

/// `GET /login/totp`
pub(crate) async fn totp_page(
    State(app): State<App>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    match half(&access, &headers).await? {
        Ok(h) if h.next == Next::ChangePassword => Ok(go(h.next, &back.back)),
        Ok(h) => totp_view(&app, &access, &h, &back.back, Vec::new()).await,
        Err(response) => Ok(response),
    }
}

/// `POST /login/totp`
pub(crate) async fn totp_submit(
    State(app): State<App>,
    headers: HeaderMap,
    client: Client,
    mut form: Form,
) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    let h = match half(&access, &headers).await? {
        Ok(h) => h,
        Err(response) => return Ok(response),
    };
    own_form(&app, h.session, &form)?;
    let code = form.text("code", "验证码", 12);
    let outcome = match form.done() {
        Ok(()) => access.second_factor(&client, &h, &code).await,
        Err(e) => Err(e),
    };
    match outcome {
        Ok(next) => Ok(go(next, form.raw("back"))),
        Err(Error::SignIn) => Ok(Redirect::to("/login").into_response()),
        Err(e) => {
            let errors = on_form(e)?.into_iter().map(|f| FieldError::new("code", f.message)).collect();
            totp_view(&app, &access, &h, form.raw("back"), errors).await
        }
    }
}

#[derive(Template)]
#[template(path = "login_password.html")]
struct PasswordPage {
    page: Page,
    back: String,
    name: String,
}

/// `GET /login/password`
pub(crate) async fn password_page(
    State(app): State<App>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    match half(&access, &headers).await? {
        Ok(h) if h.next != Next::ChangePassword => Ok(go(h.next, &back.back)),
        Ok(h) => {
            let page = step_page(&app, &h, "换成自己的密码", Vec::new());
            let back = safe_path(&back.back).unwrap_or_default();
            form_page(&PasswordPage { page, back, name: h.account.name }, false)
        }
        Err(response) => Ok(response),
    }
}

/// `POST /login/password`
pub(crate) async fn password_submit(State(app): State<App>, headers: HeaderMap, form: Form) -> web::Result<Response> {
    let access = app.thing::<Access>()?;
    let h = match half(&access, &headers).await? {
        Ok(h) => h,
        Err(response) => return Ok(response),
    };
    own_form(&app, h.session, &form)?;
    match access.first_password(&h, form.raw("new"), form.raw("again")).await {
        Ok(()) => Ok(go(Next::Home, form.raw("back"))),
        Err(e) => {
            let page = step_page(&app, &h, "换成自己的密码", on_form(e)?);
            let back = safe_path(form.raw("back")).unwrap_or_default();
            form_page(&PasswordPage { page, back, name: h.account.name }, true)
        }
    }
}
