//! Use cases: authorise, load within the scope, decide, write, audit, tell; one transaction each.
mod assign;
mod desk;
mod history;
mod lapse;
mod money;
mod own;
mod place;
mod read;
mod settle;
mod steps;

pub use crate::store::{OrderAsk, View};
pub use assign::{Candidate, LeftOut, Suggestion, assign, assign_in, suggest};
pub use desk::{VillageQuarter, by_village, count_of, first_of, next_visit};
pub use history::{Detail, HistoryOrder, bulk_insert};
pub use lapse::{Lapsed, Progress, lapse_in_batches, lapse_unserved};
pub use own::{give_back_own, receipts, take_own};
pub use place::{Ask, MoneyLine, Placed, Prepared, Quote, Why, create, place_in, placed_before, prepare, quote};
pub use read::{
    Counts, Known, Spent, board, counts, events, for_elder, for_worker, known_workers, list, order, order_in,
    same_elder, spent,
};
pub use settle::{mark_orders_paid, mark_paid, put_in_list, settleable, settleable_in, take_out_of_list};
pub use steps::{
    accept, accept_in, cancel, cancel_in, check_in, check_in_in, check_out, check_out_in, confirm, confirm_in, dispute,
    dispute_in, no_show, no_show_in, rate, rate_in, refuse, refuse_in, resolve, resolve_in, set_out, set_out_in,
};

use crate::model::{Next, Order, State, Step, Who, next};
use crate::store as sql;
use kernel::{Actor, Error, OrderId, Result};
use serde_json::Value as Json;
use store::Tx;

const PLACED: audit::Action = audit::Action::new("order.create", "下单");
const STEPPED: audit::Action = audit::Action::new("order.step", "工单办理");

/// Somebody else was faster.
pub(crate) fn changed_meanwhile() -> Error {
    Error::Conflict("这一单刚被别人改过。看过新的再办".into())
}

fn missing() -> Error {
    Error::NotFound("这张工单".into())
}

/// An order on its way through one step.
pub(crate) struct Going {
    pub(crate) order: Order,
    step: Step,
    before: State,
    seen: i64,
}

/// What the beginning of a step found.
pub(crate) enum Begin {
    Go(Box<Going>),
    /// Done before; nothing to write.
    Already(Box<Order>),
}

/// May this actor do such a step at all?
fn permitted(actor: &Actor, step: Step) -> Result<()> {
    let who = Who::of(actor);
    match step.needs(who) {
        Some(permission) => actor.require(permission),
        None => Err(crate::model::Refusal::NotYours { step, who }.into()),
    }
}

/// Loads the order under lock, within the actor's scope, and asks the table of transitions. `seen` is the version the
/// actor's page showed.
async fn begin(tx: &Tx, actor: &Actor, id: OrderId, step: Step, seen: Option<i64>) -> Result<Begin> {
    permitted(actor, step)?;
    let order = sql::order(tx, actor.scope(), id, tx.lock()).await?.ok_or_else(missing)?;
    match next(order.state, step, Who::of(actor))? {
        Next::Already => Ok(Begin::Already(Box::new(order))),
        Next::Go(_) if seen.is_some_and(|v| v != order.version) => Err(changed_meanwhile()),
        Next::Go(to) => {
            let (before, version) = (order.state, order.version);
            let order = Order { state: to, version: version + 1, ..order };
            Ok(Begin::Go(Box::new(Going { order, step, before, seen: version })))
        }
    }
}

/// Stores the moved order, its event and the audit row.
async fn finish(tx: &Tx, actor: &Actor, going: Going, data: Json) -> Result<Order> {
    let Going { order, step, before, seen } = going;
    sql::save(tx, &order, seen).await?;
    sql::add_event(tx, actor, &order, step.code(), &data).await?;
    let entry = audit::Entry::new(STEPPED, "work_order", order.id)
        .region(order.region)
        .detail(serde_json::json!({ "step": step.code(), "from": before.code(), "to": order.state.code() }));
    audit::record(tx, actor, entry).await?;
    Ok(order)
}

/// A reason people read later: trimmed, given where it is needed, at most 200 characters.
fn reason_text(reason: &str, needed: bool) -> Result<String> {
    let text = reason.trim();
    let n = text.chars().count();
    if text.is_empty() && needed {
        return Err(Error::invalid("reason", "原因没有填"));
    }
    if n > 200 {
        return Err(Error::invalid("reason", format!("原因最多 200 字，现在 {n} 字")));
    }
    Ok(text.to_string())
}
