//! JSON over the same services.
use crate::model::{Channel, Event, Order, State};
use crate::service::{self, Ask, OrderAsk, Placed};
use axum::Json;
use axum::extract::{Path, State as Take};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::{ElderId, Error, Instant, ItemId, OrderId, OrgId, PageAsk, Paged, Permission as P, WorkerId};
use serde::{Deserialize, Serialize};
use web::axum;
use web::{App, ListAsk, ListFetch, Viewer};

pub(crate) fn routes() -> web::Routes {
    web::Routes::new("orders")
        .get("/api/v1/orders", P::OrderRead, list)
        .post("/api/v1/orders", P::OrderCreate, create)
        .get("/api/v1/orders/{id}", P::OrderRead, one)
}

/// An order with its events.
#[derive(Serialize)]
struct Full {
    #[serde(flatten)]
    order: Order,
    events: Vec<Event>,
}

async fn list(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Json<Paged<Order>>> {
    let wanted = OrderAsk {
        state: ask.filter("state").and_then(State::parse),
        provider: ask.filter("provider").and_then(|t| t.parse().ok()),
        region: ask.filter("region").and_then(|t| t.parse().ok()),
        elders: ask.filter("elder").and_then(|t| t.parse().ok()).into_iter().collect(),
        from: ask.filter("from").and_then(|t| t.parse().ok()),
        to: ask.filter("to").and_then(|t| t.parse().ok()),
        q: ask.q.clone(),
        ..OrderAsk::default()
    };
    let rows = ask.filter("rows").and_then(|t| t.parse().ok()).unwrap_or(PageAsk::ROWS).clamp(1, PageAsk::MAX_ROWS);
    let page = PageAsk { page: ask.page.max(1), rows };
    let fetch = ListFetch { page, order: "o.starts_at DESC, o.id DESC".into() };
    Ok(Json(service::list(app.db(), &viewer.scope, &wanted, &fetch).await?))
}

async fn one(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Json<Full>> {
    let id: OrderId = id.parse().map_err(|_| Error::NotFound("这张工单".into()))?;
    let order = service::order(app.db(), &viewer.scope, id).await?;
    let events = service::events(app.db(), &viewer.scope, id).await?;
    Ok(Json(Full { order, events }))
}

/// What a caller sends.
#[derive(Deserialize)]
struct NewOrder {
    elder: ElderId,
    item: ItemId,
    /// `2026-11-24T14:00`, the city's time.
    starts_at: String,
    #[serde(default = "one_unit")]
    quantity: i64,
    #[serde(default)]
    provider: Option<OrgId>,
    #[serde(default)]
    wish_worker: Option<WorkerId>,
    #[serde(default)]
    note: String,
}

const fn one_unit() -> i64 {
    1
}

/// `Idempotency-Key` is required: the same key places one order. 201 when placed now, 200 when it was placed before.
async fn create(Take(app): Take<App>, viewer: Viewer, headers: HeaderMap, body: String) -> web::Result<Response> {
    let key = headers
        .get("idempotency-key")
        .and_then(|v| v.to_str().ok())
        .ok_or_else(|| Error::invalid("idempotency-key", "请求头 Idempotency-Key 没有填"))?;
    let new: NewOrder =
        serde_json::from_str(&body).map_err(|e| Error::invalid("body", format!("请求内容读不懂：{e}")))?;
    let starts_at = Instant::parse_local(&new.starts_at)
        .ok_or_else(|| Error::invalid("starts_at", "时间要写成 2026-11-24T14:00"))?;
    let ask = Ask {
        elder: new.elder,
        item: new.item,
        starts_at,
        quantity: new.quantity,
        provider: new.provider,
        wish_worker: new.wish_worker,
        address: None,
        channel: Channel::Api,
        note: new.note,
        agreed_own: None,
    };
    let Placed { order, new } = service::create(app.db(), &viewer.actor(), ask, Some(key)).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(order)).into_response())
}
