//! One cell as clean text.
use calamine::{CellErrorType, DataRef, ExcelDateTime};

/// Why the text of a cell cannot be trusted. Reported per row, never for the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A number of 16 or more digits: Excel keeps only 15.
    Rounded,
    /// Cut at the cap of characters.
    TooLong,
    /// The formula in the cell failed.
    Formula,
}

impl Flaw {
    pub(crate) fn zh(self) -> &'static str {
        match self {
            Flaw::Rounded => "数字太长，末几位已被 Excel 改掉。请把这一列设为“文本”，重新填写",
            Flaw::TooLong => "字数太多。请缩短",
            Flaw::Formula => "这一格的公式出错了。请直接填写内容",
        }
    }
}

/// Largest whole number Excel holds without losing a digit.
const EXACT: f64 = 999_999_999_999_999.0;

/// Appends the clean text of `raw` to `out`, at most `cap` characters.
pub(crate) fn clean(raw: &str, cap: usize, out: &mut String) -> Option<Flaw> {
    let raw = raw.trim_matches(is_blank);
    let mut count = 0;
    let mut blank = false;
    for c in raw.chars() {
        if is_invisible(c) {
            continue;
        }
        // A line break, a tab or a control character inside a cell is a space to us.
        if c.is_control() {
            blank = true;
            continue;
        }
        if count >= cap {
            return Some(Flaw::TooLong);
        }
        if blank {
            out.push(' ');
            count += 1;
            blank = false;
        }
        out.push(c);
        count += 1;
    }
    None
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

/// Marks that are pasted along unseen from web pages and chat: zero-width and direction marks, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Appends a spreadsheet cell as text. Dates come out as `2026-11-21`, whole numbers without a decimal point or
/// exponent, 是/否 for booleans.
pub(crate) fn cell_text(cell: &DataRef<'_>, cap: usize, out: &mut String) -> Option<Flaw> {
    match cell {
        DataRef::Empty => None,
        DataRef::String(s) => clean(s, cap, out),
        DataRef::SharedString(s) => clean(s, cap, out),
        DataRef::Bool(yes) => {
            out.push(if *yes { '是' } else { '否' });
            None
        }
        DataRef::Int(n) => {
            out.push_str(&n.to_string());
            (n.unsigned_abs() > EXACT as u64).then_some(Flaw::Rounded)
        }
        DataRef::Float(x) => number(*x, out),
        DataRef::DateTime(moment) => {
            date_time(moment, out);
            None
        }
        DataRef::DateTimeIso(s) => clean(s.strip_suffix("T00:00:00").unwrap_or(s), cap, out),
        DataRef::DurationIso(s) => clean(s, cap, out),
        // An empty lookup is an empty cell to whoever made the list.
        DataRef::Error(CellErrorType::NA) => None,
        DataRef::Error(_) => Some(Flaw::Formula),
    }
}

fn number(x: f64, out: &mut String) -> Option<Flaw> {
    if !x.is_finite() {
        return Some(Flaw::Formula);
    }
    if x.abs() > EXACT {
        if x.abs() < 1e20 {
            out.push_str(&format!("{x:.0}"));
        }
        return Some(Flaw::Rounded);
    }
    // Excel shows 15 significant digits; the rest is binary noise (0.1 + 0.2).
    let whole_digits = if x.abs() < 1.0 { 1 } else { x.abs().log10() as usize + 1 };
    let text = format!("{x:.*}", 15usize.saturating_sub(whole_digits));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    out.push_str(if text == "-0" { "0" } else { text });
    None
}

fn date_time(moment: &ExcelDateTime, out: &mut String) {
    let serial = moment.as_f64();
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    if moment.is_duration() || (0.0..1.0).contains(&serial) {
        let minutes = (serial * 1440.0).round().clamp(0.0, 1e9) as u64;
        out.push_str(&format!("{:02}:{:02}", minutes / 60, minutes % 60));
        return;
    }
    out.push_str(&format!("{year:04}-{month:02}-{day:02}"));
    if second > 0 {
        out.push_str(&format!(" {hour:02}:{minute:02}:{second:02}"));
    } else if hour > 0 || minute > 0 {
        out.push_str(&format!(" {hour:02}:{minute:02}"));
    }
}

/// A long number that went through Excel into a CSV file: `4.41521E+17`.
pub(crate) fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let Some(power) = exponent.strip_prefix('+') else { return false };
    !mantissa.is_empty()
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && !power.is_empty()
        && power.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(x: f64) -> (String, Option<Flaw>) {
        let mut out = String::new();
        let flaw = number(x, &mut out);
        (out, flaw)
    }

    #[test]
    fn numbers_read_as_excel_shows_them() {
        for (x, text) in [
            (13800138000.0, "13800138000"),
            (0.1 + 0.2, "0.3"),
            (40.5, "40.5"),
            (-0.0, "0"),
            (0.0, "0"),
            (1e14, "100000000000000"),
            (1234.56, "1234.56"),
        ] {
            assert_eq!(shown(x), (text.to_string(), None), "{x}");
        }
    }

    #[test]
    fn a_number_longer_than_excel_keeps_is_flagged() {
        let (text, flaw) = shown(441_521_195_103_040_012.0);
        assert_eq!(flaw, Some(Flaw::Rounded));
        assert!(!text.contains('E') && text.len() == 18);
    }

    #[test]
    fn exponents_are_recognised_and_names_are_not() {
        assert!(is_exponent("4.41521E+17"));
        for plain in ["E+1", "WO+E", "3E", "1E5", "ABC1E+2", ""] {
            assert!(!is_exponent(plain), "{plain}");
        }
    }
}
