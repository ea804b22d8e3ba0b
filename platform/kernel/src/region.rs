//! Administrative regions by their 12-digit statistical code; containment is prefix.
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The level of a region. Ordered from large to small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Province,
    City,
    County,
    Town,
    Village,
}

impl Tier {
    /// How many leading digits a code of this tier fixes.
    pub const fn digits(self) -> usize {
        match self {
            Tier::Province => 2,
            Tier::City => 4,
            Tier::County => 6,
            Tier::Town => 9,
            Tier::Village => 12,
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Tier::Province => "省",
            Tier::City => "市",
            Tier::County => "县（市、区）",
            Tier::Town => "镇（街道）",
            Tier::Village => "村（社区）",
        }
    }
    pub const fn smaller(self) -> Option<Tier> {
        match self {
            Tier::Province => Some(Tier::City),
            Tier::City => Some(Tier::County),
            Tier::County => Some(Tier::Town),
            Tier::Town => Some(Tier::Village),
            Tier::Village => None,
        }
    }
}

/// A 12-digit region code (6 county + 3 town + 3 village digits), zeros where a level is not given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode([u8; 12]);

impl RegionCode {
    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.0).unwrap_or("000000000000")
    }
    pub fn tier(&self) -> Tier {
        let z = |r: std::ops::Range<usize>| self.0[r].iter().all(|b| *b == b'0');
        if !z(9..12) {
            Tier::Village
        } else if !z(6..9) {
            Tier::Town
        } else if !z(4..6) {
            Tier::County
        } else if !z(2..4) {
            Tier::City
        } else {
            Tier::Province
        }
    }
    /// The digits that all regions inside share, e.g. `441523` for a county.
    pub fn prefix(&self) -> &str {
        &self.as_str()[..self.tier().digits()]
    }
    /// Codes with `low <= code AND code < high` lie inside the region. Both ends are digits only, so that every
    /// collation of a database orders them alike.
    pub fn range(&self) -> (String, String) {
        let low = self.prefix().to_string();
        let width = low.len();
        let next = low.parse::<u64>().map(|n| format!("{:0width$}", n + 1)).unwrap_or_default();
        // No province has the code 99; should one come, nothing lies above it.
        let high = if next.len() == width { next } else { "9".repeat(13) };
        (low, high)
    }
    pub fn contains(&self, other: &RegionCode) -> bool {
        other.as_str().starts_with(self.prefix())
    }
    /// The enclosing region of `tier`; itself if it is already that large or larger.
    pub fn at(&self, tier: Tier) -> RegionCode {
        let keep = tier.digits().min(self.tier().digits());
        let mut digits = [b'0'; 12];
        digits[..keep].copy_from_slice(&self.0[..keep]);
        RegionCode(digits)
    }
    pub fn parent(&self) -> Option<RegionCode> {
        Some(self.at(match self.tier() {
            Tier::Village => Tier::Town,
            Tier::Town => Tier::County,
            Tier::County => Tier::City,
            Tier::City => Tier::Province,
            Tier::Province => return None,
        }))
    }
}

impl FromStr for RegionCode {
    type Err = &'static str;
    /// Accepts 2, 4, 6, 9 or 12 digits; shorter ones are filled with zeros.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let s = s.trim();
        if !matches!(s.len(), 2 | 4 | 6 | 9 | 12) || !s.bytes().all(|b| b.is_ascii_digit()) {
            return Err("区划代码要 12 位数字");
        }
        let mut digits = [b'0'; 12];
        digits[..s.len()].copy_from_slice(s.as_bytes());
        Ok(RegionCode(digits))
    }
}
impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for RegionCode {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
