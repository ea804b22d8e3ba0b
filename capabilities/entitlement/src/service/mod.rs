//! Use cases.
mod batch;
mod clear;
mod corrections;
mod desk;
mod determine;
mod purses;
mod read;
mod simulate;
mod trials;
mod versions;

pub use crate::store::lists::{EntitledAsk, PurseAsk};
pub use crate::store::trials::TrialRow;
pub use clear::{Clearance, clear_quarter, clear_waiting, reopen};
pub use corrections::{
    Correction, CorrectionAsk, CorrectionSums, correction, correction_sums, corrections, tallies, tell, untold,
};
pub use desk::{VillageEntitled, VillagePurses, entitled_by_village, purses_by_village};
pub(crate) use determine::ask;
pub use determine::{BATCH, ask_now, determine, determine_by, determine_household, retire};
pub(crate) use purses::of_household;
pub use purses::{purse_list, purses, purses_in, quarters};
pub(crate) use read::in_force;
pub use read::{by_pack, counts, current, determined_on, entitled, history, undecided};
pub use simulate::{Affected, Effect, Simulation, simulate};
pub use trials::{TRY_OUT, TrialAsk, TrialJob, TrialView, trial, trial_rows, try_out};
pub use versions::{
    Checked, Draft, Takeover, adopt, approve, begin, check, save, send_back, submit, version, version_list, withdraw,
};

use async_trait::async_trait;
use audit::Action;
use kernel::Result;

/// An end this near is shown as coming.
pub const SOON_DAYS: i64 = 60;

pub(crate) const DETERMINED: Action = Action::new("entitlement.determined", "认定待遇");
pub(crate) const REDETERMINED: Action = Action::new("entitlement.redetermined", "重新认定一户");
pub(crate) const CLEARED: Action = Action::new("entitlement.cleared", "额度季末清零");
pub(crate) const TOLD: Action = Action::new("entitlement.told", "告知更正");
pub(crate) const DRAFTED: Action = Action::new("policy.drafted", "写政策草稿");
pub(crate) const TRIED: Action = Action::new("policy.tried", "试算政策");
pub(crate) const SUBMITTED: Action = Action::new("policy.submitted", "政策送审");
pub(crate) const APPROVED: Action = Action::new("policy.approved", "批准政策");
pub(crate) const RETURNED: Action = Action::new("policy.returned", "退回政策");
pub(crate) const WITHDRAWN: Action = Action::new("policy.withdrawn", "撤回政策");
pub(crate) const ASKED: Action = Action::new("entitlement.asked", "要求现在认定");

/// How many tallies differ from a fresh count; with `repair` they are counted afresh behind the gate.
pub(crate) async fn tallies_wrong(db: &store::Db, repair: bool) -> Result<i64> {
    use crate::store::{runs, tally};
    let wrong = tally::wrong(db.read()).await?;
    if repair && wrong > 0 {
        let tx = db.begin().await?;
        runs::gate(&tx).await?;
        tally::rebuild(&tx).await?;
        tx.commit().await?;
    }
    Ok(wrong)
}

/// Hears how far long work has come.
#[async_trait]
pub trait Progress: Send + Sync {
    /// `total` is 0 while it is not known.
    async fn told(&self, done: i64, total: i64) -> Result<()>;
}

/// Nobody listens.
pub struct Quiet;

#[async_trait]
impl Progress for Quiet {
    async fn told(&self, _: i64, _: i64) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Progress for work::JobCtx {
    async fn told(&self, done: i64, total: i64) -> Result<()> {
        self.progress(done, total, "按户认定").await
    }
}
