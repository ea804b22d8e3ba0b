//! The catalogue's pages.
use kernel::Permission;

pub fn nav() -> Vec<web::NavEntry> {
    vec![web::NavEntry {
        href: "/catalogue",
        icon: "book",
        word: "服务",
        needs: Permission::CatalogueRead,
        order: 60,
    }]
}

pub fn routes() -> web::Routes {
    web::Routes::new("catalogue")
}
