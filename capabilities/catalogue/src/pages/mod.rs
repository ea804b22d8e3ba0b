//! The catalogue's pages: the menu as cards and as a list, one item with its prices, the forms, and the JSON answer.
mod item;
mod menu;
mod price;

use crate::model::{Item, Price, enclosing};
use kernel::{Error, FieldError, ItemId, Permission, RegionCode};
use std::collections::BTreeMap;
use web::axum::extract::Query;
use web::axum::http::StatusCode;
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Viewer};

pub fn nav() -> Vec<web::NavEntry> {
    vec![web::NavEntry {
        href: "/catalogue", icon: "book", word: "服务", needs: Permission::CatalogueRead, order: 60
    }]
}

pub fn routes() -> web::Routes {
    use Permission::{CatalogueRead, CatalogueWrite};
    web::Routes::new("catalogue")
        .get("/catalogue", CatalogueRead, menu::cards)
        .get("/catalogue/items", CatalogueRead, menu::list)
        .get("/catalogue/load", CatalogueWrite, price::load_form)
        .post("/catalogue/load", CatalogueWrite, price::load)
        .get("/catalogue/items/new", CatalogueWrite, item::new_form)
        .post("/catalogue/items/new", CatalogueWrite, item::create)
        .get("/catalogue/items/{id}", CatalogueRead, item::record)
        .get("/catalogue/items/{id}/edit", CatalogueWrite, item::edit_form)
        .post("/catalogue/items/{id}/edit", CatalogueWrite, item::update)
        .get("/catalogue/items/{id}/prices/new", CatalogueWrite, price::new_form)
        .post("/catalogue/items/{id}/prices/new", CatalogueWrite, price::add)
        .get("/catalogue/items/{id}/prices/{price}/withdraw", CatalogueWrite, price::withdraw_page)
        .post("/catalogue/items/{id}/prices/{price}/withdraw", CatalogueWrite, price::withdraw)
        .get("/api/v1/catalogue", CatalogueRead, menu::api)
}

/// The pairs of the address after `?`.
type Asked = Query<BTreeMap<String, String>>;

/// What was just done, by its code in `?done=`.
fn done_word(asked: &BTreeMap<String, String>) -> Option<String> {
    let word = match asked.get("done")?.as_str() {
        "item" => "服务项目已存好",
        "created" => "服务项目已新建，定了价才能下单",
        "price" => "新价格已定",
        "withdrawn" => "未生效的价格已撤回",
        "loaded" => "示例目录已载入",
        _ => return None,
    };
    Some(word.to_string())
}

fn to_item(id: ItemId, done: &str) -> Response {
    Redirect::to(&format!("/catalogue/items/{id}?done={done}")).into_response()
}

fn parsed<T: std::str::FromStr>(text: &str, what: &str) -> kernel::Result<T> {
    text.parse().map_err(|_| Error::NotFound(what.into()))
}

/// What the same form shows again; other errors go on.
fn to_correct(e: Error) -> web::Result<Vec<FieldError>> {
    match e {
        Error::Invalid(fields) => Ok(fields),
        Error::Refused(m) | Error::Conflict(m) => Ok(vec![FieldError::new("", m)]),
        other => Err(other.into()),
    }
}

fn again(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// The viewer may change what belongs to `region`.
fn may_write(viewer: &Viewer, region: &RegionCode) -> bool {
    viewer.may(Permission::CatalogueWrite) && viewer.full_scope.covers(region)
}

/// The price that counts today for the viewer's region, among all of an item.
fn price_now<'a>(app: &App, viewer: &Viewer, prices: &'a [Price]) -> Option<&'a Price> {
    let (today, here) = (app.clock().today(), enclosing(viewer.region()));
    prices.iter().filter(|p| p.covers(today) && here.contains(&p.region)).max_by_key(|p| p.region.tier())
}

fn unit_price(fen: kernel::Fen, item: &Item) -> String {
    format!("{fen} / {}", item.unit.zh())
}
