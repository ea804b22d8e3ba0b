//! Desks (工作台): the home page of every role, which answers "what must I do now?".
//!
//! Words: a *tile* is a figure that leads to its list; a *task* is one thing to do with the day it is due; *figures by
//! village* are counted for a region and shown with the time they were counted at.
//!
//! **Invariants**
//! - A desk decides nothing and writes nothing: it reads the services of the other capabilities with the viewer's scope.
//! - Every figure is a link to the list behind it, and counts what that list shows.
//! - A desk asks at most eight cheap questions; what would read a whole city's archive comes from [`Figures`].
//! - Government staff see the desk of the region they look at: narrowed to a village, a county sees the village's.
#![forbid(unsafe_code)]

mod figures;
pub mod model;
mod pages;

pub use figures::{Figures, Snapshot, count};
pub use pages::routes;

use kernel::Permission;

/// First in the rail.
pub fn nav() -> Vec<web::NavEntry> {
    vec![web::NavEntry { href: "/", icon: "layout-kanban", word: "工作台", needs: Permission::SignedIn, order: 0 }]
}
