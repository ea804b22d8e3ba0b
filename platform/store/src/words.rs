//! Closed lists of words, and identifiers: one way to write, store and show them.

/// An enum that is stored and sent by a code and shown by a word.
///
/// ```
/// store::words! {
///     /// Where an application stands.
///     Standing {
///         Open "open" "在办",
///         /// Lists that people write by hand also say this.
///         Done "done" "办完" ["已办", "结束"],
///     }
/// }
/// assert_eq!(Standing::parse("open"), Some(Standing::Open));
/// assert_eq!(Standing::parse_zh(" 结束 "), Some(Standing::Done));
/// assert_eq!((Standing::Done.code(), Standing::Done.zh()), ("done", "办完"));
/// ```
///
/// It is `Display` and serde by its code, and binds and reads as a text column; a stored text that is none of the codes is
/// an error of the row.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $vis:vis $name:ident {
        $($(#[$vdoc:meta])* $variant:ident $code:literal $zh:literal $([$($also:literal),* $(,)?])?),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        // Not every list needs every way to read or show it.
        #[allow(dead_code)]
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// Stored and sent.
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),* } }
            /// Shown.
            pub const fn zh(self) -> &'static str { match self { $($name::$variant => $zh),* } }
            /// Reads a code.
            pub fn parse(code: &str) -> Option<$name> { match code { $($code => Some($name::$variant),)* _ => None } }
            /// Reads what people write in lists: the word itself or one of its usual variants, or the code.
            pub fn parse_zh(word: &str) -> Option<$name> {
                match word.trim() { $($zh $($(| $also)*)? => Some($name::$variant),)* other => $name::parse(other) }
            }
            /// For a select: code and word.
            pub fn options() -> Vec<(&'static str, &'static str)> { $name::ALL.iter().map(|v| (v.code(), v.zh())).collect() }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.write_str(self.code()) }
        }
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, s: S) -> ::std::result::Result<S::Ok, S::Error> {
                s.serialize_str(self.code())
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(d: D) -> ::std::result::Result<Self, D::Error> {
                let code = <::std::string::String as $crate::serde::Deserialize>::deserialize(d)?;
                $name::parse(&code).ok_or_else(|| {
                    $crate::serde::de::Error::custom(format!("{} has no {code:?}", stringify!($name)))
                })
            }
        }
        impl From<$name> for $crate::Value { fn from(v: $name) -> $crate::Value { v.code().into() } }
        impl $crate::sea_orm::sea_query::Nullable for $name {
            fn null() -> $crate::Value { <::std::string::String as $crate::sea_orm::sea_query::Nullable>::null() }
        }
        impl $crate::sea_orm::TryGetable for $name {
            fn try_get_by<I: $crate::sea_orm::ColIdx>(
                res: &$crate::sea_orm::QueryResult, i: I,
            ) -> ::std::result::Result<Self, $crate::sea_orm::TryGetError> {
                let text = <::std::string::String as $crate::sea_orm::TryGetable>::try_get_by(res, i)?;
                $name::parse(&text).ok_or_else(|| $crate::sea_orm::TryGetError::DbErr($crate::sea_orm::DbErr::Type(
                    concat!("stored text is not a ", stringify!($name)).into(),
                )))
            }
        }
    };
}

/// Identifiers of a capability's own rows: UUIDs that cannot be taken for one another.
///
/// ```
/// store::ids! {
///     /// One file that was read.
///     FileId,
/// }
/// let id: FileId = "01a1f7a2-e410-730b-b051-bba93d663bfb".parse().unwrap();
/// assert_eq!(id.to_string(), "01a1f7a2-e410-730b-b051-bba93d663bfb");
/// ```
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $crate::uuid::Uuid);
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { self.0.fmt(f) }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::uuid::Error;
            fn from_str(s: &str) -> ::std::result::Result<Self, Self::Err> { $crate::uuid::Uuid::parse_str(s).map($name) }
        }
        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, s: S) -> ::std::result::Result<S::Ok, S::Error> {
                $crate::serde::Serialize::serialize(&self.0, s)
            }
        }
        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(d: D) -> ::std::result::Result<Self, D::Error> {
                <$crate::uuid::Uuid as $crate::serde::Deserialize>::deserialize(d).map($name)
            }
        }
        impl From<$crate::uuid::Uuid> for $name { fn from(id: $crate::uuid::Uuid) -> $name { $name(id) } }
        impl From<$name> for $crate::Value { fn from(id: $name) -> $crate::Value { id.0.into() } }
        impl $crate::sea_orm::sea_query::Nullable for $name {
            fn null() -> $crate::Value { <$crate::uuid::Uuid as $crate::sea_orm::sea_query::Nullable>::null() }
        }
        impl $crate::sea_orm::TryGetable for $name {
            fn try_get_by<I: $crate::sea_orm::ColIdx>(
                res: &$crate::sea_orm::QueryResult, i: I,
            ) -> ::std::result::Result<Self, $crate::sea_orm::TryGetError> {
                <$crate::uuid::Uuid as $crate::sea_orm::TryGetable>::try_get_by(res, i).map($name)
            }
        }
    )*};
}
