//! The region switcher.
use super::{cookie_text, safe_path, set_cookie, word};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, RegionCode};
use serde::Deserialize;
use web::{App, Viewer};

/// A working day: tomorrow starts with all of one's region again.
const SECONDS: i64 = 12 * 3600;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    back: String,
}

/// Path and query of a page of this site that the link was on.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let referer = word(headers, "referer")?;
    let (host, path) = referer.split_once("://")?.1.split_once('/')?;
    (Some(host) == word(headers, "host")).then(|| format!("/{path}")).and_then(|p| safe_path(&p))
}

/// `GET /region/{code}`: narrows all pages to a region inside one's own.
pub(crate) async fn choose(
    State(app): State<App>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> web::Result<Response> {
    let unknown = || Error::NotFound("这个区域".into());
    let code: RegionCode = code.parse().map_err(|_| unknown())?;
    if !viewer.full_scope.covers(&code) {
        return Err(unknown().into());
    }
    let to = safe_path(&back.back).or_else(|| came_from(&headers)).unwrap_or_else(|| "/".into());
    let mut response = Redirect::to(&to).into_response();
    set_cookie(&mut response, &cookie_text(app.site(), "yn_region", Some(code.as_str()), SECONDS));
    Ok(response)
}
