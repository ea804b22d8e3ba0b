//! One day in short, and how it is stored.
use super::NONE;
use serde::{Deserialize, Serialize};

/// A departure already told, a bit each in [`Day::told`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Told {
    Rise = 1,
    Meal = 2,
    Night = 4,
    Bathroom = 8,
    Out = 16,
    Quiet = 32,
    Late = 64,
}

/// One day in short. Times are minutes after four in the morning, durations minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[i64; 16]", into = "[i64; 16]")]
pub(crate) struct Day {
    /// Days since 1970.
    pub day: i32,
    pub events: u16,
    pub rise: u16,
    /// Last lasting activity.
    pub bed: u16,
    /// Busy minutes after having fallen asleep.
    pub night: u16,
    /// Which meals the kitchen was used for, and at which they were out: a bit each.
    pub meals: u8,
    pub meals_out: u8,
    /// Longest stay in the bathroom by day and at night.
    pub bath_day: u16,
    pub bath_night: u16,
    /// Longest unbroken activity in the bathroom.
    pub bath_run: u16,
    /// Longest time out, when they were last back, and in which hours of the day (from four) they were out.
    pub out: u16,
    pub back: u16,
    pub out_hours: u32,
    /// Longest time without activity while up and in.
    pub quiet: u16,
    pub told: u8,
    /// Busy cells between eight in the morning and eight in the evening: how much the sensors see.
    pub busy: u16,
}

impl Day {
    pub(crate) fn new(day: i32) -> Day {
        Day {
            day,
            events: 0,
            rise: NONE,
            bed: NONE,
            night: 0,
            meals: 0,
            meals_out: 0,
            bath_day: NONE,
            bath_night: NONE,
            bath_run: NONE,
            out: NONE,
            back: NONE,
            out_hours: 0,
            quiet: NONE,
            told: 0,
            busy: 0,
        }
    }
    /// Saturday and Sunday.
    pub(crate) fn weekend(day: i32) -> bool {
        (day + 3).rem_euclid(7) >= 5
    }
}

/// Stored as plain numbers, "not seen" as −1: eight weeks of days in some three kilobytes.
impl From<Day> for [i64; 16] {
    fn from(d: Day) -> [i64; 16] {
        let seen = |v: u16| if v == NONE { -1 } else { i64::from(v) };
        [
            i64::from(d.day),
            i64::from(d.events),
            seen(d.rise),
            seen(d.bed),
            i64::from(d.night),
            i64::from(d.meals),
            i64::from(d.meals_out),
            seen(d.bath_day),
            seen(d.bath_night),
            seen(d.bath_run),
            seen(d.out),
            seen(d.back),
            i64::from(d.out_hours),
            seen(d.quiet),
            i64::from(d.told),
            i64::from(d.busy),
        ]
    }
}

impl From<[i64; 16]> for Day {
    fn from(n: [i64; 16]) -> Day {
        let [
            day,
            events,
            rise,
            bed,
            night,
            meals,
            meals_out,
            bath_day,
            bath_night,
            bath_run,
            out,
            back,
            hours,
            quiet,
            told,
            busy,
        ] = n;
        let seen = |v: i64| u16::try_from(v).unwrap_or(NONE);
        let count = |v: i64| u16::try_from(v).unwrap_or_default();
        let bits = |v: i64| u8::try_from(v).unwrap_or_default();
        Day {
            day: i32::try_from(day).unwrap_or(i32::MIN),
            events: count(events),
            rise: seen(rise),
            bed: seen(bed),
            night: count(night),
            meals: bits(meals),
            meals_out: bits(meals_out),
            bath_day: seen(bath_day),
            bath_night: seen(bath_night),
            bath_run: seen(bath_run),
            out: seen(out),
            back: seen(back),
            out_hours: u32::try_from(hours).unwrap_or_default(),
            quiet: seen(quiet),
            told: bits(told),
            busy: count(busy),
        }
    }
}
