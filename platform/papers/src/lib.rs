//! Papers that come in and go out: Excel and CSV lists, photos, QR codes. The only place with heavy document libraries.
//!
//! **In.** [`read_table`] takes the bytes of an uploaded list (`.xlsx`, CSV in UTF-8, UTF-16 or GB18030), finds the header
//! row by Chinese column names and gives rows of text with the row number the clerk sees in Excel. Every size is capped
//! by [`Limits`] before memory is spent; every refusal is a Chinese sentence that says what to do.
//!
//! **Out.** [`Workbook`] writes styled sheets row by row, [`CsvWriter`] the same rows as CSV; [`export`] picks one of them.
//! Text is always written as text: a name that starts with `=` never becomes a formula.
//!
//! **Photos.** [`photo::reencode`] turns what a phone sends into a small JPEG without metadata.
//!
//! **Invariant**: no clock, no network, no randomness; the only files touched are the one named by the caller and the
//! scratch file of a sheet being written.
#![forbid(unsafe_code)]

mod column;
mod csv_in;
mod csv_out;
mod error;
mod export;
mod guard;
pub mod photo;
mod qr;
mod table;
mod text;
mod workbook;
mod xlsx_in;

pub use column::ColumnSpec;
pub use csv_out::CsvWriter;
pub use error::PaperError;
pub use export::{Cell, Column, Exported, Format, Kind, Sheet, export};
pub use photo::Photo;
pub use qr::qr_svg;
pub use table::{Limits, Row, Table, read_table, read_table_file};
pub use workbook::Workbook;
