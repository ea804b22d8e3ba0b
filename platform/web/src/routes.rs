//! Routes with their permission. The list of them is the authorisation table.
use crate::App;
use crate::errors::PageError;
use crate::viewer::Viewer;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use kernel::{Error, Permission, Role};
use std::sync::Arc;

/// What one must be to reach a route. Rows a viewer may not see are kept out by the scope inside the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nobody need be signed in: sign-in, health, assets.
    Public,
    /// A role that holds the permission.
    May(Permission),
}

impl Need {
    pub fn allows(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Need::Public, _) => true,
            (Need::May(p), Some(r)) => r.may(p),
            (Need::May(_), None) => false,
        }
    }
}

/// One line of the authorisation table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    pub method: &'static str,
    pub path: String,
    pub need: Need,
    /// The crate that owns the route.
    pub module: &'static str,
}

/// A capability's routes.
pub struct Routes {
    module: &'static str,
    router: Router<App>,
    rows: Vec<RouteRow>,
}

impl Routes {
    pub fn new(module: &'static str) -> Routes {
        Routes { module, router: Router::new(), rows: Vec::new() }
    }
    pub fn get<H, T>(self, path: &str, need: impl Into<Need>, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("GET", path, need.into(), get(handler))
    }
    pub fn post<H, T>(self, path: &str, need: impl Into<Need>, handler: H) -> Routes
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add("POST", path, need.into(), post(handler))
    }
    fn add(mut self, method: &'static str, path: &str, need: Need, handler: MethodRouter<App>) -> Routes {
        let guarded = handler.layer(from_fn(move |request: Request, next: Next| guard(need, request, next)));
        self.router = self.router.route(path, guarded);
        self.rows.push(RouteRow { method, path: path.to_string(), need, module: self.module });
        self
    }
    /// Puts several capabilities together.
    pub fn merge(mut self, other: Routes) -> Routes {
        self.router = self.router.merge(other.router);
        self.rows.extend(other.rows);
        self
    }
    pub fn table(&self) -> &[RouteRow] {
        &self.rows
    }
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
}

impl From<Permission> for Need {
    fn from(p: Permission) -> Need {
        Need::May(p)
    }
}

/// Marks a denial on the response, so that it is audited.
#[derive(Clone, Copy)]
pub(crate) struct Denied;

async fn guard(need: Need, request: Request, next: Next) -> Response {
    let Need::May(permission) = need else { return next.run(request).await };
    match request.extensions().get::<Arc<Viewer>>() {
        None => PageError::from(Error::SignIn).into_response(),
        Some(v) if v.may(permission) => next.run(request).await,
        Some(v) => {
            let message = format!("{}不能打开这一页，可由{}来做", v.role.zh(), permission.holders_zh());
            let mut response = PageError::from(Error::Forbidden(message)).into_response();
            response.extensions_mut().insert(Denied);
            response
        }
    }
}
