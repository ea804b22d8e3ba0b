//! Telephone numbers: mainland mobiles and landlines with area code.
use std::fmt;
use std::str::FromStr;

/// A checked telephone number, digits only (`13812345678`, `06601234567`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

impl Phone {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// `138****5678`; a landline keeps its last four digits.
    pub fn masked(&self) -> String {
        let n = self.0.len();
        format!("{}****{}", &self.0[..3.min(n)], &self.0[n.saturating_sub(4)..])
    }
}

impl FromStr for Phone {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let t: String = s.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '－' | '(' | ')' | '（' | '）')).collect();
        let t = t.strip_prefix("+86").unwrap_or(&t).to_string();
        if !t.bytes().all(|b| b.is_ascii_digit()) {
            return Err("电话只能有数字".into());
        }
        match (t.as_bytes().first(), t.len()) {
            (Some(b'1'), 11) => Ok(Phone(t)),
            (Some(b'1'), n) => Err(format!("手机号要 11 位，现在 {n} 位")),
            (Some(b'0'), 10..=12) => Ok(Phone(t)),
            (Some(b'0'), n) => Err(format!("固定电话带区号要 10 到 12 位，现在 {n} 位")),
            _ => Err("电话要以 1 开头，固定电话要带区号".into()),
        }
    }
}
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(hidden)")
    }
}
