//! Whatever is answered: no panic, totals are sums, and worse answers never give a better level.
#![allow(clippy::unwrap_used)]
use crate::common::nothing_else;
use proptest::prelude::*;
use proptest::sample::Index;
use scales::{
    Answer, AnswerKind, Answers, Better, Combining, ConditionAnswer, Context, Finding, Grading, Scale, ScoreError,
    Settings, Stacking, score, shipped,
};
use std::sync::LazyLock;

static SCALES: LazyLock<Vec<Scale>> = LazyLock::new(|| shipped().unwrap());

fn any_settings() -> impl Strategy<Value = Settings> {
    let combination = prop::sample::select(Combining::ALL);
    let stacking = prop::option::of(prop::sample::select(Stacking::ALL));
    (combination, stacking).prop_map(|(combination, stacking)| Settings { combination, stacking })
}

/// A complete set of answers, drawn item by item; measured values anywhere they may be.
fn complete(scale: &Scale, draws: &[Index]) -> Answers {
    let mut answers = Answers::new();
    for (item, draw) in scale.items().zip(draws.iter().cycle()) {
        match &item.answer {
            AnswerKind::Options(options) => {
                answers.choose(item.id.clone(), options[draw.index(options.len())].code.clone());
            }
            AnswerKind::Number(kind) => {
                let width = (kind.range.max - kind.range.min) as usize + 1;
                answers.measure(item.id.clone(), kind.range.min + draw.index(width) as i32);
            }
        }
    }
    answers
}

fn circumstances(scale: &Scale, flags: &[bool], counts: &[u32], settings: Settings) -> Context {
    let mut context = nothing_else(scale);
    for (i, answer) in context.conditions.values_mut().enumerate() {
        *answer = match answer {
            ConditionAnswer::Flag(_) => ConditionAnswer::Flag(flags[i % flags.len()]),
            ConditionAnswer::Count(_) => ConditionAnswer::Count(counts[i % counts.len()]),
        };
    }
    context.settings = settings;
    context
}

fn order(finding: &Finding) -> Option<u8> {
    finding.graded().map(|l| l.order)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_complete_set_always_has_an_outcome(
        which in any::<Index>(), draws in prop::collection::vec(any::<Index>(), 40),
        flags in prop::collection::vec(any::<bool>(), 8), counts in prop::collection::vec(0u32..4, 8),
        settings in any_settings(),
    ) {
        let scale = &SCALES[which.index(SCALES.len())];
        let answers = complete(scale, &draws);
        let context = circumstances(scale, &flags, &counts, settings);
        let outcome = score(scale, &answers, &context).unwrap();
        prop_assert_eq!(outcome.items.len(), scale.items().count());
        for i in &outcome.items {
            prop_assert!(scale.item(&i.item).unwrap().scores.contains(i.score));
        }
        if let Some(total) = outcome.total {
            prop_assert_eq!(total.value, outcome.items.iter().map(|i| i.score).sum::<i32>());
            prop_assert!(total.bounds.contains(total.value));
        }
        match &scale.grading {
            Grading::Bounds => prop_assert!(outcome.level.graded().is_some()),
            Grading::Combination(_) => prop_assert!(
                outcome.level.graded().is_some() || settings.combination == Combining::Undecided
            ),
            Grading::Kinds(_) => prop_assert_eq!(outcome.kinds.len(), 9),
            Grading::None => prop_assert_eq!(&outcome.level, &Finding::NotGraded),
        }
        // Adjustments only ever make it worse.
        if let (Some(before), Some(after)) = (order(&outcome.preliminary), order(&outcome.level)) {
            prop_assert!(before <= after);
        }
        // The same again is the same.
        prop_assert_eq!(&score(scale, &answers, &context).unwrap(), &outcome);
    }

    #[test]
    fn no_answers_panic_and_bad_ones_are_refused(
        which in any::<Index>(),
        raw in prop::collection::btree_map("[A-C]?\\.?[0-9.a-z]{0,8}", prop_oneof![
            any::<i32>().prop_map(Answer::Number),
            "[0-9a-z]{0,4}".prop_map(|code| Answer::Option(code.as_str().into())),
        ], 0..40),
        draws in prop::collection::vec(any::<Index>(), 40),
        swap in any::<Index>(),
    ) {
        let scale = &SCALES[which.index(SCALES.len())];
        let mut wild = Answers::new();
        for (item, answer) in &raw {
            wild.set(item.as_str().into(), answer.clone());
        }
        prop_assert!(score(scale, &wild, &Context::default()).is_err());
        // A complete set with one answer replaced by a wild one: an outcome or a named refusal, never "missing".
        let mut answers = complete(scale, &draws);
        let item = scale.items().nth(swap.index(scale.items().count())).unwrap().id.clone();
        for answer in raw.values().take(3) {
            answers.set(item.clone(), answer.clone());
            let scored = score(scale, &answers, &nothing_else(scale));
            prop_assert!(!matches!(scored, Err(ScoreError::Missing { .. })), "nothing is missing");
        }
        answers.remove(&item);
        let missing = ScoreError::Missing { items: vec![item], conditions: vec![] };
        prop_assert_eq!(score(scale, &answers, &nothing_else(scale)).unwrap_err(), missing);
    }

    #[test]
    fn a_worse_answer_never_gives_a_better_level(
        which in any::<Index>(), draws in prop::collection::vec(any::<Index>(), 40),
        at in any::<Index>(), flags in prop::collection::vec(any::<bool>(), 8),
        counts in prop::collection::vec(0u32..3, 8), stacking in prop::option::of(prop::sample::select(Stacking::ALL)),
    ) {
        let scale = &SCALES[which.index(SCALES.len())];
        // Where the words overlap, only the worse reading is monotone.
        let settings = Settings { combination: Combining::HigherLevel, stacking };
        let context = circumstances(scale, &flags, &counts, settings);
        let before = complete(scale, &draws);
        let section = &scale.sections[at.index(scale.sections.len())];
        let item = &section.items[at.index(section.items.len())];
        let AnswerKind::Options(options) = &item.answer else { return Ok(()) };
        // These two choose how the saturation is scored; neither answer is a worse state than the other.
        if item.id.as_str() == "spo2_scale" || item.id.as_str() == "oxygen" {
            return Ok(());
        }
        let now = score(scale, &before, &context).unwrap();
        let score_now = now.items.iter().find(|i| i.item == item.id).unwrap().score;
        for option in options {
            let worse = match section.better {
                Better::Higher => option.score < score_now,
                Better::Lower => option.score > score_now,
            };
            // An option that is itself a cause (coma, a diagnosis) is left when a milder one is chosen instead.
            let was = before.get(&item.id).cloned();
            let special = [Some(Answer::Option("coma".into())), Some(Answer::Option("stupor".into()))];
            if !worse || special.contains(&was) {
                continue;
            }
            let mut after = before.clone();
            after.choose(item.id.clone(), option.code.clone());
            let then = score(scale, &after, &context).unwrap();
            if let (Some(a), Some(b)) = (order(&now.level), order(&then.level)) {
                prop_assert!(a <= b, "{} {}: {} to {}", scale.id, item.id, now.level.zh(), then.level.zh());
            }
            if let (Some(a), Some(b)) = (&now.care, &then.care) {
                prop_assert!(a.care <= b.care);
            }
        }
    }

    #[test]
    fn loading_arbitrary_text_never_panics(text in "\\PC{0,300}") {
        let _ = Scale::load("wild.toml", &text);
    }

    #[test]
    fn loading_a_shipped_document_with_a_changed_line_never_panics(
        which in any::<Index>(), line in any::<Index>(), number in any::<i32>(), drop in any::<bool>(),
    ) {
        let (file, text) = scales::SHIPPED[which.index(scales::SHIPPED.len())];
        let lines: Vec<&str> = text.lines().collect();
        let at = line.index(lines.len());
        let changed: Vec<String> = lines.iter().enumerate().filter(|(i, _)| !(drop && *i == at)).map(|(i, l)| {
            match l.split_once(" = ") {
                Some((key, _)) if i == at => format!("{key} = {number}"),
                _ => (*l).to_owned(),
            }
        }).collect();
        let _ = Scale::load(file, &changed.join("\n"));
    }
}
