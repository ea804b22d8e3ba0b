//! Civil dates, months and quarters, and full age (周岁).
use crate::clock::Instant;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, written `2026-11-21`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(jiff::civil::Date);

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

impl CivilDate {
    pub fn new(year: i16, month: i8, day: i8) -> Option<CivilDate> {
        jiff::civil::Date::new(year, month, day).ok().map(CivilDate)
    }
    pub fn from_epoch_days(days: i64) -> CivilDate {
        let span = jiff::Span::new().try_days(days).unwrap_or_default();
        CivilDate(EPOCH.checked_add(span).unwrap_or(EPOCH))
    }
    pub fn epoch_days(self) -> i64 {
        EPOCH.until(self.0).map(|s| i64::from(s.get_days())).unwrap_or_default()
    }
    pub fn year(self) -> i16 {
        self.0.year()
    }
    pub fn month(self) -> i8 {
        self.0.month()
    }
    pub fn day(self) -> i8 {
        self.0.day()
    }
    /// 周一 … 周日
    pub fn weekday_zh(self) -> &'static str {
        ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][self.0.weekday().to_monday_zero_offset() as usize]
    }
    pub fn plus_days(self, days: i64) -> CivilDate {
        CivilDate::from_epoch_days(self.epoch_days() + days)
    }
    /// Days from `earlier` to `self`.
    pub fn days_since(self, earlier: CivilDate) -> i64 {
        self.epoch_days() - earlier.epoch_days()
    }
    /// The day a person born on `self` reaches `years` of full age (周岁). A birthday on 29 February falls on
    /// 28 February of a year that has no 29 February: where the corresponding day is missing, the last day of the
    /// month stands in for it (民法典 art. 202).
    pub fn birthday(self, years: i16) -> CivilDate {
        let year = self.year() + years;
        CivilDate::new(year, self.month(), self.day()).or_else(|| CivilDate::new(year, 2, 28)).unwrap_or(self)
    }
    /// Full age in years on `on` for someone born on `self`; 0 before birth.
    pub fn age_on(self, on: CivilDate) -> i16 {
        let mut years = on.year() - self.year();
        if self.birthday(years) > on {
            years -= 1;
        }
        years.max(0)
    }
    pub fn month_of(self) -> Month {
        Month { year: self.year(), month: self.month() }
    }
    /// The last day of a period of `months` that begins with an event on `self`: the corresponding day, or the last day
    /// of a month that has no such day. The event's own day is not counted (民法典 art. 201, 202), so twelve months
    /// from 1 March 2026 end with 1 March 2027.
    pub fn last_day_of_months(self, months: u16) -> CivilDate {
        let month = self.month_of().plus(i32::from(months));
        CivilDate::new(month.year, month.month, self.day()).unwrap_or_else(|| month.last_day())
    }
    pub fn quarter(self) -> Quarter {
        Quarter { year: self.year(), q: (self.month() - 1) / 3 + 1 }
    }
    /// The moment of this day at `hour:minute` in the city's zone.
    pub fn at(self, hour: u32, minute: u32) -> Instant {
        Instant(
            self.epoch_days() * Instant::DAY + i64::from(hour) * Instant::HOUR + i64::from(minute) * Instant::MINUTE
                - Instant::ZONE_MS,
        )
    }
    /// `11-21`
    pub fn md(self) -> String {
        format!("{:02}-{:02}", self.month(), self.day())
    }
    /// `20261121`
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.year(), self.month(), self.day())
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}
impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for CivilDate {
    type Err = &'static str;
    /// Accepts `2026-11-21`, `2026/11/21`, `2026.11.21`, `20261121` and `2026年11月21日`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "日期要写成 2026-11-21";
        let s = s.trim();
        let parts: Vec<&str> = if s.len() == 8 && s.bytes().all(|b| b.is_ascii_digit()) {
            vec![&s[0..4], &s[4..6], &s[6..8]]
        } else {
            s.trim_end_matches('日').split(['-', '/', '.', '年', '月']).collect()
        };
        let [y, m, d] = parts.as_slice() else { return Err(WRONG) };
        if y.len() != 4 {
            return Err(WRONG);
        }
        let (y, m, d) = (y.parse().map_err(|_| WRONG)?, m.parse().map_err(|_| WRONG)?, d.parse().map_err(|_| WRONG)?);
        CivilDate::new(y, m, d).ok_or("没有这一天")
    }
}
impl Serialize for CivilDate {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A calendar month, written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    pub year: i16,
    /// 1–12
    pub month: i8,
}

impl Month {
    pub fn first_day(self) -> CivilDate {
        CivilDate::new(self.year, self.month, 1).unwrap_or(CivilDate(EPOCH))
    }
    pub fn last_day(self) -> CivilDate {
        self.next().first_day().plus_days(-1)
    }
    pub fn next(self) -> Month {
        self.plus(1)
    }
    /// `n` months later (negative: earlier).
    pub fn plus(self, n: i32) -> Month {
        let total = i32::from(self.year) * 12 + i32::from(self.month) - 1 + n;
        Month { year: total.div_euclid(12) as i16, month: (total.rem_euclid(12) + 1) as i8 }
    }
    pub fn quarter(self) -> Quarter {
        Quarter { year: self.year, q: (self.month - 1) / 3 + 1 }
    }
}
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}
impl FromStr for Month {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (y, m) = s.split_once('-').ok_or("月份要写成 2026-11")?;
        let (year, month) = (y.parse().map_err(|_| "年份不对")?, m.parse().map_err(|_| "月份不对")?);
        if (1..=12).contains(&month) { Ok(Month { year, month }) } else { Err("月份不对") }
    }
}

/// A calendar quarter, written `2026Q3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    pub year: i16,
    /// 1–4
    pub q: i8,
}

impl Quarter {
    pub fn first_day(self) -> CivilDate {
        self.months()[0].first_day()
    }
    pub fn last_day(self) -> CivilDate {
        self.months()[2].last_day()
    }
    pub fn months(self) -> [Month; 3] {
        let first = Month { year: self.year, month: (self.q - 1) * 3 + 1 };
        [first, first.plus(1), first.plus(2)]
    }
    pub fn next(self) -> Quarter {
        self.months()[2].next().quarter()
    }
    pub fn previous(self) -> Quarter {
        self.months()[0].plus(-1).quarter()
    }
    pub fn contains(self, day: CivilDate) -> bool {
        day.quarter() == self
    }
    /// `2026 年第 3 季度`
    pub fn zh(self) -> String {
        format!("{} 年第 {} 季度", self.year, self.q)
    }
}
impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}Q{}", self.year, self.q)
    }
}
impl FromStr for Quarter {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (y, q) = s.trim().split_once(['Q', 'q']).ok_or("季度要写成 2026Q3")?;
        let (year, q) = (y.parse().map_err(|_| "年份不对")?, q.parse().map_err(|_| "季度不对")?);
        if (1..=4).contains(&q) { Ok(Quarter { year, q }) } else { Err("季度只有 1 到 4") }
    }
}
macro_rules! text_serde {
    ($($t:ty),*) => {$(
        impl Serialize for $t {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
text_serde!(Month, Quarter);
