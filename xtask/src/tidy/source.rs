//! Rules about source text: where SQL may stand, how long a file may be, which calls and marks may not stand at all.
use super::{File, Finding};
use crate::rust_text::{Kind, split};
use std::collections::BTreeMap;

/// Lines a Rust file may have.
const MAX_LINES: usize = 600;

/// Marks of unfinished work. Put together here so that the rule does not find itself.
const MARKS: [&str; 4] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Folders that exist on one machine only.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("../sha", "red/"),
    concat!("/tmp/", "brief"),
    concat!("/ro", "ot/"),
];

pub fn check(file: &File) -> Vec<Finding> {
    let mut findings = check_words(file);
    if file.is("rs") {
        findings.extend(check_rust(file));
    }
    findings
}

fn check_words(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(mark) = MARKS.iter().find(|m| has_word(line, m)) {
            findings
                .push(file.finding(index + 1, format!("{mark}: finish it, or open an issue and leave the code whole")));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|p| line.contains(**p)) {
            findings.push(file.finding(index + 1, format!("{path} exists on one machine only")));
        }
    }
    findings
}

/// `word` as a word of its own. Order numbers and ID samples have such letters inside.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '*'));
    line.match_indices(word)
        .any(|(at, _)| !joins(line[..at].chars().next_back()) && !joins(line[at + word.len()..].chars().next()))
}

fn check_rust(file: &File) -> Vec<Finding> {
    let place = Place::of(&file.path);
    let mut findings = Vec::new();
    let test_from = if file.is_test() { 0 } else { first_test_line(&file.text) };
    for piece in split(&file.text) {
        match piece.kind {
            Kind::Text if !place.may_have_sql && piece.line < test_from && is_sql(piece.text) => {
                findings.push(file.finding(piece.line, "SQL stands in store.rs, store/ or migrations.rs alone"));
            }
            Kind::Code => {
                for (line, code) in (piece.line..).zip(piece.text.lines()) {
                    let of_product = place.banned_in_product.iter().filter(|_| line < test_from);
                    for (call, why) in place.banned.iter().chain(of_product).filter(|(call, _)| has_call(code, call)) {
                        findings.push(file.finding(line, format!("{call} is banned here: {why}")));
                    }
                }
            }
            _ => {}
        }
    }
    findings
}

type Rule = (&'static str, &'static str);

/// What holds where a file stands.
struct Place {
    may_have_sql: bool,
    /// Also in tests.
    banned: Vec<Rule>,
    banned_in_product: Vec<Rule>,
}

impl Place {
    fn of(path: &str) -> Place {
        let parts: Vec<&str> = path.split('/').collect();
        let name = parts.last().copied().unwrap_or_default();
        let in_store =
            name == "store.rs" || name == "migrations.rs" || parts.iter().any(|p| matches!(*p, "store" | "migrations"));
        // An example is a program of its own, with its own edge.
        let tool = parts[0] == "xtask" || name == "build.rs" || parts.contains(&"examples");
        let mut banned = vec![("dbg!", "remove it"), ("todo!", "finish it"), ("unimplemented!", "finish it")];
        let mut banned_in_product = Vec::new();
        let inner = matches!(parts[0], "platform" | "engines" | "capabilities") && !tool;
        if inner {
            banned_in_product.extend([
                ("println!", "log through tracing"),
                ("eprintln!", "log through tracing"),
                ("panic!", "return an error"),
                ("unreachable!", "let the types say it, or return an error"),
                ("SystemTime::now", "pass kernel::Clock in"),
                ("thread_rng", "pass randomness in"),
                ("rand::", "pass randomness in"),
            ]);
        }
        if path == "platform/kernel/src/clock.rs" {
            banned_in_product.retain(|(call, _)| *call != "SystemTime::now");
        }
        if parts[0] == "capabilities" {
            banned.push(("Router::new", "add routes through web::Routes, which asks for a permission"));
        }
        if (parts[0] == "engines" && !tool) || path.starts_with("platform/kernel/") {
            let pure = "an engine is pure: no files, no network, no environment, no tasks";
            banned_in_product.extend(["std::fs", "std::net", "std::env", "tokio::"].map(|call| (call, pure)));
        }
        Place { may_have_sql: in_store || tool, banned, banned_in_product }
    }
}

/// `call` not as the end of a longer name (`my_dbg!`).
fn has_call(line: &str, call: &str) -> bool {
    line.match_indices(call)
        .any(|(at, _)| !line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_'))
}

/// The line the module of tests at the end of a file starts on.
fn first_test_line(text: &str) -> usize {
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let next_is_module = lines.peek().is_some_and(|(_, next)| next.trim_start().starts_with("mod "));
        if line.trim() == "#[cfg(test)]" && next_is_module {
            return index + 1;
        }
    }
    usize::MAX
}

/// A statement, or a piece of one: two words of SQL that English and Chinese sentences do not put together.
fn is_sql(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let words: Vec<&str> =
        upper.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let pair = |a: &str, b: &str| words.windows(2).any(|w| w == [a, b]);
    let first = words.first().copied().unwrap_or_default();
    let has = |w: &str| words.contains(&w);
    (first == "SELECT" && (has("FROM") || text.trim_start().starts_with("SELECT ")))
        || (first == "UPDATE" && has("SET"))
        || (first == "WITH" && has("SELECT"))
        || pair("INSERT", "INTO")
        || pair("DELETE", "FROM")
        || pair("CREATE", "TABLE")
        || pair("ALTER", "TABLE")
        || pair("DROP", "TABLE")
        || text.contains("ORDER BY ")
        || text.contains("GROUP BY ")
}

/// Files over the allowed length, and entries of the list of debts that are too generous.
pub fn check_length(files: &[File], debts: &BTreeMap<String, usize>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.is("rs")) {
        let lines = file.text.lines().count();
        match debts.get(&file.path) {
            None if lines > MAX_LINES => {
                findings.push(file.finding(0, format!("{lines} lines; split it by meaning, {MAX_LINES} are allowed")));
            }
            Some(allowed) if lines > *allowed => {
                findings.push(file.finding(0, format!("{lines} lines; it may only shrink from {allowed}")));
            }
            Some(allowed) if lines < *allowed => {
                let now = if lines > MAX_LINES { format!("lower it to {lines}") } else { "delete the entry".into() };
                findings.push(file.finding(0, format!("is down to {lines} lines: {now} in xtask/tidy.toml")));
            }
            _ => {}
        }
    }
    for path in debts.keys().filter(|p| !files.iter().any(|f| f.path == **p)) {
        let message = "is gone: delete the entry in xtask/tidy.toml".into();
        findings.push(Finding { file: path.clone(), line: 0, message });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        check(&file(path, text)).into_iter().map(|f| (f.line, f.message)).collect()
    }

    #[test]
    fn sql_stands_in_the_store_alone() {
        let code = "fn f() {\n    run(\"SELECT id FROM elder WHERE id = ?\");\n}";
        assert_eq!(found("capabilities/people/src/service.rs", code).len(), 1);
        assert_eq!(found("capabilities/people/src/service.rs", code)[0].0, 2);
        for path in [
            "capabilities/people/src/store.rs",
            "capabilities/people/src/store/search.rs",
            "capabilities/people/src/migrations.rs",
            "capabilities/people/tests/import.rs",
        ] {
            assert!(found(path, code).is_empty(), "{path}");
        }
    }

    #[test]
    fn statements_are_told_from_sentences() {
        for sql in [
            "SELECT 1",
            "select id from elder",
            "INSERT INTO x VALUES (1)",
            "update purse set left = 0",
            "DELETE FROM x",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            " ORDER BY name",
            "CREATE TABLE x (id INT)",
        ] {
            assert!(is_sql(sql), "{sql}");
        }
        for sentence in [
            "select",
            "Select a provider",
            "update",
            "请选择",
            "deleted from the list",
            "in order by name",
            "<select name=x>",
            "with a reason",
            "group",
        ] {
            assert!(!is_sql(sentence), "{sentence}");
        }
    }

    #[test]
    fn marks_and_machine_paths_are_found_in_every_text() {
        let mark = MARKS[0];
        assert_eq!(found("docs/x.md", &format!("ok\n{mark}: later")).len(), 1);
        assert_eq!(found("platform/web/assets/app.js", &format!("// {mark} x")).len(), 1);
        assert!(found("docs/x.md", "138****5678, 5****************X, WO-XXXX, hackney").is_empty());
        assert_eq!(found("docs/x.md", &format!("see {}x", MACHINE_PATHS[1])).len(), 1);
    }

    #[test]
    fn banned_calls_are_found_in_code_but_not_in_tests_or_strings() {
        let path = "capabilities/people/src/service.rs";
        assert_eq!(found(path, "fn f() { panic!(\"x\") }").len(), 1);
        assert!(found(path, "// panic!(\nfn f() { log(\"panic!(\") }").is_empty());
        assert!(found(path, "fn f() {}\n#[cfg(test)]\nmod tests {\n fn g() { panic!() }\n}").is_empty());
        assert_eq!(found(path, "#[cfg(test)]\nmod tests {\n fn g() { dbg!(1) }\n}").len(), 1);
        assert!(found("app/src/main.rs", "fn f() { println!(\"x\") }").is_empty());
        assert_eq!(found("engines/ledger/src/lib.rs", "use std::fs;").len(), 1);
        assert_eq!(found("capabilities/people/src/pages.rs", "let r = axum::Router::new();").len(), 1);
    }

    #[test]
    fn the_list_of_long_files_may_only_shrink() {
        let lines = |n: usize| "x\n".repeat(n);
        let check = |n: usize, debt: Option<usize>| {
            let debts = debt.map(|d| ("a.rs".to_string(), d)).into_iter().collect();
            check_length(&[file("a.rs", &lines(n))], &debts).len()
        };
        assert_eq!([check(600, None), check(601, None)], [0, 1]);
        assert_eq!(
            [check(700, Some(700)), check(701, Some(700)), check(699, Some(700)), check(500, Some(700))],
            [0, 1, 1, 1]
        );
        let debts = [("gone.rs".to_string(), 700)].into_iter().collect();
        assert_eq!(check_length(&[], &debts).len(), 1);
    }
}
