//! Pages and the JSON API.
use kernel::Permission;
use web::{NavEntry, Routes};

pub(crate) fn routes() -> Routes {
    Routes::new("people")
}

pub(crate) fn nav() -> Vec<NavEntry> {
    vec![NavEntry { href: "/elders", icon: "users", word: "老年人", needs: Permission::ElderRead, order: 20 }]
}
