//! What a list to write looks like, whatever the format.
use crate::csv_out::CsvWriter;
use crate::error::PaperError;
use crate::workbook::Workbook;
use kernel::{CivilDate, Fen};
use std::borrow::Cow;

/// What a column holds; decides format, alignment and whether it is totalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Always text, whatever it starts with.
    Text,
    /// Yuan with two decimals, as a number a spreadsheet can add.
    Money,
    /// Whole number.
    Int,
    /// `2026-11-21`, as text: no program turns it into another date.
    Date,
}

/// A column to write.
#[derive(Clone, Debug)]
pub struct Column {
    pub title: Cow<'static, str>,
    pub kind: Kind,
    /// Added up in the totals row. Money is, unless switched off.
    pub total: bool,
}

impl Column {
    fn new(title: impl Into<Cow<'static, str>>, kind: Kind, total: bool) -> Column {
        Column { title: title.into(), kind, total }
    }
    pub fn text(title: impl Into<Cow<'static, str>>) -> Column {
        Column::new(title, Kind::Text, false)
    }
    pub fn money(title: impl Into<Cow<'static, str>>) -> Column {
        Column::new(title, Kind::Money, true)
    }
    pub fn int(title: impl Into<Cow<'static, str>>) -> Column {
        Column::new(title, Kind::Int, false)
    }
    pub fn date(title: impl Into<Cow<'static, str>>) -> Column {
        Column::new(title, Kind::Date, false)
    }
    /// Adds this column up (a count), or not (a unit price).
    pub fn totalled(mut self, total: bool) -> Column {
        self.total = total && matches!(self.kind, Kind::Money | Kind::Int);
        self
    }
}

/// One cell to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Money(Fen),
    Int(i64),
    Date(CivilDate),
}

impl Cell<'_> {
    /// As a person reads it; what CSV gets and widths are measured by.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Money(fen) => Cow::Owned(fen.plain()),
            Cell::Int(n) => Cow::Owned(n.to_string()),
            Cell::Date(day) => Cow::Owned(day.to_string()),
        }
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Cell<'a> {
        Cell::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Cell::Text(Cow::Owned(text))
    }
}
impl From<Fen> for Cell<'_> {
    fn from(fen: Fen) -> Self {
        Cell::Money(fen)
    }
}
impl From<i64> for Cell<'_> {
    fn from(n: i64) -> Self {
        Cell::Int(n)
    }
}
impl From<CivilDate> for Cell<'_> {
    fn from(day: CivilDate) -> Self {
        Cell::Date(day)
    }
}
impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// The frame of a list: what stands above the rows, and the columns.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Name on the tab; signs Excel forbids are replaced, 31 characters are kept.
    pub name: String,
    /// Large, over all columns. CSV leaves it out.
    pub title: Option<String>,
    /// Lines under the title: period, provider, who made it. CSV leaves them out.
    pub notes: Vec<String>,
    pub columns: Vec<Column>,
    /// Ends with a row 合计.
    pub totals: bool,
}

impl Sheet {
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Sheet {
        Sheet { name: name.into(), title: None, notes: Vec::new(), columns, totals: false }
    }
    pub fn titled(mut self, title: impl Into<String>) -> Sheet {
        self.title = Some(title.into());
        self
    }
    pub fn note(mut self, line: impl Into<String>) -> Sheet {
        self.notes.push(line.into());
        self
    }
    pub fn with_totals(mut self) -> Sheet {
        self.totals = true;
        self
    }
}

/// Running totals of the columns that want one.
pub(crate) struct Totals(Vec<Option<Cell<'static>>>);

impl Totals {
    pub(crate) fn new(columns: &[Column]) -> Totals {
        let zero = |c: &Column| match c.kind {
            Kind::Money if c.total => Some(Cell::Money(Fen::ZERO)),
            Kind::Int if c.total => Some(Cell::Int(0)),
            _ => None,
        };
        Totals(columns.iter().map(zero).collect())
    }
    pub(crate) fn add(&mut self, cells: &[Cell<'_>]) -> Result<(), PaperError> {
        let overflow = || PaperError::Write("a column's total exceeds 64 bits".into());
        for (total, cell) in self.0.iter_mut().zip(cells) {
            match (total, cell) {
                (Some(Cell::Money(sum)), Cell::Money(fen)) => *sum = sum.checked_add(*fen).ok_or_else(overflow)?,
                (Some(Cell::Int(sum)), Cell::Int(n)) => *sum = sum.checked_add(*n).ok_or_else(overflow)?,
                _ => {}
            }
        }
        Ok(())
    }
    /// The row 合计: the word stands in the first column that is not totalled.
    pub(crate) fn row(&self) -> Vec<Cell<'static>> {
        let mut row: Vec<Cell<'static>> = self.0.iter().map(|t| t.clone().unwrap_or(Cell::Empty)).collect();
        if let Some(label) = row.iter_mut().find(|c| **c == Cell::Empty) {
            *label = Cell::Text(Cow::Borrowed("合计"));
        }
        row
    }
}

/// A file format for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Csv,
}

impl Format {
    pub const fn code(self) -> &'static str {
        match self {
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
        }
    }
    pub fn parse(code: &str) -> Option<Format> {
        [Format::Xlsx, Format::Csv].into_iter().find(|f| f.code() == code)
    }
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// A finished file.
#[derive(Clone, Debug)]
pub struct Exported {
    pub bytes: Vec<u8>,
    pub format: Format,
}

/// Writes one list in the format asked for. `made_on` is the day put into the file's properties.
pub fn export<'a, R>(
    format: Format,
    sheet: Sheet,
    made_on: CivilDate,
    rows: impl IntoIterator<Item = R>,
) -> Result<Exported, PaperError>
where
    R: AsRef<[Cell<'a>]>,
{
    let bytes = match format {
        Format::Xlsx => {
            let mut book = Workbook::new(made_on)?;
            book.sheet(sheet)?;
            for row in rows {
                book.row(row.as_ref())?;
            }
            book.finish()?
        }
        Format::Csv => {
            let mut csv = CsvWriter::new(&sheet)?;
            for row in rows {
                csv.row(row.as_ref())?;
            }
            csv.finish()?
        }
    };
    Ok(Exported { bytes, format })
}
