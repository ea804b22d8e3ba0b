//! JSON of one list.
use super::list_id;
use crate::service::{self, LineAsk};
use kernel::PageAsk;
use web::axum::Json;
use web::axum::extract::{Path, State};
use web::{App, ListAsk, Viewer};

/// `GET /api/v1/settlements/{id}?page=2`: the list, its towns, its reviews and one page of lines.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Json<serde_json::Value>> {
    let id = list_id(&id)?;
    let (db, scope) = (app.db(), &viewer.scope);
    let list = service::list(db, scope, id).await?;
    let page = PageAsk { page: ask.page.max(1), rows: PageAsk::MAX_ROWS };
    let lines = service::lines(db, scope, id, &LineAsk::default(), page, "seq").await?;
    Ok(Json(serde_json::json!({
        "list": list,
        "towns": service::towns(db, scope, id).await?,
        "reviews": service::reviews(db, scope, id).await?,
        "lines": lines,
    })))
}
