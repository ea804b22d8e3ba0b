//! Lists, their towns and reviews.
use crate::model::{Act, Chain, ListState, Totals, TownReview, TownState};
use kernel::{
    Error, Fen, Instant, OrgId, OrgScope, PageAsk, Paged, PaymentListId, Quarter, RegionCode, Result, Scope, Tier,
    UserId,
};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, Tx, vals};

/// A list as its viewer may see it: a town sees the sums of its own lines.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ListRow {
    pub id: PaymentListId,
    pub no: String,
    pub round: i64,
    pub provider: OrgId,
    pub provider_name: String,
    pub county: RegionCode,
    pub quarter: Quarter,
    pub state: String,
    pub orders: i64,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub deducted: Fen,
    pub held_back: Fen,
    pub disputes: i64,
    pub snapshot_hash: String,
    pub made_at: Instant,
    pub county_by: Option<UserId>,
    pub paid_at: Option<Instant>,
    pub version: i64,
}

impl ListRow {
    pub(crate) fn state(&self) -> Result<ListState> {
        ListState::parse(&self.state)
            .ok_or_else(|| Error::Internal(format!("payment list {} has a wrong state", self.id)))
    }
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            orders: self.orders,
            fee: self.fee,
            gov: self.gov,
            own: self.own,
            deducted: self.deducted,
            held_back: self.held_back,
        }
    }
}

const HEAD: &str = "p.id, p.no, p.round, p.provider, p.provider_name, p.county, p.quarter, p.state, p.disputes, \
                    p.snapshot_hash, p.made_at, p.county_by, p.paid_at, p.version";

/// The town a scope is confined to; `None` for a county and above.
pub(crate) fn town_of(scope: &Scope) -> Option<RegionCode> {
    (scope.region.tier() > Tier::County).then(|| scope.region.at(Tier::Town))
}

/// `(columns, filter)` of all lists the scope may see.
pub(crate) fn visible(scope: &Scope) -> (String, Filter) {
    let (sums, mut f) = match town_of(scope) {
        Some(town) => {
            let mut f = Filter::from("payment_list p JOIN payment_list_town t ON t.list = p.id");
            f.and("t.town = ?", town);
            ("t", f)
        }
        None => {
            let mut f = Filter::from("payment_list p");
            f.region("p.county", scope);
            ("p", f)
        }
    };
    f.and("p.state <> ?", ListState::Making.code());
    match scope.org {
        OrgScope::Any => {}
        OrgScope::Org(o) => {
            f.and("p.provider = ?", o);
        }
        OrgScope::Worker(..) => {
            f.clause("1 = 0", vec![]);
        }
    }
    let cols = ["orders", "fee", "gov", "own", "deducted", "held_back"].map(|c| format!("{sums}.{c}")).join(", ");
    (format!("{HEAD}, {cols}"), f)
}

pub(crate) async fn list(db: &Db, scope: &Scope, id: PaymentListId) -> Result<Option<ListRow>> {
    let (cols, mut f) = visible(scope);
    f.and("p.id = ?", id);
    db.read().one(&format!("SELECT {cols} {}", f.sql()), f.values.clone()).await
}

/// What is asked of the archive of lists.
#[derive(Clone, Debug, Default)]
pub struct ListsAsk {
    pub quarter: Option<Quarter>,
    pub state: Option<ListState>,
    /// Part of the provider's name or of the list's number.
    pub q: String,
}

pub(crate) async fn lists(
    db: &Db,
    scope: &Scope,
    ask: &ListsAsk,
    page: PageAsk,
    order: &str,
) -> Result<Paged<ListRow>> {
    let (cols, mut f) = visible(scope);
    if let Some(q) = ask.quarter {
        f.and("p.quarter = ?", q);
    }
    if let Some(s) = ask.state {
        f.and("p.state = ?", s.code());
    }
    if !ask.q.is_empty() {
        let like = format!("%{}%", ask.q);
        f.clause("(p.provider_name LIKE ? OR p.no LIKE ?)", vals![like.clone(), like]);
    }
    db.read().page(&cols, &f, order, page).await
}

/// The list with its row locked, whole and whatever the scope: for a use case that has checked who acts.
pub(crate) async fn lock_list(tx: &Tx, scope: &Scope, id: PaymentListId) -> Result<Option<ListRow>> {
    let (_, mut f) = visible(scope);
    f.and("p.id = ?", id);
    if tx.scalar::<i64>(&format!("SELECT CAST(1 AS BIGINT) {}", f.sql()), f.values.clone()).await?.is_none() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {HEAD}, p.orders, p.fee, p.gov, p.own, p.deducted, p.held_back FROM payment_list p WHERE p.id = $1{}",
        tx.lock()
    );
    tx.one(&sql, vals![id]).await
}

/// A town's part of a list.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct TownRow {
    pub town: RegionCode,
    pub orders: i64,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub deducted: Fen,
    pub held_back: Fen,
    pub state: String,
    pub by_name: String,
    pub at: Option<Instant>,
    pub note: String,
}

impl TownRow {
    pub(crate) fn state(&self) -> Result<TownState> {
        TownState::parse(&self.state).ok_or_else(|| Error::Internal(format!("town {} has a wrong state", self.town)))
    }
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            orders: self.orders,
            fee: self.fee,
            gov: self.gov,
            own: self.own,
            deducted: self.deducted,
            held_back: self.held_back,
        }
    }
}

const TOWN: &str = "town, orders, fee, gov, own, deducted, held_back, state, by_name, at, note";

pub(crate) async fn towns<C: store::Sql>(conn: &C, list: PaymentListId) -> Result<Vec<TownRow>> {
    conn.all(&format!("SELECT {TOWN} FROM payment_list_town WHERE list = $1 ORDER BY town"), vals![list]).await
}

/// The chain of a locked list.
pub(crate) async fn chain(tx: &Tx, row: &ListRow) -> Result<Chain> {
    let towns = towns(tx, row.id)
        .await?
        .iter()
        .map(|t| Ok(TownReview { town: t.town, state: t.state()? }))
        .collect::<Result<Vec<_>>>()?;
    Ok(Chain { state: row.state()?, towns, county_by: row.county_by, open_disputes: row.disputes })
}

/// Stores where the chain stands after an act.
pub(crate) async fn set_chain(
    tx: &Tx,
    id: PaymentListId,
    next: &Chain,
    act: &Act,
    actor: &kernel::Actor,
    note: &str,
) -> Result<()> {
    tx.exec(
        "UPDATE payment_list SET state = $2, county_by = $3, version = version + 1,
           paid_at = CASE WHEN $2 = 'paid' THEN $4 ELSE paid_at END
         WHERE id = $1",
        vals![id, next.state.code(), next.county_by, tx.now()],
    )
    .await?;
    let touched: Vec<&TownReview> = match act {
        Act::TownApprove(town) => next.towns.iter().filter(|t| t.town == *town).collect(),
        Act::ReturnToTown(only) => next.towns.iter().filter(|t| only.is_none_or(|o| o == t.town)).collect(),
        Act::CountyApprove | Act::Pay | Act::ReturnToCounty => Vec::new(),
    };
    for t in touched {
        tx.exec(
            "UPDATE payment_list_town SET state = $3, by_user = $4, by_name = $5, at = $6, note = $7
             WHERE list = $1 AND town = $2",
            vals![id, t.town, t.state.code(), actor.user_id(), actor.label(), tx.now(), note],
        )
        .await?;
    }
    Ok(())
}

/// Adds a change of one line to the sums of its list and town, and to the number of open disputes.
pub(crate) async fn shift(tx: &Tx, id: PaymentListId, town: RegionCode, by: &Totals, disputes: i64) -> Result<()> {
    tx.exec(
        "UPDATE payment_list SET deducted = deducted + $2, held_back = held_back + $3, disputes = disputes + $4,
           version = version + 1 WHERE id = $1",
        vals![id, by.deducted, by.held_back, disputes],
    )
    .await?;
    tx.exec(
        "UPDATE payment_list_town SET deducted = deducted + $3, held_back = held_back + $4 WHERE list = $1 AND town = $2",
        vals![id, town, by.deducted, by.held_back],
    )
    .await
    .map(|_| ())
}

/// One entry of a list's history of reviews.
#[derive(Clone, Debug, FromQueryResult, serde::Serialize)]
pub struct Review {
    pub step: String,
    pub decision: String,
    pub town: Option<RegionCode>,
    pub by_name: String,
    pub at: Instant,
    pub reason: String,
    pub payable: Fen,
}

pub(crate) async fn insert_review(
    tx: &Tx,
    id: PaymentListId,
    act: &Act,
    actor: &kernel::Actor,
    reason: &str,
    payable: Fen,
) -> Result<()> {
    let town = match act {
        Act::TownApprove(t) => Some(*t),
        Act::ReturnToTown(t) => *t,
        Act::CountyApprove | Act::Pay | Act::ReturnToCounty => None,
    };
    // The list's row is locked: reviews are counted without gaps.
    let last: Option<i64> = tx.scalar("SELECT MAX(n) FROM payment_review WHERE list = $1", vals![id]).await?;
    tx.exec(
        "INSERT INTO payment_review (list, n, step, decision, town, by_user, by_name, at, reason, payable)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        vals![
            id,
            last.unwrap_or(0) + 1,
            act.step().code(),
            act.code(),
            town,
            actor.user_id(),
            actor.label(),
            tx.now(),
            reason,
            payable
        ],
    )
    .await
    .map(|_| ())
}

/// Newest first. A town sees what concerns it and what concerns all.
pub(crate) async fn reviews(db: &Db, id: PaymentListId, town: Option<RegionCode>) -> Result<Vec<Review>> {
    let mut f = Filter::from("payment_review");
    f.and("list = ?", id);
    if let Some(t) = town {
        f.and("(town IS NULL OR town = ?)", t);
    }
    let sql = format!("SELECT step, decision, town, by_name, at, reason, payable {} ORDER BY n DESC", f.sql());
    db.read().all(&sql, f.values.clone()).await
}
