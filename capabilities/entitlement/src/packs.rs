//! The policy packs of the installation: each with its versions.
use kernel::{CivilDate, Error, OrgScope, RegionCode, Result, Scope, Tier};
use policy::{Pack, PackError, Refusal, Subject};
use std::collections::HashMap;
use std::ops::Range;

/// All packs of the installation, of every subject and place: what comes with the product overlaid by the versions that
/// were approved here, with the groups of those that fill a purse. Packs of one group exclude each other and share a
/// purse. Versions of one pack follow each other without a shared day.
#[derive(Clone, Debug)]
pub struct Packs {
    /// Versions of one pack stand next to each other, the earliest first.
    packs: Vec<Pack>,
    /// Where the versions of each pack stand in `packs`.
    chains: Vec<Range<usize>>,
    groups: Vec<Group>,
}

/// Packs that share one purse a household and quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Stable code, part of purse keys: the packs' own group, or the pack's id where it stands alone.
    pub code: String,
    /// Indices into [`Packs::all`] in order of precedence, every version.
    pub members: Vec<usize>,
}

/// The versions of one pack, the earliest first; never empty.
#[derive(Clone, Copy, Debug)]
pub struct Versions<'p>(&'p [Pack]);

impl<'p> Versions<'p> {
    /// A pack that stands alone.
    pub fn one(pack: &'p Pack) -> Versions<'p> {
        Versions(std::slice::from_ref(pack))
    }
    pub fn all(self) -> &'p [Pack] {
        self.0
    }
    /// The version that speaks for the pack on `day`: the one in effect, otherwise the last that was, otherwise the first
    /// to come.
    pub fn on(self, day: CivilDate) -> &'p Pack {
        let past = self.0.iter().rfind(|p| p.effective_from <= day);
        past.unwrap_or(&self.0[0])
    }
    /// The version that begins last.
    pub fn newest(self) -> &'p Pack {
        &self.0[self.0.len() - 1]
    }
    /// Whether one of the versions fills a purse.
    pub fn fills_purse(self) -> bool {
        self.0.iter().any(Pack::fills_purse)
    }
    /// The pack fixed on a day.
    ///
    /// # Errors
    /// As [`Pack::at`].
    pub fn at(self, day: CivilDate) -> std::result::Result<policy::PackOn<'p>, Refusal> {
        self.on(day).at(day)
    }
}

impl Packs {
    /// Loads the packs that come with the product, runs their examples and checks that they fit one another.
    ///
    /// # Errors
    /// `Internal` with file, line and column of the first fault.
    pub fn shipped() -> Result<Packs> {
        let packs = Packs::of(policy::shipped().map_err(Error::internal)?);
        match packs.faults().into_iter().next() {
            Some(fault) => Err(Error::internal(fault)),
            None => Ok(packs),
        }
    }
    /// Packs that were loaded elsewhere. Of several versions of one pack each ends the day before the next begins; of two
    /// that begin on the same day the one named later holds.
    pub fn of(loaded: Vec<Pack>) -> Packs {
        let mut lines: Vec<Vec<Pack>> = Vec::new();
        for pack in loaded {
            match lines.iter_mut().find(|l| l[0].id == pack.id) {
                Some(line) => {
                    line.retain(|p| p.effective_from != pack.effective_from);
                    let at = line.partition_point(|p| p.effective_from < pack.effective_from);
                    line.insert(at, pack);
                }
                None => lines.push(vec![pack]),
            }
        }
        let (mut packs, mut chains) = (Vec::new(), Vec::new());
        for mut line in lines {
            for i in 1..line.len() {
                let before = line[i].effective_from.plus_days(-1);
                let until = &mut line[i - 1].effective_to;
                *until = Some(until.map_or(before, |to| to.min(before)));
            }
            chains.push(packs.len()..packs.len() + line.len());
            packs.append(&mut line);
        }
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
        Packs { packs, chains, groups }
    }
    /// These packs with another version, as if it had been approved.
    pub fn with(&self, version: Pack) -> Packs {
        // The day a version ends is worked out anew: a version it was cut short by may be the one replaced.
        Packs::of(self.packs.iter().cloned().chain([version]).collect())
    }
    /// What keeps these packs from working together.
    pub fn faults(&self) -> Vec<PackError> {
        policy::check_set(&self.packs)
    }
    /// How many packs, each with all its versions.
    pub fn len(&self) -> usize {
        self.chains.len()
    }
    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }
    /// Everything the packs could speak of: the scope of work the platform does by itself. `None` without packs.
    pub fn everywhere(&self) -> Option<Scope> {
        let region = self.packs.first()?.place.at(Tier::Province);
        Some(Scope { region, org: OrgScope::Any })
    }
    /// Every version of every pack.
    pub fn all(&self) -> &[Pack] {
        &self.packs
    }
    /// Every pack with its versions.
    pub fn each(&self) -> impl Iterator<Item = Versions<'_>> {
        self.chains.iter().map(|range| Versions(&self.packs[range.clone()]))
    }
    /// The pack at a place of [`Packs::local`].
    pub fn versions(&self, pack: usize) -> Versions<'_> {
        Versions(&self.packs[self.chains[pack].clone()])
    }
    /// The packs that decide about the people of `region`, for [`Packs::versions`].
    pub fn local(&self, region: &RegionCode) -> Vec<usize> {
        let city = region.at(Tier::City);
        let decides = |p: &Pack| p.subject == Subject::Person && near(p, &city);
        self.each().enumerate().filter(|(_, v)| decides(v.newest())).map(|(i, _)| i).collect()
    }
    /// The groups of packs that fill a purse.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
    /// All versions of the pack with this id.
    pub fn find(&self, id: &str) -> Option<Versions<'_>> {
        self.each().find(|v| v.newest().id == id)
    }
    /// The version that speaks for the pack on `day`: see [`Versions::on`].
    pub fn get(&self, id: &str, day: CivilDate) -> Option<&Pack> {
        self.find(id).map(|v| v.on(day))
    }
    /// The title of the newest version.
    pub fn title(&self, id: &str) -> Option<&str> {
        self.find(id).map(|v| v.newest().title.as_str())
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
    /// The packs of a group, every version, in order of precedence.
    pub fn members(&self, group: &Group) -> Vec<&Pack> {
        group.members.iter().filter_map(|&i| self.packs.get(i)).collect()
    }
    /// The members of a group that are among `local`.
    pub(crate) fn members_of(&self, group: &Group, local: &[usize]) -> Vec<&Pack> {
        let here = |i: &&usize| local.iter().any(|&c| self.chains[c].contains(i));
        group.members.iter().filter(here).map(|&i| &self.packs[i]).collect()
    }
    /// The group a pack belongs to.
    pub fn group_of(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|g| self.members(g).iter().any(|p| p.id == id))
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
