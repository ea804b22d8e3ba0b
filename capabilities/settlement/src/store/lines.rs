//! Single lines and pages of lines.
use crate::model::{LineFacts, LineMoney, LineState, Standing};
use kernel::{Error, Fen, Instant, OrderId, PageAsk, Paged, PaymentListId, RegionCode, Result, Scope};
use std::ops::Deref;
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, Tx, vals};

/// A stored line: what was copied, and what review made of it.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct LineRow {
    pub list: PaymentListId,
    #[sea_orm(nested)]
    pub facts: LineFacts,
    pub standing: String,
    pub standing_before: Option<String>,
    pub deducted: Fen,
    pub reason: String,
    pub live: bool,
}

impl LineRow {
    pub(crate) fn state(&self) -> Result<LineState> {
        let parse = |code: &str| {
            Standing::parse(code)
                .ok_or_else(|| Error::Internal(format!("payment line {} has a wrong standing", self.seq)))
        };
        Ok(LineState {
            standing: parse(&self.standing)?,
            before: self.standing_before.as_deref().map(parse).transpose()?,
            deducted: self.deducted,
        })
    }
    pub(crate) fn money(&self) -> Result<LineMoney> {
        Ok(LineMoney { fee: self.fee, gov: self.gov, own: self.own, state: self.state()? })
    }
}

impl Deref for LineRow {
    type Target = LineFacts;
    fn deref(&self) -> &LineFacts {
        &self.facts
    }
}

/// What is asked of a list's lines.
#[derive(Clone, Debug, Default)]
pub struct LineAsk {
    pub standing: Option<Standing>,
    pub town: Option<RegionCode>,
    /// Part of the order number, or the start of the elder's name.
    pub q: String,
}

/// Lines of one list inside the scope's region. The caller has checked that the list itself is visible.
fn line_filter(scope: &Scope, list: PaymentListId, ask: &LineAsk) -> Filter {
    let mut f = Filter::from("payment_line");
    f.and("list = ?", list);
    if scope.region.tier() > kernel::Tier::County {
        f.region("region", scope);
    }
    if let Some(s) = ask.standing {
        f.and("standing = ?", s.code());
    }
    if let Some(t) = ask.town {
        f.and("town = ?", t);
    }
    if !ask.q.is_empty() {
        f.clause(
            "(order_no LIKE ? OR elder_name LIKE ? OR worker_name LIKE ?)",
            vals![format!("%{}%", ask.q), format!("{}%", ask.q), format!("{}%", ask.q)],
        );
    }
    f
}

pub(crate) async fn line_page(
    db: &Db,
    scope: &Scope,
    list: PaymentListId,
    ask: &LineAsk,
    page: PageAsk,
    order: &str,
) -> Result<Paged<LineRow>> {
    db.read().page("*", &line_filter(scope, list, ask), order, page).await
}

pub(crate) async fn line(db: &Db, scope: &Scope, list: PaymentListId, seq: i64) -> Result<Option<LineRow>> {
    let mut f = line_filter(scope, list, &LineAsk::default());
    f.and("seq = ?", seq);
    db.read().one(&format!("SELECT * {}", f.sql()), f.values.clone()).await
}

pub(crate) async fn lock_line(tx: &Tx, list: PaymentListId, seq: i64) -> Result<Option<LineRow>> {
    let sql = format!("SELECT * FROM payment_line WHERE list = $1 AND seq = $2{}", tx.lock());
    tx.one(&sql, vals![list, seq]).await
}

pub(crate) async fn set_line(tx: &Tx, list: PaymentListId, seq: i64, state: &LineState, reason: &str) -> Result<()> {
    tx.exec(
        "UPDATE payment_line SET standing = $3, standing_before = $4, deducted = $5, reason = $6
         WHERE list = $1 AND seq = $2",
        vals![list, seq, state.standing.code(), state.before.map(|b| b.code()), state.deducted, reason],
    )
    .await
    .map(|_| ())
}

/// The line's order may stand in another list from now on; the line itself stays as it was.
pub(crate) async fn let_go(tx: &Tx, list: PaymentListId, seq: i64) -> Result<()> {
    tx.exec("UPDATE payment_line SET live = $3 WHERE list = $1 AND seq = $2", vals![list, seq, false]).await.map(|_| ())
}

pub(crate) async fn clear_order(
    tx: &Tx,
    order: OrderId,
    list: PaymentListId,
    actor: &kernel::Actor,
    reason: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO payment_clearance (order_id, list, by_user, by_name, at, reason) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (order_id) DO UPDATE SET list = excluded.list, by_user = excluded.by_user,
           by_name = excluded.by_name, at = excluded.at, reason = excluded.reason",
        vals![order, list, actor.user_id(), actor.label(), tx.now(), reason],
    )
    .await
    .map(|_| ())
}

pub(crate) async fn unclear_order(tx: &Tx, order: OrderId) -> Result<()> {
    tx.exec("DELETE FROM payment_clearance WHERE order_id = $1", vals![order]).await.map(|_| ())
}

/// One thing that was done about a line.
#[derive(Clone, Debug, FromQueryResult, serde::Serialize)]
pub struct LineEvent {
    pub at: Instant,
    pub by_name: String,
    pub role: String,
    /// 核减, 暂不付, 照付, 争议, 答复
    pub what: String,
    pub amount: Fen,
    pub reason: String,
}

/// The list's row is locked, so the line's events are counted without gaps.
pub(crate) async fn insert_line_event(
    tx: &Tx,
    list: PaymentListId,
    seq: i64,
    actor: &kernel::Actor,
    what: &str,
    amount: Fen,
    reason: &str,
) -> Result<()> {
    let last: Option<i64> =
        tx.scalar("SELECT MAX(n) FROM payment_line_event WHERE list = $1 AND seq = $2", vals![list, seq]).await?;
    tx.exec(
        "INSERT INTO payment_line_event (list, seq, n, at, by_name, role, what, amount, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vals![
            list,
            seq,
            last.unwrap_or(0) + 1,
            tx.now(),
            actor.label(),
            actor.role().map(|r| r.zh()).unwrap_or("自动"),
            what,
            amount,
            reason
        ],
    )
    .await
    .map(|_| ())
}

pub(crate) async fn line_events(db: &Db, list: PaymentListId, seq: i64) -> Result<Vec<LineEvent>> {
    db.read()
        .all(
            "SELECT at, by_name, role, what, amount, reason FROM payment_line_event WHERE list = $1 AND seq = $2
             ORDER BY n DESC",
            vals![list, seq],
        )
        .await
}
