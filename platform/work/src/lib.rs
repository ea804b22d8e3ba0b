//! Work that goes on by itself: events told after a change is stored (transactional outbox), jobs with progress and
//! retry, and schedules.
//!
//! **Invariants**
//! - An event or job is written in the same transaction as its cause; there is no other way to make one.
//! - Everything here may run twice (a crash between doing and marking done): handlers are functions of state and date.
//! - A job is run by one at a time: whoever runs it renews a short lease, and when they die the next one that looks for
//!   work takes it over. A run that lost its lease can no longer tell of the job or end it.
//! - A job has a key; asking for the same key again gives the same job.
#![forbid(unsafe_code)]

mod job;
mod outbox;
mod runner;
mod store;

pub use job::{Job, JobCtx, JobRow, JobState, Schedule};
pub use outbox::{Event, Subscriber, emit};
pub use runner::Runner;
pub use store::{Backlog, JobAsk, MIGRATIONS, backlog, enqueue, job, jobs, running};
