//! The table of facts as a document.
use super::table::{FACTS, FactType, Subject};
use std::fmt::Write;

/// The table of facts in Markdown, one table for each subject: name, type, values, Chinese name and meaning.
pub fn facts_markdown() -> String {
    let mut out = String::new();
    for subject in Subject::ALL {
        // Writing to a string does not fail.
        let _ = writeln!(out, "### `{}` {}\n", subject.code(), subject.zh());
        let _ = writeln!(out, "| 名字 | 类型 | 中文 | 含义 | 可用的值 |\n|---|---|---|---|---|");
        for def in FACTS.iter().filter(|d| d.subject == subject) {
            let values = match def.ty {
                FactType::Bool => "`true`、`false`".to_owned(),
                FactType::Int => "0 以上的整数".to_owned(),
                FactType::Date => "`2026-11-21`".to_owned(),
                FactType::Region => "12 位区划代码".to_owned(),
                FactType::Code(codes) | FactType::Set(codes) => {
                    codes.iter().map(|(code, zh)| format!("`{code}` {zh}")).collect::<Vec<_>>().join("、")
                }
            };
            let derived = if def.derived { "（算出，不能填）" } else { "" };
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {}{derived} | {values} |",
                def.name,
                def.ty.code(),
                def.zh,
                def.meaning
            );
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
