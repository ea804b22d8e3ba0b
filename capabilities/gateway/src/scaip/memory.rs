//! What was answered lately, so that what is sent again is stored once and answered again.
use super::Back;
use kernel::Instant;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How long an answer is kept: longer than a unit goes on with one message, and with one reference.
const KEPT_MS: i64 = 10 * Instant::MINUTE;
/// Most that is remembered.
const MAX: usize = 16_384;

#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// Not seen; counted as being worked on from now.
    New,
    Working,
    Answered(Back),
}

#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, (Instant, Option<Back>)>>);

impl Memory {
    pub(super) fn seen(&self, key: &str, now: Instant) -> Seen {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(key) {
            Some((_, None)) => return Seen::Working,
            Some((at, Some(back))) if (0..KEPT_MS).contains(&now.since(*at)) => return Seen::Answered(back.clone()),
            _ => {}
        }
        if all.len() >= MAX {
            all.retain(|_, (at, back)| back.is_none() || (0..KEPT_MS).contains(&now.since(*at)));
        }
        if all.len() >= MAX {
            // What is being worked on is bounded by itself; an answer forgotten is made again.
            all.retain(|_, (_, back)| back.is_none());
        }
        all.insert(key.to_string(), (now, None));
        Seen::New
    }
    pub(super) fn answered(&self, key: &str, back: Back, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.to_string(), (now, Some(back)));
    }
    /// It did not work: the next is new.
    pub(super) fn forget(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_for_a_while_and_memory_is_bounded() {
        let (m, t) = (Memory::default(), Instant(1_000_000));
        assert!(matches!(m.seen("a", t), Seen::New));
        assert!(matches!(m.seen("a", t), Seen::Working));
        m.answered("a", Back { answer: vec![1], message: None }, t);
        assert!(matches!(m.seen("a", t.plus_ms(5_000)), Seen::Answered(b) if b.answer == [1]));
        assert!(matches!(m.seen("a", t.plus_ms(KEPT_MS)), Seen::New));
        m.forget("a");
        assert!(matches!(m.seen("a", t), Seen::New), "what was not stored is taken again");
        for n in 0..3 * MAX {
            let key = format!("k{n}");
            assert!(matches!(m.seen(&key, t), Seen::New));
            m.answered(&key, Back::default(), t);
        }
        assert!(m.0.lock().unwrap().len() <= MAX);
        assert!(matches!(m.seen("a", t), Seen::Working), "what is being worked on is not forgotten");
    }
}
