//! What a job is.
use async_trait::async_trait;
use kernel::{CivilDate, Instant, JobId, RegionCode, Result, UserId};
use store::Db;
use store::sea_orm::{self, FromQueryResult};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Waiting,
    Running,
    Done,
    /// Gave up after [`Job::attempts`] tries; can be asked to run again.
    Failed,
}

impl JobState {
    pub const fn code(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            JobState::Waiting => "等待中",
            JobState::Running => "进行中",
            JobState::Done => "已完成",
            JobState::Failed => "没做成",
        }
    }
    pub fn parse(code: &str) -> Option<JobState> {
        [JobState::Waiting, JobState::Running, JobState::Done, JobState::Failed].into_iter().find(|s| s.code() == code)
    }
}

/// A stored job.
#[derive(Clone, Debug, FromQueryResult, serde::Serialize)]
pub struct JobRow {
    pub id: JobId,
    pub kind: String,
    pub key: String,
    pub title: String,
    pub payload: String,
    pub state: String,
    pub progress_done: i64,
    pub progress_total: i64,
    pub note: String,
    pub attempts: i64,
    pub error: Option<String>,
    pub result: Option<String>,
    pub region: RegionCode,
    pub created_by: Option<UserId>,
    pub created_at: Instant,
    pub finished_at: Option<Instant>,
}

impl JobRow {
    pub fn state(&self) -> JobState {
        JobState::parse(&self.state).unwrap_or(JobState::Failed)
    }
    /// 0–100.
    pub fn percent(&self) -> i64 {
        match self.state() {
            JobState::Done => 100,
            _ if self.progress_total <= 0 => 0,
            _ => (self.progress_done * 100 / self.progress_total).clamp(0, 99),
        }
    }
}

/// A kind of job.
#[async_trait]
pub trait Job: Send + Sync {
    /// Stable code, e.g. `determine`.
    fn kind(&self) -> &'static str;
    /// How often it is tried before it is given up.
    fn attempts(&self) -> i64 {
        5
    }
    /// Does the work; may have done part of it before. The answer is stored with the job.
    async fn run(&self, ctx: &JobCtx, payload: serde_json::Value) -> Result<serde_json::Value>;
}

/// What a running job holds.
pub struct JobCtx {
    pub db: Db,
    pub row: JobRow,
    pub(crate) at: crate::store::Claimed,
}

impl JobCtx {
    /// Tells how far it is; shown on the job's page. Cheap enough once a batch.
    ///
    /// # Errors
    /// `Internal` when the job was taken over by somebody else, because this process did not answer for too long: stop.
    pub async fn progress(&self, done: i64, total: i64, note: &str) -> Result<()> {
        crate::store::progress(&self.db, &self.at, done, total, note).await
    }
}

/// A job that is due once a period, from `minute` (of the city's day) on. Periods missed while the machine was off are
/// caught up by the first run after it, because jobs are functions of state and date.
#[derive(Clone, Copy)]
pub struct Schedule {
    pub kind: &'static str,
    pub title: &'static str,
    /// Minutes after midnight.
    pub minute: u32,
    /// The period a day asks for, `None` when nothing is due: the day itself for a daily job, the quarter that ended for
    /// a quarterly one. One job a kind and period.
    pub period: fn(CivilDate) -> Option<String>,
    pub payload: fn(CivilDate) -> serde_json::Value,
}

impl Schedule {
    /// The job's key on a day on which it is due.
    pub fn key(&self, day: CivilDate) -> Option<String> {
        (self.period)(day).map(|p| format!("{}:{p}", self.kind))
    }
}
