//! How values are bound to and read from a query. Only with feature `sql`.
use crate::{CivilDate, Fen, Instant, Month, Quarter, RegionCode};
use sea_orm::sea_query::Value;
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};

macro_rules! sql_uuid {
    ($name:ident) => {
        impl From<$name> for sea_orm::sea_query::Value {
            fn from(v: $name) -> Self {
                v.0.into()
            }
        }
        impl sea_orm::sea_query::Nullable for $name {
            fn null() -> sea_orm::sea_query::Value {
                <uuid::Uuid as sea_orm::sea_query::Nullable>::null()
            }
        }
        impl sea_orm::TryGetable for $name {
            fn try_get_by<I: sea_orm::ColIdx>(
                res: &sea_orm::QueryResult,
                index: I,
            ) -> Result<Self, sea_orm::TryGetError> {
                <uuid::Uuid as sea_orm::TryGetable>::try_get_by(res, index).map($name)
            }
        }
    };
}
pub(crate) use sql_uuid;

macro_rules! sql_i64 {
    ($($t:ident),*) => {$(
        impl From<$t> for Value { fn from(v: $t) -> Value { v.0.into() } }
        impl sea_orm::sea_query::Nullable for $t { fn null() -> Value { <i64 as sea_orm::sea_query::Nullable>::null() } }
        impl TryGetable for $t {
            fn try_get_by<I: ColIdx>(res: &QueryResult, index: I) -> Result<Self, TryGetError> {
                <i64 as TryGetable>::try_get_by(res, index).map($t)
            }
        }
    )*};
}
sql_i64!(Fen, Instant);

macro_rules! sql_text {
    ($($t:ident),*) => {$(
        impl From<$t> for Value { fn from(v: $t) -> Value { v.to_string().into() } }
        impl sea_orm::sea_query::Nullable for $t { fn null() -> Value { <String as sea_orm::sea_query::Nullable>::null() } }
        impl TryGetable for $t {
            fn try_get_by<I: ColIdx>(res: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = <String as TryGetable>::try_get_by(res, index)?;
                text.parse().map_err(|_| TryGetError::DbErr(DbErr::Type(format!(
                    concat!("stored text is not a ", stringify!($t))
                ))))
            }
        }
    )*};
}
sql_text!(CivilDate, Month, Quarter, RegionCode);
