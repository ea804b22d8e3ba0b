//! Prices: a new one from a day, taking back one that has not begun, and loading the shipped menu.
use super::{again, may_write, parsed, price_now, to_correct, to_item, unit_price};
use crate::model::{Item, Price, PriceDraft};
use crate::service::{self, Seed};
use askama::Template;
use kernel::{CivilDate, Error, Fen, FieldError, RegionCode, Tier};
use uuid::Uuid;
use web::axum::extract::{Path, State};
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Form, Page, Viewer};

#[derive(Template)]
#[template(path = "catalogue/price_form.html")]
struct PriceForm {
    page: Page,
    form: Form,
    item: Item,
    now: Option<(String, Price)>,
    now_region: String,
    regions: Vec<(String, String)>,
}

impl PriceForm {
    fn fen_label(&self) -> String {
        format!("价格（元 / {}）", self.item.unit.zh())
    }
}

/// The places a viewer may set a price for: its own region and what lies directly inside.
fn places(app: &App, viewer: &Viewer, item: &Item) -> Vec<(String, String)> {
    let book = app.regions();
    let here = viewer.full_scope.region;
    std::iter::once(here)
        .chain(book.children(&here).iter().copied())
        .filter(|r| item.region.contains(r) && r.tier() <= Tier::Town)
        .map(|r| (r.to_string(), book.name(&r)))
        .collect()
}

async fn draw(app: &App, viewer: &Viewer, form: Form, item: Item, errors: Vec<FieldError>) -> web::Result<Response> {
    let prices = service::price_history(app.db(), &viewer.scope, item.id).await?;
    let now = price_now(app, viewer, &prices).cloned().map(|p| (unit_price(p.fen, &item), p));
    web::html(&PriceForm {
        page: Page::new(app, viewer, format!("定“{}”的新价", item.name)).at("/catalogue").errors(errors),
        now_region: now.as_ref().map(|(_, p)| app.regions().name(&p.region)).unwrap_or_default(),
        now,
        regions: places(app, viewer, &item),
        form,
        item,
    })
}

/// `GET /catalogue/items/{id}/prices/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let item = service::item(app.db(), &viewer.scope, parsed(&id, "这个服务项目")?).await?;
    let form = Form::from_pairs([
        ("region".to_string(), viewer.full_scope.region.to_string()),
        ("from".to_string(), app.clock().today().month_of().next().first_day().to_string()),
    ]);
    draw(&app, &viewer, form, item, Vec::new()).await
}

fn read(form: &mut Form) -> Option<PriceDraft> {
    let region: Option<RegionCode> = form.need("region", "适用地方");
    let from: Option<CivilDate> = form.need("from", "从哪天起");
    let to: Option<CivilDate> = form.parse("to");
    let document = form.text("document", "批文", 60);
    let fen = form.opt("fen").and_then(|t| Fen::parse_yuan(&t));
    if fen.is_none() {
        form.error("fen", "价格要写成 40 或 40.50");
    }
    form.done().ok()?;
    Some(PriceDraft { region: region?, from: from?, to, fen: fen?, document })
}

/// `POST /catalogue/items/{id}/prices/new`
pub async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let item = service::item(app.db(), &viewer.scope, parsed(&id, "这个服务项目")?).await?;
    let Some(draft) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, item, errors).await?));
    };
    let tx = app.db().begin().await?;
    match service::add_price(&tx, app.db(), &viewer.actor(), item.id, draft).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(to_item(item.id, "price"))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            drop(tx);
            Ok(again(draw(&app, &viewer, form, item, errors).await?))
        }
    }
}

#[derive(Template)]
#[template(path = "catalogue/withdraw.html")]
struct WithdrawPage {
    page: Page,
    item: Item,
    price: Price,
    region: String,
}

impl WithdrawPage {
    fn back(&self) -> String {
        format!("/catalogue/items/{}", self.item.id)
    }
    fn action(&self) -> String {
        format!("{}/prices/{}/withdraw", self.back(), self.price.id)
    }
    fn heading(&self) -> String {
        format!("撤回“{}”从 {} 起的价格", self.item.name, self.price.from)
    }
}

/// `GET /catalogue/items/{id}/prices/{price}/withdraw`
pub async fn withdraw_page(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, price)): Path<(String, String)>,
) -> web::Result<Response> {
    let item = service::item(app.db(), &viewer.scope, parsed(&id, "这个服务项目")?).await?;
    let price: Uuid = parsed(&price, "这条价格")?;
    let prices = service::price_history(app.db(), &viewer.scope, item.id).await?;
    let gone = || Error::NotFound("这条价格".into());
    let price = prices.into_iter().find(|p| p.id == price).ok_or_else(gone)?;
    if !may_write(&viewer, &price.region) {
        return Err(gone().into());
    }
    web::html(&WithdrawPage {
        page: Page::new(&app, &viewer, "撤回未生效的价格").at("/catalogue"),
        region: app.regions().name(&price.region),
        item,
        price,
    })
}

/// `POST /catalogue/items/{id}/prices/{price}/withdraw`
pub async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, price)): Path<(String, String)>,
) -> web::Result<Response> {
    let id = parsed(&id, "这个服务项目")?;
    let price: Uuid = parsed(&price, "这条价格")?;
    let tx = app.db().begin().await?;
    service::withdraw_price(&tx, &viewer.actor(), id, price).await?;
    tx.commit().await?;
    Ok(to_item(id, "withdrawn"))
}

#[derive(Template)]
#[template(path = "catalogue/load.html")]
struct LoadForm {
    page: Page,
    form: Form,
    region: String,
}

fn draw_load(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    web::html(&LoadForm {
        page: Page::new(app, viewer, "载入示例目录").at("/catalogue").errors(errors),
        region: app.regions().name(&viewer.full_scope.region),
        form,
    })
}

/// `GET /catalogue/load`
pub async fn load_form(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let form = Form::from_pairs([("from".to_string(), app.clock().today().to_string())]);
    draw_load(&app, &viewer, form, Vec::new())
}

/// `POST /catalogue/load`
pub async fn load(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let from: Option<CivilDate> = form.need("from", "从哪天起");
    let document = form.text("document", "批文", 60);
    let (Some(from), Ok(())) = (from, form.done()) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw_load(&app, &viewer, form, errors)?));
    };
    let ask = Seed { region: viewer.full_scope.region, document, from };
    let tx = app.db().begin().await?;
    match service::seed(&tx, app.db(), &viewer.actor(), &ask).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Redirect::to("/catalogue?done=loaded").into_response())
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw_load(&app, &viewer, form, errors)?))
        }
    }
}
