//! Where an imported file and its rows stand.
use kernel::Instant;

macro_rules! standing {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $code:literal $zh:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub const fn code(self) -> &'static str { match self { $($name::$variant => $code),* } }
            pub const fn zh(self) -> &'static str { match self { $($name::$variant => $zh),* } }
            pub fn parse(code: &str) -> Option<$name> { match code { $($code => Some($name::$variant),)* _ => None } }
        }
        impl From<$name> for store::Value { fn from(v: $name) -> store::Value { v.code().into() } }
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

standing! {
    /// Where a file stands.
    BatchState {
        /// Being read; a crash leaves it here and it is uploaded again.
        Reading "reading" "读取中",
        /// Read and judged; nothing written.
        Checked "checked" "已试读",
        Writing "writing" "写入中",
        Done "done" "已写入",
        TakenBack "taken_back" "已撤回",
        Dropped "dropped" "已放弃",
    }
}
standing! {
    /// Where a row stands.
    RowState {
        Good "good" "可以写入",
        Bad "bad" "有错",
        /// Looks like an archive that is in force.
        Twin "twin" "像是重复",
        Written "written" "已写入",
        /// Says nothing the archive with this identity number does not hold already.
        Unchanged "unchanged" "未变化",
        /// Decided: the archive that is there stays as it is.
        Kept "kept" "留档案里的",
        /// Decided: the archive that is there took the row's values.
        Merged "merged" "已更新档案",
    }
}
standing! {
    /// Why two look like one.
    TwinWhy {
        SameNumber "same_number" "同一证件号",
        SameName "same_name" "同名、同生日、同村",
    }
}
standing! {
    /// Where a question of the review queue stands.
    ReviewState {
        Open "open" "待认",
        Same "same" "同一人",
        Different "different" "是两个人",
        /// Its import was dropped or taken back.
        Void "void" "不用认了",
    }
}

/// How long a written file can be taken back.
pub const TAKE_BACK_MS: i64 = Instant::DAY;

/// Whether a file written at `written` can still be taken back.
pub fn can_take_back(written: Option<Instant>, now: Instant) -> bool {
    written.is_some_and(|w| now.since(w) < TAKE_BACK_MS)
}
