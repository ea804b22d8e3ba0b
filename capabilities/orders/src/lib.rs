//! The work order (工单): from an elder's wish to a confirmed and rated service, with an event for every step.
//!
//! Words: an order is *placed* (下单) for an elder by staff; a *provider* accepts it or gives it back, then assigns a
//! *worker*; the worker sets out, checks in and out; the elder *confirms*; staff *rate* by a follow-up call (回访). The
//! *public part* is paid by the household's purse, the *own part* by the elder.
//!
//! **Invariants**
//! - States change only through [`model::next`], each change writes an event in the same transaction, and the order's
//!   version equals the number of its events.
//! - While the service is not confirmed the public part is held on the purse; confirming takes it, any other end gives
//!   it back. The sum of open holds of orders equals the sum of their public parts.
//! - `gov + own = fee`, and `gov` is never more than the purse had when the order was placed.
//! - An order of a quarter that is over holds money only if somebody checked in: the others are closed before its purses
//!   are cleared.
//! - Own parts are taken in money once the elder has confirmed, all at once, and given back all at once; each time with
//!   a posting and a numbered receipt. What the receipts of an order add up to is what the books say was received.
//! - Visits of one worker never overlap.
//! - Every read takes a scope: a region for government, also the organisation for a provider, also the worker for a
//!   worker.
//! - The same step asked twice, or the same order placed twice under one key, is done once.
#![forbid(unsafe_code)]

mod api;
mod follow;
pub mod model;
mod pages;
pub mod service;
mod store;

pub use crate::store::MIGRATIONS;
pub use follow::subscribers;
pub use model::{Channel, ConfirmHow, Event, Order, Receipt, State, Step, Who};
pub use pages::{Evidence, EvidencePanel, panels, standing, when};

use kernel::Permission;

/// Pages and the JSON interface.
pub fn routes() -> web::Routes {
    pages::routes().merge(api::routes())
}

/// Entries of the rail.
pub fn nav() -> Vec<web::NavEntry> {
    vec![
        web::NavEntry {
            href: "/orders",
            icon: "clipboard-list",
            word: "工单",
            needs: Permission::OrderRead,
            order: 30,
        },
        web::NavEntry {
            href: "/orders/board",
            icon: "timeline",
            word: "排班",
            needs: Permission::OrderDispatch,
            order: 20,
        },
    ]
}
