//! Which columns a list has and under which names people write them.
use crate::error::PaperError;

/// One column of a list to read.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    /// Name in code, for [`crate::Row::get`].
    pub key: &'static str,
    /// The column's name in the template.
    pub title: &'static str,
    /// Other names people give it.
    pub also: &'static [&'static str],
    /// The list is refused without it.
    pub required: bool,
}

impl ColumnSpec {
    pub const fn required(key: &'static str, title: &'static str, also: &'static [&'static str]) -> ColumnSpec {
        ColumnSpec { key, title, also, required: true }
    }
    pub const fn optional(key: &'static str, title: &'static str, also: &'static [&'static str]) -> ColumnSpec {
        ColumnSpec { key, title, also, required: false }
    }
    fn is_called(&self, name: &str) -> bool {
        std::iter::once(&self.title).chain(self.also).any(|t| normal(t) == name)
    }
}

/// A column of the spec found in the sheet.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub spec: ColumnSpec,
    /// Index in the sheet, from 0.
    pub at: usize,
}

/// What a header row says.
pub(crate) struct Header {
    pub found: Vec<Found>,
    /// Names no column of the spec answers to.
    pub unused: Vec<String>,
    pub missing: Vec<String>,
}

/// Matches one row of cells against the spec. Two columns under one meaning are an error only when the row otherwise is a
/// header, so a title row that repeats a word does no harm.
pub(crate) fn match_header(cells: &[String], specs: &[ColumnSpec]) -> Result<Header, PaperError> {
    let mut found: Vec<Found> = Vec::new();
    let mut unused = Vec::new();
    let mut twice = None;
    for (at, cell) in cells.iter().enumerate() {
        let name = normal(cell);
        if name.is_empty() {
            continue;
        }
        let bare = without_hint(&name);
        match specs.iter().find(|s| s.is_called(&name)).or_else(|| specs.iter().find(|s| s.is_called(bare))) {
            None => unused.push(cell.clone()),
            Some(spec) => match found.iter().find(|f| f.spec.key == spec.key) {
                Some(earlier) if twice.is_none() => {
                    twice = Some(PaperError::DuplicateColumn {
                        title: spec.title.into(),
                        first: letter(earlier.at),
                        second: letter(at),
                    });
                }
                Some(_) => {}
                None => found.push(Found { spec: *spec, at }),
            },
        }
    }
    let missing: Vec<String> = specs
        .iter()
        .filter(|s| s.required && !found.iter().any(|f| f.spec.key == s.key))
        .map(|s| s.title.to_string())
        .collect();
    match twice {
        Some(error) if missing.is_empty() => Err(error),
        _ => Ok(Header { found, unused, missing }),
    }
}

/// Folds what people vary in a column name: spaces, stars, colons, bracket widths.
fn normal(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '＊' | ':' | '：' | '\u{feff}'))
        .map(|c| match c {
            '（' | '【' | '[' => '(',
            '）' | '】' | ']' => ')',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// `身份证号(必填)` → `身份证号`. Brackets that carry meaning (`电话(家属)`) stay.
fn without_hint(name: &str) -> &str {
    const HINTS: [&str; 7] = ["必填", "选填", "可空", "例", "如", "格式", "元"];
    match (name.find('('), name.ends_with(')')) {
        (Some(open), true) if HINTS.iter().any(|h| name[open..].contains(h)) => &name[..open],
        _ => name,
    }
}

/// Column letter as Excel shows it: 0 → A, 26 → AA.
pub(crate) fn letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut n = index + 1;
    while n > 0 {
        n -= 1;
        letters.push((b'A' + (n % 26) as u8) as char);
        n /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_excel() {
        for (index, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letter(index), name);
        }
    }

    #[test]
    fn a_hint_in_brackets_is_dropped_but_a_meaning_stays() {
        assert_eq!(without_hint(&normal("身份证号 （必填）")), "身份证号");
        assert_eq!(without_hint(&normal("出生日期（如 1951-03-04）")), "出生日期");
        assert_eq!(without_hint(&normal("电话（家属）")), "电话(家属)");
    }
}
