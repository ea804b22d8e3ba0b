//! Making lists: batches of lines, and the finishing of a list.
use super::lines::LineRow;
use crate::model::{LineFacts, LineState, ListState, TownState};
use kernel::{CivilDate, Instant, OrderId, OrgId, PaymentListId, Quarter, RegionCode, Result, Scope, WorkerId};
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, SqlExt, Tx, Value, insert_many, vals};

/// A list whose lines are still being copied.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct MakingRow {
    pub id: PaymentListId,
    pub no: String,
    pub provider: OrgId,
    pub provider_name: String,
    pub county: RegionCode,
    pub quarter: Quarter,
    pub round: i64,
    pub orders: i64,
    pub snapshot_hash: String,
}

const MAKING: &str = "id, no, provider, provider_name, county, quarter, round, orders, snapshot_hash";

/// Only one settlement works at a time, also on PostgreSQL: the lock row is held until the transaction ends.
pub(crate) async fn lock_settlement(tx: &Tx) -> Result<()> {
    tx.scalar::<i64>(&format!("SELECT id FROM settlement_lock WHERE id = 1{}", tx.lock()), vec![]).await.map(|_| ())
}

/// The lists of `quarter` that are being made, inside the scope.
pub(crate) async fn making<C: store::Sql>(conn: &C, scope: &Scope, quarter: Quarter) -> Result<Vec<MakingRow>> {
    let mut f = Filter::from("payment_list");
    f.region("county", scope).and("quarter = ?", quarter).and("state = ?", ListState::Making.code());
    conn.all(&format!("SELECT {MAKING} {} ORDER BY no", f.sql()), f.values.clone()).await
}

pub(crate) async fn making_of(
    tx: &Tx,
    provider: OrgId,
    county: RegionCode,
    quarter: Quarter,
) -> Result<Option<MakingRow>> {
    let sql = format!(
        "SELECT {MAKING} FROM payment_list WHERE provider = $1 AND county = $2 AND quarter = $3 AND state = $4"
    );
    tx.one(&sql, vals![provider, county, quarter, ListState::Making.code()]).await
}

/// (number within county and quarter, round of this provider) of the next list.
pub(crate) async fn next_numbers(tx: &Tx, provider: OrgId, county: RegionCode, quarter: Quarter) -> Result<(i64, i64)> {
    let n = tx
        .scalar::<i64>("SELECT MAX(n) FROM payment_list WHERE county = $1 AND quarter = $2", vals![county, quarter])
        .await?
        .unwrap_or(0);
    let round = tx
        .scalar::<i64>(
            "SELECT MAX(round) FROM payment_list WHERE provider = $1 AND county = $2 AND quarter = $3",
            vals![provider, county, quarter],
        )
        .await?
        .unwrap_or(0);
    Ok((n + 1, round + 1))
}

pub(crate) async fn insert_list(tx: &Tx, l: &MakingRow, n: i64) -> Result<()> {
    tx.exec(
        "INSERT INTO payment_list (id, no, n, round, provider, provider_name, county, quarter, state, orders, fee, gov,
           own, deducted, held_back, disputes, snapshot_hash, made_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, 0, 0, 0, 0, $10, $11, 1)",
        vals![
            l.id,
            l.no.clone(),
            n,
            l.round,
            l.provider,
            l.provider_name.clone(),
            l.county,
            l.quarter,
            ListState::Making.code(),
            l.snapshot_hash.clone(),
            tx.now()
        ],
    )
    .await
    .map(|_| ())
}

const LINE_COLUMNS: &[&str] = &[
    "list",
    "seq",
    "order_id",
    "order_no",
    "town",
    "region",
    "elder",
    "elder_name",
    "household",
    "item",
    "item_name",
    "quantity",
    "served_on",
    "minutes",
    "price",
    "fee",
    "gov",
    "own",
    "pack",
    "article",
    "purse_account",
    "worker",
    "worker_name",
    "checked_in_at",
    "checked_out_at",
    "confirm_how",
    "rating",
    "standing",
    "standing_before",
    "deducted",
    "reason",
    "live",
];

pub(crate) struct NewLine {
    pub list: PaymentListId,
    pub facts: LineFacts,
    pub state: LineState,
    pub reason: String,
}

fn line_values(l: NewLine) -> Vec<Value> {
    let f = l.facts;
    vals![
        l.list,
        f.seq,
        f.order,
        f.order_no,
        f.town,
        f.region,
        f.elder,
        f.elder_name,
        f.household,
        f.item,
        f.item_name,
        f.quantity,
        f.served_on,
        f.minutes,
        f.price,
        f.fee,
        f.gov,
        f.own,
        f.pack,
        f.article,
        f.purse_account,
        f.worker,
        f.worker_name,
        f.checked_in_at,
        f.checked_out_at,
        f.confirm_how,
        f.rating,
        l.state.standing.code(),
        l.state.before.map(|b| b.code()),
        l.state.deducted,
        l.reason,
        true
    ]
}

pub(crate) async fn insert_lines(tx: &Tx, lines: Vec<NewLine>) -> Result<()> {
    insert_many(tx, "payment_line", LINE_COLUMNS, lines.into_iter().map(line_values).collect(), "").await.map(|_| ())
}

/// Carries a list's count and seal on after a batch.
pub(crate) async fn carry_on(tx: &Tx, list: PaymentListId, orders: i64, seal: &str) -> Result<()> {
    tx.exec("UPDATE payment_list SET orders = $2, snapshot_hash = $3 WHERE id = $1", vals![list, orders, seal])
        .await
        .map(|_| ())
}

/// Which of these orders the county has cleared before.
pub(crate) async fn cleared(tx: &Tx, orders: &[OrderId]) -> Result<Vec<OrderId>> {
    if tx.scalar::<i64>("SELECT CAST(1 AS BIGINT) FROM payment_clearance LIMIT 1", vec![]).await?.is_none() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for part in orders.chunks(500) {
        let marks: Vec<String> = (1..=part.len()).map(|i| format!("${i}")).collect();
        let sql = format!("SELECT order_id FROM payment_clearance WHERE order_id IN ({})", marks.join(", "));
        out.extend(tx.column::<OrderId>(&sql, part.iter().map(|o| Value::from(*o)).collect()).await?);
    }
    Ok(out)
}

/// A stay of a worker at a home, for the search of overlaps.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct StayRow {
    pub list: PaymentListId,
    pub seq: i64,
    pub order_no: String,
    pub worker: WorkerId,
    pub checked_in_at: Instant,
    pub checked_out_at: Instant,
}

#[derive(FromQueryResult)]
struct Span {
    first: Option<CivilDate>,
    last: Option<CivilDate>,
}

/// Stays of those of a provider's workers who were in two homes at once on the days `lists` (the provider's lists that
/// are being made) cover, older lists included; nearly always none. The database looks for them, so that a million
/// stays need not come here.
pub(crate) async fn doubtful_stays(tx: &Tx, provider: OrgId, lists: &[PaymentListId]) -> Result<Vec<StayRow>> {
    let mut f = Filter::from("payment_line");
    let marks = vec!["?"; lists.len()].join(", ");
    f.clause(&format!("list IN ({marks})"), lists.iter().map(|l| Value::from(*l)).collect());
    let sql = format!("SELECT MIN(served_on) AS first, MAX(served_on) AS last {}", f.sql());
    let span: Option<Span> = tx.one(&sql, f.values).await?;
    let Some((first, last)) = span.and_then(|s| s.first.zip(s.last)) else { return Ok(Vec::new()) };
    // What was served on a day stands in a list of that day's quarter or of a later one.
    const STAYS: &str = "FROM payment_list p JOIN payment_line l ON l.list = p.id
       WHERE p.provider = $1 AND p.quarter >= $2 AND l.live AND l.served_on >= $3 AND l.served_on <= $4
         AND l.checked_in_at IS NOT NULL AND l.checked_out_at IS NOT NULL";
    let sql = format!(
        "SELECT DISTINCT worker FROM (
           SELECT l.worker AS worker, l.checked_in_at AS since,
             MAX(l.checked_out_at) OVER (PARTITION BY l.worker ORDER BY l.checked_in_at, l.order_no
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
           {STAYS} AND l.worker IS NOT NULL) stay
         WHERE since < before"
    );
    let workers: Vec<WorkerId> = tx.column(&sql, vals![provider, first.quarter(), first, last]).await?;
    let mut out = Vec::new();
    for worker in workers {
        let sql = format!(
            "SELECT l.list, l.seq, l.order_no, l.worker, l.checked_in_at, l.checked_out_at {STAYS} AND l.worker = $5
             ORDER BY l.checked_in_at, l.order_no"
        );
        out.extend(tx.all::<StayRow>(&sql, vals![provider, first.quarter(), first, last, worker]).await?);
    }
    Ok(out)
}

/// Holds a line back for a reason found late, unless the county has cleared its order.
pub(crate) async fn hold_back_unless_cleared(tx: &Tx, list: PaymentListId, seq: i64, reason: &str) -> Result<()> {
    tx.exec(
        "UPDATE payment_line SET standing = 'held_back',
           reason = CASE WHEN reason = '' THEN $3 ELSE reason || '；' || $3 END
         WHERE list = $1 AND seq = $2
           AND NOT EXISTS (SELECT 1 FROM payment_clearance c WHERE c.order_id = payment_line.order_id)",
        vals![list, seq, reason],
    )
    .await
    .map(|_| ())
}

/// Counts the totals of a finished list and of its towns from its lines, and opens it for review.
pub(crate) async fn finish(tx: &Tx, list: PaymentListId) -> Result<()> {
    tx.exec(
        "INSERT INTO payment_list_town (list, town, orders, fee, gov, own, deducted, held_back, state, by_name, note)
         SELECT list, town, COUNT(*), CAST(SUM(fee) AS BIGINT), CAST(SUM(gov) AS BIGINT), CAST(SUM(own) AS BIGINT), 0,
           CAST(SUM(CASE WHEN standing = 'held_back' THEN gov ELSE 0 END) AS BIGINT), $2, '', ''
         FROM payment_line WHERE list = $1 GROUP BY list, town",
        vals![list, TownState::Waiting.code()],
    )
    .await?;
    tx.exec(
        "UPDATE payment_list SET state = $2, version = version + 1,
           fee = (SELECT CAST(SUM(fee) AS BIGINT) FROM payment_list_town WHERE list = $1),
           gov = (SELECT CAST(SUM(gov) AS BIGINT) FROM payment_list_town WHERE list = $1),
           own = (SELECT CAST(SUM(own) AS BIGINT) FROM payment_list_town WHERE list = $1),
           held_back = (SELECT CAST(SUM(held_back) AS BIGINT) FROM payment_list_town WHERE list = $1)
         WHERE id = $1",
        vals![list, ListState::Town.code()],
    )
    .await?;
    // What each household and each item took in the quarter: the desk compares quarters by these.
    tx.exec(
        "INSERT INTO payment_use (quarter, town, household, orders, gov)
         SELECT p.quarter, l.town, l.household, COUNT(*), CAST(SUM(l.gov) AS BIGINT)
         FROM payment_line l JOIN payment_list p ON p.id = l.list WHERE l.list = $1
         GROUP BY p.quarter, l.town, l.household
         ON CONFLICT (quarter, town, household) DO UPDATE
           SET orders = payment_use.orders + excluded.orders, gov = payment_use.gov + excluded.gov",
        vals![list],
    )
    .await?;
    tx.exec(
        "INSERT INTO payment_item_use (quarter, town, item, orders, gov)
         SELECT p.quarter, l.town, l.item, COUNT(*), CAST(SUM(l.gov) AS BIGINT)
         FROM payment_line l JOIN payment_list p ON p.id = l.list WHERE l.list = $1
         GROUP BY p.quarter, l.town, l.item
         ON CONFLICT (quarter, town, item) DO UPDATE
           SET orders = payment_item_use.orders + excluded.orders, gov = payment_item_use.gov + excluded.gov",
        vals![list],
    )
    .await
    .map(|_| ())
}

/// Lines of a list from `after` on, in their order: for counting and checking the seal.
pub(crate) async fn lines_after<C: store::Sql>(
    conn: &C,
    list: PaymentListId,
    after: i64,
    limit: i64,
) -> Result<Vec<LineRow>> {
    conn.all("SELECT * FROM payment_line WHERE list = $1 AND seq > $2 ORDER BY seq LIMIT $3", vals![list, after, limit])
        .await
}
