//! Identifiers of this capability's own rows, and the number people call a case by.
use kernel::CivilDate;
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
pub(crate) use ids;

ids! {
    /// One emergency of one elder: the emergency work order.
    CaseId,
    /// One kind of alarm of a case.
    AlarmId,
    /// A line of a case's history.
    EventId,
    /// A person on a duty roster.
    RosterId,
    /// A ladder of a region.
    LadderId,
    /// A message to somebody.
    NoticeId,
    /// A link by which helpers look for somebody.
    RescueId,
    /// A time in which devices are expected to be silent.
    DowntimeId,
    /// Somebody near who can go and look.
    HelperId,
}

/// `JJ20261121-000123`: 紧急, the day, the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub day: CivilDate,
    pub place: i64,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JJ{}-{:06}", self.day.compact(), self.place)
    }
}
