//! One installation with three sides. *Near* and *rival* lie in one county, in two towns, each with its own provider;
//! *far* lies in another county. Everything is built through the services; requests go through the finished router.
#![allow(dead_code, clippy::unwrap_used)]
pub mod build;

use access::testing::Signed;
use build::Draft;
use kernel::{CivilDate, ItemId, OrgId, OrgScope, RegionCode, Role, Scope, WorkerId};
use std::collections::BTreeMap;
use store::Db;
use store::testing::TestDb;
use tower::ServiceExt;
use web::App;
use web::axum::Router;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode};
use yinian::config::{Config, Flags};

/// Ids by the collection of the path they stand in, or by the name of the path's parameter.
pub type Keys = BTreeMap<&'static str, Vec<String>>;

pub fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}
pub fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}

/// What a side owns and who works there.
pub struct Side {
    pub county: RegionCode,
    pub town: RegionCode,
    pub village: RegionCode,
    pub org: OrgId,
    pub worker: WorkerId,
    pub item: ItemId,
    /// The payment list as a form names it.
    pub list_token: String,
    /// An API key of the county.
    pub key: String,
    /// An API key of the provider.
    pub firm_key: String,
    pub keys: Keys,
    pub people: BTreeMap<Role, Signed>,
    /// Words and ids that stand on no page of somebody who may not see this side.
    pub marks: Vec<String>,
}

impl Side {
    pub fn id(&self, of: &str) -> &str {
        &self.keys[of][0]
    }
}

pub struct World {
    pub db: Db,
    pub near: Side,
    pub rival: Side,
    pub far: Side,
    /// A second worker of the near provider.
    pub colleague: Signed,
    app: App,
    router: Router,
    _db: TestDb,
    _data: tempfile::TempDir,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The text of a page or of JSON; of a workbook the text of all its cells.
    pub fn text(&self) -> String {
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.contains("spreadsheetml") {
            return String::from_utf8_lossy(&self.bytes).into_owned();
        }
        use calamine::Reader;
        let mut book = calamine::Xlsx::new(std::io::Cursor::new(self.bytes.as_slice())).unwrap();
        let sheets = book.worksheets();
        sheets.iter().flat_map(|(_, s)| s.rows()).flatten().map(|c| format!("{c}\t")).collect()
    }
    pub fn location(&self) -> &str {
        self.headers.get("location").and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// The worlds of all engines at hand.
pub async fn worlds() -> Vec<World> {
    let migrations = yinian::wire::migrations();
    let mut out = vec![World::new(store::testing::sqlite(&migrations).await).await];
    if let Some(db) = store::testing::postgres(&migrations).await {
        out.push(World::new(db).await);
    }
    out
}

impl World {
    async fn new(test_db: TestDb) -> World {
        let db = test_db.db.clone();
        let data = tempfile::tempdir().unwrap();
        people::service::seed_regions(&db, people::service::shipped_regions()).await.unwrap();
        db.clock().set(day("2026-08-15").at(9, 0));
        let mut begun = Vec::new();
        for draft in drafts() {
            begun.push(build::begin(&db, draft).await);
        }
        build::determine(&db).await;
        let mut served = Vec::new();
        for b in &begun {
            served.push(build::serve(&db, b).await[0]);
        }
        db.clock().set(day("2026-10-08").at(9, 0));
        let quiet = &settlement::service::NoProgress;
        settlement::service::settle(&db, &build::platform(), build::QUARTER, quiet).await.unwrap();
        db.clock().set(store::testing::NOW);
        build::determine(&db).await;
        let mut sides = Vec::new();
        for (b, order) in begun.into_iter().zip(served) {
            sides.push(build::finish(&db, data.path(), b, order).await);
        }
        let (far, rival, near) = (sides.pop().unwrap(), sides.pop().unwrap(), sides.pop().unwrap());
        let second = providers::service::workers(&db, &scope(build::CITY), near.org).await.unwrap();
        let second = second.iter().find(|w| w.id != near.worker).unwrap().id;
        let colleague =
            access::testing::session(&db, Role::Worker, near.county, Some(near.org), Some(second)).await.unwrap();
        let flags = Flags { data: Some(data.path().to_path_buf()), ..Flags::default() };
        let config = Config::load(&flags).unwrap();
        let app = yinian::wire::app(db.clone(), &config, false).await.unwrap();
        let router = web::finish(yinian::wire::routes(), app.clone());
        World { db, near, rival, far, colleague, app, router, _db: test_db, _data: data }
    }

    /// The account of a role at a side: as far up as the role reaches, administrators of the county.
    pub(crate) async fn sign_in(db: &Db, side: &mut Side, role: Role) {
        let place = match role {
            Role::VillageStaff => side.village,
            Role::TownStaff => side.town,
            Role::CityStaff => region(build::CITY),
            _ => side.county,
        };
        let org = role.of_provider().then_some(side.org);
        let worker = (role == Role::Worker).then_some(side.worker);
        side.people.insert(role, access::testing::session(db, role, place, org, worker).await.unwrap());
    }

    pub fn near(&self, role: Role) -> &Signed {
        &self.near.people[&role]
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream of events has no end; its first words are not asked for.
        let bytes = match parts.headers.get("content-type") {
            Some(t) if t.as_bytes().starts_with(b"text/event-stream") => Vec::new(),
            _ => to_bytes(body, 32 << 20).await.unwrap().to_vec(),
        };
        Answer { status: parts.status, headers: parts.headers, bytes }
    }
    pub async fn get(&self, url: &str, who: Option<&Signed>) -> Answer {
        self.ask("GET", url, who).await
    }
    /// A request as a browser sends it; a POST carries the session's token and a form with every field there is.
    pub async fn ask(&self, method: &str, url: &str, who: Option<&Signed>) -> Answer {
        match method {
            "GET" => self.request("GET", url, who, "").await,
            _ => self.post(url, who, &every_field(url)).await,
        }
    }
    pub async fn post(&self, url: &str, who: Option<&Signed>, form: &str) -> Answer {
        self.request("POST", url, who, form).await
    }
    async fn request(&self, method: &str, url: &str, who: Option<&Signed>, form: &str) -> Answer {
        let mut url = url.to_string();
        let mut request = Request::builder().method(method);
        if let Some(who) = who {
            request = request.header("cookie", &who.cookie);
            if method == "POST" {
                let sign = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{sign}_csrf={}", web::csrf_token(&self.app, who.session));
            }
        }
        if url.starts_with("/api/") {
            request = request.header("idempotency-key", self.db.new_id::<kernel::JobId>().0.simple().to_string());
        }
        let kind = match method {
            "POST" if url.starts_with("/api/") => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        let request = request.uri(&url).header("content-type", kind).body(Body::from(form.to_string())).unwrap();
        self.send(request).await
    }
    pub async fn with_key(&self, url: &str, key: &str) -> Answer {
        let request = Request::get(url).header("authorization", format!("Bearer {key}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

fn drafts() -> [Draft; 3] {
    let near = Draft {
        n: 1,
        county: "441523000000",
        town: "441523101000",
        village: "441523101204",
        village_name: "墩塘村",
        provider: "颐安居家养老",
        worker: "叶春梅",
        elder: "彭桂兰",
        twins: "罗细妹",
        merged: "黄水娣",
        new_row: "范月娥",
        assessor: "罗志成",
    };
    let rival = Draft {
        n: 2,
        county: "441523000000",
        town: "441523103000",
        village: "441523103201",
        village_name: "",
        provider: "康乐上门服务部",
        worker: "林玉芳",
        elder: "曾火生",
        twins: "邱亚七",
        merged: "钟石古",
        new_row: "温戊秀",
        assessor: "江远明",
    };
    let far = Draft {
        n: 3,
        county: "441521000000",
        town: "441521101000",
        village: "",
        village_name: "",
        provider: "海丰福寿社",
        worker: "卓丽珊",
        elder: "蔡木兰",
        twins: "施九妹",
        merged: "吕金水",
        new_row: "余阿招",
        assessor: "黎海生",
    };
    [near, rival, far].map(named)
}

/// The first village of the town, with the name the shipped regions give it.
fn named(mut d: Draft) -> Draft {
    for line in people::service::shipped_regions().lines() {
        let mut parts = line.split(',');
        let (Some(code), Some(name)) = (parts.next(), parts.next()) else { continue };
        let fits =
            if d.village.is_empty() { code.starts_with(&d.town[..9]) && code != d.town } else { code == d.village };
        if fits {
            (d.village, d.village_name) = (code, name);
            return d;
        }
    }
    panic!("no village in {}", d.town)
}

/// A path's parameters filled with ids of a side: one URL for each id of its kind.
///
/// # Panics
/// When a route takes something no side has: teach it here, or the matrix would not cover it.
pub fn urls(path: &str, keys: &Keys) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = "";
    let banned = path.contains("/bans/");
    for segment in path.split('/').skip(1) {
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            out.iter_mut().for_each(|u| *u += &format!("/{segment}"));
            before = segment;
            continue;
        };
        let of = match (before, name) {
            ("accounts", "id") if path.starts_with("/books/") => "accounts-of-books",
            // A ban hangs on the banned worker: both come from one key.
            ("workers", "id") if banned => "banned",
            (collection, "id") => collection,
            ("region", "code") => "region",
            (_, other) => other,
        };
        let fixed = |values: &[&str]| values.iter().map(|v| v.to_string()).collect();
        let values: Vec<String> = match of {
            "act" => fixed(&["disable", "reset-password"]),
            "policies" => fixed(&["rural-home-care-75-79"]),
            "ban" => {
                out.iter_mut().for_each(|u| u.truncate(u.trim_end_matches("/bans").len()));
                continue;
            }
            of => keys.get(of).unwrap_or_else(|| panic!("{path}: no side has {{{name}}} of {before:?}")).clone(),
        };
        out = out.iter().flat_map(|u| values.iter().map(move |v| format!("{u}/{v}"))).collect();
    }
    if out == [""] { vec!["/".into()] } else { out }
}

/// Ids that belong to nothing.
pub fn nowhere(like: &Keys) -> Keys {
    const NOTHING: &str = "00000000-0000-7000-8000-000000000000";
    let blank = |of: &str, id: &String| match of {
        "banned" => format!("{NOTHING}/bans/{NOTHING}"),
        "seq" | "row" | "step" => id.clone(),
        "region" => "990000000000".into(),
        _ => NOTHING.to_string(),
    };
    like.iter().map(|(of, ids)| (*of, ids.iter().map(|id| blank(of, id)).collect())).collect()
}

/// One value for every field name forms use, so that a request is refused for whom it is about and not for what was left
/// out.
pub fn every_field(url: &str) -> String {
    const FIELDS: &[(&str, &str)] = &[
        ("reason", "核对过了，按规定办"),
        ("note", "核对过了"),
        ("version", "1"),
        ("seen", "1"),
        ("on", "2026-11-01"),
        ("from", "2026-12-01"),
        ("to", "2026-12-31"),
        ("until", "2026-12-31"),
        ("what", "phone"),
        ("name", "试一试"),
        ("phone", "13800138000"),
        ("contact", "试一试"),
        ("contact_name", "试一试"),
        ("contact_phone", "13800138000"),
        ("contact_kind", "family"),
        ("contact_relation", "儿子"),
        ("relation", "儿子"),
        ("address", "上围 1 号"),
        ("kind", "family"),
        ("source", "office"),
        ("decision", "different"),
        ("choice", "confirm"),
        ("rating", "5"),
        ("how", "on_phone"),
        ("line", "0"),
        ("act", "locate"),
        ("document", "文 1"),
        ("code", "T9"),
        ("unit", "visit"),
        ("category", "household"),
        ("help", "none"),
        ("number", "NO-9"),
        ("issuer", "县人社局"),
        ("hukou", "rural"),
        ("living", "with_spouse"),
        ("income", "ordinary"),
        ("role", "village_staff"),
        ("no_show_reason", "敲门没人应"),
        ("no_show", "敲门没人应"),
        ("lat", "23.4"),
        ("lng", "115.6"),
        ("accuracy", "10"),
        ("quarter", "2026Q3"),
        ("region", "441523101204"),
        ("status", "yes"),
        ("sure", "on"),
        ("keep", "mine"),
        ("answer", "4"),
        ("base", "0"),
        ("key", "key-1"),
        ("level", "mild"),
        ("place", "home"),
        ("day", "2026-11-24"),
        ("time", "09:00"),
        ("profession", "nurse"),
        ("employer", "县人民医院"),
        ("certificate", "PGY-9"),
        ("valid_to", "2027-12-31"),
    ];
    let mut form: Vec<String> = FIELDS.iter().map(|(k, v)| format!("{k}={v}")).collect();
    // A list is named with its version there.
    if let Some((list, _)) = url.strip_prefix("/settlements/").and_then(|u| u.split_once("/return-to-")) {
        form.retain(|f| !f.starts_with("seen="));
        form.push(format!("seen={list}:1"));
    }
    form.join("&")
}
