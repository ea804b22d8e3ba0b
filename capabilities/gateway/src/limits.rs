//! A device's allowance: refilled with time, never below nothing.
use kernel::Instant;

/// Tokens in thousandths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: i64,
    at: Instant,
    rate: i64,
    burst: i64,
}

impl Bucket {
    pub(crate) fn new(rate: u32, burst: u32, now: Instant) -> Bucket {
        let burst = i64::from(burst) * 1_000;
        Bucket { tokens: burst, at: now, rate: i64::from(rate), burst }
    }
    /// Where somebody else limits.
    pub(crate) fn unlimited(now: Instant) -> Bucket {
        Bucket { tokens: i64::MAX / 2, at: now, rate: 0, burst: i64::MAX / 2 }
    }
    /// Takes one message's worth, if it is there.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        // A clock that was set back refills nothing.
        let passed = now.since(self.at).clamp(0, 60_000);
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.at = now;
        let enough = self.tokens >= 1_000;
        if enough {
            self.tokens -= 1_000;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let t = Instant(1_000_000);
        let mut b = Bucket::new(2, 5, t);
        assert_eq!((0..10).filter(|_| b.take(t)).count(), 5);
        assert_eq!((0..10).filter(|_| b.take(t.plus_ms(1_000))).count(), 2);
        assert!(!b.take(t.plus_ms(-60_000)), "a clock set back gives nothing");
        assert_eq!((0..10).filter(|_| b.take(t.plus_ms(3_600_000))).count(), 5, "never more than the burst");
    }
}
