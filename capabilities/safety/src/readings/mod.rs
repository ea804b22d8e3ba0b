//! From a device's message to a stored reading and a raised alarm.
//!
//! **How readings are kept.** Every group commit appends one row to a *log*: all readings of the batch in the order they
//! were judged, packed. The log is also what the watch is rebuilt from after a crash: an elder's stored state says up to
//! which row it knows, and the rest is stepped through again. Every few minutes the log is *folded* into *blocks*, one an
//! elder and day, sorted and without what came twice; after [`HOURS_AFTER_DAYS`] days a block becomes hours. One append of
//! packed bytes is what makes tens of thousands of readings a second possible on both engines, and an elder's day lies in
//! one place when somebody looks at it.
//!
//! **Invariants**
//! - A ticket is done only when alarms and readings of its message are committed: first the alarms with their cases (main
//!   database), then the log. A crash between the two is repaired by the device's retry or the replay: alarm keys name the
//!   occurrence, so that nothing is raised twice.
//! - Nothing is filtered before the watch has judged it. Calls for help have a queue of their own that is always served
//!   first; they may overtake older readings of the same device. Everything else keeps its order.
//! - No alarm is given up. One that cannot be raised is kept (also over a restart) and tried for ever beside the queue, its
//!   sender is not acknowledged, and [`Stats`] says so to the desk.
//! - Queues, cache and log tail are bounded. When the database does not answer, tickets wait, queues fill, and whoever
//!   feeds them stops reading its sockets.
//! - What waits for a moment is in the stored state, so a restart forgets no timer.
mod codec;
mod commit;
mod held;
mod keep;
mod pass;
mod query;
mod store;
mod ticket;
mod ward;
mod watch;

pub use codec::{Hour, Stored};
pub use held::Unraised;
pub use keep::{KeepJob, compact, erase, jobs, schedules};
pub use pass::{kept_back, pass_on};
pub use query::{Heard, by_number, heard, hours, latest, of_elder, stored_since};
pub use store::MIGRATIONS;
pub use ticket::{Intake, Lane, Line, Message, Said};
pub use watch::{Figures, Start, Stats, Watching, start};

/// The readings' own database, as pages reach it.
#[derive(Clone)]
pub struct Telemetry(pub ::store::Db);

/// What a place that is passed on is called.
pub(crate) const POSITION: &str = "position";

/// Readings older than this are kept as hours.
pub const HOURS_AFTER_DAYS: i64 = 90;
