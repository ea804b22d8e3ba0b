//! Placing an order for an elder.
use crate::model::Channel;
use crate::service::{self, Ask, Quote};
use askama::Template;
use axum::extract::{Query, State as Take};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use catalogue::Category;
use catalogue::model::PricedItem;
use kernel::{CivilDate, ElderId, Error, Fen, FieldError, Instant, ItemId, OrderId, RegionCode, Tier};
use people::model::ElderCard;
use std::collections::HashMap;
use web::axum;
use web::{App, Form, Page, Viewer, html};

/// Times offered at a click; any other can be typed.
const SLOTS: [&str; 6] = ["08:30", "09:00", "10:30", "14:00", "15:30", "16:30"];
const CHANNELS: [Channel; 3] = [Channel::Hotline, Channel::Staff, Channel::Family];

#[derive(Template)]
#[template(path = "orders/cost.html")]
struct CostCard {
    quote: Option<Quote>,
    problem: String,
    used_pct: i64,
    held_pct: i64,
    purse_say: String,
    /// The box beside this very own part is ticked.
    told: bool,
    told_error: String,
}

impl CostCard {
    fn of(found: kernel::Result<Quote>, form: &Form, errors: &[FieldError]) -> CostCard {
        let (quote, problem) = match found {
            Ok(q) => (Some(q), String::new()),
            Err(e) => (None, e.user_message()),
        };
        let (mut used_pct, mut held_pct, mut purse_say) = (0, 0, String::new());
        if let Some((q, p)) = quote.as_ref().and_then(|q| q.purse.as_ref().map(|p| (q, p))) {
            let pct = |part: Fen| if p.granted > Fen::ZERO { (part.0 * 100 / p.granted.0).clamp(0, 100) } else { 0 };
            used_pct = pct(p.used);
            held_pct = pct(p.held + q.split.gov).min(100 - used_pct);
            purse_say = format!(
                "额度 {}，已用 {}，已预约 {}，本单占 {}，剩 {}",
                p.granted,
                p.used,
                p.held,
                q.split.gov,
                q.left()
            );
        }
        let told = quote.as_ref().is_some_and(|q| agreed(form, q.split.own));
        let told_error = errors.iter().find(|e| e.field == "told").map(|e| e.message.clone()).unwrap_or_default();
        CostCard { quote, problem, used_pct, held_pct, purse_say, told, told_error }
    }
}

/// The elder was told this amount, not another one: the box carries it.
fn agreed(form: &Form, own: Fen) -> bool {
    form.raw("told") == own.0.to_string()
}

/// Who may be asked for the chosen service on the chosen day. With scripts it is swapped beside the cost card.
#[derive(Template)]
#[template(path = "orders/offer.html")]
struct Offer {
    errors: Vec<FieldError>,
    /// What the list was made for. The form sends it back: as long as it holds, the list stays as it is and keeps
    /// the keyboard's place.
    made_for: String,
    provider: String,
    providers: Vec<(String, String)>,
    /// Swapped into a page that is already there.
    swap: bool,
}

impl Offer {
    async fn of(
        app: &App,
        viewer: &Viewer,
        region: &RegionCode,
        chosen: Option<&PricedItem>,
        f: &Typed,
        on: CivilDate,
    ) -> kernel::Result<Offer> {
        let able = match chosen {
            Some(m) => providers::service::eligible(app.db(), &viewer.full_scope, region, m.item.category, on).await?,
            None => Vec::new(),
        };
        Ok(Offer {
            errors: Vec::new(),
            made_for: chosen.map(|m| format!("{} {on}", m.item.id)).unwrap_or_default(),
            provider: f.provider.clone(),
            providers: able.into_iter().filter(|c| c.blocks.is_empty()).map(|c| (c.org.to_string(), c.name)).collect(),
            swap: false,
        })
    }
}

struct ItemView {
    id: ItemId,
    name: String,
    price: String,
    summary: String,
    on: bool,
}
struct Group {
    icon: &'static str,
    word: &'static str,
    items: Vec<ItemView>,
    open: bool,
}
struct Day {
    value: CivilDate,
    weekday: &'static str,
    md: String,
    note: &'static str,
    on: bool,
}
struct Slot {
    value: &'static str,
    on: bool,
}
struct KnownView {
    value: String,
    name: String,
    text: String,
    on: bool,
}

/// The fields as typed.
struct Typed {
    key: String,
    item: String,
    day: String,
    time: String,
    other_day: String,
    other_time: String,
    quantity: String,
    provider: String,
    wish_worker: String,
    address: String,
    channel: String,
    note: String,
}

impl Typed {
    fn of(form: &Form, app: &App) -> Typed {
        let or = |name: &str, fallback: &str| match form.raw(name) {
            "" => fallback.to_string(),
            t => t.to_string(),
        };
        let tomorrow = app.now().date().plus_days(1).to_string();
        Typed {
            key: or("key", &app.db().new_id::<OrderId>().to_string()),
            item: form.raw("item").into(),
            day: or("day", &tomorrow),
            time: or("time", "09:00"),
            other_day: form.raw("other_day").into(),
            other_time: form.raw("other_time").into(),
            quantity: or("quantity", "1"),
            provider: form.raw("provider").into(),
            wish_worker: form.raw("wish_worker").into(),
            address: form.raw("address").into(),
            channel: or("channel", Channel::Staff.code()),
            note: form.raw("note").into(),
        }
    }
    fn day(&self) -> Option<CivilDate> {
        let text = if self.other_day.is_empty() { &self.day } else { &self.other_day };
        text.parse().ok()
    }
    fn start(&self) -> Option<Instant> {
        let time = if self.other_time.is_empty() { &self.time } else { &self.other_time };
        Instant::parse_local(&format!("{} {time}", self.day()?))
    }
}

#[derive(Template)]
#[template(path = "orders/new.html")]
struct NewPage {
    page: Page,
    elder: ElderCard,
    age: i16,
    tags: Vec<String>,
    village: String,
    f: Typed,
    count: usize,
    groups: Vec<Group>,
    days: Vec<Day>,
    slots: Vec<Slot>,
    quantity_label: String,
    quantity_hint: String,
    offer: String,
    known: Vec<KnownView>,
    addresses: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    cost: String,
}

struct Found {
    id: ElderId,
    name: String,
    text: String,
    gone: String,
}

#[derive(Template)]
#[template(path = "orders/pick.html")]
struct PickPage {
    page: Page,
    q: String,
    found: Vec<Found>,
}

async fn pick(app: &App, viewer: &Viewer, q: &str) -> web::Result<Response> {
    let now = app.now().date();
    let book = app.regions();
    let cards = if q.is_empty() { Vec::new() } else { people::service::find(app.db(), &viewer.scope, q, 20).await? };
    let found = cards
        .into_iter()
        .map(|c| Found {
            id: c.id,
            text: format!(
                "{} {} 岁，{} {}，{}",
                c.sex.zh(),
                c.age(now),
                book.short(&c.region),
                c.address,
                c.phone_masked
            ),
            gone: match (c.died_on, c.moved_out_on) {
                (Some(d), _) => format!("{d} 去世"),
                (None, Some(d)) if d <= now => format!("{d} 迁出"),
                _ => String::new(),
            },
            name: c.name,
        })
        .collect();
    html(&PickPage { page: Page::new(app, viewer, "下工单").at("/orders"), q: q.to_string(), found })
}

pub(super) async fn form(
    Take(app): Take<App>,
    viewer: Viewer,
    Query(query): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let elder = query.get("elder").and_then(|t| t.parse::<ElderId>().ok());
    let Some(elder) = elder else {
        return pick(&app, &viewer, query.get("q").map(|q| q.trim()).unwrap_or_default()).await;
    };
    let form = Form::from_pairs(query);
    draw(&app, &viewer, elder, &form, Vec::new()).await
}

/// Reads what was typed into an ask; every wrong field is named.
fn read(app: &App, form: &mut Form) -> kernel::Result<Ask> {
    let typed = Typed::of(form, app);
    let elder = form.need::<ElderId>("elder", "老人");
    let item = form.opt("item").and_then(|t| t.parse::<ItemId>().ok());
    if item.is_none() {
        form.error("item", "选一项服务");
    }
    let start = typed.start();
    if start.is_none() {
        form.error("starts_at", "日期和钟点没有填对，日期像 2026-11-24，钟点像 14:00");
    }
    let quantity = typed.quantity.trim().parse::<i64>();
    if quantity.is_err() {
        form.error("quantity", "数量要填整数");
    }
    let provider = form.parse("provider");
    let wish_worker = form.parse("wish_worker");
    let address = form.parse("address");
    let channel = Channel::parse(&typed.channel);
    if channel.is_none() {
        form.error("channel", "选一个来源");
    }
    form.done()?;
    match (elder, item, start, quantity, channel) {
        (Some(elder), Some(item), Some(starts_at), Ok(quantity), Some(channel)) => Ok(Ask {
            elder,
            item,
            starts_at,
            quantity,
            provider,
            wish_worker,
            address,
            channel,
            note: typed.note,
            agreed_own: None,
        }),
        _ => Err(Error::refused("表单没有收全，返回再提交一次")),
    }
}

/// The cost card for the page's live recount, and the providers when another service or day was chosen.
pub(super) async fn quote(Take(app): Take<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let found = match read(&app, &mut form) {
        Ok(ask) => service::quote(app.db(), &viewer.actor(), &ask).await,
        Err(e) => Err(e),
    };
    if let Err(e @ (Error::Internal(_) | Error::NotFound(_) | Error::Forbidden(_))) = found {
        return Err(e.into());
    }
    let mut out = CostCard::of(found, &form, &[]).render().map_err(Error::internal)?;
    let elder: ElderId = form.raw("elder").parse().map_err(|_| Error::NotFound("这位老人".into()))?;
    let elder = people::service::card(app.db(), &viewer.scope, elder).await?;
    let f = Typed::of(&form, &app);
    let on = f.day().unwrap_or_else(|| app.now().date());
    let menu = catalogue::service::items(app.db(), &elder.region, on).await?;
    let chosen = menu.iter().find(|m| m.item.id.to_string() == f.item);
    let offer = Offer::of(&app, &viewer, &elder.region, chosen, &f, on).await?;
    if offer.made_for != form.raw("offered") {
        out.push_str(&Offer { swap: true, ..offer }.render().map_err(Error::internal)?);
    }
    Ok(Html(out).into_response())
}

pub(super) async fn place(Take(app): Take<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let elder: ElderId = form.raw("elder").parse().map_err(|_| Error::NotFound("这位老人".into()))?;
    if form.raw("act") == "quote" {
        return draw(&app, &viewer, elder, &form, Vec::new()).await;
    }
    let result = match read(&app, &mut form) {
        Ok(ask) => place_told(&app, &viewer, ask, &form).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(p) => {
            let done = if p.new { "placed" } else { "same" };
            Ok(Redirect::to(&format!("/orders/{}?done={done}", p.order.id)).into_response())
        }
        Err(e @ (Error::Invalid(_) | Error::Refused(_))) => {
            let errors = match e {
                Error::Invalid(f) => f,
                other => vec![FieldError::new("item", other.user_message())],
            };
            let page = draw(&app, &viewer, elder, &form, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(e) => Err(e.into()),
    }
}

/// Nobody is made to pay unasked: an own part needs the tick.
async fn place_told(app: &App, viewer: &Viewer, ask: Ask, form: &Form) -> kernel::Result<service::Placed> {
    let actor = viewer.actor();
    let key = form.opt("key");
    // A second click finds the first one's order, whatever the purse says by now.
    if let Some(placed) = service::placed_before(app.db(), &actor, &ask, key.as_deref()).await? {
        return Ok(placed);
    }
    let own = service::quote(app.db(), &actor, &ask).await?.split.own;
    if own > Fen::ZERO && !agreed(form, own) {
        return Err(Error::invalid("told", format!("老人要自己付 {own}。先告诉老人，同意后打勾")));
    }
    let ask = Ask { agreed_own: Some(own), ..ask };
    service::create(app.db(), &actor, ask, key.as_deref()).await
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    elder: ElderId,
    form: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let db = app.db();
    let elder = people::service::card(db, &viewer.scope, elder).await?;
    let f = Typed::of(form, app);
    let today = app.now().date();
    let on = f.day().unwrap_or(today);
    let menu = catalogue::service::items(db, &elder.region, on).await?;
    let chosen = menu.iter().find(|m| m.item.id.to_string() == f.item);
    let open = chosen.map(|m| m.item.category).or_else(|| menu.first().map(|m| m.item.category));
    let offer = Offer::of(app, viewer, &elder.region, chosen, &f, on).await?;
    let offer = Offer { errors: errors.clone(), ..offer };
    let ahead = service::for_elder(db, &viewer.scope, elder.id, 20).await?;
    let known = service::known_workers(db, &viewer.scope, elder.id).await?;
    let addresses = people::service::service_addresses(db, &viewer.scope, elder.household).await?;
    let mut asked = form.clone();
    let cost = match read(app, &mut asked) {
        Ok(ask) => CostCard::of(service::quote(db, &viewer.actor(), &ask).await, form, &errors),
        Err(_) => CostCard::of(Err(Error::refused("选好服务和时间，这里就算出谁付多少")), form, &errors),
    };
    let book = app.regions();
    let view = NewPage {
        page: Page::new(app, viewer, format!("代{}下单", elder.name)).at("/orders").errors(errors),
        age: elder.age(today),
        tags: elder.tags(),
        village: if viewer.region().tier() >= Tier::Town {
            book.name(&elder.region)
        } else {
            book.short(&elder.region)
        },
        count: menu.len(),
        quantity_label: match chosen {
            Some(m) => format!("数量（{}）", m.item.unit.zh()),
            None => "数量".into(),
        },
        quantity_hint: chosen.map(|m| format!("每{} {} 分钟", m.item.unit.zh(), m.item.minutes)).unwrap_or_default(),
        groups: Category::ALL
            .iter()
            .filter_map(|c| {
                let items: Vec<ItemView> = menu
                    .iter()
                    .filter(|m| m.item.category == *c)
                    .map(|m| ItemView {
                        id: m.item.id,
                        name: m.item.name.clone(),
                        price: format!("{} / {}", m.price, m.item.unit.zh()),
                        summary: m.item.summary.clone(),
                        on: m.item.id.to_string() == f.item,
                    })
                    .collect();
                (!items.is_empty()).then(|| Group { icon: c.icon(), word: c.zh(), open: open == Some(*c), items })
            })
            .collect(),
        days: (0..7)
            .map(|i| today.plus_days(i))
            .map(|d| Day {
                value: d,
                weekday: if d == today { "今天" } else { d.weekday_zh() },
                md: d.md(),
                note: if ahead.iter().any(|o| o.served_on() == d && !o.state.void()) { "有约" } else { "" },
                on: f.other_day.is_empty() && d.to_string() == f.day,
            })
            .collect(),
        slots: SLOTS.iter().map(|s| Slot { value: s, on: f.other_time.is_empty() && *s == f.time }).collect(),
        offer: offer.render().map_err(Error::internal)?,
        known: known
            .into_iter()
            .take(2)
            .map(|k| KnownView {
                text: match k.rating_tenths {
                    Some(t) => format!("来过 {} 次，评价 {}.{}", k.times, t / 10, t % 10),
                    None => format!("来过 {} 次", k.times),
                },
                value: k.worker.to_string(),
                on: k.worker.to_string() == f.wish_worker,
                name: k.name,
            })
            .collect(),
        addresses: addresses
            .into_iter()
            .filter(|a| a.address != elder.address)
            .map(|a| (a.id.to_string(), format!("{} {}", book.name(&a.region), a.address)))
            .collect(),
        channels: CHANNELS.iter().map(|c| (c.code().to_string(), c.zh().to_string())).collect(),
        cost: cost.render().map_err(Error::internal)?,
        f,
        elder,
    };
    html(&view)
}
