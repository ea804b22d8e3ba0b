//! Names inside a scale's document, each of its own type.
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

/// The longest name.
const MAX_NAME: usize = 40;

/// Letters, digits, `.`, `_` and `-`, starting with a letter or digit.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);
        impl $name {
            /// Any text; whether the name means something is only known to a scale.
            pub fn new(name: impl Into<String>) -> $name { $name(name.into()) }
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl From<&str> for $name { fn from(name: &str) -> $name { $name(name.to_owned()) } }
        impl Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
        )*
    };
}

names! {
    /// A scale: `gbt-42195-2022`.
    ScaleId,
    /// A part of a scale with its own subtotal: `B.1`.
    SectionId,
    /// One question of a scale: `B.1.1`. (Not the catalogue's item, which is `kernel::ItemId`.)
    ItemId,
    /// One answer of a question; several options of one item may share a score.
    OptionCode,
    /// A level a scale ends in, or a grade of a section: `moderate`.
    LevelCode,
    /// A named circumstance that is not an item but moves the level: `risk_falls`.
    ConditionId,
    /// A constitution or other kind a scale sorts people into: `qi_deficiency`.
    KindId,
}
