//! For tests of pages: the finished router of some routes, asked by whoever the test names.
use crate::{App, AppParts, Authenticator, NavEntry, Routes, Site, Viewer};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use kernel::{RegionBook, RegionCode, Role, Scope};
use std::any::Any;
use std::sync::Arc;
use store::Db;
use tower::ServiceExt;

/// Everyone is this viewer.
pub struct Always(pub Viewer);

#[async_trait::async_trait]
impl Authenticator for Always {
    async fn viewer(&self, _: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        Ok(Some(self.0.clone()))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

/// A person of this role who sees `scope`, without a session: forms need no token.
pub fn viewer(db: &Db, role: Role, scope: Scope) -> Viewer {
    Viewer {
        user: db.new_id(),
        name: "陈嘉敏".into(),
        role,
        org_name: "测试".into(),
        org: scope.org_id(),
        worker: scope.worker_id(),
        full_scope: scope,
        scope,
        session: None,
        contrast_high: false,
        scale: String::new(),
    }
}

/// What a page answered.
pub struct Answer {
    pub status: StatusCode,
    /// Where it leads, empty unless it is a redirect.
    pub to: String,
    pub text: String,
}

/// One capability on its own.
pub struct Stage<'a> {
    pub db: &'a Db,
    /// The region the installation serves.
    pub region: RegionCode,
    pub regions: RegionBook,
    pub nav: fn() -> Vec<NavEntry>,
    pub routes: fn() -> Routes,
    pub things: Vec<Arc<dyn Any + Send + Sync>>,
}

impl Stage<'_> {
    /// Gets a page, or posts a form written as in a URL.
    pub async fn ask(&self, viewer: &Viewer, path: &str, form: Option<&str>) -> Answer {
        let site = Site {
            name: "测试".into(),
            region: self.region,
            demo: false,
            data: std::path::PathBuf::new(),
            secure_cookies: false,
        };
        let parts = AppParts {
            db: self.db.clone(),
            site,
            auth: Arc::new(Always(viewer.clone())),
            nav: (self.nav)(),
            regions: self.regions.clone(),
            runner: None,
        };
        let router = crate::finish((self.routes)(), App::new(parts, self.things.clone()));
        let mut request = Request::builder().uri(path);
        let body = match form {
            None => Body::empty(),
            Some(f) => {
                request = request.method("POST").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                Body::from(f.to_string())
            }
        };
        let request = request.body(body).expect("a request");
        let response = router.oneshot(request).await.expect("answers");
        let status = response.status();
        let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("").to_string();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.expect("a body");
        Answer { status, to, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}
