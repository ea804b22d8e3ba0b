//! What can be wrong with a pack, with facts, or with asking a pack for a decision.
use crate::facts::{Fact, FactType};
use kernel::CivilDate;
use std::fmt;

/// A fault in a pack's document, at its place. The message is Chinese and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
pub struct PackError {
    /// The name the document was loaded under.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// A document being read: turns byte offsets into lines and columns.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    pub fn error(&self, offset: usize, message: impl Into<String>) -> PackError {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        PackError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

/// Why facts could not be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    #[error("没有“{0}”这个事实，名字看事实表")]
    NoSuchFact(String),
    #[error("“{}”（{}）要填{}{}", .0.zh(), .0.name(), .0.ty().zh(), codes(*.0))]
    WrongValue(Fact),
    #[error("“{}”由别的事实算出，不能直接填", .0.zh())]
    Derived(Fact),
}

fn codes(fact: Fact) -> String {
    let codes = fact.ty().codes();
    if codes.is_empty() {
        return match fact.ty() {
            FactType::Int => "，不小于 0".into(),
            FactType::Date => "，如 2026-11-21".into(),
            FactType::Bool => "，写 true 或 false".into(),
            _ => String::new(),
        };
    }
    format!("：{}", codes.iter().map(|(c, _)| *c).collect::<Vec<_>>().join("、"))
}

/// Why a pack does not decide on a day. It never decides on parameters that have run out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("政策“{pack}”在 {on} 不施行")]
    NotInEffect { pack: String, on: CivilDate },
    #[error("政策“{pack}”的参数“{parameter}”在 {on} 没有可用的值，先补上再认定")]
    ExpiredParameter { pack: String, parameter: String, on: CivilDate },
    #[error("政策“{0}”和“{1}”不在同一组，不能合在一起算月份")]
    DifferentGroups(String, String),
}
