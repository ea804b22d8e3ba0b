//! Lists we write, read back by the library other programs use, and by ourselves.
#![allow(clippy::unwrap_used)]

use calamine::{Data, Reader, Xlsx};
use kernel::{CivilDate, Fen};
use papers::{Cell, Column, ColumnSpec, Format, Limits, PaperError, Sheet, Workbook, export, read_table};
use proptest::prelude::*;
use std::io::{Cursor, Read};

fn day() -> CivilDate {
    CivilDate::new(2026, 11, 21).unwrap()
}

fn payments() -> Sheet {
    Sheet::new(
        "付款清单",
        vec![Column::text("工单号"), Column::date("日期"), Column::int("次数").totalled(true), Column::money("金额")],
    )
    .titled("2026 年第 3 季度付款清单")
    .note("服务机构：安心居家")
    .with_totals()
}

fn rows() -> Vec<Vec<Cell<'static>>> {
    vec![
        vec!["WO20261121-000123".into(), day().into(), 2.into(), Fen(123_450).into()],
        vec!["WO20261121-000124".into(), day().into(), 1.into(), Fen(5).into()],
        vec!["=HYPERLINK(\"http://x\")".into(), Cell::Empty, 1.into(), Fen(-100).into()],
    ]
}

fn grid(bytes: Vec<u8>, sheet: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn a_payment_list_has_title_header_typed_cells_and_totals_to_the_fen() {
    let file = export(Format::Xlsx, payments(), day(), rows()).unwrap();
    let grid = grid(file.bytes, "付款清单");
    assert_eq!(grid[0][0], Data::String("2026 年第 3 季度付款清单".into()));
    assert_eq!(grid[2][3], Data::String("金额".into()));
    assert_eq!(
        grid[3],
        [
            Data::String("WO20261121-000123".into()),
            Data::String("2026-11-21".into()),
            Data::Float(2.0),
            Data::Float(1234.5)
        ]
    );
    // What would be a formula is text.
    assert_eq!(grid[5][0], Data::String("=HYPERLINK(\"http://x\")".into()));
    assert_eq!(grid[6], [Data::String("合计".into()), Data::Empty, Data::Float(4.0), Data::Float(1233.55)]);
}

#[test]
fn the_file_has_no_formula_a_frozen_header_and_room_for_chinese() {
    let file = export(Format::Xlsx, payments(), day(), rows()).unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(file.bytes)).unwrap();
    let mut xml = String::new();
    zip.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"));
    assert!(xml.contains(r#"state="frozen""#) && xml.contains(r#"ySplit="3""#));
    let first_width = xml.split("<col ").nth(1).and_then(|c| c.split("width=\"").nth(1)).unwrap();
    let first_width: f64 = first_width.split('"').next().unwrap().parse().unwrap();
    assert!(first_width >= 17.0, "an order number must be readable: {first_width}");
}

#[test]
fn the_same_list_is_the_same_file() {
    let make = || export(Format::Xlsx, payments(), day(), rows()).unwrap().bytes;
    assert!(make() == make());
}

#[test]
fn csv_starts_with_a_mark_and_disarms_formulas() {
    let file = export(Format::Csv, payments(), day(), rows()).unwrap();
    let text = String::from_utf8(file.bytes).unwrap();
    assert_eq!(
        text,
        "\u{feff}工单号,日期,次数,金额\r\n\
         WO20261121-000123,2026-11-21,2,1234.50\r\n\
         WO20261121-000124,2026-11-21,1,0.05\r\n\
         \"'=HYPERLINK(\"\"http://x\"\")\",,1,-1.00\r\n\
         合计,,4,1233.55\r\n"
    );
}

#[test]
fn a_row_of_the_wrong_length_is_an_error_and_not_a_shifted_list() {
    let short = [["只有一格".into()]];
    for format in [Format::Xlsx, Format::Csv] {
        let result = export(format, payments(), day(), short.clone());
        assert!(matches!(result, Err(PaperError::Write(_))));
    }
}

#[test]
fn money_beyond_what_a_total_holds_is_refused() {
    let sheet = || Sheet::new("金额", vec![Column::money("金额")]).with_totals();
    let rows = [[Cell::Money(Fen(i64::MAX))], [Cell::Money(Fen(1))]];
    assert!(matches!(export(Format::Csv, sheet(), day(), rows), Err(PaperError::Write(_))));
}

#[test]
fn sheets_of_one_workbook_keep_their_own_columns() {
    let mut book = Workbook::new(day()).unwrap();
    for name in ["机构", "机构"] {
        book.sheet(Sheet::new(name, vec![Column::text("名称")])).unwrap();
        book.row(&[name.into()]).unwrap();
    }
    let bytes = book.finish().unwrap();
    let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["机构", "机构 2"]);
}

#[test]
fn formats_are_named_in_addresses() {
    assert_eq!(Format::parse("csv"), Some(Format::Csv));
    assert_eq!(Format::parse("exe"), None);
}

const TWO: [ColumnSpec; 2] = [ColumnSpec::required("a", "甲", &[]), ColumnSpec::required("b", "乙", &[])];

/// Text as people and attackers write it: Chinese, rare characters, formula signs, quotes, digits.
fn words() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "王", "𠮷", "·", "=", "+", "-", "@", "\"", "'", ",", "\t", "1", "4", "E", ".", " ", "<", "&", "é", "_x000D_",
    ]);
    prop::collection::vec(sign, 0..12).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_survives_the_way_out_and_in(cells in prop::collection::vec((words(), words()), 1..8)) {
        // Reading trims and folds blanks; what is compared is what a reader may see.
        let seen = |s: &str| s.replace('\t', " ").trim().to_string();
        let keep: Vec<_> = cells.iter().map(|(a, b)| (seen(a), seen(b))).filter(|(a, b)| !a.is_empty() || !b.is_empty()).collect();
        for format in [Format::Xlsx, Format::Csv] {
            let sheet = Sheet::new("名单", vec![Column::text("甲"), Column::text("乙")]);
            let rows = keep.iter().map(|(a, b)| [Cell::from(a.as_str()), Cell::from(b.as_str())]);
            let file = export(format, sheet, day(), rows).unwrap();
            let table = read_table(&file.bytes, &TWO, &Limits::default()).unwrap();
            let back: Vec<_> = table.rows().map(|r| (r.get("a").to_string(), r.get("b").to_string())).collect();
            prop_assert_eq!(&back, &keep, "{:?}", format);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0u8..4) {
        let start: &[u8] = match magic { 0 => b"PK\x03\x04", 1 => b"\xef\xbb\xbf", 2 => b"\xff\xfe", _ => b"" };
        bytes.splice(0..0, start.iter().copied());
        let _ = read_table(&bytes, &TWO, &Limits::default());
    }

    #[test]
    fn a_damaged_workbook_is_refused_or_read_but_never_panics(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let sheet = Sheet::new("名单", vec![Column::text("甲"), Column::text("乙")]);
        let mut bytes = export(Format::Xlsx, sheet, day(), [[Cell::from("王"), Cell::from("李")]]).unwrap().bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(table) = read_table(&bytes, &TWO, &Limits::default()) {
            prop_assert!(table.len() <= 1);
        }
    }
}
