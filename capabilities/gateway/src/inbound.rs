//! What both kinds of connection share: messages handed in, answers held back until they are stored.
use crate::directory::Entry;
use crate::limits::Bucket;
use crate::serve::Shared;
use crate::translate::calls_for_help;
use kernel::{Instant, Result};
use safety::devices::Protocol;
use safety::readings::{Lane, Line, Message, Said};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// One connection's messages in flight with what is answered once each is stored.
pub(crate) struct Pending<R> {
    pub(crate) line: Arc<Line>,
    given: [u64; 2],
    waiting: VecDeque<(Lane, u64, R)>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Answered once it is stored.
    Waits,
    /// Beyond the device's allowance: not stored, not answered.
    Limited,
    /// Of a device that is nobody's: noted among the strangers, answered at once.
    Nobodys,
}

impl<R> Pending<R> {
    pub(crate) fn new() -> Pending<R> {
        Pending { line: Line::new(), given: [0, 0], waiting: VecDeque::new() }
    }
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Hands a device's message in; waits while the watch's queue is full.
    ///
    /// # Errors
    /// The watch has stopped.
    pub(crate) async fn submit(
        &mut self,
        shared: &Shared,
        bucket: &mut Bucket,
        entry: &Entry,
        received: Instant,
        said: Vec<Said>,
        reply: R,
    ) -> Result<(Taken, Option<R>)> {
        let device = entry.now();
        let battery = said.iter().find_map(|s| match s.what {
            vigil::Measure::Battery(b) => Some(b),
            _ => None,
        });
        // Also of a device in stock: who keeps it sees that it works.
        entry.heard(received, battery, None, None);
        if device.bound.is_none() || !device.usable() {
            return Ok((Taken::Nobodys, Some(reply)));
        }
        if !calls_for_help(&said) && !bucket.take(received) {
            shared.counters.limited.fetch_add(1, Ordering::Relaxed);
            return Ok((Taken::Limited, None));
        }
        let message = Message::new(device, received, said);
        let lane = message.lane();
        let number = &mut self.given[usize::from(lane == Lane::Urgent)];
        *number += 1;
        let number = *number;
        self.waiting.push_back((lane, number, reply));
        shared.intake.submit(message, &self.line, number).await?;
        shared.counters.messages.fetch_add(1, Ordering::Relaxed);
        Ok((Taken::Waits, None))
    }

    /// Answers of what is stored by now, in the order the messages came. A call for help does not wait for those before
    /// it, unless `in_order`.
    pub(crate) fn ready(&mut self, in_order: bool, mut each: impl FnMut(R)) {
        let done = [self.line.done(Lane::Normal), self.line.done(Lane::Urgent)];
        let stored = |lane: Lane, n: u64| n <= done[usize::from(lane == Lane::Urgent)];
        if in_order {
            while self.waiting.front().is_some_and(|(l, n, _)| stored(*l, *n)) {
                if let Some((_, _, r)) = self.waiting.pop_front() {
                    each(r);
                }
            }
            return;
        }
        for _ in 0..self.waiting.len() {
            match self.waiting.pop_front() {
                Some((l, n, r)) if stored(l, n) => each(r),
                Some(other) => self.waiting.push_back(other),
                None => break,
            }
        }
    }
}

/// The estate's word for a wire protocol.
pub(crate) fn protocol(p: wire::Protocol) -> Protocol {
    match p {
        wire::Protocol::Watch => Protocol::Watch,
        wire::Protocol::Trv => Protocol::Trv,
        wire::Protocol::Minifinder2 => Protocol::Minifinder2,
        wire::Protocol::Jt808 => Protocol::Jt808,
        wire::Protocol::Gt06 => Protocol::Gt06,
    }
}
