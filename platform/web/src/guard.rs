//! The layers around all routes: who is it, is the request ours, what does an error look like, which headers.
use crate::errors::{ErrorInfo, PageError};
use crate::page::{ErrorPage, Page};
use crate::routes::{Denied, Routes};
use crate::viewer::Viewer;
use crate::{App, Upload, assets};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, RegionCode, SessionId};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// A form may hold this much text.
const FORM_BYTES: usize = 1 << 20;

/// The finished service: routes, assets and all layers.
pub fn finish(routes: Routes, app: App) -> Router {
    routes
        .into_router()
        .route("/assets/{*path}", axum::routing::get(assets::serve))
        .fallback(|| async { PageError::from(Error::NotFound("这一页".into())) })
        .layer(DefaultBodyLimit::max(Upload::MAX_BYTES))
        .layer(from_fn_with_state(app.clone(), around))
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(app)
}

/// The token of a session's forms. Bound to the session by a key only the server has.
pub fn csrf_token(app: &App, session: SessionId) -> String {
    hex::encode(&app.db().keys().sign("csrf", &session.to_string())[..16])
}

async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_string();
    if path.starts_with("/assets/") {
        return secured(next.run(request).await);
    }
    let json = path.starts_with("/api/") || path.ends_with("/live");
    let method = request.method().clone();
    let viewer = match app.auth().viewer(request.headers()).await {
        Ok(v) => v.map(|mut v| {
            if let Some(r) = cookie(request.headers(), "yn_region").and_then(|c| c.parse::<RegionCode>().ok()) {
                v.narrow(r);
            }
            Arc::new(v)
        }),
        Err(e) => return secured(draw(&app, None, &path, json, PageError(e).into_response())),
    };
    if let Some(v) = &viewer {
        request.extensions_mut().insert(v.clone());
    }
    let unsafe_method = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    let response = if unsafe_method {
        match checked(&app, viewer.as_deref(), request).await {
            Ok(request) => next.run(request).await,
            Err(e) => PageError(e).into_response(),
        }
    } else {
        next.run(request).await
    };
    if response.extensions().get::<Denied>().is_some()
        && let Some(v) = &viewer
        && let Err(e) = app.auth().denied(v, method.as_str(), &path).await
    {
        tracing::error!(error = %e, "a denial could not be audited");
    }
    secured(draw(&app, viewer.as_deref(), &path, json, response))
}

/// Same-origin, and with the session's token. An API key needs neither: no browser sends it by itself.
async fn checked(app: &App, viewer: Option<&Viewer>, request: Request) -> Result<Request, Error> {
    if viewer.is_some_and(|v| v.session.is_none()) {
        return Ok(request);
    }
    let foreign = || Error::Forbidden("这个请求不是从本站发出的。回到本站再做一次".into());
    let h = request.headers();
    if let Some(site) = text(h, "sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return Err(foreign());
    }
    if let (Some(origin), Some(host)) = (text(h, "origin"), text(h, "host"))
        && origin.split("://").nth(1) != Some(host)
    {
        return Err(foreign());
    }
    let Some(session) = viewer.and_then(|v| v.session) else { return Ok(request) };
    let wanted = csrf_token(app, session);
    let same = |got: &str| bool::from(got.as_bytes().ct_eq(wanted.as_bytes()));
    let stale = || Error::Forbidden("这一页放得太久了。返回上一页，刷新后再提交".into());
    if text(h, "x-csrf-token").is_some_and(same) {
        return Ok(request);
    }
    let pair = |s: &str| s.split('&').any(|p| p.strip_prefix("_csrf=").is_some_and(same));
    if request.uri().query().is_some_and(pair) {
        return Ok(request);
    }
    if !text(h, "content-type").is_some_and(|t| t.starts_with("application/x-www-form-urlencoded")) {
        return Err(stale());
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, FORM_BYTES).await.map_err(|_| Error::refused("填的内容太多了，最多 1 MB"))?;
    let ok = std::str::from_utf8(&bytes).is_ok_and(pair);
    if !ok {
        return Err(stale());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn text<'a>(h: &'a HeaderMap, name: &str) -> Option<&'a str> {
    h.get(name).and_then(|v| v.to_str().ok())
}

/// The value of a cookie.
pub fn cookie(h: &HeaderMap, name: &str) -> Option<String> {
    h.get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|p| p.trim().split_once('='))
        .find(|(k, _)| *k == name)
        .map(|(_, v)| v.to_string())
}

/// Turns an [`ErrorInfo`] into a page, a redirect to sign-in, or JSON.
fn draw(app: &App, viewer: Option<&Viewer>, path: &str, json: bool, mut response: Response) -> Response {
    let Some(info) = response.extensions_mut().remove::<ErrorInfo>() else { return response };
    if json {
        let body = serde_json::json!({ "error": info.message, "fields": info.fields });
        return (info.status, axum::Json(body)).into_response();
    }
    if info.status == StatusCode::UNAUTHORIZED {
        let back: String = path.chars().filter(|c| c.is_ascii_alphanumeric() || "/-_.".contains(*c)).collect();
        return Redirect::to(&format!("/login?back={back}")).into_response();
    }
    let page = match viewer {
        Some(v) => Page::new(app, v, title(info.status)),
        None => Page::public(app, title(info.status)),
    };
    let heading = page.title.clone();
    let view = ErrorPage {
        page,
        code: info.status.as_u16(),
        heading,
        what: info.message,
        ref_no: info.reference.unwrap_or_default(),
    };
    match crate::html(&view) {
        Ok(r) => (info.status, r).into_response(),
        Err(_) => (info.status, "出错了").into_response(),
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "没有这一页",
        StatusCode::FORBIDDEN => "不能打开",
        StatusCode::UNPROCESSABLE_ENTITY => "有要改的地方",
        StatusCode::CONFLICT => "有人先改了",
        _ => "没做成",
    }
}

fn secured(mut response: Response) -> Response {
    const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                       object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let h = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &'static str| {
        h.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::HeaderName::from_static("permissions-policy"), "geolocation=(self), camera=(self), microphone=()");
    set(header::CACHE_CONTROL, "no-store");
    response
}
