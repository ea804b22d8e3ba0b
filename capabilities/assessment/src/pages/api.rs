//! JSON: answers from the phone, and assessments and scales as FHIR R4.
use super::id_of;
use crate::book::Scales;
use crate::model::Sheet;
use crate::service::{self, Submission};
use kernel::{AssessorId, Error, Instant};
use scales::fhir::{self, Envelope, observation, questionnaire_response};
use serde::Deserialize;
use web::axum::Json;
use web::axum::extract::{Path, State as Take};
use web::axum::http::{HeaderMap, header};
use web::axum::response::{IntoResponse, Response};
use web::{App, Viewer};

#[derive(Deserialize)]
struct Sent {
    key: String,
    base: i64,
    sheet: Sheet,
    #[serde(default)]
    device_at: Option<i64>,
}

/// `POST /api/v1/assessments/{id}/answers`: what a phone has, under a key it made. The answer is what stands here now.
pub(super) async fn answers(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    body: String,
) -> web::Result<Response> {
    let id = id_of(&id)?;
    let scales = app.thing::<Scales>()?;
    let actor = viewer.actor();
    // Whoever may not see it learns nothing from a body that cannot be read.
    service::case(app.db(), &service::sight(app.db(), &actor, &viewer.full_scope).await?, id).await?;
    let sent: Sent = serde_json::from_str(&body).map_err(|e| Error::invalid("body", format!("内容读不懂：{e}")))?;
    let sent = Submission { key: sent.key, base: sent.base, sheet: sent.sheet, device_at: sent.device_at.map(Instant) };
    let saved = service::save(app.db(), &scales, &actor, id, sent).await?;
    let body = serde_json::json!({
        "version": saved.version,
        "sheet": saved.sheet,
        "clashes": saved.clashes.len(),
        "state": saved.state,
    });
    Ok(Json(body).into_response())
}

/// Where the resources of this installation live: the address it was asked at.
fn base(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    // Only what can be a host is repeated.
    let host = host.filter(|h| h.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c)));
    let scheme = if app.site().secure_cookies { "https" } else { "http" };
    format!("{scheme}://{}/api/v1/fhir", host.unwrap_or("localhost"))
}

fn fhir_json(value: serde_json::Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/fhir+json; charset=utf-8")];
    (kind, value.to_string()).into_response()
}

/// `GET /api/v1/assessments/{id}/fhir`: a collection of the questionnaire's response and the observation.
pub(super) async fn bundle(
    Take(app): Take<App>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let base = base(&app, &headers);
    let found = service::found(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), id_of(&id)?).await?;
    let case = &found.case;
    let Some(outcome) = &found.outcome else { return Err(Error::NotFound("这次评估的结果".into()).into()) };
    let settings = service::settings_of(app.db().read(), &case.scale).await?;
    let (given, context) = found.sheet.for_scoring(settings);
    let subject = format!("Patient/{}", case.elder);
    let team: Vec<String> = case.assessors().map(|a: AssessorId| format!("Practitioner/{a}")).collect();
    let assessors: Vec<&str> = team.iter().map(String::as_str).collect();
    let response_id = format!("{}-answers", case.id);
    let result_id = case.id.to_string();
    let at = case.submitted_at.unwrap_or(case.created_at);
    let envelope = |id| Envelope { base: &base, id, subject: &subject, assessors: &assessors, at };
    let response = questionnaire_response(&found.scale, &given, &context, &envelope(&response_id));
    let reference = format!("QuestionnaireResponse/{response_id}");
    let result = observation(&found.scale, outcome, &envelope(&result_id), Some(&reference));
    let entry = |kind: &str, id: &str, resource| serde_json::json!({ "fullUrl": format!("{base}/{kind}/{id}"), "resource": resource });
    Ok(fhir_json(serde_json::json!({
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": { "system": format!("{base}/assessment"), "value": case.no },
        "entry": [
            entry("QuestionnaireResponse", &response_id, response),
            entry("Observation", &result_id, result),
        ],
    })))
}

/// `GET /api/v1/questionnaires/{scale}`: the scale as a FHIR questionnaire.
pub(super) async fn questionnaire(
    Take(app): Take<App>,
    headers: HeaderMap,
    Path(scale): Path<String>,
) -> web::Result<Response> {
    let scale = app.thing::<Scales>()?.current(app.db(), &scale).await?;
    Ok(fhir_json(fhir::questionnaire(&scale, &base(&app, &headers))))
}
