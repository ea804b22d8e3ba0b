//! Pages of this crate: signing in, own settings, and what an administrator keeps.
mod account;
mod account_form;
mod audit_log;
mod jobs;
mod keys;
mod login;
mod orgs;
mod region;
mod settings;

use crate::model::Org;
use crate::service::Client;
use axum::extract::{ConnectInfo, FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Error, FieldError, OrgId, Permission, RegionCode, Result};
use serde::Deserialize;
use std::net::SocketAddr;
use std::str::FromStr;
use web::{App, NavEntry, Need, Routes, Site, Viewer};

/// Routes of this crate.
pub fn routes() -> Routes {
    let own = Permission::SignedIn;
    let keep = Permission::AccessManage;
    Routes::new("access")
        .get("/login", Need::Public, login::page)
        .post("/login", Need::Public, login::submit)
        .get("/login/totp", Need::Public, login::totp_page)
        .post("/login/totp", Need::Public, login::totp_submit)
        .get("/login/password", Need::Public, login::password_page)
        .post("/login/password", Need::Public, login::password_submit)
        .post("/demo/login", Need::Public, login::demo)
        .post("/logout", own, login::out)
        .get("/settings", own, settings::page)
        .post("/settings/display", own, settings::display)
        .post("/settings/password", own, settings::password)
        .get("/settings/totp", own, settings::totp_page)
        .post("/settings/totp", own, settings::totp_bind)
        .post("/settings/totp/off", own, settings::totp_off)
        .post("/sessions/{id}/revoke", own, settings::revoke)
        .get("/region/{code}", own, region::choose)
        .get("/accounts", keep, account::list)
        .get("/accounts/new", keep, account_form::new_page)
        .post("/accounts/new", keep, account_form::create)
        .get("/accounts/{id}", keep, account::record)
        .get("/accounts/{id}/edit", keep, account_form::edit_page)
        .post("/accounts/{id}/edit", keep, account_form::save)
        .get("/accounts/{id}/act/{act}", keep, account::confirm)
        .post("/accounts/{id}/act/{act}", keep, account::act)
        .get("/sessions", keep, account::sessions)
        .get("/orgs", keep, orgs::list)
        .get("/orgs/new", keep, orgs::new_page)
        .post("/orgs/new", keep, orgs::create)
        .get("/orgs/{id}/edit", keep, orgs::edit_page)
        .post("/orgs/{id}/edit", keep, orgs::save)
        .get("/api-keys", keep, keys::list)
        .get("/api-keys/new", keep, keys::new_page)
        .post("/api-keys/new", keep, keys::create)
        .get("/api-keys/{id}", keep, keys::record)
        .post("/api-keys/{id}/revoke", keep, keys::revoke)
        .get("/audit", Permission::AuditRead, audit_log::list)
        .get("/audit/verify", Permission::AuditRead, audit_log::verify_page)
        .post("/audit/verify", Permission::AuditRead, audit_log::verify)
        .get("/jobs", Permission::WorkRead, jobs::list)
        .get("/jobs/{id}", Permission::WorkRead, jobs::record)
        .get("/jobs/{id}/live", Permission::WorkRead, jobs::live)
        .post("/jobs/{id}/again", Permission::WorkRead, jobs::again)
}

/// Entries of the rail.
pub fn nav() -> Vec<NavEntry> {
    let entry = |href, icon, word, needs, order| NavEntry { href, icon, word, needs, order };
    vec![
        entry("/accounts", "user", "账号", Permission::AccessManage, 80),
        entry("/orgs", "building", "单位", Permission::AccessManage, 82),
        entry("/audit", "history", "审计", Permission::AuditRead, 84),
        entry("/jobs", "clock-hour-4", "后台", Permission::WorkRead, 86),
    ]
}

/// `?done=` of a page one was sent back to.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

/// What was done, in words. Only codes written here are said: the address bar says nothing.
pub(crate) fn said(done: &Query<Done>) -> Option<String> {
    let word = match done.done.as_str() {
        "display" => "显示改好了",
        "password" => "密码改好了。别的设备都已退出",
        "totp" => "动态验证码绑好了。别的设备都已退出",
        "totp-off" => "动态验证码停了",
        "revoked" => "那台设备已退出",
        "account" => "账号改好了",
        "disable" => "账号停用了，他的设备都已退出",
        "enable" => "账号启用了",
        "reset-totp" => "动态验证码重置了，他下次登录时再绑",
        "org-new" => "单位登记好了",
        "org" => "单位改好了",
        "key-revoked" => "密钥收回了",
        "again" => "已排上，马上再做",
        _ => return None,
    };
    Some(word.into())
}

/// A path to go back to: of this site, and not the sign-in itself.
pub(crate) fn safe_path(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let ours = text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/login");
    (plain && ours && text.len() <= 300).then(|| text.to_string())
}

/// An id in a path; anything else is a page that does not exist.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::NotFound("这一页".into()))
}

/// What a form shows of an error: its fields, or the refusal above them. Other errors are pages of their own.
pub(crate) fn on_form(e: Error) -> Result<Vec<FieldError>> {
    match e {
        Error::Invalid(fields) => Ok(fields),
        Error::Refused(m) | Error::Conflict(m) => Ok(vec![FieldError::new("", m)]),
        other => Err(other),
    }
}

/// A page with 422 when it carries errors.
pub(crate) fn form_page<T: askama::Template>(view: &T, wrong: bool) -> web::Result<Response> {
    let page = web::html(view)?;
    Ok(if wrong { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() } else { page })
}

/// Sets a cookie on a response.
pub(crate) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(v) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, v);
    }
}

/// A cookie of this site; `None` takes it away.
pub(crate) fn cookie_text(site: &Site, name: &str, value: Option<&str>, seconds: i64) -> String {
    let secure = if site.secure_cookies { "; Secure" } else { "" };
    let (value, age) = value.map_or(("", 0), |v| (v, seconds));
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

/// Regions one can choose in a form: those above the region switched to, itself, and those directly inside.
pub(crate) fn region_choices(app: &App, viewer: &Viewer, also: Option<RegionCode>) -> Vec<(String, String)> {
    let book = app.regions();
    let here = viewer.scope.region;
    let mut codes: Vec<RegionCode> =
        book.path(&here).into_iter().map(|r| r.code).filter(|c| viewer.full_scope.covers(c)).collect();
    if !codes.contains(&here) {
        codes.push(here);
    }
    codes.extend(book.children(&here));
    if let Some(a) = also.filter(|a| !codes.contains(a)) {
        codes.push(a);
    }
    codes.into_iter().map(|c| (c.to_string(), region_name(app, &c))).collect()
}

/// 汕尾市陆河县水唇镇, or the code of a region the book does not know.
pub(crate) fn region_name(app: &App, code: &RegionCode) -> String {
    let name = app.regions().full(code);
    if name.is_empty() { app.regions().name(code) } else { name }
}

pub(crate) fn org_choices(orgs: &[Org]) -> Vec<(String, String)> {
    orgs.iter().map(|o| (o.id.to_string(), format!("{}（{}）", o.name, o.kind.zh()))).collect()
}

pub(crate) fn org_word(orgs: &std::collections::HashMap<OrgId, Org>, id: Option<OrgId>) -> String {
    id.and_then(|id| orgs.get(&id)).map(|o| o.name.clone()).unwrap_or_default()
}

impl FromRequestParts<App> for Client {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> std::result::Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
        let agent = word(&parts.headers, "user-agent").unwrap_or_default().to_string();
        // Only a proxy on this machine is believed about who it speaks for.
        let forwarded = peer
            .is_some_and(|p| p.is_loopback())
            .then(|| word(&parts.headers, "x-forwarded-for"))
            .flatten()
            .and_then(|t| t.rsplit(',').next()?.trim().parse::<std::net::IpAddr>().ok());
        let ip = forwarded.or(peer).map(|i| i.to_string()).unwrap_or_default();
        Ok(Client { ip, agent })
    }
}

pub(crate) fn word<'a>(h: &'a HeaderMap, name: &str) -> Option<&'a str> {
    h.get(name).and_then(|v| v.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_back_to() {
        assert_eq!(safe_path("/elders?q=a&page=2").as_deref(), Some("/elders?q=a&page=2"));
        for bad in ["", "//evil.example", "https://evil.example", "/\\evil", "/login", "/login/totp", "/a b", "/a\nb"] {
            assert_eq!(safe_path(bad), None, "{bad:?}");
        }
    }
}
