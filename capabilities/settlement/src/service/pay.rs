//! Paying one list: what is owed goes to paid, what was deducted goes back to the fund it came from.
use super::verify::walk;
use crate::model::Standing;
use crate::store::ListRow;
use books::codes;
use kernel::{AccountId, Actor, Error, Fen, OrderId, OrgScope, Quarter, Result, Scope, Tier};
use ledger::{AccountKind, Action, Command, Key, Purpose, Reference};
use std::collections::BTreeMap;
use store::{Db, Tx};

/// A deduction that has to find its way back.
struct Deduction {
    order: OrderId,
    purse: AccountId,
    pack: String,
    quarter: Quarter,
    amount: Fen,
}

/// What the lines of a list say has to be posted.
#[derive(Default)]
struct Due {
    /// By the quarter of service: that is the account it is owed on.
    payable: BTreeMap<Quarter, Fen>,
    deductions: Vec<Deduction>,
    /// Orders that are settled by this list.
    paid: Vec<OrderId>,
    /// Some orders stay behind until the county clears them.
    held: bool,
    /// A line whose money has no purse: nothing may be posted then.
    adrift: Option<OrderId>,
}

/// Posts the money of a list whose row is locked, and marks its orders paid.
///
/// # Errors
/// `Refused` when the list is no longer what was frozen.
pub(super) async fn post(tx: &Tx, db: &Db, actor: &Actor, row: &ListRow) -> Result<()> {
    let mut due = Due::default();
    let verdict = walk(tx, row, |line, money| {
        let quarter = line.served_on.quarter();
        if money.state.counted() != Standing::HeldBack {
            due.paid.push(line.order);
        }
        match money.state.counted() {
            Standing::HeldBack => due.held = true,
            Standing::Ok | Standing::Disputed => *due.payable.entry(quarter).or_default() += line.gov,
            Standing::Deducted => {
                *due.payable.entry(quarter).or_default() += line.gov - money.state.deducted;
                match (line.purse_account, &line.pack) {
                    (Some(purse), Some(pack)) => due.deductions.push(Deduction {
                        order: line.order,
                        purse,
                        pack: pack.clone(),
                        quarter,
                        amount: money.state.deducted,
                    }),
                    _ => due.adrift = Some(line.order),
                }
            }
        }
    })
    .await?;
    if !verdict.intact() {
        tracing::error!(list = %row.id, sealed = verdict.sealed, summed = verdict.summed, "payment list was tampered with");
        return Err(Error::refused("清单和生成时的内容对不上，不能拨付。请管理员查审计记录"));
    }
    if let Some(order) = due.adrift {
        return Err(Error::Internal(format!("order {order} was deducted but has no purse")));
    }
    give_back(tx, db, actor, row, &due.deductions).await?;
    pay_out(tx, db, actor, row, &due.payable).await?;
    if due.held {
        orders::service::mark_orders_paid(tx, actor, row.id, &due.paid).await?;
    } else {
        orders::service::mark_paid(tx, actor, row.id).await?;
    }
    Ok(())
}

async fn payable(tx: &Tx, db: &Db, row: &ListRow, quarter: Quarter) -> Result<AccountId> {
    let code = codes::payable(row.provider, quarter);
    books::service::open(tx, db, AccountKind::Payable, &code, row.county, Some(row.provider)).await
}

async fn pay_out(tx: &Tx, db: &Db, actor: &Actor, row: &ListRow, amounts: &BTreeMap<Quarter, Fen>) -> Result<()> {
    let paid =
        books::service::open(tx, db, AccountKind::Paid, &codes::paid(row.provider), row.county, Some(row.provider))
            .await?;
    let mut commands = Vec::new();
    for (quarter, amount) in amounts {
        if *amount <= Fen::ZERO {
            continue;
        }
        let owed = payable(tx, db, row, *quarter).await?;
        commands.push(Command {
            key: Key::of(Purpose::ProviderPayment, &[&row.id, quarter])?,
            at: tx.now(),
            reference: Reference::PaymentList(row.id),
            action: Action::Post { purpose: Purpose::ProviderPayment, debit: owed, credit: paid, amount: *amount },
        });
    }
    books::service::apply_all(tx, db, actor, &commands).await.map(|_| ())
}

/// A deduction corrects the posting by which the order took the money: payable → purse. The purse's quarter is over, so
/// the same amount goes on to the fund the purse was filled from.
async fn give_back(tx: &Tx, db: &Db, actor: &Actor, row: &ListRow, deductions: &[Deduction]) -> Result<()> {
    if deductions.is_empty() {
        return Ok(());
    }
    let purses: Vec<AccountId> = deductions.iter().map(|d| d.purse).collect();
    let purses = books::service::accounts(tx, &purses).await?;
    // The chain has decided who may pay; the orders of this list are read whatever the payer's scope.
    let scope = Scope { region: row.county, org: OrgScope::Any };
    let mut commands = Vec::with_capacity(deductions.len() * 2);
    for d in deductions {
        let order = orders::service::order_in(tx, &scope, d.order).await?;
        let owed = payable(tx, db, row, d.quarter).await?;
        let county = purses.get(&d.purse).map_or(row.county, |p| p.region.at(Tier::County));
        let fund = codes::fund(&county, &d.pack);
        let fund = books::service::open(tx, db, AccountKind::Fund, &fund, county, None).await?;
        commands.push(Command {
            key: Key::of(Purpose::Correction, &[&row.id, &d.order])?,
            at: tx.now(),
            reference: Reference::Transfer(Key::of(Purpose::OrderCommit, &[&d.order, &order.hold_round])?),
            action: Action::Post { purpose: Purpose::Correction, debit: owed, credit: d.purse, amount: d.amount },
        });
        commands.push(Command {
            key: Key::of(Purpose::QuarterClear, &[&row.id, &d.order])?,
            at: tx.now(),
            reference: Reference::Quarter(d.quarter),
            action: Action::Post { purpose: Purpose::QuarterClear, debit: d.purse, credit: fund, amount: d.amount },
        });
    }
    books::service::apply_all(tx, db, actor, &commands).await.map(|_| ())
}
