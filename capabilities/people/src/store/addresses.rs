//! Service addresses of households and their changes.
use crate::model::{AddressId, ServiceAddress};
use crate::store::elders::point;
use kernel::{CivilDate, HouseholdId, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Sql, SqlExt, Tx, Value, insert_many, vals};

#[derive(FromQueryResult)]
struct Row {
    id: AddressId,
    region: RegionCode,
    address: String,
    lat_e6: Option<i64>,
    lng_e6: Option<i64>,
    since: CivilDate,
}

/// The addresses in use, oldest first.
pub(crate) async fn active<C: Sql>(conn: &C, household: HouseholdId) -> Result<Vec<ServiceAddress>> {
    let rows: Vec<Row> = conn
        .all(
            "SELECT id, region, address, lat_e6, lng_e6, since FROM service_address
             WHERE household_id = $1 AND removed_on IS NULL ORDER BY since, id",
            vals![household],
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| ServiceAddress {
            id: r.id,
            region: r.region,
            address: r.address,
            place: point(r.lat_e6, r.lng_e6),
            since: r.since,
        })
        .collect())
}

pub(crate) async fn insert(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<u64> {
    insert_many(
        tx,
        "service_address",
        &["id", "household_id", "region", "address", "lat_e6", "lng_e6", "since"],
        rows,
        "",
    )
    .await
}

pub(crate) async fn remove(tx: &Tx, id: AddressId, on: CivilDate) -> Result<()> {
    tx.exec("UPDATE service_address SET removed_on = $2 WHERE id = $1", vals![id, on]).await?;
    Ok(())
}

pub(crate) async fn locate(tx: &Tx, id: AddressId, place: kernel::GeoPoint) -> Result<()> {
    tx.exec("UPDATE service_address SET lat_e6 = $2, lng_e6 = $3 WHERE id = $1", vals![id, place.lat_e6, place.lng_e6])
        .await?;
    Ok(())
}

/// One change, for the history and the limit of the year.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ChangeRow {
    pub on_date: CivilDate,
    pub step: String,
    pub reason: String,
    pub recorded_by: String,
}

pub(crate) async fn changes<C: Sql>(conn: &C, household: HouseholdId) -> Result<Vec<ChangeRow>> {
    conn.all(
        "SELECT on_date, step, reason, recorded_by FROM address_change WHERE household_id = $1
         ORDER BY on_date, id",
        vals![household],
    )
    .await
}

pub(crate) async fn insert_change(tx: &Tx, row: Vec<Value>) -> Result<u64> {
    insert_many(
        tx,
        "address_change",
        &[
            "id",
            "household_id",
            "on_date",
            "step",
            "old_address",
            "new_address",
            "reason",
            "recorded_by",
            "recorded_at",
        ],
        vec![row],
        "",
    )
    .await
}

/// Holds the household's row, so that two changes at once cannot both pass the limit.
pub(crate) async fn lock_household(tx: &Tx, household: HouseholdId) -> Result<()> {
    let sql = format!("SELECT id FROM household WHERE id = $1{}", tx.lock());
    tx.scalar::<HouseholdId>(&sql, vals![household])
        .await?
        .map(|_| ())
        .ok_or_else(|| kernel::Error::NotFound("这一户".into()))
}
