//! Who may take an order and whose turn it is.
use crate::model::{Block, Contract, Provider, ProviderCandidate, fit};
use crate::store as sql;
use catalogue::Category;
use dispatch::rotation::{Standing, Turn, choose, joining_credit, order};
use kernel::{CivilDate, Error, OrgId, OrgScope, Quarter, RegionCode, Result, Scope, Tier};
use std::collections::HashMap;
use store::{Db, Sql, Tx};

/// How many providers a category should have in a county, so that there is a choice.
pub const WANTED: usize = 2;

/// What a provider did with its turn. Both count: declining does not bring the next one sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    Order,
    Decline,
}

fn touches(c: &Contract, region: &RegionCode) -> bool {
    c.regions.iter().any(|r| r.contains(region) || region.contains(r))
}

struct Field {
    providers: Vec<Provider>,
    contracts: HashMap<OrgId, Vec<Contract>>,
}

impl Field {
    /// Everyone concerned with the county around a place: a rotation is a county's, whatever part each one serves.
    async fn load<C: Sql>(on: &C, place: &RegionCode) -> Result<Field> {
        let providers = sql::providers_for(on, &place.at(Tier::County)).await?;
        let orgs: Vec<OrgId> = providers.iter().map(|p| p.org).collect();
        Ok(Field { contracts: sql::contracts_of(on, &orgs).await?, providers })
    }
    fn of(&self, org: OrgId) -> &[Contract] {
        self.contracts.get(&org).map(Vec::as_slice).unwrap_or(&[])
    }
    /// Serves some part of the county in this category on the day.
    fn members(&self, county: &RegionCode, category: Category, on: CivilDate) -> Vec<OrgId> {
        self.providers
            .iter()
            .filter(|p| {
                let here: Vec<Contract> = self.of(p.org).iter().filter(|c| touches(c, county)).cloned().collect();
                fit(p, &here, None, Some(category), on).is_ok()
            })
            .map(|p| p.org)
            .collect()
    }
    fn judge(
        &self,
        p: &Provider,
        place: &RegionCode,
        category: Category,
        on: CivilDate,
    ) -> Result<&Contract, Vec<Block>> {
        fit(p, self.of(p.org), Some(place), Some(category), on)
    }
    /// Fills capacity and availability of stored turns in for a place.
    fn standings(&self, turns: Vec<Standing>, place: &RegionCode, category: Category, on: CivilDate) -> Vec<Standing> {
        turns
            .into_iter()
            .map(|mut s| {
                let found = self.providers.iter().find(|p| p.org == s.org);
                if let Some(Ok(c)) = found.map(|p| self.judge(p, place, category, on)) {
                    s.available = true;
                    s.capacity = c.capacity;
                }
                s
            })
            .collect()
    }
}

/// Providers for a place and category on a day, each with what keeps it from taking an order. A provider sees itself
/// only; government staff ask for places of their own region.
pub async fn eligible(
    db: &Db,
    scope: &Scope,
    region: &RegionCode,
    category: Category,
    on: CivilDate,
) -> Result<Vec<ProviderCandidate>> {
    if scope.org == OrgScope::Any && !scope.covers(region) {
        return Ok(Vec::new());
    }
    let field = Field::load(db.read(), region).await?;
    let county = region.at(Tier::County);
    let turns = sql::turns(db.read(), county, category, on.quarter(), "").await?;
    let had: HashMap<OrgId, u32> = turns.iter().map(|s| (s.org, s.orders)).collect();
    let mut out: Vec<ProviderCandidate> = field
        .providers
        .iter()
        .filter(|p| scope.org_id().is_none_or(|own| own == p.org))
        .map(|p| {
            let blocks = match field.judge(p, region, category, on) {
                Err(blocks) => blocks,
                Ok(c) => {
                    let full = c.capacity.filter(|most| had.get(&p.org).copied().unwrap_or(0) >= *most);
                    full.map(|capacity| Block::Full { capacity }).into_iter().collect()
                }
            };
            ProviderCandidate { org: p.org, name: p.name.clone(), blocks }
        })
        .collect();
    out.sort_by(|a, b| (!a.blocks.is_empty(), &a.name).cmp(&(!b.blocks.is_empty(), &b.name)));
    Ok(out)
}

/// The locked turns of the rotation a place belongs to, with everyone in it who serves the county today.
async fn locked(
    tx: &Tx,
    field: &Field,
    place: &RegionCode,
    category: Category,
    on: CivilDate,
) -> Result<Vec<Standing>> {
    let (county, period) = (place.at(Tier::County), on.quarter());
    let members = field.members(&county, category, on);
    let mut turns = sql::turns(tx, county, category, period, tx.lock()).await?;
    let missing: Vec<OrgId> = members.iter().copied().filter(|m| turns.iter().all(|t| t.org != *m)).collect();
    if !missing.is_empty() {
        for t in &mut turns {
            t.available = members.contains(&t.org);
        }
        sql::join(tx, county, category, period, &missing, joining_credit(&turns)).await?;
        turns = sql::turns(tx, county, category, period, tx.lock()).await?;
    }
    Ok(field.standings(turns, place, category, on))
}

/// The provider whose turn it is for a place and category on the day of service. `passed` are those that already
/// declined this very order. Follow it with [`turn_taken`] in the same transaction: the rotation stays locked until
/// then.
///
/// # Errors
/// `Refused` when nobody can, naming what keeps each of them.
pub async fn next_in_turn(
    tx: &Tx,
    region: &RegionCode,
    category: Category,
    on: CivilDate,
    passed: &[OrgId],
) -> Result<OrgId> {
    let field = Field::load(tx, region).await?;
    let standings: Vec<Standing> =
        locked(tx, &field, region, category, on).await?.into_iter().filter(|s| !passed.contains(&s.org)).collect();
    choose(&standings).ok_or_else(|| {
        let mut why: Vec<String> = Vec::new();
        for p in &field.providers {
            if passed.contains(&p.org) {
                why.push(format!("{}已拒单", p.name));
                continue;
            }
            match field.judge(p, region, category, on) {
                Err(blocks) => why.extend(blocks.first().map(|b| format!("{}{}", p.name, b.zh()))),
                Ok(_) => {
                    let skip = standings.iter().find(|s| s.org == p.org).and_then(Standing::skip);
                    why.extend(skip.map(|s| format!("{}{}", p.name, s.zh())));
                }
            }
        }
        let who = if why.is_empty() { "还没有签约的服务商".to_string() } else { why.join("；") };
        Error::refused(format!("{on} 没有能接{}的服务商：{who}", category.zh()))
    })
}

/// Counts a turn of a provider.
///
/// # Errors
/// `Refused` if it is not in the rotation of the place, category and quarter.
pub async fn turn_taken(
    tx: &Tx,
    org: OrgId,
    region: &RegionCode,
    category: Category,
    on: CivilDate,
    took: Took,
) -> Result<()> {
    let (county, period) = (region.at(Tier::County), on.quarter());
    let counts = match took {
        Took::Order => (1, 0),
        Took::Decline => (0, 1),
    };
    if sql::count_turn(tx, county, category, period, org, counts).await? {
        return Ok(());
    }
    // A provider chosen by hand may not have had a turn yet: it joins now.
    let field = Field::load(tx, region).await?;
    locked(tx, &field, region, category, on).await?;
    match sql::count_turn(tx, county, category, period, org, counts).await? {
        true => Ok(()),
        false => Err(Error::refused(format!("这家不在{}的轮岗里，换一家", category.zh()))),
    }
}

/// Everyone's place in the order of turns for a place and category, as stored now. A provider sees its own place only.
pub async fn order_of_turns(
    db: &Db,
    scope: &Scope,
    region: &RegionCode,
    category: Category,
    on: CivilDate,
) -> Result<Vec<Turn>> {
    let field = Field::load(db.read(), region).await?;
    let (county, period) = (region.at(Tier::County), on.quarter());
    let turns = with_members(&field, db, county, category, on, period).await?;
    let standings = field.standings(turns, region, category, on);
    Ok(order(&standings).into_iter().filter(|t| scope.org_id().is_none_or(|own| own == t.org)).collect())
}

/// Stored turns, and those who would join if an order came now.
async fn with_members(
    field: &Field,
    db: &Db,
    county: RegionCode,
    category: Category,
    on: CivilDate,
    period: Quarter,
) -> Result<Vec<Standing>> {
    let mut turns = sql::turns(db.read(), county, category, period, "").await?;
    let members = field.members(&county, category, on);
    for t in &mut turns {
        t.available = members.contains(&t.org);
    }
    let credit = joining_credit(&turns);
    for m in members {
        if turns.iter().all(|t| t.org != m) {
            turns.push(Standing {
                org: m,
                orders: 0,
                declines: 0,
                credit,
                capacity: None,
                available: true,
                last_turn: None,
            });
        }
    }
    Ok(turns)
}

/// One provider's turns in a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub county: RegionCode,
    pub category: Category,
    pub orders: u32,
    pub declines: u32,
    /// 0: its turn; `None`: passed over now.
    pub rank: Option<u32>,
    /// How many take part.
    pub among: usize,
}

/// Where a provider stands in every rotation of its contracts in a quarter.
pub async fn position(db: &Db, scope: &Scope, org: OrgId, on: CivilDate) -> Result<Vec<Position>> {
    let contracts = super::contracts(db, scope, org).await?;
    let mut keys: Vec<(RegionCode, Category)> = Vec::new();
    for c in contracts.iter().filter(|c| c.runs_on(on)) {
        for r in &c.regions {
            for k in &c.categories {
                // A contract for a whole city takes part in its counties' rotations, shown on the coverage page.
                if r.tier() >= Tier::County {
                    keys.push((r.at(Tier::County), *k));
                }
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    let mut out = Vec::new();
    for (county, category) in keys {
        let field = Field::load(db.read(), &county).await?;
        let turns = with_members(&field, db, county, category, on, on.quarter()).await?;
        let Some(own) = turns.iter().find(|s| s.org == org).copied() else { continue };
        let ranks = order(&turns);
        out.push(Position {
            county,
            category,
            orders: own.orders,
            declines: own.declines,
            rank: ranks.iter().find(|t| t.org == org).map(|t| t.rank),
            among: ranks.len(),
        });
    }
    Ok(out)
}

/// How many providers can take orders of a category in a county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub county: RegionCode,
    pub category: Category,
    /// Their names with orders and declines of the quarter, in the order of turns.
    pub providers: Vec<(OrgId, String, u32, u32)>,
}

impl Coverage {
    /// Fewer than [`WANTED`].
    pub fn thin(&self) -> bool {
        self.providers.len() < WANTED
    }
}

/// Every category of each county: who can take orders on a day. Counties outside the reader's scope are left out; a
/// provider is shown nothing of the others.
pub async fn coverage(db: &Db, scope: &Scope, counties: &[RegionCode], on: CivilDate) -> Result<Vec<Coverage>> {
    let mut out = Vec::new();
    for county in counties {
        if !(scope.covers(county) || county.contains(&scope.region)) {
            continue;
        }
        let field = Field::load(db.read(), county).await?;
        for category in Category::ALL {
            let turns = with_members(&field, db, *county, *category, on, on.quarter()).await?;
            let mut providers = Vec::new();
            for t in order(&turns) {
                let name = field.providers.iter().find(|p| p.org == t.org).map(|p| p.name.clone());
                let own = turns.iter().find(|s| s.org == t.org);
                if scope.org_id().is_none_or(|o| o == t.org)
                    && let (Some(name), Some(s)) = (name, own)
                {
                    providers.push((t.org, name, s.orders, s.declines));
                }
            }
            out.push(Coverage { county: *county, category: *category, providers });
        }
    }
    Ok(out)
}
