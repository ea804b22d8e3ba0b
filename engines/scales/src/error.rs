//! What can be wrong with a scale's document, and with asking it for a score.
use crate::ids::{ConditionId, ItemId, OptionCode};
use std::fmt;

/// A fault in a scale's document, at its place. The message is Chinese and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize)]
pub struct ScaleError {
    /// The name the document was loaded under.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
}

impl fmt::Display for ScaleError {
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
    pub fn error(&self, offset: usize, message: impl Into<String>) -> ScaleError {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        ScaleError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
    pub fn at<T>(&self, spanned: &toml::Spanned<T>, message: impl Into<String>) -> ScaleError {
        self.error(spanned.span().start, message)
    }
}

/// Why answers give no score. Nothing is ever guessed: what is missing is listed, what does not fit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// Everything that is still to be answered, in the document's order.
    #[error("还有 {} 项没填：{}", .items.len() + .conditions.len(), missing(.items, .conditions))]
    Missing { items: Vec<ItemId>, conditions: Vec<ConditionId> },
    #[error("这份量表没有“{0}”这一项")]
    NoSuchItem(ItemId),
    #[error("“{item}”没有“{option}”这个选项")]
    NoSuchOption { item: ItemId, option: OptionCode },
    #[error("“{0}”要填数")]
    NumberNeeded(ItemId),
    #[error("“{0}”要从选项里选")]
    OptionNeeded(ItemId),
    /// Most likely a slip of the pen or a broken device. Bounds in the item's own unit.
    #[error("“{item}”填了 {value}，应在 {min} 到 {max} 之间，再量一次")]
    OutOfRange { item: ItemId, value: String, min: String, max: String },
    #[error("这份量表没有“{0}”这个情形")]
    NoSuchCondition(ConditionId),
    #[error("“{0}”要答有或没有")]
    FlagNeeded(ConditionId),
    #[error("“{0}”要填次数")]
    CountNeeded(ConditionId),
}

fn missing(items: &[ItemId], conditions: &[ConditionId]) -> String {
    let names = items.iter().map(ItemId::as_str).chain(conditions.iter().map(ConditionId::as_str));
    names.collect::<Vec<_>>().join("、")
}
