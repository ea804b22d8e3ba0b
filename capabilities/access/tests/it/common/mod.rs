//! A small installation: one city with two counties, an administrator, and a browser without a window.
#![allow(dead_code, clippy::unwrap_used)]
use access::model::{NewAccount, NewOrg, OrgKind};
use access::service::{self, Client};
use access::{Access, HashedPassword};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use kernel::{Actor, OrgId, OrgScope, Region, RegionBook, RegionCode, Role, Scope, UserId};
use std::sync::Arc;
use store::{Db, Migration};
use tower::ServiceExt;
use web::{App, AppParts, Site};

pub const PASSWORD: &str = "shuichun-2026";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, work::MIGRATIONS, access::MIGRATIONS].concat()
}

pub fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}

/// 汕尾市 and, inside it, 陆河县 and 海丰县.
pub fn city() -> RegionCode {
    region("4415")
}

pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: Scope { region: city(), org: OrgScope::Any } }
}

pub fn client() -> Client {
    Client { ip: String::new(), agent: "test".into() }
}

pub fn site(demo: bool) -> Site {
    Site {
        name: "汕尾市智慧养老服务平台".into(),
        region: city(),
        demo,
        data: std::env::temp_dir(),
        secure_cookies: true,
    }
}

pub async fn org(db: &Db, kind: OrgKind, name: &str) -> OrgId {
    let tx = db.begin().await.unwrap();
    let new = NewOrg { name: name.into(), kind, region: region("441523") };
    let id = service::create_org(&tx, db, &platform(), new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub fn new_account(login: &str, role: Role, at: &str, org: Option<OrgId>) -> NewAccount {
    NewAccount {
        login: login.into(),
        name: "陈嘉敏".into(),
        role,
        region: region(at),
        org,
        worker: None,
        password: None,
        must_change: false,
    }
}

pub async fn try_account(db: &Db, actor: &Actor, new: NewAccount) -> kernel::Result<UserId> {
    let tx = db.begin().await?;
    let id = service::create_account(&tx, db, actor, new).await?;
    tx.commit().await?;
    Ok(id)
}

/// An account with [`PASSWORD`].
pub async fn account(db: &Db, login: &str, role: Role, at: &str, org: Option<OrgId>) -> UserId {
    let hashed = HashedPassword::of(PASSWORD).await.unwrap();
    let new = NewAccount { password: Some(hashed), ..new_account(login, role, at, org) };
    try_account(db, &platform(), new).await.unwrap()
}

pub async fn audited(db: &Db, action: &str) -> i64 {
    let ask = audit::AuditList { action: Some(action.into()), ..Default::default() };
    audit::list(db, &ask, kernel::PageAsk { page: 1, rows: 200 }).await.unwrap().total
}

/// The finished service with this crate's routes.
pub struct House {
    pub router: axum::Router,
    pub app: App,
    pub access: Arc<Access>,
}

pub fn house(db: &Db, demo: bool) -> House {
    let access = Arc::new(Access::new(db.clone(), city()));
    let rows = [("4415", "汕尾市"), ("441521", "海丰县"), ("441523", "陆河县"), ("441523103", "水唇镇")];
    let regions = rows.map(|(c, n)| Region { code: region(c), name: n.into() });
    let parts = AppParts {
        db: db.clone(),
        site: site(demo),
        auth: access.clone(),
        nav: access::nav(),
        regions: RegionBook::new(regions.to_vec()),
        runner: None,
    };
    let app = App::new(parts, vec![access.clone()]);
    House { router: web::finish(access::routes(), app.clone()), app, access }
}

pub struct Answer {
    pub status: StatusCode,
    pub to: String,
    pub cookies: Vec<String>,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Answer {
    /// The value of a cookie this answer sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let line = self.cookies.iter().find(|c| c.starts_with(&start))?;
        Some(line[start.len()..].split(';').next()?.to_string())
    }
    /// The form token on the page.
    pub fn csrf(&self) -> String {
        self.between("name=\"_csrf\" value=\"", "\"")
    }
    pub fn between(&self, start: &str, end: &str) -> String {
        let from = self.body.find(start).map(|i| i + start.len()).expect("the page has it");
        let len = self.body[from..].find(end).expect("it ends");
        self.body[from..from + len].to_string()
    }
}

impl House {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 4 << 20).await.unwrap();
        let all =
            |name| parts.headers.get_all(name).iter().map(|v| v.to_str().unwrap().to_string()).collect::<Vec<_>>();
        Answer {
            status: parts.status,
            to: all(header::LOCATION).pop().unwrap_or_default(),
            cookies: all(header::SET_COOKIE),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            headers: parts.headers,
        }
    }
    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap()).await
    }
    pub async fn post(&self, path: &str, cookie: &str, body: &str) -> Answer {
        let request = Request::post(path)
            .header("cookie", cookie)
            .header("host", "yinian.example")
            .header("origin", "https://yinian.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }
    /// Signs in with [`PASSWORD`] and answers the cookie.
    pub async fn sign_in(&self, login: &str) -> Answer {
        self.post("/login", "", &format!("login={login}&password={PASSWORD}")).await
    }
}

/// `yn_session=…` out of an answer.
pub fn session_cookie(a: &Answer) -> String {
    format!("yn_session={}", a.cookie("yn_session").expect("a session cookie"))
}

/// Headers with a session's token.
pub fn headers(token: &str) -> axum::http::HeaderMap {
    let mut h = axum::http::HeaderMap::new();
    h.insert(header::COOKIE, format!("yn_session={token}").parse().unwrap());
    h
}

pub fn bearer(key: &str) -> axum::http::HeaderMap {
    let mut h = axum::http::HeaderMap::new();
    h.insert(header::AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
    h
}
