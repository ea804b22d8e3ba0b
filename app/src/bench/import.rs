//! P11: an Excel file of many rows, checked and written.
use super::{Bench, fill, stopwatch};
use crate::demo::{Dice, Numbers, Town, people as population};
use kernel::{IdGen, Result, Tier};
use papers::{Cell, Column, Format, Sheet};
use serde_json::json;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let db = fill::open(b).await?;
    let book = people::service::load_book(&db).await?;
    let today = db.clock().today();
    let ids = IdGen::new(5);
    let mut numbers = Numbers::default();
    let towns: Vec<_> = book.iter().map(|(c, _)| c).filter(|c| c.tier() == Tier::Town).collect();
    let heads = ["姓名", "证件号码", "户籍", "村（社区）", "住址", "电话", "居住情况", "经济状况"];
    let columns = heads.iter().map(|h| Column::text(*h)).collect();
    let mut rows: Vec<Vec<Cell<'static>>> = Vec::with_capacity(b.rows);
    for (index, code) in towns.iter().enumerate() {
        let elders = b.rows / towns.len() + usize::from(index < b.rows % towns.len());
        let town = Town { code: *code, index, elders };
        for p in population(&Dice(&ids), &mut numbers, &book, town, today) {
            rows.push(vec![
                p.name.into(),
                p.id_number.as_str().to_string().into(),
                if p.rural { "农村" } else { "城镇" }.into(),
                p.region.to_string().into(),
                p.address.into(),
                p.phone.unwrap_or_default().into(),
                "与子女同住".into(),
                "一般".into(),
            ]);
        }
    }
    let n = rows.len();
    let file =
        papers::export(Format::Xlsx, Sheet::new("名册", columns), today, rows).map_err(kernel::Error::internal)?;
    let path = b.config.data.join("bench-import.xlsx");
    std::fs::write(&path, &file.bytes).map_err(kernel::Error::internal)?;
    let size = file.bytes.len();
    drop(file);
    // The limit: only reading the file.
    let t = stopwatch();
    let table = papers::read_table_file(
        &path,
        &[papers::ColumnSpec::required("name", "姓名", &[])],
        &papers::Limits::default(),
    )
    .map_err(kernel::Error::internal)?;
    let read = table.len();
    drop(table);
    let limit = t.elapsed().as_secs_f64();
    let actor = crate::wire::platform(&b.config, "import");
    let t = stopwatch();
    let bytes = std::fs::read(&path).map_err(kernel::Error::internal)?;
    let done = people::service::import_now(&db, &actor, "bench.xlsx", bytes, |_, _| {}).await?.tally;
    let took = t.elapsed().as_secs_f64();
    b.tell(
        "P11 import",
        json!({ "rows": n, "file_mb": size >> 20, "seconds": took, "limit_read_seconds": limit, "rows_read": read,
                "written": done.written, "bad": done.bad, "like_others": done.twins }),
    );
    std::fs::remove_file(&path).map_err(kernel::Error::internal)
}
