//! Lists as clerks send them: Excel and CSV, well-formed and hostile.
#![allow(clippy::unwrap_used)]

use kernel::CivilDate;
use papers::{
    Cell, Column, ColumnSpec, CsvWriter, Format, Limits, PaperError, Sheet, Table, Workbook, export, read_table,
    read_table_file,
};
use std::io::Write;

const ELDERS: [ColumnSpec; 4] = [
    ColumnSpec::required("name", "姓名", &["老人姓名", "名字"]),
    ColumnSpec::required("id", "身份证号", &["身份证号码", "证件号码"]),
    ColumnSpec::optional("phone", "电话", &["手机号", "联系电话"]),
    ColumnSpec::optional("born", "出生日期", &[]),
];

fn read(bytes: &[u8]) -> Result<Table, PaperError> {
    read_table(bytes, &ELDERS, &Limits::default())
}

fn first(table: &Table, key: &str) -> String {
    table.row(0).expect("one row").get(key).to_string()
}

/// A workbook made by hand: sheet XML and shared strings as given, everything else minimal.
fn xlsx(sheet_data: &str, shared: Option<&str>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut part = |name: &str, body: &str| {
        zip.start_file(name, options).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    part(
        "_rels/.rels",
        &format!(
            r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    );
    part(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
        ),
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
        ),
    );
    part(
        "xl/styles.xml",
        &format!(
            r#"<styleSheet xmlns="{main}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>"#
        ),
    );
    part("xl/worksheets/sheet1.xml", &format!(r#"<worksheet xmlns="{main}">{sheet_data}</worksheet>"#));
    if let Some(shared) = shared {
        part("xl/sharedStrings.xml", shared);
    }
    zip.finish().unwrap().into_inner()
}

fn text_cell(at: &str, text: &str) -> String {
    format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn with_rows(rows: &str) -> Vec<u8> {
    let header = format!(
        r#"<row r="1">{}{}{}{}</row>"#,
        text_cell("A1", "姓名"),
        text_cell("B1", "身份证号"),
        text_cell("C1", "电话"),
        text_cell("D1", "出生日期")
    );
    xlsx(&format!("<sheetData>{header}{rows}</sheetData>"), None)
}

#[test]
fn header_is_found_below_a_title_under_other_names_and_in_any_order() {
    let sheet = Sheet::new(
        "名单",
        vec![
            Column::text("联系电话（选填）"),
            Column::text("备注"),
            Column::text("证件号码*"),
            Column::text("老人 姓名"),
        ],
    )
    .titled("陆丰县 75 岁以上老人名单")
    .note("2026 年 11 月");
    let rows = [vec![Cell::from("13800138000"), "行动不便".into(), "441521195103040012".into(), " 王小明　".into()]];
    let file = export(Format::Xlsx, sheet, CivilDate::new(2026, 11, 21).unwrap(), rows).unwrap();
    let table = read(&file.bytes).unwrap();
    assert_eq!((table.len(), table.header_row()), (1, 3));
    let row = table.row(0).unwrap();
    assert_eq!(row.number(), 4);
    assert_eq!((row.get("name"), row.get("id"), row.get("phone")), ("王小明", "441521195103040012", "13800138000"));
    assert_eq!(row.get("born"), "");
    assert_eq!(table.unused_columns(), ["备注"]);
    assert!(row.flaws().is_empty());
}

#[test]
fn numbers_dates_and_booleans_become_the_text_a_person_sees() {
    let bytes = with_rows(
        r#"<row r="7"><c r="A7" t="b"><v>1</v></c><c r="B7"><v>441521195103040012</v></c><c r="C7"><v>13800138000</v></c><c r="D7" s="1"><v>46347</v></c></row>
           <row r="8"><c r="A8"><v>40.5</v></c><c r="D8" s="2"><v>46347.604166666664</v></c></row>"#,
    );
    let table = read(&bytes).unwrap();
    let row = table.row(0).unwrap();
    assert_eq!(
        (row.number(), row.get("name"), row.get("phone"), row.get("born")),
        (7, "是", "13800138000", "2026-11-21")
    );
    // Excel keeps 15 digits of a number: an ID typed as one is lost, and the row must say so.
    let flaws = row.flaws();
    assert_eq!((flaws.len(), flaws[0].field.as_str()), (1, "id"));
    assert!(flaws[0].message.contains("文本"));
    let row = table.row(1).unwrap();
    assert_eq!((row.get("name"), row.get("born")), ("40.5", "2026-11-21 14:30"));
}

#[test]
fn blank_rows_are_skipped_and_numbers_stay_those_of_excel() {
    let bytes = with_rows(&format!(
        r#"<row r="2"><c r="A2" s="1"/></row><row r="5">{}</row><row r="1048576">{}</row>"#,
        text_cell("A5", "王小明"),
        text_cell("A1048576", "李秀英")
    ));
    let table = read(&bytes).unwrap();
    assert_eq!(table.rows().map(|r| r.number()).collect::<Vec<_>>(), [5, 1_048_576]);
}

#[test]
fn a_list_without_its_columns_says_which() {
    let sheet = Sheet::new("名单", vec![Column::text("姓名"), Column::text("年龄")]);
    let file = export(Format::Xlsx, sheet, CivilDate::new(2026, 11, 21).unwrap(), [[Cell::from("王"), "75".into()]]);
    let error = read(&file.unwrap().bytes).unwrap_err();
    assert_eq!(error.to_string(), "没有找到这些列：身份证号。请按模板写列名");
    let error = read("姓名,身份证号,证件号码\n王,1,2\n".as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "“身份证号”出现了两次（B 列和 C 列）。请删去一列");
}

#[test]
fn the_list_may_stand_on_the_second_sheet() {
    let mut book = Workbook::new(CivilDate::new(2026, 11, 21).unwrap()).unwrap();
    book.sheet(Sheet::new("填写说明", vec![Column::text("说明")])).unwrap();
    book.row(&["请填第二页".into()]).unwrap();
    book.sheet(Sheet::new("名单", vec![Column::text("姓名"), Column::text("身份证号")])).unwrap();
    book.row(&["王小明".into(), "441521195103040012".into()]).unwrap();
    let table = read(&book.finish().unwrap()).unwrap();
    assert_eq!(first(&table, "name"), "王小明");
}

#[test]
fn csv_is_read_in_every_encoding_excel_saves() {
    let text = "姓名,身份证号,电话\r\n王小明,441521195103040012,13800138000\r\n";
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let files: [(&str, Vec<u8>); 4] = [
        ("utf-8", text.as_bytes().to_vec()),
        ("utf-8 with mark", format!("\u{feff}{text}").into_bytes()),
        ("gb18030", encoding_rs::GB18030.encode(text).0.into_owned()),
        ("utf-16 tabs", utf16),
    ];
    for (name, bytes) in files {
        let table = read(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(
            (first(&table, "name"), first(&table, "id")),
            ("王小明".into(), "441521195103040012".into()),
            "{name}"
        );
        assert_eq!(table.row(0).unwrap().number(), 2, "{name}");
    }
}

#[test]
fn csv_rows_are_numbered_as_excel_numbers_them() {
    for newline in ["\n", "\r\n"] {
        let text = ["姓名,身份证号", "\"王\n小明\",1", "", ",", "李秀英,2", "张三,3"].join(newline);
        for end in ["", newline] {
            let table = read(format!("{text}{end}").as_bytes()).unwrap();
            let rows: Vec<(u32, &str)> = table.rows().map(|r| (r.number(), r.get("name"))).collect();
            assert_eq!(rows, [(2, "王 小明"), (5, "李秀英"), (6, "张三")], "{newline:?} {end:?}");
        }
    }
}

#[test]
fn an_id_that_excel_turned_into_an_exponent_is_flagged() {
    let table = read("姓名,身份证号\n王小明,4.41521E+17\n李秀英,=\"441521195103040012\"\n".as_bytes()).unwrap();
    assert_eq!(table.row(0).unwrap().flaws()[0].field, "id");
    let second = table.row(1).unwrap();
    assert_eq!((second.get("id"), second.flaws().len()), ("441521195103040012", 0));
}

#[test]
fn what_is_not_a_list_is_refused_with_the_way_out() {
    let good = with_rows(&format!(r#"<row r="2">{}</row>"#, text_cell("A2", "王")));
    let old = [&[0xD0u8, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 600]].concat();
    let cases: [(&str, &[u8], PaperError); 8] = [
        ("nothing", b"", PaperError::Empty),
        ("blank", b" \r\n ", PaperError::Empty),
        ("old excel", &old, PaperError::OldExcel),
        ("pdf named .xlsx", b"%PDF-1.7\n1 0 obj", PaperError::NotATable),
        ("png named .csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PaperError::NotATable),
        ("truncated", &good[..good.len() / 2], PaperError::Damaged),
        ("only the magic", b"PK\x03\x04", PaperError::Damaged),
        ("broken text", b"\xff\xfe\x00\xd8", PaperError::Encoding),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(read(bytes).unwrap_err(), expected, "{name}");
    }
}

#[test]
fn another_kind_of_archive_is_no_list() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"<w/>").unwrap();
    assert_eq!(read(&zip.finish().unwrap().into_inner()).unwrap_err(), PaperError::NotATable);
}

#[test]
fn an_archive_that_inflates_beyond_the_cap_is_refused() {
    let padding = " ".repeat(3 << 20);
    let bytes = with_rows(&padding);
    assert!(bytes.len() < 100_000, "it must be small outside: {}", bytes.len());
    let limits = Limits { inflated: 2 << 20, ..Limits::default() };
    assert_eq!(read_table(&bytes, &ELDERS, &limits).unwrap_err(), PaperError::Bomb);
}

#[test]
fn claims_about_size_are_not_believed() {
    // A dimension of a million rows costs nothing and is not an error: many programs write it.
    let sheet = format!(
        r#"<dimension ref="A1:XFD1048576"/><sheetData><row r="1">{}{}</row><row r="2">{}</row></sheetData>"#,
        text_cell("A1", "姓名"),
        text_cell("B1", "身份证号"),
        text_cell("A2", "王")
    );
    assert_eq!(read(&xlsx(&sheet, None)).unwrap().len(), 1);
    // A table of shared strings that claims more strings than fit into it would make the library reserve the memory.
    for claim in ["99999999999999999", "9223372036854775807", "500000000"] {
        let shared = format!(r#"<sst uniqueCount="{claim}"><si><t>姓名</t></si></sst>"#);
        assert_eq!(read(&xlsx(&sheet, Some(&shared))).unwrap_err(), PaperError::Damaged, "{claim}");
    }
    // A dimension running backwards trips the library's arithmetic.
    let backwards = sheet.replace("A1:XFD1048576", "C9:A1");
    assert!(matches!(read(&xlsx(&backwards, None)), Ok(_) | Err(PaperError::Damaged)));
}

#[test]
fn caps_on_rows_columns_cells_and_bytes_hold() {
    let limits = Limits { rows: 3, columns: 4, cell_chars: 5, ..Limits::default() };
    let csv = |rows: &str| read_table(format!("姓名,身份证号\n{rows}").as_bytes(), &ELDERS, &limits);
    assert_eq!(csv(&"王,1\n".repeat(3)).unwrap().len(), 3);
    assert_eq!(csv(&"王,1\n".repeat(4)).unwrap_err(), PaperError::TooManyRows { limit: 3 });
    assert_eq!(csv("王,1,,,x\n").unwrap_err(), PaperError::TooManyColumns { row: 2, limit: 4 });
    assert_eq!(csv("王,1,,,,,\n").unwrap().len(), 1, "blank columns at the end are no columns");
    let table = csv("王小明王小明,1\n").unwrap();
    assert_eq!(table.row(0).unwrap().get("name"), "王小明王小");
    assert_eq!(table.row(0).unwrap().flaws()[0].field, "name");
    let wide = with_rows(&format!(r#"<row r="2">{}</row>"#, text_cell("XFD2", "x")));
    assert_eq!(read(&wide).unwrap_err(), PaperError::TooManyColumns { row: 2, limit: 200 });
    let small = Limits { bytes: 10, ..Limits::default() };
    assert!(matches!(read_table(&wide, &ELDERS, &small), Err(PaperError::TooLarge { .. })));
}

#[test]
fn rows_running_backwards_are_refused() {
    let bytes =
        with_rows(&format!(r#"<row r="9">{}</row><row r="3">{}</row>"#, text_cell("A9", "王"), text_cell("A3", "李")));
    assert_eq!(read(&bytes).unwrap_err(), PaperError::Damaged);
}

#[test]
fn a_file_on_disk_reads_like_its_bytes_and_a_missing_one_is_ours_to_explain() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("名单.csv");
    let mut csv = CsvWriter::new(&Sheet::new("名单", vec![Column::text("姓名"), Column::text("身份证号")])).unwrap();
    csv.row(&["王小明".into(), "441521195103040012".into()]).unwrap();
    std::fs::write(&path, csv.finish().unwrap()).unwrap();
    assert!(
        std::fs::read_to_string(&path).unwrap().contains("441521195103040012\t"),
        "a long number must stay text in Excel"
    );
    let table = read_table_file(&path, &ELDERS, &Limits::default()).unwrap();
    assert_eq!(first(&table, "id"), "441521195103040012");
    let missing = read_table_file(&folder.path().join("无"), &ELDERS, &Limits::default());
    assert!(matches!(missing, Err(PaperError::Io(_))));
}

#[test]
fn errors_of_the_clerk_are_shown_and_ours_are_not() {
    assert!(matches!(kernel::Error::from(PaperError::OldExcel), kernel::Error::Refused(m) if m.contains(".xlsx")));
    assert!(matches!(kernel::Error::from(PaperError::Io("disk".into())), kernel::Error::Internal(_)));
}
