//! Checking that a list still is what was frozen.
use super::no_list;
use crate::model::{HeadFacts, LineMoney, Seal, Totals};
use crate::store::{self as sql, LineRow, ListRow};
use kernel::{PaymentListId, RegionCode, Result, Scope};
use serde::Serialize;
use std::collections::BTreeMap;
use store::{Db, Sql};

/// Lines read at a time.
const STEP: i64 = 5_000;

/// What a check of a whole list found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub lines: i64,
    /// Every line is as it was copied, none is missing and none was added.
    pub sealed: bool,
    /// The stored sums, of the list and of each town, are those of its lines.
    pub summed: bool,
}

impl Verdict {
    pub fn intact(&self) -> bool {
        self.sealed && self.summed
    }
}

pub(super) fn head(row: &ListRow) -> HeadFacts {
    HeadFacts {
        id: row.id,
        no: row.no.clone(),
        provider: row.provider,
        provider_name: row.provider_name.clone(),
        county: row.county,
        quarter: row.quarter,
    }
}

/// Reads every line of a list in its order, recomputing the seal and the sums. `row` carries the sums of the whole list.
pub(super) async fn walk<C: Sql>(
    conn: &C,
    row: &ListRow,
    mut each: impl FnMut(&LineRow, &LineMoney),
) -> Result<Verdict> {
    let mut seal = Seal::begin(&head(row));
    let (mut after, mut lines) = (0, 0);
    let mut towns: BTreeMap<RegionCode, Totals> = BTreeMap::new();
    loop {
        let part = sql::lines_after(conn, row.id, after, STEP).await?;
        let Some(last) = part.last() else { break };
        after = last.seq;
        for line in part {
            let money = line.money()?;
            *towns.entry(line.town).or_default() += Totals::of(&money);
            each(&line, &money);
            seal = seal.then(&line.facts);
            lines += 1;
        }
    }
    let stored: BTreeMap<RegionCode, Totals> =
        sql::towns(conn, row.id).await?.into_iter().map(|t| (t.town, t.totals())).collect();
    let all: Totals = towns.values().copied().sum();
    Ok(Verdict { lines, sealed: seal.hex() == row.snapshot_hash, summed: towns == stored && all == row.totals() })
}

/// Checks a list a reader may see, all of its lines.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn verify(db: &Db, scope: &Scope, id: PaymentListId) -> Result<Verdict> {
    sql::list(db, scope, id).await?.ok_or_else(no_list)?;
    // The seal is over the whole list, whatever part of it the reader sees.
    let whole = Scope { region: scope.region.at(kernel::Tier::County), org: scope.org };
    let row = sql::list(db, &whole, id).await?.ok_or_else(no_list)?;
    walk(db.read(), &row, |_, _| {}).await
}
