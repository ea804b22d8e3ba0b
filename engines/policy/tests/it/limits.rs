//! Any document is loaded or refused with a place, never more: random bytes, broken packs, deep nesting, long texts.
#![allow(clippy::unwrap_used)]
use crate::common::{leaf, load, pack_text};
use policy::{Pack, SHIPPED};
use proptest::prelude::*;

/// Loads, and checks that a refusal points into the document.
fn tried(text: &str) -> bool {
    match Pack::load("any.toml", text) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.line >= 1 && error.line <= text.matches('\n').count() + 1, "{error}");
            let line = text.split('\n').nth(error.line - 1).unwrap();
            assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{error}");
            assert!(!error.message.is_empty());
            false
        }
    }
}

#[test]
fn deep_nesting_of_the_document_is_refused() {
    for deep in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000)),
        format!("a = {}", "{ b = ".repeat(30_000)),
        format!("{} = 1", vec!["a"; 60_000].join(".")),
        format!("[{}]", vec!["a"; 60_000].join(".")),
        "[[examples]]\n".repeat(15_000),
        "\"".repeat(200_000),
        "'''".to_owned() + &"x\n".repeat(100_000),
    ] {
        assert!(!tried(&deep), "{}", &deep[..20]);
    }
    // The nesting may sit inside a good document as well.
    let good = pack_text(&leaf("alive"));
    let deep = format!(
        "{good}\n[[examples]]\nname = \"深\"\nfacts = {{ alive = {}1{} }}\n",
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    assert!(!tried(&deep));
}

#[test]
fn long_documents_lists_and_conditions_are_refused() {
    let good = pack_text(&leaf("alive"));
    assert!(tried(&good));
    assert!(!tried(&format!("{good}#{}", "x".repeat(300_000))));
    let example = "[[examples]]\nname = \"x\"\non = 2026-01-01\nfacts = {}\nexpect = \"unknown\"\n";
    assert!(tried(&(good.clone() + &example.repeat(500))));
    let error = Pack::load("f", &(good.clone() + &example.repeat(501))).unwrap_err();
    assert!(error.message.contains("最多 500"), "{error}");
    let condition = |i| format!("[[conditions]]\nname = \"c{i}\"\nlabel = \"x\"\ncel = \"alive\"\n");
    let many = |n: usize| good.clone() + &(0..n).map(condition).collect::<String>();
    assert!(tried(&many(63)));
    assert!(Pack::load("f", &many(64)).unwrap_err().message.contains("最多 64 条"));
    let long = |n: usize| load(&leaf(&format!("alive{}", " ".repeat(n - 5))));
    assert!(long(1_000).is_ok());
    assert!(long(1_001).unwrap_err().message.contains("太长"));
    let deep = |n: usize| load(&leaf(&format!("{}alive{}", "(".repeat(n), ")".repeat(n))));
    assert!(deep(40).is_ok());
    assert!(deep(41).unwrap_err().message.contains("太深"));
    // A chain of conditions, each made of the next.
    let chain = |n: usize| {
        let mut text = String::from("[[conditions]]\nname = \"who\"\nlabel = \"x\"\nall = [\"c1\"]\n");
        for i in 1..n {
            text += &format!("[[conditions]]\nname = \"c{i}\"\nlabel = \"x\"\nall = [\"c{}\"]\n", i + 1);
        }
        load(&(text + &condition(n)))
    };
    assert!(chain(15).is_ok());
    assert!(chain(16).unwrap_err().message.contains("太深"));
}

#[test]
fn parameters_with_holes_or_an_early_end_are_refused() {
    let good = pack_text(&leaf("age >= limit"));
    for (from, to, says) in [
        ("from = 2026-07-01", "from = 2026-07-02", "从 2026-07-01 到 2026-07-01 没有值"),
        ("value = 75, from = 2026-01-01", "value = 75, from = 2026-01-02", "从 2026-01-01 到 2026-01-01 没有值"),
        ("effective_from = 2026-01-01", "effective_from = 2026-01-01\neffective_to = 2027-01-31", "施行到 2027-01-31"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        let error = Pack::load("f", &text).unwrap_err();
        assert!(error.message.contains(says), "{error}");
    }
}

#[test]
fn a_fact_of_another_subject_is_shown_at_its_place() {
    let error = load(&leaf("alive && floor_area > 3")).unwrap_err();
    assert!(error.message.contains("“floor_area”说的是设施"), "{error}");
    let facility =
        pack_text(&leaf("floor_area > 3")).replace("id = \"trial\"", "id = \"trial\"\nsubject = \"facility\"");
    assert!(Pack::load("f", &facility).is_ok());
    let unknown = facility.replace("\"facility\"", "\"house\"");
    assert!(Pack::load("f", &unknown).unwrap_err().message.contains("person、facility、fund"));
}

#[test]
fn counting_conditions_are_checked() {
    let tree = |of: &str| {
        format!(
            "[[conditions]]\nname = \"who\"\nlabel = \"x\"\nat_least = \"limit\"\nof = [{of}]\n{}{}",
            leaf("alive").replace("\"who\"", "\"a\""),
            leaf("disability_cert").replace("\"who\"", "\"b\"")
        )
    };
    assert!(load(&tree("\"a\", \"b\"")).is_ok());
    assert!(load(&tree("\"a\", \"a\"")).unwrap_err().message.contains("写了两次"));
    assert!(load(&tree("")).unwrap_err().message.contains("至少写一条"));
    assert!(load(&tree("\"a\"").replace("\"limit\"", "\"strict\"")).unwrap_err().message.contains("int 参数"));
    assert!(load(&tree("\"a\"").replace("at_least = \"limit\"\n", "")).unwrap_err().message.contains("at_least 和 of"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        tried(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_toml_is_loaded_or_refused(text in "([a-z_]{1,8} = ([0-9]{1,4}|\"[a-z]{0,6}\"|\\[\\]|\\{\\}|true)\n|\\[\\[?[a-z]{1,9}\\]?\\]\n){0,12}") {
        tried(&text);
        tried(&format!("{}{text}", pack_text(&leaf("alive"))));
    }

    /// A shipped pack with a piece cut out, doubled or overwritten.
    #[test]
    fn a_broken_pack_is_loaded_or_refused(
        which in 0..SHIPPED.len(), at in 0.0f64..1.0, len in 0usize..60, how in 0u8..3, with in "\\PC{0,12}",
    ) {
        let text = SHIPPED[which].1;
        let boundary = |mut i: usize| {
            while !text.is_char_boundary(i) {
                i -= 1;
            }
            i
        };
        let start = boundary((at * text.len() as f64) as usize);
        let end = boundary((start + len).min(text.len()));
        let (head, cut, tail) = (&text[..start], &text[start..end], &text[end..]);
        let broken = match how {
            0 => format!("{head}{tail}"),
            1 => format!("{head}{cut}{cut}{tail}"),
            _ => format!("{head}{with}{tail}"),
        };
        tried(&broken);
    }

    /// Nested and long conditions of every operator.
    #[test]
    fn no_condition_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "[", "]", "{", "}", "!", "-", "&&", "||", "==", "<=", "in", "?", ":", ",", ".", "alive", "age",
            "hukou", "special_groups", "limit", "strict", "'rural'", "'2026-01-01'", "3", "9223372036854775807", "0x1f",
            "1.5", "null", "true", "size(", ".exists(g, g", ".all(", ".map(", "startsWith(", "birth_date", "has(",
        ]), 0..120),
    ) {
        let cel = parts.join(" ");
        if let Ok(pack) = load(&leaf(&cel)) {
            let on = pack.at(crate::common::day("2026-03-01")).unwrap();
            let _ = on.decide(&policy::Facts::new());
            let _ = on.counterfactual(&policy::Facts::new());
        }
    }
}
