//! Times as recordings write them. All are read as the home's own local time.
use kernel::{CivilDate, Instant};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads one time: `2026-03-01 07:12:33`, with fractions, `T`, `/` or `.` between the parts of the date, a zone at the
/// end (passed over: the written clock counts), `25-Feb-2008 19:40:26`, `3/1/2026 7:12` (month first, unless the first
/// part cannot be a month), `20260301071233`, and numbers: seconds or milliseconds since 1970 (shown in the city's
/// zone), or, when small, seconds since the recording began (its first day is 2000-01-01).
///
/// Years before 1970 and after 2200 are no recordings but faults.
pub(super) fn parse(text: &str) -> Option<Instant> {
    let at = any(text)?;
    (1970..=2200).contains(&at.date().year()).then_some(at)
}

fn any(text: &str) -> Option<Instant> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 64 {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.bytes().filter(|b| *b == b'.').count() <= 1 {
        return number(text);
    }
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        // `T` may stand in a month's name.
        Some((d, c)) if c.contains(':') && d.bytes().any(|b| b.is_ascii_digit()) => (d, c.trim_start()),
        _ => {
            let (d, c) = text.split_once(' ')?;
            (d, c.trim_start())
        }
    };
    Some(Instant(day(date)?.at(0, 0).0 + clock_ms(clock)?))
}

fn number(text: &str) -> Option<Instant> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() == 14 && fraction.is_empty() && (whole.starts_with("19") || whole.starts_with("20")) {
        let date: CivilDate = whole.get(..8)?.parse().ok()?;
        let two = |from: usize| whole.get(from..from + 2)?.parse::<i64>().ok();
        return Some(Instant(date.at(0, 0).0 + clock_of(two(8)?, two(10)?, two(12)?, 0)?));
    }
    let value: i64 = whole.parse().ok()?;
    let ms = fraction_ms(fraction)?;
    match value {
        // Until the year 2001 in seconds: taken for seconds from the beginning.
        0..1_000_000_000 => Some(Instant(CivilDate::new(2000, 1, 1)?.at(0, 0).0 + value * 1000 + ms)),
        1_000_000_000..100_000_000_000 => Some(Instant(value * 1000 + ms)),
        100_000_000_000..10_000_000_000_000 => Some(Instant(value)),
        _ => None,
    }
}

fn day(text: &str) -> Option<CivilDate> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    if let [whole] = parts.as_slice() {
        return whole.parse().ok();
    }
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |t: &str| t.parse::<i16>().ok();
    let small = |t: &str| t.parse::<i8>().ok();
    if a.len() == 4 {
        return CivilDate::new(number(a)?, small(b)?, small(c)?);
    }
    if c.len() != 4 {
        return None;
    }
    let year = number(c)?;
    let named = b.get(..3).and_then(|m| MONTHS.iter().position(|n| m.eq_ignore_ascii_case(n)));
    if let Some(month) = named {
        return CivilDate::new(year, month as i8 + 1, small(a)?);
    }
    let (first, second) = (small(a)?, small(b)?);
    if first > 12 { CivilDate::new(year, second, first) } else { CivilDate::new(year, first, second) }
}

fn fraction_ms(digits: &str) -> Option<i64> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut ms = 0;
    for n in 0..3 {
        ms = ms * 10 + digits.as_bytes().get(n).map_or(0, |b| i64::from(b - b'0'));
    }
    Some(ms)
}

fn clock_ms(text: &str) -> Option<i64> {
    // A zone or `AM`/`PM` at the end.
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.')).unwrap_or(text.len());
    let (clock, rest) = (text.get(..end)?, text.get(end..)?.trim());
    let mut parts = clock.split(':');
    let mut hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (second, ms) = match parts.next() {
        None => (0, 0),
        Some(s) => {
            let (whole, fraction) = s.split_once('.').unwrap_or((s, ""));
            (whole.parse().ok()?, fraction_ms(fraction)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    if rest.eq_ignore_ascii_case("pm") && hour < 12 {
        hour += 12;
    } else if rest.eq_ignore_ascii_case("am") && hour == 12 {
        hour = 0;
    }
    clock_of(hour, minute, second, ms)
}

fn clock_of(hour: i64, minute: i64, second: i64, ms: i64) -> Option<i64> {
    let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    fits.then_some(((hour * 60 + minute) * 60 + second) * 1000 + ms)
}
