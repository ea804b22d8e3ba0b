//! Figures and sentences every desk shares.
use kernel::{Fen, Paged};

/// `12,345`; above what is counted exactly `10,000+`.
pub fn count(n: i64) -> String {
    let cap = Paged::<()>::COUNT_CAP;
    if n > cap { format!("{}+", grouped(cap)) } else { grouped(n) }
}

/// `12,345`
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "−" } else { "" });
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A part of a whole in whole percents, 0–100. Never 100 before the last one, never 0 after the first: a bar that is
/// full means done.
pub fn percent(part: i64, whole: i64) -> i64 {
    if whole <= 0 || part <= 0 {
        return 0;
    }
    if part >= whole {
        return 100;
    }
    let rounded = (i128::from(part) * 200 + i128::from(whole)) / (i128::from(whole) * 2);
    i64::try_from(rounded).unwrap_or(100).clamp(1, 99)
}

/// [`percent`] of money.
pub fn percent_of(part: Fen, whole: Fen) -> i64 {
    percent(part.0, whole.0)
}

/// A figure that leads to its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    pub href: String,
    pub label: String,
    pub figure: String,
    pub unit: &'static str,
    pub note: String,
    /// `warn` marks the note with a triangle; empty is quiet.
    pub kind: &'static str,
}

impl Tile {
    pub fn new(href: impl Into<String>, label: impl Into<String>, n: i64, unit: &'static str) -> Tile {
        Tile::figure(href, label, count(n), unit)
    }
    pub fn figure(href: impl Into<String>, label: impl Into<String>, figure: String, unit: &'static str) -> Tile {
        Tile { href: href.into(), label: label.into(), figure, unit, note: String::new(), kind: "" }
    }
    pub fn money(href: impl Into<String>, label: impl Into<String>, fen: Fen) -> Tile {
        Tile::figure(href, label, fen.to_string(), "")
    }
    pub fn note(mut self, note: impl Into<String>) -> Tile {
        self.note = note.into();
        self
    }
    /// The same with a triangle, if it is so.
    pub fn warn_if(mut self, so: bool, note: impl Into<String>) -> Tile {
        if so {
            self.note = note.into();
            self.kind = "warn";
        }
        self
    }
}

/// What a desk has to say first: `今天先做 4 件，12-20 前共 14 件`.
pub fn first_words(now: usize, all: usize, by: &str) -> String {
    match (now, all) {
        (0, 0) => format!("{by} 前没有要做的"),
        (0, all) => format!("今天没有要赶的，{by} 前有 {all} 件"),
        (now, all) if now == all => format!("今天先做 {now} 件"),
        (now, all) => format!("今天先做 {now} 件，{by} 前共 {all} 件"),
    }
}

/// `3 单待接、2 单待指派`: what is not zero, in order; `None` when all of it is.
pub fn joined(parts: &[(i64, &str)]) -> Option<String> {
    let words: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", count(*n))).collect();
    (!words.is_empty()).then(|| words.join("，"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_says_where_it_stopped_counting() {
        assert_eq!(count(0), "0");
        assert_eq!(count(9_999), "9,999");
        assert_eq!(count(10_000), "10,000");
        assert_eq!(count(10_001), "10,000+");
    }

    #[test]
    fn a_bar_is_full_only_when_done_and_empty_only_before_the_first() {
        assert_eq!(percent(0, 10), 0);
        assert_eq!(percent(1, 1_000), 1);
        assert_eq!(percent(999, 1_000), 99);
        assert_eq!(percent(1_000, 1_000), 100);
        assert_eq!(percent(1, 2), 50);
        assert_eq!(percent(2, 3), 67);
        assert_eq!(percent(5, 0), 0);
        assert_eq!(percent(i64::MAX - 1, i64::MAX), 99);
    }

    #[test]
    fn the_heading_answers_what_is_first() {
        assert_eq!(first_words(4, 14, "12-20"), "今天先做 4 件，12-20 前共 14 件");
        assert_eq!(first_words(2, 2, "12-20"), "今天先做 2 件");
        assert_eq!(first_words(0, 3, "12-20"), "今天没有要赶的，12-20 前有 3 件");
        assert_eq!(first_words(0, 0, "12-20"), "12-20 前没有要做的");
    }

    #[test]
    fn only_what_is_not_zero_is_said() {
        assert_eq!(joined(&[(3, "单待接"), (0, "单待指派"), (1, "单要迟到")]).as_deref(), Some("3 单待接，1 单要迟到"));
        assert_eq!(joined(&[(0, "单待接")]), None);
    }

    #[test]
    fn a_warning_replaces_the_note_only_when_so() {
        let quiet = Tile::new("/x", "证件", 2, "份").note("30 天内到期").warn_if(false, "已过期");
        assert_eq!((quiet.note.as_str(), quiet.kind), ("30 天内到期", ""));
        let loud = quiet.warn_if(true, "1 份已过期");
        assert_eq!((loud.note.as_str(), loud.kind), ("1 份已过期", "warn"));
    }
}
