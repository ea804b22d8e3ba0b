//! The list of archives, and the search of the whole site.
use super::words::done;
use crate::model::{AgeBand, Care, ElderCard, Hukou, IncomeClass, Living, SpecialGroup};
use crate::service::{self, ElderAsk, View};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, Dir, Paged, Permission, Tier};
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Page, Tab, Viewer};

/// How many answers of a question are shown.
const FOUND: usize = 200;

struct Row {
    card: ElderCard,
    home: String,
    age: i64,
}

fn cols() -> Vec<Col<Row>> {
    vec![
        Col::new("name", "姓名", |r: &Row| Cell::name(format!("/elders/{}", r.card.id), r.card.name.clone()))
            .sort("e.name"),
        Col::new("sex", "性别", |r: &Row| Cell::text(r.card.sex.zh())),
        Col::new("age", "年龄", |r: &Row| Cell::Int(r.age)),
        Col::new("birth", "出生日期", |r: &Row| Cell::Date(Some(r.card.birth))).sort("e.birth"),
        Col::new("id", "证件号", |r: &Row| Cell::text(r.card.id_masked.clone())),
        Col::new("phone", "电话", |r: &Row| Cell::text(dash(&r.card.phone_masked))),
        Col::new("place", "住址", |r: &Row| Cell::text(r.home.clone())).sort("e.region ASC, e.name"),
        Col::new("hukou", "户籍", |r: &Row| Cell::text(r.card.hukou.zh())),
        Col::new("living", "居住", |r: &Row| Cell::text(r.card.living.zh())),
        Col::new("income", "经济", |r: &Row| Cell::text(r.card.income.zh())),
        Col::new("care", "能力", |r: &Row| Cell::text(r.card.care.map_or("未评估", Care::zh))),
    ]
}

fn dash(text: &str) -> String {
    if text.is_empty() { "—".into() } else { text.into() }
}

fn choices(options: Vec<(&'static str, &'static str)>) -> Vec<Choice> {
    options.into_iter().map(|(c, w)| Choice::new(c, w)).collect()
}

fn filters() -> Vec<FilterSpec> {
    vec![
        FilterSpec {
            key: "age",
            label: "年龄",
            choices: AgeBand::ALL.iter().map(|b| Choice::new(b.code(), b.zh())).collect(),
        },
        FilterSpec { key: "hukou", label: "户籍", choices: choices(Hukou::options()) },
        FilterSpec { key: "living", label: "居住", choices: choices(Living::options()) },
        FilterSpec { key: "income", label: "经济", choices: choices(IncomeClass::options()) },
        FilterSpec { key: "group", label: "特殊群体", choices: choices(SpecialGroup::options()) },
        FilterSpec { key: "care", label: "能力", choices: choices(Care::options()) },
        FilterSpec {
            key: "status",
            label: "状态",
            choices: vec![Choice::new("dead", "已去世"), Choice::new("moved", "已迁出")],
        },
    ]
}

fn asked(ask: &ListAsk) -> ElderAsk {
    ElderAsk {
        view: ask.filter("view").map(View::parse),
        age: ask.filter("age").and_then(AgeBand::parse),
        hukou: ask.filter("hukou").and_then(Hukou::parse),
        living: ask.filter("living").and_then(Living::parse),
        income: ask.filter("income").and_then(IncomeClass::parse),
        care: ask.filter("care").and_then(Care::parse),
        special: ask.filter("group").and_then(SpecialGroup::parse),
        dead: ask.filter("status") == Some("dead"),
        moved: ask.filter("status") == Some("moved"),
    }
}

async fn tabs(app: &App, viewer: &Viewer, now: View) -> kernel::Result<Vec<Tab>> {
    let mut out = Vec::with_capacity(View::ALL.len());
    // Over a whole county nobody works through the incomplete archives from here; counting them all costs more than it says.
    let near = viewer.region().tier() >= Tier::Town;
    for view in View::ALL {
        let counted = match view {
            View::All => false,
            View::Incomplete | View::Unassessed80 => near,
            View::New60 | View::Soon75 | View::Soon80 => true,
        };
        let count = if counted { Some(service::count_view(app.db(), &viewer.scope, *view).await?) } else { None };
        let href = if *view == View::All { "/elders".into() } else { format!("/elders?view={}", view.code()) };
        out.push(Tab { href, word: view.zh().into(), count, current: *view == now });
    }
    Ok(out)
}

/// `/elders`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = ask.filters.remove("done").and_then(|d| done(&d));
    let wanted = asked(&ask);
    let view = wanted.view.unwrap_or(View::All);
    let mut actions = Vec::new();
    if viewer.may(Permission::ElderImport) {
        actions.push(("/duplicates".to_string(), "git-compare", "像是重复".to_string(), false));
        actions.push(("/imports".to_string(), "download", "导入".to_string(), false));
    }
    if viewer.may(Permission::ElderWrite) {
        actions.push(("/elders/new".to_string(), "plus", "新建档案".to_string(), true));
    }
    let book = app.regions();
    let today = app.clock().today();
    let way = viewer.may(Permission::ElderWrite).then(|| ("/elders/new".to_string(), "新建档案".to_string()));
    let mut filters = filters();
    // The view is a tab; it stays in the links without being a select of its own.
    if view != View::All {
        filters.push(FilterSpec { key: "view", label: "视图", choices: vec![Choice::new(view.code(), view.zh())] });
    }
    let spec = ListSpec {
        title: "老年人档案".into(),
        path: "/elders".into(),
        nav: "/elders",
        sub: book.name(viewer.region()),
        cols: cols(),
        filters,
        tabs: tabs(&app, &viewer, view).await?,
        search_hint: Some("姓名、拼音首字母、电话、住址"),
        default_sort: if matches!(view, View::All | View::Incomplete) {
            ("place", Dir::Asc)
        } else {
            ("birth", Dir::Asc)
        },
        tie: "e.id",
        actions,
        empty: ("这里还没有档案".into(), "新建一份，或从表格导入".into(), way),
        flash,
    };
    let q = ask.q.clone();
    let (db, scope, wanted, q, book) = (app.db(), &viewer.scope, &wanted, &q, &book);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = if q.is_empty() {
            service::elders_list(db, scope, wanted, f.page, &f.order).await?
        } else {
            let mut all = service::find(db, scope, q, FOUND).await?;
            all.retain(|c| wanted.fits(c, today));
            let total = all.len() as i64;
            let rows = all.into_iter().skip(f.page.offset() as usize).take(f.page.limit() as usize).collect();
            Paged { rows, total, page: f.page.page, per_page: f.page.rows }
        };
        Ok(found.map(|card| row(book, today, card)))
    })
    .await
}

fn row(book: &kernel::RegionBook, today: CivilDate, card: ElderCard) -> Row {
    let home = super::words::home(book, &card.region, &card.address);
    Row { age: card.age(today).into(), home, card }
}

#[derive(serde::Deserialize)]
pub(crate) struct Question {
    #[serde(default)]
    q: String,
}

#[derive(askama::Template)]
#[template(path = "search.html")]
struct SearchPage {
    page: Page,
    q: String,
    found: Vec<Hit>,
    may_open: bool,
}

struct Hit {
    href: String,
    name: String,
    about: String,
    home: String,
    phone: String,
    tags: Vec<String>,
    gone: Option<String>,
}

/// `/search`: one box for everything. An order's number leads to the orders; one single answer opens its archive.
pub(crate) async fn search(
    State(app): State<App>,
    viewer: Viewer,
    Query(ask): Query<Question>,
) -> web::Result<Response> {
    let q: String = ask.q.trim().chars().take(60).collect();
    let upper = q.to_ascii_uppercase();
    if upper.starts_with("WO") && upper.bytes().any(|b| b.is_ascii_digit()) {
        let number: String = upper.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        return Ok(Redirect::to(&format!("/orders?q={number}")).into_response());
    }
    let may_open = viewer.may(Permission::ElderRead);
    let found = if may_open { service::find(app.db(), &viewer.scope, &q, 50).await? } else { Vec::new() };
    if let [only] = found.as_slice() {
        return Ok(Redirect::to(&format!("/elders/{}", only.id)).into_response());
    }
    let (book, today) = (app.regions(), app.clock().today());
    let found = found
        .into_iter()
        .map(|c| Hit {
            href: format!("/elders/{}", c.id),
            about: super::words::sex_age(&c, today),
            home: book.short(&c.region) + &c.address,
            tags: c.tags(),
            gone: match (c.died_on, c.moved_out_on) {
                (Some(d), _) => Some(format!("{d} 去世")),
                (None, Some(d)) => Some(format!("{d} 迁出")),
                (None, None) => None,
            },
            phone: c.phone_masked,
            name: c.name,
        })
        .collect();
    let mut page = Page::new(&app, &viewer, "搜索").at("/elders");
    page.q = q.clone();
    web::html(&SearchPage { page, q, found, may_open })
}
