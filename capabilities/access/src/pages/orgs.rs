//! Organisations.
use super::{Done, form_page, id, on_form, region_choices, region_name, said};
use crate::authenticator::Access;
use crate::model::{NewOrg, Org, OrgKind};
use crate::service;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Dir, Error, FieldError, OrgId, RegionCode};
use web::{App, Cell, Choice, Col, FilterSpec, Form, ListAsk, ListSpec, Mark, Page, Viewer};

struct Line {
    o: Org,
    region: String,
}

/// `GET /orgs`
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    done: Query<Done>,
    mut ask: ListAsk,
) -> web::Result<Response> {
    ask.filters.remove("done");
    let cols = vec![
        Col::new("name", "名称", |l: &Line| Cell::name(format!("/orgs/{}/edit", l.o.id), &l.o.name)).sort("name"),
        Col::new("kind", "类别", |l: &Line| Cell::text(l.o.kind.zh())).sort("kind"),
        Col::new("region", "区域", |l: &Line| Cell::text(&l.region)).sort("region"),
        Col::new("state", "状态", |l: &Line| {
            if l.o.active { Cell::State(Mark::Ok, "在用".into()) } else { Cell::State(Mark::Off, "已停用".into()) }
        }),
        Col::new("people", "账号", |l: &Line| Cell::Link {
            href: format!("/accounts?org={}", l.o.id),
            text: "看账号".into(),
        }),
    ];
    let spec = ListSpec {
        title: "单位".into(),
        path: "/orgs".into(),
        nav: "/orgs",
        sub: region_name(&app, viewer.region()),
        cols,
        filters: vec![FilterSpec {
            key: "kind",
            label: "类别",
            choices: OrgKind::ALL.iter().map(|k| Choice::new(k.code(), k.zh())).collect(),
        }],
        tabs: Vec::new(),
        search_hint: Some("单位名称"),
        default_sort: ("name", Dir::Asc),
        tie: "id",
        actions: vec![("/orgs/new".into(), "plus", "登记单位".into(), true)],
        empty: (
            "这里还没有单位".into(),
            "先登记单位，再给里面的人开账号".into(),
            Some(("/orgs/new".into(), "登记单位".into())),
        ),
        flash: said(&done),
    };
    let kind = ask.filter("kind").and_then(OrgKind::parse);
    let (scope, q) = (viewer.scope, ask.q.clone());
    let (to, scope, q) = (&app, &scope, &q);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::org_list(to.db(), scope, kind, q, &f.order, f.page).await?;
        Ok(found.map(|o| Line { region: region_name(to, &o.region), o }))
    })
    .await
}

#[derive(Default)]
struct Typed {
    name: String,
    kind: String,
    region: String,
    active: bool,
}

impl Typed {
    fn of(form: &Form) -> Typed {
        let raw = |name: &str| form.raw(name).to_string();
        Typed { name: raw("name"), kind: raw("kind"), region: raw("region"), active: form.checked("active") }
    }
}

#[derive(Template)]
#[template(path = "org_form.html")]
struct FormPage {
    page: Page,
    action: String,
    /// Of an organisation that exists the kind stays.
    old: bool,
    t: Typed,
    kinds: Vec<(&'static str, &'static str)>,
    kind_word: &'static str,
    regions: Vec<(String, String)>,
}

async fn show(
    app: &App,
    viewer: &Viewer,
    org: Option<OrgId>,
    t: Typed,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let wrong = !errors.is_empty();
    let title = if org.is_some() { "改单位" } else { "登记单位" };
    let view = FormPage {
        page: Page::new(app, viewer, title).at("/orgs").errors(errors),
        action: org.map_or_else(|| "/orgs/new".to_string(), |o| format!("/orgs/{o}/edit")),
        old: org.is_some(),
        kinds: OrgKind::ALL.iter().map(|k| (k.code(), k.zh())).collect(),
        kind_word: OrgKind::parse(&t.kind).map_or("", OrgKind::zh),
        regions: region_choices(app, viewer, t.region.parse().ok()),
        t,
    };
    form_page(&view, wrong)
}

/// `GET /orgs/new`
pub(crate) async fn new_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let t = Typed { region: viewer.region().to_string(), active: true, ..Typed::default() };
    show(&app, &viewer, None, t, Vec::new()).await
}

fn read(form: &mut Form) -> kernel::Result<NewOrg> {
    let name = form.text("name", "单位名称", 60);
    let kind = form.choice("kind", "类别", OrgKind::parse);
    let region = form.need::<RegionCode>("region", "区域");
    form.done()?;
    match (kind, region) {
        (Some(kind), Some(region)) => Ok(NewOrg { name, kind, region }),
        _ => Err(Error::invalid("kind", "类别没有选")),
    }
}

/// `POST /orgs/new`
pub(crate) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let typed = Typed::of(&form);
    let outcome = match read(&mut form) {
        Ok(new) => write(&app, &viewer, new).await,
        Err(e) => Err(e),
    };
    match outcome {
        Ok(()) => Ok(Redirect::to("/orgs?done=org-new").into_response()),
        Err(e) => show(&app, &viewer, None, typed, on_form(e)?).await,
    }
}

async fn write(app: &App, viewer: &Viewer, new: NewOrg) -> kernel::Result<()> {
    let tx = app.db().begin().await?;
    service::create_org(&tx, app.db(), &viewer.actor(), new).await?;
    tx.commit().await
}

async fn own(app: &App, viewer: &Viewer, org: OrgId) -> kernel::Result<Org> {
    let o = crate::directory::org(app.db(), org).await?;
    if viewer.full_scope.covers(&o.region) { Ok(o) } else { Err(Error::NotFound("这个单位".into())) }
}

/// `GET /orgs/{id}/edit`
pub(crate) async fn edit_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(org): Path<String>,
) -> web::Result<Response> {
    let org: OrgId = id(&org)?;
    let o = own(&app, &viewer, org).await?;
    let t = Typed { name: o.name, kind: o.kind.code().into(), region: o.region.to_string(), active: o.active };
    show(&app, &viewer, Some(org), t, Vec::new()).await
}

/// `POST /orgs/{id}/edit`
pub(crate) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(org): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let org: OrgId = id(&org)?;
    let old = own(&app, &viewer, org).await?;
    let typed = Typed { kind: old.kind.code().into(), ..Typed::of(&form) };
    let name = form.text("name", "单位名称", 60);
    let region = form.need::<RegionCode>("region", "区域");
    let outcome = match (form.done(), region) {
        (Ok(()), Some(region)) => {
            let edit = NewOrg { name, kind: old.kind, region };
            let access = app.thing::<Access>()?;
            service::update_org(&access, &viewer.actor(), org, edit, form.checked("active")).await
        }
        (Err(e), _) => Err(e),
        (Ok(()), None) => Err(Error::invalid("region", "区域没有选")),
    };
    match outcome {
        Ok(()) => Ok(Redirect::to("/orgs?done=org").into_response()),
        Err(e) => show(&app, &viewer, Some(org), typed, on_form(e)?).await,
    }
}
