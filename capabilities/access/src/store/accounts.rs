//! Accounts and what counts against guessing.
use super::unknown;
use crate::model::{Account, AccountEdit, Misses, NewAccount, Scale};
use kernel::{Instant, OrgId, PageAsk, Paged, RegionCode, Result, Role, Scope, UserId, WorkerId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

#[derive(FromQueryResult)]
struct Row {
    id: UserId,
    login: String,
    name: String,
    role: String,
    region: RegionCode,
    org_id: Option<OrgId>,
    worker_id: Option<WorkerId>,
    totp_sealed: Option<Vec<u8>>,
    failed: i64,
    locked_until: Option<Instant>,
    contrast_high: bool,
    scale: String,
    active: bool,
    must_change: bool,
    created_at: Instant,
}

const COLUMNS: &str = "id, login, name, role, region, org_id, worker_id, totp_sealed, failed, locked_until, \
                       contrast_high, scale, active, must_change, created_at";

impl Row {
    fn account(self) -> Result<Account> {
        Ok(Account {
            role: Role::parse(&self.role).ok_or_else(|| unknown("role", &self.role))?,
            scale: Scale::parse(&self.scale).ok_or_else(|| unknown("scale", &self.scale))?,
            id: self.id,
            login: self.login,
            name: self.name,
            region: self.region,
            org: self.org_id,
            worker: self.worker_id,
            has_totp: self.totp_sealed.is_some(),
            failed: self.failed,
            locked_until: self.locked_until,
            contrast_high: self.contrast_high,
            active: self.active,
            must_change: self.must_change,
            created_at: self.created_at,
        })
    }
}

pub(crate) async fn insert_account(tx: &Tx, id: UserId, new: &NewAccount) -> Result<()> {
    tx.exec(
        "INSERT INTO account (id, login, name, role, region, org_id, worker_id, password_hash, totp_step, failed,
           contrast_high, scale, active, must_change, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, FALSE, '', TRUE, $9, $10)",
        vals![
            id,
            new.login.as_str(),
            new.name.trim(),
            new.role.code(),
            new.region,
            new.org,
            new.worker,
            new.password.as_ref().map(|p| p.stored().to_string()),
            new.must_change,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn login_taken<C: Sql>(conn: &C, login: &str) -> Result<bool> {
    Ok(conn.scalar::<i64>("SELECT CAST(1 AS BIGINT) FROM account WHERE login = $1", vals![login]).await?.is_some())
}

pub(crate) async fn any_account<C: Sql>(conn: &C) -> Result<bool> {
    Ok(conn.scalar::<i64>("SELECT CAST(1 AS BIGINT) FROM account LIMIT 1", vec![]).await?.is_some())
}

pub(crate) async fn account_by_id<C: Sql>(conn: &C, id: UserId) -> Result<Option<Account>> {
    let row: Option<Row> = conn.one(&format!("SELECT {COLUMNS} FROM account WHERE id = $1"), vals![id]).await?;
    row.map(Row::account).transpose()
}

/// The account with its row held until the transaction ends.
pub(crate) async fn lock_account(tx: &Tx, id: UserId) -> Result<Option<Account>> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE id = $1{}", tx.lock());
    let row: Option<Row> = tx.one(&sql, vals![id]).await?;
    row.map(Row::account).transpose()
}

/// Id and password hash behind a login.
pub(crate) async fn credentials<C: Sql>(conn: &C, login: &str) -> Result<Option<(UserId, Option<String>)>> {
    let id = conn.scalar::<UserId>("SELECT id FROM account WHERE login = $1", vals![login]).await?;
    match id {
        Some(id) => Ok(Some((id, password_hash(conn, id).await?))),
        None => Ok(None),
    }
}

pub(crate) async fn password_hash<C: Sql>(conn: &C, id: UserId) -> Result<Option<String>> {
    conn.scalar("SELECT password_hash FROM account WHERE id = $1", vals![id]).await
}

/// The sealed second factor and the last step a code was taken for.
pub(crate) async fn second_factor<C: Sql>(conn: &C, id: UserId) -> Result<(Option<Vec<u8>>, i64)> {
    let sealed = conn.scalar("SELECT totp_sealed FROM account WHERE id = $1", vals![id]).await?;
    let step = conn.scalar("SELECT totp_step FROM account WHERE id = $1", vals![id]).await?;
    Ok((sealed, step.unwrap_or(0)))
}

pub(crate) async fn set_second_factor(tx: &Tx, id: UserId, sealed: Option<Vec<u8>>, step: i64) -> Result<()> {
    tx.exec("UPDATE account SET totp_sealed = $2, totp_step = $3 WHERE id = $1", vals![id, sealed, step]).await?;
    Ok(())
}

pub(crate) async fn set_misses(tx: &Tx, id: UserId, m: Misses) -> Result<()> {
    tx.exec("UPDATE account SET failed = $2, locked_until = $3 WHERE id = $1", vals![id, m.failed, m.locked_until])
        .await?;
    Ok(())
}

/// A new password; whatever was counted or locked before is forgotten.
pub(crate) async fn set_password(tx: &Tx, id: UserId, hash: &str, must_change: bool) -> Result<()> {
    tx.exec(
        "UPDATE account SET password_hash = $2, must_change = $3, failed = 0, locked_until = NULL WHERE id = $1",
        vals![id, hash, must_change],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_active(tx: &Tx, id: UserId, active: bool) -> Result<()> {
    tx.exec("UPDATE account SET active = $2 WHERE id = $1", vals![id, active]).await?;
    Ok(())
}

pub(crate) async fn set_display(tx: &Tx, id: UserId, contrast_high: bool, scale: Scale) -> Result<()> {
    tx.exec("UPDATE account SET contrast_high = $2, scale = $3 WHERE id = $1", vals![id, contrast_high, scale.code()])
        .await?;
    Ok(())
}

pub(crate) async fn update_account(tx: &Tx, id: UserId, edit: &AccountEdit) -> Result<()> {
    tx.exec(
        "UPDATE account SET name = $2, role = $3, region = $4, org_id = $5 WHERE id = $1",
        vals![id, edit.name.trim(), edit.role.code(), edit.region, edit.org],
    )
    .await?;
    Ok(())
}

/// What a list of accounts asks for.
#[derive(Clone, Debug, Default)]
pub struct AccountAsk {
    pub role: Option<Role>,
    pub org: Option<OrgId>,
    pub active: Option<bool>,
    /// Part of the name or the login's beginning.
    pub q: String,
}

fn filter(scope: &Scope, ask: &AccountAsk) -> Filter {
    let mut f = Filter::from("account");
    f.region("region", scope);
    if let Some(own) = scope.org_id() {
        f.and("org_id = ?", own);
    }
    if let Some(r) = ask.role {
        f.and("role = ?", r.code());
    }
    if let Some(o) = ask.org {
        f.and("org_id = ?", o);
    }
    if let Some(a) = ask.active {
        f.and("active = ?", a);
    }
    if !ask.q.is_empty() {
        f.clause("(name LIKE ? OR login LIKE ?)", vals![format!("%{}%", ask.q), format!("{}%", ask.q.to_lowercase())]);
    }
    f
}

pub(crate) async fn page_accounts(
    db: &Db,
    scope: &Scope,
    ask: &AccountAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Account>> {
    let found: Paged<Row> = db.read().page(COLUMNS, &filter(scope, ask), order, page).await?;
    let (total, page, per_page) = (found.total, found.page, found.per_page);
    let rows = found.rows.into_iter().map(Row::account).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total, page, per_page })
}

/// The first active account of each role, for the demo's sign-in page.
pub(crate) async fn one_of_each_role(db: &Db) -> Result<Vec<Account>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account WHERE active = TRUE AND id = (
           SELECT b.id FROM account b WHERE b.role = account.role AND b.active = TRUE
           ORDER BY b.created_at, b.login LIMIT 1)"
    );
    let rows: Vec<Row> = db.read().all(&sql, vec![]).await?;
    rows.into_iter().map(Row::account).collect()
}

/// The oldest active account of a role in another region than that of the role's oldest one.
pub(crate) async fn one_elsewhere(db: &Db, role: Role) -> Result<Option<Account>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account WHERE role = $1 AND active = TRUE AND region <> (
           SELECT b.region FROM account b WHERE b.role = $1 AND b.active = TRUE ORDER BY b.created_at, b.login LIMIT 1)
         ORDER BY created_at, login LIMIT 1"
    );
    db.read().one::<Row>(&sql, vals![role.code()]).await?.map(Row::account).transpose()
}

#[derive(FromQueryResult)]
struct ThrottleRow {
    failed: i64,
    first_at: Instant,
    locked_until: Option<Instant>,
}

/// What counts against an address or an unknown login; counts older than a lock are over.
pub(crate) async fn throttle<C: Sql>(conn: &C, key: &str, now: Instant) -> Result<Misses> {
    let row: Option<ThrottleRow> =
        conn.one("SELECT failed, first_at, locked_until FROM login_throttle WHERE key = $1", vals![key]).await?;
    Ok(match row {
        Some(r) if now.since(r.first_at) < crate::model::LOCK_MS || r.locked_until.is_some_and(|u| u > now) => {
            Misses { failed: r.failed, locked_until: r.locked_until }
        }
        _ => Misses::default(),
    })
}

/// Keeps the count, and drops counts a day old.
pub(crate) async fn set_throttle(tx: &Tx, key: &str, m: Misses) -> Result<()> {
    tx.exec(
        "INSERT INTO login_throttle (key, failed, first_at, locked_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO UPDATE SET failed = $2, locked_until = $4,
           first_at = CASE WHEN $2 <= 1 THEN $3 ELSE login_throttle.first_at END",
        vals![key, m.failed, tx.now(), m.locked_until],
    )
    .await?;
    tx.exec("DELETE FROM login_throttle WHERE first_at < $1", vals![tx.now().plus_ms(-Instant::DAY)]).await?;
    Ok(())
}

/// The oldest active account of a role, of an organisation and worker where given.
pub(crate) async fn first_of<C: Sql>(
    c: &C,
    role: Role,
    org: Option<OrgId>,
    worker: Option<WorkerId>,
) -> Result<Option<Account>> {
    let mut f = Filter::from("account");
    f.and("role = ?", role.code()).and("active = ?", true);
    if let Some(org) = org {
        f.and("org_id = ?", org);
    }
    if let Some(worker) = worker {
        f.and("worker_id = ?", worker);
    }
    let sql = format!("SELECT {COLUMNS} {} ORDER BY created_at, login LIMIT 1", f.sql());
    c.one::<Row>(&sql, f.values.clone()).await?.map(Row::account).transpose()
}

/// Active accounts of a role inside a region, by name.
pub(crate) async fn accounts_of(db: &Db, scope: &Scope, role: Role) -> Result<Vec<Account>> {
    let mut f = Filter::from("account");
    f.region("region", scope).and("role = ?", role.code()).clause("active", vec![]);
    let sql = format!("SELECT {COLUMNS} {} ORDER BY name, id", f.sql());
    db.read().all::<Row>(&sql, f.values).await?.into_iter().map(Row::account).collect()
}
