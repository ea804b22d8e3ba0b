//! What orders do when something happens elsewhere.
use crate::{service, store as sql};
use async_trait::async_trait;
use kernel::{Actor, ElderId, Error, OrgScope, Result, Scope};
use std::sync::Arc;
use store::Db;
use work::{Event, Subscriber};

/// Visits ahead are called off when the elder has died or moved out, and their money goes back to the purse.
struct Departures {
    scope: Scope,
}

#[async_trait]
impl Subscriber for Departures {
    fn name(&self) -> &'static str {
        "orders.departures"
    }
    fn topics(&self) -> &'static [&'static str] {
        &["elder.died", "elder.changed"]
    }
    async fn handle(&self, db: &Db, event: &Event) -> Result<()> {
        let id = event.payload.get("elder").and_then(|v| v.as_str()).and_then(|t| t.parse::<ElderId>().ok());
        let Some(elder) = id else { return Ok(()) };
        let card = match people::service::card(db, &self.scope, elder).await {
            Ok(card) => card,
            // Merged into another archive meanwhile: nothing of its own is left.
            Err(Error::NotFound(_)) => return Ok(()),
            Err(e) => return Err(e),
        };
        let (day, reason) = match (card.died_on, card.moved_out_on) {
            (Some(day), _) => (day, format!("老人于 {day} 去世")),
            (None, Some(day)) => (day, format!("老人于 {day} 迁出")),
            (None, None) => return Ok(()),
        };
        let actor = Actor::Platform { job: "orders.departures", scope: self.scope };
        for order in sql::cancellable(db.read(), elder, day.at(0, 0)).await? {
            match service::cancel(db, &actor, order, &reason, None).await {
                // The worker set out in the meantime: people decide.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// Subscribers of an installation that serves `region`.
pub fn subscribers(region: kernel::RegionCode) -> Vec<Arc<dyn Subscriber>> {
    vec![Arc::new(Departures { scope: Scope { region, org: OrgScope::Any } })]
}
