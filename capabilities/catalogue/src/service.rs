//! What can be done with the catalogue.
use crate::model::{self, Category, Item, ItemDraft, Price, PriceDraft, PricedItem, Succession, most_specific};
use crate::store as sql;
use kernel::{Actor, CivilDate, Error, ItemId, PageAsk, Paged, Permission, RegionCode, Result, Scope};
use std::collections::HashMap;
use store::{Db, Sql, Tx};
use uuid::Uuid;

pub use crate::shipped::{Seed, seed};
pub use crate::store::ItemFilter;

const ITEM_CREATED: audit::Action = audit::Action::new("catalogue.item_created", "新建服务项目");
const ITEM_CHANGED: audit::Action = audit::Action::new("catalogue.item_changed", "修改服务项目");
const PRICE_ADDED: audit::Action = audit::Action::new("catalogue.price_added", "新定价格");
const PRICE_WITHDRAWN: audit::Action = audit::Action::new("catalogue.price_withdrawn", "撤回未生效价格");

fn no_item() -> Error {
    Error::NotFound("这个服务项目".into())
}

/// The menu at a place on a day: active items with an approved price, in the order of categories and codes.
pub async fn items(db: &Db, region: &RegionCode, on: CivilDate) -> Result<Vec<PricedItem>> {
    let mut prices = prices_on(db, region, on).await?;
    let mut menu: Vec<PricedItem> = sql::items_at(db.read(), region)
        .await?
        .into_iter()
        .filter_map(|i| prices.remove(&i.id).map(|p| PricedItem::new(i, p)))
        .collect();
    menu.sort_by(|a, b| (a.item.category, &a.item.code).cmp(&(b.item.category, &b.item.code)));
    Ok(menu)
}

/// The price that counts for each item at a place on a day.
pub async fn prices_on(db: &Db, region: &RegionCode, on: CivilDate) -> Result<HashMap<ItemId, Price>> {
    let mut out: HashMap<ItemId, Price> = HashMap::new();
    for p in sql::valid_prices(db.read(), None, region, on).await? {
        let best = match out.remove(&p.item) {
            Some(known) => most_specific([known, p]),
            None => Some(p),
        };
        out.extend(best.map(|p| (p.item, p)));
    }
    Ok(out)
}

/// One item with the price of the day of service.
///
/// # Errors
/// `NotFound` if it is not offered there; `Refused` if it is stopped or has no approved price on that day.
pub async fn priced(db: &Db, id: ItemId, region: &RegionCode, on: CivilDate) -> Result<PricedItem> {
    priced_on(db.read(), id, region, on).await
}

/// [`priced`] inside a transaction.
pub async fn priced_in(tx: &Tx, id: ItemId, region: &RegionCode, on: CivilDate) -> Result<PricedItem> {
    priced_on(tx, id, region, on).await
}

async fn priced_on<C: Sql>(c: &C, id: ItemId, region: &RegionCode, on: CivilDate) -> Result<PricedItem> {
    let item = sql::item(c, id, "").await?.filter(|i| i.region.contains(region)).ok_or_else(no_item)?;
    if !item.active {
        return Err(Error::refused(format!("{}已停用，换一项", item.name)));
    }
    match most_specific(sql::valid_prices(c, Some(id), region, on).await?) {
        Some(p) => Ok(PricedItem::new(item, p)),
        None => Err(Error::refused(format!("{}在 {on} 没有批准的价格，先由县民政定价", item.name))),
    }
}

/// One item, for whoever's region it is offered in or lies inside of.
pub async fn item(db: &Db, scope: &Scope, id: ItemId) -> Result<Item> {
    sql::item(db.read(), id, "").await?.filter(|i| visible(i, scope)).ok_or_else(no_item)
}

/// [`item`] inside a transaction.
pub async fn item_in(tx: &Tx, scope: &Scope, id: ItemId) -> Result<Item> {
    sql::item(tx, id, "").await?.filter(|i| visible(i, scope)).ok_or_else(no_item)
}

/// One item by its code.
pub async fn item_by_code(db: &Db, scope: &Scope, code: &str) -> Result<Item> {
    sql::item_by_code(db.read(), code).await?.filter(|i| visible(i, scope)).ok_or_else(no_item)
}

fn visible(item: &Item, scope: &Scope) -> bool {
    item.region.contains(&scope.region) || scope.covers(&item.region)
}

/// A page of items.
pub async fn list(db: &Db, scope: &Scope, filter: &ItemFilter, order: &str, ask: PageAsk) -> Result<Paged<Item>> {
    sql::item_page(db.read(), scope, filter, order, ask).await
}

/// All prices of an item that concern the reader's region, newest first.
pub async fn price_history(db: &Db, scope: &Scope, id: ItemId) -> Result<Vec<Price>> {
    item(db, scope, id).await?;
    sql::prices(db.read(), scope, id).await
}

/// How many active items each category has for a reader, in the order of [`Category::ALL`].
pub fn count_by_category(menu: &[PricedItem]) -> Vec<(Category, usize)> {
    Category::ALL.iter().map(|c| (*c, menu.iter().filter(|m| m.item.category == *c).count())).collect()
}

fn may_set(actor: &Actor, region: &RegionCode) -> Result<()> {
    actor.require(Permission::CatalogueWrite)?;
    if actor.scope().covers(region) {
        Ok(())
    } else {
        Err(Error::Forbidden("这是上级或别处定的，可由那里的民政部门来改".into()))
    }
}

async fn code_is_free(tx: &Tx, draft: &ItemDraft, own: Option<ItemId>) -> Result<()> {
    match sql::item_by_code(tx, &draft.code).await? {
        Some(other) if Some(other.id) != own => {
            Err(Error::invalid("code", format!("编号 {} 已给了“{}”", other.code, other.name)))
        }
        _ => Ok(()),
    }
}

/// Adds an item to the menu. It cannot be ordered before it has a price.
///
/// # Errors
/// `Forbidden` outside the actor's region, `Invalid` with the fields to correct.
pub async fn create_item(tx: &Tx, db: &Db, actor: &Actor, draft: ItemDraft) -> Result<ItemId> {
    may_set(actor, &draft.region)?;
    draft.check()?;
    code_is_free(tx, &draft, None).await?;
    let id: ItemId = db.new_id();
    sql::insert_item(tx, id, &draft).await?;
    let entry = audit::Entry::new(ITEM_CREATED, "service_item", id)
        .region(draft.region)
        .detail(serde_json::json!({ "code": draft.code }));
    audit::record(tx, actor, entry).await?;
    Ok(id)
}

/// Changes an item. Orders already made keep what they were made with; the region it is offered in stays.
///
/// # Errors
/// `Conflict` if it was changed since `version` was read.
pub async fn update_item(tx: &Tx, actor: &Actor, id: ItemId, version: i64, draft: ItemDraft) -> Result<()> {
    let old = sql::item(tx, id, tx.lock()).await?.filter(|i| visible(i, actor.scope())).ok_or_else(no_item)?;
    may_set(actor, &old.region)?;
    draft.check()?;
    code_is_free(tx, &draft, Some(id)).await?;
    if !sql::update_item(tx, id, version, &draft).await? {
        return Err(Error::Conflict(format!("“{}”刚被别人改过，看过新的再改", old.name)));
    }
    let entry = audit::Entry::new(ITEM_CHANGED, "service_item", id)
        .region(old.region)
        .detail(serde_json::json!({ "changed": changed(&old, &draft) }));
    audit::record(tx, actor, entry).await
}

fn changed(old: &Item, new: &ItemDraft) -> Vec<&'static str> {
    let mut out = Vec::new();
    let mut note = |name, differs: bool| {
        if differs {
            out.push(name);
        }
    };
    note("code", old.code != new.code);
    note("name", old.name != new.name);
    note("summary", old.summary != new.summary);
    note("category", old.category != new.category);
    note("help", old.help != new.help);
    note("unit", old.unit != new.unit);
    note("minutes", old.minutes != new.minutes);
    note("skills", old.skills != new.skills);
    note("checklist", old.checklist != new.checklist);
    note("photos", old.photos != new.photos);
    note("active", old.active != new.active);
    out
}

/// A new approved price. An open price of the same region ends the day before.
///
/// # Errors
/// `Invalid` when days would be shared with another price or the past would change; `Forbidden` outside the actor's
/// region.
pub async fn add_price(tx: &Tx, db: &Db, actor: &Actor, id: ItemId, draft: PriceDraft) -> Result<Uuid> {
    // The item's row is locked, so that two prices cannot be added at once.
    let item = sql::item(tx, id, tx.lock()).await?.filter(|i| visible(i, actor.scope())).ok_or_else(no_item)?;
    may_set(actor, &draft.region)?;
    if !item.region.contains(&draft.region) {
        return Err(Error::invalid("region", "这个项目不在这里提供，不能在这里定价"));
    }
    let others = sql::prices_in(tx, id, draft.region).await?;
    let decided = model::succession(&draft, &others, tx.now().date())?;
    let price = db.ids().uuid(tx.now());
    if let Succession::Ends(open) = decided {
        sql::end_price(tx, open, draft.from.plus_days(-1), price).await?;
    }
    sql::insert_price(tx, price, id, &draft, &actor.label()).await?;
    let entry = audit::Entry::new(PRICE_ADDED, "service_item", id).region(draft.region).detail(serde_json::json!({
        "price": price, "from": draft.from, "to": draft.to, "fen": draft.fen, "document": draft.document
    }));
    audit::record(tx, actor, entry).await?;
    Ok(price)
}

/// Takes back a price that has not begun; the one it was to end stays open.
///
/// # Errors
/// `Refused` once it has begun.
pub async fn withdraw_price(tx: &Tx, actor: &Actor, id: ItemId, price: Uuid) -> Result<()> {
    let gone = || Error::NotFound("这条价格".into());
    let item = sql::item(tx, id, tx.lock()).await?.filter(|i| visible(i, actor.scope())).ok_or_else(no_item)?;
    let p = sql::price(tx, price).await?.filter(|p| p.item == item.id).ok_or_else(gone)?;
    may_set(actor, &p.region)?;
    if p.from <= tx.now().date() {
        return Err(Error::refused(format!("{} 起的价格已经生效，不能撤回，可以另定新价", p.from)));
    }
    sql::delete_price(tx, price).await?;
    let entry = audit::Entry::new(PRICE_WITHDRAWN, "service_item", id)
        .region(p.region)
        .detail(serde_json::json!({ "price": price, "from": p.from, "fen": p.fen }));
    audit::record(tx, actor, entry).await
}
