//! The 18-digit citizen identity number (GB 11643-1999).
use crate::date::CivilDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Male,
    Female,
}

impl Sex {
    pub const fn zh(self) -> &'static str {
        match self {
            Sex::Male => "男",
            Sex::Female => "女",
        }
    }
    pub const fn code(self) -> &'static str {
        match self {
            Sex::Male => "male",
            Sex::Female => "female",
        }
    }
    pub fn parse(s: &str) -> Option<Sex> {
        match s.trim() {
            "male" | "男" | "男性" => Some(Sex::Male),
            "female" | "女" | "女性" => Some(Sex::Female),
            _ => None,
        }
    }
}

/// A checked identity number: 6 region digits, birth date, 3 sequence digits (odd = male), check character.
/// The region part is never compared with today's list: old codes stay valid for life.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdNumber(String);

impl IdNumber {
    /// Province codes of GB/T 2260 plus 81/82/83 (HK/MO/TW residents' permits) and 9x (permanent-resident card since 2023).
    const PROVINCES: [u8; 35] = [
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62,
        63, 64, 65, 71, 81, 82, 83,
    ];

    /// The check character of the first 17 digits.
    pub fn check_char(first17: &[u8]) -> Option<char> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        if first17.len() != 17 || !first17.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let sum: u32 = first17.iter().zip(WEIGHTS).map(|(b, w)| u32::from(b - b'0') * w).sum();
        "10X98765432".chars().nth((sum % 11) as usize)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn birth(&self) -> CivilDate {
        // Checked when the number was read.
        self.0[6..14].parse().unwrap_or_else(|_| CivilDate::from_epoch_days(0))
    }
    pub fn sex(&self) -> Sex {
        if (self.0.as_bytes()[16] - b'0') % 2 == 1 { Sex::Male } else { Sex::Female }
    }
    /// `4****************6`
    pub fn masked(&self) -> String {
        format!("{}****************{}", &self.0[..1], &self.0[17..])
    }
}

impl FromStr for IdNumber {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let t: String = s
            .trim()
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                'x' | 'Ｘ' | 'ｘ' => 'X',
                '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
                c => c,
            })
            .collect();
        let n = t.chars().count();
        if n != 18 {
            return Err(format!("证件号要 18 位，现在 {n} 位"));
        }
        let b = t.as_bytes();
        if !t.is_ascii() || !b[..17].iter().all(u8::is_ascii_digit) || !(b[17].is_ascii_digit() || b[17] == b'X') {
            return Err("证件号只能有数字，最后一位可以是 X".into());
        }
        let province = (b[0] - b'0') * 10 + (b[1] - b'0');
        if !Self::PROVINCES.contains(&province) && b[0] != b'9' {
            return Err(format!("证件号开头 {province} 不是省级代码"));
        }
        if t[6..14].parse::<CivilDate>().is_err() {
            return Err(format!("证件号里的出生日期 {} 没有这一天", &t[6..14]));
        }
        match Self::check_char(&b[..17]) {
            Some(c) if c == char::from(b[17]) => Ok(IdNumber(t)),
            Some(c) => Err(format!("证件号最后一位对不上，按前 17 位应为 {c}")),
            None => Err("证件号只能有数字".into()),
        }
    }
}
impl fmt::Debug for IdNumber {
    /// Never prints the number: logs carry no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdNumber(hidden)")
    }
}
