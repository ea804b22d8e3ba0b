//! Pages of providers, contracts, workers and their papers.
mod contract;
mod coverage;
mod papers;
mod provider;
mod provider_form;
mod reason;
mod worker;
mod worker_account;
mod worker_form;
mod worker_papers;

use kernel::{Error, FieldError, OrgId, Permission, WorkerId};
use std::collections::BTreeMap;
use web::axum::extract::Query;
use web::axum::http::StatusCode;
use web::axum::response::{IntoResponse, Redirect, Response};

pub fn nav() -> Vec<web::NavEntry> {
    vec![
        web::NavEntry { href: "/workers", icon: "users", word: "护理员", needs: Permission::WorkerWrite, order: 35 },
        web::NavEntry {
            href: "/providers",
            icon: "building-community",
            word: "服务商",
            needs: Permission::ProviderRead,
            order: 70,
        },
    ]
}

pub fn routes() -> web::Routes {
    use Permission::{ProviderRead, ProviderWrite, WorkerWrite};
    web::Routes::new("providers")
        .get("/providers", ProviderRead, provider::list)
        .get("/providers/papers", ProviderRead, papers::list)
        .get("/providers/coverage", ProviderRead, coverage::page)
        .get("/providers/new", ProviderWrite, provider_form::new_form)
        .post("/providers/new", ProviderWrite, provider_form::create)
        .get("/providers/{id}", ProviderRead, provider::record)
        .get("/providers/{id}/edit", ProviderWrite, provider_form::edit_form)
        .post("/providers/{id}/edit", ProviderWrite, provider_form::update)
        .get("/providers/{id}/suspend", ProviderWrite, provider_form::suspend_form)
        .post("/providers/{id}/suspend", ProviderWrite, provider_form::suspend)
        .get("/providers/{id}/resume", ProviderWrite, provider_form::resume_form)
        .post("/providers/{id}/resume", ProviderWrite, provider_form::resume)
        .get("/providers/{id}/contracts/new", ProviderWrite, contract::new_form)
        .post("/providers/{id}/contracts/new", ProviderWrite, contract::create)
        .get("/providers/{id}/contracts/{contract}/edit", ProviderWrite, contract::edit_form)
        .post("/providers/{id}/contracts/{contract}/edit", ProviderWrite, contract::update)
        .get("/workers", ProviderRead, worker::list)
        .get("/workers/new", WorkerWrite, worker_form::new_form)
        .post("/workers/new", WorkerWrite, worker_form::create)
        .get("/workers/{id}", ProviderRead, worker::record)
        .get("/workers/{id}/edit", WorkerWrite, worker_form::edit_form)
        .post("/workers/{id}/edit", WorkerWrite, worker_form::update)
        .get("/workers/{id}/documents/new", WorkerWrite, worker_papers::new_form)
        .post("/workers/{id}/documents/new", WorkerWrite, worker_papers::add)
        .get("/workers/{id}/documents/{document}/void", WorkerWrite, worker_papers::void_form)
        .post("/workers/{id}/documents/{document}/void", WorkerWrite, worker_papers::void)
        .get("/workers/{id}/ban", ProviderWrite, worker_papers::ban_form)
        .post("/workers/{id}/ban", ProviderWrite, worker_papers::ban)
        .get("/workers/{id}/bans/{ban}/lift", ProviderWrite, worker_papers::lift_form)
        .post("/workers/{id}/bans/{ban}/lift", ProviderWrite, worker_papers::lift)
        .get("/workers/{id}/account", WorkerWrite, worker_account::form)
        .post("/workers/{id}/account", WorkerWrite, worker_account::open)
        .get("/workers/{id}/phone", ProviderRead, worker_account::phone_form)
        .post("/workers/{id}/phone", ProviderRead, worker_account::phone)
}

type Asked = Query<BTreeMap<String, String>>;

/// What was just done, by its code in `?done=`.
fn done_word(asked: &BTreeMap<String, String>) -> Option<String> {
    let word = match asked.get("done")?.as_str() {
        "provider" => "服务商已登记，接着登记合同",
        "changed" => "已存好",
        "contract" => "合同已存好",
        "suspended" => "已暂停接单，已接的单照做",
        "resumed" => "已恢复接单",
        "worker" => "护理员已登记，接着登记保险、体检和证书",
        "document" => "证件已登记",
        "voided" => "证件已作废",
        "banned" => "已列入行业禁入名单，马上停派",
        "lifted" => "已移出行业禁入名单",
        _ => return None,
    };
    Some(word.to_string())
}

fn to_provider(org: OrgId, done: &str) -> Response {
    Redirect::to(&format!("/providers/{org}?done={done}")).into_response()
}
fn to_worker(id: WorkerId, done: &str) -> Response {
    Redirect::to(&format!("/workers/{id}?done={done}")).into_response()
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> kernel::Result<T> {
    text.parse().map_err(|_| Error::NotFound(what.into()))
}
fn org_id(text: &str) -> kernel::Result<OrgId> {
    parsed(text, "这家服务商")
}
fn worker_id(text: &str) -> kernel::Result<WorkerId> {
    parsed(text, "这位护理员")
}

/// What the same form shows again; other errors go on.
fn to_correct(e: Error) -> web::Result<Vec<FieldError>> {
    match e {
        Error::Invalid(fields) => Ok(fields),
        Error::Refused(m) | Error::Conflict(m) => Ok(vec![FieldError::new("", m)]),
        other => Err(other.into()),
    }
}

fn again(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}
