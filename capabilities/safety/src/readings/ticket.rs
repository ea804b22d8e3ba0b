//! How whoever feeds messages in learns that they are stored.
use crate::devices::Known;
use kernel::{Error, Instant, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc};
use vigil::Measure;

/// Which queue a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A call for help, a fall, smoke, gas or CO.
    Urgent,
    Normal,
}

/// One thing said, with the device's time (or the time of receipt where the device told none).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    pub at: Instant,
    pub what: Measure,
}

/// A message's place in its connection's line.
pub(crate) type Ticket = (Arc<Line>, Lane, u64);

/// One message of one bound device.
#[derive(Debug)]
pub struct Message {
    pub device: Arc<Known>,
    pub received: Instant,
    pub said: Vec<Said>,
    pub(crate) ticket: Option<Ticket>,
}

impl Message {
    pub fn new(device: Arc<Known>, received: Instant, said: Vec<Said>) -> Message {
        Message { device, received, said, ticket: None }
    }
    /// Whose queue it takes: what may be a matter of life goes first.
    pub fn lane(&self) -> Lane {
        let urgent = |m: &Measure| {
            matches!(
                m,
                Measure::Sos { .. }
                    | Measure::Fall { .. }
                    | Measure::Smoke(true)
                    | Measure::Gas(true)
                    | Measure::Co(true)
            )
        };
        if self.said.iter().any(|s| urgent(&s.what)) { Lane::Urgent } else { Lane::Normal }
    }
}

/// One connection's tickets: numbers count up in each lane, and are done in that order.
#[derive(Debug, Default)]
pub struct Line {
    urgent: AtomicU64,
    normal: AtomicU64,
    changed: Notify,
}

impl Line {
    pub fn new() -> Arc<Line> {
        Arc::new(Line::default())
    }
    /// Everything up to this number is stored.
    pub fn done(&self, lane: Lane) -> u64 {
        match lane {
            Lane::Urgent => self.urgent.load(Ordering::Acquire),
            Lane::Normal => self.normal.load(Ordering::Acquire),
        }
    }
    /// Resolves when something more is stored, at once if that happened since the last time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
    pub(crate) fn finish(&self, lane: Lane, number: u64) {
        let place = match lane {
            Lane::Urgent => &self.urgent,
            Lane::Normal => &self.normal,
        };
        place.fetch_max(number, Ordering::AcqRel);
        self.changed.notify_one();
    }
}

/// Where messages are handed in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    pub(crate) urgent: mpsc::Sender<Message>,
    pub(crate) normal: mpsc::Sender<Message>,
}

impl Intake {
    /// Hands a message in under a number of its line; waits while the queue is full.
    ///
    /// # Errors
    /// `Internal` when the watch has stopped: do not acknowledge, close the connection.
    pub async fn submit(&self, mut message: Message, line: &Arc<Line>, number: u64) -> Result<Lane> {
        let lane = message.lane();
        message.ticket = Some((line.clone(), lane, number));
        let queue = match lane {
            Lane::Urgent => &self.urgent,
            Lane::Normal => &self.normal,
        };
        queue.send(message).await.map_err(|_| Error::Internal("the watch has stopped".into()))?;
        Ok(lane)
    }

    /// Hands a message in and waits until it is stored.
    ///
    /// # Errors
    /// `Internal` when the watch has stopped.
    pub async fn store(&self, message: Message) -> Result<()> {
        let line = Line::new();
        let lane = self.submit(message, &line, 1).await?;
        while line.done(lane) < 1 {
            if self.normal.is_closed() {
                return Err(Error::Internal("the watch has stopped".into()));
            }
            tokio::select! {
                () = line.changed() => {}
                () = self.normal.closed() => {}
            }
        }
        Ok(())
    }
}
