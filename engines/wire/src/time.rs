//! Times as devices write them.
use kernel::{CivilDate, Instant};

/// A UTC moment from its parts, `None` if it is no date (a device without a clock sends zeros).
/// A leap second counts as the second before it.
pub(crate) fn utc(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Instant> {
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let date = CivilDate::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)?;
    let seconds = i64::from(hour * 3600 + minute * 60 + second.min(59));
    Some(Instant(date.epoch_days() * Instant::DAY + seconds * 1000))
}

/// The parts of a moment in UTC: year, month, day, hour, minute, second.
pub(crate) fn parts(at: Instant) -> (i16, u8, u8, u8, u8, u8) {
    let days = at.0.div_euclid(Instant::DAY);
    let second = at.0.rem_euclid(Instant::DAY) / 1000;
    let date = CivilDate::from_epoch_days(days.clamp(-300_000, 2_900_000));
    let small = |v: i64| v as u8;
    (
        date.year(),
        date.month() as u8,
        date.day() as u8,
        small(second / 3600),
        small(second / 60 % 60),
        small(second % 60),
    )
}

/// `yyyyMMddHHmmss` in UTC.
pub(crate) fn compact(at: Instant) -> String {
    let (y, mo, d, h, mi, s) = parts(at);
    format!("{y:04}{mo:02}{d:02}{h:02}{mi:02}{s:02}")
}

/// `2016-07-21T23:16:01.000Z`
pub fn iso(at: Instant) -> String {
    let (y, mo, d, h, mi, s) = parts(at);
    format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:03}Z", at.0.rem_euclid(1000))
}

/// A moment from seconds since 1970; zero is "no time".
pub(crate) fn unix(seconds: u32) -> Option<Instant> {
    (seconds != 0).then(|| Instant(i64::from(seconds) * 1000))
}

/// Two digits at each of the given places of an ASCII digit string.
pub(crate) fn pairs<const N: usize>(digits: &str) -> Option<[u32; N]> {
    let b = digits.as_bytes();
    if b.len() < N * 2 || !b[..N * 2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::array::from_fn(|i| u32::from(b[i * 2] - b'0') * 10 + u32::from(b[i * 2 + 1] - b'0')))
}
