//! `.xlsx` out: rows go to a scratch file as they come, so a list of any length takes the same memory.
use crate::error::PaperError;
use crate::export::{Cell, Column, Kind, Sheet, Totals};
use kernel::CivilDate;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

const MAX_ROWS: u32 = 1_048_576;
/// Longest text one cell may hold in Excel.
const MAX_TEXT: usize = 32_767;
/// Widths in characters of the default font.
const WIDTHS: std::ops::RangeInclusive<usize> = 6..=48;
/// Rows looked at for the width of a column; the rest cannot move the eye.
const WIDTH_FROM: u32 = 500;

/// Writes one or more sheets. Call [`Workbook::sheet`], then [`Workbook::row`] for each row of it, then the next sheet or
/// [`Workbook::finish`].
pub struct Workbook {
    book: rust_xlsxwriter::Workbook,
    look: Look,
    open: Option<Open>,
    names: Vec<String>,
}

struct Look {
    title: Format,
    note: Format,
    header: Format,
    cells: [Format; 4],
    totals: [Format; 4],
}

struct Open {
    columns: Vec<Column>,
    totals: Option<Totals>,
    widths: Vec<usize>,
    first_row: u32,
    next_row: u32,
}

impl Workbook {
    /// `made_on` goes into the file's properties, so that the same list is the same file.
    pub fn new(made_on: CivilDate) -> Result<Workbook, PaperError> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let made = ExcelDateTime::from_ymd(made_on.year().max(1900) as u16, made_on.month() as u8, made_on.day() as u8)
            .map_err(wrong)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        Ok(Workbook { book, look: Look::new(), open: None, names: Vec::new() })
    }

    /// Starts a sheet: title, notes and the frozen header row.
    pub fn sheet(&mut self, sheet: Sheet) -> Result<(), PaperError> {
        self.close()?;
        if sheet.columns.is_empty() {
            return Err(PaperError::Write("a sheet without columns".into()));
        }
        let name = tab_name(&sheet.name, &self.names);
        self.names.push(name.clone());
        let last = (sheet.columns.len() - 1) as u16;
        let paper = self.book.add_worksheet_with_constant_memory().map_err(wrong)?;
        paper.set_name(name).map_err(wrong)?;
        // A4 across, one page wide, header on every page, page numbers: lists are printed and signed.
        paper.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0).set_footer("&C第 &P 页，共 &N 页");
        let mut row = 0;
        let above =
            sheet.title.iter().map(|t| (t, &self.look.title)).chain(sheet.notes.iter().map(|n| (n, &self.look.note)));
        for (text, format) in above {
            paper.write_string_with_format(row, 0, cut(text), format).map_err(wrong)?;
            if last > 0 && std::ptr::eq(format, &self.look.title) {
                paper.merge_range(row, 0, row, last, cut(text), format).map_err(wrong)?;
            }
            row += 1;
        }
        let mut widths = Vec::with_capacity(sheet.columns.len());
        for (at, column) in sheet.columns.iter().enumerate() {
            paper.write_string_with_format(row, at as u16, cut(&column.title), &self.look.header).map_err(wrong)?;
            widths.push(width(&column.title));
        }
        paper.set_freeze_panes(row + 1, 0).map_err(wrong)?;
        paper.set_repeat_rows(row, row).map_err(wrong)?;
        let totals = sheet.totals.then(|| Totals::new(&sheet.columns));
        self.open = Some(Open { columns: sheet.columns, totals, widths, first_row: row + 1, next_row: row + 1 });
        Ok(())
    }

    /// One row of the open sheet; as many cells as columns.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), PaperError> {
        let open = self.open.as_mut().ok_or_else(|| PaperError::Write("a row before a sheet".into()))?;
        if let Some(totals) = &mut open.totals {
            totals.add(cells)?;
        }
        let paper = self.book.worksheet_from_index(self.names.len() - 1).map_err(wrong)?;
        write_row(paper, open, cells, &self.look.cells)
    }

    /// Closes the last sheet and gives the file.
    pub fn finish(mut self) -> Result<Vec<u8>, PaperError> {
        self.close()?;
        if self.names.is_empty() {
            return Err(PaperError::Write("a workbook without sheets".into()));
        }
        self.book.save_to_buffer().map_err(wrong)
    }

    fn close(&mut self) -> Result<(), PaperError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let paper = self.book.worksheet_from_index(self.names.len() - 1).map_err(wrong)?;
        if let Some(totals) = open.totals.take() {
            write_row(paper, &mut open, &totals.row(), &self.look.totals)?;
        }
        for (at, width) in open.widths.iter().enumerate() {
            let width = (*width + 2).clamp(*WIDTHS.start(), *WIDTHS.end());
            paper.set_column_width(at as u16, width as u32).map_err(wrong)?;
        }
        Ok(())
    }
}

fn write_row(
    paper: &mut Worksheet,
    open: &mut Open,
    cells: &[Cell<'_>],
    formats: &[Format; 4],
) -> Result<(), PaperError> {
    if cells.len() != open.columns.len() {
        return Err(PaperError::Write(format!("{} cells for {} columns", cells.len(), open.columns.len())));
    }
    let row = open.next_row;
    if row >= MAX_ROWS {
        return Err(PaperError::Write("more rows than a sheet holds".into()));
    }
    open.next_row += 1;
    for (at, cell) in cells.iter().enumerate() {
        let column = at as u16;
        let format = &formats[open.columns[at].kind as usize];
        match cell {
            Cell::Empty => paper.write_blank(row, column, format),
            Cell::Text(text) => paper.write_string_with_format(row, column, cut(text), format),
            // A spreadsheet knows no integers of fen: the one place where money becomes a fraction, for display only.
            Cell::Money(fen) => paper.write_number_with_format(row, column, fen.0 as f64 / 100.0, format),
            Cell::Int(n) => paper.write_number_with_format(row, column, *n as f64, format),
            Cell::Date(day) => paper.write_string_with_format(row, column, day.to_string(), format),
        }
        .map_err(wrong)?;
        if row < open.first_row + WIDTH_FROM {
            open.widths[at] = open.widths[at].max(width(&cell.shown()));
        }
    }
    Ok(())
}

impl Look {
    fn new() -> Look {
        let base = || Format::new().set_font_name("等线").set_font_size(11);
        let kinds = |of: &dyn Fn() -> Format| {
            [Kind::Text, Kind::Money, Kind::Int, Kind::Date].map(|kind| match kind {
                Kind::Text => of().set_num_format("@"),
                Kind::Money => of().set_num_format("#,##0.00").set_align(FormatAlign::Right),
                Kind::Int => of().set_num_format("0").set_align(FormatAlign::Right),
                Kind::Date => of().set_num_format("@").set_align(FormatAlign::Center),
            })
        };
        Look {
            title: base().set_font_size(16).set_bold().set_align(FormatAlign::Center),
            note: base().set_font_color(0x0057_606A),
            header: base()
                .set_bold()
                .set_background_color(0x00E9_F2EE)
                .set_border(FormatBorder::Thin)
                .set_align(FormatAlign::Center),
            cells: kinds(&|| base().set_border(FormatBorder::Thin)),
            totals: kinds(&|| base().set_bold().set_border(FormatBorder::Thin).set_border_top(FormatBorder::Medium)),
        }
    }
}

/// Width on screen: a Chinese character takes two places.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c > '\u{2e7f}' { 2 } else { 1 }).sum()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).map_or(text, |(end, _)| &text[..end])
}

/// A name Excel accepts on a tab and no other tab has.
fn tab_name(wanted: &str, taken: &[String]) -> String {
    const MAX: usize = 31;
    let clean: String = wanted
        .chars()
        .map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') { '-' } else { c })
        .collect::<String>()
        .trim_matches(['\'', ' '])
        .chars()
        .take(MAX)
        .collect();
    let clean = if clean.is_empty() { "清单".to_string() } else { clean };
    let is_taken = |name: &str| taken.iter().any(|t| t.to_lowercase() == name.to_lowercase());
    if !is_taken(&clean) {
        return clean;
    }
    let short: String = clean.chars().take(MAX - 5).collect();
    (2..).map(|n| format!("{short} {n}")).find(|name| !is_taken(name)).unwrap_or(short)
}

fn wrong(error: XlsxError) -> PaperError {
    PaperError::Write(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_names_are_ones_excel_accepts() {
        assert_eq!(tab_name("2026/Q3: 陆丰[县]", &[]), "2026-Q3- 陆丰-县-");
        assert_eq!(tab_name("''", &[]), "清单");
        assert_eq!(tab_name(&"长".repeat(40), &[]).chars().count(), 31);
        assert_eq!(tab_name("清单", &["清单".into(), "清单 2".into()]), "清单 3");
    }

    #[test]
    fn chinese_takes_two_places() {
        assert_eq!(width("王小明 72"), 9);
    }
}
