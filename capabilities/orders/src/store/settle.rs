//! What settlement reads of finished orders, and how it moves whole sets of them.
use super::lists::{hidden, region_by};
use super::rows::known;
use crate::model::{ConfirmHow, Finished};
use kernel::{
    AccountId, Actor, ElderId, Fen, HouseholdId, Instant, ItemId, OrderId, OrgId, PaymentListId, Quarter, RegionCode,
    Result, WorkerId,
};
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, Value, vals};

#[derive(FromQueryResult)]
struct FinishedRow {
    id: OrderId,
    no: String,
    version: i64,
    elder: ElderId,
    elder_name: String,
    household: HouseholdId,
    region: RegionCode,
    item: ItemId,
    item_name: String,
    provider: OrgId,
    provider_name: String,
    worker: Option<WorkerId>,
    worker_name: Option<String>,
    starts_at: Instant,
    quantity: i64,
    price: Fen,
    fee: Fen,
    gov: Fen,
    own: Fen,
    purse_account: Option<AccountId>,
    pack_id: Option<String>,
    article: String,
    checked_in_at: Option<Instant>,
    checked_out_at: Option<Instant>,
    confirm_how: Option<String>,
    rating: Option<i64>,
}

const FINISHED: &str = "o.id, o.no, o.version, o.elder, o.elder_name, o.household, o.region, o.item, o.item_name, \
  o.provider, o.provider_name, o.worker, o.worker_name, o.starts_at, o.quantity, o.price, o.fee, o.gov, o.own, \
  o.purse_account, o.pack_id, o.article, o.checked_in_at, o.checked_out_at, o.confirm_how, o.rating";

impl FinishedRow {
    fn finished(self) -> Result<Finished> {
        Ok(Finished {
            confirm_how: match &self.confirm_how {
                None => None,
                Some(t) => Some(known("confirm_how", t, ConfirmHow::parse(t))?),
            },
            id: self.id,
            no: self.no,
            version: self.version,
            elder: self.elder,
            elder_name: self.elder_name,
            household: self.household,
            region: self.region,
            item: self.item,
            item_name: self.item_name,
            provider: self.provider,
            provider_name: self.provider_name,
            worker: self.worker,
            worker_name: self.worker_name,
            starts_at: self.starts_at,
            quantity: self.quantity,
            price: self.price,
            fee: self.fee,
            gov: self.gov,
            own: self.own,
            purse_account: self.purse_account,
            pack_id: self.pack_id,
            article: self.article,
            checked_in_at: self.checked_in_at,
            checked_out_at: self.checked_out_at,
            rating: self.rating,
        })
    }
}

/// Confirmed orders that stand in no payment list, served in or before the quarter, in id order.
pub(crate) async fn settleable<C: Sql>(
    conn: &C,
    region: &RegionCode,
    quarter: Quarter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Finished>> {
    let mut f = Filter::from("work_order o");
    f.clause("o.payment_list IS NULL AND o.state IN ('confirmed', 'rated')", vec![]);
    f.and("o.quarter <= ?", quarter);
    // The walk is in id order over the orders that are due; another index would sort all of them for every batch.
    region_by(&mut f, region, hidden);
    if let Some(id) = after {
        f.and("o.id > ?", id);
    }
    let sql = format!("SELECT {FINISHED} {} ORDER BY o.id LIMIT {limit}", f.sql());
    let rows: Vec<FinishedRow> = conn.all(&sql, f.values).await?;
    rows.into_iter().map(FinishedRow::finished).collect()
}

/// Moves a whole set one step on, with an event each, in two statements: settlement moves a million orders at once.
/// `to_state` is an SQL expression of a state. Returns how many moved.
pub(crate) struct SetStep<'a> {
    pub(crate) step: &'a str,
    pub(crate) to_state: &'a str,
    pub(crate) list: Option<PaymentListId>,
    pub(crate) data: serde_json::Value,
}

pub(crate) async fn move_set(tx: &Tx, actor: &Actor, set: &SetStep<'_>, which: &Filter) -> Result<u64> {
    // The event is written first, from the rows as they stand, and counts the version they will have.
    let n = which.values.len();
    let p = |i: usize| format!("${}", n + i);
    let sql = format!(
        "INSERT INTO work_order_event (work_order, seq, at, step, state, actor_user, actor, role, data) \
         SELECT o.id, o.version + 1, CAST({} AS BIGINT), CAST({} AS TEXT), {}, CAST({} AS {}), CAST({} AS TEXT), \
         CAST({} AS TEXT), CAST({} AS TEXT) {}",
        p(1),
        p(2),
        set.to_state,
        p(3),
        uuid_type(tx),
        p(4),
        p(5),
        p(6),
        which.sql()
    );
    let mut values: Vec<Value> = which.values.clone();
    values.extend(vals![
        tx.now(),
        set.step,
        actor.user_id(),
        actor.label(),
        actor.role().map_or("platform", |r| r.code()),
        if set.data.is_null() { String::new() } else { set.data.to_string() }
    ]);
    let told = tx.exec(&sql, values).await?;
    let sql = format!(
        "UPDATE work_order SET state = {}, version = version + 1, payment_list = CAST({} AS {}) WHERE id IN (SELECT o.id {})",
        set.to_state.replace("o.", "work_order."),
        p(1),
        uuid_type(tx),
        which.sql()
    );
    let mut values: Vec<Value> = which.values.clone();
    values.extend(vals![set.list]);
    let moved = tx.exec(&sql, values).await?;
    if told == moved { Ok(moved) } else { Err(kernel::Error::Internal("an order moved without its event".into())) }
}

/// SQLite keeps a UUID as its 16 bytes.
fn uuid_type(tx: &Tx) -> &'static str {
    match tx.engine() {
        store::Engine::Sqlite => "BLOB",
        store::Engine::Postgres => "UUID",
    }
}

/// `FROM work_order o WHERE o.id IN (…) AND …` for a chunk of ids.
pub(crate) fn among(ids: &[OrderId], condition: &str) -> Filter {
    let mut f = Filter::from("work_order o");
    let marks = vec!["?"; ids.len()].join(", ");
    f.clause(&format!("o.id IN ({marks})"), ids.iter().map(|id| Value::from(*id)).collect());
    f.clause(condition, vec![]);
    f
}

/// `FROM work_order o WHERE o.payment_list = list AND …`.
pub(crate) fn in_list(list: PaymentListId, condition: &str) -> Filter {
    let mut f = Filter::from("work_order o");
    f.and("o.payment_list = ?", list);
    f.clause(condition, vec![]);
    f
}

/// How many of `ids` stand in the list, and the sum of their versions.
pub(crate) async fn in_list_now(tx: &Tx, list: PaymentListId, ids: &[OrderId]) -> Result<(i64, i64)> {
    #[derive(FromQueryResult)]
    struct Now {
        orders: i64,
        versions: Option<i64>,
    }
    let mut f = among(ids, "o.payment_list IS NOT NULL");
    // Found by id; the list holds far more.
    f.and("COALESCE(o.payment_list, o.payment_list) = ?", list);
    let sql = format!("SELECT COUNT(*) AS orders, CAST(SUM(o.version) AS BIGINT) AS versions {}", f.sql());
    let now: Option<Now> = tx.one(&sql, f.values).await?;
    Ok(now.map_or((0, 0), |n| (n.orders, n.versions.unwrap_or(0))))
}
