//! Who may sign in, as what, and how far they see.
//!
//! Words: an *organisation* is a government body, a provider or an institution; an *account* belongs to one person and
//! has one role, one region and, for provider people, one organisation; a *session* is one signed-in browser; an
//! *API key* lets another program read under a role.
//!
//! **Invariants**
//! - Neither a password, a session's token nor an API key is stored: only what they hash to. A TOTP secret is sealed.
//! - A session shows nothing before every step of signing in is done: password, second factor where the role needs
//!   one, own password in place of a given one.
//! - A provider's account has a provider's organisation, and a worker's account a worker: their scope is never wider.
//! - Revoking a session, disabling an account or changing its scope takes effect in this process at once, in another
//!   process within [`FRESH_MS`].
#![forbid(unsafe_code)]

mod authenticator;
pub mod directory;
pub mod model;
mod pages;
mod secret;
pub mod service;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod totp;

pub use authenticator::{Access, COOKIE, FRESH_MS};
pub use pages::{nav, routes};
pub use secret::HashedPassword;
pub use store::MIGRATIONS;
