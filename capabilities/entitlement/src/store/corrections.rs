//! Corrections: written with the postings they tell of, listed, told to people.
use crate::model::{Cause, CorrectionKind, Told};
use kernel::{AccountId, CivilDate, CorrectionId, ElderId, Error, Fen, HouseholdId, Instant, PageAsk, Paged, Quarter};
use kernel::{RegionCode, Result, Scope, UserId};
use serde::Serialize;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, insert_many, vals};

/// A correction to be written.
#[derive(Clone, Debug)]
pub(crate) struct New {
    pub id: CorrectionId,
    pub household: HouseholdId,
    pub elder: Option<ElderId>,
    pub group: String,
    pub pack: String,
    pub quarter: Quarter,
    pub region: RegionCode,
    pub account: AccountId,
    pub kind: CorrectionKind,
    pub months: String,
    pub posted: Fen,
    pub outstanding: Fen,
    pub cause: Cause,
    /// The day the facts changed, as far as it is known.
    pub since: Option<CivilDate>,
}

/// A correction as it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromQueryResult)]
pub struct Correction {
    pub id: CorrectionId,
    pub household: HouseholdId,
    /// Whose facts changed; none where it cannot be told any more.
    pub elder: Option<ElderId>,
    pub pack: String,
    pub quarter: Quarter,
    pub region: RegionCode,
    pub account: AccountId,
    kind: String,
    /// `2026-08,2026-09`
    months: String,
    /// Posted to or from the purse.
    pub posted: Fen,
    /// What was spent already when it was learnt, and could not be posted back.
    pub outstanding: Fen,
    /// What the purse still owes today of months that were not due.
    pub owed: Fen,
    cause: String,
    pub since: Option<CivilDate>,
    pub at: Instant,
    pub told_at: Option<Instant>,
    pub told_on: Option<CivilDate>,
    told_how: Option<String>,
    pub told_by: Option<String>,
    pub told_whom: Option<String>,
}

impl Correction {
    pub fn kind(&self) -> CorrectionKind {
        CorrectionKind::parse(&self.kind).unwrap_or(CorrectionKind::Clawback)
    }
    pub fn cause(&self) -> Cause {
        Cause::parse(&self.cause).unwrap_or(Cause::Other)
    }
    pub fn told_how(&self) -> Option<Told> {
        self.told_how.as_deref().and_then(Told::parse)
    }
    /// `8、9 月`, `2026 年 12 月、2027 年 1 月`
    pub fn months_zh(&self) -> String {
        let months: Vec<kernel::Month> = self.months.split(',').filter_map(|m| m.parse().ok()).collect();
        let one_year = months.windows(2).all(|w| w[0].year == w[1].year);
        let year = months.first().map(|m| format!("{} 年 ", m.year)).unwrap_or_default();
        match one_year {
            true => {
                let numbers: Vec<String> = months.iter().map(|m| m.month.to_string()).collect();
                format!("{year}{} 月", numbers.join("、"))
            }
            false => months.iter().map(|m| format!("{} 年 {} 月", m.year, m.month)).collect::<Vec<_>>().join("、"),
        }
    }
}

pub(crate) async fn insert(tx: &Tx, rows: Vec<New>) -> Result<()> {
    const COLUMNS: &[&str] = &[
        "id",
        "household",
        "elder",
        "grp",
        "pack",
        "quarter",
        "region",
        "account",
        "kind",
        "months",
        "posted",
        "outstanding",
        "cause",
        "since",
        "at",
    ];
    let row = |c: New| {
        vals![
            c.id,
            c.household,
            c.elder,
            c.group,
            c.pack,
            c.quarter,
            c.region,
            c.account,
            c.kind.code(),
            c.months,
            c.posted,
            c.outstanding,
            c.cause.code(),
            c.since,
            tx.now()
        ]
    };
    insert_many(tx, "correction", COLUMNS, rows.into_iter().map(row).collect(), "").await?;
    Ok(())
}

const FROM: &str =
    "correction c LEFT JOIN purse p ON p.household = c.household AND p.grp = c.grp AND p.quarter = c.quarter";
const ROW: &str = "c.id, c.household, c.elder, c.pack, c.quarter, c.region, c.account, c.kind, c.months, c.posted, \
                   c.outstanding, COALESCE(p.overgrant, 0) AS owed, c.cause, c.since, c.at, c.told_at, c.told_on, \
                   c.told_how, c.told_by, c.told_whom";

/// What a list of corrections asks for.
#[derive(Clone, Debug, Default)]
pub struct CorrectionAsk {
    pub kind: Option<CorrectionKind>,
    pub cause: Option<Cause>,
    pub pack: Option<String>,
    pub region: Option<RegionCode>,
    /// Only those told (or not yet told) to the people.
    pub told: Option<bool>,
    /// Only those of which something is still owed.
    pub owed: bool,
    pub quarter: Option<Quarter>,
}

fn filter(scope: &Scope, ask: &CorrectionAsk) -> Filter {
    let mut f = Filter::from(FROM);
    f.region("c.region", scope);
    if let Some(narrow) = ask.region.and_then(|r| scope.narrowed(r)) {
        f.region("c.region", &narrow);
    }
    if let Some(kind) = ask.kind {
        f.and("c.kind = ?", kind.code());
    }
    if let Some(cause) = ask.cause {
        f.and("c.cause = ?", cause.code());
    }
    if let Some(pack) = &ask.pack {
        f.and("c.pack = ?", pack.clone());
    }
    if let Some(quarter) = ask.quarter {
        f.and("c.quarter = ?", quarter);
    }
    match ask.told {
        Some(true) => f.clause("c.told_at IS NOT NULL", vec![]),
        Some(false) => f.clause("c.told_at IS NULL", vec![]),
        None => &mut f,
    };
    if ask.owed {
        f.clause("c.outstanding > 0 AND p.overgrant > 0", vec![]);
    }
    f
}

pub(crate) async fn list<C: Sql>(
    conn: &C,
    scope: &Scope,
    ask: &CorrectionAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Correction>> {
    conn.page(ROW, &filter(scope, ask), order, page).await
}

/// What a list adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct CorrectionSums {
    pub n: i64,
    pub taken: Fen,
    pub given: Fen,
    /// Not told yet.
    pub untold: i64,
}

pub(crate) async fn sums<C: Sql>(conn: &C, scope: &Scope) -> Result<CorrectionSums> {
    let mut f = Filter::from("correction c");
    f.region("c.region", scope);
    let sql = format!(
        "SELECT COUNT(*) AS n,
           CAST(COALESCE(SUM(CASE WHEN c.kind = 'clawback' THEN c.posted ELSE 0 END), 0) AS BIGINT) AS taken,
           CAST(COALESCE(SUM(CASE WHEN c.kind = 'top_up' THEN c.posted ELSE 0 END), 0) AS BIGINT) AS given,
           CAST(COALESCE(SUM(CASE WHEN c.told_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT) AS untold {}",
        f.sql()
    );
    Ok(conn.one(&sql, f.values.clone()).await?.unwrap_or_default())
}

/// How many were not told yet.
pub(crate) async fn untold<C: Sql>(conn: &C, scope: &Scope) -> Result<i64> {
    let mut f = Filter::from("correction");
    f.clause("told_at IS NULL", vec![]).region("region", scope);
    Ok(conn.scalar(&format!("SELECT COUNT(*) {}", f.sql()), f.values.clone()).await?.unwrap_or(0))
}

/// What purses still owe of months that were not due.
pub(crate) async fn owed<C: Sql>(conn: &C, scope: &Scope) -> Result<Fen> {
    let mut f = Filter::from("purse");
    f.clause("overgrant > 0", vec![]).region("region", scope);
    let sql = format!("SELECT CAST(SUM(overgrant) AS BIGINT) {}", f.sql());
    Ok(Fen(conn.scalar::<i64>(&sql, f.values.clone()).await?.unwrap_or(0)))
}

pub(crate) async fn one<C: Sql>(conn: &C, scope: &Scope, id: CorrectionId) -> Result<Correction> {
    let mut f = Filter::from(FROM);
    f.and("c.id = ?", id).region("c.region", scope);
    let found = conn.one(&format!("SELECT {ROW} {}", f.sql()), f.values.clone()).await?;
    found.ok_or_else(|| Error::NotFound("这条更正".into()))
}

/// Writes down that somebody was told; the first time counts.
pub(crate) async fn told(
    tx: &Tx,
    id: CorrectionId,
    user: UserId,
    name: &str,
    how: Told,
    on: CivilDate,
    whom: &str,
) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE correction SET told_at = $2, told_user = $3, told_by = $4, told_how = $5, told_on = $6, told_whom = $7
             WHERE id = $1 AND told_at IS NULL",
            vals![id, tx.now(), user, name, how.code(), on, whom],
        )
        .await?;
    Ok(n == 1)
}
