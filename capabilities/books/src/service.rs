//! Opening accounts, carrying out commands, clearing purses, and reading what is there.
//!
//! Callers are services that have already decided that the actor may do what the money follows from; this module
//! decides only whether the money allows it. Reads that end on a page take a [`Scope`]; the others are for services
//! that have scoped what they ask about.
use crate::model::{self, AccountView, Line, NewAccount, Refusal};
use crate::store as db_store;
use kernel::{AccountId, Actor, Error, Fen, OrgId, PageAsk, Paged, Quarter, RegionCode, Result, Role, Scope};
use ledger::{
    Account, AccountKind, Book, Command, Hold, Key, LedgerRefusal, OpenHolds, Purpose, Reference, Touches, Transfer,
};
use std::collections::{BTreeSet, HashMap, HashSet};
use store::{Db, Engine, Sql, Tx};

/// More commands than this are better split over several transactions: all locks are held until the end.
pub const BATCH: usize = 10_000;

/// Gets or creates the account with this code.
///
/// # Errors
/// `Internal` if the code is taken by another kind.
pub async fn open(
    tx: &Tx,
    db: &Db,
    kind: AccountKind,
    code: &str,
    region: RegionCode,
    org: Option<OrgId>,
) -> Result<AccountId> {
    let found = open_many(tx, db, vec![NewAccount { kind, code: code.into(), region, org }]).await?;
    found.get(code).copied().ok_or_else(|| Error::Internal(format!("account {code} was not opened")))
}

/// Gets or creates many accounts; the answer has every code asked for.
///
/// # Errors
/// `Internal` if a code is taken by another kind.
pub async fn open_many(tx: &Tx, db: &Db, accounts: Vec<NewAccount>) -> Result<HashMap<String, AccountId>> {
    let kinds: HashMap<String, AccountKind> = accounts.iter().map(|a| (a.code.clone(), a.kind)).collect();
    let codes: Vec<String> = kinds.keys().cloned().collect();
    let mut found = db_store::by_codes(tx, &codes).await?;
    if found.len() < codes.len() {
        let have: HashSet<&str> = found.iter().map(|a| a.code.as_str()).collect();
        // One order for all, so that two transactions opening the same codes never wait for each other crosswise.
        let missing: std::collections::BTreeMap<String, NewAccount> =
            accounts.into_iter().filter(|a| !have.contains(a.code.as_str())).map(|a| (a.code.clone(), a)).collect();
        let missing_codes: Vec<String> = missing.keys().cloned().collect();
        db_store::open_accounts(tx, missing.into_values().map(|a| (db.new_id(), a)).collect()).await?;
        found.extend(db_store::by_codes(tx, &missing_codes).await?);
    }
    found
        .into_iter()
        .map(|a| match kinds.get(&a.code) {
            Some(kind) if *kind == a.kind => Ok((a.code, a.id)),
            _ => Err(LedgerRefusal::AccountTaken { account: a.id }.into()),
        })
        .collect()
}

/// Carries out one command once; a replay gives the first answer.
///
/// # Errors
/// `Refused` with the reason for the user, `Conflict` for a key used for something else, `Internal` for a command
/// that no account can ever answer. Nothing has changed then.
pub async fn apply(tx: &Tx, db: &Db, actor: &Actor, command: &Command) -> Result<Transfer> {
    let mut answers = apply_many(tx, db, actor, std::slice::from_ref(command)).await?;
    let answer = answers.pop().ok_or_else(|| Error::Internal("a command had no answer".into()))?;
    Ok(answer?)
}

/// Carries out commands in their order, each judged on its own: a refused one leaves nothing and the others stand.
/// Keep to [`BATCH`] a transaction.
///
/// # Errors
/// Only of the database; then nothing may be committed.
pub async fn apply_many(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    commands: &[Command],
) -> Result<Vec<std::result::Result<Transfer, Refusal>>> {
    let mut work = Work::load(tx, db.engine(), commands).await?;
    let answers = commands.iter().map(|c| work.judge(c)).collect();
    work.write(tx, actor).await?;
    Ok(answers)
}

/// [`apply_many`] where every command must succeed.
///
/// # Errors
/// The first refusal; the caller drops the transaction then.
pub async fn apply_all(tx: &Tx, db: &Db, actor: &Actor, commands: &[Command]) -> Result<Vec<Transfer>> {
    let answers = apply_many(tx, db, actor, commands).await?;
    Ok(answers.into_iter().collect::<std::result::Result<Vec<_>, _>>()?)
}

/// The rows a batch touches, locked, and what has been decided about them.
struct Work {
    book: Book,
    /// Answers that were stored before this batch.
    stored: HashMap<Key, Transfer>,
    /// Originals of corrections with the net of what was corrected so far.
    originals: HashMap<Key, Transfer>,
    net: HashMap<Key, Fen>,
    /// Balances of debit and credit after each of the book's transfers.
    after: Vec<(Fen, Fen)>,
}

impl Work {
    async fn load(tx: &Tx, engine: Engine, commands: &[Command]) -> Result<Work> {
        let mut ids = BTreeSet::new();
        let mut hold_keys: Vec<Key> = Vec::new();
        for c in commands {
            match c.action.touches() {
                Touches::Accounts { debit, credit } => ids.extend([debit, credit]),
                Touches::Hold(key) => hold_keys.push(key.clone()),
            }
        }
        hold_keys.sort_unstable();
        hold_keys.dedup();
        let mut holds: Vec<Hold> = db_store::holds(tx, &hold_keys).await?;
        ids.extend(holds.iter().flat_map(|h| [h.debit, h.credit]));
        let ids: Vec<AccountId> = ids.into_iter().collect();
        let accounts = db_store::lock_accounts(tx, &ids).await?;
        if engine == Engine::Postgres && !hold_keys.is_empty() {
            // Another transaction may have closed a hold before the locks were ours. Its accounts never change.
            holds = db_store::holds(tx, &hold_keys).await?;
        }
        let keys: Vec<Key> = commands.iter().map(|c| c.key.clone()).collect();
        let stored = db_store::transfers(tx, &keys).await?.into_iter().map(|t| (t.key.clone(), t)).collect();
        let mut book = Book::new();
        accounts.into_iter().for_each(|a| book.load(a));
        holds.into_iter().for_each(|h| book.load_hold(h));
        let mut work = Work { book, stored, originals: HashMap::new(), net: HashMap::new(), after: Vec::new() };
        work.load_originals(tx, commands).await?;
        Ok(work)
    }

    async fn load_originals(&mut self, tx: &Tx, commands: &[Command]) -> Result<()> {
        let mut keys: Vec<Key> = commands.iter().filter_map(corrected).cloned().collect();
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        for t in db_store::transfers(tx, &keys).await? {
            self.originals.insert(t.key.clone(), t);
        }
        for c in db_store::corrections_of(tx, &keys).await? {
            let Reference::Transfer(of) = &c.reference else { continue };
            let Some(original) = self.originals.get(of) else { continue };
            let sign = if c.debit == original.debit { c.amount } else { -c.amount };
            *self.net.entry(of.clone()).or_default() += sign;
        }
        Ok(())
    }

    fn judge(&mut self, command: &Command) -> std::result::Result<Transfer, Refusal> {
        if let Some(t) = self.stored.get(&command.key) {
            t.answers(command)?;
            return Ok(t.clone());
        }
        let known = self.book.transfers().len();
        let net = if command.action.purpose() == Purpose::Correction { Some(self.correctable(command)?) } else { None };
        let transfer = self.book.apply(command)?.transfer.clone();
        if self.book.transfers().len() > known {
            let balance = |id| self.book.account(id).map(Account::balance).unwrap_or_default();
            self.after.push((balance(transfer.debit), balance(transfer.credit)));
            if let Some((of, net)) = net {
                self.net.insert(of, net);
            }
        }
        Ok(transfer)
    }

    fn correctable(&self, command: &Command) -> std::result::Result<(Key, Fen), Refusal> {
        let of = corrected(command).ok_or_else(|| Refusal::CorrectsNothing { key: command.key.clone() })?;
        let net = self.net.get(of).copied().unwrap_or_default();
        if self.book.transfers().iter().any(|t| t.key == command.key) {
            return Ok((of.clone(), net));
        }
        let here = || self.book.transfers().iter().find(|t| t.key == *of);
        let original = self.originals.get(of).or_else(here);
        Ok((of.clone(), model::correct(command, original, net)?))
    }

    async fn write(&self, tx: &Tx, actor: &Actor) -> Result<()> {
        let made = self.book.transfers();
        if made.is_empty() {
            return Ok(());
        }
        let lines: Vec<(&Transfer, Fen, Fen)> = made.iter().zip(&self.after).map(|(t, (d, c))| (t, *d, *c)).collect();
        db_store::write_transfers(tx, actor, &lines).await?;
        let mut holds: BTreeSet<&Key> = BTreeSet::new();
        let mut touched: BTreeSet<AccountId> = BTreeSet::new();
        for t in made {
            touched.extend([t.debit, t.credit]);
            holds.extend(t.hold.as_ref());
            if t.kind == ledger::ActionKind::Hold {
                holds.insert(&t.key);
            }
        }
        let holds: Vec<&Hold> = holds.into_iter().filter_map(|k| self.book.hold(k)).collect();
        db_store::write_holds(tx, &holds).await?;
        let accounts: Vec<Account> = touched.into_iter().filter_map(|id| self.book.account(id).copied()).collect();
        db_store::write_balances(tx, &accounts).await
    }
}

/// The transfer that a correction names.
fn corrected(command: &Command) -> Option<&Key> {
    match (&command.reference, command.action.purpose()) {
        (Reference::Transfer(key), Purpose::Correction) => Some(key),
        _ => None,
    }
}

/// A purse with the fund its rest goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearing {
    pub purse: AccountId,
    pub fund: AccountId,
}

/// What clearing a purse did this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    pub purse: AccountId,
    /// Posted back to the fund; zero when nothing was free.
    pub moved: Fen,
    /// Still held by orders that are not decided: clear again later.
    pub held: Fen,
}

/// Quarter end: posts what is free in each purse back to its fund. What open orders hold stays until they are decided;
/// a later call clears what was released since. A call with nothing to clear changes nothing.
pub async fn clear(tx: &Tx, db: &Db, actor: &Actor, purses: &[Clearing], quarter: Quarter) -> Result<Vec<Cleared>> {
    let mut ids: Vec<AccountId> = purses.iter().flat_map(|c| [c.purse, c.fund]).collect();
    ids.sort_unstable();
    ids.dedup();
    // Locked before the rounds are counted, so that two clearings at once do not take the same round.
    let held: HashMap<AccountId, Account> =
        db_store::lock_accounts(tx, &ids).await?.into_iter().map(|a| (a.id, a)).collect();
    let purse_ids: Vec<AccountId> = purses.iter().map(|c| c.purse).collect();
    let rounds = db_store::clear_rounds(tx, &purse_ids, quarter).await?;
    let commands = purses
        .iter()
        .map(|c| {
            let round = rounds.get(&c.purse).copied().unwrap_or(0) + 1;
            Command::clear_remainder(c.purse, c.fund, quarter, round, OpenHolds::Leave, tx.now())
        })
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let answers = apply_many(tx, db, actor, &commands).await?;
    purses
        .iter()
        .zip(answers)
        .map(|(c, answer)| {
            let moved = match answer {
                Ok(t) => t.amount,
                Err(Refusal::Ledger(LedgerRefusal::NothingToMove { .. })) => Fen::ZERO,
                Err(other) => return Err(other.into()),
            };
            let held = held.get(&c.purse).map(Account::held).unwrap_or_default();
            Ok(Cleared { purse: c.purse, moved, held })
        })
        .collect()
}

/// The account with this code, if it was opened.
pub async fn account<C: Sql>(conn: &C, code: &str) -> Result<Option<AccountView>> {
    Ok(db_store::by_codes(conn, &[code.to_string()]).await?.pop())
}

/// Accounts by code; codes that were never opened are left out.
pub async fn balances<C: Sql>(conn: &C, codes: &[String]) -> Result<HashMap<String, AccountView>> {
    Ok(db_store::by_codes(conn, codes).await?.into_iter().map(|a| (a.code.clone(), a)).collect())
}

/// Accounts by id; unknown ids are left out.
pub async fn accounts<C: Sql>(conn: &C, ids: &[AccountId]) -> Result<HashMap<AccountId, AccountView>> {
    Ok(db_store::by_ids(conn, ids).await?.into_iter().map(|a| (a.id, a)).collect())
}

/// Stored transfers by key, for a record that shows its money.
pub async fn transfers<C: Sql>(conn: &C, keys: &[Key]) -> Result<HashMap<Key, Transfer>> {
    Ok(db_store::transfers(conn, keys).await?.into_iter().map(|t| (t.key.clone(), t)).collect())
}

/// Stored holds by key.
pub async fn holds<C: Sql>(conn: &C, keys: &[Key]) -> Result<HashMap<Key, Hold>> {
    Ok(db_store::holds(conn, keys).await?.into_iter().map(|h| (h.key.clone(), h)).collect())
}

/// An account that may be seen: inside the scope, a provider's own, and of a kind that `role` reads.
///
/// # Errors
/// `NotFound` outside the scope, `Forbidden` for a kind of another desk.
pub async fn seen(db: &Db, scope: &Scope, role: Role, id: AccountId) -> Result<AccountView> {
    let account = db_store::seen(db.read(), scope, id).await?.ok_or_else(|| Error::NotFound("这个账户".into()))?;
    let needs = model::permission(account.kind);
    if role.may(needs) {
        Ok(account)
    } else if matches!(role, Role::Elder | Role::Family) {
        // Nobody at home is sent to another desk; that there is an account is not theirs to know either.
        Err(Error::NotFound("这个账户".into()))
    } else {
        Err(Error::Forbidden(format!("{}不能看{}，可由{}来看", role.zh(), account.kind.zh(), needs.holders_zh())))
    }
}

/// The kinds of account a role reads.
pub fn kinds_of(role: Role) -> Vec<AccountKind> {
    AccountKind::ALL.iter().copied().filter(|k| role.may(model::permission(*k))).collect()
}

/// Accounts of some kinds inside a scope. `order` is allow-listed SQL.
pub async fn list(
    db: &Db,
    scope: &Scope,
    kinds: &[AccountKind],
    order: &str,
    page: PageAsk,
) -> Result<Paged<AccountView>> {
    if kinds.is_empty() {
        return Ok(Paged { rows: Vec::new(), total: 0, page: 1, per_page: page.rows });
    }
    db_store::list(db.read(), scope, kinds, order, page).await
}

/// Statement of the account with this code, newest first, with the balance after each line.
///
/// # Errors
/// `NotFound` when there is none, or none inside the scope.
pub async fn statement(db: &Db, scope: &Scope, code: &str, page: PageAsk) -> Result<Paged<Line>> {
    let none = || Error::NotFound("这个账户".into());
    let found = account(db.read(), code).await?.ok_or_else(none)?;
    let seen = db_store::seen(db.read(), scope, found.id).await?.ok_or_else(none)?;
    lines(db, &seen, None, page).await
}

/// Lines of an account that was read with [`seen`], all or of one purpose.
pub async fn lines(db: &Db, account: &AccountView, purpose: Option<Purpose>, page: PageAsk) -> Result<Paged<Line>> {
    db_store::statement(db.read(), account, purpose, page).await
}

pub use crate::recount::recount;
