//! Pages: policies, those entitled, one elder's reasons, purses.
mod elder;
mod lists;
mod panel;
mod parts;
mod policies;
mod policy;
mod reasons;
mod ways;

pub(crate) use panel::panel_html;

use kernel::Permission;
use web::{NavEntry, Routes};

pub(crate) fn routes() -> Routes {
    let read = Permission::EntitlementRead;
    Routes::new("entitlement")
        .get("/policies", read, policies::list)
        .post("/policies/run", Permission::EntitlementRun, policies::run)
        .get("/policies/{id}", read, policy::page)
        .get("/entitled", read, lists::entitled)
        .get("/purses", read, lists::purses)
        .get("/elders/{id}/entitlement", read, elder::page)
        .get("/elders/{id}/entitlement/print", read, elder::print)
        .get("/api/v1/elders/{id}/entitlement", read, elder::api)
}

pub(crate) fn nav() -> Vec<NavEntry> {
    vec![NavEntry { href: "/policies", icon: "scale", word: "政策", needs: Permission::EntitlementRead, order: 55 }]
}
