//! Purses as orders and pages read them.
use crate::model::{PurseRow, PurseState, PurseView};
use crate::service::batch::paying;
use crate::store::lists::{self, PurseAsk};
use crate::store::purses::{self, Purse};
use crate::store::runs;
use books::model::AccountView;
use kernel::{
    AccountId, Actor, CivilDate, ElderId, Fen, HouseholdId, PageAsk, Paged, Permission, Quarter, Result, Scope,
};
use std::collections::HashMap;
use store::{Db, Sql, Tx};

/// What a purse's account says: (used, held, available).
fn standing(purse: &Purse, account: Option<&AccountView>) -> (Fen, Fen, Fen) {
    let Some(account) = account else { return (Fen::ZERO, Fen::ZERO, Fen::ZERO) };
    // Withdrawals and clearing also leave the purse; what is left over of the rest is what orders took.
    let used = purse.granted() - purse.cleared() - account.balance();
    (used, account.held(), account.available())
}

/// The purses of a household that may pay for a service given on `on`: those of that day's quarter, not yet cleared, in
/// whose month the household is entitled on that day.
pub async fn purses(db: &Db, household: HouseholdId, on: CivilDate) -> Result<Vec<PurseView>> {
    usable(db.read(), household, on).await
}

/// [`purses`] inside a transaction.
pub async fn purses_in(tx: &Tx, household: HouseholdId, on: CivilDate) -> Result<Vec<PurseView>> {
    usable(tx, household, on).await
}

async fn usable<C: Sql>(conn: &C, household: HouseholdId, on: CivilDate) -> Result<Vec<PurseView>> {
    let mut out = Vec::new();
    for purse in purses::of_quarter(conn, household, on.quarter()).await? {
        let Some(line) = paying(&purse.lines, on).filter(|_| purse.state == PurseState::Open) else { continue };
        let accounts = books::service::accounts(conn, &[purse.account]).await?;
        let (used, held, available) = standing(&purse, accounts.get(&purse.account));
        let (title, ground) = runs::titled(conn, &line.pack).await?.unwrap_or_default();
        out.push(PurseView {
            household,
            group: purse.group.clone(),
            pack_id: line.pack.clone(),
            pack_title: title,
            article: ground,
            quarter: purse.quarter,
            months: purse.granted_months(),
            from: line.from,
            who: line.who.clone(),
            granted: purse.granted(),
            used,
            held,
            available,
            account: purse.account,
        });
    }
    Ok(out)
}

/// Purses inside the scope. `order` is allow-listed SQL.
///
/// # Errors
/// `Forbidden` without the permission.
pub async fn purse_list(
    db: &Db,
    actor: &Actor,
    scope: &Scope,
    ask: &PurseAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<PurseRow>> {
    actor.require(Permission::EntitlementRead)?;
    let found = lists::purses(db.read(), scope, ask, order, page).await?;
    let ids: Vec<AccountId> = found.rows.iter().map(|p| p.account).collect();
    let mut accounts: HashMap<AccountId, AccountView> = HashMap::new();
    let mut elders: Vec<ElderId> = found.rows.iter().flat_map(people_of).collect();
    for part in ids.chunks(1_000) {
        accounts.extend(books::service::accounts(db.read(), part).await?);
    }
    elders.sort_unstable();
    elders.dedup();
    let mut names: HashMap<ElderId, String> = HashMap::new();
    for part in elders.chunks(1_000) {
        let cards = people::service::cards(db, scope, part).await?;
        names.extend(cards.into_iter().map(|(id, card)| (id, card.name)));
    }
    Ok(found.map(|p| {
        let (used, held, available) = standing(&p, accounts.get(&p.account));
        PurseRow {
            household: p.household,
            group: p.group.clone(),
            pack: p.pack().to_string(),
            quarter: p.quarter,
            region: p.region,
            account: p.account,
            who: people_of(&p).into_iter().filter_map(|e| Some((e, names.get(&e)?.clone()))).collect(),
            months: p.lines.iter().filter(|l| l.target > Fen::ZERO).count() as i64,
            granted: p.granted(),
            used,
            held,
            available,
            cleared: p.cleared(),
            overgrant: p.overgrant,
            state: p.state,
        }
    }))
}

/// Everyone a purse was filled for, each once.
fn people_of(purse: &Purse) -> Vec<ElderId> {
    let mut out = Vec::new();
    for elder in purse.lines.iter().flat_map(|l| &l.who) {
        if !out.contains(elder) {
            out.push(*elder);
        }
    }
    out
}

/// Quarters that have purses, newest first.
pub async fn quarters(db: &Db) -> Result<Vec<Quarter>> {
    lists::quarters(db.read()).await
}

/// The purses of a household of the last quarters, newest first, with what is on them.
pub(crate) async fn of_household(db: &Db, household: HouseholdId) -> Result<Vec<(Purse, Fen, Fen, Fen)>> {
    let found = purses::of_household(db.read(), household).await?;
    let ids: Vec<AccountId> = found.iter().map(|p| p.account).collect();
    let accounts = books::service::accounts(db.read(), &ids).await?;
    Ok(found
        .into_iter()
        .map(|p| {
            let (used, held, available) = standing(&p, accounts.get(&p.account));
            (p, used, held, available)
        })
        .collect())
}
