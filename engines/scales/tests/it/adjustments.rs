//! GB/T 42195-2022: every adjustment alone and together, at every preliminary level.
#![allow(clippy::unwrap_used)]
use crate::common::{by_total, done, level, nothing_else, scale};
use scales::{AppliedResult, Context, Outcome, Scale, Stacking};

const CODES: [&str; 5] = ["intact", "mild", "moderate", "severe", "total"];
/// A total in the middle or at the edge of each level.
const TOTALS: [(i32, usize); 9] = [(90, 0), (89, 1), (66, 1), (65, 2), (46, 2), (45, 3), (30, 3), (29, 4), (0, 4)];

fn gbt() -> (Scale, Context) {
    let scale = scale("gbt-42195-2022");
    let context = nothing_else(&scale);
    (scale, context)
}

#[test]
fn a_diagnosis_raises_one_level_up_to_the_worst() {
    let (scale, context) = gbt();
    let totals = by_total(&scale);
    for which in ["dementia", "mental_disorder"] {
        let mut context = context.clone();
        context.flag(which, true);
        for (total, order) in TOTALS {
            let outcome = done(&scale, &totals[&total], &context);
            assert_eq!(outcome.preliminary.graded().unwrap().code.as_str(), CODES[order]);
            assert_eq!(level(&outcome), CODES[(order + 1).min(4)], "{which} at {total}");
            let [applied] = outcome.adjustments.as_slice() else { panic!("{:?}", outcome.adjustments) };
            assert_eq!(applied.id, "diagnosis");
            assert!(applied.reason.contains("提高一级") && applied.source.contains("C.4"));
            let expected = if order == 4 { AppliedResult::NoEffect } else { AppliedResult::Changed };
            assert_eq!(applied.result, expected);
            assert_eq!(applied.after, outcome.level.zh());
        }
    }
}

#[test]
fn two_risk_events_raise_one_level_one_does_not() {
    let (scale, base) = gbt();
    let totals = by_total(&scale);
    let events = ["risk_fall", "risk_wandering", "risk_choking", "risk_self_harm", "risk_other"];
    let with = |counts: &[(&str, u32)]| {
        let mut context = base.clone();
        for (event, n) in counts {
            context.count(*event, *n);
        }
        done(&scale, &totals[&70], &context)
    };
    for event in events {
        assert_eq!(level(&with(&[(event, 1)])), "mild", "{event}");
        assert_eq!(level(&with(&[(event, 2)])), "moderate", "{event}");
        assert_eq!(level(&with(&[(event, u32::MAX)])), "moderate", "{event}");
        // One fall and one other event are two events.
        if event != "risk_fall" {
            assert_eq!(level(&with(&[("risk_fall", 1), (event, 1)])), "moderate", "{event}");
        }
    }
    assert!(with(&[("risk_fall", 1)]).adjustments.is_empty());
    let all: Vec<(&str, u32)> = events.iter().map(|e| (*e, u32::MAX)).collect();
    assert_eq!(level(&with(&all)), "moderate");
}

#[test]
fn coma_is_the_worst_level_whatever_the_scores_and_stupor_is_not() {
    let (scale, context) = gbt();
    for (total, answers) in by_total(&scale) {
        let mut coma = answers.clone();
        coma.choose("B.3.9", "coma");
        let outcome = done(&scale, &coma, &context);
        assert_eq!(level(&outcome), "total", "{total}");
        assert_eq!(outcome.adjustments[0].id, "coma");
        let mut stupor = answers;
        stupor.choose("B.3.9", "stupor");
        let same_scores = done(&scale, &stupor, &context);
        assert_eq!(same_scores.total, outcome.total);
        assert!(same_scores.adjustments.is_empty());
    }
}

#[test]
fn all_adjustments_together_at_every_level_with_both_settings() {
    let (scale, base) = gbt();
    let totals = by_total(&scale);
    for (total, order) in TOTALS {
        for mask in 0..8u8 {
            let (coma, diagnosis, events) = (mask & 1 != 0, mask & 2 != 0, mask & 4 != 0);
            for stacking in [None, Some(Stacking::Once), Some(Stacking::Each)] {
                let mut context = base.clone();
                context.flag("dementia", diagnosis).flag("mental_disorder", diagnosis);
                context.count("risk_fall", if events { 2 } else { 0 });
                context.settings.stacking = stacking;
                let mut answers = totals[&total].clone();
                let mut expected = order;
                if coma {
                    answers.choose("B.3.9", "coma");
                    expected = 4;
                }
                let outcome = done(&scale, &answers, &context);
                let raises = usize::from(diagnosis) + usize::from(events);
                let each = stacking == Some(Stacking::Each);
                expected = (expected + if each { raises } else { raises.min(1) }).min(4);
                assert_eq!(level(&outcome), CODES[expected], "{total} {mask:03b} {stacking:?}");
                assert_eq!(outcome.adjustments.len(), raises + usize::from(coma));
                assert_eq!(
                    outcome.notes.len(),
                    usize::from(raises == 2),
                    "the setting is explained: {:?}",
                    outcome.notes
                );
            }
        }
    }
}

#[test]
fn the_explanation_names_what_counted_and_who_decided() {
    let (scale, mut context) = gbt();
    context.flag("dementia", true).count("risk_fall", 2);
    let answers = by_total(&scale).remove(&70).unwrap();
    let results = |o: &Outcome| o.adjustments.iter().map(|a| (a.id.clone(), a.result)).collect::<Vec<_>>();
    let once = done(&scale, &answers, &context);
    assert_eq!(
        results(&once),
        [("diagnosis".into(), AppliedResult::Changed), ("risk_events".into(), AppliedResult::CountedOnce)]
    );
    assert!(once.notes[0].contains("这份量表的写法") && once.notes[0].contains("一共只提高一级"));
    assert_eq!(once.care.as_ref().unwrap().care.code(), "semi_disabled");
    context.settings.stacking = Some(Stacking::Each);
    let each = done(&scale, &answers, &context);
    assert_eq!(
        results(&each),
        [("diagnosis".into(), AppliedResult::Changed), ("risk_events".into(), AppliedResult::Changed)]
    );
    assert!(each.notes[0].contains("本地的规定"));
    assert_eq!((level(&each), each.care.as_ref().unwrap().care.code()), ("severe", "disabled"));
}

#[test]
fn disabled_by_two_falls() {
    // Moderate by the scores, severe by two falls: the case the renovation rule turns on.
    let (scale, mut context) = gbt();
    let answers = by_total(&scale).remove(&46).unwrap();
    assert_eq!(done(&scale, &answers, &context).care.unwrap().care.code(), "semi_disabled");
    context.count("risk_fall", 2);
    assert_eq!(done(&scale, &answers, &context).care.unwrap().care.code(), "disabled");
}
