//! Papers of workers and contracts by the day they end.
use super::{like, only_visible};
use kernel::{CivilDate, OrgId, PageAsk, Paged, Result, Scope, WorkerId};
use serde::Serialize;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, vals};

/// A paper that ends or has ended: of a worker, or of a provider's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct PaperRow {
    pub org: OrgId,
    pub org_name: String,
    pub worker: Option<WorkerId>,
    /// The worker's name; empty for a provider's own paper.
    pub holder: String,
    /// `certificate`, `insurance`, `health_check`, `contract` or `liability`.
    pub kind: String,
    pub name: String,
    pub number: String,
    pub ends: CivilDate,
}

/// Conditions of the papers page.
#[derive(Clone, Debug, Default)]
pub struct PaperFilter {
    /// Ends on or after.
    pub from: Option<CivilDate>,
    /// Ends on or before.
    pub to: Option<CivilDate>,
    pub org: Option<OrgId>,
    pub kind: Option<String>,
    pub q: String,
}

/// Only the paper of a kind that runs longest is looked at: a renewed one hides the old. Left out: papers taken out of
/// force, workers who left, providers stopped for good.
const PAPERS: &str = "(SELECT w.org AS org, w.id AS worker, w.name AS holder, d.kind AS kind, d.name AS name, d.number \
  AS number, d.valid_to AS ends, d.id AS id FROM worker_document d JOIN worker w ON w.id = d.worker WHERE w.active AND \
  d.void_reason IS NULL AND NOT EXISTS (SELECT 1 FROM worker_document n WHERE n.worker = d.worker AND n.kind = d.kind \
  AND n.void_reason IS NULL AND n.covers = d.covers AND (n.valid_to > d.valid_to OR (n.valid_to = d.valid_to AND n.id > \
  d.id))) \
  UNION ALL SELECT c.provider, CAST(NULL AS UUID), '', 'contract', '合同', c.number, c.ends, c.id FROM contract c WHERE \
  NOT EXISTS (SELECT 1 FROM contract n WHERE n.provider = c.provider AND n.ends > c.ends) \
  UNION ALL SELECT c.provider, CAST(NULL AS UUID), '', 'liability', c.insurer, c.policy_no, c.insured_to, c.id FROM \
  contract c WHERE NOT EXISTS (SELECT 1 FROM contract n WHERE n.provider = c.provider AND n.ends > c.ends)) x JOIN \
  provider p ON p.org = x.org AND p.active";

fn filter_of(scope: &Scope, filter: &PaperFilter) -> Filter {
    let mut f = Filter::from(PAPERS);
    only_visible(&mut f, scope);
    if let Some(w) = scope.worker_id() {
        f.and("x.worker = ?", w);
    }
    if let Some(day) = filter.from {
        f.and("x.ends >= ?", day);
    }
    if let Some(day) = filter.to {
        f.and("x.ends <= ?", day);
    }
    if let Some(org) = filter.org {
        f.and("x.org = ?", org);
    }
    if let Some(kind) = &filter.kind {
        f.and("x.kind = ?", kind.as_str());
    }
    if !filter.q.is_empty() {
        let l = like(&filter.q);
        f.clause(
            "(x.holder LIKE ? ESCAPE '\\' OR x.number LIKE ? ESCAPE '\\' OR p.name LIKE ? ESCAPE '\\')",
            vals![l.clone(), l.clone(), l],
        );
    }
    f
}

pub(crate) async fn paper_page<C: Sql>(
    on: &C,
    scope: &Scope,
    filter: &PaperFilter,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<PaperRow>> {
    let f = filter_of(scope, filter);
    on.page("x.org, p.name AS org_name, x.worker, x.holder, x.kind, x.name, x.number, x.ends", &f, order, ask).await
}

pub(crate) async fn paper_count<C: Sql>(on: &C, scope: &Scope, filter: &PaperFilter) -> Result<i64> {
    let f = filter_of(scope, filter);
    on.count_capped(&f.sql(), f.values).await
}
