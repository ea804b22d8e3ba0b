//! The policy packs of the installation, loaded once and shared.
use kernel::{CivilDate, Error, OrgScope, RegionCode, Result, Scope, Tier};
use policy::{Pack, Refusal, Subject};
use std::collections::HashMap;

/// All loaded packs, of every subject and place, with the groups of those that fill a purse. Packs of one group exclude
/// each other and share a purse.
#[derive(Debug)]
pub struct Packs {
    packs: Vec<Pack>,
    groups: Vec<Group>,
}

/// Packs that share one purse a household and quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Stable code, part of purse keys: the packs' own group, or the pack's id where it stands alone.
    pub code: String,
    /// Indices into [`Packs::all`] in order of precedence.
    pub members: Vec<usize>,
}

impl Packs {
    /// Loads the packs that come with the product, runs their examples and checks that they fit one another.
    ///
    /// # Errors
    /// `Internal` with file, line and column of the first fault.
    pub fn shipped() -> Result<Packs> {
        let packs = policy::shipped().map_err(Error::internal)?;
        match policy::check_set(&packs).into_iter().next() {
            Some(fault) => Err(Error::internal(fault)),
            None => Ok(Packs::of(packs)),
        }
    }
    /// Packs that were loaded elsewhere.
    pub fn of(packs: Vec<Pack>) -> Packs {
        let index = |pack: &Pack| packs.iter().position(|p| std::ptr::eq(p, pack));
        let groups = policy::groups(&packs)
            .into_iter()
            .filter_map(|members| {
                let members: Vec<&Pack> = members.into_iter().filter(|p| p.fills_purse()).collect();
                let first = members.first()?;
                Some(Group {
                    code: first.group.clone().unwrap_or_else(|| first.id.clone()),
                    members: members.iter().filter_map(|p| index(p)).collect(),
                })
            })
            .collect();
        Packs { packs, groups }
    }
    pub fn len(&self) -> usize {
        self.packs.len()
    }
    pub fn is_empty(&self) -> bool {
        self.packs.is_empty()
    }
    /// Everything the packs could speak of: the scope of work the platform does by itself. `None` without packs.
    pub fn everywhere(&self) -> Option<Scope> {
        let region = self.packs.first()?.place.at(Tier::Province);
        Some(Scope { region, org: OrgScope::Any })
    }
    pub fn all(&self) -> &[Pack] {
        &self.packs
    }
    /// The packs that decide about the people of `region`, as indices into [`Packs::all`].
    pub fn local(&self, region: &RegionCode) -> Vec<usize> {
        let city = region.at(Tier::City);
        let decides = |p: &Pack| p.subject == Subject::Person && near(p, &city);
        self.packs.iter().enumerate().filter(|(_, p)| decides(p)).map(|(i, _)| i).collect()
    }
    /// The groups of packs that fill a purse.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
    pub fn get(&self, id: &str) -> Option<&Pack> {
        self.packs.iter().find(|p| p.id == id)
    }
    /// Titles by the codes that purses and funds are filed under: every pack and every group.
    pub fn titles(&self) -> HashMap<String, String> {
        let packs = self.packs.iter().map(|p| (p.id.clone(), p.title.clone()));
        packs.chain(self.groups.iter().map(|g| (g.code.clone(), self.group_title(g)))).collect()
    }
    /// What the titles of a group's packs end in: 居家养老服务.
    pub fn group_title(&self, group: &Group) -> String {
        let titles: Vec<&str> = self.members(group).iter().map(|p| p.title.as_str()).collect();
        let Some((first, rest)) = titles.split_first() else { return String::new() };
        let ends = first.char_indices().map(|(i, _)| &first[i..]);
        ends.into_iter().find(|end| rest.iter().all(|t| t.ends_with(end))).unwrap_or(first).to_string()
    }
    /// The packs of a group, in order of precedence.
    pub fn members(&self, group: &Group) -> Vec<&Pack> {
        group.members.iter().filter_map(|&i| self.packs.get(i)).collect()
    }
    /// The group a pack belongs to.
    pub fn group_of(&self, pack: usize) -> Option<&Group> {
        self.groups.iter().find(|g| g.members.contains(&pack))
    }
}

/// Whether a pack is in place in a city: the city lies in the pack's place, or the pack's place in the city.
pub(crate) fn near(pack: &Pack, city: &RegionCode) -> bool {
    pack.place.contains(city) || city.contains(&pack.place)
}

/// The label of the article a pack's first grant rests on: what order, purse and settlement line name as their ground.
pub fn ground(pack: &Pack) -> String {
    pack.grants.first().and_then(|g| pack.articles.get(g.article)).map(|a| a.label.clone()).unwrap_or_default()
}

/// `每户每月 ¥100.00，按季结算，季末清零`, as it stands on `day`; without a purse each different grant, `每周 1 次`.
pub fn standard(pack: &Pack, day: CivilDate) -> String {
    let Some(grant) = pack.grants.first() else { return String::new() };
    if !grant.kind.is_purse() {
        let Ok(on) = pack.at(day) else { return "没有标准".into() };
        let mut said: Vec<String> = pack.grants.iter().map(|g| on.grant_zh(&g.kind)).collect();
        said.dedup();
        return said.join("；");
    }
    let amount = grant.kind.amount().and_then(|i| pack.parameters.get(i)?.on(day)).map(|v| v.value.zh());
    let (settled, carried) = match &grant.kind {
        policy::GrantKind::HouseholdPurse { settlement, carry_over, .. }
        | policy::GrantKind::PersonPurse { settlement, carry_over, .. } => (settlement.zh(), *carry_over),
        _ => ("", false),
    };
    let rest = if carried { "余额结转" } else { "季末清零" };
    format!("{} {}，{settled}，{rest}", grant.kind.per_zh(), amount.unwrap_or_else(|| "没有标准".into()))
}

/// A pack that cannot decide stops the run: it never decides on parameters that have run out.
pub(crate) fn refused(refusal: Refusal) -> Error {
    Error::Refused(refusal.to_string())
}
