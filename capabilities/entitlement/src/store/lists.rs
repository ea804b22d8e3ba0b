//! Lists and counts for pages.
use super::purses::{Purse, ROW, Row as PurseRow};
use super::tally;
use crate::model::{Counts, ElderRow};
use kernel::{CivilDate, ElderId, Fen, HouseholdId, PageAsk, Paged, Quarter, RegionCode, Result, Scope, Tier};
use policy::Verdict;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Value};

/// What the list of those entitled asks for.
#[derive(Clone, Debug, Default)]
pub struct EntitledAsk {
    /// Only this pack; every pack that fills a purse if left out.
    pub pack: Option<String>,
    /// Entitled since this day or later, passages between packs of a group left out.
    pub since: Option<CivilDate>,
    /// Ends on or before this day.
    pub ends_by: Option<CivilDate>,
    /// A region inside the scope.
    pub region: Option<RegionCode>,
    /// Only these elders (found by name or number).
    pub elders: Option<Vec<ElderId>>,
}

#[derive(FromQueryResult)]
struct Entitled {
    elder: ElderId,
    household: HouseholdId,
    region: RegionCode,
    pack: String,
    monthly: Fen,
    since: CivilDate,
    ends_on: Option<CivilDate>,
    passed_from: Option<String>,
}

fn in_force(verdict: &str) -> String {
    format!("until IS NULL AND superseded_at IS NULL AND verdict = '{verdict}'")
}

fn filter(verdict: Verdict, scope: &Scope, ask: &EntitledAsk, column: &str) -> Filter {
    let mut f = Filter::from("determination");
    f.clause(&in_force(verdict.code()), vec![]).region(column, scope);
    if let Some(narrow) = ask.region.and_then(|r| scope.narrowed(r)) {
        f.region("region", &narrow);
    }
    match &ask.pack {
        Some(pack) => f.and("pack = ?", pack.clone()),
        None => f.clause("purse", vec![]),
    };
    if let Some(day) = ask.since {
        f.and("since >= ?", day).clause("passed_from IS NULL", vec![]);
    }
    if let Some(day) = ask.ends_by {
        f.clause("ends_on IS NOT NULL", vec![]).and("ends_on <= ?", day);
    }
    if let Some(elders) = &ask.elders {
        let marks = vec!["?"; elders.len()].join(",");
        let clause = if elders.is_empty() { "1 = 0".to_string() } else { format!("elder IN ({marks})") };
        f.clause(&clause, elders.iter().map(|e| Value::from(*e)).collect());
    }
    f
}

/// Elders of whom a determination in force says `verdict`.
pub(crate) async fn of_verdict<C: Sql>(
    conn: &C,
    verdict: Verdict,
    scope: &Scope,
    ask: &EntitledAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<ElderRow>> {
    // A wide list in the order of days walks that order; an index by region would sort everyone for every page.
    let wide = !matches!(scope.region.tier(), Tier::Town | Tier::Village) && ask.region.is_none();
    let walk = order.starts_with("since") && wide && ask.pack.is_none() && ask.elders.is_none();
    let f = filter(verdict, scope, ask, if walk { "COALESCE(region, region)" } else { "region" });
    let select = "elder, household, region, pack, monthly, since, ends_on, passed_from";
    let found = conn.page::<Entitled>(select, &f, order, page).await?;
    Ok(found.map(|r| ElderRow {
        elder: r.elder,
        household: r.household,
        region: r.region,
        pack: r.pack,
        unknown: verdict == Verdict::Unknown,
        monthly: r.monthly,
        since: r.since,
        ends_on: r.ends_on,
        passed_from: r.passed_from,
    }))
}

pub(crate) async fn counts<C: Sql>(
    conn: &C,
    scope: &Scope,
    newly_from: CivilDate,
    ends_by: CivilDate,
    quarter: Quarter,
) -> Result<Counts> {
    async fn count<C: Sql>(conn: &C, what: &str, f: Filter) -> Result<i64> {
        Ok(conn.scalar(&format!("SELECT {what} {}", f.sql()), f.values.clone()).await?.unwrap_or(0))
    }
    let newly = EntitledAsk { since: Some(newly_from), ..EntitledAsk::default() };
    let ending = EntitledAsk { ends_by: Some(ends_by), ..EntitledAsk::default() };
    let (purses, granted) = tally::purses(conn, scope, quarter).await?;
    Ok(Counts {
        entitled: tally::of(conn, scope, tally::ANY_PURSE, Verdict::Eligible.code()).await?,
        newly: count(
            conn,
            "COUNT(DISTINCT elder)",
            filter(Verdict::Eligible, scope, &newly, "COALESCE(region, region)"),
        )
        .await?,
        ending: count(conn, "COUNT(DISTINCT elder)", filter(Verdict::Eligible, scope, &ending, "region")).await?,
        unknown: tally::of(conn, scope, tally::ANY_PURSE, Verdict::Unknown.code()).await?,
        purses,
        granted,
    })
}

/// What the list of purses asks for.
#[derive(Clone, Debug, Default)]
pub struct PurseAsk {
    pub quarter: Option<Quarter>,
    pub pack: Option<String>,
    pub state: Option<String>,
    pub region: Option<RegionCode>,
    pub household: Option<HouseholdId>,
    /// Only purses from which more was used than was due.
    pub over: bool,
}

pub(crate) async fn purses<C: Sql>(
    conn: &C,
    scope: &Scope,
    ask: &PurseAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Purse>> {
    let mut f = Filter::from("purse");
    f.region("region", scope);
    if let Some(quarter) = ask.quarter {
        f.and("quarter = ?", quarter);
    }
    if let Some(narrow) = ask.region.and_then(|r| scope.narrowed(r)) {
        f.region("region", &narrow);
    }
    if let Some(pack) = &ask.pack {
        f.and("pack = ?", pack.clone());
    }
    if let Some(state) = &ask.state {
        f.and("state = ?", state.clone());
    }
    if let Some(household) = ask.household {
        f.and("household = ?", household);
    }
    if ask.over {
        f.clause("overgrant > 0", vec![]);
    }
    let found = conn.page::<PurseRow>(ROW, &f, order, page).await?;
    let Paged { rows, total, page, per_page } = found;
    let rows = rows.into_iter().map(PurseRow::purse).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total, page, per_page })
}

/// Quarters that have purses, newest first.
pub(crate) async fn quarters<C: Sql>(conn: &C) -> Result<Vec<Quarter>> {
    // A walk over the index instead of reading every purse: each step looks up the next smaller quarter.
    let mut out = Vec::new();
    let mut below: Option<Quarter> = None;
    loop {
        let next: Option<Quarter> = match below {
            None => conn.scalar("SELECT MAX(quarter) FROM purse", vec![]).await?,
            Some(q) => conn.scalar("SELECT MAX(quarter) FROM purse WHERE quarter < $1", vec![q.into()]).await?,
        };
        match next {
            Some(q) if out.len() < 40 => {
                out.push(q);
                below = Some(q);
            }
            _ => return Ok(out),
        }
    }
}
