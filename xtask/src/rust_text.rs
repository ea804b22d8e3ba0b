//! Takes Rust source apart into code, comments and string literals: rules about words need to know which is which.

/// What a piece of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Code,
    Comment,
    /// Without its quotes, escapes as written.
    Text,
}

/// A run of one kind, and the line (from 1) it starts on.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub line: usize,
}

/// Splits `source`. Good for code that compiles; for anything else the split may be off but never fails.
pub fn split(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let bytes = source.as_bytes();
    let (mut at, mut code_from, mut line, mut counted) = (0, 0, 1, 0);
    while at < bytes.len() {
        let Some((kind, inner, end)) = special(source, at) else {
            at += 1;
            continue;
        };
        let mut push = |kind, from: usize, to: usize| {
            line += source[counted..from].matches('\n').count();
            counted = from;
            if to > from {
                pieces.push(Piece { kind, text: &source[from..to], line });
            }
        };
        push(Kind::Code, code_from, at);
        if let Some(kind) = kind {
            push(kind, inner.0, inner.1);
            code_from = end;
        } else {
            code_from = at;
        }
        at = end;
    }
    line += source[counted..code_from].matches('\n').count();
    if code_from < source.len() {
        pieces.push(Piece { kind: Kind::Code, text: &source[code_from..], line });
    }
    pieces
}

type Span = (Option<Kind>, (usize, usize), usize);

/// A comment, string or character that starts at `at`: its kind (`None`: a character, which stays code), what is inside,
/// and where it ends.
fn special(source: &str, at: usize) -> Option<Span> {
    let rest = &source.as_bytes()[at..];
    let text_end = |found: Option<usize>| found.map_or(source.len(), |n| at + n);
    if rest.starts_with(b"//") {
        let end = text_end(source[at..].find('\n'));
        return Some((Some(Kind::Comment), (at, end), end));
    }
    if rest.starts_with(b"/*") {
        let end = text_end(source[at..].find("*/").map(|n| n + 2));
        return Some((Some(Kind::Comment), (at, end), end));
    }
    if rest[0] == b'"' {
        let close = text_end(closing_quote(rest));
        return Some((Some(Kind::Text), (at + 1, close), (close + 1).min(source.len())));
    }
    let before = at.checked_sub(1).map(|i| source.as_bytes()[i]);
    let starts_word = !before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    if rest[0] == b'r' && (starts_word || before.is_some_and(|b| matches!(b, b'b' | b'c'))) {
        let hashes = rest[1..].iter().take_while(|b| **b == b'#').count();
        if rest.get(1 + hashes) == Some(&b'"') {
            let open = at + 2 + hashes;
            let mark = format!("\"{}", "#".repeat(hashes));
            let close = source[open..].find(&mark).map_or(source.len(), |n| open + n);
            return Some((Some(Kind::Text), (open, close), (close + mark.len()).min(source.len())));
        }
    }
    if rest[0] == b'\'' {
        let length = character_length(&source[at..])?;
        return Some((None, (at, at), at + length));
    }
    None
}

fn closing_quote(from: &[u8]) -> Option<usize> {
    let mut i = 1;
    while i < from.len() {
        match from[i] {
            b'\\' => i += 2,
            b'"' => return Some(i),
            _ => i += 1,
        }
    }
    None
}

/// Length of a character literal; `None` for a lifetime.
fn character_length(from: &str) -> Option<usize> {
    let mut chars = from.char_indices().skip(1);
    match chars.next()? {
        (_, '\\') => {
            chars.next()?;
            from[3..].find('\'').map(|n| n + 4)
        }
        _ => match chars.next()? {
            (end, '\'') => Some(end + 1),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, source: &str) -> Vec<(usize, &str)> {
        split(source).into_iter().filter(|p| p.kind == kind).map(|p| (p.line, p.text)).collect()
    }

    #[test]
    fn strings_and_comments_are_told_from_code() {
        let source =
            "let a = \"x // \\\" y\"; // end \"no\"\n/* two\nlines */ let b = r#\"raw \" \"#;\nlet c = b\"z\";";
        assert_eq!(of(Kind::Text, source), [(1, "x // \\\" y"), (3, "raw \" "), (4, "z")]);
        assert_eq!(of(Kind::Comment, source), [(1, "// end \"no\""), (2, "/* two\nlines */")]);
    }

    #[test]
    fn characters_and_lifetimes_do_not_open_strings() {
        let source = "fn f<'a>(x: &'a str) -> char { '\"' } let q = '\\''; let s = \"t\"; let u = '\\u{22}';";
        assert_eq!(of(Kind::Text, source), [(1, "t")]);
        assert!(split(source).iter().filter(|p| p.kind == Kind::Code).any(|p| p.text.contains("'\\u{22}'")));
    }

    #[test]
    fn nothing_is_lost_and_unfinished_source_does_not_fail() {
        for source in ["\"open", "/* open", "r#\"open", "'", "let x = 1;", "", "// 中文\n\"颐年\""] {
            let total: usize = split(source).iter().map(|p| p.text.len()).sum();
            assert!(total <= source.len());
        }
        assert_eq!(of(Kind::Text, "// 中文\n\"颐年\""), [(2, "颐年")]);
    }
}
