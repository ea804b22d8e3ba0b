//! What is usual, read off the days that are over.
use super::{CELL, Day, MEALS, NONE, Told, day_and_minute};
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// So many days are needed before anything is called a departure.
pub(crate) const LEAST_DAYS: u16 = 7;
/// Weekends and working days are told apart once there are so many of the kind.
const KIND_DAYS: usize = 8;
/// Weight of a day against the day after it, per mille: half after three weeks.
const FADES: u32 = 967;
/// Busy cells of eight that make up being up, in a home nothing is known of yet.
const UP_BUSY: u32 = 3;
/// Where stays this long are usual, the home does not see the way out of the bathroom: silence after it says nothing.
const BATH_BLIND: u16 = 60;
/// Evening and night for a home nothing is known of yet, minutes after four: 20:30, 23:00, 05:00.
const EVENING: u16 = 990;
const NIGHT_BEGINS: u16 = 1140;
const NIGHT_ENDS: u16 = 60;

/// One learnt figure: quantiles, how many days it was seen on, and the limit beyond which it is a departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Feature {
    pub n: u16,
    pub q10: u16,
    pub q50: u16,
    pub q90: u16,
    pub limit: u16,
}

impl Default for Feature {
    fn default() -> Feature {
        Feature { n: 0, q10: NONE, q50: NONE, q90: NONE, limit: NONE }
    }
}

impl Feature {
    pub(crate) fn known(&self) -> bool {
        self.n >= LEAST_DAYS
    }
    /// Tenths of the usual spread: 0 at the median, 35 at the limit.
    pub(crate) fn score(&self, value: u16) -> u16 {
        let span = u32::from(self.limit.saturating_sub(self.q50)).max(1);
        (u32::from(value.saturating_sub(self.q50)) * 35 / span).min(9_999) as u16
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usual {
    /// Days behind it.
    pub days: u16,
    /// How many of eight cells are busy when someone is up, halved: dense homes need more than sparse ones.
    pub up_busy: u16,
    pub rise: Feature,
    pub bed: Feature,
    pub night: Feature,
    pub bath_day: Feature,
    pub bath_night: Feature,
    pub bath_run: Feature,
    pub out: Feature,
    pub back: Feature,
    pub quiet: Feature,
    /// How often, per mille, the kitchen is not used for a meal at which they are in; and days seen.
    pub meal_missed: [u16; 3],
    pub meal_days: [u16; 3],
    /// How often, per mille, they are out in each hour from four.
    pub out_hours: Vec<u16>,
}

/// How wide a limit is drawn: above the 95 % quantile by `half` halves of the distance to the median, but by `least`
/// at least, and never below `floor`.
struct Width {
    half: u32,
    least: u32,
    floor: u32,
}

struct Weighed<'a> {
    day: &'a Day,
    weight: u32,
}

impl Usual {
    /// What is usual on `day`, from the days before it.
    pub(crate) fn of(days: &[Day], day: i32) -> Usual {
        let same: Vec<&Day> = days.iter().filter(|d| Day::weekend(d.day) == Day::weekend(day)).collect();
        // Clock times may differ by the kind of day; durations and nights are learnt from all of them.
        let all: Vec<Weighed> = weigh(days.iter(), day);
        let kind: Vec<Weighed> =
            if same.len() >= KIND_DAYS { weigh(same.into_iter(), day) } else { weigh(days.iter(), day) };
        let rise = feature(&kind, Told::Rise, |d| d.rise, Width { half: 2, least: 40, floor: 0 });
        let bed = feature(&kind, Told::Late, |d| d.bed, Width { half: 2, least: 100, floor: 0 });
        Usual {
            days: days.len() as u16,
            up_busy: up_busy(&all),
            rise,
            bed,
            night: feature(&all, Told::Night, |d| d.night, Width { half: 2, least: 20, floor: 30 }),
            bath_day: feature(&all, Told::Bathroom, |d| d.bath_day, Width { half: 3, least: 25, floor: 45 }),
            bath_night: feature(&all, Told::Bathroom, |d| d.bath_night, Width { half: 3, least: 25, floor: 45 }),
            bath_run: feature(&all, Told::Bathroom, |d| d.bath_run, Width { half: 3, least: 25, floor: 45 }),
            out: feature(&all, Told::Out, |d| d.out, Width { half: 3, least: 105, floor: 150 }),
            back: feature(&kind, Told::Out, |d| d.back, Width { half: 0, least: 75, floor: 0 }),
            quiet: feature(&all, Told::Quiet, |d| d.quiet, Width { half: 2, least: 75, floor: 180 }),
            meal_missed: std::array::from_fn(|n| meal(&kind, n).0),
            meal_days: std::array::from_fn(|n| meal(&kind, n).1),
            out_hours: (0..24).map(|h| out_hour(&kind, h)).collect(),
        }
    }
    /// Busy cells of eight that make up being up.
    pub(crate) fn up_busy(&self) -> u32 {
        if self.up_busy == 0 { UP_BUSY } else { u32::from(self.up_busy) }
    }
    /// When a quiet time no longer counts: a while before the usual bedtime.
    pub(crate) fn evening(&self) -> u16 {
        if self.bed.known() { self.bed.q10.saturating_sub(60).clamp(840, EVENING) } else { EVENING }
    }
    pub(crate) fn night_begins(&self) -> u16 {
        if self.bed.known() { self.bed.q50.clamp(900, 1380) } else { NIGHT_BEGINS }
    }
    pub(crate) fn night_ends(&self) -> u16 {
        if self.rise.known() { self.rise.q10.saturating_sub(30) } else { NIGHT_ENDS }
    }
    /// The longest usual stay in the bathroom for one that begins now, when it is known.
    pub(crate) fn bath_limit(&self, since: Instant) -> Option<u16> {
        let feature = self.bath(since);
        (feature.known() && feature.q90 <= BATH_BLIND).then_some(feature.limit)
    }
    pub(crate) fn bath(&self, since: Instant) -> &Feature {
        let night = is_night(day_and_minute(since).1);
        // A home where it is never used at night is measured by the day.
        if night && self.bath_night.known() { &self.bath_night } else { &self.bath_day }
    }
}

/// Three quarters of the usual share of busy cells, of eight; between two and four.
fn up_busy(days: &[Weighed]) -> u16 {
    let mut busy: Vec<u16> = days.iter().map(|w| w.day.busy).collect();
    busy.sort_unstable();
    busy.get(busy.len() / 2).map_or(0, |median| ((u32::from(*median) * 8 * 3 / 4 + 72) / 144).clamp(2, 4) as u16)
}

/// 21:00–06:00, for a minute after four.
pub(crate) fn is_night(minute: u16) -> bool {
    !(120..1020).contains(&minute)
}

fn weigh<'a>(days: impl DoubleEndedIterator<Item = &'a Day>, today: i32) -> Vec<Weighed<'a>> {
    let (mut weight, mut age) = (100_000u32, 1);
    days.rev()
        .map(|day| {
            while age < today - day.day && weight > 1 {
                weight = weight * FADES / 1000;
                age += 1;
            }
            Weighed { day, weight }
        })
        .collect()
}

/// Days told as a departure of this kind count a quarter, unless they have become the rule: four of the last seven.
fn counting<'a>(days: &'a [Weighed<'a>], told: Told) -> impl Iterator<Item = (&'a Day, u32)> {
    let flagged = move |day: &Day| day.told & told as u8 != 0;
    let rule = days.iter().take(7).filter(|w| flagged(w.day)).count() >= 4;
    days.iter().map(move |w| (w.day, if flagged(w.day) && !rule { w.weight / 4 } else { w.weight }))
}

fn quantile(values: &[(u16, u32)], total: u64, per_mille: u64) -> u16 {
    let goal = total * per_mille / 1000;
    let mut sum = 0;
    for (value, weight) in values {
        sum += u64::from(*weight);
        if sum > goal {
            return *value;
        }
    }
    values.last().map_or(NONE, |v| v.0)
}

fn feature(days: &[Weighed], told: Told, of: impl Fn(&Day) -> u16, width: Width) -> Feature {
    let mut values: Vec<(u16, u32)> =
        counting(days, told).map(|(day, weight)| (of(day), weight)).filter(|(v, _)| *v != NONE).collect();
    values.sort_unstable();
    let total: u64 = values.iter().map(|(_, w)| u64::from(*w)).sum();
    let n = values.len() as u16;
    if n == 0 {
        return Feature::default();
    }
    let q = |per_mille| quantile(&values, total, per_mille);
    let (q10, q50, q90, q95) = (q(100), q(500), q(900), q(950));
    let spread = u32::from(q95 - q50) * width.half / 2;
    // Few days say little about the tail: the margin is half again as wide after six days, a tenth after thirty.
    let margin = spread.max(width.least) * (u32::from(n) + 3) / u32::from(n);
    let limit = (u32::from(q95) + margin).max(width.floor).min(u32::from(NONE) - 1) as u16;
    Feature { n, q10, q50, q90, limit }
}

/// How often a meal is missed, per mille (with half a day of doubt), and on how many days they were in for it.
fn meal(days: &[Weighed], n: usize) -> (u16, u16) {
    let bit = 1u8 << n;
    let (mut seen, mut total, mut count) = (0u64, 0u64, 0);
    for (day, weight) in counting(days, Told::Meal).filter(|(d, _)| d.meals_out & bit == 0 || d.meals & bit != 0) {
        total += u64::from(weight);
        seen += if day.meals & bit != 0 { u64::from(weight) } else { 0 };
        count += 1;
    }
    let doubt = 50_000;
    let missed = (total - seen + doubt) * 1000 / (total + 2 * doubt);
    (missed as u16, count)
}

fn out_hour(days: &[Weighed], hour: usize) -> u16 {
    let (mut out, mut total) = (0u64, 0u64);
    for (day, weight) in counting(days, Told::Out) {
        total += u64::from(weight);
        out += if day.out_hours & (1 << hour) != 0 { u64::from(weight) } else { 0 };
    }
    let doubt = 50_000;
    ((out + doubt) * 1000 / (total + 2 * doubt)) as u16
}

/// `7:10` for a minute after four; the day after midnight too.
pub(crate) fn clock(minute: u16) -> String {
    let m = (i64::from(minute) + super::DAY_BEGINS) % 1440;
    format!("{}:{:02}", m / 60, m % 60)
}

/// Rounded up to the cell, so that words do not pretend to more than was seen.
pub(crate) fn up(minute: u16) -> u16 {
    minute.div_ceil(CELL).saturating_mul(CELL)
}

/// The name of a meal.
pub(crate) fn meal_name(n: usize) -> &'static str {
    MEALS.get(n).map_or("", |m| m.2)
}
