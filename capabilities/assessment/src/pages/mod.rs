//! Pages: the assessor's phone, the staff's lists and forms, the register, quality, scales; and the JSON interface.
mod api;
mod apply;
mod appoint;
mod assessors;
mod desk;
mod form;
mod list;
mod panel;
mod question;
mod record;
mod relations;
mod samples;
mod scales;
mod shown;
mod sign;
mod work;

pub(crate) use panel::AssessmentPanel;

use crate::model::{Case, State};
use kernel::{Error, FieldError, Permission};
use web::axum::http::StatusCode;
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Mark, NavEntry, Page, Routes, Viewer};

pub fn routes() -> Routes {
    use Permission::*;
    Routes::new("assessment")
        // The assessor's phone.
        .get("/assess", AssessmentDo, desk::today)
        .get("/assess/sw.js", AssessmentDo, work::worker)
        .get("/assess/{id}", AssessmentDo, work::overview)
        .get("/assess/{id}/items/{step}", AssessmentDo, work::item)
        .post("/assess/{id}/items/{step}", AssessmentDo, work::answer)
        .get("/assess/{id}/check", AssessmentDo, sign::check)
        .post("/assess/{id}/submit", AssessmentDo, sign::submit)
        .get("/assess/{id}/clashes", AssessmentDo, sign::clashes)
        .post("/assess/{id}/clashes", AssessmentDo, sign::settle)
        .get("/assess/{id}/sign", AssessmentDo, sign::page)
        .post("/assess/{id}/sign", AssessmentDo, sign::sign)
        .get("/assess/{id}/reopen", AssessmentDo, sign::reopen_form)
        .post("/assess/{id}/reopen", AssessmentDo, sign::reopen)
        .post("/api/v1/assessments/{id}/answers", AssessmentDo, api::answers)
        // Staff.
        .get("/assess/relations", AssessmentDo, relations::page)
        .post("/assess/relations", AssessmentDo, relations::declare)
        .get("/assessments", AssessmentRead, list::list)
        .get("/assessments/new", AssessmentApply, apply::form)
        .post("/assessments/new", AssessmentApply, apply::apply)
        .get("/assessments/recognise", AssessmentArrange, apply::recognise_form)
        .post("/assessments/recognise", AssessmentArrange, apply::recognise)
        .get("/assessments/{id}", AssessmentRead, record::page)
        .get("/assessments/{id}/print", AssessmentRead, record::print)
        .get("/assessments/{id}/appoint", AssessmentArrange, appoint::form)
        .post("/assessments/{id}/appoint", AssessmentArrange, appoint::appoint)
        .get("/assessments/{id}/cancel", AssessmentArrange, record::cancel_form)
        .post("/assessments/{id}/cancel", AssessmentArrange, record::cancel)
        .get("/assessments/{id}/object", AssessmentApply, record::object_form)
        .post("/assessments/{id}/object", AssessmentApply, record::object)
        .get("/assessments/{id}/level", AssessmentSupervise, record::level_form)
        .post("/assessments/{id}/level", AssessmentSupervise, record::level)
        .get("/api/v1/assessments/{id}/fhir", AssessmentRead, api::bundle)
        // The register and quality.
        .get("/assessors", AssessmentSupervise, assessors::list)
        .get("/assessors/new", AssessmentSupervise, assessors::new_form)
        .post("/assessors/new", AssessmentSupervise, assessors::create)
        .get("/assessors/{id}", AssessmentSupervise, assessors::page)
        .get("/assessors/{id}/edit", AssessmentSupervise, assessors::edit_form)
        .post("/assessors/{id}/edit", AssessmentSupervise, assessors::update)
        .post("/assessors/{id}/relations", AssessmentSupervise, assessors::declare)
        .get("/assessment-samples", AssessmentSupervise, samples::list)
        .get("/assessment-samples/new", AssessmentSupervise, samples::form)
        .post("/assessment-samples/new", AssessmentSupervise, samples::draw)
        .get("/assessment-samples/{id}", AssessmentSupervise, samples::page)
        // Scales.
        .get("/scales", ScaleRead, scales::list)
        .get("/scales/load", ScaleManage, scales::load_form)
        .post("/scales/load", ScaleManage, scales::load)
        .get("/scales/{scale}", ScaleRead, scales::page)
        .get("/scales/{scale}/accept", ScaleManage, scales::accept_form)
        .post("/scales/{scale}/accept", ScaleManage, scales::accept)
        .get("/scales/{scale}/settings", ScaleManage, scales::settings_form)
        .post("/scales/{scale}/settings", ScaleManage, scales::settings)
        .get("/api/v1/questionnaires/{scale}", ScaleRead, api::questionnaire)
}

pub fn nav() -> Vec<NavEntry> {
    let entry = |href, icon, word, needs, order| NavEntry { href, icon, word, needs, order };
    vec![
        entry("/assess", "calendar-event", "今天", Permission::AssessmentDo, 1),
        entry("/assessments", "clipboard-check", "评估", Permission::AssessmentRead, 35),
        entry("/scales", "list", "量表", Permission::ScaleManage, 58),
    ]
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> kernel::Result<T> {
    text.parse().map_err(|_| Error::NotFound(what.into()))
}

fn id_of(text: &str) -> kernel::Result<kernel::AssessmentId> {
    parsed(text, "这次评估")
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

/// The frame of a page on the assessor's phone.
fn phone(app: &App, viewer: &Viewer, title: &str) -> Page {
    let mut page = Page::new(app, viewer, title);
    page.nav.retain(|n| n.href == "/assess" || n.href == "/assessments");
    page.at("/assess")
}

/// The frame of a staff page.
fn staff(app: &App, viewer: &Viewer, title: impl Into<String>) -> Page {
    Page::new(app, viewer, title).at("/assessments")
}

fn mark(case: &Case, today: kernel::CivilDate) -> (Mark, String) {
    let word = case.state.zh().to_string();
    match case.state {
        State::Applied => (Mark::Todo, word),
        State::Appointed if case.starts_at.is_some_and(|at| at.date() < today) => (Mark::Warn, "过了约定的日子".into()),
        State::Appointed => (Mark::Todo, word),
        State::InProgress => (Mark::Doing, word),
        State::Submitted | State::Signed | State::Objected => (Mark::Note, word),
        State::Final if case.valid_until.is_some_and(|u| u < today) => (Mark::Warn, "已过期".into()),
        State::Final => (Mark::Ok, word),
        State::Reviewed | State::Cancelled => (Mark::Off, word),
    }
}

/// The sentence for a `done` code of the address; anything else says nothing.
fn done(code: Option<&str>) -> Option<String> {
    let word = match code? {
        "applied" => "已申请，接着约时间和评估员",
        "appointed" => "已约好，评估员手机上看得到了",
        "cancelled" => "已取消",
        "objected" => "异议已登记，接着约另外的评估员复评",
        "recognised" => "已认可，结果写进了档案",
        "level" => "等级已商定",
        "saved" => "已存",
        "settled" => "已定下来",
        "submitted" => "已提交，两人看过就签字",
        "reopened" => "已退回，改好再提交",
        "signed" => "你已签字，等另一位",
        "final" => "两人都签了，结果已生效，待遇在重新认定",
        "held" => "两人都签了。还差一步才生效，下面写明了",
        "assessor" => "评估员已存好",
        "declared" => "回避关系已登记",
        "drawn" => "样本已抽好，每份都生成了一次复查",
        "accepted" => "量表已启用，等着的结果已生效",
        "loaded" => "量表已载入，核对启用以后结果才作数",
        "set" => "已设定，以后提交的评估按这个办",
        _ => return None,
    };
    Some(word.to_string())
}
