//! The authorisation matrix, generated from the router: every route × role × own or other region × own or other
//! organisation. A route that nobody listed fails the first test.
#![allow(clippy::unwrap_used)]

mod world;

use kernel::Role;
use web::Need;
use web::axum::http::StatusCode;
use world::{World, world};

/// Every route is in the committed table, and the table holds nothing else. Renew it with
/// `cargo run -p yinian -- routes > docs/authorisation.tsv` and read the difference.
#[test]
fn the_committed_table_is_the_router() {
    let committed = include_str!("../../docs/authorisation.tsv");
    let now = yinian::commands::authorisation_table();
    let missing: Vec<&str> = now.lines().filter(|l| !committed.lines().any(|c| c == *l)).collect();
    let gone: Vec<&str> = committed.lines().filter(|l| !now.lines().any(|n| n == *l)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not listed: {missing:#?}\nno longer there: {gone:#?}");
}

/// Routes that show nothing and change nothing of anyone. This list only shrinks.
const PUBLIC: &[&str] = &["/healthz", "/readyz", "/metrics", "/login", "/login/totp", "/login/password", "/demo/login"];

#[test]
fn public_routes_are_few_and_known() {
    for r in yinian::wire::routes().table() {
        if r.need == Need::Public {
            assert!(PUBLIC.contains(&r.path.as_str()), "{} {} is public", r.method, r.path);
        }
    }
}

/// Nobody signed in: sign-in page or 401. A role without the permission: 403, also for things that do not exist.
#[tokio::test]
async fn roles_without_the_permission_are_refused_everywhere() {
    let w = world().await;
    for r in yinian::wire::routes().table() {
        let Need::May(permission) = r.need else { continue };
        let url = w.url(&r.path, World::NOWHERE);
        let nobody = w.ask(r.method, &url, None).await;
        let to_sign_in = nobody.status() == StatusCode::SEE_OTHER
            && nobody.headers()["location"].to_str().unwrap().starts_with("/login");
        assert!(
            to_sign_in || nobody.status() == StatusCode::UNAUTHORIZED,
            "{} {url} without a session: {}",
            r.method,
            nobody.status()
        );
        for role in Role::ALL.iter().filter(|x| !x.may(permission)) {
            let got = w.ask(r.method, &url, Some(w.near(*role))).await;
            assert_eq!(got.status(), StatusCode::FORBIDDEN, "{} {url} as {}", r.method, role.code());
        }
    }
}

/// With the permission: the other region's and the other organisation's rows do not exist.
#[tokio::test]
async fn other_regions_and_organisations_do_not_exist() {
    let w = world().await;
    for r in yinian::wire::routes().table() {
        let Need::May(permission) = r.need else { continue };
        let Some(far) = w.far_target(&r.path) else { continue };
        let url = w.url(&r.path, &far);
        for role in permission.holders() {
            if World::sees_all(*role, &r.path) {
                continue;
            }
            let got = w.ask(r.method, &url, Some(w.near(*role))).await;
            let hidden = match r.method {
                "GET" => matches!(got.status(), StatusCode::NOT_FOUND | StatusCode::FORBIDDEN),
                // A form without its fields may be refused for that first; what it must never do is work.
                _ => got.status().is_client_error(),
            };
            assert!(hidden, "{} {url} as {} answered {}", r.method, role.code(), got.status());
        }
    }
}

/// With the permission and one's own rows: pages open.
#[tokio::test]
async fn own_pages_open_for_whoever_may() {
    let w = world().await;
    for r in yinian::wire::routes().table() {
        let Need::May(permission) = r.need else { continue };
        if r.method != "GET" {
            continue;
        }
        let Some(own) = w.own_target(&r.path) else { continue };
        let url = w.url(&r.path, &own);
        for role in permission.holders() {
            if !World::has_own(*role, &r.path) {
                continue;
            }
            let got = w.ask(r.method, &url, Some(w.near(*role))).await;
            let status = got.status();
            assert!(
                status.is_success() || status.is_redirection(),
                "{} {url} as {} answered {status}",
                r.method,
                role.code()
            );
        }
    }
}

/// No list of one provider names the other's elder, worker, order or payment list.
#[tokio::test]
async fn two_providers_cannot_see_each_others_anything() {
    let w = world().await;
    for r in yinian::wire::routes().table() {
        if r.method != "GET" || r.path.contains('{') || r.path.ends_with("/live") {
            continue;
        }
        let Need::May(permission) = r.need else { continue };
        for (role, session, foreign) in w.provider_people() {
            if !role.may(permission) {
                continue;
            }
            let body = w.text(&r.path, session).await;
            for mark in foreign {
                assert!(!body.contains(mark), "{} as {} shows {mark}", r.path, role.code());
            }
        }
    }
}
