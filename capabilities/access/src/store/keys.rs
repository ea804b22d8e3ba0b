//! API keys.
use super::unknown;
use crate::model::{ApiKey, NewApiKey};
use kernel::{Instant, OrgId, PageAsk, Paged, RegionCode, Result, Role, Scope, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

#[derive(FromQueryResult)]
struct Row {
    id: UserId,
    name: String,
    role: String,
    region: RegionCode,
    org_id: Option<OrgId>,
    created_by: Option<UserId>,
    created_at: Instant,
    expires_at: Instant,
    revoked_at: Option<Instant>,
}

const COLUMNS: &str = "id, name, role, region, org_id, created_by, created_at, expires_at, revoked_at";

impl Row {
    fn key(self) -> Result<ApiKey> {
        Ok(ApiKey {
            role: Role::parse(&self.role).ok_or_else(|| unknown("role", &self.role))?,
            id: self.id,
            name: self.name,
            region: self.region,
            org: self.org_id,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}

pub(crate) async fn insert_key(
    tx: &Tx,
    id: UserId,
    new: &NewApiKey,
    hash: Vec<u8>,
    by: Option<UserId>,
    expires_at: Instant,
) -> Result<()> {
    tx.exec(
        "INSERT INTO api_key (id, name, role, region, org_id, key_hash, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vals![id, new.name.trim(), new.role.code(), new.region, new.org, hash, by, tx.now(), expires_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn key_by_hash<C: Sql>(conn: &C, hash: &[u8]) -> Result<Option<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM api_key WHERE key_hash = $1");
    let row: Option<Row> = conn.one(&sql, vals![hash.to_vec()]).await?;
    row.map(Row::key).transpose()
}

pub(crate) async fn key_by_id<C: Sql>(conn: &C, scope: &Scope, id: UserId) -> Result<Option<ApiKey>> {
    let mut f = Filter::from("api_key");
    f.region("region", scope).and("id = ?", id);
    let row: Option<Row> = conn.one(&format!("SELECT {COLUMNS} {}", f.sql()), f.values.clone()).await?;
    row.map(Row::key).transpose()
}

pub(crate) async fn page_keys(db: &Db, scope: &Scope, order: &str, page: PageAsk) -> Result<Paged<ApiKey>> {
    let mut f = Filter::from("api_key");
    f.region("region", scope);
    let found: Paged<Row> = db.read().page(COLUMNS, &f, order, page).await?;
    let (total, page, per_page) = (found.total, found.page, found.per_page);
    let rows = found.rows.into_iter().map(Row::key).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total, page, per_page })
}

pub(crate) async fn revoke_key(tx: &Tx, id: UserId) -> Result<u64> {
    tx.exec("UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", vals![id, tx.now()]).await
}
