//! Pages of providers and workers.
use kernel::Permission;

pub fn nav() -> Vec<web::NavEntry> {
    vec![
        web::NavEntry {
            href: "/providers",
            icon: "building-community",
            word: "服务商",
            needs: Permission::ProviderRead,
            order: 70,
        },
        web::NavEntry { href: "/workers", icon: "users", word: "护理员", needs: Permission::WorkerWrite, order: 35 },
    ]
}

pub fn routes() -> web::Routes {
    web::Routes::new("providers")
}
