//! Weekly working hours.
use kernel::Instant;
use serde::{Deserialize, Serialize};

const DAY: u32 = 24 * 60;
const WEEK: u32 = 7 * DAY;
/// 1970-01-01 was a Thursday.
const EPOCH_WEEKDAY: i64 = 3;

/// A stretch of working time that comes every week. One that ends at or before its start runs over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    weekday: u8,
    from: u16,
    to: u16,
}

impl Window {
    /// `weekday` 0 (Monday) to 6; `from` 0–1439 and `to` 0–1440 in minutes since midnight of the city's zone.
    /// `None` outside these ranges.
    pub const fn new(weekday: u8, from: u16, to: u16) -> Option<Window> {
        if weekday < 7 && (from as u32) < DAY && to as u32 <= DAY { Some(Window { weekday, from, to }) } else { None }
    }
    /// 0 (Monday) to 6.
    pub const fn weekday(self) -> u8 {
        self.weekday
    }
    /// Minutes since midnight at which it begins.
    pub const fn from_minute(self) -> u16 {
        self.from
    }
    /// Minutes since midnight at which it ends.
    pub const fn to_minute(self) -> u16 {
        self.to
    }
    const fn start(self) -> u32 {
        self.weekday as u32 * DAY + self.from as u32
    }
    const fn minutes(self) -> u32 {
        let (from, to) = (self.from as u32, self.to as u32);
        if to > from { to - from } else { DAY - from + to }
    }
    /// Minutes from `minute` (of the week) to the end of this window; 0 outside it.
    const fn left_at(self, minute: u32) -> u32 {
        let into = (minute + WEEK - self.start()) % WEEK;
        self.minutes().saturating_sub(into)
    }
}

/// Minutes since Monday 00:00 in the city's zone.
pub(crate) fn minute_of_week(at: Instant) -> u32 {
    let day = (at.0 + Instant::ZONE_MS).div_euclid(Instant::DAY);
    (day + EPOCH_WEEKDAY).rem_euclid(7) as u32 * DAY + at.minute_of_day()
}

/// Does the stretch of `minutes` from `start` lie inside `hours`? Windows that touch or overlap count as one.
pub fn covered(hours: &[Window], start: Instant, minutes: u32) -> bool {
    covered_from(hours, minute_of_week(start), minutes)
}

pub(crate) fn covered_from(hours: &[Window], mut minute: u32, mut minutes: u32) -> bool {
    loop {
        let left = hours.iter().map(|w| w.left_at(minute)).max().unwrap_or(0);
        if left == 0 {
            return false;
        }
        if left >= minutes {
            return true;
        }
        minutes -= left;
        minute = (minute + left) % WEEK;
    }
}
