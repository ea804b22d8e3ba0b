//! Postings of an order.
use super::own::Refund;
use crate::model::{Order, split};
use books::codes;
use books::model::{NewAccount, Refusal};
use kernel::{AccountId, Actor, Error, Fen, OrgId, Result, Tier};
use ledger::{AccountKind, Action, Command, Key, LedgerRefusal, Purpose, Reference};
use store::{Db, Tx};

fn command(tx: &Tx, order: &Order, key: Key, action: Action) -> Command {
    Command { key, at: tx.now(), reference: Reference::Order(order.id), action }
}

fn hold_key(order: &Order) -> Result<Key> {
    Ok(Key::of(Purpose::OrderHold, &[&order.id, &order.hold_round])?)
}

fn purse_of(order: &Order) -> Result<Option<AccountId>> {
    match order.purse_account {
        Some(purse) if order.gov > Fen::ZERO => Ok(Some(purse)),
        None if order.gov > Fen::ZERO => {
            Err(Error::Internal(format!("order {} has a public part and no purse", order.id)))
        }
        _ => Ok(None),
    }
}

/// What the provider is owed for the quarter.
async fn payable(tx: &Tx, db: &Db, order: &Order, provider: OrgId) -> Result<AccountId> {
    let county = order.region.at(Tier::County);
    books::service::open(tx, db, AccountKind::Payable, &codes::payable(provider, order.quarter), county, Some(provider))
        .await
}

/// Sets aside as much of the fee as the purse still has, for the order's provider, and writes the split into `order`.
///
/// What the purse has is first read and then tried: if somebody took some of it in between, the ledger says what is
/// left, and from then on its row is ours until the transaction ends.
pub(super) async fn hold_up_to(tx: &Tx, db: &Db, actor: &Actor, order: &mut Order) -> Result<()> {
    let Some(purse) = order.purse_account else { return Ok(()) };
    let found = books::service::accounts(tx, &[purse]).await?;
    let mut available = found.get(&purse).map(|a| a.available()).unwrap_or_default();
    let credit = payable(tx, db, order, order.provider).await?;
    for _ in 0..2 {
        let part = split(order.fee, available);
        (order.gov, order.own, order.purse_before) = (part.gov, part.own, Some(available));
        if part.gov.is_zero() {
            return Ok(());
        }
        let action = Action::Hold { debit: purse, credit, amount: part.gov };
        let command = command(tx, order, hold_key(order)?, action);
        match books::service::apply_many(tx, db, actor, &[command]).await?.pop() {
            Some(Ok(_)) => return Ok(()),
            Some(Err(Refusal::Ledger(LedgerRefusal::Overdrawn { available: left, .. }))) => available = left,
            Some(Err(other)) => return Err(other.into()),
            None => return Err(Error::Internal("a hold had no answer".into())),
        }
    }
    Err(Error::Internal(format!("purse {purse} changed under its lock")))
}

/// Moves the hold to another provider: given back and set aside again at once, so nobody can take it in between.
/// `order` still names the old provider; its round grows.
pub(super) async fn move_hold(tx: &Tx, db: &Db, actor: &Actor, order: &mut Order, to: OrgId) -> Result<()> {
    let Some(purse) = purse_of(order)? else { return Ok(()) };
    let old = hold_key(order)?;
    let release = Key::of(Purpose::OrderRelease, &[&order.id, &order.hold_round])?;
    let first = command(tx, order, release, Action::Release { hold: old });
    order.hold_round += 1;
    let credit = payable(tx, db, order, to).await?;
    let action = Action::Hold { debit: purse, credit, amount: order.gov };
    let second = command(tx, order, hold_key(order)?, action);
    books::service::apply_all(tx, db, actor, &[first, second]).await?;
    Ok(())
}

/// Gives the public part back to the purse.
pub(super) async fn release(tx: &Tx, db: &Db, actor: &Actor, order: &Order) -> Result<()> {
    if purse_of(order)?.is_none() {
        return Ok(());
    }
    let key = Key::of(Purpose::OrderRelease, &[&order.id, &order.hold_round])?;
    let command = command(tx, order, key, Action::Release { hold: hold_key(order)? });
    books::service::apply(tx, db, actor, &command).await?;
    Ok(())
}

/// [`release`] of many orders at once.
pub(super) async fn release_all(tx: &Tx, db: &Db, actor: &Actor, orders: &[Order]) -> Result<()> {
    let mut commands = Vec::with_capacity(orders.len());
    for order in orders {
        if purse_of(order)?.is_some() {
            let key = Key::of(Purpose::OrderRelease, &[&order.id, &order.hold_round])?;
            commands.push(command(tx, order, key, Action::Release { hold: hold_key(order)? }));
        }
    }
    if !commands.is_empty() {
        books::service::apply_all(tx, db, actor, &commands).await?;
    }
    Ok(())
}

/// The two accounts of the own part: the elder owes, the provider has earned.
async fn own_accounts(tx: &Tx, db: &Db, order: &Order) -> Result<(AccountId, AccountId)> {
    let (county, org) = (order.region.at(Tier::County), order.provider);
    let due =
        books::service::open(tx, db, AccountKind::OwnDue, &codes::own_due(order.elder), order.region, None).await?;
    let earned =
        books::service::open(tx, db, AccountKind::OwnEarned, &codes::provider_own(org), county, Some(org)).await?;
    Ok((due, earned))
}

/// The service was confirmed: the hold is taken for the provider, the own part is due.
pub(super) async fn take(tx: &Tx, db: &Db, actor: &Actor, order: &Order) -> Result<()> {
    let mut commands = Vec::new();
    if purse_of(order)?.is_some() {
        let key = Key::of(Purpose::OrderCommit, &[&order.id, &order.hold_round])?;
        commands.push(command(tx, order, key, Action::Commit { hold: hold_key(order)?, amount: order.gov }));
    }
    if order.own > Fen::ZERO {
        let (debit, credit) = own_accounts(tx, db, order).await?;
        let key = Key::of(Purpose::OwnDue, &[&order.id, &order.hold_round])?;
        let action = Action::Post { purpose: Purpose::OwnDue, debit, credit, amount: order.own };
        commands.push(command(tx, order, key, action));
    }
    if !commands.is_empty() {
        books::service::apply_all(tx, db, actor, &commands).await?;
    }
    Ok(())
}

/// Own parts the provider has received in money.
async fn received(tx: &Tx, db: &Db, order: &Order) -> Result<AccountId> {
    let (county, org) = (order.region.at(Tier::County), order.provider);
    books::service::open(tx, db, AccountKind::OwnReceived, &codes::own_received(org), county, Some(org)).await
}

/// The elder has paid `amount` of the own part; `seq` is the receipt's place among the order's.
pub(super) async fn own_paid(tx: &Tx, db: &Db, actor: &Actor, order: &Order, seq: i64, amount: Fen) -> Result<()> {
    let (due, _) = own_accounts(tx, db, order).await?;
    let debit = received(tx, db, order).await?;
    let action = Action::Post { purpose: Purpose::OwnPaid, debit, credit: due, amount };
    let command = command(tx, order, Key::of(Purpose::OwnPaid, &[&order.id, &seq])?, action);
    books::service::apply(tx, db, actor, &command).await?;
    Ok(())
}

/// What was paid is given back to the elder, who owes it again.
pub(super) async fn own_refunded(tx: &Tx, db: &Db, actor: &Actor, order: &Order, refund: &Refund) -> Result<()> {
    let command = refund_command(tx, db, order, refund).await?;
    books::service::apply(tx, db, actor, &command).await?;
    Ok(())
}

async fn refund_command(tx: &Tx, db: &Db, order: &Order, refund: &Refund) -> Result<Command> {
    let (debit, _) = own_accounts(tx, db, order).await?;
    let credit = received(tx, db, order).await?;
    let action = Action::Post { purpose: Purpose::OwnRefund, debit, credit, amount: refund.amount };
    Ok(command(tx, order, Key::of(Purpose::OwnRefund, &[&order.id, &refund.seq])?, action))
}

/// A dispute ended with "not served" after the money had been taken: both postings are put right by further ones. What
/// the elder has paid in money comes back first: only what is owed can be taken off.
pub(super) async fn put_back(tx: &Tx, db: &Db, actor: &Actor, order: &Order, refund: Option<&Refund>) -> Result<()> {
    let mut commands = Vec::new();
    if let Some(refund) = refund {
        commands.push(refund_command(tx, db, order, refund).await?);
    }
    if let Some(purse) = purse_of(order)? {
        let debit = payable(tx, db, order, order.provider).await?;
        let wrong = Key::of(Purpose::OrderCommit, &[&order.id, &order.hold_round])?;
        commands.push(correction(tx, order, "gov", wrong, debit, purse, order.gov)?);
    }
    if order.own > Fen::ZERO {
        let (due, earned) = own_accounts(tx, db, order).await?;
        let wrong = Key::of(Purpose::OwnDue, &[&order.id, &order.hold_round])?;
        commands.push(correction(tx, order, "own", wrong, earned, due, order.own)?);
    }
    if !commands.is_empty() {
        books::service::apply_all(tx, db, actor, &commands).await?;
    }
    if let Some(purse) = purse_of(order)? {
        // The purse may belong to a quarter that is over and cleared: what came back is cleared by the next run.
        entitlement::service::reopen(tx, purse).await?;
    }
    Ok(())
}

fn correction(
    tx: &Tx,
    order: &Order,
    part: &str,
    wrong: Key,
    debit: AccountId,
    credit: AccountId,
    amount: Fen,
) -> Result<Command> {
    let key = Key::of(Purpose::Correction, &[&order.id, &order.hold_round, &part])?;
    let action = Action::Post { purpose: Purpose::Correction, debit, credit, amount };
    Ok(Command { key, at: tx.now(), reference: Reference::Transfer(wrong), action })
}

/// The postings of many finished orders at once: hold, commit and own part of each.
pub(super) async fn settle_history(tx: &Tx, db: &Db, actor: &Actor, orders: &[Order]) -> Result<()> {
    let mut wanted = Vec::new();
    for o in orders {
        let (county, org) = (o.region.at(Tier::County), Some(o.provider));
        let new = |kind, code, region, org| NewAccount { kind, code, region, org };
        if o.gov > Fen::ZERO {
            wanted.push(new(AccountKind::Payable, codes::payable(o.provider, o.quarter), county, org));
        }
        if o.own > Fen::ZERO {
            wanted.push(new(AccountKind::OwnDue, codes::own_due(o.elder), o.region, None));
            wanted.push(new(AccountKind::OwnEarned, codes::provider_own(o.provider), county, org));
        }
    }
    let accounts = books::service::open_many(tx, db, wanted).await?;
    let account = |code: String| {
        accounts.get(&code).copied().ok_or_else(|| Error::Internal(format!("account {code} was not opened")))
    };
    let mut commands = Vec::new();
    for o in orders {
        let of = |key, action, at| Command { key, at, reference: Reference::Order(o.id), action };
        let confirmed = o.confirmed_at.unwrap_or(o.ends_at);
        if let Some(purse) = purse_of(o)? {
            let credit = account(codes::payable(o.provider, o.quarter))?;
            let hold = hold_key(o)?;
            commands.push(of(hold.clone(), Action::Hold { debit: purse, credit, amount: o.gov }, o.created_at));
            let key = Key::of(Purpose::OrderCommit, &[&o.id, &o.hold_round])?;
            commands.push(of(key, Action::Commit { hold, amount: o.gov }, confirmed));
        }
        if o.own > Fen::ZERO {
            let (debit, credit) = (account(codes::own_due(o.elder))?, account(codes::provider_own(o.provider))?);
            let key = Key::of(Purpose::OwnDue, &[&o.id, &o.hold_round])?;
            commands.push(of(key, Action::Post { purpose: Purpose::OwnDue, debit, credit, amount: o.own }, confirmed));
        }
    }
    for part in commands.chunks(books::service::BATCH) {
        books::service::apply_all(tx, db, actor, part).await?;
    }
    Ok(())
}
