//! All SQL of the catalogue.
use crate::model::{Category, Help, Item, ItemDraft, Price, PriceDraft, Unit, enclosing};
use dispatch::SkillSet;
use kernel::{CivilDate, Error, Fen, Instant, ItemId, PageAsk, Paged, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Migration, Sql, SqlExt, Tx, Value, vals};
use uuid::Uuid;

pub const MIGRATIONS: &[Migration] = &[Migration {
    id: "catalogue-0001",
    sql: "CREATE TABLE service_item (
  id UUID PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL, summary TEXT NOT NULL, category TEXT NOT NULL,
  help TEXT, unit TEXT NOT NULL, minutes BIGINT NOT NULL, skills BIGINT NOT NULL, checklist TEXT NOT NULL,
  photos BIGINT NOT NULL, region TEXT NOT NULL, active BOOLEAN NOT NULL, version BIGINT NOT NULL);
CREATE TABLE item_price (
  id UUID PRIMARY KEY, item UUID NOT NULL REFERENCES service_item (id), region TEXT NOT NULL, valid_from TEXT NOT NULL,
  valid_to TEXT, fen BIGINT NOT NULL, document TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL,
  ended_by UUID, UNIQUE (item, region, valid_from));
CREATE INDEX item_price_day ON item_price (region, valid_from);
",
}];

const ITEM: &str = "i.id, i.code, i.name, i.summary, i.category, i.help, i.unit, i.minutes, i.skills, i.checklist, i.photos, i.region, \
     i.active, i.version";
const PRICE: &str = "p.id, p.item, p.region, p.valid_from, p.valid_to, p.fen, p.document, p.made_by, p.made_at";

#[derive(FromQueryResult)]
struct ItemRow {
    id: ItemId,
    code: String,
    name: String,
    summary: String,
    category: String,
    help: Option<String>,
    unit: String,
    minutes: i64,
    skills: i64,
    checklist: String,
    photos: i64,
    region: RegionCode,
    active: bool,
    version: i64,
}

fn unknown(what: &str, code: &str) -> Error {
    Error::Internal(format!("stored {what} is unknown: {code:?}"))
}

impl ItemRow {
    fn read(self) -> Result<Item> {
        Ok(Item {
            id: self.id,
            code: self.code,
            name: self.name,
            summary: self.summary,
            category: Category::parse(&self.category).ok_or_else(|| unknown("category", &self.category))?,
            help: match self.help {
                None => None,
                Some(code) => Some(Help::parse(&code).ok_or_else(|| unknown("help", &code))?),
            },
            unit: Unit::parse(&self.unit).ok_or_else(|| unknown("unit", &self.unit))?,
            minutes: u32::try_from(self.minutes).map_err(Error::internal)?,
            // The same 64 bits; the database has no unsigned type.
            skills: SkillSet(self.skills.cast_unsigned()),
            checklist: self.checklist.lines().map(str::to_string).collect(),
            photos: u32::try_from(self.photos).map_err(Error::internal)?,
            region: self.region,
            active: self.active,
            version: self.version,
        })
    }
}

#[derive(FromQueryResult)]
struct PriceRow {
    id: Uuid,
    item: ItemId,
    region: RegionCode,
    valid_from: CivilDate,
    valid_to: Option<CivilDate>,
    fen: Fen,
    document: String,
    made_by: String,
    made_at: Instant,
}

impl From<PriceRow> for Price {
    fn from(r: PriceRow) -> Price {
        Price {
            id: r.id,
            item: r.item,
            region: r.region,
            from: r.valid_from,
            to: r.valid_to,
            fen: r.fen,
            document: r.document,
            made_by: r.made_by,
            made_at: r.made_at,
        }
    }
}

/// `$n` for each of the regions, and the values.
fn among(first: usize, regions: &[RegionCode]) -> (String, Vec<Value>) {
    let marks = (0..regions.len()).map(|i| format!("${}", first + i)).collect::<Vec<_>>().join(", ");
    (marks, regions.iter().map(|r| Value::from(*r)).collect())
}

pub(crate) async fn item<C: Sql>(on: &C, id: ItemId, lock: &str) -> Result<Option<Item>> {
    let row: Option<ItemRow> =
        on.one(&format!("SELECT {ITEM} FROM service_item i WHERE i.id = $1{lock}"), vals![id]).await?;
    row.map(ItemRow::read).transpose()
}

pub(crate) async fn item_by_code<C: Sql>(on: &C, code: &str) -> Result<Option<Item>> {
    let row: Option<ItemRow> =
        on.one(&format!("SELECT {ITEM} FROM service_item i WHERE i.code = $1"), vals![code]).await?;
    row.map(ItemRow::read).transpose()
}

/// Items offered at `region`, in the order of the menu.
pub(crate) async fn items_at<C: Sql>(on: &C, region: &RegionCode) -> Result<Vec<Item>> {
    let (marks, values) = among(1, &enclosing(region));
    let sql = format!("SELECT {ITEM} FROM service_item i WHERE i.region IN ({marks}) AND i.active ORDER BY i.code");
    let rows: Vec<ItemRow> = on.all(&sql, values).await?;
    rows.into_iter().map(ItemRow::read).collect()
}

/// Conditions of the list page.
#[derive(Clone, Debug, Default)]
pub struct ItemFilter {
    pub category: Option<Category>,
    pub help: Option<Help>,
    pub active: Option<bool>,
    pub q: String,
}

/// Items offered in, or somewhere inside, the reader's region.
pub(crate) async fn item_page<C: Sql>(
    on: &C,
    scope: &Scope,
    filter: &ItemFilter,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<Item>> {
    let mut f = Filter::from("service_item i");
    let (low, high) = scope.region_range();
    let up = enclosing(&scope.region);
    let marks = vec!["?"; up.len()].join(", ");
    let mut values: Vec<Value> = vals![low, high];
    values.extend(up.into_iter().map(Value::from));
    f.clause(&format!("((i.region >= ? AND i.region < ?) OR i.region IN ({marks}))"), values);
    if let Some(c) = filter.category {
        f.and("i.category = ?", c.code());
    }
    if let Some(h) = filter.help {
        f.and("i.help = ?", h.code());
    }
    if let Some(a) = filter.active {
        f.and("i.active = ?", a);
    }
    if !filter.q.is_empty() {
        let like = format!("%{}%", escaped(&filter.q));
        f.clause(
            "(i.name LIKE ? ESCAPE '\\' OR i.summary LIKE ? ESCAPE '\\' OR i.code LIKE ? ESCAPE '\\')",
            vals![like.clone(), like.clone(), like.to_uppercase()],
        );
    }
    let page: Paged<ItemRow> = on.page(ITEM, &f, order, ask).await?;
    let (total, at, per) = (page.total, page.page, page.per_page);
    let rows = page.rows.into_iter().map(ItemRow::read).collect::<Result<Vec<_>>>()?;
    Ok(Paged { rows, total, page: at, per_page: per })
}

/// `%`, `_` and `\` as themselves.
fn escaped(q: &str) -> String {
    q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

pub(crate) async fn insert_item(tx: &Tx, id: ItemId, d: &ItemDraft) -> Result<()> {
    tx.exec(
        "INSERT INTO service_item (id, code, name, summary, category, help, unit, minutes, skills, checklist, photos,
           region, active, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
        vals![
            id,
            d.code.as_str(),
            d.name.as_str(),
            d.summary.as_str(),
            d.category.code(),
            d.help.map(|h| h.code()),
            d.unit.code(),
            i64::from(d.minutes),
            d.skills.0.cast_signed(),
            d.checklist.join("\n"),
            i64::from(d.photos),
            d.region,
            d.active
        ],
    )
    .await?;
    Ok(())
}

/// `false` if somebody changed it meanwhile.
pub(crate) async fn update_item(tx: &Tx, id: ItemId, version: i64, d: &ItemDraft) -> Result<bool> {
    let touched = tx
        .exec(
            "UPDATE service_item SET code = $3, name = $4, summary = $5, category = $6, help = $7, unit = $8,
               minutes = $9, skills = $10, checklist = $11, photos = $12, active = $13, version = version + 1
             WHERE id = $1 AND version = $2",
            vals![
                id,
                version,
                d.code.as_str(),
                d.name.as_str(),
                d.summary.as_str(),
                d.category.code(),
                d.help.map(|h| h.code()),
                d.unit.code(),
                i64::from(d.minutes),
                d.skills.0.cast_signed(),
                d.checklist.join("\n"),
                i64::from(d.photos),
                d.active
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// All prices of an item that a reader of `scope` is concerned with, newest first.
pub(crate) async fn prices<C: Sql>(on: &C, scope: &Scope, item: ItemId) -> Result<Vec<Price>> {
    let (low, high) = scope.region_range();
    let (marks, up) = among(4, &enclosing(&scope.region));
    let mut values = vals![item, low, high];
    values.extend(up);
    let sql = format!(
        "SELECT {PRICE} FROM item_price p WHERE p.item = $1 AND ((p.region >= $2 AND p.region < $3) OR p.region IN \
         ({marks})) ORDER BY p.valid_from DESC, p.region"
    );
    let rows: Vec<PriceRow> = on.all(&sql, values).await?;
    Ok(rows.into_iter().map(Price::from).collect())
}

/// All prices of an item in exactly this region.
pub(crate) async fn prices_in<C: Sql>(on: &C, item: ItemId, region: RegionCode) -> Result<Vec<Price>> {
    let sql = format!("SELECT {PRICE} FROM item_price p WHERE p.item = $1 AND p.region = $2 ORDER BY p.valid_from");
    let rows: Vec<PriceRow> = on.all(&sql, vals![item, region]).await?;
    Ok(rows.into_iter().map(Price::from).collect())
}

pub(crate) async fn price<C: Sql>(on: &C, id: Uuid) -> Result<Option<Price>> {
    let row: Option<PriceRow> = on.one(&format!("SELECT {PRICE} FROM item_price p WHERE p.id = $1"), vals![id]).await?;
    Ok(row.map(Price::from))
}

/// Every price valid on a day for a place; of one item or of all.
pub(crate) async fn valid_prices<C: Sql>(
    on: &C,
    item: Option<ItemId>,
    region: &RegionCode,
    day: CivilDate,
) -> Result<Vec<Price>> {
    let (marks, up) = among(2, &enclosing(region));
    let mut values = vals![day];
    values.extend(up);
    let mut sql = format!(
        "SELECT {PRICE} FROM item_price p WHERE p.valid_from <= $1 AND (p.valid_to IS NULL OR p.valid_to >= $1) AND \
         p.region IN ({marks})"
    );
    if let Some(id) = item {
        values.push(id.into());
        sql.push_str(&format!(" AND p.item = ${}", values.len()));
    }
    let rows: Vec<PriceRow> = on.all(&sql, values).await?;
    Ok(rows.into_iter().map(Price::from).collect())
}

pub(crate) async fn insert_price(tx: &Tx, id: Uuid, item: ItemId, d: &PriceDraft, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO item_price (id, item, region, valid_from, valid_to, fen, document, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vals![id, item, d.region, d.from, d.to, d.fen, d.document.as_str(), by, tx.now()],
    )
    .await?;
    Ok(())
}

/// The open price `id` ends on `last`, because of `successor`.
pub(crate) async fn end_price(tx: &Tx, id: Uuid, last: CivilDate, successor: Uuid) -> Result<()> {
    tx.exec("UPDATE item_price SET valid_to = $2, ended_by = $3 WHERE id = $1", vals![id, last, successor]).await?;
    Ok(())
}

/// Takes a price away and opens again the one it had ended.
pub(crate) async fn delete_price(tx: &Tx, id: Uuid) -> Result<()> {
    tx.exec("UPDATE item_price SET valid_to = NULL, ended_by = NULL WHERE ended_by = $1", vals![id]).await?;
    tx.exec("DELETE FROM item_price WHERE id = $1", vals![id]).await?;
    Ok(())
}
