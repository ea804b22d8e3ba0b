//! CSV out: UTF-8 with a mark (so that Excel reads Chinese), CRLF, safe against formulas.
use crate::error::PaperError;
use crate::export::{Cell, Column, Kind, Sheet, Totals};

/// Writes a list as CSV, row by row.
pub struct CsvWriter {
    columns: Vec<Column>,
    totals: Option<Totals>,
    inner: csv::Writer<Vec<u8>>,
}

impl CsvWriter {
    /// Starts the file with the header row.
    pub fn new(sheet: &Sheet) -> Result<CsvWriter, PaperError> {
        let mut inner = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .flexible(false)
            .from_writer("\u{feff}".as_bytes().to_vec());
        inner.write_record(sheet.columns.iter().map(|c| safe(&c.title))).map_err(wrong)?;
        Ok(CsvWriter {
            columns: sheet.columns.clone(),
            totals: sheet.totals.then(|| Totals::new(&sheet.columns)),
            inner,
        })
    }

    /// One row; as many cells as columns.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), PaperError> {
        if let Some(totals) = &mut self.totals {
            totals.add(cells)?;
        }
        self.write(cells)
    }

    fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), PaperError> {
        if cells.len() != self.columns.len() {
            return Err(PaperError::Write(format!("{} cells for {} columns", cells.len(), self.columns.len())));
        }
        for (cell, column) in cells.iter().zip(&self.columns) {
            let shown = cell.shown();
            // Excel would round a long number (an ID, an account); a tab after it keeps it text and readers trim it.
            let long_digits =
                column.kind == Kind::Text && shown.len() > 11 && shown.bytes().all(|b| b.is_ascii_digit());
            let field = match cell {
                Cell::Text(_) if long_digits => format!("{shown}\t"),
                Cell::Text(_) => safe(&shown),
                _ => shown.into_owned(),
            };
            self.inner.write_field(field).map_err(wrong)?;
        }
        self.inner.write_record(None::<&[u8]>).map_err(wrong)
    }

    /// Adds the totals row, if any, and gives the file.
    pub fn finish(mut self) -> Result<Vec<u8>, PaperError> {
        if let Some(totals) = self.totals.take() {
            self.write(&totals.row())?;
        }
        self.inner.into_inner().map_err(wrong)
    }
}

/// An apostrophe before what a spreadsheet would run as a formula; one more where one stands already, so that reading the
/// file back gives the same text.
fn safe(text: &str) -> String {
    if text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_string()
    }
}

fn wrong(error: impl std::fmt::Display) -> PaperError {
    PaperError::Write(error.to_string())
}
