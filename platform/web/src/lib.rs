//! What every page and API stands on: the handle [`App`], who looks ([`Viewer`]), routes that cannot exist without a
//! permission ([`Routes`]), forms that keep what was typed, lists that page, sort, filter, search and export, errors,
//! assets and live updates.
//!
//! **Invariants**
//! - A route is added through [`Routes`] with a [`Need`]; there is no other way in. The authorisation table is that list.
//! - Every unsafe request is same-origin and carries the session's token before a handler sees it.
//! - Pages carry no inline script or style: the content security policy has no `unsafe-inline`.
#![forbid(unsafe_code)]

mod app;
mod assets;
mod errors;
mod form;
mod guard;
mod list;
mod page;
mod routes;
mod sse;
#[cfg(feature = "testing")]
pub mod testing;
mod viewer;

pub use app::{App, AppParts, Banner, NavEntry, Site};
pub use assets::version as assets_version;
pub use errors::{PageError, Result};
pub use form::{Form, Upload};
pub use guard::{cookie, csrf_token, finish};
pub use list::{Cell, Choice, Col, FilterSpec, ListAsk, ListFetch, ListSpec, Mark, Tab, respond, sheet_response};
pub use page::{NavItem, Page, RegionLink, RegionNav, html};
pub use routes::{Need, RouteRow, Routes};
pub use sse::{poll as sse_poll, woken as sse_woken};
pub use viewer::{Authenticator, Viewer};

pub use axum;
