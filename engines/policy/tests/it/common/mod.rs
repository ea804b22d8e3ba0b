//! A small pack to try rules on.
#![allow(dead_code, reason = "each test uses a part of it")]
use kernel::CivilDate;
use policy::{Pack, PackError};

pub fn day(text: &str) -> CivilDate {
    text.parse().expect("a date of the test")
}

/// A pack with the given conditions (TOML), whose only class takes the condition `who`.
pub fn pack_text(conditions: &str) -> String {
    format!(
        r#"format = 1
id = "trial"
title = "试验"
document = "试验"
place = "4415"
effective_from = 2026-01-01
articles = [{{ id = "a", label = "第一条", summary = "试验" }}]
grants = []
classes = [{{ name = "one", label = "一类", when = "who", grants = [] }}]
parameters = [
  {{ name = "limit", label = "限", type = "int", values = [
    {{ value = 75, from = 2026-01-01, to = 2026-06-30, source = "a" }},
    {{ value = 70, from = 2026-07-01, to = 2026-12-31, source = "a" }},
  ] }},
  {{ name = "strict", label = "从严", type = "bool", values = [{{ value = true, from = 2026-01-01, source = "a" }}] }},
]
{conditions}"#
    )
}

pub fn leaf(cel: &str) -> String {
    format!("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = \"{cel}\"\n")
}

pub fn load(conditions: &str) -> Result<Pack, PackError> {
    Pack::load("trial.toml", &pack_text(conditions))
}
