//! From answers to an outcome.
use crate::adjust::adjust;
use crate::answers::{Answer, Answers, ConditionAnswer, Context};
use crate::error::ScoreError;
use crate::grade::{Found, combined};
use crate::ids::{ConditionId, ItemId};
use crate::outcome::{Graded, ItemScore, KindScore, Outcome, SectionScore, Total, Verdict};
use crate::scale::{AnswerKind, ConditionKind, Grading, Item, Kinds, NumberKind, Range, Scale, Section};

/// Scores a complete set of answers.
///
/// # Errors
/// Answers and conditions that do not belong to the scale are refused first; then everything missing is listed.
pub fn score(scale: &Scale, answers: &Answers, context: &Context) -> Result<Outcome, ScoreError> {
    let items = scored_items(scale, answers, context)?;
    let sections = scale.sections.iter().map(|s| section(s, &items)).collect::<Vec<_>>();
    let total = scale.total.map(|bounds| Total { value: items.iter().map(|i| i.score).sum(), bounds });
    let mut notes = Vec::new();
    let found = match (&scale.grading, total) {
        (Grading::Bounds, Some(total)) => {
            let level = scale.levels.iter().find(|l| l.bounds.is_some_and(|b| b.contains(total.value)));
            level.map_or(Found::NotGraded, |l| Found::Level(l.order))
        }
        (Grading::Combination(rules), _) => {
            let grades: Vec<usize> =
                sections.iter().filter_map(|s| s.grade.as_ref()).map(|g| usize::from(g.order)).collect();
            combined(scale, rules, &grades, context.settings.combination, &mut notes)
        }
        (Grading::Bounds | Grading::Kinds(_) | Grading::None, _) => Found::NotGraded,
    };
    let kinds = match &scale.grading {
        Grading::Kinds(rules) => sort(scale, rules, &items, &mut notes),
        Grading::Bounds | Grading::Combination(_) | Grading::None => Vec::new(),
    };
    let preliminary = found.finding(scale);
    let (last, adjustments) = adjust(scale, found, &items, context, &mut notes);
    let level = last.finding(scale);
    let care = level.graded().and_then(|l| scale.level(&l.code)).and_then(|l| l.care.clone());
    Ok(Outcome {
        scale: scale.id.clone(),
        version: scale.version.clone(),
        title: scale.title.clone(),
        items,
        sections,
        total,
        preliminary,
        adjustments,
        level,
        notes,
        kinds,
        care,
    })
}

fn scored_items(scale: &Scale, answers: &Answers, context: &Context) -> Result<Vec<ItemScore>, ScoreError> {
    if let Some((stray, _)) = answers.iter().find(|(id, _)| scale.item(id).is_none()) {
        return Err(ScoreError::NoSuchItem(stray.clone()));
    }
    for (id, answer) in &context.conditions {
        let condition = scale.conditions.iter().find(|c| c.id == *id);
        match (condition.map(|c| c.kind), answer) {
            (None, _) => return Err(ScoreError::NoSuchCondition(id.clone())),
            (Some(ConditionKind::Flag), ConditionAnswer::Count(_)) => return Err(ScoreError::FlagNeeded(id.clone())),
            (Some(ConditionKind::Count), ConditionAnswer::Flag(_)) => return Err(ScoreError::CountNeeded(id.clone())),
            (Some(ConditionKind::Flag), ConditionAnswer::Flag(_))
            | (Some(ConditionKind::Count), ConditionAnswer::Count(_)) => {}
        }
    }
    for (item, answer) in scale.items().filter_map(|i| answers.get(&i.id).map(|a| (i, a))) {
        check(item, answer)?;
    }
    let items: Vec<ItemId> = scale.items().filter(|i| answers.get(&i.id).is_none()).map(|i| i.id.clone()).collect();
    let conditions: Vec<ConditionId> =
        scale.conditions.iter().map(|c| &c.id).filter(|id| !context.conditions.contains_key(*id)).cloned().collect();
    let incomplete = || ScoreError::Missing { items: items.clone(), conditions: conditions.clone() };
    if !items.is_empty() || !conditions.is_empty() {
        return Err(incomplete());
    }
    // Nothing is missing, so every item has an answer and a score.
    scale.items().map(|item| item_score(item, answers).ok_or_else(incomplete)).collect()
}

fn check(item: &Item, answer: &Answer) -> Result<(), ScoreError> {
    match (&item.answer, answer) {
        (AnswerKind::Options(options), Answer::Option(code)) => {
            if options.iter().any(|o| o.code == *code) {
                return Ok(());
            }
            Err(ScoreError::NoSuchOption { item: item.id.clone(), option: code.clone() })
        }
        (AnswerKind::Number(kind), Answer::Number(value)) => {
            if kind.range.contains(*value) {
                return Ok(());
            }
            let (value, min, max) = (kind.show(*value), kind.show(kind.range.min), kind.show(kind.range.max));
            Err(ScoreError::OutOfRange { item: item.id.clone(), value, min, max })
        }
        (AnswerKind::Options(_), Answer::Number(_)) => Err(ScoreError::OptionNeeded(item.id.clone())),
        (AnswerKind::Number(_), Answer::Option(_)) => Err(ScoreError::NumberNeeded(item.id.clone())),
    }
}

fn item_score(item: &Item, answers: &Answers) -> Option<ItemScore> {
    let answer = answers.get(&item.id)?;
    let (words, score) = match (&item.answer, answer) {
        (AnswerKind::Options(options), Answer::Option(code)) => {
            let chosen = options.iter().find(|o| o.code == *code)?;
            (chosen.label.clone(), chosen.score)
        }
        (AnswerKind::Number(kind), Answer::Number(value)) => {
            (format!("{} {}", kind.show(*value), kind.unit), banded(kind, *value, answers)?)
        }
        (AnswerKind::Options(_), Answer::Number(_)) | (AnswerKind::Number(_), Answer::Option(_)) => return None,
    };
    Some(ItemScore { item: item.id.clone(), title: item.title.clone(), answer: answer.clone(), words, score })
}

fn banded(kind: &NumberKind, value: i32, answers: &Answers) -> Option<i32> {
    let fits = |(item, option): &(ItemId, _)| matches!(answers.get(item), Some(Answer::Option(o)) if o == option);
    let set = kind.bands.iter().find(|set| set.when.iter().all(fits))?;
    set.bands.iter().find(|b| b.range.contains(value)).map(|b| b.score)
}

fn section(section: &Section, items: &[ItemScore]) -> SectionScore {
    let scores: Vec<i32> =
        section.items.iter().filter_map(|i| items.iter().find(|s| s.item == i.id)).map(|s| s.score).collect();
    let sum = section.sum.map(|bounds| Total { value: scores.iter().sum(), bounds });
    let by_rule = section.rules.iter().find(|r| r.holds(&scores)).map(|r| r.level);
    let by_sum =
        || sum.and_then(|sum| section.grades.iter().position(|g| g.bounds.is_some_and(|b| b.contains(sum.value))));
    let grade = by_rule.or_else(by_sum).and_then(|at| {
        let grade = section.grades.get(at)?;
        Some(Graded { code: grade.code.clone(), zh: grade.title.clone(), order: at as u8 })
    });
    SectionScore { section: section.id.clone(), title: section.title.clone(), sum, grade }
}

fn sort(scale: &Scale, rules: &Kinds, items: &[ItemScore], notes: &mut Vec<String>) -> Vec<KindScore> {
    let sum = |kind: &crate::scale::Kind| {
        let mut total = Total { value: 0, bounds: Range { min: 0, max: 0 } };
        for part in &kind.items {
            let bounds = scale.item(&part.item).map_or(Range { min: 0, max: 0 }, |i| i.scores);
            let score = items.iter().find(|i| i.item == part.item).map_or(0, |i| i.score);
            total.value += if part.reversed { bounds.min + bounds.max - score } else { score };
            total.bounds = Range { min: total.bounds.min + bounds.min, max: total.bounds.max + bounds.max };
        }
        total
    };
    let scored = |kind: &crate::scale::Kind, sum: Total, verdict| KindScore {
        kind: kind.id.clone(),
        title: kind.title.clone(),
        sum,
        verdict,
    };
    let biased = rules.biased.iter().map(|kind| {
        let sum = sum(kind);
        let verdict = match sum.value {
            v if v >= rules.yes_from => Verdict::Yes,
            v if v >= rules.tendency_from => Verdict::Tendency,
            _ => Verdict::No,
        };
        scored(kind, sum, verdict)
    });
    let mut kinds: Vec<KindScore> = biased.collect();
    let worst = kinds.iter().map(|k| k.sum.value).max().unwrap_or(0);
    let balance = sum(&rules.balanced);
    let verdict = match balance.value >= rules.balanced_from {
        true if worst <= rules.yes_others_to => Verdict::Yes,
        true if worst <= rules.basically_others_to => Verdict::Basically,
        true | false => Verdict::No,
    };
    let found = kinds.iter().filter(|k| k.verdict == Verdict::Yes).count();
    let any = verdict != Verdict::No || kinds.iter().any(|k| k.verdict != Verdict::No);
    if !any {
        notes.push("没有判出任何体质：隔两周再问一次，仍判不出就请中医师判断。".into());
    }
    if found > 1 {
        notes.push(format!("有 {found} 种体质都判为“是”，是兼夹体质；以哪种为主，由中医师判断。"));
    }
    kinds.push(scored(&rules.balanced, balance, verdict));
    kinds
}
