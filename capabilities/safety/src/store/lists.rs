//! The queue, the list, the figures.
use super::cases::{CASE, CaseRow, scoped};
use super::open_opt;
use crate::model::kpi::Call;
use crate::model::{AlarmKind, Case, CaseId, CaseState, Cause, KindColumn, SlowClass};
use kernel::{CivilDate, ElderId, Instant, PageAsk, Paged, RegionCode, Result, Scope, Sex, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

/// Everything that is not closed, gravest first, oldest first within. At most `limit`.
pub(crate) async fn live<C: Sql>(conn: &C, scope: &Scope, limit: i64) -> Result<Vec<Case>> {
    let mut f = Filter::from("safety_case c");
    f.clause("c.closed_at IS NULL", vec![]);
    scoped(&mut f, scope);
    let sql = format!(
        "SELECT {CASE} {} ORDER BY CASE WHEN c.state = 'open' THEN 0 ELSE 1 END, c.rank DESC, c.opened_at, c.id LIMIT {limit}",
        f.sql()
    );
    let rows: Vec<CaseRow> = conn.all(&sql, f.values).await?;
    Ok(rows.into_iter().map(CaseRow::case).collect())
}

/// Changes whenever a case of the region does: what a stream compares.
pub(crate) async fn stamp(db: &Db, scope: &Scope) -> Result<(i64, i64, i64)> {
    #[derive(FromQueryResult)]
    struct Row {
        n: i64,
        v: Option<i64>,
        a: Option<i64>,
    }
    let mut f = Filter::from("safety_case c");
    f.clause("c.closed_at IS NULL", vec![]);
    scoped(&mut f, scope);
    let sql = format!("SELECT COUNT(*) AS n, CAST(SUM(c.version) AS BIGINT) AS v, MAX(c.opened_at) AS a {}", f.sql());
    let row: Option<Row> = db.read().one(&sql, f.values).await?;
    Ok(row.map_or((0, 0, 0), |r| (r.n, r.v.unwrap_or(0), r.a.unwrap_or(0))))
}

/// What a list of cases asks for.
#[derive(Clone, Debug, Default)]
pub struct CaseAsk {
    /// `Some(true)`: not closed.
    pub open: Option<bool>,
    pub unanswered: bool,
    pub state: Option<CaseState>,
    pub kind: Option<AlarmKind>,
    pub cause: Option<Cause>,
    pub elder: Option<ElderId>,
    pub since: Option<Instant>,
    pub before: Option<Instant>,
    pub owner: Option<UserId>,
    /// Number or the beginning of a name.
    pub q: String,
}

fn asked(scope: &Scope, ask: &CaseAsk) -> Filter {
    let mut f = Filter::from("safety_case c");
    scoped(&mut f, scope);
    match ask.open {
        Some(true) => {
            f.clause("c.closed_at IS NULL", vec![]);
        }
        Some(false) => {
            f.clause("c.closed_at IS NOT NULL", vec![]);
        }
        None => {}
    }
    if ask.unanswered {
        f.clause("c.state = 'open' AND c.rank > 0", vec![]);
    }
    if let Some(s) = ask.state {
        f.and("c.state = ?", s);
    }
    if let Some(k) = ask.kind {
        f.and("c.kind = ?", k.code());
    }
    if let Some(k) = ask.cause {
        f.and("c.cause = ?", k);
    }
    if let Some(e) = ask.elder {
        f.and("c.elder_id = ?", e);
    }
    if let Some(t) = ask.since {
        f.and("c.opened_at >= ?", t);
    }
    if let Some(t) = ask.before {
        f.and("c.opened_at < ?", t);
    }
    if let Some(u) = ask.owner {
        f.and("c.owner_user = ?", u);
    }
    let q = ask.q.trim();
    if !q.is_empty() {
        if q.to_ascii_uppercase().starts_with("JJ") {
            f.and("c.no LIKE ?", format!("{}%", q.to_ascii_uppercase().replace(['%', '_'], "")));
        } else {
            f.and("c.elder_name LIKE ?", format!("{}%", q.replace(['%', '_'], "")));
        }
    }
    f
}

pub(crate) async fn page(db: &Db, scope: &Scope, ask: &CaseAsk, order: &str, page: PageAsk) -> Result<Paged<Case>> {
    let found: Paged<CaseRow> = db.read().page(CASE, &asked(scope, ask), order, page).await?;
    Ok(found.map(CaseRow::case))
}

pub(crate) async fn count(db: &Db, scope: &Scope, ask: &CaseAsk) -> Result<i64> {
    let f = asked(scope, ask);
    db.read().count_capped(&f.sql(), f.values).await
}

#[derive(FromQueryResult)]
struct CallRow {
    id: CaseId,
    no: String,
    elder_name: String,
    sex: String,
    birth: CivilDate,
    region: RegionCode,
    kind: KindColumn,
    opened_at: Instant,
    answered_at: Option<Instant>,
    arrived_at: Option<Instant>,
    closed_at: Option<Instant>,
    cause: Option<Cause>,
    slow_class: Option<SlowClass>,
    slow_reason: Option<Vec<u8>>,
}

/// The alarms of a time as their events tell them: opened, first taken by a person, first arrival, closed.
pub(crate) async fn calls(db: &Db, scope: &Scope, from: Instant, to: Instant) -> Result<Vec<Call>> {
    let mut f = Filter::from("safety_case c");
    scoped(&mut f, scope);
    f.and("c.opened_at >= ?", from).and("c.opened_at < ?", to).clause("c.rank > 0", vec![]);
    let first = |kind: &str, person: &str| {
        format!("(SELECT MIN(e.at) FROM safety_event e WHERE e.case_id = c.id AND e.kind = '{kind}'{person})")
    };
    let sql = format!(
        "SELECT c.id, c.no, c.elder_name, c.sex, c.birth, c.region, c.kind, c.cause, c.slow_class, c.slow_reason,
           COALESCE({}, c.opened_at) AS opened_at, {} AS answered_at, {} AS arrived_at, {} AS closed_at
         {} ORDER BY c.opened_at, c.id",
        first("opened", ""),
        first("claimed", " AND e.by_person = TRUE"),
        first("arrived", ""),
        first("closed", ""),
        f.sql()
    );
    let rows: Vec<CallRow> = db.read().all(&sql, f.values).await?;
    rows.into_iter()
        .map(|r| {
            let slow = match r.slow_class {
                Some(class) => Some((class, open_opt(db, &r.slow_reason)?)),
                None => None,
            };
            let sex = Sex::parse(&r.sex).map_or("", Sex::zh);
            Ok(Call {
                case: r.id,
                no: r.no,
                elder_name: r.elder_name,
                about: format!("{sex} {}", r.birth.age_on(r.opened_at.date())),
                region: r.region,
                kind: r.kind.0,
                opened_at: r.opened_at,
                answered_at: r.answered_at,
                arrived_at: r.arrived_at,
                closed_at: r.closed_at,
                cause: r.cause,
                slow,
            })
        })
        .collect()
}

/// Cases whose next rung is due.
pub(crate) async fn due(db: &Db, now: Instant, limit: i64) -> Result<Vec<CaseId>> {
    let sql = "SELECT id FROM safety_case WHERE next_rung_at IS NOT NULL AND next_rung_at <= $1
         ORDER BY next_rung_at, id LIMIT $2";
    db.read().column(sql, vals![now, limit]).await
}

/// Cases that ring since a moment beyond `ahead`: the clock was put back.
pub(crate) async fn ahead(db: &Db, ahead: Instant) -> Result<Vec<CaseId>> {
    let sql = "SELECT id FROM safety_case WHERE next_rung_at IS NOT NULL AND ringing_at > $1 ORDER BY ringing_at, id";
    db.read().column(sql, vals![ahead]).await
}

/// Cases somebody has taken and done nothing about yet: their owners have to be there.
pub(crate) async fn held(db: &Db) -> Result<Vec<(CaseId, UserId)>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: CaseId,
        owner_user: UserId,
    }
    let rows: Vec<Row> = db
        .read()
        .all(
            "SELECT id, owner_user FROM safety_case WHERE closed_at IS NULL AND state IN ('claimed', 'calling')
               AND rank > 0 AND owner_user IS NOT NULL",
            vec![],
        )
        .await?;
    Ok(rows.into_iter().map(|r| (r.id, r.owner_user)).collect())
}

/// What rings and nobody has taken.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Ringing {
    pub(crate) id: CaseId,
    pub(crate) region: RegionCode,
    pub(crate) ringing_at: Instant,
    pub(crate) rung: i64,
}

/// All that rings over the whole installation.
pub(crate) async fn ringing(db: &Db) -> Result<Vec<Ringing>> {
    db.read()
        .all(
            "SELECT id, region, ringing_at, rung FROM safety_case WHERE closed_at IS NULL AND state = 'open' AND rank > 0
             ORDER BY ringing_at LIMIT 1000",
            vec![],
        )
        .await
}

pub(crate) async fn set_slow(tx: &Tx, db: &Db, id: CaseId, class: SlowClass, reason: &str) -> Result<()> {
    let sealed = super::seal(db, reason)?;
    tx.exec("UPDATE safety_case SET slow_class = $2, slow_reason = $3 WHERE id = $1", vals![id, class, sealed]).await?;
    Ok(())
}

/// Calls made about a case.
#[derive(Clone, Debug, FromQueryResult)]
pub struct CallLine {
    pub at: Instant,
    pub name: String,
    pub result: crate::model::CallResult,
    pub by_name: String,
}

pub(crate) async fn call_lines(db: &Db, case: CaseId) -> Result<Vec<CallLine>> {
    db.read()
        .all("SELECT at, name, result, by_name FROM safety_call WHERE case_id = $1 ORDER BY at, id", vals![case])
        .await
}
