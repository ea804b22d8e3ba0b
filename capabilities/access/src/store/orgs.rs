//! Organisations.
use super::unknown;
use crate::model::{NewOrg, Org, OrgKind};
use kernel::{OrgId, PageAsk, Paged, RegionCode, Result, Scope};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, vals};

#[derive(FromQueryResult)]
struct Row {
    id: OrgId,
    name: String,
    kind: String,
    region: RegionCode,
    active: bool,
}

const COLUMNS: &str = "id, name, kind, region, active";

impl Row {
    fn org(self) -> Result<Org> {
        let kind = OrgKind::parse(&self.kind).ok_or_else(|| unknown("kind of organisation", &self.kind))?;
        Ok(Org { id: self.id, name: self.name, kind, region: self.region, active: self.active })
    }
}

pub(crate) async fn insert_org(tx: &Tx, id: OrgId, new: &NewOrg) -> Result<()> {
    tx.exec(
        "INSERT INTO org (id, name, kind, region, active, created_at) VALUES ($1, $2, $3, $4, TRUE, $5)",
        vals![id, new.name.trim(), new.kind.code(), new.region, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update_org(tx: &Tx, id: OrgId, name: &str, region: RegionCode, active: bool) -> Result<()> {
    tx.exec("UPDATE org SET name = $2, region = $3, active = $4 WHERE id = $1", vals![id, name.trim(), region, active])
        .await?;
    Ok(())
}

pub(crate) async fn org_by_id<C: Sql>(conn: &C, id: OrgId) -> Result<Option<Org>> {
    let row: Option<Row> = conn.one(&format!("SELECT {COLUMNS} FROM org WHERE id = $1"), vals![id]).await?;
    row.map(Row::org).transpose()
}

pub(crate) async fn orgs_by_ids(db: &Db, ids: &[OrgId]) -> Result<HashMap<OrgId, Org>> {
    let mut out = HashMap::new();
    for part in ids.chunks(500) {
        let marks: Vec<String> = (1..=part.len()).map(|n| format!("${n}")).collect();
        let sql = format!("SELECT {COLUMNS} FROM org WHERE id IN ({})", marks.join(","));
        let rows: Vec<Row> = db.read().all(&sql, part.iter().map(|id| Value::from(*id)).collect()).await?;
        for r in rows {
            out.insert(r.id, r.org()?);
        }
    }
    Ok(out)
}

fn filter(scope: &Scope, kind: Option<OrgKind>, q: &str) -> Filter {
    let mut f = Filter::from("org");
    f.region("region", scope);
    if let Some(own) = scope.org_id() {
        f.and("id = ?", own);
    }
    if let Some(k) = kind {
        f.and("kind = ?", k.code());
    }
    if !q.is_empty() {
        f.and("name LIKE ?", format!("%{q}%"));
    }
    f
}

pub(crate) async fn all_orgs(db: &Db, scope: &Scope, kind: Option<OrgKind>) -> Result<Vec<Org>> {
    let f = filter(scope, kind, "");
    let sql = format!("SELECT {COLUMNS} {} ORDER BY region, name, id", f.sql());
    let rows: Vec<Row> = db.read().all(&sql, f.values.clone()).await?;
    rows.into_iter().map(Row::org).collect()
}

pub(crate) async fn page_orgs(
    db: &Db,
    scope: &Scope,
    kind: Option<OrgKind>,
    q: &str,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Org>> {
    let found: Paged<Row> = db.read().page(COLUMNS, &filter(scope, kind, q), order, page).await?;
    let (total, page, per_page) = (found.total, found.page, found.per_page);
    let rows = found.rows.into_iter().map(Row::org).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total, page, per_page })
}
