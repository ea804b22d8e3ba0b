//! Types, the states of an assessment and its decisions. Pure: no IO, no clock, no randomness.

/// A closed list stored as its code and shown in Chinese.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $code:literal $zh:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// Stored and sent.
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),* } }
            /// Shown.
            pub const fn zh(self) -> &'static str { match self { $($name::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<$name> { match code { $($code => Some($name::$variant),)* _ => None } }
            /// For a select: code and word.
            pub fn options() -> Vec<(&'static str, &'static str)> { $name::ALL.iter().map(|v| (v.code(), v.zh())).collect() }
        }
        impl From<$name> for store::Value { fn from(v: $name) -> store::Value { v.code().into() } }
        impl store::sea_orm::sea_query::Nullable for $name {
            fn null() -> store::Value { <String as store::sea_orm::sea_query::Nullable>::null() }
        }
        impl store::sea_orm::TryGetable for $name {
            fn try_get_by<I: store::sea_orm::ColIdx>(
                res: &store::sea_orm::QueryResult, i: I,
            ) -> Result<Self, store::sea_orm::TryGetError> {
                let text = <String as store::sea_orm::TryGetable>::try_get_by(res, i)?;
                $name::parse(&text).ok_or_else(|| store::sea_orm::TryGetError::DbErr(store::sea_orm::DbErr::Type(
                    concat!("stored text is not a ", stringify!($name)).into(),
                )))
            }
        }
    };
}

mod assessor;
mod case;
mod draw;
mod meaning;
mod sheet;
mod steps;

pub use assessor::{Assessor, Block, Profession, Setting, Side, Team, blocks, team_refusal};
pub use case::{Case, Place, Purpose, Reason};
pub use draw::draw;
pub use meaning::{ability_code, care_of, indicators, indicators_by_correspondence, standard_code};
pub use sheet::{Clash, Field, Merged, Sheet, Value, merge};
pub use steps::{Refusal, State, Step, next};
