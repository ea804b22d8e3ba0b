//! Every shipped scale: items, sums, bounds, and the level of every total that can be reached.
#![allow(clippy::unwrap_used)]
use crate::common::{by_total, done, level, nothing_else, scale};
use scales::{AnswerKind, Answers, Finding, Grading, Part, SHIPPED, Scale, ScoreError, score, shipped};
use std::collections::BTreeSet;

/// Expected shape, written from the published scales: items; lowest and highest sum of each section (`None`: not added
/// up); lowest and highest total.
type Sum = Option<(i32, i32)>;
const SHAPES: &[(&str, usize, &[Sum], Sum)] = &[
    ("gbt-42195-2022", 26, &[Some((0, 32)), Some((0, 15)), Some((0, 28)), Some((0, 15))], Some((0, 90))),
    ("mzt-039-2013", 22, &[Some((0, 100)), Some((0, 6)), None, Some((0, 20))], None),
    ("ltci-2021", 17, &[Some((0, 100)), Some((0, 16)), Some((0, 12))], None),
    ("six-indicators", 6, &[Some((0, 6))], Some((0, 6))),
    ("barthel", 10, &[Some((0, 100))], Some((0, 100))),
    ("lawton-iadl", 8, &[Some((0, 8))], Some((0, 8))),
    ("gds-15", 15, &[Some((0, 15))], Some((0, 15))),
    ("morse", 6, &[Some((0, 125))], Some((0, 125))),
    ("braden", 6, &[Some((6, 23))], Some((6, 23))),
    ("news2", 8, &[Some((0, 20))], Some((0, 20))),
    ("tcm-33", 33, &[None], None),
];

#[test]
fn every_shipped_scale_loads_with_the_published_items_and_sums() {
    let scales = shipped().unwrap();
    assert_eq!(scales.len(), SHAPES.len());
    for (scale, (id, items, sections, total)) in scales.iter().zip(SHAPES) {
        assert_eq!(scale.id.as_str(), *id);
        assert_eq!(scale.items().count(), *items, "{id}");
        let sums: Vec<Sum> = scale.sections.iter().map(|s| s.sum.map(|r| (r.min, r.max))).collect();
        assert_eq!(sums, *sections, "{id}");
        assert_eq!(scale.total.map(|r| (r.min, r.max)), *total, "{id}");
    }
    let files: BTreeSet<&str> = SHIPPED.iter().map(|(file, _)| *file).collect();
    assert_eq!(files.len(), SHIPPED.len());
    for (file, _) in SHIPPED {
        let id = file.strip_suffix(".toml").unwrap();
        assert!(scales.iter().any(|s| s.id.as_str() == id), "{file} names another scale");
    }
}

/// Scores of single items as published, in the document's order.
#[test]
fn item_scores_are_the_published_ones() {
    let of = |id: &str| -> Vec<Vec<i32>> {
        let of_item = |i: &scales::Item| {
            let AnswerKind::Options(options) = &i.answer else { panic!("{} is measured", i.id) };
            options.iter().map(|o| o.score).collect::<BTreeSet<_>>().into_iter().collect()
        };
        scale(id).items().map(of_item).collect()
    };
    let to = |max: i32| (0..=max).collect::<Vec<_>>();
    let five: Vec<Vec<i32>> = vec![to(4); 5];
    let mut gbt = vec![to(4); 8];
    gbt.extend([to(4), to(4), to(4), to(3)]);
    gbt.extend(vec![to(4); 6]);
    gbt.extend([to(1), to(1), to(2), to(2), to(2), to(4), to(3), to(4)]);
    assert_eq!(of("gbt-42195-2022"), gbt);

    let (ten, alone, far) = (vec![0, 5, 10], vec![0, 5], vec![0, 5, 10, 15]);
    let mut mzt: Vec<Vec<i32>> =
        [&ten, &alone, &alone, &ten, &ten, &ten, &ten, &far, &far, &ten].map(Clone::clone).into();
    assert_eq!(of("barthel"), mzt);
    mzt.extend([to(2), to(2), to(2), to(3), to(4), to(4), to(3)]);
    mzt.extend(five);
    assert_eq!(of("mzt-039-2013"), mzt);

    let mut ltci: Vec<Vec<i32>> =
        [&ten, &ten, &alone, &ten, &ten, &ten, &far, &far, &ten, &alone].map(Clone::clone).into();
    ltci.extend(vec![to(4); 7]);
    assert_eq!(of("ltci-2021"), ltci);

    assert_eq!(of("morse"), [vec![0, 25], vec![0, 15], vec![0, 15, 30], vec![0, 20], vec![0, 10, 20], vec![0, 15]]);
    let up = |max: i32| (1..=max).collect::<Vec<_>>();
    assert_eq!(of("braden"), [up(4), up(4), up(4), up(4), up(4), up(3)]);
    assert_eq!(of("tcm-33"), vec![up(5); 33]);
    assert_eq!(of("gds-15"), vec![to(1); 15]);
    assert_eq!(of("six-indicators"), vec![to(1); 6]);
    assert_eq!(of("lawton-iadl"), vec![to(1); 8]);
}

/// Stored answers are found again by these names.
#[test]
fn item_ids_are_the_numbers_of_the_standard() {
    let ids = |id: &str| scale(id).items().map(|i| i.id.to_string()).collect::<Vec<_>>();
    let numbered = |parts: &[(&str, u8)]| -> Vec<String> {
        parts.iter().flat_map(|(part, n)| (1..=*n).map(move |i| format!("{part}.{i}"))).collect()
    };
    assert_eq!(ids("gbt-42195-2022"), numbered(&[("B.1", 8), ("B.2", 4), ("B.3", 9), ("B.4", 5)]));
    assert_eq!(ids("mzt-039-2013"), numbered(&[("B.1", 10), ("B.2", 3), ("B.3", 4), ("B.4", 5)]));
    assert_eq!(ids("ltci-2021"), numbered(&[("C1", 10), ("C2", 4), ("C3", 3)]));
    assert_eq!(ids("tcm-33"), (1..=33).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(ids("gds-15"), (1..=15).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// A level with both bounds of the total.
type Bounds = (&'static str, i32, i32);
/// Levels by total, from the published scales, best first.
const LEVELS: &[(&str, &[Bounds])] = &[
    (
        "gbt-42195-2022",
        &[("intact", 90, 90), ("mild", 66, 89), ("moderate", 46, 65), ("severe", 30, 45), ("total", 0, 29)],
    ),
    ("six-indicators", &[("able", 0, 0), ("partly_lost", 1, 3), ("lost", 4, 6)]),
    ("barthel", &[("independent", 100, 100), ("mild", 61, 99), ("moderate", 41, 60), ("severe", 0, 40)]),
    ("gds-15", &[("none", 0, 4), ("suggested", 5, 9), ("likely", 10, 15)]),
    ("morse", &[("low", 0, 24), ("moderate", 25, 44), ("high", 45, 125)]),
    ("braden", &[("none", 19, 23), ("mild", 15, 18), ("moderate", 13, 14), ("high", 10, 12), ("very_high", 6, 9)]),
];

#[test]
fn every_reachable_total_has_the_published_level() {
    for (id, levels) in LEVELS {
        let scale = scale(id);
        let context = nothing_else(&scale);
        let totals = by_total(&scale);
        for (total, answers) in &totals {
            let outcome = done(&scale, answers, &context);
            assert_eq!(outcome.total.unwrap().value, *total, "{id}");
            let (order, (code, ..)) =
                levels.iter().enumerate().find(|(_, (_, min, max))| (min..=max).contains(&total)).unwrap();
            assert_eq!(level(&outcome), *code, "{id} at {total}");
            assert_eq!(usize::from(outcome.level.graded().unwrap().order), order, "{id} at {total}");
            assert_eq!(outcome.preliminary, outcome.level, "{id}: nothing adjusts");
        }
        // The bounds themselves are reached where the steps allow it, and so are their neighbours.
        for (code, min, max) in *levels {
            let reached: Vec<i32> = totals.keys().copied().filter(|t| (min..=max).contains(&t)).collect();
            assert!(!reached.is_empty(), "{id} {code} is never reached");
            if matches!(*id, "gbt-42195-2022" | "six-indicators" | "gds-15" | "braden") {
                assert_eq!((reached.first(), reached.last()), (Some(min), Some(max)), "{id} {code}");
            }
        }
        assert_eq!(totals.keys().next(), scale.total.map(|r| r.min).as_ref());
        assert_eq!(totals.keys().last(), scale.total.map(|r| r.max).as_ref());
    }
}

#[test]
fn lawton_gives_a_total_and_no_level() {
    let scale = scale("lawton-iadl");
    for (total, answers) in by_total(&scale) {
        let outcome = done(&scale, &answers, &nothing_else(&scale));
        assert_eq!((outcome.total.unwrap().value, &outcome.level), (total, &Finding::NotGraded));
        assert_eq!(outcome.care, None);
    }
}

#[test]
fn the_depression_scale_counts_the_five_cheerful_questions_backwards() {
    let scale = scale("gds-15");
    let (mut yes, mut no) = (Answers::new(), Answers::new());
    for item in scale.items() {
        yes.choose(item.id.clone(), "yes");
        no.choose(item.id.clone(), "no");
    }
    let context = nothing_else(&scale);
    let backwards: Vec<String> =
        done(&scale, &no, &context).items.iter().filter(|i| i.score == 1).map(|i| i.item.to_string()).collect();
    assert_eq!(backwards, ["1", "5", "7", "11", "13"]);
    assert_eq!(done(&scale, &yes, &context).total.unwrap().value, 10);
}

#[test]
fn a_missing_item_or_condition_means_no_score_for_every_scale() {
    for scale in shipped().unwrap() {
        let empty = score(&scale, &Answers::new(), &Default::default()).unwrap_err();
        let all: Vec<_> = scale.items().map(|i| i.id.clone()).collect();
        let conditions: Vec<_> = scale.conditions.iter().map(|c| c.id.clone()).collect();
        assert_eq!(empty, ScoreError::Missing { items: all, conditions }, "{}", scale.id);
    }
    let scale = scale("gbt-42195-2022");
    let (_, mut answers) = by_total(&scale).pop_last().unwrap();
    let mut context = nothing_else(&scale);
    answers.remove(&"B.4.5".into());
    answers.remove(&"B.1.3".into());
    context.conditions.remove(&scales::ConditionId::from("risk_fall"));
    let error = score(&scale, &answers, &context).unwrap_err();
    let missing =
        ScoreError::Missing { items: vec!["B.1.3".into(), "B.4.5".into()], conditions: vec!["risk_fall".into()] };
    assert_eq!(error, missing);
    assert_eq!(error.to_string(), "还有 3 项没填：B.1.3、B.4.5、risk_fall");
}

#[test]
fn what_does_not_belong_to_the_scale_is_refused() {
    let gbt = scale("gbt-42195-2022");
    let (_, good) = by_total(&gbt).pop_last().unwrap();
    let context = nothing_else(&gbt);
    let with = |change: fn(&mut Answers)| {
        let mut answers = good.clone();
        change(&mut answers);
        score(&gbt, &answers, &context).unwrap_err()
    };
    assert_eq!(
        with(|a| {
            a.choose("B.9.9", "1");
        }),
        ScoreError::NoSuchItem("B.9.9".into())
    );
    let stray = ScoreError::NoSuchOption { item: "B.1.1".into(), option: "5".into() };
    assert_eq!(
        with(|a| {
            a.choose("B.1.1", "5");
        }),
        stray
    );
    assert_eq!(
        with(|a| {
            a.measure("B.1.1", 4);
        }),
        ScoreError::OptionNeeded("B.1.1".into())
    );

    let mut odd = context.clone();
    odd.flag("risk_fall", true);
    assert_eq!(score(&gbt, &good, &odd).unwrap_err(), ScoreError::CountNeeded("risk_fall".into()));
    let mut odd = context.clone();
    odd.count("dementia", 1);
    assert_eq!(score(&gbt, &good, &odd).unwrap_err(), ScoreError::FlagNeeded("dementia".into()));
    let mut odd = context.clone();
    odd.flag("left_handed", true);
    assert_eq!(score(&gbt, &good, &odd).unwrap_err(), ScoreError::NoSuchCondition("left_handed".into()));
}

#[test]
fn what_nobody_has_verified_is_flagged_for_confirmation() {
    let flagged = |id: &str| scale(id).to_confirm().iter().map(|f| f.part).collect::<Vec<_>>();
    assert!(flagged("ltci-2021").contains(&Part::Combination));
    assert!(flagged("ltci-2021").contains(&Part::Bands));
    assert!(flagged("mzt-039-2013").contains(&Part::Combination));
    assert!(flagged("gbt-42195-2022").contains(&Part::Adjustments));
    for id in ["braden", "lawton-iadl", "morse", "barthel"] {
        assert!(flagged(id).contains(&Part::Licence), "{id}");
    }
    for id in ["barthel", "gds-15", "morse"] {
        assert!(flagged(id).contains(&Part::Levels), "{id}");
    }
    for scale in shipped().unwrap() {
        assert!(scale.to_confirm().iter().chain(&scale.verified).all(|f| !f.note.is_empty()));
        assert!(scale.verified.iter().chain(scale.to_confirm()).any(|f| f.part == Part::Items), "{}", scale.id);
    }
}

#[test]
fn licensed_scales_are_not_shipped() {
    for (_, text) in SHIPPED {
        for name in ["MMSE", "Zarit", "MNA", "简易精神状态"] {
            assert!(!text.contains(name), "{name}");
        }
    }
}

#[test]
fn only_the_care_scales_feed_policy_and_say_on_what_ground() {
    for scale in shipped().unwrap() {
        let mapped = scale.levels.iter().filter(|l| l.care.is_some()).count();
        let feeds = matches!(scale.id.as_str(), "gbt-42195-2022" | "mzt-039-2013" | "ltci-2021" | "six-indicators");
        assert_eq!(mapped, if feeds { scale.levels.len() } else { 0 }, "{}", scale.id);
        // Someone in a worse level never counts as less dependent.
        assert!(
            scale.levels.windows(2).all(|w| w[0].care.as_ref().map(|c| c.care) <= w[1].care.as_ref().map(|c| c.care))
        );
    }
    let six = scale("six-indicators");
    let totals = by_total(&six);
    let care = |n: i32| {
        let care = done(&six, &totals[&n], &nothing_else(&six)).care.unwrap();
        (care.care.code(), care.basis.code())
    };
    assert_eq!(care(0), ("independent", "source"));
    assert_eq!(care(1), ("semi_disabled", "local_choice"));
    assert_eq!(care(3), ("semi_disabled", "local_choice"));
    assert_eq!(care(4), ("disabled", "source"));
    assert_eq!(care(6), ("disabled", "source"));
}

#[test]
fn answers_context_and_outcome_survive_json() {
    let scale = scale("news2");
    let answers: Answers = serde_json::from_str(
        r#"{"rr":18,"spo2_scale":"one","spo2":97,"oxygen":"air","sbp":124,"pulse":72,"consciousness":"alert","temperature":365}"#,
    )
    .unwrap();
    assert_eq!(serde_json::from_value::<Answers>(serde_json::to_value(&answers).unwrap()).unwrap(), answers);
    let outcome = done(&scale, &answers, &serde_json::from_str("{}").unwrap());
    let back: scales::Outcome = serde_json::from_value(serde_json::to_value(&outcome).unwrap()).unwrap();
    assert_eq!(back, outcome);
    let context: scales::Context = serde_json::from_str(
        r#"{"conditions":{"dementia":true,"risk_fall":2},"settings":{"combination":"higher_level","stacking":"each"}}"#,
    )
    .unwrap();
    assert_eq!(context.settings.combination, scales::Combining::HigherLevel);
    assert_eq!(serde_json::from_value::<scales::Context>(serde_json::to_value(&context).unwrap()).unwrap(), context);
}

#[test]
fn a_changed_document_has_another_fingerprint() {
    let (file, text) = SHIPPED[0];
    let changed = text.replacen("不用别人帮，", "别人一点不帮，", 1);
    let (a, b) = (Scale::load(file, text).unwrap(), Scale::load(file, &changed).unwrap());
    assert_ne!(a.fingerprint, b.fingerprint);
    assert!(matches!(a.grading, Grading::Bounds));
}
