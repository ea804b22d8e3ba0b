//! Lists and sets of orders.
use super::{ORDER, OrderRow, orders};
use crate::model::{LAPSE_MINUTES, LATE_SOON_MINUTES, Order, State};
use kernel::{
    CivilDate, ElderId, Instant, OrderId, OrgId, PageAsk, Paged, Quarter, RegionCode, Result, Scope, Tier, WorkerId,
};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, vals};

/// Rows of a region by equality, so that the time index of that tier is used.
fn in_region(f: &mut Filter, region: &RegionCode) {
    region_by(f, region, |column| column.to_string());
}

/// `by` writes a column so that its index may be used, or not.
pub(super) fn region_by(f: &mut Filter, region: &RegionCode, by: fn(&str) -> String) {
    match region.tier() {
        Tier::Village => f.and(&format!("{} = ?", by("o.region")), *region),
        Tier::Town => f.and(&format!("{} = ?", by("o.town")), *region),
        Tier::County => f.and(&format!("{} = ?", by("o.county")), *region),
        tier @ (Tier::City | Tier::Province) => {
            f.and(&format!("substr(o.county, 1, {}) = ?", tier.digits()), region.prefix().to_string())
        }
    };
}

fn scoped_by(f: &mut Filter, scope: &Scope, by: fn(&str) -> String) {
    region_by(f, &scope.region, by);
    if let Some(org) = scope.org_id() {
        f.and(&format!("{} = ?", by("o.provider")), org);
    }
    if let Some(worker) = scope.worker_id() {
        f.and("o.worker = ?", worker);
    }
}

/// What waits, and what one elder ever had, are small sets with indexes of their own. SQLite, which counts no rows
/// beforehand, would rather walk through everything a county or a provider ever had: their columns are written so that
/// it cannot.
pub(super) fn hidden(column: &str) -> String {
    format!("COALESCE({column}, {column})")
}

/// Adds what a viewer may see: the region, for a provider its own orders, for a worker the visits assigned to them.
pub(crate) fn scoped(f: &mut Filter, scope: &Scope) {
    scoped_by(f, scope, |column| column.to_string());
}

/// A common view of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Visits of one day.
    Day(CivilDate),
    /// Waits for a provider's word.
    ToAccept,
    /// Accepted, nobody assigned yet.
    ToAssign,
    /// The start is near or past and nobody is there.
    Late(Instant),
    /// Served, and nobody has asked the elder yet.
    FollowUp,
    /// The visit was begun and should be over, and the elder has not confirmed: its money stays held.
    Unconfirmed(Instant),
    /// In dispute.
    Disputed,
}

impl View {
    /// The states of a view that goes by state; empty for one that goes by time alone.
    pub const fn states(self) -> &'static [State] {
        match self {
            View::Day(_) => &[],
            View::ToAccept => &[State::Created],
            View::ToAssign => &[State::Accepted],
            View::Late(_) => &[State::Created, State::Accepted, State::Assigned, State::OnTheWay],
            View::FollowUp => &[State::CheckedOut, State::Confirmed],
            View::Unconfirmed(_) => &[State::CheckedIn, State::CheckedOut],
            View::Disputed => &[State::Disputed],
        }
    }
}

/// What a list of orders asks for.
#[derive(Clone, Debug, Default)]
pub struct OrderAsk {
    pub view: Option<View>,
    pub state: Option<State>,
    pub category: Option<String>,
    pub provider: Option<OrgId>,
    pub worker: Option<WorkerId>,
    /// The ids of one elder: its own and those merged into it. Empty: any.
    pub elders: Vec<ElderId>,
    pub region: Option<RegionCode>,
    pub from: Option<CivilDate>,
    pub to: Option<CivilDate>,
    /// An order number (whole or its end) or the beginning of an elder's name.
    pub q: String,
}

/// Condition of the index `work_order_open`.
pub(super) const OPEN: &str =
    "o.state IN ('created', 'accepted', 'assigned', 'on_the_way', 'checked_in', 'checked_out')";
/// Condition of the index `work_order_after`.
const AFTER: &str = "o.state IN ('checked_out', 'confirmed', 'disputed')";

fn filter(scope: &Scope, ask: &OrderAsk) -> Filter {
    let mut f = Filter::from("work_order o");
    match ask.view {
        Some(view) if !view.states().is_empty() => scoped_by(&mut f, scope, hidden),
        _ if !ask.elders.is_empty() => scoped_by(&mut f, scope, hidden),
        _ => scoped(&mut f, scope),
    }
    match ask.view {
        Some(View::Day(day)) => {
            f.clause("o.starts_at >= ? AND o.starts_at < ?", vals![day.at(0, 0), day.plus_days(1).at(0, 0)]);
        }
        // Written out, not bound, and with the small index's own condition: SQLite takes a partial index only where the
        // statement repeats its condition word for word.
        Some(View::ToAccept) => {
            f.clause(OPEN, vec![]).clause("o.state = 'created'", vec![]);
        }
        Some(View::ToAssign) => {
            f.clause(OPEN, vec![]).clause("o.state = 'accepted'", vec![]);
        }
        Some(View::Late(now)) => {
            f.clause(OPEN, vec![]).clause("o.state IN ('created', 'accepted', 'assigned', 'on_the_way')", vec![]);
            f.and("o.starts_at < ?", now.plus_minutes(LATE_SOON_MINUTES));
        }
        Some(View::FollowUp) => {
            f.clause(AFTER, vec![]).clause("o.state IN ('checked_out', 'confirmed')", vec![]);
        }
        Some(View::Unconfirmed(now)) => {
            f.clause(OPEN, vec![]).clause("o.state IN ('checked_in', 'checked_out')", vec![]);
            f.and("o.ends_at < ?", now.plus_minutes(-LAPSE_MINUTES));
        }
        Some(View::Disputed) => {
            f.clause(AFTER, vec![]).clause("o.state = 'disputed'", vec![]);
        }
        None => {}
    }
    if let Some(s) = ask.state {
        f.and("o.state = ?", s.code());
    }
    if let Some(c) = &ask.category {
        f.and("o.category = ?", c.clone());
    }
    if let Some(p) = ask.provider {
        f.and("o.provider = ?", p);
    }
    if let Some(w) = ask.worker {
        f.and("o.worker = ?", w);
    }
    if !ask.elders.is_empty() {
        of_elders(&mut f, &ask.elders);
    }
    if let Some(r) = &ask.region {
        in_region(&mut f, r);
    }
    if let Some(d) = ask.from {
        f.and("o.starts_at >= ?", d.at(0, 0));
    }
    if let Some(d) = ask.to {
        f.and("o.starts_at < ?", d.plus_days(1).at(0, 0));
    }
    search(&mut f, ask.q.trim());
    f
}

fn of_elders(f: &mut Filter, elders: &[ElderId]) {
    let marks = vec!["?"; elders.len()].join(", ");
    f.clause(&format!("o.elder IN ({marks})"), elders.iter().map(|e| Value::from(*e)).collect());
}

fn search(f: &mut Filter, q: &str) {
    if q.is_empty() {
        return;
    }
    let upper = q.to_uppercase();
    if upper.starts_with("WO") {
        f.and("o.no = ?", upper);
    } else if q.bytes().all(|b| b.is_ascii_digit()) {
        f.and("o.no LIKE ?", format!("%-%{q}"));
    } else {
        let plain: String = q.chars().filter(|c| !matches!(c, '%' | '_')).collect();
        f.and("o.elder_name LIKE ?", format!("{plain}%"));
    }
}

pub(crate) async fn list(db: &Db, scope: &Scope, ask: &OrderAsk, order: &str, page: PageAsk) -> Result<Paged<Order>> {
    let found: Paged<OrderRow> = db.read().page(ORDER, &filter(scope, ask), order, page).await?;
    let Paged { rows, total, page, per_page } = found;
    Ok(Paged { rows: orders(rows)?, total, page, per_page })
}

/// How many match, exact up to [`Paged::COUNT_CAP`].
pub(crate) async fn count(db: &Db, scope: &Scope, ask: &OrderAsk) -> Result<i64> {
    let f = filter(scope, ask);
    db.read().count_capped(&f.sql(), f.values).await
}

/// All of a set that is small by nature (one worker's day, one provider's day, one elder's recent visits).
pub(crate) async fn all<C: Sql>(
    conn: &C,
    scope: &Scope,
    ask: &OrderAsk,
    order: &str,
    limit: i64,
) -> Result<Vec<Order>> {
    let f = filter(scope, ask);
    let sql = format!("SELECT {ORDER} {} ORDER BY {order} LIMIT {limit}", f.sql());
    orders(conn.all(&sql, f.values).await?)
}

/// Worker, start and end of every visit that takes time between two moments, for one provider.
#[derive(FromQueryResult)]
pub(crate) struct PlannedRow {
    pub(crate) worker: WorkerId,
    pub(crate) starts_at: Instant,
    pub(crate) ends_at: Instant,
    pub(crate) minutes: i64,
    pub(crate) lat_e6: Option<i64>,
    pub(crate) lng_e6: Option<i64>,
}

pub(crate) async fn planned(
    db: &Db,
    provider: OrgId,
    from: Instant,
    to: Instant,
    except: Option<OrderId>,
) -> Result<Vec<PlannedRow>> {
    let mut f = Filter::from("work_order o");
    f.and("o.provider = ?", provider).and("o.starts_at >= ?", from).and("o.starts_at < ?", to);
    f.clause(
        "o.worker IS NOT NULL AND o.state NOT IN ('created', 'accepted', 'cancelled', 'refused', 'no_show')",
        vec![],
    );
    if let Some(id) = except {
        f.and("o.id <> ?", id);
    }
    let sql = format!("SELECT o.worker, o.starts_at, o.ends_at, o.minutes, o.lat_e6, o.lng_e6 {}", f.sql());
    db.read().all(&sql, f.values).await
}

#[derive(FromQueryResult)]
pub(crate) struct KnownRow {
    pub(crate) worker: WorkerId,
    pub(crate) times: i64,
    pub(crate) rated: i64,
    pub(crate) stars: i64,
}

/// How often each worker has served an elder, and with what rating.
pub(crate) async fn known_workers(db: &Db, elder: ElderId) -> Result<Vec<KnownRow>> {
    db.read()
        .all(
            "SELECT worker, COUNT(*) AS times, CAST(SUM(CASE WHEN rating IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS rated, \
             CAST(SUM(COALESCE(rating, 0)) AS BIGINT) AS stars FROM work_order \
             WHERE elder = $1 AND worker IS NOT NULL AND checked_out_at IS NOT NULL GROUP BY worker",
            vals![elder],
        )
        .await
}

#[derive(FromQueryResult)]
pub(crate) struct SumRow {
    pub(crate) orders: i64,
    pub(crate) fee: Option<i64>,
    pub(crate) gov: Option<i64>,
    pub(crate) own: Option<i64>,
}

/// What one elder's served orders of a quarter cost.
pub(crate) async fn quarter_sum(db: &Db, scope: &Scope, elders: &[ElderId], quarter: Quarter) -> Result<SumRow> {
    let mut f = Filter::from("work_order o");
    of_elders(&mut f, elders);
    f.and("o.quarter = ?", quarter);
    f.clause("o.confirmed_at IS NOT NULL AND o.state <> 'cancelled'", vec![]);
    scoped_by(&mut f, scope, hidden);
    let sql = format!(
        "SELECT COUNT(*) AS orders, CAST(SUM(o.fee) AS BIGINT) AS fee, CAST(SUM(o.gov) AS BIGINT) AS gov, \
         CAST(SUM(o.own) AS BIGINT) AS own {}",
        f.sql()
    );
    Ok(db.read().one(&sql, f.values).await?.unwrap_or(SumRow { orders: 0, fee: None, gov: None, own: None }))
}

/// Orders served in or before the quarter by plan, to which nobody ever came, in id order and locked: their check-in
/// shut before `shut`.
pub(crate) async fn unserved(
    tx: &Tx,
    region: &RegionCode,
    quarter: Quarter,
    shut: Instant,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>> {
    let mut f = Filter::from("work_order o");
    f.clause(OPEN, vec![]).clause("o.state IN ('created', 'accepted', 'assigned', 'on_the_way')", vec![]);
    // Few orders are open: the small index serves this, not the region's.
    region_by(&mut f, region, hidden);
    f.and("o.quarter <= ?", quarter).and("o.ends_at < ?", shut);
    if let Some(id) = after {
        f.and("o.id > ?", id);
    }
    let sql = format!("SELECT {ORDER} {} ORDER BY o.id LIMIT {limit}{}", f.sql(), tx.lock());
    orders(tx.all(&sql, f.values).await?)
}

/// Orders of an elder whose visit has not begun.
pub(crate) async fn cancellable<C: Sql>(conn: &C, elder: ElderId, from: Instant) -> Result<Vec<OrderId>> {
    conn.column(
        "SELECT id FROM work_order WHERE elder = $1 AND starts_at >= $2 AND state IN ('created', 'accepted', 'assigned') ORDER BY starts_at",
        vals![elder, from],
    )
    .await
}

/// The name of a worker who has served the elder before.
pub(crate) async fn worker_name_at(db: &Db, elder: ElderId, worker: WorkerId) -> Result<Option<String>> {
    db.read()
        .scalar(
            "SELECT worker_name FROM work_order WHERE elder = $1 AND worker = $2 AND worker_name IS NOT NULL \
             ORDER BY starts_at DESC LIMIT 1",
            vals![elder, worker],
        )
        .await
}
