//! `.xlsx` in: cell by cell over calamine.
use crate::column::ColumnSpec;
use crate::error::PaperError;
use crate::guard;
use crate::table::{Collector, Limits, RawCell, Table, wipe};
use crate::text::cell_text;
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sheets tried for the header: templates carry a sheet of notes or of choices.
const SHEETS_TRIED: usize = 20;

pub(crate) fn read(bytes: &[u8], specs: &[ColumnSpec], limits: &Limits) -> Result<Table, PaperError> {
    guard::inspect(bytes, limits)?;
    // The library checks its input well but not everywhere (a dimension running backwards overflows); what comes from
    // outside must not take a worker thread down.
    catch_unwind(AssertUnwindSafe(|| read_inspected(bytes, specs, limits))).unwrap_or(Err(PaperError::Damaged))
}

fn read_inspected(bytes: &[u8], specs: &[ColumnSpec], limits: &Limits) -> Result<Table, PaperError> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(refusal)?;
    let names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.visible == SheetVisible::Visible && s.typ == SheetType::WorkSheet)
        .map(|s| s.name.clone())
        .take(SHEETS_TRIED)
        .collect();
    let mut first_error = None;
    for name in &names {
        match read_sheet(&mut book, name, specs, limits) {
            Ok(table) => return Ok(table),
            // Another sheet may be the list; any other refusal is about this file.
            Err(e @ (PaperError::MissingColumns { .. } | PaperError::Empty)) => {
                if !matches!(first_error, Some(PaperError::MissingColumns { .. })) {
                    first_error = Some(e);
                }
            }
            Err(e) => return Err(e),
        }
    }
    Err(first_error.unwrap_or(PaperError::Empty))
}

fn read_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    specs: &[ColumnSpec],
    limits: &Limits,
) -> Result<Table, PaperError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(refusal)?;
    let mut collector = Collector::new(specs, limits);
    let mut cells: Vec<RawCell> = Vec::new();
    let mut used = 0;
    let mut current = None;
    while let Some(cell) = reader.next_cell().map_err(refusal)? {
        let (row, column) = cell.get_position();
        if current != Some(row) {
            match current {
                Some(last) if row < last => return Err(PaperError::Damaged),
                Some(last) => collector.row(last + 1, &cells[..used])?,
                None => {}
            }
            wipe(&mut cells, &mut used);
            current = Some(row);
        }
        if matches!(cell.get_value(), DataRef::Empty) {
            continue;
        }
        let column = column as usize;
        if column >= limits.columns {
            return Err(PaperError::TooManyColumns { row: row.saturating_add(1), limit: limits.columns });
        }
        if cells.len() <= column {
            cells.resize_with(column + 1, RawCell::default);
        }
        used = used.max(column + 1);
        let slot = &mut cells[column];
        slot.text.clear();
        slot.flaw = cell_text(cell.get_value(), limits.cell_chars, &mut slot.text);
    }
    if let Some(last) = current {
        collector.row(last + 1, &cells[..used])?;
    }
    collector.finish()
}

fn refusal(error: XlsxError) -> PaperError {
    match error {
        XlsxError::Password => PaperError::OldExcel,
        _ => PaperError::Damaged,
    }
}
