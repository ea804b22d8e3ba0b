//! Pages: policies, those entitled, one elder's reasons, purses.
mod answers;
mod correction;
mod corrections;
mod elder;
mod lists;
mod panel;
mod parts;
mod policies;
mod policy;
mod reasons;
mod trial;
mod version;
mod versions;
mod ways;

pub(crate) use panel::panel_html;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, FieldError, Permission};
use web::{NavEntry, Routes};

pub(crate) fn routes() -> Routes {
    let read = Permission::EntitlementRead;
    Routes::new("entitlement")
        .get("/policies", read, policies::list)
        .post("/policies/run", Permission::EntitlementRun, policies::run)
        .get("/policies/{id}", read, policy::page)
        .get("/policies/{id}/history", read, versions::history)
        .post("/policies/{id}/versions", Permission::PolicyDraft, versions::begin)
        .get("/policies/{id}/adopt", Permission::PolicyDraft, versions::adopt)
        .post("/policies/{id}/adopt", Permission::PolicyDraft, versions::take)
        .get("/policy-versions", read, versions::list)
        .get("/policy-versions/{id}", read, version::page)
        .post("/policy-versions/{id}", Permission::PolicyDraft, version::write)
        .post("/policy-versions/{id}/check", Permission::PolicyDraft, version::check)
        .post("/policy-versions/{id}/decide", read, version::decide)
        .post("/policy-versions/{id}/trial", read, trial::run)
        .get("/policy-versions/{id}/trial/live", read, trial::live)
        .get("/policy-versions/{id}/affected", read, trial::affected)
        .get("/entitled", read, lists::entitled)
        .get("/purses", read, lists::purses)
        .get("/elders/{id}/entitlement", read, elder::page)
        .get("/elders/{id}/entitlement/print", read, elder::print)
        .get("/elders/{id}/entitlement/answers", Permission::ElderWrite, answers::form)
        .post("/elders/{id}/entitlement/answers", Permission::ElderWrite, answers::write)
        .get("/corrections", read, corrections::list)
        .get("/corrections/{id}", read, correction::page)
        .post("/corrections/{id}", Permission::CorrectionTell, correction::tell)
        .get("/corrections/{id}/print", read, correction::print)
        .get("/api/v1/elders/{id}/entitlement", read, elder::api)
}

pub(crate) fn nav() -> Vec<NavEntry> {
    vec![NavEntry { href: "/policies", icon: "scale", word: "政策", needs: Permission::EntitlementRead, order: 55 }]
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

fn to(path: impl AsRef<str>) -> Response {
    Redirect::to(path.as_ref()).into_response()
}

/// The sentence for a `done` code of the address; anything else says nothing.
fn done(code: Option<&str>) -> Option<String> {
    let word = match code? {
        "saved" => "草稿已存",
        "submitted" => "已送审，要由另一个人批准",
        "approved" => "已批准，到生效日期自动施行",
        "returned" => "已退回，写的人改好再送",
        "withdrawn" => "已撤回",
        "adopted" => "已照搬成草稿，核对条文和金额再送审",
        "told" => "已记下告知",
        "answered" => "已登记，正在重新认定",
        "tried" => "试算做完了，没有写任何认定",
        _ => return None,
    };
    Some(word.to_string())
}
