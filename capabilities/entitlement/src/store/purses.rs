//! Purses: loading those of a batch, writing what changed, clearing.
use crate::model::{Line, PurseState};
use kernel::{AccountId, CivilDate, Error, Fen, HouseholdId, Instant, Month, Quarter, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, Value, insert_many, vals};

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Row {
    pub household: HouseholdId,
    pub grp: String,
    pub quarter: Quarter,
    pub region: RegionCode,
    pub county: RegionCode,
    pub account: AccountId,
    lines: String,
    pub overgrant: Fen,
    state: String,
    pub rounds: i64,
    pub opened_at: Instant,
    pub cleared_at: Option<Instant>,
}

pub(crate) const ROW: &str = "household, grp, quarter, region, county, account, lines, overgrant, state, rounds, \
                              opened_at, cleared_at";

/// A purse in memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Purse {
    pub household: HouseholdId,
    pub group: String,
    pub quarter: Quarter,
    pub region: RegionCode,
    /// The county whose funds it is filled from; stays when the household moves.
    pub county: RegionCode,
    pub account: AccountId,
    pub lines: Vec<Line>,
    pub overgrant: Fen,
    pub state: PurseState,
    pub rounds: i64,
    pub opened_at: Instant,
    pub cleared_at: Option<Instant>,
}

impl Purse {
    pub(crate) fn granted(&self) -> Fen {
        self.lines.iter().map(|l| l.net).sum()
    }
    /// The months something was granted for and not withdrawn, in order.
    pub(crate) fn granted_months(&self) -> Vec<Month> {
        let mut months: Vec<Month> = self.lines.iter().filter(|l| l.net > Fen::ZERO).map(|l| l.month).collect();
        months.sort_unstable();
        months.dedup();
        months
    }
    pub(crate) fn cleared(&self) -> Fen {
        self.lines.iter().map(|l| l.cleared).sum()
    }
    /// The pack of the latest month that is due, or of the latest line.
    pub(crate) fn pack(&self) -> &str {
        let due = self.lines.iter().rev().find(|l| l.target > Fen::ZERO);
        due.or(self.lines.last()).map_or("", |l| l.pack.as_str())
    }
    fn months(&self) -> i64 {
        self.lines.iter().filter(|l| l.target > Fen::ZERO).count() as i64
    }
    fn text(&self) -> Result<String> {
        serde_json::to_string(&self.lines).map_err(Error::internal)
    }
}

impl Row {
    pub(crate) fn purse(self) -> Result<Purse> {
        Ok(Purse {
            lines: serde_json::from_str(&self.lines).map_err(Error::internal)?,
            state: PurseState::parse(&self.state).unwrap_or(PurseState::Open),
            household: self.household,
            group: self.grp,
            quarter: self.quarter,
            region: self.region,
            county: self.county,
            account: self.account,
            overgrant: self.overgrant,
            rounds: self.rounds,
            opened_at: self.opened_at,
            cleared_at: self.cleared_at,
        })
    }
}

/// Purses of these households from a quarter on.
pub(crate) async fn of_households<C: Sql>(conn: &C, households: &[HouseholdId], from: Quarter) -> Result<Vec<Purse>> {
    let mut out = Vec::new();
    for part in households.chunks(super::CHUNK) {
        let sql = format!(
            "SELECT {ROW} FROM purse WHERE household IN ({}) AND quarter >= $1 ORDER BY household, grp, quarter",
            super::marks(2, part.len())
        );
        let mut values = vals![from];
        values.extend(part.iter().map(|h| Value::from(*h)));
        for row in conn.all::<Row>(&sql, values).await? {
            out.push(row.purse()?);
        }
    }
    Ok(out)
}

/// Purses of one household in one quarter.
pub(crate) async fn of_quarter<C: Sql>(conn: &C, household: HouseholdId, quarter: Quarter) -> Result<Vec<Purse>> {
    let sql = format!("SELECT {ROW} FROM purse WHERE household = $1 AND quarter = $2 ORDER BY grp");
    conn.all::<Row>(&sql, vals![household, quarter]).await?.into_iter().map(Row::purse).collect()
}

pub(crate) async fn insert(tx: &Tx, purses: &[&Purse]) -> Result<()> {
    const COLUMNS: &[&str] = &[
        "household",
        "grp",
        "quarter",
        "region",
        "county",
        "account",
        "pack",
        "lines",
        "months",
        "granted",
        "cleared",
        "overgrant",
        "state",
        "rounds",
        "opened_at",
        "changed_at",
    ];
    let mut rows = Vec::with_capacity(purses.len());
    for p in purses {
        rows.push(vals![
            p.household,
            p.group.clone(),
            p.quarter,
            p.region,
            p.county,
            p.account,
            p.pack(),
            p.text()?,
            p.months(),
            p.granted(),
            p.cleared(),
            p.overgrant,
            p.state.code(),
            p.rounds,
            p.opened_at,
            tx.now(),
        ]);
    }
    insert_many(tx, "purse", COLUMNS, rows, "").await?;
    Ok(())
}

pub(crate) async fn update(tx: &Tx, p: &Purse) -> Result<()> {
    tx.exec(
        "UPDATE purse SET region = $4, pack = $5, lines = $6, months = $7, granted = $8, cleared = $9, overgrant = $10,
           state = $11, rounds = $12, cleared_at = $13, changed_at = $14
         WHERE household = $1 AND grp = $2 AND quarter = $3",
        vals![
            p.household,
            p.group.clone(),
            p.quarter,
            p.region,
            p.pack(),
            p.text()?,
            p.months(),
            p.granted(),
            p.cleared(),
            p.overgrant,
            p.state.code(),
            p.rounds,
            p.cleared_at,
            tx.now(),
        ],
    )
    .await?;
    Ok(())
}

/// Purses of a quarter inside a region that are not cleared to the end, in household order.
pub(crate) async fn uncleared<C: Sql>(
    conn: &C,
    scope: &kernel::Scope,
    quarter: Quarter,
    after: Option<(HouseholdId, String)>,
    limit: i64,
) -> Result<Vec<Purse>> {
    let mut f = store::Filter::from("purse");
    // The walk is in the order of the key; an index of quarter or region would sort all purses for every batch.
    f.and("COALESCE(quarter, quarter) = ?", quarter).region("COALESCE(region, region)", scope);
    f.clause("COALESCE(state, state) IN ('open', 'waiting')", vec![]);
    if let Some((household, group)) = after {
        f.clause("(household, grp) > (?, ?)", vals![household, group]);
    }
    let sql = format!("SELECT {ROW} {} ORDER BY household, grp LIMIT {limit}", f.sql());
    conn.all::<Row>(&sql, f.values.clone()).await?.into_iter().map(Row::purse).collect()
}

pub(crate) async fn uncleared_count<C: Sql>(conn: &C, scope: &kernel::Scope, quarter: Quarter) -> Result<i64> {
    let mut f = store::Filter::from("purse");
    f.and("quarter = ?", quarter).region("region", scope).clause("state IN ('open', 'waiting')", vec![]);
    Ok(conn.scalar(&format!("SELECT COUNT(*) {}", f.sql()), f.values.clone()).await?.unwrap_or(0))
}

/// Quarters with purses whose held rest still waits.
pub(crate) async fn waiting<C: Sql>(conn: &C) -> Result<Vec<Quarter>> {
    conn.column("SELECT DISTINCT quarter FROM purse WHERE state = 'waiting' ORDER BY quarter", vec![]).await
}

pub(crate) async fn close_quarter(tx: &Tx, quarter: Quarter) -> Result<()> {
    tx.exec(
        "INSERT INTO quarter_close (quarter, at) VALUES ($1, $2) ON CONFLICT (quarter) DO NOTHING",
        vals![quarter, tx.now()],
    )
    .await?;
    Ok(())
}

/// Quarters that were closed: nothing is granted in them any more.
pub(crate) async fn closed<C: Sql>(conn: &C, from: CivilDate) -> Result<Vec<Quarter>> {
    conn.column("SELECT quarter FROM quarter_close WHERE quarter >= $1", vals![from.quarter()]).await
}

/// When purses of a household were opened and cleared, for its timeline.
pub(crate) async fn of_household<C: Sql>(conn: &C, household: HouseholdId) -> Result<Vec<Purse>> {
    let sql = format!("SELECT {ROW} FROM purse WHERE household = $1 ORDER BY quarter DESC, grp LIMIT 12");
    conn.all::<Row>(&sql, vals![household]).await?.into_iter().map(Row::purse).collect()
}
