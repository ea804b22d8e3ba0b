//! A list read from a file, held compactly: one string for all text, one offset per cell.
use crate::column::{ColumnSpec, Found, match_header};
use crate::error::PaperError;
use crate::text::{Flaw, clean};
use crate::{csv_in, xlsx_in};
use kernel::FieldError;
use std::collections::HashMap;
use std::path::Path;

/// Caps on what a list may cost to read. Each is checked before the memory is spent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes of everything in an `.xlsx` when inflated.
    pub inflated: u64,
    /// Rows below the header.
    pub rows: usize,
    /// Columns that hold anything.
    pub columns: usize,
    /// Characters of one cell; the rest is cut and the row reported.
    pub cell_chars: usize,
    /// Bytes of text kept altogether.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 32 << 20, inflated: 512 << 20, rows: 200_000, columns: 200, cell_chars: 2_000, text: 192 << 20 }
    }
}

/// The header is looked for in this many rows that are not blank: lists have titles and notes on top.
const HEADER_WITHIN: usize = 10;

/// A list with known columns. Rows are those that are not blank, in the file's order.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Found>,
    titles: Vec<String>,
    unused: Vec<String>,
    header_row: u32,
    text: String,
    /// End of each cell in `text`, row by row, `columns.len()` per row.
    ends: Vec<u32>,
    numbers: Vec<u32>,
    flaws: HashMap<(u32, u16), Flaw>,
}

/// One row of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'t> {
    table: &'t Table,
    index: usize,
}

/// Reads an uploaded list. The kind of file is told by its content, never by its name.
///
/// # Errors
/// A [`PaperError`] whose text tells the clerk what to do. Flaws of single cells are not errors: see [`Row::flaws`].
pub fn read_table(bytes: &[u8], columns: &[ColumnSpec], limits: &Limits) -> Result<Table, PaperError> {
    if bytes.len() > limits.bytes {
        return Err(PaperError::TooLarge { limit: limits.bytes >> 20 });
    }
    const ZIP: &[u8] = b"PK\x03\x04";
    const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    if bytes.is_empty() {
        Err(PaperError::Empty)
    } else if bytes.starts_with(ZIP) {
        xlsx_in::read(bytes, columns, limits)
    } else if bytes.starts_with(OLE) {
        Err(PaperError::OldExcel)
    } else {
        csv_in::read(bytes, columns, limits)
    }
}

/// [`read_table`] from a file on disk.
pub fn read_table_file(path: &Path, columns: &[ColumnSpec], limits: &Limits) -> Result<Table, PaperError> {
    let io = |e: std::io::Error| PaperError::Io(format!("{}: {e}", path.display()));
    let size = std::fs::metadata(path).map_err(io)?.len();
    if size > limits.bytes as u64 {
        return Err(PaperError::TooLarge { limit: limits.bytes >> 20 });
    }
    read_table(&std::fs::read(path).map_err(io)?, columns, limits)
}

impl Table {
    /// Rows below the header, blank ones not counted.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| Row { table: self, index })
    }
    /// The row at `index` (from 0), for going on after an interruption.
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        (index < self.len()).then_some(Row { table: self, index })
    }
    /// The column's name as the file writes it; `None` when the file has no such column.
    pub fn title(&self, key: &str) -> Option<&str> {
        self.position(key).map(|i| self.titles[i].as_str())
    }
    /// Names of columns nobody reads, to tell the clerk that they are left out.
    pub fn unused_columns(&self) -> &[String] {
        &self.unused
    }
    /// The row the header stands in, as Excel counts.
    pub fn header_row(&self) -> u32 {
        self.header_row
    }
    fn position(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.spec.key == key)
    }
    fn cell(&self, row: usize, column: usize) -> &str {
        let at = row * self.columns.len() + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[start..self.ends[at] as usize]
    }
}

impl<'t> Row<'t> {
    /// The row's number as Excel shows it.
    pub fn number(&self) -> u32 {
        self.table.numbers[self.index]
    }
    /// The cell's text, trimmed; empty when the cell is blank or the file has no such column.
    pub fn get(&self, key: &str) -> &'t str {
        self.table.position(key).map_or("", |column| self.table.cell(self.index, column))
    }
    /// `(key, title in the file, text)` of every known column, in the file's order: for a list of the rows to correct.
    pub fn cells(&self) -> impl Iterator<Item = (&'static str, &'t str, &'t str)> {
        let (table, index) = (self.table, self.index);
        table.columns.iter().enumerate().map(move |(i, c)| (c.spec.key, table.titles[i].as_str(), table.cell(index, i)))
    }
    /// Cells whose text cannot be trusted (a long number Excel has rounded, a failed formula, too long), with what to
    /// do. `field` is the column's key.
    pub fn flaws(&self) -> Vec<FieldError> {
        if self.table.flaws.is_empty() {
            return Vec::new();
        }
        (0..self.table.columns.len())
            .filter_map(|column| {
                let flaw = self.table.flaws.get(&(self.index as u32, column as u16))?;
                Some(FieldError::new(self.table.columns[column].spec.key, flaw.zh()))
            })
            .collect()
    }
}

/// One cell on its way in.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawCell {
    pub text: String,
    pub flaw: Option<Flaw>,
}

/// Takes rows from a reader, finds the header, keeps what is known.
pub(crate) struct Collector<'a> {
    specs: &'a [ColumnSpec],
    limits: &'a Limits,
    tried: usize,
    closest_missing: Option<Vec<String>>,
    table: Option<Table>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(specs: &'a [ColumnSpec], limits: &'a Limits) -> Collector<'a> {
        Collector { specs, limits, tried: 0, closest_missing: None, table: None }
    }

    /// One row of the file. `number` as Excel counts.
    pub(crate) fn row(&mut self, number: u32, cells: &[RawCell]) -> Result<(), PaperError> {
        if cells.iter().all(|c| c.text.is_empty() && c.flaw.is_none()) {
            return Ok(());
        }
        if cells.len() > self.limits.columns {
            return Err(PaperError::TooManyColumns { row: number, limit: self.limits.columns });
        }
        match &mut self.table {
            Some(table) => table.push(number, cells, self.limits),
            None => self.try_header(number, cells),
        }
    }

    fn try_header(&mut self, number: u32, cells: &[RawCell]) -> Result<(), PaperError> {
        let names: Vec<String> = cells.iter().map(|c| c.text.clone()).collect();
        let header = match_header(&names, self.specs)?;
        if header.missing.is_empty() && !header.found.is_empty() {
            self.table = Some(Table {
                titles: header.found.iter().map(|f| names[f.at].clone()).collect(),
                columns: header.found,
                unused: header.unused,
                header_row: number,
                text: String::new(),
                ends: Vec::new(),
                numbers: Vec::new(),
                flaws: HashMap::new(),
            });
            return Ok(());
        }
        self.tried += 1;
        if self.closest_missing.as_ref().is_none_or(|m| header.missing.len() < m.len()) {
            self.closest_missing = Some(header.missing);
        }
        if self.tried >= HEADER_WITHIN { Err(self.no_header()) } else { Ok(()) }
    }

    fn no_header(&self) -> PaperError {
        match &self.closest_missing {
            None => PaperError::Empty,
            Some(missing) if missing.is_empty() => {
                PaperError::MissingColumns { missing: self.specs.iter().map(|s| s.title.to_string()).collect() }
            }
            Some(missing) => PaperError::MissingColumns { missing: missing.clone() },
        }
    }

    pub(crate) fn finish(self) -> Result<Table, PaperError> {
        match self.table {
            Some(mut table) => {
                table.text.shrink_to_fit();
                table.ends.shrink_to_fit();
                Ok(table)
            }
            None => Err(self.no_header()),
        }
    }
}

impl Table {
    fn push(&mut self, number: u32, cells: &[RawCell], limits: &Limits) -> Result<(), PaperError> {
        let known = |c: &Found| cells.get(c.at).is_some_and(|cell| !cell.text.is_empty() || cell.flaw.is_some());
        if !self.columns.iter().any(known) {
            return Ok(());
        }
        if self.numbers.len() >= limits.rows {
            return Err(PaperError::TooManyRows { limit: limits.rows });
        }
        let index = self.numbers.len() as u32;
        for (column, found) in self.columns.iter().enumerate() {
            if let Some(cell) = cells.get(found.at) {
                self.text.push_str(&cell.text);
                if let Some(flaw) = cell.flaw {
                    self.flaws.insert((index, column as u16), flaw);
                }
            }
            if self.text.len() > limits.text.min(u32::MAX as usize) {
                return Err(PaperError::Bomb);
            }
            self.ends.push(self.text.len() as u32);
        }
        self.numbers.push(number);
        Ok(())
    }
}

/// Clears `cells` for the next row, keeping the strings' memory.
pub(crate) fn wipe(cells: &mut [RawCell], used: &mut usize) {
    for cell in cells.iter_mut() {
        cell.text.clear();
        cell.flaw = None;
    }
    *used = 0;
}

/// Puts already decoded text into a cell.
pub(crate) fn fill(cell: &mut RawCell, raw: &str, cap: usize) {
    cell.text.clear();
    cell.flaw = clean(raw, cap, &mut cell.text);
}
