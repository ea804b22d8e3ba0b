//! Reading an outcome out: the tree of conditions with their states, articles and the values they were decided on.
use crate::decide::{Outcome, PackOn, Truth, Verdict};
use crate::facts::{FactSet, Facts, View};
use crate::pack::Pack;
use crate::parameter::Setting;
use kernel::{CivilDate, Fen};
use serde::{Deserialize, Serialize};

/// Everything the 依据 panel shows; can be stored as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub pack: String,
    pub title: String,
    pub document: String,
    /// [`Pack::version`].
    pub version: u64,
    pub local_example: bool,
    pub on: CivilDate,
    pub verdict: Verdict,
    /// The class's Chinese label.
    pub class: Option<String>,
    pub grants: Vec<GrantShown>,
    /// The facts to be recorded before this can be decided.
    pub missing: Vec<FactShown>,
    pub root: Reason,
    /// Where the source is silent: what this pack chose.
    pub choices: Vec<Choice>,
}

/// A grant with its amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantShown {
    pub name: String,
    pub label: String,
    pub article: String,
    /// `每户每月`
    pub per: String,
    /// The amount, unit amount or cap; zero where no money is given.
    pub amount: Fen,
    /// [`crate::GrantKind::code`]; empty in what was stored before kinds were told apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// All of it in words: `每户每月 ¥100.00`, `每周 1 次`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A condition of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub name: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    pub truth: Truth,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactShown>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Reason>,
}

impl Reason {
    /// How many leaves are met, and how many there are.
    pub fn count(&self) -> (usize, usize) {
        if self.children.is_empty() {
            return (usize::from(self.truth == Truth::Met), 1);
        }
        self.children.iter().map(Reason::count).fold((0, 0), |(m, n), (a, b)| (m + a, n + b))
    }
}

/// A fact with the value it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactShown {
    pub name: String,
    pub zh: String,
    /// Chinese; `不知道` when unknown.
    pub value: String,
}

/// A parameter the source leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub parameter: String,
    pub label: String,
    pub value: String,
    pub why: String,
}

impl Pack {
    /// The parameters on `day` whose value the source does not give.
    pub fn choices(&self, day: CivilDate) -> Vec<Choice> {
        let on_day = self.parameters.iter().filter_map(|p| Some((p, p.on(day)?)));
        on_day
            .filter_map(|(p, v)| {
                Some(Choice {
                    parameter: p.name.clone(),
                    label: p.label.clone(),
                    value: v.value.zh(),
                    why: v.choice.clone()?,
                })
            })
            .collect()
    }
}

impl PackOn<'_> {
    /// A label with the values of this day for its `{parameters}`.
    pub fn fill(&self, label: &str) -> String {
        if !label.contains('{') {
            return label.to_owned();
        }
        let mut filled = label.to_owned();
        for (i, parameter) in self.pack.parameters.iter().enumerate() {
            let value = match self.setting(i) {
                Setting::Money(fen) => fen.plain().trim_end_matches(".00").to_owned(),
                other => other.zh(),
            };
            filled = filled.replace(&format!("{{{}}}", parameter.name), &value);
        }
        filled
    }

    /// Reads `outcome` out with the facts it was decided on.
    pub fn explain(&self, outcome: &Outcome, facts: &Facts) -> Explanation {
        let pack = self.pack;
        let view = self.view(facts);
        let root = match (outcome.class, pack.classes.as_slice()) {
            (Some(c), _) => self.reason(outcome, &view, pack.classes[usize::from(c)].when),
            (None, [only]) => self.reason(outcome, &view, only.when),
            (None, classes) => Reason {
                name: "any_class".into(),
                label: "属于下列任一类".into(),
                article: None,
                truth: Truth::Unmet,
                facts: Vec::new(),
                children: classes.iter().map(|c| self.reason(outcome, &view, c.when)).collect(),
            },
        };
        Explanation {
            pack: pack.id.clone(),
            title: pack.title.clone(),
            document: pack.document.clone(),
            version: pack.version,
            local_example: pack.local_example,
            on: self.on,
            verdict: outcome.verdict,
            class: outcome.class.map(|c| pack.classes[usize::from(c)].label.clone()),
            grants: self
                .grants(outcome)
                .map(|(grant, amount)| GrantShown {
                    name: grant.name.clone(),
                    label: self.fill(&grant.label),
                    article: pack.articles[grant.article].label.clone(),
                    per: grant.kind.per_zh().into(),
                    amount,
                    kind: grant.kind.code().into(),
                    text: self.grant_zh(&grant.kind),
                })
                .collect(),
            missing: shown(&view, outcome.missing),
            root,
            choices: pack.choices(self.on),
        }
    }

    fn reason(&self, outcome: &Outcome, view: &View, i: usize) -> Reason {
        let condition = &self.pack.conditions[i];
        Reason {
            name: condition.name.clone(),
            label: self.fill(&condition.label),
            article: condition.article.map(|a| self.pack.articles[a].label.clone()),
            truth: outcome.truth(i),
            facts: shown(view, condition.facts()),
            children: condition.children().iter().map(|&c| self.reason(outcome, view, c)).collect(),
        }
    }
}

fn shown(view: &View, facts: FactSet) -> Vec<FactShown> {
    facts
        .iter()
        .map(|f| FactShown { name: f.name().into(), zh: f.zh().into(), value: view.get(f).zh(f.ty()) })
        .collect()
}
