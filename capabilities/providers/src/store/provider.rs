//! Providers and contracts.
use super::{like, only_visible, unknown};
use crate::model::{Contract, ContractDraft, Provider, ProviderDraft, Suspension};
use catalogue::Category;
use kernel::{CivilDate, Error, OrgId, PageAsk, Paged, RegionCode, Result, Scope};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, Value, insert_many, vals};
use uuid::Uuid;

const PROVIDER: &str = "p.org, p.name, p.region, p.credit_code, p.contact, p.phone, p.suspended_from, p.suspended_to, \
                        p.suspended_reason, p.suspended_document, p.active, p.version";
const CONTRACT: &str = "c.id, c.provider, c.number, c.award, c.starts, c.ends, c.capacity, c.insurer, c.policy_no, \
                        c.insured_to, c.version";

#[derive(FromQueryResult)]
struct ProviderRow {
    org: OrgId,
    name: String,
    region: RegionCode,
    credit_code: String,
    contact: String,
    phone: String,
    suspended_from: Option<CivilDate>,
    suspended_to: Option<CivilDate>,
    suspended_reason: Option<String>,
    suspended_document: Option<String>,
    active: bool,
    version: i64,
}

impl From<ProviderRow> for Provider {
    fn from(r: ProviderRow) -> Provider {
        Provider {
            org: r.org,
            name: r.name,
            region: r.region,
            credit_code: r.credit_code,
            contact: r.contact,
            phone: r.phone,
            suspension: r.suspended_from.map(|from| Suspension {
                from,
                to: r.suspended_to,
                reason: r.suspended_reason.unwrap_or_default(),
                document: r.suspended_document.unwrap_or_default(),
            }),
            active: r.active,
            version: r.version,
        }
    }
}

#[derive(FromQueryResult)]
struct ContractRow {
    id: Uuid,
    provider: OrgId,
    number: String,
    award: String,
    starts: CivilDate,
    ends: CivilDate,
    capacity: Option<i64>,
    insurer: String,
    policy_no: String,
    insured_to: CivilDate,
    version: i64,
}

#[derive(FromQueryResult)]
struct RegionRow {
    contract: Uuid,
    region: RegionCode,
}

#[derive(FromQueryResult)]
struct CategoryRow {
    contract: Uuid,
    category: String,
}

/// One provider the reader may see.
pub(crate) async fn provider<C: Sql>(on: &C, scope: &Scope, org: OrgId, lock: &str) -> Result<Option<Provider>> {
    let mut f = Filter::from("provider p");
    f.and("p.org = ?", org);
    only_visible(&mut f, scope);
    let row: Option<ProviderRow> = on.one(&format!("SELECT {PROVIDER} {}{lock}", f.sql()), f.values).await?;
    Ok(row.map(Provider::from))
}

/// One provider, for decisions of the platform itself.
pub(crate) async fn any_provider<C: Sql>(on: &C, org: OrgId) -> Result<Option<Provider>> {
    let row: Option<ProviderRow> =
        on.one(&format!("SELECT {PROVIDER} FROM provider p WHERE p.org = $1"), vals![org]).await?;
    Ok(row.map(Provider::from))
}

pub(crate) async fn provider_by_credit_code<C: Sql>(on: &C, code: &str) -> Result<Option<Provider>> {
    let row: Option<ProviderRow> =
        on.one(&format!("SELECT {PROVIDER} FROM provider p WHERE p.credit_code = $1"), vals![code]).await?;
    Ok(row.map(Provider::from))
}

/// Providers that serve some part of `region` (or all around it), or were awarded in it; no scope: the platform's own
/// question of who is next.
pub(crate) async fn providers_for<C: Sql>(on: &C, region: &RegionCode) -> Result<Vec<Provider>> {
    let everyone = Scope { region: *region, org: kernel::OrgScope::Any };
    let mut f = Filter::from("provider p");
    only_visible(&mut f, &everyone);
    let rows: Vec<ProviderRow> = on.all(&format!("SELECT {PROVIDER} {} ORDER BY p.org", f.sql()), f.values).await?;
    Ok(rows.into_iter().map(Provider::from).collect())
}

/// Conditions of the list page.
#[derive(Clone, Debug, Default)]
pub struct ProviderFilter {
    pub category: Option<Category>,
    /// `ended`: no contract runs on the day; `running`: one does.
    pub running: Option<bool>,
    pub q: String,
}

pub(crate) async fn provider_page<C: Sql>(
    on: &C,
    scope: &Scope,
    filter: &ProviderFilter,
    today: CivilDate,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<Provider>> {
    let mut f = Filter::from("provider p");
    only_visible(&mut f, scope);
    if let Some(c) = filter.category {
        f.clause(
            "EXISTS (SELECT 1 FROM contract c JOIN contract_category k ON k.contract = c.id WHERE c.provider = p.org \
             AND k.category = ? AND c.starts <= ? AND c.ends >= ?)",
            vals![c.code(), today, today],
        );
    }
    if let Some(running) = filter.running {
        let not = if running { "" } else { "NOT " };
        f.clause(
            &format!(
                "{not}EXISTS (SELECT 1 FROM contract c WHERE c.provider = p.org AND c.starts <= ? AND c.ends >= ?)"
            ),
            vals![today, today],
        );
    }
    if !filter.q.is_empty() {
        let l = like(&filter.q);
        f.clause(
            "(p.name LIKE ? ESCAPE '\\' OR p.contact LIKE ? ESCAPE '\\' OR p.credit_code LIKE ? ESCAPE '\\')",
            vals![l.clone(), l.clone(), l.to_uppercase()],
        );
    }
    let page: Paged<ProviderRow> = on.page(PROVIDER, &f, order, ask).await?;
    Ok(page.map(Provider::from))
}

pub(crate) async fn insert_provider(tx: &Tx, org: OrgId, d: &ProviderDraft) -> Result<()> {
    tx.exec(
        "INSERT INTO provider (org, name, region, credit_code, contact, phone, active, version, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)",
        vals![
            org,
            d.name.trim(),
            d.region,
            d.credit_code.as_str(),
            d.contact.trim(),
            d.phone.as_str(),
            d.active,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

/// `false` if somebody changed it meanwhile.
pub(crate) async fn update_provider(tx: &Tx, org: OrgId, version: i64, d: &ProviderDraft) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE provider SET name = $3, credit_code = $4, contact = $5, phone = $6, active = $7,
               version = version + 1 WHERE org = $1 AND version = $2",
            vals![org, version, d.name.trim(), d.credit_code.as_str(), d.contact.trim(), d.phone.as_str(), d.active],
        )
        .await?;
    Ok(n == 1)
}

pub(crate) async fn set_suspension(tx: &Tx, org: OrgId, s: Option<&Suspension>) -> Result<()> {
    tx.exec(
        "UPDATE provider SET suspended_from = $2, suspended_to = $3, suspended_reason = $4, suspended_document = $5,
           version = version + 1 WHERE org = $1",
        vals![org, s.map(|s| s.from), s.and_then(|s| s.to), s.map(|s| s.reason.clone()), s.map(|s| s.document.clone())],
    )
    .await?;
    Ok(())
}

async fn assembled<C: Sql>(on: &C, rows: Vec<ContractRow>) -> Result<Vec<Contract>> {
    let mut regions: HashMap<Uuid, Vec<RegionCode>> = HashMap::new();
    let mut categories: HashMap<Uuid, Vec<Category>> = HashMap::new();
    for ids in rows.chunks(500) {
        let marks = (1..=ids.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let values: Vec<Value> = ids.iter().map(|r| Value::from(r.id)).collect();
        let found: Vec<RegionRow> = on
            .all(
                &format!("SELECT contract, region FROM contract_region WHERE contract IN ({marks}) ORDER BY region"),
                values.clone(),
            )
            .await?;
        for r in found {
            regions.entry(r.contract).or_default().push(r.region);
        }
        let found: Vec<CategoryRow> = on
            .all(&format!("SELECT contract, category FROM contract_category WHERE contract IN ({marks})"), values)
            .await?;
        for r in found {
            let c = Category::parse(&r.category).ok_or_else(|| unknown("category", &r.category))?;
            categories.entry(r.contract).or_default().push(c);
        }
    }
    rows.into_iter()
        .map(|r| {
            let mut cats = categories.remove(&r.id).unwrap_or_default();
            cats.sort_unstable();
            Ok(Contract {
                regions: regions.remove(&r.id).unwrap_or_default(),
                categories: cats,
                id: r.id,
                provider: r.provider,
                number: r.number,
                award: r.award,
                from: r.starts,
                to: r.ends,
                capacity: r.capacity.map(u32::try_from).transpose().map_err(Error::internal)?,
                insurer: r.insurer,
                policy_no: r.policy_no,
                insured_to: r.insured_to,
                version: r.version,
            })
        })
        .collect()
}

/// All contracts of these providers, newest first within each.
pub(crate) async fn contracts_of<C: Sql>(on: &C, orgs: &[OrgId]) -> Result<HashMap<OrgId, Vec<Contract>>> {
    let mut out: HashMap<OrgId, Vec<Contract>> = HashMap::new();
    for part in orgs.chunks(500) {
        let marks = (1..=part.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql =
            format!("SELECT {CONTRACT} FROM contract c WHERE c.provider IN ({marks}) ORDER BY c.starts DESC, c.id");
        let rows: Vec<ContractRow> = on.all(&sql, part.iter().map(|o| Value::from(*o)).collect()).await?;
        for c in assembled(on, rows).await? {
            out.entry(c.provider).or_default().push(c);
        }
    }
    Ok(out)
}

pub(crate) async fn contract<C: Sql>(on: &C, id: Uuid) -> Result<Option<Contract>> {
    let rows: Vec<ContractRow> =
        on.all(&format!("SELECT {CONTRACT} FROM contract c WHERE c.id = $1"), vals![id]).await?;
    Ok(assembled(on, rows).await?.pop())
}

pub(crate) async fn insert_contract(tx: &Tx, id: Uuid, org: OrgId, d: &ContractDraft) -> Result<()> {
    tx.exec(
        "INSERT INTO contract (id, provider, number, award, starts, ends, capacity, insurer, policy_no, insured_to,
           version, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)",
        vals![
            id,
            org,
            d.number.trim(),
            d.award.trim(),
            d.from,
            d.to,
            d.capacity.map(i64::from),
            d.insurer.trim(),
            d.policy_no.trim(),
            d.insured_to,
            tx.now()
        ],
    )
    .await?;
    insert_extent(tx, id, d).await
}

/// `false` if somebody changed it meanwhile.
pub(crate) async fn update_contract(tx: &Tx, id: Uuid, version: i64, d: &ContractDraft) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE contract SET number = $3, award = $4, starts = $5, ends = $6, capacity = $7, insurer = $8,
               policy_no = $9, insured_to = $10, version = version + 1 WHERE id = $1 AND version = $2",
            vals![
                id,
                version,
                d.number.trim(),
                d.award.trim(),
                d.from,
                d.to,
                d.capacity.map(i64::from),
                d.insurer.trim(),
                d.policy_no.trim(),
                d.insured_to
            ],
        )
        .await?;
    if n != 1 {
        return Ok(false);
    }
    tx.exec("DELETE FROM contract_region WHERE contract = $1", vals![id]).await?;
    tx.exec("DELETE FROM contract_category WHERE contract = $1", vals![id]).await?;
    insert_extent(tx, id, d).await?;
    Ok(true)
}

async fn insert_extent(tx: &Tx, id: Uuid, d: &ContractDraft) -> Result<()> {
    let regions = d.regions.iter().map(|r| vals![id, *r]).collect();
    insert_many(tx, "contract_region", &["contract", "region"], regions, "ON CONFLICT DO NOTHING").await?;
    let categories = d.categories.iter().map(|c| vals![id, c.code()]).collect();
    insert_many(tx, "contract_category", &["contract", "category"], categories, "ON CONFLICT DO NOTHING").await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Staff {
    org: OrgId,
    n: i64,
}

/// Active workers of each provider.
pub(crate) async fn staff_counts<C: Sql>(on: &C, orgs: &[OrgId]) -> Result<HashMap<OrgId, i64>> {
    let mut out = HashMap::new();
    for part in orgs.chunks(500) {
        let marks = (1..=part.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let sql =
            format!("SELECT w.org, COUNT(*) AS n FROM worker w WHERE w.active AND w.org IN ({marks}) GROUP BY w.org");
        let rows: Vec<Staff> = on.all(&sql, part.iter().map(|o| Value::from(*o)).collect()).await?;
        out.extend(rows.into_iter().map(|r| (r.org, r.n)));
    }
    Ok(out)
}
