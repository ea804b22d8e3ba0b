//! What an order would cost, and placing it.
use super::{PLACED, money};
use crate::model::{Channel, MAX_QUANTITY, Order, Split, State, check_start, fee_of, split};
use crate::store as sql;
use catalogue::PricedItem;
use entitlement::PurseView;
use kernel::{Actor, ElderId, Error, Fen, Instant, ItemId, OrgId, Permission, Result, WorkerId};
use people::model::{AddressId, ElderCard, ServiceAddress};
use providers::ProviderCandidate;
use providers::service::Took;
use serde::Serialize;
use serde_json::json;
use store::{Db, Tx};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Ask {
    pub elder: ElderId,
    pub item: ItemId,
    pub starts_at: Instant,
    /// Units of the item, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// `None`: whose turn it is.
    pub provider: Option<OrgId>,
    /// Somebody who has been there before.
    pub wish_worker: Option<WorkerId>,
    /// One of the household's service addresses; `None`: where the elder lives.
    pub address: Option<AddressId>,
    pub channel: Channel,
    pub note: String,
    /// The own part the elder was told and agreed to: the order is not placed with a larger one. `None`: any.
    pub agreed_own: Option<Fen>,
}

/// One reason why the money is split as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    pub met: bool,
    pub text: String,
    pub article: String,
}

/// A line of the money card: what it is, how much.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MoneyLine {
    pub text: String,
    pub amount: Fen,
}

/// What an order would cost now, and who pays.
#[derive(Clone, Debug)]
pub struct Quote {
    pub priced: PricedItem,
    pub quantity: i64,
    pub starts_at: Instant,
    pub ends_at: Instant,
    pub split: Split,
    /// The purse that pays; `None`: there is none on that day.
    pub purse: Option<PurseView>,
    pub why: Vec<Why>,
}

impl Quote {
    /// What the purse would have afterwards.
    pub fn left(&self) -> Fen {
        self.purse.as_ref().map(|p| p.available - self.split.gov).unwrap_or_default()
    }
    /// ¥40.00 / 时 × 2
    pub fn lines(&self) -> Vec<MoneyLine> {
        let unit = self.priced.item.unit.zh();
        vec![
            MoneyLine { text: format!("{} / {unit} × {}", self.priced.price, self.quantity), amount: self.split.fee },
            MoneyLine { text: "政府付".into(), amount: self.split.gov },
            MoneyLine { text: "老人自己付".into(), amount: self.split.own },
        ]
    }
    /// A sentence where the elder has to pay, with the way not to.
    pub fn warning(&self) -> Option<String> {
        if self.split.own.is_zero() {
            return None;
        }
        let Some(purse) = self.purse.as_ref().filter(|p| p.available > Fen::ZERO) else {
            return Some("这一天没有可用的补贴，费用全部自己付".into());
        };
        let mut text = format!("补贴只剩 {}，超出的 {} 自己付", purse.available, self.split.own);
        let covered = if self.priced.price > Fen::ZERO { purse.available.0 / self.priced.price.0 } else { 0 };
        if covered >= 1 {
            text.push_str(&format!("。改 {covered} {}就不用付", self.priced.item.unit.zh()));
        }
        Some(text)
    }
}

/// Everything read before an order is placed.
#[derive(Clone, Debug)]
pub struct Prepared {
    ask: Ask,
    card: ElderCard,
    address: Option<ServiceAddress>,
    quote: Quote,
    able: Vec<ProviderCandidate>,
    wish_name: Option<String>,
}

impl Prepared {
    pub fn quote(&self) -> &Quote {
        &self.quote
    }
    pub fn elder(&self) -> &ElderCard {
        &self.card
    }
}

/// An order that was placed, or found again under its key.
#[derive(Clone, Debug)]
pub struct Placed {
    pub order: Order,
    pub new: bool,
}

/// Price × quantity, and what the purse would pay, without placing anything.
///
/// # Errors
/// As [`prepare`], except that no provider is looked for.
pub async fn quote(db: &Db, actor: &Actor, ask: &Ask) -> Result<Quote> {
    Ok(priced(db, actor, ask).await?.1)
}

async fn priced(db: &Db, actor: &Actor, ask: &Ask) -> Result<(ElderCard, Quote)> {
    actor.require(Permission::OrderCreate)?;
    if !(1..=MAX_QUANTITY).contains(&ask.quantity) {
        return Err(Error::invalid("quantity", format!("数量要 1 到 {MAX_QUANTITY}")));
    }
    let on = ask.starts_at.date();
    let card = people::service::card(db, actor.scope(), ask.elder).await?;
    let priced = catalogue::service::priced(db, ask.item, &card.region, on).await?;
    let mut purses = entitlement::service::purses(db, card.household, on).await?;
    // A purse is the household's, but it pays for those of it who are entitled.
    purses.retain(|p| p.who.contains(&card.id));
    let fee = fee_of(priced.price, ask.quantity)?;
    let purse = choose_purse(purses, fee);
    let split = split(fee, purse.as_ref().map(|p| p.available).unwrap_or_default());
    let minutes = i64::from(priced.item.minutes) * ask.quantity;
    let quote = Quote {
        why: reasons(&priced, purse.as_ref()),
        quantity: ask.quantity,
        starts_at: ask.starts_at,
        ends_at: ask.starts_at.plus_minutes(minutes),
        priced,
        split,
        purse,
    };
    Ok((card, quote))
}

/// The first purse that covers the whole fee, else the one with the most.
fn choose_purse(purses: Vec<PurseView>, fee: Fen) -> Option<PurseView> {
    let mut best: Option<PurseView> = None;
    for p in purses {
        let covers = |x: &PurseView| x.available >= fee;
        match &best {
            Some(b) if covers(b) || p.available <= b.available => {}
            _ => best = Some(p),
        }
    }
    best
}

fn reasons(priced: &PricedItem, purse: Option<&PurseView>) -> Vec<Why> {
    let mut why = Vec::new();
    match purse {
        Some(p) => why.push(Why {
            met: true,
            text: format!("正在享受{}，{}可用 {}", p.pack_title, p.quarter.zh(), p.available),
            article: p.article.clone(),
        }),
        None => why.push(Why { met: false, text: "服务那天没有可用的补贴".into(), article: String::new() }),
    }
    why.push(Why {
        met: true, text: format!("单价 {} 是核定的", priced.price), article: priced.document.clone()
    });
    why.push(Why { met: purse.is_some(), text: "先用补贴，不够的自己付".into(), article: String::new() });
    why
}

/// Reads and judges everything an order needs, before the transaction that places it.
///
/// # Errors
/// `Invalid` for time or quantity; `Refused` for an elder who has died or moved out, an item without an approved price
/// that day, a visit longer than a day, or no provider that may take it; `NotFound` outside the scope.
pub async fn prepare(db: &Db, actor: &Actor, ask: Ask) -> Result<Prepared> {
    check_start(ask.starts_at, db.now())?;
    let note = ask.note.trim();
    if note.chars().count() > 100 {
        return Err(Error::invalid("note", "给护理员的话最多 100 字"));
    }
    let (card, quote) = priced(db, actor, &ask).await?;
    let on = ask.starts_at.date();
    if let Some(day) = card.died_on {
        return Err(Error::refused(format!("{}已于 {day} 去世，不能再下单", card.name)));
    }
    if let Some(day) = card.moved_out_on.filter(|d| *d <= on) {
        return Err(Error::refused(format!("{}已于 {day} 迁出，由迁入地下单", card.name)));
    }
    if quote.ends_at.since(quote.starts_at) >= Instant::DAY {
        return Err(Error::invalid("quantity", "一次上门不能超过 24 小时，分几天下单"));
    }
    let address = match ask.address {
        None => None,
        Some(id) => {
            let known = people::service::service_addresses(db, actor.scope(), card.household).await?;
            let found = known.into_iter().find(|a| a.id == id);
            Some(found.ok_or_else(|| Error::invalid("address", "这个地址不在服务地址里，重选一个"))?)
        }
    };
    let mut able =
        providers::service::eligible(db, actor.scope(), &card.region, quote.priced.item.category, on).await?;
    if let Some(chosen) = ask.provider {
        let found = able.iter().find(|c| c.org == chosen);
        let found = found.ok_or_else(|| Error::invalid("provider", "没有这家服务商，重选一家"))?;
        if let Some(block) = found.blocks.first() {
            return Err(Error::refused(format!("{}不能接这一单：{}", found.name, block.zh())));
        }
    }
    if able.iter().all(|c| !c.blocks.is_empty()) {
        let mut text = format!("{} {}没有能接单的服务商", on, quote.priced.item.category.zh());
        for c in &able {
            if let Some(b) = c.blocks.first() {
                text.push_str(&format!("；{}：{}", c.name, b.zh()));
            }
        }
        return Err(Error::refused(text));
    }
    able.retain(|c| c.blocks.is_empty());
    let wish_name = match ask.wish_worker {
        None => None,
        Some(worker) => Some(
            sql::worker_name_at(db, ask.elder, worker)
                .await?
                .ok_or_else(|| Error::invalid("wish_worker", "这位护理员没有来过，先不指定"))?,
        ),
    };
    let ask = Ask { note: note.to_string(), ..ask };
    Ok(Prepared { ask, card, address, quote, able, wish_name })
}

/// Places an order with its hold. `key`, where given, is the caller's: the same key places one order.
///
/// # Errors
/// As [`prepare`]; `Conflict` when the key was used for something else.
pub async fn create(db: &Db, actor: &Actor, ask: Ask, key: Option<&str>) -> Result<Placed> {
    if let Some(placed) = placed_before(db, actor, &ask, key).await? {
        return Ok(placed);
    }
    let key = key.map(|k| own_key(actor, k)).transpose()?;
    let prepared = prepare(db, actor, ask.clone()).await?;
    let tx = db.begin().await?;
    match place_in(&tx, db, actor, prepared, key.as_deref()).await {
        Ok(placed) => {
            tx.commit().await?;
            Ok(placed)
        }
        // The other half of a double submit was faster: its order is ours.
        Err(Error::Conflict(m)) => {
            tx.rollback().await?;
            let found = match &key {
                Some(k) => sql::by_idem_key(db.read(), k).await?,
                None => None,
            };
            found.map_or(Err(Error::Conflict(m)), |order| same(order, &ask))
        }
        Err(e) => Err(e),
    }
}

/// The order that was placed under this key before, if any.
///
/// # Errors
/// `Conflict` when the key was used for something else.
pub async fn placed_before(db: &Db, actor: &Actor, ask: &Ask, key: Option<&str>) -> Result<Option<Placed>> {
    actor.require(Permission::OrderCreate)?;
    let Some(key) = key else { return Ok(None) };
    let found = sql::by_idem_key(db.read(), &own_key(actor, key)?).await?;
    found.map(|order| same(order, ask)).transpose()
}

/// Keys of two people never meet.
fn own_key(actor: &Actor, key: &str) -> Result<String> {
    if key.is_empty() || key.len() > 80 || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::invalid("key", "幂等键要 1 到 80 个英文字母或数字"));
    }
    Ok(match actor.user_id() {
        Some(user) => format!("{user}:{key}"),
        None => format!("platform:{key}"),
    })
}

fn same(order: Order, ask: &Ask) -> Result<Placed> {
    if (order.elder, order.item, order.starts_at, order.quantity) == (ask.elder, ask.item, ask.starts_at, ask.quantity)
    {
        Ok(Placed { order, new: false })
    } else {
        Err(Error::Conflict("这一单已经下过，内容不同。打开新的下单页再试".into()))
    }
}

/// [`create`] inside a transaction, from what [`prepare`] read. `key` is already the actor's own.
pub async fn place_in(tx: &Tx, db: &Db, actor: &Actor, prepared: Prepared, key: Option<&str>) -> Result<Placed> {
    let Prepared { ask, card, address, quote, able, wish_name } = prepared;
    if let Some(k) = key
        && let Some(order) = sql::by_idem_key(tx, k).await?
    {
        return same(order, &ask);
    }
    let (item, on) = (&quote.priced.item, ask.starts_at.date());
    let provider = match ask.provider {
        Some(org) => org,
        None => providers::service::next_in_turn(tx, &card.region, item.category, on, &[]).await?,
    };
    let provider_name = able
        .iter()
        .find(|c| c.org == provider)
        .map(|c| c.name.clone())
        .ok_or_else(|| Error::Conflict("服务商刚有变动，再下一次".into()))?;
    providers::service::turn_taken(tx, provider, &card.region, item.category, on, Took::Order).await?;
    let (place, words) = match &address {
        Some(a) => (a.place, a.address.clone()),
        None => (card.place, card.address.clone()),
    };
    let now = tx.now();
    let mut order = Order {
        id: db.new_id(),
        no: String::new(),
        elder: card.id,
        household: card.household,
        elder_name: card.name.clone(),
        elder_sex: card.sex,
        elder_birth: card.birth,
        region: card.region,
        address: words,
        place,
        item: item.id,
        item_name: item.name.clone(),
        category: item.category,
        unit: item.unit,
        minutes: i64::from(item.minutes) * ask.quantity,
        provider,
        provider_name,
        worker: None,
        worker_name: None,
        state: State::Created,
        version: 1,
        starts_at: quote.starts_at,
        ends_at: quote.ends_at,
        quarter: on.quarter(),
        quantity: ask.quantity,
        price: quote.priced.price,
        fee: quote.split.fee,
        gov: Fen::ZERO,
        own: quote.split.fee,
        purse_account: quote.purse.as_ref().map(|p| p.account),
        purse_before: None,
        hold_round: 1,
        pack_id: quote.purse.as_ref().map(|p| p.pack_id.clone()),
        pack_title: quote.purse.as_ref().map(|p| p.pack_title.clone()),
        article: quote.purse.as_ref().map(|p| p.article.clone()).unwrap_or_default(),
        price_document: quote.priced.document.clone(),
        channel: ask.channel,
        note: ask.note.clone(),
        wish_worker: ask.wish_worker,
        wish_name,
        created_by: actor.user_id(),
        created_by_name: actor.label(),
        created_at: now,
        accepted_at: None,
        assigned_at: None,
        set_out_at: None,
        checked_in_at: None,
        checked_out_at: None,
        confirmed_at: None,
        closed_at: None,
        confirm_how: None,
        rating: None,
        rating_note: String::new(),
        reason: String::new(),
        payment_list: None,
    };
    money::hold_up_to(tx, db, actor, &mut order).await?;
    if ask.agreed_own.is_some_and(|most| order.own > most) {
        return Err(Error::refused(format!("补贴刚被用掉一部分，老人要自己付 {}。先告诉老人，再下一次", order.own)));
    }
    order.no = sql::take_numbers(tx, now.date(), 1).await?.to_string();
    sql::insert_orders(tx, vec![(order.clone(), key.map(str::to_string))]).await?;
    let data = json!({
        "channel": ask.channel.code(), "channel_zh": ask.channel.zh(),
        "provider": order.provider_name, "gov": order.gov, "own": order.own,
    });
    sql::add_event(tx, actor, &order, "create", &data).await?;
    let entry = audit::Entry::new(PLACED, "work_order", order.id)
        .region(order.region)
        .detail(json!({ "elder": order.elder, "item": order.item, "fee": order.fee, "gov": order.gov }));
    audit::record(tx, actor, entry).await?;
    Ok(Placed { order, new: true })
}
