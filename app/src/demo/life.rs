//! The demo's life: every few seconds an order comes in or someone takes the next step.
use super::names::Dice;
use kernel::{Actor, Clock, Error, IdGen, Instant, OrgScope, Permission, Result, Role, Scope};
use orders::model::{Channel, ConfirmHow, Order, State};
use orders::service::{Ask, OrderAsk, View};
use std::time::Duration;
use store::Db;
use web::App;

/// Between two things that happen.
const PULSE: Duration = Duration::from_secs(6);

/// Lives until the program ends. What goes wrong is logged and forgotten: it is a demo.
pub async fn live(app: App, seed: u64) {
    let ids = IdGen::new(seed ^ Clock::System.now().0 as u64);
    let dice = Dice(&ids);
    loop {
        tokio::time::sleep(PULSE).await;
        let hour = app.now().minute_of_day() / 60;
        // Nobody orders or visits at night.
        if !(7..20).contains(&hour) {
            continue;
        }
        if let Err(e) = pulse(&app, &dice).await {
            tracing::debug!(error = %e, "demo life");
        }
    }
}

async fn pulse(app: &App, dice: &Dice<'_>) -> Result<()> {
    let db = app.db();
    if dice.chance(300) {
        return order_comes_in(app, dice).await;
    }
    let scope = Scope { region: app.site().region, org: OrgScope::Any };
    let (visits, waiting) = orders::service::board(db, &scope, app.clock().today()).await?;
    let mut all: Vec<Order> = visits.into_iter().chain(waiting).filter(|o| due(o, app.now())).collect();
    all.sort_by_key(|o| o.starts_at);
    match all.first() {
        Some(o) => advance(db, dice, o).await,
        None => order_comes_in(app, dice).await,
    }
}

/// Is the next step of this order due?
fn due(o: &Order, now: Instant) -> bool {
    match o.state {
        State::Created | State::Accepted => true,
        State::Assigned => now >= o.starts_at.plus_minutes(-15),
        State::OnTheWay => now >= o.starts_at.plus_minutes(-2),
        State::CheckedIn => o.checked_in_at.is_some_and(|t| now >= t.plus_minutes(o.minutes * 9 / 10)),
        State::CheckedOut => o.checked_out_at.is_some_and(|t| now >= t.plus_minutes(2)),
        _ => false,
    }
}

async fn someone(db: &Db, role: Role, org: Option<kernel::OrgId>, worker: Option<kernel::WorkerId>) -> Result<Actor> {
    let who = access::directory::find(db, role, org, worker).await?;
    who.ok_or_else(|| Error::Internal(format!("no {} in the demo", role.code())))
}

async fn advance(db: &Db, dice: &Dice<'_>, o: &Order) -> Result<()> {
    match (o.state, o.worker) {
        (State::Created, _) => {
            let manager = someone(db, Role::ProviderManager, Some(o.provider), None).await?;
            orders::service::accept(db, &manager, o.id, None).await.map(|_| ())
        }
        (State::Accepted, _) => {
            let manager = someone(db, Role::ProviderManager, Some(o.provider), None).await?;
            let best = orders::service::suggest(db, &manager, o.id).await?;
            match best.best.first() {
                Some(c) => orders::service::assign(db, &manager, o.id, c.worker, "", None).await.map(|_| ()),
                None => Ok(()),
            }
        }
        (state, Some(worker)) => {
            let actor = someone(db, Role::Worker, Some(o.provider), Some(worker)).await?;
            match state {
                State::Assigned => orders::service::set_out(db, &actor, o.id, None).await.map(|_| ()),
                State::OnTheWay => {
                    let from = field::service::FromDevice {
                        position: o.place.map(|p| field::model::Position { point: p, accuracy_m: 15 }),
                        device_at: Some(db.now()),
                        ..Default::default()
                    };
                    field::service::check_in(db, &actor, o.id, &from).await.map(|_| ())
                }
                State::CheckedIn => {
                    let minutes = o.checked_in_at.map(|t| db.now().since(t) / Instant::MINUTE).unwrap_or(0);
                    let data = serde_json::json!({ "words": format!("服务 {minutes} 分钟"), "minutes": minutes });
                    orders::service::check_out(db, &actor, o.id, data, None).await.map(|_| ())
                }
                State::CheckedOut => {
                    let how = if dice.chance(500) { ConfirmHow::Code } else { ConfirmHow::OnPhone };
                    orders::service::confirm(db, &actor, o.id, how, None).await.map(|_| ())
                }
                _ => Ok(()),
            }
        }
        (_, None) => Ok(()),
    }
}

async fn order_comes_in(app: &App, dice: &Dice<'_>) -> Result<()> {
    let db = app.db();
    let operator = someone(db, Role::Operator, None, None).await?;
    operator.require(Permission::OrderCreate)?;
    // Someone who has ordered before orders again.
    let today = app.clock().today();
    let ask = OrderAsk { view: Some(View::Day(today.plus_days(-dice.range(1, 60)))), ..OrderAsk::default() };
    let fetch = web::ListFetch { page: kernel::PageAsk { page: 1, rows: 200 }, order: "o.starts_at, o.id".into() };
    let past = orders::service::list(db, operator.scope(), &ask, &fetch).await?.rows;
    if past.is_empty() {
        return Ok(());
    }
    let like = dice.pick(&past);
    let soon = app.now().plus_minutes(dice.range(45, 240));
    let starts_at = Instant(soon.0 - soon.0.rem_euclid(10 * Instant::MINUTE));
    let ask = Ask {
        elder: like.elder,
        item: like.item,
        starts_at,
        quantity: 1,
        provider: None,
        wish_worker: None,
        address: None,
        channel: Channel::Hotline,
        note: String::new(),
        agreed_own: None,
    };
    orders::service::create(db, &operator, ask, None).await.map(|_| ())
}
