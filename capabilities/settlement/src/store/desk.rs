//! Figures of the desk.
use super::lists::{ListRow, town_of, visible};
use crate::model::{ListState, Step, TownState};
use kernel::{Fen, Instant, ItemId, OrgId, PaymentListId, Quarter, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt};

/// Quarters that have lists, newest first.
pub(crate) async fn quarters(db: &Db, scope: &Scope) -> Result<Vec<Quarter>> {
    let (_, f) = visible(scope);
    db.read().column(&format!("SELECT DISTINCT p.quarter {} ORDER BY p.quarter DESC", f.sql()), f.values.clone()).await
}

/// A desk shows at most this many lists of one quarter; the list of lists shows all.
pub(crate) const DESK_LISTS: i64 = 200;

pub(crate) async fn of_quarter(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<ListRow>> {
    let (cols, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    let sql = format!("SELECT {cols} {} ORDER BY p.provider_name, p.round, p.no LIMIT {DESK_LISTS}", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

#[derive(Clone, Debug, Default, FromQueryResult)]
pub(crate) struct SumRow {
    pub lists: i64,
    pub orders: Option<i64>,
    pub fee: Option<Fen>,
    pub gov: Option<Fen>,
    pub own: Option<Fen>,
    pub deducted: Option<Fen>,
    pub held_back: Option<Fen>,
}

/// Sums over all lists of a quarter that the scope may see.
pub(crate) async fn sums(db: &Db, scope: &Scope, quarter: Quarter) -> Result<SumRow> {
    let (_, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    let from = if town_of(scope).is_some() { "t" } else { "p" };
    let sum = |c: &str| format!("CAST(SUM({from}.{c}) AS BIGINT) AS {c}");
    let cols = ["orders", "fee", "gov", "own", "deducted", "held_back"].map(sum).join(", ");
    Ok(db
        .read()
        .one(&format!("SELECT COUNT(*) AS lists, {cols} {}", f.sql()), f.values.clone())
        .await?
        .unwrap_or_default())
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ProviderSum {
    pub provider: OrgId,
    pub county: RegionCode,
    pub payable: Fen,
}

/// What each provider got from a quarter, by county.
pub(crate) async fn by_provider(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<ProviderSum>> {
    let (_, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    let from = if town_of(scope).is_some() { "t" } else { "p" };
    let sql = format!(
        "SELECT p.provider, p.county,
           CAST(SUM({from}.gov - {from}.deducted - {from}.held_back) AS BIGINT) AS payable {} GROUP BY p.provider, p.county",
        f.sql()
    );
    db.read().all(&sql, f.values.clone()).await
}

/// Who signed last at each step of a quarter.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct SignedRow {
    pub by_name: String,
    pub at: Instant,
    pub town: Option<RegionCode>,
}

pub(crate) async fn last_signed(db: &Db, scope: &Scope, quarter: Quarter, step: Step) -> Result<Option<SignedRow>> {
    let (_, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    let mut values = f.values.clone();
    let from = f.sql().replacen("FROM payment_list p", "FROM payment_list p JOIN payment_review r ON r.list = p.id", 1);
    let n = values.len();
    let mut more = format!(" AND r.step = ${} AND r.decision <> 'return'", n + 1);
    values.push(step.code().into());
    if let Some(town) = town_of(scope) {
        more.push_str(&format!(" AND (r.town IS NULL OR r.town = ${})", n + 2));
        values.push(town.into());
    }
    db.read()
        .one(&format!("SELECT r.by_name, r.at, r.town {from}{more} ORDER BY r.at DESC, r.n DESC LIMIT 1"), values)
        .await
}

/// Lists of a quarter that wait for a step of this viewer; for a town those where its own review is due.
pub(crate) async fn waiting(db: &Db, scope: &Scope, quarter: Option<Quarter>, step: Step) -> Result<Vec<ListRow>> {
    let (cols, mut f) = visible(scope);
    f.and("p.state = ?", step.state().code());
    if let Some(q) = quarter {
        f.and("p.quarter = ?", q);
    }
    if step == Step::Town && town_of(scope).is_some() {
        f.and("t.state <> ?", TownState::Approved.code());
    }
    let sql = format!("SELECT {cols} {} ORDER BY p.provider_name, p.round LIMIT {DESK_LISTS}", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

/// Whether a list of the region is being made right now.
pub(crate) async fn any_making(db: &Db, scope: &Scope, quarter: Quarter) -> Result<bool> {
    let mut f = Filter::from("payment_list p");
    f.region("p.county", scope).and("p.quarter = ?", quarter).and("p.state = ?", ListState::Making.code());
    Ok(db
        .read()
        .scalar::<i64>(&format!("SELECT CAST(1 AS BIGINT) {} LIMIT 1", f.sql()), f.values.clone())
        .await?
        .is_some())
}

/// Lines of one elder and service that stand apart for the same reason.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct OddRow {
    pub list: PaymentListId,
    pub provider_name: String,
    pub elder_name: String,
    pub item_name: String,
    pub reason: String,
    pub standing: String,
    pub lines: i64,
    pub amount: Fen,
    /// The first of them.
    pub seq: i64,
}

/// The largest groups of held back or disputed lines of a quarter.
pub(crate) async fn odd(db: &Db, scope: &Scope, quarter: Quarter, limit: i64) -> Result<Vec<OddRow>> {
    let (_, mut f) = visible(scope);
    f.and("p.quarter = ?", quarter);
    let from = f.sql();
    // The line join rides on the list's own filter.
    let from = from.replacen("FROM payment_list p", "FROM payment_list p JOIN payment_line l ON l.list = p.id", 1);
    let mut values = f.values.clone();
    let mut more = String::from(" AND l.standing IN ('held_back', 'disputed') AND l.live");
    if town_of(scope).is_some() {
        let (low, high) = scope.region_range();
        more.push_str(&format!(" AND l.region >= ${} AND l.region < ${}", values.len() + 1, values.len() + 2));
        values.push(low.into());
        values.push(high.into());
    }
    let sql = format!(
        "SELECT l.list, p.provider_name, l.elder_name, l.item_name, l.reason, l.standing, COUNT(*) AS lines,
           CAST(SUM(l.gov) AS BIGINT) AS amount, MIN(l.seq) AS seq {from}{more}
         GROUP BY l.list, p.provider_name, l.elder, l.elder_name, l.item_name, l.reason, l.standing
         ORDER BY CASE WHEN l.standing = 'disputed' THEN 0 ELSE 1 END, amount DESC, seq LIMIT {limit}"
    );
    db.read().all(&sql, values).await
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct StandingCount {
    pub standing: String,
    pub lines: i64,
}

/// How many lines of a quarter are not simply paid, by standing.
pub(crate) async fn standing_counts(db: &Db, scope: &Scope, lists: &[PaymentListId]) -> Result<Vec<StandingCount>> {
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let mut f = Filter::from("payment_line");
    let marks = vec!["?"; lists.len()].join(", ");
    f.clause(&format!("list IN ({marks})"), lists.iter().map(|l| store::Value::from(*l)).collect());
    f.clause("standing <> 'ok'", vec![]);
    if town_of(scope).is_some() {
        f.region("region", scope);
    }
    let sql = format!("SELECT standing, COUNT(*) AS lines {} GROUP BY standing", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

/// Towns of a quarter's lists: (approved, all).
pub(crate) async fn town_progress(db: &Db, scope: &Scope, quarter: Quarter) -> Result<(i64, i64)> {
    #[derive(FromQueryResult)]
    struct Progress {
        done: Option<i64>,
        of: i64,
    }
    let mut f = Filter::from("payment_list p JOIN payment_list_town t ON t.list = p.id");
    f.region(if town_of(scope).is_some() { "t.town" } else { "p.county" }, &confined(scope))
        .and("p.quarter = ?", quarter);
    f.and("p.state <> ?", ListState::Making.code());
    if let Some(o) = scope.org_id() {
        f.and("p.provider = ?", o);
    }
    let sql = format!(
        "SELECT CAST(SUM(CASE WHEN t.state = 'approved' THEN 1 ELSE 0 END) AS BIGINT) AS done, COUNT(*) AS of {}",
        f.sql()
    );
    let row: Option<Progress> = db.read().one(&sql, f.values.clone()).await?;
    Ok(row.map(|r| (r.done.unwrap_or(0), r.of)).unwrap_or((0, 0)))
}

/// A village's scope widened to its town: lists know towns.
fn confined(scope: &Scope) -> Scope {
    match town_of(scope) {
        Some(region) => Scope { region, org: scope.org },
        None => *scope,
    }
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct UseSums {
    pub households: i64,
    pub gov: Option<Fen>,
}

/// Households of `quarter` that took nothing in `other`, with what they took.
pub(crate) async fn only_in(db: &Db, scope: &Scope, quarter: Quarter, other: Quarter) -> Result<UseSums> {
    let mut f = Filter::from("payment_use u");
    f.region("u.town", &confined(scope)).and("u.quarter = ?", quarter);
    f.and("NOT EXISTS (SELECT 1 FROM payment_use x WHERE x.quarter = ? AND x.town = u.town AND x.household = u.household)", other);
    let sql = format!("SELECT COUNT(*) AS households, CAST(SUM(u.gov) AS BIGINT) AS gov {}", f.sql());
    Ok(db.read().one(&sql, f.values.clone()).await?.unwrap_or(UseSums { households: 0, gov: None }))
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ItemUse {
    pub item: ItemId,
    pub orders: i64,
    pub gov: Fen,
}

pub(crate) async fn item_use(db: &Db, scope: &Scope, quarter: Quarter) -> Result<Vec<ItemUse>> {
    let mut f = Filter::from("payment_item_use");
    f.region("town", &confined(scope)).and("quarter = ?", quarter);
    let sql = format!(
        "SELECT item, CAST(SUM(orders) AS BIGINT) AS orders, CAST(SUM(gov) AS BIGINT) AS gov {} GROUP BY item",
        f.sql()
    );
    db.read().all(&sql, f.values.clone()).await
}
