//! Reading lists and lines, always within a scope.
use super::{no_line, no_list};
use crate::model::{LineFacts, LineState, ListState, Standing, Step, Totals, TownState};
use crate::store::{self as sql, LineAsk, LineEvent, LineRow, ListRow, ListsAsk, Review};
use kernel::{Fen, Instant, OrgId, PageAsk, Paged, PaymentListId, Quarter, RegionCode, Result, Scope, UserId};
use serde::Serialize;
use std::ops::Deref;
use store::Db;

/// A payment list with the sums its reader may see: a town sees those of its own lines.
#[derive(Clone, Debug, Serialize)]
pub struct ListView {
    pub id: PaymentListId,
    pub no: String,
    /// Late orders of a quarter that had its list already.
    pub supplement: bool,
    pub provider: OrgId,
    pub provider_name: String,
    pub county: RegionCode,
    pub quarter: Quarter,
    pub state: ListState,
    pub totals: Totals,
    /// `gov − deducted − held_back`.
    pub payable: Fen,
    /// Disputes nobody has answered.
    pub disputes: i64,
    /// SHA-256 over all lines as they were copied.
    pub snapshot_hash: String,
    pub made_at: Instant,
    #[serde(skip)]
    pub county_by: Option<UserId>,
    pub paid_at: Option<Instant>,
    pub version: i64,
    /// The sums are those of one town.
    pub town: Option<RegionCode>,
}

impl ListView {
    pub(super) fn of(row: ListRow, scope: &Scope) -> Result<ListView> {
        let totals = row.totals();
        Ok(ListView {
            state: row.state()?,
            payable: totals.payable(),
            totals,
            id: row.id,
            no: row.no,
            supplement: row.round > 1,
            provider: row.provider,
            provider_name: row.provider_name,
            county: row.county,
            quarter: row.quarter,
            disputes: row.disputes,
            snapshot_hash: row.snapshot_hash,
            made_at: row.made_at,
            county_by: row.county_by,
            paid_at: row.paid_at,
            version: row.version,
            town: sql::town_of(scope),
        })
    }
    /// 2026 年第 3 季度补充清单
    pub fn title(&self) -> String {
        format!("{}{}", self.quarter.zh(), if self.supplement { "补充清单" } else { "结算清单" })
    }
}

/// One list.
///
/// # Errors
/// `NotFound` outside the scope and while the list is being made.
pub async fn list(db: &Db, scope: &Scope, id: PaymentListId) -> Result<ListView> {
    ListView::of(sql::list(db, scope, id).await?.ok_or_else(no_list)?, scope)
}

/// The archive of lists.
pub async fn lists(db: &Db, scope: &Scope, ask: &ListsAsk, page: PageAsk, order: &str) -> Result<Paged<ListView>> {
    let found = sql::lists(db, scope, ask, page, order).await?;
    let rows = found.rows.into_iter().map(|r| ListView::of(r, scope)).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total: found.total, page: found.page, per_page: found.per_page })
}

/// A town's part of a list.
#[derive(Clone, Debug, Serialize)]
pub struct TownView {
    pub town: RegionCode,
    pub state: TownState,
    pub totals: Totals,
    pub payable: Fen,
    pub by_name: String,
    pub at: Option<Instant>,
    pub note: String,
}

/// The towns of a list; a town sees itself only.
pub async fn towns(db: &Db, scope: &Scope, id: PaymentListId) -> Result<Vec<TownView>> {
    list(db, scope, id).await?;
    let only = sql::town_of(scope);
    sql::towns(db.read(), id)
        .await?
        .into_iter()
        .filter(|t| only.is_none_or(|o| o == t.town))
        .map(|t| {
            let totals = t.totals();
            Ok(TownView {
                state: t.state()?,
                payable: totals.payable(),
                totals,
                town: t.town,
                by_name: t.by_name,
                at: t.at,
                note: t.note,
            })
        })
        .collect()
}

/// What reviewers decided about a list, newest first.
pub async fn reviews(db: &Db, scope: &Scope, id: PaymentListId) -> Result<Vec<Review>> {
    list(db, scope, id).await?;
    sql::reviews(db, id, sql::town_of(scope)).await
}

/// A line with everything that was copied and what review made of it.
#[derive(Clone, Debug, Serialize)]
pub struct LineView {
    pub list: PaymentListId,
    #[serde(flatten)]
    pub facts: LineFacts,
    pub standing: Standing,
    pub standing_before: Option<Standing>,
    pub deducted: Fen,
    /// Public part that is paid with this list.
    pub payable: Fen,
    pub reason: String,
    /// `false` when the county cleared it after the list was decided: its order goes into a later list.
    pub live: bool,
}

impl Deref for LineView {
    type Target = LineFacts;
    fn deref(&self) -> &LineFacts {
        &self.facts
    }
}

impl LineView {
    pub(super) fn of(r: LineRow) -> Result<LineView> {
        let state = r.state()?;
        let totals = Totals::of(&r.money()?);
        Ok(LineView {
            standing: state.standing,
            standing_before: state.before,
            payable: totals.payable(),
            list: r.list,
            facts: r.facts,
            deducted: r.deducted,
            reason: r.reason,
            live: r.live,
        })
    }
    pub fn state(&self) -> LineState {
        LineState { standing: self.standing, before: self.standing_before, deducted: self.deducted }
    }
    /// What a form about this line carries to notice that someone else was faster.
    pub fn seen(&self) -> String {
        format!("{}:{}", self.standing.code(), self.deducted.0)
    }
}

/// A page of a list's lines.
pub async fn lines(
    db: &Db,
    scope: &Scope,
    id: PaymentListId,
    ask: &LineAsk,
    page: PageAsk,
    order: &str,
) -> Result<Paged<LineView>> {
    list(db, scope, id).await?;
    let found = sql::line_page(db, scope, id, ask, page, order).await?;
    let rows = found.rows.into_iter().map(LineView::of).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total: found.total, page: found.page, per_page: found.per_page })
}

/// All lines of a list in their order, up to the size of an export: for paper and Excel.
pub async fn whole(db: &Db, scope: &Scope, id: PaymentListId) -> Result<Vec<LineView>> {
    let page = PageAsk { page: 1, rows: PageAsk::EXPORT_ROWS };
    Ok(lines(db, scope, id, &LineAsk::default(), page, "seq").await?.rows)
}

/// One line.
pub async fn line(db: &Db, scope: &Scope, id: PaymentListId, seq: i64) -> Result<LineView> {
    list(db, scope, id).await?;
    LineView::of(sql::line(db, scope, id, seq).await?.ok_or_else(no_line)?)
}

/// What was done about a line, newest first.
pub async fn line_events(db: &Db, scope: &Scope, id: PaymentListId, seq: i64) -> Result<Vec<LineEvent>> {
    line(db, scope, id, seq).await?;
    sql::line_events(db, id, seq).await
}

/// The step a role reviews at.
pub fn step_of(role: kernel::Role) -> Option<Step> {
    match role {
        kernel::Role::TownStaff => Some(Step::Town),
        kernel::Role::CountyStaff => Some(Step::County),
        kernel::Role::Finance => Some(Step::Finance),
        _ => None,
    }
}
