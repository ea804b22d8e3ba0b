//! The why-tree as pages draw it: each condition with its state, the fact it was decided on and the article.
use crate::model::{DeterminationView, ELSEWHERE};
use kernel::{ElderId, RegionBook, RegionCode, Result, Scope};
use people::model::FactKind;
use policy::{Fact, FactShown, Facts, Reason, Truth, Value};
use std::collections::HashMap;
use store::Db;

/// One condition in the order it is drawn. Lists are opened and closed by the node before.
pub(crate) struct Twig {
    /// `yes`, `no` or `unknown`.
    pub met: &'static str,
    pub text: String,
    pub fact: String,
    pub article: String,
    /// Its children follow in a list of their own.
    pub opens: bool,
    /// So many lists end after it.
    pub closes: usize,
}

/// Where facts come from, in words: `入户采集 2026-11-02`.
#[derive(Default)]
pub(crate) struct Sources(HashMap<Fact, String>);

impl Sources {
    /// The latest record of each fact; what was never changed stands as the archive was opened.
    pub(crate) async fn of(db: &Db, scope: &Scope, elder: ElderId) -> Result<Sources> {
        let archive = people::service::archive(db, scope, elder).await?;
        let opened = format!("{} {}", archive.source.zh(), archive.created_at.date());
        let mut out: HashMap<Fact, String> = [Fact::Hukou, Fact::HukouRegion, Fact::ResidenceRegion]
            .into_iter()
            .chain([Fact::IncomeClass, Fact::Living, Fact::SpecialGroups, Fact::CareDependence, Fact::DisabilityCert])
            .map(|f| (f, opened.clone()))
            .collect();
        for row in people::service::history(db, scope, elder).await? {
            if let Some(fact) = fact_of(row.fact) {
                // The day it became so, where one is written down; a record of an assessment is of that day.
                let day = row.valid_from.unwrap_or_else(|| row.recorded_at.date());
                out.insert(fact, format!("{} {day}", row.source.zh()));
            }
        }
        Ok(Sources(out))
    }
    fn get(&self, fact: Fact) -> &str {
        self.0.get(&fact).map_or("", String::as_str)
    }
}

fn fact_of(kind: FactKind) -> Option<Fact> {
    Some(match kind {
        FactKind::Hukou => Fact::Hukou,
        FactKind::HukouRegion | FactKind::MovedOut => Fact::HukouRegion,
        FactKind::Region => Fact::ResidenceRegion,
        FactKind::Living => Fact::Living,
        FactKind::Income => Fact::IncomeClass,
        FactKind::Specials => Fact::SpecialGroups,
        FactKind::Care => Fact::CareDependence,
        FactKind::Certificate => Fact::DisabilityCert,
        FactKind::Institution => Fact::InstitutionResident,
        FactKind::Death => Fact::DeathDate,
        FactKind::AssessedOn => Fact::AssessedOn,
        FactKind::AssessmentStandard => Fact::AssessmentStandard,
        FactKind::AbilityLevel => Fact::AbilityLevel,
        kind if FactKind::SIX.contains(&kind) || FactKind::ASKED.contains(&kind) => Fact::parse(kind.code())?,
        _ => return None,
    })
}

/// What a tree needs to say its facts.
pub(crate) struct Words<'a> {
    pub regions: &'a RegionBook,
    pub sources: &'a Sources,
}

impl Words<'_> {
    fn region(&self, code: &RegionCode) -> String {
        if code.as_str() == ELSEWHERE { "已迁出本市".into() } else { self.regions.full(code) }
    }
    /// 农村，入户采集 2026-11-02
    fn fact(&self, d: &DeterminationView, shown: &FactShown) -> String {
        let Some(fact) = Fact::parse(&shown.name) else { return shown.value.clone() };
        let facts: &Facts = &d.facts;
        let of_region = |fact: Fact| match facts.get(fact) {
            Value::Region(code) => self.region(&code),
            _ => format!("没有登记{}", fact.zh()),
        };
        let (said, source) = match fact {
            Fact::Age => (age(d, &shown.value), ""),
            Fact::InLocalHukou | Fact::HukouRegion => {
                (of_region(Fact::HukouRegion), self.sources.get(Fact::HukouRegion))
            }
            Fact::InLocalResidence | Fact::ResidenceRegion => {
                (of_region(Fact::ResidenceRegion), self.sources.get(Fact::ResidenceRegion))
            }
            Fact::Alive => match facts.death_date() {
                Some(day) => (format!("{day} 去世"), self.sources.get(Fact::DeathDate)),
                None => ("没有去世登记".into(), ""),
            },
            other if facts.get(other) == Value::Unknown && !other.def().derived => {
                (format!("没有登记{}", other.zh()), "")
            }
            Fact::DisabilityCert | Fact::InstitutionResident => {
                (format!("{}：{}", fact.zh(), shown.value), self.sources.get(fact))
            }
            other => (shown.value.clone(), self.sources.get(other)),
        };
        if source.is_empty() { said } else { format!("{said}，{source}") }
    }
    /// The tree below the root, whose own label is the heading.
    pub(crate) fn tree(&self, d: &DeterminationView) -> Vec<Twig> {
        let root = &d.explanation.root;
        let mut out = Vec::new();
        let top: Vec<&Reason> = if root.children.is_empty() { vec![root] } else { root.children.iter().collect() };
        for reason in top {
            self.grow(d, reason, &mut out);
        }
        out
    }
    fn grow(&self, d: &DeterminationView, reason: &Reason, out: &mut Vec<Twig>) {
        let facts: Vec<String> = reason.facts.iter().map(|f| self.fact(d, f)).collect();
        out.push(Twig {
            met: met(reason.truth),
            text: reason.label.clone(),
            fact: facts.join("，"),
            article: reason.article.clone().unwrap_or_default(),
            opens: !reason.children.is_empty(),
            closes: 0,
        });
        for child in &reason.children {
            self.grow(d, child, out);
        }
        if !reason.children.is_empty()
            && let Some(last) = out.last_mut()
        {
            last.closes += 1;
        }
    }
}

pub(crate) const fn met(truth: Truth) -> &'static str {
    match truth {
        Truth::Met => "yes",
        Truth::Unmet => "no",
        Truth::Unknown => "unknown",
    }
}

/// 77 周岁，2029-03-08 满 80
fn age(d: &DeterminationView, value: &str) -> String {
    let Some(birth) = d.facts.birth_date() else { return "没有登记出生日期".into() };
    let now = format!("{value} 周岁");
    match d.ends_on.map(|end| (end, birth.age_on(end))) {
        Some((end, years)) if birth.birthday(years) == end => format!("{now}，{end} 满 {years}"),
        _ => format!("{now}，{birth} 出生"),
    }
}

/// What stands in the way, in the words of the conditions: 满 75 周岁、不满 80 周岁.
pub(crate) fn in_the_way(d: &DeterminationView) -> Vec<String> {
    fn leaves<'a>(reason: &'a Reason, wanted: Truth, out: &mut Vec<&'a Reason>) {
        if reason.truth != wanted {
            return;
        }
        if reason.children.is_empty() {
            out.push(reason);
        }
        reason.children.iter().for_each(|c| leaves(c, wanted, out));
    }
    if !d.explanation.missing.is_empty() {
        return d.explanation.missing.iter().map(|f| format!("没有登记{}", f.zh)).collect();
    }
    let mut found = Vec::new();
    leaves(&d.explanation.root, Truth::Unmet, &mut found);
    found.iter().map(|r| r.label.clone()).collect()
}

/// `4 个条件都满足`, `差 1 个条件`, `还缺 1 项资料`
pub(crate) fn headline(d: &DeterminationView) -> String {
    let (met, all) = d.explanation.root.count();
    match d.verdict {
        policy::Verdict::Eligible if met == all => format!("{all} 个条件都满足"),
        policy::Verdict::Eligible => format!("{all} 个条件里满足 {met} 个，够了"),
        policy::Verdict::NotEligible => format!("{all} 个条件里有 {} 个不满足", all - met),
        policy::Verdict::Unknown => format!("还缺 {} 项资料", d.explanation.missing.len()),
    }
}
