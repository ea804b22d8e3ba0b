//! API keys.
use super::account::ShownOnce;
use super::{Done, form_page, id, on_form, org_choices, region_choices, region_name, said};
use crate::authenticator::Access;
use crate::model::{ApiKey, NewApiKey};
use crate::service;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, Dir, Error, FieldError, Instant, OrgId, RegionCode, Role, UserId};
use web::{App, Cell, Col, Form, ListAsk, ListSpec, Mark, Page, Viewer};

struct Line {
    k: ApiKey,
    region: String,
    now: Instant,
}

fn standing(k: &ApiKey, now: Instant) -> (Mark, &'static str) {
    if k.revoked_at.is_some() {
        (Mark::Off, "已收回")
    } else if k.expires_at <= now {
        (Mark::Off, "已到期")
    } else if k.expires_at.since(now) < 30 * Instant::DAY {
        (Mark::Note, "快到期")
    } else {
        (Mark::Ok, "在用")
    }
}

fn last_day(k: &ApiKey) -> CivilDate {
    k.expires_at.date().plus_days(-1)
}

/// `GET /api-keys`
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    done: Query<Done>,
    mut ask: ListAsk,
) -> web::Result<Response> {
    ask.filters.remove("done");
    let cols = vec![
        Col::new("name", "给谁用", |l: &Line| Cell::name(format!("/api-keys/{}", l.k.id), &l.k.name)).sort("name"),
        Col::new("role", "权限", |l: &Line| Cell::text(l.k.role.zh())).sort("role"),
        Col::new("region", "区域", |l: &Line| Cell::text(&l.region)).sort("region"),
        Col::new("until", "用到哪天", |l: &Line| Cell::Date(Some(last_day(&l.k)))).sort("expires_at"),
        Col::new("state", "状态", |l: &Line| {
            let (mark, word) = standing(&l.k, l.now);
            Cell::State(mark, word.into())
        }),
        Col::new("made", "发放日期", |l: &Line| Cell::Date(Some(l.k.created_at.date()))).sort("created_at"),
    ];
    let spec = ListSpec {
        title: "接口密钥".into(),
        path: "/api-keys".into(),
        nav: "/accounts",
        sub: "给别的平台读数用，只显示一次".into(),
        cols,
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("made", Dir::Desc),
        tie: "id",
        actions: vec![("/api-keys/new".into(), "plus", "发一个密钥".into(), true)],
        empty: (
            "还没有发过密钥".into(),
            "别的平台要读这里的表时，才要发".into(),
            Some(("/api-keys/new".into(), "发一个密钥".into())),
        ),
        flash: said(&done),
    };
    let (scope, now) = (viewer.scope, app.now());
    let (to, scope) = (&app, &scope);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::keys(to.db(), scope, &f.order, f.page).await?;
        Ok(found.map(|k| Line { region: region_name(to, &k.region), k, now }))
    })
    .await
}

#[derive(Default)]
struct Typed {
    name: String,
    role: String,
    region: String,
    org: String,
    until: String,
}

#[derive(Template)]
#[template(path = "key_form.html")]
struct FormPage {
    page: Page,
    t: Typed,
    roles: Vec<(&'static str, &'static str)>,
    regions: Vec<(String, String)>,
    orgs: Vec<(String, String)>,
}

async fn show(app: &App, viewer: &Viewer, t: Typed, errors: Vec<FieldError>) -> web::Result<Response> {
    let wrong = !errors.is_empty();
    let free = |r: &&Role| !r.needs_totp() && **r != Role::Worker;
    let orgs = service::orgs(app.db(), &viewer.full_scope, Some(crate::model::OrgKind::Provider)).await?;
    let view = FormPage {
        page: Page::new(app, viewer, "发一个密钥").at("/accounts").errors(errors),
        roles: Role::ALL.iter().filter(free).map(|r| (r.code(), r.zh())).collect(),
        regions: region_choices(app, viewer, t.region.parse().ok()),
        orgs: org_choices(&orgs),
        t,
    };
    form_page(&view, wrong)
}

/// `GET /api-keys/new`
pub(crate) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let until = app.clock().today().plus_days(180).to_string();
    let t = Typed { region: viewer.region().to_string(), until, ..Typed::default() };
    show(&app, &viewer, t, Vec::new()).await
}

fn read(form: &mut Form) -> kernel::Result<NewApiKey> {
    let name = form.text("name", "给谁用", 40);
    let role = form.choice("role", "权限", Role::parse);
    let region = form.need::<RegionCode>("region", "区域");
    let until = form.need::<CivilDate>("until", "用到哪天");
    let org = form.opt("org").map(|o| o.parse::<OrgId>());
    if matches!(org, Some(Err(_))) {
        form.error("org", "没有这个单位");
    }
    form.done()?;
    match (role, region, until) {
        (Some(role), Some(region), Some(until)) => {
            Ok(NewApiKey { name, role, region, org: org.and_then(Result::ok), until })
        }
        _ => Err(Error::invalid("role", "权限没有选")),
    }
}

async fn make(app: &App, viewer: &Viewer, new: NewApiKey) -> kernel::Result<(UserId, String)> {
    let tx = app.db().begin().await?;
    let made = service::create_key(&tx, app.db(), &viewer.actor(), new).await?;
    tx.commit().await?;
    Ok(made)
}

/// `POST /api-keys/new`
pub(crate) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let raw = |name: &str| form.raw(name).to_string();
    let typed =
        Typed { name: raw("name"), role: raw("role"), region: raw("region"), org: raw("org"), until: raw("until") };
    let outcome = match read(&mut form) {
        Ok(new) => make(&app, &viewer, new).await,
        Err(e) => Err(e),
    };
    let (made, secret) = match outcome {
        Ok(m) => m,
        Err(e) => return show(&app, &viewer, typed, on_form(e)?).await,
    };
    let view = ShownOnce {
        page: Page::new(&app, &viewer, "新密钥").at("/accounts"),
        heading: format!("{}的密钥", typed.name.trim()),
        lines: vec![("请求头", "Authorization: Bearer".into()), ("密钥", secret)],
        hint: "只显示这一次，这里也查不到。交给对方存好，丢了就收回再发。",
        next_href: format!("/api-keys/{made}"),
        next_word: "已存好",
    };
    form_page(&view, false)
}

#[derive(Template)]
#[template(path = "key.html")]
struct RecordPage {
    page: Page,
    k: ApiKey,
    region: String,
    org: String,
    until: CivilDate,
    mark: Mark,
    standing: &'static str,
    valid: bool,
}

/// `GET /api-keys/{id}`
pub(crate) async fn record(State(app): State<App>, viewer: Viewer, Path(key): Path<String>) -> web::Result<Response> {
    let k = service::key(app.db(), &viewer.full_scope, id(&key)?).await?;
    let org = match k.org {
        Some(o) => service::org_name(app.db(), o).await?,
        None => String::new(),
    };
    let (mark, standing) = standing(&k, app.now());
    let view = RecordPage {
        page: Page::new(&app, &viewer, k.name.clone()).at("/accounts"),
        region: region_name(&app, &k.region),
        org,
        until: last_day(&k),
        mark,
        standing,
        valid: k.valid(app.now()),
        k,
    };
    form_page(&view, false)
}

/// `POST /api-keys/{id}/revoke`
pub(crate) async fn revoke(State(app): State<App>, viewer: Viewer, Path(key): Path<String>) -> web::Result<Response> {
    app.thing::<Access>()?.revoke_key(&viewer.actor(), id(&key)?).await?;
    Ok(Redirect::to("/api-keys?done=key-revoked").into_response())
}
