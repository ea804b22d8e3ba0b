//! P6: one quarter's settlement.
use super::{Bench, fill, stopwatch};
use kernel::{OrgScope, Result, Scope};
use serde_json::json;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let served = fill::orders(b).await?;
    let db = &served.world.db;
    let scope = Scope { region: b.config.region, org: OrgScope::Any };
    // The limit: one pass reading the same rows.
    let t = stopwatch();
    let (mut read, mut after) = (0usize, None);
    loop {
        let part = orders::service::settleable(db, &scope.region, served.quarter, after, 5_000).await?;
        let Some(last) = part.last() else { break };
        after = Some(last.id);
        read += part.len();
    }
    let limit = t.elapsed().as_secs_f64();
    let actor = crate::wire::platform(&b.config, "settle");
    let t = stopwatch();
    let done = settlement::service::settle(db, &actor, served.quarter, &settlement::service::NoProgress).await?;
    let took = t.elapsed().as_secs_f64();
    let t = stopwatch();
    let again = settlement::service::settle(db, &actor, served.quarter, &settlement::service::NoProgress).await?;
    let second = t.elapsed().as_secs_f64();
    let r = books::service::recount(db).await?;
    b.tell(
        "P6 settle",
        json!({
            "orders": read, "firms": served.cast.firms.len(), "seconds": took, "limit_one_pass_seconds": limit,
            "rerun_seconds": second, "lists": done.lists, "in_lists": done.orders,
            "cleared_fen": done.cleared.0, "rerun_orders": again.orders, "balanced": r.sound(), "transfers": r.transfers,
        }),
    );
    Ok(())
}
