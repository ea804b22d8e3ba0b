//! What differs between two texts of a pack, part by part, for people.
use crate::grant::{Covers, GrantKind};
use crate::pack::{Condition, Grant, Join, Pack};
use crate::parameter::Parameter;
use serde::Serialize;

/// A part that differs: its kind, its name, the text before and after; one is missing where it is new or gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `pack`, `parameter`, `condition`, `grant`, `class` or `article`.
    pub part: &'static str,
    pub name: String,
    /// Chinese: what a person calls it.
    pub label: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Difference {
    pub fn part_zh(&self) -> &'static str {
        match self.part {
            "parameter" => "参数",
            "condition" => "条件",
            "grant" => "待遇",
            "class" => "类别",
            "article" => "条文",
            _ => "基本项",
        }
    }
}

/// A part as it is compared: name, label, text.
type Part = (String, String, String);

/// Everything that differs between `a` and `b`, in the order of the document.
pub fn differences(a: &Pack, b: &Pack) -> Vec<Difference> {
    let mut found = compare("pack", frame(a), frame(b));
    for (part, of) in PARTS {
        found.extend(compare(part, of(a), of(b)));
    }
    found
}

/// Takes the comparable parts of one kind out of a pack.
type Pick = fn(&Pack) -> Vec<Part>;
const PARTS: [(&str, Pick); 5] = [
    ("article", articles),
    ("parameter", |p| p.parameters.iter().map(|v| (v.name.clone(), v.label.clone(), values(p, v))).collect()),
    ("condition", |p| p.conditions.iter().map(|c| (c.name.clone(), c.label.clone(), condition(p, c))).collect()),
    ("grant", |p| p.grants.iter().map(|g| (g.name.clone(), g.label.clone(), grant(p, g))).collect()),
    ("class", classes),
];

fn compare(part: &'static str, before: Vec<Part>, after: Vec<Part>) -> Vec<Difference> {
    let find = |side: &[Part], name: &str| side.iter().find(|p| p.0 == name).map(|p| p.2.clone());
    let gone = before.iter();
    let new = after.iter().filter(|p| find(&before, &p.0).is_none());
    gone.chain(new)
        .map(|(name, label, _)| Difference {
            part,
            name: name.clone(),
            label: after.iter().find(|p| p.0 == *name).map_or(label, |p| &p.1).clone(),
            before: find(&before, name),
            after: find(&after, name),
        })
        .filter(|d| d.before != d.after)
        .collect()
}

fn frame(p: &Pack) -> Vec<Part> {
    let part = |name: &str, label: &str, text: String| (name.to_string(), label.to_string(), text);
    let mut out = vec![
        part("id", "编号", p.id.clone()),
        part("title", "名称", p.title.clone()),
        part("document", "文件", p.document.clone()),
        part("place", "适用", p.place.to_string()),
        part("precedence", "先后", p.precedence.to_string()),
        part("effective_from", "施行日期", p.effective_from.to_string()),
        part("application_needed", "要申请", if p.application_needed { "是" } else { "否" }.to_string()),
    ];
    out.extend(p.effective_to.map(|day| part("effective_to", "失效日期", day.to_string())));
    out
}

fn articles(p: &Pack) -> Vec<Part> {
    let text = |a: &crate::pack::Article| (a.id.clone(), a.label.clone(), format!("{}：{}", a.label, a.summary));
    p.articles.iter().map(text).collect()
}

fn values(pack: &Pack, p: &Parameter) -> String {
    let each = p.values.iter().map(|v| {
        let until = v.to.map_or_else(String::new, |to| format!(" 到 {to}"));
        let from = v.article.and_then(|a| pack.articles.get(a)).map(|a| format!("，{}", a.label)).unwrap_or_default();
        format!("{}（{} 起{until}{from}）", v.value.zh(), v.from)
    });
    each.collect::<Vec<_>>().join("；")
}

fn condition(pack: &Pack, c: &Condition) -> String {
    let article = c.article.and_then(|a| pack.articles.get(a)).map(|a| format!("（{}）", a.label)).unwrap_or_default();
    match (c.cel(), c.join()) {
        (Some(cel), _) => format!("{}{article}：{cel}", c.label),
        (None, join) => {
            let below: Vec<&str> = c.children().iter().map(|&i| pack.conditions[i].label.as_str()).collect();
            let how = match join {
                Some(Join::All) => "全部成立",
                Some(Join::Any) => "有一样成立",
                Some(Join::AtLeast(_)) => "成立的够数",
                None => "看能力评估",
            };
            format!("{}{article}，{how}：{}", c.label, below.join("、"))
        }
    }
}

fn grant(pack: &Pack, g: &Grant) -> String {
    let article = pack.articles.get(g.article).map(|a| format!("（{}）", a.label)).unwrap_or_default();
    let gives = pack.at(pack.effective_from).map(|on| on.grant_zh(&g.kind)).unwrap_or_default();
    format!("{}{article}：{gives}{}", g.label, terms(&g.kind))
}

/// What a kind's amount does not tell.
fn terms(kind: &GrantKind) -> String {
    match kind {
        GrantKind::HouseholdPurse { settlement, carry_over, accumulates, .. }
        | GrantKind::PersonPurse { settlement, carry_over, accumulates, .. } => {
            let kept = if *accumulates { "期内累计" } else { "当月用完" };
            let carried = if *carry_over { "余额结转" } else { "到期清零" };
            format!("，{}，{kept}，{carried}", settlement.zh())
        }
        GrantKind::Reimbursement { covers: Covers::Basic, .. } => "，只算基础项目".into(),
        GrantKind::Reimbursement { .. } => "，基础项目做完可算可选项目".into(),
        _ => String::new(),
    }
}

fn classes(p: &Pack) -> Vec<Part> {
    let text = |c: &crate::pack::Class| {
        let grants: Vec<&str> = c.grants.iter().map(|&g| p.grants[g].label.as_str()).collect();
        format!("{}：{}，给{}", c.label, p.conditions[c.when].label, grants.join("、"))
    };
    p.classes.iter().map(|c| (c.name.clone(), c.label.clone(), text(c))).collect()
}
