//! Turns.
use catalogue::Category;
use dispatch::rotation::Standing;
use kernel::{Error, Instant, OrgId, Quarter, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, insert_many, vals};

#[derive(FromQueryResult)]
struct TurnRow {
    provider: OrgId,
    orders: i64,
    declines: i64,
    credit: i64,
    last_turn: Option<Instant>,
}

/// The stored turns of a rotation; capacity and availability are the caller's to fill in.
pub(crate) async fn turns<C: Sql>(
    on: &C,
    county: RegionCode,
    category: Category,
    period: Quarter,
    lock: &str,
) -> Result<Vec<Standing>> {
    let sql = format!(
        "SELECT provider, orders, declines, credit, last_turn FROM rotation WHERE county = $1 AND category = $2 AND \
         period = $3 ORDER BY provider{lock}"
    );
    let rows: Vec<TurnRow> = on.all(&sql, vals![county, category.code(), period]).await?;
    rows.into_iter()
        .map(|r| {
            Ok(Standing {
                org: r.provider,
                orders: u32::try_from(r.orders).map_err(Error::internal)?,
                declines: u32::try_from(r.declines).map_err(Error::internal)?,
                credit: u32::try_from(r.credit).map_err(Error::internal)?,
                capacity: None,
                available: false,
                last_turn: r.last_turn,
            })
        })
        .collect()
}

/// Puts providers into a rotation with the turns credited to them; those already in it stay as they are.
pub(crate) async fn join(
    tx: &Tx,
    county: RegionCode,
    category: Category,
    period: Quarter,
    orgs: &[OrgId],
    credit: u32,
) -> Result<()> {
    let columns = ["county", "category", "period", "provider", "orders", "declines", "credit"];
    let rows = orgs.iter().map(|o| vals![county, category.code(), period, *o, 0i64, 0i64, i64::from(credit)]).collect();
    insert_many(tx, "rotation", &columns, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(())
}

/// `false` when the provider is not in the rotation.
pub(crate) async fn count_turn(
    tx: &Tx,
    county: RegionCode,
    category: Category,
    period: Quarter,
    org: OrgId,
    (orders, declines): (i64, i64),
) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE rotation SET orders = orders + $5, declines = declines + $6, last_turn = $7
             WHERE county = $1 AND category = $2 AND period = $3 AND provider = $4",
            vals![county, category.code(), period, org, orders, declines, tx.now()],
        )
        .await?;
    Ok(n == 1)
}
