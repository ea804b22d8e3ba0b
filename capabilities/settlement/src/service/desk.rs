//! What one sees of a quarter: sums, providers, what stands apart, and why it differs from the quarter before.
use super::making::closed_quarter;
use super::read::{ListView, step_of};
use crate::model::{Cause, CauseKind, ListState, Standing, Step, Totals, share_of_price};
use crate::store as sql;
use kernel::{Fen, Instant, OrgScope, PaymentListId, Quarter, RegionCode, Result, Role, Scope};
use std::collections::HashMap;
use store::Db;

/// One list on the desk.
#[derive(Clone, Debug)]
pub struct DeskRow {
    pub list: ListView,
    /// What this provider got in this county from the quarter before, and from this one over all its lists. `None` on
    /// supplementary lists and where there was nothing before.
    pub change: Option<(Fen, Fen)>,
}

/// Lines of one elder and service that stand apart for one reason.
#[derive(Clone, Debug)]
pub struct OddGroup {
    pub list: PaymentListId,
    /// The first of them.
    pub seq: i64,
    pub provider_name: String,
    pub elder_name: String,
    pub item_name: String,
    pub reason: String,
    pub standing: Standing,
    pub lines: i64,
    pub amount: Fen,
}

/// How far a step has come over all lists of a quarter.
#[derive(Clone, Debug)]
pub struct StepProgress {
    pub step: Step,
    pub done: i64,
    pub of: i64,
    /// Who signed last, when, and for which town.
    pub last: Option<(String, Instant, Option<RegionCode>)>,
}

/// One quarter as its reader sees it.
#[derive(Clone, Debug)]
pub struct Desk {
    pub quarter: Quarter,
    /// Quarters to choose from, newest first.
    pub quarters: Vec<Quarter>,
    /// The step this reader reviews at.
    pub step: Option<Step>,
    pub totals: Totals,
    pub rows: Vec<DeskRow>,
    /// Lists that wait for this reader.
    pub waiting: Vec<ListView>,
    pub chain: Vec<StepProgress>,
    pub odd: Vec<OddGroup>,
    pub deducted_lines: i64,
    pub held_lines: i64,
    pub disputed_lines: i64,
    /// What the quarter before came to; `None` when it had no lists.
    pub before: Option<Fen>,
    /// They add up to the difference from the quarter before; empty where that is not asked or not known.
    pub causes: Vec<Cause>,
    /// Lists of the quarter are being made.
    pub making: bool,
}

/// Groups of held back and disputed lines shown on the desk.
const ODD_SHOWN: i64 = 5;

/// The desk of one quarter: the one asked for, or the newest with lists, or the last that is over.
pub async fn desk(db: &Db, scope: &Scope, role: Role, asked: Option<Quarter>) -> Result<Desk> {
    let quarters = sql::quarters(db, scope).await?;
    let over = closed_quarter(db.now().date());
    // Whoever makes the lists starts at the quarter that has none yet.
    let newest = quarters.first().copied().unwrap_or(over);
    let quarter = asked.unwrap_or(newest);
    let step = step_of(role);
    let previous = quarter.previous();
    let rows = sql::of_quarter(db, scope, quarter).await?;
    let rows = rows.into_iter().map(|r| ListView::of(r, scope)).collect::<Result<Vec<_>>>()?;
    let ids: Vec<PaymentListId> = rows.iter().map(|r| r.id).collect();
    let (mut deducted_lines, mut held_lines, mut disputed_lines) = (0, 0, 0);
    for c in sql::standing_counts(db, scope, &ids).await? {
        match Standing::parse(&c.standing) {
            Some(Standing::Deducted) => deducted_lines = c.lines,
            Some(Standing::HeldBack) => held_lines = c.lines,
            Some(Standing::Disputed) => disputed_lines = c.lines,
            _ => {}
        }
    }
    let waiting = match step {
        Some(s) => sql::waiting(db, scope, Some(quarter), s).await?,
        None => Vec::new(),
    };
    let now = sql::sums(db, scope, quarter).await?;
    let then = sql::sums(db, scope, previous).await?;
    let before = (then.lists > 0).then(|| totals(&then).payable());
    let causes = if scope.org == OrgScope::Any && then.lists > 0 && now.lists > 0 {
        causes(db, scope, quarter, &totals(&now), &totals(&then)).await?
    } else {
        Vec::new()
    };
    Ok(Desk {
        quarter,
        quarters,
        step,
        totals: totals(&now),
        waiting: waiting.into_iter().map(|r| ListView::of(r, scope)).collect::<Result<Vec<_>>>()?,
        chain: chain(db, scope, quarter, &rows).await?,
        odd: odd(db, scope, quarter).await?,
        deducted_lines,
        held_lines,
        disputed_lines,
        before,
        causes,
        making: sql::any_making(db, scope, quarter).await?,
        rows: compared(db, scope, quarter, rows).await?,
    })
}

/// Lists that wait for a role's step, in all quarters: for the badge and the home page.
pub async fn to_do(db: &Db, scope: &Scope, role: Role) -> Result<i64> {
    match step_of(role) {
        Some(step) => Ok(sql::waiting(db, scope, None, step).await?.len() as i64),
        None => Ok(0),
    }
}

fn totals(r: &sql::SumRow) -> Totals {
    Totals {
        orders: r.orders.unwrap_or_default(),
        fee: r.fee.unwrap_or_default(),
        gov: r.gov.unwrap_or_default(),
        own: r.own.unwrap_or_default(),
        deducted: r.deducted.unwrap_or_default(),
        held_back: r.held_back.unwrap_or_default(),
    }
}

async fn compared(db: &Db, scope: &Scope, quarter: Quarter, lists: Vec<ListView>) -> Result<Vec<DeskRow>> {
    type Key = (kernel::OrgId, RegionCode);
    let map = |rows: Vec<sql::ProviderSum>| -> HashMap<Key, Fen> {
        rows.into_iter().map(|r| ((r.provider, r.county), r.payable)).collect()
    };
    let now = map(sql::by_provider(db, scope, quarter).await?);
    let then = map(sql::by_provider(db, scope, quarter.previous()).await?);
    Ok(lists
        .into_iter()
        .map(|list| {
            let key = (list.provider, list.county);
            let change = match (then.get(&key), now.get(&key)) {
                (Some(then), Some(now)) if !list.supplement => Some((*then, *now)),
                _ => None,
            };
            DeskRow { list, change }
        })
        .collect())
}

async fn chain(db: &Db, scope: &Scope, quarter: Quarter, lists: &[ListView]) -> Result<Vec<StepProgress>> {
    let (towns_done, towns) = sql::town_progress(db, scope, quarter).await?;
    let of = lists.len() as i64;
    let past_county = lists.iter().filter(|l| matches!(l.state, ListState::Finance | ListState::Paid)).count() as i64;
    let paid = lists.iter().filter(|l| l.state == ListState::Paid).count() as i64;
    let mut out = Vec::with_capacity(Step::ALL.len());
    for (step, done, of) in
        [(Step::Town, towns_done, towns), (Step::County, past_county, of), (Step::Finance, paid, of)]
    {
        let last = sql::last_signed(db, scope, quarter, step).await?.map(|r| (r.by_name, r.at, r.town));
        out.push(StepProgress { step, done, of, last });
    }
    Ok(out)
}

async fn odd(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<OddGroup>> {
    Ok(sql::odd(db, scope, quarter, ODD_SHOWN)
        .await?
        .into_iter()
        .map(|r| OddGroup {
            list: r.list,
            seq: r.seq,
            provider_name: r.provider_name,
            elder_name: r.elder_name,
            item_name: r.item_name,
            reason: r.reason,
            standing: Standing::parse(&r.standing).unwrap_or(Standing::HeldBack),
            lines: r.lines,
            amount: r.amount,
        })
        .collect())
}

/// Splits the difference of two quarters; what new and gone households, prices and review do not explain is the number
/// of visits. The amounts add up to the difference exactly.
async fn causes(db: &Db, scope: &Scope, quarter: Quarter, now: &Totals, then: &Totals) -> Result<Vec<Cause>> {
    let previous = quarter.previous();
    let new = sql::only_in(db, scope, quarter, previous).await?;
    let gone = sql::only_in(db, scope, previous, quarter).await?;
    let earlier: HashMap<_, _> = sql::item_use(db, scope, previous).await?.into_iter().map(|i| (i.item, i)).collect();
    let (mut prices, mut repriced) = (Fen::ZERO, 0);
    for i in sql::item_use(db, scope, quarter).await? {
        let at_old = earlier.get(&i.item).and_then(|e| share_of_price(i.orders, e.gov, e.orders));
        if let Some(old) = at_old.filter(|old| *old != i.gov) {
            prices += i.gov - old;
            repriced += i.orders;
        }
    }
    let review = (then.deducted + then.held_back) - (now.deducted + now.held_back);
    let new_amount = new.gov.unwrap_or_default();
    let gone_amount = -gone.gov.unwrap_or_default();
    let rest = (now.payable() - then.payable()) - new_amount - gone_amount - prices - review;
    let all = [
        Cause { kind: CauseKind::NewHouseholds, amount: new_amount, units: new.households },
        Cause { kind: CauseKind::GoneHouseholds, amount: gone_amount, units: gone.households },
        Cause { kind: CauseKind::Prices, amount: prices, units: repriced },
        Cause { kind: CauseKind::Orders, amount: rest, units: now.orders - then.orders },
        Cause { kind: CauseKind::Review, amount: review, units: 0 },
    ];
    Ok(all.into_iter().filter(|c| !c.amount.is_zero()).collect())
}
