//! The quarter's end: what is left of each purse goes back to the funds it came from. Nothing carries over.
use super::{CLEARED, Progress};
use crate::model::{PurseState, shares};
use crate::store::{purses, reopen, runs};
use books::model::{NewAccount, Refusal};
use kernel::{AccountId, Actor, Error, Fen, HouseholdId, OrgScope, Quarter, Result, Scope};
use ledger::{AccountKind, Action, Command, Key, LedgerRefusal, OpenHolds, Purpose, Reference};
use serde::Serialize;
use std::collections::HashMap;
use store::{Db, Tx};

/// Purses of one transaction.
const BATCH: i64 = 1_000;

/// What a clearing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Clearance {
    /// Purses cleared to the end this time.
    pub closed: i64,
    /// Purses of which open orders still hold a part: cleared again later.
    pub waiting: i64,
    /// Posted back to funds.
    pub cleared: Fen,
}

/// Clears the purses of `quarter` in the actor's region. A run that was stopped goes on; a run with nothing left to
/// clear changes nothing.
///
/// # Errors
/// `Refused` while the quarter is not over.
pub async fn clear_quarter(db: &Db, actor: &Actor, quarter: Quarter, progress: &dyn Progress) -> Result<Clearance> {
    if db.clock().today() <= quarter.last_day() {
        return Err(Error::Refused(format!("{}还没过完，{} 以后再清零", quarter.zh(), quarter.last_day())));
    }
    let scope = Scope { region: actor.scope().region, org: OrgScope::Any };
    let total = purses::uncleared_count(db.read(), &scope, quarter).await?;
    let tx = db.begin().await?;
    runs::gate(&tx).await?;
    purses::close_quarter(&tx, quarter).await?;
    tx.commit().await?;
    let mut sum = Clearance::default();
    let mut after: Option<(HouseholdId, String)> = None;
    let mut done = 0;
    loop {
        let tx = db.begin().await?;
        runs::gate(&tx).await?;
        let batch = purses::uncleared(&tx, &scope, quarter, after.clone(), BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some((last.household, last.group.clone()));
        done += batch.len() as i64;
        let part = clear(&tx, db, actor, batch).await?;
        tx.commit().await?;
        sum.closed += part.closed;
        sum.waiting += part.waiting;
        sum.cleared += part.cleared;
        progress.told(done, total).await?;
    }
    if sum.closed > 0 || !sum.cleared.is_zero() {
        let tx = db.begin().await?;
        let entry = audit::Entry::new(CLEARED, "quarter", quarter)
            .region(scope.region)
            .detail(serde_json::json!({ "cleared": sum }));
        audit::record(&tx, actor, entry).await?;
        tx.commit().await?;
    }
    Ok(sum)
}

/// Clears again the purses whose rest was held when their quarter was cleared.
pub async fn clear_waiting(db: &Db, actor: &Actor, progress: &dyn Progress) -> Result<Clearance> {
    let mut sum = Clearance::default();
    for quarter in purses::waiting(db.read()).await? {
        let part = clear_quarter(db, actor, quarter, progress).await?;
        sum.closed += part.closed;
        sum.waiting += part.waiting;
        sum.cleared += part.cleared;
    }
    Ok(sum)
}

/// Money comes back to a purse: if its quarter was cleared, [`clear_waiting`] clears it again. Call it after the
/// posting, in its transaction: accounts are locked before purses.
pub async fn reopen(tx: &Tx, purse: AccountId) -> Result<()> {
    reopen::closed_purse(tx, purse).await?;
    Ok(())
}

/// One share of a purse on its way back.
struct Share {
    purse: usize,
    pack: String,
    command: Command,
}

async fn clear(tx: &Tx, db: &Db, actor: &Actor, mut batch: Vec<purses::Purse>) -> Result<Clearance> {
    let ids: Vec<AccountId> = batch.iter().map(|p| p.account).collect();
    let accounts = books::service::accounts(tx, &ids).await?;
    let mut funds: HashMap<String, NewAccount> = HashMap::new();
    for (p, line) in batch.iter().flat_map(|p| p.lines.iter().map(move |l| (p, l))) {
        let code = books::codes::fund(&p.county, &line.pack);
        let fund = NewAccount { kind: AccountKind::Fund, code: code.clone(), region: p.county, org: None };
        funds.insert(code, fund);
    }
    let funds = books::service::open_many(tx, db, funds.into_values().collect()).await?;
    let before = batch.clone();
    let mut wanted: Vec<Share> = Vec::new();
    for (i, p) in batch.iter_mut().enumerate() {
        let free = accounts.get(&p.account).map(|a| a.available()).unwrap_or_default();
        for (pack, share) in shares(&p.lines, free) {
            p.rounds += 1;
            let fund = funds.get(&books::codes::fund(&p.county, &pack)).copied();
            let fund = fund.ok_or_else(|| Error::Internal("a fund was not opened".into()))?;
            wanted.push(Share {
                purse: i,
                pack,
                command: Command {
                    key: Key::of(Purpose::QuarterClear, &[&p.account, &p.quarter, &p.rounds])?,
                    at: tx.now(),
                    reference: Reference::Quarter(p.quarter),
                    action: Action::Sweep {
                        purpose: Purpose::QuarterClear,
                        debit: p.account,
                        credit: fund,
                        limit: share,
                        open_holds: OpenHolds::Leave,
                    },
                },
            });
        }
    }
    let commands: Vec<Command> = wanted.iter().map(|s| s.command.clone()).collect();
    let answers = books::service::apply_many(tx, db, actor, &commands).await?;
    let mut sum = Clearance::default();
    for (share, answer) in wanted.iter().zip(answers) {
        let moved = match answer {
            Ok(transfer) => transfer.amount,
            // An order took it between our look and the lock; it is cleared when that order is decided.
            Err(Refusal::Ledger(LedgerRefusal::NothingToMove { .. })) => Fen::ZERO,
            Err(other) => return Err(Error::internal(other)),
        };
        sum.cleared += moved;
        crate::model::mark_cleared(&mut batch[share.purse].lines, &share.pack, moved);
    }
    let after = books::service::accounts(tx, &ids).await?;
    for (p, before) in batch.iter_mut().zip(&before) {
        // Something may have come back between our look and the lock: then it waits for the next run as well.
        let empty = after.get(&p.account).is_none_or(|a| a.held().is_zero() && a.available() <= Fen::ZERO);
        p.state = if empty { PurseState::Closed } else { PurseState::Waiting };
        match p.state {
            PurseState::Closed => sum.closed += 1,
            _ => sum.waiting += 1,
        }
        if p != before {
            p.cleared_at = Some(tx.now());
            purses::update(tx, p).await?;
        }
    }
    Ok(sum)
}
