//! P6: one quarter's settlement.
use super::{Bench, fill, stopwatch};
use async_trait::async_trait;
use kernel::{Error, OrgScope, Result, Scope};
use serde_json::json;
use settlement::service::{NoProgress, Progress};
use std::sync::Mutex;
use std::time::Instant;

/// When each part of the settlement was last heard of.
struct Phases(Instant, Mutex<Vec<(&'static str, f64)>>);

#[async_trait]
impl Progress for Phases {
    async fn told(&self, _: i64, note: &str) -> Result<()> {
        let part = match note {
            n if n.starts_with("已进清单") => "copied",
            n if n.ends_with("已生成") => "lists",
            n if n.starts_with("额度") => "cleared",
            _ => "lapsed",
        };
        let mut heard = self.1.lock().map_err(|_| Error::Internal("a bench thread panicked".into()))?;
        let at = self.0.elapsed().as_secs_f64();
        match heard.last_mut() {
            Some(last) if last.0 == part => last.1 = at,
            _ => heard.push((part, at)),
        }
        Ok(())
    }
}

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
    let phases = Phases(t, Mutex::default());
    let done = settlement::service::settle(db, &actor, served.quarter, &phases).await?;
    let took = t.elapsed().as_secs_f64();
    let t = stopwatch();
    let again = settlement::service::settle(db, &actor, served.quarter, &NoProgress).await?;
    let second = t.elapsed().as_secs_f64();
    let ends: serde_json::Map<String, serde_json::Value> = phases
        .1
        .into_inner()
        .map_err(|_| Error::Internal("a bench thread panicked".into()))?
        .into_iter()
        .map(|(part, at)| (part.to_string(), json!(at)))
        .collect();
    let r = books::service::recount(db).await?;
    b.tell(
        "P6 settle",
        json!({
            "orders": read, "firms": served.cast.firms.len(), "seconds": took, "limit_one_pass_seconds": limit,
            "ended_at_seconds": ends, "rerun_seconds": second, "lists": done.lists, "in_lists": done.orders,
            "cleared_fen": done.cleared.0, "rerun_orders": again.orders, "balanced": r.sound(), "transfers": r.transfers,
        }),
    );
    Ok(())
}
