//! Corrections of money as they are read, and telling people of them.
use super::{TOLD, tallies_wrong};
use crate::model::Told;
use crate::store::corrections as sql;
use kernel::{Actor, CivilDate, CorrectionId, Error, Fen, PageAsk, Paged, Permission, Result, Scope};
use store::Db;

pub use sql::{Correction, CorrectionAsk, CorrectionSums};

/// Corrections inside the scope. `order` is allow-listed SQL.
///
/// # Errors
/// `Forbidden` without the permission.
pub async fn corrections(
    db: &Db,
    actor: &Actor,
    scope: &Scope,
    ask: &CorrectionAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Correction>> {
    actor.require(Permission::EntitlementRead)?;
    sql::list(db.read(), scope, ask, order, page).await
}

/// What the corrections of the scope add up to, and what purses still owe.
pub async fn correction_sums(db: &Db, scope: &Scope) -> Result<(CorrectionSums, Fen)> {
    Ok((sql::sums(db.read(), scope).await?, sql::owed(db.read(), scope).await?))
}

/// How many people are still to be told.
pub async fn untold(db: &Db, scope: &Scope) -> Result<i64> {
    sql::untold(db.read(), scope).await
}

/// One correction.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn correction(db: &Db, actor: &Actor, scope: &Scope, id: CorrectionId) -> Result<Correction> {
    actor.require(Permission::EntitlementRead)?;
    sql::one(db.read(), scope, id).await
}

/// Writes down that the person or the family was told: how, when, whom.
///
/// # Errors
/// `Invalid` for a day to come, `Refused` when it was written down before.
pub async fn tell(db: &Db, actor: &Actor, id: CorrectionId, how: Told, on: CivilDate, whom: &str) -> Result<()> {
    actor.require(Permission::CorrectionTell)?;
    let Actor::Person { user, name, .. } = actor else {
        return Err(Error::Forbidden("要由人去告知".into()));
    };
    let tx = db.begin().await?;
    let c = sql::one(&tx, actor.scope(), id).await?;
    let today = tx.now().date();
    if on > today || on < c.at.date() {
        return Err(Error::invalid("on", format!("告知日期要在 {} 以后、今天以前", c.at.date())));
    }
    if !sql::told(&tx, id, *user, name, how, on, whom).await? {
        return Err(Error::refused("这条已经记过告知"));
    }
    let detail = serde_json::json!({ "how": how.code(), "on": on });
    audit::record(&tx, actor, audit::Entry::new(TOLD, "correction", id).region(c.region).detail(detail)).await?;
    tx.commit().await
}

/// Whether the counts kept with every change are right: how many are not. `repair` counts them afresh.
pub async fn tallies(db: &Db, repair: bool) -> Result<i64> {
    tallies_wrong(db, repair).await
}
