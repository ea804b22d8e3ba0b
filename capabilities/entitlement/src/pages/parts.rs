//! Parts of a pack in words: what it gives, what has to be shown, what it does not go together with, its examples.
use crate::packs::Packs;
use kernel::{CivilDate, Error};
use policy::{Covers, Fact, GrantKind, Lapse, Pack};

/// One grant of one class.
pub(crate) struct GrantLine {
    pub class: String,
    pub label: String,
    /// All of it in words: 每户每月 ¥100.00，按季结算，季末清零.
    pub gives: String,
    pub article: String,
}

/// Another pack that does not give beside this one.
pub(crate) struct Relation {
    pub id: String,
    pub title: String,
    pub says: &'static str,
}

/// One example of the pack's own; it passed when the pack was loaded.
pub(crate) struct ExampleShown {
    pub name: String,
    pub asked: String,
    pub answer: String,
}

pub(crate) fn grants(pack: &Pack, day: CivilDate) -> Vec<GrantLine> {
    let Ok(on) = pack.at(day) else { return Vec::new() };
    let mut out = Vec::new();
    for class in &pack.classes {
        for grant in class.grants.iter().filter_map(|&g| pack.grants.get(g)) {
            let more = match &grant.kind {
                GrantKind::HouseholdPurse { settlement, carry_over, accumulates, .. }
                | GrantKind::PersonPurse { settlement, carry_over, accumulates, .. } => match (accumulates, carry_over)
                {
                    (false, _) => format!("，{}，当月用完", settlement.zh()),
                    (true, true) => format!("，{}，余额结转", settlement.zh()),
                    (true, false) => format!("，{}，到期清零", settlement.zh()),
                },
                GrantKind::Reimbursement { covers: Covers::Basic, .. } => "，只算基础项目".into(),
                GrantKind::Reimbursement { .. } => "，基础项目都做完，可选项目也算".into(),
                GrantKind::PriorityRight => "，不发钱".into(),
                _ => String::new(),
            };
            out.push(GrantLine {
                class: on.fill(&class.label),
                label: on.fill(&grant.label),
                gives: format!("{}{more}", on.grant_zh(&grant.kind)),
                article: pack.articles.get(grant.article).map(|a| a.label.clone()).unwrap_or_default(),
            });
        }
    }
    out
}

/// The assessment a pack stands on, one line a rule.
pub(crate) fn assessed(pack: &Pack, day: CivilDate) -> Vec<String> {
    let Some(rule) = &pack.assessment else { return Vec::new() };
    let codes = Fact::AssessmentStandard.ty().codes();
    let named =
        |code: &&str| codes.iter().find(|(c, _)| c == code).map_or((*code).to_string(), |(_, zh)| zh.to_string());
    let standards: Vec<String> = rule.standards.iter().map(named).collect();
    let months = rule.valid_months.and_then(|i| pack.parameters.get(i)?.on(day)).map(|v| v.value.zh());
    let then = |lapse: Lapse| if lapse == Lapse::Unknown { "算缺资料" } else { "算不符合" };
    vec![
        format!("要有按 {} 做的能力评估", standards.join("、")),
        match months {
            Some(n) => format!("评估起 {n} 个月内有效，评估自己写了更早日期的按它"),
            None => "到评估自己写的有效期为止".into(),
        },
        format!("没有评估的{}，过期的{}", then(rule.missing), then(rule.expired)),
    ]
}

/// What has to be shown: the paper, the facts it proves, the article.
pub(crate) fn evidence(pack: &Pack) -> Vec<(String, String, String)> {
    let proves = |names: &[&str]| {
        let facts: Vec<&str> = names.iter().filter_map(|n| Fact::parse(n)).map(Fact::zh).collect();
        facts.join("、")
    };
    let article = |i: usize| pack.articles.get(i).map(|a| a.label.clone()).unwrap_or_default();
    pack.evidence.iter().map(|e| (e.label.clone(), proves(&e.proves), article(e.article))).collect()
}

/// The packs that do not give beside this one, and which of the two does.
pub(crate) fn relations(pack: &Pack, packs: &Packs, day: CivilDate) -> Vec<Relation> {
    let relation = |other: &Pack| {
        let named = pack.exclusive_with.contains(&other.id) || other.exclusive_with.contains(&pack.id);
        let exclusive = named || (pack.group.is_some() && pack.group == other.group);
        let says = match (pack.excludes.contains(&other.id), other.excludes.contains(&pack.id)) {
            (true, _) => "两项都符合的，给本政策的",
            (_, true) => "两项都符合的，给那一项",
            _ if !exclusive => return None,
            _ if pack.precedence <= other.precedence => "只给一项，先给本政策的",
            _ => "只给一项，先给那一项",
        };
        Some(Relation { id: other.id.clone(), title: other.title.clone(), says })
    };
    packs
        .each()
        .map(|v| v.on(day))
        .filter(|o| o.id != pack.id && o.subject == pack.subject)
        .filter_map(relation)
        .collect()
}

/// The pack's examples in words. They were all run when it was loaded, so each of them holds.
pub(crate) fn examples(pack: &Pack) -> kernel::Result<Vec<ExampleShown>> {
    let text: toml::Table = pack.text.parse().map_err(Error::internal)?;
    let Some(list) = text.get("examples").and_then(|e| e.as_array()) else { return Ok(Vec::new()) };
    let word = |table: &toml::Value, key: &str| match table.get(key) {
        Some(toml::Value::String(s)) => s.clone(),
        Some(toml::Value::Array(items)) => items.iter().filter_map(|i| i.as_str()).collect::<Vec<_>>().join("、"),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let named = |codes: String| {
        let names = codes.split('、').filter_map(Fact::parse).map(Fact::zh);
        names.collect::<Vec<_>>().join("、")
    };
    let sums = |e: &toml::Value, key: &str| -> Vec<String> {
        let of = |(name, sum): (&String, &toml::Value)| {
            let label = pack.grants.iter().find(|g| g.name == *name).map_or(name.as_str(), |g| g.label.as_str());
            format!("{label} ¥{}", sum.as_str().unwrap_or_default())
        };
        e.get(key).and_then(|t| t.as_table()).map(|t| t.iter().map(of).collect()).unwrap_or_default()
    };
    Ok(list
        .iter()
        .map(|e| {
            let quarter = word(e, "quarter");
            let (asked, answer) = if quarter.is_empty() {
                let verdict = policy::Verdict::parse(&word(e, "expect")).map_or("", policy::Verdict::zh);
                let (grant, missing) = (word(e, "grant"), named(word(e, "missing")));
                let class = pack.classes.iter().find(|c| c.name == word(e, "class"));
                let mut answer = class.map_or_else(|| verdict.to_string(), |c| format!("{verdict}，{}", c.label));
                if !missing.is_empty() {
                    answer.push_str(&format!("：{missing}"));
                } else if !sums(e, "amounts").is_empty() {
                    answer.push_str(&format!("，{}", sums(e, "amounts").join("，")));
                } else if !grant.is_empty() {
                    answer.push_str(&format!("，每月 ¥{grant}"));
                }
                for own in sums(e, "own") {
                    answer.push_str(&format!("，自付部分：{own}"));
                }
                (word(e, "on"), answer)
            } else {
                let months = word(e, "months");
                let months = if months.is_empty() { "没有".into() } else { months };
                (quarter, format!("享受 {months}"))
            };
            ExampleShown { name: word(e, "name"), asked, answer }
        })
        .collect())
}
