//! A worker's account, and showing the telephone in full.
use super::reason::{self, Ask};
use super::{again, to_correct, worker_id};
use crate::model::WorkerCard;
use crate::service::{self, WorkerAccount};
use askama::Template;
use kernel::{Error, FieldError};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

#[derive(Template)]
#[template(path = "providers/account_form.html")]
struct AccountForm {
    page: Page,
    form: Form,
    card: WorkerCard,
}

/// Something shown this once.
#[derive(Template)]
#[template(path = "providers/shown_once.html")]
struct ShownOnce {
    page: Page,
    lines: Vec<(&'static str, String)>,
    note: &'static str,
    back: String,
}

fn draw(app: &App, viewer: &Viewer, form: Form, card: WorkerCard, errors: Vec<FieldError>) -> web::Result<Response> {
    web::html(&AccountForm {
        page: Page::new(app, viewer, format!("给{}开账号", card.name)).at("/workers").errors(errors),
        form,
        card,
    })
}

/// `GET /workers/{id}/account`
pub async fn form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let card = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    if card.user.is_some() {
        return Err(Error::refused(format!("{}已有账号，忘记密码找管理员重设", card.name)).into());
    }
    draw(&app, &viewer, Form::default(), card, Vec::new())
}

/// `POST /workers/{id}/account`: the given password is on this page and nowhere else.
pub async fn open(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let card = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    let login = form.text("login", "登录名", 40);
    if form.done().is_err() {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, card, errors)?));
    }
    let password = access::service::given_password()?;
    let hashed = access::HashedPassword::of(&password).await?;
    let tx = app.db().begin().await?;
    let new = WorkerAccount { login: login.clone(), password: Some(hashed) };
    match service::open_account(&tx, app.db(), &viewer.actor(), card.id, new).await {
        Ok(_) => {
            tx.commit().await?;
            web::html(&ShownOnce {
                page: Page::new(&app, &viewer, format!("{}的账号已开通", card.name)).at("/workers"),
                lines: vec![("登录名", access::model::tidy_login(&login)), ("临时密码", password)],
                note: "只显示这一次。当面交给本人，第一次登录要改密码",
                back: format!("/workers/{}", card.id),
            })
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, card, to_correct(e)?)?)),
    }
}

fn phone_ask(card: &WorkerCard) -> Ask<'static> {
    Ask {
        nav: "/workers",
        title: format!("看{}的电话", card.name),
        lines: vec![
            ("phone", "电话".into(), card.phone_masked.clone()),
            ("eye", "谁看、为什么看".into(), "会记下来".into()),
        ],
        hint: "如：通知改时间",
        verb: "看电话",
        back: format!("/workers/{}", card.id),
        danger: false,
    }
}

/// `GET /workers/{id}/phone`
pub async fn phone_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let card = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    reason::draw(&app, &viewer, phone_ask(&card), Form::default(), Vec::new())
}

/// `POST /workers/{id}/phone`
pub async fn phone(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let card = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    let tx = app.db().begin().await?;
    match service::phone_plain(&tx, app.db(), &viewer.actor(), card.id, form.raw("reason")).await {
        Ok(plain) => {
            tx.commit().await?;
            web::html(&ShownOnce {
                page: Page::new(&app, &viewer, format!("{}的电话", card.name)).at("/workers"),
                lines: vec![("电话", plain)],
                note: "已记下你看过这个号码",
                back: format!("/workers/{}", card.id),
            })
        }
        Err(e) => Ok(again(reason::draw(&app, &viewer, phone_ask(&card), form, to_correct(e)?)?)),
    }
}
