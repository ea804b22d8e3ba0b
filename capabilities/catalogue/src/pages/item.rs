//! One item: its record, and the form that makes or changes it.
use super::{Asked, again, done_word, may_write, parsed, price_now, to_correct, to_item, unit_price};
use crate::model::{Category, Help, Item, ItemDraft, Price, Skill, Unit};
use crate::service;
use askama::Template;
use kernel::{FieldError, ItemId, Tier};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Form, Mark, Page, Viewer};

struct PriceLine {
    price: Price,
    region: String,
    mark: Mark,
    word: &'static str,
    /// Not begun and the viewer's to take back.
    can_withdraw: bool,
}

#[derive(Template)]
#[template(path = "catalogue/item.html")]
struct ItemPage {
    page: Page,
    item: Item,
    region: String,
    now: Option<(String, Price)>,
    prices: Vec<PriceLine>,
    skills: Vec<(&'static str, bool)>,
    can_write: bool,
    can_price: bool,
}

/// `GET /catalogue/items/{id}`
pub async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> web::Result<Response> {
    let id: ItemId = parsed(&id, "这个服务项目")?;
    let item = service::item(app.db(), &viewer.scope, id).await?;
    let prices = service::price_history(app.db(), &viewer.scope, id).await?;
    let (today, book) = (app.clock().today(), app.regions());
    let now = price_now(&app, &viewer, &prices).cloned().map(|p| (unit_price(p.fen, &item), p));
    let lines = prices
        .into_iter()
        .map(|p| {
            let (mark, word) = if p.covers(today) {
                (Mark::Ok, "执行中")
            } else if p.from > today {
                (Mark::Todo, "未生效")
            } else {
                (Mark::Off, "已过期")
            };
            PriceLine {
                region: book.name(&p.region),
                mark,
                word,
                can_withdraw: p.from > today && may_write(&viewer, &p.region),
                price: p,
            }
        })
        .collect();
    web::html(&ItemPage {
        page: Page::new(&app, &viewer, item.name.clone()).at("/catalogue").flash(done_word(&asked)),
        region: book.name(&item.region),
        now,
        prices: lines,
        skills: Skill::of(item.skills).into_iter().map(|s| (s.zh(), s.needs_certificate())).collect(),
        can_write: may_write(&viewer, &item.region),
        can_price: viewer.may(kernel::Permission::CatalogueWrite),
        item,
    })
}

#[derive(Template)]
#[template(path = "catalogue/item_form.html")]
struct ItemForm {
    page: Page,
    form: Form,
    back: String,
    categories: Vec<(&'static str, &'static str)>,
    helps: Vec<(&'static str, &'static str)>,
    units: Vec<(&'static str, &'static str)>,
    /// (code, word, needs a certificate, is it on)
    skills: Vec<(&'static str, &'static str, bool, bool)>,
}

fn draw(app: &App, viewer: &Viewer, form: Form, item: Option<Item>, errors: Vec<FieldError>) -> web::Result<Response> {
    let title = item.as_ref().map_or("新建服务项目".to_string(), |i| format!("改“{}”", i.name));
    let on = |s: &Skill| form.all("skills").iter().any(|c| c == s.code());
    web::html(&ItemForm {
        page: Page::new(app, viewer, title).at("/catalogue").errors(errors),
        back: item.as_ref().map_or("/catalogue".to_string(), |i| format!("/catalogue/items/{}", i.id)),
        categories: Category::ALL.iter().map(|c| (c.code(), c.zh())).collect(),
        helps: Help::ALL.iter().map(|h| (h.code(), h.zh())).collect(),
        units: Unit::ALL.iter().map(|u| (u.code(), u.zh())).collect(),
        skills: Skill::ALL.iter().map(|s| (s.code(), s.zh(), s.needs_certificate(), on(s))).collect(),
        form,
    })
}

fn filled(i: &Item) -> Form {
    let mut pairs = vec![
        ("code", i.code.clone()),
        ("name", i.name.clone()),
        ("summary", i.summary.clone()),
        ("category", i.category.code().into()),
        ("help", i.help.map(|h| h.code()).unwrap_or_default().into()),
        ("unit", i.unit.code().into()),
        ("minutes", i.minutes.to_string()),
        ("photos", i.photos.to_string()),
        ("checklist", i.checklist.join("\n")),
        ("active", if i.active { "1" } else { "" }.into()),
        ("version", i.version.to_string()),
    ];
    pairs.extend(Skill::of(i.skills).into_iter().map(|s| ("skills", s.code().to_string())));
    Form::from_pairs(pairs.into_iter().map(|(k, v)| (k.to_string(), v)))
}

/// Reads the form; `None` when a field is wrong, which the form then says.
fn read(form: &mut Form, region: kernel::RegionCode) -> Option<ItemDraft> {
    let code = form.text("code", "编号", 12).to_ascii_uppercase();
    let name = form.text("name", "名称", 20);
    let category = form.choice("category", "类别", Category::parse);
    let help = match form.opt("help") {
        None => None,
        Some(_) => form.choice("help", "六助", Help::parse),
    };
    let unit = form.choice("unit", "计价单位", Unit::parse);
    let minutes = whole(form, "minutes", "时长");
    let photos = whole(form, "photos", "照片张数");
    let skills: Vec<Skill> = form.all("skills").iter().filter_map(|c| Skill::parse(c)).collect();
    let checklist =
        form.raw("checklist").lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_string).collect();
    form.done().ok()?;
    Some(ItemDraft {
        code,
        name,
        summary: form.opt("summary").unwrap_or_default(),
        category: category?,
        help,
        unit: unit?,
        minutes: minutes?,
        skills: Skill::set(&skills),
        checklist,
        photos: photos?,
        region,
        active: form.checked("active"),
    })
}

fn whole(form: &mut Form, name: &str, label: &str) -> Option<u32> {
    match form.opt(name) {
        None => {
            form.error(name, format!("{label}没有填"));
            None
        }
        Some(t) => match t.parse() {
            Ok(n) => Some(n),
            Err(_) => {
                form.error(name, format!("{label}要填数字"));
                None
            }
        },
    }
}

/// `GET /catalogue/items/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let start = [("unit", "visit"), ("minutes", "60"), ("photos", "1"), ("active", "1")];
    let form = Form::from_pairs(start.map(|(k, v)| (k.to_string(), v.to_string())));
    draw(&app, &viewer, form, None, Vec::new())
}

/// `POST /catalogue/items/new`
pub async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    // A menu belongs to a county or a city, not to a town the switcher may have narrowed to.
    let region = viewer.full_scope.region.at(Tier::County);
    let Some(draft) = read(&mut form, region) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, None, errors)?));
    };
    let tx = app.db().begin().await?;
    match service::create_item(&tx, app.db(), &viewer.actor(), draft).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(to_item(id, "created"))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, form, None, errors)?))
        }
    }
}

/// `GET /catalogue/items/{id}/edit`
pub async fn edit_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let item = service::item(app.db(), &viewer.scope, parsed(&id, "这个服务项目")?).await?;
    draw(&app, &viewer, filled(&item), Some(item), Vec::new())
}

/// `POST /catalogue/items/{id}/edit`
pub async fn update(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let item = service::item(app.db(), &viewer.scope, parsed(&id, "这个服务项目")?).await?;
    let version: Option<i64> = form.raw("version").parse().ok();
    let (Some(draft), Some(version)) = (read(&mut form, item.region), version) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, Some(item), errors)?));
    };
    let tx = app.db().begin().await?;
    match service::update_item(&tx, &viewer.actor(), item.id, version, draft).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_item(item.id, "item"))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            Ok(again(draw(&app, &viewer, form, Some(item), errors)?))
        }
    }
}
