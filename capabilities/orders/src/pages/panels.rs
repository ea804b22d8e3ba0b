//! What the elder's page shows of orders.
use super::shared::{standing, when};
use crate::model::Order;
use crate::service::{self, Spent};
use askama::Template;
use async_trait::async_trait;
use kernel::{ElderId, Instant, Permission, Result, Scope};
use people::model::ElderCard;
use people::service::{Panel, PanelHtml, Slot, TimelineItem};
use std::sync::Arc;
use store::Db;
use web::{App, Mark, Viewer};

/// Visits shown on the elder's page.
const SHOWN: i64 = 5;

struct Line {
    href: String,
    when: String,
    hours: String,
    item: String,
    fee: String,
    who: String,
    mark: Mark,
    word: String,
    ahead: bool,
}

fn line(o: &Order, now: Instant) -> Line {
    let (mark, word) = standing(o, now);
    let mut who: Vec<String> = o.worker_name.iter().cloned().collect();
    who.push(o.provider_name.clone());
    if let Some(r) = o.rating {
        who.push(format!("评价 {r} 分"));
    }
    let full = when(o.starts_at, now);
    Line {
        href: format!("/orders/{}", o.id),
        when: full.rsplit_once(' ').map_or(full.clone(), |(day, _)| day.to_string()),
        hours: o.hours(),
        item: o.item_name.clone(),
        fee: o.fee.to_string(),
        who: who.join(" · "),
        mark,
        word,
        ahead: o.state.open(),
    }
}

#[derive(Template)]
#[template(path = "orders/panel_visits.html")]
struct VisitsPanel {
    lines: Vec<Line>,
    all: String,
    new: Option<String>,
}

struct Visits;

#[async_trait]
impl Panel for Visits {
    fn order(&self) -> i32 {
        10
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::OrderRead) {
            return Ok(None);
        }
        let orders = service::for_elder(app.db(), &viewer.scope, elder.id, SHOWN).await?;
        let now = app.now();
        let may = viewer.may(Permission::OrderCreate) && elder.present(now.date());
        let view = VisitsPanel {
            lines: orders.iter().map(|o| line(o, now)).collect(),
            all: format!("/orders?elder={}", elder.id),
            new: may.then(|| format!("/orders/new?elder={}", elder.id)),
        };
        let html = view.render().map_err(kernel::Error::internal)?;
        Ok(Some(PanelHtml { slot: Slot::Middle, html }))
    }
    async fn timeline(&self, db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<TimelineItem>> {
        let orders = service::for_elder(db, scope, elder, 20).await?;
        Ok(orders.iter().map(happened).collect())
    }
}

/// The latest thing that happened to an order.
fn happened(o: &Order) -> TimelineItem {
    let at = o.closed_at.or(o.confirmed_at).or(o.checked_out_at).or(o.checked_in_at).unwrap_or(o.created_at);
    let text = match (o.state.void(), o.confirmed_at) {
        (true, _) => format!("{} {}", o.item_name, o.state.zh()),
        (false, Some(_)) => match o.rating {
            Some(r) => format!("{} 已完成，评价 {r} 分", o.item_name),
            None => format!("{} 已完成", o.item_name),
        },
        (false, None) => format!("{} {}，{}", o.item_name, o.state.zh(), o.starts_at.stamp()),
    };
    TimelineItem {
        at,
        text,
        who: o.worker_name.clone().unwrap_or_else(|| o.created_by_name.clone()),
        bad: o.state.void() || o.state == crate::model::State::Disputed,
        href: Some(format!("/orders/{}", o.id)),
    }
}

#[derive(Template)]
#[template(path = "orders/panel_spent.html")]
struct SpentPanel {
    quarter: String,
    spent: Spent,
    gov_pct: i64,
    say: String,
}

struct Costs;

#[async_trait]
impl Panel for Costs {
    fn order(&self) -> i32 {
        20
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::OrderRead) {
            return Ok(None);
        }
        let quarter = app.now().date().quarter();
        let spent = service::spent(app.db(), &viewer.scope, elder.id, quarter).await?;
        let gov_pct = if spent.fee.0 > 0 { (spent.gov.0 * 100 / spent.fee.0).clamp(0, 100) } else { 0 };
        let view = SpentPanel {
            quarter: quarter.zh(),
            say: format!("政府付 {}，自己付 {}", spent.gov, spent.own),
            gov_pct,
            spent,
        };
        let html = view.render().map_err(kernel::Error::internal)?;
        Ok(Some(PanelHtml { slot: Slot::Right, html }))
    }
    async fn timeline(&self, _: &Db, _: &Scope, _: ElderId) -> Result<Vec<TimelineItem>> {
        Ok(Vec::new())
    }
}

/// The cards of this capability on the elder's page.
pub fn panels() -> Vec<Arc<dyn Panel>> {
    vec![Arc::new(Visits), Arc::new(Costs)]
}
