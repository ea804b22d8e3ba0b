//! How long readings are kept: whole for some days, as hours after that, and then not at all.
//!
//! A job in small transactions. What it does follows from what is stored and from the day, so broken off anywhere and run
//! again it goes on where it stopped, and missed nights are caught up by the next.
use super::HOURS_AFTER_DAYS;
use super::store as sql;
use ::store::Db;
use async_trait::async_trait;
use kernel::{CivilDate, Result};
use std::sync::Arc;
use work::{Job, JobCtx, Schedule};

const KIND: &str = "readings-keep";

/// Makes hours of every day before `before`; how many elder days were made.
///
/// # Errors
/// The database's. What was committed stays.
pub async fn compact(db: &Db, before: CivilDate) -> Result<usize> {
    let mut done = 0;
    loop {
        match sql::compact_some(db, before).await? {
            0 => return Ok(done),
            n => done += n,
        }
        tokio::task::yield_now().await;
    }
}

/// Erases every reading, hour and remark of the days before `before`: the rule of retention.
///
/// # Errors
/// As [`compact`].
pub async fn erase(db: &Db, before: CivilDate) -> Result<u64> {
    let mut rows = 0;
    while let Some(n) = sql::erase_one(db, before).await? {
        rows += n;
        tokio::task::yield_now().await;
    }
    Ok(rows)
}

/// The nightly job over the readings' database.
pub struct KeepJob {
    pub telemetry: Db,
    /// Days after which nothing of a reading is left.
    pub days: i64,
}

#[async_trait]
impl Job for KeepJob {
    fn kind(&self) -> &'static str {
        KIND
    }
    async fn run(&self, ctx: &JobCtx, _: serde_json::Value) -> Result<serde_json::Value> {
        let today = self.telemetry.now().date();
        let before = today.plus_days(-HOURS_AFTER_DAYS);
        let (mut done, mut left) = (0i64, sql::waiting(&self.telemetry, before).await?);
        loop {
            ctx.progress(done, done + left, "把旧读数压成小时").await?;
            let n = sql::compact_some(&self.telemetry, before).await? as i64;
            if n == 0 {
                break;
            }
            (done, left) = (done + n, (left - n).max(0));
        }
        ctx.progress(done, done, "删除到期的读数").await?;
        let erased = erase(&self.telemetry, today.plus_days(-self.days.max(HOURS_AFTER_DAYS))).await?;
        Ok(serde_json::json!({ "compacted": done, "erased": erased }))
    }
}

/// The job, for an installation that has the readings' database at hand.
pub fn jobs(telemetry: &Db, days: i64) -> Vec<Arc<dyn Job>> {
    vec![Arc::new(KeepJob { telemetry: telemetry.clone(), days })]
}

/// Every night at half past two.
pub fn schedules() -> Vec<Schedule> {
    vec![Schedule {
        kind: KIND,
        title: "读数压缩与到期删除",
        minute: 150,
        period: |day| Some(day.to_string()),
        payload: |_| serde_json::Value::Null,
    }]
}
