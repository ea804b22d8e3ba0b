//! Where an imported file and its rows stand.
use kernel::Instant;

store::words! {
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
store::words! {
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
store::words! {
    /// Why two look like one.
    TwinWhy {
        SameNumber "same_number" "同一证件号",
        SameName "same_name" "同名、同生日、同村",
    }
}
store::words! {
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
