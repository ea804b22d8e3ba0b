//! A result in words: level, total, why, parts, items, the six indicators.
use crate::model::{Sheet, indicators, indicators_by_correspondence};
use scales::{AppliedResult, ConditionAnswer, Finding, Outcome, Scale, Trigger};

/// A band of the total, for the bar.
pub(super) struct Band {
    pub title: String,
    pub range: String,
    /// Width in percent.
    pub width: i32,
    /// The final level lies here.
    pub on: bool,
    /// The total lies here, and an adjustment moved on from it.
    pub by: bool,
}

/// A reason: yes, no or unknown.
pub(super) struct Why {
    pub met: &'static str,
    pub text: String,
    pub fact: String,
    pub article: String,
}

/// A part with its subtotal or grade.
pub(super) struct Part {
    pub title: String,
    pub value: String,
    pub max: String,
    pub percent: i32,
    pub grade: String,
}

/// An answered item.
pub(super) struct Line {
    pub title: String,
    pub words: String,
    pub score: i32,
    pub note: String,
}

pub(super) struct Shown {
    pub level: String,
    pub total: Option<(i32, i32)>,
    pub bands: Vec<Band>,
    pub say: String,
    pub why: Vec<Why>,
    pub parts: Vec<Part>,
    pub kinds: Vec<(String, String)>,
    pub lines: Vec<Line>,
    /// Indicator and whether it is done unaided.
    pub six: Vec<(&'static str, bool)>,
    pub six_note: &'static str,
    pub notes: Vec<String>,
}

impl Shown {
    pub fn unable(&self) -> usize {
        self.six.iter().filter(|(_, able)| !able).count()
    }
}

/// `settled`: the level people settled where the standard left it open.
pub(super) fn shown(scale: &Scale, outcome: &Outcome, sheet: &Sheet, settled: Option<&str>) -> Shown {
    let undecided = matches!(outcome.level, Finding::Undecided { .. });
    let level = match settled {
        Some(word) if undecided => word.to_string(),
        _ => outcome.level.zh().to_string(),
    };
    let order = |f: &Finding| f.graded().map(|l| l.order);
    let (first, last) = (order(&outcome.preliminary), order(&outcome.level));
    let bands: Vec<Band> = scale
        .levels
        .iter()
        .filter_map(|l| l.bounds.map(|b| (l, b)))
        .map(|(l, b)| Band {
            title: l.title.clone(),
            range: if b.min == b.max { format!("{} 分", b.min) } else { format!("{}–{} 分", b.min, b.max) },
            width: scale.total.map_or(0, |t| (b.max - b.min + 1) * 100 / (t.max - t.min + 1)),
            on: last == Some(l.order),
            by: first == Some(l.order) && first != last,
        })
        .collect();
    let total = outcome.total.map(|t| (t.value, t.bounds.max));
    let say = match total {
        Some((value, max)) => format!("{value} 分，满分 {max} 分，定为{level}"),
        None => format!("定为{level}"),
    };
    let six = indicators(outcome).into_iter().map(|i| (i.fact.zh(), i.unaided)).collect::<Vec<_>>();
    let by = indicators_by_correspondence(scale.id.as_str());
    Shown {
        why: why(scale, outcome, sheet, settled),
        parts: parts(outcome),
        kinds: outcome
            .kinds
            .iter()
            .map(|k| (k.title.clone(), format!("{} 分，{}", k.sum.value, k.verdict.zh())))
            .collect(),
        lines: outcome
            .items
            .iter()
            .map(|i| Line {
                title: i.title.clone(),
                words: i.words.clone(),
                score: i.score,
                note: sheet.notes.get(i.item.as_str()).cloned().unwrap_or_default(),
            })
            .collect(),
        six_note: match (six.is_empty(), by) {
            (true, _) => "",
            (false, true) => "由国标里相同的项目对应得出：不用别人动手帮就算做得到。这个对应是本地约定。",
            (false, false) => "按六项指标逐项问得。",
        },
        six,
        notes: outcome.notes.clone(),
        level,
        total,
        bands,
        say,
    }
}

fn why(scale: &Scale, outcome: &Outcome, sheet: &Sheet, settled: Option<&str>) -> Vec<Why> {
    let mut out = Vec::new();
    let range = outcome
        .preliminary
        .graded()
        .and_then(|l| scale.level(&l.code))
        .and_then(|l| l.bounds)
        .map(|b| format!("{}–{} 分是这一级", b.min, b.max))
        .unwrap_or_default();
    match (&outcome.preliminary, outcome.total) {
        (Finding::Level(l), Some(t)) => out.push(Why {
            met: "yes",
            text: format!("{} 分，是{}", t.value, l.zh),
            fact: range,
            article: scale.document.clone(),
        }),
        (Finding::Level(l), None) => out.push(Why {
            met: "yes",
            text: format!("各部分合起来是{}", l.zh),
            fact: String::new(),
            article: scale.document.clone(),
        }),
        (Finding::Undecided { why, between, .. }, _) => {
            let names = between.iter().map(|l| l.zh.as_str()).collect::<Vec<_>>().join("、");
            out.push(Why { met: "unknown", text: why.clone(), fact: names, article: scale.document.clone() });
        }
        (Finding::NotGraded, _) => {}
    }
    for a in &scale.adjustments {
        let facts = facts(scale, sheet, &a.trigger);
        match outcome.adjustments.iter().find(|x| x.id == a.id) {
            Some(applied) => {
                let after = match applied.result {
                    AppliedResult::Changed => format!("升为{}", applied.after),
                    other => other.zh().to_string(),
                };
                let text = format!("{}：{after}", applied.reason);
                out.push(Why { met: "yes", text, fact: facts, article: applied.source.clone() });
            }
            None => out.push(Why {
                met: "no",
                text: format!("没有这种情形：{}", a.reason),
                fact: facts,
                article: a.source.clone(),
            }),
        }
    }
    if let Some(word) = settled.filter(|_| matches!(outcome.level, Finding::Undecided { .. })) {
        out.push(Why {
            met: "yes",
            text: format!("商定为{word}"),
            fact: String::new(),
            article: "经过里写着理由".into(),
        });
    }
    out
}

/// What was answered to the conditions an adjustment looks at.
fn facts(scale: &Scale, sheet: &Sheet, trigger: &Trigger) -> String {
    let Trigger::Count { of, .. } = trigger else { return String::new() };
    let said = of.iter().filter_map(|id| {
        let question = &scale.conditions.iter().find(|c| c.id == *id)?.question;
        match sheet.conditions.get(id.as_str())? {
            ConditionAnswer::Count(0) | ConditionAnswer::Flag(_) => None,
            ConditionAnswer::Count(n) => Some(format!("{question}{n} 次")),
        }
    });
    said.collect::<Vec<_>>().join("；")
}

fn parts(outcome: &Outcome) -> Vec<Part> {
    outcome
        .sections
        .iter()
        .map(|s| Part {
            title: s.title.clone(),
            value: s.sum.map(|t| t.value.to_string()).unwrap_or_default(),
            max: s.sum.map(|t| t.bounds.max.to_string()).unwrap_or_default(),
            percent: s.sum.map_or(0, |t| (t.value - t.bounds.min) * 100 / (t.bounds.max - t.bounds.min).max(1)),
            grade: s.grade.as_ref().map(|g| g.zh.clone()).unwrap_or_default(),
        })
        .collect()
}
