//! Approving, paying and returning lists.
use super::{PAID, RETURNED, REVIEWED, changed, no_list, pay, reason_text};
use crate::model::{Act, Chain, ListState, Step, TownState};
use crate::store::{self as sql, ListRow};
use kernel::{Actor, Error, Fen, PaymentListId, Permission, RegionCode, Result, UserId};
use store::{Db, Tx};

/// A list as the reviewer saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenList {
    pub id: PaymentListId,
    pub version: i64,
}

impl SeenList {
    /// As it stands in a form: `id:version`.
    pub fn token(&self) -> String {
        format!("{}:{}", self.id, self.version)
    }
}
impl std::str::FromStr for SeenList {
    type Err = &'static str;
    fn from_str(s: &str) -> std::result::Result<Self, Self::Err> {
        const WRONG: &str = "清单编号不对，回到清单再来";
        let (id, version) = s.split_once(':').ok_or(WRONG)?;
        Ok(SeenList { id: id.parse().map_err(|_| WRONG)?, version: version.parse().map_err(|_| WRONG)? })
    }
}

/// What an approval did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Approved {
    /// Lists that moved on now.
    pub lists: usize,
    /// Lists this same step had approved before: a form that was sent twice.
    pub already: usize,
    /// Public money of the lists that moved on.
    pub payable: Fen,
}

fn permission(step: Step) -> Permission {
    match step {
        Step::Town => Permission::SettlementTown,
        Step::County => Permission::SettlementCounty,
        Step::Finance => Permission::SettlementPay,
    }
}

/// Only a person reviews: a job has no name to sign with.
fn person(actor: &Actor) -> Result<UserId> {
    actor.user_id().ok_or_else(|| Error::Forbidden("审核要由本人来做".into()))
}

fn own_town(actor: &Actor) -> Result<RegionCode> {
    sql::town_of(actor.scope()).ok_or_else(|| Error::Forbidden("镇审核由镇街经办来做".into()))
}

/// Approves lists at one step: the town's part, the county, or finance, whose approval pays.
///
/// All lists or none. Sending the same approval twice does it once.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` outside the scope, `Conflict` when a list is no longer as it was
/// seen, `Refused` by the chain (turn, open disputes, one person for county and finance) or by a broken snapshot.
pub async fn approve(db: &Db, actor: &Actor, step: Step, seen: &[SeenList], note: &str) -> Result<Approved> {
    actor.require(permission(step))?;
    let who = person(actor)?;
    let note = reason_text("note", "审核意见", note, false)?;
    if seen.is_empty() {
        return Err(Error::refused("没有等这一步的清单"));
    }
    let mut seen = seen.to_vec();
    // One order for all, so that two approvals at once never wait for each other crosswise.
    seen.sort_by_key(|s| s.id);
    seen.dedup();
    let mut done = Approved::default();
    let mut entries = Vec::new();
    let tx = db.begin().await?;
    for s in &seen {
        let row = sql::lock_list(&tx, actor.scope(), s.id).await?.ok_or_else(no_list)?;
        let chain = sql::chain(&tx, &row).await?;
        let act = match step {
            Step::Town => Act::TownApprove(own_town(actor)?),
            Step::County => Act::CountyApprove,
            Step::Finance => Act::Pay,
        };
        if was_done(&chain, &act, who) {
            done.already += 1;
            continue;
        }
        let next = chain.after(act, who)?;
        if row.version != s.version {
            return Err(changed());
        }
        let payable = row.totals().payable();
        if act == Act::Pay {
            pay::post(&tx, db, actor, &row).await?;
        }
        sql::set_chain(&tx, row.id, &next, &act, actor, &note).await?;
        sql::insert_review(&tx, row.id, &act, actor, &note, payable).await?;
        entries.push(entry(&row, if act == Act::Pay { PAID } else { REVIEWED }, &act, &note, payable));
        done.lists += 1;
        done.payable += payable;
    }
    audit::record_many(&tx, actor, &entries).await?;
    tx.commit().await?;
    Ok(done)
}

/// The same approval came before (a second click).
fn was_done(chain: &Chain, act: &Act, who: UserId) -> bool {
    match act {
        Act::TownApprove(town) => chain.towns.iter().any(|t| t.town == *town && t.state == TownState::Approved),
        Act::CountyApprove => chain.state == ListState::Finance && chain.county_by == Some(who),
        Act::Pay => chain.state == ListState::Paid && chain.county_by != Some(who),
        Act::ReturnToTown(_) | Act::ReturnToCounty => false,
    }
}

/// Sends a list one step back with a reason: the county to one town or all, finance to the county.
///
/// # Errors
/// As [`approve`]; `Invalid` without a reason.
pub async fn return_list(
    db: &Db,
    actor: &Actor,
    step: Step,
    seen: SeenList,
    town: Option<RegionCode>,
    reason: &str,
) -> Result<()> {
    let act = match step {
        Step::Town => return Err(Error::refused("镇里有疑问的单，记核减或暂不付")),
        Step::County => Act::ReturnToTown(town),
        Step::Finance => Act::ReturnToCounty,
    };
    actor.require(permission(step))?;
    let who = person(actor)?;
    let reason = reason_text("reason", "退回原因", reason, true)?;
    let tx: Tx = db.begin().await?;
    let row = sql::lock_list(&tx, actor.scope(), seen.id).await?.ok_or_else(no_list)?;
    let next = sql::chain(&tx, &row).await?.after(act, who)?;
    if row.version != seen.version {
        return Err(changed());
    }
    let payable = row.totals().payable();
    sql::set_chain(&tx, row.id, &next, &act, actor, &reason).await?;
    sql::insert_review(&tx, row.id, &act, actor, &reason, payable).await?;
    audit::record(&tx, actor, entry(&row, RETURNED, &act, &reason, payable)).await?;
    tx.commit().await
}

fn entry(row: &ListRow, action: audit::Action, act: &Act, reason: &str, payable: Fen) -> audit::Entry {
    audit::Entry::new(action, "payment_list", row.id)
        .region(row.county)
        .reason(reason)
        .detail(serde_json::json!({ "step": act.step().code(), "decision": act.code(), "payable": payable }))
}
