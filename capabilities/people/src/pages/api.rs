//! The JSON API: the same services, masked.
use super::path_id;
use crate::model::ElderCard;
use crate::service;
use axum::Json;
use axum::extract::{Path, Query, State};
use kernel::ElderId;
use web::{App, Viewer};

#[derive(serde::Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

#[derive(serde::Serialize)]
pub(crate) struct Found {
    elders: Vec<ElderCard>,
}

/// `GET /api/v1/elders?q=&limit=`: at most 100 elders that answer the question.
pub(crate) async fn elders(State(app): State<App>, viewer: Viewer, Query(ask): Query<Ask>) -> web::Result<Json<Found>> {
    let limit = ask.limit.unwrap_or(20).clamp(1, 100);
    Ok(Json(Found { elders: service::find(app.db(), &viewer.scope, &ask.q, limit).await? }))
}

/// `GET /api/v1/elders/{id}`
pub(crate) async fn elder(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Json<ElderCard>> {
    let id: ElderId = path_id(&id)?;
    Ok(Json(service::card(app.db(), &viewer.scope, id).await?))
}
