//! Runs jobs, events and schedules.
use crate::job::{Job, JobCtx, JobRow, JobState, Schedule};
use crate::outbox::Subscriber;
use crate::store::{self as sql, Claimed};
use kernel::{Actor, Error, JobId, Result, Scope};
use std::sync::Arc;
use std::time::Duration;
use store::Db;

/// How often a job that somebody else runs is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Keeps a job ours while it is worked at, also when a batch takes long; stops beating when dropped.
struct Heart(tokio::task::JoinHandle<()>);

impl Heart {
    fn of(db: Db, at: Claimed) -> Heart {
        Heart(tokio::spawn(async move {
            loop {
                tokio::time::sleep(sql::BEAT).await;
                match sql::renew(&db, &at).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(e) => tracing::warn!(job = %at.id, error = %e, "renewing a job failed"),
                }
            }
        }))
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// All that can run in this process.
#[derive(Clone)]
pub struct Runner {
    pub db: Db,
    pub jobs: Arc<Vec<Arc<dyn Job>>>,
    pub schedules: Arc<Vec<Schedule>>,
    pub subscribers: Arc<Vec<Arc<dyn Subscriber>>>,
    /// The region of the installation: scheduled jobs belong to it.
    pub scope: Scope,
}

impl Runner {
    /// Runs until `stop` turns true. Errors are logged and tried again; the loop itself does not end on them.
    pub async fn run(&self, mut stop: tokio::sync::watch::Receiver<bool>) {
        loop {
            let worked = match self.step().await {
                Ok(n) => n > 0,
                Err(e) => {
                    tracing::error!(error = %e, "work step failed");
                    false
                }
            };
            let pause = if worked { Duration::from_millis(5) } else { Duration::from_millis(500) };
            tokio::select! {
                _ = stop.changed() => return,
                _ = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One round: what schedules owe, due events, one due job. Returns how many things were done.
    pub async fn step(&self) -> Result<usize> {
        self.plan_schedules().await?;
        let events = self.deliver().await?;
        let jobs = match sql::take(&self.db, None).await? {
            Some((row, at)) => {
                self.execute(row, at).await?;
                1
            }
            None => 0,
        };
        Ok(events + jobs)
    }

    /// Works until nothing is due: for tests and command-line runs.
    pub async fn drain(&self) -> Result<()> {
        while self.step().await? > 0 {}
        Ok(())
    }

    /// Runs one job now and answers its result. One that somebody else runs is waited for, and taken over when they
    /// are gone.
    ///
    /// # Errors
    /// The job's own error.
    pub async fn run_job(&self, id: JobId) -> Result<serde_json::Value> {
        let row = loop {
            let taken = sql::take(&self.db, Some(id)).await?;
            let idle = taken.is_none();
            if let Some((row, at)) = taken {
                self.execute(row, at).await?;
            }
            let row = crate::job(&self.db, &self.scope, id).await?;
            let row = row.ok_or_else(|| Error::NotFound("这项工作".into()))?;
            if row.state() != JobState::Running {
                break row;
            }
            if idle {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        match (row.error, row.result) {
            (Some(e), _) => Err(Error::Internal(e)),
            (None, Some(r)) => serde_json::from_str(&r).map_err(Error::internal),
            (None, None) => Ok(serde_json::Value::Null),
        }
    }

    async fn plan_schedules(&self) -> Result<()> {
        let now = self.db.now();
        let today = now.date();
        for s in self.schedules.iter().filter(|s| now.minute_of_day() >= s.minute) {
            let Some(key) = s.key(today) else { continue };
            if sql::exists(&self.db, &key).await? {
                continue;
            }
            let actor = Actor::Platform { job: s.kind, scope: self.scope };
            let tx = self.db.begin().await?;
            let payload = (s.payload)(today);
            sql::enqueue(&tx, &self.db, &actor, s.kind, &key, s.title, &payload, self.scope.region).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn deliver(&self) -> Result<usize> {
        let due = sql::due_events(&self.db, 200).await?;
        let n = due.len();
        for (event, attempts) in due {
            let mut failure = None;
            for s in self.subscribers.iter().filter(|s| s.topics().contains(&event.topic.as_str())) {
                if let Err(e) = s.handle(&self.db, &event).await {
                    tracing::warn!(event = %event.id, topic = %event.topic, subscriber = s.name(), error = %e, "event failed");
                    failure = Some(e.to_string());
                }
            }
            match failure {
                None => sql::event_done(&self.db, event.id).await?,
                Some(m) => sql::event_failed(&self.db, event.id, attempts + 1, &m).await?,
            }
        }
        Ok(n)
    }

    async fn execute(&self, row: JobRow, at: Claimed) -> Result<()> {
        let Some(job) = self.jobs.iter().find(|j| j.kind() == row.kind) else {
            tracing::error!(job = %row.id, kind = %row.kind, "no such kind of job");
            return sql::fail(&self.db, &row, &at, 1, "no such kind of job").await;
        };
        let payload = serde_json::from_str(&row.payload).unwrap_or_default();
        let ctx = JobCtx { db: self.db.clone(), row: row.clone(), at };
        let _beats = Heart::of(self.db.clone(), at);
        match job.run(&ctx, payload).await {
            Ok(result) => sql::finish(&self.db, &at, &result).await,
            Err(e) => {
                tracing::warn!(job = %row.id, kind = %row.kind, error = %e, "job failed");
                // A rule that refuses will refuse again: no retry.
                let limit = if matches!(e, Error::Internal(_)) { job.attempts() } else { 1 };
                let text = if matches!(e, Error::Internal(_)) { e.to_string() } else { e.user_message() };
                sql::fail(&self.db, &row, &at, limit, &text).await
            }
        }
    }
}
