//! CSV in: UTF-8 with or without a mark, UTF-16 with a mark (Excel's "Unicode text"), GB18030 (what a Chinese Excel saves).
use crate::column::ColumnSpec;
use crate::error::PaperError;
use crate::table::{Collector, Limits, RawCell, Table, fill, wipe};
use crate::text::{Flaw, is_exponent};
use encoding_rs::{Encoding, GB18030, UTF_8};
use std::borrow::Cow;

pub(crate) fn read(bytes: &[u8], specs: &[ColumnSpec], limits: &Limits) -> Result<Table, PaperError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut collector = Collector::new(specs, limits);
    let mut record = csv::StringRecord::new();
    let mut cells: Vec<RawCell> = Vec::new();
    let mut used = 0;
    // Excel counts a line break inside a quoted cell as part of the row; the reader counts lines.
    let mut inner_breaks = 0;
    while reader.read_record(&mut record).map_err(|_| PaperError::Encoding)? {
        let breaks: u64 = record.iter().map(|f| f.bytes().filter(|b| *b == b'\n').count() as u64).sum();
        let end = reader.position().line();
        let ends_with_break = reader.position().byte() > 0
            && text.as_bytes().get(reader.position().byte() as usize - 1).is_some_and(|b| *b == b'\n');
        let line = end - u64::from(ends_with_break) - breaks;
        let number = u32::try_from(line - inner_breaks).map_err(|_| PaperError::TooManyRows { limit: limits.rows })?;
        inner_breaks += breaks;
        wipe(&mut cells, &mut used);
        for (column, field) in record.iter().enumerate() {
            if column >= limits.columns {
                if field.trim().is_empty() {
                    continue;
                }
                return Err(PaperError::TooManyColumns { row: number, limit: limits.columns });
            }
            if cells.len() <= column {
                cells.resize_with(column + 1, RawCell::default);
            }
            used = column + 1;
            fill(&mut cells[column], unquote(field.trim()), limits.cell_chars);
            if is_exponent(&cells[column].text) {
                cells[column].flaw = Some(Flaw::Rounded);
            }
        }
        collector.row(number, &cells[..used])?;
    }
    collector.finish()
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, PaperError> {
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None if bytes.contains(&0) => return Err(PaperError::NotATable),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
        None => (GB18030, 0),
    };
    let (text, had_errors) = encoding.decode_without_bom_handling(&bytes[mark..]);
    let looks_binary = || text.chars().take(4_000).filter(|c| c.is_control() && !c.is_whitespace()).count() > 8;
    match () {
        () if text.starts_with("%PDF") || looks_binary() => Err(PaperError::NotATable),
        () if had_errors => Err(PaperError::Encoding),
        () if text.trim().is_empty() => Err(PaperError::Empty),
        () => Ok(text),
    }
}

/// The sign most lines of the beginning are cut by: comma, tab or semicolon.
fn delimiter(text: &str) -> u8 {
    let head: Vec<&str> = text.lines().take(10).collect();
    let count = |sign: char| head.iter().map(|l| l.matches(sign).count()).sum::<usize>();
    [(',', b','), ('\t', b'\t'), (';', b';')]
        .into_iter()
        .max_by_key(|(sign, _)| (count(*sign), *sign == ','))
        .map_or(b',', |(_, byte)| byte)
}

/// Undoes what keeps a number text in CSV: `="0123"`, and the apostrophe before a sign that a formula would start with.
fn unquote(field: &str) -> &str {
    if let Some(inner) = field.strip_prefix("=\"").and_then(|f| f.strip_suffix('"')) {
        return inner;
    }
    match field.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@']) => rest,
        _ => field,
    }
}
