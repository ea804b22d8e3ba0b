//! Identifiers of this capability's own rows.
use std::fmt;
use std::str::FromStr;
use store::sea_orm;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { Uuid::parse_str(s).map($name) }
        }
        impl From<Uuid> for $name { fn from(id: Uuid) -> $name { $name(id) } }
        impl From<$name> for store::Value { fn from(id: $name) -> store::Value { id.0.into() } }
        impl sea_orm::sea_query::Nullable for $name {
            fn null() -> store::Value { <Uuid as sea_orm::sea_query::Nullable>::null() }
        }
        impl sea_orm::TryGetable for $name {
            fn try_get_by<I: sea_orm::ColIdx>(res: &sea_orm::QueryResult, i: I) -> Result<Self, sea_orm::TryGetError> {
                <Uuid as sea_orm::TryGetable>::try_get_by(res, i).map($name)
            }
        }
    )*};
}

ids! {
    /// A family member, guardian or emergency contact.
    ContactId,
    /// A service address of a household.
    AddressId,
    /// One imported file.
    BatchId,
    /// One question of the review queue for duplicates.
    ReviewId,
    /// One merge, so that it can be undone.
    MergeId,
}
