//! The versions of policies: what is being written, what waits, and one pack's history; beginning one, taking one over.
use super::lists::paged;
use super::version::mark;
use super::{again, to, to_correct};
use crate::model::{Act, Version, VersionState};
use crate::packs::near;
use crate::service::{self, Takeover};
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use kernel::{Dir, Error, FieldError, Permission, RegionBook, RegionCode, Tier};
use std::cmp::Ordering;
use web::{App, Cell, Choice, Col, FilterSpec, Form, ListAsk, ListSpec, Mark, Page, Tab, Viewer, html};

/// A row of the list.
struct Listed {
    v: Version,
    place: String,
    in_force: bool,
}

impl Listed {
    fn holds(&self, words: &str) -> bool {
        [&self.v.title, &self.place, &self.v.why].iter().any(|t| t.contains(words))
            || self.v.steps.iter().any(|s| s.name.contains(words))
    }
    fn compare(&self, other: &Listed, key: &str) -> Ordering {
        let (a, b) = (&self.v, &other.v);
        match key {
            "title" => a.title.cmp(&b.title).then_with(|| a.number.cmp(&b.number)),
            "state" => (!self.in_force, a.state.code()).cmp(&(!other.in_force, b.state.code())),
            "effective" => a.effective_on.cmp(&b.effective_on),
            "place" => self.place.cmp(&other.place),
            // As they come: what was changed last is first.
            _ => Ordering::Equal,
        }
    }
}

fn columns() -> Vec<Col<Listed>> {
    vec![
        Col::new("title", "政策", |r: &Listed| Cell::name(format!("/policy-versions/{}", r.v.id), r.v.title.clone()))
            .sort("title"),
        Col::new("number", "版次", |r: &Listed| Cell::text(format!("第 {} 版", r.v.number))),
        Col::new("state", "状态", |r: &Listed| match r.in_force {
            true => Cell::State(Mark::Ok, "施行中".into()),
            false => Cell::State(mark(r.v.state), r.v.state.zh().into()),
        })
        .sort("state"),
        Col::new("effective", "生效日期", |r: &Listed| Cell::Date(Some(r.v.effective_on))).sort("effective"),
        Col::new("place", "适用", |r: &Listed| Cell::text(r.place.clone())).sort("place"),
        Col::new("writer", "起草", |r: &Listed| Cell::text(said(&r.v, Act::Saved))),
        Col::new("decided", "批准", |r: &Listed| Cell::text(said(&r.v, Act::Approved))),
        Col::new("why", "为什么改", |r: &Listed| Cell::text(r.v.why.chars().take(40).collect::<String>())),
    ]
}

fn said(v: &Version, act: Act) -> String {
    v.last(act).map_or_else(|| "—".into(), |s| format!("{}，{}", s.name, s.at.date()))
}

/// Everything that is being written, waits or was decided.
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let state = ask.filter("state").and_then(VersionState::parse);
    let all = service::version_list(app.db(), &viewer.actor(), None, None).await?;
    let (regions, today) = (app.regions(), app.clock().today());
    let waiting = all.iter().filter(|v| v.state == VersionState::Submitted).count() as i64;
    let tab = |href: &str, word: &str, count, current| Tab { href: href.into(), word: word.into(), count, current };
    let rows: Vec<Listed> = all
        .into_iter()
        .filter(|v| state.is_none_or(|s| s == v.state))
        .map(|v| Listed {
            place: regions.full(&v.region),
            in_force: v.state == VersionState::Approved && v.effective_on <= today,
            v,
        })
        .filter(|row| row.holds(&ask.q))
        .collect();
    let spec = ListSpec {
        title: "政策版本".into(),
        path: "/policy-versions".into(),
        nav: "/policies",
        sub: "写的人和批的人不能是同一个".into(),
        cols: columns(),
        filters: vec![FilterSpec {
            key: "state",
            label: "状态",
            choices: VersionState::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        }],
        tabs: vec![
            tab("/policies", "政策", None, false),
            tab("/policy-versions", "全部版本", None, state.is_none()),
            tab("/policy-versions?state=submitted", "待批准", Some(waiting), state == Some(VersionState::Submitted)),
        ],
        search_hint: Some("政策名称、地方、姓名"),
        default_sort: ("", Dir::Asc),
        tie: "changed_at",
        actions: Vec::new(),
        empty: (
            "没有本地写的版本".into(),
            "到一份政策的页面上点“写新版”，或采用外地的政策".into(),
            Some(("/policies".into(), "看政策".into())),
        ),
        flash: None,
    };
    web::respond(&app, &viewer, spec, ask, |f| async move { Ok(paged(rows, &f, Listed::compare)) }).await
}

/// One text of the history.
struct Past {
    word: String,
    kind: String,
    days: String,
    document: String,
    who: String,
    when: String,
    why: String,
    href: String,
    changes: usize,
}

#[derive(Template)]
#[template(path = "entitlement/history.html")]
struct HistoryPage {
    page: Page,
    title: String,
    id: String,
    past: Vec<Past>,
}

/// Every text of a pack: what came with the product and what was written here.
pub(crate) async fn history(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let shelf = app.thing::<Shelf>()?;
    let packs = shelf.packs(app.db()).await?;
    let found = packs.find(&id).ok_or_else(|| Error::NotFound("这份政策".into()))?;
    let today = app.clock().today();
    let mut past: Vec<Past> = Vec::new();
    for v in service::version_list(app.db(), &viewer.actor(), Some(&id), None).await? {
        let stands = found.all().iter().find(|p| p.file == format!("{}@{}", v.pack, v.number));
        let in_force = stands.is_some_and(|p| p.in_effect(today)) && v.state == VersionState::Approved;
        let (a, b) = (policy::Pack::check("a", &v.base).pack, policy::Pack::check("b", &v.body).pack);
        let document = b.as_ref().map(|p| p.document.clone()).unwrap_or_default();
        past.push(Past {
            word: if in_force { "施行中".into() } else { v.state.zh().into() },
            kind: if in_force { Mark::Ok } else { mark(v.state) }.to_string(),
            days: match stands.and_then(|p| p.effective_to) {
                Some(to) => format!("{} 至 {to}", v.effective_on),
                None => format!("{} 起", v.effective_on),
            },
            document,
            who: format!("起草 {}；批准 {}", said(&v, Act::Saved), said(&v, Act::Approved)),
            when: format!("第 {} 版", v.number),
            why: v.why.clone(),
            href: format!("/policy-versions/{}", v.id),
            changes: a.zip(b).map_or(0, |(a, b)| policy::differences(&a, &b).len()),
        });
    }
    if let Some(first) = shelf.base().find(&id).map(|v| v.newest()) {
        let stands = found.all().iter().find(|p| p.version == first.version);
        let until = stands.and_then(|p| p.effective_to).or(first.effective_to);
        let in_force = stands.is_some_and(|p| p.in_effect(today));
        past.push(Past {
            word: if in_force { "施行中" } else { "已被新版代替" }.into(),
            kind: if in_force { "ok" } else { "off" }.into(),
            days: until.map_or_else(
                || format!("{} 起", first.effective_from),
                |to| format!("{} 至 {to}", first.effective_from),
            ),
            document: first.document.clone(),
            who: "随平台提供".into(),
            when: "原版".into(),
            why: String::new(),
            href: String::new(),
            changes: 0,
        });
    }
    html(&HistoryPage {
        page: Page::new(&app, &viewer, format!("{}的版本", found.newest().title)).at("/policies"),
        title: found.newest().title.clone(),
        id,
        past,
    })
}

/// Begins a version and leads to it.
pub(crate) async fn begin(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let version = service::begin(app.db(), &*app.thing::<Shelf>()?, &viewer.actor(), &id).await?;
    Ok(to(format!("/policy-versions/{version}")))
}

#[derive(Template)]
#[template(path = "entitlement/adopt.html")]
struct AdoptPage {
    page: Page,
    id: String,
    from: String,
    from_document: String,
    from_place: String,
    place: String,
    form: Form,
}

/// The first village of a place.
fn village(book: &RegionBook, place: &RegionCode) -> Option<RegionCode> {
    let mut at = *place;
    while at.tier() != Tier::Village {
        at = *book.children(&at).first()?;
    }
    Some(at)
}

async fn adopt_form(
    app: &App,
    viewer: &Viewer,
    id: String,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let from = packs.find(&id).ok_or_else(|| Error::NotFound("这份政策".into()))?.newest();
    if near(from, &viewer.scope.region.at(Tier::City)) {
        return Err(Error::refused("这就是本地的政策，直接写新版").into());
    }
    let wrong = !errors.is_empty();
    let drawn = html(&AdoptPage {
        page: Page::new(app, viewer, "采用外地的政策").at("/policies").errors(errors),
        from: from.title.clone(),
        from_document: from.document.clone(),
        from_place: super::policies::place(from, &app.regions()),
        place: app.regions().full(&viewer.scope.region),
        id,
        form,
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(crate) async fn adopt(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    adopt_form(&app, &viewer, id, Form::default(), Vec::new()).await
}

/// Takes a pack of another place over as a draft.
pub(crate) async fn take(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let title = form.text("title", "本地名称", 40);
    let document = form.text("document", "本地文件和文号", 120);
    let place = viewer.scope.region;
    let book = app.regions();
    let result = match (form.done(), village(&book, &place)) {
        (Err(e), _) => Err(e),
        (Ok(()), None) => Err(Error::refused("这里没有村（社区）的区划代码，先载入区划")),
        (Ok(()), Some(village)) => {
            let local = Takeover {
                title,
                document,
                place,
                place_name: book.full(&place),
                village,
                local_example: form.checked("example").then(|| "本地文件和文号是举例，规则照原政策。".to_string()),
            };
            service::adopt(app.db(), &*app.thing::<Shelf>()?, &viewer.actor(), &id, local).await
        }
    };
    match result {
        Ok(version) => Ok(to(format!("/policy-versions/{version}?done=adopted"))),
        Err(e) => adopt_form(&app, &viewer, id, form, to_correct(e)?).await,
    }
}

/// What a policy's page offers the viewer to do.
pub(crate) struct Offers {
    pub write: bool,
    pub adopt: bool,
}

pub(crate) fn offers(viewer: &Viewer, pack: &policy::Pack) -> Offers {
    let (region, may) = (viewer.scope.region, viewer.may(Permission::PolicyDraft));
    let here = pack.place.contains(&region) || region.contains(&pack.place);
    Offers { write: may && here, adopt: may && !near(pack, &region.at(Tier::City)) }
}
