//! Why a paper was refused. `Display` is the Chinese sentence for the user.

/// Why a list, photo or export could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// Larger than the cap. `limit` in megabytes.
    #[error("文件超过 {limit} MB。请拆成几个小文件再传")]
    TooLarge { limit: usize },
    /// Inflates to more than the cap: a crafted archive, or pictures in the sheet.
    #[error("文件展开后太大。请删去图片和多余的工作表，或拆成几个小文件再传")]
    Bomb,
    #[error("超过 {limit} 行。请拆成几个文件再传")]
    TooManyRows { limit: usize },
    #[error("第 {row} 行超过 {limit} 列。请删去多余的列再传")]
    TooManyColumns { row: u32, limit: usize },
    /// An old `.xls`, or an `.xlsx` under a password: both are the same container.
    #[error("这是旧版 .xls 文件，或者加了密码。请用 Excel 或 WPS 打开，去掉密码，另存为 .xlsx")]
    OldExcel,
    #[error("这不是表格文件。请上传 .xlsx 或 .csv")]
    NotATable,
    #[error("文件打不开，可能没有传完整。请用 Excel 或 WPS 打开确认，另存为 .xlsx 再传")]
    Damaged,
    #[error("文字编码认不出。请用 Excel 或 WPS 打开，另存为 .xlsx 再传")]
    Encoding,
    #[error("文件是空的。请填好内容再传")]
    Empty,
    /// The header row lacks columns that must be there.
    #[error("没有找到这些列：{}。请按模板写列名", .missing.join("、"))]
    MissingColumns { missing: Vec<String> },
    #[error("“{title}”出现了两次（{first} 列和 {second} 列）。请删去一列")]
    DuplicateColumn { title: String, first: String, second: String },
    /// Not a JPEG, PNG or WebP.
    #[error("这不是照片。请上传 JPEG、PNG 或 WebP")]
    NotAPhoto,
    #[error("照片太大，长宽相乘不能超过 {limit} 万像素。请缩小再传")]
    TooManyPixels { limit: u32 },
    #[error("照片打不开，可能没有传完整。请重新拍一张")]
    DamagedPhoto,
    #[error("内容太长，放不进二维码。请缩短再试")]
    QrTooLong,
    /// The number of cells in a row to write differs from the number of columns, or a sheet cannot hold it. Ours to repair.
    #[error("表格没有生成。请稍后再试")]
    Write(String),
    /// The file could not be read from disk. Ours to repair.
    #[error("文件没有读出来。请稍后再试")]
    Io(String),
}

impl From<PaperError> for kernel::Error {
    fn from(error: PaperError) -> kernel::Error {
        match error {
            PaperError::Write(cause) | PaperError::Io(cause) => kernel::Error::Internal(cause),
            shown => kernel::Error::Refused(shown.to_string()),
        }
    }
}
