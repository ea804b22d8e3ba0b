//! Money in integer fen (1 yuan = 100 fen).
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An amount of money in fen. May be negative (a correction). Shown as `¥1,234.50`.
///
/// Range: the platform never handles more than 10^15 fen (ten trillion yuan); sums of amounts inside that
/// range cannot overflow an `i64`, and the checked constructors refuse anything beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    pub const ZERO: Fen = Fen(0);
    /// Largest amount one input may carry.
    pub const MAX_INPUT: Fen = Fen(1_000_000_000_000_000);

    pub const fn yuan(yuan: i64) -> Fen {
        Fen(yuan * 100)
    }
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
    pub fn min(self, other: Fen) -> Fen {
        Fen(self.0.min(other.0))
    }
    pub fn max(self, other: Fen) -> Fen {
        Fen(self.0.max(other.0))
    }
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        self.0.checked_add(other.0).map(Fen)
    }
    /// `self × n`, `None` on overflow.
    pub fn times(self, n: i64) -> Option<Fen> {
        self.0.checked_mul(n).map(Fen)
    }
    /// Without the currency sign, for spreadsheets: `1234.50`.
    pub fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let abs = self.0.unsigned_abs();
        format!("{sign}{}.{:02}", abs / 100, abs % 100)
    }
    /// Reads what a person types: `40`, `40.5`, `¥1,234.50`. At most two decimals.
    pub fn parse_yuan(text: &str) -> Option<Fen> {
        let cleaned: String =
            text.trim().chars().filter(|c| !matches!(c, ',' | '，' | '¥' | '￥' | '元' | ' ')).collect();
        let (neg, digits) = match cleaned.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        let (whole, frac) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || frac.len() > 2 || !whole.bytes().chain(frac.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let cents: i64 = if frac.is_empty() { 0 } else { format!("{frac:0<2}").parse().ok()? };
        let fen = whole.checked_mul(100)?.checked_add(cents)?;
        if fen > Fen::MAX_INPUT.0 {
            return None;
        }
        Some(Fen(if neg { -fen } else { fen }))
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let abs = self.0.unsigned_abs();
        let whole = (abs / 100).to_string();
        let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
        for (i, c) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(c);
        }
        write!(f, "{}¥{grouped}.{:02}", if self.0 < 0 { "−" } else { "" }, abs % 100)
    }
}
impl Add for Fen {
    type Output = Fen;
    fn add(self, o: Fen) -> Fen {
        Fen(self.0 + o.0)
    }
}
impl Sub for Fen {
    type Output = Fen;
    fn sub(self, o: Fen) -> Fen {
        Fen(self.0 - o.0)
    }
}
impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}
impl AddAssign for Fen {
    fn add_assign(&mut self, o: Fen) {
        self.0 += o.0;
    }
}
impl SubAssign for Fen {
    fn sub_assign(&mut self, o: Fen) {
        self.0 -= o.0;
    }
}
impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(iter: I) -> Fen {
        Fen(iter.map(|f| f.0).sum())
    }
}
