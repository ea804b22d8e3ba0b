//! Before a quarter's purses are cleared: orders nobody served give back what they hold.
use super::Progress;
use async_trait::async_trait;
use kernel::{Actor, Quarter, Result};
use store::Db;

/// Passes it on to who listens to the settlement.
struct Closing<'a>(&'a dyn Progress, i64);

#[async_trait]
impl orders::service::Progress for Closing<'_> {
    async fn told(&self, done: i64) -> Result<()> {
        self.0.told(self.1, &format!("没有服务的工单已关闭 {done} 单")).await
    }
}

/// Closes the orders of the quarter that were never served; `copied` orders stand in lists so far.
pub(super) async fn unserved(
    db: &Db,
    actor: &Actor,
    quarter: Quarter,
    copied: i64,
    progress: &dyn Progress,
) -> Result<()> {
    let region = actor.scope().region;
    orders::service::lapse_unserved(db, actor, &region, quarter, &Closing(progress, copied)).await?;
    Ok(())
}
