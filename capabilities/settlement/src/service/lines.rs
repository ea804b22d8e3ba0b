//! Decisions about single lines, and disputes.
use super::{LINE_DECIDED, LINE_DISPUTED, changed, no_line, no_list, reason_text};
use crate::model::{self, Decision, LineChange, LineMoney, LineState, Standing, Step, Totals};
use crate::store::{self as sql, LineRow, ListRow};
use kernel::{Actor, Error, Fen, PaymentListId, Permission, Result};
use store::{Db, Tx};

/// A line as the reviewer saw it; see [`super::LineView::seen`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub list: PaymentListId,
    pub seq: i64,
    /// `standing:deducted`
    pub state: String,
}

/// The list and the line, locked, within the actor's scope.
async fn load(tx: &Tx, actor: &Actor, seen: &Seen) -> Result<(ListRow, LineRow)> {
    let list = sql::lock_list(tx, actor.scope(), seen.list).await?.ok_or_else(no_list)?;
    let line = sql::lock_line(tx, seen.list, seen.seq).await?.ok_or_else(no_line)?;
    if sql::town_of(actor.scope()).is_some() && !actor.scope().covers(&line.region) {
        return Err(no_line());
    }
    if format!("{}:{}", line.standing, line.deducted.0) != seen.state {
        return Err(changed());
    }
    if !line.live {
        return Err(Error::refused("这单已经放行，转到后面的清单了"));
    }
    Ok((list, line))
}

/// Stores a line's new state with the sums, the event and the audit row.
async fn store_state(tx: &Tx, actor: &Actor, line: &LineRow, next: LineState, what: &str, reason: &str) -> Result<()> {
    let before = line.state()?;
    let money = |state| LineMoney { fee: line.fee, gov: line.gov, own: line.own, state };
    let change = Totals::of(&money(next)).minus(Totals::of(&money(before)));
    let open = |s: &LineState| i64::from(s.standing == Standing::Disputed);
    sql::set_line(tx, line.list, line.seq, &next, reason).await?;
    sql::shift(tx, line.list, line.town, &change, open(&next) - open(&before)).await?;
    sql::insert_line_event(tx, line.list, line.seq, actor, what, next.deducted, reason).await?;
    let action = if next.standing == Standing::Disputed { LINE_DISPUTED } else { LINE_DECIDED };
    let entry = audit::Entry::new(action, "payment_list", line.list).region(line.town).reason(reason).detail(
        serde_json::json!({ "order": line.order, "from": before.standing, "to": next.standing, "deducted": next.deducted }),
    );
    audit::record(tx, actor, entry).await
}

/// A town or the county pays a line, takes something off it, or holds it back.
///
/// # Errors
/// `Forbidden` without the step's permission, `NotFound` outside the scope (a town decides about its own lines),
/// `Conflict` when the line changed meanwhile, `Invalid` and `Refused` by [`model::decide`].
pub async fn decide_line(
    db: &Db,
    actor: &Actor,
    step: Step,
    seen: &Seen,
    decision: Decision,
    reason: &str,
) -> Result<()> {
    actor.require(match step {
        Step::Town => Permission::SettlementTown,
        Step::County => Permission::SettlementCounty,
        Step::Finance => Permission::SettlementPay,
    })?;
    let reason = reason_text("reason", "原因", reason, true)?;
    let tx = db.begin().await?;
    let (list, line) = load(&tx, actor, seen).await?;
    if step == Step::Town {
        town_still_open(&tx, actor, &list).await?;
    }
    match model::decide(list.state()?, step, line.state()?, line.gov, decision)? {
        LineChange::Within(next) => {
            remember_clearance(&tx, actor, &line, next, &reason).await?;
            store_state(&tx, actor, &line, next, decision.standing().zh(), &reason).await?;
        }
        LineChange::Released => {
            sql::let_go(&tx, line.list, line.seq).await?;
            sql::clear_order(&tx, line.order, line.list, actor, &reason).await?;
            let words = format!("县里放行，进下一份清单：{reason}");
            orders::service::take_out_of_list(&tx, actor, line.list, &[line.order], &words).await?;
            sql::insert_line_event(&tx, line.list, line.seq, actor, "放行", Fen::ZERO, &reason).await?;
            let entry = audit::Entry::new(LINE_DECIDED, "payment_list", line.list)
                .region(line.town)
                .reason(&reason)
                .detail(serde_json::json!({ "order": line.order, "released": true }));
            audit::record(&tx, actor, entry).await?;
        }
    }
    tx.commit().await
}

/// Once a town has approved its part, it changes nothing in it until the county sends it back.
async fn town_still_open(tx: &Tx, actor: &Actor, list: &ListRow) -> Result<()> {
    let town = sql::town_of(actor.scope()).ok_or_else(|| Error::Forbidden("镇审核由镇街经办来做".into()))?;
    let chain = sql::chain(tx, list).await?;
    if chain.towns.iter().any(|t| t.town == town && t.state == model::TownState::Approved) {
        return Err(Error::refused("本镇已经审过，要改先请县里退回"));
    }
    Ok(())
}

/// The county's word that a held back order is in order outlives the list it was said about.
async fn remember_clearance(tx: &Tx, actor: &Actor, line: &LineRow, next: LineState, reason: &str) -> Result<()> {
    let before = line.state()?.counted();
    match (before, next.standing) {
        (Standing::HeldBack, Standing::Ok) => sql::clear_order(tx, line.order, line.list, actor, reason).await,
        (_, Standing::HeldBack) => sql::unclear_order(tx, line.order).await,
        _ => Ok(()),
    }
}

/// A provider disagrees with a line of its own list; the county has to answer before it can approve.
///
/// # Errors
/// `Forbidden`, `NotFound` for another provider's list, `Refused` once the county has decided.
pub async fn dispute_line(db: &Db, actor: &Actor, seen: &Seen, reason: &str) -> Result<()> {
    actor.require(Permission::SettlementDispute)?;
    if actor.scope().org_id().is_none() {
        return Err(Error::Forbidden("争议由服务商自己提".into()));
    }
    let reason = reason_text("reason", "争议说明", reason, true)?;
    let tx = db.begin().await?;
    let (list, line) = load(&tx, actor, seen).await?;
    let next = model::dispute(list.state()?, line.state()?)?;
    store_state(&tx, actor, &line, next, "提出争议", &reason).await?;
    tx.commit().await
}

/// The county answers a dispute by deciding about the line.
///
/// # Errors
/// As [`decide_line`]; `Refused` when no dispute is open.
pub async fn answer(db: &Db, actor: &Actor, seen: &Seen, decision: Decision, reason: &str) -> Result<()> {
    actor.require(Permission::SettlementCounty)?;
    let reason = reason_text("reason", "答复", reason, true)?;
    let tx = db.begin().await?;
    let (list, line) = load(&tx, actor, seen).await?;
    let next = model::answer_dispute(list.state()?, line.state()?, line.gov, decision)?;
    remember_clearance(&tx, actor, &line, next, &reason).await?;
    store_state(&tx, actor, &line, next, &format!("答复争议：{}", next.standing.zh()), &reason).await?;
    tx.commit().await
}
