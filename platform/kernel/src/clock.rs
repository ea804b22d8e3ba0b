//! Instants and the clock handle that is passed to whoever needs "now".
use crate::date::CivilDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment, UTC, in milliseconds since 1970-01-01. Shown in the city's zone (China Standard Time, UTC+8,
/// without daylight saving since 1992).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// Offset of the city's zone from UTC.
    pub const ZONE_MS: i64 = 8 * 3_600_000;
    pub const MINUTE: i64 = 60_000;
    pub const HOUR: i64 = 3_600_000;
    pub const DAY: i64 = 86_400_000;

    /// The civil date in the city's zone.
    pub fn date(self) -> CivilDate {
        CivilDate::from_epoch_days((self.0 + Self::ZONE_MS).div_euclid(Self::DAY))
    }
    /// Minutes since midnight in the city's zone, 0–1439.
    pub fn minute_of_day(self) -> u32 {
        ((self.0 + Self::ZONE_MS).rem_euclid(Self::DAY) / Self::MINUTE) as u32
    }
    pub const fn plus_ms(self, ms: i64) -> Instant {
        Instant(self.0 + ms)
    }
    pub const fn plus_minutes(self, minutes: i64) -> Instant {
        Instant(self.0 + minutes * Self::MINUTE)
    }
    /// Milliseconds from `earlier` to `self` (negative if `self` is before).
    pub const fn since(self, earlier: Instant) -> i64 {
        self.0 - earlier.0
    }
    /// `14:32`
    pub fn hhmm(self) -> String {
        let m = self.minute_of_day();
        format!("{:02}:{:02}", m / 60, m % 60)
    }
    /// `2026-11-20 14:32`
    pub fn stamp(self) -> String {
        format!("{} {}", self.date(), self.hhmm())
    }
    /// `2026-11-20 14:32:05`
    pub fn stamp_seconds(self) -> String {
        format!("{}:{:02}", self.stamp(), self.0.div_euclid(1000).rem_euclid(60))
    }
    /// `3分钟前` under an hour, the time of day on the same date, otherwise the date.
    pub fn ago(self, now: Instant) -> String {
        let ms = now.since(self);
        if (0..Self::MINUTE).contains(&ms) {
            "刚刚".into()
        } else if (0..Self::HOUR).contains(&ms) {
            format!("{}分钟前", ms / Self::MINUTE)
        } else if self.date() == now.date() {
            self.hhmm()
        } else {
            self.date().to_string()
        }
    }
    /// Reads `2026-11-20T14:32` or `2026-11-20 14:32` (what a browser's datetime field sends), city zone.
    pub fn parse_local(text: &str) -> Option<Instant> {
        let (d, t) = text.trim().split_once(['T', ' '])?;
        let date: CivilDate = d.parse().ok()?;
        let mut it = t.split(':');
        let h: u32 = it.next()?.parse().ok()?;
        let m: u32 = it.next()?.parse().ok()?;
        if h > 23 || m > 59 {
            return None;
        }
        Some(date.at(h, m))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stamp())
    }
}

/// Where "now" comes from. `System` at the edge of the running program, `Fixed` in tests and the demo's history.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    pub fn fixed(at: Instant) -> Clock {
        Clock::Fixed(Arc::new(AtomicI64::new(at.0)))
    }
    pub fn now(&self) -> Instant {
        match self {
            // The one place that reads the wall clock.
            #[allow(clippy::disallowed_methods)]
            Clock::System => {
                Instant(SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_millis() as i64).unwrap_or_default())
            }
            Clock::Fixed(at) => Instant(at.load(Ordering::SeqCst)),
        }
    }
    pub fn today(&self) -> CivilDate {
        self.now().date()
    }
    /// Moves a fixed clock; a system clock stays as it is.
    pub fn set(&self, to: Instant) {
        if let Clock::Fixed(at) = self {
            at.store(to.0, Ordering::SeqCst);
        }
    }
}
