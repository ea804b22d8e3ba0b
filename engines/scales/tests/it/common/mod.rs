//! What the tests share: shipped scales by name and answers that reach a wanted sum.
#![allow(dead_code)]
use scales::{AnswerKind, Answers, ConditionAnswer, ConditionKind, Context, Item, Outcome, Scale, score, shipped};
use std::collections::BTreeMap;

pub fn scale(id: &str) -> Scale {
    shipped().unwrap().into_iter().find(|s| s.id.as_str() == id).unwrap()
}

/// Every condition answered with "no" or "never".
pub fn nothing_else(scale: &Scale) -> Context {
    let mut context = Context::default();
    for c in &scale.conditions {
        let answer = match c.kind {
            ConditionKind::Flag => ConditionAnswer::Flag(false),
            ConditionKind::Count => ConditionAnswer::Count(0),
        };
        context.conditions.insert(c.id.clone(), answer);
    }
    context
}

/// For every sum these items can reach, one way to answer them.
pub fn ways<'i>(items: impl Iterator<Item = &'i Item>) -> BTreeMap<i32, Vec<(String, String)>> {
    let mut ways = BTreeMap::from([(0, Vec::new())]);
    for item in items {
        let AnswerKind::Options(options) = &item.answer else { panic!("{} is measured", item.id) };
        let mut next = BTreeMap::new();
        for (sum, way) in &ways {
            for o in options {
                next.entry(sum + o.score).or_insert_with(|| {
                    let mut way: Vec<(String, String)> = way.clone();
                    way.push((item.id.to_string(), o.code.to_string()));
                    way
                });
            }
        }
        ways = next;
    }
    ways
}

pub fn answers(way: &[(String, String)]) -> Answers {
    let mut answers = Answers::new();
    for (item, option) in way {
        answers.choose(item.as_str(), option.as_str());
    }
    answers
}

/// For every total of the scale one set of answers.
pub fn by_total(scale: &Scale) -> BTreeMap<i32, Answers> {
    ways(scale.items()).into_iter().map(|(sum, way)| (sum, answers(&way))).collect()
}

/// Sets the section to a sum, leaving the rest.
pub fn put_section(scale: &Scale, answers: &mut Answers, section: &str, sum: i32) {
    let section = scale.sections.iter().find(|s| s.id.as_str() == section).unwrap();
    let ways = ways(section.items.iter());
    for (item, option) in &ways[&sum] {
        answers.choose(item.as_str(), option.as_str());
    }
}

pub fn done(scale: &Scale, answers: &Answers, context: &Context) -> Outcome {
    score(scale, answers, context).unwrap_or_else(|e| panic!("{}: {e}", scale.id))
}

/// The code of the final level.
#[track_caller]
pub fn level(outcome: &Outcome) -> &str {
    outcome.level.graded().unwrap_or_else(|| panic!("no level: {:?}", outcome.level)).code.as_str()
}
