//! All SQL of the ledger.
use crate::model::{AccountView, Line, effect};
use kernel::{AccountId, Error, Fen, Instant, OrgId, OrgScope, PageAsk, Paged, Quarter, RegionCode, Result, Scope};
use ledger::{Account, AccountKind, ActionKind, Balances, Hold, HoldState, Key, Purpose, Reference, Side, Transfer};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Migration, Sql, SqlExt, Tx, Value, insert_many, vals};

// The totals stand apart from what an account is: only they change, so only they are locked and written.
// No foreign keys: a transfer is stored only after both its accounts were read and locked, and a check per line would
// double the cost of a quarter's postings.
// `seq` is given after the locks are held, so it is the true order on every account, and a hold comes before what
// closes it.
pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "books-0001",
    sql: "CREATE TABLE ledger_account (
  id UUID PRIMARY KEY, code TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, region TEXT NOT NULL, org_id UUID,
  opened_at BIGINT NOT NULL);
CREATE INDEX ledger_account_kind ON ledger_account (kind, id);
CREATE INDEX ledger_account_org ON ledger_account (org_id, id);
CREATE TABLE ledger_balance (
  account_id UUID PRIMARY KEY, kind TEXT NOT NULL,
  debits_posted BIGINT NOT NULL, credits_posted BIGINT NOT NULL, debits_held BIGINT NOT NULL, credits_held BIGINT NOT NULL,
  CHECK (debits_posted >= 0 AND credits_posted >= 0 AND debits_held >= 0 AND credits_held >= 0),
  CHECK (kind NOT IN ('purse', 'payable', 'paid', 'own_earned') OR debits_posted + debits_held <= credits_posted),
  CHECK (kind NOT IN ('clawback', 'own_due', 'own_received') OR credits_posted + credits_held <= debits_posted));
-- sqlite
CREATE TABLE ledger_transfer (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, purpose TEXT NOT NULL,
  debit UUID NOT NULL, credit UUID NOT NULL, amount BIGINT NOT NULL CHECK (amount > 0), asked BIGINT NOT NULL, hold TEXT,
  at BIGINT NOT NULL, ref_kind TEXT NOT NULL, ref_value TEXT NOT NULL,
  debit_after BIGINT NOT NULL, credit_after BIGINT NOT NULL, actor_user UUID, actor TEXT NOT NULL);
-- postgres
CREATE TABLE ledger_transfer (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, purpose TEXT NOT NULL,
  debit UUID NOT NULL, credit UUID NOT NULL, amount BIGINT NOT NULL CHECK (amount > 0), asked BIGINT NOT NULL, hold TEXT,
  at BIGINT NOT NULL, ref_kind TEXT NOT NULL, ref_value TEXT NOT NULL,
  debit_after BIGINT NOT NULL, credit_after BIGINT NOT NULL, actor_user UUID, actor TEXT NOT NULL);
CREATE INDEX ledger_transfer_debit ON ledger_transfer (debit, seq);
CREATE INDEX ledger_transfer_credit ON ledger_transfer (credit, seq);
CREATE INDEX ledger_transfer_corrects ON ledger_transfer (ref_value) WHERE ref_kind = 'transfer';
CREATE TABLE ledger_hold (
  key TEXT PRIMARY KEY, debit UUID NOT NULL, credit UUID NOT NULL, amount BIGINT NOT NULL CHECK (amount > 0),
  state TEXT NOT NULL, committed BIGINT NOT NULL, opened_at BIGINT NOT NULL, closed_at BIGINT);
",
}];

/// Values of one `IN (…)`; far below what both engines take.
const IN_CHUNK: usize = 500;

fn unreadable(what: &str) -> Error {
    Error::Internal(format!("stored {what} cannot be read"))
}

/// `$from, $from+1 …`, `n` of them.
fn marks(from: usize, n: usize) -> String {
    (from..from + n).map(|i| format!("${i}")).collect::<Vec<_>>().join(",")
}

async fn all_in<C: Sql, T: FromQueryResult, V: Clone + Into<Value>>(
    conn: &C,
    head: &str,
    values: &[V],
    tail: &str,
) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(values.len());
    for part in values.chunks(IN_CHUNK) {
        let sql = format!("{head} IN ({}){tail}", marks(1, part.len()));
        out.extend(conn.all::<T>(&sql, part.iter().cloned().map(Into::into).collect()).await?);
    }
    Ok(out)
}

const ACCOUNT: &str = "a.id, a.code, a.kind, a.region, a.org_id, a.opened_at, \
     b.debits_posted, b.credits_posted, b.debits_held, b.credits_held";
const ACCOUNT_FROM: &str = "ledger_account a JOIN ledger_balance b ON b.account_id = a.id";

#[derive(FromQueryResult)]
struct AccountRow {
    id: AccountId,
    code: String,
    kind: String,
    region: RegionCode,
    org_id: Option<OrgId>,
    opened_at: Instant,
    debits_posted: Fen,
    credits_posted: Fen,
    debits_held: Fen,
    credits_held: Fen,
}

impl AccountRow {
    fn view(self) -> Result<AccountView> {
        Ok(AccountView {
            id: self.id,
            kind: AccountKind::parse(&self.kind).ok_or_else(|| unreadable("account"))?,
            code: self.code,
            region: self.region,
            org: self.org_id,
            opened_at: self.opened_at,
            balances: Balances {
                debits_posted: self.debits_posted,
                credits_posted: self.credits_posted,
                debits_held: self.debits_held,
                credits_held: self.credits_held,
            },
        })
    }
}

pub(crate) async fn open_accounts(tx: &Tx, rows: Vec<(AccountId, crate::model::NewAccount)>) -> Result<()> {
    let mut accounts = Vec::with_capacity(rows.len());
    let mut codes = Vec::with_capacity(rows.len());
    for (id, a) in rows {
        codes.push(a.code.clone());
        accounts.push(vals![id, a.code, a.kind.code(), a.region, a.org, tx.now()]);
    }
    let columns = &["id", "code", "kind", "region", "org_id", "opened_at"];
    insert_many(tx, "ledger_account", columns, accounts, "ON CONFLICT (code) DO NOTHING").await?;
    for part in codes.chunks(IN_CHUNK) {
        let sql = format!(
            "INSERT INTO ledger_balance (account_id, kind, debits_posted, credits_posted, debits_held, credits_held) \
             SELECT id, kind, 0, 0, 0, 0 FROM ledger_account WHERE code IN ({}) ON CONFLICT (account_id) DO NOTHING",
            marks(1, part.len())
        );
        tx.exec(&sql, part.iter().cloned().map(Into::into).collect()).await?;
    }
    Ok(())
}

pub(crate) async fn by_codes<C: Sql>(conn: &C, codes: &[String]) -> Result<Vec<AccountView>> {
    let head = format!("SELECT {ACCOUNT} FROM {ACCOUNT_FROM} WHERE a.code");
    all_in::<_, AccountRow, _>(conn, &head, codes, "").await?.into_iter().map(AccountRow::view).collect()
}

pub(crate) async fn by_ids<C: Sql>(conn: &C, ids: &[AccountId]) -> Result<Vec<AccountView>> {
    let head = format!("SELECT {ACCOUNT} FROM {ACCOUNT_FROM} WHERE a.id");
    all_in::<_, AccountRow, _>(conn, &head, ids, "").await?.into_iter().map(AccountRow::view).collect()
}

/// Accounts of a region; a provider's are narrowed to its own, and a worker has none.
fn scoped(f: &mut Filter, scope: &Scope) {
    f.region("a.region", scope);
    match scope.org {
        OrgScope::Any => {}
        OrgScope::Org(org) => {
            f.and("a.org_id = ?", org);
        }
        OrgScope::Worker(..) => {
            f.clause("1 = 0", vec![]);
        }
    }
}

pub(crate) async fn seen<C: Sql>(conn: &C, scope: &Scope, id: AccountId) -> Result<Option<AccountView>> {
    let mut f = Filter::from(ACCOUNT_FROM);
    f.and("a.id = ?", id);
    scoped(&mut f, scope);
    let sql = format!("SELECT {ACCOUNT} {}", f.sql());
    conn.one::<AccountRow>(&sql, f.values).await?.map(AccountRow::view).transpose()
}

pub(crate) async fn list<C: Sql>(
    conn: &C,
    scope: &Scope,
    kinds: &[AccountKind],
    order: &str,
    page: PageAsk,
) -> Result<Paged<AccountView>> {
    let mut f = Filter::from(ACCOUNT_FROM);
    scoped(&mut f, scope);
    let holes = vec!["?"; kinds.len()].join(",");
    f.clause(&format!("a.kind IN ({holes})"), kinds.iter().map(|k| k.code().into()).collect());
    let found: Paged<AccountRow> = conn.page(ACCOUNT, &f, order, page).await?;
    let rows = found.rows.into_iter().map(AccountRow::view).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total: found.total, page: found.page, per_page: found.per_page })
}

#[derive(FromQueryResult)]
struct BalanceRow {
    account_id: AccountId,
    kind: String,
    debits_posted: Fen,
    credits_posted: Fen,
    debits_held: Fen,
    credits_held: Fen,
}

impl BalanceRow {
    fn account(self) -> Result<Account> {
        Ok(Account {
            id: self.account_id,
            kind: AccountKind::parse(&self.kind).ok_or_else(|| unreadable("balance"))?,
            balances: Balances {
                debits_posted: self.debits_posted,
                credits_posted: self.credits_posted,
                debits_held: self.debits_held,
                credits_held: self.credits_held,
            },
        })
    }
}

/// Locks the balances of `ids`, which the caller has sorted and freed of doubles; missing ones are left out.
pub(crate) async fn lock_accounts(tx: &Tx, ids: &[AccountId]) -> Result<Vec<Account>> {
    let tail = format!(" ORDER BY account_id{}", tx.lock());
    let rows: Vec<BalanceRow> = all_in(tx, "SELECT * FROM ledger_balance WHERE account_id", ids, &tail).await?;
    rows.into_iter().map(BalanceRow::account).collect()
}

/// One page of all balances in the order of ids, for the recount.
pub(crate) async fn balances_after<C: Sql>(conn: &C, after: Option<AccountId>, limit: i64) -> Result<Vec<Account>> {
    let rows: Vec<BalanceRow> = match after {
        Some(id) => {
            let sql = "SELECT * FROM ledger_balance WHERE account_id > $1 ORDER BY account_id LIMIT $2";
            conn.all(sql, vals![id, limit]).await?
        }
        None => conn.all("SELECT * FROM ledger_balance ORDER BY account_id LIMIT $1", vals![limit]).await?,
    };
    rows.into_iter().map(BalanceRow::account).collect()
}

pub(crate) async fn write_balances(tx: &Tx, accounts: &[Account]) -> Result<()> {
    let rows = accounts
        .iter()
        .map(|a| {
            let b = &a.balances;
            vals![a.id, a.kind.code(), b.debits_posted, b.credits_posted, b.debits_held, b.credits_held]
        })
        .collect();
    let columns = &["account_id", "kind", "debits_posted", "credits_posted", "debits_held", "credits_held"];
    let tail = "ON CONFLICT (account_id) DO UPDATE SET debits_posted = excluded.debits_posted, \
                credits_posted = excluded.credits_posted, debits_held = excluded.debits_held, \
                credits_held = excluded.credits_held";
    insert_many(tx, "ledger_balance", columns, rows, tail).await.map(|_| ())
}

#[derive(FromQueryResult)]
struct HoldRow {
    key: String,
    debit: AccountId,
    credit: AccountId,
    amount: Fen,
    state: String,
    committed: Fen,
    opened_at: Instant,
    closed_at: Option<Instant>,
}

impl HoldRow {
    fn hold(self) -> Result<Hold> {
        Ok(Hold {
            key: Key::new(self.key).map_err(|_| unreadable("hold"))?,
            debit: self.debit,
            credit: self.credit,
            amount: self.amount,
            state: HoldState::parse(&self.state).ok_or_else(|| unreadable("hold"))?,
            committed: self.committed,
            opened_at: self.opened_at,
            closed_at: self.closed_at,
        })
    }
}

/// Holds are guarded by the locks of their accounts and need none of their own.
pub(crate) async fn holds<C: Sql>(conn: &C, keys: &[Key]) -> Result<Vec<Hold>> {
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    let rows: Vec<HoldRow> = all_in(conn, "SELECT * FROM ledger_hold WHERE key", &keys, "").await?;
    rows.into_iter().map(HoldRow::hold).collect()
}

/// Sum of what open holds keep back.
pub(crate) async fn open_holds<C: Sql>(conn: &C) -> Result<Fen> {
    let sql = "SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_hold WHERE state = $1";
    Ok(conn.scalar::<Fen>(sql, vals![HoldState::Open.code()]).await?.unwrap_or_default())
}

pub(crate) async fn write_holds(tx: &Tx, holds: &[&Hold]) -> Result<()> {
    let rows = holds
        .iter()
        .map(|h| {
            vals![h.key.as_str(), h.debit, h.credit, h.amount, h.state.code(), h.committed, h.opened_at, h.closed_at]
        })
        .collect();
    let columns = &["key", "debit", "credit", "amount", "state", "committed", "opened_at", "closed_at"];
    let tail = "ON CONFLICT (key) DO UPDATE SET state = excluded.state, committed = excluded.committed, \
                closed_at = excluded.closed_at";
    insert_many(tx, "ledger_hold", columns, rows, tail).await.map(|_| ())
}

#[derive(FromQueryResult)]
struct TransferRow {
    seq: i64,
    key: String,
    kind: String,
    purpose: String,
    debit: AccountId,
    credit: AccountId,
    amount: Fen,
    asked: Fen,
    hold: Option<String>,
    at: Instant,
    ref_kind: String,
    ref_value: String,
    debit_after: Fen,
    credit_after: Fen,
}

impl TransferRow {
    fn transfer(self) -> Result<Transfer> {
        let bad = || unreadable("transfer");
        Ok(Transfer {
            key: Key::new(self.key).map_err(|_| bad())?,
            kind: ActionKind::parse(&self.kind).ok_or_else(bad)?,
            purpose: Purpose::parse(&self.purpose).ok_or_else(bad)?,
            debit: self.debit,
            credit: self.credit,
            amount: self.amount,
            asked: self.asked,
            hold: self.hold.map(Key::new).transpose().map_err(|_| bad())?,
            at: self.at,
            reference: Reference::parse(&self.ref_kind, &self.ref_value).ok_or_else(bad)?,
        })
    }
}

const TRANSFER: &str = "seq, key, kind, purpose, debit, credit, amount, asked, hold, at, ref_kind, ref_value, \
     debit_after, credit_after";

pub(crate) async fn transfers<C: Sql>(conn: &C, keys: &[Key]) -> Result<Vec<Transfer>> {
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    let head = format!("SELECT {TRANSFER} FROM ledger_transfer WHERE key");
    let rows: Vec<TransferRow> = all_in(conn, &head, &keys, "").await?;
    rows.into_iter().map(TransferRow::transfer).collect()
}

/// Corrections made so far of the transfers named.
pub(crate) async fn corrections_of(tx: &Tx, keys: &[Key]) -> Result<Vec<Transfer>> {
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    let head = format!("SELECT {TRANSFER} FROM ledger_transfer WHERE ref_kind = 'transfer' AND ref_value");
    let rows: Vec<TransferRow> = all_in(tx, &head, &keys, "").await?;
    rows.into_iter().map(TransferRow::transfer).collect()
}

/// A line of the whole journal: its number, the transfer and the balances of both accounts after it.
pub(crate) struct Entry {
    pub seq: i64,
    pub transfer: Transfer,
    pub debit_after: Fen,
    pub credit_after: Fen,
}

/// The journal in the order it was written.
pub(crate) async fn journal<C: Sql>(conn: &C, after: i64, limit: i64) -> Result<Vec<Entry>> {
    let sql = format!("SELECT {TRANSFER} FROM ledger_transfer WHERE seq > $1 ORDER BY seq LIMIT $2");
    let rows: Vec<TransferRow> = conn.all(&sql, vals![after, limit]).await?;
    rows.into_iter()
        .map(|r| {
            let (seq, debit_after, credit_after) = (r.seq, r.debit_after, r.credit_after);
            Ok(Entry { seq, transfer: r.transfer()?, debit_after, credit_after })
        })
        .collect()
}

/// Adds lines, each with the balances of its debit and its credit account after it.
pub(crate) async fn write_transfers(tx: &Tx, actor: &kernel::Actor, lines: &[(&Transfer, Fen, Fen)]) -> Result<()> {
    let (user, label) = (actor.user_id(), actor.label());
    let rows = lines
        .iter()
        .map(|(t, debit_after, credit_after)| {
            vals![
                t.key.as_str(),
                t.kind.code(),
                t.purpose.code(),
                t.debit,
                t.credit,
                t.amount,
                t.asked,
                t.hold.as_ref().map(Key::as_str),
                t.at,
                t.reference.code(),
                t.reference.value(),
                *debit_after,
                *credit_after,
                user,
                label.as_str()
            ]
        })
        .collect();
    let columns = &[
        "key",
        "kind",
        "purpose",
        "debit",
        "credit",
        "amount",
        "asked",
        "hold",
        "at",
        "ref_kind",
        "ref_value",
        "debit_after",
        "credit_after",
        "actor_user",
        "actor",
    ];
    insert_many(tx, "ledger_transfer", columns, rows, "").await.map(|_| ())
}

#[derive(FromQueryResult)]
struct RoundRow {
    debit: AccountId,
    rounds: i64,
}

/// How often each purse was cleared for a quarter.
pub(crate) async fn clear_rounds(tx: &Tx, purses: &[AccountId], quarter: Quarter) -> Result<HashMap<AccountId, u32>> {
    let mut out = HashMap::new();
    for part in purses.chunks(IN_CHUNK) {
        let sql = format!(
            "SELECT debit, COUNT(*) AS rounds FROM ledger_transfer \
             WHERE purpose = $1 AND ref_kind = 'quarter' AND ref_value = $2 AND debit IN ({}) GROUP BY debit",
            marks(3, part.len())
        );
        let mut values = vals![Purpose::QuarterClear.code(), quarter];
        values.extend(part.iter().map(|id| Value::from(*id)));
        let rows: Vec<RoundRow> = tx.all(&sql, values).await?;
        out.extend(rows.into_iter().map(|r| (r.debit, r.rounds.clamp(0, i64::from(u32::MAX - 1)) as u32)));
    }
    Ok(out)
}

#[derive(FromQueryResult)]
struct LineRow {
    other_kind: String,
    of_hold: Option<Fen>,
    actor: String,
}

/// A page of an account's lines, newest first. Both branches walk an index backwards, so the first page costs the same
/// on an account with a million lines.
pub(crate) async fn statement<C: Sql>(
    conn: &C,
    account: &AccountView,
    purpose: Option<Purpose>,
    page: PageAsk,
) -> Result<Paged<Line>> {
    let both = format!(
        "(SELECT {TRANSFER}, actor, debit AS account, credit AS other FROM ledger_transfer \
          UNION ALL SELECT {TRANSFER}, actor, credit AS account, debit AS other FROM ledger_transfer) l"
    );
    let mut f = Filter::from(&both);
    f.and("l.account = ?", account.id);
    if let Some(p) = purpose {
        f.and("l.purpose = ?", p.code());
    }
    let select = "l.*, (SELECT o.kind FROM ledger_balance o WHERE o.account_id = l.other) AS other_kind, \
         (SELECT h.amount FROM ledger_hold h WHERE h.key = l.hold) AS of_hold";
    let found: Paged<Joined> = conn.page(select, &f, "l.seq DESC", page).await?;
    let rows = found.rows.into_iter().map(|j| j.line(account)).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total: found.total, page: found.page, per_page: found.per_page })
}

struct Joined(TransferRow, LineRow);

impl FromQueryResult for Joined {
    fn from_query_result(row: &sea_orm::QueryResult, pre: &str) -> std::result::Result<Self, sea_orm::DbErr> {
        Ok(Joined(TransferRow::from_query_result(row, pre)?, LineRow::from_query_result(row, pre)?))
    }
}

impl Joined {
    fn line(self, account: &AccountView) -> Result<Line> {
        let Joined(row, more) = self;
        let (seq, debit_after, credit_after) = (row.seq, row.debit_after, row.credit_after);
        let transfer = row.transfer()?;
        let side = if transfer.debit == account.id { Side::Debit } else { Side::Credit };
        let (change, held) = effect(&transfer, account.kind, side, more.of_hold.unwrap_or_default());
        Ok(Line {
            seq,
            change,
            held,
            after: if side == Side::Debit { debit_after } else { credit_after },
            other: AccountKind::parse(&more.other_kind).ok_or_else(|| unreadable("balance"))?,
            actor: more.actor,
            transfer,
        })
    }
}
