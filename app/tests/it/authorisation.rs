//! The authorisation matrix, generated from the router: every route × role × own or other region × own or other
//! organisation. A route that nobody listed fails the first test.

use crate::world::{Keys, Side, World, nowhere, urls, worlds};
use access::testing::Signed;
use kernel::{Permission, Role};
use store::SqlExt;
use web::axum::http::StatusCode;
use web::{Need, RouteRow};

/// Every route is in the committed table, and the table holds nothing else. Renew it with
/// `cargo run -p yinian -- routes > docs/authorisation.tsv` and read the difference.
#[test]
fn the_committed_table_is_the_router() {
    let committed = include_str!("../../../docs/authorisation.tsv");
    let now = yinian::commands::authorisation_table();
    let missing: Vec<&str> = now.lines().filter(|l| !committed.lines().any(|c| c == *l)).collect();
    let gone: Vec<&str> = committed.lines().filter(|l| !now.lines().any(|n| n == *l)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not listed: {missing:#?}\nno longer there: {gone:#?}");
}

/// Routes that show nothing and change nothing of anyone. This list only shrinks; the one exception is a rescue link, whose
/// token is the right (256 random bits, hours long, dead with its emergency).
const PUBLIC: &[&str] =
    &["/healthz", "/readyz", "/metrics", "/login", "/login/totp", "/login/password", "/demo/login", "/r/{token}"];

#[test]
fn public_routes_are_few_and_known() {
    for r in yinian::wire::routes().table() {
        if r.need == Need::Public {
            assert!(PUBLIC.contains(&r.path.as_str()), "{} {} is public", r.method, r.path);
        }
    }
}

/// The routes that need somebody, with what they need.
fn guarded() -> Vec<(RouteRow, Permission)> {
    let routes = yinian::wire::routes();
    let rows = routes.table().iter().filter_map(|r| match r.need {
        Need::May(p) => Some((r.clone(), p)),
        Need::Public => None,
    });
    rows.collect()
}

/// Nobody signed in: sign-in page or 401. A role without the permission: 403, also for things that do not exist.
#[tokio::test]
async fn roles_without_the_permission_are_refused_everywhere() {
    for w in worlds().await {
        for (r, permission) in guarded() {
            for url in urls(&r.path, &nowhere(&w.near.keys)).into_iter().chain(urls(&r.path, &w.near.keys)) {
                let nobody = w.ask(r.method, &url, None).await;
                let to_sign_in = nobody.status == StatusCode::SEE_OTHER && nobody.location().starts_with("/login");
                assert!(
                    to_sign_in || nobody.status == StatusCode::UNAUTHORIZED,
                    "{} {url} without a session: {}",
                    r.method,
                    nobody.status
                );
                for role in Role::ALL.iter().filter(|x| !x.may(permission)) {
                    let got = w.ask(r.method, &url, Some(w.near(*role))).await;
                    assert_eq!(got.status, StatusCode::FORBIDDEN, "{} {url} as {}", r.method, role.code());
                }
            }
        }
    }
}

/// Without the session's token no form is taken, whoever sends it.
#[tokio::test]
async fn a_post_without_the_token_is_refused_on_every_route() {
    for w in worlds().await {
        for (r, permission) in guarded().into_iter().filter(|(r, _)| r.method == "POST") {
            let url = urls(&r.path, &w.near.keys).remove(0);
            let who = w.near(permission.holders()[0]);
            let request = web::axum::http::Request::post(&url)
                .header("cookie", &who.cookie)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(web::axum::body::Body::from(crate::world::every_field(&url)))
                .unwrap();
            assert_eq!(w.send(request).await.status, StatusCode::FORBIDDEN, "POST {url}");
        }
    }
}

/// What belongs to the whole city or to nobody: every holder of the permission reads it.
fn common(path: &str) -> bool {
    // The policy's text; scales; the region switcher, which ignores what lies outside.
    path.starts_with("/policies/{id}") || path == "/region/{code}" || path.contains("/{scale}")
}

/// Catalogue items are the county's, no provider's: in one county everyone shares them.
fn of_county(path: &str) -> bool {
    path.starts_with("/catalogue/")
}

/// Whether a role of the near side may see a thing of another side by its region or organisation.
fn reaches(w: &World, role: Role, side: &Side, path: &str) -> bool {
    match role {
        Role::CityStaff => true,
        _ if side.county != w.near.county => false,
        Role::ProviderManager => of_county(path),
        // An account of books is a household's or a provider's of the county; a town sees its own households'.
        Role::VillageStaff | Role::TownStaff => of_county(path) || provider_of_county(path),
        // Elders and families see whom their account is tied to, wherever it is.
        Role::Worker | Role::Elder | Role::Family => false,
        // Assessments are seen by whom they are appointed to; for all else a county's assessor is of the county.
        Role::Assessor => !path.contains("/assess"),
        Role::Operator | Role::CountyStaff | Role::Finance | Role::Administrator => true,
    }
}

/// Providers work for a whole county, so its towns see them, their workers, and what the county owes them.
fn provider_of_county(path: &str) -> bool {
    path.starts_with("/providers/") || path.starts_with("/workers/")
}

/// With the permission: the other region's and the other organisation's things do not exist. What is answered is what is
/// answered for an id that belongs to nothing, and nothing is written.
#[tokio::test]
async fn other_regions_and_organisations_do_not_exist() {
    for w in worlds().await {
        let before = changes(&w).await;
        let (mut asked, mut told) = (0, Vec::new());
        for (r, permission) in guarded() {
            if !r.path.contains('{') || common(&r.path) {
                continue;
            }
            for side in [&w.far, &w.rival] {
                for role in permission.holders().iter().filter(|role| !reaches(&w, **role, side, &r.path)) {
                    told.extend(seen(&w, &r, w.near(*role), role.code(), &side.keys).await);
                    asked += 1;
                }
            }
        }
        assert!(told.is_empty(), "{told:#?}");
        assert!(asked > 300, "{asked} only");
        assert_eq!(changes(&w).await, before, "something was written");
    }
}

/// One worker's visits are not a colleague's, though both belong to one provider.
#[tokio::test]
async fn a_worker_does_not_see_a_colleagues_visits() {
    for w in worlds().await {
        for (r, permission) in guarded() {
            if permission.holders().contains(&Role::Worker) && r.path.contains('{') && !common(&r.path) {
                let told = seen(&w, &r, &w.colleague, "colleague", &w.near.keys).await;
                assert!(told.is_empty(), "{told:#?}");
            }
        }
        for path in ["/", "/m", "/m/schedule", "/m/me", "/search?q=彭桂兰"] {
            let text = w.get(path, Some(&w.colleague)).await.text();
            for mark in [w.near.id("orders"), w.near.id("visits"), "彭桂兰", "叶春梅"] {
                assert!(!shows(&text, path, mark), "{path} shows a colleague {mark}");
            }
        }
    }
}

/// Forms with a file are read before their thing is looked for; what they answer tells nothing of it either.
const FILE_FIRST: &[&str] = &["/m/visits/{id}/photos"];

/// What `who` can tell of the things of `keys` behind a route; nothing is right.
async fn seen(w: &World, r: &RouteRow, who: &Signed, label: &str, keys: &Keys) -> Vec<String> {
    let mut out = Vec::new();
    let nothing = urls(&r.path, &nowhere(keys));
    for (url, nothing) in urls(&r.path, keys).iter().zip(&nothing) {
        let got = w.ask(r.method, url, Some(who)).await;
        let empty = w.ask(r.method, nothing, Some(who)).await;
        let file = FILE_FIRST.contains(&r.path.as_str()) && got.status == StatusCode::UNPROCESSABLE_ENTITY;
        if !file && !matches!(got.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) {
            out.push(format!("{} {url} as {label} answered {} {}", r.method, got.status, got.location()));
        }
        if got.status != empty.status {
            out.push(format!("{} {url} as {label} tells that it exists: {}", r.method, got.status));
        }
    }
    out
}

/// Rows of the audit log and of the books: everything that is written writes one.
async fn changes(w: &World) -> (i64, i64) {
    let count = async |sql: &str| w.db.read().scalar::<i64>(sql, vec![]).await.unwrap().unwrap();
    (
        count("SELECT COUNT(*) FROM audit_log WHERE action <> 'access.denied'").await,
        count("SELECT COUNT(*) FROM ledger_transfer").await,
    )
}

/// With the permission and one's own things: pages are there, so that the test before does not pass on a typing error.
#[tokio::test]
async fn own_pages_open_for_whoever_may() {
    for w in worlds().await {
        let mut shut = Vec::new();
        for (r, permission) in guarded().into_iter().filter(|(r, _)| r.method == "GET") {
            for role in permission.holders() {
                let mut answers = Vec::new();
                for mut url in urls(&r.path, &w.near.keys) {
                    match r.path.as_str() {
                        "/elders/{id}/merge" => url += &format!("?with={}", w.near.id("twin")),
                        p if p.ends_with("-approval") || p.ends_with("/payment") => url += "?quarter=2026Q3",
                        _ => {}
                    }
                    answers.push((url.clone(), w.get(&url, Some(w.near(*role))).await.status));
                }
                // A step that the thing's state does not allow is said with 422 or 409: the thing itself is seen.
                let open = |s: &StatusCode| !matches!(*s, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
                let broken = answers.iter().any(|(_, s)| s.is_server_error());
                if broken || !(answers.iter().any(|(_, s)| open(s)) || nothing_own(*role, &r.path)) {
                    shut.push(format!("{} as {}: {answers:?}", r.path, role.code()));
                }
            }
        }
        assert!(shut.is_empty(), "{shut:#?}");
    }
}

/// Pages whose permission a role holds for other things than this world gives it.
fn nothing_own(role: Role, path: &str) -> bool {
    // Everyone who is signed in may follow a link into the books; which kinds of account they read is the books' table.
    match path {
        "/books/accounts/{id}" => {
            matches!(role, Role::Worker | Role::Assessor | Role::Administrator | Role::Elder | Role::Family)
        }
        // This world's versions are being written: those who only read policies see what was approved.
        "/policy-versions/{id}" | "/policy-versions/{id}/affected" => {
            !role.may(Permission::PolicyDraft) && !role.may(Permission::PolicyApprove)
        }
        // Nobody has tried a version here, and no policy in force asks for more than the archive holds.
        "/policy-versions/{id}/trial/live" | "/elders/{id}/entitlement/answers" => true,
        _ => false,
    }
}

/// The forms of own things reach their services: what is refused above is refused for whose it is.
#[tokio::test]
async fn own_forms_are_taken_for_what_they_are_about() {
    for w in worlds().await {
        for (r, permission) in guarded() {
            if r.method != "POST" || !r.path.contains('{') {
                continue;
            }
            for role in permission.holders() {
                let mut seen = Vec::new();
                for url in urls(&r.path, &w.near.keys) {
                    // An empty form: enough to be told what is missing, too little to change anything.
                    seen.push(w.post(&url, Some(w.near(*role)), "").await.status);
                }
                assert!(seen.iter().all(|s| !s.is_server_error()), "POST {} as {}: {seen:?}", r.path, role.code());
            }
        }
    }
}

/// A mark in a page that is not the echo of what was asked.
fn shows(text: &str, url: &str, mark: &str) -> bool {
    !url.contains(mark) && text.contains(mark)
}

/// Lists, searches, records and sheets of `who` hold no mark of the other sides.
async fn lists_without(w: &World, who: &Signed, role: Role, foreign: &[&Side]) {
    for (r, permission) in guarded() {
        if r.method != "GET" || !role.may(permission) {
            continue;
        }
        let own: Vec<String> = urls(&r.path, &w.near.keys);
        let mut all = own.clone();
        if !r.path.contains('{') {
            for url in &own {
                all.push(format!("{url}?export=xlsx"));
                for side in foreign {
                    let (org, county, town, village) = (side.org, side.county, side.town, side.village);
                    let elder = &side.marks[2];
                    all.push(format!("{url}?q={elder}"));
                    all.push(format!("{url}?org={org}&provider={org}"));
                    all.push(format!("{url}?county={county}&town={town}&region={village}&village={village}"));
                    all.push(format!("{url}?elder={}&order={}", side.id("elders"), side.id("orders")));
                    all.push(format!("{url}?quarter=2026Q3&list={}", side.id("settlements")));
                }
            }
        }
        for url in all {
            let got = w.get(&url, Some(who)).await;
            let text = got.text();
            for mark in foreign.iter().flat_map(|s| &s.marks) {
                assert!(!shows(&text, &url, mark), "{url} as {} shows {mark}", role.code());
            }
        }
    }
}

/// Two providers of one county cannot see each other's anything.
#[tokio::test]
async fn two_providers_cannot_see_each_others_anything() {
    for w in worlds().await {
        for role in [Role::ProviderManager, Role::Worker] {
            lists_without(&w, w.near(role), role, &[&w.rival, &w.far]).await;
        }
        // The same pages do show what is one's own: the search for marks can find something.
        for (role, url, of) in [
            (Role::ProviderManager, "/orders", "orders"),
            (Role::ProviderManager, "/workers", "workers"),
            (Role::ProviderManager, "/settlements/all", "settlements"),
            (Role::ProviderManager, "/books", "accounts-of-books"),
            (Role::Worker, "/m", "visits"),
        ] {
            let text = w.get(url, Some(w.near(role))).await.text();
            assert!(w.near.keys[of].iter().any(|id| text.contains(id)), "{url} does not show its own {of}");
        }
        let sheet = w.get("/orders?export=xlsx", Some(w.near(Role::ProviderManager))).await.text();
        assert!(sheet.contains("彭桂兰") && !sheet.contains("曾火生"), "{sheet}");
    }
}

/// An assessor finds what they are appointed to and nothing of a colleague's, in one county as in another.
#[tokio::test]
async fn an_assessor_sees_their_own_assessments_only() {
    for w in worlds().await {
        let who = w.near(Role::Assessor);
        lists_without(&w, who, Role::Assessor, &[&w.rival, &w.far]).await;
        for path in ["/assess", "/assessments"] {
            let text = w.get(path, Some(who)).await.text();
            assert!(text.contains(w.near.id("assess")), "{path} does not show its own");
        }
    }
}

/// A form about one's own may not name somebody else's thing. The same form with an own thing is taken.
#[tokio::test]
async fn foreign_things_in_forms_are_refused() {
    use Role::*;
    type Fill = fn(&Side) -> String;
    let order: Fill = |s| {
        let (elder, item, org) = (s.id("elders"), s.item, s.org);
        format!("elder={elder}&item={item}&provider={org}&day=2026-11-24&time=09:00&quantity=1&channel=staff&act=place")
    };
    let by_api: Fill = |s| {
        let (elder, item) = (s.id("elders"), s.item);
        format!(r#"{{"elder":"{elder}","item":"{item}","starts_at":"2026-11-25T09:00","quantity":1}}"#)
    };
    let lists: Fill = |s| format!("seen={}&looked=1&quarter=2026Q3", s.list_token);
    let account: Fill =
        |s| format!("login=wu{}&name=吴芳&role=village_staff&region={}", &s.village.as_str()[..9], s.village);
    let office: Fill = |s| format!("name=公共服务办&kind=government&region={}", s.town);
    let key: Fill = |s| format!("name=对账&role=county_staff&until=2026-12-31&region={}", s.county);
    let firm_key: Fill =
        |s| format!("name=对账&role=provider_manager&until=2026-12-31&region={}&org={}", s.county, s.org);
    for w in worlds().await {
        // The administrator is the county's: the rival is inside.
        let cases: [(Role, &str, Fill, &[&Side]); 8] = [
            (VillageStaff, "/orders", order, &[&w.far, &w.rival]),
            (VillageStaff, "/api/v1/orders", by_api, &[&w.far, &w.rival]),
            (TownStaff, "/settlements/town-approval", lists, &[&w.far, &w.rival]),
            (CountyStaff, "/settlements/county-approval", lists, &[&w.far]),
            (Finance, "/settlements/payment", lists, &[&w.far]),
            (Administrator, "/accounts/new", account, &[&w.far]),
            (Administrator, "/orgs/new", office, &[&w.far]),
            (Administrator, "/api-keys/new", key, &[&w.far]),
        ];
        let before = changes(&w).await;
        for (role, url, fill, foreign) in &cases {
            for side in *foreign {
                let got = w.post(url, Some(w.near(*role)), &fill(side)).await;
                assert!(got.status.is_client_error(), "{url} as {} answered {}", role.code(), got.status);
            }
        }
        let assign = format!("/orders/{}/assign", w.near.id("orders"));
        for side in [&w.far, &w.rival] {
            let form = format!("worker={}", side.worker);
            let got = w.post(&assign, Some(w.near(ProviderManager)), &form).await;
            assert!(got.status.is_client_error(), "{assign} answered {}", got.status);
            assert!(!got.text().contains(&side.marks[1]), "the name of another provider's worker is told");
            let elder = w.near.id("elders");
            for role in [TownStaff, CountyStaff] {
                if reaches(&w, role, side, "/elders/{id}") {
                    continue;
                }
                let form = format!("with={}&reason=同一个人", side.id("elders"));
                let merge = format!("/elders/{elder}/merge");
                assert_eq!(w.post(&merge, Some(w.near(role)), &form).await.status, StatusCode::NOT_FOUND);
                let text = w.get(&format!("{merge}?{form}"), Some(w.near(role))).await.text();
                assert!(!text.contains(&side.marks[2]), "{merge} shows another region's elder");
            }
            let firm = w.post("/api-keys/new", Some(w.near(Administrator)), &firm_key(&w.far)).await;
            assert!(firm.status.is_client_error(), "a key for a provider of another county: {}", firm.status);
        }
        assert_eq!(changes(&w).await, before, "something was written");
        for (role, url, fill, _) in cases {
            let got = w.post(url, Some(w.near(role)), &fill(&w.near)).await;
            // County and finance come later in the chain: their list is seen, and it is not their turn.
            let later = matches!(role, CountyStaff | Finance)
                && matches!(got.status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY);
            let taken = later || got.status.is_success() || got.status.is_redirection();
            assert!(taken, "own {url} as {} answered {} {}", role.code(), got.status, told(&got.text()));
        }
    }
}

/// The sentences of an error summary.
fn told(page: &str) -> String {
    page.split("error").skip(1).take(3).map(|p| p.chars().take(200).collect::<String>()).collect()
}

/// Nor does anyone below the city see another county, nor a village or town its neighbour's people.
#[tokio::test]
async fn lists_and_sheets_end_at_the_region() {
    for w in worlds().await {
        for role in Role::ALL {
            if !matches!(role, Role::CityStaff | Role::ProviderManager | Role::Worker) {
                lists_without(&w, w.near(*role), *role, &[&w.far]).await;
            }
        }
    }
}

/// The region switcher's cookie narrows and never widens.
#[tokio::test]
async fn a_foreign_region_in_the_cookie_widens_nothing() {
    for w in worlds().await {
        for role in [Role::VillageStaff, Role::TownStaff, Role::CountyStaff, Role::Finance] {
            let who = w.near(role);
            for code in ["441521000000", "441500000000", "440000000000"] {
                let sly = Signed { cookie: format!("{}; yn_region={code}", who.cookie), ..who.clone() };
                for path in ["/", "/elders", "/orders", "/entitled", "/purses", "/providers", "/settlements/all"] {
                    let text = w.get(path, Some(&sly)).await.text();
                    for mark in &w.far.marks {
                        assert!(!text.contains(mark), "{path} with {code} as {} shows {mark}", role.code());
                    }
                }
            }
        }
    }
}

/// API keys see what their account would.
#[tokio::test]
async fn api_keys_stay_inside_their_region_and_organisation() {
    for w in worlds().await {
        let apis =
            guarded().into_iter().filter(|(r, _)| r.method == "GET" && r.path.starts_with("/api/") && !common(&r.path));
        for (r, permission) in apis {
            let keys = [
                (&w.near.key, Role::CountyStaff, vec![&w.far]),
                (&w.near.firm_key, Role::ProviderManager, vec![&w.far, &w.rival]),
            ];
            for (key, role, foreign) in keys {
                for side in foreign {
                    for url in urls(&r.path, &side.keys) {
                        let got = w.with_key(&url, key).await;
                        if !role.may(permission) {
                            assert_eq!(got.status, StatusCode::FORBIDDEN, "{url}");
                        } else if r.path.contains('{') {
                            assert_eq!(got.status, StatusCode::NOT_FOUND, "{url} as {}", role.code());
                        }
                        let text = got.text();
                        for mark in &side.marks {
                            assert!(!shows(&text, &url, mark), "{url} with a key of {} shows {mark}", role.code());
                        }
                    }
                }
                if role.may(permission) {
                    let own = w.with_key(&urls(&r.path, &w.near.keys)[0], key).await;
                    assert_eq!(own.status, StatusCode::OK, "{} as {}", r.path, role.code());
                }
            }
        }
    }
}
