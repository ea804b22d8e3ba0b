//! The menu as cards by category, as a list, and as JSON.
use super::{Asked, done_word, unit_price};
use crate::model::{Category, Help, Item, PricedItem};
use crate::service::{self, ItemFilter};
use askama::Template;
use kernel::{CivilDate, Dir, Error, Permission, RegionCode};
use web::axum::Json;
use web::axum::extract::State;
use web::axum::response::{IntoResponse, Response};
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Tab, Viewer};

struct Group {
    category: Category,
    items: Vec<PricedItem>,
}

#[derive(Template)]
#[template(path = "catalogue/menu.html")]
struct MenuPage {
    page: Page,
    region: String,
    day: CivilDate,
    total: usize,
    columns: Vec<Vec<Group>>,
    /// (code, word, count, is it on)
    helps: Vec<(&'static str, &'static str, usize, bool)>,
    help: Option<Help>,
    can_write: bool,
}

/// Cards in three columns of about the same height: each goes where there is least.
fn side_by_side(groups: Vec<Group>) -> Vec<Vec<Group>> {
    /// A card's head takes the room of so many lines.
    const HEAD: usize = 1;
    let mut columns: Vec<Vec<Group>> = vec![Vec::new(), Vec::new(), Vec::new()];
    for g in groups {
        let height = |c: &Vec<Group>| c.iter().map(|g| g.items.len() + HEAD).sum::<usize>();
        if let Some(c) = columns.iter_mut().min_by_key(|c| height(c)) {
            c.push(g);
        }
    }
    columns
}

/// `GET /catalogue`
pub async fn cards(
    State(app): State<App>,
    viewer: Viewer,
    web::axum::extract::Query(asked): Asked,
) -> web::Result<Response> {
    let day = app.clock().today();
    let menu = service::items(app.db(), viewer.region(), day).await?;
    let help = asked.get("help").and_then(|h| Help::parse(h));
    let helps = Help::ALL
        .iter()
        .map(|h| (h.code(), h.zh(), menu.iter().filter(|m| m.item.help == Some(*h)).count(), help == Some(*h)))
        .collect();
    let total = menu.len();
    let groups: Vec<Group> = Category::ALL
        .iter()
        .map(|c| Group {
            category: *c,
            items: menu
                .iter()
                .filter(|m| m.item.category == *c && (help.is_none() || m.item.help == help))
                .cloned()
                .collect(),
        })
        .filter(|g| !g.items.is_empty())
        .collect();
    web::html(&MenuPage {
        page: Page::new(&app, &viewer, "服务目录").at("/catalogue").flash(done_word(&asked)),
        region: app.regions().name(viewer.region()),
        day,
        total,
        columns: side_by_side(groups),
        helps,
        help,
        can_write: viewer.may(Permission::CatalogueWrite),
    })
}

struct Row {
    item: Item,
    price: Option<String>,
    document: String,
}

/// `GET /catalogue/items`
pub async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let codes = |all: &[(&str, &str)]| all.iter().map(|(c, w)| Choice::new(*c, *w)).collect::<Vec<_>>();
    let categories: Vec<(&str, &str)> = Category::ALL.iter().map(|c| (c.code(), c.zh())).collect();
    let helps: Vec<(&str, &str)> = Help::ALL.iter().map(|h| (h.code(), h.zh())).collect();
    let active = ask.filter("state").map(|s| s != "stopped");
    let filter = ItemFilter {
        category: ask.filter("category").and_then(Category::parse),
        help: ask.filter("help").and_then(Help::parse),
        active,
        q: ask.q.clone(),
    };
    let mut actions = vec![("/catalogue".to_string(), "book", "看菜单".to_string(), false)];
    if viewer.may(Permission::CatalogueWrite) {
        actions.push(("/catalogue/items/new".into(), "plus", "新建项目".into(), true));
    }
    let today = app.clock().today();
    let spec: ListSpec<Row> = ListSpec {
        title: "服务项目".into(),
        path: "/catalogue/items".into(),
        nav: "/catalogue",
        sub: format!("{} {today} 的价格", app.regions().name(viewer.region())),
        cols: vec![
            Col::new("code", "编号", |r: &Row| Cell::text(&r.item.code)).sort("i.code"),
            Col::new("name", "名称", |r: &Row| Cell::name(format!("/catalogue/items/{}", r.item.id), &r.item.name))
                .sort("i.name"),
            Col::new("category", "类别", |r: &Row| Cell::text(r.item.category.zh())).sort("i.category"),
            Col::new("help", "六助", |r: &Row| Cell::Tags(r.item.help.iter().map(|h| h.zh().to_string()).collect())),
            Col::new("minutes", "一次多久（分钟）", |r: &Row| Cell::Int(i64::from(r.item.minutes))).sort("i.minutes"),
            Col::new("skills", "所需技能", |r: &Row| Cell::text(r.item.skills_zh())),
            Col::new("price", "价格", |r: &Row| Cell::text(r.price.clone().unwrap_or_else(|| "未定价".into()))),
            Col::new("document", "批文", |r: &Row| Cell::text(&r.document)),
            Col::new("state", "状态", |r: &Row| match (r.item.active, &r.price) {
                (false, _) => Cell::State(Mark::Off, "已停用".into()),
                (true, None) => Cell::State(Mark::Note, "未定价".into()),
                (true, Some(_)) => Cell::State(Mark::Ok, "可下单".into()),
            }),
        ],
        filters: vec![
            FilterSpec { key: "category", label: "类别", choices: codes(&categories) },
            FilterSpec { key: "help", label: "六助", choices: codes(&helps) },
        ],
        tabs: [("", "全部"), ("active", "在用"), ("stopped", "已停用")]
            .into_iter()
            .map(|(code, word)| Tab {
                href: if code.is_empty() {
                    "/catalogue/items".into()
                } else {
                    format!("/catalogue/items?state={code}")
                },
                word: word.into(),
                count: None,
                current: ask.filter("state").unwrap_or("") == code,
            })
            .collect(),
        search_hint: Some("名称、编号"),
        default_sort: ("code", Dir::Asc),
        tie: "i.id",
        actions,
        empty: ("还没有服务项目".into(), "新建项目，或到菜单页载入示例目录".into(), None),
        flash: None,
    };
    let region = *viewer.region();
    let scope = viewer.scope;
    let db = app.db().clone();
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::list(&db, &scope, &filter, &f.order, f.page).await?;
        let mut prices = service::prices_on(&db, &region, today).await?;
        Ok(found.map(|item| {
            let p = prices.remove(&item.id);
            Row {
                price: p.as_ref().map(|p| unit_price(p.fen, &item)),
                document: p.map(|p| p.document).unwrap_or_default(),
                item,
            }
        }))
    })
    .await
}

/// `GET /api/v1/catalogue?region=&on=`: the menu of a place on a day.
pub async fn api(
    State(app): State<App>,
    viewer: Viewer,
    web::axum::extract::Query(asked): Asked,
) -> web::Result<Response> {
    let region: RegionCode = match asked.get("region") {
        None => *viewer.region(),
        Some(r) => r.parse().map_err(|e: &str| Error::invalid("region", e))?,
    };
    if !viewer.full_scope.covers(&region) {
        return Err(Error::NotFound("这个地方".into()).into());
    }
    let on: CivilDate = match asked.get("on") {
        None => app.clock().today(),
        Some(d) => d.parse().map_err(|e: &str| Error::invalid("on", e))?,
    };
    let items = service::items(app.db(), &region, on).await?;
    let items: Vec<serde_json::Value> = items
        .iter()
        .map(|m| {
            serde_json::json!({
                "id": m.item.id, "code": m.item.code, "name": m.item.name, "summary": m.item.summary,
                "category": m.item.category, "help": m.item.help, "unit": m.item.unit, "minutes": m.item.minutes,
                "skills": crate::Skill::of(m.item.skills), "checklist": m.item.checklist, "photos": m.item.photos,
                "price_fen": m.price, "price_region": m.region, "price_since": m.since, "price_document": m.document
            })
        })
        .collect();
    Ok(Json(serde_json::json!({ "region": region, "on": on, "items": items })).into_response())
}
