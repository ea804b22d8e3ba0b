//! The judgement of one command.
use crate::account::{Account, Balances, Overdraw};
use crate::refusal::LedgerRefusal;
use crate::transfer::{Action, Command, Hold, HoldState, OpenHolds, Purpose, Touches, Transfer};
use crate::{MAX_AMOUNT, MAX_TOTAL};
use kernel::Fen;

/// What has to be stored, all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// New totals of the account debited.
    pub debit: Balances,
    /// New totals of the account credited.
    pub credit: Balances,
    /// The line to add.
    pub transfer: Transfer,
    /// The hold to add (`Open`) or to replace (`Committed`, `Released`).
    pub hold: Option<Hold>,
}

/// Judges `command` against the two accounts it touches and, for a commit or release, the hold it names
/// (see [`Action::touches`]).
///
/// The caller has the rows locked and has made sure that no transfer with this key exists yet; if one does,
/// [`Transfer::answers`] decides. Changes nothing; on refusal nothing may be stored.
pub fn plan(
    debit: &Account,
    credit: &Account,
    hold: Option<&Hold>,
    command: &Command,
) -> Result<Effects, LedgerRefusal> {
    check_rows(debit, credit, hold, command)?;
    let purpose = command.action.purpose();
    if debit.id == credit.id {
        return Err(LedgerRefusal::SameAccount { account: debit.id });
    }
    if !purpose.allows(debit.kind, credit.kind) {
        return Err(LedgerRefusal::WrongRoute { purpose, debit: debit.kind, credit: credit.kind });
    }
    let (mut d, mut c) = (debit.balances, credit.balances);
    let (amount, hold) = match &command.action {
        Action::Post { purpose, amount, .. } => {
            needs_no_hold(*purpose)?;
            let amount = sane(*amount)?;
            take(debit, credit, amount)?;
            d.debits_posted += amount;
            c.credits_posted += amount;
            (amount, None)
        }
        Action::Sweep { purpose, limit, open_holds, .. } => {
            needs_no_hold(*purpose)?;
            let limit = sane(*limit)?;
            if *open_holds == OpenHolds::Refuse && !debit.held().is_zero() {
                return Err(LedgerRefusal::HoldsOpen { account: debit.id, held: debit.held() });
            }
            // The smaller of what both accounts can give; an account without a limit gives anything.
            let free = [debit_room(debit), credit_room(credit)].into_iter().flatten().fold(limit, Fen::min);
            if free <= Fen::ZERO {
                return Err(LedgerRefusal::NothingToMove { account: debit.id });
            }
            d.debits_posted += free;
            c.credits_posted += free;
            (free, None)
        }
        Action::Hold { amount, .. } => {
            let amount = sane(*amount)?;
            take(debit, credit, amount)?;
            d.debits_held += amount;
            c.credits_held += amount;
            let made = Hold {
                key: command.key.clone(),
                debit: debit.id,
                credit: credit.id,
                amount,
                state: HoldState::Open,
                committed: Fen::ZERO,
                opened_at: command.at,
                closed_at: None,
            };
            (amount, Some(made))
        }
        Action::Commit { hold: key, amount } => {
            let open = still_open(hold, key)?;
            let amount = sane(*amount)?;
            if amount > open.amount {
                return Err(LedgerRefusal::CommitAboveHold { hold: key.clone(), held: open.amount, asked: amount });
            }
            d.debits_held -= open.amount;
            c.credits_held -= open.amount;
            d.debits_posted += amount;
            c.credits_posted += amount;
            (amount, Some(closed(open, HoldState::Committed, amount, command)))
        }
        Action::Release { hold: key } => {
            let open = still_open(hold, key)?;
            d.debits_held -= open.amount;
            c.credits_held -= open.amount;
            (open.amount, Some(closed(open, HoldState::Released, Fen::ZERO, command)))
        }
    };
    within_total(debit, &d)?;
    within_total(credit, &c)?;
    let transfer = Transfer {
        key: command.key.clone(),
        kind: command.action.kind(),
        purpose,
        debit: debit.id,
        credit: credit.id,
        amount,
        asked: command.action.asked(),
        hold: match command.action.touches() {
            Touches::Hold(key) => Some(key.clone()),
            Touches::Accounts { .. } => None,
        },
        at: command.at,
        reference: command.reference.clone(),
    };
    Ok(Effects { debit: d, credit: c, transfer, hold })
}

fn check_rows(debit: &Account, credit: &Account, hold: Option<&Hold>, command: &Command) -> Result<(), LedgerRefusal> {
    let right = match command.action.touches() {
        Touches::Accounts { debit: d, credit: c } => (d, c) == (debit.id, credit.id),
        Touches::Hold(key) => {
            let hold = hold.ok_or_else(|| LedgerRefusal::HoldMissing { hold: key.clone() })?;
            hold.key == *key
                && (hold.debit, hold.credit) == (debit.id, credit.id)
                && (hold.state != HoldState::Open
                    || (debit.balances.debits_held >= hold.amount && credit.balances.credits_held >= hold.amount))
        }
    };
    if right { Ok(()) } else { Err(LedgerRefusal::WrongRows { key: command.key.clone() }) }
}

fn needs_no_hold(purpose: Purpose) -> Result<(), LedgerRefusal> {
    if purpose.of_hold() { Err(LedgerRefusal::NeedsHold { purpose }) } else { Ok(()) }
}

fn sane(amount: Fen) -> Result<Fen, LedgerRefusal> {
    if amount <= Fen::ZERO {
        Err(LedgerRefusal::AmountNotPositive { amount })
    } else if amount > MAX_AMOUNT {
        Err(LedgerRefusal::AmountTooLarge { amount })
    } else {
        Ok(amount)
    }
}

/// What may still be debited; `None` without a limit.
fn debit_room(account: &Account) -> Option<Fen> {
    (account.kind.overdraw() == Overdraw::DebitsWithinCredits).then(|| account.available()).flatten()
}

/// What may still be credited; `None` without a limit.
fn credit_room(account: &Account) -> Option<Fen> {
    (account.kind.overdraw() == Overdraw::CreditsWithinDebits).then(|| account.available()).flatten()
}

fn take(debit: &Account, credit: &Account, asked: Fen) -> Result<(), LedgerRefusal> {
    for (account, room) in [(debit, debit_room(debit)), (credit, credit_room(credit))] {
        if let Some(available) = room.filter(|room| asked > *room) {
            return Err(LedgerRefusal::Overdrawn { account: account.id, kind: account.kind, available, asked });
        }
    }
    Ok(())
}

fn still_open<'a>(hold: Option<&'a Hold>, key: &crate::Key) -> Result<&'a Hold, LedgerRefusal> {
    let hold = hold.ok_or_else(|| LedgerRefusal::HoldMissing { hold: key.clone() })?;
    match hold.state {
        HoldState::Open => Ok(hold),
        state => Err(LedgerRefusal::HoldClosed { hold: key.clone(), state }),
    }
}

fn closed(hold: &Hold, state: HoldState, committed: Fen, command: &Command) -> Hold {
    Hold { state, committed, closed_at: Some(command.at), ..hold.clone() }
}

fn within_total(account: &Account, after: &Balances) -> Result<(), LedgerRefusal> {
    let fits =
        after.debits_posted + after.debits_held <= MAX_TOTAL && after.credits_posted + after.credits_held <= MAX_TOTAL;
    if fits { Ok(()) } else { Err(LedgerRefusal::TotalTooLarge { account: account.id }) }
}
