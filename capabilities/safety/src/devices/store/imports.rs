//! Files of devices and their rows.
use crate::devices::imports::{ImportId, ImportState};
use crate::devices::sheet::ImportRowState;
use ::store::sea_orm::{self, FromQueryResult};
use ::store::{Db, Filter, Sql, SqlExt, Tx, insert_many, vals};
use kernel::{Actor, Error, Instant, PageAsk, Paged, RegionCode, Result, Scope, UserId};

/// One file of devices.
#[derive(Clone, Debug, FromQueryResult)]
pub struct DeviceImport {
    pub id: ImportId,
    pub region: RegionCode,
    pub file_name: String,
    pub state: ImportState,
    /// Columns nobody reads, joined by 、.
    pub unused: String,
    pub total: i64,
    pub created_at: Instant,
    pub created_by: String,
    pub actor_user: Option<UserId>,
    pub written_at: Option<Instant>,
}

const FILE: &str = "id, region, file_name, state, unused, total, created_at, created_by, actor_user, written_at";

pub(in crate::devices) async fn insert(
    tx: &Tx,
    actor: &Actor,
    id: ImportId,
    name: &str,
    sha256: &str,
    unused: &str,
    total: i64,
) -> Result<()> {
    tx.exec(
        "INSERT INTO device_import (id, region, file_name, sha256, state, unused, total, created_at, created_by, actor_user)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
        vals![
            id,
            actor.scope().region,
            name,
            sha256,
            ImportState::Reading,
            unused,
            total,
            tx.now(),
            actor.label(),
            actor.user_id()
        ],
    )
    .await?;
    Ok(())
}

fn scoped(f: &mut Filter, scope: &Scope) {
    f.region("region", scope);
    if scope.org_id().is_some() {
        f.clause("1 = 0", vec![]);
    }
}

pub(in crate::devices) async fn one<C: Sql>(c: &C, scope: &Scope, id: ImportId, lock: &str) -> Result<DeviceImport> {
    let mut f = Filter::from("device_import");
    f.and("id = ?", id);
    scoped(&mut f, scope);
    let found: Option<DeviceImport> = c.one(&format!("SELECT {FILE} {}{lock}", f.sql()), f.values).await?;
    found.ok_or_else(|| Error::NotFound("这次导入".into()))
}

pub(in crate::devices) async fn page(
    db: &Db,
    scope: &Scope,
    order: &str,
    page: PageAsk,
) -> Result<Paged<DeviceImport>> {
    let mut f = Filter::from("device_import");
    scoped(&mut f, scope);
    db.read().page(FILE, &f, order, page).await
}

pub(in crate::devices) async fn set_state(tx: &Tx, id: ImportId, state: ImportState) -> Result<()> {
    let written = (state == ImportState::Done).then(|| tx.now());
    tx.exec(
        "UPDATE device_import SET state = $2, written_at = COALESCE($3, written_at) WHERE id = $1",
        vals![id, state, written],
    )
    .await?;
    Ok(())
}

/// A row as stored; `cells` is sealed JSON.
#[derive(Clone, Debug, FromQueryResult)]
pub(in crate::devices) struct SheetRow {
    pub row_no: i64,
    pub state: ImportRowState,
    pub cells: Vec<u8>,
    pub errors: String,
    pub key: Option<String>,
}

const ROW: &str = "row_no, state, cells, errors, key";

pub(in crate::devices) async fn insert_rows(tx: &Tx, id: ImportId, rows: Vec<SheetRow>) -> Result<()> {
    let rows = rows.into_iter().map(|r| vals![id, r.row_no, r.state, r.cells, r.errors, r.key]).collect();
    insert_many(tx, "device_import_row", &["import_id", "row_no", "state", "cells", "errors", "key"], rows, "").await?;
    Ok(())
}

pub(in crate::devices) async fn update_row(tx: &Tx, id: ImportId, r: SheetRow) -> Result<()> {
    tx.exec(
        "UPDATE device_import_row SET state = $3, cells = $4, errors = $5, key = $6 WHERE import_id = $1 AND row_no = $2",
        vals![id, r.row_no, r.state, r.cells, r.errors, r.key],
    )
    .await?;
    Ok(())
}

pub(in crate::devices) async fn rows<C: Sql>(
    c: &C,
    id: ImportId,
    state: ImportRowState,
    limit: i64,
) -> Result<Vec<SheetRow>> {
    let sql = format!(
        "SELECT {ROW} FROM device_import_row WHERE import_id = $1 AND state = $2 ORDER BY row_no LIMIT {limit}"
    );
    c.all(&sql, vals![id, state]).await
}

pub(in crate::devices) async fn row<C: Sql>(c: &C, id: ImportId, row_no: i64) -> Result<Option<SheetRow>> {
    let sql = format!("SELECT {ROW} FROM device_import_row WHERE import_id = $1 AND row_no = $2");
    c.one(&sql, vals![id, row_no]).await
}

/// Another row of the file with the same device that is not wrong.
pub(in crate::devices) async fn same(tx: &Tx, id: ImportId, key: &str, not: i64) -> Result<Option<i64>> {
    tx.scalar(
        "SELECT row_no FROM device_import_row WHERE import_id = $1 AND key = $2 AND row_no <> $3 AND state <> 'bad'
         ORDER BY row_no LIMIT 1",
        vals![id, key, not],
    )
    .await
}

#[derive(FromQueryResult)]
struct Count {
    state: ImportRowState,
    n: i64,
}

pub(in crate::devices) async fn counts(db: &Db, id: ImportId) -> Result<Vec<(ImportRowState, i64)>> {
    let rows: Vec<Count> = db
        .read()
        .all("SELECT state, COUNT(*) AS n FROM device_import_row WHERE import_id = $1 GROUP BY state", vals![id])
        .await?;
    Ok(rows.into_iter().map(|c| (c.state, c.n)).collect())
}
