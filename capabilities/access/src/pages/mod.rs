//! Pages of this crate.
use web::{NavEntry, Routes};

/// Routes of this crate.
pub fn routes() -> Routes {
    Routes::new("access")
}

/// Entries of the rail.
pub fn nav() -> Vec<NavEntry> {
    Vec::new()
}
