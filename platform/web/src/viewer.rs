//! Who looks at a page.
use crate::App;
use async_trait::async_trait;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use kernel::{Actor, Error, OrgId, Permission, RegionCode, Result, Role, Scope, SessionId, UserId, WorkerId};
use std::sync::Arc;

/// A signed-in person or an API key, with how far they may see.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub user: UserId,
    pub name: String,
    pub role: Role,
    /// The organisation's name, e.g. 水唇镇 民政办.
    pub org_name: String,
    pub org: Option<OrgId>,
    pub worker: Option<WorkerId>,
    /// All that the account covers.
    pub full_scope: Scope,
    /// What the region switcher narrowed it to; equal to or inside `full_scope`.
    pub scope: Scope,
    /// `None` for an API key.
    pub session: Option<SessionId>,
    pub contrast_high: bool,
    /// `""`, `elder` or `elder-xl`.
    pub scale: String,
}

impl Viewer {
    pub fn actor(&self) -> Actor {
        Actor::Person { user: self.user, name: self.name.clone(), role: self.role, scope: self.full_scope }
    }
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }
    pub fn region(&self) -> &RegionCode {
        &self.scope.region
    }
    /// Narrows to a region of the switcher; ignored when outside.
    pub fn narrow(&mut self, region: RegionCode) {
        if let Some(s) = self.full_scope.narrowed(region) {
            self.scope = s;
        }
    }
}

/// Turns a request's cookie or API key into a viewer. Written by the access capability.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// `Ok(None)` when nobody is signed in.
    async fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>>;
    /// A signed-in person was refused a page: worth a row in the audit log.
    async fn denied(&self, viewer: &Viewer, method: &str, path: &str) -> Result<()>;
}

impl FromRequestParts<App> for Viewer {
    type Rejection = crate::PageError;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Arc<Viewer>>().map(|v| (**v).clone()).ok_or_else(|| Error::SignIn.into())
    }
}
impl OptionalFromRequestParts<App> for Viewer {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Arc<Viewer>>().map(|v| (**v).clone()))
    }
}
