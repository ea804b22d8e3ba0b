//! Moving the level for circumstances the scores do not show.
use crate::answers::{Answer, ConditionAnswer, Context};
use crate::grade::Found;
use crate::outcome::{Ambiguity, Applied, AppliedResult, ItemScore};
use crate::scale::{Adjustment, Cause, Effect, Scale, Stacking, Trigger};

/// Applies every adjustment whose circumstances are given, in the document's order. A level that overlapping rules leave
/// open is settled when all the levels it lies between end in the same one.
pub(crate) fn adjust(
    scale: &Scale,
    found: Found,
    items: &[ItemScore],
    context: &Context,
    notes: &mut Vec<String>,
) -> (Found, Vec<Applied>) {
    let stacking = context.settings.stacking.unwrap_or(scale.stacking);
    let mut level = found;
    let mut applied = Vec::new();
    let mut raised = false;
    let mut raises = 0;
    for adjustment in scale.adjustments.iter().filter(|a| applies(a, items, context)) {
        let raise = matches!(adjustment.effect, Effect::Raise(_));
        raises += usize::from(raise);
        let result = if raise && raised && stacking == Stacking::Once {
            AppliedResult::CountedOnce
        } else {
            let moved = settle(moved(scale, &level, adjustment.effect), notes);
            let changed = moved != level;
            raised |= raise && changed;
            level = moved;
            if changed { AppliedResult::Changed } else { AppliedResult::NoEffect }
        };
        applied.push(Applied {
            id: adjustment.id.clone(),
            reason: adjustment.reason.clone(),
            source: adjustment.source.clone(),
            result,
            after: level.finding(scale).zh().to_owned(),
        });
    }
    if raises > 1 {
        let by = if context.settings.stacking.is_some() { "本地的规定" } else { "这份量表的写法" };
        notes.push(format!("有 {raises} 种情形都要提高等级。{by}是：{}。", stacking.zh()));
    }
    (level, applied)
}

fn applies(adjustment: &Adjustment, items: &[ItemScore], context: &Context) -> bool {
    match &adjustment.trigger {
        Trigger::Any(causes) => causes.iter().any(|cause| match cause {
            Cause::Condition(id) => context.conditions.get(id) == Some(&ConditionAnswer::Flag(true)),
            Cause::Option(item, option) => {
                items.iter().any(|i| i.item == *item && matches!(&i.answer, Answer::Option(o) if o == option))
            }
        }),
        Trigger::Count { of, at_least } => {
            let counts = of.iter().map(|id| match context.conditions.get(id) {
                Some(ConditionAnswer::Count(n)) => *n,
                Some(ConditionAnswer::Flag(_)) | None => 0,
            });
            counts.fold(0u32, u32::saturating_add) >= *at_least
        }
        Trigger::AnyItemScores(score) => items.iter().any(|i| i.score == *score),
    }
}

fn moved(scale: &Scale, level: &Found, effect: Effect) -> Found {
    // A scale with adjustments has levels, at most 40 of them.
    let worst = scale.levels.len().saturating_sub(1) as u8;
    let shift = |order: u8| match effect {
        Effect::Raise(n) => order.saturating_add(n).min(worst),
        Effect::Set(to) => to,
        Effect::AtLeast(to) => order.max(to),
    };
    match (level, effect) {
        (Found::NotGraded, _) => Found::NotGraded,
        (Found::Level(order), _) => Found::Level(shift(*order)),
        (Found::Undecided { .. }, Effect::Set(to)) => Found::Level(to),
        (Found::Undecided { cause, between, why }, Effect::Raise(_) | Effect::AtLeast(_)) => {
            let mut between: Vec<u8> = between.iter().map(|o| shift(*o)).collect();
            between.dedup();
            Found::Undecided { cause: *cause, between, why: why.clone() }
        }
    }
}

/// Rules that overlap give levels the text itself names; when an adjustment brings them all to one level, nothing is
/// left to choose. A gap stays a gap: its neighbours are our reading, not the text's.
fn settle(found: Found, notes: &mut Vec<String>) -> Found {
    match found {
        Found::Undecided { cause: Ambiguity::Overlap, between, why } if between.len() == 1 => {
            notes.push(format!("{why}等级变更以后，几种读法都到同一级，不用再选。"));
            Found::Level(between[0])
        }
        other => other,
    }
}
