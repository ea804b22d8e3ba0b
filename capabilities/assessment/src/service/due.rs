//! What comes due by itself: results that end, and people who are gone.
use super::apply::{cancel_in, fresh, next_no, open_in};
use crate::model::{Case, Reason};
use crate::store::cases as sql;
use async_trait::async_trait;
use kernel::{Actor, CivilDate, ElderId, Error, OrgScope, RegionCode, Result, Scope};
use serde::Deserialize;
use store::Db;
use work::{Event, Job, JobCtx, Schedule, Subscriber};

/// A new assessment is asked for so many days before the old one ends.
pub const AHEAD_DAYS: i64 = 30;
/// Cases of one transaction.
const BATCH: i64 = 200;
const KIND: &str = "assessment_due";

/// Asks for a new assessment of everyone in the actor's region whose result ends within [`AHEAD_DAYS`] of `day`. A second
/// run finds nothing left. Answers how many were asked for.
pub async fn call_again(db: &Db, actor: &Actor, day: CivilDate) -> Result<i64> {
    let until = day.plus_days(AHEAD_DAYS);
    let (mut made, mut after) = (0, None);
    loop {
        let ending = sql::ending(db.read(), actor.scope(), until, after, BATCH).await?;
        let Some(last) = ending.last() else { return Ok(made) };
        after = Some(last.id);
        let ids: Vec<ElderId> = ending.iter().map(|c| c.elder).collect();
        let cards = people::service::cards(db, actor.scope(), &ids).await?;
        let tx = db.begin().await?;
        for old in &ending {
            let Some(card) = cards.get(&old.elder).filter(|c| c.present(day)) else { continue };
            if sql::open_of(&tx, &[old.elder, card.id], &old.scale).await?.is_some() {
                continue;
            }
            let case = Case {
                reason: Reason::Due,
                prior: Some(old.id),
                ..fresh(db, tx.now(), next_no(&tx).await?, card, &old.scale, &actor.label())
            };
            let note = old.valid_until.map(|d| format!("上次结果 {d} 到期")).unwrap_or_default();
            open_in(&tx, db, actor, case, &note).await?;
            made += 1;
        }
        tx.commit().await?;
    }
}

/// [`call_again`] as the schedule runs it.
pub struct DueJob;

#[derive(Deserialize)]
struct Ask {
    day: CivilDate,
}

#[async_trait]
impl Job for DueJob {
    fn kind(&self) -> &'static str {
        KIND
    }
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value> {
        let ask: Ask = serde_json::from_value(payload).map_err(Error::internal)?;
        let scope = Scope { region: ctx.row.region, org: OrgScope::Any };
        let made = call_again(&ctx.db, &Actor::Platform { job: KIND, scope }, ask.day).await?;
        Ok(serde_json::json!({ "day": ask.day, "made": made }))
    }
}

/// Every day at half past midnight.
pub fn daily() -> Schedule {
    Schedule {
        kind: KIND,
        title: "到期重评",
        minute: 30,
        period: |day| Some(day.to_string()),
        payload: |day| serde_json::json!({ "day": day }),
    }
}

/// Nobody is sent to the door of someone who has died.
pub struct ElderDied {
    /// The region the installation serves.
    pub region: RegionCode,
}

#[async_trait]
impl Subscriber for ElderDied {
    fn name(&self) -> &'static str {
        "assessment"
    }
    fn topics(&self) -> &'static [&'static str] {
        &["elder.died"]
    }
    async fn handle(&self, db: &Db, event: &Event) -> Result<()> {
        let elder = event.payload.get("elder").and_then(|v| serde_json::from_value::<ElderId>(v.clone()).ok());
        let Some(elder) = elder else { return Ok(()) };
        let scope = Scope { region: self.region, org: OrgScope::Any };
        // A notice that was taken back meanwhile ends nothing.
        match people::service::card(db, &scope, elder).await {
            Ok(card) if card.died_on.is_some() => {}
            Ok(_) | Err(Error::NotFound(_)) => return Ok(()),
            Err(e) => return Err(e),
        }
        let actor = Actor::Platform { job: KIND, scope };
        let tx = db.begin().await?;
        for case in sql::open_all(&tx, elder).await? {
            cancel_in(&tx, db, &actor, &case, "老人已去世").await?;
        }
        tx.commit().await
    }
}
