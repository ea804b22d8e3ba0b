//! On site: the visit as the care worker does it on a phone, and its evidence.
//!
//! **Words**: *set out*, *check in*, *check out*; *evidence*: a stored fact of the visit with the server's time;
//! *elder code*: the short code on an elder's card (一人一码).
//!
//! **Invariants**
//! - Position and time are judged by the server. The device's clock is kept beside the server's and decides nothing.
//! - Evidence is written once, in the transaction of the step it proves, and never changed.
//! - A worker sees their own visits and nobody else's.
#![forbid(unsafe_code)]

pub mod model;
mod pages;
pub mod service;
mod store;

pub use pages::Panel;
pub use store::{Evidence, MIGRATIONS};

use kernel::Permission;
use web::{NavEntry, Routes};

pub fn routes() -> Routes {
    Routes::new("field")
        .get("/m", Permission::VisitDo, pages::today)
        .get("/m/schedule", Permission::VisitDo, pages::schedule)
        .get("/m/me", Permission::VisitDo, pages::me)
        .get("/m/visits/{id}", Permission::VisitDo, pages::visit)
        .post("/m/visits/{id}/phone", Permission::VisitDo, pages::phone)
        .post("/m/visits/{id}/set-out", Permission::VisitDo, pages::set_out)
        .post("/m/visits/{id}/check-in", Permission::VisitDo, pages::check_in)
        .post("/m/visits/{id}/checks", Permission::VisitDo, pages::tick)
        .post("/m/visits/{id}/photos", Permission::VisitDo, pages::add_photo)
        .post("/m/visits/{id}/check-out", Permission::VisitDo, pages::check_out)
        .post("/m/visits/{id}/confirm", Permission::VisitDo, pages::confirm)
        .post("/m/visits/{id}/no-show", Permission::VisitDo, pages::no_show)
        .get("/evidence/{id}", Permission::EvidenceRead, pages::photo)
}

/// The phone's tab bar.
pub fn nav() -> Vec<NavEntry> {
    let entry = |href, icon, word, order| NavEntry { href, icon, word, needs: Permission::VisitDo, order };
    vec![
        entry("/m", "calendar-event", "今天", 1),
        entry("/m/schedule", "calendar", "日程", 2),
        entry("/m/me", "user", "我的", 3),
    ]
}
